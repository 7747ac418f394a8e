"""Bytes to a file descriptor by a thread of their own: a reader who does not read holds up no timer and no signal.

A blocking write from the event loop would stop everything with it: the signs of life, the polls, the answer to SIGTERM.
"""

import asyncio
import os
import signal
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

ROOM = 1 << 20
"""Bytes that may wait to be read before whoever writes rows has to wait too."""
_ATTENTION = 0.2
"""Seconds: a signal that came just before a wait is attended to after it."""


class Pipe:
    """Takes bytes at once and writes them in order. Raises what the last write met (BrokenPipeError: nobody reads)."""

    def __init__(self, descriptor: int, write: Callable[[int, memoryview], int] = os.write) -> None:
        self._descriptor = descriptor
        self._write = write
        self._changed = threading.Condition()
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._broken: OSError | None = None
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._thread: threading.Thread | None = None

    def write(self, chunk: bytes) -> int:
        """Takes the bytes; they are written soon."""
        self._raise_broken()
        with self._changed:
            self._chunks.append(chunk)
            self._held += len(chunk)
            self._changed.notify_all()
        if self._thread is None:  # a daemon: a reader who never reads must not keep the process
            self._thread = threading.Thread(target=self._work, name="stdout", daemon=True)
            self._thread.start()
        return len(chunk)

    def flush(self) -> None:
        """Does nothing: all that was taken is on its way."""

    async def room(self) -> None:
        """Waits until few bytes wait to be read."""
        while True:
            self._raise_broken()
            loop = asyncio.get_running_loop()
            with self._changed:
                if self._held <= ROOM or self._broken is not None:
                    break
                waiter = loop.create_future()
                self._waiters.append((loop, waiter))
            await waiter
        self._raise_broken()

    def drain(self) -> None:
        """Waits until everything was written. Signals are attended to meanwhile."""
        with self._changed:
            while self._held and self._broken is None:
                self._changed.wait(_ATTENTION)
        self._raise_broken()

    def _raise_broken(self) -> None:
        if self._broken is not None:
            raise self._broken

    def _work(self) -> None:
        if hasattr(signal, "pthread_sigmask"):  # signals are for the thread that attends to them
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while True:
            with self._changed:
                while not self._chunks:
                    self._changed.wait()
                chunk = self._chunks.popleft()
            try:
                self._whole(chunk)
            except OSError as broken:
                self._broken = broken
            with self._changed:
                self._held -= len(chunk)
                self._changed.notify_all()
                if self._held <= ROOM or self._broken is not None:
                    self._wake()
            if self._broken is not None:
                return

    def _whole(self, chunk: bytes) -> None:
        left = memoryview(chunk)
        while left:
            left = left[self._write(self._descriptor, left) :]

    def _wake(self) -> None:
        for loop, waiter in self._waiters:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(_done, waiter)
        self._waiters.clear()


def _done(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
