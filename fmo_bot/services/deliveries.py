"""What could not be delivered: shown to scrum masters, and settled by them. Jobs that failed stand in the same list.

See `services.undelivered` and `services.undone` for what stands there, `services.telling` for who hears of it unasked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.ledger import DeliveryRow, InboxRow, MessageRow
from fmo_bot.db.parties import JointTeamRow, ParticipationRow, takes_part
from fmo_bot.db.store import Store
from fmo_bot.delivery import settling
from fmo_bot.domain.messages import Undelivered
from fmo_bot.domain.parties import Actor, Person, Scope
from fmo_bot.errors import NotFound
from fmo_bot.services import telling, undelivered, undone
from fmo_bot.services.governance import Action, audit, may
from fmo_bot.services.parties import Parties

AGAIN = "It is on its way again."
DROPPED = "Dropped: it will not be sent."
SETTLED = "That one has been settled already."


@dataclass(frozen=True)
class _Way:
    """What a button does with a delivery, and with jobs, and what is said of it."""

    delivery: Callable[[Session, DeliveryRow], None]
    said: str
    jobs: Callable[[Session, list[InboxRow]], None]
    said_of_jobs: str


class Deliveries:
    """What could not be delivered, in all joint teams."""

    def __init__(self, store: Store, parties: Parties) -> None:
        """`parties` finds out who asks, and for which joint team."""
        self.store, self.parties = store, parties

    def shown(
        self, person: Person, *, channel: str | None = None, team_ref: str | None = None, at: datetime
    ) -> Undelivered:
        """What waits for this scrum master. Raises NotAllowed, and what `Parties.actor` raises."""
        actor = self.parties.actor(person, channel=channel, team_ref=team_ref, at=at)
        may(actor, Action.SETTLE_DELIVERIES, Scope(team_id=actor.team_id))
        with self.store.reading(Scope(team_id=actor.team_id)) as session:
            return _list(session, actor)

    def send_again(self, person: Person, ref: str, at: datetime) -> Undelivered:
        """Have one sent after all; what is left then. Raises NotFound or NotAllowed."""
        return self._settle(person, ref, at, _Way(settling.send_again, AGAIN, undone.again, undone.AGAIN))

    def drop(self, person: Person, ref: str, at: datetime) -> Undelivered:
        """Have one never sent; what is left then. Raises NotFound or NotAllowed."""
        return self._settle(person, ref, at, _Way(settling.drop, DROPPED, undone.drop, undone.DROPPED))

    def _settle(self, person: Person, ref: str, at: datetime, way: _Way) -> Undelivered:
        team_ref, op, key = _parts(ref)
        actor = self.parties.actor(person, team_ref=team_ref, at=at)
        scope = Scope(team_id=actor.team_id)
        may(actor, Action.SETTLE_DELIVERIES, scope)
        with self.store.transaction(scope) as session:
            settle = _settle_jobs if op == undone.JOB else _settle_delivery
            detail = settle(session, actor, (op, key), way)
            if detail is None:
                return _list(session, actor, note=SETTLED)
            who = {"team_id": actor.team_id, "member_id": actor.member_id}
            audit(session, at=at, action="delivery_settled", detail=detail, **who)
            session.flush()
            return _list(session, actor, note=detail["to"])

    def tell(self, at: datetime) -> None:
        """Tell scrum masters what is new since they were told, bundled; run every few seconds."""
        telling.tell(self.store, at)


def _parts(ref: str) -> tuple[str, str, str]:
    parts = ref.split("|")
    if len(parts) != 3:
        raise NotFound
    return parts[0], parts[1], parts[2]


def _settle_delivery(session: Session, actor: Actor, one: tuple[str, str], way: _Way) -> dict[str, Any] | None:
    """What the audit log says of it; None where somebody has settled it before."""
    op, key = one
    theirs = undelivered.rows(actor.team_id).where(undelivered.concerns(_side_of(session, actor)))
    mine = theirs.where(DeliveryRow.op == op, MessageRow.key == key).with_for_update(of=DeliveryRow)
    row = session.scalars(mine).first()
    if row is None:
        return None
    way.delivery(session, row)
    return {"delivery": row.id, "to": way.said}


def _settle_jobs(session: Session, actor: Actor, one: tuple[str, str], way: _Way) -> dict[str, Any] | None:
    _, kind = one
    rows = undone.of_team(session, actor.team_id, kind=kind, hold=True)
    if not rows:
        return None
    way.jobs(session, rows)
    return {"jobs": len(rows), "kind": kind, "to": way.said_of_jobs}


def _side_of(session: Session, actor: Actor) -> int:
    query = select(ParticipationRow.side_id).where(
        takes_part(), ParticipationRow.team_id == actor.team_id, ParticipationRow.member_id == actor.member_id
    )
    return session.scalars(query).one() or undelivered.NOBODY


def _list(session: Session, actor: Actor, *, note: str = "") -> Undelivered:
    team = session.get_one(JointTeamRow, actor.team_id)
    rows = session.scalars(undelivered.rows(team.id).where(undelivered.concerns(_side_of(session, actor)))).all()
    jobs = [line for line, _ in undone.lines(team, undone.of_team(session, team.id))]
    return undelivered.message_of(
        team, [*(undelivered.found(session, team, row).line for row in rows), *jobs], note=note
    )
