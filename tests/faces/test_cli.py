"""The command for people: help for everything, clear errors with the next step, exit codes that mean something."""

import json
import os
import re
import signal
import sys
import time
import urllib.request
from pathlib import Path

import duckdb
import pytest

from airbyte_lines import parsed, records, states
from executables import ACCOUNT, COMMAND, SMALL, SOURCE, TOKEN, Shell, config, ended
from facebook_marketing.sandbox import Fault, Match, Options, Then, start

COMMANDS = ("demo", "sync", "check", "discover", "read", "spec", "sandbox")
OPTION = re.compile(r"^  (-[-\w, ]+?)(?: [A-Z{][^ ]*)?(?:  +(.*))?$", re.MULTILINE)
EXITS = "Exit codes: 0 complete, 1 wrong configuration or nothing read, 2 wrong usage, 3 partly read."


def last(text: str) -> str:
    """The last line: what a person's eye falls on."""
    return text.rstrip("\n").rpartition("\n")[2]


# --- help -------------------------------------------------------------------------------------------------------------


def test_help_names_every_command_the_first_steps_and_the_exit_codes(shell: Shell) -> None:
    done = shell.command("--help")
    assert done.code == 0
    for name in COMMANDS:
        assert re.search(rf"^    {name} +\w", done.out.decode(), re.MULTILINE), name
    assert "`facebook-marketing demo`" in " ".join(done.out.decode().split())
    assert EXITS in " ".join(done.out.decode().split())


@pytest.mark.parametrize("arguments", [(COMMAND, name) for name in COMMANDS] + [(SOURCE, "read"), (SOURCE, "check")])
def test_every_option_of_every_command_is_explained(arguments: tuple[str, ...], shell: Shell) -> None:
    done = shell.run(*arguments, "--help")
    text = re.sub(r"\n {20,}", "  ", done.out.decode())
    options = OPTION.findall(text)
    assert done.code == 0
    assert len(options) == text.count("\n  -")
    assert [names for names, help_text in options if not help_text.strip()] == []


def test_the_version_is_said(shell: Shell) -> None:
    assert re.fullmatch(r"facebook-marketing \d+\.\d+\.\d+\n", shell.command("--version").out.decode())


@pytest.mark.parametrize(
    "arguments",
    (
        (),
        ("synk",),
        ("sync", "--no-such"),
        ("read", "--streams", "a", "--catalog", "b"),
        ("sync", "--mode", "append", "--full-refresh"),
    ),
)
def test_wrong_usage_is_exit_code_2_and_no_traceback(arguments: tuple[str, ...], shell: Shell) -> None:
    done = shell.command(*arguments)
    assert (done.code, done.out) == (2, b"")
    assert "usage: facebook-marketing" in done.err
    assert "Traceback" not in done.err


# --- what is offered --------------------------------------------------------------------------------------------------


def test_spec_is_a_json_schema_of_the_configuration(shell: Shell) -> None:
    done = shell.command("spec")
    assert (done.code, done.err) == (0, "")
    assert {"account_ids", "start_date"} <= json.loads(done.out)["properties"].keys()


def test_discover_needs_neither_a_token_nor_meta(shell: Shell) -> None:
    done = Shell(shell.folder, "http://127.0.0.1:1").command("discover")
    rows = [line.split() for line in done.out.decode().splitlines()]
    assert done.code == 0
    assert rows[0] == ["stream", "columns", "cursor", "key"]
    assert ["ads", "updated_time", "id"] in [[row[0], *row[2:]] for row in rows]
    assert next(row for row in rows if row[0] == "ads_insights_dma")[-1] == "(deprecated)"


def test_discover_lists_a_configs_own_reports_and_gives_a_catalog_on_demand(shell: Shell) -> None:
    path = shell.write("c.json", config(custom_insights=[{"name": "MyReport", "fields": ["spend"]}]))
    assert "custom_my_report" in shell.command("discover", "--config", path).out.decode()
    offered = json.loads(shell.command("discover", "--config", path, "--json").out)["streams"]
    assert "spend" in {stream["name"]: stream for stream in offered}["custom_my_report"]["json_schema"]["properties"]


