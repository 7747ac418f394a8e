"""Which fields Meta withholds under a breakdown or at a level, and which numbers it gives only in part: tables."""

from collections.abc import Iterable
from dataclasses import dataclass

from facebook_marketing.catalog.combinations import ASSET_BREAKDOWNS, HOURLY
from facebook_marketing.catalog.stream import Report
from facebook_marketing.catalog.sums import UNIQUE, matches

# Fields that say who and when: they go with everything.
IDENTITY = frozenset(
    {
        "account_currency",
        "account_id",
        "account_name",
        "ad_id",
        "ad_name",
        "adset_id",
        "adset_name",
        "buying_type",
        "campaign_id",
        "campaign_name",
        "created_time",
        "date_start",
        "date_stop",
        "objective",
        "updated_time",
    }
)


@dataclass(frozen=True, slots=True)
class FieldLimit:
    """Under any of `breakdowns` ("*" = any at all) Meta withholds `without`, or gives nothing but `only`."""

    breakdowns: tuple[str, ...]
    why: str
    without: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    def applies(self, breakdowns: Iterable[str]) -> bool:
        """Whether a query with these breakdowns is under this limit."""
        return any(name in self.breakdowns or "*" in self.breakdowns for name in breakdowns)

    def bars(self, field: str) -> bool:
        """Whether the field cannot be had under this limit."""
        if self.only:
            return field not in IDENTITY and field not in self.only
        return matches(field, self.without)


_OLD = ("app_store_clicks", "newsfeed_avg_position", "newsfeed_clicks", "newsfeed_impressions", "relevance_score")
_POSTBACKS = ("coarse_conversion_value", "fidelity_type", "hsid", "postback_sequence_index", "redownload")

FIELD_LIMITS: tuple[FieldLimit, ...] = (
    FieldLimit(("*",), "not given with any breakdown", without=_OLD),
    FieldLimit(HOURLY, "unique counts read 0 by hour", without=UNIQUE),
    FieldLimit(HOURLY, "video metrics are not given by hour", without=("video_*",)),
    FieldLimit(
        ("region",),
        "not given by region",
        without=(
            "video_p25_watched_actions",
            "video_p50_watched_actions",
            "video_p75_watched_actions",
            "video_p95_watched_actions",
            "video_p100_watched_actions",
            "video_avg_time_watched_actions",
        ),
    ),
    FieldLimit(("frequency_value",), "frequency_value gives reach only", only=("reach",)),
    FieldLimit(
        ASSET_BREAKDOWNS,
        "asset breakdowns give six metrics only",
        only=("impressions", "clicks", "spend", "reach", "actions", "action_values"),
    ),
    FieldLimit(
        ("app_id", "skan_conversion_id"), "this breakdown gives total_postbacks only", only=("total_postbacks",)
    ),
    FieldLimit(
        ("is_conversion_id_modeled", "skan_campaign_id"),
        "this breakdown gives total_postbacks_detailed only",
        only=("total_postbacks_detailed",),
    ),
    FieldLimit(
        _POSTBACKS, "this breakdown gives total_postbacks_detailed_v4 only", only=("total_postbacks_detailed_v4",)
    ),
)

UNDERCOUNTED = "creative_media_type"
_UNDERCOUNTED = "report runs above ad level undercount with it, without a word"


def unavailable(report: Report, fields: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The fields that do not go with the report's breakdowns or level, each with the reason."""
    limits = tuple(limit for limit in FIELD_LIMITS if limit.applies(report.breakdowns))
    found: dict[str, str] = {}
    for field in fields:
        why = next((limit.why for limit in limits if limit.bars(field)), None)
        if why is None and field == UNDERCOUNTED and report.level != "ad":
            why = _UNDERCOUNTED
        if why is not None:
            found[field] = why
    return tuple(found.items())


@dataclass(frozen=True, slots=True)
class Caveat:
    """What a person should know of the numbers under any of these breakdowns or action breakdowns."""

    breakdowns: tuple[str, ...]
    what: str


@dataclass(frozen=True, slots=True)
class OptIn:
    """A breakdown that stays empty until the advertiser opts in, and what it can be asked with."""

    name: str
    breakdowns: tuple[str, ...]
    field: str


# Meta's out-of-cycle change of 2026-08-06: for some accounts; the reply is empty, without an error.
OPT_IN: tuple[OptIn, ...] = (
    OptIn("impression_device", ("publisher_platform", "impression_device"), "impressions"),
    OptIn(
        "hourly_stats_aggregated_by_audience_time_zone",
        ("hourly_stats_aggregated_by_audience_time_zone",),
        "impressions",
    ),
    OptIn("frequency_value", ("frequency_value",), "reach"),
)

# Meta's pages on insights breakdowns and on out-of-cycle changes (2026-08-06: the opt-in).
CAVEATS: tuple[Caveat, ...] = (
    Caveat(
        ("region", "comscore_market", *HOURLY),
        "conversions off Meta's own surfaces are missing: `purchase` reads 0 or is absent",
    ),
    Caveat(
        (
            "action_device",
            "action_destination",
            "action_target_id",
            "action_carousel_card_id",
            "action_carousel_card_name",
            "action_canvas_component_name",
            "product_id",
        ),
        "conversions off Meta's own surfaces come without a value of the breakdown, or not at all",
    ),
    Caveat(
        tuple(row.name for row in OPT_IN),
        "empty for an account that has not opted in (since August 2026)",
    ),
)
