"""How soon Slack hears that what it sent is kept: signed requests over HTTP while everything else goes on as well."""

import asyncio
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from urllib.parse import SplitResult, urlsplit

from benchmarks.delivery_crowd import APP_ID, APP_KEY, ask_at
from benchmarks.delivery_figures import Result, percentile, percentiles
from benchmarks.delivery_run import SENT, SIGNING_SECRET, Plan, bot, world
from benchmarks.delivery_run import count as counted
from benchmarks.delivery_stage import on
from fmo_bot.db.store import Store
from fmo_bot.sandbox.slack.delivery import sign

P99_MS, LONGEST_MS = 300.0, 2500.0
PATIENCE_S = 10.0
PEOPLE = 60  # who send them
SYNCED = "SELECT count(*) FROM board_issue"


@dataclass(frozen=True)
class Ack:
    """One request: from the moment it was to be sent until its answer was read."""

    seconds: float
    ok: bool


def acks(plan: Plan, *, rate: int, seconds: float, seed: int) -> Result:
    """`rate` requests a second for `seconds`, while a stand-up asks everybody and a board is read."""
    store = Store(plan.url)
    now = datetime.now(UTC)
    plan.crowd.set_up(store, boards=1, at=now)
    ask_at(store, now.replace(second=0, microsecond=0))
    store.close()
    with world(plan) as slack, bot(plan, slack) as door:
        url = f"{door}/slack/{APP_KEY}/events"
        before = counted(plan.url, SENT), counted(plan.url, SYNCED)
        with on(plan.cores.world):
            taken = asyncio.run(_load(url, plan, rate=rate, seconds=seconds, dice=random.Random(seed)))
        sent, issues = counted(plan.url, SENT) - before[0], counted(plan.url, SYNCED) - before[1]
        kept = counted(plan.url, "SELECT count(*) FROM inbox WHERE event_key LIKE 'slack:EvLOAD%'")
    return _judged(plan, taken, rate=rate, kept=kept, sent=sent, issues=issues)


def _judged(plan: Plan, taken: list[Ack], *, rate: int, kept: int, sent: int, issues: int) -> Result:
    late = [each.seconds for each in taken]
    failed = sum(not each.ok for each in taken)
    figures: dict[str, object] = {"database": plan.kind, "requests": len(taken), "per_s": rate}
    figures |= percentiles(late, unit="ms", scale=1000)
    figures |= {"failed": failed, "committed": kept, "sent_meanwhile": sent, "issues_read_meanwhile": issues}
    missed = [f"p99 of {P99_MS:.0f} ms"] if percentile(late, 0.99) * 1000 > P99_MS else []
    missed += [f"none over {LONGEST_MS:.0f} ms"] if max(late) * 1000 > LONGEST_MS else []
    forgotten = len(taken) - failed - kept  # one may be kept though its answer came too late
    broken = (f"{forgotten} acknowledged but not kept",) if forgotten > 0 else ()
    return Result(name="acks", figures=figures, broken=broken, missed=tuple(missed))


async def _load(url: str, plan: Plan, *, rate: int, seconds: float, dice: random.Random) -> list[Ack]:
    """Requests at even distances, whether or not the ones before have been answered."""
    bodies = [_opened(plan, number, dice) for number in range(int(rate * seconds))]
    begin = perf_counter() + 0.1
    return await asyncio.gather(*(_one(url, body, begin + number / rate) for number, body in enumerate(bodies)))


async def _one(url: str, body: bytes, at: float) -> Ack:
    await asyncio.sleep(at - perf_counter())
    try:
        async with asyncio.timeout(PATIENCE_S):
            status = await _post(urlsplit(url), body)
    except (OSError, TimeoutError, ValueError):
        return Ack(perf_counter() - at, ok=False)
    return Ack(perf_counter() - at, ok=status == 200)


async def _post(url: SplitResult, body: bytes) -> int:
    """The status of one signed request, on a connection of its own; written by hand, for the load must cost little."""
    told = {"host": url.netloc, "connection": "close", "content-length": len(body), "content-type": "application/json"}
    lines = [f"POST {url.path} HTTP/1.1", *(f"{k}: {v}" for k, v in (told | sign(SIGNING_SECRET, body)).items())]
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        answer = await reader.read()
        return int(answer.split(maxsplit=2)[1]) if answer else 0
    finally:
        writer.close()


def _opened(plan: Plan, number: int, dice: random.Random) -> bytes:
    """Somebody opens the app's Home: what is taken in becomes a row, and its job another message."""
    person = plan.crowd.person(dice.randrange(min(PEOPLE, plan.crowd.people)))
    event = {
        "type": "app_home_opened",
        "user": person.user,
        "channel": plan.crowd.direct(person).channel,
        "tab": "home",
        "event_ts": f"{datetime.now(UTC).timestamp():.6f}",
    }
    body: dict[str, Any] = {
        "type": "event_callback",
        "team_id": person.workspace,
        "api_app_id": APP_ID,
        "event": event,
        "event_id": f"EvLOAD{number}",
        "event_time": int(datetime.now(UTC).timestamp()),
    }
    return json.dumps(body).encode()
