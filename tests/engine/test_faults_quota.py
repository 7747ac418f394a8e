"""Throttles: the account that is hot waits as long as Meta says and loses nothing; the others go on."""

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from engine.test_insights_truth import TINY, Asked, Row, assert_same, day, keys_of, truth
from facebook_marketing.graph.wire import Request
from facebook_marketing.sandbox import Options
from facebook_marketing.sandbox.faults import Fault, Match, Then
from syncing import ACCOUNT, Site, Synced

SINCE, UNTIL = day(90), day(61)
DATES: dict[str, Any] = {"start_date": str(SINCE), "end_date": str(UNTIL)}
FIELDS = ("impressions", "spend")
COLUMNS = {"ads_insights": list(FIELDS)}
OTHER = "2345679001234573"

CREATE = Match(method="POST", edge="insights")
POLL = Match(edge="AdReportRun")
PAGE = Match(method="GET", path=r"^\d+/insights$")
STEPS = {"create": CREATE, "poll": POLL, "page": PAGE}
THROTTLES = {
    "17": "account_too_many_calls",
    "80000": "buc_insights",
    "613": "custom_limit",
    "613/1487742": "custom_limit_account",
    "4": "app_rate_limit",
    "4/1504022": "app_insights_limit",
    "4/1504039": "insights_load",
    "341": "application_limit",
}


