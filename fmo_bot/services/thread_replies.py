"""The fallback in the channel: a reply in a round's thread that mentions the app is its author's answer.

For people whose company has no app, and for whoever likes it better. Only joint questions are asked and taken there.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.ceremonies import PromptRow, RoundRow
from fmo_bot.db.holding import hold_row
from fmo_bot.db.ledger import MessageRow
from fmo_bot.db.parties import SideRow
from fmo_bot.db.store import Store
from fmo_bot.domain.messages import Question, ReplyTaken
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Scope
from fmo_bot.domain.replies import Asked, read
from fmo_bot.errors import NothingAsked, NothingSaid, ReplyTooLong
from fmo_bot.locales import translator
from fmo_bot.services import rounds
from fmo_bot.services import standup_choices as choices
from fmo_bot.services.governance import Action, may
from fmo_bot.services.parties import actor_in
from fmo_bot.services.standup_answers import Answers, in_time

_ROUND = "round:"  # how the names of parent posts begin
# Also before one's own morning, and where nobody could ask in time: whoever writes by themselves need not be asked.
_OPEN = (rounds.PLANNED, rounds.ASKED, rounds.ANSWERED, rounds.MISSED)


class ThreadReplies:
    """Replies in the threads of all rounds."""

    def __init__(self, store: Store, answers: Answers) -> None:
        """`answers`: what is asked, and how it is kept."""
        self.store, self._answers = store, answers

    def round_of(self, channel: str, thread: str) -> int | None:
        """The round whose parent post this thread (its ts) hangs on."""
        here = MessageRow.channel == channel, MessageRow.ts == thread, MessageRow.name.startswith(_ROUND)
        with self.store.reading(SYSTEM) as session:
            name = session.scalar(select(MessageRow.name).where(*here))
        return None if name is None else int(name.removeprefix(_ROUND))

    def take(self, person: Person, round_id: int, text: str, at: datetime) -> ReplyTaken:
        """Take a reply as its author's answer; what it names again replaces what they said before.

        Raises what `actor_in` and `may` raise, NothingAsked, TooLate, NothingSaid or ReplyTooLong.
        """
        with self.store.reading(SYSTEM) as session:
            team_id = session.get_one(RoundRow, round_id).ceremony.team_id
            actor = actor_in(session, person, team_id)
        may(actor, Action.ANSWER, Scope(team_id=team_id))
        with self.store.transaction(Scope(team_id=team_id)) as session:
            round_ = hold_row(session, RoundRow, round_id)
            prompt = _own(session, actor, round_)
            in_time(prompt, at)
            given = {row.question: row.text for row in prompt.answers}
            said = self._read(text, actor.language, given)
            if self._answers.keep(session, actor, prompt, said, None, at):
                self._answers.show(session, prompt, at)
        return ReplyTaken(
            taken=tuple((n, each.label) for n, each in self._asked() if each.key in said),
            unanswered=tuple((n, each.label) for n, each in self._asked() if not (said | given | said).get(each.key)),
        )

    def _asked(self) -> list[tuple[int, Question]]:
        """The joint questions with their numbers."""
        return [*enumerate((each for each in self._answers.questions if each.visibility == rounds.JOINT), 1)]

    def _read(self, text: str, language: str, given: dict[str, str]) -> dict[str, str]:
        t = translator(language)
        asked = [Asked(key=each.key, words=(each.label, t(each.label), each.key)) for _, each in self._asked()]
        said = read(choices.storable(text), asked, given)
        if not said:
            raise NothingSaid(questions=" ".join(f"{n}. {t(each.label)}" for n, each in self._asked()))
        if longest := max((len(each) for each in said.values() if len(each) > choices.MAX_ANSWER), default=0):
            raise ReplyTooLong(length=longest, limit=choices.MAX_ANSWER)
        return said


def _own(session: Session, actor: Actor, round_: RoundRow) -> PromptRow:
    """The actor's part in a round, for the side they are on now. Raises NothingAsked."""
    query = select(PromptRow).where(PromptRow.round_id == round_.id, PromptRow.member_id == actor.member_id)
    prompt = session.scalar(query)
    if prompt is None or prompt.state not in _OPEN:
        raise NothingAsked
    if session.get_one(SideRow, prompt.side_id).name != actor.side:  # what is asked of another side is that side's
        raise NothingAsked
    return prompt
