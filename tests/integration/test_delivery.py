"""What is owed is sent once, in its place, in its turn: the ledger on both databases, with a pretend Slack."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from threading import Event
from typing import Any, Protocol

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from fmo_bot.db.ledger import DeliveryRow, LaneRow, MessageRow
from fmo_bot.db.parties import MemberRow, OrganisationRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import claims, lanes, outbox, quiet, settling
from fmo_bot.delivery.claims import MAX_ATTEMPTS
from fmo_bot.delivery.outbox import Owed
from fmo_bot.delivery.pump import LONGEST_PAUSE_S, Pump
from fmo_bot.delivery.retention import retain
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM, Person, Place
from fmo_bot.errors import NotNow, RateLimited, SendOutcome, Uncertain, Undeliverable
from tests.databases import until_somebody_waits
from tests.fakes import MONDAY_NINE, FakeChat, FixedClock, Machine, accepted

JOINT = Place("T0HUAWEI", "C0JOINT")
HUAWEI_ONLY = Place("T0HUAWEI", "C0HWTEAM")
TELEFONICA_ONLY = Place("T0TELEFON", "C0TEFTEAM")
LUCIA = Person("T0TELEFON", "U0LUCIA")


class Killed(BaseException):
    """The process ends here, as with kill -9: nothing after this line runs."""


def said(text: str) -> Notice:
    return Notice(text=text, values={})


@pytest.fixture
def pumps(store: Store, chat: FakeChat, clock: FixedClock, machine: Machine) -> Iterator[tuple[Pump, Pump]]:
    """Two processes' pumps, with one worker each: one thing after the other."""
    parts: dict[str, Any] = {"store": store, "chat": chat, "clock": clock, "machine": machine}
    both = [Pump(**parts, owner=name, workers=1, patience=60) for name in ("one", "two")]
    yield both[0], both[1]
    for each in both:
        assert each.stop(within=60)


@pytest.fixture
def pump(pumps: tuple[Pump, Pump]) -> Pump:
    return pumps[0]


def owe(store: Store, name: str, **how: Any) -> None:
    given: dict[str, Any] = {"message": said(name), "due": MONDAY_NINE, "language": "en"}
    place = {} if "person" in how else {"place": JOINT}
    with store.transaction(SYSTEM) as session:
        outbox.owe(session, name=name, **(given | place | how))


def update(store: Store, name: str, text: str) -> None:
    with store.transaction(SYSTEM) as session:
        outbox.owe_update(session, name=name, message=said(text), due=MONDAY_NINE, language="en")


def delivery(store: Store, dedup_key: str) -> DeliveryRow:
    with store.transaction(SYSTEM) as session:
        return session.scalars(select(DeliveryRow).where(DeliveryRow.dedup_key == dedup_key)).one()


class Settle(Protocol):
    def __call__(self, pump: Pump, *, seconds: int = 300) -> None: ...


