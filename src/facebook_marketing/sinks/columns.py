"""Pages of reports straight into Arrow: no Python object a cell, and no lock of Python's while they are parsed.

Only what `records` would decode to the very same cells is read here; any other page is left to it. That is a page
with an unknown key, free-form JSON, a number that is none, a value of another type, a null where a row or an item
belongs, or a character that databases refuse.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from facebook_marketing.catalog.stream import Kind
from facebook_marketing.records import MISSING_BREAKDOWN, Rows, Sealed
from facebook_marketing.records.cells import CELLS
from facebook_marketing.records.page import one_line
from facebook_marketing.sinks import lists
from facebook_marketing.sinks.arrow import cell_type, sent_decimals, sent_integers

_PATIENCE = 8
"""Pages in a row that are left to `records` before all further ones are."""
_ROWS = "rows"
_UNREADABLE = (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, pa.ArrowKeyError)


@dataclass(frozen=True, slots=True)
class Plan:
    """How pages are read. `schema` is that of a page as one JSON object, with every key that may come.

    `fills` are columns that are never null, `filled` those in which the account stands where Meta says nothing.
    `native`: lists of structs stay such; else they become JSON text.
    """

    schema: pa.Schema
    integers: frozenset[str]
    fills: frozenset[str]
    filled: tuple[str, ...]
    native: bool

    def narrowed(self, names: Collection[str]) -> "Plan":
        """The same for pages with no other keys than these."""
        row = self.schema.field(_ROWS).type.value_type
        return replace(self, schema=_framed([field for field in row if field.name in names]))


def plan_of(rows: Rows, *, native: bool) -> Plan | None:
    """How the pages are read that `rows` decodes, as far as it has learned; None where it does more than decoding."""
    if rows.cells is None:
        return None
    typed = {name: cell_type(cell, sent=True) for name, cell in rows.cells.items()}
    fills = frozenset(name for name, cell in rows.cells.items() if cell.null == MISSING_BREAKDOWN)
    integers = frozenset(name for name, cell in rows.cells.items() if cell is CELLS[Kind.INTEGER])
    schema = _framed([pa.field(name, kind) for name, kind in typed.items() if kind is not None])
    return Plan(schema, integers, fills, rows.filled, native)


def _framed(fields: Sequence[pa.Field]) -> pa.Schema:
    return pa.schema([(_ROWS, pa.list_(pa.struct(fields)))])


class ColumnReader:
    """Reads the pages of one stream of one account. `native`: see `Plan`.

    Most reports use a third of their columns: those that came are parsed, and more when another one comes.
    """

    def __init__(self, rows: Rows, places: asyncio.Semaphore, *, native: bool) -> None:
        self._rows = rows
        self._places = places
        self._native = native
        self._seen: set[str] = set()
        self._refused = 0
        self._plan = plan_of(rows, native=native)
        self._narrow: Plan | None = None

    async def __call__(self, page: bytes, account: str) -> Sealed | None:
        """The page's rows as columns; None where it is to be decoded row by row."""
        if self._plan is None or self._refused >= _PATIENCE:
            return None
        plans = tuple(plan for plan in (self._narrow, self._plan) if plan is not None)
        async with self._places:
            found, used = await asyncio.to_thread(_first, plans, page, account)
        if found is None:
            self._refused += 1
            self._plan = plan_of(self._rows, native=self._native)  # from the pages before `records` may have learned
            return None
        self._refused = 0
        if used is plans[-1]:
            self._see({name for name in found.column_names if found[name].null_count < found.num_rows})
        return Sealed(found, found.num_rows, partial(_cells, found), partial(self._decoded, page, account))

    def _see(self, names: set[str]) -> None:
        if self._plan is not None and not names <= self._seen:
            self._seen |= names
            self._narrow = self._plan.narrowed(self._seen)

    def _decoded(self, page: bytes, account: str) -> list[msgspec.Struct]:
        return list(self._rows.decode(page, account).rows)


def _first(plans: Iterable[Plan], page: bytes, account: str) -> tuple[pa.Table | None, Plan | None]:
    """Read the page by the first plan that fits it."""
    for plan in plans:
        found = read(plan, page, account)
        if found is not None:
            return found, plan
    return None, None


def read(plan: Plan, page: bytes, account: str) -> pa.Table | None:
    """Make a table of a page: one column for each of the plan's keys; None where the page is not that plain.

    Types: those of `cell_type`; dates are text.
    """
    try:
        page = one_line(page)
        if b"\\u0000" in page:
            return None
        return _filled(plan, _rows(plan, b'{"%s":%s}' % (_ROWS.encode(), page)), account)
    except (*_UNREADABLE, msgspec.DecodeError):
        return None


def _rows(plan: Plan, text: bytes) -> pa.StructArray:
    table = pyarrow.json.read_json(
        pa.BufferReader(text),
        read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(text) + 1),
        parse_options=pyarrow.json.ParseOptions(explicit_schema=plan.schema, unexpected_field_behavior="error"),
    )
    if table.num_rows != 1 or table.column_names != [_ROWS]:
        raise pa.ArrowInvalid("more than a page")
    rows = table[_ROWS].combine_chunks().flatten()
    if not len(rows) or rows.null_count:
        raise pa.ArrowInvalid("no row, or null for one")
    return rows


def _filled(plan: Plan, rows: pa.StructArray, account: str) -> pa.Table:
    sent = zip((field.name for field in rows.type), rows.flatten(), strict=True)
    columns = {name: _read(plan, name, column) for name, column in sent}
    for names, value in ((plan.fills, MISSING_BREAKDOWN), (plan.filled, account)):
        for name in names:
            column = columns.get(name)
            absent = column is None
            columns[name] = pa.repeat(pa.scalar(value), len(rows)) if absent else pc.fill_null(column, value)
    return pa.table(columns)


def _read(plan: Plan, name: str, column: pa.Array) -> pa.Array:
    """Numbers of texts; an error for any that is none, of which `records` has more to say."""
    _refuse_holes(column)
    if name in plan.integers:
        return sent_integers(column)
    if lists.is_list(column.type) and not plan.native:
        return lists.json_texts(column)
    return lists.typed(column, sent_decimals)


def _refuse_holes(column: pa.Array) -> None:
    """Raise for a list with null for an item: `records` leaves it out and says so."""
    if not pa.types.is_list(column.type):
        return
    items = column.flatten()
    if items.null_count:
        raise pa.ArrowInvalid("null for an item")
    if pa.types.is_struct(items.type):
        for inner in items.flatten():
            _refuse_holes(inner)


def _cells(table: pa.Table, name: str) -> list[Any]:
    if name not in table.column_names:
        return [None] * table.num_rows
    found: list[Any] = table[name].to_pylist()
    return found
