"""Subscriptions: a channel of a joint team follows a board, or a saved filter of its site.

A job compares what is stored with what the channel was told: a change is told once, in whatever order changes are read.
What comes closely together is one message, changed in its place.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow
from fmo_bot.db.follows import FollowRow
from fmo_bot.db.parties import ChannelRow, JointTeamRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import audience, outbox
from fmo_bot.domain.follows import EVENTS, News, begins_anew, grouped, may_hear, news_of
from fmo_bot.domain.issues import BoardShape, Issue
from fmo_bot.domain.messages import BoardNews, NewsLine, Notice
from fmo_bot.domain.names import ProjectName, project_key
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Place, Scope
from fmo_bot.errors import BoardUnavailable, Refusal
from fmo_bot.services.governance import Action, audit, may
from fmo_bot.services.issues_named import name_of
from fmo_bot.services.parties import Parties

FOLLOWED = "This channel follows {board} from now on. `/fmo unfollow {typed}` ends it."
LEFT = "This channel follows {board} no more."
LEFT_NOTHING = "This channel does not follow {board}. `/fmo follow` lists what it follows."
FOLLOWS = "This channel follows: {boards}. `/fmo unfollow` with a board or `filter 123` ends it."
NOTHING = "This channel follows no board."
NOTHING_YET = (
    "This channel follows no board. `/fmo follow` with a board's name or number begins it; there are: {boards}."
)
_LATE = timedelta(minutes=10)  # a change may be read so long after it happened
_log = structlog.get_logger(__name__)
Ids = Callable[[str, BoardShape, str], Collection[str]]
"""The ids of the issues a saved filter finds: (site, a board's shape, the filter's id). Raises BoardUnavailable."""


class NotATeamChannel(Refusal):
    """Only a channel of a joint team can follow a board. Try it in the joint channel."""


class NoSuchBoard(Refusal):
    """{team} has no board {name}. It has: {boards}. After it may stand: moved, flagged, assigned, sprint."""


class WhichBoard(Refusal):
    """{team} has more than one board that this may mean. Say which one: {choices}."""


@dataclass(frozen=True)
class _Asked:
    board: BoardRow
    filter_id: str
    events: list[str]


class Follows:
    """What channels follow."""

    def __init__(self, store: Store, parties: Parties, ids: Ids) -> None:
        """`ids` asks Jira what a saved filter finds."""
        self._store, self._parties, self._ids = store, parties, ids

    def typed(self, person: Person, words: str, *, channel: str | None, at: datetime, stop: bool = False) -> Notice:
        """`BOARD|filter N [events]`; nothing: what is followed. Raises the refusals above, NotAllowed."""
        actor = self._parties.actor(person, channel=channel, at=at)
        scope = Scope(team_id=actor.team_id)
        may(actor, Action.SHARE_REPORT if words.strip() else Action.READ, scope)
        with self._store.transaction(scope) as session:
            here = ChannelRow.slack_channel_id == channel, ChannelRow.team_id == actor.team_id
            place = session.scalar(select(ChannelRow).where(*here))
            if place is None:
                raise NotATeamChannel
            if not words.strip():
                return _listed(session, place)
            return self._change(session, actor, place, words, at, stop=stop)

    def tell(self, at: datetime) -> None:
        """Tell every channel what is new on what it follows; run after syncs. One that fails holds up no other."""
        with self._store.reading(SYSTEM) as session:
            ids = session.scalars(select(FollowRow.id).order_by(FollowRow.id)).all()
        for one in ids:
            try:
                self._tell(one, at)
            except BoardUnavailable as error:
                _log.info("a filter could not be read", follow=one, why=str(error))

    def _change(
        self, session: Session, actor: Actor, place: ChannelRow, words: str, at: datetime, *, stop: bool
    ) -> Notice:
        asked = _asked(session, actor, place, words)
        mine = FollowRow.channel_id == place.id, FollowRow.board_id == asked.board.id
        row = session.scalar(select(FollowRow).where(*mine, FollowRow.filter_id == asked.filter_id))
        named = {"board": _name(asked.board, asked.filter_id)}
        typed = f"filter {asked.filter_id} " if asked.filter_id else ""
        detail = {"board": asked.board.id, "filter": asked.filter_id}
        audit(
            session,
            at=at,
            action="unfollowed" if stop else "followed",
            team_id=actor.team_id,
            member_id=actor.member_id,
            detail=detail,
        )
        if stop:
            if row is None:
                return Notice(text=LEFT_NOTHING, values=named)
            session.delete(row)
            return Notice(text=LEFT, values=named)
        if row is None:
            row = FollowRow(
                team_id=actor.team_id,
                channel_id=place.id,
                board_id=asked.board.id,
                since=at,
                filter_id=asked.filter_id,
            )
            session.add(row)
        row.events = asked.events
        return Notice(text=FOLLOWED, values=named | {"typed": f"{typed}{_exact(asked.board)}"})

    def _tell(self, follow_id: int, at: datetime) -> None:
        with self._store.reading(SYSTEM) as session:
            row = session.get(FollowRow, follow_id)
            if row is None:  # left meanwhile
                return
            fresh, site, board = _fresh(session, row), row.board.site.key, row.board
        if row.filter_id and fresh:
            if not board.shape:  # never read: nobody can say what the filter finds
                return
            within = set(self._ids(site, values.from_json(BoardShape, board.shape), row.filter_id))
            fresh = [each for each in fresh if each.issue.id in within]
        since = _since(row, at)
        if not fresh and since == row.since:
            return
        with self._store.transaction(Scope(team_id=row.team_id)) as session:
            kept = session.get(FollowRow, follow_id, with_for_update=True)
            if kept is not None:
                known = {each.sign for each in _told(kept)}
                _say(session, kept, [each for each in fresh if each.sign not in known], at)
                kept.since = max(kept.since, since)


def _fresh(session: Session, row: FollowRow) -> list[News]:
    """What is stored of the board and has not been told, oldest first."""
    query = (
        select(IssueRow.value)
        .join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id)
        .where(BoardIssueRow.board_id == row.board_id, IssueRow.updated >= row.since)
    )
    known = {each.sign for each in _told(row)}
    issues = (values.unpack(Issue, value) for value in session.scalars(query))
    found = [each for issue in issues for each in news_of(issue, since=row.since, events=row.events)]
    return sorted((each for each in found if each.sign not in known), key=lambda each: (each.at, each.history))


def _since(row: FollowRow, at: datetime) -> datetime:
    """From when on changes may still be met that were not told: as long ago as the board was read, and some time."""
    read = min(row.board.synced_at or row.since, at) - _LATE
    return max(row.since, read) if read - row.since > _LATE else row.since


def _told(row: FollowRow) -> list[News]:
    return [values.from_json(News, each) for each in row.told]


def _say(session: Session, row: FollowRow, fresh: Sequence[News], at: datetime) -> None:
    place = Place(row.channel.workspace, row.channel.slack_channel_id)
    standpoint = audience.of_place(session, place)
    fresh = [each for each in fresh if may_hear(each.issue, each.kind, standpoint)]
    if not fresh:
        return
    anew = begins_anew(row.begun_at, row.added_at, at)
    if anew:
        row.bundle, row.begun_at = row.bundle + 1, at
    row.added_at = at
    told = [*_told(row), *(replace(each, bundle=row.bundle) for each in fresh)]
    # What is older than anything that can be met again is forgotten, unless its message is still being added to.
    told = [each for each in told if each.bundle == row.bundle or each.at >= row.since]
    row.told = [values.to_json(each) for each in told]
    lines = grouped(_named_anew(session, row, [each for each in told if each.bundle == row.bundle]))
    message = BoardNews(board=_name(row.board, row.filter_id), lines=tuple(map(_line, lines)))
    name = f"follow:{row.id}:{row.bundle}"
    language = session.get_one(JointTeamRow, row.team_id).language
    if anew:
        outbox.owe(session, name=name, message=message, due=at, language=language, place=place)
    else:
        outbox.owe_update(session, name=name, message=message, due=at, language=language)


def _named_anew(session: Session, row: FollowRow, told: Sequence[News]) -> list[News]:
    """What was told, with each issue as it is named now: it may have become internal, and then says no more."""
    of_site = IssueRow.site_id == row.board.site_id
    here = of_site, IssueRow.jira_issue_id.in_({each.issue.id for each in told})
    now = {
        found.jira_issue_id: name_of(found, row.board.site.key)
        for found in session.scalars(select(IssueRow).where(*here))
    }
    return [replace(each, issue=now.get(each.issue.id, replace(each.issue, key=None))) for each in told]


def _line(group: Sequence[News]) -> NewsLine:
    first = group[0]
    named = tuple(each.issue for each in group)
    return NewsLine(kind=first.kind, issue=first.issue, issues=named, to=first.to)


def _asked(session: Session, actor: Actor, place: ChannelRow, words: str) -> _Asked:
    query = select(BoardRow).where(BoardRow.team_id == actor.team_id).order_by(BoardRow.id)
    boards = _known(session, place, session.scalars(query).all())
    parts = words.split()
    events = [each for each in EVENTS if each in parts] or list(EVENTS)
    rest = " ".join(part for part in parts if part not in EVENTS)
    filter_id = ""
    if len(parts) >= 2 and parts[0].lower() == "filter" and parts[1].isascii() and parts[1].isdigit():
        filter_id, rest = parts[1][:18], " ".join(part for part in parts[2:] if part not in EVENTS)
    found = [board for board in boards if not rest or rest.casefold() in _names(board)] if rest or filter_id else []
    if not found:
        raise NoSuchBoard(team=actor.team, name=rest[:60], boards=_named(boards))
    if len(found) > 1:  # the same number on two sites, or a filter of a site that was not named: nobody guesses
        before = f"filter {filter_id} " if filter_id else ""
        raise WhichBoard(team=actor.team, choices=", ".join(f"{before}{_exact(board)}" for board in found))
    return _Asked(found[0], filter_id, events)


def _names(board: BoardRow) -> tuple[str, ...]:
    return board.name.casefold(), str(board.jira_board_id), _exact(board)


def _exact(board: BoardRow) -> str:
    """A board as no other is called: its site and number."""
    return f"{board.site.key}:{board.jira_board_id}"


def _named(boards: Sequence[BoardRow]) -> str:
    """Boards to choose from; one that was never read has no name yet."""
    return ", ".join(f"{board.name} ({board.jira_board_id})".strip() for board in boards)


def _listed(session: Session, place: ChannelRow) -> Notice:
    query = select(FollowRow).where(FollowRow.channel_id == place.id).order_by(FollowRow.id)
    rows: Sequence[FollowRow] = session.scalars(query).all()
    known = {board.id for board in _known(session, place, [row.board for row in rows])}
    rows = [row for row in rows if row.board_id in known]
    if not rows:
        boards = select(BoardRow).where(BoardRow.team_id == place.team_id).order_by(BoardRow.id)
        could = _known(session, place, session.scalars(boards).all())
        return Notice(text=NOTHING_YET, values={"boards": _named(could)}) if could else Notice(text=NOTHING, values={})
    names = ", ".join(f"{_name(row.board, row.filter_id)} [{' '.join(row.events)}]" for row in rows)
    return Notice(text=FOLLOWS, values={"boards": names})


def _known(session: Session, place: ChannelRow, boards: Sequence[BoardRow]) -> list[BoardRow]:
    """Those of the boards that may be spoken of in a channel: not even the name of a board with nothing joint is."""
    standpoint = audience.of_place(session, Place(place.workspace, place.slack_channel_id))
    return [
        board for board in boards if not board.shape or any(map(standpoint.may_speak_of, _projects(session, board)))
    ]


def _projects(session: Session, board: BoardRow) -> list[ProjectName]:
    """The projects of the issues that a board shows; of an empty one its site."""
    query = select(IssueRow.project, func.min(IssueRow.key)).join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id)
    shown = session.execute(query.where(BoardIssueRow.board_id == board.id).group_by(IssueRow.project)).all()
    site = board.site.key
    return [ProjectName(site=site, id=number, key=project_key(key)) for number, key in shown] or [
        ProjectName(site=site)
    ]


def _name(board: BoardRow, filter_id: str) -> str:
    return f"filter {filter_id}" if filter_id else board.name or str(board.jira_board_id)
