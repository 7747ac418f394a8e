"""Columns of lists of structs in DuckDB: its words for their types, what stands, and what a type lacks.

DuckDB casts structs by the names of their keys, and drops a key that the column has not: a type is widened first.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from facebook_marketing.sinks.lists import JSON_FIELD, is_list

_WORDS = (
    (pa.types.is_string, "VARCHAR"),
    (pa.types.is_boolean, "BOOLEAN"),
    (pa.types.is_int64, "BIGINT"),
    (pa.types.is_date, "DATE"),
    (pa.types.is_timestamp, "TIMESTAMPTZ"),
)


def word(field: pa.Field) -> str:
    """Say a field's type as DuckDB does."""
    kind = field.type
    if field.metadata == JSON_FIELD:
        return "JSON"
    if pa.types.is_list(kind):
        return f"{word(kind.value_field)}[]"
    if pa.types.is_struct(kind):
        return f"STRUCT({', '.join(f'{_quoted(inner.name)} {word(inner)}' for inner in kind)})"
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    return next(said for holds, said in _WORDS if holds(kind))


def missing(stands: pa.DataType, wanted: pa.DataType, path: str) -> Iterator[str]:
    """Name what the column at `path` has to be given, as in `actions.element."1d_click" DECIMAL(38, 18)`."""
    if pa.types.is_list(wanted) and pa.types.is_list(stands):
        yield from missing(stands.value_type, wanted.value_type, f"{path}.element")
    elif pa.types.is_struct(wanted) and pa.types.is_struct(stands):
        there = {field.name: field for field in stands}
        for field in wanted:
            below = f"{path}.{_quoted(field.name)}"
            if field.name in there:
                yield from missing(there[field.name].type, field.type, below)
            else:
                yield f"{below} {word(field)}"


def standing(connection: Any, table: str, columns: Sequence[str]) -> dict[str, pa.DataType]:  # noqa: ANN401 - DuckDB's
    """Read the types of those of these columns (escaped) that are lists of structs."""
    if not columns:
        return {}
    schema = connection.execute(f"SELECT {', '.join(columns)} FROM {table} LIMIT 0").arrow().schema
    return {field.name: field.type for field in schema if is_list(field.type)}


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))
