"""Half-open intervals [from, to) on the line of epoch milliseconds; whole numbers, so that parts sum exactly."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

Interval = tuple[int, int]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def ms(at: datetime) -> int:
    """Epoch milliseconds of an aware instant (definition 0: to the millisecond), rounded down."""
    return (at - _EPOCH) // _MILLISECOND


def ms_many(instants: Iterable[datetime]) -> list[int]:
    """The same of many; a call for each would cost as much as the arithmetic."""
    epoch, millisecond = _EPOCH, _MILLISECOND
    return [(at - epoch) // millisecond for at in instants]


def instant(epoch_ms: int) -> datetime:
    """The aware UTC instant of epoch milliseconds."""
    return _EPOCH + epoch_ms * _MILLISECOND


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same points as disjoint, sorted, non-empty intervals; those that touch become one."""
    joined: list[Interval] = []
    for start, end in sorted(pair for pair in intervals if pair[0] < pair[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def cut(intervals: Iterable[Interval], window: Interval) -> tuple[Interval, ...]:
    """What of each interval lies inside `window`; the empty ones are dropped."""
    inside = ((max(start, window[0]), min(end, window[1])) for start, end in intervals)
    return tuple((start, end) for start, end in inside if start < end)


def measure(intervals: Iterable[Interval]) -> int:
    """Milliseconds covered by at least one of the intervals."""
    return sum(end - start for start, end in union(intervals))


def covers(intervals: Iterable[Interval], point: int) -> bool:
    """Whether `point` lies in one of the intervals."""
    return any(start <= point < end for start, end in intervals)
