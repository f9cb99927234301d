"""One issue, shown: to whoever asks for it by its key, and beside a link to it where the joint team wants that.

Of an issue nothing is believed that is stored: it is read now. Whether it may be known at all is decided before that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow, JiraSiteRow
from fmo_bot.db.parties import ChannelRow, JointTeamRow, language_of
from fmo_bot.db.store import Store
from fmo_bot.delivery import audience, inbox, outbox
from fmo_bot.domain import ownership
from fmo_bot.domain.acts import IssueNow
from fmo_bot.domain.issues import BoardShape
from fmo_bot.domain.links import issue_in
from fmo_bot.domain.messages import IssueCard, Notice
from fmo_bot.domain.names import IssueName
from fmo_bot.domain.ownership import KEY, UNFURLED
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Place, Scope
from fmo_bot.domain.visibility import visible
from fmo_bot.errors import BoardUnavailable, NotFound, Refusal, SendOutcome
from fmo_bot.ports import BoardActions
from fmo_bot.services import board_rows, issues_named
from fmo_bot.services.governance import Action, may
from fmo_bot.services.parties import Parties

CARD, UNFURL = "issue_card", "unfurl"  # kinds of jobs
READING = "FMO bot reads {issue} in Jira. It comes as a direct message."
_LINKS = 5  # of one message
_log = structlog.get_logger(__name__)


class NoSuchIssue(Refusal):
    """No board of {team} shows {key}. Write its key as Jira does, such as CORE-12."""


class SayAnIssue(Refusal):
    """Say which issue, by its key: `/fmo issue CORE-12`."""


class WhichSite(Refusal):
    """Several Jira sites know {key}. Say which one: {choices}."""


class Sites(Protocol):
    """The Jira sites: where people open them, and the way to one of them."""

    def addresses(self) -> Mapping[str, str]:
        """Key of each site -> its address for people."""
        ...

    def actions(self, site: str, shape: BoardShape | None) -> BoardActions:
        """As the site's own account. Raises KeyError where nobody knows the site, BoardUnavailable."""
        ...


Unfurl = Callable[[Place, str, Mapping[str, IssueCard], str], None]
"""Show cards beside links of a message: (where, its ts, link -> card, language). Raises SendOutcome."""


class Issues:
    """Showing single issues."""

    def __init__(self, store: Store, parties: Parties, sites: Sites, unfurl: Unfurl) -> None:
        """`sites` reads Jira, `unfurl` speaks in Slack."""
        self._store, self._parties, self._sites, self._unfurl = store, parties, sites, unfurl

    def ask(self, person: Person, words: str, *, channel: str | None, key: str, at: datetime) -> Notice:
        """Have an issue read and shown to the asker. Raises what `_meant` and `Parties.actor` raise."""
        actor = self._parties.actor(person, channel=channel, at=at)
        scope = Scope(team_id=actor.team_id)
        may(actor, Action.READ, scope)
        with self._store.transaction(scope) as session:
            row, site = _meant(session, actor, words)
            payload = {"card": ref_of(session, actor.team_id, site, row.jira_issue_id), "home": person.workspace}
            inbox.record(
                session,
                event_key=f"{CARD}:{key}",
                kind=CARD,
                payload=payload | {"user": person.user},
                at=at,
                asker=person,
            )
            return Notice(text=READING, values={"issue": issues_named.name_of(row, site)})

    def show(self, payload: Mapping[str, Any], at: datetime) -> None:
        """The job of `ask`. Raises NotFound, BoardUnavailable."""
        person = Person(payload["home"], payload["user"])
        card, actor = self.card(person, payload["card"], at)
        with self._store.transaction(Scope(team_id=actor.team_id)) as session:
            name = f"card:{payload['card']}:{person.user}:{at.timestamp()}"
            outbox.owe(session, name=name, message=card, due=at, language=language_of(session, person), person=person)

    def card(self, person: Person, ref: str, at: datetime) -> tuple[IssueCard, Actor]:
        """An issue as it is now, with buttons where the site lets people act. Raises NotFound, BoardUnavailable."""
        actor, row, site = self.find(person, ref, at)
        now = self._read(actor.team_id, site, row.jira_issue_id)
        return card_of(now, ref=ref if site.acting else ""), actor

    def address(self, site: str) -> str:
        """Where people open a site; "" where nobody knows it."""
        return self._sites.addresses().get(site, "").rstrip("/")

    def find(self, person: Person, ref: str, at: datetime) -> tuple[Actor, IssueRow, JiraSiteRow]:
        """The issue behind a card's ref, for somebody who may know of it. Raises NotFound, NotAMember."""
        team_ref, _, value = ref.partition("|")
        actor = self._parties.actor(person, team_ref=team_ref, at=at)
        with self._store.reading(Scope(team_id=actor.team_id)) as session:
            found = issues_named.meant(session, actor.team_id, _standpoint(session, actor), value)
            if len(found) != 1 or ":" not in value:
                raise NotFound
            row, _ = found[0]
            return actor, row, session.get_one(JiraSiteRow, row.site_id)

    def _read(self, team_id: int, site: JiraSiteRow, number: str) -> IssueNow:
        with self._store.reading(Scope(team_id=team_id)) as session:
            shape = shape_of(session, team_id, site.id)
        return self._sites.actions(site.key, shape).read(number)

    # --- links -------------------------------------------------------------------------------------------------------

    def unfurl(self, payload: Mapping[str, Any], at: datetime) -> None:
        """Show what a message's links lead to, where the joint team wants it; silence wherever anything is missing."""
        with self._store.reading(SYSTEM) as session:
            channel = session.scalar(select(ChannelRow).where(ChannelRow.slack_channel_id == payload["channel"]))
            if channel is None or channel.is_held:
                return
            team = session.get_one(JointTeamRow, channel.team_id)
            allowed, language = _allowed(channel, team, is_shared=payload["is_shared"]), team.language
        cards = self._cards(channel, payload, allowed) if allowed else {}
        if not cards:
            return
        try:
            self._unfurl(Place(payload["seen_in"], payload["channel"]), payload["ts"], cards, language)
        except SendOutcome as outcome:  # a link stays readable without it: nobody has to hear of this
            _log.info("a link was not unfurled", why=str(outcome))

    def _cards(
        self, channel: ChannelRow, payload: Mapping[str, Any], allowed: frozenset[str]
    ) -> Mapping[str, IssueCard]:
        sites = self._sites.addresses()
        found: dict[str, IssueCard] = {}
        for link in payload["links"][:_LINKS]:
            named = issue_in(link, sites)
            card = self._linked(channel, *named) if named else None
            if card is not None:
                found[link] = only(card, allowed)
        return found

    def _linked(self, channel: ChannelRow, site: str, key: str) -> IssueCard | None:
        """The issue as everybody in the channel may read it; None where no board of this joint team shows it."""
        with self._store.reading(Scope(team_id=channel.team_id)) as session:
            standpoint = audience.of_place(session, Place(channel.workspace, channel.slack_channel_id))
            row = _on_a_board(session, channel.team_id, site, key)
            if row is None:
                return None
            name, site_row = issues_named.name_of(row, site), session.get_one(JiraSiteRow, row.site_id)
        if not standpoint.may_know(name, KEY):
            return visible(IssueCard(issue=name), standpoint)  # type: ignore[return-value]  # figures are not in it
        try:
            now = self._read(channel.team_id, site_row, row.jira_issue_id)
        except (BoardUnavailable, Refusal):
            return None
        # What may be known is decided on the issue as it is now: it may have moved, or been given a security level.
        return visible(card_of(now), standpoint)  # type: ignore[return-value]


