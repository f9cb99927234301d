"""What is owed in a storm, as rows through the outbox: 70 % prompts, 10 % posts in channels, 20 % updates of both."""

import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from procrastinate.exceptions import ConnectorException
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from fmo_bot.db.ledger import MessageRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import outbox
from fmo_bot.domain.messages import Message, Prompt, RoundPost, SideCount
from fmo_bot.domain.parties import SYSTEM, Person, Place, Scope
from tests.chaos.world import CHANNELS, PEOPLE, World

_PROMPT, _CHANNEL, _UPDATE = "prompt", "channel", "update"
_RECENT = 200  # every other update meets a post that may be on its way just now
_MARK = re.compile(r"Item (\d+) state (\d+)\b")
_AGAIN_S = 0.2


def mark(text: str) -> tuple[int, int] | None:
    """Which item, in which state, a text shows."""
    found = _MARK.search(text)
    return (int(found[1]), int(found[2])) if found else None


@dataclass
class Owed:
    """One message the storm owes: to whom or where, and the state it has to show in the end."""

    number: int
    target: Person | Place
    channel: str  # where it has to be seen
    key: str = ""
    state: int = 0

    @property
    def name(self) -> str:
        return f"storm:{self.number}"

    def message(self) -> Message:
        title, at = f"Item {self.number} state {self.state}", datetime.now(UTC)
        if isinstance(self.target, Person):
            return Prompt(
                ref=self.name,
                team="Storm",
                ceremony=title,
                round_date=at.date(),
                deadline=at + timedelta(hours=4),
                zone="Europe/Madrid",
                state="answered" if self.state else "open",
            )
        return RoundPost(
            team="Storm",
            ceremony=title,
            round_date=at.date(),
            sides=(SideCount(company="Huawei", asked=9, answered=self.state, away=0),),
            closes_at=at + timedelta(hours=4),
            closed=False,
            team_ref="storm",
        )


@dataclass
class Feeder:
    """Owes `items` things, evenly over `seconds`."""

    store: Store
    world: World
    dice: random.Random
    items: int
    seconds: float
    scope: Scope = SYSTEM  # for whom it is owed
    in_channels: int = 10  # percent
    owed: list[Owed] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def run(self, check: Callable[[], object]) -> None:
        """Owe everything; a database that is away is waited for. `check` may raise to end it."""
        begin = time.monotonic()
        kinds = self._kinds()
        fed = 0
        while fed < self.items:
            wanted = min(self.items, 1 + int(self.items * (time.monotonic() - begin) / self.seconds))
            self._owe([next(kinds) for _ in range(wanted - fed)])
            fed = wanted
            check()
            time.sleep(0.1)

    def _kinds(self) -> Iterator[str]:
        """Exactly the shares that are promised, in a random order that begins with something to update."""
        updates, channels = self.items * 20 // 100, self.items * self.in_channels // 100
        kinds = [_UPDATE] * updates + [_CHANNEL] * channels
        kinds += [_PROMPT] * (self.items - len(kinds) - 1)
        self.dice.shuffle(kinds)
        return iter([_PROMPT, *kinds])

    def _owe(self, kinds: list[str]) -> None:
        posts = [self._new(kind) for kind in kinds if kind != _UPDATE]
        changed = [self._changed() for kind in kinds if kind == _UPDATE and self.owed]
        while posts or changed:
            try:
                keys = self._write(posts, changed)
            except (DBAPIError, ConnectorException):  # owing the same again changes nothing
                time.sleep(_AGAIN_S)
                continue
            for each in posts:
                each.key = keys[each.name]
            self.owed += posts
            return

    def _write(self, posts: list[Owed], changed: list[Owed]) -> dict[str, str]:
        at = datetime.now(UTC)
        with self.store.transaction(self.scope) as session:
            for each in posts:
                person, place = (each.target, None) if isinstance(each.target, Person) else (None, each.target)
                outbox.owe(
                    session, name=each.name, message=each.message(), due=at, language="en", person=person, place=place
                )
            for each in changed:
                outbox.owe_update(session, name=each.name, message=each.message(), due=at, language="en")
            names = [each.name for each in posts]
            rows = session.execute(select(MessageRow.name, MessageRow.key).where(MessageRow.name.in_(names)))
            return {name: key for name, key in rows}

    def _new(self, kind: str) -> Owed:
        number = next(self._numbers)
        workspace = number % self.world.workspaces
        if kind == _CHANNEL:
            place = self.world.channel(workspace, self.dice.randrange(CHANNELS))
            return Owed(number, place, place.channel)
        person = self.world.person(workspace, self.dice.randrange(PEOPLE))
        return Owed(number, person, self.world.direct(workspace, person))

    def _changed(self) -> Owed:
        recent = self.dice.random() < 0.5
        one = self.dice.choice(self.owed[-_RECENT:] if recent else self.owed)
        one.state += 1
        return one
