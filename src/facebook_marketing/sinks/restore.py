"""Checkpoints in the destination: the table `_sync_state`, how its rows are written and which of them count."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa
from dlt.destinations.sql_client import SqlClientBase

from facebook_marketing.sinks.arrow import TIMESTAMP

STATE_TABLE = "_sync_state"
STATE_COLUMNS = ("stream", "version", "state", "load_id", "written_at")
NO_STATE = b"null"
COMMITTED = "committed"
"""Stands for the load of rows that were written in one transaction with what they cover. Older ones name a load of
dlt's, and a Parquet folder's still do: they count when `_dlt_loads` says that it was complete."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A stream's checkpoint: `state` is JSON, `version` counts up by one with each that is loaded."""

    stream: str
    state: bytes
    version: int


@dataclass(frozen=True, slots=True)
class Saved:
    """What `_sync_state` says: the claims that count, and when the newest was written."""

    claims: Mapping[str, Claim]
    written_at: datetime | None = None


def claim_table(claims: Sequence[Claim], load_id: str, now: datetime) -> pa.Table:
    """Make the claims' rows. In a folder, where none is replaced, the newest of a stream that is complete counts."""
    return pa.table(
        {
            "stream": pa.array([claim.stream for claim in claims], pa.string()),
            "slot": pa.array([0 for _ in claims], pa.int64()),
            "version": pa.array([claim.version for claim in claims], pa.int64()),
            "state": pa.array([claim.state.decode() for claim in claims], pa.string()),
            "load_id": pa.array([load_id] * len(claims), pa.string()),
            "written_at": pa.array([now] * len(claims), TIMESTAMP),
        },
    )


def saved_claims(client: SqlClientBase[Any], *, has_loads: bool) -> Saved:
    """Read each stream's newest checkpoint that counts. `has_loads`: dlt's own table of loads stands."""
    loads = _select(client, "_dlt_loads", "load_id", "status") if has_loads else ()
    complete = {str(row[0]) for row in loads if row[1] == 0}
    return saved_rows(_select(client, STATE_TABLE, *STATE_COLUMNS), complete | {COMMITTED})


def saved_rows(rows: Sequence[Any], complete: set[str]) -> Saved:
    """Of rows of `STATE_COLUMNS`, the newest of each stream whose load is complete."""
    counted = sorted((row for row in rows if row[3] in complete), key=lambda row: int(row[1]))
    claims = {stream: Claim(stream, _json(state), int(version)) for stream, version, state, _, _ in counted}
    return Saved(claims, max((_utc(row[4]) for row in counted if row[4] is not None), default=None))


def versions(client: SqlClientBase[Any]) -> dict[str, int]:
    """Read the newest version of each stream."""
    return newest_versions(_select(client, STATE_TABLE, "stream", "version"))


def newest_versions(rows: Iterable[Sequence[Any]]) -> dict[str, int]:
    """Of pairs of stream and version, the highest of each stream."""
    newest: dict[str, int] = {}
    for stream, version in rows:
        newest[str(stream)] = max(newest.get(str(stream), 0), int(version))
    return newest


def _select(client: SqlClientBase[Any], table: str, *columns: str) -> Sequence[Any]:
    names = ", ".join(client.escape_column_name(column) for column in columns)
    found = client.execute_sql(
        f"SELECT {names} FROM {client.make_qualified_table_name(table)}",
    )
    return found or ()


def _json(state: object) -> bytes:
    """Take JSON as text, as some drivers hand it over, or decoded, as others do."""
    return state.encode() if isinstance(state, str) else msgspec.json.encode(state)


def _utc(moment: object) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.fromisoformat(str(moment))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
