"""Who owns what: ad accounts with their zones and currencies, the business, its people and its pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from .chance import Dice
from .ids import account_digits, plain_id
from .zones import DAY, today, wire_time, zone

__all__ = ["OPT_IN", "Account", "account_row", "business_row", "make_account", "page_row", "user_row"]

Row = dict[str, object]

OPT_IN: Final = frozenset({"impression_device", "hourly_stats_aggregated_by_audience_time_zone", "frequency_value"})
"""Breakdowns that an advertiser must have switched on (Meta's out-of-cycle change of 2026-08-06)."""


class _Home(NamedTuple):
    """Where an account lives."""

    label: str
    zone: str
    zone_id: int  # only Berlin's and Los Angeles' are Meta's; the others are made up
    currency: str
    minor: int  # minor units in one major unit
    city: str
    countries: tuple[str, ...]  # the first is the business's own


_HOMES: Final = (
    _Home("EU", "Europe/Berlin", 47, "EUR", 100, "Berlin", ("DE", "AT", "FR")),
    _Home("US", "America/Los_Angeles", 1, "USD", 100, "Los Angeles", ("US", "CA")),
    _Home("Japan", "Asia/Tokyo", 77, "JPY", 1, "Tokyo", ("JP",)),
    _Home("Oceania", "Pacific/Auckland", 105, "NZD", 100, "Auckland", ("NZ", "AU")),
    _Home("Brasil", "America/Sao_Paulo", 25, "BRL", 100, "São Paulo", ("BR",)),
    _Home("Global", "UTC", 90, "GBP", 100, "London", ("GB", "US", "PK")),
)
_TASKS: Final = ("DRAFT", "ANALYZE", "ADVERTISE", "MANAGE")
_FALLBACK_AGE_DAYS: Final = 1_461


@dataclass(frozen=True, slots=True)
class Account:
    """One ad account: the facts that everything below it needs.

    `minor` is how many minor units make a major one (100; 1 for yen); `opted_in` are the breakdowns of `OPT_IN`
    that answer with rows; `created` is the local day on which the account was opened.
    """

    number: int
    id: str
    name: str
    timezone: str
    timezone_id: int
    currency: str
    minor: int
    tier: str
    opted_in: frozenset[str]
    user_tasks: tuple[str, ...]
    business: str
    business_name: str
    pages: tuple[str, ...]
    status: int  # Meta's numbers: 1 ACTIVE, 2 DISABLED, 101 CLOSED, …
    created: date
    created_at: float
    city: str
    countries: tuple[str, ...]

    @property
    def node_id(self) -> str:
        """The id of the node: `act_` and the digits."""
        return f"act_{self.id}"

    @property
    def unit(self) -> int:
        """Micros in one minor unit."""
        return 1_000_000 // self.minor

    def today(self, now: float) -> date:
        """Return the local day of a moment."""
        return today(now, self.timezone)


def make_account(seed: int, number: int, anchor: float, statuses: Mapping[str, int] | None = None) -> Account:
    """Build the account at that place; `anchor` is the moment at which the world's history ends.

    Every sixth account is DISABLED and may only be read; `statuses` says otherwise for some, by their digits.
    """
    home = _HOMES[number % len(_HOMES)]
    dice = Dice(seed, "account", number)
    created_at = anchor - (_FALLBACK_AGE_DAYS + dice.below(300)) * DAY - dice.below(DAY)
    suffix = "" if number < len(_HOMES) else f" {number // len(_HOMES) + 1}"
    return Account(
        number=number,
        id=account_digits(number),
        name=f"Example Shop {home.label}{suffix}",
        timezone=home.zone,
        timezone_id=home.zone_id,
        currency=home.currency,
        minor=home.minor,
        tier="standard_access",
        opted_in=OPT_IN if number % 2 == 0 else frozenset(),
        user_tasks=_TASKS if number % 3 != 2 else _TASKS[:2],  # noqa: PLR2004 - every third account is only read
        business=plain_id("business", number // 3, 0),
        business_name="Example GmbH" if number < 3 else f"Example Holding {number // 3}",  # noqa: PLR2004 - three a business
        pages=tuple(plain_id("page", number, place) for place in range(2)),
        status=(statuses or {}).get(account_digits(number), 2 if number % 6 == 5 else 1),  # noqa: PLR2004
        created=today(created_at, home.zone),
        created_at=created_at,
        city=home.city,
        countries=home.countries,
    )


def _rf_spec(country: str) -> Row:
    return {
        "min_reach_limits": {country: 200_000},
        "countries": [country],
        "min_campaign_duration": {country: 1},
        "max_campaign_duration": {country: 180},
        "max_days_to_finish": {country: 365},
        "global_io_max_campaign_duration": 100,
    }


def _money(account: Account, now: float) -> Row:
    """Spend so far grows by the second, so that two reads differ as they do at Meta."""
    daily = 350 * account.minor
    days = max(0.0, now - account.created_at) / DAY
    return {
        "amount_spent": str(int(daily * days)),
        "balance": str(int(daily * (days % 7))),
        "spend_cap": "0",
        "min_campaign_group_spend_cap": str(100 * account.minor),
        "min_daily_budget": account.minor,
    }


def _business_part(account: Account) -> Row:
    return {
        "business": {"id": account.business, "name": account.business_name},
        "business_name": account.business_name,
        "business_city": account.city,
        "business_country_code": account.countries[0],
        "business_street": "Example Street 1",
        "business_zip": "10115",
        "owner": account.business,
        "owner_business": {"id": account.business, "name": account.business_name},
        "viewable_business": {"id": account.business, "name": account.business_name},
        "end_advertiser": plain_id("business", account.number, 77),
        "end_advertiser_name": "Example Shop",
        "media_agency": "NONE",
        "partner": "NONE",
    }


def _switches(account: Account) -> Row:
    return {
        "can_create_brand_lift_study": False,
        "capabilities": ["CAN_CREATE_CALL_ADS", "CAN_USE_CONVERSION_LOOKALIKES", "CAN_USE_REACH_AND_FREQUENCY"],
        "all_capabilities": ["CAN_CREATE_CALL_ADS", "CAN_USE_CONVERSION_LOOKALIKES", "CAN_USE_REACH_AND_FREQUENCY"],
        "fb_entity": 85,
        "has_migrated_permissions": True,
        "attribution_spec": [
            {"event_type": "CLICK_THROUGH", "window_days": 7},
            {"event_type": "VIEW_THROUGH", "window_days": 1},
        ],
        "is_attribution_spec_system_default": True,
        "is_direct_deals_enabled": False,
        "is_in_3ds_authorization_enabled_market": account.timezone.startswith("Europe/"),
        "is_notifications_enabled": True,
        "is_personal": 0,
        "is_prepay_account": False,
        "is_tax_id_required": False,
        "offsite_pixels_tos_accepted": True,
        "tax_id_status": 0,
        "tos_accepted": {"web_custom_audience_tos": 1, "206760949512025": 1},
        "user_tasks": list(account.user_tasks),
        "user_tos_accepted": {"web_custom_audience_tos": 1},
    }


def account_row(account: Account, now: float) -> Row:
    """Return the account as its own node shows it, every field that has a value."""
    offset = datetime.fromtimestamp(int(now), zone(account.timezone)).utcoffset()
    hours = (offset.total_seconds() if offset else 0.0) / 3600
    funding = plain_id("saved", account.number, 9_999_999)
    return {
        "id": account.node_id,
        "account_id": account.id,
        "name": account.name,
        "account_status": account.status,
        "age": round((now - account.created_at) / DAY, 10),
        "currency": account.currency,
        "timezone_id": account.timezone_id,
        "timezone_name": account.timezone,
        "timezone_offset_hours_utc": int(hours) if hours.is_integer() else hours,
        "created_time": wire_time(account.created_at, account.timezone),
        "disable_reason": 3 if account.status == 2 else 0,  # noqa: PLR2004 - 2 DISABLED for 3 RISK_PAYMENT
        "funding_source": funding,
        "funding_source_details": {"id": funding, "display_string": "Visa *4242", "type": 1},
        "rf_spec": _rf_spec(account.countries[0]),
        **_money(account, now),
        **_business_part(account),
        **_switches(account),
    }


def business_row(account: Account) -> Row:
    """Return the business that owns the account."""
    founded = account.created_at - 900 * DAY
    return {
        "id": account.business,
        "name": account.business_name,
        "verification_status": "verified",
        "created_time": wire_time(founded),
        "updated_time": wire_time(account.created_at),
        "timezone_id": account.timezone_id,
        "is_hidden": False,
        "block_offline_analytics": False,
        "link": f"https://www.facebook.com/{account.pages[0]}",
        "primary_page": {"id": account.pages[0], "name": account.name},
        "two_factor_type": "admin_required",
        "vertical": "RETAIL",
        "vertical_id": 17,
    }


def page_row(account: Account, place: int) -> Row:
    """Return one of the account's pages, without the token that some callers may see."""
    page = account.pages[place]
    return {
        "id": page,
        "name": account.name if place == 0 else f"{account.name} Outlet",
        "category": "Retail",
        "fan_count": 12_345 + 17 * account.number,
        "followers_count": 12_987 + 17 * account.number,
        "is_published": True,
        "link": f"https://www.facebook.com/{page}",
        "username": f"example.shop.{account.number}.{place}",
        "verification_status": "not_verified",
        "tasks": ["ADVERTISE", "ANALYZE", "CREATE_CONTENT"],
    }


def user_row(place: int = 0) -> Row:
    """Return one of the two people of this world."""
    first, last = (("Jane", "Doe"), ("Sam", "Roe"))[place]
    return {
        "id": plain_id("user", 0, place + 1),
        "name": f"{first} {last}",
        "first_name": first,
        "last_name": last,
        "email": f"{first}.{last}@example.com".lower(),
    }
