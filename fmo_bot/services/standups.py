"""Stand-ups: who is asked when, what they say, and how a round closes."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from fmo_bot.db.blockers import BlockerRow
from fmo_bot.db.ceremonies import AnswerRow, CeremonyRow, PromptRow, RoundRow
from fmo_bot.db.ledger import OccurrenceRow
from fmo_bot.db.parties import ParticipationRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import audience, occurrences
from fmo_bot.delivery.occurrences import Wanted
from fmo_bot.domain.messages import Question, StandupForm
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Scope
from fmo_bot.domain.standups import Turn, closes_at
from fmo_bot.domain.visibility import visible
from fmo_bot.errors import InvalidInput, NotChangedAnyMore, NotFound, TooLate
from fmo_bot.services import rounds, standup_plan, waits
from fmo_bot.services import standup_choices as choices
from fmo_bot.services.governance import Action, audit, may, narrow
from fmo_bot.services.parties import actor_in
from fmo_bot.services.standup_plan import People, due_of

Held = TypeVar("Held", CeremonyRow, RoundRow)


class Standups:
    """The stand-ups of all joint teams."""

    def __init__(
        self, store: Store, questions: tuple[Question, ...], *, token: Callable[[int], str] = secrets.token_urlsafe
    ) -> None:
        """`questions` are asked of everybody; `token` makes opaque references."""
        self.store, self.questions, self.token = store, questions, token

    # --- when ------------------------------------------------------------------------------------------------------

    def wanted(self, session: Session, at: datetime, until: datetime) -> list[Wanted]:
        """Every prompt, reminder and closing due until `until`, and those overdue that are still worth sending."""
        held = standup_plan.ceremonies(session)
        return [one for ceremony in held for one in standup_plan.wanted(session, ceremony, at, until)]

    def follow_plan(self, at: datetime) -> None:
        """Open rounds of which the plan has changed say so in their parent post."""
        with self.store.reading(SYSTEM) as session:
            ids = standup_plan.open_rounds(session)
        for each in ids:
            with self.store.transaction(SYSTEM) as session:
                round_ = _hold(session, RoundRow, each)
                narrow(session, round_.ceremony.team_id)
                if round_.closed_at is None and standup_plan.follow(session, round_):
                    rounds.owe_round_update(session, round_, due=at)

    def due_prompts(self, session: Session, due: Sequence[OccurrenceRow], at: datetime) -> None:
        """Ask members of one stand-up: the round, if these are its first, and their prompts become rows with what they
        owe to Slack.
        """
        ceremony = _hold(session, CeremonyRow, due[0].ceremony_id)
        narrow(session, ceremony.team_id)
        useful_for = timedelta(minutes=ceremony.late_ok_minutes)
        asked = [prompt for each in due if (prompt := self._ask(session, ceremony, each, at, useful_for))]
        rounds.owe_prompts(session, asked, useful_for=useful_for)

    def _ask(
        self, session: Session, ceremony: CeremonyRow, occurrence: OccurrenceRow, at: datetime, useful_for: timedelta
    ) -> PromptRow | None:
        """The prompt that is owed now; None where it is too late, or the member is not to be asked any more."""
        if at > occurrence.due + useful_for:
            occurrence.state = occurrences.MISSED
            self._miss(session, ceremony, occurrence, at)
            return None
        round_ = self._round(session, ceremony, occurrence.local_date, at)
        prompt = self._prompt(session, round_, _member_of(occurrence), occurrence)
        if prompt is None or prompt.state != rounds.PLANNED:
            return None
        prompt.state = rounds.ASKED
        return prompt

    def due_reminder(self, session: Session, occurrence: OccurrenceRow, at: datetime) -> None:
        """Remind one member who was asked and has not answered; nobody else, and nobody who is away by now."""
        round_ = session.scalar(_round_of(occurrence))
        if round_ is None:
            return
        narrow(session, round_.ceremony.team_id)
        round_ = _hold(session, RoundRow, round_.id)
        member_id, day = _member_of(occurrence), occurrence.local_date
        turn, participation = People.on(session, round_.ceremony, day).part_of(member_id, day)
        prompt = next((each for each in round_.prompts if each.member_id == member_id), None)
        here = participation is not None and turn is not None and turn.state == rounds.ASKED
        if not here or round_.closed_at is not None or prompt is None or prompt.state != rounds.ASKED:
            return
        if at >= prompt.deadline:
            occurrence.state = occurrences.MISSED
            return
        rounds.owe_reminder(session, prompt, due=occurrence.due, useful_until=prompt.deadline)

    def due_close(self, session: Session, occurrence: OccurrenceRow, at: datetime) -> None:
        """Close a round once: its summary, its parent post, its open prompts."""
        round_ = session.scalar(_round_of(occurrence).with_for_update())
        if round_ is None or round_.closed_at is not None:
            return
        narrow(session, round_.ceremony.team_id)
        round_.closed_at = at
        rounds.hold(session, round_, round_.prompts)
        rounds.owe_round_update(session, round_, due=at)
        rounds.owe_summary(session, round_, due=at)
        for prompt in round_.prompts:
            if prompt.state in (rounds.ASKED, rounds.ANSWERED):
                rounds.owe_prompt_update(session, prompt, due=at)
        answered = sum(prompt.state == rounds.ANSWERED for prompt in round_.prompts)
        detail = {"round": round_.id, "answered": answered}
        audit(session, at=at, action="round_closed", team_id=round_.ceremony.team_id, detail=detail)

    def _round(self, session: Session, ceremony: CeremonyRow, day: date, at: datetime) -> RoundRow:
        """The round of a local date; made now, with the roster as it is on that day, if this is its first prompt."""
        known: dict[tuple[int, date], RoundRow] = session.info.setdefault("rounds", {})
        if (ceremony.id, day) not in known:  # its stand-up is held: nobody else begins one meanwhile
            known[ceremony.id, day] = self._begin(session, ceremony, day, at)
        return known[ceremony.id, day]

    def _begin(self, session: Session, ceremony: CeremonyRow, day: date, at: datetime) -> RoundRow:
        query = select(RoundRow.id).where(RoundRow.ceremony_id == ceremony.id, RoundRow.local_date == day)
        if (known := session.scalar(query)) is not None:
            return _hold(session, RoundRow, known)
        people = People.on(session, ceremony, day)
        asked = people.turns(day)
        closes = closes_at(asked) or at
        row = RoundRow(ceremony_id=ceremony.id, local_date=day, opened_at=at, closes_at=closes)
        session.add(row)
        session.flush()
        by_member = {turn.member.id: turn for turn in asked}
        for participation in people.rows:
            self._take_in(session, row, participation, by_member.get(participation.member_id))
        _enter(session, row)
        rounds.owe_round(session, row, due=at)
        return row

    def _miss(self, session: Session, ceremony: CeremonyRow, occurrence: OccurrenceRow, at: datetime) -> None:
        """Too late to ask, which `services.deliveries` tells; who was not to be asked any more is not missed."""
        people = People.on(session, ceremony, occurrence.local_date)
        turn, participation = people.part_of(_member_of(occurrence), occurrence.local_date)
        if participation is None or turn is None or turn.state != rounds.ASKED:
            occurrence.state = occurrences.CANCELLED
            return
        prompt = session.scalar(
            select(PromptRow)
            .join(RoundRow, PromptRow.round_id == RoundRow.id)
            .where(
                RoundRow.ceremony_id == ceremony.id,
                RoundRow.local_date == occurrence.local_date,
                PromptRow.member_id == participation.member_id,
            )
        )
        if prompt is not None:
            _hold(session, RoundRow, prompt.round_id)
            prompt.state = rounds.MISSED
            rounds.owe_round_update(session, prompt.round, due=at)

    def _take_in(
        self, session: Session, round_: RoundRow, participation: ParticipationRow, turn: Turn | None
    ) -> PromptRow:
        """A member's row in a round; without a turn, since their side does not work that day, they count as away."""
        asked = turn is not None and turn.state == rounds.ASKED
        due = turn.due if turn else due_of(round_.ceremony, participation.member, round_.local_date)
        too_late = round_.opened_at > due + timedelta(minutes=round_.ceremony.late_ok_minutes)
        row = PromptRow(
            round_id=round_.id,
            member_id=participation.member_id,
            side_id=participation.side_id,
            ref=self.token(12),
            due=due,
            deadline=due + timedelta(minutes=round_.ceremony.window_minutes),
            state=rounds.AWAY if not asked else rounds.MISSED if too_late else rounds.PLANNED,
        )
        session.add(row)
        return row

    def _prompt(
        self, session: Session, round_: RoundRow, member_id: int, occurrence: OccurrenceRow
    ) -> PromptRow | None:
        """The member's prompt as it is to be asked now; None where they left, or the round has closed.

        Who went away or came back since the round began is counted so.
        """
        day = round_.local_date
        people = People.on(session, round_.ceremony, day)
        turn, participation = people.part_of(member_id, day)
        if participation is None or round_.closed_at is not None:
            return None
        row = next((each for each in round_.prompts if each.member_id == member_id), None)
        if row is None:
            row = self._take_in(session, round_, participation, turn)
            _enter(session, round_)
            rounds.owe_round_update(session, round_, due=occurrence.due)
        state = rounds.PLANNED if turn is not None and turn.state == rounds.ASKED else rounds.AWAY
        if row.state in (rounds.PLANNED, rounds.AWAY) and row.state != state:
            row.state = state
            rounds.owe_round_update(session, round_, due=occurrence.due)
        row.due = occurrence.due
        row.deadline = occurrence.due + timedelta(minutes=round_.ceremony.window_minutes)
        round_.closes_at = max(round_.closes_at, row.deadline)
        return row

    # --- what is said ------------------------------------------------------------------------------------------------

    def form(self, person: Person, prompt_ref: str, at: datetime) -> StandupForm:
        """What the member is asked, with what they said before. Raises NotFound, NotAllowed or TooLate."""
        actor = self._actor(person, prompt_ref)
        with self.store.reading(Scope(team_id=actor.team_id)) as session:
            prompt = _own(session, actor, prompt_ref)
            _in_time(prompt, at)
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
            _in_time(prompt, at)
            said = {question.key: choices.storable(answers.get(question.key)) for question in self.questions}
            choice = {key: text for key, value in blocked.items() if (text := choices.storable(value))}
            self._check(session, actor, said, choice)
            if self._keep(session, actor, prompt, said, choice, at):
                self._show(session, prompt, at)

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

    def _keep(
        self,
        session: Session,
        actor: Actor,
        prompt: PromptRow,
        said: Mapping[str, str],
        choice: Mapping[str, str],
        at: datetime,
    ) -> bool:
        """Store answers and choice; whether anything is new."""
        first = prompt.state != rounds.ANSWERED
        changed = self._store_answers(session, prompt, said)
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
        for question in self.questions:
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

    def _show(self, session: Session, prompt: PromptRow, at: datetime) -> None:
        rounds.hold(session, prompt.round, [prompt])
        rounds.owe_answer(session, prompt, self.questions, due=at)
        rounds.owe_round_update(session, prompt.round, due=at)
        rounds.owe_prompt_update(session, prompt, due=at)


