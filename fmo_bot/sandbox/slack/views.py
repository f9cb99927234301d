"""views.*: modals and App Homes."""

import copy
import json
import secrets
from typing import Any

from fmo_bot.sandbox.slack import blocks as block_rules
from fmo_bot.sandbox.slack import elements
from fmo_bot.sandbox.slack.call import Call, Method
from fmo_bot.sandbox.slack.chat import refuse, with_ids
from fmo_bot.sandbox.slack.checks import length, text_object
from fmo_bot.sandbox.slack.errors import SlackError, invalid_arguments
from fmo_bot.sandbox.slack.state import OpenView, Trigger
from fmo_bot.sandbox.world import User

DEEPEST = 3
LARGEST = 250_000


def open_view(call: Call) -> dict[str, Any]:
    """views.open: a new stack of modals for whoever the trigger belongs to."""
    return _with_trigger(call, fresh=True)


def push_view(call: Call) -> dict[str, Any]:
    """views.push: on top of the stack."""
    return _with_trigger(call, fresh=False)


def update_view(call: Call) -> dict[str, Any]:
    """views.update by view_id or external_id, refused on another hash."""
    body = checked(call, call.args.json("view"), "modal")
    open_one = _named(call)
    _same_hash(call, open_one)
    replace(call, open_one, body)
    return {"view": shown(open_one)}


def publish(call: Call) -> dict[str, Any]:
    """views.publish: the Home of a person with this installation."""
    body = checked(call, call.args.json("view"), "home")
    user = call.person(call.args.need("user_id"))
    key = (call.app.id, call.team_id, user.id)
    if key in call.state.homes:
        _same_hash(call, call.state.homes[key])
        replace(call, call.state.homes[key], body)
    else:
        call.state.homes[key] = _new(call, user, body)
        _tell(call, call.state.homes[key])
    return {"view": shown(call.state.homes[key])}


def checked(call: Call, view: Any, surface: str) -> dict[str, Any]:
    """A view that Slack would take, with ids; refused with Slack's explanations otherwise."""
    if not isinstance(view, dict):
        raise invalid_arguments("missing required field: view")
    if len(json.dumps(view)) > LARGEST:
        raise SlackError("view_too_large")
    problems = [f"{text} [json-pointer:/view{where}]" for where, text in _frame(view, surface)]
    if "blocks" in view:
        found = block_rules.problems(view["blocks"], surface)
        problems += [text.replace("[json-pointer:", "[json-pointer:/view") for text in found]
    refuse(problems, "invalid_arguments")
    known = ("type", "title", "submit", "close", "private_metadata", "callback_id", "external_id")
    kept = {name: view[name] for name in (*known, "clear_on_close", "notify_on_close") if name in view}
    return {**kept, "blocks": with_ids(call.state, copy.deepcopy(view["blocks"]))}


def _frame(view: dict[str, Any], surface: str) -> Any:
    if view.get("type") != surface:
        yield "/type", f"must be {surface}"
    if "blocks" not in view:
        yield "", "missing required field: blocks"
    yield from length(view, "private_metadata", 3000, required=False, least=0)
    yield from length(view, "callback_id", 255, required=False, least=0)
    yield from length(view, "external_id", 255, required=False, least=0)
    if surface == "modal":
        yield from text_object(view, "title", 24, plain=True)
        yield from text_object(view, "submit", 24, plain=True, required=_has_input(view))
        yield from text_object(view, "close", 24, plain=True, required=False)


def _has_input(view: dict[str, Any]) -> bool:
    blocks = view.get("blocks")
    return isinstance(blocks, list) and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)


def shown(view: OpenView) -> dict[str, Any]:
    """A view as Slack shows it to the app, with the state of its inputs."""
    return {**view.body, "state": {"values": state_values(view)}}


