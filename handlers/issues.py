"""Issues: the buttons of a card, the forms of acts, the message shortcut. `/fmo issue` is in handlers.commands."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from slack_bolt import Ack, App, BoltContext
from slack_sdk import WebClient

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain import act_forms
from fmo_bot.domain.act_forms import Filled
from fmo_bot.domain.messages import Message
from fmo_bot.domain.parties import Person
from fmo_bot.slack import act_forms as forms
from fmo_bot.slack import actions as names
from fmo_bot.slack.text import unmarked
from handlers.buttons import Press, tells
from handlers.windows import loading

_WORDS = 3000  # characters of a message that is to become an issue


def register(app: App, bot: Bot) -> None:
    """Take the buttons, the shortcut, the choice in a form, and the form."""
    asking = (names.ISSUE_ASSIGN, act_forms.ASSIGN), (names.ISSUE_MOVE, act_forms.MOVE)
    for action, kind in (*asking, (names.ISSUE_COMMENT, act_forms.COMMENT)):
        app.action(action)(_opens(bot, kind))
    for action, kind in ((names.ISSUE_FLAG, act_forms.FLAG), (names.ISSUE_UNFLAG, act_forms.UNFLAG)):
        app.action(action)(_does(bot, kind))
    app.shortcut({"callback_id": names.ISSUE_FROM_MESSAGE, "type": "message_action"})(_of_message(bot))
    app.action(names.ACT_CHOICE)(_chooses(bot))
    app.view(names.ACT_FORM)(_submits(bot))


def _opens(bot: Bot, kind: str) -> Callable[..., None]:
    """A form, filled when Jira has answered."""

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
        view_id = loading(client, body, context, title=forms.TITLE_TEXT)
        ref, _, offer = bot.acts.begin(person, action["value"], kind, at)
        if offer.text is not None:  # nothing has to be asked of Jira
            view = forms.form(ref, kind, offer, bot.language_of(person))
            client.views_update(view_id=view_id, view=view)
            return
        bot.acts.fill_later(person, ref, view_id, str(context.team_id), at)

    return open_form


def _does(bot: Bot, kind: str) -> Callable[..., None]:
    """An act that asks nothing."""

    def do(press: Press) -> Message:
        ref, _, _ = bot.acts.begin(press.person, press.value, kind, press.at)
        return bot.acts.submit(press.person, Filled(ref=ref), press.at)

    return tells(bot, do)


def _of_message(bot: Bot) -> Callable[..., None]:
    def open_form(
        ack: Ack, body: dict[str, Any], client: WebClient, context: BoltContext, person: Person, at: datetime
    ) -> None:
        ack()
        view_id = loading(client, body, context, title=forms.TITLE_TEXT)
        message, channel = body["message"], str(body["channel"]["id"])
        source = {"workspace": str(context.team_id), "channel": channel, "ts": str(message["ts"])}
        source["thread"] = str(message.get("thread_ts") or "")
        words = unmarked(str(message.get("text", "")))[:_WORDS]
        ref, _, _ = bot.acts.begin_of_message(person, words, source, channel=channel, at=at)
        bot.acts.fill_later(person, ref, view_id, str(context.team_id), at)

    return open_form


def _chooses(bot: Bot) -> Callable[..., None]:
    def choose(ack: Ack, body: dict[str, Any], context: BoltContext, person: Person, at: datetime) -> None:
        ack()
        view = body["view"]
        context["view_id"], context["view_title"] = view["id"], forms.TITLE_TEXT
        workspace = str(view.get("app_installed_team_id") or context.team_id)
        bot.acts.choose(person, forms.read(view), view["id"], workspace, at)

    return choose


def _submits(bot: Bot) -> Callable[..., None]:
    def submit(ack: Ack, view: dict[str, Any], person: Person, at: datetime) -> None:
        # Acknowledged only when it is written down: a sentence under a field is part of the acknowledgement.
        bot.acts.submit(person, forms.read(view), at)
        ack()

    return submit
