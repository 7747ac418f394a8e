"""Signs of life: a platform ends what is silent, so a long wait says now and then that it waits, and for what."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from facebook_marketing.sinks.airbyte import Output

SILENCE = 30.0
"""Seconds without a line after which we say that we still live."""


async def pulse(output: Output, silence: float = SILENCE, awaited: Callable[[], str] | None = None) -> None:
    """Says that we still live whenever nothing was written for `silence` seconds. Runs until it is cancelled.

    Raises:
        BrokenPipeError: nobody reads us any more.
    """
    while True:
        quiet = output.silent_for()
        if quiet >= silence:
            output.log("INFO", f"Still at work: waiting for {(awaited() if awaited else '') or 'Meta'}.")
            quiet = 0.0
        await asyncio.sleep(max(silence - quiet, silence / 30))


@asynccontextmanager
async def beating(output: Output, awaited: Callable[[], str] | None = None) -> AsyncIterator[None]:
    """Beats while the body runs. Where nobody reads any more, the body is cancelled and BrokenPipeError raised."""
    body = asyncio.current_task()
    beat = asyncio.create_task(pulse(output, awaited=awaited))

    def broken(_: object) -> None:
        if body is not None and not beat.cancelled():
            body.cancel()

    beat.add_done_callback(broken)
    try:
        yield
    except asyncio.CancelledError:
        if beat.done() and not beat.cancelled():
            beat.result()
        raise
    finally:
        beat.cancel()
        with suppress(asyncio.CancelledError, OSError):
            await beat
