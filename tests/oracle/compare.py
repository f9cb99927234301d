"""Where two reports differ, as sentences; instants and durations to the millisecond, shares to a billionth."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from tests.oracle.report import Asked, flow_report, weeks
from tests.oracle.rows import ms
from tests.oracle.sprints import NAMES

_SIDES = ("blocked_by_side_s", "active_s", "waiting_s", "active_working_s", "waiting_working_s")
_INSTANTS = ("started", "finished", "abandoned")
_DURATIONS = ("cycle_time_s", "lead_time_s", "work_span_s", "blocked_s", "done_s", "unmapped_s")


def flow_differences(said: dict[str, Any], asked: Asked) -> list[str]:
    """`said`: the command line's JSON."""
    meant = flow_report(asked)
    found = []
    if ms(said["as_of"]) != asked.as_of:
        found.append(f"as_of: {said['as_of']}, meant {meant['as_of']}")
    for name in ("cycle_time", "lead_time", "time_to_recover", "flow_efficiency"):
        found += _differ(name, {key: said[name].get(key) for key in meant[name]}, meant[name])
    found += _differ("wip", said["wip"], meant["wip"])
    found += _differ("ageing", {each["key"]: each for each in said["ageing"]}, meant["ageing"])
    quality = {name: said["data_quality"][name] for name in meant["data_quality"]}
    found += _differ("data_quality", quality, meant["data_quality"])
    return [*found, *_issues(said, meant), *_throughput(said, asked)]


def _issues(said: dict[str, Any], meant: dict[str, Any]) -> Iterator[str]:
    told = {issue["key"]: issue for issue in said["issues"]}
    assert len(told) == len(said["issues"])
    yield from _differ("keys", sorted(told), sorted(meant["issues"]))
    for key in told.keys() & meant["issues"].keys():
        yield from _differ(key, comparable(told[key]), comparable(meant["issues"][key]))


def comparable(issue: dict[str, Any]) -> dict[str, Any]:
    """Instants as numbers, durations in whole milliseconds, sides without those of nothing."""
    instants = {name: ms(issue[name]) if issue[name] is not None else None for name in _INSTANTS}
    durations = {name: None if issue[name] is None else _millis(issue[name]) for name in _DURATIONS}
    sides = {name: {side: _millis(value) for side, value in issue[name].items() if value} for name in _SIDES}
    return {**instants, **durations, **sides}


def _millis(seconds: float) -> int:
    whole = round(seconds * 1000)
    assert abs(whole / 1000 - seconds) < 1e-6, f"{seconds} is finer than a millisecond"
    return whole


def _throughput(said: dict[str, Any], asked: Asked) -> Iterator[str]:
    """Against a window that is known: both dates asked for."""
    if asked.since and asked.until:
        first, last = asked.edges()
        yield from _differ("throughput", said["throughput"], weeks(asked, first, last))


def _differ(where: str, said: Any, meant: Any) -> Iterator[str]:
    if isinstance(said, dict) and isinstance(meant, dict):
        for name in sorted(said.keys() | meant.keys(), key=str):
            yield from _differ(f"{where}.{name}", said.get(name), meant.get(name))
    elif isinstance(said, float) and isinstance(meant, float | int):
        if abs(said - meant) > 1e-9 * max(1, abs(meant)):
            yield f"{where}: {said}, meant {meant}"
    elif said != meant:
        yield f"{where}: {said!r}, meant {meant!r}"


def sprint_differences(said: dict[str, Any], meant: dict[str, Any]) -> list[str]:
    where = f"sprint {meant['sprint']}"
    plain = {name: said[name] for name in ("sprint", "provisional", "unestimated", *NAMES)}
    found = [*_differ(where, plain, {name: meant[name] for name in plain})]
    for name in ("start", "end"):
        found += _differ(f"{where}.{name}", ms(said[name]), ms(meant[name]))
    return [*found, *_differ(f"{where}.points", said["points"], meant["points"])]


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
