"""Creatives found through their ads: each once, with its newest ad's time, whatever is broken, heavy or killed."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest

from engine.test_entities import LARGER, SMALL, expected, key, plain
from facebook_marketing.catalog.schema import json_schema
from facebook_marketing.faces.catalog import airbyte_catalog
from facebook_marketing.sandbox import Options
from facebook_marketing.sandbox.errors import GraphError
from facebook_marketing.sandbox.faults import Fault, Match, Then
from syncing import ACCOUNT, Site, Synced

CREATIVES, FROM_ADS = "ad_creatives", "ad_creatives_from_ads"
BOTH = (CREATIVES, FROM_ADS)
HIDDEN = {"ARCHIVED", "DELETED"}
UNREADABLE = {
    "2446211": GraphError("(#100) broken", 100, subcode=2446211),
    "1443048": GraphError("(#100) page gone", 100, subcode=1443048),
    "unknown": GraphError("An unknown error occurred", 1, status=500),
    "unavailable": GraphError("Service temporarily unavailable", 2, status=500),
    "odd": GraphError("Something nobody has heard of", 77_777),
}
Row = dict[str, Any]


def site_of(size: Any = LARGER, **options: Any) -> Site:
    return Site(Options(**{"size": size, "empty_pages": False, **options}))


def ads_of(site: Site, account: str = ACCOUNT) -> list[Mapping[str, Any]]:
    """The ads that Meta lists by default."""
    node = site.sandbox.world.node(f"act_{account}")
    assert node is not None
    return [row for row in site.sandbox.world.edge(node, "ads") or () if row["effective_status"] not in HIDDEN]


def newest_ads(site: Site, account: str = ACCOUNT) -> dict[str, str]:
    """The newest `updated_time` of the ads of each creative."""
    found: dict[str, str] = {}
    for ad in ads_of(site, account):
        creative, time = ad["creative"]["id"], ad["updated_time"]
        if creative not in found or datetime.fromisoformat(time) > datetime.fromisoformat(found[creative]):
            found[creative] = time
    return found


def held_truth(site: Site, account: str = ACCOUNT) -> dict[str, Row]:
    """Every row that ad_creatives_from_ads may hold, by id."""
    stream, held = site.streams()[FROM_ADS], site.sandbox.world.holdings(account).creatives
    rows = {}
    for creative, time in newest_ads(site, account).items():
        wire = {name: value for name, value in held[creative].items() if not name.startswith("__")}
        rows[creative] = expected(stream, wire, account) | {"updated_time": f"{time[:-2]}:{time[-2:]}"}
    return rows


def broken(site: Site, account: str = ACCOUNT) -> set[str]:
    """Creatives whose object_story_spec cannot be read."""
    return {name for name, row in site.sandbox.world.holdings(account).creatives.items() if "__broken" in row}


def whole(row: Row) -> Row:
    return {name: value for name, value in plain(row).items() if value is not None}


def assert_same(ours: list[Row], theirs: Mapping[str, Row], spoiled: set[str]) -> None:
    """Cell by cell, but for the one field of the spoiled ones; no row twice."""
    assert sorted(row["id"] for row in ours) == sorted(theirs)
    for row in ours:
        wanted = dict(theirs[row["id"]])
        if row["id"] in spoiled:
            wanted.pop("object_story_spec", None)
        assert whole(row) == wanted


def changed_since(site: Site, state: Mapping[str, Any], account: str = ACCOUNT) -> set[str]:
    """Creatives of ads that changed after the second of the cursor."""
    cursor = datetime.fromisoformat(state[account]["updated_time"])
    return {ad["creative"]["id"] for ad in ads_of(site, account) if datetime.fromisoformat(ad["updated_time"]) > cursor}


def poison(site: Site, creative: str, error: GraphError, *, field: str | None = None) -> list[int]:
    """Lets Meta fail on each answer that would show more of this creative than its id, or that field of it.

    The list counts the failures; clear `active` by appending -1.
    """
    struck: list[int] = []
    answer = site.sandbox._reading.answer

    def shows(value: Any) -> bool:
        if isinstance(value, Mapping):
            own = value.get("id") == creative and (field in value if field else len(value) > 1)
            return own or any(shows(inner) for inner in value.values())
        return isinstance(value, list) and any(map(shows, value))

    def answers(*call: Any) -> object:
        found = answer(*call)
        if -1 not in struck and shows(found):
            struck.append(1)
            raise error
        return found

    site.sandbox._reading.answer = answers  # type: ignore[method-assign, assignment]
    return struck


def saved(synced: Synced, name: str = FROM_ADS) -> Row:
    state: Row = synced.sink.states()[name]
    return state


@pytest.mark.parametrize("size", (SMALL, LARGER), ids=("small", "larger"))
@pytest.mark.parametrize("seed", (1, 2, 3))
def test_the_creatives_of_ads_are_what_the_sandbox_holds_each_once_with_its_newest_ads_time(
    size: Any, seed: int
) -> None:
    site = site_of(size, seed=seed, accounts=2, empty_pages=True)
    synced = site.sync([FROM_ADS])
    assert not synced.outcome.failures
    for account in site.sandbox.world.accounts:
        ours = [row for row in synced.sink.rows(FROM_ADS) if row["account_id"] == account]
        assert_same(ours, held_truth(site, account), broken(site, account))


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("seed", (1, 2))
def test_the_next_sync_reads_the_creatives_of_changed_ads_and_few_others(name: str, seed: int) -> None:
    site = site_of(seed=seed)
    first = site.sync([name])
    site.now.days += 3
    second = site.sync([name], first.sink.states())
    ours = second.sink.rows(name)
    wanted = changed_since(site, saved(first, name))
    assert wanted
    truth = {k: row for k, row in held_truth(site).items() if k in {row["id"] for row in ours}}
    if name == CREATIVES:
        truth = {k: {n: v for n, v in row.items() if n != "updated_time"} for k, row in truth.items()}
    assert_same(ours, truth, broken(site))
    assert wanted <= {row["id"] for row in ours}
    assert len(ours) <= len(wanted) + (0 if name == FROM_ADS else 20)  # a day's margin before the first listing
    third = site.sync([name], second.sink.states())
    assert third.sink.rows(name) == []
    assert saved(third, name) == saved(second, name)


def test_all_creatives_are_listed_first_and_again_when_a_sweep_is_due() -> None:
    site = site_of()
    everything = {row["id"] for row in site.sync([CREATIVES]).sink.rows(CREATIVES)}
    assert everything == set(site.sandbox.world.holdings(ACCOUNT).creatives)
    state = site.sync([CREATIVES]).sink.states()
    counts = []
    for _ in range(8):
        site.now.days += 1
        synced = site.sync([CREATIVES], state)
        state = synced.sink.states()
        counts.append(len(synced.sink.rows(CREATIVES)))
    assert counts[6] == len(everything)
    assert all(count < len(everything) / 2 for count in (*counts[:6], counts[7]))


@pytest.mark.parametrize(
    ("settings", "full"),
    (({"creatives": "full"}, True), ({"sweep_days": 0}, False), ({"sweep_days": 30}, False), ({"sweep_days": 2}, True)),
)
def test_how_creatives_are_read_is_the_users_choice(settings: dict[str, Any], full: bool) -> None:  # noqa: FBT001
    site = site_of()
    first = site.sync([CREATIVES], **settings)
    site.now.days += 9 if settings == {"sweep_days": 0} else 3
    rows = site.sync([CREATIVES], first.sink.states(), **settings).sink.rows(CREATIVES)
    assert (len(rows) == len(first.sink.rows(CREATIVES))) is full


def test_a_full_refresh_reads_everything_whatever_was_saved() -> None:
    site = site_of(SMALL)
    first = site.sync(BOTH)
    again = site.sync(BOTH, first.sink.states(), incremental=False)
    for name in BOTH:
        assert sorted(map(key, again.sink.rows(name))) == sorted(map(key, first.sink.rows(name)))


@pytest.mark.parametrize("calls", range(1, 12))
def test_a_killed_sync_goes_on_behind_the_last_creatives_that_it_delivered(calls: int) -> None:
    site = site_of()
    killed = site.sync([FROM_ADS], kill_after=calls, page_size=20)
    rest = site.sync([FROM_ADS], killed.sink.states(), page_size=20)
    assert not rest.outcome.failures
    both = {row["id"]: row for row in (*killed.sink.rows(FROM_ADS), *rest.sink.rows(FROM_ADS))}
    assert_same(list(both.values()), held_truth(site), broken(site))
    covered = 0
    if killed.sink.states():
        last = max(i for i, (kind, _, _) in enumerate(killed.sink.log) if kind == "state")
        covered = sum(kind == "row" for kind, _, _ in killed.sink.log[:last])
    assert len(rest.sink.rows(FROM_ADS)) <= len(both) - covered + 5  # creatives whose ads changed in one second


def test_a_sync_killed_late_has_little_left_to_do() -> None:
    site = site_of()
    whole_sync = site.sync([FROM_ADS], page_size=20)
    killed = site.sync([FROM_ADS], kill_after=len(whole_sync.calls) - 2, page_size=20)
    rest = site.sync([FROM_ADS], killed.sink.states(), page_size=20)
    assert len(rest.sink.rows(FROM_ADS)) < len(whole_sync.sink.rows(FROM_ADS)) / 2


@pytest.mark.parametrize("why", UNREADABLE)
@pytest.mark.parametrize("name", BOTH)
def test_one_unreadable_creative_costs_itself_alone_and_is_asked_for_again(name: str, why: str) -> None:
    site = site_of()
    first = site.sync([name])
    site.now.days += 3
    victim = sorted(changed_since(site, saved(first, name)) - broken(site))[3]
    struck = poison(site, victim, UNREADABLE[why])
    second = site.sync([name, "sync_gaps"], first.sink.states())
    assert struck
    assert not second.outcome.failures
    wanted = changed_since(site, saved(first, name))
    assert wanted - {victim} <= {row["id"] for row in second.sink.rows(name)}
    assert victim not in {row["id"] for row in second.sink.rows(name)}
    recorded = [row for row in second.sink.rows("sync_gaps") if row["entity_id"] == victim]
    assert [(row["stream"], row["account_id"]) for row in recorded] == [(name, ACCOUNT)]
    assert [one[0] for one in saved(second, name)[ACCOUNT]["unread"]] == [victim]
    third = site.sync([name], second.sink.states())  # still broken: a second gap, nothing else, no standstill
    assert third.sink.rows(name) == []
    assert [gap.entity for gap in third.sink.gaps()] == [victim]
    struck.append(-1)
    fourth = site.sync([name], third.sink.states())
    (row,) = fourth.sink.rows(name)
    truth = held_truth(site)[victim]
    assert whole(row) == (truth if name == FROM_ADS else {k: v for k, v in truth.items() if k != "updated_time"})
    assert "unread" not in saved(fourth, name)[ACCOUNT]


@pytest.mark.parametrize("why", ("unknown", "2446211"))
def test_a_creative_that_fails_by_one_heavy_field_is_read_without_it(why: str) -> None:
    site = site_of()
    first = site.sync([FROM_ADS])
    site.now.days += 3
    held = site.sandbox.world.holdings(ACCOUNT).creatives
    of_interest = changed_since(site, saved(first)) - broken(site)
    victim = sorted(one for one in of_interest if "object_story_spec" in held[one])[2]
    poison(site, victim, UNREADABLE[why], field="object_story_spec")
    second = site.sync([FROM_ADS], first.sink.states())
    (row,) = [row for row in second.sink.rows(FROM_ADS) if row["id"] == victim]
    assert row["name"] == held[victim]["name"]
    assert "object_story_spec" not in row
    assert (FROM_ADS, "object_story_spec", "SOURCE_RETRIEVAL_ERROR") in second.sink.changes
    assert "object_story_spec" in {gap.field for gap in second.sink.gaps() if gap.entity == victim}


@pytest.mark.parametrize("name", BOTH)
def test_a_creative_whose_field_is_known_not_to_be_had_costs_no_search_and_is_tried_anew_with_the_sweep(
    name: str,
) -> None:
    site = site_of()
    state = site.sync([name], sweep_days=20).sink.states()
    known = broken(site) & set(saved_ids(state[name], "spoiled"))
    assert known
    site.now.days += 15
    second = site.sync([name], state, sweep_days=20)
    came = {row["id"]: row for row in second.sink.rows(name)}
    again = known & set(came)
    assert again
    assert [call.code for call in second.calls if call.code] == []
    assert {gap.entity for gap in second.sink.gaps() if gap.field == "object_story_spec"} == again
    assert all("object_story_spec" not in came[one] and came[one].get("name") for one in again)
    for row in site.sandbox.world.holdings(ACCOUNT).creatives.values():
        row.pop("__broken", None)  # type: ignore[attr-defined]
    site.now.days += 15
    third = site.sync([name], second.sink.states(), sweep_days=20)
    healed = [row for row in third.sink.rows(name) if row["id"] in known]
    assert healed
    assert all("object_story_spec" in row for row in healed)
    assert "spoiled" not in saved(third, name)[ACCOUNT]


def saved_ids(state: Mapping[str, Any], name: str) -> list[str]:
    found: list[str] = state[ACCOUNT].get(name, [])
    return found


def test_a_creative_that_stays_unreadable_is_given_up_after_some_syncs_and_that_is_said() -> None:
    site = site_of(SMALL)
    victim = min(newest_ads(site))
    poison(site, victim, UNREADABLE["odd"])
    state: Mapping[str, Any] = {}
    said = []
    for _ in range(10):
        synced = site.sync([FROM_ADS], state)
        state = synced.sink.states()
        said += [gap for gap in synced.sink.gaps() if gap.entity == victim]
    assert [gap.attempts for gap in said] == list(range(1, 11))
    assert ["until its ad changes" in gap.text for gap in said] == [False] * 9 + [True]
    assert site.sync([FROM_ADS], state).sink.gaps() == []


def test_where_nothing_can_be_read_the_stream_fails_and_its_cursor_stays() -> None:
    site = site_of(seed=2)
    then = Then(code=200, message="(#200) Missing permission of some kind")
    site.sandbox.faults.replace([Fault(match=Match(path=r"^act_\d+/ads$"), then=then)])
    synced = site.sync([FROM_ADS])
    assert [failure.stream for failure in synced.outcome.failures] == [FROM_ADS]
    assert synced.sink.rows(FROM_ADS) == []
    assert ACCOUNT not in synced.sink.states().get(FROM_ADS, {})


@pytest.mark.parametrize("size", (SMALL, LARGER), ids=("small", "larger"))
def test_where_meta_takes_no_filter_by_id_the_changed_ads_are_walked_with_their_creatives(size: Any) -> None:
    site = site_of(size)
    refusing(site, lambda params: "ad.id" in params.text("filtering"))
    synced = site.sync([FROM_ADS])
    assert not synced.outcome.failures
    assert_same(synced.sink.rows(FROM_ADS), held_truth(site), broken(site))
    assert [call for call in synced.calls if call.batch] == []


def test_where_meta_does_not_heed_a_filter_by_id_it_is_seen() -> None:
    site = site_of()
    listings = site.sandbox._reading._listings
    kept = listings._filtered

    def filtered(kind: str, rows: Any, node: Any, edge: str, params: Any) -> Any:
        return rows if "ad.id" in params.text("filtering") else kept(kind, rows, node, edge, params)

    listings._filtered = filtered  # type: ignore[method-assign]
    synced = site.sync([FROM_ADS])
    assert_same(synced.sink.rows(FROM_ADS), held_truth(site), broken(site))


@pytest.mark.parametrize("size", (SMALL, LARGER), ids=("small", "larger"))
def test_where_meta_shows_no_creative_inside_of_its_ad_each_is_asked_for_by_its_id(size: Any) -> None:
    site = site_of(size)
    refusing(site, lambda params: "creative{" in params.text("fields"))
    synced = site.sync([FROM_ADS])
    assert not synced.outcome.failures
    assert_same(synced.sink.rows(FROM_ADS), held_truth(site), broken(site))
    assert synced.outcome.calls == len(synced.calls)  # each entry of a batch counts


def test_a_cursor_that_dies_begins_the_list_again_and_no_creative_comes_twice() -> None:
    site = site_of(page_limit_max=40)
    died = iter((False, True, False, False, True))
    dead = GraphError("(#2642) Invalid cursors values", 2642)
    refusing(site, lambda params: "after" in params and next(died, False), dead)
    synced = site.sync([FROM_ADS])
    assert not synced.outcome.failures
    assert_same(synced.sink.rows(FROM_ADS), held_truth(site), broken(site))


def refusing(site: Site, refused: Callable[[Any], bool], error: GraphError | None = None) -> None:
    """Lets the sandbox refuse the calls with these parameters, as Meta refuses a filter unless told otherwise."""
    answer = site.sandbox._reading.answer

    def answers(request: Any, *call: Any) -> object:
        if refused(request.params):
            raise error or GraphError("(#100) Filtering field 'x' is not supported", 100)
        return answer(request, *call)

    site.sandbox._reading.answer = answers  # type: ignore[method-assign, assignment]


def test_pages_that_are_too_heavy_shrink_and_nothing_is_lost() -> None:
    site = site_of(page_weight_limit=1_000)
    synced = site.sync(BOTH)
    assert not synced.outcome.failures
    assert_same(synced.sink.rows(FROM_ADS), held_truth(site), broken(site))
    assert any(call.code == 1 for call in synced.calls)


@pytest.mark.parametrize(
    "then",
    (
        Then(error="80004/2446079"),
        Then(error="service_unavailable"),
        Then(html=True),
        Then(reset=True),
        Then(truncate=30),
    ),
    ids=("throttle", "unavailable", "html", "reset", "half a reply"),
)
def test_what_passes_is_waited_for_at_every_step(then: Then) -> None:
    site = site_of(faults=(Fault(match=Match(path=r"^act_\d+/ads", every=3), then=then, times=8),))
    synced = site.sync([FROM_ADS], page_size=30)
    assert not synced.outcome.failures
    rows = {row["id"]: row for row in synced.sink.rows(FROM_ADS)}
    assert_same(list(rows.values()), held_truth(site), broken(site))
    assert len(rows) == len(synced.sink.rows(FROM_ADS))


def test_entries_of_a_batch_that_come_back_as_null_are_asked_again() -> None:
    site = site_of(SMALL, faults=(Fault(match=Match(batch=True, every=2), then=Then(null_batch_entry=True)),))
    refusing(site, lambda params: "creative{" in params.text("fields"))
    synced = site.sync([FROM_ADS])
    assert_same(synced.sink.rows(FROM_ADS), held_truth(site), broken(site))


@pytest.mark.parametrize(
    "blob",
    (
        lambda value: {ACCOUNT: {"updated_time": value, "filter_statuses": []}},
        lambda value: {ACCOUNT: {"updated_time": value}},
        lambda value: {"updated_time": value},
    ),
    ids=("per account", "without statuses", "flat"),
)
def test_the_state_of_airbytes_stream_goes_on_without_loss(blob: Callable[[str], Row]) -> None:
    site = site_of()
    times = sorted((ad["updated_time"] for ad in ads_of(site)), key=datetime.fromisoformat)
    cursor = times[len(times) // 2]
    synced = site.sync([FROM_ADS], {FROM_ADS: blob(f"{cursor[:-2]}:{cursor[-2:]}")})
    border = datetime.fromisoformat(cursor)
    wanted = {k for k, time in newest_ads(site).items() if datetime.fromisoformat(time) >= border}
    truth = {k: row for k, row in held_truth(site).items() if k in wanted}
    assert 0 < len(truth) < len(held_truth(site))
    assert_same(synced.sink.rows(FROM_ADS), truth, broken(site))


@pytest.mark.parametrize("blob", ({"__ab_full_refresh_sync_complete": True}, {"__ab_no_cursor_state_message": True}))
def test_the_state_of_a_full_refresh_of_airbytes_ad_creatives_begins_with_the_whole_list(blob: Row) -> None:
    site = site_of(SMALL)
    synced = site.sync([CREATIVES], {CREATIVES: blob})
    assert len(synced.sink.rows(CREATIVES)) == len(site.sandbox.world.holdings(ACCOUNT).creatives)


def test_the_statuses_of_ads_choose_the_creatives_of_ads_but_not_the_list_of_all() -> None:
    site = site_of()
    first = site.sync(BOTH, ad_statuses=["ACTIVE"])
    active = {ad["creative"]["id"] for ad in ads_of(site) if ad["effective_status"] == "ACTIVE"}
    assert {row["id"] for row in first.sink.rows(FROM_ADS)} == active
    site.now.days += 3
    second = site.sync([CREATIVES], first.sink.states(), ad_statuses=["ACTIVE"])
    assert changed_since(site, saved(first, CREATIVES)) <= {row["id"] for row in second.sink.rows(CREATIVES)}


def test_only_the_selected_columns_are_asked_of_meta() -> None:
    site = site_of(SMALL)
    synced = site.sync([FROM_ADS], columns={FROM_ADS: ["name"]})
    assert {frozenset(row) for row in synced.sink.rows(FROM_ADS)} == {frozenset({"id", "name", "updated_time"})}
    assert {call.params.get("fields") for call in synced.calls} == {"id,creative,updated_time", "creative{id,name}"}


def test_creatives_of_one_second_are_named_in_the_state_and_do_not_come_twice() -> None:
    site = site_of(SMALL)
    first = site.sync([FROM_ADS])
    newest = max(datetime.fromisoformat(ad["updated_time"]) for ad in ads_of(site))
    at_it = [ad["id"] for ad in ads_of(site) if datetime.fromisoformat(ad["updated_time"]) == newest]
    assert saved(first)[ACCOUNT]["seen"] == sorted(at_it)
    assert site.sync([FROM_ADS], first.sink.states()).sink.rows(FROM_ADS) == []


def test_the_catalog_offers_both_as_an_existing_user_knows_them() -> None:
    streams = site_of(SMALL).streams()
    offers = {one["name"]: one for one in airbyte_catalog([streams[CREATIVES], streams[FROM_ADS]])["streams"]}
    theirs = set(json_schema(streams[CREATIVES])["properties"]) | {"updated_time"}
    assert set(offers[FROM_ADS]["json_schema"]["properties"]) == theirs
    assert offers[FROM_ADS]["default_cursor_field"] == ["updated_time"]
    assert offers[CREATIVES]["default_cursor_field"] == []
    assert all(offer["source_defined_cursor"] for offer in offers.values())
    assert all(offer["source_defined_primary_key"] == [["id"]] for offer in offers.values())
    assert "updated_time" not in offers[CREATIVES]["json_schema"]["properties"]


def test_a_checkpoint_never_claims_what_was_not_delivered() -> None:
    site = site_of()
    log = site.sync([FROM_ADS], page_size=15).sink.log
    times = newest_ads(site)
    for place, (kind, _, state) in enumerate(log):
        if kind == "state" and ACCOUNT in state and "updated_time" in state[ACCOUNT]:
            reached = datetime.fromisoformat(state[ACCOUNT]["updated_time"])
            delivered = {row["id"] for k, _, row in log[:place] if k == "row"}
            due = {k for k, time in times.items() if datetime.fromisoformat(time) <= reached}
            assert due <= delivered
    assert sum(kind == "state" for kind, _, _ in log) > 2
