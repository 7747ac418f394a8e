"""How big a simulated account is."""

from dataclasses import dataclass

__all__ = ["Size"]


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each thing an account holds when the world begins (a few more are made as time goes on).

    `active_ads_per_day` None lets ads start, pause and stop as in life; N makes exactly N ads (at most `ads`)
    deliver on every day of the past 37 months, with nothing made or archived: for measurements.
    """

    campaigns: int = 12
    adsets: int = 36
    ads: int = 120
    creatives: int = 120
    images: int = 40
    videos: int = 15
    activities: int = 200
    audiences: int = 12
    conversions: int = 6
    labels: int = 5
    pixels: int = 2
    active_ads_per_day: int | None = None
