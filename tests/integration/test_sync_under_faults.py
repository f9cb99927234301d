"""Whatever goes wrong at a Jira site, the database ends equal to it: issue by issue, history by history."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fmo_bot.db.store import Store
from fmo_bot.sandbox.server import Options
from tests.integration.faulty_jira import Stage, as_kept, as_told, differences, generated, stage
from tests.unit.exported import shared

START = datetime(2026, 11, 16, 0, 30, tzinfo=UTC)  # a week before the generated issues end
COUNT = 240
A_DAY, SWEEP = 86_400, 6 * 3600
QUOTA: dict[str, Any] = {"jira_429_reason": "quota", "jira_429_holds": True}
WEATHER: dict[str, Any] = {
    "jira_429": 0.04,
    "jira_429_holds": True,
    "jira_503": 0.04,
    "jira_drop_before": 0.03,
    "jira_drop_after": 0.03,
    "jira_short_pages": 0.3,
    "index_lag_s": 30,
}
# What is wrong: how it is switched on, and which answers (0: none) show that it struck.
FAULTS: dict[str, tuple[dict[str, Any], set[int]]] = {
    "a burst, each endpoint held": ({"jira_429": 0.15, "jira_429_holds": True}, {200, 429}),
    "a quota for 40 s": (QUOTA | {"jira_429": 0.05, "jira_429_wait_s": 40}, {200, 429}),
    "a quota for half an hour": (QUOTA | {"jira_429": 0.03}, {200, 429}),
    "limits on writes": ({"jira_429": 1.0, "jira_429_reason": "per-issue", "jira_429_holds": True}, {200}),
    "503 with a pause": ({"jira_503": 0.2, "jira_503_wait_s": 3}, {200, 503}),
    "503 without a word": ({"jira_503": 0.2, "jira_503_wait_s": 0}, {200, 503}),
    "connections dropped before the work": ({"jira_drop_before": 0.15}, {0, 200}),
    "connections dropped after the work": ({"jira_drop_after": 0.15}, {0, 200}),
    "slow answers": ({"jira_slow": 0.05, "jira_slow_s": 0.6}, {200}),
    "short pages": ({"jira_short_pages": 0.7}, {200}),
    "an index that lags": ({"index_lag_s": 30}, {200}),
    "a clock ahead": ({"jira_skew_s": 600}, {200}),
    "a clock behind": ({"jira_skew_s": -600}, {200}),
    "all of it": (WEATHER, {0, 200, 429, 503}),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return generated(shared("bench/gen_issues.py"), tmp_path_factory.mktemp("issues"), COUNT)


@pytest.fixture(params=["cloud", "dc"])
def stormy(request: pytest.FixtureRequest, files: tuple[Path, Path], sqlite_store: Store) -> Iterator[Stage]:
    """A site of either flavour, its clock a week before its issues end."""
    issues, sprints = files
    with stage(sqlite_store, Options(jira=request.param, issues=issues, sprints=sprints, start=START)) as ready:
        yield ready


def open_keys(stage: Stage) -> list[str]:
    record = sorted(stage.record().values(), key=lambda raw: int(raw["id"]))
    return [raw["key"] for raw in record if raw["fields"]["status"]["statusCategory"]["key"] != "done"]


def live(stage: Stage) -> None:
    """A week in which issues change by their own histories and by people's hands, the bot looking now and then."""
    stage.sync()
    first, second, third, fourth = open_keys(stage)[:4]
    stage.pass_time(A_DAY)
    stage.sync()
    stage.control("POST", f"/issues/{first}/move", {"status": "Done"})
    stage.control("POST", f"/issues/{second}/flag", {"on": True})
    stage.sync()
    stage.pass_time(120)
    stage.control("POST", f"/issues/{second}/flag", {"on": False})
    stage.control("POST", f"/issues/{second}/flag", {"on": True})
    stage.control("POST", f"/issues/{third}/comment", {"text": "Nothing of this is kept."})
    stage.control("PUT", "/projects/RAN", {"name": "Radio network"})
    stage.control("POST", f"/issues/{fourth}/move_to", {"project": "RAN"})
    stage.sync()
    stage.control("DELETE", f"/issues/{third}")
    stage.pass_time(7 * A_DAY)
    stage.sync()
    stage.pass_time(SWEEP)
    stage.sync()


@pytest.mark.parametrize("fault", FAULTS)
def test_the_database_ends_equal_to_the_source_though_the_fault_goes_on(stormy: Stage, fault: str) -> None:
    switches, struck = FAULTS[fault]
    stormy.faults(seed=5, **switches)
    live(stormy)
    assert differences(stormy) == []
    assert stormy.answers() >= struck
    assert stormy.box.world.jira["shared"].site.troubles.impatient == 0, "nobody came before a pause was over"


def make_a_long_history(stage: Stage) -> None:
    """More than sixty histories of one issue."""
    key = open_keys(stage)[0]
    for on in [True, False] * 30:
        stage.control("POST", f"/issues/{key}/flag", {"on": on})


@pytest.mark.parametrize("totals", ["right", "missing"])
@pytest.mark.parametrize("newest", [20, 40])
def test_a_changelog_that_is_cut_is_never_taken_for_whole_and_is_whole_once_it_is_not_cut(
    stormy: Stage, newest: int, totals: str
) -> None:
    make_a_long_history(stormy)
    stormy.faults(changelog_cut=newest, changelog_totals=totals)
    stormy.sync()
    record = stormy.record()
    long = {number for number, raw in record.items() if len(raw["changelog"]["histories"]) > newest}
    whole = {number for number, issue in stormy.held().items() if issue.complete}
    assert long
    if stormy.is_cloud:  # an expanded changelog is not what the bot reads there
        assert differences(stormy) == []
        return
    assert whole.isdisjoint(long)
    assert totals == "missing" or whole == record.keys() - long

    stormy.faults(changelog_cut=0)
    for _ in range(4):
        stormy.pass_time(SWEEP)
        stormy.sync()
    assert differences(stormy) == []


