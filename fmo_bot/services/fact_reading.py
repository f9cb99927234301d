"""Reading facts: of a board's many issues those a report is made of, and of the others only sums.

Exact for every instant: of an issue that changed after it, or whose facts are due, the life itself is looked at. So a
report of now costs what its window holds, and one of long ago also what has happened since.

Where a statement is to look something up by one column, conditions on others are written so that no index answers them:
a database without statistics of its tables takes the wrong one, and reads the whole board.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, exists, false, func, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from fmo_bot.db import values
from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow
from fmo_bot.db.facts import DoubtsRow, FactDueRow, FactRow, LifeRow, LifeSprintRow, OriginRow
from fmo_bot.domain import flow, quality, recovery
from fmo_bot.domain.counterparts import Signs
from fmo_bot.domain.facts import NO_INCIDENTS, doubts, ever_in, lasted, unmapped
from fmo_bot.domain.flow import Compared
from fmo_bot.domain.lives import FOREVER, Life
from fmo_bot.domain.mappings import AnyWorkflow
from fmo_bot.domain.names import ProjectName
from fmo_bot.domain.ownership import Origin
from fmo_bot.domain.recovery import Recovery
from fmo_bot.domain.timelines import Timeline, timeline
from fmo_bot.domain.workflow_file import Incidents
from fmo_bot.services import facts
from fmo_bot.services.board_facts import Id, Named

T = TypeVar("T", Life, Signs)
_CHUNK = 5_000  # ids in one statement


class StoredFacts:
    """The facts of one board, while a transaction is open."""

    def __init__(
        self, session: Session, board: BoardRow, workflow: AnyWorkflow, incidents: Incidents = NO_INCIDENTS
    ) -> None:
        """`workflow`, `incidents`: the board's, as they are now."""
        self._session, self._board, self._workflow, self._incidents = session, board, workflow, incidents
        self._loose_at: dict[int, list[Life]] = {}

    @property
    def site(self) -> str:
        """See BoardFacts."""
        return self._board.site.key

    def origins(self) -> tuple[Origin, ...]:
        """See BoardFacts."""
        some = exists().where(FactRow.origin_id == OriginRow.id, *self._settled)
        query = select(OriginRow).where(OriginRow.board_id == self._board.id, some).order_by(OriginRow.id)
        known = [self._origin(row) for row in self._session.scalars(query)]
        return tuple(dict.fromkeys((*known, *map(origin_of, self._due_lives))))

    def of_window(self, since: int, until: int, as_of: int, origins: Collection[Origin]) -> list[Life]:
        """See BoardFacts."""
        lately = FactRow.ended.between(as_of - flow.COMPARED_MS, as_of)
        return self._met(since, until, as_of, origins, (lately, ~FactRow.ended.between(since, until)))

    def met(self, since: int, until: int, as_of: int, origins: Collection[Origin]) -> list[Life]:
        """See BoardFacts."""
        return self._met(since, until, as_of, origins)

    def compared(self, as_of: int, origins: Collection[Origin]) -> list[Compared]:
        """See BoardFacts."""
        lately = FactRow.ages.is_not(None), FactRow.ended.between(as_of - flow.COMPARED_MS, as_of)
        query = select(FactRow.started, FactRow.ended, FactRow.ages).where(*self._now(as_of, origins), *lately)
        known = [
            Compared(ended - started, values.unpack_numbers(ages))
            for started, ended, ages in self._session.execute(query)
            if started is not None and ended is not None and ages is not None
        ]
        return [*known, *flow.compared(self._in_flow(as_of, origins), as_of)]

    def _met(
        self, since: int, until: int, as_of: int, origins: Collection[Origin], *also: tuple[ColumnElement[bool], ...]
    ) -> list[Life]:
        """Also those of which something else is true; each of what is asked for is a range of the same index."""
        ranges: tuple[tuple[ColumnElement[bool], ...], ...] = (
            (FactRow.ended.between(since, until),),
            (FactRow.ended > until, FactRow.started <= until),
            (FactRow.ended.is_(None), FactRow.started.is_not(None)),
            *also,
        )
        here = self._now(as_of, origins)
        found = self._session.execute(union_all(*(self._packed().where(*here, *each) for each in ranges)))
        known = {id: packed for id, packed in found}
        return [*(values.unpack_row(Life, packed) for packed in known.values()), *_of(self._loose(as_of), origins)]

    def of_sprint(self, sprint: int, origins: Collection[Origin]) -> list[Life]:
        """See BoardFacts."""
        ever = FactRow.issue_id.in_(select(LifeSprintRow.issue_id).where(LifeSprintRow.sprint == sprint))
        inside = self._packed().where(*self._settled, self._from(origins), ever)
        known = [values.unpack_row(Life, packed) for _, packed in self._session.execute(inside)]
        return [*known, *(life for life in _of(self._due_lives, origins) if sprint in ever_in(life))]

    def doubts(self, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()) -> Counter[str]:
        """See BoardFacts."""
        total = self._doubts(as_of, origins)
        for some in self._chunks(without):
            total.subtract(self._doubts(as_of, origins, some))
        return total + doubts(self._in_flow(as_of, origins, without))

    def in_no_stage(
        self, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()
    ) -> tuple[quality.Unmapped, ...]:
        """See BoardFacts."""
        tally = quality.Tally()
        for each in self._in_flow(as_of, origins, without):
            tally.count(each)
        odd = [id for id, found in self._doubted.items() if any(unmapped(found))]
        query = select(FactRow.issue_id, FactRow.in_no_stage)
        query = query.where(*self._now(as_of, origins), FactRow.doubts_id.in_(odd), FactRow.in_no_stage.is_not(None))
        elsewhere = self._ours(without)
        for id, packed in self._session.execute(query) if odd else ():
            if packed is not None and id not in elsewhere:
                tally.stayed(self.site, lasted(values.unpack_numbers(packed), as_of))
        return tally.ledger().unmapped

    def incidents(
        self, since: int, until: int, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()
    ) -> list[Recovery]:
        """See BoardFacts."""
        begun = *self._incident(as_of, origins), FactRow.began <= as_of
        query = select(FactRow.issue_id, FactRow.began, FactRow.restored).where(*begun)
        asked = FactRow.restored.between(since, until), FactRow.restored.is_(None)
        elsewhere = self._ours(without)
        known = [
            Recovery(began, None if restored == FOREVER else restored, abandoned=restored == FOREVER)
            for id, began, restored in self._session.execute(union_all(*(query.where(each) for each in asked)))
            if began is not None and id not in elsewhere
        ]
        return [*known, *recovery.of(self._changed(as_of, origins, without), self._incidents)]

    def excluded(self, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()) -> int:
        """See BoardFacts."""
        if not self._incidents.exclude_from_flow:
            return 0
        every = select(func.count()).select_from(FactRow).where(*self._incident(as_of, origins))
        elsewhere = (every.where(FactRow.issue_id.in_(some)) for some in self._chunks(without))
        known = self._session.scalars(every).one() - sum(self._session.scalars(each).one() for each in elsewhere)
        loose = (each.life for each in self._changed(as_of, origins, without) if each.known)
        return known + sum(self._incidents.leave_out(each.issue_type) for each in loose)

    def signs(self, origins: Collection[Origin]) -> list[Signs]:
        """See BoardFacts."""
        return _of(facts.signs_of(self._session, self._shown).values(), origins)

    def names(self, ids: Collection[Id]) -> dict[Id, Named]:
        """See BoardFacts."""
        columns = IssueRow.jira_issue_id, IssueRow.project, IssueRow.key, IssueRow.secured, IssueRow.summary
        rows = self._session.execute(select(*columns).where(*self._here(ids), IssueRow.id.in_(self._shown)))
        return {
            (self.site, number): Named(Origin.of(self.site, project=project, key=key, secured=secured), key, summary)
            for number, project, key, secured, summary in rows
        }

    def _here(self, ids: Collection[Id]) -> tuple[ColumnElement[bool], ...]:
        numbers = [number for site, number in ids if site == self.site]
        return IssueRow.site_id == self._board.site_id, IssueRow.jira_issue_id.in_(numbers)

    # --- what is due, or changed since -------------------------------------------------------------------------------

    @cached_property
    def _stale(self) -> bool:
        """Whether the facts are other rules' or another workflow's: then none of them counts."""
        return self._board.facts_by != facts.maker(self._workflow, self._incidents)

    @property
    def _shown(self) -> Select[int]:
        return select(BoardIssueRow.issue_id).where(BoardIssueRow.board_id == self._board.id)

    @property
    def _due(self) -> Select[int]:
        """Our ids of the issues without facts that count."""
        return self._shown if self._stale else select(FactDueRow.issue_id).where(FactDueRow.board_id == self._board.id)

    @cached_property
    def _due_lives(self) -> list[Life]:
        return list(facts.lives_of(self._session, self._due).values())

    def _loose(self, as_of: int) -> list[Life]:
        """Of which the facts are no help: those that are due, and those that changed after `as_of`."""
        if as_of not in self._loose_at:
            later = select(FactRow.issue_id).where(*self._settled, FactRow.changed > as_of)
            self._loose_at[as_of] = [*self._due_lives, *facts.lives_of(self._session, later).values()]
        return self._loose_at[as_of]

    def _changed(self, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()) -> Iterator[Timeline]:
        """The same seen by the workflow."""
        for life in _of(self._loose(as_of), origins):
            if (life.site, life.id) not in without:
                yield timeline(life, self._workflow, as_of)

    def _in_flow(self, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()) -> Iterator[Timeline]:
        """The same without incidents that are kept out of flow."""
        every = self._changed(as_of, origins, without)
        return (each for each in every if not self._incidents.leave_out(each.life.issue_type))

    # --- what is settled ---------------------------------------------------------------------------------------------

    @property
    def _settled(self) -> tuple[ColumnElement[bool], ...]:
        """Facts of this board that count."""
        here = FactRow.board_id == self._board.id
        if self._stale:
            return here, false()
        return (here, FactRow.issue_id.not_in(self._due)) if self._due_lives else (here,)

    def _now(self, as_of: int, origins: Collection[Origin]) -> tuple[ColumnElement[bool], ...]:
        """Those of them that say how it was at `as_of`."""
        return *self._settled, self._from(origins), _unsought(FactRow.changed) <= as_of

    def _incident(self, as_of: int, origins: Collection[Origin]) -> tuple[ColumnElement[bool], ...]:
        return *self._now(as_of, origins), FactRow.began.is_not(None)

    @cached_property
    def _origin_ids(self) -> dict[Origin, int]:
        rows = self._session.scalars(select(OriginRow).where(OriginRow.board_id == self._board.id))
        return {self._origin(row): row.id for row in rows}

    def _origin(self, row: OriginRow) -> Origin:
        return Origin(ProjectName(site=self.site, id=row.project, key=row.key), row.secured)

    def _from(self, origins: Collection[Origin]) -> ColumnElement[bool]:
        ids = [self._origin_ids[each] for each in origins if each in self._origin_ids]
        return _unsought(FactRow.origin_id).in_(ids)

    def _packed(self) -> Select[int, bytes]:
        return select(LifeRow.issue_id, LifeRow.packed).join(FactRow, FactRow.issue_id == LifeRow.issue_id)

    def _doubts(self, as_of: int, origins: Collection[Origin], some: Select[int] | None = None) -> Counter[str]:
        """Of issues that are doubted alike only how many there are."""
        query = select(FactRow.doubts_id, func.count()).where(*self._now(as_of, origins))
        query = query if some is None else query.where(FactRow.issue_id.in_(some))
        found: Counter[str] = Counter()
        for id, issues in self._session.execute(
            query.where(FactRow.doubts_id.is_not(None)).group_by(FactRow.doubts_id)
        ):
            if id is not None:
                found.update({name: n * issues for name, n in self._doubted[id].items()})
        return found

    @cached_property
    def _doubted(self) -> dict[int, dict[str, int]]:
        query = select(DoubtsRow.id, DoubtsRow.packed).where(DoubtsRow.board_id == self._board.id)
        return {id: values.unpack_numbers(packed) for id, packed in self._session.execute(query)}

    def _ours(self, ids: Iterable[Id]) -> set[int]:
        """Our ids of issues."""
        return {id for some in self._chunks(ids) for id in self._session.scalars(some)}

    def _chunks(self, ids: Iterable[Id]) -> Iterator[Select[int]]:
        """Our ids of issues, a few thousand in one statement."""
        rest = iter(ids)
        while some := list(islice(rest, _CHUNK)):
            yield select(IssueRow.id).where(*self._here(some))


def _unsought(column: InstrumentedAttribute[int]) -> ColumnElement[int]:
    """The column as something that no index is of."""
    return column + 0


def origin_of(of: Life | Signs) -> Origin:
    """Where an issue comes from."""
    return Origin.of(of.site, project=of.project or "", key=of.key, secured=of.secured)


def _of(found: Iterable[T], origins: Collection[Origin]) -> list[T]:
    return [each for each in found if origin_of(each) in origins]
