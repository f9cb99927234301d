"""What becomes of a joint team's channels: what is held, what goes on, who is told, and what is taken back."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fmo_bot.db.ledger import DeliveryRow, InboxRow, MessageRow
from fmo_bot.db.parties import ChannelRow, SideRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox, kept, outbox, quiet
from fmo_bot.delivery.pump import Pump
from fmo_bot.domain.channels import Reader, Seen, State
from fmo_bot.domain.messages import Notice, StrangerInChannel
from fmo_bot.domain.parties import Person, Place, Scope
from fmo_bot.errors import NotAllowed, NotFound, Undeliverable
from fmo_bot.services import channels, strangers
from fmo_bot.services.channels import Channels
from fmo_bot.services.strangers import Settled, Strangers
from tests.fakes import FakeChat, FakeLookout, FixedClock, Machine
from tests.joint_team import CHENYU, LIWEI, LUCIA, STRANGER, JointTeam

JOINT, INSIDE = Place("T0HUAWEI", "C0JOINT"), Place("T0HUAWEI", "C0INSIDE")
SHARED = Seen(name="joint-5g", host="T0HUAWEI", workspaces=frozenset({"T0HUAWEI", "T0TELEFON"}))
THREE = Seen(name="joint-5g", host="T0HUAWEI", workspaces=SHARED.workspaces | {"T0CONSULT"})
ALONE = Seen(name="joint-5g", host="T0HUAWEI", workspaces=frozenset({"T0HUAWEI"}))
ARCHIVED = Seen(name="joint-5g", host="T0HUAWEI", workspaces=SHARED.workspaces, is_archived=True)
OWN = Seen(name="hw-only", host="T0HUAWEI", workspaces=frozenset({"T0HUAWEI"}))


@dataclass
class Life:
    """A joint team, a pump, and whoever looks at its channels."""

    store: Store
    team: JointTeam
    chat: FakeChat
    clock: FixedClock
    machine: Machine
    slack: FakeLookout = field(default_factory=lambda: FakeLookout(names={"T0CONSULT": "Parkline"}))
    events: int = 0

    def __post_init__(self) -> None:
        told: dict[str, Any] = {"store": self.store, "chat": self.chat, "clock": self.clock, "machine": self.machine}
        self.pump = Pump(**told, owner="one", workers=1, patience=60)
        self.channels = Channels(self.store, self.slack, machine=self.machine)
        self.scope = Scope(team_id=self.team.result.team_id)
        self.becomes(SHARED)

    def owe(self, name: str, place: Place = JOINT, **how: Any) -> None:
        with self.store.transaction(self.scope) as session:
            told: dict[str, Any] = {"message": Notice(text=name, values={}), "due": self.clock.now(), "language": "en"}
            outbox.owe(session, name=name, place=place, **(told | how))

    def heard(self, channel: str = "C0JOINT", *, new: str = "") -> None:
        """An event came in; not worked yet."""
        self.events += 1
        self.channels.heard(channel, event_key=f"event:{self.events}", at=self.clock.now(), new=new)

    def work(self) -> None:
        self.machine.advance(2)
        while (job := inbox.claim(self.store, owner="one", now=self.machine())) is not None:
            inbox.work(self.store, job, {channels.LOOK: self.channels.look}, at=self.clock.now(), machine=self.machine)

    def becomes(self, seen: Seen | Undeliverable, channel: str = "C0JOINT") -> None:
        """Slack shows a channel otherwise, and says so."""
        self.slack.channels[channel] = seen
        self.clock.advance(minutes=1)
        self.heard(channel)
        self.work()

    def send(self) -> None:
        for _ in range(8):
            self.pump.run_once()
            self.machine.advance(3)

    def said(self, place: Place = JOINT) -> list[str]:
        self.send()
        posted = [each.message for each in self.chat.posted if each.place == place]
        return [each.text for each in posted if isinstance(each, Notice)]

    def told(self, person: Person) -> list[Notice]:
        """What a person was told of channels."""
        with self.store.reading(self.scope) as session:
            query = select(MessageRow.name).where(MessageRow.person == person.user, MessageRow.name.like("channel:%"))
            names = session.scalars(query.order_by(MessageRow.id)).all()
        return [message for name in names if isinstance(message := self.team.one(name), Notice)]

    def asked(self, person: Person) -> StrangerInChannel:
        """The newest state of the question whether a company is a partner."""
        with self.store.reading(self.scope) as session:
            query = select(MessageRow.name).where(MessageRow.person == person.user, MessageRow.name.like("stranger:%"))
            name = session.scalars(query.order_by(MessageRow.id.desc())).first()
        assert name is not None
        ((_, _, found),) = self.team.owed(name, op="update") or self.team.owed(name)
        assert isinstance(found, StrangerInChannel)
        return found

    def row(self, kind: str = "joint") -> ChannelRow:
        with self.store.reading(self.scope) as session:
            return session.scalars(select(ChannelRow).where(ChannelRow.kind == kind)).one()


@pytest.fixture
def life(sqlite_store: Store, chat: FakeChat, clock: FixedClock, machine: Machine) -> Iterator[Life]:
    made = Life(sqlite_store, JointTeam(sqlite_store), chat, clock, machine)
    yield made
    assert made.pump.stop(within=60)


@pytest.fixture
def anywhere(store: Store, chat: FakeChat, clock: FixedClock, machine: Machine) -> Iterator[Life]:
    """The same on either database."""
    made = Life(store, JointTeam(store), chat, clock, machine)
    yield made
    assert made.pump.stop(within=60)


def test_an_archived_channel_holds_its_posts_and_they_come_when_it_is_back(anywhere: Life) -> None:
    life = anywhere
    life.owe("before")
    assert life.said() == ["before"]
    life.becomes(ARCHIVED)
    life.owe("held")
    life.owe("too late then", useful_until=life.clock.now() + timedelta(minutes=30))
    assert life.said() == ["before"]
    with life.store.reading(life.scope) as session:
        assert quiet.in_hand(session, life.clock.now()) == 0  # nobody waits for it
    life.channels.put_off(life.clock.now())
    life.clock.advance(hours=1)
    life.becomes(SHARED)
    assert life.said() == ["before", "held"]
    for master in (LIWEI, LUCIA):
        assert [each.text for each in life.told(master)] == [channels.AT_REST[State.ARCHIVED], channels.GOES_ON]
    assert life.told(CHENYU) == []


def test_from_an_event_on_nothing_is_said_until_the_channel_was_looked_at(life: Life) -> None:
    life.owe("held")
    life.heard()
    assert life.said() == []

    def another() -> None:
        life.slack.meanwhile = lambda: None
        life.heard()

    life.slack.meanwhile = another
    life.work()
    assert life.said() == ["held"]
    assert life.slack.asked == ["C0JOINT"] * 3  # what came during a look is looked at again


def test_events_of_two_apps_and_repeated_ones_are_told_once(life: Life) -> None:
    life.slack.channels["C0JOINT"] = ARCHIVED
    life.heard()
    life.heard()
    life.work()
    life.becomes(ARCHIVED)
    assert len(life.told(LUCIA)) == 1


def test_a_channel_is_looked_at_a_few_times_a_day_and_not_for_every_post(life: Life) -> None:
    for number in range(5):
        life.owe(f"{number}")
    life.send()
    life.channels.tick(life.clock.now())
    assert life.slack.asked == ["C0JOINT"]
    life.machine.advance(channels.EVERY_S)
    life.slack.channels["C0JOINT"] = ALONE  # and nobody told
    life.channels.tick(life.clock.now())
    assert life.row().state is State.UNSHARED


def test_an_unshared_channel_holds_and_names_who_left(life: Life) -> None:
    life.becomes(ALONE)
    life.owe("held")
    assert life.said() == []
    assert life.told(LIWEI)[0].values["companies"] == "Telefonica"
    life.becomes(SHARED)
    assert life.said() == ["held"]


def test_a_channel_that_slack_does_not_show_holds_with_the_reason(life: Life) -> None:
    life.becomes(Undeliverable("channel_not_found"))
    assert (life.row().state, life.told(LIWEI)[0].values["code"]) == (State.UNSEEN, "channel_not_found")
    assert "is_archived" not in [each.values.get("code") for each in life.told(LUCIA)]


def test_a_renamed_channel_is_told_once_and_changes_nothing(life: Life) -> None:
    life.becomes(Seen(name="core", host="T0HUAWEI", workspaces=SHARED.workspaces))
    assert [each.values["former"] for each in life.told(LUCIA)] == ["joint-5g"]
    life.owe("on")
    assert life.said() == ["on"]


def test_everything_stored_under_a_channels_id_follows_it(anywhere: Life) -> None:
    life = anywhere
    life.owe("round")
    life.send()
    life.owe("reply", thread_of="round")
    life.slack.channels["C0NEW"] = SHARED
    for _ in range(2):  # each app says so
        life.heard("C0JOINT", new="C0NEW")
    life.work()
    new = Place("T0HUAWEI", "C0NEW")
    assert (life.said(), life.said(new), life.row().slack_channel_id) == (["round"], ["reply"], "C0NEW")
    assert [each.text for each in life.told(LUCIA)] == [channels.RENUMBERED]
    with life.store.transaction(life.scope) as session:
        message = Notice(text="newer", values={})
        outbox.owe_update(session, name="round", message=message, due=life.clock.now(), language="en")
    life.send()
    assert [text for _, text in life.chat.updated] == [Notice(text="newer", values={})]


def test_a_stranger_holds_everything_until_both_sides_make_it_a_partner(anywhere: Life) -> None:
    life = anywhere
    takes = Strangers(life.store)
    life.becomes(THREE)
    life.owe("held")
    assert life.said() == []
    ref = life.asked(LIWEI).ref
    assert life.asked(LUCIA).company == "Parkline"
    with pytest.raises(NotAllowed):
        takes.admit(CHENYU, ref, life.clock.now())
    with pytest.raises(NotFound):
        takes.admit(STRANGER, ref, life.clock.now())
    assert takes.admit(LIWEI, ref, life.clock.now()).text == strangers.NOTED
    assert takes.admit(LIWEI, ref, life.clock.now()).values["missing"] == "Telefonica"  # nobody confirms for others
    assert (life.asked(LUCIA).agreed, life.said()) == (("Huawei",), [])
    assert takes.admit(LUCIA, ref, life.clock.now()).text == strangers.ADMITTED
    life.channels.tick(life.clock.now())
    assert life.said() == ["held"]
    with life.store.reading(life.scope) as session:
        sides = {side.name: side.accepted_at for side in session.scalars(select(SideRow))}
        assert sides["partner:Parkline"] is None  # its own admin has yet to accept
    with pytest.raises(Settled):
        takes.admit(LUCIA, ref, life.clock.now())


def test_a_stranger_that_leaves_settles_the_question_and_one_that_returns_asks_it_anew(life: Life) -> None:
    life.becomes(THREE)
    life.owe("held")
    first = life.asked(LUCIA)
    Strangers(life.store).admit(LUCIA, first.ref, life.clock.now())
    life.becomes(SHARED)
    assert (life.said(), life.asked(LUCIA).came_to) == (["held"], strangers.LEFT)
    life.becomes(THREE)
    assert (life.asked(LUCIA).came_to, life.asked(LUCIA).agreed) == ("", ())


def inside(life: Life) -> None:
    """Huawei has an internal channel, in which the bot has said something."""
    with life.store.transaction(life.scope) as session:
        side = session.scalars(select(SideRow.id).where(SideRow.name == "vendor")).one()
        told: dict[str, Any] = {"team_id": life.team.result.team_id, "workspace": INSIDE.workspace, "kind": "internal"}
        session.add(ChannelRow(**told, slack_channel_id=INSIDE.channel, side_id=side))
    life.slack.people[INSIDE.channel] = (Reader(user="U0LIWEI", home="T0HUAWEI"),)
    life.becomes(OWN, INSIDE.channel)
    life.owe("between us", INSIDE)
    assert life.said(INSIDE) == ["between us"]


@pytest.mark.parametrize("how", ["it is shared", "a guest joins", "somebody of the other side joins"])
def test_a_channel_that_is_internal_no_more_loses_what_was_said_there_and_gets_no_more(life: Life, how: str) -> None:
    inside(life)
    seen, people = OWN, life.slack.people
    if how == "it is shared":
        seen = Seen(name="hw-only", host="T0HUAWEI", workspaces=SHARED.workspaces)
    else:
        person = Person("T0HUAWEI", "U0GUEST") if how == "a guest joins" else LUCIA
        joined = Reader(user=person.user, home=person.workspace, is_guest=how == "a guest joins")
        people[INSIDE.channel] = (*people[INSIDE.channel], joined)
    life.owe("on its way", INSIDE)
    life.owe("kept", INSIDE)
    with life.store.transaction(life.scope) as session:  # as what is owed while the app is not installed
        session.scalars(select(DeliveryRow).where(DeliveryRow.dedup_key == "post:kept")).one().state = outbox.KEPT
    life.becomes(seen, INSIDE.channel)
    life.owe("later", INSIDE)
    life.owe("joint")
    assert (life.said(INSIDE), life.said()) == ([], ["joint"])
    (told,) = life.told(LIWEI)
    assert (told.values["n"], told.values["company"], life.told(LUCIA)) == (1, "Huawei", [])
    life.becomes(OWN, INSIDE.channel)  # they have left; what they have read they have read
    assert (life.row("internal").state, life.said(INSIDE)) == (State.EXPOSED, [])
    with life.store.reading(life.scope) as session:
        values = select(DeliveryRow.value).join(MessageRow, MessageRow.id == DeliveryRow.message_id)
        values = values.where(MessageRow.channel == INSIDE.channel)
        left = str(session.scalars(values).all())
        assert [text for text in ("on its way", "kept") if text in left] == []
        assert kept.waiting_in(session) == []


def test_channels_that_are_none_of_ours_leave_nothing_behind(life: Life) -> None:
    before = life.events
    life.heard("C0OTHER")
    with life.store.reading(life.scope) as session:
        assert before + 1 == life.events
        assert session.scalars(select(InboxRow.id).where(InboxRow.event_key == f"event:{life.events}")).first() is None
