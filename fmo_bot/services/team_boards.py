"""The boards of a joint team as one: each piece of work once, and of it only what is joint."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardRow
from fmo_bot.db.ownership import SeveralBoardsRow
from fmo_bot.domain.basis import BoardUsed
from fmo_bot.domain.counterparts import Rule, mirrors, once
from fmo_bot.domain.names import ProjectName
from fmo_bot.domain.ownership import Counted
from fmo_bot.domain.shown import StatusInNoStage
from fmo_bot.domain.timelines import Timeline, timeline
from fmo_bot.domain.week_flow import BoardWork
from fmo_bot.errors import BoardUnavailable
from fmo_bot.services import board_quality
from fmo_bot.services.bases import board_used
from fmo_bot.services.board_facts import BoardFacts, Id, Named
from fmo_bot.services.boards import BoardView
from fmo_bot.services.counting import counted
from fmo_bot.services.sprints import BoardReader

MIRRORS = "suspected_mirrors"  # in data quality: pairs of issues on two sites that look like one piece of work


@dataclass(frozen=True, kw_only=True)
class Together:
    """What several boards hold together. `unread`: boards beside the one of record that could not be read."""

    names: tuple[str, ...]
    record: str  # Jira's id of the board of record
    work: tuple[BoardWork, ...]  # of each board the issues that figures of the window need
    doubts: Counter[str]  # domain.facts.doubts of all issues that are counted
    in_no_stage: tuple[StatusInNoStage, ...]
    projects: tuple[ProjectName, ...]
    left_out: tuple[str, ...]
    mirrors: int
    quality: board_quality.Found
    unread: int
    workflow_guessed: bool
    guesses: tuple[str, ...]
    synced_at: datetime | None  # the oldest of the boards'
    boards: tuple[BoardFacts, ...]
    used: tuple[BoardUsed, ...]

    @property
    def timelines(self) -> tuple[Timeline, ...]:
        """Of all boards, what counts in figures of flow."""
        return tuple(course for board in self.work for course in board.flow)

    @property
    def excluded(self) -> int:
        """Incidents that count in no figure but time to recover."""
        return sum(board.excluded for board in self.work)

    def called(self, ids: Collection[Id]) -> dict[Id, Named]:
        """What issues are called, while the transaction is open."""
        return {each: named for board in self.boards for each, named in board.names(ids).items()}


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One of the boards: what is counted of it, but for issues that are counted on another one."""

    view: BoardView
    counted: Counted
    elsewhere: frozenset[Id] = frozenset()

    def work(self, since: int, at: int) -> BoardWork:
        held, origins = self.view.facts, self.counted.origins
        return BoardWork(
            timelines=tuple(self.timelines(since, at)),
            workflow=self.view.workflow,
            recoveries=tuple(held.incidents(since, at, at, origins, self.elsewhere)),
            excluded=held.excluded(at, origins, self.elsewhere),
            incidents=self.view.incidents,
            value=self.view.value,
        )

    def timelines(self, since: int, at: int) -> Iterator[Timeline]:
        for life in self.view.facts.of_window(since, at, at, self.counted.origins):
            if (life.site, life.id) not in self.elsewhere:
                yield timeline(life, self.view.workflow, at)

    def doubts(self, at: int) -> Counter[str]:
        return self.view.facts.doubts(at, self.counted.origins, self.elsewhere)

    def in_no_stage(self, at: int) -> tuple[StatusInNoStage, ...]:
        found = self.view.facts.in_no_stage(at, self.counted.origins, self.elsewhere)
        return board_quality.in_no_stage(self.view.shape, found)


def together(
    session: Session, team_id: int, boards: BoardReader, record: int, *, since: int, as_of: int
) -> Together | None:
    """All boards of a joint team, the board `record` first; None where nothing on that one is joint.

    `since`, `as_of`: epoch milliseconds. Raises BoardUnavailable where the board of record was never read.
    """
    main = boards.view(session, record)
    if (found := counted(session, team_id, record, main)) is None:
        return None
    parts = [_Part(view=main, counted=found)]
    others, unread = _others(session, team_id, boards, record)
    for board_id, view in others:
        # A board with nothing joint is its side's own affair: not even that it is there is told.
        if (joint := counted(session, team_id, board_id, view)) is not None:
            parts.append(_Part(view=view, counted=joint))
    suspected = 0
    if len(parts) > 1:
        parts, suspected = _once(parts, _rule(session, team_id))
    views, held = [part.view for part in parts], [part.counted for part in parts]
    return Together(
        names=tuple(view.shape.name for view in views),
        record=str(main.shape.id),
        work=tuple(part.work(since, as_of) for part in parts),
        doubts=sum((part.doubts(as_of) for part in parts), Counter()),
        in_no_stage=tuple(each for part in parts for each in part.in_no_stage(as_of)),
        projects=tuple(dict.fromkeys(project for each in held for project in each.projects)),
        left_out=tuple(sorted({company for each in held for company in each.left_out})),
        mirrors=suspected,
        quality=_summed(
            board_quality.told(view.quality, mixed=bool(each.left_out)) for view, each in zip(views, held, strict=True)
        ),
        unread=unread,
        workflow_guessed=any(view.workflow_guessed for view in views),
        guesses=tuple(dict.fromkeys(name for view in views for name in view.guesses)),
        synced_at=min((view.synced_at for view in views if view.synced_at is not None), default=None),
        boards=tuple(view.facts for view in views),
        used=tuple(board_used(view) for view in views),
    )


def _once(parts: Sequence[_Part], rule: Rule | None) -> tuple[list[_Part], int]:
    """The boards with each piece of work on one of them only, and how many pairs look like one piece of work."""
    every = [part.view.facts.signs(part.counted.origins) for part in parts]
    kept = [{(each.site, each.id) for each in signs} for signs in once(every, rule)]
    elsewhere = (
        frozenset((each.site, each.id) for each in signs) - ids for signs, ids in zip(every, kept, strict=True)
    )
    # Of all issues: without the counterparts, a key of one's own site would look like one of the other's.
    suspected = len(mirrors((each for signs in every for each in signs), rule))
    return [replace(part, elsewhere=ids) for part, ids in zip(parts, elsewhere, strict=True)], suspected


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
