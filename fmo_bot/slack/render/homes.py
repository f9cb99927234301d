"""App Home: what is asked of a member, what is stuck, and who runs the server."""

from datetime import datetime

from fmo_bot.domain.messages import Home
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import CHECK_ASK, SETUP_OPEN, SPRINT_ASK, WAITS_ASK
from fmo_bot.slack.blocks import Block, actions, button, context, header, section
from fmo_bot.slack.render.standups import blocker, prompt
from fmo_bot.slack.text import escape, moment


def home(message: Home, t: Translator) -> list[Block]:
    """The Home tab of a member."""
    asked = [block for question in message.prompts for block in prompt(question, t)]
    stuck = [blocker(line, t) for line in message.blockers]
    return [
        *([header(t("Hello, {name}", name=message.name))] if message.name else []),
        *(asked or [section(t("Nothing is asked of you now."))]),
        *([header(t("Joint teams"))] if message.teams else []),
        *(block for name, ref in message.teams for block in _team(name, ref, t, checks=ref in message.checks)),
        *(block for ref, channel in message.drafts for block in _draft(ref, channel, t)),
        *(context(_unread(name, since, t)) for name, since in message.unread),
        *([header(t("Open blockers")), *stuck] if stuck else []),
        *([context(_host(message, t))] if message.host else []),
    ]


def _draft(ref: str, channel: str, t: Translator) -> list[Block]:
    said = t("The set-up of #{channel} is not finished.", channel=escape(channel))
    return [section(said, button=button(t("Continue"), SETUP_OPEN, ref))]


def _unread(team: str, since: datetime, t: Translator) -> str:
    said = (
        "The board of {team} cannot be read since {since}. Scrum masters of the company whose Jira it is are told why."
    )
    return t(said, team=escape(team), since=moment(since, t))


def _host(message: Home, t: Translator) -> str:
    return t("FMO bot is run by {host}; who runs the server can read its database.", host=escape(message.host))


def _team(name: str, ref: str, t: Translator, *, checks: bool) -> list[Block]:
    asks = [button(t("Sprint report"), SPRINT_ASK, ref), button(t("Who waits on whom"), WAITS_ASK, ref)]
    if checks:
        asks.append(button(t("Self-check"), CHECK_ASK, ref))
    return [section(f"*{escape(name)}*"), actions(*asks)]
