"""Typed rows of a page become an Arrow table: one column a field, every digit kept.

Beside the stream's own columns stand `_row_id` (a hash of the key, or of the whole row where there is none),
`_synced_at` (when the page was taken), `_changes` (what a column's type could not hold, as Meta sent it) and, for
objects that change and vanish, `_content` (a hash of the row), `is_deleted` and `deleted_at`.
Objects are JSON text, and so are lists of structs, unless they are asked for as Arrow's own (`native`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import chain, groupby
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from facebook_marketing.catalog.stream import Kind, Stream
from facebook_marketing.engine.door import Change, Rows
from facebook_marketing.records import Sealed
from facebook_marketing.records.cells import BREAKDOWN, CELLS, NUMBER, NUMBERS, TEXT, TEXTS, Cell
from facebook_marketing.records.rows import inner_cells
from facebook_marketing.records.shapes import Shapes
from facebook_marketing.sinks import lists
from facebook_marketing.sinks.content import contents, row_ids
from facebook_marketing.sinks.json_text import json_lines, json_text, mended_text, plain_text
from facebook_marketing.sinks.modes import tracked

ROW_ID, SYNCED_AT, CHANGES = "_row_id", "_synced_at", "_changes"
CONTENT, DELETED, DELETED_AT = "_content", "is_deleted", "deleted_at"

# 20 digits before the point hold every id and amount, 18 after it every ratio that a double can say.
PRECISION, SCALE = 38, 18
LONGEST = PRECISION + len("-.")
"""Characters of the longest number that fits."""
_WHOLE_DIGITS = PRECISION - SCALE
_TOO_MANY = rf"^[+-]?\d{{{_WHOLE_DIGITS + 1}}}"
DECIMAL = pa.decimal128(PRECISION, SCALE)
TIMESTAMP = pa.timestamp("us", "UTC")
LIST_KINDS: frozenset[Kind] = frozenset((Kind.STATS, Kind.HISTOGRAM, Kind.RESULTS))
JSON_KINDS = LIST_KINDS | {Kind.JSON}

# What pyarrow raises when a value does not fit a type.
UNFIT = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, TypeError, ValueError)

Cells = Sequence[Any]
_NUMBERS = frozenset((Decimal, int, type(None)))


@dataclass(frozen=True, slots=True)
class Unfit:
    """A cell that its column cannot hold; `sent` keeps what came."""

    row: int
    field: str
    reason: str
    sent: str | None = None


def _strings(cells: Cells) -> pa.Array:
    texts = pa.array(cells, pa.string())
    if pc.any(pc.match_substring(texts, "\x00")).as_py():
        raise pa.ArrowInvalid("a NUL character, which databases refuse")
    return texts


def _numbers(cells: Cells) -> pa.Array:
    """Go by text, which is quick, and refuses digits that would be lost."""
    if not _NUMBERS.issuperset(map(type, cells)):
        raise pa.ArrowInvalid("no decimal number")
    texts = pa.array([None if cell is None else str(cell) for cell in cells], pa.string())
    if pc.any(pc.match_substring(texts, "E")).as_py():  # pyarrow makes 0 of 1E-36 without a word, not so of its digits
        texts = pa.array([None if cell is None else _digits(cell) for cell in cells], pa.string())
    return _decimals(texts)


def _decimals(texts: pa.Array) -> pa.Array:
    """Numbers of texts without an exponent. pyarrow makes another number of one with 21 digits before the point."""
    longest = pc.max(pc.binary_length(texts)).as_py() or 0
    if longest > LONGEST or (longest > _WHOLE_DIGITS and pc.any(pc.match_substring_regex(texts, _TOO_MANY)).as_py()):
        raise pa.ArrowInvalid(f"more digits than decimal({PRECISION}, {SCALE}) holds")
    return texts.cast(DECIMAL)


def sent_decimals(texts: pa.Array) -> pa.Array:
    """The same of what Meta sent."""
    if pc.any(pc.match_substring(texts, "e", ignore_case=True)).as_py():
        raise pa.ArrowInvalid("a number with an exponent")
    return _decimals(texts)


def sent_integers(texts: pa.Array) -> pa.Array:
    """Whole numbers of what Meta sent; pyarrow would take hexadecimal ones too."""
    if pc.any(pc.invert(pc.match_substring_regex(texts, r"^-?\d+$"))).as_py():
        raise pa.ArrowInvalid("no whole number")
    return texts.cast(pa.string()).cast(pa.int64())


def _digits(number: Decimal | int) -> str:
    if not number or not isinstance(number, Decimal):
        return str(int(number))
    return f"{number:f}" if abs(number.adjusted()) <= LONGEST else "E" * (LONGEST + 1)


def _json(cells: Cells) -> pa.Array:
    """All texts at once, a line each; one by one where a text is odd. JSON's null is null."""
    lines = json_lines(cells)
    if lines is None:
        lines = pa.array([None if cell is None else json_text(cell) for cell in cells], pa.string())
    nulls = pc.equal(lines, "null")
    return pc.if_else(nulls, pa.scalar(None, pa.string()), lines) if pc.any(nulls).as_py() else lines


