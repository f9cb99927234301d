"""The rows of who is who: a member's sites, their link on each, and the one way an account becomes theirs."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import AdminRow, JiraAccountRow, LinkCodeRow, LinkRequestRow, VerifiedDomainRow
from fmo_bot.db.acting import JiraGrantRow, SignInRow
from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.once import insert_once
from fmo_bot.db.parties import JointTeamRow, MemberRow, ParticipationRow, takes_part
from fmo_bot.db.store import Store
from fmo_bot.domain.accounts import PROVED, Account, How
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import AccountTaken, NotAMember, NotFound
from fmo_bot.services.accepting import board_may_be_read
from fmo_bot.services.governance import audit

_TOGETHER = 50  # rows of one transaction


def member_of(session: Session, person: Person) -> MemberRow:
    """The member. Raises NotAMember."""
    here = MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user
    member = session.scalar(select(MemberRow).where(*here))
    if member is None:
        raise NotAMember
    return member


def links(session: Session, member: MemberRow) -> list[JiraAccountRow]:
    """The member on each site of their joint teams' boards; made where it was not there, so the transaction writes."""
    sites = (
        select(JiraSiteRow.id)
        .join(BoardRow, BoardRow.site_id == JiraSiteRow.id)
        .join(ParticipationRow, ParticipationRow.team_id == BoardRow.team_id)
        .where(takes_part(), ParticipationRow.member_id == member.id, board_may_be_read())
        .distinct()
    )
    ids = sorted(session.scalars(sites))
    insert_once(session, JiraAccountRow, [_empty(member.id, one) for one in ids])
    mine = JiraAccountRow.member_id == member.id, JiraAccountRow.site_id.in_(ids)
    return list(session.scalars(select(JiraAccountRow).where(*mine).order_by(JiraAccountRow.site_id)))


def make_missing(store: Store) -> None:
    """A row for each member on each site of theirs, where their company has verified a domain; little at a time."""
    made = JiraAccountRow.member_id == MemberRow.id, JiraAccountRow.site_id == BoardRow.site_id
    query = (
        select(MemberRow.id, BoardRow.site_id)
        .join(ParticipationRow, ParticipationRow.member_id == MemberRow.id)
        .join(BoardRow, BoardRow.team_id == ParticipationRow.team_id)
        .where(takes_part(), MemberRow.organisation_id.in_(select(VerifiedDomainRow.organisation_id)))
        .where(~exists().where(*made), board_may_be_read())
        .distinct()
    )
    with store.reading(SYSTEM) as session:
        missing = sorted((member, site) for member, site in session.execute(query))
    for begin in range(0, len(missing), _TOGETHER):
        with store.transaction(SYSTEM) as session:
            some = missing[begin : begin + _TOGETHER]
            insert_once(session, JiraAccountRow, [_empty(member, site) for member, site in some])


def _empty(member: int, site: int) -> dict[str, object]:
    return {"ref": secrets.token_urlsafe(12), "member_id": member, "site_id": site}


def mine(session: Session, person: Person, ref: str, *, lock: bool = False) -> JiraAccountRow:
    """The person's own link of this ref. Raises NotAMember, or NotFound, also for one that is somebody else's."""
    member = member_of(session, person)
    query = select(JiraAccountRow).where(JiraAccountRow.ref == ref, JiraAccountRow.member_id == member.id)
    link = session.scalar(query.with_for_update() if lock else query)
    if link is None:
        raise NotFound
    return link


def bind(
    session: Session, link: JiraAccountRow, account: Account, how: How, at: datetime, *, by: int | None = None
) -> None:
    """Note whose the account is. A proof goes before an e-mail; an account that is proved to be another's stays theirs.

    Raises AccountTaken.
    """
    here = JiraAccountRow.site_id == link.site_id, JiraAccountRow.account == account.id, JiraAccountRow.id != link.id
    other = session.scalar(select(JiraAccountRow).where(*here).with_for_update())
    if other is not None:
        if other.how in PROVED or how not in PROVED:
            raise AccountTaken(site=link.site.key)
        release(session, other, at, why="proved_by_another")
    _forget_grant(session, link)  # it may have been another account's
    link.account, link.name, link.shown = account.id, account.name, account.shown
    link.how, link.linked_at, link.confirmed_by, link.declined = how.value, at, by, False
    if how in PROVED:  # an e-mail that is found meanwhile breaks off no proof
        forget_ways(session, link)
    note(session, link, "account_linked", at, how=how.value, by=by)


def could_sign_in(session: Session, link: JiraAccountRow) -> bool:
    """Whether signing in to Atlassian would change anything: prove the account, or let its owner act as themselves."""
    granted = select(JiraGrantRow.id).where(JiraGrantRow.link_id == link.id)
    return link.account is None or (link.site.acting and session.scalar(granted) is None)


def release(session: Session, link: JiraAccountRow, at: datetime, *, why: str) -> None:
    """The account is nobody's any more."""
    link.account, link.how, link.linked_at, link.confirmed_by = None, None, None, None
    link.name = link.shown = ""
    _forget_grant(session, link)
    session.flush()  # before somebody else gets it
    note(session, link, "account_unlinked", at, why=why)


def _forget_grant(session: Session, link: JiraAccountRow) -> None:
    """The bot acts as this person no more."""
    session.execute(delete(JiraGrantRow).where(JiraGrantRow.link_id == link.id))


def forget_ways(session: Session, link: JiraAccountRow) -> None:
    """What was under way to prove it is over."""
    for row in (LinkCodeRow, LinkRequestRow, SignInRow):
        session.execute(delete(row).where(row.link_id == link.id))


def admins(session: Session, site: JiraSiteRow) -> Sequence[MemberRow]:
    """The admins of the site's owner; nobody as long as it is not said whose the site is."""
    query = select(MemberRow).join(AdminRow, AdminRow.member_id == MemberRow.id)
    return session.scalars(query.where(MemberRow.organisation_id == site.organisation_id).order_by(MemberRow.id)).all()


def teams_with(session: Session, link: JiraAccountRow) -> list[int]:
    """The joint teams of the member that have a board on the site."""
    query = (
        select(JointTeamRow.id)
        .join(ParticipationRow, ParticipationRow.team_id == JointTeamRow.id)
        .join(BoardRow, BoardRow.team_id == JointTeamRow.id)
        .where(takes_part(), ParticipationRow.member_id == link.member_id, BoardRow.site_id == link.site_id)
        .order_by(JointTeamRow.id)
    )
    return list(dict.fromkeys(session.scalars(query)))


def note(session: Session, link: JiraAccountRow, action: str, at: datetime, **detail: object) -> None:
    """A line in the audit log: of whom, on which site, how; never the account's name."""
    told = {"site": link.site.key, **detail}
    audit(session, at=at, action=action, team_id=None, member_id=link.member_id, detail=told)
