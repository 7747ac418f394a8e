"""A token or an app's secret stands in no text that a person or a log can see."""

import string
import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.config import ConfigError, load

# The two signs in front stand in none of our own texts: a token found there comes from the config.
TOKENS = st.text(string.ascii_letters + string.digits + "|_-.\"'\\{}%", min_size=8, max_size=240).map("ZqJ{}".format)


def texts(written: dict[str, Any], environ: dict[str, str]) -> str:
    """Everything that can be shown of a config: its notes and representations, or its error with the traceback."""
    try:
        loaded = load(written, environ)
    except ConfigError as error:
        return f"{error} {error!r} {error.args} {''.join(traceback.format_exception(error))}"
    config = loaded.config
    return f"{loaded} {loaded!r} {config} {config!r} {config.model_dump()} {config.model_dump_json()}"


@given(TOKENS, TOKENS)
def test_a_good_config_shows_no_secret(token: str, secret: str) -> None:
    written = {
        "account_ids": ["1"],
        "credentials": {"auth_type": "Client", "client_id": "7", "client_secret": secret, "access_token": token},
        "access_token": f"{token}x",
        "unknown": token,
    }
    shown = texts(written, {"FACEBOOK_ACCESS_TOKEN": f"{token}y", "FACEBOOK_CLIENT_SECRET": f"{secret}z"})

    assert token not in shown
    assert secret not in shown


@given(
    token=TOKENS,
    setting=st.sampled_from(
        ["account_ids", "start_date", "page_size", "api_version", "custom_insights", "client_id", "ad_statuses",
         "strict", "include_deleted", "action_attribution_windows", "quota_share", "credentials", "account_id"]
    ),
    listed=st.booleans(),
)  # fmt: skip
def test_a_token_pasted_into_the_wrong_setting_is_not_repeated(token: str, setting: str, *, listed: bool) -> None:
    shown = texts({"access_token": token, setting: [token] if listed else token}, {})

    assert token not in shown


@given(TOKENS, st.sampled_from(["name", "fields", "breakdowns", "level", "start_date", "filtering"]))
def test_a_token_pasted_into_a_report_is_not_repeated(token: str, setting: str) -> None:
    written = {"access_token": token, "custom_insights": [{"time_increment": 0, setting: token}, {setting: [token]}]}

    assert token not in texts(written, {})


@given(TOKENS)
def test_a_token_in_the_environment_is_not_repeated(token: str) -> None:
    assert token not in texts({"account_ids": [token]}, {"FACEBOOK_ACCESS_TOKEN": token})


@given(TOKENS, st.sampled_from([" ", "\n", "\t", "é"]))
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(token: str, blank: str) -> None:
    shown = texts({"account_ids": ["1"], "access_token": f"{token}{blank}{token}"}, {})

    assert "in one piece" in shown
    assert token not in shown


@pytest.mark.parametrize("token", ("EAAB" + "x1" * 90, "123456789|abcdefghijklmnopqrst"))
def test_what_looks_like_a_token_is_hidden_even_where_nothing_says_so(token: str) -> None:
    shown = texts({"account_ids": [token], "end_date": f"{token} "}, {})

    assert token[:12] not in shown
    assert "(hidden)" in shown
