"""Instants as Jira writes and reads them. Inside, every instant is an aware UTC datetime."""

from datetime import UTC, datetime, timedelta, tzinfo

_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_MILLISECONDS_FROM = 10**11  # a number this large counts milliseconds; a smaller one counts seconds


def read(value: object) -> datetime:
    """`2022-04-24T20:30:51.748+0000`, `…Z`, or an epoch number; ValueError for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value / 1000 if abs(value) >= _MILLISECONDS_FROM else value, UTC)
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not an instant")
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def stamp(at: datetime, zone: tzinfo = UTC) -> str:
    """An issue's instant: milliseconds and an offset without a colon."""
    local = (at if at.tzinfo is zone else at.astimezone(zone)).isoformat(timespec="milliseconds")
    return local[:-3] + local[-2:]


def zulu(at: datetime) -> str:
    """A sprint's instant on Cloud: milliseconds and `Z`."""
    return stamp(at).removesuffix("+0000") + "Z"


def millis(at: datetime) -> int:
    """Epoch milliseconds."""
    return (at - _EPOCH) // _MILLISECOND
