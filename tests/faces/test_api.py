"""The Python API: batches, state in and out, back-pressure, early ends, errors that have a type."""

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import facebook_marketing
from airbyte_lines import records
from executables import ACCOUNT, SMALL, Ended, Shell, config
from facebook_marketing.catalog.streams import ENTITIES
from facebook_marketing.config import load
from facebook_marketing.engine.door import Event, Progress, Status
from facebook_marketing.engine.order import Selected
from facebook_marketing.faces.batches import Asked, AsyncReading
from facebook_marketing.sandbox import Fault, Match, Options, Then, start
from facebook_marketing.sandbox.server import Running
from facebook_marketing.sinks.shelves import batch_schema
from sandbox_transport import SandboxTransport
from syncing import MovedClock, Site
from virtual import run

NAMES = ("campaigns", "ads", "ads_insights")


@pytest.fixture(autouse=True)
def at_the_sandbox(meta: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("FACEBOOK_ACCESS_TOKEN", "FACEBOOK_ACCOUNT_IDS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FACEBOOK_GRAPH_URL", meta.url)
    monkeypatch.chdir(tmp_path)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "facebook-marketing"]


def label(batch: Any) -> tuple[str, str]:
    metadata = batch.schema.metadata
    return metadata[b"stream"].decode(), metadata[b"account"].decode()


# --- what comes -------------------------------------------------------------------------------------------------------


def test_every_row_comes_typed_and_says_whose_it_is(whole: Ended) -> None:
    names = ("ads", "ad_sets", "activities", "ads_insights")
    batches = list(facebook_marketing.read(config(), names))
    declared = {stream.name: stream for stream in facebook_marketing.streams(config())}
    assert {label(batch) for batch in batches} == {(name, ACCOUNT) for name in names}
    for batch in batches:
        assert isinstance(batch, pa.RecordBatch)
        assert batch.schema.equals(batch_schema(declared[label(batch)[0]]), check_metadata=False)
    for name in names:
        read = [row for batch in batches if label(batch)[0] == name for row in batch.to_pylist()]
        airbyte = records(whole.lines, name)
        assert len(read) == len(airbyte) > 0
        assert sorted(plain(row, name) for row in read) == sorted(plain(row, name) for row in airbyte)


def plain(row: Mapping[str, Any], name: str) -> str:
    """What both faces say of a row, in the same words."""
    if name != "ads_insights":
        return str(row.get("id", row.get("event_type")))
    return f"{row['ad_id']} {row['date_start']} {Decimal(str(row['spend'] or 0)):.6f} {row['impressions']}"


@pytest.mark.parametrize("form", ("dict", "older dict", "path", "text", "Config", "environment"))
def test_a_configuration_comes_in_any_form(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps(config()))
    if form == "environment":
        monkeypatch.setenv("FACEBOOK_ACCESS_TOKEN", "sandbox-token")
        monkeypatch.setenv("FACEBOOK_ACCOUNT_IDS", ACCOUNT)
    forms: Mapping[str, Any] = {
        "dict": config(),
        "older dict": {"account_id": ACCOUNT, "access_token": "sandbox-token"},
        "path": path,
        "text": str(path),
        "Config": load(config(), os.environ).config,
        "environment": None,
    }
    assert sum(batch.num_rows for batch in facebook_marketing.read(forms[form], "campaigns")) == SMALL.campaigns


def test_only_the_wanted_columns_are_asked_of_meta(meta: Running) -> None:
    before = len(meta.sandbox.log)
    (batch,) = facebook_marketing.read(config(), "campaigns", columns={"campaigns": ["name"]})
    asked = [call.params["fields"] for call in meta.sandbox.log[before:] if call.edge == "campaigns"]
    assert {"id", "name", "updated_time"} <= set(batch.schema.names)
    assert "objective" not in batch.schema.names
    assert asked
    assert all("objective" not in str(fields) for fields in asked)


def test_events_of_the_read_are_told() -> None:
    events: list[Event] = []
    list(facebook_marketing.read(config(), "campaigns", on_event=events.append))
    assert {type(event) for event in events} >= {Progress, Status}


# --- state ------------------------------------------------------------------------------------------------------------


def test_the_next_read_brings_only_what_is_new() -> None:
    first = facebook_marketing.read(config(), NAMES)
    rows = sum(batch.num_rows for batch in first)
    second = facebook_marketing.read(config(), NAMES, json.loads(json.dumps(first.state)))
    assert rows > 0
    assert [batch.num_rows for batch in second] == []
    assert second.state.keys() == set(NAMES)


