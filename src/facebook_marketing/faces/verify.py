"""The command `verify`: are the loaded numbers those that Meta reports? And `--repair`, where they are not."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

import msgspec

from facebook_marketing.catalog.reconciliation import (
    ACTIONS,
    COUNTED,
    RECONCILIATION,
    TOLERANCES,
    Tolerance,
    counted,
    refusal,
)
from facebook_marketing.catalog.stream import Behaviour, Report, Stream
from facebook_marketing.clock import Clock, SystemClock
from facebook_marketing.config import Config
from facebook_marketing.engine import query
from facebook_marketing.engine.desk import LostError, OddAccountError, facts_of
from facebook_marketing.engine.door import Event, Rows, Status, StreamStatus
from facebook_marketing.engine.order import Selected
from facebook_marketing.engine.reconcile import Compared, Known, Numbers, compare, differing
from facebook_marketing.engine.totals import Question, Totals, TotalsError
from facebook_marketing.faces.accounts import ALL
from facebook_marketing.faces.catalog import no_such_stream, offered
from facebook_marketing.faces.choices import UsageError
from facebook_marketing.faces.parts import client_of, named, wanted
from facebook_marketing.faces.reading import run_engine
from facebook_marketing.faces.verification import Checked, Repair, Verification, told
from facebook_marketing.graph.client import Client
from facebook_marketing.graph.transport import HttpTransport, Transport
from facebook_marketing.plan.saved import read_report
from facebook_marketing.plan.state import VERSION, ReportState
from facebook_marketing.plan.windows import EPOCH, Window, bucket, joined, today
from facebook_marketing.records import Rows as Shape
from facebook_marketing.sinks.finish import child_tables, no_child_rows
from facebook_marketing.sinks.loaded import Sums
from facebook_marketing.sinks.modes import Mode
from facebook_marketing.sinks.orphans import drop_orphans
from facebook_marketing.sinks.warehouse import Warehouse

log = logging.getLogger(__name__)

_PAGE = 5_000
"""Rows of the table that go to the sink at a time."""
_ALONE = 50
"""Campaigns whose days are asked for one by one; with more of them all days are read again."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be verified: days (None: all that were loaded, up to yesterday) and how exactly."""

    since: date | None = None
    until: date | None = None
    tolerances: Mapping[str, Tolerance] = field(default_factory=lambda: TOLERANCES)
    repair: bool = False


