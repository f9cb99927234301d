"""The fewest requests a board can be read with, call by call; and what the database must hold by the board's file."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

PAGE, BULK, HISTORIES, SPRINTS = 100, 1000, 10_000, 50
# What the bot keeps, by the names in the file: told apart here without its own tables.
KEPT = {
    "status": "status",
    "assignee": "assignee",
    "Sprint": "sprint",
    "resolution": "resolution",
    "Story Points": "points",
    "Flagged": "flagged",
}
Item = tuple[int, str, str | None, str | None]


@dataclass(frozen=True)
class Told:
    """What a file of issues holds: how many histories each issue has, in the order of keys, and how many sprints."""

    histories: tuple[int, ...]
    sprints: int

    @classmethod
    def of(cls, issues: Path, sprints: Path) -> "Told":
        """Read once."""
        counted = {raw["key"]: len(raw["changelog"]["histories"]) for raw in lines(issues)}
        ordered = sorted(counted, key=lambda key: (key.rpartition("-")[0], int(key.rpartition("-")[2])))
        return cls(tuple(counted[key] for key in ordered), len(json.loads(sprints.read_text("utf-8"))))

    @property
    def total(self) -> int:
        """Histories of all issues."""
        return sum(self.histories)

    def floor(self, flavour: str) -> dict[str, int]:
        """Requests by call: those of the search, of the histories, and those that set the reading up."""
        issues, first = len(self.histories), {"serverInfo": 1, "myself": 1, "board": 1, "configuration": 1}
        first |= {"status": 1, "field": 1, "sprint": max(1, math.ceil(self.sprints / SPRINTS))}
        search = {"search": math.ceil(issues / PAGE)}
        if flavour != "cloud":
            return search | first
        batches = [self.histories[start : start + BULK] for start in range(0, issues, BULK)]
        return search | {"bulkfetch": sum(max(1, math.ceil(sum(each) / HISTORIES)) for each in batches)} | first


def calls(requests: Mapping[str, Mapping[str, int]]) -> Counter[str]:
    """The sandbox's count of requests, by the same names as the floor's."""
    found: Counter[str] = Counter()
    for endpoint, by_status in requests.items():
        found[_name(endpoint)] += sum(by_status.values())
    return found


def _name(endpoint: str) -> str:
    path = re.sub(r"/\{[^}]*\}$", "", endpoint.partition(" ")[2])
    last = path.rpartition("/")[2]
    return "search" if last == "jql" else last


def lines(issues: Path) -> Iterator[dict[str, Any]]:
    """The issues of a file, one after the other."""
    with issues.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def kept_of_file(raw: Mapping[str, Any]) -> Counter[Item]:
    """The items of an issue that are to be kept."""
    return Counter(
        (int(history["id"]), KEPT[item["field"]], item["from"], item["to"])
        for history in raw["changelog"]["histories"]
        for item in history["items"]
        if item["field"] in KEPT
    )


def kept_of_row(value: str) -> Counter[Item]:
    """The items that are stored of an issue."""
    changes = json.loads(value)["changes"]
    return Counter((each["history"], each["field"], each["before"], each["after"]) for each in changes)


def differences(issues: Path, stored: Iterator[tuple[str, str]]) -> int:
    """How many issues are not stored as the file tells them, history by history; `stored` by ascending number."""
    wrong, seen = 0, 0
    for raw, (number, value) in zip(lines(issues), stored, strict=False):
        wrong += raw["id"] != number or kept_of_file(raw) != kept_of_row(value)
        seen += 1
    return wrong + sum(1 for _ in islice(lines(issues), seen, None)) + sum(1 for _ in stored)
