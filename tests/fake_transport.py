"""A Transport whose answers are scripted, and that remembers what it was asked."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from facebook_marketing.graph.transport import UnreachableError
from facebook_marketing.graph.wire import Reply, Request

Answer = Reply | Exception


def ok(value: object, **headers: str) -> Reply:
    """A 200 with this JSON."""
    return Reply(200, {name.replace("_", "-"): text for name, text in headers.items()}, json.dumps(value).encode())


def error(code: int, subcode: int | None = None, message: str = "no", status: int = 400, **headers: str) -> Reply:
    """An error reply of Meta's shape."""
    said: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Atrace"}
    if subcode is not None:
        said["error_subcode"] = subcode
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, names, json.dumps({"error": said}).encode())


def broken() -> Exception:
    """No reply at all."""
    return UnreachableError("ConnectionReset")


def query(request: Request) -> dict[str, str]:
    """The parameters of a request, wherever they stand."""
    text = urlsplit(request.url).query if request.method == "GET" else request.body.decode()
    return dict(parse_qsl(text))


class Scripted:
    """Answers by a function of the request, or from a list in order."""

    def __init__(self, answers: Callable[[Request], Answer] | Sequence[Answer]) -> None:
        self.requests: list[Request] = []
        self.under_way = 0
        self.most_under_way = 0
        self._answers = answers if callable(answers) else list(answers)

    async def send(self, request: Request) -> Reply:
        """The next answer."""
        self.requests.append(request)
        answer = self._answers(request) if callable(self._answers) else self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        """Nothing to close."""

    def asked(self) -> list[Mapping[str, str]]:
        """The parameters of every request so far."""
        return [query(request) for request in self.requests]
