"""Meta's own tables: readable fields with declared types, value objects, enums, and when a name came or went.

Source: `fields.json`, cut by `scripts/make_fields.py` from Meta's SDK of the API version in `_meta`. The file is read
on the first question and then kept.
"""

from collections.abc import Mapping
from functools import cache
from pkgutil import get_data
from typing import Any

import msgspec


class _Object(msgspec.Struct, frozen=True):
    fields: dict[str, str]


class _History(msgspec.Struct, frozen=True):
    added_in: dict[str, tuple[str, ...]]
    last_seen_in: dict[str, tuple[str, ...]]


class _Tables(msgspec.Struct, frozen=True):
    objects: dict[str, _Object]
    nested: dict[str, dict[str, str]]
    enums: dict[str, tuple[str, ...]]
    enums_documented: dict[str, Any]
    history: dict[str, _History]


@cache
def _tables() -> _Tables:
    return msgspec.json.decode(get_data(__package__, "fields.json") or b"", type=_Tables)


def declared(node: str) -> Mapping[str, str]:
    """Readable fields of an object ("Campaign", "AdsInsights", …) with the types that Meta's SDK declares.

    Declared, not sent: numbers often arrive as strings. KeyError for an unknown object.
    """
    return _tables().objects[node].fields


def shape(name: str) -> Mapping[str, str] | None:
    """Inner fields of a value object ("Targeting"), None where only "object" is known."""
    return _tables().nested.get(name)


def enum(name: str) -> tuple[str, ...]:
    """Values of one of Meta's enums ("breakdowns", "ad_effective_status", …). KeyError for an unknown enum."""
    return _tables().enums[name]


@cache
def breakdowns_only() -> frozenset[str]:
    """Names that Meta takes as a breakdown but refuses in `fields`."""
    return frozenset({*enum("breakdowns"), *enum("action_breakdowns")} - declared("AdsInsights").keys())


def gone(group: str) -> Mapping[str, str]:
    """Names that the SDK still lists but the API no longer serves, with the reason.

    `group` is "breakdowns", "attribution_windows" or "insights_fields_still_in_sdk".
    """
    table: Mapping[str, str] = _tables().enums_documented["gone_for_readers"].get(group, {})
    return table


def added_in(group: str, name: str) -> str | None:
    """API version ("v25") that brought a name, None when it is older than the tables or unknown.

    `group` is "insights_fields", "breakdowns", "attribution_windows", "Campaign", ….
    """
    return _version(_tables().history[group].added_in, name)


def last_seen_in(group: str, name: str) -> str | None:
    """Last API version that listed a name, None while it is still listed or was never known."""
    return _version(_tables().history[group].last_seen_in, name)


def _version(versions: Mapping[str, tuple[str, ...]], name: str) -> str | None:
    return next((version for version, names in versions.items() if name in names), None)
