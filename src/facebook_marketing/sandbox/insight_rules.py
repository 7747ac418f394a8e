"""What Meta refuses, and what it silently leaves out, of an insights question."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from .combinations import allowed, columns
from .errors import GraphError
from .insight_filters import check_filters
from .metrics import DESCRIPTIONS, REACH_FIELDS
from .names import action_breakdown_names, action_fields, breakdown_names, insight_fields
from .query import Query
from .world import World
from .zones import months_before

__all__ = ["HOURLY", "answered_fields", "check", "describes_only", "lists_actions", "too_old"]

HOURLY: Final = frozenset({
    "hourly_stats_aggregated_by_advertiser_time_zone", "hourly_stats_aggregated_by_audience_time_zone"
})  # fmt: skip
_LEVELS: Final = ("account", "ad", "adset", "campaign")
_HISTORY_MONTHS: Final = 37
_UNIQUE_MONTHS: Final = 13
_FREQUENCY_MONTHS: Final = 6
_FIELDS_PAGE: Final = "https://developers.facebook.com/docs/marketing-api/reference/ads-insights/"
_BREAKDOWNS_PAGE: Final = "https://developers.facebook.com/docs/marketing-api/insights/breakdowns/"
_NO_DMA: Final = (
    "dma breakdown is no longer supported; to retrieve market-level data, please instead use comscore_market breakdown."
)
_ASSET_FIELDS: Final = frozenset({"impressions", "clicks", "spend", "reach", "actions", "action_values"})
_REGION_ABSENT: Final = frozenset({
    "video_p25_watched_actions", "video_p50_watched_actions", "video_p75_watched_actions",
    "video_p95_watched_actions", "video_p100_watched_actions", "video_avg_time_watched_actions",
})  # fmt: skip
_NOT_AT_ACCOUNT: Final = frozenset({"image_asset", "video_asset", "place_page_id"})
_UNIQUE_AMONG: Final = ("unique_", "cost_per_unique_")
_ATTRIBUTES: Final = frozenset({
    "attribution_setting", "objective", "optimization_goal", "buying_type", "created_time", "updated_time",
})  # fmt: skip


def lists_actions(fields: Sequence[str]) -> bool:
    """Say whether a field lists actions, which brings `action_type` into the combination."""
    return not action_fields().isdisjoint(fields)


def _check_fields(query: Query) -> None:
    for name in query.fields:
        if name not in insight_fields():
            raise GraphError(
                f"(#100) {name} is not valid for fields param. please check {_FIELDS_PAGE} for all valid values", 100
            )


def _check_breakdowns(query: Query) -> None:
    for name in query.breakdowns:
        if name == "dma":
            raise GraphError(_NO_DMA, 100)
        if name not in breakdown_names():
            text = (
                f"(#100) {name} is not valid for breakdowns param. please check {_BREAKDOWNS_PAGE} for all valid values"
            )
            raise GraphError(text, 100)
    for place, name in enumerate(query.action_breakdowns or ()):
        if name not in action_breakdown_names():
            known = ", ".join(action_breakdown_names())
            raise GraphError(f"(#100) action_breakdowns[{place}] must be one of the following values: {known}", 100)


def _check_combination(query: Query) -> None:
    names = columns(query.breakdowns, query.action_breakdowns, with_actions=lists_actions(query.fields))
    if not allowed(names):
        text = f"(#100) Current combination of data breakdown columns ({', '.join(names)}) is invalid"
        raise GraphError(text, 100)
    if query.level == "account" and not _NOT_AT_ACCOUNT.isdisjoint(query.breakdowns):
        name = next(name for name in query.breakdowns if name in _NOT_AT_ACCOUNT)
        raise GraphError(f"(#100) {name} breakdown is not supported at account level", 100)


def _check_dates(query: Query, today: date) -> None:
    oldest = months_before(today, _HISTORY_MONTHS)
    for since, until in query.ranges:
        if until < since:
            raise GraphError("(#100) time_range is invalid: since must not be after until", 100)
        if since < oldest:
            text = "(#3018) The start date of the time range cannot be beyond 37 months from the current date"
            raise GraphError(text, 3018)


def check(query: Query, world: World) -> None:
    """Raise what Meta answers to a question that it does not take; texts as users report them (API notes)."""
    if query.level not in _LEVELS:
        raise GraphError(f"(#100) level must be one of the following values: {', '.join(_LEVELS)}", 100)
    _check_fields(query)
    _check_breakdowns(query)
    _check_combination(query)
    check_filters(query.filtering)
    account = world.account_of(query.object)
    if account is not None:
        _check_dates(query, account.today(world.now()))


def describes_only(fields: Sequence[str]) -> bool:
    """Say whether nothing is measured: then every ad is answered for every day (live notes)."""
    measured = [name for name in fields if name not in DESCRIPTIONS and not name.startswith("date_")]
    return not measured and not _ATTRIBUTES.isdisjoint(fields)


def too_old(query: Query, since: date, today: date) -> bool:
    """Say whether a slice begins before what its breakdown keeps: then it simply has no rows."""
    if "frequency_value" in query.breakdowns:
        return since < months_before(today, _FREQUENCY_MONTHS)
    return not HOURLY.isdisjoint(query.breakdowns) and since < months_before(today, _UNIQUE_MONTHS)


def answered_fields(query: Query, since: date, today: date) -> tuple[str, ...]:
    """Return the fields that a slice answers: some breakdowns and old starts drop some without a word."""
    names = query.fields
    chosen = frozenset(query.breakdowns)
    if not chosen:
        return names
    if any(name.endswith("_asset") for name in chosen):
        names = tuple(name for name in names if name in _ASSET_FIELDS or name in DESCRIPTIONS)
    if "region" in chosen:
        names = tuple(name for name in names if name not in _REGION_ABSENT)
    if not HOURLY.isdisjoint(chosen):
        names = tuple(name for name in names if not name.startswith("video_"))
    if since < months_before(today, _UNIQUE_MONTHS):
        names = tuple(name for name in names if not name.startswith(_UNIQUE_AMONG))
        if not query.asynchronous:
            names = tuple(name for name in names if name not in REACH_FIELDS)
    return names
