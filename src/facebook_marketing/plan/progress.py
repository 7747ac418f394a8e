"""How state moves: what is due to be read, and what a delivered page or window adds. Nothing here ever goes back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from facebook_marketing.plan.state import (
    UNKNOWN_READ_AT,
    EntityCursor,
    Finished,
    OpenRun,
    ReportState,
    instant,
)
from facebook_marketing.plan.windows import Increment, Window, buckets, joined, subtract, today, zone_of

_DAY = timedelta(days=1)
_HOUR = 3600.0
_RUN_LIFE = 29 * 24 * _HOUR  # Meta keeps a report run for 30 days; a day of margin to read it


@dataclass(frozen=True, slots=True)
class Freshness:
    """How long a day's numbers go on changing, and how often they are worth a second look.

    Meta goes on changing a day until `lookback_days` later (28). Days are those of `zone`, the ad account's. A day
    that was over when it was read is not read again within `refresh_hours`; one that was not, within an hour: enough
    to take up a sync that was cut short, and today's numbers still come as often as the user syncs.
    """

    zone: str
    lookback_days: int = 28
    refresh_hours: float = 0.0

    def settled_until(self, read_at: float) -> date:
        """Tell the last day whose numbers no longer changed when they were read at `read_at`."""
        return today(self.zone, read_at) - timedelta(days=self.lookback_days) - _DAY

    def done(self, day: date, read_at: float, now: float) -> bool:
        """Tell whether a day that was read at `read_at` need not be read at `now`."""
        if read_at == UNKNOWN_READ_AT:  # taken as read in good time, so only today's look-back counts
            return day <= self.settled_until(now)
        if day <= self.settled_until(min(read_at, now)):
            return True
        refresh = self.refresh_hours * _HOUR
        if day >= today(self.zone, read_at):
            refresh = min(refresh, _HOUR) if day >= today(self.zone, now) else 0
        return 0 <= now - read_at < refresh


def to_read(  # noqa: PLR0913 - a calendar and a clock, both passed in
    state: ReportState,
    wanted: Window,
    freshness: Freshness,
    *,
    increment: Increment,
    anchor: date,
    now: float,
) -> tuple[Window, ...]:
    """Find the days of `wanted` (start to today, or to the configured end) that a sync must read, newest first.

    In whole buckets, cut at the ends of `wanted`. Due are: days never delivered, and days whose numbers could still
    change when they were read, unless that was within the refresh time. For days of which only the cursor is known,
    the look-back counts from the end of what was read: the cursor, or the end of `wanted` if that comes first.
    """
    read_at = {day: one.read_at for one in state.finished for day in _days(one.window, wanted)}
    frozen = _frozen(state, wanted.until, freshness)

    def due(day: date) -> bool:
        if day in read_at:
            return not freshness.done(day, read_at[day], now)
        return not (frozen and frozen.since <= day <= frozen.until)

    return joined(piece for piece in buckets(wanted, increment, anchor) if any(map(due, _days(piece, wanted))))


def resumable(state: ReportState, freshness: Freshness, *, now: float) -> tuple[OpenRun, ...]:
    """Pick the open runs worth reading on: Meta still holds them, and their numbers are recent or final.

    Recent is what the refresh time says, or an hour: such a run belongs to a sync that was cut short. Finish these
    before asking `to_read`: what they say of a day that was not over is due again.
    """
    recent = max(freshness.refresh_hours * _HOUR, _HOUR)

    def worth(run: OpenRun) -> bool:
        final = run.until <= freshness.settled_until(run.created_at)
        return 0 <= now - run.created_at < (_RUN_LIFE if final else min(recent, _RUN_LIFE))

    return tuple(run for run in state.runs if run.fingerprint == state.fingerprint and worth(run))


def opened(state: ReportState, run: OpenRun) -> ReportState:
    """Add a run that was just created at Meta."""
    return replace(closed(state, run.run_id), runs=(*closed(state, run.run_id).runs, run))


def reached(state: ReportState, run_id: str, after: str, rows: int) -> ReportState:
    """Note how far the pages of an open run were delivered: up to the cursor `after`, `rows` rows in all."""
    runs = (replace(run, after=after, rows=rows) if run.run_id == run_id else run for run in state.runs)
    return replace(state, runs=tuple(runs))


def closed(state: ReportState, run_id: str) -> ReportState:
    """Take a run out: read to its end, failed, or gone."""
    return replace(state, runs=tuple(run for run in state.runs if run.run_id != run_id))


def finish(  # noqa: PLR0913 - what was read, when, and of which sync
    state: ReportState,
    window: Window,
    freshness: Freshness,
    *,
    read_at: float,
    start: date,
    rows: int | None = None,
    totals: Mapping[date, str] | None = None,
) -> ReportState:
    """Move `state` on after every row of `window` was handed over.

    `read_at` is the instant Meta was asked (a resumed run's creation), `start` the first day that the sync wants,
    `rows` how many rows the window gave, from which the size of later windows follows. The cursor becomes the last day
    up to which everything from `start` on is delivered; it never goes back. Runs within the window are closed.
    `totals` are the digests of its days from before they were read; where there are none, the old ones are forgotten.
    """
    new = Finished(window.since, window.until, read_at, state.fingerprint or "")
    known = (*state.finished, *_tail(state, freshness))
    kept = (_clipped(old, part) for old in known for part in subtract([old.window], [window]))
    finished = _compact((*kept, new), freshness)
    since, cursor = _reach(state, finished, start)
    return replace(
        state,
        cursor=cursor,
        since=since,
        finished=finished,
        runs=tuple(run for run in state.runs if run.since < window.since or run.until > window.until),
        rows_per_day=state.rows_per_day if rows is None else _rate(state.rows_per_day, rows / window.days),
        totals={day: one for day, one in state.totals.items() if not window.since <= day <= window.until}
        | dict(totals or {}),
    )


def advance_entity(cursor: EntityCursor, value: str | None, ids: Iterable[str]) -> EntityCursor:
    """Move `cursor` on after rows whose greatest cursor is `value` (None: no rows), `ids` being those at its second.

    An earlier value changes nothing; the same second adds its ids. Raises ValueError for a value that is no date-time.
    """
    if value is None:
        return cursor
    reached = _second(value)
    old = _second(cursor.value) if cursor.value is not None else None
    if old is None or reached > old:
        return replace(cursor, value=value, seen=tuple(sorted(set(ids))))
    if reached == old:
        return replace(cursor, seen=tuple(sorted({*cursor.seen, *ids})))
    return cursor


MOST_SEEN = 5_000
"""Rows of one second that the state names."""
_OPEN = 30.0
"""Seconds within which a second may still be going on at Meta: clocks differ, and lists lag behind."""


def settled(cursor: EntityCursor, began: float) -> EntityCursor:
    """Bound what the cursor names of its second, after a walk that began at `began` (seconds since 1970).

    What changed in a second that was not over may change in it once more: the next sync delivers it again. Of a bulk
    edit too large to be named that lay well in the past nothing is missing, and the next sync asks from the second
    after it on; one that was under way is delivered once more.
    """
    if cursor.value is None or not cursor.seen:
        return cursor
    second = _second(cursor.value)
    age = began - second.timestamp()
    if age < (_OPEN if len(cursor.seen) <= MOST_SEEN else _HOUR):
        return replace(cursor, seen=())
    if len(cursor.seen) <= MOST_SEEN:
        return cursor
    return replace(cursor, value=(second + timedelta(seconds=1)).isoformat(), seen=())


def _second(value: str) -> datetime:
    return instant(value).replace(microsecond=0)


def _days(window: Window, within: Window) -> Iterator[date]:
    day = max(window.since, within.since)
    while day <= min(window.until, within.until):
        yield day
        day += _DAY


def _rate(old: float | None, seen: float) -> float:
    # Up at once, down slowly: a run that is too large costs more than one that is too small.
    return seen if old is None else max(seen, (old + seen) / 2)


def _frozen(state: ReportState, end: date, freshness: Freshness) -> Window | None:
    """Tell which days the cursor alone vouches for: delivered, and before the look-back from its end."""
    if state.cursor is None:
        return None
    since = state.since or date.min
    until = min(state.cursor, end) - timedelta(days=freshness.lookback_days) - _DAY
    return Window(since, until) if since <= until else None


def _tail(state: ReportState, freshness: Freshness) -> Iterator[Finished]:
    """Turn the look-back before the cursor into finished windows, where so far the cursor alone vouches for it.

    Without them a cursor that moves on would pull the look-back along, past days that were read too early.
    """
    if state.cursor is None:
        return
    first = state.cursor - timedelta(days=freshness.lookback_days)
    span = Window(max(first, state.since or first), state.cursor)
    noon = datetime.combine(state.cursor, time(12), tzinfo=zone_of(freshness.zone)).timestamp()
    for part in subtract([span], [one.window for one in state.finished]):
        yield Finished(part.since, part.until, noon, state.fingerprint or "")


def _clipped(old: Finished, part: Window) -> Finished:
    return replace(old, since=part.since, until=part.until)


def _compact(finished: Iterable[Finished], freshness: Freshness) -> tuple[Finished, ...]:
    """Put the same days into few windows, oldest first: settled days as one, days read together as one."""
    found: list[Finished] = []
    for piece in sorted(finished, key=lambda one: one.since):
        merged = _merged(found[-1], piece, freshness) if found else None
        if merged:
            found[-1] = merged
        else:
            found.append(piece)
    return tuple(found)


def _merged(left: Finished, right: Finished, freshness: Freshness) -> Finished | None:
    """Make two neighbours one window, or None where that would say something untrue."""
    if left.until + _DAY != right.since or left.fingerprint != right.fingerprint:
        return None
    times = (left.read_at, right.read_at)
    settled = (one.until <= freshness.settled_until(one.read_at) for one in (left, right))
    if all(settled):  # final numbers stay what they are, so the later time vouches for both
        return replace(left, until=right.until, read_at=max(times))
    if max(times) - min(times) < _HOUR:
        return replace(left, until=right.until, read_at=min(times))
    return None


def _reach(state: ReportState, finished: tuple[Finished, ...], start: date) -> tuple[date | None, date | None]:
    """Find the new (since, cursor): the unbroken block of delivered days around `start`, if that is no step back."""
    delivered = [one.window for one in finished]
    if state.cursor is not None:
        delivered.append(Window(state.since or date.min, state.cursor))
    for block in joined(delivered):
        if block.since <= start <= block.until and (state.cursor is None or block.until >= state.cursor):
            return None if block.since == date.min else block.since, block.until
    return state.since, state.cursor
