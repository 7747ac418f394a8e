"""Fidelity from outside: Meta's own SDK reads the sandbox and gets the truth.

The SDK stops at an empty page, so the sandbox serves none here; one test asserts that known loss.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from facebook_marketing.sandbox import Options, Size, start
from facebook_marketing.sandbox.server import Running

pytest.importorskip("facebook_business")

from facebook_business import api as sdk
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adreportrun import AdReportRun
from facebook_business.adobjects.campaign import Campaign
from facebook_business.adobjects.user import User
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

EDGE = "act_1234567890123456"
SIZE = Size(campaigns=5, adsets=10, ads=30, creatives=30, images=12, videos=6, activities=60, audiences=5)
WEEK = {"since": "2026-11-01", "until": "2026-11-07"}
NOON = 1_795_348_800.0  # 2026-11-22T12:00:00Z

EDGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("campaigns", "get_campaigns", ("name", "objective", "status", "daily_budget", "special_ad_categories")),
    ("adsets", "get_ad_sets", ("name", "campaign_id", "targeting", "optimization_goal", "promoted_object")),
    ("ads", "get_ads", ("name", "adset_id", "creative", "tracking_specs", "effective_status")),
    ("adcreatives", "get_ad_creatives", ("name", "title", "body", "asset_feed_spec", "thumbnail_url")),
    ("adimages", "get_ad_images", ("name", "hash", "status", "width", "updated_time")),
    ("advideos", "get_ad_videos", ("title", "length", "status", "views")),
    ("customaudiences", "get_custom_audiences", ("name", "subtype", "time_created", "lookalike_spec")),
    ("customconversions", "get_custom_conversions", ("name", "rule", "custom_event_type", "creation_time")),
    ("adlabels", "get_ad_labels", ("name", "created_time")),
    ("adspixels", "get_ads_pixels", ("name", "is_unavailable")),
    ("saved_audiences", "get_saved_audiences", ("name", "targeting")),
    (
        "adrules_library",
        "get_ad_rules_library",
        ("name", "status", "evaluation_spec", "execution_spec", "updated_time"),
    ),
    ("users", "get_users", ("name", "tasks")),
    ("recommendations", "get_recommendations", ("recommendations",)),
)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with start(Options(size=SIZE, empty_pages=False)) as sandbox:
        sandbox.sandbox.set_clock(NOON)
        yield sandbox


@pytest.fixture
def account(running: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[AdAccount]:
    yield from _account(running, monkeypatch)


def _account(running: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[AdAccount]:
    monkeypatch.setattr(FacebookSession, "GRAPH", running.url)
    session = FacebookSession("123456", "sandbox-secret", "sandbox-token")
    yield AdAccount(EDGE, api=sdk.FacebookAdsApi(session, api_version="v26.0"))
    session.requests.close()


def truth(running: Running, edge: str) -> list[dict[str, Any]]:
    node = running.sandbox.world.node(EDGE)
    assert node is not None
    hides = edge in {"campaigns", "adsets", "ads"}
    rows = [dict(row) for row in running.sandbox.world.edge(node, edge) or ()]
    return [row for row in rows if not hides or row["effective_status"] not in {"ARCHIVED", "DELETED"}]


@pytest.mark.parametrize(("edge", "method", "fields"), EDGES)
def test_the_sdk_reads_every_page_of_an_edge(
    running: Running, account: AdAccount, edge: str, method: str, fields: tuple[str, ...]
) -> None:
    cursor = getattr(account, method)(fields=list(fields), params={"limit": 4})
    found = [row.export_all_data() for row in cursor]
    names = (*fields, "id")
    assert found == [{name: row[name] for name in names if name in row} for row in truth(running, edge)]
    assert found
    if edge in {"campaigns", "adsets", "ads", "adimages", "adcreatives"}:
        assert cursor.total() == len(found)


def test_the_sdk_reads_activities(running: Running, account: AdAccount) -> None:
    fields = ["event_time", "event_type", "object_id", "extra_data"]
    params = {"since": 0, "until": int(NOON), "limit": 7}
    found = [row.export_all_data() for row in account.get_activities(fields=fields, params=params)]
    rows = [row for row in truth(running, "activities") if row["event_time"] <= "2026-11-22T12:00:00+0000"]
    assert found == [{name: row[name] for name in fields if name in row} for row in rows]
    assert found


def test_the_sdk_reads_the_account_and_finds_it_through_me(account: AdAccount) -> None:
    own = account.api_get(fields=["name", "currency", "timezone_name", "account_status"])
    assert (own["currency"], own["timezone_name"], own["account_status"]) == ("EUR", "Europe/Berlin", 1)
    me = User("me", api=account.get_api())
    assert [row["id"] for row in me.get_ad_accounts()] == [EDGE]


def test_the_sdk_reads_the_leads_of_an_ad_and_those_after_a_moment(running: Running, account: AdAccount) -> None:
    fields = ["created_time", "ad_id", "form_id", "is_organic", "field_data"]
    rows = [dict(row) for row in running.sandbox.world.holdings(EDGE.removeprefix("act_")).leads() if "ad_id" in row]
    ad = Ad(rows[0]["ad_id"], api=account.get_api())
    truth = [{name: row[name] for name in (*fields, "id")} for row in rows if row["ad_id"] == ad["id"]]
    assert [lead.export_all_data() for lead in ad.get_leads(fields=fields, params={"limit": 2})] == truth
    newest = int(datetime.fromisoformat(str(rows[0]["created_time"])).timestamp()) - 1
    after = [{"field": "time_created", "operator": "GREATER_THAN", "value": newest}]
    assert [lead["id"] for lead in ad.get_leads(params={"filtering": after})] == [rows[0]["id"]]


def test_the_sdk_finds_businesses(account: AdAccount) -> None:
    me = User("me", api=account.get_api())
    (business,) = me.get_businesses(fields=["name", "verification_status", "primary_page"])
    assert business["name"] == account.api_get(fields=["business"])["business"]["name"]
    assert business["primary_page"]["id"]


def test_the_sdk_filters(running: Running, account: AdAccount) -> None:
    wanted = [{"field": "campaign.effective_status", "operator": "IN", "value": ["ARCHIVED", "DELETED"]}]
    found = {row["id"] for row in account.get_campaigns(params={"filtering": wanted})}
    node = running.sandbox.world.node(EDGE)
    assert node is not None
    rows = running.sandbox.world.edge(node, "campaigns") or ()
    assert found == {row["id"] for row in rows if row["effective_status"] in {"ARCHIVED", "DELETED"}}


def test_the_sdk_sends_a_batch(running: Running, account: AdAccount) -> None:
    batch = account.get_api().new_batch()
    names: dict[str, str] = {}
    failures: list[int] = []

    def took(reply: Any) -> None:
        names[reply.json()["id"]] = reply.json()["name"]

    def failed(reply: Any) -> None:
        failures.append(reply.error().api_error_code())

    for row in truth(running, "campaigns"):
        Campaign(row["id"], api=account.get_api()).api_get(fields=["name"], batch=batch, success=took, failure=failed)
    Ad("999", api=account.get_api()).api_get(batch=batch, success=took, failure=failed)
    assert batch.execute() is None
    assert names == {row["id"]: row["name"] for row in truth(running, "campaigns")}
    assert failures == [100]


def daily(account: AdAccount) -> list[dict[str, Any]]:
    params = {"level": "ad", "time_increment": 1, "time_range": WEEK, "limit": 40}
    return [row.export_all_data() for row in account.get_insights(fields=["ad_id", "spend", "actions"], params=params)]


def test_the_sdk_reads_synchronous_insights_as_the_world_computes_them(running: Running, account: AdAccount) -> None:
    from datetime import date, timedelta

    from facebook_marketing.sandbox.insights import Query, rows

    node = running.sandbox.world.node(EDGE)
    assert node is not None
    days = [date(2026, 11, 1) + timedelta(at) for at in range(7)]
    query = Query(
        object=node,
        level="ad",
        fields=("ad_id", "spend", "actions"),
        breakdowns=(),
        action_breakdowns=None,
        attribution_windows=(),
        ranges=tuple((day, day) for day in days),
        filtering=(),
        sort=None,
        asynchronous=False,
        product_id_limit=None,
        use_account_attribution_setting=False,
    )
    found = daily(account)
    assert found == list(rows(query, running.sandbox.world))
    assert len(found) > 40


def test_the_sdk_runs_an_asynchronous_report(running: Running, account: AdAccount) -> None:
    params = {"level": "ad", "time_increment": 1, "time_range": WEEK}
    run: AdReportRun = account.get_insights(fields=["ad_id", "spend", "actions"], params=params, is_async=True)
    states = []
    for _ in range(30):
        running.sandbox.advance(0.5)
        state = run.api_get()
        states.append(state[AdReportRun.Field.async_status])
        if states[-1] == "Job Completed" and state[AdReportRun.Field.async_percent_completion] == 100:
            break
    assert states[-1] == "Job Completed"
    rows = [row.export_all_data() for row in run.get_insights(params={"limit": 40})]
    assert rows == daily(account)


def test_the_sdk_sees_errors_as_it_expects_them(account: AdAccount) -> None:
    with pytest.raises(FacebookRequestError) as caught:
        account.get_insights(params={"time_range": {"since": WEEK["until"], "until": WEEK["since"]}})
    assert (caught.value.http_status(), caught.value.api_error_code()) == (400, 100)
    assert caught.value.api_error_type() == "OAuthException"


def test_the_sdk_loses_rows_behind_an_empty_page(monkeypatch: pytest.MonkeyPatch) -> None:
    with start(Options(size=SIZE, empty_pages=True)) as running:
        running.sandbox.set_clock(NOON)
        accounts: Callable[..., Iterator[AdAccount]] = _account
        found: list[str] = []
        for account in accounts(running, monkeypatch):
            found += [row["id"] for row in account.get_ad_creatives(params={"limit": 1})]
        everything = [row["id"] for row in truth(running, "adcreatives")]
    assert found == everything[: len(found)]
    assert len(found) < len(everything)