@pytest.mark.parametrize("newest", [20, 40])
def test_a_cut_that_tells_a_wrong_total_takes_nothing_of_a_known_history_away(stormy: Stage, newest: int) -> None:
    long = open_keys(stormy)[0]
    make_a_long_history(stormy)
    stormy.sync()
    stormy.pass_time(120)
    stormy.faults(changelog_cut=newest, changelog_totals="wrong")
    for name in ("In Progress", "Done"):
        stormy.control("POST", f"/issues/{long}/move", {"status": name})
    for _ in range(3):
        stormy.pass_time(600)
        stormy.sync()
    (held,) = (issue for issue in stormy.held().values() if issue.key == long)
    (told,) = (raw for raw in stormy.record().values() if raw["key"] == long)
    assert as_kept(held)["changes"] == as_told(told, stormy.points)["changes"]
    assert held.complete == stormy.is_cloud  # an expanded changelog is not what the bot reads there
    stormy.faults(changelog_cut=0)
    for _ in range(4):
        stormy.pass_time(SWEEP)
        stormy.sync()
    assert differences(stormy) == []


@pytest.mark.parametrize("stormy", ["cloud"], indirect=True)
@pytest.mark.parametrize("newest", [20, 40])
def test_a_bulk_answer_that_is_cut_is_found_out_and_the_rest_is_read_issue_by_issue(stormy: Stage, newest: int) -> None:
    make_a_long_history(stormy)
    stormy.faults(changelog_cut=newest, changelog_cut_bulk=True)
    stormy.sync()
    record = stormy.record()
    for number, issue in stormy.held().items():
        assert not issue.complete or as_kept(issue)["changes"] == as_told(record[number], stormy.points)["changes"]
    for _ in range(6):
        stormy.pass_time(SWEEP)
        stormy.sync()
    assert differences(stormy) == []


def test_what_the_index_shows_late_is_found_by_the_next_looks_without_a_sweep(stormy: Stage) -> None:
    stormy.faults(index_lag_s=30, index_lag_uneven=True)
    stormy.sync()
    flagged = stormy.flagged()
    lags = {raw["key"]: stormy.lag_of(raw["key"]) for raw in stormy.record().values() if raw["key"] not in flagged}
    late, soon = (next(key for key, lag in lags.items() if lag == wanted) for wanted in (30, 0))
    stormy.pass_time(60)
    stormy.control("POST", f"/issues/{late}/flag", {"on": True})
    stormy.pass_time(2)
    stormy.control("POST", f"/issues/{soon}/flag", {"on": True})
    stormy.sync()
    assert soon in stormy.flagged()
    assert late not in stormy.flagged()
    stormy.pass_time(60)
    stormy.sync()
    assert differences(stormy) == []


def test_a_token_that_dies_half_way_leaves_what_was_read_and_says_so(stormy: Stage) -> None:
    stormy.control("POST", "/tokens", {"dies_after": 7})
    with pytest.raises(AssertionError, match="does not accept the bot's token"):
        stormy.sync()
    stormy.control("POST", "/tokens", {"dies_after": None})
    live(stormy)
    assert differences(stormy) == []


def test_a_site_that_repeats_its_page_tokens_loses_no_issue(stormy: Stage) -> None:
    stormy.sync()
    stormy.faults(seed=5, jira_short_pages=1.0, jira_repeat_token=0.5)
    for _ in range(3):
        stormy.pass_time(SWEEP)
        try:
            stormy.sync()
        except AssertionError:
            continue  # it may not be read at all meanwhile
        assert stormy.held().keys() >= stormy.record().keys()
    stormy.faults(jira_short_pages=0, jira_repeat_token=0)
    live(stormy)
    assert differences(stormy) == []


def test_an_issue_we_may_not_see_any_more_leaves_the_board_and_comes_back_with_its_history(stormy: Stage) -> None:
    stormy.sync()
    key = open_keys(stormy)[0]
    number = next(raw["id"] for raw in stormy.record().values() if raw["key"] == key)
    stormy.control("PUT", f"/issues/{key}/security", {"level": "Operator only"})
    stormy.pass_time(SWEEP)
    stormy.sync()
    assert number not in stormy.held()

    stormy.control("PUT", f"/issues/{key}/security", {"level": None})
    stormy.pass_time(SWEEP)
    stormy.sync()
    assert differences(stormy) == []


REAL = {
    "real_kanban": datetime(2026, 7, 10, tzinfo=UTC),
    "cloud_sprints": datetime(2022, 1, 1, tzinfo=UTC),
    "cloud_flags": datetime(2022, 4, 24, tzinfo=UTC),
}


@pytest.mark.parametrize("flavour", ["cloud", "dc"])
@pytest.mark.parametrize("folder", REAL)
def test_real_boards_are_read_whole_in_bad_weather(folder: str, flavour: str, sqlite_store: Store) -> None:
    issues = shared(f"data/{folder}/issues.jsonl")
    sprints = shared("data/cloud_sprints/sprints.json") if folder == "cloud_sprints" else None
    options = Options(jira=flavour, issues=issues, sprints=sprints, start=REAL[folder])
    with stage(sqlite_store, options) as real:
        real.faults(seed=8, **WEATHER)
        real.sync()
        real.pass_time(30 * A_DAY)
        real.sync()
        real.pass_time(365 * A_DAY)
        real.sync()
        assert differences(real) == []
