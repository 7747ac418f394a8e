"""A SQL destination: segments in one transaction each, checkpoints beside the rows."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dlt.common.destination import Destination as DltDestination
from dlt.common.schema import Schema

from facebook_marketing.sinks import duck
from facebook_marketing.sinks.apply import apply, bring_near, make_children, prepare_state
from facebook_marketing.sinks.arrow import ROW_ID
from facebook_marketing.sinks.destination import NATIVE_LISTS, Destination, WarehouseError
from facebook_marketing.sinks.loaded import Sums
from facebook_marketing.sinks.lock import Lock
from facebook_marketing.sinks.prepare import Ready, prepare
from facebook_marketing.sinks.restore import STATE_TABLE, Saved, saved_claims, versions
from facebook_marketing.sinks.room import SEEN, Room, Unready
from facebook_marketing.sinks.segment import Derived, Segment
from facebook_marketing.sinks.staging import DltStaging, DuckDBStaging, PostgresStaging, Staging
from facebook_marketing.sinks.statements import SEEN_AT
from facebook_marketing.sinks.tables import NEW, Tables

log = logging.getLogger(__name__)

SCHEMA = "facebook_marketing"
_MOST_DDL = 1000
_TOO_LITTLE = re.compile("could not allocate|out of memory|failed to (pin|offload)|memory_limit", re.IGNORECASE)
_ROOMY = "1GB"
"""What DuckDB may take for segments with child tables: each table that a transaction touches holds memory."""
_REMEMBERED = timedelta(days=8)
"""How long it is known which objects were listed: an account that takes longer than that to read begins anew."""


class SqlLoader:
    """Opened for a whole sync. Errors: whatever the driver and dlt raise, and WarehouseError."""

    def __init__(  # noqa: PLR0913 - parts passed in
        self,
        destination: Destination,
        factory: DltDestination[Any, Any],
        dataset: str,
        *,
        lock: Lock,
        folder: Path,
        derived: Derived | None,
        again: bool = False,
    ) -> None:
        """Connect, take the lock, and throw away what a sync that was killed has left half done.

        `again`: in the middle of a sync, of which nothing is thrown away.
        """
        self._lock = lock
        self._tidy = False
        self._roomy = again
        self._postgres = destination.name == "postgres"
        schema = Schema(SCHEMA)
        # dlt gives a client only with the names of its schemas, and those only to a pipeline's config.
        config = factory.spec()
        config._bind_dataset_name(dataset, SCHEMA)  # noqa: SLF001 - the documented way without a pipeline
        self._client: Any = factory.client(schema, config)
        self._client.__enter__()
        if self._postgres:
            lock.session(self._client.sql_client)
        self._client.initialize_storage()
        native = destination.name in NATIVE_LISTS
        tables = Tables(self._client, schema, destination.shown, native_lists=native)
        self._room = Room(destination.name, destination.shown, tables, self._staging(factory, dataset, folder), derived)
        if again:
            self._room.known = versions(self._room.client) if tables.stands(STATE_TABLE) else {}
        else:
            self._clean()

    def saved(self) -> Saved:
        """Read the checkpoints. A stream whose table was dropped by hand loses its own, and is read again."""
        tables = self._room.tables
        if not tables.stands(STATE_TABLE):
            return Saved({})
        saved = saved_claims(self._room.client, has_loads=tables.stands("_dlt_loads"))
        self._room.known = versions(self._room.client)
        lost = [stream for stream in saved.claims if not tables.stands(stream)]
        self._forget(lost)
        kept = {stream: claim for stream, claim in saved.claims.items() if stream not in lost}
        return Saved(kept, saved.written_at)

    def versions(self) -> Mapping[str, int]:
        """Read the newest version of each stream's checkpoint, counted or not."""
        return self._room.known

    def apply(self, segment: Segment) -> list[str]:
        """Load a segment: all of it with its checkpoints, or nothing. Names streams whose old table was kept.

        Errors: TooLittleMemoryError too, after which the same segment can be loaded by a loader that is opened again.
        """
        self._awake()
        room = self._room
        with self._memory():
            ready = [prepare(room, part) for part in segment.parts]
            if any(room.tables.stands(name) for one in ready for name in one.children):
                self._make_room()
            if segment.claims:
                prepare_state(room, segment)
            bring_near(room, ready, segment)
            kept = self._applied(ready, segment)
        self._forget_seen(segment.now)
        room.known |= {claim.stream: claim.version for claim in segment.claims}
        room.tables.drop(name for one in ready if one.ended for name in one.collected)
        return kept

    def _applied(self, ready: Sequence[Ready], segment: Segment) -> list[str]:
        for _ in range(_MOST_DDL):
            try:
                with self._transaction():
                    return apply(self._room, ready, segment)
            except Unready as unready:
                unready.make()
                make_children(self._room, ready)
        raise WarehouseError(f"{self._room.shown} does not take the columns that it was given. Please report this.")

    @contextmanager
    def _memory(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if self._room.name == "duckdb" and _says_too_little(error):
                raise TooLittleMemoryError from error
            raise

    def sums(self) -> Sums:
        """What stands there, added up."""
        self._awake()
        if self._room.name == "duckdb":  # nothing is loaded meanwhile, and sums over years want room
            self._client.sql_client.execute_sql("RESET memory_limit")
        return Sums(self._room.tables)

    def _make_room(self) -> None:
        """Let DuckDB have more memory, once; it has what it wants when it was opened `again`."""
        if self._room.name == "duckdb" and not self._roomy:
            self._roomy = True
            self._client.sql_client.execute_sql(f"SET memory_limit = '{_ROOMY}'")

    def close(self) -> None:
        """Let go of the connection, and with it of the session's lock."""
        if self._room.name == "duckdb" and self._room.replaced:
            with suppress(Exception):  # the connection may be lost, and nothing of ours depends on it
                self._client.sql_client.execute_sql(duck.TIDIED)
        self._client.__exit__(None, None, None)

    def _staging(self, factory: DltDestination[Any, Any], dataset: str, folder: Path) -> Staging:
        sql = self._client.sql_client
        ways: Mapping[str, type[DuckDBStaging | PostgresStaging]] = {
            "duckdb": DuckDBStaging,
            "motherduck": DuckDBStaging,
            "postgres": PostgresStaging,
        }
        name = factory.destination_name
        return ways[name](sql) if name in ways else DltStaging(sql, factory, f"{dataset}_stage", folder)

    def _transaction(self) -> AbstractContextManager[Any]:
        if not self._room.transactional:
            return nullcontext()
        transaction: AbstractContextManager[Any] = self._client.sql_client.begin_transaction()
        return transaction

    def _awake(self) -> None:
        """A connection that slept too long is made anew, if nobody else took the place meanwhile."""
        sql = self._client.sql_client
        try:
            sql.execute_sql("SELECT 1")
        except Exception:  # noqa: BLE001 - of whatever driver
            log.info("The connection to %s was lost; it is made anew.", self._room.shown)
            with suppress(Exception):
                self._client.__exit__(None, None, None)
            self._client.__enter__()
            if self._postgres:
                self._lock.session(sql)

    def _clean(self) -> None:
        """What a killed sync collected is read again."""
        tables = self._room.tables
        collected = (name for name in self._names() if name.lower().endswith(NEW))
        tables.drop([name for name in collected if tables.has(name, ROW_ID)])

    def _forget_seen(self, now: datetime) -> None:
        """Once a sync, forget what was listed long ago."""
        room = self._room
        if not self._tidy and room.tables.has(SEEN, SEEN_AT):
            old = room.dialect(now).at(now - _REMEMBERED)
            room.run(f"DELETE FROM {room.tables.qualified(SEEN)} WHERE {SEEN_AT} < {old}")
            self._tidy = True

    def _names(self) -> list[str]:
        """Every table of the schema, as the destination lists it."""
        sql = self._client.sql_client
        catalog, schema, _ = sql._get_information_schema_components()  # noqa: SLF001 - as dlt itself asks
        source = sql._qualify_info_schema_table_name("TABLES")  # noqa: SLF001 - the same
        query = f"SELECT table_name FROM {source} WHERE table_schema = %s"
        rows = sql.execute_sql(query + (" AND table_catalog = %s" if catalog else ""), *filter(None, (schema, catalog)))
        return [str(row[0]) for row in rows or ()]

    def _forget(self, streams: Iterable[str]) -> None:
        room = self._room
        for stream in streams:
            room.run(f"DELETE FROM {room.tables.qualified(STATE_TABLE)} WHERE stream = {room.literal(stream)}")


class TooLittleMemoryError(Exception):
    """DuckDB may take too little memory for this segment. Nothing of it is loaded, and the connection is spoiled."""


def _says_too_little(error: BaseException) -> bool:
    """What went wrong may hide behind a rollback that failed for it."""
    return _TOO_LITTLE.search(" ".join(map(str, _chain(error)))) is not None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it came of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
