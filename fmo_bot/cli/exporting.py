"""What leaves the server as a file: `export team`, and `export pack` for a security department."""

from enum import StrEnum
from typing import Annotated

import typer

from fmo_bot.cli.options import Address, AppKey, Grid, JiraHosts, Profile, Speaking
from fmo_bot.cli.setting_up import manifest_of
from fmo_bot.cli.settings import settings_and_logging
from fmo_bot.errors import FileWrong, NotFound


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="Write what is known here as a file.", no_args_is_help=True)
    group.command("team")(team)
    group.command("pack")(pack)
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


class PackFormat(StrEnum):
    """How the pack is written."""

    HTML = "html"
    MARKDOWN = "markdown"


def pack(
    company: Annotated[
        str | None, typer.Option("--host-company", envvar="FMO_HOST_COMPANY", help="Who runs the server.")
    ] = None,
    country: Annotated[
        str | None, typer.Option("--country", envvar="FMO_HOST_COUNTRY", help="Where it stands: ES, CN, MX, …")
    ] = None,
    transport: Speaking = "socket",
    profile: Profile = "minimal",
    url: Address = None,
    app_key: AppKey = "fmo",
    jira: JiraHosts = None,
    grid: Grid = False,
    written: Annotated[
        PackFormat, typer.Option("--format", help="html: one page, to read or to print.")
    ] = PackFormat.HTML,
) -> None:
    """Print the pack for a security department: manifest, each scope's reason, what is stored and how long."""
    from babel import Locale

    from config.pack import page
    from fmo_bot.bootstrap.clocks import RealClock
    from fmo_bot.services.security_pack import Hosting, security_pack

    known = Locale("en").territories
    if country is not None and not (len(country) == 2 and country.upper() in known):
        raise typer.BadParameter(f"--country takes a country's two letters, such as ES, CN or MX; it is {country!r}.")
    hosting = Hosting(company=company, country=None if country is None else known[country.upper()])
    made = security_pack(manifest_of(transport, profile, url, app_key, jira, grid=grid), hosting, RealClock().now())
    print(made if written is PackFormat.MARKDOWN else page("FMO bot: pack for your security department", made), end="")
