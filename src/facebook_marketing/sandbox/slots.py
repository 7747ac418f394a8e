"""The vector of whole numbers that every insight row is computed from.

A vector holds base counts, then for each family of off-Meta conversions its counts and values by attribution class.
All are integers that add up over ads, days and breakdown cells; money is in micros (millionths of a major unit).
"""

from typing import Final

__all__ = [
    "BASE", "CLASSES", "DEFAULT", "FAMILIES", "FIRST_COUNT", "FIRST_VALUE", "PARENT", "WIDTH", "count_slot", "slot",
    "value_slot",
]  # fmt: skip

PARENT: Final[dict[str, str | None]] = {
    # count: the count it is a part of (its breakdown cells never exceed that count's cells)
    "impressions": None,
    "spend": "impressions",
    "social_spend": "spend",
    "full_view": "impressions",
    "click": "impressions",
    "link_click": "click",
    "landing_page_view": "link_click",
    "outbound_click": "link_click",
    "profile_visit": "click",
    "reaction": "impressions",
    "comment": "reaction",
    "post": "reaction",
    "like": "reaction",
    "post_save": "reaction",
    "photo_view": "click",
    "play": "impressions",
    "continuous_2": "play",
    "video_view": "continuous_2",
    "p25": "video_view",
    "p50": "p25",
    "p75": "p50",
    "p95": "p75",
    "p100": "p95",
    "view_15": "video_view",
    "thruplay": "view_15",
    "view_30": "thruplay",
    "watched_seconds": "play",
    "messaging": "link_click",
    "first_reply": "messaging",
    "form_lead": "link_click",
    "find_location": "link_click",
}
"""Base counts in the order of the vector."""

BASE: Final = tuple(PARENT)
FAMILIES: Final = (
    "view_content", "add_to_cart", "initiate_checkout", "purchase", "custom", "lead", "complete_registration",
    "app_install", "catalog",
)  # fmt: skip
"""Families of off-Meta conversions; `catalog` is the share of purchases that belongs to a catalogue segment."""

CLASSES: Final = ("engaged_view", "view", "click_1", "click_7", "click_28", "default")
"""Attribution classes: engaged view and view within a day, click within 1 day, on days 2-7, on days 8-28;
`default` is what the ad set's own attribution setting counts of them."""

DEFAULT: Final = len(CLASSES) - 1
FIRST_COUNT: Final = len(BASE)
FIRST_VALUE: Final = FIRST_COUNT + len(FAMILIES) * len(CLASSES)
WIDTH: Final = FIRST_VALUE + len(FAMILIES) * len(CLASSES)

_INDEX: Final = {name: index for index, name in enumerate(BASE)}


def slot(name: str) -> int:
    """Return where a base count stands."""
    return _INDEX[name]


def count_slot(family: str) -> int:
    """Return where the six counts of a family begin."""
    return FIRST_COUNT + FAMILIES.index(family) * len(CLASSES)


def value_slot(family: str) -> int:
    """Return where the six values of a family begin."""
    return FIRST_VALUE + FAMILIES.index(family) * len(CLASSES)
