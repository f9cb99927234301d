"""Sprint reports: asked for, made for the asker alone, then shared with the joint channel."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.blockers import BlockerRow
from fmo_bot.db.ceremonies import ReportRow
from fmo_bot.db.parties import JointTeamRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import audience, outbox
from fmo_bot.domain import jiras_report, quality, sprints
from fmo_bot.domain.issues import Sprint
from fmo_bot.domain.jiras_report import JirasReport
from fmo_bot.domain.messages import (
    BlockerLine,
    BurnUpChart,
    Message,
    Notice,
    SprintDetail,
    SprintDifference,
    SprintReport,
)
from fmo_bot.domain.ownership import Counted, Origin
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Place, Scope
from fmo_bot.errors import BoardUnavailable, NotFound, NotJoint
from fmo_bot.services import asked_reports, board_quality, waits
from fmo_bot.services.bases import basis, board_used
from fmo_bot.services.boards import BoardView
from fmo_bot.services.counting import counted, record_board
from fmo_bot.services.governance import Action, allowed, audit, may
from fmo_bot.services.parties import Parties, actor_in
from fmo_bot.services.rounds import joint_place
from fmo_bot.services.sprint_figures import cycle_time_before, old_at_the_end, time_by_side

JOB = "sprint_report"  # kind of inbox job
COUNTING = "Counting the sprint of {team}. The report comes as a direct message, only to you."
NO_SPRINTS = (
    "{board} has no sprints, so there is no sprint report for {team}. "
    "Throughput, cycle time and ageing work are in the weekly digest in the joint channel."
)
NOT_BEGUN = "No sprint of {board} has begun yet. Ask again once the first sprint of {team} is started in Jira."
NO_SUCH_SPRINT = (
    "{board} has no sprint called {typed} that has begun. The newest are: {newest}. Try /fmo sprint <name>."
)
NEWEST = 5  # sprints named where the one asked for is not there
LONGEST_NAME = 255  # characters; Jira's own names are shorter
NO_FIGURES = "There are no figures of {team} yet: {reason} Try again in a few minutes."
OLD_FIGURES = "Jira could not be read just now: {reason} These figures are as of {as_of}."
NOTHING_JOINT = (
    "There are no figures for {team}: no Jira project on its board is joint yet. "
    "It becomes joint when its owner proposes it and every side accepts."
)
SHARED = "The report on {sprint} is in the joint channel of {team} now."
SHARED_BEFORE = "The report on {sprint} had been shared in the joint channel of {team} already."


class BoardReader(Protocol):
    """What reports need of `services.boards.Boards`."""

    def sync(self, board_id: int, at: datetime) -> object:
        """Read what changed; raises BoardUnavailable."""
        ...

    def view(self, session: Session, board_id: int) -> BoardView:
        """The board as far as it was read; raises BoardUnavailable where it never was."""
        ...

    def own_report(self, board_id: int, sprint_id: int) -> JirasReport | None:
        """Jira's own report on a sprint; None where it does not come."""
        ...


@dataclass(frozen=True)
class _Asked:
    """A report as it was asked for: by whom, in which joint team, on which board, on which sprint ("": the latest)."""

    actor: Actor
    board_id: int
    ref: str
    sprint: str


@dataclass(frozen=True)
class _Comparable:
    """What Jira's own report on a sprint is compared with, once nothing of ours is open any more in the database."""

    site: str
    sprint_id: int
    places: tuple[jiras_report.Place, ...]
    origins: frozenset[Origin]  # of the issues that are counted
    last_column: frozenset[str]  # status ids


