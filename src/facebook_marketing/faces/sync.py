"""The command `sync`: reads into a warehouse, going on from what stands there."""

from collections.abc import Callable
from dataclasses import dataclass

from facebook_marketing.clock import Clock, SystemClock
from facebook_marketing.config import Config
from facebook_marketing.engine.door import Event, Outcome
from facebook_marketing.engine.incomplete import reasons
from facebook_marketing.engine.order import Selected
from facebook_marketing.faces.catalog import offered
from facebook_marketing.faces.choices import Choices, chosen, modes_of
from facebook_marketing.faces.expiry import watched
from facebook_marketing.faces.reading import run_engine
from facebook_marketing.graph.transport import Transport


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
        problems = reasons(outcome.failures)
        missing = [f"  {gap.stream}, account {gap.account}: {gap.text}" for gap in outcome.gaps[:20]]
        return "\n".join(
            [
                head,
                *(["Not read to the end:", *problems] if problems else []),
                *([f"Gaps ({gaps}):", *missing] if gaps else []),
            ]
        )


async def run_sync(  # noqa: PLR0913 - the parts are passed in
    config: Config,
    destination: str,
    choices: Choices = Choices(),  # noqa: B008 - it is frozen
    *,
    progress: Callable[[Event], None] | None = None,
    transport: Transport | None = None,
    clock: Clock | None = None,
) -> Result:
    """Loads the chosen streams into the destination, going on from what was loaded before.

    Raises:
        UsageError: there is no such stream.
        WarehouseError: the destination cannot be used; what was committed before stays.
        StoppedError, StateError: see `run_engine`.
    """
    from facebook_marketing.sinks.modes import Mode, default_mode
    from facebook_marketing.sinks.warehouse import Warehouse

    time = clock or SystemClock()
    began = time.now()
    streams = chosen(offered(config), choices.streams)
    modes = modes_of(streams, choices.modes)
    selected = [Selected(one, modes[one.name].incremental and one.cursor is not None) for one in streams]
    sink = Warehouse(
        destination,
        streams,
        modes=modes,
        dataset=choices.dataset,
        workdir=choices.workdir,
        clock=time,
        progress=progress,
    )
    try:
        state = await sink.restore()
        async with watched(config, transport=transport, clock=time):
            outcome = await run_engine(config, selected, state, sink, transport=transport, clock=time)
    finally:
        await sink.close()
    return Result(outcome, destination, time.now() - began)
