"""Who joins, for which side, and who says so; on both databases."""

from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.asking import PersonQuestionRow
from fmo_bot.db.parties import MemberRow, ParticipationRow, SideRow, takes_part
from fmo_bot.db.store import Store
from fmo_bot.domain.accounts import Contact, Known
from fmo_bot.domain.messages import Notice, PersonQuestion
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import NoSideYet, NotAllowed, NotFound
from fmo_bot.services.admins import Admins, OnlyAnAdmin
from fmo_bot.services.joining import JOB, Joining
from fmo_bot.services.parties import Parties
from fmo_bot.services.people import People
from fmo_bot.services.person_questions import NO, PARTICIPANT, STAKEHOLDER, YES
from fmo_bot.services.taking_sides import OnlyTheirAdmin, Sides
from tests.joint_team import CHENYU, LIWEI, LUCIA, RAJESH, SOFIA, JointTeam, clock, team_file

JOINT, AT = "C0JOINT", clock("09:00")
NADIA = Person("T0HUAWEI", "U0NADIA")  # new, of Huawei's workspace
ELENA = Person("T0CONSULT", "U0ELENA")  # of a company that has no side


@dataclass
class FakeDirectory:
    """What Slack says of people: an e-mail of those named, of anybody a name and a zone."""

    emails: dict[Person, str] = field(default_factory=dict)
    guests: set[Person] = field(default_factory=set)

    def contact(self, person: Person) -> Contact | None:
        return Contact(email=self.emails.get(person, ""), is_guest=person in self.guests)

    def known(self, person: Person, seen_in: str) -> Known | None:
        return Known(name=f"Name of {person.user}", zone="Asia/Shanghai")

    def holders(self, email: str) -> frozenset[Person]:
        return frozenset(person for person, held in self.emails.items() if held == email)


@dataclass
class Room:
    """The story's joint team, with an admin of each company, and Huawei's own e-mail domain."""

    team: JointTeam
    directory: FakeDirectory

    @property
    def joining(self) -> Joining:
        return Joining(self.team.store, self.directory)

    def asked(self, person: Person) -> list[tuple[str | None, str, str]]:
        """Who is asked about somebody, what, and how it stands, as last owed."""
        found = {}
        for op in ("post", "update"):
            for target, _, message in self.team.owed("person:", op=op):
                assert isinstance(message, PersonQuestion)
                if person.user in message.name:
                    found[target.person, message.kind] = message.answer
        return [(who, kind, answer) for (who, kind), answer in found.items()]

    def press(self, by: Person, about: Person, answer: str, *, kind: str = "joined") -> None:
        with self.team.store.reading(SYSTEM) as session:
            query = select(PersonQuestionRow.ref).where(PersonQuestionRow.user == about.user)
            ref = session.scalars(query.where(PersonQuestionRow.kind == kind)).all()[-1]
        self.joining.press(by, ref, answer, key=f"{by.user}{answer}", at=AT)
        with self.team.store.reading(SYSTEM) as session:
            payload = self.team.jobs(session, JOB)[-1]
        for _ in range(2):  # a job may come twice
            self.joining.answer(payload, AT)

    def side(self, person: Person) -> str | None:
        """The side they take part for now, "" without one; None: they take part no longer, or never did."""
        query = select(SideRow.name, ParticipationRow.id).join(
            SideRow, SideRow.id == ParticipationRow.side_id, isouter=True
        )
        them = MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user
        query = query.join(MemberRow, MemberRow.id == ParticipationRow.member_id).where(takes_part(), *them)
        with self.team.store.reading(SYSTEM) as session:
            found = session.execute(query).all()
        return (found[0][0] or "") if found else None


@pytest.fixture
def room(store: Store) -> Room:
    file = team_file()
    file["organisations"][0] |= {"admins": ["U0CHENYU"], "domains": ["huawei.example"]}
    file["organisations"][1] |= {"admins": ["U0SOFIA"]}
    return Room(JointTeam(store, file), FakeDirectory())


