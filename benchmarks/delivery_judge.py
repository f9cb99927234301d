"""What the pretend Slack's record says: how late, how close together, and whether a Retry-After was kept."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

APART_S = 1.0  # two messages in a channel
IN_FLIGHT_S = 0.25  # a call that is under way when another is answered 429 cannot be called back
POST = "chat.postMessage"
PER_MINUTE = {"chat.update": 50}  # of methods whose pace is not a setting

Calls = Sequence[Mapping[str, Any]]


def posted(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The bot's messages, oldest first, each with `at` in Unix seconds."""
    ours = [message for message in record["messages"] if "app_id" in message["posted_by"]]
    return [message | {"at": datetime.fromisoformat(message["recorded_at"]).timestamp()} for message in ours]


def is_direct(message: Mapping[str, Any]) -> bool:
    """Whether it went to one person."""
    return str(message["channel"]).startswith("D")


def doubled(messages: Iterable[Mapping[str, Any]]) -> int:
    """How many messages carry a key that another one carries."""
    keys = Counter(message["metadata"]["event_payload"]["key"] for message in messages)
    return sum(keys.values()) - len(keys)


def too_close(messages: Iterable[Mapping[str, Any]]) -> int:
    """How often two messages in one channel came less than a second apart."""
    by_channel: dict[str, list[float]] = defaultdict(list)
    for message in messages:
        by_channel[message["channel"]].append(message["at"])
    return sum(b - a < APART_S for moments in by_channel.values() for a, b in pairwise(sorted(moments)))


def most_in_a_minute(messages: Iterable[Mapping[str, Any]]) -> int:
    """The most messages an app posted in one workspace in any 60 s."""
    by_workspace: dict[str, list[float]] = defaultdict(list)
    for message in messages:
        by_workspace[message["posted_by"]["team_id"]].append(message["at"])
    return max((_most_within(sorted(moments), 60.0) for moments in by_workspace.values()), default=0)


def inside_retry_after(calls: Calls) -> int:
    """How many calls of a method came in a workspace while its Retry-After ran, those in flight apart."""
    closed: dict[tuple[str, str], tuple[float, float]] = {}
    inside = 0
    for call in sorted(calls, key=lambda call: call["machine_at"]):
        lane, at = (str(call["team_id"]), str(call["method"])), float(call["machine_at"])
        begin, end = closed.get(lane, (at, at))
        inside += begin + IN_FLIGHT_S < at < end
        if "retry_after" in call and at >= end:
            closed[lane] = (at, at + call["retry_after"])
    return inside


def theory(record: Mapping[str, Any], messages: Sequence[Mapping[str, Any]], per_minute: int) -> float:
    """The seconds that the busiest lane needs: the largest n/rate over all channels, workspaces and methods."""
    channels = Counter(message["channel"] for message in messages)
    workspaces = Counter(message["posted_by"]["team_id"] for message in messages)
    methods = Counter((call["team_id"], call["method"]) for call in record["calls"] if call["ok"])
    needs = [n * APART_S for n in channels.values()]
    needs += [n * 60 / per_minute for n in workspaces.values()]
    needs += [n * 60 / PER_MINUTE[method] for (_, method), n in methods.items() if method in PER_MINUTE]
    return max(needs, default=0.0)


def _most_within(moments: Sequence[float], seconds: float) -> int:
    most = begin = 0
    for end, at in enumerate(moments):
        while moments[begin] <= at - seconds:
            begin += 1
        most = max(most, end - begin + 1)
    return most
