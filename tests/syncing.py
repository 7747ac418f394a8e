"""One call that syncs streams from a sandbox on virtual time: for tests of the engine."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.config import load
from facebook_marketing.engine.door import Outcome
from facebook_marketing.engine.order import Selected
from facebook_marketing.faces.parts import streams_of
from facebook_marketing.faces.reading import run_engine
from facebook_marketing.graph.wire import Request
from facebook_marketing.sandbox import Options, Sandbox
from list_sink import ListSink
from sandbox_transport import SandboxTransport
from virtual import START, VirtualClock, run

ACCOUNT = "1234567890123456"
ENDLESS = 2_000
"""Requests after which a sync counts as one that would never end."""


class Now:
    """The sandbox's clock: that of the running test, moved on by `days`."""

    def __init__(self) -> None:
        self.days = 0.0

    def __call__(self) -> float:
        try:
            return VirtualClock().now() + self.days * 86400
        except RuntimeError:  # outside of a running loop
            return START + self.days * 86400


class MovedClock(VirtualClock):
    """The reader's clock, in step with the sandbox's."""

    def __init__(self, now: Now) -> None:
        self._now = now

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now()

    async def sleep(self, seconds: float) -> None:
        """Like a real clock it knows no wait that is shorter than a millisecond: seconds since 1970 are too coarse."""
        await super().sleep(max(seconds, 0.001) if seconds > 0 else 0)


@dataclass
class Synced:
    """What a sync delivered, what it came to, and what was asked of Meta."""

    sink: ListSink
    outcome: Outcome
    calls: list[Any]
    seconds: float


class Site:
    """A sandbox and everything that a sync of it needs; `now.days` moves time on between syncs.

    `before` is told of every request; `under_way` is the most requests that the last sync had open at once.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.now = Now()
        self.before: Callable[[Request], None] | None = None
        self.under_way = 0
        self.sandbox = Sandbox(options or Options(empty_pages=False), now=self.now)

    def config(self, **settings: Any) -> dict[str, Any]:
        """A configuration of all the sandbox's accounts."""
        credentials = {"auth_type": "Service", "access_token": "sandbox-token"}
        return {"account_ids": list(self.sandbox.world.accounts), "credentials": credentials} | settings

    def streams(self, **settings: Any) -> dict[str, Stream]:
        """The catalogue under these settings."""
        return {stream.name: stream for stream in streams_of(load(self.config(**settings), {}).config)}

    def sync(  # noqa: PLR0913 - what a test may want to turn
        self,
        names: Sequence[str],
        state: Mapping[str, Any] | None = None,
        *,
        incremental: bool = True,
        latency: float = 0.0,
        columns: Mapping[str, Sequence[str]] | None = None,
        kill_at: float | None = None,
        kill_after: int | None = None,
        sweep: bool = False,
        **settings: Any,
    ) -> Synced:
        """Reads these streams into a ListSink, one that asks what is gone where `sweep` is set.

        The sync is killed `kill_at` seconds after it began, or with its request number `kill_after`: its outcome is
        then an empty one, and the sink holds what had come by then.
        """
        config = load(self.config(**settings), {}).config
        offered = self.streams(**settings)
        selected = [Selected(_cut(offered[name], columns or {}), incremental) for name in names]
        clock, sent = MovedClock(self.now), 0
        sink = ListSink(clock.now)
        reading: asyncio.Task[Outcome]

        def told(request: Request) -> None:
            nonlocal sent
            sent += 1
            if self.before is not None:
                self.before(request)
            if sent == kill_after or sent > ENDLESS:
                reading.cancel()

        transport = SandboxTransport(self.sandbox, clock, latency=latency, before=told)
        before = len(self.sandbox.log)

        async def timed() -> tuple[Outcome, float]:
            nonlocal reading
            began = clock.now()
            saved = json.loads(json.dumps(state or {}, default=float))  # as a state file has it
            work = run_engine(config, selected, saved, sink, transport=transport, clock=clock, sweep=sweep)
            reading = asyncio.create_task(work)
            if kill_at is not None:
                asyncio.get_running_loop().call_later(kill_at, reading.cancel)
            try:
                outcome = await reading
            except asyncio.CancelledError:
                outcome = Outcome()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left, f"nobody waits for {left}"
            return outcome, clock.now() - began

        outcome, seconds = run(timed())
        assert sent <= ENDLESS, f"over {ENDLESS} requests: does this sync ever end?"
        self.under_way = transport.most_under_way
        return Synced(sink, outcome, self.sandbox.log[before:], seconds)


def _cut(stream: Stream, columns: Mapping[str, Sequence[str]]) -> Stream:
    from facebook_marketing.catalog.schema import project

    return project(stream, columns.get(stream.name)) if stream.name in columns else replace(stream)
