"""The report of a run: written whole however the run ends, its sums right, nothing secret in it."""

import json
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import facebook_marketing
from executables import ACCOUNT, COMMAND, SMALL, TOKEN, Ended, Shell, config, ended
from facebook_marketing.config import load
from facebook_marketing.engine.order import Selected
from facebook_marketing.faces.monitor import Monitor
from facebook_marketing.faces.reading import run_engine
from facebook_marketing.faces.run_report import Run, fingerprint, report, write
from facebook_marketing.sandbox import Fault, Match, Options, Then, start
from facebook_marketing.sandbox.server import Running
from list_sink import ListSink
from sandbox_transport import SandboxTransport
from syncing import MovedClock, Site
from virtual import run

Report = dict[str, Any]
PAGE = Path(__file__).parents[2] / "docs" / "running.md"
DOCUMENTED: Report = json.loads(re.findall(r"^```json\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)[0])


def synced(shell: Shell, settings: Any, *arguments: str) -> tuple[Ended, Report]:
    path = shell.write("c.json", settings)
    place = ("--destination", "duckdb:///r.duckdb", "--report", "run.json")
    done = shell.command("sync", "--config", path, *place, *arguments)
    return done, json.loads((shell.folder / "run.json").read_text())


@pytest.fixture
def ran(meta: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[int, Report]]:
    """A sync in this very process, which begins sooner: its exit code and its report."""
    monkeypatch.setenv("FACEBOOK_GRAPH_URL", meta.url)
    monkeypatch.chdir(tmp_path)

    def sync(settings: Any, *streams: str) -> tuple[int, Report]:
        result = facebook_marketing.sync(settings, "duckdb:///a.duckdb", streams, report="run.json")
        return result.exit_code, json.loads(Path("run.json").read_text())

    return sync


Ran = Callable[..., tuple[int, Report]]


def shape(value: object, name: str = "") -> object:
    """Names and kinds, all the way down; of a list its first entry. What may be null is not compared."""
    if isinstance(value, dict):
        return {key: shape(entry, key) for key, entry in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "may be null" if name in NULLABLE else "number" if isinstance(value, int | float) else type(value).__name__


NULLABLE = {
    "error",
    "failure",
    "windows_done",
    "windows_planned",
    "account",
    "use_case",
    "access_tier",
    "since",
    "until",
}
NULLABLE |= {"entity", "field", "verdict", "code", "subcode", "fbtrace_id", "started_at", "ended_at", "mode"}


def test_a_complete_run_is_reported_in_the_documented_shape(shell: Shell) -> None:
    done, found = synced(shell, config(), "--streams", "ads,ads_insights,sync_gaps")
    assert (done.code, found["exit_code"], found["status"], found["error"]) == (0, 0, "complete", None)
    assert found["planned"] is None
    assert shape(found | {"gaps": [], "planned": {}}) == shape(DOCUMENTED | {"gaps": [], "planned": {}})
    assert [stream["stream"] for stream in found["streams"]] == ["ads", "ads_insights", "sync_gaps"]
    assert {stream["status"] for stream in found["streams"]} == {"complete"}
    ads, insights, _ = found["streams"]
    assert ads["rows"] == ads["accounts"][0]["rows"] > 0
    assert insights["accounts"][0]["windows_done"] == insights["accounts"][0]["windows_planned"] > 0
    assert found["totals"]["rows"] == sum(stream["rows"] for stream in found["streams"])
    assert f"{found['totals']['rows']:,} rows" in done.err
    assert found["program_version"] == facebook_marketing_version()


def facebook_marketing_version() -> str:
    from importlib.metadata import version

    return version("facebook-marketing")


def test_calls_and_rows_add_up(ran: Ran) -> None:
    _, found = ran(config(), "ads", "campaigns", "ads_insights")
    jobs = [account for stream in found["streams"] for account in stream["accounts"]]
    for count in ("rows", "calls", "retries", "throttles"):
        assert sum(job[count] for job in jobs) == found["totals"][count], count
    assert all(job["started_at"] <= job["ended_at"] for job in jobs)


def test_a_partial_run_says_which_account_failed_and_why(ran: Ran) -> None:
    code, found = ran(config(account_ids=["999", ACCOUNT]), "campaigns")
    assert (code, found["exit_code"], found["status"]) == (3, 3, "partial")
    (stream,) = found["streams"]
    dead, alive = stream["accounts"]
    assert (dead["account"], dead["status"], alive["status"]) == ("999", "incomplete", "complete")
    assert "The object does not exist" in dead["failure"]
    assert alive["failure"] is None
    assert (stream["status"], stream["rows"]) == ("incomplete", SMALL.campaigns)


def test_a_run_with_nothing_new_beside_a_dead_account_is_partial_too(ran: Ran) -> None:
    ran(config(account_ids=["999", ACCOUNT]), "campaigns")
    code, found = ran(config(account_ids=["999", ACCOUNT]), "campaigns")
    assert (code, found["totals"]["rows"]) == (3, 0)


@pytest.mark.parametrize(
    ("settings", "arguments", "error"),
    (
        (config(token="expired-token", account_ids=["all"]), (), "token is dead"),
        (config(page_size=-1), (), "page_size"),
        (config(), ("--destination", "foo://x"), "'foo://x' is not one that can be loaded"),
    ),
)
def test_a_run_that_fails_is_reported_with_its_error(
    settings: Any, arguments: tuple[str, ...], error: str, shell: Shell
) -> None:
    done, found = synced(shell, settings, *arguments)
    assert (done.code, found["exit_code"], found["status"]) == (1, 1, "failed")
    assert error in found["error"]
    assert found["error"] in done.err
    assert shape(found | {"streams": [], "quotas": []}).keys() == DOCUMENTED.keys()  # type: ignore[attr-defined]


def test_a_dead_token_is_a_failed_run_with_each_stream_incomplete(ran: Ran) -> None:
    code, found = ran(config(token="expired-token"), "ads", "campaigns")
    assert (code, found["status"], found["error"]) == (1, "failed", None)
    assert [stream["status"] for stream in found["streams"]] == ["incomplete"] * 2


@pytest.mark.parametrize(("how", "code"), ((signal.SIGTERM, 143), (signal.SIGINT, 130)))
def test_a_stopped_run_is_reported_with_what_was_read(how: signal.Signals, code: int, shell: Shell) -> None:
    stuck = Fault(Match(edge="ads"), Then(hang=True))
    with start(Options(size=SMALL, faults=(stuck,))) as meta:
        away = Shell(shell.folder, meta.url)
        arguments = ("--config", away.write("c.json", config()), "--streams", "campaigns,ads", "--report", "run.json")
        with away.start(COMMAND, "sync", *arguments, "--destination", "duckdb:///s.duckdb") as process:
            assert process.stderr is not None
            assert any(line.startswith(b"campaigns: 3 rows") for line in process.stderr)
            process.send_signal(how)
            done = ended(process, time.monotonic())
    found = json.loads((shell.folder / "run.json").read_text())
    assert (done.code, found["exit_code"], found["status"]) == (code, code, "cancelled")
    assert "Stopping: what was read so far is loaded first." in done.err
    campaigns, ads = found["streams"]
    assert (campaigns["status"], campaigns["rows"]) == ("complete", 3)
    assert (ads["status"], ads["accounts"][0]["status"]) == ("cut short", "cut short")


def test_where_no_report_can_be_written_nothing_is_begun(shell: Shell, meta: Running) -> None:
    before = len(meta.sandbox.log)
    for place, why in (("no/such/run.json", "No such file"), (".", "s a directory")):
        path = shell.write("c.json", config())
        done = shell.command("sync", "--config", path, "--report", place)
        assert done.code == 1
        assert f"The report {place} cannot be written: " in done.err
        assert why in done.err
    assert len(meta.sandbox.log) == before


def test_the_report_of_the_run_before_is_gone_once_a_run_begins(shell: Shell) -> None:
    stuck = Fault(Match(edge="ads"), Then(hang=True))
    shell.write("run.json", {"status": "complete"})
    with start(Options(size=SMALL, faults=(stuck,))) as meta:
        away = Shell(shell.folder, meta.url)
        arguments = ("--config", away.write("c.json", config()), "--streams", "campaigns,ads", "--report", "run.json")
        with away.start(COMMAND, "sync", *arguments, "--destination", "duckdb:///s.duckdb") as process:
            assert process.stderr is not None
            assert any(line.startswith(b"campaigns: 3 rows") for line in process.stderr)
            process.kill()
            ended(process, time.monotonic())
    assert not (shell.folder / "run.json").exists()


def test_nothing_secret_stands_in_a_report(shell: Shell) -> None:
    secret = "an-app-secret"
    settings = config(client_secret=secret, account_ids=["999", ACCOUNT])
    destination = ("--destination", "postgres://me:pass-word@127.0.0.1:1/x")
    synced(shell, settings, "--streams", "campaigns", *destination)
    text = (shell.folder / "run.json").read_text()
    assert "postgres://me:***@127.0.0.1:1/x" in text
    assert [word for word in (TOKEN, secret, "pass-word") if word in text] == []


def test_a_configuration_is_told_from_another_and_a_new_token_changes_nothing() -> None:
    one, two, other = (load(config(**settings), {}).config for settings in ({}, {"token": "x"}, {"page_size": 7}))
    assert fingerprint(one) == fingerprint(two) != fingerprint(other)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", fingerprint(one))


def test_who_reads_the_file_never_sees_half_of_it(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write(path, {"whole": 1})
    with pytest.raises(TypeError):
        write(path, {"half": [1] * 1000, "no JSON": object()})
    assert json.loads(path.read_text()) == {"whole": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["run.json"]


def test_waits_and_quotas_of_a_throttled_run_are_reported_by_use_case() -> None:
    throttled = Fault(Match(edge="insights", nth=3), Then(error="80000"))
    site = Site(Options(size=SMALL, faults=(throttled,), empty_pages=False))
    settings = {"insights_start_date": "2026-11-01"}
    made, streams = load(site.config(**settings), {}).config, site.streams(**settings)
    names = ("campaigns", "ads_insights")
    monitor = Monitor(selected=names)

    async def read() -> None:
        clock = MovedClock(site.now)
        monitor.began = clock.now()

        class Listening(ListSink):
            async def event(self, event: Any) -> None:
                monitor.add(event)

        transport = SandboxTransport(site.sandbox, clock)
        chosen = [Selected(streams[name]) for name in names]
        await run_engine(made, chosen, {}, Listening(), transport=transport, clock=clock, monitor=monitor)

    run(read())
    found = report(Run("1", monitor.began, monitor.began + 99, exit_code=0), monitor)
    campaigns, insights = (stream["accounts"][0] for stream in found["streams"])
    assert (campaigns["throttles"], campaigns["waited_seconds"]) == (0, 0)
    assert insights["throttles"] == found["totals"]["throttles"] == 1
    assert 60 <= insights["waited_seconds"] == found["totals"]["waited_seconds"] < 99
    used = {quota["use_case"]: quota for quota in insights["quotas"] if quota["account"] is not None}
    assert used["ads_insights"]["throttles"] == 1
    assert used["ads_insights"]["peak_percent"] >= used["ads_insights"]["start_percent"]
    assert used["ads_insights"]["access_tier"] == "standard_access"


def test_a_call_from_python_that_fails_is_reported_too(ran: Ran) -> None:
    with pytest.raises(facebook_marketing.UsageError):
        ran(config(), "campains")
    found = json.loads(Path("run.json").read_text())
    assert (found["status"], found["exit_code"]) == ("failed", 1)
    assert "no stream campains" in found["error"]


def test_a_gap_stands_in_the_report_with_what_meta_said(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    message = "(#100) Tried accessing nonexisting field (objective) on node type (Campaign)"
    refused = Fault(Match(edge="campaigns", nth=1), Then(code=100, message=message, status=400))
    with start(Options(size=SMALL, faults=(refused,))) as away:
        monkeypatch.setenv("FACEBOOK_GRAPH_URL", away.url)
        code, found = ran(config(), "campaigns")
    (gap,) = found["gaps"]
    assert code == 0
    assert shape(gap) == shape(DOCUMENTED["gaps"][0])
    assert (gap["stream"], gap["field"], gap["code"]) == ("campaigns", "objective", 100)
    assert found["totals"]["gaps"] == found["streams"][0]["accounts"][0]["gaps"] == 1


def test_a_sync_that_plans_first_tells_planned_beside_actual(shell: Shell) -> None:
    shell.write("c.json", config())
    asked = ("sync", "--quiet", "--config", "c.json", "--streams", "campaigns,ads_insights", "--report", "run.json")
    done = shell.command(*asked, "--plan")
    assert done.code == 0, done.text
    found = json.loads((shell.folder / "run.json").read_text())
    assert abs(found["planned"]["calls"] - found["totals"]["calls"]) <= max(3, found["totals"]["calls"] // 5)
    assert found["planned"]["rows"] > 0
    assert shape(found["planned"]) == shape(DOCUMENTED["planned"])
    said = done.err[done.err.index("Planned and actual") :]
    assert re.search(rf"Graph calls +{found['planned']['calls']} +{found['totals']['calls']}", said), said
    again = shell.command(*asked)
    assert json.loads((shell.folder / "run.json").read_text())["planned"] is None, again.text
