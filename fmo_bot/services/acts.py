"""Acting from Slack: a button or shortcut, a form, and then the act itself, sent to Jira at most once.

Whoever acts never waits for Jira: forms are filled, and acts done, by jobs. An act is a row before it is sent. Its job
marks the row before it sends, so that a job that is repeated, after a crash or an answer that was lost, only looks
whether it stands in Jira.

form --sent--> asked --marked--> tried --Jira said so--> naming --> done | refused | unknown     (or forgotten)
"""

import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.acts import JiraActRow
from fmo_bot.db.boards import BoardRow, IssueRow, JiraSiteRow
from fmo_bot.db.parties import ChannelRow, JointTeamRow, MemberRow, language_of
from fmo_bot.db.store import Store
from fmo_bot.delivery import audience, inbox, outbox
from fmo_bot.domain import act_forms, acts
from fmo_bot.domain.act_forms import NOBODY, Filled, Offer
from fmo_bot.domain.acting import Act, Via
from fmo_bot.domain.acts import IssueNow, Option
from fmo_bot.domain.issues import BoardShape
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.names import ProjectName
from fmo_bot.domain.ownership import ASSIGNEE
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Place, Scope
from fmo_bot.errors import (
    ApprovalIsTheirs,
    BoardUnavailable,
    InvalidInput,
    NoRight,
    NotFound,
    Refusal,
    SendOutcome,
)
from fmo_bot.ports import BoardActions
from fmo_bot.services import act_people, hooks, issues, issues_named
from fmo_bot.services.acting import Acting, Grant
from fmo_bot.services.issues import Issues
from fmo_bot.services.parties import Parties, actor_in

FORM, ACT = "act_form", "jira_act"  # kinds of jobs
DOING = "FMO bot does it in Jira. What stands there then comes as a direct message."
DONE = "Done in Jira."
MADE = "{name} made {issue} of this message."
NOT_SHOWN = "Jira did not say whether this was done, and it does not show there: {what}. Look before you ask again."
NOT_SHOWN_ON = (
    "Jira did not say whether this was done, and it does not show there: {what}, {issue}. Look before you ask again."
)
NOT_DONE = "Not done in Jira: {what}. {text}"
NOT_DONE_ON = "Not done in Jira: {what}, {issue}. {text}"
LOOKS = 4  # how often an act whose end is not known is looked for
FORGOTTEN = timedelta(days=1)  # what a form offered and what was typed, if it came to no end
KNOWN_FOR = timedelta(days=30)  # that there was an act
_OPEN = ("form", "asked", "tried", "naming")  # states in which something may still be done
_WHAT = {
    act_forms.ASSIGN: Act.ASSIGN,
    act_forms.MOVE: Act.TRANSITION,
    act_forms.COMMENT: Act.COMMENT,
    act_forms.FLAG: Act.FLAG,
    act_forms.UNFLAG: Act.FLAG,
    act_forms.CREATE: Act.CREATE,
}
_CHOSEN = frozenset({act_forms.ASSIGN, act_forms.MOVE, act_forms.CREATE})
_ANY = "0"  # no transition has this id: asks whether any may be taken at all
_log = structlog.get_logger(__name__)


class ActingIsOff(Refusal):
    """Changing issues of Jira site {site} from here is off. Its owner's host can switch it on in the team file."""


class NowhereToCreate(Refusal):
    """There is no project in which you may create issues from here. Ask an admin of the company that owns the Jira."""


