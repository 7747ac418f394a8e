"""Small worlds and questions for the tests of the sandbox's numbers."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

from facebook_marketing.sandbox.insights import Filter, Query, check, cut, rows
from facebook_marketing.sandbox.world import Node, Size, World

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
FIRST = "act_1234567890123456"
SMALL = Size(campaigns=6, adsets=12, ads=30, creatives=30, images=10, videos=5, activities=40)
EVERY_STATUS = Filter(
    "ad.effective_status",
    "IN",
    (
        "ACTIVE", "PAUSED", "DELETED", "PENDING_REVIEW", "DISAPPROVED", "PREAPPROVED", "PENDING_BILLING_INFO",
        "CAMPAIGN_PAUSED", "ARCHIVED", "ADSET_PAUSED", "IN_PROCESS", "WITH_ISSUES",
    ),
)  # fmt: skip
COUNTS = ("impressions", "clicks", "spend", "inline_link_clicks")
FIELDS = ("campaign_id", "ad_id", *COUNTS, "reach", "actions", "action_values")
WINDOWS = ("1d_click", "7d_click", "28d_click", "1d_view")


@dataclass
class Still:
    """A clock that stands until it is moved."""

    at: float = NOON

    def __call__(self) -> float:
        return self.at

    def forward(self, days: float) -> None:
        self.at += days * 86_400


def make_world(clock: Still | None = None, **options: Any) -> World:
    """Return a small world on a still clock."""
    return World(now=clock or Still(), **{"seed": 1, "size": SMALL, **options})


def account(world: World, digits: str = FIRST) -> Node:
    node = world.node(digits)
    assert node is not None
    return node


def day(ago: int) -> date:
    """Return the day so many days before 22 November 2026."""
    return date(2026, 11, 22) - timedelta(days=ago)


def question(world: World, **changes: Any) -> Query:
    """Return a question about the first account: settled days of October 2026, at ad level, unless told otherwise."""
    options: dict[str, Any] = {
        "object": account(world),
        "level": "ad",
        "fields": FIELDS,
        "breakdowns": (),
        "action_breakdowns": None,
        "attribution_windows": WINDOWS,
        "ranges": cut(day(50), day(37), 1),
        **changes,
    }
    return Query(**options)


def ask(world: World, **changes: Any) -> list[dict[str, Any]]:
    """Check a question and return its rows."""
    asked = question(world, **changes)
    check(asked, world)
    return list(rows(asked, world))


def total(found: Iterable[Mapping[str, Any]], name: str) -> Decimal:
    """Return the exact sum of a scalar."""
    return sum((Decimal(row.get(name, "0")) for row in found), Decimal(0))


def acted(found: Iterable[Mapping[str, Any]], kind: str, key: str = "value", field: str = "actions") -> Decimal:
    """Return the exact sum of one action type."""
    entries = (entry for row in found for entry in row.get(field, ()) if entry["action_type"] == kind)
    return sum((Decimal(entry.get(key, "0")) for entry in entries), Decimal(0))


def listed(world: World, name: str, digits: str = FIRST) -> list[dict[str, Any]]:
    """Return every row of an edge."""
    found = world.edge(account(world, digits), name)
    assert found is not None
    return [dict(row) for row in found]


def declared(kind: str) -> dict[str, str]:
    """Return the fields of a kind of object with the types that Meta's SDK declares."""
    facts = json.loads(files("facebook_marketing.catalog").joinpath("fields.json").read_bytes())
    fields: dict[str, str] = facts["objects"][kind]["fields"]
    return fields