def only(card: IssueCard, allowed: frozenset[str]) -> IssueCard:
    """A card with nothing but the fields a joint team allows beside links."""
    if card.issue is not None and card.issue.key is None:  # whose it is, and no more
        return card
    hidden: dict[str, Any] = dict.fromkeys((*(UNFURLED - {KEY} - allowed), "flagged"))
    return replace(card, **hidden | ({} if KEY in allowed else {"issue": None, "url": None}))


def card_of(now: IssueNow, *, ref: str = "", done: str = "") -> IssueCard:
    """An issue as it was just read; whoever shows it has to fit it to its readers."""
    return IssueCard(
        issue=name_now(now),
        ref=ref,
        url=now.url,
        summary=now.summary,
        status=now.status_name,
        assignee=now.assignee,
        priority=now.priority,
        points=now.points,
        sprint=now.sprint,
        flagged=now.flagged,
        done=done,
    )


def name_now(now: IssueNow) -> IssueName:
    """An issue that was just read, as messages name it."""
    return ownership.name_of(now.site, id=now.id, key=now.key, project_id=now.project, secured=now.secured)


def ref_of(session: Session, team_id: int, site: str, number: str) -> str:
    """What a card's buttons carry: the joint team by its opaque ref, the issue by site and id. It gives no right."""
    return f"{session.get_one(JointTeamRow, team_id).ref}|{issues_named.value_of(site, number)}"


def shape_of(session: Session, team_id: int, site_id: int) -> BoardShape | None:
    """A board of the site, for the ids of its own fields."""
    query = select(BoardRow).where(BoardRow.team_id == team_id, BoardRow.site_id == site_id).order_by(BoardRow.id)
    found = next((board for board in session.scalars(query) if board.shape), None)
    return values.from_json(BoardShape, found.shape) if found else None


def _standpoint(session: Session, actor: Actor) -> ownership.Standpoint:
    return audience.of_company(session, actor.team_id, actor.organisation_id)


def _meant(session: Session, actor: Actor, words: str) -> tuple[IssueRow, str]:
    """The one issue that is meant; a site may be named before its key: `shared:CORE-12`.

    Raises SayAnIssue, NoSuchIssue, WhichSite.
    """
    if not words.strip():
        raise SayAnIssue
    site, between, key = words.strip().rpartition(":")
    found: Sequence[tuple[IssueRow, str]] = issues_named.meant(
        session, actor.team_id, _standpoint(session, actor), key.strip()
    )
    found = [each for each in found if not between or each[1] == site.strip()]
    if not found:
        raise NoSuchIssue(team=actor.team, key=words.strip()[:60])
    if len(found) > 1:
        choices = ", ".join(f"`/fmo issue {each}:{row.key}`" for row, each in found)
        raise WhichSite(key=found[0][0].key, choices=choices)
    return found[0]


def _on_a_board(session: Session, team_id: int, site: str, key: str) -> IssueRow | None:
    """The issue of a site that a board of this joint team shows, by its key or one it had before."""
    site_id = session.scalar(select(JiraSiteRow.id).where(JiraSiteRow.key == site))
    row = board_rows.issue_by_key(session, site_id, key) if site_id is not None else None
    if row is None:
        return None
    shown = select(BoardIssueRow.issue_id).join(BoardRow, BoardRow.id == BoardIssueRow.board_id)
    here = shown.where(BoardRow.team_id == team_id, BoardIssueRow.issue_id == row.id).limit(1)
    return row if session.scalar(here) is not None else None


def _allowed(channel: ChannelRow, team: JointTeamRow, *, is_shared: bool) -> frozenset[str]:
    """What a link may show in a channel: what the joint team allows; inside one company everything.

    A channel that is called internal and turns out to be shared with somebody shows nothing.
    """
    if channel.side_id is None:
        return frozenset(team.unfurls) & UNFURLED
    return frozenset() if is_shared else UNFURLED
