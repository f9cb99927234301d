"""The week's flow in a digest: one line a figure, each with its n."""

from datetime import date

from fmo_bot.domain.charts import WaitingWeek
from fmo_bot.domain.forecast import said
from fmo_bot.domain.shown import Foreseen, Recovered, WeekFlow
from fmo_bot.locales import Translator
from fmo_bot.slack.render.sprints import short_spread, spread
from fmo_bot.slack.text import escape
from fmo_bot.words.plain import duration, percent, short_day
from fmo_bot.words.waits import hours, side_name, waited_for, worked


def lines(found: WeekFlow, t: Translator) -> list[str]:
    """Time to value, expectation, flow efficiency, time to recover."""
    told = [
        _value(found, spread(found.lead_time, t), t),
        _expected(found, t),
        _efficiency(found, t),
    ]
    return told + _recovered(found.recovery, t)


def in_short(found: WeekFlow, t: Translator) -> list[str]:
    """Time to value and time to recover: what the joint team is measured by."""
    return [_value(found, short_spread(found.lead_time, t), t), *_recovered(found.recovery, t)]


def _value(found: WeekFlow, said: str, t: Translator) -> str:
    to = t("to release") if found.by_release else t("to finish")
    return f"*{t('Time to value')}* ({to})  {said}"


def waiting(weeks: tuple[WaitingWeek, ...], companies: dict[str, str], t: Translator) -> list[str]:
    """Time lost to waiting in issue-hours: in all, then a line for each side; of the last week given, and before it."""
    before, now = weeks[-2:]
    head = _in_all(before, now, t)
    if now.both_s:
        head += f" · {t('of which on several at once {hours} h', hours=hours(now.both_s, t))}"
    told = [_side(side, now, before, companies, t) for side in _sides(now, before)]
    return [f"*{t('Time lost to waiting')}*  {head}", *told]


def waiting_in_short(weeks: tuple[WaitingWeek, ...], companies: dict[str, str], t: Translator) -> list[str]:
    """The same in one line: in all, and elapsed for each side that is waited for this week."""
    before, now = weeks[-2:]
    told = [
        t("on {who} {hours} h", who=escape(side_name(side, companies, t)), hours=hours(waited_for([now], side), t))
        for side in _sides(now)
    ]
    return [f"*{t('Time lost to waiting')}*  " + " · ".join([_in_all(before, now, t), *told])]


def _in_all(before: WaitingWeek, now: WaitingWeek, t: Translator) -> str:
    return t(
        "{now} issue-hours this week, {before} last week", now=hours(now.total_s, t), before=hours(before.total_s, t)
    )


def _sides(*weeks: WaitingWeek) -> dict[str, None]:
    return dict.fromkeys(wait.side for week in weeks for wait in week.waits if wait.waited_s)


def _side(side: str, now: WaitingWeek, before: WaitingWeek, companies: dict[str, str], t: Translator) -> str:
    told = t("on {who} {now}; last week {before}", who=escape(side_name(side, companies, t)),
             now=_waited(side, now, t), before=_waited(side, before, t))  # fmt: skip
    return f"• {told}"


def _waited(side: str, week: WaitingWeek, t: Translator) -> str:
    elapsed, working = t("{hours} h", hours=hours(waited_for([week], side), t)), worked([week], side)
    return elapsed if working is None else f"{elapsed} ({t('{hours} h working time', hours=hours(working, t))})"


def _expected(found: WeekFlow, t: Translator) -> str:
    name = f"*{t('Expectation')}*  "
    if found.expected_s is None or found.attainment is None:
        return name + t("too few finished in 90 days (n = {n} of 20)", n=found.expected_n)
    return name + t(
        "P85 {p85}; {share} of the last 90 days kept to it (n = {n})",
        p85=duration(found.expected_s, t),
        share=percent(found.attainment, t),
        n=found.expected_n,
    )


def _efficiency(found: WeekFlow, t: Translator) -> str:
    name = f"*{t('Flow efficiency')}*  "
    if not found.efficiency_configured:
        return name + t("not configured: no stage is a waiting one")
    if found.efficiency is None or found.efficiency_median is None:
        return name + t("nothing finished")
    told = t(
        "{total} in all, median {median} (n = {n})",
        total=percent(found.efficiency, t),
        median=percent(found.efficiency_median, t),
        n=found.efficiency_n,
    )
    apart = t("{share} of the time was in no stage and is left out", share=percent(found.unmapped or 0.0, t))
    return f"{name}{told}" + (f"; {apart}" if found.unmapped else "")


def _recovered(found: Recovered | None, t: Translator) -> list[str]:
    if found is None:
        return []
    open_ = t("{n} open", n=found.open)
    oldest = f", {t('the oldest for {age}', age=duration(found.oldest_s, t))}" if found.oldest_s is not None else ""
    return [f"*{t('Time to recover')}*  {short_spread(found.took, t)} · {open_}{oldest}"]


def forecast(found: Foreseen | None, t: Translator) -> list[str]:
    """When what is in progress will be finished; nothing where nothing is in progress."""
    if found is None:
        return []
    if found.refused or found.chance is None:
        return [_refused(t)]
    told = t.many(
        "the {n} issue in progress: P50 {p50} · P85 {p85} · P95 {p95}; {chance} by {by}",
        "the {n} issues in progress: P50 {p50} · P85 {p85} · P95 {p95}; {chance} by {by}",
        found.items,
        p50=_day(found.p50, t),
        p85=_day(found.p85, t),
        p95=_day(found.p95, t),
        chance=escape(said(found.chance)),
        by=short_day(found.by, t),
    )
    return [f"*{t('Forecast')}*  {told} · {t('seed {seed}', seed=found.seed)}"]


def forecast_in_short(found: Foreseen, t: Translator) -> list[str]:
    """The day by which it will most likely be finished."""
    if found.refused or found.chance is None:
        return [_refused(t)]
    told = t.many(
        "the {n} issue in progress by {p50} (P50), by {p85} (P85)",
        "the {n} issues in progress by {p50} (P50), by {p85} (P85)",
        found.items,
        p50=_day(found.p50, t),
        p85=_day(found.p85, t),
    )
    return [f"*{t('Forecast')}*  {told}"]


def _refused(t: Translator) -> str:
    return f"*{t('Forecast')}*  {t('refused: fewer than 5 of the last 90 days saw anything finished')}"


def _day(day: date | None, t: Translator) -> str:
    return short_day(day, t) if day else t("no date in sight")
