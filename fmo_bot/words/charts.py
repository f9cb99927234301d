"""What a chart says in words: its title, the small print under it, and the sentence that stands in for the picture.

The small print names rule, n, window and as_of (metrics.md, definition 0). Names that people gave are made one line and
nothing else: who shows them as markup has to escape them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fmo_bot.domain import charts as c
from fmo_bot.locales import Translator
from fmo_bot.words.plain import duration, instant, number, one_line, percent, short_day
from fmo_bot.words.waits import hours, side_name, sides_of, waited_for, worked

_WEEKS_SAID = 20
_ITEMS_SAID = 5


@dataclass(frozen=True)
class Words:
    """A chart in words. `notes`: the small print, sentence by sentence. `alt`: what the picture says."""

    title: str
    notes: tuple[str, ...]
    alt: str


def words_of(chart: c.Chart, t: Translator) -> Words:
    """The words of a chart; raises `TypeError` for a message that is none."""
    told = _TOLD.get(type(chart))
    if told is None:
        raise TypeError(f"{type(chart).__name__} is not a chart")
    words: Words = told(chart, t)
    return words


def until_of(chart: c.BurnUpChart) -> datetime:
    """Where what is known of a sprint ends."""
    return max(chart.start, min(chart.as_of, chart.end))


def known(chart: c.BurnUpChart) -> list[c.BurnUpPoint]:
    """The steps of a burn-up that are known at its as_of; never none."""
    points = [point for point in chart.points if point.at <= until_of(chart)]
    return points or [c.BurnUpPoint(at=chart.start, scope=0, done=0)]


def _burn_up(chart: c.BurnUpChart, t: Translator) -> Words:
    points, until = known(chart), until_of(chart)
    alt = t(
        "Burn-up of {sprint}: on {day} {done} of {scope} issues are done. The sprint began with {first} issues; "
        "the scope since reached {top}.",
        sprint=one_line(chart.sprint),
        day=short_day(until.date(), t),
        done=points[-1].done,
        scope=points[-1].scope,
        first=points[0].scope,
        top=max(point.scope for point in points),
    )
    notes = (t("Scope: issues in the sprint. Done: the part of it in a done stage."), _as_of(until, "UTC", t))
    return Words(t("Burn-up: {sprint}", sprint=one_line(chart.sprint)), notes, alt)


def _cycle_time(chart: c.CycleTimeChart, t: Translator) -> Words:
    spread, board = chart.cycle_time, one_line(chart.board)
    rule = t("Time from start to finish, elapsed. Percentiles by nearest rank, n={n}.", n=spread.n)
    notes = [rule, _window(chart, t), _as_of(chart.as_of, chart.zone, t)]
    if chart.never_started:
        one, several = "{n} finished without a start is not in it.", "{n} finished without a start are not in it."
        notes.insert(1, t.many(one, several, chart.never_started))
    title = t("Cycle time: {board}", board=board)
    if not spread.n:
        return Words(title, tuple(notes), t("No issue of {board} with a start finished in this window.", board=board))
    p50, p85, p95 = (duration(seconds, t) for seconds in (spread.p50_s, spread.p85_s, spread.p95_s))
    longest = duration(max((each.cycle_time_s for each in chart.finishes), default=None), t)
    alt = t(
        "Cycle times of {n} issues of {board}: half took at most {p50}, 85 % at most {p85}, "
        "95 % at most {p95}; the longest took {longest}.",
        n=spread.n,
        board=board,
        p50=p50,
        p85=p85,
        p95=p95,
        longest=longest,
    )
    return Words(title, tuple(notes), alt)


def _throughput(chart: c.ThroughputChart, t: Translator) -> Words:
    whole = [week.finished for week in chart.weeks if not week.partial]
    title = t("Finished per week: {board}", board=one_line(chart.board))
    notes = [
        t("Finished issues per ISO week; whole weeks: n={n}, {sum} issues.", n=len(whole), sum=number(sum(whole), t))
    ]
    if len(whole) < len(chart.weeks):
        notes.append(t("* Partial week: not wholly inside the window, and in no sample."))
    notes += [_window(chart, t), _as_of(chart.as_of, chart.zone, t)]
    said = [_counted(week, t) for week in chart.weeks[-_WEEKS_SAID:]]
    if len(chart.weeks) > _WEEKS_SAID and whole:
        said.insert(0, t("from {least} to {most} in a whole week; the last ones", least=min(whole), most=max(whole)))
    return Words(title, tuple(notes), f"{title}. {_listed(said, t)}")


def _counted(week: c.Week, t: Translator) -> str:
    if week.partial:
        return t("{week}: {n} (partial)", week=week.label, n=week.finished)
    return t("{week}: {n}", week=week.label, n=week.finished)


def _ageing(chart: c.AgeingChart, t: Translator) -> Words:
    board = one_line(chart.board)
    over = oldest_first(item for item in chart.items if item.over_p85)
    said = t.many(
        "{n} issue of {board} is in progress, {over} older than the P85 of its stage",
        "{n} issues of {board} are in progress, {over} older than the P85 of the stage",
        len(chart.items),
        board=board,
        over=len(over),
    )
    named = [f"{key_of(each, t)} ({one_line(each.stage or '–')}, {duration(each.age_s, t)})" for each in over]
    rest = [f"… +{len(named) - _ITEMS_SAID}"] if len(named) > _ITEMS_SAID else []
    alt = f"{said}: {_listed(named[:_ITEMS_SAID] + rest, t)}" if named else f"{said}."
    rule = "Bands: P50 and P85, by nearest rank, of the ages at which issues of the last 90 days left the stage."
    notes = [t(rule)]
    if any(stage.p85_s is None for stage in chart.stages):
        notes.append(t("No band under n=20."))
    if hidden := sum(item.stage is None or item.age_s is None for item in chart.items):
        notes.append(t.many("{n} issue is not shown here.", "{n} issues are not shown here.", hidden))
    return Words(t("Age of work: {board}", board=board), (*notes, _as_of(chart.as_of, chart.zone, t)), alt)


def oldest_first(items: Iterable[c.AgeingMark]) -> list[c.AgeingMark]:
    """Ageing issues, the oldest first; those whose age is not to be told last."""
    return sorted(items, key=lambda item: -(item.age_s or 0.0))


def key_of(item: c.AgeingMark, t: Translator) -> str:
    """The key of an ageing issue, or whose it is where its key is not to be told."""
    if item.issue.key is not None:
        return one_line(item.issue.key)
    company = one_line(item.issue.company)
    return t("an internal issue of {company}", company=company) if company else t("an internal issue")


def _waiting(chart: c.WaitingChart, t: Translator) -> Words:
    board = one_line(chart.board)
    notes = [
        t("Issue-hours per ISO week, elapsed."),
        t("Time waited for several sides at once stands once, as its own part."),
    ]
    if any(week.partial for week in chart.weeks):
        notes.append(t("* Partial week: not wholly inside the window."))
    sums = [_waited_on(chart, side, t) for side in sides_of(chart)]
    if both := sum(week.both_s for week in chart.weeks):
        sums.append(t("of which on several at once {hours} h", hours=hours(both, t)))
    total = hours(sum(week.total_s for week in chart.weeks), t)
    alt = t("Time lost to waiting, {board}: {hours} issue-hours in all", board=board, hours=total)
    if top := max(chart.weeks, key=lambda week: week.total_s, default=None):
        sums.append(t("the most in {week}: {hours} h", week=top.label, hours=hours(top.total_s, t)))
    notes += [_window(chart, t), _as_of(chart.as_of, chart.zone, t)]
    title = t("Time lost to waiting: {board}", board=board)
    return Words(title, tuple(notes), f"{alt}. {_listed(sums, t)}" if sums else f"{alt}.")


def starred(week: c.Week | c.WaitingWeek) -> str:
    """A week's label; of a partial one with the star that the small print explains."""
    return f"{week.label}*" if week.partial else week.label


