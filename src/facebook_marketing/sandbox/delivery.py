"""What an ad delivered on a day, drawn from (ad, day) alone, and how that day divides into breakdown cells."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from .cells import HOUR_WEIGHTS, Grid
from .chance import FULL, Dice, cumulative, mix, split, step
from .plans import AdPlan
from .slots import (
    BASE,
    CLASSES,
    DEFAULT,
    FIRST_COUNT,
    PARENT,
    WIDTH,
    count_slot,
    slot,
    value_slot,
)
from .zones import DAY, day_bounds

__all__ = ["Day", "Fresh", "Profile", "delivered", "fresh", "make_profile", "spread"]

Vector = list[int]

_ONE: Final = 1 << 20  # rates are out of this
_MILLION: Final = 1_000_000
_MASK: Final = (1 << 64) - 1
_NEXT: Final = 6364136223846793005
_ADD: Final = 1442695040888963407
_WEEK: Final = (104, 101, 98, 97, 103, 108, 89)
_PAUSE_PERCENT: Final = 7
_TAIL_DAYS: Final = 20  # so long after its last day an ad may still be credited with something
_TAIL_ODDS: Final = 40  # one day in so many
_SETTLING: Final = 2 * DAY
_GOING: Final = 0x5A5A_A5A5_0F0F_F0F0  # sets the chance of conversions apart from that of delivery
_ZEROS: Final = (0,) * WIDTH

_IMPRESSIONS, _SPEND, _SOCIAL = slot("impressions"), slot("spend"), slot("social_spend")
_CLICK, _LINK, _REACTION = slot("click"), slot("link_click"), slot("reaction")
_WATCHED, _PLAY, _VIEW = slot("watched_seconds"), slot("play"), slot("video_view")

_RATES: Final = {
    # parts in a million of the parent count; an economy may say otherwise
    "full_view": 610_000, "click": 21_000, "link_click": 620_000, "landing_page_view": 800_000,
    "outbound_click": 900_000, "profile_visit": 12_000, "reaction": 1_400, "comment": 110_000, "post": 80_000,
    "like": 60_000, "post_save": 70_000, "photo_view": 20_000, "play": 930_000, "continuous_2": 330_000,
    "video_view": 720_000, "p25": 640_000, "p50": 560_000, "p75": 560_000, "p95": 620_000, "p100": 840_000,
    "view_15": 210_000, "thruplay": 880_000, "view_30": 350_000, "find_location": 4_000,
}  # fmt: skip
_VIDEO: Final = frozenset(
    {"play", "continuous_2", "video_view", "p25", "p50", "p75", "p95", "p100", "view_15", "thruplay", "view_30"}
)
_CLASS_ENDS: Final = (2_621, 11_796, 47_186, 58_982, FULL)
"""Where the attribution classes end on the line of a family's conversions, in the order of `CLASSES`.

The line is also the order of arrival: the first three classes within a day or two, the next up to day 7, the last
up to day 28.
"""
_EARLY, _WEEK_END = _CLASS_ENDS[2], _CLASS_ENDS[3]
_MASKS: Final = {"7d_click_1d_view": (1, 2, 3), "7d_click": (2, 3), "1d_click": (2,)}
_PRICES: Final = {
    "view_content": 3_900,
    "add_to_cart": 4_400,
    "initiate_checkout": 5_200,
    "purchase": 5_900,
    "catalog": 5_900,
}


@dataclass(frozen=True, slots=True)
class Fresh:
    """How far a recent day has come: `shown` of `whole` parts delivered, conversions visible up to `position`.

    `position` is out of FULL; `unsettled` per mille of spend may still be missing.
    """

    shown: int
    whole: int
    position: int
    unsettled: int
    over: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """What an ad's days are drawn from."""

    key: int
    unit: int
    daily: int  # minor units a day
    price: int  # minor units a thousand impressions
    steps: tuple[tuple[int, int, int], ...]  # (count, parent, rate)
    funnel: tuple[tuple[int, int, int, tuple[int, ...]], ...]  # (counts at, values at, rate, price by class)
    mask: tuple[int, ...]
    catalog: bool
    evergreen: bool
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Day:
    """One ad's day: its vector, and what `spread` needs to divide it."""

    vector: Vector
    bits: int
    arrivals: tuple[tuple[int, int, int, tuple[int, ...], int, int], ...]
    """Of each family: counts at, values at, visible, price by class, all that will come, offset."""


