"""The command `sync`: reads into a warehouse, going on from what stands there."""

import asyncio
import re
import signal
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from facebook_marketing.clock import Clock, SystemClock
from facebook_marketing.config import Config
from facebook_marketing.engine.door import Event, Failure, Outcome
from facebook_marketing.engine.order import Selected
from facebook_marketing.faces.catalog import no_such_stream, offered
from facebook_marketing.faces.expiry import watched
from facebook_marketing.faces.parts import named, wanted
from facebook_marketing.faces.reading import run_engine
from facebook_marketing.graph.transport import Transport

_TRACE = re.compile(r"\.? \[fbtrace_id [^\]]*\]")


class UsageError(Exception):
    """What was asked for does not exist; the text says what does."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a sync into a warehouse came to. `seconds` is wall time."""

    outcome: Outcome
    destination: str
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 complete, 3 partly, 1 nothing."""
        if not self.outcome.failures:
            return 0
        return 3 if any(self.outcome.rows.values()) else 1

    def text(self) -> str:
        """The report for a person."""
        outcome = self.outcome
        rows, gaps = sum(outcome.rows.values()), len(outcome.gaps)
        head = f"{rows:,} rows of {len(outcome.statuses)} streams, {outcome.calls:,} Graph calls, {self.seconds:.1f} s."
        problems = _by_reason(outcome.failures)
        missing = [f"  {gap.stream}, account {gap.account}: {gap.text}" for gap in outcome.gaps[:20]]
        return "\n".join(
            [
                head,
                *(["Not read to the end:", *problems] if problems else []),
                *([f"Gaps ({gaps}):", *missing] if gaps else []),
            ]
        )


async def run_sync(  # noqa: PLR0913 - each is a choice of the user's, or a part passed in
    config: Config,
    destination: str,
    streams: Sequence[str] = (),
    *,
    dataset: str = "facebook_ads",
    workdir: Path | None = None,
    full_refresh: bool = False,
    progress: Callable[[Event], None] | None = None,
    transport: Transport | None = None,
    clock: Clock | None = None,
) -> Result:
    """Loads the streams (none named: all) into the destination, going on from what was loaded before.

    Raises:
        UsageError: there is no such stream.
        WarehouseError: the destination cannot be used; what was committed before stays.
        StoppedError, StateError: see `run_engine`.
    """
    from facebook_marketing.sinks.modes import Mode, default_mode
    from facebook_marketing.sinks.warehouse import Warehouse

    time = clock or SystemClock()
    began = time.now()
    selected = _selection(config, streams, full_refresh=full_refresh)
    sink = Warehouse(
        destination,
        [one.stream for one in selected],
        modes={one.stream.name: Mode.OVERWRITE if full_refresh else default_mode(one.stream) for one in selected},
        dataset=dataset,
        workdir=workdir,
        clock=time,
        progress=progress,
    )
    _stop_on_sigterm()
    try:
        state = {} if full_refresh else await sink.restore()
        async with watched(config, transport=transport, clock=time):
            outcome = await run_engine(config, selected, state, sink, transport=transport, clock=time)
    finally:
        await sink.close()
    return Result(outcome, destination, time.now() - began)


def _by_reason(failures: Sequence[Failure]) -> list[str]:
    """A line for each reason, with the streams that it stopped: thirty streams of a dead token are one line."""
    streams = defaultdict[tuple[str, str], list[str]](list)
    for failure in failures:
        streams[failure.account, _reason(failure)].append(failure.stream)
    return [
        f"  account {account}, {', '.join(dict.fromkeys(names))}: {reason}"
        for (account, reason), names in streams.items()
    ]


def _reason(failure: Failure) -> str:
    """The failure's text without what differs between streams that failed for the same reason."""
    text = failure.text.removeprefix(f"{failure.stream} of account {failure.account}: ")
    return _TRACE.sub("", text.removeprefix(f"Account {failure.account}: "))


def _selection(config: Config, names: Sequence[str], *, full_refresh: bool) -> list[Selected]:
    streams = offered(config)
    chosen, unknown = named(streams, wanted(streams, names))
    if unknown:
        raise UsageError(no_such_stream(unknown, [stream.name for stream in streams]))
    return [Selected(stream, stream.cursor is not None and not full_refresh) for stream in chosen]


def _stop_on_sigterm() -> None:
    """A polite end: what was checkpointed is loaded before the process goes."""
    task = asyncio.current_task()
    with suppress(NotImplementedError, ValueError, RuntimeError):
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
