"""A state never claims a row that is not loaded, whatever stops the sync and wherever."""

import asyncio
import json
import os
import signal
import sys
import textwrap
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from facebook_marketing.engine.door import Event, Progress, Status, StreamStatus
from facebook_marketing.sinks.loading import Loader, Segment
from facebook_marketing.sinks.modes import Mode
from facebook_marketing.sinks.warehouse import WarehouseError
from sinks.kit import Kit, Place, ask_folder

Loads = list[tuple[dict[str, int], dict[str, Mapping[str, Any]]]]

STATE: Mapping[str, Any] = {
    "version": 1,
    "1": {"updated_time": "2026-10-25T01:30:00-0700", "seen": ["1"], "read_at": 1795000000.125},
}


async def test_the_state_restored_is_the_state_checkpointed_last(kit: Kit, place: Place) -> None:
    assert await kit.restored(place.url) == {}
    for turn in range(5):
        sink = kit.sink(place.url)
        await sink.restore()
        await sink.write(kit.rows(kit.ad(id=str(turn))))
        await sink.checkpoint("ads", {"turn": turn})
        await sink.checkpoint("ads", {**STATE, "turn": turn})
        await sink.close()
        assert await kit.restored(place.url) == {"ads": {**STATE, "turn": turn}}
    assert place.fetch("select count(*) from facebook_ads.ads") == [(5,)]


async def test_states_go_on_from_the_committed_one_when_nobody_restores_first(kit: Kit, duckdb_place: Place) -> None:
    for turn in range(4):
        sink = kit.sink(duckdb_place.url)
        await sink.checkpoint("ads", {"turn": turn})
        await sink.close()
    assert await kit.restored(duckdb_place.url) == {"ads": {"turn": 3}}


async def test_the_state_table_does_not_grow_with_every_load(kit: Kit, duckdb_place: Place) -> None:
    sink = kit.sink(duckdb_place.url, flush_rows=1)
    for turn in range(6):
        await sink.write(kit.rows(kit.ad(id=str(turn))))
        await sink.checkpoint("ads", {"turn": turn})
    await sink.close()
    rows = duckdb_place.fetch("select version, state from facebook_ads._sync_state order by version")
    assert [(version, json.loads(state)["turn"]) for version, state in rows] == [(6, 5)]


async def test_a_full_refresh_starts_from_no_state(kit: Kit, duckdb_place: Place) -> None:
    sink = kit.sink(duckdb_place.url)
    await sink.checkpoint("ads", STATE)
    await sink.close()
    assert await kit.restored(duckdb_place.url, Mode.OVERWRITE) == {}


async def test_rows_are_not_loaded_at_every_checkpoint(kit: Kit, duckdb_place: Place, loads: Loads) -> None:
    sink = kit.sink(duckdb_place.url, flush_rows=3, flush_seconds=60)
    for number in range(5):
        await sink.write(kit.rows(kit.ad(id=str(number))))
        await sink.checkpoint("ads", {"number": number})
    await sink._settled()
    assert loads == [({"ads": 3}, {"ads": {"number": 2}})]
    kit.clock.seconds += 61
    await sink.checkpoint("ads", {"number": "late"})
    await sink._settled()
    assert loads[1:] == [({"ads": 2}, {"ads": {"number": "late"}})]
    await sink.close()


async def test_all_streams_go_out_together_up_to_their_last_checkpoint(
    kit: Kit, duckdb_place: Place, loads: Loads
) -> None:
    sink = kit.sink(duckdb_place.url, flush_rows=4)
    activity = kit.activity(event_time="2026-10-25T01:30:00Z", event_type="create")
    await sink.write(kit.rows(activity, stream="activities"))
    await sink.checkpoint("activities", {"at": 1})
    later = kit.activity(event_time="2026-10-26T01:30:00Z", event_type="create")
    await sink.write(kit.rows(later, stream="activities"))
    await sink.write(kit.rows(kit.ad(id="1"), kit.ad(id="2")))
    await sink.checkpoint("ads", {"at": 2})
    await sink._settled()
    assert loads == [({"ads": 2, "activities": 1}, {"ads": {"at": 2}, "activities": {"at": 1}})]
    await sink.close()
    assert loads[1:] == [({"activities": 1}, {})]
    assert await kit.restored(duckdb_place.url) == {"ads": {"at": 2}, "activities": {"at": 1}}


