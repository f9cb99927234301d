"""What came of a storm, judged by the keys that the pretend Slack shows; our own tables have no say in it.

Only where history may not be read do they: a post in a channel of which nobody can know is allowed to be missing, or
to show an old state, if it is marked `unsure`, so that a person can decide. It may never be there twice.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.chaos.feeder import Owed, mark


@dataclass
class Verdict:
    """What is wrong, each in words; how long each message that met a fault took from there, in seconds."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)
    unsure: int = 0

    @property
    def p99(self) -> float:
        """By nearest rank; 0 where nothing met a fault."""
        ordered = sorted(self.recoveries)
        return ordered[math.ceil(len(ordered) * 0.99) - 1] if ordered else 0.0

    @property
    def good(self) -> bool:
        return not self.lost and not self.doubled


@dataclass(frozen=True)
class Seen:
    """A message as Slack shows it."""

    channel: str
    state: tuple[int, int] | None
    posted: float  # Unix time
    shown: float  # since when it is as it is


def judge(owed: Iterable[Owed], record: Mapping[str, Any], *, unsure: Set[str], diary: Path) -> Verdict:
    """`unsure`: keys of messages that are left to a person."""
    seen, verdict = _seen(record), Verdict(unsure=len(unsure))
    struck = _struck(diary)
    for each in owed:
        _judge_one(verdict, each, seen.pop(each.key, []), excused=each.key in unsure)
    verdict.doubled += [f"nobody owed the message with key {key}" for key in seen]
    shown = {message.key: message for message in owed}
    found = _seen(record)
    for (key, op), since in struck.items():
        if key in shown and key in found and key not in unsure:
            first = min(found[key], key=lambda one: one.posted)
            verdict.recoveries.append(max(0.0, (first.posted if op == "post" else first.shown) - since))
    return verdict


def _judge_one(verdict: Verdict, owed: Owed, seen: list[Seen], *, excused: bool) -> None:
    if len(seen) > 1:
        verdict.doubled.append(f"{owed.name} ({owed.key}) is there {len(seen)} times")
    if excused:
        return
    if not seen:
        verdict.lost.append(f"{owed.name} ({owed.key}) is not there")
    elif seen[0].channel != owed.channel:
        verdict.lost.append(f"{owed.name} ({owed.key}) is in {seen[0].channel}, not in {owed.channel}")
    elif seen[0].state != (owed.number, owed.state):
        verdict.lost.append(f"{owed.name} ({owed.key}) shows {seen[0].state}, not its state {owed.state}")


def _seen(record: Mapping[str, Any]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = defaultdict(list)
    for message in record["messages"]:
        key = message["metadata"]["event_payload"]["key"]
        posted = datetime.fromisoformat(message["recorded_at"]).timestamp()
        shown = float(message["edited"]["ts"]) if "edited" in message else posted
        found[key].append(Seen(message["channel"], mark(message["text"]), posted, shown))
    return found


def _struck(diary: Path) -> dict[tuple[str, str], float]:
    """(key, what was to be done) -> when the first attempt was claimed that came to nothing or lost its owner."""
    claims: dict[tuple[str, str, str, int], dict[str, Any]] = {}
    for line in diary.read_text("utf-8").splitlines():
        told = json.loads(line)
        if told["state"] == "sending":
            attempt = claims.setdefault((told["key"], told["op"], told["owner"], told["attempt"]), told)
            attempt["came_to"] = attempt["came_to"] or told["came_to"]
    found: dict[tuple[str, str], float] = {}
    for (key, op, _, _), told in claims.items():
        if told["came_to"] != "sent":
            found[key, op] = min(told["at"], found.get((key, op), told["at"]))
    return found
