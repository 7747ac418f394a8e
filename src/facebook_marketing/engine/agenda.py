"""What a report wants of an account now: which days, in which windows, with which fields, by run or at once."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec

from facebook_marketing.catalog.retention import TOTAL_MONTHS
from facebook_marketing.catalog.rules import reach_back
from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Report, Stream, UseCase
from facebook_marketing.engine.desk import Desk
from facebook_marketing.graph.client import Body
from facebook_marketing.graph.wire import Call, as_json
from facebook_marketing.plan import windows
from facebook_marketing.plan.progress import Freshness, finish, resumable, to_read
from facebook_marketing.plan.state import OpenRun, ReportState
from facebook_marketing.plan.windows import EPOCH, TOGETHER, Window

log = logging.getLogger(__name__)

_FEW_ROWS = 1000
"""Up to so many rows one or two GETs are cheaper than a run with its polls."""
_WORTH_A_PROBE = 120
"""Days of unknown content from which on one call for the first delivery pays for itself."""
_ONLY_BY_RUN = frozenset(
    {"impression_device", "hourly_stats_aggregated_by_audience_time_zone", "frequency_value", "mmm"}
)
"""Breakdowns that a synchronous call leaves empty for accounts that did not opt in, or does not know (Meta: changes of
2025 and 2026)."""


@dataclass(frozen=True, slots=True)
class Task:
    """One window to deliver.

    `without` names fields that Meta no longer gives for its days; `resumed` is a run of an earlier sync that may be
    read on; `quick` allows one GET instead of a run.
    """

    window: Window
    without: tuple[str, ...] = ()
    resumed: OpenRun | None = None
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """The days that a report wants of an account. Before `thin_before` Meta leaves out `thin_fields`."""

    wanted: Window
    freshness: Freshness
    anchor: date
    thin_before: date
    thin_fields: tuple[str, ...]


class Agenda:
    """Plans one report of one account."""

    def __init__(self, desk: Desk, stream: Stream, account: str) -> None:
        self._desk = desk
        self._stream = stream
        self._report: Report = stream.report or Report()
        self._account = account
        self._fields = request_fields(stream)
        self._began = desk.client.clock.now()

    async def span(self) -> Span | None:
        """From the configured start (or Meta's memory) to today, in the account's own zone; None: no day at all."""
        facts = await self._desk.facts(self._account)
        order, report = self._desk.order, self._report
        today = windows.today(facts.zone, self._desk.client.clock.now())
        reach = reach_back(report, self._fields)
        floor = windows.earliest(today, reach.months)
        start = report.start_date or order.report_start or order.start or floor
        end = min(report.end_date or order.end or today, today)
        if start < floor:
            await self._out_of_reach(start, floor, reach.why)
        anchor = report.start_date or EPOCH
        wanted = windows.span(start, end, report.time_increment, anchor, floor=max(start, floor))
        if wanted is None:
            log.info(
                "%s, account %s: from %s to %s there is no day to read.", self._stream.name, self._account, start, end
            )
            return None
        thin = windows.earliest(today, reach.field_months) if reach.fields else date.min
        freshness = Freshness(facts.zone, report.lookback_days, order.refresh_hours)
        return Span(wanted, freshness, anchor, thin, reach.fields)

    async def _out_of_reach(self, start: date, floor: date, why: str) -> None:
        text = f"Days before {floor} are out of Meta's reach ({why}); reading begins there instead of at {start}."
        days = (str(start), str(floor - timedelta(days=1)))
        await self._desk.gap(self._stream, self._account, text, window=days, verdict="retention")

    def due(self, span: Span, state: ReportState) -> tuple[Window, ...]:
        """The days that were never delivered, or could have changed since, newest first."""
        increment = self._report.time_increment
        return to_read(state, span.wanted, span.freshness, increment=increment, anchor=span.anchor, now=self._began)

    def tasks(self, span: Span, state: ReportState, dealt_with: Iterable[Window]) -> tuple[Task, ...]:
        """What is due and was not `dealt_with` in this sync (read, or left out), newest first.

        While the rows per day are unknown, only as much as teaches them.
        """
        now = self._began
        open_runs = {run.window: run for run in resumable(state, span.freshness, now=now)}
        increment = self._report.time_increment
        days = windows.days_per_window(state.rows_per_day)
        fresh = windows.subtract(self.due(span, state), (*open_runs, *dealt_with))
        pieces = [piece for block in fresh for piece in windows.cut(block, increment, span.anchor, days)]
        tasks = [Task(w, self._thin(span, w), run) for w, run in open_runs.items() if w.until >= span.wanted.since]
        tasks += [self._task(span, state, part) for piece in pieces for part in self._at_border(span, piece)]
        tasks.sort(key=lambda task: task.window, reverse=True)
        return tuple(tasks if state.rows_per_day is not None else tasks[:TOGETHER])

    def _task(self, span: Span, state: ReportState, window: Window) -> Task:
        without = self._thin(span, window)
        few = state.rows_per_day is not None and state.rows_per_day * window.days <= _FEW_ROWS
        return Task(window, without, quick=few and not without and not _ONLY_BY_RUN & set(self._report.breakdowns))

    def _thin(self, span: Span, window: Window) -> tuple[str, ...]:
        return span.thin_fields if span.thin_fields and window.since < span.thin_before else ()

    def _at_border(self, span: Span, window: Window) -> Iterator[Window]:
        """The window in two where Meta's memory of some fields ends within it."""
        if not self._thin(span, window):
            yield window
            return
        border = windows.bucket(span.thin_before, self._report.time_increment, span.anchor).until
        if border < window.until:
            yield Window(border + timedelta(days=1), window.until)
        yield Window(window.since, min(border, window.until))

    async def skip_silence(self, span: Span, state: ReportState) -> None:
        """Counts the days before the account's first delivery as read, found out by one cheap call for all reports."""
        unknown = state.cursor is None and not state.finished and not state.runs
        long = span.wanted.days > _WORTH_A_PROBE
        if not (unknown and long) or self._report.time_increment == "all_days":
            return
        first = await self._desk.once(
            ("first delivery", self._account), lambda: self._first_delivery(span.freshness.zone)
        )
        if not isinstance(first, date):
            return
        begins = windows.bucket(first, self._report.time_increment, span.anchor).since
        if begins <= span.wanted.since:
            return
        silent = Window(span.wanted.since, begins - timedelta(days=1))
        now = self._desk.client.clock.now()

        def move(state: ReportState) -> ReportState:
            return finish(state, silent, span.freshness, read_at=now, start=span.wanted.since)

        log.info("Account %s delivered nothing before %s: those days are not asked for.", self._account, begins)
        self._desk.ledger.move_report(self._stream, self._account, move)

    async def _first_delivery(self, zone: str) -> date | None:
        """The first day of the first month with delivery; None when that cannot be told (then nothing is skipped)."""
        today = windows.today(zone, self._began)
        since = windows.earliest(today, TOTAL_MONTHS)
        params = {
            "level": "account",
            "fields": "impressions",
            "time_increment": "monthly",
            "time_range": as_json({"since": str(since), "until": str(today)}),
            "limit": "100",
        }
        call = Call(f"act_{self._account}/insights", tuple(params.items()), self._account, UseCase.ADS_INSIGHTS)
        answer = await self._desk.client.ask(call)
        if not isinstance(answer, Body):
            return None
        found = answer.page
        months = [row.date_start for row in msgspec.json.decode(found.rows or b"[]", type=list[_Month])]
        return min(months) if months and found.next is None else None


async def delivered_in(desk: Desk, account: str, days: Window) -> bool:
    """Whether the account had impressions on these days; False where that cannot be told."""
    params = {
        "level": "account",
        "fields": "impressions",
        "time_range": as_json({"since": str(days.since), "until": str(days.until)}),
        "limit": "1",
    }
    call = Call(f"act_{account}/insights", tuple(params.items()), account, UseCase.ADS_INSIGHTS)
    answer = await desk.client.ask(call)
    return isinstance(answer, Body) and (answer.page.rows or b"[]").strip() != b"[]"


class _Month(msgspec.Struct):
    date_start: date
