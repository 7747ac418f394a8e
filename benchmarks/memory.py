"""Highest resident memory of `source-facebook-marketing read` as the data grows: it must not grow with it.

.venv/bin/python benchmarks/memory.py [--rows 10000 100000 1000000]
"""

import argparse
import tempfile
from pathlib import Path

import canned
from cost import Read, run
from table import show

DAYS = 50


def main() -> None:
    """Read ever more insight rows (50 days of them), print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    sizes = parser.parse_args().rows
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as name, canned.running(ads_per_day=size // DAYS) as server:
            read = Read(Path(name), server.url, ("ads_insights",), DAYS, canned.ACCOUNT)
            cost = run(read.command(), url=server.url)
            rows.append((f"{size:,}", f"{cost.memory:.0f}", f"{cost.wall:.1f}"))
    show(
        f"benchmarks/memory.py --rows {' '.join(map(str, sizes))}",
        ("insight rows", "peak memory, MB", "seconds (with the server's rendering)"),
        rows,
    )


if __name__ == "__main__":
    main()