def test_a_scrum_master_of_the_suggested_side_is_asked_about_a_joiner_who_is_told_nothing(room: Room) -> None:
    for _ in range(2):  # both apps hear of it
        room.joining.joined(NADIA, JOINT, "T0HUAWEI", AT)
    assert room.asked(NADIA) == [("U0LIWEI", "joined", "")]
    assert room.side(NADIA) is None
    room.joining.joined(ELENA, JOINT, "T0HUAWEI", AT)  # whose company has no side: nobody is asked
    room.joining.joined(RAJESH, JOINT, "T0HUAWEI", AT)  # who is in it already
    room.joining.joined(NADIA, "C0OTHER", "T0HUAWEI", AT)
    assert room.asked(ELENA) == room.asked(RAJESH) == []


def test_an_address_in_a_verified_domain_stands_for_the_company_s_word(room: Room) -> None:
    room.directory.emails[NADIA] = "nadia@huawei.example"
    room.joining.joined(NADIA, JOINT, "T0HUAWEI", AT)
    room.press(LIWEI, NADIA, PARTICIPANT)
    assert room.side(NADIA) == "vendor"
    assert room.asked(NADIA) == [("U0LIWEI", "joined", PARTICIPANT)]


@pytest.mark.parametrize("why", ["another domain", "a guest"])
def test_whom_nobody_vouches_for_has_no_side_until_an_admin_of_the_company_confirms_it(room: Room, why: str) -> None:
    room.directory.emails[NADIA] = "nadia@gmail.example" if why == "another domain" else "nadia@huawei.example"
    room.directory.guests |= {NADIA} if why == "a guest" else set()
    room.joining.joined(NADIA, JOINT, "T0HUAWEI", AT)
    room.press(LIWEI, NADIA, PARTICIPANT)
    assert room.side(NADIA) == ""
    assert ("U0CHENYU", "side", "") in room.asked(NADIA)
    room.team.plan(AT)
    assert [planned for planned in room.team.planned() if NADIA.user in planned[1]] == []  # is asked for no stand-up
    with pytest.raises(OnlyTheirAdmin):
        room.press(LIWEI, NADIA, YES, kind="side")
    room.press(CHENYU, NADIA, YES, kind="side")
    assert room.side(NADIA) == "vendor"
    room.team.plan(AT)
    assert [planned for planned in room.team.planned() if NADIA.user in planned[1]]


def test_the_other_side_decides_nothing_about_a_joiner(room: Room) -> None:
    room.joining.joined(NADIA, JOINT, "T0HUAWEI", AT)
    for stranger, refusal in ((LUCIA, NotAllowed), (RAJESH, NotAllowed), (ELENA, NotFound)):
        with pytest.raises(refusal):
            room.press(stranger, NADIA, PARTICIPANT)
    assert room.side(NADIA) is None
    assert room.asked(NADIA) == [("U0LIWEI", "joined", "")]


def test_who_is_not_of_the_team_is_asked_about_once_and_who_left_again_no_more(room: Room) -> None:
    room.joining.joined(NADIA, JOINT, "T0HUAWEI", AT)
    People(room.team.store).left(NADIA, JOINT, AT)
    assert room.asked(NADIA) == [("U0LIWEI", "joined", "over")]
    room.joining.joined(NADIA, JOINT, "T0HUAWEI", AT)
    room.press(LIWEI, NADIA, NO)
    room.joining.joined(NADIA, JOINT, "T0HUAWEI", AT)
    with room.team.store.reading(SYSTEM) as session:
        assert [row.answer for row in session.scalars(select(PersonQuestionRow))] == [NO]
    assert room.side(NADIA) is None


