"""An insights question, as the HTTP half has parsed it."""

from dataclasses import dataclass
from datetime import date, timedelta

from .world import Node
from .zones import month_ends

__all__ = ["Filter", "Query", "cut"]


@dataclass(frozen=True, slots=True)
class Filter:
    """One entry of `filtering`: `ad.effective_status IN (…)`, `spend GREATER_THAN 0`."""

    field: str
    operator: str
    value: object


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed insights question.

    `ranges` are first and last days, both included, one set of rows each (already cut by `time_increment`).
    `action_breakdowns` None means not given. `as_of` (unix seconds) fixes the moment whose numbers are read; None is
    the world's present.
    """

    object: Node
    level: str
    fields: tuple[str, ...]
    breakdowns: tuple[str, ...]
    action_breakdowns: tuple[str, ...] | None
    attribution_windows: tuple[str, ...]
    ranges: tuple[tuple[date, date], ...]
    filtering: tuple[Filter, ...] = ()
    sort: str | None = None
    asynchronous: bool = False
    product_id_limit: int | None = None
    use_account_attribution_setting: bool = False
    as_of: float | None = None


def cut(since: date, until: date, increment: int | str) -> tuple[tuple[date, date], ...]:
    """Cut a range into slices of so many days (1 … 90), of calendar months (`monthly`), or not (`all_days`).

    The last slice may be shorter. A range that ends before it begins is returned whole, for `check` to refuse.
    """
    if increment == "all_days" or until < since:
        return ((since, until),)
    if increment == "monthly":
        ends = month_ends(since, until)
        begins = [since, *(end + timedelta(days=1) for end in ends[:-1])]
        return tuple(zip(begins, ends, strict=True))
    step = int(increment)
    count = (until - since).days // step + 1
    begins = [since + timedelta(days=step * place) for place in range(count)]
    return tuple((begin, min(until, begin + timedelta(days=step - 1))) for begin in begins)
