"""Entity streams: what is read equals what the sandbox holds; an incremental read finds what changed and no more."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Kind, Stream
from facebook_marketing.catalog.streams import ENTITIES, leads
from facebook_marketing.sandbox import Options
from facebook_marketing.sandbox.world import Size
from syncing import ACCOUNT, Site

SMALL = Size(campaigns=3, adsets=6, ads=14, creatives=14, images=8, videos=4, activities=30, audiences=5)
LARGER = Size(campaigns=40, adsets=90, ads=450, creatives=320, images=230, videos=110, activities=700, audiences=40)
EVERY_AD_STATUS = [
    "ACTIVE", "ADSET_PAUSED", "ARCHIVED", "CAMPAIGN_PAUSED", "DELETED", "DISAPPROVED", "IN_PROCESS", "PAUSED",
    "PENDING_BILLING_INFO", "PENDING_REVIEW", "PREAPPROVED", "WITH_ISSUES",
]  # fmt: skip
EDGES = tuple(stream.name for stream in ENTITIES if stream.edge)
HIDDEN = {"ARCHIVED", "DELETED"}


def expected(stream: Stream, wire: Mapping[str, Any], account: str) -> dict[str, Any]:
    """A wire row as our reader must give it, by an independent slow way."""
    kinds = {column.name: column.kind for column in stream.columns}
    asked = {*request_fields(stream), "id"} | (kinds.keys() if stream.wrapped_in else set())
    row = {name: _value(kinds.get(name), value) for name, value in wire.items() if name in asked}
    if "account_id" in stream.inject:
        row.setdefault("account_id", account)
    return row


def _value(kind: Kind | None, value: Any) -> Any:
    if kind in {Kind.NUMBER, Kind.INTEGER} and isinstance(value, str):
        return None if value == "NONE" else Decimal(value)
    if kind is Kind.DATETIME:
        text = value.replace("t", "T").replace(" ", "+") if " " in value else value
        return re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text)
    if kind is Kind.STRING and isinstance(value, dict):
        return json.loads(json.dumps(value))
    return json.loads(json.dumps(value), parse_float=Decimal)


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of ours, for comparison: a JSON text of an object is that object."""
    return {
        name: json.loads(value) if isinstance(value, str) and value.startswith("{") and name == "business" else value
        for name, value in row.items()
    }


def visible(stream: Stream, wire: Mapping[str, Any]) -> bool:
    """What Meta lists without a filter."""
    return stream.filter_entity is None or wire.get("effective_status") not in HIDDEN


def truth(site: Site, stream: Stream, account: str) -> list[dict[str, Any]]:
    """What the sandbox holds of a stream and lists by default."""
    world = site.sandbox.world
    node = world.node(f"act_{account}")
    assert node is not None
    if stream.via is not None and stream.cursor is not None:
        from engine.test_creatives import held_truth

        return list(held_truth(site, account).values())
    if not stream.edge:
        return [expected(stream, _public(node.row), account)]
    return [expected(stream, _public(row), account) for row in held(site, stream, account) if visible(stream, row)]


def held(site: Site, stream: Stream, account: str) -> list[Mapping[str, Any]]:
    """The rows of an edge; those inside a wrapping; those of every parent, whatever its status."""
    world = site.sandbox.world
    node = world.node(f"act_{account}")
    assert node is not None
    if stream.parents is not None:
        ads = [world.node(str(row["id"])) for row in world.edge(node, stream.parents.edge) or ()]
        return [row for ad in ads if ad is not None for row in world.edge(ad, stream.edge) or ()]
    rows = world.edge(node, stream.edge)
    assert rows is not None
    for wrapping in stream.wrapped_in[:1]:
        return [one for row in rows for one in row[wrapping]]  # type: ignore[attr-defined]
    return list(rows)


def shared(site: Site, stream: Stream) -> list[dict[str, Any]]:
    """What accounts share, each once, with the accounts that do."""
    world = site.sandbox.world
    me = world.node("me")
    assert me is not None
    assert stream.shared is not None
    accounts: dict[str, list[str]] = {}
    for one in world.accounts.values():
        accounts.setdefault(one.business, []).append(one.id)
    rows = [expected(stream, row, "") for row in world.edge(me, stream.edge) or ()]
    return [{**row, stream.shared.accounts: accounts[row["id"]]} for row in rows]


