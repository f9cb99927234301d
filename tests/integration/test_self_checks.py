"""The self-check: what each side's scrum masters are told of their people and channels, on demand and once a week."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from fmo_bot.db.accounts import JiraAccountRow
from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.ledger import InboxRow
from fmo_bot.db.parties import ChannelRow, JointTeamRow, MemberRow
from fmo_bot.db.store import Store
from fmo_bot.domain import checks
from fmo_bot.domain.channels import Reader, Seen, State
from fmo_bot.domain.checks import SeenPerson
from fmo_bot.domain.messages import SelfCheck
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import NotAllowed, NotNow
from fmo_bot.services.parties import Parties
from fmo_bot.services.self_checks import JOB, SelfChecks
from tests.fakes import FakeLookout
from tests.joint_team import CHENYU, LIWEI, LUCIA, MARTA, RAJESH, SOFIA, WANG, JointTeam, clock

ZONES = {LIWEI: "Asia/Shanghai", CHENYU: "Asia/Shanghai", RAJESH: "Asia/Kuala_Lumpur", WANG: "Asia/Shanghai"}
ZONES |= {LUCIA: "Europe/Madrid", SOFIA: "America/Mexico_City", MARTA: "Europe/Madrid"}
BOTS = tuple(Reader(user=f"B{home}", home=home, is_bot=True) for home in ("T0HUAWEI", "T0TELEFON"))
AT = clock("10:00")


class Checked:
    """The story's joint team, of which Slack shows nothing wrong until it is told so; nobody is linked to Jira."""

    def __init__(self, store: Store) -> None:
        self.store, self.team, self.slack = store, JointTeam(store), FakeLookout()
        self.without_app: set[str] = set()
        workspaces = frozenset({"T0HUAWEI", "T0TELEFON"})
        self.shown = Seen(name="joint-5g", host="T0HUAWEI", workspaces=workspaces)
        self.slack.channels["C0JOINT"] = self.shown
        readers = tuple(Reader(user=each.user, home=each.workspace) for each in ZONES)
        self.slack.people["C0JOINT"] = (*readers, *BOTS)
        self.slack.seen = {person.user: SeenPerson(zone=zone) for person, zone in ZONES.items()}
        self.checks = SelfChecks(store, Parties(store), self.slack, lambda each: each.workspace not in self.without_app)

    def asked_by(self, person: Person) -> SelfCheck:
        """What this scrum master is told who asks now."""
        self.checks.ask(person, channel="C0JOINT", key=f"{person.user}", at=AT)
        with self.store.reading(SYSTEM) as session:
            payload = session.scalars(select(InboxRow.payload).where(InboxRow.kind == JOB)).one()
        self.checks.make(payload, AT)
        found = self.team.one(f"check:{payload['ref']}")
        assert isinstance(found, SelfCheck)
        return found

    def told_weekly(self) -> dict[str, SelfCheck]:
        rows = self.team.owed(f"check:{self.team.result.team_id}:")
        return {row.person or "": message for row, _, message in rows if isinstance(message, SelfCheck)}


@pytest.fixture
def checked(sqlite_store: Store) -> Checked:
    return Checked(sqlite_store)


def wrong(check: SelfCheck) -> dict[str, tuple[str, ...]]:
    return {each.fault.text: each.names for each in check.people}


def test_a_scrum_master_reads_what_is_wrong_with_their_own_people_and_of_others_only_how_many(checked: Checked) -> None:
    del checked.slack.seen["U0RAJESH"]
    checked.slack.seen["U0CHENYU"] = SeenPerson(zone="Europe/Berlin")
    checked.slack.people["C0JOINT"] = tuple(each for each in checked.slack.people["C0JOINT"] if each.user != "U0WANG")
    with checked.store.transaction(SYSTEM) as session:
        session.execute(update(MemberRow).where(MemberRow.slack_user_id == "U0LIWEI").values(dm_tried_at=AT))
    found = checked.asked_by(LIWEI)
    assert wrong(found) == {
        checks.UNREACHABLE: ("Li Wei",),
        checks.NOT_LINKED: ("Li Wei", "Chen Yu"),
        checks.OTHER_ZONE: ("Chen Yu",),
        checks.GONE: ("Rajesh Kumar",),
        checks.OUTSIDE: ("Wang Fang",),
    }
    assert (found.well, found.others) == (0, (("Telefonica", 2),))  # Marta is never asked, so nothing is missing
    assert found.zones == ("Asia/Kuala_Lumpur", "Asia/Shanghai")


