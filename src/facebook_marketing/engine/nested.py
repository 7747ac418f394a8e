"""Reads the edge of each of an account's objects: `/{ad}/leads`. Fifty of them a request, each counting as a call."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, time

import msgspec

from facebook_marketing.catalog.rules import EFFECTIVE_STATUSES
from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Parents, Stream, UseCase
from facebook_marketing.engine.arrivals import Arrivals
from facebook_marketing.engine.desk import Desk, LostError
from facebook_marketing.engine.order import Selected
from facebook_marketing.engine.rights import VERDICT, lacks_rights, say_closed
from facebook_marketing.graph.client import Answer, Body, Refusal
from facebook_marketing.graph.verdicts import Kind
from facebook_marketing.graph.walk import Arrived, Dropped, Path, Restarted, Spoiled, walk
from facebook_marketing.graph.wire import Call, as_json, list_param
from facebook_marketing.plan.state import EntityCursor, instant
from facebook_marketing.records import Rows

_TOGETHER = 50
"""Meta: at most so many calls in a batch."""
_LISTED = 500
_GONE = "DELETED"

_OBJECTS = msgspec.json.Decoder(list[dict[str, object]])


async def read_nested(desk: Desk, selected: Selected, account: str) -> None:
    """Delivers one account's part of the stream and checkpoints it.

    Raises:
        LostError: Meta refused; what came before was delivered, and comes again with the next sync.
        msgspec.DecodeError: a page was no list of objects.
    """
    stream = selected.stream
    before = desk.ledger.entity(stream, account) if selected.incremental else EntityCursor()
    reading = _Reading(desk, stream, account, before)
    async for parents in _batches(_parents(desk, stream, account)):
        if not await reading.read(parents):
            break
    desk.ledger.move_entity(stream, account, await reading.ended())
    await desk.checkpoint(stream)


async def _batches(found: AsyncIterator[Sequence[str]]) -> AsyncIterator[Sequence[str]]:
    waiting: list[str] = []
    async for some in found:
        waiting += some
        while len(waiting) >= _TOGETHER:
            yield waiting[:_TOGETHER]
            del waiting[:_TOGETHER]
    if waiting:
        yield waiting


async def _parents(desk: Desk, stream: Stream, account: str) -> AsyncIterator[Sequence[str]]:
    """Ids of the account's objects that may have rows, a page at a time, archived and deleted ones among them."""
    parents = _of(stream)
    every = EFFECTIVE_STATUSES[parents.entity]
    for statuses in (every, [one for one in every if one != _GONE]):
        listed = 0
        async for step in walk(desk.client, _listing(parents, account, statuses), desk.sizes):
            match step:
                case Arrived(rows):
                    found = _OBJECTS.decode(rows)
                    listed += len(found)
                    yield [str(one["id"]) for one in found if "id" in one and _may_have_rows(one, parents)]
                case Refusal() if not listed and len(statuses) == len(every) and step.verdict.kind is Kind.STOP_STREAM:
                    why = f"Meta does not list deleted {parents.edge}; their {stream.name} are not read: {step.fault}"
                    await desk.gap(stream, account, why, step.fault)
                    break
                case Refusal():
                    raise LostError(step, f"{stream.name} of account {account}: its {parents.edge}")
                case Dropped() | Spoiled() | Restarted():
                    pass  # of what is not known, it is asked whether it has rows
        else:
            return


def _listing(parents: Parents, account: str, statuses: Sequence[str]) -> Path:
    chosen = {"field": f"{parents.entity}.effective_status", "operator": "IN", "value": list(statuses)}
    call = Call(f"act_{account}/{parents.edge}", (("filtering", as_json([chosen])),), account, UseCase.ADS_MANAGEMENT)
    return Path(call, ("id", parents.field), f"{parents.edge} as parents", _LISTED)


def _may_have_rows(found: object, parents: Parents) -> bool:
    for name in parents.path:
        found = found.get(name) if isinstance(found, dict) else None
    return not isinstance(found, str) or found in parents.values


def _of(stream: Stream) -> Parents:
    if stream.parents is None:
        raise TypeError(stream.name)
    return stream.parents


