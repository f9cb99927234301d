"""Who is who: links by e-mail, by a word, by an admin, by signing in; unlinked, taken, forgotten."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from fmo_bot.db.accounts import AdminRow, JiraAccountRow, LinkCodeRow, LinkRequestRow, VerifiedDomainRow
from fmo_bot.db.acting import SignInRow
from fmo_bot.db.audit import AuditRow
from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.ownership import JointAcceptanceRow
from fmo_bot.db.parties import AbsenceRow, MemberRow, ParticipationRow
from fmo_bot.db.secrets import Vault, new_key
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox
from fmo_bot.delivery.retention import ASKED_FOR, retain
from fmo_bot.domain.accounts import CHECKS, CODE_FOR, Account, Contact, Known, Remark
from fmo_bot.domain.messages import AccountLine, AccountLinks, LinkRequest, Notice
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import (
    AccountTaken,
    FileWrong,
    NoAdmin,
    NoIssueToWriteOn,
    NotAMember,
    NotFound,
    NotThatWord,
    Undeliverable,
    WordSpent,
)
from fmo_bot.services import accounts, setup
from fmo_bot.services.account_matching import AGAIN, Matching
from fmo_bot.services.accounts import Accounts
from fmo_bot.slack.render import render
from tests.fakes import Machine
from tests.joint_team import CHENYU, ELENA, LIWEI, LUCIA, SOFIA, JointTeam, clock, team_file

AT = clock("09:00")
CHEN = Account(id="a-chen", shown="Chen Yu", email="chen.yu@huawei.example")
SOFI = Account(id="a-sofia", shown="Sofía Hernández", email="sofia@telefonica.example")
STRANGER = Account(id="a-other", shown="Chen Yu", email="other@elsewhere.example")


@dataclass
class FakeDirectory:
    """Slack's word on people."""

    contacts: dict[Person, Contact] = field(default_factory=dict)
    silent: bool = False

    def contact(self, person: Person) -> Contact | None:
        return self.contacts.get(person)

    def known(self, person: Person, seen_in: str) -> Known | None:
        return Known(name=person.user, zone="UTC")

    def holders(self, email: str) -> frozenset[Person]:
        if self.silent:
            raise Undeliverable("missing_scope")
        return frozenset(person for person, contact in self.contacts.items() if contact.email.lower() == email)


@dataclass
class FakeAccounts:
    """A site's accounts and the comments on its issues."""

    accounts: list[Account] = field(default_factory=lambda: [CHEN, SOFI, STRANGER])
    written: dict[str, list[Remark]] = field(default_factory=dict)
    searches: list[str] = field(default_factory=list)

    def by_email(self, email: str) -> Account | None:
        self.searches.append(email)
        return next((each for each in self.accounts if each.email == email), None)

    def by_id(self, account: str) -> Account | None:
        return next((each for each in self.accounts if each.id == account), None)

    def remarks(self, issue: str) -> tuple[Remark, ...]:
        return tuple(self.written.get(issue, ()))


