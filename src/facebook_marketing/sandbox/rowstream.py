"""Rows of a report, made once while they are read: a window over a lazy iterator, never the whole report."""

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from itertools import islice

import msgspec

__all__ = ["RowStream", "RowStreams"]

_ENCODER = msgspec.json.Encoder()


class RowStream:
    """Rows by offset. A reader that goes forward costs each row once; one that goes far back starts it over.

    Rows are held encoded (a fifth of the memory), only the last page and what follows it.
    """

    def __init__(self, start: Callable[[], Iterator[Mapping[str, object]]]) -> None:
        """Take a function that begins the rows anew."""
        self._start = start
        self._restart()

    def read(self, offset: int, count: int) -> tuple[list[msgspec.Raw], bool]:
        """Return up to ``count`` rows from ``offset``, and whether more follow."""
        if offset < self._first:
            self._restart()
        self._drop_until(offset)
        missing = offset + count + 1 - (self._first + len(self._rows))
        if missing > 0:
            self._rows.extend(msgspec.Raw(_ENCODER.encode(row)) for row in islice(self._source, missing))
        return list(islice(self._rows, count)), len(self._rows) > count

    def _drop_until(self, offset: int) -> None:
        while self._rows and self._first < offset:
            self._rows.popleft()
            self._first += 1
        for _ in islice(self._source, offset - self._first):
            self._first += 1

    def _restart(self) -> None:
        self._source = self._start()
        self._rows: deque[msgspec.Raw] = deque()
        self._first = 0


class RowStreams:
    """The streams last read, by key; the one not read for longest goes first."""

    def __init__(self, most: int) -> None:
        """Keep at most so many streams."""
        self._most = most
        self._streams: OrderedDict[Hashable, RowStream] = OrderedDict()

    def get(self, key: Hashable, start: Callable[[], Iterator[Mapping[str, object]]]) -> RowStream:
        """Return the stream of a key, begun now if it is not there."""
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = RowStream(start)
        self._streams.move_to_end(key)
        while len(self._streams) > self._most:
            self._streams.popitem(last=False)
        return stream
