"""What views are made of: the tables that stand, their columns, and the few words in which databases differ.

Views are written in the SQL that PostgreSQL and DuckDB share; sqlglot turns it into that of the others.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

DIALECTS: Mapping[str, str] = {
    "duckdb": "duckdb",
    "motherduck": "duckdb",
    "postgres": "postgres",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "databricks": "databricks",
}
"""SQL of a destination, by its name in dlt. Those that are not here get no views."""

TEXT, NUMBER, INTEGER, DATE, TIMESTAMP, BOOLEAN = (
    "varchar",
    "decimal(38, 18)",
    "bigint",
    "date",
    "timestamptz",
    "boolean",
)


class Sql(Protocol):
    """A connection to the destination."""

    @property
    def dialect(self) -> str:
        """A value of DIALECTS."""

    def run(self, statement: str) -> None:
        """Run one statement, and keep what it did."""

    def fetch(self, statement: str) -> Sequence[tuple[object, ...]]:
        """Rows of a query."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A table that stands in the destination. `columns` are its names in order, with the database's own types.

    `versions` says that it holds several rows of one `_row_id`: the newest by `_synced_at` counts.
    """

    schema: str
    name: str
    columns: Mapping[str, str] = field(hash=False)
    versions: bool = False

    def read(self, wanted: Mapping[str, str]) -> str:
        """Select these columns (name: type), as nulls those that the table has not; one row for each `_row_id`."""
        columns = ", ".join(self._column(name, kind) for name, kind in wanted.items())
        source = f"{quoted(self.schema)}.{quoted(self.name)}"
        if not self.versions:
            return f"select {columns} from {source}"
        newest = f"{self._newest()} as _newest"
        return f"select {columns} from (select *, {newest} from {source}) as versions where _newest = 1"

    def _newest(self) -> str:
        """Number the versions of a row; all the children that a parent had at one time are one version."""
        if "_parent_id" in self.columns:
            return "rank() over (partition by _parent_id order by _synced_at desc)"
        return "row_number() over (partition by _row_id order by _synced_at desc)"

    def _column(self, name: str, kind: str) -> str:
        if name not in self.columns:
            return f"cast(null as {kind}) as {quoted(name)}"
        return f"cast({quoted(name)} as {kind}) as {quoted(name)}" if kind in {NUMBER, TEXT} else quoted(name)


Tables = Mapping[str, Relation]
Definition = Callable[[str, Tables, str], str | None]
"""(dialect, the tables that stand, their schema) -> the view's query, None where a table is missing."""


def standing(sql: Sql, schema: str, versions: Iterable[str] = ()) -> dict[str, Relation]:
    """Find the tables of a schema. `versions` names those that hold several rows of one `_row_id`."""
    rows = sql.fetch(
        "select table_name, column_name, data_type from information_schema.columns"
        f" where table_schema = {literal(schema)} order by table_name, ordinal_position"
    )
    columns: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        columns.setdefault(str(table), {})[str(column)] = str(kind).lower()
    several = set(versions)
    return {name: Relation(schema, name, kinds, name in several) for name, kinds in columns.items()}


def quoted(name: str) -> str:
    """A name as every statement has it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as every statement has it."""
    return "'" + text.replace("'", "''") + "'"


def json_at(dialect: str, column: str, *path: str) -> str:
    """The text at a path of a JSON column (numbers in the path count items); null where there is none."""
    return _JSON_AT.get(dialect, _json_path)(column, path)


def _postgres_json(column: str, path: Sequence[str]) -> str:
    keys = ", ".join(literal(key) for key in path)
    return f"jsonb_extract_path_text(cast({column} as jsonb), {keys})"


def _json_path(column: str, path: Sequence[str]) -> str:
    steps = "".join(f"[{key}]" if key.isdigit() else f'."{key}"' for key in path)
    return f"json_extract_string({column}, {literal('$' + steps)})"


_JSON_AT: Mapping[str, Callable[[str, Sequence[str]], str]] = {"postgres": _postgres_json}


def nothing(columns: Mapping[str, str]) -> str:
    """A query without rows."""
    return (
        "select "
        + ", ".join(f"cast(null as {kind}) as {quoted(name)}" for name, kind in columns.items())
        + " where 1 = 0"
    )


def values(rows: Iterable[Sequence[object]], columns: Mapping[str, str]) -> str:
    """A constant table as a query; a column is cast to its type."""
    lines = ", ".join("(" + ", ".join(map(_constant, row)) + ")" for row in rows)
    names = ", ".join(map(quoted, columns))
    casts = ", ".join(f"cast({quoted(name)} as {kind}) as {quoted(name)}" for name, kind in columns.items())
    return f"select {casts} from (values {lines}) as constants ({names})"


def _constant(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return literal(value) if isinstance(value, str) else str(value)


def in_dialect(dialect: str, statement: str) -> str:
    """A statement in the SQL of the destination."""
    if dialect in {"duckdb", "postgres"}:
        return statement
    import sqlglot  # noqa: PLC0415 - the two that are tested need it not

    return str(sqlglot.transpile(statement, read="duckdb", write=dialect)[0])


def squeezed(text: str) -> str:
    """A query on one line, for a catalogue that shows it."""
    return re.sub(r"\s+", " ", text).strip()