TYPES: Mapping[Kind, tuple[pa.DataType, Callable[[Cells], pa.Array]]] = {
    Kind.STRING: (pa.string(), _strings),
    Kind.INTEGER: (pa.int64(), lambda cells: pa.array(cells, pa.int64())),
    Kind.NUMBER: (DECIMAL, _numbers),
    Kind.BOOLEAN: (pa.bool_(), lambda cells: pa.array(cells, pa.bool_())),
    Kind.DATE: (pa.date32(), lambda cells: pa.array(cells, pa.string()).cast(pa.date32())),
    Kind.DATETIME: (TIMESTAMP, lambda cells: pa.array(cells, pa.string()).cast(TIMESTAMP)),
    **dict.fromkeys(JSON_KINDS, (pa.string(), _json)),
}

# What stands in for a cell that does not fit; null for the kinds that are not here.
STAND_INS: Mapping[Kind, Callable[[object], object]] = {
    Kind.STRING: lambda cell: plain_text(cell).replace("\x00", "\ufffd"),
    **dict.fromkeys(JSON_KINDS, lambda cell: msgspec.Raw(mended_text(cell).encode())),
}


_LEAVES: Mapping[type, lists.Leaf] = {
    str: _strings,
    Decimal: _numbers,
    msgspec.Raw: _json,
}


def arrow_schema(stream: Stream, *, native: bool = False) -> pa.Schema:
    """Say the stream's declared columns and ours."""
    cells = inner_cells(stream) if native else {}
    declared = [(column.name, _declared(column.kind, cells)) for column in stream.columns]
    objects = [(DELETED, pa.bool_()), (DELETED_AT, TIMESTAMP), (CONTENT, pa.string())] if tracked(stream) else []
    return pa.schema([*declared, *objects, (ROW_ID, pa.string()), (SYNCED_AT, TIMESTAMP), (CHANGES, pa.string())])


def _declared(kind: Kind, cells: Mapping[Kind, Shapes]) -> pa.DataType:
    native = cell_type(cells[kind]) if kind in cells else None
    return TYPES[kind][0] if native is None else native


def cell_type(cell: Cell | Shapes, *, sent: bool = False) -> pa.DataType | None:
    """How a cell lies in Arrow, lists as lists; None where it is free-form. `sent`: numbers as the text that Meta sent.

    They are not parsed with the page: pyarrow makes other numbers of some, without a word.
    """
    if isinstance(cell, Shapes):
        inner = {key: cell_type(one, sent=sent) for key, one in cell.shape.cells.items()}
        return pa.list_(pa.struct([(key, kind) for key, kind in inner.items() if kind is not None]))
    found = next((kind for known, kind in _CELLS if known is cell), None)
    return _TEXTS.get(found, found) if sent else found


_CELLS: tuple[tuple[Cell, pa.DataType], ...] = (
    (TEXT, pa.string()),
    (BREAKDOWN, pa.string()),
    (NUMBER, DECIMAL),
    (NUMBERS, pa.list_(DECIMAL)),
    (CELLS[Kind.INTEGER], pa.int64()),
    (CELLS[Kind.BOOLEAN], pa.bool_()),
    (TEXTS, pa.list_(pa.string())),
)
_TEXTS: Mapping[pa.DataType | None, pa.DataType] = {
    DECIMAL: lists.NUMBER_TEXT,
    pa.int64(): lists.NUMBER_TEXT,
    pa.list_(DECIMAL): pa.list_(lists.NUMBER_TEXT),
}


def json_columns(stream: Stream, columns: pa.Schema) -> frozenset[str]:
    """Name the columns of JSON text: the declared ones, ours, and whatever Meta sent beyond the declared."""
    plain = {column.name for column in stream.columns if column.kind not in JSON_KINDS}
    native = {field.name for field in columns if lists.is_list(field.type)}
    return frozenset(columns.names) - plain - native - {ROW_ID, SYNCED_AT, CONTENT, DELETED, DELETED_AT}