def _member_of(occurrence: OccurrenceRow) -> int:
    return int(occurrence.subject.removeprefix("member:"))


def _round_of(occurrence: OccurrenceRow) -> Select[RoundRow]:
    return select(RoundRow).where(
        RoundRow.ceremony_id == occurrence.ceremony_id, RoundRow.local_date == occurrence.local_date
    )


def _own(session: Session, actor: Actor, prompt_ref: str, *, lock: bool = False) -> PromptRow:
    """The actor's own prompt, once asked; everything else is as if it were not there.

    Locked is its whole round: what the parent post counts has to hold all answers that came before.
    """
    may(actor, Action.ANSWER, Scope(team_id=actor.team_id))
    query = select(PromptRow).where(PromptRow.ref == prompt_ref, PromptRow.member_id == actor.member_id)
    prompt = session.scalar(query)
    if prompt is not None and lock:
        _hold(session, RoundRow, prompt.round_id)
        session.refresh(prompt)
    if prompt is None or prompt.state not in (rounds.ASKED, rounds.ANSWERED):
        raise NotFound
    return prompt


def _hold(session: Session, kind: type[Held], one: int) -> Held:
    """A row as it is now; nobody else changes it until this transaction ends, so it is read once."""
    held: dict[tuple[type[Any], int], Any] = session.info.setdefault("held", {})
    if (kind, one) not in held:
        held[kind, one] = session.get_one(kind, one, with_for_update=True, populate_existing=True)
    row: Held = held[kind, one]
    return row


def _enter(session: Session, round_: RoundRow) -> None:
    """Let a round know of the prompts that were added to it."""
    session.flush()
    session.expire(round_, ["prompts"])


def _in_time(prompt: PromptRow, at: datetime) -> None:
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
