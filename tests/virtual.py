"""Time that jumps: an event loop on which an hour's wait passes at once, and a clock that reads it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import async_solipsism

T = TypeVar("T")

START = 1_795_262_400.0
"""2026-11-21T12:00:00Z: where virtual time begins."""


class VirtualClock:
    """A Clock on the virtual loop."""

    def now(self) -> float:
        """Seconds since 1970, beginning at START."""
        return START + asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Jumps ahead once every other task waits too."""
        await asyncio.sleep(seconds)


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, on virtual time."""
    with asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner:
        return runner.run(work)
