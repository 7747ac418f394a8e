"""What an insights query may ask, and how far back it reaches. Tables, each row a fact of Meta's pages.

Everything here answers before a request is sent, so that a person hears the reason and the mend at once. Where Meta's
pages are silent the answer is "let Meta say": a wrong refusal of ours would be worse than an error of theirs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from facebook_marketing.catalog.combinations import (
    ASSET_BREAKDOWNS,
    COMBINATIONS,
    HOURLY,
    RETIRED_BREAKDOWNS,
    Refusal,
    allowed,
)
from facebook_marketing.catalog.stream import Report
from facebook_marketing.catalog.sums import ADDITIVE, NOT_ADDITIVE, UNIQUE, adds_up, matches

__all__ = [
    "ADDITIVE",
    "COMBINATIONS",
    "DENY",
    "EFFECTIVE_STATUSES",
    "FIELD_LIMITS",
    "HOURLY",
    "NOT_ADDITIVE",
    "POISON",
    "RETIRED_BREAKDOWNS",
    "RETIRED_FIELDS",
    "RETIRED_WINDOWS",
    "FieldLimit",
    "ReachBack",
    "Refusal",
    "adds_up",
    "allowed",
    "matches",
    "never_asked",
    "reach_back",
    "unavailable",
    "usable_windows",
]

_CAMPAIGN = ("ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES")
_AD = ("PENDING_REVIEW", "DISAPPROVED", "PREAPPROVED", "PENDING_BILLING_INFO", "ADSET_PAUSED")

# Without a filter that names them, Meta leaves archived and deleted objects out (Meta's page on storing ad objects).
EFFECTIVE_STATUSES: Mapping[str, tuple[str, ...]] = {
    "campaign": _CAMPAIGN,
    "adset": (*_CAMPAIGN, "CAMPAIGN_PAUSED"),
    "ad": (*_CAMPAIGN, "CAMPAIGN_PAUSED", *_AD),
}

_V19 = "Meta removed it with v19.0 (January 2024)"
RETIRED_FIELDS: Mapping[str, str] = {
    "age_targeting": _V19,
    "estimated_ad_recall_rate_lower_bound": _V19,
    "estimated_ad_recall_rate_upper_bound": _V19,
    "estimated_ad_recallers_lower_bound": _V19,
    "estimated_ad_recallers_upper_bound": _V19,
    "gender_targeting": _V19,
    "labels": _V19,
    "location": _V19,
}

_WINDOWS_GONE = "Meta gives no data for it since 2026-01-12"
RETIRED_WINDOWS: Mapping[str, str] = {"7d_view": _WINDOWS_GONE, "28d_view": _WINDOWS_GONE}

DENY: Mapping[str, str] = {"wish_bid": "asking for it multiplies the rows of a report, so that other numbers change"}

_FAILS = "reports with it fail as a whole since September 2026 (code 2, subcode 1504044)"
POISON: Mapping[str, str] = {
    "link_clicks_per_results": _FAILS,
    "objective_result_rate": _FAILS,
    "opportunity_score_l4": _FAILS,
    "result_values_performance_indicator": _FAILS,
    "total_card_view": _FAILS,
}

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

GEOGRAPHIC = ("country", "region", "comscore_market")


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


def never_asked(field: str) -> str | None:
    """Why a field is never asked of Meta (retired, denied, poison), None where it may be."""
    return RETIRED_FIELDS.get(field) or DENY.get(field) or POISON.get(field)


def usable_windows(windows: Iterable[str], breakdowns: Iterable[str]) -> tuple[str, ...]:
    """The attribution windows that a report with these breakdowns may ask, in order, each once.

    Retired windows go, and `incrementality` with a geographic breakdown, which makes a report run fail.
    """
    geographic = any(name in GEOGRAPHIC for name in breakdowns)
    return tuple(
        window
        for window in dict.fromkeys(windows)
        if window not in RETIRED_WINDOWS and not (geographic and window.startswith("incrementality"))
    )


@dataclass(frozen=True, slots=True)
class ReachBack:
    """Rows go back `months`; `fields` only `field_months`, beyond which Meta leaves them out without an error."""

    months: int
    field_months: int
    fields: tuple[str, ...] = ()
    why: str = ""


TOTAL_MONTHS = 37  # beyond it Meta answers code 3018
UNIQUE_MONTHS = 13
FREQUENCY_MONTHS = 6


def reach_back(report: Report, fields: Iterable[str]) -> ReachBack:
    """How many months back Meta keeps the report's rows and its fields (Meta's out-of-cycle changes of 2025)."""
    if "frequency_value" in report.breakdowns:
        return ReachBack(FREQUENCY_MONTHS, FREQUENCY_MONTHS, why="frequency_value goes back 6 months")
    if any(name in HOURLY for name in report.breakdowns):
        return ReachBack(UNIQUE_MONTHS, UNIQUE_MONTHS, why="hourly rows go back 13 months")
    unique = tuple(field for field in fields if matches(field, UNIQUE))
    if not report.breakdowns or not unique:
        return ReachBack(TOTAL_MONTHS, TOTAL_MONTHS, why="totals go back 37 months")
    return ReachBack(
        TOTAL_MONTHS, UNIQUE_MONTHS, unique, "unique counts under a breakdown go back 13 months, the rest 37"
    )
