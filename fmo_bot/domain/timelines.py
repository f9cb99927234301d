"""The timeline of one issue as it was known at an instant (metrics.md, definitions 1, 2, 3, 5 and 6).

Instants and durations are whole epoch milliseconds, so that sums are exact.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fmo_bot.domain.intervals import Interval
from fmo_bot.domain.lives import Life
from fmo_bot.domain.mappings import AnyWorkflow
from fmo_bot.domain.routes import UNMAPPED_PART, Path, Route
from fmo_bot.domain.stays import Standing, Stay, standing, stays
from fmo_bot.domain.workflow import Place

Part = tuple[Place | None, int, int]  # (place, from, to); no place: unmapped


@dataclass(slots=True, eq=True)
class Timeline:
    """An issue's life up to `as_of`; nothing later is in it. Not frozen, for there are ten thousands; never changed."""

    life: Life
    as_of: int
    entered: tuple[int, ...]  # when each stay was; empty where the issue did not exist yet
    path: Path  # the status of each
    route: Route
    standing: Standing

    @property
    def stays(self) -> list[Stay]:
        """The stays in order; none where the issue did not exist yet."""
        return list(zip(self.entered, self.route.places, self.path, strict=True))

    @property
    def started(self) -> int | None:
        """Enter of the first working stay after the last stay before the commitment point."""
        return self.standing.started

    @property
    def finished(self) -> int | None:
        """Enter of the present unbroken run of done stays."""
        return self.standing.finished

    @property
    def abandoned(self) -> int | None:
        """Since when the issue is given up, by status or by resolution."""
        return self.standing.abandoned

    @property
    def stage(self) -> str:
        """The name of the last mapped stay's stage; "": it was in none."""
        return self.standing.place.stage.name if self.standing.place else ""

    @property
    def known(self) -> bool:
        """Whether the issue existed."""
        return bool(self.entered)

    @property
    def in_progress(self) -> bool:
        """Started, not finished, not abandoned."""
        return self.standing.started is not None and not self.standing.ended

    @property
    def span(self) -> Interval | None:
        """[started, finished, else abandoned, else as_of); None where never started."""
        _, _, started, finished, abandoned, _, _ = self.standing
        if started is None:
            return None
        return started, finished if finished is not None else abandoned if abandoned is not None else self.as_of

    @property
    def cycle_ms(self) -> int | None:
        """Cycle time: finished - started; None where either is missing."""
        _, _, started, finished, _, _, _ = self.standing
        return None if started is None or finished is None else finished - started

    @property
    def work_span_ms(self) -> int | None:
        """Work span: first working stay ever to finished."""
        _, first, _, finished, _, _, _ = self.standing
        return None if first is None or finished is None else finished - first

    @property
    def age_ms(self) -> int | None:
        """as_of - started of an issue in progress."""
        started = self.standing.started
        return self.as_of - started if started is not None and not self.standing.ended else None

    def parts(self) -> list[Part]:
        """The span as consecutive parts; stays of no length are in none."""
        if (span := self.span) is None:
            return []
        since, end = span
        number = self.route.started or 0
        found: list[Part] = []
        leaves = (*self.entered[number + 1 :], self.as_of)
        for place, leave in zip(self.route.places[number:], leaves, strict=True):
            until = leave if leave < end else end
            if since < until:
                found.append((place, since, until))
                since = until
        return found

    @property
    def split_ms(self) -> dict[str, int]:
        """Milliseconds per part: `active:vendor`, `waiting:none`, `done`, `unmapped` …; they sum to the span's length.

        `done` is time in done (or abandoned) stays before a reopening.
        """
        total: dict[str, int] = {}
        for place, start, end in self.parts():
            name = place.part if place is not None else UNMAPPED_PART
            total[name] = total.get(name, 0) + end - start
        return total

    @property
    def flags(self) -> tuple[Interval, ...]:
        """When the issue was flagged up to as_of, not cut to the span."""
        return tuple((start, min(end, self.as_of)) for start, end in self.life.flags if start <= self.as_of)

    @property
    def flagged(self) -> bool:
        """Whether the flag is set at as_of."""
        return any(start <= self.as_of < end for start, end in self.life.flags)

    def stayed(self) -> Iterable[tuple[Place | None, str, int, int]]:
        """(place, status id, enter, leave) of every stay, the last one up to as_of."""
        leaves = (*self.entered[1:], self.as_of) if self.entered else ()
        return zip(self.route.places, self.path, self.entered, leaves, strict=True)


def timeline(life: Life, workflow: AnyWorkflow, as_of: int) -> Timeline:
    """What was known of an issue at `as_of`, in epoch milliseconds (events of that instant included)."""
    found = stays(life, workflow, as_of)
    return Timeline(life, as_of, *found, standing(life, workflow, as_of, found))
