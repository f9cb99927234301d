"""The rule of each figure in plain words, with the number of its definition: what "How is this computed?" says."""

from typing import NamedTuple


class Rule(NamedTuple):
    """`title` and `text` are msgids; `definition` is the number both companies agreed on."""

    title: str
    definition: int
    text: str


PERCENTILES = Rule(
    "Percentiles",
    0,
    "By nearest rank: of n values in order the one at place p·n, rounded up. Nothing between two values is made up. "
    "Elapsed time is the main figure, weeks are ISO weeks.",
)
STAYS = Rule(
    "Start and finish",
    2,
    "An issue starts when it enters the first active or waiting stage at or after the commitment point, after it was "
    "last before that point. It is finished when it enters the done stages in which it still is; one that was "
    "reopened, or given up, is not finished.",
)
CYCLE_TIME = Rule(
    "Cycle time",
    3,
    "From start to finish, elapsed. Issues finished without a start are counted apart, never as 0.",
)
SPLIT = Rule(
    "Where the time went",
    5,
    "The time from start to finish of each issue, divided by stage: active or waiting, by the side that holds the "
    "stage; time in done stages before a reopening and in no stage stand apart. The parts sum to the whole. Working "
    "time counts the same in the calendar of the side that holds the stage.",
)
BLOCKED = Rule(
    "Blocked",
    6,
    "Jira's flag or a recorded blocker, from start to finish, each instant once; it lies over the division above. Its "
    "side is the one the blocker waits on, else that of the waiting stage at that time, else unknown.",
)
THROUGHPUT = Rule("Finished", 8, "Issues finished per ISO week, weeks without any as 0.")
IN_PROGRESS = Rule("In progress", 8, "Started, not finished and not given up at as_of. Age runs from the start.")
AGEING = Rule(
    "Older than 85 %",
    9,
    "An age is compared with the ages at which issues finished in the 90 days before as_of last left the same stage; "
    "over their P85 it is marked. Under 20 of them nothing is said.",
)
SETS = Rule(
    "Sets of the sprint",
    12,
    "Committed: in the sprint when it started, neither done nor given up. Added: in it later, while neither done nor "
    "given up. Completed: of these, done at the end, and in the sprint when that happened. Carried over: still in it, "
    "not done. Removed: the others. Completed outside: done at the end, in the sprint at some time, not completed.",
)
BALANCE = Rule(
    "Balance",
    12,
    "Committed + added − removed = completed + carried over. In points committed counts the estimate at the start, "
    "added that of its instant, the others that at the end; re-estimates are the difference. No estimate counts 0; "
    "sub-tasks are issues, not points.",
)
BURN_UP = Rule("Burn-up", 13, "Scope and done at every instant of the sprint, by the same sets.")
BLOCKERS = Rule(
    "Open blockers",
    6,
    "As they were recorded: which side waits on which, since the instant at which somebody said so.",
)
QUALITY = Rule("Data quality", 16, "What is known to be doubtful in these figures. Nothing is corrected in silence.")
LEAD_TIME = Rule(
    "Time to value",
    4,
    "From the issue's creation to its value date, elapsed. What was given up has no value.",
)
EXPECTATION = Rule(
    "Expectation",
    9,
    "P85 of the cycle times of the 90 days before as_of, with the share of them that kept to it; not under n = 20.",
)
EFFICIENCY = Rule(
    "Flow efficiency",
    7,
    "The share of the time in active and waiting stages in which nothing was waited for and nothing blocked, over all "
    "issues finished in the window together, and the median of each one's own.",
)
WAITING = Rule(
    "Time lost to waiting",
    10,
    "Of each issue and side waited on: its open recorded blockers against that side and its stays in waiting stages "
    "of that side, from start to finish, each instant once; a recorded blocker without an issue from when it was "
    "raised until it was resolved. Summed over issues, in issue-hours: elapsed, and in the calendar of the side that "
    "is waited on. Time on which two sides are waited for counts for each, and once in the total.",
)
RECOVERY = Rule(
    "Time to recover",
    11,
    "From an incident's creation to its first restored status, of incidents restored in the window; a later reopening "
    "changes nothing. Beside it those that are open at as_of.",
)
FORECAST = Rule(
    "Forecast",
    14,
    "10,000 trials draw from the finished issues of each of the 90 days before as_of, days off on both sides left out, "
    "until as many are finished as are in progress. P50, P85 and P95 by nearest rank; refused under 5 days with a "
    "completion; never more than >95 %. The same seed gives the same dates to anybody.",
)
