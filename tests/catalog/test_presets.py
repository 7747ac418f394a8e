"""The presets as a table: names, keys, levels, what everyone reads and what is read on request."""

from collections.abc import Mapping
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.catalog import rules
from facebook_marketing.catalog.reports import PRESETS, custom, presets
from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Kind, Level, Period, Report, Stream
from facebook_marketing.catalog.streams import ENTITIES

STREAMS = presets()
BY_NAME = {stream.name: stream for stream in STREAMS}
LEVELS: tuple[Level, ...] = ("account", "campaign", "adset", "ad")
HOUR = "hourly_stats_aggregated_by_advertiser_time_zone"
OFFERED = """
    ads_insights ads_insights_age_and_gender ads_insights_country ads_insights_region ads_insights_comscore_market
    ads_insights_platform_and_device ads_insights_action_type
    adset_insights campaign_insights account_insights_country account_insights_region
"""
REACH = [name for name in BY_NAME if "_reach_frequency_" in name]

Row = Mapping[str, str]


def report(stream: Stream) -> Report:
    assert stream.report is not None
    return stream.report


def test_each_name_stands_for_one_stream() -> None:
    names = [stream.name for stream in (*ENTITIES, *STREAMS)]
    assert len(names) == len(set(names))


def test_what_nobody_named_is_read_only_where_it_is_offered() -> None:
    assert {name for name, stream in BY_NAME.items() if stream.offered_by_default} == set(OFFERED.split())
    by_name_only = {stream.name for stream in ENTITIES if not stream.offered_by_default}
    named = {"account_users", "ad_creatives_from_ads", "ad_recommendations"}
    assert by_name_only == named, "names of people, what hardly anybody stores, and a part of ad_creatives"
    assert custom("mine").offered_by_default


def test_what_is_on_request_still_stands_in_the_catalogue() -> None:
    assert [stream.name for stream in STREAMS] == [preset.name for preset in PRESETS]
    assert [stream.name for stream in STREAMS if stream.deprecated and stream.offered_by_default] == []


# --- keys ------------------------------------------------------------------------------------------------------------


def sent(stream: Stream) -> dict[str, st.SearchStrategy[str]]:
    """What tells apart the rows that Meta makes: the first day, an object of the level, a value of each breakdown."""
    few = st.sampled_from(("1", "2", "3"))
    levels = LEVELS[: LEVELS.index(report(stream).level) + 1]
    return {
        "date_start": few,
        **{f"{level}_id": few for level in levels},
        **dict.fromkeys(report(stream).breakdowns, few),
    }


@st.composite
def tables(draw: st.DrawFn) -> tuple[Stream, list[Row]]:
    """A preset and rows as Meta makes them: none stands twice, and an object belongs to one parent only."""
    stream = BY_NAME[draw(st.sampled_from(sorted(BY_NAME)))]
    rows = draw(st.lists(st.fixed_dictionaries(sent(stream)), min_size=2, max_size=12))
    return stream, [dict(row) for row in {tuple(sorted(nested(row).items())) for row in rows}]


def nested(row: Row) -> Row:
    """Ids as Meta gives them: no two objects share one, so an ad's id says its ad set, campaign and account."""
    path, named = "", dict(row)
    for level in LEVELS:
        if f"{level}_id" in row:
            path += row[f"{level}_id"]
            named[f"{level}_id"] = f"{level} {path}"
    return named


@given(tables())
def test_the_key_of_a_preset_tells_apart_every_row_that_meta_makes(case: tuple[Stream, list[Row]]) -> None:
    stream, rows = case
    assert len({tuple(row[name] for name in stream.primary_key) for row in rows}) == len(rows)


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_no_part_of_a_preset_s_key_can_be_left_out(stream: Stream) -> None:
    parts = sent(stream)
    for left_out in set(stream.primary_key) - {"account_id"}:
        one, other = (nested({**dict.fromkeys(parts, "1"), left_out: value}) for value in "12")
        kept = [name for name in stream.primary_key if name != left_out]
        assert [one[name] for name in kept] == [other[name] for name in kept]


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_the_parts_of_a_preset_s_key_come_with_each_row(stream: Stream) -> None:
    asked = {"date_start", *request_fields(stream), *report(stream).breakdowns}
    assert set(stream.primary_key) <= asked


