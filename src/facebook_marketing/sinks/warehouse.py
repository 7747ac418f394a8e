"""A sink that loads a warehouse: rows are kept as Arrow, and go out together with the checkpoint that covers them."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.clock import Clock, SystemClock
from facebook_marketing.engine.door import Event, PageReader, Present, Rows, Sink, Status, StreamStatus, Swept
from facebook_marketing.records import Rows as RowDecoder
from facebook_marketing.records import Sealed
from facebook_marketing.sinks.destination import NATIVE_LISTS, WarehouseError, parse
from facebook_marketing.sinks.modes import Mode, tracked

if TYPE_CHECKING:  # dlt, pyarrow and duckdb load only when a warehouse is built
    from pyarrow import Table

    from facebook_marketing.sinks.loaded import Sums
    from facebook_marketing.sinks.loading import Claim, Derived, Loader, Part, Segment
    from facebook_marketing.sinks.packed import Bundle

__all__ = ["Mode", "Warehouse", "WarehouseError"]

log = logging.getLogger(__name__)
T = TypeVar("T")

_SEGMENT_ROWS = 50_000
_GROUP_ROWS = 125_000
"""Where rows lie in columns, a segment is no less than one group of them: 122,880 in DuckDB, and files are few."""
_PARSED_AT_ONCE = 1
"""Pages, each of some megabytes until it is packed."""
_CONTENT_MODES = frozenset((Mode.INCREMENTAL_APPEND, Mode.DEDUPED_HISTORY))
"""Modes that ask whether a row says something new."""


@dataclass(slots=True)
class _Batch:
    """Pages, keys of objects that are still there, what was read whole."""

    bundles: "list[Bundle]" = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    swept: list[Any] = field(default_factory=list)

    def take(self, other: "_Batch") -> None:
        """Move the other's content over, to the end of ours."""
        for bundle in other.bundles:
            if self.bundles and not (self.bundles[-1].full or bundle.full):
                self.bundles[-1].pour(bundle)
            else:
                self.bundles.append(bundle)
        self.present += other.present
        self.swept += other.swept
        other.bundles, other.present, other.swept = [], [], []

    @property
    def rows(self) -> int:
        """How much there is; a key counts as a row."""
        return sum(bundle.rows for bundle in self.bundles) + len(self.present)

    @property
    def bytes(self) -> int:
        """Of Arrow, most of it compressed."""
        return sum(bundle.bytes for bundle in self.bundles)

    def bundle(self, new: "Callable[[], Bundle]") -> "Bundle":
        """What the next page goes to."""
        if not self.bundles or self.bundles[-1].full:
            self.bundles.append(new())
        return self.bundles[-1]

    def __bool__(self) -> bool:
        return bool(self.bundles or self.present or self.swept)


@dataclass(slots=True)
class _Pending:
    """What one stream has written and not yet loaded."""

    mode: Mode
    covered: _Batch = field(default_factory=_Batch)  # up to the last checkpoint
    tail: _Batch = field(default_factory=_Batch)  # and after it
    state: bytes | None = None  # the last checkpoint that is not loaded, as JSON
    version: int = 0  # of the last checkpoint that is
    complete: bool | None = None  # how the stream ended, until that is loaded
    made: bool = False  # its table stands

    def cover(self) -> None:
        """A checkpoint covers what was written before."""
        self.covered.take(self.tail)

    def taken(self, *, tail: bool) -> _Batch:
        """Hand over what is covered, and what comes after the checkpoint too if asked."""
        if tail:
            self.cover()
        batch, self.covered = self.covered, _Batch()
        return batch

    def ended(self, *, last: bool) -> bool | None:
        """Hand over how the stream ended. What is appended waits for the whole sync: a killed one adds nothing."""
        if self.mode is Mode.APPEND and not last:
            return None
        complete, self.complete = self.complete, None
        return complete

    def claim(self, *, complete: bool | None) -> bytes | None:
        """Hand the checkpoint over, if its rows go to their own table now."""
        if self.mode.incremental or complete:
            state, self.state = self.state, None
            return state
        return None


