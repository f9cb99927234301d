"""Channels of a joint team as they are in Slack, and whether anything may be said in one.

A joint channel is spoken in while every company connected to it is a side of the joint team. An internal channel is one
as long as nobody but its own side can read it; once it was not, it never is again by itself.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

JOINT, INTERNAL = "joint", "internal"


class State(StrEnum):
    """How a channel stands. In all but the first nothing is posted there."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    UNSHARED = "unshared"  # only one of the joint team's companies is left in it
    STRANGER = "stranger"  # a company that is no side of the joint team is connected to it
    UNSEEN = "unseen"  # Slack shows it to our app no more
    EXPOSED = "exposed"  # it was internal, and others can read it


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A channel as Slack shows it now. Workspaces by Slack's ids.

    `limited`: those whose invitation lets them post only, not add people or apps. `is_pending`: another company is
    invited, and not in it yet.
    """

    name: str
    host: str
    workspaces: frozenset[str]
    limited: frozenset[str] = frozenset()
    is_archived: bool = False
    is_private: bool = False
    is_member: bool = True
    is_pending: bool = False


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Somebody in a channel: where they are from, and whether they are a guest where our app is."""

    user: str
    home: str
    is_guest: bool = False
    is_bot: bool = False


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a look at a channel comes to: workspaces that belong to no side, and those of sides that have gone."""

    state: State
    strangers: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def joint(seen: Seen, sides: Mapping[str, frozenset[str]], before: Collection[str]) -> Standing:
    """How a joint channel stands. `sides`: the workspaces of each; `before`: who was in it when it was last looked at.

    One in which the companies never were connected (people of the other are guests) is as good as a shared one.
    """
    known = frozenset().union(*sides.values())
    told = {
        "strangers": tuple(sorted(seen.workspaces - known)),
        "gone": tuple(sorted((known & frozenset(before)) - seen.workspaces)),
    }
    if seen.is_archived:
        return Standing(state=State.ARCHIVED, **told)
    if told["strangers"]:
        return Standing(state=State.STRANGER, **told)
    left = [name for name, workspaces in sides.items() if workspaces & seen.workspaces]
    return Standing(state=State.UNSHARED if told["gone"] and len(left) < 2 else State.ACTIVE, **told)


def internal(seen: Seen, own: frozenset[str], readers: Collection[Reader], strangers: Collection[str]) -> Standing:
    """How an internal channel stands. `own`: its side's workspaces; `strangers`: user ids of other sides' members.

    One to which another company has been invited is internal no more: what stands there is to be gone when it comes.
    """
    shared = tuple(sorted(seen.workspaces - own))
    if shared or seen.is_pending or any(is_outsider(each, own, strangers) for each in readers):
        return Standing(state=State.EXPOSED, strangers=shared)
    return Standing(state=State.ARCHIVED if seen.is_archived else State.ACTIVE)


def is_outsider(reader: Reader, own: frozenset[str], strangers: Collection[str]) -> bool:
    """Whether an internal channel is not for this reader: a guest, somebody from elsewhere, or of another side."""
    return not reader.is_bot and (reader.is_guest or reader.home not in own or reader.user in strangers)
