"""The command `sync`: reads into a warehouse, going on from what stands there."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from facebook_marketing.catalog.stream import Behaviour
from facebook_marketing.clock import Clock, SystemClock
from facebook_marketing.config import Config
from facebook_marketing.engine.door import Event, Outcome
from facebook_marketing.engine.incomplete import reasons
from facebook_marketing.engine.order import Selected
from facebook_marketing.faces.catalog import offered
from facebook_marketing.faces.choices import Choices, chosen, modes_of
from facebook_marketing.faces.expiry import watched
from facebook_marketing.faces.monitor import Monitor
from facebook_marketing.faces.reading import run_engine
from facebook_marketing.graph.transport import Transport
from facebook_marketing.sinks.modes import Mode

_REPLACING = frozenset({Mode.DEDUPED, Mode.DEDUPED_HISTORY})
"""Modes in which a table tells what is gone at Meta."""
_GROWING = frozenset({Mode.APPEND, Mode.INCREMENTAL_APPEND})
"""Modes in which a key stands in a table several times."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """What a sync into a warehouse came to. `seconds` is wall time, `jobs` how many streams of accounts there were."""

    outcome: Outcome
    destination: str
    seconds: float
    jobs: int = 0
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 complete, 3 partly, 1 nothing."""
        failed = {(failure.stream, failure.account) for failure in self.outcome.failures}
        if not failed:
            return 0
        return 3 if any(self.outcome.rows.values()) or len(failed) < self.jobs else 1

    def text(self) -> str:
        """The report for a person."""
        outcome = self.outcome
        rows, gaps = sum(outcome.rows.values()), len(outcome.gaps)
        head = f"{rows:,} rows of {len(outcome.statuses)} streams, {outcome.calls:,} Graph calls, {self.seconds:.1f} s."
        problems = reasons(outcome.failures)
        missing = [f"  {gap.stream}, account {gap.account}: {gap.text}" for gap in outcome.gaps[:20]]
        return "\n".join(
            [
                head,
                *(["Not read to the end:", *problems] if problems else []),
                *([f"Gaps ({gaps}):", *missing] if gaps else []),
                *self.notes,
            ]
        )


async def run_sync(  # noqa: PLR0913 - the parts are passed in
    config: Config,
    destination: str,
    choices: Choices = Choices(),  # noqa: B008 - it is frozen
    *,
    progress: Callable[[Event], None] | None = None,
    monitor: Monitor | None = None,
    transport: Transport | None = None,
    clock: Clock | None = None,
) -> Result:
    """Loads the chosen streams into the destination, going on from what was loaded before.

    `monitor` is kept up to date, `progress` told of every event after it.

    Raises:
        UsageError: there is no such stream.
        WarehouseError: the destination cannot be used; what was committed before stays.
        StoppedError, StateError: see `run_engine`.
    """
    from facebook_marketing.sinks.finish import child_tables, no_child_rows, ready_views, refuse_profile
    from facebook_marketing.sinks.warehouse import Warehouse

    refuse_profile(destination, choices.profile)
    time, seen = clock or SystemClock(), monitor or Monitor()
    seen.began = began = time.now()
    streams = chosen(offered(config), choices.streams)
    modes = modes_of(streams, choices.modes)
    selected = [Selected(one, modes[one.name].incremental and one.incremental) for one in streams]
    sweep = bool(_REPLACING & set(modes.values()))
    seen.selected, seen.modes = tuple(modes), modes
    seen.reports = frozenset(one.name for one in streams if one.behaviour is Behaviour.REPORT)
    sink = Warehouse(
        destination,
        streams,
        modes=modes,
        dataset=choices.dataset,
        workdir=choices.workdir,
        derived=child_tables if choices.children else no_child_rows,
        clock=time,
        progress=_telling(seen, progress),
    )
    try:
        state = await sink.restore()
        async with watched(config, transport=transport, clock=time):
            outcome = await run_engine(
                config, selected, state, sink, transport=transport, clock=time, monitor=seen, sweep=sweep
            )
    except asyncio.CancelledError:
        log.info("Stopping: what was read so far is loaded first.")
        raise
    finally:
        await sink.close()
    jobs = len(seen.accounts) * sum(one.behaviour is not Behaviour.LEDGER for one in streams)
    notes: tuple[str, ...] = ()
    if choices.views or choices.profile != "own":
        growing = [name for name, mode in modes.items() if mode in _GROWING]
        work = partial(ready_views, destination, choices.dataset, profile=choices.profile, versions=growing)
        notes = (await asyncio.to_thread(work)).notes
    return Result(outcome, destination, time.now() - began, jobs, notes)


def _telling(monitor: Monitor, progress: Callable[[Event], None] | None) -> Callable[[Event], None]:
    def tell(event: Event) -> None:
        monitor.add(event)
        if progress is not None:
            progress(event)

    return tell
