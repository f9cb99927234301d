""" "How is this computed?": rule, window, n and source of each figure of one report, in a modal."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import NamedTuple

from babel.dates import format_time, get_day_names

from fmo_bot.domain import messages as m
from fmo_bot.domain.basis import Basis, BoardUsed, CalendarUsed
from fmo_bot.domain.shown import Foreseen, WeekFlow
from fmo_bot.locales import Translator, translator
from fmo_bot.slack.blocks import TITLE, VIEW_BLOCKS, Block, context, fit, header, plain, section
from fmo_bot.slack.render import rules
from fmo_bot.slack.render.notices import sentence
from fmo_bot.slack.render.rules import Rule
from fmo_bot.slack.render.trust import guess, notes
from fmo_bot.slack.text import escape
from fmo_bot.words.plain import instant, percent, short_day

TITLE_TEXT = "How is this computed?"
BY_FINISH = "Value date: the finish."
BY_RELEASE = "Value date: the release of a version, for which Jira is asked every six hours, else the finish."
_OLD = "This report was made before its calendars and mappings were kept with it."


class _Told(NamedTuple):
    """A report's name, its window [since, until] and as_of, and the rules of its figures, each with its own n."""

    name: str
    since: datetime
    until: datetime
    as_of: datetime
    figures: list[tuple[Rule, str]]


def view(message: m.SprintReport | m.Digest | m.WaitsReport | m.Notice, language: str) -> Block:
    """The modal for whoever pressed; a notice where these figures are not for them."""
    t = translator(language)
    made = (
        [section(sentence(message.text, message.values, t))] if isinstance(message, m.Notice) else _blocks(message, t)
    )
    return {
        "type": "modal",
        "title": plain(t(TITLE_TEXT), TITLE),
        "close": plain(t("Close"), TITLE),
        "blocks": fit(made, VIEW_BLOCKS),
    }


def _blocks(message: m.SprintReport | m.Digest | m.WaitsReport, t: Translator) -> list[Block]:
    zone = message.basis.zone if message.basis else "UTC"
    told = _told(message, t)
    found = notes(message, t)
    guessed = [block for block in guess(message, t) if not message.workflow_guessed]  # else the mapping says it
    quality = "\n".join(f"• {each}" for each in found) if found else t("Nothing doubtful is known.")
    return [
        section(f"*{escape(told.name)}*\n{_span(told, zone, t)}"),
        *guessed,
        *(_rule(rule, said, t) for rule, said in told.figures),
        *(_based(message.basis, t) if message.basis else [context(t(_OLD))]),
        _rule(rules.QUALITY, quality, t),
    ]


def _rule(rule: Rule, said: str, t: Translator) -> Block:
    title = f"*{t(rule.title)}* · {t('definition {n}', n=rule.definition)}"
    return section("\n".join(filter(None, (title, t(rule.text), said))))


# --- which figures a report has ---------------------------------------------------------------------------------------


def _told(message: m.SprintReport | m.Digest | m.WaitsReport, t: Translator) -> _Told:
    if isinstance(message, m.SprintReport):
        return _sprint(message, t)
    return _digest(message, t) if isinstance(message, m.Digest) else _waits(message, t)


def _waits(message: m.WaitsReport, t: Translator) -> _Told:
    figures = [(rules.BLOCKERS, t("n = {n}.", n=sum(each.open for each in message.open))), (rules.WAITING, "")]
    name = t("Who waits on whom: {team}", team=message.team)
    return _Told(name, message.since, message.as_of, message.as_of, figures)


def _sprint(message: m.SprintReport, t: Translator) -> _Told:
    n = t("n = {n} completed issues with a start.", n=message.cycle_time.n)
    apart = t("{n} completed without a start.", n=message.never_started)
    figures = [
        (rules.SETS, ""),
        (rules.BALANCE, ""),
        (rules.STAYS, ""),
        (rules.CYCLE_TIME, f"{n} {apart} {_before(message, t)}".strip()),
        (rules.PERCENTILES, ""),
        (rules.SPLIT, n),
        (rules.BLOCKED, n),
        *([(rules.AGEING, "")] if message.ageing else []),
        (rules.BURN_UP, ""),
        (rules.BLOCKERS, ""),
    ]
    name = t("Sprint report: {sprint}", sprint=message.sprint)
    return _Told(name, message.start, message.end, message.as_of, figures)


def _before(message: m.SprintReport, t: Translator) -> str:
    if message.cycle_time_before is None:
        return ""
    told = "Beside it the issues of the board that were finished in the 90 days before the sprint's start: n = {n}."
    return t(told, n=message.cycle_time_before.n)


