"""Who is asked in a stand-up, when, until when; a round belongs to a local date (product.md, B 8 and 9)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from fmo_bot.domain.calendars import WorkingTime, instant_of, wall_time, weekdays
from fmo_bot.domain.messages import SideCount
from fmo_bot.domain.parties import Role

ASKED, ANSWERED, AWAY = "asked", "answered", "away"  # states of a prompt
_GOLDEN = 2654435769  # 2**32 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When a ceremony happens. `zone` None: each member's own; `window`: how long a prompt may be answered.

    `spread`: members are asked from `at` to so long after it, each always at the same distance, so that a large
    morning does not come due in one second.
    """

    days: frozenset[int]  # weekday numbers, Monday 0
    at: time
    zone: str | None = None
    window: timedelta = timedelta(minutes=240)
    spread: timedelta = timedelta()

    @classmethod
    def parse(
        cls,
        *,
        days: object,
        at: object,
        zone: str | None = None,
        window_minutes: int = 240,
        spread_minutes: int = 0,
        where: str = "schedule",
    ) -> "Schedule":
        """Read days such as [mon, tue] and a wall time such as "09:00"; raises `FileWrong` naming the place."""
        return cls(
            days=weekdays(days, where=f"{where}.days"),
            at=wall_time(at, where=f"{where}.at"),
            zone=zone,
            window=timedelta(minutes=window_minutes),
            spread=timedelta(minutes=spread_minutes),
        )

    def due(self, day: date, *, member_id: int, zone: str) -> datetime:
        """When a member whose own zone is `zone` is asked on a local date."""
        return instant_of(day, self.at, self.zone or zone) + _offset(member_id, self.spread)


@dataclass(frozen=True, kw_only=True)
class RosterMember:
    """A member of the joint team as a stand-up needs them; `absences` are first and last days, both included."""

    id: int
    side: str
    zone: str  # IANA
    role: Role = Role.PARTICIPANT
    absences: tuple[tuple[date, date], ...] = ()

    def is_away(self, day: date) -> bool:
        """Whether the member said they are away on a local date."""
        return any(first <= day <= last for first, last in self.absences)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One member's part in the round of `day`: asked at `due` until `deadline`, or away."""

    member: RosterMember
    day: date
    due: datetime
    deadline: datetime
    state: str  # asked | away


def turns(
    schedule: Schedule, roster: Iterable[RosterMember], calendars: Mapping[str, WorkingTime], day: date
) -> tuple[Turn, ...]:
    """Everybody's part in the round of a local date, earliest first; nobody where nobody's side works that day.

    Stakeholders are never asked. A side without a calendar works on every day of the schedule.
    """
    if day.weekday() not in schedule.days:
        return ()
    found = [_turn(schedule, member, day) for member in roster if _takes_part(member, calendars, day)]
    return tuple(sorted(found, key=lambda turn: (turn.due, turn.member.id)))


def closes_at(round_turns: Iterable[Turn]) -> datetime | None:
    """When a round closes: at the last deadline of those who are asked; None where nobody is."""
    return max((turn.deadline for turn in round_turns if turn.state == ASKED), default=None)


def counts(states: Iterable[tuple[str, str]], companies: Mapping[str, str]) -> tuple[SideCount, ...]:
    """How each side stands, from (side, state of the prompt), in the order of `companies` (side -> company name).

    `asked` counts everybody who got a prompt, whether they answered or not.
    """
    seen = list(states)
    return tuple(
        SideCount(
            company=company,
            asked=sum(1 for name, state in seen if name == side and state != AWAY),
            answered=seen.count((side, ANSWERED)),
            away=seen.count((side, AWAY)),
        )
        for side, company in companies.items()
    )


def _takes_part(member: RosterMember, calendars: Mapping[str, WorkingTime], day: date) -> bool:
    calendar = calendars.get(member.side)
    return member.role is not Role.STAKEHOLDER and (calendar is None or calendar.is_working_day(day))


def _offset(member_id: int, spread: timedelta) -> timedelta:
    """A member's place within `spread`, in whole seconds: multiples of the golden ratio lie evenly, however many."""
    seconds = spread // timedelta(seconds=1)
    return timedelta(seconds=seconds * (member_id * _GOLDEN % 2**32) >> 32)


def _turn(schedule: Schedule, member: RosterMember, day: date) -> Turn:
    due = schedule.due(day, member_id=member.id, zone=member.zone)
    return Turn(
        member=member,
        day=day,
        due=due,
        deadline=due + schedule.window,
        state=AWAY if member.is_away(day) else ASKED,
    )
