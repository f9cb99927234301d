"""The stand-up's messages: prompt, parent post, answers in its thread, summary."""

from fmo_bot.domain.messages import AnswerPost, BlockerLine, Prompt, ReplyTaken, RoundPost, RoundSummary, SideCount
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import BLOCKER_RESOLVE, SPRINT_ASK, STANDUP_OPEN
from fmo_bot.slack.blocks import Block, actions, button, context, header, quote, section
from fmo_bot.slack.text import day, escape, issue_name, moment

# True from the moment it is sent until the next state replaces it: nothing is sent when a deadline passes.
_PROMPT_SAYS = {
    "open": "Three short questions, please by {deadline}. Later answers are taken until the round closes, marked late.",
    "reminder": "A reminder: three short questions, please by {deadline}. "
    "Later answers are taken until the round closes, marked late.",
    "answered": "Your answer is in. It can be changed until {deadline}.",
    "kept": "Your answer is in.",
    "closed": "This round has closed.",
}


def prompt(message: Prompt, t: Translator) -> list[Block]:
    """The question with its one button; without it once nothing can be answered or changed."""
    title = f"*{escape(message.ceremony)}* · {escape(message.team)} · {day(message.round_date, t)}"
    state = "reminder" if message.reminder and message.state == "open" else message.state
    says = t(_PROMPT_SAYS[state], deadline=moment(message.deadline, t, zone=message.zone))
    blocks = [section(f"{title}\n{says}")]
    label = {"open": t("Answer"), "answered": t("Change the answer")}.get(message.state)
    if label is not None:
        blocks.append(actions(button(label, STANDUP_OPEN, message.ref, primary=message.state == "open")))
    return blocks


def round_post(message: RoundPost, t: Translator) -> list[Block]:
    """The parent post: numbers per company, never names."""
    when = moment(message.closes_at, t)
    state = t("Closed.") if message.closed else t("Open until {when}. Answers are in the thread.", when=when)
    return [
        header(f"{message.ceremony} · {day(message.round_date, t)}"),
        *([section("\n".join(_count(side, t) for side in message.sides))] if message.sides else []),
        context(f"{escape(message.team)} · {state}"),
        actions(button(t("Sprint report"), SPRINT_ASK, message.team_ref)),
    ]


def _count(side: SideCount, t: Translator) -> str:
    parts = [t("{answered} of {asked} answered", answered=side.answered, asked=side.asked)]
    if side.away:
        parts.append(t.many("{n} away", "{n} away", side.away))
    return f"*{escape(side.company)}*  " + " · ".join(parts)


def answer(message: AnswerPost, t: Translator) -> list[Block]:
    """One member's answers, in the words they were given."""
    marks = [t("late")] * message.late + [t("edited")] * message.edited
    when = moment(message.answered_at, t, zone=message.zone)
    head = " · ".join([f"*{escape(message.author_name)}*", escape(message.company), when, *marks])
    said = [quote(t(item.label), item.text) for item in message.said if item.text.strip()]
    return [section(head), *said, *([blocker(message.blocker, t)] if message.blocker else [])]


def reply_taken(message: ReplyTaken, t: Translator) -> list[Block]:
    """What a reply was taken for, how to correct it, and what is left."""
    says = [
        t("Taken as your answer to: {questions}", questions=_questions(message.taken, t)),
        t("To change it, mention the app here again, with the question's number first: `1. ...` replaces the first."),
        t("Editing or deleting your reply changes nothing unless it mentions the app again."),
    ]
    if message.unanswered:
        says.append(t("Not answered yet: {questions}", questions=_questions(message.unanswered, t)))
    return [section("\n".join(says))]


def _questions(named: tuple[tuple[int, str], ...], t: Translator) -> str:
    return " · ".join(f"{n}. {escape(t(label))}" for n, label in named)


def blocker(line: BlockerLine, t: Translator) -> Block:
    """One blocker, with the button that ends it while it is open."""
    if line.resolved is not None:
        return section(":white_check_mark: " + t("{line}. Resolved {when}.", line=_who(line, t), when=_at(line, t)))
    text = ":no_entry: " + t("{line}. Since {when}.", line=_who(line, t), when=moment(line.since, t))
    return section(text, button=button(t("Resolved"), BLOCKER_RESOLVE, line.ref))


def _at(line: BlockerLine, t: Translator) -> str:
    return moment(line.resolved or line.since, t)


def _who(line: BlockerLine, t: Translator) -> str:
    issue = f" ({escape(issue_name(line.issue, t))})" if line.issue else ""
    waiting, waited_on = escape(line.waiting), escape(t(line.waited_on))
    direction = t("*{waiting}* waits on *{waited_on}*", waiting=waiting, waited_on=waited_on)
    return f"{direction}: {escape(line.what)}{issue}"


def summary(message: RoundSummary, t: Translator) -> list[Block]:
    """What the round came to."""
    blocks = [
        header(t("Summary: {ceremony} · {day}", ceremony=message.ceremony, day=day(message.round_date, t))),
        *([section("\n".join(_count(side, t) for side in message.sides))] if message.sides else []),
    ]
    if message.new_blockers:
        blocks.append(section(t("*Raised in this round*")))
        blocks.extend(blocker(line, t) for line in message.new_blockers)
    open_now = t.many("{n} blocker is open.", "{n} blockers are open.", message.open_blockers)
    return [*blocks, context(f"{escape(message.team)} · {open_now}")]
