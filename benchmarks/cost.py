"""Runs an Airbyte source as a platform does, and says what it cost."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
SOURCE = str(BIN / "source-facebook-marketing")


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds on the wall and of CPU, and its highest resident memory in MB (10^6 bytes)."""

    wall: float
    cpu: float
    memory: float


def run(command: Sequence[str], *, url: str, output: Path | None = None) -> Cost:
    """Run a command to its end; its output goes to a file or nowhere."""
    with (output or Path(os.devnull)).open("wb") as sink:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=sink, env={**os.environ, "FACEBOOK_GRAPH_URL": url})
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}. {_why(command, url)}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6)


def _why(command: Sequence[str], url: str) -> str:
    again = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "FACEBOOK_GRAPH_URL": url})
    errors = [line for line in again.stdout.splitlines() if b'"type":"ERROR"' in line]
    return b"\n".join(errors[-1:] or [again.stderr]).decode()[:2000]


@dataclass(frozen=True)
class Read:
    """`source-facebook-marketing read` of some streams over so many whole days up to yesterday (in UTC)."""

    folder: Path
    url: str
    streams: tuple[str, ...]
    days: int
    account: str
    token: str = "sandbox-token"

    @property
    def until(self) -> date:
        """The last day."""
        return datetime.now(UTC).date() - timedelta(days=1)

    @property
    def since(self) -> date:
        """The first day."""
        return self.until - timedelta(days=self.days - 1)

    def command(self) -> list[str]:
        """Write config and catalog; return the command."""
        config, catalog = self.folder / "config.json", self.folder / "catalog.json"
        config.write_text(json.dumps(self._config()))
        found = subprocess.run(
            [SOURCE, "discover", "--config", str(config)],
            stdout=subprocess.PIPE,
            check=True,
            env={**os.environ, "FACEBOOK_GRAPH_URL": self.url},
        )
        catalog.write_text(json.dumps({"streams": [_configured(one) for one in self._chosen(found.stdout)]}))
        return [SOURCE, "read", "--config", str(config), "--catalog", str(catalog)]

    def _config(self) -> dict[str, object]:
        return {
            "account_ids": [self.account],
            "credentials": {"auth_type": "Service", "access_token": self.token},
            "start_date": f"{self.since}T00:00:00Z",
            "end_date": f"{self.until}T00:00:00Z",
        }

    def _chosen(self, output: bytes) -> list[dict[str, Any]]:
        (catalog,) = (line for line in map(json.loads, output.splitlines()) if line["type"] == "CATALOG")
        return [stream for stream in catalog["catalog"]["streams"] if stream["name"] in self.streams]


def records(output: Path) -> int:
    """RECORD lines of a read."""
    with output.open("rb") as lines:
        return sum(1 for line in lines if line.startswith(b'{"type":"RECORD"'))


def _configured(stream: Mapping[str, Any]) -> dict[str, object]:
    incremental = "incremental" in stream["supported_sync_modes"]
    return {
        "stream": stream,
        "sync_mode": "incremental" if incremental else "full_refresh",
        "cursor_field": stream.get("default_cursor_field", []),
        "destination_sync_mode": "append",
        "primary_key": stream.get("source_defined_primary_key", []),
    }
