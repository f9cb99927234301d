"""Installations: which app is in which workspace, with which token; known from settings, proved once at the start."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from fmo_bot.domain.parties import Person
from fmo_bot.errors import SettingsWrong, Undeliverable
from fmo_bot.network import Network
from fmo_bot.slack.client import SlackClient
from fmo_bot.slack.outcomes import code_of

_TIMEOUT = 10  # seconds for one call


@dataclass(frozen=True, kw_only=True)
class Installation:
    """One app in one workspace."""

    app_key: str
    team_id: str
    team_name: str
    bot_id: str
    bot_user_id: str
    token: str = field(repr=False)


class Installs:
    """All installations of all apps. A workspace is found by its id alone, whatever an enterprise id says."""

    def __init__(
        self,
        installations: Iterable[Installation],
        api_url: str,
        *,
        timeout: int = _TIMEOUT,
        network: Network | None = None,
    ) -> None:
        """`api_url` is Slack's, or the sandbox's; `timeout` is in seconds, for one call."""
        self.all = tuple(installations)
        self.api_url, self.network = api_url, network or Network()
        self._clients = {
            install.token: client(api_url, install.token, timeout=timeout, network=self.network) for install in self.all
        }
        self._bots = {install.bot_id for install in self.all} | {install.bot_user_id for install in self.all}

    @classmethod
    def connect(cls, tokens: Mapping[str, tuple[str, ...]], api_url: str, network: Network | None = None) -> "Installs":
        """Ask Slack whose each token is (app key -> its tokens). Raises SettingsWrong naming every bad one."""
        network = network or Network()
        found: list[Installation] = []
        problems: list[str] = []
        for key, token in ((key, token) for key, its in tokens.items() for token in its):
            try:
                found.append(_proved(key, token, api_url, network))
            except (SlackClientError, OSError, HTTPException) as error:
                problems.append(f"FMO_SLACK_{key.upper()}_BOT_TOKENS: {_why(error, api_url)}")
        if problems:
            raise SettingsWrong(list(dict.fromkeys(problems)))
        return cls(found, api_url, network=network)

    def of_team(self, team_id: str, app_key: str | None = None) -> Installation:
        """The installation in a workspace (of one app, where named). Raises Undeliverable where there is none."""
        for install in self.all:
            if install.team_id == team_id and app_key in (None, install.app_key):
                return install
        raise Undeliverable(f"no app is installed in workspace {team_id}")

    def client_of(self, team_id: str) -> WebClient:
        """The client that speaks in a workspace. Raises Undeliverable where there is none."""
        return self._clients[self.of_team(team_id).token]

    def reaches(self, person: Person) -> bool:
        """Whether an app is installed in the person's own workspace."""
        return any(install.team_id == person.workspace for install in self.all)

    def is_ours(self, event: Mapping[str, Any]) -> bool:
        """Whether an event was caused by any of our installations, not only by the one it is delivered to."""
        return event.get("bot_id") in self._bots or event.get("user") in self._bots


def client(api_url: str, token: str | None = None, *, timeout: int = _TIMEOUT, network: Network) -> WebClient:
    """A client that never repeats a call by itself. What Bolt and the sockets make of it goes out the same way."""
    return SlackClient(api_url, token, timeout=timeout, network=network)


def _proved(key: str, token: str, api_url: str, network: Network) -> Installation:
    known = client(api_url, token, network=network).auth_test()
    return Installation(
        app_key=key,
        team_id=str(known["team_id"]),
        team_name=str(known["team"]),
        bot_id=str(known["bot_id"]),
        bot_user_id=str(known["user_id"]),
        token=token,
    )


def _why(error: Exception, api_url: str) -> str:
    if isinstance(error, SlackApiError):
        return f"Slack refuses a token ({code_of(error) or 'no reason given'}); copy it anew from the app's page."
    return f"Slack does not answer at {api_url} ({error}); check FMO_SLACK_API_URL, HTTPS_PROXY and FMO_CA_BUNDLE."
