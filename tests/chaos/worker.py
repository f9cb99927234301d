"""One bot process of the storm: the real parts, wired as bootstrap wires them, with what it did written down.

`CHAOS_BREAK` takes a safeguard out of this process, to prove that the judge sees it; the product has no such switch.
"""

import json
import os
import signal
import sys
import time
from dataclasses import replace
from datetime import datetime
from threading import Event
from typing import Any

from sqlalchemy import update

from config.settings import PROCRASTINATE
from fmo_bot.bootstrap.clocks import RealClock
from fmo_bot.db import wakes
from fmo_bot.db.ledger import DeliveryRow
from fmo_bot.db.store import Store
from fmo_bot.delivery.claims import Claim
from fmo_bot.delivery.embedded import EmbeddedEngine
from fmo_bot.delivery.outbox import READY, SENDING
from fmo_bot.delivery.pump import Pump
from fmo_bot.delivery.queued import QueuedEngine
from fmo_bot.domain.installs import Installation
from fmo_bot.domain.messages import Message
from fmo_bot.domain.parties import SYSTEM, Place
from fmo_bot.ports import Engine, Picture
from fmo_bot.slack.chat import SlackChat
from fmo_bot.slack.installs import Installs
from tests.chaos.world import KEY, World

_TIMEOUT_S = 2
_TALK_S = 3.0  # a call that runs into its time-out, with a second to spare


class Diary:
    """Lines of JSON, each written at once and in one piece: what a killed process had begun stands there."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, claim: Claim, came_to: str | None) -> None:
        told = {"at": time.time(), "key": claim.key, "op": claim.op, "state": claim.state, "came_to": came_to}
        told |= {"owner": claim.owner, "attempt": claim.attempt, "lease_until": claim.lease_until}
        os.write(self._file, json.dumps(told).encode() + b"\n")


class NotedPump(Pump):
    """The pump, with a diary."""

    diary: Diary

    def claim(self, limit: int) -> list[Claim]:
        taken = super().claim(limit)
        for claim in taken:
            self.diary.write(claim, None)
        return taken

    def send(self, claim: Claim) -> str:
        came_to = super().send(claim)
        self.diary.write(claim, came_to)
        return came_to


class LawlessPump(NotedPump):
    """BREAK=lease: takes what others hold, whether their lease has run out or not, and never asks whose it is."""

    def claim(self, limit: int) -> list[Claim]:
        with self._store.transaction(SYSTEM) as session:
            taken_away = update(DeliveryRow).where(DeliveryRow.state == SENDING)
            session.execute(taken_away.values(state=READY, lease_until=None))
        return super().claim(limit)

    def _say(self, claim: Claim) -> str:
        return super()._say(replace(claim, lease_until=claim.lease_until + 3600))

    def _note(self, claim: Claim, state: str, **changes: Any) -> str:
        with self._store.transaction(SYSTEM) as session:
            row = session.get_one(DeliveryRow, claim.id)
            row.state = SENDING
            claim = replace(claim, state=SENDING, owner=row.owner, attempt=row.attempt)
        return super()._note(claim, state, **changes)


class BlindChat(SlackChat):
    """BREAK=reconcile: no search finds anything, so what is uncertain is simply sent again."""

    def find(self, place: Place, key: str, *, since: datetime, thread_ts: str | None = None) -> str | None:
        return None


_PUMPS: dict[str, type[NotedPump]] = {"lease": LawlessPump}
_CHATS: dict[str, type[SlackChat]] = {"reconcile": BlindChat}


class _NoPictures:
    def draw(self, message: Message, *, language: str) -> Picture:
        raise NotImplementedError("nothing in a storm is a picture")


def make_pump(given: dict[str, str], store: Store) -> NotedPump:
    """The pump by the storm's settings: CHAOS_SLACK, _TOKENS, _LEASE, _SEARCH_AFTER, _DIARY, _BREAK."""
    broken = given.get("CHAOS_BREAK", "")
    tokens: dict[str, str] = json.loads(given["CHAOS_TOKENS"])
    known = [_installation(team, token) for team, token in tokens.items()]
    installs = Installs(known, given["CHAOS_SLACK"], timeout=_TIMEOUT_S)
    pump = _PUMPS.get(broken, NotedPump)(
        store=store,
        chat=_CHATS.get(broken, SlackChat)(installs=installs, pictures=_NoPictures()),
        clock=RealClock(),
        owner=f"storm:{os.getpid()}",
        lease=float(given["CHAOS_LEASE"]),
        talk=_TALK_S,
        search_after=float(given["CHAOS_SEARCH_AFTER"]),
    )
    pump.diary = Diary(given["CHAOS_DIARY"])
    return pump


def _installation(team: str, token: str) -> Installation:
    return Installation(
        app_key=KEY, team_id=team, team_name=team, bot_id=World.bot_id(team), bot_user_id="", token=token
    )


def make_engine(given: dict[str, str], store: Store) -> Engine:
    """The engine that CHAOS_ENGINE names, on CHAOS_DATABASE."""
    queued = given["CHAOS_ENGINE"] == PROCRASTINATE
    return QueuedEngine(store, given["CHAOS_DATABASE"]) if queued else EmbeddedEngine()


def run(given: dict[str, str]) -> None:
    """Send until SIGTERM; the log goes to CHAOS_LOG."""
    log = os.open(given["CHAOS_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for stream in (1, 2):
        os.dup2(log, stream)
    store, ended = Store(given["CHAOS_DATABASE"]), Event()
    pump, engine = make_pump(given, store), make_engine(given, store)
    store.wake = engine.wake

    def send() -> None:
        if pump.run_once():
            engine.wake(wakes.PUMP)

    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    engine.every(wakes.PUMP, 0.5, send)
    engine.start()
    ended.wait()
    pump.refuse()
    engine.stop(within=60)
    sys.exit(0 if pump.stop(within=60) else 1)
