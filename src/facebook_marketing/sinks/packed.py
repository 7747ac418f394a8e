"""Rows that wait to be loaded: Arrow, compressed, so that a segment of many of them takes little memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc

from facebook_marketing.sinks.arrow import DELETED, ROW_ID, conformed, joined_schema

Step: TypeAlias = Callable[[pa.Table], pa.Table]

_OPTIONS = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", 1), use_threads=False)
_ALONE = pa.ipc.IpcReadOptions(use_threads=False)
"""By itself Arrow gives each of some hundred small buffers to another thread."""
_DAY = "date_start"
_FULL = 2_000
"""Rows of a block: a page of some hundred has as many buffers as one of these."""
_TOGETHER = 10_000
"""Rows of which small pages are put together when they are taken out again."""


@dataclass(frozen=True, slots=True)
class Block:
    """A page. What is asked of it without unpacking lies beside it: `days` are the first and the last `date_start`.

    `full` are the columns in which any cell has a value.
    """

    content: pa.Buffer
    schema: pa.Schema
    ids: pa.Array
    full: frozenset[str]
    days: tuple[pa.Scalar, pa.Scalar] | None
    deleted: bool

    def table(self) -> pa.Table:
        """Unpack it."""
        return pa.ipc.open_stream(self.content, options=_ALONE).read_all()


def pack(table: pa.Table) -> Block:
    """Compress a page of rows, each with its `_row_id`."""
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema, options=_OPTIONS) as stream:
        stream.write_table(table)
    full = frozenset(name for name in table.column_names if table[name].null_count < table.num_rows)
    deleted = DELETED in full and bool(pc.any(table[DELETED]).as_py())
    return Block(
        out.getvalue(), _one_of_a_kind(table.schema), table[ROW_ID].combine_chunks(), full, _days(table), deleted
    )


def _one_of_a_kind(schema: pa.Schema) -> pa.Schema:
    """Give equal schemas as one object: comparing two of a hundred columns takes longer than a page's other work."""
    known = _SCHEMAS.setdefault(schema.serialize().to_pybytes(), schema)
    if len(_SCHEMAS) > _MOST_SCHEMAS:
        _SCHEMAS.clear()
    return known


_SCHEMAS: dict[bytes, pa.Schema] = {}
_MOST_SCHEMAS = 1000


def _days(table: pa.Table) -> tuple[pa.Scalar, pa.Scalar] | None:
    """None where a row has no day."""
    if _DAY not in table.column_names or not table.num_rows or table[_DAY].null_count:
        return None
    if not pa.types.is_date(table.schema.field(_DAY).type):
        return None
    ends = pc.min_max(table[_DAY])
    return ends["min"], ends["max"]


class Bundle:
    """Pages on their way into a block. Rows are added until it is `full`; then it may be packed, by any thread."""

    __slots__ = ("_block", "_tables", "rows")

    def __init__(self) -> None:
        self.rows = 0
        self._tables: list[pa.Table] = []
        self._block: Block | None = None

    @property
    def full(self) -> bool:
        """Nothing is added any more."""
        return self.rows >= _FULL

    @property
    def is_packed(self) -> bool:
        """There is a block."""
        return self._block is not None

    @property
    def bytes(self) -> int:
        """What it takes, packed or not yet."""
        tables, block = self._tables, self._block
        return sum(int(table.nbytes) for table in tables) if block is None else int(block.content.size)

    def add(self, table: pa.Table) -> None:
        """Take a page."""
        self._tables.append(table)
        self.rows += table.num_rows

    def pour(self, other: "Bundle") -> None:
        """Take the pages of another one, which is given up. Neither is packed yet."""
        self._tables += other._tables  # noqa: SLF001 - one of us
        self.rows += other.rows

    def packed(self) -> Block:
        """Compress it. Two threads that do so at once come to the same."""
        tables = self._tables  # before the block is looked at: it is there before they are gone
        block = self._block
        if block is None:
            schema = joined_schema(table.schema for table in tables)
            block = pack(pa.concat_tables([conformed(table, schema) for table in tables]).combine_chunks())
            self._block = block
            self._tables = []
        return block


