"""What combines, what Meta withholds, how far back, what adds up."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.catalog import fields, rules
from facebook_marketing.catalog.reports import custom, presets
from facebook_marketing.catalog.stream import Kind, Level, Report, Stream
from facebook_marketing.catalog.streams import ENTITIES

THREE = ("action_type", "action_target_id", "action_destination")
RESULTS = ("results", "result_rate", "*objective_result*", "cost_per_result", "link_clicks_per_results")
HOUR = "hourly_stats_aggregated_by_advertiser_time_zone"

STARRED = [
    (),
    ("action_device",),
    ("action_device", "impression_device"),
    ("action_device", "publisher_platform"),
    ("action_device", "publisher_platform", "impression_device"),
    ("action_device", "publisher_platform", "platform_position"),
    ("action_device", "publisher_platform", "platform_position", "impression_device"),
    ("age",),
    ("gender",),
    ("age", "gender"),
    ("country",),
    ("region",),
    ("country", "region"),
    ("comscore_market",),
    ("publisher_platform",),
    ("publisher_platform", "impression_device"),
    ("publisher_platform", "platform_position"),
    ("publisher_platform", "platform_position", "impression_device"),
    ("publisher_platform", "device_platform"),
    ("device_platform",),
    ("product_id",),
    (HOUR,),
    ("image_asset",),
]


def split(names: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """(breakdowns, action breakdowns)."""
    return [n for n in names if not n.startswith("action_")], [n for n in names if n.startswith("action_")]


@pytest.mark.parametrize("names", STARRED, ids=lambda names: "+".join(names) or "none")
def test_a_starred_combination_takes_any_of_the_three_action_breakdowns(names: tuple[str, ...]) -> None:
    for size in range(4):
        for star in combinations(THREE, size):
            plain, action = split((*names, *star))
            assert rules.allowed(plain, action, has_actions=True) is None


@pytest.mark.parametrize(
    "names",
    (
        ("action_reaction",),
        ("action_type", "action_reaction"),
        ("action_converted_product_id",),
        ("action_carousel_card_id", "action_carousel_card_name"),
        ("action_carousel_card_name", "age", "gender"),
        ("action_carousel_card_id", "country"),
        ("action_video_type",),
    ),
)
def test_an_unstarred_combination_of_metas_table_is_allowed(names: tuple[str, ...]) -> None:
    plain, action = split(names)
    assert rules.allowed(plain, action, has_actions=True) is None


@pytest.mark.parametrize(
    ("names", "mend"),
    (
        (("platform_position",), "Add publisher_platform."),
        (("impression_device",), "Add publisher_platform, or use device_platform, which goes alone."),
        (("age", "gender", "country"), "Ask them in separate reports: (age, gender); (country)."),
        (("age", "country"), "(country); (age)"),
        (("publisher_platform", "age"), "Ask them in separate reports: (publisher_platform); (age)."),
        (("device_platform", "age"), "separate reports"),
        (
            ("country", "region", "comscore_market"),
            "Ask them in separate reports: (country, region); (comscore_market).",
        ),
        (("action_device", "country"), "Ask them in separate reports: (country); (action_device)."),
        (("image_asset", "body_asset"), "Ask them in separate reports: (image_asset); (body_asset)."),
        (("action_carousel_card_id", "action_type"), "separate reports"),
        (("action_reaction", "country"), "separate reports"),
        (("app_id", "skan_conversion_id"), "Leave the lists of actions out"),
        (("dma",), "Use comscore_market."),
        (("age", "dma"), "Use comscore_market."),
    ),
)
def test_a_combination_known_to_fail_is_refused_with_what_to_ask_instead(names: tuple[str, ...], mend: str) -> None:
    plain, action = split(names)
    refusal = rules.allowed(plain, action, has_actions=True)
    assert refusal is not None
    assert mend in refusal.mend
    assert str(refusal).endswith(refusal.mend)


def test_the_refusal_names_the_columns_as_meta_does_with_the_implicit_action_type_first() -> None:
    refusal = rules.allowed(["platform_position"], [], has_actions=True)
    assert refusal is not None
    assert refusal.reason == "Meta refuses the combination (action_type, platform_position)."
    assert refusal.columns == ("action_type", "platform_position")


def test_action_type_is_implied_only_when_actions_are_asked() -> None:
    assert rules.allowed(["app_id", "skan_conversion_id"], [], has_actions=False) is None
    assert rules.allowed(["app_id", "skan_conversion_id"], [], has_actions=True) is not None


@pytest.mark.parametrize("names", (("media_type",), ("brand_new_breakdown", "age"), ("place_page_id",)))
def test_a_breakdown_outside_the_table_is_left_to_meta(names: tuple[str, ...]) -> None:
    assert rules.allowed(names, [], has_actions=True) is None


def test_placements_with_a_platform_of_devices_are_left_to_meta() -> None:
    asked = ["publisher_platform", "platform_position", "device_platform"]
    assert rules.allowed(asked, ["action_type"], has_actions=True) is None


@pytest.mark.parametrize(("level", "allowed"), (("ad", True), ("campaign", True), ("account", False)))
@pytest.mark.parametrize("name", ("image_asset", "video_asset", "place_page_id"))
def test_some_breakdowns_stop_below_the_account(name: str, level: Level, allowed: bool) -> None:  # noqa: FBT001
    assert (rules.allowed([name], [], has_actions=True, level=level) is None) is allowed


@pytest.mark.parametrize("names", STARRED, ids=lambda names: "+".join(names) or "none")
@pytest.mark.parametrize("level", ("account", "campaign", "adset", "ad"))
def test_the_level_changes_no_other_row_of_metas_table(names: tuple[str, ...], level: Level) -> None:
    plain, action = split(names)
    assert (rules.allowed(plain, action, has_actions=True, level=level) is None) is not (
        level == "account" and "image_asset" in names
    )


NAMES = st.sampled_from(sorted(frozenset().union(*rules.COMBINATIONS)))


@given(st.lists(NAMES, max_size=5), st.booleans())
def test_the_mend_of_any_refusal_names_only_what_was_asked_or_what_to_add(names: list[str], actions: bool) -> None:  # noqa: FBT001
    plain, action = split(tuple(names))
    refusal = rules.allowed(plain, action, has_actions=actions)
    order = rules.allowed(reversed(plain), reversed(action), has_actions=actions)
    assert (refusal is None) is (order is None)
    if refusal is not None and "separate reports" in refusal.mend:
        parts = refusal.mend.split(": ")[1].rstrip(".").split("; ")
        asked = [name for part in parts for name in part.strip("()").split(", ")]
        assert sorted(asked) == sorted(set(names))


def test_dma_is_the_one_breakdown_that_meta_lists_and_refuses() -> None:
    assert rules.RETIRED_BREAKDOWNS.keys() == fields.gone("breakdowns").keys()


def test_retired_names_are_those_of_metas_tables() -> None:
    assert rules.RETIRED_FIELDS.keys() == fields.gone("insights_fields_still_in_sdk").keys()
    assert rules.RETIRED_WINDOWS.keys() == fields.gone("attribution_windows").keys()


def test_statuses_are_those_of_metas_tables() -> None:
    for entity, count in (("campaign", 6), ("adset", 7), ("ad", 12)):
        statuses = rules.EFFECTIVE_STATUSES[entity]
        assert len(statuses) == count
        assert set(statuses) == set(fields.enum(f"{entity}_effective_status"))


@pytest.mark.parametrize("field", ("wish_bid", "labels", "total_card_view", "opportunity_score_l4"))
def test_harmful_names_are_never_asked_and_the_reason_is_known(field: str) -> None:
    assert rules.never_asked(field)
    assert rules.never_asked("spend") is None


@pytest.mark.parametrize(
    ("breakdown", "withheld", "given"),
    (
        (
            HOUR,
            {"reach", "frequency", "unique_clicks", "cost_per_unique_click", "video_play_actions"},
            {"spend", "ad_name"},
        ),
        ("region", {"video_p25_watched_actions", "video_avg_time_watched_actions"}, {"video_play_actions", "reach"}),
        ("frequency_value", {"spend", "impressions"}, {"reach", "ad_id", "date_start"}),
        ("image_asset", {"cpc", "inline_link_clicks", "conversions"}, {"spend", "actions", "campaign_name"}),
        ("app_id", {"spend", "total_postbacks_detailed"}, {"total_postbacks"}),
        ("hsid", {"spend", "total_postbacks"}, {"total_postbacks_detailed_v4"}),
        ("country", {"relevance_score"}, {"reach", "video_p25_watched_actions"}),
    ),
)
def test_a_breakdown_withholds_its_fields_and_no_others(breakdown: str, withheld: set[str], given: set[str]) -> None:
    found = dict(rules.unavailable(Report(breakdowns=(breakdown,)), sorted(withheld | given)))
    assert found.keys() == withheld
    assert all(found.values())


def test_without_a_breakdown_nothing_is_withheld_but_what_undercounts_above_the_ad() -> None:
    assert rules.unavailable(Report(), ["reach", "relevance_score", "creative_media_type"]) == ()
    ((field, why),) = rules.unavailable(Report(level="campaign"), ["reach", "creative_media_type"])
    assert field == "creative_media_type"
    assert "undercount" in why


def test_retired_windows_and_repetitions_go_and_the_order_stays() -> None:
    windows = ("7d_click", "28d_view", "1d_view", "7d_click", "incrementality")
    assert rules.usable_windows(windows, ()) == ("7d_click", "1d_view", "incrementality")
    assert rules.usable_windows(windows, ("region",)) == ("7d_click", "1d_view")


@pytest.mark.parametrize(
    ("breakdowns", "asked", "months", "field_months", "affected"),
    (
        ((), ("spend", "reach"), 37, 37, ()),
        (("country",), ("spend",), 37, 37, ()),
        (("country",), ("spend", "reach", "cpp", "unique_ctr"), 37, 13, ("reach", "cpp", "unique_ctr")),
        ((HOUR,), ("spend", "reach"), 13, 13, ()),
        (("age", HOUR), ("spend",), 13, 13, ()),
        (("frequency_value", "country"), ("reach",), 6, 6, ()),
        (("frequency_value",), ("reach",), 6, 6, ()),
    ),
)
def test_a_report_reaches_back_as_far_as_its_breakdowns_and_fields_allow(
    breakdowns: tuple[str, ...], asked: tuple[str, ...], months: int, field_months: int, affected: tuple[str, ...]
) -> None:
    back = rules.reach_back(Report(breakdowns=breakdowns), asked)
    assert (back.months, back.field_months, back.fields) == (months, field_months, affected)
    assert str(field_months) in back.why


NOT_SUMS = """
    reach frequency cpp unique_clicks cost_per_unique_click full_view_reach advanced_reach_28d_lookback ctr cpc cpm
    configurable_placement_ptc_reach cost_per_thruplay purchase_roas estimated_ad_recallers quality_ranking
    results result_rate cost_per_result objective_results cost_per_objective_result objective_result_rate
    video_avg_time_watched_actions video_play_curve_actions website_ctr
