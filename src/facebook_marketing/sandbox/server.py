"""The sandbox behind a real socket: a bare ASGI application on uvicorn.

It applies what only a socket can show: latency, replies cut off in the middle, connections reset at once.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .graph import Sandbox
from .options import Options
from .wire import SandboxReply

__all__ = ["Running", "serve", "start"]

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_KEEP_ALIVE_SECONDS = 75
_LONGEST_HEAD = 1 << 20
_STOP_SECONDS = 5.0


class _Application:
    """Hands each request to the sandbox and sends its reply."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.transports: dict[object, asyncio.Transport] = {}

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        path = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
        url = f"{scope['scheme']}://{headers.get('host', '')}{path}{'?' if query else ''}{query}"
        reply = self.sandbox.handle(scope["method"], url, headers, await _body(receive))
        if reply.delay > 0:
            await asyncio.sleep(reply.delay)
        if reply.status == 0:
            self._reset(tuple(scope["client"]))
            return
        await self._send(reply, tuple(scope["client"]), send)

    async def _send(self, reply: SandboxReply, client: object, send: _Send) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if reply.cut is None:
            await send({"type": "http.response.body", "body": reply.body})
            return
        await send({"type": "http.response.body", "body": reply.body[: reply.cut], "more_body": True})
        transport = self.transports.get(client)
        if transport is not None:
            transport.close()

    def _reset(self, client: object) -> None:
        """Drop the connection with a TCP reset: lingering for zero seconds sends RST."""
        transport = self.transports.get(client)
        if transport is None:
            return
        plug = transport.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


async def _body(receive: _Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


def _protocol(application: _Application) -> type[H11Protocol]:
    """Return uvicorn's HTTP protocol, with each connection's transport noted by the peer's address."""

    class Noting(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.peer = transport.get_extra_info("peername")
            application.transports[self.peer] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            application.transports.pop(self.peer, None)
            super().connection_lost(exc)

    return Noting


def _server(sandbox: Sandbox) -> uvicorn.Server:
    application = _Application(sandbox)
    config = uvicorn.Config(
        application,
        http=_protocol(application),
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="critical",
        server_header=False,
        date_header=False,  # the sandbox says its own time
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=_LONGEST_HEAD,
    )
    return uvicorn.Server(config)


def _listen(host: str, port: int) -> socket.socket:
    plug = socket.create_server((host, port), backlog=256)
    plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return plug


def _url(plug: socket.socket) -> str:
    host, port = plug.getsockname()[:2]
    return f"http://{host}:{port}"


def serve(
    options: Options | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8899,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a sandbox until interrupted; ``ready`` is called with the address once the socket listens."""
    server = _server(Sandbox(options or Options()))
    with _listen(host, port) as plug:
        if ready is not None:
            ready(_url(plug))
        with suppress(KeyboardInterrupt):  # uvicorn raises the interrupt anew once it has stopped
            server.run(sockets=[plug])


class Running:
    """A sandbox served by a thread of its own; a context manager that stops it."""

    def __init__(self, sandbox: Sandbox, port: int) -> None:
        """Bind to a port of the loopback (0: any free one) and begin to serve."""
        self.sandbox = sandbox
        self._plug = _listen("127.0.0.1", port)
        self.url = _url(self._plug)
        self._server = _server(sandbox)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._plug]}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and close the port; replies still held back are dropped."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(_STOP_SECONDS)
        self._plug.close()

    def __enter__(self) -> Self:
        """Return itself: it serves already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self.stop()


def start(options: Options | None = None, port: int = 0, *, sandbox: Sandbox | None = None) -> Running:
    """Serve a sandbox (a new one, or the given one) in the background."""
    return Running(sandbox or Sandbox(options or Options()), port)
