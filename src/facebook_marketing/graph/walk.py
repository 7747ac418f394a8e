"""Walks an edge or a finished report page by page, to the end, around whatever is spoiled on the way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace

import msgspec

from facebook_marketing.graph import sizes, wire
from facebook_marketing.graph.client import Answer, Body, Client, Refusal
from facebook_marketing.graph.sizes import PageSize
from facebook_marketing.graph.verdicts import Kind, judge
from facebook_marketing.graph.wire import Call, Fault, Page

SUSPECTS = (
    "owner",
    "owner_business",
    "business",
    "funding_source_details",
    "expired_funding_source_details",
    "is_prepay_account",
    "extended_credit_invoice_group",
)
"""Fields that need more rights than reading ads: asked alone first when Meta refuses without naming one (seen)."""

HEAVY = ("object_story_spec", "asset_feed_spec", "degrees_of_freedom_spec", "targeting", "recommendations", "rule")
"""Fields that weigh, or fail, most (seen): left out first of an item that fails for no reason that is named."""

_OF_AN_ITEM = frozenset({Kind.SHRINK, Kind.SPLIT, Kind.RETRY})
"""What may as well befall a page for the sake of one item in it."""

_RESTARTS = 2
_DOUBTS = 2
"""Tries of a page while a single item is looked for that Meta cannot show."""
_SHAPELESS = 4
"""Replies without `data` in one walk before it is given up."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A page of rows, as the bytes of a JSON list; `without` names fields that were left out of it.

    `after` is the cursor of the next page, None on the last one.
    """

    rows: bytes
    without: tuple[str, ...] = ()
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """Meta does not give a field: the rest of the walk goes on without it."""

    field: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Restarted:
    """The walk began again (a cursor died): rows that came before may come again."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class Spoiled:
    """One item could not be read with this field and was read without it; `field` None: only its id could be read."""

    item: str
    field: str | None
    fault: Fault


Step = Arrived | Dropped | Restarted | Spoiled | Refusal
"""A Refusal is the last step: the walk ended before its end."""


class Sizes:
    """The page sizes that were learned, by account and edge. Shared by all walks of a sync."""

    def __init__(self, upper: int | None = None) -> None:
        self._upper = upper
        self._sizes: dict[tuple[str, str], PageSize] = {}
        self._first: dict[tuple[str, str], asyncio.Lock] = {}

    def get(self, account: str, edge: str, most: int) -> PageSize:
        """The size to ask for now."""
        return self._sizes.get((account, edge)) or PageSize.starting(min(most, self._upper or most))

    def turn(self, account: str, edge: str) -> AbstractAsyncContextManager[object]:
        """One walk after the other until a size is known: else each would be refused to learn the same."""
        if (account, edge) in self._sizes and self._sizes[account, edge].good:
            return nullcontext()
        return self._first.setdefault((account, edge), asyncio.Lock())

    def put(self, account: str, edge: str, size: PageSize) -> None:
        """What was learned."""
        self._sizes[account, edge] = size


@dataclass(frozen=True, slots=True)
class Path:
    """What a walk follows: the call without fields and limit, the fields, the edge under which sizes are remembered.

    `frame` says where the fields stand where the rows hold the objects that are read: `creative{*}` asks for the
    fields of each row's creative. `shrinks` False gives a page that is too heavy back as a Refusal instead of asking
    for less. `patches` says that rows have an `id`: an item on which Meta fails is then left at its id.
    """

    call: Call
    fields: tuple[str, ...]
    edge: str
    page_size: int
    shrinks: bool = True
    frame: str = "*"
    patches: bool = False

    def ask(self, call: Call, fields: Iterable[str], limit: int) -> Call:
        """The call for a page of so many rows with these fields."""
        return _page_call(call, fields, limit, self.frame)


async def walk(client: Client, path: Path, learned: Sizes) -> AsyncIterator[Step]:
    """Every page of an edge, in Meta's order, until `paging.next` is absent.

    An empty page with a `next` is followed. A page that is too heavy is asked again in halves from the same cursor; a
    field that Meta refuses is dropped for the rest; a single spoiled item is read alone without the spoiling field.
    """
    walker = _Walker(client, path, learned)
    while not walker.ended:
        for step in await walker.advance():
            yield step
            del step  # a page is not kept while the next one is fetched


