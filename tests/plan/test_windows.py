"""Laws of windows: every day once, borders that stay, retention that Meta accepts."""

import calendar
import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from facebook_marketing.plan.windows import (
    EPOCH,
    Increment,
    Window,
    bucket,
    buckets,
    cut,
    days_per_window,
    earliest,
    joined,
    span,
    subtract,
    today,
)

DAY = timedelta(days=1)
ZONES = ("UTC", "America/Los_Angeles", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu")

days = st.dates(date(2019, 1, 1), date(2029, 12, 31))
increments = st.one_of(st.integers(1, 90), st.sampled_from(("weekly", "monthly", "all_days")))
anchors = st.one_of(st.just(EPOCH), days)


@st.composite
def windows(draw: st.DrawFn, longest: int = 500) -> Window:
    since = draw(days)
    return Window(since, since + timedelta(days=draw(st.integers(0, longest))))


def days_of(*found: Window) -> list[date]:
    return sorted(one.since + timedelta(days=n) for one in found for n in range(one.days))


@given(windows(), increments, anchors, st.integers(1, 120))
def test_windows_cover_the_span_exactly_once_newest_first(
    whole: Window, increment: Increment, anchor: date, size: int
) -> None:
    found = cut(whole, increment, anchor, size)
    assert days_of(*found) == days_of(whole)
    assert list(found) == sorted(found, reverse=True)
    assert found == cut(whole, increment, anchor, size)


@given(windows(), increments, anchors, st.integers(1, 120))
def test_a_window_holds_whole_buckets_and_no_more_days_than_asked_unless_it_is_one_bucket(
    whole: Window, increment: Increment, anchor: date, size: int
) -> None:
    borders = {one.since for one in buckets(whole, increment, anchor)}
    for window in cut(whole, increment, anchor, size):
        assert window.since in borders
        assert window.days <= size or len(tuple(buckets(window, increment, anchor))) == 1


@given(days, increments, anchors)
def test_a_bucket_holds_its_day_and_is_the_bucket_of_each_of_its_days(
    day: date, increment: Increment, anchor: date
) -> None:
    found = bucket(day, increment, anchor)
    assert found.since <= day <= found.until
    for other in {max(found.since, day - 40 * DAY), min(found.until, day + 40 * DAY)}:
        assert bucket(other, increment, anchor) == found


@given(days, st.integers(0, 400), st.integers(0, 400), increments, anchors)
def test_bucket_borders_do_not_depend_on_the_day_of_the_sync(
    start: date, first_sync: int, second_sync: int, increment: Increment, anchor: date
) -> None:
    early, late = (start + n * DAY for n in sorted((first_sync, second_sync)))
    before = {one.since for one in buckets(Window(start, early), increment, anchor)}
    after = {one.since for one in buckets(Window(start, late), increment, anchor)}
    assert before == {since for since in after if since <= early}


def test_weeks_begin_on_monday_and_seven_days_agree_with_them_without_a_configured_start() -> None:
    week = Window(date(2026, 11, 16), date(2026, 11, 22))
    assert bucket(date(2026, 11, 22), "weekly", date(2026, 11, 18)) == week
    assert bucket(date(2026, 11, 22), 7, EPOCH) == week
    assert bucket(date(2026, 11, 22), 7, date(2026, 11, 18)) == Window(date(2026, 11, 18), date(2026, 11, 24))


def test_months_are_calendar_months() -> None:
    assert bucket(date(2028, 2, 29), "monthly", EPOCH) == Window(date(2028, 2, 1), date(2028, 2, 29))
    assert bucket(date(2026, 12, 31), "monthly", EPOCH) == Window(date(2026, 12, 1), date(2026, 12, 31))


def test_an_increment_below_one_day_is_refused_with_the_next_step() -> None:
    with pytest.raises(ValueError, match="Next step"):
        bucket(date(2026, 1, 1), 0, EPOCH)


@given(windows(), increments, anchors, st.one_of(st.none(), days))
def test_a_span_grows_to_its_first_border_but_never_before_the_floor_and_stays_open_at_the_end(
    wanted: Window, increment: Increment, anchor: date, floor: date | None
) -> None:
    assume(floor is None or floor <= wanted.since)
    found = span(wanted.since, wanted.until, increment, anchor, floor=floor)
    assert found is not None
    assert found.until == wanted.until
    assert found.since <= wanted.since
    border = bucket(wanted.since, increment, anchor).since
    assert found.since == max(border, floor or (wanted.since if increment == "all_days" else border))


def test_a_span_of_no_days_is_none() -> None:
    assert span(date(2026, 11, 23), date(2026, 11, 22), 1, EPOCH) is None
    assert span(date(2026, 11, 2), date(2026, 11, 22), 1, EPOCH, floor=date(2026, 11, 23)) is None


def test_a_window_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="Next step"):
        Window(date(2026, 11, 22), date(2026, 11, 21))


