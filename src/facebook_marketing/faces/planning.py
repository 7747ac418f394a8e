"""`plan`: what the next sync would do, before it does it, for people and for machines."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from facebook_marketing.catalog.quotas import Tier
from facebook_marketing.clock import Clock, SystemClock
from facebook_marketing.config import Config
from facebook_marketing.engine.door import Outcome
from facebook_marketing.engine.foresee import counted, foresee
from facebook_marketing.engine.order import Selected
from facebook_marketing.faces.accounts import PASSING, AccountsError, accounts_of
from facebook_marketing.faces.catalog import no_such_stream, offered
from facebook_marketing.faces.choices import UsageError
from facebook_marketing.faces.parts import client_of, named, order_of, wanted
from facebook_marketing.faces.reading import StoppedError
from facebook_marketing.faces.summary import layout
from facebook_marketing.graph.client import Client
from facebook_marketing.graph.transport import HttpTransport, Transport
from facebook_marketing.graph.wire import Call, Reply, Request, as_json
from facebook_marketing.plan.forecast import Forecast, Line, Pace, beside, least_sure

FORMAT = 1
"""Of the JSON: a change that readers must heed makes it 2."""


async def plan(  # noqa: PLR0913 - each is a choice of the user's, or a part passed in
    config: Config,
    streams: Sequence[str] = (),
    state: Mapping[str, Any] | None = None,
    *,
    full_refresh: bool = False,
    transport: Transport | None = None,
    clock: Clock | None = None,
) -> Forecast:
    """Foresee the next sync of these streams (none named: those read by default) that goes on from `state`.

    Reads nothing but facts and counts. Raises UsageError, StoppedError, StateError.
    """
    time = clock or SystemClock()
    selected = _selection(config, streams, full_refresh=full_refresh)
    stopwatch = _Stopwatch(transport or HttpTransport(), time)
    client, scout = (client_of(config, stopwatch, time) for _ in range(2))
    try:
        accounts = await accounts_of(client, config.account_ids, config.accounts_include, config.accounts_exclude)
        order = order_of(config, accounts)
        lines = await foresee(order, selected, state or {}, client=client, scout=scout, transport=stopwatch)
        shared = client.counts.calls
        pace = await _pace(config, (client, scout), stopwatch, accounts)
    except AccountsError as error:
        raise StoppedError(str(error), passing=error.kind in PASSING) from None
    finally:
        await stopwatch.close()
    return Forecast(lines, shared, pace, shared + scout.counts.calls)


def _selection(config: Config, names: Sequence[str], *, full_refresh: bool) -> list[Selected]:
    streams = offered(config)
    chosen, unknown = named(streams, wanted(streams, names))
    if unknown:
        raise UsageError(no_such_stream(unknown, [stream.name for stream in streams]))
    return [Selected(stream, stream.incremental and not full_refresh) for stream in chosen]


class _Stopwatch:
    """A Transport that notes how long its replies take."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self.seconds: list[float] = []

    async def send(self, request: Request) -> Reply:
        """Carry the request."""
        began = self._clock.now()
        reply = await self._transport.send(request)
        self.seconds.append(self._clock.now() - began)
        return reply

    async def close(self) -> None:
        """Let the connections go."""
        await self._transport.close()


