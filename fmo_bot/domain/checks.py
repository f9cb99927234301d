"""The self-check of a joint team in Slack: what is wrong with a person or a channel, what to do, and who can do it."""

from collections.abc import Iterator
from dataclasses import dataclass

from fmo_bot.domain.channels import Seen, State


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong: a msgid that says it with the next step and who takes it; `values` fill it."""

    text: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class SeenPerson:
    """Somebody as their own company's Slack shows them; a zone that it does not say is empty."""

    zone: str


@dataclass(frozen=True, kw_only=True)
class MemberFacts:
    """A member as far as the check goes. `seen`: None where their Slack has no such (active) person.

    `unreachable`: their direct conversation could not be opened. `in_channel`, `linked`: None where nobody can tell.
    """

    company: str
    is_asked: bool
    has_app: bool
    seen: SeenPerson | None
    unreachable: bool
    in_channel: bool | None
    zone: str
    linked: bool | None


NO_APP = "cannot be prompted: FMO bot is not installed in their workspace. An admin of that workspace can install it."
GONE = "deactivated, or not in their Slack any more. A scrum master of {company} can take them out of the joint team."
UNREACHABLE = "cannot be prompted: Slack opens no direct conversation. An admin of their workspace can allow the app."
OUTSIDE = "cannot press buttons in the joint channel: they are not in it. Anybody in the channel can invite them."
OTHER_ZONE = "asked by {ours}, while Slack says {theirs}. They, or a scrum master of {company}, can say which is right."
NOT_LINKED = "not linked to Jira, so nothing is filled in for them. Each can type `/fmo link jira`."


def of_member(facts: MemberFacts) -> Iterator[Fault]:
    """What is wrong with a member, the most severe first; of one who cannot be seen nothing else is said."""
    company = (("company", facts.company),)
    if not facts.has_app:
        if facts.is_asked:
            yield Fault(text=NO_APP)
        return
    if facts.seen is None:
        yield Fault(text=GONE, values=company)
        return
    if facts.unreachable and facts.is_asked:
        yield Fault(text=UNREACHABLE)
    if facts.in_channel is False:
        yield Fault(text=OUTSIDE)
    if facts.seen.zone and facts.seen.zone != facts.zone:
        yield Fault(text=OTHER_ZONE, values=(("ours", facts.zone), ("theirs", facts.seen.zone), *company))
    if facts.linked is False and facts.is_asked:
        yield Fault(text=NOT_LINKED)


@dataclass(frozen=True, kw_only=True)
class ChannelFacts:
    """A channel as far as the check goes. `seen`: None where Slack does not show it; companies by workspace.

    `apps`: companies in whose workspace an app of ours is installed, and whether it is in the channel.
    """

    state: State
    seen: Seen | None
    host: str
    limited: tuple[str, ...]
    strangers: tuple[str, ...]
    gone: tuple[str, ...]
    apps: tuple[tuple[str, bool], ...]
    posts: str


HELD: dict[State, str] = {
    State.ARCHIVED: "It is archived, so nothing is posted there. Whoever may in {host} can unarchive it.",
    State.UNSHARED: "It is no longer shared with {gone}, so nothing is posted there. {host} can share it again.",
    State.STRANGER: "{strangers} is connected to it and is no side of the joint team, so nothing is posted there. "
    "Scrum masters of both sides can make it a partner, or an admin of {host} can remove it.",
    State.UNSEEN: "Slack does not show it to FMO bot, so nothing is posted there. Anybody in it can invite the app.",
    State.EXPOSED: "It is internal no more: others can read it. A scrum master can name another internal channel.",
}
NOT_IN_IT = "The app that posts there is not in it. Anybody in the channel can invite it."
OWN_APP_OUT = "{company}'s own app is not in it, so mentions of it are not heard. Anybody of {company} can invite it."
MAY_POST_ONLY = (
    "{company} may only post there, so its app cannot be added. An admin of {host} can let it post, invite and more."
)


def of_channel(facts: ChannelFacts) -> Iterator[Fault]:
    """What is wrong with a channel."""
    named = ("host", facts.host), ("gone", ", ".join(facts.gone)), ("strangers", ", ".join(facts.strangers))
    if facts.state in HELD:
        yield Fault(text=HELD[facts.state], values=named)
    if facts.seen is None:
        return
    if not facts.seen.is_member:
        yield Fault(text=NOT_IN_IT)
    for company, is_in in facts.apps:
        if not is_in and company != facts.posts:
            told = (("company", company), ("host", facts.host))
            yield Fault(text=MAY_POST_ONLY if company in facts.limited else OWN_APP_OUT, values=told)
