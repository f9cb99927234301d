"""What the ledger alone can do: occurrences planned, messages owed, and claimed and noted, in a second."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter

from sqlalchemy import select

from benchmarks.delivery_crowd import Crowd
from benchmarks.delivery_figures import Result
from fmo_bot.bootstrap.clocks import RealClock
from fmo_bot.db.ceremonies import CeremonyRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import occurrences, outbox
from fmo_bot.delivery.lanes import Paces
from fmo_bot.delivery.pump import Pump
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM, Person, Place
from fmo_bot.ports import Outgoing

UNLIMITED = Paces(1_000_000_000)
ITEMS_A_TRANSACTION = 500


def planning(url: str, kind: str, *, items: int) -> Result:
    """Plan `items` occurrences, then plan them again when nothing has changed."""
    store = Store(url)
    try:
        now = datetime.now(UTC)
        Crowd(people=10).set_up(store, at=now)
        with store.transaction(SYSTEM) as session:
            ceremony = session.scalars(select(CeremonyRow.id)).one()
        wanted = [_wanted(ceremony, number, now + timedelta(hours=1)) for number in range(items)]
        first, again = _seconds(lambda: _plan(store, wanted, now)), _seconds(lambda: _plan(store, wanted, now))
    finally:
        store.close()
    figures = {"database": kind, "occurrences": items, "planned_per_s": items / first, "again_per_s": items / again}
    return Result(name="planning", figures=figures)


def claiming(url: str, kind: str, *, items: int) -> Result:
    """Owe `items` messages, each to a conversation of its own, and send them to a Slack that answers at once."""
    store = Store(url)
    pump = Pump(store=store, chat=_AtOnce(), clock=RealClock(), paces=UNLIMITED, owner="bench")
    try:
        owed = _seconds(lambda: owe(store, [Place(f"T{n % 40}", f"D{n}") for n in range(items)]))
        sent = 0

        def send_all() -> None:
            nonlocal sent
            while sent < items and (done := pump.run_once()):
                sent += done["sent"]

        took = _seconds(send_all)
    finally:
        pump.stop(within=10)
        store.close()
    figures = {
        "database": kind,
        "deliveries": items,
        "owed_per_s": items / owed,
        "claimed_and_noted_per_s": sent / took,
    }
    return Result(name="claiming", figures=figures, broken=() if sent == items else (f"{items - sent} not sent",))


def owe(store: Store, places: list[Place]) -> None:
    """Owe a message to each of these places, due now."""
    due = datetime.now(UTC)
    for begin in range(0, len(places), ITEMS_A_TRANSACTION):
        with store.transaction(SYSTEM) as session:
            for number, place in enumerate(places[begin : begin + ITEMS_A_TRANSACTION], begin):
                message = Notice(text="Message {number}.", values={"number": number})
                outbox.owe(session, name=f"bench:{number}", message=message, due=due, language="en", place=place)


class _AtOnce:
    """A Slack that takes everything without delay."""

    def post(self, place: Place, outgoing: Outgoing) -> str:
        return f"{perf_counter():.6f}"

    def update(self, place: Place, ts: str, outgoing: Outgoing) -> None:
        raise NotImplementedError("nothing is updated here")

    def remove(self, place: Place, ts: str) -> None:
        raise NotImplementedError("nothing is taken back here")

    def find(self, place: Place, key: str, *, since: datetime, thread_ts: str | None = None) -> str | None:
        raise NotImplementedError("nothing is uncertain here")

    def direct(self, person: Person) -> Place:
        raise NotImplementedError("every conversation is known here")

    def publish_home(self, person: Person, outgoing: Outgoing) -> None:
        raise NotImplementedError("nobody looks here")


def _wanted(ceremony: int, number: int, due: datetime) -> occurrences.Wanted:
    return occurrences.Wanted(
        ceremony_id=ceremony, kind="prompt", subject=f"member:{number}", local_date=due.date(), due=due
    )


def _plan(store: Store, wanted: list[occurrences.Wanted], at: datetime) -> None:
    with store.transaction(SYSTEM) as session:
        occurrences.plan(session, wanted, at)


def _seconds(work: Callable[[], object]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin
