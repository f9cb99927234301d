"""By when N items will be finished: seed, sample, days off, refusals, back-test (metrics.md, definition 14)."""

import random
from collections import Counter
from datetime import date, timedelta
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmo_bot.domain.calendars import SideCalendar, midnight
from fmo_bot.domain.draws import GENERATOR, generator, seed_of
from fmo_bot.domain.forecast import HORIZON, Question, backtest, forecast, said
from fmo_bot.domain.throughput import Finishes
from tests.profiles import fewer

DAY, HOUR = timedelta(days=1), 3_600_000
AS_OF = date(2026, 3, 30)  # a Monday; Madrid's clocks went forward the day before
SHANGHAI, MADRID = SideCalendar("Asia/Shanghai"), SideCalendar("Europe/Madrid")


def noon(day: date, zone: str = "UTC") -> int:
    return midnight(day, zone) + 12 * HOUR


def daily(each: int = 1, *, days: int = 90, every: int = 1) -> Finishes:
    """So many items on every `every`-th of the days before AS_OF."""
    held = [AS_OF - number * DAY for number in range(1, days + 1, every)]
    return Finishes.of((noon(day) + item, None) for day in held for item in range(each))


def ask(items: int = 10, *, zone: str = "UTC", calendars: tuple[SideCalendar, ...] = (), seed: int = 7) -> Question:
    return Question(items=items, as_of=AS_OF, zone=zone, calendars=calendars, seed=seed)


def test_the_seed_is_the_beginning_of_a_sha_256_that_anyone_can_work_out() -> None:
    assert seed_of("12", date(2026, 3, 30)) == int(sha256(b"12|2026-03-30").hexdigest()[:16], 16)
    assert np.__version__ in GENERATOR


@pytest.mark.parametrize(
    ("finishes", "items", "calendars", "done"),
    [
        # one a day: the tenth falls on the tenth day, the day of as_of being the first
        (daily(), 10, (), date(2026, 4, 8)),
        # five a day: the tenth item falls on the second day, the eleventh on the third
        (daily(5), 10, (), date(2026, 3, 31)),
        (daily(5), 11, (), date(2026, 4, 1)),
        # nobody works on weekends: what is finished then is no sample, and weekends are skipped ahead
        (daily(), 10, (SHANGHAI, MADRID), date(2026, 4, 10)),
        # one side works on Saturdays and Sundays, so nothing is skipped
        (daily(), 10, (SHANGHAI, SideCalendar("Europe/Madrid", days=frozenset(range(7)))), date(2026, 4, 8)),
        # a make-up Saturday of one side is a day on which work may fall
        (
            daily(),
            10,
            (SideCalendar("Asia/Shanghai", extra_working=frozenset({date(2026, 4, 4)})), MADRID),
            date(2026, 4, 9),
        ),
    ],
)
def test_with_an_even_throughput_every_percentile_is_the_day_one_can_count_out(
    finishes: Finishes, items: int, calendars: tuple[SideCalendar, ...], done: date
) -> None:
    found = forecast(finishes, ask(items, calendars=calendars))
    assert (found.p50, found.p85, found.p95) == (done, done, done)
    assert found.refused is None
    assert found.chance(done) == 1.0
    assert found.chance(done - DAY) == 0.0


@pytest.mark.parametrize(
    ("finished", "counted"),
    [
        ("2026-03-29", 1),  # the day before as_of is the last of the sample
        ("2026-03-30", 0),  # the day of as_of itself is not over
        ("2025-12-30", 1),  # the ninetieth day before
        ("2025-12-29", 0),  # one day too early
    ],
)
def test_the_sample_is_the_ninety_days_that_end_the_day_before(finished: str, counted: int) -> None:
    found = forecast(Finishes.of([(noon(date.fromisoformat(finished)), None)]), ask())
    assert (found.n_days, found.completed) == (90, counted)


def test_a_day_is_a_date_in_the_boards_zone() -> None:
    late = Finishes.of([(midnight(AS_OF, "UTC") - HOUR, None)])  # 23:00 in London is the next day in Shanghai
    assert forecast(late, ask()).completed == 1
    assert forecast(late, ask(zone="Asia/Shanghai")).completed == 0


@pytest.mark.parametrize(("days", "refused"), [(4, True), (5, False)])
def test_fewer_than_five_days_with_a_completion_are_refused(days: int, refused: bool) -> None:
    found = forecast(daily(100, days=days), ask())
    assert (found.refused is not None) is refused
    assert (found.p50 is None) is refused
    assert (found.chance(AS_OF + DAY) is None) is refused
    if refused:
        assert found.refused == "only 4 of the last 90 days saw anything finished; a forecast needs 5"


def test_days_that_nobody_works_do_not_count_towards_the_five() -> None:
    weekends = [AS_OF - number * DAY for number in range(1, 91) if (AS_OF - number * DAY).weekday() >= 5]
    finishes = Finishes.of((noon(day), None) for day in weekends)
    assert forecast(finishes, ask()).refused is None
    assert forecast(finishes, ask(calendars=(SHANGHAI, MADRID))).refused is not None


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        (1.0, ">95 %"),  # all trials are still no certainty
        (0.9501, ">95 %"),
        (0.95, "95 %"),
        (0.8399, "83 %"),  # rounded down: it promises no more than it has
        (0.01, "1 %"),
        (0.0001, "<1 %"),
        (0.0, "<1 %"),
    ],
)
def test_a_chance_is_never_said_as_certain(chance: float, words: str) -> None:
    assert said(chance) == words


