"""Set-ups under way, as rows: whose they are, how they are left and resumed, and what becomes of one that is posted."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.drafts import SetUpDraftRow
from fmo_bot.db.ledger import DeliveryRow, InboxRow, MessageRow
from fmo_bot.db.ownership import JiraProjectRow, JointAcceptanceRow
from fmo_bot.db.parties import JointTeamRow, MemberRow, OrganisationRow, ParticipationRow, SideRow
from fmo_bot.db.secrets import Vault
from fmo_bot.db.store import Store
from fmo_bot.db.values import message_from_json
from fmo_bot.domain.channels import Seen
from fmo_bot.domain.draft_screens import Screen
from fmo_bot.domain.drafts import KEPT_FOR
from fmo_bot.domain.installs import Granted, Installation
from fmo_bot.domain.issues import BoardShape
from fmo_bot.domain.messages import BoardAsked, Message, Notice, Proposal, SetUpCard
from fmo_bot.domain.parties import SYSTEM, Person, Role
from fmo_bot.errors import BoardUnavailable, InvalidInput, NotFound, Refusal
from fmo_bot.ports import Profile
from fmo_bot.services import calendars, install_owners, setup, wizard_rows
from fmo_bot.services.accepting import OnlyTheirAdmin, SetUps
from fmo_bot.services.installations import Installations
from fmo_bot.services.parties import Parties, roster
from fmo_bot.services.renewals import Tokens
from fmo_bot.services.self_checks import SelfChecks
from fmo_bot.services.side_changing import CHANGE, TAKE, NotTaken, SideChanging
from fmo_bot.services.wizard import FILL, LOOK, NAME_TAKEN, POST, IsJoint, IsTaken, NotHere, Shown, Wizard
from fmo_bot.services.wizard_asking import ANSWER, Asking
from fmo_bot.services.wizard_boards import BoardFound, Boards
from fmo_bot.services.wizard_posting import CannotPost, Posting
from fmo_bot.services.wizard_rows import CannotSetUp, ChangedMeanwhile, NobodySpeaks, TakenOver
from fmo_bot.services.wizard_seeing import NotInChannel, NotShared, Seeing
from tests.fakes import MONDAY_NINE, FakeCrowd, FakeLookout
from tests.integration.wizard_support import COMPANIES, JOINT, companies
from tests.joint_team import JointTeam, team_file
from tests.unit.test_drafts import SHAPE

AT = MONDAY_NINE
LIWEI, LUCIA = Person("T0HUAWEI", "U0LIWEI"), Person("T0TELEFON", "U0LUCIA")
CHENYU = Person("T0HUAWEI", "U0CHENYU")


def profile(user: str, home: str, zone: str, **more: Any) -> Profile:
    return Profile(user=user, home=home, name=user[2:].title(), zone=zone, **more)


PEOPLE = (
    profile("U0LIWEI", "T0HUAWEI", "Asia/Shanghai", locale="zh-CN"),
    profile("U0CHENYU", "T0HUAWEI", "Asia/Shanghai", locale="zh-CN"),
    profile("U0LUCIA", "T0TELEFON", "Europe/Madrid", locale="es-ES"),
    profile("U0HAO", "T0TELEFON", "Asia/Shanghai", is_guest=True),
    profile("U0ELENA", "T0CONSULT", "Europe/Madrid"),
    profile("U0BOT", "T0HUAWEI", "Etc/UTC", is_bot=True),
    Profile(user="U0GHOST", home=""),
)
BOTH = frozenset({"T0HUAWEI", "T0TELEFON"})


@dataclass
class FakeFinder:
    """Boards of every site; `down`: why none of them answers."""

    boards: tuple[BoardFound, ...] = (BoardFound(id=7, name="CORE board", project="CORE"),)
    down: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def search(self, site: str, words: str) -> tuple[BoardFound, ...]:
        self.asked.append((site, words))
        if self.down:
            raise BoardUnavailable(self.down)
        return tuple(each for each in self.boards if words.lower() in each.name.lower())

    def shape(self, site: str, board: int) -> BoardShape:
        if self.down:
            raise BoardUnavailable(self.down)
        return SHAPE


@dataclass
class FakeWindow:
    """The last thing shown in each window."""

    shown: dict[str, Shown | Notice | Refusal] = field(default_factory=dict)

    def show(self, workspace: str, view_id: str, shown: Shown | Notice | Refusal, language: str) -> None:
        self.shown[view_id] = shown


class Room:
    """Two companies with the app, a channel between them, and the hands of their people."""

    def __init__(self, store: Store, *, jira: str | None = "Huawei", only: tuple[str, ...] = tuple(COMPANIES)) -> None:
        companies(store, jira=jira, only=only)
        self.apps = {COMPANIES[name][1]: COMPANIES[name][0] for name in only}
        self.store = store
        names = {"T0HUAWEI": "Huawei Delivery", "T0TELEFON": "Telefonica Redes", "T0CONSULT": "Huawei"}
        channel = Seen(name="joint-5g-core", host="T0HUAWEI", workspaces=BOTH)
        self.lookout = FakeLookout(channels={JOINT: channel, "C0OTHER": channel}, names=names)
        self.finder, self.window = FakeFinder(), FakeWindow()
        self.wizard = self.again()
        self.keys = iter(range(1, 1000))

    def again(self) -> Wizard:
        """The services of another process on the same database."""
        crowd = FakeCrowd(people={JOINT: PEOPLE, "C0OTHER": PEOPLE})
        self.changing = SideChanging(self.store, crowd)
        checks = SelfChecks(self.store, Parties(self.store), self.lookout, lambda person: True)
        boards, posting = Boards(self.store, self.finder), Posting(self.store, checks)
        self.asking = Asking(self.store, boards)
        seeing = Seeing(self.lookout, crowd)
        return Wizard(self.store, seeing, boards, posting, self.asking, self.changing, self.window, lambda: self.apps)

    def answer(self, person: Person, ref: str, *, value: str = "", refused: bool = False) -> object:
        """What the window of somebody who was asked for a board shows."""
        if refused:
            with pytest.raises(NotFound) as error:
                self.asking.later(person, ref, "V9", person.workspace, AT, value=value)
            return error.value
        self.asking.later(person, ref, "V9", person.workspace, AT, value=value)
        self.wizard.answer(self.job(ANSWER), AT)
        return self.window.shown["V9"]

    def begin(self, person: Person = LIWEI, channel: str = JOINT, at: datetime = AT) -> SetUpCard:
        """Ask for it in a channel; the card that comes of it."""
        key = f"key{next(self.keys)}"
        self.wizard.begin(person, channel, key, at)
        self.wizard.look(self.job(LOOK), at)
        card = self.told(person)[-1]
        assert isinstance(card, SetUpCard)
        return card

    def job(self, kind: str) -> dict[str, Any]:
        """The newest job of a kind."""
        with self.store.reading(SYSTEM) as session:
            query = select(InboxRow.payload).where(InboxRow.kind == kind).order_by(InboxRow.id.desc())
            return dict(session.scalars(query).first() or {})

    def told(self, person: Person) -> list[Message]:
        """What somebody is owed directly, oldest first."""
        here = MessageRow.workspace == person.workspace, MessageRow.person == person.user
        query = select(DeliveryRow.value).join(MessageRow, MessageRow.id == DeliveryRow.message_id).where(*here)
        with self.store.reading(SYSTEM) as session:
            return [message_from_json(value) for value in session.scalars(query.order_by(DeliveryRow.id))]

    def posted(self) -> str:
        """What the joint channel reads."""
        with self.store.reading(SYSTEM) as session:
            notices = [message_from_json(value) for value in session.scalars(select(DeliveryRow.value))]
        return next(read(each) for each in notices if isinstance(each, Notice) and "in this channel" in each.text)

    def screen(self, person: Person, ref: str, at: datetime = AT) -> Shown:
        """What Continue shows."""
        view = f"V{next(self.keys)}"
        shown = self.wizard.open(person, ref, at)
        if shown is None:
            self.wizard.fill_later(person, ref, view, person.workspace, at)
            self.wizard.fill(self.job(FILL), at)
            filled = self.window.shown[view]
            assert isinstance(filled, tuple), filled
            return filled
        return shown

    def step(self, person: Person, ref: str, at: datetime = AT, **other: str) -> None:
        """Send the next screen as it is shown, but for these fields."""
        ref, revision, screen = self.screen(person, ref, at=at)
        given = shown_in(screen) | {name: (value,) for name, value in other.items()}
        if screen.step == "board":
            view = f"V{next(self.keys)}"
            self.wizard.fill_later(person, ref, view, person.workspace, at, value=given["board"][0])
            self.wizard.fill(self.job(FILL), at)
        elif screen.step == "summary":
            self.wizard.post_later(person, ref, revision, at)
            if job := self.job(POST):
                self.wizard.post(job, at)
        else:
            self.wizard.submit(person, ref, revision, screen.step, given, at)

    def until(self, step: str, person: Person, ref: str) -> Shown:
        while (shown := self.screen(person, ref))[2].step != step:
            self.step(person, ref)
        return shown

    def all(self, row: Any) -> list[Any]:
        with self.store.reading(SYSTEM) as session:
            return list(session.scalars(select(row).order_by(row.id)))

    def colleague(self) -> None:
        """Chen Yu is a scrum master of Huawei in some other joint team."""
        file = team_file(team="Elsewhere", channel={"workspace": "T0HUAWEI", "id": "C0ELSE"})
        setup.apply(self.store, file, AT)
        with self.store.transaction(SYSTEM) as session:
            row = session.scalars(
                select(ParticipationRow)
                .join(MemberRow, MemberRow.id == ParticipationRow.member_id)
                .where(MemberRow.slack_user_id == "U0CHENYU")
            ).one()
            row.role = Role.SCRUM_MASTER


def read(notice: Notice) -> str:
    """Its words."""
    return notice.text.format(**notice.values)


def shown_in(screen: Screen) -> dict[str, tuple[str, ...]]:
    return {each.key: each.chosen for each in screen.fields if any(each.chosen)}


def test_a_set_up_goes_on_the_next_day_in_another_process_where_it_was_left(store: Store) -> None:
    room = Room(store)
    card = room.begin()
    assert (card.companies, card.taken) == (("Huawei", "Telefonica"), ())
    for _ in range(4):
        room.step(LIWEI, card.ref)

    room.wizard, tomorrow = room.again(), AT + timedelta(days=1)
    again = room.begin(at=tomorrow)
    assert again.ref == card.ref
    assert again.taken == ("Sides", "People", "Roles and duties", "Jira board")
    assert room.wizard.under_way(LIWEI) == ((card.ref, "joint-5g-core"),)
    assert room.screen(LIWEI, card.ref, at=tomorrow)[2].step == "stages"
    for _ in range(3):
        room.step(LIWEI, card.ref, at=tomorrow)
    (team,) = room.all(JointTeamRow)
    assert team.name == "joint-5g-core"
    assert room.wizard.under_way(LIWEI) == ()
    (row,) = room.all(SetUpDraftRow)
    assert (row.state, row.team_id, row.file, row.seen) == ("applied", team.id, {}, {})


def test_what_is_posted_is_a_proposal_with_only_the_boards_project_meant_to_be_joint(store: Store) -> None:
    room = Room(store)
    card = room.begin()
    shown = room.until("summary", LIWEI, card.ref)
    room.step(LIWEI, card.ref)
    assert [(each.name, each.accepted_at is not None) for each in room.all(SideRow)] == [
        ("vendor", True),
        ("operator", False),
    ]
    with store.reading(SYSTEM) as session:
        homes = {row.slack_user_id: row.language for row in session.scalars(select(MemberRow))}
        assert homes == {"U0LIWEI": "en", "U0CHENYU": "zh", "U0LUCIA": "en"}  # what a member is known by is theirs
        joint = session.scalars(select(JointAcceptanceRow)).one()
        assert session.get_one(JiraProjectRow, joint.project_id).key == "CORE"
    asked = room.told(LUCIA)[-1]
    assert isinstance(asked, Proposal)
    assert (asked.company, asked.asked, asked.values["board"]) == ("Huawei", ("Telefonica",), "CORE board")
    room.wizard.post(room.job(POST), AT)  # the job once more, as after a crash
    assert len(room.all(JointTeamRow)) == 1
    with pytest.raises(NotFound):
        room.wizard.submit(LIWEI, card.ref, shown[1], "times", {}, AT)


def test_the_other_company_finds_nothing_of_a_set_up_and_may_have_its_own(store: Store) -> None:
    room = Room(store)
    ours = room.begin()
    theirs = room.begin(LUCIA)
    assert theirs.ref != ours.ref
    assert (theirs.holder, theirs.taken, theirs.companies) == ("", (), ("Telefonica", "Huawei"))
    for use in (room.wizard.open, room.wizard.discard, room.wizard.take_over):
        with pytest.raises(NotFound):
            use(LUCIA, ours.ref, AT)
    assert room.wizard.under_way(LUCIA) == ((theirs.ref, "joint-5g-core"),)

    # Who posts first has the channel; the other is told so, and no more.
    room.until("summary", LIWEI, ours.ref)
    room.step(LIWEI, ours.ref)
    with pytest.raises(IsJoint):  # Telefonica has a side in it
        room.wizard.begin(LUCIA, JOINT, "later", AT)
    room.step(LUCIA, theirs.ref, team="Another name")
    with store.reading(SYSTEM) as session:
        assert len(session.scalars(select(JointTeamRow)).all()) == 1


def test_a_colleague_is_told_whose_it_is_and_takes_it_over(store: Store) -> None:
    room = Room(store)
    room.colleague()
    card = room.begin()
    room.step(LIWEI, card.ref)
    theirs = room.begin(CHENYU)
    assert (theirs.ref, theirs.holder) == (card.ref, "Li Wei")
    with pytest.raises(TakenOver):
        room.wizard.open(CHENYU, card.ref, AT)
    taken = room.wizard.take_over(CHENYU, card.ref, AT)
    assert (taken.holder, taken.taken) == ("", ("Sides",))
    assert isinstance(room.told(LIWEI)[-1], Notice)
    with pytest.raises(TakenOver):
        room.wizard.open(LIWEI, card.ref, AT)
    assert room.screen(CHENYU, card.ref)[2].step == "people"


def test_two_channels_are_set_up_at_once_and_a_window_of_an_older_state_is_refused(store: Store) -> None:
    room = Room(store)
    one, other = room.begin(), room.begin(channel="C0OTHER")
    assert one.ref != other.ref
    stale = room.screen(LIWEI, one.ref)
    room.step(LIWEI, one.ref)
    with pytest.raises(ChangedMeanwhile):
        room.wizard.submit(LIWEI, one.ref, stale[1], "sides", shown_in(stale[2]), AT)
    room.step(LIWEI, other.ref, team="Another")
    for card in (one, other):
        room.until("summary", LIWEI, card.ref)
        room.step(LIWEI, card.ref)
    assert [team.name for team in room.all(JointTeamRow)] == ["joint-5g-core", "Another"]


def test_a_name_that_is_taken_is_said_alike_whoever_has_it(sqlite_store: Store) -> None:
    room = Room(sqlite_store)
    JointTeam(sqlite_store, team_file(team="Secret", channel={"workspace": "T0HUAWEI", "id": "C0SECRET"}))
    card = room.begin(LUCIA)
    with pytest.raises(InvalidInput) as wrong:
        room.step(LUCIA, card.ref, team="Secret")
    assert wrong.value.fields == {"team": NAME_TAKEN}
    # Taken between the first window and Post: nothing is changed, and it is said in the window.
    mine = room.begin(LIWEI)
    room.until("summary", LIWEI, mine.ref)
    JointTeam(sqlite_store, team_file(team="joint-5g-core", channel={"workspace": "T0HUAWEI", "id": "C0THIRD"}))
    with pytest.raises(CannotPost):
        room.step(LIWEI, mine.ref)
    assert room.wizard.under_way(LIWEI) == ((mine.ref, "joint-5g-core"),)


def test_only_an_admin_or_scrum_master_begins_and_only_in_a_channel_that_no_joint_team_has(sqlite_store: Store) -> None:
    room = Room(sqlite_store)
    with pytest.raises(CannotSetUp) as refused:
        room.wizard.begin(CHENYU, JOINT, "k", AT)
    assert refused.value.values == {"company": "Huawei", "admins": "Li Wei"}
    with pytest.raises(NobodySpeaks):
        room.wizard.begin(Person("T0NOBODY", "U0X"), JOINT, "k", AT)
    for nowhere in (None, "D0DIRECT"):
        with pytest.raises(NotHere):
            room.wizard.begin(LIWEI, nowhere, "k", AT)
    foreign = team_file(team="Foreign", channel={"workspace": "T0HUAWEI", "id": "C0FOREIGN"})
    setup.apply(sqlite_store, foreign, AT)
    with pytest.raises(IsJoint):
        room.wizard.begin(LIWEI, "C0FOREIGN", "k", AT)
    assert not room.wizard.may_begin(LIWEI, "C0FOREIGN")
    with sqlite_store.transaction(SYSTEM) as session:  # a joint team in which Telefonica has no side
        side = session.scalars(select(SideRow).where(SideRow.name == "operator")).one()
        side.organisation_id = session.scalars(select(MemberRow)).first().organisation_id  # type: ignore[union-attr]
    with pytest.raises(IsTaken):
        room.wizard.begin(LUCIA, "C0FOREIGN", "k", AT)


UNSHARED = Seen(name="joint-5g-core", host="T0HUAWEI", workspaces=frozenset({"T0HUAWEI"}))


def test_a_channel_that_is_not_shared_or_not_shown_is_said_with_what_to_do(sqlite_store: Store) -> None:
    room = Room(sqlite_store)
    room.lookout.channels[JOINT] = UNSHARED
    with pytest.raises(NotShared):
        room.begin()
    del room.lookout.channels[JOINT]
    with pytest.raises(NotInChannel):
        room.begin()


def test_a_company_that_left_the_channel_meanwhile_has_its_side_chosen_again(sqlite_store: Store) -> None:
    room = Room(sqlite_store)
    three = Seen(name="x", host="T0HUAWEI", workspaces=BOTH | {"T0CONSULT"})
    room.lookout.channels[JOINT], room.lookout.names["T0CONSULT"] = three, "Parkline"
    card = room.begin()
    room.step(LIWEI, card.ref, AT, **{"side:T0CONSULT": "partner", "side:T0TELEFON": "operator"})
    room.step(LIWEI, card.ref)
    room.lookout.channels[JOINT] = replace(three, workspaces=BOTH)
    assert room.begin().taken == ()
    room.until("summary", LIWEI, card.ref)
    room.step(LIWEI, card.ref)
    assert [side.name for side in room.all(SideRow)] == ["vendor", "operator"]


def test_a_workspace_that_calls_itself_like_a_company_here_is_told_apart(sqlite_store: Store) -> None:
    room = Room(sqlite_store)
    room.lookout.channels[JOINT] = Seen(name="x", host="T0TELEFON", workspaces=BOTH | {"T0CONSULT"})
    card = room.begin(LUCIA)
    assert card.companies == ("Telefonica", "Huawei", "Huawei (T0CONSULT)")


def test_jira_that_does_not_answer_is_said_in_the_window_and_asked_again(sqlite_store: Store) -> None:
    room = Room(sqlite_store)
    card = room.begin()
    room.until("board", LIWEI, card.ref)
    room.finder.down = "Jira is down for a moment."
    screen = room.screen(LIWEI, card.ref)[2]
    assert screen.said[-1].values == {"site": "shared", "why": "Jira is down for a moment."}
    assert [each.chosen for each in screen.fields] == [(), ()]  # the other company can be asked, or Jira again
    room.finder.down = ""
    room.step(LIWEI, card.ref)
    assert room.screen(LIWEI, card.ref)[2].step == "stages"


def test_people_of_the_sites_owner_are_asked_and_choose_while_the_other_steps_go_on(store: Store) -> None:
    room = Room(store, jira="Telefonica")
    card = room.begin()
    for _ in range(3):
        room.step(LIWEI, card.ref)
    screen = room.screen(LIWEI, card.ref)[2]
    assert [(each.key, [choice.value for choice in each.choices]) for each in screen.fields] == [
        ("board", ["ask:T0TELEFON"])
    ]
    for value in ("shared:7", "ask:T0NOBODY"):  # somebody else's site, somebody who is not there
        room.wizard.fill_later(LIWEI, card.ref, f"V{value}", "T0HUAWEI", AT, value=value)
        room.wizard.fill(room.job(FILL), AT)
        assert isinstance(room.window.shown[f"V{value}"], NotFound | InvalidInput)
    assert room.finder.asked == []

    # Step 1: what does not wait for a board goes on; it cannot be posted yet.
    room.step(LIWEI, card.ref, board="ask:T0TELEFON")
    asked = room.told(LUCIA)[-1]
    assert isinstance(asked, BoardAsked)
    assert (asked.company, asked.channel, asked.chosen) == ("Huawei", "joint-5g-core", "")
    room.step(LIWEI, card.ref)
    summary = room.screen(LIWEI, card.ref)[2]
    assert (summary.step, summary.send) == ("summary", "Close")
    room.step(LIWEI, card.ref)
    assert room.all(JointTeamRow) == []

    # Step 2: only people of the company that was asked see boards, and nothing else of the set-up.
    with pytest.raises(NotFound):
        room.asking.later(LIWEI, asked.ref, "V2", "T0HUAWEI", AT)
    offered = room.answer(LUCIA, asked.ref)
    assert isinstance(offered, tuple)
    assert [each.key for each in offered[2].fields] == ["board", "search"]
    assert "Uliwei" not in str(offered)
    assert isinstance(room.answer(LUCIA, asked.ref, value="shared:7"), Notice)
    assert [each.chosen for each in room.told(LUCIA) if isinstance(each, BoardAsked)] == ["CORE board"]
    assert isinstance(room.answer(LUCIA, asked.ref, refused=True), NotFound)

    # Step 3: whoever asked goes on where the board was missing.
    told = room.told(LIWEI)[-1]
    assert isinstance(told, SetUpCard)
    assert told.missing == ("What statuses mean",)
    for _ in range(2):
        room.step(LIWEI, card.ref)
    assert len(room.all(JointTeamRow)) == 1
    assert room.all(JointAcceptanceRow) == []  # Telefonica's project: Huawei says nothing of it


def test_a_company_without_the_app_is_pending_and_its_first_admin_accepts_once_it_has_it(store: Store) -> None:
    room = Room(store, only=("Huawei",))
    card = room.begin()
    assert card.companies == ("Huawei", "Telefonica Redes")
    sides = room.screen(LIWEI, card.ref)[2]
    assert [each.values for each in sides.after] == [{"company": "Telefonica Redes"}]
    before = read(room.until("summary", LIWEI, card.ref)[2].after[-1])
    room.step(LIWEI, card.ref)
    assert "in the Slack of Telefonica Redes yet, so nobody there can be asked. Whoever completes the install" in before
    assert before in room.posted()
    assert "An admin of" not in before
    with store.reading(SYSTEM) as session:
        team = session.scalars(select(JointTeamRow)).one()
        assert [row.member.slack_user_id for row in roster(session, team.id)] == ["U0LIWEI", "U0CHENYU"]
    assert room.told(LUCIA) == []

    # Another workspace of that name is another company; this one is known by who is at home there.
    known = Installations(store, Vault(()), lambda key, refresh: Tokens(access="", refresh="", until=0.0))
    told: dict[str, Any] = {"app_key": "telefonica", "team_name": "Telefonica Redes"}
    of_lucia = told | {"bot_id": "B1", "bot_user_id": "U1"}
    install = Installation(team_id="T0TELEFON", token="xoxb-1", **of_lucia)
    known.name([install], AT)
    assert [row.name for row in room.all(OrganisationRow)] == ["Huawei", "Telefonica Redes"]
    with store.transaction(SYSTEM) as session:
        company = session.scalars(select(OrganisationRow).where(OrganisationRow.name == "Telefonica Redes")).one()
        them = Granted(installation=install, token="xoxb-1", installed_by="U0LUCIA", home="T0TELEFON")
        assert install_owners.first_admin(session, company, them, at=AT)
    asked = room.told(LUCIA)[-1]
    assert isinstance(asked, Proposal)
    (side,) = (each for each in room.all(SideRow) if each.name == "operator")
    SetUps(store).confirm(LUCIA, "joint-5g-core", side.id, AT)
    with store.reading(SYSTEM) as session:
        assert len(roster(session, team.id)) == 3


def test_a_company_that_has_the_app_and_no_admin_is_not_said_to_be_asked(sqlite_store: Store) -> None:
    room = Room(sqlite_store)
    card = room.begin()
    room.until("summary", LIWEI, card.ref)
    with sqlite_store.transaction(SYSTEM) as session:  # she left meanwhile; the post says how it stands now
        lucia = select(MemberRow.id).where(MemberRow.slack_user_id == "U0LUCIA").scalar_subquery()
        session.execute(delete(AdminRow).where(AdminRow.member_id == lucia))
    again = room.begin()
    before = read(room.until("summary", LIWEI, again.ref)[2].after[-1])
    room.step(LIWEI, again.ref)
    assert before.startswith("FMO bot is in the Slack of Telefonica but knows no admin there yet")
    assert before in room.posted()


def test_who_is_asked_hears_that_it_is_over_when_another_board_is_chosen(sqlite_store: Store) -> None:
    room = Room(sqlite_store)
    card = room.begin()
    room.until("board", LIWEI, card.ref)
    room.step(LIWEI, card.ref, board="ask:T0TELEFON")
    shown = room.wizard.open(LIWEI, card.ref, AT, step="board")
    assert shown is None
    room.wizard.fill_later(LIWEI, card.ref, "V1", "T0HUAWEI", AT, value="shared:7")
    room.wizard.fill(room.job(FILL), AT)
    asked = room.told(LUCIA)[-1]
    assert isinstance(asked, BoardAsked)
    assert asked.over
    assert room.screen(LIWEI, card.ref)[2].step == "stages"


def test_what_nobody_touches_or_somebody_discards_is_gone(store: Store) -> None:
    room = Room(store)
    card = room.begin()
    room.step(LIWEI, card.ref)
    room.wizard.discard(LIWEI, card.ref, AT)
    with pytest.raises(NotFound):
        room.wizard.open(LIWEI, card.ref, AT)
    second = room.begin()
    assert second.ref != card.ref
    assert second.taken == ()
    wizard_rows.forget(store, AT + KEPT_FOR)
    assert len(room.all(SetUpDraftRow)) == 2
    room.wizard.forget(AT + KEPT_FOR + timedelta(seconds=1))
    assert room.all(SetUpDraftRow) == []


def test_the_other_companys_admin_accepts_with_people_roles_and_times_of_its_own(store: Store) -> None:
    room = Room(store)
    card = room.begin()
    room.step(LIWEI, card.ref)
    room.step(LIWEI, card.ref, AT, **{"in:operator": ""})  # the author names nobody of Telefonica
    room.until("summary", LIWEI, card.ref)
    room.step(LIWEI, card.ref)
    asked = room.told(LUCIA)[-1]
    assert isinstance(asked, Proposal)
    assert asked.changes
    for stranger in (LIWEI, CHENYU):
        with pytest.raises(OnlyTheirAdmin):
            room.changing.later(stranger, asked.ref, "V1", "T0HUAWEI", AT)

    # Step 1: their own side, as it was proposed, with everybody of theirs who is in the channel.
    room.changing.later(LUCIA, asked.ref, "V1", "T0TELEFON", AT)
    room.wizard.change(room.job(CHANGE), AT)
    shown = room.window.shown["V1"]
    assert isinstance(shown, tuple)
    offered = {each.key: [choice.value for choice in each.choices] for each in shown[2].fields}
    assert offered["in:operator"] == ["U0LUCIA"]
    assert not [key for key in offered if "vendor" in key]

    # Step 2: what cannot be is said; what can is taken, and the side has accepted.
    given = shown_in(shown[2]) | {"in:operator": (), "week:operator": ("mon-sat",)}
    room.changing.submit(LUCIA, asked.ref, given, AT)
    with pytest.raises(NotTaken):
        room.changing.take(room.job(TAKE), AT)
    later = AT + timedelta(minutes=1)
    room.changing.submit(
        LUCIA, asked.ref, given | {"in:operator": ("U0LUCIA",), "master:operator": ("U0LUCIA",)}, later
    )
    room.changing.take(room.job(TAKE), later)
    with store.reading(SYSTEM) as session:
        (side,) = session.scalars(select(SideRow).where(SideRow.name == "operator"))
        assert side.accepted_at == later
        parts = session.scalars(select(ParticipationRow).where(ParticipationRow.side_id == side.id)).all()
        assert [(part.member.slack_user_id, part.role) for part in parts] == [("U0LUCIA", Role.SCRUM_MASTER)]
        assert len(calendars.as_written(session, side).on(AT.date() + timedelta(days=1)).days) == 6
        assert len(roster(session, side.team_id)) == 3
    with pytest.raises(NotFound):
        room.changing.submit(LUCIA, asked.ref, given, later)
