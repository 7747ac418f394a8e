"""Reads: every selected stream of every account, several at a time, each on its own feet. Schedules, nothing else."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from facebook_marketing.catalog.stream import Behaviour
from facebook_marketing.engine import query
from facebook_marketing.engine.desk import Desk, FailureType, LostError, OddAccountError, UnfinishedError
from facebook_marketing.engine.door import Failure, Gap, Outcome, Sink, Status, StreamStatus
from facebook_marketing.engine.edges import read_entity
from facebook_marketing.engine.gaps import deliver_gaps
from facebook_marketing.engine.ledger import Ledger
from facebook_marketing.engine.missing import read_missing, read_missing_creatives
from facebook_marketing.engine.nested import read_nested
from facebook_marketing.engine.order import Order, Selected
from facebook_marketing.engine.references import COLUMNS, References
from facebook_marketing.engine.reports import read_report
from facebook_marketing.engine.rights import is_closed, say_closed
from facebook_marketing.engine.shared import read_shared
from facebook_marketing.engine.sweep import compares, references_of
from facebook_marketing.graph.client import Client
from facebook_marketing.graph.counts import Job, Tally, on_behalf
from facebook_marketing.graph.runs import Watch
from facebook_marketing.graph.transport import Transport
from facebook_marketing.graph.verdicts import Kind

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Standing:
    """How far a stream is: jobs still to do, and what went wrong."""

    left: int
    started: bool = False
    failures: list[Failure] = field(default_factory=list)


async def read(  # noqa: PLR0913 - the one way in: what, from where, to where
    order: Order,
    selection: Sequence[Selected],
    state: Mapping[str, Any],
    sink: Sink,
    *,
    client: Client,
    transport: Transport,
) -> Outcome:
    """Reads the selection into the sink and says what came of it.

    `state` holds a saved blob a stream. One account's or stream's failure lets the others finish; a dead token or a
    dead version stops everything. The sink is not closed.

    Raises:
        StateError: a saved blob cannot be used; nothing was read.
    """
    today = (datetime.fromtimestamp(client.clock.now(), UTC) + timedelta(hours=14)).date()
    ledger = Ledger(today)
    from_meta = [one for one in selection if one.stream.behaviour is not Behaviour.LEDGER]
    for note in open_books(ledger, order, from_meta, state):
        log.warning(note)
    desk = Desk(order, client, transport, sink, ledger, _references(order, from_meta, ledger, client.clock.now()))
    schedule = _Schedule(desk, Watch(client), from_meta)
    try:
        await schedule.run()
    finally:
        await schedule.close()
        await desk.close()
    for one in selection:
        if one.stream.behaviour is Behaviour.LEDGER:
            await deliver_gaps(desk, one)
    return schedule.outcome()


def open_books(ledger: Ledger, order: Order, selection: Sequence[Selected], state: Mapping[str, Any]) -> list[str]:
    """Takes saved states over; what their owner should know of it. Raises StateError."""
    notes: list[str] = []
    for selected in selection:
        stream = selected.stream
        blob = state.get(stream.name) if selected.incremental else None
        if stream.behaviour is Behaviour.REPORT:
            fingerprint = query.fingerprint(stream)
            notes += ledger.open_report(stream, blob, order.accounts, fingerprint)
        else:
            statuses = order.statuses.get(stream.filter_entity or "", ())
            notes += ledger.open_entity(stream, blob, order.accounts, statuses)
    return notes


def _references(order: Order, selection: Sequence[Selected], ledger: Ledger, now: float) -> References:
    """The books of the objects that this sync compares."""
    references = references_of(order, selection)
    for entity, stream in references.streams.items():
        selected = next(one for one in selection if one.stream.name == stream.name)
        for account in order.accounts:
            cursor = ledger.entity(stream, account)
            if compares(selected, cursor, order, now):
                references.open(entity, account, cursor)
    return references


class _Schedule:
    """The jobs of a sync, one a stream and account, and the workers that take them in order.

    Streams whose objects reports may name come first; what they lack is asked for when all else of an account is read.
    """

    def __init__(self, desk: Desk, watch: Watch, selection: Sequence[Selected]) -> None:
        self._desk = desk
        self._watch = watch
        compared = {stream.name for stream in desk.references.streams.values()}
        in_order = sorted(selection, key=lambda one: one.stream.name not in compared)
        self._late = {account: self._last_jobs(account, selection) for account in desk.order.accounts}
        self._jobs: deque[tuple[Selected | None, str]] = deque(
            (one, account) for one in in_order for account in desk.order.accounts
        )
        self._jobs.extend((None, account) for account, late in self._late.items() if late)
        self._standing = {one.stream.name: _Standing(len(desk.order.accounts)) for one in selection}
        for one in (one for late in self._late.values() for one in late):
            self._standing[one.stream.name].left += 1
        self._open = dict.fromkeys(desk.order.accounts, len(selection))
        self._read = {account: asyncio.Event() for account in desk.order.accounts}
        self._lost_accounts: dict[str, Failure] = {}
        self._stopped: Failure | None = None
        self._statuses: dict[str, StreamStatus] = {}

    def _last_jobs(self, account: str, selection: Sequence[Selected]) -> list[Selected]:
        """The streams whose missing objects are asked for last: ads, the parents that those name, creatives."""
        references, by_name = self._desk.references, {one.stream.name: one for one in selection}
        found = [
            by_name[references.streams[entity].name]
            for entity in COLUMNS
            if references.book(entity, account) is not None and entity in references.streams
        ]
        if references.book("ad", account) is not None:
            found += [one for one in selection if one.stream.via == "ads"]
        return found

    async def run(self) -> None:
        """Every job, `parallel_jobs` at a time."""
        many = min(self._desk.order.parallel_jobs, len(self._jobs))
        workers = [asyncio.create_task(self._work()) for _ in range(many)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def close(self) -> None:
        """Ends the polling."""
        await self._watch.close()

    def outcome(self) -> Outcome:
        """What the read came to."""
        failures = tuple(failure for standing in self._standing.values() for failure in standing.failures)
        desk = self._desk
        return Outcome(self._statuses, desk.rows, tuple(desk.gaps), failures, desk.client.counts.calls)

    async def _work(self) -> None:
        while self._jobs:
            selected, account = self._jobs.popleft()
            if selected is None:
                await self._end_account(account)
                continue
            try:
                await self._do(selected, account, self._read_stream)
            finally:
                self._open[account] -= 1
                if not self._open[account]:
                    self._read[account].set()

    async def _end_account(self, account: str) -> None:
        """When all streams of an account were read: what their rows name and no list showed."""
        await self._read[account].wait()
        for selected in self._late[account]:
            await self._do(selected, account, self._read_missing)
        self._desk.references.close(account)

    async def _do(self, selected: Selected, account: str, job: Callable[[Selected, str], Awaitable[None]]) -> None:
        standing = self._standing[selected.stream.name]
        if not standing.started:
            standing.started = True
            accounts = len(self._desk.order.accounts)
            await self._desk.say(Status(selected.stream.name, StreamStatus.STARTED, accounts=accounts))
        lost = self._stopped or self._lost_accounts.get(account)
        with self._counted(Job(selected.stream.name, account)) as tally:
            failure = lost or await self._attempt(selected, account, job)
            tally.failure = failure.text if failure is not None else tally.failure
            tally.done = tally.failure is None
        if failure is not None and not (lost and job == self._read_missing):  # of what was lost it was said before
            standing.failures.append(replace(failure, stream=selected.stream.name, account=account))
        standing.left -= 1
        if standing.left == 0:
            await self._end(selected.stream.name, standing)

    @contextmanager
    def _counted(self, job: Job) -> Iterator[Tally]:
        """When it began and ended, and every call inside as made for it."""
        client = self._desk.client
        tally = client.counts.jobs[job]
        tally.began = tally.began or client.clock.now()
        try:
            with on_behalf(job):
                yield tally
        finally:
            tally.ended = client.clock.now()

    async def _read_missing(self, selected: Selected, account: str) -> None:
        if selected.stream.via is None:
            await read_missing(self._desk, selected, account)
        else:
            await read_missing_creatives(self._desk, selected, account)

    async def _attempt(
        self, selected: Selected, account: str, job: Callable[[Selected, str], Awaitable[None]]
    ) -> Failure | None:
        """Does one job; what went wrong comes back as a value."""
        try:
            await job(selected, account)
        except LostError as lost:
            if await is_closed(self._desk, selected.stream, account, lost.refusal):
                await say_closed(self._desk, selected.stream, account, lost.refusal)
                await self._desk.checkpoint(selected.stream)
                return None
            return self._reach(selected, account, lost)
        except (UnfinishedError, OddAccountError) as unfinished:
            return Failure(selected.stream.name, account, str(unfinished), unfinished.failure_type)
        except msgspec.DecodeError as broken:
            text = f"{selected.stream.name} of account {account}: Meta's reply has an unknown shape ({broken})"
            return Failure(selected.stream.name, account, text, "system_error")
        return None

    async def _read_stream(self, selected: Selected, account: str) -> None:
        """The way of reading that the stream's row asks for."""
        stream = selected.stream
        if stream.behaviour is Behaviour.REPORT:
            await read_report(self._desk, self._watch, selected, account)
        elif stream.parents is not None:
            await read_nested(self._desk, selected, account)
        elif stream.shared is not None:
            await read_shared(self._desk, selected, account)
        else:
            await read_entity(self._desk, selected, account)

    def _reach(self, selected: Selected, account: str, lost: LostError) -> Failure:
        failure = Failure(selected.stream.name, account, self._desk.client.clean(str(lost)), lost.failure_type)
        log.error(failure.text)
        if lost.reach is Kind.STOP:
            self._stopped = failure
        if lost.reach in {Kind.STOP_ACCOUNT, Kind.SKIP_NODE}:  # the object that is missing is the account itself
            self._lost_accounts[account] = failure
        return failure

    async def _end(self, stream: str, standing: _Standing) -> None:
        gaps = [gap for gap in self._desk.gaps if gap.stream == stream]
        if self._desk.order.strict and gaps and not standing.failures:
            standing.failures.append(_strict(stream, gaps))
        status = StreamStatus.INCOMPLETE if standing.failures else StreamStatus.COMPLETE
        self._statuses[stream] = status
        why = "; ".join(dict.fromkeys(failure.text for failure in standing.failures)) or None
        await self._desk.say(Status(stream, status, why))


def _strict(stream: str, gaps: Sequence[Gap]) -> Failure:
    kind: FailureType = "system_error"
    return Failure(stream, gaps[0].account, f"{stream}: {len(gaps)} gap(s) and strict is on: {gaps[0].text}", kind)
