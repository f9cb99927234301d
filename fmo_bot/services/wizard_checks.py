"""Whether what a step of a set-up came to would stand in a team file: the file's own checks, said under its field."""

from typing import Any

from fmo_bot.domain.drafts import Draft, mapping
from fmo_bot.errors import FileWrong, InvalidInput
from fmo_bot.services.team_checks import parse

# What is not known yet, as it might be: only faults of what is known are told.
_CALENDAR = {"zone": "UTC", "days": ["mon"]}
_REST: dict[str, Any] = {"board": {"site": "jira", "id": 1}}
_FIELDS = (("team", "team"), ("standups", "at"), ("digests", "digest_at"))


def judge(draft: Draft) -> None:
    """Raises InvalidInput with the first fault, under the field that it is about or the first of the form."""
    whole = {**_REST, **mapping(draft)}
    whole["sides"] = {side: {"calendar": _CALENDAR, "members": [], **said} for side, said in draft.sides.items()}
    try:
        parse(whole)
    except FileWrong as wrong:
        place, _, why = str(wrong).splitlines()[0].partition(": ")
        field = next((field for begins, field in _FIELDS if place.startswith(begins)), "")
        raise InvalidInput({field: "{why}"}, why=why or place) from wrong
