"""Which rows of an entity stream are new, and how far a walk came. Assumes no order of rows."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from itertools import compress

import msgspec

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.plan.progress import advance_entity
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
        self._delivered: set[int] = set()
        self._newest: datetime | None = None
        self._newest_text: str | None = None
        self._at_newest: set[str] = set()

    def of(self, decoded: Decoded) -> Decoded:
        """The new rows of a page, each once however often pages repeat it while the account changes under the walk."""
        keep = [self._is_fresh(row) for row in decoded.rows]
        if all(keep):
            return decoded
        places = dict(zip(compress(range(len(keep)), keep), range(len(keep)), strict=False))
        nulled = (Nulled(places[one.row], one.field, one.reason) for one in decoded.nulled if keep[one.row])
        return Decoded(list(compress(decoded.rows, keep)), tuple(nulled))

    def reached(self, statuses: Iterable[str]) -> EntityCursor:
        """Where the account stands after the walk, read with these statuses."""
        moved = advance_entity(self._before, self._newest_text, self._at_newest)
        return EntityCursor(moved.value, tuple(statuses), moved.seen)

    def _is_fresh(self, row: msgspec.Struct) -> bool:
        key = _name(self._key(row))
        mark = hash(key)
        if mark in self._delivered or not self._is_newer(row, key):
            return False
        self._delivered.add(mark)
        return True

    def _is_newer(self, row: msgspec.Struct, key: str) -> bool:
        value = getattr(row, self._attr) if self._attr else None
        if not isinstance(value, str):
            return True  # nothing says that it is old
        moment = _second(value)
        if (self._since and moment < self._since) or (moment == self._second and key in self._seen):
            return False
        if self._newest is None or moment > self._newest:
            self._newest, self._newest_text, self._at_newest = moment, value, {key}
        elif moment == self._newest:
            self._at_newest.add(key)
        return True


def _second(value: str) -> datetime:
    return instant(value).replace(microsecond=0)


def _name(key: object) -> str:
    """A key as a short text, the same in the next process: rows without a key go by a digest of their content."""
    if isinstance(key, str):
        return key
    return hashlib.blake2b(key if isinstance(key, bytes) else str(key).encode(), digest_size=12).hexdigest()