def test_what_runs_beyond_the_horizon_has_no_date_instead_of_a_wild_one() -> None:
    found = forecast(daily(days=90, every=18), ask(2_000))  # 5 in 90 days: a hundred years of work
    assert (found.p50, found.p85, found.p95, found.refused) == (None, None, None, None)
    assert int(found.trials.max()) == HORIZON + 1
    assert found.chance(date(2030, 1, 1)) == 0.0


def test_the_same_seed_draws_the_same_and_another_one_nearly_the_same() -> None:
    finishes = daily(3, every=2)
    once, again, other = (forecast(finishes, ask(40, seed=seed)) for seed in (1, 1, 2))
    assert once == again
    assert (once.trials == again.trials).all()
    assert once.p50 is not None
    assert other.p50 is not None
    assert (once.trials != other.trials).any()
    assert abs(once.p50 - other.p50) <= DAY


def test_trials_follow_the_law_of_drawing_days_one_by_one() -> None:
    """Against a plain loop, with another generator: shares of each day agree within the noise of 10,000 trials."""
    finishes = daily(2, every=3)
    found = Counter(int(days) for days in forecast(finishes, ask(6)).trials)
    draw, plain = random.Random(3), Counter[int]()
    for _ in range(10_000):
        fallen = days = 0
        while fallen < 6:
            fallen, days = fallen + draw.choice([2, 0, 0]), days + 1
        plain[days] += 1
    for days in range(3, 20):
        assert abs(found[days] - plain[days]) < 5 * (plain[days] + 25) ** 0.5 * 1.42


@fewer(4)
@given(st.lists(st.integers(1, 120 * 24), min_size=5, max_size=60), st.randoms(use_true_random=False))
def test_the_order_of_the_issues_changes_nothing(hours: list[int], shuffle: random.Random) -> None:
    pairs: list[tuple[int, int | None]] = [(midnight(AS_OF, "UTC") - hour * HOUR, None) for hour in hours]
    mixed = shuffle.sample(pairs, len(pairs))
    assert forecast(Finishes.of(pairs), ask(5)) == forecast(Finishes.of(mixed), ask(5))
    assert backtest(Finishes.of(pairs), ask(5), board="1") == backtest(Finishes.of(mixed), ask(5), board="1")


def test_an_even_past_would_have_been_foreseen_in_all_twelve_weeks() -> None:
    found = backtest(daily(2, days=300), ask(), board="12")
    assert (found.weeks, found.hits, found.hit_rate) == (12, 12, 1.0)


def test_work_that_slows_down_is_done_later_than_was_foreseen() -> None:
    """Two a day until seven weeks ago, one in three days since: hits come back as the sample learns."""
    days = [AS_OF - number * DAY for number in range(1, 300)]
    slow = AS_OF - 49 * DAY
    many = [(noon(day) + n, None) for day in days if day < slow for n in range(2)]
    few = [(noon(day), None) for day in days if day >= slow and day.toordinal() % 3 == 0]
    found = backtest(Finishes.of([*many, *few]), ask(), board="12")
    assert found.weeks == 12
    assert found.hits < 12


@pytest.mark.parametrize(
    ("history", "weeks"),
    [
        (18, 0),  # the last Monday whose fortnight is over has four days of history: refused, not a miss
        (19, 1),  # it has five
        (25, 1),  # the Monday before it has four
        (26, 2),
    ],
)
def test_mondays_on_which_the_forecast_would_have_been_refused_are_not_judged(history: int, weeks: int) -> None:
    assert backtest(daily(days=history), ask(), board="12").weeks == weeks


def test_a_monday_is_judged_by_what_was_known_then() -> None:
    """Reopened since: the finish was there for the Monday's sample, and is not there today."""
    taken_back = midnight(AS_OF - 20 * DAY, "UTC")
    finishes = Finishes.of((noon(AS_OF - number * DAY), taken_back) for number in range(21, 80))
    assert forecast(finishes, ask()).completed == 0
    assert backtest(finishes, ask(), board="12").weeks > 0


def test_a_finish_taken_back_earlier_on_the_day_of_as_of_is_no_sample() -> None:
    taken_back = midnight(AS_OF, "UTC") + 9 * HOUR
    finishes = Finishes.of([(noon(AS_OF - DAY), taken_back)])
    ten = Question(items=1, as_of=AS_OF, seen=midnight(AS_OF, "UTC") + 10 * HOUR, seed=1)
    assert forecast(finishes, ask()).completed == 1
    assert forecast(finishes, ten).completed == 0


def test_nothing_at_all_is_refused_and_nothing_is_no_question() -> None:
    assert forecast(Finishes.of([]), ask()).refused is not None
    assert backtest(Finishes.of([]), ask(), board=None).hit_rate is None
    with pytest.raises(ValueError, match="at least one item"):
        ask(0)


def test_the_generator_is_numpys_own() -> None:
    assert generator(3).integers(1000, size=4).tolist() == np.random.default_rng(3).integers(1000, size=4).tolist()
