"""Parts of a report of one account: what is asked for, what arrives, and what is recorded as missing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, assert_never

from facebook_marketing.catalog.schema import breakdown_columns, request_fields
from facebook_marketing.catalog.stream import Report, Stream
from facebook_marketing.engine import query
from facebook_marketing.engine.desk import Desk, LostError
from facebook_marketing.engine.door import Change
from facebook_marketing.engine.window import (
    NO_PROGRESS,
    UNKNOWN_REASON,
    Again,
    Degraded,
    Delivered,
    Done,
    Lost,
    Outcome,
    Runner,
    Split,
    Taker,
)
from facebook_marketing.graph.client import Refusal
from facebook_marketing.graph.verdicts import explained
from facebook_marketing.graph.wire import Fault
from facebook_marketing.plan.state import OpenRun
from facebook_marketing.plan.windows import Window
from facebook_marketing.records import MISSING_BREAKDOWN, UNFETCHED, Decoded, column_of

TRIES = 5
"""Runs of the same part that may fail by chance (about one in seven does, seen) before it is divided or given up."""
_STALLS = 2
"""Runs without progress before the part counts as too large."""
_UNKNOWNS = 2
"""Runs that failed for no known reason before it is looked for among fields and entities."""

_UNANSWERED = 2
"""Times that Meta may leave us without an answer, each after all the client's patience, before the report is left."""

Beginning = Callable[[], Taker]
"""Called at the beginning of each run of a part: what takes its rows from the first one on."""


@dataclass(frozen=True, slots=True)
class Thin:
    """Fields that Meta no longer gives for days before `before`: not asked for, however a window is divided."""

    before: date
    fields: tuple[str, ...]


NOT_THIN = Thin(date.min, ())


@dataclass(frozen=True, slots=True)
class Part:
    """Days, and of them these entities (None: all, but for `without`) and these fields (None: all)."""

    window: Window
    ids: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    fields: tuple[str, ...] | None = None


