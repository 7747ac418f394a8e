"""Leads through the Airbyte face: opted in, veiled, and nothing personal in any line."""

import re

import pytest

from airbyte_lines import logs, records, state_of, states, statuses, unlike
from executables import Shell, config
from facebook_marketing.sandbox.server import Running

PERSONAL = re.compile(r"@example\.com|test person|202-555", re.IGNORECASE)


def offered(shell: Shell, **settings: object) -> dict[str, dict[str, object]]:
    done = shell.source("discover", "--config", shell.write("config.json", config(**settings)))
    return {stream["name"]: stream for stream in done.lines[-1]["catalog"]["streams"]}


def whole(stream: dict[str, object]) -> dict[str, object]:
    return {"streams": [{"stream": stream, "sync_mode": "incremental", "destination_sync_mode": "append_dedup"}]}


def test_leads_are_offered_only_to_those_who_opt_in(shell: Shell, streams: dict[str, dict[str, object]]) -> None:
    assert "leads" not in streams
    leads = offered(shell, include_leads=True)["leads"]
    assert leads["source_defined_primary_key"] == [["id"]]
    assert leads["default_cursor_field"] == ["created_time"]


@pytest.mark.parametrize("veil", ("hashed", "dropped"))
def test_no_line_holds_what_a_person_wrote(shell: Shell, meta: Running, veil: str) -> None:
    stream = offered(shell, include_leads=True)["leads"]
    settings = config(include_leads=True, leads_personal_fields=veil, account_ids=list(meta.sandbox.world.accounts))
    done = shell.read(settings, whole(stream))
    rows = records(done.lines, "leads")
    assert (done.code, done.err) == (0, "")
    assert rows
    assert [bad for row in rows for bad in unlike(row, stream["json_schema"])] == []  # type: ignore[arg-type]
    assert [line for line in done.out.decode().splitlines() if PERSONAL.search(line)] == []
    name, state = state_of(states(done.lines)[-1])
    assert name == "leads"
    assert set(meta.sandbox.world.accounts) >= state.keys() - {"version"}


def test_the_answers_come_to_those_who_ask_for_them(shell: Shell) -> None:
    stream = offered(shell, include_leads=True)["leads"]
    done = shell.read(config(include_leads=True, leads_personal_fields="plain"), whole(stream))
    answers = [answer for row in records(done.lines, "leads") for answer in row["field_data"]]
    assert any(value.endswith("@example.com") for one in answers if one["name"] == "email" for value in one["values"])


def test_a_token_without_the_permission_is_told_in_one_line_and_fails_nothing(shell: Shell) -> None:
    stream = offered(shell, include_leads=True)["leads"]
    done = shell.read(config(include_leads=True, token="no-leads-token"), whole(stream))
    assert done.code == 0
    assert statuses(done.lines, "leads")[-1] == "COMPLETE"
    (said,) = [line for line in logs(done.lines, "WARN") if line.startswith("leads, account")]
    assert "It needs leads_retrieval" in said
