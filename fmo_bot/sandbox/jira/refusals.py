"""How Jira says no."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response


class Refused(Exception):
    """An answer other than success, in Jira's shape `{"errorMessages": […], "errors": {field: message}}`."""

    def __init__(
        self,
        status: int,
        *messages: str,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> None:
        """`body` replaces the usual shape: a string goes out as text, anything else as JSON."""
        super().__init__(" ".join(messages) or str(body))
        self.status = status
        self.headers = dict(headers or {})
        self.body = {"errorMessages": list(messages), "errors": dict(errors or {})} if body is None else body

    def response(self) -> Response:
        """As it goes over the wire."""
        if isinstance(self.body, str):
            return PlainTextResponse(self.body, self.status, self.headers)
        return JSONResponse(self.body, self.status, self.headers)
