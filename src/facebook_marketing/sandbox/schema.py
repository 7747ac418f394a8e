"""What can be asked of each kind of node: fields, edges, default fields, and fields that need more rights.

Names come from the package's ``catalog/fields.json`` (facts out of Meta's own SDK). Small tables add what the SDK
does not say: defaults, heavy fields, and fields that ordinary tokens cannot read although the SDK lists them.
"""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import msgspec

from .errors import GraphError

__all__ = ["DEFAULTS", "REFUSED", "WITH_SUMMARY", "edge_kind", "enum", "field_kind", "field_names", "weight_of"]

DEFAULTS: Mapping[str, tuple[str, ...]] = {
    "AdAccount": ("account_id", "id"),
    "AdActivity": ("event_time", "event_type"),
    "AdImage": ("hash", "id"),
    "User": ("name", "id"),
    "Page": ("name", "category", "tasks", "access_token", "id"),
    "Business": ("name", "id"),
    "BusinessUser": ("name", "business", "id"),
    "AdAccountRecommendations": ("recommendations",),
    "AdAccountUser": ("name", "tasks", "id"),
    "AssignedUser": ("name", "tasks", "id"),
    "Lead": ("created_time", "id", "field_data"),
    "LeadgenForm": ("id", "locale", "name", "status"),
    "Permission": ("permission", "status"),
    "AdReportRun": (
        "id", "account_id", "time_ref", "time_completed", "async_status", "async_percent_completion",
        "error_code", "error_subcode", "error_message", "error_user_title", "error_user_msg",
    ),
}  # fmt: skip
"""Fields of a read without ``fields``; every other kind gives ``id`` alone."""

REFUSED: Mapping[tuple[str, str], GraphError] = {
    ("Ad", "special_ad_categories"): GraphError("(#3) App must be on whitelist", 3),
    ("AdSet", "existing_customer_budget_percentage"): GraphError("(#100) Missing Permission", 100),
    ("AdSet", "full_funnel_exploration_mode"): GraphError("(#10) The ad account and app id must be whitelisted", 10),
}
"""Fields that Meta's SDK lists and that fail the whole call for an ordinary app (live reports)."""

WITH_SUMMARY = frozenset({"campaigns", "adsets", "ads", "adimages", "adcreatives"})
"""Edges that answer ``summary=true`` with ``total_count``."""

_EDGES: Mapping[str, Mapping[str, str]] = {
    "AdAccount": {
        "activities": "AdActivity", "adcreatives": "AdCreative", "adimages": "AdImage", "adlabels": "AdLabel",
        "adrules_library": "AdRule", "ads": "Ad", "adsets": "AdSet", "adspixels": "AdsPixel", "advideos": "AdVideo",
        "assigned_users": "AssignedUser", "campaigns": "Campaign", "customaudiences": "CustomAudience",
        "customconversions": "CustomConversion", "promote_pages": "Page", "saved_audiences": "SavedAudience",
        "users": "AdAccountUser", "recommendations": "AdAccountRecommendations", "insights": "AdsInsights",
        "ad_studies": "AdStudy", "applications": "Application",
        "delivery_estimate": "AdAccountDeliveryEstimate", "instagram_accounts": "IGUser",
        "subscribed_apps": "AdAccountSubscribedApps", "video_ads": "AdVideo",
    },
    "Campaign": {
        "ads": "Ad", "adsets": "AdSet", "insights": "AdsInsights", "copies": "Campaign", "ad_studies": "AdStudy",
        "adrules_governed": "AdRule", "budget_schedules": "HighDemandPeriod",
    },
    "AdSet": {
        "activities": "AdActivity", "adcreatives": "AdCreative", "ads": "Ad", "insights": "AdsInsights",
        "copies": "AdSet", "ad_studies": "AdStudy", "adrules_governed": "AdRule",
        "delivery_estimate": "AdCampaignDeliveryEstimate",
    },
    "Ad": {
        "adcreatives": "AdCreative", "insights": "AdsInsights", "leads": "Lead", "copies": "Ad",
        "previews": "AdPreview", "adrules_governed": "AdRule",
    },
    "AdCreative": {"previews": "AdPreview", "creative_insights": "AdCreativeInsights"},
    "AdVideo": {"captions": "AdVideoCaption", "thumbnails": "VideoThumbnail", "video_insights": "InsightsResult"},
    "CustomAudience": {"ads": "Ad", "adaccounts": "AdAccount"},
    "CustomConversion": {"stats": "CustomConversionStatsResult"},
    "AdsPixel": {"stats": "AdsPixelStatsResult"},
    "Business": {
        "adspixels": "AdsPixel", "business_users": "BusinessUser", "client_ad_accounts": "AdAccount",
        "owned_ad_accounts": "AdAccount", "owned_businesses": "Business", "owned_pages": "Page",
        "system_users": "User",
    },
    "User": {
        "accounts": "Page", "adaccounts": "AdAccount", "assigned_ad_accounts": "AdAccount",
        "business_users": "BusinessUser", "businesses": "Business", "permissions": "Permission",
    },
    "Page": {"insights": "InsightsResult", "leadgen_forms": "LeadgenForm", "posts": "PagePost"},
    "LeadgenForm": {"leads": "Lead"},
    "AdReportRun": {"insights": "AdsInsights"},
}  # fmt: skip
"""Edges that exist, and the kind of node behind each. One without content in the sandbox answers an empty list."""

