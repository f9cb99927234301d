"""Charts: Slack's own block where it says the same as the picture, with its numbers as a table; else what stands
beside the picture.

Bars by week are Slack's own up to its limits (slack.md 1.2; an older copy of its reference allows six series, so no
more are asked for). Dots, steps, bands and dates are no business of those blocks.
"""

from collections.abc import Mapping, Sequence

from fmo_bot.domain import charts as c
from fmo_bot.locales import Translator
from fmo_bot.slack.blocks import Block, bars, context, data_table, section
from fmo_bot.slack.text import clean, clip, escape, hush
from fmo_bot.words.charts import starred, words_of
from fmo_bot.words.waits import hours, layers, side_name, sides_of, waited_for, worked

_POINTS, _SERIES = 20, 6
_LABEL = 20


def throughput(chart: c.ThroughputChart, t: Translator) -> list[Block]:
    """Bars of finished issues per week."""
    if not 1 <= len(chart.weeks) <= _POINTS:
        return beside(chart, t)
    weeks = [starred(week) for week in chart.weeks]
    counts = [week.finished for week in chart.weeks]
    rows = [[t("Week"), t("Finished")], *([week, str(count)] for week, count in zip(weeks, counts, strict=True))]
    return _own(chart, weeks, {t("Finished"): counts}, t("issues"), rows, t)


def waiting(chart: c.WaitingChart, t: Translator) -> list[Block]:
    """Bars of issue-hours per week: each side alone, and several at once; the table has each side's whole figure."""
    parts, sides = layers(chart, t), sides_of(chart)
    if not 1 <= len(chart.weeks) <= _POINTS or not 1 <= len(parts) <= _SERIES:
        return beside(chart, t)
    names = _unlike([part.name for part in parts])
    series = {name: [round(s / 3600, 1) for s in part.seconds] for name, part in zip(names, parts, strict=True)}
    head = [t("Week"), *(side_name(side, chart.companies, t) for side in sides), t("several at once"), t("in all")]
    rows = [
        [
            starred(week),
            *(_figure(week, side, t) for side in sides),
            hours(week.both_s, t),
            hours(week.total_s, t),
        ]
        for week in chart.weeks
    ]
    made = _own(chart, [starred(week) for week in chart.weeks], series, t("issue-hours"), [head, *rows], t)
    if any(worked(chart.weeks, side) is not None for side in sides):
        made.append(context(t("In brackets: in the working time of the side that is waited for.")))
    return made


def _figure(week: c.WaitingWeek, side: str, t: Translator) -> str:
    """A side's issue-hours of a week, elapsed, and in its own calendar in brackets."""
    elapsed, working = hours(waited_for([week], side), t), worked([week], side)
    return elapsed if working is None else f"{elapsed} ({hours(working, t)})"


def beside(chart: c.Chart, t: Translator) -> list[Block]:
    """What stands beside a picture: what it shows, in a sentence. Its small print is in the picture."""
    words = words_of(chart, t)
    return [section(f"*{escape(words.title)}*"), section(escape(words.alt))]


def _own(
    chart: c.ThroughputChart | c.WaitingChart,
    weeks: Sequence[str],
    series: Mapping[str, Sequence[float]],
    unit: str,
    rows: Sequence[Sequence[str]],
    t: Translator,
) -> list[Block]:
    words = words_of(chart, t)
    return [
        bars(words.title, weeks, series, unit),
        data_table(words.title, rows),
        context(" ".join(escape(note) for note in words.notes)),
    ]


def _unlike(names: Sequence[str]) -> list[str]:
    """Names as Slack wants them for series: short, and no two alike."""
    found: list[str] = []
    for name in names:
        short, number = clip(hush(clean(name)), _LABEL) or "–", 2
        while short in found:
            short = f"{clip(hush(clean(name)), _LABEL - 3)} {number}"
            number += 1
        found.append(short)
    return found
