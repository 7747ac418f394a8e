"""Sweeps: which objects are there is told to a sink that wants to know, never when the list was not whole."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from engine.test_creatives import refusing
from engine.test_missing import EDGE, ENTITIES, MEDIUM, hidden, site_of, world
from facebook_marketing.engine.door import Present, Swept
from facebook_marketing.sandbox.faults import Fault, Match, Then
from syncing import ACCOUNT, Site, Synced

LISTED_WHOLE = ("ad_creatives", "images", "videos", "custom_conversions", "custom_audiences")


def swept(synced: Synced) -> list[tuple[str, str]]:
    return [(event.stream, event.account) for event in synced.sink.events if isinstance(event, Swept)]


def there(synced: Synced, name: str, account: str = ACCOUNT) -> set[str]:
    """What a sink knows to be there at the end of the sync."""
    present = [one for one in synced.sink.events if isinstance(one, Present)]
    said = {key for one in present if (one.stream, one.account) == (name, account) for key in one.keys}
    rows = {row["id"] for row in synced.sink.rows(name) if row.get("account_id", account) == account}
    return said | rows


def at_meta(site: Site, name: str, account: str = ACCOUNT) -> set[str]:
    """What is there: all but what is DELETED."""
    return {k for k, row in world(site, name, account).items() if row["effective_status"] != "DELETED"}


def sync(site: Site, names: Sequence[str], state: Mapping[str, Any] | None = None, **settings: Any) -> Synced:
    return site.sync(names, state, sweep=True, **settings)


@pytest.mark.parametrize("seed", (1, 2, 3))
def test_a_first_sync_says_of_every_stream_what_is_there(seed: int) -> None:
    site = site_of(seed=seed, accounts=2, empty_pages=True)
    synced = sync(site, (*ENTITIES, *LISTED_WHOLE, "ad_account", "activities"))
    accounts = site.sandbox.world.accounts
    assert sorted(swept(synced)) == sorted((name, one) for name in (*ENTITIES, *LISTED_WHOLE) for one in accounts)
    for account in accounts:
        for name in ENTITIES:
            assert there(synced, name, account) == at_meta(site, name, account)


def test_the_next_sweep_comes_when_it_is_due_costs_few_calls_and_tells_what_is_gone() -> None:
    site = site_of()
    state = sync(site, ENTITIES).sink.states()
    told, calls = [], []
    for days in (1, 5, 1, 1):
        site.now.days += days
        synced = sync(site, ENTITIES, state)
        state = synced.sink.states()
        told.append(sorted(swept(synced)))
        calls.append(len(synced.calls))
        if told[-1]:
            for name in ENTITIES:
                assert there(synced, name) == at_meta(site, name)
    assert told == [[], [], [(name, ACCOUNT) for name in sorted(ENTITIES)], []]
    assert max(calls) <= min(calls) + len(ENTITIES)


def test_an_object_that_goes_away_is_not_present_and_an_archived_one_is() -> None:
    site = site_of()
    names = world(site, "ads")
    archived = {k for k, row in names.items() if row["effective_status"] == "ARCHIVED"}
    deleted = hidden(site, "ads") - archived
    assert archived
    assert deleted
    first = sync(site, ("ads",))
    site.now.days += 7
    second = sync(site, ("ads",), first.sink.states())
    assert archived <= there(second, "ads")
    assert not deleted & there(second, "ads")


def test_deleted_objects_are_there_for_a_user_who_reads_them() -> None:
    site = site_of()
    every = ["ACTIVE", "ADSET_PAUSED", "ARCHIVED", "CAMPAIGN_PAUSED", "DELETED", "DISAPPROVED", "IN_PROCESS", "PAUSED",
             "PENDING_BILLING_INFO", "PENDING_REVIEW", "PREAPPROVED", "WITH_ISSUES"]  # fmt: skip
    first = sync(site, ("ads",), ad_statuses=every)
    assert there(first, "ads") == set(world(site, "ads"))
    site.now.days += 7
    second = sync(site, ("ads",), first.sink.states(), ad_statuses=every)
    assert swept(second) == [("ads", ACCOUNT)]
    assert there(second, "ads") == set(world(site, "ads"))


def test_a_user_of_some_statuses_or_of_a_start_date_is_still_told_all_that_is_there() -> None:
    site = site_of()
    for settings in ({"ad_statuses": ["ACTIVE"]}, {"start_date": "2026-10-01"}):
        synced = sync(site, ("ads",), **settings)
        assert swept(synced) == [("ads", ACCOUNT)]
        assert there(synced, "ads") == at_meta(site, "ads")
        assert {row["id"] for row in synced.sink.rows("ads")} < at_meta(site, "ads")


def test_without_sweep_days_only_a_full_list_tells() -> None:
    site = site_of()
    first = sync(site, ENTITIES, sweep_days=0)
    assert len(swept(first)) == len(ENTITIES)
    site.now.days += 30
    assert swept(sync(site, ENTITIES, first.sink.states(), sweep_days=0)) == []


@pytest.mark.parametrize("name", ("images", "videos", *LISTED_WHOLE))
def test_what_was_not_wanted_again_is_present(name: str) -> None:
    site = site_of()
    first = sync(site, (name,))
    site.now.days += 7
    second = sync(site, (name,), first.sink.states())
    assert swept(second) == [(name, ACCOUNT)]
    assert {row["id"] for row in first.sink.rows(name)} <= there(second, name)


@pytest.mark.parametrize("name", ("ads", "videos"))
@pytest.mark.parametrize(
    "then",
    (Then(code=100, message="Odd"), Then(code=200, message="(#200) No"), Then(html=True)),
    ids=("odd", "no right", "html"),
)
def test_a_list_that_breaks_off_never_counts_as_whole(name: str, then: Then) -> None:
    site = site_of(page_limit_max=4)
    first = sync(site, (name,))
    site.now.days += 7
    edge = {**EDGE, "videos": "advideos"}[name]
    site.sandbox.faults.replace([Fault(match=Match(path=rf"^act_\d+/{edge}$", nth=tuple(range(3, 40))), then=then)])
    second = sync(site, (name,), first.sink.states())
    assert swept(second) == []
    site.sandbox.faults.replace([])
    third = sync(site, (name,), second.sink.states() or first.sink.states())
    assert swept(third) == [(name, ACCOUNT)]


def test_a_refused_list_of_ids_fails_nothing_and_is_asked_for_again() -> None:
    site = site_of()
    first = sync(site, ("ads",))
    site.now.days += 7
    refusing(site, lambda params: params.text("fields") == "id")
    second = sync(site, ("ads",), first.sink.states())
    assert not second.outcome.failures
    assert swept(second) == []
    assert second.sink.statuses("ads")[-1] == "COMPLETE"


def test_an_edge_at_its_limit_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from facebook_marketing.engine import edges

    monkeypatch.setattr(edges, "_MOST_LISTED", {"adcreatives": MEDIUM.creatives})
    assert swept(sync(site_of(), ("ad_creatives",))) == []


def test_a_sync_killed_before_its_sweep_sweeps_next_time() -> None:
    site = site_of()
    killed = sync(site, ("ads",), kill_after=2)
    assert swept(killed) == []
    again = sync(site, ("ads",), killed.sink.states())
    assert swept(again) == [("ads", ACCOUNT)]


def test_rows_come_before_the_word_that_all_is_told() -> None:
    site = site_of()
    synced = sync(site, ("ads",))
    order = [type(event).__name__ for event in synced.sink.events if isinstance(event, Present | Swept)]
    assert order[-1] == "Swept"
    assert order.count("Swept") == 1
