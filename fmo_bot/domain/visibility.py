"""What of Jira a reader may know, decided field by field on a message value just before it is owed or shown.

`visible` is the one place: a post, a direct message, an update, App Home, a report, an answer to a click all pass it
(see `delivery.audience`). `JIRA` and `PLAIN` name every class of message and each of their fields; a test fails for
one that is in neither, so that nobody can add a field of Jira's and forget it here.
"""

from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from typing import Any, TypeVar, cast

from fmo_bot.domain import charts as c
from fmo_bot.domain import messages as m
from fmo_bot.domain import shown
from fmo_bot.domain.basis import Basis, BoardUsed, CalendarUsed
from fmo_bot.domain.checks import Fault
from fmo_bot.domain.follows import may_hear
from fmo_bot.domain.names import IssueName, internal
from fmo_bot.domain.ownership import ASSIGNEE, FLAGS, KEY, POINTS, PRIORITY, SPRINT, STATUS, SUMMARY, Standpoint

T = TypeVar("T")
INTERNAL_FIGURES = "These figures are internal to {company}."
NOBODYS_FIGURES = (
    "These figures are internal. Say in the team file whose the Jira project is and which sides accept it."
)

# Fields that hold an issue's name, or values that hold one; what is decided with them is what may be known of it.
NAMES = "names"
# Figures over the projects named in `counted`: told as a whole or not at all.
FIGURES = "figures"
_OF_FIGURES = m.SprintReport | m.Digest | m.WaitsReport | c.Chart
# More of figures that are told already: known to whoever may know those, in a field of this name.
_DETAIL: Mapping[type, str] = {m.SprintDetail: "report", m.DigestDetail: "digest"}


def _all(kind: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), kind)


