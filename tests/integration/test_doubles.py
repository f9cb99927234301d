"""What stands in Slack twice in spite of everything: found at night, taken back where that is safe, told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from config.manifests import manifest
from fmo_bot.charts import Charts
from fmo_bot.db.ledger import DeliveryRow, MessageRow
from fmo_bot.db.parties import JointTeamRow
from fmo_bot.db.store import Store
from fmo_bot.db.values import message_from_json
from fmo_bot.delivery import outbox
from fmo_bot.delivery.doubles import QUIET_S
from fmo_bot.delivery.lanes import Paces
from fmo_bot.delivery.pump import OVERTAKEN, Pump
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import Person, Place, Scope
from fmo_bot.ports import Outgoing
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.services import setup
from fmo_bot.services.doubles import IN_CHANNEL, TO_PERSON, NightWatch
from fmo_bot.slack.archive import SlackArchive
from fmo_bot.slack.chat import SlackChat
from fmo_bot.slack.installs import Installs
from tests.fakes import FixedClock, Machine
from tests.integration.sandbox_support import PATIENT, START, act, client, faults, record
from tests.joint_team import looked_at, team_file

JOINT = Place("T0HUAWEI", "C0JOINT")
LIWEI = Person("T0HUAWEI", "U0LIWEI")
TOKENS = {"huawei": ("xoxb-sandbox-huawei-T0HUAWEI",), "telefonica": ("xoxb-sandbox-telefonica-T0TELEFON",)}
NIGHT = START.replace(hour=2)  # three in Madrid
NIGHT_IN_CHINA = START.replace(hour=19)
PARENT, REPLY, DIRECT = "round:1", "answer:1", "prompt:1"
SAYING = Notice(text="Hello.", values={})


@dataclass
class Watch:
    """A joint team of which a post, a reply to it and a direct message are in the pretend Slack, each once."""

    box: Sandbox
    store: Store
    chat: SlackChat
    watch: NightWatch
    machine: Machine
    installs: Installs
    sent: dict[str, MessageRow] = field(default_factory=dict)

    def pump(self, chat: SlackChat, owner: str) -> Pump:
        told: dict[str, Any] = {"store": self.store, "chat": chat, "clock": FixedClock(START), "machine": self.machine}
        return Pump(**told, owner=owner, patience=10.0)

    def rows(self) -> dict[str, MessageRow]:
        """Every message there is, by name."""
        with self.store.reading(Scope(team_id=1)) as session:
            return {row.name: row for row in session.scalars(select(MessageRow))}

    def say_again(self, name: str) -> str:
        """Post a copy, as a process that stood still for too long does; its ts."""
        row = self.sent[name]
        assert row.channel is not None
        thread = self.sent[PARENT].ts if name == REPLY else None
        copy = Outgoing(message=SAYING, key=row.key, language="en", thread_ts=thread)
        return self.chat.post(Place(row.workspace, row.channel), copy)

    def look(self, at: datetime = NIGHT) -> tuple[int, int]:
        """How much is found and removed until then, all quiet conversations looked through."""
        self.machine.advance(QUIET_S + 5)
        for _ in range(3):
            self.watch.look(at)
            self.machine.advance(15)
        return self.watch.found, self.watch.removed

    def shown(self, name: str) -> list[str]:
        """The ts of every copy of a message."""
        key = self.sent[name].key
        return [each["ts"] for each in record(self.box)["messages"] if key in str(each.get("metadata"))]

    def told(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Who is told what."""
        with self.store.reading(Scope(team_id=1)) as session:
            rows = session.scalars(select(MessageRow).where(MessageRow.name.startswith("doubles:")))
            people = {row.name: row.person or "" for row in rows}
        return [(people[name], *self._owed(name)) for name in sorted(people)]

    def calls(self, method: str) -> int:
        return sum(each["method"] == method for each in record(self.box)["calls"])

    def _owed(self, name: str) -> tuple[str, dict[str, Any]]:
        with self.store.reading(Scope(team_id=1)) as session:
            row = session.scalars(select(DeliveryRow).where(DeliveryRow.dedup_key == f"post:{name}")).one()
            message = message_from_json(row.value)
        assert isinstance(message, Notice)
        return message.text, message.values


@pytest.fixture
def watch(sqlite_store: Store) -> Iterator[Watch]:
    with Sandbox(Options(patience=PATIENT, start=START)) as box:
        yield watching(box, sqlite_store)


def watching(box: Sandbox, store: Store) -> Watch:
    setup.apply(store, team_file(), START)
    looked_at(store)
    with store.transaction(Scope(team_id=1)) as session:
        assert session.scalars(select(JointTeamRow.id)).all() == [1]
        said: dict[str, Any] = {"message": SAYING, "due": START, "language": "en"}
        outbox.owe(session, name=PARENT, place=JOINT, **said)
        outbox.owe(session, name=REPLY, place=JOINT, thread_of=PARENT, **said)
        outbox.owe(session, name=DIRECT, person=LIWEI, **said)
    installs, machine = Installs.connect(TOKENS, f"{box.url}/slack/api/"), Machine()
    night = NightWatch(store, SlackArchive(installs=installs), paces=Paces(), machine=machine)
    watch = Watch(box, store, SlackChat(installs=installs, pictures=Charts()), night, machine, installs)
    pump = watch.pump(watch.chat, "first")
    for _ in range(4):
        pump.run_once()
        machine.advance(5)
    pump.stop(within=60)
    watch.sent = watch.rows()
    assert all(row.ts for row in watch.sent.values())
    return watch


class Frozen(SlackChat):
    """Stands still between its last look at the lease and its request, once."""

    meanwhile: Callable[[], object] | None = None

    def post(self, place: Place, outgoing: Outgoing) -> str:
        if (meanwhile := self.meanwhile) is not None:
            self.meanwhile = None
            meanwhile()
        return super().post(place, outgoing)


