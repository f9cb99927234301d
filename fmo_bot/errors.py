"""Everything that can be wrong, as a tree.

FmoError
├── Refusal                said to the person who asked, in their language; always carries the next step
│   ├── NotAMember         the bot does not know this person
│   ├── NotLinked          known, but in no joint team here
│   ├── SeveralTeams       in several joint teams, and nothing says which is meant
│   ├── NotAllowed         role or side does not permit it
│   ├── TakesPartNoMore    their time in the joint team has ended
│   ├── NoSideYet          nobody has confirmed on whose side they are
│   ├── NotJoint           figures hold what is internal to one side
│   ├── NotDone            Jira does not let it be done; nothing was changed
│   │   ├── NoRight            the account may not
│   │   ├── NotTaken           a value was not accepted, or a field cannot be set
│   │   └── ChangedMeanwhile   somebody else was faster
│   ├── NotFound           the thing a button or command names is not there (or not theirs: said the same way)
│   ├── ActNotAllowed      the owner has not allowed that in Jira
│   ├── ApprovalIsTheirs   a transition that is an approval
│   ├── NotAnAdmin         only an admin of the owner decides that
│   ├── ProjectUnread      nothing of a Jira project is known yet
│   ├── AccountTaken       a Jira account is proved to be somebody else's
│   ├── AccountUnknown     there is no such Jira account, or more than one
│   ├── NoAdmin            nobody can confirm accounts of a Jira site
│   ├── NoIssueToWriteOn   no issue on which a word could be written
│   ├── NotSignedIn        what somebody allowed us to do as themselves has ended
│   ├── NotThatWord        a word that nobody was shown at Atlassian
│   ├── NotWritten         the word was not found in Jira
│   ├── WrittenByTwo       several accounts wrote it
│   ├── WordSpent          no word is being waited for
│   ├── TooLate            the round has closed
│   │   └── NotChangedAnyMore   it is open, but one's own deadline for changing an answer has passed
│   ├── NothingAsked       nothing is asked of them in this round
│   ├── NothingSaid        a reply in a round's thread without a word
│   ├── ReplyTooLong       an answer in such a reply is too long
│   ├── WindowsOverlap     two windows that are to be compared share a day
│   └── InvalidInput       one sentence per field of a form
├── Failure                said to the log, and to a scrum master where it touches them
│   ├── SettingsWrong      every missing or wrong setting at once; the process exits with 2
│   ├── FileWrong          a file from a person cannot be used; names line and reason; exits with 2
│   ├── NotMoved           a database was not copied to another
│   ├── ConsentLost        somebody comes back from Atlassian who did not set out here
│   ├── SiteNotConnected   a Jira site cannot be connected or is not; the message says what to do
│   ├── NotInstalledYet    a Slack app was not installed; the message says why
│   ├── SecretLocked       a secret cannot be stored or opened with the keys there are
│   ├── ComeAgain          what came in could not be written down; its sender is to try again
│   └── BoardUnavailable   a Jira site does not answer usefully
│       ├── SiteUnavailable    none of its boards can be read now: it is down, busy, or refuses the token
│       └── OutcomeUnknown     a change may or may not have been made there: read before trying again
└── SendOutcome            how one attempt to send ended, other than well; read only by `delivery`
    ├── Uncertain          it may have been sent: search before sending again
    ├── RateLimited        certainly not sent; wait `retry_after` seconds (machine time)
    ├── NotNow             certainly not sent; may be tried again
    └── Undeliverable      certainly not sent, and trying again is pointless
        └── NotInstalled       until the app is in the workspace, again or at last

A refusal's docstring is its message (a gettext msgid); `values` fill its `{placeholders}`.
"""

from collections.abc import Mapping


class FmoError(Exception):
    """The root of our own errors."""


class Refusal(FmoError):
    """That is not possible here. Try `/fmo help`."""

    def __init__(self, text: str | None = None, **values: object) -> None:
        """`text` replaces the class's sentence; `values` fill its placeholders when it is rendered."""
        self.text = text or (type(self).__doc__ or "").strip()
        self.values: Mapping[str, object] = values
        super().__init__(self.text)


class NotAMember(Refusal):
    """FMO bot does not know you yet. Ask your scrum master to add you to the joint team."""


class NotLinked(Refusal):
    """You are in no joint team here. Try this in the joint channel, or ask your scrum master to add you."""


class SeveralTeams(Refusal):
    """You are in several joint teams: {teams}. Use the joint channel of the one you mean, or its button in App Home."""


class NotAllowed(Refusal):
    """Your role in {team} does not allow this. A scrum master of your company can do it."""


class TakesPartNoMore(Refusal):
    """You take part in {team} no longer. If that is wrong, ask a scrum master there to add you again."""


class NoSideYet(Refusal):
    """Nobody has confirmed yet for whom you take part in {team}. Until an admin of your company does, you can read."""


class NotJoint(Refusal):
    """The report on {sprint} holds what is internal in {team}. Have every side accept the project, then ask anew."""


class NotDone(Refusal):
    """Jira does not let that be done. Nothing was changed; look at the issue in Jira."""


class NoRight(NotDone):
    """Jira does not permit this to the account behind it. Nothing was changed; ask an admin of the Jira project."""


class NoScope(NotDone):
    """The bot may only read there, so nothing was changed. Ask whoever runs it to let it write (docs/jira.md)."""


class NotTaken(NotDone):
    """Jira did not accept this as it was given, so nothing was changed. Do it in Jira, where every field is shown."""


