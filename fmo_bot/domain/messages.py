"""Everything the bot says, as values. Services compose them, `slack.render` decides how they look, tests compare them.

Words a person wrote (names, answers, issue summaries) are carried as they are and escaped by the renderer.
Companies are named; nothing that both sides read says "we" or "you". Instants are aware UTC; the renderer shows
them in the reader's own zone. `ref` is always an opaque, unguessable reference, safe to travel through Slack.
What of Jira a reader may know is decided by `domain.visibility`, which has to be told of every class and field here.
Charts, and the figures they share with reports, are in `domain.charts`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fmo_bot.domain.basis import Basis
from fmo_bot.domain.charts import BurnUpChart as BurnUpChart
from fmo_bot.domain.charts import BurnUpPoint as BurnUpPoint
from fmo_bot.domain.charts import Chart, WaitingWeek
from fmo_bot.domain.charts import Spread as Spread
from fmo_bot.domain.checks import Fault
from fmo_bot.domain.names import IssueName, ProjectName
from fmo_bot.domain.parties import Person
from fmo_bot.domain.shown import SideTime, StatusInNoStage, WeekFlow


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One sentence to a person or channel: a gettext msgid with named `{placeholders}` and their values."""

    text: str
    values: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """The question put to one member in one round, in a direct message with one button; or the reminder of it.

    `state`: open; answered, and may be changed until the deadline; kept, when it may not any more (it was late, or the
    round has closed); closed without an answer.
    """

    ref: str
    team: str
    ceremony: str
    round_date: date
    deadline: datetime
    zone: str  # the member's zone, for the fallback text
    state: str  # open | answered | kept | closed
    reminder: bool = False


@dataclass(frozen=True, kw_only=True)
class SideCount:
    """How one side of a round stands; numbers only, never names."""

    company: str
    asked: int
    answered: int
    away: int


@dataclass(frozen=True, kw_only=True)
class RoundPost:
    """The parent post of a round, updated in place."""

    team: str
    ceremony: str
    round_date: date
    sides: tuple[SideCount, ...]
    closes_at: datetime
    closed: bool
    team_ref: str  # for the sprint report button


@dataclass(frozen=True, kw_only=True)
class Said:
    """One question with its answer, in the words it was given."""

    label: str  # msgid of the question
    text: str


@dataclass(frozen=True, kw_only=True)
class BlockerLine:
    """One blocker. Companies by name."""

    ref: str
    what: str
    issue: IssueName | None
    waiting: str
    waited_on: str  # company, or the msgids "somebody outside the team" / "not chosen yet"
    since: datetime
    resolved: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class AnswerPost:
    """One member's answers in the round's thread."""

    author: Person
    author_name: str
    company: str
    zone: str
    answered_at: datetime
    said: tuple[Said, ...]
    blocker: BlockerLine | None
    edited: bool
    late: bool


@dataclass(frozen=True, kw_only=True)
class ReplyTaken:
    """To the author of a reply in a round's thread: what it was taken for; questions by number and label (a msgid)."""

    taken: tuple[tuple[int, str], ...]
    unanswered: tuple[tuple[int, str], ...]


@dataclass(frozen=True, kw_only=True)
class RoundSummary:
    """What a round came to, posted once at its close."""

    team: str
    ceremony: str
    round_date: date
    sides: tuple[SideCount, ...]
    new_blockers: tuple[BlockerLine, ...]
    open_blockers: int


@dataclass(frozen=True, kw_only=True)
class SprintSet:
    """One set of definition 12: its size in issues, its points, its keys."""

    issues: int
    points: float
    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SprintDifference:
    """An issue that Jira's own sprint report counts otherwise: msgids of where it stands there, here, and why here."""

    key: str
    theirs: str
    ours: str
    why: str


@dataclass(frozen=True, kw_only=True)
class AgeingItem:
    """An issue that is started and not finished; what is None is not to be told."""

    issue: IssueName
    summary: str | None
    stage: str | None
    age_s: float | None
    over_p85: bool | None  # None while fewer than 20 finished issues can be compared


