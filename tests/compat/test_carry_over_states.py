"""States that `source-facebook-marketing` 0.2.44 to 6.1.9 wrote: each row is one, and what the next sync asks for."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from engine.test_insights_truth import TODAY, asked_of_meta, day, days_asked, every_day, still
from facebook_marketing.plan.state import StateError, instant
from facebook_marketing.plan.statefile import parse_input
from facebook_marketing.sandbox.world import Size
from syncing import ACCOUNT, Site, Synced

SMALL = Size(campaigns=20, adsets=30, ads=60, creatives=20, images=20, videos=12, activities=60, audiences=3)
OTHER = "2345679001234573"
AT = "2026-09-15T10:00:00-0700"
ENTITIES = {
    "campaigns": "updated_time",
    "ad_sets": "updated_time",
    "ads": "updated_time",
    "images": "updated_time",
    "videos": "updated_time",
    "activities": "event_time",
}
CAMPAIGN = ("ACTIVE", "ARCHIVED", "DELETED", "IN_PROCESS", "PAUSED", "WITH_ISSUES")
AD = (
    *CAMPAIGN,
    "CAMPAIGN_PAUSED",
    "ADSET_PAUSED",
    "DISAPPROVED",
    "PENDING_BILLING_INFO",
    "PENDING_REVIEW",
    "PREAPPROVED",
)


def stream_message(name: str, blob: object) -> dict[str, Any]:
    """A state message of today's protocol."""
    return {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": blob}}


def legacy(**blobs: object) -> dict[str, object]:
    """The single object of 0.2.44."""
    return dict(blobs)


def reread(site: Site, names: Sequence[str], state: object, **settings: Any) -> Synced:
    """A sync that goes on from the content of a state file."""
    done = site.sync(names, parse_input(json.dumps(state).encode()), **settings)
    assert done.outcome.failures == ()
    return done


# Entities: by account, the moment from which on rows must come, or None for all of them.


@dataclass(frozen=True)
class Entity:
    """One saved state of an entity stream. `{"": …}` stands for the only account that is configured."""

    stream: str
    blob: Mapping[str, Any]
    since: Mapping[str, str | None]
    notes: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    wrap: Any = stream_message


def one(blob: Mapping[str, Any], stream: str = "campaigns", since: str | None = AT, **more: Any) -> Entity:
    """A row with one account."""
    return Entity(stream, blob, {ACCOUNT: since}, **more)


ENTITY_ROWS: dict[str, Entity] = {
    **{
        f"0.2.44, flat, {name}": one({cursor: AT, "include_deleted": False}, name, wrap=legacy)
        for name, cursor in ENTITIES.items()
    },
    **{
        f"6.1.9, by account, {name}": one({ACCOUNT: {cursor: AT, "filter_statuses": []}}, name)
        for name, cursor in ENTITIES.items()
    },
    "0.2.44, flat, deleted ones were read": one({"updated_time": AT, "include_deleted": True}, wrap=legacy),
    "0.2.44, flat, deleted ones are wanted now": one(
        {"updated_time": AT, "include_deleted": False},
        since=None,
        notes=("ARCHIVED, DELETED now belong",),
        settings={"campaign_statuses": CAMPAIGN},
        wrap=legacy,
    ),
    "0.2.64, one message a stream, still flat": one({"updated_time": AT, "include_deleted": True}),
    "1.3.0, by account, include_deleted above": one({ACCOUNT: {"updated_time": AT}, "include_deleted": False}),
    "1.3.0, by account, include_deleted within, as a number": one(
        {ACCOUNT: {"updated_time": AT, "include_deleted": 1}}
    ),
    "1.3.0, a moment with a blank and short offset": one(
        {ACCOUNT: {"updated_time": "2026-09-15 17:00:00.899176+00", "include_deleted": False}}, "images"
    ),
    "1.4.0, all statuses were read": one({ACCOUNT: {"updated_time": AT, "filter_statuses": list(CAMPAIGN)}}),
    "1.4.0, all statuses were read and are wanted": one(
        {ACCOUNT: {"updated_time": AT, "filter_statuses": list(AD)}}, "ads", settings={"ad_statuses": AD}
    ),
    "1.4.0, fewer statuses are wanted now": one(
        {ACCOUNT: {"updated_time": AT, "filter_statuses": ["ACTIVE", "PAUSED"]}},
        settings={"campaign_statuses": ["ACTIVE"]},
    ),
    "1.4.0, more statuses are wanted now": one(
        {ACCOUNT: {"updated_time": AT, "filter_statuses": ["ACTIVE"]}},
        since=None,
        notes=("PAUSED now belong",),
        settings={"campaign_statuses": ["ACTIVE", "PAUSED"]},
    ),
    "1.4.0, the default was read, archived ones are wanted": one(
        {ACCOUNT: {"updated_time": AT, "filter_statuses": []}},
        "ads",
        None,
        notes=("ARCHIVED now belong",),
        settings={"ad_statuses": ["ACTIVE", "ARCHIVED"]},
    ),
    "6.1.9, images, statuses above": one({ACCOUNT: {"updated_time": AT}, "filter_statuses": []}, "images"),
    "6.1.9, videos, the cursor was lost": one(
        {ACCOUNT: {"updated_time": None}, "filter_statuses": []}, "videos", None, notes=("holds no cursor",)
    ),
    "6.1.9, an empty entry": one({ACCOUNT: {}}, since=None),
    "6.1.9, nothing but the platform's marks": one({"__ab_no_cursor_state_message": True}, since=None),
    "6.1.9, an offset with a colon": one({ACCOUNT: {"updated_time": "2026-09-15T10:00:00-07:00"}}),
    "6.1.9, a bare day": one({ACCOUNT: {"updated_time": "2026-09-15"}}, since="2026-09-15T00:00:00+00:00"),
    "a sign that was lost on the way": one({ACCOUNT: {"updated_time": "2026-09-15T17:00:00 0000"}}),
    "an account by its node": one({f"act_{ACCOUNT}": {"updated_time": AT, "filter_statuses": []}}),
    "two accounts, each where it stood": Entity(
        "campaigns",
        {ACCOUNT: {"updated_time": AT}, OTHER: {"updated_time": "2026-06-01T00:00:00+0000"}},
        {ACCOUNT: AT, OTHER: "2026-06-01T00:00:00+0000"},
    ),
    "a new account begins at the start": Entity(
        "campaigns", {ACCOUNT: {"updated_time": AT, "filter_statuses": []}}, {ACCOUNT: AT, OTHER: None}
    ),
    "one flat cursor for two accounts": Entity(
        "campaigns",
        {"updated_time": AT, "include_deleted": False},
        {ACCOUNT: None, OTHER: None},
        notes=("does not say whose it is",),
    ),
    "an account that is gone": one(
        {"999": {"updated_time": AT}}, since=None, notes=("accounts that are not configured",)
    ),
    "ours": one({"version": 1, ACCOUNT: {"updated_time": AT, "filter_statuses": [], "seen": []}}),
}


def delivered(done: Synced, stream: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in done.sink.rows(stream):
        found.setdefault(row["account_id"], set()).add(json.dumps(row, sort_keys=True, default=str))
    return found


@pytest.mark.parametrize("name", ENTITY_ROWS)
def test_an_entity_goes_on_from_the_state_of_any_version(name: str, caplog: pytest.LogCaptureFixture) -> None:
    row = ENTITY_ROWS[name]
    site = still(SMALL, accounts=2)
    settings = {"account_ids": list(row.since), **row.settings}
    cursor = ENTITIES[row.stream]
    everything = site.sync([row.stream], **settings).sink.rows(row.stream)
    content = legacy(**{row.stream: row.blob}) if row.wrap is legacy else [row.wrap(row.stream, row.blob)]

    with caplog.at_level(logging.INFO):
        done = reread(site, [row.stream], content, **settings)

    wanted: dict[str, set[str]] = {}
    for one in everything:
        since = row.since[one["account_id"]]
        if since is None or instant(one[cursor]) >= instant(since).replace(microsecond=0):
            wanted.setdefault(one["account_id"], set()).add(json.dumps(one, sort_keys=True, default=str))
    assert wanted, "the row proves nothing"
    assert delivered(done, row.stream) == wanted
    said = [
        record.message for record in caplog.records if "saved" in record.message or "statuses asked" in record.message
    ]
    assert [part for part in row.notes if not any(part in text for text in said)] == []
    assert len(said) == len(row.notes)
    saved = done.sink.states()[row.stream]
    for account, since in row.since.items():
        reached = max((one[cursor] for one in everything if one["account_id"] == account), key=instant)
        assert instant(saved[account][cursor]) >= max(instant(reached), instant(since or reached))


def test_the_rows_hold_back_something_so_that_a_full_read_would_be_seen() -> None:
    site = still(SMALL, accounts=2)
    for stream, cursor in ENTITIES.items():
        moments = [instant(row[cursor]) for row in site.sync([stream]).sink.rows(stream)]
        assert min(moments) < instant(AT) < max(moments), stream


# Reports: by account, the days that are asked.


@dataclass(frozen=True)
class Report:
    """One saved state of a report: `since` is the first day that is asked (None: the start); `spared` are not asked."""

    blob: Mapping[str, Any]
    since: Mapping[str, int | None]
    notes: Sequence[str] = ()
    spared: Sequence[int] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    stream: str = "ads_insights"


START = 120
"""Days ago at which all of these reports begin."""
BACK = 40
"""Days ago at which the saved cursors stand."""
AFTER = BACK + 28
CURSOR = str(day(BACK))


def alone(blob: Mapping[str, Any], since: int | None = AFTER, **more: Any) -> Report:
    """A row with one account."""
    return Report(blob, {ACCOUNT: since}, **more)


def x(**settings: Any) -> dict[str, Any]:
    """The settings of a custom insight."""
    return {"custom_insights": [{"name": "x", "fields": ["impressions"], **settings}]}


REPORT_ROWS: dict[str, Report] = {
    "0.2.44, flat": alone({"date_start": CURSOR, "slices": [], "time_increment": 1}),
    "0.2.44, flat, a moment": alone({"date_start": f"{CURSOR}T00:00:00Z", "include_deleted": True}),
    "0.2.44, flat, finished days ahead": alone(
        {"date_start": CURSOR, "slices": [str(day(36)), str(day(35)), str(day(90))], "time_increment": 1},
        spared=(36, 35),
    ),
    "0.2.44, flat, finished days ahead and within today's look-back": alone(
        {"date_start": CURSOR, "slices": [str(day(30)), str(day(5))], "time_increment": 1}, spared=(30,)
    ),
    "0.2.44, flat, finished days and no cursor yet": alone(
        {"slices": [str(day(100))], "time_increment": 1}, None, spared=(100,)
    ),
    "1.3.0, by account, the increment within": alone(
        {ACCOUNT: {"date_start": CURSOR, "slices": [CURSOR], "time_increment": 1}}
    ),
    "6.1.9, by account": alone({ACCOUNT: {"date_start": CURSOR, "slices": []}, "time_increment": 1}),
    "6.1.9, by account, no period": alone(
        {ACCOUNT: {"date_start": CURSOR, "slices": []}, "time_increment": 1, "time_increment_period": None}
    ),
    "6.1.9, by account, by its node": alone({f"act_{ACCOUNT}": {"date_start": CURSOR}, "time_increment": 1}),
    "6.1.9, by account, finished days": alone(
        {ACCOUNT: {"date_start": CURSOR, "slices": [str(day(33))]}, "time_increment": 1}, spared=(33,)
    ),
    "6.1.9, no cursor": alone(
        {ACCOUNT: {"date_start": None, "slices": []}, "time_increment": 1}, None, notes=("holds no cursor",)
    ),
    "6.1.9, nothing yet": alone({ACCOUNT: {}, "time_increment": 1}, None),
    "6.1.9, another increment": alone(
        {ACCOUNT: {"date_start": CURSOR}, "time_increment": 7}, None, notes=("changed from 7 to 1",)
    ),
    "1.3.0, another increment within": alone(
        {ACCOUNT: {"date_start": CURSOR, "time_increment": 7}}, None, notes=("changed from 7 to 1",)
    ),
    "6.1.9, another period": alone(
        {ACCOUNT: {"date_start": CURSOR}, "time_increment": 1, "time_increment_period": "weekly"},
        None,
        notes=("changed from weekly to 1",),
    ),
    "a look-back of one's own": alone(
        {ACCOUNT: {"date_start": CURSOR}, "time_increment": 1}, BACK + 3, settings={"insights_lookback_window": 3}
    ),
    "a cursor of tomorrow": alone(
        {ACCOUNT: {"date_start": "2121-07-25T13:34:26Z"}, "time_increment": 1}, 28, notes=("lies in the future",)
    ),
    "two accounts, each where it stood": Report(
        {ACCOUNT: {"date_start": CURSOR}, OTHER: {"date_start": str(day(60))}, "time_increment": 1},
        {ACCOUNT: AFTER, OTHER: 88},
    ),
    "a new account begins at the start": Report(
        {ACCOUNT: {"date_start": CURSOR}, "time_increment": 1}, {ACCOUNT: AFTER, OTHER: None}
    ),
    "one flat cursor for two accounts": Report(
        {"date_start": CURSOR, "time_increment": 1},
        {ACCOUNT: None, OTHER: None},
        notes=("does not say whose it is",),
    ),
    "a custom insight": alone(
        {ACCOUNT: {"date_start": CURSOR, "slices": []}, "time_increment": 1}, settings=x(), stream="customx"
    ),
    "the old name of the markets": alone(
        {"date_start": CURSOR, "slices": [], "time_increment": 1}, stream="ads_insights_dma"
    ),
    "the old name of the markets by age and region": alone(
        {ACCOUNT: {"date_start": CURSOR}, "time_increment": 1}, stream="ads_insights_demographics_dma_region"
    ),
}


@pytest.mark.parametrize("name", REPORT_ROWS)
def test_a_report_goes_on_from_the_state_of_any_version(name: str, caplog: pytest.LogCaptureFixture) -> None:
    row = REPORT_ROWS[name]
    site = still(accounts=2)
    settings = {"account_ids": list(row.since), "start_date": str(day(START)), **row.settings}
    state = [stream_message(row.stream, row.blob)]

    with caplog.at_level(logging.INFO):
        done = reread(site, [row.stream], state, columns={row.stream: ["impressions"]}, **settings)

    for account, since in row.since.items():
        asked = days_asked(done.calls, account)
        spared = {day(ago) for ago in row.spared}
        delivered_since = _first_delivery(done, row.stream, account) if since is None else day(since)
        wanted = [one for one in every_day(delivered_since) if one not in spared]
        assert [one for one in asked if one >= delivered_since] == wanted
        assert since is None or asked[0] == day(since)
        assert done.sink.states()[row.stream][account]["date_start"] >= str(TODAY)
    said = [record.message for record in caplog.records if "saved" in record.message or "read again" in record.message]
    assert [part for part in row.notes if not any(part in text for text in said)] == []
    assert len(said) == len(row.notes)


def _first_delivery(done: Synced, stream: str, account: str) -> date:
    """Days before the account delivered anything are passed over by one question."""
    return min(date.fromisoformat(row["date_start"]) for row in done.sink.rows(stream) if row["account_id"] == account)


@pytest.mark.parametrize(
    ("saved", "increment"),
    (
        ({"time_increment": 7}, {"time_increment": 7}),
        ({"time_increment": 1, "time_increment_period": "weekly"}, {"time_increment_period": "weekly"}),
        ({"time_increment": 1, "time_increment_period": "monthly"}, {"time_increment_period": "monthly"}),
    ),
)
def test_a_report_of_longer_buckets_goes_on_and_asks_for_whole_ones(
    saved: Mapping[str, Any], increment: Mapping[str, Any]
) -> None:
    site = still()
    state = [stream_message("customx", {ACCOUNT: {"date_start": CURSOR, "slices": []}, **saved})]
    done = reread(site, ["customx"], state, start_date=str(day(START)), **x(**increment))
    first = min(one["since"] for one in asked_of_meta(done.calls))
    assert day(AFTER) - timedelta(days=31) < first <= day(AFTER)
    assert all(date.fromisoformat(row["date_start"]) >= first for row in done.sink.rows("customx"))


# What no sync may go on from.


@pytest.mark.parametrize(
    ("stream", "blob", "word"),
    (
        ("campaigns", {"version": 99, ACCOUNT: {"updated_time": AT}}, "upgrade facebook-marketing"),
        ("ads_insights", {"version": 2, "time_increment": 1}, "upgrade facebook-marketing"),
        ("campaigns", {"date_start": CURSOR, "slices": []}, "of another stream"),
        ("campaigns", {ACCOUNT: {"event_time": AT}}, "of another stream"),
        ("activities", {"updated_time": AT, "include_deleted": False}, "of another stream"),
        ("ads_insights", {ACCOUNT: {"updated_time": AT}}, "of another stream"),
        ("campaigns", {ACCOUNT: {"updated_time": "yesterday"}}, "yesterday"),
        ("ads_insights", {ACCOUNT: {"date_start": 20260101}, "time_increment": 1}, "not a text"),
        ("ads_insights", {ACCOUNT: {"date_start": CURSOR}, "time_increment": "weekly"}, "time_increment"),
    ),
)
def test_a_state_that_cannot_be_used_stops_the_sync_before_anything_is_asked(
    stream: str, blob: Mapping[str, Any], word: str
) -> None:
    site = still()
    with pytest.raises(StateError, match=rf"{word}.*"):
        reread(site, [stream], [stream_message(stream, blob)])
    assert [call for call in site.sandbox.log if call.edge in {"campaigns", "activities", "insights"}] == []


def test_together_the_tables_hold_every_kind_that_was_ever_written() -> None:
    assert len(ENTITY_ROWS) + len(REPORT_ROWS) >= 55
