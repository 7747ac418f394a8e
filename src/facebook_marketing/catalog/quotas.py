"""How many calls Meta allows (Meta: rate limiting): by the app's access, per ad account."""

from collections.abc import Mapping
from enum import StrEnum


class Tier(StrEnum):
    """The app's access, as `ads_api_access_tier` in the usage headers names it."""

    LIMITED = "development_access"
    FULL = "standard_access"


QUOTAS: Mapping[Tier, Mapping[str, tuple[int, int]]] = {
    Tier.LIMITED: {"ads_insights": (600, 400), "ads_management": (300, 40), "custom_audience": (5_000, 40)},
    Tier.FULL: {"ads_insights": (190_000, 400), "ads_management": (100_000, 40), "custom_audience": (190_000, 40)},
}
"""Calls an hour by use case: so many, and so many more for each active ad (for each audience: `custom_audience`)."""

SCORES: Mapping[Tier, int] = {Tier.LIMITED: 60, Tier.FULL: 9_000}
"""The most that an account's calls may add up to (a read counts 1), which drains away within `SCORE_SECONDS`."""

SCORE_SECONDS = 300.0
