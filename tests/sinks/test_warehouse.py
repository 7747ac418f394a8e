"""What is loaded, in three real places: DuckDB, PostgreSQL and a folder of Parquet files."""

import datetime as dt
import json
from decimal import Decimal

import msgspec
import pytest

from sinks.kit import Kit, Place


def as_json(cell: object) -> object:
    """Postgres' driver hands jsonb over decoded, DuckDB as text."""
    return json.loads(cell) if isinstance(cell, str) else cell


async def load(kit: Kit, place: Place, *items: msgspec.Struct, stream: str = "ads") -> None:
    sink = kit.sink(place.url)
    await sink.write(kit.rows(*items, stream=stream))
    await sink.checkpoint(stream, {"at": 1})
    await sink.close()
    kit.clock.seconds += 86_400


async def test_every_kind_arrives_in_a_column_of_its_type_with_every_digit(kit: Kit, place: Place) -> None:
    await load(
        kit,
        place,
        kit.ad(
            id="9007199254740993001",
            name='Ümläut, "quoted"\nline',
            clicks=2**62,
            spend=Decimal("12345678901234567890.123456789012345678"),
            active=False,
            day="2026-10-25",
            updated_time="2026-10-25T01:30:00-0700",
            targeting=msgspec.Raw(b'{"age_min": 18, "exact": 0.10000000000000000001}'),
            actions=[kit.stat(action_type="link_click", value=Decimal("1.50"), click_7d=Decimal(1))],
        ),
    )
    [row] = place.fetch(
        "select id, name, clicks, spend, active, day, updated_time, targeting, actions, curve, results, never"
        " from facebook_ads.ads",
    )
    assert row[:7] == (
        "9007199254740993001",
        'Ümläut, "quoted"\nline',
        2**62,
        Decimal("12345678901234567890.123456789012345678"),
        False,
        dt.date(2026, 10, 25),
        dt.datetime(2026, 10, 25, 8, 30, tzinfo=dt.UTC),
    )
    assert as_json(row[7]) == {"age_min": 18, "exact": 0.1}
    assert as_json(row[8]) == [{"action_type": "link_click", "value": 1.5, "7d_click": 1}]
    assert row[9:] == (None, None, None)


async def test_json_columns_are_the_destinations_own_json_and_keep_the_digits_in_it(kit: Kit, place: Place) -> None:
    await load(kit, place, kit.ad(id="1", targeting=msgspec.Raw(b'{"exact":0.10000000000000000001}')))
    if place.kind == "parquet":
        pytest.skip("Parquet has no JSON of its own: it is text")
    [kind] = place.fetch(
        "select data_type from information_schema.columns"
        " where table_schema = 'facebook_ads' and table_name = 'ads' and column_name = 'targeting'",
    )
    assert kind == ("JSON" if place.kind == "duckdb" else "jsonb",)
    [(text,)] = place.fetch("select cast(targeting as varchar) from facebook_ads.ads")
    assert "0.10000000000000000001" in text


async def test_a_row_read_again_takes_the_place_of_the_older_one(kit: Kit, place: Place) -> None:
    await load(kit, place, kit.ad(id="1", name="old"), kit.ad(id="2", name="stays"))
    await load(kit, place, kit.ad(id="1", name="new"))
    assert place.fetch("select id, name from facebook_ads.ads order by id") == [("1", "new"), ("2", "stays")]


async def test_of_rows_with_one_key_in_one_load_the_last_one_stays(kit: Kit, duckdb_place: Place) -> None:
    await load(kit, duckdb_place, kit.ad(id="1", name="first"), kit.ad(id="2"), kit.ad(id="1", name="last"))
    assert duckdb_place.fetch("select id, name from facebook_ads.ads order by id") == [("1", "last"), ("2", None)]


async def test_rows_without_a_key_are_not_doubled_when_they_are_read_again(kit: Kit, place: Place) -> None:
    one = kit.activity(event_time="2026-10-25T01:30:00Z", event_type="create", extra_data=msgspec.Raw(b'{"a":1}'))
    two = kit.activity(event_time="2026-10-25T01:30:00Z", event_type="create", extra_data=msgspec.Raw(b'{"a":2}'))
    await load(kit, place, one, two, stream="activities")
    await load(kit, place, two, stream="activities")
    assert place.fetch("select count(*) from facebook_ads.activities") == [(2,)]


async def test_fields_beyond_the_declared_ones_are_kept_as_json(kit: Kit, place: Place) -> None:
    await load(kit, place, kit.ad(id="1"))
    await load(kit, place, kit.newer_ad(id="2", surprise=msgspec.Raw(b'{"new":[1.50]}')))
    rows = place.fetch("select id, surprise from facebook_ads.ads order by id")
    assert [(key, as_json(cell)) for key, cell in rows] == [("1", None), ("2", {"new": [1.5]})]


async def test_an_empty_text_stays_an_empty_text(kit: Kit, place: Place) -> None:
    smallest = Decimal("0.000000000000000001")
    await load(kit, place, kit.ad(id="1", name=""), kit.ad(id="2", name=None), kit.ad(id="3", spend=smallest))
    assert place.fetch("select id, name, spend from facebook_ads.ads order by id") == [
        ("1", "", None),
        ("2", None, None),
        ("3", None, smallest),
    ]


async def test_tables_of_streams_without_rows_stand_with_all_their_columns(kit: Kit, place: Place) -> None:
    sink = kit.sink(place.url)
    await sink.close()
    assert place.fetch("select id, never, _row_id, _synced_at, _changes from facebook_ads.ads") == []
    assert place.fetch("select event_time from facebook_ads.activities") == []


async def test_the_load_time_stands_beside_every_row(kit: Kit, place: Place) -> None:
    now = dt.datetime.fromtimestamp(kit.clock.now(), dt.UTC)
    await load(kit, place, kit.ad(id="1"))
    assert place.fetch("select _synced_at from facebook_ads.ads") == [(now,)]
