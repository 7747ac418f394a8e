"""Ids as Meta gives them: digits only, up to 18 of them, and no two things share one.

Each kind has its own beginning or length, so ids are unique across kinds and accounts (100 accounts, 10⁷ of a kind).
Campaigns, ad sets, ads and creatives made before 2024 have the older, shorter form.
"""

from datetime import UTC, datetime
from typing import Final

from .chance import salt, step

__all__ = ["account_digits", "object_id", "plain_id"]

_FIRST_ACCOUNT: Final = 1234567890123456
_NEW_FORM_SINCE: Final = datetime(2024, 1, 1, tzinfo=UTC).timestamp()
_KINDS: Final = {"campaign": 1, "adset": 2, "ad": 3, "creative": 4, "label": 9, "rule": 8}
_PLAIN: Final = {
    # kind: (first digits, length)
    "audience": ("6123", 13),
    "saved": ("6098", 13),
    "asset": ("6124", 13),
    "pixel": ("4455", 15),
    "page": ("5566", 15),
    "post": ("7788", 15),
    "video": ("8877", 15),
    "conversion": ("9911", 15),
    "business": ("9988", 15),
    "form": ("3344", 15),
    "lead": ("2233", 15),
    "application": ("1122", 15),
    "instagram": ("1784", 17),
    "media": ("1800", 17),
    "user": ("1015", 17),
    "card": ("6130", 13),
    "catalog": ("7001", 15),
}


def account_digits(number: int) -> str:
    """Return the digits of the account at that place; the first is 1234567890123456."""
    floor = 10**15
    return str(floor + (_FIRST_ACCOUNT - floor + number * 1_111_111_111_111_117) % (9 * floor))


def object_id(kind: str, account: int, index: int, created: float) -> str:
    """Return the id of a campaign, ad set, ad, creative, label or rule: 18 digits, 17 if it is old."""
    code = _KINDS[kind]
    check = step(salt(kind, account), index) % 10
    if created < _NEW_FORM_SINCE:
        return f"2384{account:02d}{code}{index:07d}{check}82"
    return f"1202{account:02d}{code:02d}{index:09d}{check}"


def plain_id(kind: str, account: int, index: int) -> str:
    """Return the id of anything else: the kind's first digits, the account, the place."""
    first, length = _PLAIN[kind]
    room = length - len(first) - 2
    return f"{first}{account:02d}{index:0{room}d}"
