"""Facts of a board's issues: made when an issue is stored, and all anew when the rules or the board's workflow change.

Of each issue a board shows there is either a fact made by what `board.facts_by` names, or a row that says it is due;
and where that name is not today's, everything is due. So whatever is interrupted, nothing is lost, nothing of two
workflows is mixed, and a report can be made at any moment: out of facts, and for what is due out of issues themselves.
Everything that writes facts holds the board's row in share, so that the workflow cannot change under it, and then the
issues (services.holding).
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, delete, exists, select, update
from sqlalchemy.orm import Mapped, Session

from fmo_bot.db import values
from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow
from fmo_bot.db.facts import DoubtsRow, FactDueRow, FactRow, LifeRow, LifeSprintRow, OriginRow
from fmo_bot.db.once import insert_once, mark, upsert
from fmo_bot.db.store import Store
from fmo_bot.domain import lives
from fmo_bot.domain.counterparts import Signs
from fmo_bot.domain.facts import NO_INCIDENTS, RULES, Fact, ever_in, fact
from fmo_bot.domain.issues import Issue
from fmo_bot.domain.lives import FOREVER, Life
from fmo_bot.domain.mappings import AnyWorkflow, dates
from fmo_bot.domain.ownership import Origin
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.domain.workflow_file import Incidents
from fmo_bot.services import workflows
from fmo_bot.services.holding import hold_issues
from fmo_bot.services.workflows import BoardWorkflow

T = TypeVar("T")
BATCH = 500  # issues per transaction


def maker(workflow: AnyWorkflow, incidents: Incidents = NO_INCIDENTS) -> str:
    """The name of what makes a board's facts: the rules, its workflow with all versions, and what incidents are."""
    named = f":{_hash(asdict(incidents))}" if incidents.issue_types else ""
    return f"{RULES}:{mapping_name(workflow)}{named}"


def _maker(known: BoardWorkflow) -> str:
    return maker(known.workflow, known.incidents)


def mapping_name(workflow: AnyWorkflow) -> str:
    """A name for a workflow with all its versions: the same for the same stages, whoever reckons it."""
    versions = [(since, version.to_mapping()) for since, version in dates(workflow)]
    return _hash(versions)


