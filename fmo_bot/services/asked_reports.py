"""Reports that somebody asks for: the job that makes one, and who asked for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.ceremonies import ReportRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox
from fmo_bot.domain.parties import Actor, Person, Scope
from fmo_bot.errors import NotFound, NotLinked
from fmo_bot.services.governance import Action, may
from fmo_bot.services.parties import actor_in


def record(store: Store, actor: Actor, *, kind: str, ref: str, key: str, at: datetime, **wanted: str) -> None:
    """Record the job that makes a report for whoever acts; `key` names their click or words, the same twice is one.

    `kind`: of the job; `ref`: opaque, of the report that it makes; `wanted`: what else its payload says. Raises
    NotAllowed.
    """
    scope = Scope(team_id=actor.team_id)
    may(actor, Action.ASK_REPORT, scope)
    person = actor.person
    payload = {"workspace": person.workspace, "user": person.user, "team_id": actor.team_id, "ref": ref} | wanted
    with store.transaction(scope) as session:
        inbox.record(session, event_key=f"{kind}:{key}", kind=kind, payload=payload, at=at, asker=person)


def asker(session: Session, payload: Mapping[str, Any]) -> Actor | None:
    """Who asked for the report of a job, as they are in the joint team now; None where it was made already.

    Raises NotLinked where they have left the joint team meanwhile.
    """
    if session.scalar(select(ReportRow.id).where(ReportRow.ref == payload["ref"])) is not None:
        return None
    try:
        return actor_in(session, Person(payload["workspace"], payload["user"]), payload["team_id"])
    except NotFound as error:
        raise NotLinked from error
