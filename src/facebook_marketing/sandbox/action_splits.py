"""Action breakdowns beyond `action_type`: how a row's actions divide by device, target, card or reaction."""

from collections.abc import Sequence
from itertools import product
from typing import Final

from .actions import Splits
from .creatives import CreativePlan

__all__ = ["SPLIT_NAMES", "make_splits"]

Part = tuple[dict[str, str], int]

_DEVICES: Final = (("iphone", 36), ("android_smartphone", 41), ("desktop", 14), ("ipad", 5), ("other", 4))
_REACTIONS: Final = (("like", 78), ("love", 15), ("haha", 3), ("wow", 2), ("sorry", 1), ("anger", 1))
_SOUND: Final = (("off", 84), ("on", 16))
_PLAYED: Final = (("total", 100), ("auto_play", 87), ("click_to_play", 13))
_PRODUCTS: Final = (("SKU-1001, Running shoe", 50), ("SKU-1002, Rain jacket", 30), ("SKU-1003, Weekend bag", 20))
_VIDEO: Final = frozenset({"video_view"})
_PURCHASES: Final = frozenset({"purchase", "omni_purchase", "offsite_conversion.fb_pixel_purchase"})

SPLIT_NAMES: Final = frozenset({
    "action_device", "action_reaction", "action_video_sound", "action_video_type", "action_target_id",
    "action_destination", "action_carousel_card_id", "action_carousel_card_name", "action_converted_product_id",
    "action_canvas_component_name",
})  # fmt: skip
"""Action breakdowns that change the lists; other known ones leave them as they are."""


def _single(name: str, parts: Sequence[tuple[str, int]]) -> list[Part]:
    return [({name: value}, weight) for value, weight in parts]


def _target(names: frozenset[str], creative: CreativePlan | None, page: str) -> list[Part]:
    """The target is the ad's post; above the ad it is the page."""
    label = creative.post if creative is not None else page
    return [({name: label for name in ("action_destination", "action_target_id") if name in names}, 1)]


def _cards(names: frozenset[str], creative: CreativePlan | None) -> list[Part]:
    cards = creative.cards if creative is not None else ()
    found = []
    for place, card in enumerate(cards):
        both = {"action_carousel_card_id": card.id, "action_carousel_card_name": card.name}
        found.append(({name: value for name, value in both.items() if name in names}, max(1, 50 - 10 * place)))
    return found


def make_splits(breakdowns: Sequence[str], creative: CreativePlan | None, page: str) -> Splits | None:
    """Return how actions divide; None if `action_type` is all that matters. `creative` is the ad's at ad level."""
    names = frozenset(breakdowns) & SPLIT_NAMES
    if not names:
        return None
    groups: list[list[Part]] = []
    only: frozenset[str] | None = None
    if "action_device" in names:
        groups.append(_single("action_device", _DEVICES))
    if names & {"action_target_id", "action_destination"}:
        groups.append(_target(names, creative, page))
    for name, parts, kinds in (
        ("action_reaction", _REACTIONS, frozenset({"post_reaction"})),
        ("action_video_sound", _SOUND, _VIDEO),
        ("action_video_type", _PLAYED, _VIDEO),
        ("action_converted_product_id", _PRODUCTS, _PURCHASES),
    ):
        if name in names:
            groups.append(_single(name, parts))
            only = kinds
    if names & {"action_carousel_card_id", "action_carousel_card_name"}:
        groups.append(_cards(names, creative))
        only = frozenset({"link_click"})
    if "action_canvas_component_name" in names:
        groups.append([])
    return Splits(tuple(_joined(parts) for parts in product(*groups)), only, overlap="action_video_type" in names)


def _joined(parts: Sequence[Part]) -> Part:
    labels: dict[str, str] = {}
    weight = 1
    for more, share in parts:
        labels.update(more)
        weight *= share
    return dict(sorted(labels.items())), weight
