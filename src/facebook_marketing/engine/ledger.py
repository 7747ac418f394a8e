"""What was read so far, stream by stream and account by account, and the checkpoints that say so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.plan.saved import read_entity, read_report
from facebook_marketing.plan.state import EntityCursor, ReportState, StreamState, write_entity, write_report

CURSOR = "updated_time"
"""What the state of a stream without a cursor of its own names it: that of the objects that hold the rows."""


@dataclass(frozen=True, slots=True)
class EntityBook:
    """The cursors of an entity stream."""

    stream: Stream
    state: StreamState[EntityCursor]

    def of(self, account: str) -> EntityCursor:
        """Where this account stands."""
        return self.state.accounts.get(account, EntityCursor())

    def blob(self) -> dict[str, Any]:
        """The state as it is saved."""
        return write_entity(self.state, cursor_field=self.stream.cursor or CURSOR)

    def having(self, account: str, cursor: EntityCursor) -> "EntityBook":
        """The book with this account moved on."""
        return EntityBook(self.stream, StreamState({**self.state.accounts, account: cursor}))


@dataclass(frozen=True, slots=True)
class ReportBook:
    """The windows of a report."""

    stream: Stream
    state: StreamState[ReportState]

    def of(self, account: str) -> ReportState:
        """Where this account stands."""
        return self.state.accounts.get(account, ReportState())

    def blob(self) -> dict[str, Any]:
        """The state as it is saved."""
        increment = self.stream.report.time_increment if self.stream.report else 1
        return write_report(self.state, increment)

    def having(self, account: str, state: ReportState) -> "ReportBook":
        """The book with this account moved on."""
        return ReportBook(self.stream, StreamState({**self.state.accounts, account: state}))


class Ledger:
    """The books of all streams. The only place in which a sync's state moves."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._entities: dict[str, EntityBook] = {}
        self._reports: dict[str, ReportBook] = {}

    def open_entity(
        self, stream: Stream, blob: Mapping[str, Any] | None, accounts: tuple[str, ...], statuses: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Takes a saved blob over; returns what the user should know about it. Raises StateError."""
        if not stream.incremental:
            self._entities[stream.name] = EntityBook(stream, StreamState({}))
            return ()
        state, notes = read_entity(
            blob,
            stream=stream.name,
            cursor_field=stream.cursor or CURSOR,
            accounts=accounts,
            statuses=statuses,
            kind=stream.filter_entity,
            today=self._today,
        )
        self._entities[stream.name] = EntityBook(stream, state)
        return notes

    def open_report(
        self, stream: Stream, blob: Mapping[str, Any] | None, accounts: tuple[str, ...], fingerprint: str
    ) -> tuple[str, ...]:
        """Takes a saved blob over; returns what the user should know about it. Raises StateError."""
        increment = stream.report.time_increment if stream.report else 1
        state, notes = read_report(
            blob, stream=stream.name, increment=increment, accounts=accounts, fingerprint=fingerprint, today=self._today
        )
        self._reports[stream.name] = ReportBook(stream, state)
        return notes

    def entity(self, stream: Stream, account: str) -> EntityCursor:
        """Where an account of an entity stream stands."""
        return self._entities[stream.name].of(account)

    def report(self, stream: Stream, account: str) -> ReportState:
        """Where an account of a report stands."""
        return self._reports[stream.name].of(account)

    def move_entity(self, stream: Stream, account: str, cursor: EntityCursor) -> None:
        """An account of an entity stream was read up to here."""
        self._entities[stream.name] = self._entities[stream.name].having(account, cursor)

    def move_report(self, stream: Stream, account: str, move: Callable[[ReportState], ReportState]) -> None:
        """An account of a report moved on."""
        book = self._reports[stream.name]
        self._reports[stream.name] = book.having(account, move(book.of(account)))

    def blob(self, stream: Stream) -> dict[str, Any]:
        """The state of a stream as it is saved."""
        book = self._entities.get(stream.name) or self._reports[stream.name]
        return book.blob()
