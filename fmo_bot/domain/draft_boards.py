"""Fourth step of a set-up: the Jira board, found by its name. Only the people of a site's owner search there."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fmo_bot.domain.draft_screens import MOST, ONE, TEXT, Field, Given, Screen, literal, one
from fmo_bot.domain.drafts import BOARD, STAGES, STEPS, Company, Draft, SeenBoard, took
from fmo_bot.domain.messages import Choice, Notice
from fmo_bot.errors import InvalidInput

ASK = "ask:"  # of a choice: what follows is the workspace of the company that is asked
NOBODYS = "{company} has no Jira site here: whoever runs FMO bot can connect one. Or ask another company."
WAITS = "{company} has been asked for a board of its own and has not chosen one yet."
CHOOSE = "Choose a board."
NONE_FOUND = "No board on {sites} has {words} in its name. Try another word, or none for all boards."
FOUND = "Boards on {sites}: {n}."
MORE = "Boards on {sites}: the first {n}. A word of the board's name finds others."
TROUBLE = "{site}: {why}"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search came to: boards, the sites that were asked, and those that did not answer with why."""

    words: str
    boards: tuple[SeenBoard, ...]
    sites: tuple[str, ...]
    troubles: tuple[tuple[str, str], ...] = ()


def screen(draft: Draft, found: Found) -> Screen:
    """What was found, the likeliest first; a word and Enter searches anew."""
    boards = _ordered(draft, found)[:MOST]
    asks = tuple(_asks(draft))
    choices = (*(_choice(each, several=len(found.sites) > 1) for each in boards[: MOST - len(asks)]), *asks)
    known = [value_of(draft.board)] if draft.board is not None else []
    offered = [each.value for each in choices]
    usual = offered[:1] if boards else []
    chosen = tuple([each for each in known if each in offered] or usual)
    board = Field(key="board", label="Jira board", kind=ONE, choices=choices, chosen=chosen, optional=not boards)
    picked = (board,) if choices else ()
    search = Field(
        key="search",
        label="Look for another board",
        hint="Write a word of its name, then press Enter.",
        kind=TEXT,
        chosen=(found.words,) if found.words else (),
        optional=True,
        acts=True,
    )
    said = [Notice(text=TROUBLE, values={"site": site, "why": why}) for site, why in found.troubles]
    said += [Notice(text=WAITS, values={"company": draft.asked})] if draft.asked else []
    return Screen(
        step=BOARD,
        title="Jira board",
        number=4,
        of=len(STEPS),
        said=(_count(draft, found, len(boards)), *said),
        fields=(*picked, search) if found.sites else picked,
        send="Next" if choices else "Search",
    )


def take(draft: Draft, given: Given, board: SeenBoard | None) -> Draft:
    """The chosen board, as Jira describes it; another one's stages are asked anew. Raises InvalidInput."""
    if board is None or one(given, "board") != value_of(board):
        raise InvalidInput({"board": CHOOSE})
    said = {"site": board.site, "id": board.id}
    same = draft.board is not None and value_of(draft.board) == value_of(board)
    kept = {"workflow": draft.file["board"]["workflow"]} if same and "workflow" in draft.file.get("board", {}) else {}
    after = took(draft, BOARD, board={**said, **kept})
    return replace(
        after, board=board, asked="", done=after.done if same else tuple(e for e in after.done if e != STAGES)
    )


def ask(draft: Draft, value: str) -> Draft:
    """Another company is asked for a board; the other steps go on meanwhile. Raises InvalidInput."""
    company = next((each for each in _others(draft) if value == f"{ASK}{each.workspace}"), None)
    if company is None:
        raise InvalidInput({"board": CHOOSE})
    file = {key: said for key, said in draft.file.items() if key != "board"}
    done = tuple(each for each in draft.done if each not in (BOARD, STAGES))
    return replace(draft, asked=company.name, board=None, file=file, done=done)


def _others(draft: Draft) -> list[Company]:
    """The other companies that have a side, and an app in which they can be asked."""
    named = {side["organisation"] for side in draft.sides.values()} - {draft.own}
    return [each for each in draft.companies if each.name in named and each.app]


def _asks(draft: Draft) -> Iterator[Choice]:
    for each in _others(draft):
        yield Choice(value=f"{ASK}{each.workspace}", text="Ask {company} for a board", company=each.name)


def value_of(board: SeenBoard) -> str:
    """How a board is named in a choice."""
    return f"{board.site}:{board.id}"


def named(value: str) -> tuple[str, int] | None:
    """The site and number that such a name means; None where it means nothing."""
    site, _, number = value.rpartition(":")
    return (site, int(number)) if site and number.isascii() and number.isdigit() else None


def _ordered(draft: Draft, found: Found) -> list[SeenBoard]:
    """Those that share most words with the channel's and the team's name first; a board once chosen before all."""
    told = f"{draft.name} {draft.file.get('team', '')}".lower().replace("-", " ").replace("_", " ")
    words = {each for each in told.split() if len(each) > 1}

    def rank(board: SeenBoard) -> tuple[bool, int]:
        mine = draft.board is not None and value_of(draft.board) == value_of(board)
        return not mine, -len(words & set(f"{board.name} {board.project}".lower().replace("-", " ").split()))

    return sorted(found.boards, key=rank)


def _choice(board: SeenBoard, *, several: bool) -> Choice:
    where = " · ".join(filter(None, (board.project, board.site if several else "")))
    return literal(value_of(board), f"{board.name} ({where})" if where else board.name)


def _count(draft: Draft, found: Found, shown: int) -> Notice:
    if not found.sites:
        return Notice(text=NOBODYS, values={"company": draft.own})
    values = {"n": shown, "sites": ", ".join(found.sites), "words": found.words}
    if not found.boards:
        return Notice(text=NONE_FOUND, values=values)
    return Notice(text=FOUND if shown == len(found.boards) < MOST else MORE, values=values)
