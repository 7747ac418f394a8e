"""The one way in which every face reads: transport, client, accounts, engine."""

import gc
from collections.abc import Mapping, Sequence
from typing import Any

from facebook_marketing.clock import Clock, SystemClock
from facebook_marketing.config import Config
from facebook_marketing.engine.door import Outcome, Sink
from facebook_marketing.engine.order import Selected
from facebook_marketing.engine.read import read
from facebook_marketing.faces.accounts import PASSING, AccountsError, accounts_of
from facebook_marketing.faces.monitor import Monitor
from facebook_marketing.faces.parts import client_of, order_of
from facebook_marketing.graph.client import Client
from facebook_marketing.graph.transport import HttpTransport, Transport


class StoppedError(Exception):
    """The sync could not begin; the text says why and what to do. `passing`: time mends it, no setting."""

    def __init__(self, text: str, *, passing: bool = False) -> None:
        super().__init__(text)
        self.passing = passing


class Awaited:
    """What a sync waits for, for people who see it silent."""

    def __init__(self) -> None:
        self.client: Client | None = None

    def text(self) -> str:
        """Such as "Account 123 (ads_insights), until 14:05 UTC"; empty when nothing is known."""
        return self.client.awaited() if self.client is not None else ""


async def run_engine(  # noqa: PLR0913 - the parts are passed in
    config: Config,
    selected: Sequence[Selected],
    state: Mapping[str, Any],
    sink: Sink,
    *,
    transport: Transport | None = None,
    clock: Clock | None = None,
    awaited: Awaited | None = None,
    monitor: Monitor | None = None,
    sweep: bool = False,
) -> Outcome:
    """Reads the selection of the configured accounts into the sink. `monitor` is kept up to date on the way.

    `sweep` has the sink told which objects are there (`Present`, `Swept`), which costs a few calls every `sweep_days`.

    Raises:
        StoppedError: no account could be found out.
        StateError: the saved state cannot be used.
    """
    door = transport or HttpTransport(connections=config.max_concurrency * 2)
    seen = monitor or Monitor()
    client = client_of(config, door, clock or SystemClock(), counts=seen.counts)
    if awaited is not None:
        awaited.client = client
    try:
        accounts = await accounts_of(client, config.account_ids, config.accounts_include, config.accounts_exclude)
        seen.accounts, order = accounts, order_of(config, accounts, sweep=sweep)
        seen.outcome = outcome = await read(order, selected, state, sink, client=client, transport=door)
    except AccountsError as error:
        raise StoppedError(client.clean(str(error)), passing=error.kind in PASSING) from None
    finally:
        await door.close()
    return outcome


def quiet_collector() -> None:
    """Rows hold no cycles: looking for some at every 700 new lists costs more than it finds.

    For the commands: in somebody's own program the collector is theirs.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
