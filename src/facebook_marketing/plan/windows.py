"""Days into windows: account zones, retention, buckets of `time_increment`, and windows of a workable size.

Everything here counts in calendar days of the ad account's own zone: a day of 23 or 25 hours is one day like any other.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from facebook_marketing.catalog.stream import Period

Increment = int | Period

EPOCH = date(1970, 1, 5)
"""Anchor of N-day buckets for a report without a configured start: a Monday, so that 7 days and `weekly` agree."""

FIRST_WINDOW_DAYS = 10
MOST_WINDOW_DAYS = 180
TARGET_ROWS = 25_000
TOGETHER = 9
"""Windows of one report and account under way at a time: each may hold a page of rows in memory."""

_DAY = timedelta(days=1)
# Two days for the way in which Meta counts a day that the target month lacks (31 February), one for a long sync, which
# reads its oldest windows last, perhaps after midnight.
_RETENTION_MARGIN = timedelta(days=3)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Days from `since` to `until`, both inclusive, in the account's zone.

    Raises ValueError when `until` lies before `since`.
    """

    since: date
    until: date

    def __post_init__(self) -> None:
        """Refuse a window that runs backwards."""
        if self.until < self.since:
            message = f"A window cannot end ({self.until}) before it begins ({self.since}). Next step: swap the dates."
            raise ValueError(message)

    @property
    def days(self) -> int:
        """How many days, at least 1."""
        return (self.until - self.since).days + 1


def zone_of(name: str) -> ZoneInfo:
    """Find the zone called `name`. ValueError, with the next step, for a name that the zone database does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = (
            f"Unknown time zone {name!r}. Next step: compare the account's timezone_name with the IANA zone names, "
            "or upgrade the tzdata package if the name is new."
        )
        raise ValueError(message) from error


def today(zone: str, now: float) -> date:
    """Tell the calendar day at the instant `now` (seconds since 1970, UTC) in the account's zone.

    Raises ValueError for an unknown zone name.
    """
    return datetime.fromtimestamp(now, zone_of(zone)).date()


def earliest(today: date, months: int) -> date:
    """Give the first day that may be asked for when Meta keeps `months` months (37 for totals; error 3018 beyond that).

    Where the target month has no such day, the first of the next one counts. Never goes back as `today` goes on.
    """
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    first, length = date(year, month + 1, 1), monthrange(year, month + 1)[1]
    return first + timedelta(days=min(today.day - 1, length)) + _RETENTION_MARGIN


def bucket(day: date, increment: Increment, anchor: date) -> Window:
    """Find the bucket of `time_increment` that holds `day`. Its borders depend on nothing but the arguments.

    N-day buckets count from `anchor` (the report's configured start, else `EPOCH`); weeks begin on Monday; months are
    calendar months; `all_days` is one bucket without borders.
    """
    match increment:
        case "all_days":
            return Window(date.min, date.max)
        case "monthly":
            first = day.replace(day=1)
            return Window(first, (first + timedelta(days=31)).replace(day=1) - _DAY)
        case "weekly":
            return _whole_days(day, 7, EPOCH)
        case int():
            return _whole_days(day, increment, anchor)


def span(start: date, end: date, increment: Increment, anchor: date, *, floor: date | None = None) -> Window | None:
    """Grow [start, end] so that no bucket of it is asked in part; None when `start` lies after `end`.

    The first bucket begins at its own border, yet never before `floor` (retention, or the report's start; None: no
    floor, except that `all_days` then begins at `start`). The last bucket stays open at `end`.
    """
    lowest = floor or (start if increment == "all_days" else date.min)
    since = max(bucket(start, increment, anchor).since, lowest)
    return Window(since, end) if max(since, start) <= end else None


def buckets(span: Window, increment: Increment, anchor: date) -> Iterator[Window]:
    """List the buckets of `span`, oldest first; the first and the last are cut at the span's ends."""
    day = span.since
    while day <= span.until:
        until = min(bucket(day, increment, anchor).until, span.until)
        yield Window(day, until)
        day = until + _DAY


def cut(span: Window, increment: Increment, anchor: date, days_per_window: int) -> tuple[Window, ...]:
    """`span` in windows of whole buckets, newest first: no gap, no overlap, nothing beyond its ends.

    A window holds at most `days_per_window` days, or one bucket where a bucket is longer than that. A first bucket that
    begins off its border stays by itself: Meta counts slices of N days from the first day that it is asked for.
    """
    windows: list[Window] = []
    for piece in reversed(tuple(buckets(span, increment, anchor))):
        fits = windows and (windows[-1].until - piece.since).days < days_per_window
        if fits and (increment == "monthly" or piece.since == bucket(piece.since, increment, anchor).since):
            windows[-1] = Window(piece.since, windows[-1].until)
        else:
            windows.append(piece)
    return tuple(windows)


def days_per_window(
    rows_per_day: float | None,
    target_rows: int = TARGET_ROWS,
    first: int = FIRST_WINDOW_DAYS,
    most: int = MOST_WINDOW_DAYS,
) -> int:
    """Size a report run to give about `target_rows` rows: 1 to `most` days; `first` while nothing is known."""
    if rows_per_day is None:
        return first
    if rows_per_day * most <= target_rows:
        return most
    return max(1, int(target_rows / rows_per_day))


def subtract(windows: Iterable[Window], taken: Iterable[Window]) -> tuple[Window, ...]:
    """Keep the days of `windows` that no window of `taken` holds, in the order of `windows`, newest part first."""
    cuts = joined(taken)
    return tuple(part for window in windows for part in _without(window, cuts))


def joined(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Put the same days into as few windows as possible, newest first. Overlaps and neighbours grow together."""
    found: list[Window] = []
    for window in sorted(windows):
        if found and (window.since - found[-1].until) <= _DAY:
            found[-1] = Window(found[-1].since, max(found[-1].until, window.until))
        else:
            found.append(window)
    return tuple(reversed(found))


def _whole_days(day: date, length: int, anchor: date) -> Window:
    if length < 1:
        message = f"time_increment must be 1 or more days, not {length}. Next step: correct it in the configuration."
        raise ValueError(message)
    first = day - timedelta(days=(day - anchor).days % length)
    return Window(first, first + timedelta(days=length - 1))


def _without(window: Window, cuts: Sequence[Window]) -> Iterator[Window]:
    until = window.until
    for gone in cuts:
        if gone.since > until or gone.until < window.since:
            continue
        if gone.until < until:
            yield Window(gone.until + _DAY, until)
        if gone.since <= window.since:
            return
        until = gone.since - _DAY
    yield Window(window.since, until)