def test_a_state_of_streams_that_are_not_read_now_is_kept() -> None:
    first = facebook_marketing.read(config(), "campaigns")
    list(first)
    second = facebook_marketing.read(config(), "ads", first.state)
    list(second)
    assert second.state["campaigns"] == first.state["campaigns"]
    assert "ads" in second.state


@pytest.mark.parametrize("form", ("dict", "messages", "path", "text"))
def test_a_state_comes_in_any_form(form: str, tmp_path: Path) -> None:
    first = facebook_marketing.read(config(), "campaigns")
    list(first)
    path = tmp_path / "state.json"
    path.write_text(json.dumps(first.state))
    blob = first.state["campaigns"]
    message = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "campaigns"}, "stream_state": blob}}
    forms: Mapping[str, Any] = {"dict": first.state, "messages": [message], "path": path, "text": str(path)}
    assert list(facebook_marketing.read(config(), "campaigns", forms[form])) == []


def keys(batches: Sequence[Any]) -> list[tuple[str, str]]:
    return [(label(batch)[0], row) for batch in batches for row in batch["_row_id"].to_pylist()]


def taken(
    site: Site, names: Sequence[str], state: Mapping[str, Any], most: int, **settings: Any
) -> tuple[list[Any], Any]:
    """The first `most` batches and the state at that moment, on virtual time."""
    made = load(site.config(**settings), {}).config
    streams = site.streams(**settings)
    selected = tuple(Selected(streams[name]) for name in names)

    async def take() -> tuple[list[Any], Any]:
        clock = MovedClock(site.now)
        transport = SandboxTransport(site.sandbox, clock)
        asked = Asked(made, selected, state, transport=transport, clock=clock, most_bytes=1)
        batches: list[Any] = []
        async with AsyncReading(asked) as reading:
            async for batch in reading:
                batches.append(batch)
                if len(batches) == most:
                    break
            return batches, json.loads(json.dumps(reading.state))

    return run(take())


def test_whenever_a_reader_leaves_its_state_brings_the_rest_and_claims_nothing_that_it_did_not_get() -> None:
    settings = {"page_size": 4, "insights_start_date": "2026-11-01"}
    site = Site(Options(size=SMALL, empty_pages=False))
    whole, _ = taken(site, NAMES, {}, 10**6, **settings)
    everything = set(keys(whole))
    assert len(whole) > 12
    for most in range(1, len(whole), 4):
        got, state = taken(site, NAMES, {}, most, **settings)
        rest, _ = taken(site, NAMES, state, 10**6, **settings)
        assert set(keys(got)) | set(keys(rest)) == everything, most


def test_the_batch_in_hand_is_not_yet_covered() -> None:
    with facebook_marketing.read(config(), "campaigns") as reading:
        next(reading)
        assert reading.state == {}
        assert next(reading, None) is None
    assert "campaigns" in reading.state


# --- back-pressure and early ends -------------------------------------------------------------------------------------


def test_who_takes_nothing_holds_the_reader_up(meta: Running) -> None:
    before = len(meta.sandbox.log)
    made = load(config(page_size=1), {"FACEBOOK_GRAPH_URL": meta.url}).config
    streams = {stream.name: stream for stream in ENTITIES}

    async def hold() -> int:
        async with AsyncReading(Asked(made, (Selected(streams["activities"]),), most_bytes=1)) as reading:
            await anext(reading)
            await asyncio.sleep(0.5)
            return len(meta.sandbox.log) - before

    assert asyncio.run(hold()) <= 5  # of 20 pages: one taken, one lies ready, one waits, one is asked for


@pytest.mark.parametrize("how", ("with", "break", "close"))
def test_what_is_left_early_is_cancelled(how: str, meta: Running) -> None:
    made = config(page_size=1)
    reading = facebook_marketing.read(made, "activities")
    match how:
        case "with":
            with reading:
                next(reading)
        case "close":
            next(reading)
            reading.close()
        case _:
            next(reading)
            del reading
            gc.collect()
    calls = len(meta.sandbox.log)
    assert threads() == []
    time.sleep(0.2)
    assert len(meta.sandbox.log) <= calls + 1


def test_a_closed_reading_gives_nothing_more() -> None:
    reading = facebook_marketing.read(config(), "campaigns")
    reading.close()
    assert list(reading) == []
    with pytest.raises(facebook_marketing.UsageError, match="known at its end"):
        _ = reading.outcome


