"""Every insight field that the sandbox computes: one row of a table a field, each a function of a `Line`.

A function returns the wire value, or None where the metric has nothing to say, which leaves the key out. Money and
ratios are in major units and percent; all scalars are strings (insights page of the API notes).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .actions import Action, Splits, Stats, decimal, money, unique
from .chance import step
from .slots import DEFAULT, count_slot, slot, value_slot

__all__ = ["DESCRIPTIONS", "METRICS", "REACH_FIELDS", "Line", "Metric", "reach"]

Entries = list[dict[str, str]]

_MICROS: Final = 1_000_000
_RANKED_FROM: Final = 500  # impressions below which rankings stay UNKNOWN
_RANKS: Final = ("BELOW_AVERAGE_10", "BELOW_AVERAGE_20", "BELOW_AVERAGE_35", "AVERAGE", "AVERAGE", "ABOVE_AVERAGE")
_UNIQUE_TYPES: Final = frozenset(
    {"link_click", "landing_page_view", "page_engagement", "post_engagement", "video_view"}
)

_IMPRESSIONS, _SPEND, _SOCIAL, _FULL = (slot(name) for name in ("impressions", "spend", "social_spend", "full_view"))
_CLICK, _LINK, _OUTBOUND, _LANDING = (
    slot(name) for name in ("click", "link_click", "outbound_click", "landing_page_view")
)
_PURCHASES, _SALES = count_slot("purchase") + DEFAULT, value_slot("purchase") + DEFAULT
_ENGAGEMENT: Final = tuple(
    slot(name) for name in ("link_click", "reaction", "comment", "post", "post_save", "photo_view", "video_view")
)


@dataclass(slots=True)
class Line:
    """What one row is computed from.

    `indicator` is what `results` counts (None where ad sets differ), `key` the chance of the rankings (None above
    the ad), `uniques` False where people are not counted (hourly: zeros).
    """

    vector: Sequence[int]
    stats: Stats
    actions: tuple[Action, ...]
    splits: Splits | None
    indicator: str | None
    key: int | None
    uniques: bool
    described: Mapping[str, str]


Metric = Callable[[Line], object | None]


def reach(impressions: int) -> int:
    """Return how many people saw so many impressions.

    At least one, at most as many; the people of a whole are at least those of any part and at most those of all
    parts together, as it is with unions.
    """
    return math.ceil(math.pow(impressions, 0.965) - 1e-9)


def _ratio(over: int, under: int, factor: float = 1.0) -> str | None:
    return decimal(over / under * factor) if under else None


def _count(place: int) -> Metric:
    return lambda line: str(line.vector[place])


def _some(place: int) -> Metric:
    return lambda line: str(line.vector[place]) if line.vector[place] else None


def _cost(place: int) -> Metric:
    return lambda line: _ratio(line.vector[_SPEND], line.vector[place], 1 / _MICROS)


def _reach(line: Line) -> str | None:
    if not line.uniques:
        return "0"
    seen = line.vector[_IMPRESSIONS]
    return str(reach(seen)) if seen else None


def _frequency(line: Line) -> str | None:
    if not line.uniques:
        return "0"
    seen = line.vector[_IMPRESSIONS]
    return decimal(seen / reach(seen)) if seen else None


def _cpp(line: Line) -> str | None:
    seen = line.vector[_IMPRESSIONS]
    return decimal(line.vector[_SPEND] / reach(seen) / 1000) if seen and line.uniques else None


def _unique(place: int) -> Metric:
    return lambda line: str(unique(line.vector[place])) if line.uniques else "0"


def _unique_rate(place: int) -> Metric:
    def metric(line: Line) -> str | None:
        seen = line.vector[_IMPRESSIONS]
        return decimal(unique(line.vector[place]) / reach(seen) * 100) if seen and line.uniques else None

    return metric


def _unique_cost(place: int) -> Metric:
    def metric(line: Line) -> str | None:
        count = line.vector[place]
        return _ratio(line.vector[_SPEND], unique(count), 1 / _MICROS) if count and line.uniques else None

    return metric


def _engagement(line: Line) -> int:
    return sum(line.vector[place] for place in _ENGAGEMENT)


# --- lists of action stats ------------------------------------------------------------------------------------------


def _actions(line: Line) -> Entries | None:
    return line.stats.render(line.stats.tallies(line.vector, line.actions, line.splits, worth=False), str)


def _action_values(line: Line) -> Entries | None:
    return line.stats.render(line.stats.tallies(line.vector, line.actions, line.splits, worth=True), money)


def _cost_per_action(line: Line) -> Entries | None:
    spend = line.vector[_SPEND]
    if not spend:
        return None
    tallies = line.stats.tallies(line.vector, line.actions, line.splits, worth=False)
    return line.stats.render(tallies, lambda count: decimal(spend / count / _MICROS) if count else None)


def _unique_actions(line: Line) -> Entries | None:
    if not line.uniques:
        return None
    actions = tuple(action for action in line.actions if action.names[0] in _UNIQUE_TYPES)
    tallies = line.stats.tallies(line.vector, actions, line.splits, worth=False)
    return line.stats.render(tallies, lambda count: str(unique(count)))


def _cost_per_unique_action(line: Line) -> Entries | None:
    spend = line.vector[_SPEND]
    if not spend or not line.uniques:
        return None
    actions = tuple(action for action in line.actions if action.names[0] in _UNIQUE_TYPES)
    tallies = line.stats.tallies(line.vector, actions, line.splits, worth=False)
    return line.stats.render(tallies, lambda count: decimal(spend / unique(count) / _MICROS) if count else None)


def _listed(action: Action, text: Callable[[Line, int], str | None], *, worth: bool = False) -> Metric:
    """A list of one action type; the number of each entry goes through `text`."""

    def metric(line: Line) -> Entries | None:
        tallies = line.stats.tallies(line.vector, (action,), line.splits, worth=worth)
        return line.stats.render(tallies, lambda count: text(line, count))

    return metric


def _plain(line: Line, count: int) -> str | None:  # noqa: ARG001 - one shape for all texts
    return str(count) if count else None


def _each_unique(line: Line, count: int) -> str | None:
    return str(unique(count)) if count and line.uniques else None


def _per_spend(line: Line, count: int) -> str | None:
    return _ratio(line.vector[_SPEND], count, 1 / _MICROS)


def _per_unique_spend(line: Line, count: int) -> str | None:
    return _ratio(line.vector[_SPEND], unique(count), 1 / _MICROS) if count and line.uniques else None


def _of_impressions(line: Line, count: int) -> str | None:
    return _ratio(count, line.vector[_IMPRESSIONS], 100) if count else None


def _of_reach(line: Line, count: int) -> str | None:
    seen = line.vector[_IMPRESSIONS]
    return decimal(unique(count) / reach(seen) * 100) if seen and count and line.uniques else None


def _share_of_impressions(line: Line, count: int) -> str | None:
    return _ratio(count, line.vector[_IMPRESSIONS]) if count else None


def _return(line: Line, worth: int) -> str | None:
    return _ratio(worth, line.vector[_SPEND]) if worth else None


def _money(line: Line, worth: int) -> str | None:  # noqa: ARG001 - one shape for all texts
    return money(worth) if worth else None


def _act(name: str, *bases: str, clicked: bool = False) -> Action:
    return Action((name,), tuple(slot(base) for base in bases), clicked=clicked)


def _sale(name: str, family: str = "purchase") -> Action:
    return Action((name,), counts=count_slot(family), values=value_slot(family))


def _watched(base: str) -> Action:
    return _act("video_view", base)


_OUT: Final = _act("outbound_click", "outbound_click", clicked=True)
_LINKS: Final = _act("link_click", "link_click", clicked=True)
_FOUND: Final = _act("find_location_total", "find_location", clicked=True)
_CATALOG: Final = _sale("omni_purchase", "catalog")


def _average_time(line: Line) -> Entries | None:
    plays = line.vector[slot("play")]
    if not plays:
        return None
    return [{"action_type": "video_view", "value": str(line.vector[slot("watched_seconds")] // plays)}]


_CURVE: Final = (100, 82, 71, 60, 52, 44, 39, 33, 30, 27, 24, 22, 20, 18, 16, 15, 14, 13, 12, 11, 10, 9)


def _curve(line: Line) -> list[dict[str, object]] | None:
    plays = line.vector[slot("play")]
    if not plays:
        return None
    bend = 60 + line.vector[slot("p50")] * 1_000 // plays % 40
    values = [100, *(max(1, value * bend // 100) for value in _CURVE[1:])]
    return [{"action_type": "video_view", "value": values}]


# --- results --------------------------------------------------------------------------------------------------------


_INDICATED: Final[Mapping[str, tuple[int, ...]]] = {
    "actions:offsite_conversion.fb_pixel_purchase": (_PURCHASES,),
    "actions:onsite_conversion.lead_grouped": (slot("form_lead"),),
    "actions:landing_page_view": (_LANDING,),
    "actions:onsite_conversion.messaging_conversation_started_7d": (slot("messaging"),),
    "actions:mobile_app_install": (count_slot("app_install") + DEFAULT,),
}


def _result(line: Line) -> int | None:
    if line.indicator is None:
        return None
    if line.indicator == "reach":
        return reach(line.vector[_IMPRESSIONS]) if line.uniques else 0
    return sum(line.vector[place] for place in _INDICATED[line.indicator])


def _indicated(line: Line, value: str | None) -> list[dict[str, object]] | None:
    if line.indicator is None:
        return None
    entry: dict[str, object] = {"indicator": line.indicator}
    if value is not None:
        entry["values"] = [{"value": value, "attribution_windows": ["default"]}]
    return [entry]


def _results(line: Line) -> list[dict[str, object]] | None:
    count = _result(line)
    return _indicated(line, str(count) if count else None)


def _cost_per_result(line: Line) -> list[dict[str, object]] | None:
    count = _result(line)
    return _indicated(line, _ratio(line.vector[_SPEND], count, 1 / _MICROS) if count else None)


def _result_rate(line: Line) -> list[dict[str, object]] | None:
    count = _result(line)
    return _indicated(line, _ratio(count, line.vector[_IMPRESSIONS], 100) if count else None)


# --- what is said of an ad ------------------------------------------------------------------------------------------


def _ranking(number: int) -> Metric:
    def metric(line: Line) -> str | None:
        if line.key is None:
            return None
        if line.vector[_IMPRESSIONS] <= _RANKED_FROM:
            return "UNKNOWN"
        return _RANKS[step(line.key, number) % len(_RANKS)]

    return metric


def _recallers(line: Line) -> str | None:
    if line.indicator != "reach" or not line.uniques:
        return None
    return str(reach(line.vector[_IMPRESSIONS]) * 11 // 100)


def _recall_rate(line: Line) -> str | None:
    return "11" if line.indicator == "reach" and line.uniques and line.vector[_IMPRESSIONS] else None


def _cost_per_recaller(line: Line) -> str | None:
    count = int(_recallers(line) or 0)
    return _ratio(line.vector[_SPEND], count, 1 / _MICROS)


def _text(name: str) -> Metric:
    return lambda line: line.described.get(name)


DESCRIPTIONS: Final = (
    "account_id", "account_name", "account_currency", "campaign_id", "campaign_name", "adset_id", "adset_name", "ad_id",
    "ad_name", "objective", "buying_type", "optimization_goal", "attribution_setting", "created_time", "updated_time",
    "adset_start", "adset_end",
)  # fmt: skip
"""Fields that say what a row is about and measure nothing."""

REACH_FIELDS: Final = frozenset({"reach", "frequency", "cpp"})

METRICS: Final[Mapping[str, Metric]] = {
    **{name: _text(name) for name in DESCRIPTIONS},
    "impressions": _count(_IMPRESSIONS),
    "clicks": _count(_CLICK),
    "spend": lambda line: money(line.vector[_SPEND]),
    "social_spend": lambda line: money(line.vector[_SOCIAL]),
    "reach": _reach,
    "frequency": _frequency,
    "cpp": _cpp,
    "cpc": _cost(_CLICK),
    "cpm": lambda line: _ratio(line.vector[_SPEND], line.vector[_IMPRESSIONS], 1000 / _MICROS),
    "ctr": lambda line: _ratio(line.vector[_CLICK], line.vector[_IMPRESSIONS], 100),
    "unique_clicks": _unique(_CLICK),
    "unique_ctr": _unique_rate(_CLICK),
    "cost_per_unique_click": _unique_cost(_CLICK),
    "inline_link_clicks": _some(_LINK),
    "inline_link_click_ctr": lambda line: _ratio(line.vector[_LINK], line.vector[_IMPRESSIONS], 100),
    "cost_per_inline_link_click": _cost(_LINK),
    "unique_inline_link_clicks": _unique(_LINK),
    "unique_inline_link_click_ctr": _unique_rate(_LINK),
    "unique_link_clicks_ctr": _unique_rate(_LINK),
    "cost_per_unique_inline_link_click": _unique_cost(_LINK),
    "inline_post_engagement": lambda line: str(_engagement(line)),
    "cost_per_inline_post_engagement": lambda line: _ratio(line.vector[_SPEND], _engagement(line), 1 / _MICROS),
    "instagram_profile_visits": _some(slot("profile_visit")),
    "full_view_impressions": _some(_FULL),
    "full_view_reach": lambda line: str(reach(line.vector[_FULL])) if line.vector[_FULL] and line.uniques else None,
    "quality_ranking": _ranking(1),
    "engagement_rate_ranking": _ranking(2),
    "conversion_rate_ranking": _ranking(3),
    "estimated_ad_recallers": _recallers,
    "estimated_ad_recall_rate": _recall_rate,
    "cost_per_estimated_ad_recallers": _cost_per_recaller,
    "purchases_per_link_click": lambda line: (
        _ratio(line.vector[_PURCHASES], line.vector[_LINK]) if line.vector[_PURCHASES] else None
    ),
    "purchase_per_landing_page_view": lambda line: (
        _ratio(line.vector[_PURCHASES], line.vector[_LANDING]) if line.vector[_PURCHASES] else None
    ),
    "landing_page_view_per_link_click": lambda line: (
        _ratio(line.vector[_LANDING], line.vector[_LINK]) if line.vector[_LANDING] else None
    ),
    "actions": _actions,
    "action_values": _action_values,
    "cost_per_action_type": _cost_per_action,
    "unique_actions": _unique_actions,
    "cost_per_unique_action_type": _cost_per_unique_action,
    "conversions": _listed(_FOUND, _plain),
    "cost_per_conversion": _listed(_FOUND, _per_spend),
    "unique_conversions": _listed(_FOUND, _each_unique),
    "cost_per_unique_conversion": _listed(_FOUND, _per_unique_spend),
    "outbound_clicks": _listed(_OUT, _plain),
    "outbound_clicks_ctr": _listed(_OUT, _of_impressions),
    "cost_per_outbound_click": _listed(_OUT, _per_spend),
    "unique_outbound_clicks": _listed(_OUT, _each_unique),
    "unique_outbound_clicks_ctr": _listed(_OUT, _of_reach),
    "cost_per_unique_outbound_click": _listed(_OUT, _per_unique_spend),
    "website_ctr": _listed(_LINKS, _of_impressions),
    "ad_click_actions": _listed(_LINKS, _plain),
    "cost_per_ad_click": _listed(_LINKS, _per_spend),
    "purchase_roas": _listed(_sale("omni_purchase"), _return, worth=True),
    "website_purchase_roas": _listed(_sale("offsite_conversion.fb_pixel_purchase"), _return, worth=True),
    "catalog_segment_actions": _listed(_CATALOG, _plain),
    "catalog_segment_value": _listed(_CATALOG, _money, worth=True),
    "catalog_segment_value_omni_purchase_roas": _listed(_CATALOG, _return, worth=True),
    "catalog_segment_value_website_purchase_roas": _listed(
        _sale("offsite_conversion.fb_pixel_purchase", "catalog"), _return, worth=True
    ),
    "converted_product_quantity": _listed(_CATALOG, _plain),
    "converted_product_value": _listed(_CATALOG, _money, worth=True),
    "video_play_actions": _listed(_watched("play"), _plain),
    "video_continuous_2_sec_watched_actions": _listed(_watched("continuous_2"), _plain),
    "video_6_sec_watched_actions": _listed(_watched("p25"), _plain),
    "video_15_sec_watched_actions": _listed(_watched("view_15"), _plain),
    "video_30_sec_watched_actions": _listed(_watched("view_30"), _plain),
    "video_thruplay_watched_actions": _listed(_watched("thruplay"), _plain),
    "video_p25_watched_actions": _listed(_watched("p25"), _plain),
    "video_p50_watched_actions": _listed(_watched("p50"), _plain),
    "video_p75_watched_actions": _listed(_watched("p75"), _plain),
    "video_p95_watched_actions": _listed(_watched("p95"), _plain),
    "video_p100_watched_actions": _listed(_watched("p100"), _plain),
    "video_avg_time_watched_actions": _average_time,
    "video_time_watched_actions": _listed(_watched("watched_seconds"), _plain),
    "video_play_curve_actions": _curve,
    "video_view_per_impression": _listed(_watched("video_view"), _share_of_impressions),
    "unique_video_view_15_sec": _listed(_watched("view_15"), _each_unique),
    "unique_video_continuous_2_sec_watched_actions": _listed(_watched("continuous_2"), _each_unique),
    "cost_per_thruplay": _listed(_watched("thruplay"), _per_spend),
    "cost_per_15_sec_video_view": _listed(_watched("view_15"), _per_spend),
    "cost_per_6_sec_video_view": _listed(_watched("p25"), _per_spend),
    "cost_per_2_sec_continuous_video_view": _listed(_watched("continuous_2"), _per_spend),
    "results": _results,
    "objective_results": _results,
    "cost_per_result": _cost_per_result,
    "cost_per_objective_result": _cost_per_result,
    "result_rate": _result_rate,
}
"""Fields with a computed value; every other field of Meta's list is accepted and stays absent."""
