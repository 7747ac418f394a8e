"""Every line of a real run is a message of Airbyte's own models: no unknown field, no other enum value."""

import json
from typing import Any

import msgspec
import pytest
from airbyte_protocol_dataclasses.models import AirbyteMessage

from airbyte_lines import Line, errors, logs, records, state_of, states, statuses
from executables import ACCOUNT, SMALL, Ended, Shell, bare_catalog, catalog, config
from facebook_marketing.sandbox import Fault, Match, Options, Then, start
from facebook_marketing.sandbox.server import Running

Offer = dict[str, dict[str, Any]]


def strict(line: Line) -> Line:
    """The line as the official models understand it, written down again; what they do not know is missing then.

    Raises msgspec.ValidationError where a value is not of their types.
    """
    return msgspec.to_builtins(msgspec.convert(line, AirbyteMessage))  # type: ignore[no-any-return]


def plain(line: Line) -> Line:
    """The line without what is the connector's own: a state's blob."""
    match line:
        case {"state": {"stream": dict() as stream} as state}:
            return line | {"state": state | {"stream": stream | {"stream_state": {}}}}
        case _:
            return line


def strangers(lines: list[Line]) -> list[Line]:
    """Lines that lose something when they are read by the official models."""
    return [line for line in lines if strict(plain(line)) != plain(line)]


def test_the_models_refuse_what_they_should() -> None:
    """So that the tests below can fail."""
    log = {"type": "LOG", "log": {"level": "INFO", "message": "x"}}
    assert strangers([log]) == []
    assert strangers([log | {"more": 1}]) != []
    assert strangers([{"type": "LOG", "log": {"level": "INFO", "message": "x", "more": 1}}]) != []
    for wrong in ({"level": "LOUD", "message": "x"}, {"level": "INFO"}):
        with pytest.raises(msgspec.ValidationError):
            strict({"type": "LOG", "log": wrong})


@pytest.mark.parametrize("verb", ("spec", "check", "discover"))
def test_what_the_short_verbs_say_is_of_the_models(verb: str, shell: Shell) -> None:
    arguments = [] if verb == "spec" else ["--config", shell.write("c.json", config())]
    done = shell.source(verb, *arguments)
    assert done.code == 0
    assert strangers(done.lines) == []
    assert done.lines[-1]["type"] == {"spec": "SPEC", "check": "CONNECTION_STATUS", "discover": "CATALOG"}[verb]


def test_what_a_whole_read_says_is_of_the_models(whole: Ended) -> None:
    assert {line["type"] for line in whole.lines} == {"LOG", "RECORD", "STATE", "TRACE"}
    assert strangers(whole.lines) == []


def test_a_full_refresh_ends_with_a_state_of_each_stream_too(shell: Shell, streams: Offer) -> None:
    done = shell.read(config(), catalog(streams.values(), "full_refresh"))
    assert done.code == 0
    assert strangers(done.lines) == []
    for name in streams:
        counted = [
            line["state"]["sourceStats"]["recordCount"] for line in states(done.lines) if state_of(line)[0] == name
        ]
        assert counted, name
        assert sum(counted) == len(records(done.lines, name))


def test_errors_and_failed_checks_are_of_the_models(shell: Shell) -> None:
    for done in (
        shell.source("read"),
        shell.read({"account_ids": ["x"]}, bare_catalog("ads")),
        shell.read(config(account_ids=["999", ACCOUNT]), bare_catalog("ads", "ads_insights")),
        shell.source("check", "--config", shell.write("c.json", config(token="expired-token"))),
    ):
        assert strangers(done.lines) == []
        assert errors(done.lines) or done.lines[-1]["connectionStatus"]["status"] == "FAILED"


