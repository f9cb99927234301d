"""Reports out of kept facts say what they would say over all issues of the board, at every moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from operator import attrgetter
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow, JiraSiteRow
from fmo_bot.db.facts import FactDueRow, FactRow, LifeRow, LifeSprintRow
from fmo_bot.db.ownership import JiraProjectRow
from fmo_bot.db.parties import JointTeamRow, OrganisationRow
from fmo_bot.db.store import Store
from fmo_bot.domain import digests, lives, recovery, sprints
from fmo_bot.domain.facts import NO_INCIDENTS, RULES, doubts, ever_in, told
from fmo_bot.domain.flow_figures import FlowFigures, Walk
from fmo_bot.domain.intervals import instant, ms
from fmo_bot.domain.issues import Issue, Version
from fmo_bot.domain.parties import SYSTEM, Scope
from fmo_bot.domain.quality import QUALITY
from fmo_bot.domain.recovery import recoveries
from fmo_bot.domain.splits import splits
from fmo_bot.domain.timelines import timeline
from fmo_bot.domain.values import value_at
from fmo_bot.domain.workflow import Stage, StageKind, Workflow
from fmo_bot.domain.workflow_file import Incidents, Value
from fmo_bot.services import board_rows, facts, workflows
from fmo_bot.services.board_facts import BoardFacts
from fmo_bot.services.board_rows import Packed
from fmo_bot.services.fact_reading import StoredFacts
from fmo_bot.services.flow_reports import flow_report
from fmo_bot.services.workflows import BoardWorkflow
from tests.joint_team import KnownFacts
from tests.unit.lives import FLOW, at, life, sprint

SPRINTS = [sprint(24, 120, number=7), sprint(100, 300, number=8), sprint(900, None, number=9)]
NOW = at(3000)
# The same statuses seen otherwise: work begins later, and what was in no stage is given up.
OTHERWISE = Workflow(
    stages=(
        *(stage for stage in FLOW.stages if stage.kind is not StageKind.ABANDONED),
        Stage("Given up", StageKind.ABANDONED, ("X", "U")),
    ),
    commitment="Build",
)


def made_up(chance: Random, number: int) -> Issue:
    """An issue of whatever life: also unmapped, reopened, given up, flagged, in and out of sprints, secured."""
    hour, events = chance.uniform(0, 2500), []
    for _ in range(chance.randrange(9)):
        hour += chance.choice([0, 0.5, 30, chance.uniform(0, 400)])
        what: dict[str, str | None] = {}
        if chance.random() < 0.8:
            what["status"] = chance.choice("ORBWQFGXUFFG")
        if chance.random() < 0.4:
            what["sprint"] = chance.choice(["", "7", "8", "9", "7, 8"])
        if chance.random() < 0.2:
            what["flagged"] = chance.choice(["", "Impediment"])
        if chance.random() < 0.2:
            what["points"] = chance.choice(["1", "5", None])
        if chance.random() < 0.2:
            what["resolution"] = chance.choice([None, "Done", "Won't Do"])
        events.append((hour, what))
    project = chance.choice(["CORE", "CORE", "LAB"])
    made = life(chance.choice("ORBU"), *events, key=f"{project}-{number}", created=chance.uniform(0, 2500))
    secured = chance.choice([None, None, None, "10100"])
    day = date(2026, 1, 1) + timedelta(days=chance.randrange(120))
    released = Version(id="1", name="1.0", released=chance.random() < 0.8, release=day)
    complete, unplausible = chance.random() < 0.9, chance.random() < 0.1
    return replace(
        made,
        id=str(number),
        site="shared",
        project={"CORE": "10000", "LAB": "10001"}[project],
        security=secured,
        versions=chance.choice([(), (released,)]),
        complete=complete,
        status="R" if unplausible else made.status,
    )


class Room:
    """A site with boards of one workflow, whose issues are stored as a sync stores them."""

    def __init__(self, store: Store, boards: int = 1, workflow: Workflow = FLOW) -> None:
        self.store = store
        with store.transaction(SYSTEM) as session:
            host, site = OrganisationRow(name="Huawei"), JiraSiteRow(key="shared")
            session.add_all([host, site])
            session.flush()
            team = JointTeamRow(name="5G Core", ref="ref", host_id=host.id)
            session.add(team)
            session.flush()
            rows = [BoardRow(team_id=team.id, site_id=site.id, jira_board_id=number) for number in range(boards)]
            session.add_all(rows)
            session.flush()
            for row in rows:
                workflows.said_in_file(session, row, workflow.to_mapping(), None, NOW)
            # What is secured is stored, for the site's owner says so.
            session.add(JiraProjectRow(site_id=site.id, key="", organisation_id=host.id, stores_secured=True))
            self.boards = [row.id for row in rows]

    def keep(self, issues: list[Issue], board: int = 0) -> None:
        with self.store.transaction(SYSTEM) as session:
            row = session.get_one(BoardRow, self.boards[board])
            board_rows.keep(session, row, [Packed.of(issue) for issue in issues], NOW)

    def change_workflow(self, workflow: Workflow, **beside: object) -> None:
        with self.store.transaction(SYSTEM) as session:
            for number in self.boards:
                row = session.get_one(BoardRow, number)
                workflows.said_in_file(session, row, workflow.to_mapping() | beside, None, NOW)

    def refresh(self, board: int = 0, store: Store | None = None) -> int:
        return facts.refresh(store or self.store, self.boards[board])

    @contextmanager
    def reading(
        self, workflow: Workflow = FLOW, board: int = 0, incidents: Incidents = NO_INCIDENTS
    ) -> Iterator[StoredFacts]:
        with self.store.reading(SYSTEM) as session:
            yield StoredFacts(session, session.get_one(BoardRow, self.boards[board]), workflow, incidents)

    def count(self, row: type[Any]) -> int:
        with self.store.reading(SYSTEM) as session:
            return session.scalar(select(func.count()).select_from(row)) or 0


def said(board: BoardFacts, workflow: Workflow, as_of: datetime, incidents: Incidents = NO_INCIDENTS) -> list[object]:
    """All that reports say of a board, once of everything and once of what is not secured."""
    by = BoardWorkflow(workflow=workflow, guessed=False, incidents=incidents, value=Value.RELEASE)
    known = board.origins()
    found: list[object] = [sorted(map(repr, known))]
    for origins in (frozenset(known), frozenset(each for each in known if not each.secured)):
        found.append(told(board.doubts(ms(as_of), origins)))
        found.append(sorted(board.in_no_stage(ms(as_of), origins), key=lambda each: each.status))
        since = digests.compared_since(as_of, "Europe/Madrid")
        courses = [
            timeline(each, workflow, ms(as_of)) for each in board.of_window(since, ms(as_of), ms(as_of), origins)
        ]
        found.append(digests.figures(courses, zone="Europe/Madrid", as_of=as_of))
        until = ms(as_of)
        for begin, end in ((since, until), (ms(at(300)), ms(at(1400)))):
            window: dict[str, Any] = {"since": begin, "until": end, "as_of": until, "zone": "UTC", "calendars": {}}
            found.append(flow_report(board, by, origins, **window))
        for begun in SPRINTS:
            if sprints.window(begun, as_of):
                found.append(sprints.report(begun, board.of_sprint(begun.id, origins), workflow, as_of))
    return found


def as_of_a_file(issues: list[Issue], by: BoardWorkflow, since: int, until: int, as_of: int) -> FlowFigures:
    """The figures of `fmo-bot report flow`, which walks over every issue there is."""
    walk = Walk(by.workflow, since=since, until=until, as_of=as_of)
    for line in (timeline(lives.of(each), by.workflow, as_of) for each in issues):
        for incident in recovery.of([line], by.incidents):
            walk.recovered(incident)
        if by.incidents.leave_out(line.life.issue_type):
            if line.known:
                walk.exclude()
        elif line.known:
            walk.count(line, splits([line], {})[0], value_at(line, rule=by.value, zone="UTC"))
    return walk.figures()


def agree(room: Room, issues: list[Issue], workflow: Workflow = FLOW, as_ofs: tuple[datetime, ...] = (NOW,)) -> None:
    for as_of in as_ofs:
        with room.reading(workflow) as stored:
            assert said(stored, workflow, as_of) == said(KnownFacts(issues, workflow), workflow, as_of)


@pytest.fixture
def issues() -> list[Issue]:
    chance = Random(20261123)
    return [made_up(chance, number) for number in range(1, 151)]


def test_reports_out_of_facts_are_those_over_all_issues(store: Store, issues: list[Issue]) -> None:
    room = Room(store)
    room.refresh()
    room.keep(issues)
    assert room.count(FactDueRow) == 0
    agree(room, issues, as_ofs=(NOW, at(1700), at(1200.5), at(110), at(20)))


@pytest.mark.parametrize("left_out", [False, True])
def test_a_flow_report_out_of_facts_says_what_one_of_a_file_says(
    left_out: bool, sqlite_store: Store, issues: list[Issue]
) -> None:
    issues = [replace(each, issue_type="Incident") if int(each.id) % 4 == 0 else each for each in issues]
    incidents = Incidents(("Incident",), restored_statuses=("R", "O"), exclude_from_flow=left_out)
    by = BoardWorkflow(workflow=FLOW, guessed=False, incidents=incidents, value=Value.RELEASE)
    beside = {"issue_types": ["Incident"], "restored_statuses": ["R", "O"], "exclude_from_flow": left_out}
    room = Room(sqlite_store)
    room.change_workflow(FLOW, incidents=beside, value="release")
    room.refresh()
    room.keep(issues)
    assert room.count(FactDueRow) == 0
    for since, until, as_of in ((840, 3000, 3000), (300, 1400, 3000), (300, 1400, 1700), (2000, 2500, 1200)):
        instants = ms(at(since)), ms(at(until)), ms(at(as_of))
        meant = as_of_a_file(issues, by, *instants)
        with room.reading(incidents=incidents) as stored:
            named = dict(zip(("since", "until", "as_of"), instants, strict=True))
            found = flow_report(stored, by, stored.origins(), zone="UTC", calendars={}, **named)
        assert found.cycle_time == meant.cycle_time
        assert found.lead_time == meant.lead_time
        assert found.recovery == meant.incidents
        assert found.weeks == meant.weeks
        assert (found.wip, found.ageing) == (meant.wip, meant.ageing)
        assert found.expectation == meant.expectation
        assert found.efficiency == meant.efficiency
        assert found.excluded == meant.excluded
        assert dict(found.quality) == {name: n for name, of in QUALITY.items() if (n := of(meant.ledger))}
        by_status = attrgetter("status")
        assert sorted(found.in_no_stage, key=by_status) == sorted(meant.ledger.unmapped, key=by_status)


def test_a_report_reads_what_its_window_needs(sqlite_store: Store, issues: list[Issue]) -> None:
    room = Room(sqlite_store)
    room.refresh()
    room.keep(issues)
    with room.reading() as stored:
        origins = frozenset(stored.origins())
        window = stored.of_window(ms(at(2500)), ms(NOW), ms(NOW), origins)
        inside = stored.of_sprint(7, origins)
    every = [timeline(lives.of(each), FLOW, ms(NOW)) for each in issues]
    late = [each.life.id for each in every if each.in_progress or (each.finished or each.abandoned or 0) >= ms(at(840))]
    assert {each.id for each in window} == set(late)  # 90 days before
    assert len(late) < len(issues)
    assert {each.id for each in inside} == {each.id for each in issues if 7 in ever_in(lives.of(each))}


@pytest.mark.parametrize("left_out", [False, True])
def test_every_incident_is_heard_of_and_none_is_doubted_that_is_kept_out_of_flow(
    left_out: bool, sqlite_store: Store, issues: list[Issue]
) -> None:
    issues = [replace(each, issue_type="Incident") if int(each.id) % 4 == 0 else each for each in issues]
    room = Room(sqlite_store)
    room.refresh()
    room.keep(issues)
    incidents = Incidents(("Incident",), restored_statuses=("R", "O"), exclude_from_flow=left_out)
    beside = {"issue_types": ["Incident"], "restored_statuses": ["R", "O"], "exclude_from_flow": left_out}
    room.change_workflow(FLOW, incidents=beside)
    since = ms(at(600))
    for due in (150, 0):
        for as_of in (ms(NOW), ms(at(1700))):
            every = [timeline(lives.of(each), FLOW, as_of) for each in issues]
            known = [each for each in every if not (left_out and each.life.issue_type == "Incident")]
            with room.reading(incidents=incidents) as stored:
                origins = frozenset(stored.origins())
                window = stored.incidents(since, as_of, as_of, origins)
                some = {(each.site, each.id) for each in issues[:40]}
                rest = stored.incidents(since, as_of, as_of, origins, without=some)
                elsewhere = [each.life for each in every[:40] if each.known]
                assert stored.excluded(as_of, origins) - stored.excluded(as_of, origins, some) == sum(
                    incidents.leave_out(each.issue_type) for each in elsewhere
                )
                assert told(stored.doubts(as_of, origins)) == told(doubts(known))
            heard, all_of_them = (
                recoveries(found, as_of=as_of, since=since, until=as_of + 1)
                for found in (window, recovery.of(every, incidents))
            )
            assert heard == all_of_them
            meant = recoveries(recovery.of(every[40:], incidents), as_of=as_of, since=since, until=as_of + 1)
            assert recoveries(rest, as_of=as_of, since=since, until=as_of + 1) == meant
            with room.reading(incidents=incidents) as stored:
                known_at = instant(as_of)
                assert said(stored, FLOW, known_at, incidents) == said(
                    KnownFacts(issues, FLOW, incidents), FLOW, known_at, incidents
                )
            assert heard.open
            assert heard.took.n
        assert room.refresh() == due


class Killed(Exception):
    """What happens to a process."""


class Mortal(Store):
    """A store whose process is killed in the transaction after the next `left` ones."""

    left = 0

    @contextmanager
    def transaction(self, scope: Scope) -> Iterator[Session]:
        with super().transaction(scope) as session:
            yield session
            if self.left == 0:
                raise Killed
            self.left -= 1


def test_a_report_that_is_being_read_hears_nothing_of_what_changes_meanwhile(store: Store, issues: list[Issue]) -> None:
    room = Room(store)
    room.refresh()
    room.keep(issues)
    with room.reading() as stored:
        stored.origins()
        room.change_workflow(OTHERWISE)
        room.keep([replace(each, updated=NOW, status="G") for each in issues[:20]])
        assert room.refresh() == 150
        assert said(stored, FLOW, NOW) == said(KnownFacts(issues, FLOW), FLOW, NOW)


def test_another_workflow_is_never_mixed_with_the_one_before(
    store: Store, issues: list[Issue], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(store)
    room.refresh()
    room.keep(issues)
    room.change_workflow(OTHERWISE)
    agree(room, issues, OTHERWISE)  # nothing is made anew yet
    room.keep(issues[:20])
    agree(room, issues, OTHERWISE)
    monkeypatch.setattr(facts, "BATCH", 40)
    mortal = Mortal(store.engine.url.render_as_string(hide_password=False))
    try:
        for left, due in ((0, 0), (1, 150), (1, 110)):  # killed while it begins, after it began, after a batch
            mortal.left = left
            with pytest.raises(Killed):
                room.refresh(store=mortal)
            assert room.count(FactDueRow) == due
            agree(room, issues, OTHERWISE)
    finally:
        mortal.close()
    room.keep(issues[:20])  # a sync goes on meanwhile, and makes what it reads
    due = room.count(FactDueRow)
    assert 90 <= due < 110
    assert room.refresh() == due
    assert (room.count(FactDueRow), room.count(FactRow)) == (0, 150)
    agree(room, issues, OTHERWISE, as_ofs=(NOW, at(800)))
    assert room.refresh() == 0


def test_lives_of_older_rules_and_those_never_made_are_made_from_the_issues(
    sqlite_store: Store, issues: list[Issue]
) -> None:
    room = Room(sqlite_store)
    room.refresh()
    room.keep(issues)
    with sqlite_store.transaction(SYSTEM) as session:  # as after an update of the bot
        session.execute(update(LifeRow).values(rules=0, packed=b""))
        session.execute(delete(LifeRow).where(LifeRow.issue_id > 100))
        session.execute(update(BoardRow).values(facts_by="0:before"))
    agree(room, issues)
    assert room.refresh() == 150
    agree(room, issues)
    with sqlite_store.reading(SYSTEM) as session:
        assert set(session.scalars(select(LifeRow.rules))) == {RULES}


def test_an_issue_that_one_board_reads_anew_is_new_on_the_other_too(store: Store, issues: list[Issue]) -> None:
    room = Room(store, boards=2)
    for board in (0, 1):
        room.refresh(board)
        room.keep(issues[:60], board)
        room.refresh(board)
    assert room.count(FactDueRow) == 60  # of the board that was stored first: the other one has read them since
    newer = [replace(each, key=f"MOVED-{each.id}", updated=NOW, status="G") for each in issues[:30]]
    room.keep(newer)
    now = [*newer, *issues[30:60]]
    for due in (60, 0):
        for board in (0, 1):
            with room.reading(board=board) as stored:
                assert said(stored, FLOW, NOW) == said(KnownFacts(now, FLOW), FLOW, NOW)
        assert due or room.count(FactDueRow) == 0
        room.refresh(0)
        room.refresh(1)


def test_an_issue_that_moves_gets_a_level_leaves_and_comes_back_is_counted_as_what_it_is_now(
    store: Store, issues: list[Issue]
) -> None:
    room = Room(store)
    room.refresh()
    room.keep(issues)
    first, rest = issues[0], issues[1:]
    states = [
        replace(first, project="10002", key="NEW-1", security=None),
        replace(first, project="10002", key="NEW-1", security="10100"),
        replace(first, project="10000", key=first.key, security=None),
    ]
    for number, state in enumerate(states, start=1):
        state = replace(state, updated=first.updated + timedelta(hours=number))
        room.keep([state])
        agree(room, [state, *rest])
        with store.transaction(SYSTEM) as session:
            board_rows.let_go(session, session.get_one(BoardRow, room.boards[0]), [state.id])
        agree(room, rest)
        room.keep([state])
        assert room.refresh() == 0
        agree(room, [state, *rest])


def test_an_older_state_read_late_changes_no_figure(store: Store, issues: list[Issue]) -> None:
    room = Room(store)
    room.refresh()
    newer = [replace(each, updated=each.updated + timedelta(hours=1), status="G") for each in issues[:20]]
    room.keep(newer)
    room.keep(issues[:20])
    agree(room, newer)


def test_what_leaves_the_board_leaves_no_facts(store: Store, issues: list[Issue]) -> None:
    room = Room(store)
    room.refresh()
    room.keep(issues)
    gone, stay = issues[:100], issues[100:]
    with store.transaction(SYSTEM) as session:
        board_rows.let_go(session, session.get_one(BoardRow, room.boards[0]), [each.id for each in gone])
    agree(room, stay)
    with store.transaction(SYSTEM) as session:
        session.execute(delete(BoardIssueRow))
        session.execute(delete(IssueRow))
    assert [room.count(row) for row in (FactRow, LifeRow, LifeSprintRow)] == [0, 0, 0]


def test_issues_counted_elsewhere_are_in_no_sum(store: Store, issues: list[Issue]) -> None:
    room = Room(store)
    room.refresh()
    room.keep(issues)
    elsewhere = {(each.site, each.id) for each in issues[:70]}
    with room.reading() as stored:
        origins = frozenset(stored.origins())
        for as_of in (ms(NOW), ms(at(900))):
            found = stored.doubts(as_of, origins, elsewhere)
            assert told(found) == told(KnownFacts(issues[70:], FLOW).doubts(as_of, origins))
