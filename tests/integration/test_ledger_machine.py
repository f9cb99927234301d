"""Whatever happens to processes, answers and clocks: nothing owed is lost, and nothing is shown twice."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, select

from fmo_bot.db.ledger import DeliveryRow
from fmo_bot.db.store import Store
from fmo_bot.db.tables import METADATA
from fmo_bot.delivery import lanes, outbox, quiet
from fmo_bot.delivery.claims import Claim
from fmo_bot.delivery.pump import Pump
from fmo_bot.domain.messages import Message, Notice
from fmo_bot.domain.parties import SYSTEM, Person, Place
from fmo_bot.errors import NotNow, RateLimited, Uncertain
from tests.fakes import Accepted, FakeChat, FixedClock, Machine, accepted

SETTINGS = {"short": (15, 25), "long": (400, 50)}  # profile: how many stories, of how many steps
TARGETS: list[Place | Person] = [
    Place("T0HUAWEI", "C0JOINT"),
    Place("T0TELEFON", "C0TEFTEAM"),
    Person("T0TELEFON", "U0LUCIA"),
]


class Killed(BaseException):
    """The process ends here."""


# How the next call to Slack ends.
ENDINGS: dict[str, Callable[[], BaseException | Accepted | None]] = {
    "well": lambda: None,
    "answer lost": accepted,
    "request lost": lambda: Uncertain("reset"),
    "not connected": lambda: NotNow("refused"),
    "429": lambda: RateLimited(20, lanes.of_method("T0HUAWEI", "chat.postMessage")),
    "killed before": Killed,
    "killed after": lambda: accepted(Killed()),
}


class Ledger(RuleBasedStateMachine):
    """Two processes, a Slack that misbehaves, and time that passes."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        with self.store.transaction(SYSTEM) as session:
            for table in reversed(METADATA.sorted_tables):
                session.execute(delete(table))
        self.clock, self.machine, self.chat = FixedClock(), Machine(), FakeChat()
        self.pumps = [self._pump(0), self._pump(1)]
        self.in_hand: list[tuple[Pump, Claim]] = []
        self.owed: dict[str, Message] = {}  # name -> its newest state
        self.restarts = 2

    def _pump(self, number: int) -> Pump:
        return Pump(
            store=self.store,
            chat=self.chat,
            clock=self.clock,
            machine=self.machine,
            owner=f"process {number}",
            workers=1,
            patience=60,
        )

    @rule(goes_to=st.sampled_from(TARGETS), in_thread=st.booleans())
    def owe(self, goes_to: Place | Person, in_thread: bool) -> None:
        name, message = f"m{len(self.owed)}", Notice(text="new", values={"name": len(self.owed)})
        where: dict[str, Any] = {"place": goes_to} if isinstance(goes_to, Place) else {"person": goes_to}
        roots = [other for other in self.owed if other in ("m0", "m1")]
        thread = roots[0] if in_thread and roots else None
        with self.store.transaction(SYSTEM) as session:
            outbox.owe(
                session,
                name=name,
                message=message,
                due=self.clock.now(),
                language="en",
                thread_of=thread,
                **where,
            )
        self.owed[name] = message

    @precondition(lambda self: self.owed)
    @rule(data=st.data(), state=st.integers(0, 99))
    def owe_update(self, data: st.DataObject, state: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.owed)))
        message = Notice(text="changed", values={"name": name, "state": state})
        with self.store.transaction(SYSTEM) as session:
            outbox.owe_update(session, name=name, message=message, due=self.clock.now(), language="en")
        self.owed[name] = message

    @rule(process=st.integers(0, 1), limit=st.integers(1, 3))
    def claim(self, process: int, limit: int) -> None:
        pump = self.pumps[process]
        self.in_hand += [(pump, claim) for claim in pump.claim(limit)]

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data(), ending=st.sampled_from(sorted(ENDINGS)))
    def send(self, data: st.DataObject, ending: str) -> None:
        pump, claim = self.in_hand.pop(data.draw(st.integers(0, len(self.in_hand) - 1)))
        self.chat.script = [ENDINGS[ending]()]
        try:
            pump.send(claim)
        except Killed:
            self.in_hand = [(other, held) for other, held in self.in_hand if other is not pump]
        self.chat.script = []

    @rule(process=st.integers(0, 1))
    def kill(self, process: int) -> None:
        self.in_hand = [(pump, claim) for pump, claim in self.in_hand if pump is not self.pumps[process]]
        self.pumps[process].stop(within=1)
        self.pumps[process] = self._pump(self.restarts)
        self.restarts += 1

    @rule(seconds=st.sampled_from([0.5, 2.0, 11.0, 45.0, 61.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.machine.advance(seconds)
        self.clock.advance(seconds=seconds)

    @rule(process=st.integers(0, 1))
    def freeze(self, process: int) -> None:
        """This one stands still for longer than its lease, about to send; the other goes on; this one wakes up."""
        self.claim(process, 3)
        for _ in range(10):
            self.pumps[1 - process].run_once()
            self.let_time_pass(10.0)
        frozen = self.pumps[process]
        for claim in [claim for pump, claim in self.in_hand if pump is frozen]:
            frozen.send(claim)
        self.in_hand = [(pump, claim) for pump, claim in self.in_hand if pump is not frozen]

    @rule(hours=st.integers(1, 48))
    def step_the_calendar(self, hours: int) -> None:
        self.clock.advance(hours=hours)

    @invariant()
    def no_key_is_shown_twice(self) -> None:
        assert all(copies == 1 for copies in Counter(each.key for each in self.chat.posted).values())

    @invariant()
    def a_reply_stands_in_a_thread_that_exists(self) -> None:
        shown = {each.ts for each in self.chat.posted}
        assert all(each.thread_ts is None or each.thread_ts in shown for each in self.chat.posted)

    def teardown(self) -> None:
        """Slack behaves again: all that was owed is shown, in its newest state, or visibly failed."""
        self.in_hand = []
        while self._left():
            self.pumps[0].run_once()
            self.let_time_pass(5.0)
        self.no_key_is_shown_twice()
        self._everything_is_shown_or_visibly_failed()
        for pump in self.pumps:
            pump.stop(within=60)

    def _left(self) -> int:
        self.pumps[0].run_once()
        with self.store.transaction(SYSTEM) as session:
            return quiet.in_hand(session, self.clock.now())

    def _everything_is_shown_or_visibly_failed(self) -> None:
        with self.store.transaction(SYSTEM) as session:
            states = {key: state for key, state in session.execute(select(DeliveryRow.dedup_key, DeliveryRow.state))}
        assert set(states.values()) <= {"sent", "failed", "missed"}
        shown = {each.ts: each.message for each in self.chat.posted} | dict(self.chat.updated)
        sent = {name for name in self.owed if states[f"post:{name}"] == "sent"}
        assert len(shown) >= len(sent)
        updates_sent = {name for name in sent if states.get(f"update:{name}", "sent") == "sent"}
        newest = [repr(self.owed[name]) for name in updates_sent]
        assert not Counter(newest) - Counter(map(repr, shown.values()))


def test_no_story_loses_or_doubles_a_message(store: Store) -> None:
    class OnThisStore(Ledger):
        pass

    OnThisStore.store = store
    stories, steps = SETTINGS[settings.get_current_profile_name()]
    run_state_machine_as_test(
        OnThisStore, settings=settings(max_examples=stories, stateful_step_count=steps, deadline=None)
    )
