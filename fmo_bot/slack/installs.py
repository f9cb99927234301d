"""Installations as this process speaks through them: found by workspace, with a client each.

Who installs, uninstalls or renews may do so in another process: what the database knows is read again now and then,
and at once where a workspace is asked for that nobody knows.
"""

from collections.abc import Iterable, Mapping, Sequence
from http.client import HTTPException
from threading import Lock
from time import monotonic
from typing import Any, Protocol

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from fmo_bot.domain.installs import Installation, by_workspace
from fmo_bot.domain.parties import Person
from fmo_bot.errors import NotInstalled, SettingsWrong, Undeliverable
from fmo_bot.network import Network
from fmo_bot.slack.client import SlackClient
from fmo_bot.slack.outcomes import GONE, code_of

WIDE = (
    "FMO_SLACK_{name}_BOT_TOKENS: a token is that of a whole Enterprise Grid organisation. Take it out, set "
    "FMO_SLACK_{name}_CLIENT_ID and FMO_SLACK_{name}_CLIENT_SECRET, and install it at /slack/{key}/install."
)
_TIMEOUT = 10  # seconds for one call
FRESH_S = 2.0  # of machine time: for so long what was read of the database is believed
_AT_ONCE_S = 0.2  # and for so long that a workspace is not known


class Known(Protocol):
    """What is known of installations; see services.installations."""

    def all(self) -> Sequence[Installation]:
        """Every installation there is or was."""
        ...

    def token(self, install: Installation) -> str:
        """The token with which it speaks now. Raises NotNow."""
        ...


class Installs:
    """All installations of all apps. A workspace is found by its id alone, whatever an enterprise id says."""

    def __init__(
        self,
        installations: Iterable[Installation],
        api_url: str,
        *,
        timeout: int = _TIMEOUT,
        network: Network | None = None,
        known: Known | None = None,
    ) -> None:
        """`api_url` is Slack's, or the sandbox's; `timeout` is in seconds, for one call.

        `known`: where others are found, besides the `installations` that hold their tokens.
        """
        self.api_url, self.network, self._timeout = api_url, network or Network(), timeout
        self._known, self._read_at, self._lock = known, float("-inf"), Lock()
        self._clients: dict[tuple[str, str | None, str | None], tuple[str, WebClient]] = {}
        self._take(tuple(installations))
        self._fresh()

    @classmethod
    def connect(cls, tokens: Mapping[str, tuple[str, ...]], api_url: str, network: Network | None = None) -> "Installs":
        """Ask Slack whose each token is (app key -> its tokens). Raises SettingsWrong naming every bad one."""
        found, refused = prove(tokens, api_url, network or Network())
        if refused:
            raise SettingsWrong(refused)
        return cls(found, api_url, network=network)

    @property
    def all(self) -> tuple[Installation, ...]:
        """Those that are live."""
        return tuple(install for install in self._found if install.is_live)

    @property
    def workspaces(self) -> frozenset[str]:
        """The workspaces in which an app is installed."""
        self._fresh()
        return frozenset(workspace for install in self.all for workspace in install.workspaces)

    def look(self) -> None:
        """Read again what is known."""
        if self._known is not None:
            self._read_at = monotonic()
            self._take(tuple(self._known.all()))

    def of_team(self, team_id: str, app_key: str | None = None) -> Installation:
        """The installation in a workspace (of one app, where named).

        Raises NotInstalled where it ended or never was: a company may install it weeks after the other.
        """
        self._fresh()
        found = self._in(team_id, app_key) or self._looked_up(team_id, app_key)
        if not found:
            raise NotInstalled(f"no app is installed in workspace {team_id}")
        if not found[0].is_live:
            raise NotInstalled(f"the app is not installed in workspace {team_id} any more")
        return found[0]

    def of_enterprise(self, enterprise_id: str, app_key: str) -> Installation:
        """The installation of an app in all of an organisation. Raises Undeliverable."""
        self._fresh()
        for install in self.all:
            if install.team_id is None and (install.app_key, install.enterprise_id) == (app_key, enterprise_id):
                return install
        raise Undeliverable(f"no app is installed in organisation {enterprise_id}")

    def client_of(self, team_id: str) -> WebClient:
        """The client that speaks in a workspace. Raises Undeliverable where there is none, NotNow."""
        install = self.of_team(team_id)
        key, token = (install.app_key, install.team_id, install.enterprise_id), self.token_of(install)
        known = self._clients.get(key)
        if known is None or known[0] != token:
            made = client(self.api_url, token, timeout=self._timeout, network=self.network)
            known = self._clients[key] = token, made
        return known[1]

    def token_of(self, install: Installation) -> str:
        """The token with which it speaks now. Raises NotNow."""
        if install.token or self._known is None:
            return install.token
        return self._known.token(install)

    def reaches(self, person: Person) -> bool:
        """Whether an app is installed in the person's own workspace."""
        return person.workspace in self.workspaces

    def is_ours(self, event: Mapping[str, Any]) -> bool:
        """Whether an event was caused by any of our installations, not only by the one it is delivered to."""
        return event.get("bot_id") in self._bots or event.get("user") in self._bots

    def _in(self, team_id: str, app_key: str | None) -> list[Installation]:
        return [each for each in self._serving.get(team_id, ()) if app_key in (None, each.app_key)]

    def _looked_up(self, team_id: str, app_key: str | None) -> list[Installation]:
        """It may just have been installed, by way of another process."""
        self._fresh(_AT_ONCE_S)
        return self._in(team_id, app_key)

    def _fresh(self, within: float = FRESH_S) -> None:
        with self._lock:
            if monotonic() - self._read_at >= within:
                self.look()

    def _take(self, found: tuple[Installation, ...]) -> None:
        ours = {name for install in found for name in (install.bot_id, install.bot_user_id)} - {""}
        self._found, self._serving, self._bots = found, by_workspace(found), ours


