"""Kills the real command at random moments of a sync into a warehouse, then lets one end: tables must equal the truth.

The truth is what a sync that nobody killed has loaded. The simulated account stands still, so every row but the times
of its reading must be the same, and each must be there once. Segments are small, that many lie between two kills.

.venv/bin/python benchmarks/kills.py [--kills 30] [--rounds 3] [duckdb postgres parquet]
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from table import show

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from executables import ACCOUNT, TOKEN
from facebook_marketing.faces.cli import main as command
from facebook_marketing.sandbox import Options, Sandbox, Size, server
from facebook_marketing.sandbox.wire import SandboxReply
from facebook_marketing.sinks import modes
from facebook_marketing.sinks.modes import Mode
from facebook_marketing.sinks.warehouse import Warehouse
from sinks.kit import Place, ask_duckdb, ask_folder, ask_postgres
from sinks.servers import postgres

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC).timestamp()
DAYS = 12
SIZE = Size(campaigns=6, adsets=12, ads=60, creatives=60, images=20, videos=5, activities=60, audiences=5)
MODES: Mapping[str, Mode] = {
    "campaigns": Mode.DEDUPED_HISTORY,
    "ad_sets": Mode.INCREMENTAL_APPEND,
    "ads": Mode.DEDUPED_HISTORY,
    "ad_creatives": Mode.APPEND,
    "images": Mode.OVERWRITE,
    "activities": Mode.DEDUPED,
    "ads_insights": Mode.DEDUPED,
    "ads_insights_country": Mode.INCREMENTAL_APPEND,
    "adset_insights": Mode.DEDUPED_HISTORY,
    "campaign_insights": Mode.OVERWRITE,
    "account_insights_region": Mode.APPEND,
}
"""Each mode, for streams of objects and of statistics."""

TIMES = frozenset(("_synced_at", "valid_from", "valid_to", "deleted_at"))
FLUSH_ROWS = 40
Rows = Counter[str]


def child(arguments: list[str]) -> int:
    """The command itself, with small segments and the modes above."""
    modes.default_mode = lambda stream: MODES[stream.name]
    (Warehouse.__init__.__kwdefaults__ or {})["flush_rows"] = FLUSH_ROWS
    return command(arguments)


class Counting(Sandbox):
    """A sandbox that says when it has answered so many requests."""

    answered = 0
    at: int | None = None
    reached: Callable[[], None] = staticmethod(lambda: None)

    def handle(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> SandboxReply:
        """As ever."""
        reply = super().handle(method, url, headers, body)
        self.answered += 1
        if self.answered == self.at:
            self.reached()
        return reply


@dataclass
class Bench:
    """A simulated account that stands still, and the command that reads it."""

    sandbox: Counting
    url: str
    folder: Path
    dice: random.Random = field(default_factory=lambda: random.Random(20261120))

    def start(self, place: Place) -> "subprocess.Popen[bytes]":
        """The command, reading into this place."""
        since = (datetime.fromtimestamp(NOW, UTC) - timedelta(days=DAYS)).date().isoformat()
        config = self.folder / "config.json"
        config.write_text(json.dumps({"insights_start_date": since}))
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = {
            **kept,
            "FACEBOOK_GRAPH_URL": self.url,
            "FACEBOOK_ACCESS_TOKEN": TOKEN,
            "FACEBOOK_ACCOUNT_IDS": ACCOUNT,
        }
        arguments = ["--config", str(config), "--destination", place.url, "--streams", ",".join(MODES), "--quiet"]
        command = [sys.executable, __file__, "--child", "sync", *arguments]
        return subprocess.Popen(command, env=environment, cwd=self.folder, stderr=subprocess.PIPE)

    def run(self, place: Place) -> int:
        """A sync to its end; the requests that it took."""
        self.sandbox.answered, self.sandbox.at = 0, None
        process = self.start(place)
        _, said = process.communicate(timeout=300)
        if process.returncode:
            raise SystemExit(f"the sync ended with {process.returncode}: {said.decode()[-2000:]}")
        return self.sandbox.answered

    def kill(self, place: Place, requests: int) -> bool:
        """A sync that is killed after a random request, a moment later; False when it had ended before."""
        met = threading.Event()
        self.sandbox.answered, self.sandbox.at = 0, self.dice.randrange(1, requests)
        self.sandbox.reached = met.set
        process = self.start(place)
        while not met.wait(0.05) and process.poll() is None:
            pass
        time.sleep(self.dice.uniform(0, 1.2))
        alive = process.poll() is None
        if alive:
            os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        return alive


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """The simulation, served."""
    sandbox = Counting(Options(anchor=NOW - 3600 * 15, run_seconds=0.0, size=SIZE, quota=False))
    sandbox.set_clock(NOW)
    with server.start(sandbox=sandbox) as running:
        yield Bench(sandbox, running.url, folder)


@contextmanager
def place_of(kind: str, folder: Path, url: str | None, number: int) -> Iterator[Place]:
    """An empty place."""
    if kind == "duckdb":
        file = folder / f"ads{number}.duckdb"
        yield Place(kind, f"duckdb:///{file}", ask_duckdb(file))
    elif kind == "parquet":
        lake = folder / f"lake{number}"
        yield Place(kind, f"parquet:///{lake}", ask_folder(lake, newest=False))
    else:
        assert url is not None
        fetch = ask_postgres(url)
        fetch("drop schema if exists facebook_ads cascade")
        yield Place(kind, url, fetch)


def content(place: Place) -> dict[str, Rows]:
    """Every table's rows without the times of their reading, each with how often it is there."""
    tables = [*MODES, *(f"{name}_history" for name, mode in MODES.items() if mode is Mode.DEDUPED_HISTORY)]
    if place.kind == "parquet":
        tables = [*MODES]
    else:
        children = "select table_name from information_schema.columns where column_name = '_parent_id'"
        tables += [name for (name,) in place.fetch(children)]
    return {table: _rows(place, table) for table in tables}


