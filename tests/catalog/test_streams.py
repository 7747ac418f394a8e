"""The entities: what existing tables hold, and what is asked of Meta."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from facebook_marketing.catalog import fields
from facebook_marketing.catalog.schema import json_schema, request_fields
from facebook_marketing.catalog.stream import Behaviour, Column, Kind, Stream, UseCase
from facebook_marketing.catalog.streams import ENTITIES, NOT_PERSONAL, entity, leads

EXISTING: dict[str, Any] = json.loads((Path(__file__).parent / "airbyte_columns.json").read_text())
OURS = (
    "account_users",
    "ad_labels",
    "ad_recommendations",
    "ad_rules",
    "businesses",
    "pixels",
    "saved_audiences",
)
ALL = (*ENTITIES, leads())
JSON_TYPES = {
    "string": {"type": ["null", "string"]},
    "number": {"type": ["null", "number"]},
    "integer": {"type": ["null", "integer"]},
    "boolean": {"type": ["null", "boolean"]},
    "string:date": {"type": ["null", "string"], "format": "date"},
    "string:date-time": {
        "type": ["null", "string"],
        "format": "date-time",
        "airbyte_type": "timestamp_with_timezone",
    },
}


def outline(schema: Mapping[str, Any]) -> str:
    """A schema in the short notation of the existing tables; objects are told apart by "object" alone."""
    kind = schema["type"][1]
    if kind == "array":
        return f"array<{outline(schema['items'])}>"
    return f"{kind}:{schema['format']}" if "format" in schema else str(kind)


def plain(existing: str) -> str:
    """The notation without references."""
    lists = existing.replace("ref:id_name_pairs", "array<object>")
    for name in ("targeting_fields", "targeting", "geo_locations", "ads_image_crops"):
        lists = lists.replace(f"ref:{name}", "object")
    return lists


def column(stream: Stream, name: str) -> Column:
    return next(column for column in stream.columns if column.name == name)


@pytest.mark.parametrize("name", EXISTING["streams"])
def test_every_column_of_an_existing_table_is_there_with_its_type(name: str) -> None:
    properties = json_schema(entity(name))["properties"]
    existing = {column: plain(kind) for column, kind in EXISTING["streams"][name].items()}
    assert {column: outline(properties[column]) for column in existing} == existing
    for column_name, kind in existing.items():
        if kind in JSON_TYPES:
            assert properties[column_name] == JSON_TYPES[kind]


def test_the_entities_are_those_that_exist_and_no_name_comes_twice() -> None:
    names = [stream.name for stream in ENTITIES]
    assert sorted(names) == sorted((*EXISTING["streams"], "ad_creatives_from_ads", *OURS))
    for stream in ALL:
        columns = [column.name for column in stream.columns]
        assert len(columns) == len(set(columns))


@pytest.mark.parametrize("stream", ALL, ids=lambda stream: stream.name)
def test_what_is_asked_is_a_readable_field_of_the_object(stream: Stream) -> None:
    assert set(request_fields(stream)) <= set(fields.declared(stream.node))


@pytest.mark.parametrize("stream", ALL, ids=lambda stream: stream.name)
def test_key_cursor_and_filled_columns_are_columns_and_only_the_account_is_filled(stream: Stream) -> None:
    names = {column.name for column in stream.columns}
    assert {*stream.primary_key, *stream.inject} <= names
    assert stream.cursor is None or column(stream, stream.cursor).kind is Kind.DATETIME
    assert (stream.shared.accounts if stream.shared else "account_id") in names
    assert stream.inject in {(), ("account_id",)}
    assert 1 <= stream.page_size <= 500


@pytest.mark.parametrize(
    ("stream", "field"),
    (
        ("custom_audiences", "rule"),
        ("images", "filename"),
        ("ad_creatives", "thumbnail_data_url"),
        ("videos", "account_id"),
        ("activities", "account_id"),
        ("ads", "special_ad_categories"),
        ("ad_sets", "existing_customer_budget_percentage"),
        ("ad_sets", "full_funnel_exploration_mode"),
    ),
)
def test_a_field_that_does_harm_is_not_asked(stream: str, field: str) -> None:
    assert field not in request_fields(entity(stream))


@pytest.mark.parametrize("field", ("owner", "funding_source_details", "is_prepay_account"))
def test_account_fields_that_need_rights_are_asked_because_the_client_can_drop_them(field: str) -> None:
    assert field in request_fields(entity("ad_account"))


@pytest.mark.parametrize(
    ("name", "edge", "key", "cursor", "by_meta", "filter_entity", "page_size"),
    (
        ("ad_account", "", ("id",), None, False, None, 1),
        ("campaigns", "campaigns", ("id",), "updated_time", True, "campaign", 500),
        ("ad_sets", "adsets", ("id",), "updated_time", True, "adset", 500),
        ("ads", "ads", ("id",), "updated_time", True, "ad", 200),
        ("ad_creatives", "adcreatives", ("id",), None, False, None, 100),
        ("images", "adimages", ("id",), "updated_time", False, None, 200),
        ("videos", "advideos", ("id",), "updated_time", False, None, 100),
        ("activities", "activities", (), "event_time", True, None, 500),
        ("custom_conversions", "customconversions", ("id",), None, False, None, 200),
        ("custom_audiences", "customaudiences", ("id",), None, False, None, 200),
        ("ad_labels", "adlabels", ("id",), "updated_time", False, None, 500),
        ("saved_audiences", "saved_audiences", ("id",), None, False, None, 100),
        ("ad_rules", "adrules_library", ("id",), "updated_time", False, None, 100),
        ("pixels", "adspixels", ("account_id", "id"), None, False, None, 100),
        ("businesses", "businesses", ("id",), None, False, None, 100),
        ("account_users", "users", ("account_id", "id"), None, False, None, 100),
        ("ad_recommendations", "recommendations", (), None, False, None, 100),
    ),
)
def test_a_stream_is_read_from_its_edge_by_its_cursor(  # noqa: PLR0913, PLR0917 - one row of the table
    name: str,
    edge: str,
    key: tuple[str, ...],
    cursor: str | None,
    by_meta: bool,  # noqa: FBT001
    filter_entity: str | None,
    page_size: int,
) -> None:
    stream = entity(name)
    assert (stream.edge, stream.primary_key, stream.cursor) == (edge, key, cursor)
    assert (stream.server_cursor, stream.filter_entity, stream.page_size) == (by_meta, filter_entity, page_size)
    assert stream.behaviour is (Behaviour.EDGE if edge else Behaviour.NODE)


def test_only_audiences_are_counted_on_the_audience_quota() -> None:
    counted = [stream.name for stream in ENTITIES if stream.use_case is UseCase.CUSTOM_AUDIENCE]
    assert counted == ["custom_audiences", "saved_audiences"]


@pytest.mark.parametrize("stream", ("ads", "ad_sets"))
def test_targeting_is_typed_inside_as_existing_tables_have_it(stream: str) -> None:
    targeting = column(entity(stream), "targeting").schema["properties"]
    existing = {name: plain(kind) for name, kind in EXISTING["targeting"].items()}
    assert {name: outline(targeting[name]) for name in existing} == existing
    places = targeting["geo_locations"]["properties"]
    assert {name: outline(places[name]) for name in EXISTING["geo_locations"]} == EXISTING["geo_locations"]
    assert targeting["interests"]["items"]["properties"].keys() == {"id", "name"}


def test_image_crops_are_corners_in_pixels() -> None:
    crops = column(entity("ad_creatives"), "image_crops").schema["properties"]
    assert {name: outline(crops[name]) for name in EXISTING["image_crops"]} == EXISTING["image_crops"]


def test_an_unknown_stream_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(LookupError, match=r"'ad_set'\. Choose one of: ad_account, campaigns, ad_sets"):
        entity("ad_set")


def test_what_hangs_from_a_permission_says_which() -> None:
    needs = {stream.name: stream.needs for stream in ALL if stream.needs}
    assert needs.keys() == {*OURS, "leads"} - {"ad_labels", "saved_audiences"}
    assert (needs["businesses"], needs["leads"]) == ("business_management", "leads_retrieval")


def test_leads_come_from_ads_by_the_cursor_that_their_edge_calls_otherwise() -> None:
    stream = leads()
    assert stream.parents is not None
    assert (stream.parents.edge, stream.edge, stream.primary_key) == ("ads", "leads", ("id",))
    assert (stream.cursor, stream.server_cursor, stream.cursor_filter) == ("created_time", True, "time_created")
    assert stream.use_case is UseCase.LEADGEN


def test_answers_in_leads_are_veiled_unless_it_is_asked_otherwise_and_harmless_questions_never() -> None:
    plain = leads("dropped", frozenset({"shoe_size"})).personal
    assert leads().personal is not None
    assert leads().personal.veil == "hashed"  # type: ignore[union-attr]
    assert plain is not None
    assert (plain.veil, plain.plain) == ("dropped", NOT_PERSONAL | {"shoe_size"})


def test_nested_values_are_typed_inside() -> None:
    rule = {column.name: column.schema for column in entity("ad_rules").columns}
    filters = rule["evaluation_spec"]["properties"]["filters"]["items"]["properties"]
    assert filters.keys() == {"field", "operator"}, "a filter's value is a number, a text or a list"
    schedule = rule["schedule_spec"]["properties"]["schedule"]["items"]["properties"]
    assert {name: outline(kind) for name, kind in schedule.items()} == {
        "days": "array<integer>",
        "end_minute": "integer",
        "start_minute": "integer",
    }
    answers = column(leads(), "field_data").schema["items"]["properties"]
    assert {name: outline(kind) for name, kind in answers.items()} == {"name": "string", "values": "array<string>"}
    assert outline(column(entity("businesses"), "account_ids").schema) == "array<string>"
    assert "geo_locations" in column(entity("saved_audiences"), "targeting").schema["properties"]
