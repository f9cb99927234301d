"""Resolving blockers, and showing those that are open."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.blockers import BlockerRow
from fmo_bot.db.ceremonies import PromptRow
from fmo_bot.db.store import Store
from fmo_bot.domain.messages import BlockerLine, Question
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Scope
from fmo_bot.errors import NotFound
from fmo_bot.services import rounds, waits
from fmo_bot.services.governance import Action, may
from fmo_bot.services.parties import actor_in


class Blockers:
    """The waits-on ledger of all joint teams."""

    def __init__(self, store: Store, questions: tuple[Question, ...]) -> None:
        """`questions` as in `Standups`: an answer that names a blocker is shown anew once it is resolved."""
        self.store, self.questions = store, questions

    def resolve(self, person: Person, ref: str, at: datetime) -> BlockerLine:
        """Note that work goes on; a second click changes nothing.

        People of the side that waits may, and every scrum master. Raises NotFound or NotAllowed.
        """
        actor = self._actor(person, ref)
        scope = Scope(team_id=actor.team_id)
        with self.store.transaction(scope) as session:
            query = select(BlockerRow).where(BlockerRow.ref == ref, BlockerRow.team_id == actor.team_id)
            row = session.scalars(query.with_for_update()).one()
            own = row.waiting_side == actor.side
            may(actor, Action.RESOLVE_OWN_BLOCKER if own else Action.RESOLVE_ANY_BLOCKER, scope)
            if waits.resolve(session, row, actor, at):
                self._show(session, row, at)
            return waits.line(session, row)

    def open(self, session: Session, team_id: int) -> tuple[BlockerLine, ...]:
        """The open blockers of a joint team as both sides read them, oldest first."""
        return waits.open_lines(session, team_id)

    def _actor(self, person: Person, ref: str) -> Actor:
        with self.store.reading(SYSTEM) as session:
            team = session.scalar(select(BlockerRow.team_id).where(BlockerRow.ref == ref))
            if team is None:
                raise NotFound
            return actor_in(session, person, team)

    def _show(self, session: Session, row: BlockerRow, at: datetime) -> None:
        """The answers that named it say that it is resolved."""
        for prompt in session.scalars(select(PromptRow).where(PromptRow.blocker_id == row.id)):
            rounds.owe_answer(session, prompt, self.questions, due=at)