def test_a_company_that_says_no_leaves_it_to_the_next_and_nobody_confirms_for_another(room: Room) -> None:
    room.joining.joined(NADIA, JOINT, "T0HUAWEI", AT)
    room.press(LIWEI, NADIA, STAKEHOLDER)
    with pytest.raises(OnlyTheirAdmin):
        room.press(SOFIA, NADIA, YES, kind="side")
    room.press(CHENYU, NADIA, NO, kind="side")
    assert ("U0SOFIA", "side", "") in room.asked(NADIA)
    room.press(SOFIA, NADIA, YES, kind="side")
    assert room.side(NADIA) == "operator"


def test_who_goes_to_the_other_company_is_let_go_by_the_one_and_confirmed_by_the_other(room: Room) -> None:
    """Nothing internal goes with Rajesh: what he was asked for Huawei is closed to him, and stays Huawei's."""
    room.team.play("09:00")
    room.team.send()
    ref = room.team.prompt_ref(RAJESH)
    sides = Sides(room.team.store)
    with pytest.raises(NotAllowed):
        sides.release(LUCIA, "5G Core", RAJESH, AT)  # nobody lets go of another company's people
    sides.release(LIWEI, "5G Core", RAJESH, AT)
    assert room.side(RAJESH) == ""
    with pytest.raises(NoSideYet):
        room.team.answers.form(RAJESH, ref, AT)
    said = {target.person: message for target, _, message in room.team.owed("left:")}
    assert isinstance(said["U0LIWEI"], Notice)
    assert "for {company} no longer. Another company is asked" in said["U0LIWEI"].text
    assert [who for who, kind, _ in room.asked(Person("T", "Rajesh")) if kind == "side"] == ["U0SOFIA"]
    with pytest.raises(NotFound):
        sides.confirm(CHENYU, "5G Core", Person("T0HUAWEI", "U0NOBODY"), AT)
    with pytest.raises(OnlyTheirAdmin):
        sides.confirm(LUCIA, "5G Core", RAJESH, AT)  # a scrum master, not an admin
    assert sides.confirm(SOFIA, "5G Core", RAJESH, AT) == "operator"
    assert room.side(RAJESH) == "operator"
    actor = Parties(room.team.store).actor(RAJESH, channel=JOINT, at=AT)
    assert actor.side == "operator"
    with pytest.raises(NotFound):  # it was put to them for Huawei
        room.team.answers.form(RAJESH, ref, AT)


def test_without_an_admin_the_side_s_scrum_masters_hear_what_is_missing_and_a_first_one_is_named_by_the_host(
    store: Store,
) -> None:
    room = Room(JointTeam(store), FakeDirectory())
    room.joining.joined(NADIA, JOINT, "T0HUAWEI", AT)
    room.press(LIWEI, NADIA, PARTICIPANT)
    ((target, _, notice),) = room.team.owed("noadmin:")
    assert (target.person, isinstance(notice, Notice)) == ("U0LIWEI", True)
    admins = Admins(store)
    assert admins.first([CHENYU, ELENA], AT) == [CHENYU]
    assert admins.first([LIWEI], AT) == []  # Huawei has one: only that one names another
    assert ("U0CHENYU", "side", "") in room.asked(NADIA)  # what nobody could decide is put to whoever can now
    with pytest.raises(OnlyAnAdmin):
        admins.another(LIWEI, RAJESH, AT)
    with pytest.raises(OnlyAnAdmin):
        admins.another(CHENYU, SOFIA, AT)
    assert admins.another(CHENYU, LIWEI, AT) == ("Li Wei", "Huawei")
    with store.reading(SYSTEM) as session:
        assert len(session.scalars(select(AdminRow)).all()) == 2


def test_what_was_answered_stays_answered(room: Room) -> None:
    room.joining.joined(NADIA, JOINT, "T0HUAWEI", AT)
    room.press(LIWEI, NADIA, STAKEHOLDER)
    room.press(LIWEI, NADIA, NO)  # too late: it is answered
    assert room.side(NADIA) == ""
    assert ("U0LIWEI", "joined", STAKEHOLDER) in room.asked(NADIA)