def test_a_cell_that_cannot_be_read_is_null_and_its_record_says_so(shell: Shell) -> None:
    odd = {"id": "1", "updated_time": "2026-11-20T00:00:00+0000", "name": "one", "daily_budget": {"odd": True}}
    page = Fault(
        Match(edge="campaigns"),
        Then(status=200, text=json.dumps({"data": [odd, odd | {"id": "2", "daily_budget": "5"}]})),
    )
    with start(Options(size=SMALL, faults=(page,))) as meta:
        done = Shell(shell.folder, meta.url).read(config(), bare_catalog("campaigns"))
    assert strangers(done.lines) == []
    wrong, right = (line["record"] for line in done.lines if line["type"] == "RECORD")
    assert (wrong["data"]["daily_budget"], wrong["data"]["name"]) == (None, "one")
    [change] = wrong["meta"]["changes"]
    assert change == {"field": "daily_budget", "change": "NULLED", "reason": "SOURCE_SERIALIZATION_ERROR"}
    assert "meta" not in right


def test_what_is_wrong_with_many_accounts_is_not_said_a_thousand_times(shell: Shell) -> None:
    dead = [str(number) for number in range(900, 925)]
    done = shell.read(config(account_ids=[*dead, ACCOUNT]), bare_catalog("campaigns", "ads_insights"))
    assert done.code == 1
    for name in ("campaigns", "ads_insights"):
        told = [one for one in errors(done.lines) if one["stream_descriptor"]["name"] == name]
        assert 1 <= len(told) <= 10
        assert [text for text in logs(done.lines, "ERROR") if text.startswith(f"{name}: 15 further accounts")]
        assert statuses(done.lines, name) == ["STARTED", "RUNNING", "INCOMPLETE"]


# --- namespaces -------------------------------------------------------------------------------------------------------


def test_the_namespace_of_the_catalog_is_that_of_every_message_of_its_stream(shell: Shell) -> None:
    asked = bare_catalog("campaigns", "ads", "ads_insights")
    asked["streams"][0]["stream"]["namespace"] = "mine"
    done = shell.read(config(account_ids=[ACCOUNT, "999"]), asked)
    assert strangers(done.lines) == []
    named = {str(one.get("namespace")) for one in _descriptors(done.lines, "campaigns")}
    others = {str(one.get("namespace")) for one in _descriptors(done.lines, "ads")}
    assert (named, others) == ({"mine"}, {"None"})
    assert statuses(done.lines, "campaigns")[-1] == "INCOMPLETE"
    assert errors(done.lines)


def _descriptors(lines: list[Line], stream: str) -> list[Line]:
    """Everything in the messages that names this stream."""
    found = []
    for line in lines:
        match line:
            case {"record": {"stream": str(name)} as record} if name == stream:
                found.append(record)
            case {"state": {"stream": {"stream_descriptor": {"name": str(name)} as descriptor}}} if name == stream:
                found.append(descriptor)
            case {"trace": {"estimate": {"name": str(name)} as estimate}} if name == stream:
                found.append(estimate)
            case {"trace": {"stream_status": {"stream_descriptor": {"name": str(name)} as descriptor}}} if (
                name == stream
            ):
                found.append(descriptor)
            case {"trace": {"error": {"stream_descriptor": {"name": str(name)} as descriptor}}} if name == stream:
                found.append(descriptor)
    return found


# --- estimates --------------------------------------------------------------------------------------------------------


def _estimates(lines: list[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        if line.get("trace", {}).get("type") == "ESTIMATE":
            found.setdefault(line["trace"]["estimate"]["name"], []).append(line["trace"]["estimate"])
    return found


def test_a_report_is_estimated_and_its_last_estimate_is_what_came(shell: Shell, meta: Running) -> None:
    done = shell.read(config(account_ids=["all"], max_concurrency=2), bare_catalog("ads", "ads_insights"))
    told = _estimates(done.lines)
    assert set(told) == {"ads_insights"}, "Meta does not say how many pages an edge has"
    came = len(records(done.lines, "ads_insights"))
    last = told["ads_insights"][-1]
    assert last["row_estimate"] == pytest.approx(came, rel=0.06)
    assert last["byte_estimate"] > 100 * came
    assert {one["type"] for one in told["ads_insights"]} == {"STREAM"}


def test_estimates_are_said_when_they_change_and_not_page_by_page(whole: Ended) -> None:
    assert all(len(told) <= 12 for told in _estimates(whole.lines).values())
