"""Companies in the joint channel that are no side of the joint team: both sides make them a partner, or they leave.

Until then nothing is posted there. Scrum masters of vendor and operator each say so for their own side; nobody can for
the other. A partner has accepted nothing: until an admin of it does nobody of it is asked (see
services.accepting), and nothing of Jira is joint with it (see domain.ownership).
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fmo_bot.db.channels import PartnerWordRow, StrangerRow
from fmo_bot.db.parties import ChannelRow, JointTeamRow, MemberRow, OrganisationRow, SideRow, WorkspaceRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import outbox
from fmo_bot.domain.channels import JOINT
from fmo_bot.domain.messages import Notice, StrangerInChannel
from fmo_bot.domain.parties import OPERATOR, SYSTEM, VENDOR, Actor, Person, Scope
from fmo_bot.errors import Refusal
from fmo_bot.services import accepting
from fmo_bot.services.governance import Action, audit, may
from fmo_bot.services.parties import actor_in, scrum_masters

BOTH = (VENDOR, OPERATOR)
PARTNER, LEFT = "partner", "left"
NOTED = "Noted for {company}: {name} is to be a partner. {missing} has yet to say the same."
ADMITTED = "{name} is a partner of {team} now. FMO bot looks at the channel, and then goes on posting there."
_UNFIT = re.compile(r"[^\w .&-]")


class Settled(Refusal):
    """That is settled already: the company has left the channel, or is a partner."""


class NotForYourSide(Refusal):
    """Whether a company becomes a partner is for scrum masters of {companies} to say."""


class Strangers:
    """Taking the word of scrum masters."""

    def __init__(self, store: Store) -> None:
        """`store`: the database."""
        self.store = store

    def admit(self, person: Person, ref: str, at: datetime) -> Notice:
        """A scrum master says for their side that the company is a partner. Raises NotFound, NotAllowed, Settled."""
        actor = self._actor(person, ref)
        scope = Scope(team_id=actor.team_id)
        may(actor, Action.ADMIT_PARTNER, scope)
        with self.store.transaction(scope) as session:
            row = session.scalars(select(StrangerRow).where(StrangerRow.ref == ref).with_for_update()).one()
            if row.left_at is not None or row.side_id is not None:
                raise Settled
            sides = _both(session, actor.team_id)
            mine = next((side for side in sides if side.name == actor.side), None)
            if mine is None:
                raise NotForYourSide(companies=", ".join(side.organisation.name for side in sides))
            _say(session, row, mine, actor, at)
            missing = _missing(session, row)
            if not missing:
                _make_partner(session, row, actor, at)
            _tell_all(session, row, at)
            values = {"name": row.name, "company": mine.organisation.name, "team": actor.team}
            return Notice(text=NOTED if missing else ADMITTED, values={**values, "missing": ", ".join(missing)})

    def _actor(self, person: Person, ref: str) -> Actor:
        with self.store.reading(SYSTEM) as session:
            return actor_in(session, person, session.scalar(select(StrangerRow.team_id).where(StrangerRow.ref == ref)))


def follow(session: Session, channel: ChannelRow, names: Mapping[str, str], at: datetime) -> None:
    """Put new strangers to both sides, and settle those that have left. `names`: of connected ones, by workspace."""
    rows = session.scalars(select(StrangerRow).where(StrangerRow.team_id == channel.team_id)).all()
    known = {row.slack_team_id: row for row in rows}
    for row in rows:
        if row.left_at is None and row.side_id is None and row.slack_team_id not in names:
            row.left_at = at
            session.execute(delete(PartnerWordRow).where(PartnerWordRow.stranger_id == row.id))
            _tell_all(session, row, at)
    for workspace, name in names.items():
        if workspace in known and known[workspace].left_at is None:
            continue
        row = known.get(workspace) or _new(session, channel.team_id, workspace, name, at)
        row.name, row.since, row.left_at = name, at, None
        session.flush()
        audit(session, at=at, action="stranger_seen", team_id=channel.team_id, detail={"stranger": row.id})
        _tell_all(session, row, at)


def _new(session: Session, team_id: int, workspace: str, name: str, at: datetime) -> StrangerRow:
    row = StrangerRow(team_id=team_id, slack_team_id=workspace, name=name, ref=secrets.token_urlsafe(12), since=at)
    session.add(row)
    return row


def side_of(session: Session, side_id: int) -> SideRow:
    """A side."""
    return session.get_one(SideRow, side_id)


def _both(session: Session, team_id: int) -> Sequence[SideRow]:
    query = select(SideRow).where(SideRow.team_id == team_id, SideRow.name.in_(BOTH))
    return session.scalars(query.order_by(SideRow.id)).all()


def _say(session: Session, row: StrangerRow, side: SideRow, actor: Actor, at: datetime) -> None:
    if session.get(PartnerWordRow, {"stranger_id": row.id, "side_id": side.id}) is None:
        session.add(PartnerWordRow(stranger_id=row.id, side_id=side.id, said_at=at, said_by=actor.member_id))
        session.flush()
    detail = {"stranger": row.id, "side": side.name}
    audit(session, at=at, action="partner_said", team_id=actor.team_id, member_id=actor.member_id, detail=detail)


def _said(session: Session, row: StrangerRow) -> set[int]:
    return set(session.scalars(select(PartnerWordRow.side_id).where(PartnerWordRow.stranger_id == row.id)))


def _missing(session: Session, row: StrangerRow) -> list[str]:
    said = _said(session, row)
    return [side.organisation.name for side in _both(session, row.team_id) if side.id not in said]


def _make_partner(session: Session, row: StrangerRow, actor: Actor, at: datetime) -> None:
    """It gets a side, in the joint team's zone until somebody of it says otherwise; then the channel is looked at."""
    team = session.get_one(JointTeamRow, row.team_id)
    company = _company(session, row)
    side = SideRow(
        team_id=team.id, name=_side_name(session, row), organisation_id=company.id, calendar={"zone": team.zone}
    )
    session.add(side)
    session.flush()
    row.side_id = side.id
    mine = next(each for each in _both(session, team.id) if each.name == actor.side)
    accepting.propose(session, team, mine.organisation.name, at)
    joint = select(ChannelRow).where(ChannelRow.team_id == team.id, ChannelRow.kind == JOINT)
    for channel in session.scalars(joint.with_for_update()):
        channel.doubts, channel.look_after = channel.doubts + 1, 0.0
    detail = {"stranger": row.id, "side": side.name}
    audit(session, at=at, action="partner_admitted", team_id=team.id, member_id=actor.member_id, detail=detail)


