"""What stands in a workflow file beside the stages."""

from typing import Any

import pytest

from fmo_bot.domain.workflow_file import FieldIds, Incidents, Value, WorkflowFile
from fmo_bot.errors import FileWrong
from fmo_bot.services.team_file import read_yaml
from tests.unit.exported import shared

STAGES = {"commitment": "Build", "stages": [{"name": "Build", "kind": "active", "statuses": ["3"]}]}


def test_the_file_of_the_generated_issues_is_read_whole() -> None:
    told = WorkflowFile.from_mapping(read_yaml(shared("bench/workflow.yaml")))
    assert told.fields == FieldIds("customfield_10020", "customfield_10021", "customfield_10016")
    assert told.incidents == Incidents(issue_types=("Incident",))
    assert {side: (each.zone, each.country) for side, each in told.calendars.items()} == {
        "vendor": ("Asia/Shanghai", "CN"),
        "operator": ("Europe/Madrid", "ES"),
    }
    assert told.workflow.stage_of("10008") is None


def test_all_but_the_stages_may_be_absent_or_empty() -> None:
    empty: dict[str, Any] = {"calendars": None, "incidents": {}, "fields": None, "value": None}
    told = WorkflowFile.from_mapping(STAGES)
    assert told == WorkflowFile.from_mapping(STAGES | empty)
    assert (told.calendars, told.incidents, told.fields, told.value) == ({}, Incidents(), FieldIds(), Value.FINISHED)


def test_incidents_and_releases_as_written() -> None:
    incidents = {
        "issue_types": ["Incident", "Outage"],
        "started_field": "customfield_1",
        "restored_statuses": [5],
        "exclude_from_flow": True,
    }
    told = WorkflowFile.from_mapping(STAGES | {"incidents": incidents, "value": "release"})
    assert told.incidents == Incidents(("Incident", "Outage"), "customfield_1", ("5",), exclude_from_flow=True)
    assert told.value is Value.RELEASE


@pytest.mark.parametrize(
    ("beside", "sentence"),
    [
        ({"calendars": {"seller": {"zone": "UTC"}}}, r"^here: calendars: 'seller' is no side; put vendor"),
        ({"calendars": {"vendor": {"zone": "Mars"}}}, r"^here: calendars\.vendor\.zone: 'Mars' is no time zone"),
        ({"calendars": []}, r"^here: calendars: here a mapping"),
        ({"incidents": {"types": ["Bug"]}}, r"^here: incidents: 'types' is not known here; known are issue_types"),
        ({"incidents": {"issue_types": "Bug"}}, r"^here: incidents\.issue_types: here a list is needed"),
        ({"incidents": {"exclude_from_flow": "no"}}, r"exclude_from_flow: 'no' is neither true nor false"),
        ({"fields": {"flag": "x"}}, r"^here: fields: 'flag' is not known here; known are sprint, flagged, points"),
        ({"fields": {"sprint": "x", "points": "x"}}, r"^here: fields: 'x' stands for two fields"),
        ({"value": "deploy"}, r"^here: value: 'deploy' is none of finished, release"),
        ({"sides": {}}, r"^here: 'sides' is not known here"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(beside: dict[str, Any], sentence: str) -> None:
    with pytest.raises(FileWrong, match=sentence):
        WorkflowFile.from_mapping(STAGES | beside, where="here")