# --- check and read ---------------------------------------------------------------------------------------------------


def test_check_says_that_a_configuration_works(shell: Shell) -> None:
    done = shell.command("check", FACEBOOK_ACCESS_TOKEN=TOKEN, FACEBOOK_ACCOUNT_IDS=ACCOUNT)
    assert (done.code, done.out) == (0, b"The configuration works.\n")
    assert "FACEBOOK_GRAPH_URL" in done.err


def test_check_says_what_does_not_work_on_stderr(shell: Shell) -> None:
    done = shell.command("check", "--config", shell.write("c.json", config(token="expired-token", account_ids=["7"])))
    assert (done.code, done.out) == (1, b"")
    assert last(done.err).startswith("Account 7 cannot be read: The access token is dead: it has expired.")


def test_check_without_any_configuration_says_what_to_set(shell: Shell) -> None:
    done = shell.command("check")
    assert (done.code, done.out) == (1, b"")
    assert "FACEBOOK_ACCESS_TOKEN" in done.err
    assert "FACEBOOK_ACCOUNT_IDS" in done.err
    assert last(done.err).startswith("Next step: ")


def test_read_prints_messages_and_goes_on_from_their_states(shell: Shell) -> None:
    path = shell.write("c.json", config())
    first = shell.command("read", "--config", path, "--streams", "ads, campaigns")
    kept = shell.write("state.jsonl", "".join(json.dumps(line) + "\n" for line in states(first.lines)))
    second = shell.command("read", "--config", path, "--streams", "ads,campaigns", "--state", kept)
    assert (first.code, second.code) == (0, 0)
    assert {line["record"]["stream"] for line in first.lines if line["type"] == "RECORD"} == {"ads", "campaigns"}
    assert records(second.lines) == []


# --- sync -------------------------------------------------------------------------------------------------------------


def counted(file: Path, table: str) -> int:
    with duckdb.connect(str(file), read_only=True) as connection:
        return int(connection.execute(f"select count(*) from facebook_ads.{table}").fetchall()[0][0])


def test_sync_loads_a_warehouse_and_a_second_run_goes_on_from_the_first(shell: Shell) -> None:
    arguments = ("sync", "--config", shell.write("c.json", config()), "--streams", "ads,ads_insights")
    first, second = (shell.command(*arguments, "--destination", "duckdb:///a.duckdb") for _ in range(2))
    rows = [counted(shell.folder / "a.duckdb", table) for table in ("ads", "ads_insights")]
    assert (first.code, second.code) == (0, 0)
    assert min(rows) > 0
    assert last(first.err).startswith(f"{sum(rows)} rows of 2 streams, ")
    assert last(second.err).startswith("0 rows of 2 streams, ")
    assert _calls(second.err) < _calls(first.err)
    third = shell.command(*arguments, "--destination", "duckdb:///a.duckdb", "--full-refresh", "--quiet")
    assert last(third.err).startswith(f"{sum(rows)} rows of 2 streams, ")
    assert [counted(shell.folder / "a.duckdb", table) for table in ("ads", "ads_insights")] == rows


def test_each_stream_meets_its_table_by_its_mode(shell: Shell) -> None:
    arguments = ("--config", shell.write("c.json", config()), "--streams", "campaigns,ad_sets,images")
    for _ in range(2):
        done = shell.command("sync", *arguments, "--mode", "deduped,campaigns=append", "--mode", "ad-sets=overwrite")
        assert done.code == 1
        assert "A mode is given for ad-sets, which is not read." in done.err
        done = shell.command("sync", *arguments, "--mode", "deduped,campaigns=append", "--mode", "ad_sets=overwrite")
        assert done.code == 0
    rows = {table: counted(shell.folder / "ads.duckdb", table) for table in ("campaigns", "ad_sets", "images")}
    assert rows == {"campaigns": 2 * SMALL.campaigns, "ad_sets": rows["ad_sets"], "images": SMALL.images}
    assert 0 < rows["ad_sets"] <= SMALL.adsets


