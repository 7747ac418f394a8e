"""`plan`: says what the next sync does, and the next sync then does it; nothing is read, made or changed by it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from executables import ACCOUNT, SMALL, Shell, config, days_ago
from facebook_marketing.config import load
from facebook_marketing.faces.planning import compared, plan, text
from facebook_marketing.plan.forecast import Basis, Forecast
from facebook_marketing.sandbox import Options, Size, Token, start
from facebook_marketing.sandbox.server import Running
from sandbox_transport import SandboxTransport
from syncing import MovedClock, Site
from virtual import run

TINY = Size(campaigns=4, adsets=12, ads=60, creatives=150, images=30, videos=5, activities=30, audiences=4)
ENTITIES = ("ad_account", "campaigns", "ad_sets", "ads", "ad_creatives", "images", "videos", "activities")
OWN = (
    {"name": "ByAge", "fields": ["impressions", "spend"], "breakdowns": ["age"], "level": "campaign"},
    {"name": "ByWeek", "fields": ["reach", "spend"], "breakdowns": ["country"], "time_increment": "weekly"},
)


def foreseen(site: Site, names: Sequence[str], state: Mapping[str, Any] | None = None, **settings: Any) -> Forecast:
    clock = MovedClock(site.now)
    door = SandboxTransport(site.sandbox, clock, latency=0.1)
    full = settings.pop("full_refresh", False)
    work = plan(load(site.config(**settings), {}).config, names, state, full_refresh=full, transport=door, clock=clock)
    return run(work)


def saved(site: Site, names: Sequence[str], **settings: Any) -> dict[str, Any]:
    return json.loads(json.dumps(site.sync(names, **settings).sink.states(), default=float))  # type: ignore[no-any-return]


def off(said: Forecast, calls: int) -> float:
    return abs(said.calls / calls - 1)


def test_a_first_sync_costs_what_was_said() -> None:
    site = Site(Options(size=TINY))
    settings: dict[str, Any] = {"insights_start_date": "2026-10-20"}
    said = foreseen(site, (*ENTITIES, "ads_insights"), **settings)
    assert {call.method for call in site.sandbox.log} == {"GET"}
    done = site.sync((*ENTITIES, "ads_insights"), **settings)
    assert off(said, len(done.calls)) <= 0.15
    assert abs(said.rows / sum(done.outcome.rows.values()) - 1) <= 0.15
    assert said.basis is Basis.ASSUMED  # some creatives spoil their page: where the others are is guessed
    table = compared(said, done.outcome, done.seconds).splitlines()
    assert table[2].split() == ["Graph", "calls", str(said.calls), str(len(done.calls))]
    exact = {one.stream: one.rows for one in said.lines if one.stream in {"campaigns", "ad_sets", "ads", "images"}}
    assert exact == {name: done.outcome.rows[name] for name in exact}


def test_the_next_day_costs_what_was_said_as_learned_and_says_what_is_left_out() -> None:
    site, names = Site(Options(size=TINY)), ("campaigns", "ads", "ad_creatives", "ads_insights")
    settings: dict[str, Any] = {"insights_start_date": "2026-09-20"}
    state = saved(site, names, **settings)
    site.now.days = 1
    said = foreseen(site, names, state, **settings)
    done = site.sync(names, state, **settings)
    assert off(said, len(done.calls)) <= 0.15
    [report] = [one for one in said.lines if one.stream == "ads_insights"]
    assert (report.basis, report.days) == (Basis.LEARNED, 30)
    [skipped] = report.skipped
    assert (skipped.why, skipped.days) == ("state", 34)
    assert "look-back of 28 days" in skipped.text


def test_own_reports_of_several_accounts_cost_what_was_said() -> None:
    site, names = Site(Options(size=TINY, accounts=2)), ("custom_by_age", "custom_by_week")
    settings: dict[str, Any] = {"custom_insights": OWN, "insights_start_date": "2026-08-20"}
    said = foreseen(site, names, **settings)
    done = site.sync(names, **settings)
    assert off(said, len(done.calls)) <= 0.15
    assert abs(said.rows / sum(done.outcome.rows.values()) - 1) <= 0.25


def test_creatives_that_spoil_their_page_are_foreseen() -> None:
    site = Site(Options(size=TINY, empty_pages=False))
    said = foreseen(site, ("ad_creatives",))
    assert said.lines[0].total == len(site.sync(("ad_creatives",)).calls) > 20


def test_days_beyond_metas_memory_and_before_the_first_delivery_are_named() -> None:
    site = Site(Options(size=SMALL))
    [report] = foreseen(site, ("ads_insights",), insights_start_date="2021-01-01").lines
    assert {one.why for one in report.skipped} == {"retention", "silence"}
    assert report.days + sum(one.days for one in report.skipped if one.why == "silence") == pytest.approx(1120, abs=20)


def test_a_full_refresh_forgets_the_state_but_not_what_it_has_learned() -> None:
    site = Site(Options(size=SMALL))
    settings: dict[str, Any] = {"insights_start_date": "2026-10-01"}
    state = saved(site, ("campaign_insights",), **settings)
    [again] = foreseen(site, ("campaign_insights",), state, **settings).lines
    [anew] = foreseen(site, ("campaign_insights",), {}, full_refresh=True, **settings).lines
    assert again.days < anew.days == 52


def test_a_look_back_by_totals_is_compared_as_the_sync_compares_it() -> None:
    site = Site(Options(size=SMALL))
    settings: dict[str, Any] = {"lookback": "changed", "insights_start_date": "2026-10-01"}
    state = saved(site, ("ads_insights",), **settings)
    site.now.days = 1
    said = foreseen(site, ("ads_insights",), state, **settings)
    done = site.sync(("ads_insights",), state, **settings)
    assert abs(said.calls - len(done.calls)) <= 2
    assert any(one.why == "look-back" for one in said.lines[0].skipped)


def test_an_account_that_cannot_be_read_is_said_and_the_others_are_foreseen() -> None:
    lost = {"lost-token": Token(accounts=frozenset({ACCOUNT}))}
    site = Site(Options(size=SMALL, accounts=2, tokens=lost))
    credentials = {"auth_type": "Service", "access_token": "lost-token"}
    said = foreseen(site, ("campaign_insights",), credentials=credentials, insights_start_date="2026-11-01")
    first, second = said.lines
    assert first.rows > 0
    [refused] = second.skipped
    assert (refused.why, second.total) == ("refused", 0)
    assert "may not read this account" in refused.text
    assert "refused" in text(said)


# --- by the command --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    with start(Options(size=SMALL, run_seconds=0.1)) as running:
        yield running


@pytest.fixture
def here(served: Running, tmp_path: Path) -> Shell:
    return Shell(tmp_path, served.url)


def planned(shell: Shell, *more: str) -> dict[str, Any]:
    done = shell.command("plan", "--json", "--config", shell.write("c.json", config()), *more)
    assert done.code == 0, done.err
    return json.loads(done.out)  # type: ignore[no-any-return]


def rows_of(said: Mapping[str, Any]) -> dict[str, int]:
    return {one["stream"]: one["rows"] for one in said["lines"]}


def test_the_command_goes_on_from_what_the_command_sync_left(here: Shell) -> None:
    names = ("--streams", "campaigns,ads_insights")
    before = planned(here, *names)
    assert not (here.folder / "ads.duckdb").exists()
    done = here.command("sync", "--quiet", "--config", here.write("c.json", config()), *names)
    assert done.code == 0
    after = planned(here, *names)
    assert rows_of(after)["campaigns"] < rows_of(before)["campaigns"]
    [report] = [one for one in after["lines"] if one["stream"] == "ads_insights"]
    assert (report["sure"], report["days"]) == ("learned", 0)
    assert [one["why"] for one in report["skipped"]] == ["state"]


def test_the_command_goes_on_from_a_state_file(here: Shell) -> None:
    state = {"campaigns": {ACCOUNT: {"updated_time": f"{days_ago(1)}T00:00:00Z", "filter_statuses": []}}}
    said = planned(here, "--streams", "campaigns", "--state", here.write("s.json", state))
    assert said["lines"][0]["skipped"][0]["why"] == "state"


def test_for_a_person_it_says_streams_time_quota_and_how_sure_it_is(here: Shell, served: Running) -> None:
    before = len(served.sandbox.log)
    done = here.command("plan", "--config", here.write("c.json", config()))
    shown = done.out.decode()
    assert done.code == 0
    assert "The next sync reads" in shown
    assert "Most of an hourly quota:" in shown
    assert "calls rest on" in shown.lower()
    assert f"This plan has cost {len(served.sandbox.log) - before} calls." in shown
    assert all(call.method == "GET" for call in served.sandbox.log[before:])


def test_what_does_not_exist_is_said(here: Shell) -> None:
    done = here.command("plan", "--config", here.write("c.json", config()), "--streams", "campains")
    assert (done.code, done.out) == (1, b"")
    assert "campaigns" in done.err
