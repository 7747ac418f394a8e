"""Loaded numbers beside reported ones: every difference is found, no other, and what explains it is said."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.catalog.reconciliation import Tolerance
from facebook_marketing.catalog.stream import Report
from facebook_marketing.engine.reconcile import (
    HIDDEN,
    MOVING,
    SEVERAL_SETTINGS,
    TARGETS,
    Cell,
    Known,
    compare,
    days,
    differing,
)

FIRST = date(2026, 10, 1)
KNOWN = Known(Report(), moving_since=date(2026, 10, 20))
ACTIVE = {"field": "ad.effective_status", "operator": "IN", "value": ["ACTIVE"]}
ACTIVE_ONLY = Known(Report(filtering=(ACTIVE,)), moving_since=date(2026, 10, 20))
CELLS = st.builds(
    lambda entity, day, metric: Cell(entity, FIRST + timedelta(day), FIRST + timedelta(day), metric),
    st.sampled_from(("", "11", "12")),
    st.integers(0, 30),
    st.sampled_from(("impressions", "clicks", "actions")),
)
NUMBERS = st.dictionaries(CELLS, st.integers(0, 10**12).map(Decimal))


def cell(day: int, metric: str = "impressions", entity: str = "", action: str = "") -> Cell:
    return Cell(entity, date(2026, 10, day), date(2026, 10, day), metric, action)


@given(NUMBERS, NUMBERS)
def test_a_number_that_is_counted_differs_exactly_where_it_is_another(
    loaded: dict[Cell, Decimal | None], reported: dict[Cell, Decimal | None]
) -> None:
    wrong = {one.cell for one in differing(compare(loaded, reported, KNOWN))}
    assert wrong == {c for c in {*loaded, *reported} if (loaded.get(c) or 0) != (reported.get(c) or 0)}


@given(NUMBERS)
def test_what_is_the_same_differs_nowhere(numbers: dict[Cell, Decimal | None]) -> None:
    assert differing(compare(numbers, numbers, KNOWN)) == ()


@given(st.sets(st.integers(0, 60)))
def test_spans_hold_exactly_the_days_and_never_touch(numbers: set[int]) -> None:
    wanted = {FIRST + timedelta(n) for n in numbers}
    spans = days(Cell("", day, day, "spend") for day in wanted)
    held = [since + timedelta(n) for since, until in spans for n in range((until - since).days + 1)]
    assert sorted(wanted) == held
    assert all(b[0] - a[1] > timedelta(days=1) for a, b in pairwise(spans))


def test_money_may_be_off_by_what_rounding_takes_and_counts_may_not() -> None:
    spend, clicks = cell(1, "spend"), cell(1, "clicks")
    loaded: dict[Cell, Decimal | None] = {spend: Decimal("1000.07"), clicks: Decimal(1000)}
    assert not differing(compare(loaded, {spend: Decimal("1000.00"), clicks: Decimal(1000)}, KNOWN))
    assert len(differing(compare(loaded, {spend: Decimal("999.9"), clicks: Decimal(1001)}, KNOWN))) == 2


def test_the_user_may_allow_more() -> None:
    one = cell(1)
    allowed = {"impressions": Tolerance(share=Decimal("0.01"))}
    assert not differing(compare({one: Decimal(101)}, {one: Decimal(100)}, KNOWN, allowed))
    assert differing(compare({one: Decimal(102)}, {one: Decimal(100)}, KNOWN, allowed))


@pytest.mark.parametrize(
    ("which", "loaded", "reported", "known", "why"),
    (
        (cell(25), 5, 6, KNOWN, MOVING),
        (cell(5), 5, 6, KNOWN, ""),
        (cell(5), 5, 6, ACTIVE_ONLY, HIDDEN),
        (cell(5), 7, 6, ACTIVE_ONLY, ""),
        (cell(5, entity="7"), 0, 6, ACTIVE_ONLY, HIDDEN),
        (
            cell(5, "actions", action="purchase"),
            5,
            6,
            Known(Report(action_breakdowns=("action_type", "action_target_id")), date(2026, 10, 20)),
            TARGETS,
        ),
    ),
)
def test_a_difference_is_explained_where_its_reason_is_known(
    which: Cell, loaded: int, reported: int, known: Known, why: str
) -> None:
    (found,) = compare({which: Decimal(loaded)}, {which: Decimal(reported)}, known)
    assert (found.within, found.explanation) == (False, why)


def test_a_total_that_meta_leaves_out_is_no_difference_but_says_why() -> None:
    one = cell(5, "spend")
    (found,) = compare({one: Decimal(3)}, {one: None}, KNOWN)
    assert (found.within, found.reported, found.difference, found.explanation) == (True, None, None, SEVERAL_SETTINGS)


def test_actions_that_agree_are_not_listed() -> None:
    one = cell(5, "actions", action="link_click")
    assert compare({one: Decimal(3)}, {one: Decimal(3)}, KNOWN) == ()
