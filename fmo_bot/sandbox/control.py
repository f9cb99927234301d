"""Acting as people, reading the records, moving the switches: `/control/...` of docs/sandbox.md."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from fmo_bot.sandbox import channels
from fmo_bot.sandbox.clock import iso
from fmo_bot.sandbox.slack import files, views
from fmo_bot.sandbox.slack.errors import SlackError
from fmo_bot.sandbox.slack.people import Impossible
from fmo_bot.sandbox.slack.site import Slack
from fmo_bot.sandbox.slack.state import Message, shown
from fmo_bot.sandbox.world import App, Channel, Enterprise, User

Body = Mapping[str, Any]
Act = Callable[[User, Body], Awaitable[Any]]


class Describable(Protocol):
    """A Jira site, as far as `GET /control/world` is concerned."""

    def describe(self) -> dict[str, Any]:
        """Its own part."""


class Control:
    """Every control endpoint but Jira's own and the changes."""

    def __init__(self, slack: Slack, jira: Mapping[str, Describable], url: str, atlassian: Mapping[str, Any]) -> None:
        """`url` is the server's own address; `atlassian`: how programs get at Jira sites through the gateway."""
        self.atlassian = atlassian
        self.slack = slack
        self.state = slack.state
        self.jira = jira
        self.url = url

    def routes(self) -> list[BaseRoute]:
        """The map."""
        return [
            Route("/control/world", _guarded(self._world)),
            Route("/control/record", _guarded(self._record)),
            Route("/control/faults", _guarded(self._faults), methods=["GET", "POST"]),
            Route("/control/files/{id}", self._file),
            Route("/control/apps/{key}", _guarded(self._app), methods=["PUT"]),
            Route("/control/apps/{key}/disconnect", _guarded(self._disconnect), methods=["POST"]),
            Route("/control/apps/{key}/uninstall", _guarded(self._uninstall), methods=["POST"]),
            Route("/control/apps/{key}/admit", _guarded(self._admit), methods=["POST"]),
            Route("/control/enterprises/{id}", _guarded(self._enterprise), methods=["PUT"]),
            Route("/control/channels/{id}", _guarded(self._channel), methods=["PUT"]),
            Route("/control/channels/{id}/members", _guarded(self._members), methods=["POST"]),
            Route("/control/people/{user}", _guarded(self._person), methods=["PUT"]),
            Route("/control/as/{user}/conversations", _guarded(self._conversations)),
            Route("/control/as/{user}/messages", _guarded(self._messages)),
            Route("/control/as/{user}/views", _guarded(self._views)),
            Route("/control/as/{user}/home", _guarded(self._home)),
            *(
                Route(f"/control/as/{{user}}/{name}", _guarded(self._acting(act)), methods=["POST"])
                for name, act in self._acts().items()
            ),
        ]

    def _acts(self) -> dict[str, Act]:
        people, modals = self.slack.people, self.slack.modals

        async def say(user: User, body: Body) -> Any:
            return people.say(user, body["channel"], body["text"], body.get("thread_ts"))

        async def press(user: User, body: Body) -> Any:
            where = (body["channel"], body["ts"], body["block_id"], body["action_id"])
            return await people.press(user, *where, body.get("value"))

        async def press_view(user: User, body: Body) -> Any:
            where = (body["view_id"], body["block_id"], body["action_id"])
            return await modals.press(user, *where, body.get("value"), body.get("values") or {})

        async def options(user: User, body: Body) -> Any:
            what = (body["block_id"], body["action_id"], body.get("query", ""))
            if body.get("view_id"):
                found = await modals.options(user, body["view_id"], *what)
            else:
                found = await people.options(user, body, *what)
            return [{"text": option["text"]["text"], "value": option["value"]} for option in found]

        async def open_home(user: User, body: Body) -> Any:
            return people.open_home(user, body["app_id"], body["team_id"])

        return {
            "say": say,
            "command": lambda user, body: people.command(user, body["channel"], body["command"], body.get("text", "")),
            "press": press,
            "press_view": press_view,
            "submit": lambda user, body: modals.submit(user, body["view_id"], body.get("values") or {}),
            "close": lambda user, body: modals.close(user, body["view_id"]),
            "options": options,
            "open_home": open_home,
            "shortcut": lambda user, body: people.shortcut(user, body["app_id"], body["callback_id"]),
            "message_action": lambda user, body: people.message_action(
                user, body["app_id"], body["callback_id"], body["channel"], body["ts"]
            ),
        }

    def _acting(self, act: Act) -> Callable[[Request], Awaitable[Any]]:
        async def acting(request: Request) -> Any:
            return await act(self._who(request), await _body(request))

        return acting

    def _who(self, request: Request) -> User:
        return self.slack.people.user(request.path_params["user"])

    async def _world(self, request: Request) -> Any:
        cast = self.state.cast
        return {
            "now": iso(self.state.clock.now()),
            "workspaces": [_workspace(w) for w in cast.workspaces.values() if not w.outside],
            "outside": [_workspace(w) for w in cast.workspaces.values() if w.outside],
            "apps": [_app(app) for app in cast.apps.values()],
            "people": [_person(person, self.state.clock.now()) for person in cast.people()],
            "channels": [_channel(channel) for channel in cast.channels.values() if channel.im is None],
            "jira": [
                site.describe() | {"site": key, "url": f"{self.url}/jira/{key}"} for key, site in self.jira.items()
            ],
            "atlassian": self.atlassian,
            "slack_api_url": f"{self.url}/slack/api/",
            "clock_url": f"{self.url}/clock",
            "transport": self.slack.hub.delivery.transport,
        }

    async def _record(self, request: Request) -> Any:
        return self.slack.record()

    async def _faults(self, request: Request) -> Any:
        if request.method == "POST":
            self.state.faults.set(await _body(request))
        return self.state.faults.describe()

    async def _file(self, request: Request) -> Response:
        return files.content_of(self.state, request.path_params["id"])

    async def _app(self, request: Request) -> Any:
        app, told = self._app_by_key(request), await _body(request)
        if "request_url" in told:
            app.request_url = str(told["request_url"]) if told["request_url"] else None
        app.rotates = bool(told.get("rotates", app.rotates))
        return _app(app)

    async def _disconnect(self, request: Request) -> Any:
        told = await _body(request)
        await self.slack.sockets.disconnect(self._app_by_key(request), warning_s=float(told.get("warning_s", 10)))
        return {"ok": True}

    async def _uninstall(self, request: Request) -> Any:
        app, team = self._app_by_key(request), str((await _body(request))["team"])
        if team not in app.bot_tokens:
            raise Impossible(f"{app.name} is not installed in {team}.")
        self.slack.installing.uninstall(app, team)
        return _app(app)

    async def _admit(self, request: Request) -> Any:
        """An admin of the organisation lets the app of all of it into one more of its workspaces."""
        app, team = self._app_by_key(request), str((await _body(request))["team"])
        try:
            self.slack.installing.admit(app, team)
        except SlackError as error:
            raise Impossible(f"{app.name} is in no organisation of {team}, or in {team} already.", 409) from error
        return _app(app)

    async def _enterprise(self, request: Request) -> Any:
        """Workspaces become, or stop being, those of an Enterprise Grid organisation."""
        told, id = await _body(request), request.path_params["id"]
        if not id.startswith("E"):
            raise ValueError("The id of an organisation begins with E.")
        self.state.cast.join(Enterprise(id=id, name=str(told.get("name", id))), [str(team) for team in told["teams"]])
        self.state.changes.add("world")
        return {"id": id, "teams": self.state.cast.grid(id)}

    def _app_by_key(self, request: Request) -> App:
        app = self.state.cast.app_by_key(request.path_params["key"])
        if app is None:
            raise Impossible(f"There is no app {request.path_params['key']}.")
        return app

    async def _channel(self, request: Request) -> Any:
        channel = self._any_channel(request)
        channels.change(self.slack.hub, channel, await _body(request))
        return _channel(channel)

    async def _members(self, request: Request) -> Any:
        told = await _body(request)
        user = self.state.cast.users.get(told["user"])
        if user is None:
            raise Impossible(f"There is no person {told['user']}.")
        channel = self._any_channel(request)
        channels.move(self.slack.hub, channel, user, leave=bool(told.get("leave")))
        return _channel(channel)

    def _any_channel(self, request: Request) -> Channel:
        channel = self.state.cast.channels.get(request.path_params["id"])
        if channel is None:
            raise Impossible(f"There is no channel {request.path_params['id']}.")
        return channel

    async def _person(self, request: Request) -> Any:
        user = self._who(request)
        channels.change_person(self.slack.hub, user, await _body(request))
        return _person(user, self.state.clock.now())

    async def _conversations(self, request: Request) -> Any:
        user = self._who(request)
        return [self._conversation(user, c) for c in self.state.cast.channels.values() if user.id in c.members]

    def _conversation(self, user: User, channel: Channel) -> dict[str, Any]:
        seen = [m for m in self.state.in_channel(channel.id) if m.visible_to in (None, user.id)]
        bot = self.state.cast.users[channel.im[1]] if channel.im else None
        own = user.team_id if user.team_id in channel.team_ids else user.guest_of
        return {
            "id": channel.id,
            "name": bot.real_name if bot else channel.name,
            "kind": "dm" if bot else "channel",
            "app_id": bot.app_id if bot else None,
            "workspace": bot.team_id if bot else own,
            "last_ts": seen[-1].ts if seen else None,
        }

    async def _messages(self, request: Request) -> Any:
        user = self._who(request)
        channel = self.slack.people.channel(user, request.query_params.get("channel", ""))
        seen = [m for m in self.state.in_channel(channel.id) if m.visible_to in (None, user.id)]
        return [self._message(message) for message in seen]

    def _message(self, message: Message) -> dict[str, Any]:
        told = shown(message)
        if told.get("files"):
            told["files"] = [{**file, "url": f"/control/files/{file['id']}"} for file in told["files"]]
        return {**told, "is_ephemeral": True} if message.visible_to else told

    async def _views(self, request: Request) -> Any:
        stack = self.slack.modals.stack(self._who(request))
        return [{**views.shown(view), "values": view.values} for view in stack]

    async def _home(self, request: Request) -> Any:
        asked = request.query_params
        home = self.state.homes.get((asked.get("app_id", ""), asked.get("team_id", ""), self._who(request).id))
        return {**views.shown(home), "values": home.values} if home else None


