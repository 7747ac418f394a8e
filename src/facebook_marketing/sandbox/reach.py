"""The quota of old reach: 10 asynchronous reports a day per account with reach under a breakdown beyond 13 months."""

from collections import deque
from collections.abc import Callable
from datetime import date

import msgspec

from .insights import Query
from .periods import months_before
from .refusals import named

__all__ = ["ReachQuota"]

_FIELDS = frozenset({"reach", "frequency", "cpp"})
_MONTHS = 13
_MOST = 10
_DAY = 86_400.0


class ReachQuota:
    """Counts such reports per account over the past 24 hours."""

    def __init__(self, tier: str, now: Callable[[], float]) -> None:
        """Take the access tier that the header names, and the clock."""
        self._tier, self._now = tier, now
        self._times: dict[str, deque[float]] = {}

    def admit(self, account: str, query: Query, today: date) -> None:
        """Count a report if it is of this kind. Raises code 100 for the eleventh within a day."""
        if not _is_old_reach(query, today):
            return
        times = self._recent(account)
        if len(times) >= _MOST:
            raise named("reach_unavailable")
        times.append(self._now())

    def headers(self, account: str) -> dict[str, str]:
        """Return the throttle header; none for an account without such reports."""
        used = 100 * len(self._recent(account)) // _MOST
        if not used:
            return {}
        usage = {"app_id_util_pct": used, "acc_id_util_pct": used, "ads_api_access_tier": self._tier}
        return {"x-fb-ads-insights-reach-throttle": msgspec.json.encode(usage).decode()}

    def _recent(self, account: str) -> deque[float]:
        times = self._times.setdefault(account, deque())
        while times and times[0] <= self._now() - _DAY:
            times.popleft()
        return times


def _is_old_reach(query: Query, today: date) -> bool:
    old = any(since < months_before(today, _MONTHS) for since, _ in query.ranges)
    return old and bool(query.breakdowns) and not _FIELDS.isdisjoint(query.fields)
