"""Batches: fifty calls in one, each with its own code, headers and body in a string."""

from collections.abc import Callable

import msgspec

from facebook_marketing.sandbox import Fault, Match, Then
from facebook_marketing.sandbox.caller import Caller

EDGE = "act_1234567890123456"


def test_each_entry_has_its_own_code_headers_and_string_body(talk: Caller) -> None:
    good, bad = talk.batch(
        {"method": "GET", "relative_url": f"v26.0/{EDGE}?fields=name"}, {"method": "GET", "relative_url": "v26.0/999"}
    )
    assert talk.last.status == 200
    assert (good["code"], bad["code"]) == (200, 400)
    assert msgspec.json.decode(good["body"])["id"] == EDGE
    assert msgspec.json.decode(bad["body"])["error"]["error_subcode"] == 33
    names = {header["name"] for header in good["headers"]}
    assert {"Content-Type", "facebook-api-version", "x-business-use-case-usage"} <= names


def test_entries_without_a_version_take_the_outer_one_and_the_outer_token(talk: Caller) -> None:
    (entry,) = talk.batch({"method": "GET", "relative_url": f"{EDGE}/campaigns?limit=1"})
    assert entry["code"] == 200
    following = msgspec.json.decode(entry["body"])["paging"]["next"]
    assert "access_token=sandbox-token" in following


def test_headers_can_be_left_out(talk: Caller) -> None:
    (entry,) = talk.batch({"method": "GET", "relative_url": EDGE}, include_headers=False)
    assert list(entry) == ["code", "body"]


def test_more_than_fifty_entries_are_refused(talk: Caller) -> None:
    reply = talk.batch(*[{"method": "GET", "relative_url": EDGE}] * 51)
    expected = "Too many requests in batch message. Maximum batch size is 50"
    assert (talk.last.status, reply) == (400, {"error": {"message": expected, "type": "GraphBatchException"}})


def test_every_entry_counts_as_a_call_of_its_own(talk: Caller) -> None:
    talk.batch(*[{"method": "GET", "relative_url": EDGE}] * 50)
    assert len(talk.sandbox.log) == 50
    assert talk.sandbox.requests == 1
    assert all(call.batch for call in talk.sandbox.log)


def test_a_later_entry_can_use_an_earlier_result(talk: Caller) -> None:
    first, second = talk.batch(
        {"method": "GET", "name": "one", "relative_url": f"{EDGE}/campaigns?limit=1"},
        {"method": "GET", "relative_url": "{result=one:$.data.0.id}?fields=name"},
    )
    assert first is None
    assert "name" in msgspec.json.decode(second["body"])


def test_an_entry_whose_dependency_failed_is_960(talk: Caller) -> None:
    _, second = talk.batch(
        {"method": "GET", "name": "one", "relative_url": "999"},
        {"method": "GET", "relative_url": EDGE, "depends_on": "one"},
    )
    assert msgspec.json.decode(second["body"])["error"]["code"] == 960


def test_a_batch_without_any_token_is_refused(talk: Caller) -> None:
    talk.token = ""
    assert talk.batch({"method": "GET", "relative_url": EDGE})["error"]["code"] == 104


def test_an_entry_may_come_back_null(open_sandbox: Callable[..., Caller]) -> None:
    plan = (Fault(Match(edge="AdAccount", nth=2), Then(null_batch_entry=True)),)
    talk = open_sandbox(faults=plan)
    entries = talk.batch(*[{"method": "GET", "relative_url": EDGE}] * 3)
    assert [entry is None for entry in entries] == [False, True, False]


def test_report_runs_can_be_created_and_polled_in_a_batch(talk: Caller) -> None:
    body = "level=campaign&fields=campaign_id,spend"
    created = talk.batch(*[{"method": "POST", "relative_url": f"{EDGE}/insights", "body": body}] * 3)
    runs = [msgspec.json.decode(entry["body"])["report_run_id"] for entry in created]
    talk.sandbox.advance(60)
    polled = talk.batch(*[{"method": "GET", "relative_url": run} for run in runs])
    assert [msgspec.json.decode(entry["body"])["async_percent_completion"] for entry in polled] == [100] * 3
