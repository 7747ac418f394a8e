"""Which breakdowns go together: Meta's documented table, and what was seen to work beside it.

A query's set is its breakdowns plus its action breakdowns; `action_type` is in it unasked when a field lists actions.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, combinations
from typing import Final

from .names import action_breakdown_names, breakdown_names

__all__ = ["allowed", "columns"]

_STAR: Final = ("action_type", "action_target_id", "action_destination")
"""Action breakdowns that the starred combinations also take, any of them."""
_CARDS: Final = (
    frozenset({"action_carousel_card_id"}),
    frozenset({"action_carousel_card_name"}),
    frozenset({"action_carousel_card_id", "action_carousel_card_name"}),
)
_ASSETS: Final = (
    "image_asset", "video_asset", "body_asset", "title_asset", "description_asset", "call_to_action_asset",
    "link_url_asset", "ad_format_asset",
)  # fmt: skip
_STARRED: Final[tuple[frozenset[str], ...]] = tuple(
    map(
        frozenset,
        (
            (),
            ("action_device",),
            ("action_device", "impression_device"),
            ("action_device", "publisher_platform"),
            ("action_device", "publisher_platform", "impression_device"),
            ("action_device", "publisher_platform", "platform_position"),
            ("action_device", "publisher_platform", "platform_position", "impression_device"),
            ("age",),
            ("gender",),
            ("age", "gender"),
            ("country",),
            ("region",),
            ("publisher_platform",),
            ("publisher_platform", "impression_device"),
            ("publisher_platform", "platform_position"),
            ("publisher_platform", "platform_position", "impression_device"),
            ("product_id",),
            ("hourly_stats_aggregated_by_advertiser_time_zone",),
            ("hourly_stats_aggregated_by_audience_time_zone",),
            # not in the table, but seen to work
            ("country", "region"),
            ("publisher_platform", "device_platform"),
            ("device_platform",),
            ("comscore_market",),
            *((name,) for name in _ASSETS),
        ),
    )
)
_PLAIN: Final[tuple[frozenset[str], ...]] = (
    *map(
        frozenset,
        (
            ("action_converted_product_id",),
            ("action_type", "action_converted_product_id"),
            ("action_reaction",),
            ("action_type", "action_reaction"),
            ("app_id", "skan_conversion_id"),
            # not in the table: connectors offer them as reports of their own
            ("action_video_sound",),
            ("action_type", "action_video_sound"),
            ("action_video_type",),
            ("action_type", "action_video_type"),
            ("action_canvas_component_name",),
        ),
    ),
    *(
        cards | frozenset(more)
        for cards in _CARDS
        for more in ((), ("impression_device",), ("country",), ("age",), ("gender",), ("age", "gender"))
    ),
)
_NOT_ALONE: Final = frozenset({"platform_position", "impression_device", "dma"})


def _subsets(names: Sequence[str]) -> Iterable[frozenset[str]]:
    return map(frozenset, chain.from_iterable(combinations(names, size) for size in range(len(names) + 1)))


_ALLOWED: Final = frozenset(_PLAIN) | frozenset(base | more for base in _STARRED for more in _subsets(_STAR))


def columns(
    breakdowns: Sequence[str], action_breakdowns: Sequence[str] | None, *, with_actions: bool
) -> tuple[str, ...]:
    """Return the columns that must go together, action breakdowns first, as Meta's refusal names them."""
    if not with_actions:
        return tuple(breakdowns)
    return (*(action_breakdowns or ("action_type",)), *breakdowns)


def allowed(names: Sequence[str]) -> bool:
    """Say whether Meta answers this combination of columns. Known breakdowns without a rule are allowed alone."""
    chosen = frozenset(names)
    if chosen in _ALLOWED:
        return True
    rest = chosen - frozenset(_STAR)
    ruled = frozenset(chain.from_iterable(_ALLOWED)) | _NOT_ALONE
    known = frozenset(breakdown_names()) | frozenset(action_breakdown_names())
    return len(rest) == 1 and rest <= known and not rest & ruled
