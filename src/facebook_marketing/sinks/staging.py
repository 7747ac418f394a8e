"""How Arrow gets into a SQL destination: at once where a driver takes it, by way of dlt everywhere else."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import dlt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from dlt.common.destination import Destination
from dlt.destinations.sql_client import SqlClientBase

from facebook_marketing.sinks.hints import hints
from facebook_marketing.sinks.packed import Packed, tables

_SLICE = 4_000
"""Rows turned into CSV at a time: the text is as big as what Meta sent."""
_CHUNK = 1 << 18
_TOGETHER = 100_000
_OPTIONS = pa_csv.WriteOptions(include_header=False, quoting_style="needed")


@dataclass(frozen=True, slots=True)
class Freight:
    """Rows for the table `target`, their columns named as the destination names them. `json` says which are JSON."""

    target: str
    rows: Packed | pa.Table
    json: frozenset[str]

    @property
    def stage(self) -> str:
        """The stage's name."""
        return f"_stage_{self.target}"


class Staging(Protocol):
    """A way in. `stage` and `insert` run within a transaction. `ahead`: everything must be near before it begins."""

    ahead: bool

    def load(self, freights: Sequence[Freight]) -> None:
        """Before the transaction: bring everything near, where that is needed."""
        ...

    def stage(self, freight: Freight, columns: Sequence[str], qualified: str) -> str:
        """Make a disposable table of these columns (escaped), and say its name. `qualified` is the target's."""
        ...

    def insert(self, freight: Freight, columns: Sequence[str], qualified: str) -> None:
        """Put the rows straight into the target."""
        ...


class DuckDBStaging:
    """DuckDB reads Arrow where it lies."""

    ahead = False

    def __init__(self, client: SqlClientBase[Any]) -> None:
        self._client = client

    def load(self, freights: Sequence[Freight]) -> None:
        """Nothing is to be done before."""

    def stage(self, freight: Freight, columns: Sequence[str], qualified: str) -> str:
        """A temporary table with the target's types."""
        listed = ", ".join(columns)
        self._client.execute_sql(
            f"CREATE OR REPLACE TEMP TABLE {freight.stage} AS SELECT {listed} FROM {qualified} LIMIT 0"
        )
        self._insert(freight, columns, freight.stage)
        return freight.stage

    def insert(self, freight: Freight, columns: Sequence[str], qualified: str) -> None:
        """Straight from memory."""
        self._insert(freight, columns, qualified)

    def _insert(self, freight: Freight, columns: Sequence[str], into: str) -> None:
        listed = ", ".join(columns)
        connection = self._client.native_connection
        rows = freight.rows
        connection.register("_arrived", rows.reader() if isinstance(rows, Packed) else rows)
        try:
            self._client.execute_sql(f"INSERT INTO {into} ({listed}) SELECT {listed} FROM _arrived")
        finally:
            connection.unregister("_arrived")


class PostgresStaging:
    """Postgres takes CSV by COPY: an empty text is quoted, a null is not."""

    ahead = False

    def __init__(self, client: SqlClientBase[Any]) -> None:
        self._client = client

    def load(self, freights: Sequence[Freight]) -> None:
        """Nothing is to be done before."""

    def stage(self, freight: Freight, columns: Sequence[str], qualified: str) -> str:
        """A temporary table, which no log keeps."""
        listed = ", ".join(columns)
        self._client.execute_sql(f"DROP TABLE IF EXISTS pg_temp.{freight.stage}")
        self._client.execute_sql(
            f"CREATE TEMPORARY TABLE {freight.stage} ON COMMIT DROP AS SELECT {listed} FROM {qualified} WITH NO DATA"
        )
        self.insert(freight, columns, f"pg_temp.{freight.stage}")
        self._client.execute_sql(f"ANALYZE pg_temp.{freight.stage}")
        return freight.stage

    def insert(self, freight: Freight, columns: Sequence[str], qualified: str) -> None:
        """COPY."""
        sql = f"COPY {qualified} ({', '.join(columns)}) FROM STDIN WITH (FORMAT csv, NULL '')"
        with self._client.native_connection.cursor() as cursor:
            cursor.copy_expert(sql, _Csv(tables(freight.rows, _SLICE)), size=_CHUNK)


class _Csv:
    """A file that is written while it is read."""

    def __init__(self, tables: Iterator[pa.Table]) -> None:
        self._tables = tables
        self._text = io.BytesIO()

    def read(self, size: int) -> bytes:
        """So many bytes, fewer at the end of a slice, none at the end."""
        while not (chunk := self._text.read(size)):
            table = next(self._tables, None)
            if table is None:
                return b""
            self._text = io.BytesIO()
            pa_csv.write_csv(_short_decimals(table), self._text, _OPTIONS)
            self._text.seek(0)
        return chunk


def _short_decimals(table: pa.Table) -> pa.Table:
    """Decimals as text without the zeros that only their scale put there: a third of the CSV."""
    for index, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            text = pc.utf8_rtrim(pc.cast(table.column(index), pa.string()), characters="0")
            table = table.set_column(index, field.name, text)
    return table


class DltStaging:
    """Everywhere else dlt loads the stages, into a schema of their own, and SQL does the rest."""

    ahead = True

    def __init__(
        self, client: SqlClientBase[Any], destination: Destination[Any, Any], dataset: str, folder: Path
    ) -> None:
        self._client = client
        self._dataset = dataset
        self._pipeline = dlt.pipeline(
            "facebook_marketing_stage", destination=destination, dataset_name=dataset, pipelines_dir=str(folder)
        )

    def load(self, freights: Sequence[Freight]) -> None:
        """Each stage takes the place of the one before."""
        wanted: Mapping[str, Freight] = {freight.target: freight for freight in freights}
        resources = [
            dlt.resource(
                tables(freight.rows, _TOGETHER),
                name=name,
                columns=hints(freight.rows.schema, freight.json),
                write_disposition="replace",
            )
            for name, freight in wanted.items()
        ]
        if resources:
            self._pipeline.run(resources)

    def stage(self, freight: Freight, columns: Sequence[str], qualified: str) -> str:
        """It stands already."""
        del columns, qualified
        with self._client.with_alternative_dataset_name(self._dataset):
            return self._client.make_qualified_table_name(freight.target)

    def insert(self, freight: Freight, columns: Sequence[str], qualified: str) -> None:
        """From the stage."""
        listed = ", ".join(columns)
        stage = self.stage(freight, columns, qualified)
        self._client.execute_sql(f"INSERT INTO {qualified} ({listed}) SELECT {listed} FROM {stage}")
