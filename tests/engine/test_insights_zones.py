"""Days are those of each ad account's own zone: today, the windows, the look-back, also where clocks change."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.test_insights_truth import (
    Asked,
    asked_of_meta,
    assert_same,
    days_asked,
    every_day,
    keys_of,
    move,
    still,
    truth,
)
from syncing import Site
from virtual import START

BERLIN, LOS_ANGELES, TOKYO, AUCKLAND = range(4)
ZONES = ("Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo", "Pacific/Auckland")
COLUMNS = {"ads_insights": ["impressions", "spend", "clicks"]}


def accounts(site: Site) -> list[str]:
    """The accounts' ids in the order of ZONES."""
    return list(site.sandbox.world.accounts)


def days_from_start(local: str, zone: str) -> float:
    """How many days after START this wall-clock time comes."""
    return (datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).timestamp() - START) / 86_400


def test_the_sandbox_has_the_zones_that_these_tests_speak_of() -> None:
    site = still(accounts=4)
    rows = site.sync(["ad_account"]).sink.rows("ad_account")
    assert {row["account_id"]: row["timezone_name"] for row in rows} == dict(zip(accounts(site), ZONES, strict=True))


@pytest.mark.parametrize(
    "now",
    (
        "2026-11-21T12:00", "2026-11-21T07:59", "2026-11-21T08:00", "2026-11-21T10:59", "2026-11-21T11:00",
        "2026-11-21T14:59", "2026-11-21T15:00", "2026-11-21T22:59", "2026-11-21T23:00", "2026-11-22T00:00",
    ),
)  # fmt: skip
def test_today_is_each_accounts_own_today(now: str) -> None:
    site = still(accounts=4)
    move(site, days_from_start(now, "UTC"))
    synced = site.sync(["ads_insights"], start_date="2026-11-18", columns=COLUMNS)
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    for account, zone in zip(accounts(site), ZONES, strict=True):
        today = moment.astimezone(ZoneInfo(zone)).date()
        assert days_asked(synced.calls, account) == every_day(date(2026, 11, 18), today), zone
        asked = Asked(date(2026, 11, 18), today)
        mine = [row for row in synced.sink.rows("ads_insights") if row["account_id"] == account]
        assert_same(mine, truth(site, asked, account), keys_of())
        assert synced.sink.states()["ads_insights"][account]["date_start"] == str(today)


def test_an_account_a_day_ahead_delivers_a_day_that_the_others_do_not_have_yet() -> None:
    site = still(accounts=4)
    rows = site.sync(["ads_insights"], start_date="2026-11-20", columns=COLUMNS).sink.rows("ads_insights")
    last = {row["account_id"]: row["date_start"] for row in sorted(rows, key=lambda row: str(row["date_start"]))}
    ahead = accounts(site)[AUCKLAND]
    assert last.pop(ahead) == "2026-11-22"
    assert set(last.values()) == {"2026-11-21"}


@pytest.mark.parametrize(
    ("account", "local"),
    (
        (BERLIN, "2027-03-28"),  # 23 hours
        (LOS_ANGELES, "2027-03-14"),  # 23 hours
        (AUCKLAND, "2027-04-04"),  # 25 hours
        (TOKYO, "2027-03-28"),  # no change
    ),
)
@pytest.mark.parametrize("hour", ("00:01", "01:30", "03:30", "23:59"))
def test_a_day_on_which_clocks_change_is_today_from_its_first_minute_to_its_last(
    account: int, local: str, hour: str
) -> None:
    site = still(accounts=4)
    move(site, days_from_start(f"{local}T{hour}", ZONES[account]))
    chosen = accounts(site)[account]
    since = date.fromisoformat(local) - timedelta(days=2)
    synced = site.sync(["ads_insights"], account_ids=[chosen], start_date=str(since), columns=COLUMNS)
    assert days_asked(synced.calls, chosen) == every_day(since, date.fromisoformat(local))
    asked = Asked(since, date.fromisoformat(local))
    assert_same(synced.sink.rows("ads_insights"), truth(site, asked, chosen), keys_of())


