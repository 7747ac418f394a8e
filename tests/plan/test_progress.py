"""How state moves: what is due, what a finished window adds, and that nothing goes back."""

import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.plan.progress import (
    Freshness,
    advance_entity,
    closed,
    finish,
    opened,
    resumable,
    to_read,
)
from facebook_marketing.plan.state import UNKNOWN_READ_AT, EntityCursor, Finished, OpenRun, ReportState, instant
from facebook_marketing.plan.windows import EPOCH, Increment, Window, bucket, cut

DAY = timedelta(days=1)
TODAY = date(2026, 11, 22)
START = date(2026, 1, 1)
PACIFIC = "America/Los_Angeles"
FRESH = Freshness(PACIFIC, lookback_days=28, refresh_hours=20)


def at(day: date, hour: int = 12) -> float:
    return datetime.combine(day, time(hour), tzinfo=ZoneInfo(PACIFIC)).timestamp()


NOW = at(TODAY)


def state(cursor: date | None = None, finished: Iterable[Finished] = (), since: date | None = None) -> ReportState:
    return ReportState(cursor=cursor, finished=tuple(finished), fingerprint="f", since=since)


def due(  # noqa: PLR0913 - what a sync knows
    known: ReportState,
    *,
    start: date = START,
    end: date = TODAY,
    now: float = NOW,
    increment: Increment = 1,
    fresh: Freshness = FRESH,
) -> tuple[Window, ...]:
    return to_read(known, Window(start, end), fresh, increment=increment, anchor=EPOCH, now=now)


def done(known: ReportState, window: Window, read_at: float = NOW, start: date = START) -> ReportState:
    return finish(known, window, FRESH, read_at=read_at, start=start)


def synced(known: ReportState, now: float, *, start: date = START, end: date | None = None) -> ReportState:
    """One whole sync, window by window, newest first."""
    last = end or datetime.fromtimestamp(now, ZoneInfo(PACIFIC)).date()
    for block in due(known, start=start, end=last, now=now):
        for window in cut(block, 1, EPOCH, 30):
            known = done(known, window, now, start)
    return known


def test_the_first_sync_reads_everything() -> None:
    assert due(state()) == (Window(START, TODAY),)


def test_the_look_back_counts_from_the_end_of_what_was_read() -> None:
    assert due(state(date(2026, 8, 1))) == (Window(date(2026, 7, 4), TODAY),)
    assert due(state(TODAY)) == (Window(date(2026, 10, 25), TODAY),)


def test_the_look_back_of_a_cursor_ahead_of_today_counts_from_today() -> None:
    assert due(state(date(2121, 7, 25))) == (Window(date(2026, 10, 25), TODAY),)


def test_the_look_back_never_begins_before_the_start() -> None:
    assert due(state(TODAY), start=date(2026, 11, 10)) == (Window(date(2026, 11, 10), TODAY),)


def test_without_a_look_back_the_days_after_the_cursor_and_the_open_day_are_read() -> None:
    assert due(state(date(2026, 11, 20)), fresh=Freshness(PACIFIC, 0)) == (Window(date(2026, 11, 20), TODAY),)


def test_a_window_that_was_read_after_it_froze_is_not_read_again() -> None:
    frozen = Finished(date(2026, 3, 1), date(2026, 3, 31), at(date(2026, 4, 29)), "f")
    assert due(state(None, [frozen])) == (Window(date(2026, 4, 1), TODAY), Window(START, date(2026, 2, 28)))


def test_a_window_that_was_read_too_early_is_read_again_in_the_days_that_could_change() -> None:
    early = Finished(date(2026, 3, 1), date(2026, 3, 31), at(date(2026, 4, 9)), "f")
    look_back, too_early = due(state(TODAY, [early]))
    assert look_back == Window(date(2026, 10, 25), TODAY)
    assert too_early == Window(date(2026, 3, 12), date(2026, 3, 31))


def test_a_look_back_window_is_not_read_twice_within_the_refresh_hours() -> None:
    known = synced(state(), at(TODAY, 1))
    assert due(known, now=at(TODAY, 20))[0] == Window(TODAY, TODAY)
    assert due(known, now=at(TODAY, 20)) == (Window(TODAY, TODAY),)
    assert due(known, now=at(TODAY, 21)) == (Window(date(2026, 10, 25), TODAY),)


def test_a_sync_cut_short_does_not_read_its_windows_again() -> None:
    known = done(state(), Window(date(2026, 10, 24), TODAY), NOW)
    assert due(known, now=NOW + 1800) == (Window(START, date(2026, 10, 23)),)


def test_a_day_that_was_not_over_when_it_was_read_is_read_again_once_it_is_over() -> None:
    late = at(TODAY, 23)
    known = synced(state(), late)
    assert due(known, now=late + 7200, end=TODAY + DAY) == (Window(TODAY, TODAY + DAY),)


