"""A sync that is killed goes on where it stood: nothing is lost, and what was finished is not asked for again."""

import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from engine.test_insights_truth import TINY, Asked, Row, assert_same, day, every_day, key, keys_of, still, truth
from engine.test_insights_truth import asked_of_meta as asked_for
from facebook_marketing.sandbox import Options
from facebook_marketing.sandbox.faults import Fault, Match, Then
from syncing import ACCOUNT, Site, Synced

NAME = "ads_insights"
AGE = "ads_insights_demographics_age"
FIELDS = ("impressions", "spend", "clicks")
COLUMNS = {NAME: list(FIELDS), AGE: list(FIELDS)}
SINCE, UNTIL = day(120), day(31)
DATES: dict[str, Any] = {"start_date": str(SINCE), "end_date": str(UNTIL)}


def read(site: Site, state: Mapping[str, Any] | None = None, **settings: Any) -> Synced:
    """A sync of two reports with small pages, slow enough to be killed in the middle of anything. Time goes on."""
    options = {"columns": COLUMNS, "page_size": 40, "latency": 2.0, **DATES, **settings}
    synced = site.sync([NAME, AGE], state, **options)
    site.now.days += synced.seconds / 86_400
    return synced


def site_of(*faults: Fault, **options: Any) -> Site:
    """A sandbox whose runs take a while."""
    return Site(Options(**{"size": TINY, "faults": faults, "run_seconds": 4.0, "empty_pages": False, **options}))


def wanted(site: Site, stream: str = NAME, account: str = ACCOUNT) -> list[Row]:
    """All rows of these days."""
    return truth(site, Asked(SINCE, UNTIL, fields=FIELDS, breakdowns=("age",) if stream == AGE else ()), account)


def names(stream: str) -> tuple[str, ...]:
    """The key of a stream."""
    return keys_of("ad", ("age",) if stream == AGE else ())


def finished(state: Mapping[str, Any], stream: str, account: str = ACCOUNT) -> set[date]:
    """The days that a state says are delivered."""
    said = state.get(stream, {}).get(account, {})
    spans = [(date.fromisoformat(one[0]), date.fromisoformat(one[1])) for one in said.get("finished", ())]
    return {since + timedelta(days=n) for since, until in spans for n in range((until - since).days + 1)}


def open_days(state: Mapping[str, Any], stream: str, account: str = ACCOUNT) -> set[date]:
    """The days of report runs that a state says Meta still works on."""
    said = state.get(stream, {}).get(account, {})
    spans = [(date.fromisoformat(one[1]), date.fromisoformat(one[2])) for one in said.get("runs", ())]
    return {since + timedelta(days=n) for since, until in spans for n in range((until - since).days + 1)}


def asked_days(synced: Synced, stream: str, account: str = ACCOUNT) -> Iterator[date]:
    """The days for which reports of a stream were asked."""
    for one in asked_for(synced.calls):
        if one["account"] == account and ("breakdowns" in one) == (stream == AGE):
            yield from every_day(one["since"], one["until"])


def rows_of(synced: Synced, stream: str, account: str = ACCOUNT) -> dict[tuple[str, ...], Row]:
    """Rows of an account by key; none came twice within one sync."""
    rows = [row for row in synced.sink.rows(stream) if row["account_id"] == account]
    found = {key(row, names(stream)): row for row in rows}
    assert len(found) == len(rows)
    return found


def assert_goes_on(site: Site, killed: Synced, later: Synced, account: str = ACCOUNT) -> None:
    """Together everything; twice only what the state did not claim; no finished day asked again."""
    state = killed.sink.states()
    assert killed.outcome.statuses == {}, "nobody killed it"
    for stream in (NAME, AGE):
        before, after = rows_of(killed, stream, account), rows_of(later, stream, account)
        done = finished(state, stream, account)
        assert_same(list({**before, **after}.values()), wanted(site, stream, account), names(stream))
        assert not {date.fromisoformat(one[0]) for one in before.keys() & after.keys()} & done
        assert not set(asked_days(later, stream, account)) & done
        claimed = {key(row, names(stream)) for row in wanted(site, stream, account) if _day(row) in done}
        assert claimed <= before.keys()


def _day(row: Row) -> date:
    return date.fromisoformat(row["date_start"])


@cache
def seconds(calls_at_once: int) -> float:
    """How long a sync lasts that nobody kills."""
    return read(site_of(), max_concurrency=calls_at_once).seconds


@pytest.mark.parametrize("seed", range(7))
@pytest.mark.parametrize("calls_at_once", (16, 1))
def test_killed_at_a_random_moment_it_goes_on(seed: int, calls_at_once: int) -> None:
    site = site_of()
    moment = random.Random(seed).uniform(0.1, 1.0) * seconds(calls_at_once)
    killed = read(site, kill_at=moment, max_concurrency=calls_at_once)
    later = read(site, killed.sink.states())
    assert later.outcome.failures == ()
    assert_goes_on(site, killed, later)


