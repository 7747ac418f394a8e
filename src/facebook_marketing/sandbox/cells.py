"""Breakdown cells: into which people, places, surfaces, hours and assets an ad's day divides.

Breakdowns come in groups. A group has one grid of finest cells for an ad (age and gender; country, region and
market; platform, position and device; …), and every breakdown of the group is the sum over that grid. So marginals
agree with joints, and all agree with the total. Names and values are Meta's; weights are made up.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from .accounts import Account
from .chance import cumulative, salt, step
from .creatives import CreativePlan
from .geography import places
from .ids import plain_id
from .plans import AdPlan

__all__ = ["HOURS", "HOUR_WEIGHTS", "Grid", "grid", "known_group"]

Cell = tuple[tuple[object, ...], int]
"""Values of all breakdowns of the group, and a weight."""

HOURS: Final = tuple(f"{hour:02d}:00:00 - {hour:02d}:59:59" for hour in range(24))
HOUR_WEIGHTS: Final = (22, 14, 9, 7, 8, 13, 26, 40, 47, 50, 51, 53, 57, 55, 52, 51, 54, 60, 68, 76, 84, 80, 62, 41)

_AGES: Final = (
    # label, youngest, weight
    ("13-17", 13, 20), ("18-24", 18, 130), ("25-34", 25, 260), ("35-44", 35, 230), ("45-54", 45, 170),
    ("55-64", 55, 110), ("65+", 65, 70),
)  # fmt: skip
_GENDERS: Final = (("female", 2, 52), ("male", 1, 44), ("unknown", 0, 4))
_PLACEMENTS: Final[tuple[tuple[str, str, str, str, int], ...]] = (
    ("facebook", "feed", "iphone", "mobile_app", 190),
    ("facebook", "feed", "android_smartphone", "mobile_app", 210),
    ("facebook", "feed", "android_smartphone", "mobile_web", 30),
    ("facebook", "feed", "desktop", "desktop", 60),
    ("facebook", "feed", "ipad", "mobile_app", 14),
    ("facebook", "right_hand_column", "desktop", "desktop", 20),
    ("facebook", "marketplace", "iphone", "mobile_app", 22),
    ("facebook", "marketplace", "android_smartphone", "mobile_app", 30),
    ("facebook", "video_feeds", "android_smartphone", "mobile_app", 12),
    ("facebook", "facebook_stories", "iphone", "mobile_app", 16),
    ("facebook", "facebook_reels", "android_smartphone", "mobile_app", 40),
    ("facebook", "facebook_reels", "iphone", "mobile_app", 30),
    ("facebook", "instream_video", "android_smartphone", "mobile_app", 8),
    ("facebook", "search", "android_smartphone", "mobile_app", 5),
    ("instagram", "feed", "iphone", "mobile_app", 120),
    ("instagram", "feed", "android_smartphone", "mobile_app", 90),
    ("instagram", "feed", "desktop", "desktop", 6),
    ("instagram", "instagram_stories", "iphone", "mobile_app", 110),
    ("instagram", "instagram_stories", "android_smartphone", "mobile_app", 80),
    ("instagram", "instagram_reels", "iphone", "mobile_app", 70),
    ("instagram", "instagram_reels", "android_smartphone", "mobile_app", 60),
    ("instagram", "instagram_explore", "iphone", "mobile_app", 9),
    ("instagram", "instagram_profile_feed", "iphone", "mobile_app", 4),
    ("audience_network", "an_classic", "android_smartphone", "mobile_app", 26),
    ("audience_network", "rewarded_video", "android_tablet", "mobile_app", 7),
    ("messenger", "messenger_inbox", "iphone", "mobile_app", 4),
    ("messenger", "messenger_stories", "android_smartphone", "mobile_app", 3),
    ("threads", "threads_feed", "iphone", "mobile_app", 5),
    ("unknown", "unknown", "other", "unknown", 1),
)
_PRODUCTS: Final = (
    "Running shoe",
    "Rain jacket",
    "Weekend bag",
    "Wool scarf",
    "Steel watch",
    "Hiking socks",
    "Cap",
    "Belt",
)


@dataclass(frozen=True, slots=True)
class Grid:
    """How an ad's day divides under some breakdowns.

    `labels` are the distinct values that rows show (one tuple a row, in the order of the breakdowns asked); cell i
    goes to row `row_of[i]`; `marks` are running totals of weights; `dear` and `lively` bend price and click rate.
    """

    labels: tuple[tuple[object, ...], ...]
    row_of: tuple[int, ...]
    marks: tuple[int, ...]
    dear: tuple[int, ...]
    lively: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    names: tuple[str, ...]
    cells: Callable[[AdPlan, Account], Sequence[Cell]]
    jitter: bool = True


def _demography(ad: AdPlan, account: Account) -> Sequence[Cell]:  # noqa: ARG001 - one shape for all groups
    audience = ad.adset.audience
    found: list[Cell] = []
    for age, youngest, weight in _AGES:
        if not audience.age_min - 7 < youngest <= audience.age_max:
            continue
        found += [
            ((age, gender), weight * share)
            for gender, code, share in _GENDERS
            if not audience.genders or code in audience.genders
        ]
    return [*found, (("Unknown", "unknown"), 30)]


def _geography(ad: AdPlan, account: Account) -> Sequence[Cell]:  # noqa: ARG001 - one shape for all groups
    return places(ad.adset.audience.countries)


def _placement(ad: AdPlan, account: Account) -> Sequence[Cell]:  # noqa: ARG001 - one shape for all groups
    return [(entry[:4], entry[4]) for entry in _PLACEMENTS]


def _hours(ad: AdPlan, account: Account) -> Sequence[Cell]:  # noqa: ARG001 - one shape for all groups
    return [((label,), weight) for label, weight in zip(HOURS, HOUR_WEIGHTS, strict=True)]


def _audience_hours(ad: AdPlan, account: Account) -> Sequence[Cell]:  # noqa: ARG001 - one shape for all groups
    return [((HOURS[hour],), HOUR_WEIGHTS[(hour + 3) % 24]) for hour in range(24)]


def _products(ad: AdPlan, account: Account) -> Sequence[Cell]:  # noqa: ARG001 - one shape for all groups
    if ad.adset.campaign.economy.key != "catalog":
        return []
    return [((f"SKU-{1001 + place}, {name}",), 90 - 9 * place) for place, name in enumerate(_PRODUCTS)]


def _images(creative: CreativePlan) -> Sequence[dict[str, object]]:
    return [
        {"hash": picture, "url": f"https://scontent.xx.fbcdn.net/v/t45.1600-4/{picture}_n.jpg"}
        for picture in dict.fromkeys(creative.images)
    ]


def _videos(creative: CreativePlan) -> Sequence[dict[str, object]]:
    return [
        {
            "video_id": video,
            "url": f"https://www.facebook.com/{creative.page}/videos/{video}/",
            "thumbnail_url": f"https://scontent.xx.fbcdn.net/v/t15.5256-10/{video}.jpg",
            "video_name": "Film",
        }
        for video in dict.fromkeys(creative.videos)
    ]


_ASSETS: Final[Mapping[str, tuple[int, Callable[[CreativePlan], Sequence[dict[str, object]]]]]] = {
    "image_asset": (1, _images),
    "video_asset": (2, _videos),
    "body_asset": (3, lambda creative: [{"text": text} for text in creative.bodies]),
    "title_asset": (4, lambda creative: [{"text": text} for text in creative.titles]),
    "description_asset": (5, lambda creative: [{"text": text} for text in creative.notes]),
    "link_url_asset": (6, lambda creative: [{"website_url": creative.link}]),
    "call_to_action_asset": (7, lambda creative: [{"name": creative.call}]),
}


def _assets(name: str) -> Callable[[AdPlan, Account], Sequence[Cell]]:
    kind, parts = _ASSETS[name]

    def cells(ad: AdPlan, account: Account) -> Sequence[Cell]:
        first = kind * 1_000_000 + ad.creative.index * 10
        return [
            (({**part, "id": plain_id("asset", account.number, first + place)},), 100 - 20 * min(place, 4))
            for place, part in enumerate(parts(ad.creative))
        ]

    return cells


def _formats(ad: AdPlan, account: Account) -> Sequence[Cell]:  # noqa: ARG001 - one shape for all groups
    shown = {"video": "single_video", "carousel": "carousel_image"}.get(ad.creative.sort, "single_image")
    return [((shown,), 1)]


def _media(ad: AdPlan, account: Account) -> Sequence[Cell]:  # noqa: ARG001 - one shape for all groups
    return [(("video" if ad.creative.videos else "image",), 1)]


def _page(ad: AdPlan, account: Account) -> Sequence[Cell]:  # noqa: ARG001 - one shape for all groups
    return [((ad.creative.page,), 1)]


_GROUPS: Final[tuple[_Group, ...]] = (
    _Group(("age", "gender"), _demography),
    _Group(("country", "region", "comscore_market"), _geography),
    _Group(("publisher_platform", "platform_position", "impression_device", "device_platform"), _placement),
    _Group(("hourly_stats_aggregated_by_advertiser_time_zone",), _hours, jitter=False),
    _Group(("hourly_stats_aggregated_by_audience_time_zone",), _audience_hours, jitter=False),
    _Group(("product_id",), _products),
    _Group(("ad_format_asset",), _formats),
    _Group(("media_type",), _media),
    _Group(("place_page_id",), _page),
    *(_Group((name,), _assets(name)) for name in _ASSETS),
)
_GROUP_OF: Final = {name: group for group in _GROUPS for name in group.names}


def known_group(breakdowns: Sequence[str]) -> bool:
    """Say whether rows can be computed for these breakdowns: known ones, and all of one group."""
    groups = {id(_GROUP_OF.get(name)) for name in breakdowns}
    return len(groups) == 1 and breakdowns[0] in _GROUP_OF


def grid(breakdowns: tuple[str, ...], ad: AdPlan, account: Account) -> Grid | None:
    """Return how this ad's days divide; None if it has nothing to divide (no such asset, no product)."""
    group = _GROUP_OF[breakdowns[0]]
    cells = group.cells(ad, account)
    if not cells:
        return None
    picks = [group.names.index(name) for name in breakdowns]
    labels: dict[object, int] = {}
    shown: list[tuple[object, ...]] = []
    row_of = []
    for values, _ in cells:
        label = tuple(values[pick] for pick in picks)
        key = repr(label)
        if key not in labels:
            labels[key] = len(shown)
            shown.append(label)
        row_of.append(labels[key])
    weights = [
        weight * (96 + step(ad.key, place) % 64) if group.jitter else weight for place, (_, weight) in enumerate(cells)
    ]
    dear, lively = _bends(group.names, len(cells))
    return Grid(tuple(shown), tuple(row_of), cumulative(weights), dear, lively)


@cache
def _bends(names: tuple[str, ...], count: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return how dear and how lively each cell is, in percent of the average."""
    key = salt(*names)
    return (
        tuple(75 + step(key, place) % 51 for place in range(count)),
        tuple(75 + step(key, place + 1_000) % 51 for place in range(count)),
    )
