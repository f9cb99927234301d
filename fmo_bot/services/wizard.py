"""Setting up a joint team from its channel, in direct messages and windows, until somebody says post.

What was chosen is a row after every step: it can be left at any time, and gone on with another day, by another process.
Whatever asks Slack or Jira is a job; the window that waits for it is filled when it is done.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.drafts import SetUpDraftRow
from fmo_bot.db.parties import ChannelRow, JointTeamRow, MemberRow, SideRow, language_of
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox, outbox
from fmo_bot.domain import draft_boards, draft_people, draft_sides, draft_stages, draft_summary, draft_times, drafts
from fmo_bot.domain.calendars import SideCalendar, WorkingTime
from fmo_bot.domain.draft_boards import Found
from fmo_bot.domain.draft_screens import Given, Screen
from fmo_bot.domain.drafts import BOARD, DUTIES, PEOPLE, SIDES, STAGES, SUMMARY, TIMES, Draft
from fmo_bot.domain.messages import Notice, SetUpCard
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Place
from fmo_bot.errors import BoardUnavailable, InvalidInput, Refusal
from fmo_bot.services import wizard_asking, wizard_checks, wizard_rows
from fmo_bot.services.governance import audit
from fmo_bot.services.national_days import with_national_days
from fmo_bot.services.side_changing import SideChanging
from fmo_bot.services.wizard_asking import Asking
from fmo_bot.services.wizard_boards import ABANDONED, Boards
from fmo_bot.services.wizard_posting import Posting
from fmo_bot.services.wizard_rows import DISCARDED
from fmo_bot.services.wizard_seeing import Seeing

LOOK, FILL, POST = "set_up_look", "set_up_fill", "set_up_post"  # kinds of jobs
LOOKING = "FMO bot looks at who is in this channel. What comes next is in a direct message; nobody else sees it."
DISCARDED_NOW = "The set-up of #{channel} is discarded; nobody else has seen anything of it."
OVER = "{name} goes on with the set-up of #{channel} now."
TAKEN = "The board is chosen. Whoever asked is told its name, its columns and its statuses."
NAME_TAKEN = "This name cannot be used here: choose another one."


class NotHere(Refusal):
    """Set-up begins in the joint channel: type `/fmo setup` there, or mention FMO bot with the word setup."""


class IsJoint(Refusal):
    """This channel is the joint channel of {team} already. A change goes through its team file, or its proposals."""


class IsTaken(Refusal):
    """A joint team that you are not in has this channel already. Ask who invited you to it."""


class Window(Protocol):
    """A window that stands open before somebody."""

    def show(self, workspace: str, view_id: str, shown: "Shown | Notice | Refusal", language: str) -> None:
        """Show a screen, or why there is none."""
        ...


Shown = tuple[str, int, Screen]  # ref and revision of the set-up, what is to be seen


class Wizard:
    """What people press and say while they set up."""

    def __init__(
        self,
        store: Store,
        seeing: Seeing,
        boards: Boards,
        posting: Posting,
        asking: Asking,
        changing: SideChanging,
        window: Window,
        apps: Callable[[], dict[str, str]],
        *,
        token: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """`apps`: workspace -> key of our app there; `token` makes refs."""
        self._store, self._seeing, self._boards, self._posting = store, seeing, boards, posting
        self._asking, self._changing = asking, changing
        self._window, self._apps, self._token = window, apps, token

    # --- beginning -------------------------------------------------------------------------------------------------

    def may_begin(self, person: Person, channel: str | None) -> bool:
        """Whether somebody who only mentioned the bot there may mean to set up."""
        try:
            with self._store.reading(SYSTEM) as session:
                wizard_rows.setter(session, person)
                _judge_channel(session, person, channel)
        except Refusal:
            return False
        return True

    def begin(self, person: Person, channel: str | None, key: str, at: datetime) -> Notice:
        """Have the channel looked at, once by `key`. Raises CannotSetUp, NotHere, IsJoint, IsTaken."""
        with self._store.transaction(SYSTEM) as session:
            wizard_rows.setter(session, person)
            _judge_channel(session, person, channel)
            payload = {"home": person.workspace, "user": person.user, "channel": channel, "key": key}
            inbox.record(session, event_key=f"{LOOK}:{key}", kind=LOOK, payload=payload, at=at, asker=person)
        return Notice(text=LOOKING, values={})

    def look(self, payload: Mapping[str, Any], at: datetime) -> None:
        """The job: recognise companies and people, and owe the person a card to go on from.

        Who comes back finds what they chose; another person of the company hears whose set-up it is.
        """
        person, channel = Person(payload["home"], payload["user"]), str(payload["channel"])
        look = self._seeing.look(Place(person.workspace, channel))
        apps = self._apps()
        with self._store.transaction(SYSTEM) as session:
            actor = wizard_rows.setter(session, person)
            look.introduce(session, actor)
            row = wizard_rows.of_channel(session, actor.organisation_id, channel)
            if row is None:
                draft = look.draft(session, actor, apps)
                row = self._new(session, actor, draft, at)
            elif row.member_id == actor.member_id:
                draft = look.draft(session, actor, apps, wizard_rows.draft_of(row))
                wizard_rows.keep(row, draft, at)
            else:
                draft = wizard_rows.draft_of(row)
            holder = "" if row.member_id == actor.member_id else row.member.name
            card = wizard_rows.card(row, draft, holder=holder)
            name = f"setup:{row.ref}:{payload['key']}"
            outbox.owe(session, name=name, message=card, due=at, language=actor.language, person=person)

    def _new(self, session: Session, actor: Actor, draft: Draft, at: datetime) -> SetUpDraftRow:
        row = SetUpDraftRow(
            ref=self._token(),
            organisation_id=actor.organisation_id,
            channel=draft.channel,
            member_id=actor.member_id,
            step=draft.step,
            seen={},
            file={},
            begun_at=at,
            touched_at=at,
        )
        session.add(row)
        session.flush()
        wizard_rows.keep(row, draft, at)
        detail = {"draft": row.id}
        audit(session, at=at, action="set_up_begun", team_id=None, member_id=actor.member_id, detail=detail)
        return row

    # --- going on --------------------------------------------------------------------------------------------------

    def open(self, person: Person, ref: str, at: datetime, *, step: str = "") -> Shown | None:
        """What is asked next, or a step that was named; None where Jira has to be asked for it first.

        Raises what wizard_rows.mine raises.
        """
        with self._store.reading(SYSTEM) as session:
            actor = wizard_rows.setter(session, person)
            row = wizard_rows.mine(session, actor, ref)
            draft = wizard_rows.draft_of(row)
        return self._shown(row, draft, _reachable(draft, step), at)

    def back(self, person: Person, ref: str, step: str, at: datetime) -> Shown | None:
        """The screen before `step`."""
        number = drafts.STEPS.index(step) if step in drafts.STEPS else 0
        return self.open(person, ref, at, step=drafts.STEPS[max(0, number - 1)])

    def changed(self, person: Person, ref: str, given: Given, at: datetime) -> Shown:
        """The times as they are chosen just now, with the runs they lead to; nothing is kept."""
        with self._store.reading(SYSTEM) as session:
            row = wizard_rows.mine(session, wizard_rows.setter(session, person), ref)
            return row.ref, row.revision, draft_times.screen(wizard_rows.draft_of(row), at, national, given)

    def submit(self, person: Person, ref: str, revision: int, step: str, given: Given, at: datetime) -> Shown | None:
        """Take what a screen came to; what is asked next, or None where Jira has to be asked first.

        Raises InvalidInput, ChangedMeanwhile, and what wizard_rows.mine raises.
        """
        with self._store.transaction(SYSTEM) as session:
            actor = wizard_rows.setter(session, person)
            row = wizard_rows.mine(session, actor, ref, revision, lock=True)
            draft = _TAKE[step](wizard_rows.draft_of(row), given)
            wizard_checks.judge(draft)
            if step == SIDES and wizard_rows.name_is_taken(session, draft.file["team"]):
                raise InvalidInput({"team": NAME_TAKEN})
            wizard_rows.keep(row, draft, at)
        return self._shown(row, draft, draft.step, at)

    def fill_later(
        self, person: Person, ref: str, view_id: str, workspace: str, at: datetime, *, value: str = "", words: str = ""
    ) -> None:
        """Have an open window filled by what Jira shows: boards with these words, or the chosen one's statuses."""
        payload = {"ref": ref, "view": view_id, "workspace": workspace, "value": value, "words": words}
        payload |= {"home": person.workspace, "user": person.user}
        key = f"{FILL}:{ref}:{view_id}:{value}:{words}:{at.timestamp()}"
        with self._store.transaction(SYSTEM) as session:
            wizard_rows.mine(session, wizard_rows.setter(session, person), ref, lock=True)
            inbox.record(session, event_key=key, kind=FILL, payload=payload, at=at, asker=person)

    def fill(self, payload: Mapping[str, Any], at: datetime) -> None:
        """The job: ask Jira and show what it shows; what cannot be had is said in the window itself."""
        person, ref = Person(payload["home"], payload["user"]), payload["ref"]
        language = "en"
        try:
            with self._store.reading(SYSTEM) as session:
                actor = wizard_rows.setter(session, person)
                language = actor.language
                wizard_rows.mine(session, actor, ref)
            shown: Shown | Refusal = self._filled(actor, ref, payload["value"], payload["words"], at)
        except Refusal as refusal:
            shown = refusal
        self._window.show(payload["workspace"], payload["view"], shown, language)

    def _filled(self, actor: Actor, ref: str, value: str, words: str, at: datetime) -> Shown:
        if value.startswith(draft_boards.ASK):
            return self._ask(actor, ref, value, at)
        if value:
            try:
                return self._choose(actor, ref, value, at)
            except BoardUnavailable as why:
                found = Found(words="", boards=(), sites=(), troubles=((value.partition(":")[0], str(why)),))
        else:
            found = self._boards.search(actor.organisation_id, words)
        with self._store.reading(SYSTEM) as session:
            row = wizard_rows.mine(session, actor, ref)
            return row.ref, row.revision, draft_boards.screen(wizard_rows.draft_of(row), found)

    def _choose(self, actor: Actor, ref: str, value: str, at: datetime) -> Shown:
        board = self._boards.chosen(actor.organisation_id, value)
        with self._store.transaction(SYSTEM) as session:
            row = wizard_rows.mine(session, actor, ref, lock=True)
            before = wizard_rows.draft_of(row)
            wizard_asking.take_back(session, row, before, at)
            draft = draft_boards.take(before, {"board": (value,)}, board)
            wizard_rows.keep(row, draft, at)
        shown = self._shown(row, draft, draft.step, at)
        assert shown is not None  # the board has just been read
        return shown

    def _ask(self, actor: Actor, ref: str, value: str, at: datetime) -> Shown:
        """Another company is asked for its board; meanwhile the other steps go on."""
        with self._store.transaction(SYSTEM) as session:
            row = wizard_rows.mine(session, actor, ref, lock=True)
            draft = draft_boards.ask(wizard_rows.draft_of(row), value)
            wizard_asking.put(session, row, draft, at)
            wizard_rows.keep(row, draft, at)
        shown = self._shown(row, draft, draft.step, at)
        assert shown is not None  # what waits for a board is not what comes next
        return shown

    def answer(self, payload: Mapping[str, Any], at: datetime) -> None:
        """The job: show people of another company, who were asked, their boards; or take the one they chose."""
        try:
            shown = self._asking.found(payload, at) or Notice(text=TAKEN, values={})
        except Refusal as refusal:
            self._window.show(payload["workspace"], payload["view"], refusal, "en")
            return
        with self._store.reading(SYSTEM) as session:
            language = wizard_rows.setter(session, Person(payload["home"], payload["user"])).language
        self._window.show(payload["workspace"], payload["view"], shown, language)

    def change(self, payload: Mapping[str, Any], at: datetime) -> None:
        """The job: show an admin who is asked to accept their own side as it was proposed."""
        person, language = Person(payload["home"], payload["user"]), "en"
        with self._store.reading(SYSTEM) as session:
            language = language_of(session, person)
        try:
            shown: Shown | Refusal = self._changing.shown(payload, at)
        except Refusal as refusal:
            shown = refusal
        self._window.show(payload["workspace"], payload["view"], shown, language)

    # --- ending ----------------------------------------------------------------------------------------------------

    def post_later(self, person: Person, ref: str, revision: int, at: datetime) -> None:
        """Have it posted, once. Raises what wizard_rows.mine raises."""
        payload = {"ref": ref, "home": person.workspace, "user": person.user}
        with self._store.transaction(SYSTEM) as session:
            row = wizard_rows.mine(session, wizard_rows.setter(session, person), ref, revision, lock=True)
            if row.asked_id is not None:  # the window said so: it is only closed
                return
            key = f"{POST}:{ref}:{revision}:{at.timestamp()}"  # what could not be posted may be tried again
            inbox.record(session, event_key=key, kind=POST, payload=payload, at=at, asker=person)

    def post(self, payload: Mapping[str, Any], at: datetime) -> None:
        """The job: begin the joint team; who posted it is told in a direct message. Raises as Posting.post."""
        self._posting.post(Person(payload["home"], payload["user"]), payload["ref"], at)

    def discard(self, person: Person, ref: str, at: datetime) -> Notice:
        """Throw it away. Raises what wizard_rows.mine raises."""
        with self._store.transaction(SYSTEM) as session:
            actor = wizard_rows.setter(session, person)
            row = wizard_rows.mine(session, actor, ref, lock=True)
            channel = str(row.seen["name"])
            wizard_asking.take_back(session, row, wizard_rows.draft_of(row), at)
            wizard_rows.end(row, DISCARDED, at)
            detail = {"draft": row.id}
            audit(session, at=at, action="set_up_discarded", team_id=None, member_id=actor.member_id, detail=detail)
        return Notice(text=DISCARDED_NOW, values={"channel": channel})

    def take_over(self, person: Person, ref: str, at: datetime) -> SetUpCard:
        """Another person of the company goes on; whoever did so far is told. Raises NotFound."""
        with self._store.transaction(SYSTEM) as session:
            actor = wizard_rows.setter(session, person)
            row = wizard_rows.of_company(session, actor, ref, lock=True)
            draft = wizard_rows.draft_of(row)
            if row.member_id != actor.member_id:
                before = session.get_one(MemberRow, row.member_id)
                row.member_id = actor.member_id
                wizard_rows.keep(row, draft, at)
                told = Notice(text=OVER, values={"name": actor.name, "channel": draft.name})
                name = f"setup:{row.ref}:over:{row.revision}"
                outbox.owe(session, name=name, message=told, due=at, language=before.language, person=before.person)
                detail = {"draft": row.id, "from": before.id}
                audit(session, at=at, action="set_up_taken", team_id=None, member_id=actor.member_id, detail=detail)
            return wizard_rows.card(row, draft)

    def under_way(self, person: Person) -> tuple[tuple[str, str], ...]:
        """The set-ups a person has under way: (ref, name of the channel)."""
        with self._store.reading(SYSTEM) as session:
            return tuple(wizard_rows.open_to(session, person))

    def forget(self, at: datetime) -> None:
        """Drop what nobody has touched for too long."""
        wizard_rows.forget(self._store, at)

    # --- screens ---------------------------------------------------------------------------------------------------

    def _shown(self, row: SetUpDraftRow, draft: Draft, step: str, at: datetime) -> Shown | None:
        if step == BOARD:
            return None
        return row.ref, row.revision, _SCREENS[step](draft, at)


