"""What an insights query may ask, and how far back it reaches. Tables, each row a fact of Meta's pages.

Everything here answers before a request is sent, so that a person hears the reason and the mend at once. Where Meta's
pages are silent the answer is "let Meta say": a wrong refusal of ours would be worse than an error of theirs.
"""

from collections.abc import Iterable, Mapping

from facebook_marketing.catalog import fields
from facebook_marketing.catalog.combinations import COMBINATIONS, HOURLY, RETIRED_BREAKDOWNS, Refusal, allowed
from facebook_marketing.catalog.limits import CAVEATS, FIELD_LIMITS, Caveat, FieldLimit, unavailable
from facebook_marketing.catalog.retention import ReachBack, reach_back
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.catalog.sums import ADDITIVE, NOT_ADDITIVE, UNIQUE, adds_up, matches

__all__ = [
    "ADDITIVE",
    "CAVEATS",
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
    "UNIQUE",
    "Caveat",
    "FieldLimit",
    "ReachBack",
    "Refusal",
    "adds_up",
    "allowed",
    "matches",
    "never_asked",
    "reach_back",
    "unavailable",
    "unknown_fields",
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

GEOGRAPHIC = ("country", "region", "comscore_market")


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


def unknown_fields(stream: Stream) -> tuple[str, ...]:
    """The fields of a report that will be asked although Meta's tables do not know them, in column order.

    Perhaps newer than this version, perhaps misspelt: a warning, no error. Breakdowns are not among them.
    """
    if stream.report is None:
        return ()
    known = {*fields.declared("AdsInsights"), *stream.report.breakdowns}
    return tuple(column.name for column in stream.columns if column.requested and column.name not in known)
