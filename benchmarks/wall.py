"""How long 90 days × 2,000 ads a day take at 150 ms a call and 5 s a report run, on virtual time.

The bound is 1.5 × (calls ÷ calls allowed at once × latency + one run). Runs of the simulated API take 0.7 to 1.3 of
their nominal time; the longest one is what a sync cannot be shorter than.

.venv/bin/python benchmarks/wall.py [--at-once 16] [--seeds 1 2 3]
"""

import argparse
import sys
from pathlib import Path

from table import show

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from engine.test_hostile import NAME, Shape


def main() -> None:
    """Read an account a seed, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-once", type=int, default=16, help="max_concurrency")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    chosen = parser.parse_args()
    script = f"benchmarks/wall.py --at-once {chosen.at_once} --seeds {' '.join(map(str, chosen.seeds))}"
    head = ("seed", "rows", "calls", "at once, most", "seconds", "longest run, s")
    rows = [_measured(Shape(ads=2000, page=500, seed=seed), chosen.at_once) for seed in chosen.seeds]
    show(script, (*head, "÷ (calls ÷ at once × latency + longest run)", "with 5 s for the run"), rows)


def _measured(shape: Shape, at_once: int) -> tuple[str, ...]:
    site = shape.site()
    synced = shape.read(site, max_concurrency=at_once)
    calls = len(synced.calls)
    longest = max(run.seconds for run in site.sandbox.runs._runs.values())  # noqa: SLF001 - no reader may know it
    asking = calls / at_once * shape.latency
    return (
        str(shape.seed),
        f"{len(synced.sink.rows(NAME)):,}",
        f"{calls} (≤ 385)",
        str(site.under_way),
        f"{synced.seconds:.1f}",
        f"{longest:.1f}",
        f"{synced.seconds / (asking + longest):.2f} (≤ 1.5)",
        f"{synced.seconds / (asking + shape.run_seconds):.2f}",
    )


if __name__ == "__main__":
    main()
