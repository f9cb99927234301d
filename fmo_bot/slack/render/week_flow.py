"""The week's flow in a digest: one line a figure, each with its n."""

from datetime import date

from fmo_bot.domain.charts import WaitingWeek
from fmo_bot.domain.forecast import said
from fmo_bot.domain.shown import Foreseen, Recovered, WeekFlow
from fmo_bot.locales import Translator
from fmo_bot.slack.render.sprints import spread
from fmo_bot.slack.text import escape
from fmo_bot.words.plain import duration, percent, short_day
from fmo_bot.words.waits import hours, side_name


def lines(found: WeekFlow, t: Translator) -> list[str]:
    """Time to value, expectation, flow efficiency, time to recover, forecast."""
    to = t("to release") if found.by_release else t("to finish")
    told = [f"*{t('Time to value')}* ({to})  {spread(found.lead_time, t)}", _expected(found, t), _efficiency(found, t)]
    told += [_recovered(found.recovery, t)] if found.recovery else []
    return told


def waiting(weeks: tuple[WaitingWeek, ...], companies: dict[str, str], t: Translator) -> list[str]:
    """Time lost to waiting by side, a line for each week, the newest first; issue-hours."""
    names = (t("this week"), t("last week"))
    return [
        f"*{t('Time lost to waiting')}*, {name}  {_week(week, companies, t)}"
        for name, week in zip(names, reversed(weeks), strict=False)
    ]


def _week(week: WaitingWeek, companies: dict[str, str], t: Translator) -> str:
    if not week.total_s:
        return t("none")
    parts = []
    for wait in week.waits:
        if not wait.waited_s:
            continue
        who, elapsed = escape(side_name(wait.side, companies, t)), hours(wait.waited_s, t)
        if wait.working_s is None:
            parts.append(t("on {who} {hours} h", who=who, hours=elapsed))
        else:
            worked = hours(wait.working_s, t)
            parts.append(
                t("on {who} {hours} h ({working} h of its working time)", who=who, hours=elapsed, working=worked)
            )
    if week.both_s:
        parts.append(t("of which on several at once {hours} h", hours=hours(week.both_s, t)))
    total = t("in all {hours} issue-hours", hours=hours(week.total_s, t))
    return " · ".join((*parts, total))


def _expected(found: WeekFlow, t: Translator) -> str:
    name = f"*{t('Expectation')}*  "
    if found.expected_s is None or found.attainment is None:
        return name + t("too few finished in 90 days (n = {n} of 20)", n=found.expected_n)
    return name + t(
        "85 % within {p85}; kept by {share} of the last 90 days (n = {n})",
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


def _recovered(found: Recovered, t: Translator) -> str:
    open_ = t("{n} open", n=found.open)
    oldest = f", {t('the oldest for {age}', age=duration(found.oldest_s, t))}" if found.oldest_s is not None else ""
    return f"*{t('Time to recover')}*  {spread(found.took, t)} · {open_}{oldest}"


def forecast(found: Foreseen | None, t: Translator) -> list[str]:
    """When what is in progress will be finished; nothing where nothing is in progress."""
    if found is None:
        return []
    name = f"*{t('Forecast')}*  "
    if found.refused or found.chance is None:
        return [name + t("refused: fewer than 5 of the last 90 days saw anything finished")]
    told = t.many(
        "the {n} issue in progress: 50 % by {p50}, 85 % by {p85}, 95 % by {p95}; {chance} by {by}",
        "the {n} issues in progress: 50 % by {p50}, 85 % by {p85}, 95 % by {p95}; {chance} by {by}",
        found.items,
        p50=_day(found.p50, t),
        p85=_day(found.p85, t),
        p95=_day(found.p95, t),
        chance=escape(said(found.chance)),
        by=short_day(found.by, t),
    )
    return [f"{name}{told} · {t('seed {seed}', seed=found.seed)}"]


def _day(day: date | None, t: Translator) -> str:
    return short_day(day, t) if day else t("no date in sight")
