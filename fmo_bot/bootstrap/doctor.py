"""`fmo-bot doctor`: everything the bot lives on is looked at once, and every fault is one sentence with a next step."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from config.manifests import manifest, scopes
from config.settings import Settings, SlackApp
from fmo_bot.bootstrap.connecting import base_of
from fmo_bot.bootstrap.installing import Installing
from fmo_bot.bootstrap.jira_sites import JiraSites, jira_client
from fmo_bot.bootstrap.opening import clock_of
from fmo_bot.db import rotating
from fmo_bot.db.schema import is_newest
from fmo_bot.db.secrets import Vault
from fmo_bot.db.store import Store
from fmo_bot.errors import BoardUnavailable, NotNow
from fmo_bot.jira import checkup as of_jira
from fmo_bot.jira.client import JiraClient
from fmo_bot.services import checkups
from fmo_bot.services.sites import CONSENT_AGAIN, TWICE
from fmo_bot.slack import checkup as of_slack


@dataclass(frozen=True)
class Looked:
    """One thing that was looked at, and what is wrong with it."""

    what: str
    faults: tuple[str, ...] = ()


def look(settings: Settings) -> Iterator[Looked]:
    """Look at the database, the Slack apps, the calendars and the Jira sites, in this order.

    Each comes as soon as it is looked at.
    """
    store = Store(settings.database_url)
    try:
        unusable = _unusable(store)
        locked = () if unusable else rotating.locked(store, Vault(settings.secret_keys))
        yield Looked("Database", (unusable,) if unusable else tuple(locked))
        for app in settings.slack_apps:
            installed = () if unusable else _installed(app, settings, store)
            yield Looked(f"Slack app {app.key}", (*_slack(app, settings), *installed))
        if not unusable:
            yield Looked("Side calendars", checkups.calendars(store, clock_of(settings).now()))
        yield from _named(settings) if unusable else _connected(settings, store)
    finally:
        store.close()


def _unusable(store: Store) -> str | None:
    """Why nothing can be asked of the database, or None."""
    try:
        with store.engine.connect() as connection:
            newest = is_newest(connection)
    except SQLAlchemyError as error:
        return f"The database does not answer ({type(error).__name__}): check FMO_DATABASE_URL and that it runs."
    return None if newest else "The database is not at the newest schema: run `fmo-bot migrate`."


def _slack(app: SlackApp, settings: Settings) -> Iterator[str]:
    scopes = manifest(transport="socket", profile="minimal")["oauth_config"]["scopes"]["bot"]
    return of_slack.faults(
        app.key,
        bot_tokens=app.bot_tokens,
        app_token=app.app_token,
        scopes=scopes,
        api_url=settings.slack_api_url,
        network=settings.network,
    )


def _installed(app: SlackApp, settings: Settings, store: Store) -> Iterator[str]:
    """What is wrong where people installed the app, and where it is gone."""
    page = f"{base_of(settings)}/slack/{app.key}/install"
    again = f"install it there again at {page}" if app.install else f"put its new token into {_setting(app)}"
    gone = checkups.installs(store, app.key, again=again)
    yield from gone
    if app.install is None:
        return
    known, is_told = Installing(settings, store), bool(app.bot_tokens or gone)
    for install in (each for each in known.installs.all if each.app_key == app.key):
        is_told = True
        try:
            token = known.installs.token_of(install)
        except NotNow as error:
            yield str(error)
            continue
        yield from of_slack.installed(
            app.key,
            install.team_name,
            token,
            scopes=scopes(app.install.profile),
            page=page,
            api_url=settings.slack_api_url,
            network=settings.network,
        )
    if not is_told:
        yield f"Slack app {app.key} is installed nowhere: open {page} in a browser, as somebody who may install apps."


def _setting(app: SlackApp) -> str:
    return f"FMO_SLACK_{app.key.upper()}_BOT_TOKENS"


def _named(settings: Settings) -> Iterator[Looked]:
    """The sites of the settings, where the database cannot be asked about boards and about the others."""
    for site in settings.jira_sites:
        client = jira_client(site)
        try:
            yield Looked(f"Jira site {site.key}", tuple(of_jira.faults(client, ())))
        finally:
            client.close()


def _connected(settings: Settings, store: Store) -> Iterator[Looked]:
    """Every site, with what the database knows of it."""
    jira = JiraSites(settings, store, judge=False)
    secrets = {site.key for site in settings.jira_sites if site.webhook_secret}
    twice = {site.key for site in settings.jira_sites} & set(jira.sites.connected())
    at = clock_of(settings).now()
    try:
        for key in jira:
            known = checkups.known(store, key, at, has_secret=key in secrets)
            both = (TWICE.format(key=key),) if key in twice else ()
            yield Looked(f"Jira site {key}", (*both, *_site(jira, key, known.boards), *known.faults))
    finally:
        jira.close()


def _site(jira: JiraSites, key: str, boards: tuple[int, ...]) -> Iterator[str]:
    try:
        client: JiraClient = jira.client(key)
    except BoardUnavailable as error:
        yield str(error)
        return
    yield from of_jira.faults(client, boards)
    if jira.sites.lacks_consent(key):
        yield CONSENT_AGAIN.format(key=key)
