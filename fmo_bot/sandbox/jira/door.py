"""The door of the site: who calls, faults, bodies; then one table of endpoints becomes Starlette routes."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fmo_bot.sandbox.clock import real_now
from fmo_bot.sandbox.doorkeeper import Silence, hang_up
from fmo_bot.sandbox.jira import keys
from fmo_bot.sandbox.jira.issue import Issue
from fmo_bot.sandbox.jira.keys import Key
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.site import CLOUD, DATA_CENTER, Site
from fmo_bot.sandbox.jira.troubles import DATA_CENTER_LIMITS, Dropped
from fmo_bot.sandbox.jira.views import Selection, Views

Json = dict[str, Any]
INVALID = "Invalid request payload. Refer to the REST API documentation and try again."
MAX_BODY = 5_000_000


class Encoded(JSONResponse):
    """JSON, written ten times as fast as by the standard library: pages of issues are large."""

    def render(self, content: Any) -> bytes:
        """As bytes."""
        return msgspec.json.encode(content)


class Call:
    """One request: what was asked, of which site, when."""

    def __init__(self, site: Site, request: Request, body: Any, key: Key | None = None) -> None:
        """`body`: the parsed JSON, or None; `key`: what the caller showed, None where nothing is asked for."""
        self.site = site
        self.request = request
        self.body = body
        self._key = key
        self.at: datetime = site.now()
        origin = f"{request.url.scheme}://{request.url.netloc}"
        self.address = f"{origin}/jira/{site.key}"  # of the site, for people
        self.base = f"{origin}{request.scope['root_path']}"  # through which the caller came
        self.views = Views(site, self.base, self.at, adf=self.adf, me=key.account if key else None)

    @property
    def key(self) -> Key:
        """What the caller showed."""
        if self._key is None:
            raise Refused(401, "Client must be authenticated to access this resource.")
        return self._key

    @property
    def me(self) -> Json:
        """The caller's account."""
        return self.key.account

    def find(self, id_or_key: str) -> Issue:
        """The issue, where the caller may see it; Jira's 404 otherwise."""
        return self.site.find(id_or_key, self.me)

    @property
    def adf(self) -> bool:
        """Whether texts are Atlassian documents (API version 3) and not strings."""
        return self.path("version") == "3"

    def path(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params.get(name, ""))

    def ask(self, name: str, default: Any = None) -> Any:
        """A parameter, from the body of a POST or from the query."""
        if isinstance(self.body, dict) and name in self.body:
            return self.body[name]
        return self.request.query_params.get(name, default)

    def number(self, name: str, default: int) -> int:
        """A whole number of at least 0; Jira's 400 otherwise."""
        value = self.ask(name, default)
        if isinstance(value, bool) or not str(value).isdigit():
            raise Refused(400, f"The value '{value}' of '{name}' is not a whole number.")
        return int(value)

    def fields(self, default: str = "*all") -> Selection:
        """The `fields` parameter."""
        asked = self.ask("fields") if isinstance(self.body, dict) else self.request.query_params.getlist("fields")
        return Selection.of([asked] if isinstance(asked, str) else asked or [], default)

    def expands(self, what: str) -> bool:
        """Whether `expand` names it."""
        asked = self.ask("expand") or ""
        return what in (asked if isinstance(asked, list) else [part.strip() for part in asked.split(",")])

    def given(self) -> Json:
        """The body, which must be an object."""
        return part(self.body)


def part(value: Any) -> Json:
    """A JSON object in a body; Jira's 400 for anything else."""
    if not isinstance(value, dict):
        raise Refused(400, INVALID)
    return value


Answer = Json | list[Any] | Response
Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Endpoint:
    """One row of a table of endpoints. `of`: the flavours that have it."""

    method: str
    path: str
    handler: Handler
    of: tuple[str, ...] = (CLOUD, DATA_CENTER)
    anonymous: bool = False


def routes(site: Site, table: Sequence[Endpoint]) -> list[Route]:
    """The routes of the endpoints this flavour has, and Jira's 404 for everything else below `/rest`."""
    mine = [endpoint for endpoint in table if site.settings.flavour in endpoint.of]
    lost = Endpoint("", "/rest/{path:path}", _lost)
    every = ["GET", "POST", "PUT", "DELETE"]
    return [
        *(Route(one.path, _served(site, one), methods=[one.method]) for one in mine),
        Route(lost.path, _served(site, lost), methods=every),
    ]


def _lost(call: Call) -> Answer:
    raise Refused(404, body={"message": f"null for uri: {call.request.url}", "status-code": 404})


def _served(site: Site, endpoint: Endpoint) -> Callable[[Request], Any]:
    name = f"{endpoint.method} {endpoint.path}"

    async def serve(request: Request) -> Response:
        try:
            response = await _answered(site, endpoint, request)
        except Refused as refused:
            response = refused.response()
        except Dropped:
            site.requests[name, 0] += 1
            await hang_up(request.scope)
            return Silence()
        site.requests[name, response.status_code] += 1
        response.headers["Date"] = format_datetime(real_now() + site.troubles.off_by(), usegmt=True)
        if not site.is_cloud and not endpoint.anonymous and response.status_code != 401:
            for header, value in DATA_CENTER_LIMITS.items():
                response.headers.setdefault(header, value)
        return response

    return serve


async def _answered(site: Site, endpoint: Endpoint, request: Request) -> Response:
    key = None if endpoint.anonymous else _known(site, request)
    path, issue = f"{request.method} {request.scope['path']}", request.path_params.get("issue")
    site.troubles.before(request.method, path, f"{endpoint.method} {endpoint.path}", issue)
    if delay := site.troubles.delay(path):
        await asyncio.sleep(delay)
    if request.path_params.get("version", "2") not in (("2", "3", "latest") if site.is_cloud else ("2", "latest")):
        _lost(Call(site, request, None))
    answer = endpoint.handler(Call(site, request, await _body(request), key))
    site.troubles.after(path)
    return answer if isinstance(answer, Response) else Encoded(answer)


async def _body(request: Request) -> Any:
    raw = await request.body()
    if len(raw) > MAX_BODY:
        raise Refused(413, "The request is too large.")
    if not raw.strip():
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Refused(400, INVALID) from error


def _known(site: Site, request: Request) -> Key:
    """Who calls, through the site's own address or the gateway. Raises Refused, 401."""
    root = str(request.scope["root_path"])
    gateway = root.endswith(f"/ex/jira/{site.cloud_id}")
    key = site.keys.enter(request.headers.get("Authorization", ""), gateway=gateway)
    if gateway:
        keys.permit(key, request.method, str(request.scope["path"]).removeprefix(root))
    return key
