"""What is done to pages before they are decoded: wrappings come off, answers of people are veiled."""

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.catalog.stream import Personal
from facebook_marketing.catalog.streams import entity, leads
from facebook_marketing.records import Rows
from facebook_marketing.records.opened import digest, unwrapped, veiled

NAMES = frozenset({"id", "field_data"})
SECRET = "jane.doe@example.com"
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def page(*rows: object) -> bytes:
    return json.dumps(rows).encode()


def answers(veil: Any, *said: object, plain: frozenset[str] = frozenset()) -> Any:
    personal = Personal("field_data", veil, plain)
    (row,) = json.loads(veiled(personal, NAMES, page({"id": "1", "field_data": list(said)})))
    return row["field_data"]


@pytest.mark.parametrize(
    ("name", "written", "hashed"),
    (
        ("email", "  Jane.Doe@Example.com ", "jane.doe@example.com"),
        ("full_name", "JANE Döe", "jane döe"),
        ("phone_number", "+49 (0) 30 / 5550100", "490305550100"),
        ("work_phone_number", "0049 30 5550100", "49305550100"),
        ("whatsapp_number", "+1 202-555-0100", "12025550100"),
        ("phone_number", "none", "none"),
        ("telefon", "+1 202", "+1 202"),
    ),
)
def test_an_answer_is_made_even_before_it_is_hashed(name: str, written: str, hashed: str) -> None:
    assert digest(name, written) == sha(hashed)


def test_nothing_stays_nothing() -> None:
    assert digest("email", " ") == ""
    assert answers("hashed", {"name": "email", "values": []}, {"name": "x", "values": None}, {"name": "y"}) == [
        {"name": "email", "values": []},
        {"name": "x", "values": None},
        {"name": "y"},
    ]


def test_answers_are_hashed_and_those_to_harmless_questions_stay() -> None:
    said = ({"name": "Email", "values": [SECRET, "B@x.org"]}, {"name": "Country", "values": ["SE"]})
    assert answers("hashed", *said, plain=frozenset({"country"})) == [
        {"name": "Email", "values": [sha(SECRET), sha("b@x.org")]},
        {"name": "Country", "values": ["SE"]},
    ]


def test_dropped_answers_leave_their_questions() -> None:
    said = ({"name": "email", "values": [SECRET], "more": SECRET}, {"name": "country", "values": ["SE"]})
    assert answers("dropped", *said, plain=frozenset({"country"})) == [
        {"name": "email"},
        {"name": "country", "values": ["SE"]},
    ]


def test_plain_answers_are_as_they_came() -> None:
    row: Any = Rows(leads("plain")).decode(
        page({"id": "1", "field_data": [{"name": "email", "values": [SECRET]}]}), "7"
    )
    assert SECRET in bytes(row.rows[0].field_data).decode()


def test_a_key_that_was_not_asked_for_is_left_out_because_it_could_hold_anything() -> None:
    rows = Rows(leads()).decode(page({"id": "1", "email": SECRET, "home_listing": {"owner": SECRET}}), "7").rows
    assert SECRET not in msgspec.json.encode(rows).decode()
    plain = Rows(leads("plain")).decode(page({"id": "1", "email": SECRET}), "7").rows
    assert SECRET in msgspec.json.encode(plain).decode()


@pytest.mark.parametrize("veil", ("hashed", "dropped"))
@given(said=ANY_JSON)
def test_no_answer_leaves_in_whatever_shape_it_comes(veil: Any, said: object) -> None:
    """Meta's shape or any other: a text of the answers is nowhere in the page, and the page stays a page."""
    wrapped = _with_secret(said)
    out = veiled(Personal("field_data", veil), NAMES, page({"id": "1", "field_data": wrapped}))
    assert SECRET not in out.decode()
    assert SECRET not in json.dumps(json.loads(out), ensure_ascii=False)
    assert json.loads(out)[0]["id"] == "1"


def _with_secret(said: object) -> object:
    """The value with the secret in the place of every text, apart from what names a question."""
    match said:
        case str():
            return SECRET
        case list():
            return [*map(_with_secret, said), SECRET]
        case dict():
            return {**{key: _with_secret(value) for key, value in said.items()}, "name": "email"}
        case _:
            return [said, SECRET]


def test_a_name_that_is_no_text_names_no_question() -> None:
    assert answers("hashed", {"name": [SECRET], "values": [SECRET]}) == [
        {"name": [sha(SECRET)], "values": [sha(SECRET)]}
    ]


def test_a_page_of_leads_may_hold_half_a_character_and_line_breaks() -> None:
    raw = b'[\n{"id":"1","field_data":[{"name":"city","values":["Malm\\ud83d"]}]},\nnull]'
    (row,) = Rows(leads()).decode(raw, "7").rows
    assert sha("malm\ufffd") in msgspec.json.encode(row).decode()


def test_what_is_no_list_of_objects_is_no_page_of_leads() -> None:
    for raw in (b'{"id":"1"}', b"[1]", b"[{]"):
        with pytest.raises(msgspec.DecodeError):
            Rows(leads()).decode(raw, "7")


@pytest.mark.parametrize(
    "sent",
    (
        [{"recommendations": [{"type": "A"}, {"type": "B"}]}],
        [{"recommendations": [{"type": "A"}]}, {"recommendations": []}, {"recommendations": [{"type": "B"}]}],
        [{"recommendation_data": {"type": "A"}}, {"recommendation_data": {"type": "B"}}],
        [{"type": "A"}, {"type": "B"}],
        [{"opportunity_score": 78, "recommendations": [{"type": "A"}]}, {"type": "B"}],
    ),
)
def test_recommendations_are_rows_in_whatever_meta_wraps_them(sent: list[object]) -> None:
    rows: Any = Rows(entity("ad_recommendations")).decode(page(*sent), "7").rows
    assert [(row.type, row.account_id) for row in rows] == [("A", "7"), ("B", "7")]


def test_a_wrapping_keeps_the_digits_of_what_is_in_it() -> None:
    assert unwrapped(("rows",), b'[{"rows":[{"a":1.50,"b":"\\u00e9"}]}]') == b'[{"a":1.50,"b":"\\u00e9"}]'
