"""`response_url`s, and the messages that come back in an acknowledgement."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from fmo_bot.sandbox.slack import blocks as block_rules
from fmo_bot.sandbox.slack import chat
from fmo_bot.sandbox.slack.state import Message, ResponseUrl, State
from fmo_bot.sandbox.world import App, User


def reply(state: State, told: Mapping[str, Any], *, app: App, team_id: str, user: User, channel: str) -> Message | None:
    """Post what an app answered: to this person only, unless it says `in_channel`. None where it says nothing."""
    body = {name: told[name] for name in ("text", "blocks", "attachments", "thread_ts") if told.get(name)}
    if not body.keys() & {"text", "blocks", "attachments"}:
        return None
    bot = state.cast.bot(app, team_id)
    visible_to = None if told.get("response_type") == "in_channel" else user.id
    body = {"text": "", **chat.by_bot(bot), **_named(state, body)}
    return state.keep(state.new_message(channel, body, author=bot, visible_to=visible_to))


def routes(state: State) -> list[BaseRoute]:
    """`/slack/response/<id>`."""

    async def respond(request: Request) -> Response:
        url = state.response_urls.get(request.path_params["id"])
        if url is None or url.expires < state.clock.machine():
            return PlainTextResponse("expired_url", 404)
        if url.left <= 0:
            return PlainTextResponse("used_url", 404)
        try:
            told = json.loads(await request.body())
        except ValueError:
            return PlainTextResponse("invalid_payload", 400)
        if problems := block_rules.problems(told.get("blocks") or [], "message"):
            return JSONResponse({"ok": False, "error": "invalid_blocks", "errors": problems}, 400)
        url.left -= 1
        _respond(state, url, told)
        return PlainTextResponse("ok")

    return [Route("/slack/response/{id}", respond, methods=["POST"])]


def _respond(state: State, url: ResponseUrl, told: Mapping[str, Any]) -> None:
    original = url.message
    here = original is not None and original in state.in_channel(url.channel)
    if told.get("delete_original") and here and original is not None:
        state.forget(original)
    elif told.get("replace_original") and here and original is not None:
        for name in ("blocks", "attachments"):
            original.body.pop(name, None)
        original.body |= _named(state, {name: told[name] for name in ("text", "blocks", "attachments") if name in told})
        state.changed(original)
    else:
        reply(state, told, app=url.app, team_id=url.team_id, user=url.user, channel=url.channel)


def _named(state: State, body: dict[str, Any]) -> dict[str, Any]:
    """The body, its blocks with the ids that Slack gives to those that have none."""
    return body | ({"blocks": chat.with_ids(state, body["blocks"])} if body.get("blocks") else {})
