"""Insight rows (2 kB, five nested lists) into DuckDB and PostgreSQL by the real command, reading included.

Pages come from a canned server in a process of its own (`canned.py`), read once before. Beside it a plain dlt run of
the same rows as dicts, of which fewer are enough. CPU is that of the command's process; memory its highest.

.venv/bin/python benchmarks/warehouse.py [duckdb postgres dlt] [--rows 100000 1000000] [--sample 10000]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import canned
from table import show

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from executables import COMMAND, TOKEN
from sinks.servers import postgres

ADS = 2000
PLAIN = """
import json, sys, time
import dlt
rows = json.load(open(sys.argv[1]))
began = time.perf_counter()
pipeline = dlt.pipeline("plain", destination=dlt.destinations.duckdb(sys.argv[2]), dataset_name="plain")
pipeline.run(rows, table_name="ads_insights", loader_file_format=sys.argv[3])
print(time.perf_counter() - began)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took."""

    rows: int
    seconds: float
    cpu: float
    mebibytes: float

    def cells(self, name: str) -> tuple[str, ...]:
        """A line of the table."""
        speed = f"{self.rows / self.seconds:,.0f}"
        return (name, f"{self.rows:,}", speed, f"{self.cpu / self.rows * 1e6:.0f} µs", f"{self.mebibytes:,.0f} MiB")


def measured(command: Sequence[str], rows: int, environment: Mapping[str, str], folder: Path) -> Cost:
    """Run a command to its end."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=dict(environment), cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[0]} ended with {status}")
    return Cost(rows, time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def sync(url: str, destination: str, rows: int, folder: Path, *, children: bool = False) -> Cost:
    """Load so many rows, with a table for each of their lists or without."""
    first = datetime.now(UTC).date() - timedelta(days=rows // ADS - 1)
    if destination.startswith("postgres"):
        destination, dataset = destination.rstrip("0123456789"), f"ads{rows}{'_children' * children}"
    else:
        dataset = "facebook_ads"
    config = folder / "config.json"
    config.write_text(json.dumps({"insights_start_date": first.isoformat()}))
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    account = {"FACEBOOK_ACCOUNT_IDS": canned.ACCOUNT, "FACEBOOK_ACCESS_TOKEN": TOKEN, "FACEBOOK_GRAPH_URL": url}
    chosen = ["--destination", destination, "--dataset", dataset, "--streams", "ads_insights", "--quiet"]
    chosen += [] if children else ["--no-children"]
    return measured([COMMAND, "sync", "--config", str(config), *chosen], rows, {**kept, **account}, folder)


def plain(folder: Path, sample: int, file_format: str) -> Cost:
    """What dlt does with the same rows as dicts, without any reading."""
    server = canned.Canned(canned.Sizes(ads_per_day=ADS))
    fields = frozenset(canned.insights_row(0))
    rows = b",".join(server._rows("insights", fields, date(2026, 1, 1), range(sample)))  # noqa: SLF001 - its own kin
    file = folder / "rows.json"
    file.write_bytes(b"[" + rows + b"]")
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    environment = {**kept, "HOME": str(folder), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    database = str(folder / f"plain_{file_format}.duckdb")
    return measured([sys.executable, "-c", PLAIN, str(file), database, file_format], sample, environment, folder)


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=["duckdb", "postgres", "dlt"])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--sample", type=int, default=10_000)
    chosen = parser.parse_args()
    lines: list[tuple[str, ...]] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(canned.running(ads_per_day=ADS, run_seconds=0.0))
        database = stack.enter_context(postgres()) if "postgres" in chosen.kinds else ""
        for rows in chosen.rows if {"duckdb", "postgres"} & set(chosen.kinds) else ():
            sync(server.url, f"duckdb:///{folder}/warm{rows}.duckdb", rows, folder)
            (folder / f"warm{rows}.duckdb").unlink()
            places = {"duckdb": f"duckdb:///{folder}/ads{rows}.duckdb", "postgres": database and f"{database}{rows}"}
            for kind in (kind for kind in places if kind in chosen.kinds):
                lines.append(sync(server.url, places[kind], rows, folder).cells(kind))
                place = places[kind].replace(".duckdb", "_children.duckdb")
                cost = sync(server.url, place, rows, folder, children=True)
                lines.append(cost.cells(f"{kind}, with child tables"))
        if "dlt" in chosen.kinds:
            for file_format in ("parquet", "insert_values"):
                cost = plain(folder, chosen.sample, file_format)
                lines.append(cost.cells(f"dlt alone, dicts, {file_format}, into DuckDB"))
    words = " ".join(map(str, chosen.rows))
    head = ("into", "rows", "rows a second", "CPU a row", "most memory")
    show(f"benchmarks/warehouse.py --rows {words} --sample {chosen.sample}", head, lines)


if __name__ == "__main__":
    main()
