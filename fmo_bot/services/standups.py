"""Stand-ups: who is asked when, and how a round closes. What is said is in `standup_answers`."""

import secrets
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from fmo_bot.db.ceremonies import CeremonyRow, PromptRow, RoundRow
from fmo_bot.db.holding import hold_row
from fmo_bot.db.ledger import OccurrenceRow
from fmo_bot.db.parties import ParticipationRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import occurrences
from fmo_bot.delivery.occurrences import Wanted
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.domain.standups import Turn, closes_at
from fmo_bot.services import rounds, standup_plan
from fmo_bot.services.governance import audit, narrow
from fmo_bot.services.standup_plan import People, due_of


class Standups:
    """The stand-ups of all joint teams."""

    def __init__(self, store: Store, *, token: Callable[[int], str] = secrets.token_urlsafe) -> None:
        """`token` makes opaque references."""
        self.store, self.token = store, token

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
                round_ = hold_row(session, RoundRow, each)
                narrow(session, round_.ceremony.team_id)
                if round_.closed_at is None and standup_plan.follow(session, round_):
                    rounds.owe_round_update(session, round_, due=at)

    def due_prompts(self, session: Session, due: Sequence[OccurrenceRow], at: datetime) -> None:
        """Ask members of one stand-up: the round, if these are its first, and their prompts become rows with what they
        owe to Slack.
        """
        ceremony = hold_row(session, CeremonyRow, due[0].ceremony_id)
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
        round_ = hold_row(session, RoundRow, round_.id)
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
            return hold_row(session, RoundRow, known)
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
            hold_row(session, RoundRow, prompt.round_id)
            prompt.state = rounds.MISSED
            rounds.owe_round_update(session, prompt.round, due=at)

    def _take_in(
        self, session: Session, round_: RoundRow, participation: ParticipationRow, turn: Turn | None
    ) -> PromptRow:
        """A member's row in a round; without a turn, since their side does not work that day, they count as away."""
        assert participation.side_id is not None  # else they are in no roster
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


def _member_of(occurrence: OccurrenceRow) -> int:
    return int(occurrence.subject.removeprefix("member:"))


def _round_of(occurrence: OccurrenceRow) -> Select[RoundRow]:
    return select(RoundRow).where(
        RoundRow.ceremony_id == occurrence.ceremony_id, RoundRow.local_date == occurrence.local_date
    )


def _enter(session: Session, round_: RoundRow) -> None:
    """Let a round know of the prompts that were added to it."""
    session.flush()
    session.expire(round_, ["prompts"])
