"""What a stand-up's form offers, and what is wrong with what comes back."""

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.blockers import BlockerRow
from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow, JiraSiteRow
from fmo_bot.db.ceremonies import PromptRow
from fmo_bot.delivery import audience
from fmo_bot.domain.blockers import may_be_waited_on
from fmo_bot.domain.messages import Choice, IssueChoice, Question
from fmo_bot.domain.ownership import KEY, Standpoint
from fmo_bot.domain.parties import Actor
from fmo_bot.domain.workflow import StageKind
from fmo_bot.services import waits, workflows
from fmo_bot.services.issues_named import meant, name_of, value_of
from fmo_bot.services.rounds import MISSING

MAX_ANSWER = 3_000  # characters; Slack's own limit of a text input
MAX_WHAT = 300
MAX_CHOICES = 100  # options of a Slack select
TOO_LONG = "This answer has {length} characters; at most {limit} are possible. Nothing is lost: shorten it here."
ALSO_TOO_LONG = "This answer is too long; at most {limit} characters are possible."


def sides(session: Session, actor: Actor) -> tuple[Choice, ...]:
    """Who may be waited on: the other companies, somebody outside, or not chosen yet."""
    names = waits.companies(session, actor.team_id)
    offered = may_be_waited_on(actor.side, tuple(names))
    return tuple(
        Choice(value=side, text=names.get(side) or waits.NOBODYS[side], literal=side in names) for side in offered
    )


def open_issues(session: Session, team_id: int, standpoint: Standpoint) -> tuple[IssueChoice, ...]:
    """The issues last touched on the joint team's boards that are in no done or abandoned stage.

    Only those whose keys may be known; a site is named where a key alone would not say which issue is meant.
    """
    found: dict[int, tuple[IssueRow, str]] = {}
    for board in session.scalars(select(BoardRow).where(BoardRow.team_id == team_id).order_by(BoardRow.id)):
        query = (
            select(IssueRow)
            .join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id)
            .where(BoardIssueRow.board_id == board.id)
            .order_by(IssueRow.updated.desc(), IssueRow.id.desc())
            .limit(MAX_CHOICES)
        )
        ended = _ended_statuses(session, board)
        status = IssueRow.status if ended else IssueRow.status_category
        for row in session.scalars(query.where(status.not_in(ended or ["done"]))):
            if standpoint.may_know(name_of(row, board.site.key), KEY):
                found.setdefault(row.id, (row, board.site.key))
    offered = list(found.values())[:MAX_CHOICES]
    twice = {key for key, sites in Counter(row.key for row, _ in offered).items() if sites > 1}
    return tuple(_choice(row, site, named=row.key in twice) for row, site in offered)


def _choice(row: IssueRow, site: str, *, named: bool) -> IssueChoice:
    return IssueChoice(
        value=value_of(site, row.jira_issue_id),
        issue=name_of(row, site),
        summary=row.summary,
        site=site if named else "",
    )


def _ended_statuses(session: Session, board: BoardRow) -> list[str]:
    if (known := workflows.of_board(session, board.id)) is None:
        return []
    stages = known.newest.stages
    ended = (StageKind.DONE, StageKind.ABANDONED)
    return [status for stage in stages if stage.kind in ended for status in stage.statuses]


def chosen(session: Session, prompt: PromptRow) -> dict[str, str]:
    """The state of the "blocked?" choice as it was given; {} where nothing is, or the blocker is resolved."""
    if prompt.blocker_id is None:
        return {}
    row = session.get_one(BlockerRow, prompt.blocker_id)
    if row.resolved_at is not None:
        return {}
    own = next((answer.text for answer in prompt.answers if answer.question == MISSING), row.what)
    return {"side": row.waited_side, "issue": _value(session, row), "what": own}


def _value(session: Session, row: BlockerRow) -> str:
    if row.site_id is None or row.jira_issue_id is None:
        return ""
    return value_of(session.get_one(JiraSiteRow, row.site_id).key, row.jira_issue_id)


def storable(text: str | None) -> str:
    """Words as they were given, without blanks around them and the signs that no database keeps."""
    return (text or "").replace("\0", "").encode("utf-8", "replace").decode("utf-8").strip()


def text_faults(questions: Iterable[Question], said: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """(question key, sentence) of answers that are missing or too long."""
    too_long = (TOO_LONG, *[ALSO_TOO_LONG] * len(said))  # one number can be named in one refusal
    for question in questions:
        text = said[question.key]
        if question.required and not text:
            yield question.key, "Please write something here."
        elif len(text) > MAX_ANSWER:
            yield question.key, too_long[0]
            too_long = too_long[1:]


def choice_faults(session: Session, actor: Actor, choice: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """(field, sentence) of what cannot be taken of a "blocked?" choice."""
    if not choice:
        return
    if choice.get("side") not in {one.value for one in sides(session, actor)}:
        yield "side", "Choose who is waited on."
    if not choice.get("issue") and not choice.get("what"):
        yield "what", "Choose an issue or say in a few words what is missing."
    if len(choice.get("what", "")) > MAX_WHAT:
        yield "what", "At most {what_limit} characters are possible here."
    if issue := choice.get("issue"):
        found = meant(session, actor.team_id, audience.of_person(session, actor.person), issue)
        if not found:
            yield "issue", "This issue is not on the joint team's board. Choose another one."
        elif len(found) > 1:
            yield "issue", "{issue} stands on several sites: {sites}. Choose the one you mean."


def several_sites(session: Session, actor: Actor, choice: Mapping[str, str]) -> dict[str, str]:
    """What the sentence about a key on several sites names."""
    issue = choice.get("issue", "")
    found = meant(session, actor.team_id, audience.of_person(session, actor.person), issue) if issue else ()
    return {"issue": issue, "sites": ", ".join(dict.fromkeys(site for _, site in found))}


def chosen_issue(session: Session, actor: Actor, choice: Mapping[str, str]) -> IssueRow | None:
    """The one issue that a choice without faults names."""
    if not (issue := choice.get("issue")):
        return None
    ((row, _),) = meant(session, actor.team_id, audience.of_person(session, actor.person), issue)
    return row
