"""What becomes of channels: the question whether a company that came into one is a partner."""

from fmo_bot.domain.messages import StrangerInChannel
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import PARTNER_YES
from fmo_bot.slack.blocks import Block, actions, button, section
from fmo_bot.slack.text import escape


def stranger(message: StrangerInChannel, t: Translator) -> list[Block]:
    """Who came, what is held because of it, who has said what; while it is open, the button."""
    named = {name: escape(getattr(message, name)) for name in ("team", "channel", "company")}
    agreed = [t("{name} has said so.", name=escape(name)) for name in message.agreed]
    missing = [t("{name} has yet to say so.", name=escape(name)) for name in message.missing]
    if message.came_to == "partner":
        return [section(t("*{company}* is a partner of {team} now, and may read its channel {channel}.", **named))]
    if message.came_to == "left":
        return [section(t("*{company}* is not in the channel {channel} of {team} any more.", **named))]
    asked = t(
        "*{company}* was connected to the channel {channel} of {team}, and is no side of it. FMO bot posts nothing "
        "there until both companies say that it is a partner, or it is removed from the channel.",
        **named,
    )
    warning = t(
        "A partner reads what the channel reads. Jira projects stop being joint until {company} accepts them too.",
        **named,
    )
    yes = button(t("It is a partner"), PARTNER_YES, message.ref)
    return [section("\n".join([asked, warning, *agreed, *missing])), actions(yes)]