def make_profile(ad: AdPlan, unit: int, spans: Sequence[tuple[int, int]], mask: str | None = None) -> Profile:
    """Draw what never changes about an ad's delivery; `mask` overrides its ad set's attribution setting."""
    dice = Dice("profile", ad.key)
    economy = ad.adset.campaign.economy
    rates = {**_RATES, **economy.rates}
    video = bool(ad.creative.videos)
    steps = []
    for name in BASE:
        parent, rate = PARENT[name], rates.get(name)
        if parent is None or rate is None or (name in _VIDEO and not video):
            continue
        bent = min(_ONE - 1, rate * dice.between(75, 125) // 100 * _ONE // _MILLION)
        steps.append((slot(name), slot(parent), bent))
    funnel = tuple(
        (
            count_slot(family),
            value_slot(family),
            rate * dice.between(60, 150) // 100 * _ONE // _MILLION,
            _prices(family, dice, unit),
        )
        for family, rate in economy.funnel.items()
    )
    return Profile(
        key=ad.key,
        unit=unit,
        daily=dice.between(1, 40) * dice.between(12, 260),
        price=dice.between(310, 1_150),
        steps=tuple(steps),
        funnel=funnel,
        mask=_MASKS[mask or ad.adset.attribution],
        catalog=economy.key == "catalog",
        evergreen=ad.evergreen,
        spans=tuple(spans),
    )


def _prices(family: str, dice: Dice, unit: int) -> tuple[int, ...]:
    """Return micros for one conversion of each class; 0 for families without a value."""
    base = _PRICES.get(family, 0) * dice.between(40, 220) // 100
    return tuple(base * (95 + 3 * place) // 100 * unit for place in range(len(CLASSES) - 1))


@cache
def _hours_shown(seconds: int) -> tuple[int, int]:
    """Return how many parts of how many a day has delivered after so many seconds (in quarters of an hour)."""
    quarters = min(96, seconds // 900)
    hour, rest = divmod(quarters, 4)
    shown = sum(HOUR_WEIGHTS[:hour]) * 4 + (HOUR_WEIGHTS[hour] * rest if rest else 0)
    return shown, sum(HOUR_WEIGHTS) * 4


def fresh(day: int, zone: str, now: float) -> Fresh | None:
    """Return how far a local day has come at `now`; None when nothing moves any more, 28 days after its end."""
    begin, end = day_bounds(day, zone)
    age = int(now) - end
    if age >= 28 * DAY:  # Meta's own figure
        return None
    shown, whole = _hours_shown(int(now) - begin) if age < 0 else (1, 1)
    unsettled = 8 * (_SETTLING - max(0, age)) // _SETTLING if age < _SETTLING else 0
    return Fresh(max(0, shown), whole, _position(age + end - begin, age), unsettled, over=age >= 0)


def _position(since_begin: int, age: int) -> int:
    """Return up to where the line of conversions has arrived; grows with the clock and ends at FULL."""
    if age < DAY:
        return _EARLY * max(0, since_begin) // (2 * DAY + 3_600)
    if age < 7 * DAY:
        return _EARLY + (_WEEK_END - _EARLY) * (age - DAY) // (6 * DAY)
    return min(FULL, _WEEK_END + (FULL - _WEEK_END) * (age - 7 * DAY) // (21 * DAY))


def delivered(profile: Profile, day: int, state: Fresh | None) -> Day | None:
    """Return an ad's day, None if nothing happened on it; `state` as `fresh` says."""
    bits = step(profile.key, day)
    if not profile.evergreen:
        inside = any(first <= day <= last for first, last in profile.spans)
        if not inside or (bits >> 50) % 100 < _PAUSE_PERCENT:
            return _tail(profile, day, bits, state)
    return _draw(profile, day, bits, state)


def _draw(profile: Profile, day: int, bits: int, state: Fresh | None) -> Day | None:
    vector = list(_ZEROS)
    spend = profile.daily * (614 + (bits & 1023)) * _WEEK[day % 7] // 102_400
    shown = spend * 1_024_000 // (profile.price * (768 + (bits >> 10 & 511))) + 1
    if state is not None:
        shown = shown * state.shown // state.whole
        spend = spend * state.shown // state.whole
        spend -= spend * (state.unsettled * (bits >> 33 & 1)) // 1000
        if not shown:
            return None
    vector[_IMPRESSIONS] = shown
    chance = mix(bits)
    unit = profile.unit
    vector[_SPEND] = spend * unit + ((chance >> 40) % unit if bits >> 59 == 0 and unit < _MILLION else 0)
    vector[_SOCIAL] = (spend * 41_943 + (chance >> 44)) // _ONE * unit
    for place, parent, rate in profile.steps:
        chance = (chance * _NEXT + _ADD) & _MASK  # also for a zero, so that a day that still goes on only grows
        base = vector[parent]
        if base:
            vector[place] = (base * rate + (chance >> 44)) >> 20
    if vector[_PLAY]:
        chance = (chance * _NEXT + _ADD) & _MASK
        vector[_WATCHED] = vector[_PLAY] + vector[_VIEW] * (4 + (chance >> 60 & 3))
    arrivals = _convert(profile, vector, mix(bits ^ _GOING), FULL if state is None else state.position)
    return Day(vector, bits, arrivals)


def _convert(
    profile: Profile, vector: Vector, chance: int, position: int
) -> tuple[tuple[int, int, int, tuple[int, ...], int, int], ...]:
    clicks = vector[_LINK]
    found = []
    for counts, values, rate, prices in profile.funnel:
        chance = (chance * _NEXT + _ADD) & _MASK
        total = (clicks * rate + (chance >> 44)) >> 20
        if not total:
            continue
        offset = chance >> 20 & (FULL - 1)
        visible = _count(vector, counts, values, prices, total, offset, position, profile.mask)
        if visible:
            found.append((counts, values, visible, prices, total, offset))
            if profile.catalog and counts == _PURCHASE:
                _count(vector, _CATALOG, _CATALOG_VALUE, prices, total, offset, position, profile.mask)
                found.append((_CATALOG, _CATALOG_VALUE, visible, prices, total, offset))
    return tuple(found)


_PURCHASE, _CATALOG, _CATALOG_VALUE = count_slot("purchase"), count_slot("catalog"), value_slot("catalog")


def _count(  # noqa: PLR0913, PLR0917 - the inner loop of the world: a call with plain integers
    vector: Vector, counts: int, values: int, prices: tuple[int, ...], total: int, offset: int, position: int,
    mask: tuple[int, ...],
) -> int:  # fmt: skip
    """Write a family's visible counts and values; return how many are visible.

    Conversion k stands at (k + offset) / total on the line; those before `position` have arrived.
    """
    before = 0
    for place, end in enumerate(_CLASS_ENDS):
        reached = (total * min(end, position) + FULL - 1 - offset) >> 16
        here = reached - before
        if here:
            worth = here * prices[place]
            vector[counts + place] = here
            vector[values + place] = worth
            if place in mask:
                vector[counts + DEFAULT] += here
                vector[values + DEFAULT] += worth
            before = reached
    return before


def _tail(profile: Profile, day: int, bits: int, state: Fresh | None) -> Day | None:
    """Return a day without delivery on which something was still credited to the ad; mostly None."""
    if bits % _TAIL_ODDS or profile.evergreen or (state is not None and not state.over):
        return None
    if not any(first < day <= last + _TAIL_DAYS for first, last in profile.spans):
        return None
    vector = list(_ZEROS)
    vector[_REACTION] = 1
    arrivals = []
    for counts, values, _, prices in profile.funnel:
        if counts == _PURCHASE:
            offset = _EARLY + 1
            _count(vector, counts, values, prices, 1, offset, FULL, profile.mask)
            arrivals.append((counts, values, 1, prices, 1, offset))
    return Day(vector, bits, tuple(arrivals))


def spread(profile: Profile, day: Day, cells: Grid, *, offsite: bool) -> list[Vector | None]:
    """Divide a day over the rows of a grid; each slot adds up to the day's.

    `offsite` False leaves off-Meta conversions out, as Meta does under some breakdowns. A row is None where nothing
    happened.
    """
    found: list[Vector | None] = [None] * len(cells.labels)
    shares: dict[int, list[int]] = {}
    for place in range(FIRST_COUNT):
        count = day.vector[place]
        if count:
            shares[place] = _share(profile, day, cells, place, shares)
            _gather(found, cells.row_of, place, shares[place])
    if offsite:
        for arrival in day.arrivals:
            _arrive(profile, day.bits, cells, arrival, found)
    return found


def _share(profile: Profile, day: Day, cells: Grid, place: int, shares: dict[int, list[int]]) -> list[int]:
    count = day.vector[place]
    parent = PARENT[BASE[place]]
    above = None if parent is None else shares.get(slot(parent))
    if above is None:  # impressions, or a day without them
        marks: Sequence[int] = cells.marks
        if parent is not None:
            spot = bisect_right(marks, day.bits % marks[-1])
            return [count if cell == spot else 0 for cell in range(len(marks))]
    elif place == _CLICK:
        marks = cumulative([part * bend for part, bend in zip(above, cells.lively, strict=True)])
    elif place == _SPEND:
        return _money(
            count,
            profile.unit,
            cumulative([part * bend for part, bend in zip(above, cells.dear, strict=True)]),
            day.bits,
        )
    else:
        marks = cumulative(above)
    return split(count, marks, (day.bits >> 7) % marks[-1])


def _money(micros: int, unit: int, marks: Sequence[int], bits: int) -> list[int]:
    """Split money in whole minor units; what is left of a unit goes to the widest cell."""
    units, rest = divmod(micros, unit)
    shares = [part * unit for part in split(units, marks, (bits >> 7) % marks[-1])]
    if rest:
        shares[shares.index(max(shares))] += rest
    return shares


def _gather(found: list[Vector | None], row_of: Sequence[int], place: int, shares: Sequence[int]) -> None:
    for row, part in zip(row_of, shares, strict=True):
        if part:
            vector = found[row]
            if vector is None:
                vector = found[row] = list(_ZEROS)
            vector[place] += part


def _arrive(
    profile: Profile, bits: int, cells: Grid, arrival: tuple[int, int, int, tuple[int, ...], int, int],
    found: list[Vector | None],
) -> None:  # fmt: skip
    """Put each visible conversion into a cell. Conversion k always falls into the same one, so cells only grow."""
    counts, values, visible, prices, total, offset = arrival
    marks = cells.marks
    whole = marks[-1]
    start = (bits >> 11) + counts * 9_973
    for number in range(visible):
        where = ((number * 40_503 + start) & (FULL - 1)) * whole >> 16  # golden-ratio steps fill the line evenly
        row = cells.row_of[bisect_right(marks, where)]
        vector = found[row]
        if vector is None:
            vector = found[row] = list(_ZEROS)
        place = bisect_right(_CLASS_ENDS, ((number << 16) + offset) // total)
        vector[counts + place] += 1
        vector[values + place] += prices[place]
        if place in profile.mask:
            vector[counts + DEFAULT] += 1
            vector[values + DEFAULT] += prices[place]
