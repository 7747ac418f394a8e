"""Tables of a SQL destination: made, and given the columns that they lack, through dlt's words for each destination."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema
from dlt.common.schema.utils import new_table

from facebook_marketing.sinks import natives
from facebook_marketing.sinks.arrow import ROW_ID
from facebook_marketing.sinks.content import digest
from facebook_marketing.sinks.destination import WarehouseError
from facebook_marketing.sinks.hints import hints, own_names
from facebook_marketing.sinks.lists import is_list, merged

Columns = Mapping[str, TColumnSchema]
NEW = "__new"
"""At the end of a table's name: its rows wait for the end of their stream."""


@dataclass(slots=True)
class Tables:
    """What stands in the destination, and how more of it is made. `client` is dlt's, opened."""

    client: Any
    schema: Schema
    shown: str
    _stands: dict[str, dict[str, TColumnSchema]] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    native_lists: bool = False
    _waiting: list[str] | None = None
    _native: dict[str, dict[str, pa.DataType]] = field(default_factory=dict)
    _wanted: dict[str, dict[str, pa.DataType]] = field(default_factory=dict)

    def look(self, names: Iterable[str]) -> None:
        """Read anew what stands: tables may have been altered, or dropped."""
        wanted = list(dict.fromkeys(map(self.name, names)))
        fold = self.client.capabilities.casefold_identifier
        found = self.client.get_storage_tables(wanted) if wanted else ()
        for name, columns in found:
            self._stands[name] = {fold(key): column for key, column in columns.items()}
            if self.native_lists:
                self._look_for_lists(name)

    def _look_for_lists(self, name: str) -> None:
        """Find the lists of structs, which dlt takes for text."""
        texts = [column for column, told in self._stands[name].items() if told["data_type"] == "text"]
        connection = self.client.sql_client.native_connection
        lists = natives.standing(connection, self.qualified(name), list(map(self.escaped, texts)))
        self._native[name] = lists
        self._stands[name] |= {column: {**self._stands[name][column], "data_type": "json"} for column in lists}

    def native(self, name: str) -> Mapping[str, pa.DataType]:
        """The table's lists of structs."""
        return self._native.get(self.name(name), {}) if self.stands(name) else {}

    def know(self, names: Iterable[str]) -> None:
        """Look at all of them at once that nobody has looked at yet."""
        self.look([name for name in names if self.name(name) not in self._stands])

    def name(self, stream: str) -> str:
        """A name that the destination takes; two underscores stay two."""
        return str(self.schema.naming.normalize_tables_path(stream))

    def identifier(self, column: str) -> str:
        """The same for a column; two underscores stay two."""
        return str(self.schema.naming.normalize_path(column))

    def qualified(self, name: str) -> str:
        """Schema and table, escaped."""
        return str(self.client.sql_client.make_qualified_table_name(self.name(name)))

    def escaped(self, column: str) -> str:
        """A column's name, escaped."""
        return str(self.client.sql_client.escape_column_name(self.identifier(column)))

    def stands(self, name: str) -> bool:
        """Whether the table is there."""
        return bool(self.columns(name))

    def columns(self, name: str) -> Columns:
        """The table's columns by name, as the destination spells it; none where there is no table."""
        if self.name(name) not in self._stands:
            self.look((name,))
        return self._stands[self.name(name)]

    def has(self, name: str, column: str) -> bool:
        """Whether the table has this column."""
        return self._folded(column) in self.columns(name)

    def fit(self, name: str, table: pa.Schema, json: frozenset[str], more: Mapping[str, TColumnSchema]) -> list[str]:
        """Make the table or the columns that it lacks; say under which name each column of `table` goes in.

        A column of another type stays as it is, and its values go on under a name of their own.
        """
        if ROW_ID in table.names and self.stands(name) and not self.has(name, ROW_ID):
            raise WarehouseError(
                f"The table {self.name(name)} in {self.shown} has no column {ROW_ID}: it is not one of ours, or was "
                "altered. Rename or drop it, and its stream is read again."
            )
        told = hints(table, json)
        names = self._names(name, told)
        lists = {own: kind for own, kind in zip(names, table.types, strict=True) if is_list(kind)}
        self._want(name, lists if self.native_lists else {})
        self._add(name, dict(zip(names, told.values(), strict=True)) | dict(more))
        return names

    def _want(self, name: str, lists: Mapping[str, pa.DataType]) -> None:
        """These columns are to be lists of structs if they are new, with these keys if they are such lists."""
        wanted = self._wanted.setdefault(self.name(name), {})
        wanted |= {own: merged(wanted[own], kind) if own in wanted else kind for own, kind in lists.items()}

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """What is fitted within is made at the end, with one look at the destination for all of it."""
        self._waiting = []
        try:
            yield
        finally:
            waiting, self._waiting = self._waiting, None
        self._make(waiting)

    def fitting(self, name: str, table: pa.Schema, json: frozenset[str]) -> list[str] | None:
        """The names alone; None when a column is to be made first."""
        names = self._names(name, hints(table, json))
        return names if all(self.has(name, column) for column in names) else None

    def _names(self, name: str, told: Columns) -> list[str]:
        names = own_names(told, lambda column: self.columns(name).get(self._folded(column)), self._alike)
        return _apart(list(map(self.identifier, names)), names)

    def _folded(self, column: str) -> str:
        return str(self.client.capabilities.casefold_identifier(self.identifier(column)))

    def type(self, column: TColumnSchema) -> str:
        """The destination's word for a type."""
        mapper = self.client.capabilities.get_type_mapper()
        return str(mapper.to_destination_type({"name": "x", **column}, new_table("x")))

    def _alike(self, wanted: TColumnSchema, stands: TColumnSchema) -> bool:
        """Whether the table's type holds what the wanted one does, as far as the destination tells types apart."""
        if wanted["data_type"] == "decimal" and stands["data_type"] == "decimal":
            sizes = [(column.get("precision"), column.get("scale")) for column in (wanted, stands)]
            return None in sizes[1] or sizes[0] == sizes[1] or stands.get("precision") == 0
        if wanted["data_type"] == stands["data_type"]:
            return True
        mapper = self.client.capabilities.get_type_mapper()
        made = self.type(wanted).partition("(")[0]
        try:
            back = mapper.from_destination_type(made, wanted.get("precision"), wanted.get("scale"))
        except Exception:  # noqa: BLE001 - a type that dlt cannot read back: then it is as we made it
            return True
        return bool(back.get("data_type") == stands["data_type"])

    def _add(self, name: str, wanted: Columns) -> None:
        stands = self.columns(name)
        if all(self._folded(column) in stands for column in wanted):
            if lacking := self._lacking(name):
                self._alter(lacking)
                self.look((name,))
            return
        if not stands:
            self.made.add(self.name(name))
        columns = [
            {**told, "name": self.identifier(column), "nullable": bool(stands) or told.get("nullable", True)}
            for column, told in wanted.items()
        ]
        self.schema.update_table(new_table(self.name(name), columns=columns))  # type: ignore[arg-type]
        if self._waiting is None:
            self._make((self.name(name),))
        else:
            self._waiting.append(self.name(name))

    def _make(self, names: Sequence[str]) -> None:
        if not names:
            return
        before = {name: frozenset(self._stands[name]) for name in names}
        with self.client.sql_client.begin_transaction() if self.native_lists else nullcontext():
            # `update_stored_schema` would validate and write down all tables for each: a second where there are many.
            self.client._execute_schema_update_sql(list(dict.fromkeys(names)), store_schema=False)  # noqa: SLF001 - see above
            for name in names:
                self._alter([*self._made_lists(name, before[name]), *self._lacking(name)])
        self.look(names)

    def _made_lists(self, name: str, before: frozenset[str]) -> Iterator[str]:
        """Columns that dlt has just made as JSON become lists: no row has a value in them yet."""
        for column, kind in self._wanted.get(name, {}).items():
            if self._folded(column) not in before:
                said = natives.word(pa.field(column, kind))
                yield f"{self.qualified(name)} ALTER COLUMN {self.escaped(column)} SET DATA TYPE {said} USING NULL"

    def _lacking(self, name: str) -> list[str]:
        """Keys that a standing list has not."""
        stands = self._native.get(self.name(name), {})
        lists = ((column, kind) for column, kind in self._wanted.get(self.name(name), {}).items() if column in stands)
        keys = (one for column, kind in lists for one in natives.missing(stands[column], kind, self.escaped(column)))
        return [f"{self.qualified(name)} ADD COLUMN {key}" for key in keys]

    def _alter(self, changes: Sequence[str]) -> None:
        for change in changes:
            self.client.sql_client.execute_sql(f"ALTER TABLE {change}")

    def drop(self, names: Iterable[str]) -> None:
        """Tables of ours that have done their work go."""
        standing = [self.name(name) for name in names if self.stands(name)]
        if standing:
            self.client.sql_client.drop_tables(*standing)
            self._stands.update({name: {} for name in standing})
            self._native.update({name: {} for name in standing})
            self.made.difference_update(standing)


def _apart(names: Sequence[str], sent: Sequence[str]) -> list[str]:
    """Tell fields apart of which a destination makes one name ("Id" and "id")."""
    taken: set[str] = set()
    apart = []
    for name, own in zip(names, sent, strict=True):
        mine = f"{name}_{digest([own])[:8]}" if name in taken else name
        taken.add(mine)
        apart.append(mine)
    return apart
