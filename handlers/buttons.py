"""A button is one call of a service. It is acknowledged once what it changes is committed: no click comes twice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_bolt import Ack, Respond

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.messages import Message
from fmo_bot.domain.parties import Person
from handlers.answers import instead, tell


@dataclass(frozen=True, kw_only=True)
class Press:
    """A press on a button: by whom, of which action with which value; `key` is the same for a repetition of it."""

    person: Person
    action: str
    value: str
    key: str
    at: datetime


def tells(bot: Bot, do: Callable[[Press], Message]) -> Callable[..., None]:
    """Whoever pressed it is told what came of it."""
    return _listener(bot, do, tell)


def replaces(bot: Bot, do: Callable[[Press], Message]) -> Callable[..., None]:
    """What came of it takes the place of the message with the button, which only they see."""
    return _listener(bot, do, instead)


def _listener(bot: Bot, do: Callable[[Press], Message], answer: Callable[..., None]) -> Callable[..., None]:
    def pressed(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, person: Person, at: datetime
    ) -> None:
        key = f"slack:{body['trigger_id']}"
        press = Press(person=person, action=action["action_id"], value=action["value"], key=key, at=at)
        message = do(press)
        ack()
        answer(bot, respond, body, person=person, message=message, at=at)

    return pressed
