"""Where log lines go: LOG messages on an Airbyte platform, else plain lines on stderr. Never with a token in them."""

import logging
import sys

from facebook_marketing.graph.wire import redact
from facebook_marketing.sinks.airbyte import Level, Output

ROOT = "facebook_marketing"

_LEVELS: dict[int, Level] = {
    logging.CRITICAL: "FATAL",
    logging.ERROR: "ERROR",
    logging.WARNING: "WARN",
    logging.INFO: "INFO",
    logging.DEBUG: "DEBUG",
}


class _ToAirbyte(logging.Handler):
    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        self._output.log(_LEVELS.get(record.levelno, "INFO"), redact(record.getMessage()))


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        mark = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        return f"{mark}{redact(record.getMessage())}"


def to_airbyte(output: Output, *, debug: bool) -> None:
    """Our log lines become LOG messages."""
    _use(_ToAirbyte(output), debug=debug)


def to_stderr(*, debug: bool) -> None:
    """Our log lines become plain lines on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Plain())
    _use(handler, debug=debug)


def _use(handler: logging.Handler, *, debug: bool) -> None:
    root = logging.getLogger(ROOT)
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    root.propagate = False
