"""The user's way in: the executable with files of older versions. It reads them, and writes none of them."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from airbyte_lines import Line, errors, logs, out_of_order, records, state_of, states
from executables import ACCOUNT, TOKEN, Ended, Shell, days_ago

OTHER = "2345679001234573"
THREE = ["action_type", "action_target_id", "action_destination"]
OWN = {
    "name": "my_x",
    "fields": ["impressions", "spend", "age_targeting"],
    "breakdowns": ["dma"],
    "action_breakdowns": [],
    "time_increment": 1,
}
OF_2022: dict[str, Any] = {
    "account_id": ACCOUNT,
    "start_date": f"{days_ago(40)}T00:00:00Z",
    "end_date": "",
    "access_token": TOKEN,
    "include_deleted": True,
    "fetch_thumbnail_images": False,
    "custom_insights": [OWN],
}
OF_2026: dict[str, Any] = {
    "account_id": ACCOUNT,
    "account_ids": [ACCOUNT, OTHER],
    "credentials": {"auth_type": "Client", "client_id": "7", "client_secret": "made-up-secret", "access_token": TOKEN},
    "start_date": f"{days_ago(40)}T00:00:00Z",
    "campaign_statuses": [],
    "adset_statuses": [],
    "ad_statuses": ["ACTIVE", "PAUSED"],
    "default_ads_insights_action_breakdowns": THREE,
    "custom_insights": [{**OWN, "action_breakdowns": ["action_type"], "time_increment_period": "weekly"}],
    "page_size": 100,
    "insights_lookback_window": 28,
    "insights_job_timeout": 60,
    "include_incrementality": False,
}


def configured(*names: str, **entry: object) -> Line:
    """A configured catalog as a platform keeps it: an older schema, keys, cursors and generations."""
    cursors = {"campaigns": ["updated_time"], "activities": ["event_time"]}
    return {
        "streams": [
            {
                "stream": {
                    "name": name,
                    "json_schema": {
                        "type": ["null", "object"],
                        "properties": {"account_id": {"type": ["null", "string"]}},
                    },
                    "supported_sync_modes": ["full_refresh", "incremental"],
                    "source_defined_cursor": True,
                    "default_cursor_field": cursors.get(name, ["date_start"]),
                    "source_defined_primary_key": [["id"]],
                    "namespace": None,
                },
                "sync_mode": "incremental",
                "cursor_field": cursors.get(name, ["date_start"]),
                "destination_sync_mode": "append_dedup",
                "primary_key": [["date_start"], ["account_id"], ["ad_id"]],
                "generation_id": 3,
                "minimum_generation_id": 0,
                "sync_id": 71,
                **entry,
            }
            for name in names
        ]
    }


def message(name: str, blob: object) -> Line:
    return {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": blob}}


def unchanged(shell: Shell, content: Mapping[str, Any], verb: str, *arguments: str) -> Ended:
    """Runs a verb with this config; its bytes, its time and the folder stay as they were."""
    path = shell.folder / "config.json"
    path.write_text(json.dumps(content, indent=3), encoding="utf-8")
    before, names = (path.read_bytes(), path.stat().st_mtime_ns), {one.name for one in shell.folder.iterdir()}
    done = shell.source(verb, "--config", str(path), *arguments)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert {one.name for one in shell.folder.iterdir()} == names
    assert b'"CONTROL"' not in done.out
    return done


@pytest.mark.parametrize(("content", "notes"), ((OF_2022, 8), (OF_2026, 4)), ids=("2022", "2026"))
@pytest.mark.parametrize("verb", ("check", "discover"))
def test_an_older_config_works_is_left_as_it_is_and_each_migration_is_one_line(
    verb: str, content: dict[str, Any], notes: int, shell: Shell
) -> None:
    done = unchanged(shell, content, verb)
    assert done.code == 0
    said = logs(done.lines, "INFO")
    assert len(said) == len(set(said)) == notes
    assert TOKEN not in done.text
    last = done.lines[-1]
    assert last.get("connectionStatus", {"status": "SUCCEEDED"}) == {"status": "SUCCEEDED"}
    assert verb == "check" or "custommy_x" in {stream["name"] for stream in last["catalog"]["streams"]}


def test_a_sync_of_2022_goes_on_with_its_config_its_catalog_and_its_state(shell: Shell) -> None:
    names = ("campaigns", "activities", "ads_insights_dma", "custommy_x")
    state = {
        "campaigns": {"updated_time": f"{days_ago(30)}T10:00:00Z", "include_deleted": True},
        "activities": {"event_time": f"{days_ago(30)}T10:00:00+0000", "include_deleted": True},
        "ads_insights_dma": {"date_start": days_ago(5), "slices": [days_ago(4)], "time_increment": 1},
        "custommy_x": {"date_start": f"{days_ago(5)}T00:00:00Z", "include_deleted": True},
        "ads_insights_platfrom_and_device": {"date_start": days_ago(5)},
    }
    catalog, saved = shell.write("catalog.json", configured(*names)), shell.write("state.json", state)
    done = unchanged(shell, OF_2022, "read", "--catalog", catalog, "--state", saved)

    assert done.code == 0, errors(done.lines)
    assert out_of_order(done.lines) == []
    assert all(row["updated_time"] >= days_ago(31) for row in records(done.lines, "campaigns"))
    assert all(row["event_time"] >= days_ago(31) for row in records(done.lines, "activities"))
    for name in ("ads_insights_dma", "custommy_x"):
        rows = records(done.lines, name)
        assert rows
        assert min(row["date_start"] for row in rows) >= days_ago(34)
        assert all(row["account_id"] == ACCOUNT and row["comscore_market"] for row in rows)
        assert {"spend", "impressions"}.isdisjoint(rows[0])  # the catalog selects the account alone
    warned = logs(done.lines, "WARN")
    assert any("ads_insights_platfrom_and_device, which is no stream here" in text for text in warned)
    assert any("did you mean ads_insights_platform_and_device?" in text for text in warned)
    ends = dict(map(state_of, states(done.lines)))
    assert {name: ends[name]["version"] for name in names} == dict.fromkeys(names, 1)


def test_a_sync_of_2026_goes_on_by_account(shell: Shell) -> None:
    cursor = f"{days_ago(30)}T10:00:00-0800"
    state = [
        message("campaigns", {ACCOUNT: {"updated_time": cursor, "filter_statuses": []}, OTHER: {"updated_time": None}}),
        message("custommy_x", {ACCOUNT: {"date_start": days_ago(5), "slices": []}, "time_increment": 1}),
    ]
    catalog, saved = (
        shell.write("catalog.json", configured("campaigns", "custommy_x")),
        shell.write("state.json", state),
    )
    done = unchanged(shell, OF_2026, "read", "--catalog", catalog, "--state", saved)

    assert done.code == 0, errors(done.lines)
    rows = records(done.lines, "campaigns")
    assert all(row["updated_time"] >= days_ago(31) for row in rows if row["account_id"] == ACCOUNT)
    assert any(row["account_id"] == OTHER for row in rows)
    said = logs(done.lines, "WARN")
    assert any(f"account {OTHER}: the saved state holds no cursor" in text for text in said)
    assert any("time_increment changed from 1 to weekly" in text for text in said)


@pytest.mark.parametrize(
    ("state", "word"),
    (
        ([message("campaigns", {"version": 9, ACCOUNT: {"updated_time": "2026-01-01"}})], "upgrade facebook-marketing"),
        ([message("campaigns", {ACCOUNT: {"date_start": "2026-01-01"}})], "of another stream"),
        ([message("campaigns", {ACCOUNT: {"updated_time": "soon"}})], "soon"),
        ({"bookmarks": {"campaigns": {"updated_time": "2026-01-01"}}}, "Singer"),
        ({ACCOUNT: {"updated_time": "2026-01-01"}}, "does not say of which"),
        ("{", "not JSON"),
    ),
)
def test_a_state_that_cannot_be_used_is_a_config_error_and_nothing_is_read(
    state: object, word: str, shell: Shell
) -> None:
    done = shell.read(OF_2022, configured("campaigns"), state)
    assert done.code == 1
    (said,) = errors(done.lines)
    assert said["failure_type"] == "config_error"
    assert word in said["message"]
    assert records(done.lines) == states(done.lines) == []


def test_what_airbyte_s_web_page_shows_of_a_connection_serves_as_its_state(shell: Shell) -> None:
    blob = {ACCOUNT: {"updated_time": f"{days_ago(30)}T10:00:00Z", "filter_statuses": []}}
    shown = [{"streamDescriptor": {"name": "campaigns"}, "streamState": blob}]
    done = shell.read({**OF_2022, "include_deleted": False}, configured("campaigns"), shown)
    assert done.code == 0
    assert all(row["updated_time"] >= days_ago(31) for row in records(done.lines, "campaigns"))


def test_a_stream_without_a_cursor_that_shall_be_read_incrementally_is_read_in_full_and_that_is_said(
    shell: Shell,
) -> None:
    done = shell.read(OF_2026, configured("ad_account"))
    assert done.code == 0
    assert len(records(done.lines, "ad_account")) == 2
    assert any(
        "ad_account has no cursor at Meta: each sync reads it in full" in text for text in logs(done.lines, "WARN")
    )