def client(api_url: str, token: str | None = None, *, timeout: int = _TIMEOUT, network: Network) -> WebClient:
    """A client that never repeats a call by itself. What Bolt and the sockets make of it goes out the same way."""
    return SlackClient(api_url, token, timeout=timeout, network=network)


def prove(
    tokens: Mapping[str, tuple[str, ...]], api_url: str, network: Network, *, gone: list[str] | None = None
) -> tuple[list[Installation], list[str]]:
    """Ask Slack whose each token is (app key -> its tokens): what was found, and a sentence for each bad one.

    `gone` takes the sentences about tokens that were good once: the app was removed from a workspace.
    """
    found: list[Installation] = []
    problems: list[str] = []
    for key, token in ((key, token) for key, its in tokens.items() for token in its):
        try:
            install = _proved(key, token, api_url, network)
            if install.team_id == install.enterprise_id:
                problems.append(WIDE.format(name=key.upper(), key=key))
            else:
                found.append(install)
        except (SlackClientError, OSError, HTTPException) as error:
            ended = gone is not None and isinstance(error, SlackApiError) and code_of(error) in GONE
            sentence = f"FMO_SLACK_{key.upper()}_BOT_TOKENS: {_why(error, api_url)}"
            (gone if ended and gone is not None else problems).append(sentence)
    return found, list(dict.fromkeys(problems))


def _proved(key: str, token: str, api_url: str, network: Network) -> Installation:
    known = client(api_url, token, network=network).auth_test()
    return Installation(
        app_key=key,
        team_id=str(known["team_id"]),
        team_name=str(known["team"]),
        bot_id=str(known["bot_id"]),
        bot_user_id=str(known["user_id"]),
        token=token,
        enterprise_id=known.get("enterprise_id"),
    )


def _why(error: Exception, api_url: str) -> str:
    if isinstance(error, SlackApiError):
        return f"Slack refuses a token ({code_of(error) or 'no reason given'}); copy it anew from the app's page."
    return f"Slack does not answer at {api_url} ({error}); check FMO_SLACK_API_URL, HTTPS_PROXY and FMO_CA_BUNDLE."
