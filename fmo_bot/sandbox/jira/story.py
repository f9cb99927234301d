"""The sandbox's own story: Huawei and Telefónica deliver a 5G core together, sprint 12 is half way.

Everything is written down, nothing is thrown by dice: the same story each time. It goes on beyond the start of the
clock: sprint 12 completes on 20 November 2026, and what is unfinished moves to sprint 13 some seconds later.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from fmo_bot.sandbox.jira.cast import (
    AISYAH,
    BACKLOG,
    BOARD,
    BUILDERS,
    CANCELLED,
    CHENYU,
    COMPLETED_AFTER,
    DIEGO,
    DONE,
    FIRST_MONDAY,
    JAVIER,
    LIWEI,
    LUCIA,
    OPERATOR,
    PROGRESS,
    PROJECT,
    QA,
    RAJESH,
    READY,
    REVIEW,
    SELECTED,
    SOFIA,
    STATUSES,
    TESTERS,
    VENDOR,
    ZHAOMIN,
    monday,
    name,
    sprints,
)
from fmo_bot.sandbox.jira.export import Export
from fmo_bot.sandbox.jira.fields import FieldIds
from fmo_bot.sandbox.jira.plot import ADDED, AT_OPERATOR, AT_VENDOR, BLOCKED, LATER, PAST, REMOVED, TWELVE
from fmo_bot.sandbox.jira.script import Card, Script, working_day

Json = dict[str, Any]


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
