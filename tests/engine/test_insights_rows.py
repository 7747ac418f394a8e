"""Reports: what is read equals what the sandbox computes, row by row, value by value, and adds up."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.test_insights_truth import (
    COUNTS,
    SMALL,
    TINY,
    TODAY,
    Asked,
    asked_of_meta,
    assert_same,
    day,
    days_asked,
    every_day,
    keys_of,
    move,
    still,
    truth,
)
from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Report
from facebook_marketing.sandbox.world import Size
from syncing import ACCOUNT, Site

TYPE = ("action_type",)
PLACES = ("publisher_platform", "platform_position", "impression_device")
CARDS = ("action_carousel_card_id", "action_carousel_card_name")
PRESETS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ads_insights": ((), TYPE),
    "ads_insights_age_and_gender": (("age", "gender"), TYPE),
    "ads_insights_country": (("country",), TYPE),
    "ads_insights_region": (("region",), TYPE),
    "ads_insights_comscore_market": (("comscore_market",), TYPE),
    "ads_insights_dma": (("comscore_market",), TYPE),
    "ads_insights_platform_and_device": (PLACES, TYPE),
    "ads_insights_action_type": ((), TYPE),
    "ads_insights_action_carousel_card": ((), CARDS),
    "ads_insights_action_conversion_device": (("device_platform",), TYPE),
    "ads_insights_action_product_id": (("product_id",), ()),
    "ads_insights_action_reaction": ((), ("action_reaction",)),
    "ads_insights_action_video_sound": ((), ("action_video_sound",)),
    "ads_insights_action_video_type": ((), ("action_video_type",)),
    "ads_insights_delivery_device": (("device_platform",), TYPE),
    "ads_insights_delivery_platform": (("publisher_platform",), TYPE),
    "ads_insights_delivery_platform_and_device_platform": (("publisher_platform", "device_platform"), TYPE),
    "ads_insights_demographics_age": (("age",), TYPE),
    "ads_insights_demographics_country": (("country",), TYPE),
    "ads_insights_demographics_comscore_market_region": (("comscore_market",), TYPE),
    "ads_insights_demographics_dma_region": (("comscore_market",), TYPE),
    "ads_insights_demographics_gender": (("gender",), TYPE),
}
RICH = (
    *COUNTS, "reach", "frequency", "ctr", "cpc", "actions", "action_values", "cost_per_action_type", "purchase_roas",
    "conversions", "results", "campaign_name", "objective", "created_time", "video_play_curve_actions",
)  # fmt: skip
BREAKDOWNS: tuple[tuple[str, ...], ...] = (
    (),
    ("age", "gender"),
    ("country", "region"),
    ("hourly_stats_aggregated_by_advertiser_time_zone",),
    ("product_id",),
    ("body_asset",),
)
BY_DAY_AND_WEEK: tuple[int | str, ...] = (1, "weekly")
INCREMENTS: tuple[int | str, ...] = (1, 7, 28, "weekly", "monthly", "all_days")


def own(name: str = "own", **report: Any) -> dict[str, Any]:
    """A custom report, as the configuration has it."""
    return {"name": name, **{k: list(v) if isinstance(v, tuple) else v for k, v in report.items()}}


@pytest.mark.parametrize(("size", "seed"), ((TINY, 1), (TINY, 2), (SMALL, 1), (SMALL, 2)))
def test_every_preset_equals_the_truth(size: Size, seed: int) -> None:
    site = still(size, seed=seed, empty_pages=True)
    since = day(2)
    reports = {name: stream for name, stream in site.streams().items() if stream.report}
    assert reports.keys() >= PRESETS.keys()
    synced = site.sync(list(reports), start_date=str(since))
    assert synced.outcome.failures == ()
    assert synced.sink.gaps() == []
    for name, stream in reports.items():
        report = stream.report or Report()
        breakdowns, actions = PRESETS.get(name, (report.breakdowns, report.action_breakdowns))
        asked = Asked(
            since,
            level=report.level,
            fields=request_fields(stream),
            breakdowns=breakdowns,
            action_breakdowns=actions,
            increment=report.time_increment,
        )
        theirs = truth(site, asked)
        assert theirs, name
        assert_same(synced.sink.rows(name), theirs, keys_of(report.level, breakdowns))


def test_every_preset_goes_on_with_the_truth_the_next_day_whatever_the_account_opted_in_to() -> None:
    site = still(TINY, accounts=2)
    names = [*PRESETS]
    since = day(1)
    first = site.sync(names, start_date=str(since))
    move(site, 1)
    second = site.sync(names, first.sink.states(), start_date=str(since))
    assert second.outcome.failures == ()
    assert second.sink.gaps() == []
    streams = site.streams()
    for name, (breakdowns, actions) in PRESETS.items():
        rows = second.sink.rows(name)  # of all days: none stands still yet
        for account in site.sandbox.world.accounts:
            asked = Asked(
                since,
                TODAY + timedelta(days=1),
                fields=request_fields(streams[name]),
                breakdowns=breakdowns,
                action_breakdowns=actions,
            )
            mine = [row for row in rows if row["account_id"] == account]
            assert_same(mine, truth(site, asked, account), keys_of("ad", breakdowns))


def test_ninety_days_equal_the_truth_and_ask_each_day_once() -> None:
    site = still(SMALL)
    since = day(89)
    synced = site.sync(["ads_insights"], start_date=str(since))
    asked = Asked(since, fields=request_fields(site.streams()["ads_insights"]))
    assert_same(synced.sink.rows("ads_insights"), truth(site, asked), keys_of())
    assert days_asked(synced.calls) == every_day(since)


@pytest.mark.parametrize("level", ("account", "campaign", "adset", "ad"))
@pytest.mark.parametrize(
    ("size", "seed", "since"),
    ((TINY, 2, date(2026, 9, 14)), (SMALL, 1, date(2026, 10, 12))),  # Mondays
    ids=("tiny", "small"),
)
def test_custom_reports_of_every_level_and_increment_equal_the_truth(
    level: str, size: Size, seed: int, since: date
) -> None:
    site = still(size, seed=seed)
    asked = {
        f"own{at}": Asked(since, level=level, fields=RICH, increment=increment)
        for at, increment in enumerate(INCREMENTS)
    }
    synced = _read(site, asked)
    for name, one in asked.items():
        theirs = truth(site, one)
        assert theirs, name
        assert_same(synced.sink.rows(f"custom{name}"), theirs, keys_of(level))
        mine = [call for call in asked_of_meta(synced.calls) if call["time_increment"] == _sent(one.increment)]
        assert mine, name


def _sent(increment: int | str) -> str:
    return "7" if increment == "weekly" else str(increment)


def _read(site: Site, asked: Mapping[str, Asked], **settings: Any) -> Any:
    reports = [
        own(
            name,
            level=one.level,
            fields=one.fields,
            breakdowns=one.breakdowns,
            action_breakdowns=one.action_breakdowns or (),
            time_increment=one.increment,
        )
        for name, one in asked.items()
    ]
    since = next(iter(asked.values())).since
    options = {"start_date": str(since), "custom_insights": reports, **settings}
    synced = site.sync([f"custom{name}" for name in asked], **options)
    assert synced.outcome.failures == ()
    return synced


@pytest.mark.parametrize("breakdowns", BREAKDOWNS, ids=" ".join)
@pytest.mark.parametrize("seed", (1, 2))
def test_custom_reports_by_breakdown_equal_the_truth(breakdowns: tuple[str, ...], seed: int) -> None:
    site = still(TINY, seed=seed)
    asked = {
        f"{level}{at}": Asked(day(12), level=level, fields=RICH, breakdowns=breakdowns, increment=increment)
        for level in ("account", "adset", "ad")
        for at, increment in enumerate(BY_DAY_AND_WEEK)
    }
    synced = _read(site, asked)
    for name, one in asked.items():
        theirs = truth(site, one)
        assert theirs, name
        assert_same(synced.sink.rows(f"custom{name}"), theirs, keys_of(one.level, breakdowns))


@pytest.mark.parametrize("increment", (7, 28, "weekly", "monthly", "all_days"))
@pytest.mark.parametrize("since", (date(2026, 8, 13), date(2026, 9, 1)), ids=str)
def test_buckets_keep_their_borders_whatever_the_start(increment: int | str, since: date) -> None:
    site = still(TINY)
    asked = {"own": Asked(since, increment=increment)}
    synced = _read(site, asked)
    assert_same(synced.sink.rows("customown"), truth(site, asked["own"]), keys_of())


@pytest.mark.parametrize("increment", (7, 10, 28))
def test_a_reports_own_start_is_where_its_buckets_are_counted_from(increment: int) -> None:
    site = still(TINY)
    since = date(2026, 8, 13)
    settings: dict[str, Any] = {
        "custom_insights": [own(fields=COUNTS, time_increment=increment, start_date=str(since))]
    }
    synced = site.sync(["customown"], **settings)
    theirs = truth(site, Asked(since, increment=increment, anchor=since))
    assert_same(synced.sink.rows("customown"), theirs, keys_of())


def test_until_is_the_last_day_and_belongs_to_the_report() -> None:
    site = still(TINY)
    since, until = day(50), day(41)
    synced = site.sync(["ads_insights"], start_date=str(since), end_date=str(until))
    days = {row["date_start"] for row in synced.sink.rows("ads_insights")}
    assert (min(days), max(days)) == (str(since), str(until))
    assert all(row["date_start"] == row["date_stop"] for row in synced.sink.rows("ads_insights"))
    assert days_asked(synced.calls) == every_day(since, until)


def test_a_report_of_one_day_and_one_of_no_day() -> None:
    site = still(TINY)
    one = site.sync(["ads_insights"], start_date=str(TODAY))
    assert {row["date_start"] for row in one.sink.rows("ads_insights")} == {str(TODAY)}
    tomorrow = str(TODAY + timedelta(days=1))
    none = site.sync(["ads_insights"], start_date=tomorrow)
    assert none.sink.rows("ads_insights") == []
    assert asked_of_meta(none.calls) == []
    assert none.sink.statuses("ads_insights")[-1] == "COMPLETE"


@pytest.mark.parametrize("name", ("ads_insights", "ads_insights_age_and_gender", "ads_insights_delivery_platform"))
def test_rows_add_up_to_the_accounts_total_archived_and_deleted_ads_included(name: str) -> None:
    site = still(SMALL, accounts=2)
    since, until = day(90), day(81)
    rows = site.sync([name], start_date=str(since), end_date=str(until)).sink.rows(name)
    for account in site.sandbox.world.accounts:
        (total,) = truth(site, Asked(since, until, level="account", increment="all_days"), account)
        mine = [row for row in rows if row["account_id"] == account]
        for metric in COUNTS:
            assert sum((Decimal(row.get(metric, 0)) for row in mine), Decimal(0)) == total[metric]


def test_without_hidden_ads_rows_would_not_add_up() -> None:
    site = still(SMALL)
    asked = Asked(day(90), day(61))
    everything, shown = (truth(site, asked, every_status=every) for every in (True, False))
    assert len(shown) < len(everything)
    rows = site.sync(["ads_insights"], start_date=str(asked.since), end_date=str(asked.until)).sink.rows("ads_insights")
    assert len(rows) == len(everything)


@pytest.mark.parametrize("level", ("campaign", "adset", "ad"))
def test_every_level_adds_up_to_the_account(level: str) -> None:
    site = still(SMALL)
    asked = Asked(day(90), day(61), level=level)
    rows = _read(site, {"own": asked}, end_date=str(asked.until)).sink.rows("customown")
    (total,) = truth(site, replace(asked, level="account", increment="all_days"))
    for metric in COUNTS:
        assert sum((Decimal(row.get(metric, 0)) for row in rows), Decimal(0)) == total[metric]


def test_reach_does_not_add_up_and_is_asked_at_the_level_and_range_wanted() -> None:
    site = still(SMALL)
    since, until = day(90), day(61)
    reports = [own("total", level="account", fields=("reach",), time_increment="all_days")]
    settings: dict[str, Any] = {"start_date": str(since), "end_date": str(until), "custom_insights": reports}
    synced = site.sync(["ads_insights", "customtotal"], **settings)
    (total,) = synced.sink.rows("customtotal")
    (meta,) = truth(site, Asked(since, until, level="account", fields=("reach",), increment="all_days"))
    assert total["reach"] == meta["reach"]
    assert sum(row.get("reach", 0) for row in synced.sink.rows("ads_insights")) > total["reach"]


def test_no_column_is_renamed_lost_or_filled_in_when_meta_leaves_it_out() -> None:
    site = still(SMALL)
    rows = site.sync(["ads_insights"], start_date=str(day(40)), end_date=str(day(31))).sink.rows("ads_insights")
    assert any("purchase_roas" not in row for row in rows)
    assert all(row.get("cpc") is None for row in rows if not row.get("clicks"))
    assert not any(value == 0 and name.startswith("cost_per") for row in rows for name, value in row.items())


def test_objective_results_come_under_the_name_that_was_asked() -> None:
    site = still(TINY)
    asked = Asked(day(40), day(31), fields=("objective_results", "impressions"))
    rows = _read(site, {"own": asked}, end_date=str(asked.until)).sink.rows("customown")
    assert_same(rows, truth(site, asked), keys_of())
    assert any(row["objective_results"] for row in rows)
    assert not any("results" in row for row in rows)


def test_a_row_without_its_hour_is_kept_under_a_value_of_its_own() -> None:
    site = still(SMALL)
    hour = "hourly_stats_aggregated_by_advertiser_time_zone"
    asked = Asked(day(60), day(45), breakdowns=(hour,), fields=("impressions", "actions"))
    rows = _read(site, {"own": asked}, end_date=str(asked.until)).sink.rows("customown")
    assert_same(rows, truth(site, asked), keys_of("ad", (hour,)))
    assert any(row[hour] == "(none)" for row in rows)


def test_ids_stay_text_and_every_account_has_its_own_rows() -> None:
    site = still(TINY, accounts=2)
    rows = site.sync(["ads_insights"], start_date=str(day(40)), end_date=str(day(31))).sink.rows("ads_insights")
    assert {row["account_id"] for row in rows} == set(site.sandbox.world.accounts)
    for row in rows:
        assert all(isinstance(row[name], str) for name in ("account_id", "campaign_id", "adset_id", "ad_id"))


@pytest.mark.parametrize("account", (0, 1))
def test_selected_columns_alone_are_asked_and_the_numbers_stay(account: int) -> None:
    site = still(TINY, accounts=2)
    only = list(site.sandbox.world.accounts)[account]
    columns = {"ads_insights": ["spend", "actions"]}
    dates: dict[str, Any] = {"start_date": str(day(40)), "end_date": str(day(31))}
    synced = site.sync(["ads_insights"], columns=columns, account_ids=[only], **dates)
    (post, *_) = asked_of_meta(synced.calls)
    assert set(post["fields"].split(",")) == {"account_id", "ad_id", "date_start", "date_stop", "spend", "actions"}
    asked = Asked(day(40), day(31), fields=("spend", "actions"))
    assert_same(synced.sink.rows("ads_insights"), truth(site, asked, only), keys_of())


def test_the_first_account_is_the_one_that_the_helpers_mean() -> None:
    assert next(iter(still().sandbox.world.accounts)) == ACCOUNT
