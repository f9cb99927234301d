"""Who may act in Jira, and as whom: a table of cases."""

import pytest

from fmo_bot.domain.acting import Act, Allowed, Approval, Denial, Via, Wish, decide, signature
from fmo_bot.domain.names import ProjectName

HUAWEI, TELEFONICA = 1, 2
CORE = ProjectName(site="shared", id="10000", key="CORE")
MOVED = ProjectName(site="shared", id="10000", key="CORE5G")  # the same project under a newer key
REUSED = ProjectName(site="shared", id="10077", key="CORE")  # another project that was given the freed key
ELSEWHERE = ProjectName(site="other", id="10000", key="CORE")
UNREAD = ProjectName(site="shared", key="CORE")


def allowed(*acts: Act, company: int = TELEFONICA, project: ProjectName = CORE) -> list[Allowed]:
    return [Allowed(act=act, company=company, project=project) for act in acts]


def wish(act: Act, *, project: ProjectName = CORE, transition: str | None = None, company: int = TELEFONICA) -> Wish:
    return Wish(act=act, company=company, project=project, transition=transition)


APPROVAL = [Approval(transition="31", project=CORE)]
# What is wished, what is allowed, whether they have a grant of their own, and as whom it may be done or why not.
CASES: dict[str, tuple[Wish, list[Allowed], bool, Via | Denial]] = {
    "nothing was said": (wish(Act.COMMENT), [], False, Denial.NOT_ALLOWED),
    "allowed": (wish(Act.COMMENT), allowed(Act.COMMENT), False, Via.SERVICE),
    "another act": (wish(Act.ASSIGN), allowed(Act.COMMENT), False, Denial.NOT_ALLOWED),
    "another company": (wish(Act.COMMENT), allowed(Act.COMMENT, company=HUAWEI), False, Denial.NOT_ALLOWED),
    "the owner itself": (wish(Act.COMMENT, company=HUAWEI), allowed(Act.COMMENT), False, Denial.NOT_ALLOWED),
    "another site": (wish(Act.COMMENT, project=ELSEWHERE), allowed(Act.COMMENT), False, Denial.NOT_ALLOWED),
    "the key moved": (wish(Act.COMMENT, project=MOVED), allowed(Act.COMMENT), False, Via.SERVICE),
    "the key is another's": (wish(Act.COMMENT, project=REUSED), allowed(Act.COMMENT), False, Denial.NOT_ALLOWED),
    "known by its key": (wish(Act.CREATE, project=UNREAD), allowed(Act.CREATE), False, Via.SERVICE),
    "an own grant": (wish(Act.COMMENT), [], True, Via.OWN),
    "an own grant goes first": (wish(Act.COMMENT), allowed(Act.COMMENT), True, Via.OWN),
    "a transition": (wish(Act.TRANSITION, transition="21"), allowed(Act.TRANSITION), False, Via.SERVICE),
    "an approval": (wish(Act.TRANSITION, transition="31"), allowed(Act.TRANSITION), False, Denial.APPROVAL),
    "an approval that nobody allowed": (wish(Act.TRANSITION, transition="31"), [], False, Denial.APPROVAL),
    "an approval of a moved key": (
        wish(Act.TRANSITION, transition="31", project=MOVED),
        allowed(Act.TRANSITION),
        False,
        Denial.APPROVAL,
    ),
    "one's own approval": (wish(Act.TRANSITION, transition="31"), [], True, Via.OWN),
    "a transition without its id": (wish(Act.TRANSITION), allowed(Act.TRANSITION), False, Denial.UNNAMED),
    "the same id of another project": (
        wish(Act.TRANSITION, transition="31", project=REUSED),
        allowed(Act.TRANSITION, project=REUSED),
        False,
        Via.SERVICE,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_as_whom_something_may_be_done(case: str) -> None:
    wished, given, has_own_grant, outcome = CASES[case]
    assert decide(wished, has_own_grant=has_own_grant, allowed=given, approvals=APPROVAL) == outcome


@pytest.mark.parametrize("act", list(Act))
def test_every_act_is_off_until_it_is_allowed(act: Act) -> None:
    transition = "21" if act is Act.TRANSITION else None
    assert decide(wish(act, transition=transition), has_own_grant=False, allowed=[], approvals=[]) is Denial.NOT_ALLOWED


def test_the_service_account_says_for_whom_it_acts() -> None:
    assert signature("Sofía Hernández", "Telefonica") == "for Sofía Hernández (Telefonica) by FMO bot"
