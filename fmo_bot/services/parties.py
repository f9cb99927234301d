"""Who is behind a click: a person of Slack as a member of one joint team; and what App Home shows them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, object_session

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.parties import ChannelRow, JointTeamRow, MemberRow, ParticipationRow, SideRow, takes_part
from fmo_bot.db.store import Store
from fmo_bot.domain.messages import Home, Prompt
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Role, Scope
from fmo_bot.errors import NotAMember, NotFound, NotLinked, Refusal, SeveralTeams, TakesPartNoMore
from fmo_bot.services import rounds, waits
from fmo_bot.services.governance import Action, allowed, may

ASKED_ROLES = (Role.PARTICIPANT, Role.SCRUM_MASTER)


class Parties:
    """Finding out who acts, and where."""

    def __init__(self, store: Store) -> None:
        """`store`: the database."""
        self.store = store

    def actor(self, person: Person, *, channel: str | None = None, team_ref: str | None = None, at: datetime) -> Actor:
        """The person as they stand in the joint team that is meant.

        That is the one of `team_ref`; else the one whose channel `channel` (a Slack channel id) is; else their only
        one. Raises NotAMember, NotLinked, NotFound (a ref that is not theirs) or SeveralTeams.
        """
        with self.store.reading(SYSTEM) as session:
            member = _member(session, person)
            if team_ref is not None:
                team = session.scalar(select(JointTeamRow.id).where(JointTeamRow.ref == team_ref))
                return actor_in(session, person, team)
            return _actor(_meant(_participations(session, member), _team_of_channel(session, channel)))

    def actor_named(self, person: Person, team: str, at: datetime) -> Actor:
        """The person in the joint team of that name. Raises NotFound, also where they are not in it; NotAMember."""
        with self.store.reading(SYSTEM) as session:
            ref = session.scalar(select(JointTeamRow.ref).where(JointTeamRow.name == team))
        return self.actor(person, team_ref=ref or "", at=at)

    def home(self, person: Person, at: datetime) -> Home:
        """App Home: the rounds that are open to this member now, and the open blockers of their joint teams.

        Raises NotAMember, or NotLinked where they are in no joint team.
        """
        with self.store.reading(SYSTEM) as session:
            member = _member(session, person)
            actors = [_actor(each) for each in _participations(session, member)]
        if not actors:
            raise NotLinked
        parts = [self._home_of(actor, at) for actor in actors]
        return Home(
            name=member.name,
            prompts=tuple(prompt for part in parts for prompt in part.prompts),
            teams=tuple(team for part in parts for team in part.teams),
            blockers=tuple(line for part in parts for line in part.blockers),
            host=", ".join(dict.fromkeys(part.host for part in parts)),
            unread=tuple(line for part in parts for line in part.unread),
            checks=tuple(ref for part in parts for ref in part.checks),
        )

    def next_prompt(self, person: Person, *, channel: str | None, at: datetime) -> Prompt | None:
        """The prompt this member would answer next: an open one before an answered one, then the newest.

        In the channel of one of their joint teams that team's only. Refusals as in `home`.
        """
        with self.store.reading(SYSTEM) as session:
            theirs = _participations(session, _member(session, person))
            team = _team_of_channel(session, channel)
            actors = [_actor(each) for each in theirs if each.team_id == team] or [_actor(each) for each in theirs]
        if not actors:
            raise NotLinked
        prompts = [prompt for actor in actors for prompt in self._home_of(actor, at).prompts]
        return max(prompts, key=lambda each: (each.state == "open", each.deadline), default=None)

    def _home_of(self, actor: Actor, at: datetime) -> Home:
        scope = Scope(team_id=actor.team_id)
        may(actor, Action.READ, scope)
        with self.store.reading(scope) as session:
            team = session.get_one(JointTeamRow, actor.team_id)
            return Home(
                name=actor.name,
                prompts=rounds.prompts_open_to(session, actor, at),
                teams=((team.name, team.ref),),
                blockers=waits.open_lines(session, team.id),
                host=team.host.name,
                unread=_unread(session, team),
                checks=(team.ref,) if Action.CHECK in allowed(actor) else (),
            )


def actor_in(session: Session, person: Person, team_id: int | None) -> Actor:
    """The person in one joint team; `NotFound` where there is no such team or they are not in it, said the same way."""
    row = session.scalar(
        select(ParticipationRow)
        .join(MemberRow, ParticipationRow.member_id == MemberRow.id)
        .where(
            takes_part(),
            ParticipationRow.team_id == team_id,
            MemberRow.home_workspace == person.workspace,
            MemberRow.slack_user_id == person.user,
        )
    )
    if row is None:
        raise _none_now(session, person, team_id)
    return _actor(row)


def _none_now(session: Session, person: Person, team_id: int | None) -> Refusal:
    """Why they are not in a joint team: they were, or nothing more is said."""
    was = (
        select(JointTeamRow.name)
        .join(ParticipationRow, ParticipationRow.team_id == JointTeamRow.id)
        .join(MemberRow, MemberRow.id == ParticipationRow.member_id)
        .where(JointTeamRow.id == team_id, MemberRow.home_workspace == person.workspace)
    )
    name = session.scalars(was.where(MemberRow.slack_user_id == person.user)).first()
    return NotFound() if name is None else TakesPartNoMore(team=name)


def roster(session: Session, team_id: int) -> list[ParticipationRow]:
    """Everybody a stand-up asks, in the order of sides; nobody whose side is not confirmed, or has not accepted."""
    query = (
        select(ParticipationRow)
        .join(SideRow, SideRow.id == ParticipationRow.side_id)
        .where(takes_part(), ParticipationRow.team_id == team_id, ParticipationRow.role.in_(ASKED_ROLES))
        .where(SideRow.accepted_at.is_not(None))
        .options(joinedload(ParticipationRow.member), joinedload(ParticipationRow.side))
        .order_by(ParticipationRow.side_id, ParticipationRow.id)
    )
    return list(session.scalars(query))


def scrum_masters(session: Session, team_id: int, side_id: int) -> list[MemberRow]:
    """The scrum masters of one side."""
    query = select(ParticipationRow).where(
        takes_part(),
        ParticipationRow.team_id == team_id,
        ParticipationRow.side_id == side_id,
        ParticipationRow.role == Role.SCRUM_MASTER,
    )
    return [row.member for row in session.scalars(query.order_by(ParticipationRow.id))]


def admins_of(session: Session, organisation_id: int) -> list[MemberRow]:
    """Who speaks for a company."""
    query = select(MemberRow).join(AdminRow, AdminRow.member_id == MemberRow.id)
    return list(session.scalars(query.where(MemberRow.organisation_id == organisation_id).order_by(MemberRow.id)))


def spokespeople(session: Session, side: SideRow) -> list[MemberRow]:
    """Who hears what concerns a side: its scrum masters; where it has none, the admins of its company."""
    return scrum_masters(session, side.team_id, side.id) or admins_of(session, side.organisation_id)


def _unread(session: Session, team: JointTeamRow) -> tuple[tuple[str, datetime], ...]:
    """Since when a board of the team is on a Jira site that is left alone. Its name, and why, are its owner's."""
    here = select(JiraSiteRow.paused_since).join(BoardRow, BoardRow.site_id == JiraSiteRow.id)
    since = session.scalars(here.where(BoardRow.team_id == team.id, JiraSiteRow.paused_since.is_not(None))).all()
    return tuple((team.name, each) for each in since if each is not None)


