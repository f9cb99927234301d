"""What leaves the server as a file: `export team`."""

from typing import Annotated

import typer

from fmo_bot.cli.settings import settings_and_logging
from fmo_bot.errors import FileWrong, NotFound


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="Write what is known here as a file.", no_args_is_help=True)
    group.callback()(lambda: None)  # a group of one command stays a group
    group.command("team")(team)
    app.add_typer(group, name="export")


def team(name: Annotated[str, typer.Argument(help="The joint team, by its name.")]) -> None:
    """Print a joint team as a team file, as it stands today; `fmo-bot setup` makes the same of it."""
    import yaml

    from fmo_bot.bootstrap.opening import clock_of, open_store
    from fmo_bot.services.team_export import exported

    settings = settings_and_logging()
    store = open_store(settings)
    try:
        found = exported(store, name, clock_of(settings).now())
    except NotFound:
        raise FileWrong(f"No joint team here is called `{name}`.") from None
    finally:
        store.close()
    print(yaml.safe_dump(found, allow_unicode=True, sort_keys=False), end="")
