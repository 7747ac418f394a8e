"""Cursors and pages: every row once, whatever the page size, however pages are cut short."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.sandbox.errors import GraphError
from facebook_marketing.sandbox.paging import cut, decode, encode, offset_cursor, offset_of
from facebook_marketing.sandbox.params import Params

Rows = list[dict[str, object]]


def rows_of(count: int) -> Rows:
    return [{"id": str(1000 + at)} for at in range(count)]


def walk(rows: Sequence[dict[str, object]], limit: int, gaps: str | None) -> list[list[object]]:
    pages: list[list[object]] = []
    params = Params()
    while True:
        piece, ends = cut(rows, params, limit, gaps=gaps)
        pages.append([row["id"] for row in rows[piece.start : piece.stop]])
        if not ends.has_next:
            return pages
        params = Params([("after", ends.after)])


@given(st.integers(0, 90), st.integers(1, 40), st.sampled_from((None, "a", "b", "c", "d")))
def test_a_walk_gives_every_row_once_in_order(count: int, limit: int, gaps: str | None) -> None:
    rows = rows_of(count)
    pages = walk(rows, limit, gaps)
    assert [row for page in pages for row in page] == [row["id"] for row in rows]
    assert all(len(page) <= limit for page in pages)


def test_some_walks_meet_an_empty_page_and_a_short_one_before_the_end() -> None:
    pages = [page for name in "abcdefgh" for page in walk(rows_of(200), 10, name)[:-1]]
    assert [] in pages
    assert any(0 < len(page) < 10 for page in pages)


@given(st.integers(1, 60), st.integers(1, 15))
def test_walking_back_from_the_end_gives_every_row_once(count: int, limit: int) -> None:
    rows = rows_of(count)
    seen: list[object] = []
    params = Params([("before", cut(rows, Params(), count, gaps=None)[1].after)])
    while True:
        piece, ends = cut(rows, params, limit, gaps=None)
        seen = [row["id"] for row in rows[piece.start : piece.stop]] + seen
        if not ends.has_previous:
            break
        params = Params([("before", ends.before)])
    assert seen == [row["id"] for row in rows[:-1]]


def test_rows_that_come_in_at_the_head_do_not_move_a_walk() -> None:
    rows = rows_of(20)
    _, ends = cut(rows, Params(), 10, gaps=None)
    grown: Rows = [{"id": "new"}, *rows]
    piece, _ = cut(grown, Params([("after", ends.after)]), 10, gaps=None)
    assert grown[piece.start : piece.stop] == rows[10:]


def test_a_cursor_whose_row_has_gone_is_refused_with_2642() -> None:
    rows = rows_of(20)
    _, ends = cut(rows, Params(), 10, gaps=None)
    with pytest.raises(GraphError) as caught:
        cut(rows[:5] + rows[12:], Params([("after", ends.after)]), 10, gaps=None)
    assert caught.value.code == 2642


@given(st.text())
def test_a_cursor_reads_back_as_it_was_written(text: str) -> None:
    assert decode(encode(text)) == text


@pytest.mark.parametrize(("offset", "cursor"), ((0, "MAZDZD"), (24, "MjQZD"), (49, "NDkZD"), (799, "Nzk5")))
def test_insights_cursors_are_offsets_with_padding_written_as_zd(offset: int, cursor: str) -> None:
    assert offset_cursor(offset) == cursor
    assert offset_of(cursor) == offset


@pytest.mark.parametrize("cursor", ("", "x", "!!!!", "QVFI", "MAZDZDZD"))
def test_a_cursor_that_nobody_made_is_refused(cursor: str) -> None:
    with pytest.raises(GraphError) as caught:
        offset_of(cursor)
    assert caught.value.code == 2642
