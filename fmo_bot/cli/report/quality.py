"""The ledger of data quality, which comes with every report: what to know before trusting it (definition 16)."""

from collections.abc import Iterator
from typing import Any

from fmo_bot.cli.report.output import days, issue_count, plain
from fmo_bot.cli.report.reading import Given
from fmo_bot.domain.quality import Ledger, Tally
from fmo_bot.domain.timelines import timeline


def counted(given: Given) -> tuple[Ledger, int]:
    """Over all issues of the export, and how many incidents the workflow leaves out of everything else."""
    tally, excluded, incidents = Tally(), 0, given.rules.incidents
    for life in given.lives:
        if incidents.exclude_from_flow and incidents.include(life.issue_type):
            excluded += life.created <= given.as_of
        else:
            tally.count(timeline(life, given.rules.workflow, given.as_of))
    return tally.ledger(), excluded


def as_json(ledger: Ledger, excluded: int, given: Given) -> dict[str, Any]:
    """The ledger for programs."""
    export = given.export
    return {
        "malformed_lines": export.malformed_lines,
        "duplicates": export.duplicates,
        "truncated_changelogs": ledger.truncated_changelogs,
        "unmapped": {
            each.status: {
                "name": export.names.get(each.status, each.status),
                "issues": each.issues,
                "seconds": each.seconds,
            }
            for each in ledger.unmapped
        },
        "gaps": ledger.gaps,
        "negative_durations": ledger.negative_durations,
        "never_started": ledger.never_started,
        "back_before_commitment": ledger.back_before_commitment,
        "moved": ledger.moved,
        "excluded": excluded,
    }


def lines(ledger: Ledger, excluded: int, given: Given) -> Iterator[str]:
    """The ledger for people; beside it the fields whose changelog leads elsewhere than the issue says."""
    yield "Data quality"
    for status in ledger.unmapped:
        name = plain(given.export.names.get(status.status, status.status))
        told = f"{issue_count(status.issues)}, {days(round(status.seconds * 1000))} together"
        yield f"  status {name} ({plain(status.status)}) is in no stage: {told}"
    for field, count in ledger.disagreeing.items():
        yield f"  changelog and {field} disagree: {issue_count(count)}; the changelog counts"
    for name, count in as_json(ledger, excluded, given).items():
        if name != "unmapped":
            yield f"  {name.replace('_', ' '):26}{count:6}"