async def test_rows_after_the_last_checkpoint_are_loaded_on_close_without_a_state(kit: Kit, place: Place) -> None:
    sink = kit.sink(place.url)
    await sink.write(kit.rows(kit.ad(id="1")))
    await sink.checkpoint("ads", {"at": 1})
    await sink.write(kit.rows(kit.ad(id="2")))
    await sink.event(Status("ads", StreamStatus.INCOMPLETE, "the token expired"))
    await sink.close()
    assert place.fetch("select count(*) from facebook_ads.ads") == [(2,)]
    assert await kit.restored(place.url) == {"ads": {"at": 1}}


async def test_rows_without_any_checkpoint_do_not_pile_up(kit: Kit, duckdb_place: Place, loads: Loads) -> None:
    sink = kit.sink(duckdb_place.url, flush_rows=2)
    for number in range(9):
        await sink.write(kit.rows(kit.ad(id=str(number))))
    await sink._settled()
    assert loads == [({"ads": 4}, {}), ({"ads": 4}, {})]
    await sink.close()


async def test_a_load_that_fails_is_never_claimed_by_a_later_checkpoint(
    kit: Kit, duckdb_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = kit.sink(duckdb_place.url, flush_rows=1)
    await sink.write(kit.rows(kit.ad(id="1")))
    await sink.checkpoint("ads", {"at": 1})
    await sink._settled()

    def fails(*_: object) -> None:
        raise WarehouseError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Loader, "apply", fails)
        await sink.write(kit.rows(kit.ad(id="2")))
        await sink.checkpoint("ads", {"at": 2})
        await sink._settled()
    for refused in (sink.write(kit.rows(kit.ad(id="3"))), sink.checkpoint("ads", {"at": 3}), sink.close()):
        with pytest.raises(WarehouseError, match="the disk is full"):
            await refused
    assert duckdb_place.fetch("select id from facebook_ads.ads") == [("1",)]
    assert await kit.restored(duckdb_place.url) == {"ads": {"at": 1}}


async def test_a_folders_load_that_was_not_ended_leaves_nothing(kit: Kit, tmp_path: Path) -> None:
    """As after a crash in the midst of a load: rows and state stand already, the mark that counts them does not."""
    place = Place("parquet", f"parquet:///{tmp_path}/lake", ask_folder(tmp_path / "lake"))
    for turn in (1, 2):
        sink = kit.sink(place.url, Mode.INCREMENTAL_APPEND)
        await sink.write(kit.rows(kit.ad(id=str(turn))))
        await sink.checkpoint("ads", {"turn": turn})
        await sink.close()
    max((tmp_path / "lake" / "facebook_ads" / "_dlt_loads").iterdir()).unlink()
    sink = kit.sink(place.url, Mode.INCREMENTAL_APPEND)
    assert await sink.restore() == {"ads": {"turn": 1}}
    await sink.close()
    assert place.fetch("select id from facebook_ads.ads") == [("1",)]


