"""Audiences, conversions, pixels, saved audiences and rules: the smaller things an account keeps."""

import json
from typing import Final

from .accounts import Account
from .chance import Dice
from .ids import object_id, plain_id
from .zones import DAY, wire_time

__all__ = ["audience_row", "conversion_row", "pixel_row", "rule_row", "saved_row"]

Row = dict[str, object]

_SUBTYPES: Final = ("WEBSITE", "LOOKALIKE", "CUSTOM", "ENGAGEMENT", "WEBSITE", "VIDEO")
_EVENTS: Final = ("PURCHASE", "LEAD", "ADD_TO_CART", "OTHER", "COMPLETE_REGISTRATION", "CONTENT_VIEW")


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _permissions() -> Row:
    return {
        "can_edit": True,
        "can_see_insight": True,
        "can_share": True,
        "subtype_supports_lookalike": True,
        "supports_recipient_lookalike": False,
    }


def _lookalike(account: Account, place: int, dice: Dice) -> Row:
    origin = {
        "id": plain_id("audience", account.number, max(0, place - 1)),
        "name": f"Audience {max(1, place)}",
        "type": "custom_audience",
    }
    return {
        "lookalike_spec": {
            "country": account.countries[0],
            "is_financial_service": False,
            "origin": [origin],
            "ratio": dice.pick((0.01, 0.03, 0.1)),
            "type": "similarity",
        }
    }


def _website(account: Account, days: int) -> Row:
    pixel = plain_id("pixel", account.number, 1)
    match = {"operator": "and", "filters": [{"field": "url", "operator": "i_contains", "value": ""}]}
    rule = {"event_sources": [{"id": int(pixel), "type": "pixel"}], "retention_seconds": days * DAY, "filter": match}
    return {
        "retention_days": days,
        "pixel_id": pixel,
        "rule": _compact({"inclusions": {"operator": "or", "rules": [rule]}}),
        "data_source": {"type": "EVENT_BASED", "sub_type": "WEB_PIXEL_HITS"},
    }


