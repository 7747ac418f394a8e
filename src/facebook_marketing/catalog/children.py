"""Which lists of a stream become a child table, under which name, with which columns. Data and pure functions.

A column that Meta declares as a list becomes `<stream>_<column>`; lists inside an object become one where `_INSIDE`
names them. Names inside the lists and their types: Meta's own tables, those of value objects included.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from facebook_marketing.catalog import fields
from facebook_marketing.catalog.stream import Column, Kind, Report, Stream

PARENT, INDEX, MORE = "_parent_id", "index", "_more"


class Form(StrEnum):
    """How the items of a list become rows."""

    ITEMS = "items"  # an item a row; its keys are columns
    STATS = "stats"  # the same, for action stats: a window or an action breakdown more is a column more
    RESULTS = "results"  # a row for each value of each item
    TREE = "tree"  # every list below an object, in one table: `path` says where an item stood


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of a child table: what stands under `key` of an item. No key: the item itself, where it is no object."""

    name: str
    key: str | None
    kind: Kind


@dataclass(frozen=True, slots=True)
class Child:
    """A child table. `path` leads from the parent's column to the list; `key` maps the parent's columns to ours."""

    table: str
    column: str
    path: tuple[str, ...]
    form: Form
    key: tuple[tuple[str, str], ...]
    cells: tuple[Cell, ...]


_JSON_TYPES: Mapping[str, Kind] = {
    "string": Kind.STRING,
    "number": Kind.NUMBER,
    "integer": Kind.INTEGER,
    "boolean": Kind.BOOLEAN,
}

# What an `id` is called in a child table: as Meta calls it elsewhere, or after the object.
_IDS: Mapping[str, str] = {
    "AdAccount": "ad_account_id",
    "Campaign": "campaign_id",
    "AdSet": "adset_id",
    "Ad": "ad_id",
    "AdCreative": "creative_id",
    "AdImage": "image_id",
    "AdVideo": "video_id",
    "CustomConversion": "custom_conversion_id",
    "CustomAudience": "custom_audience_id",
}

_LABEL = "id name created_time:datetime updated_time:datetime"
_SPEC = (
    "action.type:json application:json conversion_id:json creative:json dataset:json event:json event.creator:json "
    "event_type:json fb_pixel:json fb_pixel_event:json leadgen:json object:json object.domain:json offer:json "
    "offer.creator:json offsite_pixel:json page:json page.parent:json post:json post.object:json "
    "post.object.wall:json post.wall:json question:json question.creator:json response:json subtype:json"
)
_TEXT = "text url_tags adlabels:json"
_CARD = (
    "name description caption link picture image_hash video_id ig_media_id android_url ios_url static_card:boolean "
    "call_to_action:json image_crops:json place_data:json marketing_message_buttons:json"
)

# Keys of the items where Meta's tables in `fields.json` do not go so deep: `key` is text, `key:kind` is not.
# Source: the value objects of Meta's SDK (AdLabel, ConversionActionQuery).
_KEYS: Mapping[str, str] = {
    "adlabels": _LABEL,
    "conversion_specs": _SPEC,
    "tracking_specs": _SPEC,
    "data_sources": "id name source_type",
    "failed_delivery_checks": "summary description check_name extra_info:json",
    "format": "filter embed_html picture height:integer width:integer",
}

# Lists inside an object: path and keys of the items; no keys: plain values. Source: the value objects of Meta's SDK
# (AdAssetFeedSpec, AdCreativeLinkData, AdCampaignLearningStageInfo, …).
_INSIDE: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("AdSet", "learning_stage_info"): {"attribution_windows": ""},
    ("AdCreative", "asset_feed_spec"): {
        "ad_formats": "",
        "autotranslate": "",
        "call_to_action_types": "",
        "bodies": _TEXT,
        "captions": _TEXT,
        "descriptions": _TEXT,
        "titles": _TEXT,
        "images": "hash url url_tags image_crops:json adlabels:json",
        "videos": "video_id thumbnail_hash thumbnail_url url_tags caption_ids:json adlabels:json",
        "link_urls": (
            "website_url display_url deeplink_url android_url ios_url carousel_see_more_url url_tags "
            "object_store_urls:json adlabels:json"
        ),
        "call_to_actions": "type value:json adlabels:json",
        "carousels": (
            "multi_share_end_card:boolean multi_share_optimized:boolean child_attachments:json adlabels:json"
        ),
        "asset_customization_rules": (
            "is_default:boolean priority:integer customization_spec:json body_label:json call_to_action_label:json "
            "call_to_action_type_label:json caption_label:json carousel_label:json description_label:json "
            "image_label:json link_url_label:json title_label:json video_label:json"
        ),
        "groups": (
            "body_label:json caption_label:json description_label:json image_label:json link_url_label:json "
            "title_label:json video_label:json"
        ),
    },
    ("AdCreative", "object_story_spec"): {
        "link_data.child_attachments": _CARD,
        "template_data.child_attachments": _CARD,
    },
}

