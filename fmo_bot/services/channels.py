"""What becomes of a joint team's channels in Slack: noticed by events and by looking, followed, and told once.

An event says only where to look. From the moment it is written down nothing is said in that channel until it was
looked at; so it does not matter in which order events come, whether one comes twice (from two apps), or is lost:
every channel is looked at a few times a day all the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import time
from typing import Any

import structlog
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from fmo_bot.db.parties import ChannelRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import held, inbox
from fmo_bot.domain import channels
from fmo_bot.domain.channels import INTERNAL, Reader, Seen, Standing, State
from fmo_bot.domain.parties import SYSTEM, Scope
from fmo_bot.errors import RateLimited, SendOutcome, Undeliverable
from fmo_bot.ports import Lookout
from fmo_bot.services import channel_rows, strangers
from fmo_bot.services.governance import audit

LOOK = "channel_look"  # kind of inbox job
EVERY_S = 4 * 3600.0  # machine time after which a channel is looked at though nothing was heard of it
AGAIN_S, UNSEEN_S = 5.0, 300.0  # after a look that came to nothing; at a channel that Slack does not show

AT_REST = {
    State.ARCHIVED: "The channel {channel} of {team} has been archived. FMO bot posts nothing there until somebody "
    "unarchives it, or the team file names another one; what is still of use then is posted then.",
    State.UNSHARED: "The channel {channel} of {team} is no longer shared with {companies}. FMO bot posts nothing there "
    "until it is shared again, or the team file names another one; what is still of use then is posted then. "
    "Each person is still asked in their own workspace.",
    State.UNSEEN: "FMO bot does not see the channel {channel} of {team} ({code}), and posts nothing there. "
    "Invite the app to the channel, or name another one in the team file.",
    State.STRANGER: "",  # asked about, see services.strangers
    State.EXPOSED: "The channel {channel} was internal to {company} in {team}, and is not any more: it is shared with "
    "{names}. FMO bot says nothing internal there from now on, and takes back what it had said ({n} messages). Name "
    "another internal channel.",
}
OTHERS_READ = (
    "The channel {channel} was internal to {company} in {team}, and is not any more: a guest, or somebody who is not "
    "of {company}, is in it. FMO bot says nothing internal there from now on, and takes back what it had said ({n} "
    "messages). Name another internal channel."
)
INVITED = (
    "The channel {channel} was internal to {company} in {team}, and is not any more: another company has been invited "
    "to it. FMO bot says nothing internal there from now on, and takes back what it had said ({n} messages). Name "
    "another internal channel."
)
GOES_ON = "FMO bot posts in the channel {channel} of {team} again. What was held and is still of use comes now."
LEFT_BY = "{companies} left the channel {channel} of {team}. FMO bot goes on posting there for the others."
RENAMED = "The channel {former} of {team} is called {channel} now. Nothing has to be done."
RENUMBERED = (
    "Slack has given the channel {channel} of {team} another id, {id}, as it does when a channel gets shared. "
    "FMO bot has followed. Put the new id into the team file before it is applied again."
)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Looked:
    """One look: at what row, in which state of doubt, and what Slack showed."""

    row_id: int
    team_id: int
    doubts: int
    seen: Seen
    readers: tuple[Reader, ...] = ()
    names: Mapping[str, str]  # of connected workspaces that belong to no side


class Channels:
    """The channels of all joint teams."""

    def __init__(self, store: Store, lookout: Lookout, *, machine: Callable[[], float] = time) -> None:
        """`machine` is Unix time, by which is looked again."""
        self.store, self.lookout, self.machine = store, lookout, machine

    def heard(self, channel: str, *, event_key: str, at: datetime, new: str = "", people: bool = False) -> bool:
        """Write down that something became of a channel, and hold it; False where it is none of ours.

        `new`: the id it has now. `people`: somebody came or went, which matters to channels with a reason for it.
        """
        which: list[ColumnElement[bool]] = [ChannelRow.slack_channel_id.in_((channel, new) if new else (channel,))]
        if people:
            which.append(or_(ChannelRow.kind == INTERNAL, ChannelRow.state == State.UNSEEN))
        with self.store.reading(SYSTEM) as session:
            if session.scalar(select(ChannelRow.id).where(*which)) is None:
                return False
        with self.store.transaction(SYSTEM) as session:
            for row in session.scalars(select(ChannelRow).where(*which).order_by(ChannelRow.id).with_for_update()):
                row.doubts, row.look_after = row.doubts + 1, 0.0
            payload, bundle = {"id": channel, "new": new}, f"channel:{channel}"
            return inbox.record(session, event_key=event_key, kind=LOOK, payload=payload, at=at, bundle=bundle)

    def look(self, payload: Mapping[str, Any], at: datetime) -> None:
        """The job of events: follow another id, then look."""
        for each in payload[inbox.BUNDLE]:
            if each["new"]:
                self._renumber(each["id"], each["new"], at)
        wanted = {each["new"] or each["id"] for each in payload[inbox.BUNDLE]}
        self._look_at(ChannelRow.slack_channel_id.in_(wanted), at)

    def tick(self, at: datetime) -> None:
        """Look at what is due to be looked at; run every few seconds."""
        self._look_at(ChannelRow.look_after <= self.machine(), at)

    def put_off(self, at: datetime) -> None:
        """Have nobody look at what waits for held channels; run now and then."""
        with self.store.reading(SYSTEM) as session:
            if not held.any_waits(session, at, self.machine()):
                return
        with self.store.transaction(SYSTEM) as session:
            held.put_off(session, at, self.machine())

    # --- looking -----------------------------------------------------------------------------------------------------

    def _look_at(self, which: ColumnElement[bool], at: datetime) -> None:
        with self.store.reading(SYSTEM) as session:
            found = session.scalars(select(ChannelRow).where(which).order_by(ChannelRow.id)).all()
            known = {row.id: channel_rows.workspaces_of_sides(session, row.team_id) for row in found}
        busy: set[str] = set()  # workspaces in which Slack wants us to wait
        for row in found:
            if row.workspace in busy:
                continue
            try:
                looked = self._see(row, known[row.id])
            except SendOutcome as outcome:
                self._not_seen(row, outcome, at)
                busy |= {row.workspace} if isinstance(outcome, RateLimited) else set()
            else:
                with self.store.transaction(Scope(team_id=row.team_id)) as session:
                    self._note(session, looked, at)

    def _see(self, row: ChannelRow, sides: Mapping[str, frozenset[str]]) -> _Looked:
        seen = self.lookout.channel(row.place)
        readers = self.lookout.readers(row.place) if row.kind == INTERNAL and seen.is_member else ()
        strange = seen.workspaces - frozenset().union(*sides.values())
        names = {each: self.lookout.company(row.workspace, each) for each in sorted(strange)}
        whose = {"row_id": row.id, "team_id": row.team_id, "doubts": row.doubts}
        return _Looked(**whose, seen=seen, readers=readers, names=names)

    def _not_seen(self, row: ChannelRow, outcome: SendOutcome, at: datetime) -> None:
        """Slack does not show it, or did not answer: then what was in doubt stays so."""
        pause = outcome.retry_after if isinstance(outcome, RateLimited) else AGAIN_S
        with self.store.transaction(Scope(team_id=row.team_id)) as session:
            held_row = _held(session, row.id)
            if not isinstance(outcome, Undeliverable):
                held_row.look_after = self.machine() + pause
                return
            held_row.look_after, held_row.doubts = self.machine() + UNSEEN_S, _left(held_row, row.doubts)
            held_row.name = held_row.name or held_row.slack_channel_id
            if held_row.state is not State.EXPOSED:
                self._change(session, held_row, State.UNSEEN, at, code=str(outcome))

    def _note(self, session: Session, looked: _Looked, at: datetime) -> None:
        row = _held(session, looked.row_id)
        was_held, former, left_before = row.is_held, row.name, set(row.gone)
        standing = self._standing(session, row, looked)
        row.doubts = _left(row, looked.doubts)
        row.look_after = self.machine() + (EVERY_S if row.doubts == 0 else 0.0)
        row.name = looked.seen.name or former or row.slack_channel_id
        row.strangers, row.gone = list(standing.strangers), list(standing.gone)
        row.workspaces = sorted(looked.seen.workspaces | set(standing.gone))
        if former and former not in (row.name, row.slack_channel_id):
            channel_rows.tell(session, row, what="renamed", text=RENAMED, values={"former": former}, at=at)
        told = dict(self._values(session, row, looked, standing, at))
        changed = self._change(session, row, standing.state, at, is_pending=looked.seen.is_pending, **told)
        if not changed and row.state is State.ACTIVE and (left := set(row.gone) - left_before):
            text, values = LEFT_BY, {"companies": _names(session, row, left)}
            channel_rows.tell(session, row, what="left", text=text, values=values, at=at)
        if row.kind != INTERNAL:
            strangers.follow(session, row, looked.names, at)
        if was_held and not row.is_held:
            held.let_go(session, row.slack_channel_id)

    def _standing(self, session: Session, row: ChannelRow, looked: _Looked) -> Standing:
        sides = channel_rows.workspaces_of_sides(session, row.team_id)
        if row.kind != INTERNAL:
            return channels.joint(looked.seen, sides, row.workspaces)
        assert row.side_id is not None
        own = sides[strangers.side_of(session, row.side_id).name]
        others = channel_rows.users_of_others(session, row.team_id, row.side_id)
        found = channels.internal(looked.seen, own, looked.readers, others)
        exposed = Standing(state=State.EXPOSED, strangers=found.strangers)
        return exposed if row.state is State.EXPOSED else found  # what others could read stays theirs

    # --- what follows ------------------------------------------------------------------------------------------------

    def _values(
        self, session: Session, row: ChannelRow, looked: _Looked, standing: Standing, at: datetime
    ) -> Iterator[tuple[str, Any]]:
        """What the sentence about a new state names; of one that is exposed, everything of ours is taken back first."""
        if standing.state is State.UNSHARED:
            yield "companies", _names(session, row, standing.gone)
        if standing.state is State.EXPOSED:
            assert row.side_id is not None
            yield "n", held.take_back(session, row.place, at)
            yield "company", strangers.side_of(session, row.side_id).organisation.name
            yield "names", ", ".join(looked.names.get(each) or _names(session, row, [each]) for each in row.strangers)

    def _change(
        self, session: Session, row: ChannelRow, state: State, at: datetime, *, is_pending: bool = False, **values: Any
    ) -> bool:
        """Take note of a state; where it is another one, that is audited and told."""
        if row.state is state:
            return False
        row.state, row.since = state, at
        detail = {"channel": row.id, "to": state.value}
        audit(session, at=at, action="channel_state", team_id=row.team_id, detail=detail)
        text = GOES_ON if state is State.ACTIVE else AT_REST[state]
        if state is State.EXPOSED and not row.strangers:
            text = INVITED if is_pending else OTHERS_READ
        if text:
            channel_rows.tell(session, row, what=state.value, text=text, values=values, at=at)
        _log.info("a channel stands otherwise", channel=row.id, state=state.value)
        return True

    def _renumber(self, old: str, new: str, at: datetime) -> None:
        with self.store.reading(SYSTEM) as session:
            found = session.scalars(select(ChannelRow).where(ChannelRow.slack_channel_id == old)).all()
        for each in found:
            with self.store.transaction(Scope(team_id=each.team_id)) as session:
                row = _held(session, each.id)
                if row.slack_channel_id != old:
                    continue  # another app's event has said so before
                channel_rows.renumber(session, row, new)
                audit(session, at=at, action="channel_id", team_id=row.team_id, detail={"channel": row.id})
                channel_rows.tell(session, row, what="id", text=RENUMBERED, values={"id": new}, at=at)


def _held(session: Session, row_id: int) -> ChannelRow:
    """The row as it is now; an event that comes meanwhile waits."""
    return session.get_one(ChannelRow, row_id, with_for_update=True, populate_existing=True)


def _left(row: ChannelRow, doubts: int) -> int:
    """What is left of the doubts: those that came during the look."""
    return max(0, row.doubts - doubts)


def _names(session: Session, row: ChannelRow, workspaces: Iterable[str]) -> str:
    found = (channel_rows.company_of(session, row.team_id, each) for each in sorted(workspaces))
    return ", ".join(dict.fromkeys(found))
