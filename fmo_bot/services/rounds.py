"""What a round owes to Slack: the parent post, prompts, answers and the summary, composed from rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from fmo_bot.db.blockers import BlockerRow
from fmo_bot.db.ceremonies import CeremonyRow, PromptRow, RoundRow
from fmo_bot.db.parties import ChannelRow, JointTeamRow, SideRow
from fmo_bot.delivery import outbox
from fmo_bot.delivery.outbox import Owed
from fmo_bot.domain import standups
from fmo_bot.domain.messages import AnswerPost, BlockerLine, Prompt, Question, RoundPost, RoundSummary, Said, SideCount
from fmo_bot.domain.parties import Actor, Place
from fmo_bot.services import waits

# States of a prompt beside those of domain.standups.
PLANNED = "planned"  # in the roster of that day, not asked yet
MISSED = "missed"  # could not be asked in time
ASKED, ANSWERED, AWAY = standups.ASKED, standups.ANSWERED, standups.AWAY
JOINT = "joint"  # an answer that both sides read
MISSING = "missing?"  # what a member said is missing, kept as an answer; no question's key has such a sign
MISSING_LABEL = "What is missing?"


def joint_place(session: Session, team_id: int) -> Place:
    """Where a joint team's posts go: its joint channel, as the one installation that posts there sees it."""
    row = session.scalars(select(ChannelRow).where(ChannelRow.team_id == team_id, ChannelRow.kind == JOINT)).one()
    return Place(row.workspace, row.slack_channel_id)


def team_of(prompt: PromptRow) -> JointTeamRow:
    """The joint team a prompt belongs to."""
    return prompt.round.ceremony.team


# --- values ------------------------------------------------------------------------------------------------------


def prompt_message(prompt: PromptRow, *, reminder: bool = False) -> Prompt:
    """The prompt, or its reminder, as its member sees it now."""
    ceremony = prompt.round.ceremony
    return Prompt(
        ref=prompt.ref,
        team=ceremony.team.name,
        ceremony=ceremony.name,
        round_date=prompt.round.local_date,
        deadline=prompt.deadline,
        zone=prompt.member.zone,
        state=_shown(prompt),
        reminder=reminder,
    )


def is_late(prompt: PromptRow) -> bool:
    """Whether the answer came after its member's own deadline."""
    return prompt.answered_at is not None and prompt.answered_at > prompt.deadline


def _shown(prompt: PromptRow) -> str:
    """What a prompt says: see messages.Prompt."""
    closed = prompt.round.closed_at is not None
    if prompt.state == ANSWERED:
        return "kept" if closed or is_late(prompt) else "answered"
    return "closed" if closed or prompt.state == AWAY else "open"  # away after they were asked: they left


def prompts_open_to(session: Session, actor: Actor, at: datetime) -> tuple[Prompt, ...]:
    """What a member may answer or change now in one joint team."""
    query = (
        select(PromptRow)
        .join(RoundRow, PromptRow.round_id == RoundRow.id)
        .join(CeremonyRow, RoundRow.ceremony_id == CeremonyRow.id)
        .join(SideRow, SideRow.id == PromptRow.side_id)
        .where(
            CeremonyRow.team_id == actor.team_id,
            PromptRow.member_id == actor.member_id,
            SideRow.name == actor.side,  # what they were asked for another side is that side's
            or_(PromptRow.state == ASKED, and_(PromptRow.state == ANSWERED, PromptRow.deadline >= at)),
            RoundRow.closed_at.is_(None),
            RoundRow.closes_at >= at,
        )
        .order_by(PromptRow.due)
    )
    return tuple(prompt_message(row) for row in session.scalars(query))


def counts(session: Session, round_: RoundRow) -> tuple[SideCount, ...]:
    """How each side of a round stands; whom nobody could ask in time is in no count."""
    names = {row.id: row.name for row in session.scalars(select(SideRow).where(SideRow.team_id == _team(round_).id))}
    states = [(names[prompt.side_id], prompt.state) for prompt in round_.prompts if prompt.state != MISSED]
    return standups.counts(states, waits.companies(session, _team(round_).id))


def round_message(session: Session, round_: RoundRow) -> RoundPost:
    """The parent post of a round as it stands."""
    team = _team(round_)
    return RoundPost(
        team=team.name,
        ceremony=round_.ceremony.name,
        round_date=round_.local_date,
        sides=counts(session, round_),
        closes_at=round_.closes_at,
        closed=round_.closed_at is not None,
        team_ref=team.ref,
    )


def answer_message(session: Session, prompt: PromptRow, questions: tuple[Question, ...]) -> AnswerPost:
    """One member's answers as both sides read them: nothing internal, in the words they were given."""
    assert prompt.answered_at is not None
    side = session.get_one(SideRow, prompt.side_id)
    labels = {question.key: question.label for question in questions} | {MISSING: MISSING_LABEL}
    given = {row.question: row.text for row in prompt.answers if row.visibility == JOINT and row.text}
    blocker = _blocker(session, prompt)
    if blocker is not None and blocker.what == given.get(MISSING):
        del given[MISSING]  # the blocker's own line says it
    return AnswerPost(
        author=prompt.member.person,
        author_name=prompt.member.name,
        company=side.organisation.name,
        zone=prompt.member.zone,
        answered_at=prompt.answered_at,
        said=tuple(Said(label=labels.get(key, key), text=text) for key, text in given.items()),
        blocker=blocker,
        edited=prompt.edits > 0,
        late=is_late(prompt),
    )


