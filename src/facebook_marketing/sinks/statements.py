"""SQL of the modes: how a stage of rows meets its table. Pure text, in words that every SQL destination knows.

A stage holds each `_row_id` once. Statements of one function run in order, within the transaction of their segment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from facebook_marketing.sinks.arrow import CONTENT, DELETED, DELETED_AT, ROW_ID, SYNCED_AT

PARENT_ID = "_parent_id"
VALID_FROM, VALID_TO, CURRENT = "valid_from", "valid_to", "is_current"
SEEN_AT = "seen_at"


@dataclass(frozen=True, slots=True)
class Dialect:
    """Words in which destinations differ: the two truths, and the type of a point in time. `moment` is now."""

    true: str
    false: str
    timestamp: str
    moment: datetime

    @property
    def now(self) -> str:
        """The time of this segment."""
        return self.at(self.moment)

    def at(self, moment: datetime) -> str:
        """A point in time as an expression."""
        return f"CAST('{moment.isoformat(sep=' ')}' AS {self.timestamp})"

    def where(self, column: str) -> str:
        """A boolean column that holds."""
        return f"{column} = {self.true}"


@dataclass(frozen=True, slots=True)
class Meeting:
    """A table and the stage that meets it, both qualified. `columns` are those that both have, escaped.

    `within` narrows the table to where the stage's rows can lie (" AND …", or nothing): a date range saves whole scans.
    """

    table: str
    stage: str
    columns: Sequence[str]
    within: str = ""

    def listed(self, prefix: str = "") -> str:
        """The columns, comma separated, each after the prefix."""
        return ", ".join(f"{prefix}{column}" for column in self.columns)


def count_older(meet: Meeting) -> str:
    """How many rows of the table the stage takes the place of."""
    return f"SELECT COUNT(*) FROM {meet.table} WHERE {ROW_ID} IN (SELECT {ROW_ID} FROM {meet.stage}){meet.within}"


def drop_older(meet: Meeting) -> str:
    """Rows of the table that the stage takes the place of go."""
    return f"DELETE FROM {meet.table} WHERE {ROW_ID} IN (SELECT {ROW_ID} FROM {meet.stage}){meet.within}"


def drop_children(table: str, parents: str) -> str:
    """Rows of a child table whose parents are staged go."""
    return f"DELETE FROM {table} WHERE {PARENT_ID} IN (SELECT {ROW_ID} FROM {parents})"


def drop_strangers(children: str, parents: str) -> str:
    """Staged child rows whose parents are no longer staged go."""
    return f"DELETE FROM {children} WHERE {PARENT_ID} NOT IN (SELECT {ROW_ID} FROM {parents})"


def add(meet: Meeting) -> str:
    """Every row of the stage comes."""
    return f"INSERT INTO {meet.table} ({meet.listed()}) SELECT {meet.listed()} FROM {meet.stage}"


def drop_unchanged(meet: Meeting) -> str:
    """Rows leave the stage whose newest version in the table has the same content: a row read twice comes once."""
    return (
        f"DELETE FROM {meet.stage} WHERE {ROW_ID} IN ("
        f"SELECT s.{ROW_ID} FROM {meet.stage} s JOIN {meet.table} t ON t.{ROW_ID} = s.{ROW_ID} "
        f"WHERE t.{CONTENT} = s.{CONTENT} AND NOT EXISTS ("
        f"SELECT 1 FROM {meet.table} n WHERE n.{ROW_ID} = t.{ROW_ID} AND n.{SYNCED_AT} > t.{SYNCED_AT}))"
    )


def empty(table: str) -> str:
    """Every row goes; readers see the old ones until the transaction ends."""
    return f"DELETE FROM {table} WHERE 1 = 1"


def keep_first_deletion(meet: Meeting, dialect: Dialect) -> str:
    """A row that was deleted already keeps the time at which it was."""
    older = (
        f"SELECT t.{ROW_ID} FROM {meet.table} t WHERE {dialect.where(f't.{DELETED}')} AND t.{DELETED_AT} IS NOT NULL"
    )
    return (
        f"UPDATE {meet.stage} SET {DELETED_AT} = "
        f"(SELECT MIN(t.{DELETED_AT}) FROM {meet.table} t WHERE t.{ROW_ID} = {meet.stage}.{ROW_ID}) "
        f"WHERE {dialect.where(DELETED)} AND {ROW_ID} IN ({older})"
    )


def versions(meet: Meeting, dialect: Dialect) -> tuple[str, ...]:
    """The table is a history: versions whose content changed end, and the stage's begin.

    A version that would have lasted no time goes, so that every instant has one. Rows as they were make no version.
    """
    table, stage = meet.table, meet.stage
    changed = (
        f"SELECT s.{ROW_ID} FROM {stage} s JOIN {table} h ON h.{ROW_ID} = s.{ROW_ID} "
        f"WHERE {dialect.where(f'h.{CURRENT}')} AND (h.{CONTENT} IS NULL OR h.{CONTENT} <> s.{CONTENT})"
    )
    brief = f"{changed} AND h.{VALID_FROM} >= s.{SYNCED_AT}"
    since = f"SELECT MIN(s.{SYNCED_AT}) FROM {stage} s WHERE s.{ROW_ID} = {table}.{ROW_ID}"
    ended = f"{VALID_TO} = ({since}), {CURRENT} = {dialect.false}"
    return (
        f"DELETE FROM {table} WHERE {dialect.where(CURRENT)} AND {ROW_ID} IN ({brief})",
        f"UPDATE {table} SET {ended} WHERE {dialect.where(CURRENT)} AND {ROW_ID} IN ({changed})",
        _begin(meet, dialect, f"s.{SYNCED_AT}", "1 = 1"),
    )


def _begin(meet: Meeting, dialect: Dialect, since: str, where: str) -> str:
    """Open a version for each row of the stage that has none."""
    return (
        f"INSERT INTO {meet.table} ({meet.listed()}, {VALID_FROM}, {CURRENT}) "
        f"SELECT {meet.listed('s.')}, {since}, {dialect.true} FROM {meet.stage} s WHERE {where} AND NOT EXISTS ("
        f"SELECT 1 FROM {meet.table} h WHERE h.{ROW_ID} = s.{ROW_ID} AND {dialect.where(f'h.{CURRENT}')})"
    )


def first_versions(meet: Meeting, dialect: Dialect, *, tracked: bool) -> str:
    """A history begins with what its table has (here the stage)."""
    return _begin(meet, dialect, f"s.{SYNCED_AT}", _alive("s.", dialect) if tracked else "1 = 1")


def see(seen: str, stream: str, stage: str, dialect: Dialect) -> tuple[str, ...]:
    """Staged keys count as met now; each stands there once."""
    return (
        f"DELETE FROM {seen} WHERE stream = {stream} AND {ROW_ID} IN (SELECT {ROW_ID} FROM {stage})",
        f"INSERT INTO {seen} (stream, {ROW_ID}, {SEEN_AT}) SELECT {stream}, {ROW_ID}, {dialect.now} FROM {stage}",
    )


def undelete(table: str, present: str, deleted_by_status: Sequence[str], dialect: Dialect) -> str:
    """Objects that Meta lists again are not deleted, unless their own status says so."""
    own = "".join(f" AND ({column} IS NULL OR {column} <> 'DELETED')" for column in deleted_by_status)
    return (
        f"UPDATE {table} SET {DELETED} = {dialect.false}, {DELETED_AT} = NULL "
        f"WHERE {dialect.where(DELETED)} AND {ROW_ID} IN (SELECT {ROW_ID} FROM {present}){own}"
    )


def reopen(meet: Meeting, present: str, dialect: Dialect) -> str:
    """They get a version again, from now on, with the content that they had (the stage is the current table)."""
    return _begin(meet, dialect, dialect.now, f"s.{ROW_ID} IN (SELECT {ROW_ID} FROM {present})")


@dataclass(frozen=True, slots=True)
class Unmet:
    """Rows of a table that were not met since a time. Literals and names are escaped; `days` is first and last."""

    table: str
    account: str
    since: str
    seen: str
    stream: str
    days: tuple[str, str] | None = None

    @property
    def where(self) -> str:
        """The condition, for a statement on the table."""
        days = f" AND date_start >= {self.days[0]} AND date_start <= {self.days[1]}" if self.days else ""
        met = (
            f"SELECT 1 FROM {self.seen} x WHERE x.stream = {self.stream} AND x.{SEEN_AT} >= {self.since} "
            f"AND x.{ROW_ID} = {self.table}.{ROW_ID}"
        )
        named = "" if self.days else f" AND NOT EXISTS ({met})"
        return f"account_id = {self.account} AND {SYNCED_AT} < {self.since}{days}{named}"


def sweep(unmet: Unmet, dialect: Dialect) -> str:
    """Objects that were not met are deleted from now on."""
    marks = f"{DELETED} = {dialect.true}, {DELETED_AT} = {dialect.now}"
    return f"UPDATE {unmet.table} SET {marks} WHERE {_alive('', dialect)} AND {unmet.where}"


def forget(unmet: Unmet, children: Sequence[str]) -> tuple[str, ...]:
    """Rows of a report that Meta no longer has go, their child rows first."""
    gone = f"SELECT {ROW_ID} FROM {unmet.table} WHERE {unmet.where}"
    dropped = (f"DELETE FROM {child} WHERE {PARENT_ID} IN ({gone})" for child in children)
    return (*dropped, f"DELETE FROM {unmet.table} WHERE {unmet.where}")


def close_unmet(history: str, unmet: Unmet, dialect: Dialect, *, tracked: bool) -> str:
    """Their last version ends now. Before `sweep` and `forget`, for the current table says what was not met."""
    alive = f"{_alive('', dialect)} AND " if tracked else ""
    return close_versions(
        history, f"{ROW_ID} IN (SELECT {ROW_ID} FROM {unmet.table} WHERE {alive}{unmet.where})", dialect
    )


def close_versions(history: str, gone: str, dialect: Dialect) -> str:
    """Versions of what is gone end now."""
    return (
        f"UPDATE {history} SET {VALID_TO} = {dialect.now}, {CURRENT} = {dialect.false} "
        f"WHERE {dialect.where(CURRENT)} AND {gone}"
    )


def absent(table: str, whole: str) -> str:
    """Rows that are not in `whole`."""
    return f"NOT EXISTS (SELECT 1 FROM {whole} x WHERE x.{ROW_ID} = {table}.{ROW_ID})"


def _alive(prefix: str, dialect: Dialect) -> str:
    return f"({prefix}{DELETED} IS NULL OR {prefix}{DELETED} = {dialect.false})"
