"""Destinations whose driver takes no Arrow: dlt loads the stages, the SQL after it is the same. Tried with DuckDB."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.engine.door import Present, Status, StreamStatus, Swept
from facebook_marketing.sinks import sql
from facebook_marketing.sinks.modes import Mode
from facebook_marketing.sinks.staging import DltStaging
from facebook_marketing.sinks.warehouse import Warehouse
from sinks.kit import Kit, Place


def letters(stream: Stream, rows: pa.Table) -> Mapping[str, pa.Table]:
    """A child table: a row for each letter of a name."""
    cells: dict[str, list[Any]] = {"_parent_id": [], "_row_id": [], "letter": []}
    if "name" in rows.column_names:
        for key, name in zip(rows["_row_id"].to_pylist(), rows["name"].to_pylist(), strict=True):
            for index, letter in enumerate(name or ""):
                for column, cell in zip(cells, (key, f"{key}-{index}", letter), strict=True):
                    cells[column].append(cell)
    return {f"{stream.name}_letters": pa.table({name: pa.array(cell, pa.string()) for name, cell in cells.items()})}


@pytest.fixture(params=("native", "dlt"))
def staged(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, database: Place) -> Place:
    if request.param == "dlt":
        if database.kind == "postgres":
            pytest.skip("once is enough")

        def through_dlt(self: sql.SqlLoader, factory: Any, dataset: str, folder: Path) -> DltStaging:
            return DltStaging(self._client.sql_client, factory, f"{dataset}_stage", folder)

        monkeypatch.setattr(sql.SqlLoader, "_staging", through_dlt)
    return database


@pytest.mark.parametrize("mode", tuple(Mode))
async def test_child_rows_go_with_their_parents_whatever_the_mode_and_the_way_in(
    kit: Kit, staged: Place, mode: Mode
) -> None:
    stream = kit.ads

    async def sync(*names: tuple[str, str | None]) -> None:
        sink = Warehouse(staged.url, [stream], modes={"ads": mode}, clock=kit.clock, derived=letters, flush_rows=2)
        await sink.restore()
        for key, name in names:
            await sink.write(kit.rows(kit.ad(id=key, name=name, account_id="1")))
            await sink.checkpoint("ads", {"at": key})
        await sink.event(Present("ads", "1", ("3",)))
        await sink.event(Swept("ads", "1"))
        await sink.event(Status("ads", StreamStatus.COMPLETE))
        await sink.close()
        kit.clock.seconds += 86_400

    await sync(("1", "ab"), ("2", "c"), ("3", "de"))
    await sync(("1", "b"), ("2", None))
    rows = staged.fetch(
        "select id, letter from facebook_ads.ads_letters c join "
        "(select distinct id, _row_id from facebook_ads.ads) p on p._row_id = c._parent_id order by 1, 2"
    )
    if mode in {Mode.APPEND, Mode.INCREMENTAL_APPEND}:
        assert rows == [("1", "a"), ("1", "b"), ("1", "b"), ("2", "c"), ("3", "d"), ("3", "e")]
    elif mode is Mode.OVERWRITE:
        assert rows == [("1", "b")]
    else:
        assert rows == [("1", "b"), ("3", "d"), ("3", "e")]
    if mode is Mode.DEDUPED_HISTORY:
        kept = "select id, name, is_current from facebook_ads.ads_history order by id, valid_from"
        assert staged.fetch(kept) == [
            ("1", "ab", False),
            ("1", "b", True),
            ("2", "c", False),
            ("2", None, True),
            ("3", "de", True),
        ]


async def test_names_longer_than_a_database_takes_are_shortened_the_same_every_time(kit: Kit, database: Place) -> None:
    """PostgreSQL cuts at 63 characters, in silence."""
    long = "ads_insights_delivery_platform_and_device_platform_of_a_customer"
    stream = replace(kit.ads, name=long)
    for mode, name in ((Mode.DEDUPED_HISTORY, "a"), (Mode.OVERWRITE, "bc"), (Mode.OVERWRITE, "d"), (Mode.DEDUPED, "e")):
        sink = Warehouse(database.url, [stream], modes={long: mode}, clock=kit.clock, derived=letters)
        await sink.restore()
        await sink.write(kit.rows(kit.ad(id="1", name=name), stream=long))
        await sink.checkpoint(long, {"at": name})
        await sink.event(Status(long, StreamStatus.COMPLETE))
        await sink.close()
        kit.clock.seconds += 60
        found = "select table_name from information_schema.tables where table_name like 'ads_insights_del%'"
        tables = [table for (table,) in database.fetch(found)]
        assert len(tables) == 3
        [(child,)] = database.fetch("select table_name from information_schema.columns where column_name = 'letter'")
        letter = database.fetch(f"select letter from facebook_ads.{child} order by 1")
        assert letter == [(one,) for one in name]
