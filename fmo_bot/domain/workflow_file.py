"""A whole workflow file: the stages, and beside them calendars, incidents, fields and what counts as delivered.

    commitment: Selected
    stages: [{name: Selected, kind: waiting, side: vendor, statuses: ["10001"]}, …]
    abandoned_resolutions: ["Won't Do"]
    calendars: {vendor: {zone: Asia/Shanghai, hours: ["09:00", "18:00"], holidays: CN}, operator: {…}}
    incidents: {issue_types: [Incident], started_field: customfield_10050, restored_statuses: ["10007"]}
    fields: {sprint: customfield_10020, flagged: customfield_10021, points: customfield_10016}
    value: release

All but the first two may be absent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fmo_bot.domain import told
from fmo_bot.domain.calendars import SideCalendar
from fmo_bot.domain.parties import is_side
from fmo_bot.domain.workflow import Workflow
from fmo_bot.errors import FileWrong

_INCIDENTS = ("issue_types", "started_field", "restored_statuses", "exclude_from_flow")
_FIELDS = ("sprint", "flagged", "points")


class Value(StrEnum):
    """When value reaches the customer (definition 4), where no deployment is known."""

    FINISHED = "finished"
    RELEASE = "release"


@dataclass(frozen=True)
class Incidents:
    """Which issues are incidents, and from when to when they last (definition 11)."""

    issue_types: tuple[str, ...] = ()  # by name, as Jira shows them
    started_field: str | None = None  # id of a field with the instant at which it began; None: created
    restored_statuses: tuple[str, ...] = ()  # ids; empty: the first entry into a done stage
    exclude_from_flow: bool = False  # else incidents count in the other figures too

    def include(self, issue_type: str) -> bool:
        """Whether issues of this type are incidents."""
        return issue_type in self.issue_types

    def leave_out(self, issue_type: str) -> bool:
        """Whether issues of this type count in no figure of flow."""
        return self.exclude_from_flow and issue_type in self.issue_types


@dataclass(frozen=True)
class FieldIds:
    """A site's ids of the three fields that each site names anew; None: to be found by name."""

    sprint: str | None = None
    flagged: str | None = None
    points: str | None = None


@dataclass(frozen=True)
class WorkflowFile:
    """What one workflow file says. `calendars` by side, without the national holidays, which others know."""

    workflow: Workflow
    calendars: Mapping[str, SideCalendar] = field(default_factory=dict)
    incidents: Incidents = Incidents()
    fields: FieldIds = FieldIds()
    value: Value = Value.FINISHED

    @classmethod
    def from_mapping(cls, mapping: object, *, where: str = "workflow") -> "WorkflowFile":
        """Read the YAML format; raises `FileWrong` that starts with `where`, names the place and says what to put."""
        workflow = Workflow.from_mapping(mapping, where=where)
        content = told.mapping(mapping, where)
        return cls(
            workflow=workflow,
            calendars=_calendars(content.get("calendars"), f"{where}: calendars"),
            incidents=_incidents(content.get("incidents"), f"{where}: incidents"),
            fields=_fields(content.get("fields"), f"{where}: fields"),
            value=_value(content.get("value"), f"{where}: value"),
        )


def _calendars(value: object, where: str) -> dict[str, SideCalendar]:
    found = {}
    for side, calendar in told.mapping({} if value is None else value, where).items():
        if not isinstance(side, str) or not is_side(side):
            raise FileWrong(f"{where}: {side!r} is no side; put vendor, operator or partner:<name>")
        found[side] = SideCalendar.from_mapping(calendar, where=f"{where}.{side}")
    return found


def _incidents(value: object, where: str) -> Incidents:
    content = _known(value, _INCIDENTS, where)
    excluded = content.get("exclude_from_flow", False)
    if not isinstance(excluded, bool):
        raise FileWrong(f"{where}.exclude_from_flow: {excluded!r:.60} is neither true nor false")
    return Incidents(
        issue_types=told.texts(content.get("issue_types") or [], f"{where}.issue_types"),
        started_field=_optional(content.get("started_field"), f"{where}.started_field"),
        restored_statuses=told.texts(content.get("restored_statuses") or [], f"{where}.restored_statuses"),
        exclude_from_flow=excluded,
    )


def _fields(value: object, where: str) -> FieldIds:
    content = _known(value, _FIELDS, where)
    ids = {name: _optional(content.get(name), f"{where}.{name}") for name in _FIELDS}
    told.refuse_repeats(filter(None, ids.values()), where, "{!r} stands for two fields; each has an id of its own")
    return FieldIds(**ids)


def _value(value: object, where: str) -> Value:
    if value is None:
        return Value.FINISHED
    if value in list(Value):
        return Value(str(value))
    raise FileWrong(f"{where}: {value!r:.60} is none of {', '.join(Value)}")


def _known(value: object, known: tuple[str, ...], where: str) -> Mapping[str, Any]:
    content = told.mapping({} if value is None else value, where)
    told.refuse_unknown(content, known, where)
    return content


def _optional(value: object, where: str) -> str | None:
    return None if value is None else told.text(value, where)
