"""Amounts, days and people's words as plain text in a language's own signs; markup is nobody's business here."""

import unicodedata
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

from fmo_bot.locales import Translator

_HOUR, _DAY = 3600.0, 86400.0
_WEAK = {"C", "Z"}  # Unicode's categories of control signs and of spaces


def one_line(name: str) -> str:
    """A person's text without line breaks, control signs and marks that turn the writing direction."""
    return " ".join("".join(" " if unicodedata.category(sign)[0] in _WEAK else sign for sign in name).split())


def number(value: float, t: Translator) -> str:
    """At most one decimal."""
    return format_decimal(value, format="#,##0.#", locale=t.locale)


def percent(share: float, t: Translator) -> str:
    """A share of 1 in whole percent."""
    return format_percent(share, locale=t.locale)


def duration(seconds: float | None, t: Translator) -> str:
    """Elapsed time in days, hours or minutes with one decimal; a dash where there is none."""
    if seconds is None:
        return "–"
    size, unit = next(
        ((size, unit) for size, unit in ((_DAY, "day"), (_HOUR, "hour")) if seconds >= size), (60.0, "minute")
    )
    return format_unit(round(seconds / size, 1), f"duration-{unit}", length="short", locale=t.locale)


def short_day(day: date, t: Translator, *, year: bool = False) -> str:
    """`Nov 17`, or with its year: `Nov 17, 2026`."""
    return format_skeleton("yMMMd" if year else "MMMd", day, locale=t.locale)


def instant(at: datetime, t: Translator, *, zone: str = "UTC") -> str:
    """`Nov 17, 2026 14:00 UTC`, for where Slack cannot show an instant in the reader's own zone."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{short_day(local.date(), t, year=True)} {local:%H:%M} {zone}"