def tolerances(text: str) -> Mapping[str, Tolerance]:
    """The same share for every metric, as "0.5%" or "0.005" says it. Raises UsageError."""
    try:
        share = Decimal(text.rstrip("% ")) / (100 if text.strip().endswith("%") else 1)
    except InvalidOperation:
        raise UsageError(f"The tolerance {text!r} is no number. Give a share, as 0.5% or 0.005.") from None
    return {name: Tolerance(share=share) for name in (*COUNTED, ACTIONS)}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the tables are."""

    destination: str
    dataset: str = "facebook_ads"


async def run_verify(  # noqa: PLR0913 - each is a choice of the user's, or a part passed in
    config: Config,
    place: Place,
    streams: Sequence[str] = (),
    *,
    wish: Wish | None = None,
    progress: Callable[[Event], None] | None = None,
    transport: Transport | None = None,
    clock: Clock | None = None,
) -> Verification:
    """Hold every loaded report (or those named) against Meta's totals; with `repair` read the days that differ again.

    Raises:
        UsageError: there is no such stream.
        WarehouseError: the destination cannot be used.
        StateError: its checkpoints cannot be read.
    """
    time, asked = clock or SystemClock(), wish or Wish()
    door = transport or HttpTransport(connections=config.max_concurrency * 2)
    job = _Job(config, place, client_of(config, door, time), time, asked)
    chosen = _reports(config, streams)
    repaired: tuple[Repair, ...] = ()
    try:
        found = await _verified(job, chosen)
        repaired = tuple((one.stream, one.account, *span) for one in found for span in one.spans)
        if asked.repair and repaired:
            await _read_again(job, chosen, repaired, progress, transport)
            names = {stream for stream, *_ in repaired}
            anew = await _verified(job, [stream for stream in chosen if stream.name in names])
            found = [*(one for one in found if one.stream not in names), *anew]
        await _write(job, found)
    finally:
        if transport is None:
            await door.close()
    return Verification(tuple(found), repaired if asked.repair else (), job.client.counts.calls)


def _reports(config: Config, names: Sequence[str]) -> tuple[Stream, ...]:
    streams = offered(config)
    reports = tuple(one for one in streams if one.behaviour is Behaviour.REPORT and one.deprecated is None)
    if not names:
        return reports
    chosen, unknown = named(streams, wanted(streams, names))
    if unknown:
        raise UsageError(no_such_stream(unknown, [stream.name for stream in reports]))
    return tuple(one for one in chosen if one.behaviour is Behaviour.REPORT)


@dataclass(frozen=True, slots=True)
class _Job:
    """One comparison of a destination with Meta."""

    config: Config
    place: Place
    client: Client
    clock: Clock
    wish: Wish


async def _verified(job: _Job, streams: Sequence[Stream]) -> list[Checked]:
    sink = Warehouse(job.place.destination, [], modes={}, dataset=job.place.dataset, clock=job.clock)
    try:
        states = await sink.states()
        totals = Totals(job.client)
        found: list[Checked] = []
        for account, loaded in (await _by_account(job, sink, streams)).items():
            found += await _Account(job, sink, totals, account).check(loaded, states)
        return found
    finally:
        await sink.close()


async def _by_account(job: _Job, sink: Warehouse, streams: Sequence[Stream]) -> dict[str, list[tuple[Stream, Window]]]:
    """Which reports were loaded of which account, and between which days they have rows."""
    configured = job.config.account_ids
    found: dict[str, list[tuple[Stream, Window]]] = defaultdict(list)
    for stream in streams:
        for account, window in (await sink.inspect(partial(Sums.accounts, stream=stream))).items():
            if configured == (ALL,) or account in configured:
                found[account].append((stream, window))
    return found


class _Account:
    """The comparison of one account's reports."""

    def __init__(self, job: _Job, sink: Warehouse, totals: Totals, account: str) -> None:
        self._job = job
        self._sink = sink
        self._totals = totals
        self._account = account

    async def check(self, loaded: Sequence[tuple[Stream, Window]], states: Mapping[str, Any]) -> list[Checked]:
        """Each report in turn; what cannot be compared says why."""
        try:
            facts = await facts_of(self._job.client, self._account)
        except (LostError, OddAccountError) as lost:
            why = self._job.client.clean(str(lost))
            return [Checked(stream.name, self._account, note=why, failed=True) for stream, _ in loaded]
        now = today(facts.zone, self._job.clock.now())
        return [await self._report(stream, window, states.get(stream.name), now) for stream, window in loaded]

    async def _report(self, stream: Stream, loaded: Window, state: object, now: date) -> Checked:
        report = stream.report or Report()
        why = refusal(report)
        if why is None and report.time_increment == "all_days":
            why = "a lifetime row moves with each day; the daily reports are compared"
        if why is not None:
            return Checked(stream.name, self._account, note=why)
        try:
            windows = self._windows(stream, self._delivered(stream, loaded, state, now), now)
            if not windows:
                note = "its settings changed since it was loaded, or no whole day before today was: sync first"
                return Checked(stream.name, self._account, note=note)
            known = Known(report, now - timedelta(days=report.lookback_days))
            compared = [number for window in windows for number in await self._compared(stream, window, known)]
        except TotalsError as refused:
            return Checked(stream.name, self._account, note=str(refused), failed=True)
        return Checked(stream.name, self._account, windows, tuple(compared))

    def _delivered(self, stream: Stream, loaded: Window, state: object, now: date) -> tuple[Window, ...]:
        """The days that were read: by the checkpoint, which knows of days without rows, else by the rows."""
        if not isinstance(state, Mapping):
            return (loaded,)
        read, _ = read_report(
            state,
            stream=stream.name,
            increment=stream.report.time_increment if stream.report else 1,
            accounts=(self._account,),
            fingerprint=query.fingerprint(stream),
            today=now + timedelta(days=1),
        )
        told = read.accounts.get(self._account, ReportState())
        windows = [one.window for one in told.finished]
        if told.cursor is not None:
            windows.append(Window(min(told.since or loaded.since, told.cursor), told.cursor))
        return joined(windows)

    def _windows(self, stream: Stream, delivered: Iterable[Window], now: date) -> tuple[Window, ...]:
        """Whole buckets that were over yesterday, within the days that the user names."""
        report, wish = stream.report or Report(), self._job.wish
        increment, anchor = report.time_increment, report.start_date or EPOCH
        found = []
        for window in delivered:
            since = max(window.since, wish.since or window.since)
            until = min(window.until, wish.until or window.until, now - timedelta(days=1))
            first, last = bucket(since, increment, anchor), bucket(until, increment, anchor)
            since = since if first.since == since else first.until + timedelta(days=1)
            until = until if last.until == until else last.since - timedelta(days=1)
            if since <= until:
                found.append(Window(since, until))
        return tuple(found)

    async def _compared(self, stream: Stream, window: Window, known: Known) -> tuple[Compared, ...]:
        """By day for the account; for each campaign over all days, and by day where that differs."""
        columns = counted(stream)
        if ACTIONS in columns and not await self._sink.inspect(partial(Sums.tells_actions, stream=stream)):
            columns = tuple(name for name in columns if name != ACTIONS)
        asked = Question(stream, self._account, window, columns)
        ours = await self._sink.inspect(lambda sums: sums.by_day(stream, self._account, window, columns))
        daily = compare(ours, await self._totals.of(asked), known, self._job.wish.tolerances)
        if not any(column.name == "campaign_id" for column in stream.columns):
            return daily
        counts = tuple(name for name in columns if name != ACTIONS)
        return (*daily, *await self._campaigns(replace(asked, columns=counts, campaigns=True), known))

    async def _campaigns(self, asked: Question, known: Known) -> tuple[Compared, ...]:
        stream, window, columns = asked.stream, asked.window, asked.columns
        ours = await self._sink.inspect(lambda sums: sums.by_campaign(stream, self._account, window, columns))
        theirs = await self._totals.of(asked)
        sums = compare(_whole(ours, window), _whole(theirs, window), known, self._job.wish.tolerances)
        wrong = frozenset(one.cell.entity for one in differing(sums))
        if not wrong or len(wrong) > _ALONE or window.days == 1:
            return sums
        placed = replace(asked, campaigns=False, only=tuple(sorted(wrong)))
        mine = await self._sink.inspect(
            lambda sums: sums.by_campaign_and_day(stream, self._account, window, columns, wrong)
        )
        daily = compare(mine, await self._totals.of(placed), known, self._job.wish.tolerances)
        return (*sums, *differing(daily))