@pytest.mark.parametrize("nth", (1, 2, 3, 5, 8, 11, 14, 18, 23, 29, 36))
def test_killed_with_any_request_it_goes_on(nth: int) -> None:
    site = site_of(accounts=2)
    killed = read(site, kill_after=nth)
    later = read(site, killed.sink.states())
    assert later.outcome.failures == ()
    for account in site.sandbox.world.accounts:
        assert_goes_on(site, killed, later, account)


@pytest.mark.parametrize("seed", range(4))
def test_killed_again_and_again_it_comes_to_its_end(seed: int) -> None:
    dice = random.Random(seed)
    site = site_of(run_failure_rate=1 / 7, seed=seed + 1)
    state: Mapping[str, Any] = {}
    rows: dict[str, dict[tuple[str, ...], Row]] = {NAME: {}, AGE: {}}
    for number in range(40):
        synced = read(site, state, **({"kill_after": dice.randint(4, 25)} if number < 30 else {}))
        for stream in rows:
            assert not set(asked_days(synced, stream)) & finished(state, stream)
            rows[stream] |= rows_of(synced, stream)
        state = {**state, **synced.sink.states()}
        if synced.outcome.statuses and not synced.outcome.failures:
            break
    for stream, found in rows.items():
        assert_same(list(found.values()), wanted(site, stream), names(stream))


@pytest.mark.parametrize("seed", range(4))
def test_runs_that_meta_still_works_on_are_read_and_not_made_again(seed: int) -> None:
    dice = random.Random(seed)
    site = site_of(run_seconds=120.0)
    killed = read(site, kill_at=dice.uniform(5.0, 100.0))
    later = read(site, killed.sink.states())
    assert later.outcome.failures == ()
    assert_goes_on(site, killed, later)
    assert any(open_days(killed.sink.states(), stream) for stream in (NAME, AGE))
    for stream in (NAME, AGE):
        assert not set(asked_days(later, stream)) & open_days(killed.sink.states(), stream)


def test_a_run_that_failed_or_died_meanwhile_is_made_again() -> None:
    site = site_of(Fault(match=Match(method="POST", edge="insights", every=2), then=Then(run="fail")), run_seconds=60.0)
    killed = read(site, kill_at=30.0)
    assert open_days(killed.sink.states(), NAME)
    site.sandbox.faults.replace(())
    site.now.days += 0.02
    assert_goes_on(site, killed, read(site, killed.sink.states()))


def test_runs_that_meta_has_forgotten_are_made_again() -> None:
    site = site_of(run_seconds=60.0)
    killed = read(site, kill_at=30.0)
    site.now.days += 45
    later = read(site, killed.sink.states())
    assert later.outcome.failures == ()
    assert_goes_on(site, killed, later)


def test_a_state_of_another_question_does_not_lend_its_runs() -> None:
    site = site_of(run_seconds=60.0)
    killed = read(site, kill_at=30.0)
    columns = {NAME: ["reach"], AGE: ["reach"]}
    later = read(site, killed.sink.states(), columns=columns)
    assert later.outcome.failures == ()
    asked = Asked(SINCE, UNTIL, fields=("reach",))
    assert_same(list(rows_of(later, NAME).values()), truth(site, asked), names(NAME))


@pytest.mark.parametrize("nth", (3, 6, 9, 12, 16, 20))
def test_days_that_still_move_are_there_once_a_killed_sync_went_on(nth: int) -> None:
    site = still(TINY)
    settings: dict[str, Any] = {"start_date": str(day(60)), "end_date": None, "page_size": 15}
    killed = read(site, kill_after=nth, **settings)
    later = read(site, killed.sink.states(), **settings)
    for stream in (NAME, AGE):
        asked = Asked(day(60), fields=FIELDS, breakdowns=("age",) if stream == AGE else ())
        found = {**rows_of(killed, stream), **rows_of(later, stream)}
        assert_same(list(found.values()), truth(site, asked), names(stream))
        assert not set(asked_days(later, stream)) & finished(killed.sink.states(), stream)


@pytest.mark.parametrize("nth", (10, 17, 26, 40))
def test_a_window_that_was_divided_when_the_sync_died_is_not_claimed_as_a_whole(nth: int) -> None:
    site = site_of(run_weight_limit=1200, sync_weight_limit=1200)
    killed = read(site, kill_after=nth)
    later = read(site, killed.sink.states())
    assert later.outcome.failures == ()
    assert_goes_on(site, killed, later)
