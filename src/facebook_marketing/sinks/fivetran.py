"""Our tables under Fivetran's names, for what is built on those: above all the dbt package `dbt_facebook_ads`.

Views over the current tables, one row an object: the package takes the newest version of each id, and finds it here.
Names, columns and types: the columns that the package's staging reads, and Fivetran's public table descriptions.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from facebook_marketing.sinks.relations import (
    DATE,
    INTEGER,
    NUMBER,
    TEXT,
    TIMESTAMP,
    Definition,
    Relation,
    Tables,
    json_at,
    literal,
    nothing,
    quoted,
)

# `account_status` is a word at Fivetran and a number at Meta. Source: Meta's page on the ad account.
_STATUSES: Mapping[int, str] = {
    1: "ACTIVE",
    2: "DISABLED",
    3: "UNSETTLED",
    7: "PENDING_RISK_REVIEW",
    8: "PENDING_SETTLEMENT",
    9: "IN_GRACE_PERIOD",
    100: "PENDING_CLOSURE",
    101: "CLOSED",
}


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of theirs: an expression over columns of ours, each with the type as which it is read."""

    name: str
    says: str
    reads: Mapping[str, str]


def _as(name: str, kind: str, ours: str = "", read: str = "") -> _Column:
    source = ours or name
    return _Column(name, f"cast({quoted(source)} as {kind})", {source: read or kind})


def _id(name: str, ours: str = "") -> _Column:
    """An id as a whole number, without `act_`."""
    source = ours or name
    return _Column(name, f"cast(replace({quoted(source)}, 'act_', '') as {INTEGER})", {source: TEXT})


_SYNCED = _as("_fivetran_synced", TIMESTAMP, "_synced_at")
_ROW = _as("_fivetran_id", TEXT, "_row_id")
_STATUS = _Column(
    "account_status",
    "case account_status "
    + " ".join(f"when {number} then {literal(word)}" for number, word in _STATUSES.items())
    + " else cast(account_status as varchar) end",
    {"account_status": INTEGER},
)


def _texts(*names: str) -> tuple[_Column, ...]:
    return tuple(_as(name, TEXT) for name in names)


def _times(*names: str) -> tuple[_Column, ...]:
    return tuple(_as(name, TIMESTAMP) for name in names)


def _minor(*names: str) -> tuple[_Column, ...]:
    """Amounts in minor units: whole numbers."""
    return tuple(_as(name, INTEGER, read=NUMBER) for name in names)


_ACCOUNT = (
    _id("id"),
    *_texts("name", "business_country_code", "business_state", "currency", "timezone_name"),
    _STATUS,
    *_times("created_time"),
    _as("timezone_offset_hours_utc", NUMBER),
    *_minor("min_daily_budget"),
    _SYNCED,
)
_CAMPAIGN = (
    _id("id"),
    _id("account_id"),
    *_texts("name", "status", "effective_status", "objective", "buying_type", "bid_strategy"),
    *_times("start_time", "stop_time", "created_time", "updated_time"),
    *_minor("daily_budget", "lifetime_budget", "budget_remaining", "spend_cap"),
    _SYNCED,
)
_AD_SET = (
    _id("id"),
    _id("account_id"),
    _id("campaign_id"),
    *_texts("name", "status", "effective_status", "bid_strategy", "optimization_goal", "billing_event"),
    *_times("start_time", "end_time", "created_time", "updated_time"),
    *_minor("daily_budget", "lifetime_budget", "budget_remaining", "bid_amount"),
    _SYNCED,
)
_BASIC = (
    _id("account_id"),
    _as("date", DATE, "date_start"),
    *(_as(name, INTEGER) for name in ("impressions", "inline_link_clicks", "clicks", "reach")),
    *(_as(name, NUMBER) for name in ("spend", "frequency", "cpc", "cpm", "ctr")),
    *(_as(name, NUMBER) for name in ("cost_per_inline_link_click", "inline_link_click_ctr")),
    _ROW,
    _SYNCED,
)
_BASIC_AD = (
    *_texts("ad_id", "ad_name", "adset_id", "adset_name", "campaign_id", "campaign_name"),
    *_BASIC,
)


def _select(tables: Tables, name: str, columns: tuple[_Column, ...]) -> str | None:
    """A query over a table of ours; None where it does not stand."""
    return _says(columns, tables[name]) if name in tables else None


def _says(columns: tuple[_Column, ...], table: Relation | None) -> str:
    """A query for these columns; without rows where there is no table."""
    reads = {ours: kind for column in columns for ours, kind in column.reads.items()}
    says = ", ".join(f"{column.says} as {quoted(column.name)}" for column in columns)
    return f"select {says} from ({nothing(reads) if table is None else table.read(reads)}) as ours"


def _plain(name: str, *columns: _Column) -> Definition:
    return lambda _, tables, __: _select(tables, name, columns)


def _ads(dialect: str, tables: Tables, _: str) -> str | None:
    creative = f"cast({json_at(dialect, 'creative', 'id')} as {INTEGER})"
    columns = (
        _id("id"),
        _id("account_id"),
        _id("campaign_id"),
        _id("ad_set_id", "adset_id"),
        _Column("creative_id", creative, {"creative": "json"}),
        *_texts("name", "status", "effective_status", "conversion_domain"),
        *_times("created_time", "updated_time"),
        _SYNCED,
    )
    return _select(tables, "ads", columns)


