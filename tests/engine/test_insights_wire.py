"""Options on the wire: what each setting makes us ask of Meta, and what is never asked."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from engine.test_insights_truth import (
    SMALL,
    TINY,
    Asked,
    asked_of_meta,
    assert_same,
    day,
    keys_of,
    still,
    truth,
)
from facebook_marketing.sandbox import Options
from facebook_marketing.sandbox.faults import Fault, Match, Then
from facebook_marketing.sandbox.insights import Filter
from syncing import Site

DATES: dict[str, Any] = {"start_date": str(day(45)), "end_date": str(day(36))}
AD = {
    "ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES", "CAMPAIGN_PAUSED", "ADSET_PAUSED",
    "PENDING_REVIEW", "DISAPPROVED", "PREAPPROVED", "PENDING_BILLING_INFO",
}  # fmt: skip
ADSET = {"ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES", "CAMPAIGN_PAUSED"}
CAMPAIGN = {"ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES"}
KNOWN = {
    "level", "fields", "breakdowns", "action_breakdowns", "action_attribution_windows", "filtering", "time_range",
    "time_increment", "use_account_attribution_setting", "use_unified_attribution_setting", "action_report_time",
    "product_id_limit", "limit",
}  # fmt: skip
RETIRED = {
    "age_targeting", "estimated_ad_recall_rate_lower_bound", "gender_targeting", "labels", "location", "wish_bid",
    "total_card_view", "link_clicks_per_results", "objective_result_rate", "opportunity_score_l4",
    "result_values_performance_indicator",
}  # fmt: skip


def wire(name: str = "ads_insights", **settings: Any) -> dict[str, Any]:
    """The parameters of the first report that a sync of this stream asks for."""
    synced = still(TINY).sync([name], **{**DATES, **settings})
    assert synced.outcome.failures == ()
    return asked_of_meta(synced.calls)[0]


def own(**report: Any) -> dict[str, Any]:
    """The parameters of a custom report."""
    settings = report.pop("settings", {})
    return wire("customown", custom_insights=[{"name": "own", "fields": ["impressions"], **report}], **settings)


def listed(asked: Mapping[str, Any], name: str) -> list[Any] | None:
    """A parameter that is a list; None when it is not sent."""
    return json.loads(asked[name]) if name in asked else None


def statuses(asked: Mapping[str, Any]) -> dict[str, set[str]]:
    """The status filters on the wire, by object."""
    return {
        row["field"].removesuffix(".effective_status"): set(row["value"])
        for row in listed(asked, "filtering") or ()
        if row["field"].endswith(".effective_status") and row["operator"] == "IN"
    }


@pytest.mark.parametrize("level", ("account", "campaign", "adset", "ad"))
def test_the_level_and_its_ids_are_asked(level: str) -> None:
    asked = own(level=level)
    assert asked["level"] == level
    assert {"account_id", *(() if level == "account" else (f"{level}_id",))} <= set(asked["fields"].split(","))


def test_chosen_fields_are_asked_and_no_others_but_keys() -> None:
    asked = own(fields=["spend", "actions"])
    assert set(asked["fields"].split(",")) == {"account_id", "ad_id", "date_start", "date_stop", "spend", "actions"}


def test_the_defaults_ask_for_what_everybody_wants() -> None:
    asked = set(wire()["fields"].split(","))
    wanted = {
        "account_id", "account_name", "campaign_id", "campaign_name", "adset_id", "adset_name", "ad_id", "ad_name",
        "impressions", "clicks", "spend", "reach", "frequency", "actions", "action_values", "conversions",
        "purchase_roas", "cost_per_action_type", "video_play_actions", "objective", "account_currency",
    }  # fmt: skip
    assert wanted <= asked


@pytest.mark.parametrize("breakdowns", (["age"], ["age", "gender"], ["publisher_platform", "platform_position"]))
def test_breakdowns_are_a_parameter_and_never_fields(breakdowns: list[str]) -> None:
    asked = own(breakdowns=breakdowns)
    assert listed(asked, "breakdowns") == breakdowns
    assert not set(breakdowns) & set(asked["fields"].split(","))


def test_a_report_without_breakdowns_sends_none() -> None:
    assert "breakdowns" not in own()


def test_actions_are_broken_down_by_type_alone_unless_the_user_says_otherwise() -> None:
    assert listed(wire(), "action_breakdowns") == ["action_type"]
    assert listed(own(), "action_breakdowns") == ["action_type"]
    settings: dict[str, Any] = {"default_ads_insights_action_breakdowns": ["action_device"]}
    assert listed(wire(**settings), "action_breakdowns") == ["action_device"]
    assert listed(own(settings=settings), "action_breakdowns") == ["action_device"]
    chosen = own(action_breakdowns=["action_reaction"], settings=settings)
    assert listed(chosen, "action_breakdowns") == ["action_reaction"]


def test_no_action_breakdowns_at_all_can_be_chosen() -> None:
    chosen = own(action_breakdowns=[], settings={"action_breakdowns_allow_empty": True})
    assert "action_breakdowns" not in chosen
    assert listed(own(action_breakdowns=[]), "action_breakdowns") == ["action_type"]
    assert "action_breakdowns" not in wire("ads_insights_action_product_id")


def test_attribution_windows_are_the_users() -> None:
    assert listed(wire(), "action_attribution_windows") == ["1d_click", "7d_click", "28d_click", "1d_view"]
    only = ["7d_click"]
    assert listed(wire(action_attribution_windows=only), "action_attribution_windows") == only
    assert listed(own(action_attribution_windows=only), "action_attribution_windows") == only
    engaged = listed(wire(include_engaged_view=True), "action_attribution_windows")
    assert engaged is not None
    assert "1d_ev" in engaged
    both = listed(own(include_engaged_view=True, include_incrementality=True), "action_attribution_windows")
    assert both is not None
    assert {"1d_ev", "incrementality"} <= set(both)


def test_retired_windows_are_never_asked() -> None:
    windows = ["1d_click", "7d_view", "28d_view"]
    assert listed(wire(action_attribution_windows=windows), "action_attribution_windows") == ["1d_click"]
    assert listed(own(action_attribution_windows=windows), "action_attribution_windows") == ["1d_click"]


def test_incrementality_is_not_asked_by_country_where_it_makes_runs_fail() -> None:
    settings: dict[str, Any] = {"include_incrementality": True}
    by_country = listed(wire("ads_insights_country", **settings), "action_attribution_windows")
    by_age = listed(wire("ads_insights_demographics_age", **settings), "action_attribution_windows")
    assert "incrementality" not in (by_country or ())
    assert "incrementality" in (by_age or ())


@pytest.mark.parametrize("value", (True, False))
@pytest.mark.parametrize("setting", ("use_account_attribution_setting", "use_unified_attribution_setting"))
@pytest.mark.parametrize("name", ("ads_insights", "customown"))
def test_attribution_settings_reach_meta(setting: str, value: bool, name: str) -> None:  # noqa: FBT001 - its values
    custom = {"custom_insights": [{"name": "own", "fields": ["impressions"]}]}
    assert wire(name, **custom, **{setting: value})[setting] == str(value).lower()
    assert setting not in wire(name, **custom)


def test_the_accounts_attribution_setting_changes_the_numbers_as_meta_says() -> None:
    site = still(SMALL)
    fields = ("impressions", "actions", "attribution_setting")
    columns = {"ads_insights": list(fields)}
    asked = Asked(day(45), day(36), fields=fields, use_account_attribution_setting=True)
    synced = site.sync(["ads_insights"], columns=columns, use_account_attribution_setting=True, **DATES)
    assert_same(synced.sink.rows("ads_insights"), truth(site, asked), keys_of())


@pytest.mark.parametrize("value", ("impression", "conversion", "mixed", "lifetime"))
def test_the_action_report_time_reaches_meta(value: str) -> None:
    assert wire(action_report_time=value)["action_report_time"] == value
    assert "action_report_time" not in wire()


def test_the_product_limit_reaches_meta_and_works() -> None:
    asked = own(breakdowns=["product_id"], action_breakdowns=[], product_id_limit=1)
    assert asked["product_id_limit"] == "1"
    site = still(SMALL)
    report = {"name": "own", "fields": ["spend"], "breakdowns": ["product_id"], "product_id_limit": 1}
    rows = site.sync(["customown"], custom_insights=[report], **DATES).sink.rows("customown")
    asked_for = Asked(day(45), day(36), fields=("spend",), breakdowns=("product_id",), product_id_limit=1)
    assert_same(rows, truth(site, asked_for), keys_of("ad", ("product_id",)))


@pytest.mark.parametrize(
    ("increment", "sent"),
    ((1, "1"), (7, "7"), (28, "28"), (90, "90"), ("weekly", "7"), ("monthly", "monthly"), ("all_days", "all_days")),
)
def test_the_increment_reaches_meta_in_words_that_it_knows(increment: int | str, sent: str) -> None:
    assert own(time_increment=increment)["time_increment"] == sent


def test_filters_of_a_report_are_sent_as_they_are_beside_the_statuses() -> None:
    mine = {"field": "spend", "operator": "GREATER_THAN", "value": 5}
    asked = own(filtering=[mine])
    assert mine in (listed(asked, "filtering") or ())
    assert statuses(asked) == {"ad": AD}
    site = still(SMALL)
    report = {"name": "own", "fields": ["spend"], "filtering": [mine]}
    rows = site.sync(["customown"], custom_insights=[report], **DATES).sink.rows("customown")
    filters = (Filter("spend", "GREATER_THAN", 5),)
    assert_same(rows, truth(site, Asked(day(45), day(36), fields=("spend",), filtering=filters)), keys_of())


@pytest.mark.parametrize(
    ("level", "all_of_them"), (("ad", {"ad": AD}), ("adset", {"adset": ADSET}), ("campaign", {"campaign": CAMPAIGN}))
)
def test_every_status_of_the_level_is_asked_by_default(level: str, all_of_them: dict[str, set[str]]) -> None:
    assert statuses(own(level=level)) == all_of_them


def test_the_account_level_needs_no_status_filter() -> None:
    assert "filtering" not in own(level="account")


CHOSEN: dict[str, Any] = {
    "campaign_statuses": ["ACTIVE"],
    "adset_statuses": ["ACTIVE", "PAUSED"],
    "ad_statuses": ["ARCHIVED"],
}


@pytest.mark.parametrize(
    ("level", "sent"),
    (("ad", {"ad": AD}), ("adset", {"adset": ADSET}), ("campaign", {"campaign": CAMPAIGN}), ("account", {})),
)
def test_chosen_statuses_are_about_objects_and_hide_no_spend(level: str, sent: dict[str, set[str]]) -> None:
    assert statuses(own(level=level, settings=CHOSEN)) == sent


def test_chosen_statuses_leave_every_row_of_a_report() -> None:
    site = still(SMALL)
    settings: dict[str, Any] = {"columns": {"ads_insights": ["spend"]}, **DATES}
    rows = site.sync(["ads_insights"], ad_statuses=["ACTIVE"], **settings).sink.rows("ads_insights")
    assert_same(rows, truth(site, Asked(day(45), day(36), fields=("spend",))), keys_of())


def test_a_reports_own_status_filter_stands_alone() -> None:
    mine = {"field": "ad.effective_status", "operator": "IN", "value": ["PAUSED"]}
    assert statuses(own(filtering=[mine])) == {"ad": {"PAUSED"}}
    assert statuses(own(filtering=[mine], settings=CHOSEN))["ad"] == {"PAUSED"}


@pytest.mark.parametrize("value", (True, False))
def test_include_deleted_of_older_configurations_never_hides_spend(value: bool) -> None:  # noqa: FBT001 - its values
    asked = statuses(wire(include_deleted=value))
    assert asked["ad"] == AD
    assert asked.get("adset", ADSET) == ADSET
    assert asked.get("campaign", CAMPAIGN) == CAMPAIGN


def test_a_sync_asks_for_nothing_that_meta_has_retired_and_nothing_that_costs() -> None:
    site = still(TINY)
    names = [stream.name for stream in site.streams().values() if stream.report]
    report = {
        "name": "own",
        "fields": ["impressions", "wish_bid", "age_targeting", "total_card_view", "objective_result_rate"],
        "breakdowns": ["dma"],
        "action_attribution_windows": ["7d_view", "28d_view", "1d_click"],
    }
    synced = site.sync([*names, "customown"], custom_insights=[report], **DATES)
    assert synced.outcome.failures == ()
    insights = [call for call in synced.calls if call.edge == "insights"]
    assert len(insights) > 2 * len(names)
    for call in insights:
        assert {"summary", "default_summary", "date_preset", "time_ranges", "sort"}.isdisjoint(call.params)
        assert "dma" not in (json.loads(call.params.get("breakdowns", "[]")))
        assert RETIRED.isdisjoint(call.params.get("fields", "").split(","))
        assert {"7d_view", "28d_view"}.isdisjoint(json.loads(call.params.get("action_attribution_windows", "[]")))
        assert call.code is None
    for asked in asked_of_meta(synced.calls):
        assert asked.keys() - {"method", "account", "since", "until"} <= KNOWN


def test_every_report_asks_with_dates_and_fields_at_its_creation_and_reads_without() -> None:
    synced = still(TINY).sync(["ads_insights"], **DATES)
    for asked in asked_of_meta(synced.calls):
        assert {"level", "fields", "time_range", "time_increment"} <= asked.keys()
    for call in synced.calls:
        if call.edge == "insights" and not call.path.startswith("act_"):
            assert call.params.keys() <= {"limit", "after"}


def test_the_page_size_is_an_upper_bound_and_loses_no_row() -> None:
    site = still(SMALL)
    columns = {"ads_insights": ["spend"]}
    synced = site.sync(["ads_insights"], columns=columns, page_size=7, **DATES)
    limits = {int(call.params["limit"]) for call in synced.calls if "limit" in call.params and call.edge == "insights"}
    assert max(limits) <= 7
    assert_same(synced.sink.rows("ads_insights"), truth(site, Asked(day(45), day(36), fields=("spend",))), keys_of())


def test_days_for_which_meta_keeps_no_reach_are_asked_without_it_even_when_they_are_divided() -> None:
    faults = (Fault(match=Match(method="POST", path="insights$"), then=Then(error="too_much_data"), times=12),)
    site = Site(Options(size=SMALL, empty_pages=False, faults=faults))
    report = {"name": "old", "fields": ["reach", "impressions"], "breakdowns": ["country"]}
    dates: dict[str, Any] = {"insights_start_date": "2025-08-01", "end_date": "2025-09-10"}
    site.sync(["customold"], custom_insights=[report], **dates)
    asked = [call.params for call in site.sandbox.log if call.method == "POST" and "insights" in call.path]
    assert len(asked) > 12
    assert all("reach" not in str(params["fields"]).split(",") for params in asked)
