"""Reads an entity stream of one account: the account's node, or an edge to its end."""

from datetime import UTC, datetime, time, timedelta
from typing import assert_never

from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Behaviour, Stream
from facebook_marketing.engine.desk import Desk, LostError
from facebook_marketing.engine.door import Change
from facebook_marketing.engine.fresh import Fresh
from facebook_marketing.engine.order import Order, Selected
from facebook_marketing.engine.thumbnails import add_thumbnails
from facebook_marketing.graph.client import Body, Refusal
from facebook_marketing.graph.verdicts import Kind, explained
from facebook_marketing.graph.walk import Arrived, Dropped, Path, Restarted, Spoiled, Step, refused_fields, walk
from facebook_marketing.graph.wire import Call, as_json, list_param
from facebook_marketing.plan.state import EntityCursor, instant
from facebook_marketing.records import UNFETCHED, Decoded, Rows

_ACTIVITY_DAYS = 37 * 31
"""Without `since` Meta gives only the last seven days of activities; this is how far back we ask at most."""


async def read_entity(desk: Desk, selected: Selected, account: str) -> None:
    """Delivers one account of an entity stream and checkpoints it.

    Raises:
        LostError: Meta refused; what came before was delivered.
        msgspec.DecodeError: a page was no list of objects.
    """
    stream = selected.stream
    before = desk.ledger.entity(stream, account) if selected.incremental else EntityCursor()
    reader = _Reader(desk, stream, account, before)
    match stream.behaviour:
        case Behaviour.NODE:
            await reader.node()
        case Behaviour.EDGE:
            await reader.edge()
        case Behaviour.REPORT | Behaviour.LEDGER:
            raise TypeError(stream.name)
        case never:
            assert_never(never)
    if stream.cursor is not None:
        statuses = desk.order.statuses.get(stream.filter_entity or "", ())
        desk.ledger.move_entity(stream, account, reader.fresh.reached(statuses))
    await desk.checkpoint(stream)


class _Reader:
    """One walk: decodes its pages, keeps what is new, hands it over."""

    def __init__(self, desk: Desk, stream: Stream, account: str, before: EntityCursor) -> None:
        since = _since(desk.order, before)
        self.fresh = Fresh(stream, before, since)
        self._desk = desk
        self._stream = stream
        self._account = account
        self._rows = Rows(stream)
        self._call = _edge_call(stream, account, desk.order, since, desk.client.clock.now())
        self._fields = request_fields(stream)

    async def node(self) -> None:
        """The account itself. Fields that the token may not read are left out and recorded."""
        fields = self._fields
        while True:
            answer = await self._desk.client.ask(self._call.having(fields=list_param(fields)))
            if isinstance(answer, Body):
                await self._arrived(b"[" + answer.body + b"]", ())
                return
            refused = await self._refused(answer, fields)
            if not refused:
                raise LostError(answer, f"Account {self._account}")
            fields = tuple(name for name in fields if name not in refused)

    async def _refused(self, refusal: Refusal, fields: tuple[str, ...]) -> tuple[str, ...]:
        if refusal.verdict.kind is not Kind.DROP_FIELD:
            return ()
        refused = await refused_fields(self._desk.client, self._call, fields, refusal)
        for name in refused:
            await self._step(Dropped(name, refusal.fault))
        return refused

    async def edge(self) -> None:
        """Every page of the edge."""
        path = Path(self._call, self._fields, self._stream.edge, self._stream.page_size)
        async for step in walk(self._desk.client, path, self._desk.sizes):
            await self._step(step)
            del step  # a page is not kept while the next one is fetched

    async def _step(self, step: Step) -> None:
        desk, stream, account = self._desk, self._stream, self._account
        match step:
            case Arrived(rows, without):
                await self._arrived(rows, without)
            case Dropped(name, fault):
                await desk.gap(
                    stream, account, f"Meta does not give the field {name}: {explained(fault)}", fault, field=name
                )
            case Spoiled(item, name, fault):
                what = f"{item} was read without {name}" if name else f"of {item} only the id could be read"
                await desk.gap(stream, account, f"{what}: {explained(fault)}", fault, field=name, entity=item)
            case Restarted():
                pass  # `fresh` leaves out what comes again
            case Refusal():
                raise LostError(step, f"{stream.name} of account {account}")
            case never:
                assert_never(never)

    async def _arrived(self, page: bytes, without: tuple[str, ...]) -> None:
        decoded: Decoded = self.fresh.of(self._rows.decode(page, self._account))
        if self._desk.order.thumbnails and any(c.name == "thumbnail_data_url" for c in self._stream.columns):
            decoded = await add_thumbnails(self._desk.transport, decoded)
        changes = tuple(Change(i, name, UNFETCHED) for i in range(len(decoded.rows)) for name in without)
        await self._desk.deliver(self._stream, self._account, decoded, changes)
        await self._desk.progress(self._stream, self._account, len(decoded.rows))


def _since(order: Order, before: EntityCursor) -> datetime | None:
    """From which second on rows are wanted: the cursor's own, or the first day of the sync."""
    if before.value is not None:
        return instant(before.value).replace(microsecond=0)
    return None if order.start is None else datetime.combine(order.start, time(), UTC)


def _edge_call(stream: Stream, account: str, order: Order, since: datetime | None, now: float) -> Call:
    path = f"act_{account}/{stream.edge}" if stream.edge else f"act_{account}"
    params = list(stream.params)
    filters = list(_filters(stream, order, since))
    if filters:
        params.append(("filtering", as_json(filters)))
    if stream.name == "activities":
        oldest = now - timedelta(days=_ACTIVITY_DAYS).total_seconds()
        params.append(("since", str(int(since.timestamp() if since else oldest))))
    return Call(path, tuple(params), account, stream.use_case)


def _filters(stream: Stream, order: Order, since: datetime | None) -> list[dict[str, object]]:
    """Meta compares strictly greater: one second less keeps what changed within the cursor's own second."""
    entity = stream.filter_entity
    if entity is None:
        return []
    filters: list[dict[str, object]] = []
    if stream.server_cursor and since is not None:
        value = int(since.timestamp()) - 1
        filters.append({"field": f"{entity}.{stream.cursor}", "operator": "GREATER_THAN", "value": value})
    if statuses := order.statuses.get(entity, ()):
        filters.append({"field": f"{entity}.effective_status", "operator": "IN", "value": list(statuses)})
    return filters
