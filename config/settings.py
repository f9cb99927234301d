"""Settings: one frozen value, read once from the environment and `.env`; every wrong or missing one named at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import overload

from dotenv import dotenv_values
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from config.manifests import PROFILES
from config.reading import Reading, is_loopback, split
from fmo_bot.errors import SettingsWrong
from fmo_bot.network import DIRECT, Network

SLACK_API_URL = "https://slack.com/api/"
SLACK_AUTHORIZE_URL = "https://slack.com/oauth/v2/authorize"
MESSAGES_PER_MINUTE = 300  # Slack allows "several hundred" in a workspace
MOST_PER_MINUTE = 100_000
ENGINES = EMBEDDED, PROCRASTINATE = "embedded", "procrastinate"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_FORMATS = ("text", "json")
_APP_PARTS = ("BOT_TOKENS", "APP_TOKEN", "SIGNING_SECRET")
_INSTALL_PARTS = ("CLIENT_ID", "CLIENT_SECRET", "TEAMS", "PROFILE")
_TEAM = re.compile(r"[TE][A-Z0-9]{2,30}")
_APPS = (
    "a name of your choice for each Slack app, such as huawei,telefonica. Each then needs FMO_SLACK_<NAME>_BOT_TOKENS "
    "(or FMO_SLACK_<NAME>_CLIENT_ID, to be installed by people), and FMO_SLACK_<NAME>_APP_TOKEN for Socket Mode or "
    "FMO_SLACK_<NAME>_SIGNING_SECRET for HTTP"
)
_PROXIES = ("HTTPS_PROXY", "https_proxy")  # Atlassian and Slack are https, all of it
_WORKSPACE = re.compile(r"T[A-Z0-9]{2,20}")
_PERSON = re.compile(r"([TE][A-Z0-9]{2,20}):([UW][A-Z0-9]{2,20})")
_SECRET_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")  # 32 bytes in base64, as Fernet takes them
_SITE_PARTS = ("URL", "EMAIL", "TOKEN", "WEBHOOK_SECRET", "PROXY", "CA_BUNDLE", "TOKEN_EXPIRES", "OWNER")
ATLASSIAN_AUTH_URL, ATLASSIAN_API_URL = "https://auth.atlassian.com", "https://api.atlassian.com"


@dataclass(frozen=True, kw_only=True)
class SlackInstall:
    """How people install a Slack app: OAuth v2, in the workspaces and Grid organisations (`teams`) that may."""

    client_id: str
    client_secret: str = field(repr=False)
    teams: tuple[str, ...]
    profile: str


@dataclass(frozen=True, kw_only=True)
class SlackApp:
    """One Slack app. `app_token` given: Socket Mode; `signing_secret` given: HTTP at `/slack/<key>/events`."""

    key: str
    bot_tokens: tuple[str, ...] = field(default=(), repr=False)  # one per workspace in which the app is installed
    install: SlackInstall | None = None
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class JiraSite:
    """One Jira site. With `email` the token is used as Cloud's basic authentication, without it as a bearer token."""

    key: str
    url: str
    token: str = field(repr=False)
    email: str | None = None
    webhook_secret: str | None = field(default=None, repr=False)
    network: Network = field(default_factory=Network)
    expires_at: datetime | None = None  # the token, where the settings say so
    owner: str | None = None  # the Slack workspace of the company whose it is


