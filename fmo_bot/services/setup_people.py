"""What a team file says of a company beside its people: which e-mail domains are its own, and who speaks for it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import AdminRow, VerifiedDomainRow
from fmo_bot.db.parties import MemberRow, OrganisationRow
from fmo_bot.services import proposals
from fmo_bot.services.parties import admins_of
from fmo_bot.services.team_spec import Name, OrganisationSpec, TeamSpec

_THEIRS = "{name} says this of itself. Leave it out; or add --agreed, where {name} has agreed to this file"

_THEIRS_TO_NAME = (
    "{name} has admins already, and only one of them names another or ends one: leave this out, and let them use "
    "`fmo-bot people admin`"
)


def apply(
    session: Session, spec: TeamSpec, organisations: Mapping[Name, OrganisationRow], *, by: str | None, at: datetime
) -> list[str]:
    """Record it; faults as `place: reason`. What a company leaves out stays as it was recorded.

    `by`: the company that proposes the joint team, and speaks for itself alone; None: all have agreed to what is said.
    """
    faults: list[str] = []
    for index, wanted in enumerate(spec.organisations):
        owner, place = organisations[wanted.name], f"organisations[{index}]"
        if by not in (None, wanted.name):
            said = {"domains": wanted.domains, "admins": wanted.admins}
            faults += [f"{place}.{key}: {_THEIRS.format(name=wanted.name)}" for key, value in said.items() if value]
            continue
        if wanted.domains is not None:
            faults += _domains(session, wanted, owner, place)
        if wanted.admins is not None:
            faults += _admins(session, wanted, owner, place, at)
    return faults


def _domains(session: Session, wanted: OrganisationSpec, owner: OrganisationRow, place: str) -> list[str]:
    listed = set(wanted.domains or ())
    taken = select(VerifiedDomainRow.domain).where(
        VerifiedDomainRow.domain.in_(listed), VerifiedDomainRow.organisation_id != owner.id
    )
    if others := sorted(session.scalars(taken)):
        return [f"{place}.domains: `{domain}` belongs to another company here" for domain in others]
    session.execute(delete(VerifiedDomainRow).where(VerifiedDomainRow.organisation_id == owner.id))
    session.add_all(VerifiedDomainRow(domain=domain, organisation_id=owner.id) for domain in sorted(listed))
    session.flush()
    return []


def _admins(session: Session, wanted: OrganisationSpec, owner: OrganisationRow, place: str, at: datetime) -> list[str]:
    listed = set(wanted.admins or ())
    theirs = select(MemberRow).where(MemberRow.organisation_id == owner.id)
    members = {row.slack_user_id: row for row in session.scalars(theirs) if row.slack_user_id in listed}
    if unknown := sorted(listed - set(members)):
        return [f"{place}.admins: `{user}` is no member of {wanted.name}" for user in unknown]
    spoke = {row.slack_user_id for row in admins_of(session, owner.id)}
    if spoke and spoke != listed:
        return [f"{place}.admins: {_THEIRS_TO_NAME.format(name=wanted.name)}"]
    for user in sorted(listed - spoke):
        session.add(AdminRow(member_id=members[user].id))
    session.flush()
    if set(listed) - spoke:
        proposals.tell_again(session, owner.id, at)
    return []
