"""A set-up is posted: the joint team begins as a proposal, in the same transaction in which the set-up ends."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardRow
from fmo_bot.db.drafts import SetUpDraftRow
from fmo_bot.db.parties import JointTeamRow, SideRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import outbox
from fmo_bot.domain.draft_accepting import who_accepts
from fmo_bot.domain.drafts import Draft, mapping, missing
from fmo_bot.domain.messages import Notice, TrialPrompt
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import FileWrong, Refusal
from fmo_bot.services import accepting, ownership, setup, wizard_rows
from fmo_bot.services.governance import audit, narrow
from fmo_bot.services.rounds import joint_place
from fmo_bot.services.self_checks import SelfChecks
from fmo_bot.services.setup import SetupResult
from fmo_bot.services.wizard_rows import APPLIED, TITLES
from fmo_bot.services.wizard_seeing import has_admin

PROPOSED = "{company} proposes the joint team {team} in this channel: {sides}. The server is run by {host}."
ALONE = "{company} has set up the joint team {team} in this channel: {sides}. The server is run by {host}."


class NotYet(Refusal):
    """These steps are missing: {steps}. Press Continue in the direct message to take them."""


class CannotPost(Refusal):
    """The set-up of #{channel} cannot be posted as it is. {why} Press Continue in its message and correct that."""


class Posting:
    """The end of a set-up."""

    def __init__(self, store: Store, self_checks: SelfChecks) -> None:
        """`self_checks`: asked for the new joint team."""
        self._store, self._checks = store, self_checks

    def post(self, person: Person, ref: str, at: datetime) -> SetupResult | None:
        """Begin the joint team; None where that was done already. Raises NotYet, CannotPost, and as rows.mine."""
        with self._store.transaction(SYSTEM) as session:
            actor = wizard_rows.setter(session, person)
            if _is_posted(session, ref, actor.organisation_id):
                return None
            draft = wizard_rows.draft_of(wizard_rows.mine(session, actor, ref))
        if steps := missing(draft):
            raise NotYet(steps=", ".join(TITLES[each] for each in steps))

        def then(session: Session, made: SetupResult) -> None:
            row = wizard_rows.mine(session, actor, ref, lock=True)
            _name_board(session, made, draft, at)
            _own_project(session, made, draft, at, actor.member_id)
            wizard_rows.end(row, APPLIED, at, made.team_id)
            _tell(session, made, draft, row, person, actor.language, at)
            audit(session, at=at, action="team_proposed", team_id=made.team_id, member_id=actor.member_id)

        try:
            made = setup.apply(self._store, mapping(draft), at, by=draft.own, new=True, then=then)
        except FileWrong as wrong:
            raise CannotPost(channel=draft.name, why=str(wrong).splitlines()[0]) from wrong
        self._checks.ask(person, team_ref=made.team_ref, key=f"set-up:{ref}", at=at)
        return made


def _is_posted(session: Session, ref: str, organisation_id: int) -> bool:
    query = select(SetUpDraftRow.state).where(
        SetUpDraftRow.ref == ref, SetUpDraftRow.organisation_id == organisation_id
    )
    return session.scalar(query) == APPLIED


def _name_board(session: Session, made: SetupResult, draft: Draft, at: datetime) -> None:
    """Whoever is asked to accept reads the board's name before it was ever synced."""
    if draft.board is not None:
        session.get_one(BoardRow, made.board_id).name = draft.board.name
        accepting.retold(session, session.get_one(JointTeamRow, made.team_id), at)


def _own_project(session: Session, made: SetupResult, draft: Draft, at: datetime, member_id: int) -> None:
    """The board's project is meant to be joint, as far as its owner's side can say so; nothing else of the site is."""
    if draft.board is None or not draft.board.project:
        return
    query = select(SideRow).where(SideRow.team_id == made.team_id, SideRow.name == draft.own_side())
    side = session.scalars(query).one()
    ownership.offer(session, side, draft.board.site, draft.board.project, at, member_id=member_id)


def _tell(
    session: Session,
    made: SetupResult,
    draft: Draft,
    row: SetUpDraftRow,
    person: Person,
    language: str,
    at: datetime,
) -> None:
    """The joint channel, and whoever has set it up."""
    narrow(session, made.team_id)
    team = session.get_one(JointTeamRow, made.team_id)
    told: Mapping[str, Any] = {
        "company": draft.own,
        "team": made.team,
        "sides": ", ".join(f"{company} ({side})" for side, company in made.sides.items()),
        "host": team.host.name,
    }
    text = PROPOSED if made.asked else ALONE
    next_ = _who_accepts(session, made, draft)  # as it stands now: the draft may be weeks old
    public = Notice(text="\n".join(each for each in (text, next_.text) if each), values={**next_.values, **told})
    outbox.owe(
        session,
        name=f"setup:{row.ref}:channel",
        message=public,
        due=at,
        language=team.language,
        place=joint_place(session, team.id),
    )
    trial = TrialPrompt(ref=made.team_ref, team=made.team, ceremony=made.ceremonies[0], asked=made.asked)
    outbox.owe(session, name=f"setup:{row.ref}:trial", message=trial, due=at, language=language, person=person)


def _who_accepts(session: Session, made: SetupResult, draft: Draft) -> Notice:
    others = [each for each in draft.companies if each.name in made.asked]
    now = (replace(each, admin=has_admin(session, each.name)) for each in others)
    return who_accepts(now, draft.file["host"])
