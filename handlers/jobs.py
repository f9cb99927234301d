"""What was taken in at the door and is worked later: the same in a process that has no door."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.services.people import CHANGED, JOINED, LEFT
from handlers import help_, home, people
from handlers.events import HOME_OPENED, WORDS

_JOBS: dict[str, Callable[[Bot, dict[str, Any], datetime], None]] = {
    WORDS: help_.words,
    HOME_OPENED: home.publish,
    JOINED: people.joined,
    LEFT: people.left,
    CHANGED: people.changed,
}


def add_jobs(bot: Bot) -> None:
    """Let the bot work every kind of event that `handlers.events` takes in."""
    for kind, job in _JOBS.items():
        bot.jobs[kind] = partial(job, bot)
