"""Days told by their totals: what is left out was delivered, did not move, and waits a week at most."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.plan.lookback import MOST_PIECES, Seen, bridged, compared, probed, still, sweeps
from facebook_marketing.plan.progress import Freshness, finish, to_read
from facebook_marketing.plan.state import Finished, ReportState
from facebook_marketing.plan.windows import EPOCH, Window, joined

DAY = timedelta(days=1)
TODAY = date(2026, 11, 22)
START = date(2026, 9, 1)
ZONE = "America/Los_Angeles"
FRESH = Freshness(ZONE, lookback_days=28, refresh_hours=20)
WANTED = Window(START, TODAY)


def at(day: date, hour: int = 12) -> float:
    return datetime.combine(day, time(hour), tzinfo=ZoneInfo(ZONE)).timestamp()


NOW = at(TODAY)
YESTERDAY = NOW - 86_400


def days_of(*windows: Window) -> list[date]:
    return sorted(one.since + n * DAY for one in windows for n in range(one.days))


def ago(*days: int) -> list[date]:
    return sorted(TODAY - n * DAY for n in days)


def known(totals: dict[date, str], **settings: object) -> ReportState:
    """Everything up to yesterday was read a day ago."""
    finished = (Finished(START, TODAY - DAY, YESTERDAY, "f"),)
    state = ReportState(cursor=TODAY - DAY, finished=finished, fingerprint="f", swept_at=YESTERDAY)
    return replace(state, totals=totals, **settings)  # type: ignore[arg-type]


def due(state: ReportState, now: float = NOW) -> tuple[Window, ...]:
    return to_read(state, WANTED, FRESH, increment=1, anchor=EPOCH, now=now)


def look_back(digest: str = "a") -> dict[date, str]:
    return dict.fromkeys(ago(*range(2, 30)), digest)


def left_out(state: ReportState, seen: Seen | None, now: float = NOW) -> list[date]:
    return days_of(*still(state, due(state, now), FRESH, now=now, seen=seen))


def test_a_day_whose_total_is_the_same_is_left_out_and_one_that_moved_is_not() -> None:
    state = known(look_back())
    seen = Seen(look_back() | dict.fromkeys(ago(3, 9), "b"), NOW)
    assert left_out(state, seen) == [day for day in ago(*range(2, 30)) if day not in ago(3, 9)]


def test_a_day_without_a_total_then_or_now_is_read() -> None:
    totals = look_back()
    del totals[TODAY - 5 * DAY]
    seen = Seen({day: digest for day, digest in look_back().items() if day != TODAY - 6 * DAY}, NOW)
    assert not {*ago(0, 1, 5, 6)} & {*left_out(known(totals), seen)}


def test_a_total_of_a_day_that_was_never_delivered_says_nothing() -> None:
    state = replace(known(look_back()), finished=(), cursor=None)
    assert left_out(state, Seen(look_back(), NOW)) == []


@pytest.mark.parametrize(
    ("age", "sweep"), ((0, False), (6 * 24, False), (6.9 * 24, True), (7 * 24, True), (800, True), (-1, True))
)
def test_a_week_after_the_last_sweep_everything_is_read(age: float, *, sweep: bool) -> None:
    state = known(look_back(), swept_at=NOW - age * 3600)
    assert sweeps(state, NOW) is sweep
    assert (left_out(state, Seen(look_back(), NOW)) == []) is sweep


def test_a_state_that_was_never_swept_is_read_whole() -> None:
    assert left_out(known(look_back(), swept_at=None), Seen(look_back(), NOW)) == []


@pytest.mark.parametrize(("hours", "trusted"), ((0, True), (19, True), (20, False), (-1, False)))
def test_without_a_probe_a_comparison_holds_for_the_refresh_time(hours: float, *, trusted: bool) -> None:
    state = known(look_back(), checked_at=NOW - hours * 3600)
    assert bool(left_out(state, None)) is trusted


def test_a_probe_covers_what_may_be_due_since_the_last_sweep_and_is_over() -> None:
    assert probed(WANTED, FRESH, NOW) == Window(TODAY - 35 * DAY, TODAY - DAY)
    assert probed(Window(TODAY - 4 * DAY, TODAY), FRESH, NOW) == Window(TODAY - 4 * DAY, TODAY - DAY)
    assert probed(Window(START, START + DAY), FRESH, NOW) is None
    assert probed(Window(TODAY, TODAY), FRESH, NOW) is None


def test_days_about_to_be_read_and_days_that_moved_are_unknown_until_they_are_delivered() -> None:
    state = known(look_back() | {START: "old"})
    seen = Seen(look_back() | dict.fromkeys(ago(4), "b"), NOW)
    after = compared(state, [Window(TODAY - 3 * DAY, TODAY)], seen)
    assert sorted(after.totals) == ago(*range(5, 30))
    assert after.checked_at == NOW
    refused = compared(state, [Window(TODAY - 3 * DAY, TODAY)], None)
    assert sorted(refused.totals) == sorted([START, *ago(*range(4, 30))])
    assert refused.checked_at is None


def test_a_delivered_window_keeps_the_totals_from_before_it_was_read() -> None:
    window = Window(TODAY - 3 * DAY, TODAY)
    seen = Seen(look_back("b"), NOW)
    assert seen.within(window, NOW) == dict.fromkeys(ago(2, 3), "b")
    assert seen.within(window, NOW - 1) == {}
    after = finish(known(look_back()), window, FRESH, read_at=NOW, start=START, totals=seen.within(window, NOW))
    assert after.totals == look_back() | dict.fromkeys(ago(2, 3), "b")


def test_a_window_delivered_without_totals_forgets_the_old_ones() -> None:
    after = finish(known(look_back()), Window(TODAY - 3 * DAY, TODAY), FRESH, read_at=NOW, start=START)
    assert sorted(after.totals) == ago(*range(4, 30))


def test_many_pieces_are_joined_over_cheap_days_and_few_are_left_alone() -> None:
    pieces = [Window(day, day) for day in ago(1, 3, 6, 10, 15, 21)]
    assert days_of(*bridged(pieces, 9)) == ago(1, 2, 3, 4, 5, 6, 10, 15, 21)
    assert days_of(*bridged(pieces, 1)) == ago(1, 2, 3, 6, 10, 15, 21)
    assert days_of(*bridged(pieces, 0)) == ago(1, 3, 6, 10, 15, 21)
    assert bridged(pieces[:MOST_PIECES], 9) == tuple(sorted(pieces[:MOST_PIECES], reverse=True))


numbers = st.integers(0, 60)
totals = st.dictionaries(numbers.map(lambda n: TODAY - n * DAY), st.sampled_from("ab"))
ages = st.none() | st.floats(-2 * 86_400, 20 * 86_400)
readings = st.lists(st.tuples(numbers, st.integers(0, 20), st.integers(0, 40 * 24)), max_size=6)


@given(readings, totals, st.none() | totals, ages, ages, st.sets(numbers))
def test_what_is_left_out_was_delivered_did_not_move_and_was_swept_within_a_week(  # noqa: PLR0913, PLR0917 - all that counts
    read: list[tuple[int, int, int]],
    old: dict[date, str],
    new: dict[date, str] | None,
    swept: float | None,
    checked: float | None,
    asked: set[int],
) -> None:
    finished = tuple(
        Finished(TODAY - (since + length) * DAY, TODAY - since * DAY, NOW - hours * 3600, "f")
        for since, length, hours in read
    )
    state = ReportState(
        finished=finished,
        fingerprint="f",
        totals=old,
        swept_at=None if swept is None else NOW - swept,
        checked_at=None if checked is None else NOW - checked,
    )
    wanted = [Window(day, day) for day in ago(*asked)]
    seen = None if new is None else Seen(new, NOW)
    found = still(state, wanted, FRESH, now=NOW, seen=seen)
    delivered = {*days_of(*(one.window for one in finished))}
    for day in days_of(*found):
        assert day in delivered
        assert day in ago(*asked)
        assert swept is not None
        assert 0 <= swept < 7 * 86_400
        assert old[day] == new[day] if new is not None else (checked is not None and checked < 20 * 3600)
    reading = [day for day in ago(*asked) if day not in days_of(*found)]
    after = compared(state, [Window(day, day) for day in reading], seen)
    assert not {*reading} & after.totals.keys()
    assert {*days_of(*found)} <= after.totals.keys() <= old.keys()


@given(st.sets(numbers), st.integers(0, 30))
def test_bridging_loses_no_day_and_adds_only_gaps_that_are_cheap(days: set[int], cheap: int) -> None:
    pieces = joined(Window(day, day) for day in ago(*days))
    found = bridged(pieces, cheap)
    assert {*ago(*days)} <= {*days_of(*found)}
    added = joined(Window(day, day) for day in {*days_of(*found)} - {*ago(*days)})
    assert all(gap.days <= cheap for gap in added)
    left = [(b.since - a.until).days - 1 for a, b in pairwise(sorted(found))]
    assert len(found) <= MOST_PIECES or min(left) > cheap
    assert len(found) >= min(len(pieces), MOST_PIECES)