class Hands(Protocol):
    """Whoever acts in Jira for a grant."""

    def of(self, grant: Grant, shape: BoardShape | None) -> AbstractContextManager[BoardActions]:
        """As the person themselves, or as the site's account. Raises BoardUnavailable, Refusal."""
        ...


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
        self._store, self._parties, self._issues, self._rights = store, parties, issues, rights
        self._hands, self._window, self._token = hands, window, token

    # --- what a person does ------------------------------------------------------------------------------------------

    def begin(self, person: Person, card: str, kind: str, at: datetime) -> Shown:
        """An act on the issue of a card. Raises ActingIsOff, NotFound, and what `Acting.grant_for` raises."""
        actor, row, site = self._issues.find(person, card, at)
        if not site.acting:
            raise ActingIsOff(site=site.key)
        self._grant(actor, _project(row, site), kind, at)
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
        if not self._projects(actor, at):
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
            row = self._mine(session, person, filled.ref)
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
            row = self._mine(session, person, ref)
            payload = {"act": row.ref, "view": view_id, "workspace": workspace, "chosen": chosen}
            key = f"{FORM}:{ref}:{view_id}:{chosen}:{at.timestamp()}"
            inbox.record(session, event_key=key, kind=FORM, payload=payload | _who(person), at=at, asker=person)

    def submit(self, person: Person, filled: Filled, at: datetime) -> Notice:
        """Have it done. Raises NotFound, InvalidInput (a required field is empty, or holds what was not offered)."""
        with self._store.transaction(SYSTEM) as session:
            row = self._mine(session, person, filled.ref)
            if row.state == "forgotten":
                raise NotFound
            if row.state == "form":  # sent twice, it is one act
                _judge(row.kind, values.from_json(Offer, row.offer), filled)
                row.state, row.wanted = "asked", values.to_json(filled)
                payload = {"act": row.ref} | _who(person)
                inbox.record(session, event_key=f"{ACT}:{row.ref}", kind=ACT, payload=payload, at=at, asker=person)
            return Notice(text=DOING, values={})

    # --- jobs --------------------------------------------------------------------------------------------------------

    def fill(self, payload: Mapping[str, Any], at: datetime) -> None:
        """Ask Jira what the form can offer, and show it; what cannot be had is said in the form itself."""
        person = Person(payload["home"], payload["user"])
        with self._store.reading(SYSTEM) as session:
            row, language = self._mine(session, person, payload["act"]), language_of(session, person)
            actor = actor_in(session, person, row.team_id)
        shown: Shown | Refusal
        trouble: Refusal | None = None
        try:
            offer = self._offered(actor, row, payload["chosen"], at)
            with self._store.transaction(SYSTEM) as session:
                self._mine(session, person, row.ref).offer = values.to_json(offer)
            shown = row.ref, row.kind, offer
        except (Refusal, BoardUnavailable) as error:
            shown = trouble = error if isinstance(error, Refusal) else issues_unavailable()
            if payload["chosen"]:  # the form stands, perhaps with words in it: they are not thrown away
                shown = row.ref, row.kind, replace(values.from_json(Offer, row.offer), chosen=payload["chosen"])
        self._window.show(payload["workspace"], payload["view"], shown, language, trouble=trouble)

    def act(self, payload: Mapping[str, Any], at: datetime) -> None:
        """Do it, or look whether it was done. Raises Refusal, which the person reads; BoardUnavailable."""
        person = Person(payload["home"], payload["user"])
        with self._store.reading(SYSTEM) as session:
            row = self._mine(session, person, payload["act"])
            actor = actor_in(session, person, row.team_id)
        if row.state not in _OPEN[1:]:
            return
        filled = values.from_json(Filled, row.wanted)
        issue, site = self._where(row, filled)
        transition = filled.choice if row.kind == act_forms.MOVE else None
        try:
            grant = self._grant(actor, issue, row.kind, at, transition=transition)
            with self._hands.of(grant, self._shape(row.team_id, site)) as actions:
                now = self._through(actions, actor, grant, row, filled, at)
        except Refusal:  # why not is said by whoever runs this job
            self._give_back(row, filled, at)
            self._end(row, "refused")
            raise
        if now is not None:  # told before it ends: whoever is killed between the two only looks, and tells it once
            self._tell(person, actor, row, now, at)
            self._end(row, "done")

    # --- inside ------------------------------------------------------------------------------------------------------

    def _through(
        self, actions: BoardActions, actor: Actor, grant: Grant, row: JiraActRow, filled: Filled, at: datetime
    ) -> IssueNow | None:
        """Send it if it was never sent, else look for it; then have it named. None: it does not show."""
        act = self._act(row, grant, filled)
        is_state = isinstance(act, acts.Flag | acts.Assign)
        if row.state == "asked" and is_state and (stands := actions.settled(act)) is not None:
            return stands  # pressed twice, or somebody was faster: nothing is done, and nobody named for it
        if row.state == "asked":
            self._note(row, actor, grant, "tried", at, state="tried")
            try:
                now: IssueNow | None = actions.do(act)
            except Refusal:
                self._note(row, actor, grant, "failed", at)
                raise
        else:
            now = actions.settled(act)
        if now is None:
            self._looked_in_vain(row, actor, grant, at)
            return None
        if row.state != "naming":
            self._note(row, actor, grant, "done", at, state="naming")
        self._name(actions, row, grant, act, now)
        return now

    def _give_back(self, row: JiraActRow, filled: Filled, at: datetime) -> None:
        """Say what was not done, on which issue; with the words somebody typed, for they are kept nowhere else."""
        with self._store.transaction(Scope(team_id=row.team_id)) as session:
            told: dict[str, Any] = {"what": row.kind, "text": "\n".join(filter(None, (filled.title, filled.text)))}
            text = NOT_DONE
            if (issue := _stored(session, row)) is not None:
                site = session.get_one(JiraSiteRow, row.site_id).key
                text, told["issue"] = NOT_DONE_ON, issues_named.name_of(issue, site)
            member = session.get_one(MemberRow, row.member_id)
            outbox.owe(
                session,
                name=f"act:{row.ref}:refused",
                message=Notice(text=text, values=told),
                due=at,
                language=member.language,
                person=member.person,
            )

    def _looked_in_vain(self, row: JiraActRow, actor: Actor, grant: Grant, at: datetime) -> None:
        """Raises BoardUnavailable, to look again; the last time the person is told, and nothing is sent again."""
        looked = int(row.source.get("looked", 0)) + 1
        if looked < LOOKS:
            with self._store.transaction(SYSTEM) as session:
                session.get_one(JiraActRow, row.id).source = {**row.source, "looked": looked}
            raise BoardUnavailable("It does not show in Jira yet.")
        self._note(row, actor, grant, "unknown", at)
        self._end(row, "unknown")
        with self._store.transaction(Scope(team_id=row.team_id)) as session:
            notice = Notice(text=NOT_SHOWN, values={"what": row.kind})
            if (issue := _stored(session, row)) is not None:
                issue_name = issues_named.name_of(issue, session.get_one(JiraSiteRow, row.site_id).key)
                notice = Notice(text=NOT_SHOWN_ON, values={"what": row.kind, "issue": issue_name})
            member = session.get_one(MemberRow, row.member_id)
            name, language = f"act:{row.ref}:unknown", member.language
            outbox.owe(session, name=name, message=notice, due=at, language=language, person=member.person)

    def _name(self, actions: BoardActions, row: JiraActRow, grant: Grant, act: acts.Act, now: IssueNow) -> None:
        """Whose act it was, below the issue, where Jira itself shows the site's account and no text of ours."""
        if grant.via is Via.OWN or isinstance(act, acts.Comment | acts.Create):
            return
        said = acts.Comment(issue=now.id, text=_said(act, now), signed=grant.signature, mark=row.ref)
        try:
            if row.state != "naming":
                actions.do(said)
        except (Refusal, BoardUnavailable) as error:  # done it is; the audit log names them
            _log.warning("an act is not named in Jira", act=row.ref, why=type(error).__name__)

    def _act(self, row: JiraActRow, grant: Grant, filled: Filled) -> acts.Act:
        offer, issue = values.from_json(Offer, row.offer), row.jira_issue_id or ""
        kind, signed = row.kind, grant.signature or "by FMO bot"
        if kind == act_forms.ASSIGN:
            return acts.Assign(issue=issue, account=None if filled.choice == NOBODY else filled.choice)
        if kind == act_forms.MOVE:
            to = offer.to.get(filled.choice, "")
            return acts.Move(issue=issue, transition=filled.choice, to=to, values=filled.values)
        if kind == act_forms.COMMENT:
            return acts.Comment(issue=issue, text=filled.text, signed=signed, mark=row.ref)
        if kind in (act_forms.FLAG, act_forms.UNFLAG):
            return acts.Flag(issue=issue, on=kind == act_forms.FLAG)
        _, project, type_id = filled.choice.split("|")
        source = str(row.source.get("permalink", ""))
        return acts.Create(
            project=project,
            type=type_id,
            summary=filled.title,
            text=filled.text,
            source=source,
            signed=signed,
            values=filled.values,
            mark=row.ref,
            since=row.asked_at,
        )

    def _offered(self, actor: Actor, row: JiraActRow, chosen: str, at: datetime) -> Offer:
        offer = replace(values.from_json(Offer, row.offer), chosen=chosen)
        if chosen and chosen not in {each.id for each in offer.choices}:
            raise NotFound
        if row.kind == act_forms.CREATE:
            return self._offered_new(actor, row, offer, at)
        if chosen and chosen in offer.asks:
            return offer
        project, site = self._where(row, Filled(ref=row.ref))
        grant = self._grant(actor, project, row.kind, at)
        with self._hands.of(grant, self._shape(row.team_id, site)) as actions:
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
                self._grant(actor, project, row.kind, at, transition=each.id)
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
            return self._window.permalink(Place(row.source["workspace"], row.source["channel"]), row.source["ts"])
        except SendOutcome as outcome:
            _log.info("a new issue does not link to its message", act=row.ref, why=str(outcome))
            return ""

    def _types(self, actor: Actor, at: datetime) -> tuple[Option, ...]:
        """What may be created. A site that does not answer holds up no other; the last trouble is raised if all do."""
        choices: list[Option] = []
        trouble: Exception | None = None
        for site, project in self._projects(actor, at):
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
        grant = self._grant(actor, ProjectName(site=site, key=project), act_forms.CREATE, at)
        with self._hands.of(grant, None) as actions:
            return ask(actions)

    def _people(self, actor: Actor, row: JiraActRow, actions: BoardActions) -> tuple[Option, ...]:
        """Who it may be given to, of those whom the actor may know of."""
        found = actions.assignable(row.jira_issue_id or "")
        with self._store.reading(Scope(team_id=row.team_id)) as session:
            issue = _issue(session, row)
            name = issues_named.name_of(issue, session.get_one(JiraSiteRow, row.site_id).key)
            standpoint = audience.of_company(session, actor.team_id, actor.organisation_id)
            if standpoint.is_inside(standpoint.of(name.project).company):
                return found
            if not standpoint.may_know(name, ASSIGNEE):
                return ()
            known = act_people.linked(session, row.team_id, row.site_id or 0)
        return tuple(each for each in found if each.id in known)

    def _projects(self, actor: Actor, at: datetime) -> list[tuple[str, str]]:
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
            self._grant(actor, ProjectName(site=site, key=project), act_forms.CREATE, at)
        except Refusal:
            return False
        return True

    def _grant(
        self, actor: Actor, project: ProjectName, kind: str, at: datetime, *, transition: str | None = None
    ) -> Grant:
        act = _WHAT[kind]
        wanted = (transition or _ANY) if act is Act.TRANSITION else None
        return self._rights.grant_for(actor, project, act, transition=wanted, at=at)

    def _where(self, row: JiraActRow, filled: Filled) -> tuple[ProjectName, int]:
        """The project the act is in, and the row id of its site; of a switched off site, a refusal."""
        with self._store.reading(SYSTEM) as session:
            if row.kind == act_forms.CREATE:
                key, project, _ = filled.choice.split("|")
                site = session.scalars(select(JiraSiteRow).where(JiraSiteRow.key == key)).one()
                name = ProjectName(site=key, key=project)
            else:
                site = session.get_one(JiraSiteRow, row.site_id)
                name = _project(_issue(session, row), site)
            if not site.acting:
                raise ActingIsOff(site=site.key)
            return name, site.id

    def _shape(self, team_id: int, site_id: int) -> BoardShape | None:
        with self._store.reading(SYSTEM) as session:
            return issues.shape_of(session, team_id, site_id)

    def _issues_url(self, row: JiraActRow) -> str:
        with self._store.reading(SYSTEM) as session:
            site = session.get_one(JiraSiteRow, row.site_id).key
            return f"{self._issues.address(site)}/browse/{_issue(session, row).key}"

    def _mine(self, session: Session, person: Person, ref: str) -> JiraActRow:
        """The person's own act. Raises NotFound for anybody else's too."""
        row = session.scalar(select(JiraActRow).where(JiraActRow.ref == ref))
        member = session.get(MemberRow, row.member_id) if row is not None else None
        if row is None or member is None or member.person != person:
            raise NotFound
        return row

    def _note(
        self, row: JiraActRow, actor: Actor, grant: Grant, outcome: str, at: datetime, *, state: str | None = None
    ) -> None:
        with self._store.transaction(Scope(team_id=row.team_id)) as session:
            self._rights.noted(session, actor, grant, issue=row.jira_issue_id or "", outcome=outcome, at=at)
            if state is not None:
                session.get_one(JiraActRow, row.id).state = state

    def _end(self, row: JiraActRow, state: str) -> None:
        with self._store.transaction(SYSTEM) as session:
            kept = session.get_one(JiraActRow, row.id)
            kept.state, kept.offer, kept.wanted = state, {}, {}

    def _tell(self, person: Person, actor: Actor, row: JiraActRow, now: IssueNow, at: datetime) -> None:
        """What stands in Jira now: to the person, and below the message that an issue was made of."""
        with self._store.transaction(Scope(team_id=row.team_id)) as session:
            ref = issues.ref_of(session, row.team_id, now.site, now.id)
            card = issues.card_of(now, ref=ref if row.kind != act_forms.CREATE else "", done=DONE)
            language = language_of(session, person)
            outbox.owe(session, name=f"act:{row.ref}", message=card, due=at, language=language, person=person)
            if row.kind == act_forms.CREATE:
                _tell_thread(session, row, actor, now, at)


