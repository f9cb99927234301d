"""Writing an issue's life down as a script, which becomes an issue of an export with a chained changelog."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fmo_bot.sandbox.jira import times
from fmo_bot.sandbox.jira.fields import FieldIds, Item, link
from fmo_bot.sandbox.jira.histories import History
from fmo_bot.sandbox.jira.statuses import Status

Json = dict[str, Any]


@dataclass
class Card:
    """One issue in the making. Every act is (when, changelog item without its `from` end)."""

    number: int
    summary: str
    kind: str
    created: datetime
    reporter: Json
    points: float | None = None
    born_in: str = "10000"
    acts: list[tuple[datetime, Json, Item]] = field(default_factory=list)
    links: list[Json] = field(default_factory=list)

    @property
    def key(self) -> str:
        """CORE-n."""
        return f"CORE-{self.number}"


class Script:
    """Acts upon cards, in one project with one set of statuses and fields."""

    def __init__(self, statuses: Iterable[Status], project: Json, ids: FieldIds) -> None:
        """`statuses` in the order of the board."""
        self.statuses = {one.name: one for one in statuses}
        self.project = project
        self.ids = ids
        self.cards: list[Card] = []

    def card(self, summary: str, *, created: datetime, by: Json, kind: str = "Story") -> Card:
        """A new issue."""
        card = Card(len(self.cards) + 1, summary, kind, created, by)
        self.cards.append(card)
        return card

    def move(self, card: Card, at: datetime, status: str, by: Json) -> None:
        """To a status, with the resolution its category asks for."""
        one = self.statuses[status]
        if one.category == "done":
            resolved = (
                {"to": "10000", "toString": "Done"} if status == "Done" else {"to": "10001", "toString": "Won't Do"}
            )
            self._act(card, at, by, {"field": "resolution", "fieldtype": "jira", "fieldId": "resolution"} | resolved)
        self._act(
            card,
            at,
            by,
            {"field": "status", "fieldtype": "jira", "fieldId": "status", "to": one.id, "toString": one.name},
        )

    def assign(self, card: Card, at: datetime, person: Json, by: Json) -> None:
        """To a person."""
        ends = {"to": person["accountId"], "toString": person["displayName"]}
        self._act(card, at, by, {"field": "assignee", "fieldtype": "jira", "fieldId": "assignee"} | ends)

    def estimate(self, card: Card, at: datetime, points: float, by: Json) -> None:
        """In story points."""
        about = {"field": self.ids.points_name, "fieldtype": "custom", "fieldId": self.ids.points}
        self._act(card, at, by, about | {"to": None, "toString": f"{points:g}"})

    def plan(self, card: Card, at: datetime, sprints: Iterable[tuple[int, str]], by: Json) -> None:
        """Into these sprints, closed ones included."""
        held = list(sprints)
        ends = {"to": ", ".join(str(one) for one, _ in held), "toString": ", ".join(name for _, name in held)}
        self._act(card, at, by, {"field": "Sprint", "fieldtype": "custom", "fieldId": self.ids.sprint} | ends)

    def flag(self, card: Card, at: datetime, on: bool, by: Json) -> None:
        """Set or clear the flag."""
        ends = {"to": "[10019]", "toString": "Impediment"} if on else {"to": "", "toString": ""}
        self._act(card, at, by, {"field": "Flagged", "fieldtype": "custom", "fieldId": self.ids.flagged} | ends)

    def block(self, card: Card, at: datetime, blocker: Card, by: Json) -> None:
        """`card` is blocked by `blocker`; both issues tell it."""
        for one, other, words, end in (
            (card, blocker, "is blocked by", "inwardIssue"),
            (blocker, card, "blocks", "outwardIssue"),
        ):
            prose = {"to": other.key, "toString": f"This issue {words} {other.key}"}
            self._act(one, at, by, {"field": "Link", "fieldtype": "jira"} | prose)
            one.links.append(link("Blocks", end, other.key))

    def export(self) -> list[Json]:
        """The issues, their histories numbered by time."""
        moments = sorted({(at, by["accountId"], card.number) for card in self.cards for at, by, _ in card.acts})
        numbers = {moment: 100_001 + place for place, moment in enumerate(moments)}
        return [self._issue(card, numbers) for card in self.cards]

    def _act(self, card: Card, at: datetime, by: Json, item: Item) -> None:
        card.acts.append((at, by, item))

    def _issue(self, card: Card, numbers: dict[tuple[datetime, str, int], int]) -> Json:
        end = {"status": (card.born_in, self._name(card.born_in)), "resolution": (None, None)}
        acts: dict[int, tuple[datetime, Json, list[Item]]] = {}
        for at, by, item in sorted(card.acts, key=lambda act: act[0]):
            number = numbers[at, by["accountId"], card.number]
            acts.setdefault(number, (at, by, []))[2].append(_chained(item, end))
        last = max([card.created, *(at for at, _, _ in card.acts)])
        resolved = [at for at, _, item in card.acts if item["field"] == "resolution"]
        return {
            "id": str(20_000 + card.number),
            "key": card.key,
            "fields": self._fields(card, end)
            | {
                "created": times.stamp(card.created),
                "updated": times.stamp(last),
                "resolutiondate": times.stamp(resolved[-1]) if resolved else None,
            },
            "histories": [History(number, at, tuple(items), by) for number, (at, by, items) in acts.items()],
        }

    def _fields(self, card: Card, end: dict[str, tuple[Any, Any]]) -> Json:
        status = next(one for one in self.statuses.values() if one.id == end["status"][0])
        resolution, assignee = end["resolution"], end.get("assignee")
        sprints = [{"id": int(one), "name": ""} for one in str(end.get("Sprint", ("", ""))[0] or "").split(", ") if one]
        points = end.get(self.ids.points_name, (None, None))[1]
        flagged = bool(end.get("Flagged", ("", ""))[1])
        return {
            "summary": card.summary,
            "project": self.project,
            "issuetype": {"id": _KINDS[card.kind], "name": card.kind, "subtask": False},
            "status": {"id": status.id, "name": status.name, "statusCategory": {"key": status.category}},
            "priority": {"id": "3", "name": "Medium"},
            "resolution": {"id": resolution[0], "name": resolution[1]} if resolution[0] else None,
            "assignee": {"accountId": assignee[0], "displayName": assignee[1]} if assignee else None,
            "reporter": card.reporter,
            "creator": card.reporter,
            "labels": [],
            "components": [],
            "fixVersions": [],
            "issuelinks": card.links,
            "description": None,
            self.ids.sprint: sprints or None,
            self.ids.flagged: [{"value": "Impediment", "id": "10019"}] if flagged else None,
            self.ids.points: float(points) if points else None,
        }

    def _name(self, number: str) -> str:
        return next(one.name for one in self.statuses.values() if one.id == number)


_KINDS = {"Story": "10001", "Task": "10002", "Bug": "10004", "Incident": "10010"}


def _chained(item: Item, end: dict[str, tuple[Any, Any]]) -> Item:
    """The item with its `from` end: what the last item of this field said."""
    if item["field"] == "Link":
        return {**item, "from": None, "fromString": None}
    blank = ("", "") if item["field"] == "Sprint" else (None, None)
    before, text = end.get(item["field"], blank)
    end[item["field"]] = (item["to"], item["toString"])
    return {**item, "from": before, "fromString": text}


def working_day(first: datetime, number: int) -> datetime:
    """Midnight of the `number`-th weekday from the Monday `first` on; the last one before it for -1."""
    weeks, day = divmod(number, 5)
    return first.replace(hour=0, minute=0) + timedelta(days=7 * weeks + day)
