"""Doing an act in Jira: sent at most once, then looked for, named below the issue and told.

asked --marked--> tried --Jira said so--> naming --> done | refused | unknown
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.acts import JiraActRow
from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.parties import ChannelRow, JointTeamRow, MemberRow, language_of
from fmo_bot.delivery import outbox
from fmo_bot.domain import act_forms, acts
from fmo_bot.domain.act_forms import NOBODY, Filled, Offer
from fmo_bot.domain.acting import Via
from fmo_bot.domain.acts import IssueNow
from fmo_bot.domain.issues import BoardShape
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Place, Scope
from fmo_bot.errors import BoardUnavailable, Refusal
from fmo_bot.ports import BoardActions
from fmo_bot.services import act_rows, issues, issues_named
from fmo_bot.services.act_rows import ActRows
from fmo_bot.services.acting import Grant
from fmo_bot.services.parties import actor_in

DONE = "Done in Jira."
MADE = "{name} made {issue} of this message."
NOT_SHOWN = "Jira did not say whether this was done, and it does not show there: {what}. Look before you ask again."
NOT_SHOWN_ON = (
    "Jira did not say whether this was done, and it does not show there: {what}, {issue}. Look before you ask again."
)
NOT_DONE = "Not done in Jira: {what}. {text}"
NOT_DONE_ON = "Not done in Jira: {what}, {issue}. {text}"
LOOKS = 4  # how often an act whose end is not known is looked for
_log = structlog.get_logger(__name__)


class Hands(Protocol):
    """Whoever acts in Jira for a grant."""

    def of(self, grant: Grant, shape: BoardShape | None) -> AbstractContextManager[BoardActions]:
        """As the person themselves, or as the site's account. Raises BoardUnavailable, Refusal."""
        ...


class ActDoing:
    """Whoever does what people asked for."""

    def __init__(self, rows: ActRows, hands: Hands) -> None:
        """`hands` act in Jira."""
        self._rows, self._hands, self._store = rows, hands, rows.store

    def act(self, payload: Mapping[str, Any], at: datetime) -> None:
        """Do it, or look whether it was done. Raises Refusal, which the person reads; BoardUnavailable."""
        person = Person(payload["home"], payload["user"])
        with self._store.reading(SYSTEM) as session:
            row = self._rows.mine(session, person, payload["act"])
            actor = actor_in(session, person, row.team_id)
        if row.state not in act_rows.OPEN[1:]:
            return
        filled = values.from_json(Filled, row.wanted)
        issue, site = self._rows.where(row, filled)
        transition = filled.choice if row.kind == act_forms.MOVE else None
        try:
            grant = self._rows.grant(actor, issue, row.kind, at, transition=transition)
            with self._hands.of(grant, self._rows.shape(row.team_id, site)) as actions:
                now = self._through(actions, actor, grant, row, filled, at)
        except Refusal:  # why not is said by whoever runs this job
            self._give_back(row, filled, at)
            self._rows.end(row, "refused")
            raise
        if now is not None:  # told before it ends: whoever is killed between the two only looks, and tells it once
            self._tell(person, actor, row, now, at)
            self._rows.end(row, "done")

    def _through(
        self, actions: BoardActions, actor: Actor, grant: Grant, row: JiraActRow, filled: Filled, at: datetime
    ) -> IssueNow | None:
        """Send it if it was never sent, else look for it; then have it named. None: it does not show."""
        act = self._act(row, grant, filled)
        is_state = isinstance(act, acts.Flag | acts.Assign)
        if row.state == "asked" and is_state and (stands := actions.settled(act)) is not None:
            return stands  # pressed twice, or somebody was faster: nothing is done, and nobody named for it
        if row.state == "asked":
            self._rows.note(row, actor, grant, "tried", at, state="tried")
            try:
                now: IssueNow | None = actions.do(act)
            except Refusal:
                self._rows.note(row, actor, grant, "failed", at)
                raise
        else:
            now = actions.settled(act)
        if now is None:
            self._looked_in_vain(row, actor, grant, at)
            return None
        if row.state != "naming":
            self._rows.note(row, actor, grant, "done", at, state="naming")
        self._name(actions, row, grant, act, now)
        return now

    def _give_back(self, row: JiraActRow, filled: Filled, at: datetime) -> None:
        """Say what was not done, on which issue; with the words somebody typed, for they are kept nowhere else."""
        with self._store.transaction(Scope(team_id=row.team_id)) as session:
            told: dict[str, Any] = {"what": row.kind, "text": "\n".join(filter(None, (filled.title, filled.text)))}
            text = NOT_DONE
            if (issue := act_rows.stored(session, row)) is not None:
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
        self._rows.note(row, actor, grant, "unknown", at)
        self._rows.end(row, "unknown")
        with self._store.transaction(Scope(team_id=row.team_id)) as session:
            notice = Notice(text=NOT_SHOWN, values={"what": row.kind})
            if (issue := act_rows.stored(session, row)) is not None:
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

    def _tell(self, person: Person, actor: Actor, row: JiraActRow, now: IssueNow, at: datetime) -> None:
        """What stands in Jira now: to the person, and below the message that an issue was made of."""
        with self._store.transaction(Scope(team_id=row.team_id)) as session:
            ref = issues.ref_of(session, row.team_id, now.site, now.id)
            card = issues.card_of(now, ref=ref if row.kind != act_forms.CREATE else "", done=DONE)
            language = language_of(session, person)
            outbox.owe(session, name=f"act:{row.ref}", message=card, due=at, language=language, person=person)
            if row.kind == act_forms.CREATE:
                _tell_thread(session, row, actor, now, at)


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


def _said(act: acts.Act, now: IssueNow) -> str:
    if isinstance(act, acts.Move):
        return f"Status: {now.status_name}"
    if isinstance(act, acts.Assign):
        return f"Assignee: {now.assignee or '–'}"
    return "Flagged" if now.flagged else "Not flagged"
