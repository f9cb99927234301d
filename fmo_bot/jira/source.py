"""Reading boards from a Jira site, Cloud or Data Center: the `BoardSource` port.

Cloud's board and sprint issue reads of the Agile API are gone since November 2026, so both flavours search by the
board's saved filter. A kanban board's sub-filter is left out on purpose: it usually hides what was released, which
throughput and cycle time are made of.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from fmo_bot.domain.issues import NOTHING_SOUGHT, BoardShape, Issue, Sought, Sprint, Version
from fmo_bot.domain.jiras_report import JirasReport
from fmo_bot.jira import parse, sprint_report, wire
from fmo_bot.jira.client import AGILE, GREENHOPPER, Flavour, JiraClient, Refused
from fmo_bot.jira.paging import batches
from fmo_bot.jira.readers import CloudReader, DataCenterReader, Question, Reader
from fmo_bot.ports import NOTHING, Part

IDS_PER_QUESTION = 100
_FIELDS = (
    *("summary", "issuetype", "status", "resolution", "created", "updated", "assignee", "labels"),
    *("project", "security", "fixVersions"),
)


class JiraSource:
    """The `BoardSource` of one site; every method raises BoardUnavailable with a sentence that is safe to show."""

    def __init__(self, client: JiraClient) -> None:
        """Nothing is asked of the site yet."""
        self._client = client

    def describe(self, board_id: int, sought: Sought = NOTHING_SOUGHT) -> BoardShape:
        """Columns, statuses and the field ids of this site."""
        what = f"board {board_id}"
        board: Any = self._client.get(f"board/{board_id}", what=what, api=AGILE)
        configuration: Any = self._client.get(
            f"board/{board_id}/configuration", what=f"the set-up of {what}", api=AGILE
        )
        statuses: Any = self._client.get("status", what="the statuses")
        fields: Any = self._client.get("field", what="the fields")
        with self._clear():
            return parse.shape(board, configuration, statuses, fields, sought)

    def sprints(self, board_id: int, *, only_open: bool = False) -> tuple[Sprint, ...]:
        """The board's sprints, each once; empty for a board without sprints (Jira answers 400 for those)."""
        try:
            raws = list(self._sprint_pages(board_id, {"state": "active,future"} if only_open else {}))
        except Refused as refused:
            if refused.status != 400:
                raise
            return ()
        with self._clear():
            return tuple({sprint.id: sprint for sprint in map(parse.sprint, raws)}.values())

    def own_report(self, board_id: int, sprint_id: int) -> JirasReport | None:
        """Jira's own report on a sprint; nobody waits long for it, and no answer is as good as none."""
        asked = {"rapidViewId": board_id, "sprintId": sprint_id}
        told = self._client.aside(sprint_report.PATH, params=asked, api=GREENHOPPER, of=sprint_report.READING)
        try:
            return None if told is None else sprint_report.understood(told, sprint_id)
        except parse.Malformed:
            return None

    def changed(
        self,
        shape: BoardShape,
        *,
        since: datetime | None,
        mark: str | None = None,
        known: Mapping[str, datetime] = NOTHING,
    ) -> Iterator[Part]:
        """Issues updated at or after `since` (all where None). An issue that changes meanwhile may come twice."""
        reader = self._reader()
        clause = "" if since is None else f" AND updated >= {reader.instant(since)}"
        return self._parts(reader, shape, clause, mark=mark, known=known)

    def count(self, shape: BoardShape) -> int | None:
        """About how many issues the board's filter finds."""
        return self._reader().count(_jql(shape, ""))

    def read(self, shape: BoardShape, ids: Collection[str]) -> Iterator[Issue]:
        """These issues, as far as the board shows them."""
        reader = self._reader()
        for some in batches(sorted(ids, key=int), IDS_PER_QUESTION):
            yield from self._some(reader, shape, some)

    def fresh(self, shape: BoardShape, ids: Collection[str]) -> Iterator[Issue]:
        """These issues as they are now, not by search: its index lags. What is gone or forbidden is left out."""
        reader, question = self._reader(), self._question(shape, "")
        with self._clear():
            for some in batches(sorted(ids, key=int), IDS_PER_QUESTION):
                yield from reader.direct(some, question)

    def visible(self, ids: Collection[str]) -> Collection[str]:
        """Those that Jira shows by their ids; it leaves out what is deleted and what is forbidden alike."""
        return self._reader().visible(sorted(ids, key=int))

    def browsable(self, project: str) -> bool:
        """Whether the project is shown: 404 is said of one that is gone and of one that is forbidden."""
        try:
            self._client.get(f"project/{project}", what="a project")
        except Refused as refused:
            if refused.status not in (403, 404):
                raise
            return False
        return True

    def versions(self, project: str) -> tuple[Version, ...]:
        """The versions of a project; none where it is gone or forbidden."""
        try:
            listed: Any = self._client.get(f"project/{project}/versions", what="the versions of a project")
        except Refused as refused:
            if refused.status not in (403, 404):
                raise
            return ()
        return parse.versions(listed)

    def updates(self, shape: BoardShape) -> Mapping[str, datetime]:
        """When each issue that the board's filter finds was last updated, by issue id."""
        with self._clear():
            found = dict(map(parse.update, self._reader().updates(_jql(shape, ""))))
        if not found:
            # A filter that is no longer shared with us finds nothing either, without a word.
            self._client.get(f"filter/{shape.filter_id}", what="the board's filter")
        return found

    def _some(self, reader: Reader, shape: BoardShape, ids: list[str]) -> list[Issue]:
        """One question's worth; Jira refuses it whole (400) when one of the ids is gone, so it is asked in halves."""
        try:
            parts = self._parts(reader, shape, f" AND id in ({', '.join(ids)})")
            return [issue for part in parts for issue in part.issues]
        except Refused as refused:
            if refused.status != 400:
                raise
        middle = len(ids) // 2
        halves = (ids[:middle], ids[middle:]) if middle else ()
        return [issue for half in halves for issue in self._some(reader, shape, half)]

    def _parts(
        self,
        reader: Reader,
        shape: BoardShape,
        clause: str,
        *,
        mark: str | None = None,
        known: Mapping[str, datetime] = NOTHING,
    ) -> Iterator[Part]:
        with self._clear():
            yield from reader.parts(self._question(shape, clause, mark=mark, known=known))

    def _question(
        self, shape: BoardShape, clause: str, *, mark: str | None = None, known: Mapping[str, datetime] = NOTHING
    ) -> Question:
        own = (shape.sprint_field, shape.flagged_field, shape.points_field, *shape.sought_ids)
        return Question(
            jql=_jql(shape, clause),
            fields=(*_FIELDS, *(field for field in own if field)),
            shape=shape,
            wanted=lambda raw: not known or _is_news(raw, known),
            build=partial(self._issue, shape),
            mark=mark,
        )

    def _issue(
        self, shape: BoardShape, raw: wire.Issue[wire.Fields], histories: Iterable[wire.History], complete: bool
    ) -> Issue:
        return parse.issue(raw, histories, site=self._client.key, shape=shape, complete=complete)

    def _sprint_pages(self, board_id: int, which: Mapping[str, str]) -> Iterator[Any]:
        start = 0
        while True:
            what, params = f"the sprints of board {board_id}", {**which, "startAt": start}
            page: Any = self._client.get(f"board/{board_id}/sprint", what=what, params=params, api=AGILE)
            values = self._values(page)
            yield from values
            start += len(values)  # the server may lower the page size, so what came is what counts
            if not values or page.get("isLast") is True:
                return

    def _values(self, page: Any) -> list[Any]:
        found = page.get("values") if isinstance(page, Mapping) else None
        if not isinstance(found, list):
            raise self._client.nonsense("a page without its values")
        return found

    def _reader(self) -> Reader:
        if self._client.flavour() is Flavour.CLOUD:
            return CloudReader(self._client)
        return DataCenterReader(self._client, self._client.site().zone)

    @contextmanager
    def _clear(self) -> Iterator[None]:
        """What is found malformed inside becomes a sentence about the site."""
        try:
            yield
        except parse.Malformed as error:
            raise self._client.nonsense(str(error)) from None


def _jql(shape: BoardShape, clause: str) -> str:
    # Ordered by key, so that an issue updated while we read does not move between pages and get lost.
    return f"filter = {shape.filter_id}{clause} ORDER BY key ASC"


def _is_news(raw: wire.Issue[wire.Fields], known: Mapping[str, datetime]) -> bool:
    held = known.get(str(raw.id))
    return held is None or held < parse.instant(raw.fields.updated, "the update time of an issue")