def _waited_on(chart: c.WaitingChart, side: str, t: Translator) -> str:
    who, elapsed = side_name(side, chart.companies, t), hours(waited_for(chart.weeks, side), t)
    working = worked(chart.weeks, side)
    if working is None:
        return t("on {who} {hours} h", who=who, hours=elapsed)
    return t("on {who} {hours} h ({working} h of its working time)", who=who, hours=elapsed, working=hours(working, t))


def _forecast(chart: c.ForecastChart, t: Translator) -> Words:
    board, dates = one_line(chart.board), (chart.p50, chart.p85, chart.p95)
    p50, p85, p95 = (short_day(day, t, year=True) if day else t("no date in sight") for day in dates)
    alt = t.many(
        "{n} issue of {board}, done with a chance of 50 % by {p50}, of 85 % by {p85}, of 95 % by {p95}.",
        "{n} issues of {board}, done with a chance of 50 % by {p50}, of 85 % by {p85}, of 95 % by {p95}.",
        chart.items,
        board=board,
        p50=p50,
        p85=p85,
        p95=p95,
    )
    rule = t(
        "{trials} trials on the throughput of {n} days; P50, P85, P95 by nearest rank; never said more than >95 %.",
        trials=number(chart.trials, t),
        n=chart.n_days,
    )
    seed = t("Seed {seed}, {generator}.", seed=chart.seed, generator=chart.generator)
    notes = (rule, _back_test(chart, t), _as_of(chart.as_of, chart.zone, t), seed)
    title = t.many("{n} issue done by: {board}", "{n} issues done by: {board}", chart.items, board=board)
    return Words(title, notes, alt)


def _back_test(chart: c.ForecastChart, t: Translator) -> str:
    if chart.hit_rate_p85 is None:
        return t("No back-test yet.")
    rate = percent(chart.hit_rate_p85, t)
    return t.many("Back-test: P85 held in {rate} of {n} week.", "Back-test: P85 held in {rate} of {n} weeks.",
                  chart.backtest_weeks, rate=rate)  # fmt: skip


def _window(chart: c.CycleTimeChart | c.ThroughputChart | c.WaitingChart, t: Translator) -> str:
    zone = ZoneInfo(chart.zone)
    last = max(chart.since, chart.until - timedelta(milliseconds=1))
    since, until = (short_day(at.astimezone(zone).date(), t, year=True) for at in (chart.since, last))
    return t("{since} to {until}.", since=since, until=until)


def _as_of(at: datetime, zone: str, t: Translator) -> str:
    return t("As of {when}.", when=instant(at, t, zone=zone))


def _listed(said: list[str], t: Translator) -> str:
    return t("; ").join(said) + t(".") if said else ""


_TOLD: Mapping[type, Callable[[Any, Translator], Words]] = {
    c.BurnUpChart: _burn_up,
    c.CycleTimeChart: _cycle_time,
    c.ThroughputChart: _throughput,
    c.AgeingChart: _ageing,
    c.WaitingChart: _waiting,
    c.ForecastChart: _forecast,
}