def _company(session: Session, row: StrangerRow) -> OrganisationRow:
    """The company whose workspace it is known to be; else a new one: anybody can call a workspace by any name."""
    owner = select(WorkspaceRow.organisation_id).where(WorkspaceRow.slack_team_id == row.slack_team_id)
    earlier = select(SideRow.organisation_id).join(StrangerRow, StrangerRow.side_id == SideRow.id)
    known = session.scalar(owner) or session.scalar(earlier.where(StrangerRow.slack_team_id == row.slack_team_id))
    if known is not None:
        return session.get_one(OrganisationRow, known)
    taken = session.scalar(select(OrganisationRow.id).where(OrganisationRow.name == row.name)) is not None
    company = OrganisationRow(name=f"{row.name} ({row.slack_team_id})" if taken else row.name)
    session.add(company)
    session.flush()
    return company


def _side_name(session: Session, row: StrangerRow) -> str:
    name = f"partner:{_UNFIT.sub(' ', row.name).strip()[:40] or row.slack_team_id}"
    here = select(SideRow.id).where(SideRow.team_id == row.team_id, SideRow.name == name)
    return name if session.scalar(here) is None else f"{name} {row.slack_team_id}"


def _tell_all(session: Session, row: StrangerRow, at: datetime) -> None:
    """Owe the question to each scrum master of both sides, as it stands now."""
    session.flush()
    message, masters = _message(session, row), _masters(session, row.team_id)
    named = {f"stranger:{row.id}:{row.since.timestamp()}:{master.id}": master for master in masters}
    outbox.hold(session, named)
    for name, master in named.items():
        if outbox.is_owed(session, name):
            outbox.owe_update(session, name=name, message=message, due=at, language=master.language)
        else:
            outbox.owe(session, name=name, message=message, due=at, language=master.language, person=master.person)


def _masters(session: Session, team_id: int) -> list[MemberRow]:
    return [master for side in _both(session, team_id) for master in scrum_masters(session, team_id, side.id)]


def _message(session: Session, row: StrangerRow) -> StrangerInChannel:
    channels = select(ChannelRow.name).where(ChannelRow.team_id == row.team_id, ChannelRow.kind == JOINT)
    said = _said(session, row)
    both = _both(session, row.team_id)
    return StrangerInChannel(
        ref=row.ref,
        team=session.get_one(JointTeamRow, row.team_id).name,
        channel=session.scalars(channels).first() or "",
        company=row.name,
        agreed=tuple(side.organisation.name for side in both if side.id in said),
        missing=tuple(side.organisation.name for side in both if side.id not in said),
        came_to=PARTNER if row.side_id is not None else LEFT if row.left_at is not None else "",
    )
