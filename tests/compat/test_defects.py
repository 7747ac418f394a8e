"""Thirty defects of the strongest other reader of this API, and what ours does in their place.

What a test elsewhere proves already stands in PROVED under the defect's number; the rest is proved here, in functions
that bear the number.
"""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from engine.test_insights_truth import (
    TINY,
    Asked,
    asked_of_meta,
    assert_same,
    day,
    days_asked,
    every_day,
    keys_of,
    still,
    truth,
)
from executables import Shell, config
from facebook_marketing.catalog import schema
from facebook_marketing.catalog.streams import ENTITIES, entity
from facebook_marketing.config import spec
from facebook_marketing.plan.windows import earliest
from facebook_marketing.records import Rows
from facebook_marketing.sandbox import Options
from facebook_marketing.sandbox.faults import Fault, Match, Then
from facebook_marketing.sandbox.wire import SandboxReply
from facebook_marketing.sandbox.world import Size
from syncing import ACCOUNT, Site, Synced

TESTS = Path(__file__).parents[1]

DEFECTS: Mapping[int, str] = {
    1: "the schema is loaded anew for each row",
    2: "each row is coerced against its schema",
    3: "everything goes one after the other",
    4: "a call before each report asks whether a report may be made",
    5: "a report run for each single day",
    6: "result pages of 100 rows whatever the page size",
    7: "each page asks Meta to count the whole edge",
    8: "sleeps of minutes for all accounts because one is busy",
    9: "a crash where the throttle header never came",
    10: "a wait without end while the throttle header stays high",
    11: "a poll that fails is made for ever",
    12: "a divided day counts as read with its first part",
    13: "finished days in the state are read again",
    14: "dividing at the edge of Meta's memory asks for days beyond it",
    15: "while one report is divided all others wait",
    16: "rows of several days move their borders from sync to sync",
    17: "rows without a value of their breakdown are dropped without a word",
    18: "custom reports leave out what built-in ones count",
    19: "three action breakdowns by default, which lose conversions",
    20: "no way to ask for the unified attribution setting",
    21: "images and videos are thought to come in order",
    22: "a call for every single creative",
    23: "a page size that was halved stays small",
    24: "a failure in the middle of an edge begins it again",
    25: "batch entries that come back empty are asked again without a pause",
    26: "names that Meta adds or renames are refused by the form",
    27: "the token stands in every address",
    28: "a heavy installation",
    29: "the user's config file is written",
    30: "accounts and streams in another order with every run",
}