def test_people_without_an_app_in_their_workspace_are_not_asked_about(checked: Checked) -> None:
    checked.without_app.add("T0TELEFON")
    checked.slack.seen = {}
    assert wrong(checked.asked_by(LUCIA)) == {checks.NO_APP: ("Lucía Ortega", "Sofía Hernández")}


def test_a_channel_names_who_reads_it_who_posts_and_what_an_invitation_does_not_let(checked: Checked) -> None:
    limited = frozenset({"T0TELEFON"})
    checked.slack.channels["C0JOINT"] = Seen(**vars(checked.shown) | {"limited": limited, "is_member": False})
    elsewhere = Reader(user="U0ELENA", home="T0CONSULT", is_guest=True)
    people = [each for each in checked.slack.people["C0JOINT"] if each.user != "BT0TELEFON"]
    checked.slack.people["C0JOINT"] = (*people, elsewhere)
    with checked.store.transaction(SYSTEM) as session:
        session.execute(update(ChannelRow).values(state=State.ARCHIVED))
    (channel,) = checked.asked_by(LUCIA).channels
    assert (channel.shared_with, channel.posts, channel.limited) == (
        ("Huawei", "Telefonica"),
        "Huawei",
        ("Telefonica",),
    )
    assert channel.others == 1
    told = [each.text for each in channel.faults]
    assert told == [checks.HELD[State.ARCHIVED], checks.NOT_IN_IT, checks.MAY_POST_ONLY]


def test_only_scrum_masters_ask(checked: Checked) -> None:
    with pytest.raises(NotAllowed):
        checked.checks.ask(CHENYU, channel="C0JOINT", key="1", at=AT)


def test_every_monday_morning_scrum_masters_are_told_and_only_where_something_is_wrong(checked: Checked) -> None:
    monday = datetime(2026, 11, 30, 8, 0, tzinfo=AT.tzinfo)  # nine in Madrid; set up on Thursday the 19th
    for at in (AT, AT + timedelta(days=4), monday - timedelta(minutes=1)):
        checked.checks.weekly(at)
        assert checked.told_weekly() == {}
    checked.slack.channels["C0JOINT"] = NotNow("Slack is away")
    checked.checks.weekly(monday)
    assert checked.told_weekly() == {}
    checked.slack.channels["C0JOINT"] = checked.shown
    for _ in range(2):
        checked.checks.weekly(monday + timedelta(minutes=5))
    assert {user: each.weekly for user, each in checked.told_weekly().items()} == {"U0LIWEI": True, "U0LUCIA": True}
    with checked.store.reading(SYSTEM) as session:
        assert session.scalars(select(JointTeamRow.checked_at)).one() == monday + timedelta(minutes=5)


def test_a_week_in_which_nothing_is_wrong_is_silent(checked: Checked) -> None:
    checked.without_app.add("T0TELEFON")  # Telefonica cannot be prompted: Huawei has nothing to mend
    checked.checks.weekly(AT)
    with checked.store.transaction(SYSTEM) as session:
        everybody = MemberRow.home_workspace == "T0HUAWEI"
        session.execute(update(MemberRow).where(everybody).values(zone="Asia/Shanghai"))
    checked.slack.seen = {person.user: SeenPerson(zone="Asia/Shanghai") for person in ZONES}
    linked_to_jira(checked.store)
    checked.checks.weekly(AT + timedelta(days=14))
    assert set(checked.told_weekly()) == {"U0LUCIA"}


def linked_to_jira(store: Store) -> None:
    """Huawei's people are."""
    with store.transaction(SYSTEM) as session:
        site = session.scalars(select(JiraSiteRow.id)).one()
        for member in session.scalars(select(MemberRow).where(MemberRow.home_workspace == "T0HUAWEI")):
            session.add(JiraAccountRow(ref=f"a{member.id}", member_id=member.id, site_id=site, account=f"{member.id}"))
