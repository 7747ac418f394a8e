"""Syncs that go on from a state: what is read again, what never is, and what makes everything be read anew."""

import logging
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from engine.test_insights_truth import (
    COUNTS,
    MONDAY,
    TINY,
    TODAY,
    Asked,
    Row,
    asked_of_meta,
    assert_same,
    day,
    days_asked,
    every_day,
    key,
    keys_of,
    move,
    still,
    truth,
)
from syncing import ACCOUNT, Synced

COLUMNS = {"ads_insights": [*COUNTS, "actions"]}
FIELDS = (*COUNTS, "actions")


def read(site: Any, since: date, state: Mapping[str, Any] | None = None, **settings: Any) -> Synced:
    """A sync of ads_insights with a few columns."""
    return site.sync(["ads_insights"], state, columns=COLUMNS, start_date=str(since), **settings)  # type: ignore[no-any-return]


def latest(syncs: Iterable[Synced], stream: str = "ads_insights") -> list[Row]:
    """What a destination holds that replaces rows by key."""
    names = keys_of()
    return list({key(row, names): row for one in syncs for row in one.sink.rows(stream)}.values())


def moved(site: Any, days: float) -> date:
    """Moves on; the new day."""
    move(site, days)
    return TODAY + timedelta(days=int(site.now.days))


def test_the_next_day_reads_today_and_the_look_back_only_and_updates_what_moved() -> None:
    site = still()
    since = day(60)
    first = read(site, since)
    today = moved(site, 1)
    second = read(site, since, first.sink.states())
    assert days_asked(second.calls) == every_day(day(28), today)
    assert_same(latest((first, second)), truth(site, Asked(since, today, fields=FIELDS)), keys_of())
    before = {key(row, keys_of()): row for row in first.sink.rows("ads_insights")}
    again = {key(row, keys_of()): row for row in second.sink.rows("ads_insights")}
    assert any(before[k] != again[k] for k in before.keys() & again.keys())


def test_a_day_is_read_until_it_stands_still_and_then_never_again() -> None:
    site = still()
    since, until = day(10), TODAY
    syncs = [read(site, since, end_date=str(until))]
    asked = [every_day(since, until)]
    for days in (7, 7, 7, 7, 1, 1, 7):
        moved(site, days)
        syncs.append(read(site, since, syncs[-1].sink.states(), end_date=str(until)))
        asked.append(days_asked(syncs[-1].calls))
    assert [len(days) for days in asked] == [11, 11, 11, 11, 8, 1, 0, 0]
    assert_same(latest(syncs), truth(site, Asked(since, until, fields=FIELDS)), keys_of())
    assert syncs[-1].sink.rows("ads_insights") == []
    assert syncs[-1].sink.states()["ads_insights"][ACCOUNT]["date_start"] == str(until)


def test_a_sync_after_a_long_pause_reads_what_was_missed_and_what_had_still_moved() -> None:
    site = still()
    since = day(60)
    first = read(site, since)
    today = moved(site, 45)
    second = read(site, since, first.sink.states())
    assert days_asked(second.calls) == every_day(day(28), today)
    assert_same(latest((first, second)), truth(site, Asked(since, today, fields=FIELDS)), keys_of())


def test_a_month_of_daily_syncs_ends_with_the_truth() -> None:
    site = still()
    since = day(20)
    syncs = [read(site, since)]
    for _ in range(30):
        today = moved(site, 1)
        syncs.append(read(site, since, syncs[-1].sink.states()))
        assert len(days_asked(syncs[-1].calls)) <= 30
    today = TODAY + timedelta(days=30)
    assert_same(latest(syncs), truth(site, Asked(since, today, fields=FIELDS)), keys_of())


@pytest.mark.parametrize("lookback", (0, 7, 28))
def test_the_look_back_is_the_users(lookback: int) -> None:
    site = still()
    since = day(60)
    first = read(site, since, insights_lookback_window=lookback)
    assert days_asked(first.calls) == every_day(since)
    today = moved(site, 1)
    second = read(site, since, first.sink.states(), insights_lookback_window=lookback)
    assert days_asked(second.calls) == every_day(day(lookback), today)


def test_another_look_back_is_no_reason_to_read_everything_again() -> None:
    site = still()
    since = day(60)
    first = read(site, since, insights_lookback_window=7)
    today = moved(site, 1)
    wider = read(site, since, first.sink.states(), insights_lookback_window=28)
    assert days_asked(wider.calls) == every_day(day(28), today)


@pytest.mark.parametrize(
    ("hours", "refresh", "again"),
    (
        (0.5, 20, ()),  # a sync that was cut short goes on
        (2, 20, every_day(TODAY)),  # today is worth a look every hour
        (2, 1, every_day(day(28))),
        (2, 3, every_day(TODAY)),
        (10.9, 20, every_day(TODAY)),
    ),
)
def test_days_that_are_over_are_not_read_again_within_the_refresh_time(
    hours: float, refresh: int, again: tuple[date, ...] | list[date]
) -> None:
    site = still()
    since = day(40)
    first = read(site, since, insights_refresh_hours=refresh)
    move(site, hours / 24)
    second = read(site, since, first.sink.states(), insights_refresh_hours=refresh)
    assert days_asked(second.calls) == list(again)


