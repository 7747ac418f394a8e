"""Parameters arrive in many dresses and mean the same."""

from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.sandbox.errors import GraphError
from facebook_marketing.sandbox.params import Params, from_body, from_query

WORDS = st.lists(st.text("abcdefghij_0123456789", min_size=1, max_size=8), min_size=1, max_size=6)


@given(WORDS)
def test_a_list_means_the_same_as_json_comma_joined_or_bracketed(words: list[str]) -> None:
    as_json = from_query(urlencode({"fields": msgspec.json.encode(words).decode()}))
    joined = from_query(urlencode({"fields": ",".join(words)}))
    bracketed = from_query("&".join(f"fields[{at}]={word}" for at, word in enumerate(words)))
    pushed = from_query("&".join(f"fields[]={word}" for word in words))
    assert as_json.strings("fields") == joined.strings("fields") == tuple(words)
    assert bracketed.strings("fields") == pushed.strings("fields") == tuple(words)


@pytest.mark.parametrize(
    "query",
    (
        "time_range=%7B%22since%22%3A%222026-01-01%22%2C%22until%22%3A%222026-01-02%22%7D",
        "time_range=%7B'since'%3A'2026-01-01'%2C'until'%3A'2026-01-02'%7D",
        "time_range[since]=2026-01-01&time_range[until]=2026-01-02",
    ),
)
def test_an_object_is_read_as_json_with_either_quote_and_in_brackets(query: str) -> None:
    assert from_query(query).mapping("time_range") == {"since": "2026-01-01", "until": "2026-01-02"}


def test_nested_brackets_make_a_list_of_objects() -> None:
    params = from_query("filtering[0][field]=ad.id&filtering[0][operator]=IN&filtering[0][value][0]=7")
    assert params.mappings("filtering") == ({"field": "ad.id", "operator": "IN", "value": ["7"]},)


def test_the_later_value_of_a_name_wins() -> None:
    assert from_query("limit=5").plus(from_body(b"limit=7", "")).whole("limit", 25) == 7


def test_a_json_body_and_a_multipart_body_are_read_like_a_form() -> None:
    form = from_body(b"level=ad&time_increment=1&summary=true", "application/x-www-form-urlencoded")
    json = from_body(b'{"level":"ad","time_increment":1,"summary":true}', "application/json")
    parts = "".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("level", "ad"), ("time_increment", "1"), ("summary", "true"))
    )
    multipart = from_body(f"{parts}--B--\r\n".encode(), "multipart/form-data; boundary=B")
    assert form.public() == json.public() == multipart.public()
    assert form.flag("summary")


def test_a_plain_word_where_an_object_must_stand_is_refused() -> None:
    with pytest.raises(GraphError, match="Param time_range must be an array") as caught:
        Params([("time_range", "yesterday")]).mapping("time_range")
    assert caught.value.code == 100


def test_secrets_are_no_public_parameters() -> None:
    params = from_query("access_token=a&appsecret_proof=b&client_secret=c&limit=3")
    assert params.public() == {"limit": "3"}
