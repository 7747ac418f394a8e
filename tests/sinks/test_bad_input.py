"""Altered tables, full disks, states of an older version: said clearly or put right, and never half loaded."""

import asyncio
import os
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest

from facebook_marketing.sinks.destination import parse
from facebook_marketing.sinks.explain import explain
from facebook_marketing.sinks.modes import Mode
from facebook_marketing.sinks.warehouse import WarehouseError
from sinks.kit import Kit, Place


async def load(kit: Kit, place: Place, key: str, mode: Mode = Mode.DEDUPED_HISTORY) -> None:
    sink = kit.sink(place.url, mode)
    await sink.restore()
    await sink.write(kit.rows(kit.ad(id=key, name=f"ad {key}", clicks=int(key))))
    await sink.checkpoint("ads", {"at": key})
    await sink.close()
    kit.clock.seconds += 60


def alter(place: Place, statement: str) -> None:
    if place.kind == "postgres":
        place.fetch(statement)
        return
    with duckdb.connect(place.url.removeprefix("duckdb:///")) as connection:
        connection.execute(statement)


async def test_a_column_that_was_dropped_is_made_again(kit: Kit, database: Place) -> None:
    await load(kit, database, "1")
    alter(database, "alter table facebook_ads.ads drop column name")
    await load(kit, database, "2")
    assert database.fetch("select id, name from facebook_ads.ads order by id") == [("1", None), ("2", "ad 2")]
    assert await kit.restored(database.url) == {"ads": {"at": "2"}}


async def test_a_column_whose_type_was_changed_stays_and_values_go_on_beside_it(kit: Kit, database: Place) -> None:
    await load(kit, database, "1")
    alter(database, "alter table facebook_ads.ads alter column clicks type text using clicks::text")
    await load(kit, database, "2")
    rows = database.fetch("select id, clicks, clicks__bigint from facebook_ads.ads order by id")
    assert rows == [("1", "1", None), ("2", None, 2)]


async def test_a_table_that_is_not_ours_any_more_is_refused_and_left_alone(kit: Kit, database: Place) -> None:
    await load(kit, database, "1", Mode.DEDUPED)
    if database.kind == "postgres":
        alter(database, "drop index facebook_ads.ads__row_id_idx")
    alter(database, "alter table facebook_ads.ads drop column _row_id")
    with pytest.raises(WarehouseError, match=r"table ads .* has no column _row_id.* Rename or drop it"):
        await load(kit, database, "2", Mode.DEDUPED)
    assert database.fetch("select id from facebook_ads.ads") == [("1",)]
    alter(database, "drop table facebook_ads.ads")
    sink = kit.sink(database.url)
    assert await sink.restore() == {}, "its stream is read again"
    await sink.close()


async def test_a_history_that_was_dropped_begins_anew(kit: Kit, database: Place) -> None:
    await load(kit, database, "1")
    alter(database, "drop table facebook_ads.ads_history")
    await load(kit, database, "2")
    assert database.fetch("select id, is_current from facebook_ads.ads_history order by id") == [
        ("1", True),
        ("2", True),
    ]


FULL = """
    import asyncio, resource, sys
    import msgspec
    from facebook_marketing.catalog.stream import Behaviour, Column, Kind, Stream
    from facebook_marketing.engine.door import Rows
    from facebook_marketing.sinks.warehouse import Mode, Warehouse, WarehouseError

    class Ad(msgspec.Struct):
        id: str
        name: str

    columns = (Column("id", Kind.STRING, {}), Column("name", Kind.STRING, {}))
    stream = Stream("ads", Behaviour.EDGE, "Ad", "ads", columns, ("id",))

    async def sync():
        sink = Warehouse(sys.argv[1], [stream], modes={"ads": Mode.DEDUPED}, flush_rows=1)
        await sink.write(Rows("ads", "1", [Ad("1", "first")]))
        await sink.checkpoint("ads", {"at": 1})
        await sink._settled()
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**21, 2**21))
        for page in range(20):
            await sink.write(Rows("ads", "1", [Ad(f"{page}-{row}", str(row) * 400) for row in range(5000)]))
            await sink.checkpoint("ads", {"at": page + 2})
        await sink.close()

    try:
        asyncio.run(sync())
    except WarehouseError as error:
        print(error)
"""


async def test_a_disk_that_runs_full_is_said_and_the_next_sync_goes_on(
    kit: Kit, duckdb_place: Place, tmp_path: Path
) -> None:
    """A limit on the size of files stands in for the disk: the writes fail in the driver as they would there."""
    script = tmp_path / "full.py"
    script.write_text(textwrap.dedent(FULL))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(tmp_path)}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, script, duckdb_place.url, env=environment, stdout=pipe
    )
    said, _ = await process.communicate()
    assert said.decode().strip().endswith("Make room, then run again.")
    sink = kit.sink(duckdb_place.url)
    at = (await sink.restore())["ads"]["at"]
    await sink.close()
    assert duckdb_place.fetch("select count(*) from facebook_ads.ads") == [(1 + (at - 1) * 5000,)]
    await load(kit, duckdb_place, "7")
    assert await kit.restored(duckdb_place.url) == {"ads": {"at": "7"}}


@pytest.mark.parametrize(
    ("said", "step"),
    (
        ("could not extend file: No space left on device", "Make room, then run again."),
        ('IO Error: Cannot open file "x": Read-only file system', "writable, or name another file."),
        ("attempted to write to a database opened in read-only mode", "writable, or name another file."),
        ('FATAL: password authentication failed for user "me"', "in the destination's URL."),
        ("permission denied for database x", "create schemas and tables there."),
    ),
)
def test_what_a_driver_says_ends_with_the_next_step(said: str, step: str) -> None:
    assert explain(OSError(said), parse("postgres://me:secret-word@host/db")).endswith(step)


def legacy(path: Path) -> None:
    """A file as the version before wrote it: two rows a stream, of which the load that was marked counts."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("""
            create schema facebook_ads;
            create table facebook_ads._dlt_loads (
                load_id varchar not null, schema_name varchar, status bigint not null,
                inserted_at timestamp with time zone not null, schema_version_hash varchar
            );
            insert into facebook_ads._dlt_loads values ('1.5', 'facebook_marketing', 0, now(), 'x');
            create table facebook_ads._sync_state (
                stream varchar not null, slot bigint not null, version bigint,
                state json, load_id varchar, written_at timestamp with time zone
            );
            insert into facebook_ads._sync_state values
                ('ads', 0, 2, '{"at": "old"}', '1.5', now()), ('ads', 1, 3, '{"at": "never ended"}', '1.6', now());
            create table facebook_ads.ads (
                id varchar, name varchar, clicks bigint,
                _row_id varchar not null, _synced_at timestamp with time zone, _changes json
            );
            insert into facebook_ads.ads values ('1', 'old', 1, 'x', now(), null);
        """)


async def test_a_state_of_the_version_before_counts(kit: Kit, duckdb_place: Place, tmp_path: Path) -> None:
    legacy(tmp_path / "ads.duckdb")
    assert await kit.restored(duckdb_place.url, Mode.DEDUPED_HISTORY) == {"ads": {"at": "old"}}
    await load(kit, duckdb_place, "2")
    assert await kit.restored(duckdb_place.url) == {"ads": {"at": "2"}}
    assert duckdb_place.fetch("select id, name from facebook_ads.ads order by id") == [("1", "old"), ("2", "ad 2")]
    assert duckdb_place.fetch("select version from facebook_ads._sync_state") == [(4,)]
    assert duckdb_place.fetch("select id from facebook_ads.ads_history where is_current order by id") == [
        ("1",),
        ("2",),
    ]
