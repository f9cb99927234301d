"""Once a night, in each conversation: is something of ours there twice, in spite of everything?

A process that stands still for long, exactly between its last look at the lease and its request, may post what another
has posted meanwhile (docs/benchmarks.md, "What remains possible"). Of two copies the one the ledger knows is kept, for
it gets every new state and every reply; the other is removed where nobody has done anything with it yet.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Select, and_, func, literal, or_, select, union
from sqlalchemy.orm import Session, aliased

from fmo_bot.db.ledger import DeliveryRow, LaneRow, MessageRow
from fmo_bot.db.parties import JointTeamRow, MemberRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import lanes
from fmo_bot.delivery.lanes import Paces
from fmo_bot.delivery.outbox import POST, SENT
from fmo_bot.domain.parties import SYSTEM, Place
from fmo_bot.errors import RateLimited, SendOutcome
from fmo_bot.ports import Archive, Sighting

NIGHT = range(2, 5)  # hours of the member's own day, or of the joint team's
LOOK_BACK = timedelta(days=2)  # so that a night in which the bot was down leaves nothing out
AGAIN_S = 20 * 3600.0  # seconds of machine time before a conversation is looked through again
QUIET_S = 600.0  # seconds of machine time for which nothing has been said in it: so nothing is on its way
MOST = 20  # conversations looked through in one run
_WAITING = 500  # conversations thought of in one run
_NIGHTLY = "nightly"  # prefix of the lane on which each conversation has one slot a night
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Conversation:
    """Where to look; `person` is set for a direct one."""

    place: Place
    person: str | None


@dataclass(frozen=True, kw_only=True)
class Doubles:
    """What was there twice in one conversation: `found` copies too many, of which `removed` are gone."""

    where: Conversation
    team_id: int | None  # the joint team it was said for; None: an answer to a click
    found: int
    removed: int


def look(store: Store, archive: Archive, *, at: datetime, machine: Callable[[], float], paces: Paces) -> list[Doubles]:
    """Look through some of the conversations in which it is night, as far as Slack's limits let us; run it often."""
    with store.reading(SYSTEM) as session:
        waiting = _waiting(session, at, machine())
    found: list[Doubles] = []
    busy: set[str] = set()
    looked = 0
    for each in waiting:
        workspace = each.place.workspace
        if workspace in busy or looked == MOST:
            continue
        threads = _take(store, each.place, at, machine(), paces)
        if threads is None:
            busy.add(workspace)
            continue
        looked += 1
        try:
            seen = _seen(archive, each.place, [None, *threads], at - LOOK_BACK)
        except RateLimited as outcome:
            busy.add(workspace)
            _leave_for_later(store, each.place, machine() + outcome.retry_after, paces)
        except SendOutcome as outcome:  # its history may not be read, or Slack is away: it has another night
            _log.info("a conversation was not looked through", workspace=workspace, reason=str(outcome))
        else:
            found += _take_back(store, archive, each, _twice(seen))
    return found


def _waiting(session: Session, at: datetime, now: float) -> list[Conversation]:
    """Quiet conversations with something sent of late, where it is night, not looked through this night."""
    zones = session.scalars(union(select(MemberRow.zone), select(JointTeamRow.zone)))
    dark = [zone for zone in zones if at.astimezone(ZoneInfo(zone)).hour in NIGHT]
    if not dark:
        return []
    rows = session.execute(_recent(at, now, dark))
    return [Conversation(Place(workspace, channel), person) for workspace, channel, person in rows if channel]


def _recent(at: datetime, now: float, zones: Sequence[str]) -> Select[str, str | None, str | None]:
    them = and_(MemberRow.home_workspace == MessageRow.workspace, MemberRow.slack_user_id == MessageRow.person)
    place = MessageRow.workspace, MessageRow.channel
    nightly, talk = aliased(LaneRow), aliased(LaneRow)
    nightly_key = literal(f"{_NIGHTLY}:") + MessageRow.workspace + ":" + MessageRow.channel
    return (
        select(*place, func.max(MessageRow.person))
        .join(DeliveryRow, DeliveryRow.message_id == MessageRow.id)
        .outerjoin(JointTeamRow, JointTeamRow.id == MessageRow.team_id)
        .outerjoin(MemberRow, them)
        .outerjoin(nightly, nightly.key == nightly_key)
        .outerjoin(talk, talk.key == lanes.channel_sql(*place))
        .where(DeliveryRow.state == SENT, DeliveryRow.op == POST, DeliveryRow.due >= at - LOOK_BACK)
        .where(MessageRow.channel.is_not(None), func.coalesce(MemberRow.zone, JointTeamRow.zone).in_(zones))
        .where(or_(nightly.key.is_(None), nightly.next_at <= now))
        .where(or_(talk.key.is_(None), talk.next_at <= now - QUIET_S))
        .group_by(*place)
        .order_by(*place)
        .limit(_WAITING)
    )


