"""What a destination holds of a report, added up: by day for an account, over all days for each campaign."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from facebook_marketing.catalog.children import children
from facebook_marketing.catalog.reconciliation import ACTIONS
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.engine.reconcile import Cell, Numbers
from facebook_marketing.plan.windows import Window
from facebook_marketing.sinks.arrow import ROW_ID, SYNCED_AT
from facebook_marketing.sinks.statements import PARENT_ID
from facebook_marketing.sinks.tables import Tables

Answer = Sequence[Sequence[Any]]
Place = Callable[[Sequence[Any]], tuple[str, date, date]]
"""A row's entity, first and last day."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Adds up a report's table. Of a key that stands in it several times (append modes) the newest row counts.

    What is not there is not asked for. Blocking.
    """

    tables: Tables

    def accounts(self, stream: Stream) -> Mapping[str, Window]:
        """Each account's first and last day."""
        if not self._has(stream.name, "account_id", "date_start"):
            return {}
        name = self._column
        sql = f"SELECT {name('account_id')}, MIN({name('date_start')}), MAX({name('date_start')}) "
        rows = self._ask(f"{sql} FROM {self._table(stream.name)} GROUP BY {name('account_id')}")
        return {str(account): Window(_day(since), _day(until)) for account, since, until in rows if account is not None}

    def by_day(self, stream: Stream, account: str, window: Window, columns: Iterable[str]) -> Numbers:
        """One number a bucket, for the whole account."""
        wanted = self._wanted(stream, columns)
        rows = self._sums(stream, ("date_start", "date_stop"), wanted, account, window)
        numbers = dict(_cells(rows, wanted, lambda row: ("", _day(row[0]), _day(row[1])), 2))
        return numbers | dict(self._actions(stream, account, window)) if ACTIONS in columns else numbers

    def by_campaign(self, stream: Stream, account: str, window: Window, columns: Iterable[str]) -> Numbers:
        """One number a campaign, for all days of the window."""
        wanted = self._wanted(stream, columns)
        rows = self._sums(stream, ("campaign_id",), wanted, account, window)
        return dict(_cells(rows, wanted, lambda row: (str(row[0]), window.since, window.until), 1))

    def by_campaign_and_day(
        self, stream: Stream, account: str, window: Window, columns: Iterable[str], only: frozenset[str]
    ) -> Numbers:
        """One number a campaign and bucket, of these campaigns."""
        wanted = self._wanted(stream, columns)
        rows = self._sums(stream, ("campaign_id", "date_start", "date_stop"), wanted, account, window)
        some = (row for row in rows if str(row[0]) in only)
        return dict(_cells(some, wanted, lambda row: (str(row[0]), _day(row[1]), _day(row[2])), 3))

    def _sums(self, stream: Stream, by: Sequence[str], columns: Sequence[str], account: str, window: Window) -> Answer:
        groups = ", ".join(map(self._column, by))
        sums = ", ".join(f"SUM({self._column(name)})" for name in columns)
        return self._ask(f"SELECT {groups}, {sums} FROM {self._newest(stream, account, window)} GROUP BY {groups}")

    def _newest(self, stream: Stream, account: str, window: Window) -> str:
        order = f"PARTITION BY {self._column(ROW_ID)} ORDER BY {self._column(SYNCED_AT)} DESC"
        numbered = f"SELECT t.*, ROW_NUMBER() OVER ({order}) AS nth_newest FROM {self._table(stream.name)} t"
        where = f"{self._column('account_id')} = {_text(account)} AND {self._between(window)}"
        return f"(SELECT * FROM ({numbered} WHERE {where}) numbered WHERE nth_newest = 1) newest"

    def _between(self, window: Window) -> str:
        return f"{self._column('date_start')} BETWEEN DATE {_text(window.since)} AND DATE {_text(window.until)}"

    def _actions(self, stream: Stream, account: str, window: Window) -> Iterator[tuple[Cell, Decimal | None]]:
        """Each action type's number by bucket; nothing where actions have no table of their own."""
        child = f"{stream.name}_{ACTIONS}"
        if not self.tells_actions(stream):
            return
        parent, value, name = self._column(PARENT_ID), self._column("value"), self._column
        sql = (
            f"SELECT p.{name('date_start')}, p.{name('date_stop')}, c.{name('action_type')}, SUM(c.{value}) "
            f"FROM {self._newest(stream, account, window).removesuffix(' newest')} p "
            f"JOIN {self._table(child)} c ON c.{parent} = p.{name(ROW_ID)} GROUP BY 1, 2, 3"
        )
        for since, until, kind, number in self._ask(sql):
            yield Cell("", _day(since), _day(until), ACTIONS, str(kind)), _number(number)

    def has_children(self, stream: Stream) -> bool:
        """Say whether any list of the stream has a table of its own."""
        return any(self.tables.stands(child.table) for child in children(stream))

    def tells_actions(self, stream: Stream) -> bool:
        """Say whether the stream's actions have a table of their own, from which they can be added up."""
        return self._has(f"{stream.name}_{ACTIONS}", PARENT_ID, "action_type", "value")

    def _wanted(self, stream: Stream, columns: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in columns if name != ACTIONS and self._has(stream.name, name))

    def _has(self, table: str, *columns: str) -> bool:
        return all(self.tables.has(table, column) for column in columns)

    def _column(self, name: str) -> str:
        return self.tables.escaped(name)

    def _table(self, name: str) -> str:
        return self.tables.qualified(name)

    def _ask(self, sql: str) -> Answer:
        return self.tables.client.sql_client.execute_sql(sql) or ()


def _cells(
    rows: Iterable[Sequence[Any]], columns: Sequence[str], place: Place, first: int
) -> Iterator[tuple[Cell, Decimal | None]]:
    for row in rows:
        entity, since, until = place(row)
        for name, number in zip(columns, row[first:], strict=True):
            yield Cell(entity, since, until, name), _number(number)


def _day(value: object) -> date:
    """Take a date as databases hand it over: a date, a moment, or text."""
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])


def _number(value: object) -> Decimal:
    return Decimal(0) if value is None else Decimal(str(value))


def _text(value: object) -> str:
    """Quote a value of ours: digits of an account, a day."""
    return "'" + str(value).replace("'", "''") + "'"
