"""Before a segment's transaction: every table that it needs stands, and its columns are named as they are there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema

from facebook_marketing.catalog.stream import Kind
from facebook_marketing.sinks import lists
from facebook_marketing.sinks import statements as say
from facebook_marketing.sinks.arrow import ROW_ID, SYNCED_AT, arrow_schema, joined_schema, json_columns
from facebook_marketing.sinks.modes import Mode, tracked
from facebook_marketing.sinks.room import NO_JSON, SEEN, SEEN_COLUMNS, Room
from facebook_marketing.sinks.segment import Part
from facebook_marketing.sinks.staging import Freight
from facebook_marketing.sinks.tables import NEW

HISTORY = "_history"

_HISTORY_COLUMNS: Mapping[str, TColumnSchema] = {
    say.VALID_FROM: {"data_type": "timestamp"},
    say.VALID_TO: {"data_type": "timestamp"},
    say.CURRENT: {"data_type": "bool"},
}
_ALWAYS = frozenset((ROW_ID, SYNCED_AT))


@dataclass(frozen=True, slots=True)
class Ready:
    """A part whose tables stand, by our names: a destination may shorten one, with its `__new` or without differently.

    `name` is the table, `into` where its rows go (`name`, or `<name>__new`).

    `columns` are those of the freight, escaped; of those that have no value at all there are none. `history` is the
    history's name where there is one. `begins`: it has just been made, and the table has rows already. `children` are
    the names of all tables that the stream's lists can have; each stands from its first row on. `within`: see
    `statements.Meeting`.
    """

    part: Part
    name: str
    into: str
    freight: Freight | None
    columns: Sequence[str]
    history: str | None
    begins: bool
    children: Sequence[str]
    within: str

    @property
    def ended(self) -> bool:
        """The stream has come to its end, and what it collected to its own."""
        return self.part.collects and self.part.complete is not None

    @property
    def collected(self) -> list[str]:
        """Tables in which rows wait for the end."""
        return [f"{name}{NEW}" for name in (self.name, *self.children)]


def prepare(room: Room, part: Part) -> Ready:
    """Make what is missing."""
    stream = part.stream
    name = stream.name
    columns = part_columns(part, native=room.native)
    stood = room.tables.stands(name)
    names = dict(zip(columns.names, room.fit(name, columns, json_columns(stream, columns)), strict=True))
    json = frozenset(names[own] for own in json_columns(stream, columns))
    columns = pa.schema([field.with_name(names[field.name]) for field in columns])
    texts = _texts(room, name, columns)
    columns, json = as_texts(texts, columns.empty_table()).schema, json.union(texts)
    into = f"{name}{NEW}" if part.collects else name
    if part.collects and part.rows is not None:
        room.fit(into, columns, json)
    packed = None if part.rows is None else part.rows.with_values(_ALWAYS)
    table = None if packed is None else packed.rename([names[own] for own in packed.column_names])
    table = table.mapped(partial(as_texts, texts)) if table and texts else table
    history, begins = _history(room, part, name, columns, json)
    if tracked(stream):
        room.fit(SEEN, SEEN_COLUMNS, NO_JSON)
    freight = Freight(room.tables.name(into), table, json) if table is not None else None
    escaped = [room.tables.escaped(column) for column in freight.rows.column_names] if freight else []
    within = _within(room, part)
    return Ready(part, name, into, freight, escaped, history, begins and stood, _children(room, part), within)


def part_columns(part: Part, *, native: bool) -> pa.Schema:
    """All declared columns, and what the rows have beyond them."""
    declared = arrow_schema(part.stream, native=native)
    return declared if part.rows is None else joined_schema([declared, part.rows.schema])


def with_values(table: pa.Table) -> pa.Table:
    """Leave out the columns in which every cell is null."""
    columns = zip(table.column_names, table.columns, strict=True)
    return table.select([name for name, cells in columns if name in _ALWAYS or cells.null_count < table.num_rows])


def _history(room: Room, part: Part, name: str, columns: pa.Schema, json: frozenset[str]) -> tuple[str | None, bool]:
    """Make the history of a stream that keeps one. One that stands is kept true in a full refresh too."""
    history = f"{name}{HISTORY}"
    stood = room.tables.stands(history)
    wanted = part.mode is Mode.DEDUPED_HISTORY and bool(part.stream.primary_key)
    refreshed = stood and part.mode is Mode.OVERWRITE and bool(part.stream.primary_key)
    if not wanted and not refreshed:
        return None, False
    room.fit(history, columns, json, _HISTORY_COLUMNS)
    return history, not stood


def _children(room: Room, part: Part) -> tuple[str, ...]:
    """Name every child table that the stream can have. They are made with their first rows: most never have one."""
    if room.derived is None:
        return ()
    names = room.lists.get(part.stream.name)
    if names is None:
        declared = room.derived(part.stream, arrow_schema(part.stream, native=room.native).empty_table())
        names = room.lists[part.stream.name] = tuple(declared)
    room.tables.know([*names, *(f"{name}{NEW}" for name in names if part.collects)])
    return names


def child_json(table: pa.Table) -> frozenset[str]:
    """Columns of a child table that are JSON text: they say so in their metadata."""
    return frozenset(
        field.name for field in table.schema if (field.metadata or {}).get(b"kind") == Kind.JSON.value.encode()
    )


def _texts(room: Room, name: str, columns: pa.Schema) -> list[str]:
    """Name the lists of structs for which the table has JSON: an older version of this program made it."""
    native = room.tables.native(name)
    return [field.name for field in columns if lists.is_list(field.type) and field.name not in native]


def as_texts(names: Sequence[str], table: pa.Table) -> pa.Table:
    """Make lists of structs JSON text."""
    for name in names:
        if name in table.column_names:
            texts = pa.chunked_array(map(lists.json_texts, table[name].chunks), pa.string())
            table = table.set_column(table.column_names.index(name), name, texts)
    return table


def _within(room: Room, part: Part) -> str:
    """Narrow a report's table to the days of its rows, whose key says the day."""
    days = part.rows.days if part.rows is not None and "date_start" in part.stream.primary_key else None
    if days is None:
        return ""
    column = room.tables.escaped("date_start")
    return f" AND {column} >= CAST('{days[0]}' AS DATE) AND {column} <= CAST('{days[1]}' AS DATE)"
