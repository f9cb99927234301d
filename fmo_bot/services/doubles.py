"""What was sent twice in spite of everything: looked for at night, taken back where that is safe, and told."""

from collections.abc import Callable
from datetime import datetime
from time import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.parties import ChannelRow, JointTeamRow, MemberRow, ParticipationRow, SideRow, takes_part
from fmo_bot.db.store import Store
from fmo_bot.delivery import doubles, outbox
from fmo_bot.delivery.doubles import Conversation, Doubles
from fmo_bot.delivery.lanes import Paces
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import Scope
from fmo_bot.ports import Archive
from fmo_bot.services.governance import audit
from fmo_bot.services.parties import scrum_masters

IN_CHANNEL = (
    "FMO bot found something there twice in a channel of {team}: {found} too many, {removed} removed. "
    "A copy that somebody has answered or reacted to is left as it is."
)
TO_PERSON = (
    "FMO bot found something there twice in its direct messages to {whom} ({team}): {found} too many, {removed} "
    "removed. A copy that somebody has answered or reacted to is left as it is."
)
_NOBODYS = -1  # the side of somebody who has left the joint team


class NightWatch:
    """Looks through the conversations of all joint teams."""

    def __init__(self, store: Store, archive: Archive, *, paces: Paces, machine: Callable[[], float] = time) -> None:
        """`machine` is Unix time, by which Slack's limits are kept. Counts what this process has found and removed."""
        self.store, self.archive, self.paces, self.machine = store, archive, paces, machine
        self.found = self.removed = 0

    def look(self, at: datetime) -> None:
        """Look through some conversations where it is night; what is found there is taken back and told."""
        for each in doubles.look(self.store, self.archive, at=at, machine=self.machine, paces=self.paces):
            self.found, self.removed = self.found + each.found, self.removed + each.removed
            if each.team_id is not None:
                with self.store.transaction(Scope(team_id=each.team_id)) as session:
                    _tell(session, each, each.team_id, at)


def _tell(session: Session, doubles: Doubles, team_id: int, at: datetime) -> None:
    """One line to the scrum masters it concerns: of persons, and of internal channels, those of that side only."""
    told = {"found": doubles.found, "removed": doubles.removed}
    audit(session, at=at, action="doubles_found", team_id=team_id, detail=told)
    where = doubles.where
    member = _member(session, where)
    about = {"team": session.get_one(JointTeamRow, team_id).name} | ({"whom": member.name} if member else {})
    for master in _masters(session, team_id, _side_of(session, team_id, where)):
        outbox.owe(
            session,
            name=f"doubles:{team_id}:{where.place.workspace}:{where.place.channel}:{at.date()}:{master.id}",
            message=Notice(text=TO_PERSON if member else IN_CHANNEL, values=about | told),
            due=at,
            language=master.language,
            person=master.person,
        )


def _member(session: Session, where: Conversation) -> MemberRow | None:
    them = MemberRow.home_workspace == where.place.workspace, MemberRow.slack_user_id == where.person
    return session.scalar(select(MemberRow).where(*them)) if where.person else None


def _side_of(session: Session, team_id: int, where: Conversation) -> int | None:
    """The side whom alone it concerns; None for the joint channel, nobody's for somebody who has left."""
    if where.person is None:
        here = ChannelRow.slack_channel_id == where.place.channel, ChannelRow.kind == "internal"
        return session.scalar(select(ChannelRow.side_id).where(*here))
    member = _member(session, where)
    here = ParticipationRow.team_id == team_id, ParticipationRow.member_id == (member.id if member else None)
    return session.scalar(select(ParticipationRow.side_id).where(takes_part(), *here)) or _NOBODYS


def _masters(session: Session, team_id: int, side_id: int | None) -> list[MemberRow]:
    sides = session.scalars(select(SideRow.id).where(SideRow.team_id == team_id).order_by(SideRow.id)).all()
    concerned = [each for each in sides if side_id in (None, each)]
    return [master for each in concerned for master in scrum_masters(session, team_id, each)]
