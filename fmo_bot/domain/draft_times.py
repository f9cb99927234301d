"""Sixth step of a set-up: when each side works, when its people are asked, when the digest comes, in which language."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from fmo_bot.domain.calendars import WEEKDAYS, SideCalendar, WorkingTime, instant_of, local_date, zone_of
from fmo_bot.domain.draft_screens import MANY, ONE, TIME, Field, Given, Screen, literal, one
from fmo_bot.domain.drafts import STEPS, TIMES, Draft, took
from fmo_bot.domain.messages import Choice, Notice
from fmo_bot.domain.parties import Role
from fmo_bot.domain.standups import Schedule
from fmo_bot.errors import FileWrong, InvalidInput

STANDUP, DIGEST = "Daily stand-up", "Weekly digest"
NO_COUNTRY = "none"
WEEKS = {"mon-fri": WEEKDAYS[:5], "mon-sat": WEEKDAYS[:6], "sun-thu": (WEEKDAYS[6], *WEEKDAYS[:4])}
LANGUAGES = (("en", "English"), ("zh", "中文"), ("es", "Español"), ("fr", "Français"), ("pt_BR", "Português (Brasil)"))
_WEEK_TEXTS = {"mon-fri": "Monday to Friday", "mon-sat": "Monday to Saturday", "sun-thu": "Sunday to Thursday"}
_DAYS = tuple(
    Choice(value=day, text=text)
    for day, text in zip(
        WEEKDAYS,
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        strict=True,
    )
)
_AHEAD = 28  # days in which a next run is looked for: no holidays are longer
NO_DAYS = "Choose a day."
NO_TIME = "Put a time such as 09:00."
National = Callable[[SideCalendar, date, date], WorkingTime]  # with the holidays of its country, for these days


@dataclass(frozen=True, kw_only=True)
class NextRun:
    """When the people of a side in one zone are asked next."""

    company: str
    zone: str
    due: datetime


def screen(draft: Draft, at: datetime, national: National, given: Given | None = None) -> Screen:
    """The times as they stand, or as they are chosen just now (`given`), with the next runs they lead to."""
    shown = draft if given is None else _said(draft, given)
    return Screen(
        step=TIMES,
        title="Times and languages",
        number=6,
        of=len(STEPS),
        fields=(
            *_standup_fields(shown),
            *_digest_fields(shown),
            *(each for side in draft.sides for each in side_fields(shown, side)),
        ),
        after=tuple(told(next_runs(shown, at, national))),
    )


def told(runs: tuple[NextRun, ...]) -> Iterator[Notice]:
    """The next runs, a line each: when it is there, and for the reader."""
    yield Notice(text="*Asked next*", values={})
    for run in runs:
        there = run.due.astimezone(zone_of(run.zone))
        values = {"company": run.company, "zone": run.zone, "at": f"{there:%H:%M}", "when": run.due}
        yield Notice(text="{company}, {zone}: {at} there, {when} here", values=values)


def _standup_fields(draft: Draft) -> tuple[Field, ...]:
    standup = _standup(draft)
    at = Field(
        key="at",
        label="Stand-up: everybody is asked at",
        hint="By each member's own clock, in their own morning.",
        kind=TIME,
        chosen=(standup["at"],),
        acts=True,
    )
    days = Field(key="days", label="Stand-up: on", kind=MANY, choices=_DAYS, chosen=tuple(standup["days"]), acts=True)
    return at, days


def _digest_fields(draft: Draft) -> tuple[Field, ...]:
    digest = _digest(draft)
    languages = tuple(literal(*each) for each in LANGUAGES)
    here = {"zone": _zone(draft)}
    return (
        Field(key="digest_day", label="Digest: every", kind=ONE, choices=_DAYS, chosen=tuple(digest["days"])[:1]),
        Field(key="digest_at", label="Digest: at ({zone})", values=here, kind=TIME, chosen=(digest["at"],)),
        Field(
            key="language",
            label="Language of the joint channel",
            kind=ONE,
            choices=languages,
            chosen=(draft.file.get("language", "en"),),
        ),
    )


def side_fields(draft: Draft, side: str) -> tuple[Field, ...]:
    """By which clocks, holidays and days a side works."""
    calendar, named = _calendar(draft, side), {"company": draft.sides[side]["organisation"]}
    zones = _most(each.zone for each in (*draft.of_side(side), *draft.people)) or ["UTC"]
    zones = list(dict.fromkeys([calendar["zone"], *zones]))
    countries = _most(each.country for each in (*draft.of_side(side), *draft.people) if each.country)
    countries = list(dict.fromkeys([*filter(None, [calendar.get("country")]), *countries]))
    national = (*(literal(each, each) for each in countries[:99]), Choice(value=NO_COUNTRY, text="None"))
    weeks = tuple(Choice(value=value, text=text) for value, text in _WEEK_TEXTS.items())
    return (
        Field(
            key=f"zone:{side}",
            label="{company}: works by the clocks of",
            values=named,
            kind=ONE,
            choices=tuple(literal(each, each) for each in zones[:100]),
            chosen=(calendar["zone"],),
        ),
        Field(
            key=f"country:{side}",
            label="{company}: national holidays of",
            values=named,
            kind=ONE,
            choices=national,
            chosen=(calendar.get("country") or NO_COUNTRY,),
        ),
        Field(
            key=f"week:{side}",
            label="{company}: works",
            values=named,
            kind=ONE,
            choices=weeks,
            chosen=(_week(calendar["days"]),),
        ),
    )


def take(draft: Draft, given: Given) -> Draft:
    """The times as they were chosen. Raises InvalidInput."""
    if not given.get("days"):
        raise InvalidInput({"days": NO_DAYS})
    for field in ("at", "digest_at"):
        if not one(given, field):
            raise InvalidInput({field: NO_TIME})
    if not given.get("digest_day"):
        raise InvalidInput({"digest_day": NO_DAYS})
    said = _said(draft, given)
    return took(draft, TIMES, **{key: said.file[key] for key in ("sides", "zone", "language", "standups", "digests")})


def _said(draft: Draft, given: Given) -> Draft:
    """The draft with what a form holds just now; what it leaves empty stays as it was."""
    sides: dict[str, Any] = {
        side: {**said, "calendar": chosen_calendar(draft, side, given)} for side, said in draft.sides.items()
    }
    standup, digest = _standup(draft), _digest(draft)
    days = [day for day in WEEKDAYS if day in given.get("days", ())]
    file = {
        "sides": sides,
        "zone": sides[draft.own_side()]["calendar"]["zone"],
        "language": one(given, "language") or draft.file.get("language", "en"),
        "standups": [{**standup, "at": one(given, "at") or standup["at"], "days": days or standup["days"]}],
        "digests": [
            {
                "name": DIGEST,
                "at": one(given, "digest_at") or digest["at"],
                "days": [*given.get("digest_day", ()), *digest["days"]][:1],
            }
        ],
    }
    return replace(draft, file={**draft.file, **file})


def chosen_calendar(draft: Draft, side: str, given: Given) -> dict[str, Any]:
    """A side's calendar as a form holds it; what it leaves empty stays as it was."""
    before = _calendar(draft, side)
    country = one(given, f"country:{side}") or before.get("country") or NO_COUNTRY
    week = WEEKS.get(one(given, f"week:{side}"), tuple(before["days"]))
    made = {**before, "zone": one(given, f"zone:{side}") or before["zone"], "days": list(week)}
    same = country == before.get("country")
    kept = {key: said for key, said in made.items() if key != "country" and (same or key != "region")}
    return kept if country == NO_COUNTRY else {**kept, "country": country}


