"""Files that cannot be used: each ends at once with one clear error, its next step, and no traceback."""

from typing import Any

import pytest

from airbyte_lines import errors, records
from executables import ACCOUNT, Shell, bare_catalog, config

SECRET = "EAAxSecretSecret1234567890"
NEXT = "Next step: "


def no_traceback(text: str) -> bool:
    return "Traceback" not in text and 'File "' not in text


CONFIGS: dict[str, tuple[object, list[str]]] = {
    "not JSON": ("{nope", ["config.json: found ", "line 1, column 2", NEXT]),
    "no object": ([1], ["one JSON object", NEXT]),
    "bytes": (b"\xff\xfe\x00\x01", ["not UTF-8", NEXT]),
    "nested too deeply": ("[" * 100_000, ["nested too deeply", NEXT]),
    "nothing set": ({}, ["2 settings are wrong", "- account_ids: ", "FACEBOOK_ACCOUNT_IDS", "- access_token: ", NEXT]),
    "several mistakes": (
        {
            "account_ids": ["abc"],
            "credentials": {"auth_type": "Service", "access_token": SECRET},
            "start_date": "yesterday",
            "page_size": 0,
            "api_version": "twentysix",
            "custom_insights": [{"name": "x", "level": "galaxy", "time_increment": 99}],
        },
        [
            "6 settings are wrong",
            '- account_ids[0]: found "abc"; allowed: an ad account number',
            '- start_date: found "yesterday"; allowed: a day such as 2024-01-31',
            '- custom_insights[0].level: found "galaxy"; allowed: any of ad, adset, campaign, account',
            "- custom_insights[0].time_increment: found 99; allowed: a number of days from 1 to 90",
            "- page_size: found 0; allowed: a whole number from 1",
            '- api_version: found "twentysix"; allowed: ',
            NEXT,
        ],
    ),
    "end before start": (
        config(token=SECRET, start_date="2026-02-01", end_date="2026-01-01"),
        ['- end_date: found "2026-01-01"; allowed: a day on or after start_date (2026-02-01)', NEXT],
    ),
    "a stream name twice": (
        config(token=SECRET, custom_insights=[{"name": "Conversions", "fields": ["spend"]}]),
        ["custom_insights[0].name", "custom_conversions is a built-in stream", NEXT],
    ),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_a_config_that_cannot_be_used_is_a_config_error_with_every_mistake(case: str, shell: Shell) -> None:
    content, said = CONFIGS[case]
    done = shell.read(content, bare_catalog("ads"))
    [error] = errors(done.lines)
    assert (done.code, done.err, error["failure_type"]) == (1, "", "config_error")
    places = [error["message"].find(text) for text in said]
    assert -1 not in places, [text for text, place in zip(said, places, strict=True) if place < 0]
    assert no_traceback(done.text)
    assert SECRET not in done.text


def test_a_config_file_that_is_not_there_is_named(shell: Shell) -> None:
    done = shell.source("read", "--config", "missing.json", "--catalog", shell.write("k.json", bare_catalog("ads")))
    [error] = errors(done.lines)
    assert done.code == 1
    assert error["failure_type"] == "config_error"
    assert "missing.json: found no readable file (No such file or directory)" in error["message"]
    assert NEXT in error["message"]


CATALOGS: dict[str, tuple[object, str, str]] = {
    "empty": ({"streams": []}, "selects no streams", "Select some of what discover lists"),
    "a list": ([1], "selects no streams", "Select some of what discover lists"),
    "not JSON": ("nope", "is not JSON", "Write it anew from what `discover` prints."),
    "nested too deeply": ("[" * 100_000, "is not JSON", "Write it anew from what `discover` prints."),
    "an unknown stream": (bare_catalog("ads", "adsets"), "adsets (did you mean ad_sets?)", "Run discover again"),
    "a stream twice": (bare_catalog("ads", "ads"), "asks for ads more than once", "Leave one entry a stream"),
    "a stream without a name": ({"streams": [{"stream": {}}]}, "a stream without a name", "Each entry looks as in"),
    "a schema that is none": (
        {"streams": [{"stream": {"name": "ads", "json_schema": "all"}}]},
        "json_schema of ads",
        "{} selects every column",
    ),
    "columns that are none": (
        {"streams": [{"stream": {"name": "ads", "json_schema": {"properties": ["id"]}}}]},
        "json_schema of ads",
        "{} selects every column",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CATALOGS)
def test_a_catalog_that_cannot_be_used_is_said_with_the_next_step(case: str, shell: Shell) -> None:
    content, said, step = CATALOGS[case]
    done = shell.read(config(token=SECRET), content)
    [error] = errors(done.lines)
    assert (done.code, done.err, error["failure_type"]) == (1, "", "config_error")
    assert said in error["message"]
    assert step in error["message"]
    assert no_traceback(done.text)
    assert SECRET not in done.text


STATES: dict[str, tuple[object, str]] = {
    "not JSON": ('{"ads', "not JSON"),
    "no state": ([1, 2], "something that is no state message"),
    "a blob that is no object": ({"ads": 5}, "'ads' is int, not an object"),
    "a future version": ({"ads": {"version": 99}}, "version 99"),
    "another stream's shape": ({"ads": {"date_start": "2026-01-01"}}, "seems to be of another stream"),
    "a cursor that is no time": ({"ads": {"version": 1, ACCOUNT: {"updated_time": "someday"}}}, "someday"),
}


@pytest.mark.parametrize("case", STATES)
def test_a_state_that_cannot_be_used_is_said_and_nothing_is_read(case: str, shell: Shell) -> None:
    content, said = STATES[case]
    done = shell.read(config(), bare_catalog("ads"), content)
    [error] = errors(done.lines)
    assert (done.code, done.err, error["failure_type"]) == (1, "", "config_error")
    assert said in error["message"]
    assert NEXT in error["message"]
    assert records(done.lines) == []
    assert no_traceback(done.text)


@pytest.mark.parametrize("name", ("catalog", "state"))
def test_a_file_that_cannot_be_read_is_named_with_its_option(name: str, shell: Shell) -> None:
    files: dict[str, Any] = {"config": config(), "catalog": bare_catalog("ads"), "state": {}}
    paths = {option: shell.write(f"{option}.json", content) for option, content in files.items()} | {name: "none.json"}
    done = shell.source("read", *(part for option, path in paths.items() for part in (f"--{option}", path)))
    [error] = errors(done.lines)
    assert done.code == 1
    assert error["message"].startswith(f"The {name} file none.json cannot be read: No such file or directory.")
    assert f"--{name}" in error["message"]


USAGE: dict[str, tuple[tuple[str, ...], str]] = {
    "no verb": ((), "The following arguments are required: VERB"),
    "an unknown verb": (("reed",), "invalid choice: 'reed'"),
    "no catalog": (("read", "--config", "c.json"), "The following arguments are required: --catalog"),
    "no config": (("check",), "The following arguments are required: --config"),
    "an unknown option": (("spec", "--loud"), "Unrecognized arguments: --loud"),
}


@pytest.mark.parametrize("case", USAGE)
def test_wrong_usage_is_one_message_with_the_right_one(case: str, shell: Shell) -> None:
    arguments, said = USAGE[case]
    done = shell.source(*arguments)
    [error] = errors(done.lines)
    assert (done.code, done.err, len(done.lines), error["failure_type"]) == (1, "", 1, "config_error")
    assert said in error["message"]
    assert "Usage: source-facebook-marketing" in error["message"]


@pytest.mark.parametrize("empty", ("", "[]", "{}", "null"))
def test_an_empty_state_is_the_state_of_a_first_run(empty: str, shell: Shell) -> None:
    done = shell.read(config(), bare_catalog("campaigns"), empty)
    assert done.code == 0
    assert len(records(done.lines)) == 3
