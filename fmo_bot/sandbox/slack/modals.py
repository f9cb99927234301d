"""What a person does in modals and Homes: fill in, press, submit, close."""

from collections.abc import Mapping
from typing import Any

from fmo_bot.sandbox.slack import elements, payloads, views
from fmo_bot.sandbox.slack.call import Args, Call, Hub
from fmo_bot.sandbox.slack.errors import SlackError
from fmo_bot.sandbox.slack.people import Impossible, failure, offered
from fmo_bot.sandbox.slack.state import OpenView
from fmo_bot.sandbox.world import User

Values = Mapping[str, Mapping[str, Any]]


class Modals:
    """Every person's stack of modals, from the person's side."""

    def __init__(self, hub: Hub) -> None:
        """Acts upon `hub`."""
        self.hub = hub
        self.state = hub.state

    def stack(self, user: User) -> list[OpenView]:
        """The open modals, oldest first."""
        return self.state.modals.setdefault(user.id, [])

    def find(self, user: User, view_id: str) -> OpenView:
        """An open modal or a Home of this person."""
        homes = [view for view in self.state.homes.values() if view.user.id == user.id]
        for view in [*self.stack(user), *homes]:
            if view.id == view_id:
                return view
        raise Impossible(f"{user.real_name} has no view {view_id} open.")

    async def press(
        self, user: User, view_id: str, block_id: str, action_id: str, value: Any, values: Values
    ) -> dict[str, Any]:
        """Use an element of a view, with the input so far."""
        view = self.find(user, view_id)
        _keep(view, values)
        element = elements.find(view.body["blocks"], block_id, action_id)
        if element is None:
            raise Impossible(f"There is nothing called {action_id} in block {block_id} of this view.")
        if element["type"] not in elements.STATELESS:
            _keep(view, {block_id: {action_id: value}})
        payload = {
            **self._payload("block_actions", view),
            "container": {"type": "view", "view_id": view.id},
            "trigger_id": self.state.trigger(view.app, view.team_id, user),
            "actions": [payloads.action(self.state, block_id, element, value, view.offered)],
        }
        answer = await self.hub.delivery.ask(view.app, "interactive", payload)
        return {"ok": True} if answer.ok else {"ok": False, "error": failure(answer)}

    async def submit(self, user: User, view_id: str, values: Values) -> dict[str, Any]:
        """Submit the top modal; what the client itself refuses never reaches the app."""
        view = self.find(user, view_id)
        if not self.stack(user) or self.stack(user)[-1] is not view:
            raise Impossible("Only the modal on top can be submitted.", 409)
        _keep(view, values)
        if errors := _refused_by_client(view):
            return {"ok": False, "response_action": "errors", "errors": errors}
        payload = {
            **self._payload("view_submission", view),
            "trigger_id": self.state.trigger(view.app, view.team_id, user),
            "response_urls": [],
        }
        answer = await self.hub.delivery.ask(view.app, "interactive", payload)
        if not answer.ok:
            return {"ok": False, "error": failure(answer)}
        return self._follow(view, answer.body if isinstance(answer.body, Mapping) else {})

    async def close(self, user: User, view_id: str) -> dict[str, Any]:
        """Close a modal and what is on top of it; apps that asked hear of it."""
        view = self.find(user, view_id)
        self._remove(view)
        if view.body["notify_on_close"]:
            payload = {**self._payload("view_closed", view), "is_cleared": False}
            answer = await self.hub.delivery.ask(view.app, "interactive", payload)
            return {"ok": answer.ok}
        return {"ok": True}

    async def options(
        self, user: User, view_id: str, block_id: str, action_id: str, query: str
    ) -> list[Mapping[str, Any]]:
        """block_suggestion for an external select in a view; what is offered can then be chosen."""
        view = self.find(user, view_id)
        payload = {
            **self._payload("block_suggestion", view),
            "container": {"type": "view", "view_id": view.id},
            "block_id": block_id,
            "action_id": action_id,
            "value": query,
        }
        found = offered(await self.hub.delivery.ask(view.app, "interactive", payload))
        view.offered |= {option["value"]: option for option in found}
        return found

    def _payload(self, kind: str, view: OpenView) -> dict[str, Any]:
        try:
            return payloads.of_view(self.state, kind, view)
        except ValueError as error:
            raise Impossible(str(error), 400) from error

    def _follow(self, view: OpenView, told: Mapping[str, Any]) -> dict[str, Any]:
        """Do what the acknowledgement of a submission says."""
        action = told.get("response_action")
        if action == "errors":
            return self._errors(view, told.get("errors", {}))
        if action is None:
            self._remove(view)
            return {"ok": True}
        if action == "clear":
            self.state.modals[view.user.id] = []
            self._tell(view)
            return {"ok": True, "response_action": "clear"}
        return self._show(view, action, told)

    def _errors(self, view: OpenView, errors: Mapping[str, str]) -> dict[str, Any]:
        inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
        if not errors or not set(errors) <= inputs:
            return {"ok": False, "error": "invalid_errors"}  # Slack: "We had some trouble connecting"
        return {"ok": False, "response_action": "errors", "errors": dict(errors)}

    def _show(self, view: OpenView, action: str, told: Mapping[str, Any]) -> dict[str, Any]:
        call = Call(self.hub, view.app, view.team_id, Args({}))
        try:
            body = views.checked(call, told.get("view"), "modal")
            if action == "push":
                views.push(call, view.user, body)
            elif action == "update":
                views.replace(call, view, body)
            else:
                return {"ok": False, "error": "invalid_response_action"}
        except SlackError as error:
            return {"ok": False, "error": error.error, **error.extra}
        return {"ok": True, "response_action": action}

    def _remove(self, view: OpenView) -> None:
        stack = self.stack(view.user)
        if view in stack:
            del stack[stack.index(view) :]
        self._tell(view)

    def _tell(self, view: OpenView) -> None:
        self.state.changes.add("view", user=view.user.id, view_id=view.id)


def _keep(view: OpenView, values: Values) -> None:
    for block_id, given in values.items():
        view.values.setdefault(block_id, {}).update(given)


def _refused_by_client(view: OpenView) -> dict[str, str]:
    """What Slack's own client says under a field before the app hears of it."""
    errors = {}
    for block in view.body["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            plain = view.values.get(block["block_id"], {}).get(element["action_id"], elements.initial(element))
            if sentence := _field_error(block, element, plain):
                errors[block["block_id"]] = sentence
    return errors


def _field_error(block: Mapping[str, Any], element: Mapping[str, Any], plain: Any) -> str | None:
    if plain in (None, "", []):
        return None if block.get("optional") else "Please complete this required field."
    if element["type"] == "plain_text_input":
        if len(str(plain)) > element.get("max_length", 3000):
            return f"Must be {element.get('max_length', 3000)} characters or fewer."
        if len(str(plain)) < element.get("min_length", 0):
            return f"Must be {element['min_length']} characters or more."
    return None