class _Reading:
    """The edges of one account's objects, one batch after the other."""

    def __init__(self, desk: Desk, stream: Stream, account: str, before: EntityCursor) -> None:
        self._desk = desk
        self._stream = stream
        self._account = account
        self._rows = Rows(stream)
        self._fields = request_fields(stream)
        self._arrivals = Arrivals(stream, before, desk.client.clock.now())
        self._filtering = _filtering(desk, stream, before)
        self._readable = 0
        self._closed: Counter[str] = Counter()
        self._first: dict[str, tuple[str, Refusal]] = {}

    async def read(self, parents: Sequence[str]) -> bool:
        """Every row of these; False when it is plain that the token may read those of no other either."""
        limit = str(self._desk.sizes.get(self._account, self._stream.edge, self._stream.page_size).now)
        fields = list_param(self._fields)
        calls = [self._call(parent).having(fields=fields, limit=limit) for parent in parents]
        for parent, answer in zip(parents, await self._desk.client.batch(calls), strict=True):
            self._arrivals.turn()
            await self._take(parent, answer)
        return bool(self._readable) or not self._closed or await self._may()

    async def ended(self) -> EntityCursor:
        """Records what was closed; says where the next sync begins."""
        for why, many in self._closed.items():
            parent, refusal = self._first[why]
            if not self._readable:
                await say_closed(self._desk, self._stream, self._account, refusal)
                continue
            what = f"{many} {_of(self._stream).edge} do not let the token read their {self._stream.name}: {why}"
            await self._desk.gap(self._stream, self._account, what, refusal.fault, verdict=VERDICT, entity=parent)
        return self._arrivals.halted() if self._closed else self._arrivals.reached()

    async def _take(self, parent: str, answer: Answer) -> None:
        """An answer of the batch, where it is a whole one; else the parent is walked by itself."""
        match answer:
            case Body(page=page) if page.rows is not None and page.next is None:
                await self._arrived(page.rows)
                self._readable += 1
            case Refusal() if answer.fault.message in self._closed:
                self._note_closed(parent, answer)
            case _:  # among others the first that is closed: it may be a field that is refused
                await self._alone(parent)

    async def _alone(self, parent: str) -> None:
        path = Path(self._call(parent), self._fields, self._stream.edge, self._stream.page_size)
        desk, stream, account = self._desk, self._stream, self._account
        async for step in walk(desk.client, path, desk.sizes):
            match step:
                case Arrived(rows):
                    await self._arrived(rows)
                case Dropped(field, fault):
                    self._fields = tuple(one for one in self._fields if one != field)
                    await desk.gap(
                        stream, account, f"Meta does not give the field {field}: {fault}", fault, field=field
                    )
                case Spoiled(item, field, fault):
                    what = f"{item} was read without {field}" if field else f"of {item} only the id could be read"
                    await desk.gap(stream, account, f"{what}: {fault}", fault, field=field, entity=item)
                case Restarted():
                    pass  # what comes again is left out
                case Refusal():
                    await self._refused(parent, step)
                    return
        self._readable += 1

    async def _refused(self, parent: str, refusal: Refusal) -> None:
        if lacks_rights(refusal):
            self._note_closed(parent, refusal)
        elif refusal.verdict.kind is Kind.SKIP_NODE:
            why = f"{parent} is gone or hidden from the token: {refusal.fault}"
            await self._desk.gap(self._stream, self._account, why, refusal.fault, entity=parent)
        else:
            raise LostError(refusal, f"{self._stream.name} of account {self._account}")

    def _note_closed(self, parent: str, refusal: Refusal) -> None:
        why = refusal.fault.message
        self._closed[why] += 1
        self._first.setdefault(why, (parent, refusal))

    async def _may(self) -> bool:
        """Whether the token has the permission at all. Where Meta does not tell, it is taken to have it."""
        granted: bool = await self._desk.once(("granted", self._stream.needs), self._ask_permission)
        return granted

    async def _ask_permission(self) -> bool:
        answer = await self._desk.client.ask(Call("me/permissions"))
        if not isinstance(answer, Body) or answer.page.rows is None:
            return True
        rows = _OBJECTS.decode(answer.page.rows)
        told = {str(row.get("permission")): row.get("status") == "granted" for row in rows}
        return not told or answer.page.next is not None or told.get(self._stream.needs or "", False)

    async def _arrived(self, page: bytes) -> None:
        decoded = self._arrivals.of(self._rows.decode(page, self._account))
        await self._desk.deliver(self._stream, self._account, decoded)
        await self._desk.progress(self._stream, self._account, len(decoded.rows))

    def _call(self, parent: str) -> Call:
        stream = self._stream
        call = Call(f"{parent}/{stream.edge}", stream.params, self._account, stream.use_case)
        return call.having(filtering=self._filtering)


def _filtering(desk: Desk, stream: Stream, before: EntityCursor) -> str | None:
    """From which second on. Meta compares strictly greater: one second less keeps the cursor's own."""
    start = desk.order.start
    since = [datetime.combine(start, time(), UTC)] if start else []
    since += [instant(before.value)] if before.value is not None else []
    if not since or stream.cursor_filter is None:
        return None
    value = int(max(since).timestamp()) - 1
    return as_json([{"field": stream.cursor_filter, "operator": "GREATER_THAN", "value": value}])
