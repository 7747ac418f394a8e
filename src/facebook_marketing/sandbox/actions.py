"""Actions: the lists of `{action_type, value, <window>…}` that insight rows carry.

The same deed shows up under several action types on purpose (`purchase`, `omni_purchase`,
`offsite_conversion.fb_pixel_purchase`, …; `post_engagement` holds clicks, reactions and video views), so sums over
action types mean nothing. All values are strings; a window without a count has no key.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from .chance import cumulative, salt, split
from .slots import DEFAULT, count_slot, slot, value_slot

__all__ = ["Action", "Splits", "Stats", "Tally", "account_actions", "decimal", "money", "unique"]

Vector = Sequence[int]
Entry = dict[str, str]

_WINDOWS: Final = {
    "1d_ev": (0,),
    "1d_view": (1,),
    "1d_click": (2,),
    "7d_click": (2, 3),
    "28d_click": (2, 3, 4),
    "dda": (DEFAULT,),
}
"""Classes that each window counts. Windows that are not here are accepted and have no keys (7d_view, skan, …)."""
_INCREMENTAL_PERCENT: Final = 70


@dataclass(frozen=True, slots=True)
class Action:
    """Action types of one meaning: where their counts stand. `clicked` on-Meta ones count in every click window."""

    names: tuple[str, ...]
    base: tuple[int, ...] = ()
    clicked: bool = False
    counts: int | None = None
    values: int | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """One action's numbers in one row: labels of further action breakdowns, the total, and by window."""

    labels: Entry
    names: tuple[str, ...]
    total: int
    windows: tuple[tuple[str, int], ...]


def _family(family: str, *names: str) -> Action:
    return Action(names, counts=count_slot(family), values=value_slot(family))


_ENGAGEMENT: Final = tuple(
    slot(name) for name in ("link_click", "reaction", "comment", "post", "post_save", "photo_view", "video_view")
)
_ON_META: Final = (
    Action(("link_click",), (slot("link_click"),), clicked=True),
    Action(("landing_page_view",), (slot("landing_page_view"),), clicked=True),
    Action(("page_engagement",), (*_ENGAGEMENT, slot("like")), clicked=True),
    Action(("post_engagement",), _ENGAGEMENT, clicked=True),
    Action(("post_reaction",), (slot("reaction"),)),
    Action(("comment",), (slot("comment"),)),
    Action(("post",), (slot("post"),)),
    Action(("like",), (slot("like"),)),
    Action(("photo_view",), (slot("photo_view"),)),
    Action(("video_view",), (slot("video_view"),)),
    Action(("onsite_conversion.post_save",), (slot("post_save"),)),
    Action(("onsite_conversion.lead_grouped", "leadgen_grouped"), (slot("form_lead"),), clicked=True),
    Action(
        ("onsite_conversion.messaging_conversation_started_7d", "onsite_conversion.total_messaging_connection"),
        (slot("messaging"),),
        clicked=True,
    ),
    Action(("onsite_conversion.messaging_first_reply",), (slot("first_reply"),), clicked=True),
)
_OFF_META: Final = (
    _family("view_content", "view_content", "omni_view_content", "offsite_conversion.fb_pixel_view_content"),
    _family("add_to_cart", "add_to_cart", "omni_add_to_cart", "offsite_conversion.fb_pixel_add_to_cart"),
    _family(
        "initiate_checkout", "initiate_checkout", "omni_initiated_checkout",
        "offsite_conversion.fb_pixel_initiate_checkout",
    ),
    _family(
        "purchase", "omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase", "onsite_web_purchase",
        "onsite_web_app_purchase", "web_in_store_purchase",
    ),
    Action(("lead",), (slot("form_lead"),), clicked=True, counts=count_slot("lead"), values=value_slot("lead")),
    _family("lead", "offsite_conversion.fb_pixel_lead"),
    _family(
        "complete_registration", "complete_registration", "omni_complete_registration",
        "offsite_conversion.fb_pixel_complete_registration",
    ),
    _family("app_install", "mobile_app_install", "app_install", "omni_app_install"),
)  # fmt: skip


def account_actions(custom_conversion: str | None) -> tuple[Action, ...]:
    """Return every action type of an account; its first custom conversion has a type of its own."""
    own = (f"offsite_conversion.custom.{custom_conversion}",) if custom_conversion else ()
    return (*_ON_META, *_OFF_META, _family("custom", "offsite_conversion.fb_pixel_custom", *own))


def unique(count: int) -> int:
    """Return how many different people did something so many times: fewer, and never additive."""
    return math.ceil(math.pow(count, 0.985) - 1e-9)


