"""`read`: what comes out is Airbyte's protocol, agrees with discover, and goes on from where it stopped."""

import json
from collections import Counter
from typing import Any

import pytest

from airbyte_lines import errors, logs, out_of_order, records, state_of, states, statuses, unlike
from executables import ACCOUNT, TOKEN, Ended, Shell, bare_catalog, catalog, config, days_ago
from facebook_marketing.sandbox.server import Running

Offer = dict[str, dict[str, Any]]


def calls(meta: Running, since: int) -> Counter[str]:
    """How often each edge was asked since so many calls."""
    return Counter(f"{call.method} {call.edge}" for call in meta.sandbox.log[since:])


def test_every_line_is_a_message_and_every_stream_is_read_to_its_end(whole: Ended, streams: Offer) -> None:
    assert (whole.code, whole.err) == (0, "")
    assert out_of_order(whole.lines) == []
    assert {name: statuses(whole.lines, name)[-1] for name in streams} == dict.fromkeys(streams, "COMPLETE")
    assert errors(whole.lines) == []


def test_a_stream_with_rows_is_started_then_running_then_complete(whole: Ended, streams: Offer) -> None:
    counts = {name: len(records(whole.lines, name)) for name in streams}
    assert sum(counts.values()) > 500
    assert min(counts["ads"], counts["ads_insights"], counts["activities"], counts["custom_audiences"]) > 0
    for name, count in counts.items():
        assert statuses(whole.lines, name) == ["STARTED", *(["RUNNING"] if count else []), "COMPLETE"]


def test_the_states_of_a_stream_count_all_of_its_rows(whole: Ended, streams: Offer) -> None:
    counted: Counter[str] = Counter()
    for line in states(whole.lines):
        counted[state_of(line)[0]] += int(line["state"]["sourceStats"]["recordCount"])
    assert {name: counted[name] for name in streams} == {name: len(records(whole.lines, name)) for name in streams}


def test_rows_have_the_types_that_discover_promises(whole: Ended, streams: Offer) -> None:
    schemas = {name: stream["json_schema"] for name, stream in streams.items()}
    wrong = [
        bad
        for record in (line["record"] for line in whole.lines if line["type"] == "RECORD")
        for bad in unlike(record["data"], schemas[record["stream"]], record["stream"])
    ]
    assert wrong == []


def test_rows_hold_no_column_that_discover_does_not_list(whole: Ended, streams: Offer) -> None:
    for name, stream in streams.items():
        found = {column for row in records(whole.lines, name) for column in row}
        assert found <= stream["json_schema"]["properties"].keys()


def test_the_key_tells_all_rows_of_a_stream_apart(whole: Ended, streams: Offer) -> None:
    for name, stream in streams.items():
        key = [path[0] for path in stream.get("source_defined_primary_key", [])]
        rows = records(whole.lines, name)
        assert not key or len({tuple(str(row.get(part)) for part in key) for row in rows}) == len(rows), name


FEW = ("campaigns", "ads", "activities", "videos", "custom_audiences", "ads_insights", "ads_insights_country")


