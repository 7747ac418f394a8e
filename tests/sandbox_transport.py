"""The sandbox as a Transport, without sockets: the same core that the server serves, on the test's own clock."""

import gzip
from collections.abc import Callable

from facebook_marketing.clock import Clock
from facebook_marketing.graph.transport import UnreachableError
from facebook_marketing.graph.wire import Reply, Request
from facebook_marketing.sandbox import Sandbox


class SandboxTransport:
    """Carries requests to a sandbox. `before` is told every request; `latency` passes on the test's clock."""

    def __init__(
        self,
        sandbox: Sandbox,
        clock: Clock,
        *,
        latency: float = 0.0,
        before: Callable[[Request], None] | None = None,
    ) -> None:
        self.sandbox = sandbox
        self.under_way = 0
        self.most_under_way = 0
        self._clock = clock
        self._latency = latency
        self._before = before

    async def send(self, request: Request) -> Reply:
        """The sandbox's answer, as bytes on a wire would be."""
        if self._before is not None:
            self._before(request)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            reply = self.sandbox.handle(request.method, request.url, request.headers, request.body)
            await self._clock.sleep(self._latency + reply.delay)
        finally:
            self.under_way -= 1
        if reply.status == 0:
            raise UnreachableError("ConnectionReset")
        headers = {name.lower(): value for name, value in reply.headers.items()}
        body = reply.body
        if reply.cut is not None:
            raise UnreachableError("ClientPayloadError")
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return Reply(reply.status, headers, body)

    async def close(self) -> None:
        """Nothing to close."""
