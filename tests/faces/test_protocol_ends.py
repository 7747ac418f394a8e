"""How a process ends: by a signal, in whatever it is just then, with a reader or without one."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from airbyte_lines import errors, logs, out_of_order, parsed, statuses
from executables import SMALL, SOURCE, Ended, Shell, bare_catalog, config, ended
from facebook_marketing.faces.stopping import GRACE
from facebook_marketing.sandbox import Fault, Match, Options, Size, Then, start

IN_TIME = 10.0
"""Seconds between SIGTERM and SIGKILL, on the platforms that we know."""

HANG = Then(hang=True)
THROTTLE = Then(error="buc_management")


@contextmanager
def meta(*faults: Fault, size: Size = SMALL) -> Iterator[str]:
    """The address of a Meta with these faults."""
    with start(Options(size=size, run_seconds=0.1, faults=faults)) as running:
        yield running.url


@contextmanager
def reading(
    url: str, shell: Shell, *names: str, verb: str = "read", **settings: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A verb under way that has said its first line."""
    away = Shell(shell.folder, url)
    arguments = [verb, "--config", away.write("c.json", config(**settings)), "--debug"]
    if verb == "read":
        arguments += ["--catalog", away.write("k.json", bare_catalog(*names))]
    with away.start(SOURCE, *arguments) as process:
        yield process


def seen_until(process: subprocess.Popen[bytes], text: bytes) -> bytes:
    """What it wrote up to the line with this text."""
    assert process.stdout is not None
    seen = b""
    for line in process.stdout:
        seen += line
        if text in line:
            return seen
    raise AssertionError(f"{text!r} was never written, but {seen[-500:]!r}")


