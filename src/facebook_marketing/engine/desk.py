"""What every reading job shares: the client, the sink, the ledger, the account's facts, and the list of gaps."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import msgspec

from facebook_marketing.catalog.stream import Stream, UseCase
from facebook_marketing.engine.door import Change, Event, Gap, PageReader, Progress, Rows, Sink, TakesColumns
from facebook_marketing.engine.ledger import Ledger
from facebook_marketing.engine.order import Order
from facebook_marketing.engine.references import References, named
from facebook_marketing.graph.client import Body, Client, Refusal
from facebook_marketing.graph.transport import Transport
from facebook_marketing.graph.verdicts import Kind
from facebook_marketing.graph.walk import Sizes
from facebook_marketing.graph.wire import Call, Fault
from facebook_marketing.plan.windows import zone_of
from facebook_marketing.records import Decoded
from facebook_marketing.records import Rows as RowDecoder

log = logging.getLogger(__name__)

T = TypeVar("T")

_LIGHT = 20
"""Accounts whose states together weigh little beside a page of rows."""
_SAID = 5
"""Gaps of one kind that are said one by one."""

FailureType = Literal["config_error", "transient_error", "system_error"]


class LostError(Exception):
    """A job cannot go on. Says what was refused and how far it reaches."""

    def __init__(self, refusal: Refusal, what: str) -> None:
        super().__init__(f"{what}: {refusal.verdict.about(refusal.fault)}")
        self.refusal = refusal

    @property
    def reach(self) -> Kind:
        """STOP, STOP_ACCOUNT, or anything else: this stream of this account alone."""
        return self.refusal.verdict.kind

    @property
    def failure_type(self) -> FailureType:
        """Whose turn it is: the user's, or time's."""
        passing = {Kind.RETRY, Kind.THROTTLE_ACCOUNT, Kind.THROTTLE_APP, Kind.SHRINK, Kind.SPLIT}
        return "transient_error" if self.refusal.verdict.kind in passing else "config_error"


class OddAccountError(Exception):
    """An account is not as we know accounts; the text says what to do. It fails alone."""

    failure_type: FailureType = "config_error"


class UnfinishedError(Exception):
    """Windows of a report could not be read and stay due; what could be read was delivered."""

    failure_type: FailureType = "transient_error"

    def __init__(self, stream: str, account: str, windows: int) -> None:
        super().__init__(
            f"{stream} of account {account}: {windows} window(s) could not be read; see the gaps above. "
            "The next sync asks for them again."
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What reading needs to know of an account."""

    zone: str
    currency: str = ""


class _Account(msgspec.Struct):
    timezone_name: str = ""
    currency: str = ""


