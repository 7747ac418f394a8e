"""Saved state in every form: read, or refused with a reason; never dropped silently."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.plan.saved import read_entity, read_report
from facebook_marketing.plan.state import (
    UNKNOWN_READ_AT,
    EntityCursor,
    Finished,
    OpenRun,
    ReportState,
    StateError,
    StreamState,
    Unread,
    write_entity,
    write_report,
)
from facebook_marketing.plan.windows import Increment

TODAY = date(2026, 11, 22)
AT = "2026-11-20T10:00:00-08:00"
EVERY = (
    "ACTIVE", "ADSET_PAUSED", "ARCHIVED", "CAMPAIGN_PAUSED", "DELETED", "DISAPPROVED", "IN_PROCESS", "PAUSED",
    "PENDING_BILLING_INFO", "PENDING_REVIEW", "PREAPPROVED", "WITH_ISSUES",
)  # fmt: skip

EVERY_CAMPAIGN = ("ACTIVE", "ARCHIVED", "DELETED", "IN_PROCESS", "PAUSED", "WITH_ISSUES")

Blob = Mapping[Any, Any] | None


def entity(
    blob: Blob,
    *accounts: str,
    statuses: tuple[str, ...] = (),
    cursor_field: str = "updated_time",
    kind: str | None = "ad",
) -> tuple[StreamState[EntityCursor], tuple[str, ...]]:
    return read_entity(
        blob,
        stream="ads",
        cursor_field=cursor_field,
        accounts=accounts or ("1",),
        statuses=statuses,
        kind=kind,
        today=TODAY,
    )


def report(blob: Blob, *accounts: str, increment: Increment = 1) -> tuple[StreamState[ReportState], tuple[str, ...]]:
    return read_report(
        blob, stream="ads_insights", increment=increment, accounts=accounts or ("1",), fingerprint="f", today=TODAY
    )


@pytest.mark.parametrize(
    ("blob", "expected"),
    (
        (None, None),
        ({}, None),
        ({"version": 1}, None),
        ({"include_deleted": False}, None),
        ({"__ab_full_refresh_sync_complete": True}, None),
        ({"updated_time": "2021-07-25T13:34:26Z"}, "2021-07-25T13:34:26Z"),
        ({"updated_time": "2021-07-25T13:34:26Z", "include_deleted": True}, "2021-07-25T13:34:26Z"),
        ({"updated_time": "2021-07-25T13:34:26+0000", "include_deleted": False}, "2021-07-25T13:34:26+0000"),
        ({"1": {"updated_time": AT}, "include_deleted": False}, AT),
        ({"1": {"updated_time": AT, "include_deleted": True}}, AT),
        ({"1": {"updated_time": AT, "filter_statuses": []}}, AT),
        ({"1": {"updated_time": AT, "filter_statuses": ["ACTIVE", *EVERY]}}, AT),
        ({"1": {"updated_time": AT}, "filter_statuses": []}, AT),
        ({"1": {"updated_time": AT}, "filter_statuses": [], "include_deleted": False}, AT),
        ({"act_1": {"updated_time": AT}}, AT),
        ({1: {"updated_time": AT}}, AT),
        ({"1": {"updated_time": AT}, "2": {"updated_time": "2020-01-01"}}, AT),
        ({"1": {"updated_time": "2026-11-20"}}, "2026-11-20"),
        ({"version": 1, "1": {"updated_time": AT, "filter_statuses": [], "seen": ["7", "8"]}}, AT),
        (
            {"1": {"updated_time": "2023-12-15 19:04:24.899176+00", "include_deleted": 1}},
            "2023-12-15 19:04:24.899176+00",
        ),
        ({"updated_time": "2021-07-25t13:34:26 0000"}, "2021-07-25t13:34:26 0000"),
    ),
)
def test_every_form_of_an_entity_cursor_is_read_without_a_word(blob: Blob, expected: str | None) -> None:
    state, notes = entity(blob)
    assert state.accounts["1"].value == expected
    assert state.accounts["1"].statuses == ()
    assert notes == ()


def test_an_activities_cursor_is_its_event_time() -> None:
    state, notes = entity({"event_time": "2026-11-20T10:00:00+0000"}, cursor_field="event_time")
    assert (state.accounts["1"].value, notes) == ("2026-11-20T10:00:00+0000", ())


def test_the_ids_seen_at_the_cursor_are_read() -> None:
    state, _ = entity({"version": 1, "1": {"updated_time": AT, "seen": ["7", "8"]}})
    assert state.accounts["1"].seen == ("7", "8")


def test_accounts_that_are_not_configured_stay_in_the_state() -> None:
    state, _ = entity({"1": {"updated_time": AT}, "2": {"updated_time": AT, "filter_statuses": ["PAUSED"]}})
    assert state.accounts["2"] == EntityCursor(AT, ("PAUSED",))


@pytest.mark.parametrize(
    ("blob", "accounts", "word"),
    (
        ({"updated_time": AT}, ("1", "2"), "does not say whose"),
        ({"updated_time": AT, "2": {"updated_time": AT}}, ("1", "2"), "does not say whose"),
        ({"1": {"updated_time": None}}, ("1",), "account 1: the saved state holds no cursor"),
        ({"updated_time": None}, ("1",), "account 1: the saved state holds no cursor"),
        ({"9": {"updated_time": AT}}, ("1",), r"not configured \(9\)"),
    ),
)
def test_a_full_read_in_spite_of_saved_state_is_said(blob: Blob, accounts: tuple[str, ...], word: str) -> None:
    state, notes = entity(blob, *accounts)
    assert state.accounts["1"].value is None
    assert len(notes) == 1
    with pytest.raises(AssertionError, match=rf"Stream ads.*{word}"):
        _raise(notes[0])


def _raise(text: str) -> None:
    raise AssertionError(text)


def test_a_key_that_means_nothing_is_named() -> None:
    state, notes = entity({"1": {"updated_time": AT}, "lorem": 1})
    assert state.accounts["1"].value == AT
    assert notes == ("Stream ads: the saved state's lorem means nothing here and is left out",)


def test_a_cursor_in_the_future_is_kept_and_said() -> None:
    state, notes = entity({"updated_time": "2121-07-25T13:34:26Z", "include_deleted": True})
    assert state.accounts["1"].value == "2121-07-25T13:34:26Z"
    assert "lies in the future" in notes[0]


@pytest.mark.parametrize(
    ("saved", "asked", "added"),
    (
        ({"filter_statuses": ["ACTIVE"]}, ("ACTIVE", "PAUSED"), "PAUSED"),
        ({"filter_statuses": []}, ("ACTIVE", "ARCHIVED"), "ARCHIVED"),
        ({"include_deleted": False}, EVERY, "ARCHIVED, DELETED"),
        ({}, ("DELETED",), "DELETED"),
        ({"filter_statuses": ["ACTIVE"]}, (), "PAUSED"),
        ({"filter_statuses": ["ACTIVE", "PAUSED"]}, ("PAUSED", "ACTIVE"), None),
        ({"filter_statuses": ["ACTIVE", "PAUSED"]}, ("ACTIVE",), None),
        ({"filter_statuses": []}, ("ACTIVE", "PAUSED"), None),
        ({"include_deleted": True}, EVERY, None),
        ({"include_deleted": True}, (), None),
    ),
)
def test_statuses_that_widened_drop_the_cursor_with_a_note(
    saved: dict[str, Any], asked: tuple[str, ...], added: str | None
) -> None:
    cursor = {"updated_time": AT}
    for blob in ({"1": cursor | saved}, {"1": cursor, **saved}, cursor | saved):
        state, notes = entity(blob, statuses=asked)
        assert state.accounts["1"] == EntityCursor(None if added else AT, asked)
        assert bool(notes) == bool(added)
        assert added is None or added in notes[0]


@pytest.mark.parametrize(
    ("kind", "every"), (("campaign", EVERY_CAMPAIGN), ("adset", (*EVERY_CAMPAIGN, "CAMPAIGN_PAUSED")), ("ad", EVERY))
)
def test_statuses_that_the_objects_cannot_have_are_none_that_were_hidden(kind: str, every: tuple[str, ...]) -> None:
    saved = {"1": {"updated_time": AT, "filter_statuses": list(every)}}
    assert entity(saved, statuses=(), kind=kind)[1] == ()
    assert entity({"1": {"updated_time": AT}}, statuses=every, kind=kind)[0].accounts["1"].value is None


def test_a_stream_without_statuses_heeds_none_that_were_saved() -> None:
    saved = {"1": {"updated_time": AT, "filter_statuses": ["ACTIVE"]}}
    state, notes = entity(saved, kind=None)
    assert (state.accounts["1"].value, notes) == (AT, ())


@pytest.mark.parametrize(
    "blob",
    (
        {"version": 2, "1": {"updated_time": AT}},
        {"version": "1"},
        {"version": True},
        {"version": 0},
        {"date_start": "2026-11-20", "slices": [], "time_increment": 1},
        {"event_time": AT},
        {"updated_time": AT, "event_time": AT},
        {"1": {"date_start": "2026-11-20", "slices": []}, "time_increment": 1},
        {"1": {"event_time": AT, "filter_statuses": []}},
        {"1": {"bookmark": AT}},
        {"bookmark": AT},
        {"bookmarks": {"ads": AT}},
        {"1": AT},
        {"1": [AT]},
        {"1": {"updated_time": 1_795_000_000}},
        {"1": {"updated_time": "yesterday"}},
        {"updated_time": "yesterday"},
        {"1": {"updated_time": AT, "filter_statuses": "ACTIVE"}},
        {"1": {"updated_time": AT, "filter_statuses": [1]}},
        {"1": {"updated_time": AT, "seen": [7]}},
    ),
)
def test_an_entity_blob_too_new_broken_or_of_another_stream_is_refused_with_the_next_step(blob: Blob) -> None:
    with pytest.raises(StateError, match=r"Stream ads: .*Next step: .*\.$"):
        entity(blob)


def test_a_blob_that_is_no_object_is_refused() -> None:
    with pytest.raises(StateError, match="list, not an object"):
        entity([])  # type: ignore[arg-type]


NOVEMBER = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("blob", "increment"),
    (
        ({"date_start": "2026-11-20", "slices": [], "time_increment": 1}, 1),
        ({"date_start": "2026-11-20T00:00:00Z", "include_deleted": True}, 1),
        ({"date_start": "2026-11-20T00:00:00-08:00", "include_deleted": True}, 28),
        ({"date_start": "2026-11-20"}, 1),
        ({"1": {"date_start": "2026-11-20", "slices": []}, "time_increment": 1}, 1),
        ({"1": {"date_start": "2026-11-20", "slices": None}, "time_increment": 7}, 7),
        ({"1": {"date_start": "2026-11-20T00:00:00+00:00"}, "time_increment": 1, "time_increment_period": None}, 1),
        ({"1": {"date_start": "2026-11-20"}, "time_increment": 1, "time_increment_period": "daily"}, 1),
        ({"1": {"date_start": "2026-11-20"}, "time_increment": 1, "time_increment_period": "weekly"}, "weekly"),
        ({"1": {"date_start": "2026-11-20"}, "time_increment": 30, "time_increment_period": "monthly"}, "monthly"),
        ({"version": 1, "1": {"date_start": "2026-11-20"}, "time_increment_period": "all_days"}, "all_days"),
        ({"act_1": {"date_start": "2026-11-20", "slices": ["2026-11-19", "2026-11-20"]}, "time_increment": 1}, 1),
    ),
)
def test_every_form_of_a_report_cursor_is_read_without_a_word(blob: Blob, increment: Increment) -> None:
    state, notes = report(blob, increment=increment)
    assert state.accounts["1"] == ReportState(cursor=NOVEMBER, fingerprint="f")
    assert notes == ()


@pytest.mark.parametrize("blob", (None, {}, {"version": 1, "time_increment": 1}, {"1": {}, "time_increment": 1}))
def test_no_report_state_is_read_without_a_word(blob: Blob) -> None:
    assert report(blob) == (StreamState({"1": ReportState(fingerprint="f")}), ())


@pytest.mark.parametrize("nested", (False, True))
def test_slices_ahead_of_the_cursor_are_finished_days(nested: bool) -> None:  # noqa: FBT001
    saved = {"date_start": "2026-08-01", "slices": ["2026-08-04", "2026-07-31", "2026-08-03T00:00:00Z", "2026-08-08"]}
    state, notes = report({"1": saved, "time_increment": 1} if nested else {**saved, "time_increment": 1})
    assert state.accounts["1"].finished == (
        Finished(date(2026, 8, 3), date(2026, 8, 4), UNKNOWN_READ_AT, "f"),
        Finished(date(2026, 8, 8), date(2026, 8, 8), UNKNOWN_READ_AT, "f"),
    )
    assert (state.accounts["1"].cursor, notes) == (date(2026, 8, 1), ())


def test_slices_without_a_cursor_are_finished_days() -> None:
    state, notes = report({"1": {"slices": ["2026-08-03"]}, "time_increment": 1})
    assert len(state.accounts["1"].finished) == 1
    assert notes == ()


def test_one_account_s_slices_without_a_name_and_a_cursor_are_its_finished_days() -> None:
    blob = {"slices": ["2026-08-03"], "time_increment": 1}
    assert len(report(blob)[0].accounts["1"].finished) == 1
    state, notes = report(blob, "1", "2")
    assert state.accounts["1"] == ReportState(fingerprint="f")
    assert "does not say whose" in notes[0]


@pytest.mark.parametrize(("increment", "kept"), ((7, True), (1, False)))
def test_a_time_increment_saved_with_the_account_counts(increment: int, kept: bool) -> None:  # noqa: FBT001
    state, notes = report({"1": {"date_start": "2026-11-20", "time_increment": 7}}, increment=increment)
    assert (state.accounts["1"].cursor == NOVEMBER) == kept
    assert (notes == ()) == kept


def test_a_report_cursor_in_the_future_counts_as_today() -> None:
    state, notes = report({"date_start": "2121-07-25T13:34:26Z", "include_deleted": True})
    assert state.accounts["1"].cursor == TODAY
    assert "lies in the future and counts as 2026-11-22" in notes[0]


@pytest.mark.parametrize(
    ("blob", "increment", "word"),
    (
        ({"1": {"date_start": "2026-11-20"}, "time_increment": 1}, 7, "changed from 1 to 7"),
        ({"date_start": "2026-11-20", "time_increment": 7}, 1, "changed from 7 to 1"),
        ({"1": {"date_start": "2026-11-20"}, "time_increment": 1}, "weekly", "changed from 1 to weekly"),
        (
            {"1": {"date_start": "2026-11-20"}, "time_increment": 1, "time_increment_period": "monthly"},
            1,
            "changed from monthly to 1",
        ),
        ({"1": {"date_start": "2026-11-20", "fingerprint": "old"}, "time_increment": 1}, 1, "settings changed"),
        ({"1": {"date_start": None}, "time_increment": 1}, 1, "no cursor"),
        ({"1": {"slices": []}, "time_increment": 1}, 1, "no cursor"),
        ({"9": {"date_start": "2026-11-20"}, "time_increment": 1}, 1, "not configured"),
    ),
)
def test_a_report_that_is_read_again_in_spite_of_saved_state_says_so(
    blob: Blob, increment: Increment, word: str
) -> None:
    state, notes = report(blob, increment=increment)
    assert state.accounts["1"] == ReportState(fingerprint="f")
    assert len(notes) == 1
    assert word in notes[0]


def test_finished_days_of_other_settings_are_not_claimed() -> None:
    days = [["2026-10-01", "2026-10-30", 1.0, "old"], ["2026-11-01", "2026-11-02", 2.0, "f"]]
    state, _ = report({"1": {"date_start": "2026-11-20", "finished": days, "fingerprint": "f"}, "time_increment": 1})
    assert state.accounts["1"].finished == (Finished(date(2026, 11, 1), date(2026, 11, 2), 2.0, "f"),)


def test_one_date_for_several_accounts_is_said_and_left_out() -> None:
    state, notes = report({"date_start": "2026-11-20", "time_increment": 1}, "1", "2")
    assert state.accounts["1"] == state.accounts["2"] == ReportState(fingerprint="f")
    assert "does not say whose" in notes[0]


@pytest.mark.parametrize(
    "blob",
    (
        {"version": 2, "time_increment": 1},
        {"updated_time": AT},
        {"1": {"updated_time": AT}},
        {"1": {"updated_time": AT, "filter_statuses": []}},
        {"lorem": "ipsum"},
        {"1": {"date_start": "soon"}},
        {"1": {"date_start": 20261120}},
        {"1": {"date_start": "0001-01-01"}},
        {"1": {"date_start": "2026-11-20", "slices": ["x"]}},
        {"1": {"date_start": "2026-11-20", "slices": 3}},
        {"1": {"date_start": "2026-11-20"}, "time_increment": "1"},
        {"1": {"date_start": "2026-11-20"}, "time_increment": True},
        {"1": {"date_start": "2026-11-20"}, "time_increment_period": "hourly"},
        {"1": {"date_start": "2026-11-20"}, "time_increment_period": ["weekly"]},
        {"1": {"date_start": "2026-11-20", "finished": [["2026-11-20", "2026-11-19", 1.0, "f"]]}},
        {"1": {"date_start": "2026-11-20", "finished": [["2026-11-19", "2026-11-20", 1.0]]}},
        {"1": {"date_start": "2026-11-20", "finished": [["2026-11-19", "2026-11-20", "noon", "f"]]}},
        {"1": {"date_start": "2026-11-20", "finished": 1}},
        {"1": {"date_start": "2026-11-20", "runs": [["7", "2026-11-20", "2026-11-19", "f", 1.0]]}},
        {"1": {"date_start": "2026-11-20", "runs": [[7, "2026-11-19", "2026-11-20", "f", 1.0]]}},
        {"1": {"date_start": "2026-11-20", "rows_per_day": -1}},
        {"1": {"date_start": "2026-11-20", "rows_per_day": float("nan")}},
        {"1": {"date_start": "2026-11-20", "fingerprint": 3}},
        {"1": {"date_start": "2026-11-20", "since": "2026-11-21"}},
        {"1": {"since": "2026-11-21"}},
        {"1": {"date_start": "2026-11-20", "fingerprint": "f", "totals": ["2026-11-20"]}},
        {"1": {"date_start": "2026-11-20", "fingerprint": "f", "totals": {"2026-11-20": 7}}},
        {"1": {"date_start": "2026-11-20", "fingerprint": "f", "totals": {"yesterday": "a1"}}},
        {"1": {"date_start": "2026-11-20", "swept_at": "noon"}},
        {"1": {"date_start": "2026-11-20", "checked_at": -1}},
    ),
)
def test_a_report_blob_too_new_broken_or_of_another_stream_is_refused_with_the_next_step(blob: Blob) -> None:
    with pytest.raises(StateError, match=r"Stream ads_insights: .*Next step: .*\.$"):
        report(blob)


def test_a_newer_version_says_to_upgrade() -> None:
    with pytest.raises(StateError, match=r"version 7, and this release reads up to 1\. Next step: upgrade"):
        report({"version": 7, "1": {"date_start": {"new": "shape"}}})


def test_the_blobs_have_the_layout_that_older_readers_know() -> None:
    cursors = StreamState({"2": EntityCursor(), "1": EntityCursor(AT, ("ACTIVE",), ("7",))})
    assert write_entity(cursors, cursor_field="updated_time") == {
        "version": 1,
        "1": {"updated_time": AT, "filter_statuses": ["ACTIVE"], "seen": ["7"]},
    }
    known = ReportState(
        cursor=NOVEMBER,
        finished=(Finished(date(2026, 10, 1), date(2026, 10, 30), 1_795_000_000.0, "f"),),
        runs=(OpenRun("6023920149050", date(2026, 11, 1), NOVEMBER, "f", 1_795_000_001.5),),
        rows_per_day=12.5,
        fingerprint="f",
        since=date(2026, 10, 1),
    )
    assert write_report(StreamState({"1": known, "2": ReportState(fingerprint="f")}), "weekly") == {
        "version": 1,
        "time_increment": 1,
        "time_increment_period": "weekly",
        "1": {
            "date_start": "2026-11-20",
            "since": "2026-10-01",
            "slices": [],
            "finished": [["2026-10-01", "2026-10-30", 1_795_000_000.0, "f"]],
            "runs": [["6023920149050", "2026-11-01", "2026-11-20", "f", 1_795_000_001.5]],
            "rows_per_day": 12.5,
            "fingerprint": "f",
        },
    }


def test_daily_totals_are_saved_by_day_and_dropped_with_other_settings() -> None:
    known = ReportState(NOVEMBER, fingerprint="f", totals={NOVEMBER: "a1"}, checked_at=2.5, swept_at=1.5)
    blob = write_report(StreamState({"1": known}), 1)
    saved = {"totals": {"2026-11-20": "a1"}, "checked_at": 2.5, "swept_at": 1.5}
    assert blob["1"].items() >= saved.items()
    assert report(blob)[0].accounts["1"] == known
    blob["1"]["fingerprint"] = "old"
    assert report(blob)[0].accounts["1"] == ReportState(fingerprint="f")


def through_json(blob: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(blob))
    return found


statuses = st.lists(st.sampled_from(EVERY), unique=True).map(tuple)
ids = st.lists(st.text("0123456789", min_size=1, max_size=4), max_size=3).map(tuple)
moments = st.datetimes().filter(lambda moment: 2000 < moment.year < TODAY.year).map(lambda moment: moment.isoformat())


unread = st.lists(st.builds(Unread, ids.map("".join), ids.map("".join), moments | st.none(), st.integers(0, 9)))
cursors = st.builds(
    EntityCursor,
    moments,
    seen=ids,
    listed_at=st.none() | st.floats(0, 2e9),
    compared_at=st.none() | st.floats(0, 2e9),
    wanted=ids,
    asked=ids,
    unread=unread.map(tuple),
    spoiled=ids,
) | st.just(EntityCursor())


@given(st.dictionaries(st.sampled_from("123"), cursors), statuses)
def test_entity_state_written_and_read_is_the_same(known: dict[str, EntityCursor], asked: tuple[str, ...]) -> None:
    state = StreamState({account: replace(cursor, statuses=asked) for account, cursor in known.items()})
    blob = through_json(write_entity(state, cursor_field="updated_time"))
    found, notes = read_entity(
        blob, stream="ads", cursor_field="updated_time", accounts=tuple(known), statuses=asked, kind="ad", today=TODAY
    )
    assert found == state
    assert notes == ()


days = st.dates(date(2015, 1, 1), TODAY)
lengths = st.integers(0, 90).map(lambda days: timedelta(days=days))
seconds = st.floats(0, 4e9)
reports = st.builds(
    ReportState,
    cursor=st.none(),
    finished=st.lists(
        st.builds(lambda day, length, at: Finished(day, day + length, at, "f"), days, lengths, seconds), max_size=4
    ).map(tuple),
    runs=st.lists(
        st.builds(lambda day, length, at: OpenRun("6023", day, day + length, "f", at), days, lengths, seconds),
        max_size=3,
    ).map(tuple),
    rows_per_day=st.none() | seconds,
    fingerprint=st.just("f"),
    totals=st.dictionaries(days, st.text("0123456789abcdef", min_size=16, max_size=16), max_size=4),
    checked_at=st.none() | seconds,
    swept_at=st.none() | seconds,
) | st.builds(
    lambda since, length: ReportState(cursor=min(since + length, TODAY), since=since, fingerprint="f"), days, lengths
)


@given(
    st.dictionaries(st.sampled_from("123"), reports, min_size=1),
    st.integers(1, 90) | st.sampled_from(("weekly", "monthly", "all_days")),
)
def test_report_state_written_and_read_is_the_same(known: dict[str, ReportState], increment: Increment) -> None:
    blob = through_json(write_report(StreamState(known), increment))
    assert report(blob, *known, increment=increment) == (StreamState(known), ())