@dataclass(frozen=True, kw_only=True)
class SprintReport:
    """A sprint by definitions 0 to 3, 5 and 12; `provisional` while the sprint runs.

    `counted`: the projects whose issues are in the figures, never none; `left_out`: companies of whose internal issues
    on the board nothing is in them. `differences`: from Jira's own report; None where it did not answer.
    """

    ref: str
    team: str
    board: str
    sprint: str
    goal: str
    start: datetime
    end: datetime
    provisional: bool
    as_of: datetime
    committed: SprintSet
    added: SprintSet
    removed: SprintSet
    completed: SprintSet
    carried_over: SprintSet
    completed_outside: SprintSet
    re_estimated: float
    unestimated: int
    cycle_time: Spread
    never_started: int
    split_s: tuple[tuple[str, float], ...]  # ("active:vendor" | "waiting:operator" | "done" | "unmapped", seconds)
    companies: dict[str, str]  # side -> company name
    blockers: tuple[BlockerLine, ...]
    flagged: tuple[str, ...]  # keys flagged now
    burn_up: tuple[BurnUpPoint, ...]
    data_quality: tuple[tuple[str, int], ...]
    workflow_guessed: bool
    in_no_stage: tuple[StatusInNoStage, ...] = ()  # the longest first
    guessed_statuses: tuple[str, ...] = ()  # new, and counted as guessed until both sides say what they mean
    planned_end: datetime | None = None  # Jira's endDate; `end` is when it was completed, or as_of
    counted: tuple[ProjectName, ...] = ()
    left_out: tuple[str, ...] = ()
    differences: tuple[SprintDifference, ...] | None = None
    basis: Basis | None = None
    sides: tuple[SideTime, ...] = ()  # of the completed issues' spans together
    cycle_time_before: Spread | None = None  # of issues finished in the 90 days before the start
    ageing: tuple[AgeingItem, ...] = ()  # carried over and older than the P85 of their stage at the end
    shared_by: str | None = None  # name of who shared it; None while only the asker sees it
    shareable: bool = True


@dataclass(frozen=True, kw_only=True)
class SprintDetail:
    """What a sprint report has no room for on its one screen: said in its thread."""

    report: SprintReport


@dataclass(frozen=True, kw_only=True)
class WaitsOn:
    """Open blockers by direction."""

    waiting: str
    waited_on: str
    open: int
    oldest_since: datetime


@dataclass(frozen=True, kw_only=True)
class Digest:
    """The weekly message for readers: one screen, companies by name."""

    team: str
    team_ref: str
    board: str
    since: datetime
    until: datetime
    zone: str
    finished: int  # in the week
    finished_before: tuple[int, ...]  # the four weeks before, oldest first
    cycle_time: Spread  # of the week
    cycle_time_before: Spread  # of the four weeks before, together
    wip: int
    ageing: tuple[AgeingItem, ...]
    waits: tuple[WaitsOn, ...]
    data_quality: tuple[tuple[str, int], ...]
    workflow_guessed: bool
    in_no_stage: tuple[StatusInNoStage, ...] = ()  # the longest first
    guessed_statuses: tuple[str, ...] = ()  # new, and counted as guessed until both sides say what they mean
    stale: bool = False  # the newest sync is older than a day
    counted: tuple[ProjectName, ...] = ()  # as in SprintReport
    left_out: tuple[str, ...] = ()
    ref: str = ""  # opaque: of the report as it is kept
    basis: Basis | None = None
    flow: WeekFlow | None = None


@dataclass(frozen=True, kw_only=True)
class DigestDetail:
    """What a digest has no room for on its one screen: said in its thread."""

    digest: Digest


@dataclass(frozen=True, kw_only=True)
class OpenWait:
    """Open blockers of one direction, and how long the oldest has stood: elapsed, and as whoever is waited on works."""

    waiting: str
    waited_on: str
    open: int
    oldest_since: datetime
    oldest_s: float
    oldest_working_s: float | None


@dataclass(frozen=True, kw_only=True)
class WaitsReport:
    """The blocker summary: who waits on whom, and the time lost to waiting of last week and this (definition 10)."""

    ref: str
    team: str
    team_ref: str
    board: str
    since: datetime  # the Monday of last week
    as_of: datetime
    zone: str
    open: tuple[OpenWait, ...]
    weeks: tuple[WaitingWeek, ...]
    companies: dict[str, str]  # side -> company name
    data_quality: tuple[tuple[str, int], ...]
    workflow_guessed: bool
    in_no_stage: tuple[StatusInNoStage, ...] = ()  # the longest first
    guessed_statuses: tuple[str, ...] = ()  # as in SprintReport
    stale: bool = False
    counted: tuple[ProjectName, ...] = ()  # as in SprintReport
    left_out: tuple[str, ...] = ()
    basis: Basis | None = None


@dataclass(frozen=True, kw_only=True)
class NewsLine:
    """The same change of some issues; `kind`, `to`: as domain.follows.News has them. `issue`: the first of them."""

    kind: str
    issue: IssueName
    issues: tuple[IssueName, ...]
    to: str


@dataclass(frozen=True, kw_only=True)
class BoardNews:
    """What changed on a board that a channel follows; updated in place while changes come."""

    board: str
    lines: tuple[NewsLine, ...]


