"""The measurements of delivery in a very short form, so that they can be trusted when they are taken."""

from collections.abc import Mapping
from typing import Any

import pytest

from benchmarks import delivery_judge as judge
from benchmarks.delivery import main
from benchmarks.delivery_figures import percentile
from benchmarks.delivery_ledger import claiming, planning

# Prompts are due in the minute that has begun, so that nobody waits for the next one; how late they are says nothing.
TINY = "--seed 1 --databases sqlite --prompts 10 --capped 20 --each 1 --issues 20 --seconds 1 --ahead -60"


@pytest.mark.parametrize("name", ["capped", "lanes", "acks"])
def test_what_the_real_bot_does_can_be_measured(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([*TINY.split(), "--only", name])
    first, line = capsys.readouterr().out.splitlines()
    assert code == 0, line
    assert first.startswith("bench-delivery: seed=1 ")
    assert SAID[name] <= set(line.split())


SAID = {
    "capped": {"lateness:", "prompts=20", "lost=0", "doubled=0", "closer_than_1s=0"},
    "lanes": {"lanes:", "posts=30", "lost=0", "inside_retry_after=0"},
    "acks": {"acks:", "requests=50", "committed=50", "failed=0"},
}


def test_what_the_ledger_does_can_be_measured(fresh_url: str) -> None:
    assert planning(fresh_url, "either", items=50).figures["occurrences"] == 50
    assert claiming(fresh_url, "either", items=50).broken == ()


def message(channel: str, at: float, *, key: str = "", team: str = "T1") -> dict[str, Any]:
    posted_by = {"app_id": "A1", "team_id": team}
    metadata = {"event_type": "fmo", "event_payload": {"key": key or f"{channel}{at}"}}
    return {"channel": channel, "at": at, "posted_by": posted_by, "metadata": metadata}


def call(at: float, **more: Any) -> Mapping[str, Any]:
    return {"team_id": "T1", "method": judge.POST, "ok": True, "machine_at": at} | more


# Moments of messages in one channel -> how many come too close.
@pytest.mark.parametrize(("moments", "found"), [((0, 1, 2), 0), ((0, 0.999), 1), ((5, 0, 5.5), 1), ((), 0)])
def test_messages_less_than_a_second_apart_are_seen(moments: tuple[float, ...], found: int) -> None:
    assert judge.too_close([message("C1", at) for at in moments] + [message("C2", 0.5)]) == found


# Moments of calls after one that was told at 10 to wait for 2 s -> how many came inside.
@pytest.mark.parametrize(
    ("moments", "found"),
    [((12.0, 13.0), 0), ((11.0, 11.9, 12.1), 2), ((10.2,), 0)],  # the last was under way when the answer came
)
def test_a_call_inside_a_retry_after_is_seen(moments: tuple[float, ...], found: int) -> None:
    refused = call(10.0, ok=False, error="ratelimited", retry_after=2)
    elsewhere = call(11.0, team_id="T2")
    assert judge.inside_retry_after([*(call(at) for at in moments), refused, elsewhere]) == found


def test_a_message_posted_twice_is_seen() -> None:
    assert judge.doubled([message("C1", 0, key="a"), message("C1", 9, key="a"), message("C1", 5, key="b")]) == 1


def test_the_theoretical_schedule_is_the_slowest_lane() -> None:
    messages = [message(f"D{n}", 0) for n in range(100)] + [message("C1", 0, team="T2") for _ in range(15)]
    assert judge.theory({"calls": []}, messages, 300) == pytest.approx(20)  # 100 at 5 a second; 15 at one
    assert judge.theory({"calls": []}, messages, 3000) == pytest.approx(15)
    assert judge.most_in_a_minute(messages) == 100


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert [percentile([4, 1, 3, 2], share) for share in (0, 0.5, 0.75, 0.99, 1)] == [1, 2, 3, 4, 4]