def test_no_refresh_time_reads_the_look_back_with_every_sync_and_once_a_sync() -> None:
    site = still()
    since = day(40)
    first = read(site, since, insights_refresh_hours=0)
    assert days_asked(first.calls) == every_day(since)
    move(site, 1 / 1440)
    second = read(site, since, first.sink.states(), insights_refresh_hours=0)
    assert days_asked(second.calls) == every_day(day(28))


def test_a_sync_that_lasts_for_hours_asks_for_each_day_once() -> None:
    site = still()
    since = day(200)
    slow = read(site, since, latency=1200.0)
    assert slow.seconds > 2 * 3600
    assert days_asked(slow.calls) == every_day(since)


def test_a_sync_at_once_after_another_delivers_nothing_and_keeps_the_state() -> None:
    site = still()
    first = read(site, day(40))
    second = read(site, day(40), first.sink.states())
    assert second.sink.rows("ads_insights") == []
    assert asked_of_meta(second.calls) == []
    assert second.sink.states() == first.sink.states()
    assert second.sink.statuses("ads_insights")[-1] == "COMPLETE"


def test_a_full_refresh_reads_everything_whatever_was_read_before() -> None:
    site = still()
    since = day(40)
    first = read(site, since)
    again = read(site, since, first.sink.states(), incremental=False)
    assert days_asked(again.calls) == every_day(since)
    assert_same(again.sink.rows("ads_insights"), truth(site, Asked(since, fields=FIELDS)), keys_of())


def own(**report: Any) -> dict[str, Any]:
    """A custom report over the plain one."""
    return {"custom_insights": [{"name": "own", "fields": ["impressions", "actions"], **report}]}