def everything(site: Site, stream: Stream) -> list[dict[str, Any]]:
    """What all accounts hold of a stream."""
    if stream.shared is not None:
        return shared(site, stream)
    return [row for account in site.sandbox.world.accounts for row in truth(site, stream, account)]


def _public(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("__")}


def key(row: Mapping[str, Any]) -> str:
    if "id" in row:
        return f"{row['id']} {row.get('account_id')}"
    return json.dumps(row, sort_keys=True, default=str)


@pytest.mark.parametrize("size", (SMALL, LARGER), ids=("small", "larger"))
@pytest.mark.parametrize("seed", (1, 2, 3))
def test_every_entity_stream_equals_what_the_sandbox_holds(size: Size, seed: int) -> None:
    site = Site(Options(seed=seed, size=size, accounts=2, empty_pages=True))
    streams = (*ENTITIES, leads("plain"))
    names = [stream.name for stream in streams]
    synced = site.sync(names, include_leads=True, leads_personal_fields="plain")
    assert not synced.outcome.failures
    broken = {gap.field for gap in synced.sink.gaps() if gap.stream.startswith("ad_creatives")}
    assert broken <= {"object_story_spec"}
    for stream in streams:
        spoiled = {"object_story_spec"} if stream.name.startswith("ad_creatives") else set()
        ours = sorted(map(plain, synced.sink.rows(stream.name)), key=key)
        theirs = sorted(everything(site, stream), key=key)
        assert [key(row) for row in ours] == [key(row) for row in theirs]
        for mine, meta in zip(ours, theirs, strict=True):
            lost = spoiled & (meta.keys() - mine.keys())
            assert {k: v for k, v in mine.items() if v is not None} == {
                k: v for k, v in meta.items() if k not in lost and v is not None
            }


def test_ids_stay_text_and_money_keeps_its_digits() -> None:
    site = Site(Options(size=SMALL))
    synced = site.sync(["campaigns", "ads", "ad_account"])
    for row in synced.sink.rows("ads"):
        assert isinstance(row["id"], str)
        assert isinstance(row["creative"]["id"], str)
    budgets = [row["budget_remaining"] for row in synced.sink.rows("campaigns")]
    assert budgets
    assert all(isinstance(budget, int | Decimal) for budget in budgets)


def test_a_status_list_shows_what_meta_hides_by_default() -> None:
    site = Site(Options(size=LARGER))
    default = {row["id"] for row in site.sync(["ads"]).sink.rows("ads")}
    everything = site.sync(["ads"], ad_statuses=EVERY_AD_STATUS).sink.rows("ads")
    hidden = {row["id"] for row in everything} - default
    assert hidden
    assert {row["effective_status"] for row in everything if row["id"] in hidden} <= HIDDEN
    node = site.sandbox.world.node(f"act_{ACCOUNT}")
    assert node is not None
    assert {row["id"] for row in everything} == {row["id"] for row in site.sandbox.world.edge(node, "ads") or ()}


@pytest.mark.parametrize("name", ("campaigns", "ad_sets", "ads", "images", "videos", "activities"))
def test_a_second_sync_reads_only_what_changed_since(name: str) -> None:
    site = Site(Options(size=LARGER))
    first = site.sync([name])
    site.now.days += 3
    second = site.sync([name], first.sink.states())
    again = {key(row) for row in second.sink.rows(name)}
    stream = site.streams()[name]
    before = {key(plain(row)): plain(row) for row in first.sink.rows(name)}
    now = {key(row): row for row in truth(site, stream, ACCOUNT)}
    changed = {
        k for k, row in now.items() if k not in before or before[k][stream.cursor or ""] != row[stream.cursor or ""]
    }
    assert changed <= again
    assert len(again) < len(before)


def test_a_sync_with_nothing_new_delivers_nothing_and_keeps_its_state() -> None:
    site = Site(Options(size=LARGER))
    first = site.sync(["ads", "activities"])
    second = site.sync(["ads", "activities"], first.sink.states())
    assert second.sink.rows("ads") == []
    assert second.sink.rows("activities") == []
    assert second.sink.states() == first.sink.states()


def test_activities_reach_back_to_the_start_and_not_only_seven_days() -> None:
    site = Site(Options(size=LARGER))
    times = sorted(row["event_time"] for row in site.sync(["activities"]).sink.rows("activities"))
    assert times[0] < "2026-09"


def test_a_start_date_leaves_out_what_was_not_touched_since() -> None:
    site = Site(Options(size=LARGER))
    rows = site.sync(["ads"], start_date="2026-06-01").sink.rows("ads")
    assert rows
    assert all(row["updated_time"] >= "2026-05-31" for row in rows)
    assert len(rows) < len(site.sync(["ads"]).sink.rows("ads"))


