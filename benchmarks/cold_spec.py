"""How long `source-facebook-marketing spec` takes from a cold start, as a platform calls it for each connector.

.venv/bin/python benchmarks/cold_spec.py
"""

import statistics

from cost import SOURCE, run
from table import show

RUNS = 15


def main() -> None:
    """Run it some times, print the median and the best."""
    run([SOURCE, "spec"], url="")  # the first one compiles and fills the page cache
    costs = [run([SOURCE, "spec"], url="") for _ in range(RUNS)]
    walls = [cost.wall for cost in costs]
    show(
        "benchmarks/cold_spec.py",
        ("`spec`", "median", "best", "limit"),
        (
            ("seconds", f"{statistics.median(walls):.3f}", f"{min(walls):.3f}", "≤ 0.3"),
            ("memory, MB", f"{statistics.median(cost.memory for cost in costs):.0f}", "", ""),
        ),
    )


if __name__ == "__main__":
    main()
