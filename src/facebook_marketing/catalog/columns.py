"""A name becomes a column: its kind and its JSON schema, from Meta's tables and our corrections."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from facebook_marketing.catalog import fields
from facebook_marketing.catalog.corrections import BREAKDOWN_KINDS, EXTRA_KEYS, KINDS
from facebook_marketing.catalog.stream import Column, Kind

Schema = Mapping[str, Any]

# Breakdowns whose value is an object; its "id" becomes a column of its own, because keys must be plain values.
ASSETS = (
    "body_asset",
    "call_to_action_asset",
    "description_asset",
    "image_asset",
    "link_url_asset",
    "title_asset",
    "video_asset",
)

_SCALARS: Mapping[str, Kind] = {
    "string": Kind.STRING,
    "bool": Kind.BOOLEAN,
    "int": Kind.INTEGER,
    "unsigned int": Kind.INTEGER,
    "float": Kind.NUMBER,
    "datetime": Kind.DATETIME,
}
# Declared types that are enums: text on the wire.
_ENUMS = frozenset(
    {
        "BidStrategy",
        "BidType",
        "BillingEvent",
        "CallToActionType",
        "Confidence",
        "ConfiguredStatus",
        "CustomEventType",
        "Importance",
        "DevicePlatforms",
        "EffectiveDevicePlatforms",
        "EffectiveStatus",
        "EventType",
        "ObjectType",
        "OptimizationGoal",
        "Status",
        "VerificationStatus",
    }
)

STRING: Schema = {"type": ["null", "string"]}
NUMBER: Schema = {"type": ["null", "number"]}
OBJECT: Schema = {"type": ["null", "object"], "additionalProperties": True}
ANYTHING: Schema = {"type": ["null", "object", "array", "string", "number", "boolean"]}

_PLAIN: Mapping[Kind, Schema] = {
    Kind.STRING: STRING,
    Kind.INTEGER: {"type": ["null", "integer"]},
    Kind.NUMBER: NUMBER,
    Kind.BOOLEAN: {"type": ["null", "boolean"]},
    Kind.DATE: {"type": ["null", "string"], "format": "date"},
    Kind.DATETIME: {
        "type": ["null", "string"],
        "format": "date-time",
        "airbyte_type": "timestamp_with_timezone",
    },
}


def _array(items: Schema) -> Schema:
    return {"type": ["null", "array"], "items": items}


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {"type": ["null", "object"], "properties": properties, "additionalProperties": True}


RESULTS: Schema = _array(
    _object({"indicator": STRING, "values": _array(_object({"value": NUMBER, "attribution_windows": _array(STRING)}))})
)


def _inner(declared: str) -> str:
    """list<string> -> string."""
    return declared[len("list<") : -1]


def _kind(declared: str) -> Kind:
    if declared == "list<AdsActionStats>":
        return Kind.STATS
    if declared == "list<AdsHistogramStats>":
        return Kind.HISTOGRAM
    if declared in _ENUMS:
        return Kind.STRING
    return _SCALARS.get(declared, Kind.JSON)


@cache
def _schema(declared: str) -> Schema:
    """JSON schema of a declared type; value objects that we do not know inside are plain objects."""
    kind = _kind(declared)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if declared.startswith("list<"):
        return _array(_schema(_inner(declared)))
    if declared == "list":  # inside image crops: one corner of a box, in pixels
        return _array(_PLAIN[Kind.INTEGER])
    known = fields.shape(declared)
    if known is None:
        return OBJECT
    inner = {**known, **EXTRA_KEYS.get(declared, {})}
    return _object({name: _schema(kind) for name, kind in inner.items()})


@cache
def column(node: str, name: str, *, requested: bool = True) -> Column:
    """Column `name` of the object `node`. A name that Meta's tables lack is kept as JSON, whatever it holds."""
    declared = fields.declared(node).get(name)
    kind = KINDS.get((node, name)) or (Kind.JSON if declared is None else _kind(declared))
    if kind in _PLAIN:
        return Column(name, kind, _PLAIN[kind], requested)
    return Column(name, kind, ANYTHING if declared is None else _schema(declared), requested)


def text(name: str) -> Column:
    """A column that we fill with text; never asked of Meta."""
    return Column(name, Kind.STRING, STRING, requested=False)


def texts(name: str) -> Column:
    """A column that we fill with a list of texts; never asked of Meta."""
    return Column(name, Kind.JSON, _array(STRING), requested=False)


@cache
def stats(action_breakdowns: tuple[str, ...], windows: tuple[str, ...], *, histogram: bool = False) -> Schema:
    """Schema of a list of action stats: `action_type` and the action breakdowns as text, the rest as numbers.

    `value` counts by the ad set's own attribution setting, each window key by that window (Meta's page on ads
    action stats). In a histogram every number is a list of numbers.
    """
    counted = ("value", *(window for window in windows if window != "default"))
    number = _array(NUMBER) if histogram else NUMBER
    keys = dict.fromkeys(("action_type", *action_breakdowns), STRING)
    return _array(_object({**keys, **dict.fromkeys(counted, number)}))


def metric(
    name: str, action_breakdowns: tuple[str, ...], windows: tuple[str, ...], *, requested: bool = True
) -> Column:
    """Column of an insights field under these action breakdowns and attribution windows."""
    plain = column("AdsInsights", name)
    if plain.kind in {Kind.STATS, Kind.HISTOGRAM}:
        inner = stats(action_breakdowns, windows, histogram=plain.kind is Kind.HISTOGRAM)
        return Column(name, plain.kind, inner, requested)
    return Column(name, plain.kind, RESULTS if plain.kind is Kind.RESULTS else plain.schema, requested)


def breakdown(name: str) -> tuple[Column, ...]:
    """Columns that a breakdown adds: one, or for an asset the object and its id."""
    if name in ASSETS:
        return Column(name, Kind.JSON, OBJECT), text(f"{name}_id")
    kind = BREAKDOWN_KINDS.get(name, Kind.STRING)
    return (Column(name, kind, _PLAIN[kind]),)
