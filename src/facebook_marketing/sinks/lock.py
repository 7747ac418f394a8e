"""One sync at a time into one target: the second says so and stops. Whatever ends a process ends its lock."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from dlt.destinations.sql_client import SqlClientBase

from facebook_marketing.sinks.destination import Destination, WarehouseError

try:
    import fcntl
except ModuleNotFoundError:  # pragma: no cover - Windows has none
    fcntl = None  # type: ignore[assignment]

_HELD: set[str] = set()
"""Targets of this very process, where nothing else tells two syncs apart: DuckDB opens a file twice for one process."""

_TRIES, _PAUSE = 30, 0.1
"""How often, and seconds in between: Postgres notices a moment late that a session has ended, and holds its lock."""


def busy(shown: str) -> WarehouseError:
    """Say that somebody else is at it."""
    return WarehouseError(
        f"Another sync is loading into {shown}. Wait until it has ended, or stop it; then run again. "
        "To load at the same time, give another --dataset or another destination."
    )


class Lock:
    """Holds a target until `release`."""

    def __init__(self, destination: Destination, dataset: str) -> None:
        """Take what can be taken before anything is opened. Errors: WarehouseError when somebody else has it."""
        self._shown = destination.shown
        self._target = _target(destination, dataset)
        self._file: IO[str] | None = None
        self._here = destination.name != "postgres" and destination.folder is None
        if self._here and self._target in _HELD:
            raise busy(self._shown)
        if (folder := destination.folder) is not None and fcntl is not None:
            self._file = _locked(folder, dataset, self._shown)
        if self._here:
            _HELD.add(self._target)

    def session(self, client: SqlClientBase[Any]) -> None:
        """Take Postgres' lock of the session that loads: it goes with the connection."""
        number = int.from_bytes(hashlib.blake2b(client.dataset_name.encode(), digest_size=8).digest(), signed=True)
        for _ in range(_TRIES):
            rows = client.execute_sql(f"SELECT pg_try_advisory_lock({number})")
            if rows and rows[0][0]:
                return
            client.execute_sql(f"SELECT pg_sleep({_PAUSE})")
        raise busy(self._shown)

    def release(self) -> None:
        """Let others in."""
        if self._here:
            _HELD.discard(self._target)
        if self._file is not None:
            self._file.close()
            self._file = None


def _target(destination: Destination, dataset: str) -> str:
    place = destination.file or destination.folder
    return f"{place.resolve()} {dataset}" if place else f"{destination.name} {destination.location} {dataset}"


def _locked(folder: Path, dataset: str, shown: str) -> IO[str]:
    """Lock a file beside the tables. It stays when the lock goes: to remove it would let a third one in."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / f".{dataset}.lock").open("a")
    except OSError as error:
        raise WarehouseError(f"{shown} cannot be written ({error}). Make it writable, or name another one.") from error
    lock: Callable[[Any, int], None] = fcntl.flock
    try:
        lock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise busy(shown) from None
    except OSError:  # a file system without locks: then nobody has one
        with suppress(OSError):
            file.flush()
    return file