def national(calendar: SideCalendar, first: date, last: date) -> WorkingTime:
    """A calendar with what its country decrees for these days."""
    return with_national_days(calendar, first=first, last=last)


def _summary(draft: Draft, at: datetime) -> Screen:
    return draft_summary.screen(draft, at, national)


_SCREENS: Mapping[str, Callable[[Draft, datetime], Screen]] = {
    SIDES: lambda draft, at: draft_sides.screen(draft),
    PEOPLE: lambda draft, at: draft_people.people(draft),
    DUTIES: lambda draft, at: draft_people.duties(draft),
    STAGES: lambda draft, at: draft_stages.screen(draft),
    TIMES: lambda draft, at: draft_times.screen(draft, at, national),
    SUMMARY: _summary,
}
_TAKE: Mapping[str, Callable[[Draft, Given], Draft]] = {
    SIDES: draft_sides.take,
    PEOPLE: draft_people.take_people,
    DUTIES: draft_people.take_duties,
    STAGES: lambda draft, given: draft_stages.take(draft, given, ABANDONED),
    TIMES: draft_times.take,
}


def _reachable(draft: Draft, step: str) -> str:
    """The step that was named if everything before it has been taken, else what is asked next."""
    order = drafts.STEPS.index
    return step if step in drafts.STEPS and order(step) <= order(draft.step) else draft.step


def _judge_channel(session: Session, person: Person, channel: str | None) -> None:
    """Whether a joint team may begin there; of another company's joint team nothing is said but that it is there."""
    if channel is None or not channel.startswith(("C", "G")):
        raise NotHere
    query = select(ChannelRow).where(ChannelRow.slack_channel_id == channel)
    row = session.scalars(query.order_by(ChannelRow.id)).first()
    if row is None:
        return
    member = select(MemberRow.organisation_id).where(
        MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user
    )
    sides = select(SideRow.id).where(SideRow.team_id == row.team_id, SideRow.organisation_id.in_(member))
    if session.scalars(sides).first() is None:
        raise IsTaken
    raise IsJoint(team=session.get_one(JointTeamRow, row.team_id).name)