class World:
    """The story's joint team, whose companies have verified their domains, before a pretend Slack and Jira."""

    def __init__(self, store: Store) -> None:
        file = team_file()
        file["organisations"][0] |= {"domains": ["huawei.example"], "admins": ["U0LIWEI"]}
        file["organisations"][1] |= {"domains": ["telefonica.example"], "admins": ["U0LUCIA"]}
        self.store, self.file = store, file
        self.team = JointTeam(store, file)
        self.team.add_issue("CORE-1")
        self.directory = FakeDirectory({CHENYU: self.contact("Chen.Yu@huawei.example")})
        self.jira = FakeAccounts()
        self.matching = Matching(store, self.directory, {"shared": self.jira})
        self.accounts = Accounts(store, self.matching, {"shared": self.jira})
        self.keys = iter(range(1000))

    @staticmethod
    def contact(email: str, *, is_guest: bool = False) -> Contact:
        return Contact(email=email, is_guest=is_guest)

    def line(self, person: Person, at: datetime = AT) -> AccountLine:
        (line,) = self.accounts.shown(person, key=f"k{next(self.keys)}", at=at).lines
        return line

    def linked(self, person: Person) -> tuple[str | None, str | None]:
        """The account of a person and how it is known."""
        with self.store.reading(SYSTEM) as session:
            query = select(JiraAccountRow).join(MemberRow, MemberRow.id == JiraAccountRow.member_id)
            row = session.scalar(query.where(MemberRow.slack_user_id == person.user))
            return (row.account, row.how) if row is not None else (None, None)

    def work(self, at: datetime = AT) -> None:
        """Work every job that waits, as the bot would; what is refused is told to the asker."""
        machine = Machine()
        jobs: dict[str, inbox.Handler] = {
            accounts.LOOK: self.accounts.look,
            accounts.CHECK: self.accounts.read_comments,
            accounts.ASK: self.accounts.put_to_admins,
        }
        while job := inbox.claim(self.store, owner="one", now=machine()):
            inbox.work(self.store, job, jobs, at=at, machine=machine)

    def told(self) -> list[str]:
        """The texts of the notices that are owed, oldest first."""
        said = [message for _, _, message in self.team.owed("")]
        return [message.text for message in said if isinstance(message, Notice)]

    def write(self, word: str, *authors: Account, untouched: bool = True) -> None:
        remarks = [Remark(author=each, text=f"Mine: {word}", is_untouched=untouched) for each in authors]
        self.jira.written.setdefault("CORE-1", []).extend(remarks)

    def member(self, person: Person) -> int:
        with self.store.reading(SYSTEM) as session:
            return self.team.member_id(session, person)

    def audited(self) -> list[str]:
        with self.store.reading(SYSTEM) as session:
            found = session.scalars(select(AuditRow.action).where(AuditRow.action.startswith("account")))
            return list(found)


@pytest.fixture
def world(sqlite_store: Store) -> World:
    return World(sqlite_store)


# --- by e-mail ---------------------------------------------------------------------------------------------------


def test_an_exact_e_mail_in_the_companys_own_domain_links(store: Store) -> None:
    world = World(store)
    world.matching.run(AT)
    assert world.linked(CHENYU) == ("a-chen", "email")
    assert world.linked(LIWEI) == (None, None)
    assert world.audited() == ["account_linked"]


def guest(world: World) -> None:
    world.directory.contacts[CHENYU] = world.contact("chen.yu@huawei.example", is_guest=True)


def no_email(world: World) -> None:
    world.directory.contacts[CHENYU] = world.contact("")


def of_the_other_company(world: World) -> None:
    world.directory.contacts[CHENYU] = world.contact("sofia@telefonica.example")


def of_a_subdomain(world: World) -> None:
    world.directory.contacts[CHENYU] = world.contact("chen.yu@mail.huawei.example")
    world.jira.accounts = [replace(CHEN, email="chen.yu@mail.huawei.example")]


def held_by_another(world: World) -> None:
    world.directory.contacts[SOFIA] = world.contact("chen.yu@huawei.example")


def held_by_a_stranger(world: World) -> None:
    world.directory.contacts[Person("T0TELEFON", "U0NOBODY")] = world.contact("CHEN.YU@huawei.example")


def one_workspace_does_not_tell(world: World) -> None:
    world.directory.silent = True


def nobody_in_jira(world: World) -> None:
    world.jira.accounts = [STRANGER]


def domain_not_verified(world: World) -> None:
    with world.store.transaction(SYSTEM) as session:
        session.execute(delete(VerifiedDomainRow))


NOT_SURE = [
    guest,
    no_email,
    of_the_other_company,
    of_a_subdomain,
    held_by_another,
    held_by_a_stranger,
    one_workspace_does_not_tell,
    nobody_in_jira,
    domain_not_verified,
]


@pytest.mark.parametrize("why", NOT_SURE, ids=lambda why: why.__name__)
def test_where_it_is_not_sure_nothing_is_linked(why: Callable[[World], None], world: World) -> None:
    why(world)
    world.matching.run(AT)
    assert world.linked(CHENYU)[0] is None