def mode_of(table: str) -> Mode:
    """The mode of a stream's table, its history, or one of its child tables."""
    return MODES[max((name for name in MODES if table.startswith(name)), key=len)]


def _rows(place: Place, table: str) -> Rows:
    if place.kind == "postgres":
        texts = place.fetch(f"select cast(to_jsonb(t) as text) from facebook_ads.{table} t")
    else:
        texts = place.fetch(f"select cast(to_json(t) as varchar) from facebook_ads.{table} t")
    rows = (json.loads(text) for (text,) in texts)
    plain = [{name: cell for name, cell in row.items() if name not in TIMES} for row in rows]
    if place.kind == "parquet" and MODES[table] in {Mode.DEDUPED, Mode.DEDUPED_HISTORY}:
        plain = [*{row["_row_id"]: row for row in plain}.values()]  # every version is kept there: the newest counts
    return Counter(json.dumps(row, sort_keys=True) for row in plain)


def differences(found: Mapping[str, Rows], truth: Mapping[str, Rows]) -> list[str]:
    """What is not as it should be, in words."""
    said = []
    for table, once in truth.items():
        # A sync that was killed after its last segment had ended: all of it was appended, once.
        times = found[table].total() // once.total() if mode_of(table) is Mode.APPEND and once else 1
        rows = Counter({row: count * max(times, 1) for row, count in once.items()})
        missing, extra = rows - found[table], found[table] - rows
        if missing or extra:
            said.append(f"{table}: {missing.total()} of {rows.total()} rows missing, {extra.total()} too many")
    return said


@dataclass(frozen=True, slots=True)
class Result:
    """What so many kills came to."""

    kind: str
    kills: int
    rounds: int
    rows: int
    wrong: tuple[str, ...]


def punish(bench: Bench, kind: str, url: str | None, kills: int, rounds: int) -> Result:
    """Kill `kills` syncs in `rounds` places; each place gets one whole sync at its end."""
    with place_of(kind, bench.folder, url, 0) as place:
        requests = bench.run(place)
        truth = content(place)
    wrong: list[str] = []
    done = 0
    for number in range(1, rounds + 1):
        with place_of(kind, bench.folder, url, number) as place:
            goal = kills * number // rounds
            while done < goal:
                done += bench.kill(place, requests)
            bench.run(place)
            wrong += [f"round {number}: {text}" for text in differences(content(place), truth)]
    return Result(kind, done, rounds, sum(rows.total() for rows in truth.values()), tuple(wrong))


def main() -> None:
    """Kill, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=["duckdb", "postgres", "parquet"])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    results = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        still = stack.enter_context(bench(folder))
        url = stack.enter_context(postgres()) if "postgres" in chosen.kinds else None
        for kind in chosen.kinds:
            results.append(punish(still, kind, url, chosen.kills, chosen.rounds))
            for text in results[-1].wrong:
                print(f"{kind}: {text}", file=sys.stderr)
    head = ("into", "kills", "clean runs", "rows of the truth", "tables = truth")
    rows = [
        (one.kind, str(one.kills), str(one.rounds), f"{one.rows:,}", "no" if one.wrong else "yes") for one in results
    ]
    show(f"benchmarks/kills.py --kills {chosen.kills} --rounds {chosen.rounds}", head, rows)
    sys.exit(1 if any(one.wrong for one in results) else 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        sys.exit(child(sys.argv[2:]))
    main()
