"""Saved state read back, in every form that was ever written: ours, and those of Airbyte's source since 0.2.44.

Nothing is dropped silently. A blob that is too new, broken or of another stream is a `StateError`; whatever will be
read again although something was saved is said in the notes.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, NoReturn, TypeVar

from facebook_marketing.catalog.rules import EFFECTIVE_STATUSES
from facebook_marketing.plan.state import (
    UNKNOWN_READ_AT,
    VERSION,
    EntityCursor,
    Finished,
    OpenRun,
    ReportState,
    StateError,
    StreamState,
    Unread,
    instant,
)
from facebook_marketing.plan.windows import Increment, Window, joined

Notes = tuple[str, ...]
Value = TypeVar("Value")

_ACCOUNT = re.compile(r"(?:act_)?(\d+)")
_CURSORS = frozenset({"created_time", "updated_time", "event_time", "date_start"})
_ENTITY = frozenset({
    "version", "include_deleted", "filter_statuses", "seen", "listed_at", "compared_at", "wanted", "asked", "unread",
    "spoiled",
})  # fmt: skip
_REPORT = frozenset({
    "version", "include_deleted", "filter_statuses", "time_increment", "time_increment_period", "slices", "finished",
    "runs", "rows_per_day", "fingerprint", "since", "totals", "checked_at", "swept_at",
})  # fmt: skip
_PERIODS: Mapping[Any, Increment | None] = {
    None: None, "daily": None, "weekly": "weekly", "monthly": "monthly", "all_days": "all_days",
}  # fmt: skip
_PLATFORM = "__ab_"  # how the platform's own marks in a blob begin; they hold no cursor
_HIDDEN = frozenset({"ARCHIVED", "DELETED"})  # Meta shows them only to a filter that names them
_FIRST_YEAR = 2000
_NO_CURSOR = "the saved state holds no cursor, so everything is read"
_RESET = "Next step: repair the saved state, or reset this stream to read everything again."


@dataclass(frozen=True, slots=True)
class _Blob:
    """A blob taken apart: entries by account id, and what stands beside them."""

    stream: str
    cursor_field: str
    entries: Mapping[str, Mapping[str, Any]]
    beside: Mapping[str, Any]
    notes: Notes = ()

    def refuse(self, what: str) -> NoReturn:
        """Raise the StateError that says why this blob cannot be used."""
        message = f"Stream {self.stream}: the saved state cannot be used: {what}. {_RESET}"
        raise StateError(message)


def read_entity(  # noqa: PLR0913 - the blob, and all that it is held against
    blob: Mapping[str, Any] | None,
    *,
    stream: str,
    cursor_field: str,
    accounts: Sequence[str],
    statuses: Sequence[str],
    kind: str | None,
    today: date,
) -> tuple[StreamState[EntityCursor], Notes]:
    """Read the cursor of every account in `blob` and of every configured one, and say what the user should know.

    `statuses` are the effective statuses now asked for (empty: Meta's default) of this `kind` ("ad", "adset" or
    "campaign"; None: the stream has no statuses). Where they are wider than the saved ones, the cursor is dropped: it
    knows nothing of the objects that were hidden. Statuses of accounts that are not configured stay as saved.
    `today` (any zone) only serves to point out a cursor in the future.
    Raises StateError.
    """
    taken = _take_apart(blob, stream, cursor_field, accounts, _ENTITY)
    notes = [*taken.notes]
    found: dict[str, EntityCursor] = {account: _entity(taken, account) for account in taken.entries}
    for account in accounts:
        cursor = found.get(account, EntityCursor())
        text = ""
        if cursor.value is None:
            text = _NO_CURSOR if taken.entries.get(account) else ""
        elif instant(cursor.value).date() > today + timedelta(days=1):
            text = f"the saved cursor {cursor.value} lies in the future, so nothing newer can be found. {_RESET}"
        if cursor.value is not None and (added := _widened(cursor.statuses, statuses, kind)):
            text = f"{', '.join(added)} now belong to the statuses asked for: everything is read again"
            cursor = EntityCursor()
        notes += [f"Stream {stream}, account {account}: {text}"] if text else []
        found[account] = replace(cursor, statuses=tuple(statuses))
    return StreamState(found), tuple(notes)


def read_report(  # noqa: PLR0913 - the blob, and all that it is held against
    blob: Mapping[str, Any] | None,
    *,
    stream: str,
    increment: Increment,
    accounts: Sequence[str],
    fingerprint: str,
    today: date,
) -> tuple[StreamState[ReportState], Notes]:
    """Read the state of every account in `blob` and of every configured one, and say what the user should know.

    A changed `increment` or `fingerprint` drops what was saved, since the rows would not go together: everything is
    read again. A cursor after `today` (the latest one among the accounts' zones) counts as today. The days
    that an older form lists as complete ahead of the cursor are taken over as finished. Raises StateError.
    """
    taken = _take_apart(blob, stream, "date_start", accounts, _REPORT)
    notes = [*taken.notes]
    _increment(taken, {})
    saved = {account: _increment(taken, entry) or increment for account, entry in taken.entries.items()}
    found = {account: _report(taken, account, fingerprint) for account, one in saved.items() if one == increment}
    for account in accounts:
        report, text = found.get(account, ReportState()), ""
        if account in saved and saved[account] != increment:
            text = f"time_increment changed from {saved[account]} to {increment}: everything is read again"
        elif report == ReportState():
            text = _NO_CURSOR if taken.entries.get(account) else ""
        elif report.fingerprint not in (None, fingerprint):
            text = "the report's settings changed since the last sync: everything is read again"
            report = ReportState(rows_per_day=report.rows_per_day)
        elif report.cursor is not None and report.cursor > today:
            text = f"the saved cursor {report.cursor} lies in the future and counts as {today}"
            report = replace(report, cursor=today, since=min(report.since, today) if report.since else None)
        notes += [f"Stream {stream}, account {account}: {text}"] if text else []
        found[account] = replace(report, fingerprint=fingerprint)
    return StreamState(found), tuple(notes)


def _take_apart(
    blob: Mapping[str, Any] | None,
    stream: str,
    cursor_field: str,
    accounts: Sequence[str],
    known: frozenset[str],
) -> _Blob:
    """Sort a blob's keys into entries and the rest; refuse what is too new, broken or of another stream."""
    empty = _Blob(stream, cursor_field, {}, {})
    if not isinstance(blob, Mapping | None):
        empty.refuse(f"it is {type(blob).__name__}, not an object")
    blob = {str(key): value for key, value in (blob or {}).items()}
    named = {key: match[1] for key in blob if (match := _ACCOUNT.fullmatch(key))}
    beside = {key: value for key, value in blob.items() if key not in named and not key.startswith(_PLATFORM)}
    _check_version(empty, beside)
    known |= {cursor_field}
    entries = {digits: _entry(empty, digits, blob[key], known) for key, digits in named.items()}
    unknown = sorted(beside.keys() - known)
    if unknown and (not (entries or cursor_field in beside) or _CURSORS.intersection(unknown)):
        empty.refuse(f"it seems to be of another stream (it holds {', '.join(unknown)} and not {cursor_field})")
    if _holds_progress(beside, cursor_field) and len(accounts) == 1 and not entries:
        entries = {accounts[0]: beside}
    notes = _beside_notes(_Blob(stream, cursor_field, entries, beside), accounts, unknown)
    return _Blob(stream, cursor_field, entries, beside, tuple(f"Stream {stream}: {note}" for note in notes))


def _holds_progress(beside: Mapping[str, Any], cursor_field: str) -> bool:
    """Tell whether a blob speaks of one account without naming it; a report's may have days and no cursor yet."""
    return cursor_field in beside or bool(beside.get("slices"))


def _beside_notes(blob: _Blob, accounts: Sequence[str], unknown: Sequence[str]) -> Iterator[str]:
    """Say what of a blob is not used, and why."""
    if unknown:
        yield f"the saved state's {', '.join(unknown)} means nothing here and is left out"
    adopted = any(entry is blob.beside for entry in blob.entries.values())
    if _holds_progress(blob.beside, blob.cursor_field) and not adopted:
        yield (
            f"the saved state has one {blob.cursor_field} for all accounts, and does not say whose it is: it is left "
            f"out, and the accounts without one of their own are read again in full"
        )
    if blob.entries and not blob.entries.keys() & set(accounts):
        yield (
            f"the saved state is of accounts that are not configured ({', '.join(blob.entries)}), so everything is read"
        )


def _check_version(blob: _Blob, beside: Mapping[str, Any]) -> None:
    version = beside.get("version", VERSION)
    if type(version) is not int or version < 1:
        blob.refuse(f"its version is {version!r}")
    if version > VERSION:
        message = (
            f"Stream {blob.stream}: the saved state is of version {version}, and this release reads up to {VERSION}. "
            "Next step: upgrade facebook-marketing, or reset this stream to read everything again."
        )
        raise StateError(message)


def _entry(blob: _Blob, account: str, entry: object, known: frozenset[str]) -> Mapping[str, Any]:
    if entry is None:
        return {}
    if not isinstance(entry, Mapping):
        blob.refuse(f"account {account} holds {type(entry).__name__}, not an object")
    if entry and not known.intersection(entry):
        blob.refuse(f"it seems to be of another stream (account {account} holds {', '.join(map(str, entry))})")
    if blob.cursor_field not in entry and _CURSORS.intersection(entry):
        blob.refuse(f"it seems to be of another stream (account {account} has no {blob.cursor_field})")
    return entry


def _entity(blob: _Blob, account: str) -> EntityCursor:
    entry = blob.entries[account]
    value = entry.get(blob.cursor_field)
    try:
        if value is not None:
            instant(_text(value))
        return EntityCursor(
            value,
            _statuses({**blob.beside, **entry}),
            _texts(entry.get("seen")),
            listed_at=_maybe(_number, entry.get("listed_at")),
            compared_at=_maybe(_number, entry.get("compared_at")),
            wanted=_texts(entry.get("wanted")),
            asked=_texts(entry.get("asked")),
            unread=tuple(map(_unread, entry.get("unread") or ())),
            spoiled=_texts(entry.get("spoiled")),
        )
    except (TypeError, ValueError, LookupError) as error:
        blob.refuse(f"account {account}: {error}")


def _unread(entry: Sequence[object]) -> Unread:
    what, holder, value, tries = entry
    return Unread(_text(what), _text(holder), _maybe(_text, value), int(_number(tries)))


def _statuses(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Say which statuses were read: `include_deleted` of the older form meant every status, or Meta's default."""
    if "filter_statuses" in entry or not entry.get("include_deleted"):
        return _texts(entry.get("filter_statuses"))
    return tuple(sorted(EFFECTIVE_STATUSES["ad"]))  # campaigns and ad sets know some of them


def _widened(saved: Sequence[str], asked: Sequence[str], kind: str | None) -> tuple[str, ...]:
    """List the statuses asked for now that the saved cursor was not read with."""
    shown = frozenset(EFFECTIVE_STATUSES.get(kind or "", ())) - _HIDDEN
    return tuple(sorted(frozenset(asked or shown) - frozenset(saved or shown))) if kind else ()


def _increment(blob: _Blob, entry: Mapping[str, Any]) -> Increment | None:
    """Read the saved `time_increment`, beside the accounts or in one; None where the blob does not say."""
    said = {**blob.beside, **entry}
    number, period = said.get("time_increment"), said.get("time_increment_period")
    if not (type(number) is int or number is None) or not isinstance(period, str | None) or period not in _PERIODS:
        blob.refuse(f"its time_increment is {number!r}, its time_increment_period {period!r}")
    return _PERIODS[period] or number


def _report(blob: _Blob, account: str, fingerprint: str) -> ReportState:
    entry = blob.entries[account]
    try:
        saved = _maybe(_text, entry.get("fingerprint"))
        cursor = _maybe(_day, entry.get("date_start"))
        own = (Finished(*_ends(a, b), _number(c), _text(d)) for a, b, c, d in entry.get("finished") or ())
        runs = map(_open_run, entry.get("runs") or ())
        return ReportState(
            cursor=cursor,
            finished=(*(one for one in own if one.fingerprint == saved), *_slices(entry, cursor, saved or fingerprint)),
            runs=tuple(runs),
            rows_per_day=_maybe(_number, entry.get("rows_per_day")),
            fingerprint=saved,
            since=_ends(entry["since"], entry.get("date_start"))[0] if "since" in entry else None,
            totals=_totals(entry.get("totals")) if saved else {},
            checked_at=_maybe(_number, entry.get("checked_at")),
            swept_at=_maybe(_number, entry.get("swept_at")),
        )
    except (TypeError, ValueError) as error:
        blob.refuse(f"account {account}: {error}")


def _open_run(entry: Sequence[object]) -> OpenRun:
    """Read a run as `state` writes it: five members, and two more once pages of it were delivered."""
    run, since, until, fingerprint, created_at, *rest = entry
    reached = (_text(rest[0]), int(_number(rest[1]))) if rest else (None, 0)
    return OpenRun(_text(run), *_ends(since, until), _text(fingerprint), _number(created_at), *reached)


def _slices(entry: Mapping[str, Any], cursor: date | None, fingerprint: str) -> tuple[Finished, ...]:
    """Take over the complete days that an older form lists ahead of its cursor; it does not say when they were read."""
    days = (_day(text) for text in entry.get("slices") or ())
    ahead = joined(Window(day, day) for day in days if cursor is None or day > cursor)
    return tuple(Finished(one.since, one.until, UNKNOWN_READ_AT, fingerprint) for one in reversed(ahead))


def _totals(value: object) -> dict[date, str]:
    if not isinstance(value, Mapping | None):
        message = f"{value!r} is not an object"
        raise TypeError(message)
    return {_day(day): _text(digest) for day, digest in (value or {}).items()}


def _maybe(read: Callable[[object], Value], value: object) -> Value | None:
    return None if value is None else read(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        message = f"{value!r} is not a text"
        raise TypeError(message)
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple | None):
        message = f"{value!r} is not a list"
        raise TypeError(message)
    return tuple(map(_text, value or ()))


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
        message = f"{value!r} is not a number of 0 or more"
        raise TypeError(message)
    return float(value)


def _day(value: object) -> date:
    day = instant(_text(value)).date()  # as written, in its own zone
    if day.year < _FIRST_YEAR:
        message = f"{value!r} lies before there were advertisements"
        raise ValueError(message)
    return day


def _ends(since: object, until: object) -> tuple[date, date]:
    window = Window(_day(since), _day(until))
    return window.since, window.until