def test_a_result_stands_for_a_week_and_then_is_looked_at_again(world: World) -> None:
    world.matching.run(AT)
    world.matching.run(AT + AGAIN - timedelta(minutes=1))
    assert world.jira.searches == ["chen.yu@huawei.example"]
    world.jira.accounts = []  # the account was deactivated
    world.matching.run(AT + AGAIN + timedelta(minutes=1))
    assert world.linked(CHENYU) == (None, None)


def test_asking_for_ones_accounts_looks_at_once_and_tells_what_was_found(world: World) -> None:
    line = world.line(CHENYU)
    assert (line.site, line.since, line.by_word) == ("shared", None, True)
    world.work()
    assert world.told() == [accounts.LINKED]
    assert (world.line(CHENYU).shown, world.line(CHENYU).how) == ("Chen Yu", "email")


def test_a_stranger_is_not_a_member_and_another_persons_link_is_not_there(world: World) -> None:
    with pytest.raises(NotAMember):
        world.line(ELENA)
    ref = world.line(CHENYU).ref
    for act in (world.accounts.begin, world.accounts.unlink):
        with pytest.raises(NotFound):
            act(LUCIA, ref, AT)


def test_who_unlinks_is_not_linked_by_e_mail_again(world: World) -> None:
    world.matching.run(AT)
    (line,) = world.accounts.unlink(CHENYU, world.line(CHENYU).ref, AT).lines
    assert line.since is None
    world.matching.run(AT + AGAIN * 2)
    world.line(CHENYU)
    world.work()
    assert world.linked(CHENYU) == (None, None)
    assert world.audited() == ["account_linked", "account_unlinked"]


# --- by a word ---------------------------------------------------------------------------------------------------


def test_a_word_written_by_one_account_proves_it_once(store: Store) -> None:
    world = World(store)
    ref = world.line(SOFIA).ref
    asked = world.accounts.begin(SOFIA, ref, AT)
    assert (asked.issue.key, asked.until) == ("CORE-1", AT + CODE_FOR)
    world.write(asked.word.upper(), SOFI)
    assert world.accounts.check(SOFIA, ref, key="press", at=AT).text == accounts.LOOKING
    world.work()
    assert world.linked(SOFIA) == ("a-sofia", "code")
    assert world.told() == [accounts.LINKED]
    with pytest.raises(WordSpent):
        world.accounts.check(SOFIA, ref, key="again", at=AT)
    with store.reading(SYSTEM) as session:
        assert session.scalar(select(func.count()).select_from(LinkCodeRow)) == 0
        assert asked.word not in repr(session.scalars(select(AuditRow.detail)).all())


def not_there(world: World, word: str) -> None:
    world.write("k7qm-2xwd", SOFI)


def by_two(world: World, word: str) -> None:
    world.write(word, SOFI, STRANGER)


def by_an_app(world: World, word: str) -> None:
    world.write(word, replace(SOFI, is_person=False))


def changed_by_another(world: World, word: str) -> None:
    world.write(word, SOFI, untouched=False)


@pytest.mark.parametrize("how", [not_there, by_two, by_an_app, changed_by_another], ids=lambda how: how.__name__)
def test_anything_else_in_the_comments_proves_nothing(how: Callable[[World, str], None], world: World) -> None:
    ref = world.line(SOFIA).ref
    how(world, world.accounts.begin(SOFIA, ref, AT).word)
    world.accounts.check(SOFIA, ref, key="press", at=AT)
    world.work()
    assert world.linked(SOFIA) == (None, None)
    assert len(world.told()) == 1  # the asker reads why


def test_a_word_has_its_time_and_the_one_before_it_counts_no_more(world: World) -> None:
    ref = world.line(SOFIA).ref
    first, second = (world.accounts.begin(SOFIA, ref, AT).word for _ in range(2))
    world.write(first, SOFI)
    world.accounts.check(SOFIA, ref, key="first", at=AT)
    world.work()
    assert world.linked(SOFIA) == (None, None)
    world.write(second, SOFI)
    with pytest.raises(WordSpent):
        world.accounts.check(SOFIA, ref, key="late", at=AT + CODE_FOR)