@dataclass(frozen=True, slots=True)
class Packed:
    """Some pages of one stream as one table, the columns of `schema`, no `_row_id` twice.

    `kept` says which rows of all pages count (None: every one), `steps` what is done to rows when they are taken out.
    """

    blocks: Sequence[Block]
    schema: pa.Schema
    kept: pa.BooleanArray | None = None
    steps: tuple[Step, ...] = field(default=())

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> "Packed":
        """Of several rows with one `_row_id` the last one counts."""
        whole = joined_schema(block.schema for block in blocks)
        return cls(blocks, whole, _last(pa.chunked_array([block.ids for block in blocks], pa.string())))

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return sum(len(block.ids) for block in self.blocks) if self.kept is None else self.kept.true_count

    @property
    def column_names(self) -> list[str]:
        """As they are taken out."""
        return list(self.schema.names)

    @property
    def deleted(self) -> bool:
        """Whether any row says of itself that it is deleted."""
        return any(block.deleted for block in self.blocks)

    @property
    def days(self) -> tuple[str, str] | None:
        """The first and last `date_start`; None where a row has none."""
        days = [block.days for block in self.blocks]
        if not days or None in days:
            return None
        firsts, lasts = zip(*(day for day in days if day is not None), strict=True)
        return min(day.as_py() for day in firsts).isoformat(), max(day.as_py() for day in lasts).isoformat()

    def ids(self) -> pa.ChunkedArray:
        """Every `_row_id`, in order."""
        ids = pa.chunked_array([block.ids for block in self.blocks], pa.string())
        return ids if self.kept is None else ids.filter(self.kept)

    def only(self, kept: Sequence[bool]) -> "Packed":
        """Leave out the rows for which `kept` is false."""
        if self.kept is None:
            return replace(self, kept=pa.array(kept, pa.bool_()))
        left = iter(kept)
        return replace(self, kept=pa.array([one and next(left) for one in self.kept.to_pylist()], pa.bool_()))

    def select(self, names: Sequence[str]) -> "Packed":
        """Only these columns."""
        return self._then(lambda table: table.select(names), self.schema.empty_table().select(names).schema)

    def rename(self, names: Sequence[str]) -> "Packed":
        """The same columns under these names."""
        return self._then(
            lambda table: table.rename_columns(names), self.schema.empty_table().rename_columns(names).schema
        )

    def mapped(self, step: Step) -> "Packed":
        """The rows as `step` makes them, as many of them."""
        return self._then(step, step(self.schema.empty_table()).schema)

    def with_values(self, always: frozenset[str]) -> "Packed":
        """Leave out the columns in which every cell is null: a report has a hundred, and most accounts use thirty.

        Before anything is renamed.
        """
        full = frozenset[str]().union(always, *(block.full for block in self.blocks))
        return self.select([name for name in self.schema.names if name in full])

    def tables(self, rows: int = _TOGETHER) -> Iterator[pa.Table]:
        """Unpack page by page; those that are small are put together to about so many rows."""
        held: list[pa.Table] = []
        size = 0
        for table in self._unpacked():
            held.append(table)
            size += table.num_rows
            if size >= rows:
                yield pa.concat_tables(held)
                held, size = [], 0
        if held:
            yield pa.concat_tables(held)

    def table(self) -> pa.Table:
        """All of it, unpacked."""
        return pa.concat_tables([self.schema.empty_table(), *self._unpacked()])

    def reader(self) -> pa.RecordBatchReader:
        """The rows for whoever takes them batch by batch."""
        batches = (batch for table in self._unpacked() for batch in table.to_batches())
        return pa.RecordBatchReader.from_batches(self.schema, batches)

    def _then(self, step: Step, schema: pa.Schema) -> "Packed":
        return replace(self, schema=schema, steps=(*self.steps, step))

    def _unpacked(self) -> Iterator[pa.Table]:
        whole = joined_schema(block.schema for block in self.blocks)
        start = 0
        for block in self.blocks:
            table = block.table() if block.schema is whole else conformed(block.table(), whole)
            if self.kept is not None:
                table = table.filter(self.kept.slice(start, table.num_rows))
            start += len(block.ids)
            if table.num_rows:
                yield _done(table, self.steps)


def _done(table: pa.Table, steps: Iterable[Step]) -> pa.Table:
    for step in steps:
        table = step(table)
    return table


def _last(ids: pa.ChunkedArray) -> pa.BooleanArray | None:
    """Which rows are the last of their id; None where all are."""
    if pc.count_distinct(ids).as_py() == len(ids):
        return None
    last = {one: place for place, one in enumerate(ids.to_pylist())}
    kept = [last[one] == place for place, one in enumerate(ids.to_pylist())]
    return pa.array(kept, pa.bool_())


def tables(rows: Packed | pa.Table, size: int) -> Iterator[pa.Table]:
    """Take rows, packed or not, some thousand at a time."""
    if isinstance(rows, Packed):
        yield from rows.tables(size)
        return
    for start in range(0, rows.num_rows, size):
        yield rows.slice(start, size)
