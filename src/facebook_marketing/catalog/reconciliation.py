"""What can be verified: which reports add up to an account's total, by which numbers, and the table of the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from facebook_marketing.catalog.stream import Behaviour, Column, Kind, Report, Stream

PARTITIONS: frozenset[str] = frozenset(
    {
        "age",
        "gender",
        "country",
        "region",
        "publisher_platform",
        "platform_position",
        "device_platform",
        "impression_device",
        "hourly_stats_aggregated_by_advertiser_time_zone",
        "hourly_stats_aggregated_by_audience_time_zone",
    }
)
"""Breakdowns that put each impression into one row (Meta's pages on breakdowns): their rows add up to the total.

Assets and products do not: an ad shows several of them at once, and others show none.
"""

COUNTED = ("spend", "impressions", "clicks")
"""Numbers that add up over ads and over days. Actions do too, within one action type."""

ACTIONS = "actions"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A difference up to `least`, or up to this `share` of what Meta reports, is none."""

    least: Decimal = Decimal(0)
    share: Decimal = Decimal(0)

    def allows(self, difference: Decimal, reported: Decimal) -> bool:
        """Whether the difference is within it."""
        return abs(difference) <= max(self.least, abs(reported) * self.share)


TOLERANCES: Mapping[str, Tolerance] = {
    # Meta rounds money to the currency's smallest unit in each row, so that a sum of many may be off by some of them.
    "spend": Tolerance(least=Decimal("0.01"), share=Decimal("0.0001")),
}
"""By metric; numbers that are counted must be equal."""


def refusal(report: Report) -> str | None:
    """Say why the rows of a report cannot be held against a total; None where they can."""
    odd = [name for name in report.breakdowns if name not in PARTITIONS]
    if odd:
        return f"rows by {', '.join(odd)} do not add up to the account's total"
    metrics = [str(row.get("field")) for row in report.filtering if _filters_rows(str(row.get("field")))]
    if metrics:
        return f"its filter on {', '.join(metrics)} leaves rows out that a total counts"
    return None


def counted(stream: Stream) -> tuple[str, ...]:
    """Name the stream's columns that are verified.

    Actions only without breakdowns (Meta leaves off-site ones out of some) and where they are told apart by type.
    """
    names = {column.name for column in stream.columns if column.requested}
    report = stream.report or Report()
    whole = not report.breakdowns and "action_type" in report.action_breakdowns
    return tuple(name for name in (*COUNTED, *((ACTIONS,) if whole else ())) if name in names)


def _filters_rows(field: str) -> bool:
    """Say whether a filter is on a number: filters on objects name the object first (`campaign.id`)."""
    owner, dot, name = field.partition(".")
    return not dot or (owner in {"ad", "adset", "campaign"} and name in {*COUNTED, "reach", "cpc", "cpm", "ctr"})


_TEXT: Mapping[str, Any] = {"type": ["null", "string"]}
_DATE: Mapping[str, Any] = {"type": ["null", "string"], "format": "date"}
_NUMBER: Mapping[str, Any] = {"type": ["null", "number"]}
_MOMENT: Mapping[str, Any] = {
    "type": ["null", "string"],
    "format": "date-time",
    "airbyte_type": "timestamp_with_timezone",
}
_COLUMNS: tuple[tuple[str, Kind, Mapping[str, Any]], ...] = (
    ("stream", Kind.STRING, _TEXT),
    ("account_id", Kind.STRING, _TEXT),
    ("level", Kind.STRING, _TEXT),
    ("entity_id", Kind.STRING, _TEXT),
    ("since", Kind.DATE, _DATE),
    ("until", Kind.DATE, _DATE),
    ("metric", Kind.STRING, _TEXT),
    ("action_type", Kind.STRING, _TEXT),
    ("loaded", Kind.NUMBER, _NUMBER),
    ("reported", Kind.NUMBER, _NUMBER),
    ("difference", Kind.NUMBER, _NUMBER),
    ("within_tolerance", Kind.BOOLEAN, {"type": ["null", "boolean"]}),
    ("explanation", Kind.STRING, _TEXT),
    ("verified_at", Kind.DATETIME, _MOMENT),
)

RECONCILIATION = Stream(
    name="sync_reconciliation",
    behaviour=Behaviour.LEDGER,
    node="",
    edge="",
    columns=tuple(Column(name, kind, schema, requested=False) for name, kind, schema in _COLUMNS),
    primary_key=("stream", "account_id", "level", "entity_id", "since", "until", "metric", "action_type"),
)
"""One row a number that was compared, newest comparison only."""