@dataclass(frozen=True, kw_only=True)
class IssueCard:
    """One issue as it is now: beside a link to it, or for whoever asked, then with buttons (`ref`).

    `issue` None: its key is not shown here.
    """

    issue: IssueName | None
    ref: str = ""
    url: str | None = None
    summary: str | None = None
    status: str | None = None
    assignee: str | None = None
    priority: str | None = None
    points: float | None = None
    sprint: str | None = None
    flagged: bool | None = None
    done: str = ""  # msgid of what has just been done to it


@dataclass(frozen=True, kw_only=True)
class Help:
    """What can be typed or pressed here: (command, msgid of what it does)."""

    commands: tuple[tuple[str, str], ...]
    unknown: str | None = None  # the word that was not understood


@dataclass(frozen=True, kw_only=True)
class Home:
    """App Home of a member: today's prompts, open blockers of their teams."""

    name: str
    prompts: tuple[Prompt, ...]
    teams: tuple[tuple[str, str], ...]  # (team name, team ref)
    blockers: tuple[BlockerLine, ...]
    host: str
    unread: tuple[tuple[str, datetime], ...] = ()  # teams whose board cannot be read now, since when
    checks: tuple[str, ...] = ()  # refs of teams whose self-check they may ask for
    drafts: tuple[tuple[str, str], ...] = ()  # set-ups under way that are theirs: (ref, name of the channel)


@dataclass(frozen=True, kw_only=True)
class UndeliveredLine:
    """One thing that was not delivered, or done: what it is, for whom, since when, why. Never what it says."""

    ref: str  # opaque; empty where nothing can be done about it any more
    what: str  # msgid
    whom: str  # a member's name; empty: the joint channel
    due: datetime
    why: str  # msgid, with {code}
    code: str = ""
    jobs: int = 0  # above 0: no message, but so many jobs of one kind, the first of them since `due`


@dataclass(frozen=True, kw_only=True)
class Undelivered:
    """What was not delivered in a joint team, for a scrum master: asked for, or told unasked."""

    team: str
    team_ref: str
    lines: tuple[UndeliveredLine, ...]
    more: int = 0  # not shown
    note: str = ""  # msgid: what came of the button that was pressed


@dataclass(frozen=True, kw_only=True)
class AccountLine:
    """A person on one Jira site: their account there and how that is known, or the ways to make it known."""

    ref: str
    site: str
    shown: str = ""  # the account's display name; empty: not known
    how: str = ""  # domain.accounts.How
    since: datetime | None = None
    sign_in: str | None = None  # where signing in to Atlassian begins
    by_word: bool = False
    by_admin: bool = False


@dataclass(frozen=True, kw_only=True)
class AccountLinks:
    """A person's Jira accounts, only for themselves."""

    lines: tuple[AccountLine, ...]


@dataclass(frozen=True, kw_only=True)
class LinkWord:
    """A word to be written on an issue by whoever says that an account there is theirs."""

    ref: str
    site: str
    issue: IssueName
    word: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class LinkRequest:
    """What an admin of a Jira site's owner is asked: is this account this person's?"""

    ref: str
    name: str
    company: str
    site: str
    account: str


@dataclass(frozen=True, kw_only=True)
class NewStatus:
    """What the scrum masters of both sides are asked: to which stage does a status belong that was first seen?

    `guess`: by which figures are counted, "" for none; once settled what holds. `wanted`: companies with the stage each
    wants ("" none).
    """

    ref: str
    team: str
    board: str
    status: str
    since: datetime
    guess: str
    stages: tuple[str, ...]
    wanted: tuple[tuple[str, str], ...] = ()
    settled: bool = False


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What one company proposes for a joint team, and another has to agree to; nothing of it holds before.

    `text`, `values`: what, as in `Notice`. `asked`: companies any of which decides. `by`: the one that decided. `may`:
    what its reader can do, "decide", "withdraw" or "" nothing.
    """

    ref: str
    team: str
    company: str
    text: str
    values: dict[str, Any]
    asked: tuple[str, ...]
    state: str = "open"  # open | accepted | declined | withdrawn | replaced
    by: str = ""
    may: str = ""
    changes: bool = False  # whoever decides may accept with other people and times of their own side


@dataclass(frozen=True, kw_only=True)
class ChannelCheck:
    """A channel in a self-check: companies that share it, those that may post only, whose app posts, what is wrong.

    `others`: people in it from workspaces of no side, such as guests of a third company.
    """

    name: str
    shared_with: tuple[str, ...]
    limited: tuple[str, ...]
    posts: str
    others: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, kw_only=True)
class PeopleCheck:
    """One thing that is wrong with people of the reader's own company, and with whom."""

    fault: Fault
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SelfCheck:
    """How a joint team stands in Slack, for one scrum master: its channels, and the people of their own company.

    `well`: how many of these nothing is wrong with; `zones`, `languages`: in which they are asked. `others`: of other
    companies only how many people something is wrong with; their own scrum masters see what.
    """

    team: str
    team_ref: str
    company: str
    as_of: datetime
    channels: tuple[ChannelCheck, ...]
    well: int
    zones: tuple[str, ...]
    languages: tuple[str, ...]
    people: tuple[PeopleCheck, ...]
    others: tuple[tuple[str, int], ...]
    weekly: bool = False