class Warehouse(Sink):
    """Loads `streams` into a destination through dlt, each by its mode (`modes`; see `Mode`).

    `destination` is a URL (`duckdb:///ads.duckdb`, `postgres://user:password@host/database`, `parquet:///folder`)
    or a dlt destination's name. A segment is due at the first checkpoint after `flush_rows` rows (None: as suits it),
    `flush_bytes` of packed Arrow or `flush_seconds`; twice as much without a checkpoint is loaded without one. It is
    loaded while the next rows come. `derived` makes child tables of rows. `progress` is told every event.
    `kept` names the streams that were to be overwritten and were not read to their end: their tables are as they were.
    Errors, from every method: WarehouseError; after one nothing more is loaded.
    """

    def __init__(  # noqa: PLR0913 - each is a setting of its own, all but two by name
        self,
        destination: str,
        streams: Sequence[Stream],
        *,
        modes: Mapping[str, Mode],
        dataset: str = "facebook_ads",
        workdir: Path | None = None,
        flush_rows: int | None = None,
        flush_bytes: int = 128 * 2**20,
        flush_seconds: float = 60,
        clock: Clock | None = None,
        progress: Callable[[Event], None] | None = None,
        derived: "Derived | None" = None,
    ) -> None:
        """Take a destination apart and load dlt; nothing is opened before the first row, checkpoint or restore."""
        to = parse(destination)
        try:
            from facebook_marketing.sinks import loading  # noqa: PLC0415 - see above
        except ModuleNotFoundError as error:
            raise WarehouseError(
                f"A warehouse needs {error.name}. Install it: pip install 'facebook-marketing[warehouse]'.",
            ) from error
        self.kept: list[str] = []
        self._parts = loading
        self._native = to.name in NATIVE_LISTS
        self._parsing = asyncio.Semaphore(_PARSED_AT_ONCE)
        self._open_loader: Callable[[], Loader] = lambda: loading.Loader(to, dataset, workdir, derived)
        self._streams = {stream.name: stream for stream in streams}
        self._most_rows = flush_rows or (_GROUP_ROWS if to.name in NATIVE_LISTS else _SEGMENT_ROWS)
        self._most_bytes, self._most_seconds = flush_bytes, flush_seconds
        self._clock = clock or SystemClock()
        self._progress = progress
        self._pending = {name: _Pending(modes[name]) for name in self._streams}
        self._rows = self._bytes = 0
        self._loaded_at = self._clock.now()
        self._began = datetime.fromtimestamp(self._clock.now(), UTC)
        self._floor = datetime.min.replace(tzinfo=UTC)
        self._lock = asyncio.Lock()
        self._loader: Loader | None = None
        self._committed: Mapping[str, Claim] = {}
        self._loading: asyncio.Task[None] | None = None
        self._failed: WarehouseError | None = None

    async def restore(self) -> dict[str, Mapping[str, Any]]:
        """Read the last committed state of each stream whose mode goes on from one."""
        async with self._lock:
            claims = await self._attempt(self._opened)
        wanted = [claim for name, claim in claims.items() if name in self._pending and self._mode(name).incremental]
        states = {claim.stream: msgspec.json.decode(claim.state) for claim in wanted}
        return {stream: state for stream, state in states.items() if state is not None}

    async def states(self) -> dict[str, Mapping[str, Any]]:
        """Read the last committed state of every stream, of those that this sync does not load too."""
        async with self._lock:
            claims = await self._attempt(self._opened)
        states = {claim.stream: msgspec.json.decode(claim.state) for claim in claims.values()}
        return {stream: state for stream, state in states.items() if state is not None}

    async def inspect(self, work: Callable[["Sums"], T]) -> T:
        """Ask what the destination holds."""
        async with self._lock:
            await self._settled()
            await self._attempt(self._opened)
            loader = self._loader
            if loader is None:
                raise WarehouseError("The destination is closed. Open it again.")
            return await self._attempt(lambda: loader.inspect(work))

    def columns(self, stream: str, rows: RowDecoder) -> PageReader | None:
        """What reads the pages of a stream straight into columns; None where each row is asked what it says."""
        if stream not in self._pending or self._mode(stream) in _CONTENT_MODES or tracked(self._streams[stream]):
            return None
        return self._parts.ColumnReader(rows, self._parsing, native=self._native)

    async def write(self, rows: Rows) -> None:
        """Keep the page as Arrow. Waits for a load when too much is kept."""
        self._refuse_after_failure()
        if not rows.items:
            return
        table = await self._converted(rows)
        bundle = self._pending[rows.stream].tail.bundle(self._parts.Bundle)
        bundle.add(table)
        self._rows += table.num_rows
        self._bytes += table.nbytes
        await self._packed(bundle)
        if self._bytes >= self._most_bytes and self._loading is not None:
            await self._loaded()
        if self._full(2):
            await self._flush(tail=True)

    async def checkpoint(self, stream: str, state: Mapping[str, Any]) -> None:
        """Keep `state` beside the rows before it; load them all when a load is due."""
        self._refuse_after_failure()
        pending = self._pending[stream]
        pending.cover()
        pending.state = msgspec.json.encode(state)
        if pending.covered.bundles:
            await self._packed(pending.covered.bundles[-1])
        if self._due():
            await self._flush(tail=False)

    async def event(self, event: Event) -> None:
        """Pass it on to whoever shows progress; remember what is still there, what was swept, what has ended."""
        pending = self._pending.get(event.stream)
        match event:
            case Status(_, status) if pending is not None and status in _ENDS:
                pending.cover()
                pending.complete = _ENDS[status]
            case Present(_, _, keys) if pending is not None:
                pending.tail.present.extend(self._parts.present_ids(keys))
                self._rows += len(keys)
            case Swept(_, account, window, began) if pending is not None:
                since = self._began if began is None else datetime.fromtimestamp(began, UTC)
                pending.tail.swept.append(self._parts.Sweep(account, since, window))
            case _:
                pass
        if self._progress is not None:
            self._progress(event)

    async def close(self) -> None:
        """Load what is left, rows after the last checkpoint without a state, and make the tables of empty streams."""
        try:
            async with self._lock:
                await self._settled()
                self._refuse_after_failure()
                await self._attempt(self._opened)
                await self._load(self._segment(tail=True, last=True))
        finally:
            loader, self._loader = self._loader, None
            if loader is not None:
                await asyncio.to_thread(loader.close)

    def _mode(self, stream: str) -> Mode:
        return self._pending[stream].mode

    async def _converted(self, rows: Rows) -> "Table":
        """Columns in a thread. Not so rows: it would be no quicker, and they are ten times as big while they wait."""
        stream, content = self._streams[rows.stream], self._mode(rows.stream) in _CONTENT_MODES
        made = partial(self._parts.to_table, stream, rows, self._now(), with_content=content, native=self._native)
        return await self._attempt(made) if isinstance(rows.items, Sealed) else self._tried(made)

    async def _packed(self, bundle: "Bundle") -> None:
        """Pack it when it is full. It may be covered, or loaded, meanwhile: its rows stay where they are."""
        if bundle.full and not bundle.is_packed:
            loose = bundle.bytes
            await self._attempt(bundle.packed)
            self._bytes = max(0, self._bytes - loose + bundle.bytes)

    def _tried(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except Exception as error:
            self._failed = _ours(error)
            raise self._failed from error

    def _now(self) -> datetime:
        """Never before what was written last, whatever the clock of this machine says."""
        return max(datetime.fromtimestamp(self._clock.now(), UTC), self._floor)

    def _full(self, times: int) -> bool:
        return self._rows >= times * self._most_rows or self._bytes >= times * self._most_bytes

    def _due(self) -> bool:
        return self._full(1) or self._clock.now() - self._loaded_at >= self._most_seconds

    def _refuse_after_failure(self) -> None:
        """Stop at the first failure: a later checkpoint would claim the rows of the load that failed."""
        if self._failed is not None:
            raise self._failed

    async def _flush(self, *, tail: bool) -> None:
        """Begin to load a segment; the one before has to be done first."""
        async with self._lock:
            await self._settled()
            self._refuse_after_failure()
            if not (self._full(2) if tail else self._due()):  # another task has loaded while this one waited
                return
            await self._attempt(self._opened)
            segment = self._segment(tail=tail)
            self._loading = asyncio.create_task(self._load(segment))

    async def _loaded(self) -> None:
        """Wait for the load that is on its way: as much as it has waits behind it."""
        async with self._lock:
            await self._settled()
        self._refuse_after_failure()

    async def _settled(self) -> None:
        """Wait for the load that is on its way; what went wrong with it stays in `_failed`."""
        if self._loading is not None:
            await asyncio.wait({self._loading})
            error = self._loading.exception()
            self._loading = None
            if error is not None and not isinstance(error, WarehouseError):
                raise error

    async def _load(self, segment: "Segment") -> None:
        loader = self._loader
        if loader is None or not (segment.parts or segment.claims):
            return
        kept = await self._attempt(lambda: loader.apply(segment))
        for name in kept:
            log.warning("%s was not read to its end: the table stays as it was before this sync.", name)
        self.kept += kept

    def _segment(self, *, tail: bool, last: bool = False) -> "Segment":
        """Take what is due out of our hands."""
        now = self._now()
        parts, claims = [], []
        for name, pending in self._pending.items():
            due = pending.tail if tail else pending.covered
            some = bool(pending.covered or due or pending.state)
            complete = pending.ended(last=last)
            if some or complete is not None or (last and not pending.made):
                parts.append(self._part(name, pending.taken(tail=tail), complete))
            state = pending.claim(complete=complete)
            if state is not None:
                pending.version += 1
                claims.append(self._parts.Claim(name, state, pending.version))
        self._rows = sum(pending.tail.rows for pending in self._pending.values())
        self._bytes = sum(pending.tail.bytes for pending in self._pending.values())
        self._loaded_at = self._clock.now()
        return self._parts.Segment(now, parts, claims)

    def _part(self, name: str, batch: _Batch, complete: bool | None) -> "Part":  # noqa: FBT001 - as Part has it
        pending, stream = self._pending[name], self._streams[name]
        pending.made = True
        rows = self._parts.Packed.of([bundle.packed() for bundle in batch.bundles]) if batch.bundles else None
        return self._parts.Part(stream, pending.mode, rows, batch.present, batch.swept, complete)

    def _opened(self) -> "Mapping[str, Claim]":
        """Open the destination once; what it holds says with which version our checkpoints go on."""
        if self._loader is None:
            self._loader = self._open_loader()
            saved = self._loader.saved()
            self._committed = saved.claims
            self._floor = saved.written_at or self._floor
            for name, version in self._loader.versions().items():
                if name in self._pending:
                    self._pending[name].version = version
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
            if error is not None:
                self._failed = error if isinstance(error, WarehouseError) else _ours(error)


_ENDS: Mapping[StreamStatus, bool] = {StreamStatus.COMPLETE: True, StreamStatus.INCOMPLETE: False}


def _ours(error: BaseException) -> WarehouseError:
    return WarehouseError(f"An error of ours: {error!r}. Nothing more is loaded; please report it.")
