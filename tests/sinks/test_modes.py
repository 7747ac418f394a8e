"""What each sync mode makes of a table, row by row, in DuckDB, PostgreSQL and Parquet: two syncs, changes between."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import msgspec
import pytest

from facebook_marketing.catalog.stream import Behaviour, Stream
from facebook_marketing.engine.door import Event, Present, Status, StreamStatus, Swept
from facebook_marketing.sinks.modes import Mode
from sinks.kit import Kit, Place

COMPLETE = Status("ads", StreamStatus.COMPLETE)
INCOMPLETE = Status("ads", StreamStatus.INCOMPLETE, "the token expired")
SWEPT = Swept("ads", "1")


class Stat(msgspec.Struct):
    id: str
    date_start: str
    account_id: str = "1"


Step: TypeAlias = msgspec.Struct | Event | str


async def sync(kit: Kit, place: Place, mode: Mode, *steps: Step, **settings: Any) -> dt.datetime:
    """One sync: rows, events and "checkpoint"s in order. A day passes after it. Gives the time of its rows."""
    began = dt.datetime.fromtimestamp(kit.clock.now(), dt.UTC)
    sink = kit.sink(place.url, mode, **settings)
    await sink.restore()
    for number, step in enumerate(steps):
        if isinstance(step, str):
            await sink.checkpoint("ads", {"at": number})
        elif isinstance(step, msgspec.Struct):
            await sink.write(kit.rows(step))
        else:
            await sink.event(step)
    await sink.close()
    kit.clock.seconds += 86_400
    return began


def names(place: Place, table: str = "ads") -> list[tuple[Any, ...]]:
    return place.fetch(f"select id, name from facebook_ads.{table} order by id, name")


@pytest.fixture
def every(place: Place) -> Place:
    """The same place, with every row of a Parquet folder instead of the newest of each key."""
    return place.every()


async def test_overwrite_has_what_was_read_last(kit: Kit, every: Place) -> None:
    await sync(kit, every, Mode.OVERWRITE, kit.ad(id="1", name="a"), kit.ad(id="2", name="b"), COMPLETE)
    steps: Sequence[Step] = [
        kit.ad(id="2", name="c"),
        "checkpoint",
        kit.ad(id="3", name="d"),
        "checkpoint",
        kit.ad(id="2", name="e"),
    ]
    await sync(kit, every, Mode.OVERWRITE, *steps, COMPLETE, flush_rows=1)
    assert names(every) == (
        [("2", "c"), ("2", "e"), ("3", "d")] if every.kind == "parquet" else [("2", "e"), ("3", "d")]
    )
    assert await kit.restored(every.url) == {"ads": {"at": 3}}


async def test_what_was_overwritten_in_part_stays_as_it_was(kit: Kit, every: Place) -> None:
    await sync(kit, every, Mode.OVERWRITE, kit.ad(id="1", name="a"), "checkpoint", COMPLETE)
    await sync(kit, every, Mode.OVERWRITE, kit.ad(id="2", name="b"), "checkpoint", INCOMPLETE, flush_rows=1)
    assert names(every) == [("1", "a")]
    await sync(kit, every, Mode.OVERWRITE, kit.ad(id="3", name="c"), "checkpoint", flush_rows=1)  # as if stopped
    assert names(every) == [("1", "a")]
    assert await kit.restored(every.url) == {"ads": {"at": 1}}
    await sync(kit, every, Mode.OVERWRITE, COMPLETE)
    assert names(every) == []


async def test_readers_see_the_old_rows_until_the_new_ones_stand(kit: Kit, place: Place) -> None:
    if place.kind != "postgres":
        pytest.skip("DuckDB's file cannot be read meanwhile, and a folder's files move one by one")
    await sync(kit, place, Mode.OVERWRITE, kit.ad(id="1", name="old"), COMPLETE)
    sink = kit.sink(place.url, Mode.OVERWRITE, flush_rows=1)
    await sink.write(kit.rows(kit.ad(id="2", name="new")))
    await sink.checkpoint("ads", {"at": 1})
    await sink._settled()
    assert names(place) == [("1", "old")]
    assert names(place, "ads__new") == [("2", "new")]
    await sink.event(COMPLETE)
    await sink.close()
    assert names(place) == [("2", "new")]
    assert place.fetch("select 1 from information_schema.tables where table_name like '%\\_\\_new'") == []


async def test_append_adds_every_sync_whole(kit: Kit, every: Place) -> None:
    await sync(kit, every, Mode.APPEND, kit.ad(id="1", name="a"), kit.ad(id="2", name="b"), "checkpoint", COMPLETE)
    await sync(kit, every, Mode.APPEND, kit.ad(id="1", name="a"), "checkpoint", flush_rows=1)  # stopped: nothing stays
    await sync(kit, every, Mode.APPEND, kit.ad(id="1", name="a"), "checkpoint", kit.ad(id="2", name="c"), COMPLETE)
    assert names(every) == [("1", "a"), ("1", "a"), ("2", "b"), ("2", "c")]


async def test_incremental_append_adds_what_is_new_or_changed(kit: Kit, every: Place) -> None:
    mode = Mode.INCREMENTAL_APPEND
    await sync(kit, every, mode, kit.ad(id="1", name="a"), kit.ad(id="2", name="b"), "checkpoint")
    await sync(kit, every, mode, kit.ad(id="1", name="a"), kit.ad(id="2", name="c"), kit.ad(id="3", name="d"))
    assert names(every) == [("1", "a"), ("2", "b"), ("2", "c"), ("3", "d")]
    await sync(kit, every, mode, kit.ad(id="2", name="b"))
    assert names(every) == [("1", "a"), ("2", "b"), ("2", "b"), ("2", "c"), ("3", "d")]


async def test_deduped_has_the_newest_row_of_each_key(kit: Kit, place: Place) -> None:
    await sync(kit, place, Mode.DEDUPED, kit.ad(id="1", name="a"), kit.ad(id="2", name="b"), "checkpoint")
    await sync(kit, place, Mode.DEDUPED, kit.ad(id="2", name="c"), kit.ad(id="3", name="d"), "checkpoint")
    assert names(place) == [("1", "a"), ("2", "c"), ("3", "d")]


def versions(place: Place) -> list[tuple[Any, ...]]:
    rows = place.fetch(
        "select id, name, valid_from, valid_to, is_current from facebook_ads.ads_history order by id, valid_from"
    )
    return [tuple(row) for row in rows]


async def test_history_has_every_version_with_the_time_in_which_it_was_true(kit: Kit, database: Place) -> None:
    mode = Mode.DEDUPED_HISTORY
    first = await sync(kit, database, mode, kit.ad(id="1", name="a"), kit.ad(id="2", name="b"), "checkpoint")
    second = await sync(kit, database, mode, kit.ad(id="1", name="a"), kit.ad(id="2", name="c"), "checkpoint")
    third = await sync(kit, database, mode, kit.ad(id="2", name="b"), kit.ad(id="3", name="d"), "checkpoint")
    assert names(database) == [("1", "a"), ("2", "b"), ("3", "d")]
    assert versions(database) == [
        ("1", "a", first, None, True),
        ("2", "b", first, second, False),
        ("2", "c", second, third, False),
        ("2", "b", third, None, True),
        ("3", "d", third, None, True),
    ]


async def test_versions_of_one_instant_leave_the_last_one(kit: Kit, database: Place) -> None:
    first = await sync(kit, database, Mode.DEDUPED_HISTORY, kit.ad(id="1", name="a"))
    steps: Sequence[Step] = [kit.ad(id="1", name="b"), "checkpoint", kit.ad(id="1", name="c"), "checkpoint"]
    second = await sync(kit, database, Mode.DEDUPED_HISTORY, *steps, flush_rows=1)
    assert versions(database) == [("1", "a", first, second, False), ("1", "c", second, None, True)]


async def test_what_changes_by_being_asked_makes_no_version(kit: Kit, database: Place) -> None:
    first = await sync(kit, database, Mode.DEDUPED_HISTORY, kit.ad(id="1", targeting=msgspec.Raw(b'{"a":1,"b":2}')))
    await sync(kit, database, Mode.DEDUPED_HISTORY, kit.ad(id="1", targeting=msgspec.Raw(b'{"b": 2, "a": 1}')))
    assert versions(database) == [("1", None, first, None, True)]


def deleted(place: Place) -> list[tuple[Any, ...]]:
    return place.fetch("select id, is_deleted, deleted_at from facebook_ads.ads order by id")


def ad(kit: Kit, key: str, name: str = "a", **more: Any) -> msgspec.Struct:
    made: msgspec.Struct = kit.ad(id=key, name=name, account_id=more.pop("account_id", "1"), **more)
    return made


async def test_an_object_that_vanished_is_deleted_softly_and_comes_back(kit: Kit, database: Place) -> None:
    mode = Mode.DEDUPED_HISTORY
    others = [ad(kit, "8", account_id="2"), ad(kit, "9", account_id="2")]
    first = await sync(kit, database, mode, ad(kit, "1"), ad(kit, "2"), ad(kit, "3"), *others, SWEPT, "checkpoint")
    assert [row[1] for row in deleted(database)] == [False] * 5
    second = await sync(kit, database, mode, ad(kit, "1", "b"), Present("ads", "1", ("2",)), SWEPT, "checkpoint")
    assert deleted(database) == [
        ("1", False, None),
        ("2", False, None),
        ("3", True, second),
        ("8", False, None),
        ("9", False, None),
    ]
    assert [row for row in versions(database) if row[0] in {"2", "3"}] == [
        ("2", "a", first, None, True),
        ("3", "a", first, second, False),
    ]
    await sync(kit, database, mode, SWEPT, "checkpoint")
    assert [row[1] for row in deleted(database)] == [True, True, True, False, False]
    assert deleted(database)[2] == ("3", True, second), "the time of the first deletion stays"
    fourth = await sync(kit, database, mode, ad(kit, "3"), Present("ads", "1", ("1", "2")), SWEPT)
    assert [row[1] for row in deleted(database)] == [False] * 5
    assert [row for row in versions(database) if row[0] == "3"] == [
        ("3", "a", first, second, False),
        ("3", "a", fourth, None, True),
    ]
    assert [row for row in versions(database) if row[0] == "2"][-1] == ("2", "a", fourth, None, True)


async def test_objects_met_in_an_earlier_segment_of_the_sync_are_not_swept(kit: Kit, database: Place) -> None:
    await sync(kit, database, Mode.DEDUPED_HISTORY, *(ad(kit, key) for key in "123"), "checkpoint")
    steps: Sequence[Step] = [ad(kit, "1"), "checkpoint", Present("ads", "1", ("2",)), "checkpoint", SWEPT, "checkpoint"]
    await sync(kit, database, Mode.DEDUPED_HISTORY, *steps, flush_rows=1)
    assert [row[:2] for row in deleted(database)] == [("1", False), ("2", False), ("3", True)]


async def test_a_status_of_deleted_deletes_softly_too(kit: Kit, database: Place) -> None:
    mode = Mode.DEDUPED_HISTORY
    first = await sync(kit, database, mode, ad(kit, "1", effective_status="DELETED"), ad(kit, "2"))
    await sync(
        kit, database, mode, ad(kit, "1", "b", effective_status="DELETED"), Present("ads", "1", ("1", "2")), SWEPT
    )
    assert deleted(database) == [("1", True, first), ("2", False, None)]
    await sync(kit, database, mode, ad(kit, "1", "b", effective_status="ACTIVE"))
    assert deleted(database) == [("1", False, None), ("2", False, None)]


async def test_a_full_refresh_keeps_the_history_true(kit: Kit, database: Place) -> None:
    first = await sync(kit, database, Mode.DEDUPED_HISTORY, ad(kit, "1"), ad(kit, "2"), ad(kit, "3"), "checkpoint")
    second = await sync(kit, database, Mode.OVERWRITE, ad(kit, "1"), ad(kit, "2", "b"), "checkpoint", COMPLETE)
    assert names(database) == [("1", "a"), ("2", "b")]
    assert versions(database) == [
        ("1", "a", first, None, True),
        ("2", "a", first, second, False),
        ("2", "b", second, None, True),
        ("3", "a", first, second, False),
    ]


async def test_a_history_begins_with_what_its_table_has(kit: Kit, database: Place) -> None:
    first = await sync(kit, database, Mode.DEDUPED, ad(kit, "1"), ad(kit, "2"), "checkpoint")
    second = await sync(kit, database, Mode.DEDUPED_HISTORY, ad(kit, "1"), ad(kit, "2", "b"), "checkpoint")
    assert versions(database) == [
        ("1", "a", first, None, True),
        ("2", "a", first, second, False),
        ("2", "b", second, None, True),
    ]


async def load_report(kit: Kit, place: Place, mode: Mode, report: Stream, *steps: Stat | Swept) -> None:
    sink = kit.sink(place.url, mode, (report,))
    for step in steps:
        if isinstance(step, Stat):
            await sink.write(kit.rows(step, stream=report.name))
        else:
            await sink.event(step)
    await sink.close()
    kit.clock.seconds += 86_400


async def test_rows_of_a_report_that_meta_no_longer_has_go(kit: Kit, database: Place) -> None:
    """Days that were read again: what came is there, what did not come is not; other days and accounts stay."""
    for mode in (Mode.DEDUPED, Mode.DEDUPED_HISTORY):
        table = f"{mode}_report"
        columns = tuple(replace(c, name="date_start") if c.name == "day" else c for c in kit.ads.columns)
        key = ("date_start", "account_id", "id")
        report = replace(kit.ads, name=table, behaviour=Behaviour.REPORT, columns=columns, primary_key=key)

        days = ("2026-10-01", "2026-10-02", "2026-10-03")
        await load_report(
            kit,
            database,
            mode,
            report,
            *(Stat(key, day) for key in "ab" for day in days),
            *(Stat("a", day, "2") for day in days),
        )
        began = kit.clock.now()
        await load_report(
            kit, database, mode, report, Stat("a", days[0]), Stat("a", days[1])
        )  # a sync that was cut short
        gone = Swept(table, "1", (days[1], days[2]), began)
        await load_report(kit, database, mode, report, Stat("a", days[2]), gone, Swept(table, "1"))
        left = database.fetch(f"select id, date_start, account_id from facebook_ads.{table} order by 3, 1, 2")
        assert [(key, str(day), account) for key, day, account in left] == [
            *(("a", day, "1") for day in days),
            ("b", days[0], "1"),
            *(("a", day, "2") for day in days),
        ]
        if mode is Mode.DEDUPED_HISTORY:
            history = f"facebook_ads.{table}_history"
            closed = database.fetch(f"select id, date_start from {history} where not is_current order by 2")
            assert [(key, str(day)) for key, day in closed] == [("b", days[1]), ("b", days[2])]


async def test_objects_listed_in_a_sync_that_was_cut_short_are_not_swept_by_the_next(kit: Kit, database: Place) -> None:
    await sync(kit, database, Mode.DEDUPED_HISTORY, *(ad(kit, key) for key in "1234"), "checkpoint")
    began = kit.clock.now()
    await sync(kit, database, Mode.DEDUPED_HISTORY, ad(kit, "1"), Present("ads", "1", ("2",)), "checkpoint")
    rest = Present("ads", "1", ("3",))
    await sync(kit, database, Mode.DEDUPED_HISTORY, rest, Swept("ads", "1", None, began), "checkpoint")
    assert [row[:2] for row in deleted(database)] == [("1", False), ("2", False), ("3", False), ("4", True)]


async def test_a_second_sync_into_the_same_place_says_so_and_stops(kit: Kit, place: Place) -> None:
    from facebook_marketing.sinks.warehouse import WarehouseError

    first, second = kit.sink(place.url), kit.sink(place.url)
    await first.restore()
    with pytest.raises(WarehouseError, match=r"^Another sync is loading into .*run again"):
        await second.restore()
    await first.write(kit.rows(kit.ad(id="1")))
    await first.checkpoint("ads", {"at": 1})
    await first.close()
    assert await kit.restored(place.url) == {"ads": {"at": 1}}


async def test_other_schemas_of_one_database_load_at_the_same_time(kit: Kit, place: Place) -> None:
    if place.kind == "duckdb":
        pytest.skip("a DuckDB file has one writer")
    from facebook_marketing.sinks.warehouse import Warehouse

    modes = {"ads": Mode.DEDUPED}
    sinks = [Warehouse(place.url, [kit.ads], modes=modes, dataset=name, clock=kit.clock) for name in ("x_one", "x_two")]
    await asyncio.gather(*(sink.restore() for sink in sinks))
    for sink in sinks:
        await sink.close()


@pytest.mark.parametrize("mode", tuple(Mode))
async def test_a_segment_that_breaks_at_its_end_leaves_nothing(
    kit: Kit, database: Place, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facebook_marketing.sinks import apply
    from facebook_marketing.sinks.warehouse import WarehouseError

    before: Sequence[Step] = [ad(kit, "1"), ad(kit, "2"), "checkpoint", SWEPT, COMPLETE]
    await sync(kit, database, mode, *before)
    tables = ("ads", "ads_history") if mode is Mode.DEDUPED_HISTORY else ("ads",)
    stood = [database.fetch(f"select * from facebook_ads.{table} order by id, _synced_at") for table in tables]

    def breaks(*_: object) -> None:
        raise OSError("the cable was pulled")

    with monkeypatch.context() as patch:
        patch.setattr(apply, "_claim", breaks)
        with pytest.raises(WarehouseError, match="the cable was pulled"):
            await sync(kit, database, mode, ad(kit, "1", "b"), ad(kit, "3"), "checkpoint", SWEPT, COMPLETE)
    assert stood == [database.fetch(f"select * from facebook_ads.{table} order by id, _synced_at") for table in tables]
    await sync(kit, database, mode, ad(kit, "1", "b"), ad(kit, "3"), "checkpoint", COMPLETE)
    assert ("1", "b") in names(database)
