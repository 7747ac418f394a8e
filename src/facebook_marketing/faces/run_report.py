"""The report of a run as JSON: what was read of each stream and account, what it cost, and how it ended.

The shape is documented in docs/running.md. It has a version: fields may be added to one, and never change or go.
"""

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from facebook_marketing.engine.door import Gap, StreamStatus
from facebook_marketing.faces.choices import UsageError
from facebook_marketing.faces.monitor import Account, Monitor, Stream
from facebook_marketing.graph.counts import Job, Quota, Tally, Used
from facebook_marketing.plan.forecast import Forecast

if TYPE_CHECKING:
    from facebook_marketing.config import Config

log = logging.getLogger(__name__)

SCHEMA = "facebook-marketing/run-report"
VERSION = 1

Status = Literal["complete", "partial", "failed", "cancelled"]
STATUSES: Mapping[int, Status] = {0: "complete", 3: "partial", 130: "cancelled", 143: "cancelled"}
"""What an exit code means; every other one is "failed"."""


@dataclass(slots=True)
class Run:
    """What the report says of the run as a whole; filled in as it becomes known. Times: seconds since 1970."""

    program: str
    began: float
    ended: float = 0.0
    exit_code: int = 1
    error: str | None = None
    config: "Config | None" = None
    destination: str | None = None
    dataset: str | None = None
    forecast: Forecast | None = None


def report(run: Run, monitor: Monitor) -> dict[str, Any]:
    """The whole report; see docs/running.md."""
    tally = monitor.counts.whole
    done, planned = monitor.windows
    streams = [_stream(name, run, monitor) for name in monitor.selected]
    return {
        "schema": SCHEMA,
        "schema_version": VERSION,
        "program_version": run.program,
        "status": STATUSES.get(run.exit_code, "failed"),
        "exit_code": run.exit_code,
        "error": run.error,
        "started_at": _moment(run.began),
        "ended_at": _moment(run.ended),
        "seconds": round(run.ended - run.began, 3),
        "config_fingerprint": fingerprint(run.config) if run.config is not None else None,
        "destination": run.destination,
        "dataset": run.dataset,
        "totals": {
            "rows": sum(stream["rows"] for stream in streams),
            **_asked(tally, run.ended),
            "gaps": len(monitor.gaps),
            "windows_done": done,
            "windows_planned": planned,
            "accounts": len(monitor.accounts),
            "streams": len(streams),
            "streams_complete": sum(stream["status"] == "complete" for stream in streams),
        },
        "planned": _planned(run.forecast),
        "quotas": _quotas(tally.quotas),
        "streams": streams,
        "gaps": [_gap(gap) for gap in monitor.gaps],
    }


def _planned(forecast: Forecast | None) -> dict[str, Any] | None:
    """What `sync --plan` foresaw, to be read beside the totals."""
    if forecast is None:
        return None
    return {
        "calls": forecast.calls,
        "rows": forecast.rows,
        "seconds": round(forecast.seconds(), 1),
        "sure": forecast.basis.value,
    }


def shown(destination: str) -> str:
    """The destination's address without its password."""
    from facebook_marketing.sinks.destination import WarehouseError, mask, parse

    try:
        return parse(destination).shown
    except WarehouseError:
        return mask(destination)


def fingerprint(config: "Config") -> str:
    """Tell configurations apart without saying what is in them; token and secret do not count."""
    told = config.model_dump(mode="json", exclude={"access_token", "client_secret"})
    return f"sha256:{hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()}"


Told = Callable[[BaseException], tuple[int, str]]
"""The exit code that an error comes to, and what is said of it."""


@contextmanager
def recorded(path: Path | None, monitor: Monitor, run: Run, told: Told, now: Callable[[], float]) -> Iterator[None]:
    """Write the report of what happens inside, however it ends; without a path nothing.

    The report of the run before goes first: what is there afterwards is this run's, or nothing. Raises UsageError at
    the beginning where none can be written.
    """
    if path is not None:
        _make_place(path)
    try:
        yield
    except BaseException as error:
        run.exit_code, run.error = told(error)
        raise
    finally:
        run.ended = now()
        if path is not None:
            try:
                write(path, report(run, monitor))
            except OSError as error:
                log.error("The report %s cannot be written: %s.", path, error.strerror)  # noqa: TRY400 - it says enough


def _make_place(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise UsageError(f"The report {path} cannot be written: {error.strerror}. Name another file.") from None


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Put the report in its place whole: who reads it never sees half of one. Raises OSError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _stream(name: str, run: Run, monitor: Monitor) -> dict[str, Any]:
    seen = monitor.streams.get(name, Stream())
    jobs = monitor.counts.by_job()
    accounts = [
        _account(account, seen.accounts.get(account, Account()), jobs.get(Job(name, account), Tally()), run.ended)
        for account in monitor.accounts
    ]
    return {
        "stream": name,
        "mode": monitor.modes.get(name),
        "status": _status(seen),
        "rows": seen.rows if monitor.outcome is None else monitor.outcome.rows.get(name, 0),
        "error": seen.error,
        "accounts": accounts,
    }


def _status(stream: Stream) -> str:
    match stream.status:
        case StreamStatus.COMPLETE:
            return "complete"
        case StreamStatus.INCOMPLETE:
            return "incomplete"
        case None:
            return "not begun"
        case StreamStatus.STARTED | StreamStatus.RUNNING:
            return "cut short"


def _account(account: str, seen: Account, tally: Tally, now: float) -> dict[str, Any]:
    return {
        "account": account,
        "status": _ended(tally),
        "rows": seen.rows,
        **_asked(tally, now),
        "gaps": seen.gaps,
        "windows_done": seen.done if seen.planned is not None else None,
        "windows_planned": seen.planned,
        "started_at": _moment(tally.began),
        "ended_at": _moment(tally.ended),
        "failure": tally.failure,
        "quotas": _quotas(tally.quotas),
    }


def _ended(tally: Tally) -> str:
    if tally.began is None:
        return "not begun"
    if tally.failure is not None:
        return "incomplete"
    return "complete" if tally.done else "cut short"


def _asked(tally: Tally, now: float) -> dict[str, Any]:
    return {
        "calls": tally.calls,
        "retries": tally.retries,
        "throttles": tally.throttles,
        "waited_seconds": round(tally.waited_until(now), 3),
    }


def _quotas(quotas: Mapping[Quota, Used]) -> list[dict[str, Any]]:
    return [
        {
            "account": None if quota.account == "app" else quota.account,
            "use_case": quota.use_case or None,
            "start_percent": used.start,
            "peak_percent": used.peak,
            "end_percent": used.end,
            "throttles": used.throttles,
            "access_tier": used.tier,
        }
        for quota, used in sorted(quotas.items())
    ]


def _gap(gap: Gap) -> dict[str, Any]:
    since, until = gap.window or (None, None)
    return {
        "stream": gap.stream,
        "account": gap.account,
        "since": since,
        "until": until,
        "entity": gap.entity,
        "field": gap.field,
        "verdict": gap.verdict or None,
        "code": gap.code,
        "subcode": gap.subcode,
        "text": gap.text,
        "fbtrace_id": gap.fbtrace_id,
        "attempts": gap.attempts,
    }


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
