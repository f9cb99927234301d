"""When value reached the customer (metrics.md, definition 4).

The first production deployment; without one, where the workflow says `value: release`, the release of a version; else
when the issue was finished. What was given up has no value.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

from fmo_bot.domain.calendars import midnight
from fmo_bot.domain.issues import Version
from fmo_bot.domain.timelines import Timeline
from fmo_bot.domain.workflow_file import Value


def value_at(timeline: Timeline, *, rule: Value, zone: str, deployed: Sequence[int] = ()) -> int | None:
    """The value date as it was known at the timeline's as_of, in epoch milliseconds; None where there is none yet.

    `deployed`: when the issue went to production, in any order; empty as long as nobody tells of deployments.
    """
    if timeline.abandoned is not None:
        return None
    if known := [at for at in deployed if at <= timeline.as_of]:
        return min(known)
    finished = timeline.finished
    if finished is None or rule is not Value.RELEASE or not timeline.life.versions:
        return finished  # an issue without any version is not waiting for one
    return _released(timeline.life.versions, finished, zone, timeline.as_of)


def lead_ms(timeline: Timeline, *, rule: Value, zone: str, deployed: Sequence[int] = ()) -> int | None:
    """Lead time, which is time to value: value date - created; None where there is none yet."""
    at = value_at(timeline, rule=rule, zone=zone, deployed=deployed)
    return None if at is None else at - timeline.life.created


def _released(versions: Sequence[Version], finished: int, zone: str, as_of: int) -> int | None:
    """The earliest release at or after `finished`; where all were before it, `finished` itself.

    A release counts at the end of its day. One whose day is not over at as_of, or that has none, is none yet.
    """
    ends = [_end(one, zone) for one in versions if one.released and one.release is not None]
    known = [end for end in ends if end <= as_of]
    later = [end for end in known if end >= finished]
    return min(later) if later else finished if known else None


@lru_cache(maxsize=4096)
def _end(version: Version, zone: str) -> int:
    assert version.release is not None
    return midnight(version.release + timedelta(days=1), zone)
