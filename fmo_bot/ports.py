"""What we ask of the world. Rooms to the right implement these; `bootstrap` hands them in."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from sqlalchemy.orm import Session

from fmo_bot.domain.accounts import Account, Contact, Known, Remark
from fmo_bot.domain.acts import Act, IssueNow, IssueType, Option, Transition
from fmo_bot.domain.channels import Reader, Seen
from fmo_bot.domain.checks import SeenPerson
from fmo_bot.domain.issues import NOTHING_SOUGHT, BoardShape, Issue, Sought, Sprint, Version
from fmo_bot.domain.jiras_report import JirasReport
from fmo_bot.domain.messages import Message
from fmo_bot.domain.parties import Person, Place

NOTHING: Mapping[str, datetime] = MappingProxyType({})


class Clock(Protocol):
    """Calendar time; machine time is `time.monotonic` and `time.time`, handed in where needed."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        ...


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One message on its way: what, in which language, under which opaque key, in which thread."""

    message: Message
    key: str
    language: str
    thread_ts: str | None = None


class Chat(Protocol):
    """Speaking. Every method raises a `SendOutcome` when it did not plainly succeed, and never retries by itself."""

    def post(self, place: Place, outgoing: Outgoing) -> str:
        """Post as the installation in `place.workspace`; returns the message's ts."""
        ...

    def update(self, place: Place, ts: str, outgoing: Outgoing) -> None:
        """Replace the message at `ts`."""
        ...

    def remove(self, place: Place, ts: str) -> None:
        """Delete our message at `ts`; one that is gone already is well."""
        ...

    def find(self, place: Place, key: str, *, since: datetime, thread_ts: str | None = None) -> str | None:
        """Search the conversation from `since` for the message with our key; its ts, or None.

        Raises `Undeliverable` where history may not be read.
        """
        ...

    def direct(self, person: Person) -> Place:
        """The direct conversation of a person with the app in their own workspace."""
        ...

    def publish_home(self, person: Person, outgoing: Outgoing) -> None:
        """Replace the person's App Home."""
        ...


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """One of our messages as it stands in a conversation: its opaque key, its ts.

    `touched`: a person has answered it, reacted to it, or pinned it.
    """

    key: str
    ts: str
    touched: bool


class Archive(Protocol):
    """Looking through what we have said. Raises a `SendOutcome` as `Chat` does, and never retries by itself."""

    def ours(self, place: Place, *, since: datetime, thread_ts: str | None = None) -> Sequence[Sighting]:
        """What the installation that posts there has said since then: outside of threads, or in one of them.

        Raises `Undeliverable` where history may not be read.
        """
        ...

    def remove(self, place: Place, ts: str) -> None:
        """Delete one of our messages."""
        ...


class Lookout(Protocol):
    """Looking at channels as Slack shows them now. Raises a `SendOutcome` as `Chat` does, never retries by itself."""

    def channel(self, place: Place) -> Seen:
        """The channel, as the installation in `place.workspace` sees it."""
        ...

    def readers(self, place: Place) -> tuple[Reader, ...]:
        """Everybody who is in it. Who somebody is may be up to an hour old."""
        ...

    def person(self, person: Person) -> SeenPerson | None:
        """Somebody as their own workspace shows them now; None for somebody it has not, or who is deactivated."""
        ...

    def company(self, workspace: str, named: str) -> str:
        """The name of the workspace `named`, as the installation in `workspace` sees it; its id where it may not."""
        ...


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Somebody in a channel as Slack shows them. `home`: "" where it shows them to nobody; `locale` such as zh-CN."""

    user: str
    home: str
    name: str = ""
    zone: str = ""
    locale: str = ""
    is_guest: bool = False
    is_bot: bool = False


class Crowd(Protocol):
    """Everybody in a channel. Raises a `SendOutcome` as `Lookout` does."""

    def profiles(self, place: Place) -> tuple[Profile, ...]:
        """As their own workspaces show them, where an app of ours is there, else as the one in `place` does."""
        ...


@dataclass(frozen=True)
class Picture:
    """A drawn chart: PNG bytes, a file name, and what a reader who cannot see it is told."""

    png: bytes
    name: str
    alt_text: str


class Pictures(Protocol):
    """Drawing."""

    def draw(self, message: Message, *, language: str) -> Picture:
        """The chart of a chart message; deterministic for the same value."""
        ...


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some issues of a long read. `mark`: where the next part begins; None: this was the last one."""

    issues: tuple[Issue, ...]
    mark: str | None


