"""Set-ups under way, as rows: whose they are, who may go on with one. Nobody of another company ever sees one."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.drafts import SetUpDraftRow
from fmo_bot.db.parties import (
    JointTeamRow,
    MemberRow,
    OrganisationRow,
    ParticipationRow,
    SideRow,
    WorkspaceRow,
    takes_part,
)
from fmo_bot.db.store import Store
from fmo_bot.domain.drafts import KEPT_FOR, STEPS, SUMMARY, Draft
from fmo_bot.domain.messages import SetUpCard
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Role, Scope
from fmo_bot.errors import NotFound, Refusal
from fmo_bot.services.governance import Action, may

OPEN, APPLIED, DISCARDED = "open", "applied", "discarded"
TITLES = dict(
    zip(
        STEPS,
        ("Sides", "People", "Roles and duties", "Jira board", "What statuses mean", "Times and languages", "Summary"),
        strict=True,
    )
)


class CannotSetUp(Refusal):
    """Only an admin of {company}, or a scrum master of one of its joint teams, sets up a joint team. Ask {admins}."""


class NobodySpeaks(Refusal):
    """Nobody speaks for your company here yet: its first admin is whoever installs the app in its Slack."""


class TakenOver(Refusal):
    """{name} goes on with this set-up now. Type `/fmo setup` in its channel to take it over again."""


class ChangedMeanwhile(Refusal):
    """This set-up was changed in another window meanwhile. Press Continue in its direct message to see it as it is."""


def setter(session: Session, person: Person) -> Actor:
    """The person as somebody who may set up a joint team for their company.

    An admin of it, or a scrum master of one of its joint teams. Raises CannotSetUp, NobodySpeaks.
    """
    actor = _admin(session, person) or _scrum_master(session, person)
    if actor is None:
        raise _refused(session, person)
    may(actor, Action.PROPOSE_TEAM, Scope(organisation_id=actor.organisation_id))
    return actor


def _admin(session: Session, person: Person) -> Actor | None:
    query = _them(person).join(AdminRow, AdminRow.member_id == MemberRow.id)
    if (member := session.scalar(query)) is None:
        return None
    # An admin speaks for the company on whichever side it will be; no joint team is there yet.
    return _actor(member, organisation_id=member.organisation_id, team_id=0, team="", side=member.organisation.name)


def _scrum_master(session: Session, person: Person) -> Actor | None:
    query = (
        select(ParticipationRow)
        .join(MemberRow, MemberRow.id == ParticipationRow.member_id)
        .join(SideRow, SideRow.id == ParticipationRow.side_id)
        .where(takes_part(), ParticipationRow.role == Role.SCRUM_MASTER)
        .where(MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user)
        .where(SideRow.organisation_id == MemberRow.organisation_id)
    )
    row = session.scalars(query.order_by(ParticipationRow.id)).first()
    if row is None or row.side is None:
        return None
    side, team = row.side, row.team
    return _actor(row.member, organisation_id=side.organisation_id, team_id=team.id, team=team.name, side=side.name)


def _actor(member: MemberRow, *, organisation_id: int, team_id: int, team: str, side: str) -> Actor:
    return Actor(
        member_id=member.id,
        person=member.person,
        name=member.name,
        language=member.language,
        organisation_id=organisation_id,
        team_id=team_id,
        team=team,
        side=side,
        role=Role.SCRUM_MASTER,
    )


def _refused(session: Session, person: Person) -> Refusal:
    owner = select(WorkspaceRow.organisation_id).where(WorkspaceRow.slack_team_id == person.workspace)
    company = session.get(OrganisationRow, session.scalars(owner).first() or 0)
    if company is None:
        return NobodySpeaks()
    admins = select(MemberRow.name).join(AdminRow, AdminRow.member_id == MemberRow.id)
    names = session.scalars(admins.where(MemberRow.organisation_id == company.id).order_by(MemberRow.id)).all()
    return CannotSetUp(company=company.name, admins=", ".join(names)) if names else NobodySpeaks()


def _them(person: Person) -> Select[MemberRow]:
    them = MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user
    return select(MemberRow).where(*them)


# --- drafts -------------------------------------------------------------------------------------------------------


def of_channel(session: Session, organisation_id: int, channel: str) -> SetUpDraftRow | None:
    """What a company is setting up in a channel; locked."""
    here = SetUpDraftRow.organisation_id == organisation_id, SetUpDraftRow.channel == channel
    return session.scalar(select(SetUpDraftRow).where(*here, SetUpDraftRow.state == OPEN).with_for_update())


def of_company(session: Session, actor: Actor, ref: str, *, lock: bool = False) -> SetUpDraftRow:
    """A set-up of the actor's company. Raises NotFound, also of another company's."""
    query = select(SetUpDraftRow).where(
        SetUpDraftRow.ref == ref, SetUpDraftRow.organisation_id == actor.organisation_id
    )
    query = query.where(SetUpDraftRow.state == OPEN)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound
    return row


def mine(session: Session, actor: Actor, ref: str, revision: int | None = None, *, lock: bool = False) -> SetUpDraftRow:
    """The actor's own set-up, as it was at `revision`. Raises NotFound, TakenOver, ChangedMeanwhile."""
    row = of_company(session, actor, ref, lock=lock)
    if row.member_id != actor.member_id:
        raise TakenOver(name=row.member.name)
    if revision not in (None, row.revision):
        raise ChangedMeanwhile
    return row


def draft_of(row: SetUpDraftRow) -> Draft:
    """The value of a row."""
    return values.from_json(Draft, {**row.seen, "file": row.file})


def keep(row: SetUpDraftRow, draft: Draft, at: datetime) -> None:
    """Store a draft as it is now."""
    stored = values.to_json(draft)
    row.file = stored.pop("file")
    row.seen, row.step, row.touched_at, row.revision = stored, draft.step, at, row.revision + 1


def end(row: SetUpDraftRow, state: str, at: datetime, team_id: int | None = None) -> None:
    """It was posted or discarded: what was chosen in it is kept no longer."""
    row.state, row.team_id, row.touched_at, row.revision = state, team_id, at, row.revision + 1
    row.seen, row.file, row.asked_id, row.asked_ref = {}, {}, None, None


def forget(store: Store, at: datetime) -> None:
    """Set-ups that nobody has touched for too long are gone."""
    with store.transaction(SYSTEM) as session:
        session.execute(delete(SetUpDraftRow).where(SetUpDraftRow.touched_at < at - KEPT_FOR))


def card(row: SetUpDraftRow, draft: Draft, *, holder: str = "") -> SetUpCard:
    """Where a set-up stands."""
    taken = tuple(TITLES[each] for each in STEPS if each in draft.done)
    return SetUpCard(
        ref=row.ref,
        channel=draft.name,
        companies=tuple(each.name for each in draft.companies),
        taken=taken,
        missing=tuple(TITLES[each] for each in STEPS if each not in draft.done and each != SUMMARY),
        begun_at=row.begun_at,
        holder=holder,
    )


def open_to(session: Session, person: Person) -> Iterator[tuple[str, str]]:
    """The set-ups a person has under way: (ref, name of the channel)."""
    query = select(SetUpDraftRow).join(MemberRow, MemberRow.id == SetUpDraftRow.member_id)
    them = MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user
    for row in session.scalars(query.where(*them, SetUpDraftRow.state == OPEN).order_by(SetUpDraftRow.id)):
        yield row.ref, str(row.seen["name"])


def name_is_taken(session: Session, name: str) -> bool:
    """Whether a joint team here has this name already."""
    return session.scalar(select(JointTeamRow.id).where(JointTeamRow.name == name)) is not None
