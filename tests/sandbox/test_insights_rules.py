"""What insights refuse, with Meta's texts, and what they leave out without a word."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.sandbox.errors import GraphError
from facebook_marketing.sandbox.insights import Filter, check, cut
from truth import FIELDS, Still, account, acted, ask, day, make_world, question

WORLD = make_world(accounts=2)
OTHER = f"act_{list(WORLD.accounts)[1]}"
STAR = ("action_type", "action_target_id", "action_destination")
HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"


def refusal(**changes: Any) -> GraphError:
    with pytest.raises(GraphError) as caught:
        ask(WORLD, **changes)
    assert caught.value.status == 400
    return caught.value


ALLOWED = [
    ((), ()), ((), ("action_reaction",)), ((), ("action_type", "action_reaction")), ((), ("action_device",)),
    ((), ("action_converted_product_id",)), ((), ("action_type", "action_converted_product_id")),
    ((), ("action_carousel_card_id",)), ((), ("action_carousel_card_id", "action_carousel_card_name")),
    (("impression_device",), ("action_device",)), (("impression_device",), ("action_carousel_card_name",)),
    (("publisher_platform", "platform_position", "impression_device"), ("action_device",)),
    (("country",), ("action_carousel_card_id",)), (("age", "gender"), ("action_carousel_card_id",)),
    *((names, STAR) for names in (
        ("age",), ("gender",), ("age", "gender"), ("country",), ("region",), ("publisher_platform",),
        ("publisher_platform", "impression_device"), ("publisher_platform", "platform_position"), ("product_id",),
        (HOURLY,), ("country", "region"), ("publisher_platform", "device_platform"), ("device_platform",),
        ("comscore_market",), ("image_asset",), ("title_asset",),
    )),
    (("frequency_value",), None), (("media_type",), None), (("user_persona_id",), None), ((), ("action_video_sound",)),
    (("app_id", "skan_conversion_id"), None),
]  # fmt: skip

REFUSED = [
    (("platform_position",), None, "action_type, platform_position"),
    (("impression_device",), None, "action_type, impression_device"),
    (("age", "gender", "country"), None, "action_type, age, gender, country"),
    (("age", "country"), ("action_type",), "action_type, age, country"),
    (("publisher_platform", "age"), None, "action_type, publisher_platform, age"),
    (("country", "region", "comscore_market"), None, "action_type, country, region, comscore_market"),
    (("country",), ("action_device",), "action_device, country"),
    (("image_asset", "title_asset"), None, "action_type, image_asset, title_asset"),
    (("age",), ("action_reaction",), "action_reaction, age"),
    ((HOURLY, "age"), STAR, f"{', '.join(STAR)}, {HOURLY}, age"),
]


@pytest.mark.parametrize(("breakdowns", "action_breakdowns"), ALLOWED)
def test_a_documented_combination_is_answered(
    breakdowns: tuple[str, ...], action_breakdowns: tuple[str, ...] | None
) -> None:
    fields = FIELDS if action_breakdowns is not None or not breakdowns else ("impressions", "reach")
    check(question(WORLD, fields=fields, breakdowns=breakdowns, action_breakdowns=action_breakdowns), WORLD)


@pytest.mark.parametrize(("breakdowns", "action_breakdowns", "named"), REFUSED)
def test_any_other_combination_is_refused_and_its_columns_named(
    breakdowns: tuple[str, ...], action_breakdowns: tuple[str, ...] | None, named: str
) -> None:
    error = refusal(breakdowns=breakdowns, action_breakdowns=action_breakdowns)
    assert error.code == 100
    assert error.message == f"(#100) Current combination of data breakdown columns ({named}) is invalid"


def test_action_type_counts_only_when_a_field_lists_actions() -> None:
    error = refusal(fields=("impressions",), breakdowns=("platform_position",))
    assert "columns (platform_position) is" in error.message
    check(question(WORLD, fields=("impressions",), breakdowns=("age",), action_breakdowns=("action_reaction",)), WORLD)


@given(star=st.sets(st.sampled_from(STAR)), breakdowns=st.permutations(("age", "gender")))
def test_starred_rows_take_any_of_the_three_action_breakdowns_in_any_order(
    star: set[str], breakdowns: tuple[str, ...]
) -> None:
    check(question(WORLD, breakdowns=tuple(breakdowns), action_breakdowns=tuple(star)), WORLD)


def test_a_breakdown_among_the_fields_is_refused_with_the_page_to_look_at() -> None:
    assert refusal(fields=("spend", "age")).message == (
        "(#100) age is not valid for fields param. please check "
        "https://developers.facebook.com/docs/marketing-api/reference/ads-insights/ for all valid values"
    )


@pytest.mark.parametrize("name", ("labels", "age_targeting", "nonsense"))
def test_fields_gone_since_v19_are_refused_like_unknown_ones(name: str) -> None:
    assert refusal(fields=(name,)).message.startswith(f"(#100) {name} is not valid for fields param.")


def test_fields_without_a_computed_value_are_accepted_and_absent() -> None:
    found = ask(WORLD, fields=("impressions", "canvas_avg_view_time", "auction_bid"))
    assert found
    assert all(set(row) == {"impressions", "date_start", "date_stop"} for row in found)


def test_an_unknown_breakdown_is_refused() -> None:
    assert refusal(breakdowns=("agee",)).message == (
        "(#100) agee is not valid for breakdowns param. please check "
        "https://developers.facebook.com/docs/marketing-api/insights/breakdowns/ for all valid values"
    )


def test_dma_is_gone_and_names_its_successor() -> None:
    error = refusal(breakdowns=("dma",))
    assert error.message == (
        "dma breakdown is no longer supported; to retrieve market-level data, please instead use "
        "comscore_market breakdown."
    )


@pytest.mark.parametrize("name", ("image_asset", "video_asset", "place_page_id"))
def test_some_breakdowns_are_refused_at_account_level(name: str) -> None:
    fields = ("impressions",)
    assert refusal(level="account", fields=fields, breakdowns=(name,)).code == 100
    ask(WORLD, level="campaign", fields=fields, breakdowns=(name,))


def test_a_start_37_months_ago_is_the_oldest_that_is_taken() -> None:
    oldest = day(0).replace(year=2023, month=10)
    ask(WORLD, level="account", ranges=((oldest, oldest),))
    error = refusal(level="account", ranges=((oldest.replace(day=oldest.day - 1), oldest),))
    assert error.code == 3018
    assert error.message == (
        "(#3018) The start date of the time range cannot be beyond 37 months from the current date"
    )


def test_an_end_before_the_start_is_refused() -> None:
    assert refusal(ranges=((day(3), day(4)),)).code == 100


@pytest.mark.parametrize("field", ("effective_status", "delivery_info", "ad.delivery_info", "page.id", "nonsense"))
def test_a_filter_on_an_unknown_field_is_refused(field: str) -> None:
    assert refusal(filtering=(Filter(field, "IN", ("ACTIVE",)),)).message == (
        f"(#100) Filtering field {field} is invalid"
    )


def test_an_unknown_operator_is_refused_with_the_list_of_operators() -> None:
    error = refusal(filtering=(Filter("spend", "LIKE", 1),))
    assert error.message.startswith("Param filtering[0][operator] must be one of {EQUAL, NOT_EQUAL, ")


def test_an_unknown_action_breakdown_is_refused() -> None:
    assert refusal(action_breakdowns=("action_mood",)).code == 100


# --- left out without a word ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "breakdowns",
    (
        ("publisher_platform", "impression_device"),
        ("hourly_stats_aggregated_by_audience_time_zone",),
        ("frequency_value",),
    ),
)
def test_opt_in_breakdowns_are_empty_for_accounts_that_did_not_opt_in_unless_async(breakdowns: tuple[str, ...]) -> None:
    asked = {"object": account(WORLD, OTHER), "level": "account", "fields": ("reach",), "breakdowns": breakdowns}
    assert ask(WORLD, **asked) == []
    assert ask(WORLD, **asked, asynchronous=True)
    assert ask(WORLD, **{**asked, "object": account(WORLD)})


@pytest.mark.parametrize("breakdowns", (("region",), ("comscore_market",), (HOURLY,)))
def test_conversions_off_meta_are_missing_by_region_market_and_hour(breakdowns: tuple[str, ...]) -> None:
    found = ask(WORLD, level="account", breakdowns=breakdowns)
    assert acted(found, "purchase") == 0
    assert acted(found, "link_click") > 0


def test_hours_count_no_people_and_show_no_video() -> None:
    for row in ask(
        WORLD,
        level="account",
        breakdowns=(HOURLY,),
        fields=("reach", "frequency", "unique_clicks", "video_play_actions"),
    ):
        assert (row["reach"], row["frequency"], row["unique_clicks"]) == ("0", "0", "0")
        assert "video_play_actions" not in row


def test_a_day_with_actions_alone_has_no_hour() -> None:
    found = ask(WORLD, breakdowns=(HOURLY,), ranges=cut(day(60), day(20), 1))
    lacking = [row for row in found if HOURLY not in row]
    assert lacking
    assert all(row["impressions"] == "0" and row["actions"] for row in lacking)


def test_assets_show_six_metrics_only() -> None:
    found = ask(WORLD, breakdowns=("body_asset",), fields=("ad_id", "impressions", "reach", "ctr", "cpm"))
    assert found
    shown = {"ad_id", "impressions", "reach", "body_asset", "date_start", "date_stop"}
    assert {name for row in found for name in row} == shown


def test_people_by_breakdown_older_than_13_months_come_from_async_reports_only() -> None:
    asked = {
        "level": "account", "breakdowns": ("age",), "ranges": ((day(450), day(440)),),
        "fields": ("impressions", "reach", "frequency", "cpp", "unique_clicks"),
    }  # fmt: skip
    assert all({"reach", "frequency", "cpp"}.isdisjoint(row) for row in ask(WORLD, **asked))
    assert all("reach" in row and "unique_clicks" not in row for row in ask(WORLD, **asked, asynchronous=True))
    assert all("reach" in row for row in ask(WORLD, **{**asked, "breakdowns": ()}))


def test_hours_older_than_13_months_and_frequencies_older_than_6_have_no_rows() -> None:
    assert ask(WORLD, level="account", breakdowns=(HOURLY,), ranges=((day(420), day(410)),)) == []
    frequency = {"level": "account", "fields": ("reach",), "breakdowns": ("frequency_value",)}
    assert ask(WORLD, **frequency, ranges=((day(200), day(195)),)) == []
    assert ask(WORLD, **frequency, ranges=((day(100), day(95)),))


def test_retired_windows_are_accepted_and_have_no_keys() -> None:
    found = ask(WORLD, level="account", attribution_windows=("7d_view", "28d_view", "1d_click"))
    keys = {key for row in found for entry in row["actions"] for key in entry}
    assert keys == {"action_type", "value", "1d_click"}


def test_nothing_lies_in_the_future() -> None:
    assert ask(WORLD, ranges=cut(day(-1), day(-9), 1)) == []


def test_the_clock_is_the_accounts_own() -> None:
    clock = Still()
    clock.forward(11.5 / 24)  # 23:30 in UTC: half past midnight in Berlin, the middle of the day before in America
    world = make_world(clock, accounts=2)
    tomorrow = ((day(-1), day(-1)),)
    ask(world, level="account", ranges=tomorrow)
    assert ask(world, object=account(world, OTHER), level="account", ranges=tomorrow) == []
