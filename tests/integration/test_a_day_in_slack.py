"""One joint working day from the plan through the outbox to a pretend Slack, services and delivery together."""

from fmo_bot.db.store import Store
from fmo_bot.delivery.pump import Pump
from fmo_bot.domain.messages import AnswerPost, BurnUpChart, Prompt, RoundPost, RoundSummary, SprintReport
from fmo_bot.domain.parties import SYSTEM, Place
from fmo_bot.services.sprints import JOB, Sprints
from tests.fakes import FakeChat, FixedClock, Machine
from tests.joint_team import (
    DOING,
    LIWEI,
    LUCIA,
    SOFIA,
    FakeBoards,
    JointTeam,
    board_view,
    issue,
)
from tests.joint_team import clock as on_thursday

JOINT = Place("T0HUAWEI", "C0JOINT")


class Day:
    """The story's Thursday, with everything that is owed sent as it falls due."""

    def __init__(self, store: Store, chat: FakeChat, time: FixedClock, machine: Machine) -> None:
        self.team, self.chat, self.time, self.machine = JointTeam(store), chat, time, machine
        self.boards = FakeBoards(board_view(issue(1, (on_thursday("08:30"), DOING))))
        self.sprints = Sprints(store, self.boards)
        self.pump = Pump(store=store, chat=chat, clock=time, machine=machine, owner="test", workers=1, patience=60)

    def until(self, text: str) -> None:
        """Plan, run what is due, and send until nothing is left to send."""
        self.time.at = at = on_thursday(text)
        self.team.plan(at)
        self.team.run(at)
        self._send()

    def sprint_report(self, text: str) -> None:
        self.time.at = at = on_thursday(text)
        self.sprints.ask(LUCIA, channel="C0JOINT", key="click", at=at)
        with self.team.store.transaction(SYSTEM) as session:
            payloads = self.team.jobs(session, JOB)
        for payload in payloads:
            self.sprints.make(payload, at)
        self._send()

    def _send(self) -> None:
        for _ in range(6):  # each minute frees the lanes of the one before
            self.pump.run_once()
            self.machine.advance(61)

    def told(self, kind: type) -> list[tuple[Place, str | None]]:
        return [(each.place, each.thread_ts) for each in self.chat.posted if isinstance(each.message, kind)]


def test_a_joint_working_day(store: Store, chat: FakeChat, clock: FixedClock, machine: Machine) -> None:
    day = Day(store, chat, clock, machine)
    day.until("01:00")
    day.team.answer(LIWEI, "01:20", blocked={"side": "operator", "what": "Lab access"})
    day.until("01:21")
    day.team.answer(LIWEI, "04:59", done="Better words")
    day.until("08:00")
    day.team.answer(LUCIA, "08:20")
    day.team.answer(LUCIA, "08:25", done="Wired it twice")
    day.until("15:00")
    day.team.answer(SOFIA, "15:20")
    day.until("15:21")
    day.sprint_report("16:00")
    day.until("19:00")
    day.until("19:30")

    (parent,) = [each for each in chat.posted if isinstance(each.message, RoundPost)]
    assert parent.place == JOINT
    assert sorted(place.channel for place, _ in day.told(Prompt)) == ["DU0CHENYU", "DU0LIWEI", "DU0LUCIA", "DU0SOFIA"]
    assert {place.workspace for place, _ in day.told(Prompt)} == {"T0HUAWEI", "T0TELEFON"}
    assert day.told(AnswerPost) == [(JOINT, parent.ts)] * 3
    assert day.told(RoundSummary) == [(JOINT, None)]
    ((asker, _),) = day.told(SprintReport)
    assert asker == Place("T0TELEFON", "DU0LUCIA")
    ((place, thread),) = day.told(BurnUpChart)
    assert (place, thread is not None) == (asker, True)
    newest = [message for ts, message in chat.updated if ts == parent.ts][-1]
    assert isinstance(newest, RoundPost)
    assert newest.closed
    assert [side.answered for side in newest.sides] == [1, 2]
    assert _edited(day) == [True, True, False]
    assert day.pump.stop(within=60)


def _edited(day: Day) -> list[bool]:
    """Whether each answer, as it stands at the end of the day, is marked as edited."""
    posts = [each for each in day.chat.posted if isinstance(each.message, AnswerPost)]
    shown = {each.ts: each.message for each in posts} | {
        ts: message for ts, message in day.chat.updated if isinstance(message, AnswerPost)
    }
    return [message.edited for message in shown.values() if isinstance(message, AnswerPost)]
