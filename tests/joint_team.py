"""The joint team of the story as the services' tests need it: set up by the real door, then asked as people would."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow
from fmo_bot.db.ceremonies import PromptRow
from fmo_bot.db.ledger import DeliveryRow, InboxRow, MessageRow, OccurrenceRow
from fmo_bot.db.parties import ChannelRow, MemberRow
from fmo_bot.db.store import Store
from fmo_bot.db.values import message_from_json
from fmo_bot.delivery import occurrences
from fmo_bot.domain import facts, flow, lives, quality, recovery
from fmo_bot.domain.counterparts import Signs
from fmo_bot.domain.facts import NO_INCIDENTS
from fmo_bot.domain.issues import BoardShape, Change, Issue, Sprint
from fmo_bot.domain.jiras_report import JirasReport
from fmo_bot.domain.lives import Life
from fmo_bot.domain.messages import Message, Question
from fmo_bot.domain.ownership import Origin
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.domain.recovery import Recovery
from fmo_bot.domain.timelines import Timeline, timeline
from fmo_bot.domain.workflow import Workflow
from fmo_bot.domain.workflow_file import Incidents
from fmo_bot.errors import BoardUnavailable
from fmo_bot.services import setup
from fmo_bot.services.board_facts import Id, Named
from fmo_bot.services.boards import Boards, BoardView
from fmo_bot.services.standup_answers import Answers
from fmo_bot.services.standups import Standups

LIWEI, CHENYU, RAJESH, WANG = (Person("T0HUAWEI", user) for user in ("U0LIWEI", "U0CHENYU", "U0RAJESH", "U0WANG"))
LUCIA, SOFIA, MARTA = (Person("T0TELEFON", user) for user in ("U0LUCIA", "U0SOFIA", "U0MARTA"))
ELENA = Person("T0CONSULT", "U0ELENA")  # in the joint channel, in no joint team
STRANGER = Person("T0HUAWEI", "U0OTHER")  # of Huawei, in another operator's joint team

QUESTIONS = (
    Question(key="done", label="What got done?"),
    Question(key="next", label="What comes next?"),
    Question(key="note", label="Anything for the others?", required=False),
    Question(key="inside", label="Only for your company?", required=False, visibility="internal"),
)
SAID = {"done": "Wired the core", "next": "Test it", "note": "", "inside": "Their lab is slow"}
Blocked = Mapping[str, str | None]
THURSDAY = datetime(2026, 11, 19, tzinfo=UTC)


def clock(text: str, day: datetime = THURSDAY) -> datetime:
    """An instant of the story's Thursday in UTC, such as "01:00"."""
    hours, minutes = text.split(":")
    return day + timedelta(hours=int(hours), minutes=int(minutes))


def member(user: str, name: str, zone: str, **more: Any) -> dict[str, Any]:
    return {"user": user, "name": name, "zone": zone, **more}


def team_file(**changes: Any) -> dict[str, Any]:
    """The story's team file with some of its top keys replaced."""
    week = ["mon", "tue", "wed", "thu", "fri"]
    file: dict[str, Any] = {
        "team": "5G Core",
        "host": "Huawei",
        "zone": "Europe/Madrid",
        "organisations": [
            {"name": "Huawei", "workspace": {"app": "huawei", "id": "T0HUAWEI", "name": "Huawei Delivery"}},
            {"name": "Telefonica", "workspace": {"app": "telefonica", "id": "T0TELEFON", "name": "Telefonica Redes"}},
        ],
        "sides": {
            "vendor": {
                "organisation": "Huawei",
                "calendar": {"zone": "Asia/Shanghai", "days": week, "country": "CN"},
                "members": [
                    member("U0LIWEI", "Li Wei", "Asia/Shanghai", language="zh", role="scrum_master"),
                    member("U0CHENYU", "Chen Yu", "Asia/Shanghai", language="zh"),
                    member(
                        "U0RAJESH",
                        "Rajesh Kumar",
                        "Asia/Kuala_Lumpur",
                        away=[{"from": "2026-11-18", "until": "2026-11-20"}],
                    ),
                    member("U0WANG", "Wang Fang", "Asia/Shanghai", role="stakeholder"),
                ],
            },
            "operator": {
                "organisation": "Telefonica",
                "calendar": {"zone": "Europe/Madrid", "days": week, "country": "ES", "region": "MD"},
                "members": [
                    member("U0LUCIA", "Lucía Ortega", "Europe/Madrid", language="es", role="scrum_master"),
                    member("U0SOFIA", "Sofía Hernández", "America/Mexico_City", language="es"),
                    member("U0MARTA", "Marta Vidal", "Europe/Madrid", role="stakeholder"),
                ],
            },
        },
        "channel": {"workspace": "T0HUAWEI", "id": "C0JOINT"},
        "board": {"site": "shared", "id": 1},
        "jira": [{"site": "shared", "owner": "Huawei", "accepted_by": ["vendor", "operator"]}],
        "standups": [{"name": "Daily", "at": "09:00", "days": week}],
        "digests": [{"name": "Weekly digest", "at": "18:00", "days": ["thu"]}],
    }
    return file | changes


