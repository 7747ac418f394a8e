"""How fast we may ask: quota meters by account and use case, fed by Meta's usage headers. Pure: time comes in.

The headers are hints that lag and sometimes stick, so they set the pace and never shut a gate for good; only a
refusal does, and then for as long as Meta says (`estimated_time_to_regain_access` in minutes,
`reset_time_duration` in seconds).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from facebook_marketing.catalog.stream import UseCase

APP = "app"


@dataclass(frozen=True, slots=True)
class Usage:
    """One reading of a quota: `account` "" speaks of the whole app, `use_case` None of all use cases of the account."""

    account: str
    use_case: str | None
    percent: float
    regain_seconds: float = 0.0
    tier: str | None = None


@dataclass(frozen=True, slots=True)
class Meter:
    """What we know of one quota. `room` is how many calls may be under way, a float so that it can rise slowly."""

    percent: float = 0.0
    room: float = 8.0
    blocked_until: float = 0.0
    next_start: float = 0.0
    strikes: int = 0
    first_strike: float = 0.0
    tier: str | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """The developer's dials. `share` is the part of the quota that we take, `most` the calls under way at most."""

    share: float = 0.75
    most: float = 16.0
    longest_gap: float = 30.0


_FIRST_WAIT = 60.0
"""Meta blocks for 60 s (full access) to 300 s (limited access) (Meta: rate limiting)."""
_LONGEST_WAIT = 600.0


def observe(meter: Meter, usage: Usage, now: float, pace: Pace) -> Meter:
    """The meter after a reading: above our share calls are spaced out, further the nearer Meta's limit is."""
    quiet = replace(meter, percent=usage.percent, tier=usage.tier or meter.tier)
    over = usage.percent - pace.share * 100
    if over <= 0:
        return quiet
    gap = min(pace.longest_gap, 0.25 * 2 ** (over / 4))
    return replace(quiet, room=max(1.0, quiet.room / 2), next_start=max(quiet.next_start, now + gap))


def succeeded(meter: Meter, pace: Pace) -> Meter:
    """The meter after an answer with data: a little more room while Meta is comfortable."""
    grown = meter.room + 0.5 if meter.percent < pace.share * 100 else meter.room
    return replace(meter, room=min(pace.most, grown), strikes=0, first_strike=0.0)


def refused(meter: Meter, regain_seconds: float, now: float, jitter: float) -> Meter:
    """The meter after a throttle: shut until Meta's own time, or else for 60 s and twice as long each time after.

    `jitter` in 0..1 spreads the wake-ups by up to a tenth.
    """
    if now < meter.blocked_until:  # a call that was under way when the gate fell: no new strike
        return replace(meter, room=1.0)
    own = min(_LONGEST_WAIT, _FIRST_WAIT * 2**meter.strikes)
    wait = (regain_seconds if regain_seconds > 0 else own) * (1 + jitter / 10)
    return replace(
        meter,
        room=1.0,
        blocked_until=now + wait,
        strikes=meter.strikes + 1,
        first_strike=meter.first_strike or now,
    )


def delay(meter: Meter, now: float) -> float:
    """Seconds until the next call may start (0 = now), whatever is under way."""
    return max(0.0, meter.blocked_until - now, meter.next_start - now)


def read(headers: Mapping[str, str], account: str) -> tuple[Usage, ...]:
    """Every reading in a reply's headers (lower-case names). `account` is whom the call was about.

    Unreadable headers are no reading: they are hints.
    """
    usages: list[Usage] = []
    for name, reader in _READERS.items():
        if name in headers:
            try:
                usages.extend(reader(json.loads(headers[name]), account))
            except (ValueError, TypeError, AttributeError, KeyError):
                continue
    return tuple(usages)


def _app(said: Mapping[str, Any], _account: str) -> list[Usage]:
    return [Usage("", None, max((float(v) for v in said.values() if isinstance(v, int | float)), default=0.0))]


def _account(said: Mapping[str, Any], account: str) -> list[Usage]:
    percent = float(said["acc_id_util_pct"])
    regain = float(said.get("reset_time_duration") or 0) if percent >= 100 else 0.0  # noqa: PLR2004 - percent
    return [Usage(account, None, percent, regain, said.get("ads_api_access_tier"))]


def _throttle(said: Mapping[str, Any], account: str) -> list[Usage]:
    tier = said.get("ads_api_access_tier")
    return [
        Usage("", UseCase.ADS_INSIGHTS, float(said.get("app_id_util_pct") or 0), tier=tier),
        Usage(account, UseCase.ADS_INSIGHTS, float(said.get("acc_id_util_pct") or 0), tier=tier),
    ]


def _use_cases(said: Mapping[str, Any], account: str) -> list[Usage]:
    """The header's key is documented as the business and seen as the account: it pays for this call either way."""
    return [
        Usage(
            account,
            str(entry.get("type")),
            max(float(entry.get(k) or 0) for k in ("call_count", "total_cputime", "total_time")),
            60.0 * float(entry.get("estimated_time_to_regain_access") or 0),
            entry.get("ads_api_access_tier"),
        )
        for entries in said.values()
        for entry in entries
    ]


_READERS = {
    "x-app-usage": _app,
    "x-ad-account-usage": _account,
    "x-business-use-case-usage": _use_cases,
    "x-fb-ads-insights-throttle": _throttle,
}