def _whole(numbers: Numbers, window: Window) -> Numbers:
    """The same numbers as of the whole window: Meta names the days that it was asked for, a table those it has."""
    return {replace(cell, since=window.since, until=window.until): number for cell, number in numbers.items()}


async def _write(job: _Job, found: Iterable[Checked]) -> None:
    """The table holds the newest comparison, whole."""
    moment = datetime.fromtimestamp(job.clock.now(), UTC).isoformat()
    rows = [{**told(one, number), "verified_at": moment} for one in found for number in one.compared]
    table = RECONCILIATION.name
    sink = Warehouse(
        job.place.destination,
        [RECONCILIATION],
        modes={table: Mode.OVERWRITE},
        dataset=job.place.dataset,
        clock=job.clock,
    )
    try:
        for start in range(0, len(rows), _PAGE):
            decoded = Shape(RECONCILIATION).decode(msgspec.json.encode(rows[start : start + _PAGE]), "")
            await sink.write(Rows(table, "", decoded.rows))
        await sink.checkpoint(table, {"version": VERSION})
        await sink.event(Status(table, StreamStatus.COMPLETE))
    finally:
        await sink.close()


class _Keeping:
    """Takes rows and leaves the checkpoints as they were: days read once more say nothing of all others."""

    def __init__(self, sink: Warehouse, states: Mapping[str, Mapping[str, Any]]) -> None:
        self._sink = sink
        self._states = states

    async def write(self, rows: Rows) -> None:
        """Rows go through."""
        await self._sink.write(rows)

    async def checkpoint(self, stream: str, state: Mapping[str, Any]) -> None:  # noqa: ARG002 - see above
        """Covers the rows with what stood there."""
        await self._sink.checkpoint(stream, self._states.get(stream, {"version": VERSION}))

    async def event(self, event: Event) -> None:
        """Events go through: they tell which rows are gone."""
        await self._sink.event(event)

    async def close(self) -> None:
        """The sink is closed by whoever opened it."""


async def _read_again(
    job: _Job,
    streams: Sequence[Stream],
    repairs: Iterable[Repair],
    progress: Callable[[Event], None] | None,
    transport: Transport | None,
) -> None:
    """The days of each repair, and no other, into the tables that are there."""
    known = {stream.name: stream for stream in streams}
    together: dict[tuple[str, date, date], list[Stream]] = defaultdict(list)
    for name, account, since, until in repairs:
        together[account, since, until].append(_only(known[name], since, until))
    place = job.place
    names = list(dict.fromkeys(name for name, *_ in repairs))
    with_children = await _with_children(job, [known[name] for name in names])
    sink = Warehouse(
        place.destination,
        [known[name] for name in names],
        modes=dict.fromkeys(names, Mode.DEDUPED),
        dataset=place.dataset,
        derived=child_tables if with_children else no_child_rows,
        clock=job.clock,
        progress=progress,
    )
    try:
        keeping = _Keeping(sink, await sink.states())
        for (account, _, _), some in together.items():
            config = job.config.model_copy(update={"account_ids": (account,)})
            selected = [Selected(stream, incremental=False) for stream in some]
            outcome = await run_engine(config, selected, {}, keeping, transport=transport, clock=job.clock)
            for failure in outcome.failures:
                log.error(failure.text)
    finally:
        await sink.close()


async def _with_children(job: _Job, streams: Sequence[Stream]) -> bool:
    """Whether these streams were loaded with tables of their lists; what such tables have too much goes."""
    sink = Warehouse(job.place.destination, [], modes={}, dataset=job.place.dataset, clock=job.clock)
    try:
        for stream in streams:
            await sink.inspect(lambda sums, one=stream: drop_orphans(sums.tables, one))  # type: ignore[misc]
        return await sink.inspect(lambda sums: any(map(sums.has_children, streams)))
    finally:
        await sink.close()


def _only(stream: Stream, since: date, until: date) -> Stream:
    return replace(stream, report=replace(stream.report or Report(), start_date=since, end_date=until))
