"""Dates of an insights call: presets, ranges and increments, in the account's days."""

from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from .errors import GraphError
from .params import Params

__all__ = ["PRESETS", "Range", "increment", "months_before", "ranges"]

Range = tuple[date, date]
"""First and last day, both included."""

_HISTORY_MONTHS = 37
_MOST_DAYS = 90


def months_before(today: date, months: int) -> date:
    """Return the same day so many months earlier, or the last day of that month."""
    index = today.year * 12 + today.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def _last(days: int) -> Callable[[date], Range]:
    return lambda today: (today - timedelta(days), today - timedelta(1))


def _month(today: date) -> date:
    return today.replace(day=1)


def _quarter(today: date) -> date:
    return date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)


def _previous(start_of: Callable[[date], date]) -> Callable[[date], Range]:
    def period(today: date) -> Range:
        stop = start_of(today) - timedelta(1)
        return start_of(stop), stop

    return period


def _year(today: date) -> date:
    return date(today.year, 1, 1)


def _monday(today: date) -> date:
    return today - timedelta(today.weekday())


def _sunday(today: date) -> date:
    return today - timedelta((today.weekday() + 1) % 7)


def _all_history(today: date) -> Range:
    return months_before(today, _HISTORY_MONTHS), today


PRESETS: Mapping[str, Callable[[date], Range]] = {
    "today": lambda today: (today, today),
    "yesterday": _last(1),
    "this_month": lambda today: (_month(today), today),
    "last_month": _previous(_month),
    "this_quarter": lambda today: (_quarter(today), today),
    "maximum": _all_history,
    "data_maximum": _all_history,
    "last_3d": _last(3),
    "last_7d": _last(7),
    "last_14d": _last(14),
    "last_28d": _last(28),
    "last_30d": _last(30),
    "last_90d": _last(90),
    "last_week_mon_sun": _previous(_monday),
    "last_week_sun_sat": _previous(_sunday),
    "last_quarter": _previous(_quarter),
    "last_year": _previous(_year),
    "this_week_mon_today": lambda today: (_monday(today), today),
    "this_week_sun_today": lambda today: (_sunday(today), today),
    "this_year": lambda today: (_year(today), today),
}
"""The 20 presets in the order in which Meta's refusal lists them; ``last_…`` end yesterday."""


def ranges(params: Params, today: date) -> tuple[tuple[Range, ...], bool]:
    """Return the ranges asked for, and whether ``time_increment`` applies to them.

    ``time_ranges`` beats ``time_range`` beats ``date_preset`` (default ``last_30d``). Days after today are cut off; a
    range wholly in the future vanishes. Raises code 100 for a range that ends before it starts or cannot be read.
    """
    several = params.mappings("time_ranges")
    if several:
        return _cut(tuple(_range(entry, "time_ranges") for entry in several), today), False
    single = params.mapping("time_range")
    if single is not None:
        return _cut((_range(single, "time_range"),), today), True
    preset = params.text("date_preset", "last_30d")
    if preset not in PRESETS:
        message = f"(#100) date_preset must be one of the following values: {', '.join(PRESETS)}"
        raise GraphError(message, 100)
    return (PRESETS[preset](today),), True


def increment(params: Params) -> int | str:
    """Return ``time_increment``: 1 to 90 days, ``monthly`` or ``all_days``. Raises code 100."""
    text = params.text("time_increment", "all_days")
    if text in {"monthly", "all_days"}:
        return text
    if text.isdigit() and 1 <= int(text) <= _MOST_DAYS:
        return int(text)
    message = f"(#100) time_increment must be an integer between 1 and {_MOST_DAYS}, or one of: monthly, all_days"
    raise GraphError(message, 100)


def _range(entry: Mapping[str, object], name: str) -> Range:
    try:
        since, until = (date.fromisoformat(str(entry[end])) for end in ("since", "until"))
    except (KeyError, ValueError):
        message = f"(#100) Param {name} must be a valid range with since and until as YYYY-MM-DD"
        raise GraphError(message, 100) from None
    if until < since:
        message = f"(#100) The end date {until} of {name} cannot be before its start date {since}"
        raise GraphError(message, 100)
    return since, until


def _cut(asked: tuple[Range, ...], today: date) -> tuple[Range, ...]:
    return tuple((since, min(until, today)) for since, until in asked if since <= today)
