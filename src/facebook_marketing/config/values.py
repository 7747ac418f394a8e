"""What single values may look like, and the tables of Meta's names that a config is held against. Pure."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

Level = Literal["ad", "adset", "campaign", "account"]
Period = Literal["weekly", "monthly", "all_days"]

LEVELS: Final[tuple[Level, ...]] = ("ad", "adset", "campaign", "account")
PERIODS: Final[tuple[Period, ...]] = ("weekly", "monthly", "all_days")
LOOKBACKS: Final = ("full", "changed")
VEILS: Final = ("hashed", "plain", "dropped")
REPORT_TIMES: Final = ("impression", "conversion", "mixed", "lifetime")

# Meta's effective_status values by object.
CAMPAIGN_STATUSES: Final = ("ACTIVE", "ARCHIVED", "DELETED", "IN_PROCESS", "PAUSED", "WITH_ISSUES")
ADSET_STATUSES: Final = ("ACTIVE", "ARCHIVED", "CAMPAIGN_PAUSED", "DELETED", "IN_PROCESS", "PAUSED", "WITH_ISSUES")
AD_STATUSES: Final = (
    "ACTIVE",
    "ADSET_PAUSED",
    "ARCHIVED",
    "CAMPAIGN_PAUSED",
    "DELETED",
    "DISAPPROVED",
    "IN_PROCESS",
    "PAUSED",
    "PENDING_BILLING_INFO",
    "PENDING_REVIEW",
    "PREAPPROVED",
    "WITH_ISSUES",
)
STATUSES: Final[Mapping[str, tuple[str, ...]]] = {
    "campaign_statuses": CAMPAIGN_STATUSES,
    "adset_statuses": ADSET_STATUSES,
    "ad_statuses": AD_STATUSES,
}

INCREMENTALITY: Final = "incrementality"
ENGAGED_VIEW: Final = "1d_ev"
DEFAULT_WINDOWS: Final = ("1d_click", "7d_click", "28d_click", "1d_view")
# No data since 2026-01-12, and no error either (Meta's out-of-cycle changes).
RETIRED_WINDOWS: Final = frozenset({"7d_view", "28d_view"})

# What Airbyte's source asked for where nothing was set. Off-site conversions get lost or merged under
# the last two, so that Ads Manager shows other numbers; only a config made for it keeps them.
AIRBYTE_ACTION_BREAKDOWNS: Final = ("action_type", "action_target_id", "action_destination")

RETIRED_FIELDS: Final[Mapping[str, str]] = {
    "age_targeting": "Meta retired it",
    "gender_targeting": "Meta retired it",
    "labels": "Meta retired it",
    "location": "Meta retired it",
    "estimated_ad_recall_rate_lower_bound": "Meta retired it",
    "estimated_ad_recall_rate_upper_bound": "Meta retired it",
    "estimated_ad_recallers_lower_bound": "Meta retired it",
    "estimated_ad_recallers_upper_bound": "Meta retired it",
    "wish_bid": "asking for it multiplies the rows and changes every other number",
}

# Meta answers 400 to `dma` since 2026-06-22 and names the successor itself.
RENAMED_BREAKDOWNS: Final[Mapping[str, str]] = {"dma": "comscore_market"}

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS: Final = re.compile(r"[0-9]+")
_VERSION: Final = re.compile(r"v?([0-9]{1,3}\.[0-9])")
_CAPITAL: Final = re.compile(r"(?<=[^\n])(?=[A-Z][a-z])|(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Known:
    """The names of Meta's insights that this version knows. A name outside is asked for as it is."""

    fields: frozenset[str]
    breakdowns: frozenset[str]
    action_breakdowns: frozenset[str]
    windows: frozenset[str]

    def is_breakdown(self, name: str) -> bool:
        """Whether the name can only be a breakdown, never a field."""
        return name not in self.fields and (name in self.breakdowns or name in self.action_breakdowns)


@cache
def known() -> Known:
    """Read from the catalogue's table as from a file: this room depends on no other."""
    text = files("facebook_marketing").joinpath("catalog", "fields.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    enums: dict[str, list[str]] = table["enums"]
    return Known(
        fields=frozenset(table["objects"]["AdsInsights"]["fields"]),
        breakdowns=frozenset(enums["breakdowns"]),
        action_breakdowns=frozenset(enums["action_breakdowns"]),
        windows=frozenset(enums["action_attribution_windows"]),
    )


def account_id(value: object) -> str | None:
    """Bare digits of `1`, `"1"`, `"act_1"`; `"all"` stays; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    if not isinstance(value, str):
        return None
    text = value.strip().lower().removeprefix("act_")
    return text if text == "all" or _DIGITS.fullmatch(text) else None


def day(value: object) -> date | None:
    """Take the day of a date, a date-time or their texts, as written: Meta counts days in the account's zone."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    moment = _moment(value) if isinstance(value, str) else None
    return moment.date() if moment else None


def time_of_day(value: object) -> str | None:
    """Take the time in a text that is a date-time, None where it says midnight or nothing."""
    moment = _moment(value) if isinstance(value, str) else None
    return moment.time().isoformat() if moment and moment.time() != time() else None


def _moment(text: str) -> datetime | None:
    """Read `2021-01-31`, `2021-01-31T00:00:00Z`, fractions of a second and offsets too; None for anything else."""
    text = text.strip().upper()
    try:
        return datetime.fromisoformat(text) if _DAY.match(text) else None
    except ValueError:
        return None


def increment(value: object) -> int | Period | None:
    """1 to 90 days (a text of digits too), `daily` = 1, or a period; None for anything else."""
    if isinstance(value, bool):
        return None
    text = str(value).strip().lower() if isinstance(value, int | str) else ""
    for period in PERIODS:
        if text == period:
            return period
    days = 1 if text == "daily" else int(text) if _DIGITS.fullmatch(text) and len(text) <= len("90") else 0
    return days if 1 <= days <= 90 else None  # noqa: PLR2004 - Meta's limit for time_increment


def api_version(value: object) -> str | None:
    """`v26.0` of `v26.0`, `V26.0` or `26.0`."""
    found = _VERSION.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    return f"v{found[1]}" if found else None


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """List the names in their order, each once."""
    return tuple(dict.fromkeys(names))


def stream_name(name: str) -> str:
    """Name the stream of a custom insight, by Airbyte's rule: `Custom<Name>` from camel case to snake case.

    `my_x` is `custommy_x`, `MyReport` is `custom_my_report`, `ROASByDay` is `custom_roas_by_day`.
    """
    return _CAPITAL.sub("_", f"Custom{name}").lower()