def _guarded(inside: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    """Answer as JSON, and what cannot be done with a sentence."""

    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await inside(request))
        except Impossible as error:
            return JSONResponse({"error": str(error)}, error.status)
        except KeyError as error:
            return JSONResponse({"error": f"{error} is missing."}, 400)
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return endpoint


async def _body(request: Request) -> dict[str, Any]:
    told = await request.json()
    if not isinstance(told, dict):
        raise ValueError("Send a JSON object.")
    return told


def _workspace(workspace: Any) -> dict[str, Any]:
    return {
        "id": workspace.id,
        "name": workspace.name,
        "domain": workspace.domain,
        "enterprise_id": workspace.enterprise_id,
    }


def _app(app: App) -> dict[str, Any]:
    return {
        "id": app.id,
        "key": app.key,
        "name": app.name,
        "installed": app.installed,
        "wide": app.wide,
        "commands": app.commands,
        "shortcuts": app.shortcuts,
        "app_token": app.app_token,
        "signing_secret": app.signing_secret,
        "bot_tokens": app.bot_tokens,
        "request_url": app.request_url,
    }


def _person(person: User, now: datetime) -> dict[str, Any]:
    kept = ("id", "team_id", "name", "real_name", "tz", "locale", "email", "guest_of", "deleted")
    return {**{name: getattr(person, name) for name in kept}, "tz_label": person.tz_label(now)}


def _channel(channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_private": channel.is_private,
        "host": channel.host,
        "is_ext_shared": channel.is_ext_shared,
        "is_archived": channel.is_archived,
        "team_ids": channel.team_ids,
        "limited": channel.limited,
        "members": channel.members,
    }
