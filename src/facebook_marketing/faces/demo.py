"""The command `demo`: a simulated account into a DuckDB file, through the very code that a real token uses."""

import argparse
import asyncio
import sys
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import quote

from facebook_marketing.clock import SystemClock
from facebook_marketing.faces.choices import UsageError

if TYPE_CHECKING:
    from facebook_marketing.faces.sync import Result
    from facebook_marketing.sandbox import Options

DAYS = 90
ACCOUNT = "1234567890123456"
TOKEN = "sandbox-token"  # noqa: S105 - the simulation's own, known to everybody
ANCHOR = 1793491200.0
"""2026-11-01: up to here the simulated history is laid out; from here on it grows, the same everywhere."""
SIZE = {"campaigns": 6, "adsets": 12, "ads": 24, "creatives": 24}
"""Small enough for a minute: thirty statistics streams are computed by the same machine that reads them."""
RUN_SECONDS = 0.5
"""Report runs of the demo end sooner than Meta's, so that nobody waits for a simulation."""

NEXT_STEP = """Look around:        duckdb {database}
Go on from here:    facebook-marketing demo
With your own token:
  export FACEBOOK_ACCESS_TOKEN=…        # a system user's token with ads_read
  export FACEBOOK_ACCOUNT_IDS=all       # or numbers, with commas between them
  facebook-marketing check
  facebook-marketing sync"""


def run_demo(
    database: Path = Path("demo.duckdb"), *, options: "Options | None" = None, out: TextIO | None = None
) -> int:
    """Sync every stream of a simulated account into `database` and show what is in it; the exit code.

    A second run goes on from the first. Errors: UsageError when the sandbox's server is not installed,
    WarehouseError when the file cannot be written.
    """
    where = out or sys.stdout
    result = _synced(database, options)
    from facebook_marketing.faces.summary import summary

    where.write(f"{summary(database)}\n\n{result.text()}\n\n{NEXT_STEP.format(database=database)}\n")
    return result.exit_code


def _synced(database: Path, options: "Options | None") -> "Result":
    from facebook_marketing.config import load
    from facebook_marketing.faces.choices import Choices
    from facebook_marketing.faces.monitor import Monitor
    from facebook_marketing.faces.parts import EVERY
    from facebook_marketing.faces.progress import display
    from facebook_marketing.faces.sync import run_sync

    try:
        from facebook_marketing.sandbox.options import Options
        from facebook_marketing.sandbox.server import start
        from facebook_marketing.sandbox.size import Size
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("facebook_marketing"):
            raise
        message = f"The demo needs {error.name}. Install it: pip install 'facebook-marketing[all]'."
        raise UsageError(message) from error
    monitor = Monitor()
    with (
        start(options or Options(run_seconds=RUN_SECONDS, size=Size(**SIZE), anchor=ANCHOR)) as sandbox,
        display(monitor) as shown,
    ):
        config = load({"insights_start_date": first_day()}, environment(sandbox.url)).config
        work = run_sync(config, destination(database), Choices((EVERY,)), progress=shown.show, monitor=monitor)
        return asyncio.run(work)


def environment(url: str) -> Mapping[str, str]:
    """Say where the sandbox is in the way in which a user would."""
    return {"FACEBOOK_GRAPH_URL": url, "FACEBOOK_ACCESS_TOKEN": TOKEN, "FACEBOOK_ACCOUNT_IDS": ACCOUNT}


def first_day() -> str:
    """The first of the last 90 days: where the demo's statistics begin. Entities are read however old they are."""
    today = datetime.fromtimestamp(SystemClock().now(), UTC).date()
    return (today - timedelta(days=DAYS - 1)).isoformat()


def destination(database: Path) -> str:
    """Make the URL of a DuckDB file."""
    return f"duckdb:///{quote(str(database.absolute()))}"


def sandbox_options(arguments: argparse.Namespace) -> "Options":
    """Make the sandbox's options of the command line's; what was not given stays as it is by default."""
    from facebook_marketing.sandbox import faults
    from facebook_marketing.sandbox.options import Options
    from facebook_marketing.sandbox.size import Size

    given = {name: value for name, value in vars(arguments).items() if value is not None}
    if "faults" in given:
        given["faults"] = faults.load(given["faults"])
    return Options(size=Size(**_known(Size, given)), **{"anchor": ANCHOR} | _known(Options, given))


def _known(kind: type, given: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in given.items() if name in names}
