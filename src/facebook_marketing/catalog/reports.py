"""Insight reports: the presets, one row each, and the user's own, as Stream values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from facebook_marketing.catalog.columns import breakdown, metric
from facebook_marketing.catalog.fields import breakdowns_only
from facebook_marketing.catalog.rules import EFFECTIVE_STATUSES, never_asked, unavailable, usable_windows
from facebook_marketing.catalog.schema import level_fields, level_ids, primary_key
from facebook_marketing.catalog.stream import Behaviour, Column, Level, Period, Report, Stream, UseCase

DEFAULT_WINDOWS = ("1d_click", "7d_click", "28d_click", "1d_view")
DEFAULT_LOOKBACK_DAYS = 28  # numbers stop changing 28 days after the day
DEFAULT_TIMEOUT_MINUTES = 60
RESULT_PAGE_SIZE = 500

# What is asked when nobody chooses: everything here is common, and can be built together into one report run.
_METRICS = """
    account_currency attribution_setting buying_type created_time objective optimization_goal updated_time
    impressions clicks spend reach frequency cpc cpm cpp ctr social_spend
    inline_link_clicks inline_link_click_ctr inline_post_engagement
    unique_clicks unique_ctr unique_inline_link_clicks unique_inline_link_click_ctr unique_link_clicks_ctr
    cost_per_inline_link_click cost_per_inline_post_engagement cost_per_unique_click
    cost_per_unique_inline_link_click cost_per_estimated_ad_recallers estimated_ad_recallers
    full_view_impressions full_view_reach
    auction_bid auction_competitiveness auction_max_competitor_bid
    canvas_avg_view_percent canvas_avg_view_time instant_experience_clicks_to_open
    instant_experience_clicks_to_start instant_experience_outbound_clicks
    conversion_rate_ranking engagement_rate_ranking quality_ranking qualifying_question_qualify_answer_rate
    actions action_values unique_actions ad_click_actions ad_impression_actions
    conversions conversion_values converted_product_quantity converted_product_value
    cost_per_action_type cost_per_ad_click cost_per_conversion cost_per_unique_action_type
    cost_per_15_sec_video_view cost_per_2_sec_continuous_video_view cost_per_thruplay
    cost_per_outbound_click cost_per_unique_outbound_click
    outbound_clicks outbound_clicks_ctr unique_outbound_clicks unique_outbound_clicks_ctr website_ctr
    purchase_roas mobile_app_purchase_roas website_purchase_roas
    catalog_segment_actions catalog_segment_value catalog_segment_value_mobile_purchase_roas
    catalog_segment_value_omni_purchase_roas catalog_segment_value_website_purchase_roas
    video_play_actions video_15_sec_watched_actions video_30_sec_watched_actions
    video_continuous_2_sec_watched_actions video_avg_time_watched_actions video_time_watched_actions
    video_p25_watched_actions video_p50_watched_actions video_p75_watched_actions video_p95_watched_actions
    video_p100_watched_actions video_play_curve_actions video_play_retention_0_to_15s_actions
    video_play_retention_20_to_60s_actions video_play_retention_graph_actions
"""
DEFAULT_METRICS: tuple[str, ...] = tuple(_METRICS.split())


@dataclass(frozen=True, slots=True)
class Preset:
    """A report that everyone gets. `action_breakdowns` None takes the configured default."""

    name: str
    breakdowns: tuple[str, ...] = ()
    action_breakdowns: tuple[str, ...] | None = None
    level: Level = "ad"
    time_increment: int | Period = 1
    fields: tuple[str, ...] = ()
    deprecated: str | None = None


_TYPE = ("action_type",)
_DMA = (
    "Meta removed the dma breakdown on 2026-06-22: this stream reads comscore_market, whose names differ. "
    "Move to {}; this name stays for existing connections."
)

PRESETS: tuple[Preset, ...] = (
    Preset("ads_insights"),
    Preset("ads_insights_age_and_gender", ("age", "gender")),
    Preset("ads_insights_country", ("country",)),
    Preset("ads_insights_region", ("region",)),
    Preset("ads_insights_comscore_market", ("comscore_market",)),
    Preset("ads_insights_dma", ("comscore_market",), deprecated=_DMA.format("ads_insights_comscore_market")),
    Preset("ads_insights_platform_and_device", ("publisher_platform", "platform_position", "impression_device"), _TYPE),
    Preset("ads_insights_action_type", (), _TYPE),
    Preset("ads_insights_action_carousel_card", (), ("action_carousel_card_id", "action_carousel_card_name")),
    Preset("ads_insights_action_conversion_device", ("device_platform",), _TYPE),
    Preset("ads_insights_action_product_id", ("product_id",), ()),
    Preset("ads_insights_action_reaction", (), ("action_reaction",)),
    Preset("ads_insights_action_video_sound", (), ("action_video_sound",)),
    Preset("ads_insights_action_video_type", (), ("action_video_type",)),
    Preset("ads_insights_delivery_device", ("device_platform",), _TYPE),
    Preset("ads_insights_delivery_platform", ("publisher_platform",), _TYPE),
    Preset("ads_insights_delivery_platform_and_device_platform", ("publisher_platform", "device_platform"), _TYPE),
    Preset("ads_insights_demographics_age", ("age",), _TYPE),
    Preset("ads_insights_demographics_country", ("country",), _TYPE),
    Preset("ads_insights_demographics_comscore_market_region", ("comscore_market",), _TYPE),
    Preset(
        "ads_insights_demographics_dma_region",
        ("comscore_market",),
        _TYPE,
        deprecated=_DMA.format("ads_insights_demographics_comscore_market_region"),
    ),
    Preset("ads_insights_demographics_gender", ("gender",), _TYPE),
)


def presets(  # noqa: PLR0913 - the narrow values of the configuration, each named
    action_breakdowns: tuple[str, ...] = _TYPE,
    windows: tuple[str, ...] = DEFAULT_WINDOWS,
    lookback_days: int = DEFAULT_LOOKBACK_DAYS,
    timeout_minutes: int = DEFAULT_TIMEOUT_MINUTES,
    *,
    start_date: date | None = None,
    end_date: date | None = None,
    use_account_attribution_setting: bool | None = None,
    use_unified_attribution_setting: bool | None = None,
    action_report_time: str | None = None,
) -> tuple[Stream, ...]:
    """Every preset under the user's settings. `action_breakdowns` is the configured default."""
    return tuple(
        _stream(
            preset.name,
            Report(
                level=preset.level,
                breakdowns=preset.breakdowns,
                action_breakdowns=action_breakdowns if preset.action_breakdowns is None else preset.action_breakdowns,
                time_increment=preset.time_increment,
                attribution_windows=windows,
                use_account_attribution_setting=use_account_attribution_setting,
                use_unified_attribution_setting=use_unified_attribution_setting,
                action_report_time=action_report_time,
                start_date=start_date,
                end_date=end_date,
                lookback_days=lookback_days,
                timeout_minutes=timeout_minutes,
            ),
            preset.fields,
            deprecated=preset.deprecated,
        )
        for preset in PRESETS
    )


