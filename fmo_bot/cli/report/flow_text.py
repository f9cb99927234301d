"""The flow report for people: what was counted, by which rule, and how far it can be trusted."""

from collections.abc import Iterable, Iterator

from fmo_bot.cli.report import quality
from fmo_bot.cli.report.options import Window
from fmo_bot.cli.report.output import days, issue_count, plain, utc
from fmo_bot.cli.report.reading import Given
from fmo_bot.domain.flow_figures import FlowFigures
from fmo_bot.domain.messages import Spread
from fmo_bot.domain.workflow_file import Value

SHOWN = 15  # of the oldest issues under way, and of the last weeks
_VALUE = {
    Value.FINISHED: "lead time ends when an issue is finished",
    Value.RELEASE: "lead time ends with the release of the issue's version, without any version when it is finished",
}


def lines(figures: FlowFigures, given: Given, asked: Window) -> Iterator[str]:
    """Line by line; instants in UTC, days and weeks in the window's zone."""
    yield f"Flow as of {utc(given.as_of)}"
    yield f"Window: {_window(asked)}; source: {plain(given.source)}: {issue_count(len(given.lives))}"
    yield "Percentiles by nearest rank; elapsed time, nights and weekends included"
    yield ""
    yield f"{'':18}{'n':>7}{'P50':>12}{'P85':>12}{'P95':>12}"
    yield _spread("Cycle time", figures.cycle_time)
    yield _spread("Lead time", figures.lead_time)
    yield _spread("Time to recover", figures.incidents.took)
    yield f"  ({_VALUE[given.rules.value]})"
    yield from _incidents(figures, given)
    yield ""
    yield from _efficiency(figures)
    yield from _expectation(figures)
    yield f"Work in progress: {figures.wip}"
    yield ""
    yield from _weeks(figures)
    yield ""
    yield from _ageing(figures)
    yield ""
    yield from quality.lines(figures.ledger, figures.excluded, given)
    yield from _calendars(given)


def _window(asked: Window) -> str:
    if asked.since is None and asked.until is None:
        return f"everything ({asked.zone})"
    return f"{asked.since or 'the beginning'} to {asked.until or 'as of'} ({asked.zone})"


def _spread(name: str, found: Spread) -> str:
    told = ("-" if each is None else days(round(each * 1000)) for each in (found.p50_s, found.p85_s, found.p95_s))
    return f"{name:18}{found.n:7}" + "".join(f"{each:>12}" for each in told)


def _incidents(figures: FlowFigures, given: Given) -> Iterator[str]:
    found = figures.incidents
    if not given.rules.incidents.issue_types:
        yield "  (no incidents: the workflow names no issue types under incidents)"
    elif found.oldest_ms is None:
        yield "  (no incident is open)"
    else:
        yield f"  (incidents open: {found.open}, the oldest for {days(found.oldest_ms)})"
    if found.negative:
        yield f"  (restored before they began, in no figure: {found.negative})"


def _efficiency(figures: FlowFigures) -> Iterator[str]:
    found = figures.efficiency
    if not found.configured:
        yield "Flow efficiency: not configured (the workflow has no waiting stage)"
    elif found.total is None or found.median is None or found.unmapped is None:
        yield "Flow efficiency: nothing finished in the window"
    else:
        yield f"Flow efficiency: {found.total:.0%} in all, median {found.median:.0%} (n={found.n})"
        yield f"  ({found.unmapped:.1%} of that time was in statuses of no stage and is in neither part)"


def _expectation(figures: FlowFigures) -> Iterator[str]:
    found = figures.expectation
    if found.p85_s is None or found.attainment is None:
        yield f"Service level expectation: only {found.n} finished in the last 90 days, 20 are needed"
    else:
        told = days(round(found.p85_s * 1000))
        yield f"Service level expectation: {told} (P85 of 90 days, n={found.n}), kept by {found.attainment:.0%}"


def _weeks(figures: FlowFigures) -> Iterator[str]:
    """The last ones."""
    shown = figures.weeks[-SHOWN:]
    left = len(figures.weeks) - len(shown)
    yield "Finished per week" + (f" ({left} earlier weeks are in --format json)" if left else "")
    most = max((week.finished for week in shown), default=0)
    for week in shown:
        bar = "#" * (-(-40 * week.finished // most) if most else 0)
        yield f"  {week.name}{week.finished:6}  {bar}{' (partial)' if week.partial else ''}"


def _ageing(figures: FlowFigures) -> Iterator[str]:
    yield "Oldest work in progress" + (f" ({SHOWN} of {figures.wip})" if figures.wip > SHOWN else "")
    for aged in figures.ageing[:SHOWN]:
        place = "too few to compare" if aged.percentile is None else f"percentile {aged.percentile:.0f}"
        over = ", over P85" if aged.over_p85 else ""
        yield f"  {plain(aged.timeline.life.key):14}{days(aged.age_ms):>12}  {plain(aged.stage)} ({place}{over})"


def _calendars(given: Given) -> Iterable[str]:
    if given.calendars:
        zones = ", ".join(f"{side}: {calendar.zone}" for side, calendar in given.calendars.items())
        yield f"Working time per issue is in --format json and csv ({zones})"
