"""The Airbyte verbs that ask nothing of Meta: `spec` and `discover`."""

import re

import pytest

from executables import SOURCE, Shell, config
from facebook_marketing.sandbox.server import Running

HEAVY = ("aiohttp", "dlt", "pyarrow", "duckdb", "uvicorn", "rich", "facebook_marketing.sandbox")

INSIGHTS = [
    {"name": "MyReport", "fields": ["spend"], "level": "campaign", "breakdowns": ["country"]},
    {"name": "my_x", "fields": ["clicks"]},
]


def test_spec_is_one_line_and_nothing_else(shell: Shell) -> None:
    done = shell.source("spec")
    assert (done.code, done.err) == (0, "")
    [line] = done.lines
    assert line["type"] == "SPEC"
    assert "account_ids" in line["spec"]["connectionSpecification"]["properties"]


@pytest.mark.parametrize("verb", ("spec", "discover"))
def test_what_asks_nothing_of_meta_loads_no_http_client_and_no_warehouse(verb: str, shell: Shell) -> None:
    arguments = ["--config", shell.write("config.json", config())] if verb == "discover" else []
    done = shell.source(verb, *arguments, PYTHONPROFILEIMPORTTIME="1")
    loaded = set(re.findall(r"\|\s+([\w.]+)$", done.err, flags=re.MULTILINE))
    assert "facebook_marketing.sinks.airbyte" in loaded
    assert not [name for name in loaded if name.startswith(HEAVY)]


def test_discover_gives_each_stream_a_schema_modes_a_key_and_a_cursor(shell: Shell) -> None:
    done = shell.source("discover", "--config", shell.write("config.json", config()))
    offered = done.lines[-1]["catalog"]["streams"]
    assert done.code == 0
    assert len({stream["name"] for stream in offered}) == len(offered) >= 30
    for stream in offered:
        key = [path[0] for path in stream.get("source_defined_primary_key", [])]
        cursor = stream.get("default_cursor_field", [])
        assert key or stream["name"] in {"activities", "ad_recommendations", "sync_gaps"}
        # Creatives have no time of their own: what changed is told by their ads, and the cursor is no column.
        by_column = "incremental" in stream["supported_sync_modes"] and stream["name"] != "ad_creatives"
        assert bool(cursor) == by_column
        assert {*key, *cursor} <= stream["json_schema"]["properties"].keys()


def test_a_full_refresh_is_not_offered_as_resumable_for_it_begins_anew(shell: Shell) -> None:
    """A platform would keep the rows of the attempt before, and every row would stand twice."""
    done = shell.source("discover", "--config", shell.write("config.json", config()))
    assert {stream["is_resumable"] for stream in done.lines[-1]["catalog"]["streams"]} == {False}


def test_discover_lists_the_users_own_reports_with_their_columns(shell: Shell) -> None:
    done = shell.source("discover", "--config", shell.write("config.json", config(custom_insights=INSIGHTS)))
    offered = {stream["name"]: stream for stream in done.lines[-1]["catalog"]["streams"]}
    report = offered["custom_my_report"]
    assert {"spend", "country", "campaign_id", "date_start"} <= report["json_schema"]["properties"].keys()
    assert report["source_defined_primary_key"] == [["date_start"], ["account_id"], ["campaign_id"], ["country"]]
    assert "clicks" in offered["custommy_x"]["json_schema"]["properties"]


def test_discover_calls_nobody(shell: Shell, meta: Running) -> None:
    before = len(meta.sandbox.log)
    done = shell.source("discover", "--config", shell.write("config.json", config(account_ids=["all"])))
    assert done.code == 0
    assert len(meta.sandbox.log) == before
    offline = Shell(shell.folder, "http://127.0.0.1:1")
    assert offline.source("discover", "--config", shell.write("config.json", config())).code == 0


def test_a_report_that_takes_a_built_in_streams_name_is_refused(shell: Shell) -> None:
    clash = [{"name": "Fine", "fields": ["spend"]}, {"name": "Conversions", "fields": ["spend"]}]
    done = shell.source("discover", "--config", shell.write("config.json", config(custom_insights=clash)))
    [error] = [line["trace"]["error"] for line in done.lines if line["type"] == "TRACE"]
    assert done.code == 1
    assert error["failure_type"] == "config_error"
    assert 'custom_insights[1].name: found "Conversions"' in error["message"]
    assert "custom_conversions is a built-in stream" in error["message"]


def test_the_commands_start_from_the_installed_package(shell: Shell) -> None:
    assert re.fullmatch(r"source-facebook-marketing \d+\.\d+\.\d+\n", shell.run(SOURCE, "--version").out.decode())