@given(st.datetimes(datetime(2020, 1, 1), datetime(2029, 1, 1)), st.sampled_from(ZONES))  # noqa: DTZ001
def test_today_is_the_accounts_day(moment: datetime, zone: str) -> None:
    now = moment.replace(tzinfo=UTC)
    assert today(zone, now.timestamp()) == now.astimezone(ZoneInfo(zone)).date()


@pytest.mark.parametrize("change", (date(2026, 3, 8), date(2026, 11, 1)))
def test_days_of_23_and_25_hours_are_one_day_each(change: date) -> None:
    zone = ZoneInfo("America/Los_Angeles")
    midnight = datetime(change.year, change.month, change.day, tzinfo=zone).timestamp()
    seen = [today("America/Los_Angeles", midnight + minutes * 60) for minutes in range(-60, 26 * 60, 10)]
    assert sorted(set(seen)) == [change - DAY, change, change + DAY]
    assert seen == sorted(seen)
    assert Window(change - DAY, change + DAY).days == 3


@pytest.mark.parametrize("name", ("Mars/Olympus", "", "../etc/passwd", "America"))
def test_an_unknown_zone_is_said_with_the_next_step(name: str) -> None:
    with pytest.raises(ValueError, match="Next step"):
        today(name, 1_795_000_000)


@given(st.dates(date(2016, 1, 1), date(2036, 12, 31)), st.sampled_from((6, 13, 37)))
@example(date(2026, 3, 31), 37)
def test_the_retention_floor_keeps_a_day_or_more_inside_metas_limit(day: date, months: int) -> None:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    clamped = date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    floor = earliest(day, months)
    overflowing = date(year, month + 1, 1) + (day.day - 1) * DAY
    assert max(clamped, overflowing) + DAY <= floor <= clamped + 4 * DAY
    assert earliest(day + DAY, months) >= floor


@pytest.mark.parametrize(
    ("rows_per_day", "expected"),
    ((None, 10), (0.0, 180), (1.0, 180), (138.0, 180), (1000.0, 25), (25_000.0, 1), (9e9, 1)),
)
def test_the_window_size_follows_the_rows_a_day(rows_per_day: float | None, expected: int) -> None:
    assert days_per_window(rows_per_day) == expected


near = st.builds(
    lambda since, length: Window(EPOCH + since * DAY, EPOCH + (since + length) * DAY),
    st.integers(0, 60),
    st.integers(0, 30),
)


@given(st.lists(near, max_size=5), st.lists(near, max_size=5))
def test_subtracting_leaves_exactly_the_days_that_were_not_taken(left: list[Window], taken: list[Window]) -> None:
    gone = set(days_of(*taken))
    assert days_of(*subtract(left, taken)) == [day for day in days_of(*left) if day not in gone]


@given(st.lists(near, max_size=8))
def test_joining_keeps_the_days_and_leaves_no_neighbours(found: list[Window]) -> None:
    whole = joined(found)
    assert days_of(*whole) == sorted(set(days_of(*found)))
    assert all(newer.since - older.until > DAY for newer, older in itertools.pairwise(whole))
