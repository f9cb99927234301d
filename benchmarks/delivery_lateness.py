"""How late prompts are, and whether Slack's limits are kept: the real bot, the record of the pretend Slack."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from benchmarks import delivery_judge as judge
from benchmarks.delivery_crowd import ask_at
from benchmarks.delivery_figures import Result, percentile, percentiles
from benchmarks.delivery_ledger import owe
from benchmarks.delivery_run import PLANNED, SENT, Plan, bot, next_minute, wait_until, world
from fmo_bot.db.store import Store

UNTHROTTLED = 60_000  # messages a minute: more than the bot can send
SOON_S = 5.0  # p95 where nothing is throttled
OVER = 1.05  # of the theoretical schedule
_PATIENCE_S = 120.0


def lateness(plan: Plan, *, ahead: float) -> Result:
    """Everybody is asked at the same full minute, at least `ahead` seconds away when the bot starts."""
    crowd = plan.crowd
    expected = crowd.people + len(crowd.teams)  # each joint team's round is posted as well
    schedule = expected / crowd.workspaces * 60 / plan.per_minute
    with world(plan) as slack:
        due = next_minute(ahead=ahead)
        _set_up(plan, due)
        with bot(plan, slack):
            wait_until(plan.url, PLANNED, crowd.people, within=_PATIENCE_S)
            began = datetime.now(UTC)
            wait_until(plan.url, SENT, expected, within=ahead + 60 + schedule * 1.5 + _PATIENCE_S)
        record = slack.record()
    return _judged(plan, record, due, expected, began if began > due else None)


def _set_up(plan: Plan, due: datetime) -> None:
    store = Store(plan.url)
    plan.crowd.set_up(store, at=due)
    ask_at(store, due)
    store.close()


def _judged(plan: Plan, record: Mapping[str, Any], due: datetime, expected: int, began_late: datetime | None) -> Result:
    messages = judge.posted(record)
    late = sorted(message["at"] - due.timestamp() for message in messages if judge.is_direct(message))
    theory = judge.theory(record, messages, plan.per_minute)
    last = max((message["at"] for message in messages), default=due.timestamp()) - due.timestamp()
    throttled = plan.per_minute < UNTHROTTLED
    figures: dict[str, object] = {"database": plan.kind, "prompts": len(late), "workspaces": plan.crowd.workspaces}
    figures |= {"per_minute": plan.per_minute} if throttled else {}
    figures |= percentiles(late, unit="s")
    figures |= {"theory_s": theory, "last_s": last, "of_theory": last / theory} if throttled else {}
    kept, broken = limits(record, messages, expected)
    too_late = last > theory * OVER if throttled else percentile(late, 0.95) > SOON_S
    if began_late is not None:  # the machine was too slow: what follows says more about its start
        figures |= {"began_late_s": (began_late - due).total_seconds()}
    missed = ("within 5 % of the schedule" if throttled else f"p95 of {SOON_S:.0f} s",) if too_late else ()
    return Result(name="lateness", figures=figures | kept, broken=broken, missed=missed)


def lanes(plan: Plan, *, channels: int, each: int, directs: int, seed: int) -> Result:
    """Posts to channels that all want to go at once, and to people, while Slack answers 429 to some."""
    crowd = plan.crowd
    joint = [crowd.joint(team) for team in list(crowd.teams)[:channels] for _ in range(each)]
    places = [*joint, *(crowd.direct(crowd.person(number)) for number in range(directs))]
    random.Random(seed).shuffle(places)
    store = Store(plan.url)
    owe(store, places)
    store.close()
    with world(plan) as slack:
        slack.faults(rate_limited=0.03, methods=[judge.POST])
        with bot(plan, slack):
            wait_until(plan.url, SENT, len(places), within=each * 6 + _PATIENCE_S)
        record = slack.record()
    refused = sum(call["error"] == "ratelimited" for call in record["calls"])
    kept, broken = limits(record, judge.posted(record), len(places))
    figures = {"database": plan.kind, "posts": len(places), "channels": channels, "rate_limited": refused}
    return Result(name="lanes", figures=figures | kept, broken=broken)


def limits(record: Mapping[str, Any], messages: list[dict[str, Any]], expected: int) -> tuple[dict[str, Any], Any]:
    """Whether everything came once, and within Slack's limits; the rules that were broken in words."""
    kept = {
        "lost": expected - len(messages) + judge.doubled(messages),
        "doubled": judge.doubled(messages),
        "closer_than_1s": judge.too_close(messages),
        "inside_retry_after": judge.inside_retry_after(record["calls"]),
    }
    broken = tuple(f"{name} {count}" for name, count in kept.items() if count)
    return kept | {"most_in_a_minute": judge.most_in_a_minute(messages)}, broken