def _hash(told: object) -> str:
    text = json.dumps(told, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# --- what is stored with an issue -------------------------------------------------------------------------------------


def hold(session: Session, board_id: int) -> BoardWorkflow | None:
    """The workflow the board's facts are made by, which stays so until this transaction ends.

    None where they are not made by today's, or there is none. Asked for before anything else is written: others that
    hold the board to change it would wait for what was.
    """
    facts_by = session.scalars(_made_by(board_id).with_for_update(read=True)).one()
    known = workflows.of_board(session, board_id)
    return known if known is not None and facts_by == _maker(known) else None


def keep(session: Session, board: BoardRow, issues: Sequence[Issue], workflow: BoardWorkflow | None) -> None:
    """Make what follows from issues just stored, in that transaction: their lives, and this board's facts.

    `workflow`: as `hold` says it. Other boards' facts of them fall due; so do this board's of an issue
    of which somebody stored a newer state.
    """
    if not issues:
        return
    ids = _stored(session, board.site_id, issues)
    newest = {ids[issue.id][0]: issue for issue in issues if ids[issue.id][1] == issue.updated}
    known = {number: lives.of(issue) for number, issue in sorted(newest.items())}
    _keep_lives(session, known, newest)
    _fall_due(session, _others(session, board), known)
    older = {number for number, _ in ids.values()} - known.keys()
    _fall_due(session, [board.id], older)
    if workflow is not None:  # else everything is due
        _settle(session, board.id, known)
        _keep_facts(session, board.id, known, workflow)


def _stored(session: Session, site_id: int, issues: Iterable[Issue]) -> dict[str, tuple[int, datetime]]:
    here = IssueRow.site_id == site_id, IssueRow.jira_issue_id.in_([issue.id for issue in issues])
    rows = session.execute(select(IssueRow.jira_issue_id, IssueRow.id, IssueRow.updated).where(*here))
    return {number: (id, updated) for number, id, updated in rows}


def _keep_lives(session: Session, known: Mapping[int, Life], issues: Mapping[int, Issue]) -> None:
    rows = [
        {
            "issue_id": number,
            "rules": RULES,
            "packed": values.pack_row(life),
            "signs": values.pack_row(Signs.of(issues[number])),
        }
        for number, life in known.items()
    ]
    upsert(session, LifeRow, rows, key=("issue_id",))
    session.execute(delete(LifeSprintRow).where(LifeSprintRow.issue_id.in_(known)))
    joined = [{"sprint": sprint, "issue_id": number} for number, life in known.items() for sprint in ever_in(life)]
    insert_once(session, LifeSprintRow, joined)


def _others(session: Session, board: BoardRow) -> Sequence[int]:
    """The other boards of the same site, which may show the same issues."""
    here = BoardRow.site_id == board.site_id, BoardRow.id != board.id
    return session.scalars(select(BoardRow.id).where(*here).order_by(BoardRow.id)).all()


def _fall_due(session: Session, boards: Collection[int], issues: Collection[int]) -> None:
    if boards and issues:
        shown = BoardIssueRow.board_id.in_(boards), BoardIssueRow.issue_id.in_(issues)
        found = select(BoardIssueRow.board_id, BoardIssueRow.issue_id).where(*shown)
        mark(session, FactDueRow, ["board_id", "issue_id"], found)


def _settle(session: Session, board_id: int, issues: Collection[int]) -> None:
    due = FactDueRow.board_id == board_id, FactDueRow.issue_id.in_(issues)
    session.execute(delete(FactDueRow).where(*due))


def _keep_facts(session: Session, board_id: int, known: Mapping[int, Life], workflow: BoardWorkflow) -> None:
    origins = _origins(session, board_id, known.values())
    made = {number: fact(life, workflow.workflow, workflow.incidents) for number, life in known.items()}
    doubts = _doubts(session, board_id, made.values())
    rows = [
        {
            "board_id": board_id,
            "issue_id": number,
            "origin_id": origins[_origin(known[number])],
            "changed": each.changed,
            "started": each.started,
            "ended": each.ended,
            "ages": None if each.ages is None else values.pack_numbers(each.ages),
            "in_no_stage": values.pack_numbers(each.in_no_stage) if each.in_no_stage else None,
            "doubts_id": doubts[_packed(each.doubts)] if each.doubts else None,
            "began": each.incident and each.incident.began,
            "restored": each.incident and (FOREVER if each.incident.abandoned else each.incident.restored),
        }
        for number, each in made.items()
    ]
    upsert(session, FactRow, rows, key=("board_id", "issue_id"))


def _packed(doubts: Mapping[str, int]) -> bytes:
    """The same bytes for the same doubts."""
    return values.pack_numbers(dict(sorted(doubts.items())))


def _doubts(session: Session, board_id: int, made: Iterable[Fact]) -> dict[bytes, int]:
    """The ids of what is doubted of these issues, by what it is packed to; what is new is written down."""
    wanted = {_digest(packed): packed for packed in {_packed(each.doubts) for each in made if each.doubts}}
    query = select(DoubtsRow.name, DoubtsRow.id).where(DoubtsRow.board_id == board_id, DoubtsRow.name.in_(wanted))
    known = {name: id for name, id in session.execute(query)}
    if new := sorted(wanted.keys() - known.keys()):
        rows = [{"board_id": board_id, "name": name, "packed": wanted[name]} for name in new]
        insert_once(session, DoubtsRow, rows)
        known = {name: id for name, id in session.execute(query)}
    return {packed: known[name] for name, packed in wanted.items()}


def _digest(packed: bytes) -> str:
    return hashlib.sha256(packed).hexdigest()


def _origins(session: Session, board_id: int, of: Iterable[Life]) -> dict[tuple[str, str, bool], int]:
    """The ids of these issues' origins; those that are new are written down."""
    wanted = set(map(_origin, of))
    query = select(OriginRow.project, OriginRow.key, OriginRow.secured, OriginRow.id)
    query = query.where(OriginRow.board_id == board_id)
    known = {(project, key, secured): id for project, key, secured, id in session.execute(query)}
    if new := sorted(wanted - known.keys()):  # in one order, so that two that do the same never wait for each other
        rows = [{"board_id": board_id, "project": project, "key": key, "secured": flag} for project, key, flag in new]
        insert_once(session, OriginRow, rows)
        known |= {(project, key, secured): id for project, key, secured, id in session.execute(query)}
    return known


def _origin(life: Life) -> tuple[str, str, bool]:
    origin = Origin.of(life.site, project=life.project or "", key=life.key, secured=life.secured)
    return origin.project.id, origin.project.key, origin.secured


# --- what is made anew ------------------------------------------------------------------------------------------------


def refresh(store: Store, board_id: int) -> int:
    """Make what is due of a board, in batches; how many issues that were. Stopped at any point, it goes on there."""
    made = 0
    while (wanted := _wanted(store, board_id)) is not None:
        with store.transaction(SYSTEM) as session:
            some = wanted(session, board_id)
        if some == 0:
            break  # somebody else holds the rest
        made += some or 0
    return made


def _wanted(store: Store, board_id: int) -> "Callable[[Session, int], int | None] | None":
    """What is to be done next. Asked first, in a transaction that only reads: who writes has others wait."""
    with store.reading(SYSTEM) as session:
        known = workflows.of_board(session, board_id)
        if known is None:
            return None
        if session.scalars(_made_by(board_id)).one() != _maker(known):
            return _begin_anew
        due = select(FactDueRow.issue_id).where(FactDueRow.board_id == board_id)
        return _make_some if session.scalar(due.limit(1)) is not None else None


def _make_some(session: Session, board_id: int) -> int | None:
    """How many were made; None where the workflow was changed meanwhile."""
    if (workflow := hold(session, board_id)) is None:
        return None
    due = select(FactDueRow.issue_id).join(IssueRow, IssueRow.id == FactDueRow.issue_id)
    some = due.where(FactDueRow.board_id == board_id).order_by(FactDueRow.issue_id).limit(BATCH)
    # Passing over what others hold: they store a newer state, take it off the board, or make the same.
    held = some.with_for_update(of=(IssueRow, FactDueRow), key_share=True, skip_locked=True)
    numbers = session.scalars(held).all()
    which = select(IssueRow.id).where(IssueRow.id.in_(numbers))
    _make_lives(session, which)
    _keep_facts(session, board_id, lives_of(session, which), workflow)
    _settle(session, board_id, numbers)
    return len(numbers)


def _make_lives(session: Session, which: Select[int]) -> None:
    """Keep the lives of those issues of which none is kept, or one that older rules made."""
    stored = session.execute(_without_life(which)).all()
    issues = {number: values.unpack(Issue, value) for number, value in stored}
    if issues:
        _keep_lives(session, {number: lives.of(issue) for number, issue in issues.items()}, issues)


def _begin_anew(session: Session, board_id: int) -> None:
    """The rules or the workflow are other ones than those of the facts: everything falls due."""
    facts_by = session.scalars(_made_by(board_id).with_for_update(key_share=True)).one()
    known = workflows.of_board(session, board_id)
    if known is not None and facts_by != (now := _maker(known)):
        every = select(BoardIssueRow.board_id, BoardIssueRow.issue_id).where(BoardIssueRow.board_id == board_id)
        hold_issues(session, IssueRow.id.in_(every.with_only_columns(BoardIssueRow.issue_id)))
        mark(session, FactDueRow, ["board_id", "issue_id"], every)
        session.execute(update(BoardRow).where(BoardRow.id == board_id).values(facts_by=now))


def lives_of(session: Session, which: Select[int]) -> dict[int, Life]:
    """The lives of issues by our ids of them: as they are kept, or where today's rules did not make them, made."""
    return _derived(session, which, LifeRow.packed, Life, lives.of)


def signs_of(session: Session, which: Select[int]) -> dict[int, Signs]:
    """The same of what they say of counterparts."""
    return _derived(session, which, LifeRow.signs, Signs, Signs.of)


def _derived(
    session: Session, which: Select[int], column: Mapped[bytes], cls: type[T], make: Callable[[Issue], T]
) -> dict[int, T]:
    query = select(LifeRow.issue_id, column).where(LifeRow.issue_id.in_(which), LifeRow.rules == RULES)
    kept = {number: values.unpack_row(cls, packed) for number, packed in session.execute(query)}
    stored = session.execute(_without_life(which))
    return kept | {number: make(values.unpack(Issue, value)) for number, value in stored}


def _without_life(which: Select[int]) -> Select[int, str]:
    current = exists().where(LifeRow.issue_id == IssueRow.id, LifeRow.rules == RULES)
    return select(IssueRow.id, IssueRow.value).where(IssueRow.id.in_(which), ~current)


def _made_by(board_id: int) -> Select[str]:
    return select(BoardRow.facts_by).where(BoardRow.id == board_id)
