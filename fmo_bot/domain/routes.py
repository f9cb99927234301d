"""What a path through statuses comes to, whenever it was gone (metrics.md, definition 2).

Ten thousands of issues go a few thousand ways, so what a way means is found out once for all that went it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fmo_bot.domain.workflow import Place

Path = tuple[str, ...]
"""Status ids, one after another."""
DONE_PART, UNMAPPED_PART = "done", "unmapped"
_REMEMBERED = 1 << 16  # paths; who meets more of them begins anew


class Route(NamedTuple):
    """The stays of a path in one workflow; they are told by their numbers in it, from 0."""

    places: "tuple[Place | None, ...]"  # None: a status of no stage
    last: "Place | None"  # of the last mapped stay; None: there is none
    entered: int  # the last mapped stay
    first: int | None  # the first working stay ever
    started: int | None  # the first working stay after the last one before the commitment point
    done: int | None  # the first of the present unbroken run of done stays
    back: bool  # before the commitment point again
    unmapped: bool  # whether there is a stay in a status of no stage
    parts: tuple[str, ...]  # what the time of each stay is in a span: `active:vendor`, `waiting:none`, done, unmapped
    kinds: tuple[str, ...]  # of these, from `started` on, each once


def route(places: "Sequence[Place | None]") -> Route:
    """What these stays come to. One in no stage neither starts, restarts nor ends anything."""
    last: Place | None = None
    entered = 0
    first: int | None = None
    started: int | None = None
    done: int | None = None
    committed = unmapped = False
    for number, place in enumerate(places):
        if place is None:
            unmapped = True
            continue
        last, entered = place, number
        if place.working:
            started = number if started is None else started
            first = number if first is None else first
        elif place.before:
            started = None
        if not place.done:
            done = None
        elif done is None:
            done = number
        committed = committed or not place.before
    back = last is not None and last.before and committed
    parts = tuple(UNMAPPED_PART if place is None else place.part if place.working else DONE_PART for place in places)
    return Route(
        tuple(places), last, entered, first, started, done, back, unmapped, parts, tuple(dict.fromkeys(parts[started:]))
    )


class Routes(dict[Path, Route]):
    """The routes of paths in one workflow: asked for one it does not know, it finds it out and remembers it."""

    def __init__(self, places: "Mapping[str, Place]") -> None:
        """`places`: where an issue in a status stands."""
        super().__init__()
        self._places = places

    def __missing__(self, path: Path) -> Route:
        if len(self) >= _REMEMBERED:
            self.clear()
        found = self[path] = route([self._places.get(status) for status in path])
        return found