def custom(  # noqa: PLR0913 - one keyword for each thing that a report may differ in
    name: str,
    *,
    level: Level = "ad",
    fields: Iterable[str] = (),
    breakdowns: Iterable[str] = (),
    action_breakdowns: Iterable[str] = _TYPE,
    time_increment: int | Period = 1,
    windows: Iterable[str] = DEFAULT_WINDOWS,
    filtering: Iterable[Mapping[str, Any]] = (),
    start_date: date | None = None,
    end_date: date | None = None,
    lookback_days: int = DEFAULT_LOOKBACK_DAYS,
    timeout_minutes: int = DEFAULT_TIMEOUT_MINUTES,
    product_id_limit: int | None = None,
    use_account_attribution_setting: bool | None = None,
    use_unified_attribution_setting: bool | None = None,
    action_report_time: str | None = None,
) -> Stream:
    """A report of the user's own, as the stream `name` (taken as it is).

    No fields means the defaults of the level. Names unknown to Meta's tables are asked as they are and kept as JSON.
    """
    report = Report(
        level=level,
        breakdowns=tuple(dict.fromkeys(breakdowns)),
        action_breakdowns=tuple(dict.fromkeys(action_breakdowns)),
        time_increment=time_increment,
        attribution_windows=tuple(windows),
        filtering=tuple(filtering),
        use_account_attribution_setting=use_account_attribution_setting,
        use_unified_attribution_setting=use_unified_attribution_setting,
        action_report_time=action_report_time,
        product_id_limit=product_id_limit,
        start_date=start_date,
        end_date=end_date,
        lookback_days=lookback_days,
        timeout_minutes=timeout_minutes,
    )
    return _stream(name, report, tuple(fields))


def _stream(name: str, asked: Report, fields: tuple[str, ...], *, deprecated: str | None = None) -> Stream:
    report = replace(
        asked,
        attribution_windows=usable_windows(asked.attribution_windows, asked.breakdowns),
        filtering=_every_status(asked.level, asked.filtering),
    )
    return Stream(
        name=name,
        behaviour=Behaviour.REPORT,
        node="AdsInsights",
        edge="insights",
        columns=_columns(report, fields),
        primary_key=primary_key(report),
        cursor="date_start",
        use_case=UseCase.ADS_INSIGHTS,
        page_size=RESULT_PAGE_SIZE,
        report=report,
        deprecated=deprecated,
    )


def _every_status(level: Level, filtering: tuple[Mapping[str, Any], ...]) -> tuple[Mapping[str, Any], ...]:
    """Archived and deleted objects count too, unless the user filters by status: else rows miss parts of the total."""
    if level == "account" or any(str(row.get("field", "")).endswith("effective_status") for row in filtering):
        return filtering
    every = {"field": f"{level}.effective_status", "operator": "IN", "value": list(EFFECTIVE_STATUSES[level])}
    return (every, *filtering)


def _columns(report: Report, fields: tuple[str, ...]) -> tuple[Column, ...]:
    """Keys first, then the chosen or default fields, then the breakdowns; nothing twice."""
    chosen = fields or (*level_fields(report.level), *DEFAULT_METRICS)
    keys = ("date_start", "date_stop", *level_ids(report.level))
    split = tuple(column for name in report.breakdowns for column in breakdown(name))
    taken = {column.name for column in split} | breakdowns_only()
    names = tuple(name for name in dict.fromkeys((*keys, *chosen)) if name not in taken)
    barred = () if fields else dict(unavailable(report, names))  # what the user chose is asked: Meta may know better
    return (
        *(_metric(report, name, requested=name not in barred and never_asked(name) is None) for name in names),
        *split,
    )


def _metric(report: Report, name: str, *, requested: bool) -> Column:
    return metric(name, report.action_breakdowns, report.attribution_windows, requested=requested)
