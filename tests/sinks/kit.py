"""Small streams and rows of our own, and ways to ask three real places what was loaded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
from msgspec import UNSET, UnsetType

from facebook_marketing.catalog.stream import Behaviour, Column, Kind, Stream
from facebook_marketing.engine.door import Event, Rows
from facebook_marketing.sinks.modes import Mode
from facebook_marketing.sinks.segment import Derived
from facebook_marketing.sinks.warehouse import Warehouse


class Stat(msgspec.Struct, rename={"click_7d": "7d_click"}):
    action_type: str
    value: Decimal
    click_7d: Decimal | UnsetType = UNSET


class Ad(msgspec.Struct, kw_only=True):
    id: str | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    clicks: int | UnsetType = UNSET
    spend: Decimal | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET
    day: str | UnsetType = UNSET
    updated_time: str | UnsetType = UNSET
    account_id: str | UnsetType = UNSET
    effective_status: str | UnsetType = UNSET
    targeting: msgspec.Raw | UnsetType = UNSET
    actions: list[Stat] | UnsetType = UNSET


class NewerAd(Ad, kw_only=True):
    surprise: msgspec.Raw | UnsetType = UNSET


class Activity(msgspec.Struct, kw_only=True):
    event_time: str
    event_type: str
    extra_data: msgspec.Raw | UnsetType = UNSET


def stream_of(name: str, key: tuple[str, ...], /, **kinds: Kind) -> Stream:
    columns = tuple(Column(column, kind, {}) for column, kind in kinds.items())
    return Stream(name, Behaviour.EDGE, "Ad", "ads", columns, key)


ADS = stream_of(
    "ads",
    ("id",),
    id=Kind.STRING,
    name=Kind.STRING,
    clicks=Kind.INTEGER,
    spend=Kind.NUMBER,
    active=Kind.BOOLEAN,
    day=Kind.DATE,
    updated_time=Kind.DATETIME,
    account_id=Kind.STRING,
    effective_status=Kind.STRING,
    targeting=Kind.JSON,
    actions=Kind.STATS,
    curve=Kind.HISTOGRAM,
    results=Kind.RESULTS,
    never=Kind.NUMBER,
)
ACTIVITIES = stream_of(
    "activities",
    (),
    event_time=Kind.DATETIME,
    event_type=Kind.STRING,
    extra_data=Kind.JSON,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A destination with a way to ask it in SQL, with tables named facebook_ads.x."""

    kind: str
    url: str
    fetch: Callable[[str], list[tuple[Any, ...]]]

    def every(self) -> "Place":
        """The same, with every row of a folder, not only the newest of each key."""
        if self.kind != "parquet":
            return self
        return Place(self.kind, self.url, ask_folder(Path(self.url.removeprefix("parquet:///")), newest=False))


@dataclass
class StillClock:
    """Time that moves only when a test moves it."""

    seconds: float = 1_790_000_000.0

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass(frozen=True, slots=True)
class Kit:
    """What the tests of this room build with."""

    ads: Stream = ADS
    activities: Stream = ACTIVITIES
    clock: StillClock = field(default_factory=StillClock)

    ad = staticmethod(Ad)
    newer_ad = staticmethod(NewerAd)
    activity = staticmethod(Activity)
    stat = staticmethod(Stat)

    def rows(self, *items: msgspec.Struct, stream: str = "ads") -> Rows:
        return Rows(stream, "1", items)

    def sink(  # noqa: PLR0913 - as many settings as the sink itself has
        self,
        url: str,
        mode: Mode = Mode.DEDUPED,
        streams: Sequence[Stream] = (ADS, ACTIVITIES),
        *,
        workdir: Path | None = None,
        flush_rows: int = 100_000,
        flush_seconds: float = 60,
        progress: Callable[[Event], None] | None = None,
        derived: Derived | None = None,
    ) -> Warehouse:
        return Warehouse(
            url,
            streams,
            modes=dict.fromkeys((stream.name for stream in streams), mode),
            workdir=workdir,
            flush_rows=flush_rows,
            flush_seconds=flush_seconds,
            clock=self.clock,
            progress=progress,
            derived=derived,
        )

    async def restored(self, url: str, mode: Mode = Mode.DEDUPED) -> dict[str, Mapping[str, Any]]:
        sink = self.sink(url, mode)
        states = await sink.restore()
        await sink.close()
        return states


def ask_duckdb(path: Path) -> Callable[[str], list[tuple[Any, ...]]]:
    def fetch(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    return fetch


def ask_folder(folder: Path, *, newest: bool = True) -> Callable[[str], list[tuple[Any, ...]]]:
    """Each table's newest rows, as docs/warehouse.md tells readers to ask for them."""

    def fetch(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute("create schema facebook_ads")
            for table in {file.parent.name for file in folder.glob("facebook_ads/*/*.parquet")}:
                only = (
                    ""
                    if table == "_sync_state" or not newest
                    else "qualify row_number() over (partition by _row_id order by _synced_at desc) = 1"
                )
                connection.execute(
                    f"create view facebook_ads.{table} as "
                    f"from read_parquet('{folder}/facebook_ads/{table}/*.parquet', union_by_name=true) {only}",
                )
            return connection.execute(sql).fetchall()

    return fetch


def ask_postgres(url: str) -> Callable[[str], list[tuple[Any, ...]]]:
    import psycopg2

    def fetch(sql: str) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(url)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("set TimeZone = 'UTC'")
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    return fetch