def state_values(view: OpenView) -> dict[str, Any]:
    """Slack's `state.values`: every input and every element that holds something."""
    found: dict[str, Any] = {}
    for block in view.body["blocks"]:
        for element in elements.of(block):
            if element["type"] in (*elements.STATELESS, "overflow") or "action_id" not in element:
                continue
            plain = view.values.get(block["block_id"], {}).get(element["action_id"], elements.initial(element))
            state = elements.state_of(element, plain, view.offered)
            found.setdefault(block["block_id"], {})[element["action_id"]] = state
    return found


def replace(call: Call, view: OpenView, body: dict[str, Any]) -> None:
    """Show another body under the same id; input stays where block and action ids stay."""
    kept = ("id", "team_id", "app_id", "app_installed_team_id", "bot_id", "root_view_id", "previous_view_id")
    view.body = _filled({**body, **{name: view.body[name] for name in kept}})
    _tell(call, view)


def push(call: Call, user: User, body: dict[str, Any]) -> OpenView:
    """A new modal on top of a person's stack."""
    stack = call.state.modals.setdefault(user.id, [])
    if len(stack) >= DEEPEST:
        raise SlackError("push_limit_reached")
    view = _new(call, user, body)
    if stack:
        view.body |= {"root_view_id": stack[0].id, "previous_view_id": stack[-1].id}
    stack.append(view)
    _tell(call, view)
    return view


def _with_trigger(call: Call, *, fresh: bool) -> dict[str, Any]:
    body = checked(call, call.args.json("view"), "modal")
    trigger = _exchange(call)
    if fresh:
        call.state.modals[trigger.user.id] = []
    view = push(call, trigger.user, body)
    return {"view": shown(view)}


def _exchange(call: Call) -> Trigger:
    trigger = call.state.triggers.get(call.args.need("trigger_id"))
    if trigger is None or trigger.app.id != call.app.id:
        raise SlackError("invalid_trigger_id")
    if trigger.used:
        raise SlackError("exchanged_trigger_id")
    if trigger.expires < call.state.clock.machine():
        raise SlackError("expired_trigger_id")
    trigger.used = True
    return trigger


def _named(call: Call) -> OpenView:
    view_id, external_id = call.args.text("view_id"), call.args.text("external_id")
    every = [*call.state.homes.values(), *(view for stack in call.state.modals.values() for view in stack)]
    for view in every:
        same = view.id == view_id if view_id else view.body.get("external_id") == external_id != ""
        if same and view.app.id == call.app.id:
            return view
    raise SlackError("not_found")


def _same_hash(call: Call, view: OpenView) -> None:
    if call.args.text("hash") not in ("", view.body["hash"]):
        raise SlackError("hash_conflict")


def _new(call: Call, user: User, body: dict[str, Any]) -> OpenView:
    id = call.state.new_id("V")
    about = {
        "id": id,
        "team_id": user.team_id,
        "app_id": call.app.id,
        "app_installed_team_id": call.team_id,
        "bot_id": call.bot.bot_id,
        "root_view_id": id,
        "previous_view_id": None,
    }
    return OpenView(body=_filled({**body, **about}), app=call.app, team_id=call.team_id, user=user)


def _filled(body: dict[str, Any]) -> dict[str, Any]:
    blank = {"title": None, "submit": None, "close": None, "private_metadata": "", "callback_id": "", "external_id": ""}
    return {**blank, "clear_on_close": False, "notify_on_close": False, **body, "hash": secrets.token_hex(8)}


def _tell(call: Call, view: OpenView) -> None:
    kind = "home" if view.body["type"] == "home" else "view"
    call.state.views.append({"user": view.user.id, "team_id": view.team_id, "app_id": view.app.id, "view": view.body})
    call.state.changes.add(kind, user=view.user.id, app_id=view.app.id, team_id=view.team_id, view_id=view.id)


METHODS = {
    "views.open": Method(open_view, (), 4),
    "views.push": Method(push_view, (), 4),
    "views.update": Method(update_view, (), 4),
    "views.publish": Method(publish, (), 4),
}
