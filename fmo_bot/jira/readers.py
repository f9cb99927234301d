"""What differs between Cloud and Data Center when issues are read.

How issues are searched page by page, how an instant is written in JQL, where an issue's whole history comes from, and
what proves that it is whole.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, Protocol, TypeVar

from fmo_bot.domain.issues import BoardShape, Issue
from fmo_bot.jira import parse, proof, wire
from fmo_bot.jira.client import JiraClient, Refused
from fmo_bot.jira.histories import SHORTEST_CUT, Alone, Histories, SharedLength, Told
from fmo_bot.jira.paging import batches, by_token
from fmo_bot.ports import Part

T = TypeVar("T")
Raw = wire.Issue[wire.Fields]
Build = Callable[[Raw, Iterable[wire.History], bool], Issue]  # an issue, its histories, whether these are all
PAGE = 100  # issues with fields; a server may give fewer
IDS_PAGE = 5000  # Cloud: issues with nothing but their ids
SLIM_PAGE = 1000  # issues with nothing but when they were updated
BULK = 1000  # issues whose histories, or updates, Cloud tells in one answer
_ISSUES = "the board's issues"
# Where the account's zone is not known, its wall clock is taken to be the last on earth: reads too much, loses nothing.
_LAST_ON_EARTH = timezone(timedelta(hours=-12))


@dataclass(frozen=True, kw_only=True)
class Question:
    """What to read: a search, the fields, where to go on, what need not be told, and what to make of each issue."""

    jql: str
    fields: Collection[str]
    shape: BoardShape
    wanted: Callable[[Raw], bool]
    build: Build
    mark: str | None = None


class Reader(Protocol):
    """Reading issues from one flavour of Jira."""

    def instant(self, at: datetime) -> str:
        """`at`, or a little earlier, as JQL writes it."""
        ...

    def parts(self, question: Question) -> Iterator[Part]:
        """Issues with their histories, part by part."""
        ...

    def direct(self, ids: list[str], question: Question) -> Iterator[Issue]:
        """At most 100 issues by their ids, not by search where that lags; those we cannot see are left out."""
        ...

    def count(self, jql: str) -> int | None:
        """About how many a search would find."""
        ...

    def updates(self, jql: str) -> Iterator[wire.Slim]:
        """The issues a search finds, with nothing but when they were updated."""
        ...

    def visible(self, ids: Sequence[str]) -> set[str]:
        """Those of these ids that we are shown."""
        ...


class CloudReader:
    """Cloud: search by token, histories in bulk (an expanded changelog would hold the newest 40 only)."""

    def __init__(self, client: JiraClient) -> None:
        """`client` is of a Cloud site."""
        self._client = client

    def instant(self, at: datetime) -> str:
        """Milliseconds: the only form that no account's zone bends."""
        return str(int(at.timestamp() * 1000))

    def parts(self, question: Question) -> Iterator[Part]:
        """Pages of `search/jql` put together until their histories are worth a question."""
        histories, held = Histories(self._client), list[Raw]()
        for page, following in self._pages(question):
            held += filter(question.wanted, page.issues)
            if len(held) >= BULK or following is None:
                yield Part(issues=tuple(_proved(held, histories, question.build)), mark=following)
                held = []

    def direct(self, ids: list[str], question: Question) -> Iterator[Issue]:
        """`issue/bulkfetch`."""
        body = {"issueIdsOrKeys": ids, "fields": list(question.fields)}
        ask, reading = self._client.read_by_post, wire.page(question.shape)
        found = ask("issue/bulkfetch", what=_ISSUES, body=body, of=reading).issues
        return _proved(found, Histories(self._client), question.build)

    def count(self, jql: str) -> int | None:
        """Cloud says it approximately, and not with the search."""
        answer: Any = self._client.read_by_post("search/approximate-count", what=_ISSUES, body={"jql": jql})
        told = answer.get("count") if isinstance(answer, Mapping) else None
        return told if isinstance(told, int) else None

    def updates(self, jql: str) -> Iterator[wire.Slim]:
        """The search names the ids, the issues themselves say when they were updated: its index lags behind them."""
        return self._slim(self._ids(jql))

    def visible(self, ids: Sequence[str]) -> set[str]:
        """What `issue/bulkfetch` does not leave out."""
        return {str(each.id) for each in self._slim(ids)}

    def _slim(self, ids: Iterable[str]) -> Iterator[wire.Slim]:
        for some in batches(ids, BULK):
            body = {"issueIdsOrKeys": some, "fields": ["updated"]}
            yield from self._client.read_by_post("issue/bulkfetch", what=_ISSUES, body=body, of=wire.SLIM).issues

    def _ids(self, jql: str) -> Iterator[str]:
        asked = {"jql": jql, "fields": "id", "maxResults": IDS_PAGE}
        for page, _ in by_token(lambda token: self._search({**asked, **token}, wire.IDS)):
            yield from (parse.numeric(each.id, "the id of an issue") for each in page.issues)

    def _pages(self, question: Question) -> Iterator[tuple[wire.Page[wire.Fields], str | None]]:
        """Each page with the token of the one behind it; from the beginning where the site has forgotten the token."""
        asked = {"jql": question.jql, "fields": ",".join(question.fields), "maxResults": PAGE}
        reading = wire.page(question.shape)

        def ask(token: Mapping[str, str]) -> wire.Page[wire.Fields]:
            return self._search({**asked, **token}, reading)

        try:
            yield from by_token(ask, question.mark)
        except Refused as refused:
            if refused.status != 400 or question.mark is None:
                raise
            yield from by_token(ask)

    def _search(self, asked: Mapping[str, Any], reading: wire.Reading[T]) -> T:
        return self._client.get("search/jql", what=_ISSUES, params=asked, of=reading)


