"""Recommendations that Meta makes to an account, as its page about the opportunity score shows them."""

from typing import Final

from .accounts import Account
from .chance import Dice
from .zones import DAY, wire_time

__all__ = ["recommendation_rows"]

Row = dict[str, object]

_ADVICE: Final = (
    ("AUTOFLOW_OPT_IN", "Up to 4% more conversions", "Standard enhancements are off for some of your ads."),
    ("FRAGMENTATION", "Up to 15% lower cost per result", "Some of your ad sets are alike: combine them."),
    ("CREATIVE_FATIGUE", "Up to 6% lower cost per result", "People have seen some of your ads too often."),
)


def recommendation_rows(account: Account, objects: list[str], anchor: float) -> list[Row]:
    """Return the edge's one row, which holds the list; none where there is nothing to advise on."""
    if not objects:
        return []
    return [{"recommendations": [_advice(account, place, objects, anchor) for place in range(len(_ADVICE))]}]


def _advice(account: Account, place: int, objects: list[str], anchor: float) -> Row:
    kind, lift, body = _ADVICE[place]
    dice = Dice("recommendation", account.id, place)
    made: Row = {
        "recommendation_stage": "mid_flight_recommendation",
        "recommendation_time": wire_time(anchor - dice.below(int(5 * DAY))),
        "type": kind,
        "object_ids": objects[: 1 + place],
        "recommendation_content": {
            "lift_estimate": lift,
            "body": body,
            "opportunity_score_lift": str(dice.between(2, 20)),
        },
        "url": f"https://adsmanager.facebook.com/adsmanager/?act={account.id}",
    }
    if kind == "CREATIVE_FATIGUE":  # nothing that the API could apply
        return made
    return {"recommendation_signature": str(7_000_000 + dice.below(900_000)), **made}
