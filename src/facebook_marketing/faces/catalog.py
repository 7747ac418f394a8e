"""Airbyte's catalogs: ours as it is offered, and theirs as the user configured it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from facebook_marketing.catalog.schema import json_schema, project
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.engine.order import Selected


class CatalogError(ValueError):
    """A configured catalog that cannot be read; the message says what to change."""


def airbyte_catalog(streams: Iterable[Stream]) -> dict[str, Any]:
    """The AirbyteCatalog of these streams."""
    return {"streams": [_offered(stream) for stream in streams]}


def _offered(stream: Stream) -> dict[str, Any]:
    incremental = stream.cursor is not None
    offer: dict[str, Any] = {
        "name": stream.name,
        "json_schema": json_schema(stream),
        "supported_sync_modes": ["full_refresh", "incremental"] if incremental else ["full_refresh"],
        "is_resumable": incremental,
    }
    if stream.primary_key:
        offer["source_defined_primary_key"] = [[name] for name in stream.primary_key]
    if stream.cursor is not None:
        offer["source_defined_cursor"] = True
        offer["default_cursor_field"] = [stream.cursor]
    return offer


def configured_catalog(streams: Sequence[Stream], names: Sequence[str]) -> dict[str, Any]:
    """A configured catalog of these streams (none named: all), incremental where they can be. Raises CatalogError."""
    unknown = [name for name in names if name not in {stream.name for stream in streams}]
    if unknown:
        message = f"There is no stream {', '.join(unknown)}. `facebook-marketing discover` lists those that there are."
        raise CatalogError(message)
    return {
        "streams": [
            {"stream": _offered(stream), "sync_mode": "incremental" if stream.cursor else "full_refresh"}
            for stream in streams
            if stream.name in names or (not names and stream.deprecated is None)
        ]
    }


def table(streams: Iterable[Stream]) -> str:
    """The streams for a person: name, key, cursor, number of columns."""
    head = ("stream", "columns", "cursor", "key")
    rows = [head, *((s.name, str(len(s.columns)), s.cursor or "-", ", ".join(s.primary_key) or "-") for s in streams)]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = ([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[3]] for row in rows)
    return "\n".join(map("  ".join, lines))


def selection(catalog: object, streams: Sequence[Stream]) -> tuple[tuple[Selected, ...], tuple[str, ...]]:
    """What a ConfiguredAirbyteCatalog asks for, and notes for the user. Raises CatalogError."""
    match catalog:
        case {"streams": list() as configured} if configured:
            pass
        case _:
            message = 'The catalog selects no streams. It must look like {"streams": [{"stream": {"name": "ads"}}]}.'
            raise CatalogError(message)
    by_name = {stream.name: stream for stream in streams}
    names = [_name(entry) for entry in configured]
    unknown = [name for name in names if name not in by_name]
    if unknown:
        message = (
            f"The catalog asks for streams that do not exist: {', '.join(unknown)}. "
            "Run discover again and select from what it lists; a custom report must be in custom_insights."
        )
        raise CatalogError(message)
    chosen = [_selected(entry, by_name[name]) for entry, name in zip(configured, names, strict=True)]
    notes = [f"Stream {s.stream.name} is deprecated: {s.stream.deprecated}" for s in chosen if s.stream.deprecated]
    return tuple(chosen), tuple(notes)


def _name(entry: object) -> str:
    match entry:
        case {"stream": {"name": str(name)}}:
            return name
        case _:
            message = 'The catalog holds a stream without a name. Each entry looks like {"stream": {"name": "ads"}}.'
            raise CatalogError(message)


def _selected(entry: Mapping[str, Any], stream: Stream) -> Selected:
    schema = entry["stream"].get("json_schema") or {}
    properties = schema.get("properties") or None
    incremental = entry.get("sync_mode") == "incremental" and stream.cursor is not None
    return Selected(project(stream, properties), incremental)
