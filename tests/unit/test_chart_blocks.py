"""Charts as Slack's own blocks: within its limits, with the same numbers as table and as text."""

from dataclasses import replace
from typing import Any

import pytest

from fmo_bot.domain import charts as c
from fmo_bot.locales import translator
from fmo_bot.sandbox.slack.blocks import problems
from fmo_bot.slack.render import render
from fmo_bot.words.charts import words_of
from tests import charts_made as made

SLACKS_OWN = ["data_visualization", "data_table", "context"]


def kinds(chart: c.Chart) -> list[str]:
    return [block["type"] for block in render(chart, "en").blocks]


def rows(chart: c.Chart) -> list[list[str]]:
    return [[cell["text"] for cell in row] for row in render(chart, "en").blocks[1]["rows"]]


def bars(chart: c.Chart) -> dict[str, list[float]]:
    drawn: dict[str, Any] = render(chart, "en").blocks[0]["chart"]
    return {series["name"]: [point["value"] for point in series["data"]] for series in drawn["series"]}


def test_finished_issues_are_slacks_own_bars() -> None:
    assert kinds(made.THROUGHPUT) == SLACKS_OWN
    assert bars(made.THROUGHPUT) == {"Finished": [4, 0, 2]}
    assert rows(made.THROUGHPUT) == [["Week", "Finished"], ["2026-W45", "4"], ["2026-W46", "0"], ["2026-W47*", "2"]]
    assert "* Partial week" in render(made.THROUGHPUT, "en").text


def test_waiting_stands_by_side_and_what_is_shared_once() -> None:
    assert kinds(made.WAITING) == SLACKS_OWN
    assert bars(made.WAITING) == {"Huawei alone": [10, 0], "several at once": [4, 0], "Telefónica alone": [30.5, 50]}
    assert rows(made.WAITING) == [
        ["Week", "Huawei", "Telefónica", "several at once", "in all"],
        ["2026-W46", "14", "34", "4", "44"],  # each side's figure holds the shared time, the total holds it once
        ["2026-W47*", "0", "50", "0", "50"],
    ]


def test_a_figure_in_a_sides_own_calendar_stands_in_brackets() -> None:
    first = made.WAITING.weeks[0]
    operator = replace(first.waits[0], working_s=9 * 3600.0)
    chart = replace(made.WAITING, weeks=(replace(first, waits=(operator, first.waits[1])),))
    assert rows(chart)[1] == ["2026-W46", "14", "34 (9)", "4", "44"]
    assert "In brackets" in render(chart, "en").text
    assert "on Telefónica 34 h (9 h of its working time)" in words_of(chart, translator("en")).alt


@pytest.mark.parametrize("chart", [made.BURN_UP, made.CYCLE_TIME, made.AGEING, made.FORECAST])
def test_what_slack_cannot_say_stays_a_picture_with_a_sentence(chart: c.Chart) -> None:
    assert kinds(chart) == ["section", "section"]


WEEKS = tuple(replace(made.THROUGHPUT.weeks[0], label=f"2026-W{number:02}") for number in range(1, 22))
WAITS = tuple(replace(made.WAITING.weeks[0], label=week.label) for week in WEEKS)
SIDES = ("vendor", "operator", "external", "unknown", "partner:A", "partner:B")


def many_sides(both_s: float) -> c.WaitingChart:
    waits = tuple(c.SideWait(side=side, waited_s=3600, alone_s=3600) for side in SIDES)
    return replace(made.WAITING, weeks=(c.WaitingWeek(label="2026-W46", partial=False, waits=waits, both_s=both_s),))


@pytest.mark.parametrize(
    ("chart", "own"),
    [
        (replace(made.THROUGHPUT, weeks=WEEKS[:20]), True),
        (replace(made.THROUGHPUT, weeks=WEEKS), False),  # 21 points
        (replace(made.THROUGHPUT, weeks=()), False),
        (replace(made.WAITING, weeks=WAITS[:20]), True),
        (replace(made.WAITING, weeks=WAITS), False),
        (replace(made.WAITING, weeks=()), False),
        (many_sides(0.0), True),
        (many_sides(3600.0), False),  # seven series
    ],
)
def test_slacks_limits_decide_between_block_and_picture(chart: c.Chart, own: bool) -> None:
    rendered = render(chart, "en")
    assert kinds(chart) == (SLACKS_OWN if own else ["section", "section"])
    assert problems(rendered.blocks, "message") == []
    assert rendered.text.strip()


@pytest.mark.parametrize("name", ["W" * 80, "@channel <!here>", ""])
def test_two_companies_of_one_name_are_two_series(name: str) -> None:
    chart = replace(made.WAITING, companies={"vendor": name, "operator": name})
    rendered = render(chart, "en")
    assert problems(rendered.blocks, "message") == []
    assert len(bars(chart)) == 3
    assert "@channel" not in rendered.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"categories": ["2026-W45 and so much more", "b"]}, "1 to 20 characters"),
        ({"categories": ["a", "a"]}, "must be unique"),
    ],
)
def test_the_sandbox_refuses_categories_that_slack_refuses(change: dict[str, Any], words: str) -> None:
    labels = change["categories"]
    series = [{"name": "n", "data": [{"label": label, "value": 1} for label in labels]}]
    block = {"type": "data_visualization", "title": "t",
             "chart": {"type": "bar", "series": series, "axis_config": change}}  # fmt: skip
    assert words in " ".join(problems([block], "message"))


def test_the_sandbox_takes_numbers_only() -> None:
    series = [{"name": "n", "data": [{"label": "a", "value": "1"}]}]
    block = {"type": "data_visualization", "title": "t",
             "chart": {"type": "line", "series": series, "axis_config": {"categories": ["a"]}}}  # fmt: skip
    assert "must be numbers" in " ".join(problems([block], "message"))
