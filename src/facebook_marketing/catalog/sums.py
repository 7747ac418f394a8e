"""Which metrics may be summed over rows (Meta's pages on insights, estimated and unique metrics)."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

# Unique counts, and what is computed from them.
UNIQUE = ("reach", "frequency", "cpp", "full_view_reach", "unique_*", "cost_per_unique_*")

# Counts and sums: the rows of a report add up to its total.
ADDITIVE: frozenset[str] = frozenset(
    {
        "action_values",
        "actions",
        "ad_click_actions",
        "ad_impression_actions",
        "catalog_segment_actions",
        "catalog_segment_value",
        "clicks",
        "conversion_values",
        "conversions",
        "converted_product_quantity",
        "converted_product_value",
        "full_view_impressions",
        "impressions",
        "inline_link_clicks",
        "inline_post_engagement",
        "instagram_profile_visits",
        "instant_experience_clicks_to_open",
        "instant_experience_clicks_to_start",
        "instant_experience_outbound_clicks",
        "outbound_clicks",
        "social_spend",
        "spend",
        "video_15_sec_watched_actions",
        "video_30_sec_watched_actions",
        "video_continuous_2_sec_watched_actions",
        "video_p100_watched_actions",
        "video_p25_watched_actions",
        "video_p50_watched_actions",
        "video_p75_watched_actions",
        "video_p95_watched_actions",
        "video_play_actions",
        "video_thruplay_watched_actions",
        "video_time_watched_actions",
    }
)

# Ratios, unique counts, ranks, curves: add the counts and divide, or ask Meta for the wanted level and range.
NOT_ADDITIVE: tuple[str, ...] = (
    *UNIQUE,
    "advanced_reach_*",
    "auction_*",
    "average_*",
    "canvas_avg_*",
    "conversion_rate_ranking",
    "cost_per_*",
    "cpc",
    "cpm",
    "ctr",
    "engagement_rate_ranking",
    "estimated_ad_recall*",
    "objective_result*",
    "quality_ranking",
    "result*",
    "video_avg_*",
    "video_play_curve_actions",
    "video_play_retention_*",
    "video_view_per_impression",
    "*_ctr",
    "*_per_*",
    "*_reach",
    "*_rate",
    "*_rate_benchmark",
    "*_roas",
)


def matches(field: str, patterns: Iterable[str]) -> bool:
    """Whether the field is one of these names or name patterns ("unique_*")."""
    return any(fnmatchcase(field, pattern) for pattern in patterns)


def adds_up(field: str) -> bool | None:
    """Whether a metric may be summed over rows; None where Meta's pages do not say.

    Even an additive list of actions is summed within one action type only: the types overlap.
    """
    if field in ADDITIVE:
        return True
    return False if matches(field, NOT_ADDITIVE) else None
