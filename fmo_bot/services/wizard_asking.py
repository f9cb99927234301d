"""Asking the people of another company for a board of theirs: only they search on their Jira, and choose one.

They see who asks and for which channel, and nothing else of the set-up.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.drafts import SetUpDraftRow
from fmo_bot.db.parties import MemberRow, OrganisationRow, ParticipationRow, SideRow, takes_part
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox, outbox
from fmo_bot.domain import draft_boards
from fmo_bot.domain.draft_boards import Found
from fmo_bot.domain.draft_screens import Screen
from fmo_bot.domain.drafts import Draft, SeenBoard
from fmo_bot.domain.messages import BoardAsked
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Role
from fmo_bot.errors import BoardUnavailable, NotFound, Refusal
from fmo_bot.services import wizard_rows
from fmo_bot.services.governance import audit
from fmo_bot.services.wizard_boards import Boards
from fmo_bot.services.wizard_rows import OPEN

ANSWER = "set_up_answer"  # kind of a job, and the step of the window in which somebody chooses


class NobodyToAsk(Refusal):
    """Nobody speaks for {company} here yet, so nobody can be asked. Its first admin is whoever installs the app."""


def put(session: Session, row: SetUpDraftRow, draft: Draft, at: datetime) -> None:
    """Ask whoever speaks for the company that the draft names. Raises NobodyToAsk."""
    company = session.scalar(select(OrganisationRow).where(OrganisationRow.name == draft.asked))
    readers = _speakers(session, company.id) if company is not None else []
    if company is None or not readers:
        raise NobodyToAsk(company=draft.asked)
    take_back(session, row, draft, at)
    row.asked_id, row.asked_ref = company.id, secrets.token_urlsafe(12)
    _tell(session, row, draft, readers, at)
    detail = {"draft": row.id, "organisation": company.id}
    audit(session, at=at, action="board_asked", team_id=None, member_id=row.member_id, detail=detail)


def take_back(session: Session, row: SetUpDraftRow, draft: Draft, at: datetime) -> None:
    """Nobody is asked any more."""
    if row.asked_id is not None:
        _tell(session, row, draft, _speakers(session, row.asked_id), at, over=True)
        row.asked_id, row.asked_ref = None, None


class Asking:
    """What those do who are asked."""

    def __init__(self, store: Store, boards: Boards) -> None:
        """`boards`: those of their own company's sites."""
        self._store, self._boards = store, boards

    def later(
        self, person: Person, ref: str, view_id: str, workspace: str, at: datetime, *, value: str = "", words: str = ""
    ) -> None:
        """Have their window filled with boards of theirs, or the chosen one taken. Raises NotFound, CannotSetUp."""
        payload = {"ref": ref, "view": view_id, "workspace": workspace, "value": value, "words": words}
        payload |= {"home": person.workspace, "user": person.user}
        key = f"{ANSWER}:{ref}:{view_id}:{value}:{words}:{at.timestamp()}"
        with self._store.transaction(SYSTEM) as session:
            _asked(session, wizard_rows.setter(session, person), ref)
            inbox.record(session, event_key=key, kind=ANSWER, payload=payload, at=at, asker=person)

    def found(self, payload: Mapping[str, Any], at: datetime) -> tuple[str, int, Screen] | None:
        """What the job shows in their window; None where it has taken what they chose. Raises as `later`."""
        person = Person(payload["home"], payload["user"])
        with self._store.reading(SYSTEM) as session:
            actor = wizard_rows.setter(session, person)
            row = _asked(session, actor, payload["ref"])
            company = session.get_one(OrganisationRow, actor.organisation_id).name
            # Of the set-up they see the channel's name and who asks, both of which they were told.
            shown = Draft(
                channel="", workspace="", name=str(row.seen["name"]), own=company, asker="", host="", companies=()
            )
        if not payload["value"]:
            found = self._boards.search(actor.organisation_id, payload["words"])
            return payload["ref"], 0, _screen(shown, found)
        try:
            board = self._boards.chosen(actor.organisation_id, payload["value"])
        except BoardUnavailable as why:
            trouble = ((payload["value"].partition(":")[0], str(why)),)
            found = Found(words="", boards=(), sites=(trouble[0][0],), troubles=trouble)
            return payload["ref"], 0, _screen(shown, found)
        self._take(actor, payload["ref"], board, at)
        return None

    def _take(self, actor: Actor, ref: str, board: SeenBoard, at: datetime) -> None:
        with self._store.transaction(SYSTEM) as session:
            row = _asked(session, actor, ref, lock=True)
            draft = wizard_rows.draft_of(row)
            taken = draft_boards.take(draft, {"board": (draft_boards.value_of(board),)}, board)
            _tell(session, row, draft, _speakers(session, actor.organisation_id), at, chosen=board.name)
            row.asked_id, row.asked_ref = None, None
            wizard_rows.keep(row, taken, at)
            owner, name = session.get_one(MemberRow, row.member_id), f"setup:{row.ref}:answered:{row.revision}"
            card = wizard_rows.card(row, taken)
            outbox.owe(session, name=name, message=card, due=at, language=owner.language, person=owner.person)
            detail = {"draft": row.id, "site": board.site, "board": board.id}
            audit(session, at=at, action="board_chosen", team_id=None, member_id=actor.member_id, detail=detail)


def _screen(shown: Draft, found: Found) -> Screen:
    made = draft_boards.screen(shown, found)
    return replace(made, step=ANSWER, number=1, of=1, send="Choose" if found.boards else "Search")


def _asked(session: Session, actor: Actor, ref: str, *, lock: bool = False) -> SetUpDraftRow:
    """The set-up for which the actor's company is asked. Raises NotFound."""
    query = select(SetUpDraftRow).where(SetUpDraftRow.asked_ref == ref, SetUpDraftRow.state == OPEN)
    query = query.where(SetUpDraftRow.asked_id == actor.organisation_id)
    if (row := session.scalar(query.with_for_update() if lock else query)) is None:
        raise NotFound
    return row


def _speakers(session: Session, organisation_id: int) -> Sequence[MemberRow]:
    """Who may choose for a company: its admins, and scrum masters of its joint teams."""
    admins = select(AdminRow.member_id)
    masters = (
        select(ParticipationRow.member_id)
        .join(SideRow, SideRow.id == ParticipationRow.side_id)
        .where(takes_part(), ParticipationRow.role == Role.SCRUM_MASTER, SideRow.organisation_id == organisation_id)
    )
    theirs = MemberRow.organisation_id == organisation_id, MemberRow.id.in_(admins.union(masters))
    return session.scalars(select(MemberRow).where(*theirs).order_by(MemberRow.id)).all()


def _tell(
    session: Session,
    row: SetUpDraftRow,
    draft: Draft,
    readers: Sequence[MemberRow],
    at: datetime,
    *,
    chosen: str = "",
    over: bool = False,
) -> None:
    ref = str(row.asked_ref)
    message = BoardAsked(ref=ref, company=draft.own, channel=draft.name, chosen=chosen, over=over)
    names = {f"asked:{ref}:{member.id}": member for member in readers}
    outbox.hold(session, names)
    for name, member in names.items():
        if outbox.is_owed(session, name):
            outbox.owe_update(session, name=name, message=message, due=at, language=member.language)
        elif not (chosen or over):
            outbox.owe(session, name=name, message=message, due=at, language=member.language, person=member.person)
