"""How far a stream was read whose rows arrive once, under many parents that are asked one after the other.

A row may arrive under a parent that was asked already, while others are still being read: the newest row of all is no
proof that every older one was seen. The cursor stops short of the moment at which the reading began, and the state
names the rows behind it that were delivered all the same.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from itertools import compress

import msgspec

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.plan.state import EntityCursor, instant
from facebook_marketing.records import Decoded, Nulled, attribute, key_of

_LAG = timedelta(minutes=10)
"""By how much Meta's clock may differ from ours, and its listings may lag behind."""
_KEPT = timedelta(days=92)
"""For longer than Meta keeps leads."""
_MOST_SEEN = 5_000
"""Rows that the state names; of more than that, the next sync delivers those behind the cursor once more."""


class Arrivals:
    """Leaves out what was delivered before; knows where the next reading must begin."""

    def __init__(self, stream: Stream, before: EntityCursor, began: float) -> None:
        self._before = before
        self._moment = attribute(stream.cursor or "")
        self._key = key_of(stream)
        self._seen = frozenset(before.seen)
        self._horizon = datetime.fromtimestamp(began, UTC).replace(microsecond=0) - _LAG
        self._newest: datetime | None = None
        self._late: dict[str, datetime] = {}
        self._here: set[str] = set()

    def turn(self) -> None:
        """Another parent comes: rows of one parent repeat themselves only while it is read."""
        self._here.clear()

    def of(self, decoded: Decoded) -> Decoded:
        """The rows of a page that were not delivered before."""
        keep = [self._is_new(row) for row in decoded.rows]
        if all(keep):
            return decoded
        places = {old: new for new, old in enumerate(compress(range(len(keep)), keep))}
        nulled = (Nulled(places[one.row], one.field, one.reason) for one in decoded.nulled if keep[one.row])
        return Decoded(list(compress(decoded.rows, keep)), tuple(nulled))

    def reached(self) -> EntityCursor:
        """From where the next sync asks, and what it leaves out."""
        if self._newest is None:
            return self._before
        return self._from(min(self._newest, self._horizon))

    def halted(self) -> EntityCursor:
        """The same where a parent could not be read: its rows stay due, and what was delivered is not repeated."""
        return self._from(self._horizon - _KEPT)

    def _from(self, moment: datetime) -> EntityCursor:
        known = self._before.value
        stands = known is not None and instant(known) >= moment
        value = known if known is not None and stands else moment.isoformat()
        seen = set(self._seen) if stands else set()
        seen |= {name for name, at in self._late.items() if at >= instant(value)}
        return EntityCursor(value, self._before.statuses, tuple(sorted(seen)) if len(seen) <= _MOST_SEEN else ())

    def _is_new(self, row: msgspec.Struct) -> bool:
        name = _digest(self._key(row))
        said = getattr(row, self._moment, None)
        if isinstance(said, str):
            self._note(name, instant(said))
        if name in self._seen or name in self._here:
            return False
        self._here.add(name)
        return True

    def _note(self, name: str, moment: datetime) -> None:
        self._newest = moment if self._newest is None else max(moment, self._newest)
        self._late[name] = moment
        if len(self._late) > 2 * _MOST_SEEN:
            edge = min(self._newest, self._horizon)
            late = {one: at for one, at in self._late.items() if at >= edge}
            self._late = late if len(late) <= _MOST_SEEN else {}


def _digest(key: object) -> str:
    """A key as a short text that tells nothing of the row."""
    return hashlib.blake2b(str(key).encode(), digest_size=12).hexdigest()
