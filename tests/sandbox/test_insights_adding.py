"""What must add up does, to the last digit; what must not, does not."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facebook_marketing.sandbox.insights import cut
from facebook_marketing.sandbox.metrics import reach
from truth import COUNTS, EVERY_STATUS, Still, acted, ask, day, make_world, total

LEVELS = ("ad", "adset", "campaign", "account")
WORLD = make_world()
ADDED = (
    ("age",), ("gender",), ("age", "gender"), ("country",), ("region",), ("country", "region"), ("comscore_market",),
    ("publisher_platform",), ("publisher_platform", "impression_device"), ("publisher_platform", "platform_position"),
    ("publisher_platform", "platform_position", "impression_device"), ("publisher_platform", "device_platform"),
    ("device_platform",), ("hourly_stats_aggregated_by_advertiser_time_zone",),
    ("hourly_stats_aggregated_by_audience_time_zone",), ("body_asset",), ("call_to_action_asset",),
)  # fmt: skip
WITH_CONVERSIONS = tuple(
    names for names in ADDED if not {"region", "comscore_market"} & set(names) and "hourly" not in names[0]
)
ON_META = ("link_click", "landing_page_view", "post_reaction", "video_view", "post_engagement", "page_engagement")

windows = st.tuples(st.integers(0, 60), st.integers(0, 11)).map(lambda pair: (day(pair[0] + pair[1]), day(pair[0])))
increments = st.one_of(st.integers(1, 14), st.sampled_from(("monthly", "all_days")))


@settings(max_examples=40)
@given(span=windows, level=st.sampled_from(LEVELS), increment=increments)
def test_counts_add_up_over_levels_and_increments(span: tuple[date, date], level: str, increment: int | str) -> None:
    whole = ask(WORLD, level="account", ranges=(span,), filtering=(EVERY_STATUS,))
    parts = ask(WORLD, level=level, ranges=cut(*span, increment), filtering=(EVERY_STATUS,))
    for name in COUNTS:
        assert total(parts, name) == total(whole, name)
    for kind in (*ON_META, "purchase", "omni_purchase", "add_to_cart"):
        for key in ("value", "1d_click", "7d_click", "28d_click", "1d_view"):
            assert acted(parts, kind, key) == acted(whole, kind, key)
    assert acted(parts, "purchase", field="action_values") == acted(whole, "purchase", field="action_values")


@settings(max_examples=60)
@given(
    span=windows,
    breakdowns=st.sampled_from(ADDED),
    level=st.sampled_from(("campaign", "ad")),
    increment=st.sampled_from((1, 9, "all_days")),
)
def test_breakdown_rows_add_up_to_the_row_that_they_divide(
    span: tuple[date, date], breakdowns: tuple[str, ...], level: str, increment: int | str
) -> None:
    ranges = cut(*span, increment)
    whole = ask(WORLD, level=level, ranges=ranges)
    parts = ask(WORLD, level=level, ranges=ranges, breakdowns=breakdowns)
    for name in COUNTS if not breakdowns[0].endswith("_asset") else COUNTS[:3]:
        assert total(parts, name) == total(whole, name)
    for kind in ON_META:
        assert acted(parts, kind) == acted(whole, kind)
    if breakdowns in WITH_CONVERSIONS:
        for key in ("value", "1d_click", "7d_click", "28d_click", "1d_view"):
            assert acted(parts, "purchase", key) == acted(whole, "purchase", key)
        assert acted(parts, "purchase", field="action_values") == acted(whole, "purchase", field="action_values")


@pytest.mark.parametrize(
    ("joint", "single"),
    (
        (("age", "gender"), "age"),
        (("age", "gender"), "gender"),
        (("country", "region"), "country"),
        (("publisher_platform", "platform_position"), "publisher_platform"),
        (("publisher_platform", "device_platform"), "device_platform"),
    ),
)
def test_a_joint_breakdown_sums_to_its_single_one(joint: tuple[str, ...], single: str) -> None:
    ranges = cut(day(45), day(40), "all_days")
    fine = ask(WORLD, level="account", ranges=ranges, breakdowns=joint)
    for row in ask(WORLD, level="account", ranges=ranges, breakdowns=(single,)):
        same = [other for other in fine if other[single] == row[single]]
        assert total(same, "impressions") == int(row["impressions"])
        assert total(same, "spend") == Decimal(row["spend"])


def test_the_rows_of_images_add_up_to_the_ads_that_show_images() -> None:
    ranges = cut(day(45), day(40), "all_days")
    whole = {row["ad_id"]: row for row in ask(WORLD, ranges=ranges)}
    parts = ask(WORLD, ranges=ranges, breakdowns=("image_asset",))
    shown = {row["ad_id"] for row in parts}
    assert 0 < len(shown) < len(whole)
    assert total(parts, "spend") == total((whole[ad] for ad in shown), "spend")


def test_products_divide_catalogue_ads_and_leave_conversions_without_a_product() -> None:
    ranges = cut(day(50), day(30), "all_days")
    parts = ask(WORLD, level="account", ranges=ranges, breakdowns=("product_id",))
    named = [row for row in parts if "product_id" in row]
    unnamed = [row for row in parts if "product_id" not in row]
    assert named
    assert all(row["product_id"].startswith("SKU-") for row in named)
    assert acted(named, "purchase") == 0
    assert acted(unnamed, "purchase") > 0
    assert total(unnamed, "impressions") == 0


def test_no_more_products_are_listed_than_the_limit() -> None:
    parts = ask(
        WORLD, level="account", ranges=cut(day(50), day(30), "all_days"), breakdowns=("product_id",),
        product_id_limit=3,
    )  # fmt: skip
    assert len(parts) == 3


@settings(max_examples=40)
@given(span=windows, level=st.sampled_from(("ad", "campaign", "account")))
def test_reach_never_adds_up_but_holds_its_largest_part(span: tuple[date, date], level: str) -> None:
    whole = ask(WORLD, level=level, ranges=(span,))
    daily = ask(WORLD, level=level, ranges=cut(*span, 1))
    for row in whole:
        same = [
            other
            for other in daily
            if other.get("ad_id") == row.get("ad_id") and other.get("campaign_id") == row.get("campaign_id")
        ]
        people = [int(other.get("reach", "0")) for other in same]
        if row["impressions"] != "0":
            assert max(people) <= int(row["reach"]) <= min(sum(people), int(row["impressions"]))
    if span[0] != span[1]:
        assert total(whole, "reach") < total(daily, "reach")


@given(parts=st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_people_behave_as_unions_do(parts: list[int]) -> None:
    assert max(map(reach, parts)) <= reach(sum(parts)) <= min(sum(parts), sum(map(reach, parts)))


def test_reach_of_cells_exceeds_the_reach_of_the_whole() -> None:
    ranges = cut(day(45), day(40), "all_days")
    whole = ask(WORLD, level="account", ranges=ranges)
    parts = ask(WORLD, level="account", ranges=ranges, breakdowns=("age", "gender"))
    assert total(parts, "reach") > total(whole, "reach")


def test_no_cell_has_more_clicks_than_impressions_or_more_later_than_earlier_quarters() -> None:
    quarters = tuple(f"video_p{part}_watched_actions" for part in (25, 50, 75, 95, 100))
    found = ask(
        WORLD, ranges=cut(day(45), day(44), 1), breakdowns=("publisher_platform", "platform_position"),
        fields=("impressions", "clicks", "inline_link_clicks", *quarters),
    )  # fmt: skip
    assert any(quarters[0] in row for row in found)
    for row in found:
        assert int(row.get("inline_link_clicks", 0)) <= int(row["clicks"]) <= int(row["impressions"])
        watched = [int(row[name][0]["value"]) if name in row else 0 for name in quarters]
        assert watched == sorted(watched, reverse=True)


def test_children_do_not_add_up_to_the_parent_that_counts_its_archived_ads() -> None:
    ranges = cut(day(160), day(100), "all_days")
    whole = ask(WORLD, level="account", ranges=ranges, fields=("spend",))
    listed = ask(WORLD, level="ad", ranges=ranges, fields=("spend",))
    complete = ask(WORLD, level="ad", ranges=ranges, fields=("spend",), filtering=(EVERY_STATUS,))
    assert total(listed, "spend") < total(whole, "spend") == total(complete, "spend")


@settings(max_examples=40)
@given(ago=st.integers(0, 30), steps=st.lists(st.floats(0.01, 9), min_size=1, max_size=5))
def test_conversions_of_a_day_only_grow_with_the_clock(ago: int, steps: list[float]) -> None:
    """Of a day that is over in each cell; of today, whose deliveries are still being divided over cells, in all."""
    clock = Still()
    world = make_world(clock)
    kinds = ("purchase", "view_content", "add_to_cart")

    def seen() -> dict[str, list[Decimal]]:
        breakdowns = ("age",) if ago else ()
        found = ask(world, level="account", ranges=((day(ago), day(ago)),), breakdowns=breakdowns)
        cells = {
            row.get("age", "all"): [acted([row], kind, key) for kind in kinds for key in ("value", "28d_click")]
            for row in found
        }
        return {age: numbers for age, numbers in cells.items() if any(numbers)}

    before = seen()
    for step in steps:
        clock.forward(step)
        after = seen()
        for age, numbers in before.items():
            assert all(old <= new for old, new in zip(numbers, after[age], strict=True))
        before = after


def test_a_day_stands_still_28_days_after_its_end_and_moves_before() -> None:
    clock = Still()
    world = make_world(clock)
    asked = {"level": "account", "ranges": ((day(1), day(1)),), "breakdowns": ("gender",)}
    fresh = ask(world, **asked)
    clock.forward(27.6)  # noon in UTC: 28 days and a bit after the end of yesterday in Berlin
    settled = ask(world, **asked)
    clock.forward(300)
    assert ask(world, **asked) == settled != fresh
    assert total(settled, "spend") >= total(fresh, "spend")
    assert acted(settled, "purchase", "28d_click") > acted(fresh, "purchase", "28d_click")


def test_today_grows_through_the_day() -> None:
    clock = Still()
    world = make_world(clock)
    seen = []
    for _ in range(4):
        seen.append(total(ask(world, level="account", ranges=((day(0), day(0)),)), "impressions"))
        clock.forward(0.1)
    assert seen == sorted(seen)
    assert seen[0] < seen[-1]


def test_the_hours_of_today_end_with_the_present_one() -> None:
    hours = ask(
        WORLD, level="account", ranges=((day(0), day(0)),),
        breakdowns=("hourly_stats_aggregated_by_advertiser_time_zone",),
    )  # fmt: skip
    labels = [row["hourly_stats_aggregated_by_advertiser_time_zone"] for row in hours]
    assert max(labels) <= "13:00:00 - 13:59:59"  # noon in UTC is one o'clock in Berlin
    assert total(hours, "impressions") == total(ask(WORLD, level="account", ranges=((day(0), day(0)),)), "impressions")


def test_a_click_window_holds_the_shorter_ones() -> None:
    for row in ask(WORLD):
        for entry in row.get("actions", ()):
            counts = [int(entry.get(window, "0")) for window in ("1d_click", "7d_click", "28d_click")]
            assert counts == sorted(counts)


def test_engagement_contains_clicks_reactions_and_views() -> None:
    for row in ask(WORLD, level="account"):
        parts = sum(acted([row], kind) for kind in ("link_click", "post_reaction", "comment", "post", "video_view"))
        assert parts <= acted([row], "post_engagement") <= acted([row], "page_engagement")


def test_the_same_sale_stands_under_several_action_types() -> None:
    found = ask(WORLD, level="account")
    assert acted(found, "purchase") == acted(found, "omni_purchase") == acted(found, "web_in_store_purchase") > 0
