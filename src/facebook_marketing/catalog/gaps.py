"""The stream of gaps: what a sync could not, or not fully, deliver. Ours, not Meta's."""

from collections.abc import Mapping
from typing import Any

from facebook_marketing.catalog.stream import Behaviour, Column, Kind, Stream

_SCHEMAS: Mapping[Kind, Mapping[str, Any]] = {
    Kind.STRING: {"type": ["null", "string"]},
    Kind.INTEGER: {"type": ["null", "integer"]},
    Kind.DATE: {"type": ["null", "string"], "format": "date"},
    Kind.DATETIME: {
        "type": ["null", "string"],
        "format": "date-time",
        "airbyte_type": "timestamp_with_timezone",
    },
}
_COLUMNS = {
    "recorded_at": Kind.DATETIME,
    "stream": Kind.STRING,
    "account_id": Kind.STRING,
    "since": Kind.DATE,
    "until": Kind.DATE,
    "entity_id": Kind.STRING,
    "field": Kind.STRING,
    "verdict": Kind.STRING,
    "code": Kind.INTEGER,
    "subcode": Kind.INTEGER,
    "text": Kind.STRING,
    "fbtrace_id": Kind.STRING,
    "attempts": Kind.INTEGER,
}

GAPS = Stream(
    name="sync_gaps",
    behaviour=Behaviour.LEDGER,
    node="",
    edge="",
    columns=tuple(Column(name, kind, _SCHEMAS[kind], requested=False) for name, kind in _COLUMNS.items()),
    primary_key=(),
)
"""One row a gap of the last sync. Read it in full: what was mended since is no longer in it."""
