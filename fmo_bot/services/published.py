"""What another mapping would change in figures that were shared: computed twice, by the present one and by the other.

What was shared is a stored value and stays as it is; this only says what would be said of the same moment otherwise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.boards import BoardRow
from fmo_bot.db.ceremonies import ReportRow
from fmo_bot.db.parties import JointTeamRow
from fmo_bot.domain import digests, sprints
from fmo_bot.domain.flow import Aged
from fmo_bot.domain.forecast import REACH
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.mappings import AnyWorkflow
from fmo_bot.domain.messages import Digest, SprintReport
from fmo_bot.domain.timelines import Timeline
from fmo_bot.domain.week_flow import week_flow
from fmo_bot.services.boards import BoardView
from fmo_bot.services.counting import counted, record_board
from fmo_bot.services.fact_reading import StoredFacts
from fmo_bot.services.settings_of_figures import setting
from fmo_bot.services.sprint_figures import cycle_time_before, time_by_side
from fmo_bot.services.sprints import BoardReader
from fmo_bot.services.team_boards import together

_LEFT_OUT = ("burn_up", "places", "ledger", "data_quality", "in_no_stage", "as_of", "start", "end", "since", "until")
Figures = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A figure of a shared report that the other mapping changes. `report`: what it is called, with its moment."""

    report: str
    figure: str
    before: str
    after: str


class _Otherwise:
    """The boards as they are read in one transaction, one of them by another workflow."""

    def __init__(self, boards: BoardReader, board_id: int, workflow: AnyWorkflow) -> None:
        self._boards, self._board_id, self._workflow = boards, board_id, workflow
        self.sync, self.own_report = boards.sync, boards.own_report
        self._facts: StoredFacts | None = None  # none are stored by this workflow: every issue is read, once for all

    def view(self, session: Session, board_id: int) -> BoardView:
        view = self._boards.view(session, board_id)
        if board_id != self._board_id:
            return view
        if self._facts is None:
            self._facts = StoredFacts(session, session.get_one(BoardRow, board_id), self._workflow)
        return replace(view, workflow=self._workflow, facts=self._facts)


def changed_by(
    session: Session, boards: BoardReader, board: BoardRow, workflow: AnyWorkflow, since: datetime
) -> tuple[Changed, ...]:
    """Each figure of the reports shared since then that this workflow changes, in the order of the reports."""
    query = select(ReportRow).where(ReportRow.team_id == board.team_id, ReportRow.shared_at.is_not(None))
    rows = session.scalars(query.where(ReportRow.made_at >= since).order_by(ReportRow.made_at, ReportRow.id)).all()
    other = _Otherwise(boards, board.id, workflow)
    return tuple(each for row in rows for each in _of_report(session, row, boards, other))


def _of_report(session: Session, row: ReportRow, now: BoardReader, other: BoardReader) -> Iterator[Changed]:
    message = values.message_from_json(row.value)
    if isinstance(message, SprintReport):
        name, as_of = f"{message.sprint}, {message.as_of:%Y-%m-%d %H:%M} UTC", message.as_of
        found = [_of_sprint(session, row.team_id, boards, message) for boards in (now, other)]
    elif isinstance(message, Digest):
        as_of = message.until
        name = f"weekly digest, {as_of:%Y-%m-%d %H:%M} UTC"
        found = [_of_digest(session, row.team_id, boards, as_of) for boards in (now, other)]
    else:
        return
    before, after = found
    for figure in dict.fromkeys([*before, *after]):
        if before.get(figure) != after.get(figure):
            yield Changed(
                report=name, figure=figure, before=_shown(before.get(figure)), after=_shown(after.get(figure))
            )


def _of_sprint(session: Session, team_id: int, boards: BoardReader, shared: SprintReport) -> Figures:
    """The sprint's figures at the moment of the report; none where the sprint, or what is joint, is there no more."""
    board_id = record_board(session, team_id)
    view = boards.view(session, board_id)
    sprint = next((each for each in view.sprints if each.name == shared.sprint), None)
    found = counted(session, team_id, board_id, view)
    if sprint is None or found is None:
        return {}
    held = view.facts.of_sprint(sprint.id, found.origins)
    figures = sprints.report(sprint, held, view.workflow, shared.as_of)
    more = {
        "sides": {each.side: each for each in time_by_side(session, team_id, figures)},
        "cycle_time_before": cycle_time_before(view, figures, found),
    }
    return dict(_flat("", figures)) | dict(_flat("", more))


def _of_digest(session: Session, team_id: int, boards: BoardReader, as_of: datetime) -> Figures:
    team = session.get_one(JointTeamRow, team_id)
    since = min(digests.compared_since(as_of, team.zone), ms(as_of - REACH))
    found = together(session, team_id, boards, record_board(session, team_id), since=since, as_of=ms(as_of))
    if found is None:
        return {}
    where, recorded = setting(session, team, found, as_of)
    figures = digests.figures(found.timelines, zone=team.zone, as_of=as_of)
    return dict(_flat("", figures)) | dict(_flat("", week_flow(found.work, recorded, where)))


def _flat(name: str, value: object) -> Iterator[tuple[str, object]]:
    """The figures in a value, by their names: `committed.points`, `split_s.active:vendor`, `cycle_time.p50_s`."""
    if isinstance(value, Timeline):
        return  # what figures are made of
    if isinstance(value, Aged):
        life = value.timeline.life
        yield f"{name}.{life.key}", f"{value.stage}, {value.age_ms / 1000:g} s"
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            if each.name not in _LEFT_OUT:
                yield from _flat(f"{name}.{each.name}".strip("."), getattr(value, each.name))
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _flat(f"{name}.{key}".strip("."), one)
    elif isinstance(value, tuple) and value and all(is_dataclass(one) for one in value):
        for number, one in enumerate(value, start=1):
            yield from _flat(name if isinstance(one, Aged) else f"{name}.{_name_of(one) or number}", one)
    elif isinstance(value, tuple) and value and all(_is_pair(one) for one in value):
        for key, one in value:
            yield from _flat(f"{name}.{key}", one)
    elif isinstance(value, tuple | list | set | frozenset):
        plain = [one for one in value if isinstance(one, str | int | float)]
        yield name, ", ".join(map(str, plain))
    else:
        yield name, value


def _name_of(value: object) -> str | None:
    """By which one of several is told apart: a side, or a week."""
    return getattr(value, "side", None) or getattr(value, "label", None)


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str)


def _shown(value: object) -> str:
    return "nothing" if value is None or value == "" else f"{value:g}" if isinstance(value, float) else str(value)
