"""A caller of a sandbox without a socket, and a clock that stands still: for tests and for trying things out."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from .graph import Sandbox
from .wire import SandboxReply

__all__ = ["Caller", "StillClock"]

_HOST = "https://graph.example"


class StillClock:
    """A clock in unix seconds that moves only when ``moment`` is set."""

    def __init__(self, moment: float) -> None:
        """Stand at a moment."""
        self.moment = moment

    def __call__(self) -> float:
        """Return the moment."""
        return self.moment


class Caller:
    """Sends calls to one sandbox with a token in the header, and keeps the last reply in ``last``."""

    def __init__(self, sandbox: Sandbox, *, token: str = "sandbox-token", version: str = "v26.0") -> None:  # noqa: S107
        """Take the sandbox, the token (empty: none is sent) and the version put before every path."""
        self.sandbox, self.token, self.version = sandbox, token, version
        self.last = SandboxReply(0, {}, b"")

    def get(self, path: str, /, **params: object) -> Any:  # noqa: ANN401 - JSON
        """GET a path without its version; values that are not text go as JSON. Returns the decoded body."""
        return self.send("GET", f"{_HOST}/{self.version}/{path}?{_form(params)}")

    def post(self, path: str, /, **params: object) -> Any:  # noqa: ANN401 - JSON
        """POST a form."""
        return self.send("POST", f"{_HOST}/{self.version}/{path}", _form(params).encode())

    def error(self, path: str, /, **params: object) -> dict[str, Any]:
        """GET what must be refused and return the error object. Raises AssertionError when it is served."""
        body = self.get(path, **params)
        if "error" not in body:
            message = f"{path} was served: {str(body)[:200]}"
            raise AssertionError(message)
        return dict(body["error"])

    def walk(self, path: str, /, **params: object) -> Iterator[dict[str, Any]]:
        """Yield the rows of every page, following ``paging.next`` as it stands."""
        page = self.get(path, **params)
        while True:
            yield from page["data"]
            following = page.get("paging", {}).get("next")
            if following is None:
                return
            page = self.send("GET", following)

    def batch(self, *entries: Mapping[str, object], **params: object) -> Any:  # noqa: ANN401 - JSON
        """POST a batch and return its list."""
        return self.post("", batch=list(entries), **params)

    def send(self, method: str, url: str, body: bytes = b"") -> Any:  # noqa: ANN401 - JSON
        """Send a request as it is; returns the decoded body, None for an empty one."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        self.last = self.sandbox.handle(method, url, headers, body)
        return msgspec.json.decode(self.last.body) if self.last.body else None


def _form(params: Mapping[str, object]) -> str:
    return urlencode({name: _text(value) for name, value in params.items()})


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
