"""The simulated Graph API as a process of its own, and a plain reader of it. Standard library only.

The strangers' environments do not have this package: they start it from the checkout's own environment,
and what they read through Airbyte is compared with what this plain reader finds.
"""

import json
import os
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
BIN = Path(os.environ.get("FACEBOOK_MARKETING_BIN", CHECKOUT / ".venv" / "bin"))
SOURCE = BIN / "source-facebook-marketing"
ACCOUNT = "1234567890123456"
TOKEN = "sandbox-token"  # every right there is, in the sandbox only
DEADLINE = 60.0


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox."""

    url: str

    def get(self, path: str, **params: object) -> dict[str, Any]:
        """One GET; `path` is below the version."""
        return self._ask(f"{self.url}/v26.0/{path}?{_form(params)}")

    def post(self, path: str, **params: object) -> dict[str, Any]:
        """One POST with a form body."""
        return self._ask(f"{self.url}/v26.0/{path}", _form(params).encode())

    def control(self, path: str, body: Mapping[str, object]) -> None:
        """Turn one of the sandbox's own knobs, such as its clock."""
        request = urllib.request.Request(
            f"{self.url}/__sandbox__/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=DEADLINE).close()

    def walk(self, path: str, **params: object) -> Iterator[dict[str, Any]]:
        """Every row of an edge, page after page until there is no `next`."""
        page = self.get(path, **params)
        while True:
            yield from page["data"]
            following = page.get("paging", {}).get("next")
            if following is None:
                return
            page = self._ask(following)

    def report(self, path: str, **params: object) -> list[dict[str, Any]]:
        """The rows of an asynchronous insights report."""
        run = self.post(f"{path}/insights", **params)["report_run_id"]
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until:
            time.sleep(0.5)
            if self.get(run, fields="async_status")["async_status"] == "Job Completed":
                return list(self.walk(f"{run}/insights", limit=500))
        raise TimeoutError(f"report run {run} did not complete in {DEADLINE} s")

    @staticmethod
    def _ask(url: str, body: bytes | None = None) -> dict[str, Any]:
        request = urllib.request.Request(url, body, {"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=DEADLINE) as reply:
            return json.load(reply)


def days_ago(days: int) -> str:
    """A day, as a config has it."""
    return (datetime.now(UTC) - timedelta(days=days)).date().isoformat()


def _form(params: Mapping[str, object]) -> str:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    return urllib.parse.urlencode(texts)


@contextmanager
def running() -> Iterator[Sandbox]:
    """Start `facebook-marketing sandbox` on a free port and stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([BIN / "facebook-marketing", "sandbox", "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        sandbox = Sandbox(f"http://127.0.0.1:{port}")
        _wait(sandbox, process)
        yield sandbox
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait(sandbox: Sandbox, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the sandbox ended at once, exit code {process.returncode}: its own words stand above")
        try:
            sandbox.get("me")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"the sandbox did not answer within {DEADLINE} s")
