"""What each side held of some issues' spans, elapsed and in its own working time, and what blocked them (5 and 6)."""

from collections import Counter
from collections.abc import Mapping, Sequence

from fmo_bot.domain.blockers import blocked
from fmo_bot.domain.calendars import WorkingTime
from fmo_bot.domain.shown import SideTime
from fmo_bot.domain.splits import splits
from fmo_bot.domain.timelines import Timeline
from fmo_bot.domain.week_flow import Recorded


def side_times(
    lines: Sequence[Timeline], recorded: Recorded, calendars: Mapping[str, WorkingTime]
) -> tuple[SideTime, ...]:
    """A line for each side that held or blocked anything, in the order of names; sums over issues, in seconds."""
    active: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    active_working: Counter[str] = Counter()
    waiting_working: Counter[str] = Counter()
    held_up: Counter[str] = Counter()
    for line, split in zip(lines, splits(lines, calendars), strict=True):
        active.update(split.active)
        waiting.update(split.waiting)
        active_working.update(split.active_working)
        waiting_working.update(split.waiting_working)
        held_up.update(blocked(line, recorded.of(line)).by_side_ms)
    return tuple(
        SideTime(
            side=side,
            active_s=active[side] / 1000,
            waiting_s=waiting[side] / 1000,
            blocked_s=held_up[side] / 1000,
            active_working_s=active_working[side] / 1000 if side in calendars else None,
            waiting_working_s=waiting_working[side] / 1000 if side in calendars else None,
        )
        for side in sorted({*active, *waiting, *held_up})
    )