def other_team_file() -> dict[str, Any]:
    """Huawei's joint team with another operator, on the same server: the wall stands between the two."""
    file = team_file(
        team="Orange RAN",
        organisations=[
            {"name": "Huawei", "workspace": {"app": "huawei", "id": "T0HUAWEI", "name": "Huawei Delivery"}},
            {"name": "Orange", "workspace": {"app": "orange", "id": "T0ORANGE", "name": "Orange"}},
        ],
        channel={"workspace": "T0HUAWEI", "id": "C0ORANGE"},
        board={"site": "shared", "id": 2},
    )
    vendor, operator = file["sides"]["vendor"], file["sides"]["operator"]
    file["sides"] = {
        "vendor": vendor | {"members": [member("U0OTHER", "Somebody Else", "Asia/Shanghai", role="scrum_master")]},
        "operator": operator
        | {"organisation": "Orange", "members": [member("U0PAUL", "Paul", "Europe/Madrid", role="scrum_master")]},
    }
    return file


def looked_at(store: Store) -> None:
    """Every channel has been looked at, and all is well there."""
    with store.transaction(SYSTEM) as session:
        session.execute(update(ChannelRow).values(doubts=0))


class JointTeam:
    """The story's joint team in a database."""

    def __init__(self, store: Store, file: dict[str, Any] | None = None, *, by: str | None = None) -> None:
        self.store = store
        self.standups, self.answers = Standups(store), Answers(store, QUESTIONS)
        self.handlers: dict[str, occurrences.Handler | occurrences.Composed | occurrences.Together] = {
            "prompt": occurrences.Together(self.standups.due_prompts),
            "reminder": self.standups.due_reminder,
            "close": self.standups.due_close,
        }
        self.result = setup.apply(store, file or team_file(), clock("00:30"), by=by)
        looked_at(store)

    def plan(self, at: datetime, *, hours: int = 48) -> None:
        with self.store.transaction(SYSTEM) as session:
            wanted = self.standups.wanted(session, at, at + timedelta(hours=hours))
            occurrences.plan(session, wanted, at)
        self.standups.follow_plan(at)

    def run(self, until: datetime) -> None:
        """Let everything come due that is, each at its own minute."""
        for at in self._dues(until):
            self.due(at)

    def due(self, at: datetime) -> None:
        """Let everything come due at one instant, however overdue it is."""
        occurrences.run_due(self.store, self.handlers, at)

    def close_again(self) -> None:
        """The closing comes due twice, as after a crash."""
        with self.store.transaction(SYSTEM) as session:
            for row in session.scalars(select(OccurrenceRow).where(OccurrenceRow.kind == "close")):
                self.standups.due_close(session, row, row.due)

    def jobs(self, session: Session, kind: str) -> list[dict[str, Any]]:
        """The payloads of the jobs of one kind that wait."""
        return [dict(payload) for payload in session.scalars(select(InboxRow.payload).where(InboxRow.kind == kind))]

    def member_id(self, session: Session, person: Person) -> int:
        """The row id of a person."""
        here = (MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user)
        return session.scalars(select(MemberRow.id).where(*here)).one()

    def play(self, until: str) -> None:
        """Plan at half past midnight and let the story's Thursday pass until a time of it."""
        self.plan(clock("00:30"))
        self.run(clock(until))

    def planned(self) -> list[tuple[str, str, str]]:
        """(kind, who, due) of everything planned, in order."""
        with self.store.transaction(SYSTEM) as session:
            names = {f"member:{row.id}": row.name for row in session.scalars(select(MemberRow))}
            rows = session.scalars(
                select(OccurrenceRow)
                .where(OccurrenceRow.state == "planned")
                .order_by(OccurrenceRow.due, OccurrenceRow.id)
            )
            return [(row.kind, names.get(row.subject, row.subject), f"{row.due:%m-%d %H:%M}") for row in rows]

    def states(self, kind: str, person: Person) -> list[str]:
        """What became of a person's occurrences of one kind that were due until now, oldest first."""
        with self.store.transaction(SYSTEM) as session:
            here = OccurrenceRow.subject == f"member:{self.member_id(session, person)}", OccurrenceRow.kind == kind
            ended = OccurrenceRow.state != "planned"
            return list(session.scalars(select(OccurrenceRow.state).where(*here, ended).order_by(OccurrenceRow.due)))

    def owed(self, prefix: str, *, op: str = "post") -> list[tuple[MessageRow, DeliveryRow, Message]]:
        """What is owed to Slack under names that begin so: rows and the message value."""
        with self.store.transaction(SYSTEM) as session:
            query = (
                select(MessageRow, DeliveryRow)
                .join(DeliveryRow, DeliveryRow.message_id == MessageRow.id)
                .where(MessageRow.name.startswith(prefix), DeliveryRow.op == op, DeliveryRow.state != "dropped")
                .order_by(DeliveryRow.id)
            )
            return [(message, row, message_from_json(row.value)) for message, row in session.execute(query)]

    def send(self) -> None:
        """Let Slack have everything that is owed, as if the pump had run."""
        with self.store.transaction(SYSTEM) as session:
            waiting = select(DeliveryRow, MessageRow).join(MessageRow, MessageRow.id == DeliveryRow.message_id)
            for row, target in session.execute(waiting.where(DeliveryRow.state == "ready")):
                row.state, target.ts = "sent", target.ts or f"{target.id}.000000"

    def one(self, prefix: str) -> Message:
        """The one message owed under a name that begins so, as it stands now (a post not sent yet is changed)."""
        ((_, _, message),) = self.owed(prefix)
        return message

    def prompt_ref(self, person: Person) -> str:
        """What the button of a person's newest prompt carries."""
        with self.store.transaction(SYSTEM) as session:
            query = select(PromptRow.ref).join(MemberRow, MemberRow.id == PromptRow.member_id)
            here = (MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user)
            return session.scalars(query.where(*here).order_by(PromptRow.id.desc())).first() or "none"

    def answer(self, person: Person, at: str, *, blocked: Blocked | None = None, **said: Any) -> None:
        """Submit the form, some answers other than usual."""
        self.answers.submit(person, self.prompt_ref(person), SAID | said, blocked or {}, clock(at))

    def add_issue(self, key: str, *, status_category: str = "indeterminate") -> None:
        """An issue on the joint team's board."""
        with self.store.transaction(SYSTEM) as session:
            board = session.scalars(select(BoardRow).where(BoardRow.id == self.result.board_id)).one()
            row = IssueRow(
                site_id=board.site_id,
                jira_issue_id=key,
                key=key,
                summary=f"About {key}",
                updated=THURSDAY,
                status="3",
                status_category=status_category,
                value="{}",
            )
            session.add(row)
            session.flush()
            session.add(BoardIssueRow(board_id=board.id, issue_id=row.id))

    def _dues(self, until: datetime) -> list[datetime]:
        with self.store.transaction(SYSTEM) as session:
            query = select(OccurrenceRow.due).where(OccurrenceRow.state == "planned", OccurrenceRow.due <= until)
            return sorted(set(session.scalars(query)))


