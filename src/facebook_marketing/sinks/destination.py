"""Where rows go, as a value: the destination's URL taken apart. Pure; loads nothing heavy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

ALIASES: Mapping[str, str] = {
    "postgresql": "postgres",
    "md": "motherduck",
    "parquet": "filesystem",
    "file": "filesystem",
    "s3": "filesystem",
    "gs": "filesystem",
    "az": "filesystem",
    "abfss": "filesystem",
}
# The SQL destinations of dlt, by its own names. Vector stores are left out: they keep no checkpoint that we could read.
NAMES: frozenset[str] = frozenset(
    (
        "athena",
        "bigquery",
        "clickhouse",
        "databricks",
        "dremio",
        "ducklake",
        "duckdb",
        "fabric",
        "filesystem",
        "motherduck",
        "mssql",
        "postgres",
        "redshift",
        "snowflake",
        "synapse",
    ),
)
NATIVE_LISTS: frozenset[str] = frozenset(("duckdb", "motherduck", "filesystem"))
"""Where lists of structs are loaded as such; elsewhere they are JSON."""
BUCKETS: frozenset[str] = frozenset(("s3", "gs", "az", "abfss"))
_BUCKET_EXTRAS: Mapping[str, str] = {"s3": "s3", "gs": "gs", "az": "az", "abfss": "az"}
EXAMPLES = "duckdb:///ads.duckdb, postgres://user:password@host/database or parquet:///folder"


class WarehouseError(Exception):
    """The warehouse cannot be reached, read or written. The text ends with what to do next."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A place that dlt can load.

    `name` is dlt's destination name, `location` what dlt calls
    credentials or bucket URL (None: dlt's own configuration says it), `shown` the same for people,
    without its password.
    """

    name: str
    location: str | None = field(repr=False)
    shown: str

    @property
    def extra(self) -> str:
        """The extra of ours that brings its driver."""
        scheme, bucket, _ = (self.location or "").partition("://")
        if self.name == "filesystem":
            return _BUCKET_EXTRAS.get(scheme, "warehouse") if bucket else "warehouse"
        return "warehouse" if self.name == "duckdb" else self.name

    @property
    def file(self) -> Path | None:
        """The DuckDB file, None for every other destination."""
        return Path(self.location) if self.name == "duckdb" and self.location else None

    @property
    def folder(self) -> Path | None:
        """The folder of Parquet files on this machine, None for buckets and for every other destination."""
        local = self.name == "filesystem" and self.location and "://" not in self.location
        return Path(self.location) if local and self.location else None


def parse(url: str) -> Destination:
    """Take a destination URL, or a bare dlt destination name, apart.

    Errors: WarehouseError for a scheme that nothing here loads.
    """
    scheme, colon, rest = url.partition(":")
    name = ALIASES.get(scheme.lower(), scheme.lower())
    if name not in NAMES:
        raise WarehouseError(f"The destination {mask(url)!r} is not one that can be loaded. Give {EXAMPLES}.")
    if not colon:
        return _bare(name)
    if name == "duckdb":
        path = _path(rest, url)
        return Destination(name, path, f"duckdb:///{path}")
    if name == "filesystem":
        location = url if scheme.lower() in BUCKETS else _path(rest, url)
        return Destination(name, location, mask(url))
    return Destination(name, _postgres(url) if name == "postgres" else url, mask(url))


def mask(url: str) -> str:
    """Show the URL without its password and query, for messages."""
    parts = urlsplit(url)
    if not parts.netloc:
        return parts._replace(query="").geturl()
    user, at, host = parts.netloc.rpartition("@")
    shown = f"{user.partition(':')[0]}:***@{host}" if ":" in user else f"{user}{at}{host}"
    return urlunsplit(parts._replace(netloc=shown, query=""))


def secret(url: str | None) -> str | None:
    """Find the password that must never be shown; None where there is none."""
    return urlsplit(url).password if url else None


def _bare(name: str) -> Destination:
    if name in {"duckdb", "filesystem"}:
        raise WarehouseError(f"The destination {name!r} needs a place, as in {EXAMPLES}.")
    return Destination(name, None, name)


def _path(rest: str, url: str) -> str:
    """Read a path: `///name` is a file here, `///some/folder/name` an absolute path, `//some/folder` a relative one."""
    path = unquote(rest.removeprefix("//"))
    lone = "/" not in path[1:].rstrip("/")
    if path.startswith(("//", "/./")) or (path.startswith("/") and lone):
        path = path[1:]
    if not path or path.endswith(":"):
        raise WarehouseError(f"The destination {url!r} names no file or folder. Give {EXAMPLES}.")
    return path


def _postgres(url: str) -> str:
    """Give dlt the password that it insists on; a server that trusts its host never looks at it."""
    parts = urlsplit(url)
    if parts.password is not None or not parts.username:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(unquote(parts.username))}:none@{host}"))
