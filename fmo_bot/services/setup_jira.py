"""Whose the Jira of a joint team is, as its team file says it: for a host who sets up both sides.

The file speaks for a side only until somebody of that side does: what a person withdrew stays withdrawn.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.ownership import JiraProjectRow, JointAcceptanceRow
from fmo_bot.db.parties import JointTeamRow, OrganisationRow, SideRow
from fmo_bot.services import ownership
from fmo_bot.services.governance import audit
from fmo_bot.services.setup_own import Word
from fmo_bot.services.team_spec import JiraSpec, Name, ProjectSpec, Side, TeamSpec
from fmo_bot.services.withheld import reconsider


def set_up_jira(
    session: Session,
    team: JointTeamRow,
    spec: TeamSpec,
    organisations: Mapping[Name, OrganisationRow],
    sides: Mapping[Side, SideRow],
    at: datetime,
    word: Word,
) -> list[str]:
    """Note what the file says; the faults, one line each, where it contradicts what is known.

    Of a site that is another company's than the file's, only whose it is is noted, and only where nobody's was known.
    """
    faults: list[str] = []
    said: dict[int, Iterable[Side]] = {}
    for index, wanted in enumerate(spec.jira):
        place, owner = f"jira[{index}]", organisations[wanted.owner]
        site = _site(session, wanted.site)
        if site.organisation_id not in (None, owner.id):
            faults.append(f"{place}.owner: site `{wanted.site}` belongs to another company here")
            continue
        site.organisation_id = owner.id
        if not word.is_of(owner.name):
            said |= _known(session, site, wanted, place, word)
            continue
        site.acting = wanted.acting
        said[_row(session, site, "", wanted, None).id] = wanted.accepted_by
        for number, project in enumerate(wanted.projects):
            whose = organisations[project.owner].id if project.owner is not None else None
            row = _row(session, site, project.key, project, whose)
            if row.organisation_id != whose:
                faults.append(f"{place}.projects[{number}].owner: `{project.key}` belongs to another company here")
            said[row.id] = project.accepted_by
    own = {name: row for name, row in sides.items() if word.is_of(row.organisation.name)}
    kept = {project: [own[name] for name in names if name in own] for project, names in said.items()}
    _accept(session, team, kept, own.values(), at)
    return faults


def _known(session: Session, site: JiraSiteRow, wanted: JiraSpec, place: str, word: Word) -> dict[int, Iterable[Side]]:
    """What is accepted of another company's site by the side that the file speaks for; what it may not say is noted."""
    found: dict[int, Iterable[Side]] = {}
    fresh = {"acting": False, "internal_fields": (), "store_secured": False}
    named: list[tuple[str, str, JiraSpec | ProjectSpec]] = [(place, "", wanted)]
    named += [(f"{place}.projects[{n}]", each.key, each) for n, each in enumerate(wanted.projects)]
    for where, key, said in named:
        row = _project(session, site, key)
        known = fresh if row is None else fresh | {"internal_fields": tuple(row.internal_fields)}
        known = known if row is None else known | {"store_secured": row.stores_secured}
        told: dict[str, object] = {"internal_fields": said.internal_fields, "store_secured": said.store_secured}
        if isinstance(said, JiraSpec):
            told, known = told | {"acting": said.acting}, known | {"acting": site.acting}
        word.differs(where, wanted.owner, told, known)
        if row is None and key == "":
            row = JiraProjectRow(site_id=site.id, key="", organisation_id=None)
            session.add(row)
            session.flush()
        if row is not None:
            found[row.id] = said.accepted_by
    return found


def _site(session: Session, key: str) -> JiraSiteRow:
    row = session.scalar(select(JiraSiteRow).where(JiraSiteRow.key == key))
    if row is None:
        row = JiraSiteRow(key=key)
        session.add(row)
        session.flush()
    return row


def _row(
    session: Session, site: JiraSiteRow, key: str, said: JiraSpec | ProjectSpec, whose: int | None
) -> JiraProjectRow:
    """The project, or with key "" the site as a whole. A new row is whose the file says; a known one stays so."""
    row = _project(session, site, key)
    if row is None:
        row = JiraProjectRow(site_id=site.id, key=key, organisation_id=whose)
        session.add(row)
    changed = row.stores_secured != said.store_secured
    row.internal_fields, row.stores_secured = list(said.internal_fields), said.store_secured
    session.flush()
    if changed:
        reconsider(session, site.id)
    return row


def _project(session: Session, site: JiraSiteRow, key: str) -> JiraProjectRow | None:
    query = select(JiraProjectRow).where(JiraProjectRow.site_id == site.id, JiraProjectRow.key == key)
    return session.scalars(query.order_by(JiraProjectRow.id)).first()


def _accept(
    session: Session,
    team: JointTeamRow,
    said: Mapping[int, Iterable[SideRow]],
    sides: Iterable[SideRow],
    at: datetime,
) -> None:
    """The sides the file names accept; what an earlier file said and this one does not is taken back.

    `sides`: those for which the file speaks.
    """
    wanted = {(project, side.id) for project, named in said.items() for side in named}
    by_file = select(JointAcceptanceRow).where(
        JointAcceptanceRow.team_id == team.id,
        JointAcceptanceRow.accepted_by.is_(None),
        JointAcceptanceRow.side_id.in_([side.id for side in sides]),
    )
    for row in session.scalars(by_file).all():
        if (row.project_id, row.side_id) not in wanted and row.withdrawn_at is None:
            session.execute(delete(JointAcceptanceRow).where(JointAcceptanceRow.id == row.id))
            _note(session, "joint_withdrawn", team, row.project_id, row.side_id, at)
    for project, named in said.items():
        for side in named:
            if ownership.accept(session, session.get_one(JiraProjectRow, project), side, at, member_id=None):
                _note(session, "joint_accepted", team, project, side.id, at)


def _note(session: Session, action: str, team: JointTeamRow, project: int, side: int, at: datetime) -> None:
    detail = {"project": project, "side": side, "by": "team file"}
    audit(session, at=at, action=action, team_id=team.id, detail=detail)
