"""One window of a report: run it, read it, and say what came of it. Outcomes are types, matched exhaustively."""

import logging
from array import array
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
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
from facebook_marketing.plan.progress import closed, opened, reached
from facebook_marketing.plan.state import OpenRun, ReportState
from facebook_marketing.plan.windows import Window
from facebook_marketing.records import Decoded, Nulled, Rows, keys_of

log = logging.getLogger(__name__)

RESULT_EDGE = "report rows"
NO_ANSWER = "no answer"
NO_PROGRESS = "no progress"
UNKNOWN_REASON = "no known reason"


@dataclass(frozen=True, slots=True)
class Done:
    """Every row of the window was delivered."""

    rows: int
    read_at: float


@dataclass(frozen=True, slots=True)
class Split:
    """The window wants to be divided: too much at once, or (`unknown`) for no reason that Meta gives.

    `worn_out` says that runs failed by chance too often: it may as well be that Meta makes no reports at all.
    """

    fault: Fault
    verdict: str
    unknown: bool = False
    worn_out: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """It failed by chance; a new run may do. `refusal` is set where Meta did not answer, however patient we were."""

    fault: Fault
    verdict: str
    refusal: Refusal | None = None


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

    Eight bytes a row, and only a window's rows. `began` is when the first of them can have been handed over.
    """

    def __init__(self, stream: Stream, began: float) -> None:
        self.began = began
        self._keys = keys_of(stream)
        self._marks = array("q")
        self._known: frozenset[int] = frozenset()

    def again(self) -> None:
        """The window is read once more from its beginning."""
        self._known = frozenset(self._marks)

    def new(self, rows: Decoded) -> Decoded:
        """The rows that were not handed over before."""
        marks = list(map(hash, self._keys(rows.rows)))
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


Note = Callable[[str, int], Awaitable[None]]
"""Told, after each page but the last, the cursor of the next one and how many rows came so far."""


class Runner:
    """Asks for windows of one report of one account: by a report run, or at once."""

    def __init__(self, desk: Desk, watch: Watch, stream: Stream, account: str, fingerprint: str) -> None:
        minutes = stream.report.timeout_minutes if stream.report else 60
        self._desk = desk
        self._watch = watch
        self._stream = stream
        self._account = account
        self._fingerprint = fingerprint
        self._rows = Rows(stream)
        self._columns = desk.columns(stream, self._rows)
        self._kin = (stream.name, fingerprint)
        self._deadlines = Deadlines(no_progress=min(300.0, minutes * 60.0), total=minutes * 60.0)

    async def attempt(
        self,
        window: Window,
        asked: Mapping[str, str],
        take: Taker,
        *,
        resumed: OpenRun | None = None,
        whole: bool = False,
    ) -> Outcome:
        """One report run, read to its end; each page goes to `take`.

        A run over a `whole` window is noted in the state while it is open: a sync that is killed finds it again.
        """
        run = resumed or await self._created(window, asked)
        if not isinstance(run, OpenRun):
            return run
        if whole and resumed is None:
            await self._note_open(run)
        outcome = await self._followed(run, take, old=resumed is not None, noted=whole)
        if whole and not isinstance(outcome, Done):
            self._desk.ledger.move_report(self._stream, self._account, lambda state: closed(state, run.run_id))
        return outcome

    async def readable(self, window: Window, asked: Mapping[str, str]) -> Outcome | None:
        """Whether a run over the window would come to rows, which are left unread: None, or what went wrong."""
        run = await self._created(window, asked)
        return await self._ended(run, old=False) if isinstance(run, OpenRun) else run

    async def at_once(self, window: Window, asked: Mapping[str, str], take: Taker) -> Outcome:
        """The rows by GET, without a run."""
        began = self._desk.client.clock.now()
        fields = tuple(asked["fields"].split(","))
        call = query.direct_call(self._stream, self._account, window, asked)
        path = Path(call, fields, RESULT_EDGE, self._stream.page_size, shrinks=False)
        return await self._walked(path, began, take)

    async def _created(self, window: Window, asked: Mapping[str, str]) -> OpenRun | Outcome:
        now = self._desk.client.clock.now()
        created = await runs.create(self._desk.client, query.create_call(self._stream, self._account, window, asked))
        if isinstance(created, str):
            return OpenRun(created, window.since, window.until, self._fingerprint, now)
        return Lost(created) if created.verdict.kind is Kind.SKIP_NODE else _unanswered(created)

    async def _note_open(self, run: OpenRun) -> None:
        self._desk.ledger.move_report(self._stream, self._account, lambda state: opened(state, run))
        await self._desk.checkpoint(self._stream)

    async def _followed(self, run: OpenRun, take: Taker, *, old: bool, noted: bool) -> Outcome:
        """A run of which pages were read before is complete: it is not polled, and read on where it was left."""
        failed = await self._ended(run, old=old) if run.after is None else None
        if failed is not None:
            return failed
        call = query.result_call(run.run_id, self._account, run.after)
        path = Path(call, (), RESULT_EDGE, self._stream.page_size)

        async def note(after: str, rows: int) -> None:
            def move(state: ReportState) -> ReportState:
                return reached(state, run.run_id, after, run.rows + rows)

            self._desk.ledger.move_report(self._stream, self._account, move)
            await self._desk.checkpoint(self._stream, often=True)

        outcome = await self._walked(path, run.created_at, take, note if noted else None)
        return replace(outcome, rows=run.rows + outcome.rows) if isinstance(outcome, Done) else outcome

    async def _ended(self, run: OpenRun, *, old: bool) -> Outcome | None:
        born = run.created_at if old else None  # a creation may have waited for quota: it is young all the same
        ending = await self._watch.ending(run.run_id, self._account, self._deadlines, created_at=born, kin=self._kin)
        match ending:
            case Ready():
                return None
            case Failed(_, refusal):
                return _outcome(refusal)
            case Stalled(_, seconds, percent):
                fault = Fault(0, f"report run {run.run_id} stood at {percent} % after {seconds:.0f} s")
                return Again(fault, NO_PROGRESS)
            case never:
                assert_never(never)

    async def _walked(self, path: Path, read_at: float, take: Taker, note: Note | None = None) -> Outcome:
        count = 0
        async for step in walk(self._desk.client, path, self._desk.sizes):
            match step:
                case Arrived():
                    rows = await self._arrived(step, path, take)
                    if not isinstance(rows, int):
                        return rows
                    count += rows
                    if note is not None and step.after is not None:
                        await note(step.after, count)
                case Restarted(fault):
                    return Again(fault, "the page cursor died")
                case Dropped(name, fault):
                    return Degraded((name,), fault)
                case Refusal():
                    return _unanswered(step, reading=True)
                case Spoiled(_, _, fault):
                    return Again(fault, "unreadable page")
                case never:
                    assert_never(never)
            del step  # a megabyte that would be kept until the next page is here
        return Done(count, read_at)

    async def _arrived(self, page: Arrived, path: Path, take: Taker) -> int | Again:
        """Hands a page over; how many rows it had. Its rows are gone when this returns."""
        try:
            decoded = await self._decoded(page.rows)
        except msgspec.DecodeError as broken:
            text = f"a page of {path.call.path} is no list of rows: {broken}"
            return Again(Fault(200, text), "unreadable page")
        await take(decoded)
        return len(decoded.rows)

    async def _decoded(self, page: bytes) -> Decoded:
        """As columns where the sink wants them and the page is as plain as most, else row by row."""
        columns = await self._columns(page, self._account) if self._columns is not None else None
        return self._rows.decode(page, self._account) if columns is None else Decoded(columns)


def _unanswered(refusal: Refusal, *, reading: bool = False) -> Outcome:
    """What becomes of a call (not of a run) that was refused."""
    if refusal.verdict.kind is Kind.RETRY:
        return Again(refusal.fault, NO_ANSWER, refusal)
    return _outcome(refusal, reading=reading)


_UNKNOWN = 1504044
"""Subcode of a run that failed for no known reason: once may be chance, twice is a field or an entity."""


def _outcome(refusal: Refusal, *, reading: bool = False) -> Outcome:
    kind = refusal.verdict.kind
    match kind:
        case Kind.SPLIT if refusal.fault.subcode == _UNKNOWN:
            return Again(refusal.fault, UNKNOWN_REASON)
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