def test_a_word_is_looked_for_a_few_times_only(world: World) -> None:
    ref = world.line(SOFIA).ref
    word = world.accounts.begin(SOFIA, ref, AT).word
    for number in range(CHECKS):
        world.accounts.check(SOFIA, ref, key=f"press {number}", at=AT)
        world.work()
    world.write(word, SOFI)
    with pytest.raises(WordSpent):
        world.accounts.check(SOFIA, ref, key="once more", at=AT)


def test_a_word_of_one_person_proves_nothing_for_another(world: World) -> None:
    mine, theirs = world.line(SOFIA).ref, world.line(LUCIA).ref
    world.accounts.begin(LUCIA, theirs, AT)
    world.write(world.accounts.begin(SOFIA, mine, AT).word, SOFI)
    world.accounts.check(LUCIA, theirs, key="press", at=AT)
    world.work()
    assert world.linked(LUCIA) == (None, None)


def test_an_issue_that_one_may_not_know_is_not_written_on(world: World) -> None:
    with world.store.transaction(SYSTEM) as session:  # nobody has said whose the site is: all of it is internal
        session.scalars(select(JiraSiteRow)).one().organisation_id = None
        session.execute(delete(JointAcceptanceRow))
    with pytest.raises(NoIssueToWriteOn):
        world.accounts.begin(SOFIA, world.line(SOFIA).ref, AT)


def test_a_proof_goes_before_an_e_mail_and_nothing_before_a_proof(world: World) -> None:
    world.matching.run(AT)  # chen.yu@… is Chen Yu's
    ref = world.line(SOFIA).ref
    world.write(world.accounts.begin(SOFIA, ref, AT).word, CHEN)  # but it is Sofía who can write as that account
    world.accounts.check(SOFIA, ref, key="press", at=AT)
    world.work()
    assert (world.linked(SOFIA), world.linked(CHENYU)) == (("a-chen", "code"), (None, None))
    world.matching.run(AT + AGAIN * 2)
    assert world.linked(CHENYU) == (None, None)
    word = sign_in(world, world.accounts, CHENYU, CHEN)
    with pytest.raises(AccountTaken):
        world.accounts.confirm(CHENYU, word, AT)


# --- by an admin, and by signing in --------------------------------------------------------------------------------


def ask(world: World, person: Person = SOFIA, typed: str = "a-sofia") -> LinkRequest:
    world.line(person)
    world.accounts.ask_admin(person, "shared", typed, key=f"ask {next(world.keys)}", at=AT)
    world.work()
    (_, _, message) = world.team.owed("link_request:")[-1]
    assert isinstance(message, LinkRequest)
    return message


@pytest.mark.parametrize("typed", ["a-sofia", "sofia@telefonica.example"])
def test_an_admin_of_the_sites_owner_confirms(typed: str, world: World) -> None:
    request = ask(world, typed=typed)
    assert (request.name, request.company, request.account) == ("Sofía Hernández", "Telefonica", "Sofía Hernández")
    assert [row.person for row, _, _ in world.team.owed("link_request:")] == ["U0LIWEI"]  # Huawei owns the site
    world.accounts.decide(LIWEI, request.ref, yes=True, at=AT)
    assert world.linked(SOFIA) == ("a-sofia", "admin")
    assert world.told() == [accounts.CONFIRMED]
    with pytest.raises(NotFound):
        world.accounts.decide(LIWEI, request.ref, yes=True, at=AT)


def test_nobody_else_confirms_not_even_an_admin_of_the_other_company(world: World) -> None:
    request = ask(world)
    for person in (SOFIA, LUCIA, CHENYU):
        with pytest.raises(NotFound):
            world.accounts.decide(person, request.ref, yes=True, at=AT)
    world.accounts.decide(LIWEI, request.ref, yes=False, at=AT)
    assert world.linked(SOFIA) == (None, None)
    assert world.told() == [accounts.REFUSED]


