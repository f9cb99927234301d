"""The weekly digest: composed from what was synced, posted in the joint channel."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.ceremonies import CeremonyRow, ReportRow
from fmo_bot.db.ledger import OccurrenceRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import occurrences, outbox
from fmo_bot.delivery.occurrences import Handler, Wanted
from fmo_bot.domain import digest_charts, digests, facts
from fmo_bot.domain.blockers import Blocker, waits
from fmo_bot.domain.calendars import instant_of
from fmo_bot.domain.charts import Chart
from fmo_bot.domain.flow import Aged
from fmo_bot.domain.forecast import REACH
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.messages import Digest, DigestDetail, Message, Notice, WaitsOn
from fmo_bot.domain.standups import Schedule
from fmo_bot.domain.week_flow import week_flow
from fmo_bot.errors import BoardUnavailable
from fmo_bot.services import waits as ledger
from fmo_bot.services.ageing import ageing_item, name_in
from fmo_bot.services.bases import basis
from fmo_bot.services.board_facts import Id
from fmo_bot.services.counting import record_board
from fmo_bot.services.governance import narrow
from fmo_bot.services.parties import scrum_masters
from fmo_bot.services.rounds import joint_place
from fmo_bot.services.settings_of_figures import setting
from fmo_bot.services.sprints import BoardReader
from fmo_bot.services.team_boards import MIRRORS, Together, together

DIGEST = "digest"  # kind of ceremony, of occurrence and of report
SHOWN = 10  # ageing issues in one digest, which is one screen
STALE = timedelta(days=1)
NO_DIGEST = "The digest {ceremony} of {team} was not posted: {reason} The next one comes on its day."
NOTHING_JOINT = "No Jira project on the board is joint yet: its owner proposes it, every side accepts."
TOO_LATE = "FMO bot could not run in time."
EXCLUDED = "excluded"  # in data quality: incidents that count in no figure of flow
_DAY = timedelta(days=1)


class Digests:
    """The digests of all joint teams."""

    def __init__(
        self, store: Store, boards: BoardReader, *, token: Callable[[int], str] = secrets.token_urlsafe
    ) -> None:
        """`token` makes opaque references."""
        self.store, self.boards, self.token = store, boards, token

    def wanted(self, session: Session, at: datetime, until: datetime) -> list[Wanted]:
        """Every digest due until `until`, and those overdue that may still be posted."""
        query = select(CeremonyRow).where(CeremonyRow.kind == DIGEST, CeremonyRow.active)
        return [one for ceremony in session.scalars(query) for one in _wanted(ceremony, at, until)]

    def compose(self, session: Session, occurrence: OccurrenceRow, at: datetime) -> Handler:
        """What is to be done about one digest, found out by reading: owe it to the joint channel.

        Where it cannot be made the scrum masters are told why.
        """
        ceremony = _held_in(session, occurrence)
        if at > occurrence.due + timedelta(minutes=ceremony.late_ok_minutes):
            return partial(self._miss, reason=TOO_LATE)
        try:
            found = _together(session, self.boards, ceremony, occurrence.due)
        except BoardUnavailable as error:
            return partial(self._miss, reason=str(error))
        if found is None:
            return partial(self._miss, reason=NOTHING_JOINT)
        digest, charts = _digest(session, ceremony, found, occurrence.due, ref=self.token(12))
        return partial(self._owe, digest=digest, charts=charts)

    def _owe(
        self,
        session: Session,
        occurrence: OccurrenceRow,
        at: datetime,
        *,
        digest: Digest,
        charts: Sequence[Chart],
    ) -> None:
        ceremony = _held_in(session, occurrence)
        name = f"digest:{ceremony.id}:{occurrence.local_date}:{occurrence.ordinal}"
        place, useful_until = (
            joint_place(session, ceremony.team_id),
            occurrence.due + timedelta(minutes=ceremony.late_ok_minutes),
        )
        new = outbox.owe(
            session,
            name=name,
            message=digest,
            due=occurrence.due,
            language=ceremony.team.language,
            place=place,
            useful_until=useful_until,
        )
        if new:
            parts: dict[str, Message] = {"detail": DigestDetail(digest=digest)}
            parts |= {f"chart:{number}": chart for number, chart in enumerate(charts, 1)}
            for part, message in parts.items():
                outbox.owe(
                    session,
                    name=f"{part}:{name}",
                    message=message,
                    due=occurrence.due,
                    language=ceremony.team.language,
                    place=place,
                    thread_of=name,
                )
            value = values.message_to_json(digest)
            team = ceremony.team_id
            session.add(ReportRow(team_id=team, ref=digest.ref, kind=DIGEST, made_at=at, value=value, shared_at=at))

    def _miss(self, session: Session, occurrence: OccurrenceRow, at: datetime, *, reason: str) -> None:
        ceremony = _held_in(session, occurrence)
        occurrence.state, occurrence.told_at = occurrences.MISSED, at
        told = {"ceremony": ceremony.name, "team": ceremony.team.name, "reason": reason}
        masters = [each for side in ceremony.team.sides for each in scrum_masters(session, ceremony.team_id, side.id)]
        for master in masters:
            outbox.owe(
                session,
                name=f"missed:occurrence:{occurrence.id}:{master.id}",
                message=Notice(text=NO_DIGEST, values=told),
                due=at,
                language=master.language,
                person=master.person,
            )


def _held_in(session: Session, occurrence: OccurrenceRow) -> CeremonyRow:
    """The digest's ceremony; from now on this transaction works for its joint team."""
    ceremony = session.get_one(CeremonyRow, occurrence.ceremony_id)
    narrow(session, ceremony.team_id)
    return ceremony


