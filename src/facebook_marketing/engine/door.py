"""The one door between the engine and whatever takes its rows: rows first, then the checkpoint that covers them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from facebook_marketing.records import Rows as RowDecoder
from facebook_marketing.records import Sealed


class StreamStatus(StrEnum):
    """A stream's way through a sync."""

    STARTED = "STARTED"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    INCOMPLETE = "INCOMPLETE"


@dataclass(frozen=True, slots=True)
class Change:
    """A cell that could not be delivered as Meta sent it (Airbyte's `meta.changes`)."""

    row: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Typed rows of one page: msgspec Structs whose absent fields are UNSET.

    Cell types by Kind: STRING, DATE, DATETIME -> str; INTEGER -> int; NUMBER -> Decimal; BOOLEAN -> bool;
    JSON -> msgspec.Raw; STATS, HISTOGRAM, RESULTS -> list of Structs. Sealed rows are made when they are looked at.
    """

    stream: str
    account: str
    items: Sequence[msgspec.Struct]
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was not, or not fully, delivered. Never silent, never fatal by itself."""

    stream: str
    account: str
    text: str
    window: tuple[str, str] | None = None
    field: str | None = None
    verdict: str = ""
    code: int | None = None
    subcode: int | None = None
    fbtrace_id: str | None = None
    entity: str | None = None
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one account of a stream is. `planned` and `done` count pages or windows; None = unknown.

    `expected` is how many rows it will come to, told by the rows a day of what was read before; None: nothing tells.
    """

    stream: str
    account: str
    rows: int
    done: int = 0
    planned: int | None = None
    calls: int = 0
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """A stream changed its state. `error` is said for INCOMPLETE, `accounts` (how many it reads) for STARTED."""

    stream: str
    status: StreamStatus
    error: str | None = None
    accounts: int | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """Objects that Meta listed though their rows were not wanted again: `keys` are values of a one-column key."""

    stream: str
    account: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Swept:
    """Everything of this account was read: what came neither as a row nor as Present since `began` is gone at Meta.

    `window` None: every object of an edge. Else every row of a report with `date_start` in it (first and last day,
    both included). `began` is the instant from which on rows were handed over, seconds since 1970, which may lie in
    an earlier sync that was cut short; None: this sync. Said after the rows, before the checkpoint that covers them.
    """

    stream: str
    account: str
    window: tuple[str, str] | None = None
    began: float | None = None


Event = Status | Progress | Gap | Present | Swept


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a stream of an account was not read to its end. `kind` is Airbyte's failure type."""

    stream: str
    account: str
    text: str
    kind: Literal["config_error", "transient_error", "system_error"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a whole read came to. Complete when no stream is INCOMPLETE."""

    statuses: Mapping[str, StreamStatus] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    failures: tuple[Failure, ...] = ()
    calls: int = 0


class Sink(Protocol):
    """Takes rows and checkpoints, in order. A transactional sink commits on `checkpoint`."""

    async def write(self, rows: Rows) -> None:
        """Take the rows of one page; may wait (a slow sink slows the reader down)."""
        ...

    async def checkpoint(self, stream: str, state: Mapping[str, Any]) -> None:
        """`state` covers every row of `stream` that was written before."""
        ...

    async def event(self, event: Event) -> None:
        """Progress, statuses, gaps: for people and platforms, never for data."""
        ...

    async def close(self) -> None:
        """Everything written and checkpointed is safe when this returns."""
        ...


PageReader = Callable[[bytes, str], Awaitable[Sealed | None]]
"""Page bytes (a JSON list) and the account in, rows as columns out; None for a page that is to be read row by row."""


@runtime_checkable
class TakesColumns(Protocol):
    """A sink that works on columns, and can read them from a page without any row."""

    def columns(self, stream: str, rows: RowDecoder) -> PageReader | None:
        """What reads pages of the stream, with the cells that `rows` would decode; None where it cannot."""
        ...
