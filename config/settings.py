"""Settings: one frozen value, read once from the environment and `.env`; every wrong or missing one named at once."""

import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload
from urllib.parse import SplitResult, urlsplit

from dotenv import dotenv_values
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from fmo_bot.errors import SettingsWrong

SLACK_API_URL = "https://slack.com/api/"
MESSAGES_PER_MINUTE = 300  # Slack allows "several hundred" in a workspace
MOST_PER_MINUTE = 100_000
_KEY = re.compile(r"[a-z][a-z0-9]{0,30}")
ENGINES = EMBEDDED, PROCRASTINATE = "embedded", "procrastinate"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_FORMATS = ("text", "json")
_APP_PARTS = ("BOT_TOKENS", "APP_TOKEN", "SIGNING_SECRET")
_APPS = (
    "a name of your choice for each Slack app, such as huawei,telefonica. Each then needs FMO_SLACK_<NAME>_BOT_TOKENS, "
    "and FMO_SLACK_<NAME>_APP_TOKEN for Socket Mode or FMO_SLACK_<NAME>_SIGNING_SECRET for HTTP"
)
_SECRET_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")  # 32 bytes in base64, as Fernet takes them
_SITE_PARTS = ("URL", "EMAIL", "TOKEN", "WEBHOOK_SECRET")


@dataclass(frozen=True, kw_only=True)
class SlackApp:
    """One Slack app. `app_token` given: Socket Mode; `signing_secret` given: HTTP at `/slack/<key>/events`."""

    key: str
    bot_tokens: tuple[str, ...] = field(repr=False)  # one per workspace in which the app is installed
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
    slack_messages_per_minute: int
    jira_sites: tuple[JiraSite, ...]
    secret_keys: tuple[str, ...] = field(repr=False)  # of secrets in the database, newest first
    clock_url: str | None
    log_level: str
    log_format: str

    @classmethod
    def read(cls, environ: Mapping[str, str], env_file: Path | None = None) -> "Settings":
        """The settings of `environ`, which goes before `env_file`. Raises SettingsWrong with every problem."""
        given = {**_from_file(env_file), **environ}
        return _Reader({name: value.strip() for name, value in given.items() if value and value.strip()}).settings()


def is_loopback(url: str) -> bool:
    """Whether `url` stays on this machine: `localhost` or a loopback address."""
    parts = _split(url)
    host = (parts and parts.hostname) or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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


def _split(url: str) -> SplitResult | None:
    """The parts of an address; None where it is none."""
    try:
        parts = urlsplit(url)
        return parts if parts.port is None or parts.port > 0 else None
    except ValueError:  # a bracket left open, a port that is no number
        return None