def to_table(
    stream: Stream, rows: Rows, synced_at: datetime, *, with_content: bool = False, native: bool = False
) -> pa.Table:
    """Make a table of the page: the columns of `arrow_schema` that any row has, and one of JSON text for other fields.

    `_content` is always there for objects; for other rows if asked. `native`: see above.
    """
    with_content = with_content or tracked(stream)
    if isinstance(rows.items, Sealed) and not with_content:
        try:
            return _from_columns(stream, rows.items, rows.changes, synced_at)
        except UNFIT:
            pass  # a date that is none: the rows say which
    tables = []
    start = 0
    for struct, group in groupby(rows.items, type):
        items = list(group)
        said = [
            Unfit(change.row - start, change.field, change.reason)
            for change in rows.changes
            if start <= change.row < start + len(items)
        ]
        make = partial(_native, lists.struct_fields(struct)) if native else _plain
        cells = _columns(struct, items)
        tables.append(_table(stream, cells, len(items), said, synced_at, with_content=with_content, make=make))
        start += len(items)
    return join(tables)


def _from_columns(stream: Stream, rows: Sealed, changes: Sequence[Change], synced_at: datetime) -> pa.Table:
    """Make the table of columns that were read without any row."""
    sent: dict[str, pa.ChunkedArray] = dict(zip(rows.columns.column_names, rows.columns.columns, strict=True))
    columns = {
        column.name: sent[column.name].chunk(0).cast(pa.date32())
        if column.kind is Kind.DATE
        else sent[column.name].chunk(0)
        for column in stream.columns
        if column.name in sent
    }
    keys = {name: rows.column(name) for name in stream.primary_key}
    columns[ROW_ID] = pa.array(row_ids(stream.primary_key, keys, len(rows)), pa.string())
    columns[SYNCED_AT] = pa.repeat(pa.scalar(synced_at, TIMESTAMP), len(rows))
    if changes:
        said = [Unfit(change.row, change.field, change.reason) for change in changes]
        columns[CHANGES] = pa.array(_changes(said, len(rows)), pa.string())
    return pa.table(columns)


def join(tables: Iterable[pa.Table]) -> pa.Table:
    """Make one table of many, with every column that any of them has, and in lists every key."""
    several = list(tables)
    schema = joined_schema(table.schema for table in several)
    return pa.concat_tables([conformed(table, schema) for table in several])


def joined_schema(schemas: Iterable[pa.Schema]) -> pa.Schema:
    """Every column of any of them, and in lists every key."""
    kinds = list({id(schema): schema for schema in schemas}.values())
    if len(kinds) == 1:
        return kinds[0]
    fields: dict[str, pa.Field] = {}
    for field in chain.from_iterable(kinds):
        known = fields.get(field.name)
        if known is None or known.type != field.type:
            fields[field.name] = field if known is None else known.with_type(lists.merged(known.type, field.type))
    return pa.schema(list(fields.values()))


