"""Date presets, ranges and increments."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.sandbox.errors import GraphError
from facebook_marketing.sandbox.params import Params
from facebook_marketing.sandbox.periods import PRESETS, increment, ranges

SUNDAY = date(2026, 11, 22)
DAYS = st.dates(date(2015, 1, 1), date(2035, 12, 31))


@pytest.mark.parametrize(
    ("preset", "since", "until"),
    (
        ("today", "2026-11-22", "2026-11-22"),
        ("yesterday", "2026-11-21", "2026-11-21"),
        ("last_30d", "2026-10-23", "2026-11-21"),
        ("last_month", "2026-10-01", "2026-10-31"),
        ("this_quarter", "2026-10-01", "2026-11-22"),
        ("last_quarter", "2026-07-01", "2026-09-30"),
        ("last_year", "2025-01-01", "2025-12-31"),
        ("this_week_mon_today", "2026-11-16", "2026-11-22"),
        ("this_week_sun_today", "2026-11-22", "2026-11-22"),
        ("last_week_mon_sun", "2026-11-09", "2026-11-15"),
        ("last_week_sun_sat", "2026-11-15", "2026-11-21"),
        ("maximum", "2023-10-22", "2026-11-22"),
    ),
)
def test_presets_on_a_sunday(preset: str, since: str, until: str) -> None:
    assert PRESETS[preset](SUNDAY) == (date.fromisoformat(since), date.fromisoformat(until))


@given(DAYS, st.sampled_from(tuple(PRESETS)))
def test_no_preset_ends_before_it_starts_or_after_today(today: date, preset: str) -> None:
    since, until = PRESETS[preset](today)
    assert since <= until <= today
    assert (preset.startswith(("last", "yesterday"))) == (until < today)


def test_there_are_twenty_presets_and_the_default_is_the_last_thirty_days() -> None:
    assert len(PRESETS) == 20
    assert ranges(Params(), SUNDAY) == (((SUNDAY - timedelta(30), SUNDAY - timedelta(1)),), True)


def test_time_ranges_beat_time_range_and_switch_the_increment_off() -> None:
    params = Params(
        [
            (
                "time_ranges",
                '[{"since":"2026-01-01","until":"2026-01-02"},{"since":"2026-01-02","until":"2026-01-05"}]',
            ),
            ("time_range", '{"since":"2020-01-01","until":"2020-01-02"}'),
        ]
    )
    found, sliced = ranges(params, SUNDAY)
    assert [(str(since), str(until)) for since, until in found] == [
        ("2026-01-01", "2026-01-02"),
        ("2026-01-02", "2026-01-05"),
    ]
    assert not sliced


def test_days_after_today_are_cut_off() -> None:
    params = Params([("time_range[since]", "2026-11-20"), ("time_range[until]", "2027-01-01")])
    assert ranges(params, SUNDAY)[0] == ((date(2026, 11, 20), SUNDAY),)


def test_a_range_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(GraphError) as caught:
        ranges(Params([("time_range", '{"since":"2026-01-02","until":"2026-01-01"}')]), SUNDAY)
    assert caught.value.code == 100


@pytest.mark.parametrize(("text", "step"), (("1", 1), ("90", 90), ("monthly", "monthly"), ("all_days", "all_days")))
def test_increments_are_days_months_or_the_whole(text: str, step: object) -> None:
    assert increment(Params([("time_increment", text)])) == step


@pytest.mark.parametrize("text", ("0", "91", "weekly", "-1"))
def test_other_increments_are_refused(text: str) -> None:
    with pytest.raises(GraphError):
        increment(Params([("time_increment", text)]))
