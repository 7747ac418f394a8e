"""The look-back by daily totals: only days that moved are read again, and the destination still holds the truth."""

import logging
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from engine.test_insights_incremental import COLUMNS, FIELDS, latest, moved, own, read
from engine.test_insights_truth import (
    SMALL,
    TODAY,
    Asked,
    Row,
    asked_of_meta,
    assert_same,
    day,
    days_asked,
    every_day,
    keys_of,
    move,
    still,
    truth,
    wire_rows,
)
from facebook_marketing.plan.lookback import MOST_PIECES
from facebook_marketing.sandbox.faults import Fault, Faults, Match, Then
from syncing import ACCOUNT, Site, Synced

SINCE = day(60)
CHANGED: dict[str, Any] = {"lookback": "changed"}
COUNTED = ("spend", "impressions", "actions", "action_values")
ON = TODAY + timedelta(days=1)


def probes(synced: Synced) -> list[dict[str, Any]]:
    """The questions for daily totals."""
    return [one for one in asked_of_meta(synced.calls) if one["level"] == "campaign" and one["method"] == "GET"]


def read_again(synced: Synced) -> list[date]:
    """The days of which rows were asked for."""
    return days_asked(call for call in synced.calls if call.params.get("level") != "campaign")


def later(site: Site, days: float) -> None:
    """Time goes on for the reader; in the sandbox nothing happens."""
    site.now.days += days


def totals(site: Site) -> Mapping[str, list[str]]:
    """What campaigns counted by day, found by a way of the tests' own."""
    found: dict[str, list[str]] = {}
    for row in wire_rows(site, Asked(SINCE, ON + timedelta(days=30), level="campaign", fields=COUNTED)):
        found.setdefault(row["date_start"], []).append(str(row))
    return {name: sorted(rows) for name, rows in found.items()}


def entry(synced: Synced, stream: str = "ads_insights") -> dict[str, Any]:
    """The account's entry in the state."""
    return dict(synced.sink.states()[stream][ACCOUNT])


def holds_the_truth(syncs: Iterable[Synced], site: Site, until: date) -> None:
    assert_same(latest(syncs), truth(site, Asked(SINCE, until, fields=FIELDS)), keys_of())


def test_by_default_no_totals_are_asked_for_and_the_state_knows_none() -> None:
    site = still()
    first = read(site, SINCE)
    move(site, 1)
    second = read(site, SINCE, first.sink.states())
    assert probes(first) == probes(second) == []
    assert not {"totals", "checked_at", "swept_at"} & entry(second).keys()


def test_the_first_sync_asks_for_the_totals_once_and_reads_everything() -> None:
    site = still()
    first = read(site, SINCE, **CHANGED)
    assert len(probes(first)) == 1
    assert read_again(first) == every_day(SINCE)
    assert sorted(entry(first)["totals"]) == [str(one) for one in every_day(day(35), day(1))]
    holds_the_truth([first], site, TODAY)


def test_where_nothing_moved_the_next_day_reads_the_day_that_was_not_over_and_today() -> None:
    site = still()
    first = read(site, SINCE, **CHANGED)
    later(site, 1)
    second = read(site, SINCE, first.sink.states(), **CHANGED)
    assert read_again(second) == every_day(TODAY, ON)
    (probe,) = probes(second)
    assert (probe["since"], probe["until"]) == (day(34), TODAY)
    assert probe["fields"].split(",") == ["campaign_id", "spend", "impressions", "actions", "action_values"]
    assert '"campaign.effective_status"' in probe["filtering"]
    assert "28d_click" in probe["action_attribution_windows"]


def test_for_a_busy_account_where_little_moved_it_takes_fewer_calls_and_rows() -> None:
    costs = {}
    for mode in ("full", "changed"):
        site = still(SMALL)
        first = read(site, SINCE, page_size=25, lookback=mode)
        later(site, 1)
        second = read(site, SINCE, first.sink.states(), page_size=25, lookback=mode)
        costs[mode] = (len(second.calls), len(second.sink.rows("ads_insights")))
    assert costs["changed"][0] < costs["full"][0]
    assert costs["changed"][1] < costs["full"][1] / 5


def test_every_day_that_moved_is_read_again_and_no_other() -> None:
    site = still()
    short: dict[str, Any] = {**CHANGED, "insights_lookback_window": 7}
    syncs, today, left = [read(site, SINCE, **short)], TODAY, 0
    for _ in range(6):
        before = totals(site)
        today = moved(site, 1)
        after = totals(site)
        syncs.append(read(site, SINCE, syncs[-1].sink.states(), **short))
        changed = {date.fromisoformat(name) for name in {*before, *after} if before.get(name) != after.get(name)}
        due = every_day(today - timedelta(days=8), today)
        expected = [one for one in due if one in changed or one >= today - timedelta(days=1)]
        assert read_again(syncs[-1]) == expected
        left += len(due) - len(expected)
    assert left > 0


