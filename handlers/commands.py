"""What can be typed: one table, for `/fmo`, for a mention and for a direct message alike. It writes its own help."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.accounts import words_in
from fmo_bot.domain.messages import Help, Message, Notice
from fmo_bot.domain.parties import Person


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One thing typed: by whom, where (a Slack channel id), when; `key` is the same for a repetition of it.

    `rest` is what stands after the command's word. Whoever only mentions the bot, where no joint team is, may mean to
    set one up.
    """

    person: Person
    channel: str | None
    key: str
    at: datetime
    rest: str = ""
    mentioned: bool = False  # in a channel, by the bot's name


@dataclass(frozen=True)
class Command:
    """What a word does, as a msgid for the help, and how."""

    does: str
    run: Callable[[Bot, Asked], Message]


def run(bot: Bot, text: str, asked: Asked) -> Message:
    """What the first word of `text` asks for; help where it is none of ours."""
    word, _, rest = " ".join(text.split()).partition(" ")
    if not word and asked.mentioned and bot.wizard.may_begin(asked.person, asked.channel):
        word = "setup"
    command = COMMANDS.get(word.lower() or "help")
    return command.run(bot, replace(asked, rest=rest)) if command else help_text(unknown=word)


def help_text(*, unknown: str | None = None) -> Help:
    """Every command with what it does."""
    return Help(commands=tuple((f"/fmo {word}", command.does) for word, command in COMMANDS.items()), unknown=unknown)


def _help(bot: Bot, asked: Asked) -> Message:
    return help_text()


def _standup(bot: Bot, asked: Asked) -> Message:
    """The prompt again: its button brings the form, which typed words cannot."""
    prompt = bot.parties.next_prompt(asked.person, channel=asked.channel, at=asked.at)
    return prompt or Notice(text="Nothing is asked of you now.", values={})


def _sprint(bot: Bot, asked: Asked) -> Message:
    return bot.sprints.ask(asked.person, channel=asked.channel, sprint=asked.rest, key=asked.key, at=asked.at)


def _waits(bot: Bot, asked: Asked) -> Message:
    return bot.waits_reports.ask(asked.person, channel=asked.channel, key=asked.key, at=asked.at)


def _blocked(bot: Bot, asked: Asked) -> Message:
    return bot.raising.typed(asked.person, asked.rest, channel=asked.channel, key=asked.key, at=asked.at)


def _issue(bot: Bot, asked: Asked) -> Message:
    return bot.issues.ask(asked.person, asked.rest, channel=asked.channel, key=asked.key, at=asked.at)


def _follow(bot: Bot, asked: Asked) -> Message:
    return bot.follows.typed(asked.person, asked.rest, channel=asked.channel, at=asked.at)


def _unfollow(bot: Bot, asked: Asked) -> Message:
    return bot.follows.typed(asked.person, asked.rest, channel=asked.channel, at=asked.at, stop=True)


def _check(bot: Bot, asked: Asked) -> Message:
    return bot.self_checks.ask(asked.person, channel=asked.channel, key=asked.key, at=asked.at)


def _deliveries(bot: Bot, asked: Asked) -> Message:
    return bot.deliveries.shown(asked.person, channel=asked.channel, at=asked.at)


def _setup(bot: Bot, asked: Asked) -> Message:
    return bot.wizard.begin(asked.person, asked.channel, asked.key, asked.at)


def _link(bot: Bot, asked: Asked) -> Message:
    """`link jira` shows; with a word: what Atlassian's side showed; with a site and an account: asks an admin."""
    what, *named = asked.rest.split()[:3] or [""]
    if what.lower() == "jira" and len(named) == 1 and words_in(named[0]):
        return bot.accounts.confirm(asked.person, named[0], asked.at)
    if what.lower() != "jira" or len(named) == 1:
        return Notice(text=LINK_HOW, values={})
    if not named:
        return bot.accounts.shown(asked.person, key=asked.key, at=asked.at)
    account = _MAILED.sub(r"\1", named[1])
    return bot.accounts.ask_admin(asked.person, named[0].lower(), account, key=asked.key, at=asked.at)


_MAILED = re.compile(r"<mailto:([^|>]*)[^>]*>")  # how Slack shows an e-mail in a message
LINK_HOW = (
    "`/fmo link jira` shows which Jira accounts are yours, and how to link one. `/fmo link jira SITE ACCOUNT` asks "
    "an admin of the company that owns the site; the account is an id, a login name or an e-mail."
)
COMMANDS = {
    "setup": Command("set up a joint team in this channel: for admins and scrum masters; only you see it", _setup),
    "sprint": Command("the sprint report, first only to you; add a sprint's name for an earlier one", _sprint),
    "issue": Command("an issue as it is now: add its key, such as CORE-12", _issue),
    "standup": Command("the stand-up that is open for you now", _standup),
    "blocked": Command("what stops your side's work: an issue's key, a few words, or both", _blocked),
    "waits": Command("who waits on whom, and the time lost to waiting this week and last; only to you", _waits),
    "follow": Command(
        "tell this channel what changes: a board's name or number, or `filter 123`; alone, lists", _follow
    ),
    "unfollow": Command("tell this channel no more of a board or filter", _unfollow),
    "check": Command("for scrum masters: who can be prompted and click, who reads the channels", _check),
    "deliveries": Command("for scrum masters: what could not be delivered, to send it again or drop it", _deliveries),
    "link": Command("`link jira`: which Jira accounts are yours; link or unlink one", _link),
    "help": Command("what can be typed here", _help),
}
