"""The sandbox behind a socket."""

import gzip
import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from urllib.parse import urlsplit

import pytest

from facebook_marketing.sandbox import Fault, Match, Options, Size, Then, start
from facebook_marketing.sandbox.server import Running

ACCOUNT = "/v26.0/act_1234567890123456"
HEADERS = {"Authorization": "Bearer sandbox-token"}


@pytest.fixture
def running() -> Iterator[Running]:
    size = Size(campaigns=5, adsets=10, ads=30, creatives=30, images=12, videos=6)
    with start(Options(size=size, empty_pages=False)) as sandbox:
        yield sandbox


@pytest.fixture
def wire(running: Running) -> Iterator[HTTPConnection]:
    address = urlsplit(running.url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=10)
    yield connection
    connection.close()


def get(wire: HTTPConnection, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    wire.request("GET", path, headers={**HEADERS, **headers})
    reply = wire.getresponse()
    return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()


def control(wire: HTTPConnection, name: str, body: object) -> dict[str, object]:
    wire.request("POST", f"/__sandbox__/{name}", body=json.dumps(body))
    return dict(json.loads(wire.getresponse().read()))


def test_one_connection_serves_many_calls(wire: HTTPConnection) -> None:
    assert get(wire, ACCOUNT)[0] == 200
    first = wire.sock
    assert get(wire, f"{ACCOUNT}/campaigns?limit=1")[0] == 200
    assert wire.sock is first


def test_next_leads_back_to_this_very_server(wire: HTTPConnection, running: Running) -> None:
    page = json.loads(get(wire, f"{ACCOUNT}/campaigns?limit=1")[2])
    assert page["paging"]["next"].startswith(
        f"{running.url}{ACCOUNT}/campaigns?access_token=sandbox-token&limit=1&after="
    )


def test_large_replies_are_squeezed_when_asked_and_small_ones_never(wire: HTTPConnection) -> None:
    path = f"{ACCOUNT}/adcreatives?fields=name,title,body&limit=30"
    plain = get(wire, path)
    squeezed = get(wire, path, **{"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain[1]
    assert squeezed[1]["content-encoding"] == "gzip"
    assert gzip.decompress(squeezed[2]) == plain[2]
    assert len(squeezed[2]) < len(plain[2]) / 2
    assert "content-encoding" not in get(wire, ACCOUNT, **{"Accept-Encoding": "gzip"})[1]


def test_a_form_is_posted(wire: HTTPConnection) -> None:
    wire.request("POST", f"{ACCOUNT}/insights", body="level=ad&fields=ad_id,spend", headers=HEADERS)
    assert "report_run_id" in json.loads(wire.getresponse().read())


def test_a_very_long_address_is_taken(wire: HTTPConnection) -> None:
    assert get(wire, f"{ACCOUNT}?padding={'x' * 100_000}")[0] == 200


def test_a_reset_drops_the_connection_before_any_byte(wire: HTTPConnection, running: Running) -> None:
    running.sandbox.faults.replace((Fault(Match(nth=1), Then(reset=True)),))
    with pytest.raises((ConnectionResetError, RemoteDisconnected)):
        get(wire, ACCOUNT)
    wire.close()
    assert get(wire, ACCOUNT)[0] == 200


def test_a_cut_sends_part_of_the_announced_body(wire: HTTPConnection, running: Running) -> None:
    running.sandbox.faults.replace((Fault(Match(nth=1), Then(cut=20)),))
    with pytest.raises(IncompleteRead) as caught:
        get(wire, ACCOUNT)
    assert len(caught.value.partial) == 20
    wire.close()
    assert get(wire, ACCOUNT)[0] == 200


def test_latency_and_delays_hold_a_reply_back(wire: HTTPConnection, running: Running) -> None:
    running.sandbox.faults.replace((Fault(then=Then(hang=True)),))
    get(wire, "/__sandbox__/stats")
    assert wire.sock is not None
    wire.sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        get(wire, ACCOUNT)


def test_the_clock_is_set_and_moved_through_the_control(wire: HTTPConnection) -> None:
    assert control(wire, "clock", {"now": 1_800_000_000}) == {"now": 1_800_000_000}
    assert control(wire, "clock", {"advance": 60}) == {"now": 1_800_000_060}
    wire.request("POST", "/__sandbox__/clock", body="nonsense")
    reply = wire.getresponse()
    assert (reply.status, b"clock" in reply.read()) == (400, True)


def test_faults_are_put_in_place_and_counted_through_the_control(wire: HTTPConnection) -> None:
    assert control(wire, "faults", [{"then": {"error": "buc_insights"}, "times": 1}]) == {"faults": 1}
    assert json.loads(get(wire, ACCOUNT)[2])["error"]["code"] == 80000
    assert get(wire, ACCOUNT)[0] == 200
    stats = json.loads(get(wire, "/__sandbox__/stats")[2])
    assert (stats["faults"], stats["errors"], stats["by_edge"]) == ([1], {"80000": 1}, {"GET AdAccount": 2})
    assert stats["calls"] == 2


def test_the_truth_is_shown_on_request(wire: HTTPConnection) -> None:
    assert json.loads(get(wire, "/__sandbox__/truth")[2]) == {"accounts": ["1234567890123456"]}
    rows = json.loads(get(wire, "/__sandbox__/truth/act_1234567890123456/campaigns")[2])
    assert len(rows) >= 5
    assert get(wire, "/__sandbox__/nothing")[0] == 404


def test_a_line_break_in_an_error_does_not_break_the_headers(wire: HTTPConnection) -> None:
    status, headers, body = get(wire, f"{ACCOUNT}?fields=id%0Aname")
    assert (status, json.loads(body)["error"]["code"]) == (400, 2500)
    assert "www-authenticate" in headers


def test_stopping_frees_the_port() -> None:
    with start(Options(size=Size(campaigns=1, adsets=1, ads=1))) as first:
        port = urlsplit(first.url).port or 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