def test_a_month_of_daily_syncs_holds_the_truth_on_every_day() -> None:
    site = still()
    syncs, asked = [read(site, SINCE, **CHANGED)], []
    for _ in range(30):
        today = moved(site, 1)
        syncs.append(read(site, SINCE, syncs[-1].sink.states(), **CHANGED))
        asked.append(len(read_again(syncs[-1])))
        reports = [one for one in asked_of_meta(syncs[-1].calls) if one["level"] == "ad"]
        assert len(reports) <= MOST_PIECES, "scattered days of few rows are asked for together"
        holds_the_truth(syncs, site, today)
    assert sum(asked) < 30 * 30
    assert len(entry(syncs[-1])["totals"]) <= 35


def test_after_seven_days_all_of_the_look_back_is_read_whatever_the_totals_say() -> None:
    site = still()
    synced, days = read(site, SINCE, **CHANGED), []
    for _ in range(15):
        later(site, 1)
        synced = read(site, SINCE, synced.sink.states(), **CHANGED)
        days.append(len(read_again(synced)))
    assert days[6] >= 28
    assert days[13] >= 28
    assert [number for number, many in enumerate(days) if many > 2] == [6, 13]


def test_a_sweep_reads_what_the_totals_do_not_count() -> None:
    site = still()
    lost: dict[str, Any] = {"custom_insights": [{"name": "own", "fields": ["reach", "spend"]}]}
    first = site.sync(["customown"], start_date=str(SINCE), **CHANGED, **lost)
    later(site, 7)
    second = site.sync(["customown"], first.sink.states(), start_date=str(SINCE), **CHANGED, **lost)
    assert read_again(second) == every_day(day(28), TODAY + timedelta(days=7))
    assert entry(second, "customown")["swept_at"] > entry(first, "customown")["swept_at"]


def test_a_second_sync_of_the_day_asks_for_no_totals_again_and_reads_today() -> None:
    site = still()
    first = read(site, SINCE, **CHANGED)
    later(site, 1)
    second = read(site, SINCE, first.sink.states(), **CHANGED)
    later(site, 2 / 24)
    third = read(site, SINCE, second.sink.states(), **CHANGED)
    assert probes(third) == []
    assert read_again(third) == [ON]


def test_without_a_refresh_time_every_sync_compares() -> None:
    site = still()
    settings: dict[str, Any] = {**CHANGED, "insights_refresh_hours": 0}
    first = read(site, SINCE, **settings)
    later(site, 2 / 24)
    second = read(site, SINCE, first.sink.states(), **settings)
    assert len(probes(second)) == 1
    assert read_again(second) == [TODAY]


def test_reports_that_count_alike_share_one_question_an_account() -> None:
    site = still(accounts=2)
    names = ["ads_insights", "ads_insights_country", "ads_insights_age_and_gender", "campaign_insights"]
    settings: dict[str, Any] = {"columns": {name: ["spend"] for name in names}, "start_date": str(SINCE), **CHANGED}
    first = site.sync(names, **settings)
    later(site, 1)
    second = site.sync(names, first.sink.states(), **settings)
    asked = [one for one in probes(second) if "actions" in one["fields"]]
    assert sorted(one["account"] for one in asked) == sorted(site.sandbox.world.accounts)


@pytest.mark.parametrize(
    "then", (Then(error="too_much_data"), Then(error=200), Then(text='{"data":[{"date_start":1}]}'))
)
def test_totals_that_cannot_be_told_mean_a_full_reading_and_that_is_said(
    then: Then, caplog: pytest.LogCaptureFixture
) -> None:
    site = still()
    first = read(site, SINCE, **CHANGED)
    today = moved(site, 1)
    probe = Match(method="GET", path=r"^act_\d+/insights$")
    site.sandbox.faults = Faults((Fault(probe, then, times=1 if then.text else 12),))
    second = read(site, SINCE, first.sink.states(), insights_lookback_window=28, **CHANGED)
    assert "the look-back is read in full" in caplog.text
    assert second.outcome.failures == ()
    assert {*read_again(second)} >= {*every_day(day(28), today)}
    holds_the_truth((first, second), site, today)
    site.sandbox.faults = Faults(())
    later(site, 1)
    third = read(site, SINCE, second.sink.states(), **CHANGED)
    assert {*every_day(day(27), today)} <= {*read_again(third)}, "no totals were kept, so none can vouch"


def test_a_sync_that_dies_before_a_moved_day_is_read_leaves_it_to_the_next() -> None:
    site = still()
    first = read(site, SINCE, **CHANGED)
    today = moved(site, 1)
    dead = first
    for number in range(1, 20):
        dead = read(site, SINCE, first.sink.states(), kill_after=number, **CHANGED)
        on = read(site, SINCE, {**first.sink.states(), **dead.sink.states()}, **CHANGED)
        holds_the_truth((first, dead, on), site, today)
        if dead.outcome.statuses:
            break
    assert number > 4
    assert dead.outcome.statuses, "the last sync came to its end"


