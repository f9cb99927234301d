"""A Jira site and its owner's say: `site hook` makes the secret address of its webhook."""

from typing import Annotated

import typer

from fmo_bot.cli.settings import settings_and_logging


def register(app: typer.Typer) -> None:
    """Add these commands, all under `site`."""
    site = typer.Typer(help="What concerns one Jira site.", no_args_is_help=True)
    site.command("hook")(hook)
    app.add_typer(site, name="site")


Key = Annotated[str, typer.Argument(help="The site's key, such as one of FMO_JIRA_SITES.")]


def hook(
    site: Key,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Close the former address now, not in a day: somebody else knows it.")
    ] = False,
) -> None:
    """Print a new secret address for the webhook of a Jira that cannot sign (Data Center below 10). Shown only now."""
    from fmo_bot.bootstrap import clock_of, open_store
    from fmo_bot.errors import SettingsWrong
    from fmo_bot.services.hooks import is_known, new_secret

    settings = settings_and_logging()
    store = open_store(settings)
    try:
        if site not in {each.key for each in settings.jira_sites} and not is_known(store, site):
            raise SettingsWrong([f"There is no Jira site {site}: add it to FMO_JIRA_SITES, or connect it."])
        secret = new_secret(store, site, clock_of(settings).now(), at_once=at_once)
    finally:
        store.close()
    base = (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
    print(f"{base}/jira/{site}/hooks/{secret}")
