"""The place where segments are applied: dlt's client, the tables that stand, the way in for rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema

from facebook_marketing.sinks.arrow import ROW_ID, TIMESTAMP
from facebook_marketing.sinks.segment import Derived
from facebook_marketing.sinks.staging import Staging
from facebook_marketing.sinks.statements import PARENT_ID, SEEN_AT, Dialect
from facebook_marketing.sinks.tables import Tables

SEEN = "_sync_seen"
"""Objects that Meta listed without their rows, and when: until every account was read to its end."""
SEEN_COLUMNS = pa.schema([("stream", pa.string()), (ROW_ID, pa.string()), (SEEN_AT, TIMESTAMP)])
NO_JSON: frozenset[str] = frozenset()

_NUMBERS_AS_TRUTH = frozenset(("mssql", "synapse", "fabric"))
_WITH_INDEX = frozenset(("postgres",))
_DAY = "date_start"
"""By which days of a report are found that were read again."""


class Unready(Exception):  # noqa: N818 - no error: a table is to be made first, which no transaction should hold
    """A table or a column is missing that the rows in hand need; `make` makes it."""

    def __init__(self, make: Callable[[], object]) -> None:
        super().__init__()
        self.make = make


class Wanted(NamedTuple):
    """A table that must stand, with these columns. `json` names those that are JSON text."""

    name: str
    columns: pa.Schema
    json: frozenset[str]


@dataclass(slots=True)
class Room:
    """What all the work on a destination needs.

    `known` are the versions of the checkpoints as we left them, `lists` the child tables that each stream can have,
    `replaced` whether any row has taken the place of another one.
    """

    name: str
    shown: str
    tables: Tables
    staging: Staging
    derived: Derived | None
    known: dict[str, int] = field(default_factory=dict)
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    replaced: bool = False

    @property
    def client(self) -> Any:  # noqa: ANN401 - dlt's
        """Runs SQL."""
        return self.tables.client.sql_client

    @property
    def native(self) -> bool:
        """Lists of structs are loaded as such."""
        return self.tables.native_lists

    @property
    def transactional(self) -> bool:
        """Several statements take effect at once. dlt says no where they do not, and mostly nothing where they do."""
        return self.tables.client.capabilities.supports_transactions is not False

    def run(self, *sql: str) -> None:
        """Run statements in order."""
        for statement in sql:
            self.client.execute_sql(statement)

    def dialect(self, now: datetime) -> Dialect:
        """The destination's words."""
        yes, no = ("1", "0") if self.name in _NUMBERS_AS_TRUTH else ("TRUE", "FALSE")
        kind = self.tables.type({"data_type": "timestamp"})
        return Dialect(yes, no, kind, now)

    def literal(self, text: str) -> str:
        """A text as SQL."""
        return "'{}'".format(text.replace("'", "''"))

    def fit(
        self, name: str, columns: pa.Schema, json: frozenset[str], more: Mapping[str, TColumnSchema] | None = None
    ) -> list[str]:
        """Make a table or its new columns, and the index by which its rows are found. Says the columns' names there."""
        before = self.tables.stands(name)
        names = self.tables.fit(name, columns, json, more or {})
        if not before:
            self._index(name, columns)
        return names

    def fit_all(self, wanted: Sequence[Wanted]) -> None:
        """Make many tables and columns: with one look at the destination, not one for each."""
        self.tables.know([one.name for one in wanted])
        new = {one.name: one for one in wanted if not self.tables.stands(one.name)}
        with self.tables.at_once():
            for one in wanted:
                self.tables.fit(one.name, one.columns, one.json, {})
        for one in new.values():
            self._index(one.name, one.columns)

    def _index(self, name: str, columns: pa.Schema) -> None:
        if self.name not in _WITH_INDEX:
            return
        sought = (ROW_ID, PARENT_ID) if PARENT_ID in columns.names else (ROW_ID, _DAY)
        table = self.tables.qualified(name)
        keys = (self.tables.escaped(key) for key in sought if key in columns.names)
        self.run(*(f"CREATE INDEX ON {table} ({key})" for key in keys))

    def fitting(self, name: str, columns: pa.Schema, json: frozenset[str]) -> list[str]:
        """The same within a transaction. Errors: Unready when something is to be made."""
        names = self.tables.fitting(name, columns, json)
        if names is None:
            raise Unready(lambda: self.fit(name, columns, json))
        return names
