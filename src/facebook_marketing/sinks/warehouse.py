"""A sink that loads a warehouse: rows are kept as Arrow, and go out together with the checkpoint that covers them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.clock import Clock, SystemClock
from facebook_marketing.engine.door import Event, Rows, Sink, Status, StreamStatus
from facebook_marketing.sinks.destination import WarehouseError, parse

if TYPE_CHECKING:  # dlt, pyarrow and duckdb load only when a warehouse is built
    from facebook_marketing.sinks.loading import Cargo, Claim, Loader

__all__ = ["SyncMode", "Warehouse", "WarehouseError"]

T = TypeVar("T")
SyncMode = Literal["full_refresh", "incremental"]


@dataclass(slots=True)
class _Pending:
    """What one stream has written and not yet loaded."""

    covered: list[Any] = field(default_factory=list)  # Arrow tables up to the last checkpoint
    tail: list[Any] = field(default_factory=list)  # and after it
    state: bytes | None = None  # the last checkpoint that is not loaded, as JSON
    version: int = 0  # of the last checkpoint that is
    begun: bool = False  # rows of this sync stand in the destination
    complete: bool = False

    def take(self, *, tail: bool) -> list[Any]:
        """Hand the covered tables over, and those after the checkpoint too if asked."""
        taken = [*self.covered, *self.tail] if tail else self.covered
        self.covered = []
        self.tail = [] if tail else self.tail
        return taken


class Warehouse(Sink):
    """Loads `streams` into a destination through dlt.

    `destination` is a URL (`duckdb:///ads.duckdb`, `postgres://user:password@host/database`, `parquet:///folder`)
    or a dlt destination's name. A load is due at the first checkpoint after `flush_rows` rows, `flush_bytes` of Arrow
    or `flush_seconds`; twice as much without a checkpoint is loaded without one, for a merge takes it twice unharmed.
    `progress` is told every event. Errors, from every method: WarehouseError; after one nothing more is loaded.
    """

    def __init__(  # noqa: PLR0913 - each is a setting of its own, all but two by name
        self,
        destination: str,
        streams: Sequence[Stream],
        *,
        modes: Mapping[str, SyncMode],
        dataset: str = "facebook_ads",
        workdir: Path | None = None,
        flush_rows: int = 100_000,
        flush_bytes: int = 64 * 2**20,
        flush_seconds: float = 60,
        clock: Clock | None = None,
        progress: Callable[[Event], None] | None = None,
    ) -> None:
        """Take a destination apart and load dlt; nothing is opened before the first row, checkpoint or restore."""
        to = parse(destination)
        try:
            from facebook_marketing.sinks import loading  # noqa: PLC0415 - see above
        except ModuleNotFoundError as error:
            raise WarehouseError(
                f"A warehouse needs {error.name}. Install it: pip install 'facebook-marketing[warehouse]'.",
            ) from error
        self._open_loader: Callable[[], Loader] = lambda: loading.Loader(to, dataset, workdir)
        self._to_table = loading.to_table
        self._to_cargo = loading.to_cargo
        self._claim = loading.Claim
        self._streams = {stream.name: stream for stream in streams}
        self._modes = dict(modes)
        self._most_rows, self._most_bytes, self._most_seconds = flush_rows, flush_bytes, flush_seconds
        self._clock = clock or SystemClock()
        self._progress = progress
        self._pending = {name: _Pending() for name in self._streams}
        self._rows = self._bytes = 0
        self._loaded_at = self._clock.now()
        self._lock = asyncio.Lock()
        self._loader: Loader | None = None
        self._failed: WarehouseError | None = None

    async def restore(self) -> dict[str, Mapping[str, Any]]:
        """Read each incremental stream's last committed state; a full refresh starts from none."""
        async with self._lock:
            claims = await self._attempt(self._opened)
        wanted = [claim for name, claim in claims.items() if self._modes.get(name) == "incremental"]
        states = {claim.stream: msgspec.json.decode(claim.state) for claim in wanted}
        return {stream: state for stream, state in states.items() if state is not None}

    async def write(self, rows: Rows) -> None:
        """Keep the page as Arrow. Waits for a load when too much is kept."""
        self._refuse_after_failure()
        if not rows.items:
            return
        table = await asyncio.to_thread(self._to_table, self._streams[rows.stream], rows, self._now())
        self._pending[rows.stream].tail.append(table)
        self._rows += table.num_rows
        self._bytes += table.nbytes
        if self._full(2):
            await self._flush(tail=True)

    async def checkpoint(self, stream: str, state: Mapping[str, Any]) -> None:
        """Keep `state` beside the rows before it; load them all when a load is due."""
        self._refuse_after_failure()
        pending = self._pending[stream]
        pending.covered += pending.tail
        pending.tail = []
        pending.state = msgspec.json.encode(state)
        if self._due():
            await self._flush(tail=False)

    async def event(self, event: Event) -> None:
        """Pass it on to whoever shows progress; remember which streams came to their end."""
        if isinstance(event, Status) and event.stream in self._pending:
            self._pending[event.stream].complete = event.status is StreamStatus.COMPLETE
        if self._progress is not None:
            self._progress(event)

    async def close(self) -> None:
        """Load what is left, rows after the last checkpoint without a state, and make the tables of empty streams."""
        try:
            async with self._lock:
                self._refuse_after_failure()
                await self._attempt(self._opened)
                await self._load(tail=True, last=True)
        finally:
            loader, self._loader = self._loader, None
            if loader is not None:
                await asyncio.to_thread(loader.close)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)

    def _full(self, times: int) -> bool:
        return self._rows >= times * self._most_rows or self._bytes >= times * self._most_bytes

    def _due(self) -> bool:
        return self._full(1) or self._clock.now() - self._loaded_at >= self._most_seconds

    def _refuse_after_failure(self) -> None:
        """Stop at the first failure: a later checkpoint would claim the rows of the load that failed."""
        if self._failed is not None:
            raise self._failed

    async def _flush(self, *, tail: bool) -> None:
        async with self._lock:
            self._refuse_after_failure()
            if self._full(2) if tail else self._due():  # else another task has loaded while this one waited
                await self._attempt(self._opened)
                await self._load(tail=tail)

    async def _load(self, *, tail: bool, last: bool = False) -> None:
        loader = self._loader
        if loader is None:
            return
        cargos = [*self._cargos(tail=tail), *(self._empties(loader) if last else ())]
        claims = list(self._claims())
        self._rows = sum(table.num_rows for pending in self._pending.values() for table in pending.tail)
        self._bytes = sum(table.nbytes for pending in self._pending.values() for table in pending.tail)
        now = self._now()
        await self._attempt(lambda: loader.load(cargos, claims, now))
        self._loaded_at = self._clock.now()

    def _cargos(self, *, tail: bool) -> Iterator["Cargo"]:
        for name, pending in self._pending.items():
            tables = pending.take(tail=tail)
            if tables:
                replace = self._modes.get(name) == "full_refresh" and not pending.begun
                pending.begun = True
                yield self._to_cargo(self._streams[name], tables, "replace" if replace else "merge")

    def _empties(self, loader: "Loader") -> Iterator["Cargo"]:
        """Make tables that no row has made yet, and empty those whose full refresh came to its end without a row."""
        for name, pending in self._pending.items():
            if pending.begun:
                continue
            emptied = self._modes.get(name) == "full_refresh" and pending.complete
            if emptied or not loader.has(name):
                yield self._to_cargo(self._streams[name], [], "replace" if emptied else "merge")

    def _claims(self) -> Iterator["Claim"]:
        for name, pending in self._pending.items():
            if pending.state is not None:
                pending.version += 1
                yield self._claim(name, pending.state, pending.version)
                pending.state = None

    def _opened(self) -> "Mapping[str, Claim]":
        """Open the destination once; what it holds says with which version our checkpoints go on."""
        if self._loader is None:
            self._loader = self._open_loader()
            self._committed = self._loader.claims(self._now())
            for name, claim in self._committed.items():
                if name in self._pending:
                    self._pending[name].version = claim.version
        return self._committed

    async def _attempt(self, work: Callable[[], T]) -> T:
        """Run blocking work in a thread, to its end even when this task is cancelled: half a load is no load."""
        running = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait({running})
            raise
        finally:
            error = running.exception() if running.done() and not running.cancelled() else None
            if isinstance(error, WarehouseError):
                self._failed = error
