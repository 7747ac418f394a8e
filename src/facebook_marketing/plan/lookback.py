"""Which days of the look-back are worth a second reading, told by the account's daily totals.

A day's total is a digest of what its campaigns spent and brought, taken before the day's rows are read. As long as it
stays the same the rows need no second reading; what it does not count is made good by a sweep every week.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from facebook_marketing.plan.progress import Freshness
from facebook_marketing.plan.state import ReportState
from facebook_marketing.plan.windows import Window, joined, subtract, today

SWEEP_DAYS = 7
"""The whole look-back is read at least so often, whatever the totals say."""
MOST_PIECES = 4
"""So many separate windows of moved days before cheap days between them are read along."""

_DAY = timedelta(days=1)
_HOUR = 3600.0
# Half a day early, so that a daily sync that begins some minutes sooner than a week ago does not put it off for a day.
_SWEEP = (SWEEP_DAYS - 0.5) * 24 * _HOUR


@dataclass(frozen=True, slots=True)
class Seen:
    """The totals that one probe found: a digest for every day that it asked for. `at`: the instant before it asked."""

    digests: Mapping[date, str]
    at: float

    def within(self, window: Window, read_at: float) -> dict[date, str]:
        """The totals to keep for a window whose rows Meta counted at `read_at`; none where that was earlier."""
        return {day: self.digests[day] for day in _days(window) if day in self.digests} if read_at >= self.at else {}


def probed(wanted: Window, freshness: Freshness, now: float) -> Window | None:
    """Find the days whose totals tell something: all that are over and may be due since the last sweep."""
    day = today(freshness.zone, now)
    since = max(wanted.since, day - timedelta(days=freshness.lookback_days + SWEEP_DAYS))
    until = min(wanted.until, day - _DAY)
    return Window(since, until) if since <= until else None


def sweeps(state: ReportState, now: float) -> bool:
    """Tell whether it is time to read everything that is due."""
    return state.swept_at is None or not 0 <= now - state.swept_at < _SWEEP


def still(
    state: ReportState, due: Iterable[Window], freshness: Freshness, *, now: float, seen: Seen | None = None
) -> tuple[Window, ...]:
    """Find the days of `due` that need not be read: delivered, and their totals are `seen` to be what they were then.

    Without a probe those that were compared within the refresh time. None at all when a sweep is due. A day that was
    not over when it was read has no total, and is read.
    """
    if sweeps(state, now):
        return ()
    lately = state.checked_at is not None and 0 <= now - state.checked_at < freshness.refresh_hours * _HOUR
    delivered = {day for one in state.finished for day in _days(one.window) if day in state.totals}

    def stands(day: date) -> bool:
        if day not in delivered:
            return False
        return lately if seen is None else seen.digests.get(day) == state.totals[day]

    return joined(Window(day, day) for window in due for day in _days(window) if stands(day))


def bridged(pieces: Iterable[Window], cheap_days: int) -> tuple[Window, ...]:
    """`pieces` in fewer windows where there are many: over gaps of up to `cheap_days`, the smallest first."""
    found = sorted(pieces)
    while len(found) > MOST_PIECES:
        gap, place = min(((b.since - a.until).days - 1, place) for place, (a, b) in enumerate(pairwise(found)))
        if gap > cheap_days:
            break
        found[place : place + 2] = [Window(found[place].since, found[place + 1].until)]
    return joined(found)


def compared(state: ReportState, reading: Iterable[Window], seen: Seen | None) -> ReportState:
    """Forget the totals of the days about to be read, and of those that moved: whatever happens, they stay unknown.

    The others are vouched for as of the probe.
    """
    taken = tuple(reading)
    known = (day for day in state.totals if subtract([Window(day, day)], taken))
    if seen is None:
        return replace(state, totals={day: state.totals[day] for day in known})
    same = {day: state.totals[day] for day in known if seen.digests.get(day) == state.totals[day]}
    return replace(state, totals=same, checked_at=seen.at)


def _days(window: Window) -> Iterator[date]:
    return (window.since + timedelta(days=n) for n in range(window.days))
