"""Where log lines go: LOG messages on an Airbyte platform, else plain lines on stderr. Never with a token in them."""

import logging
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from facebook_marketing.graph.wire import redact
from facebook_marketing.sinks.airbyte import Level, Output

if TYPE_CHECKING:
    from facebook_marketing.config import Config

ROOT = "facebook_marketing"

_LEVELS: dict[int, Level] = {
    logging.CRITICAL: "FATAL",
    logging.ERROR: "ERROR",
    logging.WARNING: "WARN",
    logging.INFO: "INFO",
    logging.DEBUG: "DEBUG",
}

_secrets: set[str] = set()
"""What no text of this process may show, once a configuration was read."""


def hide(config: "Config") -> None:
    """From now on no text shows this configuration's token or secret, wherever a text has it from."""
    for secret in (config.access_token, config.client_secret):
        if secret is not None:
            _secrets.add(secret.get_secret_value())


def conceal(secret: str) -> None:
    """From now on no text shows this secret either."""
    _secrets.add(secret)


def clean(text: str) -> str:
    """The text without the configuration's secrets and without anything that looks like a token.

    Meta's own messages can hold the token that they complain of.
    """
    from facebook_marketing.config.mistakes import masked

    return masked(redact(text), _secrets)


class _ToAirbyte(logging.Handler):
    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):  # who writes rows finds out; who only logs is not to fail for it
            self._output.log(_LEVELS.get(record.levelno, "INFO"), record.getMessage())


class _ToStderr(logging.Handler):
    """Asks for stderr anew each time: a live display puts its own in place, so that lines do not tear it."""

    def emit(self, record: logging.LogRecord) -> None:
        mark = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        with suppress(BrokenPipeError):
            sys.stderr.write(f"{mark}{clean(record.getMessage())}\n")


def to_airbyte(output: Output, *, debug: bool) -> None:
    """Our log lines become LOG messages, and so do the warnings of libraries: stderr stays quiet."""
    handler = _ToAirbyte(output)
    _use(handler, debug=debug)
    everyone = logging.getLogger()
    everyone.handlers[:] = [handler]
    everyone.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def to_stderr(*, debug: bool) -> None:
    """Our log lines become plain lines on stderr."""
    _use(_ToStderr(), debug=debug)


def _use(handler: logging.Handler, *, debug: bool) -> None:
    root = logging.getLogger(ROOT)
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    root.propagate = False
