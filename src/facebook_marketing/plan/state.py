"""State: what a sync leaves behind for the next one. The values, and the blobs that are written of them.

Reading blobs back, in every form that was ever written, is `saved`; moving cursors forward is `progress`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

from facebook_marketing.plan.windows import Increment, Window

_LOST_SIGN = re.compile(r"(:[0-9]{2}(?:[.][0-9]+)?) ([0-9]{4})$")

VERSION = 1
"""Of the blobs that this release writes; readers refuse a greater one."""

UNKNOWN_READ_AT = 0.0
"""`Finished.read_at` of days taken over from an older form that did not say when they were read."""


class StateError(ValueError):
    """Saved state that cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that Meta would not show, to be asked for again: its id, the object that holds it, that one's cursor."""

    id: str
    holder: str
    value: str | None
    tries: int


@dataclass(frozen=True, slots=True)
class EntityCursor:
    """How far one account of an entity stream was read.

    `value` is the greatest cursor delivered (RFC 3339, as Meta's rows gave it), None before the first. `statuses` are
    the effective statuses it was read with (empty: Meta's default, which hides archived and deleted ones). `seen`
    holds the ids delivered at exactly the cursor's second: the next sync asks from that second on and leaves them out.

    `listed_at` is when Meta last listed every object of the account, `compared_at` when the ids that reports name were
    last compared with such a list. `wanted` are ids that reports name and the list lacks, not asked for yet; `asked`
    those that were asked for, newest last. `unread` is to be asked for again. `spoiled` are rows of which Meta would
    not give one field since `listed_at`: asked for together with others, one of them costs a dozen calls.
    """

    value: str | None = None
    statuses: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    listed_at: float | None = None
    compared_at: float | None = None
    wanted: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()
    spoiled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """Days wholly delivered. `read_at`: the instant Meta was asked (seconds since 1970), or `UNKNOWN_READ_AT`."""

    since: date
    until: date
    read_at: float
    fingerprint: str

    @property
    def window(self) -> Window:
        """Its days."""
        return Window(self.since, self.until)


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A report run that Meta still holds (30 days long) and that was not wholly read.

    `after` is the cursor behind the last page that was delivered (None: none was), `rows` how many rows that were.
    A finished run's rows do not change, so its cursors may be kept, unlike those of an edge.
    """

    run_id: str
    since: date
    until: date
    fingerprint: str
    created_at: float
    after: str | None = None
    rows: int = 0

    @property
    def window(self) -> Window:
        """Its days."""
        return Window(self.since, self.until)


@dataclass(frozen=True, slots=True)
class ReportState:
    """How far one account of a report was read.

    Every day from `since` (None: from before our time) up to `cursor` was delivered at least once; `finished` says
    when, day by day, and knows the days beyond. `fingerprint` names the settings the rows were made with.

    For the look-back by totals: `totals` holds a digest for days of the look-back that have not moved since they were
    delivered, as far as was known at `checked_at`; `swept_at` is when all of it was last read.
    """

    cursor: date | None = None
    finished: tuple[Finished, ...] = ()
    runs: tuple[OpenRun, ...] = ()
    rows_per_day: float | None = None
    fingerprint: str | None = None
    since: date | None = None
    totals: Mapping[date, str] = field(default_factory=dict)
    checked_at: float | None = None
    swept_at: float | None = None


Cursor = TypeVar("Cursor", EntityCursor, ReportState)


@dataclass(frozen=True, slots=True)
class StreamState(Generic[Cursor]):
    """One stream's state: account id (digits) to its cursor. Accounts no longer configured stay in it."""

    accounts: Mapping[str, Cursor]


def instant(text: str) -> datetime:
    """Read the moment that a cursor names: RFC 3339, Meta's `-0700` offsets, or a bare day; UTC where no zone is given.

    An older form may have lost the sign of its offset (`… 0000`). Raises ValueError for anything else.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        repaired = _LOST_SIGN.sub(r"\1+\2", text)
        if repaired == text:
            raise
        moment = datetime.fromisoformat(repaired)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def write_entity(state: StreamState[EntityCursor], *, cursor_field: str) -> dict[str, Any]:
    """Write the blob of an entity stream. An account of which nothing is known yet is left out."""
    blob: dict[str, Any] = {"version": VERSION}
    for account, cursor in sorted(state.accounts.items()):
        if cursor != EntityCursor(statuses=cursor.statuses):
            value = {} if cursor.value is None else {cursor_field: cursor.value}
            statuses = {"filter_statuses": list(cursor.statuses), "seen": list(cursor.seen)}
            blob[account] = value | statuses | _of_entity(cursor)
    return blob


def _of_entity(cursor: EntityCursor) -> dict[str, Any]:
    """Write what most accounts have not."""
    moments = {"listed_at": cursor.listed_at, "compared_at": cursor.compared_at}
    lists: dict[str, list[Any]] = {
        "wanted": list(cursor.wanted),
        "asked": list(cursor.asked),
        "spoiled": list(cursor.spoiled),
        "unread": [[one.id, one.holder, one.value, one.tries] for one in cursor.unread],
    }
    written = {name: at for name, at in moments.items() if at is not None}
    return written | {name: ids for name, ids in lists.items() if ids}


def write_report(state: StreamState[ReportState], increment: Increment) -> dict[str, Any]:
    """Write the blob of a report. An account of which nothing is known yet is left out."""
    blob: dict[str, Any] = {"version": VERSION, "time_increment": increment if isinstance(increment, int) else 1}
    if not isinstance(increment, int):
        blob["time_increment_period"] = increment
    for account, report in sorted(state.accounts.items()):
        if report != ReportState(fingerprint=report.fingerprint):
            blob[account] = _report(report)
    return blob


def _report(report: ReportState) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "slices": [],  # readers of the older form look for it
        "finished": [[str(one.since), str(one.until), one.read_at, one.fingerprint] for one in report.finished],
        "runs": [_run(run) for run in report.runs],
        "rows_per_day": report.rows_per_day,
        "fingerprint": report.fingerprint,
    }
    days = {"date_start": report.cursor, "since": report.since}
    return {name: str(day) for name, day in days.items() if day is not None} | entry | _totals(report)


def _totals(report: ReportState) -> dict[str, Any]:
    """Write what the look-back by totals knows; nothing where it was never asked for."""
    totals = {"totals": {str(day): digest for day, digest in sorted(report.totals.items())}} if report.totals else {}
    moments = {"checked_at": report.checked_at, "swept_at": report.swept_at}
    return totals | {name: at for name, at in moments.items() if at is not None}


def _run(run: OpenRun) -> list[Any]:
    entry = [run.run_id, str(run.since), str(run.until), run.fingerprint, run.created_at]
    return entry if run.after is None else [*entry, run.after, run.rows]