def test_a_time_of_reading_in_the_future_is_not_trusted() -> None:
    wrong = Finished(date(2026, 11, 1), TODAY, at(date(2027, 6, 1)), "f")
    assert due(state(TODAY, [wrong])) == (Window(date(2026, 10, 25), TODAY),)


def test_days_of_an_older_form_that_does_not_say_when_it_read_them_are_read_again_in_todays_look_back_only() -> None:
    slices = [Finished(date(2026, 8, 3), date(2026, 11, 1), UNKNOWN_READ_AT, "f")]
    found = due(state(date(2026, 8, 1), slices))
    assert found == (Window(date(2026, 10, 25), TODAY), Window(date(2026, 7, 4), date(2026, 8, 2)))


def test_an_earlier_start_reads_the_days_before_the_old_one() -> None:
    known = synced(state(), NOW, start=date(2026, 6, 1))
    assert known.since == date(2026, 6, 1)
    assert due(known, now=NOW + 60) == (Window(START, date(2026, 5, 31)),)
    assert due(state(TODAY, since=date(2026, 6, 1)))[-1] == Window(START, date(2026, 5, 31))
    assert synced(known, NOW + 60).since == START


def test_days_before_the_old_start_do_not_move_the_cursor_until_they_meet_it() -> None:
    known = state(TODAY, since=date(2026, 6, 1))
    part = done(known, Window(START, date(2026, 2, 1)))
    assert (part.since, part.cursor) == (date(2026, 6, 1), TODAY)
    whole = done(part, Window(date(2026, 2, 2), date(2026, 5, 31)))
    assert (whole.since, whole.cursor) == (START, TODAY)


@pytest.mark.parametrize("increment", (7, "weekly", "monthly", "all_days"))
def test_a_bucket_of_which_one_day_is_due_is_read_whole(increment: Increment) -> None:
    (found,) = due(state(TODAY), increment=increment)
    assert found == Window(max(START, bucket(date(2026, 10, 25), increment, EPOCH).since), TODAY)


@given(
    st.dates(START, TODAY + timedelta(days=400)) | st.none(),
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 60), st.integers(0, 600)), max_size=5),
    st.one_of(st.integers(1, 90), st.sampled_from(("weekly", "monthly", "all_days"))),
)
def test_what_is_due_lies_within_the_wanted_days_in_whole_buckets(
    cursor: date | None, raw: list[tuple[int, int, int]], increment: Increment
) -> None:
    finished = [
        Finished(START + since * DAY, START + (since + length) * DAY, at(START + read * DAY), "f")
        for since, length, read in raw
    ]
    known = state(cursor, finished)
    found = due(known, increment=increment)
    assert found == due(known, increment=increment)
    for window in found:
        assert START <= window.since <= window.until <= TODAY
        assert window.since == max(START, bucket(window.since, increment, EPOCH).since)
        assert window.until == min(TODAY, bucket(window.until, increment, EPOCH).until)


def test_the_cursor_moves_only_over_days_that_are_all_finished() -> None:
    known = done(state(), Window(date(2026, 11, 1), TODAY))
    assert known.cursor is None
    known = done(known, Window(START, date(2026, 3, 1)))
    assert known.cursor == date(2026, 3, 1)
    known = done(known, Window(date(2026, 3, 3), date(2026, 10, 31)))
    assert known.cursor == date(2026, 3, 1)
    assert done(known, Window(date(2026, 3, 2), date(2026, 3, 2))).cursor == TODAY


def test_a_start_that_moved_past_the_old_cursor_begins_a_new_block() -> None:
    known = done(state(date(2026, 2, 1)), Window(date(2026, 6, 1), TODAY), start=date(2026, 6, 1))
    assert (known.since, known.cursor) == (date(2026, 6, 1), TODAY)


def test_a_cursor_of_an_older_form_that_moves_on_does_not_pull_its_look_back_along() -> None:
    old = date(2026, 8, 1)
    known = done(state(old), Window(date(2026, 8, 2), TODAY))
    assert known.cursor == TODAY
    assert due(known, now=NOW + 60) == (Window(date(2026, 7, 4), old),)


windows = st.builds(lambda since, length: (since, length), st.integers(0, 320), st.integers(0, 40))
steps = st.lists(st.tuples(windows, st.integers(0, 400)), max_size=12)


def played(known: ReportState, moves: list[tuple[tuple[int, int], int]]) -> list[ReportState]:
    states = [known]
    for (since, length), read in moves:
        window = Window(START + since * DAY, START + (since + length) * DAY)
        states.append(done(states[-1], window, at(window.until + read * DAY)))
    return states


