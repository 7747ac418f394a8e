"""Schema, projection and request: laws over every stream."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.catalog import fields, rules
from facebook_marketing.catalog.reports import custom, presets
from facebook_marketing.catalog.schema import (
    asset_ids,
    breakdown_columns,
    json_schema,
    primary_key,
    project,
    request_fields,
)
from facebook_marketing.catalog.stream import Period, Report, Stream
from facebook_marketing.catalog.streams import ENTITIES, entity

METRICS = sorted({*fields.declared("AdsInsights"), *fields.enum("breakdowns"), "brand_new_metric"})
CUSTOM = st.builds(
    custom,
    st.just("mine"),
    level=st.sampled_from(["ad", "adset", "campaign", "account"]),
    fields=st.lists(st.sampled_from(METRICS), max_size=8),
    breakdowns=st.lists(st.sampled_from(fields.enum("breakdowns")), max_size=4),
    action_breakdowns=st.lists(st.sampled_from(fields.enum("action_breakdowns")), max_size=3),
    windows=st.lists(st.sampled_from(fields.enum("action_attribution_windows")), max_size=4),
)
STREAMS = st.one_of(st.sampled_from([*ENTITIES, *presets()]), CUSTOM)


def names(stream: Stream) -> list[str]:
    return [column.name for column in stream.columns]


@st.composite
def chosen(draw: st.DrawFn) -> tuple[Stream, list[str]]:
    stream = draw(STREAMS)
    return stream, draw(st.lists(st.sampled_from([*names(stream), "nonsense"]), max_size=10))


@given(chosen())
def test_a_projection_keeps_key_and_cursor_and_is_idempotent(case: tuple[Stream, list[str]]) -> None:
    stream, selected = case
    once = project(stream, selected)
    assert {*stream.primary_key} <= set(names(once))
    assert stream.cursor is None or stream.cursor in names(once)
    assert {*selected} - {"nonsense"} <= set(names(once)) <= set(names(stream))
    assert names(project(once, selected)) == names(once)
    assert (once.primary_key, once.cursor, once.report) == (stream.primary_key, stream.cursor, stream.report)


@given(STREAMS)
def test_no_selection_is_everything(stream: Stream) -> None:
    assert project(stream, None) is stream
    assert project(stream, names(stream)) == stream


@given(chosen())
def test_a_request_never_names_a_breakdown_a_filled_or_a_harmful_column(case: tuple[Stream, list[str]]) -> None:
    for stream in (case[0], project(*case)):
        asked = request_fields(stream)
        assert len(asked) == len(set(asked))
        assert not {*asked} & {column.name for column in stream.columns if not column.requested}
        if stream.report is not None:
            assert not {*asked} & {*breakdown_columns(stream.report), *fields.breakdowns_only()}
            assert [name for name in asked if rules.never_asked(name)] == []


@given(chosen())
def test_a_report_always_asks_for_the_ids_in_its_key(case: tuple[Stream, list[str]]) -> None:
    stream = project(*case)
    if stream.report is not None:
        ids = {name for name in primary_key(stream.report) if name in fields.declared("AdsInsights")} - {"date_start"}
        assert ids <= {*request_fields(stream)}


@given(chosen())
def test_a_narrower_selection_asks_no_more(case: tuple[Stream, list[str]]) -> None:
    assert {*request_fields(project(*case))} <= {*request_fields(case[0])}


@given(STREAMS)
def test_every_property_may_be_null_and_further_properties_are_welcome(stream: Stream) -> None:
    schema = json_schema(stream)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert (schema["type"], schema["additionalProperties"]) == ("object", True)
    assert list(schema["properties"]) == names(stream)
    for inner in schema["properties"].values():
        assert all_nullable(inner)


def all_nullable(schema: dict[str, Any]) -> bool:
    inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return schema["type"][0] == "null" and all(map(all_nullable, inner))


@given(CUSTOM)
def test_the_key_of_a_report_tells_apart_every_row_that_its_breakdowns_make(stream: Stream) -> None:
    report = stream.report
    assert report is not None
    assert len(stream.primary_key) == len({*stream.primary_key})
    assert len(stream.primary_key) == 2 + (report.level != "account") + len(report.breakdowns)
    assert {*stream.primary_key} <= set(names(stream))


@pytest.mark.parametrize("increment", (1, 7, "weekly", "monthly", "all_days"))
def test_the_key_does_not_depend_on_the_length_of_the_days(increment: int | Period) -> None:
    report = Report(level="adset", breakdowns=("age", "video_asset"), time_increment=increment)
    assert primary_key(report) == ("date_start", "account_id", "adset_id", "age", "video_asset_id")


def test_an_asset_that_holds_a_part_of_the_key_is_kept_by_a_projection() -> None:
    stream = project(custom("mine", breakdowns=["body_asset"]), ["spend"])
    assert stream.report is not None
    assert asset_ids(stream.report) == (("body_asset", "body_asset_id"),)
    assert {"body_asset", "body_asset_id", "spend", "date_stop"} <= set(names(stream))
    assert "clicks" not in names(stream)


def test_a_selection_asks_only_for_itself() -> None:
    assert request_fields(project(entity("campaigns"), ["name", "status"])) == ("id", "name", "status", "updated_time")
    assert request_fields(project(entity("activities"), ["event_type"])) == ("event_time", "event_type")
