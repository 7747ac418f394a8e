"""Laws of the forecast's arithmetic."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.catalog.quotas import Tier
from facebook_marketing.plan.forecast import (
    Basis,
    Forecast,
    Line,
    Pace,
    Rate,
    Spoiling,
    beside,
    least_sure,
    pages,
    polls,
    samples_of,
    walk_calls,
)
from facebook_marketing.plan.windows import Window

DAY = date(2026, 3, 1)
days = st.dates(date(2024, 1, 1), date(2026, 11, 1))
windows = st.builds(lambda since, length: Window(since, since + timedelta(days=length)), days, st.integers(0, 400))
counts = st.dictionaries(days, st.floats(0, 10_000), min_size=1, max_size=6)
samples = counts.map(lambda one: tuple(sorted(one.items())))


@given(st.integers(0, 10_000), st.integers(1, 500))
def test_a_walk_has_a_page_for_each_full_one_and_one_at_least(rows: int, size: int) -> None:
    count = pages(rows, size)
    assert count >= 1
    assert (count - 1) * size < max(rows, 1) <= count * size
    assert walk_calls(rows, size) == count


@given(st.integers(1, 400), st.integers(1, 60), st.integers(1, 80), st.integers(1, 80))
def test_items_that_spoil_their_page_cost_more_never_less(rows: int, size: int, first: int, every: int) -> None:
    count = walk_calls(rows, size, Spoiling(first, every))
    spoiled = len(range(first - 1, rows, every))
    assert count >= pages(rows, size)
    assert count >= 2 * spoiled
    assert (spoiled > 0) or count == pages(rows, size)


@given(samples, days)
def test_a_rate_lies_between_the_days_that_were_counted(counted: tuple[tuple[date, float], ...], day: date) -> None:
    rows = Rate(counted, Basis.PROBED).on(day)
    values = [value for _, value in counted]
    assert min(values) - 1e-6 <= rows <= max(values) + 1e-6


@given(samples)
def test_a_counted_day_has_what_was_counted(counted: tuple[tuple[date, float], ...]) -> None:
    rate = Rate(counted, Basis.PROBED)
    assert [rate.on(day) for day, _ in counted] == pytest.approx([rows for _, rows in counted])


@given(st.floats(0, 5_000), windows)
def test_an_even_rate_adds_up(rows: float, window: Window) -> None:
    assert Rate.even(rows, Basis.LEARNED).over(window) == pytest.approx(rows * window.days, abs=1)


@given(st.integers(0, 50), st.booleans())
def test_each_run_is_polled(runs: int, first: bool) -> None:  # noqa: FBT001
    assert polls(runs, first=first) >= runs
    assert (polls(runs, first=first) == 0) == (runs == 0)
    assert polls(runs, first=True) >= polls(runs, first=False)


@given(st.lists(windows, max_size=4), days)
def test_days_to_count_are_due_days_few_and_over(due: list[Window], over: date) -> None:
    chosen = samples_of(due, over)
    assert len(chosen) <= 4
    assert list(chosen) == sorted(chosen)
    assert all(any(window.since <= day <= window.until for window in due) for day in chosen)
    assert bool(chosen) == bool(due)
    if any(window.since <= over for window in due):
        assert all(day <= over for day in chosen)


@given(st.lists(st.sampled_from(Basis)))
def test_the_whole_is_as_sure_as_its_weakest_part(bases: list[Basis]) -> None:
    order = [Basis.LEARNED, Basis.PROBED, Basis.ASSUMED]
    assert order.index(least_sure(bases)) == max(map(order.index, bases), default=0)


def line(calls: int, account: str = "1", case: str = "ads_insights", rows: int = 0) -> Line:
    return Line("x", account, case, rows=rows, calls={"read a page": calls}, deep=1)


def test_limited_access_takes_as_long_as_its_score_lets_it() -> None:
    lines = (line(450),)
    full = Forecast(lines, 0, Pace(0.1, 16, 0.75, Tier.FULL))
    limited = Forecast(lines, 0, Pace(0.1, 16, 0.75, Tier.LIMITED, active_ads={"1": 10}))
    assert full.seconds() < 5
    assert limited.seconds() == pytest.approx((450 / 45 - 1) * 300, abs=5)
    [share] = limited.quotas()
    assert share.hourly == 600 + 400 * 10
    assert share.percent == pytest.approx(100 * 450 / 4600)


def test_each_account_pays_for_its_own_and_each_use_case_by_itself() -> None:
    lines = (line(10), line(5, case="ads_management"), line(7, account="2"), line(0, account="3"))
    shares = Forecast(lines, 2, Pace(0.1, 4)).quotas()
    assert [(one.account, one.use_case, one.calls) for one in shares] == [
        ("1", "ads_insights", 10),
        ("1", "ads_management", 5),
        ("2", "ads_insights", 7),
    ]


def test_planned_stands_beside_actual_and_streams_only_where_they_differ() -> None:
    forecast = Forecast((line(9, rows=100), Line("y", "1", "ads_management", rows=5)), 1, Pace(0.1, 4))
    table = beside(forecast, 12, {"x": 90, "y": 5}, 60.0)
    assert table[0] == ("Graph calls", "10", "12")
    assert table[1] == ("rows", "105", "95")
    assert [row[0] for row in table] == ["Graph calls", "rows", "minutes", "rows of x"]