def _creatives(dialect: str, tables: Tables, _: str) -> str | None:
    story, feed = {"object_story_spec": "json"}, {"asset_feed_spec": "json"}

    def told(*path: str) -> str:
        return json_at(dialect, "object_story_spec", *path)

    first_link = json_at(dialect, "asset_feed_spec", "link_urls", "0", "website_url")
    video_link = told("video_data", "call_to_action", "value", "link")
    page = f"coalesce({told('link_data', 'link')}, {video_link}, {first_link})"
    columns = (
        _id("id"),
        _id("account_id"),
        *_texts("name", "title", "body", "status", "object_type", "thumbnail_url", "image_url", "template_url"),
        _Column("page_link", page, story | feed),
        _Column("template_page_link", told("template_data", "link"), story),
        _Column("url_tags", url_tags("url_tags"), {"url_tags": TEXT}),
        _Column("asset_feed_spec_link_urls", json_at(dialect, "asset_feed_spec", "link_urls"), feed),
        *(
            _Column(f"object_story_link_data_{key}", told("link_data", key), story)
            for key in ("child_attachments", "caption", "description", "link", "message")
        ),
        *(
            _Column(f"template_app_link_spec_{system}", told("template_data", "app_link_spec", system), story)
            for system in ("android", "ios", "ipad", "iphone")
        ),
        _ROW,
        _SYNCED,
    )
    return _select(tables, "ad_creatives", columns)


def url_tags(column: str) -> str:
    """A query string as a JSON array of key, value and type, for a text column; nothing where there is no tag.

    What JSON would have to escape is written as URLs have it: the package drops every backslash.
    """
    clean = f"regexp_replace(replace(replace({column}, '\\', '%5C'), '\"', '%22'), '[[:cntrl:]]', '', 'g')"
    named = f"regexp_replace({clean}, '(^|&)=[^&]*', '\\1', 'g')"
    pairs = f"nullif(trim(regexp_replace(regexp_replace({named}, '^[?]', ''), '&+', '&', 'g'), '&'), '')"
    item = '{"key":"\\1","value":"\\3","type":null}'
    return f"'[' || replace(regexp_replace({pairs}, '([^&=]+)(=([^&]*))?', '{item}', 'g'), '&', ',') || ']'"


_WINDOW = re.compile(r"_\d+d_|(skan|dda|incrementality)")


def window_name(column: str) -> str:
    """A window's column by their name: `_7d_click` -> `_7_d_click`."""
    return re.sub(r"^_(\d+)d_", r"_\1_d_", column)


def _actions(base: str, column: str, *dimensions: _Column) -> Definition:
    """The exploded actions of a report: our child table, with every window that it has."""

    def definition(_: str, tables: Tables, __: str) -> str | None:
        if base not in tables:
            return None
        child = tables.get(f"{base}_{column}")  # none, where there has been no action yet
        windows = {own: window_name(own) for own in (child.columns if child else ()) if _WINDOW.match(own)}
        columns = (
            _as("_fivetran_id", TEXT, "_parent_id"),
            *dimensions,
            _as("date", DATE, "date_start"),
            _as("index", INTEGER),
            *_texts("action_type", "action_destination", "action_target_id"),
            _as("value", NUMBER),
            _as("inline", NUMBER),
            *(_as(theirs, NUMBER, own) for own, theirs in windows.items()),
            _SYNCED,
        )
        return _says(columns, child)

    return definition


_COUNTRY, _REGION = "account_insights_country", "account_insights_region"

FIVETRAN: Mapping[str, Definition] = {
    "account_history": _plain("ad_account", *_ACCOUNT),
    "campaign_history": _plain("campaigns", *_CAMPAIGN),
    "ad_set_history": _plain("ad_sets", *_AD_SET),
    "ad_history": _ads,
    "creative_history": _creatives,
    "basic_ad": _plain("ads_insights", *_BASIC_AD),
    "basic_ad_actions": _actions("ads_insights", "actions", *_texts("ad_id"), _id("account_id")),
    "basic_ad_action_values": _actions("ads_insights", "action_values", *_texts("ad_id"), _id("account_id")),
    "demographics_country": _plain(_COUNTRY, *_texts("country"), *_BASIC),
    "demographics_country_actions": _actions(_COUNTRY, "actions", *_texts("country"), _id("account_id")),
    "demographics_region": _plain(_REGION, *_texts("region"), *_BASIC),
    "demographics_region_actions": _actions(_REGION, "actions", *_texts("region"), _id("account_id")),
}
"""Their views, by name."""

NEEDS: Mapping[str, str] = {
    "account_history": "ad_account",
    "campaign_history": "campaigns",
    "ad_set_history": "ad_sets",
    "ad_history": "ads",
    "creative_history": "ad_creatives",
    **dict.fromkeys(("basic_ad", "basic_ad_actions", "basic_ad_action_values"), "ads_insights"),
    **dict.fromkeys(("demographics_country", "demographics_country_actions"), _COUNTRY),
    **dict.fromkeys(("demographics_region", "demographics_region_actions"), _REGION),
}
"""The stream that each of them is made of."""
