"""How far back a report and its fields reach (Meta's out-of-cycle changes of 2025)."""

from collections.abc import Iterable
from dataclasses import dataclass

from facebook_marketing.catalog.combinations import HOURLY
from facebook_marketing.catalog.stream import Report
from facebook_marketing.catalog.sums import UNIQUE, matches


@dataclass(frozen=True, slots=True)
class ReachBack:
    """Rows go back `months`; `fields` only `field_months`, beyond which Meta leaves them out without an error."""

    months: int
    field_months: int
    fields: tuple[str, ...] = ()
    why: str = ""


TOTAL_MONTHS = 37  # beyond it Meta answers code 3018
UNIQUE_MONTHS = 13
FREQUENCY_MONTHS = 6


def reach_back(report: Report, fields: Iterable[str]) -> ReachBack:
    """How many months back Meta keeps the report's rows and its fields."""
    if "frequency_value" in report.breakdowns:
        return ReachBack(FREQUENCY_MONTHS, FREQUENCY_MONTHS, why="frequency_value goes back 6 months")
    if any(name in HOURLY for name in report.breakdowns):
        return ReachBack(UNIQUE_MONTHS, UNIQUE_MONTHS, why="hourly rows go back 13 months")
    unique = tuple(field for field in fields if matches(field, UNIQUE))
    if not report.breakdowns or not unique:
        return ReachBack(TOTAL_MONTHS, TOTAL_MONTHS, why="totals go back 37 months")
    return ReachBack(
        TOTAL_MONTHS, UNIQUE_MONTHS, unique, "unique counts under a breakdown go back 13 months, the rest 37"
    )
