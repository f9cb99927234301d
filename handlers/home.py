"""App Home: published anew each time it is opened."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.messages import Home, Message, Notice
from fmo_bot.domain.parties import Person
from fmo_bot.errors import Refusal


def publish(bot: Bot, payload: dict[str, Any], at: datetime) -> None:
    """Work an opened Home."""
    person = bot.who.of(payload["user"], home=payload["home"], seen_in=payload["seen_in"])
    bot.show_home(person, _home(bot, person, at), at=at)


def _home(bot: Bot, person: Person, at: datetime) -> Message:
    """The Home tab, or the sentence why there is none; with what the person is setting up."""
    drafts = bot.wizard.under_way(person)
    try:
        return replace(bot.parties.home(person, at), drafts=drafts)
    except Refusal as refusal:
        if drafts:
            return Home(name="", prompts=(), teams=(), blockers=(), host="", drafts=drafts)
        return Notice(text=refusal.text, values=dict(refusal.values))
