"""The reports that everyone gets: one row each, and the fields that are asked when nobody chooses."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from facebook_marketing.catalog.combinations import HOURLY
from facebook_marketing.catalog.schema import level_fields
from facebook_marketing.catalog.stream import Level, Period

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
    """A report that everyone gets. `action_breakdowns` None takes the configured default; no `fields`, the level's."""

    name: str
    breakdowns: tuple[str, ...] = ()
    action_breakdowns: tuple[str, ...] | None = None
    level: Level = "ad"
    time_increment: int | Period = 1
    fields: tuple[str, ...] = ()
    deprecated: str | None = None
    offered_by_default: bool = True


TYPE = ("action_type",)
_DMA = (
    "Meta removed the dma breakdown on 2026-06-22: this stream reads comscore_market, whose names differ. "
    "Move to {}; this name stays for existing connections."
)

# People are counted once in each row, so that none of these adds up: each level and length of days is a question.
_PEOPLE: tuple[str, ...] = (
    "account_currency",
    "impressions",
    "reach",
    "frequency",
    "spend",
    "cpm",
    "cpp",
    "clicks",
    "unique_clicks",
    "unique_ctr",
    "cost_per_unique_click",
    "inline_link_clicks",
    "unique_inline_link_clicks",
    "unique_inline_link_click_ctr",
    "cost_per_unique_inline_link_click",
    "unique_link_clicks_ctr",
)
_PREFIXES: Mapping[Level, str] = {
    "ad": "ads_insights",
    "adset": "adset_insights",
    "campaign": "campaign_insights",
    "account": "account_insights",
}
_LENGTHS: Mapping[str, int | Period] = {"daily": 1, "weekly": "weekly", "monthly": "monthly", "28_days": 28}
_REACH = tuple(
    Preset(
        f"{prefix}_reach_frequency_{length}",
        (),
        (),
        level=level,
        time_increment=increment,
        fields=(*level_fields(level), *_PEOPLE),
    )
    for level, prefix in _PREFIXES.items()
    for length, increment in _LENGTHS.items()
)

_BY_PLACE: tuple[str, ...] = (
    *level_fields("account"),
    "account_currency",
    "impressions",
    "clicks",
    "inline_link_clicks",
    "spend",
    "reach",
    "frequency",
    "actions",
    "action_values",
    "conversions",
    "conversion_values",
    "cost_per_action_type",
)

_OFFERED: tuple[Preset, ...] = (
    Preset("ads_insights"),
    Preset("ads_insights_age_and_gender", ("age", "gender")),
    Preset("ads_insights_country", ("country",)),
    Preset("ads_insights_region", ("region",)),
    Preset("ads_insights_comscore_market", ("comscore_market",)),
    Preset("ads_insights_platform_and_device", ("publisher_platform", "platform_position", "impression_device"), TYPE),
    Preset("ads_insights_action_type", (), TYPE),
    Preset("adset_insights", (), TYPE, level="adset"),
    Preset("campaign_insights", (), TYPE, level="campaign"),
    Preset("account_insights_country", ("country",), TYPE, level="account", fields=_BY_PLACE),
    Preset("account_insights_region", ("region",), TYPE, level="account", fields=_BY_PLACE),
)

# Parts of the reports above, old names, and reports of their own price: read by those who name them.
_ON_REQUEST: tuple[Preset, ...] = (
    Preset("ads_insights_dma", ("comscore_market",), deprecated=_DMA.format("ads_insights_comscore_market")),
    Preset("ads_insights_action_carousel_card", (), ("action_carousel_card_id", "action_carousel_card_name")),
    Preset("ads_insights_action_conversion_device", ("device_platform",), TYPE),
    Preset("ads_insights_action_product_id", ("product_id",), ()),
    Preset("ads_insights_action_reaction", (), ("action_reaction",)),
    Preset("ads_insights_action_video_sound", (), ("action_video_sound",)),
    Preset("ads_insights_action_video_type", (), ("action_video_type",)),
    Preset("ads_insights_delivery_device", ("device_platform",), TYPE),
    Preset("ads_insights_delivery_platform", ("publisher_platform",), TYPE),
    Preset("ads_insights_delivery_platform_and_device_platform", ("publisher_platform", "device_platform"), TYPE),
    Preset("ads_insights_demographics_age", ("age",), TYPE),
    Preset("ads_insights_demographics_country", ("country",), TYPE),
    Preset("ads_insights_demographics_comscore_market_region", ("comscore_market",), TYPE),
    Preset(
        "ads_insights_demographics_dma_region",
        ("comscore_market",),
        TYPE,
        deprecated=_DMA.format("ads_insights_demographics_comscore_market_region"),
    ),
    Preset("ads_insights_demographics_gender", ("gender",), TYPE),
    Preset("ads_insights_hourly_by_advertiser_time_zone", HOURLY[:1], TYPE),
    *_REACH,
)

PRESETS: tuple[Preset, ...] = (*_OFFERED, *(replace(preset, offered_by_default=False) for preset in _ON_REQUEST))
