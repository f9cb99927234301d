"""Who may do what in Jira from here, and as whom. Reading gives no right to act, nor does knowing whose an account is.

A person acts as themselves where they signed in to Atlassian: then Jira decides. Else the site's account may act for
them, where an admin of the project's owner has allowed their company that act in that project. Nothing is allowed
until somebody says so. A transition that its owner has marked as an approval is nobody's but the person's own.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from fmo_bot.domain.names import ProjectName


class Act(StrEnum):
    """What can be done in Jira."""

    COMMENT = "comment"
    ASSIGN = "assign"
    TRANSITION = "transition"
    FLAG = "flag"  # set or clear
    CREATE = "create"
    LINK = "link"


class Via(StrEnum):
    """As whom."""

    OWN = "own"  # the person's own grant
    SERVICE = "service"  # the site's service account, for the person


class Denial(StrEnum):
    """Why not."""

    NOT_ALLOWED = "not_allowed"  # nobody allowed that company that act there
    APPROVAL = "approval"  # the transition is an approval
    UNNAMED = "unnamed"  # a transition that is not named by its id cannot be known to be none


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody wants to do. `transition`: Jira's id of it, where that is the act."""

    act: Act
    company: int
    project: ProjectName
    transition: str | None = None


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """A company may have the service account do an act in a project."""

    act: Act
    company: int
    project: ProjectName


@dataclass(frozen=True, kw_only=True)
class Approval:
    """A transition of a project that is an approval."""

    transition: str
    project: ProjectName


def decide(
    wish: Wish, *, has_own_grant: bool, allowed: Collection[Allowed], approvals: Collection[Approval]
) -> Via | Denial:
    """As whom the wish may be done, or why not. The person's own grant goes before everything."""
    if has_own_grant:
        return Via.OWN
    if wish.act is Act.TRANSITION:
        if wish.transition is None:
            return Denial.UNNAMED
        if any(each.transition == wish.transition and is_same(each.project, wish.project) for each in approvals):
            return Denial.APPROVAL
    if any(
        each.act is wish.act and each.company == wish.company and is_same(each.project, wish.project)
        for each in allowed
    ):
        return Via.SERVICE
    return Denial.NOT_ALLOWED


def is_same(known: ProjectName, asked: ProjectName) -> bool:
    """Whether both are one project: by id where both tell it, since keys move; else by key."""
    if known.site != asked.site:
        return False
    if known.id and asked.id:
        return known.id == asked.id
    return bool(known.key) and known.key == asked.key


def signature(name: str, company: str) -> str:
    """What every act by the service account carries in Jira, for everybody there to read."""
    return f"for {name} ({company}) by FMO bot"
