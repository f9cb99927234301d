"""Registering webhooks as an administrator."""

from starlette.responses import JSONResponse, Response

from fmo_bot.sandbox.jira.door import Answer, Call, Endpoint
from fmo_bot.sandbox.jira.hooks import Hooks
from fmo_bot.sandbox.jira.refusals import Refused


def endpoints(hooks: Hooks) -> list[Endpoint]:
    """List, register, read and remove."""

    def listed(call: Call) -> Answer:
        call.site.permit("webhook")
        return [hook.shown() for hook in hooks.by_number.values()]

    def register(call: Call) -> Answer:
        call.site.permit("webhook")
        return JSONResponse(hooks.register(call.given(), call.base).shown(), 201)

    def one(call: Call) -> Answer:
        call.site.permit("webhook")
        number = call.path("number")
        if not number.isdigit() or int(number) not in hooks.by_number:
            raise Refused(404, "The webhook was not found.")
        return hooks.by_number[int(number)].shown()

    def remove(call: Call) -> Answer:
        call.site.permit("webhook")
        hooks.remove(int(call.path("number")) if call.path("number").isdigit() else 0)
        return Response(status_code=204)

    path = "/rest/webhooks/1.0/webhook"
    return [
        Endpoint("GET", path, listed),
        Endpoint("POST", path, register),
        Endpoint("GET", f"{path}/{{number}}", one),
        Endpoint("DELETE", f"{path}/{{number}}", remove),
    ]