class ChangedMeanwhile(NotDone):
    """Somebody changed this issue at the same moment, so nothing was done. Look at it again, then decide."""


class NotFound(Refusal):
    """That is no longer here. Open the newest message of FMO bot and try from there."""


class ActNotAllowed(Refusal):
    """{company} has not allowed this in {project}. Do it in Jira, or sign in as yourself with /fmo link jira."""


class ApprovalIsTheirs(Refusal):
    """In {project} that step is an approval: FMO bot does not take it for anybody. Take it in Jira."""


class NotAnAdmin(Refusal):
    """Only an admin of {company}, which owns {project}, decides that. The team file names them."""


class ProjectUnread(Refusal):
    """No issue of {project} on Jira site {site} has been read yet. Try again when a board shows one."""


class AccountTaken(Refusal):
    """That account on Jira site {site} is proved to be somebody else's. They can unlink it with /fmo link jira."""


class AccountUnknown(Refusal):
    """Jira site {site} shows no such active account, or more than one. Try its account id, or write a word instead."""


class NoAdmin(Refusal):
    """For Jira site {site} there is no admin here who could confirm it. Choose another way with /fmo link jira."""


class NoIssueToWriteOn(Refusal):
    """There is no issue of yours on Jira site {site} to write on yet. Try again when its board has been read."""


class NotSignedIn(Refusal):
    """What you allowed FMO bot to do in Jira as yourself has ended. Sign in again with /fmo link jira."""


class NotThatWord(Refusal):
    """That is not the word that was shown after signing in, or it is too old. Sign in again with /fmo link jira."""


class NotWritten(Refusal):
    """The word is not among the newest comments of that issue on Jira site {site}. Write it as yourself."""


class WrittenByTwo(Refusal):
    """More than one account wrote the word on Jira site {site}. Ask for a new one with /fmo link jira."""


class WordSpent(Refusal):
    """No word is being waited for on Jira site {site} any more. Ask for a new one with /fmo link jira."""


class TooLate(Refusal):
    """This round closed at {closed}. Your next prompt comes with the next round."""


class NotChangedAnyMore(TooLate):
    """Your answer could be changed until {closed}. It stays as it is; your next prompt comes with the next round."""


class NothingAsked(Refusal):
    """Nothing is asked of you in this round. If that is wrong, ask a scrum master of your company."""


class NothingSaid(Refusal):
    """Write your answers after the mention, each on its own line after its number. Asked is: {questions}"""


class ReplyTooLong(Refusal):
    """This answer has {length} characters; at most {limit} are possible. Nothing was taken: mention the app again."""


class WindowsOverlap(Refusal):
    """Baseline and current window overlap. Choose windows that share no day, such as 2026-01-01..2026-03-31."""


class InvalidInput(Refusal):
    """Something in the form needs another look."""

    def __init__(self, fields: Mapping[str, str], **values: object) -> None:
        """`fields`: form field -> the sentence shown under it (a gettext msgid filled with `values`)."""
        super().__init__(None, **values)
        self.fields = dict(fields)


class Failure(FmoError):
    """Something outside the conversation went wrong."""


class SettingsWrong(Failure):
    """Settings are missing or wrong."""

    def __init__(self, problems: list[str]) -> None:
        """`problems`: one sentence each, naming the variable and what to put there."""
        self.problems = problems
        super().__init__("\n".join(problems))


class FileWrong(Failure):
    """A file cannot be used; the message names the place and the reason."""


class NotMoved(Failure):
    """A database was not moved to another; the message says why and what to do."""


class ConsentLost(Failure):
    """A consent was not begun here, was begun in another browser, was used, or took too long."""


class SiteNotConnected(Failure):
    """A Jira site cannot be connected, or is not connected; the message says what to do."""


class NotInstalledYet(Failure):
    """A Slack app was not installed; the message is for whoever tried."""


class SecretLocked(Failure):
    """A secret cannot be stored or opened; the message names the setting, never the secret."""


class ComeAgain(Failure):
    """The database does not answer at the moment: what came in is to be sent again."""

    def __init__(self) -> None:
        """Its docstring is its message."""
        super().__init__((type(self).__doc__ or "").strip())


class BoardUnavailable(Failure):
    """A Jira site does not answer usefully; the message is safe to show (never a raw client error)."""


class SiteUnavailable(BoardUnavailable):
    """Nothing can be read from a whole site now; it is left alone for a while."""

    def __init__(self, sentence: str, *, wait: float = 0.0) -> None:
        """`wait`: seconds of machine time that the site asked for, or 0."""
        super().__init__(sentence)
        self.wait = wait


class OutcomeUnknown(BoardUnavailable):
    """A change was sent to Jira and no answer came: it may have been made. Read it; never send it again blindly."""


class SendOutcome(FmoError):
    """How one attempt to send ended, other than well."""


class Uncertain(SendOutcome):
    """The message may or may not have been accepted."""


class RateLimited(SendOutcome):
    """Refused for now by a rate limit."""

    def __init__(self, retry_after: float, lane: str) -> None:
        """`retry_after` in seconds of machine time; `lane` is the key of the lane to push forward."""
        self.retry_after = retry_after
        self.lane = lane
        super().__init__(f"rate limited for {retry_after:.0f} s on {lane}")


class NotNow(SendOutcome):
    """Certainly not accepted; may be tried again later."""


class Undeliverable(SendOutcome):
    """Certainly not accepted, and another attempt would end the same way; the message is the reason."""


class NotInstalled(Undeliverable):
    """The app is not in the workspace, not yet or not any more: it waits until the app is there."""