def forget_old(store: Store, at: datetime) -> None:
    """Forms that were never sent, and acts that were given up, are forgotten after a day; all rows go after thirty."""
    old = JiraActRow.asked_at < at - FORGOTTEN, JiraActRow.state.in_(_OPEN)
    nothing: dict[str, Any] = {"state": "forgotten", "offer": {}, "wanted": {}, "source": {}}
    with store.transaction(SYSTEM) as session:
        session.execute(update(JiraActRow).where(*old).values(nothing))
        session.execute(delete(JiraActRow).where(JiraActRow.asked_at < at - KNOWN_FOR))


def issues_unavailable() -> Refusal:
    """The sentence in a form when Jira does not answer."""
    return Refusal("Jira does not answer just now. Close this and try again in a moment.")


def _tell_thread(session: Session, row: JiraActRow, actor: Actor, now: IssueNow, at: datetime) -> None:
    """Only in a channel of this joint team: anywhere else nobody has said who may read it."""
    source = row.source
    here = ChannelRow.slack_channel_id == source["channel"], ChannelRow.team_id == row.team_id
    channel = session.scalar(select(ChannelRow).where(*here))
    if channel is None:
        return
    place = Place(channel.workspace, channel.slack_channel_id)
    outbox.known(session, name=f"said:{row.ref}", place=place, ts=source["thread"] or source["ts"])
    notice = Notice(text=MADE, values={"name": actor.name, "issue": issues.name_now(now)})
    language = session.get_one(JointTeamRow, row.team_id).language
    name = f"made:{row.ref}"
    outbox.owe(session, name=name, message=notice, due=at, language=language, place=place, thread_of=f"said:{row.ref}")


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


def _said(act: acts.Act, now: IssueNow) -> str:
    if isinstance(act, acts.Move):
        return f"Status: {now.status_name}"
    if isinstance(act, acts.Assign):
        return f"Assignee: {now.assignee or '–'}"
    return "Flagged" if now.flagged else "Not flagged"


def _stored(session: Session, row: JiraActRow) -> IssueRow | None:
    """The issue it is about; None where it is to be created, or is no longer stored."""
    query = select(IssueRow).where(IssueRow.site_id == row.site_id, IssueRow.jira_issue_id == row.jira_issue_id)
    return session.scalar(query)


def _issue(session: Session, row: JiraActRow) -> IssueRow:
    if (found := _stored(session, row)) is None:
        raise NotFound
    return found


def _project(row: IssueRow, site: JiraSiteRow) -> ProjectName:
    return issues_named.name_of(row, site.key).project


def _who(person: Person) -> dict[str, str]:
    return {"home": person.workspace, "user": person.user}