@dataclass(frozen=True, kw_only=True)
class Atlassian:
    """Where Cloud's programs are served, and (`client_id`) our app there, with which people allow the bot a site."""

    auth_url: str
    api_url: str
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that is set from outside."""

    database_url: str = field(repr=False)
    engine: str  # embedded: a ticker in each process; procrastinate: a queue in PostgreSQL, for any number of workers
    host: str
    port: int
    worker_port: int | None  # of a worker's health and figures; None: they are not to be seen
    public_url: str | None
    slack_apps: tuple[SlackApp, ...]
    slack_api_url: str
    slack_authorize_url: str
    slack_messages_per_minute: int
    jira_sites: tuple[JiraSite, ...]
    atlassian: Atlassian
    network: Network  # the way out of here to everybody for whom nothing else is said
    admins: tuple[tuple[str, str], ...]  # (workspace, user): the first of companies that have none
    secret_keys: tuple[str, ...] = field(repr=False)  # of secrets in the database, newest first
    clock_url: str | None
    log_level: str
    log_format: str

    @classmethod
    def read(cls, environ: Mapping[str, str], env_file: Path | None = None) -> "Settings":
        """The settings of `environ`, which goes before `env_file`. Raises SettingsWrong with every problem."""
        given = {**_from_file(env_file), **environ}
        return _Reader({name: value.strip() for name, value in given.items() if value and value.strip()}).settings()


def _from_file(env_file: Path | None) -> Mapping[str, str | None]:
    try:
        return dotenv_values(env_file) if env_file is not None and env_file.is_file() else {}
    except UnicodeDecodeError as error:
        raise SettingsWrong([f"{env_file}: this is not UTF-8 text. Save it as UTF-8."]) from error


def _is_database(url: str) -> bool:
    try:
        make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        return False
    return True


class _Reader:
    """Makes the settings of what is given."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._read = Reading(given)

    def settings(self) -> Settings:
        """The whole, or SettingsWrong."""
        self._network = self._way_out()
        settings = Settings(
            database_url=self._database(),
            engine=self._read.one_of("FMO_ENGINE", ENGINES, EMBEDDED, str.lower),
            host=self._read.get("FMO_HOST") or "127.0.0.1",
            port=self._port("FMO_PORT", 8080),
            worker_port=self._port("FMO_WORKER_PORT", None),
            public_url=self._read.url("FMO_PUBLIC_URL", "the https address under which the web server is reached"),
            slack_apps=self._slack_apps(),
            slack_api_url=self._slack_api(),
            slack_authorize_url=self._read.url("FMO_SLACK_AUTHORIZE_URL", "the address at which Slack asks for consent")
            or SLACK_AUTHORIZE_URL,
            slack_messages_per_minute=self._messages_per_minute(),
            jira_sites=self._jira_sites(),
            atlassian=self._atlassian(),
            network=self._network,
            admins=self._admins(),
            secret_keys=self._secret_keys(),
            clock_url=self._read.url("FMO_CLOCK_URL", "the sandbox's /clock address"),
            log_level=self._read.one_of("FMO_LOG_LEVEL", _LEVELS, "INFO", str.upper),
            log_format=self._read.one_of("FMO_LOG_FORMAT", _FORMATS, "text", str.lower),
        )
        self._judge_engine(settings)
        self._judge_installs(settings)
        self._judge_clock(settings)
        self._read.judge_unknown(("FMO_SLACK_", "FMO_JIRA_"))
        if self._read.problems:
            raise SettingsWrong(self._read.problems)
        return settings

    def _database(self) -> str:
        url = self._read.get("FMO_DATABASE_URL") or "sqlite:///fmo.db"
        if url.startswith("postgresql://"):
            url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        if not url.startswith(("sqlite:///", "postgresql+psycopg://")) or not _is_database(url):
            self._read.problems.append(
                "FMO_DATABASE_URL must be sqlite:///path/to/file.db or postgresql://user:password@host/database."
            )
        return url

    @overload
    def _port(self, name: str, default: int) -> int: ...

    @overload
    def _port(self, name: str, default: None) -> int | None: ...

    def _port(self, name: str, default: int | None) -> int | None:
        text = self._read.get(name)
        if text is None:
            return default
        if text.isascii() and text.isdigit() and int(text) <= 65535:
            return int(text)
        self._read.problems.append(f"{name} must be a port number from 0 (any free one) to 65535; it is {text!r}.")
        return 0

    def _messages_per_minute(self) -> int:
        text = self._read.get("FMO_SLACK_MESSAGES_PER_MINUTE") or str(MESSAGES_PER_MINUTE)
        if text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_PER_MINUTE:
            return int(text)
        self._read.problems.append(
            f"FMO_SLACK_MESSAGES_PER_MINUTE must be a number from 1 to {MOST_PER_MINUTE}; it is {text!r}."
        )
        return MESSAGES_PER_MINUTE

    def _slack_apps(self) -> tuple[SlackApp, ...]:
        value = self._read.need("FMO_SLACK_APPS", _APPS)
        return tuple(self._slack_app(key) for key in self._read.keys("FMO_SLACK_APPS", value, "an app's key"))

    def _slack_app(self, key: str) -> SlackApp:
        tokens_name, app_name, secret_name = (f"FMO_SLACK_{key.upper()}_{part}" for part in _APP_PARTS)
        install = self._slack_install(key)
        given = self._read.get(tokens_name)
        if install is None and given is None:
            self._read.need(tokens_name, "the app's bot tokens (xoxb-…), one per workspace")
        tokens = self._read.list(tokens_name, given)
        if any(not token.startswith("xoxb-") for token in tokens):
            self._read.problems.append(f"{tokens_name} holds something that is not a bot token: they begin with xoxb-.")
        app_token, secret = self._read.get(app_name), self._read.get(secret_name)
        if app_token is not None and not app_token.startswith("xapp-"):
            self._read.problems.append(f"{app_name} is not an app-level token: it begins with xapp-.")
        if app_token is None and secret is None:
            self._read.problems.append(
                f"{app_name} or {secret_name} is missing: the first is for Socket Mode, the second for HTTP."
            )
        return SlackApp(key=key, bot_tokens=tokens, install=install, app_token=app_token, signing_secret=secret)

    def _slack_install(self, key: str) -> SlackInstall | None:
        """How people install it; None where it has only the tokens that stand here."""
        client_id, secret, teams, profile = (f"FMO_SLACK_{key.upper()}_{part}" for part in _INSTALL_PARTS)
        asked = self._read.one_of(profile, tuple(PROFILES), "minimal", str.lower)
        if self._read.get(client_id) is None:
            for name in (secret, teams):
                if self._read.get(name) is not None:
                    self._read.problems.append(f"{name} is for installing: it needs {client_id} too.")
            return None
        what = "the workspaces that may install the app, by their ids (T…; E… for a whole Enterprise Grid)"
        allowed = self._read.list(teams, self._read.need(teams, what))
        if any(not _TEAM.fullmatch(team) for team in allowed):
            self._read.problems.append(f"{teams} holds something that is no workspace id: they begin with T or E.")
        return SlackInstall(
            client_id=self._read.get(client_id) or "",
            client_secret=self._read.need(secret, "the app's client secret, from its page Basic Information"),
            teams=allowed,
            profile=asked,
        )

    def _slack_api(self) -> str:
        url = self._read.url("FMO_SLACK_API_URL", "the address of Slack's Web API") or SLACK_API_URL
        return url if url.endswith("/") else url + "/"

    def _jira_sites(self) -> tuple[JiraSite, ...]:
        keys = self._read.keys("FMO_JIRA_SITES", self._read.get("FMO_JIRA_SITES"), "a site's key")
        return tuple(self._jira_site(key) for key in keys)

    def _jira_site(self, key: str) -> JiraSite:
        url, email, token, secret, proxy, bundle, expires, owner = (
            f"FMO_JIRA_{key.upper()}_{part}" for part in _SITE_PARTS
        )
        address = self._read.need(url, "the site's address, such as https://example.atlassian.net")
        return JiraSite(
            key=key,
            url=self._read.checked_url(url, address, "the site's address").rstrip("/") if address else "",
            email=self._read.get(email),
            token=self._read.need(
                token, "an API token (Cloud, with the e-mail) or a personal access token (Data Center)"
            ),
            webhook_secret=self._read.get(secret),
            network=self._network.overridden(proxy=self._proxy(proxy), ca_bundle=self._bundle(bundle)),
            expires_at=self._day(expires),
            owner=self._workspace(owner),
        )

    def _workspace(self, name: str) -> str | None:
        """A Slack workspace's id."""
        told = self._read.get(name)
        if told is not None and not _WORKSPACE.fullmatch(told):
            self._read.problems.append(f"{name} is {told!r}: put the id of a Slack workspace, such as T0HUAWEI.")
            return None
        return told

    def _day(self, name: str) -> datetime | None:
        """The beginning of a day in UTC."""
        text = self._read.get(name)
        try:
            return datetime.combine(date.fromisoformat(text), time.min, UTC) if text else None
        except ValueError:
            self._read.problems.append(f"{name} must be a day such as 2027-03-01; it is {text!r}.")
            return None

    def _atlassian(self) -> Atlassian:
        auth = self._read.url("FMO_ATLASSIAN_AUTH_URL", "the address at which Atlassian asks people for consent")
        api = self._read.url("FMO_ATLASSIAN_API_URL", "the address of Atlassian's gateway")
        client_id, secret = self._read.get("FMO_JIRA_OAUTH_CLIENT_ID"), self._read.get("FMO_JIRA_OAUTH_CLIENT_SECRET")
        if (client_id is None) != (secret is None):
            self._read.problems.append(
                "FMO_JIRA_OAUTH_CLIENT_ID and FMO_JIRA_OAUTH_CLIENT_SECRET belong together: set both, or neither."
            )
        return Atlassian(
            auth_url=(auth or ATLASSIAN_AUTH_URL).rstrip("/"),
            api_url=(api or ATLASSIAN_API_URL).rstrip("/"),
            client_id=client_id,
            client_secret=secret,
        )

    def _way_out(self) -> Network:
        proxies = [self._proxy(name) for name in _PROXIES]
        exceptions = (self._read.get("NO_PROXY") or self._read.get("no_proxy") or "").replace(" ", ",")
        return Network(
            proxy=next((proxy for proxy in proxies if proxy not in (None, DIRECT)), None),
            no_proxy=tuple(dict.fromkeys(each for each in exceptions.split(",") if each)),
            ca_bundle=self._bundle("FMO_CA_BUNDLE"),
        )

    def _proxy(self, name: str) -> str | None:
        """An address such as http://user:password@proxy.example:3128, or `none`."""
        value = self._read.get(name)
        if value is None or value == DIRECT:
            return value
        url = value if "://" in value else f"http://{value}"
        parts = split(url)
        if parts is None or parts.scheme != "http" or not parts.hostname:
            self._read.problems.append(f"{name} must be a proxy's address, such as http://proxy.example:3128.")
        return url

    def _bundle(self, name: str) -> str | None:
        path = self._read.get(name)
        if path is None:
            return None
        try:
            Network(ca_bundle=path).trust()
        except OSError:  # of which an SSLError is one
            self._read.problems.append(f"{name}: {path} is no readable file of certificates (PEM).")
            return None
        return path

    def _secret_keys(self) -> tuple[str, ...]:
        keys = self._read.list("FMO_SECRET_KEYS", self._read.get("FMO_SECRET_KEYS"))
        right = tuple(key for key in keys if _SECRET_KEY.fullmatch(key))
        if len(right) < len(keys):
            self._read.problems.append("FMO_SECRET_KEYS holds something that is no key: `fmo-bot new-key` makes one.")
        return right

    def _judge_engine(self, settings: Settings) -> None:
        if settings.engine == PROCRASTINATE and settings.database_url.startswith("sqlite"):
            self._read.problems.append(
                "FMO_ENGINE=procrastinate needs PostgreSQL: put a postgresql:// address into FMO_DATABASE_URL, "
                "or leave FMO_ENGINE out."
            )

    def _admins(self) -> tuple[tuple[str, str], ...]:
        """Who speaks first for companies that nobody speaks for yet."""
        told = self._read.list("FMO_ADMINS", self._read.get("FMO_ADMINS"))
        if wrong := [each for each in told if not _PERSON.fullmatch(each)]:
            self._read.problems.append(
                f"FMO_ADMINS holds {wrong[0]!r}: name each as workspace:user, such as T0HUAWEI:U0LIWEI."
            )
        return tuple((found[1], found[2]) for each in told if (found := _PERSON.fullmatch(each)))

    def _judge_installs(self, settings: Settings) -> None:
        for name in (f"FMO_SLACK_{app.key.upper()}_CLIENT_ID" for app in settings.slack_apps if app.install):
            if not settings.secret_keys:
                self._read.problems.append(f"{name} needs FMO_SECRET_KEYS: tokens are stored encrypted.")

    def _judge_clock(self, settings: Settings) -> None:
        if settings.clock_url is None:
            return
        bases = (settings.clock_url, settings.slack_api_url, *(site.url for site in settings.jira_sites))
        if not all(is_loopback(url) for url in bases):
            self._read.problems.append(
                "FMO_CLOCK_URL is for the sandbox only: remove it, or point Slack and every Jira site at the sandbox."
            )
