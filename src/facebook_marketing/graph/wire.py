"""Bytes to values and back: what a call, a reply, a page, a batch and a fault are. Pure: no socket, no clock.

Shapes after Meta's Graph API pages on paging, batch requests, error handling and rate limiting.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import msgspec

from facebook_marketing.catalog.stream import UseCase

Method = Literal["GET", "POST"]

BATCH_LIMIT = 50
"""Entries that one batch may hold (Meta's batch page)."""

_REDIRECT, _SERVER_ERROR = 300, 500
_PASSING = frozenset({200, 408})

_SECRET_PARAMS = frozenset({"access_token", "appsecret_proof", "client_secret", "fb_exchange_token", "input_token"})


_SECRET = re.compile(rf"\b({'|'.join(sorted(_SECRET_PARAMS))})(=|%3D|\"\s*:\s*\")[^&\s\"'\\]+")
_TOKEN = re.compile(r"\bEAA[A-Za-z0-9]{8,}")
"""How Meta's own tokens look (seen): some errors echo them."""


class Token:
    """An access token that no `repr`, `str` or traceback shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The token itself: for the Authorization header and the proof, nothing else."""
        return self._value

    def __repr__(self) -> str:
        return "Token(***)"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where Meta is and who asks. `secret` is the app's, and set only when calls shall carry a proof."""

    token: Token
    version: str = "v26.0"
    base: str = "https://graph.facebook.com"
    secret: Token | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked, without host and token. `account` is the bare number whose quota pays ("" = none).

    `job` is the stream and account on whose behalf it is asked, where that is not whoever asks. Never sent.
    """

    path: str
    params: tuple[tuple[str, str], ...] = ()
    account: str = ""
    use_case: UseCase = UseCase.ADS_MANAGEMENT
    method: Method = "GET"
    job: tuple[str, str] | None = None

    def having(self, **params: str | None) -> "Call":
        """The same call with these parameters put in place of theirs; None takes one out."""
        kept = tuple((name, value) for name, value in self.params if name not in params)
        return replace(self, params=kept + tuple((name, value) for name, value in params.items() if value is not None))

    def param(self, name: str) -> str | None:
        """The value of one parameter."""
        return next((value for key, value in self.params if key == name), None)


@dataclass(frozen=True, slots=True)
class Request:
    """What goes over the socket."""

    method: Method
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a call gave no data. `status` 0 means that no reply came at all."""

    status: int
    message: str
    code: int | None = None
    subcode: int | None = None
    kind: str = ""
    transient: bool = False
    user_title: str = ""
    user_message: str = ""
    trace: str | None = None

    def __str__(self) -> str:
        number = "" if self.code is None else f"{self.code}" + (f"/{self.subcode}" if self.subcode else "") + " "
        told = ": ".join(part for part in (self.user_title, self.user_message) if part)
        user = f" ({told})" if told else ""
        trace = f" [fbtrace_id {self.trace}]" if self.trace else ""
        return redact(f"{number}{self.message}{user}{trace}")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an edge or of a report: `rows` is the JSON list as bytes, `next` what the next page asks for.

    `rows` is None where the reply has no `data`: right for a node, but no page (an empty one is `{"data":[]}`).
    """

    rows: bytes | None
    next: Mapping[str, str] | None


class _Cursors(msgspec.Struct, gc=False):
    after: str | None = None


class _Paging(msgspec.Struct, gc=False):
    cursors: _Cursors | None = None
    next: str | None = None


class _Envelope(msgspec.Struct, gc=False):
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    paging: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Entry(msgspec.Struct, gc=False):
    code: int = 0
    body: str | None = None
    headers: list[dict[str, Any]] | None = None


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_ESCAPE = re.compile(rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u[dD][89a-fA-F]..|\\.", re.DOTALL)
_PAGING = msgspec.json.Decoder(_Paging)
_BATCH = msgspec.json.Decoder(list[_Entry | None])


def proof(secret: Token, token: Token) -> str:
    """`appsecret_proof`: lower-case hex of HMAC-SHA256(app secret, access token) (Meta's page on secure requests)."""
    return hmac.new(secret.reveal().encode(), token.reveal().encode(), hashlib.sha256).hexdigest()


def as_json(value: object) -> str:
    """A parameter that is a list or an object, as Meta takes it: compact JSON text."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def request(endpoint: Endpoint, call: Call) -> Request:
    """The call as bytes: the token in the header alone, parameters in the query (GET) or in a form (POST)."""
    params = call.params
    if endpoint.secret is not None:
        params = (*params, ("appsecret_proof", proof(endpoint.secret, endpoint.token)))
    url = f"{endpoint.base.rstrip('/')}/{endpoint.version}/{call.path}"
    headers = {
        "Authorization": f"Bearer {endpoint.token.reveal()}",
        "Accept-Encoding": "gzip",
        "Accept": "application/json",
    }
    query = urlencode(params, quote_via=quote, safe=",:")
    if call.method == "GET":
        return Request("GET", f"{url}?{query}" if query else url, headers)
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return Request("POST", url, headers, query.encode())


def batch(endpoint: Endpoint, calls: Sequence[Call]) -> Request:
    """Up to `BATCH_LIMIT` calls in one request (Meta's batch page). Each still counts as a call."""
    entries = [_batch_entry(endpoint, call) for call in calls]
    return request(endpoint, Call("", (("batch", as_json(entries)), ("include_headers", "true")), method="POST"))


def _batch_entry(endpoint: Endpoint, call: Call) -> dict[str, str]:
    query = urlencode(call.params, quote_via=quote, safe=",:")
    where = f"{endpoint.version}/{call.path}"
    if call.method == "POST":
        return {"method": "POST", "relative_url": where, "body": query}
    return {"method": "GET", "relative_url": f"{where}?{query}" if query else where}


def replies(reply: Reply, expected: int) -> tuple[Reply | None, ...]:
    """The entries of a batch reply, in order; None = not finished in time. A list too short is filled with None.

    Raises:
        msgspec.DecodeError: the body is no batch reply.
    """
    entries = [_entry_reply(entry) for entry in _BATCH.decode(reply.body)]
    return tuple(entries[:expected]) + (None,) * (expected - len(entries))


def _entry_reply(entry: _Entry | None) -> Reply | None:
    if entry is None or entry.body is None:
        return None
    headers = {str(h.get("name", "")).lower(): str(h.get("value", "")) for h in entry.headers or ()}
    return Reply(entry.code, headers, entry.body.encode())


def read(reply: Reply) -> Page | Fault:
    """The reply as a page (a node's is one without rows), or what is wrong with it: the body is gone through once.

    A 200 can carry an error, a text or half a JSON too (seen in the wild).
    """
    try:
        envelope = _opened(reply.body)
    except (msgspec.DecodeError, RecursionError):
        transient = reply.status in _PASSING or reply.status >= _SERVER_ERROR
        return Fault(reply.status, _unreadable(reply), transient=transient)
    if not isinstance(envelope.error, msgspec.UnsetType):
        return _fault_of(reply.status, bytes(envelope.error))
    if reply.status >= _REDIRECT:
        transient = reply.status >= _SERVER_ERROR
        return Fault(reply.status, f"HTTP {reply.status} without an error object", transient=transient)
    return _page(envelope)


def fault(reply: Reply) -> Fault | None:
    """What is wrong with the reply, or None."""
    found = read(reply)
    return found if isinstance(found, Fault) else None


def _opened(body: bytes) -> _Envelope:
    try:
        return _ENVELOPE.decode(body)
    except msgspec.DecodeError:
        return _ENVELOPE.decode(with_whole_characters(body))


def with_whole_characters(text: bytes) -> bytes:
    """JSON with U+FFFD for each half of a surrogate pair, which a text that was cut in the middle leaves behind."""
    return _ESCAPE.sub(lambda found: rb"\ufffd" if len(found[0]) == len(rb"\ud83d") else found[0], text)


def _unreadable(reply: Reply) -> str:
    start = reply.body[:60].decode(errors="replace").replace("\n", " ")
    return f"HTTP {reply.status}: the reply is no complete JSON object (begins {start!r})"


def _fault_of(status: int, raw: bytes) -> Fault:
    said = msgspec.json.decode(raw)
    if not isinstance(said, dict):
        return Fault(status, str(said), transient=status >= _SERVER_ERROR)
    return Fault(
        status=status,
        message=str(said.get("message", "")),
        code=_whole(said.get("code")),
        subcode=_whole(said.get("error_subcode")),
        kind=str(said.get("type", "")),
        transient=bool(said.get("is_transient", False)),
        user_title=str(said.get("error_user_title") or ""),
        user_message=str(said.get("error_user_msg") or ""),
        trace=said.get("fbtrace_id"),
    )


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value).lstrip("-").isdigit() else None


def page(body: bytes) -> Page:
    """The body of a reply without a fault, as a page."""
    return _page(_opened(body))


def _page(envelope: _Envelope) -> Page:
    """A page of an edge or a report. The walk goes on exactly while `paging.next` is there.

    The address in `next` is never called: only what it asks otherwise is taken over, so that no reply can send the
    token to another host. `cursors.after` alone does not mean a next page (it stands on the last one too).
    """
    rows = None if isinstance(envelope.data, msgspec.UnsetType) else bytes(envelope.data)
    paging = None if isinstance(envelope.paging, msgspec.UnsetType) else _next_params(bytes(envelope.paging))
    return Page(None if rows == b"null" else rows, paging)


def _next_params(raw: bytes) -> Mapping[str, str] | None:
    try:
        paging = _PAGING.decode(raw)
    except msgspec.ValidationError:  # `"paging": []` is how PHP writes an empty object
        return None
    if not paging.next:
        return None
    params = {k: v for k, v in parse_qsl(urlsplit(paging.next).query) if k not in _SECRET_PARAMS}
    if "after" not in params and paging.cursors is not None and paging.cursors.after and "offset" not in params:
        params["after"] = paging.cursors.after
    return params


_POSITION = ("after", "before", "offset", "since", "until", "__paging_token", "page", "pagingToken")


def following(call: Call, position: Mapping[str, str]) -> Call:
    """The call for the next page: ours, moved to the position that `paging.next` names."""
    return call.having(**{name: position[name] for name in _POSITION if name in position})


def redact(text: str) -> str:
    """The text without anything that looks like a token: for logs and errors."""
    return _TOKEN.sub("EAA***", _SECRET.sub(r"\1\2***", text))


def list_param(values: Iterable[str]) -> str:
    """`fields` and other simple lists: comma-joined."""
    return ",".join(values)
