"""The stand-up: its button, its form, its submission."""

from datetime import datetime
from typing import Any

from slack_bolt import Ack, App, BoltContext
from slack_sdk import WebClient

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.parties import Person
from fmo_bot.services.trials import PREFIX as TRIAL
from fmo_bot.slack import forms
from fmo_bot.slack.actions import BLOCKED, STANDUP_FORM, STANDUP_OPEN, TRIAL_OPEN
from handlers.windows import loading


def register(app: App, bot: Bot) -> None:
    """Take the button on a prompt, the choice in the form, and the form."""

    def open_form(
        ack: Ack,
        body: dict[str, Any],
        action: dict[str, Any],
        client: WebClient,
        context: BoltContext,
        person: Person,
        at: datetime,
    ) -> None:
        ack()
        view_id = loading(client, body, context)
        form = bot.answering(action["value"]).form(person, action["value"], at)
        client.views_update(view_id=view_id, view=forms.standup(form, bot.language_of(person)))

    def choose(ack: Ack, body: dict[str, Any], client: WebClient, person: Person, at: datetime) -> None:
        ack()
        view = body["view"]
        typed = forms.read(view)
        form = bot.answering(typed.ref).form(person, typed.ref, at)
        shown = forms.standup(form, bot.language_of(person), typed=typed)
        client.views_update(view_id=view["id"], hash=view["hash"], view=shown)

    def submit(ack: Ack, view: dict[str, Any], person: Person, at: datetime) -> None:
        # Acknowledged only when it is stored: a sentence under a field is part of the acknowledgement.
        filled = forms.read(view)
        bot.answering(filled.ref).submit(person, filled.ref, filled.answers, filled.blocked, at)
        ack()

    def try_form(
        ack: Ack,
        body: dict[str, Any],
        action: dict[str, Any],
        client: WebClient,
        context: BoltContext,
        person: Person,
        at: datetime,
    ) -> None:
        open_form(ack, body, {"value": TRIAL + action["value"]}, client, context, person, at)

    app.action(STANDUP_OPEN)(open_form)
    app.action(TRIAL_OPEN)(try_form)
    app.action(BLOCKED)(choose)
    app.view(STANDUP_FORM)(submit)