class _Walker:
    """Where a walk stands: the next call, the fields still asked, and how narrow the page is around a spoiled item."""

    def __init__(self, client: Client, path: Path, learned: Sizes) -> None:
        self.ended = False
        self._client = client
        self._path = path
        self._learned = learned
        self._fields = path.fields
        self._here = path.call
        self._narrow: int | None = None
        self._doubtful = 0
        self._unshrunk = self._size()
        self._shrunken = 0
        self._restarts = 0
        self._shapeless = 0

    async def advance(self) -> Sequence[Step]:
        """One answer of Meta's, as steps."""
        async with self._learned.turn(self._path.call.account, self._path.edge):
            size = self._size()
            limit = self._narrow or size.now
            tries = _DOUBTS if self._doubtful else None
            answer = await self._client.ask(self._path.ask(self._here, self._fields, limit), retries=tries)
            if isinstance(answer, Body) and self._narrow is None:
                self._learn(sizes.succeeded(size))
        if isinstance(answer, Body):
            self._passed(limit)
            return self._arrived(answer.page, ()) if answer.page.rows is not None else await self._no_page()
        return await self._refused(answer, size)

    def _passed(self, rows: int) -> None:
        """Rows of a doubtful page that were no trouble after all; behind its end pages are whole again."""
        if self._doubtful:
            self._doubtful = max(0, self._doubtful - rows)
            self._narrow = self._narrow if self._doubtful else None
        self._shrunken = max(0, self._shrunken - rows)

    async def _refused(self, refusal: Refusal, size: PageSize) -> Sequence[Step]:
        kind = refusal.verdict.kind
        if self._narrow is not None and self._path.patches and kind in _OF_AN_ITEM:
            kind = Kind.POISONED_ITEM
        match kind:
            case Kind.SHRINK | Kind.SPLIT if self._path.shrinks:
                steps = await self._shrink(refusal, size)
            case Kind.RETRY if self._path.patches:
                steps = await self._doubt(refusal, size)
            case Kind.DROP_FIELD:
                steps = await self._drop(refusal)
            case Kind.POISONED_ITEM:
                steps = await self._close_in(refusal, size)
            case Kind.RESTART_WALK if self._restarts < _RESTARTS and self._here != self._path.call:
                self._restarts += 1
                self._here = self._path.call
                steps = (Restarted(refusal.fault),)
            case _:
                steps = self._end(refusal)
        return steps

    def _size(self) -> PageSize:
        return self._learned.get(self._path.call.account, self._path.edge, self._path.page_size)

    def _learn(self, size: PageSize) -> None:
        self._learned.put(self._path.call.account, self._path.edge, size)

    def _end(self, *last: Step) -> Sequence[Step]:
        self.ended = True
        return last

    def _arrived(self, page: Page, without: tuple[str, ...]) -> Sequence[Step]:
        arrived = Arrived(page.rows or b"[]", without)
        if page.next is None:
            return self._end(arrived)
        onward = wire.following(self._here, page.next)
        if onward == self._here:
            fault = Fault(200, f"{self._path.call.path}: the next page is this page again; the walk would never end")
            return self._end(arrived, Refusal(fault, judge(fault)))
        self._here = onward
        return (replace(arrived, after=onward.param("after")),)

    async def _no_page(self) -> Sequence[Step]:
        """A reply without `data` is not an empty page: it is asked again, and never taken for the end."""
        self._shapeless += 1
        if self._shapeless >= _SHAPELESS:
            fault = Fault(200, f"{self._path.call.path}: the reply has no data", transient=True)
            return self._end(Refusal(fault, judge(fault)))
        await self._client.clock.sleep(float(self._shapeless))
        return ()

    async def _shrink(self, refusal: Refusal, size: PageSize) -> Sequence[Step]:
        """Half the page; of an item that is refused even alone, what can be had."""
        if self._size().now < size.now:
            return ()  # another walk has learned it meanwhile
        if not self._shrunken:
            self._unshrunk, self._shrunken = size, size.now
        smaller = sizes.shrunk(size)
        if smaller is not None:
            self._learn(smaller)
            return ()
        if not self._path.patches:
            return self._end(refusal)
        found = await self._patch(refusal)
        if isinstance(found[-1], Arrived):
            self._learn(self._unshrunk)  # the size was not at fault, the item was
        return found

    async def _doubt(self, refusal: Refusal, size: PageSize) -> Sequence[Step]:
        """However often it was asked, the page does not come. If its bare ids do, an item is at fault."""
        if not isinstance(await self._client.ask(self._path.ask(self._here, ("id",), size.now), retries=_DOUBTS), Body):
            return self._end(refusal)
        self._doubtful = size.now
        return await self._close_in(refusal, size)

    async def _drop(self, refusal: Refusal) -> Sequence[Step]:
        refused = await refused_fields(self._client, self._here, self._fields, refusal, self._path.frame)
        kept = tuple(name for name in self._fields if name not in refused)
        if not refused or not kept:
            return self._end(refusal)
        self._fields = kept
        return tuple(Dropped(name, refusal.fault) for name in refused)

    async def _close_in(self, refusal: Refusal, size: PageSize) -> Sequence[Step]:
        """Halves the page around the spoiled item; alone, the item is read without the field, or as its id."""
        limit = self._narrow or size.now
        if limit > 1:
            self._narrow = limit // 2
            return ()
        self._narrow = None
        self._passed(1)
        return await self._patch(refusal)

    async def _patch(self, refusal: Refusal) -> Sequence[Step]:
        """One item that cannot be read whole: without the fields at fault, or those that most often are, or its id."""
        spoiling = refusal.verdict.fields or HEAVY
        rest = tuple(name for name in self._fields if name not in spoiling)
        for fields in dict.fromkeys((rest, ("id",))):
            if fields in {(), self._fields}:
                continue
            answer = await self._client.ask(self._path.ask(self._here, fields, 1), retries=_DOUBTS)
            if isinstance(answer, Body):
                without = tuple(name for name in self._fields if name not in fields)
                item = _first_id(answer.page)
                names = [None] if fields == ("id",) else [name for name in self._fields if name in spoiling]
                said = tuple(Spoiled(item, name, refusal.fault) for name in names)
                return (*said, *self._arrived(answer.page, without))
        return self._end(refusal)


