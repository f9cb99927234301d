"""Reading boards from a Jira site, Cloud or Data Center: the `BoardSource` port.

Cloud's board and sprint issue reads of the Agile API are gone since November 2026, so both flavours search by the
board's saved filter. A kanban board's sub-filter is left out on purpose: it usually hides what was released, which
throughput and cycle time are made of.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from fmo_bot.domain.issues import BoardShape, Issue, Sprint
from fmo_bot.jira import parse
from fmo_bot.jira.client import AGILE, Flavour, JiraClient, Refused
from fmo_bot.jira.readers import CloudReader, DataCenterReader, Reader, items

T = TypeVar("T")
PAGE = 100  # issues with fields; a server may give fewer
SLIM_PAGE = 1000  # issues with nothing but id and `updated`
IDS_PER_QUESTION = 100
_FIELDS = ("summary", "issuetype", "status", "resolution", "created", "updated", "assignee", "labels")


class JiraSource:
    """The `BoardSource` of one site; every method raises BoardUnavailable with a sentence that is safe to show."""

    def __init__(self, client: JiraClient) -> None:
        """Nothing is asked of the site yet."""
        self._client = client

    def describe(self, board_id: int) -> BoardShape:
        """Columns, statuses and the field ids of this site."""
        what = f"board {board_id}"
        board = self._client.get(f"board/{board_id}", what=what, api=AGILE)
        configuration = self._client.get(f"board/{board_id}/configuration", what=f"the set-up of {what}", api=AGILE)
        statuses = self._client.get("status", what="the statuses")
        fields = self._client.get("field", what="the fields")
        with self._clear():
            return parse.shape(board, configuration, statuses, fields)

    def sprints(self, board_id: int) -> tuple[Sprint, ...]:
        """Every sprint of the board, each once; empty for a board without sprints (Jira answers 400 for those)."""
        try:
            raws = list(self._sprint_pages(board_id))
        except Refused as refused:
            if refused.status != 400:
                raise
            return ()
        with self._clear():
            return tuple({sprint.id: sprint for sprint in map(parse.sprint, raws)}.values())

    def changed(self, shape: BoardShape, *, since: datetime | None) -> Iterator[Issue]:
        """Issues updated at or after `since` (all where None). An issue that changes meanwhile may come twice."""
        reader = self._reader()
        clause = "" if since is None else f" AND updated >= {reader.instant(since)}"
        return self._issues(reader, shape, clause)

    def read(self, shape: BoardShape, ids: Collection[str]) -> Iterator[Issue]:
        """These issues, as far as the board shows them."""
        reader = self._reader()
        for some in _batches(sorted(ids, key=int), IDS_PER_QUESTION):
            yield from self._some(reader, shape, some)

    def fresh(self, shape: BoardShape, ids: Collection[str]) -> Iterator[Issue]:
        """These issues as they are now, not by search: its index lags. What is gone or forbidden is left out."""
        reader = self._reader()
        for some in _batches(sorted(ids, key=int), IDS_PER_QUESTION):
            for raw, histories, complete in reader.whole(reader.direct(some, _fields(shape))):
                yield self._issue(raw, histories, shape, complete)

    def updates(self, shape: BoardShape) -> Mapping[str, datetime]:
        """When each issue that the board's filter finds was last updated, by issue id."""
        raws = [raw for page in self._reader().slim_pages(_jql(shape, ""), SLIM_PAGE) for raw in page]
        with self._clear():
            return dict(map(parse.update, raws))

    def _some(self, reader: Reader, shape: BoardShape, ids: list[str]) -> list[Issue]:
        """One question's worth; Jira refuses it whole (400) when one of the ids is gone, so it is asked in halves."""
        try:
            return list(self._issues(reader, shape, f" AND id in ({', '.join(ids)})"))
        except Refused as refused:
            if refused.status != 400:
                raise
        middle = len(ids) // 2
        halves = (ids[:middle], ids[middle:]) if middle else ()
        return [issue for half in halves for issue in self._some(reader, shape, half)]

    def _issues(self, reader: Reader, shape: BoardShape, clause: str) -> Iterator[Issue]:
        for page in reader.pages(_jql(shape, clause), _fields(shape), PAGE):
            for raw, histories, complete in reader.whole(page):
                yield self._issue(raw, histories, shape, complete)

    def _issue(self, raw: Mapping[str, Any], histories: list[Any], shape: BoardShape, complete: bool) -> Issue:
        with self._clear():
            return parse.issue(raw, histories, site=self._client.key, shape=shape, complete=complete)

    def _sprint_pages(self, board_id: int) -> Iterator[Any]:
        start = 0
        while True:
            what, params = f"the sprints of board {board_id}", {"startAt": start}
            page = self._client.get(f"board/{board_id}/sprint", what=what, params=params, api=AGILE)
            values = items(self._client, page, "values")
            yield from values
            start += len(values)  # the server may lower the page size, so what came is what counts
            if not values or page.get("isLast") is True:
                return

    def _reader(self) -> Reader:
        site = self._client.site()
        if site.flavour is Flavour.CLOUD:
            return CloudReader(self._client)
        return DataCenterReader(self._client, site.zone)

    @contextmanager
    def _clear(self) -> Iterator[None]:
        """What is found malformed inside becomes a sentence about the site."""
        try:
            yield
        except parse.Malformed as error:
            raise self._client.nonsense(str(error)) from None


def _fields(shape: BoardShape) -> tuple[str, ...]:
    own = (shape.sprint_field, shape.flagged_field, shape.points_field)
    return (*_FIELDS, *(field for field in own if field))


def _jql(shape: BoardShape, clause: str) -> str:
    # Ordered by key, so that an issue updated while we read does not move between pages and get lost.
    return f"filter = {shape.filter_id}{clause} ORDER BY key ASC"


def _batches(everything: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(everything)
    while batch := list(islice(rest, size)):
        yield batch
