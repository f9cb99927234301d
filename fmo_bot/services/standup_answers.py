"""What members say in a stand-up: the form, their answers, and the blocker they choose."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.blockers import BlockerRow
from fmo_bot.db.ceremonies import AnswerRow, CeremonyRow, PromptRow, RoundRow
from fmo_bot.db.holding import hold_row
from fmo_bot.db.parties import SideRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import audience
from fmo_bot.domain.messages import Question, StandupForm
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Scope
from fmo_bot.domain.visibility import visible
from fmo_bot.errors import InvalidInput, NotChangedAnyMore, NotFound, TooLate
from fmo_bot.services import rounds, waits
from fmo_bot.services import standup_choices as choices
from fmo_bot.services.governance import Action, audit, may
from fmo_bot.services.parties import actor_in


class Answers:
    """What is asked in the stand-ups of all joint teams, and what is answered."""

    def __init__(
        self, store: Store, questions: tuple[Question, ...], *, token: Callable[[int], str] = secrets.token_urlsafe
    ) -> None:
        """`questions` are asked of everybody; `token` makes opaque references."""
        self.store, self.questions, self.token = store, questions, token

    def form(self, person: Person, prompt_ref: str, at: datetime) -> StandupForm:
        """What the member is asked, with what they said before. Raises NotFound, NotAllowed or TooLate."""
        actor = self._actor(person, prompt_ref)
        with self.store.reading(Scope(team_id=actor.team_id)) as session:
            prompt = _own(session, actor, prompt_ref)
            in_time(prompt, at)
            ceremony = prompt.round.ceremony
            standpoint = audience.of_person(session, person)
            form = StandupForm(
                prompt_ref=prompt.ref,
                team=actor.team,
                ceremony=ceremony.name,
                round_date=prompt.round.local_date,
                deadline=prompt.deadline,
                late=at > prompt.deadline,
                questions=self.questions,
                given={row.question: row.text for row in prompt.answers},
                sides=choices.sides(session, actor),
                issues=choices.open_issues(session, actor.team_id, standpoint),
                blocked=choices.chosen(session, prompt),
            )
            return visible(form, standpoint)  # type: ignore[return-value]  # only figures may become a notice

    def submit(
        self,
        person: Person,
        prompt_ref: str,
        answers: Mapping[str, str | None],
        blocked: Mapping[str, str | None],
        at: datetime,
    ) -> None:
        """Take a member's answers; the same ones twice change nothing, other ones are an edit.

        `answers`: question key -> text; `blocked`: {} or {"side", "issue", "what"}, `issue` and `what` not both empty.
        Raises NotFound, NotAllowed, TooLate, or InvalidInput with one sentence per field (question keys, "side",
        "issue", "what").
        """
        actor = self._actor(person, prompt_ref)
        with self.store.transaction(Scope(team_id=actor.team_id)) as session:
            prompt = _own(session, actor, prompt_ref, lock=True)
            in_time(prompt, at)
            said = {question.key: choices.storable(answers.get(question.key)) for question in self.questions}
            choice = {key: text for key, value in blocked.items() if (text := choices.storable(value))}
            self._check(session, actor, said, choice)
            if self.keep(session, actor, prompt, said, choice, at):
                self.show(session, prompt, at)

    def _actor(self, person: Person, prompt_ref: str) -> Actor:
        with self.store.reading(SYSTEM) as session:
            team = session.scalar(
                select(CeremonyRow.team_id)
                .join(RoundRow, RoundRow.ceremony_id == CeremonyRow.id)
                .join(PromptRow, PromptRow.round_id == RoundRow.id)
                .where(PromptRow.ref == prompt_ref)
            )
            return actor_in(session, person, team)

    def _check(self, session: Session, actor: Actor, said: Mapping[str, str], choice: Mapping[str, str]) -> None:
        wrong = dict(choices.text_faults(self.questions, said)) | dict(choices.choice_faults(session, actor, choice))
        if wrong:
            too_long = next((len(said[key]) for key, told in wrong.items() if told == choices.TOO_LONG), 0)
            limits = {"limit": choices.MAX_ANSWER, "what_limit": choices.MAX_WHAT}
            told = choices.several_sites(session, actor, choice)
            raise InvalidInput(wrong, length=too_long, **limits, **told)

    def keep(
        self,
        session: Session,
        actor: Actor,
        prompt: PromptRow,
        said: Mapping[str, str],
        choice: Mapping[str, str] | None,
        at: datetime,
    ) -> bool:
        """Store answers (question key -> text) and choice; whether anything is new.

        Questions that `said` does not name, and with None the choice, stay as they are. The round is held.
        """
        first = prompt.state != rounds.ANSWERED
        changed = self._store_answers(session, prompt, said)
        if choice is not None:
            changed |= self._store_choice(session, actor, prompt, choice, at)
        if first:
            prompt.state, prompt.answered_at = rounds.ANSWERED, at
            audit(
                session,
                at=at,
                action="answered",
                team_id=actor.team_id,
                member_id=actor.member_id,
                detail={"prompt": prompt.id},
            )
        elif changed:
            prompt.edits += 1
        return first or changed

    def _store_answers(self, session: Session, prompt: PromptRow, said: Mapping[str, str]) -> bool:
        known = {row.question: row for row in prompt.answers}
        changed = False
        for question in (each for each in self.questions if each.key in said):
            text, row = said[question.key], known.get(question.key)
            if row is None:
                session.add(
                    AnswerRow(prompt_id=prompt.id, question=question.key, text=text, visibility=question.visibility)
                )
                changed = True
            elif row.text != text:
                row.text, changed = text, True
        session.flush()
        session.expire(prompt, ["answers"])
        return changed

    def _store_choice(
        self, session: Session, actor: Actor, prompt: PromptRow, choice: Mapping[str, str], at: datetime
    ) -> bool:
        """Raise what is chosen; what this member had chosen before and no longer chooses is taken back."""
        before = session.get(BlockerRow, prompt.blocker_id) if prompt.blocker_id is not None else None
        if not choice:
            if before is None or before.resolved_at is not None:
                return False
            prompt.blocker_id = None
            _keep_words(session, prompt, "")
            _take_back(session, before, actor, at)
            return True
        row = self._raise(session, actor, prompt, choice, at)
        again = _keep_words(session, prompt, choice.get("what", ""))
        reworded = row.raised_by == actor.member_id and row.what != choice.get("what", "")
        if reworded:
            row.what = choice.get("what", "")
        prompt.blocker_id = row.id
        if before is not None and before is not row:
            _take_back(session, before, actor, at)
        return before is not row or reworded or again

    def _raise(
        self, session: Session, actor: Actor, prompt: PromptRow, choice: Mapping[str, str], at: datetime
    ) -> BlockerRow:
        may(actor, Action.RAISE_BLOCKER, Scope(team_id=actor.team_id))
        return waits.raise_blocker(
            session,
            actor,
            waited_side=choice["side"],
            issue=choices.chosen_issue(session, actor, choice),
            what=choice.get("what", ""),
            click=f"prompt {prompt.id}",
            at=at,
            token=self.token,
        )

    def show(self, session: Session, prompt: PromptRow, at: datetime) -> None:
        """Owe what shows an answer: its post in the thread, the parent post, the prompt."""
        rounds.hold(session, prompt.round, [prompt])
        rounds.owe_answer(session, prompt, self.questions, due=at)
        rounds.owe_round_update(session, prompt.round, due=at)
        rounds.owe_prompt_update(session, prompt, due=at)


def _own(session: Session, actor: Actor, prompt_ref: str, *, lock: bool = False) -> PromptRow:
    """The actor's own prompt, once asked; everything else is as if it were not there.

    Locked is its whole round: what the parent post counts has to hold all answers that came before.
    """
    may(actor, Action.ANSWER, Scope(team_id=actor.team_id))
    query = select(PromptRow).where(PromptRow.ref == prompt_ref, PromptRow.member_id == actor.member_id)
    prompt = session.scalar(query)
    if prompt is not None and lock:
        hold_row(session, RoundRow, prompt.round_id)
        session.refresh(prompt)
    if prompt is None or prompt.state not in (rounds.ASKED, rounds.ANSWERED):
        raise NotFound
    if session.get_one(SideRow, prompt.side_id).name != actor.side:  # what they said for another side is that side's
        raise NotFound
    return prompt


def in_time(prompt: PromptRow, at: datetime) -> None:
    """A first answer is taken, and marked late, until the round closes; an edit until the member's own deadline."""
    round_ = prompt.round
    closes = max(prompt.deadline, round_.closes_at)
    if round_.closed_at is not None or at > closes:
        raise TooLate(closed=min(closes, round_.closed_at or closes))
    if prompt.state == rounds.ANSWERED and at > prompt.deadline:
        raise NotChangedAnyMore(closed=prompt.deadline)


def _keep_words(session: Session, prompt: PromptRow, what: str) -> bool:
    """Keep what a member said is missing: the blocker may be open already, in the words of somebody else."""
    query = select(AnswerRow).where(AnswerRow.prompt_id == prompt.id, AnswerRow.question == rounds.MISSING)
    row = session.scalar(query)
    if (row.text if row else "") == what:
        return False
    if row is None:
        session.add(AnswerRow(prompt_id=prompt.id, question=rounds.MISSING, text=what))
    else:
        row.text = what
    session.flush()
    session.expire(prompt, ["answers"])
    return True


def _take_back(session: Session, row: BlockerRow, actor: Actor, at: datetime) -> None:
    """Resolve a blocker whose member no longer chooses it; one that others chose as well is theirs from now on."""
    if row.raised_by != actor.member_id:
        return
    session.flush()
    heir = select(PromptRow.member_id).where(PromptRow.blocker_id == row.id).order_by(PromptRow.id).limit(1)
    if (member := session.scalar(heir)) is not None:
        row.raised_by = member
    else:
        waits.resolve(session, row, actor, at)
