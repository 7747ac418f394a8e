"""A window that was read to its end says so, that a table may forget the rows that Meta no longer has."""

from datetime import date, timedelta
from typing import Any

import pytest

from engine.test_insights_truth import COUNTS, day, still
from facebook_marketing.engine.door import Swept
from syncing import Site, Synced

COLUMNS = {"ads_insights": [*COUNTS]}
Held = dict[tuple[str, str], float]
"""Rows of a table: their key, and when they were handed over."""


def read(site: Site, state: dict[str, Any] | None = None, **options: Any) -> Synced:
    return site.sync(["ads_insights"], state, columns=COLUMNS, start_date=str(day(30)), **options)


def swept(sync: Synced) -> list[Swept]:
    return [event for event in sync.sink.events if isinstance(event, Swept)]


def days_of(events: list[Swept]) -> list[date]:
    found = []
    for event in events:
        assert event.window is not None
        since, until = (date.fromisoformat(text) for text in event.window)
        found += [since + timedelta(days=n) for n in range((until - since).days + 1)]
    return sorted(found)


def table(*syncs: Synced, before: Held | None = None) -> Held:
    """What a destination holds that replaces rows by key and forgets what was swept."""
    held = dict(before or {})
    for sync in syncs:
        for at, one in sync.sink.timed:
            if isinstance(one, dict):
                held[one["date_start"], one["ad_id"]] = at
            elif isinstance(one, Swept) and one.window is not None and one.began is not None:
                since, until = one.window
                held = {k: t for k, t in held.items() if not since <= k[0] <= until or t >= one.began}
    return held


def test_each_day_that_was_read_is_swept_once() -> None:
    site = still()
    began = site.now()
    first = read(site)
    assert days_of(swept(first)) == [day(30 - n) for n in range(31)]
    assert all(began <= (event.began or 0) <= began + first.seconds for event in swept(first))


def test_rows_that_meta_no_longer_has_go_and_no_other() -> None:
    site = still()
    old: Held = {(str(day(n)), "gone"): 0.0 for n in (0, 17, 30, 31)}
    assert table(read(site), before=old).keys() - table(read(site)).keys() == {(str(day(31)), "gone")}


@pytest.mark.parametrize("calls", range(3, 40, 4))
def test_a_window_that_a_killed_sync_began_keeps_the_rows_that_it_had(calls: int) -> None:
    whole = table(read(still(), page_size=20))
    site = still()
    killed = read(site, kill_after=calls, page_size=20)
    site.now.days += 0.01
    rest = read(site, killed.sink.states(), page_size=20)
    assert table(killed, rest).keys() == whole.keys()


def test_a_window_that_comes_back_empty_takes_nothing_away() -> None:
    site = still()
    waiting = {"field": "ad.effective_status", "operator": "IN", "value": ["PENDING_REVIEW"]}
    own = {"name": "own", "fields": [*COUNTS], "filtering": [waiting]}
    quiet = site.sync(["customown"], custom_insights=[own], start_date=str(day(30)))
    assert not quiet.sink.rows("customown")
    assert swept(quiet) == []