# Class -> field -> what it holds of Jira: NAMES, FIGURES, or which field of the issue named beside it in `issue`.
JIRA: Mapping[type, Mapping[str, str]] = {
    m.Notice: {"values": NAMES},
    m.BlockerLine: {"issue": NAMES},
    m.AnswerPost: {"blocker": NAMES},
    m.RoundSummary: {"new_blockers": NAMES},
    m.SprintReport: {"blockers": NAMES, "ageing": NAMES}
    | _all(
        FIGURES,
        "counted left_out board sprint goal start end provisional planned_end committed added removed completed"
        " carried_over completed_outside re_estimated unestimated cycle_time never_started split_s flagged burn_up"
        " data_quality in_no_stage workflow_guessed guessed_statuses differences basis sides cycle_time_before",
    ),
    shown.StatusInNoStage: _all(FIGURES, "name issues seconds"),
    shown.SideTime: _all(FIGURES, "side active_s waiting_s blocked_s active_working_s waiting_working_s"),
    shown.Foreseen: _all(FIGURES, "items n_days seed generator by chance p50 p85 p95 refused backtest_weeks hit_rate"),
    shown.Recovered: _all(FIGURES, "took open oldest_s"),
    shown.WeekFlow: _all(
        FIGURES,
        "lead_time by_release expected_n expected_s attainment efficiency_configured efficiency_n efficiency"
        " efficiency_median unmapped waiting companies recovery forecast",
    ),
    Basis: _all(FIGURES, "boards calendars zone rules"),
    BoardUsed: _all(FIGURES, "board synced_at mapping guessed mapping_since stages commitment"),
    CalendarUsed: _all(FIGURES, "company zone days opens closes holidays off extra since unknown"),
    m.SprintDifference: _all(FIGURES, "key theirs ours why"),
    m.SprintSet: _all(FIGURES, "issues points keys"),
    m.Spread: _all(FIGURES, "n p50_s p85_s p95_s"),
    c.BurnUpPoint: _all(FIGURES, "at scope done"),
    c.BurnUpChart: _all(FIGURES, "counted sprint start end as_of points"),
    c.Finish: _all(FIGURES, "at cycle_time_s"),
    c.CycleTimeChart: _all(FIGURES, "counted board since until as_of zone finishes cycle_time never_started"),
    c.Week: _all(FIGURES, "label finished partial"),
    c.ThroughputChart: _all(FIGURES, "counted board since until as_of zone weeks"),
    c.AgeingStage: _all(FIGURES, "name n p50_s p85_s"),
    c.AgeingMark: {"issue": NAMES} | _all(STATUS, "stage age_s percentile over_p85"),
    c.AgeingChart: {"items": NAMES} | _all(FIGURES, "counted board as_of zone stages"),
    c.SideWait: _all(FIGURES, "side waited_s alone_s working_s"),
    c.WaitingWeek: _all(FIGURES, "label partial waits both_s"),
    c.WaitingChart: _all(FIGURES, "counted board since until as_of zone weeks companies"),
    c.Chance: _all(FIGURES, "day share"),
    c.ForecastChart: _all(
        FIGURES,
        "counted board as_of zone items n_days trials seed generator chances p50 p85 p95 backtest_weeks hit_rate_p85",
    ),
    m.Digest: {"ageing": NAMES}
    | _all(
        FIGURES,
        "counted left_out board finished finished_before cycle_time cycle_time_before wip data_quality in_no_stage"
        " workflow_guessed guessed_statuses stale basis flow",
    ),
    m.SprintDetail: {"report": FIGURES},
    m.DigestDetail: {"digest": FIGURES},
    m.WaitsReport: _all(
        FIGURES, "counted left_out board weeks data_quality in_no_stage workflow_guessed guessed_statuses stale basis"
    ),
    m.AgeingItem: {"issue": NAMES, "summary": SUMMARY} | _all(STATUS, "stage age_s over_p85"),
    m.Home: {"blockers": NAMES},
    m.IssueChoice: {"issue": NAMES, "summary": SUMMARY, "value": KEY, "site": KEY},
    m.StandupForm: {"issues": NAMES},
    m.WhichIssue: {"choices": NAMES},
    m.BoardNews: {"lines": NAMES},
    m.NewsLine: {"issue": NAMES, "issues": NAMES},
    m.IssueCard: {"issue": NAMES, "url": KEY, "summary": SUMMARY, "status": STATUS, "assignee": ASSIGNEE}
    | {"priority": PRIORITY, "points": POINTS, "sprint": SPRINT, "flagged": FLAGS},
    m.LinkWord: {"issue": NAMES},
}

# Class -> fields in which there is nothing of Jira: our own words and instants, and what people said.
PLAIN: Mapping[type, frozenset[str]] = {
    cls: frozenset(names.split())
    for cls, names in {
        m.Notice: "text",
        m.Prompt: "ref team ceremony round_date deadline zone state reminder",
        m.SideCount: "company asked answered away",
        m.RoundPost: "team ceremony round_date sides closes_at closed team_ref",
        m.Said: "label text",
        m.BlockerLine: "ref what waiting waited_on since resolved",
        m.ReplyTaken: "taken unanswered",
        m.AnswerPost: "author author_name company zone answered_at said edited late",
        m.RoundSummary: "team ceremony round_date sides open_blockers",
        m.SprintReport: "ref team as_of companies shared_by shareable",
        m.WaitsOn: "waiting waited_on open oldest_since",
        m.OpenWait: "waiting waited_on open oldest_since oldest_s oldest_working_s",
        m.WaitsReport: "ref team team_ref since as_of zone open companies",
        m.Digest: "ref team team_ref since until zone waits",
        m.Help: "commands unknown",
        m.BoardNews: "board",
        m.NewsLine: "kind to",  # a line is told as a whole or not at all: `may_hear`
        m.IssueCard: "ref done",
        m.Home: "name prompts teams host unread checks drafts",
        m.UndeliveredLine: "ref what whom due why code jobs",
        m.Undelivered: "team team_ref lines more note",
        m.AccountLine: "ref site shown how since sign_in by_word by_admin",
        m.AccountLinks: "lines",
        m.LinkWord: "ref site word until",
        m.LinkRequest: "ref name company site account",
        # Asked of statuses that joint issues were in, or of boards that show no others (services.new_statuses).
        m.ChannelCheck: "name shared_with limited posts others faults",
        m.PeopleCheck: "fault names",
        m.SelfCheck: "team team_ref company as_of channels well zones languages people others weekly",
        Fault: "text values",
        m.StrangerInChannel: "ref team channel company agreed missing came_to",
        m.NewStatus: "ref team board status since guess stages wanted settled",
        # What a side lays before another is what it wants to be known (services.proposals).
        m.PersonQuestion: "ref kind team name company answer by",
        m.Proposal: "ref team company text values asked state by may changes",
        # Only to people of the company that sets up: see services.wizard.
        m.SetUpCard: "ref channel companies taken missing begun_at holder",
        m.BoardAsked: "ref company channel chosen over",  # to people of the company whose board it is
        m.TrialPrompt: "ref team ceremony asked",
        m.Choice: "value text literal company",
        m.WhichIssue: "key",  # as its reader typed it
        m.Question: "key label hint required visibility",
        m.StandupForm: "prompt_ref team ceremony round_date deadline questions given sides blocked late",
    }.items()
}


