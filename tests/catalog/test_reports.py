"""Presets and the user's own reports."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from facebook_marketing.catalog import rules
from facebook_marketing.catalog.reports import PRESETS, custom, presets
from facebook_marketing.catalog.schema import json_schema, request_fields
from facebook_marketing.catalog.stream import Column, Kind, Level, Report, Stream, UseCase

EXISTING: dict[str, Any] = json.loads((Path(__file__).parent / "airbyte_columns.json").read_text())
KINDS = {
    "string": Kind.STRING,
    "number": Kind.NUMBER,
    "integer": Kind.INTEGER,
    "boolean": Kind.BOOLEAN,
    "string:date": Kind.DATE,
    "object": Kind.JSON,
    "ref:ads_action_stats": Kind.STATS,
    "ref:ads_histogram_stats": Kind.HISTOGRAM,
    "ref:ads_insights_result": Kind.RESULTS,
    "ref:ads_insights_dda_result": Kind.JSON,
}
THREE = ("action_type", "action_target_id", "action_destination")
BY_NAME = {stream.name: stream for stream in presets()}

OF_2022 = """
    ads_insights ads_insights_age_and_gender ads_insights_country ads_insights_region ads_insights_dma
    ads_insights_platform_and_device ads_insights_action_type
"""
OF_2026 = """
    ads_insights ads_insights_age_and_gender ads_insights_country ads_insights_region ads_insights_comscore_market
    ads_insights_platform_and_device ads_insights_action_type ads_insights_action_carousel_card
    ads_insights_action_conversion_device ads_insights_action_product_id ads_insights_action_reaction
    ads_insights_action_video_sound ads_insights_action_video_type ads_insights_delivery_device
    ads_insights_delivery_platform ads_insights_delivery_platform_and_device_platform ads_insights_demographics_age
    ads_insights_demographics_country ads_insights_demographics_comscore_market_region
    ads_insights_demographics_gender