def test_what_a_frozen_process_posts_when_it_thaws_is_there_twice_until_night(watch: Watch) -> None:
    frozen = Frozen(installs=watch.installs, pictures=Charts())
    one, other = watch.pump(frozen, "frozen"), watch.pump(watch.chat, "other")

    def a_minute_passes() -> None:
        for seconds in (61, 11, 2, 2):  # the lease, the pause before the search, and then it is sent
            watch.machine.advance(seconds)
            other.run_once()

    frozen.meanwhile = a_minute_passes
    with watch.store.transaction(Scope(team_id=1)) as session:
        outbox.owe(session, name="summary:1", place=JOINT, message=SAYING, due=START, language="en")
    assert one.run_once() == {OVERTAKEN: 1}
    for pump in (one, other):
        pump.stop(within=60)
    watch.sent = watch.rows()
    assert len(watch.shown("summary:1")) == 2
    assert watch.look() == (1, 1)
    assert watch.shown("summary:1") == [watch.sent["summary:1"].ts]


def test_a_copy_in_a_channel_is_taken_back_and_both_scrum_masters_are_told_in_a_line(watch: Watch) -> None:
    watch.say_again(PARENT)
    assert watch.look() == (1, 1)
    assert watch.shown(PARENT) == [watch.sent[PARENT].ts]
    told = {"team": "5G Core", "found": 1, "removed": 1}
    assert watch.told() == [("U0LIWEI", IN_CHANNEL, told), ("U0LUCIA", IN_CHANNEL, told)]


def test_copies_in_a_thread_are_taken_back(store: Store) -> None:
    with Sandbox(Options(patience=PATIENT, start=START)) as box:
        watch = watching(box, store)
        watch.say_again(REPLY)
        watch.say_again(REPLY)
        assert watch.look() == (2, 2)
        assert watch.shown(REPLY) == [watch.sent[REPLY].ts]


def test_of_a_copy_in_a_direct_conversation_only_that_sides_scrum_master_is_told_at_that_members_night(
    watch: Watch,
) -> None:
    watch.say_again(DIRECT)
    assert watch.look() == (0, 0)  # ten in the morning in Shanghai
    assert watch.look(NIGHT_IN_CHINA) == (1, 1)
    told = {"team": "5G Core", "found": 1, "removed": 1, "whom": "Li Wei"}
    assert watch.told() == [("U0LIWEI", TO_PERSON, told)]


def test_a_copy_that_somebody_has_answered_is_left_and_told(watch: Watch) -> None:
    act(watch.box, "U0LUCIA", "say", channel="C0JOINT", text="Here?", thread_ts=watch.say_again(PARENT))
    assert watch.look() == (1, 0)
    assert len(watch.shown(PARENT)) == 2
    assert [values["removed"] for _, _, values in watch.told()] == [0, 0]


def test_where_the_one_we_know_is_gone_its_copy_is_left(watch: Watch) -> None:
    watch.say_again(PARENT)
    client(watch.box).chat_delete(channel="C0JOINT", ts=str(watch.sent[PARENT].ts))
    watch.say_again(PARENT)
    assert watch.look() == (1, 0)


def test_a_message_with_our_key_by_another_app_is_none_of_ours(watch: Watch) -> None:
    key = {"event_type": "fmo", "event_payload": {"key": watch.sent[PARENT].key}}
    client(watch.box, "telefonica", "T0TELEFON").chat_postMessage(channel="C0JOINT", text="Hello.", metadata=key)
    assert watch.look() == (0, 0)
    assert len(watch.shown(PARENT)) == 2


def test_a_conversation_is_looked_through_once_a_night(watch: Watch) -> None:
    watch.look()
    before = watch.calls("conversations.history")
    assert before > 0
    watch.say_again(PARENT)
    assert watch.look(NIGHT + timedelta(hours=1)) == (0, 0)
    assert watch.calls("conversations.history") == before
    watch.machine.advance(24 * 3600)
    assert watch.look(NIGHT + timedelta(hours=22)) == (0, 0)  # one in the morning, not yet night
    assert watch.look(NIGHT + timedelta(hours=23)) == (1, 1)


def test_a_conversation_in_which_something_is_said_is_left_alone_for_now(watch: Watch) -> None:
    watch.say_again(PARENT)
    watch.watch.look(NIGHT)
    assert watch.watch.found == 0
    assert watch.look() == (1, 1)


def test_by_day_nothing_is_read(watch: Watch) -> None:
    watch.say_again(PARENT)
    before = watch.calls("conversations.history")
    assert watch.look(START.replace(hour=12)) == (0, 0)
    assert watch.calls("conversations.history") == before


def test_where_slack_asks_to_wait_a_conversation_has_its_turn_later_in_the_night(watch: Watch) -> None:
    watch.say_again(PARENT)
    faults(watch.box, rate_limited=1.0, methods=["conversations.history"])
    watch.look()
    faults(watch.box, rate_limited=0.0)
    assert watch.watch.found == 0
    assert watch.look() == (1, 1)


def test_where_history_may_not_be_read_nothing_is_found_and_nothing_fails(sqlite_store: Store, tmp_path: Path) -> None:
    file = tmp_path / "manifest.yaml"
    file.write_text(yaml.safe_dump(manifest(transport="socket", profile="minimal")), "utf-8")
    with Sandbox(Options(patience=PATIENT, start=START, manifest=file)) as box:
        watch = watching(box, sqlite_store)
        watch.say_again(PARENT)
        assert watch.look() == (0, 0)
        watch.say_again(DIRECT)
        assert watch.look(NIGHT_IN_CHINA) == (1, 1)
