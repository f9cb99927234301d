"""What is owed is sent once, in its place, in its turn: the ledger on both databases, with a pretend Slack."""

import pytest

from fmo_bot.db.store import Store
from fmo_bot.delivery import outbox
from fmo_bot.delivery.pump import Pump
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM, Person, Place
from tests.fakes import MONDAY_NINE, FakeChat, FixedClock, Machine

JOINT = Place("T0HUAWEI", "C0JOINT")
LUCIA = Person("T0TELEFON", "U0LUCIA")


def said(text: str) -> Notice:
    return Notice(text=text, values={})


@pytest.fixture
def pump(store: Store, chat: FakeChat, clock: FixedClock, machine: Machine) -> Pump:
    # One worker: what is due first is sent first, one thing after the other.
    return Pump(store=store, chat=chat, clock=clock, machine=machine, owner="pump", workers=1)


def test_a_message_is_posted_once_however_often_it_is_owed(store: Store, pump: Pump, chat: FakeChat) -> None:
    with store.transaction(SYSTEM) as session:
        assert outbox.owe(session, name="a", message=said("a"), due=MONDAY_NINE, language="en", place=JOINT)
        assert not outbox.owe(session, name="a", message=said("b"), due=MONDAY_NINE, language="en", place=JOINT)
    assert pump.run_once() == {"sent": 1}
    assert pump.run_once() == {}
    assert chat.messages == [said("a")]