def conformed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The same rows with the columns of `schema`; those that they lack are null."""
    if table.schema == schema:
        return table
    return pa.table(
        [
            pa.chunked_array([lists.widened(chunk, field.type) for chunk in table[field.name].chunks], field.type)
            if field.name in table.column_names
            else pa.nulls(table.num_rows, field.type)
            for field in schema
        ],
        schema,
    )


def present_ids(keys: Sequence[str]) -> list[str]:
    """`_row_id`s of objects of which only the key came."""
    return row_ids(("key",), {"key": keys}, len(keys))


def _columns(struct: type, items: Sequence[msgspec.Struct]) -> dict[str, list[Any]]:
    """Cells by field name as Meta writes it; an absent field is None. Fields that no row has are left out."""
    keys: tuple[str, ...] = struct.__struct_encode_fields__  # type: ignore[attr-defined]
    names: tuple[str, ...] = struct.__struct_fields__  # type: ignore[attr-defined]
    columns: dict[str, list[Any]] = {}
    for key, name in zip(keys, names, strict=True):
        cells = list(map(attrgetter(name), items))
        if cells[0] is not msgspec.UNSET or cells.count(msgspec.UNSET) < len(cells):
            columns[key] = [None if cell is msgspec.UNSET else cell for cell in cells]
    return columns


def _table(  # noqa: PLR0913 - what a table is made of
    stream: Stream,
    cells: Mapping[str, Cells],
    size: int,
    said: list[Unfit],
    synced_at: datetime,
    *,
    with_content: bool,
    make: "Make",
) -> pa.Table:
    kinds = {column.name: column.kind for column in stream.columns}
    kinds |= dict.fromkeys((name for name in cells if name not in kinds), Kind.JSON)
    unfit = list(said)
    columns = {name: make(kind, name, cells[name], unfit) for name, kind in kinds.items() if name in cells}
    if tracked(stream):
        gone = _deleted(stream, columns, size)
        columns[DELETED] = gone
        columns[DELETED_AT] = pc.if_else(gone, pa.scalar(synced_at, TIMESTAMP), pa.scalar(None, TIMESTAMP))
    columns[ROW_ID] = pa.array(row_ids(stream.primary_key, cells, size), pa.string())
    columns[SYNCED_AT] = pa.repeat(pa.scalar(synced_at, TIMESTAMP), size)
    if unfit:
        columns[CHANGES] = pa.array(_changes(unfit, size), pa.string())
    if with_content:
        columns[CONTENT] = pa.array(contents(cells, size), pa.string())
    return pa.table(columns)


def deleted_by(stream: Stream) -> tuple[str, ...]:
    """Columns that say DELETED of an object that is gone."""
    return tuple(c.name for c in stream.columns if c.name in {"status", "effective_status"} and c.kind is Kind.STRING)


def _deleted(stream: Stream, columns: Mapping[str, pa.Array], size: int) -> pa.Array:
    gone = pa.repeat(pa.scalar(value=False), size)
    for name in (name for name in deleted_by(stream) if name in columns):
        gone = pc.or_(gone, pc.fill_null(pc.equal(columns[name], "DELETED"), fill_value=False))
    return gone


Make: TypeAlias = Callable[[Kind, str, Cells, list[Unfit]], pa.Array]
"""Makes a column; what does not fit into it is added to the list."""


def _plain(kind: Kind, name: str, cells: Cells, unfit: list[Unfit]) -> pa.Array:
    """Lists and objects as JSON text."""
    return _column(TYPES[kind][1], STAND_INS.get(kind), name, cells, unfit)


def _native(annotations: Mapping[str, object], kind: Kind, name: str, cells: Cells, unfit: list[Unfit]) -> pa.Array:
    """Lists of structs as lists of structs."""
    if kind not in LIST_KINDS:
        return _plain(kind, name, cells, unfit)
    return _column(lambda some: lists.of_cells(annotations[name], some, _LEAVES), _fitting_items, name, cells, unfit)


def _column(
    convert: lists.Leaf, stand_in: Callable[[Any], object] | None, name: str, cells: Cells, unfit: list[Unfit]
) -> pa.Array:
    """Convert the whole column at once; cell by cell only when one of them does not fit."""
    try:
        return convert(cells)
    except UNFIT:
        return convert([_fit(convert, stand_in, cell, row, name, unfit) for row, cell in enumerate(cells)])


def _fit(  # noqa: PLR0913, PLR0917 - what it takes to say what did not fit
    convert: lists.Leaf, stand_in: Callable[[Any], object] | None, cell: object, row: int, name: str, unfit: list[Unfit]
) -> object:
    if cell is None:
        return None
    try:
        convert([cell])
    except UNFIT as error:
        unfit.append(Unfit(row, name, str(error), plain_text(cell)))
        return stand_in(cell) if stand_in else None
    return cell


def _fitting_items(items: object) -> object:
    """The same list or struct, with null for each value that no column holds."""
    if isinstance(items, list):
        return [_fitting_items(item) for item in items]
    if isinstance(items, msgspec.Struct):
        names = items.__struct_fields__
        return type(items)(**{name: _fitting_items(getattr(items, name)) for name in names})
    if type(items) not in _LEAVES:
        return items
    try:
        _LEAVES[type(items)]([items])
    except UNFIT:
        return _STAND_INS_INSIDE.get(type(items), lambda _: None)(items)
    return items


_STAND_INS_INSIDE: Mapping[type, Callable[[Any], object]] = {
    str: STAND_INS[Kind.STRING],
    msgspec.Raw: STAND_INS[Kind.JSON],
}


def _changes(unfit: Sequence[Unfit], size: int) -> list[str | None]:
    texts: list[str | None] = [None] * size
    for row in {entry.row for entry in unfit}:
        texts[row] = mended_text([_told(entry) for entry in unfit if entry.row == row])
    return texts


def _told(entry: Unfit) -> dict[str, str]:
    told = {"field": entry.field, "reason": entry.reason}
    return told if entry.sent is None else {**told, "sent": entry.sent}
