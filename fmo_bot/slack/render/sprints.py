"""The sprint report."""

from fmo_bot.domain.messages import Spread, SprintReport, SprintSet
from fmo_bot.domain.shown import SideTime
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import EXPLAIN, SPRINT_SHARE
from fmo_bot.slack.blocks import Block, actions, button, context, fields, header, quote, section
from fmo_bot.slack.render.standups import blocker
from fmo_bot.slack.render.trust import guess, trust
from fmo_bot.slack.text import escape, moment
from fmo_bot.words.plain import duration, number
from fmo_bot.words.waits import hours, side_name

_BLOCKERS_SHOWN = 10
_KEYS_SHOWN = 12
_DIFFERENCES_SHOWN = 5


def report(message: SprintReport, t: Translator) -> list[Block]:
    """The report on one screen: figures, their balance, time, blockers, and what to trust less."""
    blocks = [
        header(t("Sprint report: {sprint}", sprint=message.sprint)),
        *guess(message, t),
        context(_span(message, t)),
        *([quote(t("Goal"), message.goal)] if message.goal.strip() else []),
        fields(_sets(message, t)),
        section(balance(message, t)),
        section(_times(message, t)),
        *_stuck(message, t),
        *_beside_jira(message, t),
        *trust(message, t),
    ]
    if message.shared_by is not None:
        blocks.append(context(t("Shared by {name}.", name=escape(message.shared_by))))
    share = button(t("Share in the joint channel"), SPRINT_SHARE, message.ref, primary=True)
    return [*blocks, actions(*([share] if message.shareable else []), how(message.ref, t))]


def how(ref: str, t: Translator) -> Block:
    """The button that opens rule, window, n and source of a report's figures."""
    return button(t("How is this computed?"), EXPLAIN, ref)


def _span(message: SprintReport, t: Translator) -> str:
    when = t("{start} to {end}", start=moment(message.start, t), end=moment(message.end, t))
    parts = [escape(message.team), escape(message.board), when]
    if message.provisional:
        parts.append(t("still running; as of {when}", when=moment(message.as_of, t)))
    return " · ".join(parts)


def _sets(message: SprintReport, t: Translator) -> list[str]:
    named = [
        (t("Committed"), message.committed),
        (t("Completed"), message.completed),
        (t("Added"), message.added),
        (t("Carried over"), message.carried_over),
        (t("Removed"), message.removed),
    ]
    if message.completed_outside.issues:
        named.append((t("Completed outside the sprint"), message.completed_outside))
    return [f"*{name}*\n{_size(found, t)}" for name, found in named]


def _size(found: SprintSet, t: Translator) -> str:
    issues = t.many("{n} issue", "{n} issues", found.issues)
    return f"{issues} · {t('{points} points', points=number(found.points, t))}"


def balance(message: SprintReport, t: Translator) -> str:
    """The identity of definition 12, in issues and, with re-estimates, in points."""
    sets = (message.committed, message.added, message.removed, message.completed, message.carried_over)
    issues = _sum([str(each.issues) for each in sets])
    points = _sum([number(each.points, t) for each in sets], re_estimated=_signed(message.re_estimated, t))
    lines = [
        t("Committed + added − removed = completed + carried over"),
        t("in issues: {sums}", sums=issues),
        t("in points, with re-estimates: {sums}", sums=points),
    ]
    if message.unestimated:
        lines.append(t.many("{n} issue has no estimate", "{n} issues have no estimate", message.unestimated))
    return "\n".join(lines)


def _sum(sizes: list[str], *, re_estimated: str = "") -> str:
    committed, added, removed, completed, carried_over = sizes
    return f"{committed} + {added} − {removed}{re_estimated} = {completed} + {carried_over}"


def _signed(points: float, t: Translator) -> str:
    return f" {'−' if points < 0 else '+'} {number(abs(points), t)}" if points else ""


def spread(found: Spread, t: Translator) -> str:
    """Percentiles with their sample size."""
    if found.n == 0:
        return t("nothing finished")
    p50, p85, p95 = (duration(value, t) for value in (found.p50_s, found.p85_s, found.p95_s))
    return t("P50 {p50} · P85 {p85} · P95 {p95} (n = {n})", p50=p50, p85=p85, p95=p95, n=found.n)


