"""The story's standing parts: statuses, project, board, people, sprints."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fmo_bot.sandbox.jira import times
from fmo_bot.sandbox.jira.fields import FieldIds
from fmo_bot.sandbox.jira.statuses import Status

Json = dict[str, Any]

STATUSES = (
    Status("10000", "Backlog", "new"),
    Status("10001", "Selected for Development", "new"),
    Status("3", "In Progress", "indeterminate"),
    Status("10002", "Code Review", "indeterminate"),
    Status("10003", "Waiting for Operator", "indeterminate"),
    Status("10004", "Waiting for Vendor", "indeterminate"),
    Status("10005", "QA", "indeterminate"),
    Status("10006", "Ready for Release", "indeterminate"),
    Status("10009", "Cancelled", "done"),
    Status("10007", "Done", "done"),
)
BACKLOG, SELECTED, PROGRESS, REVIEW, OPERATOR, VENDOR, QA, READY, CANCELLED, DONE = (one.name for one in STATUSES)
PROJECT = {"id": "10000", "key": "CORE", "name": "5G core joint delivery"}
BOARD: Json = {
    "id": 1,
    "name": "5G Core joint board",
    "type": "scrum",
    "location": {"type": "project", **PROJECT},
    "filter": {"id": "10001"},
    "columnConfig": {
        "constraintType": "none",
        "columns": [
            {"name": one.name, "statuses": [{"id": one.id}]} for one in STATUSES if one.name not in (CANCELLED, DONE)
        ]
        + [{"name": DONE, "statuses": [{"id": "10007"}, {"id": "10009"}]}],
    },
    "estimation": {"type": "field", "field": {"fieldId": FieldIds().points, "displayName": FieldIds().points_name}},
    "ranking": {"rankCustomFieldId": 10019},
}
FIRST_MONDAY = datetime(2026, 9, 14, tzinfo=UTC)  # of sprint 8
COMPLETED_AFTER = timedelta(days=11, hours=16, minutes=30)


def _person(slug: str, name: str, domain: str, zone: str) -> Json:
    mail = f"{slug}@{domain}.example"
    return {"accountId": f"sandbox:{slug}", "displayName": name, "emailAddress": mail, "timeZone": zone}


_HUAWEI, _TELEFONICA = "huawei-delivery", "telefonica-redes"
LIWEI = _person("li.wei", "Li Wei", _HUAWEI, "Asia/Shanghai")
CHENYU = _person("chen.yu", "Chen Yu", _HUAWEI, "Asia/Shanghai")
ZHAOMIN = _person("zhao.min", "Zhao Min", _HUAWEI, "Asia/Shanghai")
AISYAH = _person("nur.aisyah", "Nur Aisyah", _HUAWEI, "Asia/Kuala_Lumpur")
RAJESH = _person("rajesh.kumar", "Rajesh Kumar", _HUAWEI, "Asia/Kuala_Lumpur")
LUCIA = _person("lucia.ortega", "Lucía Ortega", _TELEFONICA, "Europe/Madrid")
JAVIER = _person("javier.ruiz", "Javier Ruiz", _TELEFONICA, "Europe/Madrid")
SOFIA = _person("sofia.hernandez", "Sofía Hernández", _TELEFONICA, "America/Mexico_City")
# His e-mail is hidden by his privacy settings, as many are: found only when asked for in full.
DIEGO = _person("diego.morales", "Diego Morales", _TELEFONICA, "America/Mexico_City") | {"hidden": True}
BUILDERS = (CHENYU, ZHAOMIN, AISYAH, RAJESH)
TESTERS = (JAVIER, SOFIA, DIEGO)


def sprints() -> list[Json]:
    """Core Sprint 8 to 13: two weeks from Monday 01:00 to Friday 16:00 UTC, completed half an hour later."""
    found = []
    for number in range(8, 14):
        first = monday(number)
        ends = first + timedelta(days=11, hours=16)
        found.append(
            {
                "id": number,
                "name": name(number),
                "state": "future",
                "goal": GOALS[number],
                "startDate": times.zulu(first + timedelta(hours=1)),
                "endDate": times.zulu(ends),
                "originBoardId": 1,
            }
            | ({"completeDate": times.zulu(first + COMPLETED_AFTER)} if number < 13 else {})
        )
    return found


GOALS = {
    8: "First roaming sessions are charged",
    9: "Emergency calls work on the new core",
    10: "eSIM download in both countries",
    11: "Valencia runs standalone",
    12: "Mexican roaming partners live, stadium pilot accepted",
    13: "Ready for the Christmas peak",
}


def monday(sprint: int) -> datetime:
    """Midnight UTC of a sprint's first day."""
    return FIRST_MONDAY + timedelta(days=14 * (sprint - 8))


def name(sprint: int) -> str:
    """Core Sprint n."""
    return f"Core Sprint {sprint}"
