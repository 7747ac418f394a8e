"""The shape of insight rows: strings, absent keys, windows, filters, order."""

import re
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.sandbox.insights import Filter, cut, rows, weight
from facebook_marketing.sandbox.metrics import METRICS
from facebook_marketing.sandbox.world import Size
from truth import EVERY_STATUS, Still, account, acted, ask, day, listed, make_world, question, total

WORLD = make_world()
LONG = ((day(60), day(30)),)
NUMBER = re.compile(r"\d+(\.\d{1,6})?")
HISTOGRAMS = {"video_play_curve_actions"}
INDICATED = {"results", "cost_per_result", "result_rate", "cost_per_objective_result"}
TEXTS = {"quality_ranking", "engagement_rate_ranking", "conversion_rate_ranking"}


def check_entry(entry: dict[str, Any]) -> None:
    assert entry["action_type"]
    assert all(isinstance(value, str) for value in entry.values())
    assert NUMBER.fullmatch(entry["value"])


def check_value(name: str, value: Any) -> None:
    if name in HISTOGRAMS:
        assert isinstance(value[0]["value"], list)
    elif name in INDICATED:
        assert set(value[0]) <= {"indicator", "values"}
        for counted in value[0].get("values", ()):
            assert NUMBER.fullmatch(counted["value"])
            assert counted["attribution_windows"] == ["default"]
    elif isinstance(value, list):
        assert value
        for entry in value:
            check_entry(entry)
    else:
        assert isinstance(value, str)


def test_every_computed_field_is_a_string_or_a_list_of_strings_and_each_is_computed_somewhere() -> None:
    seen = set()
    for level, object_ in (("ad", account(WORLD)), ("campaign", account(WORLD))):
        for row in ask(WORLD, object=object_, level=level, ranges=LONG, fields=tuple(METRICS)):
            seen |= set(row)
            for name, value in row.items():
                check_value(name, value)
    only_sometimes = {"adset_end", "cost_per_estimated_ad_recallers", "objective_results"}
    assert {name for name in METRICS if "ad_recall" not in name} - seen <= only_sometimes


def test_a_whole_row_has_this_shape() -> None:
    row = next(
        row
        for row in ask(WORLD, fields=("account_id", "ad_id", "impressions", "spend", "cpc", "actions"))
        if "cpc" in row
    )
    assert list(row) == [
        "account_id", "ad_id", "impressions", "spend", "cpc", "actions", "date_start", "date_stop"
    ]  # fmt: skip
    assert row["account_id"] == "1234567890123456"
    assert re.fullmatch(r"\d{17,18}", row["ad_id"])
    assert row["date_start"] == row["date_stop"]
    link = next(entry for entry in row["actions"] if entry["action_type"] == "link_click")
    assert link == {
        **dict.fromkeys(("value", "1d_click", "7d_click", "28d_click"), link["value"]),
        "action_type": "link_click",
    }


def test_ratios_follow_from_the_counts() -> None:
    for row in ask(
        WORLD, fields=("impressions", "clicks", "spend", "cpc", "cpm", "ctr", "reach", "frequency"), level="campaign"
    ):
        impressions, clicks, spend = int(row["impressions"]), int(row["clicks"]), Decimal(row["spend"])
        if clicks:
            assert abs(Decimal(row["cpc"]) - spend / clicks) <= Decimal("0.000001")
        if impressions:
            assert abs(Decimal(row["cpm"]) - spend / impressions * 1000) <= Decimal("0.000001")
            assert abs(Decimal(row["ctr"]) - Decimal(clicks) / impressions * 100) <= Decimal("0.000001")
            assert abs(Decimal(row["frequency"]) - Decimal(impressions) / int(row["reach"])) <= Decimal("0.000001")


def test_no_ratio_without_its_count_and_no_list_without_an_action() -> None:
    found = ask(
        WORLD, ranges=cut(day(40), day(30), 1), breakdowns=("age", "gender"),
        fields=("impressions", "clicks", "cpc", "cpm", "actions"),
    )  # fmt: skip
    quiet = [row for row in found if row["clicks"] == "0"]
    assert quiet
    assert all("cpc" not in row for row in quiet)
    assert all("cpm" not in row for row in quiet if row["impressions"] == "0")
    assert any("actions" not in row for row in quiet)


