"""Insights calls: parameters to a `Query`, synchronous pages, report runs and their result pages."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from .errors import GraphError
from .faults import RunFate
from .fields_param import Field
from .filtering import OPERATORS
from .insights import Filter, Query, check, cut, rows, weight
from .nodes import page_weight
from .options import Options
from .paging import DEFAULT_LIMIT, Page, UrlOf, offset_cursor, offset_of, paging
from .params import Params
from .periods import Range, increment, ranges
from .reach import ReachQuota
from .refusals import named
from .rowstream import RowStreams
from .runs import Runs
from .schema import enum
from .world import Node, World

__all__ = ["Reports"]

Row = Mapping[str, object]
_LEVELS = ("account", "campaign", "adset", "ad")
_OWN_LEVEL = {"AdAccount": "account", "Campaign": "campaign", "AdSet": "adset", "Ad": "ad"}
_ID_FIELDS = {"account": (), "campaign": ("campaign_id",), "adset": ("adset_id",), "ad": ("ad_id",)}
_NO_TOTAL = ("_id", "_name", "date_", "created_time", "updated_time", "objective", "attribution_setting")
_KILLERS = frozenset({
    "total_card_view", "link_clicks_per_results", "objective_result_rate", "opportunity_score_l4",
    "result_values_performance_indicator",
})  # fmt: skip
"""Fields that end a run with 2/1504044 since September 2026 (a connector's live notes)."""

_UNKNOWN = (2, 1504044, "An unknown error occurred.")
_OUT_OF_MEMORY = (-3, 1504045, "Out of memory")
_FAILED = (2, 2490547, "The report run failed.")
_FAR_TOO_MUCH = 4
_FRESH = 900.0  # numbers move every quarter of an hour, so that the pages of one report agree
_STREAMS = 64
_SLOW = 10.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is remembered of a run: its question and its account (bare digits)."""

    query: Query
    account: str


class Reports:
    """Insights of one world, synchronous and by report run."""

    def __init__(self, world: World, options: Options, now: Callable[[], float]) -> None:
        """Take the world, the options' limits, and the clock that tells today."""
        self._world, self._options, self._now = world, options, now
        self.runs = Runs(world, seed=options.seed, seconds=options.run_seconds)
        self._slow = Runs(world, seed=options.seed + 1, seconds=options.run_seconds * _SLOW)
        self._asked: dict[str, _Asked] = {}
        self.reach = ReachQuota(options.tier, now)
        self._streams = RowStreams(_STREAMS)
        self._totals: dict[Query, Row] = {}

    def account_of(self, run: str) -> str | None:
        """Return the account of a run that this sandbox created; None for any other id."""
        asked = self._asked.get(run)
        return asked.account if asked is not None else None

    def poll(self, run: str) -> Row | None:
        """Return the run as it stands now; None when unknown or not yet visible."""
        return self.runs.node(run) or self._slow.node(run)

    def create(self, node: Node, params: Params, fate: RunFate | None) -> dict[str, object]:
        """Create a run. Raises what Meta raises at once: bad parameters, fields, breakdowns, ranges."""
        query = self._query(node, params, asynchronous=True)
        check(query, self._world)
        runs = self._slow if fate == "slow" else self.runs
        owner = self._world.account_of(node)
        account = owner.id if owner is not None else ""
        self.reach.admit(account, query, self._today(node))
        fail, stuck, skip = self._fate(query, fate)
        run = runs.create(query, fail=fail, stuck=stuck, skip=skip)
        self._asked[run] = _Asked(query, account)
        return {"report_run_id": run}

    def synchronous(self, node: Node, params: Params, url: UrlOf) -> dict[str, object]:
        """Answer ``GET /<object>/insights``. Raises a timeout or "too much" over the weight limit."""
        query = self._query(node, params, asynchronous=False)
        check(query, self._world)
        self._refuse_heavy(query)
        return self._page(query, params, url, key=query)

    def result(self, run: str, params: Params, url: UrlOf) -> dict[str, object]:
        """Answer ``GET /<run>/insights``. Raises 2601/1815107 while the run is not complete, 100/33 if unknown."""
        runs = self.runs if self.runs.node(run) is not None else self._slow
        query = runs.result(run)
        for name, asked in (("fields", params.strings("fields")), ("summary", _summary_names(params))):
            strange = [field for field in asked if field not in query.fields]
            if strange:
                raise cannot_include(strange, name, query.fields)
        return self._page(query, params, url, key=run)

    def nested(self, node: Node, field: Field, url: UrlOf) -> dict[str, object] | None:
        """Answer ``insights`` asked as a field of its object: one page, or None without rows."""
        names = ",".join(child.name for child in field.children)
        params = field.params.plus(Params([("fields", names)] if names else []))
        body = self.synchronous(node, params, url)
        return body if body["data"] else None

    def _page(self, query: Query, params: Params, url: UrlOf, *, key: Query | str) -> dict[str, object]:
        limit = min(params.whole("limit", DEFAULT_LIMIT), self._options.page_limit_max)
        limit = limit if limit > 0 else DEFAULT_LIMIT
        start = _start(params, limit)
        world = self._world
        stream = self._streams.get(key, lambda: rows(query, world))
        found, more = stream.read(start, limit)
        if len(found) * page_weight([Field(name) for name in query.fields]) > self._options.insights_weight_limit:
            raise named("reduce_data")
        body: dict[str, object] = {"data": _only(found, params.strings("fields"), query)}
        if found:
            ends = Page(offset_cursor(start), offset_cursor(start + len(found) - 1), more, start > 0)
            body["paging"] = paging(ends, url)
        if "summary" in params or params.flag("default_summary"):
            body["summary"] = self._summary(query, params)
        return body

    def _query(self, node: Node, params: Params, *, asynchronous: bool) -> Query:
        level = params.text("level", _OWN_LEVEL.get(node.kind, "account"))
        if level not in _LEVELS:
            message = f"(#100) level must be one of the following values: {', '.join(sorted(_LEVELS))}"
            raise GraphError(message, 100)
        sort = params.strings("sort")
        if len(sort) > 1:
            message = "(#100) Param sort must have exactly one entry"
            raise GraphError(message, 100)
        return Query(
            object=node,
            level=level,
            fields=tuple(dict.fromkeys(params.strings("fields"))) or _default_fields(level),
            breakdowns=params.strings("breakdowns"),
            action_breakdowns=params.strings("action_breakdowns") if "action_breakdowns" in params else None,
            attribution_windows=_windows(params),
            ranges=self._ranges(node, params),
            filtering=tuple(_filter(at, entry) for at, entry in enumerate(params.mappings("filtering"))),
            sort=sort[0] if sort else None,
            asynchronous=asynchronous,
            product_id_limit=params.whole("product_id_limit", 0) or None,
            use_account_attribution_setting=params.flag("use_account_attribution_setting"),
            as_of=None if asynchronous else self._now() // _FRESH * _FRESH,
        )

    def _ranges(self, node: Node, params: Params) -> tuple[Range, ...]:
        asked, sliced = ranges(params, self._today(node))
        step = increment(params) if sliced else "all_days"
        return tuple(piece for since, until in asked for piece in cut(since, until, step))

    def _today(self, node: Node) -> date:
        account = self._world.account_of(node)
        zone = ZoneInfo(account.timezone if account is not None else "UTC")
        return datetime.fromtimestamp(self._now(), zone).date()

    def _fate(self, query: Query, fate: RunFate | None) -> tuple[tuple[int, int, str] | None, bool, bool]:
        """Return how the run ends: an error, stuck, skipped."""
        if fate == "out_of_memory" or weight(query, self._world) > self._options.run_weight_limit:
            return _OUT_OF_MEMORY, False, False
        if fate == "fail" or not _KILLERS.isdisjoint(query.fields):
            return _UNKNOWN, False, False
        if fate in {"stuck", "skip"}:
            return None, fate == "stuck", fate == "skip"
        draw = hashlib.blake2b(f"{self._options.seed}:{len(self._asked)}".encode(), digest_size=4).digest()
        unlucky = int.from_bytes(draw) / 2**32 < self._options.run_failure_rate
        return (_FAILED, False, False) if unlucky and draw[0] % 3 else (None, False, unlucky)

    def _refuse_heavy(self, query: Query) -> None:
        limit, heavy = self._options.sync_weight_limit, weight(query, self._world)
        if heavy > limit * _FAR_TOO_MUCH:
            raise named("too_much_data")
        if heavy > limit:
            raise named("sync_timeout" if heavy % 3 else "sync_timeout_2")

    def _summary(self, query: Query, params: Params) -> Row:
        names = _summary_names(params) or tuple(name for name in query.fields if not _describes(name))
        level = _OWN_LEVEL.get(query.object.kind, "account")
        totals = replace(query, level=level, fields=names, breakdowns=(), ranges=_span(query.ranges), sort=None)
        if totals not in self._totals:
            self._totals[totals] = next(iter(rows(totals, self._world)), {})
            while len(self._totals) > _STREAMS:
                self._totals.pop(next(iter(self._totals)))
        total = self._totals[totals]
        return {name: total[name] for name in (*names, "date_start", "date_stop") if name in total}


def _span(pieces: Sequence[Range]) -> tuple[Range, ...]:
    return ((min(since for since, _ in pieces), max(until for _, until in pieces)),) if pieces else ()


def cannot_include(names: Sequence[str], param: str, available: Sequence[str]) -> GraphError:
    """Return the refusal of a result page that names fields which the run was not created with."""
    message = (
        f"(#100) Cannot include {', '.join(names)} in {param} param because they weren't there while creating the "
        f"report run. All available values are: {', '.join(available)}"
    )
    return GraphError(message, 100)


def _default_fields(level: str) -> tuple[str, ...]:
    return ("account_id", *_ID_FIELDS[level], "impressions", "spend")


def _summary_names(params: Params) -> tuple[str, ...]:
    names = params.strings("summary")
    return () if names in {("true",), ("false",), ("1",)} else names


def _describes(name: str) -> bool:
    return any(part in name for part in _NO_TOTAL)


def _windows(params: Params) -> tuple[str, ...]:
    asked = params.strings("action_attribution_windows")
    known = enum("action_attribution_windows")
    for at, window in enumerate(asked):
        if known and window not in known:
            text = f"(#100) action_attribution_windows[{at}] must be one of the following values: {', '.join(known)}"
            raise GraphError(text, 100)
    return asked


def _filter(at: int, entry: Mapping[str, object]) -> Filter:
    operator = str(entry.get("operator", ""))
    if operator not in OPERATORS:
        message = f"(#100) Param filtering[{at}][operator] must be one of {{{', '.join(OPERATORS)}}}"
        raise GraphError(message, 100)
    value = entry.get("value")
    return Filter(str(entry.get("field", "")), operator, tuple(value) if isinstance(value, list) else value)


def _start(params: Params, limit: int) -> int:
    if "after" in params:
        return offset_of(params.text("after")) + 1
    if "before" in params:
        return max(0, offset_of(params.text("before")) - limit)
    return 0


def _only(found: Sequence[msgspec.Raw], names: tuple[str, ...], query: Query) -> Sequence[object]:
    """Return the rows with just these fields, beside breakdowns and dates; as they are where none are named."""
    if not names or set(names) == set(query.fields):
        return found
    drop = set(query.fields) - set(names)
    decoded = (msgspec.json.decode(raw, type=dict[str, object]) for raw in found)
    return [{name: value for name, value in row.items() if name not in drop} for row in decoded]
