"""The judge of the storm, told what to find."""

import json
from pathlib import Path
from typing import Any

import pytest

from fmo_bot.domain.parties import Person, Place
from tests.chaos.feeder import Owed
from tests.chaos.judge import judge, judge_settled
from tests.chaos.master import Settled

PROMPT = Owed(1, Person("T1", "U1"), "D1", key="k1")
POST = Owed(2, Place("T1", "C1"), "C1", key="k2", state=3)


def shown(owed: Owed, **other: Any) -> dict[str, Any]:
    """An owed message as the record of the sandbox has it when all is well."""
    message = {
        "channel": owed.channel,
        "text": f"Item {owed.number} state {owed.state} of the storm",
        "metadata": {"event_type": "fmo", "event_payload": {"key": owed.key}},
        "recorded_at": "2026-11-23T09:00:10Z",
    }
    return message | other


def tried(key: str, came_to: str | None, *, second: int, attempt: int = 1) -> str:
    told = {"at": 1795424400 + second, "key": key, "op": "post", "state": "sending"}
    return json.dumps(told | {"owner": "a", "attempt": attempt, "came_to": came_to})


RECORDS = {
    "all is there": ([shown(PROMPT), shown(POST)], 0, 0),
    "one is missing": ([shown(PROMPT)], 1, 0),
    "one is there twice, in two states": ([shown(PROMPT), shown(POST, text="Item 2 state 2"), shown(POST)], 0, 1),
    "one is there twice": ([shown(PROMPT), shown(PROMPT), shown(POST)], 0, 1),
    "one shows an older state": ([shown(PROMPT), shown(POST, text="Item 2 state 2")], 1, 0),
    "one is with somebody else": ([shown(PROMPT, channel="D2"), shown(POST)], 1, 0),
    "one was never owed": ([shown(PROMPT), shown(POST), shown(Owed(3, Place("T1", "C1"), "C1", key="k3"))], 0, 1),
}


@pytest.mark.parametrize("name", RECORDS)
def test_the_judge_counts_by_key(name: str, tmp_path: Path) -> None:
    messages, lost, doubled = RECORDS[name]
    diary = tmp_path / "diary"
    diary.touch()
    verdict = judge([PROMPT, POST], {"messages": messages}, diary)
    assert (len(verdict.lost), len(verdict.doubled)) == (lost, doubled)


def test_recovery_runs_from_the_first_claim_that_came_to_nothing(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    lines = [tried("k1", None, second=0), tried("k1", "ready", second=0), tried("k1", "sent", second=9, attempt=2)]
    diary.write_text("\n".join([*lines, tried("k2", "sent", second=0)]), "utf-8")
    verdict = judge([PROMPT, POST], {"messages": [shown(PROMPT), shown(POST)]}, diary)
    assert verdict.recoveries == [10.0]
    assert verdict.p99 == 10.0


def test_a_killed_owner_leaves_an_attempt_without_an_end(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    diary.write_text(tried("k1", None, second=4), "utf-8")
    assert judge([PROMPT], {"messages": [shown(PROMPT)]}, diary).recoveries == [6.0]


def test_where_history_may_not_be_read_only_what_is_left_to_a_person_may_be_missing(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    diary.write_text(tried("k2", "unsure", second=0), "utf-8")
    record = {"messages": [shown(PROMPT)]}
    assert judge([PROMPT, POST], record, diary, left={"k2"}).good
    assert len(judge([PROMPT, POST], record, diary, left=set()).lost) == 2  # not there, and nobody was told


def test_an_uncertain_post_may_not_be_sent_again_where_history_may_not_be_read(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    diary.write_text(tried("k2", "unsure", second=0) + "\n" + tried("k2", "sent", second=5, attempt=2), "utf-8")
    assert judge([PROMPT, POST], {"messages": [shown(PROMPT), shown(POST)]}, diary, left=set()).lost


OLDER, LATER = shown(POST, text="Item 2 state 1"), shown(POST, recorded_at="2026-11-23T09:05:00Z")
# What Slack shows when a scrum master settles the post, and after that; which button they pressed; how much is wrong.
SETTLED = {
    "it had not arrived, and is there now": ([], [LATER], "again", 0),
    "it had arrived, and is there once more": ([OLDER], [OLDER, LATER], "again", 0),
    "it was not sent": ([OLDER], [OLDER], "again", 1),
    "it was sent twice": ([OLDER], [OLDER, LATER, shown(POST, recorded_at="2026-11-23T09:06:00Z")], "again", 1),
    "an old state was sent": ([], [shown(POST, text="Item 2 state 2", recorded_at="2026-11-23T09:05:00Z")], "again", 1),
    "the first one vanished": ([OLDER], [LATER], "again", 1),
    "dropped, it is as it was": ([OLDER], [OLDER], "dropped", 0),
    "dropped, it is not there": ([], [], "dropped", 0),
    "dropped, it was sent all the same": ([], [LATER], "dropped", 1),
    "dropped, it was changed": ([OLDER], [LATER], "dropped", 1),
    "nobody was asked": ([], [], "", 1),
}


@pytest.mark.parametrize("name", SETTLED)
def test_the_judge_sees_what_came_of_the_buttons(name: str) -> None:
    before, after, pressed, wrong = SETTLED[name]
    settled = Settled(**({pressed: {"k2"}} if pressed else {}))
    records = [{"messages": [shown(PROMPT), *messages]} for messages in (before, after)]
    assert len(judge_settled([PROMPT, POST], *records, left={"k2"}, settled=settled)) == wrong


def test_the_judge_sees_what_else_changed_when_a_button_was_pressed() -> None:
    records = [{"messages": [shown(PROMPT)]}, {"messages": [shown(PROMPT), shown(PROMPT)]}]
    assert len(judge_settled([PROMPT], *records, left=set(), settled=Settled())) == 1
