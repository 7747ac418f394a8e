"""What goes wrong on the way: what was read stays, what was not is said, and the next run finishes the job."""

import asyncio
import io
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from airbyte_lines import Line, errors, logs, out_of_order, parsed, records, state_of, states, statuses
from executables import ACCOUNT, COMMAND, SMALL, SOURCE, Ended, Shell, bare_catalog, config, ended
from facebook_marketing.config import load
from facebook_marketing.faces.airbyte import sync
from facebook_marketing.faces.catalog import offered, selection
from facebook_marketing.faces.heartbeat import SILENCE, beating, pulse
from facebook_marketing.sandbox import Fault, Match, Options, Sandbox, Then, Token, start
from facebook_marketing.sandbox.server import Running
from facebook_marketing.sinks.airbyte import Output
from sandbox_transport import SandboxTransport
from virtual import START, VirtualClock, run

MIXED = ("campaigns", "ads", "activities", "videos", "ads_insights", "ads_insights_country")


def keyed(rows: list[Line]) -> set[str]:
    return {json.dumps(row, sort_keys=True) for row in rows}


# --- one account of two -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def half_dead(meta: Running, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    shell = Shell(tmp_path_factory.mktemp("half"), meta.url)
    return shell.read(config(account_ids=["999", ACCOUNT]), bare_catalog("ads", "ads_insights"))


def test_a_dead_account_leaves_the_rows_of_the_other(half_dead: Ended, whole: Ended) -> None:
    for name in ("ads", "ads_insights"):
        assert len(records(half_dead.lines, name)) == len(records(whole.lines, name)) > 0
    assert out_of_order(half_dead.lines) == []
    assert {ACCOUNT} == {account for _, state in map(state_of, states(half_dead.lines)) for account in state} - {
        "version",
        "time_increment",
    }


def test_a_dead_account_fails_the_run_and_is_named_with_its_mend(half_dead: Ended) -> None:
    assert half_dead.code == 1
    for name in ("ads", "ads_insights"):
        assert statuses(half_dead.lines, name) == ["STARTED", "RUNNING", "INCOMPLETE"]
        [error] = [one for one in errors(half_dead.lines) if one["stream_descriptor"]["name"] == name]
        assert error["failure_type"] == "config_error"
        assert "ccount 999: " in error["message"]
        assert "Check account_ids" in error["message"]


# --- faults on the way ------------------------------------------------------------------------------------------------


def test_a_token_that_dies_midway_leaves_what_was_read_with_its_states(shell: Shell) -> None:
    dead = Fault(Match(nth=tuple(range(6, 500))), Then(error="token_expired"))
    with start(Options(size=SMALL, run_seconds=0.1, faults=(dead,))) as meta:
        done = Shell(shell.folder, meta.url).read(config(max_concurrency=1), bare_catalog(*MIXED))
    assert (done.code, done.err) == (1, "")
    assert out_of_order(done.lines) == []
    ends = {name: statuses(done.lines, name)[-1] for name in MIXED}
    assert (ends["campaigns"], ends["ads_insights_country"]) == ("COMPLETE", "INCOMPLETE")
    covered = {state_of(line)[0] for line in states(done.lines) if line["state"]["sourceStats"]["recordCount"]}
    assert covered >= {name for name, end in ends.items() if end == "COMPLETE" and name != "ads_insights"}
    assert len(records(done.lines, "campaigns")) == 3
    assert {error["failure_type"] for error in errors(done.lines)} == {"config_error"}
    assert all("Make a new access token" in error["message"] for error in errors(done.lines))
    assert "Traceback" not in done.text


class Timed(io.BytesIO):
    """A stdout that notes when it was written to."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self.times: list[float] = []
        self._clock = clock

    def write(self, text: Any) -> int:
        self.times.append(self._clock.now() - START)
        return super().write(text)


class Site:
    """A sandbox on virtual time, read to lines as the command would write them."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        self.out = Timed(VirtualClock())

    def read(self, *names: str, **settings: Any) -> tuple[int, list[Line]]:
        async def work() -> int:
            clock = VirtualClock()
            sandbox = Sandbox(Options(size=SMALL, faults=self.faults), now=clock.now)
            loaded = load(config(insights_start_date="2026-11-18", **settings), {})
            chosen, _ = selection(bare_catalog(*names), offered(loaded.config))
            transport = SandboxTransport(sandbox, clock, latency=0.1)
            output = Output(self.out, clock.now)
            return await sync(loaded, chosen, {}, output, transport=transport, clock=clock)

        return run(work()), parsed(self.out.getvalue())


