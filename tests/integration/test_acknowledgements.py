"""What a click or a command changes is committed before Slack hears that it arrived: Slack sends neither twice."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, select

from fmo_bot.db.ceremonies import ReportRow
from fmo_bot.db.ledger import InboxRow
from fmo_bot.db.parties import JointTeamRow
from fmo_bot.db.store import Store
from fmo_bot.domain.messages import SprintReport
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.services.sprints import JOB, Sprints
from fmo_bot.slack.actions import SPRINT_ASK, SPRINT_SHARE
from handlers import help_, sprints
from tests.joint_team import LIWEI, FakeBoards, JointTeam, board_view, clock


class Ears:
    """Stands where Bolt's `App` stands and keeps what is registered."""

    def __init__(self) -> None:
        self.taken: dict[str, Callable[..., None]] = {}

    def action(self, name: str) -> Callable[[Callable[..., None]], None]:
        return lambda listener: self.taken.update({name: listener})

    command = action


class Desk:
    """The story's joint team, and a Slack that looks into the database the moment it is answered."""

    def __init__(self, store: Store) -> None:
        self.team, self.store, self.known = JointTeam(store), store, list[int]()
        self.sprints, self.ears = Sprints(store, FakeBoards(board_view())), Ears()
        bot: Any = SimpleNamespace(
            sprints=self.sprints,
            language_of=lambda person: "en",
            fitted=lambda person, message: message,  # what one person is told about themselves is for them to see
            jobs={},
        )
        sprints.register(self.ears, bot)  # type: ignore[arg-type]
        help_.register(self.ears, bot)  # type: ignore[arg-type]

    def press(self, name: str, value: str, looked_for: Any) -> None:
        def ack() -> None:
            with self.store.reading(SYSTEM) as session:
                self.known.append(session.scalar(looked_for) or 0)

        body = {"trigger_id": "1.2", "response_url": "https://slack.example/1", "channel_id": "C0JOINT", "text": value}
        common = {"ack": ack, "body": body, "respond": lambda **_: None, "person": LIWEI, "at": clock("10:00")}
        action = {"action_id": name, "value": value}
        self.ears.taken[name](**common, **({} if name == "/fmo" else {"action": action}))


JOBS = select(func.count()).select_from(InboxRow).where(InboxRow.kind == JOB)
SHARED = select(func.count()).select_from(ReportRow).where(ReportRow.shared_at.is_not(None))


def test_a_press_on_the_sprint_report_is_written_down_first(store: Store) -> None:
    desk = Desk(store)
    with store.reading(SYSTEM) as session:
        ref = session.scalars(select(JointTeamRow.ref)).one()
    desk.press(SPRINT_ASK, ref, JOBS)
    assert desk.known == [1]


def test_a_command_is_written_down_first(store: Store) -> None:
    desk = Desk(store)
    desk.press("/fmo", "sprint", JOBS)
    assert desk.known == [1]


def test_a_share_is_written_down_first(store: Store) -> None:
    desk = Desk(store)
    desk.sprints.ask(LIWEI, channel="C0JOINT", key="click 1", at=clock("10:00"))
    with store.reading(SYSTEM) as session:
        (job,) = desk.team.jobs(session, JOB)
    desk.sprints.make(job, clock("10:01"))
    report = desk.team.owed("report:")[0][2]
    assert isinstance(report, SprintReport)
    desk.press(SPRINT_SHARE, report.ref, SHARED)
    assert desk.known == [1]
