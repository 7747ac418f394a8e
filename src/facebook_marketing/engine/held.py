"""Creatives that are known by their ids: read inside of their ads, a call for many, or each by its own id.

One that cannot be read costs itself alone: it is recorded, and kept in the state to be asked for again.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

import msgspec
from msgspec import Raw

from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.engine.desk import Desk, LostError
from facebook_marketing.engine.door import Change
from facebook_marketing.engine.listing import Filter, pieces_of, with_ids
from facebook_marketing.engine.thumbnails import add_thumbnails
from facebook_marketing.graph.client import Body, Refusal
from facebook_marketing.graph.verdicts import POISON_FIELD, Kind, explained, judge
from facebook_marketing.graph.walk import HEAVY, Arrived, Dropped, Path, Restarted, Spoiled, walk
from facebook_marketing.graph.wire import BATCH_LIMIT, Call, Fault, as_json, list_param, with_whole_characters
from facebook_marketing.plan.state import EntityCursor, Unread, instant
from facebook_marketing.records import UNFETCHED, Rows

_IN_ADS = "creatives of ads"
_TRIES = 10
"""Syncs in which a creative that Meta does not show is asked for, before it is left until its ad changes."""
_TELLING = 10
"""Ads of which half must come when they are named, else the filter is not honoured."""
MOST_SPOILED = 1_000
"""Creatives that the state names as spoiled."""
_MOST_UNREAD = 500
"""Creatives that the state names as unread; with more it is not single creatives that are at fault."""


@dataclass(frozen=True, slots=True)
class Held:
    """A creative to be read. `ad` is the newest of the ads that hold it ("": unknown), `value` that one's cursor."""

    id: str
    ad: str
    value: str | None = None
    tries: int = 0

    @property
    def moment(self) -> datetime | None:
        """The second at which its ad changed."""
        return None if self.value is None else instant(self.value).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class _Found:
    """A creative as Meta wrote it, and the fields that it would not give."""

    raw: bytes
    without: tuple[str, ...] = ()


class _Reference(msgspec.Struct, gc=False):
    id: str | int | None = None


class _Holder(msgspec.Struct, gc=False):
    """A row of the ads' edge in which the creative was asked for."""

    creative: Raw = Raw()


