"""One error handler for every listener: it words the error and chooses where the person sees it.

Under the field of the form that was sent; in the form that was being opened; else to them alone, beside where they
acted or in a direct message. What nobody foresaw gets an id to quote, and goes to the log with it.
"""

import secrets
from typing import Any

import structlog
from slack_bolt import App, BoltContext, BoltResponse, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.messages import Notice
from fmo_bot.errors import InvalidInput, Refusal
from fmo_bot.slack import act_forms, forms, wizard_forms
from fmo_bot.slack.actions import ACT_FORM, SETUP_FORM
from fmo_bot.slack.outcomes import code_of
from handlers.answers import tell

_log = structlog.get_logger(__name__)
_TOO_SLOW = frozenset({"expired_trigger_id", "trigger_expired"})
# A newer choice has changed the form already, or it was closed meanwhile: there is nothing to tell anybody.
_OVERTAKEN = frozenset({"hash_conflict", "not_found"})

_FORMS = {ACT_FORM: act_forms.errors, SETUP_FORM: wizard_forms.errors}  # a form -> how faults stand under its fields

SLOW = "Slack waited too long for FMO bot. Please press once more."
UNFORESEEN = "That did not work, for a reason nobody foresaw. Whoever runs FMO bot finds it in the log as {id}."


def register(app: App, bot: Bot) -> None:
    """Take every error of a listener."""

    def handle(
        error: Exception,
        body: dict[str, Any],
        context: BoltContext,
        client: WebClient,
        respond: Respond,
        response: BoltResponse | None,
    ) -> BoltResponse | None:
        if isinstance(error, SlackApiError) and code_of(error) in _OVERTAKEN:
            return None if response is None else BoltResponse(status=200, body="")
        refusal = worded(error)
        if body.get("type") == "event_callback":  # not written down: unacknowledged, Slack sends it again
            return BoltResponse(status=500, body="")
        # `response` is None where the listener had acknowledged before it failed: then nothing can be answered with.
        if body.get("type") == "view_submission" and response is not None:
            return _under_the_field(bot, refusal, body, context)
        show = _in_the_form if "view_id" in context else _to_them_alone
        try:
            show(bot, refusal, body, context, client, respond)
        except Exception:
            # The last one to hear of it: without this line a failed answer would vanish in a thread.
            _log.exception("a refusal could not be shown", refusal=refusal.text)
        return None if response is None else BoltResponse(status=200, body="")

    app.error(handle)


def worded(error: Exception) -> Refusal:
    """The sentence a person reads about an error; the unforeseen is logged under an id."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, SlackApiError) and code_of(error) in _TOO_SLOW:
        return Refusal(SLOW)
    quoted = secrets.token_hex(4)
    _log.error("unforeseen", id=quoted, exc_info=error)
    return Refusal(UNFORESEEN, id=quoted)


def _under_the_field(bot: Bot, refusal: Refusal, body: dict[str, Any], context: BoltContext) -> BoltResponse:
    """What was typed stays; a refusal of the whole stands under the first field."""
    fields = refusal.fields if isinstance(refusal, InvalidInput) else {"": refusal.text}
    words = _FORMS.get(body["view"].get("callback_id"), forms.errors)
    under = words(fields, body["view"], _values(bot, refusal, context), _language(bot, context))
    return BoltResponse(status=200, body={"response_action": "errors", "errors": under})


def _in_the_form(
    bot: Bot, refusal: Refusal, body: dict[str, Any], context: BoltContext, client: WebClient, respond: Respond
) -> None:
    title = context.get("view_title", forms.TITLE_TEXT)
    view = forms.refused(refusal.text, _values(bot, refusal, context), _language(bot, context), title=title)
    client.views_update(view_id=context["view_id"], view=view)


def _to_them_alone(
    bot: Bot, refusal: Refusal, body: dict[str, Any], context: BoltContext, client: WebClient, respond: Respond
) -> None:
    if "person" not in context:  # it failed before it was known who acts: the log has it
        return
    notice = Notice(text=refusal.text, values=dict(refusal.values))
    tell(bot, respond, body, person=context["person"], message=notice, at=context["at"])


def _values(bot: Bot, refusal: Refusal, context: BoltContext) -> dict[str, Any]:
    """What fills a refusal's placeholders, as the person may read it."""
    notice = Notice(text=refusal.text, values=dict(refusal.values))
    fitted = bot.fitted(context["person"], notice) if "person" in context else notice
    return fitted.values if isinstance(fitted, Notice) else {}


def _language(bot: Bot, context: BoltContext) -> str:
    return bot.language_of(context["person"]) if "person" in context else "en"
