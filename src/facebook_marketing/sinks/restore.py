"""Checkpoints in the destination: the table `_sync_state`, how its rows are written and which of them count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa
from dlt.destinations.sql_client import SqlClientBase

from facebook_marketing.sinks.arrow import TIMESTAMP

STATE_TABLE = "_sync_state"
STATE_KEY = ("stream", "slot")
SLOTS = 2
NO_STATE = b"null"


@dataclass(frozen=True, slots=True)
class Claim:
    """A stream's checkpoint: `state` is JSON, `version` counts up by one with each that is loaded."""

    stream: str
    state: bytes
    version: int


def claim_table(claims: Sequence[Claim], load_id: str, now: datetime) -> pa.Table:
    """Make the claims' rows: each takes the slot of the last but one, so that the last stands until it counts."""
    return pa.table(
        {
            "stream": pa.array([claim.stream for claim in claims], pa.string()),
            "slot": pa.array([claim.version % SLOTS for claim in claims], pa.int64()),
            "version": pa.array([claim.version for claim in claims], pa.int64()),
            "state": pa.array([claim.state.decode() for claim in claims], pa.string()),
            "load_id": pa.array([load_id] * len(claims), pa.string()),
            "written_at": pa.array([now] * len(claims), TIMESTAMP),
        },
    )


def committed_claims(client: SqlClientBase[Any]) -> dict[str, Claim]:
    """Read each stream's newest checkpoint whose load package dlt has marked as complete (status 0)."""
    complete = {row[0] for row in _select(client, "_dlt_loads", "load_id", "status") if row[1] == 0}
    rows = _select(client, STATE_TABLE, "stream", "version", "state", "load_id")
    rows = sorted((row for row in rows if row[3] in complete), key=lambda row: int(row[1]))
    return {stream: Claim(stream, _json(state), int(version)) for stream, version, state, _ in rows}


def _select(client: SqlClientBase[Any], table: str, *columns: str) -> Sequence[Any]:
    names = ", ".join(client.escape_column_name(column) for column in columns)
    found = client.execute_sql(
        f"SELECT {names} FROM {client.make_qualified_table_name(table)}",  # noqa: S608 - our own names, escaped
    )
    return found or ()


def _json(state: object) -> bytes:
    """Take JSON as text, as some drivers hand it over, or decoded, as others do."""
    return state.encode() if isinstance(state, str) else msgspec.json.encode(state)
