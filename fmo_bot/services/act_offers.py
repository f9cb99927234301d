"""What a form of an act offers: what Jira has, of it what this person may, of people whom they may know."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select

from fmo_bot.db import values
from fmo_bot.db.acts import JiraActRow
from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.delivery import audience
from fmo_bot.domain import act_forms, acts
from fmo_bot.domain.act_forms import NOBODY, Filled, Offer
from fmo_bot.domain.acts import Option
from fmo_bot.domain.names import ProjectName
from fmo_bot.domain.ownership import ASSIGNEE
from fmo_bot.domain.parties import SYSTEM, Actor, Place, Scope
from fmo_bot.errors import ApprovalIsTheirs, BoardUnavailable, NoRight, NotFound, Refusal, SendOutcome
from fmo_bot.ports import BoardActions
from fmo_bot.services import act_people, act_rows, hooks, issues_named
from fmo_bot.services.act_doing import Hands
from fmo_bot.services.act_rows import ActRows
from fmo_bot.services.issues import Issues

_log = structlog.get_logger(__name__)


class NowhereToCreate(Refusal):
    """There is no project in which you may create issues from here. Ask an admin of the company that owns the Jira."""


class ActOffers:
    """What people can choose from before they act."""

    def __init__(self, rows: ActRows, issues: Issues, hands: Hands, *, permalink: Callable[[Place, str], str]) -> None:
        """`permalink`: the address of a message, for people; raises a SendOutcome."""
        self._rows, self._issues, self._hands, self._permalink_of = rows, issues, hands, permalink
        self._store = rows.store

    def offered(self, actor: Actor, row: JiraActRow, chosen: str, at: datetime) -> Offer:
        """What the form holds once `chosen` is chosen in it. Raises Refusal, BoardUnavailable."""
        offer = replace(values.from_json(Offer, row.offer), chosen=chosen)
        if chosen and chosen not in {each.id for each in offer.choices}:
            raise NotFound
        if row.kind == act_forms.CREATE:
            return self._offered_new(actor, row, offer, at)
        if chosen and chosen in offer.asks:
            return offer
        project, site = self._rows.where(row, Filled(ref=row.ref))
        grant = self._rows.grant(actor, project, row.kind, at)
        with self._hands.of(grant, self._rows.shape(row.team_id, site)) as actions:
            if row.kind == act_forms.ASSIGN:
                people = self._people(actor, row, actions)
                mine = [each for each in people if each.id == grant.account]
                others = [each for each in people if each.id != grant.account]
                return replace(offer, choices=(*mine, *others[:98], Option(NOBODY, "–")))
            return self._ways(actor, row, project, actions, offer, at)

    def _ways(
        self,
        actor: Actor,
        row: JiraActRow,
        project: ProjectName,
        actions: BoardActions,
        offer: Offer,
        at: datetime,
    ) -> Offer:
        """The transitions that this person may have taken, each with what it requires."""
        ways = []
        for each in actions.transitions(row.jira_issue_id or ""):
            try:
                self._rows.grant(actor, project, row.kind, at, transition=each.id)
            except ApprovalIsTheirs:
                continue
            ways.append(each)
        if not ways:
            raise NoRight
        names = [each.name if each.name == each.to_name else f"{each.name} → {each.to_name}" for each in ways]
        people: tuple[Option, ...] = ()
        if any(asked.kind is acts.Kind.USER for each in ways for asked in each.asks):
            people = self._people(actor, row, actions)
        return replace(
            offer,
            choices=tuple(Option(each.id, name) for each, name in zip(ways, names, strict=True)),
            to={each.id: each.to for each in ways},
            asks={each.id: tuple(act_people.with_people(asked, people) for asked in each.asks) for each in ways},
            url=self._issues_url(row),
        )

    def _offered_new(self, actor: Actor, row: JiraActRow, offer: Offer, at: datetime) -> Offer:
        if offer.chosen:
            site, project, type_id = offer.chosen.split("|")
            found = self._in_project(actor, site, project, at, lambda actions: actions.asked_of_new(project, type_id))
            asks = tuple(act_people.with_people(each, ()) for each in found.asks)
            return replace(offer, asks={**offer.asks, offer.chosen: asks}, url=self._issues.address(site))
        permalink = self._permalink(row)
        with self._store.transaction(SYSTEM) as session:
            session.get_one(JiraActRow, row.id).source = {**row.source, "permalink": permalink}
        return replace(offer, choices=self._types(actor, at), asks={"": ()})

    def _permalink(self, row: JiraActRow) -> str:
        """Of the message; "" where Slack does not tell, as where the app is not in the conversation."""
        try:
            return self._permalink_of(Place(row.source["workspace"], row.source["channel"]), row.source["ts"])
        except SendOutcome as outcome:
            _log.info("a new issue does not link to its message", act=row.ref, why=str(outcome))
            return ""

    def _types(self, actor: Actor, at: datetime) -> tuple[Option, ...]:
        """What may be created. A site that does not answer holds up no other; the last trouble is raised if all do."""
        choices: list[Option] = []
        trouble: Exception | None = None
        for site, project in self.projects(actor, at):
            try:
                types = self._in_project(actor, site, project, at, lambda actions, key=project: actions.types(key))  # type: ignore[misc]
            except (Refusal, BoardUnavailable) as error:
                trouble = error
                continue
            choices += [Option(f"{site}|{project}|{each.id}", f"{project} · {each.name}") for each in types]
        if not choices:
            raise trouble or NowhereToCreate
        return tuple(choices[:100])

    def _in_project(
        self, actor: Actor, site: str, project: str, at: datetime, ask: Callable[[BoardActions], Any]
    ) -> Any:
        grant = self._rows.grant(actor, ProjectName(site=site, key=project), act_forms.CREATE, at)
        with self._hands.of(grant, None) as actions:
            return ask(actions)

    def _people(self, actor: Actor, row: JiraActRow, actions: BoardActions) -> tuple[Option, ...]:
        """Who it may be given to, of those whom the actor may know of."""
        found = actions.assignable(row.jira_issue_id or "")
        with self._store.reading(Scope(team_id=row.team_id)) as session:
            issue = act_rows.stored_issue(session, row)
            name = issues_named.name_of(issue, session.get_one(JiraSiteRow, row.site_id).key)
            standpoint = audience.of_company(session, actor.team_id, actor.organisation_id)
            if standpoint.is_inside(standpoint.of(name.project).company):
                return found
            if not standpoint.may_know(name, ASSIGNEE):
                return ()
            known = act_people.linked(session, row.team_id, row.site_id or 0)
        return tuple(each for each in found if each.id in known)

    def projects(self, actor: Actor, at: datetime) -> list[tuple[str, str]]:
        """(site, project) in which the actor may create something."""
        with self._store.reading(Scope(team_id=actor.team_id)) as session:
            boards = select(BoardRow).where(BoardRow.team_id == actor.team_id).order_by(BoardRow.id)
            known = {
                (board.site.key, project)
                for board in session.scalars(boards)
                if board.site.acting
                for project in hooks.projects(session, board.site.key).get(board.id, ())
            }
        return [each for each in sorted(known) if self._may_create(actor, *each, at)]

    def _may_create(self, actor: Actor, site: str, project: str, at: datetime) -> bool:
        try:
            self._rows.grant(actor, ProjectName(site=site, key=project), act_forms.CREATE, at)
        except Refusal:
            return False
        return True

    def _issues_url(self, row: JiraActRow) -> str:
        with self._store.reading(SYSTEM) as session:
            site = session.get_one(JiraSiteRow, row.site_id).key
            return f"{self._issues.address(site)}/browse/{act_rows.stored_issue(session, row).key}"
