"""Every form that a config had since April 2022 is taken as it was meant, in memory, with a note."""

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from facebook_marketing.config import Config, Loaded, load

TOKEN = "made-up-token-for-tests"
THREE = ("action_type", "action_target_id", "action_destination")
MODERN: dict[str, Any] = {
    "account_ids": ["1"],
    "credentials": {"auth_type": "Service", "access_token": TOKEN},
}


@dataclass(frozen=True)
class Row:
    """A config as it was written, what it means, and a part of each note (in any order, none beside them)."""

    written: dict[str, Any]
    means: dict[str, Any]
    notes: tuple[str, ...] = ()
    insight: dict[str, Any] = field(default_factory=dict)


def custom(**settings: object) -> dict[str, Any]:
    return {**MODERN, "custom_insights": [{"name": "r", **settings}]}


ROWS = {
    "the modern form": Row(MODERN, {"account_ids": ("1",), "default_ads_insights_action_breakdowns": ("action_type",)}),
    "0.2.44 with everything set": Row(
        {
            "account_id": "1",
            "start_date": "2021-02-03T00:00:00Z",
            "end_date": "",
            "access_token": TOKEN,
            "include_deleted": True,
            "fetch_thumbnail_images": True,
            "custom_insights": [
                {
                    "name": "MyReport",
                    "fields": ["spend", "age_targeting", "labels"],
                    "breakdowns": ["dma"],
                    "action_breakdowns": ["action_type"],
                    "time_increment": 7,
                    "start_date": "2021-03-01T00:00:00Z",
                    "end_date": "2021-04-01T00:00:00Z",
                },
            ],
        },
        {
            "account_ids": ("1",),
            "start_date": date(2021, 2, 3),
            "end_date": None,
            "fetch_thumbnail_images": True,
            "default_ads_insights_action_breakdowns": THREE,
        },
        (
            "account_id is read as account_ids",
            "access_token is read as credentials.access_token",
            "include_deleted is read as every value",
            "default_ads_insights_action_breakdowns is not set",
            "age_targeting is dropped",
            "labels is dropped",
            "dma is read as comscore_market",
        ),
        {
            "stream_name": "custom_my_report",
            "fields": ("spend",),
            "breakdowns": ("comscore_market",),
            "action_breakdowns": ("action_type",),
            "time_increment": 7,
            "start_date": date(2021, 3, 1),
        },
    ),
    "one account under its old name": Row(
        {"account_id": 1, "credentials": MODERN["credentials"]},
        {"account_ids": ("1",), "default_ads_insights_action_breakdowns": THREE},
        ("account_id is read", "default_ads_insights_action_breakdowns is not set"),
    ),
    "the old name left beside the new one": Row(
        {**MODERN, "account_id": "act_1", "default_ads_insights_action_breakdowns": list(THREE)},
        {"account_ids": ("1",), "default_ads_insights_action_breakdowns": THREE},
    ),
    "the old name contradicting the new one": Row(
        {**MODERN, "account_id": "2", "default_ads_insights_action_breakdowns": []},
        {"account_ids": ("1",), "default_ads_insights_action_breakdowns": ()},
        ('account_id "2" is ignored',),
    ),
    "include_deleted off": Row(
        {**MODERN, "include_deleted": False},
        {"ad_statuses": (), "default_ads_insights_action_breakdowns": THREE},
        ("default_ads_insights_action_breakdowns is not set",),
    ),
    "include_deleted beside statuses": Row(
        {**MODERN, "include_deleted": True, "ad_statuses": ["ACTIVE"], "default_ads_insights_action_breakdowns": []},
        {"ad_statuses": ("ACTIVE",), "campaign_statuses": ()},
        ("include_deleted is ignored",),
    ),
    "a token and an app at the top": Row(
        {"account_ids": ["1"], "access_token": TOKEN, "client_id": "7", "client_secret": "made-up-secret"},
        {"client_id": "7"},
        ("access_token is read as", "client_id is read as", "client_secret is read as"),
    ),
    "credentials beside an old token": Row(
        {**MODERN, "access_token": "another-made-up-token"},
        {"account_ids": ("1",)},
        ("access_token is ignored: credentials.access_token is set as well",),
    ),
    "an app in credentials, its token at the top": Row(
        {
            "account_ids": ["1"],
            "access_token": TOKEN,
            "credentials": {"auth_type": "Client", "client_id": "7", "client_secret": "made-up-secret"},
        },
        {"client_id": "7"},
        ("access_token is read as credentials.access_token",),
    ),
    "credentials without auth_type": Row(
        {"account_ids": ["1"], "credentials": {"access_token": TOKEN}}, {"account_ids": ("1",)}
    ),
    "batch size": Row(
        {**MODERN, "max_batch_size": 50},
        {"default_ads_insights_action_breakdowns": THREE},
        ("max_batch_size is ignored", "default_ads_insights_action_breakdowns is not set"),
    ),
    "the page size that a form fills in": Row(
        {**MODERN, "page_size": 100}, {"page_size": None}, ("page_size 100 is what Airbyte's form fills in",)
    ),
    "a page size of one's own": Row({**MODERN, "page_size": 250}, {"page_size": 250}),
    "report time in a custom insight": Row(
        custom(action_report_time="mixed"),
        {"default_ads_insights_action_breakdowns": THREE},
        ("custom_insights[0].action_report_time is dropped", "default_ads_insights_action_breakdowns is not set"),
    ),
    "report time of the whole": Row(
        {**MODERN, "action_report_time": "conversion"},
        {"action_report_time": "conversion"},
        ("action_report_time is sent, but Meta has disregarded it",),
    ),
    "no action breakdowns chosen": Row(
        custom(action_breakdowns=[]),
        {},
        ("custom_insights[0].action_breakdowns is empty",),
        {"action_breakdowns": None},
    ),
    "empty action breakdowns allowed": Row(
        {**custom(action_breakdowns=[]), "action_breakdowns_allow_empty": True},
        {"default_ads_insights_action_breakdowns": THREE},
        ("action_breakdowns_allow_empty is ignored", "default_ads_insights_action_breakdowns is not set"),
        {"action_breakdowns": ()},
    ),
    "days as a period": Row(custom(time_increment_period="daily", time_increment=1), {}, (), {"time_increment": 1}),
    "weeks": Row(custom(time_increment_period="weekly", time_increment=1), {}, (), {"time_increment": "weekly"}),
    "months": Row(custom(time_increment_period="monthly"), {}, (), {"time_increment": "monthly"}),
    "a period without a value": Row(
        custom(time_increment_period=None, time_increment=3), {}, (), {"time_increment": 3}
    ),
    "all days": Row(custom(time_increment="all_days"), {}, (), {"time_increment": "all_days"}),
    "retired windows": Row(
        {**MODERN, "action_attribution_windows": ["7d_view", "1d_click", "28d_view"]},
        {"action_attribution_windows": ("1d_click",)},
        ("7d_view is dropped", "28d_view is dropped"),
    ),
    "names that this version does not know": Row(
        custom(fields=["brand_new"], breakdowns=["newer"], action_breakdowns=["newest"]),
        {},
        ("brand_new is unknown to this version", "newer is unknown", "newest is unknown"),
        {"fields": ("brand_new",), "breakdowns": ("newer",), "action_breakdowns": ("newest",)},
    ),
    "market and its old name": Row(
        custom(breakdowns=["comscore_market", "dma"]),
        {},
        ("dma is read as comscore_market",),
        {"breakdowns": ("comscore_market",)},
    ),
    "a platform's own key": Row(
        {**MODERN, "__injected": {"x": 1}}, {"account_ids": ("1",)}, ("__injected is unknown and ignored",)
    ),
    "a slip of the pen": Row({**MODERN, "start_dat": "2021-01-01"}, {"start_date": None}, ("Is start_date meant?",)),
    "a slip inside a report": Row(
        custom(breakdown=["age"]), {}, ("custom_insights[0].breakdown is unknown and ignored. Is breakdowns meant?",)
    ),
    "a time of day": Row(
        {**MODERN, "start_date": "2021-01-01T10:30:00Z"},
        {"start_date": date(2021, 1, 1)},
        ("start_date counts as a whole day, 10:30:00 is dropped",),
    ),
    "the address of the API in the file": Row(
        {**MODERN, "graph_url": "http://elsewhere.test"},
        {"graph_url": "https://graph.facebook.com"},
        ("graph_url is ignored",),
    ),
    "a report that ends before all reports start": Row(
        {**custom(end_date="2020-01-01"), "start_date": "2021-01-01"},
        {},
        ("custom_insights[0] has no day to read",),
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_an_older_form_means_what_it_meant(name: str) -> None:
    row = ROWS[name]
    before = json.dumps(row.written)

    loaded = load(row.written, {})

    assert json.dumps(row.written) == before, "what the caller gave is left as it was"
    assert loaded.config.access_token.get_secret_value() == TOKEN
    assert {key: getattr(loaded.config, key) for key in row.means} == row.means
    assert {key: getattr(loaded.config.custom_insights[0], key) for key in row.insight} == row.insight
    _each_part_has_its_note(loaded, row.notes)


def _each_part_has_its_note(loaded: Loaded, parts: tuple[str, ...]) -> None:
    missing = [part for part in parts if not any(part in note for note in loaded.notes)]
    beside = [note for note in loaded.notes if not any(part in note for part in parts)]
    assert not missing
    assert not beside


def test_include_deleted_becomes_every_status_of_each_object() -> None:
    config = load({**MODERN, "include_deleted": True}, {}).config

    assert (len(config.campaign_statuses), len(config.adset_statuses), len(config.ad_statuses)) == (6, 7, 12)
    assert "DELETED" in config.ad_statuses


def test_a_migrated_config_says_the_same_when_it_is_written_in_the_modern_form() -> None:
    old = load(ROWS["0.2.44 with everything set"].written, {}).config
    written = {name: value for name, value in old.model_dump(mode="json").items() if name != "access_token"}

    again = load({**written, "credentials": {"auth_type": "Service", "access_token": TOKEN}}, {})

    assert again.config == old


def test_the_users_file_is_never_written(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(ROWS["0.2.44 with everything set"].written), encoding="utf-8")
    file.chmod(0o400)
    before = (file.read_bytes(), file.stat().st_mtime_ns)

    loaded = load(file, {})

    assert loaded.notes
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_a_path_may_be_a_text_and_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(MODERN), encoding="utf-8-sig")

    assert load(str(file), {}).config == Config(account_ids=("1",), access_token=TOKEN)  # type: ignore[arg-type]