PROVED: Mapping[int, Sequence[str]] = {
    7: (
        "graph/test_client.py::test_no_listing_asks_for_a_summary",
        "engine/test_insights_wire.py::test_a_sync_asks_for_nothing_that_meta_has_retired_and_nothing_that_costs",
    ),
    8: (
        "engine/test_faults_quota.py::test_a_hot_account_waits_alone_and_a_cold_one_is_done_at_once",
        "engine/test_faults_quota.py::test_a_warning_in_the_headers_alone_slows_down_and_stops_nothing",
        "graph/test_client.py::test_the_insights_quota_of_an_account_does_not_stop_its_entities",
    ),
    10: ("graph/test_client.py::test_a_usage_header_that_sticks_at_a_hundred_slows_but_never_stops",),
    11: ("graph/test_runs.py::test_deadlines_hold_while_every_poll_fails",),
    12: ("engine/test_faults_kill.py::test_a_window_that_was_divided_when_the_sync_died_is_not_claimed_as_a_whole",),
    13: (
        "compat/test_carry_over_states.py::test_a_report_goes_on_from_the_state_of_any_version",
        "plan/test_progress.py::test_a_sync_cut_short_does_not_read_its_windows_again",
        "plan/test_progress.py::test_state_stays_small_over_years_of_daily_syncs",
    ),
    16: (
        "plan/test_windows.py::test_bucket_borders_do_not_depend_on_the_day_of_the_sync",
        "engine/test_insights_incremental.py::test_open_buckets_are_read_again_whole_and_keep_their_key",
    ),
    17: (
        "engine/test_insights_rows.py::test_a_row_without_its_hour_is_kept_under_a_value_of_its_own",
        "records/test_streams.py::test_an_hour_that_meta_leaves_out_still_makes_a_key",
    ),
    19: ("engine/test_insights_wire.py::test_actions_are_broken_down_by_type_alone_unless_the_user_says_otherwise",),
    20: ("engine/test_insights_wire.py::test_attribution_settings_reach_meta",),
    23: (
        "graph/test_walk.py::test_a_thousand_rows_after_two_hiccups_cost_few_extra_calls",
        "graph/test_walk.py::test_a_size_once_too_heavy_is_not_asked_again_at_once_and_creeps_back_later",
    ),
    25: (
        "engine/test_faults_reading.py::test_every_poll_of_every_batch_may_come_back_as_null",
        "graph/test_client.py::test_entries_of_a_batch_that_meta_did_not_finish_are_asked_again_alone",
    ),
    27: (
        "graph/test_client.py::test_the_token_travels_in_the_header_and_nowhere_else",
        "graph/test_wire.py::test_no_token_of_a_next_address_is_taken_over",
        "graph/test_wire.py::test_a_token_that_meta_echoes_does_not_show_in_the_text_of_a_fault",
        "graph/test_wire.py::test_the_proof_is_the_hmac_of_the_token_under_the_app_secret",
    ),
    28: (
        "test_packaging.py::test_a_bare_install_has_five_dependencies",
        "test_packaging.py::test_a_cold_start_loads_nothing_heavy",
    ),
    29: (
        "config/test_older_forms.py::test_the_users_file_is_never_written",
        "compat/test_executable.py::test_an_older_config_works_is_left_as_it_is_and_each_migration_is_one_line",
    ),
}

COLUMNS = {"ads_insights": ["impressions", "spend"]}


def test_each_of_the_thirty_defects_has_its_proof() -> None:
    here = {int(name.split("_")[1]) for name in globals() if name.startswith("test_") and name.split("_")[1].isdigit()}
    assert set(DEFECTS) == set(range(1, 31)) == here | set(PROVED)


@pytest.mark.parametrize("where", [one for some in PROVED.values() for one in some])
def test_a_proof_that_is_named_exists(where: str) -> None:
    file, _, name = where.partition("::")
    assert f"def {name}(" in (TESTS / file).read_text(encoding="utf-8")


def site_of(*faults: Fault, **options: Any) -> Site:
    """A sandbox in which these things go wrong."""
    return Site(Options(**{"size": TINY, "faults": faults, "empty_pages": False, **options}))


def answering(site: Site, change: Callable[[str, SandboxReply], SandboxReply]) -> None:
    """Lets every reply of the sandbox pass through `change`, which is told the address."""
    plain = site.sandbox.handle

    def handle(method: str, url: str, headers: Mapping[str, str], body: bytes) -> SandboxReply:
        readable = {name: value for name, value in headers.items() if name.lower() != "accept-encoding"}
        return change(url, plain(method, url, readable, body))

    site.sandbox.handle = handle  # type: ignore[method-assign]


def report(site: Site, since: int, until: int, **settings: Any) -> Synced:
    """A sync of ads_insights over settled days."""
    dates: dict[str, Any] = {"start_date": str(day(since)), "end_date": str(day(until))}
    return site.sync(["ads_insights"], columns=COLUMNS, **dates, **settings)


def whole(site: Site, synced: Synced, since: int, until: int) -> None:
    """Nothing is missing, nothing is there twice, nothing is to be said."""
    assert synced.outcome.failures == ()
    assert synced.sink.gaps() == []
    asked = Asked(day(since), day(until), fields=("impressions", "spend"))
    assert_same(synced.sink.rows("ads_insights"), truth(site, asked), keys_of())


def test_1_the_schema_is_made_for_the_catalog_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(_: object) -> None:
        raise AssertionError("a schema was made while rows were read")

    monkeypatch.setattr(schema, "json_schema", made)
    assert site_of().sync(["campaigns", "ads_insights"], insights_start_date=str(day(5))).outcome.failures == ()