_TREES = frozenset({("AdSet", "targeting"), ("Ad", "targeting")})
_TREE = (Cell("path", None, Kind.STRING), *(Cell(name, name, Kind.STRING) for name in ("id", "name", "key")))
_VALUE = Cell("value", None, Kind.STRING)


def safe_name(key: str) -> str:
    """A key as a column's name: `7d_click` -> `_7d_click`, for no column may begin with a digit; `a.b` -> `a_b`."""
    name = re.sub(r"\W", "_", key, flags=re.ASCII)
    return f"_{name}" if name[:1].isdigit() else name


def children(stream: Stream) -> tuple[Child, ...]:
    """The child tables of a stream, in the order of its columns."""
    return tuple(child for column in stream.columns for child in _of(stream, column))


def stats_cell(key: str) -> Cell | None:
    """The column of an action's key that nobody asked for: a window's number, a breakdown's text, None if unknown."""
    if key in fields.enum("action_attribution_windows") or re.fullmatch(r"(\d+d_|incrementality|skan_)\w+", key):
        return Cell(safe_name(key), key, Kind.NUMBER)
    return Cell(safe_name(key), key, Kind.STRING) if key in fields.enum("action_breakdowns") else None


def _of(stream: Stream, column: Column) -> Iterator[Child]:
    key = _key(stream)
    place = (stream.node, column.name)
    table = f"{stream.name}_{column.name}"
    if column.kind in {Kind.STATS, Kind.HISTOGRAM}:
        yield Child(table, column.name, (), Form.STATS, key, _stats(stream.report, column.kind))
    elif column.kind is Kind.RESULTS:
        yield Child(table, column.name, (), Form.RESULTS, key, _RESULT)
    elif column.kind is Kind.JSON and place in _TREES:
        yield Child(table, column.name, (), Form.TREE, key, (*_TREE, _VALUE))
    elif column.kind is Kind.JSON and place in _INSIDE:
        for path, keys in _INSIDE[place].items():
            name = f"{table}_{path.replace('.', '_')}"
            yield Child(name, column.name, tuple(path.split(".")), Form.ITEMS, key, _cells(keys))
    elif column.kind is Kind.JSON and _is_list(column):
        yield Child(table, column.name, (), Form.ITEMS, key, _declared(column))


_RESULT = (
    Cell("indicator", "indicator", Kind.STRING),
    Cell("value", "value", Kind.NUMBER),
    Cell("attribution_windows", "attribution_windows", Kind.JSON),
)


def _key(stream: Stream) -> tuple[tuple[str, str], ...]:
    names = {column.name for column in stream.columns}
    kept = dict.fromkeys((*(name for name in ("account_id",) if name in names), *stream.primary_key, *_cursor(stream)))
    return tuple((name, _IDS.get(stream.node, name) if name == "id" else name) for name in kept)


def _cursor(stream: Stream) -> tuple[str, ...]:
    """The last day of a report's row: with its first one it says how long the row is."""
    names = {column.name for column in stream.columns}
    return ("date_stop",) if stream.report is not None and "date_stop" in names else ()


def _stats(report: Report | None, kind: Kind) -> tuple[Cell, ...]:
    """`value` counts by the ad set's own setting, each other number by its window; numbers of a histogram are lists."""
    number = Kind.JSON if kind is Kind.HISTOGRAM else Kind.NUMBER
    texts = dict.fromkeys(("action_type", *(report.action_breakdowns if report else ())))
    windows = dict.fromkeys(("value", *(report.attribution_windows if report else ())))
    return (
        *(Cell(safe_name(name), name, Kind.STRING) for name in texts),
        *(Cell(safe_name(name), name, number) for name in windows if name != "default"),
    )


def _is_list(column: Column) -> bool:
    declared = column.schema.get("type", ())
    return "array" in declared and "object" not in declared


def _declared(column: Column) -> tuple[Cell, ...]:
    items = column.schema["items"]
    if column.name in _KEYS:
        return _cells(_KEYS[column.name])
    if "object" in items["type"]:
        properties = items.get("properties", {})
        return tuple(Cell(safe_name(name), name, _kind(schema["type"])) for name, schema in properties.items())
    return (Cell("value", None, _kind(items["type"])),)


def _kind(declared: list[str]) -> Kind:
    known = [_JSON_TYPES[name] for name in declared if name in _JSON_TYPES]
    return known[0] if len(known) == len(declared) - 1 == 1 else Kind.JSON


def _cells(keys: str) -> tuple[Cell, ...]:
    if not keys:
        return (_VALUE,)
    pairs = (key.partition(":") for key in keys.split())
    return tuple(Cell(safe_name(key), key, Kind(kind or "string")) for key, _, kind in pairs)