def test_the_thread_ends_with_the_read() -> None:
    assert len(list(facebook_marketing.read(config(), "campaigns"))) == 1
    assert threads() == []


def test_the_blocking_forms_work_inside_a_running_loop(meta: Running) -> None:
    async def notebook() -> tuple[int, int, tuple[str, ...]]:
        rows = sum(batch.num_rows for batch in facebook_marketing.read(config(), "campaigns"))
        result = facebook_marketing.sync(config(), "duckdb:///n.duckdb", "campaigns")
        return rows, result.outcome.rows["campaigns"], facebook_marketing.check(config())

    assert asyncio.run(notebook()) == (SMALL.campaigns, SMALL.campaigns, ())


def test_a_read_in_a_loop_leaves_no_task_behind() -> None:
    async def half() -> int:
        async with facebook_marketing.read_async(config(page_size=1), ["activities"]) as reading:
            await anext(reading)
        return len(asyncio.all_tasks())

    assert asyncio.run(half()) == 1


def test_ctrl_c_ends_a_read_that_waits_for_meta(shell: Shell) -> None:
    stuck = Fault(Match(edge="ads"), Then(hang=True))
    script = """
import facebook_marketing, sys
for batch in facebook_marketing.read("c.json", ["campaigns", "ads"]):
    print(batch.num_rows, flush=True)
"""
    with start(Options(size=SMALL, faults=(stuck,))) as meta:
        away = Shell(shell.folder, meta.url)
        away.write("c.json", config())
        with away.start(sys.executable, "-c", script) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"3\n"
            process.send_signal(signal.SIGINT)
            assert process.wait(15) != 0
            assert process.stderr is not None
            assert b"KeyboardInterrupt" in process.stderr.read()


@pytest.mark.parametrize(
    ("after", "code"),
    (("", 0), ("raise ValueError(batch.num_rows)", 1), ("raise SystemExit(4)", 4)),
)
def test_a_program_that_ends_in_the_middle_of_a_read_ends_at_once(after: str, code: int, shell: Shell) -> None:
    stuck = Fault(Match(edge="ads"), Then(hang=True))
    script = f"""
import facebook_marketing
reading = facebook_marketing.read("c.json", ["campaigns", "ads"])
batch = next(reading)
{after}
"""
    with start(Options(size=SMALL, faults=(stuck,))) as meta:
        away = Shell(shell.folder, meta.url)
        away.write("c.json", config())
        done = away.run(sys.executable, "-c", script)
    assert (done.code, done.seconds < 30) == (code, True)
    assert done.err.count("Traceback") == (1 if code == 1 else 0)


# --- errors -----------------------------------------------------------------------------------------------------------


def test_wrong_settings_are_said_at_the_call() -> None:
    with pytest.raises(facebook_marketing.ConfigError, match="page_size"):
        facebook_marketing.read(config(page_size=-1))


@pytest.mark.parametrize(
    ("arguments", "said"),
    (
        ({"streams": ["campains"]}, "did you mean campaigns"),
        ({"streams": []}, "No stream is named"),
        ({"streams": ["ads"], "columns": {"ads": ["nmae"]}}, "no column nmae"),
        ({"streams": ["ads"], "columns": {"adds": ["name"]}}, "adds, which is not read"),
        ({"streams": ["ads"], "state": "nowhere.json"}, "nowhere.json cannot be read"),
    ),
)
def test_what_there_is_not_is_said_at_the_call(arguments: Mapping[str, Any], said: str) -> None:
    with pytest.raises(facebook_marketing.UsageError, match=said):
        facebook_marketing.read(config(), **arguments)


@pytest.mark.parametrize("state", ({"ads": 7}, {"ads": {"version": 99}}))
def test_a_state_that_cannot_be_used_is_a_state_error(state: Mapping[str, Any]) -> None:
    with pytest.raises(facebook_marketing.StateError):
        list(facebook_marketing.read(config(), "ads", state))
    assert threads() == []


def test_where_no_account_can_be_found_out_the_read_stops() -> None:
    reading = facebook_marketing.read(config(account_ids=["all"], token="expired-token"), "ads")
    with pytest.raises(facebook_marketing.StoppedError, match="token is dead"):
        next(reading)
    assert threads() == []


