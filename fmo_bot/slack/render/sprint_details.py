"""What a sprint report's thread goes into: names, cycle time, time by side, old work, blockers, doubts."""

from fmo_bot.domain.messages import SprintDetail, SprintReport
from fmo_bot.domain.shown import SideTime
from fmo_bot.locales import Translator
from fmo_bot.slack.blocks import Block, context, section
from fmo_bot.slack.render.ageing import item
from fmo_bot.slack.render.sprints import BLOCKERS_SHOWN, keys, spread
from fmo_bot.slack.render.standups import blocker
from fmo_bot.slack.render.trust import guess, trust
from fmo_bot.slack.text import escape
from fmo_bot.words.waits import hours, side_name

_NAMES_SHOWN = 60
_BLOCKERS_SHOWN = 12  # with those of the report itself
_DIFFERENCES_SHOWN = 10
_OLD_SHOWN = 10


def detail(message: SprintDetail, t: Translator) -> list[Block]:
    """The sets by name, then times, what grew old, what is stuck, and what to trust less."""
    report = message.report
    return [
        *guess(report, t),
        section("\n".join([f"*{t('What moved: {sprint}', sprint=escape(report.sprint))}*", *_names(report, t)])),
        section("\n".join(_times(report, t))),
        *([section("\n".join(_split(report, t)))] if _split(report, t) else []),
        *_old(report, t),
        *(blocker(line, t) for line in report.blockers[BLOCKERS_SHOWN:_BLOCKERS_SHOWN]),
        *_beside_jira(report, t),
        *trust(report, t),
    ]


def _names(report: SprintReport, t: Translator) -> list[str]:
    named = [
        (t("Completed"), report.completed),
        (t("Carried over"), report.carried_over),
        (t("Added"), report.added),
        (t("Removed"), report.removed),
        (t("Completed outside the sprint"), report.completed_outside),
    ]
    told = [f"• {name}: {keys(found.keys, most=_NAMES_SHOWN)}" for name, found in named if found.keys]
    return told or [t("nothing")]


def _times(report: SprintReport, t: Translator) -> list[str]:
    lines = [f"*{t('Cycle time')}*  {spread(report.cycle_time, t)}"]
    if report.cycle_time_before is not None:
        lines.append(f"*{t('The 90 days before the sprint')}*  {spread(report.cycle_time_before, t)}")
    if report.never_started:
        one, several = (
            "{n} issue finished without a start is not in it",
            "{n} issues finished without a start are not in it",
        )
        lines.append(t.many(one, several, report.never_started))
    return lines


def _split(report: SprintReport, t: Translator) -> list[str]:
    total, lines = sum(seconds for _, seconds in report.split_s), []
    if total:
        parts = [f"{_share(name, report, t)} {seconds / total:.0%}" for name, seconds in report.split_s if seconds]
        lines.append(f"*{t('Where the time went')}*  " + " · ".join(parts))
    return lines + [_side(held, report, t) for held in report.sides]


def _side(held: SideTime, report: SprintReport, t: Translator) -> str:
    """What one side held: issue-hours elapsed, in brackets those of its own working time."""
    who = escape(side_name(held.side, report.companies, t))
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


def _share(name: str, report: SprintReport, t: Translator) -> str:
    kind, _, side = name.partition(":")
    company = escape(report.companies.get(side, side))
    texts = {
        "active": t("active {company}", company=company),
        "waiting": t("waiting on {company}", company=company),
        "done": t("finished and reopened"),
        "unmapped": t("in no stage"),
    }
    return texts.get(kind, escape(name))


def _old(report: SprintReport, t: Translator) -> list[Block]:
    """What was carried over and is old for its stage; nothing where nothing is."""
    if not report.ageing:
        return []
    lines = [f"*{t('Old for its stage')}*  {t('above P85 of what was finished in 90 days')}"]
    lines += [item(each, t, marked=False) for each in report.ageing[:_OLD_SHOWN]]
    lines += [f"… +{len(report.ageing) - _OLD_SHOWN}"] * (len(report.ageing) > _OLD_SHOWN)
    return [section("\n".join(lines))]


def _beside_jira(report: SprintReport, t: Translator) -> list[Block]:
    """Where Jira's own report counts otherwise; nothing where it did not answer."""
    found = report.differences
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
