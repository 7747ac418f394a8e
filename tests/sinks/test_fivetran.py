"""Our tables under Fivetran's names, in two real databases: what the dbt package reads is there, with its type."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

import pytest

from facebook_marketing.sinks.fivetran import FIVETRAN, NEEDS, url_tags
from facebook_marketing.sinks.views import create_views
from sinks.views_kit import ACTIONS, INSIGHTS, OBJECTS, Base, duckdb_base, postgres_base

DAY, NOW = "2026-11-01", "2026-11-02 00:00:00+00"
WHOLE, TEXT, TIME, EXACT, DATE = "bigint", "text", "timestamp", "numeric", "date"

ACTS_BY_PLACE: Mapping[str, str] = {
    "_fivetran_id": TEXT, "account_id": WHOLE, "date": DATE, "index": WHOLE, "action_type": TEXT, "value": EXACT,
}  # fmt: skip
ACTS: Mapping[str, str] = {
    "_fivetran_id": TEXT, "_fivetran_synced": TIME, "ad_id": TEXT, "date": DATE, "index": WHOLE, "action_type": TEXT,
    "value": EXACT, "inline": EXACT, "_7_d_click": EXACT, "_1_d_view": EXACT,
}  # fmt: skip
# What models/staging of dbt_facebook_ads 1.4 reads. Its casts take numbers as exact as they come.
READ: Mapping[str, Mapping[str, str]] = {
    "account_history": {
        "id": WHOLE, "name": TEXT, "account_status": TEXT, "business_country_code": TEXT, "business_state": TEXT,
        "created_time": TIME, "currency": TEXT, "timezone_name": TEXT, "timezone_offset_hours_utc": EXACT,
        "min_daily_budget": WHOLE, "_fivetran_synced": TIME,
    },
    "campaign_history": {
        "id": WHOLE, "account_id": WHOLE, "name": TEXT, "status": TEXT, "start_time": TIME, "stop_time": TIME,
        "created_time": TIME, "updated_time": TIME, "daily_budget": WHOLE, "lifetime_budget": WHOLE,
        "budget_remaining": WHOLE,
    },
    "ad_set_history": {
        "id": WHOLE, "account_id": WHOLE, "campaign_id": WHOLE, "name": TEXT, "status": TEXT, "start_time": TIME,
        "end_time": TIME, "updated_time": TIME, "bid_strategy": TEXT, "daily_budget": WHOLE,
        "budget_remaining": WHOLE, "optimization_goal": TEXT,
    },
    "ad_history": {
        "id": WHOLE, "account_id": WHOLE, "campaign_id": WHOLE, "ad_set_id": WHOLE, "creative_id": WHOLE,
        "name": TEXT, "conversion_domain": TEXT, "updated_time": TIME,
    },
    "creative_history": {
        "_fivetran_id": TEXT, "_fivetran_synced": TIME, "id": WHOLE, "account_id": WHOLE, "name": TEXT,
        "page_link": TEXT, "template_page_link": TEXT, "url_tags": TEXT, "asset_feed_spec_link_urls": TEXT,
        "object_story_link_data_child_attachments": TEXT, "object_story_link_data_caption": TEXT,
        "object_story_link_data_description": TEXT, "object_story_link_data_link": TEXT,
        "object_story_link_data_message": TEXT, "template_app_link_spec_android": TEXT,
        "template_app_link_spec_ios": TEXT, "template_app_link_spec_ipad": TEXT,
        "template_app_link_spec_iphone": TEXT,
    },
    "basic_ad": {
        "ad_id": TEXT, "ad_name": TEXT, "adset_name": TEXT, "date": DATE, "account_id": WHOLE, "impressions": WHOLE,
        "inline_link_clicks": WHOLE, "spend": EXACT, "reach": WHOLE, "frequency": EXACT,
    },
    "basic_ad_actions": ACTS,
    "basic_ad_action_values": ACTS,
    "demographics_country": {
        "_fivetran_id": TEXT, "account_id": WHOLE, "date": DATE, "country": TEXT, "impressions": WHOLE,
        "inline_link_clicks": WHOLE, "spend": EXACT, "reach": WHOLE, "frequency": EXACT,
    },
    "demographics_region": {
        "_fivetran_id": TEXT, "account_id": WHOLE, "date": DATE, "region": TEXT, "impressions": WHOLE,
        "inline_link_clicks": WHOLE, "spend": EXACT, "reach": WHOLE, "frequency": EXACT,
    },
    "demographics_country_actions": ACTS_BY_PLACE,
    "demographics_region_actions": ACTS_BY_PLACE,
}  # fmt: skip
KINDS: Mapping[str, str] = {
    "varchar": TEXT,
    "character varying": TEXT,
    "text": TEXT,
    "timestamp with time zone": TIME,
    "decimal(38,18)": EXACT,
}


@pytest.fixture(params=("duckdb", "postgres"))
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Base]:
    made = (
        duckdb_base(tmp_path / "ads.duckdb")
        if request.param == "duckdb"
        else postgres_base(request.getfixturevalue("postgres_url"))
    )
    with made as found:
        yield found


def everything(base: Base) -> None:
    """One row of each table of ours."""
    ours = {"_row_id": "h", "_synced_at": NOW}
    base.table("ad_account", OBJECTS, {**ours, "id": "act_12", "account_id": "12", "currency": "EUR"})
    for name in ("campaigns", "ad_sets"):
        base.table(name, OBJECTS, {**ours, "id": "3", "account_id": "12", "campaign_id": "3", "daily_budget": 500})
    ad = {"id": "5", "account_id": "12", "campaign_id": "3", "adset_id": "4", "creative": '{"id": "6"}'}
    base.table("ads", OBJECTS, {**ours, **ad})
    base.table("ad_creatives", OBJECTS, {**ours, "id": "6", "account_id": "12", "url_tags": "utm_source=fb"})
    for name, place in (("account_insights_country", "country"), ("account_insights_region", "region")):
        row = {**ours, "account_id": "12", "date_start": DAY, place: "DE"}
        base.table(name, {**INSIGHTS, place: "varchar"}, row)
    spent = {"ad_id": "5", "account_id": "12", "date_start": DAY, "spend": "1.5"}
    base.table("ads_insights", INSIGHTS, {**ours, **spent})
    act = {"_parent_id": "h", "_synced_at": NOW, "ad_id": "5", "account_id": "12", "date_start": DAY, "index": 0}
    for name in ("actions", "action_values"):
        done = {**act, "action_type": "purchase", "value": "2.5", "_7d_click": "2", "_1d_view": "0.5"}
        base.table(f"ads_insights_{name}", ACTIONS, done)


def test_every_column_that_the_package_reads_is_there_with_its_type(base: Base) -> None:
    everything(base)
    made = create_views(base, "facebook_ads", profile="fivetran")
    assert made.notes == ()
    assert {f"facebook_ads_fivetran.{name}" for name in FIVETRAN} <= set(made.views)
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in base.fetch(
        "select table_name, column_name, data_type from information_schema.columns"
        " where table_schema = 'facebook_ads_fivetran'"
    ):
        found.setdefault(table, {})[column] = KINDS.get(kind.lower(), kind.lower())
    read = {name: {column: found[name].get(column) for column in columns} for name, columns in READ.items()}
    assert read == READ
    assert found.keys() == READ.keys() == FIVETRAN.keys() == NEEDS.keys()


def test_rows_come_under_their_names(base: Base) -> None:
    everything(base)
    create_views(base, "facebook_ads", profile="fivetran", target="mine")
    assert base.fetch("select id, currency from mine.account_history") == [(12, "EUR")]
    assert base.fetch("select id, daily_budget from mine.campaign_history") == [(3, 500)]
    assert base.fetch("select id, ad_set_id, creative_id from mine.ad_history") == [(5, 4, 6)]
    assert base.fetch('select ad_id, cast("date" as varchar), spend, _fivetran_id from mine.basic_ad') == [
        ("5", DAY, 1.5, "h")
    ]
    assert base.fetch(
        'select _fivetran_id, ad_id, "index", action_type, value, _7_d_click, _1_d_view, inline'
        " from mine.basic_ad_action_values"
    ) == [("h", "5", 0, "purchase", 2.5, 2, 0.5, None)]
    assert base.fetch("select country, account_id from mine.demographics_country") == [("DE", 12)]


def test_reports_without_any_action_have_an_empty_table_of_them(base: Base) -> None:
    base.table("ads_insights", INSIGHTS, {"_row_id": "h", "ad_id": "5", "date_start": DAY})
    create_views(base, "facebook_ads", profile="fivetran")
    assert base.fetch("select ad_id, action_type, value from facebook_ads_fivetran.basic_ad_actions") == []


def test_a_stream_that_was_not_synced_is_named(base: Base) -> None:
    base.table("campaigns", OBJECTS)
    made = create_views(base, "facebook_ads", profile="fivetran")
    assert "facebook_ads_fivetran.campaign_history" in made.views
    [note] = (note for note in made.notes if "ads_insights" in note)
    assert note.startswith("Without the stream ads_insights there is no basic_ad and no basic_ad_actions and no ")


@pytest.mark.parametrize(
    ("story", "feed", "page", "template"),
    (
        ({"link_data": {"link": "https://a.example/1?x=1"}}, None, "https://a.example/1?x=1", None),
        ({"video_data": {"call_to_action": {"value": {"link": "v"}}}}, None, "v", None),
        ({"page_id": "1"}, {"link_urls": [{"website_url": "w"}, {"website_url": "z"}]}, "w", None),
        ({"link_data": {"message": "m"}, "template_data": {"link": "t"}}, {"link_urls": []}, None, "t"),
        (None, None, None, None),
    ),
)
def test_a_creatives_page_is_where_its_click_goes(
    base: Base, story: object, feed: object, page: str | None, template: str | None
) -> None:
    said = {"object_story_spec": story, "asset_feed_spec": feed}
    row = {name: json.dumps(value) for name, value in said.items() if value is not None}
    base.table("ad_creatives", OBJECTS, {"id": "6", "account_id": "12", **row})
    create_views(base, "facebook_ads", profile="fivetran")
    assert base.fetch("select page_link, template_page_link from facebook_ads_fivetran.creative_history") == [
        (page, template)
    ]


@pytest.mark.parametrize(
    ("text", "tags"),
    (
        ("utm_source=fb&utm_campaign={{campaign.name}}", {"utm_source": "fb", "utm_campaign": "{{campaign.name}}"}),
        ("?a=1&&b=&c&=x&", {"a": "1", "b": "", "c": ""}),
        ("q=a=b==&r=%20+x", {"q": "a=b==", "r": "%20+x"}),
        ('a="quoted"&b=back\\slash', {"a": '"quoted"', "b": "back\\slash"}),
        ("a=line\nbreak\tand tab", {"a": "linebreakand tab"}),
        ("a=Ümläut&b=},{&c=\\1", {"a": "Ümläut", "b": "},{", "c": "\\1"}),
        ("", None),
        ("&&", None),
        (None, None),
    ),
)  # fmt: skip
def test_a_query_string_becomes_a_list_of_its_parts(base: Base, text: str | None, tags: dict[str, str] | None) -> None:
    said = "null" if text is None else "'" + text.replace("'", "''") + "'"
    [(found,)] = base.fetch(f"select {url_tags('t')} from (select cast({said} as varchar) as t) as x")
    if tags is None:
        assert found is None
        return
    assert "\\" not in found  # the package drops every backslash
    parts = json.loads(found)
    assert {part["key"]: unquote(part["value"]) for part in parts} == {
        key: unquote(value) for key, value in tags.items()
    }
    assert all(part.keys() == {"key", "value", "type"} for part in parts)