class Creatives:
    """Reads creatives that are known by their ids, and delivers them."""

    def __init__(
        self, desk: Desk, stream: Stream, account: str, before: EntityCursor, statuses: Sequence[Filter]
    ) -> None:
        self._desk = desk
        self._stream = stream
        self._account = account
        self._rows = Rows(stream)
        self._fields = request_fields(stream)
        self._unread = {one.id: one for one in before.unread}
        self._spoiled = dict.fromkeys(before.spoiled)
        self._filters = True
        self.proven = False
        self._statuses = statuses

    def noted(self, cursor: EntityCursor) -> EntityCursor:
        """The cursor with what Meta would not show so far."""
        spoiled = tuple(self._spoiled)[-MOST_SPOILED:]
        return replace(cursor, unread=tuple(self._unread.values()), spoiled=spoiled)

    def is_spoiled(self, held: Held) -> bool:
        """Whether a field of it is known not to be had, which would spoil the page that it is on."""
        return held.id in self._spoiled and POISON_FIELD in self._fields

    async def deliver_spoiled(self, wanted: Sequence[Held]) -> None:
        """Those, without that field."""
        fields, self._fields = self._fields, tuple(name for name in self._fields if name != POISON_FIELD)
        found = await self.read(wanted)
        self._fields = tuple(name for name in fields if name in self._fields or name == POISON_FIELD)
        for one, there in found.items():
            found[one] = replace(there, without=(*there.without, POISON_FIELD))
            text = f"{one} was read without {POISON_FIELD}, which Meta did not give lately"
            await self._desk.gap(self._stream, self._account, text, field=POISON_FIELD, entity=one)
        await self.deliver(wanted, found)

    def takes_filters(self) -> bool:
        """Whether Meta shows the ads that it is asked for by their ids, as far as is known."""
        return self._filters

    async def all(self, pieces: Sequence[Sequence[Held]]) -> list[dict[str, _Found]]:
        """What can be had of each piece a call for many, by id. `takes_filters` tells whether Meta takes such calls."""
        work = [asyncio.create_task(self._in_ads(piece)) for piece in pieces]
        try:
            return await asyncio.gather(*work)
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def read(self, wanted: Sequence[Held]) -> dict[str, _Found]:
        """The creatives inside of their ads, a call for many; those that do not come so, each by its own id."""
        found = await self._in_ads(wanted) if self._filters else {}
        await self.by_id(wanted, found)
        return found

    async def nested(self, work: Sequence[Held], filters: Sequence[Filter]) -> None:
        """Delivers creatives inside of the ads that these filters leave, page by page in whatever order they come."""
        left = {held.id: held for held in work}
        async for page in self._pages(filters, left):
            await self.deliver([left[one] for one in page], page)
            left = {one: held for one, held in left.items() if one not in page}
            if not left:
                return
        for piece in pieces_of(list(left.values()), BATCH_LIMIT):
            found: dict[str, _Found] = {}
            await self.by_id(piece, found)
            await self.deliver(piece, found)

    async def deliver(self, wanted: Sequence[Held], found: Mapping[str, _Found]) -> None:
        """Hands over what was found, and keeps what was not for the next sync. Raises LostError when that is much."""
        there = [(held, found[held.id]) for held in wanted if held.id in found]
        for held, _ in there:
            self._unread.pop(held.id, None)
        if not there:
            return
        page = b"[" + b",".join(self._dated(one.raw, held.value) for held, one in there) + b"]"
        decoded = self._rows.decode(page, self._account)
        if self._desk.order.thumbnails and any(c.name == "thumbnail_data_url" for c in self._stream.columns):
            decoded = await add_thumbnails(self._desk.transport, decoded)
        changes = tuple(Change(i, name, UNFETCHED) for i, (_, one) in enumerate(there) for name in one.without)
        await self._desk.deliver(self._stream, self._account, decoded, changes)
        self._desk.references.came(self._stream.name, self._account, (held.id for held, _ in there))
        await self._desk.progress(self._stream, self._account, len(decoded.rows))

    def _dated(self, raw: bytes, value: str | None) -> bytes:
        """The creative with its ad's time, where that is a column of the stream."""
        if self._stream.cursor is None or value is None:
            return raw
        rest = raw.strip()[1:].lstrip()
        time = b'{"%s":%s' % (self._stream.cursor.encode(), msgspec.json.encode(value))
        return time + (rest if rest == b"}" else b"," + rest)

    # --- inside of the ads --------------------------------------------------------------------------------------

    async def _in_ads(self, piece: Sequence[Held]) -> dict[str, _Found]:
        """Those whose ads Meta shows when it is asked for these alone."""
        wanted = {held.id: held for held in piece if held.ad}
        found: dict[str, _Found] = {}
        if wanted:
            filters = [with_ids("ad", [held.ad for held in wanted.values()]), *self._statuses]
            async for page in self._pages(filters, wanted):
                found |= page
                if len(found) >= len(wanted):
                    break
        if len(wanted) >= _TELLING and len(found) * 2 < len(wanted):
            self._filters = False
        self.proven = self.proven or bool(found)
        return found

    async def _pages(self, filters: Sequence[Filter], wanted: Mapping[str, Held]) -> AsyncIterator[dict[str, _Found]]:
        """What each page of the ads that these filters leave shows of the wanted creatives."""
        call = Call(
            f"act_{self._account}/ads", (("filtering", as_json(list(filters))),) if filters else (), self._account
        )
        path = Path(call, self._fields, _IN_ADS, self._stream.page_size, frame="creative{*}", patches=True)
        spoiled: list[Spoiled] = []
        came: set[str] = set()
        async for step in walk(self._desk.client, path, self._desk.sizes):
            match step:
                case Arrived(rows, without):
                    page = {one: raw for one, raw in _shown(rows) if one in wanted and one not in came}
                    if any(one.field is None for one in spoiled):
                        page = {}  # a bare id: its own is the second way to it
                    came.update(page)
                    for creative in page:
                        for one in spoiled:
                            await self._say_without(creative, one.field or "", one.fault)
                    spoiled.clear()
                    yield {one: _Found(raw, without) for one, raw in page.items()}
                case Dropped(name, fault):
                    await self._drop(name, fault)
                case Spoiled():
                    spoiled.append(step)
                case Restarted():
                    pass
                case Refusal():
                    self._refused(step)
                case never:
                    assert_never(never)

    def _refused(self, refusal: Refusal) -> None:
        """What is left is asked for in other ways, unless nothing can be had at all."""
        match refusal.verdict.kind:
            case Kind.STOP | Kind.STOP_ACCOUNT | Kind.THROTTLE_ACCOUNT | Kind.THROTTLE_APP | Kind.RETRY:
                raise LostError(refusal, f"{self._stream.name} of account {self._account}")
            case _:
                self._filters = False

    # --- by their own ids ---------------------------------------------------------------------------------------

    async def by_id(self, wanted: Sequence[Held], found: dict[str, _Found]) -> None:
        """Adds those that were not found yet: each a call, however many are in a batch (Meta's page on batches)."""
        for piece in pieces_of([held for held in wanted if held.id not in found], BATCH_LIMIT):
            fields = self._fields
            answers = await self._desk.client.batch([self._node(held, fields) for held in piece], retries=2)
            for held, answer in zip(piece, answers, strict=True):
                one = await self._patched(held, answer, fields) if isinstance(answer, Refusal) else _Found(answer.body)
                if one is not None and id_in(one.raw):
                    found[held.id] = one
                elif one is not None:
                    await self._lost(held, Fault(200, f"{held.id}: the reply is no creative"))

    def _node(self, held: Held, fields: Sequence[str]) -> Call:
        return Call(held.id, (("fields", list_param(fields)),), self._account)

    async def _patched(self, held: Held, refusal: Refusal, fields: tuple[str, ...]) -> _Found | None:
        """A creative without the fields that cannot be had of it; None: nothing of it can."""
        if refusal.verdict.kind is Kind.STOP:
            raise LostError(refusal, f"{self._stream.name} of account {self._account}")
        spoiling = [name for name in fields if name in (refusal.verdict.fields or HEAVY)]
        rest = [name for name in fields if name not in spoiling]
        if spoiling and rest and refusal.verdict.kind is not Kind.SKIP_NODE:
            answer = await self._desk.client.ask(self._node(held, rest), retries=1)
            if isinstance(answer, Body):
                for name in spoiling:
                    await self._say_without(held.id, name, refusal.fault)
                return _Found(answer.body, tuple(spoiling))
        await self._lost(held, refusal.fault)
        return None

    # --- what could not be had ----------------------------------------------------------------------------------

    async def _drop(self, name: str, fault: Fault) -> None:
        if name in self._fields:
            self._fields = tuple(one for one in self._fields if one != name)
            text = f"Meta does not give the field {name}: {explained(fault)}"
            await self._desk.gap(self._stream, self._account, text, fault, field=name)

    async def _say_without(self, creative: str, name: str, fault: Fault) -> None:
        if name == POISON_FIELD and judge(fault).kind is Kind.POISONED_ITEM:
            self._spoiled[creative] = None
        text = f"{creative} was read without {name}: {explained(fault)}"
        await self._desk.gap(self._stream, self._account, text, fault, field=name, entity=creative)

    async def _lost(self, held: Held, fault: Fault) -> None:
        """Remembers it for the next sync, a bounded number of times."""
        tries = held.tries + 1
        self._unread.pop(held.id, None)
        if tries < _TRIES:
            self._unread[held.id] = Unread(held.id, held.ad, held.value, tries)
            then = "the next sync asks for it again"
        else:
            then = "it is not asked for again until its ad changes"
        text = f"of {held.id} only the id could be read, {then}: {explained(fault)}"
        await self._desk.gap(self._stream, self._account, text, fault, entity=held.id, attempts=tries)
        if len(self._unread) > _MOST_UNREAD:
            raise LostError(Refusal(fault, judge(fault)), f"{self._stream.name} of account {self._account}")


def _shown(rows: bytes) -> Iterator[tuple[str, bytes]]:
    """The creatives of a page of ads, with their ids. Raises msgspec.DecodeError."""
    try:
        holders = msgspec.json.decode(rows, type=list[_Holder | None])
    except msgspec.DecodeError:
        holders = msgspec.json.decode(with_whole_characters(rows), type=list[_Holder | None])
    for row in holders:
        if row is not None:
            yield id_in(row.creative), bytes(row.creative)


def id_in(creative: object) -> str:
    """The id of a creative as an ad shows it; "" where there is none."""
    if not isinstance(creative, Raw | bytes) or bytes(creative)[:1] != b"{":
        return ""
    try:
        found = msgspec.json.decode(with_whole_characters(bytes(creative)), type=_Reference).id
    except msgspec.DecodeError:
        return ""
    return "" if found is None else str(found)
