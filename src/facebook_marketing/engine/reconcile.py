"""Numbers that were loaded beside those that Meta reports: pure comparison, with an explanation where one is known."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from facebook_marketing.catalog.reconciliation import ACTIONS, TOLERANCES, Tolerance
from facebook_marketing.catalog.stream import Report
from facebook_marketing.engine.query import is_default

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """What a number counts: `entity` is a campaign's id, "" for the whole account; days are both inclusive."""

    entity: str
    since: date
    until: date
    metric: str
    action_type: str = ""


Numbers = Mapping[Cell, Decimal | None]
"""A number for each cell; None: Meta named the cell and left its number out."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A cell's two numbers. `within` says that they agree; else `explanation` says why not, "" where it is unknown."""

    cell: Cell
    loaded: Decimal
    reported: Decimal | None
    within: bool
    explanation: str = ""

    @property
    def difference(self) -> Decimal | None:
        """Loaded less reported; None where Meta reports no number."""
        return None if self.reported is None else self.loaded - self.reported


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a comparison beside its numbers.

    `moving_since` is the first day whose numbers Meta may still change.
    """

    report: Report
    moving_since: date

    @property
    def hides(self) -> bool:
        """Whether the report's own filter chooses objects by their status."""
        own = (row for row in self.report.filtering if not is_default(row, self.report.level))
        return any(str(row.get("field", "")).endswith("effective_status") for row in own)


def compare(
    loaded: Numbers, reported: Numbers, known: Known, tolerances: Mapping[str, Tolerance] = TOLERANCES
) -> tuple[Compared, ...]:
    """Hold every cell of either side against the other; what one side does not have counts as 0 there.

    Action cells that agree are left out: there are too many of them to be read by anyone.
    """
    found = (_compared(cell, loaded, reported, known, tolerances) for cell in sorted({*loaded, *reported}))
    return tuple(one for one in found if not (one.within and one.cell.metric == ACTIONS))


def _compared(
    cell: Cell, loaded: Numbers, reported: Numbers, known: Known, tolerances: Mapping[str, Tolerance]
) -> Compared:
    ours, theirs = loaded.get(cell) or ZERO, reported.get(cell, ZERO)
    if theirs is None:
        return Compared(cell, ours, None, within=True, explanation=SEVERAL_SETTINGS)
    within = tolerances.get(cell.metric, Tolerance()).allows(ours - theirs, theirs)
    return Compared(cell, ours, theirs, within, "" if within else explain(cell, ours, theirs, known))


SEVERAL_SETTINGS = (
    "Meta gives no total: the ad sets have several attribution settings (use_account_attribution_setting counts all "
    "by one)"
)
MOVING = (
    "Meta still changes numbers of this day; it moved since it was read, and the next syncs of the look-back fetch it"
)
HIDDEN = "the report's filter by status leaves objects out that Meta's total counts"
TARGETS = "by action_target_id or action_destination Meta leaves actions out; action_type alone counts all"


def explain(cell: Cell, loaded: Decimal, reported: Decimal, known: Known) -> str:
    """Say the likeliest reason for a difference, "" where none is known."""
    if loaded < reported and known.hides:
        return HIDDEN
    if cell.metric == ACTIONS and set(known.report.action_breakdowns) - {"action_type"}:
        return TARGETS
    return MOVING if cell.until >= known.moving_since else ""


def differing(compared: Iterable[Compared]) -> tuple[Compared, ...]:
    """Those that do not agree."""
    return tuple(one for one in compared if not one.within)


def days(cells: Iterable[Cell]) -> tuple[tuple[date, date], ...]:
    """Put the days of cells into as few unbroken spans as there are, oldest first."""
    return tuple(_spans(sorted({(cell.since, cell.until) for cell in cells})))


def _spans(pieces: Iterable[tuple[date, date]]) -> Iterator[tuple[date, date]]:
    standing: tuple[date, date] | None = None
    for since, until in pieces:
        if standing and since <= standing[1] + timedelta(days=1):
            standing = (standing[0], max(standing[1], until))
            continue
        if standing:
            yield standing
        standing = (since, until)
    if standing:
        yield standing