def short_spread(found: Spread, t: Translator) -> str:
    """The same for where there is little room: without P95."""
    if found.n == 0:
        return t("nothing finished")
    return t("P50 {p50} · P85 {p85} (n = {n})", p50=duration(found.p50_s, t), p85=duration(found.p85_s, t), n=found.n)


def _times(message: SprintReport, t: Translator) -> str:
    lines = [f"*{t('Cycle time')}*  {spread(message.cycle_time, t)}"]
    if message.cycle_time_before is not None:
        lines.append(f"*{t('The 90 days before the sprint')}*  {spread(message.cycle_time_before, t)}")
    if message.never_started:
        one, several = (
            "{n} issue finished without a start is not in it",
            "{n} issues finished without a start are not in it",
        )
        lines.append(t.many(one, several, message.never_started))
    total = sum(seconds for _, seconds in message.split_s)
    if total:
        parts = [f"{_share(name, message, t)} {seconds / total:.0%}" for name, seconds in message.split_s if seconds]
        lines.append(f"*{t('Where the time went')}*  " + " · ".join(parts))
    lines += [_side(held, message, t) for held in message.sides]
    return "\n".join(lines)


def _side(held: SideTime, message: SprintReport, t: Translator) -> str:
    """What one side held: issue-hours elapsed, in brackets those of its own working time."""
    who = escape(side_name(held.side, message.companies, t))
    named = [
        (t("active"), held.active_s, held.active_working_s),
        (t("waited on"), held.waiting_s, held.waiting_working_s),
        (t("blocked"), held.blocked_s, None),
    ]
    told = [f"{name} {_hours(elapsed, worked, t)}" for name, elapsed, worked in named if elapsed]
    return f"• {who}: " + " · ".join(told or [t("nothing")])


def _hours(elapsed: float, worked: float | None, t: Translator) -> str:
    told = t("{hours} h", hours=hours(elapsed, t))
    return told if worked is None else f"{told} ({t('{hours} h working time', hours=hours(worked, t))})"


def _share(name: str, message: SprintReport, t: Translator) -> str:
    kind, _, side = name.partition(":")
    company = escape(message.companies.get(side, side))
    texts = {
        "active": t("active {company}", company=company),
        "waiting": t("waiting on {company}", company=company),
        "done": t("finished and reopened"),
        "unmapped": t("in no stage"),
    }
    return texts.get(kind, escape(name))


def _stuck(message: SprintReport, t: Translator) -> list[Block]:
    blocks = [section(f"*{t('Open blockers')}*")] if message.blockers else []
    blocks += [blocker(line, t) for line in message.blockers[:_BLOCKERS_SHOWN]]
    if message.flagged:
        blocks.append(section(f"*{t('Flagged in Jira')}*  {keys(message.flagged)}"))
    return blocks


def _beside_jira(message: SprintReport, t: Translator) -> list[Block]:
    """Where Jira's own report counts otherwise; nothing where it did not answer."""
    found = message.differences
    if found is None:
        return []
    if not found:
        return [context(t("Jira's own sprint report counts the same."))]
    lines = [
        t.many(
            "Jira's own sprint report differs in {n} place:",
            "Jira's own sprint report differs in {n} places:",
            len(found),
        )
    ]
    for each in found[:_DIFFERENCES_SHOWN]:
        told = t(
            "{key}: there {theirs}, here {ours}, because {why}",
            key=escape(each.key),
            theirs=t(each.theirs),
            ours=t(each.ours),
            why=t(each.why),
        )
        lines.append(f"• {told}")
    if len(found) > _DIFFERENCES_SHOWN:
        lines.append(f"… +{len(found) - _DIFFERENCES_SHOWN}")
    return [context("\n".join(lines))]


def keys(found: tuple[str, ...]) -> str:
    """Issue keys, the first few of them."""
    shown = ", ".join(escape(key) for key in found[:_KEYS_SHOWN])
    return f"{shown} … +{len(found) - _KEYS_SHOWN}" if len(found) > _KEYS_SHOWN else shown
