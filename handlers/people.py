"""What Slack tells of people who come and go, worked as jobs."""

from datetime import datetime
from typing import Any

from fmo_bot.bootstrap.bot import Bot


def left(bot: Bot, payload: dict[str, Any], at: datetime) -> None:
    """Somebody left a channel."""
    person = bot.who.of(payload["user"], home=None, seen_in=payload["seen_in"])
    bot.people.left(person, payload["channel"], at)


def changed(bot: Bot, payload: dict[str, Any], at: datetime) -> None:
    """A profile or account was changed."""
    person = bot.who.of(payload["user"], home=payload["home"], seen_in=payload["seen_in"])
    bot.people.changed(person, payload, at)
