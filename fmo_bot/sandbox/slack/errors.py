"""How Slack says no."""

from typing import Any


class SlackError(Exception):
    """An API call answered `{"ok": false, "error": error, ...extra}` with HTTP status 200."""

    def __init__(self, error: str, **extra: Any) -> None:
        """`error` is Slack's code; `extra` goes beside it."""
        self.error = error
        self.extra = extra
        super().__init__(error)


class TooMany(SlackError):
    """HTTP 429 with `Retry-After: retry_after` whole seconds."""

    def __init__(self, retry_after: int) -> None:
        """In seconds of machine time."""
        self.retry_after = retry_after
        super().__init__("ratelimited")


def invalid_arguments(*messages: str, error: str = "invalid_arguments") -> SlackError:
    """An error with Slack's explanations, each given without its `[ERROR] `."""
    return SlackError(error, response_metadata={"messages": [f"[ERROR] {text}" for text in messages]})
