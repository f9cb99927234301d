"""A field that names an issue of another site: keys and ids come out of it, and never anything else."""

from dataclasses import replace
from typing import Any

import pytest

from fmo_bot.domain.issues import Named
from fmo_bot.jira import parse
from fmo_bot.jira.naming import LONGEST, fields, issues
from tests.integration.test_boards import SHAPE

SITES = (("operator", "https://Jira.telefonica.example"), ("lab", "https://lab.example:8443/jira"))


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("LAB-7", [("", "LAB-7")]),
        (" lab-7 ", [("", "LAB-7")]),
        ("https://jira.telefonica.example/browse/LAB-7", [("operator", "LAB-7")]),
        ("http://JIRA.telefonica.example:80/browse/lab-7/?focusedId=1#x", [("operator", "LAB-7")]),
        ("https://jira.telefonica.example/projects/LAB/issues/LAB-7", [("operator", "LAB-7")]),
        ("https://jira.telefonica.example/rest/api/2/issue/10007", [("operator", "10007")]),
        ("https://lab.example:8443/jira/boards/3?selectedIssue=LAB-7", [("lab", "LAB-7")]),
        ("[LAB-7|https://jira.telefonica.example/browse/LAB-7]", [("", "LAB-7"), ("operator", "LAB-7")]),
        (["LAB-7", "LAB-8", "LAB-7"], [("", "LAB-7"), ("", "LAB-8")]),
        ({"id": "3", "value": "LAB-7"}, [("", "LAB-7")]),  # a choice out of a list
        # A person's words stay behind.
        ("ask Ana about LAB-7, urgent", [("", "LAB-7")]),
        ("Ana Ruiz, +34 600 000 000", []),
        # Addresses of nobody we know, or that only look like a known site's.
        ("https://jira.elsewhere.example/browse/LAB-7", []),
        ("https://jira.telefonica.example@evil.example/browse/LAB-7", []),
        ("https://jira.telefonica.example.evil.example/browse/LAB-7", []),
        ("https://jira.telefonica.example:8443/browse/LAB-7", []),
        ("https://lab.example:8443/jirax/browse/LAB-7", []),
        ("https://lab.example:8443/browse/LAB-7", []),
        ("https://jira.telefonica.example/secure/LAB-7", []),
        ("https://[::1/browse/LAB-7", []),
        ("https://jira.telefonica.example:port/browse/LAB-7", []),
        # What no such field should hold.
        ("LAB-7 " * LONGEST, []),
        ("x" * 1_000_000, []),
        ([["LAB-7"], {"value": ["LAB-7"]}, None, 7, True], []),
        ({"type": "doc", "content": [{"text": "LAB-7"}]}, []),
        (None, []),
        (7, []),
        ("LAB-0 LAB-07 -7 L-1 \0LAB-7 \ud800-1", []),
    ],
)
def test_only_issues_come_out(value: Any, named: list[tuple[str, str]]) -> None:
    assert list(issues(value, SITES)) == named


def test_a_value_that_names_very_many_issues_is_cut() -> None:
    assert len(issues([f"LAB-{n}" for n in range(1, 1000)], SITES)) == 10


KNOWN: list[dict[str, Any]] = [
    {"id": "summary", "name": "Vendor issue"},  # no custom field
    {"id": "customfield_1", "name": "Points"},
    {"id": "customfield_2", "name": "Vendor issue "},
    {"id": "customfield_3", "name": "vendor issue"},
    {"id": "customfield_4; DROP", "name": "Bad"},
    {"id": ["customfield_5"], "name": "Worse"},
    {"id": "customfield_6", "name": ["Vendor issue"]},
]


def test_fields_are_found_by_name_or_id_among_the_custom_ones() -> None:
    said = ["VENDOR issue", "customfield_3", "Points", "Bad", "Worse", "summary", "nothing", "customfield_6"]
    assert fields(KNOWN, said, beside={"customfield_1", None}) == (
        ("VENDOR issue", "customfield_2"),
        ("customfield_3", "customfield_3"),
        ("customfield_6", "customfield_6"),
    )


def test_an_issue_keeps_what_two_team_files_ask_of_one_field() -> None:
    naming = (("Vendor issue", "customfield_2"), ("customfield_2", "customfield_2"))
    shape = replace(SHAPE, naming_fields=naming, addresses=SITES)
    told = {"created": 1, "updated": 1, "status": {"id": "3"}, "customfield_2": "LAB-7 and some words"}
    raw = {"id": "1", "key": "CORE-1", "fields": told}
    kept = parse.issue(raw, (), site="shared", shape=shape)
    assert kept.named == (Named("Vendor issue", "", "LAB-7"), Named("customfield_2", "", "LAB-7"))
    assert "some words" not in str(kept)
    told.pop("customfield_2")
    assert parse.issue(raw, (), site="shared", shape=shape).named == ()
