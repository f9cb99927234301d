"""A window that opens at once and is filled when its words are there."""

from typing import Any

from slack_bolt import BoltContext
from slack_sdk import WebClient

from fmo_bot.slack import forms


def loading(client: WebClient, body: dict[str, Any], context: BoltContext, *, title: str = forms.TITLE_TEXT) -> str:
    """Open it and give its id. A trigger id lives three seconds, which the database or Jira may not keep to.

    Whatever goes wrong after it is told in it; see `handlers.errors`.
    """
    context["view_title"] = title
    opened = client.views_open(trigger_id=body["trigger_id"], view=forms.waiting("en", title=title))
    context["view_id"] = view_id = str(opened["view"]["id"])
    return view_id
