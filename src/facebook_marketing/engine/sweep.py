"""Looks through all campaigns, ad sets or ads of an account by their bare ids: which are there, and which are gone.

A filter by `updated_time` never tells what is gone, so every so many days the whole list is asked for, thousands of
ids a call. Archived objects are there; deleted ones are not, unless the user reads those too.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

import msgspec

from facebook_marketing.catalog.rules import EFFECTIVE_STATUSES
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.engine.desk import Desk
from facebook_marketing.engine.door import Present, Swept
from facebook_marketing.engine.listing import of_status, since_of
from facebook_marketing.engine.order import Order, Selected
from facebook_marketing.engine.references import COLUMNS, Book, References
from facebook_marketing.graph.client import Refusal
from facebook_marketing.graph.walk import Arrived, Dropped, Path, Restarted, Spoiled, walk
from facebook_marketing.graph.wire import Call, as_json
from facebook_marketing.plan.state import EntityCursor, instant
from facebook_marketing.records import rfc3339

log = logging.getLogger(__name__)

DAY = 86_400.0
_SLACK = 3_600.0
"""A sync that comes at the same hour each day is not a day late."""
_PAGE = 5_000
_HIDDEN = frozenset({"ARCHIVED", "DELETED"})
"""What Meta lists only when it is named (Meta's page on storing ad objects)."""


def is_due(last: float | None, order: Order, now: float) -> bool:
    """Whether everything is to be looked through again. Never without `sweep_days`."""
    if order.sweep_days == 0:
        return False
    return last is None or now - last >= order.sweep_days * DAY - _SLACK


def compares(selected: Selected, cursor: EntityCursor, order: Order, now: float) -> bool:
    """Whether the ids that reports name are compared with what Meta lists.

    Always where the list is at hand anyway. Else as often as everything is looked through: a report tells of each of
    its last 28 days in every sync, so that none is missed, unless only its changed days are read.
    """
    if not selected.incremental or cursor.value is None or cursor.compared_at is None or cursor.wanted:
        return True
    return order.lookback == "changed" or is_due(cursor.compared_at, order, now)


def references_of(order: Order, selection: Sequence[Selected]) -> References:
    """The kinds of objects that are delivered in this sync beside reports that name them.

    A user who reads only objects of some statuses does not miss the others.
    """
    columns = {column.name for one in selection if one.stream.report for column in one.stream.columns}
    found = {}
    for entity, name in COLUMNS.items():
        statuses = order.statuses.get(entity, ())
        for one in selection:
            its_own = one.stream.filter_entity == entity and one.stream.via is None
            if order.missing and its_own and name in columns and (not statuses or set(statuses) >= _HIDDEN):
                found[entity] = one.stream
    return References(found)


async def conclude(
    desk: Desk, stream: Stream, account: str, before: EntityCursor, reached: EntityCursor
) -> EntityCursor:
    """After the walk of campaigns, ad sets or ads came to its end: says what is there, where that is wanted and due.

    Returns the cursor with what is now known. Meta's refusal of such a list is no failure: the next sync asks again.
    """
    order, began = desk.order, desk.client.clock.now()
    book = desk.references.book(stream.filter_entity, account)
    listed_now = before.value is None  # all that changed since the start was in this walk
    if listed_now and book is not None:
        book.close()
    everything = listed_now and order.start is None
    sweep = order.sweep and (everything or is_due(before.listed_at, order, began))
    if not sweep and (book is None or listed_now):
        return reached
    chosen = order.statuses.get(stream.filter_entity or "", ())
    whole = everything and not chosen
    lister = _Lister(desk, stream, account, None if listed_now else book, sweep=sweep)
    if not await lister.walk(("ARCHIVED",) if whole else _there(stream, chosen) if sweep else chosen):
        return reached
    if sweep:
        await desk.say(Swept(stream.name, account))
    return replace(reached, listed_at=began) if sweep else reached


def _there(stream: Stream, chosen: Sequence[str]) -> tuple[str, ...]:
    """Statuses of objects that are there: all but DELETED, and that too where the user reads deleted ones."""
    every = EFFECTIVE_STATUSES[stream.filter_entity or "ad"]
    return tuple(status for status in every if status != "DELETED" or status in chosen)


class _Object(msgspec.Struct, gc=False):
    id: str | int
    effective_status: str | None = None
    updated_time: str | None = None


class _Lister:
    """One walk over bare ids."""

    def __init__(self, desk: Desk, stream: Stream, account: str, book: Book | None, *, sweep: bool) -> None:
        self._desk = desk
        self._stream = stream
        self._account = account
        self._book = book
        self._sweep = sweep
        self._since = since_of(desk.order, EntityCursor())
        self._chosen = frozenset(desk.order.statuses.get(stream.filter_entity or "", ()))

    async def walk(self, statuses: Sequence[str]) -> bool:
        """Whether the walk came to its end."""
        filters = of_status(self._stream.filter_entity or "", statuses)
        params = (("filtering", as_json(filters)),) if filters else ()
        call = Call(f"act_{self._account}/{self._stream.edge}", params, self._account, self._stream.use_case)
        path = Path(call, self._fields(), f"ids of {self._stream.edge}", _PAGE)
        async for step in walk(self._desk.client, path, self._desk.sizes):
            match step:
                case Arrived(rows):
                    await self._arrived(msgspec.json.decode(rows, type=list[_Object], strict=False))
                case Restarted():
                    pass
                case Dropped() | Spoiled() | Refusal():
                    text = "%s, account %s: the list of ids cannot be had (%s); the next sync asks for it again."
                    log.warning(text, self._stream.name, self._account, self._desk.client.clean(str(step.fault)))
                    return False
                case never:
                    assert_never(never)
        if self._book is not None:
            self._book.close()
        return True

    def _fields(self) -> tuple[str, ...]:
        """The id, and what tells whether the object would have been delivered."""
        if self._book is None:
            return ("id",)
        wanted = (("effective_status", self._sweep), ("updated_time", self._since is not None))
        return ("id", *(name for name, asked in wanted if asked))

    async def _arrived(self, objects: Sequence[_Object]) -> None:
        if self._sweep and objects:
            await self._desk.say(Present(self._stream.name, self._account, tuple(str(one.id) for one in objects)))
        if self._book is not None:
            self._book.listed(str(one.id) for one in objects if self._would_come(one))

    def _would_come(self, one: _Object) -> bool:
        hidden = one.effective_status in _HIDDEN - self._chosen
        return not hidden and (self._since is None or not _older(one.updated_time, self._since))


def _older(time: str | None, since: datetime) -> bool:
    mended = rfc3339(time) if time is not None else None
    return mended is not None and instant(mended) < since
