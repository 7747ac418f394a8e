"""Action types by what they mean: Meta reports one deed under several of them, and a sum over them counts it often.

Rows of one `family` are the same kind of deed. To count it once, take of each insight row the rows of the family with
the lowest `rank` that is there: a total where Meta gives one, else the channels, which do not overlap. What is not in
this table stands for itself (`offsite_conversion.custom.<id>` is one custom conversion).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

Confidence = Literal["high", "medium", "low"]

SEEN = "replies of live accounts that Meta's clients have published"
META = "Meta's page on ads action stats"
NAMED = "Meta's names for channels: omni, offsite, onsite, app, offline"


@dataclass(frozen=True, slots=True)
class ActionType:
    """One value of `action_type`.

    `contained_in` is an action type that counts this one too. Of a family's rows of one rank, either there is one,
    or they are channels that do not overlap. `confidence` is ours, in `family`, `rank` and `contained_in` together.
    """

    action_type: str
    family: str
    channel: str
    rank: int
    contained_in: str | None
    source: str
    confidence: Confidence

    @property
    def is_total(self) -> bool:
        """Counts every deed of its family; no other action type of the family counts more."""
        return self.rank == 1 or self.contained_in is None


@dataclass(frozen=True, slots=True)
class _Event:
    """A standard event: its names by channel. `mixed` count some channels together, the widest first."""

    family: str
    omni: str = ""
    plain: str = ""
    web: str = ""
    app: str = ""
    on_meta: str = ""
    offline: str = ""
    mixed: tuple[tuple[str, str], ...] = ()


_CHANNELS = ("web", "app", "on_meta", "offline")
_PIXEL, _APP, _ON_META, _OFFLINE = (
    "offsite_conversion.fb_pixel_",
    "app_custom_event.fb_mobile_",
    "onsite_conversion.",
    "offline_conversion.",
)


def _standard(family: str, *, omni: str = "", app: str = "", mixed: tuple[tuple[str, str], ...] = ()) -> _Event:
    return _Event(
        family,
        omni,
        family,
        f"{_PIXEL}{family}",
        f"{_APP}{app or family}",
        f"{_ON_META}{family}",
        f"{_OFFLINE}{family}",
        mixed,
    )


def _mixed(event: str) -> tuple[tuple[str, str], ...]:
    return (
        (f"onsite_web_app_{event}", "web, app, on_meta"),
        (f"onsite_web_{event}", "web, on_meta"),
        (f"onsite_app_{event}", "app, on_meta"),
    )


def _by_total(family: str) -> _Event:
    return _Event(family, "", f"{family}_total", f"{family}_website", f"{family}_mobile_app", "", f"{family}_offline")


_EVENTS: tuple[_Event, ...] = (
    _standard(
        "purchase",
        omni="omni_purchase",
        mixed=(
            ("web_app_in_store_purchase", "web, app, offline"),
            ("onsite_web_app_purchase", "web, app, on_meta"),
            ("web_in_store_purchase", "web, offline"),
            ("onsite_web_purchase", "web, on_meta"),
            ("onsite_app_purchase", "app, on_meta"),
        ),
    ),
    _standard("add_to_cart", omni="omni_add_to_cart", mixed=_mixed("add_to_cart")),
    _standard(
        "initiate_checkout",
        omni="omni_initiated_checkout",
        app="initiated_checkout",
        mixed=_mixed("initiate_checkout"),
    ),
    _standard("view_content", omni="omni_view_content", app="content_view", mixed=_mixed("view_content")),
    _standard("add_payment_info"),
    _standard("add_to_wishlist"),
    _standard("search", omni="omni_search"),
    _standard("complete_registration", omni="omni_complete_registration"),
    _Event(
        "lead",
        plain="lead",
        web=f"{_PIXEL}lead",
        on_meta="onsite_conversion.lead_grouped",
        offline="offline_conversion.lead",
        mixed=(
            ("onsite_web_lead", "web, on_meta"),
            ("leadgen_grouped", "on_meta"),
            ("onsite_conversion.lead", "on_meta"),
        ),
    ),
    _Event("app_install", omni="omni_app_install", plain="app_install", mixed=(("mobile_app_install", "app"),)),
    _Event("landing_page_view", omni="omni_landing_page_view", plain="landing_page_view"),
    *map(
        _by_total,
        (
            *("contact", "customize_product", "donate", "find_location", "schedule", "start_trial"),
            *("submit_application", "subscribe"),
        ),
    ),
)

# Deeds on Meta, each a family of its own, and what counts them too.
_ON_META_DEEDS: Mapping[str, str | None] = {
    "page_engagement": None,
    "post_engagement": "page_engagement",
    "like": "page_engagement",
    "link_click": "post_engagement",
    "post_reaction": "post_engagement",
    "comment": "post_engagement",
    "post": "post_engagement",
    "photo_view": "post_engagement",
    "video_view": "post_engagement",
    "onsite_conversion.post_save": "post_engagement",
    "onsite_conversion.messaging_conversation_started_7d": "onsite_conversion.total_messaging_connection",
    "onsite_conversion.messaging_first_reply": None,
    "onsite_conversion.total_messaging_connection": None,
}
# Sums across families that Meta makes for its own optimisation: never to be added to any of them.
_ACROSS = (
    "offsite_complete_registration_add_meta_leads",
    "offsite_search_add_meta_leads",
    "offsite_lead_add_20_s_calls",
    "offsite_purchase_add_20_s_calls",
)


def _of_event(event: _Event) -> Iterator[ActionType]:
    total = event.omni or event.plain
    if event.omni:
        yield ActionType(event.omni, event.family, "all", 1, None, NAMED, "high")
    if event.plain:
        within = event.omni or None
        yield ActionType(event.plain, event.family, "all", 2, within, SEEN, "medium")
    for channel in _CHANNELS:
        name: str = getattr(event, channel)
        if name:
            yield ActionType(name, event.family, channel, 3, total, NAMED, "high" if channel == "web" else "medium")
    for rank, (name, channels) in enumerate(event.mixed, 4):
        yield ActionType(name, event.family, channels, rank, total, SEEN, "low")


ACTION_TYPES: tuple[ActionType, ...] = (
    *(row for event in _EVENTS for row in _of_event(event)),
    *(
        ActionType(name, name.removeprefix(_ON_META), "on_meta", 1, within, SEEN, "high")
        for name, within in _ON_META_DEEDS.items()
    ),
    *(ActionType(name, name, "several families", 1, None, SEEN, "low") for name in _ACROSS),
)


def choices(family: str) -> tuple[tuple[str, ...], ...]:
    """Action types of a family, those of one rank together, in the order in which they are taken."""
    rows = sorted((row for row in ACTION_TYPES if row.family == family), key=lambda row: row.rank)
    return tuple(tuple(row.action_type for row in same) for _, same in groupby(rows, key=lambda row: row.rank))