class BoardSource(Protocol):
    """Reading one Jira site. Every method raises `BoardUnavailable` with a sentence that is safe to show."""

    def describe(self, board_id: int, sought: Sought = NOTHING_SOUGHT) -> BoardShape:
        """Columns, statuses and the field ids of this site, also of the fields in which counterparts are `sought`."""
        ...

    def sprints(self, board_id: int, *, only_open: bool = False) -> tuple[Sprint, ...]:
        """Every sprint of the board, or those that are not closed; empty for a board without sprints."""
        ...

    def own_report(self, board_id: int, sprint_id: int) -> JirasReport | None:
        """Jira's own report on a sprint, asked for once; None, and never an error, where it does not come."""
        ...

    def changed(
        self,
        shape: BoardShape,
        *,
        since: datetime | None,
        mark: str | None = None,
        known: Mapping[str, datetime] = NOTHING,
    ) -> Iterator[Part]:
        """Issues of the board updated at or after `since` (all where None), each with its proved history.

        `mark`: go on behind an earlier read's part. `known`: issues, by numeric id, that are left out as long as they
        were not updated since.
        """
        ...

    def count(self, shape: BoardShape) -> int | None:
        """About how many issues the board shows; None where the site does not say."""
        ...

    def updates(self, shape: BoardShape) -> Mapping[str, datetime]:
        """When each issue the board shows was last updated, by its numeric id; cheap, for comparing."""
        ...

    def read(self, shape: BoardShape, ids: Collection[str]) -> Iterator[Issue]:
        """These issues, as far as the board shows them."""
        ...

    def visible(self, ids: Collection[str]) -> Collection[str]:
        """Those of these issues that Jira shows us, on whatever board; of others it does not say whether they exist."""
        ...

    def browsable(self, project: str) -> bool:
        """Whether Jira shows us this project, named by its id."""
        ...

    def versions(self, project: str) -> tuple[Version, ...]:
        """The versions of a project, named by its id; none where it is not shown to us."""
        ...

    def fresh(self, shape: BoardShape, ids: Collection[str]) -> Iterator[Issue]:
        """These issues as they are now, past any lag of the search, whether or not the board shows them.

        One that is gone, or that we may not see, is left out.
        """
        ...


class Directory(Protocol):
    """Whom a company's Slack says somebody is. Every method raises a `SendOutcome` where Slack does not answer."""

    def contact(self, person: Person) -> Contact | None:
        """What the person's own workspace says of them; None where no app is there, or they have left."""
        ...

    def known(self, person: Person, seen_in: str) -> Known | None:
        """How somebody met in a workspace is shown there; None of a bot, or of whom nothing is said."""
        ...

    def holders(self, email: str) -> frozenset[Person]:
        """Everybody with this e-mail in the workspaces we are installed in."""
        ...


class AccountSource(Protocol):
    """Finding accounts on one Jira site. Every method raises `BoardUnavailable` with a sentence safe to show."""

    def by_email(self, email: str) -> Account | None:
        """The one active account with this e-mail, where that is sure."""
        ...

    def by_id(self, account: str) -> Account | None:
        """The account of this id (Cloud) or login name (Data Center)."""
        ...

    def remarks(self, issue: str) -> tuple[Remark, ...]:
        """The newest comments on an issue, by its id."""
        ...


class Consent(Protocol):
    """Sending a person to Atlassian to sign in as themselves."""

    def address(self, member_id: int, site: str) -> str | None:
        """Where the way to this site begins, for this member alone; None where the site has no OAuth client."""
        ...


class BoardActions(Protocol):
    """Changing issues of one Jira site, in the name of one account.

    Every method raises `BoardUnavailable` with a sentence that is safe to show, and `NotFound` for an issue that the
    account does not see.
    """

    def read(self, issue_id: str) -> IssueNow:
        """One issue as it is now, past any lag of the search."""
        ...

    def transitions(self, issue_id: str) -> tuple[Transition, ...]:
        """Where it may go from here, with the fields that asks for. Raises NoRight where it may go nowhere."""
        ...

    def assignable(self, issue_id: str) -> tuple[Option, ...]:
        """Who it may be given to: Jira's id of each account, and its shown name."""
        ...

    def types(self, project: str) -> tuple[IssueType, ...]:
        """What may be created in a project (its key), without the fields. Raises NoRight where nothing may be."""
        ...

    def asked_of_new(self, project: str, type_id: str) -> IssueType:
        """The fields that a new issue of a type requires. Raises NoRight."""
        ...

    def do(self, act: Act) -> IssueNow:
        """Do it, sent at most once, and read back what stands then.

        Raises `NotDone` where certainly nothing was changed, and OutcomeUnknown where reading settles nothing.
        """
        ...

    def settled(self, act: Act) -> IssueNow | None:
        """Whether an act that was begun earlier stands in Jira, found by reading alone; None: it does not show."""
        ...


class Engine(Protocol):
    """What wakes the code up. Every wake may be lost or doubled without harm; the ledger decides."""

    def every(self, name: str, seconds: float, function: Callable[[], object], *, alone: bool = False) -> None:
        """The job `name`: run `function` every `seconds` of machine time, never twice at once in this process.

        `alone`: nor in two processes on one database, which take turns.
        """
        ...

    def wake(self, job: str, *, at: float | None = None, session: Session | None = None) -> None:
        """Run a job outside its turn: soon, or at `at` (machine time, Unix seconds).

        With a session: once its transaction is committed, and not at all where it is rolled back.
        """
        ...

    def start(self) -> None:
        """Begin."""
        ...

    def problems(self) -> list[str]:
        """Why jobs do not run in this process as they should, in sentences; empty before it was started."""
        ...

    def stop(self, *, within: float) -> None:
        """Take nothing new, finish what is in hand, at most `within` seconds."""
        ...