def test_an_edge_that_fails_for_ever_is_given_up_and_the_rest_is_read() -> None:
    broken = Fault(Match(edge="campaigns"), Then(error="service_unavailable"))
    code, lines = Site(broken).read("campaigns", "ads", "ads_insights")
    assert code == 1
    assert out_of_order(lines) == []
    assert statuses(lines, "campaigns") == ["STARTED", "INCOMPLETE"]
    assert [statuses(lines, name)[-1] for name in ("ads", "ads_insights")] == ["COMPLETE", "COMPLETE"]
    assert len(records(lines, "ads")) > 0
    [error] = errors(lines)
    assert error["failure_type"] == "transient_error"
    assert error["stream_descriptor"] == {"name": "campaigns"}
    assert ACCOUNT in error["message"]


def test_a_fault_that_passes_is_not_seen_in_what_is_delivered() -> None:
    passing = Fault(Match(probability=0.3), Then(error="transient"))
    code, lines = Site(passing).read(*MIXED)
    _, calm = Site().read(*MIXED)
    assert code == 0
    for name in MIXED:
        assert keyed(records(lines, name)) == keyed(records(calm, name))


def test_an_error_of_our_own_still_ends_every_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("facebook_marketing.engine.edges.Fresh.of", broken)
    site = Site()
    with pytest.raises(RuntimeError, match="a defect"):
        site.read("campaigns")
    assert statuses(parsed(site.out.getvalue()), "campaigns") == ["STARTED", "INCOMPLETE"]


def test_accounts_that_cannot_be_listed_for_the_moment_are_a_passing_error() -> None:
    broken = Fault(Match(path="me/adaccounts"), Then(error="service_unavailable"))
    code, lines = Site(broken).read("campaigns", account_ids=["all"])
    [error] = errors(lines)
    assert (code, error["failure_type"]) == (1, "transient_error")


# --- the token in other people's words --------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ("EAAxWholeSecretToken123456", "a-token-like-no-other-123456"))
def test_a_token_that_meta_repeats_in_its_error_is_hidden_everywhere(secret: str, shell: Shell) -> None:
    echo = Fault(Match(), Then(code=190, message=f"Malformed access token {secret}", status=400))
    with start(Options(size=SMALL, faults=(echo,), tokens={secret: Token()})) as meta:
        away = Shell(shell.folder, meta.url)
        for done in (
            away.read(config(token=secret), bare_catalog("ads")),
            away.source("check", "--config", away.write("c.json", config(token=secret))),
            away.command("check", FACEBOOK_ACCESS_TOKEN=secret, FACEBOOK_ACCOUNT_IDS=ACCOUNT),
            away.command("read", "--streams", "ads", FACEBOOK_ACCESS_TOKEN=secret, FACEBOOK_ACCOUNT_IDS=ACCOUNT),
        ):
            assert "Malformed access token" in done.text
            assert secret not in done.text
            assert secret[-12:] not in done.text


# --- signals and pipes ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def slow() -> Iterator[Running]:
    """A Meta that takes a third of a second for every answer and two seconds for a report."""
    with start(Options(size=SMALL, latency=0.3, run_seconds=2.0)) as running:
        yield running


def stopped(shell: Shell, how: signal.Signals, *, once: str) -> Ended:
    """A read of MIXED that gets a signal as soon as it has written a line with `once` in it."""
    arguments = ("--config", shell.write("c.json", config()), "--catalog", shell.write("k.json", bare_catalog(*MIXED)))
    with shell.start(SOURCE, "read", *arguments) as process:
        seen = _until(process, once.encode())
        began = time.monotonic()
        process.send_signal(how)
        done = ended(process, began)
    return replace(done, out=seen + done.out)


