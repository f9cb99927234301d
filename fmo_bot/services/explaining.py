""" "How is this computed?": a report as it was made, for whoever may read it."""

from datetime import datetime

from sqlalchemy import select

from fmo_bot.db import values
from fmo_bot.db.ceremonies import ReportRow
from fmo_bot.db.parties import JointTeamRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import audience
from fmo_bot.domain.messages import Digest, Notice, SprintReport, WaitsReport
from fmo_bot.domain.parties import SYSTEM, Person, Scope
from fmo_bot.errors import NotFound
from fmo_bot.services.governance import Action, may
from fmo_bot.services.parties import Parties


class Explaining:
    """The reports of all joint teams, as they are kept."""

    def __init__(self, store: Store, parties: Parties) -> None:
        """`parties`: who acts."""
        self.store, self.parties = store, parties

    def report(self, person: Person, ref: str, at: datetime) -> SprintReport | Digest | WaitsReport | Notice:
        """The report with what it stands on, as it was made; a notice where its figures are not for this person.

        Raises NotFound for people of other joint teams and for a report that only somebody else was shown; NotAMember.
        """
        with self.store.reading(SYSTEM) as session:
            team = select(JointTeamRow.ref).join(ReportRow, ReportRow.team_id == JointTeamRow.id)
            team_ref = session.scalar(team.where(ReportRow.ref == ref)) or ""
        actor = self.parties.actor(person, team_ref=team_ref, at=at)
        scope = Scope(team_id=actor.team_id)
        may(actor, Action.READ, scope)
        with self.store.reading(scope) as session:
            row = session.scalars(select(ReportRow).where(ReportRow.ref == ref)).one()
            if row.shared_at is None and row.asked_by != actor.member_id:
                raise NotFound
            kept = audience.fitted(session, values.message_from_json(row.value), person)
            if not isinstance(kept, SprintReport | Digest | WaitsReport | Notice):
                raise NotFound
            return kept