"""

CARRIED_OVER = {*OF_2022.split(), *OF_2026.split(), "ads_insights_demographics_dma_region"}


def report(stream: Stream) -> Report:
    assert stream.report is not None
    return stream.report


def kinds(stream: Stream) -> dict[str, Kind]:
    return {column.name: column.kind for column in stream.columns}


def column(stream: Stream, name: str) -> Column:
    return next(column for column in stream.columns if column.name == name)


def test_every_name_that_ever_existed_is_there_and_none_twice() -> None:
    assert set(BY_NAME) >= CARRIED_OVER
    assert len(BY_NAME) == len(PRESETS)


@pytest.mark.parametrize("name", sorted(CARRIED_OVER))
def test_a_preset_has_every_column_of_the_existing_table_with_its_type(name: str) -> None:
    stream = BY_NAME[name]
    existing = {**EXISTING["insights"], **{name: EXISTING["breakdowns"][name] for name in report(stream).breakdowns}}
    have = kinds(stream)
    assert {name: have[name] for name in existing} == {name: KINDS[kind] for name, kind in existing.items()}


@pytest.mark.parametrize("stream", BY_NAME.values(), ids=list(BY_NAME))
def test_a_preset_asks_only_what_goes_together(stream: Stream) -> None:
    asked = report(stream)
    assert rules.allowed(asked.breakdowns, asked.action_breakdowns, has_actions=True, level=asked.level) is None
    assert rules.unavailable(asked, request_fields(stream)) == ()
    assert (stream.cursor, stream.use_case, stream.page_size) == ("date_start", UseCase.ADS_INSIGHTS, 500)
    assert {"date_start", "date_stop", "account_id", *stream.primary_key} <= set(kinds(stream))


@pytest.mark.parametrize(
    ("name", "breakdowns", "action_breakdowns"),
    (
        ("ads_insights", (), THREE),
        ("ads_insights_age_and_gender", ("age", "gender"), THREE),
        ("ads_insights_country", ("country",), THREE),
        ("ads_insights_region", ("region",), THREE),
        ("ads_insights_comscore_market", ("comscore_market",), THREE),
        ("ads_insights_dma", ("comscore_market",), THREE),
        ("ads_insights_platform_and_device", ("publisher_platform", "platform_position", "impression_device"), None),
        ("ads_insights_action_type", (), None),
        ("ads_insights_demographics_country", ("country",), None),
        ("campaign_insights", (), None),
        ("account_insights_country", ("country",), None),
        ("ads_insights_action_product_id", ("product_id",), ()),
        ("ads_insights_action_reaction", (), ("action_reaction",)),
        ("ads_insights_action_carousel_card", (), ("action_carousel_card_id", "action_carousel_card_name")),
    ),
)
def test_the_configured_action_breakdowns_reach_only_the_presets_without_their_own(
    name: str, breakdowns: tuple[str, ...], action_breakdowns: tuple[str, ...] | None
) -> None:
    asked = report(next(stream for stream in presets(THREE) if stream.name == name))
    assert asked.breakdowns == breakdowns
    assert asked.action_breakdowns == (("action_type",) if action_breakdowns is None else action_breakdowns)


def test_presets_carry_the_settings() -> None:
    day = date(2026, 1, 1)
    for stream in presets(
        THREE, ("1d_click", "7d_view", "1d_ev"), 7, 30, start_date=day, use_account_attribution_setting=True
    ):
        asked = report(stream)
        assert (asked.lookback_days, asked.timeout_minutes, asked.start_date) == (7, 30, day)
        assert asked.use_account_attribution_setting is True
        assert asked.attribution_windows == ("1d_click", "1d_ev")


@pytest.mark.parametrize("name", ("ads_insights_dma", "ads_insights_demographics_dma_region"))
def test_an_old_dma_stream_reads_markets_and_says_so(name: str) -> None:
    stream = BY_NAME[name]
    assert report(stream).breakdowns == ("comscore_market",)
    assert stream.primary_key == ("date_start", "account_id", "ad_id", "comscore_market")
    assert stream.deprecated is not None
    assert stream.deprecated.split("Move to ")[1].split(";")[0] in BY_NAME


def test_only_the_dma_streams_are_deprecated() -> None:
    assert [name for name, stream in BY_NAME.items() if stream.deprecated] == [
        "ads_insights_dma",
        "ads_insights_demographics_dma_region",
    ]


def test_incrementality_is_not_asked_by_geography_but_elsewhere() -> None:
    asked = {
        stream.name: report(stream).attribution_windows for stream in presets(windows=("1d_click", "incrementality"))
    }
    assert asked["ads_insights"] == ("1d_click", "incrementality")
    for name in ("ads_insights_country", "ads_insights_region", "ads_insights_dma", "account_insights_region"):
        assert asked[name] == ("1d_click",)


def test_metrics_that_meta_does_not_give_by_region_stay_as_columns_but_are_not_asked() -> None:
    region = BY_NAME["ads_insights_region"]
    assert "video_p25_watched_actions" in kinds(region)
    assert "video_p25_watched_actions" not in request_fields(region)
    assert "video_p25_watched_actions" in request_fields(BY_NAME["ads_insights_country"])


@pytest.mark.parametrize(("level", "count"), (("ad", 12), ("adset", 7), ("campaign", 6)))
def test_archived_and_deleted_objects_are_asked_for_at_every_level(level: Level, count: int) -> None:
    (filtered,) = report(custom("mine", level=level)).filtering
    assert (filtered["field"], filtered["operator"]) == (f"{level}.effective_status", "IN")
    assert len(filtered["value"]) == count
    assert {"ARCHIVED", "DELETED"} <= set(filtered["value"])


def test_a_status_filter_of_the_user_stands_alone_and_another_filter_is_joined() -> None:
    status = {"field": "campaign.effective_status", "operator": "IN", "value": ["ACTIVE"]}
    spend = {"field": "spend", "operator": "GREATER_THAN", "value": 0}
    assert report(custom("mine", filtering=[status])).filtering == (status,)
    assert report(custom("mine", filtering=[spend])).filtering[1:] == (spend,)
    assert report(custom("mine", level="account")).filtering == ()


@pytest.mark.parametrize(
    ("level", "key", "first"),
    (
        ("account", ("date_start", "account_id"), ("account_id", "account_name")),
        (
            "campaign",
            ("date_start", "account_id", "campaign_id"),
            ("account_id", "account_name", "campaign_id", "campaign_name"),
        ),
        (
            "adset",
            ("date_start", "account_id", "adset_id"),
            ("account_id", "account_name", "campaign_id", "campaign_name", "adset_id", "adset_name"),
        ),
        (
            "ad",
            ("date_start", "account_id", "ad_id"),
            (
                "account_id",
                "account_name",
                "campaign_id",
                "campaign_name",
                "adset_id",
                "adset_name",
                "ad_id",
                "ad_name",
            ),
        ),
    ),
)
def test_the_key_and_the_default_names_follow_the_level(
    level: Level, key: tuple[str, ...], first: tuple[str, ...]
) -> None:
    stream = custom("mine", level=level)
    assert stream.primary_key == key
    named = [name for name in kinds(stream) if name.endswith(("_id", "_name"))]
    assert sorted(named) == sorted(first)
    assert "impressions" in kinds(stream)


def test_chosen_fields_are_all_there_is_beside_the_keys() -> None:
    stream = custom("mine", level="campaign", fields=["spend", "campaign_name", "spend"], breakdowns=["country"])
    assert list(kinds(stream)) == [
        "date_start",
        "date_stop",
        "account_id",
        "campaign_id",
        "spend",
        "campaign_name",
        "country",
    ]


def test_every_field_and_breakdown_that_existing_reports_choose_has_its_type() -> None:
    chosen = {**EXISTING["insights"], **EXISTING["insights_custom"]}
    existing = {**chosen, **EXISTING["breakdowns"]}
    added = {name for name in EXISTING["breakdowns"] if name.endswith("_asset_id") and name[:-3] in existing}
    have = kinds(
        custom("mine", fields=chosen, breakdowns=[name for name in EXISTING["breakdowns"] if name not in added])
    )
    assert {name: have[name] for name in existing} == {name: KINDS[kind] for name, kind in existing.items()}


def test_a_field_that_nobody_knows_is_asked_and_kept_whatever_it_holds() -> None:
    stream = custom("mine", fields=["brand_new_metric"])
    assert column(stream, "brand_new_metric").kind is Kind.JSON
    assert "brand_new_metric" in request_fields(stream)


def test_what_the_user_chose_is_asked_even_where_meta_may_withhold_it() -> None:
    assert "unique_clicks" in request_fields(custom("mine", fields=["unique_clicks"], breakdowns=[rules.HOURLY[0]]))


def test_a_breakdown_among_the_fields_adds_no_column_of_its_own() -> None:
    assert "age" not in kinds(custom("mine", fields=["spend", "age"]))
    assert kinds(custom("mine", fields=["spend", "age"], breakdowns=["age"]))["age"] is Kind.STRING


def test_an_asset_breakdown_is_an_object_with_its_id_as_a_column_in_the_key() -> None:
    stream = custom("mine", breakdowns=["image_asset"])
    assert kinds(stream)["image_asset"] is Kind.JSON
    assert kinds(stream)["image_asset_id"] is Kind.STRING
    assert stream.primary_key[-1] == "image_asset_id"
    assert {"image_asset", "image_asset_id"} & set(request_fields(stream)) == set()


def test_action_stats_show_the_asked_windows_and_action_breakdowns() -> None:
    stream = custom(
        "mine", fields=["actions"], action_breakdowns=["action_device"], windows=["default", "1d_click", "28d_view"]
    )
    entry = json_schema(stream)["properties"]["actions"]["items"]["properties"]
    assert entry == {
        "action_type": {"type": ["null", "string"]},
        "action_device": {"type": ["null", "string"]},
        "value": {"type": ["null", "number"]},
        "1d_click": {"type": ["null", "number"]},
    }


def test_a_histogram_holds_a_list_of_numbers() -> None:
    curve = json_schema(custom("mine", fields=["video_play_curve_actions"]))["properties"]["video_play_curve_actions"]
    assert curve["items"]["properties"]["value"] == {"type": ["null", "array"], "items": {"type": ["null", "number"]}}


def test_results_are_indicators_with_values() -> None:
    results = json_schema(custom("mine", fields=["results"]))["properties"]["results"]
    entry = results["items"]["properties"]
    assert entry["indicator"] == {"type": ["null", "string"]}
    assert entry["values"]["items"]["properties"].keys() == {"value", "attribution_windows"}
