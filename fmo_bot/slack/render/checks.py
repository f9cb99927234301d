"""The self-check: each channel, then what is wrong with whom, each with what to do and who can."""

from collections.abc import Iterator

from fmo_bot.domain.checks import Fault
from fmo_bot.domain.messages import ChannelCheck, SelfCheck
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import CHECK_ASK
from fmo_bot.slack.blocks import Block, actions, button, context, header, section
from fmo_bot.slack.text import clip, escape, moment

_NAMES = 600  # characters of the names beside one fault


def self_check(message: SelfCheck, t: Translator) -> list[Block]:
    """What Slack shows now."""
    people = [section(f"• {_names(each.names)}: {_fault(each.fault, t)}") for each in message.people]
    named = {"company": escape(message.company)}
    well = t.many("{n} person of {company} is well.", "{n} people of {company} are well.", message.well, **named)
    known = {"zones": escape(", ".join(message.zones)), "languages": escape(", ".join(message.languages))}
    asked = t("They are asked by the time of {zones}; languages: {languages}.", **known)
    told = t("Every Monday, only if something is wrong.") if message.weekly else t("Only to you.")
    return [
        header(t("Self-check: {team}", team=message.team)),
        *(section("\n".join(_channel(each, t))) for each in message.channels),
        *people,
        section("\n".join([well, asked, *_others(message, t)])),
        actions(button(t("Check again"), CHECK_ASK, message.team_ref)),
        context(t("As Slack showed it {when}.", when=moment(message.as_of, t)) + f" {told}"),
    ]


def _channel(check: ChannelCheck, t: Translator) -> Iterator[str]:
    named = {"channel": escape(check.name), "companies": escape(", ".join(check.shared_with))}
    yield t("*{channel}*: read by {companies}; the app of {posts} posts.", posts=escape(check.posts), **named)
    if check.limited:
        yield t("Invited to post only: {companies}.", companies=escape(", ".join(check.limited)))
    if check.others:
        yield t.many("{n} person in it is from elsewhere.", "{n} people in it are from elsewhere.", check.others)
    for fault in check.faults:
        yield f"• {_fault(fault, t)}"


def _others(message: SelfCheck, t: Translator) -> Iterator[str]:
    for company, n in message.others:
        yield t.many(
            "Something is wrong with {n} person of {company}; its own scrum masters see what.",
            "Something is wrong with {n} people of {company}; its own scrum masters see what.",
            n,
            company=escape(company),
        )


def _fault(fault: Fault, t: Translator) -> str:
    return t(fault.text, **{name: escape(value) for name, value in fault.values})


def _names(names: tuple[str, ...]) -> str:
    return escape(clip(", ".join(names), _NAMES))
