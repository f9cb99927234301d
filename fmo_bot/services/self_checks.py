"""The self-check of a joint team in Slack: asked for, and once a week for its scrum masters where something is wrong.

Of each person their own company's Slack is asked, and only their own side's scrum masters read what is wrong with them.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from fmo_bot.db.accounts import JiraAccountRow
from fmo_bot.db.boards import BoardRow
from fmo_bot.db.parties import ChannelRow, JointTeamRow, MemberRow, ParticipationRow, SideRow, WorkspaceRow, takes_part
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox, outbox
from fmo_bot.domain.channels import JOINT, Reader, Seen
from fmo_bot.domain.checks import ChannelFacts, Fault, MemberFacts, SeenPerson, of_channel, of_member
from fmo_bot.domain.messages import ChannelCheck, Notice, PeopleCheck, SelfCheck
from fmo_bot.domain.parties import SYSTEM, Person, Scope
from fmo_bot.errors import SendOutcome, Undeliverable
from fmo_bot.ports import Lookout
from fmo_bot.services import channel_rows
from fmo_bot.services.governance import Action, audit, may
from fmo_bot.services.parties import ASKED_ROLES, Parties, actor_in, scrum_masters

JOB = "self_check"  # kind of inbox job
CHECKING = "Checking how {team} stands in Slack. It comes as a direct message, only to you."
WEEK = timedelta(days=7)
HOUR = 9  # on Mondays, in the joint team's zone
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Channel:
    row: ChannelRow
    seen: Seen | None
    readers: tuple[Reader, ...]


@dataclass(frozen=True, kw_only=True)
class _Person:
    """One participation, with what is wrong with the person."""

    member: MemberRow
    side_id: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A joint team as it stands: its channels as they are told, its people."""

    channels: tuple[ChannelCheck, ...]
    people: tuple[_Person, ...]


