"""What never changes about a thing (its plan) and what can be seen of it at a moment (its state)."""

from dataclasses import dataclass
from typing import Final

from .creatives import CreativePlan
from .economy import Economy
from .targeting import Audience

__all__ = ["HIDDEN", "AdPlan", "AdSetPlan", "CampaignPlan", "Change", "State"]

HIDDEN: Final = frozenset({"ARCHIVED", "DELETED"})
"""Statuses that listings leave out unless they are asked for by name."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happens to a thing after the anchor; `turn` counts its changes from 1."""

    at: float
    what: str
    turn: int


@dataclass(frozen=True, slots=True)
class State:
    """What can be seen of a thing at a moment; `until` is when it will look different."""

    status: str
    effective: str
    name: str
    updated: float
    until: float


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """What never changes about a campaign."""

    index: int
    id: str
    created: float
    name: str
    economy: Economy
    status: str
    updated: float
    stop: float | None  # when it stopped, if it had stopped before the anchor
    archived_at: float | None  # when it will be archived
    budgeted: bool  # holds the budget for its ad sets
    legacy: bool


@dataclass(frozen=True, slots=True)
class AdSetPlan:
    """What never changes about an ad set."""

    index: int
    id: str
    campaign: CampaignPlan
    created: float
    name: str
    status: str
    updated: float
    stop: float | None
    attribution: str
    audience: Audience
    daily_budget: int


@dataclass(frozen=True, slots=True)
class AdPlan:
    """What never changes about an ad."""

    index: int
    id: str
    adset: AdSetPlan
    created: float
    name: str
    status: str
    review: str | None  # DISAPPROVED, PENDING_REVIEW, WITH_ISSUES
    updated: float
    stop: float | None
    creative: CreativePlan
    key: int
    evergreen: bool
