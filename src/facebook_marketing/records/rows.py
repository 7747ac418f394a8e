"""Decodes the pages of a stream; tells its rows apart."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter

import msgspec
from msgspec import UNSET, Raw

from facebook_marketing.catalog import fields
from facebook_marketing.catalog.stream import Kind, Report, Stream
from facebook_marketing.graph.wire import with_whole_characters
from facebook_marketing.records.cells import ANYTHING, BREAKDOWN, CELLS, NUMBER, NUMBERS, TEXT, TEXTS, Cell
from facebook_marketing.records.decoded import Decoded, Nulled, Sealed
from facebook_marketing.records.opened import openings
from facebook_marketing.records.page import is_odd, one_line
from facebook_marketing.records.shapes import Shape, Shapes, attribute
from facebook_marketing.records.steps import RENAMED, is_renamed, steps

_LIST = msgspec.json.Decoder(list[Raw])

_Read = tuple[list[msgspec.Struct], list[Nulled]]


class Rows:
    """Decodes the pages of one stream. Knows the row type, grows it when Meta sends more than was asked."""

    def __init__(self, stream: Stream) -> None:
        names = {column.name for column in stream.columns}
        self._inner = _inner_shapes(stream.report)
        self._row = Shape("Row", _cells(stream, self._inner))
        self._inject = tuple(attribute(name) for name in stream.inject if name in names)
        self._openings = tuple(openings(stream))
        self._steps = tuple(steps(stream))
        self._build()

    def decode(self, page: bytes, account: str) -> Decoded:
        """The rows of a page (a JSON list), with `account_id` and lifted ids filled in.

        What is no character (bytes that are no UTF-8, half a surrogate pair) becomes U+FFFD.

        Raises:
            msgspec.DecodeError: the page is no JSON list of objects (a null among them is no row).
        """
        try:
            for opening in self._openings:
                page = opening(page)
            rows, nulled = self._typed(page)
        except RecursionError:
            raise msgspec.DecodeError("the page is nested deeper than any of Meta's: ask for fewer fields") from None
        for step in self._steps:
            step(rows, nulled)
        for attr in self._inject:
            for row in rows:
                value = getattr(row, attr)
                if value is UNSET or value is None:
                    setattr(row, attr, account)
        return Decoded(rows, tuple(nulled))

    @property
    def cells(self) -> Mapping[str, Cell | Shapes] | None:
        """What each key of a row holds, as far as is known by now; None where pages are more than their rows.

        Rows of which nothing is changed after decoding can be read by others too: `filled` names what is put in.
        """
        return None if self._openings or self._steps else self._row.cells

    @property
    def filled(self) -> tuple[str, ...]:
        """Columns in which the account stands where Meta says nothing."""
        return self._inject

    def _build(self) -> None:
        for shape in (*self._inner.values(), self._row):
            shape.build()
        self._page = msgspec.json.Decoder(list[self._row.struct], strict=False)  # type: ignore[name-defined]
        self._alone = msgspec.json.Decoder(self._row.struct, strict=False)

    def _typed(self, page: bytes) -> _Read:
        try:
            return self._lines(one_line(page))
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            mended = with_whole_characters(page)
            if mended == page:
                raise
            return self._lines(one_line(mended))

    def _lines(self, page: bytes) -> _Read:
        rows = self._at_once(page)
        if rows is None and self._row.learn_each(Raw(page)):
            self._build()
            rows = self._at_once(page)
        return self._one_by_one(page) if rows is None else (rows, [])

    def _at_once(self, page: bytes) -> list[msgspec.Struct] | None:
        if is_odd(page):
            return None
        try:
            return self._page.decode(page)
        except msgspec.ValidationError:
            return None

    def _one_by_one(self, page: bytes) -> _Read:
        rows: list[msgspec.Struct] = []
        nulled: list[Nulled] = []
        for raw in map(bytes, _LIST.decode(page)):
            if raw == b"null":
                continue
            row, unread = self._single(raw)
            nulled.extend(Nulled(len(rows), name) for name in unread)
            rows.append(row)
        return rows, nulled

    def _single(self, raw: bytes) -> tuple[msgspec.Struct, Iterable[str]]:
        if not is_odd(raw):
            try:
                return self._alone.decode(raw), ()
            except msgspec.ValidationError:
                pass
        return self._row.read(raw)


def _cells(stream: Stream, inner: Mapping[str, Shape]) -> dict[str, Cell | Shapes]:
    kinds = {column.name: column.kind for column in stream.columns}
    if is_renamed(stream):
        kinds[RENAMED[0]] = Kind.RESULTS
    cells = {name: Shapes(inner[kind]) if kind in inner else CELLS[kind] for name, kind in kinds.items()}
    breakdowns = stream.report.breakdowns if stream.report else ()
    return cells | {name: BREAKDOWN for name in breakdowns if kinds.get(name) is Kind.STRING}


def inner_cells(stream: Stream) -> dict[Kind, Shapes]:
    """What lists of each kind hold in this stream, as far as it was asked for."""
    inner = _inner_shapes(stream.report)
    return {kind: Shapes(inner[kind]) for kind in (Kind.STATS, Kind.HISTOGRAM, Kind.RESULTS)}


def _inner_shapes(report: Report | None) -> dict[str, Shape]:
    """The objects inside lists, the innermost first."""
    texts: dict[str, Cell] = dict.fromkeys(("action_type", *(report.action_breakdowns if report else ())), TEXT)
    windows = ("value", *(window for window in (report.attribution_windows if report else ()) if window != "default"))
    value = Shape("ResultValue", {"value": NUMBER, "attribution_windows": TEXTS})
    return {
        "value of a result": value,
        Kind.RESULTS: Shape("Result", {"indicator": TEXT, "values": Shapes(value)}),
        Kind.STATS: Shape("ActionStats", texts | dict.fromkeys(windows, NUMBER), partial(_counted, NUMBER)),
        Kind.HISTOGRAM: Shape("Histogram", texts | dict.fromkeys(windows, NUMBERS), partial(_counted, NUMBERS)),
    }


def _counted(number: Cell, key: str) -> Cell:
    """What an unasked key of an action holds: the count of a window, an action breakdown, or who knows."""
    if key in fields.enum("action_attribution_windows"):
        return number
    return TEXT if key in fields.enum("action_breakdowns") else ANYTHING


def keys_of(stream: Stream) -> Callable[[Sequence[msgspec.Struct]], Iterable[object]]:
    """The same of all rows of a page, which need not be made for it. What is absent counts as null."""
    names = stream.primary_key
    if not names:
        return partial(map, key_of(stream))
    return lambda rows: zip(*(column_of(rows, name) for name in names), strict=True)


def column_of(rows: Sequence[msgspec.Struct], name: str) -> list[object]:
    """The cells of a column; None where a row has none."""
    if isinstance(rows, Sealed):
        return rows.column(name)
    attr = attribute(name)
    return [None if (cell := getattr(row, attr, None)) is UNSET else cell for row in rows]


def key_of(stream: Stream) -> Callable[[msgspec.Struct], object]:
    """What tells a row from all others of its account: its primary key, or its whole content where there is none."""
    if not stream.primary_key:
        return msgspec.json.Encoder(decimal_format="number").encode
    return attrgetter(*map(attribute, stream.primary_key))
