"""Rows into Arrow: every digit is kept, in its cell or beside it."""

import datetime as dt
import json
from decimal import Decimal

import msgspec
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from facebook_marketing.catalog.stream import Behaviour, Column, Kind, Stream
from facebook_marketing.engine.door import Change, Rows
from facebook_marketing.sinks.arrow import CHANGES, ROW_ID, arrow_schema, join, json_columns, to_table
from facebook_marketing.sinks.json_text import json_text, mended_text

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


class Cell(msgspec.Struct):
    id: str | None
    x: object = msgspec.UNSET


def stream(kind: Kind, key: tuple[str, ...] = ("id",)) -> Stream:
    return Stream("cells", Behaviour.EDGE, "Ad", "ads", (Column("id", Kind.STRING, {}), Column("x", kind, {})), key)


def table(kind: Kind, *cells: object, key: tuple[str, ...] = ("id",), changes: tuple[Change, ...] = ()) -> pa.Table:
    items = [Cell(str(row), cell) for row, cell in enumerate(cells)]
    of = stream(kind, key)
    return join([arrow_schema(of).empty_table(), to_table(of, Rows("cells", "1", items, changes), NOW)])


def changes(found: pa.Table) -> list[list[dict[str, str]]]:
    return [json.loads(text) if text else [] for text in found[CHANGES].to_pylist()]


FINE = st.decimals(allow_nan=False, allow_infinity=False, min_value="-1e-15", max_value="1e-15")


@example([Decimal("3.64809999999998969212080712139199213444208E-36")])
@example([Decimal("3.6480999999999896921208071213919921E-36")])
@example([Decimal("1." + "1" * 59)])
@example([Decimal("1." + "0" * 59)])
@example([Decimal("-12345678901234567890.123456789012345678")])
@example([Decimal(690501266355715758773)])
@given(st.lists(st.decimals() | FINE, min_size=1, max_size=5))
def test_every_number_is_exact_in_its_cell_or_kept_beside_it(numbers: list[Decimal]) -> None:
    found = table(Kind.NUMBER, *numbers)
    for sent, cell, beside in zip(numbers, found["x"].to_pylist(), changes(found), strict=True):
        if cell is None:
            [change] = beside
            assert change["field"] == "x"
            kept = Decimal(json.loads(change["sent"]) if change["sent"].startswith('"') else change["sent"])
            assert str(kept) == str(sent) or kept.compare_total(sent) == 0
        else:
            assert cell == sent
            assert beside == []


@given(st.lists(st.integers(), min_size=1, max_size=5))
def test_every_integer_is_exact_in_its_cell_or_kept_beside_it(numbers: list[int]) -> None:
    found = table(Kind.INTEGER, *numbers)
    for sent, cell, beside in zip(numbers, found["x"].to_pylist(), changes(found), strict=True):
        assert cell == sent or (cell is None and int(beside[0]["sent"]) == sent)


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_text_comes_through_as_it_is_but_for_nul(texts: list[str]) -> None:
    assert table(Kind.STRING, *texts)["x"].to_pylist() == [text.replace("\x00", "\ufffd") for text in texts]


JSON = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_json_is_copied_through_when_databases_take_it(value: object) -> None:
    sent = json.dumps(value)
    text = table(Kind.JSON, msgspec.Raw(sent.encode()))["x"].to_pylist()[0]
    assert text == (None if sent == "null" else sent) or "\\u0000" in sent or "\\ud" in sent


@pytest.mark.parametrize(
    ("sent", "kept"),
    (
        (r'"\ud83d\ude00"', r'"\ud83d\ude00"'),
        (r'"cut \ud83d"', r'"cut \ufffd"'),
        (r'"\ude00\ud83d\ude00"', r'"\ufffd\ud83d\ude00"'),
        (r'"nul \u0000"', r'"nul \ufffd"'),
        (r'"no escape \\ud83d \\u0000"', r'"no escape \\ud83d \\u0000"'),
        ("[0.10000000000000000001, 1E+400]", "[0.10000000000000000001, 1E+400]"),
        ('"NaN and Infinity as words"', '"NaN and Infinity as words"'),
    ),
)
def test_half_an_emoji_does_not_sink_a_load(sent: str, kept: str) -> None:
    raw = msgspec.Raw(sent.encode())
    assert mended_text(raw) == kept
    found = table(Kind.JSON, raw)
    assert found["x"].to_pylist() == [kept]
    assert bool(changes(found)[0]) == (sent != kept)


def test_numbers_in_lists_keep_their_digits_and_nan_becomes_a_text() -> None:
    assert json_text([Decimal("1.50"), Decimal("1E+2")]) == "[1.50,1E+2]"
    assert mended_text([Decimal("NaN")]) == '["NaN"]'
    with pytest.raises(ValueError, match="NaN"):
        json_text([Decimal("NaN")])


@pytest.mark.parametrize(
    ("kind", "sent", "cell"),
    (
        (Kind.DATE, "2026-10-25", dt.date(2026, 10, 25)),
        (Kind.DATE, "0000-00-00", None),
        (Kind.DATETIME, "2026-10-25T01:30:00-0700", dt.datetime(2026, 10, 25, 8, 30, tzinfo=dt.UTC)),
        (Kind.DATETIME, "2026-10-25T01:30:00.000001Z", dt.datetime(2026, 10, 25, 1, 30, 0, 1, tzinfo=dt.UTC)),
        (Kind.DATETIME, "2026-10-25T01:30:00", None),
        (Kind.DATETIME, "", None),
        (Kind.BOOLEAN, True, True),
        (Kind.BOOLEAN, "yes", None),
        (Kind.STRING, 7, "7"),
        (Kind.NUMBER, 7, Decimal(7)),
        (Kind.NUMBER, 1.5, None),
    ),
)
def test_a_cell_is_its_value_or_null_with_what_came_beside_it(kind: Kind, sent: object, cell: object) -> None:
    good = {Kind.DATE: "2026-01-01", Kind.DATETIME: "2026-01-01T00:00:00Z", Kind.BOOLEAN: False}.get(kind)
    found = table(kind, good, sent, None)
    assert found["x"].to_pylist()[1] == cell
    assert found["x"].to_pylist()[0] is None or good is not None, "a good neighbour stays"
    same = cell is not None and kind is not Kind.STRING
    assert [len(row) for row in changes(found)] == [0, 0 if same else 1, 0]


def test_what_the_reader_could_not_deliver_is_said_beside_the_row() -> None:
    found = table(Kind.NUMBER, Decimal(1), None, changes=(Change(1, "x", "refused by Meta"),))
    assert changes(found) == [[], [{"field": "x", "reason": "refused by Meta"}]]


def test_rows_of_several_types_make_one_table_with_the_columns_of_all() -> None:
    class Wider(Cell):
        more: object = msgspec.UNSET

    rows = Rows("cells", "1", [Cell("1", 1), Wider("2", 2, {"a": 1}), Cell("3", 3)], (Change(1, "more", "why"),))
    found = to_table(stream(Kind.INTEGER), rows, NOW)
    assert found.column_names[:2] == ["id", "x"]
    assert found["more"].to_pylist() == [None, '{"a":1}', None]
    assert [len(row) for row in changes(found)] == [0, 1, 0]
    assert json_columns(stream(Kind.INTEGER), found.schema) == {"more", CHANGES}


def test_rows_whose_key_has_an_absent_part_are_told_apart_and_found_again() -> None:
    first, again = (table(Kind.STRING, None, "", "a", key=("id", "x"))[ROW_ID].to_pylist() for _ in range(2))
    assert first == again
    assert len(set(first)) == 3
