"""Names that the Graph API knows, out of the package's facts about Meta's own SDK (`catalog/fields.json`)."""

from functools import cache
from importlib.resources import files
from typing import cast

import msgspec

__all__ = ["action_breakdown_names", "action_fields", "breakdown_names", "insight_fields", "operators"]


@cache
def _facts() -> dict[str, dict[str, dict[str, object]]]:
    text = files("facebook_marketing.catalog").joinpath("fields.json").read_bytes()
    return cast("dict[str, dict[str, dict[str, object]]]", msgspec.json.decode(text))


def _enum(name: str) -> tuple[str, ...]:
    return tuple(cast("list[str]", _facts()["enums"][name]))


@cache
def insight_fields() -> frozenset[str]:
    """Return every field that `fields` of an insights call takes: the SDK's list without those gone since v19."""
    listed = cast("dict[str, str]", _facts()["objects"]["AdsInsights"]["fields"])
    gone = cast("dict[str, dict[str, str]]", _facts()["enums_documented"]["gone_for_readers"])
    return frozenset(listed) - frozenset(gone["insights_fields_still_in_sdk"])


@cache
def action_fields() -> frozenset[str]:
    """Return the fields that list actions, and so bring `action_type` into a combination."""
    listed = cast("dict[str, str]", _facts()["objects"]["AdsInsights"]["fields"])
    return frozenset(name for name, kind in listed.items() if kind == "list<AdsActionStats>")


@cache
def breakdown_names() -> tuple[str, ...]:
    """Return the names that `breakdowns` takes."""
    return _enum("breakdowns")


@cache
def action_breakdown_names() -> tuple[str, ...]:
    """Return the names that `action_breakdowns` takes: the SDK's, and one that only Meta's page has."""
    return (*_enum("action_breakdowns"), "action_converted_product_id")


@cache
def operators() -> tuple[str, ...]:
    """Return the operators of `filtering` in insights."""
    return tuple(cast("list[str]", _facts()["enums_documented"]["insights_filter_operators"]))