def summary_message(session: Session, round_: RoundRow) -> RoundSummary:
    """What a round came to."""
    team = _team(round_)
    chosen = {prompt.blocker_id for prompt in round_.prompts if prompt.blocker_id is not None}
    raised = select(BlockerRow).where(BlockerRow.id.in_(chosen), BlockerRow.since >= round_.opened_at)
    return RoundSummary(
        team=team.name,
        ceremony=round_.ceremony.name,
        round_date=round_.local_date,
        sides=counts(session, round_),
        new_blockers=tuple(waits.line(session, row) for row in session.scalars(raised.order_by(BlockerRow.id))),
        open_blockers=len(waits.open_rows(session, team.id)),
    )


# --- what is owed --------------------------------------------------------------------------------------------------


def hold(session: Session, round_: RoundRow, prompts: Sequence[PromptRow]) -> None:
    """Lock what a round and some of its prompts owe, before several of them change; see `outbox.hold`."""
    of_prompts = [f"{kind}:{prompt.id}" for prompt in prompts for kind in ("prompt", "reminder", "answer")]
    outbox.hold(session, [f"round:{round_.id}", *of_prompts])


def owe_round(session: Session, round_: RoundRow, *, due: datetime) -> None:
    """Owe the parent post of a new round."""
    team = _team(round_)
    outbox.owe(
        session,
        name=f"round:{round_.id}",
        message=round_message(session, round_),
        due=due,
        language=team.language,
        place=joint_place(session, team.id),
    )


def owe_round_update(session: Session, round_: RoundRow, *, due: datetime) -> None:
    """Owe the newest state of a round's parent post."""
    outbox.owe_update(
        session,
        name=f"round:{round_.id}",
        message=round_message(session, round_),
        due=due,
        language=_team(round_).language,
    )


def owe_prompts(session: Session, prompts: Sequence[PromptRow], *, useful_for: timedelta) -> None:
    """Owe each prompt to its member when it is due, from the app of their own workspace; none later than `useful_for`
    after that.
    """
    outbox.owe_all(
        session,
        [
            Owed(
                name=f"prompt:{prompt.id}",
                message=prompt_message(prompt),
                due=prompt.due,
                language=prompt.member.language,
                person=prompt.member.person,
                useful_until=prompt.due + useful_for,
            )
            for prompt in prompts
        ],
    )


def owe_reminder(session: Session, prompt: PromptRow, *, due: datetime, useful_until: datetime) -> None:
    """Owe a member the reminder of a prompt they have not answered."""
    outbox.owe(
        session,
        name=f"reminder:{prompt.id}",
        message=prompt_message(prompt, reminder=True),
        due=due,
        language=prompt.member.language,
        person=prompt.member.person,
        useful_until=useful_until,
    )


def owe_prompt_update(session: Session, prompt: PromptRow, *, due: datetime) -> None:
    """Owe the newest state of a prompt that was asked, and of its reminder; one that was not sent is not needed."""
    language, closed = prompt.member.language, prompt.round.closed_at is not None
    for name, unsent in ((f"prompt:{prompt.id}", closed), (f"reminder:{prompt.id}", True)):
        if outbox.is_owed(session, name) and not (unsent and outbox.withdraw(session, name)):
            message = prompt_message(prompt, reminder=not name.startswith("prompt"))
            outbox.owe_update(session, name=name, message=message, due=due, language=language)


def owe_answer(session: Session, prompt: PromptRow, questions: tuple[Question, ...], *, due: datetime) -> None:
    """Owe a member's answers in the round's thread: a new post the first time, the same post changed after that.

    The thread is where the round was begun, whatever the joint channel is by now; so is the summary.
    """
    name, team = f"answer:{prompt.id}", team_of(prompt)
    message = answer_message(session, prompt, questions)
    new = outbox.owe(
        session,
        name=name,
        message=message,
        due=due,
        language=team.language,
        place=outbox.place_of(session, f"round:{prompt.round_id}"),
        thread_of=f"round:{prompt.round_id}",
    )
    if not new:
        outbox.owe_update(session, name=name, message=message, due=due, language=team.language)


def owe_summary(session: Session, round_: RoundRow, *, due: datetime) -> None:
    """Owe the summary of a closed round, in the channel in which it was begun."""
    team = _team(round_)
    outbox.owe(
        session,
        name=f"summary:{round_.id}",
        message=summary_message(session, round_),
        due=due,
        language=team.language,
        place=outbox.place_of(session, f"round:{round_.id}"),
    )


def _team(round_: RoundRow) -> JointTeamRow:
    return round_.ceremony.team


def _blocker(session: Session, prompt: PromptRow) -> BlockerLine | None:
    if prompt.blocker_id is None:
        return None
    return waits.line(session, session.get_one(BlockerRow, prompt.blocker_id))
