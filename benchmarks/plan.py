"""What `plan` says beside what the sync then does, in Graph calls and rows, against the sandbox on virtual time.

.venv/bin/python benchmarks/plan.py [--only 2]
"""

import argparse
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from table import show

from facebook_marketing.config import load
from facebook_marketing.faces.planning import plan
from facebook_marketing.plan.forecast import Forecast
from facebook_marketing.sandbox import Options, Size

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from sandbox_transport import SandboxTransport
from syncing import MovedClock, Site
from virtual import run

LATENCY = 0.15
ENTITIES = ("ad_account", "campaigns", "ad_sets", "ads", "ad_creatives", "images", "videos", "activities")
OWN = (
    {"name": "ByAge", "fields": ["impressions", "spend", "actions"], "breakdowns": ["age", "gender"], "level": "adset"},
    {"name": "ByPlace", "fields": ["impressions", "clicks"], "breakdowns": ["publisher_platform"], "level": "campaign"},
    {"name": "ByWeek", "fields": ["reach", "spend"], "breakdowns": ["country"], "time_increment": "weekly"},
)


@dataclass(frozen=True)
class Shape:
    """A sync to foresee: `after` is the number of days since a sync before it, None for none."""

    title: str
    options: Options
    streams: Sequence[str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    after: float | None = None


MANY_ADS = Size(campaigns=40, adsets=400, ads=4_000, creatives=300, images=300, videos=40, activities=200, audiences=5)
FEW = Size(campaigns=12, adsets=36, ads=90, creatives=60, images=20, videos=5, activities=20, audiences=5)
SHAPES = (
    Shape(
        "first sync of an account with many ads",
        Options(size=MANY_ADS),
        (*ENTITIES, "ads_insights"),
        {"insights_start_date": "2026-10-24"},
    ),
    Shape(
        "the next day's sync",
        Options(size=MANY_ADS),
        (*ENTITIES, "ads_insights", "campaign_insights"),
        {"insights_start_date": "2026-10-10"},
        after=1,
    ),
    Shape(
        "custom reports with breakdowns, four accounts",
        Options(size=FEW, accounts=4),
        ("custom_by_age", "custom_by_place", "custom_by_week"),
        {"custom_insights": OWN, "insights_start_date": "2026-06-01"},
    ),
)


def foreseen(site: Site, shape: Shape, state: Mapping[str, Any]) -> Forecast:
    """What plan says."""
    config = load(site.config(**shape.settings), {}).config
    clock = MovedClock(site.now)
    door = SandboxTransport(site.sandbox, clock, latency=LATENCY)
    return run(plan(config, shape.streams, state, transport=door, clock=clock))


def main() -> None:
    """Print a row for each shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=int, help="the first, second or third shape")
    only = parser.parse_args().only
    logging.disable(logging.CRITICAL)
    rows = []
    for shape in SHAPES[only - 1 : only] if only else SHAPES:
        site, state = Site(shape.options), dict[str, Any]()
        if shape.after is not None:
            left = site.sync(shape.streams, latency=LATENCY, **shape.settings).sink.states()
            state = json.loads(json.dumps(left, default=float))  # as a state file has it
            site.now.days += shape.after
        said = foreseen(site, shape, state)
        done = site.sync(shape.streams, state, latency=LATENCY, **shape.settings)
        calls, came = len(done.calls), sum(done.outcome.rows.values())
        rows.append(
            (
                shape.title,
                f"{said.calls:,}",
                f"{calls:,}",
                f"{100 * (said.calls / calls - 1):+.1f} %",
                f"{said.rows:,}",
                f"{came:,}",
                f"{said.seconds() / 60:.1f}",
                f"{done.seconds / 60:.1f}",
                str(said.cost - said.shared),
                said.basis.value,
            )
        )
    head = ("sync", "calls: plan", "actual", "off (≤ 15 %)", "rows: plan", "actual", "minutes: plan", "actual")
    show("benchmarks/plan.py", (*head, "calls that only plan makes", "sure"), rows)


if __name__ == "__main__":
    main()
