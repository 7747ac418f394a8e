"""What a campaign wants, and how often people do what it wants: one row a kind of campaign.

Rates are parts in a million of the count they are taken from (see `PARENT` in `delivery.py`), made up so that rows
look like a mid-sized shop's. Objectives, goals and action names are Meta's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["ECONOMIES", "Economy"]


@dataclass(frozen=True, slots=True)
class Economy:
    """One kind of campaign.

    `legacy` is the objective's name before ODAX, which old campaigns still answer. `indicator` is what `results`
    counts; `destination` is empty where Meta leaves it out. `rates` are for on-Meta counts by name, `funnel` for
    off-Meta conversions per million link clicks. The newest campaigns of an account are one of each kind, the
    others by `weight`.
    """

    key: str
    objective: str
    legacy: str
    goal: str
    destination: str
    indicator: str
    weight: int
    event: str | None = None
    rates: Mapping[str, int] = field(default_factory=dict)
    funnel: Mapping[str, int] = field(default_factory=dict)


_SHOP: Final = {
    "view_content": 420_000,
    "add_to_cart": 90_000,
    "initiate_checkout": 45_000,
    "purchase": 32_000,
    "custom": 18_000,
}

ECONOMIES: Final[tuple[Economy, ...]] = (
    Economy(
        "sales",
        "OUTCOME_SALES",
        "CONVERSIONS",
        "OFFSITE_CONVERSIONS",
        "WEBSITE",
        "actions:offsite_conversion.fb_pixel_purchase",
        40,
        event="PURCHASE",
        funnel=_SHOP,
    ),
    Economy(
        "catalog",
        "OUTCOME_SALES",
        "PRODUCT_CATALOG_SALES",
        "OFFSITE_CONVERSIONS",
        "WEBSITE",
        "actions:offsite_conversion.fb_pixel_purchase",
        14,
        event="PURCHASE",
        funnel={**_SHOP, "purchase": 45_000, "view_content": 700_000},
    ),
    Economy(
        "leads",
        "OUTCOME_LEADS",
        "LEAD_GENERATION",
        "LEAD_GENERATION",
        "ON_AD",
        "actions:onsite_conversion.lead_grouped",
        12,
        rates={"form_lead": 60_000},
        funnel={"lead": 14_000, "complete_registration": 9_000},
    ),
    Economy(
        "traffic",
        "OUTCOME_TRAFFIC",
        "LINK_CLICKS",
        "LANDING_PAGE_VIEWS",
        "WEBSITE",
        "actions:landing_page_view",
        14,
        funnel={"view_content": 160_000, "purchase": 2_500},
    ),
    Economy(
        "messages",
        "OUTCOME_ENGAGEMENT",
        "MESSAGES",
        "CONVERSATIONS",
        "MESSENGER",
        "actions:onsite_conversion.messaging_conversation_started_7d",
        8,
        rates={"messaging": 110_000, "first_reply": 500_000, "reaction": 3_000},
    ),
    Economy(
        "app",
        "OUTCOME_APP_PROMOTION",
        "APP_INSTALLS",
        "APP_INSTALLS",
        "APP",
        "actions:mobile_app_install",
        4,
        funnel={"app_install": 80_000},
    ),
    Economy(
        "awareness",
        "OUTCOME_AWARENESS",
        "BRAND_AWARENESS",
        "REACH",
        "",
        "reach",
        8,
        rates={"click": 7_000, "reaction": 1_800},
    ),
)