class Timeline:
    """When each call was served, in seconds from the beginning of the sync."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._marks: list[tuple[float, int]] = []
        site.before = self._before

    def _before(self, _: Request) -> None:
        self._marks.append((self._site.now(), len(self._site.sandbox.log)))

    def calls(self) -> list[tuple[float, Any]]:
        """(seconds, call), in order."""
        ends = [*(place for _, place in self._marks[1:]), len(self._site.sandbox.log)]
        began = self._marks[0][0]
        return [
            (when - began, call)
            for (when, start), end in zip(self._marks, ends, strict=True)
            for call in self._site.sandbox.log[start:end]
        ]


def read(site: Site, **settings: Any) -> Synced:
    """A sync of settled days with a few columns."""
    return site.sync(["ads_insights"], **{"columns": COLUMNS, **DATES, **settings})


def site_of(*faults: Fault, **options: Any) -> Site:
    """A sandbox in which these things go wrong."""
    return Site(Options(**{"size": TINY, "faults": faults, "empty_pages": False, **options}))


def wanted(site: Site, account: str = ACCOUNT) -> list[Row]:
    """All rows of these days."""
    return truth(site, Asked(SINCE, UNTIL, fields=FIELDS), account)


def assert_whole(site: Site, synced: Synced) -> None:
    """Every account complete, nothing twice, nothing missing, nothing to say."""
    assert synced.outcome.failures == ()
    assert synced.sink.gaps() == []
    every = [row for account in site.sandbox.world.accounts for row in wanted(site, account)]
    assert_same(synced.sink.rows("ads_insights"), every, keys_of())
    assert synced.sink.statuses("ads_insights")[-1] == "COMPLETE"


def of_account(account: str, match: Match) -> Match:
    """These calls of one account alone."""
    return Match(path=match.path, method=match.method, edge=match.edge, account=account)


def regain(minutes: int, account: str = ACCOUNT) -> Mapping[str, str]:
    """The header by which Meta says how long to wait."""
    said = {
        "type": "ads_insights",
        "call_count": 100,
        "total_cputime": 20,
        "total_time": 20,
        "estimated_time_to_regain_access": minutes,
        "ads_api_access_tier": "standard_access",
    }
    return {"x-business-use-case-usage": json.dumps({account: [said]})}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", THROTTLES.values(), ids=THROTTLES)
def test_a_throttle_is_waited_out_and_nothing_is_lost_or_divided(error: str, step: str) -> None:
    site = site_of(Fault(match=STEPS[step], then=Then(error=error), times=1))
    synced = read(site)
    assert_whole(site, synced)
    assert 55 <= synced.seconds < 600
    assert len([call for call in synced.calls if call.method == "POST" and call.code is None]) <= 3


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("minutes", (5, 42))
def test_the_wait_is_as_long_as_meta_says(step: str, minutes: int) -> None:
    then = Then(error="buc_insights", headers=dict(regain(minutes)))
    site = site_of(Fault(match=STEPS[step], then=then, times=1))
    timeline = Timeline(site)
    synced = read(site)
    assert_whole(site, synced)
    (refused,) = [when for when, call in timeline.calls() if call.code == 80000]
    after = [when for when, call in timeline.calls() if when > refused and call.use_case == "ads_insights"]
    assert min(after) - refused >= minutes * 60
    assert min(after) - refused < minutes * 60 * 1.2 + 60


def test_the_reset_time_of_the_account_header_is_waited_out() -> None:
    header = {"acc_id_util_pct": 100, "reset_time_duration": 240, "ads_api_access_tier": "standard_access"}
    then = Then(error="account_too_many_calls", headers={"x-ad-account-usage": json.dumps(header)})
    site = site_of(Fault(match=PAGE, then=then, times=1))
    synced = read(site)
    assert_whole(site, synced)
    assert 240 <= synced.seconds < 400


@pytest.mark.parametrize("times", (2, 4))
def test_throttles_in_a_row_are_waited_out_longer_each_time(times: int) -> None:
    site = site_of(Fault(match=CREATE, then=Then(error="account_too_many_calls"), times=times))
    timeline = Timeline(site)
    synced = read(site)
    assert_whole(site, synced)
    struck = [when for when, call in timeline.calls() if call.code == 17]
    gaps = [later - earlier for earlier, later in pairwise(struck) if later - earlier > 1]
    assert gaps == sorted(gaps)
    assert synced.seconds >= 60 * len(set(struck))


@pytest.mark.parametrize("step", STEPS)
def test_a_hot_account_waits_alone_and_a_cold_one_is_done_at_once(step: str) -> None:
    match = of_account(OTHER, STEPS[step])
    then = Then(error="buc_insights", headers=dict(regain(30, OTHER)))
    site = site_of(Fault(match=match, then=then, times=1), accounts=2)
    assert list(site.sandbox.world.accounts) == [ACCOUNT, OTHER]
    timeline = Timeline(site)
    synced = read(site)
    assert_whole(site, synced)
    last = {
        account: max(when for when, call in timeline.calls() if call.account == account) for account in (ACCOUNT, OTHER)
    }
    assert last[OTHER] >= 1800
    assert last[ACCOUNT] < 120


@pytest.mark.parametrize(
    "then", (Then(html=True), Then(hang=600.0), Then(error="transient")), ids=("html", "hang", "2")
)
def test_an_account_whose_polls_fail_does_not_hold_up_the_polls_of_the_others(then: Then) -> None:
    site = site_of(Fault(match=of_account(OTHER, POLL), then=then, times=6), accounts=2)
    timeline = Timeline(site)
    synced = read(site)
    assert_whole(site, synced)
    assert max(when for when, call in timeline.calls() if call.account == ACCOUNT) < 60


def test_other_kinds_of_calls_of_a_hot_account_go_on() -> None:
    then = Then(error="buc_insights", headers=dict(regain(30)))
    site = site_of(Fault(match=CREATE, then=then, times=1))
    timeline = Timeline(site)
    names = ["ads_insights", "campaigns", "ads"]
    synced = site.sync(names, columns=COLUMNS, fetch_missing_entities=False, **DATES)
    assert synced.outcome.failures == ()
    entities = [when for when, call in timeline.calls() if call.use_case == "ads_management"]
    assert max(entities) < 120
    assert synced.seconds >= 1800


def test_an_app_that_is_throttled_waits_with_all_its_accounts() -> None:
    site = site_of(Fault(match=CREATE, then=Then(error="app_rate_limit"), times=1), accounts=2)
    timeline = Timeline(site)
    assert_whole(site, read(site))
    refused = [when for when, call in timeline.calls() if call.code == 4]
    later = [when for when, _ in timeline.calls() if when > refused[0] + 1]
    assert min(later) - refused[0] >= 55


@pytest.mark.parametrize("scale", (0.5, 0.2))
def test_a_real_limit_of_a_small_app_slows_the_sync_and_costs_few_refusals(scale: float) -> None:
    site = site_of(tier="development_access", quota_scale=scale)
    synced = read(site, page_size=10)
    assert_whole(site, synced)
    refused = [call for call in synced.calls if call.code is not None]
    assert len(refused) <= 1 + len(synced.calls) / 4


def test_a_warning_in_the_headers_alone_slows_down_and_stops_nothing() -> None:
    site = site_of(
        Fault(match=Match(edge="insights"), then=Then(usage=100.0)), Fault(match=POLL, then=Then(usage=96.0))
    )
    synced = read(site, page_size=50)
    assert_whole(site, synced)
    assert synced.seconds < 3600


def test_an_account_that_is_throttled_for_ever_ends_its_stream_and_not_the_others() -> None:
    site = site_of(Fault(match=of_account(OTHER, Match(edge="insights")), then=Then(error=17)), accounts=2)
    synced = read(site)
    assert {failure.account for failure in synced.outcome.failures} == {OTHER}
    assert {failure.kind for failure in synced.outcome.failures} == {"transient_error"}
    mine = [row for row in synced.sink.rows("ads_insights") if row["account_id"] == ACCOUNT]
    assert_same(mine, wanted(site), keys_of())
    assert synced.sink.statuses("ads_insights")[-1] == "INCOMPLETE"
    assert synced.seconds < 24 * 3600
    site.sandbox.faults.replace(())
    later = read(site, state=synced.sink.states())
    assert_same(later.sink.rows("ads_insights"), wanted(site, OTHER), keys_of())
