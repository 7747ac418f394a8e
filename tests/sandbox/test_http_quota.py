"""The quota model: limits by tier, honest waiting times, headers."""

from collections.abc import Callable

import msgspec
import pytest

from facebook_marketing.sandbox import GraphError
from facebook_marketing.sandbox.caller import Caller, StillClock
from facebook_marketing.sandbox.quota import Quota, use_case_of

EDGE = "act_1234567890123456"
Open = Callable[..., Caller]


def quota(clock: StillClock, tier: str = "development_access", live: int = 0, scale: float = 1.0) -> Quota:
    return Quota(tier, enforce=True, scale=scale, live=lambda _: live, now=clock)


def calls_until_refused(budget: Quota, use_case: str, *, write: bool = False) -> tuple[int, GraphError]:
    for count in range(1_000_000):
        try:
            budget.admit("1", use_case, write=write)
        except GraphError as error:
            return count, error
    raise AssertionError


def usage(budget: Quota, use_case: str) -> dict[str, float]:
    (entry,) = msgspec.json.decode(budget.headers("1", use_case)["x-business-use-case-usage"])["1"]
    return dict(entry)


@pytest.mark.parametrize(("write", "most"), ((False, 60), (True, 20)))
def test_the_score_of_development_access_holds_60_reads_or_20_writes(
    clock: StillClock, *, write: bool, most: int
) -> None:
    count, error = calls_until_refused(quota(clock), "ads_management", write=write)
    assert (count, error.code, error.subcode, error.status) == (most, 17, 2446079, 400)


def test_who_waits_the_announced_block_is_served_again(clock: StillClock) -> None:
    budget = quota(clock)
    calls_until_refused(budget, "ads_management")
    wait = msgspec.json.decode(budget.headers("1", "ads_management")["x-ad-account-usage"])["reset_time_duration"]
    assert wait == 300
    clock.moment += wait - 1
    with pytest.raises(GraphError):
        budget.admit("1", "ads_management", write=False)
    clock.moment += 1
    budget.admit("1", "ads_management", write=False)


@pytest.mark.parametrize(
    ("use_case", "live", "most", "code"),
    (
        ("ads_insights", 1, 1000, 80000),
        ("ads_management", 10, 700, 80004),
        ("custom_audience", 0, 5000, 80003),
    ),
)
def test_the_hour_of_a_use_case_holds_its_formula(
    clock: StillClock, use_case: str, live: int, most: int, code: int
) -> None:
    budget = quota(clock, live=live)
    for _ in range(most):
        budget._scores.clear()  # the score would refuse first
        budget.admit("1", use_case, write=False)
    budget._scores.clear()
    with pytest.raises(GraphError) as caught:
        budget.admit("1", use_case, write=False)
    assert caught.value.code == code
    assert usage(budget, use_case)["call_count"] == 100


def test_who_waits_the_estimated_minutes_is_served_again(clock: StillClock) -> None:
    budget = quota(clock, tier="standard_access", scale=0.001)  # 9 points, 100 management calls an hour
    served = 0
    while served < 100:
        clock.moment += 35
        budget.admit("1", "ads_management", write=False)
        served += 1
    clock.moment += 35
    with pytest.raises(GraphError) as caught:
        budget.admit("1", "ads_management", write=False)
    assert caught.value.code == 80004
    minutes = usage(budget, "ads_management")["estimated_time_to_regain_access"]
    assert minutes == 2
    clock.moment += 60 * minutes
    budget.admit("1", "ads_management", write=False)


def test_one_account_or_use_case_does_not_use_up_anothers(clock: StillClock) -> None:
    budget = quota(clock)
    calls_until_refused(budget, "ads_management")
    budget.admit("2", "ads_management", write=False)
    assert usage(budget, "ads_insights")["call_count"] == 0


def test_user_errors_cost_insights_quota(talk: Caller) -> None:
    talk.error(f"{EDGE}/insights", date_preset="never")
    bucket = talk.sandbox.quota._buckets["1234567890123456", "ads_insights"]
    assert bucket.user_errors == 1


@pytest.mark.parametrize(
    ("path", "use_case"),
    (
        (f"{EDGE}/ads", "ads_management"),
        (f"{EDGE}/customaudiences", "custom_audience"),
        (f"{EDGE}/insights", "ads_insights"),
    ),
)
def test_every_ads_reply_carries_its_usage(talk: Caller, path: str, use_case: str) -> None:
    talk.get(path)
    entries = msgspec.json.decode(talk.last.headers["x-business-use-case-usage"])["1234567890123456"]
    assert [entry["type"] for entry in entries] == [use_case]
    assert "acc_id_util_pct" in talk.last.headers["x-ad-account-usage"]
    assert ("x-fb-ads-insights-throttle" in talk.last.headers) == (use_case == "ads_insights")


def test_calls_off_the_ads_api_report_the_apps_usage(talk: Caller) -> None:
    talk.get("me")
    assert set(msgspec.json.decode(talk.last.headers["x-app-usage"])) == {"call_count", "total_cputime", "total_time"}


def test_a_refusal_is_a_400_with_the_headers_of_the_full_account(open_sandbox: Open) -> None:
    talk = open_sandbox(tier="development_access")
    for _ in range(60):
        talk.get(EDGE)
    error = talk.error(EDGE)
    assert (talk.last.status, error["code"], error["error_subcode"]) == (400, 17, 2446079)
    account = msgspec.json.decode(talk.last.headers["x-ad-account-usage"])
    assert account == {"acc_id_util_pct": 100, "reset_time_duration": 300, "ads_api_access_tier": "development_access"}


def test_the_eleventh_report_a_day_of_old_reach_by_age_is_refused(talk: Caller, clock: StillClock) -> None:
    asked = {"fields": "reach", "breakdowns": "age", "time_range": {"since": "2025-01-01", "until": "2025-01-31"}}
    for _ in range(10):
        assert "report_run_id" in talk.post(f"{EDGE}/insights", **asked)
    throttle = msgspec.json.decode(talk.last.headers["x-fb-ads-insights-reach-throttle"])
    assert throttle["acc_id_util_pct"] == 100
    refused = talk.post(f"{EDGE}/insights", **asked)["error"]["message"]
    assert refused == "Reach-related metric breakdowns are unavailable due to rate limit threshold."
    assert "report_run_id" in talk.post(f"{EDGE}/insights", fields="reach", breakdowns="age")
    clock.moment += 86_400
    assert "report_run_id" in talk.post(f"{EDGE}/insights", **asked)


def test_without_quota_nothing_is_refused(open_sandbox: Open) -> None:
    talk = open_sandbox(tier="development_access", quota=False)
    for _ in range(100):
        talk.get(EDGE)
    assert {call.status for call in talk.sandbox.log} == {200}


def test_the_use_case_follows_edge_and_kind() -> None:
    assert use_case_of("insights", "Campaign") == "ads_insights"
    assert use_case_of("", "AdReportRun") == "ads_insights"
    assert use_case_of("customaudiences", "AdAccount") == "custom_audience"
    assert use_case_of("activities", "AdAccount") == "ads_management"
