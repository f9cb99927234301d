"""Which issue is meant."""

from fmo_bot.domain.messages import IssueChoice, WhichIssue
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import BLOCKER_ISSUE
from fmo_bot.slack.blocks import ACTION_ELEMENTS, Block, actions, button, section
from fmo_bot.slack.text import escape, issue_name


def which(message: WhichIssue, t: Translator) -> list[Block]:
    """The question with a button for each site. Its text says what the buttons say, which cut long words."""
    asked = t("*{key}* stands on several Jira sites. Which one do you mean?", key=escape(message.key))
    shown = message.choices[:ACTION_ELEMENTS]
    lines = [f"• {escape(_words(choice, t))}" for choice in shown]
    pressed = (
        button(_words(choice, t), f"{BLOCKER_ISSUE}_{n}", choice.value)  # action ids differ within a row
        for n, choice in enumerate(shown)
    )
    return [section("\n".join((asked, *lines))), actions(*pressed)]


def _words(choice: IssueChoice, t: Translator) -> str:
    return " ".join(filter(None, (f"[{choice.site}]", issue_name(choice.issue, t), choice.summary)))
