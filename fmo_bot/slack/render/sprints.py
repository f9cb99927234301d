"""The sprint report: one screen that is complete by itself. What it has no room for is in `sprint_details`."""

from fmo_bot.domain.messages import Spread, SprintReport, SprintSet
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import EXPLAIN, SPRINT_SHARE
from fmo_bot.slack.blocks import Block, actions, button, context, fields, header, quote, section
from fmo_bot.slack.render.standups import blocker
from fmo_bot.slack.render.trust import guess, in_short
from fmo_bot.slack.text import clip, escape, moment
from fmo_bot.words.plain import duration, number

BLOCKERS_SHOWN = 3
_KEYS_SHOWN = 12
_GOAL_SHOWN = 200


def report(message: SprintReport, t: Translator) -> list[Block]:
    """The report on one screen: figures, their balance, cycle time, what is stuck, and where to look further."""
    blocks = [
        header(t("Sprint report: {sprint}", sprint=message.sprint)),
        *guess(message, t),
        context(_span(message, t)),
        *([quote(t("Goal"), clip(message.goal, _GOAL_SHOWN))] if message.goal.strip() else []),
        fields(_sets(message, t)),
        section("\n".join([balance(message, t), f"*{t('Cycle time')}*  {short_spread(message.cycle_time, t)}"])),
        *_stuck(message, t),
        context(" · ".join(_further(message, t))),
    ]
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


def _stuck(message: SprintReport, t: Translator) -> list[Block]:
    more = len(message.blockers) - BLOCKERS_SHOWN
    head = f"*{t('Open blockers')}*" + (f"  {t('{n} more in the thread', n=more)}" if more > 0 else "")
    blocks = [section(head)] if message.blockers else []
    blocks += [blocker(line, t) for line in message.blockers[:BLOCKERS_SHOWN]]
    if message.flagged:
        blocks.append(section(f"*{t('Flagged in Jira')}*  {keys(message.flagged)}"))
    return blocks


def _further(message: SprintReport, t: Translator) -> list[str]:
    """What the thread goes into, in a few words, and who shared the report."""
    told = [t("In the thread: burn-up, names, times by side")]
    if message.differences is not None:
        same = t("Jira's own sprint report counts the same")
        one, several = (
            "Jira's own sprint report differs in {n} place",
            "Jira's own sprint report differs in {n} places",
        )
        told.append(t.many(one, several, len(message.differences)) if message.differences else same)
    told.append(in_short(message, t))
    return told + ([t("Shared by {name}.", name=escape(message.shared_by))] if message.shared_by is not None else [])


def keys(found: tuple[str, ...], *, most: int = _KEYS_SHOWN) -> str:
    """Issue keys, the first few of them."""
    shown = ", ".join(escape(key) for key in found[:most])
    return f"{shown} … +{len(found) - most}" if len(found) > most else shown
