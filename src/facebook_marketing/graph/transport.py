"""The only socket to Meta."""

import ssl
from typing import Protocol

import aiohttp

from facebook_marketing.graph.wire import Reply, Request

try:  # the inflate backend is half the bill of a page
    from isal import isal_zlib
except ImportError:  # pragma: no cover - platforms without a wheel
    isal_zlib = None  # type: ignore[assignment]

TIMEOUT = aiohttp.ClientTimeout(total=300, sock_connect=20, sock_read=120)


class UnreachableError(Exception):
    """No reply came: the connection failed, broke off or fell silent."""


class Transport(Protocol):
    """Carries one request and brings its reply."""

    async def send(self, request: Request) -> Reply:
        """The reply, whatever its status. Raises UnreachableError when none came."""
        ...

    async def close(self) -> None:
        """Lets the connections go."""
        ...


class HttpTransport:
    """One pool of keep-alive connections. Redirects are not followed: a token goes to the host that it is for."""

    def __init__(self, connections: int = 32) -> None:
        if isal_zlib is not None:
            aiohttp.set_zlib_backend(isal_zlib)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Request) -> Reply:
        """The reply, whatever its status. Raises UnreachableError when none came."""
        if self._session is None:
            pool = aiohttp.TCPConnector(limit=self._connections)
            self._session = aiohttp.ClientSession(connector=pool, timeout=TIMEOUT, trust_env=True)
        try:
            async with self._session.request(
                request.method, request.url, headers=request.headers, data=request.body or None, allow_redirects=False
            ) as reply:
                body = await reply.read()
                return Reply(reply.status, {k.lower(): v for k, v in reply.headers.items()}, body)
        except (aiohttp.ClientError, TimeoutError, OSError, ssl.SSLError) as broken:
            reason = f"{type(broken).__name__}"
            raise UnreachableError(reason) from None

    async def close(self) -> None:
        """Lets the connections go."""
        if self._session is not None:
            await self._session.close()
