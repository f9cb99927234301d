"""Setting up a joint team: the buttons of its card, its windows. `/fmo setup` is in handlers.commands."""

from datetime import datetime
from typing import Any

from slack_bolt import Ack, App, BoltContext
from slack_sdk import WebClient

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.draft_screens import one
from fmo_bot.domain.drafts import BOARD, SUMMARY, TIMES
from fmo_bot.domain.messages import Message
from fmo_bot.domain.parties import Person
from fmo_bot.services.side_changing import CHANGE
from fmo_bot.services.wizard_asking import ANSWER
from fmo_bot.slack import actions as names
from fmo_bot.slack import wizard_forms
from fmo_bot.slack.wizard_forms import TITLE_TEXT
from handlers.buttons import Press, replaces
from handlers.windows import loading


def register(app: App, bot: Bot) -> None:
    """Take the buttons, the choices in a window, and the window."""
    wizard = bot.wizard
    later = {BOARD: wizard.fill_later, ANSWER: bot.asking.later}  # steps whose windows a job fills

    def open_(
        ack: Ack,
        body: dict[str, Any],
        action: dict[str, Any],
        client: WebClient,
        context: BoltContext,
        person: Person,
        at: datetime,
    ) -> None:
        ack()
        view_id = loading(client, body, context, title=TITLE_TEXT)
        ref = action["value"]
        shown = wizard.open(person, ref, at)
        if shown is None:
            wizard.fill_later(person, ref, view_id, str(context.team_id), at)
        else:
            client.views_update(view_id=view_id, view=wizard_forms.view_of(shown, bot.language_of(person)))

    def back(
        ack: Ack, body: dict[str, Any], client: WebClient, context: BoltContext, person: Person, at: datetime
    ) -> None:
        ack()
        view = body["view"]
        context["view_id"], context["view_title"] = view["id"], TITLE_TEXT
        filled = wizard_forms.read(view)
        shown = wizard.back(person, filled.ref, filled.step, at)
        if shown is None:
            wizard.fill_later(person, filled.ref, view["id"], _workspace(view, context), at)
        else:
            made = wizard_forms.view_of(shown, bot.language_of(person))
            client.views_update(view_id=view["id"], hash=view["hash"], view=made)

    def choose(
        ack: Ack, body: dict[str, Any], client: WebClient, context: BoltContext, person: Person, at: datetime
    ) -> None:
        ack()
        view = body["view"]
        context["view_id"], context["view_title"] = view["id"], TITLE_TEXT
        filled = wizard_forms.read(view)
        if filled.step in later:
            words = one(filled.given, "search")
            later[filled.step](person, filled.ref, view["id"], _workspace(view, context), at, words=words)
        elif filled.step == TIMES:
            shown = wizard.changed(person, filled.ref, filled.given, at)
            made = wizard_forms.view_of(shown, bot.language_of(person))
            client.views_update(view_id=view["id"], hash=view["hash"], view=made)

    def submit(ack: Ack, view: dict[str, Any], context: BoltContext, person: Person, at: datetime) -> None:
        # Acknowledged only when it is stored: a sentence under a field is part of the acknowledgement.
        filled, workspace, language = wizard_forms.read(view), _workspace(view, context), bot.language_of(person)
        name, waits = wizard_forms.waiting(language)
        if filled.step == SUMMARY:
            wizard.post_later(person, filled.ref, filled.revision, at)
            ack(response_action="clear")  # what comes of it is a direct message
        elif filled.step == CHANGE:
            bot.side_changing.submit(person, filled.ref, filled.given, at)
            ack(response_action="clear")
        elif filled.step in later:
            value, words = one(filled.given, "board"), one(filled.given, "search")
            told = {"value": value} if value else {"words": words}
            later[filled.step](person, filled.ref, name, workspace, at, **told)
            ack(response_action="update", view=waits)
        else:
            shown = wizard.submit(person, filled.ref, filled.revision, filled.step, filled.given, at)
            if shown is None:
                wizard.fill_later(person, filled.ref, name, workspace, at)
            made = waits if shown is None else wizard_forms.view_of(shown, language)
            ack(response_action="update", view=made)

    def answer(
        ack: Ack,
        body: dict[str, Any],
        action: dict[str, Any],
        client: WebClient,
        context: BoltContext,
        person: Person,
        at: datetime,
    ) -> None:
        ack()
        view_id = loading(client, body, context, title=TITLE_TEXT)
        bot.asking.later(person, action["value"], view_id, str(context.team_id), at)

    def change(
        ack: Ack,
        body: dict[str, Any],
        action: dict[str, Any],
        client: WebClient,
        context: BoltContext,
        person: Person,
        at: datetime,
    ) -> None:
        ack()
        view_id = loading(client, body, context, title=TITLE_TEXT)
        bot.side_changing.later(person, action["value"], view_id, str(context.team_id), at)

    def discard(press: Press) -> Message:
        return wizard.discard(press.person, press.value, press.at)

    def take_over(press: Press) -> Message:
        return wizard.take_over(press.person, press.value, press.at)

    app.action(names.SETUP_OPEN)(open_)
    app.action(names.SETUP_ANSWER)(answer)
    app.action(names.PROPOSAL_CHANGE)(change)
    app.action(names.SETUP_BACK)(back)
    app.action(names.SETUP_ACT)(choose)
    app.action(names.SETUP_DISCARD)(replaces(bot, discard))
    app.action(names.SETUP_TAKE)(replaces(bot, take_over))
    app.view(names.SETUP_FORM)(submit)


def _workspace(view: dict[str, Any], context: BoltContext) -> str:
    """The workspace of the installation whose window it is."""
    return str(view.get("app_installed_team_id") or context.team_id)
