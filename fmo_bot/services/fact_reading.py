"""Reading facts: of a board's many issues those a report is made of, and of the others only sums.

Exact for every instant: of an issue that changed after it, or whose facts are due, the life itself is looked at. So a
report of now costs what its window holds, and one of long ago also what has happened since.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import NamedTuple, Protocol, TypeVar

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow
from fmo_bot.db.facts import FactDoubtRow, FactDueRow, FactRow, LifeRow, LifeSprintRow, OriginRow
from fmo_bot.domain import flow
from fmo_bot.domain.counterparts import Signs
from fmo_bot.domain.facts import INCIDENT, NO_INCIDENTS, doubts, ever_in
from fmo_bot.domain.flow import Compared
from fmo_bot.domain.lives import Life
from fmo_bot.domain.mappings import AnyWorkflow
from fmo_bot.domain.names import ProjectName
from fmo_bot.domain.ownership import Origin
from fmo_bot.domain.timelines import timeline
from fmo_bot.domain.workflow_file import Incidents
from fmo_bot.services import facts

Id = tuple[str, str]  # key of a site, Jira's id of an issue


class Named(NamedTuple):
    """What an issue is called, and where it comes from."""

    origin: Origin
    key: str
    summary: str


T = TypeVar("T", Life, Signs)
_CHUNK = 5_000  # ids in one statement


class BoardFacts(Protocol):
    """What reports ask of a board. Instants are epoch milliseconds; `origins`: those that may be counted."""

    @property
    def site(self) -> str:
        """The key of the board's site."""
        ...

    def origins(self) -> tuple[Origin, ...]:
        """Where the board's issues come from, in the order in which that was first seen."""
        ...

    def of_window(self, since: int, until: int, as_of: int, origins: Collection[Origin]) -> list[Life]:
        """All that figures of [since, until] need as known at `as_of`, in any order; some lives more do no harm.

        What ended in the window or in the 90 days before `as_of`, what was in work at the window's end, and what is at
        `as_of`; and every incident.
        """
        ...

    def met(self, since: int, until: int, as_of: int, origins: Collection[Origin]) -> list[Life]:
        """The same without those that only ended in the 90 days before `as_of`, of which `compared` tells enough."""
        ...

    def compared(self, as_of: int, origins: Collection[Origin]) -> list[Compared]:
        """What others are compared with of issues finished in the 90 days before `as_of`, in any order.

        Incidents that the workflow keeps out of flow are not among them.
        """
        ...

    def of_sprint(self, sprint: int, origins: Collection[Origin]) -> list[Life]:
        """The lives of all issues that were ever in a sprint."""
        ...

    def doubts(self, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()) -> Counter[str]:
        """What domain.facts.doubts says of the whole board as known at `as_of`, but for some of its issues.

        Incidents that the workflow keeps out of flow are not among them.
        """
        ...

    def signs(self, origins: Collection[Origin]) -> list[Signs]:
        """By what counterparts are known, of every issue."""
        ...

    def names(self, ids: Collection[Id]) -> dict[Id, Named]:
        """What these issues are called, as far as the board shows them."""
        ...


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
        some = exists().where(FactRow.origin_id == OriginRow.id, *self._settled(FactRow))
        query = select(OriginRow).where(OriginRow.board_id == self._board.id, some).order_by(OriginRow.id)
        known = [self._origin(row) for row in self._session.scalars(query)]
        return tuple(dict.fromkeys((*known, *map(origin_of, self._due_lives))))

    def of_window(self, since: int, until: int, as_of: int, origins: Collection[Origin]) -> list[Life]:
        """See BoardFacts."""
        compared = FactRow.ended.between(as_of - flow.COMPARED_MS, as_of)
        return self._met(since, until, as_of, origins, compared)

    def met(self, since: int, until: int, as_of: int, origins: Collection[Origin]) -> list[Life]:
        """See BoardFacts."""
        return self._met(since, until, as_of, origins)

    def compared(self, as_of: int, origins: Collection[Origin]) -> list[Compared]:
        """See BoardFacts."""
        query = select(FactRow.started, FactRow.ended, FactRow.ages).where(FactRow.ages.is_not(None))
        lately = FactRow.ended.between(as_of - flow.COMPARED_MS, as_of), FactRow.changed <= as_of
        rows = self._session.execute(query.where(*self._settled(FactRow), self._from(FactRow, origins), *lately))
        known = [
            Compared(ended - started, values.unpack_numbers(ages))
            for started, ended, ages in rows
            if started is not None and ended is not None and ages is not None
        ]
        loose = (each for each in _of(self._loose(as_of), origins) if not self._incidents.leave_out(each.issue_type))
        return [*known, *flow.compared((timeline(each, self._workflow, as_of) for each in loose), as_of)]

    def _met(
        self, since: int, until: int, as_of: int, origins: Collection[Origin], *also: ColumnElement[bool]
    ) -> list[Life]:
        needed = or_(
            FactRow.ended.between(since, until),
            and_(FactRow.ended > until, FactRow.started <= until),
            and_(FactRow.ended.is_(None), FactRow.started.is_not(None)),
            *self._incident,
            *also,
        )
        known = self._lives(origins, needed, FactRow.changed <= as_of)
        return [*known, *_of(self._loose(as_of), origins)]

    def of_sprint(self, sprint: int, origins: Collection[Origin]) -> list[Life]:
        """See BoardFacts."""
        inside = select(LifeSprintRow.issue_id).where(LifeSprintRow.sprint == sprint)
        known = self._lives(origins, FactRow.issue_id.in_(inside))
        return [*known, *(life for life in _of(self._due_lives, origins) if sprint in ever_in(life))]

    def doubts(self, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()) -> Counter[str]:
        """See BoardFacts."""
        total = self._doubts(origins, as_of)
        for some in _chunks(without):
            those = select(IssueRow.id).where(*self._here(some))
            total.subtract(self._doubts(origins, as_of, FactDoubtRow.issue_id.in_(those)))
        loose = [
            life
            for life in _of(self._loose(as_of), origins)
            if (life.site, life.id) not in without and not self._incidents.leave_out(life.issue_type)
        ]
        return total + doubts(timeline(life, self._workflow, as_of) for life in loose)

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
    def _incident(self) -> tuple[ColumnElement[bool], ...]:
        """An open one may never have been in work, and be restored in whatever status."""
        if not self._incidents.issue_types:
            return ()
        those = select(FactDoubtRow.issue_id).where(
            FactDoubtRow.board_id == self._board.id, FactDoubtRow.name == INCIDENT
        )
        return (FactRow.issue_id.in_(those),)

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
            later = select(FactRow.issue_id).where(*self._settled(FactRow), FactRow.changed > as_of)
            self._loose_at[as_of] = [*self._due_lives, *facts.lives_of(self._session, later).values()]
        return self._loose_at[as_of]

    # --- what is settled ---------------------------------------------------------------------------------------------

    def _settled(self, row: type[FactRow] | type[FactDoubtRow]) -> tuple[ColumnElement[bool], ...]:
        """Facts of this board that count."""
        here = row.board_id == self._board.id
        if self._stale:
            return here, false()
        return (here, row.issue_id.not_in(self._due)) if self._due_lives else (here,)

    @cached_property
    def _origin_ids(self) -> dict[Origin, int]:
        rows = self._session.scalars(select(OriginRow).where(OriginRow.board_id == self._board.id))
        return {self._origin(row): row.id for row in rows}

    def _origin(self, row: OriginRow) -> Origin:
        return Origin(ProjectName(site=self.site, id=row.project, key=row.key), row.secured)

    def _from(self, row: type[FactRow] | type[FactDoubtRow], origins: Collection[Origin]) -> ColumnElement[bool]:
        return row.origin_id.in_([self._origin_ids[each] for each in origins if each in self._origin_ids])

    def _lives(self, origins: Collection[Origin], *needed: ColumnElement[bool]) -> list[Life]:
        query = select(LifeRow.packed).join(FactRow, FactRow.issue_id == LifeRow.issue_id)
        found = query.where(*self._settled(FactRow), self._from(FactRow, origins), *needed)
        return [values.unpack_row(Life, packed) for packed in self._session.scalars(found)]

    def _doubts(self, origins: Collection[Origin], as_of: int, *more: ColumnElement[bool]) -> Counter[str]:
        query = select(FactDoubtRow.name, func.sum(FactDoubtRow.n)).group_by(FactDoubtRow.name)
        here = *self._settled(FactDoubtRow), self._from(FactDoubtRow, origins), FactDoubtRow.changed <= as_of
        return Counter({name: int(n) for name, n in self._session.execute(query.where(*here, *more))})


def origin_of(of: Life | Signs) -> Origin:
    """Where an issue comes from."""
    return Origin.of(of.site, project=of.project or "", key=of.key, secured=of.secured)


def _of(found: Iterable[T], origins: Collection[Origin]) -> list[T]:
    return [each for each in found if origin_of(each) in origins]


def _chunks(ids: Iterable[Id]) -> Iterator[list[Id]]:
    rest = iter(ids)
    while some := list(islice(rest, _CHUNK)):
        yield some