def decimal(value: float) -> str:
    """Write a ratio as Meta does: up to six decimals, no trailing zeros."""
    text = f"{value:.6f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(micros: int) -> str:
    """Write micros in major units with every digit they have."""
    whole, rest = divmod(micros, 1_000_000)
    return f"{whole}.{rest:06d}".rstrip("0") if rest else str(whole)


@dataclass(frozen=True, slots=True)
class Splits:
    """How one row's on-Meta actions divide under further action breakdowns.

    `only` are the action types that have such a breakdown (None: all on-Meta ones); `overlap` says that the first
    part is the whole and the others are among it.
    """

    parts: tuple[tuple[Entry, int], ...]
    only: frozenset[str] | None = None
    offsite: bool = True
    overlap: bool = False


class Stats:
    """The action lists of one query: its windows, its action breakdowns, its filter on action types."""

    def __init__(self, windows: Sequence[str], wanted: Callable[[str], bool] | None = None) -> None:
        """Take the windows asked for and, where the query filters by `action_type`, the test."""
        self._windows = tuple((name, _WINDOWS[name]) for name in dict.fromkeys(windows) if name in _WINDOWS)
        self._clicks = tuple(name for name, _ in self._windows if "click" in name)
        self._incremental = "incrementality" in windows
        self._wanted = wanted

    def tallies(
        self, vector: Vector, actions: Sequence[Action], splits: Splits | None, *, worth: bool
    ) -> Iterator[Tally]:
        """Yield the numbers of each action that has any; `worth` reads values (micros) instead of counts."""
        for action in actions:
            tally = self._worth(vector, action) if worth else self._counted(vector, action)
            if tally is None:
                continue
            if splits is None:
                yield tally
            else:
                yield from _divided(tally, action, splits)

    def _worth(self, vector: Vector, action: Action) -> Tally | None:
        start = action.values
        if start is None or not any(vector[start : start + DEFAULT]):
            return None
        return Tally({}, action.names, vector[start + DEFAULT], self._by_window(vector, start, 0))

    def _counted(self, vector: Vector, action: Action) -> Tally | None:
        base = 0
        for place in action.base:
            base += vector[place]
        start = action.counts
        if start is not None and any(vector[start : start + DEFAULT]):
            clicked = base if action.clicked else 0
            return Tally({}, action.names, base + vector[start + DEFAULT], self._by_window(vector, start, clicked))
        if not base:
            return None
        return Tally({}, action.names, base, tuple((name, base) for name in self._clicks) if action.clicked else ())

    def _by_window(self, vector: Vector, start: int, clicked: int) -> tuple[tuple[str, int], ...]:
        found = []
        for name, classes in self._windows:
            count = clicked if "click" in name else 0
            for place in classes:
                count += vector[start + place]
            if count:
                found.append((name, count))
        total = clicked + vector[start + DEFAULT]
        if self._incremental and total:
            found.append(("incrementality", total * _INCREMENTAL_PERCENT // 100))
        return tuple(found)

    def render(self, tallies: Iterator[Tally], text: Callable[[int], str | None]) -> list[Entry] | None:
        """Write tallies as entries, None if there is none; `text` None leaves an entry or a window out."""
        entries: list[Entry] = []
        wanted = self._wanted
        for tally in tallies:
            value = text(tally.total)
            if value is None:
                continue
            numbers = {"value": value}
            for name, count in tally.windows:
                shown = value if count == tally.total else text(count)
                if shown is not None:
                    numbers[name] = shown
            entries += [
                {**tally.labels, "action_type": name, **numbers}
                for name in tally.names
                if wanted is None or wanted(name)
            ]
        return entries or None


def _divided(tally: Tally, action: Action, splits: Splits) -> Iterator[Tally]:
    if splits.only is not None:
        names = tuple(name for name in tally.names if name in splits.only)
        if not names:
            return
        tally = replace(tally, names=names)
    if action.counts is not None and not action.base and splits.only is None:
        if splits.offsite:  # off-Meta conversions come without a value of the breakdown
            yield tally
        return
    if not splits.parts:
        return
    marks = cumulative([weight for _, weight in splits.parts])
    offset = salt(action.names[0]) % marks[-1]
    totals = split(tally.total, marks, offset)
    windows = [(name, split(count, marks, offset)) for name, count in tally.windows]
    for place, (labels, weight) in enumerate(splits.parts):
        total = tally.total * weight // 100 if splits.overlap else totals[place]
        shown = tuple((name, counts[place]) for name, counts in windows if counts[place])
        if total or shown:
            yield Tally(labels, tally.names, total, shown)
