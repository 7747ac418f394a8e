"""A hostile account: what it costs to read it, and whether what cannot be read is named, and nothing else.

One ad's `actions` fail always; one day is too much for Meta unless a report names a twentieth of its ads at most; one
run in seven dies at 0 %; one in 25 stands still for ever; one page in 15 is not ready although its run is.

.venv/bin/python benchmarks/hostile.py [--full] [--even-ids] [--seeds 1 2 3] [--gaps]
"""

import argparse
import logging
import sys
from pathlib import Path

from table import show

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import syncing
from engine.test_hostile import NAME, POISONED, Shape, settle_accounts, trouble_of


def main() -> None:
    """Read an account a seed, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="2,000 ads a day in pages of 500")
    parser.add_argument("--even-ids", action="store_true", help="on the heavy day even a report of ids is too much")
    parser.add_argument("--gaps", action="store_true", help="list what the ledger says of the last account")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    chosen = parser.parse_args()
    logging.disable(logging.WARNING)
    syncing.ENDLESS = 50_000  # what is too many is in the table
    table: list[tuple[str, ...]] = []
    gaps: list[str] = []
    for seed in chosen.seeds:
        shape = Shape(ads=2000, page=500, seed=seed) if chosen.full else Shape(seed=seed)
        row, gaps = _measured(shape, even_ids=chosen.even_ids)
        table.append((str(seed), *row))
    words = [word for word in ("--full", "--even-ids") if word in sys.argv]
    script = " ".join(["benchmarks/hostile.py", *words, "--seeds", *map(str, chosen.seeds)])
    head = ("seed", "calls, no faults", "calls", "ratio (≤ 3)", "minutes", "rows", "wrong cells", "rows missing")
    show(script, (*head, "cells missing", "not in a gap", "in a gap, though read", "rows twice", "ends"), table)
    if chosen.gaps:
        print("\n" + "\n".join(f"- {gap}" for gap in gaps))


def _measured(shape: Shape, *, even_ids: bool) -> tuple[tuple[str, ...], list[str]]:
    truth = shape.truth()
    whole = len(shape.read(shape.site()).calls)
    trouble = trouble_of(shape, truth, even_ids=even_ids)
    synced = shape.read(trouble.site(shape))
    rows, outcome = synced.sink.rows(NAME), synced.outcome
    found = settle_accounts(rows, truth, outcome.gaps)
    fields = {name or "row" for _, _, name in found.missing}
    row = (
        str(whole),
        str(len(synced.calls)),
        f"{len(synced.calls) / whole:.2f}",
        f"{synced.seconds / 60:.0f}",
        f"{len(rows):,} of {len(truth):,}",
        str(len(found.wrong)),
        str(sum(not name for _, _, name in found.missing)),
        f"{sum(bool(name) for _, _, name in found.missing)} ({', '.join(sorted(fields)) or 'none'})",
        str(len(found.silent)),
        str(len(found.slandered)),
        str(found.twice),
        synced.sink.statuses(NAME)[-1],
    )
    unread = f"ad {trouble.ad}: {POISONED}; heavy day: {trouble.heavy}, at most {trouble.few} ads in a report"
    said = [f"{gap.window}, {gap.entity or 'all'}, {gap.field or 'all fields'}: {gap.verdict}" for gap in outcome.gaps]
    return row, [unread, *sorted(said)]


if __name__ == "__main__":
    main()
