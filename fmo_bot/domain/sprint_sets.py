"""Which set of a sprint an issue belongs to, and with how many points (metrics.md, definition 12).

Whatever the sets are made of is a span of time: those in which an issue was in the sprint, those in which it was
neither done nor abandoned, and where the two meet. So all sprints of a board are counted in one walk over its issues,
which looks at nothing but whole milliseconds. A span [a, b) holds from the event at a on, so an event at the very start
or end of a sprint is before it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from fmo_bot.domain.endings import Endings, Turn
from fmo_bot.domain.intervals import Interval, covers
from fmo_bot.domain.lives import FOREVER, NO_SPRINTS, Life, held

Points = Decimal | int

SETS = ("committed", "added", "removed", "completed", "carried_over", "completed_outside")


@dataclass(slots=True, eq=False)
class Course:
    """One issue seen from one sprint [start, end]; instants in epoch milliseconds."""

    life: Life
    turns: Sequence[Turn]
    inside: Sequence[Interval]  # when it was in the sprint
    start: int
    end: int
    joined: int | None  # the start for a committed issue, the instant of being added for an added one
    open: bool  # at the end: neither done nor abandoned
    finished: int | None  # as it is known at the end
    completed: bool
    carried_over: bool
    completed_outside: bool

    @property
    def committed(self) -> bool:
        """In the sprint at its start, neither done nor abandoned."""
        return self.joined == self.start

    @property
    def added(self) -> bool:
        """Not committed, and in the sprint and open at some instant of it."""
        return self.joined is not None and self.joined > self.start

    @property
    def removed(self) -> bool:
        """Committed or added, and neither completed nor carried over."""
        return self.joined is not None and not self.completed and not self.carried_over

    @property
    def sets(self) -> frozenset[str]:
        """The names of the sets it is in."""
        return frozenset(name for name in SETS if getattr(self, name))

    @property
    def instants(self) -> list[int]:
        """The start, and every instant in (start, end] at which its place in the sprint may have changed."""
        changed = {at for span in self.inside for at in span} | {turn[0] for turn in self.turns}
        return [self.start, *sorted(at for at in changed if self.start < at <= self.end)]

    def held_open(self, at: int) -> bool:
        """In the sprint, neither done nor abandoned."""
        return any(since <= at < until and is_open for since, until, is_open, _ in self.turns) and covers(
            self.inside, at
        )

    def completed_by(self, at: int) -> bool:
        """Committed or added by then, done, and in the sprint when that finish happened."""
        if self.joined is None or at < self.joined:
            return False
        finished = next((done for since, until, _, done in self.turns if since <= at < until), None)
        return finished is not None and covers(self.inside, finished)

    def estimate(self, at: int) -> Points | None:
        """Its points at an instant; None: not estimated. Sub-tasks count as issues, not in points."""
        return None if self.life.subtask else held(self.life.points, at, None)


@dataclass(slots=True)
class Tally:
    """One set: its keys and its points."""

    keys: list[str] = field(default_factory=list)
    points: Points = 0

    def count(self, key: str, points: Points) -> None:
        """One issue more."""
        self.keys.append(key)
        self.points += points


@dataclass(slots=True)
class Sets:
    """What a sprint came to. Points are added up as decimals, so both sums of definition 12 hold exactly."""

    committed: Tally = field(default_factory=Tally)
    added: Tally = field(default_factory=Tally)
    removed: Tally = field(default_factory=Tally)
    completed: Tally = field(default_factory=Tally)
    carried_over: Tally = field(default_factory=Tally)
    completed_outside: Tally = field(default_factory=Tally)
    re_estimated: Points = 0
    unestimated: list[str] = field(default_factory=list)  # keys of committed and added without an estimate at the end

    def count(self, course: Course) -> None:
        """One issue more."""
        key, last = course.life.key, course.estimate(course.end)
        points = last or 0
        if course.joined is not None:
            first = course.estimate(course.joined) or 0
            (self.committed if course.joined == course.start else self.added).count(key, first)
            if first != points:
                self.re_estimated += points - first
            if last is None and not course.life.subtask:
                self.unestimated.append(key)
            ended = self.completed if course.completed else self.carried_over if course.carried_over else self.removed
            ended.count(key, points)
        if course.completed_outside:
            self.completed_outside.count(key, points)


def totals(lives: Iterable[Life], endings: Endings, windows: Mapping[int, Interval]) -> dict[int, Sets]:
    """The sets of several sprints, by id; `windows`: their start and end."""
    found = {number: Sets() for number in windows}
    for number, course in courses(lives, endings, windows):
        found[number].count(course)
    return found


def courses(lives: Iterable[Life], endings: Endings, windows: Mapping[int, Interval]) -> Iterator[tuple[int, Course]]:
    """Every issue in every sprint it was in while that ran, in the order of `lives`."""
    for life in lives:
        memberships = _memberships(life, windows)
        if memberships:
            turns = endings.of(life)
            for number, inside in memberships.items():
                start, end = windows[number]
                if inside and inside[0][0] <= end and inside[-1][1] > start:
                    yield number, _course(life, turns, inside, start, end)


def _memberships(life: Life, windows: Mapping[int, Interval]) -> dict[int, list[Interval]]:
    """When an issue was in each of these sprints it ever was in."""
    found: dict[int, list[Interval]] = {}
    before = NO_SPRINTS
    for at, ids in zip(*life.sprints, strict=True):
        for number in ids:
            if number not in before and number in windows:
                found.setdefault(number, []).append((at, FOREVER))
        for number in before:
            if number not in ids and number in windows:
                came, _ = found[number].pop()
                if came < at:  # else it was in for no time at all
                    found[number].append((came, at))
        before = ids
    return found


def _course(life: Life, turns: Sequence[Turn], inside: Sequence[Interval], start: int, end: int) -> Course:
    joined, carried_over, is_open, finished = None, False, False, None
    for since, until, open_then, done_since in turns:
        if since > end:
            break
        is_open, finished = open_then, done_since
        if is_open and until > start:
            for came, left in inside:
                a, b = max(since, came), min(until, left)
                if start < b and a < b and a <= end:  # in the sprint and open
                    joined = max(a, start) if joined is None else joined
                    carried_over = b > end
    completed = joined is not None and finished is not None and covers(inside, finished)
    outside = finished is not None and not completed and any([a <= end and b > start for a, b in inside])
    return Course(life, turns, inside, start, end, joined, is_open, finished, completed, carried_over, outside)