def test_2_a_row_costs_no_python_call_of_its_own() -> None:
    def calls(rows: int) -> int:
        page = json.dumps(
            [{"id": str(n), "name": "x", "updated_time": "2026-11-20T10:00:00-0800"} for n in range(rows)]
        )
        reader, count = Rows(entity("ads")), 0
        reader.decode(page.encode(), "7")

        def note(_: object, event: str, __: object) -> None:
            nonlocal count
            count += event == "call"

        sys.setprofile(note)
        try:
            reader.decode(page.encode(), "7")
        finally:
            sys.setprofile(None)
        return count

    assert (calls(1010) - calls(10)) / 1000 < 10, "the peer makes some thousand calls a row"


def test_3_calls_are_under_way_together() -> None:
    site = site_of(accounts=4)
    names = ("campaigns", "ad_sets", "ads", "ads_insights", "ads_insights_country")
    done = site.sync(names, latency=1.0, insights_start_date=str(day(30)))
    assert site.under_way > 4
    assert done.seconds < len(done.calls) / 3


@pytest.fixture(scope="module")
def quarter() -> Synced:
    """Ninety days of an account, read whole."""
    site = site_of(
        size=Size(campaigns=4, adsets=8, ads=40, creatives=10, images=2, videos=1, activities=1, audiences=1)
    )
    done = report(site, 120, 31)
    whole(site, done, 120, 31)
    assert len(done.sink.rows("ads_insights")) > 1000
    return done


def test_4_no_call_asks_whether_a_report_may_be_made(quarter: Synced) -> None:
    made = {(call.path, call.params["time_range"]) for call in quarter.calls if "time_range" in call.params}
    assert {call.edge for call in quarter.calls} == {"insights", "AdReportRun", "AdAccount"}
    assert len([call for call in quarter.calls if call.edge == "AdAccount"]) == 1, "the zone of the account, once"
    at_once = [call for call in quarter.calls if call.method == "GET" and call.path == f"act_{ACCOUNT}/insights"]
    assert len(at_once) <= 1, "at most one, for the day of the first delivery"
    assert len(made) == len([call for call in quarter.calls if call.method == "POST"]) + len(at_once)


def test_5_a_quarter_takes_a_handful_of_runs(quarter: Synced) -> None:
    assert len(asked_of_meta(quarter.calls)) <= 15


def test_6_result_pages_are_as_large_as_a_page_may_be(quarter: Synced) -> None:
    limits = [
        int(call.params["limit"])
        for call in quarter.calls
        if call.path.endswith("/insights") and "limit" in call.params
    ]
    assert max(limits) >= 500
    pages = [call for call in quarter.calls if call.edge == "insights" and call.method == "GET"]
    assert len(pages) <= len(asked_of_meta(quarter.calls)) + 2


def test_9_headers_that_never_come_are_not_missed() -> None:
    site = site_of()

    def bare(_: str, reply: SandboxReply) -> SandboxReply:
        kept = {name: value for name, value in reply.headers.items() if "usage" not in name and "throttle" not in name}
        return replace(reply, headers=kept)

    answering(site, bare)
    whole(site, report(site, 60, 31), 60, 31)
    assert site.sync(["campaigns"]).sink.rows("campaigns")


def test_10_a_throttle_header_at_a_hundred_for_ever_ends_no_sync_and_begins_no_endless_one() -> None:
    site = site_of(Fault(match=Match(), then=Then(usage=100)))
    done = report(site, 60, 31)
    whole(site, done, 60, 31)
    assert done.seconds < 3600


