"""Which rows of an entity stream are new, and how far a walk came. Assumes no order of rows."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import compress

import msgspec

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.plan.progress import advance_entity, settled
from facebook_marketing.plan.state import EntityCursor, instant
from facebook_marketing.records import Decoded, Nulled, attribute, key_of


class Fresh:
    """Leaves out what the last sync delivered and what this one delivered already; keeps how far it came."""

    def __init__(self, stream: Stream, before: EntityCursor, since: datetime | None) -> None:
        self._before = before
        self._since = since
        self._attr = attribute(stream.cursor) if stream.cursor else None
        self._key = key_of(stream)
        self._seen = frozenset(before.seen)
        self._second = _second(before.value) if before.value else None
        self._plainly_new = _day(since, _ZONES) if since else ""
        self._delivered: set[int] = set()
        self._before_those: set[int] = set()
        self._newest: datetime | None = None
        self._newest_text: str | None = None
        self._plainly_older = ""
        self._at_newest: set[str] = set()

    def of(self, decoded: Decoded) -> Decoded:
        """The new rows of a page, each once however often pages repeat it while the account changes under the walk."""
        names = [_name(key) for key in map(self._key, decoded.rows)]
        marks = list(map(hash, names))
        self._forget()
        keep = [self._is_fresh(*one) for one in zip(decoded.rows, names, marks, strict=True)]
        if all(keep):
            return decoded
        places = dict(zip(compress(range(len(keep)), keep), range(len(keep)), strict=False))
        nulled = (Nulled(places[one.row], one.field, one.reason) for one in decoded.nulled if keep[one.row])
        return Decoded(list(compress(decoded.rows, keep)), tuple(nulled))

    def _forget(self) -> None:
        """Remembers the last pages only: what shifts under a walk comes again soon, and memory stays flat."""
        if len(self._delivered) > _REMEMBERED:
            self._before_those, self._delivered = self._delivered, set()

    def reached(self, statuses: Iterable[str], began: float) -> EntityCursor:
        """Where the account stands after the walk that began at `began`, read with these statuses."""
        moved = advance_entity(self._before, self._newest_text, self._at_newest)
        return replace(settled(moved, began), statuses=tuple(statuses))

    def _is_fresh(self, row: msgspec.Struct, name: str, mark: int) -> bool:
        if mark in self._delivered or mark in self._before_those:
            return False
        value = getattr(row, self._attr, None) if self._attr else None
        if isinstance(value, str):  # else nothing says that it is old
            day = value[:10]
            if not self._plainly_new < day < self._plainly_older and not self._is_newer(value, name):
                return False
        self._delivered.add(mark)
        return True

    def _is_newer(self, value: str, name: str) -> bool:
        """Compares moments: for the few rows near the cursor, near the newest one, or too old."""
        if value == self._newest_text and self._newest != self._second:
            self._at_newest.add(name)
            return True
        moment = _second(value)
        if (self._since and moment < self._since) or (moment == self._second and name in self._seen):
            return False
        if self._newest is None or moment > self._newest:
            self._newest, self._newest_text, self._at_newest = moment, value, {name}
            self._plainly_older = _day(moment, -_ZONES)
        elif moment == self._newest:
            self._at_newest.add(name)
        return True


_REMEMBERED = 25_000
"""Rows of which the walk knows that they were delivered: at least so many, at most twice as many."""

_ZONES = timedelta(days=2)
"""Two local days that lie further apart keep their order whatever their offsets."""


def _day(moment: datetime, away: timedelta) -> str:
    return (moment + away).date().isoformat()


def _second(value: str) -> datetime:
    return instant(value).replace(microsecond=0)


def _name(key: object) -> str:
    """A key as a short text, the same in the next process: rows without a key go by a digest of their content."""
    if isinstance(key, str):
        return key
    return hashlib.blake2b(key if isinstance(key, bytes) else str(key).encode(), digest_size=12).hexdigest()