async def test_a_sync_killed_between_write_and_checkpoint_is_taken_up_where_it_stood(
    kit: Kit, duckdb_place: Place, tmp_path: Path
) -> None:
    """A real process is killed: what it had checkpointed and loaded stands, its leftovers harm nobody."""
    script = tmp_path / "killed.py"
    script.write_text(
        textwrap.dedent("""
            import asyncio, os, signal, sys
            import msgspec
            from facebook_marketing.catalog.stream import Behaviour, Column, Kind, Stream
            from facebook_marketing.engine.door import Rows
            from facebook_marketing.sinks.warehouse import Mode, Warehouse

            class Ad(msgspec.Struct):
                id: str

            stream = Stream("ads", Behaviour.EDGE, "Ad", "ads", (Column("id", Kind.STRING, {}),), ("id",))

            async def sync():
                sink = Warehouse(sys.argv[1], [stream], modes={"ads": Mode.DEDUPED}, flush_rows=1)
                await sink.write(Rows("ads", "1", [Ad("1")]))
                await sink.checkpoint("ads", {"at": 1})
                await sink._settled()
                await sink.write(Rows("ads", "1", [Ad("2")]))
                os.kill(os.getpid(), signal.SIGKILL)

            asyncio.run(sync())
        """),
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(tmp_path)}
    killed = await asyncio.create_subprocess_exec(sys.executable, script, duckdb_place.url, env=environment)
    await killed.wait()
    assert killed.returncode == -signal.SIGKILL
    leftovers = tmp_path / ".ads.duckdb.loading"
    assert leftovers.is_dir()
    assert not (tmp_path / ".dlt").exists(), "the user's own dlt folder is left alone"
    sink = kit.sink(duckdb_place.url)
    assert await sink.restore() == {"ads": {"at": 1}}
    await sink.write(kit.rows(kit.ad(id="2")))
    await sink.checkpoint("ads", {"at": 2})
    await sink.close()
    assert duckdb_place.fetch("select id from facebook_ads.ads order by id") == [("1",), ("2",)]
    assert not leftovers.exists()


async def test_a_load_goes_on_to_its_end_when_the_sync_is_cancelled(
    kit: Kit, duckdb_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = kit.sink(duckdb_place.url, flush_rows=1)
    begun, go_on = threading.Event(), threading.Event()
    apply = Loader.apply

    def slow(self: Loader, segment: Segment) -> list[str]:
        begun.set()
        go_on.wait(10)
        return apply(self, segment)

    monkeypatch.setattr(Loader, "apply", slow)
    await sink.write(kit.rows(kit.ad(id="1")))
    await sink.checkpoint("ads", {"at": 1})
    await asyncio.to_thread(begun.wait)
    await sink.write(kit.rows(kit.ad(id="2")))
    waiting = asyncio.create_task(sink.checkpoint("ads", {"at": 2}))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    await sink.close()
    assert duckdb_place.fetch("select id from facebook_ads.ads order by id") == [("1",), ("2",)]
    assert await kit.restored(duckdb_place.url) == {"ads": {"at": 2}}


async def test_a_stream_whose_table_was_dropped_is_read_again_from_the_start(kit: Kit, duckdb_place: Place) -> None:
    for stream, item in (
        ("ads", kit.ad(id="1")),
        ("activities", kit.activity(event_time="2026-10-25T01:30:00Z", event_type="x")),
    ):
        sink = kit.sink(duckdb_place.url)
        await sink.write(kit.rows(item, stream=stream))
        await sink.checkpoint(stream, {"at": stream})
        await sink.close()
    import duckdb

    with duckdb.connect(duckdb_place.url.removeprefix("duckdb:///")) as connection:
        connection.execute("drop table facebook_ads.ads")
    for _ in range(2):  # the second time the table stands again, and is as empty
        sink = kit.sink(duckdb_place.url)
        assert await sink.restore() == {"activities": {"at": "activities"}}
        await sink.close()
    assert duckdb_place.fetch("select count(*) from facebook_ads.ads") == [(0,)]


async def test_events_reach_whoever_shows_progress(kit: Kit, duckdb_place: Place) -> None:
    seen: list[Event] = []
    sink = kit.sink(duckdb_place.url, progress=seen.append)
    await sink.event(Progress("ads", "1", 500))
    assert seen == [Progress("ads", "1", 500)]


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    """Each load as (rows by stream, states by stream)."""
    seen: Loads = []
    apply = Loader.apply

    def seeing(self: Loader, segment: Segment) -> list[str]:
        rows = {part.stream.name: part.rows.num_rows for part in segment.parts if part.rows is not None}
        if rows or segment.claims:
            seen.append((rows, {claim.stream: json.loads(claim.state) for claim in segment.claims}))
        return apply(self, segment)

    monkeypatch.setattr(Loader, "apply", seeing)
    return seen
