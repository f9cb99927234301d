"""Logging: structlog as text or JSON on stderr, through one pipe for our own and the libraries' lines; no secrets."""

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

_SECRETS = re.compile(
    r"xox[a-z](?:\.[a-z]+)?-[\w-]+|xapp-[\w-]+|v0=[0-9a-f]{64}|sha256=[0-9a-f]{64}"
    r"|(?i:\b(?:bearer|basic)\s+[\w.~+/=-]+)"
    r"|https://hooks\.slack\.com/\S+|https?://[^\s'\"]+/slack/response/[^\s'\"]+|//[^/\s:@]+:[^/\s@]+@"
    r"|(?<=/hooks/)[\w-]{20,}"  # the address of a Jira's webhook
    # a secret inside a JSON body or a form
    r"|(?i:(?<=token=)[^&\s]+|(?<=\"token\":\")[^\"]+|(?<=\"token\": \")[^\"]+)"
)
_SECRET_KEYS = frozenset({"authorization", "token", "signature", "response_url", "signing_secret", "cookie"})
_LONGEST = 2000  # characters of one value: nobody's request body is logged whole
# Libraries that write whole bodies or one line per request below these levels.
_QUIETED = {
    "slack_bolt": logging.WARNING,
    "slack_sdk": logging.WARNING,
    "urllib3": logging.WARNING,
    "apscheduler": logging.ERROR,
    "uvicorn.access": logging.WARNING,
    "matplotlib": logging.WARNING,
    "alembic": logging.WARNING,
    "procrastinate": logging.WARNING,
    "psycopg": logging.ERROR,
}


def configure(*, level: str, style: str) -> None:
    """Send everything at `level` and above to stderr; `style` is `text` or `json`."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    finish: tuple[structlog.typing.Processor, ...] = (
        _drop_colours,
        structlog.processors.format_exc_info,
        redact,
        _renderer(style),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finish],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name, floor in _QUIETED.items():
        logging.getLogger(name).setLevel(max(floor, logging.getLevelNamesMapping()[level]))


def _renderer(style: str) -> structlog.typing.Processor:
    if style == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)


def _drop_colours(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Uvicorn says some lines twice: plainly, and for a terminal."""
    event.pop("color_message", None)
    return event


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take tokens, signatures, response addresses and Authorization out of a log line, and cut what is too long."""
    return {key: "[secret]" if key.lower() in _SECRET_KEYS else _clean(value) for key, value in event.items()}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        clean = _SECRETS.sub("[secret]", value)
        half = _LONGEST // 2  # the end of a traceback says what happened
        return clean if len(clean) <= _LONGEST else f"{clean[:half]}…{clean[-half:]}"
    if isinstance(value, dict):
        return {key: "[secret]" if str(key).lower() in _SECRET_KEYS else _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value
