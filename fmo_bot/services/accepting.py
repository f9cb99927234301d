"""Whether a side has accepted to be in a joint team: before that nobody of it is asked, nothing of its Jira is read.

A joint team is proposed by one company, or set up by the host for all of them from a file. Each other side accepts for
itself, by one of its company's admins; nobody does it in their place.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session, aliased

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.ceremonies import CeremonyRow
from fmo_bot.db.parties import JointTeamRow, MemberRow, SideRow
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import Person, Scope
from fmo_bot.errors import NotFound, Refusal
from fmo_bot.services import ownership, proposals
from fmo_bot.services.agreeing import sides_of, speaker, team_called
from fmo_bot.services.governance import Action, audit
from fmo_bot.services.proposals import Told

NOT_YET = "{company} has not accepted yet to be in {team}; until an admin of it does, nothing of its Jira is read."
_PROPOSED = (
    "{company} proposes the joint team {team}: {sides}. Board: {board}. Ceremonies: {ceremonies}. The server is run by "
    "{host}. Until {asked} accepts, nobody of {asked} is asked anything, and nothing of its Jira is read."
)


class OnlyTheirAdmin(Refusal):
    """Only an admin of {company} accepts for {company}. Its first admin is whoever installs the app in its Slack."""


def board_may_be_read() -> ColumnElement[bool]:
    """Of a board's row: who owns its Jira site has accepted to be in its joint team, or has no side there."""
    site, side = aliased(JiraSiteRow), aliased(SideRow)
    owner = and_(site.id == BoardRow.site_id, side.organisation_id == site.organisation_id)
    waits = side.team_id == BoardRow.team_id, side.accepted_at.is_(None)
    return ~exists().where(owner, *waits)


def whose_word_is_missing(session: Session, board: BoardRow) -> SideRow | None:
    """The side that has to accept before a board of its Jira may be read."""
    owner = session.get_one(JiraSiteRow, board.site_id).organisation_id
    sides = sides_of(session, board.team_id)
    return next((each for each in sides if each.organisation_id == owner and each.accepted_at is None), None)


def propose(session: Session, team: JointTeamRow, company: str, at: datetime) -> tuple[str, ...]:
    """The company's own side accepts, and every other one that has not is asked; the companies that are.

    Set up again, a team is not proposed anew to whoever has the proposal already.
    """
    sides = sides_of(session, team.id)
    own = [each for each in sides if each.organisation.name == company]
    for side in own:
        if side.accepted_at is None:
            accept(session, side, at, member_id=None)
    asked = [each for each in sides if each.accepted_at is None]
    for side in asked:
        if not proposals.is_open(session, kind=proposals.SET_UP, number=side.id):
            proposals.opened(
                session,
                kind=proposals.SET_UP,
                number=side.id,
                team=team,
                side=own[0] if own else None,
                asked=[side],
                told=_told(session, team, side, sides),
                at=at,
                admins_only=True,
            )
    return tuple(each.organisation.name for each in asked)


def agree(session: Session, side: SideRow, at: datetime, *, member_id: int) -> None:
    """The side is in it by the word of an admin of its company; a second time changes nothing."""
    if side.accepted_at is None:
        accept(session, side, at, member_id=member_id)
        ownership.put_to(session, side, at)
    proposals.settled(session, kind=proposals.SET_UP, number=side.id, state=proposals.ACCEPTED, sides={side.id}, at=at)


def retold(session: Session, team: JointTeamRow, at: datetime) -> None:
    """More is known of what is proposed, such as the board's name."""
    sides = sides_of(session, team.id)
    for side in sides:
        told = _told(session, team, side, sides)
        proposals.retold(session, kind=proposals.SET_UP, number=side.id, told=told, at=at)


def accept(session: Session, side: SideRow, at: datetime, *, member_id: int | None) -> None:
    """From now on the side is in it; `member_id` None: the host's file says so, or it is the side that proposes."""
    side.accepted_at, side.accepted_by = at, member_id
    audit(session, at=at, action="side_accepted", team_id=side.team_id, member_id=member_id, detail={"side": side.name})
    session.flush()


class SetUps:
    """Accepting and declining a joint team for a side (the number of a proposal is the side's)."""

    def __init__(self, store: Store) -> None:
        """`store`: the database."""
        self.store = store

    def confirm(self, person: Person, team: str, number: int, at: datetime) -> None:
        """An admin of the side's company accepts. Raises NotFound, OnlyTheirAdmin."""
        with self.store.transaction(Scope(team_id=team_called(self.store, team))) as session:
            side = _side(session, team, number)
            if (admin := admin_of(session, person, side)) is None:
                raise OnlyTheirAdmin(company=side.organisation.name)
            agree(session, side, at, member_id=admin.id)

    def withdraw(self, person: Person, team: str, number: int, at: datetime) -> None:
        """An admin of the side declines, or who proposed it takes it back. Raises NotFound, OnlyTheirAdmin."""
        with self.store.transaction(Scope(team_id=team_called(self.store, team))) as session:
            side = _side(session, team, number)
            admin, them = admin_of(session, person, side), speaker(session, person, side.team_id, Action.PROPOSE_TEAM)
            if admin is None and (them is None or not them[1] or side.id in them[1]):
                raise OnlyTheirAdmin(company=side.organisation.name)
            state = proposals.DECLINED if admin is not None else proposals.WITHDRAWN
            who = admin.id if admin is not None else them[0].id if them is not None else None
            detail = {"side": side.name, "state": state}
            audit(session, at=at, action="side_declined", team_id=side.team_id, member_id=who, detail=detail)
            proposals.settled(session, kind=proposals.SET_UP, number=side.id, state=state, sides={side.id}, at=at)


# --- rows ---------------------------------------------------------------------------------------------------------


def _side(session: Session, team: str, number: int) -> SideRow:
    query = select(SideRow).join(JointTeamRow, JointTeamRow.id == SideRow.team_id)
    row = session.scalar(query.where(SideRow.id == number, JointTeamRow.name == team).with_for_update())
    if row is None:
        raise NotFound
    return row


def admin_of(session: Session, person: Person, side: SideRow) -> MemberRow | None:
    """The person as an admin of the side's company."""
    query = select(MemberRow).join(AdminRow, AdminRow.member_id == MemberRow.id)
    them = MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user
    return session.scalar(query.where(*them, MemberRow.organisation_id == side.organisation_id))


def _told(session: Session, team: JointTeamRow, side: SideRow, sides: Sequence[SideRow]) -> Told:
    """What is proposed, as whoever accepts has to know it."""
    boards = session.scalars(select(BoardRow).where(BoardRow.team_id == team.id).order_by(BoardRow.id)).all()
    held = select(CeremonyRow).where(CeremonyRow.team_id == team.id, CeremonyRow.active).order_by(CeremonyRow.id)
    named = (f"{each.name} {' '.join(each.days)} {each.at}" for each in session.scalars(held))
    values: Mapping[str, str] = {
        "team": team.name,
        "sides": ", ".join(f"{each.organisation.name} ({each.name})" for each in sides),
        "board": ", ".join(_board(session, each) for each in boards),
        "ceremonies": "; ".join(named) or "-",
        "host": team.host.name,
        "asked": side.organisation.name,
    }
    return Told(text=_PROPOSED, values=values)


def _board(session: Session, board: BoardRow) -> str:
    return board.name or f"{session.get_one(JiraSiteRow, board.site_id).key} {board.jira_board_id}"
