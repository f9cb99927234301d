"""A joint team that is being set up: what Slack and Jira showed, what was chosen so far, and what is asked next.

What is chosen is kept as a part of a team file's mapping; once nothing is missing `mapping` is the whole of it, so a
team set up in Slack and one set up from a file are the same.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

SIDES, PEOPLE, DUTIES, BOARD, STAGES, TIMES, SUMMARY = (
    "sides",
    "people",
    "duties",
    "board",
    "stages",
    "times",
    "summary",
)
STEPS = (SIDES, PEOPLE, DUTIES, BOARD, STAGES, TIMES, SUMMARY)
KEPT_FOR = timedelta(days=60)  # since anybody last touched it
# What has to be asked again once another answer is given: who has which duty follows from who takes part.
_FOLLOWS = {SIDES: (PEOPLE, DUTIES, STAGES, TIMES), PEOPLE: (DUTIES,), BOARD: (STAGES,)}


@dataclass(frozen=True, kw_only=True)
class Company:
    """A company connected to the channel; `app` is the key of our app in its Slack, "" where there is none yet."""

    name: str
    workspace: str
    app: str = ""
    workspace_name: str = ""
    usual: str = ""  # the side it has in its other joint teams here
    admin: bool = True  # somebody is known here who may accept for it


@dataclass(frozen=True, kw_only=True)
class SeenMember:
    """Somebody in the channel who may take part, as Slack shows them; `country` is where their zone lies."""

    user: str
    home: str
    name: str
    zone: str
    language: str = "en"
    country: str = ""


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Somebody in the channel who is not offered: guest, elsewhere (of no company of the channel), unknown."""

    name: str
    why: str


@dataclass(frozen=True, kw_only=True)
class SeenStatus:
    """A status of the chosen board, in the column it stands in ("" for none), with the stage that was guessed."""

    id: str
    name: str
    column: str
    guess: str = ""  # as domain.draft_stages writes it


@dataclass(frozen=True, kw_only=True)
class SeenBoard:
    """The chosen board; `project` is the key of the project it belongs to, "" where Jira does not say."""

    site: str
    id: int
    name: str
    project: str = ""
    statuses: tuple[SeenStatus, ...] = ()
    start: str = ""  # the status at which work was guessed to begin


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One set-up under way. `own`: the company that sets up, `asker`: the Slack user who does, of that company."""

    channel: str
    workspace: str
    name: str  # of the channel
    own: str
    asker: str
    host: str  # the company that runs the server, as far as that is known
    companies: tuple[Company, ...] = ()
    people: tuple[SeenMember, ...] = ()
    left: tuple[LeftOut, ...] = ()
    board: SeenBoard | None = None
    asked: str = ""  # the company that was asked for a board of its own, and has not chosen one yet
    done: tuple[str, ...] = ()
    file: dict[str, Any] = field(default_factory=dict)

    @property
    def step(self) -> str:
        """The first step that has not been taken, and can be: what waits for another company's board does not."""
        waits = (BOARD, STAGES) if self.asked else ()
        return next((each for each in STEPS if each not in self.done and each not in waits), SUMMARY)

    @property
    def sides(self) -> dict[str, dict[str, Any]]:
        """Side -> what is known of it."""
        found: dict[str, dict[str, Any]] = self.file.get("sides", {})
        return found

    def company(self, name: str) -> Company:
        """The company of this name."""
        return next(each for each in self.companies if each.name == name)

    def of_side(self, side: str) -> tuple[SeenMember, ...]:
        """Everybody in the channel who is at home with the side's company."""
        home = self.company(self.sides[side]["organisation"]).workspace
        return tuple(each for each in self.people if each.home == home)

    def own_side(self) -> str:
        """The side of the company that sets up; "" before it is chosen."""
        return next((side for side, said in self.sides.items() if said["organisation"] == self.own), "")


def took(draft: Draft, step: str, **said: Any) -> Draft:
    """The draft after a step: what it said in the file, and what has to be asked again because of it.

    A step that came to what was known already leaves everything after it alone.
    """
    file = {**draft.file, **said}
    again = () if step in draft.done and file == draft.file else _FOLLOWS.get(step, ())
    done = [each for each in draft.done if each not in again]
    return replace(draft, file=file, done=tuple(dict.fromkeys([*done, step])))


def seen_again(draft: Draft) -> Draft:
    """A draft whose companies were looked at anew: sides are chosen again where one is gone, or is called otherwise."""
    named = {each.name for each in draft.companies}
    sides = {side: said for side, said in draft.sides.items() if said["organisation"] in named}
    if sides == draft.sides:
        return draft
    return replace(draft, file={**draft.file, "sides": sides}, done=tuple(e for e in draft.done if e in (BOARD,)))


def missing(draft: Draft) -> tuple[str, ...]:
    """The steps that have to be taken before it can be posted."""
    return tuple(each for each in STEPS[:-1] if each not in draft.done)


def mapping(draft: Draft) -> dict[str, Any]:
    """The team file's mapping, as far as it is known: whole once nothing is `missing`."""
    named = [side["organisation"] for side in draft.sides.values()]
    wanted = [each for each in draft.companies if each.name in named or each.name == draft.file.get("host")]
    channel = {"workspace": draft.workspace, "id": draft.channel}
    return {**draft.file, "organisations": [_organisation(each) for each in wanted], "channel": channel}


def _organisation(company: Company) -> dict[str, Any]:
    if not company.app:
        return {"name": company.name}
    name = company.workspace_name or company.name
    return {"name": company.name, "workspace": {"app": company.app, "id": company.workspace, "name": name[:80]}}
