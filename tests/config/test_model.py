"""The modern shape: what single settings accept, and what they become."""

import string
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from facebook_marketing.config import Config, InsightConfig


def config(**settings: Any) -> Config:
    return Config.model_validate({"account_ids": ["1"], "access_token": "made-up-token", **settings})


def insight(**settings: Any) -> InsightConfig:
    return InsightConfig.model_validate({"name": "r", **settings})


@pytest.mark.parametrize(
    ("written", "ids"),
    (
        (["act_1", 2, "3"], ("1", "2", "3")),
        (["2", "act_2", 2, "1"], ("2", "1")),
        ("1, act_2", ("1", "2")),
        (12345678901234567890, ("12345678901234567890",)),
        (["ALL"], ("all",)),
        ([" act_0012 "], ("0012",)),
    ),
)
def test_account_numbers_are_bare_digits_in_their_order_each_once(written: object, ids: tuple[str, ...]) -> None:
    assert config(account_ids=written).account_ids == ids


@pytest.mark.parametrize(
    "written", ([], [""], ["1.5"], [1.0], [True], ["act_"], ["all", "1"], {"1": 1}, ["1 2"], ["\u0661"])
)
def test_what_is_no_account_number_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        config(account_ids=written)


@pytest.mark.parametrize(
    "written",
    (
        "2024-01-31",
        "2024-01-31T00:00:00Z",
        "2024-01-31T23:59:59.123+05:30",
        "2024-01-31 00:00:00",
        date(2024, 1, 31),
        datetime(2024, 1, 31, 22, tzinfo=UTC),
    ),
)
def test_a_day_is_taken_as_it_is_written(written: object) -> None:
    assert config(start_date=written).start_date == date(2024, 1, 31)


@pytest.mark.parametrize("written", ("2024-02-30", "31.01.2024", "20240131", "2024-01-31Tx", 20240131, "2024-W05-3"))
def test_what_is_no_day_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        config(start_date=written)


@pytest.mark.parametrize(("written", "mode"), (("full", "full"), ("Changed ", "changed")))
def test_the_look_back_is_read_in_full_or_where_it_changed(written: str, mode: str) -> None:
    assert config().lookback == "full"
    assert config(lookback=written).lookback == mode


@pytest.mark.parametrize("written", ("half", 7, True))
def test_there_is_no_third_way_to_read_the_look_back(written: object) -> None:
    with pytest.raises(ValidationError, match="lookback"):
        config(lookback=written)


@pytest.mark.parametrize(
    ("name", "stream"),
    (
        ("my_x", "custommy_x"),
        ("MyReport", "custom_my_report"),
        ("my_Report", "custommy__report"),
        ("ROASByDay", "custom_roas_by_day"),
        ("KPI2Week", "custom_kpi2_week"),
        ("By Country", "custom_by _country"),
        ("x-1", "customx-1"),
    ),
)
def test_a_stream_is_named_by_airbytes_rule(name: str, stream: str) -> None:
    assert insight(name=name).stream_name == stream


@given(st.text(string.ascii_letters + string.digits + "_ -", min_size=1).filter(str.strip))
def test_a_stream_name_is_lower_case_and_keeps_every_letter(name: str) -> None:
    stream = insight(name=name).stream_name

    assert stream == stream.lower()
    assert stream.replace("_", "") == f"custom{name.strip().lower()}".replace("_", "")


@pytest.mark.parametrize(
    ("written", "meant"),
    ((1, 1), (90, 90), ("7", 7), ("daily", 1), ("Weekly", "weekly"), ("monthly", "monthly"), ("all_days", "all_days")),
)
def test_a_row_counts_days_or_a_period(written: object, meant: object) -> None:
    assert insight(time_increment=written).time_increment == meant


@pytest.mark.parametrize("written", (0, 91, -1, True, 1.5, "", "yearly", "9" * 400, [1]))
def test_what_no_row_can_count_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        insight(time_increment=written)


@pytest.mark.parametrize(
    ("settings", "windows"),
    (
        ({}, ("1d_click", "7d_click", "28d_click", "1d_view")),
        ({"include_incrementality": True}, ("1d_click", "7d_click", "28d_click", "1d_view", "incrementality")),
        (
            {"include_engaged_view": True, "action_attribution_windows": ["1d_ev", "1D_Click"]},
            ("1d_ev", "1d_click"),
        ),
        ({"action_attribution_windows": []}, ()),
    ),
)
def test_the_two_switches_add_their_windows_once(settings: dict[str, Any], windows: tuple[str, ...]) -> None:
    assert config(**settings).action_attribution_windows == windows


@pytest.mark.parametrize(
    ("settings", "windows"),
    (
        ({}, ("1d_click", "incrementality")),
        ({"include_incrementality": False}, ("1d_click",)),
        ({"include_engaged_view": True}, ("1d_click", "incrementality", "1d_ev")),
        ({"action_attribution_windows": ["7d_click"], "include_incrementality": True}, ("7d_click", "incrementality")),
        ({"action_attribution_windows": []}, ()),
    ),
)
def test_a_report_takes_the_windows_of_the_whole_unless_it_says_otherwise(
    settings: dict[str, Any], windows: tuple[str, ...]
) -> None:
    assert insight(**settings).windows(("1d_click", "incrementality")) == windows


def test_a_filters_list_may_be_written_as_text() -> None:
    row = {"field": "ad.effective_status", "operator": "IN", "value": '["ACTIVE", "PAUSED"]'}

    assert insight(filtering=[row]).filtering[0]["value"] == ["ACTIVE", "PAUSED"]
    assert insight(filtering=[{**row, "value": "[Brand] x"}]).filtering[0]["value"] == "[Brand] x"
    assert insight(filtering=[{**row, "value": "5"}]).filtering[0]["value"] == "5"


def test_a_version_may_lack_its_letter() -> None:
    assert config(api_version="25.0").api_version == "v25.0"


def test_a_config_cannot_be_changed_and_takes_no_other_setting() -> None:
    built = config()

    with pytest.raises(ValidationError):
        built.strict = True
    with pytest.raises(ValidationError):
        config(colour="blue")


def test_a_report_clashes_with_a_stream_that_exists_already() -> None:
    built = config(custom_insights=[{"name": "x"}, {"name": "Conversions"}])

    clashes = built.clashes(["campaigns", "custom_conversions"])

    assert [clash.path for clash in clashes] == ["custom_insights[1].name"]
    assert "custom_conversions" in clashes[0].allowed
    assert built.clashes(["campaigns"]) == ()


def test_two_reports_of_one_stream_are_refused_without_load_too() -> None:
    with pytest.raises(ValidationError, match="already makes the stream customx"):
        config(custom_insights=[{"name": "x"}, {"name": "x"}])
