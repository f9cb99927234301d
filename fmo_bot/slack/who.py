"""Who is behind a payload: the home workspace with the user id, never the workspace it was delivered to."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from fmo_bot.delivery.lanes import of_method
from fmo_bot.domain.parties import Person
from fmo_bot.slack.installs import Installs
from fmo_bot.slack.outcomes import speak


class Who:
    """Finds a person's home workspace; asks Slack only where the payload does not say it, and remembers."""

    def __init__(self, installs: Installs) -> None:
        """`installs`: whose clients may ask."""
        self._installs = installs
        self._home = lru_cache(maxsize=4096)(self._ask)

    def of_interaction(self, body: Mapping[str, Any]) -> Person:
        """Who pressed, chose, submitted or typed a command.

        `team` of an interaction is where the app is installed, not where the person is from (slack.md section 3). A
        command comes only from a member of the workspace the app is installed in, or a guest of it.
        """
        if "command" in body:
            return Person(str(body["team_id"]), str(body["user_id"]))
        user = body["user"]
        seen_in = (body.get("team") or {}).get("id") or body.get("view", {}).get("app_installed_team_id")
        return self.of(str(user["id"]), home=user.get("team_id"), seen_in=str(seen_in))

    def of(self, user: str, *, home: str | None, seen_in: str) -> Person:
        """A user met in a workspace; `home` is what the payload says of where they are from, if anything."""
        return Person(home if home and home.startswith("T") else self._home(user, seen_in), user)

    def _ask(self, user: str, seen_in: str) -> str:
        client = self._installs.client_of(seen_in)
        answer = speak(lambda: client.users_info(user=user), lane=of_method(seen_in, "users.info"), idempotent=True)
        return str(answer["user"]["team_id"])
