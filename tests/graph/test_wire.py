"""Bytes and values: requests, pages, faults, batches, and that no token shows."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.graph import wire
from facebook_marketing.graph.wire import Call, Endpoint, Reply, Token

TOKEN = Token("tok-123")
PLAIN = Endpoint(TOKEN)


def test_a_get_carries_its_parameters_in_the_query() -> None:
    request = wire.request(PLAIN, Call("act_1/ads", (("fields", "id,name"), ("limit", "200"))))
    assert request.url == "https://graph.facebook.com/v26.0/act_1/ads?fields=id,name&limit=200"
    assert request.method == "GET"
    assert request.body == b""


def test_a_post_carries_its_parameters_in_a_form() -> None:
    request = wire.request(PLAIN, Call("act_1/insights", (("level", "ad"),), method="POST"))
    assert request.url == "https://graph.facebook.com/v26.0/act_1/insights"
    assert request.body == b"level=ad"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_the_proof_is_the_hmac_of_the_token_under_the_app_secret() -> None:
    request = wire.request(Endpoint(TOKEN, secret=Token("app-secret")), Call("me"))
    by_openssl = "b964cb4ae521743b46d3a21eaff285206ae5e8f41f6a991029769db530a464ed"
    assert request.url == f"https://graph.facebook.com/v26.0/me?appsecret_proof={by_openssl}"


def test_a_proof_differs_for_another_token() -> None:
    assert wire.proof(Token("s"), Token("a")) != wire.proof(Token("s"), Token("b"))


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=8))
def test_no_representation_shows_the_token(secret: str) -> None:
    endpoint = Endpoint(Token(secret), secret=Token(secret))
    for text in (repr(endpoint), str(endpoint), repr(endpoint.token), f"{endpoint}"):
        assert secret not in text.replace("https://graph.facebook.com", "").replace("Endpoint", "").replace("Token", "")


@pytest.mark.parametrize(
    "text",
    (
        "GET /me?access_token=EAAsecret&fields=id",
        'next: "https://x/y?limit=5&access_token=EAAsecret"',
        "access_token=EAAsecret",
        '{"access_token":"EAAsecret","x":1}',
        "oauth?client_secret=EAAsecret&fb_exchange_token=EAAsecret",
    ),
)
def test_what_looks_like_a_token_is_taken_out_of_a_text(text: str) -> None:
    assert "EAAsecret" not in wire.redact(text)


def test_a_call_takes_parameters_in_place_of_its_own() -> None:
    call = Call("x", (("limit", "5"), ("fields", "id"))).having(limit="9", fields=None, after="c")
    assert dict(call.params) == {"limit": "9", "after": "c"}


@pytest.mark.parametrize(
    ("body", "code", "subcode"),
    (
        (
            b'{"error":{"message":"m","type":"OAuthException","code":17,"error_subcode":2446079,"fbtrace_id":"A"}}',
            17,
            2446079,
        ),
        (b'{"error":{"code":1,"message":"Please reduce"}}', 1, None),
        (b'{"error":{"message":"m","code":"190"}}', 190, None),
        (b'{"error":{"message":"m","code":-3,"error_subcode":1504045,"error_data":"{}"}}', -3, 1504045),
        (b'{"error":"text"}', None, None),
    ),
)
def test_an_error_object_becomes_a_fault_whatever_its_status(
    body: bytes, code: int | None, subcode: int | None
) -> None:
    for status in (200, 400, 403, 500):
        fault = wire.fault(Reply(status, {}, body))
        assert fault is not None
        assert (fault.code, fault.subcode, fault.status) == (code, subcode, status)


@pytest.mark.parametrize(
    "body", (b"", b"<html><body>Service Unavailable</body></html>", b'"Service Unavailable"', b'{"data":[{"a":', b"[]")
)
def test_what_is_no_whole_json_object_is_a_passing_fault(body: bytes) -> None:
    fault = wire.fault(Reply(200, {}, body))
    assert fault is not None
    assert fault.transient


def test_a_reply_with_data_is_no_fault() -> None:
    assert wire.fault(Reply(200, {}, b'{"data":[],"paging":[]}')) is None
    assert wire.fault(Reply(200, {}, b'{"id":"1"}')) is None


def test_a_page_keeps_its_rows_byte_for_byte() -> None:
    rows = b'[{"id":"1","x":{"a":[1,2.50]},"t":"\\u00e9\\/"}]'
    assert wire.page(b'{"data":' + rows + b',"paging":{}}').rows == rows


@pytest.mark.parametrize("body", (b'{"data":null}', b"{}"))
def test_a_reply_without_data_is_no_empty_page(body: bytes) -> None:
    assert wire.page(body) == wire.Page(None, None)


def test_an_empty_page_is_an_empty_list() -> None:
    assert wire.page(b'{"data":[]}') == wire.Page(b"[]", None)


def test_time_based_paging_moves_by_since_and_until() -> None:
    next_ = "https://graph.facebook.com/v26.0/act_1/activities?access_token=T&since=100&until=200&limit=25"
    page = wire.page(json.dumps({"data": [], "paging": {"next": next_}}).encode())
    assert page.next is not None
    moved = wire.following(Call("act_1/activities", (("since", "50"), ("limit", "500"))), page.next)
    assert dict(moved.params) == {"since": "100", "until": "200", "limit": "500"}


def test_offset_paging_moves_by_offset() -> None:
    page = wire.page(b'{"data":[],"paging":{"next":"https://g/x?offset=25&limit=25"}}')
    assert page.next is not None
    assert wire.following(Call("x"), page.next).param("offset") == "25"


def test_no_token_of_a_next_address_is_taken_over() -> None:
    page = wire.page(b'{"data":[],"paging":{"next":"https://g/x?access_token=T&appsecret_proof=P&after=c"}}')
    assert page.next == {"after": "c"}


def test_a_batch_names_each_call_with_its_version() -> None:
    request = wire.batch(
        PLAIN, [Call("1", (("fields", "id"),)), Call("act_1/insights", (("level", "ad"),), method="POST")]
    )
    assert b"v26.0%2F1%3Ffields%3Did" in request.body
    assert b"tok-123" not in request.body
    assert request.url == "https://graph.facebook.com/v26.0/"


def test_a_batch_reply_that_is_too_short_is_filled_with_unfinished_entries() -> None:
    reply = Reply(200, {}, b'[{"code":200,"headers":[{"name":"X-App-Usage","value":"{}"}],"body":"{}"}]')
    first, second = wire.replies(reply, 2)
    assert first == Reply(200, {"x-app-usage": "{}"}, b"{}")
    assert second is None


def test_half_a_surrogate_pair_in_a_text_does_not_lose_the_page() -> None:
    body = rb'{"data":[{"id":"1","name":"cut \ud83d"},{"id":"2","name":"\ud83d\ude00 \\ud83d"}]}'
    assert wire.fault(Reply(200, {}, body)) is None
    rows = json.loads(wire.page(body).rows or b"")
    assert rows == [{"id": "1", "name": "cut \ufffd"}, {"id": "2", "name": "\U0001f600 \\ud83d"}]


def test_a_reply_nested_without_end_is_a_fault_and_no_crash() -> None:
    assert wire.fault(Reply(200, {}, b'{"data":' + b"[" * 100_000)) is not None


def test_a_token_that_meta_echoes_does_not_show_in_the_text_of_a_fault() -> None:
    fault = wire.Fault(400, "Malformed access token EAABsecret0123456789", 190, user_message="EAABsecret0123456789")
    assert "secret" not in str(fault)
