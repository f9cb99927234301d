"""Sending what is owed: claim, talk, note. Any number of pumps may run, in any number of processes."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from time import time
from typing import Any

import structlog

from fmo_bot.db.store import Store
from fmo_bot.db.values import message_from_json
from fmo_bot.delivery import claims, directs, lanes
from fmo_bot.delivery.candidates import MAX_SEARCHES, opens
from fmo_bot.delivery.claims import LEASE_S, MAX_ATTEMPTS, SEARCH_AFTER_S, Claim, Note
from fmo_bot.delivery.kept import NOT_INSTALLED
from fmo_bot.delivery.lanes import Paces
from fmo_bot.delivery.notes import Notes
from fmo_bot.delivery.outbox import (
    AT_LEAST_ONCE,
    FAILED,
    HOME,
    KEPT,
    POST,
    READY,
    REMOVE,
    SENDING,
    SENT,
    UNSURE,
    UPDATE,
)
from fmo_bot.domain.parties import SYSTEM, Person, Place
from fmo_bot.errors import NotInstalled, NotNow, RateLimited, SendOutcome, Uncertain, Undeliverable
from fmo_bot.ports import Chat, Clock, Outgoing

NORMAL = Paces()
BATCHES = 4  # claims in hand for each worker: what is claimed together costs one transaction
_LEAST_S = 0.2  # between two runs, where the first came to nothing
SWEEP_S = 1.0  # how often is looked for what was lost or comes too late
_SWEEP = timedelta(seconds=SWEEP_S)
TALK_S = 30.0  # what the calls of one post may take together: three of ten seconds, for a picture
LONGEST_PAUSE_S = 300.0
CLOCKS_MAY_DIFFER = timedelta(seconds=5)  # ours and Slack's
OVERTAKEN = "overtaken"  # what a run counts where the claim no longer stood
_Afters = dict[type[SendOutcome], Callable[[Claim, SendOutcome], str]]
_log = structlog.get_logger(__name__)


class Pump:
    """Sends deliveries on a small pool of threads. Nothing is sent that was not first claimed in the database."""

    def __init__(
        self,
        *,
        store: Store,
        chat: Chat,
        clock: Clock,
        machine: Callable[[], float] = time,
        owner: str,
        paces: Paces = NORMAL,
        workers: int = 16,
        patience: float = 1.0,
        lease: float = LEASE_S,
        talk: float = TALK_S,
        search_after: float = SEARCH_AFTER_S,
    ) -> None:
        """`owner` names this pump among all that run; `machine` is Unix time, which all processes share.

        `patience`: how many seconds one run waits for its slowest call; what is due next does not wait longer for it.
        `lease`: how long what is claimed is left to its owner; nothing is said with less than `talk` seconds of it.
        `search_after`: how long Slack may take to show what it has accepted.
        """
        self._store, self._chat, self._clock, self._machine = store, chat, clock, machine
        self._owners = (f"{owner}#{n}" for n in count(1))  # a name per batch: an old claim is never taken for a new one
        self._paces, self._workers, self._patience = paces, workers, patience
        self._lease, self._talk, self._search_after = lease, talk, search_after
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="pump")
        self._talking: dict[Future[str], Claim] = {}  # in the order they were claimed
        self._closed: dict[str, float] = {}  # lanes by Slack's Retry-After, until when
        self._swept: tuple[float, datetime] | None = None  # when, by both clocks
        self._notes = Notes(store, clock=clock, machine=machine)
        # What is done with a claim by the state it is in, and what is done after each outcome other than well.
        self._steps = {SENDING: (self._say, self._after_saying()), UNSURE: (self._search, self._after_searching())}

    def _after_saying(self) -> _Afters:
        return {
            RateLimited: self._limited,
            Undeliverable: self._undeliverable,
            NotInstalled: self._keep,
            Uncertain: self._uncertain,
            NotNow: self._again,
        }

    def _after_searching(self) -> _Afters:
        return {
            RateLimited: self._search_later,
            Undeliverable: self._unsearchable,
            NotInstalled: self._leave,
            Uncertain: self._search_failed,
            NotNow: self._search_failed,
        }

    def run_once(self) -> Counter[str]:
        """Sweep, claim what may go, send it; how many deliveries came to which state in this run.

        A call that takes long is left to its thread and counted in a later run.
        """
        wanted = BATCHES * self._workers - len(self._talking)
        claimed = self.claim(wanted)
        self._talking |= {self._pool.submit(self.send, claim): claim for claim in claimed}
        # Where there is more to do, the last ones are not waited for: every thread is to have something to say.
        ahead = self._workers if 0 < wanted <= len(claimed) else 0
        talking = list(self._talking)
        wait(talking[: len(talking) - ahead], timeout=self._patience)
        finished = [each for each in talking if each.done()]
        for each in finished:
            del self._talking[each]
        return Counter(each.result() for each in finished)

    def next_run(self) -> float | None:
        """When (machine time) a run after one that came to nothing may come to something; None: not by itself."""
        now = self._machine()
        if self._talking:
            return now
        with self._store.reading(SYSTEM) as session:
            at = opens(session, at=self._clock.now(), paces=self._paces)
        return None if at is None else max(at, now + _LEAST_S)

    def refuse(self) -> None:
        """Claim nothing more."""
        self._workers = 0

    def stop(self, *, within: float) -> bool:
        """Claim nothing more, let what was claimed be said for `within` seconds; whether it all was.

        What nobody has begun to say by then goes back; what hangs in a call is left to its lease.
        """
        self.refuse()
        _, late = wait(self._talking, timeout=within)
        for claim in [self._talking[each] for each in late if each.cancel()]:
            self._hand_back(claim)
        self._pool.shutdown(wait=False)
        return not late

    def claim(self, limit: int) -> list[Claim]:
        """Take back what was lost, give up what is too late, and claim up to `limit` of the rest."""
        if limit <= 0:
            return []
        at, now = self._clock.now(), self._machine()
        if self._swept is None or abs(now - self._swept[0]) >= SWEEP_S or abs(at - self._swept[1]) >= _SWEEP:
            claims.sweep(self._store, at=at, now=now, search_after=self._search_after)
            self._swept = now, at
        return claims.claim(
            self._store, owner=next(self._owners), at=at, now=now, limit=limit, paces=self._paces, lease=self._lease
        )

    def send(self, claim: Claim) -> str:
        """Say (or search for) what was claimed and note what came of it; the state it is left in."""
        step, after = self._steps[claim.state]
        try:
            self._keep_off_closed(claim)
            return step(claim)
        except SendOutcome as outcome:
            return after[type(outcome)](claim, outcome)
        except Exception as error:
            # A fault of our own, before or after the call, we cannot know: as if the answer had been lost.
            _log.exception("sending failed unexpectedly", delivery=claim.name)
            return after[Uncertain](claim, Uncertain(type(error).__name__))

    def _hand_back(self, claim: Claim) -> str:
        """Nothing was said or asked: whoever runs next may begin at once."""
        before = {SENDING: READY}.get(claim.state, claim.state)
        return self._note(claim, before, searches=claim.searches, counted=claim.state != SENDING)

    def _keep_off_closed(self, claim: Claim) -> None:
        """What was claimed before Slack closed its lane is not sent on it."""
        now = self._machine()
        for lane in claim.lanes:
            if (left := self._closed.get(lane, now) - now) > 0:
                raise RateLimited(left, lane)

    def _say(self, claim: Claim) -> str:
        place = self._place(claim)
        if claim.lease_until - self._machine() < self._talk:
            raise NotNow("the lease has run out")
        ts = _TALK[claim.op](self._chat, claim, place)
        return self._note(replace(claim, channel=place.channel), SENT, ts=ts)

    def _place(self, claim: Claim) -> Place:
        """Where it goes: the channel, or the direct conversation, opened and remembered the first time."""
        if claim.channel is not None or claim.op == HOME:
            return Place(claim.workspace, claim.channel or "")
        try:
            place = self._chat.direct(_person(claim))
        except Uncertain as outcome:  # nothing was posted, and opening a conversation twice opens it once
            raise NotNow(str(outcome)) from outcome
        self._remember(_person(claim), place)
        return place

    def _remember(self, person: Person, place: Place) -> None:
        with self._store.transaction(SYSTEM) as session:
            directs.remember(session, person, place)
            lane = lanes.of_channel(place.workspace, place.channel)
            lanes.push(session, lane, self._machine() + lanes.CHANNEL.interval, self._paces)

    def _limited(self, claim: Claim, outcome: SendOutcome) -> str:
        until = self._push_lanes(claim, outcome)
        return self._note(claim, READY, error=str(outcome), not_before=until, counted=False)

    def _undeliverable(self, claim: Claim, outcome: SendOutcome) -> str:
        return self._note(claim, FAILED, error=str(outcome))

    def _keep(self, claim: Claim, outcome: SendOutcome) -> str:
        """The app is gone: see delivery.kept."""
        return self._note(claim, KEPT, error=NOT_INSTALLED, counted=False)

    def _leave(self, claim: Claim, outcome: SendOutcome) -> str:
        """Nobody can look for it until the app is back."""
        return self._note(claim, UNSURE, error=NOT_INSTALLED, searches=MAX_SEARCHES)

    def _uncertain(self, claim: Claim, outcome: SendOutcome) -> str:
        if claim.op != POST:
            return self._again(claim, outcome)  # saying it twice shows it once
        return self._note(claim, UNSURE, error=str(outcome), not_before=self._machine() + self._search_after)

    def _again(self, claim: Claim, outcome: SendOutcome) -> str:
        if claim.attempt >= MAX_ATTEMPTS:
            return self._note(claim, FAILED, error=f"tried too often: {outcome}")
        pause = min(2.0**claim.attempt, LONGEST_PAUSE_S)
        return self._note(claim, READY, error=str(outcome), not_before=self._machine() + pause)

    def _search(self, claim: Claim) -> str:
        """Look in the conversation for the message with our key; only then may it be sent again."""
        if claim.channel is None:  # its sender was lost before it had a place to post to
            return self._note(claim, READY)
        place = Place(claim.workspace, claim.channel)
        ts = self._chat.find(place, claim.key, since=claim.since - CLOCKS_MAY_DIFFER, thread_ts=claim.thread_ts)
        if ts is not None:
            return self._note(claim, SENT, ts=ts)
        if claim.attempt >= MAX_ATTEMPTS:
            return self._note(claim, FAILED, error="tried too often; the last attempt did not arrive")
        return self._note(claim, READY)

    def _search_later(self, claim: Claim, outcome: SendOutcome) -> str:
        until = self._push_lanes(claim, outcome)
        return self._note(claim, UNSURE, error=str(outcome), searches=claim.searches, not_before=until)

    def _search_failed(self, claim: Claim, outcome: SendOutcome) -> str:
        searches = claim.searches + 1
        if searches >= MAX_SEARCHES:
            return self._note(claim, FAILED, error=f"may have been sent; {searches} searches failed: {outcome}")
        pause = self._search_after * 2 ** (searches - 1)
        return self._note(claim, UNSURE, error=str(outcome), searches=searches, not_before=self._machine() + pause)

    def _unsearchable(self, claim: Claim, outcome: SendOutcome) -> str:
        if claim.policy == AT_LEAST_ONCE:
            return self._note(claim, READY)
        error = f"may have been sent, and the conversation cannot be searched: {outcome}"
        return self._note(claim, UNSURE, error=error, searches=MAX_SEARCHES)

    def _push_lanes(self, claim: Claim, outcome: SendOutcome) -> float:
        """Close the lane Slack complained about, or that of the method, for as long as it says; until when."""
        assert isinstance(outcome, RateLimited)
        until = self._machine() + outcome.retry_after
        lane = outcome.lane if outcome.lane in claim.lanes else claim.lanes[0]
        if until <= self._closed.get(lane, 0.0):
            return until  # known before
        self._closed[lane] = until
        with self._store.transaction(SYSTEM) as session:
            lanes.push(session, lane, until, self._paces)
        return until

    def _note(self, claim: Claim, state: str, **more: Any) -> str:
        note = Note(claim=claim, state=state, **more)
        if not self._notes.write(note):
            _log.warning("another process took this delivery over", delivery=claim.name, came_to=state, ts=note.ts)
            return OVERTAKEN
        if state == FAILED:
            self._swept = None  # what waits for it is given up by the next run
        if state == FAILED or note.searches >= MAX_SEARCHES:
            _log.warning("delivery needs a person", delivery=claim.name, state=state, reason=note.error)
        return state


def _person(claim: Claim) -> Person:
    assert claim.person is not None  # what goes to no person has its channel from the start
    return Person(claim.workspace, claim.person)


def _outgoing(claim: Claim) -> Outgoing:
    message = message_from_json(claim.value)
    return Outgoing(message=message, key=claim.key, language=claim.language, thread_ts=claim.thread_ts)


def _post(chat: Chat, claim: Claim, place: Place) -> str:
    return chat.post(place, _outgoing(claim))


def _update(chat: Chat, claim: Claim, place: Place) -> None:
    assert claim.ts is not None  # an update is claimed only after its message was sent
    chat.update(place, claim.ts, _outgoing(claim))


def _publish(chat: Chat, claim: Claim, _place: Place) -> None:
    chat.publish_home(_person(claim), _outgoing(claim))


def _remove(chat: Chat, claim: Claim, place: Place) -> None:
    assert claim.ts is not None  # only what was sent is removed
    chat.remove(place, claim.ts)


_TALK: dict[str, Callable[[Chat, Claim, Place], str | None]] = {
    POST: _post,
    UPDATE: _update,
    HOME: _publish,
    REMOVE: _remove,
}