@pytest.fixture(scope="module")
def first(meta: Running, streams: Offer, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    shell = Shell(tmp_path_factory.mktemp("first"), meta.url)
    return shell.read(config(), catalog(streams[name] for name in FEW))


def _messages(lines: list[Any]) -> object:
    return [line["state"] for line in lines]


def _legacy(lines: list[Any]) -> object:
    return dict(state_of(line) for line in lines)


def _raw(lines: list[Any]) -> object:
    return "".join(json.dumps(line) + "\n" for line in lines)


def _last(lines: list[Any]) -> list[Any]:
    return list({state_of(line)[0]: line for line in states(lines)}.values())


@pytest.mark.parametrize("form", (_messages, _legacy, _raw))
def test_a_second_run_goes_on_from_the_states_of_the_first_however_they_are_kept(
    form: Any, first: Ended, shell: Shell, meta: Running, streams: Offer
) -> None:
    before = len(meta.sandbox.log)
    asked = catalog(streams[name] for name in FEW)
    second = shell.read(config(), asked, form(_last(first.lines)))
    assert (second.code, second.err) == (0, "")
    assert out_of_order(second.lines) == []
    again = {name: len(records(second.lines, name)) for name in FEW}
    assert again == dict.fromkeys(FEW, 0) | {"custom_audiences": len(records(first.lines, "custom_audiences"))}
    assert calls(meta, before)["POST insights"] == 0
    assert {name for name, _ in map(state_of, states(second.lines))} == set(FEW)


def test_the_very_file_that_a_run_printed_serves_as_its_state(first: Ended, shell: Shell, streams: Offer) -> None:
    """Every state in order, not the last ones alone: what a user gets with `grep STATE`."""
    second = shell.read(config(), catalog(streams[name] for name in FEW), _raw(states(first.lines)))
    assert second.code == 0
    assert records(second.lines, "ads") == []
    assert records(second.lines, "ads_insights") == []


def test_a_full_refresh_reads_everything_whatever_state_there_is(first: Ended, shell: Shell, streams: Offer) -> None:
    asked = catalog([streams["ads"], streams["ads_insights"]], "full_refresh")
    again = shell.read(config(), asked, _messages(_last(first.lines)))
    for name in ("ads", "ads_insights"):
        assert len(records(again.lines, name)) == len(records(first.lines, name))


def test_a_state_of_a_stream_that_is_not_selected_does_no_harm(first: Ended, shell: Shell) -> None:
    second = shell.read(config(), bare_catalog("videos"), _messages(_last(first.lines)))
    assert second.code == 0
    assert records(second.lines) == []


def test_a_catalog_with_few_columns_gets_these_with_key_and_cursor(shell: Shell, meta: Running) -> None:
    asked = bare_catalog("ads", "ads_insights")
    asked["streams"][0]["stream"]["json_schema"] = {"type": "object", "properties": {"name": {"type": "string"}}}
    asked["streams"][1]["stream"]["json_schema"] = {"properties": {"spend": {}, "no_such_column": {}}}
    before = len(meta.sandbox.log)
    done = shell.read(config(), asked)
    assert done.code == 0
    assert {column for row in records(done.lines, "ads") for column in row} == {"id", "name", "updated_time"}
    reported = {column for row in records(done.lines, "ads_insights") for column in row}
    assert {"spend", "date_start", "account_id", "ad_id"} <= reported
    assert not {"impressions", "actions", "campaign_name", "no_such_column"} & reported
    assert calls(meta, before)["POST insights"] == 1


@pytest.mark.parametrize("schema", ({}, None, {"type": "object"}, {"properties": {}}, {"properties": None}))
def test_a_catalog_without_columns_as_old_ones_are_selects_all(
    schema: object, whole: Ended, shell: Shell, streams: Offer
) -> None:
    asked = bare_catalog("campaigns")
    asked["streams"][0]["stream"]["json_schema"] = schema
    done = shell.read(config(), asked)
    assert records(done.lines, "campaigns") == records(whole.lines, "campaigns")


def test_a_removed_stream_that_still_reads_says_where_to_move(shell: Shell) -> None:
    done = shell.read(config(), bare_catalog("ads_insights_dma"))
    assert done.code == 0
    [warning] = logs(done.lines, "WARN")
    assert "ads_insights_dma is deprecated" in warning
    assert "ads_insights_comscore_market" in warning


def test_statistics_before_metas_memory_begin_where_it_does_and_that_is_said(shell: Shell) -> None:
    settings = config(start_date="2015-01-01", insights_start_date="2015-01-01", end_date=days_ago(1090))
    done = shell.read(settings, bare_catalog("ads_insights"))
    [warning] = logs(done.lines, "WARN")
    assert done.code == 0
    assert statuses(done.lines, "ads_insights")[-1] == "COMPLETE"
    assert warning.startswith(f"ads_insights, account {ACCOUNT}: Days before 20")
    assert "totals go back 37 months" in warning
    assert "reading begins there instead of at 2015-01-01" in warning


def test_what_was_not_delivered_is_a_row_of_the_gaps_with_a_state(shell: Shell, streams: Offer) -> None:
    settings = config(insights_start_date="2015-01-01", end_date=days_ago(1090))
    done = shell.read(settings, catalog([streams["ads_insights"], streams["sync_gaps"]]))
    assert done.code == 0
    assert out_of_order(done.lines) == []
    [gap] = records(done.lines, "sync_gaps")
    assert (gap["stream"], gap["account_id"], gap["since"]) == ("ads_insights", ACCOUNT, "2015-01-01")
    assert unlike(gap, streams["sync_gaps"]["json_schema"]) == []


def test_the_environment_alone_can_hold_the_account_and_the_token(shell: Shell) -> None:
    done = shell.read({}, bare_catalog("campaigns"), FACEBOOK_ACCESS_TOKEN=TOKEN, FACEBOOK_ACCOUNT_IDS=f"act_{ACCOUNT}")
    assert done.code == 0
    assert len(records(done.lines, "campaigns")) == 3
    assert TOKEN not in done.text


def test_another_address_for_meta_is_announced(whole: Ended, meta: Running) -> None:
    [said] = [message for message in logs(whole.lines, "INFO") if "FACEBOOK_GRAPH_URL" in message]
    assert meta.url in said
    assert "https://graph.facebook.com" in said


def test_debug_logs_each_call_as_a_message(shell: Shell) -> None:
    asked = ["--config", shell.write("c.json", config()), "--catalog", shell.write("k.json", bare_catalog("campaigns"))]
    done = shell.source("read", *asked, "--debug")
    assert any("/campaigns -> HTTP 200" in message for message in logs(done.lines, "DEBUG"))
    assert TOKEN not in done.text
