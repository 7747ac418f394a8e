"""Graph calls that a sync makes, counted by the server as Meta counts them: each entry of a batch is a call.

.venv/bin/python benchmarks/calls.py [--ads-per-day 2000] [--days 90]
"""

import argparse
import tempfile
from pathlib import Path

import canned
from cost import Read, run
from table import show

ENTITIES = ("campaigns", "ad_sets", "ads", "ad_creatives")


def main() -> None:
    """Count both syncs, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ads-per-day", type=int, default=2000)
    parser.add_argument("--days", type=int, default=90)
    chosen = parser.parse_args()
    rows = chosen.ads_per_day * chosen.days
    jobs = (
        ("500 campaigns, 2,000 ad sets, 10,000 ads, 10,000 creatives", ENTITIES, 155),
        (f"`ads_insights`, {chosen.days} days, {rows:,} rows", ("ads_insights",), 385),
    )
    table = []
    with tempfile.TemporaryDirectory() as name, canned.running(ads_per_day=chosen.ads_per_day) as server:
        for title, streams, limit in jobs:
            command = Read(Path(name), server.url, streams, chosen.days, canned.ACCOUNT).command()
            server.counts()
            run(command, url=server.url)
            requests, calls = server.counts()
            kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(calls.items()))
            table.append((title, str(sum(calls.values())), f"≤ {limit}", str(requests), kinds))
    show(
        f"benchmarks/calls.py --ads-per-day {chosen.ads_per_day} --days {chosen.days}",
        ("sync", "calls", "limit", "HTTP requests", "of these"),
        table,
    )


if __name__ == "__main__":
    main()
