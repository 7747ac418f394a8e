"""Foresees a sync: the engine's own planning over the same state, with rows that were counted instead of read."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from facebook_marketing.catalog.limits import IDENTITY
from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Behaviour, Parents, Report, Stream, UseCase
from facebook_marketing.engine import query
from facebook_marketing.engine.agenda import Agenda, Span, Task
from facebook_marketing.engine.creatives import INDEX_PAGE, changed_ads
from facebook_marketing.engine.desk import Desk, LostError, OddAccountError
from facebook_marketing.engine.door import Event, Rows
from facebook_marketing.engine.edges import in_full
from facebook_marketing.engine.ledger import Ledger
from facebook_marketing.engine.listing import edge_call, since_of
from facebook_marketing.engine.moved import Moved
from facebook_marketing.engine.order import Order, Selected
from facebook_marketing.engine.read import open_books
from facebook_marketing.engine.reports import forgotten
from facebook_marketing.graph.client import Body, Client, Refusal
from facebook_marketing.graph.transport import Transport
from facebook_marketing.graph.verdicts import POISON_FIELD, Kind
from facebook_marketing.graph.wire import BATCH_LIMIT, Call, as_json, following
from facebook_marketing.plan.forecast import (
    Basis,
    Line,
    Rate,
    Skipped,
    Spoiling,
    least_sure,
    pages,
    polls,
    samples_of,
    walk_calls,
)
from facebook_marketing.plan.progress import finish
from facebook_marketing.plan.state import EntityCursor, ReportState
from facebook_marketing.plan.windows import TOGETHER, Window, bucket, subtract, today

_AT_ONCE = 8
_ROUNDS = 1000
_LISTED = 500
_COUNTED = 5_000
"""Rows that one call counts at most: more are taken for so many at least."""
_WITH_SUMMARY = frozenset({"campaigns", "adsets", "ads", "adimages", "adcreatives"})
"""Edges that tell their number of objects (Meta's references, `summary=["total_count"]`)."""
_GUESS = 25.0
"""Rows a day where Meta would not let us count them."""


class _Nowhere:
    """A sink for what is never written."""

    async def write(self, rows: Rows) -> None:
        """Nothing is read."""

    async def checkpoint(self, stream: str, state: Mapping[str, Any]) -> None:
        """Nothing is covered."""

    async def event(self, event: Event) -> None:
        """Nobody listens."""

    async def close(self) -> None:
        """Nothing is open."""


async def foresee(  # noqa: PLR0913 - as `read`, with a second client
    order: Order,
    selection: Sequence[Selected],
    state: Mapping[str, Any],
    *,
    client: Client,
    scout: Client,
    transport: Transport,
) -> tuple[Line, ...]:
    """A line for each stream and account.

    What `client` asks a sync asks too (facts, first delivery, daily totals); what `scout` asks only counts rows.

    Raises:
        StateError: a saved blob cannot be used.
    """
    day = (datetime.fromtimestamp(client.clock.now(), UTC) + timedelta(hours=14)).date()
    from_meta = [one for one in selection if one.stream.behaviour is not Behaviour.LEDGER]
    ledger = Ledger(day)
    open_books(ledger, order, from_meta, state)
    desk = Desk(order, client, transport, _Nowhere(), ledger)
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(selected: Selected, account: str) -> Line:
        async with turn:
            return await _line(desk, scout, selected, account)

    return tuple(await asyncio.gather(*(one(selected, name) for selected in from_meta for name in order.accounts)))


async def _line(desk: Desk, scout: Client, selected: Selected, account: str) -> Line:
    stream = selected.stream
    bare = Line(stream.name, account, stream.use_case.value)
    try:
        if stream.behaviour is Behaviour.REPORT:
            return await _Report(desk, scout, selected, account).line()
        if stream.behaviour is Behaviour.NODE:
            return replace(bare, rows=1, calls={"read a node": 1}, deep=1)
        if stream.shared is not None:
            return _shared(bare, first=account == desk.order.accounts[0])
        if stream.parents is not None:
            return await _nested(scout, bare, stream.parents)
        return await _edge(desk, scout, selected, bare)
    except (LostError, OddAccountError) as lost:
        return replace(bare, skipped=(Skipped("refused", 0, desk.client.clean(str(lost))),))


# --- entities --------------------------------------------------------------------------------------------------------


async def _edge(desk: Desk, scout: Client, selected: Selected, bare: Line) -> Line:
    stream = selected.stream
    before = desk.ledger.entity(stream, bare.account) if selected.incremental else EntityCursor()
    if stream.via is not None and not in_full(desk, stream, before):
        return await _via_ads(desk, scout, stream, before, bare)
    since = since_of(desk.order, before)
    call = edge_call(stream, bare.account, desk.order, since, desk.client.clock.now())
    rows, basis = await _objects(scout, stream, call)
    size = min(stream.page_size, desk.order.page_size or stream.page_size)
    spoiled = await _spoiled(scout, stream, call, size) if rows else None
    count = walk_calls(rows, size, spoiled)
    basis, told = (basis if spoiled is None else Basis.ASSUMED), _told(stream, since)
    return replace(bare, rows=rows, calls={"walk a page": count}, deep=count, basis=basis, skipped=told)


async def _via_ads(desk: Desk, scout: Client, stream: Stream, before: EntityCursor, bare: Line) -> Line:
    """The creatives of the ads that changed, at most one each, and those that could not be read before."""
    filters = changed_ads(desk, stream, before)
    params = (("filtering", as_json(filters)),) if filters else ()
    call = Call(f"act_{bare.account}/ads", params, bare.account, UseCase.ADS_MANAGEMENT)
    total = await counted(scout, call)
    many = (total or 0) + len(before.unread)
    size = min(stream.page_size, desk.order.page_size or stream.page_size)
    listed, read = pages(total or 0, INDEX_PAGE), pages(many, size) if many else 0
    told = (Skipped("state", 0, "creatives whose ads did not change"),) if before.value else ()
    basis = Basis.ASSUMED if total is None else Basis.PROBED
    calls = {"list changed ads": listed, "read a page": read}
    return replace(bare, rows=many, calls=calls, deep=listed + read, basis=basis, skipped=told)


async def _spoiled(scout: Client, stream: Stream, call: Call, size: int) -> Spoiling | None:
    """The first two items that spoil their page; None where the first page has none. Some fifteen calls."""
    if POISON_FIELD not in request_fields(stream):
        return None
    first = await _first_spoiled(scout, call, size)
    if first is None:
        return None
    answer = await scout.ask(call.having(fields="id", limit=str(first)))
    if isinstance(answer, Refusal) or answer.page.next is None:
        return Spoiling(first, size)
    beyond = await _first_spoiled(scout, following(call, answer.page.next), size)
    return Spoiling(first, beyond or size)


async def _first_spoiled(scout: Client, call: Call, size: int) -> int | None:
    """The place of the first one, counted from 1, found by halving."""

    async def spoils(limit: int) -> bool:
        answer = await scout.ask(call.having(fields=POISON_FIELD, limit=str(limit)))
        return isinstance(answer, Refusal) and answer.verdict.kind is Kind.POISONED_ITEM

    if not await spoils(size):
        return None
    well, spoiled = 0, size
    while spoiled - well > 1:
        middle = (well + spoiled) // 2
        well, spoiled = (well, middle) if await spoils(middle) else (middle, spoiled)
    return spoiled


def _shared(bare: Line, *, first: bool) -> Line:
    """Whichever account comes first lists what they share; each is asked for its own."""
    calls = {"walk a page": 1, "read a node": 1} if first else {"read a node": 1}
    return replace(bare, calls=calls, deep=2, rows=int(first), basis=Basis.ASSUMED)


async def _nested(scout: Client, bare: Line, parents: Parents) -> Line:
    """At most one call for each object of the account: which of them may have rows is known when they are listed."""
    call = Call(f"act_{bare.account}/{parents.edge}", (), bare.account, UseCase.ADS_MANAGEMENT)
    many = await counted(scout, call) or 0
    calls = {"walk a page": pages(many, _LISTED), "read an edge of each": many}
    return replace(bare, calls=calls, deep=pages(many, BATCH_LIMIT), basis=Basis.ASSUMED)


def _told(stream: Stream, since: datetime | None) -> tuple[Skipped, ...]:
    if since is None or stream.cursor is None:
        return ()
    if not stream.server_cursor:
        text = f"rows before {since:%Y-%m-%d %H:%M} are read past and left out: Meta cannot filter this edge"
        return (Skipped("state", 0, text),)
    return (Skipped("state", 0, f"rows that did not change since {since:%Y-%m-%d %H:%M}"),)


class _Total(msgspec.Struct):
    total_count: int


class _Summary(msgspec.Struct):
    summary: _Total


async def _objects(scout: Client, stream: Stream, call: Call) -> tuple[int, Basis]:
    """How many objects an edge holds: by its own count, else by a page of ids."""
    if stream.edge in _WITH_SUMMARY:
        total = await counted(scout, call)
        if total is not None:
            return total, Basis.PROBED
    answer = await scout.ask(call.having(fields=stream.primary_key[0] if stream.primary_key else None, limit="1000"))
    if isinstance(answer, Refusal):
        return 0, Basis.ASSUMED
    return _count(answer), Basis.PROBED if answer.page.next is None else Basis.ASSUMED


async def counted(scout: Client, call: Call) -> int | None:
    """How many objects an edge has by its own count; None where it does not tell."""
    answer = await scout.ask(call.having(fields="id", limit="1", summary=as_json(["total_count"])))
    if isinstance(answer, Refusal):
        return None
    try:
        return msgspec.json.decode(answer.body, type=_Summary, strict=False).summary.total_count
    except msgspec.DecodeError:
        return None  # no summary came


def _count(answer: Body) -> int:
    try:
        return len(msgspec.json.decode(answer.page.rows or b"[]", type=list[msgspec.Raw]))
    except msgspec.DecodeError:
        return 0


# --- reports ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Tally:
    """What the rounds of a report add up to."""

    windows: int = 0
    runs: int = 0
    rows: int = 0
    poll: int = 0
    page: int = 0
    deep: int = 0


class _Report:
    """One report of one account."""

    def __init__(self, desk: Desk, scout: Client, selected: Selected, account: str) -> None:
        self._desk = desk
        self._scout = scout
        self._stream: Stream = selected.stream
        self._report: Report = selected.stream.report or Report()
        self._incremental = selected.incremental
        self._account = account
        self._now = desk.client.clock.now()

    async def line(self) -> Line:
        """Plans as a job of the engine does, up to where that would ask for rows."""
        bare = Line(self._stream.name, self._account, UseCase.ADS_INSIGHTS.value)
        agenda = Agenda(self._desk, self._stream, self._account)
        span = await agenda.span()
        if span is None:
            return replace(bare, skipped=self._retention())
        if not self._incremental:
            self._desk.ledger.move_report(self._stream, self._account, forgotten)
        before = self._state()
        await agenda.skip_silence(span, before)
        moved = Moved(self._desk, self._stream, self._account, span)
        if self._incremental:
            await moved.compare(agenda.due(span, self._state()))
        due = subtract(agenda.due(span, self._state()), moved.still)
        rate = await self._rate(span, due)
        tally = self._simulated(agenda, span, moved.still, rate)
        calls = {"create a run": tally.runs, "poll a run": tally.poll, "read a page": tally.page}
        return replace(
            bare,
            windows=tally.windows,
            days=_days(due),
            runs=tally.runs,
            rows=tally.rows,
            calls=calls,
            deep=tally.deep,
            basis=rate.basis if tally.windows else Basis.LEARNED,
            skipped=(*self._retention(), *self._left_out(span, before, due, moved.still)),
        )

    def _state(self) -> ReportState:
        return self._desk.ledger.report(self._stream, self._account)

    def _simulated(self, agenda: Agenda, span: Span, still: Sequence[Window], rate: Rate) -> _Tally:
        """The engine's rounds: each plans with what the one before has taught of the rows a day."""
        tally, state, dealt_with = _Tally(), self._state(), [*still]
        for number in range(_ROUNDS):
            tasks = agenda.tasks(span, state, dealt_with)
            if not tasks:
                break
            self._round(tally, tasks, rate, first=number == 0)
            for task in tasks:
                rows, start = rate.over(task.window), span.wanted.since
                state = finish(state, task.window, span.freshness, read_at=self._now, start=start, rows=rows)
            dealt_with += [task.window for task in tasks]
        return tally

    def _round(self, tally: _Tally, tasks: Sequence[Task], rate: Rate, *, first: bool) -> None:
        left = [max(0, rate.over(task.window) - (task.resumed.rows if task.resumed else 0)) for task in tasks]
        each = [pages(rows, self._stream.page_size) for rows in left]
        runs = [task for task in tasks if not task.quick]
        tally.windows += len(tasks)
        tally.rows += sum(left)
        tally.runs += sum(task.resumed is None for task in runs)
        tally.poll += polls(sum(task.resumed is None or task.resumed.after is None for task in runs), first=first)
        tally.page += sum(each)
        tally.deep += sum(2 + max(each[place : place + TOGETHER]) for place in range(0, len(each), TOGETHER))

    async def _rate(self, span: Span, due: Sequence[Window]) -> Rate:
        """Rows a day: as the last sync learned them, else counted on a few days, else guessed."""
        learned = self._state().rows_per_day
        if learned is not None or not due:
            return Rate.even(learned or 0.0, Basis.LEARNED)
        days = samples_of(due, today(span.freshness.zone, self._now) - timedelta(days=1))
        increment = self._report.time_increment
        buckets = dict.fromkeys(_within(bucket(day, increment, span.anchor), span.wanted) for day in days)
        counted = await asyncio.gather(*map(self._rows_in, buckets))
        found = tuple(
            (window.since, rows / window.days)
            for window, (rows, _) in zip(buckets, counted, strict=True)
            if rows is not None
        )
        if not found:
            return Rate.even(_GUESS, Basis.ASSUMED)
        return Rate(found, least_sure(basis for rows, basis in counted if rows is not None))

    async def _rows_in(self, window: Window) -> tuple[int | None, Basis]:
        """Rows of the report in a bucket, by one call for its lightest field; None where Meta refuses."""
        stream = self._stream
        fields = request_fields(stream)
        metrics = (name for name in ("impressions", *fields) if name in fields and name not in IDENTITY)
        field = next(metrics, "impressions")
        asked = query.params(stream, (field,), query.filters(self._report))
        call = query.direct_call(stream, self._account, window, asked)
        answer = await self._scout.ask(call.having(fields=field, limit=str(_COUNTED)))
        if isinstance(answer, Refusal):
            return None, Basis.ASSUMED
        return _count(answer), Basis.PROBED if answer.page.next is None else Basis.ASSUMED

    def _retention(self) -> tuple[Skipped, ...]:
        """What the engine's own planning has said of days beyond Meta's memory."""
        own = (gap for gap in self._desk.gaps if gap.stream == self._stream.name and gap.account == self._account)
        return tuple(
            Skipped("retention", Window(*map(date.fromisoformat, gap.window)).days, gap.text)
            for gap in own
            if gap.window and gap.verdict == "retention"
        )

    def _left_out(
        self, span: Span, before: ReportState, due: Sequence[Window], still: Sequence[Window]
    ) -> tuple[Skipped, ...]:
        """Which wanted days are not read, and why."""
        silent = _days(subtract(_delivered(self._state()), _delivered(before)))
        standing = _days(still)
        rest = span.wanted.days - _days(due) - silent - standing
        lookback = span.freshness.lookback_days
        rows = (
            ("silence", silent, "the account delivered nothing on them"),
            ("look-back", standing, "the account's daily totals stand as they stood when they were read"),
            ("state", rest, f"delivered, and beyond the look-back of {lookback} days or read within the refresh time"),
        )
        return tuple(Skipped(why, days, text) for why, days, text in rows if days > 0)


def _within(window: Window, whole: Window) -> Window:
    return Window(max(window.since, whole.since), min(window.until, whole.until))


def _delivered(state: ReportState) -> list[Window]:
    return [one.window for one in state.finished]


def _days(windows: Sequence[Window]) -> int:
    return sum(window.days for window in windows)
