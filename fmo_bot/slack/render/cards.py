"""One issue, with what can be done to it."""

from fmo_bot.domain.messages import IssueCard
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import ISSUE_ASSIGN, ISSUE_COMMENT, ISSUE_FLAG, ISSUE_MOVE, ISSUE_UNFLAG
from fmo_bot.slack.blocks import Block, actions, button, context, section
from fmo_bot.slack.text import escape, issue_name
from fmo_bot.words.plain import number


def card(message: IssueCard, t: Translator) -> list[Block]:
    """What may be shown of it, and buttons where it was asked for by somebody."""
    shown = context(" · ".join(_facts(message, t)))
    done = [section(f":white_check_mark: {t(message.done)}")] if message.done else []
    blocks = [*done, section(_title(message, t)), *([shown] if shown["elements"][0]["text"].strip() else [])]
    return [*blocks, actions(*_buttons(message, t))] if message.ref and _is_named(message) else blocks


def _is_named(message: IssueCard) -> bool:
    return message.issue is not None and message.issue.key is not None


def _title(message: IssueCard, t: Translator) -> str:
    name = escape(issue_name(message.issue, t)) if message.issue is not None else ""
    if name and message.url and _is_named(message):
        name = f"<{escape(message.url)}|{name}>"
    words = escape(message.summary) if message.summary else ""
    return "  ".join(part for part in (f"*{name}*" if name else "", words) if part) or t("an issue")


def _facts(message: IssueCard, t: Translator) -> list[str]:
    named = [
        (t("Status"), message.status),
        (t("Assignee"), message.assignee),
        (t("Priority"), message.priority),
        (t("Points"), None if message.points is None else number(message.points, t)),
        (t("Sprint"), message.sprint),
    ]
    facts = [f"{label}: {escape(value)}" for label, value in named if value]
    return [*facts, f":triangular_flag_on_post: {t('Flagged')}"] if message.flagged else facts


def _buttons(message: IssueCard, t: Translator) -> list[Block]:
    flag = (t("Remove flag"), ISSUE_UNFLAG) if message.flagged else (t("Flag"), ISSUE_FLAG)
    wanted = ((t("Assign"), ISSUE_ASSIGN), (t("Move"), ISSUE_MOVE), (t("Comment"), ISSUE_COMMENT), flag)
    return [button(text, action, message.ref) for text, action in wanted]
