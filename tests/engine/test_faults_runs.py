"""Report runs that fail, hang or are too large: every row is there in the end, or its absence is recorded."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from engine.test_insights_truth import (
    SMALL,
    TINY,
    Asked,
    Row,
    assert_same,
    day,
    days_asked,
    every_day,
    keys_of,
    truth,
)
from facebook_marketing.graph.wire import Request
from facebook_marketing.sandbox import Options
from facebook_marketing.sandbox.faults import Fault, Match, Then
from facebook_marketing.sandbox.insights import Filter
from facebook_marketing.sandbox.world import Size
from syncing import ACCOUNT, Site, Synced

SINCE, UNTIL = day(90), day(31)
DATES: dict[str, Any] = {"start_date": str(SINCE), "end_date": str(UNTIL)}
FIELDS = ("impressions", "clicks", "spend", "actions")
COLUMNS = {"ads_insights": list(FIELDS), "ads_insights_demographics_age": list(FIELDS)}
RUN = Match(method="POST", edge="insights")
AGES = ("age",)


def site_of(*faults: Fault, size: Size = TINY, **options: Any) -> Site:
    """A sandbox in which these things go wrong."""
    return Site(Options(**{"size": size, "faults": faults, "empty_pages": False, **options}))


def read(site: Site, names: Sequence[str] = ("ads_insights",), **settings: Any) -> Synced:
    """A sync of settled days with a few columns."""
    return site.sync(names, **{"columns": COLUMNS, **DATES, **settings})


def wanted(site: Site, breakdowns: tuple[str, ...] = (), account: str = ACCOUNT) -> list[Row]:
    """All rows of these days."""
    return truth(site, Asked(SINCE, UNTIL, fields=FIELDS, breakdowns=breakdowns), account)


def assert_whole(site: Site, synced: Synced, stream: str = "ads_insights", breakdowns: tuple[str, ...] = ()) -> None:
    """Complete, nothing twice, nothing missing, nothing to say."""
    assert synced.outcome.failures == ()
    assert synced.sink.gaps() == []
    assert_same(synced.sink.rows(stream), wanted(site, breakdowns), keys_of("ad", breakdowns))
    assert synced.sink.statuses(stream)[-1] == "COMPLETE"


def params(request: Request) -> Mapping[str, str]:
    """What a report is asked for, by POST or GET; nothing for other requests."""
    path = urlsplit(request.url).path
    if "/act_" not in path or not path.endswith("/insights"):
        return {}
    text = (request.body or b"").decode() if request.method == "POST" else urlsplit(request.url).query
    found = dict(parse_qsl(text))
    return found if "time_range" in found else {}


def days_of(asked: Mapping[str, str]) -> tuple[date, date]:
    """The days that a report is asked for."""
    span = json.loads(asked["time_range"])
    return date.fromisoformat(span["since"]), date.fromisoformat(span["until"])


def takes_in(asked: Mapping[str, str], ad: str) -> bool:
    """Whether a report may have rows of this ad."""
    rows = [row for row in json.loads(asked.get("filtering", "[]")) if row["field"] == "ad.id"]
    return all((ad in row["value"]) == (row["operator"] == "IN") for row in rows)


def breaking(site: Site, poisoned: Callable[[Mapping[str, str]], bool], then: Then) -> None:
    """Lets `then` befall every report that is poisoned: its run, or its GET."""

    def before(request: Request) -> None:
        asked = params(request)
        direct = Then(error="sync_timeout")
        struck = bool(asked) and poisoned(asked)
        site.sandbox.faults.replace([Fault(then=then if request.method == "POST" else direct)] if struck else [])

    site.before = before


@pytest.mark.parametrize("seed", (1, 2, 3, 4))
@pytest.mark.parametrize("name", ("ads_insights", "ads_insights_demographics_age"))
def test_one_run_in_seven_fails_by_chance_and_no_row_is_lost(name: str, seed: int) -> None:
    site = site_of(seed=seed, run_failure_rate=1 / 7)
    assert_whole(site, read(site, [name]), name, AGES if name.endswith("age") else ())


@pytest.mark.parametrize("fate", ("fail", "skip", "stuck", "slow", "out_of_memory"))
@pytest.mark.parametrize("nth", (1, (1, 2), 4))
def test_a_run_that_fails_once_or_twice_loses_no_row(fate: Any, nth: int | tuple[int, ...]) -> None:
    site = site_of(Fault(match=Match(method="POST", edge="insights", nth=nth), then=Then(run=fate)))
    synced = read(site)
    assert_whole(site, synced)
    assert synced.seconds < 3600


def test_a_report_that_failed_for_an_unknown_reason_is_run_once_more_before_it_is_taken_apart() -> None:
    site = site_of(Fault(match=Match(method="POST", edge="insights", nth=1), then=Then(run="fail")))
    assert_whole(site, synced := read(site))
    assert len(days_asked(synced.calls)) <= 60 + 14


def test_a_run_that_stands_still_is_made_again_after_its_time() -> None:
    site = site_of(Fault(match=RUN, then=Then(run="stuck"), times=1))
    synced = read(site, insights_job_timeout=5)
    assert_whole(site, synced)
    assert 300 <= synced.seconds < 1200


def test_runs_that_all_stand_still_for_ever_end_in_a_gap_and_not_in_a_wait_for_ever() -> None:
    site = site_of(Fault(match=RUN, then=Then(run="stuck")))
    dates: dict[str, Any] = {"start_date": str(day(40)), "end_date": str(day(37))}
    synced = read(site, insights_job_timeout=5, **dates)
    assert synced.sink.rows("ads_insights") == []
    assert synced.sink.statuses("ads_insights")[-1] == "INCOMPLETE"
    assert synced.sink.gaps()
    assert {failure.kind for failure in synced.outcome.failures} == {"transient_error"}
    assert synced.seconds < 24 * 3600
    site.sandbox.faults.replace(())
    later = read(site, state=synced.sink.states(), **dates)
    assert_same(later.sink.rows("ads_insights"), truth(site, Asked(day(40), day(37), fields=FIELDS)), keys_of())


@pytest.mark.parametrize("fate", ("stuck", "fail", "skip"))
def test_an_outage_of_reports_ends_the_sync_within_hours_and_with_few_runs(fate: Any) -> None:
    site = site_of(Fault(match=RUN, then=Then(run=fate)), Fault(match=Match(edge="insights"), then=Then(error="2")))
    synced = read(site)
    assert synced.sink.statuses("ads_insights")[-1] == "INCOMPLETE"
    assert synced.sink.gaps()
    assert synced.seconds < 6 * 3600
    assert len([call for call in synced.calls if call.method == "POST"]) < 300


@pytest.mark.parametrize("limit", (20_000, 300, 100, 60))
def test_reports_too_large_for_metas_memory_are_divided_by_days(limit: int) -> None:
    site = site_of(run_weight_limit=limit, sync_weight_limit=limit)
    synced = read(site)
    assert_whole(site, synced)
    assert [call for call in synced.calls if call.method == "POST"]


@pytest.mark.parametrize(
    "limit",
    (
        120,  # a day of two ads by age
        57,  # a day of one ad
        40,  # a day of one ad with one field beside its keys
    ),
)
def test_a_day_too_large_for_metas_memory_is_divided_by_ads_and_then_by_fields(limit: int) -> None:
    site = site_of(run_weight_limit=limit, sync_weight_limit=limit)
    dates: dict[str, Any] = {"start_date": str(day(40)), "end_date": str(day(38))}
    synced = read(site, ["ads_insights_demographics_age"], **dates)
    asked = Asked(day(40), day(38), fields=FIELDS, breakdowns=AGES)
    assert synced.outcome.failures == ()
    assert synced.sink.gaps() == []
    assert_same(synced.sink.rows("ads_insights_demographics_age"), truth(site, asked), keys_of("ad", AGES))


@pytest.mark.parametrize("increment", (28, "monthly", "all_days"))
def test_a_bucket_that_cannot_be_cut_is_divided_by_ads(increment: int | str) -> None:
    site = site_of(run_weight_limit=30, sync_weight_limit=30)
    report = {"name": "own", "fields": list(FIELDS), "time_increment": increment}
    synced = site.sync(["customown"], custom_insights=[report], **DATES)
    asked = Asked(SINCE, UNTIL, fields=FIELDS, increment=increment)
    assert synced.outcome.failures == ()
    assert_same(synced.sink.rows("customown"), truth(site, asked), keys_of())


def test_a_divided_day_keeps_the_rows_of_archived_and_deleted_ads() -> None:
    site = site_of(size=SMALL, run_weight_limit=100, sync_weight_limit=100)
    dates: dict[str, Any] = {"start_date": str(day(85)), "end_date": str(day(84))}
    synced = read(site, **dates)
    asked = Asked(day(85), day(84), fields=FIELDS)
    everything, shown = (truth(site, asked, every_status=every) for every in (True, False))
    assert len(shown) < len(everything)
    assert_same(synced.sink.rows("ads_insights"), everything, keys_of())


def test_a_divided_day_keeps_the_rows_that_a_filter_lets_through_by_breakdown_only() -> None:
    site = site_of(run_weight_limit=60, sync_weight_limit=60)
    few = {"field": "impressions", "operator": "LESS_THAN", "value": 300}
    report = {"name": "own", "fields": ["impressions", "spend"], "breakdowns": ["age"], "filtering": [few]}
    dates: dict[str, Any] = {"start_date": str(day(40)), "end_date": str(day(39))}
    synced = site.sync(["customown"], custom_insights=[report], **dates)
    filters = (Filter("impressions", "LESS_THAN", 300),)
    fields = ("impressions", "spend")
    asked = Asked(day(40), day(39), fields=fields, breakdowns=AGES, filtering=filters)
    assert_same(synced.sink.rows("customown"), truth(site, asked), keys_of("ad", AGES))


# --- one field, one ad, one day ------------------------------------------------------------------------------------


def busy_ad(site: Site) -> str:
    """The ad with most rows of the days."""
    ads = [str(row["ad_id"]) for row in wanted(site)]
    return max(sorted(set(ads)), key=ads.count)


def test_a_field_that_fails_for_one_ad_costs_that_field_of_that_ad_alone() -> None:
    site = site_of()
    ad = busy_ad(site)
    breaking(site, lambda asked: "actions" in asked["fields"].split(",") and takes_in(asked, ad), Then(run="fail"))
    synced = read(site)
    assert synced.outcome.failures == ()
    theirs = [
        {name: value for name, value in row.items() if name != "actions" or row["ad_id"] != ad} for row in wanted(site)
    ]
    assert_same(synced.sink.rows("ads_insights"), theirs, keys_of())
    assert {gap.field for gap in synced.sink.gaps()} == {"actions"}
    assert all(ad in gap.text for gap in synced.sink.gaps())
    assert ("ads_insights", "actions", "SOURCE_RETRIEVAL_ERROR") in synced.sink.changes


def test_a_field_that_fails_everywhere_is_left_out_and_recorded_and_everything_else_is_read() -> None:
    site = site_of()
    breaking(site, lambda asked: "actions" in asked["fields"].split(","), Then(run="fail"))
    synced = read(site)
    assert synced.outcome.failures == ()
    theirs = [{name: value for name, value in row.items() if name != "actions"} for row in wanted(site)]
    assert_same(synced.sink.rows("ads_insights"), theirs, keys_of())
    assert {gap.field for gap in synced.sink.gaps()} == {"actions"}
    assert len([call for call in synced.calls if call.method == "POST"]) < 200
    assert len(synced.sink.gaps()) <= 6


def test_a_field_that_fails_on_one_day_is_there_on_all_others() -> None:
    site = site_of()
    bad = day(50)

    def poisoned(asked: Mapping[str, str]) -> bool:
        since, until = days_of(asked)
        return since <= bad <= until and "actions" in asked["fields"].split(",")

    breaking(site, poisoned, Then(run="fail"))
    synced = read(site)
    assert synced.outcome.failures == ()
    rows = {(row["date_start"], row["ad_id"]): row for row in synced.sink.rows("ads_insights")}
    theirs = {(row["date_start"], row["ad_id"]): row for row in wanted(site)}
    assert rows.keys() == theirs.keys()
    for place, row in theirs.items():
        assert rows[place]["spend"] == row["spend"]
        if place[0] != str(bad):
            assert rows[place].get("actions") == row.get("actions")
    assert synced.sink.gaps()


def test_a_field_that_meta_does_not_know_is_left_out_and_recorded() -> None:
    site = site_of()
    report = {"name": "own", "fields": [*FIELDS, "brand_new_metric"]}
    synced = site.sync(["customown"], custom_insights=[report], **DATES)
    assert synced.outcome.failures == ()
    assert_same(synced.sink.rows("customown"), wanted(site), keys_of())
    assert {gap.field for gap in synced.sink.gaps()} == {"brand_new_metric"}
    assert sum(call.code == 100 for call in synced.calls) <= 8
    assert days_asked(synced.calls) == every_day(SINCE, UNTIL)


def test_a_bucket_of_many_days_with_an_unknown_field_is_read_in_one_piece() -> None:
    site = site_of()
    report = {"name": "own", "fields": [*FIELDS, "brand_new_metric"], "time_increment": 28}
    synced = site.sync(["customown"], custom_insights=[report], **DATES)
    assert_same(synced.sink.rows("customown"), truth(site, Asked(SINCE, UNTIL, fields=FIELDS, increment=28)), keys_of())
    assert days_asked(synced.calls) == every_day(SINCE, UNTIL)


@pytest.mark.parametrize("bad", (day(50), UNTIL, SINCE), ids=("in the middle", "the newest", "the oldest"))
def test_a_day_that_can_never_be_read_is_a_gap_and_is_asked_again_by_the_next_sync(bad: date) -> None:
    site = site_of(accounts=2)

    def poisoned(asked: Mapping[str, str]) -> bool:
        since, until = days_of(asked)
        return since <= bad <= until

    breaking(site, poisoned, Then(run="fail"))
    settings: dict[str, Any] = {"account_ids": [ACCOUNT]}
    synced = read(site, **settings)
    theirs = [row for row in wanted(site) if row["date_start"] != str(bad)]
    assert_same(synced.sink.rows("ads_insights"), theirs, keys_of())
    assert synced.sink.statuses("ads_insights")[-1] == "INCOMPLETE"
    assert [gap.window for gap in synced.sink.gaps()] == [(str(bad), str(bad))]
    assert {failure.kind for failure in synced.outcome.failures} == {"transient_error"}
    assert len([call for call in synced.calls if call.method == "POST"]) < 200
    site.before = None
    site.sandbox.faults.replace(())
    later = read(site, state=synced.sink.states(), **settings)
    assert days_asked(later.calls) == [bad]
    assert later.sink.statuses("ads_insights")[-1] == "COMPLETE"
    rows = [*synced.sink.rows("ads_insights"), *later.sink.rows("ads_insights")]
    assert_same(rows, wanted(site), keys_of())


def test_an_account_that_cannot_be_read_leaves_the_others_and_the_other_reports_whole() -> None:
    site = site_of(Fault(match=Match(edge="insights", account="2345679001234573"), then=Then(error=200)), accounts=2)
    bad = list(site.sandbox.world.accounts)[1]
    assert bad == "2345679001234573"
    synced = read(site, ["ads_insights", "ads_insights_demographics_age"])
    mine = [row for row in synced.sink.rows("ads_insights") if row["account_id"] == ACCOUNT]
    assert_same(mine, wanted(site), keys_of())
    assert_same(synced.sink.rows("ads_insights_demographics_age"), wanted(site, AGES), keys_of("ad", AGES))
    assert {failure.account for failure in synced.outcome.failures} == {bad}
    assert synced.sink.statuses("ads_insights")[-1] == "INCOMPLETE"


def test_a_report_whose_runs_all_fail_leaves_the_other_reports_of_its_account_whole() -> None:
    site = site_of()
    breaking(site, lambda asked: "breakdowns" in asked, Then(run="fail"))
    names = ["ads_insights_demographics_age", "ads_insights"]
    synced = read(site, names, max_concurrency=1)
    assert_same(synced.sink.rows("ads_insights"), wanted(site), keys_of())
    assert synced.sink.statuses("ads_insights")[-1] == "COMPLETE"
    assert synced.sink.statuses("ads_insights_demographics_age")[-1] == "INCOMPLETE"
    assert {gap.stream for gap in synced.sink.gaps()} == {"ads_insights_demographics_age"}


def test_a_refused_combination_stops_that_report_alone_with_a_word_on_the_mend() -> None:
    site = site_of()
    report = {"name": "own", "fields": ["actions"], "breakdowns": ["country", "age"]}
    synced = site.sync(["customown", "ads_insights"], columns=COLUMNS, custom_insights=[report], **DATES)
    (failure,) = synced.outcome.failures
    assert failure.stream == "customown"
    assert failure.kind == "config_error"
    assert "country" in failure.text
    assert_same(synced.sink.rows("ads_insights"), wanted(site), keys_of())
    assert len([call for call in synced.calls if call.code == 100]) <= 8


def test_rows_of_a_run_that_failed_midway_are_never_mixed_with_another_days() -> None:
    site = site_of(run_failure_rate=1 / 3, seed=5)
    synced = read(site)
    assert_whole(site, synced)
    assert all(row["date_start"] == row["date_stop"] for row in synced.sink.rows("ads_insights"))
    assert {row["date_start"] for row in synced.sink.rows("ads_insights")} <= {
        str(SINCE + timedelta(days=n)) for n in range(60)
    }