def _calls(text: str) -> int:
    found = re.search(r"(\d+) Graph calls", last(text))
    assert found is not None
    return int(found[1])


def test_sync_of_a_dead_account_beside_a_living_one_is_partly_done(shell: Shell) -> None:
    path = shell.write("c.json", config(account_ids=["999", ACCOUNT]))
    done = shell.command("sync", "--config", path, "--streams", "ads,campaigns", "--destination", "duckdb:///b.duckdb")
    assert done.code == 3
    assert counted(shell.folder / "b.duckdb", "campaigns") == 3
    report = done.err.partition("Not read to the end:\n")[2].splitlines()
    assert len(report) == 1, "one reason, one line"
    assert re.match(r"  account 999, (ads, campaigns|campaigns, ads): The object does not exist", report[0])
    assert "Check account_ids" in report[0]


def test_sync_with_a_dead_token_reads_nothing_and_says_so_once(shell: Shell) -> None:
    path = shell.write("c.json", config(token="expired-token"))
    streams = ("--streams", "ads,campaigns,ad_sets,videos")
    done = shell.command("sync", "--config", path, *streams, "--quiet", "--destination", "duckdb:///d.duckdb")
    report = done.err.partition("Not read to the end:\n")[2].splitlines()
    assert done.code == 1
    assert len(report) == 1
    assert "The access token is dead: it has expired. Meta says: 190/463 " in report[0]
    assert "Make a new access token" in report[0]
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("arguments", "said", "step"),
    (
        (
            ("--streams", "ads,campains"),
            "no stream campains (did you mean campaigns?)",
            "`facebook-marketing discover`",
        ),
        (("--destination", "foo://x"), "'foo://x' is not one that can be loaded", "Give duckdb:///ads.duckdb"),
        (("--destination", "duckdb"), "'duckdb' needs a place", "duckdb:///ads.duckdb"),
        (("--config", "none.json"), "none.json: found no readable file", "Next step: "),
        (("--mode", "replace"), "There is no mode 'replace'.", "Modes: overwrite, append, incremental_append, deduped"),
        (("--mode", "ads=once"), "There is no mode 'once'.", "deduped_history"),
        (("--mode", "deduped,append"), "Two modes for all streams: deduped and append.", "ads=append"),
        (("--streams", "ads", "--mode", "adds=append"), "A mode is given for adds, which is not read.", "now: ads."),
    ),
)
def test_what_sync_cannot_use_is_said_with_the_next_step(
    arguments: tuple[str, ...], said: str, step: str, shell: Shell
) -> None:
    done = shell.command("sync", *arguments, FACEBOOK_ACCESS_TOKEN=TOKEN, FACEBOOK_ACCOUNT_IDS=ACCOUNT)
    assert (done.code, done.out) == (1, b"")
    assert said in done.err
    assert step in done.err
    assert "Traceback" not in done.err
    assert TOKEN not in done.err


@pytest.mark.parametrize(
    ("missing", "arguments"), (("dlt", "'sync'"), ("uvicorn", "'sandbox', '--port', '0'"), ("uvicorn", "'demo'"))
)
def test_a_missing_extra_is_named_with_how_to_install_it(missing: str, arguments: str, shell: Shell) -> None:
    main = f"from facebook_marketing.faces.cli import main; sys.exit(main([{arguments}]))"
    script = f"import sys; sys.modules[{missing!r}] = None; {main}"
    done = shell.run(sys.executable, "-c", script, FACEBOOK_ACCESS_TOKEN=TOKEN, FACEBOOK_ACCOUNT_IDS=ACCOUNT)
    assert done.code == 1
    assert re.search(rf"needs {missing}\. Install it: pip install 'facebook-marketing\[\w+\]'\.", last(done.err))