@dataclass(frozen=True, kw_only=True)
class StrangerInChannel:
    """What scrum masters of both sides are asked: is a company that was connected to the joint channel a partner?

    `agreed`, `missing`: companies that have said so, and have yet to; `came_to`: "" while it is open, else what settled
    it: `partner` or `left`.
    """

    ref: str
    team: str
    channel: str
    company: str
    agreed: tuple[str, ...]
    missing: tuple[str, ...]
    came_to: str = ""


@dataclass(frozen=True, kw_only=True)
class PersonQuestion:
    """A question about a person, to whoever decides it.

    `kind`: "joined", are they part of the team; "side", do they take part for `company`. `answer`: "" while open, else
    participant, stakeholder, yes, no, or over (they have left again); `by`: who answered.
    """

    ref: str
    kind: str
    team: str
    name: str
    company: str
    answer: str = ""
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class IssueChoice:
    """An issue to choose. `value` says which one of which site; `site`: named where a key alone would not tell."""

    value: str
    issue: IssueName
    summary: str | None
    site: str = ""


@dataclass(frozen=True, kw_only=True)
class WhichIssue:
    """A key was typed that several Jira sites know: which issue is meant is asked, never guessed."""

    key: str
    choices: tuple[IssueChoice, ...]


@dataclass(frozen=True, kw_only=True)
class SetUpCard:
    """A set-up under way, for people of the company that sets up: where it stands, and a button to go on.

    `holder`: who sets up, "" for its reader. `taken`, `missing`: msgids of steps.
    """

    ref: str
    channel: str
    companies: tuple[str, ...]
    taken: tuple[str, ...]
    missing: tuple[str, ...]
    begun_at: datetime
    holder: str = ""


@dataclass(frozen=True, kw_only=True)
class BoardAsked:
    """People of another company are asked for a board of theirs, for a joint team that is being set up.

    `chosen`: the board, once one of them has chosen it; `over`: it is not wanted any more.
    """

    ref: str
    company: str
    channel: str
    chosen: str = ""
    over: bool = False


@dataclass(frozen=True, kw_only=True)
class TrialPrompt:
    """What a prompt will look like, for whoever has just set a joint team up; nothing of it is kept."""

    ref: str
    team: str
    ceremony: str
    asked: tuple[str, ...]  # companies whose admin has yet to accept


Message = (
    Notice
    | WhichIssue
    | Prompt
    | RoundPost
    | AnswerPost
    | ReplyTaken
    | RoundSummary
    | SprintReport
    | SprintDetail
    | Chart
    | Digest
    | DigestDetail
    | WaitsReport
    | Help
    | BoardNews
    | IssueCard
    | Home
    | Undelivered
    | AccountLinks
    | LinkWord
    | LinkRequest
    | NewStatus
    | StrangerInChannel
    | SelfCheck
    | Proposal
    | SetUpCard
    | BoardAsked
    | TrialPrompt
    | PersonQuestion
)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An option of a choice: the value stored, the text shown (a msgid where `literal` is false).

    `company`: fills the msgid's {company}.
    """

    value: str
    text: str
    literal: bool = False
    company: str = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A text question of a stand-up: `label` and `hint` are msgids."""

    key: str
    label: str
    hint: str = ""
    required: bool = True
    visibility: str = "joint"  # joint | internal


@dataclass(frozen=True, kw_only=True)
class StandupForm:
    """The stand-up modal: text questions, then the language-neutral "blocked?" choice."""

    prompt_ref: str
    team: str
    ceremony: str
    round_date: date
    deadline: datetime
    questions: tuple[Question, ...]
    given: dict[str, str]  # question key -> text of an earlier answer
    sides: tuple[Choice, ...]  # who may be waited on
    issues: tuple[IssueChoice, ...]  # open issues to pick from
    blocked: dict[str, str]  # state of the choice: {} or {"side", "issue", "what"}
    late: bool = False  # the deadline has passed: the answer will be marked, and cannot be changed
