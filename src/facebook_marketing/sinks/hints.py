"""What dlt is told of a table's columns: types, names that stay true to a type, and the way in."""

from collections.abc import Callable, Mapping
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.data_types import TDataType
from dlt.common.schema.typing import TColumnSchema

from facebook_marketing.sinks.arrow import ROW_ID, TIMESTAMP
from facebook_marketing.sinks.destination import Destination
from facebook_marketing.sinks.lists import is_list

FileFormat = Literal["preferred", "parquet", "csv", "insert_values"]

DLT_TYPES: Mapping[pa.DataType, TDataType] = {
    pa.string(): "text",
    pa.int64(): "bigint",
    pa.bool_(): "bool",
    pa.date32(): "date",
    TIMESTAMP: "timestamp",
}


def hints(schema: pa.Schema, json: frozenset[str]) -> dict[str, TColumnSchema]:
    """Say each column's type to dlt; `json` names those whose text is the destination's own JSON."""
    return {field.name: {"nullable": field.name != ROW_ID, **_type(field, json)} for field in schema}


def own_names(
    told: Mapping[str, TColumnSchema],
    stands: Callable[[str], TColumnSchema | None],
    alike: Callable[[TColumnSchema, TColumnSchema], bool],
) -> list[str]:
    """Name anew each column whose type is not the table's (`x__decimal`): a database would cast, and so round.

    `stands` is the destination's column of that name, `alike` compares the wanted type with the one that stands.
    """
    there = {name: stands(name) for name in told}
    return [
        name if (column := there[name]) is None or alike(hint, column) else f"{name}__{hint['data_type']}"
        for name, hint in told.items()
    ]


def file_format(destination: Destination, table: pa.Table | None) -> FileFormat:
    """Choose the quickest exact way in. Postgres' CSV reads an empty text as null, so such a table goes as INSERTs."""
    if destination.name in {"duckdb", "filesystem"}:
        return "parquet"
    if destination.name != "postgres":
        return "preferred"
    return "csv" if table is None or not _has_empty_text(table) else "insert_values"


def _has_empty_text(table: pa.Table) -> bool:
    texts = (column for column in table.columns if pa.types.is_string(column.type))
    return any(pc.any(pc.equal(column, "")).as_py() for column in texts)


def _type(field: pa.Field, json: frozenset[str]) -> TColumnSchema:
    if field.name in json or is_list(field.type):
        return {"data_type": "json"}
    if pa.types.is_decimal(field.type):
        return {"data_type": "decimal", "precision": field.type.precision, "scale": field.type.scale}
    return {"data_type": DLT_TYPES[field.type]}
