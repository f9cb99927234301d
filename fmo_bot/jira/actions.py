"""Changing issues of a Jira site, Cloud or Data Center: the `BoardActions` port.

A write is sent once. Where the site does not say how it ended, we read: the state of the issue, our own comment or new
issue by its mark. What reading does not settle stays unknown, and is never sent again. Texts go out as version 2 of the
API takes them, on both flavours: wiki markup, with a person's words escaped.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from fmo_bot.domain import acts
from fmo_bot.domain.acts import Act, Assign, Comment, Create, Flag, IssueNow, IssueType, Kind, Move, Option
from fmo_bot.domain.issues import BoardShape
from fmo_bot.errors import BoardUnavailable, ChangedMeanwhile, NoRight, NoScope, NotFound, NotTaken, OutcomeUnknown
from fmo_bot.jira import acts_parse
from fmo_bot.jira.client import Flavour, JiraClient, Refused, TokenRefused
from fmo_bot.jira.readers import CloudReader, DataCenterReader

T = TypeVar("T")
_FIELDS = ("summary", "status", "assignee", "priority", "project", "security")
_PEOPLE = 100  # as many as Slack shows in one list
_NEWEST = 50  # comments, or new issues, among which ours is looked for
_CLOCKS_DIFFER = timedelta(minutes=2)
_PROJECT = re.compile(r"[A-Z][A-Z0-9_]{0,79}")
_REFUSALS = {
    400: NotTaken,
    401: NoScope,
    403: NoRight,
    404: NotFound,
    409: ChangedMeanwhile,
    413: NotTaken,
    422: NotTaken,
}


class JiraActions:
    """The `BoardActions` of one site, as the account of `client`."""

    def __init__(self, client: JiraClient, shape: BoardShape | None, *, url: str) -> None:
        """`shape`: of a board of the site, for the ids of its own fields; `url`: where people open the site."""
        self._client, self._shape, self._url = client, shape, url.rstrip("/")

    def read(self, issue_id: str) -> IssueNow:
        """One issue as it is now."""
        shape = self._shape
        own = (shape.points_field, shape.sprint_field, shape.flagged_field) if shape else ()
        fields = ",".join((*_FIELDS, *(field for field in own if field)))
        return self._now(self._get(f"issue/{_numeric(issue_id)}", "the issue", {"fields": fields}))

    def transitions(self, issue_id: str) -> tuple[acts.Transition, ...]:
        """Fetched now, by this account: they differ by status and by person."""
        path, expand = f"issue/{_numeric(issue_id)}/transitions", {"expand": "transitions.fields"}
        found = acts_parse.transitions(self._get(path, "where the issue may go", expand))
        if not found:
            raise NoRight
        return found

    def assignable(self, issue_id: str) -> tuple[Option, ...]:
        """The first of them, in Jira's own order."""
        key = self.read(issue_id).key
        asked: dict[str, Any] = {"issueKey": key, "maxResults": _PEOPLE} | (
            {} if self._is_cloud() else {"username": ""}
        )
        return acts_parse.people(self._get("user/assignable/search", "who it may be given to", asked))

    def types(self, project: str) -> tuple[IssueType, ...]:
        """Kinds of issues, without sub-tasks."""
        found = acts_parse.types(self._get(f"issue/createmeta/{_project(project)}/issuetypes", "what may be created"))
        if not found:
            raise NoRight
        return found

    def asked_of_new(self, project: str, type_id: str) -> IssueType:
        """One kind with what it requires."""
        chosen = next((each for each in self.types(project) if each.id == type_id), None)
        if chosen is None:
            raise NoRight
        path = f"issue/createmeta/{_project(project)}/issuetypes/{_numeric(type_id)}"
        asks = acts_parse.asked_of_new(self._get(path, "what a new issue requires", {"maxResults": 200}))
        return IssueType(id=chosen.id, name=chosen.name, asks=asks)

    def do(self, act: Act) -> IssueNow:
        """Do it once, read it back."""
        try:
            return self._write(act)
        except OutcomeUnknown:
            if (stands := self.settled(act)) is None:
                raise
            return stands

    def settled(self, act: Act) -> IssueNow | None:
        """Whether it stands in Jira."""
        if isinstance(act, Create):
            return self._created(act)
        now = self.read(act.issue)
        stands = {
            Assign: lambda: now.assignee_id == getattr(act, "account", None),
            Move: lambda: now.status == getattr(act, "to", None),
            Flag: lambda: now.flagged == getattr(act, "on", None),
            Comment: lambda: self._has_comment(act.issue, getattr(act, "mark", "")),
        }
        return now if stands[type(act)]() else None

    # --- writing -----------------------------------------------------------------------------------------------------

    def _write(self, act: Act) -> IssueNow:
        ways: Mapping[type, Callable[[Any], IssueNow]] = {
            Assign: self._assign,
            Move: self._move,
            Comment: self._comment,
            Flag: self._flag,
            Create: self._create,
        }
        return ways[type(act)](act)

    def _assign(self, act: Assign) -> IssueNow:
        path = f"issue/{_numeric(act.issue)}/assignee"
        self._send("PUT", path, {self._account_field(): act.account}, "giving the issue to somebody")
        return self.read(act.issue)

    def _move(self, act: Move) -> IssueNow:
        found = {each.id: each for each in self.transitions(act.issue)}.get(act.transition)
        if found is None or found.to != act.to:  # the workflow, or the status, is another one by now
            if (there := self.settled(act)) is not None:
                return there
            raise ChangedMeanwhile
        fields = self._filled(found.asks, act.values)
        body = {"transition": {"id": found.id}} | ({"fields": fields} if fields else {})
        try:
            self._send("POST", f"issue/{act.issue}/transitions", body, "moving the issue")
        except ChangedMeanwhile:
            if (there := self.settled(act)) is not None:
                return there
            raise
        return self.read(act.issue)

    def _comment(self, act: Comment) -> IssueNow:
        said = acts.plain_wiki(act.text)[: acts.LONGEST_TEXT]
        body = {"body": f"{said}\n\n{_signed(act.signed, act.mark)}"}
        self._send("POST", f"issue/{_numeric(act.issue)}/comment", body, "commenting on the issue")
        return self.read(act.issue)

    def _flag(self, act: Flag) -> IssueNow:
        field = self._shape.flagged_field if self._shape else None
        if field is None:
            raise NotTaken
        body = {"fields": {field: [{"value": "Impediment"}] if act.on else None}}
        self._send("PUT", f"issue/{_numeric(act.issue)}", body, "changing the flag")
        return self.read(act.issue)

    def _create(self, act: Create) -> IssueNow:
        asks = self.asked_of_new(act.project, act.type).asks
        fields = {
            "project": {"key": act.project},
            "issuetype": {"id": act.type},
            "summary": " ".join(act.summary.split())[: acts.LONGEST_SUMMARY],
            "description": _description(act),
            **self._filled(asks, act.values),
        }
        made = self._send("POST", "issue", {"fields": fields}, "creating the issue")
        number = str(made.get("id", "")) if isinstance(made, Mapping) else ""
        return self.read(number)

    def _filled(self, asks: tuple[acts.Asked, ...], values: acts.Values) -> dict[str, Any]:
        """The required fields as Jira takes them. Raises NotTaken where one is missing or of an unknown kind."""
        return {each.id: self._value(each, values.get(each.id, ())) for each in asks}

    def _value(self, asked: acts.Asked, given: tuple[str, ...]) -> Any:
        allowed = {option.id for option in asked.options}
        fits = not allowed or set(given) <= allowed
        if not given or not all(given) or not fits or asked.kind is Kind.UNSUPPORTED:
            raise NotTaken
        if asked.kind is Kind.CHOICES:
            return [{"id": each} for each in given]
        shapes: Mapping[Kind, Callable[[str], Any]] = {
            Kind.TEXT: acts.plain_wiki,
            Kind.LINE: lambda one: " ".join(one.split())[: acts.LONGEST_SUMMARY],
            Kind.NUMBER: _number,
            Kind.CHOICE: lambda one: {"id": one},
            Kind.USER: lambda one: {self._account_field(): one},
            Kind.DATE: str,
        }
        return shapes[asked.kind](given[0])

    def _send(self, method: str, path: str, body: Mapping[str, Any], what: str) -> Any:
        try:
            return self._client.write(method, path, what=what, body=body)
        except TokenRefused:
            raise
        except Refused as refused:
            raise _REFUSALS.get(refused.status, refused) from None

    # --- reading -----------------------------------------------------------------------------------------------------

    def _has_comment(self, issue_id: str, mark: str) -> bool:
        """Newest first on both flavours, where the site sorts; else all that it shows."""
        asked = {"orderBy": "-created", "maxResults": _NEWEST}
        told: Any = self._get(f"issue/{_numeric(issue_id)}/comment", "its comments", asked)
        found = told.get("comments") if isinstance(told, Mapping) else None
        comments = found if isinstance(found, list) else []
        return any(mark in str(each.get("body", "")) for each in comments if isinstance(each, Mapping))

    def _created(self, act: Create) -> IssueNow | None:
        """Among the newest issues of the project, the one whose description carries the mark."""
        reader = CloudReader(self._client) if self._is_cloud() else DataCenterReader(self._client, self._zone())
        since = reader.instant(act.since - _CLOCKS_DIFFER)
        asked = {
            "jql": f'project = "{_project(act.project)}" AND created >= {since} ORDER BY created DESC',
            "fields": "description",
            "maxResults": _NEWEST,
        }
        told: Any = self._get("search/jql" if self._is_cloud() else "search", "the new issues", asked)
        found = told.get("issues") if isinstance(told, Mapping) else None
        for each in found if isinstance(found, list) else []:
            fields = each.get("fields") if isinstance(each, Mapping) else None
            if isinstance(fields, Mapping) and act.mark in str(fields.get("description", "")):
                return self.read(str(each.get("id")))
        return None

    def _get(self, path: str, what: str, params: Mapping[str, Any] | None = None) -> Any:
        try:
            return self._client.get(path, what=what, params=params)
        except Refused as refused:
            if refused.status == 404:
                raise NotFound from None
            if refused.status == 403 and not isinstance(refused, TokenRefused):
                raise NoRight from None
            raise

    def _now(self, raw: Any) -> IssueNow:
        found = acts_parse.issue_now(raw, site=self._client.key, shape=self._shape, url=self._url)
        if found is None:
            raise self._client.nonsense("an issue")
        return found

    def _is_cloud(self) -> bool:
        return self._client.flavour() is Flavour.CLOUD

    def _zone(self) -> Any:
        return self._client.site().zone

    def _account_field(self) -> str:
        """Never anything that is searched for: the wrong person might be found."""
        return "accountId" if self._is_cloud() else "name"


def _description(act: Create) -> str:
    said = acts.plain_wiki(act.text)[: acts.LONGEST_TEXT]
    parts = [said] if said.strip() else []
    parts += [act.source] if act.source else []
    return "\n\n".join([*parts, _signed(act.signed, act.mark)])


def _signed(signed: str, mark: str) -> str:
    return acts.plain_wiki(f"– {signed} ({mark})")


def _number(text: str) -> float:
    if (found := acts.number_in(text)) is None:
        raise NotTaken
    return found


def _numeric(number: str) -> str:
    """An id on its way into an address."""
    if not (number.isascii() and number.isdigit()):
        raise BoardUnavailable("That is not the id of an issue.")
    return number


def _project(key: str) -> str:
    if not _PROJECT.fullmatch(key):
        raise NotFound
    return key