_ACCEPTED: Mapping[str, frozenset[str]] = {
    "AdImage": frozenset({"filename", "bytes"}),
    "Page": frozenset({"access_token", "tasks", "category"}),
}
"""Names that a read accepts beyond the catalogue; the upload parameters of images are never answered."""

_HEAVY: Mapping[str, int] = {
    "asset_feed_spec": 20,
    "object_story_spec": 20,
    "degrees_of_freedom_spec": 20,
    "rule": 60,
    "targeting": 8,
    "recommendations": 8,
    "tracking_specs": 3,
    "conversion_specs": 3,
    "insights": 40,
    "actions": 4,
    "action_values": 4,
    "conversions": 4,
    "conversion_values": 4,
    "cost_per_action_type": 4,
}
"""Guessed cost of a field against 1 for a plain one; Meta publishes none, it says only that heavy fields count more."""


@lru_cache(maxsize=1)
def _objects() -> Mapping[str, Mapping[str, object]]:
    return {kind: entry["fields"] for kind, entry in _catalogue()["objects"].items()}


@lru_cache(maxsize=1)
def _enums() -> Mapping[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in _catalogue()["enums"].items()}


def _catalogue() -> dict[str, Any]:
    text = files("facebook_marketing.catalog").joinpath("fields.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, Any])


@lru_cache(maxsize=64)
def field_names(kind: str) -> frozenset[str] | None:
    """Return every name that a read of this kind accepts; None where the kind is not catalogued (all accepted)."""
    fields = _objects().get(kind)
    return None if fields is None else frozenset(fields) | _ACCEPTED.get(kind, frozenset()) | {"id"}


def field_kind(kind: str, name: str) -> str | None:
    """Return the catalogued kind of the object(s) that a field holds; None for plain values and value objects."""
    declared = _objects().get(kind, {}).get(name)
    if not isinstance(declared, str):
        return None
    inner = declared.removeprefix("list<").removesuffix(">")
    return inner if inner in _objects() else None


def enum(name: str) -> tuple[str, ...]:
    """Return the values of one of the catalogue's enums (``breakdowns``, ``action_attribution_windows``, …)."""
    return _enums().get(name, ())


def edge_kind(kind: str, edge: str) -> str | None:
    """Return the kind of node behind an edge; None where there is no such edge."""
    return _EDGES.get(kind, {}).get(edge)


def weight_of(name: str) -> int:
    """Return the cost of one field in one row, 1 for a plain one."""
    return _HEAVY.get(name, 1)
