"""Laws of splitting: nothing is lost, nothing is doubled, and parts join to what they came from."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.plan.split import JoinError, bisect_ids, halve_dates, halve_fields, join
from facebook_marketing.plan.windows import EPOCH, Increment, Window, bucket, buckets

increments = st.one_of(st.integers(1, 90), st.sampled_from(("weekly", "monthly", "all_days")))
names = st.text("abcdefgh", min_size=1, max_size=3)


def leaves(window: Window, increment: Increment) -> list[Window]:
    halves = halve_dates(window, increment, EPOCH)
    return [window] if halves is None else [leaf for half in halves for leaf in leaves(half, increment)]


@given(st.dates(date(2019, 1, 1), date(2029, 1, 1)), st.integers(0, 300), increments)
def test_a_window_split_to_the_end_is_its_buckets_newest_first(day: date, length: int, increment: Increment) -> None:
    window = Window(day, day + timedelta(days=length))
    assert leaves(window, increment) == list(buckets(window, increment, EPOCH))[::-1]


@given(st.dates(date(2019, 1, 1), date(2029, 1, 1)), st.integers(0, 300), increments)
def test_halves_are_near_in_size_and_meet_on_a_border(day: date, length: int, increment: Increment) -> None:
    window = Window(day, day + timedelta(days=length))
    halves = halve_dates(window, increment, EPOCH)
    if halves is None:
        assert len(tuple(buckets(window, increment, EPOCH))) == 1
        return
    newer, older = halves
    assert (older.since, newer.until) == (window.since, window.until)
    assert older.until + timedelta(days=1) == newer.since == bucket(newer.since, increment, EPOCH).since
    sizes = [len(tuple(buckets(half, increment, EPOCH))) for half in halves]
    assert abs(sizes[0] - sizes[1]) <= 1


@given(st.lists(names))
def test_ids_split_to_the_end_are_the_same_ids_in_order(ids: list[str]) -> None:
    def parts(some: tuple[str, ...]) -> list[str]:
        halves = bisect_ids(some)
        return list(some) if halves is None else [one for half in halves for one in parts(half)]

    assert parts(tuple(ids)) == ids
    assert (bisect_ids(ids) is None) == (len(ids) < 2)


@given(st.lists(names, unique=True), st.sets(names))
def test_halves_by_field_share_the_keys_and_nothing_else(fields: list[str], keys: set[str]) -> None:
    halves = halve_fields(fields, keys)
    free = [name for name in fields if name not in keys]
    if halves is None:
        assert len(free) < 2
        return
    left, right = halves
    assert set(left) & set(right) == keys & set(fields)
    assert [name for name in (*left, *right) if name not in keys] == free
    assert max(len(left), len(right)) < len(fields)


def test_breakdowns_are_not_added_to_the_fields() -> None:
    assert halve_fields(["ad_id", "spend", "clicks"], ["ad_id", "age"]) == (("ad_id", "spend"), ("ad_id", "clicks"))


rows = st.dictionaries(
    st.tuples(st.sampled_from(("1", "2", "3")), st.sampled_from(("a", "b", None))),
    st.fixed_dictionaries({}, optional={"spend": st.text("019.", max_size=3), "clicks": st.text("019", max_size=2)}),
)


@given(rows)
def test_rows_split_by_field_and_joined_are_the_same_rows(found: dict[tuple[str, str | None], dict[str, str]]) -> None:
    whole = [
        {"ad_id": ad, **({} if hour is None else {"hour": hour}), **values} for (ad, hour), values in found.items()
    ]
    left, right = (
        [{name: value for name, value in row.items() if name != other} for row in whole]
        for other in ("clicks", "spend")
    )
    assert join(left, right[::-1], ("ad_id", "hour")) == whole


def test_a_row_missing_on_one_side_is_kept() -> None:
    left = [{"ad_id": "1", "spend": "1.5"}]
    right = [{"ad_id": "2", "clicks": "4"}, {"ad_id": "1", "clicks": "3"}]
    assert join(left, right, ["ad_id"]) == [
        {"ad_id": "1", "spend": "1.5", "clicks": "3"},
        {"ad_id": "2", "clicks": "4"},
    ]


def test_an_asset_object_can_be_part_of_a_key() -> None:
    left = [{"image_asset": {"id": "1", "hash": "x"}, "spend": "1"}]
    right = [{"image_asset": {"hash": "x", "id": "1"}, "clicks": "2"}]
    assert join(left, right, ["image_asset"]) == [{**left[0], "clicks": "2"}]


def test_an_absent_key_column_is_not_the_same_as_an_empty_one() -> None:
    assert len(join([{"hour": ""}, {"hour": None}, {}], [], ["hour"])) == 3


@pytest.mark.parametrize("swapped", (False, True))
def test_rows_that_would_collapse_are_refused_with_the_next_step(swapped: bool) -> None:  # noqa: FBT001
    twice = [{"ad_id": "1", "age": "18-24"}, {"ad_id": "1", "age": "25-34"}]
    left, right = ([], twice) if swapped else (twice, [])
    with pytest.raises(JoinError, match=r"ad_id='1'.*Next step"):
        join(left, right, ["ad_id"])
