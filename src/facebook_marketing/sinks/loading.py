"""The one file that drives dlt: Arrow tables and checkpoints into a destination, in one load package.

A load package is what dlt commits: its row in `_dlt_loads` is written last. A checkpoint names its package,
and counts only when that row is there, so that it never claims a row that was not loaded.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

# dlt reads these when it is imported: nothing is reported to its makers, and what goes wrong is said once, by us.
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")

__all__ = ["Cargo", "Claim", "Disposition", "Loader", "to_cargo", "to_table"]

import dlt
import pyarrow as pa
from dlt.common.destination import Destination
from dlt.common.schema.typing import TTableSchema, TWriteDispositionConfig
from dlt.extract import DltResource

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.sinks.arrow import ROW_ID, join, json_columns, latest, to_table
from facebook_marketing.sinks.destination import Destination as Place
from facebook_marketing.sinks.destination import WarehouseError
from facebook_marketing.sinks.explain import explained
from facebook_marketing.sinks.hints import file_format, hints, own_names
from facebook_marketing.sinks.restore import NO_STATE, STATE_KEY, STATE_TABLE, Claim, claim_table, committed_claims

if TYPE_CHECKING:  # no destination but DuckDB needs it
    from duckdb import DuckDBPyConnection

PIPELINE = "facebook_marketing"

Disposition = Literal["replace", "merge"]


@dataclass(frozen=True, slots=True)
class Cargo:
    """Rows of one stream: a pyarrow Table, each `_row_id` once. `json` names the columns that hold JSON text."""

    stream: str
    table: pa.Table
    json: frozenset[str]
    disposition: Disposition


def to_cargo(stream: Stream, tables: Sequence[pa.Table], disposition: Disposition) -> Cargo:
    """Pages of a stream as one load; of rows with the same key the last one goes."""
    table = latest(join(stream, tables))
    return Cargo(stream.name, table, json_columns(stream, table), disposition)


class Loader:
    """A destination, opened. Blocking; one thread at a time.

    Errors, from every method: WarehouseError.
    """

    def __init__(self, destination: Place, dataset: str, workdir: Path | None) -> None:
        """Connect, and read the schema that the destination keeps. `workdir` None: a folder of its own."""
        self._to = destination
        self._dataset = dataset
        self._held: DuckDBPyConnection | None = None
        self._folder: Path | None = None
        with explained(destination):
            self._held = _hold(destination)
        try:
            self._folder = _fresh_folder(destination, workdir)
            with explained(destination):
                self._pipeline = self._connected()
        except BaseException:
            self.close()
            raise

    def claims(self, now: datetime) -> dict[str, Claim]:
        """Read each stream's newest checkpoint whose load package was committed whole.

        A stream whose table was dropped by hand loses its checkpoint first, and its table is made anew.
        """
        with explained(self._to):
            gone = self._gone()
            claims = {} if STATE_TABLE in gone or not self.has(STATE_TABLE) else self._committed_claims()
            lost = [claim for claim in claims.values() if self._table_name(claim.stream) in gone]
            blank = [Claim(claim.stream, NO_STATE, claim.version + 1) for claim in lost]
            self.load((), blank, now)
            self._remake(gone)
        return claims | {claim.stream: claim for claim in blank}

    def has(self, stream: str) -> bool:
        """Say whether the stream's table stands in the destination."""
        return self._table_name(stream) in self._tables()

    def load(self, cargos: Sequence[Cargo], claims: Sequence[Claim], now: datetime) -> None:
        """Commit rows and the checkpoints that cover them, as one load package."""
        resources = [self._rows(cargo) for cargo in cargos]
        if claims:
            resources.append(self._state(claims, now))
        if not resources:
            return
        with explained(self._to):
            self._pipeline.run(resources)

    def close(self) -> None:
        """Let go of the destination and remove the private working folder."""
        if self._held is not None:
            self._held.close()
            self._held = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _connected(self) -> dlt.Pipeline:
        pipeline = dlt.pipeline(
            PIPELINE,
            destination=_factory(self._to, self._held),
            dataset_name=self._dataset,
            pipelines_dir=str(self._folder),
        )
        pipeline.sync_destination()
        return pipeline

    def _tables(self) -> Mapping[str, TTableSchema]:
        """Find the tables in dlt's schema, which the destination keeps; none in a new one."""
        schema = self._pipeline.schemas.get(PIPELINE)
        return schema.tables if schema is not None else {}

    def _table_name(self, stream: str) -> str:
        return self._pipeline.naming.normalize_table_identifier(stream)

    def _gone(self) -> frozenset[str]:
        """Find tables that the schema knows and the destination no longer has."""
        known = [name for name in self._tables() if not name.startswith("_dlt")]
        if not known:
            return frozenset()
        with self._pipeline.destination_client() as client:
            find: Callable[[list[str]], Iterable[tuple[str, object]]] = getattr(
                client, "get_storage_tables", _no_tables
            )
            return frozenset(name for name, columns in find(known) if not columns)

    def _remake(self, tables: frozenset[str]) -> None:
        if not tables:
            return
        with self._pipeline.destination_client() as client:
            client.update_stored_schema(only_tables=tables, force=True)

    def _committed_claims(self) -> dict[str, Claim]:
        with self._pipeline.sql_client() as client:
            return committed_claims(client)

    def _rows(self, cargo: Cargo) -> DltResource:
        told = hints(cargo.table.schema, cargo.json)
        stands = self._tables().get(self._table_name(cargo.stream))
        naming = self._pipeline.naming
        names = own_names(told, stands["columns"] if stands else {}, naming.normalize_identifier)
        return dlt.resource(
            iter((cargo.table.rename_columns(names),)),
            name=cargo.stream,
            primary_key=ROW_ID,
            columns=dict(zip(names, told.values(), strict=True)),
            write_disposition=self._disposition(cargo.disposition),
            file_format=file_format(self._to, cargo.table),
        )

    def _state(self, claims: Sequence[Claim], now: datetime) -> DltResource:
        def package() -> Iterator[pa.Table]:
            yield claim_table(claims, dlt.current.load_package_state()["load_id"], now)

        return dlt.resource(
            package(),
            name=STATE_TABLE,
            primary_key=STATE_KEY,
            columns={"state": {"data_type": "json"}},
            write_disposition=self._disposition("merge"),
            file_format=file_format(self._to, None),
        )

    def _disposition(self, wanted: Disposition) -> TWriteDispositionConfig:
        if wanted == "replace" or not self._to.merges:
            return "replace" if wanted == "replace" else "append"
        return {"disposition": "merge", "strategy": "delete-insert", "deduplicated": True}


