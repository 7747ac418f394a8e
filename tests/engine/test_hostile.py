"""An account where everything goes wrong at once, and a sync killed anywhere: nothing is lost, little repeated.

The benchmarks `resume`, `hostile` and `wall` measure with what stands here.
"""

import json
import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from engine.test_insights_truth import Asked, asked_of_meta, day, digits, every_day, truth
from facebook_marketing.engine.door import Gap
from facebook_marketing.graph.wire import Request
from facebook_marketing.sandbox import Options
from facebook_marketing.sandbox.faults import Fault, Faults, Match, Seen, Then
from facebook_marketing.sandbox.world import Size
from syncing import Site, Synced

NAME = "ads_insights"
FIELDS = ("impressions", "clicks", "spend", "actions")
POISONED = "actions"
UNTIL = day(31)
"""The last day asked for: its numbers no longer move, so every sync must find the same."""

Row = dict[str, Any]

Key = tuple[str, str]
"""Day and ad: what tells rows apart."""

Cell = tuple[str, str, str]
"""Day, ad and field; field "" is the whole row."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An account in which so many ads deliver on each of these days, read in pages of so many rows.

    The same ratio of rows to pages gives the same calls: 200 ads by 50 rows cost a tenth of 2,000 by 500 to simulate.
    """

    ads: int = 200
    days: int = 90
    page: int = 50
    latency: float = 0.15
    run_seconds: float = 5.0
    seed: int = 1

    @property
    def since(self) -> date:
        """The first day."""
        return UNTIL - timedelta(days=self.days - 1)

    def site(self, *faults: Fault, **options: Any) -> Site:
        """A new sandbox that holds the account."""
        size = Size(10, 20, self.ads, self.ads, 4, 2, activities=0, audiences=0, active_ads_per_day=self.ads)
        return Site(
            Options(
                seed=self.seed,
                size=size,
                faults=faults,
                run_seconds=self.run_seconds,
                empty_pages=False,
                insights_weight_limit=10**9,  # pages stay as large as they are asked for: calls are compared
                sync_weight_limit=10**9,
                run_weight_limit=10**12,
                **options,
            )
        )

    def read(self, site: Site, state: Mapping[str, Any] | None = None, **settings: Any) -> Synced:
        """A sync of the account's days. Time goes on meanwhile."""
        dates = {"start_date": str(self.since), "end_date": str(UNTIL)}
        columns = {NAME: list(FIELDS)}
        options = {"latency": self.latency, "page_size": self.page, "columns": columns, **dates, **settings}
        random.seed(self.seed)  # of the reader's pauses
        synced = site.sync([NAME], state, **options)
        site.now.days += synced.seconds / 86_400
        return synced

    def truth(self) -> dict[Key, Row]:
        """The account's rows."""
        return {key(row): row for row in truth(self.site(), Asked(self.since, UNTIL, fields=FIELDS))}


def key(row: Row) -> Key:
    """What tells a row apart."""
    return str(row["date_start"]), str(row["ad_id"])


# --- killed and resumed -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kill:
    """When a sync dies: with a request (counted from 1), or so many seconds after it began."""

    request: int | None = None
    moment: float | None = None


@dataclass(frozen=True, slots=True)
class Resumed:
    """What a killed sync and the one that took it up came to, against `whole`, one that nobody killed."""

    first: Synced
    second: Synced
    whole: int

    @property
    def repeated(self) -> float:
        """Calls of both parts beyond those of the whole, as a share of the whole."""
        return (len(self.first.calls) + len(self.second.calls) - self.whole) / self.whole

    @property
    def rows(self) -> list[Row]:
        """The rows of both parts."""
        return [*self.first.sink.rows(NAME), *self.second.sink.rows(NAME)]

    @property
    def twice(self) -> int:
        """Rows that came more than once."""
        return len(self.rows) - len({key(row) for row in self.rows})

    @property
    def days_again(self) -> int:
        """Days of which a report was asked although the state held them as read, or as under way at Meta."""
        claimed = {one for state in [self.first.sink.states()] for one in claimed_days(state)}
        return sum(one in claimed for said in asked_of_meta(self.second.calls) for one in _days_of(said))

    @property
    def pages_twice(self) -> int:
        """Pages of report runs that both parts read."""
        return len(pages(self.first.calls) & pages(self.second.calls))


