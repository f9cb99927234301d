"""Webhooks of Jira sites: who may knock, what is written down of a hint, and when the last one came.

A site whose Jira signs nothing (Data Center below 10) knocks at an address that is itself the secret. Of it only a
digest is kept; it is shown once, and a new one leaves the former open for a day, in which Jira can be told.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import time

from sqlalchemy import Select, exists, func, select
from sqlalchemy.exc import OperationalError, TimeoutError
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow, JiraSiteRow, SprintRow
from fmo_bot.db.hooks import JiraHookRow
from fmo_bot.db.once import insert_once
from fmo_bot.db.secrets import Vault
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox
from fmo_bot.domain.hints import Hint
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import ComeAgain
from fmo_bot.services.governance import audit

JOB = "jira_hint"
FORMER_FOR = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_KNOWN_S = 60.0  # seconds of machine time for which the projects of a site's boards are remembered
_BYTES = 32


class Hooks:
    """The door for webhooks; what they lead to is `services.hinted`."""

    def __init__(
        self, store: Store, secrets: Mapping[str, str], vault: Vault, *, machine: Callable[[], float] = time
    ) -> None:
        """`secrets`: of sites in the settings; the others' are opened by `vault`. `machine`: Unix time."""
        self._store, self._secrets, self._vault, self._machine = store, secrets, vault, machine
        self._projects: dict[str, tuple[float, frozenset[str]]] = {}
        self._noted: dict[tuple[str, str], datetime] = {}

    def secret(self, site: str) -> str | None:
        """With what the site signs; None where it has no such secret. Raises ComeAgain, SecretLocked."""
        if site in self._secrets:
            return self._secrets[site]
        with _answering(), self._store.reading(SYSTEM) as session:
            sealed = session.scalar(select(JiraSiteRow.webhook_secret).where(JiraSiteRow.key == site))
        return self._vault.open(sealed, what=f"the webhook secret of Jira site {site}") if sealed else None

    def opens(self, site: str, secret: str, at: datetime) -> bool:
        """Whether `secret` is what stands in the site's address, or stood in it until a day ago. Raises ComeAgain."""
        with _answering(), self._store.reading(SYSTEM) as session:
            row = session.scalar(_hook(site))
            current, former = (row.digest, row.former) if row is not None else (None, None)
            if row is not None and row.former_until is not None and row.former_until <= at:
                former = None
        given = _digest(secret)
        # Both are always compared, with something where there is nothing: the time taken tells nothing.
        found = [hmac.compare_digest(given, kept or _digest("")) and kept is not None for kept in (current, former)]
        return any(found)

    def take(self, site: str, hint: Hint | None, at: datetime) -> bool:
        """Note that a genuine webhook came; write its hint down where it concerns a board. Whether it is new to us.

        Raises ComeAgain where the database does not answer.
        """
        with _answering():
            self._note(site, "arrived", at)
            if hint is None or not self._concerns(hint):
                return False
            with self._store.transaction(SYSTEM) as session:
                return inbox.record(
                    session,
                    event_key=hint.event_key,
                    kind=JOB,
                    payload=_kept(hint),
                    at=at,
                    bundle=f"jira:{site}",
                    not_before=self._machine() + inbox.GATHERS_S,
                )

    def refused(self, site: str, at: datetime) -> None:
        """Note that something came which was not signed with the site's secret. Raises ComeAgain."""
        with _answering():
            self._note(site, "refused", at)

    def _concerns(self, hint: Hint) -> bool:
        """Whether anything a board of ours shows may have changed. What comes to a board otherwise, polling finds."""
        with self._store.reading(SYSTEM) as session:
            if hint.issues and _is_held(session, hint):
                return True
            if not hint.issues:
                return _is_ours(session, hint)
        return hint.project is not None and hint.project in self._watched(hint.site)

    def _watched(self, site: str) -> frozenset[str]:
        until, known = self._projects.get(site, (0.0, frozenset()))
        if self._machine() >= until:
            with self._store.reading(SYSTEM) as session:
                known = frozenset(project for found in projects(session, site).values() for project in found)
            self._projects[site] = self._machine() + _KNOWN_S, known
        return known

    def _note(self, site: str, what: str, at: datetime) -> None:
        """To the minute: a bulk edit brings hundreds in a second."""
        if (site, what) in self._noted and at - self._noted[site, what] < _MINUTE:
            return
        with self._store.transaction(SYSTEM) as session:
            row = _site(session, site)
            if what == "arrived":
                row.webhook_at = at
            else:
                _row(session, row).refused_at = at
        self._noted[site, what] = at