def _until(process: subprocess.Popen[bytes], text: bytes) -> bytes:
    assert process.stdout is not None
    seen = b""
    for line in process.stdout:
        seen += line
        if text in line:
            return seen
    raise AssertionError(f"{text!r} was never written; stderr: {process.stderr.read() if process.stderr else b''!r}")


@pytest.mark.parametrize("how", (signal.SIGTERM, signal.SIGINT))
def test_a_stopped_run_ends_soon_and_orderly(how: signal.Signals, slow: Running, shell: Shell) -> None:
    done = stopped(Shell(shell.folder, slow.url), how, once='"STATE"')
    assert done.seconds < 10
    assert (done.code, done.err) == (-how, "")
    assert out_of_order(done.lines) == []
    assert done.lines[-1]["type"] == "TRACE", done.lines[-5:]
    last = done.lines[-1]["trace"]["error"]
    assert last["failure_type"] == "transient_error"
    assert "the next sync goes on from there" in last["message"]
    cut = [name for name in MIXED if statuses(done.lines, name)[-1] == "INCOMPLETE"]
    assert "ads_insights" in cut
    ends = [line["trace"]["stream_status"]["status"] for line in done.lines[-1 - len(cut) : -1]]
    assert ends == ["INCOMPLETE"] * len(cut)


def test_a_stopped_run_and_the_next_one_equal_one_whole_run(slow: Running, whole: Ended, shell: Shell) -> None:
    """The worlds of both sandboxes are the same: the seed makes them."""
    away = Shell(shell.folder, slow.url)
    one = stopped(away, signal.SIGTERM, once='"COMPLETE"')
    two = away.read(config(), bare_catalog(*MIXED), [line["state"] for line in states(one.lines)])
    assert two.code == 0
    finished = [name for name in MIXED if statuses(one.lines, name)[-1] == "COMPLETE"]
    assert 0 < len(finished) < len(MIXED)
    for name in MIXED:
        first, second = records(one.lines, name), records(two.lines, name)
        assert keyed(first) | keyed(second) == keyed(records(whole.lines, name)), name
        assert name not in finished or not second


@pytest.mark.parametrize("command", ((SOURCE, "read"), (COMMAND, "read")))
def test_a_reader_that_goes_away_ends_the_run_without_a_word(command: tuple[str, ...], shell: Shell) -> None:
    arguments = ("--config", shell.write("c.json", config()), "--catalog", shell.write("k.json", bare_catalog(*MIXED)))
    with shell.start(*command, *arguments) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(5):
            process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(20) == 1
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert "BrokenPipe" not in said


# --- silence ----------------------------------------------------------------------------------------------------------


def test_a_long_silence_is_broken_by_a_sign_of_life() -> None:
    clock = VirtualClock()

    async def work() -> Timed:
        out = Timed(clock)
        output = Output(out, clock.now)
        beating = asyncio.create_task(pulse(output, 30.0))
        await clock.sleep(100)
        output.log("INFO", "a page came")
        await clock.sleep(50)
        beating.cancel()
        return out

    out = run(work())
    assert out.times == pytest.approx([30, 60, 90, 100, 130], abs=1)
    assert logs(parsed(out.getvalue()))[0] == "Still at work: waiting for Meta."


def test_a_run_that_waits_for_meta_says_so_at_least_twice_a_minute() -> None:
    site = Site(Fault(Match(edge="campaigns"), Then(delay=100.0), times=1))
    code, lines = site.read("campaigns")
    times = [0.0, *site.out.times]
    assert code == 0
    assert times[-1] > 100
    assert max(later - earlier for earlier, later in pairwise(times)) <= SILENCE + 1
    assert statuses(lines, "campaigns")[-1] == "COMPLETE"


def test_a_wait_that_nobody_listens_to_any_more_is_not_waited() -> None:
    class Gone(io.BytesIO):
        def write(self, _: Any) -> int:
            raise BrokenPipeError

    clock = VirtualClock()

    async def work() -> None:
        async with beating(Output(Gone(), clock.now)):
            await clock.sleep(3600)

    async def timed() -> float:
        began = clock.now()
        with pytest.raises(BrokenPipeError):
            await work()
        return clock.now() - began

    assert run(timed()) <= SILENCE + 1