class Desk:
    """Where jobs meet. Rows and checkpoints of all jobs go through here, in order, to the one sink."""

    def __init__(  # noqa: PLR0913, PLR0917 - where everything meets
        self,
        order: Order,
        client: Client,
        transport: Transport,
        sink: Sink,
        ledger: Ledger,
        references: References | None = None,
    ) -> None:
        self.order = order
        self.client = client
        self.transport = transport
        self.ledger = ledger
        self.references = references or References({})
        self.sizes = Sizes(order.page_size)
        self.gaps: list[Gap] = []
        self.rows: dict[str, int] = {}
        self._asked_often: dict[str, int] = {}
        self._alike: dict[tuple[str, str | None, int | None], int] = {}
        self._sink = sink
        self._shared: dict[Hashable, asyncio.Future[Any]] = {}
        self._progress: dict[tuple[str, str], Progress] = {}

    async def deliver(self, stream: Stream, account: str, decoded: Decoded, changes: tuple[Change, ...] = ()) -> None:
        """Hands rows over. Returns when the sink has taken them."""
        if not decoded.rows:
            return
        self.rows[stream.name] = self.rows.get(stream.name, 0) + len(decoded.rows)
        said = tuple(Change(one.row, one.field, one.reason) for one in decoded.nulled)
        await self._sink.write(Rows(stream.name, account, decoded.rows, (*said, *changes)))
        if stream.report is not None:
            self.references.saw(stream, account, decoded.rows)

    def columns(self, stream: Stream, rows: RowDecoder) -> PageReader | None:
        """What reads the stream's pages as the sink's own columns; None where it takes rows."""
        return self._sink.columns(stream.name, rows) if isinstance(self._sink, TakesColumns) else None

    def delivered(self, stream: Stream, account: str) -> int:
        """How many rows of an account were handed over so far."""
        found = self._progress.get((stream.name, account))
        return found.rows if found else 0

    async def checkpoint(self, stream: Stream, *, often: bool = False) -> None:
        """Everything of the stream that was delivered is covered by its state as it is now.

        What comes `often` is left out now and then where a state of many accounts would outweigh the rows.
        """
        if often and not self._turn_of(stream):
            return
        if stream.report is not None:
            await self._keep_references()
        await self.cover(stream.name, self.ledger.blob(stream))

    async def _keep_references(self) -> None:
        """Before rows are covered that will not come again, the state names the objects that they made us look for."""
        for other, account, book in self.references.unsaved():
            cursor = self.ledger.entity(other, account)
            book.dirty = False
            if cursor.wanted != (wanted := named(book.unknown)):
                self.ledger.move_entity(other, account, replace(cursor, wanted=wanted))
                await self.cover(other.name, self.ledger.blob(other))

    def _turn_of(self, stream: Stream) -> bool:
        self._asked_often[stream.name] = asked = self._asked_often.get(stream.name, 0) + 1
        return asked % (1 + len(self.order.accounts) // _LIGHT) == 0

    async def cover(self, stream: str, state: Mapping[str, Any]) -> None:
        """Everything of the stream that was delivered is covered by this state."""
        await self._sink.checkpoint(stream, state)

    async def say(self, event: Event) -> None:
        """Tells the face what goes on."""
        if isinstance(event, Gap):
            self._note(event)
        await self._sink.event(event)

    def _note(self, gap: Gap) -> None:
        """Keeps every gap; says the first few of a kind."""
        self.gaps.append(gap)
        alike = self._alike[gap.stream, gap.field, gap.code] = self._alike.get((gap.stream, gap.field, gap.code), 0) + 1
        if alike <= _SAID:
            log.warning("%s, account %s: %s", gap.stream, gap.account, gap.text)
        if alike == _SAID:
            log.warning("%s: further gaps of this kind are counted at the end, not said one by one.", gap.stream)

    async def gap(  # noqa: PLR0913 - a gap has that many parts
        self,
        stream: Stream,
        account: str,
        text: str,
        fault: Fault | None = None,
        *,
        field: str | None = None,
        window: tuple[str, str] | None = None,
        verdict: str = "",
        entity: str | None = None,
        attempts: int = 1,
    ) -> None:
        """Records what was not, or not fully, delivered."""
        known = fault or Fault(0, "")
        said = (
            self.client.clean(text),
            window,
            field,
            verdict,
            known.code,
            known.subcode,
            known.trace,
            entity,
            attempts,
        )
        await self.say(Gap(stream.name, account, *said))

    async def progress(  # noqa: PLR0913 - progress has that many parts
        self,
        stream: Stream,
        account: str,
        rows: int,
        *,
        done: int = 1,
        planned: int | None = None,
        expected: int | None = None,
    ) -> None:
        """Adds to how far an account of a stream is."""
        before = self._progress.get((stream.name, account)) or Progress(stream.name, account, 0)
        now = Progress(
            stream.name,
            account,
            before.rows + rows,
            before.done + done,
            planned if planned is not None else before.planned,
            self.client.counts.calls,
            expected if expected is not None else before.expected,
        )
        self._progress[stream.name, account] = now
        await self.say(now)

    async def once(self, name: Hashable, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `ask` gives, asked once a sync however many jobs want it."""
        if name not in self._shared:
            self._shared[name] = asyncio.ensure_future(ask())
        found: T = await asyncio.shield(self._shared[name])
        return found

    async def close(self) -> None:
        """Ends what is still being asked for several jobs at once: they have ended, and nobody would hear of it."""
        for asked in self._shared.values():
            asked.cancel()
        await asyncio.gather(*self._shared.values(), return_exceptions=True)

    async def facts(self, account: str) -> Facts:
        """The account's zone and currency. Raises LostError."""
        return await self.once(("facts", account), lambda: facts_of(self.client, account))


async def facts_of(client: Client, account: str) -> Facts:
    """Ask for an account's zone and currency. Raises LostError and OddAccountError."""
    call = Call(f"act_{account}", (("fields", "timezone_name,currency"),), account, UseCase.ADS_MANAGEMENT)
    answer = await client.ask(call)
    if not isinstance(answer, Body):
        raise LostError(answer, f"Account {account}")
    said = msgspec.json.decode(answer.body, type=_Account)
    try:
        zone_of(said.timezone_name)
    except ValueError as unknown:
        raise OddAccountError(f"Account {account}: {unknown}") from None
    return Facts(said.timezone_name, said.currency)
