"""A set-up in direct messages: the card to go on from, and the prompt to try at its end."""

from fmo_bot.domain.messages import BoardAsked, SetUpCard, TrialPrompt
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import SETUP_ANSWER, SETUP_DISCARD, SETUP_OPEN, SETUP_TAKE, TRIAL_OPEN
from fmo_bot.slack.blocks import Block, actions, button, context, section
from fmo_bot.slack.text import escape, moment


def card(message: SetUpCard, t: Translator) -> list[Block]:
    """Which channel, how far it is, and a button; of a colleague's set-up whose it is."""
    companies = escape(", ".join(message.companies))
    head = t("*Set-up of #{channel}* · {companies}", channel=escape(message.channel), companies=companies)
    if message.holder:
        since = moment(message.begun_at, t)
        whose = t("{name} has been setting it up since {since}.", name=escape(message.holder), since=since)
        return [section(f"{head}\n{whose}"), actions(button(t("Take over"), SETUP_TAKE, message.ref))]
    begins = button(t("Continue") if message.taken else t("Begin"), SETUP_OPEN, message.ref, primary=True)
    row = actions(begins, button(t("Discard"), SETUP_DISCARD, message.ref))
    leave = t(
        "It can be left at any time and gone on with from here, from App Home, or by asking in the channel again."
    )
    return [section(f"{head}\n{_stands(message, t)}"), row, context(leave, t("Only people of your company see it."))]


def _stands(message: SetUpCard, t: Translator) -> str:
    def names(steps: tuple[str, ...]) -> str:
        return ", ".join(t(each) for each in steps)

    if not message.taken:
        return t("Seven short windows; most is filled in. Nobody else sees anything of it until you press Post.")
    if not message.missing:
        return t("Nothing is missing: look through the summary, and post it.")
    return t("Done: {done}. Missing: {missing}.", done=names(message.taken), missing=names(message.missing))


def asked(message: BoardAsked, t: Translator) -> list[Block]:
    """Who asks, for what, and what they will see of it."""
    named = {"company": escape(message.company), "channel": escape(message.channel)}
    said = t("{company} sets up a joint team in #{channel} and asks which Jira board of yours it uses.", **named)
    if message.chosen:
        return [section(said), context(t("{board} was chosen.", board=escape(message.chosen)))]
    if message.over:
        return [section(said), context(t("It is not asked any more."))]
    shown = t("{company} then sees the board's name, columns and statuses, no issue of it.", **named)
    return [section(said), actions(button(t("Choose a board"), SETUP_ANSWER, message.ref)), context(shown)]


def trial(message: TrialPrompt, t: Translator) -> list[Block]:
    """What everybody will be asked, to be tried out."""
    named = {"team": escape(message.team), "ceremony": escape(message.ceremony)}
    waits = t(
        "Until an admin of {companies} accepts, nobody of them is asked.", companies=escape(", ".join(message.asked))
    )
    said = t("*{team}* is set up. This is how its people are asked. Try it: nothing of it is kept.", **named)
    made = [section(said), actions(button(t("Try the stand-up"), TRIAL_OPEN, message.ref, primary=True))]
    return [*made, context(waits)] if message.asked else made