class DataCenterReader:
    """Data Center: search by offset with the changelog expanded."""

    def __init__(self, client: JiraClient, zone: tzinfo | None) -> None:
        """`zone` of the bot's account there, in which JQL's instants are read; None where it is not known."""
        self._client = client
        self._zone = zone or _LAST_ON_EARTH

    def instant(self, at: datetime) -> str:
        """Minutes in the account's zone; an hour less where that minute comes twice and this is the first."""
        local = at.astimezone(self._zone)
        if local.utcoffset() != local.replace(fold=1).utcoffset():
            local -= timedelta(hours=1)
        return f'"{local:%Y-%m-%d %H:%M}"'

    def parts(self, question: Question) -> Iterator[Part]:
        """Pages of `search`, changelogs expanded; one that was cut is read again by itself."""
        mark = question.mark or ""
        start = int(mark) if mark.isascii() and mark.isdigit() else 0
        alone, shared = Alone(self._client), SharedLength()
        for page, following in self._pages(_expanded(question.jql, question), _reading(question), start):
            alone.renew()
            shared.note(page.issues)
            issues = (self._whole(raw, alone, shared, question.build) for raw in filter(question.wanted, page.issues))
            yield Part(issues=tuple(issues), mark=None if following is None else str(following))

    def direct(self, ids: list[str], question: Question) -> Iterator[Issue]:
        """`search`, whose index follows at once here; it refuses the whole question (400) when one of the ids is gone.

        Then it is asked in halves.
        """
        alone, shared = Alone(self._client), SharedLength()
        raws = _in_halves(ids, lambda some: self._pages(_expanded(_by_ids(some), question), _reading(question), 0))
        shared.note(raws)
        for raw in raws:
            yield self._whole(raw, alone, shared, question.build)

    def visible(self, ids: Sequence[str]) -> set[str]:
        """What a search for the ids does not refuse."""
        found: set[str] = set()
        for some in batches(ids, PAGE):
            slim = _in_halves(some, lambda few: self._pages(_slim(_by_ids(few)), wire.SLIM, 0))
            found |= {str(each.id) for each in slim}
        return found

    def count(self, jql: str) -> int | None:
        """The total of the search."""
        asked = {"jql": jql, "fields": "id", "maxResults": 1}
        return self._client.get("search", what=_ISSUES, params=asked, of=wire.IDS).total

    def updates(self, jql: str) -> Iterator[wire.Slim]:
        """Pages of `search`, without changelogs."""
        for page, _ in self._pages(_slim(jql), wire.SLIM, 0):
            yield from page.issues

    def _pages(
        self, asked: Mapping[str, Any], reading: wire.Reading[Any], start: int
    ) -> Iterator[tuple[Any, int | None]]:
        """Pages by what came, not by what was asked: a short page is not the last one."""
        while True:
            page = self._client.get("search", what=_ISSUES, params={**asked, "startAt": start}, of=reading)
            start += len(page.issues)
            last = not page.issues or (page.total is not None and start >= page.total)
            yield page, None if last else start
            if last:
                return

    def _whole(self, raw: Raw, alone: Alone, shared: SharedLength, build: Build) -> Issue:
        histories = raw.changelog.histories if raw.changelog else []
        told = Told(raw, histories, not parse.cut_short(raw.changelog))
        issue = _believed(told, shared, build)
        if issue.complete or (again := alone.read(raw)) is None:
            return issue
        return _believed(again, shared, build)


def _believed(told: Told, shared: SharedLength, build: Build) -> Issue:
    """Data Center's issue, whole if its count says so and nothing speaks against the count."""
    length = len(told.histories)
    issue = build(told.raw, told.histories, told.whole and not shared.is_suspicious(length))
    if not issue.complete or length < SHORTEST_CUT or proof.chained(issue, proof.SURE):
        return issue
    return replace(issue, complete=False)


def _by_ids(ids: Sequence[str]) -> str:
    return f"id in ({', '.join(ids)}) ORDER BY key ASC"


def _slim(jql: str) -> dict[str, Any]:
    return {"jql": jql, "fields": "updated", "maxResults": SLIM_PAGE}


def _expanded(jql: str, question: Question) -> dict[str, Any]:
    return {"jql": jql, "fields": ",".join(question.fields), "maxResults": PAGE, "expand": "changelog"}


def _reading(question: Question) -> wire.Reading[wire.Page[wire.Fields]]:
    return wire.page(question.shape)


def _in_halves(ids: Sequence[str], pages: Callable[[Sequence[str]], Iterator[tuple[Any, Any]]]) -> list[Any]:
    """Issues by their ids; a question with an id in it that is gone is refused whole, and asked in halves."""
    try:
        return [raw for page, _ in pages(ids) for raw in page.issues]
    except Refused as refused:
        if refused.status != 400:
            raise
    middle = len(ids) // 2
    halves = (ids[:middle], ids[middle:]) if middle else ()
    return [raw for half in halves for raw in _in_halves(half, pages)]


def _proved(raws: Sequence[Raw], histories: Histories, build: Build) -> Iterator[Issue]:
    """Cloud's issues with their histories; one whose history does not hang together is asked about by itself."""
    for told in histories.of(raws):
        issue = build(told.raw, told.histories, told.whole)
        if told.counted or not told.whole or proof.chained(issue):
            yield issue
            continue
        again = histories.alone.read(told.raw)
        # Counted by Jira itself, it may hang together as badly as before: a workflow was changed, an account erased.
        yield build(told.raw, again.histories, again.whole) if again else build(told.raw, told.histories, False)
