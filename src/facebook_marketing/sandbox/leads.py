"""Lead forms, and what people write into them: kept for 90 days, a few more every day."""

from collections.abc import Sequence
from typing import Final

from .accounts import Account
from .chance import Dice
from .ids import plain_id
from .size import Size
from .zones import DAY, wire_time

__all__ = ["Leads", "form_row"]

Row = dict[str, object]
Ad = tuple[str, str, str, str, str, str]
"""Ids and names of an ad, its ad set and its campaign, in turn."""

_KEPT: Final = 90 * DAY
_MOST: Final = 60
_EVERY: Final = 5 * 3_600
_INTERESTS: Final = ("Running shoes", "Trail shoes", "Nothing yet")


class Leads:
    """The leads of one account: some before the anchor, then one every five hours or so."""

    def __init__(self, account: Account, size: Size, ads: Sequence[Ad], anchor: float) -> None:
        """Take the ads that ask for leads; without any, all leads are organic."""
        self._account, self._ads, self._anchor = account, ads, anchor
        self._past = min(_MOST, size.ads)
        self._made: list[tuple[float, Row]] = []

    def at(self, now: float) -> Sequence[Row]:
        """Return the leads that Meta still keeps at a moment, newest first."""
        if not self._past:
            return ()
        while len(self._made) < self._past + max(0, int((now - self._anchor) // _EVERY)):
            self._made.append(self._lead(len(self._made)))
        kept = [one for one in self._made if now - _KEPT < one[0] <= now]
        return [row for _, row in sorted(kept, key=lambda one: one[0], reverse=True)]

    def _lead(self, place: int) -> tuple[float, Row]:
        dice = Dice("lead", self._account.id, place)
        if place < self._past:
            created = self._anchor - 1 - dice.below(int(_KEPT - 2 * DAY))
        else:
            created = self._anchor + (place - self._past) * _EVERY + dice.below(int(_EVERY))
        ad = dice.pick(self._ads) if self._ads else None
        return created, lead_row(self._account, place, ad, created)


def lead_row(account: Account, place: int, ad: Ad | None, created: float) -> Row:
    """Return a lead of an ad, or an organic one. People, addresses and numbers are made up."""
    dice = Dice("lead facts", account.id, place)
    row: Row = {
        "id": plain_id("lead", account.number, place + 1),
        "created_time": wire_time(created),
        "form_id": plain_id("form", account.number, 1),
        "is_organic": ad is None,
        "platform": dice.pick(("fb", "ig")),
        "field_data": [
            {"name": "full_name", "values": [f"Test Person {place + 1}"]},
            {"name": "email", "values": [_typed(f"test{place + 1}@example.com", dice)]},
            {"name": "phone_number", "values": [f"+1 202-555-{100 + place % 100:04d}"]},
            {"name": "country", "values": [account.countries[0]]},
            {"name": "what_are_you_looking_for?", "values": [dice.pick(_INTERESTS)]},
        ],
    }
    if place % 3 == 0:
        row["custom_disclaimer_responses"] = [{"checkbox_key": "newsletter", "is_checked": "1"}]
    if ad is not None:
        names = ("ad_id", "ad_name", "adset_id", "adset_name", "campaign_id", "campaign_name")
        row |= dict(zip(names, ad, strict=True))
    return row


def _typed(address: str, dice: Dice) -> str:
    """Return an address as people type it, some with a capital and a blank."""
    return f" {address.title()}" if dice.hit(15) else address


def form_row(account: Account, anchor: float, count: int) -> Row:
    """Return the account's one lead form, on its first page."""
    return {
        "id": plain_id("form", account.number, 1),
        "name": "Newsletter",
        "status": "ACTIVE",
        "locale": "en_US",
        "page_id": account.pages[0],
        "page": {"id": account.pages[0], "name": account.name},
        "created_time": wire_time(anchor - 400 * DAY),
        "leads_count": count,
        "expired_leads_count": 0,
        "organic_leads_count": 0,
    }
