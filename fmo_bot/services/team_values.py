"""The single values of a team file: how each is checked, and how a fault in it is told."""

import re
from collections.abc import Callable
from datetime import date
from functools import cache, partial
from operator import eq
from typing import Any
from zoneinfo import available_timezones

import cattrs
from cattrs.errors import ForbiddenExtraKeysError

from fmo_bot.domain.calendars import WEEKDAYS
from fmo_bot.domain.counterparts import KINDS
from fmo_bot.domain.ownership import FIELDS, UNFURLED
from fmo_bot.domain.parties import Duty, Role, is_side
from fmo_bot.errors import FileWrong
from fmo_bot.services.team_spec import (
    AwaySpec,
    BoardSpec,
    ChannelId,
    CounterpartsSpec,
    DigestSpec,
    Domain,
    Field,
    JiraSpec,
    Key,
    Language,
    MemberSpec,
    Minutes,
    Name,
    Number,
    OrganisationSpec,
    ProjectKey,
    ProjectSpec,
    Side,
    Spread,
    StandupSpec,
    TeamSpec,
    Unfurled,
    UserId,
    WallTime,
    Weekday,
    WorkspaceId,
    Zone,
)

GUESS = "guess"


def structure(mapping: object) -> TeamSpec:
    """The values of a team file; raises `FileWrong` with one line per fault, each `place: reason`."""
    try:
        return _converter.structure(mapping, TeamSpec)
    except cattrs.BaseValidationError as error:
        raise FileWrong("\n".join(_told(error))) from error


def shown(value: object) -> str:
    """A value as a fault quotes it: never long, on one line, always printable."""
    text = str(value) if isinstance(value, str | int | float) else type(value).__name__
    return f"`{text[:60]}`".replace("\n", " ").encode("utf-8", "replace").decode("utf-8")