@pytest.mark.parametrize("then", (Then(code=100, subcode=33), Then(error="service_unavailable"), Then(text="{}")))
def test_11_polls_that_fail_for_ever_end_with_what_could_not_be_read(then: Then) -> None:
    site = site_of(Fault(match=Match(edge="AdReportRun"), then=then), Fault(match=Match(edge="batch"), then=then))
    done = report(site, 60, 31, insights_job_timeout=1)
    assert done.sink.statuses("ads_insights")[-1] in {"COMPLETE", "INCOMPLETE"}
    if done.sink.statuses("ads_insights")[-1] == "INCOMPLETE":
        assert done.sink.gaps()
    else:
        whole(site, done, 60, 31)
    assert done.seconds < 6 * 3600
    assert len(done.calls) < 1500


def test_14_dividing_at_the_edge_of_metas_memory_stays_within_it() -> None:
    site = still()
    floor = earliest(day(0), 37)

    def too_large(request: Any) -> None:
        asked = dict(parse_qsl((request.body or b"").decode()))
        struck = request.method == "POST" and "time_range" in asked and _days(asked) > 1
        site.sandbox.faults.replace([Fault(then=Then(run="out_of_memory"))] if struck else [])

    site.before = too_large
    dates: dict[str, Any] = {"start_date": str(floor - timedelta(days=9)), "end_date": str(floor + timedelta(days=20))}
    done = site.sync(["ads_insights"], columns=COLUMNS, **dates)
    assert {call.code for call in done.calls} == {None}
    assert set(days_asked(done.calls)) == set(every_day(floor, floor + timedelta(days=20)))
    assert {gap.verdict for gap in done.sink.gaps()} == {"retention"}


def _days(asked: Mapping[str, str]) -> int:
    span = json.loads(asked["time_range"])
    return int(span["until"][8:]) - int(span["since"][8:]) + 1 if span["until"][:7] == span["since"][:7] else 31


def test_15_while_one_report_is_divided_the_others_are_read() -> None:
    site = site_of(accounts=2)
    hard, easy = site.sandbox.world.accounts
    last: dict[str, float] = {}

    def before(request: Any) -> None:
        path = urlsplit(request.url).path
        for account in (hard, easy):
            if f"act_{account}" in path:
                last[account] = site.now()
        struck = request.method == "POST" and f"act_{hard}/insights" in path
        site.sandbox.faults.replace([Fault(then=Then(run="stuck"))] if struck else [])

    site.before = before
    began = site.now()
    done = report(site, 60, 31, insights_job_timeout=5)
    assert {row["account_id"] for row in done.sink.rows("ads_insights")} >= {easy}
    assert last[easy] - began < 120
    assert last[hard] - last[easy] > 300


def test_18_custom_reports_count_what_built_in_ones_count() -> None:
    site = still()
    dates: dict[str, Any] = {"start_date": str(day(60)), "end_date": str(day(31))}
    own = {"name": "x", "fields": ["spend"], "action_breakdowns": []}
    done = site.sync(["ads_insights", "customx"], columns=COLUMNS, custom_insights=[own], **dates)
    spend = [sum(row.get("spend", 0) for row in done.sink.rows(name)) for name in ("ads_insights", "customx")]
    assert spend[0] == spend[1] > 0
    built_in, custom = (
        {one["filtering"] for one in asked_of_meta(done.calls) if fields in one["fields"]}
        for fields in ("impressions", "spend")
    )
    assert built_in == custom


