"""DuckDB, opened so that it takes little of the machine."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # no other destination needs it
    from duckdb import DuckDBPyConnection

MODEST: dict[str, str | bool | int | float | list[str]] = {
    "max_vacuum_tasks": 0,
    "memory_limit": "340MB",
    "preserve_insertion_order": False,
    "threads": 1,
}
"""By itself DuckDB takes most of a machine. A segment needs little memory (where it needs more, it gets it: `sql.py`);
one thread loads it for half the CPU of two, and the other one reads. Whenever it writes its file it would put small
groups of rows together, which costs as much as loading them: it may when rows were replaced, at the end (`TIDIED`)."""

TIDIED = "RESET max_vacuum_tasks"
"""Lets DuckDB put the rows together that are left of groups, when it closes."""


def connect(file: Path, *, modest: bool = True) -> "DuckDBPyConnection":
    """Open a file, which then is ours until the connection is closed. Not `modest`: with what memory DuckDB likes."""
    import duckdb  # noqa: PLC0415 - see above

    config = {name: value for name, value in MODEST.items() if modest or name != "memory_limit"}
    return duckdb.connect(str(file), config=config)