@pytest.mark.parametrize(
    ("account", "changes"), ((BERLIN, "2026-10-25"), (LOS_ANGELES, "2026-11-01"), (AUCKLAND, "2026-09-27"))
)
def test_a_backfill_over_a_change_of_clocks_has_each_day_once(account: int, changes: str) -> None:
    site = still(accounts=4)
    chosen = accounts(site)[account]
    around = date.fromisoformat(changes)
    since, until = around - timedelta(days=20), around + timedelta(days=20)
    dates: dict[str, Any] = {"start_date": str(since), "end_date": str(min(until, date(2026, 11, 20)))}
    synced = site.sync(["ads_insights"], account_ids=[chosen], columns=COLUMNS, **dates)
    asked = Asked(since, date.fromisoformat(dates["end_date"]))
    assert days_asked(synced.calls, chosen) == every_day(asked.since, asked.until)
    assert_same(synced.sink.rows("ads_insights"), truth(site, asked, chosen), keys_of())
    assert changes in {row["date_start"] for row in synced.sink.rows("ads_insights")}


@pytest.mark.parametrize("account", (BERLIN, LOS_ANGELES, TOKYO, AUCKLAND))
def test_a_day_read_just_before_its_midnight_is_read_again_just_after(account: int) -> None:
    site = still(accounts=4)
    chosen = accounts(site)[account]
    move(site, days_from_start("2026-11-23T23:59", ZONES[account]))
    settings: dict[str, Any] = {"account_ids": [chosen], "start_date": "2026-11-20", "columns": COLUMNS}
    before = site.sync(["ads_insights"], **settings)
    assert before.sink.states()["ads_insights"][chosen]["date_start"] == "2026-11-23"
    move(site, 16 / 1440)  # Meta's numbers move every quarter of an hour
    after = site.sync(["ads_insights"], before.sink.states(), **settings)
    assert days_asked(after.calls, chosen) == every_day(date(2026, 11, 23), date(2026, 11, 24))
    asked = Asked(date(2026, 11, 23), date(2026, 11, 24))
    assert_same(after.sink.rows("ads_insights"), truth(site, asked, chosen), keys_of())


@pytest.mark.parametrize("account", (LOS_ANGELES, AUCKLAND))
def test_the_look_back_is_counted_in_the_accounts_days(account: int) -> None:
    site = still(accounts=4)
    chosen = accounts(site)[account]
    settings: dict[str, Any] = {
        "account_ids": [chosen],
        "start_date": "2026-10-01",
        "columns": COLUMNS,
        "insights_lookback_window": 7,
    }
    first = site.sync(["ads_insights"], **settings)
    move(site, 1.5)
    today = datetime.fromtimestamp(START, ZoneInfo(ZONES[account])).date()
    now = datetime.fromtimestamp(START + 1.5 * 86_400, ZoneInfo(ZONES[account])).date()
    second = site.sync(["ads_insights"], first.sink.states(), **settings)
    assert days_asked(second.calls, chosen) == every_day(today - timedelta(days=7), now)


def test_a_sync_over_midnight_asks_no_day_that_does_not_exist_yet_and_loses_none() -> None:
    site = still(accounts=2)
    chosen = accounts(site)[BERLIN]
    move(site, days_from_start("2026-11-23T23:58", ZONES[BERLIN]))
    settings: dict[str, Any] = {"account_ids": [chosen], "start_date": "2026-11-01", "columns": COLUMNS}
    slow = site.sync(["ads_insights"], latency=60.0, **settings)
    assert max(one["until"] for one in asked_of_meta(slow.calls)) <= date(2026, 11, 24)
    move(site, 1)
    later = site.sync(["ads_insights"], slow.sink.states(), **settings)
    rows = {
        (row["date_start"], row["ad_id"]): row
        for row in (*slow.sink.rows("ads_insights"), *later.sink.rows("ads_insights"))
    }
    asked = Asked(date(2026, 11, 1), date(2026, 11, 24))
    assert_same(list(rows.values()), truth(site, asked, chosen), keys_of())
