"""A Sink that keeps everything, as JSON would have it, in the order in which it came."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from facebook_marketing.engine.door import Event, Gap, Rows, Status

_ENCODER = msgspec.json.Encoder(decimal_format="number")

Row = dict[str, Any]


def as_json(value: object) -> Any:
    """The value as a reader of our JSON sees it, numbers with every digit."""
    return json.loads(_ENCODER.encode(value), parse_float=Decimal)


class ListSink:
    """`log` holds ("row", stream, row) and ("state", stream, state) entries in order; `timed` rows and events."""

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        self._now = now
        self.timed: list[tuple[float, Row | Event]] = []
        self.log: list[tuple[str, str, Any]] = []
        self.events: list[Event] = []
        self.changes: list[tuple[str, str, str]] = []

    async def write(self, rows: Rows) -> None:
        """Keeps rows and what is said of their cells."""
        items = as_json(list(rows.items))
        self.log.extend(("row", rows.stream, row) for row in items)
        self.timed.extend((self._now(), row) for row in items)
        self.changes.extend((rows.stream, change.field, change.reason) for change in rows.changes)

    async def checkpoint(self, stream: str, state: Mapping[str, Any]) -> None:
        """Keeps the state as it was at that moment."""
        self.log.append(("state", stream, as_json(state)))

    async def event(self, event: Event) -> None:
        """Keeps events."""
        self.events.append(event)
        self.timed.append((self._now(), event))

    async def close(self) -> None:
        """Nothing to do."""

    def rows(self, stream: str) -> list[Row]:
        """Rows of a stream, in order."""
        return [value for kind, name, value in self.log if kind == "row" and name == stream]

    def states(self) -> dict[str, Any]:
        """The last state of each stream."""
        return {name: value for kind, name, value in self.log if kind == "state"}

    def gaps(self) -> list[Gap]:
        """Everything recorded as not, or not fully, delivered."""
        return [event for event in self.events if isinstance(event, Gap)]

    def statuses(self, stream: str) -> list[str]:
        """The stream's statuses in order."""
        return [event.status.value for event in self.events if isinstance(event, Status) and event.stream == stream]