def resume(shape: Shape, kill: Kill, whole: int) -> Resumed:
    """Kills a sync there, and lets another one go on from what it had checkpointed."""
    site = shape.site()
    first = shape.read(site, kill_after=kill.request, kill_at=kill.moment)
    return Resumed(first, shape.read(site, first.sink.states()), whole)


def kills(whole: Synced, count: int, seed: int = 1) -> Iterator[Kill]:
    """Random points of a sync: at every other one it dies with a request, else at a moment."""
    dice = random.Random(seed)
    for number in range(count):
        if number % 2:
            yield Kill(moment=dice.uniform(0.05, 0.99) * whole.seconds)
        else:
            yield Kill(request=dice.randint(1, len(whole.calls) * 9 // 10))  # batched calls are one request


def claimed_days(states: Mapping[str, Any]) -> set[date]:
    """The days that a state says are delivered, or that Meta works on."""
    spans: list[tuple[str, str]] = []
    for said in states.get(NAME, {}).values():
        if isinstance(said, dict):
            spans += [(one[0], one[1]) for one in said.get("finished", ())]
            spans += [(one[1], one[2]) for one in said.get("runs", ())]
    return {one for span in spans for one in every_day(date.fromisoformat(span[0]), date.fromisoformat(span[1]))}


def pages(calls: Iterable[Any]) -> set[tuple[str, str]]:
    """The pages of report runs among these calls."""
    found = ((call.path, str(call.params.get("after", ""))) for call in calls if call.status == 200)
    return {(path, after) for path, after in found if path.endswith("/insights") and "act_" not in path}


def _days_of(said: Mapping[str, Any]) -> list[date]:
    return every_day(said["since"], said["until"])


# --- the hostile account ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with an account.

    Reports of `POISONED` that let `ad` in fail; those of `heavy`, that day, are too much unless they name at most `few`
    ads (`even_ids`: also those that ask for nothing but ids). One run in `dying` fails at 0 %, one in `stuck` stands
    still for ever, one page in `early` is not ready although its run is.
    """

    ad: str
    heavy: date
    few: int
    dying: int = 7
    stuck: int = 25
    early: int = 15
    even_ids: bool = False

    def site(self, shape: Shape) -> Site:
        """The account, with all of this."""
        plan = (
            Fault(Match(method="POST", edge="insights", probability=1 / self.stuck), Then(run="stuck")),
            Fault(Match(path=r"^\d+/insights", method="GET", probability=1 / self.early), Then(early_read=True)),
        )
        site = shape.site(run_failure_rate=1 / self.dying)
        faults = _Hostile(self, plan, shape.seed)
        site.sandbox.faults, site.before = faults, faults.look
        return site


class _Hostile(Faults):
    """A plan whose first fault depends on what a report asks for, which no plan of plain data can say."""

    def __init__(self, trouble: Trouble, plan: Sequence[Fault], seed: int) -> None:
        super().__init__(plan, seed=seed)
        self._trouble = trouble
        self._next: Then | None = None
        self._heavy = 0

    def look(self, request: Request) -> None:
        """Sees a request before it is served."""
        self._next = None
        asked = asked_by(request)
        if not asked:
            return
        run = request.method == "POST"
        fields = set(asked["fields"].split(","))
        if self._too_much(asked, fields):
            self._heavy += 1  # Meta says it in two ways: at once, or when the run is out of memory
            late = run and self._heavy % 2 == 0
            self._next = Then(run="out_of_memory") if late else Then(error="too_much_data")
        elif POISONED in fields and lets_in(asked, self._trouble.ad):
            self._next = Then(run="fail") if run else Then(error="sync_timeout")

    def _too_much(self, asked: Mapping[str, str], fields: Collection[str]) -> bool:
        span = json.loads(asked["time_range"])
        covered = span["since"] <= str(self._trouble.heavy) <= span["until"]
        named = [row["value"] for row in filters(asked) if row["field"] == "ad.id" and row["operator"] == "IN"]
        narrow = min(map(len, named), default=self._trouble.few + 1) <= self._trouble.few
        light = not self._trouble.even_ids and all(name.endswith("_id") for name in fields)
        return covered and not narrow and not light

    def strike(self, seen: Seen) -> Then | None:
        """What befalls the call: what it asked for, else what chance has for it."""
        then, self._next = self._next, None
        return then or super().strike(seen)


def asked_by(request: Request) -> Mapping[str, str]:
    """What a request asks a report of the account for; nothing for other requests."""
    path = urlsplit(request.url)
    if "/act_" not in path.path or not path.path.endswith("/insights"):
        return {}
    text = (request.body or b"").decode() if request.method == "POST" else path.query
    said = dict(parse_qsl(text))
    return said if "time_range" in said and "fields" in said else {}


def filters(asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """The filters of a report."""
    found: list[dict[str, Any]] = json.loads(asked.get("filtering", "[]"))
    return found


def lets_in(asked: Mapping[str, str], ad: str) -> bool:
    """Whether the report may have rows of this ad."""
    rows = [row for row in filters(asked) if row["field"] == "ad.id"]
    return all((ad in row["value"]) == (row["operator"] == "IN") for row in rows)


def trouble_of(shape: Shape, rows: Mapping[Key, Row], **changes: Any) -> Trouble:
    """The trouble of this account: an ad with actions on most days, and a day in the middle."""
    acted = [ad for (_, ad), row in rows.items() if POISONED in row]
    ad = max(sorted(set(acted)), key=acted.count)
    trouble = Trouble(ad, UNTIL - timedelta(days=shape.days // 2), max(1, shape.ads // 20))
    return replace(trouble, **changes)


@dataclass(frozen=True, slots=True)
class Account:
    """What of the truth came, and what the ledger says of the rest."""

    wrong: list[Cell]
    """Cells that came otherwise than they are."""
    missing: set[Cell]
    """What did not come."""
    silent: set[Cell]
    """What did not come and is in no gap."""
    slandered: set[Cell]
    """What is in a gap, and came."""
    twice: int


def settle_accounts(ours: Sequence[Row], theirs: Mapping[Key, Row], gaps: Sequence[Gap]) -> Account:
    """Compares cell by cell, digit by digit."""
    mine = {key(row): row for row in ours}
    wrong = [(*place, "") for place in mine.keys() - theirs.keys()]
    missing: set[Cell] = set()
    for place, row in theirs.items():
        found = mine.get(place)
        if found is None:
            missing.add((*place, ""))
        elif digits(found) != digits(row):
            missing |= {(*place, name) for name in row.keys() - found.keys()}
            wrong += [(*place, name) for name, value in found.items() if digits(row.get(name)) != digits(value)]
    named = {cell for gap in gaps for cell in _named(gap, theirs)}
    came = {cell for cell in named if cell not in missing and (cell[2] in theirs[cell[:2]] or not cell[2])}
    return Account(wrong, missing, missing - named, came, len(ours) - len(mine))


def _named(gap: Gap, theirs: Mapping[Key, Row]) -> Iterator[Cell]:
    since, until = gap.window or ("", "9999")
    for when, ad in theirs:
        if since <= when <= until and gap.entity in {None, ad}:
            yield when, ad, gap.field or ""


# --- the laws, small --------------------------------------------------------------------------------------------------

SMALL = Shape(ads=40, page=10)
TOUGH = Shape(ads=40, days=40, page=10)


@cache
def rows_of(shape: Shape) -> Mapping[Key, Row]:
    """The account's rows."""
    return shape.truth()


@cache
def unbroken(shape: Shape) -> Synced:
    """A sync that nothing disturbs."""
    return shape.read(shape.site())


def poisoned_cells(shape: Shape, trouble: Trouble) -> set[Cell]:
    """What nobody can read of the hostile account."""
    return {(*place, POISONED) for place, row in rows_of(shape).items() if place[1] == trouble.ad and POISONED in row}


def assert_all_but(synced: Synced, shape: Shape, unreadable: set[Cell]) -> None:
    """Everything else came, once and as it is, and the ledger names what did not come and nothing else."""
    found = settle_accounts(synced.sink.rows(NAME), rows_of(shape), synced.outcome.gaps)
    assert synced.outcome.failures == ()
    assert synced.sink.statuses(NAME)[-1] == "COMPLETE"
    assert found == Account([], unreadable, set(), set(), 0)


def test_an_undisturbed_sync_asks_for_each_page_once_and_little_besides() -> None:
    whole = unbroken(SMALL)
    assert_all_but(whole, SMALL, set())
    assert len(pages(whole.calls)) == len(rows_of(SMALL)) / SMALL.page
    assert len(whole.calls) <= len(pages(whole.calls)) + 25  # as 385 is to the 360 pages of 180,000 rows


@pytest.mark.parametrize("number", range(10))
def test_a_killed_sync_repeats_a_twentieth_of_the_calls_at_most(number: int) -> None:
    whole = unbroken(SMALL)
    kill = list(kills(whole, 10))[number]
    both = resume(SMALL, kill, len(whole.calls))
    assert both.first.outcome.statuses == {}, "nobody killed it"
    assert both.second.outcome.failures == ()
    assert settle_accounts(both.rows, rows_of(SMALL), ()) == Account([], set(), set(), set(), 0)
    assert both.days_again == 0
    assert both.repeated <= 0.05


@pytest.mark.parametrize("seed", (1, 2, 3, 4))
def test_a_sync_lasts_half_as_long_again_as_its_calls_and_its_longest_run_at_most(seed: int) -> None:
    site = (shape := replace(SMALL, seed=seed)).site()
    whole = shape.read(site, max_concurrency=16)
    longest = max(run.seconds for run in site.sandbox.runs._runs.values())
    assert whole.seconds <= 1.5 * (len(whole.calls) / 16 * shape.latency + longest)
    assert (
        len(whole.calls) <= 386
    )  # 385 is the aim: one draw of run times in eight asks once more whether a run has ended


@pytest.mark.parametrize("even_ids", (False, True))
@pytest.mark.parametrize("seed", (1, 2, 3))
def test_of_a_hostile_account_all_comes_that_can_be_read_and_the_rest_is_named(seed: int, even_ids: bool) -> None:  # noqa: FBT001
    shape = replace(TOUGH, seed=seed)
    trouble = trouble_of(shape, rows_of(shape), even_ids=even_ids)
    assert_all_but(shape.read(trouble.site(shape)), shape, poisoned_cells(shape, trouble))


def test_a_hostile_account_costs_three_times_the_calls_of_a_friendly_one_at_most() -> None:
    shape = Shape()
    trouble = trouble_of(shape, rows_of(shape))
    synced = shape.read(trouble.site(shape))
    assert_all_but(synced, shape, poisoned_cells(shape, trouble))
    assert len(synced.calls) <= 3 * len(unbroken(shape).calls)


def test_the_trouble_is_real() -> None:
    shape = replace(TOUGH, seed=1)
    trouble = trouble_of(shape, rows_of(shape))
    assert len(poisoned_cells(shape, trouble)) > shape.days / 2
    synced = shape.read(trouble.site(shape))
    refused = {call.code for call in synced.calls}
    runs = [call for call in synced.calls if call.method == "POST"]
    assert {2601, 100} <= refused
    assert len(runs) > 2 * len([call for call in unbroken(shape).calls if call.method == "POST"])


def test_what_is_lost_changed_doubled_or_wrongly_named_is_seen() -> None:
    rows = rows_of(TOUGH)
    some = sorted(rows)[:3]
    theirs = {place: rows[place] for place in some}
    (first, second, third) = (theirs[place] for place in some)
    gap = Gap(NAME, "", "", window=(some[0][0], some[0][0]), entity=some[0][1], field="clicks")
    less = {name: value for name, value in first.items() if name != "clicks"}
    assert settle_accounts([less, second, third], theirs, [gap]) == Account([], {(*some[0], "clicks")}, set(), set(), 0)
    assert settle_accounts([less, second, third], theirs, []).silent == {(*some[0], "clicks")}
    assert settle_accounts([first, second, third], theirs, [gap]).slandered == {(*some[0], "clicks")}
    assert settle_accounts([first, second], theirs, []).silent == {(*some[2], "")}
    assert settle_accounts([first, first, second, third], theirs, []).twice == 1
    changed = {**first, "clicks": first["clicks"] + 1}
    assert settle_accounts([changed, second, third], theirs, []).wrong == [(*some[0], "clicks")]