class _Item(msgspec.Struct):
    id: str = "?"


def _first_id(page: Page) -> str:
    try:
        items = msgspec.json.decode(page.rows or b"[]", type=list[_Item])
    except msgspec.DecodeError:
        return "?"
    return items[0].id if items else "?"


def _page_call(call: Call, fields: Iterable[str], limit: int, frame: str) -> Call:
    asked = wire.list_param(fields)
    return call.having(fields=frame.replace("*", asked) if asked else None, limit=str(limit))


async def refused_fields(
    client: Client, call: Call, fields: tuple[str, ...], refusal: Refusal, frame: str = "*"
) -> tuple[str, ...]:
    """Which of the fields Meta refuses here: those that the fault names, else found by asking less at a time.

    Empty when no field is at fault (the object itself is closed to the token) or none could be singled out.
    """
    named = tuple(name for name in refusal.verdict.fields if name in fields)
    if named:
        return named

    async def readable(asked: Sequence[str]) -> bool:
        answer: Answer = await client.ask(_page_call(call, asked, 1, frame))
        return isinstance(answer, Body)

    if len(fields) <= 1 or not await readable(("id",)):
        return ()
    suspects = tuple([name for name in SUSPECTS if name in fields and not await readable((name,))])
    return suspects or await _search(readable, fields)


async def _search(readable: Callable[[Sequence[str]], Awaitable[bool]], fields: Sequence[str]) -> tuple[str, ...]:
    """The refused ones among fields of which at least one is refused, by halving."""
    if len(fields) == 1:
        return tuple(fields)
    middle = len(fields) // 2
    found: tuple[str, ...] = ()
    for half in (fields[:middle], fields[middle:]):
        if not await readable(half):
            found += await _search(readable, half)
    return found
