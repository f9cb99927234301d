"""Who takes part: sides, roles, persons, places, and the actor behind a click."""

import re
from dataclasses import dataclass
from enum import StrEnum

VENDOR = "vendor"
OPERATOR = "operator"
EXTERNAL = "external"  # outside the joint team; only ever waited on
UNKNOWN = "unknown"  # a blocker whose direction nobody has chosen yet
_SIDE = re.compile(r"vendor|operator|partner:[\w .&-]{1,60}")


def is_side(name: str) -> bool:
    """Whether `name` is a side of a joint team: `vendor`, `operator` or `partner:<name>`."""
    return _SIDE.fullmatch(name) is not None


class Role(StrEnum):
    """What a member is in one joint team."""

    PARTICIPANT = "participant"
    SCRUM_MASTER = "scrum_master"
    STAKEHOLDER = "stakeholder"  # reads, is never prompted


class Duty(StrEnum):
    """What one member of a side has to do for it; deputies stand in."""

    ACCEPTOR = "acceptor"
    ESCALATION = "escalation_contact"


@dataclass(frozen=True)
class Person:
    """Someone in Slack: always the home workspace's id with the user id (a user id alone names nobody)."""

    workspace: str
    user: str


@dataclass(frozen=True)
class Place:
    """A conversation as one installation sees it: the posting workspace's id and the channel id."""

    workspace: str
    channel: str


@dataclass(frozen=True, kw_only=True)
class Actor:
    """The member behind an action, as they stand in one joint team at that moment."""

    member_id: int
    person: Person
    name: str
    language: str
    organisation_id: int
    team_id: int
    team: str
    side: str  # "" while nobody has confirmed one: then they may read what is joint, and nothing else
    role: Role
    is_admin: bool = False  # of the company whose side it is


@dataclass(frozen=True)
class Scope:
    """What a query or action may touch: one joint team, one organisation's own data, or `system`."""

    team_id: int | None = None
    organisation_id: int | None = None
    system: bool = False

    def __post_init__(self) -> None:
        """Refuse a scope that is none or several of the three."""
        if [self.team_id is not None, self.organisation_id is not None, self.system].count(True) != 1:
            raise ValueError("a scope is exactly one of: joint team, organisation, system")


SYSTEM = Scope(system=True)