def visible(message: T, standpoint: Standpoint) -> T | m.Notice:
    """The message as whoever stands there may read it: what is not for them reads "an internal issue of <company>".

    Figures that are not for them become a notice that says whose they are, changes that are not for them are left out.
    Anything else stays as it is.
    """
    if isinstance(message, _OF_FIGURES):
        kept_back = [each for each in message.counted if not standpoint.may_count(each)]
        # A report that does not say what it counted says nothing to anybody.
        if kept_back or not message.counted:
            company = ", ".join(dict.fromkeys(standpoint.of(each).company for each in kept_back))
            return m.Notice(text=INTERNAL_FIGURES if company else NOBODYS_FIGURES, values={"company": company})
    if (inner := _DETAIL.get(type(message))) is not None:
        found = visible(getattr(message, inner), standpoint)
        return found if isinstance(found, m.Notice) else cast(T, replace(cast(Any, message), **{inner: found}))
    if isinstance(message, m.BoardNews):  # lines of internal issues would be counted, however little each of them says
        heard = tuple(line for line in message.lines if may_hear(line.issue, line.kind, standpoint))
        message = replace(message, lines=heard)
    return cast(T, _seen(message, standpoint))


def tells_of_jira(value: object) -> bool:
    """Whether anything in a value has to be decided; most messages have nothing."""
    if isinstance(value, IssueName | _OF_FIGURES):
        return True
    if isinstance(value, tuple | list):
        return any(map(tells_of_jira, value))
    if isinstance(value, dict):
        return any(map(tells_of_jira, value.values()))
    return type(value) in JIRA and any(tells_of_jira(getattr(value, name)) for name in JIRA[type(value)])


def _seen(value: Any, standpoint: Standpoint) -> Any:
    if isinstance(value, IssueName):
        return _name(value, standpoint)
    if isinstance(value, tuple | list):
        return type(value)(_seen(each, standpoint) for each in value)
    if isinstance(value, dict):
        return {key: _seen(each, standpoint) for key, each in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    decided = {name: _field(value, name, kind, standpoint) for name, kind in JIRA.get(type(value), {}).items()}
    return replace(value, **decided) if decided else value


def _field(value: Any, name: str, kind: str, standpoint: Standpoint) -> Any:
    held = getattr(value, name)
    if kind in (NAMES, FIGURES):
        return _seen(held, standpoint)
    return held if standpoint.may_know(value.issue, kind) else None


def _name(issue: IssueName, standpoint: Standpoint) -> IssueName:
    if issue.key is None:  # decided before, or its key is not stored
        return internal(issue.company or standpoint.of(issue.project).company)
    return issue if standpoint.may_know(issue, KEY) else internal(standpoint.of(issue.project).company)
