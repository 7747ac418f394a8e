"""Which objects the rows of reports name, held against those that Meta lists: what is left over was hidden or deleted.

Eight bytes an object that is listed; those that are left over are kept by name.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.plan.state import EntityCursor
from facebook_marketing.records import column_of

Entity = Literal["ad", "adset", "campaign"]

COLUMNS: Mapping[Entity, str] = {"ad": "ad_id", "adset": "adset_id", "campaign": "campaign_id"}
"""In which column a report names an object. In this order what is fetched names its parents."""

MOST_NAMED = 5_000
"""Ids of a kind that the state of an account names."""


@dataclass(slots=True)
class Book:
    """Objects of one kind in one account. `complete` once Meta has listed all that it shows."""

    asked: frozenset[str] = frozenset()
    unknown: set[str] = field(default_factory=set)
    complete: bool = False
    dirty: bool = False
    _listed: "array[int]" = field(default_factory=lambda: array("q"))

    def saw(self, ids: Iterable[str]) -> None:
        """Reports name these."""
        new = {one for one in ids if one not in self.unknown and one not in self.asked and not self._knows(one)}
        self.unknown |= new
        self.dirty = self.dirty or bool(new)

    def listed(self, ids: Iterable[str]) -> None:
        """Meta lists these."""
        self._listed.extend(map(_number, ids))

    def close(self) -> None:
        """The list is complete."""
        self._listed = array("q", sorted(self._listed))
        self.complete = True
        self.unknown = {one for one in self.unknown if not self._knows(one)}
        self.dirty = True

    def _knows(self, one: str) -> bool:
        if not self.complete:
            return False
        number = _number(one)
        place = bisect_left(self._listed, number)
        return place < len(self._listed) and self._listed[place] == number


class References:
    """The books of a sync. There is one for each kind and account that is to be compared; no other ids are kept."""

    def __init__(self, streams: Mapping[Entity, Stream]) -> None:
        self.streams = streams
        self._books: dict[tuple[str, str], Book] = {}
        self._found: dict[str, list[str]] = {}
        self._came: dict[tuple[str, str], array[int]] = {}

    def open(self, entity: Entity, account: str, cursor: EntityCursor) -> None:
        """Objects of this kind and account will be compared, those too that are left over from the last sync."""
        self._books[entity, account] = Book(frozenset(cursor.asked), set(cursor.wanted) - set(cursor.asked))

    def book(self, entity: str | None, account: str) -> Book | None:
        """The book of a kind and account, where there is one."""
        return self._books.get((entity or "", account))

    def close(self, account: str) -> None:
        """What was to be compared in this account was compared."""
        self._books = {key: book for key, book in self._books.items() if key[1] != account}
        self._came = {key: ids for key, ids in self._came.items() if key[1] != account}
        self._found.pop(account, None)

    def found(self, account: str, ads: Sequence[str] = ()) -> list[str]:
        """Ads that were asked for and came, with these."""
        self._found.setdefault(account, []).extend(ads)
        return self._found[account]

    def came(self, stream: str, account: str, creatives: Iterable[str]) -> None:
        """These creatives were delivered: kept only where those of missing ads may be asked for."""
        if self.book("ad", account) is not None:
            self._came.setdefault((stream, account), array("q")).extend(map(_number, creatives))

    def without_come(self, stream: str, account: str, creatives: Iterable[str]) -> list[str]:
        """Those that were not delivered."""
        came = frozenset(self._came.get((stream, account), ()))
        return [one for one in creatives if _number(one) not in came]

    def saw(self, stream: Stream, account: str, rows: Sequence[msgspec.Struct]) -> None:
        """These rows of a report (or of objects that name their parents) were delivered."""
        columns = {column.name for column in stream.columns}
        for entity, name in COLUMNS.items():
            book = self.book(entity, account)
            if book is not None and name in columns:
                book.saw(one for one in set(column_of(rows, name)) if isinstance(one, str) and one)

    def unsaved(self) -> list[tuple[Stream, str, Book]]:
        """Books of which the state does not yet name what is left over, with stream and account."""
        return [
            (self.streams[entity], account, book)
            for (kind, account), book in self._books.items()
            if book.dirty
            for entity in self.streams
            if entity == kind
        ]


def named(ids: Iterable[str]) -> tuple[str, ...]:
    """What of these the state names: of too many, the newest."""
    return tuple(sorted(ids, key=lambda one: (len(one), one))[-MOST_NAMED:])


def _number(one: str) -> int:
    number = int(one) if one.isdecimal() and one.isascii() else hash(one)
    return number if number < 1 << 63 else hash(one)