def audience_row(account: Account, place: int, count: int, anchor: float, now: float) -> Row:
    """Return one of `count` custom audiences: times are unix integers, unknown sizes -1."""
    dice = Dice("audience", account.id, place)
    subtype = _SUBTYPES[place % len(_SUBTYPES)]
    created = int(anchor - dice.between(5, 1_000) * DAY - dice.below(DAY))
    small = subtype == "LOOKALIKE" or dice.hit(15)
    lower = -1 if small else dice.between(10, 900) * 100
    updated = created + 400
    if subtype == "WEBSITE":  # refilled every morning
        updated = max(created + 400, int(now // DAY) * DAY - DAY + 14_400)
    row: Row = {
        "id": plain_id("audience", account.number, place),
        "account_id": account.id,
        "name": f"Audience {place + 1}",
        "subtype": subtype,
        "approximate_count_lower_bound": lower,
        "approximate_count_upper_bound": -1 if small else lower * 117 // 100,
        "delivery_status": {"code": 300, "description": "This audience is too small to use."}
        if small
        else {"code": 200, "description": "This audience is ready for use."},
        "operation_status": {"code": 200, "description": "Normal"},
        "is_value_based": False,
        "is_household": False,
        "permission_for_actions": _permissions(),
        "time_created": created,
        "time_updated": updated,
        "time_content_updated": updated,
    }
    if place + 1 < count and _SUBTYPES[(place + 1) % len(_SUBTYPES)] == "LOOKALIKE":
        row["lookalike_audience_ids"] = [plain_id("audience", account.number, place + 1)]
    if subtype == "WEBSITE":
        row |= {"description": "", **_website(account, dice.pick((30, 90, 180)))}
    elif subtype == "LOOKALIKE":
        row |= _lookalike(account, place, dice)
    elif subtype == "CUSTOM":
        row |= {
            "customer_file_source": "USER_PROVIDED_ONLY",
            "data_source": {"type": "FILE_IMPORTED", "sub_type": "HASHES"},
        }
    return row


def conversion_row(account: Account, place: int, anchor: float, now: float) -> Row:
    """Return a custom conversion; every fifth has a date that Meta writes wrongly (`2023-01-19t20:38:59 0000`)."""
    dice = Dice("conversion", account.id, place)
    created = anchor - dice.between(30, 1_200) * DAY - dice.below(DAY)
    fired = max(created, now - dice.between(600, 3 * DAY))
    pixel = plain_id("pixel", account.number, 1)
    rule = {"and": [{"event": {"eq": "PageView"}}, {"or": [{"URL": {"i_contains": f"thank-you-{place}"}}]}]}
    stamp = wire_time(created)
    return {
        "id": plain_id("conversion", account.number, place + 1),
        "account_id": account.id,
        "name": f"Thank-you page {place + 1}",
        "description": "checkout done",
        "custom_event_type": _EVENTS[place % len(_EVENTS)],
        "rule": _compact(rule),
        "default_conversion_value": 0,
        "retention_days": 0,
        "event_source_type": "pixel",
        "data_sources": [{"id": pixel, "source_type": "PIXEL", "name": "Shop pixel"}],
        "pixel": {"id": pixel},
        "business": {"id": account.business, "name": account.business_name},
        "is_archived": dice.hit(10),
        "is_unavailable": False,
        "creation_time": stamp.lower().replace("+", " ") if place % 5 == 4 else stamp,  # noqa: PLR2004 - a few fixed places
        "first_fired_time": wire_time(created + 41_000),
        "last_fired_time": wire_time(fired),
    }


def pixel_row(account: Account, place: int, anchor: float, now: float) -> Row:
    """Return a pixel; it fired a little while ago."""
    dice = Dice("pixel", account.id, place)
    return {
        "id": plain_id("pixel", account.number, place + 1),
        "name": "Shop pixel" if place == 0 else f"Pixel {place + 1}",
        "is_unavailable": False,
        "is_created_by_business": True,
        "is_crm": False,
        "enable_automatic_matching": True,
        "automatic_matching_fields": ["em", "fn", "ph"],
        "can_proxy": False,
        "code": "<!-- Pixel code: an invented placeholder -->",
        "creation_time": wire_time(anchor - dice.between(900, 1_400) * DAY, account.timezone),
        "last_fired_time": wire_time(now - dice.between(60, 7_200), account.timezone),
        "data_use_setting": "ADVERTISING_AND_ANALYTICS",
        "first_party_cookie_status": "FIRST_PARTY_COOKIE_ENABLED",
        "owner_business": {"id": account.business, "name": account.business_name},
        "owner_ad_account": {"account_id": account.id, "id": account.node_id},
    }


def saved_row(account: Account, place: int, anchor: float) -> Row:
    """Return a saved audience: a targeting with a name."""
    dice = Dice("saved", account.id, place)
    created = anchor - dice.between(20, 900) * DAY
    return {
        "id": plain_id("saved", account.number, place + 1),
        "account": {"account_id": account.id, "id": account.node_id},
        "name": f"Saved audience {place + 1}",
        "description": "",
        "run_status": "ACTIVE",
        "approximate_count_lower_bound": dice.between(10, 900) * 1_000,
        "approximate_count_upper_bound": dice.between(1_000, 1_900) * 1_000,
        "operation_status": {"code": 200, "description": "Normal"},
        "permission_for_actions": _permissions(),
        "targeting": {
            "age_max": 65,
            "age_min": 18,
            "geo_locations": {"countries": [account.countries[0]], "location_types": ["home", "recent"]},
        },
        "time_created": wire_time(created),
        "time_updated": wire_time(created + 9_000),
    }


def rule_row(account: Account, place: int, anchor: float) -> Row:
    """Return an ad rule."""
    made = anchor - Dice("rule", account.id, place).between(20, 500) * DAY
    return {
        "id": object_id("rule", account.number, place + 1, 2e9),
        "account_id": account.id,
        "name": f"Pause when dear {place + 1}",
        "status": "ENABLED" if place % 2 == 0 else "DISABLED",
        "created_time": wire_time(made, account.timezone),
        "updated_time": wire_time(made + 600, account.timezone),
        "evaluation_spec": {
            "evaluation_type": "SCHEDULE",
            "filters": [
                {"field": "spent", "value": 5000, "operator": "GREATER_THAN"},
                {"field": "entity_type", "value": "AD", "operator": "EQUAL"},
                {"field": "time_preset", "value": "LAST_7_DAYS", "operator": "EQUAL"},
            ],
        },
        "execution_spec": {"execution_type": "PAUSE"},
        "schedule_spec": {"schedule_type": "SEMI_HOURLY"},
    }