@pytest.fixture
def settle(store: Store, clock: FixedClock, machine: Machine) -> Settle:
    """Let machine time pass in steps of three seconds, as ticks of the pump, until nothing is left to do."""

    def settle(pump: Pump, *, seconds: int = 300) -> None:
        for _ in range(seconds // 3):
            pump.run_once()
            machine.advance(3)
            with store.transaction(SYSTEM) as session:
                if not quiet.in_hand(session, clock.now()):
                    return

    return settle


def test_a_message_is_posted_once_however_often_it_is_owed(store: Store, pump: Pump, chat: FakeChat) -> None:
    with store.transaction(SYSTEM) as session:
        assert outbox.owe(session, name="a", message=said("a"), due=MONDAY_NINE, language="en", place=JOINT)
        assert not outbox.owe(session, name="a", message=said("b"), due=MONDAY_NINE, language="en", place=JOINT)
    assert pump.run_once() == {"sent": 1}
    assert pump.run_once() == {}
    assert chat.messages == [said("a")]


def test_of_several_that_are_owed_together_each_is_posted_once(store: Store, pump: Pump, chat: FakeChat) -> None:
    owe(store, "b")
    with store.transaction(SYSTEM) as session:
        session.add(company := OrganisationRow(name="Telefónica"))
        session.flush()
        session.add(
            MemberRow(
                organisation_id=company.id,
                home_workspace=LUCIA.workspace,
                slack_user_id=LUCIA.user,
                name="Lucía",
                zone="UTC",
                dm_channel="D0LUCIA",
            )
        )
        session.flush()
        names: tuple[tuple[str, Person], ...] = (("a", LUCIA), ("b", LUCIA), ("c", Person("T0TELEFON", "U0NEW")))
        owed = [Owed(name=n, message=said(n), due=MONDAY_NINE, language="en", person=to) for n, to in names]
        assert outbox.owe_all(session, owed) == 2
        assert outbox.owe_all(session, owed) == 0
    with store.reading(SYSTEM) as session:
        rows = {row.name: (row.channel, row.person) for row in session.scalars(select(MessageRow))}
    assert rows == {"a": ("D0LUCIA", LUCIA.user), "b": (JOINT.channel, None), "c": (None, "U0NEW")}
    assert pump.run_once() == {"sent": 3}
    assert sorted(chat.messages, key=str) == sorted([said("a"), said("b"), said("c")], key=str)


def owe_then_fail(store: Store) -> None:
    with store.transaction(SYSTEM) as session:
        outbox.owe(session, name="a", message=said("a"), due=MONDAY_NINE, language="en", place=JOINT)
        raise LookupError


def test_what_a_rolled_back_transaction_owed_is_not_owed(store: Store, pump: Pump, chat: FakeChat) -> None:
    with pytest.raises(LookupError):
        owe_then_fail(store)
    assert pump.run_once() == {}
    assert chat.posted == []


# How one attempt ends -> the state right after it, and after three minutes; copies that Slack shows at the end.
ENDINGS = {
    "it goes well": (None, "sent", "sent", 1),
    "the answer is lost after Slack accepted": (accepted(Uncertain("timeout")), "unsure", "sent", 1),
    "the request is lost before Slack saw it": (Uncertain("connection reset"), "unsure", "sent", 1),
    "Slack answers 429": (RateLimited(30, lanes.of_method("T0HUAWEI", "chat.postMessage")), "ready", "sent", 1),
    "no connection could be made": (NotNow("connection refused"), "ready", "sent", 1),
    "the channel is gone": (Undeliverable("channel_not_found"), "failed", "failed", 0),
    "our own code fails before Slack saw it": (KeyError("colour"), "unsure", "sent", 1),
    "our own code fails after Slack accepted": (accepted(KeyError("ts")), "unsure", "sent", 1),
}


@pytest.mark.parametrize("case", ENDINGS)
def test_however_an_attempt_ends_nothing_is_lost_or_doubled(
    case: str, store: Store, pump: Pump, chat: FakeChat, settle: Settle
) -> None:
    ending, at_once, later, copies = ENDINGS[case]
    owe(store, "a")
    chat.script = [ending]
    assert pump.run_once() == {at_once: 1}
    settle(pump)
    row = delivery(store, "post:a")
    assert (row.state, len(chat.posted)) == (later, copies)
    assert row.error is None or row.state == "failed"


def test_a_process_killed_before_it_posted_delays_the_message(
    store: Store, pumps: tuple[Pump, Pump], chat: FakeChat, settle: Settle
) -> None:
    owe(store, "a")
    pumps[0].claim(1)  # and then it is killed
    assert pumps[1].run_once() == {}  # the lease still runs
    settle(pumps[1], seconds=90)
    assert chat.messages == [said("a")]
    assert delivery(store, "post:a").state == "sent"


def test_a_process_killed_after_slack_accepted_leaves_one_copy(
    store: Store, pumps: tuple[Pump, Pump], chat: FakeChat, settle: Settle
) -> None:
    owe(store, "a")
    chat.script = [accepted(Killed())]
    (claim,) = pumps[0].claim(1)
    with pytest.raises(Killed):
        pumps[0].send(claim)
    settle(pumps[1], seconds=90)
    assert len(chat.posted) == 1
    assert delivery(store, "post:a").state == "sent"
    with store.transaction(SYSTEM) as session:
        assert session.scalars(select(MessageRow.ts)).one() == chat.posted[0].ts


def test_a_process_killed_before_it_opened_the_conversation_delays_the_message(
    store: Store, pumps: tuple[Pump, Pump], chat: FakeChat, settle: Settle
) -> None:
    owe(store, "a", person=LUCIA)
    pumps[0].claim(1)
    settle(pumps[1], seconds=90)
    assert [each.place for each in chat.posted] == [Place("T0TELEFON", "DU0LUCIA")]


def test_a_process_frozen_for_longer_than_its_lease_does_not_post(
    store: Store, pumps: tuple[Pump, Pump], chat: FakeChat, settle: Settle
) -> None:
    owe(store, "a")
    (claim,) = pumps[0].claim(1)
    settle(pumps[1], seconds=90)
    assert pumps[0].send(claim) == "overtaken"
    assert len(chat.posted) == 1


def test_a_process_slower_than_its_lease_may_still_say_that_it_posted(
    store: Store, pumps: tuple[Pump, Pump], chat: FakeChat, machine: Machine
) -> None:
    owe(store, "a")

    def freeze() -> None:
        machine.advance(61)
        pumps[1].run_once()  # takes the delivery back as unsure

    chat.before_post = freeze
    (claim,) = pumps[0].claim(1)
    assert pumps[0].send(claim) == "sent"
    assert chat.searched == []


def test_what_slack_has_accepted_is_noted_though_the_database_gives_up_the_first_try(
    store: Store, pump: Pump, chat: FakeChat
) -> None:
    owe(store, "a")
    (claim,) = pump.claim(1)

    @event.listens_for(store.engine, "before_cursor_execute", once=True)
    def deadlock(*_: Any) -> None:
        raise OperationalError("UPDATE delivery", None, Exception("deadlock detected"))

    assert pump.send(claim) == "sent"
    assert len(chat.posted) == 1
    assert chat.searched == []


@pytest.mark.parametrize("fresh_url", ["postgres"], indirect=True)  # SQLite lets one transaction write at a time
def test_what_its_owner_notes_at_this_moment_is_not_taken_back(store: Store, pump: Pump, machine: Machine) -> None:
    owe(store, "a")
    pump.claim(1)
    with store.transaction(SYSTEM) as noting, store.transaction(SYSTEM) as other:
        noting.scalars(select(DeliveryRow).with_for_update()).one()
        other.connection().exec_driver_sql("SET LOCAL lock_timeout = '1s'")
        claims.recover(other, machine() + 61)
    assert delivery(store, "post:a").state == "sending"


def test_a_search_looks_from_shortly_before_the_first_attempt(
    store: Store, pump: Pump, chat: FakeChat, clock: FixedClock, machine: Machine
) -> None:
    owe(store, "a")
    chat.script = [Uncertain("timeout")]
    pump.run_once()
    clock.advance(hours=3)  # calendar time may be stepped meanwhile
    machine.advance(9)
    assert pump.run_once() == {}  # Slack's history may lag
    machine.advance(2)
    pump.run_once()
    assert chat.searched == [(chat.searched[0][0], MONDAY_NINE - timedelta(seconds=5))]


def test_after_six_searches_without_a_result_a_person_has_to_look(
    store: Store, pump: Pump, chat: FakeChat, settle: Settle
) -> None:
    owe(store, "a")
    chat.script = [accepted(), Uncertain("503"), NotNow("refused"), *[Uncertain("503")] * 4]
    settle(pump, seconds=360)
    row = delivery(store, "post:a")
    assert (row.state, len(chat.posted)) == ("failed", 1)
    assert row.error == "may have been sent; 6 searches failed: 503"


def test_a_search_that_is_rate_limited_is_put_off_and_does_not_count(
    store: Store, pump: Pump, chat: FakeChat, settle: Settle
) -> None:
    owe(store, "a")
    limited = RateLimited(20, lanes.of_method("T0HUAWEI", "conversations.history"))
    chat.script = [accepted(), limited, limited, limited]
    settle(pump)
    assert (delivery(store, "post:a").state, len(chat.posted)) == ("sent", 1)


# Where history may not be read the policy decides: its state at the end, and the copies Slack may show.
POLICIES = {"reconcile": ("unsure", 1), "at_most_once": ("unsure", 1), "at_least_once": ("sent", 2)}


@pytest.mark.parametrize("policy", POLICIES)
def test_where_history_may_not_be_read_the_policy_decides(
    policy: str, store: Store, pump: Pump, chat: FakeChat, settle: Settle
) -> None:
    owe(store, "a", policy=policy)
    chat.history_allowed = False
    chat.script = [accepted()]
    settle(pump)
    assert (delivery(store, "post:a").state, len(chat.posted)) == POLICIES[policy]
    with store.transaction(SYSTEM) as session:
        assert quiet.in_hand(session, MONDAY_NINE) == 0  # it is left to a person; nothing more happens by itself


def test_what_cannot_be_sent_again_and_again_fails_visibly(
    store: Store, pump: Pump, chat: FakeChat, machine: Machine
) -> None:
    owe(store, "a")
    chat.script = [NotNow("connection refused")] * 50
    for _ in range(13):
        pump.run_once()
        machine.advance(LONGEST_PAUSE_S)
    row = delivery(store, "post:a")
    assert (row.state, row.attempt, row.error) == ("failed", MAX_ATTEMPTS, "tried too often: connection refused")


def test_a_429_closes_its_lane_for_everything_on_it_and_nothing_else(
    store: Store, pump: Pump, chat: FakeChat, settle: Settle
) -> None:
    owe(store, "a", place=JOINT)
    owe(store, "b", place=HUAWEI_ONLY)
    owe(store, "c", place=TELEFONICA_ONLY)
    chat.script = [RateLimited(30, lanes.of_method("T0HUAWEI", "chat.postMessage"))]
    pump.run_once()
    settle(pump, seconds=27)
    assert chat.messages == [said("c")]
    assert delivery(store, "post:a").attempt == 0
    settle(pump, seconds=10)
    assert sorted(message.text for message in chat.messages if isinstance(message, Notice)) == ["a", "b", "c"]


def test_a_channel_gets_one_message_a_second_and_holds_up_no_other(
    store: Store, pump: Pump, chat: FakeChat, machine: Machine
) -> None:
    moments: list[float] = []
    chat.before_post = lambda: moments.append(machine())
    for n in range(5):
        owe(store, f"joint {n}")
    owe(store, "other", place=TELEFONICA_ONLY, due=MONDAY_NINE)
    for _ in range(80):
        pump.run_once()
        machine.advance(0.1)
    in_joint = [at for at, each in zip(moments, chat.posted, strict=True) if each.place == JOINT]
    assert len(in_joint) == 5
    assert all(later - earlier > 1 for earlier, later in pairwise(in_joint))
    assert chat.messages[1] == said("other")


def test_while_something_is_being_said_in_a_channel_nothing_else_is(
    store: Store, pumps: tuple[Pump, Pump], machine: Machine
) -> None:
    one, two = pumps
    owe(store, "slow")
    owe(store, "next")
    owe(store, "elsewhere", place=HUAWEI_ONLY)
    slow, elsewhere = one.claim(2)
    machine.advance(5)
    assert two.claim(2) == []
    assert [one.send(each) for each in (slow, elsewhere)] == ["sent", "sent"]
    machine.advance(0.9)  # since the answer; since the claim, nearly six
    assert two.claim(1) == []
    machine.advance(0.2)
    assert [claim.name for claim in two.claim(1)] == ["next"]


def test_a_workspace_gets_messages_at_its_pace(store: Store, pump: Pump, chat: FakeChat, machine: Machine) -> None:
    for n in range(40):
        owe(store, f"{n}", place=Place("T0HUAWEI", f"C{n}"))
    for _ in range(100):
        pump.run_once()
        machine.advance(0.05)
    assert len(chat.posted) == 5 + 24  # a second's worth at once, then 295 a minute for five seconds


@pytest.mark.parametrize("allowed", [1, 59, 60, 300, 525, 60_000])
def test_no_minute_has_more_messages_than_are_allowed_in_a_workspace(allowed: int) -> None:
    pace = lanes.Paces(allowed).of_method(lanes.POST)
    moments = [max(0.0, n * pace.interval - pace.ahead) for n in range(2 * allowed)]
    assert max(bisect_left(moments, at + 60 - 1e-9) - n for n, at in enumerate(moments)) <= allowed
    assert moments[-1] < 2 * 60 * 1.05  # and nearly as many as are allowed


def test_a_direct_conversation_is_opened_once_and_remembered(
    store: Store, pump: Pump, chat: FakeChat, settle: Settle
) -> None:
    with store.transaction(SYSTEM) as session:
        session.add(company := OrganisationRow(name="Telefonica"))
        session.flush()
        session.add(
            MemberRow(
                organisation_id=company.id,
                home_workspace=LUCIA.workspace,
                slack_user_id=LUCIA.user,
                name="Lucía Ortega",
                zone="Europe/Madrid",
            )
        )
    owe(store, "first", person=LUCIA)
    owe(store, "second", person=LUCIA)
    settle(pump, seconds=10)
    owe(store, "third", person=LUCIA)
    settle(pump, seconds=10)
    assert chat.opened == [LUCIA]
    assert [each.place.channel for each in chat.posted] == ["DU0LUCIA"] * 3
    with store.transaction(SYSTEM) as session:
        assert session.scalars(select(MemberRow.dm_channel)).one() == "DU0LUCIA"
        assert session.get_one(LaneRow, lanes.of_channel("T0TELEFON", "DU0LUCIA")).next_at > 0


def test_a_reply_waits_for_the_message_it_answers(store: Store, pump: Pump, chat: FakeChat, settle: Settle) -> None:
    owe(store, "round", due=MONDAY_NINE + timedelta(minutes=5))
    owe(store, "answer", thread_of="round")
    settle(pump, seconds=10)
    assert chat.posted == []
    with store.transaction(SYSTEM) as session:
        assert quiet.in_hand(session, MONDAY_NINE) == 0
        assert quiet.next_due(session, MONDAY_NINE) == MONDAY_NINE + timedelta(minutes=5)


def test_a_reply_goes_into_the_thread(
    store: Store, pump: Pump, chat: FakeChat, clock: FixedClock, settle: Settle
) -> None:
    owe(store, "round", due=MONDAY_NINE + timedelta(minutes=5))
    owe(store, "answer", thread_of="round")
    clock.advance(minutes=5)
    settle(pump, seconds=10)
    assert [(each.message, each.thread_ts) for each in chat.posted] == [
        (said("round"), None),
        (said("answer"), chat.posted[0].ts),
    ]


def test_a_reply_to_a_message_that_was_not_sent_fails_with_it(store: Store, pump: Pump, chat: FakeChat) -> None:
    owe(store, "round")
    owe(store, "answer", thread_of="round")
    update(store, "answer", "a better answer")
    chat.script = [Undeliverable("is_archived")]
    pump.run_once()
    pump.run_once()
    row = delivery(store, "post:answer")
    assert (row.state, row.error) == ("failed", "the message it answers was not sent")


def test_nobody_can_reply_to_or_update_what_is_not_owed(store: Store) -> None:
    with pytest.raises(LookupError):
        owe(store, "answer", thread_of="round")
    with pytest.raises(LookupError):
        update(store, "round", "closed")


def test_updates_before_the_post_change_what_is_posted(store: Store, pump: Pump, chat: FakeChat) -> None:
    owe(store, "round")
    update(store, "round", "1 of 8")
    update(store, "round", "2 of 8")
    assert pump.run_once() == {"sent": 1}
    assert (chat.messages, chat.updated) == ([said("2 of 8")], [])


def test_an_update_owed_while_the_post_was_on_its_way_does_not_outlive_a_newer_state(
    store: Store, pump: Pump, chat: FakeChat, machine: Machine, settle: Settle
) -> None:
    owe(store, "a")
    chat.script = [Uncertain("timeout")]
    assert pump.run_once() == {"unsure": 1}
    update(store, "a", "older")  # waits for the post
    machine.advance(11)
    assert pump.run_once() == {"ready": 1}  # searched for, and not there
    update(store, "a", "newest")  # goes into the post, which is not on its way
    settle(pump)
    assert (chat.messages, chat.updated) == ([said("newest")], [])


def test_updates_after_the_post_collapse_to_the_latest(
    store: Store, pump: Pump, chat: FakeChat, settle: Settle
) -> None:
    owe(store, "round")
    pump.run_once()
    for n in range(1, 9):
        update(store, "round", f"{n} of 8")
    settle(pump, seconds=10)
    update(store, "round", "closed")
    settle(pump, seconds=10)
    ts = chat.posted[0].ts
    assert chat.updated == [(ts, said("8 of 8")), (ts, said("closed"))]


def test_a_state_owed_while_an_older_one_is_on_its_way_is_sent_after_it(
    store: Store, pump: Pump, chat: FakeChat, settle: Settle
) -> None:
    owe(store, "round")
    (post,) = pump.claim(1)
    update(store, "round", "1 of 8")  # while the post is on its way
    pump.send(post)
    (older,) = pump.claim(1)
    update(store, "round", "2 of 8")  # while the update is
    assert pump.send(older) == "sent"
    settle(pump, seconds=10)
    assert [message for _, message in chat.updated] == [said("1 of 8"), said("2 of 8")]


def test_an_update_that_may_have_arrived_is_simply_sent_again(
    store: Store, pump: Pump, chat: FakeChat, settle: Settle
) -> None:
    owe(store, "round")
    pump.run_once()
    update(store, "round", "closed")
    chat.script = [accepted()]
    settle(pump, seconds=20)
    assert [message for _, message in chat.updated] == [said("closed")] * 2
    assert chat.searched == []


def home(store: Store) -> None:
    with store.transaction(SYSTEM) as session:
        outbox.owe_home(session, person=LUCIA, message=said("today"), due=MONDAY_NINE, language="en")


# What kills its process each time -> how it is owed.
DEADLY: dict[str, Callable[[Store], None]] = {
    "update:a": lambda store: update(store, "a", "closed"),
    "home:home:T0TELEFON:U0LUCIA": home,
}


def test_what_answers_a_message_is_found_without_reading_every_delivery(sqlite_store: Store) -> None:
    owe(sqlite_store, "round")
    post, asked = delivery(sqlite_store, "post:round"), []
    with sqlite_store.transaction(SYSTEM) as session:

        @event.listens_for(sqlite_store.engine, "before_cursor_execute", once=True)
        def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
            asked.append((statement, parameters))

        settling.followers(session, post)
        ((statement, parameters),) = asked
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    assert [step[-1] for step in plan if step[-1].startswith("SCAN")] == []


@pytest.mark.parametrize("key", DEADLY)
def test_what_kills_its_process_every_time_is_given_up_until_a_newer_state_is_owed(
    key: str, store: Store, pump: Pump, machine: Machine
) -> None:
    owe(store, "a")
    pump.run_once()
    DEADLY[key](store)
    for _ in range(MAX_ATTEMPTS):
        machine.advance(61)
        assert [claim.op for claim in pump.claim(1)] == [key.partition(":")[0]]
    machine.advance(61)
    assert pump.claim(1) == []
    row = delivery(store, key)
    assert (row.state, row.attempt, row.error) == ("failed", MAX_ATTEMPTS, "its process was lost every time")
    DEADLY[key](store)
    assert len(pump.claim(1)) == 1


@pytest.mark.parametrize("fresh_url", ["postgres"], indirect=True)  # SQLite lets one transaction write at a time
def test_an_update_owed_while_the_older_one_is_forgotten_is_owed_all_the_same(store: Store, pump: Pump) -> None:
    owe(store, "a")
    pump.run_once()
    update(store, "a", "older")
    with ThreadPoolExecutor(1) as second:
        with store.transaction(SYSTEM) as first:
            older = first.scalars(select(DeliveryRow).where(DeliveryRow.op == "update").with_for_update()).one()
            newer = second.submit(update, store, "a", "newer")
            until_somebody_waits(store)
            first.delete(older)
        newer.result(timeout=60)
    assert delivery(store, "update:a").value["text"] == "newer"


def test_an_update_carries_the_key_of_its_post(store: Store, pump: Pump, chat: FakeChat) -> None:
    owe(store, "round")
    pump.run_once()
    update(store, "round", "closed")
    (claim,) = pump.claim(1)
    assert claim.key == chat.posted[0].key


def test_updates_of_a_message_that_was_not_sent_are_dropped(
    store: Store, pump: Pump, chat: FakeChat, settle: Settle
) -> None:
    owe(store, "round")
    (post,) = pump.claim(1)
    update(store, "round", "1 of 8")
    chat.script = [Undeliverable("is_archived")]
    pump.send(post)
    settle(pump, seconds=10)
    assert delivery(store, "update:round").state == "missed"
    assert (chat.posted, chat.updated) == ([], [])


def test_a_home_shows_the_latest_state(store: Store, pump: Pump, chat: FakeChat, settle: Settle) -> None:
    for text in ("morning", "noon"):
        with store.transaction(SYSTEM) as session:
            outbox.owe_home(session, person=LUCIA, message=said(text), due=MONDAY_NINE, language="es")
    settle(pump, seconds=4)
    assert chat.homes == [(LUCIA, said("noon"))]


def test_what_would_come_too_late_is_marked_and_not_sent(
    store: Store, pump: Pump, chat: FakeChat, clock: FixedClock
) -> None:
    owe(store, "prompt", useful_until=MONDAY_NINE + timedelta(hours=2))
    clock.advance(hours=2, seconds=1)
    assert pump.run_once() == {}
    row = delivery(store, "post:prompt")
    assert (row.state, row.error) == ("missed", "it would have come too late")
    assert chat.posted == []


def test_what_may_have_been_sent_is_searched_for_even_when_it_is_too_late(
    store: Store, pump: Pump, chat: FakeChat, clock: FixedClock, settle: Settle
) -> None:
    owe(store, "prompt", useful_until=MONDAY_NINE + timedelta(hours=2))
    chat.script = [accepted()]
    pump.run_once()
    clock.advance(hours=3)
    settle(pump, seconds=20)
    assert delivery(store, "post:prompt").state == "sent"


def test_nothing_is_sent_before_it_is_due(store: Store, pump: Pump, clock: FixedClock) -> None:
    owe(store, "later", due=MONDAY_NINE + timedelta(seconds=1))
    assert pump.run_once() == {}
    clock.advance(seconds=1)
    assert pump.run_once() == {"sent": 1}


def test_a_pump_that_was_stopped_claims_nothing(store: Store, pump: Pump) -> None:
    owe(store, "a")
    assert pump.stop(within=1)
    assert pump.run_once() == {}
    assert delivery(store, "post:a").state == "ready"


def test_what_was_claimed_and_not_begun_goes_back_when_the_process_ends(
    store: Store, pumps: tuple[Pump, Pump], chat: FakeChat, clock: FixedClock, machine: Machine
) -> None:
    hangs, go_on = Event(), Event()
    ending = Pump(store=store, chat=chat, clock=clock, machine=machine, owner="ending", workers=1, patience=0.01)

    def hang() -> None:
        hangs.set()
        assert go_on.wait(60)

    chat.before_post = hang
    for n in range(3):
        owe(store, f"{n}", place=Place("T0HUAWEI", f"C{n}"))
    ending.run_once()
    assert hangs.wait(60)
    assert not ending.stop(within=0.01)
    rows = [delivery(store, f"post:{n}") for n in range(3)]
    assert [(row.state, row.attempt) for row in rows] == [("sending", 1), ("ready", 0), ("ready", 0)]
    go_on.set()
    machine.advance(2)  # the pace of a channel, not a lease
    assert pumps[1].run_once() == {"sent": 2}
    assert ending.stop(within=60)  # nothing of it outlives the test


# How the first of two messages into a conversation ended -> seconds until a run may come to something.
PAUSES: list[tuple[SendOutcome | None, float]] = [
    (None, lanes.CHANNEL_S),  # the second waits its turn
    (RateLimited(30, lanes.of_method("T0HUAWEI", lanes.POST)), 30.0),
    (NotNow("connection refused"), lanes.CHANNEL_S),
]


@pytest.mark.parametrize(("ending", "seconds"), PAUSES)
def test_a_run_is_worth_it_again_when_something_may_go(
    ending: SendOutcome | None, seconds: float, store: Store, pump: Pump, chat: FakeChat, machine: Machine
) -> None:
    chat.script = [ending]
    owe(store, "first")
    owe(store, "second")
    pump.run_once()
    assert pump.run_once() == {}
    at = pump.next_run()
    assert at is not None
    assert at - machine() == pytest.approx(seconds, abs=0.1)


def test_nobody_runs_for_what_is_not_due(store: Store, pump: Pump) -> None:
    owe(store, "later", due=MONDAY_NINE + timedelta(hours=1))
    assert pump.next_run() is None


def test_processes_that_send_at_the_same_time_share_the_work(
    store: Store, chat: FakeChat, clock: FixedClock, machine: Machine
) -> None:
    for n in range(48):
        owe(store, f"{n}", place=Place(f"T{n % 12}", f"C{n}"))
    pumps = [Pump(store=store, chat=chat, clock=clock, machine=machine, owner=f"{n}", patience=60) for n in range(3)]

    def send(pump: Pump) -> int:
        sent = 0
        while done := pump.run_once():
            sent += done["sent"]
        return sent

    with ThreadPoolExecutor() as threads:
        assert sum(threads.map(send, pumps)) == 48
    assert len({each.key for each in chat.posted}) == len(chat.posted) == 48
    assert all(pump.stop(within=60) for pump in pumps)


# Days since it was sent -> whether its text is still kept.
@pytest.mark.parametrize(("days", "kept"), [(29, True), (31, False)])
def test_the_text_of_what_was_sent_is_forgotten_after_thirty_days(
    days: int, kept: bool, store: Store, pump: Pump
) -> None:
    owe(store, "a")
    pump.run_once()
    retain(store, MONDAY_NINE + timedelta(days=days))
    assert bool(delivery(store, "post:a").value) is kept


def test_what_is_forgotten_is_not_written_again(store: Store, pump: Pump) -> None:
    for name, useful in (("a", None), ("b", MONDAY_NINE - timedelta(minutes=1))):
        owe(store, name, useful_until=useful)
    assert pump.run_once() == {"sent": 1}
    written: list[str] = []

    @event.listens_for(store.engine, "after_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith(("UPDATE", "DELETE")):
            written.append(statement)

    retain(store, MONDAY_NINE + timedelta(days=31))
    assert len(written) == 2
    retain(store, MONDAY_NINE + timedelta(days=32))
    assert len(written) == 2