def _wanted(ceremony: CeremonyRow, at: datetime, until: datetime) -> Iterable[Wanted]:
    where = f"ceremony {ceremony.id}"
    schedule = Schedule.parse(days=ceremony.days, at=ceremony.at, where=where)
    oldest = at - timedelta(minutes=ceremony.late_ok_minutes)
    day, last = oldest.date() - _DAY, until.date() + _DAY
    while day <= last:
        due = instant_of(day, schedule.at, ceremony.zone or ceremony.team.zone)
        if day.weekday() in schedule.days and oldest < due <= until:
            yield Wanted(ceremony_id=ceremony.id, kind=DIGEST, subject="all", local_date=day, due=due)
        day += _DAY


def _board_of(session: Session, ceremony: CeremonyRow) -> int:
    if ceremony.board_id is not None:
        return ceremony.board_id
    return record_board(session, ceremony.team_id)


def _together(session: Session, boards: BoardReader, ceremony: CeremonyRow, as_of: datetime) -> Together | None:
    since = min(digests.compared_since(as_of, ceremony.team.zone), ms(as_of - REACH))
    return together(session, ceremony.team_id, boards, _board_of(session, ceremony), since=since, as_of=ms(as_of))


def _digest(
    session: Session, ceremony: CeremonyRow, found: Together, as_of: datetime, *, ref: str
) -> tuple[Digest, tuple[Chart, ...]]:
    """The digest, and the charts of its thread."""
    team = ceremony.team
    where, recorded = setting(session, team, found, as_of)
    figures = digests.figures(found.timelines, zone=team.zone, as_of=as_of)
    ageing = figures.ageing[:SHOWN]
    names = found.called([_id(aged) for aged in ageing])
    digest = Digest(
        team=team.name,
        team_ref=team.ref,
        board=" + ".join(found.names),
        since=figures.since,
        until=figures.until,
        zone=team.zone,
        finished=figures.finished,
        finished_before=figures.finished_before,
        cycle_time=figures.cycle_time,
        cycle_time_before=figures.cycle_time_before,
        wip=figures.wip,
        ageing=tuple(ageing_item(aged, names[_id(aged)].summary) for aged in ageing),
        waits=_waits(session, team.id, as_of),
        data_quality=(*facts.told(found.doubts), *found.quality, (MIRRORS, found.mirrors), (EXCLUDED, found.excluded)),
        in_no_stage=found.in_no_stage,
        workflow_guessed=found.workflow_guessed,
        guessed_statuses=found.guesses,
        stale=found.unread > 0 or found.synced_at is None or as_of - found.synced_at > STALE,
        counted=found.projects,
        left_out=found.left_out,
        ref=ref,
        basis=basis(session, team.id, found.used, since=figures.since, as_of=as_of),
        flow=week_flow(found.work, recorded, where),
    )
    return digest, digest_charts.charts(digest.board, found.work, recorded, where, counted=found.projects, name=name_in)


def _id(aged: Aged) -> Id:
    return aged.timeline.life.site, aged.timeline.life.id


def _waits(session: Session, team_id: int, as_of: datetime) -> tuple[WaitsOn, ...]:
    """Blockers open now by direction, companies by name."""
    names = ledger.companies(session, team_id) | ledger.NOBODYS
    found = [
        Blocker(waiting=names[row.waiting_side], waited_on=names[row.waited_side], since=row.since)
        for row in ledger.open_rows(session, team_id)
    ]
    return tuple(
        WaitsOn(waiting=each.waiting, waited_on=each.waited_on, open=each.open, oldest_since=each.oldest_since)
        for each in waits(found, as_of)
    )
