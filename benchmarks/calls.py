"""Graph calls that a sync makes, counted by the server as Meta counts them: each entry of a batch is a call.

.venv/bin/python benchmarks/calls.py [--ads-per-day 2000] [--days 90]
"""

import argparse
import json
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
        ("the same on the next day: 5, 30 and 300 changed, and the creatives of these ads", ENTITIES, 15),
        (f"`ads_insights`, {chosen.days} days, {rows:,} rows", ("ads_insights",), 385),
    )
    table = []
    states: dict[tuple[str, ...], list[object]] = {}
    with tempfile.TemporaryDirectory() as name, canned.running(ads_per_day=chosen.ads_per_day) as server:
        for title, streams, limit in jobs:
            command = Read(Path(name), server.url, streams, chosen.days, canned.ACCOUNT).command()
            output = Path(name, "output.jsonl")
            server.counts()
            run([*command, *_since(states.get(streams), Path(name))], url=server.url, output=output)
            states[streams] = _state(output)
            requests, calls = server.counts()
            kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(calls.items()))
            table.append((title, str(sum(calls.values())), f"≤ {limit}", str(requests), kinds))
    show(
        f"benchmarks/calls.py --ads-per-day {chosen.ads_per_day} --days {chosen.days}",
        ("sync", "calls", "limit", "HTTP requests", "of these"),
        table,
    )


def _state(output: Path) -> list[object]:
    """The last state of each stream, as a platform keeps it."""
    found: dict[str, object] = {}
    with output.open("rb") as lines:
        for line in lines:
            if line.startswith(b'{"type":"STATE"'):
                state = json.loads(line)["state"]
                found[state["stream"]["stream_descriptor"]["name"]] = state
    return list(found.values())


def _since(state: list[object] | None, folder: Path) -> list[str]:
    """The words that give a sync the state of the one before; none for a first one."""
    if state is None:
        return []
    saved = folder / "state.json"
    saved.write_text(json.dumps(state))
    return ["--state", str(saved)]


if __name__ == "__main__":
    main()