def _member(session: Session, person: Person) -> MemberRow:
    query = select(MemberRow).where(
        MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user
    )
    if (member := session.scalar(query)) is None:
        raise NotAMember
    return member


def _participations(session: Session, member: MemberRow) -> Sequence[ParticipationRow]:
    query = select(ParticipationRow).where(takes_part(), ParticipationRow.member_id == member.id)
    return session.scalars(query.order_by(ParticipationRow.team_id)).all()


def _team_of_channel(session: Session, channel: str | None) -> int | None:
    """The joint team whose channel this is; a shared channel has one id in every workspace that sees it."""
    return session.scalar(select(ChannelRow.team_id).where(ChannelRow.slack_channel_id == channel)) if channel else None


def _meant(rows: Sequence[ParticipationRow], team_id: int | None) -> ParticipationRow:
    """The participation in the team a channel names (one of another joint team is as good as none), or the only one."""
    theirs = [row for row in rows if team_id is None or row.team_id == team_id]
    if not theirs:
        raise NotLinked
    if len(theirs) > 1:
        raise SeveralTeams(teams=", ".join(row.team.name for row in theirs))
    return theirs[0]


def _actor(row: ParticipationRow) -> Actor:
    member = row.member
    return Actor(
        member_id=member.id,
        person=member.person,
        name=member.name,
        language=member.language,
        organisation_id=row.side.organisation_id if row.side else 0,  # where they are from says nothing yet
        team_id=row.team_id,
        team=row.team.name,
        side=row.side.name if row.side else "",
        role=row.role,
        is_admin=_speaks(row),
    )


def _speaks(row: ParticipationRow) -> bool:
    """Whether they are an admin of the company whose side they take part for."""
    session = object_session(row)
    assert session is not None
    theirs = row.side is not None and row.side.organisation_id == row.member.organisation_id
    return theirs and session.get(AdminRow, row.member_id) is not None
