"""What differs between Cloud and Data Center when issues are read.

How issues are searched page by page, how an instant is written in JQL, and where an issue's whole history comes from.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, Protocol

from fmo_bot.jira import parse
from fmo_bot.jira.client import PLATFORM_3, JiraClient, Refused

Raw = Mapping[str, Any]
Whole = tuple[Raw, list[Any], bool]  # an issue, its histories, whether they are proved to be all
HISTORIES_PER_PAGE = 1000
_ISSUES, _HISTORY = "the board's issues", "the history of issues"
# Where the account's zone is not known, its wall clock is taken to be the last on earth: reads too much, loses nothing.
_LAST_ON_EARTH = timezone(timedelta(hours=-12))


class Reader(Protocol):
    """Reading issues from one flavour of Jira."""

    def instant(self, at: datetime) -> str:
        """`at`, or a little earlier, as JQL writes it."""
        ...

    def pages(self, jql: str, fields: Collection[str], size: int) -> Iterator[list[Raw]]:
        """Raw issues page by page, with their histories where the flavour sends those along."""
        ...

    def slim_pages(self, jql: str, size: int) -> Iterator[list[Raw]]:
        """Raw issues page by page, with nothing but when they were updated."""
        ...

    def direct(self, ids: list[str], fields: Collection[str]) -> list[Raw]:
        """At most 100 raw issues by their ids, not by search where that lags; those we cannot see are left out."""
        ...

    def whole(self, page: list[Raw]) -> Iterator[Whole]:
        """Each issue of a page with its histories."""
        ...


class CloudReader:
    """Cloud: search by token, histories in bulk (an expanded changelog would hold the newest 40 only)."""

    def __init__(self, client: JiraClient) -> None:
        """`client` is of a Cloud site."""
        self._client = client

    def instant(self, at: datetime) -> str:
        """Milliseconds: the only form that no account's zone bends."""
        return str(int(at.timestamp() * 1000))

    def pages(self, jql: str, fields: Collection[str], size: int) -> Iterator[list[Raw]]:
        """Pages of `search/jql`."""
        question = {"jql": jql, "fields": ",".join(fields), "maxResults": size}
        ask = self._client.get
        for page in _by_token(lambda token: ask("search/jql", what=_ISSUES, params=question | token)):
            yield items(self._client, page, "issues")

    def slim_pages(self, jql: str, size: int) -> Iterator[list[Raw]]:
        """Pages of `search/jql`."""
        return self.pages(jql, ("updated",), size)

    def direct(self, ids: list[str], fields: Collection[str]) -> list[Raw]:
        """`issue/bulkfetch`."""
        body = {"issueIdsOrKeys": ids, "fields": list(fields)}
        return items(self._client, self._client.read_by_post("issue/bulkfetch", what=_ISSUES, body=body), "issues")

    def whole(self, page: list[Raw]) -> Iterator[Whole]:
        """Histories of the whole page in one question; an updated issue left out of the answer is asked for alone."""
        histories = self._bulk([str(raw.get("id")) for raw in page])
        for raw in page:
            number = str(raw.get("id"))
            if number not in histories and not parse.untouched(raw):
                histories[number] = self._single(number)
            yield raw, histories.get(number, []), True

    def _bulk(self, ids: list[str]) -> dict[str, list[Any]]:
        """Histories by issue id; one issue's may be split over pages."""
        merged: dict[str, list[Any]] = {}
        if not ids:
            return merged
        body = {"issueIdsOrKeys": ids, "maxResults": HISTORIES_PER_PAGE}
        ask = self._client.read_by_post
        for page in _by_token(lambda token: ask("changelog/bulkfetch", what=_HISTORY, body=body | token)):
            for log in items(self._client, page, "issueChangeLogs"):
                merged.setdefault(str(log.get("issueId")), []).extend(items(self._client, log, "changeHistories"))
        return merged

    def _single(self, number: str) -> list[Any]:
        """All histories of one issue, by its own paged list."""
        found: list[Any] = []
        while True:
            params = {"startAt": len(found), "maxResults": HISTORIES_PER_PAGE}
            page = self._client.get(f"issue/{number}/changelog", what=_HISTORY, params=params, api=PLATFORM_3)
            values = items(self._client, page, "values")
            found += values
            if not values or page.get("isLast") is True:
                return found


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

    def pages(self, jql: str, fields: Collection[str], size: int) -> Iterator[list[Raw]]:
        """Pages of `search`, changelogs expanded."""
        return self._search({"jql": jql, "fields": ",".join(fields), "maxResults": size, "expand": "changelog"})

    def slim_pages(self, jql: str, size: int) -> Iterator[list[Raw]]:
        """Pages of `search`, without changelogs."""
        return self._search({"jql": jql, "fields": "updated", "maxResults": size})

    def direct(self, ids: list[str], fields: Collection[str]) -> list[Raw]:
        """`search`, whose index follows at once here; it refuses the whole question (400) when one of the ids is gone.

        Then it is asked in halves.
        """
        try:
            pages = self.pages(f"id in ({', '.join(ids)}) ORDER BY key ASC", fields, len(ids))
            return [raw for page in pages for raw in page]
        except Refused as refused:
            if refused.status != 400:
                raise
        middle = len(ids) // 2
        halves = (ids[:middle], ids[middle:]) if middle else ()
        return [raw for half in halves for raw in self.direct(half, fields)]

    def whole(self, page: list[Raw]) -> Iterator[Whole]:
        """The expanded changelog; where it was cut, the issue is read again by itself."""
        for raw in page:
            changelog = raw.get("changelog")
            if parse.cut_short(changelog):
                changelog = self._again(raw)
            yield raw, items(self._client, changelog, "histories"), not parse.cut_short(changelog)

    def _search(self, question: dict[str, Any]) -> Iterator[list[Raw]]:
        """Pages by what came, not by what was asked: a short page is not the last one."""
        start = 0
        while True:
            page = self._client.get("search", what=_ISSUES, params=question | {"startAt": start})
            issues = items(self._client, page, "issues")
            yield issues
            start += len(issues)
            if not issues or (isinstance(page.get("total"), int) and start >= page["total"]):
                return

    def _again(self, raw: Raw) -> Any:
        params = {"expand": "changelog", "fields": "updated"}
        answer = self._client.get(f"issue/{raw.get('id')}", what=_HISTORY, params=params)
        return answer.get("changelog") if isinstance(answer, Mapping) else None


def items(client: JiraClient, page: Any, name: str) -> list[Any]:
    """The list of objects a page holds under `name`. Raises BoardUnavailable where it holds none."""
    found = page.get(name) if isinstance(page, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise client.nonsense(f"a page without its {name}")
    return found


def _by_token(ask: Callable[[dict[str, str]], Any]) -> Iterator[Any]:
    """Page after page while the token is new: a server that repeats one would keep us here for ever."""
    token: dict[str, str] = {}
    seen: list[dict[str, str]] = []
    while token not in seen:
        seen.append(token)
        page = ask(token)
        yield page  # whoever takes it refuses what is not a page
        following = page.get("nextPageToken")
        if page.get("isLast") is True or not isinstance(following, str) or not following:
            return
        token = {"nextPageToken": following}