CHANGES: Mapping[str, dict[str, Any]] = {
    "fields": own(fields=["impressions", "actions", "clicks"]),
    "breakdowns": own(breakdowns=["age"]),
    "action breakdowns": own(action_breakdowns=["action_device"]),
    "attribution windows": own(action_attribution_windows=["1d_click"]),
    "an engaged view": own(include_engaged_view=True),
    "filters": own(filtering=[{"field": "impressions", "operator": "GREATER_THAN", "value": 10}]),
    "level": own(level="campaign"),
    "the account's attribution": {**own(), "use_account_attribution_setting": True},
    "increment": own(time_increment=7),
    "default windows": {**own(), "action_attribution_windows": ["7d_click"]},
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_question_is_read_anew_from_the_start_and_that_is_said(
    change: str, caplog: pytest.LogCaptureFixture
) -> None:
    site = still()
    since = day(60) + timedelta(days=(MONDAY - day(60)).days % 7)  # so that weeks are whole
    first = site.sync(["customown"], start_date=str(since), **own())
    with caplog.at_level(logging.INFO):
        second = site.sync(["customown"], first.sink.states(), start_date=str(since), **CHANGES[change])
    assert days_asked(second.calls) == every_day(since)
    assert f"Stream customown, account {ACCOUNT}" in caplog.text
    assert "everything is read again" in caplog.text
    third = site.sync(["customown"], second.sink.states(), start_date=str(since), **CHANGES[change])
    assert asked_of_meta(third.calls) == []


SAME: Mapping[str, dict[str, Any]] = {
    "page size": {"page_size": 7},
    "timeout": {"insights_job_timeout": 5},
    "concurrency": {"max_concurrency": 2},
    "quota share": {"quota_share": 0.5},
    "refresh hours": {"insights_refresh_hours": 30},
    "another report": {"custom_insights": [{"name": "x"}, own()["custom_insights"][0]]},
    "the order of fields": own(fields=["actions", "impressions"]),
}


@pytest.mark.parametrize("change", SAME)
def test_what_does_not_change_the_rows_does_not_change_the_state(change: str) -> None:
    site = still()
    since = day(60)
    first = site.sync(["customown"], start_date=str(since), **own())
    second = site.sync(["customown"], first.sink.states(), start_date=str(since), **{**own(), **SAME[change]})
    assert asked_of_meta(second.calls) == []


def test_more_columns_chosen_read_everything_again() -> None:
    site = still()
    since = day(60)
    first = site.sync(["ads_insights"], columns={"ads_insights": ["spend"]}, start_date=str(since))
    second = read(site, since, first.sink.states())
    assert days_asked(second.calls) == every_day(since)


def test_a_start_moved_back_reads_the_older_days_and_no_settled_one_again() -> None:
    site = still()
    first = read(site, day(50))
    second = read(site, day(90), first.sink.states())
    assert days_asked(second.calls) == every_day(day(90), day(51))
    assert second.sink.states()["ads_insights"][ACCOUNT]["date_start"] == str(TODAY)
    assert_same(latest((first, second)), truth(site, Asked(day(90), fields=FIELDS)), keys_of())
    third = read(site, day(90), second.sink.states())
    assert asked_of_meta(third.calls) == []


def test_a_start_moved_forward_and_an_end_moved_on_read_no_day_twice() -> None:
    site = still()
    first = read(site, day(90), end_date=str(day(60)))
    second = read(site, day(80), first.sink.states(), end_date=str(day(40)))
    assert days_asked(second.calls) == every_day(day(59), day(40))


def test_days_beyond_metas_memory_are_not_asked_and_that_is_recorded() -> None:
    site = still()
    synced = site.sync(["ads_insights"], columns={"ads_insights": ["spend"]}, start_date="2020-01-01")
    days = days_asked(synced.calls)
    (gap,) = synced.sink.gaps()
    assert gap.verdict == "retention"
    assert gap.window is not None
    since = date.fromisoformat(gap.window[1]) + timedelta(days=1)
    assert gap.window[0] == "2020-01-01"
    assert date(2023, 10, 21) < since <= date(2023, 10, 28)
    assert days == every_day(min(days))
    assert min(days) >= since
    assert_same(synced.sink.rows("ads_insights"), truth(site, Asked(since, fields=("spend",))), keys_of())
    assert not [call for call in synced.calls if call.code is not None]
    assert synced.sink.statuses("ads_insights")[-1] == "COMPLETE"


@pytest.mark.parametrize(
    ("breakdown", "months"),
    (("hourly_stats_aggregated_by_advertiser_time_zone", 13), ("frequency_value", 6)),
)
def test_breakdowns_with_a_shorter_memory_begin_later(breakdown: str, months: int) -> None:
    site = still(TINY, seed=3)
    fields = ["reach"] if breakdown == "frequency_value" else ["spend"]
    settings: dict[str, Any] = {"custom_insights": [{"name": "own", "breakdowns": [breakdown], "fields": fields}]}
    synced = site.sync(["customown"], start_date="2025-01-01", **settings)
    days = days_asked(synced.calls)
    border = date(2026 - (months > 11), (11 - months - 1) % 12 + 1, 21)
    assert border < min(days) <= border + timedelta(days=7)
    assert days == every_day(min(days))
    assert [gap.verdict for gap in synced.sink.gaps()] == ["retention"]


def test_no_start_means_everything_that_meta_remembers_and_no_gap() -> None:
    site = still()
    synced = site.sync(["ads_insights"], columns={"ads_insights": ["spend"]})
    assert synced.sink.gaps() == []
    since = date(2023, 10, 28)
    rows = [row for row in synced.sink.rows("ads_insights") if row["date_start"] >= str(since)]
    assert_same(rows, truth(site, Asked(since, fields=("spend",))), keys_of())
    assert len({row["date_start"] for row in rows}) > 700


def test_unique_counts_older_than_their_memory_are_left_out_and_that_is_said() -> None:
    site = still(TINY, seed=2)
    settings: dict[str, Any] = {
        "custom_insights": [{"name": "own", "breakdowns": ["country"], "fields": ["spend", "reach"]}]
    }
    synced = site.sync(["customown"], start_date="2025-06-01", **settings)
    assert synced.outcome.failures == ()
    rows = synced.sink.rows("customown")
    assert [gap for gap in synced.sink.gaps() if "reach" in gap.text or gap.field == "reach"]
    assert min(row["date_start"] for row in rows) < "2025-10-01"
    asked = Asked(date(2025, 6, 1), breakdowns=("country",), fields=("spend",))
    spent = [{name: value for name, value in row.items() if name != "reach"} for row in rows]
    assert_same(spent, truth(site, asked), keys_of("ad", ("country",)))
    newer = [row for row in rows if row["date_start"] >= "2025-11-01"]
    reached = Asked(date(2025, 11, 1), breakdowns=("country",), fields=("spend", "reach"))
    assert_same(newer, truth(site, reached), keys_of("ad", ("country",)))


@pytest.mark.parametrize("increment", (7, 28, "weekly", "monthly", "all_days"))
def test_open_buckets_are_read_again_whole_and_keep_their_key(increment: int | str) -> None:
    site = still()
    since = date(2026, 8, 3)
    settings: dict[str, Any] = {
        "custom_insights": [{"name": "own", "fields": list(COUNTS), "time_increment": increment}]
    }
    first = site.sync(["customown"], start_date=str(since), **settings)
    syncs, today = [first], TODAY
    for days in (1, 5, 9):
        today = moved(site, days)
        syncs.append(site.sync(["customown"], syncs[-1].sink.states(), start_date=str(since), **settings))
    asked = Asked(since, today, increment=increment)
    assert_same(latest(syncs, "customown"), truth(site, asked), keys_of())


def test_each_account_goes_on_from_its_own_state_and_a_new_one_begins_at_the_start() -> None:
    site = still(accounts=2)
    one, two = site.sandbox.world.accounts
    first = read(site, day(40), account_ids=[one])
    both = read(site, day(40), first.sink.states(), account_ids=[one, two])
    assert days_asked(both.calls, one) == []
    assert days_asked(both.calls, two) == every_day(day(40))
    again = read(site, day(40), both.sink.states(), account_ids=[two])
    assert asked_of_meta(again.calls) == []
    assert set(again.sink.states()["ads_insights"]) >= {one, two}
