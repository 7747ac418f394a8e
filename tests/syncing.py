"""One call that syncs streams from a sandbox on virtual time: for tests of the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.config import load
from facebook_marketing.engine.door import Outcome
from facebook_marketing.engine.order import Selected
from facebook_marketing.faces.parts import streams_of
from facebook_marketing.faces.reading import run_engine
from facebook_marketing.sandbox import Options, Sandbox
from list_sink import ListSink
from sandbox_transport import SandboxTransport
from virtual import START, VirtualClock, run

ACCOUNT = "1234567890123456"


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


@dataclass
class Synced:
    """What a sync delivered, what it came to, and what was asked of Meta."""

    sink: ListSink
    outcome: Outcome
    calls: list[Any]
    seconds: float


class Site:
    """A sandbox and everything that a sync of it needs; `now.days` moves time on between syncs."""

    def __init__(self, options: Options | None = None) -> None:
        self.now = Now()
        self.sandbox = Sandbox(options or Options(empty_pages=False), now=self.now)

    def config(self, **settings: Any) -> dict[str, Any]:  # noqa: ANN401 - any setting
        """A configuration of all the sandbox's accounts."""
        credentials = {"auth_type": "Service", "access_token": "sandbox-token"}
        return {"account_ids": list(self.sandbox.world.accounts), "credentials": credentials} | settings

    def streams(self, **settings: Any) -> dict[str, Stream]:  # noqa: ANN401
        """The catalogue under these settings."""
        return {stream.name: stream for stream in streams_of(load(self.config(**settings), {}).config)}

    def sync(
        self,
        names: Sequence[str],
        state: Mapping[str, Any] | None = None,
        *,
        incremental: bool = True,
        latency: float = 0.0,
        columns: Mapping[str, Sequence[str]] | None = None,
        **settings: Any,  # noqa: ANN401
    ) -> Synced:
        """Reads these streams into a ListSink."""
        config = load(self.config(**settings), {}).config
        offered = self.streams(**settings)
        selected = [Selected(_cut(offered[name], columns or {}), incremental) for name in names]
        sink, clock = ListSink(), MovedClock(self.now)
        transport = SandboxTransport(self.sandbox, clock, latency=latency)
        before = len(self.sandbox.log)

        async def timed() -> tuple[Outcome, float]:
            began = clock.now()
            outcome = await run_engine(config, selected, state or {}, sink, transport=transport, clock=clock)
            return outcome, clock.now() - began

        outcome, seconds = run(timed())
        return Synced(sink, outcome, self.sandbox.log[before:], seconds)


def _cut(stream: Stream, columns: Mapping[str, Sequence[str]]) -> Stream:
    from facebook_marketing.catalog.schema import project

    return project(stream, columns.get(stream.name)) if stream.name in columns else replace(stream)
