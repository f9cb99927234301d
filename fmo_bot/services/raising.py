"""Raising a blocker with typed words: which issue is meant is asked, never guessed."""

import re
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from fmo_bot.db.boards import IssueRow
from fmo_bot.db.parties import JointTeamRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import audience
from fmo_bot.domain.messages import IssueChoice, Notice, WhichIssue
from fmo_bot.domain.parties import UNKNOWN, Actor, Person, Scope
from fmo_bot.errors import NotFound, Refusal
from fmo_bot.services import waits
from fmo_bot.services.governance import Action, may
from fmo_bot.services.issues_named import meant, name_of, value_of
from fmo_bot.services.parties import Parties
from fmo_bot.services.standup_choices import MAX_WHAT, storable

HOW = "`/fmo blocked CORE-12 what is missing`: an issue's key, or a few words, or both."
ON_ISSUE = "It is noted: {waiting} waits on {waited_on}, with {issue}. {what}"
NOTED = "It is noted: {waiting} waits on {waited_on}. {what}"
STANDS = "That stands already, and stays as it is: {waiting} waits on {waited_on}, with {issue}. {what}"
_KEY = re.compile(r"[A-Z][A-Z0-9_]*-[1-9][0-9]{0,17}", re.IGNORECASE)
_BETWEEN = "|"  # the parts of a choice's value; what a person wrote comes last and may hold it


class NoSuchIssue(Refusal):
    """{key} is not on the joint team's boards. Check the key, or say without one what is missing."""


class Raising:
    """`/fmo blocked`, in all joint teams."""

    def __init__(self, store: Store, parties: Parties, *, token: Callable[[int], str] = secrets.token_urlsafe) -> None:
        """`parties` finds out who acts, and for which joint team; `token` makes opaque references."""
        self.store, self.parties, self.token = store, parties, token

    def typed(
        self, person: Person, words: str, *, channel: str | None = None, key: str, at: datetime
    ) -> Notice | WhichIssue:
        """Raise it, or ask which issue is meant where several sites know its key. `key` names what was typed.

        Raises NoSuchIssue, NotAllowed, and what `Parties.actor` raises.
        """
        first, _, rest = words.strip().partition(" ")
        named = first.upper() if _KEY.fullmatch(first) else None
        what = storable(rest if named else words)[:MAX_WHAT]
        if named is None and not what:
            return Notice(text=HOW, values={})
        actor = self.parties.actor(person, channel=channel, at=at)
        may(actor, Action.RAISE_BLOCKER, Scope(team_id=actor.team_id))
        with self.store.transaction(Scope(team_id=actor.team_id)) as session:
            if named is None:
                return self._raise(session, actor, None, what, key, at)
            found = meant(session, actor.team_id, audience.of_person(session, actor.person), named)
            if not found:
                raise NoSuchIssue(key=named)
            if len(found) > 1:
                return _question(session, actor, named, what, found)
            return self._raise(session, actor, found[0][0], what, key, at)

    def chosen(self, person: Person, value: str, *, key: str, at: datetime) -> Notice:
        """Raise it with the issue that was chosen: `value` of one of the choices. Raises NotFound, NotAllowed."""
        team_ref, _, rest = value.partition(_BETWEEN)
        named, _, what = rest.partition(_BETWEEN)
        actor = self.parties.actor(person, team_ref=team_ref, at=at)
        may(actor, Action.RAISE_BLOCKER, Scope(team_id=actor.team_id))
        with self.store.transaction(Scope(team_id=actor.team_id)) as session:
            found = meant(session, actor.team_id, audience.of_person(session, actor.person), named)
            if len(found) != 1:
                raise NotFound
            return self._raise(session, actor, found[0][0], storable(what)[:MAX_WHAT], key, at)

    def _raise(
        self, session: Session, actor: Actor, issue: IssueRow | None, what: str, key: str, at: datetime
    ) -> Notice:
        row = waits.raise_blocker(
            session,
            actor,
            waited_side=_waited_on(session, actor),
            issue=issue,
            what=what,
            click=key,
            at=at,
            token=self.token,
        )
        line = waits.line(session, row)
        told = {"waiting": line.waiting, "waited_on": line.waited_on, "issue": line.issue, "what": line.what}
        if line.issue is None:
            return Notice(text=NOTED, values=told)
        # It was raised before, in other words: they are not replaced by whoever comes later.
        return Notice(text=ON_ISSUE if row.what == what else STANDS, values=told)


def _waited_on(session: Session, actor: Actor) -> str:
    """The other side where there is only one; between several nobody guesses."""
    others = [side for side in waits.companies(session, actor.team_id) if side != actor.side]
    return others[0] if len(others) == 1 else UNKNOWN


def _question(session: Session, actor: Actor, key: str, what: str, found: Sequence[tuple[IssueRow, str]]) -> WhichIssue:
    ref = session.get_one(JointTeamRow, actor.team_id).ref
    choices = tuple(
        IssueChoice(
            value=_BETWEEN.join((ref, value_of(site, row.jira_issue_id), what)),
            issue=name_of(row, site),
            summary=row.summary,
            site=site,
        )
        for row, site in found
    )
    return WhichIssue(key=key, choices=choices)
