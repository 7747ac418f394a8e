"""How long 90 days × 2,000 ads a day take at 150 ms a call and 5 s a report run, on virtual time.

The bound is 1.5 × (calls ÷ calls allowed at once × latency + one run). Runs of the simulated API take 0.7 to 1.3 of
their nominal time.

.venv/bin/python benchmarks/wall.py [--at-once 16]
"""

import argparse
import sys
from pathlib import Path

from table import show

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from engine.test_hostile import NAME, Shape


def main() -> None:
    """Read once, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-once", type=int, default=16, help="max_concurrency")
    at_once = parser.parse_args().at_once
    shape = Shape(ads=2000, page=500)
    site = shape.site()
    synced = shape.read(site, max_concurrency=at_once)
    calls = len(synced.calls)
    least = calls / at_once * shape.latency + shape.run_seconds
    row = (
        f"{len(synced.sink.rows(NAME)):,}",
        f"{calls} (≤ 385)",
        str(site.under_way),
        f"{synced.seconds:.1f}",
        f"{least:.1f}",
        f"{synced.seconds / least:.2f} (≤ 1.5)",
    )
    head = ("rows", "calls", "at once, most", "seconds", "calls ÷ at once × latency + a run", "ratio")
    show(f"benchmarks/wall.py --at-once {at_once}", head, [row])


if __name__ == "__main__":
    main()
