"""How figures leave: instants as ISO 8601 in UTC, durations in seconds to the millisecond."""

import sys
from functools import lru_cache
from typing import Any

import msgspec

from fmo_bot.domain.intervals import instant

_ENCODER = msgspec.json.Encoder()
# Looked up, since a report tells a hundred thousand instants:
_CLOCK = tuple(f"{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60))
_SECOND, _THOUSANDTH = tuple(f"{number:02}." for number in range(60)), tuple(f"{number:03}Z" for number in range(1000))


def utc(at: int) -> str:
    """ISO 8601 of epoch milliseconds, such as 2026-01-31T12:00:00.000Z."""
    day, rest = divmod(at, 86_400_000)
    minute, rest = divmod(rest, 60_000)
    return f"{_day(day)}{_CLOCK[minute]}{_SECOND[rest // 1000]}{_THOUSANDTH[rest % 1000]}"


@lru_cache(maxsize=65536)
def _day(number: int) -> str:
    """The date of a day counted from 1970, as far as the T behind it."""
    return f"{instant(number * 86_400_000).date().isoformat()}T"


def utc_or_none(at: int | None) -> str | None:
    """The same, None where nothing happened."""
    return None if at is None else utc(at)


def write_json(value: Any) -> None:
    """One JSON object on stdout, and the end of the line."""
    sys.stdout.buffer.write(_ENCODER.encode(value) + b"\n")


def days(duration: int) -> str:
    """A duration in words for people: `12.3 d`, `5.2 h` under two days, `7 min` under two hours."""
    for size, unit, digits in ((86_400_000, "d", 1), (3_600_000, "h", 1)):
        if abs(duration) >= 2 * size:
            return f"{duration / size:,.{digits}f} {unit}"
    return f"{duration / 60_000:.0f} min"


def issue_count(count: int) -> str:
    """`1 issue`, `2 issues`."""
    return f"{count} issue" if count == 1 else f"{count} issues"


def plain(words: str) -> str:
    """What somebody wrote, as a terminal may show it."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words)


def cell(words: str) -> str:
    """Words as a table program shows them: what begins like a formula would be one."""
    return f"'{words}" if words.startswith(("=", "+", "-", "@", "\t", "\r")) else words