@pytest.mark.parametrize(("how", "code"), ((signal.SIGTERM, 143), (signal.SIGINT, 130)))
def test_a_stopped_sync_keeps_what_was_checkpointed(how: signal.Signals, code: int, shell: Shell) -> None:
    stuck = Fault(Match(edge="ads"), Then(hang=True))
    with start(Options(size=SMALL, faults=(stuck,))) as meta:
        away = Shell(shell.folder, meta.url)
        arguments = ("--config", away.write("c.json", config()), "--streams", "campaigns,ads")
        with away.start(COMMAND, "sync", *arguments, "--destination", "duckdb:///s.duckdb") as process:
            assert process.stderr is not None
            assert any(line.startswith(b"campaigns: 3 rows") for line in process.stderr)
            process.send_signal(how)
            done = ended(process, time.monotonic())
    assert (done.code, done.seconds < 15) == (code, True)
    assert last(done.err) == "Stopped. What was loaded stays; the next run goes on from there."
    assert "Traceback" not in done.err
    assert counted(shell.folder / "s.duckdb", "campaigns") == 3


def test_an_error_of_our_own_is_one_line_and_with_debug_a_traceback(shell: Shell) -> None:
    script = """
import sys
from facebook_marketing.faces import cli, sync
def broken(*_, **__):
    raise RuntimeError("a defect")
sync.modes_of = broken
sys.exit(cli.main(["sync", *sys.argv[1:]]))
"""
    env = {"FACEBOOK_ACCESS_TOKEN": TOKEN, "FACEBOOK_ACCOUNT_IDS": ACCOUNT}
    done = shell.run(sys.executable, "-c", script, **env)
    assert done.code == 1
    assert "an error of ours: RuntimeError('a defect')" in last(done.err)
    assert "--debug" in last(done.err)
    assert "Traceback" in shell.run(sys.executable, "-c", script, "--debug", **env).err


# --- sandbox ----------------------------------------------------------------------------------------------------------


def test_the_sandbox_says_when_it_is_ready_and_answers(shell: Shell) -> None:
    with shell.start(COMMAND, "sandbox", "--port", "0", "--ads", "3", "--accounts", "2") as process:
        assert process.stderr is not None
        ready = process.stderr.readline().decode()
        found = re.match(r"The sandbox answers at (http://127\.0\.0\.1:\d+)\. Try:", ready)
        assert found is not None, ready
        example = process.stderr.readline().decode()
        request = urllib.request.Request(
            f"{found[1]}/v26.0/me/adaccounts", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        with urllib.request.urlopen(request, timeout=10) as reply:
            assert len(json.load(reply)["data"]) == 2
        environment = dict(re.findall(r"(FACEBOOK_\w+)=(\S+)", example))
        assert shell.command("check", **environment).code == 0
        process.send_signal(signal.SIGINT)
        assert "Traceback" not in ended(process, time.monotonic()).err


@pytest.mark.parametrize(
    ("plan", "said"),
    (
        ('[{"then": {"errr": "nope"}}]', "unknown field `errr`"),
        ('[{"then": {"error": "nope"}}]', "has no error 'nope'"),
        ('[{"match": {"path": "("}}]', "unterminated subpattern"),
        ("nope", "malformed"),
    ),
)
def test_a_plan_of_faults_that_cannot_be_read_is_said(plan: str, said: str, shell: Shell) -> None:
    done = shell.command("sandbox", "--port", "0", "--faults", shell.write("plan.json", plan))
    assert (done.code, done.out) == (1, b"")
    assert done.err.startswith("facebook-marketing: The sandbox cannot begin: ")
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_port_that_is_taken_is_said(shell: Shell) -> None:
    with start(Options(size=SMALL)) as meta:
        done = shell.command("sandbox", "--port", meta.url.rpartition(":")[2])
    assert done.code == 1
    assert "ddress already in use" in done.err
    assert "Give another --port" in done.err
    assert "Traceback" not in done.err


# --- pipes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", (("spec",), ("discover", "--json"), ("discover",)))
def test_a_pager_that_closes_early_sees_no_traceback(arguments: tuple[str, ...], shell: Shell) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    script = f"{COMMAND} {' '.join(arguments)} >&{write_end}"
    try:
        done = shell.run("/bin/sh", "-c", f"trap '' PIPE; {script}")
    finally:
        os.close(write_end)
    assert "Traceback" not in done.err
    assert parsed(done.out) == []
