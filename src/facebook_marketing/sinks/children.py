"""Nested lists become child tables: pure functions on Arrow.

A row of a child has its parent's `_row_id` as `_parent_id`, the parent's key, its place in the list (`index`), the
item's keys as columns, `_more` (JSON: what no column takes), a `_row_id` of its own and the parent's `_synced_at`.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from facebook_marketing.catalog import fields
from facebook_marketing.catalog.children import INDEX, MORE, PARENT, Cell, Child, Form, children, stats_cell
from facebook_marketing.catalog.stream import Kind, Stream
from facebook_marketing.sinks.arrow import JSON_KINDS, ROW_ID, SYNCED_AT, TYPES
from facebook_marketing.sinks.items import Grown, read_items
from facebook_marketing.sinks.lists import json_texts

_JSON = {b"kind": Kind.JSON.value.encode()}
_FEW = 64  # lists: so many are quicker read item by item than tried once more
_LINE = "l"
_LONG_NUMBER = r"\d{21}|\d[eE][+-]?\d"
_BLOCK = 8 * 2**20
_UNTIDY = (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of a child before their parents' keys stand beside them. `parents` are row numbers, int64."""

    parents: pa.Array
    index: pa.Array
    place: pa.Array
    cells: tuple[Cell, ...]
    columns: Mapping[str, pa.Array]
    more: pa.Array


def derived(stream: Stream, table: pa.Table) -> dict[str, pa.Table]:
    """Make the child tables of these rows, by name: those that have a row, and of a table without rows every one.

    They take the place of all children that the destination has for the parents in `table`, also where they are none.
    A column of JSON text says so in its metadata (`kind`: `json`).
    """
    size = table.num_rows
    wanted = [child for child in children(stream) if child.column in table.column_names]
    wanted = [child for child in wanted if not size or table[child.column].null_count < size]
    names = dict.fromkeys((ROW_ID, SYNCED_AT, *(name for child in wanted for name in (child.column, *_own(child)))))
    whole = table.select([name for name in names if name in table.column_names]).combine_chunks()
    return {child.table: _child(child, whole) for child in wanted}


def _own(child: Child) -> tuple[str, ...]:
    return tuple(name for name, _ in child.key)


def _child(child: Child, table: pa.Table) -> pa.Table:
    rows = _rows(child, table[child.column])
    parents = rows.parents
    ids = _plain(table[ROW_ID]).take(parents)
    keys = {ours: _plain(table[name]).take(parents) for name, ours in child.key if name in table.column_names}
    columns = [
        (pa.field(PARENT, pa.string()), ids),
        *((pa.field(name, column.type), column) for name, column in keys.items()),
        (pa.field(INDEX, pa.int64()), rows.index),
        *((_field(cell), rows.columns[cell.name]) for cell in rows.cells if cell.name not in keys),
        (pa.field(MORE, pa.string(), metadata=_JSON), rows.more),
        (pa.field(ROW_ID, pa.string()), pc.binary_join_element_wise(ids, rows.place.cast(pa.string()), ":")),
        (pa.field(SYNCED_AT, table.schema.field(SYNCED_AT).type), _plain(table[SYNCED_AT]).take(parents)),
    ]
    return pa.table([column for _, column in columns], pa.schema([field for field, _ in columns]))


def _field(cell: Cell) -> pa.Field:
    return pa.field(cell.name, TYPES[cell.kind][0], metadata=_JSON if cell.kind in JSON_KINDS else None)


