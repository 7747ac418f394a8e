"""Rows in the shapes of the real API, through every stream."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from facebook_marketing.catalog.reports import custom, presets
from facebook_marketing.catalog.schema import project
from facebook_marketing.catalog.stream import Kind, Stream
from facebook_marketing.catalog.streams import ENTITIES, entity
from facebook_marketing.records import MISSING_BREAKDOWN, Decoded, Nulled, Rows, key_of
from records import reference

ACCOUNT = "1503900000000042"
SAMPLES = Path(__file__).parent / "samples"
ENTITY_ROWS: dict[str, list[Any]] = reference.loads((SAMPLES / "entities.json").read_text())
INSIGHTS: dict[str, Any] = reference.loads((SAMPLES / "insights.json").read_text())
REPORTS = {stream.name: stream for stream in presets()}
ASSETS = {
    "image_asset": {"id": "23851", "hash": "7394ffb578c53e8761b6498d3008725b", "url": "https://example.com/a.png"},
    "video_asset": {"id": "23852", "video_id": "900100200300400", "video_name": "Ugn"},
    "body_asset": {"id": "23853", "text": "Bröd"},
    "title_asset": {"id": "23854", "text": "Nan & co"},
    "description_asset": {"id": "23855", "text": ""},
    "link_url_asset": {"id": "23856", "website_url": "https://example.com/"},
    "call_to_action_asset": {"id": "23857", "name": "LEARN_MORE"},
}
encode = msgspec.json.Encoder(decimal_format="number").encode


def decode(stream: Stream, *rows: Any) -> Decoded:
    return Rows(stream).decode(reference.dumps(list(rows), slashes=True).encode(), ACCOUNT)


def written(decoded: Decoded) -> list[Any]:
    """Rows as they leave, every digit kept."""
    return [json.loads(encode(row), parse_float=Decimal, parse_int=Decimal) for row in decoded.rows]


def unread(decoded: Decoded) -> set[tuple[int, str]]:
    return {(one.row, one.field) for one in decoded.nulled}


@pytest.mark.parametrize("stream", ENTITIES, ids=lambda stream: stream.name)
def test_every_entity_stream_reads_its_real_shapes(stream: Stream) -> None:
    rows = ENTITY_ROWS["ad_creatives" if stream.via else stream.name]
    expected = [reference.row(stream, ACCOUNT, row) for row in rows]
    decoded = decode(stream, *rows)
    assert written(decoded) == [row for row, _ in expected]
    assert unread(decoded) == {(number, name) for number, (_, names) in enumerate(expected) for name in names}


@pytest.mark.parametrize("stream", REPORTS.values(), ids=lambda stream: stream.name)
def test_every_preset_reads_its_real_shapes(stream: Stream) -> None:
    assert stream.report is not None
    split = dict.fromkeys(stream.report.breakdowns, "something")
    rows = [row | split for row in INSIGHTS.values()]
    decoded = decode(stream, *rows)
    assert written(decoded) == [reference.row(stream, ACCOUNT, row)[0] for row in rows]
    assert decoded.nulled == ()


def test_metrics_are_numbers_with_every_digit_and_ids_stay_text() -> None:
    row: Any = decode(REPORTS["ads_insights"], INSIGHTS["delivered"]).rows[0]
    assert (row.impressions, row.clicks) == (12874, 0)
    assert (row.spend, row.ad_id) == (Decimal("519.544921"), "120210000000000300")
    assert str(row.cpc) == "1.50"
    line = encode(row)
    assert b'"cpc":1.50,' in line
    assert b'"spend":519.544921,' in line
    assert b'"ad_id":"120210000000000300"' in line


def test_an_id_that_is_declared_a_number_keeps_its_eighteen_digits() -> None:
    line = encode(decode(entity("campaigns"), *ENTITY_ROWS["campaigns"]).rows[1])
    assert b'"source_campaign_id":120210000000000987,' in line


def test_what_is_absent_is_not_written_and_what_is_null_is_null() -> None:
    sent = {"date_start": "2026-10-01", "spend": None, "actions": None, "objective": None}
    assert written(decode(REPORTS["ads_insights"], sent)) == [sent]


def test_action_values_are_decimals_and_absent_windows_stay_absent() -> None:
    row: Any = decode(REPORTS["ads_insights"], INSIGHTS["delivered"]).rows[0]
    line = encode(row.action_values)
    assert line == b'[{"action_type":"omni_purchase","value":412.50,"1d_click":270,"28d_click":480.125}]'


def test_a_histogram_is_a_list_of_numbers_whether_sent_as_numbers_or_text() -> None:
    row: Any = decode(REPORTS["ads_insights"], INSIGHTS["delivered"]).rows[0]
    values = [entry.value for entry in row.video_play_curve_actions]
    assert values == [[100, 62, 51, 0], [Decimal(100), Decimal("41.5")]]


def test_histograms_have_the_types_that_the_catalogue_shows() -> None:
    sent = {"video_play_curve_actions": [{"action_type": "video_view", "value": ["1"], "7d_click": ["1", None]}]}
    decoded = decode(REPORTS["ads_insights"], sent)
    assert decoded.nulled == ()
    assert encode(decoded.rows[0]) == (
        b'{"video_play_curve_actions":[{"action_type":"video_view","value":[1],"7d_click":[1,null]}]}'
    )


def test_results_may_have_no_values() -> None:
    stream = custom("lead", fields=("results",))
    line = encode(decode(stream, INSIGHTS["results"]).rows[0])
    assert line.endswith(b'"values":[{"value":8,"attribution_windows":["default"]}]},{"indicator":"reach"}]}')


def test_objective_results_come_under_results_and_leave_as_asked() -> None:
    stream = custom("lead", fields=("objective_results",))
    row = INSIGHTS["results"] | {"date_stop": "2026-10-01"}
    (left,) = written(decode(stream, row))
    assert "results" not in left
    assert left["objective_results"][1] == {"indicator": "reach"}


def test_objective_results_that_cannot_be_read_are_said_under_the_name_that_was_asked() -> None:
    stream = custom("lead", fields=("objective_results",))
    decoded = decode(stream, {"results": []}, {"results": [{"values": [{"value": "many"}]}]})
    assert decoded.nulled == (Nulled(1, "objective_results"),)
    assert written(decoded)[1]["objective_results"] == [{"values": [{"value": None}]}]


def test_results_that_were_asked_beside_objective_results_stay_themselves() -> None:
    stream = custom("lead", fields=("objective_results", "results"))
    assert "objective_results" not in written(decode(stream, INSIGHTS["results"]))[0]


@pytest.mark.parametrize("asset", ASSETS)
def test_the_id_of_an_asset_becomes_a_column_and_part_of_the_key(asset: str) -> None:
    stream = custom("assets", fields=("spend",), breakdowns=(asset,))
    keys = {"date_start": "2026-10-01", "account_id": ACCOUNT, "ad_id": "5"}
    decoded = decode(stream, keys | {asset: ASSETS[asset]}, keys | {asset: {"id": reference.Num(77)}}, keys)
    ids = [getattr(row, f"{asset}_id") for row in decoded.rows]
    assert ids == [ASSETS[asset]["id"], "77", MISSING_BREAKDOWN]
    assert len({key_of(stream)(row) for row in decoded.rows}) == 3
    assert written(decoded)[0][asset] == ASSETS[asset]


def test_assets_without_an_id_are_told_apart_by_what_they_say() -> None:
    stream = custom("assets", breakdowns=("body_asset",))
    decoded = decode(stream, {"body_asset": {"text": "A"}}, {"body_asset": {"text": "B"}}, {"body_asset": {}})
    assert [row.body_asset_id for row in decoded.rows] == [  # type: ignore[attr-defined]
        '{"text":"A"}',
        '{"text":"B"}',
        MISSING_BREAKDOWN,
    ]


@pytest.mark.parametrize("sent", ({}, {"hourly_stats_aggregated_by_advertiser_time_zone": None}))
def test_an_hour_that_meta_leaves_out_still_makes_a_key(sent: dict[str, Any]) -> None:
    hour = "hourly_stats_aggregated_by_advertiser_time_zone"
    stream = custom("hourly", fields=("actions",), breakdowns=(hour,))
    decoded = decode(stream, {"date_start": "2026-10-01", "account_id": ACCOUNT, "ad_id": "5", **sent})
    assert key_of(stream)(decoded.rows[0]) == ("2026-10-01", ACCOUNT, "5", MISSING_BREAKDOWN)
    assert decoded.nulled == ()


def test_a_region_called_nan_stays_a_region() -> None:
    stream = REPORTS["ads_insights_region"]
    decoded = decode(stream, {"region": "Nan", "spend": "1"}, {"region": "null", "spend": "2"})
    assert [(row["region"], row["spend"]) for row in written(decoded)] == [("Nan", 1), ("null", 2)]
    assert decoded.nulled == ()


def test_a_business_sent_as_an_object_is_text_in_a_text_column() -> None:
    row: Any = decode(entity("custom_conversions"), *ENTITY_ROWS["custom_conversions"]).rows[0]
    assert row.business == '{"id":"998877660000332","name":"Bakery North AB"}'
    assert row.creation_time == "2023-01-19T20:38:59+00:00"


def test_the_account_is_filled_in_where_meta_does_not_give_it() -> None:
    decoded = decode(entity("videos"), {"id": "1"}, {"id": "2", "account_id": None}, {"id": "3", "account_id": "9"})
    assert [row["account_id"] for row in written(decoded)] == [ACCOUNT, ACCOUNT, "9"]


@pytest.mark.parametrize(
    "stream", [s for s in ENTITIES if set(s.inject) - set(s.primary_key)], ids=lambda stream: stream.name
)
def test_an_account_that_nobody_selected_is_not_filled_in(stream: Stream) -> None:
    (left,) = written(decode(project(stream, ["name"]), {"id": "1"}))
    assert "account_id" not in left


def test_free_form_values_leave_byte_for_byte() -> None:
    spec = rb'{"a":1.50,"b":"x\/y \u00e9 \ud83d\ude00","a":2e5,"n":123456789012345678901234567890,"e":[ ]}'
    page = b'[{"id":"1","targeting":' + spec + b"}]"
    assert spec in encode(Rows(entity("ad_sets")).decode(page, ACCOUNT).rows[0])


def test_every_kind_of_column_is_in_the_samples() -> None:
    streams = {stream.name: stream for stream in ENTITIES} | REPORTS
    seen = set()
    for name, rows in (*ENTITY_ROWS.items(), ("ads_insights", list(INSIGHTS.values()))):
        kinds = {column.name: column.kind for column in streams[name].columns}
        seen |= {kinds.get(key, Kind.RESULTS) for row in rows for key in row}
    assert seen == set(Kind)