def _digest(message: m.Digest, t: Translator) -> _Told:
    week = t("This week: n = {n}; the four weeks before: n = {before}.",
             n=message.cycle_time.n, before=message.cycle_time_before.n)  # fmt: skip
    weeks = ", ".join(map(str, message.finished_before)) or "–"
    figures = [
        (rules.THROUGHPUT, t("{n} this week; the weeks before: {before}", n=message.finished, before=weeks)),
        (rules.STAYS, ""),
        (rules.CYCLE_TIME, week),
        (rules.PERCENTILES, ""),
        (rules.IN_PROGRESS, t("n = {n}.", n=message.wip)),
        (rules.AGEING, ""),
        *(_flow(message.flow, t) if message.flow else []),
        (rules.BLOCKERS, ""),
    ]
    name = t("Weekly digest: {team}", team=message.team)
    return _Told(name, message.since, message.until, message.until, figures)


def _span(told: _Told, zone: str, t: Translator) -> str:
    since, until, as_of = (instant(at, t, zone=zone) for at in (told.since, told.until, told.as_of))
    return "\n".join(
        (
            t("Window: {since} to {until}.", since=since, until=until),
            t("As of {when}: what happened later is in no figure.", when=as_of),
            t("Days and weeks are those of {zone}.", zone=zone),
        )
    )


def _flow(found: WeekFlow, t: Translator) -> list[tuple[Rule, str]]:
    to = BY_RELEASE if found.by_release else BY_FINISH
    figures = [
        (rules.LEAD_TIME, f"{t(to)} {t('n = {n}.', n=found.lead_time.n)}"),
        (rules.EXPECTATION, t("n = {n}.", n=found.expected_n)),
        (rules.EFFICIENCY, t("n = {n}.", n=found.efficiency_n)),
        (rules.WAITING, ""),
    ]
    figures += [(rules.RECOVERY, t("n = {n}.", n=found.recovery.took.n))] if found.recovery else []
    return figures + ([(rules.FORECAST, _drawn(found.forecast, t))] if found.forecast else [])


def _drawn(found: Foreseen, t: Translator) -> str:
    told = t("{items} issues, drawn from {n} days; seed {seed}, {generator}.",
             items=found.items, n=found.n_days, seed=found.seed, generator=found.generator)  # fmt: skip
    if found.hit_rate is None:
        return f"{told} {t('No back-test yet.')}"
    one, several = "Back-test: P85 held in {rate} of {n} week.", "Back-test: P85 held in {rate} of {n} weeks."
    return f"{told} {t.many(one, several, found.backtest_weeks, rate=percent(found.hit_rate, t))}"


# --- what they stand on -----------------------------------------------------------------------------------------------


def _based(basis: Basis, t: Translator) -> list[Block]:
    return [
        header(t("Source")),
        *(section(_board(board, basis.zone, t)) for board in basis.boards),
        *([header(t("Side calendars"))] if basis.calendars else []),
        *(section(_calendar(calendar, t)) for calendar in basis.calendars),
        context(t("Rules version {n}.", n=basis.rules)),
    ]


def _board(used: BoardUsed, zone: str, t: Translator) -> str:
    read = instant(used.synced_at, t, zone=zone) if used.synced_at else "–"
    lines = [f"*{escape(used.board)}*", t("Jira's own histories, last read {when}.", when=read)]
    guess = t("guessed from the board's columns, not confirmed") if used.guessed else t("as it was agreed")
    lines.append(t("Mapping {version}: {how}.", version=escape(used.mapping), how=guess))
    if used.mapping_since:
        lines.append(t("It holds since {when}; what was before is seen by the versions before it.",
                       when=instant(used.mapping_since, t, zone=zone)))  # fmt: skip
    if used.stages:
        lines.append(t("Stages: {stages}. Commitment point: {point}.",
                       stages=escape(" → ".join(used.stages)), point=escape(used.commitment) or "–"))  # fmt: skip
    return "\n".join(lines)


def _calendar(used: CalendarUsed, t: Translator) -> str:
    hours = "–".join(_wall(minutes, t) for minutes in (used.opens, used.closes))
    lines = [f"*{escape(used.company)}*  {_weekdays(used.days, t)}, {hours} {escape(used.zone)}"]
    if used.holidays:
        lines.append(t("Holidays and make-up days of {place}.", place=escape(used.holidays)))
    if used.off or used.extra:
        lines.append(t("Named by the side itself: {off} days off, {extra} extra working days.",
                       off=used.off, extra=used.extra))  # fmt: skip
    if used.since:
        lines.append(t("This version holds since {day}.", day=short_day(used.since, t, year=True)))
    if used.unknown:
        years = ", ".join(map(str, used.unknown))
        lines.append(t("The make-up days of {years} are not known yet, so its working time may be short of them.",
                       years=years))  # fmt: skip
    return "\n".join(lines)


def _wall(minutes: int, t: Translator) -> str:
    if minutes == 24 * 60:
        return "24:00"
    return format_time(time(minutes // 60, minutes % 60), "HH:mm", locale=t.locale)


def _weekdays(days: Sequence[int], t: Translator) -> str:
    names = get_day_names("abbreviated", locale=t.locale)
    return ", ".join(str(names[day]) for day in days)