class SelfChecks:
    """The self-checks of all joint teams."""

    def __init__(self, store: Store, parties: Parties, lookout: Lookout, has_app: Callable[[Person], bool]) -> None:
        """`has_app`: whether an app is installed in somebody's own workspace."""
        self.store, self.parties, self.lookout, self.has_app = store, parties, lookout, has_app

    def ask(
        self, person: Person, *, channel: str | None = None, team_ref: str | None = None, key: str, at: datetime
    ) -> Notice:
        """Record the job that checks, once by `key`. Raises what `Parties.actor` raises, and NotAllowed."""
        actor = self.parties.actor(person, channel=channel, team_ref=team_ref, at=at)
        scope = Scope(team_id=actor.team_id)
        may(actor, Action.CHECK, scope)
        payload = {"workspace": person.workspace, "user": person.user, "team_id": actor.team_id}
        payload["ref"] = secrets.token_urlsafe(12)
        with self.store.transaction(scope) as session:
            inbox.record(session, event_key=f"{JOB}:{key}", kind=JOB, payload=payload, at=at, asker=person)
        return Notice(text=CHECKING, values={"team": actor.team})

    def make(self, payload: Mapping[str, Any], at: datetime) -> None:
        """The job: look, and owe what was found to the asker, as they are in the joint team now."""
        person, scope = Person(payload["workspace"], payload["user"]), Scope(team_id=payload["team_id"])
        with self.store.reading(scope) as session:
            actor = actor_in(session, person, payload["team_id"])
            may(actor, Action.CHECK, scope)
        found = self._look(payload["team_id"])
        with self.store.transaction(scope) as session:
            side = session.scalars(_sides(actor.team_id).where(SideRow.name == actor.side)).one()
            message = _message(session, found, side, at)
            name, language = f"check:{payload['ref']}", actor.language
            outbox.owe(session, name=name, message=message, due=at, language=language, person=person)

    def weekly(self, at: datetime) -> None:
        """Check what is due: every Monday from a week after a joint team began; run now and then."""
        with self.store.reading(SYSTEM) as session:
            teams = [team.id for team in session.scalars(select(JointTeamRow)) if _is_due(team, at)]
        for team_id in teams:
            try:
                self._check(team_id, at)
            except SendOutcome as outcome:  # Slack does not answer: tried again with the next run
                _log.info("a self-check could not be made", team=team_id, reason=str(outcome))

    def _check(self, team_id: int, at: datetime) -> None:
        with self.store.reading(Scope(team_id=team_id)) as session:
            is_first = session.get_one(JointTeamRow, team_id).checked_at is None
        found = None if is_first else self._look(team_id)
        with self.store.transaction(Scope(team_id=team_id)) as session:
            team = session.get_one(JointTeamRow, team_id, with_for_update=True, populate_existing=True)
            if not _is_due(team, at):
                return
            team.checked_at = at
            if found is not None:
                _tell(session, team, found, at)

    # --- looking -----------------------------------------------------------------------------------------------------

    def _look(self, team_id: int) -> _Found:
        """What Slack shows now. Raises a SendOutcome where it does not answer."""
        with self.store.reading(Scope(team_id=team_id)) as session:
            rows = session.scalars(
                select(ChannelRow).where(ChannelRow.team_id == team_id).order_by(ChannelRow.id)
            ).all()
            parts = session.scalars(_parts(team_id)).all()
            linked = set(session.scalars(_linked(team_id)))
            has_jira = session.scalar(select(BoardRow.id).where(BoardRow.team_id == team_id).limit(1)) is not None
        channels = [self._channel(row) for row in rows]
        joint = [each for each in channels if each.row.kind == JOINT and each.readers]
        there = {reader.user for each in joint for reader in each.readers}
        people = []
        for part in parts:
            if part.side_id is None:
                continue  # nobody has confirmed a side yet: they are not asked, and nobody of a side is told of them
            in_channel = part.member.slack_user_id in there if joint else None
            is_linked = part.member_id in linked if has_jira else None
            faults = of_member(self._facts(part, in_channel=in_channel, linked=is_linked))
            people.append(_Person(member=part.member, side_id=part.side_id, faults=tuple(faults)))
        with self.store.reading(Scope(team_id=team_id)) as session:
            return _Found(channels=tuple(_told(session, each) for each in channels), people=tuple(people))

    def _channel(self, row: ChannelRow) -> _Channel:
        try:
            seen = self.lookout.channel(row.place)
            return _Channel(row=row, seen=seen, readers=self.lookout.readers(row.place))
        except Undeliverable:
            return _Channel(row=row, seen=None, readers=())

    def _facts(self, part: ParticipationRow, *, in_channel: bool | None, linked: bool | None) -> MemberFacts:
        member, has_app = part.member, self.has_app(part.member.person)
        seen: SeenPerson | None = self.lookout.person(member.person) if has_app else None
        return MemberFacts(
            company=member.organisation.name,
            is_asked=part.role in ASKED_ROLES,
            has_app=has_app,
            seen=seen,
            unreachable=member.dm_channel is None and member.dm_tried_at is not None,
            in_channel=in_channel,
            zone=member.zone,
            linked=linked,
        )


def _is_due(team: JointTeamRow, at: datetime) -> bool:
    """The first Monday morning that is a week after the last check; of a new joint team only when it began is noted."""
    if team.checked_at is None:
        return True
    local = (team.checked_at + WEEK - timedelta(hours=12)).astimezone(ZoneInfo(team.zone))
    monday = local.replace(hour=HOUR, minute=0, second=0, microsecond=0) + timedelta(days=-local.weekday() % 7)
    return at >= (monday if monday >= local else monday + WEEK)


def _channels(team_id: int) -> Select[ChannelRow]:
    return select(ChannelRow).where(ChannelRow.team_id == team_id).order_by(ChannelRow.id)


def _sides(team_id: int) -> Select[SideRow]:
    return select(SideRow).where(SideRow.team_id == team_id).order_by(SideRow.id)


def _parts(team_id: int) -> Select[ParticipationRow]:
    query = select(ParticipationRow).where(ParticipationRow.team_id == team_id, takes_part())
    loaded = query.options(joinedload(ParticipationRow.member).joinedload(MemberRow.organisation))
    return loaded.order_by(ParticipationRow.side_id, ParticipationRow.id)


