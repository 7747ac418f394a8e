"""Whatever is wrong is said at once: where, what was found, what is allowed, and what to do."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.config import ConfigError, Loaded, Mistake, load

RIGHT: dict[str, Any] = {"account_ids": ["1"], "credentials": {"auth_type": "Service", "access_token": "made-up-token"}}


def mistakes(written: Any, environ: dict[str, str] | None = None) -> dict[str, Mistake]:
    with pytest.raises(ConfigError) as caught:
        load(written, environ or {})
    return {row.path: row for row in caught.value.mistakes}


def test_all_mistakes_are_said_at_once() -> None:
    found = mistakes(
        {
            "account_ids": ["1", "x", "1.5"],
            "credentials": {"auth_type": "Password"},
            "use_appsecret_proof": True,
            "start_date": "2024-01-02",
            "end_date": "2024-01-01",
            "campaign_statuses": ["LIVE"],
            "ad_statuses": ["ACTIVE", "GONE", 5],
            "insights_lookback_window": 29,
            "insights_job_timeout": 0,
            "page_size": 0,
            "quota_share": 2,
            "max_concurrency": True,
            "api_version": "newest",
            "strict": "perhaps",
            "action_report_time": "never",
            "custom_insights": [
                {"name": "a", "time_increment": 7, "time_increment_period": "weekly"},
                {"name": "a", "level": "planet", "time_increment": 91},
                {"name": "b", "fields": ["spend", "age", "action_type"], "start_date": "yesterday"},
                {"name": "c", "breakdowns": ["country"], "fields": ["country"], "filtering": [{"field": "spend"}]},
                {"name": "d", "start_date": "2024-01-02", "end_date": "2024-01-01", "insights_lookback_window": -1},
                {"level": "ad"},
                "e",
            ],
        },
        {"FACEBOOK_GRAPH_URL": "ftp://elsewhere.test"},
    )

    assert set(found) == {
        "account_ids[1]",
        "account_ids[2]",
        "access_token",
        "credentials.auth_type",
        "use_appsecret_proof",
        "end_date",
        "campaign_statuses[0]",
        "ad_statuses[1]",
        "ad_statuses[2]",
        "insights_lookback_window",
        "insights_job_timeout",
        "page_size",
        "quota_share",
        "max_concurrency",
        "api_version",
        "strict",
        "action_report_time",
        "custom_insights[0].time_increment_period",
        "custom_insights[1].name",
        "custom_insights[1].level",
        "custom_insights[1].time_increment",
        "custom_insights[2].fields",
        "custom_insights[2].start_date",
        "custom_insights[3].fields",
        "custom_insights[3].filtering[0]",
        "custom_insights[4].end_date",
        "custom_insights[4].insights_lookback_window",
        "custom_insights[5].name",
        "custom_insights[6]",
        "FACEBOOK_GRAPH_URL",
    }
    assert found["custom_insights[2].fields"].found == '"age", "action_type"'
    assert found["end_date"].allowed == "a day on or after start_date (2024-01-02)"
    assert found["insights_lookback_window"] == Mistake(
        "insights_lookback_window", "29", "a whole number of days from 0 to 28"
    )


def test_the_text_has_one_line_for_each_mistake_and_ends_with_the_next_step() -> None:
    with pytest.raises(ConfigError) as caught:
        load({**RIGHT, "page_size": "many", "strict": "x"}, {})

    assert str(caught.value).splitlines() == [
        "The config cannot be used: 2 settings are wrong.",
        '- page_size: found "many"; allowed: a whole number from 1.',
        '- strict: found "x"; allowed: true or false.',
        "Next step: correct them, then run `check` again; docs/configuration.md explains every setting.",
    ]


def test_without_any_config_the_two_things_that_everyone_must_set_are_asked_for() -> None:
    found = mistakes(None)

    assert set(found) == {"account_ids", "access_token"}
    assert "FACEBOOK_ACCOUNT_IDS" in found["account_ids"].allowed
    assert "FACEBOOK_ACCESS_TOKEN" in found["access_token"].allowed


@pytest.mark.parametrize(
    ("written", "place"),
    (
        ({**RIGHT, "account_ids": []}, "account_ids"),
        ({**RIGHT, "account_ids": ["all", "1"]}, "account_ids"),
        ({**RIGHT, "account_ids": {}}, "account_ids"),
        ({"account_id": "x", "credentials": RIGHT["credentials"]}, "account_id"),
        ({**RIGHT, "include_deleted": "yes"}, "include_deleted"),
        ({**RIGHT, "custom_insights": {"name": "x"}}, "custom_insights"),
        (
            {**RIGHT, "custom_insights": [{"name": "x", "time_increment_period": "yearly"}]},
            "custom_insights[0].time_increment_period",
        ),
        ({**RIGHT, "custom_insights": [{"name": " "}]}, "custom_insights[0].name"),
        ({**RIGHT, "custom_insights": [{"name": "x", "fields": ["spend", "a b"]}]}, "custom_insights[0].fields[1]"),
        ({"account_ids": ["1"], "credentials": {"access_token": "two words"}}, "credentials.access_token"),
        ({"account_ids": ["1"], "credentials": {"access_token": 5}}, "credentials.access_token"),
    ),
)
def test_a_mistake_names_the_place_where_it_was_written(written: dict[str, Any], place: str) -> None:
    assert place in mistakes(written)


def test_credentials_that_are_no_object_are_a_mistake_of_their_own() -> None:
    assert mistakes({"account_ids": ["1"], "credentials": "made-up-token"})["credentials"].found == "(hidden)"


@pytest.mark.parametrize(
    ("text", "part"),
    (
        ('{"account_ids": ["1"],}', "line 1"),
        ("[1]", "a list of 1"),
        ("", "line 1"),
        ("[" * 100_000, "too deeply"),
    ),
)
def test_a_file_that_is_no_json_object_is_a_mistake_with_its_place(tmp_path: Path, text: str, part: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text, encoding="utf-8")

    assert any(part in row.found for row in mistakes(file).values())


def test_a_file_that_is_not_there_or_not_text_is_a_mistake(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")

    assert str(tmp_path / "none.json") in mistakes(tmp_path / "none.json")
    assert "UTF-8" in mistakes(binary)[str(binary)].found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
INSIGHT = st.dictionaries(
    st.sampled_from(
        ["name", "level", "fields", "breakdowns", "action_breakdowns", "time_increment", "time_increment_period",
         "action_attribution_windows", "filtering", "start_date", "action_report_time"]
    ),
    JSON | st.lists(st.sampled_from(["dma", "spend", "age", "wish_bid", "7d_view"])),
)  # fmt: skip
SETTINGS = st.dictionaries(
    st.sampled_from(
        ["account_ids", "account_id", "credentials", "access_token", "client_id", "client_secret", "start_date",
         "end_date", "include_deleted", "ad_statuses", "page_size", "action_attribution_windows", "quota_share",
         "max_batch_size", "action_breakdowns_allow_empty", "default_ads_insights_action_breakdowns", "api_version"]
    ),
    JSON,
)  # fmt: skip


@given(settings=SETTINGS, insights=JSON | st.lists(INSIGHT | JSON, max_size=3), complete=st.booleans())
def test_any_json_is_either_a_config_or_a_list_of_mistakes(
    settings: dict[str, Any], insights: object, *, complete: bool
) -> None:
    written = {**settings, "custom_insights": insights, **(RIGHT if complete else {})}
    before = json.dumps(written)

    result = outcome(written)

    assert json.dumps(written) == before
    if isinstance(result, ConfigError):
        assert result.mistakes
        assert all(row.path and row.found and row.allowed for row in result.mistakes)
        assert (result.__cause__, result.__context__) == (None, None), "what was rejected does not travel along"


def outcome(written: dict[str, Any]) -> Loaded | ConfigError:
    try:
        return load(written, {})
    except ConfigError as error:
        return error