def test_an_account_that_is_not_there_is_not_put_to_anybody(world: World) -> None:
    world.line(SOFIA)
    world.accounts.ask_admin(SOFIA, "shared", "a-nobody", key="ask", at=AT)
    world.work()
    assert world.team.owed("link_request:") == []
    assert len(world.told()) == 1
    with pytest.raises(NotFound):
        world.accounts.ask_admin(SOFIA, "elsewhere", "a-sofia", key="ask 2", at=AT)
    with world.store.transaction(SYSTEM) as session:
        session.execute(delete(AdminRow))
    with pytest.raises(NoAdmin):
        world.accounts.ask_admin(SOFIA, "shared", "a-sofia", key="ask 3", at=AT)


def test_signing_in_to_atlassian_proves_it_and_is_offered_where_a_site_has_a_client(world: World) -> None:
    class Consents:
        def address(self, member_id: int, site: str) -> str | None:
            return f"https://fmo.example/consent/{member_id}"

    offered = Accounts(world.store, world.matching, {"shared": world.jira}, Consents())
    (line,) = offered.shown(SOFIA, key="k", at=AT).lines
    assert line.sign_in == f"https://fmo.example/consent/{world.member(SOFIA)}"
    word = sign_in(world, offered, SOFIA, SOFI)
    assert world.linked(SOFIA) == (None, None)  # not before she says the word that her browser shows
    offered.confirm(SOFIA, word.upper(), AT)
    assert world.linked(SOFIA) == ("a-sofia", "oauth")
    assert offered.shown(SOFIA, key="k2", at=AT).lines[0].sign_in is None
    with pytest.raises(NotThatWord):
        offered.confirm(SOFIA, word, AT)


def test_an_e_mail_that_is_found_meanwhile_breaks_off_no_proof(world: World) -> None:
    word = sign_in(world, world.accounts, CHENYU, CHEN)
    world.matching.run(AT)
    assert world.linked(CHENYU) == ("a-chen", "email")
    world.accounts.confirm(CHENYU, word, AT)
    assert world.linked(CHENYU) == ("a-chen", "oauth")


def test_whoever_is_linked_is_offered_to_sign_in_where_people_act_until_they_have(world: World) -> None:
    class Consents:
        def address(self, member_id: int, site: str) -> str | None:
            return "https://fmo.example/consent"

    offered = Accounts(world.store, world.matching, {"shared": world.jira}, Consents())
    offered.shown(CHENYU, key="k", at=AT)
    world.work()
    assert world.linked(CHENYU) == ("a-chen", "email")
    assert offered.shown(CHENYU, key="k2", at=AT).lines[0].sign_in is None  # there is nothing to gain
    with world.store.transaction(SYSTEM) as session:
        session.scalars(select(JiraSiteRow)).one().acting = True
    (line,) = offered.shown(CHENYU, key="k3", at=AT).lines
    assert line.sign_in is not None
    assert "Sign in to change issues there" in str(render(AccountLinks(lines=(line,)), "en").blocks)
    offered.confirm(CHENYU, sign_in(world, offered, CHENYU, CHEN), AT)
    assert offered.shown(CHENYU, key="k4", at=AT).lines[0].sign_in is None


def sign_in(world: World, accounts: Accounts, person: Person, account: Account) -> str:
    """Somebody signs in by the address that this person was given; the word in their browser."""
    world.line(person)
    sealed = Vault([new_key()]).seal("{}")
    return accounts.signed_in(world.member(person), "shared", account, sealed, "https://x", AT)


