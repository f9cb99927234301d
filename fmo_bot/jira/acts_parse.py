"""What Jira asks before it does something, and an issue as it is now, from its JSON; hostile, as all of it is."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fmo_bot.domain.acts import Asked, IssueNow, IssueType, Kind, Option, Transition
from fmo_bot.domain.issues import BoardShape

Json = Mapping[str, Any]
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}-[0-9]{1,12}")  # it becomes part of an address
_LONGEST = 255
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")  # it becomes part of a form, and of what is sent
_MOST_ASKED = 30  # fields in one form; who needs more is better off in Jira
_ONE_LINE = (":textfield", ":url")  # types of custom fields that are shown as they are, without wiki markup
_MOST = 100  # options that Slack shows
_GIVEN = frozenset({"project", "issuetype", "summary", "description", "reporter"})  # we fill these, or Jira does
_BY_TYPE = {
    "string": Kind.TEXT,
    "number": Kind.NUMBER,
    "user": Kind.USER,
    "date": Kind.DATE,
    "option": Kind.CHOICE,
    "resolution": Kind.CHOICE,
    "priority": Kind.CHOICE,
    "version": Kind.CHOICE,
    "component": Kind.CHOICE,
}
_CHOSEN = frozenset({Kind.CHOICE, Kind.CHOICES})


def issue_now(raw: Any, *, site: str, shape: BoardShape | None, url: str) -> IssueNow | None:
    """One issue; None where the answer is not one."""
    fields = _part(_part(raw).get("fields"))
    key, status = _words(_part(raw).get("key")), _part(fields.get("status"))
    if not _KEY.fullmatch(key) or not _number(_part(raw).get("id")) or not _number(status.get("id")):
        return None
    person = _part(fields.get("assignee"))
    points = fields.get(shape.points_field) if shape and shape.points_field else None
    return IssueNow(
        site=site,
        id=_number(_part(raw).get("id")),
        key=key,
        summary=_words(fields.get("summary")),
        status=_number(status.get("id")),
        status_name=_words(status.get("name")),
        assignee=_words(person.get("displayName")) or None,
        assignee_id=_account(person) or None,
        priority=_words(_part(fields.get("priority")).get("name")) or None,
        points=float(points) if isinstance(points, int | float) and not isinstance(points, bool) else None,
        sprint=_open_sprint(fields.get(shape.sprint_field)) if shape and shape.sprint_field else None,
        flagged=bool(shape and shape.flagged_field and fields.get(shape.flagged_field)),
        project=_number(_part(fields.get("project")).get("id")),
        secured=bool(fields.get("security")),
        url=f"{url}/browse/{key}",
    )


def transitions(raw: Any) -> tuple[Transition, ...]:
    """The ways out of a status; what is not one is left out."""
    return tuple(found for each in _list(_part(raw).get("transitions")) if (found := _transition(_part(each))))


def types(raw: Any) -> tuple[IssueType, ...]:
    """What may be created; sub-tasks need a parent, which nobody names here."""
    found = (_part(each) for each in _values(raw))
    return tuple(
        IssueType(id=_number(each.get("id")), name=_words(each.get("name")))
        for each in found
        if _number(each.get("id")) and each.get("subtask") is not True
    )


def asked_of_new(raw: Any) -> tuple[Asked, ...]:
    """The fields a new issue requires."""
    told = {str(each.get("fieldId") or each.get("key")): each for each in map(_part, _values(raw))}
    return _asked(told)


def people(raw: Any) -> tuple[Option, ...]:
    """Active accounts, by what Jira takes them for."""
    found = (_part(each) for each in _list(raw))
    active = (each for each in found if each.get("active") is not False and _account(each))
    return tuple(Option(_account(each), _words(each.get("displayName")) or _account(each)) for each in active)


def _transition(raw: Json) -> Transition | None:
    number, to = _number(raw.get("id")), _part(raw.get("to"))
    if not number or not _number(to.get("id")):
        return None
    asks = _asked({str(name): _part(field) for name, field in _part(raw.get("fields")).items()})
    to_name = _words(to.get("name"))
    return Transition(
        id=number, name=_words(raw.get("name")) or to_name, to=_number(to.get("id")), to_name=to_name, asks=asks
    )


def _asked(told: Mapping[str, Json]) -> tuple[Asked, ...]:
    required = [(name, field) for name, field in told.items() if name not in _GIVEN and _is_required(field)]
    found = tuple(_field(name, field) for name, field in required[:_MOST_ASKED])
    if len(required) > _MOST_ASKED:
        return (*found, Asked(id="more", label=f"+{len(required) - _MOST_ASKED}", kind=Kind.UNSUPPORTED))
    return found


def _is_required(field: Json) -> bool:
    return field.get("required") is True and field.get("hasDefaultValue") is not True


def _field(name: str, raw: Json) -> Asked:
    schema = _part(raw.get("schema"))
    many = schema.get("type") == "array"
    kind = _BY_TYPE.get(str(schema.get("items") if many else schema.get("type")), Kind.UNSUPPORTED)
    if many:
        kind = Kind.CHOICES if kind is Kind.CHOICE else Kind.UNSUPPORTED
    if kind is Kind.TEXT and str(schema.get("custom", "")).endswith(_ONE_LINE):
        kind = Kind.LINE
    allowed = map(_option, _list(raw.get("allowedValues"))) if kind in _CHOSEN else ()
    options = tuple(each for each in allowed if each.id)
    # What we could show only a part of, or nothing of, is better chosen where all of it is shown.
    if kind in _CHOSEN and not 1 <= len(options) <= _MOST:
        kind, options = Kind.UNSUPPORTED, ()
    if not _FIELD.fullmatch(name):
        kind, options = Kind.UNSUPPORTED, ()
    return Asked(id=name, label=_words(raw.get("name")) or name, kind=kind, options=options)


def _option(raw: Any) -> Option:
    told = _part(raw)
    return Option(_words(told.get("id")), _words(told.get("name")) or _words(told.get("value")) or "?")


def _open_sprint(value: Any) -> str | None:
    """Cloud tells sprints as objects; Data Center's older strings are not taken apart here."""
    sprints = [_part(each) for each in _list(value)]
    return next((_words(each.get("name")) for each in sprints if each.get("state") in ("active", "future")), None)


def _account(person: Json) -> str:
    return _words(person.get("accountId") or person.get("name"))


def _values(raw: Any) -> Sequence[Any]:
    """A page of create metadata: the two flavours, and the versions of one, name the list differently."""
    told = _part(raw)
    return next((told[name] for name in ("values", "issueTypes", "fields", "results") if _list(told.get(name))), [])


def _part(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _words(value: Any) -> str:
    return str(value)[:_LONGEST] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _number(value: Any) -> str:
    text = _words(value)
    return text if text.isascii() and text.isdigit() else ""
