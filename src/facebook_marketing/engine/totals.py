"""Asks Meta for an account's totals, by day or by campaign. A few calls an account."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, assert_never

import msgspec

from facebook_marketing.catalog.reconciliation import ACTIONS
from facebook_marketing.catalog.reports import RESULT_PAGE_SIZE
from facebook_marketing.catalog.stream import Level, Period, Report, Stream
from facebook_marketing.engine import query
from facebook_marketing.engine.reconcile import Cell, Numbers
from facebook_marketing.graph.client import Client, Refusal
from facebook_marketing.graph.verdicts import Kind
from facebook_marketing.graph.walk import Arrived, Dropped, Path, Restarted, Sizes, Spoiled, walk
from facebook_marketing.graph.wire import Call
from facebook_marketing.plan.split import halve_dates
from facebook_marketing.plan.windows import EPOCH, Window

_EDGE = "totals"


class TotalsError(Exception):
    """Meta does not give the totals; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which totals are wanted: of `account`, counted as `stream` counts, of these columns.

    `campaigns`: one number a campaign for the whole window, else one a bucket of the report's time increment.
    `only`: of these campaigns, by the report's increment.
    """

    stream: Stream
    account: str
    window: Window
    columns: tuple[str, ...]
    campaigns: bool = False
    only: tuple[str, ...] = ()


class Totals:
    """Answers questions, each different one asked once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._sizes = Sizes()
        self._known: dict[Call, Numbers] = {}

    async def of(self, question: Question) -> Numbers:
        """The numbers that Meta reports. Raises TotalsError."""
        call = _call(question)
        if call not in self._known:
            self._known[call] = await self._asked(question, call)
        wanted = set(question.columns)
        return {cell: number for cell, number in self._known[call].items() if cell.metric in wanted}

    async def _asked(self, question: Question, call: Call) -> Numbers:
        """Walks the rows; what is too much for one answer is asked for by halves of the days, where days add up."""
        found: dict[Cell, Decimal | None] = {}
        path = Path(call, _fields(question), _EDGE, RESULT_PAGE_SIZE)
        async for step in walk(self._client, path, self._sizes):
            match step:
                case Arrived(rows):
                    found |= dict(_numbers(question, rows))
                case Restarted():
                    found.clear()
                case Refusal(_, verdict) if verdict.kind in {Kind.SHRINK, Kind.SPLIT}:
                    return await self._halved(question, step)
                case Refusal():
                    raise TotalsError(self._why(question, step))
                case Dropped(_, fault) | Spoiled(_, _, fault):
                    text = f"Account {question.account}: Meta does not give its totals whole: {fault}"
                    raise TotalsError(self._client.clean(text))
                case never:
                    assert_never(never)
        return found

    async def _halved(self, question: Question, refusal: Refusal) -> Numbers:
        report = question.stream.report or Report()
        halves = None
        if not question.campaigns:
            halves = halve_dates(question.window, report.time_increment, report.start_date or EPOCH)
        if halves is None:
            raise TotalsError(self._why(question, refusal))
        older, newer = (replace(question, window=half) for half in halves)
        return {**await self.of(older), **await self.of(newer)}

    def _why(self, question: Question, refusal: Refusal) -> str:
        rule = refusal.verdict.rule
        text = f"Account {question.account}: Meta does not give its totals: {rule.meaning} {refusal.fault} {rule.mend}"
        return self._client.clean(text)


def _fields(question: Question) -> tuple[str, ...]:
    return (*question.columns, *(("campaign_id",) if question.campaigns or question.only else ()))


def _call(question: Question) -> Call:
    """Rows of the account, or of its campaigns, counted as the report counts; Meta's own sums, not ours."""
    report = question.stream.report or Report()
    level: Level = "campaign" if question.campaigns or question.only else "account"
    increment: int | Period = "all_days" if question.campaigns else report.time_increment
    total = replace(
        report,
        level=level,
        breakdowns=(),
        action_breakdowns=("action_type",),
        time_increment=increment,
        filtering=(),
        product_id_limit=None,
    )
    alike = replace(question.stream, report=total)
    asked = query.params(alike, sorted(_fields(question)), _filters(question, report, level))
    return query.direct_call(alike, question.account, question.window, asked)


def _filters(question: Question, report: Report, level: Level) -> tuple[Mapping[str, Any], ...]:
    """The user's own filters; every status of campaigns, which Meta's own default would hide the archived of."""
    own = tuple(row for row in report.filtering if not query.is_default(row, report.level))
    only = {"field": "campaign.id", "operator": "IN", "value": list(question.only)}
    filters = query.filters(Report(level=level, filtering=own))
    return (*filters, only) if question.only else filters


class _Action(msgspec.Struct):
    action_type: str = ""
    value: object = None


class _Row(msgspec.Struct):
    date_start: date
    date_stop: date
    campaign_id: str | int = ""
    spend: object = None
    impressions: object = None
    clicks: object = None
    actions: list[_Action] = []


def _numbers(question: Question, rows: bytes) -> Iterator[tuple[Cell, Decimal | None]]:
    try:
        decoded = msgspec.json.decode(rows, type=list[_Row])
    except msgspec.DecodeError as broken:
        text = f"Account {question.account}: a page of totals is no list of rows ({broken}). Try again later."
        raise TotalsError(text) from None
    for row in decoded:
        entity = str(row.campaign_id)
        for name in question.columns:
            if name == ACTIONS:
                yield from _actions(entity, row)
            else:
                yield Cell(entity, row.date_start, row.date_stop, name), _number(getattr(row, name)) or Decimal(0)


def _actions(entity: str, row: _Row) -> Iterable[tuple[Cell, Decimal | None]]:
    for action in row.actions:
        cell = Cell(entity, row.date_start, row.date_stop, ACTIONS, action.action_type)
        yield cell, _number(action.value)


def _number(value: object) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None
