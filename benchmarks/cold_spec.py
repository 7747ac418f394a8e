"""How long `source-facebook-marketing spec` and `check` take from a cold start, as a platform calls them.

.venv/bin/python benchmarks/cold_spec.py

`check` asks a sandbox on this machine that answers at once; what it takes beside is one answer of Meta's after another.
"""

import json
import statistics
import tempfile
from pathlib import Path

from cost import SOURCE, Cost, run
from table import show

from facebook_marketing.sandbox import Options, start

RUNS = 15
ACCOUNT = "1234567890123456"


def costs(*command: str, url: str) -> list[Cost]:
    """Run it some times; the first one compiles and fills the page cache."""
    run([SOURCE, *command], url=url)
    return [run([SOURCE, *command], url=url) for _ in range(RUNS)]


def row(name: str, found: list[Cost], limit: str) -> tuple[str, ...]:
    """One line of the table."""
    walls = [cost.wall for cost in found]
    memory = statistics.median(cost.memory for cost in found)
    return (name, f"{statistics.median(walls):.3f}", f"{min(walls):.3f}", limit, f"{memory:.0f}")


def main() -> None:
    """Run both, print the medians and the best."""
    with tempfile.TemporaryDirectory() as folder, start(Options()) as meta:
        config = Path(folder) / "config.json"
        credentials = {"auth_type": "Service", "access_token": "sandbox-token"}
        config.write_text(json.dumps({"account_ids": [ACCOUNT], "credentials": credentials}))
        spec, check = costs("spec", url=""), costs("check", "--config", str(config), url=meta.url)
    show(
        "benchmarks/cold_spec.py",
        ("seconds", "median", "best", "limit", "memory, MB"),
        (row("`spec`", spec, "≤ 0.3"), row("`check`, beside Meta's answers", check, "≤ 0.6")),
    )


if __name__ == "__main__":
    main()
