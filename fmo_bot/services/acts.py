"""Acting from Slack: a button or shortcut, a form, and then the act itself, sent to Jira at most once.

Whoever acts never waits for Jira: forms are filled, and acts done, by jobs. An act is a row before it is sent. Its job
marks the row before it sends, so that a job that is repeated, after a crash or an answer that was lost, only looks
whether it stands in Jira.

form --sent--> asked --> what services.act_doing says     (or forgotten)
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from fmo_bot.db import values
from fmo_bot.db.acts import JiraActRow
from fmo_bot.db.parties import language_of
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox
from fmo_bot.domain import act_forms, acts
from fmo_bot.domain.act_forms import Filled, Offer
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM, Person, Place, Scope
from fmo_bot.errors import BoardUnavailable, InvalidInput, NotFound, Refusal
from fmo_bot.services import act_rows
from fmo_bot.services.act_doing import ActDoing, Hands
from fmo_bot.services.act_offers import ActOffers, NowhereToCreate
from fmo_bot.services.act_rows import ActingIsOff, ActRows
from fmo_bot.services.acting import Acting
from fmo_bot.services.issues import Issues
from fmo_bot.services.parties import Parties, actor_in

FORM, ACT = "act_form", "jira_act"  # kinds of jobs
DOING = "FMO bot does it in Jira. What stands there then comes as a direct message."
_CHOSEN = frozenset({act_forms.ASSIGN, act_forms.MOVE, act_forms.CREATE})


class Window(Protocol):
    """A form that stands open before somebody."""

    def show(
        self,
        workspace: str,
        view_id: str,
        shown: "Shown | Refusal",
        language: str,
        *,
        trouble: Refusal | None = None,
    ) -> None:
        """Show a form, or why there is none, in an open view. `trouble`: why it is not filled for its last choice."""
        ...

    def permalink(self, place: Place, ts: str) -> str:
        """The address of a message, for people. Raises a SendOutcome."""
        ...


Shown = tuple[str, str, Offer]  # ref of the act, its kind, what is offered


class Acts:
    """What people do to issues."""

    def __init__(
        self,
        store: Store,
        parties: Parties,
        issues: Issues,
        rights: Acting,
        hands: Hands,
        window: Window,
        *,
        token: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """`rights` says who may, `hands` do it, `window` shows forms; `token` makes refs."""
        self._store, self._parties, self._issues, self._window, self._token = store, parties, issues, window, token
        self._rows = ActRows(store, rights)
        self._offers = ActOffers(self._rows, issues, hands, permalink=window.permalink)
        self.act = ActDoing(self._rows, hands).act  # the job that does it

    def begin(self, person: Person, card: str, kind: str, at: datetime) -> Shown:
        """An act on the issue of a card. Raises ActingIsOff, NotFound, and what `Acting.grant_for` raises."""
        actor, row, site = self._issues.find(person, card, at)
        if not site.acting:
            raise ActingIsOff(site=site.key)
        self._rows.grant(actor, act_rows.project_of(row, site), kind, at)
        offer = Offer(text="" if kind == act_forms.COMMENT else None, about=row.key)
        act = JiraActRow(
            ref=self._token(),
            team_id=actor.team_id,
            member_id=actor.member_id,
            asked_at=at,
            kind=kind,
            site_id=site.id,
            jira_issue_id=row.jira_issue_id,
            offer=values.to_json(offer),
        )
        with self._store.transaction(Scope(team_id=actor.team_id)) as session:
            session.add(act)
        return act.ref, kind, offer

    def begin_of_message(
        self, person: Person, words: str, source: Mapping[str, str], *, channel: str, at: datetime
    ) -> Shown:
        """A new issue of a message. `source`: its workspace, channel, ts. Raises NowhereToCreate and like `begin`."""
        actor = self._parties.actor(person, channel=channel, at=at)
        if not self._offers.projects(actor, at):
            raise NowhereToCreate
        title = " ".join(words.split())[: acts.LONGEST_SUMMARY]
        offer = Offer(title=title, text=words[:3000])
        act = JiraActRow(
            ref=self._token(),
            team_id=actor.team_id,
            member_id=actor.member_id,
            asked_at=at,
            kind=act_forms.CREATE,
            offer=values.to_json(offer),
            source=dict(source),
        )
        with self._store.transaction(Scope(team_id=actor.team_id)) as session:
            session.add(act)
        return act.ref, act.kind, offer

    def choose(self, person: Person, filled: Filled, view_id: str, workspace: str, at: datetime) -> None:
        """A choice in an open form: what was typed so far is kept, and it is filled anew. Raises NotFound."""
        with self._store.transaction(SYSTEM) as session:
            row = self._rows.mine(session, person, filled.ref)
            offer = values.from_json(Offer, row.offer)
            title = filled.title or offer.title if offer.title is not None else None
            text = filled.text or offer.text if offer.text is not None else None
            row.offer = values.to_json(replace(offer, title=title, text=text))
        self.fill_later(person, filled.ref, view_id, workspace, at, chosen=filled.choice)

    def fill_later(
        self, person: Person, ref: str, view_id: str, workspace: str, at: datetime, *, chosen: str = ""
    ) -> None:
        """Have a form filled by what Jira offers; `chosen`: what was chosen in it. Raises NotFound."""
        with self._store.transaction(SYSTEM) as session:
            row = self._rows.mine(session, person, ref)
            payload = {"act": row.ref, "view": view_id, "workspace": workspace, "chosen": chosen}
            key = f"{FORM}:{ref}:{view_id}:{chosen}:{at.timestamp()}"
            inbox.record(session, event_key=key, kind=FORM, payload=payload | _who(person), at=at, asker=person)

    def submit(self, person: Person, filled: Filled, at: datetime) -> Notice:
        """Have it done. Raises NotFound, InvalidInput (a required field is empty, or holds what was not offered)."""
        with self._store.transaction(SYSTEM) as session:
            row = self._rows.mine(session, person, filled.ref)
            if row.state == "forgotten":
                raise NotFound
            if row.state == "form":  # sent twice, it is one act
                _judge(row.kind, values.from_json(Offer, row.offer), filled)
                row.state, row.wanted = "asked", values.to_json(filled)
                payload = {"act": row.ref} | _who(person)
                inbox.record(session, event_key=f"{ACT}:{row.ref}", kind=ACT, payload=payload, at=at, asker=person)
            return Notice(text=DOING, values={})

    def fill(self, payload: Mapping[str, Any], at: datetime) -> None:
        """Ask Jira what the form can offer, and show it; what cannot be had is said in the form itself."""
        person = Person(payload["home"], payload["user"])
        with self._store.reading(SYSTEM) as session:
            row, language = self._rows.mine(session, person, payload["act"]), language_of(session, person)
            actor = actor_in(session, person, row.team_id)
        shown: Shown | Refusal
        trouble: Refusal | None = None
        try:
            offer = self._offers.offered(actor, row, payload["chosen"], at)
            with self._store.transaction(SYSTEM) as session:
                self._rows.mine(session, person, row.ref).offer = values.to_json(offer)
            shown = row.ref, row.kind, offer
        except (Refusal, BoardUnavailable) as error:
            shown = trouble = error if isinstance(error, Refusal) else issues_unavailable()
            if payload["chosen"]:  # the form stands, perhaps with words in it: they are not thrown away
                shown = row.ref, row.kind, replace(values.from_json(Offer, row.offer), chosen=payload["chosen"])
        self._window.show(payload["workspace"], payload["view"], shown, language, trouble=trouble)


def issues_unavailable() -> Refusal:
    """The sentence in a form when Jira does not answer."""
    return Refusal("Jira does not answer just now. Close this and try again in a moment.")


def _judge(kind: str, offer: Offer, filled: Filled) -> None:
    """Whether what came back was offered, and is all that is required. Raises InvalidInput."""
    wrong: dict[str, str] = {}
    if kind in _CHOSEN and filled.choice not in {each.id for each in offer.choices}:
        wrong["choice"] = "Choose one."
    if offer.asks and not replace(offer, chosen=filled.choice).is_complete:
        wrong["choice"] = "This needs a field that can only be filled in Jira."
    if kind == act_forms.COMMENT and not filled.text.strip():
        wrong["text"] = "Write something."
    if kind == act_forms.CREATE and not filled.title.strip():
        wrong["title"] = "Write something."
    for asked in offer.asks.get(filled.choice, ()):
        given = filled.values.get(asked.id, ())
        if not any(each.strip() for each in given):
            wrong[asked.id] = "Jira requires this."
        elif asked.kind is acts.Kind.NUMBER and acts.number_in(given[0]) is None:
            wrong[asked.id] = "Write a number, such as 3 or 0.5."
    if wrong:
        raise InvalidInput(wrong)


def _who(person: Person) -> dict[str, str]:
    return {"home": person.workspace, "user": person.user}