@given(steps, st.dates(START, TODAY) | st.none())
def test_state_never_goes_back_and_never_claims_an_unread_day(
    moves: list[tuple[tuple[int, int], int]], cursor: date | None
) -> None:
    states = played(state(cursor), moves)
    read = {START + n * DAY for (since, length), _ in moves for n in range(since, since + length + 1)}
    vouched = {START + n * DAY for n in range((cursor - START).days + 1)} if cursor else set()
    for before, after in itertools.pairwise(states):
        assert before.cursor is None or (after.cursor is not None and after.cursor >= before.cursor)
    last = states[-1]
    if last.cursor:
        assert {START + n * DAY for n in range((last.cursor - START).days + 1)} <= read | vouched
    told = days_of(*last.finished)
    assert len(told) == len(set(told))
    assert read <= set(told)
    assert {day for day in told if day >= START} <= read | vouched


def days_of(*found: Window | Finished) -> list[date]:
    return [one.since + n * DAY for one in found for n in range((one.until - one.since).days + 1)]


@given(steps, st.integers(0, 400))
def test_merging_windows_never_makes_a_day_look_fresher_than_it_is(
    moves: list[tuple[tuple[int, int], int]], later: int
) -> None:
    """What is due after merging holds all that the bare list of readings says, and little more."""
    end = TODAY + later * DAY
    last = played(state(), moves)[-1]
    readings: dict[date, float] = {}
    for (since, length), read in moves:
        window = Window(START + since * DAY, START + (since + length) * DAY)
        readings |= dict.fromkeys(days_of(window), at(window.until + read * DAY))
    plain = state(None, [Finished(day, day, read_at, "f") for day, read_at in readings.items()])
    found, bare = (set(days_of(*due(known, end=end, now=at(end)))) for known in (last, plain))
    assert bare <= found
    assert found - bare <= {day for day, read_at in readings.items() if at(end) - read_at < 21 * 3600}


@given(
    st.lists(st.tuples(st.integers(1, 40 * 24), st.integers(1, 9), st.integers(0, 3)), min_size=1, max_size=8),
    st.integers(0, 60) | st.none(),
)
def test_whenever_syncs_happen_and_die_a_whole_sync_leaves_no_day_that_was_only_read_too_early(
    syncs: list[tuple[int, int, int]], old_cursor: int | None
) -> None:
    """`syncs`: hours since the one before, days a window, windows read before it dies."""
    fresh = Freshness(PACIFIC, lookback_days=6, refresh_hours=20)
    known, now = state(), at(START + 61 * DAY)
    read_on: dict[date, tuple[date, float]] = {}
    if old_cursor is not None:
        cursor = START + old_cursor * DAY
        known = state(cursor)
        read_on = dict.fromkeys(days_of(Window(START, cursor)), (cursor, at(cursor)))
    day = START
    for number, (hours, size, lives) in enumerate(syncs):
        now += hours * 3600
        day = datetime.fromtimestamp(now, ZoneInfo(PACIFIC)).date()
        plan = [one for block in due(known, end=day, now=now, fresh=fresh) for one in cut(block, 1, EPOCH, size)]
        for window in plan if number == len(syncs) - 1 else plan[:lives]:
            read_on |= dict.fromkeys(days_of(window), (day, now))
            known = finish(known, window, fresh, read_at=now, start=START)
    assert known.cursor == day
    for one in days_of(Window(START, day)):
        last_day, last_time = read_on[one]
        assert last_day > one + 6 * DAY or (now - last_time < 20 * 3600 and (last_day > one or last_day == day))


def test_state_stays_small_over_years_of_daily_syncs() -> None:
    known = state()
    for day in range(600):
        known = synced(known, at(START + day * DAY), start=START)
    assert known.cursor == START + 599 * DAY
    assert len(known.finished) <= 2
    reads = due(known, end=START + 600 * DAY, now=at(START + 600 * DAY))
    assert reads == (Window(START + 571 * DAY, START + 600 * DAY),)


def test_windows_of_other_settings_do_not_merge() -> None:
    old = Finished(START, date(2026, 3, 31), NOW, "other")
    known = done(replace(state(), finished=(old,)), Window(date(2026, 4, 1), date(2026, 4, 30)))
    assert known.finished == (old, Finished(date(2026, 4, 1), date(2026, 4, 30), NOW, "f"))


def test_a_window_read_again_replaces_what_was_known_of_its_days() -> None:
    known = done(done(state(), Window(START, TODAY), at(TODAY, 1)), Window(date(2026, 11, 1), TODAY), at(TODAY, 9))
    assert known.finished[-1] == Finished(date(2026, 11, 1), TODAY, at(TODAY, 9), "f")


