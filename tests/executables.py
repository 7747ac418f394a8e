"""The two installed commands, run as a user runs them: processes, pipes, files, exit codes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from airbyte_lines import Line, parsed
from facebook_marketing.sandbox import Size

ACCOUNT = "1234567890123456"
TOKEN = "sandbox-token"
SMALL = Size(campaigns=3, adsets=6, ads=12, creatives=12, images=6, videos=3, activities=20, audiences=4)
SOURCE = str(Path(sys.executable).with_name("source-facebook-marketing"))
COMMAND = str(Path(sys.executable).with_name("facebook-marketing"))
PATIENCE = 60.0
"""Seconds after which a command that was started counts as one that never ends."""


def days_ago(days: int) -> str:
    """A day, as a config has it."""
    return (datetime.now(UTC) - timedelta(days=days)).date().isoformat()


def config(**settings: Any) -> Line:
    """A config of the sandbox's first account with a short time of statistics."""
    credentials = {"auth_type": "Service", "access_token": settings.pop("token", TOKEN)}
    return {"account_ids": [ACCOUNT], "credentials": credentials, "insights_start_date": days_ago(3)} | settings


def catalog(streams: Iterable[Mapping[str, Any]], mode: str = "incremental") -> Line:
    """A configured catalog of discovered streams: `mode` where a stream has it."""
    return {
        "streams": [
            {
                "stream": dict(stream),
                "sync_mode": mode if mode in stream["supported_sync_modes"] else "full_refresh",
                "destination_sync_mode": "append",
            }
            for stream in streams
        ]
    }


def bare_catalog(*names: str, mode: str = "incremental") -> Line:
    """A catalog that names streams and nothing of their columns."""
    return {"streams": [{"stream": {"name": name, "json_schema": {}}, "sync_mode": mode} for name in names]}


@dataclass(frozen=True)
class Ended:
    """How a command ended. `seconds` is wall time."""

    code: int
    out: bytes
    err: str
    seconds: float

    @cached_property
    def lines(self) -> list[Line]:
        """Its stdout as messages of the protocol; fails where it holds anything else."""
        return parsed(self.out)

    @property
    def text(self) -> str:
        """Everything that it said."""
        return self.out.decode() + self.err


class Shell:
    """Runs the commands in a folder of their own, with an environment of their own. `url` is where Meta is."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url

    def write(self, name: str, content: object) -> str:
        """A JSON file (text and bytes as they are); its path."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else _text(content).encode())
        return str(path)

    def source(self, *arguments: str, **env: str) -> Ended:
        """Runs `source-facebook-marketing`."""
        return self.run(SOURCE, *arguments, **env)

    def command(self, *arguments: str, **env: str) -> Ended:
        """Runs `facebook-marketing`."""
        return self.run(COMMAND, *arguments, **env)

    def read(self, settings: object, asked: object, state: object = None, **env: str) -> Ended:
        """Runs the Airbyte verb `read` with these files."""
        arguments = ["--config", self.write("config.json", settings), "--catalog", self.write("catalog.json", asked)]
        if state is not None:
            arguments += ["--state", self.write("state.json", state)]
        return self.source("read", *arguments, **env)

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        """Starts a command; its stdout and stderr are pipes."""
        return subprocess.Popen(
            arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env=self._environment(env),
            preexec_fn=_interruptible,  # noqa: PLW1509 - it takes no lock
        )

    def run(self, *arguments: str, **env: str) -> Ended:
        """Starts a command and waits for its end."""
        began = time.monotonic()
        with self.start(*arguments, **env) as process:
            return ended(process, began)

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "SYSTEMROOT") if name in os.environ}
        return {**kept, "FACEBOOK_GRAPH_URL": self.url, "COLUMNS": "100", **more}


def _interruptible() -> None:
    """A suite in the background of a shell ignores Ctrl-C, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def ended(process: subprocess.Popen[bytes], began: float) -> Ended:
    """Waits for the end of a process that was started at `began` (monotonic seconds), of which lines may be read."""
    assert process.stdout is not None
    assert process.stderr is not None
    guard = threading.Timer(PATIENCE, process.kill)
    guard.start()
    try:
        with ThreadPoolExecutor(1) as beside:
            err = beside.submit(process.stderr.read)
            out = process.stdout.read()
        process.wait()
    finally:
        guard.cancel()
        process.kill()
    return Ended(process.returncode, out, err.result().decode(), time.monotonic() - began)


def _text(content: object) -> str:
    return content if isinstance(content, str) else json.dumps(content)
