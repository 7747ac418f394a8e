"""Report runs pass through their states by the clock, and their numbers are those of their completion."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.sandbox.errors import GraphError
from facebook_marketing.sandbox.insights import Query, cut, rows
from facebook_marketing.sandbox.runs import Runs
from truth import NOON, Still, day, make_world, question

ORDER = ["Job Not Started", "Job Started", "Job Running", "Job Completed"]


@pytest.fixture
def clock() -> Still:
    return Still()


@pytest.fixture
def runs(clock: Still) -> Runs:
    return Runs(make_world(clock), seed=1, seconds=100.0)


def asked(runs: Runs, **changes: Any) -> Query:
    return question(runs._world, asynchronous=True, **changes)


def poll(runs: Runs, run: str) -> dict[str, Any]:
    row = runs.node(run)
    assert row is not None
    return row


def after(clock: Still, seconds: float) -> None:
    clock.at = NOON + seconds


def test_a_new_run_cannot_be_seen_at_once(clock: Still, runs: Runs) -> None:
    run = runs.create(asked(runs))
    assert run.isdigit()
    assert runs.node(run) is None
    after(clock, 0.5)
    assert poll(runs, run)["async_status"] == "Job Not Started"


def test_a_run_passes_every_state_in_order_and_stands_at_100_percent_while_running(clock: Still, runs: Runs) -> None:
    run = runs.create(asked(runs))
    seen, percents = [], []
    for second in range(1, 140):
        after(clock, second)
        row = poll(runs, run)
        seen.append(row["async_status"])
        percents.append(row["async_percent_completion"])
        assert row["is_running"] == (row["async_status"] != "Job Completed")
        assert ("time_completed" in row) == (row["async_status"] == "Job Completed")
    assert list(dict.fromkeys(seen)) == ORDER
    assert percents == sorted(percents)
    assert ("Job Running", 100) in zip(seen, percents, strict=True)


def test_a_completed_run_has_this_shape(clock: Still, runs: Runs) -> None:
    run = runs.create(asked(runs, ranges=cut(day(40), day(11), 1)))
    after(clock, 140)
    row = poll(runs, run)
    assert row == {
        "id": run, "account_id": "1234567890123456", "time_ref": int(NOON), "time_completed": row["time_completed"],
        "async_status": "Job Completed", "async_percent_completion": 100, "is_running": False, "is_async_export": 0,
        "is_bookmarked": False, "date_start": "2026-10-13", "date_stop": "2026-11-11",
    }  # fmt: skip
    assert isinstance(row["time_completed"], int)


def test_rows_cannot_be_read_before_completion(clock: Still, runs: Runs) -> None:
    run = runs.create(asked(runs))
    after(clock, 50)
    with pytest.raises(GraphError) as caught:
        runs.result(run)
    assert (caught.value.code, caught.value.subcode, caught.value.transient) == (2601, 1815107, True)
    assert caught.value.message == "Error accessing adreport job."


def test_the_numbers_are_those_of_the_completion(clock: Still, runs: Runs) -> None:
    world = runs._world
    run = runs.create(asked(runs, ranges=((day(1), day(0)),), level="account"))
    after(clock, 140)
    first = list(rows(runs.result(run), world))
    after(clock, 5 * 86_400)
    assert list(rows(runs.result(run), world)) == first
    assert list(rows(asked(runs, ranges=((day(1), day(0)),), level="account"), world)) != first


def test_a_failed_run_says_why(clock: Still, runs: Runs) -> None:
    run = runs.create(asked(runs), fail=(2, 1504044, "An unknown error occurred."))
    after(clock, 140)
    row = poll(runs, run)
    assert (row["async_status"], row["error_code"], row["error_subcode"]) == ("Job Failed", 2, 1504044)
    assert {"error_message", "error_user_title", "error_user_msg"} <= set(row)
    with pytest.raises(GraphError):
        runs.result(run)


def test_a_failure_without_a_subcode_has_no_subcode(clock: Still, runs: Runs) -> None:
    run = runs.create(asked(runs), fail=(613, 0, "(#613) Custom Analytics metrics exceeded the rate limit."))
    after(clock, 140)
    assert "error_subcode" not in poll(runs, run)


def test_a_stuck_run_stays_at_nothing_and_a_skipped_one_ends_there(clock: Still, runs: Runs) -> None:
    stuck, skipped = runs.create(asked(runs), stuck=True), runs.create(asked(runs), skip=True)
    after(clock, 3_600)
    assert (poll(runs, stuck)["async_status"], poll(runs, stuck)["async_percent_completion"]) == ("Job Running", 0)
    assert poll(runs, skipped)["async_status"] == "Job Skipped"
    assert poll(runs, skipped)["is_running"] is False


def test_incrementality_by_country_fails(clock: Still, runs: Runs) -> None:
    run = runs.create(asked(runs, breakdowns=("country",), attribution_windows=("incrementality",)))
    after(clock, 140)
    assert poll(runs, run)["async_status"] == "Job Failed"


def test_a_run_lives_30_days(clock: Still, runs: Runs) -> None:
    run = runs.create(asked(runs))
    after(clock, 29.9 * 86_400)
    assert runs.result(run).level == "ad"
    after(clock, 30 * 86_400)
    assert runs.node(run) is None
    with pytest.raises(GraphError) as caught:
        runs.result(run)
    assert (caught.value.code, caught.value.subcode, caught.value.type) == (100, 33, "GraphMethodException")


def test_an_unknown_run_is_none(runs: Runs) -> None:
    assert runs.node("6023920149050") is None


@given(seeds=st.tuples(st.integers(1, 50), st.integers(51, 100)))
def test_runs_of_different_books_never_share_an_id(seeds: tuple[int, int]) -> None:
    world = make_world()
    made = [Runs(world, seed=seed).create(question(world)) for seed in seeds for _ in range(1)]
    one = Runs(world, seed=seeds[0])
    more = [one.create(question(world)) for _ in range(5)]
    assert len(set(more)) == 5
    assert len(set(made)) == 2
    assert more[0] == made[0]
