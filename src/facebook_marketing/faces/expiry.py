"""What every sync says at its start: that the token, or the API version, ends soon. At most one call, never waited for.

The call is about no ad account, so it takes nothing of an account's quota. It is asked once, beside the sync, and
whatever goes wrong with it is a debug line. Where a sync has to keep count of its calls, the caller leaves it out: see
`wanted`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from facebook_marketing.catalog.versions import NEWEST, SOON_DAYS, days_left
from facebook_marketing.clock import Clock, SystemClock
from facebook_marketing.config import Config
from facebook_marketing.faces.introspection import ONCE, app_client, introspect, warnings
from facebook_marketing.faces.parts import client_of, endpoint_of
from facebook_marketing.graph.client import Refusal
from facebook_marketing.graph.transport import HttpTransport, Transport

log = logging.getLogger(__name__)

_SECONDS = 20.0
_GRACE = 3.0
"""Seconds that a sync which is done waits for the answer: only the smallest ones are done before it is here."""


def wanted(config: Config, state: Mapping[str, Any]) -> bool:
    """Whether a read over Airbyte's protocol asks.

    Always with the app's id and secret: tokens of people come with these, and they are the ones that end. Else from
    the second sync on: before the first one the platform has just run `check`, which asks too.
    """
    return bool(state) or (config.client_id is not None and config.client_secret is not None)


@asynccontextmanager
async def watched(
    config: Config, *, transport: Transport | None = None, clock: Clock | None = None
) -> AsyncIterator[None]:
    """Warn beside what is done within; the question is dropped when that comes to its end first."""
    task = asyncio.create_task(warn(config, transport=transport, clock=clock))
    try:
        yield
        await asyncio.wait({task}, timeout=_GRACE)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def warn(config: Config, *, transport: Transport | None = None, clock: Clock | None = None) -> None:
    """Log a warning for each end that is near. Never raises for what Meta says or does not say."""
    time = clock or SystemClock()
    _warn_of_version(config.api_version, time.now())
    door = transport or HttpTransport(connections=1)
    try:
        async with asyncio.timeout(_SECONDS):
            client = app_client(config, door, time) or client_of(config, door, time, patience=ONCE)
            said = await introspect(client, endpoint_of(config).token)
    except TimeoutError:
        return
    finally:
        if transport is None:
            await door.close()
    if isinstance(said, Refusal):
        log.debug("When the token ends cannot be told: %s", said.fault)
        return
    for line in warnings(said, time.now()):
        log.warning(line)


def _warn_of_version(asked: str, now: float) -> None:
    """By Meta's table: costs no call."""
    left = days_left(asked, datetime.fromtimestamp(now, UTC).date())
    if left is not None and left < SOON_DAYS:
        when = f"ends in {left} days" if left > 0 else f"ended {-left} days ago"
        log.warning("API version %s %s: set api_version to %s.", asked, when, NEWEST.name)
