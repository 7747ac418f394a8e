"""A dlt source: a resource for each stream, fed Arrow only, its checkpoint in dlt's own state.

The resources that dlt extracts together share one read (one client, one budget). Each gives what lies ready for it and
otherwise None, upon which dlt goes on to the next resource: so none can hold up another, in either of dlt's orders.
"""

import logging
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias
from weakref import WeakSet

import dlt
import pyarrow as pa
from dlt.extract import DltResource, DltSource

from facebook_marketing.catalog.stream import Behaviour, Stream
from facebook_marketing.engine.incomplete import IncompleteWarning
from facebook_marketing.sinks.arrow import ROW_ID, SYNCED_AT, json_columns
from facebook_marketing.sinks.destination import WarehouseError
from facebook_marketing.sinks.hints import hints
from facebook_marketing.sinks.shelves import batch_schema

__all__ = ["DltSource", "source_of"]

NAME = "facebook_marketing"
CHECKPOINT = "checkpoint"
"""Under which name the state of a stream stands in its resource's state."""

_PATIENCE = 3
"""Turns after which whoever has not come for its first turn is not waited for."""

States: TypeAlias = Mapping[str, Mapping[str, Any] | None]
"""The saved state of each stream that is read; None: from its start."""


class Reader(Protocol):
    """A read under way, as resources need it. Nothing here waits, except `stop`."""

    def take(self, stream: str) -> pa.RecordBatch | None:
        """The stream's next batch, if one lies there. Raises what stopped the whole read."""
        ...

    def committed(self, stream: str) -> Mapping[str, Any] | None:
        """The stream's state that covers what was taken before the last batch."""
        ...

    def ended(self, stream: str) -> bool:
        """Whether nothing more comes of the stream."""
        ...

    def error(self, stream: str) -> str | None:
        """Why the stream was not read to its end."""
        ...

    def leave(self, stream: str) -> None:
        """Nobody takes more of the stream."""
        ...

    def stop(self) -> None:
        """Nobody takes anything more."""
        ...


Begin = Callable[[States], Reader]


def source_of(streams: Sequence[Stream], selected: Collection[str], begin: Begin) -> DltSource:
    """Make the source: a resource for each of `streams`, of which `selected` are read unless the user chooses."""
    rounds = _Rounds(begin)
    _quieten([stream.name for stream in streams])
    resources = [_resource(stream, rounds, chosen=stream.name in selected) for stream in streams]

    @dlt.source(name=NAME, section=NAME)
    def facebook_marketing() -> list[DltResource]:
        return resources

    return facebook_marketing()


def _resource(stream: Stream, rounds: "_Rounds", *, chosen: bool) -> DltResource:
    empty = batch_schema(stream).empty_table()
    columns = hints(empty.schema, json_columns(stream, empty.schema))
    ledger = stream.behaviour is Behaviour.LEDGER
    if not ledger:  # of a row that came twice the newer one stays
        columns[SYNCED_AT] = {**columns[SYNCED_AT], "dedup_sort": "desc"}
    resource: DltResource = dlt.resource(
        lambda: rounds.join(stream),
        name=stream.name,
        primary_key=ROW_ID,
        columns=columns,
        write_disposition="replace" if ledger else "merge",
        selected=chosen,
    )
    return resource


_ours: set[str] = set()
"""How dlt's warnings begin that `_quieten` leaves out."""


def _quieten(names: Collection[str]) -> None:
    """Leave out what dlt warns of at every page of ours: that text is to be JSON, which is what it is told."""
    _ours.update(f"In resource: {name}, when merging arrow schema" for name in names)
    logging.getLogger("dlt").addFilter(_is_wanted)


def _is_wanted(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(tuple(_ours))


class _Rounds:
    """Brings the resources that are extracted together into one read."""

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._open: _Round | None = None

    def join(self, stream: Stream) -> Iterator[pa.Table | None]:
        """Called by dlt this for each chosen resource before it asks the first one for an item."""
        if self._open is None or self._open.closed:
            self._open = _Round(self._begin, self.join)
        return self._open.join(stream)


class _Round:
    """One read, for those resources that came before it began."""

    def __init__(self, begin: Begin, next_round: Callable[[Stream], Iterator[pa.Table | None]]) -> None:
        self._begin = begin
        self._next_round = next_round
        self._waiting: WeakSet[Any] = WeakSet()  # generators: one that dlt has dropped is not waited for
        self._states: dict[str, Mapping[str, Any] | None] = {}
        self._reader: Reader | None = None

    @property
    def closed(self) -> bool:
        """Whether it has begun: who comes now needs another one."""
        return self._reader is not None

    def join(self, stream: Stream) -> Iterator[pa.Table | None]:
        """The generator of a resource."""
        generator = self._items(stream)
        self._waiting.add(generator)
        return generator

    def _items(self, stream: Stream) -> Iterator[pa.Table | None]:
        if self._reader is not None:  # dlt came for its first turn when the others were not waiting any more
            yield from self._next_round(stream)
            return
        name, replaces = stream.name, _replaces()
        self._states[name] = None if replaces else dlt.current.resource_state().get(CHECKPOINT)
        try:
            for _ in range(_PATIENCE):
                yield None
                if self._all_here():
                    break
            reader = self._begun()
            yield from _tables(stream, reader, strict=replaces and stream.behaviour is not Behaviour.LEDGER)
        finally:
            self._left(name)

    def _all_here(self) -> bool:
        return self._reader is not None or len(self._states) >= len(self._waiting)

    def _begun(self) -> Reader:
        if self._reader is None:
            self._reader = self._begin(dict(self._states))
        return self._reader

    def _left(self, name: str) -> None:
        self._states.pop(name, None)
        if self._reader is not None:
            self._reader.leave(name)
            if not self._states:
                self._reader.stop()


def _tables(stream: Stream, reader: Reader, *, strict: bool) -> Iterator[pa.Table | None]:
    """What comes of a stream; its table is made even when nothing does.

    `strict`: rows that replace a table must be all of them, so a stream that was not read to its end is an error.
    """
    yield batch_schema(stream).empty_table()
    while True:
        batch = reader.take(stream.name)
        state = reader.committed(stream.name)
        if state is not None:
            dlt.current.resource_state()[CHECKPOINT] = state
        if batch is not None:
            yield _hinted(stream, pa.Table.from_batches([batch]).replace_schema_metadata(None))
        elif reader.ended(stream.name):
            break
        else:
            yield None
    error = reader.error(stream.name)
    if error is not None and strict:
        raise WarehouseError(
            f"{stream.name}: {error} Its table was to be replaced: nothing is loaded, it stays as it was."
        )
    if error is not None:
        warnings.warn(f"{stream.name} was not read to its end: {error}", IncompleteWarning, stacklevel=2)


def _hinted(stream: Stream, table: pa.Table) -> Any:  # noqa: ANN401 - a table, or dlt's own wrap around it
    """The table; where Meta sent a field that nobody declared, with the word that its column holds JSON."""
    declared = set(batch_schema(stream).names)
    new = [name for name in table.column_names if name not in declared]
    if not new:
        return table
    more = hints(table.select(new).schema, json_columns(stream, table.schema))
    return dlt.mark.with_hints(table, dlt.mark.make_hints(columns=more))


def _replaces() -> bool:
    """Whether the user has dlt replace this resource's table: then only a full read will do."""
    wanted: Any = dlt.current.resource().write_disposition
    return (wanted.get("disposition") if isinstance(wanted, dict) else wanted) == "replace"