class FakeBoards:
    """Boards as they were read: a view per board id, or the reason why there is none."""

    def __init__(self, view: BoardView | None) -> None:
        self.shown = view
        self.down: str | None = None  # why Jira cannot be read now
        self.own: JirasReport | None = None  # what Jira's own sprint report says
        self.synced: list[int] = []

    def sync(self, board_id: int, at: datetime) -> None:
        self.synced.append(board_id)
        if self.down:
            raise BoardUnavailable(self.down)

    def own_report(self, board_id: int, sprint_id: int) -> JirasReport | None:
        assert not self.down
        return self.own

    def view(self, session: Session, board_id: int) -> BoardView:
        if self.shown is None:
            raise BoardUnavailable("The board has not been read from Jira yet.")
        return self.shown


@dataclass(frozen=True, kw_only=True)
class Shown(BoardView):
    """A board with everything that is stored of its issues, in the order in which they were first seen."""

    issues: tuple[Issue, ...]


def shown(session: Session, boards: Boards, board_id: int) -> Shown:
    stored = select(IssueRow.value).join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id).order_by(IssueRow.id)
    found = session.scalars(stored.where(BoardIssueRow.board_id == board_id))
    return Shown(**vars(boards.view(session, board_id)), issues=tuple(values.unpack(Issue, each) for each in found))


