"""Whom a transaction wakes when it is committed: whoever writes a row that somebody has to work says so here."""

from typing import Protocol

from sqlalchemy.orm import Session

PUMP, INBOX = "pump", "inbox"  # the jobs that work deliveries, and what came in
_KEY = "wakes"


class Wake(Protocol):
    """The part of an engine that transactions know."""

    def __call__(self, job: str, *, session: Session) -> None:
        """Run `job` once the session's transaction is committed; not at all where it is rolled back."""
        ...


def want(session: Session, job: str) -> None:
    """Have `job` run after this transaction; saying so twice is saying it once."""
    session.info.setdefault(_KEY, set()).add(job)


def ring(session: Session, wake: Wake) -> None:
    """At the end of a transaction: wake what it wanted. In one order, so that two transactions never wait in a ring."""
    for job in sorted(session.info.get(_KEY, ())):
        wake(job, session=session)
