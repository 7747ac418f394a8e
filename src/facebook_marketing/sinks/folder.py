"""Files in a folder or a bucket: segments become Parquet files, and dlt's mark at the end of a load says which count.

Files are only added, so the deduplicating modes keep every version here: the newest of each `_row_id` wins. A load is
complete when its file in `_dlt_loads` stands, which is written last; files of other loads are removed at the next
start, so that a load that was killed leaves nothing. A table that is replaced is collected in `<table>__new`; a note of
what is to be moved makes the move one that the next start ends if this one cannot.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from dlt.common.destination import Destination as DltDestination
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.extract import DltResource

from facebook_marketing.sinks.arrow import (
    CONTENT,
    ROW_ID,
    SYNCED_AT,
    TIMESTAMP,
    arrow_schema,
    conformed,
    join,
    json_columns,
)
from facebook_marketing.sinks.destination import Destination
from facebook_marketing.sinks.hints import hints
from facebook_marketing.sinks.lists import is_list
from facebook_marketing.sinks.modes import Mode
from facebook_marketing.sinks.packed import Packed, tables
from facebook_marketing.sinks.prepare import as_texts, child_json, part_columns
from facebook_marketing.sinks.restore import (
    STATE_COLUMNS,
    STATE_TABLE,
    Claim,
    Saved,
    claim_table,
    newest_versions,
    saved_rows,
)
from facebook_marketing.sinks.segment import Derived, Part, Segment
from facebook_marketing.sinks.tables import NEW

PIPELINE = "facebook_marketing"
LAYOUT = "{table_name}/{load_id}.{file_id}.{ext}"
"""Where a file lies: its name says which load brought it."""

_DAY = "date_start"
_AT_ONCE = 20_000
_MOVES = "_sync_moves.json"


class FolderLoader:
    """Opened for a whole sync. Errors: whatever dlt and the file system raise."""

    def __init__(
        self,
        destination: Destination,
        factory: DltDestination[Any, Any],
        dataset: str,
        *,
        folder: Path,
        derived: Derived | None,
    ) -> None:
        """Open the folder, end a move that was begun, throw away files that no load has claimed."""
        del destination
        self._pipeline = dlt.pipeline(PIPELINE, destination=factory, dataset_name=dataset, pipelines_dir=str(folder))
        self._pipeline.sync_destination()
        self._derived = derived
        self._known: Mapping[str, int] = {}
        if PIPELINE not in self._pipeline.schemas:
            return
        with self._pipeline.destination_client() as client:
            self._move(client)
            self._clean(client)

    def saved(self) -> Saved:
        """Read the checkpoints of complete loads."""
        if PIPELINE not in self._pipeline.schemas or STATE_TABLE not in self._tables():
            return Saved({})
        with self._pipeline.destination_client() as client:
            rows = list(self._state_rows(client))
            self._known = newest_versions((row[0], row[1]) for row in rows)
            saved = saved_rows(rows, self._complete(client))
            lost = {stream for stream in saved.claims if not _files(client, self._name(stream))}
        return Saved({name: claim for name, claim in saved.claims.items() if name not in lost}, saved.written_at)

    def versions(self) -> Mapping[str, int]:
        """Read the newest version of each stream's checkpoint, counted or not."""
        return self._known

    def apply(self, segment: Segment) -> list[str]:
        """Rows first; then what has come to its end is moved to its place; then the checkpoints."""
        ended = [part for part in segment.parts if part.collects and part.complete is not None]
        published = [part for part in ended if part.complete or part.mode is Mode.APPEND]
        late = {part.stream.name for part in ended}
        parts = [self._changed(part) for part in segment.parts]
        self._run(segment, [claim for claim in segment.claims if claim.stream not in late], parts)
        if ended:
            with self._pipeline.destination_client() as client:
                self._publish(client, published)
                for part in ended:
                    self._discard(client, self._all_tables(part))
            self._run(segment, [claim for claim in segment.claims if claim.stream in late])
        return [part.stream.name for part in ended if part not in published]

    def close(self) -> None:
        """Nothing is held."""

    def _changed(self, part: Part) -> Part:
        """Leave out rows whose newest version here has the same content: a row that is read twice comes once."""
        if part.mode is not Mode.INCREMENTAL_APPEND or part.rows is None or not self._stands(part.stream.name):
            return part
        with self._pipeline.destination_client() as client:
            rows = part.rows.select(
                [name for name in (ROW_ID, CONTENT, _DAY) if name in part.rows.column_names]
            ).table()
            newest = _newest(client, _files(client, self._name(part.stream.name)), rows)
        pairs = zip(rows[ROW_ID].to_pylist(), rows[CONTENT].to_pylist(), strict=True)
        return replace(part, rows=part.rows.only([newest.get(key) != content for key, content in pairs]))

    def _run(self, segment: Segment, claims: Sequence[Claim], parts: Sequence[Part] = ()) -> None:
        """Load rows and the checkpoints that cover them at once."""
        resources = [resource for part in parts for resource in self._rows(part)]
        resources += [_state(claims, segment.now)] if claims else []
        if resources:
            self._pipeline.run(resources)

    def _tables(self) -> Iterable[str]:
        return self._pipeline.schemas[PIPELINE].tables

    def _name(self, stream: str) -> str:
        return str(self._pipeline.naming.normalize_tables_path(stream))

    def _rows(self, part: Part) -> Iterator[DltResource]:
        """Rows of a part and of its child tables; a table without any stands with its columns all the same."""
        columns = part_columns(part, native=True)
        texts = self._texts(part.stream.name, columns)
        whole = (
            [] if part.rows is None or not part.rows.num_rows else [part.rows.mapped(partial(_whole, columns, texts))]
        )
        empty = _whole(columns, texts, columns.empty_table())
        yield from self._files(part, part.stream.name, empty, whole, json_columns(part.stream, empty.schema))
        if self._derived is None:
            return
        declared = self._derived(part.stream, empty)
        children = {name: [rows] for name, rows in declared.items()}
        for parents in (table for some in whole for table in some.tables()):
            for name, rows in self._derived(part.stream, parents).items():
                children.setdefault(name, [rows.slice(0, 0)]).append(rows)
        for name, made in children.items():
            none, rows = made[0], join(made)
            if rows.num_rows or self._stands(name):  # most lists never have an item
                yield from self._files(part, name, none, [rows] if rows.num_rows else [], child_json(rows))

    def _texts(self, name: str, columns: pa.Schema) -> list[str]:
        """Name the lists that are JSON text in the files that stand: an older version of this program wrote them."""
        if not self._stands(name):
            return []
        with self._pipeline.destination_client() as client:
            there = _types(client, self._name(name))
        listed = (field.name for field in columns if is_list(field.type))
        return [one for one in listed if one in there and not is_list(there[one])]

    def _files(
        self, part: Part, name: str, empty: pa.Table, rows: Sequence[Packed | pa.Table], json: frozenset[str]
    ) -> Iterator[DltResource]:
        into = f"{name}{NEW}" if part.collects else name
        if not self._stands(name) and (into != name or not rows):
            yield _resource(name, empty, [empty], json)
        if rows or (part.collects and part.complete):
            some = chain.from_iterable(tables(one, _AT_ONCE) for one in rows) if rows else [empty]
            yield _resource(into, empty, some, json)

    def _stands(self, name: str) -> bool:
        return PIPELINE in self._pipeline.schemas and self._name(name) in self._tables()

    def _complete(self, client: Any) -> set[str]:  # noqa: ANN401 - dlt's
        """Ids of the loads that were marked as complete: `<schema>__<id>.jsonl`."""
        return {PurePosixPath(file).stem.rpartition("__")[2] for file in _files(client, "_dlt_loads")}

    def _state_rows(self, client: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - dlt's
        for file in _files(client, STATE_TABLE):
            with client.fs_client.open(file, "rb") as opened:
                table = pq.read_table(opened)
            yield from (tuple(row[name] for name in STATE_COLUMNS) for row in table.to_pylist())

    def _clean(self, client: Any) -> None:  # noqa: ANN401 - dlt's
        """Remove files that no complete load has claimed, and what waited for the end of a stream."""
        complete = self._complete(client)
        for table in self._tables():
            if not table.startswith("_dlt"):
                waits = table.endswith(NEW)
                stray = [file for file in _files(client, table) if waits or _load_of(file) not in complete]
                _remove(client, stray)

    def _publish(self, client: Any, parts: Sequence[Part]) -> None:  # noqa: ANN401 - dlt's
        """Note what is to be removed and moved, then do it: whoever finds the note can end it."""
        moves: list[tuple[str, str]] = []
        gone: list[str] = []
        for part in parts:
            for name in self._all_tables(part):
                if part.mode is Mode.OVERWRITE:
                    gone += _files(client, name)
                folder = client.get_table_dir(name)
                moves += [(file, f"{folder}{PurePosixPath(file).name}") for file in _files(client, f"{name}{NEW}")]
        client.fs_client.write_text(_note(client), json.dumps({"gone": gone, "moves": moves}), encoding="utf-8")
        self._move(client)

    def _move(self, client: Any) -> None:  # noqa: ANN401 - dlt's
        note = _note(client)
        if not client.fs_client.exists(note):
            return
        told = json.loads(client.fs_client.read_text(note, encoding="utf-8"))
        _remove(client, told["gone"])
        for source, target in told["moves"]:
            if client.fs_client.exists(source):
                client.fs_client.makedirs(client.pathlib.dirname(target), exist_ok=True)
                client.fs_client.mv(source, target)
        _remove(client, [note])

    def _discard(self, client: Any, tables: Iterable[str]) -> None:  # noqa: ANN401 - dlt's
        for name in tables:
            _remove(client, _files(client, f"{name}{NEW}"))

    def _all_tables(self, part: Part) -> list[str]:
        derived = (
            self._derived(part.stream, arrow_schema(part.stream, native=True).empty_table()) if self._derived else {}
        )
        return [self._name(name) for name in (part.stream.name, *derived)]


def _whole(columns: pa.Schema, texts: Sequence[str], table: pa.Table) -> pa.Table:
    return as_texts(texts, conformed(table, columns))


def _resource(name: str, like: pa.Table, rows: Iterable[pa.Table], json_text: frozenset[str]) -> DltResource:
    return dlt.resource(
        iter(rows),
        name=name,
        columns=hints(like.schema, json_text),
        write_disposition="append",
        file_format="parquet",
    )


def _state(claims: Sequence[Claim], now: datetime) -> DltResource:
    """Checkpoints name the load that brings them."""

    def package() -> Iterator[pa.Table]:
        yield claim_table(claims, dlt.current.load_package_state()["load_id"], now)

    return dlt.resource(package(), name=STATE_TABLE, columns={"state": {"data_type": "json"}}, file_format="parquet")


def _types(client: Any, table: str) -> dict[str, pa.DataType]:  # noqa: ANN401 - dlt's
    """Read what the columns of a table are, by one of its files."""
    files = _files(client, table)
    if not files:
        return {}
    with client.fs_client.open(files[0], "rb") as opened:
        return {field.name: field.type for field in pq.read_schema(opened)}


def _files(client: Any, table: str) -> list[str]:  # noqa: ANN401 - dlt's
    try:
        return list(client.list_table_files(table))
    except (FileNotFoundError, DestinationUndefinedEntity):
        return []


def _newest(client: Any, files: Sequence[str], rows: pa.Table) -> dict[str, str]:  # noqa: ANN401 - dlt's
    """Find the newest content of each of these rows. Reads three columns, of files that can have such rows."""
    columns = [(ROW_ID, pa.string()), (CONTENT, pa.string()), (SYNCED_AT, TIMESTAMP)]
    wanted = ds.field(ROW_ID).isin(rows[ROW_ID].combine_chunks())
    if _DAY in rows.column_names and pa.types.is_date(rows.schema.field(_DAY).type) and not rows[_DAY].null_count:
        days = pc.min_max(rows[_DAY])
        columns.append((_DAY, pa.date32()))
        wanted &= (ds.field(_DAY) >= days["min"]) & (ds.field(_DAY) <= days["max"])
    dataset = ds.dataset(files, schema=pa.schema(columns), filesystem=client.fs_client, format="parquet")
    found: dict[str, tuple[datetime, str]] = {}
    for batch in dataset.to_batches(filter=wanted, columns=[ROW_ID, CONTENT, SYNCED_AT]):
        for key, content, at in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if key not in found or found[key][0] <= at:
                found[key] = (at, content)
    return {key: content for key, (_, content) in found.items()}


def _load_of(file: str) -> str:
    """`<load id>.<file id>.parquet`; a load id is a time with a point in it."""
    return ".".join(PurePosixPath(file).name.split(".")[:2])


def _remove(client: Any, files: Iterable[str]) -> None:  # noqa: ANN401 - dlt's
    for file in files:
        if client.fs_client.exists(file):
            client.fs_client.rm_file(file)


def _note(client: Any) -> str:  # noqa: ANN401 - dlt's
    return f"{client.dataset_path}{_MOVES}"
