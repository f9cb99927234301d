"""Everybody in a channel with their names and zones: the Crowd port. A call or two for each, once an hour."""

from collections.abc import Callable
from threading import Lock
from time import monotonic

from fmo_bot.domain.parties import Place
from fmo_bot.errors import Undeliverable
from fmo_bot.ports import Profile
from fmo_bot.slack.installs import Installs
from fmo_bot.slack.lookout import KNOWN_S, SlackLookout, is_not_there


class SlackCrowd:
    """By `users.info`. Only their own workspace tells surely who is its guest, and which language somebody speaks."""

    def __init__(self, installs: Installs, lookout: SlackLookout, machine: Callable[[], float] = monotonic) -> None:
        """`lookout` asks; `machine` counts seconds."""
        self._installs, self._lookout, self._machine = installs, lookout, machine
        self._guard = Lock()
        self._known: dict[tuple[str, str], tuple[float, Profile]] = {}

    def profiles(self, place: Place) -> tuple[Profile, ...]:
        """In Slack's order. Whom it shows to nobody is from nowhere."""
        return tuple(self._profile(place.workspace, user) for user in self._lookout.members(place))

    def _profile(self, workspace: str, user: str) -> Profile:
        with self._guard:
            until, known = self._known.get((workspace, user), (0.0, None))
        if known is None or until < self._machine():
            known = self._at_home(self._described(workspace, user))
            with self._guard:
                self._known[workspace, user] = self._machine() + KNOWN_S, known
        return known

    def _at_home(self, seen: Profile) -> Profile:
        """As their own workspace shows them, where we may ask it."""
        if seen.is_bot or seen.home not in self._installs.workspaces:
            return seen
        return self._described(seen.home, seen.user)

    def _described(self, workspace: str, user: str) -> Profile:
        try:
            told = self._lookout.ask(workspace, "users.info", user=user, include_locale=True)["user"]
        except Undeliverable as refused:
            if is_not_there(refused):
                return Profile(user=user, home="")
            raise
        guest = told.get("is_restricted") or told.get("is_ultra_restricted") or told.get("is_stranger")
        return Profile(
            user=user,
            home="" if told.get("deleted") else str(told.get("team_id") or ""),
            name=str(told.get("real_name") or told.get("name") or user),
            zone=str(told.get("tz") or ""),
            locale=str(told.get("locale") or ""),
            is_guest=bool(guest),
            is_bot=bool(told.get("is_bot")),
        )