class Sprints:
    """Sprint reports of all joint teams."""

    def __init__(
        self, store: Store, boards: BoardReader, *, token: Callable[[int], str] = secrets.token_urlsafe
    ) -> None:
        """`token` makes opaque references."""
        self.store, self.boards, self.token = store, boards, token
        self.parties = Parties(store)

    def ask(
        self,
        person: Person,
        *,
        channel: str | None = None,
        team_ref: str | None = None,
        sprint: str = "",
        key: str,
        at: datetime,
    ) -> Notice:
        """Record the job that makes the report; `key` names what was pressed or typed, the same twice is one report.

        `sprint`: a name or id as it was typed; without it the running sprint, else the one that ended last.
        `channel` and `team_ref` as in `Parties.actor`, whose refusals it raises; also NotAllowed.
        """
        actor = self.parties.actor(person, channel=channel, team_ref=team_ref, at=at)
        ref, sprint = self.token(12), sprint[:LONGEST_NAME]
        asked_reports.record(self.store, actor, kind=JOB, ref=ref, key=key, at=at, sprint=sprint)
        return Notice(text=COUNTING, values={"team": actor.team})

    def make(self, payload: Mapping[str, Any], at: datetime) -> None:
        """The job: read the board anew, count, and owe the report to the asker. Safe to repeat.

        Raises NotLinked where the asker has left the joint team meanwhile.
        """
        asked = self._asked(payload)
        if asked is None:
            return
        said = self._said(asked, self._sync(asked.board_id, at), at)
        with self.store.transaction(Scope(team_id=asked.actor.team_id)) as session:
            for part, message in said:
                if isinstance(message, SprintReport):
                    self._keep(session, asked, message, at)
                self._owe(session, asked, message, at, part=part)

    def share(self, person: Person, report_ref: str, at: datetime) -> Notice:
        """Post the report in its joint team's joint channel, as it was made; a second click changes nothing.

        Raises NotFound (also for a report that somebody else asked for), NotAllowed, or NotJoint.
        """
        actor = self._sharer(person, report_ref)
        scope = Scope(team_id=actor.team_id)
        may(actor, Action.SHARE_REPORT, scope)
        with self.store.transaction(scope) as session:
            query = select(ReportRow).where(ReportRow.ref == report_ref, ReportRow.asked_by == actor.member_id)
            row = session.scalar(query.with_for_update())
            report = values.message_from_json(row.value) if row is not None else None
            if row is None or not isinstance(report, SprintReport):
                raise NotFound
            told = {"sprint": report.sprint, "team": actor.team}
            if row.shared_at is not None:
                return Notice(text=SHARED_BEFORE, values=told)
            # Not joint when it was made: it may hold what its company alone may know, whatever became joint since.
            fits = report.shareable and not isinstance(
                audience.fitted(session, report, joint_place(session, actor.team_id)), Notice
            )
            if not fits:
                raise NotJoint(sprint=report.sprint, team=actor.team)
            row.shared_at = at
            self._owe_shared(session, actor, report, at)
            detail = {"report": row.id}
            audit(session, at=at, action="report_shared", team_id=row.team_id, member_id=actor.member_id, detail=detail)
        return Notice(text=SHARED, values=told)

    # --- making ------------------------------------------------------------------------------------------------------

    def _asked(self, payload: Mapping[str, Any]) -> _Asked | None:
        """None where it was made already."""
        with self.store.reading(SYSTEM) as session:
            actor = asked_reports.asker(session, payload)
            if actor is None:
                return None
            return _Asked(actor, record_board(session, actor.team_id), payload["ref"], payload["sprint"])

    def _sync(self, board_id: int, at: datetime) -> str | None:
        """Why the board could not be read anew, or None."""
        try:
            self.boards.sync(board_id, at)
        except BoardUnavailable as error:
            return str(error)
        return None

    def _said(self, asked: _Asked, reason: str | None, at: datetime) -> list[tuple[str, Message]]:
        """What the asker is told, with the part of the report it is. Counting takes its time, so it only reads."""
        comparable = None
        with self.store.reading(Scope(team_id=asked.actor.team_id)) as session:
            try:
                view = self.boards.view(session, asked.board_id)
            except BoardUnavailable as error:
                return [("", Notice(text=NO_FIGURES, values=self._named(asked, reason=str(error))))]
            as_of = at if reason is None else (view.synced_at or at)
            said, comparable = self._figures(session, asked, view, as_of)
        if reason is None and comparable is not None:
            said = self._compared(asked, said, comparable)
        if reason is not None:
            said.append(("age", Notice(text=OLD_FIGURES, values={"reason": reason, "as_of": as_of})))
        return said

    def _figures(
        self, session: Session, asked: _Asked, view: BoardView, as_of: datetime
    ) -> tuple[list[tuple[str, Message]], _Comparable | None]:
        """The report with its chart and what to compare it with, or the sentence why there is none."""
        found = counted(session, asked.actor.team_id, asked.board_id, view, own=asked.actor.organisation_id)
        if found is None:
            return [("", Notice(text=NOTHING_JOINT, values=self._named(asked)))], None
        sprint = _sprint_of(view, asked.sprint, as_of)
        if isinstance(sprint, Notice):
            return [("", replace(sprint, values=self._named(asked, **sprint.values)))], None
        held = view.facts.of_sprint(sprint.id, found.origins)
        figures = sprints.report(sprint, held, view.workflow, as_of)
        report = self._report(session, asked, view, sprint, figures, found)
        comparable = _Comparable(view.facts.site, sprint.id, figures.places, found.origins, view.shape.last_column)
        return [("", report), ("chart", _chart(report)), ("detail", SprintDetail(report=report))], comparable

    def _compared(self, asked: _Asked, said: list[tuple[str, Message]], ours: _Comparable) -> list[tuple[str, Message]]:
        """The same with what Jira's own report counts otherwise, as far as it answers."""
        jira = self.boards.own_report(asked.board_id, ours.sprint_id)
        if jira is None:
            return said
        with self.store.reading(Scope(team_id=asked.actor.team_id)) as session:
            named = self.boards.view(session, asked.board_id).facts.names(
                [(ours.site, number) for number in jira.listed]
            )
        keys = {number: each.key for (_, number), each in named.items() if each.origin in ours.origins}
        found = jiras_report.differences(ours.places, keys, jira, ours.last_column)
        return [(part, _with_differences(message, found)) for part, message in said]

    def _keep(self, session: Session, asked: _Asked, report: SprintReport, at: datetime) -> None:
        session.add(
            ReportRow(
                team_id=asked.actor.team_id,
                ref=asked.ref,
                kind="sprint",
                made_at=at,
                value=values.message_to_json(report),
                asked_by=asked.actor.member_id,
            )
        )

    def _report(
        self,
        session: Session,
        asked: _Asked,
        view: BoardView,
        sprint: Sprint,
        figures: sprints.SprintFigures,
        found: Counted,
    ) -> SprintReport:
        actor = asked.actor
        return SprintReport(
            ref=asked.ref,
            team=actor.team,
            board=view.shape.name,
            sprint=sprint.name,
            goal=sprint.goal,
            start=figures.start,
            end=figures.end,
            provisional=figures.provisional,
            as_of=figures.as_of,
            planned_end=figures.planned_end,
            committed=figures.committed,
            added=figures.added,
            removed=figures.removed,
            completed=figures.completed,
            carried_over=figures.carried_over,
            completed_outside=figures.completed_outside,
            re_estimated=figures.re_estimated,
            unestimated=len(figures.unestimated),
            cycle_time=figures.cycle_time,
            never_started=figures.never_started,
            split_s=figures.split_s,
            companies=waits.companies(session, actor.team_id),
            blockers=_blockers(session, actor.team_id, figures),
            flagged=figures.flagged,
            burn_up=figures.burn_up,
            data_quality=(
                *quality.counted(figures.ledger),
                *board_quality.told(view.quality, mixed=bool(found.left_out)),
            ),
            in_no_stage=board_quality.in_no_stage(view.shape, figures.ledger.unmapped),
            workflow_guessed=view.workflow_guessed,
            guessed_statuses=view.guesses,
            counted=found.projects,
            left_out=found.left_out,
            basis=basis(session, actor.team_id, (board_used(view),), since=figures.start, as_of=figures.as_of),
            sides=time_by_side(session, actor.team_id, figures),
            cycle_time_before=cycle_time_before(view, figures, found),
            ageing=old_at_the_end(view, figures, found),
            shareable=found.joint and Action.SHARE_REPORT in allowed(actor),
        )

    def _owe(self, session: Session, asked: _Asked, message: Message, at: datetime, *, part: str = "") -> None:
        """Owe a direct message to the asker; a part of the report goes into its thread."""
        name = f"report:{asked.ref}"
        outbox.owe(
            session,
            name=f"{name}:{part}" if part else name,
            message=message,
            due=at,
            language=asked.actor.language,
            person=asked.actor.person,
            thread_of=name if part else None,
        )

    def _named(self, asked: _Asked, **more: str) -> dict[str, Any]:
        return {"team": asked.actor.team, **more}

    # --- sharing -----------------------------------------------------------------------------------------------------

    def _sharer(self, person: Person, report_ref: str) -> Actor:
        with self.store.reading(SYSTEM) as session:
            return actor_in(
                session, person, session.scalar(select(ReportRow.team_id).where(ReportRow.ref == report_ref))
            )

    def _owe_shared(self, session: Session, actor: Actor, report: SprintReport, at: datetime) -> None:
        team = session.get_one(JointTeamRow, actor.team_id)
        place, name = joint_place(session, team.id), f"shared:{report.ref}"
        shared = replace(report, shared_by=actor.name, shareable=False)
        _post(session, name, shared, at, team.language, place)
        _post(session, f"{name}:chart", _chart(report), at, team.language, place, thread_of=name)
        _post(session, f"{name}:detail", SprintDetail(report=shared), at, team.language, place, thread_of=name)
        own = replace(report, shareable=False)
        outbox.owe_update(session, name=f"report:{report.ref}", message=own, due=at, language=actor.language)


