"""A sink that hands rows over in memory: Arrow record batches on shelves, a shelf a stream, taken in order.

A checkpoint lies on the shelf behind the batches that it covers, and counts when whoever took the last of them comes
for more. So the state never claims a batch that is still in the taker's hand, or on the shelf.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import pyarrow as pa
from pyarrow import RecordBatch

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.clock import Clock
from facebook_marketing.engine.door import Event, Rows, Status, StreamStatus
from facebook_marketing.sinks.arrow import CONTENT, DELETED, DELETED_AT, arrow_schema, join, to_table

__all__ = ["MOST_BYTES", "RecordBatch", "Shelves", "batch_schema"]

MOST_BYTES = 32 * 2**20
"""Of Arrow that waits to be taken before the reader is held up."""

_ENDED = frozenset((StreamStatus.COMPLETE, StreamStatus.INCOMPLETE))


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    state: Mapping[str, Any]


@dataclass(slots=True)
class _Shelf:
    """What of one stream waits: (order of arrival, batch), and checkpoints behind what they cover."""

    entries: deque[tuple[int, RecordBatch | _Checkpoint]] = field(default_factory=deque)
    committed: Mapping[str, Any] | None = None
    status: StreamStatus | None = None
    error: str | None = None
    left: bool = False


class Shelves:
    """Takes rows from the engine in its event loop; hands batches out to any one thread.

    `told` is called, in the loop, whenever something came: a batch, a status. `listen` hears every event of the read.
    """

    def __init__(
        self,
        streams: Sequence[Stream],
        clock: Clock,
        *,
        most_bytes: int = MOST_BYTES,
        told: Callable[[], None] = lambda: None,
        listen: Callable[[Event], None] | None = None,
    ) -> None:
        self._streams = {stream.name: stream for stream in streams}
        self._shelves = {stream.name: _Shelf() for stream in streams}
        self._clock = clock
        self._most_bytes = most_bytes
        self._told = told
        self._listen = listen
        self._lock = Lock()
        self._bytes = self._arrived = 0
        self._room = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    # --- the engine's side: a Sink ------------------------------------------------------------------------------

    async def write(self, rows: Rows) -> None:
        """Lay the page on its shelf as Arrow. Waits while too much lies there untaken."""
        self._loop = asyncio.get_running_loop()
        if not rows.items or self._shelves[rows.stream].left:
            return
        synced_at = datetime.fromtimestamp(self._clock.now(), UTC)
        for batch in await asyncio.to_thread(_batches, self._streams[rows.stream], rows, synced_at):
            await self._lay(rows.stream, batch)

    async def checkpoint(self, stream: str, state: Mapping[str, Any]) -> None:
        """Lay the state behind the batches that it covers; a newer one takes the place of one that nothing parts."""
        with self._lock:
            shelf = self._shelves[stream]
            if shelf.left:
                return
            if shelf.entries and isinstance(shelf.entries[-1][1], _Checkpoint):
                shelf.entries.pop()
            shelf.entries.append((self._arrived, _Checkpoint(state)))

    async def event(self, event: Event) -> None:
        """Remember how a stream ended; pass everything on to whoever listens."""
        if isinstance(event, Status):
            shelf = self._shelves[event.stream]
            shelf.status, shelf.error = event.status, event.error
        if self._listen is not None:
            self._listen(event)
        self._told()

    async def close(self) -> None:
        """Nothing is held open."""

    async def _lay(self, stream: str, batch: RecordBatch) -> None:
        shelf = self._shelves[stream]
        while self._bytes >= self._most_bytes and not shelf.left:
            self._room.clear()
            if self._bytes >= self._most_bytes:  # else a thread took something in between
                await self._room.wait()
        if shelf.left:
            return
        with self._lock:
            shelf.entries.append((self._arrived, batch))
            self._arrived += 1
            self._bytes += batch.nbytes
        self._told()

    # --- the taker's side ---------------------------------------------------------------------------------------

    def take(self, stream: str | None = None) -> RecordBatch | None:
        """The next batch, of this stream or of any; None when none lies there now.

        What was taken before counts as dealt with: the checkpoints right behind it become the state.
        """
        with self._lock:
            shelves = list(self._shelves.values()) if stream is None else [self._shelves[stream]]
            for shelf in shelves:
                _settle(shelf)
            waiting = [shelf for shelf in shelves if shelf.entries]
            if not waiting:
                return None
            batch: RecordBatch = min(waiting, key=lambda shelf: shelf.entries[0][0]).entries.popleft()[1]
            self._bytes -= batch.nbytes
        self._make_room()
        return batch

    def leave(self, stream: str) -> None:
        """Nobody takes more of this stream: what comes of it is thrown away, and its state stays as it is."""
        with self._lock:
            shelf = self._shelves[stream]
            shelf.left = True
            self._bytes -= sum(e.nbytes for _, e in shelf.entries if not isinstance(e, _Checkpoint))
            shelf.entries.clear()
        self._make_room()

    def committed(self) -> dict[str, Mapping[str, Any]]:
        """The states that cover what was taken and dealt with, by stream."""
        return {name: shelf.committed for name, shelf in self._shelves.items() if shelf.committed is not None}

    def ended(self, stream: str) -> bool:
        """Whether the stream was read to its end, one way or the other, and everything of it was taken."""
        shelf = self._shelves[stream]
        return shelf.status in _ENDED and not shelf.entries

    def empty(self, stream: str) -> bool:
        """Whether nothing of the stream lies there now."""
        return not self._shelves[stream].entries

    def error(self, stream: str) -> str | None:
        """Why the stream was not read to its end; None where it was, or still is."""
        return self._shelves[stream].error

    def _make_room(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._room.set)


def _settle(shelf: _Shelf) -> None:
    while shelf.entries:
        entry = shelf.entries[0][1]
        if not isinstance(entry, _Checkpoint):
            return
        shelf.committed = entry.state
        shelf.entries.popleft()


def batch_schema(stream: Stream) -> pa.Schema:
    """The columns of a stream's batches, those aside that Meta sends and nobody declared.

    A table's own columns are left out: what vanished is found out by comparing with the rows before.
    """
    declared = {column.name for column in stream.columns}
    own = {CONTENT, DELETED, DELETED_AT} - declared
    return pa.schema([field for field in arrow_schema(stream) if field.name not in own])


def _batches(stream: Stream, rows: Rows, synced_at: datetime) -> list[RecordBatch]:
    """The page as a batch (to_table may give several chunks) that says whose it is."""
    table, whole = to_table(stream, rows, synced_at), batch_schema(stream)
    own = {CONTENT, DELETED, DELETED_AT} & set(table.column_names) - set(whole.names)
    table = join([whole.empty_table(), table.drop_columns(list(own))]).combine_chunks()
    labelled = table.replace_schema_metadata({"stream": rows.stream, "account": rows.account})
    found: list[RecordBatch] = labelled.to_batches()
    return found
