"""A sync killed at random points and taken up again: what is asked twice, and whether every row is there once.

On virtual time against the simulated API. Repeated are the calls of both parts beyond those of a sync that nobody
killed, as a share of the latter.

.venv/bin/python benchmarks/resume.py [--points 50] [--full]
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from table import show

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from engine.test_hostile import NAME, Key, Kill, Resumed, Row, Shape, kills, resume, settle_accounts
from syncing import Synced

FULL = Shape(ads=2000, page=500)
QUICK = Shape()
"""As many calls as the full one, a tenth of its rows."""


@dataclass(frozen=True, slots=True)
class Point:
    """What one kill came to; the rows themselves are not kept."""

    repeated: float
    twice: int
    days_again: int
    pages_twice: int
    same: bool


def main() -> None:
    """Kill and resume, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, help="kill points: 50, or 5 with --full")
    parser.add_argument("--full", action="store_true", help="2,000 ads a day in pages of 500: some minutes")
    chosen = parser.parse_args()
    shape, count = (FULL, chosen.points or 5) if chosen.full else (QUICK, chosen.points or 50)
    truth = shape.truth()
    whole = shape.read(shape.site())
    points = [_point(shape, kill, whole, truth) for kill in kills(whole, count)]
    script = f"benchmarks/resume.py --points {count}{' --full' if chosen.full else ''}"
    head = ("90 days × ads a day, rows a page", "calls, unbroken", "kill points", "repeated: median", "most")
    show(script, (*head, "days asked again", "pages read twice: most", "rows twice: most", "rows = truth"), [
        (
            f"{shape.ads:,} × {shape.page}",
            str(len(whole.calls)),
            str(count),
            f"{statistics.median(one.repeated for one in points):.1%}",
            f"{max(one.repeated for one in points):.1%}",
            str(sum(one.days_again for one in points)),
            str(max(one.pages_twice for one in points)),
            str(max(one.twice for one in points)),
            f"{sum(one.same for one in points)} of {count}",
        )
    ])  # fmt: skip


def _point(shape: Shape, kill: Kill, whole: Synced, truth: dict[Key, Row]) -> Point:
    both = resume(shape, kill, len(whole.calls))
    if both.first.outcome.statuses:
        raise SystemExit(f"{kill} came after the end of the sync: choose another seed in `kills`")
    return Point(both.repeated, both.twice, both.days_again, both.pages_twice, _same(both, both.rows, truth))


def _same(both: Resumed, rows: Sequence[Row], truth: dict[Key, Row]) -> bool:
    found = settle_accounts(rows, truth, both.second.outcome.gaps)
    ended = both.second.sink.statuses(NAME)[-1:] == ["COMPLETE"]
    return ended and not (found.wrong or found.missing)


if __name__ == "__main__":
    main()
