"""What a company's Slack says of its people: the `Directory` port. Asked in the one workspace that may say it."""

from typing import Any
from zoneinfo import available_timezones

from slack_sdk.errors import SlackApiError

from fmo_bot.delivery.lanes import of_method
from fmo_bot.domain.accounts import Contact, Known
from fmo_bot.domain.parties import Person
from fmo_bot.slack.installs import Installs
from fmo_bot.slack.outcomes import code_of, speak

_NAME = 80  # letters of a name that are kept
_NOT_THERE = frozenset({"user_not_found", "users_not_found", "user_not_visible"})


class SlackDirectory:
    """E-mails need the scope users:read.email; without it nobody has one."""

    def __init__(self, installs: Installs) -> None:
        """`installs`: whose clients ask."""
        self._installs = installs

    def contact(self, person: Person) -> Contact | None:
        """By `users.info` in the person's own workspace. An e-mail that Slack has not confirmed is none."""
        if not self._installs.reaches(person):
            return None
        user = self._ask(person.workspace, "users.info", user=person.user)
        if user is None or user.get("deleted") or user.get("is_bot") or user.get("team_id") != person.workspace:
            return None
        email = (user.get("profile") or {}).get("email") if user.get("is_email_confirmed", True) else None
        guest = bool(user.get("is_restricted") or user.get("is_ultra_restricted") or user.get("is_stranger"))
        return Contact(email=email if isinstance(email, str) else "", is_guest=guest)

    def known(self, person: Person, seen_in: str) -> Known | None:
        """By `users.info`, in the person's own workspace if we are there."""
        where = person.workspace if self._installs.reaches(person) else seen_in
        user = self._ask(where, "users.info", user=person.user)
        if user is None or user.get("deleted") or user.get("is_bot"):
            return None
        name = str(user.get("real_name") or user.get("name") or person.user)[:_NAME]
        return Known(name=name, zone=_zone(user.get("tz")))

    def holders(self, email: str) -> frozenset[Person]:
        """By `users.lookupByEmail` in every workspace."""
        found: set[Person] = set()
        for workspace in sorted(self._installs.workspaces):
            user = self._ask(workspace, "users.lookupByEmail", email=email)
            if user is not None:
                found.add(Person(str(user.get("team_id") or workspace), str(user["id"])))
        return frozenset(found)

    def _ask(self, workspace: str, method: str, **arguments: str) -> dict[str, Any] | None:
        client = self._installs.client_of(workspace)

        def call() -> dict[str, Any] | None:
            try:
                user = client.api_call(method, params=arguments)["user"]
            except SlackApiError as error:
                if code_of(error) in _NOT_THERE:
                    return None
                raise
            return user if isinstance(user, dict) else None

        return speak(call, lane=of_method(workspace, method), idempotent=True)


def _zone(told: object) -> str:
    """The zone Slack tells; UTC where it tells none that is known here."""
    return told if isinstance(told, str) and told in available_timezones() else "UTC"