def new_secret(store: Store, site: str, at: datetime, *, at_once: bool = False) -> str:
    """A new secret for a site's address; the former one goes on for a day, or not (`at_once`)."""
    secret = secrets.token_urlsafe(_BYTES)
    with store.transaction(SYSTEM) as session:
        row = _row(session, _site(session, site))
        goes_on = row.digest is not None and not at_once
        row.former, row.former_until = (row.digest, at + FORMER_FOR) if goes_on else (None, None)
        row.digest = _digest(secret)
        audit(session, at=at, action="webhook_address_made", team_id=None, detail={"site": site})
    return secret


def is_known(store: Store, site: str) -> bool:
    """Whether there is such a site in the database."""
    with store.reading(SYSTEM) as session:
        return session.scalar(select(JiraSiteRow.id).where(JiraSiteRow.key == site)) is not None


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (OperationalError, TimeoutError) as error:
        raise ComeAgain from error


def projects(session: Session, site: str) -> dict[int, set[str]]:
    """The keys of the projects whose issues each board of a site shows, by the board's row id."""
    prefix = func.rtrim(IssueRow.key, "0123456789")
    query = (
        select(BoardRow.id, prefix)
        .join(JiraSiteRow, JiraSiteRow.id == BoardRow.site_id)
        .join(BoardIssueRow, BoardIssueRow.board_id == BoardRow.id)
        .join(IssueRow, IssueRow.id == BoardIssueRow.issue_id)
        .where(JiraSiteRow.key == site)
        .distinct()
    )
    found: dict[int, set[str]] = {}
    for board_id, project in session.execute(query):
        found.setdefault(board_id, set()).add(project.removesuffix("-"))
    return found


def _is_held(session: Session, hint: Hint) -> bool:
    here = IssueRow.site_id == JiraSiteRow.id, BoardIssueRow.issue_id == IssueRow.id
    held = exists().where(*here, JiraSiteRow.key == hint.site, IssueRow.jira_issue_id.in_(hint.issues))
    return bool(session.scalar(select(held)))


def _is_ours(session: Session, hint: Hint) -> bool:
    ours = BoardRow.site_id == JiraSiteRow.id, JiraSiteRow.key == hint.site
    board = exists().where(*ours, BoardRow.jira_board_id == hint.board)
    sprint = exists().where(*ours, SprintRow.board_id == BoardRow.id, SprintRow.jira_sprint_id == hint.sprint)
    return bool(session.scalar(select(board | sprint)))


def _kept(hint: Hint) -> dict[str, object]:
    return {
        "site": hint.site,
        "issues": list(hint.issues),
        "project": hint.project,
        "deleted": hint.deleted,
        "board": hint.board,
        "sprint": hint.sprint,
    }


def _hook(site: str) -> Select[JiraHookRow]:
    return select(JiraHookRow).join(JiraSiteRow, JiraSiteRow.id == JiraHookRow.site_id).where(JiraSiteRow.key == site)


def _site(session: Session, site: str) -> JiraSiteRow:
    """The site's row; one that stands in the settings may have none yet."""
    insert_once(session, JiraSiteRow, [{"key": site}])
    return session.scalars(select(JiraSiteRow).where(JiraSiteRow.key == site)).one()


def _row(session: Session, site: JiraSiteRow) -> JiraHookRow:
    insert_once(session, JiraHookRow, [{"site_id": site.id}])
    return session.get_one(JiraHookRow, site.id)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