def _plain(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _rows(child: Child, column: pa.ChunkedArray) -> _Rows:
    """Rows of a column of lists: native ones, or JSON text."""
    lists = _plain(column)
    full = pc.indices_nonzero(lists.is_valid()).cast(pa.int64())
    lists = lists.take(full)
    rows = _native(child, lists) if pa.types.is_nested(lists.type) else _texts(child, lists)
    return replace(rows, parents=full.take(rows.parents))


def _native(child: Child, lists: pa.Array) -> _Rows:
    """Rows of native lists; of those that hold anything unforeseen, by way of JSON."""
    tidy = _flattened(child, lists) if _is_quick(child) and pa.types.is_list(lists.type) else None
    if tidy is not None:
        return tidy
    return _texts(child, json_texts(lists))


def _texts(child: Child, texts: pa.Array) -> _Rows:
    """Rows of JSON texts: read all at once as what was asked, then with all that an action can have, then by halves."""
    if not len(texts) or not _is_quick(child):
        return _slow(child, texts)
    for cells in (child.cells, _every(child)):
        rows = _at_once(child, texts, cells)
        if rows is not None:
            return rows
    if len(texts) <= _FEW:
        return _slow(child, texts)
    half = len(texts) // 2
    return _joined(_texts(child, texts[:half]), _texts(child, texts[half:]), half)


def _is_quick(child: Child) -> bool:
    return child.form is Form.STATS and all(cell.kind not in JSON_KINDS for cell in child.cells)


def _every(child: Child) -> tuple[Cell, ...]:
    """The child's columns, and each window and action breakdown of Meta's."""
    names = (*fields.enum("action_breakdowns"), *fields.enum("action_attribution_windows"))
    declared = {cell.name: cell for cell in child.cells}
    known = {cell.name: cell for cell in map(stats_cell, names) if cell is not None and cell.key != "default"}
    return tuple((declared | known | declared).values())


def _at_once(child: Child, texts: pa.Array, cells: Sequence[Cell]) -> _Rows | None:
    """Read all texts in one go; None where one of them holds something else than these cells.

    Nor may it hold a long number: pyarrow would make another one of it.
    """
    if pc.any(pc.match_substring_regex(texts, _LONG_NUMBER)).as_py():
        return None
    item = pa.struct([(cell.key or cell.name, TYPES[cell.kind][0]) for cell in cells])
    lines = pc.binary_join_element_wise(f'{{"{_LINE}":', texts, "}", "").to_pylist()
    text = "\n".join(lines).encode()
    try:
        table = pyarrow.json.read_json(
            io.BytesIO(text),
            read_options=pyarrow.json.ReadOptions(block_size=max(_BLOCK, 2 * max(map(len, lines)) * 4)),
            parse_options=pyarrow.json.ParseOptions(
                explicit_schema=pa.schema([(_LINE, pa.list_(item))]),
                unexpected_field_behavior="error",
            ),
        )
    except _UNTIDY:
        return None
    if table.num_rows != len(texts):  # a line break inside of a text
        return None
    return _flattened(child, _plain(table[_LINE]))


def _flattened(child: Child, lists: pa.Array) -> _Rows | None:
    """Rows of lists of structs; None where a list, an item or a key is not as it should be."""
    items = lists.flatten()
    if lists.null_count or items.null_count or not pa.types.is_struct(items.type):
        return None
    known = {cell.key: cell for cell in _every(child)}
    values = {field.name: items.field(number) for number, field in enumerate(items.type)}
    if any(name not in known for name, column in values.items() if column.null_count < len(column)):
        return None
    declared = {cell.key for cell in child.cells}
    cells = [cell for key, cell in known.items() if key in declared or _has(values.get(key))]
    try:
        columns = {cell.name: _cast(values.get(cell.key), cell, len(items)) for cell in cells}
    except _UNTIDY:
        return None
    parents = lists.value_parent_indices().cast(pa.int64()) if len(lists) else pa.array([], pa.int64())
    first = pc.subtract(lists.offsets[:-1].cast(pa.int64()), lists.offsets[0].cast(pa.int64()))
    index = pc.subtract(pa.array(range(len(items)), pa.int64()), first.take(parents))
    return _Rows(parents, index, index, tuple(cells), columns, pa.nulls(len(items), pa.string()))


def _has(column: pa.Array | None) -> bool:
    return column is not None and column.null_count < len(column)


def _cast(column: pa.Array | None, cell: Cell, size: int) -> pa.Array:
    kind = TYPES[cell.kind][0]
    if column is None:
        return pa.nulls(size, kind)
    if column.type != kind and pa.types.is_floating(column.type):
        raise pa.ArrowInvalid("a float has lost its digits already")
    return column.cast(kind)


def _slow(child: Child, texts: pa.Array) -> _Rows:
    grown = read_items(child, texts.to_pylist())
    cells = tuple(grown.cells.values())
    return _Rows(
        pa.array(grown.parents, pa.int64()),
        pa.array(grown.index, pa.int64()),
        pa.array(grown.place, pa.int64()),
        cells,
        {cell.name: _array(cell, grown) for cell in cells},
        pa.array(grown.more, pa.string()),
    )


def _array(cell: Cell, grown: Grown) -> pa.Array:
    values: list[Any] = grown.values.get(cell.name) or [None] * len(grown.parents)
    return pa.array(values, pa.string()) if cell.kind in JSON_KINDS else TYPES[cell.kind][1](values)


def _joined(left: _Rows, right: _Rows, offset: int) -> _Rows:
    """Put the halves together: what only one of them has is null in the other."""
    cells = {cell.name: cell for cell in (*left.cells, *right.cells)}

    def half(rows: _Rows, cell: Cell) -> pa.Array:
        column = rows.columns.get(cell.name)
        return pa.nulls(len(rows.index), TYPES[cell.kind][0]) if column is None else column

    return _Rows(
        pa.concat_arrays([left.parents, pc.add(right.parents, offset)]),
        pa.concat_arrays([left.index, right.index]),
        pa.concat_arrays([left.place, right.place]),
        tuple(cells.values()),
        {name: pa.concat_arrays([half(left, cell), half(right, cell)]) for name, cell in cells.items()},
        pa.concat_arrays([left.more, right.more]),
    )
