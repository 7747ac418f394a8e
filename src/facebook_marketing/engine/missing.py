"""Asks for objects that reports name and that Meta does not list: archived and deleted ones, with their real status.

`?ids=` is gone since v26.0. A filter by id over all statuses gives a hundred for one call; what does not come so is
asked for by its own id, fifty to a batch, each of which is a call (the API notes on several objects).
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

import msgspec

from facebook_marketing.catalog.rules import EFFECTIVE_STATUSES
from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.engine.creatives import Changed, holders
from facebook_marketing.engine.desk import Desk, LostError
from facebook_marketing.engine.door import Change
from facebook_marketing.engine.held import Creatives, Held
from facebook_marketing.engine.listing import of_status, pieces_of, with_ids
from facebook_marketing.engine.order import Selected
from facebook_marketing.engine.references import MOST_NAMED, Book, named
from facebook_marketing.graph.client import Body, Refusal
from facebook_marketing.graph.verdicts import Kind, explained
from facebook_marketing.graph.walk import Arrived, Dropped, Path, Restarted, Spoiled, walk
from facebook_marketing.graph.wire import BATCH_LIMIT, Call, Fault, as_json, list_param
from facebook_marketing.records import UNFETCHED, Decoded, Rows

log = logging.getLogger(__name__)

_TOGETHER = 100
_MOST = 20_000
"""Objects of a kind that a sync asks for, in an account."""
_MOST_ALONE = 200
"""Of these, those that are asked for by their own id: each is a call."""
_UNKNOWN_ALIAS = 803


async def read_missing(desk: Desk, selected: Selected, account: str) -> None:
    """Delivers campaigns, ad sets or ads that reports of this sync name and the list of this sync lacks.

    What Meta does not know any more is recorded, and not asked for again. Where the list was not complete nothing is
    compared: what is left over stays in the state for the next sync. Raises LostError.
    """
    stream = selected.stream
    book = desk.references.book(stream.filter_entity, account)
    if book is None or not book.complete:
        return
    fetch = _Fetch(desk, stream, account, sorted(book.unknown)[:_MOST])
    try:
        await fetch.by_filter()
        await fetch.by_id()
    finally:
        await _note(desk, stream, account, book, fetch)
        await desk.checkpoint(stream)


async def _note(desk: Desk, stream: Stream, account: str, book: Book, fetch: "_Fetch") -> None:
    """What was asked for and what is still to be, in the state."""
    cursor = desk.ledger.entity(stream, account)
    asked = (*(one for one in cursor.asked if one not in fetch.done), *fetch.done)
    left = book.unknown.difference(fetch.done)
    now = desk.client.clock.now()
    known = replace(cursor, compared_at=now, wanted=named(left), asked=asked[-MOST_NAMED:])
    desk.ledger.move_entity(stream, account, known)
    book.unknown.clear()
    book.dirty = False
    if left:
        log.info("%s, account %s: %d objects of reports stay to be asked for.", stream.name, account, len(left))
    if len(left) > MOST_NAMED:
        text = f"{len(left) - MOST_NAMED} objects that reports name are too many to be remembered and not asked for"
        await desk.gap(stream, account, text, verdict="too many")


class _Fetch:
    """Objects of one kind and account, asked for until each is delivered or known to be gone."""

    def __init__(self, desk: Desk, stream: Stream, account: str, wanted: Sequence[str]) -> None:
        self.done: dict[str, None] = {}
        self._desk = desk
        self._stream = stream
        self._account = account
        self._wanted = wanted
        self._entity = stream.filter_entity or "ad"
        self._fields = request_fields(stream)
        self._rows = Rows(stream)
        every = EFFECTIVE_STATUSES[self._entity]
        # That DELETED may be named is documented otherwise, and seen to work.
        self._statuses = [every, tuple(status for status in every if status != "DELETED")]

    def _left(self) -> list[str]:
        return [one for one in self._wanted if one not in self.done]

    # --- many for a call ------------------------------------------------------------------------------------------

    async def by_filter(self) -> None:
        """Those that Meta shows when they are named."""
        for piece in pieces_of(self._wanted, min(_TOGETHER, self._stream.page_size)):
            while self._statuses and not await self._piece(piece, self._statuses[0]):
                self._statuses.pop(0)

    async def _piece(self, ids: Sequence[str], statuses: Sequence[str]) -> bool:
        """Whether Meta takes the filter."""
        filters = [with_ids(self._entity, ids), *of_status(self._entity, statuses)]
        call = Call(f"act_{self._account}/{self._stream.edge}", (("filtering", as_json(filters)),), self._account)
        path = Path(call, self._fields, self._stream.edge, self._stream.page_size, patches=True)
        spoiled: list[Spoiled] = []
        async for step in walk(self._desk.client, path, self._desk.sizes):
            match step:
                case Arrived(rows, without):
                    if not any(one.field is None for one in spoiled):
                        await self._arrived(rows, without, spoiled)
                    spoiled.clear()
                case Dropped(name, fault):
                    await self._drop(name, fault)
                case Spoiled():
                    spoiled.append(step)
                case Restarted():
                    pass
                case Refusal():
                    self._give_up(step)
                    return False
                case never:
                    assert_never(never)
        return True

    async def _arrived(self, rows: bytes, without: tuple[str, ...], spoiled: Sequence[Spoiled] = ()) -> None:
        """Hands over what was wanted and did not come yet."""
        decoded = self._rows.decode(rows, self._account)
        mine = set(self._left())
        kept: list[msgspec.Struct] = []
        for row in decoded.rows:
            one = str(getattr(row, "id", ""))
            if one in mine and one not in self.done:
                self.done[one] = None
                kept.append(row)
        for said in spoiled:
            text = f"{said.item} was read without {said.field}: {explained(said.fault)}"
            await self._desk.gap(self._stream, self._account, text, said.fault, field=said.field, entity=said.item)
        nulled = decoded.nulled if len(kept) == len(decoded.rows) else ()
        changes = tuple(Change(i, name, UNFETCHED) for i in range(len(kept)) for name in without)
        await self._desk.deliver(self._stream, self._account, Decoded(kept, nulled), changes)
        await self._desk.progress(self._stream, self._account, len(kept))
        self._desk.references.saw(self._stream, self._account, kept)
        if self._entity == "ad":
            self._desk.references.found(self._account, [str(getattr(row, "id", "")) for row in kept])

    # --- each by its own id ---------------------------------------------------------------------------------------

    async def by_id(self) -> None:
        """Those that no list shows, and those that are gone."""
        for piece in pieces_of(self._left()[:_MOST_ALONE], BATCH_LIMIT):
            answers = await self._desk.client.batch([self._node(one) for one in piece], retries=2)
            for one, answer in zip(piece, answers, strict=True):
                if isinstance(answer, Body):
                    await self._arrived(b"[" + answer.body + b"]", ())
                else:
                    await self._refused(one, answer)

    def _node(self, one: str) -> Call:
        return Call(one, (("fields", list_param(self._fields)),), self._account)

    async def _refused(self, one: str, refusal: Refusal) -> None:
        gone = refusal.verdict.kind is Kind.SKIP_NODE or refusal.fault.code == _UNKNOWN_ALIAS
        if not gone:
            self._give_up(refusal)
        if refusal.verdict.kind in {Kind.RETRY, Kind.THROTTLE_ACCOUNT, Kind.THROTTLE_APP}:
            return  # the next sync asks again
        self.done[one] = None
        what = "is unknown to Meta" if gone else "could not be read"
        text = f"{one}, which reports name, {what}; it is not asked for again: {explained(refusal.fault)}"
        verdict = "unknown to Meta" if gone else str(refusal.verdict.kind)
        await self._desk.gap(self._stream, self._account, text, refusal.fault, entity=one, verdict=verdict)

    def _give_up(self, refusal: Refusal) -> None:
        """Where nothing can be had of the account, or at all."""
        if refusal.verdict.kind in {Kind.STOP, Kind.STOP_ACCOUNT}:
            raise LostError(refusal, f"{self._stream.name} of account {self._account}")

    async def _drop(self, name: str, fault: Fault) -> None:
        self._fields = tuple(one for one in self._fields if one != name)
        text = f"Meta does not give the field {name}: {explained(fault)}"
        await self._desk.gap(self._stream, self._account, text, fault, field=name)


async def read_missing_creatives(desk: Desk, selected: Selected, account: str) -> None:
    """Delivers the creatives of ads that `read_missing` found, but for those that came in this sync already.

    Raises LostError.
    """
    stream, ads = selected.stream, desk.references.found(account)
    if not ads:
        return
    statuses = of_status("ad", EFFECTIVE_STATUSES["ad"])
    held: dict[str, Held] = {}
    for piece in pieces_of(ads, _TOGETHER):
        held |= await holders(desk, stream, account, [with_ids("ad", piece), *statuses])
    every = {one.id: one for one in Changed(held).work}
    work = [every[one] for one in desk.references.without_come(stream.name, account, every)]
    cursor = desk.ledger.entity(stream, account)
    reader = Creatives(desk, stream, account, cursor, statuses)
    for some in pieces_of(work, stream.page_size):
        await reader.deliver(some, await reader.read(some))
    cursor = desk.ledger.entity(stream, account)
    desk.ledger.move_entity(stream, account, reader.noted(cursor))
    await desk.checkpoint(stream)
