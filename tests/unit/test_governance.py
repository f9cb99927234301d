"""Who may do what."""

from dataclasses import replace

import pytest

from fmo_bot.domain.parties import SYSTEM, Actor, Person, Role, Scope
from fmo_bot.errors import NotAllowed
from fmo_bot.services.governance import ALLOWED, Action, allowed, may


def actor(role: Role) -> Actor:
    return Actor(
        member_id=1,
        person=Person("T0HUAWEI", "U0LIWEI"),
        name="Li Wei",
        language="zh",
        organisation_id=7,
        team_id=3,
        team="5G Core",
        side="vendor",
        role=role,
    )


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", list(Action))
def test_the_table_decides_and_nothing_else_does(role: Role, action: Action) -> None:
    if action in ALLOWED[role]:
        may(actor(role), action, Scope(team_id=3))
        return
    with pytest.raises(NotAllowed) as refused:
        may(actor(role), action, Scope(team_id=3))
    assert refused.value.values == {"team": "5G Core"}


def test_an_admin_decides_for_their_side_and_gets_nothing_else_by_it() -> None:
    stakeholder = replace(actor(Role.STAKEHOLDER), is_admin=True)
    more = allowed(stakeholder) - ALLOWED[Role.STAKEHOLDER]
    assert more < ALLOWED[Role.SCRUM_MASTER]
    assert {Action.DECIDE_JOINT, Action.DECIDE_PEOPLE, Action.CHANGE_WORKFLOW} <= more
    assert not {Action.ANSWER, Action.ACT_IN_JIRA, Action.SHARE_REPORT} & more
    may(stakeholder, Action.DECIDE_JOINT, Scope(team_id=3))
    with pytest.raises(NotAllowed):
        may(stakeholder, Action.DECIDE_JOINT, Scope(team_id=4))


def test_a_stakeholder_reads_and_never_acts() -> None:
    assert ALLOWED[Role.STAKEHOLDER] == {Action.READ, Action.ASK_REPORT}


@pytest.mark.parametrize(
    "scope",
    [
        Scope(team_id=4),  # another joint team
        Scope(organisation_id=8),  # another company
        SYSTEM,  # for no person
    ],
)
@pytest.mark.parametrize("action", list(Action))
def test_no_role_reaches_beyond_its_own_joint_team(scope: Scope, action: Action) -> None:
    with pytest.raises(NotAllowed):
        may(actor(Role.SCRUM_MASTER), action, scope)
