"""Whole histories: Cloud's in bulk, and one issue's by itself where there is a doubt.

Cloud's bulk answer gives no totals. If it should ever be cut (as `expand=changelog` is, at 40), the longest history of
a read shows it: its own list says how many there are, and every history of that length is in doubt then. An answer that
leaves out an updated issue is in doubt too. Doubts are settled one by one, but only so many at a time: the rest is
marked as not proved, and read again by later syncs.

Data Center says how many there are; a proxy may cut its answers and make that fit. Where several histories of a read
end at one length that none exceeds, that is taken for such a cut.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fmo_bot.jira import parse, wire
from fmo_bot.jira.client import JiraClient, Refused
from fmo_bot.jira.paging import batches, by_token

Raw = wire.Issue[wire.Fields]
HISTORIES = 10_000  # in one bulk answer
BULK = 1000  # issues in one bulk question
ALONE_PAGE = 1000  # of one issue's histories; a server may give fewer
ALONE = 100  # issues of one part that are asked about by themselves
SHORTEST_CUT = 20  # histories: nobody is known to cut at fewer
SHARED_BY = 3  # histories of one length that are no coincidence
_NOT_THERE = frozenset({404, 405})
_HISTORY = "the history of issues"


@dataclass(frozen=True)
class Told:
    """An issue's histories. `whole`: nothing speaks against that these are all; `counted`: Jira gave the number."""

    raw: Raw
    histories: Sequence[wire.History]
    whole: bool
    counted: bool = False


class Histories:
    """Cloud's histories in bulk, for one read."""

    def __init__(self, client: JiraClient) -> None:
        """Of a Cloud site."""
        self._client = client
        self.alone = Alone(client)
        self._proved = 0  # a history of so many came uncut
        self._cut: int | None = None  # the bulk answer seems to be cut at so many

    def of(self, raws: Sequence[Raw]) -> Iterator[Told]:
        """Each issue with its histories."""
        self.alone.renew()
        found = self._bulk([str(raw.id) for raw in raws])
        self._probe(found)
        for raw in raws:
            histories = found.get(str(raw.id), [])
            yield self._settled(raw, histories) if self._doubtful(raw, histories) else Told(raw, histories, True)

    def _doubtful(self, raw: Raw, histories: Sequence[wire.History]) -> bool:
        if self._cut is not None and len(histories) >= self._cut:
            return True
        return not histories and not parse.untouched(raw)

    def _settled(self, raw: Raw, histories: Sequence[wire.History]) -> Told:
        return self.alone.read(raw) or Told(raw, histories, False)

    def _bulk(self, ids: Sequence[str]) -> dict[str, list[wire.History]]:
        """Histories by issue id; one issue's may be split over pages."""
        merged: dict[str, list[wire.History]] = {}
        for some in batches(ids, BULK):
            for page, _ in self._pages(some):
                for log in page.logs:
                    merged.setdefault(str(log.issue), []).extend(log.histories)
        return merged

    def _pages(self, ids: Sequence[str]) -> Iterator[tuple[wire.Logs, str | None]]:
        body: dict[str, Any] = {"issueIdsOrKeys": ids, "maxResults": HISTORIES}

        def ask(token: Mapping[str, str]) -> wire.Logs:
            return self._client.read_by_post("changelog/bulkfetch", what=_HISTORY, body={**body, **token}, of=wire.LOGS)

        return by_token(ask)

    def _probe(self, found: Mapping[str, Sequence[wire.History]]) -> None:
        """Ask the longest history for its number, unless one as long was proved before."""
        number, longest = max(found.items(), key=lambda each: len(each[1]), default=("", ()))
        if self._cut is not None or len(longest) <= self._proved:
            return
        total = self.alone.total(number)
        if total is not None and total > len(longest):
            self._cut = len(longest)
        else:
            self._proved = len(longest)


class SharedLength:
    """A length at which several histories of a read end and that none exceeds: perhaps somebody cuts them there."""

    def __init__(self) -> None:
        """Of a read that begins."""
        self._longest = self._shared_by = 0

    def note(self, raws: Iterable[Raw]) -> None:
        """What came next."""
        # A total that says more than what came is honest: it ends at no such length.
        for length in (max(len(log.histories), log.total or 0) for raw in raws if (log := raw.changelog)):
            if length > self._longest:
                self._longest, self._shared_by = length, 0
            self._shared_by += length == self._longest

    def is_suspicious(self, length: int) -> bool:
        """Whether one of this length may have been longer."""
        return length >= SHORTEST_CUT and length == self._longest and self._shared_by >= SHARED_BY


class Alone:
    """One issue's histories by itself, for a few issues of each part."""

    def __init__(self, client: JiraClient) -> None:
        """For one read."""
        self._client, self._left = client, ALONE
        self._has_lists = True

    def renew(self) -> None:
        """Another part begins: so many issues may be asked about again."""
        self._left = ALONE

    def total(self, number: str) -> int | None:
        """How many histories Jira counts; None where it does not say."""
        try:
            return self._page(number, 0, 1).total
        except Refused as refused:
            if refused.status not in _NOT_THERE:
                raise
        return None

    def read(self, raw: Raw) -> Told | None:
        """Its histories; None where enough were asked about, or it has just gone."""
        if self._left <= 0:
            return None
        self._left -= 1
        number = parse.numeric(raw.id, "the id of an issue")
        ways = (self._paged, self._expanded) if self._has_lists else (self._expanded,)
        for way in ways:
            try:
                return way(raw, number)
            except Refused as refused:
                if refused.status not in _NOT_THERE:
                    raise
        return None

    def _paged(self, raw: Raw, number: str) -> Told:
        found: list[wire.History] = []
        while True:
            page = self._page(number, len(found), ALONE_PAGE)
            found += page.values
            if not page.values or page.last is True or (page.total is not None and len(found) >= page.total):
                return Told(raw, found, len({each.id for each in found}) >= (page.total or 0), counted=True)

    def _page(self, number: str, start: int, size: int) -> wire.OwnLog:
        params = {"startAt": start, "maxResults": size}
        return self._client.get(f"issue/{number}/changelog", what=_HISTORY, params=params, of=wire.OWN_LOG)

    def _expanded(self, raw: Raw, number: str) -> Told:
        params = {"expand": "changelog", "fields": "updated"}
        told = self._client.get(f"issue/{number}", what=_HISTORY, params=params, of=wire.EXPANDED).changelog
        self._has_lists = False  # the issue is there, so it is its list that is not: an older Data Center
        return Told(raw, told.histories if told else (), not parse.cut_short(told), counted=True)
