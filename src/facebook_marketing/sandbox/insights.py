"""Insights, computed: rows of any level, range and breakdown out of what each ad delivered on each day.

Additive numbers add up exactly over ads, days and cells, because every row is a sum of the same ad-days. People
(`reach`, `frequency`, `unique_*`) never add up. Conversions of a day keep arriving for 28 days and then stand still.
Rows come lazily, by object, then date, then breakdown; only `sort` makes them all at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from operator import add

from .action_splits import make_splits
from .actions import Splits, Stats, account_actions
from .cells import HOUR_WEIGHTS, Grid, grid, known_group
from .chance import cumulative, split
from .delivery import Day, Fresh, Profile, Vector, delivered, fresh, make_profile, spread
from .ids import plain_id
from .insight_filters import action_test, hidden, metric_filters, passes, test_number
from .insight_rules import HOURLY, answered_fields, check, describes_only, too_old
from .metrics import METRICS, Line, reach
from .plans import AdPlan
from .query import Filter, Query, cut
from .slots import FIRST_COUNT, WIDTH, slot
from .subjects import Subject, subjects
from .world import World
from .zones import day_of

__all__ = ["Filter", "Query", "check", "cut", "rows", "weight"]

Row = dict[str, object]
Label = tuple[object, ...] | None

_IMPRESSIONS = slot("impressions")
_OWN_HOURS = "hourly_stats_aggregated_by_advertiser_time_zone"
_NO_CONVERSIONS = HOURLY | {"region", "comscore_market", "product_id"}
_TAIL_DAYS = 20
_SETTLED_DAYS = 30
_FREQUENCIES = ("1", "2", "3", "4", "5", "6-10", "11+")
_FREQUENCY_MARKS = (62, 82, 90, 94, 97, 99, 100)
_OWN_LEVEL = {"Campaign": "campaign", "AdSet": "adset", "Ad": "ad"}
_RENAMED = {"objective_results": "results"}  # Meta answers it under this name


def rows(query: Query, world: World) -> Iterator[Row]:
    """Yield the wire rows of a question that `check` has let through, as things stand when this is called."""
    report = _Report(query, world)
    if query.sort is None:
        return (row for row, _ in report.rows())
    return iter(report.sorted_rows(query.sort))


def weight(query: Query, world: World) -> int:
    """Return about how many values (rows × fields) a question asks for, without computing a row."""
    return _Report(query, world).weight()


class _Report:
    """One question with everything that its rows share."""

    def __init__(self, query: Query, world: World) -> None:
        account = world.account_of(query.object)
        if account is None:
            raise LookupError(query.object.id)
        self.query = query
        self.account = account
        self.now = query.as_of if query.as_of is not None else world.now()
        self.today = account.today(self.now)
        self._held = world.holdings(account.id)
        self._mask = "7d_click_1d_view" if query.use_account_attribution_setting else None
        self._stats = Stats(query.attribution_windows, action_test(query.filtering))
        custom = plain_id("conversion", account.number, 1) if world.size.conversions else None
        self._actions = account_actions(custom)
        self._metric_filters = metric_filters(query.filtering)
        self._fresh: dict[int, Fresh | None] = {}
        self._settled = self.today.toordinal() - _SETTLED_DAYS

    @cached_property
    def subjects(self) -> list[Subject]:
        """What gets rows of its own, in order."""
        snapshot = self._held.at(self.now)
        filters = self.query.filtering
        found = subjects(self.query, snapshot, lambda facts: passes(filters, facts))
        if _OWN_LEVEL.get(self.query.object.kind) == self.query.level:
            return list(found)  # asked by its own id, a thing always answers
        return [subject for subject in found if not hidden(self.query.level, filters, subject.facts)]

    # --- rows -----------------------------------------------------------------------------------------------------

    def rows(self) -> Iterator[tuple[Row, Line]]:
        """Yield each row with the line that it was written from."""
        if not self._answered():
            return
        blank = describes_only(self.query.fields) and not self.query.breakdowns
        for subject in self.subjects:
            members = [] if blank else [self._member(ad) for ad in subject.ads]
            splits = make_splits(self.query.action_breakdowns or (), subject.creative, self.account.pages[0])
            for since, until in self.query.ranges:
                if since > self.today or too_old(self.query, since, self.today):
                    continue
                if blank:
                    line = self._line(subject, [0] * WIDTH, splits)
                    yield self._row(line, None, since, until), line
                    continue
                yield from self._slice(subject, members, splits, since, until)

    def sorted_rows(self, order: str) -> Sequence[Row]:
        """Return all rows by a metric: `spend_descending`, `actions:link_click_ascending`, `impressions`."""
        name, _, way = order.rpartition("_")
        if way not in {"ascending", "descending"}:
            name, way = order, "ascending"
        found = [((self._number(row, line, name), str(row.get(name, ""))), row) for row, line in self.rows()]
        found.sort(key=lambda pair: pair[0], reverse=way == "descending")
        return [row for _, row in found]

    def _answered(self) -> bool:
        """Say whether the question has rows at all: some breakdowns need an opt-in, some an async report."""
        asked = self.query.breakdowns
        if not asked:
            return True
        if "frequency_value" not in asked and not known_group(asked):
            return False
        closed = {"impression_device", "hourly_stats_aggregated_by_audience_time_zone", "frequency_value"}
        return self.query.asynchronous or not (closed & set(asked)) - self.account.opted_in

    def _slice(
        self, subject: Subject, members: Sequence["_Member"], splits: Splits | None, since: date, until: date
    ) -> Iterator[tuple[Row, Line]]:
        first, last = since.toordinal(), min(until, self.today).toordinal()
        if not self.query.breakdowns:
            found: list[tuple[Label, Vector]] = self._total(members, first, last)
        elif "frequency_value" in self.query.breakdowns:
            found = self._total(members, first, last)
            yield from self._frequencies(subject, found, splits, since, until)
            return
        else:
            found = self._divided(members, first, last)
        for label, vector in found:
            line = self._line(subject, vector, splits)
            row = self._row(line, label, since, until)
            if self._kept(row, line):
                yield row, line

    def _line(self, subject: Subject, vector: Sequence[int], splits: Splits | None) -> Line:
        return Line(
            vector=vector,
            stats=self._stats,
            actions=self._actions,
            splits=splits,
            indicator=subject.indicator,
            key=subject.key,
            uniques=HOURLY.isdisjoint(self.query.breakdowns),
            described=subject.described
            if self._mask is None
            else {**subject.described, "attribution_setting": self._mask},
        )

    def _row(self, line: Line, label: Label, since: date, until: date) -> Row:
        row: Row = {}
        for name in answered_fields(self.query, since, self.today) if self.query.breakdowns else self.query.fields:
            metric = METRICS.get(name)
            value = metric(line) if metric is not None else None
            if value is not None:
                row[_RENAMED.get(name, name)] = value
        row["date_start"] = since.isoformat()
        row["date_stop"] = until.isoformat()
        for name, value in zip(self.query.breakdowns, label or (), strict=False):
            row[name] = value
        return row

    # --- filters and order ----------------------------------------------------------------------------------------

    def _kept(self, row: Row, line: Line) -> bool:
        return all(test_number(entry, self._number(row, line, entry.field)) for entry in self._metric_filters)

    def _number(self, row: Row, line: Line, name: str) -> float:
        """Return a metric as a number, 0 where it has nothing to say; `actions:link_click` reads inside a list."""
        field, _, kind = name.partition(":")
        if field in row and not kind:
            value: object | None = row[field]
        else:
            metric = METRICS.get(field)
            value = metric(line) if metric is not None else None
        if isinstance(value, list):
            value = sum(float(entry["value"]) for entry in value if not kind or entry.get("action_type") == kind)
        try:
            return float(str(value or 0))
        except ValueError:
            return 0.0

    # --- numbers --------------------------------------------------------------------------------------------------

    def _member(self, ad: AdPlan) -> "_Member":
        spans = self._held.life.spans(ad, self.now)
        profile = make_profile(ad, self.account.unit, spans, self._mask)
        asked = self.query.breakdowns
        cells = grid(asked, ad, self.account) if asked and "frequency_value" not in asked else None
        return _Member(profile, cells)

    def _state(self, day: int) -> Fresh | None:
        if day < self._settled:
            return None
        if day not in self._fresh:
            self._fresh[day] = fresh(day, self.account.timezone, self.now)
        return self._fresh[day]

    def _days(self, members: Sequence["_Member"], first: int, last: int) -> Iterator[tuple["_Member", Day, int]]:
        for member in members:
            for day in range(max(first, member.first), min(last, member.last) + 1):
                found = delivered(member.profile, day, self._state(day))
                if found is not None:
                    yield member, found, day

    def _total(self, members: Sequence["_Member"], first: int, last: int) -> list[tuple[Label, Vector]]:
        total: Vector | None = None
        for _, found, _ in self._days(members, first, last):
            total = found.vector if total is None else list(map(add, total, found.vector))
        return [] if total is None else [(None, total)]

    def _divided(self, members: Sequence["_Member"], first: int, last: int) -> list[tuple[Label, Vector]]:
        asked = frozenset(self.query.breakdowns)
        totals: dict[str, tuple[Label, Vector]] = {}
        for member, found, day in self._days(members, first, last):
            if member.cells is None:
                continue
            for label, vector in self._parts(member, member.cells, found, day, asked):
                key = repr(label)
                before = totals.get(key)
                totals[key] = (label, vector if before is None else list(map(add, before[1], vector)))
        limit = self.query.product_id_limit
        order = sorted(totals) if limit is None else sorted(totals)[:limit]
        return [totals[key] for key in order]

    def _parts(
        self, member: "_Member", cells: Grid, found: Day, day: int, asked: frozenset[str]
    ) -> Iterator[tuple[Label, Vector]]:
        if not HOURLY.isdisjoint(asked) and not found.vector[_IMPRESSIONS]:
            yield None, [*found.vector[:FIRST_COUNT], *([0] * (WIDTH - FIRST_COUNT))]
            return
        if _OWN_HOURS in asked:
            cells = self._so_far(cells, day)
        parts = spread(member.profile, found, cells, offsite=asked.isdisjoint(_NO_CONVERSIONS))
        yield from ((label, part) for label, part in zip(cells.labels, parts, strict=True) if part is not None)
        if "product_id" in asked and found.arrivals:
            yield None, [*([0] * FIRST_COUNT), *found.vector[FIRST_COUNT:]]

    def _so_far(self, cells: Grid, day: int) -> Grid:
        """Give the hours of today that are still to come no weight."""
        state = self._state(day)
        if state is None or state.over:
            return cells
        left, weights = state.shown, []
        for whole in HOUR_WEIGHTS:
            weights.append(max(0, min(left, whole * 4)))
            left -= whole * 4
        return replace(cells, marks=cumulative(weights))

    def _frequencies(
        self,
        subject: Subject,
        found: Sequence[tuple[Label, Vector]],
        splits: Splits | None,
        since: date,
        until: date,
    ) -> Iterator[tuple[Row, Line]]:
        for _, vector in found:
            people = reach(vector[_IMPRESSIONS])
            for name, count in zip(_FREQUENCIES, split(people, _FREQUENCY_MARKS, 0), strict=True):
                if not count:
                    continue
                line = self._line(subject, vector, splits)
                described = {key: value for key, value in subject.described.items() if key in self.query.fields}
                row: Row = {**described, **({"reach": str(count)} if "reach" in self.query.fields else {})}
                row |= {"date_start": since.isoformat(), "date_stop": until.isoformat(), "frequency_value": name}
                yield row, line

    # --- size -----------------------------------------------------------------------------------------------------

    def weight(self) -> int:
        """Return about how many values the rows will hold."""
        if not self.query.ranges:
            return 0
        first = min(since for since, _ in self.query.ranges).toordinal()
        last = min(max(until for _, until in self.query.ranges), self.today).toordinal()
        step = max(1, (last - first + 1) // len(self.query.ranges))
        slices = 0
        for subject in self.subjects:
            days = max((self._overlap(ad, first, last) for ad in subject.ads), default=0)
            slices += min(len(self.query.ranges), -(-days // step))
        return slices * self._cells() * max(1, len(self.query.fields))

    def _overlap(self, ad: AdPlan, first: int, last: int) -> int:
        if not ad.evergreen and ad.stop is not None and day_of(ad.stop, self.account.timezone) < first:
            return 0
        spans = self._held.life.spans(ad, self.now)
        return sum(max(0, min(end, last) - max(begin, first) + 1) for begin, end in spans)

    def _cells(self) -> int:
        asked = self.query.breakdowns
        if not asked or not known_group(asked):
            return 1
        sample = next((subject.ads[0] for subject in self.subjects if subject.ads), None)
        cells = grid(asked, sample, self.account) if sample is not None else None
        return len(cells.labels) if cells is not None else 1


class _Member:
    """An ad as one question reads it."""

    __slots__ = ("cells", "first", "last", "profile")

    def __init__(self, profile: Profile, cells: Grid | None) -> None:
        self.profile = profile
        self.cells = cells
        spans = profile.spans
        self.first = spans[0][0] if spans else 0
        self.last = spans[-1][1] + _TAIL_DAYS if spans else -1