"""


@pytest.mark.parametrize("field", NOT_SUMS.split())
def test_ratios_and_unique_counts_do_not_add_up(field: str) -> None:
    assert rules.adds_up(field) is False


@pytest.mark.parametrize("field", ("impressions", "spend", "actions", "video_p25_watched_actions"))
def test_counts_add_up(field: str) -> None:
    assert rules.adds_up(field) is True


def test_no_metric_both_adds_up_and_does_not() -> None:
    assert [field for field in rules.ADDITIVE if rules.matches(field, rules.NOT_ADDITIVE)] == []
    assert rules.adds_up("brand_new_metric") is None


def test_a_field_that_metas_tables_do_not_know_is_named_for_a_warning() -> None:
    fields = ["spend", "reech", "brand_new_metric", "age", "wish_bid"]
    stream = custom("mine", fields=fields, breakdowns=["country", "image_asset", "brand_new_breakdown"])
    assert rules.unknown_fields(stream) == ("reech", "brand_new_metric")


@pytest.mark.parametrize("stream", (*ENTITIES, *presets()), ids=lambda stream: stream.name)
def test_what_is_built_in_asks_nothing_unknown(stream: Stream) -> None:
    assert rules.unknown_fields(stream) == ()


def test_every_result_is_read_as_indicators_with_values_or_never_asked() -> None:
    names = [name for name in fields.declared("AdsInsights") if rules.matches(name, RESULTS)]
    stream = custom("mine", fields=names)
    assert {column.kind for column in stream.columns if column.name in names} == {Kind.RESULTS}
    assert {name for name in names if rules.never_asked(name)} == {"objective_result_rate", "link_clicks_per_results"}


def test_a_caveat_names_breakdowns_that_meta_has() -> None:
    known = {*fields.enum("breakdowns"), *fields.enum("action_breakdowns")}
    assert {name for caveat in rules.CAVEATS for name in caveat.breakdowns} <= known
