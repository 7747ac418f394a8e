"""Airbyte's catalogs: ours as it is offered, and theirs as the user configured it."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from facebook_marketing.catalog.schema import json_schema, project
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.engine.order import Selected
from facebook_marketing.faces.parts import streams_of, wanted

if TYPE_CHECKING:
    from facebook_marketing.config import Config

_INCREMENTAL = "incremental"
_EXAMPLE = '{"streams": [{"stream": {"name": "ads"}, "sync_mode": "full_refresh"}]}'


class CatalogError(ValueError):
    """A configured catalog that cannot be read; the message says what to change."""


def offered(config: "Config") -> tuple[Stream, ...]:
    """Every stream of this configuration, each name once. Raises ConfigError where a report takes a built-in's name."""
    from facebook_marketing.config import ConfigError

    streams = streams_of(config)
    if mistakes := config.clashes(built_in(streams, config)):
        raise ConfigError(mistakes)
    return streams


def built_in(streams: Sequence[Stream], config: "Config") -> tuple[str, ...]:
    """The names of the streams that are not the configuration's own reports."""
    own = Counter(insight.stream_name for insight in config.custom_insights)
    return tuple((Counter(stream.name for stream in streams) - own).elements())


def airbyte_catalog(streams: Iterable[Stream]) -> dict[str, Any]:
    """The AirbyteCatalog of these streams."""
    return {"streams": [_offered(stream) for stream in streams]}


def _offered(stream: Stream) -> dict[str, Any]:
    offer: dict[str, Any] = {
        "name": stream.name,
        "json_schema": json_schema(stream),
        "supported_sync_modes": ["full_refresh", "incremental"] if stream.incremental else ["full_refresh"],
        # Of full refreshes alone; incremental syncs go on from their state whatever stands here. A platform keeps the
        # rows of a failed attempt where this is true, and hands us its state. A full refresh of ours begins anew
        # whatever state there is, and an account that was half read would stand twice even if it did not.
        "is_resumable": False,
    }
    if stream.primary_key:
        offer["source_defined_primary_key"] = [[name] for name in stream.primary_key]
    if stream.incremental:  # the cursor of creatives is no column of theirs: of two rows the one that came last counts
        offer["source_defined_cursor"] = True
        offer["default_cursor_field"] = [stream.cursor] if stream.cursor else []
    return offer


def configured_catalog(streams: Sequence[Stream], names: Sequence[str]) -> dict[str, Any]:
    """A configured catalog of the streams that `names` come to, incremental where they can be. Raises CatalogError."""
    known = [stream.name for stream in streams]
    chosen = wanted(streams, names)
    if unknown := [name for name in chosen if name not in known]:
        raise CatalogError(no_such_stream(unknown, known))
    return {
        "streams": [
            {"stream": _offered(stream), "sync_mode": "incremental" if stream.incremental else "full_refresh"}
            for stream in streams
            if stream.name in chosen
        ]
    }


def no_such_stream(unknown: Iterable[str], known: Collection[str]) -> str:
    """What to say to a person who names streams that are not there."""
    said = ", ".join(f"{name}{_perhaps(name, known)}" for name in unknown)
    return f"There is no stream {said}. `facebook-marketing discover` lists those that there are."


def _perhaps(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.75)
    return f" (did you mean {near[0]}?)" if near else ""


def table(streams: Iterable[Stream]) -> str:
    """The streams for a person: name, number of columns, cursor, key, and which are not read unless they are named."""
    head = ("stream", "columns", "cursor", "key")
    rows = [head, *((s.name, str(len(s.columns)), s.cursor or "-", _key(s)) for s in streams)]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = ([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[3]] for row in rows)
    return "\n".join(map("  ".join, lines))


def _key(stream: Stream) -> str:
    mark = "  (deprecated)" if stream.deprecated else "" if stream.offered_by_default else "  (by name only)"
    return (", ".join(stream.primary_key) or "-") + mark


def selection(catalog: object, streams: Sequence[Stream]) -> tuple[tuple[Selected, ...], tuple[str, ...]]:
    """What a ConfiguredAirbyteCatalog asks for, and notes for the user. Raises CatalogError."""
    match catalog:
        case {"streams": list() as configured} if configured:
            pass
        case _:
            message = f"The catalog selects no streams. Select some of what discover lists: {_EXAMPLE}."
            raise CatalogError(message)
    by_name = {stream.name: stream for stream in streams}
    names = [_name(entry) for entry in configured]
    _only_known(names, by_name)
    by_entry = dict(zip(names, configured, strict=True))
    chosen = [_selected(entry, by_name[name]) for name, entry in by_entry.items()]
    notes = [f"Stream {s.stream.name} is deprecated: {s.stream.deprecated}" for s in chosen if s.stream.deprecated]
    in_full = [
        s.stream.name for s in chosen if not s.stream.incremental and _mode(by_entry[s.stream.name]) == _INCREMENTAL
    ]
    notes += [f"Stream {name} has no cursor at Meta: each sync reads it in full." for name in in_full]
    return tuple(chosen), tuple(notes)


def unused(state: Iterable[str], streams: Sequence[Stream]) -> tuple[str, ...]:
    """A note for each name in a state that is no stream of this configuration: its successor begins anew."""
    known = [stream.name for stream in streams]
    return tuple(
        f"The state holds {name}, which is no stream here{_perhaps(name, known)}: it is not used, and what it covered "
        "is read again where it is selected under another name."
        for name in state
        if name not in known
    )


def namespaces(catalog: object) -> dict[str, str]:
    """The namespaces that a ConfiguredAirbyteCatalog gives to streams, by name: messages name a stream with its own."""
    match catalog:
        case {"streams": list() as configured}:
            streams = [entry["stream"] for entry in configured if isinstance(entry, dict) and "stream" in entry]
            given = {one.get("name"): one.get("namespace") for one in streams if isinstance(one, dict)}
            return {str(name): namespace for name, namespace in given.items() if isinstance(namespace, str)}
        case _:
            return {}


def _only_known(names: Sequence[str], known: Collection[str]) -> None:
    if unknown := [name for name in names if name not in known]:
        said = ", ".join(f"{name}{_perhaps(name, known)}" for name in dict.fromkeys(unknown))
        message = (
            f"The catalog asks for streams that do not exist: {said}. "
            "Run discover again and select from what it lists; a custom report must be in custom_insights."
        )
        raise CatalogError(message)
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        message = f"The catalog asks for {', '.join(twice)} more than once. Leave one entry a stream."
        raise CatalogError(message)


def _name(entry: object) -> str:
    match entry:
        case {"stream": {"name": str(name)}}:
            return name
        case _:
            message = f"The catalog holds a stream without a name. Each entry looks as in {_EXAMPLE}."
            raise CatalogError(message)


def _selected(entry: Mapping[str, Any], stream: Stream) -> Selected:
    incremental = _mode(entry) == _INCREMENTAL and stream.incremental
    return Selected(project(stream, _properties(entry["stream"], stream.name)), incremental)


def _mode(entry: Mapping[str, Any]) -> object:
    return entry.get("sync_mode")


def _properties(configured: Mapping[str, Any], name: str) -> Iterable[str] | None:
    """The selected columns; None, which is all, where the schema names none, as catalogs of old do."""
    schema = configured.get("json_schema") or {}
    properties = schema.get("properties") if isinstance(schema, dict) else schema
    if not properties or isinstance(properties, dict):
        return properties or None
    message = (
        f"The json_schema of {name} in the catalog cannot be read. It looks like "
        '{"properties": {"id": {}}}, as discover gave it; {} selects every column.'
    )
    raise CatalogError(message)