def test_a_row_may_hold_only_attributed_actions() -> None:
    found = ask(
        WORLD, ranges=cut(day(80), day(10), 1), fields=("ad_id", "impressions", "spend", "actions", "reach", "cpm")
    )
    late = [row for row in found if row["impressions"] == "0"]
    assert late
    for row in late:
        assert row["spend"] == "0"
        assert row["actions"]
        assert not {"reach", "cpm"} & set(row)


def test_days_without_delivery_have_no_rows() -> None:
    found = ask(WORLD, ranges=cut(day(80), day(10), 1))
    ads = {row["ad_id"] for row in found}
    assert len(found) < len(ads) * 71


def test_asking_for_a_setting_alone_answers_every_ad_for_every_day() -> None:
    found = ask(WORLD, fields=("ad_id", "attribution_setting"), ranges=cut(day(9), day(5), 1))
    shown = [row for row in listed(WORLD, "ads") if row["effective_status"] not in {"ARCHIVED", "DELETED"}]
    assert len(found) == 5 * len(shown)
    assert {row["attribution_setting"] for row in found} <= {"7d_click_1d_view", "7d_click", "1d_click"}


def test_value_is_what_the_ad_sets_own_setting_counts() -> None:
    parts = {
        "7d_click_1d_view": ("7d_click", "1d_view"), "7d_click": ("7d_click",), "1d_click": ("1d_click",)
    }  # fmt: skip
    world = make_world(size=Size(ads=200))
    found = ask(world, fields=("attribution_setting", "actions"), ranges=LONG)
    seen = set()
    for row in found:
        for entry in row.get("actions", ()):
            if entry["action_type"] == "offsite_conversion.fb_pixel_purchase":
                seen.add(row["attribution_setting"])
                counted = sum(int(entry.get(name, "0")) for name in parts[row["attribution_setting"]])
                assert counted == int(entry["value"])
    assert len(seen) > 1


def test_the_accounts_setting_may_replace_the_ad_sets() -> None:
    own = ask(WORLD, level="account", ranges=LONG)
    accounts = ask(WORLD, level="account", ranges=LONG, use_account_attribution_setting=True)
    assert acted(accounts, "purchase") == acted(own, "purchase", "7d_click") + acted(own, "purchase", "1d_view")


def test_objective_results_come_back_as_results() -> None:
    found = ask(WORLD, level="campaign", ranges=LONG, fields=("objective_results",))
    assert found
    assert all("objective_results" not in row for row in found)
    assert any("values" in row["results"][0] for row in found)


def test_rankings_stand_at_ad_level_only_and_from_500_impressions() -> None:
    named = ("quality_ranking", "impressions")
    for row in ask(WORLD, fields=named, ranges=LONG):
        assert (row["quality_ranking"] == "UNKNOWN") == (int(row["impressions"]) <= 500)
    assert all("quality_ranking" not in row for row in ask(WORLD, fields=named, level="adset", ranges=LONG))


def test_money_is_in_major_units_and_yen_have_no_fraction() -> None:
    world = make_world(accounts=3)
    yen = next(node.node_id for node in world.accounts.values() if node.currency == "JPY")
    found = ask(world, object=account(world, yen), fields=("spend", "account_currency"))
    assert found
    assert all(row["spend"].isdigit() and row["account_currency"] == "JPY" for row in found)
    euros = ask(world, fields=("spend",))
    assert any("." in row["spend"] for row in euros)
    assert any(
        len(row["spend"].partition(".")[2]) > 2
        for row in ask(world, fields=("spend",), ranges=cut(day(90), day(30), 1))
    )


# --- action breakdowns ----------------------------------------------------------------------------------------------


def entries(**changes: Any) -> list[dict[str, Any]]:
    return [entry for row in ask(WORLD, ranges=LONG, **changes) for entry in row.get("actions", ())]


