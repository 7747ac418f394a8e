"""The state that release 1 of the format wrote, kept as a file: every later release reads the same out of it.

A format that grows gets a file of its own beside this one; neither is ever changed.
"""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.test_insights_truth import TINY, day, days_asked, move, still
from facebook_marketing.plan.saved import read_entity, read_report
from facebook_marketing.plan.state import VERSION, write_entity, write_report
from facebook_marketing.plan.statefile import parse_input
from facebook_marketing.plan.windows import Increment
from syncing import ACCOUNT

FOLDER = Path(__file__).parent / "golden"
GOLDEN: dict[str, Any] = json.loads((FOLDER / "state-1.json").read_text(encoding="utf-8"))
STATE: list[dict[str, Any]] = GOLDEN["state"]
MEANING: dict[str, dict[str, Any]] = GOLDEN["meaning"]
GROWN: dict[str, Any] = json.loads((FOLDER / "state-1-entities.json").read_text(encoding="utf-8"))
"""What entities have come to keep since: of what is gone, missing or unread."""
LATER: dict[str, Any] = {"listed_at": None, "compared_at": None, "wanted": [], "asked": [], "unread": [], "spoiled": []}
TODAY = date(2026, 11, 22)
CURSORS = {"activities": "event_time"}
KINDS = {"campaigns": "campaign", "ad_sets": "adset", "ads": "ad"}
OWN = [
    {"name": "weeks", "fields": ["impressions"], "time_increment": "weekly"},
    {"name": "months", "fields": ["impressions"], "time_increment": "monthly"},
    {"name": "whole", "fields": ["impressions"], "time_increment": "all_days", "level": "campaign"},
    {"name": "tens", "fields": ["impressions"], "time_increment": 10},
]


def blobs() -> dict[str, Any]:
    return parse_input(json.dumps(STATE).encode())


def accounts(blob: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(key for key in blob if key.isdigit())


def increment(blob: Mapping[str, Any]) -> Increment:
    found: Increment = blob.get("time_increment_period") or blob["time_increment"]
    return found


def read(name: str, blob: Mapping[str, Any]) -> tuple[Any, dict[str, Any], tuple[str, ...]]:
    """What we read out of a blob, what we write of it again, and what we say about it."""
    numbers = accounts(blob)
    if "time_increment" in blob:
        fingerprint = blob[numbers[0]]["fingerprint"]
        state, notes = read_report(
            blob,
            stream=name,
            increment=increment(blob),
            accounts=numbers,
            fingerprint=fingerprint,
            today=TODAY,
        )
        return state, write_report(state, increment(blob)), notes
    cursor, statuses = CURSORS.get(name, "updated_time"), tuple(blob[numbers[0]]["filter_statuses"])
    entity, said = read_entity(
        blob, stream=name, cursor_field=cursor, accounts=numbers, statuses=statuses, kind=KINDS.get(name), today=TODAY
    )
    return entity, write_entity(entity, cursor_field=cursor), said


@pytest.mark.parametrize("name", MEANING)
def test_what_was_written_then_means_the_same_now(name: str) -> None:
    state, _, notes = read(name, blobs()[name])
    assert json.loads(msgspec.json.encode(state)) == meaning(name)
    assert notes == ()


def meaning(name: str) -> dict[str, Any]:
    """With what later releases know besides, which is nothing here."""
    if name not in (*KINDS, "images", "videos", "activities"):
        return MEANING[name]
    return {"accounts": {one: {**entry, **LATER} for one, entry in MEANING[name]["accounts"].items()}}


@pytest.mark.parametrize("name", GROWN["meaning"])
def test_what_entities_have_come_to_keep_means_the_same_and_is_written_again_byte_for_byte(name: str) -> None:
    blob = parse_input(json.dumps(GROWN["state"]).encode())[name]
    state, written, notes = read(name, blob)
    assert json.loads(msgspec.json.encode(state)) == GROWN["meaning"][name]
    assert msgspec.json.encode(written) == msgspec.json.encode(blob)
    assert notes == ()
    entries = [entry["stream"]["stream_state"][ACCOUNT] for entry in GROWN["state"]]
    assert set(LATER) <= {key for entry in entries for key in entry}


@pytest.mark.parametrize("name", MEANING)
def test_what_was_written_then_is_written_again_byte_for_byte(name: str) -> None:
    assert VERSION == 1, "keep this test for version 1 and add a golden file for the new one"
    _, written, _ = read(name, blobs()[name])
    assert msgspec.json.encode(written) == msgspec.json.encode(blobs()[name])


def test_the_file_holds_every_kind_of_cursor_that_this_release_writes() -> None:
    entries = [entry for blob in blobs().values() for key, entry in blob.items() if key.isdigit()]
    assert {key for entry in entries for key in entry} == {
        "updated_time", "event_time", "filter_statuses", "seen", "date_start", "since", "slices", "finished", "runs",
        "rows_per_day", "fingerprint", "totals", "checked_at", "swept_at",
    }  # fmt: skip
    assert {increment(blob) for blob in blobs().values() if "time_increment" in blob} == {
        1, 10, "weekly", "monthly", "all_days",
    }  # fmt: skip
    assert {len(run) for entry in entries for run in entry.get("runs", ())} == {5, 7}
    assert any(entry.get("seen") for entry in entries)
    assert any(entry.get("filter_statuses") for entry in entries)


def test_a_sync_of_today_writes_the_keys_of_the_file_and_no_others() -> None:
    site = still(TINY)
    done = site.sync(
        ["campaigns", "activities", "ads_insights", "customweeks"],
        start_date=str(day(40)),
        lookback="changed",
        custom_insights=OWN,
    )
    then = blobs()
    for name, blob in done.sink.states().items():
        known = {key for old in (then[name], then["ads_insights"]) for key in old[accounts(old)[0]]}
        assert set(blob[ACCOUNT]) <= known | {"updated_time", "event_time", "filter_statuses", "seen", *LATER}
        assert set(blob) - {ACCOUNT} <= {"version", "time_increment", "time_increment_period"}


def test_a_sync_goes_on_from_the_file_and_not_from_the_start() -> None:
    site = still(TINY)
    move(site, 1)
    then = blobs()
    names = ("campaigns", "ads", "images", "activities", "customweeks")
    settings: dict[str, Any] = {
        "insights_start_date": str(day(60)),
        "custom_insights": OWN,
        "campaign_statuses": ["ACTIVE", "PAUSED"],
    }
    done = site.sync(names, {name: then[name] for name in names}, **settings)
    first = site.sync(names, **settings)
    for name in names:
        assert len(done.sink.rows(name)) < len(first.sink.rows(name)), name
    assert done.outcome.failures == ()
    assert min(days_asked(done.calls)) > day(40)
