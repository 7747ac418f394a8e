"""A working model of Meta's rate limits, with the headers that report it.

Two limiters per ad account (figures of Meta's rate-limiting page): the Marketing *score* (read 1, write 3, at most 60
or 9,000, gone after 300 s, then blocked for 300 or 60 s) and the *business use case* calls of the past hour. Calls
about no ads object count on the app's platform limit. A refused call is not counted, so that the announced waiting
times are honest: a caller who waits them out is served.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from .refusals import named

__all__ = ["Quota", "use_case_of"]

_HOUR = 3600.0
_DECAY = 300.0
_SCORE = {"development_access": (60.0, 300.0), "standard_access": (9000.0, 60.0)}
_BUCKETS: Mapping[tuple[str, str], tuple[int, int]] = {
    ("development_access", "ads_insights"): (600, 400),
    ("standard_access", "ads_insights"): (190_000, 400),
    ("development_access", "ads_management"): (300, 40),
    ("standard_access", "ads_management"): (100_000, 40),
    ("development_access", "custom_audience"): (5_000, 40),
    ("standard_access", "custom_audience"): (190_000, 40),
    ("development_access", "leadgen"): (12_000, 0),  # 4,800 a day for each of some 60 leads
    ("standard_access", "leadgen"): (12_000, 0),
}
"""Calls per hour: a base, and so many more for each active ad (for each audience with ``custom_audience``)."""

_APP_CALLS = 20_000  # an app of 100 daily users, at 200 calls an hour each
_CUSTOM_AUDIENCE_MOST = 700_000
_USER_ERROR = 0.001
_REFUSALS = {
    "ads_insights": "buc_insights",
    "ads_management": "buc_management",
    "custom_audience": "buc_audience",
    "leadgen": "buc_leadgen",
}
_AUDIENCE_EDGES = frozenset({"customaudiences", "saved_audiences"})


def use_case_of(edge: str, kind: str) -> str:
    """Return the bucket of a call: insights for every ``/insights`` call and run, audiences, leads, else management."""
    if edge == "insights" or kind == "AdReportRun":
        return "ads_insights"
    if edge == "leads":
        return "leadgen"
    if edge in _AUDIENCE_EDGES or kind in {"CustomAudience", "SavedAudience"}:
        return "custom_audience"
    return "ads_management"


@dataclass(slots=True)
class _Score:
    """The Marketing score of one account: it drains at most/300 a second."""

    most: float
    block: float
    value: float = 0.0
    at: float = 0.0
    blocked_until: float = 0.0

    def drain(self, now: float) -> None:
        self.value = max(0.0, self.value - max(0.0, now - self.at) * self.most / _DECAY)
        self.at = now

    def percent(self) -> float:
        return 100.0 * self.value / self.most

    def reset_after(self, now: float) -> int:
        if self.blocked_until > now:
            return math.ceil(self.blocked_until - now)
        return math.ceil(self.value / self.most * _DECAY)


@dataclass(slots=True)
class _Bucket:
    """Calls of one account and use case within the past hour."""

    most: float
    times: deque[float] = field(default_factory=deque)
    user_errors: int = 0

    def forget(self, now: float) -> None:
        while self.times and self.times[0] <= now - _HOUR:
            self.times.popleft()

    def limit(self) -> float:
        return max(1.0, self.most - _USER_ERROR * self.user_errors)

    def percent(self) -> float:
        return 100.0 * len(self.times) / self.limit()

    def wait_minutes(self, now: float) -> int:
        """Minutes until a further call fits: when enough of the oldest calls are over an hour old."""
        over = len(self.times) + 1 - math.floor(self.limit())
        if over <= 0:
            return 0
        return max(1, math.ceil((self.times[over - 1] + _HOUR - now) / 60))


class Quota:
    """Counts calls, refuses over the limits, and writes the usage headers."""

    def __init__(
        self, tier: str, *, enforce: bool, scale: float, live: Callable[[str], int], now: Callable[[], float]
    ) -> None:
        """Take the tier and the number of active ads by account; ``scale`` multiplies every limit."""
        self._tier, self._enforce, self._live, self._now, self._scale = tier, enforce, live, now, scale
        self._scores: dict[str, _Score] = {}
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._app = _Bucket(_APP_CALLS * scale)

    def admit(self, account: str, use_case: str, *, write: bool) -> None:
        """Count a call on an ads object. Raises 17/2446079 or the use case's 800xx when a limit is reached."""
        if not self._enforce:
            return
        now = self._now()
        score, bucket = self._score(account, now), self._bucket(account, use_case, now)
        cost = 3.0 if write else 1.0
        if score.blocked_until > now or score.value + cost > score.most:
            score.blocked_until = score.blocked_until if score.blocked_until > now else now + score.block
            raise named("account_too_many_calls")
        if bucket.wait_minutes(now):
            raise named(_REFUSALS[use_case])
        score.value += cost
        bucket.times.append(now)

    def admit_app(self) -> None:
        """Count a call about no ads object. Raises code 4 when the app's hour is used up."""
        if not self._enforce:
            return
        self._app.forget(self._now())
        if self._app.wait_minutes(self._now()):
            raise named("app_rate_limit")
        self._app.times.append(self._now())

    def user_error(self, account: str, use_case: str) -> None:
        """Count a caller's own fault: it costs a thousandth of a call for the rest of the run."""
        self._bucket(account, use_case, self._now()).user_errors += 1

    def headers(self, account: str, use_case: str, *, percent: float | None = None) -> dict[str, str]:
        """Return the usage headers of a reply about an ads object; ``percent`` overrides the true use."""
        now = self._now()
        score, bucket = self._score(account, now), self._bucket(account, use_case, now)
        used = bucket.percent() if percent is None else percent
        headers = {
            "x-ad-account-usage": self._account_usage(score, now, percent),
            "x-business-use-case-usage": self._use_case_usage(account, use_case, bucket, now, percent),
        }
        if use_case == "ads_insights":
            throttle = {"app_id_util_pct": _round(used / 2), "acc_id_util_pct": _round(used)}
            headers["x-fb-ads-insights-throttle"] = _json(throttle | {"ads_api_access_tier": self._tier})
        return headers

    def app_headers(self, *, percent: float | None = None) -> dict[str, str]:
        """Return the usage header of a reply about no ads object."""
        self._app.forget(self._now())
        used = math.floor(self._app.percent() if percent is None else percent)
        return {"x-app-usage": _json({"call_count": used, "total_cputime": used // 3, "total_time": used // 2})}

    def _account_usage(self, score: _Score, now: float, percent: float | None) -> str:
        used = percent if percent is not None else 100.0 if score.blocked_until > now else score.percent()
        usage = {"acc_id_util_pct": _round(used), "reset_time_duration": score.reset_after(now)}
        return _json(usage | {"ads_api_access_tier": self._tier})

    def _use_case_usage(self, account: str, use_case: str, bucket: _Bucket, now: float, percent: float | None) -> str:
        used = math.floor(bucket.percent() if percent is None else percent)
        wait = bucket.wait_minutes(now) if self._enforce else 0
        entry = {
            "type": use_case,
            "call_count": used,
            "total_cputime": used // 4,
            "total_time": used // 3,
            "estimated_time_to_regain_access": wait,
            "ads_api_access_tier": self._tier,
        }
        return _json({account: [entry]})

    def _score(self, account: str, now: float) -> _Score:
        score = self._scores.get(account)
        if score is None:
            most, block = _SCORE[self._tier]
            score = self._scores[account] = _Score(most * self._scale, block, at=now)
        score.drain(now)
        return score

    def _bucket(self, account: str, use_case: str, now: float) -> _Bucket:
        bucket = self._buckets.get((account, use_case))
        if bucket is None:
            base, each = _BUCKETS[self._tier, use_case]
            most = base + each * self._live(account)
            capped = min(most, _CUSTOM_AUDIENCE_MOST) if use_case == "custom_audience" else most
            bucket = self._buckets[account, use_case] = _Bucket(capped * self._scale)
        bucket.forget(now)
        return bucket


def _round(value: float) -> float | int:
    short = round(value, 2)
    return int(short) if short == int(short) else short


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
