"""Objects that reports name and Meta does not list come all the same, with their real status, at a bounded price."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest

from engine.test_creatives import BOTH, FROM_ADS, assert_same, broken, refusing, whole
from engine.test_creatives import site_of as any_site
from engine.test_entities import LARGER, SMALL, expected
from facebook_marketing.sandbox.errors import GraphError
from facebook_marketing.sandbox.faults import Fault, Match, Then
from facebook_marketing.sandbox.world import Size
from syncing import ACCOUNT, Site, Synced

ENTITIES = ("campaigns", "ad_sets", "ads")
REPORT = "ads_insights"
COLUMN = {"campaigns": "campaign_id", "ad_sets": "adset_id", "ads": "ad_id"}
EDGE = {"campaigns": "campaigns", "ad_sets": "adsets", "ads": "ads"}
HIDDEN = {"ARCHIVED", "DELETED"}
DATES: dict[str, Any] = {"insights_start_date": "2026-10-25"}
MEDIUM = Size(campaigns=16, adsets=36, ads=150, creatives=110, images=20, videos=10, activities=30)
COLUMNS = {REPORT: ["impressions", "campaign_id", "adset_id", "ad_id"]}
ALL = (*ENTITIES, REPORT)
Row = dict[str, Any]


def site_of(size: Any = MEDIUM, **options: Any) -> Site:
    return any_site(size, **options)


def read(site: Site, names: Sequence[str] = ALL, state: Mapping[str, Any] | None = None, **settings: Any) -> Synced:
    asked: dict[str, Any] = {"columns": COLUMNS, **DATES, **settings}
    return site.sync(names, state, **asked)


def world(site: Site, name: str, account: str = ACCOUNT) -> dict[str, Row]:
    """Everything of a stream that there is, whatever its status."""
    node = site.sandbox.world.node(f"act_{account}")
    assert node is not None
    return {str(row["id"]): dict(row) for row in site.sandbox.world.edge(node, EDGE[name]) or ()}


def referenced(synced: Synced, name: str) -> set[str]:
    return {row[COLUMN[name]] for row in synced.sink.rows(REPORT)}


def hidden(site: Site, name: str) -> set[str]:
    return {k for k, row in world(site, name).items() if row["effective_status"] in HIDDEN}


def asked_for(synced: Synced) -> list[Any]:
    """The calls for missing objects: by a filter on ids, or by an id."""
    return [
        call
        for call in synced.calls
        if ".id" in str(call.params.get("filtering"))
        or (call.path.isdigit() and call.edge in {"Campaign", "AdSet", "Ad"})
    ]


@pytest.mark.parametrize("size", (SMALL, MEDIUM), ids=("small", "medium"))
@pytest.mark.parametrize("seed", (1, 2, 3))
def test_every_object_that_a_report_names_is_delivered_once_as_it_is(size: Any, seed: int) -> None:
    site = site_of(size, seed=seed)
    synced = read(site)
    assert not synced.outcome.failures
    for name in ENTITIES:
        stream, every = site.streams()[name], world(site, name)
        rows = {row["id"]: row for row in synced.sink.rows(name)}
        assert len(rows) == len(synced.sink.rows(name))
        visible = set(every) - hidden(site, name)
        wanted = (
            visible
            | referenced(synced, name)
            | {world(site, "ads")[ad][COLUMN[name]] for ad in referenced(synced, "ads") if name != "ads"}
        )
        assert set(rows) == wanted
        for k, row in rows.items():
            assert whole(row) == {n: v for n, v in expected(stream, every[k], ACCOUNT).items() if v is not None}
        assert synced.sink.statuses(name)[-1] == "COMPLETE"


def test_there_are_such_objects_and_they_cost_few_calls() -> None:
    site = site_of(LARGER)
    synced = read(site, insights_start_date="2026-09-15")
    missing = {row["id"] for row in synced.sink.rows("ads")} & hidden(site, "ads")
    assert len(missing) > 10
    assert len(asked_for(synced)) <= 3


def test_what_is_missing_comes_before_the_stream_is_said_to_be_complete_and_its_checkpoint_follows() -> None:
    site = site_of()
    synced = read(site)
    last_row = max(i for i, (kind, name, _) in enumerate(synced.sink.log) if (kind, name) == ("row", "ads"))
    assert any((kind, name) == ("state", "ads") for kind, name, _ in synced.sink.log[last_row:])
    told = [(event.stream, event.status.value) for event in synced.sink.events if hasattr(event, "status")]
    assert told.index((REPORT, "COMPLETE")) < told.index(("ads", "COMPLETE"))
    assert [status for name, status in told if name == "ads"] == ["STARTED", "COMPLETE"]


def test_the_creatives_of_missing_ads_come_too() -> None:
    site = site_of()
    synced = read(site, (*ALL, *BOTH))
    ads = world(site, "ads")
    for name in BOTH:
        rows = {row["id"]: row for row in synced.sink.rows(name)}
        assert len(rows) == len(synced.sink.rows(name))
        assert {ads[row["id"]]["creative"]["id"] for row in synced.sink.rows("ads")} <= set(rows)
    stream, held = site.streams()[FROM_ADS], site.sandbox.world.holdings(ACCOUNT).creatives
    truth = {}
    for row in synced.sink.rows(FROM_ADS):
        wire = {n: v for n, v in held[row["id"]].items() if not n.startswith("__")}
        truth[row["id"]] = expected(stream, wire, ACCOUNT) | {"updated_time": row["updated_time"]}
    assert_same(synced.sink.rows(FROM_ADS), truth, broken(site))


@pytest.mark.parametrize(
    ("names", "settings"),
    (
        (ALL, {"fetch_missing_entities": False}),
        (ENTITIES, {}),
        (ALL, {"ad_statuses": ["ACTIVE"], "adset_statuses": ["ACTIVE"], "campaign_statuses": ["ACTIVE"]}),
    ),
    ids=("switched off", "no report", "only some statuses are wanted"),
)
def test_nothing_is_asked_for_where_nobody_wants_it(names: Sequence[str], settings: dict[str, Any]) -> None:
    site = site_of()
    synced = read(site, names, **settings)
    assert asked_for(synced) == []
    assert not {row["id"] for row in synced.sink.rows("ads")} & hidden(site, "ads")


def test_a_report_of_campaigns_makes_campaigns_known_and_nothing_else() -> None:
    site = site_of()
    custom = [{"name": "C", "level": "campaign", "fields": ["impressions"]}]
    synced = read(site, (*ENTITIES, "custom_c"), custom_insights=custom)
    assert not {row["id"] for row in synced.sink.rows("ads")} & hidden(site, "ads")
    named = {row["campaign_id"] for row in synced.sink.rows("custom_c")}
    assert named <= {row["id"] for row in synced.sink.rows("campaigns")}


def test_old_objects_that_a_start_date_hides_come_when_a_report_names_them() -> None:
    site = site_of()
    dates: dict[str, Any] = {"start_date": "2026-10-25", "insights_start_date": "2026-10-25"}
    alone = {row["id"] for row in read(site, ENTITIES, **dates).sink.rows("ads")}
    first = read(site, **dates)
    rows = {row["id"] for row in first.sink.rows("ads")}
    assert alone < rows
    assert rows == alone | referenced(first, "ads")
    site.now.days += 8
    second = read(site, state=first.sink.states(), **dates)
    known = rows | {row["id"] for row in second.sink.rows("ads")}
    assert referenced(second, "ads") <= known
    assert len(second.sink.rows("ads")) < len(rows) / 2


def test_later_syncs_compare_when_a_sweep_is_due_and_ask_for_nothing_twice() -> None:
    site = site_of()
    state = read(site).sink.states()
    compared, delivered = [], []
    for days in (1, 5, 1, 1):
        site.now.days += days
        synced = read(site, state=state)
        assert not synced.outcome.failures
        state = synced.sink.states()
        compared.append(sum(call.params.get("fields") == "id" for call in synced.calls))
        delivered += [row["id"] for row in synced.sink.rows("ads") if row["effective_status"] in HIDDEN]
    assert compared == [0, 0, len(ENTITIES), 0]
    assert len(delivered) == len(set(delivered))


def test_with_a_look_back_of_changed_days_every_sync_compares() -> None:
    site = site_of()
    state = read(site, lookback="changed").sink.states()
    site.now.days += 1
    synced = read(site, state=state, lookback="changed")
    assert sum(call.params.get("fields") == "id" for call in synced.calls) == len(ENTITIES)


def test_an_object_that_is_deleted_before_it_was_ever_listed_is_found_within_a_week() -> None:
    site = site_of(seed=3)
    first = read(site)
    state = first.sink.states()
    victim = min({row["id"] for row in first.sink.rows("ads")} & referenced(first, "ads"))
    hide(site, victim)  # as if it had been made and deleted since
    found = []
    for days in (1, 6):
        site.now.days += days
        synced = read(site, state=state)
        state = synced.sink.states()
        found += [row for row in synced.sink.rows("ads") if row["id"] == victim]
    assert [row["effective_status"] for row in found] == ["DELETED"]


def hide(site: Site, ad: str) -> None:
    """Lets the sandbox treat an ad as deleted."""
    listings = site.sandbox._reading._listings  # the opponent is ours
    kept, node = listings._filtered, site.sandbox.world.node

    def deleted(row: Any) -> Any:
        return {**row, "status": "DELETED", "effective_status": "DELETED"} if row.get("id") == ad else row

    def filtered(kind: str, rows: Any, *more: Any) -> Any:
        return kept(kind, [deleted(row) for row in rows] if kind == "Ad" else rows, *more)

    def found(one: str) -> Any:
        there = node(one)
        return type(there)(there.id, there.kind, deleted(there.row)) if there is not None and one == ad else there

    listings._filtered = filtered  # type: ignore[method-assign, assignment]
    site.sandbox.world.node = found  # type: ignore[method-assign, assignment]


GONE = "120200099000000001"


def renamed(site: Site, ad: str) -> None:
    """Lets reports name an ad that Meta knows no more in place of this one."""
    reports = site.sandbox._reading._reports
    for name in ("result", "synchronous"):
        served = getattr(reports, name)

        def serve(*call: Any, served: Callable[..., Any] = served) -> Any:
            page = msgspec.json.decode(msgspec.json.encode(served(*call)))
            rows = [{**row, "ad_id": GONE} if row.get("ad_id") == ad else row for row in page["data"]]
            return {**page, "data": rows}

        setattr(reports, name, serve)


def test_an_id_that_meta_knows_no_more_is_recorded_not_fatal_and_not_asked_again() -> None:
    site = site_of()
    renamed(site, next(iter(referenced(read(site), "ads"))))
    first = read(site, (*ALL, "sync_gaps"))
    assert not first.outcome.failures
    (gap,) = [gap for gap in first.sink.gaps() if gap.entity == GONE]
    assert (gap.stream, gap.code, gap.subcode, gap.verdict) == ("ads", 100, 33, "unknown to Meta")
    assert [row["entity_id"] for row in first.sink.rows("sync_gaps") if row["entity_id"] == GONE] == [GONE]
    assert GONE in first.sink.states()["ads"][ACCOUNT]["asked"]
    state = first.sink.states()
    for days in (1, 8):
        site.now.days += days
        synced = read(site, state=state)
        state = synced.sink.states()
        assert GONE in referenced(synced, "ads")
        assert [call for call in synced.calls if GONE in call.path + str(call.params)] == []


@pytest.mark.parametrize(
    "refused",
    (
        lambda params: "DELETED" in params.text("filtering") and ".id" in params.text("filtering"),
        lambda params: ".id" in params.text("filtering"),
    ),
    ids=("no filter that names DELETED", "no filter by id"),
)
def test_where_meta_takes_no_such_filter_each_object_is_asked_for_by_its_own_id(refused: Callable[[Any], bool]) -> None:
    site = site_of()
    refusing(site, refused)
    synced = read(site)
    assert not synced.outcome.failures
    for name in ENTITIES:
        assert referenced(synced, name) <= {row["id"] for row in synced.sink.rows(name)}
    entries = [call for call in synced.calls if call.batch and call.path.isdigit()]
    assert 0 < len(entries) <= 200
    assert synced.outcome.calls == len(synced.calls)  # each entry of a batch counts


@pytest.mark.parametrize("error", ("service_unavailable", "80004/2446079", "reduce_data"))
def test_what_passes_is_waited_for(error: str) -> None:
    site = site_of(faults=(Fault(match=Match(path=r"^act_\d+/ads$", every=2), then=Then(error=error), times=6),))
    synced = read(site)
    assert not synced.outcome.failures
    assert referenced(synced, "ads") <= {row["id"] for row in synced.sink.rows("ads")}


def test_an_object_that_cannot_be_read_does_not_cost_the_others() -> None:
    site = site_of()
    victim = min(referenced(read(site), "ads") & hidden(site, "ads"))
    answer = site.sandbox._reading.answer

    def answers(request: Any, *call: Any) -> object:
        found = answer(request, *call)
        shown = found.get("data", [found]) if isinstance(found, Mapping) else []
        if any(isinstance(row, Mapping) and row.get("id") == victim and len(row) > 1 for row in shown):
            raise GraphError("An unknown error occurred", 1, status=500)
        return found

    site.sandbox._reading.answer = answers  # type: ignore[method-assign, assignment]
    synced = read(site)
    assert not synced.outcome.failures
    assert referenced(synced, "ads") - {victim} <= {row["id"] for row in synced.sink.rows("ads")}
    assert victim in {gap.entity for gap in synced.sink.gaps()}


def test_a_list_that_could_not_be_read_compares_nothing_and_the_next_sync_makes_up_for_it() -> None:
    site = site_of()
    site.sandbox.faults.replace([Fault(match=Match(path=r"^act_\d+/ads$"), then=Then(code=100, message="Odd"))])
    first = read(site)
    assert {failure.stream for failure in first.outcome.failures} == {"ads"}
    assert [call for call in asked_for(first) if call.path.endswith("/ads")] == []
    site.sandbox.faults.replace([])
    second = read(site, state=first.sink.states())
    assert not second.outcome.failures
    assert referenced(first, "ads") <= {row["id"] for row in second.sink.rows("ads")}


@pytest.mark.parametrize("share", (0.3, 0.6, 0.8, 0.95))
def test_a_sync_that_is_killed_forgets_no_object_that_its_rows_named(share: float) -> None:
    site = site_of(seed=2)
    settings: dict[str, Any] = {"page_size": 100, "latency": 0.3}
    calls = len(read(site, **settings).calls)
    killed = read(site, kill_after=max(2, int(calls * share)), **settings)
    rest = read(site, state=killed.sink.states(), **settings)
    assert not rest.outcome.failures
    for name in ENTITIES:
        rows = {row["id"] for synced in (killed, rest) for row in synced.sink.rows(name)}
        assert referenced(killed, name) | referenced(rest, name) <= rows


def test_several_accounts_are_compared_each_by_itself() -> None:
    site = site_of(SMALL, accounts=3)
    synced = read(site)
    for account in site.sandbox.world.accounts:
        named = {row["ad_id"] for row in synced.sink.rows(REPORT) if row["account_id"] == account}
        rows = {row["id"] for row in synced.sink.rows("ads") if row["account_id"] == account}
        assert named <= rows <= set(world(site, "ads", account))


def test_a_full_refresh_asks_for_what_is_missing_every_time() -> None:
    site = site_of()
    first = read(site)
    again = read(site, state=first.sink.states(), incremental=False)
    assert {row["id"] for row in again.sink.rows("ads")} == {row["id"] for row in first.sink.rows("ads")}
