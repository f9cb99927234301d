"""Time lost to waiting in words: who is waited for, which layers it is made of, how much it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fmo_bot.domain import charts as c
from fmo_bot.locales import Translator
from fmo_bot.words.plain import number, one_line

_ORDER = ("vendor", "operator", "partner", "external", "none", "unknown")


def side_name(side: str, companies: Mapping[str, str], t: Translator) -> str:
    """Whom a side is: its company, or the words for a side that is none."""
    others = {"external": t("somebody outside"), "unknown": t("side unknown"), "none": t("no side named")}
    return one_line(companies.get(side) or others.get(side) or side.removeprefix("partner:"))


def sides_of(chart: c.WaitingChart) -> list[str]:
    """Every side that is waited for in a chart, vendor and operator first."""
    found = dict.fromkeys(wait.side for week in chart.weeks for wait in week.waits)
    return sorted(found, key=lambda side: _ORDER.index(kind) if (kind := _kind(side)) in _ORDER else len(_ORDER))


def _kind(side: str) -> str:
    return side.partition(":")[0]


@dataclass(frozen=True)
class Layer:
    """One part of the time waited, which together sum to the union: issue-seconds for each week.

    `side`: whom alone is waited for; None: several at once.
    """

    name: str
    side: str | None
    seconds: tuple[float, ...]


def layers(chart: c.WaitingChart, t: Translator) -> list[Layer]:
    """Vendor, several at once, operator, so that both sides touch what they share; then the rest."""
    shared = any(week.both_s for week in chart.weeks)
    found = []
    for side in sides_of(chart):
        name = side_name(side, chart.companies, t)
        seconds = tuple(_alone(week, side) for week in chart.weeks)
        found.append(Layer(t("{who} alone", who=name) if shared else name, side, seconds))
    if shared:
        found.insert(min(1, len(found)), Layer(t("several at once"), None, tuple(week.both_s for week in chart.weeks)))
    return found


def _alone(week: c.WaitingWeek, side: str) -> float:
    return sum(wait.alone_s for wait in week.waits if wait.side == side)


def worked(weeks: Iterable[c.WaitingWeek], side: str) -> float | None:
    """A side's figure over weeks in its own calendar, in issue-seconds; None where it has none."""
    found = [
        wait.working_s for week in weeks for wait in week.waits if wait.side == side and wait.working_s is not None
    ]
    return sum(found) if found else None


def waited_for(weeks: Iterable[c.WaitingWeek], side: str) -> float:
    """A side's figure over weeks, in issue-seconds."""
    return sum(wait.waited_s for week in weeks for wait in week.waits if wait.side == side)


def hours(seconds: float, t: Translator) -> str:
    """Issue-hours: whole ones from ten on."""
    value = seconds / 3600
    return number(round(value) if value >= 10 else round(value, 1), t)
