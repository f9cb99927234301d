"""Changing an issue, by whoever: a history at the clock, then the webhooks and the page are told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fmo_bot.sandbox.jira import times
from fmo_bot.sandbox.jira.fields import Item
from fmo_bot.sandbox.jira.hooks import Hooks
from fmo_bot.sandbox.jira.issue import Issue
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.site import Happening, Site

Json = dict[str, Any]


class Changes:
    """What may be done to the issues of a site."""

    def __init__(self, site: Site, hooks: Hooks) -> None:
        """`hooks` hear of every change."""
        self.site = site
        self.hooks = hooks

    def change(self, issue: Issue, items: Sequence[Item], *, by: Json) -> None:
        """Append one history with these items; nothing where there are none."""
        if not items:
            return
        at = self._moment()
        history = issue.change(items, author=by, number=self.site.number(), at=at)
        self.site.changed()
        self.hooks.happened(Happening(at, "jira:issue_updated", issue=issue, history=history), user=by)
        self.announce(issue)

    def move(self, issue: Issue, status: str, *, by: Json, resolution: str | None = None) -> None:
        """To a status id; the resolution follows the category."""
        state = issue.state(self.site.now())
        if state["status"] == status:
            return
        done = self.site.statuses[status].category == "done"
        items = [self._status_item(state["status"], status)]
        held = state.get("resolution")
        if done and not held:
            items.insert(0, item("resolution", after=("10000", resolution or "Done")))
        elif not done and held:
            items.insert(0, item("resolution", before=(str(held.get("id") or ""), held["name"])))
        self.change(issue, items, by=by)

    def flag(self, issue: Issue, on: bool, *, by: Json) -> None:
        """Set the flag or take it away."""
        held = bool(issue.state(self.site.now()).get(self.site.ids.flagged))
        if held == on:
            return
        ends = {"from": None, "fromString": None, "to": "[10019]", "toString": "Impediment"}
        if not on:
            ends = {"from": "[10019]", "fromString": "Impediment", "to": "", "toString": ""}
        about = {"field": "Flagged", "fieldtype": "custom", "fieldId": self.site.ids.flagged}
        self.change(issue, [about | ends], by=by)

    def move_to(self, issue: Issue, project: Json, *, by: Json) -> None:
        """To another project, where it gets the next key; the old one still leads to it."""
        site, before = self.site, issue.key
        home = before.rpartition("-")[0]
        if home == project["key"]:
            return
        issue.key = f"{project['key']}-{self._next(project['key'])}"
        site.by_key[issue.key] = issue
        left = site.projects.find(home) or site.projects.first
        moved = item("project", before=(left["id"], left["name"]), after=(project["id"], project["name"]))
        renamed = {**item("Key", before=(None, before), after=(None, issue.key)), "fieldId": "issuekey"}
        self.change(issue, [moved, renamed], by=by)

    def delete(self, issue: Issue, *, by: Json) -> None:
        """For good; whoever asked for it hears of it with the issue as it was."""
        at = self._moment()
        self.hooks.happened(Happening(at, "jira:issue_deleted", issue=issue), user=by)
        self.site.forget(issue)
        self.announce(issue)

    def comment(self, issue: Issue, text: str, *, by: Json, visibility: Json | None = None) -> Json:
        """A new comment; `visibility`: the role to which it is kept."""
        at = self._moment()
        self.site.comment_number += 1
        stamp = times.stamp(at)
        comment = {"id": str(self.site.comment_number), "author": by, "body": text, "created": stamp, "updated": stamp}
        comment |= {"visibility": visibility} if visibility else {}
        issue.comments.append((at, comment))
        issue.touch(at)
        self.hooks.commented(issue, comment, at)
        self.announce(issue)
        return comment

    def create(self, fields: Json, *, by: Json) -> Issue:
        """A new issue in the project, in the first column's first status."""
        at = self._moment()
        project = str((fields.get("project") or {}).get("key") or self.site.board["location"]["key"])
        first = next(one["id"] for column in self.site.board["columnConfig"]["columns"] for one in column["statuses"])
        raw = {
            "id": str(1 + max((int(one) for one in self.site.issues if one.isdigit()), default=10_000)),
            "key": f"{project}-{self._next(project)}",
            "fields": {
                "resolution": None,
                "resolutiondate": None,
                "labels": [],
                "issuelinks": [],
                "assignee": None,
                self.site.ids.flagged: None,
                self.site.ids.points: None,
                **fields,
                "status": {"id": first},
                "created": times.stamp(at),
                "reporter": by,
                "creator": by,
            },
            "histories": [],
        }
        issue = self.site.add(raw)
        self.hooks.happened(Happening(at, "jira:issue_created", issue=issue), user=by)
        self.announce(issue)
        return issue

    def _next(self, project: str) -> int:
        """The number of a project's next issue."""
        return 1 + max((_number(key) for key in self.site.by_key if key.rpartition("-")[0] == project), default=0)

    def announce(self, issue: Issue | None) -> None:
        """What was worked out is no longer true; tell the page."""
        self.site.changed()
        if self.site.settings.on_change is not None:
            self.site.settings.on_change("jira", site=self.site.key, issue=issue.key if issue else None)

    def _moment(self) -> datetime:
        """Now, in the whole milliseconds that Jira writes, and not before anything that has happened."""
        now = self.site.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def _status_item(self, before: str, after: str) -> Item:
        names = self.site.statuses
        return item("status", before=(before, names[before].name), after=(after, names[after].name))


def item(
    field: str, *, before: tuple[str | None, str] | None = None, after: tuple[str | None, str] | None = None
) -> Item:
    """A changelog item of a system field; ends are (id, text) or None."""
    (one, one_text), (other, other_text) = before or (None, None), after or (None, None)
    return {
        "field": field,
        "fieldtype": "jira",
        "fieldId": field,
        "from": one,
        "fromString": one_text,
        "to": other,
        "toString": other_text,
    }


def _number(key: str) -> int:
    tail = key.rpartition("-")[2]
    return int(tail) if tail.isdigit() else 0


def status_named(site: Site, wanted: str) -> str:
    """The id of a status given by id or name; 400 otherwise."""
    for one in site.statuses.values():
        if wanted == one.id or wanted.lower() == one.name.lower():
            return one.id
    raise Refused(400, f"There is no status '{wanted}'; there are {', '.join(s.name for s in site.statuses.values())}.")
