"""Which days of a report's look-back moved, told by one question for the daily totals of the account's campaigns."""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import assert_never

import msgspec
from msgspec import Raw

from facebook_marketing.catalog.reports import DEFAULT_WINDOWS, RESULT_PAGE_SIZE
from facebook_marketing.catalog.stream import Report, Stream
from facebook_marketing.engine import query
from facebook_marketing.engine.agenda import Span
from facebook_marketing.engine.desk import Desk
from facebook_marketing.graph.client import Refusal
from facebook_marketing.graph.walk import Arrived, Dropped, Path, Restarted, Spoiled, walk
from facebook_marketing.graph.wire import Call
from facebook_marketing.plan.lookback import Seen, bridged, compared, probed, still, sweeps
from facebook_marketing.plan.state import ReportState
from facebook_marketing.plan.windows import Window, subtract

log = logging.getLogger(__name__)

FIELDS = ("campaign_id", "spend", "impressions", "actions", "action_values")
"""What a total counts. Numbers that move without any of these are made good by the weekly sweep."""

_EDGE = "daily totals"
_WORTH_A_PROBE = 3
"""Due days of the look-back from which on asking for totals costs less than reading."""
_FEW_ROWS = 1000
"""Days between moved ones that have no more rows than this cost less than a window more."""


class Moved:
    """The look-back of one report of one account: which of its due days are left out of a sync."""

    def __init__(self, desk: Desk, stream: Stream, account: str, span: Span) -> None:
        self.still: tuple[Window, ...] = ()
        self._desk = desk
        self._stream = stream
        self._report: Report = stream.report or Report()
        self._account = account
        self._span = span
        self._seen: Seen | None = None
        self._began = desk.client.clock.now()
        self._sweeps = False

    async def compare(self, due: tuple[Window, ...]) -> None:
        """Finds the days of `due` that stand still, where the user wants that and the report has a row a day.

        The totals of all others are forgotten before they are read: a sync that dies leaves them unknown.
        """
        if self._desk.order.lookback == "full":
            return
        if self._report.time_increment != 1:
            await self._desk.once(("read in full", self._stream.name), self._say_full)
            return
        state = self._state()
        self._sweeps = sweeps(state, self._began)
        days = await self._standing(state, due)
        cheap = int(_FEW_ROWS / max(state.rows_per_day or 1.0, 1.0))
        self.still = subtract(days, bridged(subtract(due, days), cheap))
        # Nothing else moves this state before its windows are read, so no step of another job is lost here.
        self._move(compared(state, subtract(due, self.still), self._seen))
        if self.still:
            text = "%s, account %s: %d of %d days stand still and are not read again."
            log.info(text, self._stream.name, self._account, _count(self.still), _count(due))

    async def _standing(self, state: ReportState, due: tuple[Window, ...]) -> tuple[Window, ...]:
        """By the last comparison where that was lately, else by a new one where it pays."""
        freshness, now = self._span.freshness, self._began
        days = still(state, due, freshness, now=now)
        window = probed(self._span.wanted, freshness, now)
        if window is None or _count(subtract(due, days)) - _count(subtract(due, (*days, window))) < _WORTH_A_PROBE:
            return days
        self._seen = await self._probe(window)
        return still(state, due, freshness, now=now, seen=self._seen) if self._seen else ()

    def totals(self, window: Window, read_at: float) -> Mapping[date, str]:
        """The totals to keep with a delivered window: those from before it was read."""
        return self._seen.within(window, read_at) if self._seen else {}

    def end(self) -> None:
        """Everything that was to be read was asked for."""
        if self._sweeps:
            self._move(replace(self._state(), swept_at=self._began))

    def _state(self) -> ReportState:
        return self._desk.ledger.report(self._stream, self._account)

    def _move(self, state: ReportState) -> None:
        self._desk.ledger.move_report(self._stream, self._account, lambda _: state)

    async def _say_full(self) -> None:
        text = "%s: lookback changed compares single days; with time_increment %s the look-back is read in full."
        log.info(text, self._stream.name, self._report.time_increment)

    async def _probe(self, window: Window) -> Seen | None:
        """Asked once a sync for all reports that count alike."""
        call = _call(self._stream, self._account, window)
        return await self._desk.once((_EDGE, call), lambda: _seen(self._desk, call, window))


