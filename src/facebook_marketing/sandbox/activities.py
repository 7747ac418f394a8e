"""The change log of an account: what people and Meta did, newest first, without ids."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .accounts import Account
from .chance import Dice
from .ids import plain_id
from .zones import DAY, wire_time, zone

__all__ = ["Target", "activity_row", "past_activities"]

Row = dict[str, object]

_SPAN_DAYS: Final = 120
_SORTS: Final = (
    # event_type, object kind, translated
    ("update_ad_set_budget", "adset", "Ad set budget updated"),
    ("update_campaign_budget", "campaign", "Campaign budget updated"),
    ("update_ad_run_status", "ad", "Ad status updated"),
    ("update_ad_friendly_name", "ad", "Ad name updated"),
    ("update_ad_creative", "ad", "Ad creative updated"),
    ("create_ad", "ad", "Ad created"),
    ("update_ad_set_target_spec", "adset", "Ad set targeting updated"),
    ("ad_review_approved", "ad", "Ad approved"),
    ("first_delivery_event", "ad", "First delivery"),
    ("ad_account_billing_charge", "account", "Account billed"),
)
_TYPES: Final = {"adset": "CAMPAIGN", "campaign": "CAMPAIGN_GROUP", "ad": "ADGROUP", "account": "ACCOUNT"}
_BY_META: Final = frozenset({"ad_account_billing_charge", "ad_review_approved", "first_delivery_event"})


@dataclass(frozen=True, slots=True)
class Target:
    """What an activity is about: kind (campaign, adset, ad, account), id and name."""

    kind: str
    id: str
    name: str


def _local(moment: float, account: Account) -> str:
    when = datetime.fromtimestamp(int(moment), zone(account.timezone))
    return f"{when.month}/{when.day}/{when.year} at {when.hour % 12 or 12}:{when.minute:02d} {when:%p}"


def _extra(event: str, account: Account, dice: Dice) -> Row:
    if event.endswith("_budget"):
        old, new = dice.between(10, 60) * 5 * account.minor, dice.between(10, 60) * 5 * account.minor
        return {
            "old_value": {"old_value": old, "additional_value": "Per day", "type": "payment_amount"},
            "new_value": {"new_value": new, "additional_value": "Per day", "type": "payment_amount"},
            "currency": account.currency,
            "type": "composite_data",
        }
    if event == "ad_account_billing_charge":
        return {
            "currency": account.currency,
            "new_value": dice.between(10, 90) * account.minor,
            "transaction_id": f"{dice.digits(4)}-{dice.digits(4)}",
            "action": "67",
            "type": "payment_amount",
        }
    return {"old_value": "Active", "new_value": "Inactive", "type": "run_status"}


def activity_row(account: Account, target: Target, event: str, moment: float, label: str) -> Row:
    """Return one entry: `event_time` in UTC, the local time as free text, `extra_data` JSON inside a string."""
    dice = Dice("activity", target.id, event, int(moment))
    row: Row = {
        "event_time": wire_time(moment),
        "event_type": event,
        "translated_event_type": label,
        "date_time_in_timezone": _local(moment, account),
        "actor_id": "0" if event in _BY_META else plain_id("user", 0, 1),
        "actor_name": "Meta" if event in _BY_META else "Jane Doe",
        "object_id": target.id,
        "object_name": target.name,
        "object_type": _TYPES[target.kind],
    }
    if event not in _BY_META:
        row |= {"application_id": "119211728144504", "application_name": "Power Editor"}
    if event not in {"first_delivery_event", "ad_review_approved", "create_ad"}:
        row["extra_data"] = json.dumps(_extra(event, account, dice), separators=(",", ":"))
    return row


def past_activities(
    account: Account, targets: dict[str, list[Target]], count: int, anchor: float
) -> list[tuple[float, Row]]:
    """Return (moment, row) of what happened before the anchor, spread over four months."""
    found = []
    for place in range(count):
        dice = Dice("past activity", account.id, place)
        event, kind, label = dice.pick(_SORTS)
        choices = targets.get(kind) or targets["account"]
        moment = anchor - _SPAN_DAYS * DAY * (place + dice.below(1000) / 1000) / max(1, count)
        found.append((moment, activity_row(account, dice.pick(choices), event, moment, label)))
    return found


def event_of(kind: str, what: str) -> tuple[str, str]:
    """Return the event type and its text for a change of a campaign, ad set or ad."""
    return _EVENTS[kind, what]


_EVENTS: Final = {
    ("ad", "rename"): ("update_ad_friendly_name", "Ad name updated"),
    ("ad", "touch"): ("update_ad_creative", "Ad creative updated"),
    ("ad", "flip"): ("update_ad_run_status", "Ad status updated"),
    ("ad", "create"): ("create_ad", "Ad created"),
    ("adset", "rename"): ("update_ad_set_name", "Ad set name updated"),
    ("adset", "touch"): ("update_ad_set_budget", "Ad set budget updated"),
    ("campaign", "rename"): ("update_campaign_name", "Campaign name updated"),
    ("campaign", "touch"): ("update_campaign_budget", "Campaign budget updated"),
    ("campaign", "archive"): ("update_campaign_run_status", "Campaign status updated"),
}


def newest_first(found: Iterable[tuple[float, Row]]) -> list[Row]:
    """Return the rows by time, newest first."""
    return [row for _, row in sorted(found, key=lambda pair: -pair[0])]
