"""One window of a report: run it, read it, and say what came of it. Outcomes are types, matched exhaustively."""

import logging
from array import array
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import compress
from typing import assert_never

import msgspec

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.engine import query
from facebook_marketing.engine.desk import Desk
from facebook_marketing.graph import runs
from facebook_marketing.graph.client import Refusal
from facebook_marketing.graph.runs import Deadlines, Failed, Ready, Stalled, Watch
from facebook_marketing.graph.verdicts import Kind
from facebook_marketing.graph.walk import Arrived, Dropped, Path, Restarted, Spoiled, walk
from facebook_marketing.graph.wire import Fault
from facebook_marketing.plan.state import OpenRun
from facebook_marketing.plan.windows import Window
from facebook_marketing.records import Decoded, Nulled, Rows, key_of

log = logging.getLogger(__name__)

RESULT_EDGE = "report rows"


@dataclass(frozen=True, slots=True)
class Done:
    """Every row of the window was delivered."""

    rows: int
    read_at: float


@dataclass(frozen=True, slots=True)
class Split:
    """Too much at once: the window wants to be divided."""

    fault: Fault
    verdict: str


@dataclass(frozen=True, slots=True)
class Again:
    """It failed by chance; a new run may do."""

    fault: Fault
    verdict: str


@dataclass(frozen=True, slots=True)
class Degraded:
    """It can be read without these fields."""

    fields: tuple[str, ...]
    fault: Fault


@dataclass(frozen=True, slots=True)
class Lost:
    """It cannot be read."""

    refusal: Refusal


Outcome = Done | Split | Again | Degraded | Lost


class Delivered:
    """Which rows of a window were handed over already, so that a run that is made again delivers none twice.

    Eight bytes a row, and only a window's rows.
    """

    def __init__(self, stream: Stream) -> None:
        self._key = key_of(stream)
        self._marks = array("q")
        self._known: frozenset[int] = frozenset()

    def again(self) -> None:
        """The window is read once more from its beginning."""
        self._known = frozenset(self._marks)

    def new(self, rows: Decoded) -> Decoded:
        """The rows that were not handed over before."""
        marks = [hash(self._key(row)) for row in rows.rows]
        if not self._known:
            self._marks.extend(marks)
            return rows
        keep = [mark not in self._known for mark in marks]
        self._marks.extend(compress(marks, keep))
        places = dict(zip(compress(range(len(keep)), keep), range(len(keep)), strict=False))
        nulled = (Nulled(places[one.row], one.field, one.reason) for one in rows.nulled if keep[one.row])
        return Decoded(list(compress(rows.rows, keep)), tuple(nulled))

    def __len__(self) -> int:
        return len(self._marks)


Taker = Callable[[Decoded], Awaitable[None]]
"""Takes the rows of a page: hands them over, or keeps them until their other half is there."""


class Runner:
    """Runs and reads windows of one report of one account."""

    def __init__(self, desk: Desk, watch: Watch, stream: Stream, account: str, fingerprint: str) -> None:
        report = stream.report
        minutes = report.timeout_minutes if report else 60
        self._desk = desk
        self._watch = watch
        self._stream = stream
        self._account = account
        self._fingerprint = fingerprint
        self._rows = Rows(stream)
        self._deadlines = Deadlines(no_progress=min(600.0, minutes * 60.0), total=minutes * 60.0)

    async def attempt(
        self, window: Window, asked: Mapping[str, str], take: Taker, resumed: OpenRun | None = None
    ) -> Outcome:
        """One report run over the window, read to its end; each page goes to `take`."""
        now = self._desk.client.clock.now()
        if resumed is None:
            call = query.create_call(self._stream, self._account, window, asked)
            created = await runs.create(self._desk.client, call)
            if isinstance(created, Refusal):
                return Lost(created) if created.verdict.kind is Kind.SKIP_NODE else _outcome(created)
            run = OpenRun(created, window.since, window.until, self._fingerprint, now)
        else:
            run = resumed
        ending = await self._watch.ending(run.run_id, self._account, self._deadlines)
        match ending:
            case Ready():
                return await self._read(run, take)
            case Failed(_, refusal):
                return _outcome(refusal)
            case Stalled(_, seconds, percent):
                fault = Fault(0, f"report run {run.run_id} stood at {percent} % after {seconds:.0f} s")
                return Again(fault, "no progress")
            case never:
                assert_never(never)

    async def _read(self, run: OpenRun, take: Taker) -> Outcome:
        path = Path(query.result_call(run.run_id, self._account), (), RESULT_EDGE, self._stream.page_size)
        count = 0
        async for step in walk(self._desk.client, path, self._desk.sizes):
            match step:
                case Arrived(page):
                    try:
                        decoded = self._rows.decode(page, self._account)
                    except msgspec.DecodeError as broken:
                        text = f"a page of report run {run.run_id} is no list of rows: {broken}"
                        return Again(Fault(200, text), "unreadable page")
                    count += len(decoded.rows)
                    await take(decoded)
                case Restarted(fault):
                    return Again(fault, "the page cursor died")
                case Refusal():
                    return _outcome(step, reading=True)
                case Dropped() | Spoiled():
                    pass  # a report's rows are asked without fields: there is nothing to leave out
                case never:
                    assert_never(never)
        return Done(count, run.created_at)


def _outcome(refusal: Refusal, *, reading: bool = False) -> Outcome:
    kind = refusal.verdict.kind
    match kind:
        case Kind.SHRINK | Kind.SPLIT:
            return Split(refusal.fault, refusal.verdict.rule.meaning)
        case Kind.RETRY | Kind.SKIP_NODE | Kind.RESTART_WALK | Kind.POISONED_ITEM:
            return Again(refusal.fault, refusal.verdict.rule.meaning)
        case Kind.DROP_FIELD if refusal.verdict.fields:
            return Degraded(refusal.verdict.fields, refusal.fault)
        case Kind.STOP_STREAM if reading:
            return Again(refusal.fault, refusal.verdict.rule.meaning)
        case (
            Kind.DROP_FIELD
            | Kind.THROTTLE_ACCOUNT
            | Kind.THROTTLE_APP
            | Kind.STOP_STREAM
            | Kind.STOP_ACCOUNT
            | Kind.STOP
        ):
            return Lost(refusal)
        case never:
            assert_never(never)