def test_actions_divide_by_device_and_conversions_come_without_one() -> None:
    plain = ask(WORLD, ranges=LONG)
    split = ask(WORLD, ranges=LONG, action_breakdowns=("action_device",))
    assert acted(split, "link_click") == acted(plain, "link_click")
    assert acted(split, "purchase") == acted(plain, "purchase")
    found = entries(action_breakdowns=("action_device",))
    assert {entry.get("action_device") for entry in found if entry["action_type"] == "purchase"} == {None}
    assert {"iphone", "desktop"} <= {entry["action_device"] for entry in found if entry["action_type"] == "link_click"}


def test_reactions_divide_and_nothing_else_is_listed() -> None:
    found = entries(action_breakdowns=("action_reaction",))
    assert {entry["action_type"] for entry in found} == {"post_reaction"}
    assert {"like", "love"} <= {entry["action_reaction"] for entry in found}
    assert sum(int(entry["value"]) for entry in found) == acted(ask(WORLD, ranges=LONG), "post_reaction")


def test_cards_of_a_carousel_have_id_and_name() -> None:
    found = entries(action_breakdowns=("action_carousel_card_id", "action_carousel_card_name"))
    assert found
    assert all({"action_carousel_card_id", "action_carousel_card_name"} <= set(entry) for entry in found)


def test_the_total_of_a_video_type_holds_the_others() -> None:
    found = entries(action_breakdowns=("action_video_type",))
    whole = sum(int(entry["value"]) for entry in found if entry["action_video_type"] == "total")
    played = sum(int(entry["value"]) for entry in found if entry["action_video_type"] == "auto_play")
    assert whole == acted(ask(WORLD, ranges=LONG), "video_view") > played > 0


def test_target_and_destination_stand_together_before_the_type() -> None:
    found = entries(action_breakdowns=("action_type", "action_target_id", "action_destination"))
    link = next(entry for entry in found if entry["action_type"] == "link_click")
    assert list(link)[:3] == ["action_destination", "action_target_id", "action_type"]


# --- filters and order ----------------------------------------------------------------------------------------------


def test_filters_on_objects_narrow_the_rows() -> None:
    one = ask(WORLD)[0]
    same = ask(WORLD, filtering=(Filter("ad.id", "IN", (one["ad_id"],)),))
    assert {row["ad_id"] for row in same} == {one["ad_id"]}
    rest = ask(WORLD, filtering=(Filter("ad.id", "NOT_IN", (one["ad_id"],)),))
    assert len(same) + len(rest) == len(ask(WORLD))
    campaign = ask(WORLD, filtering=(Filter("campaign.id", "EQUAL", one["campaign_id"]),))
    assert {row["campaign_id"] for row in campaign} == {one["campaign_id"]}


def test_filters_on_names_ignore_case() -> None:
    named = ask(WORLD, fields=("ad_name", "spend"))
    word = named[0]["ad_name"].split()[0]
    found = ask(WORLD, fields=("ad_name", "spend"), filtering=(Filter("ad.name", "CONTAIN", word.upper()),))
    assert found
    assert all(word in row["ad_name"] for row in found)


def test_filters_on_metrics_and_on_action_types() -> None:
    rich = ask(WORLD, filtering=(Filter("spend", "GREATER_THAN", 20), Filter("ad.impressions", "GREATER_THAN", "100")))
    assert 0 < len(rich) < len(ask(WORLD))
    assert all(Decimal(row["spend"]) > 20 and int(row["impressions"]) > 100 for row in rich)
    links = ask(WORLD, filtering=(Filter("action_type", "IN", ("link_click",)),))
    assert {entry["action_type"] for row in links for entry in row.get("actions", ())} == {"link_click"}


