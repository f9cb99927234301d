"""Small honest stand-ins: clocks that move when told, and a Slack that keeps what it accepted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from fmo_bot.domain.channels import Reader, Seen
from fmo_bot.domain.checks import SeenPerson
from fmo_bot.domain.messages import Message
from fmo_bot.domain.parties import Person, Place
from fmo_bot.errors import SendOutcome, Uncertain, Undeliverable
from fmo_bot.ports import Outgoing, Profile

MONDAY_NINE = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


class FixedClock:
    """Calendar time that stands still until it is moved."""

    def __init__(self, at: datetime = MONDAY_NINE) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, **delta: float) -> None:
        self.at += timedelta(**delta)


class Machine:
    """Machine time in seconds; called like `time.time`."""

    def __init__(self, seconds: float = 1_000_000.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Posted:
    """A message that the pretend Slack shows."""

    place: Place
    ts: str
    key: str
    message: Message
    thread_ts: str | None = None


@dataclass
class FakeChat:
    """Accepts everything, unless told otherwise: `script` holds what the next calls do, in order.

    An entry is None (goes well), an error to raise before anything is accepted, or `accepted(error)` to accept the
    message and raise after. `before_post` runs at the start of every post, as if the world did something meanwhile.
    """

    posted: list[Posted] = field(default_factory=list)
    updated: list[tuple[str, Message]] = field(default_factory=list)
    homes: list[tuple[Person, Message]] = field(default_factory=list)
    opened: list[Person] = field(default_factory=list)
    searched: list[tuple[str, datetime]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    script: list["BaseException | Accepted | None"] = field(default_factory=list)
    history_allowed: bool = True
    before_post: Callable[[], object] = lambda: None

    def post(self, place: Place, outgoing: Outgoing) -> str:
        self.before_post()
        ts = f"{next(self.numbers)}.000000"
        with self._ending():
            self._show(place, ts, outgoing)
        return ts

    def _show(self, place: Place, ts: str, outgoing: Outgoing) -> None:
        self.posted.append(Posted(place, ts, outgoing.key, outgoing.message, outgoing.thread_ts))

    def update(self, place: Place, ts: str, outgoing: Outgoing) -> None:
        with self._ending():
            self.updated.append((ts, outgoing.message))

    def remove(self, place: Place, ts: str) -> None:
        with self._ending():
            self.posted = [each for each in self.posted if (each.place, each.ts) != (place, ts)]

    def find(self, place: Place, key: str, *, since: datetime, thread_ts: str | None = None) -> str | None:
        with self._ending():
            if not self.history_allowed:
                raise Undeliverable("missing_scope")
            self.searched.append((key, since))
        return next((each.ts for each in self.posted if each.key == key and each.place == place), None)

    def direct(self, person: Person) -> Place:
        with self._ending():
            self.opened.append(person)
        return Place(person.workspace, f"D{person.user}")

    def publish_home(self, person: Person, outgoing: Outgoing) -> None:
        with self._ending():
            self.homes.append((person, outgoing.message))

    @property
    def messages(self) -> list[Message]:
        return [each.message for each in self.posted]

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """The next ending of the script around what a call does when it is accepted."""
        ending = self.script.pop(0) if self.script else None
        if isinstance(ending, BaseException):
            raise ending
        yield
        if isinstance(ending, Accepted):
            raise ending.then


@dataclass
class FakeLookout:
    """Channels as a pretend Slack shows them, by id; an error is raised. `asked`: every look, in order."""

    channels: dict[str, Seen | SendOutcome] = field(default_factory=dict)
    people: dict[str, tuple[Reader, ...]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    seen: dict[str, SeenPerson] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None  # what the world does while Slack answers

    def channel(self, place: Place) -> Seen:
        self.asked.append(place.channel)
        self.meanwhile()
        found = self.channels.get(place.channel) or Undeliverable("channel_not_found")
        if isinstance(found, SendOutcome):
            raise found
        return found

    def readers(self, place: Place) -> tuple[Reader, ...]:
        return self.people.get(place.channel, ())

    def person(self, person: Person) -> SeenPerson | None:
        return self.seen.get(person.user)

    def company(self, workspace: str, named: str) -> str:
        return self.names.get(named, named)


@dataclass
class FakeCrowd:
    """Who is in each channel, by its id."""

    people: dict[str, tuple[Profile, ...]] = field(default_factory=dict)

    def profiles(self, place: Place) -> tuple[Profile, ...]:
        return self.people.get(place.channel, ())


@dataclass(frozen=True)
class Accepted:
    """The message is accepted, and then this is raised."""

    then: BaseException


def accepted(error: SendOutcome | BaseException | None = None) -> Accepted:
    return Accepted(error or Uncertain("the answer was lost"))
