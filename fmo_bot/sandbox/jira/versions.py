"""The versions of a site's projects: planned, and released on a date. What an issue's `fixVersions` show of them.

An export says how its versions ended; before the date of its release a version is shown as planned.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from fmo_bot.sandbox.jira.projects import Projects

Json = dict[str, Any]


class Versions:
    """All versions of a site, by id."""

    def __init__(self, issues: Iterable[Json], projects: Projects) -> None:
        """Those that the issues of an export name."""
        self._projects = projects
        self.by_id: dict[str, Json] = {}
        for issue in issues:
            home = projects.find(issue["key"].rpartition("-")[0]) or projects.first
            for one in issue["fields"].get("fixVersions") or []:
                self.by_id.setdefault(str(one["id"]), {"archived": False, "released": False, **one, "home": home["id"]})

    def add(self, name: str, project: Json) -> Json:
        """A new version, planned without a date."""
        number = str(1 + max((int(one) for one in self.by_id), default=10_099))
        self.by_id[number] = {"id": number, "name": name, "archived": False, "released": False, "home": project["id"]}
        return self.by_id[number]

    def shown(self, named: Json, at: datetime) -> Json:
        """A version as Jira shows it then; one that only a history knows has its name and nothing else."""
        one = self.by_id.get(str(named.get("id")), named)
        dated = one.get("releaseDate")
        released = bool(one.get("released")) and (not dated or date.fromisoformat(dated) <= at.date())
        told: Json = {name: one[name] for name in ("id", "name", "archived", "releaseDate") if name in one}
        return {**told, "released": released, "archived": bool(one.get("archived"))}
