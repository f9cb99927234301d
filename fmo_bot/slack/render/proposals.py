"""What one company proposes, with the buttons of whoever decides it."""

from collections.abc import Callable

from fmo_bot.domain.messages import Proposal
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import PROPOSAL_ACCEPT, PROPOSAL_CHANGE, PROPOSAL_DECLINE
from fmo_bot.slack.blocks import Block, actions, button, context, section
from fmo_bot.slack.render.notices import sentence
from fmo_bot.slack.text import escape


def proposal(message: Proposal, t: Translator) -> list[Block]:
    """Whose joint team, what is proposed, how it stands; buttons while it is open."""
    what = sentence(message.text, {"company": message.company, **message.values}, t)
    said = [section(f"*{escape(message.team)}*\n{what}"), context(_state(message, t))]
    return [*said, *([row] if (row := _buttons(message, t)) else [])]


def _state(message: Proposal, t: Translator) -> str:
    told = {
        "company": escape(message.company),
        "by": escape(message.by),
        "asked": escape(t(" or ").join(message.asked)),
    }
    return _STATES[message.state](t, told)


_STATES: dict[str, Callable[[Translator, dict[str, str]], str]] = {
    "open": lambda t, told: t("It holds once {asked} accepts it; a scrum master or an admin can.", **told),
    "accepted": lambda t, told: t("{by} has accepted it.", **told),
    "declined": lambda t, told: t("{by} has declined it. Nothing changes.", **told),
    "withdrawn": lambda t, told: t("{company} has withdrawn it. Nothing changes.", **told),
    "replaced": lambda t, told: t("Something newer has taken its place.", **told),
}


def _buttons(message: Proposal, t: Translator) -> Block | None:
    if message.may == "decide":
        accept = button(t("Accept"), PROPOSAL_ACCEPT, message.ref, primary=True)
        change = [button(t("Change"), PROPOSAL_CHANGE, message.ref)] if message.changes else []
        return actions(accept, *change, button(t("Decline"), PROPOSAL_DECLINE, message.ref))
    if message.may == "withdraw":
        return actions(button(t("Withdraw"), PROPOSAL_DECLINE, message.ref))
    return None