def _linked(team_id: int) -> Select[int]:
    here = select(BoardRow.site_id).where(BoardRow.team_id == team_id)
    accounts = select(JiraAccountRow.member_id).where(JiraAccountRow.account.is_not(None))
    return accounts.where(JiraAccountRow.site_id.in_(here))


def _told(session: Session, channel: _Channel) -> ChannelCheck:
    row, seen = channel.row, channel.seen
    sides = channel_rows.workspaces_of_sides(session, row.team_id)
    known = frozenset().union(*sides.values())

    def companies(workspaces: Sequence[str] | frozenset[str]) -> tuple[str, ...]:
        found = (channel_rows.company_of(session, row.team_id, each) for each in sorted(workspaces))
        return tuple(dict.fromkeys(found))

    installed = set(session.scalars(select(WorkspaceRow.slack_team_id))) & (seen.workspaces if seen else set())
    bots = {reader.home for reader in channel.readers if reader.is_bot}
    facts = ChannelFacts(
        state=row.state,
        seen=seen,
        host=companies([seen.host if seen else row.workspace])[0],
        limited=companies(seen.limited) if seen else (),
        strangers=companies(row.strangers),
        gone=companies(row.gone),
        apps=tuple((companies([each])[0], each in bots) for each in sorted(installed)),
        posts=companies([row.workspace])[0],
    )
    return ChannelCheck(
        name=row.name or row.slack_channel_id,
        shared_with=companies(seen.workspaces if seen else row.workspaces),
        limited=facts.limited,
        posts=facts.posts,
        others=sum(not reader.is_bot and reader.home not in known for reader in channel.readers),
        faults=tuple(of_channel(facts)),
    )


def _visible(session: Session, found: _Found, side: SideRow) -> Iterator[ChannelCheck]:
    """The channels a side may know of: joint ones, and its own."""
    for row, check in zip(session.scalars(_channels(side.team_id)), found.channels, strict=True):
        if row.side_id in (None, side.id):
            yield check


def _message(session: Session, found: _Found, side: SideRow, at: datetime, *, weekly: bool = False) -> SelfCheck:
    own = [each for each in found.people if each.side_id == side.id]
    wrong: dict[Fault, list[str]] = {}
    for each in own:
        for fault in each.faults:
            wrong.setdefault(fault, []).append(each.member.name)
    others = {other.organisation.name: 0 for other in session.scalars(_sides(side.team_id)) if other.id != side.id}
    names = {other.id: other.organisation.name for other in session.scalars(_sides(side.team_id))}
    for each in found.people:
        if each.side_id != side.id and each.faults:
            others[names[each.side_id]] += 1
    team = session.get_one(JointTeamRow, side.team_id)
    return SelfCheck(
        team=team.name,
        team_ref=team.ref,
        company=side.organisation.name,
        as_of=at,
        channels=tuple(_visible(session, found, side)),
        well=sum(not each.faults for each in own),
        zones=tuple(sorted({each.member.zone for each in own})),
        languages=tuple(sorted({each.member.language for each in own})),
        people=tuple(PeopleCheck(fault=fault, names=tuple(named)) for fault, named in wrong.items()),
        others=tuple((name, n) for name, n in others.items() if n),
        weekly=weekly,
    )


def _tell(session: Session, team: JointTeamRow, found: _Found, at: datetime) -> None:
    """Each side's scrum masters, where something of theirs or of the joint channel is wrong."""
    audit(session, at=at, action="self_check", team_id=team.id, detail={"people": len(found.people)})
    for side in session.scalars(_sides(team.id)):
        message = _message(session, found, side, at, weekly=True)
        if not message.people and not any(each.faults for each in message.channels):
            continue
        for master in scrum_masters(session, team.id, side.id):
            name, language = f"check:{team.id}:{at.date()}:{master.id}", master.language
            outbox.owe(session, name=name, message=message, due=at, language=language, person=master.person)
