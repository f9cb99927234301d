"""Jira sites: `site connect`, `list`, `check`, `disconnect`; `site hook` makes the secret address of a webhook."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from fmo_bot.cli import acting
from fmo_bot.cli.options import a_file
from fmo_bot.cli.settings import settings_and_logging

if TYPE_CHECKING:
    from fmo_bot.bootstrap.connecting import Wanted
    from fmo_bot.bootstrap.errand import Errand


def register(app: typer.Typer) -> None:
    """Add these commands, all under `site`."""
    site = typer.Typer(help="Jira sites.", no_args_is_help=True)
    site.command("connect")(connect)
    site.command("list")(list_)
    site.command("check")(check)
    site.command("disconnect")(disconnect)
    site.command("hook")(hook)
    acting.add(site)
    app.add_typer(site, name="site")


Key = Annotated[str, typer.Argument(help="The site's key: small letters and digits.")]


def connect(
    key: Key,
    url: Annotated[str | None, typer.Option(help="The site's address; needed the first time.")] = None,
    email: Annotated[str | None, typer.Option(help="Cloud: the e-mail of the account the token belongs to.")] = None,
    scoped: Annotated[bool, typer.Option("--scoped", help="Cloud: a scoped token, or a service account's.")] = False,
    oauth: Annotated[bool, typer.Option("--oauth", help="Cloud: by somebody's consent in a browser.")] = False,
    cloud_id: Annotated[str | None, typer.Option(help="For --scoped, where the site does not tell it.")] = None,
    owner: Annotated[str | None, typer.Option(help="The company whose site it is, by its name here.")] = None,
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day on which the token ends.")
    ] = None,
    proxy: Annotated[str | None, typer.Option(help="A proxy for this site, or `none`.")] = None,
    ca_bundle: Annotated[str | None, a_file("Certificates (PEM) of the site's own authority.")] = None,
) -> None:
    """Connect a Jira site, or give a connected one a new token. The token is asked for, or read from a pipe."""
    from fmo_bot.bootstrap.connecting import Wanted
    from fmo_bot.services.sites import Auth

    with _errand() as errand:
        wanted = Wanted(
            key=key,
            url=url or errand.known_url(key),
            auth=Auth.SCOPED if scoped else None,
            email=email,
            cloud_id=cloud_id,
            owner=owner,
            expires_at=expires.replace(tzinfo=UTC) if expires else None,
            proxy=proxy,
            ca_bundle=ca_bundle,
        )
        if oauth:
            print(f"Open this in a browser within a quarter of an hour, while the bot runs:\n{errand.consent(wanted)}")
        else:
            _connect_by_token(errand, wanted)


def _connect_by_token(errand: "Errand", wanted: "Wanted") -> None:
    from dataclasses import replace

    wanted = replace(wanted, token=_token())
    if wanted.expires_at is None and sys.stdin.isatty():
        wanted = replace(wanted, expires_at=_asked_day())
    site = errand.connect(wanted)
    until = f", until {site.expires_at:%Y-%m-%d}" if site.expires_at else ""
    print(f"Jira site {site.key} is connected: Jira {site.flavour}, as account {site.account}{until}.")


def list_() -> None:
    """Every Jira site: owner, end of its token, whether it is read."""
    with _errand() as errand:
        for line in errand.lines():
            print(line)


def check(key: Key) -> None:
    """Ask a site who it is and whether it takes the token."""
    with _errand() as errand:
        print(errand.check(key))


def disconnect(key: Key) -> None:
    """Forget a connected site's token and address. What was read of its boards stays."""
    with _errand() as errand:
        boards = errand.disconnect(key)
    print(f"Jira site {key} is not connected any more; {boards} boards are read no longer.")


def hook(
    site: Key,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Close the former address now, not in a day: somebody else knows it.")
    ] = False,
) -> None:
    """Print a new secret address for an unsigned webhook. For Data Center below 10; it is shown only now."""
    from fmo_bot.bootstrap.opening import clock_of, open_store
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


@contextmanager
def _errand() -> "Iterator[Errand]":
    from fmo_bot.bootstrap.errand import Errand

    with Errand(settings_and_logging()) as errand:
        yield errand


def _token() -> str:
    """Typed where nobody sees it, or the first line of a pipe; never an argument, which others on the machine see."""
    if sys.stdin.isatty():
        return str(typer.prompt("Token", hide_input=True)).strip()
    return sys.stdin.readline().strip()


def _asked_day() -> datetime | None:
    said = str(typer.prompt("The day on which it ends (YYYY-MM-DD; empty: not known)", default="", show_default=False))
    try:
        return datetime.strptime(said.strip(), "%Y-%m-%d").replace(tzinfo=UTC) if said.strip() else None
    except ValueError:
        raise typer.BadParameter("A day is written like 2027-03-01.") from None