class _Reader:
    """Reads one setting after another and keeps every problem, one sentence each."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self._known: set[str] = set()
        self._problems: list[str] = []

    def settings(self) -> Settings:
        """The whole, or SettingsWrong."""
        settings = Settings(
            database_url=self._database(),
            engine=self._one_of("FMO_ENGINE", ENGINES, EMBEDDED, str.lower),
            host=self._get("FMO_HOST") or "127.0.0.1",
            port=self._port("FMO_PORT", 8080),
            worker_port=self._port("FMO_WORKER_PORT", None),
            public_url=self._url("FMO_PUBLIC_URL", "the https address under which the web server is reached"),
            slack_apps=self._slack_apps(),
            slack_api_url=self._slack_api(),
            slack_messages_per_minute=self._messages_per_minute(),
            jira_sites=self._jira_sites(),
            secret_keys=self._secret_keys(),
            clock_url=self._url("FMO_CLOCK_URL", "the sandbox's /clock address"),
            log_level=self._one_of("FMO_LOG_LEVEL", _LEVELS, "INFO", str.upper),
            log_format=self._one_of("FMO_LOG_FORMAT", _FORMATS, "text", str.lower),
        )
        self._judge_engine(settings)
        self._judge_clock(settings)
        self._judge_unknown()
        if self._problems:
            raise SettingsWrong(self._problems)
        return settings

    def _get(self, name: str) -> str | None:
        self._known.add(name)
        return self._given.get(name)

    def _need(self, name: str, what: str) -> str:
        value = self._get(name)
        if value is None:
            self._problems.append(f"{name} is missing: it takes {what}.")
        return value or ""

    def _list(self, name: str, value: str | None) -> tuple[str, ...]:
        items = tuple(item.strip() for item in (value or "").split(",") if item.strip())
        if len(set(items)) < len(items):
            self._problems.append(f"{name} names something twice: each item may stand there once.")
        return tuple(dict.fromkeys(items))

    def _database(self) -> str:
        url = self._get("FMO_DATABASE_URL") or "sqlite:///fmo.db"
        if url.startswith("postgresql://"):
            url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        if not url.startswith(("sqlite:///", "postgresql+psycopg://")) or not _is_database(url):
            self._problems.append(
                "FMO_DATABASE_URL must be sqlite:///path/to/file.db or postgresql://user:password@host/database."
            )
        return url

    @overload
    def _port(self, name: str, default: int) -> int: ...

    @overload
    def _port(self, name: str, default: None) -> int | None: ...

    def _port(self, name: str, default: int | None) -> int | None:
        text = self._get(name)
        if text is None:
            return default
        if text.isascii() and text.isdigit() and int(text) <= 65535:
            return int(text)
        self._problems.append(f"{name} must be a port number from 0 (any free one) to 65535; it is {text!r}.")
        return 0

    def _messages_per_minute(self) -> int:
        text = self._get("FMO_SLACK_MESSAGES_PER_MINUTE") or str(MESSAGES_PER_MINUTE)
        if text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_PER_MINUTE:
            return int(text)
        self._problems.append(
            f"FMO_SLACK_MESSAGES_PER_MINUTE must be a number from 1 to {MOST_PER_MINUTE}; it is {text!r}."
        )
        return MESSAGES_PER_MINUTE

    def _one_of(self, name: str, allowed: tuple[str, ...], default: str, fold: Callable[[str], str]) -> str:
        value = fold(self._get(name) or default)
        if value not in allowed:
            self._problems.append(f"{name} must be one of {', '.join(allowed)}; it is {value!r}.")
        return value

    def _url(self, name: str, what: str) -> str | None:
        value = self._get(name)
        return None if value is None else self._checked_url(name, value, what)

    def _checked_url(self, name: str, url: str, what: str) -> str:
        """`url`, after a look at its scheme: plain http would carry tokens in clear, so it stays on this machine."""
        parts = _split(url)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            self._problems.append(f"{name} must be {what}, beginning with https://.")
        elif parts.scheme == "http" and not is_loopback(url):
            self._problems.append(f"{name} uses http: only an address of this machine may; use https://.")
        return url

    def _keys(self, name: str, value: str | None, what: str) -> tuple[str, ...]:
        keys = self._list(name, value)
        wrong = [key for key in keys if not _KEY.fullmatch(key)]
        for key in wrong:
            self._problems.append(f"{name} holds {key!r}: {what} is small letters and digits, beginning with a letter.")
        return tuple(key for key in keys if key not in wrong)

    def _slack_apps(self) -> tuple[SlackApp, ...]:
        value = self._need("FMO_SLACK_APPS", _APPS)
        return tuple(self._slack_app(key) for key in self._keys("FMO_SLACK_APPS", value, "an app's key"))

    def _slack_app(self, key: str) -> SlackApp:
        tokens_name, app_name, secret_name = (f"FMO_SLACK_{key.upper()}_{part}" for part in _APP_PARTS)
        tokens = self._list(tokens_name, self._need(tokens_name, "the app's bot tokens (xoxb-…), one per workspace"))
        if any(not token.startswith("xoxb-") for token in tokens):
            self._problems.append(f"{tokens_name} holds something that is not a bot token: they begin with xoxb-.")
        app_token, secret = self._get(app_name), self._get(secret_name)
        if app_token is not None and not app_token.startswith("xapp-"):
            self._problems.append(f"{app_name} is not an app-level token: it begins with xapp-.")
        if app_token is None and secret is None:
            self._problems.append(
                f"{app_name} or {secret_name} is missing: the first is for Socket Mode, the second for HTTP."
            )
        return SlackApp(key=key, bot_tokens=tokens, app_token=app_token, signing_secret=secret)

    def _slack_api(self) -> str:
        url = self._url("FMO_SLACK_API_URL", "the address of Slack's Web API") or SLACK_API_URL
        return url if url.endswith("/") else url + "/"

    def _jira_sites(self) -> tuple[JiraSite, ...]:
        keys = self._keys("FMO_JIRA_SITES", self._get("FMO_JIRA_SITES"), "a site's key")
        return tuple(self._jira_site(key) for key in keys)

    def _jira_site(self, key: str) -> JiraSite:
        url, email, token, secret = (f"FMO_JIRA_{key.upper()}_{part}" for part in _SITE_PARTS)
        address = self._need(url, "the site's address, such as https://example.atlassian.net")
        return JiraSite(
            key=key,
            url=self._checked_url(url, address, "the site's address").rstrip("/") if address else "",
            email=self._get(email),
            token=self._need(token, "an API token (Cloud, with the e-mail) or a personal access token (Data Center)"),
            webhook_secret=self._get(secret),
        )

    def _secret_keys(self) -> tuple[str, ...]:
        keys = self._list("FMO_SECRET_KEYS", self._get("FMO_SECRET_KEYS"))
        right = tuple(key for key in keys if _SECRET_KEY.fullmatch(key))
        if len(right) < len(keys):
            self._problems.append("FMO_SECRET_KEYS holds something that is no key: `fmo-bot new-key` makes one.")
        return right

    def _judge_engine(self, settings: Settings) -> None:
        if settings.engine == PROCRASTINATE and settings.database_url.startswith("sqlite"):
            self._problems.append(
                "FMO_ENGINE=procrastinate needs PostgreSQL: put a postgresql:// address into FMO_DATABASE_URL, "
                "or leave FMO_ENGINE out."
            )

    def _judge_clock(self, settings: Settings) -> None:
        if settings.clock_url is None:
            return
        bases = (settings.clock_url, settings.slack_api_url, *(site.url for site in settings.jira_sites))
        if not all(is_loopback(url) for url in bases):
            self._problems.append(
                "FMO_CLOCK_URL is for the sandbox only: remove it, or point Slack and every Jira site at the sandbox."
            )

    def _judge_unknown(self) -> None:
        """Name a Slack or Jira setting that nothing reads: most likely a key misspelt."""
        for name in sorted(self._given):
            if name.startswith(("FMO_SLACK_", "FMO_JIRA_")) and name not in self._known:
                near = difflib.get_close_matches(name, self._known, n=1)
                self._problems.append(f"{name} is not a setting" + (f"; is {near[0]} meant?" if near else "."))