def terminated(process: subprocess.Popen[bytes], seen: bytes = b"") -> Ended:
    """How it ended after SIGTERM."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    done = ended(process, began)
    return Ended(done.code, seen + done.out, done.err, done.seconds)


WAITS: dict[str, tuple[Fault, dict[str, Any], bytes]] = {
    "a slow reply": (Fault(Match(edge="campaigns"), HANG), {}, b"/ads -> HTTP 200"),
    "a throttle": (Fault(Match(edge="campaigns"), THROTTLE), {"max_concurrency": 1}, b"Waiting"),
    "the search for accounts": (Fault(Match(path="me/businesses"), HANG), {"account_ids": ["all"]}, b"HTTP 200"),
}


@pytest.mark.parametrize("wait", WAITS)
def test_sigterm_ends_a_read_in_the_midst_of_a_wait_and_every_stream_with_it(wait: str, shell: Shell) -> None:
    fault, settings, ready = WAITS[wait]
    with meta(fault) as url, reading(url, shell, "campaigns", "ads", "videos", **settings) as process:
        done = terminated(process, seen_until(process, ready))
    assert (done.code, done.err) == (-signal.SIGTERM, "")
    assert done.seconds < IN_TIME / 2
    assert out_of_order(done.lines) == []
    for name in ("campaigns", "ads", "videos"):
        assert len([one for one in statuses(done.lines, name) if one in {"COMPLETE", "INCOMPLETE"}]) == 1, name
    [error] = errors(done.lines)
    assert error["failure_type"] == "transient_error"


def test_sigterm_ends_a_check_too(shell: Shell) -> None:
    fault = Fault(Match(), HANG)
    with meta(fault) as url, reading(url, shell, verb="check", start_date="2026-01-01") as process:
        time.sleep(1.0)  # nothing tells from outside that it waits
        done = terminated(process)
    assert (done.code, done.err) == (-signal.SIGTERM, "")
    assert done.seconds < IN_TIME / 2
    [error] = errors(done.lines)
    assert "Stopped by a signal" in error["message"]


def test_a_second_signal_ends_at_once_what_the_first_could_not(shell: Shell) -> None:
    """A reader who does not read keeps the last words from leaving."""
    with meta(size=BIG) as url, reading(url, shell, "ads", "ad_creatives") as process:
        full(process)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(IN_TIME) == 128 + signal.SIGINT
        assert time.monotonic() - began < 1
        process.communicate()


BIG = Size(campaigns=20, adsets=60, ads=4000, creatives=4000)


def full(process: subprocess.Popen[bytes]) -> None:
    """Waits until the pipe is full: as many bytes as it holds wait to be read."""
    import fcntl
    import struct
    import termios

    assert process.stdout is not None
    capacity = fcntl.fcntl(process.stdout, fcntl.F_GETPIPE_SZ)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        (waiting,) = struct.unpack("i", fcntl.ioctl(process.stdout, termios.FIONREAD, b"\0" * 4))
        if waiting >= capacity - 4096:
            return
        time.sleep(0.05)
    raise AssertionError("the pipe did not fill")


def test_sigterm_ends_a_read_whose_lines_nobody_reads(shell: Shell) -> None:
    """Within its grace, which is 8 s for users and shorter here."""
    assert GRACE < IN_TIME
    code = (
        "import sys\n"
        "from facebook_marketing.faces import airbyte, stopping\n"
        "stopping.Stopping.__init__.__defaults__ = (2,)\n"
        "sys.exit(airbyte.main())\n"
    )
    with meta(size=BIG) as url:
        away = Shell(shell.folder, url)
        files = ("--config", away.write("c.json", config()), "--catalog", away.write("k.json", bare_catalog("ads")))
        with away.start(sys.executable, "-c", code, "read", *files) as process:
            full(process)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(IN_TIME) == 128 + signal.SIGTERM
            assert time.monotonic() - began < 4
            process.communicate()


def test_a_reader_who_pauses_gets_every_line_in_the_end(shell: Shell) -> None:
    with meta(size=BIG) as url, reading(url, shell, "ads") as process:
        full(process)
        time.sleep(1.0)
        done = ended(process, time.monotonic())
    assert (done.code, done.err) == (0, "")
    assert out_of_order(done.lines) == []
    many = sum(line["type"] == "RECORD" for line in done.lines)
    assert many > BIG.ads / 2
    assert f"Rows: {many}." in logs(done.lines)[-1]


def test_an_output_that_cannot_be_written_is_said_in_one_line(shell: Shell) -> None:
    with Path("/dev/full").open("wb") as full_disk:
        done = subprocess.run([SOURCE, "spec"], stdout=full_disk, stderr=subprocess.PIPE, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        "source-facebook-marketing: the output cannot be written: No space left on device."
    ]


def test_without_any_output_it_ends_without_a_traceback() -> None:
    done = subprocess.run(["sh", "-c", f"exec {SOURCE} spec >&-"], capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (1, b"")


def test_what_a_library_prints_or_warns_of_is_no_line_among_the_messages(shell: Shell, meta_url: str) -> None:
    noise = (
        "import aiohttp.client, os, warnings\n"
        "plain = aiohttp.client.ClientSession.__init__\n"
        "def loud(*arguments, **named):\n"
        "    print('a print')\n"
        "    os.write(1, b'bytes to the first descriptor\\n')\n"
        "    warnings.warn('a warning of a library', UserWarning)\n"
        "    plain(*arguments, **named)\n"
        "aiohttp.client.ClientSession.__init__ = loud\n"
        "import sys\n"
        "from facebook_marketing.faces.airbyte import main\n"
        "sys.exit(main())\n"
    )
    away = Shell(shell.folder, meta_url)
    config_file, catalog_file = away.write("c.json", config()), away.write("k.json", bare_catalog("campaigns"))
    done = away.run(sys.executable, "-c", noise, "read", "--config", config_file, "--catalog", catalog_file)
    assert done.code == 0
    assert statuses(done.lines, "campaigns")[-1] == "COMPLETE"
    assert any("a warning of a library" in json.dumps(line) for line in done.lines)
    assert sorted(done.err.splitlines()) == ["a print", "bytes to the first descriptor"]


@pytest.fixture
def meta_url() -> Iterator[str]:
    with meta() as url:
        yield url


def test_a_first_process_of_a_container_hears_sigterm_before_it_reads(shell: Shell) -> None:
    """The kernel keeps SIGTERM from a process with number 1 that does not catch it: so it is caught from the start."""
    code = (
        "import os, signal, sys, time\n"
        "from facebook_marketing.faces import airbyte\n"
        "def slow(*_):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    time.sleep(20)\n"
        "airbyte._loaded = slow\n"
        "sys.exit(airbyte.main())\n"
    )
    config_file = shell.write("c.json", config())
    done = shell.run(sys.executable, "-c", code, "discover", "--config", config_file)
    assert (done.code, done.err) == (-signal.SIGTERM, "")
    assert done.seconds < IN_TIME / 2
    [error] = errors(parsed(done.out))
    assert error["failure_type"] == "transient_error"


@pytest.mark.parametrize("verb", ("spec", "discover"))
def test_who_has_read_the_one_line_may_end_it_at_once(verb: str, shell: Shell) -> None:
    """As PyAirbyte does, which takes 0 and an end by SIGTERM for well and anything else for a failure."""
    arguments = [] if verb == "spec" else ["--config", shell.write("c.json", config())]
    for _ in range(5):
        with shell.start(SOURCE, verb, *arguments) as process:
            seen_until(process, {"spec": b'"SPEC"', "discover": b'"CATALOG"'}[verb])
            done = terminated(process)
        assert (done.code in {0, -signal.SIGTERM}, done.out, done.err) == (True, b"", "")


def test_a_hanging_look_up_of_a_name_does_not_outlive_the_grace() -> None:
    """A thread that nobody can end: the loop waits for it, and the alarm ends that wait."""
    code = (
        "import asyncio, os, signal, sys, time\n"
        "from facebook_marketing.faces.stopping import Stopping\n"
        "async def work():\n"
        "    asyncio.get_running_loop().call_later(0.2, os.kill, os.getpid(), signal.SIGTERM)\n"
        "    await asyncio.to_thread(time.sleep, 30)\n"
        "Stopping(grace=1).run(work())\n"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=30, check=False, env=dict(os.environ)
    )
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, b"")
    assert time.monotonic() - began < 5
