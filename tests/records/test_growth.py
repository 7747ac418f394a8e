"""Keys that nobody asked for are kept."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.catalog.reports import custom
from facebook_marketing.catalog.streams import entity
from facebook_marketing.records import Nulled, Rows, attribute, make_struct
from records import reference

encode = msgspec.json.Encoder(decimal_format="number").encode


def lines(rows: Rows, page: bytes) -> list[bytes]:
    return [encode(row) for row in rows.decode(page, "7").rows]


def test_an_unknown_key_is_kept_as_it_came_and_in_later_pages_too() -> None:
    rows = Rows(entity("campaigns"))
    first = rb'[{"id":"1","brand_new":{"a" :1.50}},{"id":"2"},{"id":"3","newer":null}]'
    assert lines(rows, first) == [rb'{"id":"1","brand_new":{"a" :1.50}}', b'{"id":"2"}', b'{"id":"3","newer":null}']
    assert lines(rows, b'[{"id":"4","newer":"x"}]') == [b'{"id":"4","newer":"x"}']


def test_pages_of_the_grown_type_have_one_type() -> None:
    rows = Rows(entity("campaigns"))
    known = type(rows.decode(b'[{"id":"0"}]', "7").rows[0])
    grown = rows.decode(b'[{"id":"1"},{"id":"2","brand_new":1}]', "7").rows
    later = rows.decode(b'[{"id":"3"}]', "7").rows
    assert {type(row) for row in (*grown, *later)} == {type(grown[0])}
    assert type(grown[0]) is not known


def test_a_page_may_bring_an_unknown_key_and_a_cell_that_cannot_be_read() -> None:
    page = b'[{"id":"1","spend_cap":"much","a_new":1},{"id":"2","spend_cap":"NaN"},{"b_new":2,"spend_cap":"5"}]'
    rows = Rows(entity("campaigns"))
    assert lines(rows, page) == [
        b'{"id":"1","spend_cap":null,"a_new":1}',
        b'{"id":"2","spend_cap":null}',
        b'{"spend_cap":5,"b_new":2}',
    ]
    assert rows.decode(page, "7").nulled == (Nulled(0, "spend_cap"), Nulled(1, "spend_cap"))


@pytest.mark.parametrize(
    ("entry", "left"),
    (
        ('{"value":"1","28d_view":"2"}', '{"value":1,"28d_view":2}'),
        ('{"action_device":"iphone","value":"1"}', '{"value":1,"action_device":"iphone"}'),
        ('{"value":"1","who_knows":"2"}', '{"value":1,"who_knows":"2"}'),
        ('{"value":"1","who_knows":{"a":[1.0]}}', '{"value":1,"who_knows":{"a":[1.0]}}'),
    ),
)
def test_an_unasked_key_of_an_action_is_kept(entry: str, left: str) -> None:
    stream = custom("r", fields=("actions",), windows=("1d_click",))
    assert lines(Rows(stream), f'[{{"actions":[{entry}]}}]'.encode()) == [f'{{"actions":[{left}]}}'.encode()]


def test_unasked_keys_of_results_are_kept_at_both_depths() -> None:
    rows = Rows(custom("r", fields=("results",)))
    page = b'[{"results":[{"indicator":"reach","goal":"x","values":[{"value":1,"note":2}]}]}]'
    assert lines(rows, page) == [b'{"results":[{"indicator":"reach","values":[{"value":1,"note":2}],"goal":"x"}]}']


def test_names_that_python_spells_alike_stay_apart() -> None:
    row = {"id": "1", **{name: name for name in ("geo-markets", "geo_markets", "1d_new", "_1d_new", "class", "_class")}}
    (line,) = lines(Rows(entity("campaigns")), reference.dumps([row]).encode())
    assert msgspec.json.decode(line) == row


@pytest.mark.parametrize(
    "name", ("__init__", "__dict__", "__class__", "__slots__", "__struct_fields__", "", "é", "¼", "😀", "a\u2028b")
)
def test_a_key_may_be_called_anything(name: str) -> None:
    row = {"id": "1", name: "x"}
    (line,) = lines(Rows(entity("campaigns")), reference.dumps([row]).encode())
    assert msgspec.json.decode(line) == row


@pytest.mark.parametrize("name", ('a"b', "a\\b", "a\nb"))
def test_a_key_that_cannot_be_a_column_is_said(name: str) -> None:
    decoded = Rows(entity("campaigns")).decode(reference.dumps([{"id": "1", name: "x"}]).encode(), "7")
    assert [encode(row) for row in decoded.rows] == [b'{"id":"1"}']
    assert decoded.nulled == (Nulled(0, name),)


def test_a_row_of_endless_keys_does_not_grow_the_struct_without_end() -> None:
    rows = Rows(entity("campaigns"))
    for page in range(3):
        row = {"id": str(page)} | {f"k{page}_{number}": number for number in range(400)}
        decoded = rows.decode(msgspec.json.encode([row, {"id": "x"}]), "7")
        kept = msgspec.json.decode(encode(decoded.rows[0]))
        said = {one.field for one in decoded.nulled}
        assert len(type(decoded.rows[0]).__struct_fields__) <= 512
        assert kept.keys() | said == row.keys()
        assert not kept.keys() & said
        assert msgspec.json.decode(encode(decoded.rows[1])) == {"id": "x"}


NAMES = st.text(st.characters(codec="utf-8", exclude_characters='"\\', min_codepoint=32))


@given(st.lists(NAMES, unique=True, max_size=8))
def test_a_struct_writes_the_names_that_it_was_given(names: list[str]) -> None:
    struct: Any = make_struct("S", dict.fromkeys(names, int))
    row = msgspec.json.decode(msgspec.json.encode(dict.fromkeys(names, 1)), type=struct)
    assert msgspec.json.decode(encode(row)) == dict.fromkeys(names, 1)


@pytest.mark.parametrize(
    ("name", "attr"), (("spend", "spend"), ("1d_click", "_1d_click"), ("geo-markets", "geo_markets"), ("from", "_from"))
)
def test_an_attribute_is_the_name_as_python_takes_it(name: str, attr: str) -> None:
    assert attribute(name) == attr