def _no_tables(_: object) -> tuple[()]:
    return ()


def _hold(destination: Place) -> "DuckDBPyConnection | None":
    """Keep DuckDB's file ours for the whole sync: nobody can come between two loads."""
    if destination.file is None:
        return None
    import duckdb  # noqa: PLC0415 - no other destination needs it

    return duckdb.connect(str(destination.file))


def _fresh_folder(destination: Place, workdir: Path | None) -> Path:
    """Make an empty folder of our own. What a killed sync left in it was never claimed, and is read again."""
    folder = workdir
    if folder is None and destination.file is not None:
        folder = destination.file.parent / f".{destination.file.name}.loading"
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="facebook-marketing-"))
    folder = folder / PIPELINE if workdir else folder
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise WarehouseError(f"The working folder {folder} cannot be made ({error}). Name another one.") from error
    return folder


def _factory(destination: Place, held: "DuckDBPyConnection | None") -> Destination[Any, Any]:
    if destination.name == "filesystem":
        return dlt.destinations.filesystem(destination.location or "")
    factory: Callable[..., Destination[Any, Any]] = getattr(dlt.destinations, destination.name)
    told = {} if destination.location is None else {"credentials": held or destination.location}
    if "insert-from-staging" in factory(**told).capabilities().supported_replace_strategies:
        # Readers see the old rows until the new ones stand, never an empty table.
        told["replace_strategy"] = "insert-from-staging"
    return factory(**told)