class KnownFacts:
    """The facts of a board that is held in memory: everything of it, whatever is asked for."""

    def __init__(self, issues: Sequence[Issue], workflow: Workflow, incidents: Incidents = NO_INCIDENTS) -> None:
        self.issues, self.workflow, self._incidents = issues, workflow, incidents

    @property
    def site(self) -> str:
        return self.issues[0].site if self.issues else "shared"

    def origins(self) -> tuple[Origin, ...]:
        return tuple(dict.fromkeys(map(_origin, self.issues)))

    def of_window(self, since: int, until: int, as_of: int, origins: Collection[Origin]) -> list[Life]:
        return [lives.of(issue) for issue in self.issues if _origin(issue) in origins]

    def met(self, since: int, until: int, as_of: int, origins: Collection[Origin]) -> list[Life]:
        return self.of_window(since, until, as_of, origins)

    def compared(self, as_of: int, origins: Collection[Origin]) -> list[flow.Compared]:
        return [*flow.compared((timeline(each, self.workflow, as_of) for each in self._in_flow(origins)), as_of)]

    def _in_flow(self, origins: Collection[Origin]) -> list[Life]:
        every = self.of_window(0, 0, 0, origins)
        return [each for each in every if not self._incidents.leave_out(each.issue_type)]

    def of_sprint(self, sprint: int, origins: Collection[Origin]) -> list[Life]:
        return self.of_window(0, 0, 0, origins)

    def doubts(self, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()) -> Counter[str]:
        counted = (life for life in self._in_flow(origins) if (life.site, life.id) not in without)
        return facts.doubts(timeline(life, self.workflow, as_of) for life in counted)

    def in_no_stage(
        self, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()
    ) -> tuple[quality.Unmapped, ...]:
        counted = (life for life in self._in_flow(origins) if (life.site, life.id) not in without)
        return quality.ledger(timeline(life, self.workflow, as_of) for life in counted).unmapped

    def incidents(
        self, since: int, until: int, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()
    ) -> list[Recovery]:
        return [*recovery.of(self._courses(as_of, origins, without), self._incidents)]

    def excluded(self, as_of: int, origins: Collection[Origin], without: Collection[Id] = ()) -> int:
        known = (each.life for each in self._courses(as_of, origins, without) if each.known)
        return sum(self._incidents.leave_out(each.issue_type) for each in known)

    def _courses(self, as_of: int, origins: Collection[Origin], without: Collection[Id]) -> Iterator[Timeline]:
        lives = (life for life in self.of_window(0, 0, 0, origins) if (life.site, life.id) not in without)
        return (timeline(life, self.workflow, as_of) for life in lives)

    def signs(self, origins: Collection[Origin]) -> list[Signs]:
        return [Signs.of(issue) for issue in self.issues if _origin(issue) in origins]

    def names(self, ids: Collection[Id]) -> dict[Id, Named]:
        every = {(each.site, each.id): Named(_origin(each), each.key, each.summary) for each in self.issues}
        return {id: named for id, named in every.items() if id in ids}


def _origin(issue: Issue) -> Origin:
    return Origin.of(issue.site, project=issue.project or "", key=issue.key, secured=issue.security is not None)


TODO, DOING, LAB, DONE = "1", "3", "4", "5"
WORKFLOW = Workflow.from_mapping(
    {
        "commitment": "Doing",
        "stages": [
            {"name": "To do", "kind": "backlog", "statuses": [TODO]},
            {"name": "Doing", "kind": "active", "side": "vendor", "statuses": [DOING]},
            {"name": "In the lab", "kind": "waiting", "side": "operator", "statuses": [LAB]},
            {"name": "Done", "kind": "done", "statuses": [DONE]},
        ],
    }
)
SPRINT = Sprint(
    id=12,
    name="Core Sprint 12",
    state="active",
    goal="First call",
    starts=datetime(2026, 11, 9, 1, tzinfo=UTC),
    ends=datetime(2026, 11, 20, 16, tzinfo=UTC),
)


def issue(number: int, *moves: tuple[datetime, str], sprints: tuple[int, ...] = (12,)) -> Issue:
    """An issue created on 2 November in "To do", with its moves to other statuses."""
    before = [TODO, *(status for _, status in moves)]
    changes = tuple(
        Change(at=at, history=index, field="status", before=before[index], after=status)
        for index, (at, status) in enumerate(moves)
    )
    return Issue(
        site="shared",
        id=str(number),
        key=f"CORE-{number}",
        summary=f"Work {number}",
        issue_type="Story",
        subtask=False,
        created=datetime(2026, 11, 2, tzinfo=UTC),
        updated=changes[-1].at if changes else datetime(2026, 11, 2, tzinfo=UTC),
        status=before[-1],
        status_name=before[-1],
        status_category="indeterminate",
        sprints=sprints,
        changes=changes,
    )


def board_view(*issues: Issue, sprints: tuple[Sprint, ...] = (SPRINT,), synced_at: datetime = THURSDAY) -> BoardView:
    """The story's board as it was read."""
    shape = BoardShape(id=1, name="5G Core joint board", kind="scrum", columns=(), statuses=())
    return BoardView(
        facts=KnownFacts(issues, WORKFLOW),
        sprints=sprints,
        shape=shape,
        workflow=WORKFLOW,
        workflow_guessed=True,
        synced_at=synced_at,
        sync_error=None,
    )
