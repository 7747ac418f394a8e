"""Reads a report of one account: which windows are due, several at a time, newest first, divided where Meta refuses."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from facebook_marketing.catalog.rules import reach_back
from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Report, Stream
from facebook_marketing.engine import query
from facebook_marketing.engine.desk import Desk, UnfinishedError
from facebook_marketing.engine.order import Selected
from facebook_marketing.engine.parts import Part, Parts
from facebook_marketing.engine.window import Delivered, Done, Runner, Split
from facebook_marketing.graph.runs import Watch
from facebook_marketing.graph.wire import Fault
from facebook_marketing.plan import windows
from facebook_marketing.plan.progress import Freshness, finish, to_read
from facebook_marketing.plan.split import halve_dates
from facebook_marketing.plan.state import ReportState
from facebook_marketing.plan.windows import EPOCH, Window

log = logging.getLogger(__name__)

_TOGETHER = 4
"""Windows of one report and account under way at a time: each holds a page of rows in memory."""


@dataclass(frozen=True, slots=True)
class _Span:
    """The days that a report wants of an account."""

    wanted: Window
    freshness: Freshness
    anchor: date


async def read_report(desk: Desk, watch: Watch, selected: Selected, account: str) -> None:
    """Delivers what is due of a report of one account; a checkpoint after each window.

    Raises:
        LostError: Meta refuses the report or the account.
        UnfinishedError: some windows could not be read; all others were.
    """
    await _Job(desk, watch, selected, account).run()


class _Job:
    """One report of one account."""

    def __init__(self, desk: Desk, watch: Watch, selected: Selected, account: str) -> None:
        self._desk = desk
        self._stream: Stream = selected.stream
        self._report: Report = selected.stream.report or Report()
        self._incremental = selected.incremental
        self._account = account
        self._fingerprint = query.fingerprint(self._stream, desk.order.statuses)
        runner = Runner(desk, watch, self._stream, account, self._fingerprint)
        self._fields = request_fields(self._stream)
        self._parts = Parts(desk, watch, runner, self._stream, account)
        self._unread = 0

    async def run(self) -> None:
        """Every due window, newest first."""
        span = await self._span()
        if span is None:
            await self._desk.checkpoint(self._stream)
            return
        before = self._desk.ledger.report(self._stream, self._account)
        if not self._incremental:
            before = ReportState(rows_per_day=before.rows_per_day, fingerprint=before.fingerprint)
            self._desk.ledger.move_report(self._stream, self._account, lambda _: before)
        due = self._due(span, before)
        await self._desk.progress(self._stream, self._account, 0, done=0, planned=len(due))
        await self._all(due, span)
        await self._desk.checkpoint(self._stream)
        if self._unread:
            raise UnfinishedError(self._stream.name, self._account, self._unread)

    async def _span(self) -> _Span | None:
        """From the configured start (or Meta's memory) to today, in the account's own zone."""
        facts = await self._desk.facts(self._account)
        order, report = self._desk.order, self._report
        now = self._desk.client.clock.now()
        today = windows.today(facts.zone, now)
        floor = windows.earliest(today, reach_back(report, self._fields).months)
        start = report.start_date or order.report_start or order.start or floor
        end = min(report.end_date or order.end or today, today)
        if start < floor:
            await self._desk.gap(
                self._stream,
                self._account,
                f"Days before {floor} are out of Meta's reach ({reach_back(report, self._fields).why}); "
                f"reading begins there instead of at {start}.",
                window=(str(start), str(floor)),
                verdict="retention",
            )
            start = floor
        anchor = report.start_date or EPOCH
        wanted = windows.span(start, end, report.time_increment, anchor, floor=max(start, floor))
        if wanted is None:
            return None
        return _Span(wanted, Freshness(facts.zone, report.lookback_days, order.refresh_hours), anchor)

    def _due(self, span: _Span, state: ReportState) -> tuple[Window, ...]:
        increment = self._report.time_increment
        now = self._desk.client.clock.now()
        days = windows.days_per_window(state.rows_per_day)
        due = to_read(state, span.wanted, span.freshness, increment=increment, anchor=span.anchor, now=now)
        return tuple(piece for block in due for piece in windows.cut(block, increment, span.anchor, days))

    async def _all(self, due: tuple[Window, ...], span: _Span) -> None:
        turn = asyncio.Semaphore(_TOGETHER)

        async def one(window: Window) -> None:
            async with turn:
                await self._window(window, span, Delivered(self._stream))

        tasks = [asyncio.create_task(one(window)) for window in due]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _window(self, window: Window, span: _Span, delivered: Delivered) -> None:
        """One window: whole, or in halves by date, or a single bucket in smaller parts, or recorded as unread."""
        outcome = await self._parts.settle(Part(window), self._parts.handing_over(delivered))
        match outcome:
            case Done(rows, read_at):
                await self._finish(window, span, rows, read_at)
            case Split(fault, verdict):
                await self._divide(window, span, delivered, fault, verdict)
            case never:
                assert_never(never)

    async def _divide(self, window: Window, span: _Span, delivered: Delivered, fault: Fault, verdict: str) -> None:
        halves = halve_dates(window, self._report.time_increment, span.anchor)
        if halves is not None:
            log.info("%s, account %s, %s to %s: %s Reading halves.", *self._name(), *halves_of(window), verdict)
            for half in halves:
                await self._window(half, span, delivered)
            return
        ending = await self._parts.entities(Part(window), delivered, fault, verdict)
        if isinstance(ending, Done):
            await self._finish(window, span, ending.rows, ending.read_at)
        else:
            self._unread += 1

    def _name(self) -> tuple[str, str]:
        return self._stream.name, self._account

    async def _finish(self, window: Window, span: _Span, rows: int, read_at: float) -> None:
        def move(state: ReportState) -> ReportState:
            return finish(state, window, span.freshness, read_at=read_at, start=span.wanted.since, rows=rows)

        self._desk.ledger.move_report(self._stream, self._account, move)
        await self._desk.checkpoint(self._stream)
        await self._desk.progress(self._stream, self._account, 0)


def halves_of(window: Window) -> tuple[str, str]:
    """The window's days, as a log line says them."""
    return str(window.since), str(window.until)