def _call(stream: Stream, account: str, window: Window) -> Call:
    """Campaign rows by day, counted as the report counts.

    The usual windows are asked for too: over ads with different attribution settings Meta leaves out `value` here,
    and what arrives late would show in no other number.
    """
    report = stream.report or Report()
    daily = Report(
        level="campaign",
        action_breakdowns=(),
        attribution_windows=tuple(dict.fromkeys((*DEFAULT_WINDOWS, *report.attribution_windows))),
        use_account_attribution_setting=report.use_account_attribution_setting,
        use_unified_attribution_setting=report.use_unified_attribution_setting,
        action_report_time=report.action_report_time,
    )
    alike = replace(stream, report=daily)
    asked = query.params(alike, FIELDS, query.filters(daily))
    return query.direct_call(alike, account, window, asked)


async def _seen(desk: Desk, call: Call, window: Window) -> Seen | None:
    """The totals of the window's days; None, with a log line, where Meta does not give them whole."""
    at = desk.client.clock.now()
    totals = _Totals()
    try:
        refused = await _walked(desk, call, totals)
    except msgspec.DecodeError as broken:
        refused = f"a page is no list of rows: {broken}"
    if refused is None:
        return Seen(totals.digests(window), at)
    text = "Account %s: the daily totals cannot be told (%s): the look-back is read in full."
    log.warning(text, call.account, desk.client.clean(refused))
    return None


async def _walked(desk: Desk, call: Call, totals: "_Totals") -> str | None:
    """All rows into `totals`, or why not. Totals that lack a field would be others than those of the last sync."""
    async for step in walk(desk.client, Path(call, FIELDS, _EDGE, RESULT_PAGE_SIZE), desk.sizes):
        match step:
            case Arrived(rows):
                totals.add(rows)
            case Restarted():
                totals.clear()
            case Dropped() | Spoiled() | Refusal():
                return str(step.fault)
            case never:
                assert_never(never)
    return None


class _Row(msgspec.Struct):
    """A campaign's day. Lists come in any order, numbers as Meta wrote them."""

    date_start: date
    campaign_id: str
    spend: Raw = Raw()
    impressions: Raw = Raw()
    actions: list[Raw] = []
    action_values: list[Raw] = []


class _Totals:
    """Rows of campaigns as they come, each kept as eight bytes."""

    def __init__(self) -> None:
        self._days: defaultdict[date, dict[str, bytes]] = defaultdict(dict)

    def add(self, rows: bytes) -> None:
        """Raises msgspec.DecodeError."""
        for row in msgspec.json.decode(rows, type=list[_Row]):
            lists = (b"", *sorted(map(bytes, row.actions)), b"", *sorted(map(bytes, row.action_values)))
            parts = (bytes(row.spend), bytes(row.impressions), *lists)
            self._days[row.date_start][row.campaign_id] = _hash(parts).digest()

    def clear(self) -> None:
        """The rows come again from the first one."""
        self._days.clear()

    def digests(self, window: Window) -> dict[date, str]:
        """One for each day of the window, for a day without rows too."""
        days = (window.since + timedelta(days=n) for n in range(window.days))
        return {day: _hash(_flat(sorted(self._days[day].items()))).hexdigest() for day in days}


def _flat(rows: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    for campaign, digest in rows:
        yield campaign.encode()
        yield digest


def _hash(parts: Iterable[bytes]) -> "hashlib.blake2b":
    """Parts with their borders, so that none can be taken for another."""
    found = hashlib.blake2b(digest_size=8)
    for part in parts:
        found.update(b"%d:%b" % (len(part), part))
    return found


def _count(windows: Iterable[Window]) -> int:
    return sum(window.days for window in windows)
