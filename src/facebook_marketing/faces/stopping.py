"""SIGTERM and Ctrl-C: the first one ends the work in order, the second one at once."""

import asyncio
import os
import signal
import socket
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

GRACE = 8
"""Seconds that an orderly end may take: platforms kill 10 s after SIGTERM, and nothing is said then."""


class StoppedBySignal(BaseException):
    """A signal came where no work was under way that could be ended in order."""


class _When(Enum):
    """What the first signal does."""

    RAISE = auto()
    CANCEL = auto()
    GO_ON = auto()


class Stopping:
    """Attends to both signals from its making on.

    A process that is a container's first one would not even die of SIGTERM without (the kernel ignores signals that
    such a process does not catch).
    """

    def __init__(self, grace: int = GRACE) -> None:
        self._grace = grace
        self._when = _When.RAISE
        self._came: int | None = None
        self._cut_short = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            with suppress(ValueError):  # of a thread that is not the first: its host attends to signals
                signal.signal(number, self._on)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, which a signal cancels. Raises StoppedBySignal where it says nothing of that."""
        runner = asyncio.Runner()
        try:
            with _awake(runner.get_loop()):
                try:
                    return runner.run(self._cancellable(work))
                finally:
                    runner.close()
        except asyncio.CancelledError:
            raise StoppedBySignal from None

    def go_on(self) -> None:
        """All is said: from now on the first signal only sees to it that the rest takes no longer than it may."""
        self._when = _When.GO_ON

    def end(self, code: int) -> int:
        """The exit code; where a signal cut the work short the process dies of that signal, as its sender expects.

        A container's first process cannot: it gets the code that shells give to such an end.
        """
        if code == 0 or self._came is None or not self._cut_short:
            return code
        signal.signal(self._came, signal.SIG_DFL)
        os.kill(os.getpid(), self._came)
        return 128 + self._came

    async def _cancellable(self, work: Coroutine[Any, Any, T]) -> T:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._when = _When.CANCEL
        try:
            return await work
        finally:
            self.go_on()

    def _on(self, number: int, _frame: FrameType | None) -> None:
        if self._came is not None:
            os._exit(128 + number)
        self._came = number
        self._cut_short = self._when is not _When.GO_ON
        self._limit()
        if self._when is _When.RAISE:
            raise StoppedBySignal
        if self._when is _When.CANCEL and self._loop is not None and self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)

    def _limit(self) -> None:
        """Whatever hangs (a name look-up, a reader who does not read): the process ends in time."""
        if hasattr(signal, "SIGALRM"):
            signal.signal(signal.SIGALRM, lambda *_: os._exit(128 + (self._came or 0)))
            signal.alarm(self._grace)


@contextmanager
def _awake(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """A signal wakes the loop, however deep it sleeps and whichever thread the kernel gave the signal to.

    Without, one that comes just before the loop falls asleep is heard at the next timer, minutes later.
    """
    heard, told = socket.socketpair()
    heard.settimeout(0)
    told.settimeout(0)
    with heard, told:
        try:
            before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
        except ValueError:  # of a thread that is not the first
            yield
            return
        loop.add_reader(heard, heard.recv, 4096)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