@pytest.mark.parametrize("stream", ("images", "videos"))
@pytest.mark.parametrize("seed", range(4))
def test_21_images_and_videos_come_in_any_order_and_none_is_lost(stream: str, seed: int) -> None:
    size = Size(campaigns=2, adsets=2, ads=3, creatives=3, images=30, videos=30, activities=2, audiences=1)
    site = site_of(size=size)
    held = site.sync([stream]).sink.rows(stream)
    moments = sorted(row["updated_time"] for row in held)
    middle = moments[len(moments) // 2]
    shuffled = random.Random(seed).sample(range(len(held)), len(held))
    edge = {"images": "adimages", "videos": "advideos"}[stream]

    def mixed(url: str, reply: SandboxReply) -> SandboxReply:
        if f"/{edge}" not in url:
            return reply
        rows = json.loads(reply.body)["data"]
        order = [rows[place] for place in shuffled if place < len(rows)]
        return replace(reply, body=json.dumps({"data": order}).encode())

    answering(site, mixed)
    saved = {stream: {ACCOUNT: {"updated_time": middle}, "filter_statuses": []}}
    done = site.sync([stream], saved)
    assert {row["id"] for row in done.sink.rows(stream)} == {row["id"] for row in held if row["updated_time"] >= middle}
    assert done.sink.states()[stream][ACCOUNT]["updated_time"] == moments[-1]


def test_22_creatives_come_by_the_page_or_by_the_batch_and_never_one_by_one() -> None:
    size = Size(campaigns=5, adsets=10, ads=200, creatives=200, images=2, videos=1, activities=1, audiences=1)
    for stream in (one.name for one in ENTITIES if one.name.startswith("ad_creatives")):
        site = site_of(size=size)
        done = site.sync([stream])
        assert len(done.sink.rows(stream)) > 100
        single = [call for call in done.calls if call.edge == "AdCreative" and not call.batch]
        assert len(single) <= len({gap.entity for gap in done.sink.gaps()})
        assert len(done.calls) < len(done.sink.rows(stream)) / 2


def test_24_a_failure_in_the_middle_of_an_edge_goes_on_where_it_happened() -> None:
    size = Size(campaigns=5, adsets=10, ads=200, creatives=5, images=2, videos=1, activities=1, audiences=1)
    calm = site_of(size=size).sync(["ads"], page_size=10)
    site = site_of(Fault(match=Match(edge="ads", nth=(6, 7, 8)), then=Then(error="service_unavailable")), size=size)
    done = site.sync(["ads"], page_size=10)
    assert len(calm.calls) >= 10
    assert done.outcome.failures == ()
    assert [row["id"] for row in done.sink.rows("ads")] == [row["id"] for row in calm.sink.rows("ads")]
    assert len(done.calls) == len(calm.calls) + 3, "only the page that failed is asked again"


def test_24_what_one_account_delivered_is_kept_when_another_one_fails() -> None:
    site = site_of(Fault(match=Match(edge="ads", account=ACCOUNT), then=Then(code=200)), accounts=2)
    done = site.sync(["ads"])
    (state,) = [value for kind, name, value in done.sink.log if (kind, name) == ("state", "ads")]
    assert [key for key in state if key.isdigit()] == [one for one in site.sandbox.world.accounts if one != ACCOUNT]


def test_26_any_name_of_metas_can_be_asked_the_form_lists_none_of_them_and_a_name_that_is_gone_costs_itself_alone() -> (
    None
):
    items = spec()["connectionSpecification"]["properties"]["custom_insights"]["items"]["properties"]
    assert all("enum" not in items[name]["items"] for name in ("fields", "breakdowns", "action_breakdowns"))
    site = site_of()
    own = {"name": "x", "fields": ["impressions", "added_yesterday"]}
    dates: dict[str, Any] = {"start_date": str(day(40)), "end_date": str(day(36))}
    done = site.sync(["customx"], custom_insights=[own], **dates)
    assert any("added_yesterday" in call.params.get("fields", "") for call in done.calls)
    assert done.outcome.failures == ()
    assert done.sink.rows("customx")
    assert {gap.field for gap in done.sink.gaps()} == {"added_yesterday"}


def test_30_accounts_and_streams_keep_their_order_with_every_run(shell: Shell) -> None:
    own = {"name": "x", "fields": ["spend", "reach", "clicks", "impressions"], "breakdowns": ["gender", "age"]}
    settings = shell.write("config.json", config(account_ids=["3", "1", "2", "9", "7"], custom_insights=[own]))
    printed = {shell.source("discover", "--config", settings, PYTHONHASHSEED=str(seed)).out for seed in (0, 1, 2)}
    assert len(printed) == 1
    code = f"from facebook_marketing.config import load; print(load({settings!r}, {{}}).config.account_ids)"
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(TESTS.parent / "src")},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert done.stdout.strip() == "('3', '1', '2', '9', '7')"
