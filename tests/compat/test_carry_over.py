"""Configs of `source-facebook-marketing` 0.2.44 to 6.1.9: each row is one, and what a sync of it asks for."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from engine.test_insights_truth import TINY, asked_of_meta
from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Report, Stream
from facebook_marketing.config import Config, load
from facebook_marketing.faces.parts import order_of, streams_of
from facebook_marketing.sandbox import Options
from syncing import ACCOUNT, Site

TOKEN = "made-up-token-for-tests"
THREE = ("action_type", "action_target_id", "action_destination")
ONE = ("action_type",)
CAMPAIGN = ("ACTIVE", "ARCHIVED", "DELETED", "IN_PROCESS", "PAUSED", "WITH_ISSUES")
ADSET = (*CAMPAIGN, "CAMPAIGN_PAUSED")
AD = (*ADSET, "ADSET_PAUSED", "DISAPPROVED", "PENDING_BILLING_INFO", "PENDING_REVIEW", "PREAPPROVED")

APRIL_2022: dict[str, Any] = {"account_id": "1", "start_date": "2021-02-03T00:00:00Z", "access_token": TOKEN}
"""What 0.2.44 asked for at least."""
SERVICE: dict[str, Any] = {"auth_type": "Service", "access_token": TOKEN}
SINCE_3_2: dict[str, Any] = {"account_ids": ["1"], "credentials": SERVICE}
NOTED_2022 = ("account_id is read", "access_token is read", "default_ads_insights_action_breakdowns is not set")


@dataclass(frozen=True)
class Row:
    """A config, and the plan of it: what is given here is compared, notes one by one."""

    written: Mapping[str, Any]
    notes: Sequence[str] = ()
    accounts: Sequence[str] = ("1",)
    start: str | None = None
    end: str | None = None
    statuses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    actions: Sequence[str] = ONE
    order: Mapping[str, Any] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)
    stream: str = "customx"
    asked: Sequence[str] = ()


def x(**settings: Any) -> dict[str, Any]:
    """A config since 3.2 with a custom insight named x."""
    return {**SINCE_3_2, "custom_insights": [{"name": "x", **settings}]}


def of_2022(**settings: Any) -> Row:
    """A row of 0.2.44 with more settings, noted as ever."""
    more = settings.pop("more", {})
    return Row({**APRIL_2022, **settings}, **{"notes": NOTED_2022, "start": "2021-02-03", "actions": THREE, **more})


ROWS: dict[str, Row] = {
    # what an account, a token and a day may look like
    "0.2.44 at its least": of_2022(),
    "0.2.44, the account as a number": of_2022(account_id=1),
    "0.2.44, the account as Ads Manager's node": of_2022(account_id=" act_1 "),
    "0.2.44, an empty end": of_2022(end_date=""),
    "0.2.44, an end": of_2022(end_date="2022-01-31T00:00:00Z", more={"end": "2022-01-31"}),
    "0.2.44, no deleted objects": of_2022(include_deleted=False),
    "0.2.44, deleted objects": of_2022(
        include_deleted=True,
        more={
            "notes": (*NOTED_2022, "include_deleted is read as every value"),
            "statuses": {"campaign": CAMPAIGN, "adset": ADSET, "ad": AD},
        },
    ),
    "0.2.44, deleted objects as a number": of_2022(
        include_deleted=1, more={"notes": (*NOTED_2022, "include_deleted is read"), "statuses": {"campaign": CAMPAIGN}}
    ),
    "0.2.44, thumbnails": of_2022(fetch_thumbnail_images=True, more={"order": {"thumbnails": True}}),
    "0.2.44, whatever is not chosen is null": of_2022(end_date=None, include_deleted=None, custom_insights=None),
    "0.2.44, no custom insights": of_2022(custom_insights=[]),
    "0.2.46, the form's page size": of_2022(
        page_size=100,
        more={"notes": (*NOTED_2022, "page_size 100 is what Airbyte's form"), "order": {"page_size": None}},
    ),
    "0.2.46, a page size of one's own": of_2022(page_size=250, more={"order": {"page_size": 250}}),
    "0.2.50, a look-back": of_2022(
        insights_lookback_window=7, more={"stream": "ads_insights", "report": {"lookback_days": 7}}
    ),
    "0.2.54, a batch size": of_2022(max_batch_size=25, more={"notes": (*NOTED_2022, "max_batch_size is ignored")}),
    "0.2.75, empty action breakdowns are not allowed": of_2022(
        action_breakdowns_allow_empty=False,
        custom_insights=[{"name": "x", "action_breakdowns": []}],
        more={
            "notes": (*NOTED_2022, "action_breakdowns_allow_empty is ignored", "action_breakdowns is empty"),
            "report": {"action_breakdowns": THREE},
        },
    ),
    "0.2.75, empty action breakdowns are allowed": of_2022(
        action_breakdowns_allow_empty=True,
        custom_insights=[{"name": "x", "action_breakdowns": []}],
        more={
            "notes": (*NOTED_2022, "action_breakdowns_allow_empty is ignored"),
            "report": {"action_breakdowns": ()},
        },
    ),
    "0.2.75, no action breakdowns where empty ones are allowed": of_2022(
        action_breakdowns_allow_empty=True,
        custom_insights=[{"name": "x"}],
        more={
            "notes": (*NOTED_2022, "action_breakdowns_allow_empty is ignored"),
            "report": {"action_breakdowns": ()},
        },
    ),
    "0.4.2, the app at the top": of_2022(
        client_id="7",
        client_secret="made-up-secret",
        more={"notes": (*NOTED_2022, "client_id is read as", "client_secret is read as")},
    ),
    "1.1.9, no start": Row(
        {"account_id": "1", "access_token": TOKEN, "end_date": "2022-01-31T00:00:00Z"},
        NOTED_2022,
        end="2022-01-31",
        actions=THREE,
    ),
    "1.2.2, a timeout": of_2022(
        insights_job_timeout=15, more={"stream": "ads_insights", "report": {"timeout_minutes": 15}}
    ),
    "1.3.0, several accounts": Row(
        {"account_ids": ["3", "1", "2"], "access_token": TOKEN}, ("access_token is read",), accounts=("3", "1", "2")
    ),
    "1.3.0, migrated, the old key left": Row(
        {**APRIL_2022, "account_ids": ["1"]}, NOTED_2022[1:], start="2021-02-03", actions=THREE
    ),
    "1.4.0, statuses": Row(
        {**SINCE_3_2, "campaign_statuses": ["ACTIVE"], "adset_statuses": ["CAMPAIGN_PAUSED"], "ad_statuses": []},
        statuses={"campaign": ("ACTIVE",), "adset": ("CAMPAIGN_PAUSED",), "ad": ()},
    ),
    "1.4.0, migrated, deleted objects": Row(
        {**SINCE_3_2, "include_deleted": True, "campaign_statuses": list(CAMPAIGN), "ad_statuses": list(AD)},
        ("include_deleted is ignored", "default_ads_insights_action_breakdowns is not set"),
        statuses={"campaign": CAMPAIGN, "ad": AD},
        actions=THREE,
    ),
    "3.2.0, a service": Row(SINCE_3_2),
    "3.2.0, signed in": Row(
        {
            "account_ids": ["1"],
            "credentials": {"auth_type": "Client", "client_id": "7", "client_secret": "s", "access_token": TOKEN},
        }
    ),
    "3.2.0, signed in, an app's id as a number": Row(
        {"account_ids": ["1"], "credentials": {**SERVICE, "auth_type": "Client", "client_id": 7}}
    ),
    "3.2.0, the way to sign in in small letters": Row(
        {"account_ids": ["1"], "credentials": {**SERVICE, "auth_type": "service"}}
    ),
    "3.2.0, migrated, the token left at the top": Row(
        {**SINCE_3_2, "access_token": TOKEN, "client_id": None, "client_secret": ""}
    ),
    "3.5.11, the three action breakdowns": Row(
        {**SINCE_3_2, "default_ads_insights_action_breakdowns": list(THREE)}, actions=THREE
    ),
    "3.5.11, no action breakdowns": Row({**SINCE_3_2, "default_ads_insights_action_breakdowns": []}, actions=()),
    "6.1.9, windows by switches": Row(
        {**SINCE_3_2, "include_incrementality": True, "include_engaged_view": True},
        stream="ads_insights",
        report={
            "attribution_windows": ("1d_click", "7d_click", "28d_click", "1d_view", "incrementality", "1d_ev"),
        },
    ),
    "6.1.9 with everything that its form fills in": Row(
        {
            **SINCE_3_2,
            "start_date": "2024-01-31T00:00:00Z",
            "end_date": "",
            "campaign_statuses": [],
            "adset_statuses": [],
            "ad_statuses": [],
            "fetch_thumbnail_images": False,
            "default_ads_insights_action_breakdowns": list(THREE),
            "custom_insights": [],
            "page_size": 100,
            "insights_lookback_window": 28,
            "insights_job_timeout": 60,
            "include_incrementality": False,
            "include_engaged_view": False,
        },
        ("page_size 100 is what Airbyte's form",),
        start="2024-01-31",
        actions=THREE,
    ),
    "accounts in one text": Row({**SINCE_3_2, "account_ids": "act_1, 2;3"}, accounts=("1", "2", "3")),
    "accounts of every spelling": Row(
        {**SINCE_3_2, "account_ids": [1, "act_1", " 2 ", "ACT_3", "3, 4"]}, accounts=("1", "2", "3", "4")
    ),
    "one account in a text with several": Row(
        {"account_id": "1, act_2", "credentials": SERVICE},
        ("account_id is read", "default_ads_insights_action_breakdowns is not set"),
        accounts=("1", "2"),
        actions=THREE,
    ),
    "a day without a time": Row({**SINCE_3_2, "start_date": "2024-01-31"}, start="2024-01-31"),
    "a fraction of a second": Row({**SINCE_3_2, "start_date": "2024-01-31T00:00:00.000000Z"}, start="2024-01-31"),
    "an offset": Row({**SINCE_3_2, "start_date": "2024-01-31T00:00:00-0800"}, start="2024-01-31"),
    "an offset with a colon": Row({**SINCE_3_2, "start_date": "2024-01-31T00:00:00+09:00"}, start="2024-01-31"),
    "small letters in a moment": Row({**SINCE_3_2, "start_date": "2024-01-31t00:00:00z"}, start="2024-01-31"),
    "a time of day": Row(
        {**SINCE_3_2, "start_date": "2024-01-31T23:59:59Z", "end_date": "2024-02-01T12:00:00+02:00"},
        ("start_date counts as a whole day", "end_date counts as a whole day"),
        start="2024-01-31",
        end="2024-02-01",
    ),
    "keys that a platform adds": Row(
        {**SINCE_3_2, "__injected_components": {}, "workspace": "w"}, ("__injected_components is", "workspace is")
    ),
    # custom insights
    "0.2.44, a report by its name alone": of_2022(
        custom_insights=[{"name": "x"}], more={"report": {"level": "ad", "action_breakdowns": THREE}}
    ),
    "0.2.44, names of streams": of_2022(
        custom_insights=[{"name": "my_x"}], more={"stream": "custommy_x", "report": {"level": "ad"}}
    ),
    "0.2.44, names in capitals": of_2022(
        custom_insights=[{"name": "MyReportROAS"}], more={"stream": "custom_my_report_roas", "report": {"level": "ad"}}
    ),
    "0.2.44, columns that Meta took back": of_2022(
        custom_insights=[{"name": "x", "fields": ["spend", "age_targeting", "labels", "wish_bid"]}],
        more={
            "notes": (*NOTED_2022, "age_targeting is dropped", "labels is dropped", "wish_bid is dropped"),
            "asked": ("account_id", "ad_id", "spend"),
        },
    ),
    "columns that the form once refused": Row(
        x(fields=["unique_clicks", "unique_ctr", "unique_conversions"]),
        asked=("account_id", "ad_id", "unique_clicks", "unique_ctr", "unique_conversions"),
    ),
    "columns that the form no longer offers": Row(
        x(fields=["conversion_lead_rate", "cost_per_conversion_lead", "adset_start"]),
        asked=("account_id", "ad_id", "conversion_lead_rate", "cost_per_conversion_lead", "adset_start"),
    ),
    "0.2.44, markets under their old name": of_2022(
        custom_insights=[{"name": "x", "breakdowns": ["dma", "device_platform"]}],
        more={
            "notes": (*NOTED_2022, "dma is read as comscore_market"),
            "report": {"breakdowns": ("comscore_market", "device_platform")},
        },
    ),
    "0.2.38, a week of one's own": of_2022(
        custom_insights=[{"name": "x", "time_increment": 7}], more={"report": {"time_increment": 7}}
    ),
    "0.2.38, the longest increment": Row(x(time_increment=89), report={"time_increment": 89}),
    "0.2.44, days of one's own": of_2022(
        custom_insights=[{"name": "x", "start_date": "2021-03-01T00:00:00Z", "end_date": "2021-04-01T00:00:00Z"}],
        more={"report": {"start_date": date(2021, 3, 1), "end_date": date(2021, 4, 1)}},
    ),
    "a report's empty days": Row(x(start_date="", end_date=""), report={"start_date": None, "end_date": None}),
    "0.2.50, a report's look-back and timeout": Row(
        x(insights_lookback_window=3, insights_job_timeout=10), report={"lookback_days": 3, "timeout_minutes": 10}
    ),
    "0.3.0, a level": Row(
        x(level="campaign", fields=["spend"]),
        report={"level": "campaign"},
        asked=("account_id", "campaign_id", "spend"),
    ),
    "1.1.0, a report time": Row(
        x(action_report_time="conversion"),
        ("action_report_time is dropped", "default_ads_insights_action_breakdowns is not set"),
        actions=THREE,
        report={"action_report_time": None},
    ),
    "a report with every null": Row(
        x(level=None, fields=None, breakdowns=None, action_breakdowns=None, time_increment=None, start_date=None),
        report={"level": "ad", "breakdowns": (), "action_breakdowns": ONE, "time_increment": 1},
    ),
    "6.1.9, a day": Row(x(time_increment=1, time_increment_period="daily"), report={"time_increment": 1}),
    "6.1.9, weeks": Row(x(time_increment=1, time_increment_period="weekly"), report={"time_increment": "weekly"}),
    "6.1.9, months": Row(x(time_increment_period="monthly"), report={"time_increment": "monthly"}),
    "6.1.9, no period": Row(x(time_increment=14, time_increment_period=None), report={"time_increment": 14}),
    "6.1.9, a report's windows": Row(
        x(include_incrementality=True, include_engaged_view=False),
        report={"attribution_windows": ("1d_click", "7d_click", "28d_click", "1d_view", "incrementality")},
    ),
    "6.1.9, a report's action breakdowns": Row(
        x(action_breakdowns=["action_type", "action_reaction"]),
        report={"action_breakdowns": ("action_type", "action_reaction")},
    ),
    "6.1.9, a report without action breakdowns takes the default ones": Row(
        {**x(action_breakdowns=[]), "default_ads_insights_action_breakdowns": ["action_device"]},
        ("action_breakdowns is empty",),
        actions=("action_device",),
        report={"action_breakdowns": ("action_device",)},
    ),
    "a key in a report that nobody knows": Row(x(colour="red"), ("colour is unknown and ignored",)),
    "a column that Meta added yesterday": Row(
        x(fields=["brand_new"]), ("brand_new is unknown",), asked=("account_id", "ad_id", "brand_new")
    ),
}


def streams(config: Config) -> dict[str, Stream]:
    return {stream.name: stream for stream in streams_of(config)}


@pytest.mark.parametrize("name", ROWS)
def test_a_config_of_any_version_comes_to_its_plan(name: str) -> None:
    row = ROWS[name]
    before = json.dumps(row.written)
    loaded = load(row.written, {})
    config, offered = loaded.config, streams(loaded.config)
    order = order_of(config, config.account_ids)

    assert json.dumps(row.written) == before
    assert config.access_token.get_secret_value() == TOKEN
    assert list(order.accounts) == list(row.accounts)
    assert (order.start, order.end) == (_day(row.start), _day(row.end))
    assert {kind: set(order.statuses[kind]) for kind in row.statuses} == {k: set(v) for k, v in row.statuses.items()}
    assert _report(offered["ads_insights"]).action_breakdowns == tuple(row.actions)
    assert {key: getattr(order, key) for key in row.order} == row.order
    if row.report or row.asked:
        report = _report(offered[row.stream])
        assert {key: getattr(report, key) for key in row.report} == row.report
    if row.asked:
        assert set(request_fields(offered[row.stream])) - {"date_start", "date_stop"} == set(row.asked)
    assert [part for part in row.notes if not any(part in note for note in loaded.notes)] == []
    assert [note for note in loaded.notes if not any(part in note for part in row.notes)] == []


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _report(stream: Stream) -> Report:
    assert stream.report is not None
    return stream.report


def test_the_table_has_a_row_for_every_version_that_changed_the_form() -> None:
    said = {name.split()[0].rstrip(",") for name in ROWS}
    assert said >= {
        "0.2.38", "0.2.44", "0.2.46", "0.2.50", "0.2.54", "0.2.75", "0.3.0", "0.4.2", "1.1.0", "1.1.9", "1.2.2",
        "1.3.0", "1.4.0", "3.2.0", "3.5.11", "6.1.9",
    }  # fmt: skip
    assert len(ROWS) >= 60


# The same on the wire: what a config of long ago makes us ask of Meta.

RECENT = {"start_date": "2026-10-01T00:00:00Z", "end_date": "2026-10-03T00:00:00Z"}


def synced(names: Sequence[str], written: Mapping[str, Any]) -> list[Any]:
    site = Site(Options(size=TINY, empty_pages=False))
    nothing = {"credentials": None, "account_ids": None}
    done = site.sync(names, **{**nothing, "access_token": "sandbox-token", **written})
    assert done.outcome.failures == ()
    return done.calls


def test_a_config_of_2022_asks_meta_for_what_it_always_did_and_for_what_is_left_of_it() -> None:
    own = {
        "name": "x",
        "fields": ["impressions", "spend", "labels"],
        "breakdowns": ["dma"],
        "action_breakdowns": ["action_type"],
        "time_increment": 2,
    }
    settings = {"account_id": ACCOUNT, "include_deleted": True, "custom_insights": [own], **RECENT}
    calls = synced(["campaigns", "customx"], settings)

    filters = [json.loads(call.params["filtering"]) for call in calls if call.edge == "campaigns"]
    asked = asked_of_meta(calls)
    assert filters
    for filtering in filters:
        (since,) = (row for row in filtering if row["field"] == "campaign.updated_time")
        (status,) = (row for row in filtering if row["field"] == "campaign.effective_status")
        assert (since["operator"], since["value"]) == ("GREATER_THAN", 1_790_812_799)  # a second before 2026-10-01 UTC
        assert set(status["value"]) == set(CAMPAIGN)
    assert asked
    for one in asked:
        assert json.loads(one["breakdowns"]) == ["comscore_market"]
        assert json.loads(one["action_breakdowns"]) == ["action_type"]
        assert one["time_increment"] == "2"
        assert "labels" not in one["fields"]
        assert (str(one["since"]) >= "2026-10-01", str(one["until"]) <= "2026-10-03") == (True, True)


def test_a_config_of_6_1_9_asks_meta_for_its_windows_its_statuses_and_its_three_action_breakdowns() -> None:
    settings = {
        "account_ids": [ACCOUNT],
        "ad_statuses": ["ACTIVE", "PAUSED"],
        "include_engaged_view": True,
        "default_ads_insights_action_breakdowns": list(THREE),
        **RECENT,
    }
    calls = synced(["ads", "ads_insights"], settings)

    for call in calls:
        if call.edge == "ads":
            rows = {row["field"]: row["value"] for row in json.loads(call.params["filtering"])}
            assert rows["ad.effective_status"] == ["ACTIVE", "PAUSED"]
            assert "summary" not in call.params
    asked = asked_of_meta(calls)
    assert asked
    for one in asked:
        assert json.loads(one["action_breakdowns"]) == list(THREE)
        assert json.loads(one["action_attribution_windows"]) == [
            "1d_click",
            "7d_click",
            "28d_click",
            "1d_view",
            "1d_ev",
        ]
        assert one["level"] == "ad"
        (status,) = json.loads(one["filtering"])
        assert (status["field"], set(status["value"])) == ("ad.effective_status", set(AD)), "they choose ads, not spend"
