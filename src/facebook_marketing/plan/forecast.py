"""What a sync would cost before it is made: values, and the arithmetic of pages, polls, minutes and quotas. Pure."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from facebook_marketing.catalog.quotas import QUOTAS, SCORE_SECONDS, SCORES, Tier
from facebook_marketing.plan.windows import TOGETHER, Window


class Basis(StrEnum):
    """How a number is known."""

    LEARNED = "learned"
    PROBED = "probed"
    ASSUMED = "assumed"


_SURE = (Basis.LEARNED, Basis.PROBED, Basis.ASSUMED)


def least_sure(bases: Iterable[Basis]) -> Basis:
    """The weakest of some; learned where there is none."""
    return max(bases, key=_SURE.index, default=Basis.LEARNED)


@dataclass(frozen=True, slots=True)
class Rate:
    """Rows a day: `samples` are counted days, oldest first; between two of them the number goes over evenly."""

    samples: tuple[tuple[date, float], ...]
    basis: Basis

    @classmethod
    def even(cls, rows_per_day: float, basis: Basis) -> "Rate":
        """The same on every day."""
        return cls(((date.min, rows_per_day),), basis)

    def on(self, day: date) -> float:
        """Rows of one day."""
        place = bisect_right(self.samples, day, key=lambda sample: sample[0])
        if place in {0, len(self.samples)}:
            return self.samples[min(place, len(self.samples) - 1)][1]
        (before, low), (after, high) = self.samples[place - 1], self.samples[place]
        return low + (high - low) * ((day - before).days / (after - before).days)

    def over(self, window: Window) -> int:
        """Rows of a window."""
        return round(sum(self.on(window.since + timedelta(days=n)) for n in range(window.days)))


@dataclass(frozen=True, slots=True)
class Skipped:
    """Days, or a whole stream, that the sync leaves out; `why` is retention, state, look-back, silence or refused."""

    why: str
    days: int
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One stream of one account. `calls` by what they are for; `deep` is how many must follow one another."""

    stream: str
    account: str
    use_case: str
    windows: int = 0
    days: int = 0
    runs: int = 0
    rows: int = 0
    calls: Mapping[str, int] = field(default_factory=dict)
    deep: int = 0
    basis: Basis = Basis.LEARNED
    skipped: tuple[Skipped, ...] = ()

    @property
    def total(self) -> int:
        """All its calls."""
        return sum(self.calls.values())


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast Meta answers now: seconds a call, calls at once at most, the share of each quota that we take.

    `used` is the present use of quotas in percent, by account and use case ("" for all of its kinds).
    """

    seconds: float
    at_once: int
    share: float = 0.75
    tier: Tier | None = None
    used: Mapping[tuple[str, str], float] = field(default_factory=dict)
    active_ads: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QuotaShare:
    """What the sync takes of one account's hourly quota; `percent` of the whole, beside what is in use already."""

    account: str
    use_case: str
    calls: int
    hourly: int
    percent: float
    used: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the next sync does.

    `shared` are calls for several streams at once (facts, lists, totals); `cost` is what the forecast itself has cost.
    """

    lines: tuple[Line, ...]
    shared: int
    pace: Pace
    cost: int = 0

    @property
    def calls(self) -> int:
        """All calls."""
        return self.shared + sum(line.total for line in self.lines)

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(line.rows for line in self.lines)

    @property
    def basis(self) -> Basis:
        """How sure the whole is: as its least sure line that asks anything."""
        return least_sure(line.basis for line in self.lines if line.total)

    def sure(self) -> Mapping[Basis, float]:
        """The part of the calls that rests on each basis; 0 to 1."""
        whole = sum(line.total for line in self.lines) or 1
        return {basis: sum(line.total for line in self.lines if line.basis is basis) / whole for basis in _SURE}

    def quotas(self) -> tuple[QuotaShare, ...]:
        """What each account and use case pays, by Meta's hourly quotas."""
        paid: dict[tuple[str, str], int] = {}
        for line in self.lines:
            key = (line.account, line.use_case)
            paid[key] = paid.get(key, 0) + line.total
        return tuple(
            _share(account, case, calls, self.pace) for (account, case), calls in sorted(paid.items()) if calls
        )

    def seconds(self) -> float:
        """At the present pace: whatever is slowest of the longest chain, all calls together, and the quotas."""
        chain = max((line.deep for line in self.lines), default=0)
        together = math.ceil(self.calls / max(1, self.pace.at_once))
        runs = max((RUN_SECONDS * math.ceil(line.runs / TOGETHER) for line in self.lines), default=0.0)
        asking = self.pace.seconds * max(chain, together) + runs
        return asking + max((_throttled(one, self) for one in self.quotas()), default=0.0)


