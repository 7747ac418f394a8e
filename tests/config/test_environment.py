"""The environment fills what the config leaves out, and wins for the token only."""

from datetime import date
from typing import Any

import pytest

from facebook_marketing.config import ConfigError, load
from facebook_marketing.config.environment import VARIABLES

FULL = {
    "FACEBOOK_ACCESS_TOKEN": "made-up-token",
    "FACEBOOK_ACCOUNT_IDS": "act_1, 2,",
    "FACEBOOK_START_DATE": "2024-01-01",
    "FACEBOOK_END_DATE": "2024-02-01",
    "FACEBOOK_CLIENT_ID": "7",
    "FACEBOOK_CLIENT_SECRET": "made-up-secret",
    "FACEBOOK_API_VERSION": "v25.0",
    "FACEBOOK_GRAPH_URL": "http://127.0.0.1:8080/",
}


def test_the_environment_alone_is_enough() -> None:
    loaded = load(None, FULL)
    config = loaded.config

    assert config.access_token.get_secret_value() == "made-up-token"
    assert config.account_ids == ("1", "2")
    assert (config.start_date, config.end_date) == (date(2024, 1, 1), date(2024, 2, 1))
    assert config.client_id == "7"
    assert config.client_secret is not None
    assert config.client_secret.get_secret_value() == "made-up-secret"
    assert (config.api_version, config.graph_url) == ("v25.0", "http://127.0.0.1:8080")
    assert set(FULL) == set(VARIABLES)


def test_another_address_is_said_and_so_is_that_it_is_not_encrypted() -> None:
    (note,) = load(None, FULL).notes
    assert "http://127.0.0.1:8080/ replaces https://graph.facebook.com" in note
    assert "without encryption" in note

    (note,) = load(None, {**FULL, "FACEBOOK_GRAPH_URL": "https://proxy.test"}).notes
    assert "encryption" not in note


def test_where_both_speak_the_environment_wins_for_the_token_only() -> None:
    written: dict[str, Any] = {
        "account_ids": ["9"],
        "credentials": {"auth_type": "Service", "access_token": "another-made-up-token"},
        "start_date": "2020-01-01",
        "api_version": "v25.0",
    }
    loaded = load(written, {**FULL, "FACEBOOK_GRAPH_URL": ""})

    assert loaded.config.access_token.get_secret_value() == "made-up-token"
    assert loaded.config.account_ids == ("9",)
    assert loaded.config.start_date == date(2020, 1, 1)
    assert loaded.notes == (
        "FACEBOOK_ACCESS_TOKEN replaces the access token of the config.",
        "FACEBOOK_ACCOUNT_IDS is ignored: the config sets account_ids.",
        "FACEBOOK_START_DATE is ignored: the config sets start_date.",
    )


@pytest.mark.parametrize("empty", ("", "  "))
def test_an_empty_variable_is_not_set_and_fills_no_empty_setting(empty: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load({"account_ids": [], "start_date": ""}, dict.fromkeys(VARIABLES, empty))

    assert {row.path for row in caught.value.mistakes} == {"account_ids", "access_token"}


def test_an_empty_setting_is_filled() -> None:
    config = load({"account_ids": [], "start_date": "", "credentials": {"access_token": ""}}, FULL).config

    assert (config.account_ids, config.start_date) == (("1", "2"), date(2024, 1, 1))


def test_a_mistake_names_the_variable() -> None:
    wrong = {
        "FACEBOOK_ACCESS_TOKEN": "two words",
        "FACEBOOK_ACCOUNT_IDS": "1,x",
        "FACEBOOK_START_DATE": "tomorrow",
        "FACEBOOK_GRAPH_URL": "https://me:word@proxy.test",
    }
    with pytest.raises(ConfigError) as caught:
        load(None, wrong)

    assert {row.path for row in caught.value.mistakes} == set(wrong)
