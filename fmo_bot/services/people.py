"""What becomes known of people through Slack: they left the joint channel, their account was deactivated."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.parties import ChannelRow, MemberRow, ParticipationRow, takes_part
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM, Person, Scope
from fmo_bot.services import leaving, person_questions
from fmo_bot.services.governance import audit
from fmo_bot.services.leaving import Why

JOINED, LEFT, CHANGED = "member_joined", "member_left", "member_changed"  # kinds of jobs


class People:
    """Who comes and goes, in all joint teams."""

    def __init__(self, store: Store) -> None:
        """`store`: the database."""
        self._store = store

    def knows(self, person: Person) -> bool:
        """Whether this is somebody of ours."""
        with self._store.reading(SYSTEM) as session:
            return _member(session, person) is not None

    def left(self, person: Person, channel: str, at: datetime) -> None:
        """Somebody left a channel; where that is a joint channel of theirs, they take part there no longer."""
        with self._store.reading(SYSTEM) as session:
            joint = select(ChannelRow.team_id).where(ChannelRow.slack_channel_id == channel, ChannelRow.kind == "joint")
            team_id = session.scalar(joint)
        if team_id is not None:
            self._end(person, Why.LEFT, at, only=team_id)
            with self._store.transaction(Scope(team_id=team_id)) as session:
                person_questions.left(session, team_id, person, at)

    def changed(self, person: Person, told: Mapping[str, Any], at: datetime) -> None:
        """Slack says something new of somebody; `told["deleted"]`: their account was deactivated."""
        if told.get("deleted"):
            self._end(person, Why.DEACTIVATED, at)
            self._speaks_no_longer(person, at)

    def _end(self, person: Person, why: Why, at: datetime, *, only: int | None = None) -> None:
        """Every participation of theirs, or the one in a joint team; each in a transaction of its own."""
        with self._store.reading(SYSTEM) as session:
            teams = [part.team_id for part in _parts(session, person)]
        for team_id in teams:
            if only not in (None, team_id):
                continue
            with self._store.transaction(Scope(team_id=team_id)) as session:
                for part in [each for each in _parts(session, person) if each.team_id == team_id]:
                    leaving.leave(session, part, why, at)

    def _speaks_no_longer(self, person: Person, at: datetime) -> None:
        with self._store.transaction(SYSTEM) as session:
            member = _member(session, person)
            if member is None or session.get(AdminRow, member.id) is None:
                return
            session.execute(delete(AdminRow).where(AdminRow.member_id == member.id))
            audit(session, at=at, action="admin_ended", team_id=None, detail={"who": member.id})


def _member(session: Session, person: Person) -> MemberRow | None:
    them = MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user
    return session.scalar(select(MemberRow).where(*them))


def _parts(session: Session, person: Person) -> list[ParticipationRow]:
    member = _member(session, person)
    if member is None:
        return []
    query = select(ParticipationRow).where(takes_part(), ParticipationRow.member_id == member.id)
    return list(session.scalars(query.order_by(ParticipationRow.team_id)))
