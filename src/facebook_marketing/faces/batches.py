"""A read as an iterator of Arrow record batches: in an event loop (`AsyncReading`) or anywhere (`Reading`)."""

import asyncio
import weakref
from collections.abc import Callable, Collection, Coroutine, Mapping
from concurrent.futures import CancelledError as Stopped
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread, current_thread
from typing import Any, Self, TypeVar

from facebook_marketing.clock import Clock, SystemClock
from facebook_marketing.config import Config
from facebook_marketing.engine.door import Event, Outcome
from facebook_marketing.engine.incomplete import IncompleteError
from facebook_marketing.engine.order import Selected
from facebook_marketing.faces.choices import UsageError
from facebook_marketing.faces.reading import run_engine
from facebook_marketing.graph.transport import Transport
from facebook_marketing.sinks.shelves import MOST_BYTES, RecordBatch, Shelves

T = TypeVar("T")
State = dict[str, Any]

NO_END = "What a read came to is known at its end. Take every batch first."


@dataclass(frozen=True, slots=True)
class Asked:
    """What a read is asked for, and the parts that are passed in. `state` is by stream."""

    config: Config
    selected: tuple[Selected, ...]
    state: Mapping[str, Any] = field(default_factory=dict)
    on_event: Callable[[Event], None] | None = None
    raise_incomplete: bool = True
    most_bytes: int = MOST_BYTES
    transport: Transport | None = None
    clock: Clock | None = None

    def shelves(self, told: Callable[[], None]) -> Shelves:
        """Where its rows will lie."""
        streams = [one.stream for one in self.selected]
        clock = self.clock or SystemClock()
        return Shelves(streams, clock, most_bytes=self.most_bytes, told=told, listen=self.on_event)

    def into(self, shelves: Shelves) -> Coroutine[Any, Any, Outcome]:
        """The read itself."""
        return run_engine(self.config, self.selected, self.state, shelves, transport=self.transport, clock=self.clock)


class AsyncReading:
    """Iterates over the record batches of a read, in the running event loop.

    Each batch is a `pyarrow.RecordBatch` of one stream and account; its schema's metadata says which (`stream`,
    `account`). Use it in an `async with`: what is left early is cancelled there.
    """

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._told = asyncio.Event()
        self.shelves = asked.shelves(self._told.set)
        self._task: asyncio.Task[Outcome] | None = None
        self._outcome: Outcome | None = None
        self._closed = False

    @property
    def state(self) -> State:
        """What to pass as `state` next time: it covers every batch before the last one, and after the end all of them.

        Streams that are not read now keep the state that was passed in.
        """
        return {**self._asked.state, **self.shelves.committed()}

    @property
    def outcome(self) -> Outcome:
        """Statuses, rows, gaps, failures and calls. Raises UsageError before the end is reached."""
        if self._outcome is None:
            raise UsageError(NO_END)
        return self._outcome

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RecordBatch:
        batch = await self.next_batch()
        if batch is None:
            raise StopAsyncIteration
        return batch

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def next_batch(self) -> RecordBatch | None:
        """The next batch; None at the end.

        Raises:
            StateError, StoppedError: nothing could be read at all.
            IncompleteError: some of it could not be, and the read was asked to say so.
        """
        while not self._closed:
            task = self.begin()
            self._told.clear()
            batch = self.shelves.take()
            if batch is not None:
                return batch
            if task.done():
                self._end(task)
                break
            await self._told.wait()
        return None

    async def started(self) -> asyncio.Task[Outcome]:
        """The read under way; for other threads, who cannot call `begin`."""
        return self.begin()

    def begin(self) -> asyncio.Task[Outcome]:
        """Starts reading, if that is not done yet."""
        if self._task is None:
            task = asyncio.get_running_loop().create_task(self._asked.into(self.shelves))
            task.add_done_callback(_after(self._told))
            self._task = task
            weakref.finalize(self, _cancel, task).atexit = False  # left without a word, and without `async with`
        return self._task

    def _end(self, task: asyncio.Task[Outcome]) -> None:
        if task.cancelled():
            return
        outcome = task.result()
        first, self._outcome = self._outcome is None, outcome
        if first and outcome.failures and self._asked.raise_incomplete:
            raise IncompleteError(outcome)

    async def aclose(self) -> None:
        """Stops reading. What was not taken yet is let go; the state does not claim it."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError, Exception):  # who wanted to know has asked for the next batch
                await asyncio.wait({self._task})
        self._told.set()


def _after(told: asyncio.Event) -> Callable[[asyncio.Task[Outcome]], None]:
    def wake(task: asyncio.Task[Outcome]) -> None:
        if not task.cancelled():
            task.exception()  # said at the next batch, or by nobody if nobody comes for one
        told.set()

    return wake


def _cancel(task: asyncio.Task[Outcome]) -> None:
    loop = task.get_loop()
    if not task.done() and not loop.is_closed():
        loop.call_soon_threadsafe(task.cancel)


class Background:
    """A read in an event loop of its own thread: works in a script, in a notebook and inside a running loop alike."""

    def __init__(self, asked: Asked) -> None:
        self._loop = asyncio.new_event_loop()
        self.reading = AsyncReading(asked)
        self._thread = Thread(target=_serve, args=(self._loop,), name="facebook-marketing", daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, done in the loop."""
        if self._loop.is_closed():
            work.close()
            raise Stopped
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def stop(self) -> None:
        """Cancels what still goes on, and ends the thread. Harmless when it has ended."""
        if self._loop.is_closed():
            return
        if current_thread() is self._thread:  # the garbage collector may come along anywhere
            self._loop.create_task(self.reading.aclose()).add_done_callback(lambda _: self._loop.stop())
            return
        try:
            self.call(self.reading.aclose())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()


async def _ended(tasks: Collection[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        loop.run_until_complete(_ended(asyncio.all_tasks(loop)))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


class Reading:
    """Iterates over the record batches of a read; the reading itself goes on in a thread, a little ahead.

    Each batch is a `pyarrow.RecordBatch` of one stream and account; its schema's metadata says which (`stream`,
    `account`). Use it in a `with`, or read it to its end: what is left early is cancelled.
    """

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._background: Background | None = None
        self._reading: AsyncReading | None = None
        self._stop: Callable[[], object] = _nothing
        self._closed = False

    @property
    def state(self) -> State:
        """What to pass as `state` next time: it covers every batch before the last one, and after the end all of them.

        Streams that are not read now keep the state that was passed in.
        """
        return self._reading.state if self._reading is not None else dict(self._asked.state)

    @property
    def outcome(self) -> Outcome:
        """Statuses, rows, gaps, failures and calls. Raises UsageError before the end is reached."""
        if self._reading is None:
            raise UsageError(NO_END)
        return self._reading.outcome

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> RecordBatch:
        """The next batch. Raises what `AsyncReading.next_batch` raises."""
        batch = None if self._closed else self._next()
        if batch is None:
            raise StopIteration
        return batch

    def _next(self) -> RecordBatch | None:
        if self._background is None:
            self._background = Background(self._asked)
            self._reading = self._background.reading
            self._stop = weakref.finalize(self, self._background.stop)
        try:
            batch = self._background.call(self._background.reading.next_batch())
        except BaseException:
            self.close()
            raise
        if batch is None:
            self.close()
        return batch

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stops reading. What was not taken yet is let go; the state does not claim it."""
        self._closed = True
        self._stop()


def _nothing() -> None:
    """Nothing was begun."""
