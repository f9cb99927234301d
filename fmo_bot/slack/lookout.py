"""Looking at channels as Slack shows them now: the Lookout port. Two calls a channel, a user once an hour."""

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Any

from slack_sdk.errors import SlackApiError

from fmo_bot.delivery.lanes import of_method
from fmo_bot.domain.channels import Reader, Seen
from fmo_bot.domain.checks import SeenPerson
from fmo_bot.domain.parties import Person, Place
from fmo_bot.errors import Undeliverable
from fmo_bot.slack.installs import Installs
from fmo_bot.slack.outcomes import code_of, speak

KNOWN_S = 3600.0  # seconds for which it is remembered who somebody is
_PAGE, _MOST = 200, 1000  # members of a page; of a channel that are looked at
_NOT_THERE = frozenset({"user_not_found", "user_not_visible"})


class SlackLookout:
    """conversations.info tells the connected workspaces; its `connected_limited_team_ids` who may post only."""

    def __init__(self, installs: Installs, machine: Callable[[], float] = monotonic) -> None:
        """`machine` counts seconds."""
        self._installs, self._machine = installs, machine
        self._guard = Lock()
        self._known: dict[tuple[str, str], tuple[float, Reader]] = {}

    def channel(self, place: Place) -> Seen:
        """By `conversations.info`. A list that Slack leaves out is empty; the asking workspace is always in it."""
        told = self.ask(place.workspace, "conversations.info", channel=place.channel)["channel"]
        named = (*_ids(told, "shared_team_ids"), *_ids(told, "connected_team_ids"), *_ids(told, "internal_team_ids"))
        return Seen(
            name=str(told.get("name") or ""),
            host=str(told.get("conversation_host_id") or place.workspace),
            workspaces=frozenset((place.workspace, *named)),
            limited=frozenset(_ids(told, "connected_limited_team_ids")),
            is_archived=bool(told.get("is_archived")),
            is_private=bool(told.get("is_private")),
            is_member=bool(told.get("is_member")),
            is_pending=bool(told.get("is_pending_ext_shared") or _ids(told, "pending_connected_team_ids")),
        )

    def readers(self, place: Place) -> tuple[Reader, ...]:
        """By `conversations.members` and `users.info`; one whom Slack shows to nobody is from nowhere."""
        return tuple(self._reader(place.workspace, user) for user in self.members(place))

    def person(self, person: Person) -> SeenPerson | None:
        """By `users.info` in the person's own workspace."""
        try:
            told = self.ask(person.workspace, "users.info", user=person.user)["user"]
        except Undeliverable as refused:
            if is_not_there(refused):
                return None
            raise
        if told.get("deleted"):
            return None
        return SeenPerson(zone=str(told.get("tz") or ""))

    def company(self, workspace: str, named: str) -> str:
        """By `team.info`, which shows workspaces that share a channel; needs the scope team:read."""
        try:
            team = self.ask(workspace, "team.info", team=named)["team"]
        except Undeliverable:
            return named
        return str(team.get("name") or named)

    def members(self, place: Place) -> list[str]:
        """The ids of everybody in a channel, by `conversations.members`."""
        found: list[str] = []
        cursor = ""
        while len(found) < _MOST:
            page = self.ask(place.workspace, "conversations.members", channel=place.channel, limit=_PAGE, cursor=cursor)
            found += [str(each) for each in page["members"]]
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return found

    def _reader(self, workspace: str, user: str) -> Reader:
        with self._guard:
            until, known = self._known.get((workspace, user), (0.0, None))
        if known is None or until < self._machine():
            known = self._described(workspace, user)
            with self._guard:
                self._known[workspace, user] = self._machine() + KNOWN_S, known
        return known

    def _described(self, workspace: str, user: str) -> Reader:
        try:
            told = self.ask(workspace, "users.info", user=user)["user"]
        except Undeliverable as refused:
            if is_not_there(refused):
                return Reader(user=user, home="")
            raise
        guest = bool(told.get("is_restricted") or told.get("is_ultra_restricted") or told.get("is_stranger"))
        return Reader(user=user, home=str(told.get("team_id")), is_guest=guest, is_bot=bool(told.get("is_bot")))

    def ask(self, workspace: str, method: str, **arguments: Any) -> dict[str, Any]:
        """What a reading method answers in a workspace. Raises a SendOutcome."""
        client = self._installs.client_of(workspace)

        def call() -> dict[str, Any]:
            answer = client.api_call(method, params=arguments).data
            return answer if isinstance(answer, dict) else {}

        return speak(call, lane=of_method(workspace, method), idempotent=True)


def is_not_there(refused: Undeliverable) -> bool:
    """Whether Slack says that there is no such person, or shows them to nobody here."""
    cause = refused.__cause__
    return isinstance(cause, SlackApiError) and code_of(cause) in _NOT_THERE


def _ids(told: dict[str, Any], name: str) -> list[str]:
    found = told.get(name)
    return [str(each) for each in found] if isinstance(found, list) else []
