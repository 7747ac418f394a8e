"""What becomes of a window that Meta cannot report whole.

Too much at once divides by entity (its days are halved before, by the job) and at last by field. A failure for no
known reason is looked for first: mostly it is one field of one entity, and everything else can be read in one piece
around it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, assert_never

import msgspec
from msgspec import UNSET

from facebook_marketing.catalog.rules import EFFECTIVE_STATUSES
from facebook_marketing.catalog.stream import Report
from facebook_marketing.engine import query
from facebook_marketing.engine.desk import LostError
from facebook_marketing.engine.parts import TRIES, Part, Parts
from facebook_marketing.engine.window import Delivered, Done, Lost, Runner, Split, Taker
from facebook_marketing.graph.client import Refusal
from facebook_marketing.graph.runs import Watch
from facebook_marketing.graph.walk import Arrived, Path, walk
from facebook_marketing.graph.wire import Call, Fault, as_json
from facebook_marketing.plan.split import JoinError, bisect_ids, halve_dates, halve_fields, join
from facebook_marketing.plan.windows import Window
from facebook_marketing.records import Decoded, attribute

_MOST_POISONED = 16
"""Entities that are read around; with more of them the field itself counts as unreadable in the window."""


_SURE = 2
"""Windows in which a field of an entity failed as a whole and in both halves: then one run a window is proof enough."""
_EDGES = {"ad": "ads", "adset": "adsets", "campaign": "campaigns", "account": ""}


class _Node(msgspec.Struct):
    id: str


@dataclass(frozen=True, slots=True)
class Unread:
    """The part could not be read; it was recorded."""


@dataclass(frozen=True, slots=True)
class Poison:
    """Fields that make a run fail whenever these entities are in it (None: whatever entities are in it)."""

    fields: tuple[str, ...]
    ids: tuple[str, ...] | None


class Division:
    """Divides parts of one report of one account, and puts halves by field together again."""

    def __init__(self, parts: Parts, watch: Watch, anchor: date) -> None:
        self._parts = parts
        self._watch = watch
        self._anchor = anchor
        self._answers: bool | None = None
        self._suspects: list[str] = []
        self._everywhere_before = False
        self._refused: list[int] = []
        self._passed = 0
        self._hopeless: dict[tuple[tuple[str, ...] | None, str], int] = {}
        self._probing = asyncio.Lock()
        self.poison: Poison | None = None

    async def answers(self, *buckets: Window) -> bool:
        """Whether Meta makes reports at all: by the smallest question that there is, of a few buckets, asked once.

        Where it does not, neither size nor fields are the reason, and dividing would only cost hours and calls.
        """
        async with self._probing:
            if self._answers is None:
                free = [name for name in self._parts.fields if name not in self._parts.keys]
                fails = [await self._fails(Part(one), free[:1]) for one in dict.fromkeys(buckets)]
                self._answers = not all(fails)
            return self._answers

    # --- too much at once: by entity -----------------------------------------------------------------------------

    async def by_entity(self, window: Window, delivered: Delivered, why: Split) -> Done | Unread:
        """A single bucket by halves of its entities, a single entity by halves of its fields."""
        ids = await self.ids(window)
        groups: list[tuple[str, ...]] = [*(bisect_ids(ids) or ())]
        if not groups:
            return await self._by_field(Part(window, ids=ids[:1] or None), delivered, why)
        rows, read_at, unread = 0, self._parts.desk.client.clock.now(), False
        while groups:
            group = Part(window, ids=groups.pop(0))
            if self._too_many(group.ids or ()) and (halves := bisect_ids(group.ids or ())):
                groups[:0] = halves
                continue
            outcome = await self._parts.settle(group, self._parts.handing_over(delivered, group))
            match outcome:
                case Done(more, _):
                    self._passed = max(self._passed, len(group.ids or ()))
                    rows += more
                case Split():
                    self._refused.append(len(group.ids or ()))
                    halves = bisect_ids(group.ids or ())
                    if halves is not None:
                        groups[:0] = halves
                        continue
                    ending = await self._by_field(group, delivered, outcome)
                    unread = unread or isinstance(ending, Unread)
                    rows += ending.rows if isinstance(ending, Done) else 0
                case never:
                    assert_never(never)
        return Unread() if unread else Done(rows, read_at)

    def _too_many(self, group: Sequence[str]) -> bool:
        """Whether so many entities were refused twice and never went through: then their halves are asked at once."""
        return any(self._passed < size <= len(group) and self._refused.count(size) > 1 for size in self._refused)

    async def ids(self, window: Window) -> tuple[str, ...]:
        """Ids of the level that have rows in the window: one report of ids alone for all reports of a sync."""
        if self._parts.report.level == "account":
            return ()
        parts = self._parts
        what = query.as_key([row for row in parts.filters if _of_object(row)])
        name = ("ids", parts.account, parts.report.level, window, what)
        return await parts.desk.once(name, lambda: self._ask_ids(window))

    async def _ask_ids(self, window: Window) -> tuple[str, ...]:
        parts, level = self._parts, self._parts.report.level
        name = f"{level}_id"
        bare = replace(parts.stream, report=Report(level=level, time_increment="all_days", action_breakdowns=()))
        asked = query.params(bare, (name,), [row for row in parts.filters if _of_object(row)])
        found: dict[str, None] = {}

        async def take(decoded: Decoded) -> None:
            found.update(dict.fromkeys(str(getattr(row, name)) for row in decoded.rows))

        runner = Runner(parts.desk, self._watch, bare, parts.account, "")
        for _ in range(TRIES):
            outcome = await runner.attempt(window, asked, take)
            if isinstance(outcome, Done):
                return tuple(found)
            if isinstance(outcome, Split):
                return await self._listed_ids()
            if isinstance(outcome, Lost):
                raise LostError(outcome.refusal, f"ids of account {parts.account}")
        return tuple(found)

    async def _listed_ids(self) -> tuple[str, ...]:
        """Every id of the level, archived and deleted too, where even a report of ids is too much."""
        parts, level = self._parts, self._parts.report.level
        edge = _EDGES[level]
        statuses = as_json(list(EFFECTIVE_STATUSES[level]))
        call = Call(f"act_{parts.account}/{edge}", (("effective_status", statuses),), parts.account)
        found: dict[str, None] = {}
        async for step in walk(parts.desk.client, Path(call, ("id",), f"{edge} ids", 500), parts.desk.sizes):
            if isinstance(step, Arrived):
                found.update(dict.fromkeys(node.id for node in msgspec.json.decode(step.rows, type=list[_Node])))
            if isinstance(step, Refusal):
                return ()
        return tuple(found)

    # --- for no known reason: around a poisoned field ------------------------------------------------------------

    async def diagnose(self, window: Window) -> Poison | None:
        """Which fields, of which entities, make runs over the window fail; None when it is not the fields.

        Found by runs whose rows are left unread: only their endings cost calls.
        """
        parts = self._parts
        free = [name for name in parts.fields if name not in parts.keys]
        if not await self._fails(Part(window), free) or await self._fails(Part(window), free[:1]):
            return None
        hint = [name for name in self._suspects if name in free]
        if not hint or not await self._fails(Part(window), hint):
            hint = await _minimal(free, lambda some: self._fails(Part(window), some))
        self._suspects = hint
        ids = await self.ids(window)
        if self._everywhere_before and await self._crosswise(window, hint, ids):
            return Poison(tuple(hint), None)
        poisoned = await self._poisoned(window, hint, ids)
        if poisoned and len(poisoned) < len(ids):
            return Poison(tuple(hint), poisoned)
        self._everywhere_before = await self._everywhere(window, hint)
        return Poison(tuple(hint), None) if self._everywhere_before else None

    async def _crosswise(self, window: Window, fields: Sequence[str], ids: Sequence[str]) -> bool:
        """Whether the fields fail in each half of the days for each half of the entities, as in a window before."""
        days = halve_dates(window, self._parts.report.time_increment, self._anchor) or (window,)
        groups = bisect_ids(ids) or (tuple(ids),)
        for half in days:
            for group in groups:
                if not await self._fails(Part(half, ids=group or None), fields):
                    return False
        return True

    async def _everywhere(self, window: Window, fields: Sequence[str]) -> bool:
        """Whether the fields fail in each quarter of the window: else it is some days only, and halving finds them."""
        waiting = [window]
        for _ in range(2):
            halves = [halve_dates(one, self._parts.report.time_increment, self._anchor) or (one,) for one in waiting]
            waiting = [half for pair in halves for half in pair]
            for half in waiting:
                if half != window and not await self._fails(Part(half), fields):
                    return False
        return True

    async def _poisoned(self, window: Window, fields: Sequence[str], ids: Sequence[str]) -> tuple[str, ...] | None:
        """The entities of which the fields cannot be read; None when there are too many to read around."""
        found: list[str] = []
        waiting = [tuple(ids)]
        while waiting:
            group = waiting.pop()
            if not await self._fails(Part(window, ids=group), fields):
                continue
            halves = bisect_ids(group)
            if halves is None:
                found.extend(group)
            else:
                waiting.extend(halves)
            if len(found) + len(waiting) > _MOST_POISONED:
                return None
        return tuple(found)

    async def _fails(self, part: Part, fields: Iterable[str]) -> bool:
        wanted = tuple(name for name in self._parts.fields if name in self._parts.keys) + tuple(fields)
        return await self._parts.readable(replace(part, fields=wanted)) is not None

    async def around(self, window: Window, delivered: Delivered, poison: Poison) -> Done | Split:
        """The window without the poisoned entities in one piece, and those entities by themselves, fields joined."""
        parts = self._parts
        clean = tuple(name for name in parts.fields if name not in poison.fields)
        rest = Part(window, fields=clean) if poison.ids is None else Part(window, without=poison.ids)
        outcome = await parts.settle(rest, parts.handing_over(delivered, rest))
        if isinstance(outcome, Split):
            return outcome
        if poison.ids is None:
            for name in poison.fields:
                await parts.record(Part(window), Fault(0, "a run with it fails"), "field fails alone", name)
            return outcome
        rows = 0
        for entity in poison.ids:
            ending = await self._by_field(Part(window, ids=(entity,)), delivered, None, poison.fields)
            if isinstance(ending, Unread):
                return Split(Fault(0, f"{parts.report.level} {entity} cannot be read"), "unreadable")
            rows += ending.rows
        return Done(outcome.rows + rows, outcome.read_at)

    # --- by field --------------------------------------------------------------------------------------------------

    async def _by_field(
        self, part: Part, delivered: Delivered, why: Split | None, suspects: Sequence[str] = ()
    ) -> Done | Unread:
        """One entity's rows, fields read apart and joined on the full key; a field that fails alone is recorded."""
        parts, lost = self._parts, dict[str, Fault]()
        read_at = parts.desk.client.clock.now()
        clean = tuple(name for name in parts.fields if name not in suspects)
        try:
            found = await self._of_fields(replace(part, fields=clean), lost)
            for name in suspects:
                keys = tuple(field for field in parts.fields if field in parts.keys)
                more = await self._by_date(replace(part, fields=(*keys, name)), lost)
                found = more if found is None else found if more is None else self._joined(found, more)
        except JoinError as collapse:
            why, found = Split(Fault(200, str(collapse)), "rows would collapse"), None
        if found is None:
            reason = why or Split(Fault(0, "no field of it can be read"), "unreadable")
            await parts.record(part, reason.fault, reason.verdict)
            return Unread()
        for name, fault in lost.items():
            await parts.record(part, fault, "field fails alone", name)
        await parts.hand_over(delivered.new(Decoded(found)), tuple(lost))
        return Done(len(found), read_at)

    async def _of_fields(self, part: Part, lost: dict[str, Fault]) -> list[msgspec.Struct] | None:
        """Rows with these fields, halved until they can be read; None when none can. Unreadable ones go to `lost`."""
        kept, outcome = await self._kept(part, quick=len(part.ids or ()) == 1)
        if isinstance(outcome, Done):
            return kept
        halves = halve_fields(part.fields or (), self._parts.keys)
        if halves is None:
            lost.update((name, outcome.fault) for name in part.fields or () if name not in self._parts.keys)
            return None
        left = await self._of_fields(replace(part, fields=halves[0]), lost)
        right = await self._of_fields(replace(part, fields=halves[1]), lost)
        if left is None or right is None:
            return left if right is None else right
        return self._joined(left, right)

    async def _by_date(self, part: Part, lost: dict[str, Fault]) -> list[msgspec.Struct] | None:
        """Rows with one suspected field: of its days those that can be read, as long as halving them finds any."""
        kept, outcome = await self._kept(part, known=True)
        name = (part.fields or ("",))[-1]
        poisoned = (part.ids, name)
        if isinstance(outcome, Done):
            return kept
        if self._hopeless.get(poisoned, 0) >= _SURE:
            lost[name] = outcome.fault
            return None
        halves = halve_dates(part.window, self._parts.report.time_increment, self._anchor)
        ends = [await self._kept(replace(part, window=half), known=True) for half in halves or ()]
        if not any(isinstance(end, Done) for _, end in ends):
            self._hopeless[poisoned] = self._hopeless.get(poisoned, 0) + 1
            lost[name] = outcome.fault
            return None
        found: list[msgspec.Struct] = []
        for half, (rows, end) in zip(halves or (), ends, strict=True):
            if isinstance(end, Done):
                found += rows
            else:
                found += await self._by_date(replace(part, window=half), lost) or []
        return found

    async def _kept(
        self, part: Part, *, known: bool = False, quick: bool = False
    ) -> tuple[list[msgspec.Struct], Done | Split]:
        kept: list[msgspec.Struct] = []

        async def take(decoded: Decoded) -> None:
            kept.extend(decoded.rows)

        def begin() -> Taker:
            kept.clear()
            return take

        return kept, await self._parts.settle(part, begin, known=known, quick=quick)

    def _joined(self, left: list[msgspec.Struct], right: list[msgspec.Struct]) -> list[msgspec.Struct]:
        if not left or not right:
            return left or right
        key = tuple(attribute(name) for name in (*self._parts.stream.primary_key, "date_stop"))
        newest = type(right[0]) if len(right[0].__struct_fields__) > len(left[0].__struct_fields__) else type(left[0])
        return [newest(**row) for row in join(map(_set_of, left), map(_set_of, right), key)]


_OF_OBJECTS = frozenset({"id", "name", "effective_status", "configured_status", "status", "objective", "adlabels"})


def _of_object(row: Mapping[str, Any]) -> bool:
    """Whether a filter picks objects. One on a metric may let a row by breakdown through whose object it would drop."""
    return str(row.get("field", "")).rpartition(".")[2] in _OF_OBJECTS and "." in str(row.get("field", ""))


def _set_of(row: msgspec.Struct) -> dict[str, Any]:
    return {name: value for name in row.__struct_fields__ if (value := getattr(row, name)) is not UNSET}


async def _minimal(names: Sequence[str], fails: Callable[[Sequence[str]], Awaitable[bool]]) -> list[str]:
    """The names that fail alone, among names of which at least one does, by halving."""
    if len(names) <= 1:
        return list(names)
    middle = len(names) // 2
    found: list[str] = []
    for half in (names[:middle], names[middle:]):
        if await fails(half):
            found += await _minimal(half, fails)
    return found
