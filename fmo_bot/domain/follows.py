"""What a channel that follows a board is told: changes as short lines, many of one kind as one line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fmo_bot.domain.issues import ASSIGNEE, FLAGGED, SPRINT, STATUS, Issue
from fmo_bot.domain.names import IssueName
from fmo_bot.domain.ownership import FLAGS, KEY, Standpoint, name_in

MOVED, FLAG, GIVEN, PLANNED = "moved", "flagged", "assigned", "sprint"
EVENTS = (MOVED, FLAG, GIVEN, PLANNED)
QUIET = timedelta(minutes=2)  # as long as changes come closer together, they are one message
LONGEST = timedelta(minutes=30)  # then the next message begins, however restless it is
BULK = 5  # so many issues with the same change are one line
_BY_FIELD = {STATUS: MOVED, FLAGGED: FLAG, ASSIGNEE: GIVEN, SPRINT: PLANNED}
_TELLS = {MOVED: STATUS, FLAG: FLAGS, GIVEN: ASSIGNEE, PLANNED: SPRINT}  # the field a reader has to be allowed to know


@dataclass(frozen=True, kw_only=True)
class News:
    """One change of one issue. `to`: the status, or sprints; of a flag "on" or ""; of an assignee nothing is told."""

    kind: str
    issue: IssueName
    to: str
    history: int
    at: datetime
    bundle: int = 0  # the number of the message it was told in

    @property
    def sign(self) -> tuple[str, str, str, int, str]:
        """By which it is known again."""
        return self.issue.project.site, self.issue.id, self.kind, self.history, self.to


def news_of(issue: Issue, *, since: datetime, events: Iterable[str]) -> list[News]:
    """What changed in an issue from an instant on."""
    wanted, name = frozenset(events), name_in(issue)
    found = []
    for change in issue.changes:
        kind = _BY_FIELD.get(change.field)
        if kind is not None and kind in wanted and change.at >= since:
            to = "" if kind == GIVEN else change.after_text or ""
            to = "on" if kind == FLAG and to else to
            found.append(News(kind=kind, issue=name, to=to, history=change.history, at=change.at))
    return found


def may_hear(issue: IssueName, kind: str, standpoint: Standpoint) -> bool:
    """Whether a change may be told here at all: that something happened, and how often, is told by a line too."""
    wanted = KEY, _TELLS.get(kind, KEY)
    return issue.key is not None and all(standpoint.may_know(issue, each) for each in wanted)


def begins_anew(begun: datetime | None, added: datetime | None, at: datetime) -> bool:
    """Whether what is new now begins another message."""
    return begun is None or added is None or at - added > QUIET or at - begun > LONGEST


def grouped(news: Sequence[News]) -> list[list[News]]:
    """The same change of several issues together, in the order in which each came first; one issue once in each.

    Never of two projects, nor of secured and open issues: what may be known of a line is decided on its first issue.
    """
    groups: dict[tuple[object, ...], dict[str, News]] = {}
    for each in news:
        alike = each.kind, each.to, each.issue.project, each.issue.secured
        groups.setdefault(alike, {})[f"{each.issue.project.site}:{each.issue.id}"] = each
    return [list(group.values()) for group in groups.values()]
