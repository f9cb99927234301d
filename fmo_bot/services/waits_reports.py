"""Who waits on whom, and what it costs in time: asked for, made for the asker alone."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.ceremonies import ReportRow
from fmo_bot.db.parties import JointTeamRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import outbox
from fmo_bot.domain import facts
from fmo_bot.domain.blockers import Waits, waits
from fmo_bot.domain.forecast import REACH
from fmo_bot.domain.intervals import instant, ms
from fmo_bot.domain.messages import Message, Notice, OpenWait, WaitsReport
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Scope
from fmo_bot.domain.week_flow import Recorded, Setting, waited, weeks_before
from fmo_bot.errors import BoardUnavailable
from fmo_bot.services import asked_reports
from fmo_bot.services.bases import basis
from fmo_bot.services.counting import record_board
from fmo_bot.services.digests import EXCLUDED, STALE
from fmo_bot.services.parties import Parties
from fmo_bot.services.settings_of_figures import setting
from fmo_bot.services.sprints import NO_FIGURES, NOTHING_JOINT, BoardReader
from fmo_bot.services.team_boards import MIRRORS, Together, together
from fmo_bot.services.waits import NOBODYS

JOB = "waits_report"  # kind of inbox job, and of report
COUNTING = "Counting who waits on whom in {team}. It comes as a direct message, only to you."


class WaitsReports:
    """The blocker summaries of all joint teams."""

    def __init__(
        self,
        store: Store,
        parties: Parties,
        boards: BoardReader,
        *,
        token: Callable[[int], str] = secrets.token_urlsafe,
    ) -> None:
        """`token` makes opaque references."""
        self.store, self.parties, self.boards, self.token = store, parties, boards, token

    def ask(
        self, person: Person, *, channel: str | None = None, team_ref: str | None = None, key: str, at: datetime
    ) -> Notice:
        """Record the job that makes the summary; `key` names what was pressed or typed, the same twice is one.

        `channel` and `team_ref` as in `Parties.actor`, whose refusals it raises; also NotAllowed.
        """
        actor = self.parties.actor(person, channel=channel, team_ref=team_ref, at=at)
        asked_reports.record(self.store, actor, kind=JOB, ref=self.token(12), key=key, at=at)
        return Notice(text=COUNTING, values={"team": actor.team})

    def make(self, payload: Mapping[str, Any], at: datetime) -> None:
        """The job: count, and owe the summary to the asker. Safe to repeat; raises NotLinked where they have left."""
        ref = payload["ref"]
        with self.store.reading(SYSTEM) as session:
            actor = asked_reports.asker(session, payload)
        if actor is None:
            return
        with self.store.reading(Scope(team_id=actor.team_id)) as session:
            message = self._counted(session, actor, ref, at)
        with self.store.transaction(Scope(team_id=actor.team_id)) as session:
            self._owe(session, actor, ref, message, at)

    def _counted(self, session: Session, actor: Actor, ref: str, at: datetime) -> WaitsReport | Notice:
        team = session.get_one(JointTeamRow, actor.team_id)
        record, since = record_board(session, team.id), ms(at - REACH)
        try:
            found = together(session, team.id, self.boards, record, since=since, as_of=ms(at))
        except BoardUnavailable as error:
            return Notice(text=NO_FIGURES, values={"team": actor.team, "reason": str(error)})
        if found is None:
            return Notice(text=NOTHING_JOINT, values={"team": actor.team})
        where, recorded = setting(session, team, found, at)
        first = weeks_before(at, team.zone, 1)
        return WaitsReport(
            ref=ref,
            team=team.name,
            team_ref=team.ref,
            board=" + ".join(found.names),
            since=instant(first),
            as_of=at,
            zone=team.zone,
            open=_open(recorded, where),
            weeks=waited(found.work, recorded, where, since=first),
            companies=dict(where.companies),
            data_quality=_doubts(found),
            in_no_stage=found.in_no_stage,
            workflow_guessed=found.workflow_guessed,
            guessed_statuses=found.guesses,
            stale=found.unread > 0 or found.synced_at is None or at - found.synced_at > STALE,
            counted=found.projects,
            left_out=found.left_out,
            basis=basis(session, team.id, found.used, since=instant(first), as_of=at),
        )

    def _owe(self, session: Session, actor: Actor, ref: str, message: Message, at: datetime) -> None:
        outbox.owe(session, name=f"waits:{ref}", message=message, due=at, language=actor.language, person=actor.person)
        if isinstance(message, WaitsReport):
            value = values.message_to_json(message)
            session.add(
                ReportRow(team_id=actor.team_id, ref=ref, kind=JOB, made_at=at, value=value, asked_by=actor.member_id)
            )


def _doubts(found: Together) -> tuple[tuple[str, int], ...]:
    return (*facts.told(found.doubts), *found.quality, (MIRRORS, found.mirrors), (EXCLUDED, found.excluded))


def _open(recorded: Recorded, where: Setting) -> tuple[OpenWait, ...]:
    """Open blockers by direction, the longest wait first."""
    every = [*(each for held in recorded.by_issue.values() for each in held), *recorded.loose]
    return tuple(_direction(each, where) for each in waits(every, where.as_of))


def _direction(found: Waits, where: Setting) -> OpenWait:
    names, calendar = dict(where.companies) | NOBODYS, where.calendars.get(found.waited_on)
    since, as_of = ms(found.oldest_since), ms(where.as_of)
    return OpenWait(
        waiting=names[found.waiting],
        waited_on=names[found.waited_on],
        open=found.open,
        oldest_since=found.oldest_since,
        oldest_s=(as_of - since) / 1000,
        oldest_working_s=None if calendar is None else calendar.working_ms(since, as_of) / 1000,
    )
