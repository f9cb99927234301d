"""The projects of a site: those its issues name, and those an administrator adds."""

from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]


class Projects:
    """Projects as id, key and name, by key."""

    def __init__(self, issues: Iterable[Json]) -> None:
        """Those of an export's issues, the first issue's first."""
        self.by_key: dict[str, Json] = {}
        for issue in issues:
            told = issue["fields"].get("project") or {}
            key = told.get("key") or issue["key"].rpartition("-")[0]
            if key not in self.by_key:
                number = str(told.get("id") or 10_000 + len(self.by_key))
                self.by_key[key] = {"id": number, "key": key, "name": told.get("name") or key}
        if not self.by_key:
            self.by_key["EMPTY"] = {"id": "10000", "key": "EMPTY", "name": "Empty project"}

    @property
    def first(self) -> Json:
        """Where new issues go unless somebody says otherwise."""
        return next(iter(self.by_key.values()))

    def find(self, value: object) -> Json | None:
        """By key in any case, by id, or by name."""
        told = str(value)
        if told in self.by_key:
            return self.by_key[told]
        for one in self.by_key.values():
            if told.upper() == one["key"].upper() or told == one["id"] or told.lower() == one["name"].lower():
                return one
        return None

    def add(self, key: str, name: str) -> Json:
        """A new project."""
        number = str(1 + max(int(one["id"]) for one in self.by_key.values()))
        self.by_key[key] = {"id": number, "key": key, "name": name}
        return self.by_key[key]