def test_archived_and_deleted_ads_are_listed_when_a_filter_names_them_and_always_under_their_own_id() -> None:
    hidden = {row["id"]: row for row in listed(WORLD, "ads") if row["effective_status"] in {"ARCHIVED", "DELETED"}}
    span = ((day(500), day(1)),)
    assert not hidden.keys() & {row["ad_id"] for row in ask(WORLD, ranges=span)}
    shown = {row["ad_id"]: row for row in ask(WORLD, ranges=span, filtering=(EVERY_STATUS,))}
    found = hidden.keys() & shown.keys()
    assert found
    for ad in found:
        assert ask(WORLD, object=account(WORLD, ad), ranges=span) == [shown[ad]]
    deleted = ask(WORLD, ranges=span, filtering=(Filter("ad.effective_status", "IN", ("DELETED",)),))
    assert {hidden[row["ad_id"]]["effective_status"] for row in deleted} == {"DELETED"}


def test_sort_orders_rows_by_a_metric_or_an_action() -> None:
    spends = [Decimal(row["spend"]) for row in ask(WORLD, sort="spend_descending")]
    assert spends == sorted(spends, reverse=True)
    clicks = [acted([row], "link_click") for row in ask(WORLD, sort="actions:link_click_ascending")]
    assert clicks == sorted(clicks)


def test_rows_come_by_object_then_date() -> None:
    found = [(row["ad_id"], row["date_start"]) for row in ask(WORLD)]
    ads = list(dict.fromkeys(ad for ad, _ in found))
    assert found == sorted(found, key=lambda pair: (ads.index(pair[0]), pair[1]))


def test_a_campaign_and_an_ad_answer_for_themselves() -> None:
    one = ask(WORLD)[0]
    below = ask(WORLD, object=account(WORLD, one["campaign_id"]))
    assert below == [row for row in ask(WORLD) if row["campaign_id"] == one["campaign_id"]]
    own = ask(WORLD, object=account(WORLD, one["campaign_id"]), level="campaign")
    assert total(own, "impressions") >= total(below, "impressions")


# --- the same again, and how much -----------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    assert ask(make_world()) == ask(WORLD) != ask(make_world(seed=2))


def test_a_fixed_moment_is_answered_alike_whatever_the_clock_says_later() -> None:
    clock = Still()
    world = make_world(clock)
    asked = question(world, ranges=((day(3), day(0)),), as_of=clock.at)
    before = list(rows(asked, world))
    clock.forward(2)
    assert list(rows(asked, world)) == before


def test_exactly_so_many_ads_deliver_every_day_if_told() -> None:
    world = make_world(size=Size(campaigns=4, adsets=9, ads=50, creatives=50, active_ads_per_day=20))
    assert world.live("1234567890123456") == 20
    for ago in (1, 40, 1_100):
        assert len(ask(world, ranges=((day(ago), day(ago)),))) == 20
    assert len(ask(world, ranges=cut(day(30), day(1), 1), filtering=(EVERY_STATUS,))) == 600


def test_weight_grows_with_rows_and_fields_without_computing_them() -> None:
    one = weight(question(WORLD, ranges=cut(day(40), day(40), 1)), WORLD)
    month = weight(question(WORLD, ranges=cut(day(40), day(11), 1)), WORLD)
    wide = weight(question(WORLD, ranges=cut(day(40), day(11), 1), breakdowns=("age", "gender")), WORLD)
    assert 0 < one * 10 < month < wide
    asked = question(WORLD)
    assert len(ask(WORLD)) * 0.7 < weight(asked, WORLD) / len(asked.fields) < len(ask(WORLD)) * 1.5


@given(
    since=st.dates(date(2024, 1, 1), date(2026, 1, 1)),
    days=st.integers(0, 200),
    step=st.one_of(st.integers(1, 90), st.just("monthly"), st.just("all_days")),
)
def test_slices_cover_a_range_without_gap_or_overlap(since: date, days: int, step: int | str) -> None:
    until = date.fromordinal(since.toordinal() + days)
    slices = cut(since, until, step)
    assert slices[0][0] == since
    assert slices[-1][1] == until
    for (first, last), (following, _) in pairwise(slices):
        assert first <= last
        assert following.toordinal() == last.toordinal() + 1
    if isinstance(step, int):
        assert all((last - first).days + 1 == step for first, last in slices[:-1])
    if step == "monthly":
        assert all(last.month != date.fromordinal(last.toordinal() + 1).month for _, last in slices[:-1])
