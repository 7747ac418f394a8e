"""Rows a second and CPU a row of `source-facebook-marketing read`, beside the least that any reader must do.

    .venv/bin/python benchmarks/airbyte_face.py [--days 30] [--ads 60000]

Both read from a loopback server with pre-rendered pages; a first read renders them and is not counted.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import canned
from cost import Cost, Read, records, run
from table import show

ADS_PER_DAY = 2000
RUNS = 3
PAGE = {"insights": 500, "ads": 200}
"""Rows a page, as our reader asks for them: the floor fetches the same pages."""


def _best(command: list[str], url: str) -> Cost:
    return min((run(command, url=url) for _ in range(RUNS)), key=lambda cost: cost.cpu)


def _compare(kind: str, server: canned.Running, folder: Path, days: int, total: int) -> list[tuple[str, ...]]:
    stream = {"insights": "ads_insights", "ads": "ads"}[kind]
    read = Read(folder, server.url, (stream,), days, canned.ACCOUNT)
    ours, output = read.command(), folder / "output.jsonl"
    span = ("--since", str(read.since), "--until", str(read.until))
    floor = [sys.executable, str(Path(__file__).with_name("floor.py")), kind, "--url", server.url, *span]
    floor += ["--total", str(total), "--limit", str(PAGE[kind])]
    found = []
    for command in (ours, floor):
        run(command, url=server.url, output=output)
        found.append(records(output))
        output.unlink()
    if found != [total, total]:
        raise SystemExit(f"{stream}: {found[0]} rows read by us, {found[1]} by the floor, where {total} stand")
    costs = (_best(ours, server.url), _best(floor, server.url))
    return [
        (
            f"`{stream}`, {name}",
            f"{total:,}",
            f"{total / cost.wall:,.0f}",
            f"{cost.cpu / total * 1000:.4f}",
            f"{cost.cpu / costs[1].cpu:.2f}",
            f"{cost.memory:.0f}",
        )
        for name, cost in zip(("ours", "floor"), costs, strict=True)
    ]


def main() -> None:
    """Measure both streams, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--ads", type=int, default=60_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, canned.running(ads=chosen.ads, ads_per_day=ADS_PER_DAY) as server:
        rows = [
            *_compare("insights", server, Path(name), chosen.days, chosen.days * ADS_PER_DAY),
            *_compare("ads", server, Path(name), chosen.days, chosen.ads),
        ]
    show(
        f"benchmarks/airbyte_face.py --days {chosen.days} --ads {chosen.ads}",
        ("stream", "rows", "rows/s", "CPU ms/row", "× floor", "memory, MB"),
        rows,
    )


if __name__ == "__main__":
    main()
