"""What the flow report says of one issue, before it is JSON or a table row."""

from fmo_bot.domain.blockers import Blocked
from fmo_bot.domain.splits import Split
from fmo_bot.domain.timelines import Timeline

Row = tuple[Timeline, Split, Blocked, int | None]
"""An issue, what its span went into, how long it was blocked, and its value date."""


def lead_ms(row: Row) -> int | None:
    """Value date - created; None where there is none yet."""
    line, _, _, value = row
    return None if value is None else value - line.life.created
