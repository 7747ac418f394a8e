"""Nested lists become rows: each item with its parent's key, and nothing of it is lost."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.catalog.children import children
from facebook_marketing.catalog.stream import Behaviour, Column, Kind, Report, Stream
from facebook_marketing.catalog.streams import entity
from facebook_marketing.sinks.arrow import ROW_ID, SYNCED_AT, TIMESTAMP
from facebook_marketing.sinks.children import derived

TEXT = pa.string()
NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
STATS = pa.struct(
    [
        ("action_type", pa.string()),
        ("value", pa.decimal128(38, 18)),
        ("7d_click", pa.decimal128(38, 18)),
        ("1d_view", pa.decimal128(38, 18)),
    ]
)
REPORT = Report(attribution_windows=("1d_view", "7d_click"))
INSIGHTS = Stream(
    "ads_insights",
    Behaviour.REPORT,
    "AdsInsights",
    "insights",
    (
        Column("date_start", Kind.DATE, {}),
        Column("ad_id", Kind.STRING, {}),
        Column("actions", Kind.STATS, {}),
        Column("curve", Kind.HISTOGRAM, {}),
        Column("results", Kind.RESULTS, {}),
    ),
    ("date_start", "ad_id"),
    report=REPORT,
)
ENCODER = msgspec.json.Encoder(decimal_format="number")


def parents(stream: Stream, column: str, cells: list[Any], kind: pa.DataType = TEXT) -> pa.Table:
    """Rows with this column, and every other column of the stream absent but for its key."""
    size = len(cells)
    keys = {name: pa.array([f"k{row}" for row in range(size)]) for name in stream.primary_key if name != "date_start"}
    day = {"date_start": pa.array([dt.date(2026, 11, 1)] * size, pa.date32())} if stream.report else {}
    ours = {
        ROW_ID: pa.array([f"row{row}" for row in range(size)], pa.string()),
        SYNCED_AT: pa.array([NOW] * size, TIMESTAMP),
    }
    return pa.table({**day, **keys, column: pa.array(cells, kind), **ours})


def child(stream: Stream, column: str, cells: list[Any], kind: pa.DataType = TEXT) -> pa.Table:
    name, table = f"{stream.name}_{column}", parents(stream, column, cells, kind)
    return (derived(stream, table.slice(0, 0)) | derived(stream, table))[name]


def json_names(table: pa.Table) -> set[str]:
    return {field.name for field in table.schema if (field.metadata or {}).get(b"kind") == b"json"}


def said(table: pa.Table, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


def test_an_action_is_a_row_with_its_parents_key_and_a_column_for_each_window() -> None:
    table = child(
        INSIGHTS,
        "actions",
        [None, '[{"action_type":"like","value":1.50},{"action_type":"purchase","value":2,"7d_click":1e-7}]', "[]"],
    )
    assert table.column_names == [
        *("_parent_id", "date_start", "ad_id", "index", "action_type", "value", "_1d_view", "_7d_click"),
        *("_more", "_row_id", "_synced_at"),
    ]
    assert said(table, "_parent_id", "ad_id", "index", "action_type", "value", "_7d_click", "_more") == [
        ("row1", "k1", 0, "like", Decimal("1.50"), None, None),
        ("row1", "k1", 1, "purchase", Decimal(2), Decimal("1e-7"), None),
    ]
    assert table["_row_id"].to_pylist() == ["row1:0", "row1:1"]
    assert table.schema.field("value").type == pa.decimal128(38, 18)


def test_a_table_without_rows_names_all_its_children_with_their_declared_columns() -> None:
    rows = parents(INSIGHTS, "actions", [None])
    assert derived(INSIGHTS, rows) == {}
    table = derived(INSIGHTS, rows.slice(0, 0))["ads_insights_actions"]
    assert table.num_rows == 0
    assert {"_parent_id", "action_type", "value", "_1d_view", "_7d_click"} <= set(table.column_names)


@pytest.mark.parametrize(
    ("item", "more"),
    (
        ('"odd"', '"odd"'),
        ("null", "null"),
        ("[1]", "[1]"),
        ('{"action_type":"like","value":"many"}', '{"value":"many"}'),
        ('{"action_type":"like","value":true}', '{"value":true}'),
        ('{"action_type":"like","unheard_of":{"a":[1.10]}}', '{"unheard_of":{"a":[1.10]}}'),
        (
            '{"action_type":"like","value":0.00000000000000000000000001}',
            '{"value":0.00000000000000000000000001}',
        ),
    ),
)
def test_what_no_column_takes_is_kept_beside_the_others(item: str, more: str) -> None:
    table = child(INSIGHTS, "actions", [f'[{{"action_type":"x","value":7}},{item}]'])
    assert table["_more"].to_pylist() == [None, more]
    assert table["value"].to_pylist()[0] == 7


def test_a_list_that_is_none_is_a_list_of_one() -> None:
    table = child(INSIGHTS, "actions", ['{"action_type":"x","value":"7"}', "3", "no json"])
    assert said(table, "_parent_id", "value", "_more") == [
        ("row0", Decimal(7), None),
        ("row1", None, "3"),
        ("row2", None, '"no json"'),
    ]


def test_windows_and_breakdowns_that_nobody_asked_for_become_columns() -> None:
    table = child(
        INSIGHTS, "actions", ['[{"action_type":"x","28d_click":3,"action_device":"ipad","7d_view_first":"0.5"}]']
    )
    assert said(table, "_28d_click", "action_device", "_7d_view_first") == [(Decimal(3), "ipad", Decimal("0.5"))]


def test_ids_sent_as_numbers_are_text() -> None:
    table = child(INSIGHTS, "actions", ['[{"action_type":17,"value":"3"}]'])
    assert said(table, "action_type", "value") == [("17", Decimal(3))]


def test_numbers_of_a_curve_stay_a_list() -> None:
    table = child(INSIGHTS, "curve", ['[{"action_type":"video_view","value":[100,62.5],"28d_click":[1]}]'])
    assert said(table, "action_type", "value", "_28d_click") == [("video_view", "[100,62.5]", "[1]")]
    assert json_names(table) == {"value", "_1d_view", "_7d_click", "_28d_click", "_more"}


def test_each_value_of_a_result_is_a_row() -> None:
    text = (
        '[{"indicator":"actions:lead","values":[{"value":8,"attribution_windows":["default"]},{"value":"5"}]},'
        '{"indicator":"reach"},{"indicator":"x","new":1,"values":[{"value":"many"}]}]'
    )
    table = child(INSIGHTS, "results", [text])
    assert said(table, "index", "indicator", "value", "attribution_windows", "_more") == [
        (0, "actions:lead", Decimal(8), '["default"]', None),
        (1, "actions:lead", Decimal(5), None, None),
        (2, "reach", None, None, None),
        (3, "x", None, None, '[{"new":1},{"value":"many"}]'),
    ]


def test_specs_have_typed_columns_and_their_parents_id_under_its_own_name() -> None:
    table = child(entity("ad_sets"), "attribution_spec", ['[{"event_type":"CLICK_THROUGH","window_days":7}]'])
    assert said(table, "adset_id", "index", "event_type", "window_days") == [("k0", 0, "CLICK_THROUGH", 7)]
    specs = child(entity("ads"), "tracking_specs", ['[{"action.type":["offsite_conversion"],"fb_pixel":["1"]}]'])
    assert said(specs, "ad_id", "action_type", "fb_pixel") == [("k0", '["offsite_conversion"]', '["1"]')]
    assert "fb_pixel" in json_names(specs)


def test_lists_inside_of_a_creative_have_tables_of_their_own() -> None:
    feed = '{"bodies":[{"text":"Hello"},{"text":"Hi"}],"ad_formats":["SINGLE_IMAGE"],"link_urls":[{"website_url":"u"}]}'
    tables = derived(entity("ad_creatives"), parents(entity("ad_creatives"), "asset_feed_spec", [feed, None, "[]"]))
    assert said(tables["ad_creatives_asset_feed_spec_bodies"], "creative_id", "index", "text") == [
        ("k0", 0, "Hello"),
        ("k0", 1, "Hi"),
    ]
    assert tables["ad_creatives_asset_feed_spec_ad_formats"]["value"].to_pylist() == ["SINGLE_IMAGE"]
    assert tables["ad_creatives_asset_feed_spec_link_urls"]["website_url"].to_pylist() == ["u"]


def test_every_list_below_a_targeting_is_in_one_table_with_its_path() -> None:
    targeting = (
        '{"age_min":18,"geo_locations":{"countries":["DE"],"cities":[{"key":"1","name":"Bonn","radius":5}]},'
        '"genders":[1],"flexible_spec":[{"interests":[{"id":"6","name":"Golf"}]},{"behaviors":[{"id":7}]}]}'
    )
    table = child(entity("ad_sets"), "targeting", [targeting])
    assert said(table, "path", "index", "value", "id", "name", "key", "_more") == [
        ("geo_locations.countries", 0, "DE", None, None, None, None),
        ("geo_locations.cities", 0, None, None, "Bonn", "1", '{"radius":5}'),
        ("genders", 0, "1", None, None, None, None),
        ("flexible_spec", 0, None, None, None, None, None),
        ("flexible_spec.0.interests", 0, None, "6", "Golf", None, None),
        ("flexible_spec", 1, None, None, None, None, None),
        ("flexible_spec.1.behaviors", 0, None, "7", None, None, None),
    ]


def test_rows_of_a_tree_have_ids_of_their_own() -> None:
    table = child(entity("ad_sets"), "targeting", ['{"a":["x","y"],"b":{"c":["z"]}}', '{"a":["x"]}'])
    assert len(set(table["_row_id"].to_pylist())) == table.num_rows == 4


def test_every_declared_list_of_every_stream_becomes_a_table() -> None:
    for stream in (entity(name) for name in ("campaigns", "ad_sets", "ads", "ad_creatives", "images", "videos")):
        covered = {child.column for child in children(stream)}
        lists = {
            column.name
            for column in stream.columns
            if "array" in column.schema.get("type", ()) and "object" not in column.schema["type"]
        }
        assert lists <= covered


def test_no_child_has_two_columns_of_one_name() -> None:
    for stream in (entity(name) for name in ("ad_account", "campaigns", "ad_sets", "ads", "ad_creatives", "videos")):
        for one in children(stream):
            names = [*(ours for _, ours in one.key), *(cell.name for cell in one.cells)]
            assert len(names) == len(set(names)), one


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=5)
numbers = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9)
tidy = st.fixed_dictionaries(
    {"action_type": texts, "value": numbers}, optional={"7d_click": numbers, "1d_view": numbers}
)
odd = st.one_of(
    st.none(),
    texts,
    st.lists(st.integers(), max_size=2),
    st.dictionaries(
        st.sampled_from(("action_type", "value", "28d_click", "action_device", "new")),
        st.one_of(st.none(), texts, numbers, st.booleans(), st.just([1]), st.just({"a": 1})),
        max_size=4,
    ),
)


@given(st.lists(st.one_of(st.none(), st.lists(tidy, max_size=4)), max_size=6))
def test_native_lists_and_json_texts_give_the_same_rows(lists: list[Any]) -> None:
    native = child(INSIGHTS, "actions", lists, pa.list_(STATS))
    text = child(INSIGHTS, "actions", [None if one is None else ENCODER.encode(one).decode() for one in lists])
    assert native.to_pylist() == text.to_pylist()


@given(st.lists(st.one_of(st.none(), st.lists(st.one_of(tidy, odd), max_size=4)), max_size=200))
def test_rows_put_back_together_are_the_lists_that_were_taken_apart(lists: list[Any]) -> None:
    sent = [None if one is None else ENCODER.encode(one).decode() for one in lists]
    rows = child(INSIGHTS, "actions", sent).to_pylist()
    back: dict[str, list[Any]] = {}
    for row in sorted(rows, key=lambda row: (int(row["_parent_id"][3:]), row["index"])):
        back.setdefault(row["_parent_id"], []).append(rebuilt(row))
    expected = {f"row{number}": [canonical(item) for item in one] for number, one in enumerate(lists) if one}
    assert {key: [canonical(item) for item in items] for key, items in back.items()} == expected


TEXTS = ("action_type", "action_device")
NUMBERS = {"value": "value", "7d_click": "_7d_click", "1d_view": "_1d_view", "28d_click": "_28d_click"}


def rebuilt(row: dict[str, Any]) -> Any:
    more = {} if row["_more"] is None else json.loads(row["_more"], parse_float=Decimal)
    if not isinstance(more, dict):
        return more
    named = {name: row.get(name) for name in TEXTS} | {key: row.get(name) for key, name in NUMBERS.items()}
    return {key: value for key, value in named.items() if value is not None} | more


def canonical(item: Any) -> Any:
    """An item as its columns have it: numbers by their value, texts as texts, nothing for null."""
    if not isinstance(item, dict):
        return item
    return {key: value_of(key, value) for key, value in item.items() if value is not None}


def value_of(key: str, value: Any) -> Any:
    plain = isinstance(value, str | int | Decimal) and not isinstance(value, bool)
    if key in NUMBERS and plain:
        try:
            number = Decimal(str(value).strip())
        except ArithmeticError:
            return value
        return number if number.is_finite() else value
    if key in TEXTS and not isinstance(value, list | dict):
        return value if isinstance(value, str) else ENCODER.encode(value).decode()
    return Decimal(str(value)) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value
