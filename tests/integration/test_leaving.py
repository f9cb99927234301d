"""What follows when somebody takes part no longer."""

from typing import Any

import pytest
from sqlalchemy import select

from fmo_bot.db.accounts import AdminRow, JiraAccountRow
from fmo_bot.db.acting import JiraGrantRow
from fmo_bot.db.audit import AuditRow
from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.ceremonies import AnswerRow, PromptRow
from fmo_bot.db.parties import SideRow
from fmo_bot.db.secrets import Vault, new_key
from fmo_bot.db.store import Store
from fmo_bot.delivery import outbox
from fmo_bot.domain.messages import Notice, Prompt, RoundPost
from fmo_bot.domain.parties import SYSTEM, Duty, Person, Scope
from fmo_bot.errors import NotLinked, TakesPartNoMore
from fmo_bot.services import duties
from fmo_bot.services.parties import Parties
from fmo_bot.services.people import People
from tests.joint_team import CHENYU, LUCIA, SOFIA, JointTeam, clock, team_file

JOINT = "C0JOINT"


def with_duties() -> dict[str, Any]:
    """The story's team; Sofía is the operator's acceptor, Lucía her deputy; Chen Yu is Huawei's admin."""
    file = team_file()
    lucia, sofia, _ = file["sides"]["operator"]["members"]
    lucia["deputy"], sofia["duties"] = ["acceptor"], ["acceptor"]
    file["organisations"][0]["admins"] = ["U0CHENYU"]
    return file


@pytest.fixture
def team(store: Store) -> JointTeam:
    return JointTeam(store, with_duties())


def told(team: JointTeam, prefix: str) -> list[tuple[str | None, str]]:
    """Who is told under names that begin so, and what."""
    found = []
    for target, _, message in team.owed(prefix):
        assert isinstance(message, Notice)
        found.append((target.person, message.text.format(**message.values)))
    return found


def link(team: JointTeam, person: Person) -> None:
    """A Jira account that they let the bot act as."""
    with team.store.transaction(SYSTEM) as session:
        site = session.scalars(select(JiraSiteRow.id)).one()
        row = JiraAccountRow(
            ref="r", member_id=team.member_id(session, person), site_id=site, account="a-1", how="oauth"
        )
        session.add(row)
        session.flush()
        sealed = Vault([new_key()]).seal("secret")
        session.add(JiraGrantRow(link_id=row.id, credentials=sealed, api_url="https://x", granted_at=clock("00:00")))


def test_who_leaves_the_channel_is_asked_no_more_and_every_scrum_master_hears_of_it(team: JointTeam) -> None:
    team.play("15:30")  # Sofía, in Mexico City, has been asked
    team.send()
    ref = team.prompt_ref(SOFIA)
    People(team.store).left(SOFIA, JOINT, clock("15:40"))
    assert [each for each in team.planned() if each[1] == "Sofía Hernández"] == []
    ((_, _, changed),) = team.owed("prompt:", op="update")
    assert isinstance(changed, Prompt)
    assert changed.state == "closed"
    ((_, _, post),) = team.owed("round:", op="update")
    assert isinstance(post, RoundPost)
    assert [(side.company, side.asked, side.away) for side in post.sides][1] == ("Telefonica", 1, 1)
    said = dict(told(team, "left:"))
    assert said["U0LUCIA"].startswith("Sofía Hernández has left the channel of 5G Core")
    assert said["U0LIWEI"].startswith("Sofía Hernández (Telefonica) takes part in 5G Core no longer.")
    with pytest.raises(TakesPartNoMore):
        team.answers.form(SOFIA, ref, clock("15:41"))
    with pytest.raises(NotLinked):
        Parties(team.store).home(SOFIA, clock("15:41"))
    People(team.store).left(SOFIA, JOINT, clock("15:50"))  # the other app's event
    assert dict(told(team, "left:")) == said


def test_a_duty_goes_to_the_deputy_who_hears_of_it(team: JointTeam) -> None:
    People(team.store).left(SOFIA, JOINT, clock("12:00"))
    with team.store.reading(SYSTEM) as session:
        side = session.scalars(select(SideRow.id).where(SideRow.name == "operator")).one()
        now = duties.holder(session, side, Duty.ACCEPTOR)
    assert now is not None
    assert now.person == LUCIA
    assert ("U0LUCIA", "Lucía Ortega is now the acceptor of Telefonica in 5G Core.") in told(team, "duty:")
    People(team.store).left(LUCIA, JOINT, clock("13:00"))
    assert ("U0LIWEI", "Telefonica has no acceptor in 5G Core any more. Name one in the team file.") in told(
        team, "duty:"
    )


def test_nothing_that_was_on_its_way_to_who_leaves_is_sent(team: JointTeam) -> None:
    with team.store.transaction(Scope(team_id=team.result.team_id)) as session:
        secret = Notice(text="Internal to Huawei", values={})
        outbox.owe(session, name="secret", message=secret, due=clock("01:00"), language="en", person=CHENYU)
    People(team.store).changed(CHENYU, {"deleted": True}, clock("02:00"))
    assert team.owed("secret") == []
    ((_, _, home),) = team.owed("home:", op="home")
    assert isinstance(home, Notice)


def test_a_deactivated_account_ends_links_grants_and_the_word_for_a_company(team: JointTeam) -> None:
    link(team, CHENYU)
    People(team.store).changed(CHENYU, {"deleted": True}, clock("02:00"))
    with team.store.reading(SYSTEM) as session:
        assert session.scalar(select(JiraAccountRow.account)) is None
        assert session.scalar(select(JiraGrantRow.id)) is None
        assert session.scalar(select(AdminRow.member_id)) is None
        actions = set(session.scalars(select(AuditRow.action)))
    assert {"participation_ended", "account_unlinked", "admin_ended"} <= actions
    with pytest.raises(NotLinked):
        Parties(team.store).actor(CHENYU, at=clock("03:00"))


def test_what_somebody_said_internally_stays_with_the_side_they_said_it_for(team: JointTeam) -> None:
    team.play("01:30")
    team.answer(CHENYU, "01:40", inside="Their lab is slow")
    People(team.store).left(CHENYU, JOINT, clock("02:00"))
    with team.store.reading(SYSTEM) as session:
        kept = session.execute(
            select(AnswerRow.text, SideRow.name)
            .join(PromptRow, PromptRow.id == AnswerRow.prompt_id)
            .join(SideRow, SideRow.id == PromptRow.side_id)
            .where(AnswerRow.visibility == "internal", AnswerRow.text != "")
        ).all()
    assert [tuple(row) for row in kept] == [("Their lab is slow", "vendor")]