# --- next runs ----------------------------------------------------------------------------------------------------


def next_runs(draft: Draft, at: datetime, national: National) -> tuple[NextRun, ...]:
    """For each side and zone of its people who are asked, the next time they are; earliest first."""
    standup = _standup(draft)
    try:
        schedule = Schedule.parse(days=list(standup["days"]), at=standup["at"])
    except FileWrong:
        return ()
    found = [
        NextRun(company=said["organisation"], zone=zone, due=due)
        for side, said in draft.sides.items()
        for zone in _zones(said)
        if (due := _next(schedule, _working(draft, side, at, national), zone, at)) is not None
    ]
    return tuple(sorted(found, key=lambda run: (run.due, run.company, run.zone)))


def _working(draft: Draft, side: str, at: datetime, national: National) -> WorkingTime:
    calendar, day = SideCalendar.from_mapping(_calendar(draft, side)), at.date()
    return national(calendar, day - timedelta(days=1), day + timedelta(days=_AHEAD + 1))


def _next(schedule: Schedule, calendar: WorkingTime, zone: str, at: datetime) -> datetime | None:
    first = local_date(at, zone)
    for number in range(_AHEAD):
        day = first + timedelta(days=number)
        due = instant_of(day, schedule.at, zone)
        if due > at and day.weekday() in schedule.days and calendar.is_working_day(day):
            return due
    return None


def _zones(side: Mapping[str, Any]) -> list[str]:
    asked = (each for each in side.get("members", ()) if each.get("role") != Role.STAKEHOLDER)
    return list(dict.fromkeys(each["zone"] for each in asked))


# --- what stands, or is guessed -----------------------------------------------------------------------------------


def _standup(draft: Draft) -> dict[str, Any]:
    known: list[dict[str, Any]] = draft.file.get("standups", [])
    return known[0] if known else {"name": STANDUP, "at": "09:00", "days": list(WEEKDAYS[:5])}


def _digest(draft: Draft) -> dict[str, Any]:
    known: list[dict[str, Any]] = draft.file.get("digests", [])
    return known[0] if known else {"name": DIGEST, "at": "16:00", "days": ["fri"]}


def _zone(draft: Draft) -> str:
    zone: str = _calendar(draft, draft.own_side())["zone"]
    return zone


def _calendar(draft: Draft, side: str) -> dict[str, Any]:
    """As chosen, else where most of the side's people are."""
    known: dict[str, Any] | None = draft.sides[side].get("calendar")
    if known is not None:
        return known
    zone = (_most(each.zone for each in draft.of_side(side)) or ["UTC"])[0]
    here = [each.country for each in draft.of_side(side) if each.zone == zone and each.country]
    guessed = {"zone": zone, "days": list(WEEKDAYS[:5]), "hours": ["09:00", "18:00"]}
    return guessed | ({"country": here[0]} if here else {})


def _most(values: Iterator[str]) -> list[str]:
    """Each once, the commonest first."""
    return [value for value, _ in Counter(values).most_common()]


def _week(days: list[str]) -> str:
    return next((week for week, its in WEEKS.items() if set(its) == set(days)), "mon-fri")


def days_told(days: list[str]) -> str:
    """Days in the words of a team file; a usual week in short."""
    return next((week for week, its in WEEKS.items() if set(its) == set(days)), " ".join(days))
