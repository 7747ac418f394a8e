"""Whole pages, also hostile ones."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.catalog.reports import custom
from facebook_marketing.catalog.streams import ENTITIES, entity
from facebook_marketing.records import Nulled, Rows, key_of
from records import reference

CAMPAIGNS = entity("campaigns")
encode = msgspec.json.Encoder(decimal_format="number").encode


def lines(page: bytes) -> list[bytes]:
    return [encode(row) for row in Rows(CAMPAIGNS).decode(page, "7").rows]


@pytest.mark.parametrize(
    "page",
    (
        *(b"", b"{}", b'{"0":{"id":"1"}}', b"null", b"5", b'"[]"', b"[5]", b'[{"id":"1"},5]', b'["x"]', b"[[]]"),
        *(b"[{]", b'[{"id":"1"}', b"[{'id':1}]", b'[{"id":01}]', b'[{"id":NaN}]', b"[" * 100_000),
        b'[{"id":"1","adlabels":' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
    ),
    ids=lambda page: page[:20].decode(),
)
def test_what_is_no_list_of_objects_is_refused(page: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        Rows(CAMPAIGNS).decode(page, "7")


def test_an_empty_page_has_no_rows() -> None:
    assert Rows(CAMPAIGNS).decode(b"[]", "7").rows == []


def test_a_null_among_the_rows_is_no_row_and_rows_keep_their_numbers() -> None:
    decoded = Rows(CAMPAIGNS).decode(b'[null,{"id":"1"},null,{"id":"2","spend_cap":"x"}]', "7")
    assert [row.id for row in decoded.rows] == ["1", "2"]  # type: ignore[attr-defined]
    assert decoded.nulled == (Nulled(1, "spend_cap"),)


def test_a_row_may_have_nothing() -> None:
    assert lines(b"[{}]") == [b"{}"]


def test_of_a_repeated_key_the_last_counts_as_everywhere() -> None:
    assert lines(b'[{"id":"1","spend_cap":"5","spend_cap":"6"},{"spend_cap":"x","spend_cap":"7"}]') == [
        b'{"id":"1","spend_cap":6}',
        b'{"spend_cap":7}',
    ]


def test_keys_may_be_written_with_escapes() -> None:
    assert lines(rb'[{"\u0069d":"1","spend\u005fcap":"6"}]') == [b'{"id":"1","spend_cap":6}']


def test_a_page_of_many_lines_leaves_as_one_line_a_row() -> None:
    page = b'[\r\n {"id": "1",\n  "adlabels": [\n {"id": "5", "x": 1.50}\n ]}\n]'
    assert lines(page) == [b'{"id":"1","adlabels":[{"id":"5","x":1.50}]}']


def test_half_an_emoji_does_not_sink_its_page() -> None:
    page = rb'[{"id":"1","name":"cut \ud83c"},{"id":"2","name":"\udf5e","adlabels":["\ud83c\udf5e \ud83c x \\ud83c"]}]'
    assert lines(page) == [
        '{"id":"1","name":"cut \ufffd"}'.encode(),
        '{"id":"2","name":"\ufffd","adlabels":["'.encode() + rb'\ud83c\udf5e \ufffd x \\ud83c"]}',
    ]


def test_bytes_that_are_no_characters_do_not_sink_their_page() -> None:
    page = b'[{"id":"1","name":"a\xff"},{"id":"2","adlabels":["\xc3"]},{"id":"3","name":"\xc3\xa9"}]'
    assert [line.decode() for line in lines(page)] == [
        '{"id":"1","name":"a\ufffd"}',
        '{"id":"2","adlabels":["\ufffd"]}',
        '{"id":"3","name":"é"}',
    ]


def test_numbers_beyond_all_reason_pass_through_free_form_values() -> None:
    huge = b"9" * 6000
    assert lines(b'[{"adlabels":[' + huge + b",1e999999]}]") == [b'{"adlabels":[' + huge + b",1e999999]}"]


def test_deep_values_pass_through() -> None:
    deep = b"[" * 200 + b"]" * 200
    assert lines(b'[{"adlabels":' + deep + b"}]") == [b'{"adlabels":' + deep + b"}"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=10,
    )
)
def test_a_page_has_as_many_rows_as_objects_or_is_refused(rows: Any) -> None:
    page = msgspec.json.encode(rows)
    fits = isinstance(rows, list) and all(row is None or isinstance(row, dict) for row in rows)
    try:
        decoded = Rows(CAMPAIGNS).decode(page, "7")
    except msgspec.DecodeError:
        assert not fits
    else:
        assert fits
        assert len(decoded.rows) == sum(row is not None for row in rows)
        assert all(0 <= one.row < len(decoded.rows) for one in decoded.nulled)


@given(st.data())
def test_broken_bytes_are_refused_or_read_but_never_anything_else(data: st.DataObject) -> None:
    page = bytearray(
        b'[{"id":"1","spend_cap":"5","updated_time":"2026-01-31T12:00:00-0700","adlabels":[{"a":1}]},null]'
    )
    for _ in range(data.draw(st.integers(1, 3))):
        page[data.draw(st.integers(0, len(page) - 1))] = data.draw(st.integers(0, 255))
    try:
        decoded = Rows(CAMPAIGNS).decode(bytes(page), "7")
    except msgspec.DecodeError:
        return
    for row in decoded.rows:
        assert b"\n" not in encode(row)
        msgspec.json.decode(encode(row))


def test_a_key_is_its_columns_in_order() -> None:
    stream = custom("r", breakdowns=("age", "gender"))
    row = {"gender": "male", "age": "18-24", "ad_id": "5", "account_id": "7", "date_start": "2026-10-01"}
    decoded = Rows(stream).decode(reference.dumps([row]).encode(), "7")
    assert key_of(stream)(decoded.rows[0]) == ("2026-10-01", "7", "5", "18-24", "male")


@pytest.mark.parametrize("stream", ENTITIES, ids=lambda stream: stream.name)
def test_rows_of_an_entity_are_told_apart(stream: Any) -> None:
    page = b'[{"id":"1","object_id":"1"},{"id":"2","object_id":"2"},{"id":"1","object_id":"1"}]'
    first, second, again = map(key_of(stream), Rows(stream).decode(page, "7").rows)
    assert first == again != second


def test_rows_without_a_key_are_told_apart_by_all_their_digits() -> None:
    key = key_of(entity("activities"))
    rows = Rows(entity("activities")).decode(b'[{"extra":1.10},{"extra":1.1},{"extra":1.10}]', "7").rows
    assert key(rows[0]) == key(rows[2]) != key(rows[1])


def test_amounts_are_decimals() -> None:
    row: Any = Rows(CAMPAIGNS).decode(b'[{"spend_cap":"5"}]', "7").rows[0]
    assert isinstance(row.spend_cap, Decimal)