_NO_NAME = r"\x00-\x1f\x7f\u2028\u2029\ud800-\udfff"  # line breaks, control signs, half signs
_PATTERNS: dict[Any, tuple[str, str]] = {
    Name: (rf"[^\s{_NO_NAME}](?:[^{_NO_NAME}]{{0,78}}[^\s{_NO_NAME}])?", "a name of 1 to 80 characters"),
    Key: (r"[A-Za-z][A-Za-z0-9_]{0,39}", "a key of letters, digits and _"),
    Language: (r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?", "a language such as en, zh or pt_BR"),
    WorkspaceId: (r"[TE][A-Z0-9]{2,20}", "a Slack workspace id such as T0123ABCD"),
    ChannelId: (r"[CG][A-Z0-9]{2,20}", "a Slack channel id such as C0123ABCD"),
    Domain: (r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", "a domain such as example.com"),
    UserId: (r"[UW][A-Z0-9]{2,20}", "a Slack user id such as U0123ABCD"),
    ProjectKey: (r"[A-Z][A-Z0-9_]{0,79}", "the key of a Jira project such as CORE"),
    WallTime: (r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", "a time such as 09:00"),
}


def _matching(pattern: str, wanted: str) -> Callable[[Any, Any], str]:
    compiled = re.compile(pattern)

    def check(value: Any, _type: Any) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ValueError(f"{shown(value)} is not {wanted}")
        return value

    return check


@cache
def _zones() -> set[str]:
    return available_timezones()  # which reads a folder of files each time


def knows_zone(name: str) -> bool:
    """Whether it is a time zone's name."""
    return name in _zones()


def _zone(value: Any, _type: Any) -> str:
    if not isinstance(value, str) or value not in _zones():
        raise ValueError(f"{shown(value)} is not a time zone such as Europe/Madrid")
    return value


def _side(value: Any, _type: Any) -> str:
    if not isinstance(value, str) or not is_side(value):
        raise ValueError(f"{shown(value)} is not a side: vendor, operator or partner:<name>")
    return value


def _field(value: Any, _type: Any) -> str:
    if value not in FIELDS:
        raise ValueError(f"{shown(value)} is not one of {' '.join(sorted(FIELDS))}")
    return str(value)


def _counterparts(value: Any, _type: Any) -> CounterpartsSpec | None:
    if value is None:
        return None
    if not isinstance(value, dict) or len(value) != 1 or not set(value) <= set(KINDS):
        raise ValueError("expected {label: beginning of the label}, {link: words of the link} or {field: name or id}")
    ((kind, name),) = value.items()
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= 80:
        raise ValueError(f"{shown(name)} is not a text of 1 to 80 characters")
    return CounterpartsSpec(kind=kind, name=name.strip())


def _unfurled(value: Any, _type: Any) -> str:
    if value not in UNFURLED:
        raise ValueError(f"{shown(value)} is not one of {' '.join(sorted(UNFURLED))}")
    return str(value)


def _truth(value: Any, _type: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is not true or false")
    return value


def _weekday(value: Any, _type: Any) -> str:
    if value not in WEEKDAYS:
        raise ValueError(f"{shown(value)} is not one of {' '.join(WEEKDAYS)}")
    return str(value)


def _day(value: Any, _type: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{shown(value)} is not a day such as 2026-11-20") from None


def _whole(least: int, most: int) -> Callable[[Any, Any], int]:
    def check(value: Any, _type: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"{shown(value)} is not a whole number from {least:,} to {most:,}")
        return value

    return check


def _role(value: Any, _type: Any) -> Role:
    try:
        return Role(value)
    except ValueError:
        raise ValueError(f"{shown(value)} is not one of {', '.join(Role)}") from None


def _duty(value: Any, _type: Any) -> Duty:
    if value not in set(Duty):
        raise ValueError(f"{shown(value)} is not one of {' '.join(Duty)}")
    return Duty(value)


def _text(value: Any, _type: Any) -> str:
    if not isinstance(value, str) or len(value) > 80:
        raise ValueError(f"{shown(value)} is not a text of at most 80 characters")
    return value


def _away(value: Any, _type: Any) -> AwaySpec:
    if not isinstance(value, dict) or set(value) != {"from", "until"}:
        raise ValueError("expected {from: day, until: day}")
    first, last = _day(value["from"], date), _day(value["until"], date)
    if last < first:
        raise ValueError(f"ends on {last}, before it begins on {first}")
    return AwaySpec(first=first, last=last)


def _workflow(value: Any, _type: Any) -> dict[str, Any] | None:
    if value is None or value == GUESS:
        return None
    if not isinstance(value, dict):
        raise ValueError("expected `guess`, {file: …} or a workflow with `commitment` and `stages`")
    if set(value) == {"file"}:
        raise ValueError("a workflow file is read with the team file, by `fmo-bot setup`")
    return value


def _is_list(hook: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def check(value: Any, kind: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise ValueError("expected a list")
        return hook(value, kind)

    return check


def _converter_made() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
    hooks: dict[Any, Callable[[Any, Any], Any]] = {
        **{kind: _matching(*pattern) for kind, pattern in _PATTERNS.items()},
        Zone: _zone,
        Side: _side,
        Field: _field,
        Unfurled: _unfurled,
        Weekday: _weekday,
        Minutes: _whole(1, 1440),
        Spread: _whole(0, 240),
        Number: _whole(1, 2**31 - 1),
        AwaySpec: _away,
        date: _day,
        str: _text,
        dict[str, Any] | None: _workflow,
        CounterpartsSpec | None: _counterparts,
    }
    converter.register_structure_hook(Role, _role)
    converter.register_structure_hook(Duty, _duty)
    converter.register_structure_hook(bool, _truth)
    for kind, hook in hooks.items():
        converter.register_structure_hook_func(partial(eq, kind), hook)
    lists = (
        OrganisationSpec,
        Weekday,
        date,
        str,
        Side,
        Field,
        Unfurled,
        Duty,
        MemberSpec,
        StandupSpec,
        DigestSpec,
        AwaySpec,
    )
    for one in (*lists, ProjectSpec, JiraSpec, BoardSpec):
        many = tuple.__class_getitem__((one, ...))
        converter.register_structure_hook_func(partial(eq, many), _is_list(converter.get_structure_hook(many)))
    return converter


_converter = _converter_made()


def _told(error: cattrs.BaseValidationError) -> list[str]:
    """`place: reason` per fault."""
    lines = cattrs.transform_error(error, path="file", format_exception=_reason)
    return [_turned(line) for line in lines]


def _turned(line: str) -> str:
    reason, _, place = line.rpartition(" @ ")
    place = re.sub(r"\['([^']*)'\]", r".\1", place).removeprefix("file").removeprefix(".")
    return f"{place or 'file'}: {reason}"


def _reason(error: BaseException, kind: type | None) -> str:
    if isinstance(error, KeyError):
        return "missing"
    if isinstance(error, ForbiddenExtraKeysError):
        return "unknown key " + ", ".join(shown(key) for key in sorted(map(str, error.extra_fields)))
    if isinstance(error, ValueError | FileWrong):
        return str(error)
    return "expected `key: value` lines"