def test_whoever_is_lured_into_signing_in_gives_nothing_away(world: World) -> None:
    """Chen Yu sent his address to Sofía, who consented: only she sees the word, and from her it means nothing."""
    word = sign_in(world, world.accounts, CHENYU, SOFI)
    world.line(SOFIA)
    for person, said in ((SOFIA, word), (CHENYU, "k7qm-2xwd")):
        with pytest.raises(NotThatWord):
            world.accounts.confirm(person, said, AT)
    for _ in range(CHECKS):
        with pytest.raises(NotThatWord):
            world.accounts.confirm(CHENYU, "abcd-efgh", AT)
    with pytest.raises(NotThatWord):  # guessed too often: not even the right one counts
        world.accounts.confirm(CHENYU, word, AT)


def test_a_sign_in_has_its_time(world: World) -> None:
    word = sign_in(world, world.accounts, SOFIA, SOFI)
    with pytest.raises(NotThatWord):
        world.accounts.confirm(SOFIA, word, AT + CODE_FOR)


# --- what is recorded, and forgotten -------------------------------------------------------------------------------


def test_what_is_known_of_a_member_goes_with_the_member(store: Store) -> None:
    world = World(store)
    ask(world)
    world.accounts.begin(CHENYU, world.line(CHENYU).ref, AT)
    with store.transaction(SYSTEM) as session:
        for person in (SOFIA, CHENYU, LIWEI):
            member = world.team.member_id(session, person)
            session.execute(update(AuditRow).where(AuditRow.member_id == member).values(member_id=None))
            for rows in (ParticipationRow, AbsenceRow):
                session.execute(delete(rows).where(rows.member_id == member))
            session.execute(delete(MemberRow).where(MemberRow.id == member))
    with store.reading(SYSTEM) as session:
        left = [session.scalar(select(func.count()).select_from(each)) for each in (LinkCodeRow, LinkRequestRow)]
        assert (left, session.scalar(select(func.count()).select_from(AdminRow))) == ([0, 0], 1)


def test_a_domain_belongs_to_one_company_and_an_admin_is_a_member_of_theirs(world: World) -> None:
    file: dict[str, Any] = team_file()
    file["organisations"][0] |= {"domains": ["telefonica.example"], "admins": ["U0LUCIA"]}
    with pytest.raises(FileWrong) as caught:
        setup.apply(world.store, file, AT)
    assert str(caught.value).splitlines() == [
        "organisations[0].domains: `telefonica.example` belongs to another company here",
        "organisations[0].admins: `U0LUCIA` is no member of Huawei",
    ]


def test_a_team_file_replaces_the_domains_it_names_and_no_company_s_admins(world: World) -> None:
    setup.apply(world.store, team_file(), AT)
    file = team_file()
    file["organisations"][0] |= {"domains": [], "admins": []}
    with pytest.raises(FileWrong, match="Huawei has admins already, and only one of them names another"):
        setup.apply(world.store, file, AT)
    del file["organisations"][0]["admins"]
    with world.store.reading(SYSTEM) as session:
        before = set(session.scalars(select(VerifiedDomainRow.domain)))
    setup.apply(world.store, file, AT)
    with world.store.reading(SYSTEM) as session:
        after = set(session.scalars(select(VerifiedDomainRow.domain)))
        admins = session.scalar(select(func.count()).select_from(AdminRow))
    assert (before, after, admins) == ({"huawei.example", "telefonica.example"}, {"telefonica.example"}, 2)


def test_what_was_under_way_is_forgotten_when_its_time_is_over(world: World) -> None:
    ask(world)
    world.accounts.begin(CHENYU, world.line(CHENYU).ref, AT)
    sign_in(world, world.accounts, LUCIA, SOFI)

    def left() -> list[int | None]:
        rows = (LinkCodeRow, SignInRow, LinkRequestRow)
        with world.store.reading(SYSTEM) as session:
            return [session.scalar(select(func.count()).select_from(each)) for each in rows]

    retain(world.store, AT + CODE_FOR)
    assert left() == [1, 1, 1]
    retain(world.store, AT + CODE_FOR + timedelta(seconds=1))
    assert left() == [0, 0, 1]
    retain(world.store, AT + ASKED_FOR + timedelta(seconds=1))
    assert left() == [0, 0, 0]
