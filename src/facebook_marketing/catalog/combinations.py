"""Which breakdowns combine in one insights query: a table, and an answer with its mend."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from facebook_marketing.catalog.columns import ASSETS
from facebook_marketing.catalog.stream import Level

RETIRED_BREAKDOWNS: Mapping[str, str] = {"dma": "Meta refuses it since 2026-06-22; comscore_market took its place"}

HOURLY = ("hourly_stats_aggregated_by_advertiser_time_zone", "hourly_stats_aggregated_by_audience_time_zone")
ASSET_BREAKDOWNS = ("ad_format_asset", *ASSETS)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A combination that Meta refuses: the columns in Meta's own order, why, and what to ask instead."""

    columns: tuple[str, ...]
    reason: str
    mend: str

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.reason} {self.mend}"


# The three action breakdowns that join any starred combination.
STAR = ("action_type", "action_target_id", "action_destination")
CARDS: tuple[tuple[str, ...], ...] = (
    ("action_carousel_card_id",),
    ("action_carousel_card_name",),
    ("action_carousel_card_id", "action_carousel_card_name"),
)
BESIDE_CARDS: tuple[tuple[str, ...], ...] = (
    (),
    ("impression_device",),
    ("country",),
    ("age",),
    ("gender",),
    ("age", "gender"),
)

# Meta's page on insights breakdowns, its table of combinations; at the end of each half those seen to work beside it.
STARRED: tuple[tuple[str, ...], ...] = (
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
    *((hourly,) for hourly in HOURLY),
    ("country", "region"),
    ("comscore_market",),
    ("device_platform",),
    ("publisher_platform", "device_platform"),
    ("action_video_sound",),
    ("action_video_type",),
    ("action_canvas_component_name",),
    *((asset,) for asset in ASSET_BREAKDOWNS),
)
UNSTARRED: tuple[tuple[str, ...], ...] = (
    ("action_converted_product_id",),
    ("action_type", "action_converted_product_id"),
    ("action_reaction",),
    ("action_type", "action_reaction"),
    ("app_id",),
    ("skan_conversion_id",),
    ("app_id", "skan_conversion_id"),
    ("frequency_value",),
)

_STAR_SUBSETS = tuple(frozenset(part) for size in range(len(STAR) + 1) for part in combinations(STAR, size))
COMBINATIONS: frozenset[frozenset[str]] = frozenset(
    {frozenset(base) | star for base in STARRED for star in _STAR_SUBSETS}
    | {frozenset(base) for base in UNSTARRED}
    | {frozenset((*card, *beside)) for card in CARDS for beside in BESIDE_CARDS}
)
_VOCABULARY = frozenset().union(*COMBINATIONS)
# Meta's table leaves these out: what else they join is for Meta to say. But people and placements never mix.
_UNSETTLED = frozenset({"device_platform", "action_canvas_component_name", "action_video_sound", "action_video_type"})
_PEOPLE = frozenset({"age", "gender", "country", "region", "comscore_market"})

NOT_AT_ACCOUNT = frozenset({"image_asset", "video_asset", "place_page_id"})

# (the column that does not go alone, the partners of which it needs one, what a person should do)
_MENDS: tuple[tuple[frozenset[str], frozenset[str], str], ...] = (
    (frozenset({"platform_position"}), frozenset({"publisher_platform"}), "Add publisher_platform."),
    (
        frozenset({"impression_device"}),
        frozenset({"publisher_platform", "action_device", "action_carousel_card_id", "action_carousel_card_name"}),
        "Add publisher_platform, or use device_platform, which goes alone.",
    ),
)


def allowed(
    breakdowns: Iterable[str],
    action_breakdowns: Iterable[str],
    has_actions: bool,  # noqa: FBT001 - the third part of one question
    *,
    level: Level = "ad",
) -> Refusal | None:
    """None where Meta takes the combination or only Meta can say; else the refusal with its mend.

    `has_actions` says that a list of actions is asked: then Meta adds `action_type` by itself when no action
    breakdown is named, and counts it in the combination (Meta's page on insights breakdowns).
    """
    plain, action = tuple(dict.fromkeys(breakdowns)), tuple(dict.fromkeys(action_breakdowns))
    if has_actions and not action:
        action = ("action_type",)
    columns = (*action, *plain)
    for name in columns:
        if name in RETIRED_BREAKDOWNS:
            return Refusal(columns, f"{name} is gone: {RETIRED_BREAKDOWNS[name]}.", "Use comscore_market.")
    asked = frozenset(columns)
    refused = _below_account(asked, columns, level)
    if refused or asked in COMBINATIONS or not _settled(asked):
        return refused
    return Refusal(
        columns,
        f"Meta refuses the combination ({', '.join(columns)}).",
        _mend((*dict.fromkeys(action_breakdowns), *plain)),
    )


def _settled(asked: frozenset[str]) -> bool:
    """Whether the table can refuse: every name stands in it, and none of the unsettled ones is alone with its like."""
    return asked <= _VOCABULARY and (not asked & _UNSETTLED or bool(asked & _PEOPLE))


def _below_account(asked: frozenset[str], columns: tuple[str, ...], level: Level) -> Refusal | None:
    barred = sorted(asked & NOT_AT_ACCOUNT)
    if level != "account" or not barred:
        return None
    return Refusal(columns, f"{barred[0]} is not given at account level.", "Set level to campaign, adset or ad.")


def _mend(columns: tuple[str, ...]) -> str:
    asked = frozenset(columns)
    for present, partners, mend in _MENDS:
        if present <= asked and not partners & asked:
            return mend
    if asked in COMBINATIONS:
        return "Leave the lists of actions out: Meta adds action_type for them by itself."
    parts = "; ".join(f"({', '.join(part)})" for part in _parts(columns))
    return f"Ask them in separate reports: {parts}."


def _parts(columns: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The columns divided, largest first, into combinations that Meta takes."""
    left = columns
    while left:
        asked = frozenset(left)
        fitting = max(
            (whole for whole in COMBINATIONS if whole <= asked), key=lambda whole: (len(whole), sorted(whole))
        )
        yield tuple(name for name in left if name in (fitting or asked))
        left = tuple(name for name in left if fitting and name not in fitting)