def _take(store: Store, place: Place, at: datetime, now: float, paces: Paces) -> list[str] | None:
    """Its threads, where this night's turn and slots for reading them all are ours; else None."""
    nightly, search = _lanes(place)
    with store.transaction(SYSTEM) as session:
        lanes.ensure(session, (nightly, search))
    with store.transaction(SYSTEM) as session:
        held, pace = lanes.hold(session, (nightly, search)), paces.of(search)
        if held[nightly] > now or held[search] - pace.ahead > now:
            return None
        threads = [ts for ts in session.scalars(_threads(place, at)) if ts]
        taken = (1 + len(threads)) * pace.interval
        lanes.move(session, {nightly: now + AGAIN_S, search: max(held[search], now) + taken})
        return threads


def _threads(place: Place, at: datetime) -> Select[str | None]:
    """Those in which something was said of late."""
    thread = aliased(MessageRow)
    return (
        select(thread.ts)
        .join(DeliveryRow, DeliveryRow.thread_message_id == thread.id)
        .where(thread.workspace == place.workspace, thread.channel == place.channel, thread.ts.is_not(None))
        .where(DeliveryRow.state == SENT, DeliveryRow.due >= at - LOOK_BACK)
        .distinct()
    )


def _leave_for_later(store: Store, place: Place, until: float, paces: Paces) -> None:
    """Slack wants us to wait: the conversation has its turn when it may be read again."""
    nightly, search = _lanes(place)
    with store.transaction(SYSTEM) as session:
        lanes.move(session, {nightly: until})
        lanes.push(session, search, until, paces)


def _lanes(place: Place) -> tuple[str, str]:
    return f"{_NIGHTLY}:{place.workspace}:{place.channel}", lanes.of_method(place.workspace, lanes.SEARCH)


def _seen(archive: Archive, place: Place, threads: Sequence[str | None], since: datetime) -> list[Sighting]:
    return [each for ts in threads for each in archive.ours(place, since=since, thread_ts=ts)]


def _twice(seen: Sequence[Sighting]) -> dict[str, dict[str, Sighting]]:
    """Key -> its copies by ts, where there are several. (The first message of a thread is shown there too.)"""
    copies: dict[str, dict[str, Sighting]] = defaultdict(dict)
    for each in seen:
        copies[each.key][each.ts] = each
    return {key: each for key, each in copies.items() if len(each) > 1}


def _take_back(
    store: Store, archive: Archive, where: Conversation, twice: Mapping[str, Mapping[str, Sighting]]
) -> list[Doubles]:
    """Remove what may be removed; what was found, by joint team. Keys we do not know are not ours to judge."""
    with store.reading(SYSTEM) as session:
        known = session.execute(_known(where.place, list(twice))).all()
    found, removed = Counter[int | None](), Counter[int | None]()
    for key, kept, team_id in known:
        copies = twice[key]
        found[team_id] += len(copies) - 1
        removed[team_id] += sum(_gone(archive, where.place, each) for each in _others(copies, kept))
    if known:
        workspace, told = where.place.workspace, {"found": found.total(), "removed": removed.total()}
        _log.warning("something was there twice", workspace=workspace, **told)
    return [Doubles(where=where, team_id=each, found=found[each], removed=removed[each]) for each in found]


def _known(place: Place, keys: Sequence[str]) -> Select[str, str | None, int | None]:
    query = select(MessageRow.key, MessageRow.ts, MessageRow.team_id)
    query = query.join(DeliveryRow, and_(DeliveryRow.message_id == MessageRow.id, DeliveryRow.op == POST))
    here = MessageRow.workspace == place.workspace, MessageRow.channel == place.channel
    return query.where(MessageRow.key.in_(keys), DeliveryRow.state == SENT, *here)


def _others(copies: Mapping[str, Sighting], kept: str | None) -> list[Sighting]:
    """Copies beside the one we know, which has to be there, that nobody has answered or reacted to."""
    return [each for ts, each in copies.items() if kept in copies and ts != kept and not each.touched]


def _gone(archive: Archive, place: Place, copy: Sighting) -> bool:
    try:
        archive.remove(place, copy.ts)
    except SendOutcome as outcome:  # it has another night
        _log.warning("a copy could not be removed", workspace=place.workspace, reason=str(outcome))
        return False
    return True