def test_neighbours_read_in_the_same_hour_become_one_window_with_the_earlier_time() -> None:
    known = done(
        done(state(), Window(date(2026, 11, 1), TODAY), NOW), Window(date(2026, 10, 28), date(2026, 10, 31)), NOW + 60
    )
    assert known.finished == (Finished(date(2026, 10, 28), TODAY, NOW, "f"),)
    apart = done(known, Window(date(2026, 10, 25), date(2026, 10, 27)), NOW + 3700)
    assert len(apart.finished) == 2


def test_the_rows_a_day_rise_at_once_and_fall_slowly() -> None:
    window = Window(date(2026, 11, 1), date(2026, 11, 10))
    first = finish(state(), window, FRESH, read_at=NOW, start=START, rows=100)
    assert first.rows_per_day == 10
    assert finish(first, window, FRESH, read_at=NOW, start=START, rows=900).rows_per_day == 90
    assert finish(first, window, FRESH, read_at=NOW, start=START, rows=0).rows_per_day == 5
    assert done(first, window).rows_per_day == 10


RUN = OpenRun("6023920149050", date(2026, 11, 1), date(2026, 11, 20), "f", NOW - 1800)


def test_an_open_run_is_known_until_its_window_is_finished() -> None:
    known = opened(opened(state(), RUN), replace(RUN, run_id="7", until=TODAY))
    assert [run.run_id for run in known.runs] == ["6023920149050", "7"]
    assert opened(known, RUN).runs == (known.runs[1], RUN)
    assert closed(known, "7").runs == (RUN,)
    assert done(known, RUN.window).runs == (known.runs[1],)


@pytest.mark.parametrize(
    ("run", "worth"),
    (
        (RUN, True),
        (replace(RUN, created_at=NOW - 10 * 3600), True),
        (replace(RUN, until=TODAY, created_at=NOW - 10 * 3600), True),
        (replace(RUN, created_at=NOW - 21 * 3600), False),
        (replace(RUN, created_at=NOW + 60), False),
        (replace(RUN, fingerprint="other"), False),
        (replace(RUN, since=START, until=date(2026, 5, 1), created_at=NOW - 20 * 86400), True),
        (replace(RUN, since=START, until=date(2026, 5, 1), created_at=NOW - 29 * 86400), False),
    ),
)
def test_a_run_is_taken_up_while_meta_holds_it_and_its_numbers_are_good(run: OpenRun, worth: bool) -> None:  # noqa: FBT001
    assert resumable(opened(state(), run), FRESH, now=NOW) == ((run,) if worth else ())


def test_a_run_of_a_sync_cut_short_is_taken_up_even_without_a_refresh_time() -> None:
    assert resumable(opened(state(), RUN), Freshness(PACIFIC, refresh_hours=0), now=NOW) == (RUN,)


def test_an_entity_cursor_keeps_the_ids_of_its_very_second() -> None:
    cursor = advance_entity(EntityCursor(None, ("ACTIVE",)), "2026-11-20T10:00:00-0800", ["2", "1"])
    assert cursor == EntityCursor("2026-11-20T10:00:00-0800", ("ACTIVE",), ("1", "2"))
    same = advance_entity(cursor, "2026-11-20T18:00:00+0000", ["3", "1"])
    assert same == replace(cursor, seen=("1", "2", "3"))
    assert advance_entity(same, "2026-11-20T10:00:01-0800", ["4"]).seen == ("4",)
    assert advance_entity(same, "2026-11-20T23:00:00+0900", ["5"]) == same
    assert advance_entity(same, None, []) == same


def test_an_entity_cursor_that_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="soon"):
        advance_entity(EntityCursor(), "soon", [])


moments = st.builds(
    lambda second, hours: (
        datetime.fromtimestamp(1_795_000_000 + second, UTC).astimezone(ZoneInfo(PACIFIC) if hours else UTC).isoformat()
    ),
    st.integers(0, 5),
    st.booleans(),
)


@given(st.lists(st.tuples(moments, st.sets(st.sampled_from("abcd")))), st.randoms())
def test_an_entity_cursor_never_goes_back_and_does_not_depend_on_the_order_of_pages(
    pages: list[tuple[str, set[str]]], random: Random
) -> None:
    def read(some: list[tuple[str, set[str]]]) -> EntityCursor:
        cursor = EntityCursor()
        for value, ids in some:
            moved = advance_entity(cursor, value, ids)
            assert moved.value is not None
            assert cursor.value is None or instant(moved.value) >= instant(cursor.value)
            cursor = moved
        return cursor

    shuffled = random.sample(pages, len(pages))
    one, other = read(pages), read(shuffled)
    assert one.seen == other.seen
    assert one.value is other.value is None or instant(str(one.value)) == instant(str(other.value))