def test_a_day_that_could_not_be_read_stays_due_although_its_total_is_known() -> None:
    site = still()
    first = read(site, SINCE, **CHANGED)
    today = moved(site, 1)
    direct = Match(method="GET", path=r"^act_\d+/insights$", nth=tuple(range(2, 60)))  # the first one is the probe
    run = Match(method="POST", edge="insights")
    site.sandbox.faults = Faults((Fault(direct, Then(error="too_much_data")), Fault(run, Then(run="fail"))))
    failed = read(site, SINCE, first.sink.states(), **CHANGED)
    assert failed.outcome.failures
    site.sandbox.faults = Faults(())
    third = read(site, SINCE, failed.sink.states(), **CHANGED)
    holds_the_truth((first, failed, third), site, today)


OLDER: Mapping[str, dict[str, Any]] = {
    "the older form": {"date_start": str(day(1)), "slices": [], "time_increment": 1},
    "a cursor by account": {ACCOUNT: {"date_start": str(day(1)), "slices": []}, "time_increment": 1},
    "nothing": {},
}


@pytest.mark.parametrize("name", OLDER)
def test_an_older_state_is_swept_once_and_compared_from_then_on(name: str) -> None:
    site = still()
    first = read(site, SINCE, {"ads_insights": OLDER[name]}, **CHANGED)
    assert read_again(first) == every_day(day(29) if OLDER[name] else SINCE)
    later(site, 1)
    second = read(site, SINCE, first.sink.states(), **CHANGED)
    assert read_again(second) == every_day(TODAY, ON)


def test_a_state_of_full_readings_is_swept_once_and_one_of_comparisons_serves_full_readings() -> None:
    site = still()
    full = read(site, SINCE)
    later(site, 1)
    swept = read(site, SINCE, full.sink.states(), **CHANGED)
    assert read_again(swept) == every_day(day(28), ON)
    later(site, 1)
    again = read(site, SINCE, swept.sink.states())
    assert read_again(again) == every_day(day(27), ON + timedelta(days=1))
    assert probes(again) == []
    later(site, 1)
    back = read(site, SINCE, again.sink.states(), **CHANGED)
    assert len(read_again(back)) >= 28, "rows of days read without a comparison are vouched for by none"


CONFIGURATIONS: Mapping[str, dict[str, Any]] = {
    "account": own(level="account"),
    "campaign": own(level="campaign"),
    "ad set": own(level="adset"),
    "breakdown": own(breakdowns=["country"]),
    "hours": own(breakdowns=["hourly_stats_aggregated_by_advertiser_time_zone"], fields=["impressions"]),
    "a filter": own(filtering=[{"field": "impressions", "operator": "GREATER_THAN", "value": 10}]),
    "statuses": {**own(), "ad_statuses": ["ACTIVE"], "campaign_statuses": ["ACTIVE", "PAUSED"]},
    "statuses that an account's rows do not heed": {**own(level="account"), "campaign_statuses": ["ACTIVE"]},
    "windows": own(action_attribution_windows=["1d_click"]),
    "no windows": own(action_attribution_windows=[]),
    "the account's attribution": {**own(), "use_account_attribution_setting": True},
    "incrementality": own(include_incrementality=True, include_engaged_view=True),
    "an end": {**own(), "end_date": str(day(3))},
    "no look-back": {**own(), "insights_lookback_window": 0},
    "small pages": {**own(), "page_size": 2},
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_with_every_configuration_the_rows_are_those_of_a_full_reading(name: str) -> None:
    held: dict[str, list[Row]] = {}
    for mode in ("full", "changed"):
        site = still()
        settings: dict[str, Any] = {"start_date": str(SINCE), "lookback": mode, **CONFIGURATIONS[name]}
        syncs: list[Synced] = [site.sync(["customown"], **settings)]
        for _ in range(3):
            move(site, 1)
            syncs.append(site.sync(["customown"], syncs[-1].sink.states(), **settings))
        assert [one.outcome.failures for one in syncs] == [()] * 4
        keys = [n for n in syncs[0].sink.rows("customown")[0] if n.endswith(("_id", "date_start", "country", "_zone"))]
        rows = {str([row.get(n) for n in keys]): row for one in syncs for row in one.sink.rows("customown")}
        held[mode] = [rows[one] for one in sorted(rows)]
    assert held["changed"] == held["full"]


@pytest.mark.parametrize("increment", (7, "weekly", "monthly", "all_days"))
def test_rows_of_several_days_are_read_in_full_and_that_is_said(
    increment: int | str, caplog: pytest.LogCaptureFixture
) -> None:
    site = still(accounts=2)
    settings: dict[str, Any] = {"start_date": str(SINCE), **CHANGED, **own(time_increment=increment)}
    with caplog.at_level(logging.INFO):
        first = site.sync(["customown"], **settings)
        move(site, 1)
        second = site.sync(["customown"], first.sink.states(), **settings)
    assert probes(first) == probes(second) == []
    assert {*days_asked(second.calls)} >= {*every_day(day(28))}
    assert caplog.text.count("the look-back is read in full") == 2, "once a sync, not once an account"


def test_a_full_refresh_asks_for_no_totals() -> None:
    site = still()
    first = read(site, SINCE, **CHANGED)
    again = site.sync(
        ["ads_insights"], first.sink.states(), incremental=False, columns=COLUMNS, start_date=str(SINCE), **CHANGED
    )
    assert probes(again) == []
    assert read_again(again) == every_day(SINCE)