# --- what the new ones ask -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("length", "increment"), (("daily", 1), ("weekly", "weekly"), ("monthly", "monthly"), ("28_days", 28))
)
def test_people_are_counted_at_each_level_over_each_length_of_days(
    level: Level, length: str, increment: int | Period
) -> None:
    prefix = "ads" if level == "ad" else level
    stream = BY_NAME[f"{prefix}_insights_reach_frequency_{length}"]
    assert (report(stream).level, report(stream).time_increment) == (level, increment)
    assert (report(stream).breakdowns, report(stream).action_breakdowns) == ((), ())
    assert {"reach", "frequency", "impressions", "spend", "cpp", "unique_clicks"} <= set(request_fields(stream))


def test_people_are_counted_in_sixteen_reports_and_not_on_anyone_s_bill_who_did_not_ask() -> None:
    assert len(REACH) == 16
    assert not any(BY_NAME[name].offered_by_default for name in REACH)


@pytest.mark.parametrize("name", REACH)
def test_a_count_of_people_asks_no_list_and_reaches_back_as_far_as_totals(name: str) -> None:
    stream = BY_NAME[name]
    lists = {Kind.STATS, Kind.HISTOGRAM, Kind.RESULTS, Kind.JSON}
    assert [column.name for column in stream.columns if column.kind in lists] == []
    assert rules.reach_back(report(stream), request_fields(stream)).field_months == 37


@pytest.mark.parametrize("level", LEVELS)
def test_names_go_with_ids_and_nothing_below_the_level_is_asked(level: Level) -> None:
    for stream in STREAMS:
        if report(stream).level == level:
            named = {f"{name}_{part}" for name in LEVELS[: LEVELS.index(level) + 1] for part in ("id", "name")}
            asked = set(request_fields(stream))
            assert asked & {f"{name}_{part}" for name in LEVELS for part in ("id", "name")} == named


def test_hours_stand_in_the_key_and_what_hours_cannot_give_is_not_asked() -> None:
    stream = BY_NAME["ads_insights_hourly_by_advertiser_time_zone"]
    assert stream.primary_key == ("date_start", "account_id", "ad_id", HOUR)
    asked = request_fields(stream)
    assert {"spend", "impressions", "actions"} <= set(asked)
    assert [name for name in asked if rules.matches(name, (*rules.UNIQUE, "video_*"))] == []
    back = rules.reach_back(report(stream), asked)
    assert (back.months, back.fields) == (13, ())


@pytest.mark.parametrize("place", ("country", "region"))
def test_places_of_the_whole_account_have_actions_and_people(place: str) -> None:
    stream = BY_NAME[f"account_insights_{place}"]
    assert stream.primary_key == ("date_start", "account_id", place)
    assert report(stream).action_breakdowns == ("action_type",)
    asked = {"impressions", "spend", "inline_link_clicks", "reach", "frequency", "actions", "action_values"}
    assert asked <= set(request_fields(stream))
    back = rules.reach_back(report(stream), request_fields(stream))
    assert (back.months, back.field_months, set(back.fields)) == (37, 13, {"reach", "frequency"})


@pytest.mark.parametrize(("name", "level"), (("campaign_insights", "campaign"), ("adset_insights", "adset")))
def test_a_level_s_own_report_is_what_a_custom_one_without_fields_would_be(name: str, level: Level) -> None:
    stream, own = BY_NAME[name], custom(name, level=level)
    assert (stream.columns, stream.primary_key, report(stream)) == (own.columns, own.primary_key, report(own))


def test_offered_reports_differ_unless_the_configured_action_breakdowns_make_two_the_same() -> None:
    offered = [stream for stream in presets(("action_device",)) if stream.offered_by_default]
    same = [(a.name, b.name) for a, b in combinations(offered, 2) if report(a) == report(b)]
    assert same == []