class Parts:
    """Asks for parts until they are delivered or must be divided."""

    def __init__(self, desk: Desk, runner: Runner, stream: Stream, account: str, thin: Thin = NOT_THIN) -> None:
        self.desk = desk
        self.runner = runner
        self.stream = stream
        self.report: Report = stream.report or Report()
        self.account = account
        self.fields = request_fields(stream)
        self.filters = query.filters(self.report)
        self.keys = frozenset({*stream.primary_key, "date_start", "date_stop"})
        self._asked_for = self.fields
        self._thin = thin
        self._quick = True
        self._breakdowns = breakdowns_of(stream)
        self.unkeyed = 0

    async def settle(  # noqa: PLR0913 - ways to ask, each by name
        self,
        part: Part,
        begin: Beginning,
        *,
        resumed: OpenRun | None = None,
        quick: bool = False,
        whole: bool = False,
        known: bool = False,
    ) -> Done | Split:
        """The part's rows, or the word that it must be divided. Failures by chance are run again.

        `resumed` is a run that Meta already works on, `quick` allows one GET instead of a run, `whole` says that the
        part is a window of the state, `known` that failing for no known reason is expected and needs no second proof.
        Raises LostError when Meta refuses the report itself.
        """
        if quick and resumed is None and (done := await self._at_once(part, begin)):
            return done
        tries: dict[str, int] = {UNKNOWN_REASON: 1} if known else {}
        while True:
            asked = self.asked(part)
            outcome = await self.runner.attempt(part.window, asked, begin(), resumed=resumed, whole=whole)
            resumed = None
            match outcome:
                case Done() | Split():
                    return outcome
                case Again():
                    if (worn_out := self._again(outcome, tries)) is not None:
                        return worn_out
                case Degraded(fields, fault) if set(fields) & set(asked["fields"].split(",")):
                    await self.drop(fields, fault)  # or it was dropped while this run was under way
                case Degraded(_, fault):
                    return Split(fault, "field refused")
                case Lost(refusal):
                    raise self._lost(refusal)
                case never:
                    assert_never(never)

    async def _at_once(self, part: Part, begin: Beginning) -> Done | None:
        """The rows by GET; None where Meta wants a run, which then is the rule for the rest of the sync."""
        if not self._quick:
            return None
        outcome = await self.runner.at_once(part.window, self.asked(part), begin())
        self._quick = isinstance(outcome, Done | Degraded)
        return outcome if isinstance(outcome, Done) else None

    def _again(self, outcome: Again, tries: dict[str, int]) -> Split | None:
        """Counts a failure by chance; the Split that it comes to in the end. Raises LostError without any answer."""
        tries[outcome.verdict] = tries.get(outcome.verdict, 0) + 1
        if outcome.refusal is not None and tries[outcome.verdict] >= _UNANSWERED:
            raise self._lost(outcome.refusal)
        if not _enough(tries):
            return None
        return Split(outcome.fault, outcome.verdict, tries.get(UNKNOWN_REASON, 0) >= _UNKNOWNS, worn_out=True)

    def _lost(self, refusal: Refusal) -> LostError:
        return LostError(refusal, f"{self.stream.name} of account {self.account}")

    async def readable(self, part: Part) -> Outcome | None:
        """Whether a run over the part would come to rows (None), or what is wrong with it. No row is read."""
        tries: dict[str, int] = {}
        while True:
            outcome = await self.runner.readable(part.window, self.asked(part))
            match outcome:
                case None | Done() | Split() | Degraded():
                    return outcome
                case Again(_, verdict):
                    tries[verdict] = tries.get(verdict, 0) + 1
                    if _enough(tries):
                        return outcome
                case Lost(refusal):
                    raise self._lost(refusal)
                case never:
                    assert_never(never)

    def handing_over(self, delivered: Delivered, part: Part) -> Beginning:
        """Takes rows straight to the sink, those that were delivered before left out."""

        async def take(decoded: Decoded) -> None:
            await self.hand_over(delivered.new(decoded), self.absent(part))

        def begin() -> Taker:
            delivered.again()
            return take

        return begin

    def asked(self, part: Part) -> Mapping[str, str]:
        """The part's parameters, dates apart."""
        name = f"{self.report.level}.id"
        only: list[Mapping[str, Any]] = []
        if part.ids is not None:
            only.append({"field": name, "operator": "IN", "value": list(part.ids)})
        if part.without:
            only.append({"field": name, "operator": "NOT_IN", "value": list(part.without)})
        return query.params(self.stream, self._fields_of(part), (*self.filters, *only))

    def absent(self, part: Part) -> tuple[str, ...]:
        """The report's fields that the part does not ask for."""
        given = set(self._fields_of(part))
        return tuple(name for name in self._asked_for if name not in given)

    def _fields_of(self, part: Part) -> Sequence[str]:
        thin = self._thin.fields if part.window.since < self._thin.before else ()
        return [name for name in (part.fields or self.fields) if name in self.fields and name not in thin]

    async def hand_over(self, decoded: Decoded, absent: Sequence[str]) -> None:
        """Delivers rows; `absent` names fields that Meta would not give for them."""
        if self._breakdowns:
            values = zip(*(column_of(decoded.rows, name) for name in self._breakdowns), strict=True)
            self.unkeyed += sum(MISSING_BREAKDOWN in row for row in values)
        changes = tuple(Change(i, name, UNFETCHED) for i in range(len(decoded.rows)) for name in absent)
        await self.desk.deliver(self.stream, self.account, decoded, changes)
        await self.desk.progress(self.stream, self.account, len(decoded.rows), done=0)

    async def drop(self, fields: tuple[str, ...], fault: Fault) -> None:
        """Leaves fields out of everything that is still to be read, and records it."""
        dropped = [name for name in fields if name in self.fields]
        self.fields = tuple(name for name in self.fields if name not in fields)
        for name in dropped:
            text = f"Meta does not give the field {name}: {explained(fault)}"
            await self.desk.gap(self.stream, self.account, text, fault, field=name, verdict="field refused")

    async def record(self, part: Part, fault: Fault, verdict: str, field: str | None = None) -> None:
        """Records a part that could not be read, or a field of it."""
        whose = f" of {self.report.level} {', '.join(part.ids)}" if part.ids and len(part.ids) <= _NAMED else ""
        what = f"the field {field}{whose}" if field else f"the rows{whose}"
        days = (str(part.window.since), str(part.window.until))
        text = f"{days[0]} to {days[1]}: {what} could not be read: {explained(fault)}"
        entity = part.ids[0] if part.ids and len(part.ids) == 1 else None
        await self.desk.gap(
            self.stream,
            self.account,
            text,
            fault,
            field=field,
            window=days,
            verdict=verdict,
            entity=entity,
            attempts=TRIES,
        )


_NAMED = 5
"""Entities that a gap names one by one."""


def breakdowns_of(stream: Stream) -> tuple[str, ...]:
    """Columns of the primary key that are breakdowns; none for a report without."""
    names = breakdown_columns(stream.report) if stream.report else ()
    return tuple(name for name in stream.primary_key if name in names)


def _enough(tries: Mapping[str, int]) -> bool:
    return (
        sum(tries.values()) >= TRIES
        or tries.get(NO_PROGRESS, 0) >= _STALLS
        or tries.get(UNKNOWN_REASON, 0) >= _UNKNOWNS
    )
