"""The boards of a joint team as one: each piece of work once, and of it only what is joint."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardRow
from fmo_bot.db.ownership import SeveralBoardsRow
from fmo_bot.domain import lives
from fmo_bot.domain.counterparts import Rule, mirrors, once
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.issues import Issue
from fmo_bot.domain.names import ProjectName
from fmo_bot.domain.timelines import Timeline, timeline
from fmo_bot.errors import BoardUnavailable
from fmo_bot.services import board_quality
from fmo_bot.services.boards import BoardView
from fmo_bot.services.counting import counted
from fmo_bot.services.sprints import BoardReader

MIRRORS = "suspected_mirrors"  # in data quality: pairs of issues on two sites that look like one piece of work


@dataclass(frozen=True, kw_only=True)
class Together:
    """What several boards hold together. `unread`: boards beside the one of record that could not be read."""

    names: tuple[str, ...]
    timelines: tuple[Timeline, ...]
    issues: Mapping[tuple[str, str], Issue]  # by (site, id): whose words a message may show
    projects: tuple[ProjectName, ...]
    left_out: tuple[str, ...]
    mirrors: int
    quality: board_quality.Found
    unread: int
    workflow_guessed: bool
    synced_at: datetime | None  # the oldest of the boards'


def together(session: Session, team_id: int, boards: BoardReader, record: int, as_of: datetime) -> Together | None:
    """All boards of a joint team, the board `record` first; None where nothing on that one is joint.

    Raises BoardUnavailable where the board of record was never read.
    """
    main = boards.view(session, record)
    if (found := counted(session, team_id, record, main)) is None:
        return None
    views, held = [main], [found]
    others, unread = _others(session, team_id, boards, record)
    for board_id, view in others:
        # A board with nothing joint is its side's own affair: not even that it is there is told.
        if (joint := counted(session, team_id, board_id, view)) is not None:
            views.append(view)
            held.append(joint)
    rule = _rule(session, team_id)
    several = len(held) > 1
    parts = once([each.issues for each in held], rule) if several else (held[0].issues,)
    return Together(
        names=tuple(view.shape.name for view in views),
        timelines=tuple(
            timeline(lives.of(issue), view.workflow, ms(as_of))
            for view, part in zip(views, parts, strict=True)
            for issue in part
        ),
        issues={(issue.site, issue.id): issue for part in parts for issue in part},
        projects=tuple(dict.fromkeys(project for each in held for project in each.projects)),
        left_out=tuple(sorted({company for each in held for company in each.left_out})),
        # Of all issues: without the counterparts, a key of one's own site would look like one of the other's.
        mirrors=len(mirrors((issue for each in held for issue in each.issues), rule)) if several else 0,
        quality=_summed(
            board_quality.told(view.quality, mixed=bool(each.left_out)) for view, each in zip(views, held, strict=True)
        ),
        unread=unread,
        workflow_guessed=any(view.workflow_guessed for view in views),
        synced_at=min((view.synced_at for view in views if view.synced_at is not None), default=None),
    )


def _others(
    session: Session, team_id: int, boards: BoardReader, record: int
) -> tuple[Sequence[tuple[int, BoardView]], int]:
    """The boards beside the one of record, as far as they were read, and how many were not."""
    query = select(BoardRow.id).where(BoardRow.team_id == team_id, BoardRow.id != record).order_by(BoardRow.id)
    found: list[tuple[int, BoardView]] = []
    unread = 0
    for board_id in session.scalars(query).all():
        try:
            found.append((board_id, boards.view(session, board_id)))
        except BoardUnavailable:
            unread += 1
    return found, unread


def _summed(found: Iterable[board_quality.Found]) -> board_quality.Found:
    total: Counter[str] = Counter()
    for each in found:
        for name, count in each:
            total[name] = max(total[name], count) if name in board_quality.OF_TEAM else total[name] + count
    return tuple(total.items())


def _rule(session: Session, team_id: int) -> Rule | None:
    row = session.get(SeveralBoardsRow, team_id)
    return Rule.from_mapping(row.counterparts) if row is not None else None
