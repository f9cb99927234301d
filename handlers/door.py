"""The door as a whole: Bolt apps on their sockets and behind the web server, until somebody stops it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Self

import structlog
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.errors import SettingsWrong
from fmo_bot.slack.outcomes import code_of
from handlers.asgi import application
from handlers.bolt import Listeners, build
from handlers.health import bind, server
from handlers.jobs import add_jobs
from handlers.metrics import Metrics

_GRACE = 3  # seconds for requests in hand when the server stops: Slack waits no longer for an acknowledgement
_log = structlog.get_logger(__name__)


class Door:
    """Everything through which the world comes in: `with Door(bot) as door: door.serve()`."""

    def __init__(self, bot: Bot) -> None:
        """Builds the apps and binds the web server's port; nothing is taken yet."""
        self._bot = bot
        add_jobs(bot)
        self._listeners = Listeners()
        bot.listening = lambda: self._listeners.running
        self.apps = {app.key: build(bot, app.key, self._listeners) for app in bot.settings.slack_apps}
        self._sockets = {
            app.key: SocketModeHandler(self.apps[app.key], app.app_token)
            for app in bot.settings.slack_apps
            if app.app_token
        }
        by_http = {app.key: self.apps[app.key] for app in bot.settings.slack_apps if app.signing_secret}
        self._bound = bind(bot.settings.host, bot.settings.port, setting="FMO_PORT")
        self.port: int = self._bound.getsockname()[1]
        self._server = server(application(bot, by_http, Metrics(bot), problems=self.problems), grace=_GRACE)

    def __enter__(self) -> Self:
        """Start the bot, then open the sockets: nobody is let in before there is somebody to answer."""
        self._bot.start()
        for key, handler in self._sockets.items():
            _connect(key, handler)
        return self

    def serve(self) -> None:
        """Serve until SIGTERM or SIGINT (in the main thread) or `stop`."""
        public = self._bot.settings.public_url
        _log.info("the door is open", port=self.port, sockets=len(self._sockets), public_url=public)
        self._server.run(sockets=[self._bound])

    def problems(self) -> list[str]:
        """Why not everybody can be served now, in sentences: the database, or a socket that is not open."""
        closed = [key for key, handler in self._sockets.items() if not handler.client.is_connected()]
        return [*self._bot.problems(), *(f"The socket of Slack app {key} is not open." for key in closed)]

    def stop(self) -> None:
        """End `serve`."""
        self._server.should_exit = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let nobody in any more, then let what runs come to its end."""
        until = self._bot.leave()
        # The client closes a socket only between two reads, at worst three seconds later: all of them at once.
        with ThreadPoolExecutor(max(len(self._sockets), 1)) as closing:
            list(closing.map(_disconnect, self._sockets.values()))
        if not self._listeners.close(within=max(0.0, until - monotonic())):
            _log.warning("some clicks were not answered to the end")
        self._bound.close()


def _connect(key: str, handler: SocketModeHandler) -> None:
    """Open a socket. Raises SettingsWrong where Slack refuses the token."""
    try:
        handler.connect()  # type: ignore[no-untyped-call]
    except SlackApiError as error:
        why = f"Slack refuses it ({code_of(error)}); it needs the scope connections:write."
        raise SettingsWrong([f"FMO_SLACK_{key.upper()}_APP_TOKEN: {why}"]) from error


def _disconnect(handler: SocketModeHandler) -> None:
    """Close a socket without its client's patience: three seconds for what may still come, one for an empty queue."""
    client = handler.client
    client.closed = client.current_session_state.terminated = True
    client.enqueue_message("")
    if client.current_session is not None:
        with suppress(OSError):  # the line is gone, and with it whoever reads
            client.current_session.ping("leaving")  # its answer ends the read that goes on, and no other begins
    handler.close()  # type: ignore[no-untyped-call]