async def _pace(config: Config, clients: Sequence[Client], stopwatch: _Stopwatch, accounts: Sequence[str]) -> Pace:
    """How fast Meta answered just now, and what the usage headers said.

    One call an account more under limited access, where the number of active ads decides on the quota.
    """
    meters = {key: meter for client in clients for key, meter in client.meters.items()}
    tiers = {meter.tier for meter in meters.values() if meter.tier}
    tier = Tier.LIMITED if Tier.LIMITED in tiers else Tier.FULL if Tier.FULL in tiers else None
    active = {name: await _active_ads(clients[-1], name) for name in accounts} if tier is Tier.LIMITED else {}
    taken = sorted(stopwatch.seconds)
    return Pace(
        seconds=taken[len(taken) // 2] if taken else 0.0,
        at_once=config.max_concurrency,
        share=config.quota_share,
        tier=tier,
        used={key: meter.percent for key, meter in meters.items() if meter.percent > 0},
        active_ads=active,
    )


async def _active_ads(client: Client, account: str) -> int:
    live = (("effective_status", as_json(["ACTIVE"])),)
    return await counted(client, Call(f"act_{account}/ads", live, account)) or 0


def as_json_text(forecast: Forecast) -> str:
    """One JSON object."""
    pace = forecast.pace
    said = {
        "format": FORMAT,
        "calls": forecast.calls,
        "rows": forecast.rows,
        "minutes": round(forecast.seconds() / 60, 2),
        "sure": forecast.basis.value,
        "calls_by_basis": {basis.value: round(part, 3) for basis, part in forecast.sure().items()},
        "shared_calls": forecast.shared,
        "cost_of_this_plan": forecast.cost,
        "pace": {"seconds_a_call": round(pace.seconds, 3), "at_once": pace.at_once, "tier": pace.tier},
        "quotas": [
            {
                "account": one.account,
                "use_case": one.use_case,
                "calls": one.calls,
                "hourly": one.hourly,
                "percent": round(one.percent, 3),
                "used_percent": one.used,
            }
            for one in forecast.quotas()
        ],
        "lines": [_line(line) for line in forecast.lines],
    }
    return json.dumps(said, indent=1)


def _line(line: Line) -> dict[str, object]:
    return {
        "stream": line.stream,
        "account": line.account,
        "days": line.days,
        "windows": line.windows,
        "runs": line.runs,
        "rows": line.rows,
        "calls": dict(line.calls),
        "sure": line.basis.value,
        "skipped": [{"why": one.why, "days": one.days, "text": one.text} for one in line.skipped],
    }


def text(forecast: Forecast) -> str:
    """For a person: a line for each stream, then what is skipped, the time and the quota."""
    by_stream = defaultdict[str, list[Line]](list)
    for line in forecast.lines:
        by_stream[line.stream].append(line)
    head = ("stream", "days", "windows", "runs", "calls", "rows", "how sure")
    rows = [_row(name, lines) for name, lines in by_stream.items()]
    parts = [layout("The next sync reads", head, rows), *_skipped(forecast), _summary(forecast)]
    return "\n\n".join(parts)


def compared(forecast: Forecast, outcome: Outcome, seconds: float) -> str:
    """Planned beside actual, for the report after a sync; `seconds` is what it took."""
    rows = beside(forecast, outcome.calls, outcome.rows, seconds)
    return layout("Planned and actual", ("what", "planned", "actual"), rows)


def _row(name: str, lines: Sequence[Line]) -> tuple[object, ...]:
    numbers = ((one.days, one.windows, one.runs, one.total, one.rows) for one in lines)
    return (name, *map(sum, zip(*numbers, strict=True)), least_sure(one.basis for one in lines).value)


def _skipped(forecast: Forecast) -> list[str]:
    """Alike ones of several accounts in one line."""
    alike = defaultdict[tuple[str, str, int, str], list[str]](list)
    for line in forecast.lines:
        for one in line.skipped:
            alike[line.stream, one.why, one.days, one.text].append(line.account)
    if not alike:
        return []
    told = [
        f"  {stream}, {_accounts(accounts)}: {why}{f', {days:,} days' if days else ''}: {said}"
        for (stream, why, days, said), accounts in alike.items()
    ]
    return ["\n".join(["Skipped", *told])]


def _accounts(accounts: Sequence[str]) -> str:
    return f"account {accounts[0]}" if len(accounts) == 1 else f"{len(accounts)} accounts"


def _summary(forecast: Forecast) -> str:
    sure = ", ".join(f"{part:.0%} {basis.value}" for basis, part in forecast.sure().items() if part)
    busiest = max(forecast.quotas(), key=lambda one: one.percent, default=None)
    quota = ""
    if busiest is not None:
        quota = (
            f"\nMost of an hourly quota: {busiest.percent:.2g} % of account {busiest.account}'s {busiest.use_case} "
            f"({busiest.calls:,} of {busiest.hourly:,} calls; {busiest.used:g} % in use now)."
        )
    return (
        f"{forecast.calls:,} Graph calls and {forecast.rows:,} rows in about {_minutes(forecast.seconds())} at the "
        f"present pace ({forecast.pace.seconds:.2f} s a call). Calls rest on: {sure or 'nothing'}.{quota}\n"
        f"This plan has cost {forecast.cost} calls."
    )


def _minutes(seconds: float) -> str:
    return "a minute" if seconds <= 60 else f"{seconds / 60:.0f} minutes"  # noqa: PLR2004 - a minute's seconds


def saved(destination: str, dataset: str) -> dict[str, Any]:
    """The state that a sync into this destination would go on from; nothing is made where nothing stands.

    Raises WarehouseError.
    """
    from facebook_marketing.sinks.states import saved_states

    return saved_states(destination, dataset)
