"""What figures read of one issue: its tracks, and what is wrong with its history (definition 1)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from fmo_bot.domain import lives
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.issues import PROJECT, STATUS, Change, Issue
from fmo_bot.domain.lives import FOREVER, NEVER, Track, held
from tests.unit.lives import at, life

BEGAN = ms(at(0))
HOUR = 3_600_000


def hours(track: Track[object]) -> list[tuple[float, object]]:
    return [((instant - BEGAN) / HOUR, value) for instant, value in zip(*track, strict=True)]


def test_a_track_holds_the_first_value_since_creation_and_each_later_one() -> None:
    found = lives.of(life("O", (1, "B"), (5, {"status": "F", "resolution": "Done", "sprint": "7, 8", "points": "3"})))
    assert hours(found.statuses) == [(0, "O"), (1, "B"), (5, "F")]
    assert hours(found.resolutions) == [(0, None), (5, "Done")]
    assert hours(found.sprints) == [(0, frozenset()), (5, frozenset({7, 8}))]
    assert hours(found.points) == [(0, None), (5, Decimal(3))]


def test_a_field_without_an_item_was_always_what_it_is_and_an_empty_one_has_no_track() -> None:
    told = lives.of(life("B", begins={"sprint": "7", "points": "2", "resolution": "Done", "flagged": "Impediment"}))
    assert (hours(told.sprints), hours(told.points)) == ([(0, frozenset({7}))], [(0, Decimal(2))])
    assert (hours(told.resolutions), told.flags) == ([(0, "Done")], ((BEGAN, FOREVER),))
    bare = lives.of(life("B"))
    assert (bare.sprints, bare.points, bare.resolutions, bare.flags) == (NEVER, NEVER, NEVER, ())


def test_the_value_at_an_instant_is_the_last_of_that_instant() -> None:
    track = lives.of(life("O", (3, "B"), (3, "F"))).statuses
    assert [held(track, BEGAN + when * HOUR, "") for when in (-1, 0, 2, 3, 4)] == ["", "O", "O", "F", "F"]


BOTH = (Change(at(3), 1, STATUS, "O", "B"), Change(at(3), 1, STATUS, "B", "F"))
TORN = (Change(at(1), 1, STATUS, "O", "B"), Change(at(5), 2, STATUS, "Q", "F"))


@pytest.mark.parametrize(
    ("issue", "gaps", "before_created", "disagreeing"),
    [
        # nothing wrong
        (life("O", (1, "B"), (5, "F")), 0, 0, []),
        # two items of one history follow each other
        (replace(life("F"), changes=BOTH), 0, 0, []),
        # the second status item comes from elsewhere
        (replace(life("F"), changes=TORN), 1, 0, []),
        # the issue says another status than the last item
        (replace(life("O", (1, "B")), status="F"), 0, 0, ["status"]),
        # ... is flagged, though it was cleared
        (replace(life("O", (1, {"flagged": "Impediment"}), (2, {"flagged": ""})), flagged=True), 0, 0, ["flagged"]),
        # ... is in another sprint, and has other points
        (replace(life("O", (1, {"sprint": "7", "points": "3"})), sprints=(8,), points=5.0), 0, 0, ["sprint", "points"]),
        # ... is resolved, though that was taken back; another name of the resolution would be no disagreement
        (replace(life("O", (1, {"resolution": "Done"})), resolution=None), 0, 0, ["resolution"]),
        (replace(life("O", (1, {"resolution": "Done"})), resolution="Erledigt"), 0, 0, []),
        # two histories before the issue itself
        (life("O", (1, {"status": "B", "resolution": "Done"}), (2, "F"), created=3), 0, 2, []),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_history(issue: Issue, gaps: int, before_created: int, disagreeing: list[str]) -> None:
    found = lives.of(issue)
    assert (len(found.gaps), found.before_created) == (gaps, before_created)
    assert [field for field, _ in found.disagreeing] == disagreeing


def test_an_event_before_the_issue_moves_its_creation_back() -> None:
    assert lives.of(life("O", (1, "B"), created=3)).created == BEGAN + HOUR


def test_an_issue_knows_when_it_first_came_from_another_project() -> None:
    moves = (Change(at(2), 5, PROJECT, "1", "2", "OLD", "CORE"), Change(at(4), 6, PROJECT, "2", "3", "CORE", "NEW"))
    assert lives.of(replace(life("O"), changes=moves)).moved == ms(at(2))
    assert lives.of(life("O")).moved is None


def test_histories_may_come_in_any_order_and_items_of_one_keep_theirs() -> None:
    issue = life("O", (1, "B"), (3, "Q"), (3, "F"))
    assert lives.of(replace(issue, changes=issue.changes[::-1])) == lives.of(issue)
    assert hours(lives.of(replace(life("F"), changes=BOTH)).statuses) == [(0, "O"), (3, "F")]


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("3", "3"),
        ("0.5", "0.5"),
        (" 8.0 ", "8.0"),
        # no number; none that can be added up
        *((text, None) for text in ("", None, "viel", "NaN", "Infinity", "1e400", "9" * 5000, "1e999999999")),
        # finer than anybody estimates: what is lost is said by no one
        ("0.30000000000000004", "0.3"),
        ("1e-999999", "0"),
    ],
)
def test_an_estimate_is_a_number_somebody_may_have_meant(text: str | None, points: str | None) -> None:
    assert lives.points_of(None, text) == (None if points is None else Decimal(points))


def test_the_ids_of_a_sprint_item_are_its_numbers_and_nothing_else() -> None:
    assert lives.sprint_ids("38, 40,x,-1, ٣ ," + "9" * 5000) == {38, 40}
    assert lives.sprint_ids(None) == frozenset()