def _with_differences(message: Message, found: tuple[SprintDifference, ...]) -> Message:
    if isinstance(message, SprintDetail):
        return SprintDetail(report=replace(message.report, differences=found))
    return replace(message, differences=found) if isinstance(message, SprintReport) else message


def _sprint_of(view: BoardView, asked: str, as_of: datetime) -> Sprint | Notice:
    """The sprint that is meant, or the sentence why there is none."""
    board = view.shape.name
    if not view.sprints:
        return Notice(text=NO_SPRINTS, values={"board": board})
    newest = sprints.newest(view.sprints, as_of, most=NEWEST)
    if not newest:
        return Notice(text=NOT_BEGUN, values={"board": board})
    meant = sprints.named(view.sprints, asked, as_of) if asked.strip() else sprints.latest(view.sprints, as_of)
    names = ", ".join(sprint.name for sprint in newest)
    return meant or Notice(text=NO_SUCH_SPRINT, values={"board": board, "typed": asked, "newest": names})


def _post(
    session: Session,
    name: str,
    message: Message,
    at: datetime,
    language: str,
    place: Place,
    *,
    thread_of: str | None = None,
) -> None:
    outbox.owe(session, name=name, message=message, due=at, language=language, place=place, thread_of=thread_of)


def _chart(report: SprintReport) -> BurnUpChart:
    """The burn-up; of a running sprint up to its planned end, so that it shows how much time is left."""
    end = max(report.end, report.planned_end or report.end) if report.provisional else report.end
    return BurnUpChart(
        sprint=report.sprint,
        start=report.start,
        end=end,
        as_of=report.as_of,
        points=report.burn_up,
        counted=report.counted,
    )


def _blockers(session: Session, team_id: int, figures: sprints.SprintFigures) -> tuple[BlockerLine, ...]:
    """Those that stood at some instant of the sprint, oldest first."""
    query = (
        select(BlockerRow)
        .where(
            BlockerRow.team_id == team_id,
            BlockerRow.since <= figures.end,
            or_(BlockerRow.resolved_at.is_(None), BlockerRow.resolved_at > figures.start),
        )
        .order_by(BlockerRow.since, BlockerRow.id)
    )
    return tuple(waits.line(session, row) for row in session.scalars(query))
