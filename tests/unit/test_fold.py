"""How many times faster, and how sure that is (metrics.md, definition 15)."""

import math
import random
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmo_bot.domain.fold import Fold, Metric, Rules, Verdict, Window, durations, fold, sentence
from fmo_bot.domain.medians import Durations, median, resampled
from fmo_bot.domain.ranks import nearest_rank
from fmo_bot.errors import WindowsOverlap
from tests import profiles

D = 86_400_000
BEFORE, AFTER = (date(2026, 1, 1), date(2026, 3, 31)), (date(2026, 4, 1), date(2026, 6, 30))
OPEN_AND_OVER = st.tuples(st.lists(st.integers(0, 9), max_size=12), st.lists(st.integers(0, 9), max_size=8))


def window(
    days: "list[float]",
    still: "list[float] | None" = None,
    *,
    when: tuple[date, date] = BEFORE,
    abandoned: int = 0,
    rules: Rules | None = None,
) -> Window:
    ended, going = (tuple(sorted(int(day * D) for day in listed)) for listed in (days, still or []))
    return Window(*when, Durations(ended, going), abandoned, rules)


def spread_around(middle: float, n: int) -> list[float]:
    """An odd number of durations around one, from a half to double of it."""
    return [middle * 2 ** ((place - n // 2) / (n // 2)) for place in range(n)]


def compared(before: list[float], after: list[float]) -> Fold:
    return fold(Metric.TIME_TO_VALUE, window(before), window(after, when=AFTER), seed=3)


def kaplan_meier(over: "list[int] | tuple[int, ...]", still: "list[int] | tuple[int, ...]") -> int | None:
    """The definition in whole fractions: one after another, of equal durations those that ended first."""
    curve, at_risk = Fraction(1), len(over) + len(still)
    for length, going in sorted([(length, 0) for length in over] + [(length, 1) for length in still]):
        if not going:
            curve *= Fraction(at_risk - 1, at_risk)
            if curve <= Fraction(1, 2):
                return length
        at_risk -= 1
    return None


@pytest.mark.parametrize(
    ("over", "still", "expected"),
    [
        ([1, 2, 3], [], 2),
        ([1, 2, 3, 4], [], 2),  # of an even number the lower one, as everywhere: nearest rank
        ([1, 2, 3], [0, 0, 0], 2),  # opened just now: they say nothing about those that took longer
        ([1, 2, 3], [9, 9, 9], 3),  # half of six have ended when the third has
        ([1, 2], [9, 9, 9], None),  # fewer than half: not reached
        ([2, 2, 4], [2], 2),  # of equal durations the ended ones come first: 2 of 4
        ([], [], None),
    ],
)
def test_the_median_of_what_is_not_all_over(over: list[int], still: list[int], expected: int | None) -> None:
    assert median(Durations(tuple(over), tuple(still))) == expected


@profiles.more(2)
@given(OPEN_AND_OVER)
def test_the_median_is_kaplan_and_meiers_and_without_open_ones_the_nearest_rank(
    lengths: tuple[list[int], list[int]],
) -> None:
    over, still = lengths
    assert median(Durations(tuple(over), tuple(still))) == kaplan_meier(over, still)
    if over:
        assert median(Durations(tuple(over))) == nearest_rank(sorted(over), 50)


@pytest.mark.parametrize(
    ("over", "still"),
    [
        ((1, 2, 3, 4), ()),
        ((1, 2, 3, 4, 5), ()),
        ((2, 2, 4), (2,)),  # equal ones
        ((1, 3, 5), (2, 4)),  # open ones between
        ((1, 2), (3, 3)),  # often not reached
        ((3, 4), (1, 2)),  # open ones first
        ((), (1, 2)),  # nothing has ended
    ],
)
def test_resamples_follow_the_law_of_drawing_with_replacement(over: tuple[int, ...], still: tuple[int, ...]) -> None:
    """All n^n resamples of a small window are counted; 10,000 drawn ones agree within their noise."""
    marked = [(length, 0) for length in over] + [(length, 1) for length in still]
    expected: dict[float, int] = {}
    for drawn in product(marked, repeat=len(marked)):
        found = kaplan_meier([t for t, open_ in drawn if not open_], [t for t, open_ in drawn if open_])
        expected[math.inf if found is None else found] = expected.get(math.inf if found is None else found, 0) + 1
    medians = resampled(Durations(over, still), np.random.default_rng(5))
    for value, times in expected.items():
        share = times / len(marked) ** len(marked)
        noise = (share * (1 - share) / len(medians)) ** 0.5
        assert abs(float((medians == value).mean()) - share) <= 5 * noise, value
    assert set(medians.tolist()) <= set(expected)


def test_resamples_of_a_large_window_follow_the_plain_way_too() -> None:
    """60 durations, a third of them open, drawn index by index: the quantiles of the medians agree."""
    draw = random.Random(4)
    marked = [(int(draw.lognormvariate(10, 1.1)), int(draw.random() < 0.3)) for _ in range(60)]
    over, still = ([t for t, open_ in marked if open_ == kind] for kind in (0, 1))
    plain = []
    for _ in range(2_000):
        drawn = draw.choices(marked, k=60)
        found = kaplan_meier([t for t, open_ in drawn if not open_], [t for t, open_ in drawn if open_])
        plain.append(math.inf if found is None else found)
    ours = np.sort(resampled(Durations(tuple(over), tuple(still)), np.random.default_rng(1)))
    shares = [(float((ours <= value).mean()), sum(one <= value for one in plain) / 2_000) for value in set(plain)]
    assert max(abs(one - other) for one, other in shares) < 0.05


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (9, 91, Verdict.NOT_ENOUGH),  # nine say nothing, whatever stands beside them
        (91, 9, Verdict.NOT_ENOUGH),
        (11, 11, Verdict.INDICATIVE),
        (29, 91, Verdict.INDICATIVE),
        (31, 31, Verdict.SHOWN),
    ],
)
def test_how_much_may_be_said_depends_on_the_smaller_window(before: int, after: int, verdict: Verdict) -> None:
    found = compared(spread_around(40, before), spread_around(4, after))
    assert found.verdict is verdict
    assert (found.fold is None) is (verdict is Verdict.NOT_ENOUGH)
    assert (found.ci_low is None) is (verdict is Verdict.NOT_ENOUGH)
    assert found.p50 == (40 * D, 4 * D)  # both medians always


@pytest.mark.parametrize(
    ("after", "verdict", "words"),
    [
        (12.0, Verdict.SHOWN, "2.0x faster"),
        (48.0, Verdict.SHOWN, "2.0x slower"),  # under 1
        (25.0, Verdict.INDICATIVE, "1.0x slower"),  # plenty of both, and the interval holds 1
    ],
)
def test_a_fold_is_said_with_its_interval_and_both_medians(after: float, verdict: Verdict, words: str) -> None:
    found = compared(spread_around(24, 85), spread_around(after, 91))
    assert found.verdict is verdict
    said = sentence(found)
    assert words in said
    assert f"median 24.0 d, n=85 -> {after:.1f} d, n=91" in said
    assert found.ci_low is not None
    assert found.ci_high is not None
    assert found.fold is not None
    assert found.ci_low <= found.fold <= found.ci_high
    ends = (found.ci_low, found.ci_high) if found.fold > 1 else (1 / found.ci_high, 1 / found.ci_low)
    assert f"(95 % CI {ends[0]:.1f}-{ends[1]:.1f}; " in said


def test_the_sentence_is_the_one_of_the_definition() -> None:
    found = compared(spread_around(12.0, 85), spread_around(6.7, 91))
    told = replace(found, fold=1.8, ci_low=1.3, ci_high=2.4)
    assert sentence(told) == "1.8x faster (95 % CI 1.3-2.4; median 12.0 d, n=85 -> 6.7 d, n=91)"


def test_without_a_ratio_both_medians_are_said_all_the_same() -> None:
    assert sentence(compared([2.0] * 5, [0.5] * 40)) == (
        "not enough data: fewer than 10 have come to their end in one of the windows (median 2.0 d, n=5 -> 0.5 d, n=40)"
    )
    assert "median not reached, n=0 -> 12.0 h, n=40" in sentence(compared([], [0.5] * 40))


def test_up_to_a_tenth_open_the_median_is_of_what_is_over() -> None:
    """18 over and 2 open is a tenth; one more and both windows turn to Kaplan and Meier, the other one too."""
    over, plain = [float(day) for day in range(1, 19)], window([5.0] * 20, when=AFTER)
    tenth = fold(Metric.TIME_TO_VALUE, window(over, [30.0, 30.0]), plain, seed=1)
    more = fold(Metric.TIME_TO_VALUE, window(over, [30.0, 30.0, 30.0]), plain, seed=1)
    assert tenth.p50[0] == 9 * D  # the ninth of 18
    assert more.p50[0] == 11 * D  # the eleventh of 21
    assert "nearest-rank" in tenth.method
    assert "Kaplan-Meier" in more.method


def test_a_median_that_is_not_reached_gives_no_ratio() -> None:
    found = fold(Metric.TIME_TO_VALUE, window([3.0] * 40), window([1.0] * 12, [9.0] * 40, when=AFTER), seed=1)
    assert found.p50 == (3 * D, None)
    assert (found.fold, found.ci_low, found.ci_high, found.verdict) == (None, None, None, Verdict.NOT_ENOUGH)
    assert "not reached" in sentence(found)


def test_an_interval_without_an_upper_end_says_so() -> None:
    """Half of the current window is just reached: in many resamples it is not, and nothing bounds the ratio below."""
    found = fold(Metric.TIME_TO_VALUE, window([3.0] * 40), window([1.0] * 31, [9.0] * 30, when=AFTER), seed=1)
    assert found.fold == 3.0
    assert found.ci_low is None
    assert found.verdict is Verdict.INDICATIVE
    assert "(95 % CI ?-3.0;" in sentence(found)


@pytest.mark.parametrize(
    ("since", "until", "overlap"),
    [
        (date(2026, 3, 31), date(2026, 5, 1), True),  # they share one day
        (date(2026, 4, 1), date(2026, 5, 1), False),
        (date(2026, 1, 5), date(2026, 1, 6), True),  # one inside the other
        (date(2025, 1, 1), date(2025, 12, 31), False),  # before the baseline: unusual, not wrong
    ],
)
def test_windows_that_share_a_day_are_refused(since: date, until: date, overlap: bool) -> None:
    current = window([1.0] * 40, when=(since, until))
    if overlap:
        with pytest.raises(WindowsOverlap):
            fold(Metric.TIME_TO_VALUE, window([2.0] * 40), current, seed=1)
    else:
        assert fold(Metric.TIME_TO_VALUE, window([2.0] * 40), current, seed=1).fold == 2.0


@pytest.mark.parametrize(
    ("today", "reason"),
    [
        (Rules("v2", "finished"), "the baseline was counted by another workflow (v1 then, v2 now)"),
        (Rules("v1", "release"), "the baseline was counted by another meaning of value (finished then, release now)"),
        (Rules("v1", "finished", 2), "the baseline was counted by another version of the arithmetic (1 then, 2 now)"),
        (Rules("v1", "finished"), None),
    ],
)
def test_a_frozen_baseline_is_compared_by_the_same_rules_only(today: Rules, reason: str | None) -> None:
    frozen = window([2.0] * 40, rules=Rules("v1", "finished", 1))
    found = fold(Metric.TIME_TO_VALUE, frozen, window([1.0] * 40, when=AFTER, rules=today), seed=1)
    assert (found.verdict is Verdict.REFUSED, found.fold is None) == (reason is not None, reason is not None)
    assert found.reason == reason
    assert found.p50 == (2 * D, D)
    if reason:
        assert sentence(found) == f"not compared: {reason} (median 2.0 d, n=40 -> 1.0 d, n=40)"


def test_what_was_abandoned_is_said_beside_the_method() -> None:
    found = fold(Metric.TIME_TO_VALUE, window([2.0] * 40, abandoned=3), window([1.0] * 40, when=AFTER), seed=1)
    assert "abandoned and left out: 3 and 0" in found.method


def test_the_same_seed_gives_the_same_interval_and_order_does_not_matter() -> None:
    before, after = spread_around(9, 41), spread_around(7, 41)
    mixed = random.Random(1).sample(before, 41)
    assert compared(before, after) == compared(mixed, after)
    other = fold(Metric.TIME_TO_VALUE, window(before), window(after, when=AFTER), seed=4)
    assert (other.fold, other.seed) == (compared(before, after).fold, 4)


def test_what_is_open_has_lasted_until_as_of() -> None:
    assert durations([(10, 30), (20, None), (5, 6)], as_of=100) == Durations((1, 20), (80,))


# Width of the interval (upper end / lower end) with lognormal times, sigma 1.1, as metrics.md measured it.
WIDTHS = {10: 11.0, 15: 7.5, 20: 5.4, 30: 4.0, 50: 2.9}
REPEATS = 400 if profiles.NAME == "long" else 25


@pytest.mark.parametrize("n", list(WIDTHS))
def test_the_interval_holds_the_truth_as_often_as_it_says(n: int) -> None:
    """No true change: 1 lies inside in about 95 of 100 (fewer repeats in the short profile, so a wider tolerance)."""
    draws = np.random.default_rng(n)
    widths, holds = [], 0
    for seed in range(REPEATS):
        before, after = (draws.lognormal(np.log(10), 1.1, n).tolist() for _ in range(2))
        found = fold(Metric.TIME_TO_VALUE, window(before), window(after, when=AFTER), seed=seed)
        assert found.ci_low is not None
        assert found.ci_high is not None
        holds += found.ci_low <= 1 <= found.ci_high
        widths.append(found.ci_high / found.ci_low)
    assert holds / REPEATS >= (0.92 if REPEATS > 100 else 0.8)
    assert WIDTHS[n] / 1.5 < float(np.median(widths)) < WIDTHS[n] * 1.5