def test_the_state_follows_the_rows_that_it_covers() -> None:
    site = Site(Options(size=SMALL, accounts=2))
    log = site.sync(["ads"]).sink.log
    kinds = [kind for kind, _, _ in log]
    assert kinds[-1] == "state"
    for place, (kind, _, state) in enumerate(log):
        if kind == "state":
            covered = [v["updated_time"] for k, _, v in log[:place] if k == "row"]
            claimed = [entry["updated_time"] for account, entry in state.items() if account.isdigit()]
            assert max(claimed, default="") <= max(covered, default="")


@pytest.mark.parametrize("stream", (*ENTITIES, leads()), ids=lambda stream: stream.name)
def test_only_the_selected_columns_are_asked_of_meta(stream: Stream) -> None:
    site = Site(Options(size=LARGER))
    column = "name" if any(one.name == "name" for one in stream.columns) else request_fields(stream)[1:2]
    chosen = [column] if isinstance(column, str) else list(column)
    synced = site.sync([stream.name], columns={stream.name: chosen}, include_leads=True)
    kept = {*chosen, *stream.primary_key, *((stream.cursor,) if stream.cursor else ())}
    rows = synced.sink.rows(stream.name)
    assert rows
    if stream.wrapped_in:
        return  # Meta knows one list and gives all of it
    assert {name for row in rows for name in row} <= kept
    asked = {name for call in synced.calls for name in re.findall(r"\w+", call.params.get("fields", ""))}
    holders = {"creative", "updated_time"} if stream.via else set()
    parents = {stream.parents.field} if stream.parents else set()
    shares = {stream.shared.field} if stream.shared else set()
    assert asked <= set(re.findall(r"\w+", " ".join(kept | {"id"} | holders | parents | shares)))


def test_several_accounts_are_read_side_by_side() -> None:
    site = Site(Options(size=SMALL, accounts=4))
    one = site.sync(["ads"], account_ids=[ACCOUNT], latency=1.0)
    four = site.sync(["ads"], latency=1.0)
    assert {row["account_id"] for row in four.sink.rows("ads")} == set(site.sandbox.world.accounts)
    assert four.seconds < one.seconds * 2


def test_all_accounts_are_found_by_the_token() -> None:
    site = Site(Options(size=SMALL, accounts=3))
    rows = site.sync(["ad_account"], account_ids=["all"]).sink.rows("ad_account")
    assert {row["account_id"] for row in rows} == set(site.sandbox.world.accounts)


def test_a_field_that_needs_more_rights_is_left_out_and_recorded_and_the_rest_is_read() -> None:
    site = Site(Options(size=SMALL))
    token = {"auth_type": "Service", "access_token": "no-business-token"}
    synced = site.sync(["ad_account", "campaigns"], credentials=token)
    assert not synced.outcome.failures
    (row,) = synced.sink.rows("ad_account")
    assert row["id"] == f"act_{ACCOUNT}"
    assert "owner" not in row
    assert "owner" in {gap.field for gap in synced.sink.gaps()}
    assert synced.sink.statuses("campaigns")[-1] == "COMPLETE"


def test_a_dead_token_stops_everything_with_one_clear_reason() -> None:
    site = Site(Options(size=SMALL))
    dead = {"auth_type": "Service", "access_token": "expired-token"}
    synced = site.sync(["campaigns", "ads"], credentials=dead)
    assert {failure.kind for failure in synced.outcome.failures} == {"config_error"}
    assert synced.sink.statuses("ads")[-1] == "INCOMPLETE"
    assert len(synced.calls) <= 4


def test_an_account_that_the_token_cannot_see_does_not_stop_the_others() -> None:
    site = Site(Options(size=SMALL))
    synced = site.sync(["campaigns", "ads"], account_ids=[ACCOUNT, "999"])
    assert {failure.account for failure in synced.outcome.failures} == {"999"}
    assert {row["account_id"] for row in synced.sink.rows("ads")} == {ACCOUNT}


def test_strict_turns_a_gap_into_a_failed_stream() -> None:
    site = Site(Options(size=SMALL))
    token = {"auth_type": "Service", "access_token": "no-business-token"}
    synced = site.sync(["ad_account"], credentials=token, strict=True)
    assert synced.sink.statuses("ad_account")[-1] == "INCOMPLETE"
