"""Countries, their regions and, in the United States, the markets in them."""

from collections.abc import Sequence
from functools import cache
from typing import Final

__all__ = ["places"]

_US: Final = (
    # region, market, weight
    ("California", "Los Angeles, CA", 120), ("California", "San Francisco-Oakland-San Jose, CA", 60),
    ("Texas", "Dallas-Ft. Worth, TX", 70), ("Texas", "Houston, TX", 55), ("Florida", "Miami-Ft. Lauderdale, FL", 60),
    ("New York", "New York, NY", 90), ("Illinois", "Chicago, IL", 50), ("Georgia", "Atlanta, GA", 45),
    ("Pennsylvania", "Philadelphia, PA", 40), ("Ohio", "Columbus, OH", 30), ("Washington", "Seattle-Tacoma, WA", 30),
    ("Arizona", "Phoenix, AZ", 25), ("Unknown", "Unknown", 4),
)  # fmt: skip
_REGIONS: Final = {
    "DE": (
        "Bayern",
        "Berlin",
        "Baden-Württemberg",
        "Hamburg",
        "Hessen",
        "Niedersachsen",
        "Nordrhein-Westfalen",
        "Sachsen",
    ),
    "AT": ("Wien", "Tirol", "Steiermark"),
    "FR": ("Île-de-France", "Provence-Alpes-Côte d'Azur", "Bretagne", "Occitanie"),
    "JP": ("Tokyo", "Osaka", "Aichi Prefecture", "Hokkaido", "Fukuoka Prefecture"),
    "NZ": ("Auckland Region", "Wellington Region", "Canterbury"),
    "AU": ("New South Wales", "Victoria", "Queensland"),
    "BR": ("São Paulo (state)", "Rio de Janeiro (state)", "Minas Gerais", "Bahia"),
    "GB": ("England", "Scotland", "Wales", "Northern Ireland"),
    "PK": ("Punjab", "Sindh", "Islamabad Capital Territory"),
    "CA": ("Ontario", "Quebec", "British Columbia"),
}
_SHARES: Final = (100, 62, 45, 31, 24, 19, 15, 12)

Place = tuple[tuple[object, ...], int]


@cache
def _country(code: str) -> tuple[Place, ...]:
    if code == "US":
        return tuple(((code, region, market), weight) for region, market, weight in _US)
    regions = _REGIONS.get(code, ("Unknown",))
    named = tuple(((code, region, "Unknown"), _SHARES[place]) for place, region in enumerate(regions))
    return (*named, ((code, "Unknown", "Unknown"), 2))


@cache
def places(countries: tuple[str, ...]) -> Sequence[Place]:
    """Return ((country, region, market), weight) for every place in some countries, and a little that is unknown."""
    found = [place for code in countries for place in _country(code)]
    return [*found, (("unknown", "Unknown", "Unknown"), 1)]
