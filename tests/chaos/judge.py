"""What came of a storm, judged by the keys that the pretend Slack shows; our own tables have no say in it.

Only where history may not be read do they: a post in a channel of which nobody can know is allowed to be missing, or
to show an old state, if it is marked `unsure`, so that a person can decide. It may never be there twice.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from fmo_bot.domain.parties import Place
from tests.chaos.feeder import Owed, mark
from tests.chaos.master import Settled


@dataclass
class Verdict:
    """What is wrong, each in words; how long each message that met a fault took from there, in seconds."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)
    unsure: int = 0
    unsettled: list[str] = field(default_factory=list)  # what a scrum master settled, and came out otherwise

    @property
    def p99(self) -> float:
        """By nearest rank; 0 where nothing met a fault."""
        ordered = sorted(self.recoveries)
        return ordered[math.ceil(len(ordered) * 0.99) - 1] if ordered else 0.0

    @property
    def good(self) -> bool:
        return not self.lost and not self.doubled and not self.unsettled


@dataclass(frozen=True)
class Seen:
    """A message as Slack shows it."""

    channel: str
    state: tuple[int, int] | None
    posted: float  # Unix time
    shown: float  # since when it is as it is


@dataclass(frozen=True)
class Attempt:
    """One try to say something, as the process that made it wrote down; a killed one leaves `came_to` empty."""

    key: str
    op: str
    at: float  # Unix time of its claim
    came_to: str | None


def judge(owed: list[Owed], record: Mapping[str, Any], diary: Path, *, left: Set[str] | None = None) -> Verdict:
    """`left`: keys of messages that are left to a person, where some conversations may not be searched."""
    seen, attempts = _seen(record), _attempts(diary)
    verdict = Verdict(unsure=len(left or ()))
    for each in owed:
        _judge_one(verdict, each, seen.get(each.key, []), excused=each.key in (left or ()))
    known = {each.key for each in owed}
    verdict.doubled += [f"nobody owed the message with key {key}" for key in seen if key not in known]
    if left is not None:
        blind = {each.key for each in owed if isinstance(each.target, Place)}
        unknown = {each.key for each in attempts if (each.op, each.came_to) == ("post", "unsure")}
        verdict.lost += [f"the post {key} is uncertain and not left to a person" for key in unknown & blind - left]
    for (key, op), since in _struck(attempts).items():
        if key in seen and key not in (left or ()):
            first = min(seen[key], key=lambda one: one.posted)
            verdict.recoveries.append(max(0.0, (first.posted if op == "post" else first.shown) - since))
    return verdict


def judge_settled(
    owed: list[Owed], before: Mapping[str, Any], after: Mapping[str, Any], *, left: Set[str], settled: Settled
) -> list[str]:
    """What is wrong after a scrum master has settled what was `left`, by what Slack showed before and shows now.

    What was sent again is there once more, in its last state; everything else is as it was, what was dropped included.
    """
    earlier, now = _seen(before), _seen(after)
    wrong = [f"{key} was left to a person and not shown to them" for key in left - settled.again - settled.dropped]
    for each in owed:
        known, seen = earlier.get(each.key, []), now.get(each.key, [])
        new = [one for one in seen if one not in known]
        if each.key not in settled.again:
            wrong += [f"{each.name} ({each.key}) is not as it was before"] if seen != known else []
        elif len(seen) != len(known) + 1 or len(new) != 1:
            wrong.append(f"{each.name} ({each.key}), sent again, is there {len(seen)} times, {len(known)} before")
        elif (new[0].channel, new[0].state) != (each.channel, (each.number, each.state)):
            wrong.append(f"{each.name} ({each.key}), sent again, shows {new[0].state}, not its state {each.state}")
    return wrong


def _judge_one(verdict: Verdict, owed: Owed, seen: list[Seen], *, excused: bool) -> None:
    if len(seen) > 1:
        verdict.doubled.append(f"{owed.name} ({owed.key}) is there {len(seen)} times")
    if excused or len(seen) > 1:
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


def _attempts(diary: Path) -> list[Attempt]:
    found: dict[tuple[str, str, str, int], Attempt] = {}
    for line in diary.read_text("utf-8").splitlines():
        told = json.loads(line)
        if told["state"] == "sending":
            name = (told["key"], told["op"], told["owner"], told["attempt"])
            began = found.get(name, Attempt(told["key"], told["op"], told["at"], None))
            found[name] = replace(began, came_to=told["came_to"])
    return list(found.values())


def _struck(attempts: Iterable[Attempt]) -> dict[tuple[str, str], float]:
    """(key, what was to be done) -> when the first attempt was claimed that came to nothing or lost its owner."""
    found: dict[tuple[str, str], float] = {}
    for each in attempts:
        if each.came_to != "sent":
            found[each.key, each.op] = min(each.at, found.get((each.key, each.op), each.at))
    return found
