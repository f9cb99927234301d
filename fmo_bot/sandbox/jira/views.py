"""What an issue, a user, a status, a sprint look like in Jira's JSON, at one instant, for one caller."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from fmo_bot.sandbox.jira import times
from fmo_bot.sandbox.jira.histories import History, Items, OnceEach
from fmo_bot.sandbox.jira.issue import Issue
from fmo_bot.sandbox.jira.site import Site
from fmo_bot.sandbox.jira.sprints import Sprint
from fmo_bot.sandbox.jira.statuses import CATEGORIES
from fmo_bot.sandbox.jira.texts import document

Json = dict[str, Any]
NEWEST = 40  # histories that `expand=changelog` shows on Cloud
_EXPANDS = "operations,versionedRepresentations,editmeta,changelog,renderedFields"
_INSTANTS = ("created", "updated", "resolutiondate", "statuscategorychangedate", "lastViewed")


@dataclass(frozen=True)
class Selection:
    """Which fields a caller asks for. `names` None: all but `without`."""

    names: frozenset[str] | None
    without: frozenset[str] = frozenset()

    @classmethod
    def of(cls, asked: Iterable[str], default: str = "*all") -> "Selection":
        """From `fields=a,b&fields=c`, `*all`, `*navigable`, `-c`."""
        wanted = [name.strip() for part in asked for name in str(part).split(",") if name.strip()] or [default]
        without = frozenset(name[1:] for name in wanted if name.startswith("-"))
        named = frozenset(name for name in wanted if not name.startswith("-"))
        if not named or named & {"*all", "*navigable"}:
            return cls(None, without)
        return cls(named, without)

    @property
    def only_ids(self) -> bool:
        """Whether no field at all is asked for, beyond id and key."""
        return self.names is not None and self.names <= {"id", "key"}

    def takes(self, name: str) -> bool:
        """Whether the field is to be shown."""
        return name not in self.without and (self.names is None or name in self.names)


ALL = Selection(None)


class Views:
    """The JSON of one site as one caller sees it: `base` is the address the caller used."""

    def __init__(self, site: Site, base: str, at: datetime, *, adf: bool = False, me: Json | None = None) -> None:
        """`at`: the instant shown; `adf`: texts as documents (API version 3); `me`: who looks (None: sees all)."""
        self.me = me
        self.site = site
        self.base = base
        self.at = at
        self.adf = adf
        self._fields: dict[str, Callable[[Issue, Json], Any]] = {
            "status": lambda issue, state: self.status(state["status"]),
            "created": lambda issue, state: self.stamp(issue.created),
            "updated": lambda issue, state: self.stamp(issue.updated(self.at)),
            "assignee": lambda issue, state: self.user(state.get("assignee")),
            "reporter": lambda issue, state: self.user(state.get("reporter")),
            "creator": lambda issue, state: self.user(state.get("creator")),
            "project": self._project,
            "issuetype": self._issue_type,
            "issuelinks": self._links,
            "fixVersions": self._versions,
            "comment": lambda issue, state: self.comments(issue),
            "description": lambda issue, state: self._text(state.get("description")),
            site.ids.sprint: lambda issue, state: self.sprint_field(issue) or None,
        }

    def later(self, at: datetime) -> "Views":
        """The same caller's view at another instant."""
        return Views(self.site, self.base, at, adf=self.adf, me=self.me)

    def stamp(self, at: datetime) -> str:
        """An instant in the account's zone."""
        return times.stamp(at, self.site.zone)

    def user(self, one: Json | None) -> Json | None:
        """A user, or None; do not change what comes back."""
        if not one:
            return None
        key = ("user", one.get("accountId") or one.get("name"), one.get("displayName"))
        shown: Json | None = self._once(key, self._user, one)
        return shown

    def _user(self, one: Json) -> Json | None:
        cloud, zone = self.site.is_cloud, self.site.settings.zone
        return self.site.people.shown(one, cloud=cloud, base=self.base, zone=zone)

    def _once(self, key: tuple[Hashable, ...], make: Callable[[Any], Any], told: Any) -> Any:
        """What `make` makes of `told`, once until something changes on the site: it may not depend on the instant."""
        looks = self.site.looks
        found = looks.get((self.base, *key), _MISSING)
        if found is _MISSING:
            found = looks[(self.base, *key)] = make(told)
        return found

    def status(self, number: str) -> Json:
        """A status with its category; do not change what comes back."""
        found: Json = self._once(("status", number), self._status, number)
        return found

    def _status(self, number: str) -> Json:
        known = self.site.statuses[number]
        category, name, colour = CATEGORIES[known.category]
        own = {"untranslatedName": known.name} if self.site.is_cloud else {}
        return {
            "self": f"{self.base}/rest/api/2/status/{number}",
            "description": "",
            "iconUrl": f"{self.base}/",
            "name": known.name,
            **own,
            "id": number,
            "statusCategory": {
                "self": f"{self.base}/rest/api/2/statuscategory/{category}",
                "id": category,
                "key": known.category,
                "colorName": colour,
                "name": name,
            },
        }

    def sprint(self, one: Sprint) -> Json:
        """A sprint in the Agile API's shape; no `completeDate` before it happened."""
        state, board = one.state(self.at), one.board or self.site.board["id"]
        found: Json = {"id": one.id, "self": f"{self.base}/rest/agile/1.0/sprint/{one.id}", "state": state}
        found |= {"name": one.name, "goal": one.goal, "originBoardId": board}
        moments = {"startDate": one.start, "endDate": one.end}
        if state == "closed":
            moments["completeDate"] = one.complete
        if state != "future" and not self.site.is_cloud:
            moments["activatedDate"] = one.start
        write = times.zulu if self.site.is_cloud else self.stamp
        return found | {name: write(at) for name, at in moments.items() if at is not None}

    def sprint_field(self, issue: Issue) -> list[Any]:
        """The value of the Sprint custom field: objects on Cloud, strings on Data Center."""
        write = self._cloud_sprint if self.site.is_cloud else self._sprint_text
        held = self.site.sprints.known(issue.sprints(self.at))
        return [self._once(("sprint", one.id, one.state(self.at)), write, one) for one in held]

    def issue(self, issue: Issue, *, fields: Selection = ALL, changelog: bool = False, agile: bool = False) -> Json:
        """An issue; `agile` adds the Agile API's own fields."""
        found: Json = {
            "expand": _EXPANDS,
            "id": issue.id,
            "self": f"{self.base}/rest/api/2/issue/{issue.id}",
            "key": issue.key,
            "fields": self.fields(issue, fields),
        }
        if agile:
            found["fields"] |= self._agile(issue, fields)
        if changelog:
            found["changelog"] = self.changelog(issue)
        return found

    def fields(self, issue: Issue, wanted: Selection = ALL) -> Json:
        """The fields asked for that exist."""
        state = issue.state(self.at)
        names = wanted.names if wanted.names is not None else {**state, **self._fields}
        lost = self.site.screens.lost(self.site.ids)
        return {
            name: self._fields[name](issue, state) if name in self._fields else self._plain(name, state[name])
            for name in names
            if wanted.takes(name) and (name in self._fields or name in state) and name not in lost
        }

    def histories(self, issue: Issue) -> list[msgspec.Raw]:
        """The histories that have happened, oldest first."""
        return self.written(issue.histories[: issue.past(self.at)])

    def written(self, histories: Iterable[History], *, epoch: bool = False) -> list[msgspec.Raw]:
        """Histories as they go over the wire; `epoch`: their instants are milliseconds, as in bulk."""
        authors, items = self._parts()
        when = _epoch if epoch else self._quoted
        return [
            msgspec.Raw(_HISTORY % (one.number, when(one.at), items(one.items), authors(one.author)))
            for one in histories
        ]

    def items(self, items: Items) -> msgspec.Raw:
        """A history's items: no `fieldId` on Data Center."""
        return msgspec.Raw(self._parts()[1](items))

    def _parts(self) -> "tuple[OnceEach[Json | None, bytes], OnceEach[Items, bytes]]":
        """Authors and items as bytes: hundreds of thousands of histories share a few thousand of them."""
        key = (self.base, "parts")
        if key not in self.site.looks:
            self.site.looks[key] = OnceEach(self._author), OnceEach(self._items)
        parts: tuple[OnceEach[Json | None, bytes], OnceEach[Items, bytes]] = self.site.looks[key]
        return parts

    def _quoted(self, at: datetime) -> bytes:
        return b'"%b"' % self.stamp(at).encode()

    def _author(self, author: Json | None) -> bytes:
        """Nothing where nobody is known."""
        known = self.user(author)
        return b',"author":' + msgspec.json.encode(known) if known else b""

    def _items(self, items: Items) -> bytes:
        if self.site.is_cloud:
            return msgspec.json.encode(items)
        return msgspec.json.encode([{name: item[name] for name in item if name != "fieldId"} for item in items])

    def changelog(self, issue: Issue) -> Json:
        """`expand=changelog`: the newest 40, newest first, on Cloud; all, oldest first, on Data Center."""
        total = issue.past(self.at)
        cut = self.site.fault("changelog_cut")
        limit = int(cut) if cut else NEWEST if self.site.is_cloud else total
        histories = self.written(issue.histories[max(0, total - limit) : total])
        if self.site.is_cloud:
            histories.reverse()
        told = {"right": {"total": total}, "wrong": {"total": len(histories)}, "missing": {}}
        totals = told[str(self.site.fault("changelog_totals") or "right")] if cut else told["right"]
        return {"startAt": 0, "maxResults": len(histories), **totals, "histories": histories}

    def comments(self, issue: Issue) -> Json:
        """The comments so far."""
        hears = self.site.access.hears
        told = [comment for at, comment in issue.comments if at <= self.at and hears(comment, self.me)]
        shown = [self._comment(one) for one in told]
        return {"startAt": 0, "maxResults": len(shown), "total": len(shown), "comments": shown}

    def _comment(self, one: Json) -> Json:
        who = self.user(one["author"])
        moments = {name: self.stamp(times.read(one[name])) for name in ("created", "updated")}
        return {**one, **moments, "body": self._text(one["body"]), "author": who, "updateAuthor": who}

    def _text(self, text: Any) -> Any:
        return document(text) if self.adf and isinstance(text, str) else text

    def _plain(self, name: str, value: Any) -> Any:
        if name in _INSTANTS and value:
            return self.stamp(times.read(value))
        return value

    def _project(self, issue: Issue, state: Json) -> Json:
        told = state.get("project") or {"key": issue.key.rpartition("-")[0]}
        own = self.site.projects.find(told.get("key") or told.get("id")) or self.site.projects.first
        return {"self": f"{self.base}/rest/api/2/project/{own['id']}", **own, **told}

    def _issue_type(self, issue: Issue, state: Json) -> Json:
        told = state.get("issuetype") or {}
        return {"id": "10001", "name": "Story", "subtask": told.get("name") == "Sub-task", **told}

    def _versions(self, issue: Issue, state: Json) -> list[Json]:
        return [self.version(one) for one in state.get("fixVersions") or []]

    def version(self, one: Json) -> Json:
        """A version an issue or a project names, as it is now."""
        link = {"self": f"{self.base}/rest/api/2/version/{one['id']}"} if one.get("id") else {}
        return {**link, **self.site.versions.shown(one, self.at)}

    def _links(self, issue: Issue, state: Json) -> list[Json]:
        """The links to issues that may be seen; those to other sites stay."""
        listed = state.get("issuelinks") or []
        hidden = {key for key in _linked_keys(listed) if key in self.site.by_key and not self.site.known(key, self.me)}
        return [self._link(issue, one) for one in listed if hidden.isdisjoint(_linked_keys([one]))]

    def _link(self, issue: Issue, one: Json) -> Json:
        shown: Json = {"id": f"{issue.id}{len(one['type']['name'])}", **one}
        for end in ("inwardIssue", "outwardIssue"):
            other = self.site.known(str((one.get(end) or {}).get("key")), self.me)
            if other is not None:
                about = Selection(frozenset({"summary", "status", "priority", "issuetype"}))
                shown[end] = {"id": other.id, "key": other.key, "self": f"{self.base}/rest/api/2/issue/{other.id}"}
                shown[end]["fields"] = self.fields(other, about)
        return shown

    def _cloud_sprint(self, one: Sprint) -> Json:
        shown = self.sprint(one)
        shown["boardId"] = shown.pop("originBoardId")
        del shown["self"]
        return shown

    def _sprint_text(self, one: Sprint) -> str:
        state = one.state(self.at)
        complete = self.stamp(one.complete) if state == "closed" and one.complete else "<null>"
        board, start, end = (
            one.board or self.site.board["id"],
            self.stamp(one.start) if one.start else "<null>",
            self.stamp(one.end) if one.end else "<null>",
        )
        told = f"id={one.id},rapidViewId={board},state={state.upper()},name={one.name},startDate={start},endDate={end}"
        return (
            f"com.atlassian.greenhopper.service.sprint.Sprint@{one.id:x}[{told},completeDate={complete},"
            f"activatedDate={start if state != 'future' else '<null>'},sequence={one.id},goal={one.goal}]"
        )

    def _agile(self, issue: Issue, wanted: Selection) -> Json:
        held = self.site.sprints.known(issue.sprints(self.at))
        current = [self.sprint(one) for one in held if one.state(self.at) != "closed"]
        closed = [self.sprint(one) for one in held if one.state(self.at) == "closed"]
        told: Json = {"sprint": current[0] if current else None, "flagged": self.is_flagged(issue)}
        if closed:
            told["closedSprints"] = closed
        return {name: value for name, value in told.items() if wanted.takes(name)}

    def is_flagged(self, issue: Issue) -> bool:
        """Whether the flag is set."""
        return bool(issue.state(self.at).get(self.site.ids.flagged))


_MISSING = object()
_HISTORY = b'{"id":"%d","created":%b,"items":%b%b}'


def _epoch(at: datetime) -> bytes:
    return b"%d" % times.millis(at)


def _linked_keys(listed: Iterable[Json]) -> list[str]:
    return [str(one[end].get("key")) for one in listed for end in ("inwardIssue", "outwardIssue") if one.get(end)]
