"""Reads a report of one account: window by window, newest first, several at a time, divided where Meta refuses."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import date
from typing import assert_never

from facebook_marketing.catalog.stream import Report, Stream
from facebook_marketing.engine import query
from facebook_marketing.engine.agenda import Agenda, Span, Task, delivered_in
from facebook_marketing.engine.desk import Desk, UnfinishedError
from facebook_marketing.engine.division import Division
from facebook_marketing.engine.door import Swept
from facebook_marketing.engine.moved import Moved
from facebook_marketing.engine.order import Selected
from facebook_marketing.engine.parts import Part, Parts, Thin
from facebook_marketing.engine.window import Delivered, Done, Runner, Split
from facebook_marketing.graph.runs import Watch
from facebook_marketing.plan.progress import finish
from facebook_marketing.plan.split import halve_dates
from facebook_marketing.plan.state import ReportState
from facebook_marketing.plan.windows import TOGETHER, Window, bucket
from facebook_marketing.records import MISSING_BREAKDOWN

log = logging.getLogger(__name__)


async def read_report(desk: Desk, watch: Watch, selected: Selected, account: str) -> None:
    """Delivers what is due of a report of one account; a checkpoint after each window.

    Raises:
        LostError: Meta refuses the report or the account.
        UnfinishedError: some windows could not be read; all others were.
    """
    agenda = Agenda(desk, selected.stream, account)
    span = await agenda.span()
    unread = [] if span is None else await _Job(desk, watch, selected, account, span).run(agenda)
    await desk.checkpoint(selected.stream)
    if unread:
        raise UnfinishedError(selected.stream.name, account, len(unread))


def forgotten(state: ReportState) -> ReportState:
    """What a full refresh begins with: nothing was read, but how many rows a day has is known."""
    return ReportState(rows_per_day=state.rows_per_day, fingerprint=state.fingerprint)


class _Job:
    """One report of one account."""

    def __init__(self, desk: Desk, watch: Watch, selected: Selected, account: str, span: Span) -> None:
        self._unread: list[Window] = []
        self._dealt_with: list[Window] = []
        self._moved = Moved(desk, selected.stream, account, span)
        self._desk = desk
        self._stream: Stream = selected.stream
        self._report: Report = selected.stream.report or Report()
        self._incremental = selected.incremental
        self._account = account
        self._span = span
        runner = Runner(desk, watch, self._stream, account, query.fingerprint(self._stream))
        self._parts = Parts(desk, runner, self._stream, account, Thin(span.thin_before, span.thin_fields))
        self._division = Division(self._parts, watch, span.anchor)
        self._diagnosis = asyncio.Lock()
        self._thin_said = False
        self._down: Split | None = None
        self._rows = 0

    async def run(self, agenda: Agenda) -> list[Window]:
        """Rounds of windows until nothing is due but what was given up, which comes back.

        Each round knows more of the rows per day than the one before.
        """
        if not self._incremental:
            self._forget()
        await agenda.skip_silence(self._span, self._state())
        if self._incremental:
            await self._moved.compare(agenda.due(self._span, self._state()))
        planned = done = 0
        while True:
            tasks = agenda.tasks(self._span, self._state(), (*self._dealt_with, *self._moved.still))
            if not tasks:
                await self._desk.progress(self._stream, self._account, 0, done=0, expected=self._rows)
                self._moved.end()
                await self._doubt_emptiness(done)
                self._say_unkeyed()
                return self._unread
            planned = done + len(tasks)
            expected = self._expected(tasks)
            await self._desk.progress(self._stream, self._account, 0, done=0, planned=planned, expected=expected)
            await self._all(tasks)
            self._dealt_with += [task.window for task in tasks]
            done = planned

    def _expected(self, tasks: Sequence[Task]) -> int | None:
        """The rows of this sync, once the rows a day are known: the tasks are all that is due then, else the first."""
        rate = self._state().rows_per_day
        return None if rate is None else self._rows + round(rate * sum(task.window.days for task in tasks))

    def _say_unkeyed(self) -> None:
        if self._parts.unkeyed:
            text = "%s, account %s: %s rows came without a value of a breakdown; their key holds %s in its place."
            log.info(text, self._stream.name, self._account, self._parts.unkeyed, MISSING_BREAKDOWN)

    async def _doubt_emptiness(self, windows: int) -> None:
        """A breakdown without a row for days in which the account delivered: some need the advertiser's consent."""
        if not self._report.breakdowns or not windows or self._rows or self._unread:
            return
        days = Window(min(w.since for w in self._dealt_with), max(w.until for w in self._dealt_with))
        delivered = await self._desk.once(
            ("delivered", self._account, days), lambda: delivered_in(self._desk, self._account, days)
        )
        if delivered:
            names = ", ".join(self._report.breakdowns)
            text = (
                f"{days.since} to {days.until}: the account delivered, but there is no row by {names}. Meta gives some "
                "breakdowns only after the advertiser opted in: see the account's settings in Ads Manager."
            )
            said = (str(days.since), str(days.until))
            await self._desk.gap(self._stream, self._account, text, window=said, verdict="empty breakdown")

    def _state(self) -> ReportState:
        return self._desk.ledger.report(self._stream, self._account)

    def _forget(self) -> None:
        """A full refresh reads everything, whatever was read before."""
        self._desk.ledger.move_report(self._stream, self._account, forgotten)

    async def _all(self, tasks: Sequence[Task]) -> None:
        turn = asyncio.Semaphore(TOGETHER)

        async def one(task: Task) -> None:
            async with turn:
                await self._task(task)

        work = [asyncio.create_task(one(task)) for task in tasks]
        try:
            await asyncio.gather(*work)
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def _task(self, task: Task) -> None:
        if self._down is not None:
            await self._outage(task.window, self._down)
            return
        now = self._desk.client.clock.now()
        delivered = Delivered(self._stream, task.resumed.created_at if task.resumed else now)
        if task.without:
            await self._say_thin(task)
        poison = self._division.poison
        if poison is not None and task.resumed is None:
            outcome = await self._division.around(task.window, delivered, poison)
        else:
            part = Part(task.window)
            begin = self._parts.handing_over(delivered, part)
            outcome = await self._parts.settle(part, begin, resumed=task.resumed, quick=task.quick, whole=True)
        await self._conclude(task.window, delivered, outcome)

    async def _conclude(self, window: Window, delivered: Delivered, outcome: Done | Split) -> None:
        match outcome:
            case Done():
                await self._finish(window, delivered, outcome)
            case Split():
                await self._divide(window, delivered, outcome)
            case never:
                assert_never(never)

    async def _divide(self, window: Window, delivered: Delivered, why: Split) -> None:
        """Around what is poisoned, else by halves of the days, else by entity and field, else recorded as unread."""
        if why.worn_out:
            ends = (self._bucket(self._span.wanted.until), self._bucket(self._span.wanted.since))
            if not await self._division.answers(*ends):
                await self._outage(window, why)
                return
        if why.unknown and await self._went_around(window, delivered):
            return
        halves = halve_dates(window, self._report.time_increment, self._span.anchor)
        if halves is not None:
            await self._halve(halves, delivered, why)
            return
        ending = await self._division.by_entity(window, delivered, why)
        if isinstance(ending, Done):
            await self._finish(window, delivered, ending)
        else:
            self._unread.append(window)

    def _bucket(self, day: date) -> Window:
        whole, wanted = bucket(day, self._report.time_increment, self._span.anchor), self._span.wanted
        return Window(max(whole.since, wanted.since), min(whole.until, wanted.until))

    async def _outage(self, window: Window, why: Split) -> None:
        """Meta makes no such reports at present: everything stays due, nothing is divided."""
        self._down = why
        await self._parts.record(Part(window), why.fault, "no report comes to an end")
        self._unread.append(window)

    async def _went_around(self, window: Window, delivered: Delivered) -> bool:
        async with self._diagnosis:
            poison = self._division.poison or await self._division.diagnose(window)
            if poison is not None and poison.ids is not None:
                self._division.poison = poison  # of these entities it holds for other windows too
        if poison is None:
            return False
        outcome = await self._division.around(window, delivered, poison)
        if isinstance(outcome, Done):
            await self._finish(window, delivered, outcome)
        return isinstance(outcome, Done)

    async def _halve(self, halves: tuple[Window, Window], delivered: Delivered, why: Split) -> None:
        text = "%s, account %s: %s The days %s to %s are read in halves."
        log.info(text, self._stream.name, self._account, why.verdict, halves[1].since, halves[0].until)
        for half in halves:
            part = Part(half)
            outcome = await self._parts.settle(part, self._parts.handing_over(delivered, part), whole=True)
            await self._conclude(half, delivered, outcome)

    async def _finish(self, window: Window, delivered: Delivered, done: Done) -> None:
        rows, read_at = done.rows, done.read_at
        self._rows += rows

        def move(state: ReportState) -> ReportState:
            start = self._span.wanted.since
            totals = self._moved.totals(window, read_at)
            return finish(state, window, self._span.freshness, read_at=read_at, start=start, rows=rows, totals=totals)

        if rows:  # a window that comes back empty takes nothing away
            days = (str(window.since), str(window.until))
            await self._desk.say(Swept(self._stream.name, self._account, days, delivered.began))
        self._desk.ledger.move_report(self._stream, self._account, move)
        await self._desk.checkpoint(self._stream)
        await self._desk.progress(self._stream, self._account, 0)

    async def _say_thin(self, task: Task) -> None:
        if self._thin_said:
            return
        self._thin_said = True
        names, border = ", ".join(task.without), self._span.thin_before
        text = f"Before {border} Meta no longer gives {names} with these breakdowns: those days are read without."
        days = (str(self._span.wanted.since), str(border))
        await self._desk.gap(self._stream, self._account, text, window=days, verdict="retention")