RUN_SECONDS = 5.0
"""How long a report run takes, as long as nobody knows: small ones take seconds, large ones minutes (seen)."""


def pages(rows: int, page_size: int) -> int:
    """Pages of a walk: one even where there is no row."""
    return max(1, math.ceil(rows / page_size))


@dataclass(frozen=True, slots=True)
class Spoiling:
    """Items of an edge that spoil their whole page: the first one (counted from 1), and how far apart they lie."""

    first: int
    every: int


def walk_calls(rows: int, page_size: int, spoiled: Spoiling | None = None) -> int:
    """Calls of a walk, around each item that spoils its page: by halves until it is alone, then without its field."""
    if spoiled is None:
        return pages(rows, page_size)
    places = iter(range(spoiled.first - 1, rows, spoiled.every))
    at = calls = 0
    limit, next_spoiled = page_size, next(places, rows)
    while at < rows:
        calls += 1
        if next_spoiled >= min(at + limit, rows):
            at += limit
        elif limit > 1:
            limit //= 2
        else:
            calls, at, limit, next_spoiled = calls + 1, at + 1, page_size, next(places, rows)
    return max(1, calls)


def polls(runs: int, *, first: bool) -> int:
    """Polls of runs that were made together: one of them until it is ready, then the others once each.

    `first`: nothing is known yet of how long the account's runs take, so that the first look comes after a second.
    """
    if runs == 0:
        return 0
    asked, at = 1, 1.0
    while first and at < RUN_SECONDS:
        at += max(2.0, at / 2)
        asked += 1
    return asked + runs - 1


def beside(forecast: Forecast, calls: int, rows: Mapping[str, int], seconds: float) -> tuple[tuple[str, str, str], ...]:
    """Planned beside actual, for the report after a sync: what, planned, actual; a row for each stream that differs."""
    planned: dict[str, int] = {}
    for line in forecast.lines:
        planned[line.stream] = planned.get(line.stream, 0) + line.rows
    head = (
        ("Graph calls", f"{forecast.calls:,}", f"{calls:,}"),
        ("rows", f"{forecast.rows:,}", f"{sum(rows.values()):,}"),
        ("minutes", f"{forecast.seconds() / 60:.1f}", f"{seconds / 60:.1f}"),
    )
    names = (name for name in planned if planned[name] != rows.get(name, 0))
    return (*head, *((f"rows of {name}", f"{planned[name]:,}", f"{rows.get(name, 0):,}") for name in names))


def samples_of(due: Sequence[Window], over: date) -> tuple[date, ...]:
    """The days to count rows on: one for each month that is due, four at most, none after `over`; oldest first."""
    days = [window.since + timedelta(days=n) for window in due for n in range(window.days)]
    usable = sorted(day for day in days if day <= over) or sorted(days)
    if not usable:
        return ()
    count = min(_MOST_SAMPLES, max(1, len(usable) // _DAYS_A_SAMPLE), len(usable))
    step = len(usable) / count
    return tuple(usable[min(len(usable) - 1, int(step * (place + 0.5)))] for place in range(count))


_MOST_SAMPLES, _DAYS_A_SAMPLE = 4, 10


def _share(account: str, case: str, calls: int, pace: Pace) -> QuotaShare:
    base, each = QUOTAS[pace.tier or Tier.FULL].get(case, QUOTAS[pace.tier or Tier.FULL]["ads_management"])
    hourly = base + each * pace.active_ads.get(account, 0)
    used = max(pace.used.get((account, case), 0.0), pace.used.get((account, ""), 0.0))
    return QuotaShare(account, case, calls, hourly, 100 * calls / hourly, used)


def _throttled(one: QuotaShare, forecast: Forecast) -> float:
    """Seconds that an account's quotas alone make of it: the score of five minutes, and the calls of the hour."""
    pace = forecast.pace
    score = SCORES[pace.tier or Tier.FULL]
    calls = sum(line.total for line in forecast.lines if line.account == one.account)
    by_score = max(0.0, calls / (score * pace.share) - 1) * SCORE_SECONDS
    by_hour = max(0.0, one.calls / (one.hourly * pace.share) - 1) * 3600
    return max(by_score, by_hour)
