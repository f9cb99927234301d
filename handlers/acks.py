"""An acknowledgement, once given, stands.

Bolt 1.30 takes it back when the listener fails right after it: its runner looks for the acknowledgement every 10 ms,
and a failure clears it (`ack.response = None` in `listener/thread_runner.py`). The click of somebody quickly refused
would then go unacknowledged for three seconds, and Slack would show them a warning beside our sentence.
"""

from collections.abc import Callable

from slack_bolt import Ack, App, BoltContext, BoltResponse

from fmo_bot.bootstrap.bot import Bot


class LastingAck(Ack):
    """Bolt's `ack`, whose answer is not forgotten."""

    _given: BoltResponse | None = None

    @property
    def response(self) -> BoltResponse | None:
        """What was answered; None as long as nothing was."""
        return self._given

    @response.setter
    def response(self, answer: BoltResponse | None) -> None:
        self._given = answer or self._given


def register(app: App, bot: Bot) -> None:
    """Give every request such an `ack`."""

    def lasting(context: BoltContext, next: Callable[[], BoltResponse]) -> BoltResponse:
        context["ack"] = LastingAck()  # type: ignore[no-untyped-call]
        return next()

    app.use(lasting)
