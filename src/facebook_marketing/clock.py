"""Time as a part that is passed in, so that an hour's throttle passes in a millisecond under test."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What the river knows of time."""

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds; other tasks go on."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds; other tasks go on."""
        await asyncio.sleep(seconds)