def test_what_failed_is_said_after_everything_that_could_be_read() -> None:
    reading = facebook_marketing.read(config(account_ids=["999", ACCOUNT]), "campaigns")
    assert next(reading).num_rows == SMALL.campaigns
    with pytest.raises(facebook_marketing.IncompleteError, match="account 999, campaigns") as caught:
        next(reading)
    assert list(reading) == []
    assert {failure.account for failure in caught.value.outcome.failures} == {"999"}


def test_what_failed_may_be_looked_up_instead() -> None:
    reading = facebook_marketing.read(config(account_ids=["999", ACCOUNT]), "campaigns", raise_incomplete=False)
    assert sum(batch.num_rows for batch in reading) == SMALL.campaigns
    assert [failure.account for failure in reading.outcome.failures] == ["999"]
    assert reading.state["campaigns"].keys() >= {ACCOUNT}


def test_a_token_that_meta_echoes_stands_in_no_error() -> None:
    token = "expired-token"
    with pytest.raises(facebook_marketing.StoppedError) as caught:
        list(facebook_marketing.read(config(account_ids=["all"], token=token), "ads"))
    assert token not in str(caught.value)


# --- sync, check, streams ---------------------------------------------------------------------------------------------


def test_sync_goes_on_from_the_first_call() -> None:
    first, second = (facebook_marketing.sync(config(), "duckdb:///a.duckdb", ["ads", "campaigns"]) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert sum(first.outcome.rows.values()) > 0
    assert sum(second.outcome.rows.values()) == 0


def test_sync_by_overwrite_reads_everything_again() -> None:
    made = [facebook_marketing.sync(config(), "duckdb:///a.duckdb", "ads", mode="overwrite") for _ in range(2)]
    assert made[0].outcome.rows == made[1].outcome.rows


def test_a_mode_that_there_is_not_is_said() -> None:
    with pytest.raises(facebook_marketing.UsageError, match=r"no mode 'replace'\. Modes: overwrite, append, "):
        facebook_marketing.sync(config(), "duckdb:///a.duckdb", "ads", mode="replace")
    with pytest.raises(facebook_marketing.UsageError, match="given for campaigns, which is not read"):
        facebook_marketing.sync(config(), "duckdb:///a.duckdb", "ads", mode={"campaigns": "append"})


def test_streams_tell_their_columns_and_keys() -> None:
    by_name = {stream.name: stream for stream in facebook_marketing.streams(config())}
    assert by_name["ads"].primary_key == ("id",)
    assert isinstance(by_name["ads"], facebook_marketing.Stream)


def test_check_says_what_does_not_work() -> None:
    assert facebook_marketing.check(config()) == ()
    (problem,) = facebook_marketing.check(config(account_ids=["999"]))
    assert problem.startswith("Account 999 cannot be read")


# --- weight -----------------------------------------------------------------------------------------------------------


def test_the_package_itself_loads_nothing() -> None:
    heavy = {"aiohttp", "asyncio", "dlt", "duckdb", "msgspec", "pyarrow", "pydantic"}
    script = "import sys, facebook_marketing; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert heavy.isdisjoint(done.stdout.split())


def test_naming_a_stream_that_there_is_not_loads_no_dlt() -> None:
    script = f"""
import sys, facebook_marketing
try:
    facebook_marketing.read({config()!r}, "campains")
except facebook_marketing.UsageError as error:
    print(error)
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "did you mean campaigns" in done.stdout
    assert {"aiohttp", "dlt", "duckdb"}.isdisjoint(done.stdout.split())


@pytest.mark.parametrize(("missing", "call"), (("pyarrow", "read"), ("dlt", "dlt_source"), ("dlt", "sync")))
def test_what_is_not_installed_is_said_with_its_extra(missing: str, call: str) -> None:
    script = f"""
import sys
sys.modules[{missing!r}] = None
import facebook_marketing
try:
    facebook_marketing.{call}({config()!r})
except (facebook_marketing.UsageError, facebook_marketing.WarehouseError) as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert f"needs {missing}. Install it: pip install 'facebook-marketing[warehouse]'." in done.stdout


def test_every_public_name_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "python.md").read_text()
    functions = [name for name in facebook_marketing.__all__ if callable(getattr(facebook_marketing, name))]
    assert [name for name in functions if name[0].islower() and name not in page] == []


def test_two_reads_at_once_do_not_meet() -> None:
    one, two = (facebook_marketing.read(config(), "campaigns") for _ in range(2))
    with one, two:
        assert next(one).num_rows == next(two).num_rows == SMALL.campaigns
