"""Reads an entity stream of one account: the account's node, or an edge to its end."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_never

from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Behaviour, Stream
from facebook_marketing.engine.creatives import read_changed
from facebook_marketing.engine.desk import Desk, LostError
from facebook_marketing.engine.door import Change, Present, Swept
from facebook_marketing.engine.fresh import Fresh
from facebook_marketing.engine.held import MOST_SPOILED
from facebook_marketing.engine.listing import edge_call, since_of
from facebook_marketing.engine.order import Selected
from facebook_marketing.engine.sweep import DAY, conclude, is_due
from facebook_marketing.engine.thumbnails import add_thumbnails
from facebook_marketing.graph.client import Body, Refusal
from facebook_marketing.graph.verdicts import POISON_FIELD, Kind, explained, judge
from facebook_marketing.graph.walk import Arrived, Dropped, Path, Restarted, Spoiled, Step, refused_fields, walk
from facebook_marketing.graph.wire import list_param
from facebook_marketing.plan.state import EntityCursor, Unread
from facebook_marketing.records import UNFETCHED, Decoded, Rows, key_of

_MOST_UNREAD = 500
_MOST_LISTED = {"adcreatives": 50_000}
"""Rows at which Meta ends an edge (Meta's page on creatives): with so many nobody knows what is beyond."""


async def read_entity(desk: Desk, selected: Selected, account: str) -> None:
    """Delivers one account of an entity stream and checkpoints it.

    Raises:
        LostError: Meta refused; what came before was delivered.
        msgspec.DecodeError: a page was no list of objects.
    """
    stream = selected.stream
    before = desk.ledger.entity(stream, account) if selected.incremental else EntityCursor()
    if stream.via is not None and not in_full(desk, stream, before):
        await read_changed(desk, stream, account, before)
        return
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
    await _conclude(desk, stream, account, before, reader)
    await desk.checkpoint(stream)


async def _conclude(desk: Desk, stream: Stream, account: str, before: EntityCursor, reader: "_Reader") -> None:
    """Moves the cursor, and says what is there where that is wanted."""
    reached = reader.reached()
    if stream.filter_entity is not None:
        reached = await conclude(desk, stream, account, before, reached)
    elif desk.order.sweep and reader.lists_all():
        await desk.say(Swept(stream.name, account))
    if stream.incremental:
        now = desk.ledger.entity(stream, account)  # reports may have named objects meanwhile
        reached = replace(reached, wanted=now.wanted, asked=now.asked, compared_at=now.compared_at)
        desk.ledger.move_entity(stream, account, reached)


def in_full(desk: Desk, stream: Stream, before: EntityCursor) -> bool:
    """Whether all creatives are listed: the first time, every `sweep_days` (some change without their ad), or always.

    A stream that has the ads' own edge is read through them even then.
    """
    if stream.cursor is not None:
        return False
    if before.value is None or before.listed_at is None or desk.order.creatives == "full":
        return True
    return is_due(before.listed_at, desk.order, desk.client.clock.now())


class _Reader:
    """One walk: decodes its pages, keeps what is new, hands it over."""

    def __init__(self, desk: Desk, stream: Stream, account: str, before: EntityCursor) -> None:
        since = since_of(desk.order, before)
        self._began = desk.client.clock.now()
        self._before = before
        self._fresh = Fresh(stream, before, since)
        self._unread: list[Unread] = []
        self._spoiled: list[str] = []
        self._book = desk.references.book(stream.filter_entity, account) if before.value is None else None
        self._says_present = desk.order.sweep and not stream.server_cursor and len(stream.primary_key) == 1
        self._listed = 0
        self._bare = False
        self._desk = desk
        self._stream = stream
        self._account = account
        self._rows = Rows(stream)
        self._call = edge_call(stream, account, desk.order, since, self._began)
        self._fields = request_fields(stream)
        self._key = key_of(stream)
        self._has_ids = stream.primary_key == ("id",)

    def reached(self) -> EntityCursor:
        """Where the account stands after the walk."""
        if self._stream.via is None:
            return self._fresh.reached(self._desk.order.statuses.get(self._stream.filter_entity or "", ()), self._began)
        # Their clock is not ours: ads that changed within the last day are asked for again.
        day_before = datetime.fromtimestamp(self._began - DAY, UTC).isoformat(timespec="seconds")
        unread, spoiled = tuple(self._unread[-_MOST_UNREAD:]), tuple(self._spoiled[-MOST_SPOILED:])
        return EntityCursor(day_before, listed_at=self._began, unread=unread, spoiled=spoiled)

    def lists_all(self) -> bool:
        """Whether the walk told of every object: by its row, or by its key."""
        most = _MOST_LISTED.get(self._stream.edge)
        return self._says_present and bool(self._stream.edge) and (most is None or self._listed < most)

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
        path = Path(self._call, self._fields, self._stream.edge, self._stream.page_size, patches=self._has_ids)
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
                if name == POISON_FIELD and judge(fault).kind is Kind.POISONED_ITEM:
                    self._spoiled.append(item)
                if name is None:
                    self._unread.append(Unread(item, "", None, 1))
                    self._bare = True
            case Restarted():
                pass  # `fresh` leaves out what comes again
            case Refusal():
                raise LostError(step, f"{stream.name} of account {account}")
            case never:
                assert_never(never)

    def _new(self, every: Decoded) -> Decoded:
        """What is handed over. A bare id would put an older, whole row of the same creative in the shade."""
        if self._book is not None:
            self._book.listed(str(self._key(row)) for row in every.rows)
        if self._stream.via is not None:
            self._desk.references.came(self._stream.name, self._account, (str(self._key(row)) for row in every.rows))
            if self._bare and self._before.value is not None:
                self._bare = False
                return Decoded([])
        self._bare = False
        return self._fresh.of(every)

    async def _arrived(self, page: bytes, without: tuple[str, ...]) -> None:
        every = self._rows.decode(page, self._account)
        self._listed += len(every.rows)
        decoded: Decoded = self._new(every)
        if self._says_present and len(decoded.rows) < len(every.rows):
            new = set(map(id, decoded.rows))
            keys = tuple(str(self._key(row)) for row in every.rows if id(row) not in new)
            await self._desk.say(Present(self._stream.name, self._account, keys))
        if self._desk.order.thumbnails and any(c.name == "thumbnail_data_url" for c in self._stream.columns):
            decoded = await add_thumbnails(self._desk.transport, decoded)
        changes = tuple(Change(i, name, UNFETCHED) for i in range(len(decoded.rows)) for name in without)
        await self._desk.deliver(self._stream, self._account, decoded, changes)
        await self._desk.progress(self._stream, self._account, len(decoded.rows))
