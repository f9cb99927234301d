"""Personal access tokens of Data Center, as their owner manages them: `/rest/pat/latest/tokens`."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse, Response

from fmo_bot.sandbox.jira import times
from fmo_bot.sandbox.jira.door import INVALID, Answer, Call, Endpoint
from fmo_bot.sandbox.jira.keys import PERSONAL, Key
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.site import DATA_CENTER

Json = dict[str, Any]
_A_DAY = 86_400


def listed(call: Call) -> Answer:
    """The caller's own, without their values."""
    return [_shown(call, key) for key in call.site.keys.of(call.key.account)]


def made(call: Call) -> Answer:
    """`{name, expirationDuration}` in days; without a duration it lasts. The value is shown this once."""
    name, days = call.given().get("name"), call.given().get("expirationDuration")
    if not isinstance(name, str) or not name.strip() or not isinstance(days, int | None) or (days or 1) < 1:
        raise Refused(400, INVALID)
    lasts = days * _A_DAY if days else None
    key = call.site.keys.make(PERSONAL, call.key.account, name=name, lasts=lasts)
    return JSONResponse({**_shown(call, key), "rawToken": key.value}, 201)


def revoked(call: Call) -> Answer:
    """By number; 404 for one of somebody else."""
    for key in call.site.keys.of(call.key.account):
        if str(key.number) == call.path("number"):
            call.site.keys.forget(key)
            return Response(status_code=204)
    raise Refused(404, "The token does not exist.")


def _shown(call: Call, key: Key) -> Json:
    def stamp(at: float) -> str:
        return times.stamp(datetime.fromtimestamp(at, UTC), call.site.zone)

    expiry = {"expiringAt": stamp(key.expires)} if key.expires is not None else {}
    return {"id": key.number, "name": key.name, "createdAt": stamp(key.made), **expiry}


_TOKENS = "/rest/pat/latest/tokens"
ENDPOINTS = [
    Endpoint("GET", _TOKENS, listed, of=(DATA_CENTER,)),
    Endpoint("POST", _TOKENS, made, of=(DATA_CENTER,)),
    Endpoint("DELETE", f"{_TOKENS}/{{number}}", revoked, of=(DATA_CENTER,)),
]
