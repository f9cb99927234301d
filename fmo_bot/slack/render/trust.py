"""Which figures to trust less, said so that a reader can look into it."""

from fmo_bot.domain.messages import Digest, SprintReport, WaitsReport
from fmo_bot.domain.shown import StatusInNoStage
from fmo_bot.locales import Translator
from fmo_bot.slack.blocks import Block, context, section
from fmo_bot.slack.text import escape
from fmo_bot.words.plain import duration

_GUESSES_SHOWN = 5
_STATUSES_SHOWN = 5

# Names of domain.quality.QUALITY as (one, several), with how many.
NOTES = {
    "truncated_changelogs": ("{n} issue without its whole history", "{n} issues without their whole history"),
    "unmapped_statuses": ("{n} status belongs to no stage", "{n} statuses belong to no stage"),
    "unmapped_issues": ("{n} issue was in a status of no stage", "{n} issues were in a status of no stage"),
    "gaps": ("{n} gap in a history", "{n} gaps in histories"),
    "status_disagrees": (
        "{n} issue whose history does not end in its status",
        "{n} issues whose history does not end in their status",
    ),
    "negative_durations": ("{n} issue changed before it was created", "{n} issues changed before they were created"),
    "never_started": ("{n} issue finished without a start", "{n} issues finished without a start"),
    "back_before_commitment": ("{n} issue went back before its start", "{n} issues went back before their start"),
    # Of services.team_boards.
    "suspected_mirrors": (
        "{n} pair of issues on two sites looks like one piece of work",
        "{n} pairs of issues on two sites look like one piece of work each",
    ),
    # Of services.digests.
    "excluded": (
        "{n} incident counts in time to recover only",
        "{n} incidents count in time to recover only",
    ),
    # Of services.board_quality.
    "forbidden_issues": (
        "{n} issue is shown as it was last seen: FMO bot's Jira account may no longer browse its project",
        "{n} issues are shown as they were last seen: FMO bot's Jira account may no longer browse their project",
    ),
    "hidden_issues": (
        "{n} issue is not visible any more: deleted, or hidden from FMO bot's Jira account",
        "{n} issues are not visible any more: deleted, or hidden from FMO bot's Jira account",
    ),
    "no_points_field": ("the board has no field for points", "{n} boards have no field for points"),
    "no_flagged_field": ("Jira has no field Flagged", "{n} boards have no field Flagged"),
    "columns_of_no_stage": (
        "{n} status on the board belongs to no stage",
        "{n} statuses on the board belong to no stage",
    ),
    "years_without_make_up_days": (
        "the make-up working days of one year are not known to a side's calendar yet:"
        " list them in the team file under extra_working",
        "the make-up working days of {n} years are not known to the sides' calendars yet:"
        " list them in the team file under extra_working",
    ),
    "moved": ("{n} issue came from another project", "{n} issues came from another project"),
}


def guess(message: SprintReport | Digest | WaitsReport, t: Translator) -> list[Block]:
    """The first line of a report that goes by a guess (definition 17); none where both sides have confirmed it all."""
    if message.workflow_guessed:
        return [section(t("*These figures use a guess*: which stage each status belongs to is not confirmed yet."))]
    if not (found := message.guessed_statuses):
        return []
    names = ", ".join(escape(name) for name in found[:_GUESSES_SHOWN]) + " …" * (len(found) > _GUESSES_SHOWN)
    one, several = (
        "*These figures use a guess*: both sides have yet to confirm to which stage the new status {names} belongs.",
        "*These figures use a guess*: both sides have yet to confirm to which stages {n} new statuses belong: {names}.",
    )
    return [section(t.many(one, several, len(found), names=names))]


def trust(message: SprintReport | Digest | WaitsReport, t: Translator) -> list[Block]:
    """Small print below a report; none where there is nothing to say."""
    found = notes(message, t)
    return [context(f"{t('Data quality')}: " + " · ".join(found))] if found else []


def in_short(message: SprintReport | Digest, t: Translator) -> str:
    """How much there is to know before trusting the figures, where the thread tells it in full."""
    found = len(notes(message, t))
    return (
        t.many("Data quality: {n} remark", "Data quality: {n} remarks", found)
        if found
        else t("Data quality: nothing doubtful")
    )


def notes(message: SprintReport | Digest | WaitsReport, t: Translator) -> list[str]:
    """The data-quality ledger of a report, a sentence for each thing that is to be known."""
    found = [_note(code, n, t) + _named(code, message.in_no_stage, t) for code, n in message.data_quality if n]
    found += [t("stages were guessed from the board's columns")] * message.workflow_guessed
    found += [t("Jira was last read more than a day ago")] * (not isinstance(message, SprintReport) and message.stale)
    return found + [
        t("internal issues of {company} are not in it", company=escape(company))
        for company in message.left_out
        if company
    ]


def in_words(found: tuple[tuple[str, int], ...], t: Translator) -> list[str]:
    """A note for each count that is not 0."""
    return [_note(code, n, t) for code, n in found if n]


def _named(code: str, found: tuple[StatusInNoStage, ...], t: Translator) -> str:
    """Which statuses: name, issues and how long these were in it together (definition 1)."""
    if code != "unmapped_statuses" or not found:
        return ""
    told = (
        t.many(
            "{status} ({n} issue for {time})",
            "{status} ({n} issues for {time} together)",
            each.issues,
            status=escape(each.name),
            time=duration(each.seconds, t),
        )
        for each in found[:_STATUSES_SHOWN]
    )
    return ": " + ", ".join(told) + " …" * (len(found) > _STATUSES_SHOWN)


def _note(code: str, n: int, t: Translator) -> str:
    if code not in NOTES:
        return f"{escape(code)}: {n}"
    one, several = NOTES[code]
    return t.many(one, several, n)
