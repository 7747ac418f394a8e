"""Whom an ad set wants to reach: the audience and the targeting object that says so."""

from dataclasses import dataclass
from typing import Final

from .accounts import Account
from .chance import Dice
from .ids import plain_id
from .size import Size

__all__ = ["Audience", "make_audience"]

Row = dict[str, object]

_LABELS: Final = ("broad", "lookalike", "visitors", "interest", "all")
_INTERESTS: Final = (("6003139266461", "Movies"), ("6003107902433", "Football"), ("6003263791114", "Shopping"))
_LOWEST: Final = (18, 21, 25, 30, 35)
_HIGHEST: Final = (44, 54, 64, 65)


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom an ad set wants: `targeting` is the wire object, the rest is what the numbers are drawn from."""

    label: str
    countries: tuple[str, ...]
    age_min: int
    age_max: int
    genders: tuple[int, ...]
    targeting: Row


def make_audience(dice: Dice, account: Account, size: Size) -> Audience:
    """Draw an audience in the account's countries."""
    label = dice.pick(_LABELS)
    countries = account.countries[: dice.between(1, len(account.countries))]
    age_min, age_max = dice.pick(_LOWEST), dice.pick(_HIGHEST)
    genders = dice.weighted((((), 76), ((2,), 16), ((1,), 8)))
    targeting: Row = {"age_max": age_max, "age_min": age_min}
    if genders:
        targeting["genders"] = list(genders)
    targeting["geo_locations"] = _places(dice, countries)
    targeting.update(_people(dice, account, size, label))
    targeting["brand_safety_content_filter_levels"] = ["FACEBOOK_STANDARD", "AN_STANDARD"]
    targeting["targeting_automation"] = {"advantage_audience": dice.below(2)}
    if dice.hit(35):
        targeting.update(_placements(dice))
    return Audience(label, countries, age_min, age_max, genders, targeting)


def _places(dice: Dice, countries: tuple[str, ...]) -> Row:
    if countries == ("US",) and dice.hit(40):
        return {
            "regions": [{"key": "3847", "name": "California", "country": "US"}],
            "comscore_market": [{"key": "COMSCORE_MARKET:803", "name": "Los Angeles, CA"}],
            "location_types": ["home"],
        }
    return {"countries": list(countries), "location_types": ["home", "recent"]}


def _people(dice: Dice, account: Account, size: Size, label: str) -> Row:
    if label == "interest":
        interests = [{"id": key, "name": name} for key, name in _INTERESTS[: dice.between(1, 3)]]
        return {"flexible_spec": [{"interests": interests}]}
    if label in {"lookalike", "visitors"} and size.audiences:
        place = dice.below(size.audiences)
        part: Row = {
            "custom_audiences": [{"id": plain_id("audience", account.number, place), "name": f"Audience {place + 1}"}]
        }
        if size.audiences > 1:
            other = (place + 1) % size.audiences
            part["excluded_custom_audiences"] = [
                {"id": plain_id("audience", account.number, other), "name": f"Audience {other + 1}"}
            ]
        return part
    return {}


def _placements(dice: Dice) -> Row:
    chosen: Row = {
        "publisher_platforms": ["facebook", "instagram"],
        "facebook_positions": ["feed", "story"],
        "instagram_positions": ["stream", "story", "reels"],
    }
    if dice.hit(60):
        chosen["device_platforms"] = ["mobile", "desktop"]
    return chosen
