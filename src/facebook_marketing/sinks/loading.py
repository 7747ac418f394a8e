"""A destination, opened through dlt: segments go in, checkpoints come out. Loaded only when a warehouse is built."""

import ctypes
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

# dlt reads these when it is imported: nothing is reported to its makers, and what goes wrong is said once, by us.
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")
# Read when Arrow and DuckDB are: what they free goes back to the system at once, or they keep hundreds of megabytes.
os.environ.setdefault("MIMALLOC_PURGE_DELAY", "0")
os.environ.setdefault("DUCKDB_JE_MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0")

__all__ = [
    "Bundle",
    "Claim",
    "ColumnReader",
    "Derived",
    "Loader",
    "Packed",
    "Part",
    "Segment",
    "Sweep",
    "present_ids",
    "to_table",
]

import dlt
from dlt.common.destination import Destination

from facebook_marketing.sinks import duck
from facebook_marketing.sinks.arrow import present_ids, to_table
from facebook_marketing.sinks.columns import ColumnReader
from facebook_marketing.sinks.destination import Destination as Place
from facebook_marketing.sinks.destination import WarehouseError
from facebook_marketing.sinks.explain import explained
from facebook_marketing.sinks.folder import LAYOUT, FolderLoader
from facebook_marketing.sinks.loaded import Sums
from facebook_marketing.sinks.lock import Lock
from facebook_marketing.sinks.packed import Bundle, Packed
from facebook_marketing.sinks.restore import Claim, Saved
from facebook_marketing.sinks.segment import Derived, Part, Segment, Sweep
from facebook_marketing.sinks.sql import SqlLoader, TooLittleMemoryError

if TYPE_CHECKING:  # no destination but DuckDB needs it
    from duckdb import DuckDBPyConnection

log = logging.getLogger(__name__)
T = TypeVar("T")

_MMAP_THRESHOLD = -3
_LARGE = 1 << 18
with suppress(AttributeError, OSError, TypeError):  # glibc alone has it
    # A page is a megabyte or two: glibc would learn to keep such room to itself.
    ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)

_FOLDER = "facebook_marketing"


class Loader:
    """Blocking; one thread at a time.

    Errors, from every method: WarehouseError.
    """

    def __init__(self, destination: Place, dataset: str, workdir: Path | None, derived: Derived | None = None) -> None:
        """Lock, connect, clean up after a sync that was killed. `workdir` None: a folder of its own."""
        self._to = destination
        self._dataset = dataset
        self._derived = derived
        self._held: DuckDBPyConnection | None = None
        self._folder: Path | None = None
        self._inner: SqlLoader | FolderLoader | None = None
        self._lock = Lock(destination, dataset)
        try:
            with explained(destination):
                self._held = _hold(destination)
            self._folder = _fresh_folder(destination, workdir)
            with explained(destination):
                self._inner = self._opened()
        except BaseException:
            self.close()
            raise

    def saved(self) -> Saved:
        """Read the checkpoints that count.

        A stream whose table was dropped by hand has none, and is read again.
        """
        with explained(self._to):
            return self._opened_inner().saved()

    def versions(self) -> Mapping[str, int]:
        """Read the newest version of each stream's checkpoint, counted or not. After `saved`."""
        return self._opened_inner().versions()

    def apply(self, segment: Segment) -> list[str]:
        """Load a segment: all of it with its checkpoints, or nothing.

        Names the streams that were to be overwritten and were not read to their end: their tables stay as they were.
        """
        with explained(self._to):
            try:
                return self._opened_inner().apply(segment)
            except TooLittleMemoryError:
                log.info("%s wants more memory, and gets it.", self._to.shown)
                self._reopen()
                return self._opened_inner().apply(segment)

    def _reopen(self) -> None:
        """Open DuckDB anew: after a load that failed for want of memory its connection fails for good."""
        if self._inner is not None:
            self._inner.close()
        if self._held is not None:
            self._held.close()
        self._held = _hold(self._to, modest=False)
        self._inner = self._opened(again=True)

    def inspect(self, work: Callable[[Sums], T]) -> T:
        """Give what `work` finds out about the tables that stand there."""
        inner = self._opened_inner()
        if not isinstance(inner, SqlLoader):
            text = f"{self._to.shown} answers no questions: it is a folder of files. Verify a database that holds them."
            raise WarehouseError(text)
        with explained(self._to):
            return work(inner.sums())

    def close(self) -> None:
        """Let go of the destination and remove the private working folder."""
        if self._inner is not None:
            self._inner.close()
            self._inner = None
        if self._held is not None:
            self._held.close()
            self._held = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.release()

    def _opened_inner(self) -> SqlLoader | FolderLoader:
        if self._inner is None:
            raise WarehouseError(f"{self._to.shown} is closed already.")
        return self._inner

    def _opened(self, *, again: bool = False) -> SqlLoader | FolderLoader:
        factory = _factory(self._to, self._held)
        assert self._folder is not None  # noqa: S101 - it is made first
        if self._to.name == "filesystem":
            return FolderLoader(self._to, factory, self._dataset, folder=self._folder, derived=self._derived)
        return SqlLoader(
            self._to,
            factory,
            self._dataset,
            lock=self._lock,
            folder=self._folder,
            derived=self._derived,
            again=again,
        )


def _hold(destination: Place, *, modest: bool = True) -> "DuckDBPyConnection | None":
    """Keep DuckDB's file ours for the whole sync: nobody can come between two loads."""
    return None if destination.file is None else duck.connect(destination.file, modest=modest)


def _fresh_folder(destination: Place, workdir: Path | None) -> Path:
    """Make an empty folder of our own. What a killed sync left in it was never claimed, and is read again."""
    folder = workdir
    if folder is None and destination.file is not None:
        folder = destination.file.parent / f".{destination.file.name}.loading"
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="facebook-marketing-"))
    folder = folder / _FOLDER if workdir else folder
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise WarehouseError(f"The working folder {folder} cannot be made ({error}). Name another one.") from error
    return folder


def _factory(destination: Place, held: "DuckDBPyConnection | None") -> Destination[Any, Any]:
    if destination.name == "filesystem":
        return dlt.destinations.filesystem(destination.location or "", layout=LAYOUT)
    factory: Callable[..., Destination[Any, Any]] = getattr(dlt.destinations, destination.name)
    return factory(**({} if destination.location is None else {"credentials": held or destination.location}))
