"""What a person may have done to an issue from Slack, as values; and what stands in Jira before and after.

An act carries a `mark`, opaque and written into Jira with it where there is a text: by it we find our own comment or
new issue again when nobody told us whether it was made.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LONGEST_TEXT = 30_000  # characters of a comment or description; Jira's own limit is a little above
LONGEST_SUMMARY = 255


class Kind(StrEnum):
    """How a field is asked for. Any other kind of field is filled in Jira."""

    TEXT = "text"  # of several lines, in wiki markup
    LINE = "line"  # one line, in which nothing is markup
    NUMBER = "number"
    CHOICE = "choice"
    CHOICES = "choices"
    USER = "user"
    DATE = "date"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class Option:
    """One value of a choice: its id in Jira, and what a person reads."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A field that Jira wants filled before it does something."""

    id: str
    label: str
    kind: Kind
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A way out of an issue's status, as this account may take it now. `asks`: the fields it requires."""

    id: str
    name: str
    to: str  # status id
    to_name: str
    asks: tuple[Asked, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IssueType:
    """What may be created in a project, and the fields it requires beyond project, type and summary."""

    id: str
    name: str
    asks: tuple[Asked, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IssueNow:
    """One issue as Jira shows it at this moment. People by name, for a person to read; `assignee_id` is Jira's."""

    site: str
    id: str
    key: str
    summary: str
    status: str
    status_name: str
    assignee: str | None = None
    assignee_id: str | None = None
    priority: str | None = None
    points: float | None = None
    sprint: str | None = None  # the one that is not closed
    flagged: bool = False
    project: str = ""  # Jira's id
    secured: bool = False
    url: str = ""  # where a person opens it


Values = Mapping[str, tuple[str, ...]]  # field id -> what was put in: one text, or ids of options, an account, a day


@dataclass(frozen=True, kw_only=True)
class Assign:
    """Whose the issue is; None: nobody's."""

    issue: str
    account: str | None


@dataclass(frozen=True, kw_only=True)
class Move:
    """By a transition, by its id, to a status id."""

    issue: str
    transition: str
    to: str
    values: Values


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A person's own words below an issue. `signed`: who says it, where the account is not theirs."""

    issue: str
    text: str
    signed: str
    mark: str


@dataclass(frozen=True, kw_only=True)
class Flag:
    """Raise the flag, or take it away."""

    issue: str
    on: bool


@dataclass(frozen=True, kw_only=True)
class Create:
    """A new issue. `project`: its key; `type`: an id; `source`: a link to what it was made from; `since`: not older."""

    project: str
    type: str
    summary: str
    text: str
    source: str
    signed: str
    values: Values
    mark: str
    since: datetime


Act = Assign | Move | Comment | Flag | Create

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}([.,][0-9]{1,6})?")
# What Jira links by itself; with none of the signs that markup outside a word begins with.
_ADDRESS = re.compile(r"(https?://[A-Za-z0-9][A-Za-z0-9./?=&%#_~:@+,;-]*[A-Za-z0-9/=#])")
_ANYWHERE = re.compile(r"[{}\[\]*_+^~?!|]")
_DASH = re.compile(r"(?<![A-Za-z0-9])-|-(?![A-Za-z0-9])")
_HEAD = re.compile(r"^(\s*)(h[1-6]|bq)\.", re.MULTILINE)
_LIST = re.compile(r"^(\s*)#", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def number_in(text: str) -> float | None:
    """The number somebody typed, with a point or a comma before its decimals; None where it is none."""
    text = text.strip()
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def plain_wiki(text: str) -> str:
    """A person's words for Jira's wiki markup (version 2 of its API), so that they read as they were written.

    A backslash is an entity: two of them would be a line break. Addresses stay as they are: escaped, they lead nowhere.
    """
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).encode("utf-8", "replace").decode("utf-8")
    parts = _ADDRESS.split(text)  # every second one is an address
    return "".join(part if n % 2 else _escaped(part) for n, part in enumerate(parts))


def _escaped(text: str) -> str:
    text = text.replace("\\", "&#92;")
    text = _DASH.sub(r"\\-", _ANYWHERE.sub(lambda sign: f"\\{sign[0]}", text))
    return _LIST.sub(r"\1\\#", _HEAD.sub(r"\1\2&#46;", text))
