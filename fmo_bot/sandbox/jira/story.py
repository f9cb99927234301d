"""The sandbox's own story: Huawei and Telefónica deliver a 5G core together, sprint 12 is half way.

Everything is written down, nothing is thrown by dice: the same story each time. It goes on beyond the start of the
clock: sprint 12 completes on 20 November 2026, and what is unfinished moves to sprint 13 some seconds later.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fmo_bot.sandbox.jira import times
from fmo_bot.sandbox.jira.export import Export
from fmo_bot.sandbox.jira.fields import FieldIds
from fmo_bot.sandbox.jira.script import Card, Script, working_day
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

# The past: five sprints' worth of work. A row is (summary, type, points, working day begun, working days taken, how).
PAST: dict[int, Sequence[tuple[str, str, int, int, int, str]]] = {
    8: (
        ("Register AMF instances with the NRF of both data centres", "Story", 5, 0, 4, ""),
        ("Charging records for home-routed roaming sessions", "Story", 8, 0, 8, "operator"),
        ("Slice selection by subscriber profile for the IoT tenant", "Story", 5, 1, 5, ""),
        ("Alarm storm on UPF restart floods the NOC console", "Bug", 3, 1, 2, ""),
        ("Backup of the UDM database before each release", "Task", 2, 2, 3, ""),
        ("Roaming partner table import from the clearing house", "Story", 5, 2, 6, "vendor"),
        ("Lawful interception hand-over interface, first drop", "Story", 8, 3, 6, "operator"),
        ("SMSF rejects messages with a Spanish national prefix", "Bug", 2, 3, 2, ""),
        ("KPI export for session set-up success, hourly", "Story", 3, 4, 4, ""),
        ("TLS certificates of the service mesh renew by themselves", "Task", 3, 5, 4, "rework"),
        ("N26 interworking for handover to 4G", "Story", 8, 6, 10, "carried"),
    ),
    9: (
        ("Policy rules for unlimited video in the PCF", "Story", 5, 0, 4, ""),
        ("Voice over NR: emergency call routing to 112", "Story", 8, 0, 7, "operator"),
        ("UPF packet loss on the Guadalajara site", "Incident", 0, 1, 1, ""),
        ("Tenant portal shows slice quotas", "Story", 3, 1, 4, ""),
        ("Diameter to HTTP/2 gateway for the old OCS", "Story", 8, 1, 8, "vendor"),
        ("Audit log of configuration changes goes to the SIEM", "Task", 3, 2, 3, ""),
        ("Network exposure API: device status for partners", "Story", 5, 2, 6, "operator"),
        ("Wrong time zone in charging records from Mexico", "Bug", 3, 3, 3, ""),
        ("Automatic rollback when a health check fails", "Story", 5, 4, 5, "rework"),
        ("Capacity model for the Christmas peak", "Task", 2, 5, 3, ""),
        ("Paging parameters per tracking area", "Story", 3, 6, 3, ""),
        ("Number portability look-up in the call set-up", "Story", 5, 3, 0, "removed"),
    ),
    10: (
        ("eSIM profile download over the operator's SM-DP+", "Story", 8, 0, 8, "operator"),
        ("Geo-redundant SMF pair with session continuity", "Story", 8, 0, 7, ""),
        ("Alarm correlation between RAN and core", "Story", 5, 1, 6, "vendor"),
        ("Load test of the charging function at 20,000 tps", "Task", 3, 1, 3, ""),
        ("Billing hand-over file has empty lines", "Bug", 2, 2, 2, ""),
        ("Slice template for the stadium pilot", "Story", 5, 2, 5, "operator"),
        ("Tariff change takes effect without restart", "Story", 5, 3, 4, ""),
        ("Trace a subscriber across network functions", "Story", 5, 3, 6, "rework"),
        ("NRF heartbeat timeouts after leap day patch", "Incident", 0, 4, 1, ""),
        ("Documentation of the release gates in both languages", "Task", 2, 5, 3, ""),
        ("Roaming steering by cost", "Story", 5, 6, 3, ""),
        ("Quota alarms to the tenant by e-mail", "Story", 3, 4, 0, "cancelled"),
    ),
    11: (
        ("Standalone access for the Valencia cluster", "Story", 8, 0, 7, "operator"),
        ("Charging: rating group for zero-rated education sites", "Story", 5, 0, 4, ""),
        ("PCF fails over without losing bearers", "Story", 8, 1, 7, ""),
        ("Webhook to the ticket system on critical alarms", "Story", 3, 1, 3, ""),
        ("Subscriber migration tool, dry run", "Story", 5, 1, 6, "vendor"),
        ("Slow query in the tenant portal", "Bug", 2, 2, 2, ""),
        ("Network slice admission control", "Story", 5, 2, 6, "rework"),
        ("IPv6-only sessions for the IoT tenant", "Story", 5, 3, 5, ""),
        ("Invoice shows the wrong roaming country", "Bug", 3, 3, 3, "operator"),
        ("Latency probe between Madrid and Querétaro", "Task", 2, 4, 3, ""),
        ("Canary release of the AMF at 5 percent", "Story", 5, 5, 4, ""),
        ("Handover failures on the A-6 motorway", "Bug", 5, 6, 9, "carried"),
    ),
}
LATER = (
    "Edge breakout for the Zaragoza factory",
    "Network data analytics: congestion forecast",
    "Slice service level report for the hospital tenant",
    "Voice over NR: supplementary services",
    "Charging data for network exposure calls",
    "Upgrade of the service mesh without traffic loss",
    "Roaming hub certification with two partners",
    "Non-terrestrial access trial",
    "Energy saving mode for idle UPFs",
    "Subscriber migration tool, second wave",
    "Fixed wireless access profile",
    "Redundant time source for charging records",
    "Alarm texts in Spanish and Chinese",
    "Test data without personal data for QA",
    "Release notes generated from the board",
    "Partner portal: usage by slice",
    "Emergency alerts to phones in one cell",
    "Automatic certificate inventory",
    "Quality of service for the live-broadcast tenant",
    "Clean up unused DNN configurations",
    "Battery alarm thresholds for edge sites",
    "Dual registration with the 4G core",
)


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


def tell() -> Export:
    """The whole story as an export."""
    script = Script(STATUSES, PROJECT, FieldIds())
    for sprint, rows in PAST.items():
        for row in rows:
            _past(script, sprint, *row)
    _twelve(script)
    for number, summary in enumerate(LATER):
        created = FIRST_MONDAY + timedelta(days=2 * number + 14, hours=9, minutes=7 * number % 60)
        script.card(summary, created=created, by=LUCIA if number % 2 else LIWEI)
    return Export(issues=script.export(), sprints=sprints(), board=BOARD, statuses=STATUSES)


def _past(script: Script, sprint: int, summary: str, kind: str, points: int, day: int, days: int, how: str) -> None:
    """A card of a past sprint, perhaps carried over into the one after."""
    first, number = monday(sprint), len(script.cards)
    begin = working_day(first, day)
    card = _planned(script, summary, sprint, kind=kind, points=points, begin=begin)
    builder = BUILDERS[number % len(BUILDERS)]
    if how in ("removed", "cancelled"):
        _given_up(script, card, sprint, begin, how)
        return
    script.assign(card, begin + timedelta(hours=2), builder, LIWEI)
    script.move(card, begin + timedelta(hours=2, minutes=10 + number % 40), PROGRESS, builder)
    if how == "carried":
        following = [(sprint, name(sprint)), (sprint + 1, name(sprint + 1))]
        script.plan(card, first + COMPLETED_AFTER + timedelta(seconds=4 + number % 5), following, LIWEI)
    _finished(script, card, begin, days, how, builder)


def _planned(
    script: Script,
    summary: str,
    sprint: int,
    *,
    kind: str = "Story",
    points: float = 3,
    begin: datetime,
    added: bool = False,
) -> Card:
    """Created some weeks before, estimated, and planned before the sprint starts; `added`: while it runs."""
    number = len(script.cards)
    incident = kind == "Incident"
    weeks = timedelta(days=8 + number % 17)
    created = begin - timedelta(hours=1) if incident else min(begin, monday(sprint)) - weeks + timedelta(hours=9)
    card = script.card(summary, created=created, by=TESTERS[number % 3] if kind != "Story" else LUCIA, kind=kind)
    planning = monday(sprint) - timedelta(days=3) + timedelta(hours=9, minutes=number % 50)
    if added or incident:
        planning = max(begin, created) + timedelta(minutes=20)
    if points:
        script.estimate(card, planning - timedelta(minutes=15), points, LIWEI)
    script.move(card, planning, SELECTED, LIWEI)
    script.plan(card, planning + timedelta(minutes=3), [(sprint, name(sprint))], LIWEI)
    return card


def _given_up(script: Script, card: Card, sprint: int, at: datetime, how: str) -> None:
    if how == "removed":
        script.plan(card, at + timedelta(hours=10), [], LUCIA)
        script.move(card, at + timedelta(hours=10, minutes=4), BACKLOG, LUCIA)
    else:
        script.move(card, at + timedelta(hours=9), CANCELLED, LUCIA)


def _finished(script: Script, card: Card, begin: datetime, days: int, how: str, builder: Json) -> None:
    """In review, with whoever has to answer, in QA, ready, done: spread over the working days taken."""
    tester = TESTERS[card.number % len(TESTERS)]
    steps = [(REVIEW, builder), *_DETOURS[how], (QA, tester), (READY, tester), (DONE, LUCIA)]
    monday_before = begin - timedelta(days=begin.weekday())
    for place, (status, person) in enumerate(steps, 1):
        day = begin.weekday() + days * place // len(steps)
        hour = 7 + 8 * place // len(steps)  # before the sprint completes at 16:30
        at = working_day(monday_before, day) + timedelta(hours=hour, minutes=(card.number * 7 + place * 11) % 60)
        script.move(card, at + timedelta(seconds=place), status, person or builder)


_DETOURS: dict[str, list[tuple[str, Json]]] = {
    "": [],
    "carried": [(OPERATOR, LIWEI), (PROGRESS, CHENYU), (REVIEW, ZHAOMIN)],
    "operator": [(OPERATOR, LIWEI), (PROGRESS, JAVIER)],
    "vendor": [(VENDOR, SOFIA), (REVIEW, CHENYU)],
    "rework": [(QA, DIEGO), (PROGRESS, DIEGO), (REVIEW, AISYAH)],
}


# Sprint 12. A row is (summary, type, points, who, [(working day, hour UTC, status)]).
_S, _B = "Story", "Bug"
TWELVE: tuple[tuple[str, str, int, Json, Sequence[tuple[int, int, str]]], ...] = (
    (
        "Roaming agreement tables for Mexico go live",
        _S,
        5,
        CHENYU,
        [(0, 2, PROGRESS), (1, 8, REVIEW), (1, 15, QA), (2, 10, READY), (2, 16, DONE)],
    ),
    (
        "Slice template passes the stadium's acceptance test",
        _S,
        8,
        ZHAOMIN,
        [(0, 3, PROGRESS), (2, 7, REVIEW), (3, 9, QA), (6, 10, READY), (7, 15, DONE)],
    ),
    (
        "Charging: daily cap for roaming data",
        _S,
        5,
        AISYAH,
        [(0, 2, PROGRESS), (2, 6, REVIEW), (3, 10, QA), (3, 16, READY), (4, 11, DONE)],
    ),
    ("Firewall rules for the roaming hub at Querétaro", _S, 5, CHENYU, [(2, 3, PROGRESS), (3, 8, OPERATOR)]),
    (
        "AMF patch for duplicate registrations",
        _B,
        3,
        RAJESH,
        [(1, 2, PROGRESS), (3, 7, REVIEW), (3, 15, VENDOR), (8, 9, REVIEW), (8, 14, QA), (9, 9, READY), (9, 14, DONE)],
    ),
    ("End-to-end roaming test with two partners", _S, 8, JAVIER, [(4, 9, PROGRESS), (5, 8, OPERATOR)]),
    (
        "Alarm filter for planned maintenance windows",
        _S,
        3,
        ZHAOMIN,
        [(3, 2, PROGRESS), (5, 4, REVIEW), (6, 8, QA), (7, 9, READY), (8, 10, DONE)],
    ),
    (
        "KPI dashboard: handover success per corridor",
        _S,
        3,
        DIEGO,
        [(1, 15, PROGRESS), (3, 16, REVIEW), (4, 15, QA), (4, 17, READY), (5, 16, DONE)],
    ),
    (
        "Tariff table upload by the operator's own staff",
        _S,
        5,
        AISYAH,
        [(2, 2, PROGRESS), (5, 3, REVIEW), (6, 9, QA), (8, 9, READY), (9, 10, DONE)],
    ),
    (
        "UPF drops sessions after 24 hours",
        _B,
        5,
        RAJESH,
        [(0, 4, PROGRESS), (1, 4, REVIEW), (1, 10, QA), (2, 9, READY), (3, 11, DONE)],
    ),
    (
        "Voice over NR: call waiting",
        _S,
        3,
        CHENYU,
        [(4, 3, PROGRESS), (6, 4, REVIEW), (7, 9, QA), (7, 16, READY), (8, 15, DONE)],
    ),
    (
        "Reports of slice usage reach the tenant each Monday",
        _S,
        3,
        SOFIA,
        [(3, 15, PROGRESS), (5, 15, REVIEW), (6, 15, QA), (6, 17, READY), (6, 18, DONE)],
    ),
    (
        "Configuration drift report between both data centres",
        _S,
        2,
        ZHAOMIN,
        [(6, 3, PROGRESS), (7, 4, REVIEW), (8, 8, QA), (9, 9, READY), (9, 12, DONE)],
    ),
    ("Number portability look-up, agreed interface", _S, 5, LUCIA, []),
)
ADDED: tuple[tuple[str, str, int, int, Json, Sequence[tuple[int, int, str]]], ...] = (
    (
        "Charging records lost when the disk is full",
        _B,
        3,
        2,
        AISYAH,
        [(2, 10, PROGRESS), (3, 3, REVIEW), (4, 9, QA), (5, 9, READY), (5, 14, DONE)],
    ),
    (
        "Roaming partners ask for a second test number range",
        _S,
        2,
        6,
        CHENYU,
        [(7, 3, PROGRESS), (7, 8, REVIEW), (8, 11, QA), (8, 16, READY), (9, 11, DONE)],
    ),
)
REMOVED = "Number portability look-up, agreed interface"
AT_OPERATOR, AT_VENDOR, BLOCKED = (
    "Firewall rules for the roaming hub at Querétaro",
    "AMF patch for duplicate registrations",
    "End-to-end roaming test with two partners",
)


def _twelve(script: Script) -> None:
    first = monday(12)
    cards = {}
    for summary, kind, points, person, moves in TWELVE:
        card = _planned(script, summary, 12, kind=kind, points=points, begin=first)
        cards[summary] = card
        _played(script, card, person, moves)
    for summary, kind, points, day, person, moves in ADDED:
        begin = working_day(first, day) + timedelta(hours=8)
        card = _planned(script, summary, 12, kind=kind, points=points, begin=begin, added=True)
        _played(script, card, person, moves)
    script.plan(cards[REMOVED], working_day(first, 3) + timedelta(hours=11), [], LUCIA)
    script.move(cards[REMOVED], working_day(first, 3) + timedelta(hours=11, minutes=2), BACKLOG, LUCIA)
    grown = cards["Tariff table upload by the operator's own staff"]
    script.estimate(grown, working_day(first, 3) + timedelta(hours=8, minutes=40), 8, LIWEI)
    _blockers(script, cards)
    _left_over(script, [cards[AT_OPERATOR], cards[BLOCKED]])


def _played(script: Script, card: Card, person: Json, moves: Sequence[tuple[int, int, str]]) -> None:
    first = monday(12)
    for place, (day, hour, status) in enumerate(moves):
        at = working_day(first, day) + timedelta(hours=hour, minutes=(card.number * 13 + place * 7) % 60, seconds=place)
        if place == 0:
            script.assign(card, at - timedelta(minutes=1), person, LIWEI)
        by = TESTERS[card.number % 3] if status in (QA, READY) else LUCIA if status == DONE else person
        script.move(card, at, status, by)


def _blockers(script: Script, cards: dict[str, Card]) -> None:
    """One flag on each side; the test waits for the firewall."""
    first = monday(12)
    script.flag(cards[AT_OPERATOR], working_day(first, 3) + timedelta(hours=9, minutes=20), True, CHENYU)
    script.flag(cards[AT_VENDOR], working_day(first, 4) + timedelta(hours=10, minutes=5), True, SOFIA)
    script.flag(cards[AT_VENDOR], working_day(first, 8) + timedelta(hours=8, minutes=15), False, RAJESH)
    script.block(cards[BLOCKED], working_day(first, 4) + timedelta(hours=15, minutes=30), cards[AT_OPERATOR], JAVIER)


def _left_over(script: Script, cards: Sequence[Card]) -> None:
    """Sprint 12 completes; what is unfinished gets sprint 13 appended some seconds later."""
    for place, card in enumerate(cards):
        at = monday(12) + COMPLETED_AFTER + timedelta(seconds=5 + 4 * place)
        script.plan(card, at, [(12, name(12)), (13, name(13))], LUCIA)
