"""What becomes of a bucket that Meta cannot report whole: parts by entity, then by field, and together again."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never

import msgspec
from msgspec import UNSET

from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Report, Stream
from facebook_marketing.engine import query
from facebook_marketing.engine.desk import Desk, LostError
from facebook_marketing.engine.door import Change
from facebook_marketing.engine.window import Again, Degraded, Delivered, Done, Lost, Runner, Split, Taker
from facebook_marketing.graph.runs import Watch
from facebook_marketing.graph.wire import Fault
from facebook_marketing.plan.split import JoinError, bisect_ids, halve_fields, join
from facebook_marketing.plan.windows import Window
from facebook_marketing.records import UNFETCHED, Decoded, attribute

log = logging.getLogger(__name__)

_TRIES = 5
"""Runs of the same part that may fail by chance (about one in seven does, seen) before it is divided or given up."""
_STALLS = 2
"""Runs without progress before the part counts as too large."""


Beginning = Callable[[], Taker]
"""Called at the beginning of each run of a part: what takes its rows from the first one on."""


@dataclass(frozen=True, slots=True)
class Part:
    """Days, and of them these entities (None: all) and these fields (None: all)."""

    window: Window
    ids: tuple[str, ...] | None = None
    fields: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """The part could not be read; it was recorded."""


class Parts:
    """Reads parts of one report of one account, dividing until they are readable."""

    def __init__(self, desk: Desk, watch: Watch, runner: Runner, stream: Stream, account: str) -> None:
        self._desk = desk
        self._watch = watch
        self._runner = runner
        self._stream = stream
        self._report: Report = stream.report or Report()
        self._account = account
        self._fields = request_fields(stream)
        self._filters = query.filters(self._report, desk.order.statuses)
        self._keys = frozenset({*stream.primary_key, "date_start", "date_stop"})

    def handing_over(self, delivered: Delivered) -> Beginning:
        """Takes rows straight to the sink, those that were delivered before left out."""

        async def take(decoded: Decoded) -> None:
            await self._hand_over(delivered.new(decoded), ())

        def begin() -> Taker:
            delivered.again()
            return take

        return begin

    async def settle(self, part: Part, begin: Beginning) -> Done | Split:
        """The part's rows, or the word that it must be divided. Failures by chance are run again.

        Raises LostError when Meta refuses the report itself.
        """
        tries = stalls = 0
        while True:
            outcome = await self._runner.attempt(part.window, self._asked(part), begin())
            match outcome:
                case Done() | Split():
                    return outcome
                case Again(fault, verdict):
                    tries, stalls = tries + 1, stalls + (verdict == "no progress")
                    if tries >= _TRIES or stalls >= _STALLS:
                        return Split(fault, verdict)
                case Degraded(fields, fault) if set(fields) & set(self._fields):
                    await self._drop(fields, fault)
                case Degraded(_, fault):
                    return Split(fault, "field refused")
                case Lost(refusal):
                    raise LostError(refusal, f"{self._stream.name} of account {self._account}")
                case never:
                    assert_never(never)

    async def entities(self, part: Part, delivered: Delivered, fault: Fault, verdict: str) -> Done | Unread:
        """The part by halves of its entities; a single one by halves of its fields. Each group is read once."""
        ids = await self._ids(part.window)
        groups: list[tuple[str, ...]] = [*(bisect_ids(ids) or ())]
        if not groups:
            return await self._by_fields(replace(part, ids=ids[:1] or None), delivered, fault, verdict)
        rows, read_at, unread = 0, self._desk.client.clock.now(), False
        while groups:
            group = replace(part, ids=groups.pop(0))
            outcome = await self.settle(group, self.handing_over(delivered))
            match outcome:
                case Done(more, _):
                    rows += more
                case Split(new_fault, new_verdict):
                    halves = bisect_ids(group.ids or ())
                    if halves is not None:
                        groups[:0] = halves
                        continue
                    ending = await self._by_fields(group, delivered, new_fault, new_verdict)
                    unread = unread or isinstance(ending, Unread)
                    rows += ending.rows if isinstance(ending, Done) else 0
                case never:
                    assert_never(never)
        return Unread() if unread else Done(rows, read_at)

    async def _ids(self, window: Window) -> tuple[str, ...]:
        """Ids of the level that have rows in the window: one report of ids alone, without breakdowns."""
        if self._report.level == "account":
            return ()
        name = f"{self._report.level}_id"
        bare = replace(
            self._stream,
            report=Report(level=self._report.level, time_increment="all_days", action_breakdowns=()),
        )
        asked = query.params(bare, (name,), self._filters)
        found: dict[str, None] = {}

        async def take(decoded: Decoded) -> None:
            for row in decoded.rows:
                found[str(getattr(row, name))] = None

        runner = Runner(self._desk, self._watch, bare, self._account, "")
        for _ in range(_TRIES):
            outcome = await runner.attempt(window, asked, take)
            if isinstance(outcome, Done):
                return tuple(found)
            if isinstance(outcome, Lost):
                raise LostError(outcome.refusal, f"ids of account {self._account}")
        return ()

    async def _by_fields(self, part: Part, delivered: Delivered, fault: Fault, verdict: str) -> Done | Unread:
        halves = halve_fields(self._fields, self._keys)
        lost: list[str] = []
        read_at = self._desk.client.clock.now()
        try:
            found = await self._joined(part, halves, lost) if halves else None
        except JoinError as collapse:
            found, fault = None, Fault(200, str(collapse))
        if found is None:
            await self._record(part, fault, verdict, None)
            return Unread()
        for name in lost:
            await self._record(part, fault, verdict, name)
        await self._hand_over(delivered.new(Decoded(found)), tuple(lost))
        return Done(len(found), read_at)

    async def _joined(
        self, part: Part, halves: tuple[tuple[str, ...], tuple[str, ...]], lost: list[str]
    ) -> list[msgspec.Struct] | None:
        """Rows of both halves of the fields as one; None when neither could be read. Unreadable fields go to `lost`."""
        left = await self._of_fields(replace(part, fields=halves[0]), lost)
        right = await self._of_fields(replace(part, fields=halves[1]), lost)
        if left is None or right is None:
            return left if right is None else right
        key = tuple(attribute(name) for name in (*self._stream.primary_key, "date_stop"))
        newest = type((left or right or [msgspec.Struct()])[0])
        return [newest(**row) for row in join(map(_set_of, left), map(_set_of, right), key)]

    async def _of_fields(self, part: Part, lost: list[str]) -> list[msgspec.Struct] | None:
        kept: list[msgspec.Struct] = []

        async def take(decoded: Decoded) -> None:
            kept.extend(decoded.rows)

        def begin() -> Taker:
            kept.clear()
            return take

        outcome = await self.settle(part, begin)
        if isinstance(outcome, Done):
            return kept
        halves = halve_fields(part.fields or (), self._keys)
        if halves is None:
            lost.extend(name for name in part.fields or () if name not in self._keys)
            return None
        return await self._joined(part, halves, lost)

    # --- requests and records ------------------------------------------------------------------------------------

    def _asked(self, part: Part) -> Mapping[str, str]:
        chosen = part.fields or self._fields
        filters = self._filters
        if part.ids is not None:
            only: dict[str, Any] = {"field": f"{self._report.level}.id", "operator": "IN", "value": list(part.ids)}
            filters = (*filters, only)
        return query.params(self._stream, [name for name in chosen if name in self._fields], filters)

    async def _drop(self, fields: tuple[str, ...], fault: Fault) -> None:
        dropped = [name for name in fields if name in self._fields]
        self._fields = tuple(name for name in self._fields if name not in fields)
        for name in dropped:
            text = f"Meta does not give the field {name}: {fault}"
            await self._desk.gap(self._stream, self._account, text, fault, field=name, verdict="field refused")

    async def _record(self, part: Part, fault: Fault, verdict: str, field: str | None) -> None:
        whose = f" of {self._report.level} {part.ids[0]}" if part.ids and len(part.ids) == 1 else ""
        what = f"the field {field}{whose}" if field else f"the rows{whose}"
        days = (str(part.window.since), str(part.window.until))
        text = f"{days[0]} to {days[1]}: {what} could not be read: {fault}"
        await self._desk.gap(self._stream, self._account, text, fault, field=field, window=days, verdict=verdict)

    async def _hand_over(self, decoded: Decoded, without: tuple[str, ...]) -> None:
        absent = (*without, *(name for name in request_fields(self._stream) if name not in self._fields))
        changes = tuple(Change(i, name, UNFETCHED) for i in range(len(decoded.rows)) for name in absent)
        await self._desk.deliver(self._stream, self._account, decoded, changes)
        await self._desk.progress(self._stream, self._account, len(decoded.rows), done=0)


def _set_of(row: msgspec.Struct) -> dict[str, Any]:
    return {name: value for name in row.__struct_fields__ if (value := getattr(row, name)) is not UNSET}
