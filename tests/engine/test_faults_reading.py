"""Answers that are broken, late or refused at any step of a report: nothing is lost and nothing comes twice."""

from collections.abc import Mapping
from typing import Any

import pytest

from engine.test_insights_truth import SMALL, TINY, Asked, Row, assert_same, day, keys_of, truth
from facebook_marketing.sandbox import Options
from facebook_marketing.sandbox.faults import Fault, Match, Then
from facebook_marketing.sandbox.world import Size
from syncing import ACCOUNT, Site, Synced

SINCE, UNTIL = day(90), day(61)
DATES: dict[str, Any] = {"start_date": str(SINCE), "end_date": str(UNTIL)}
FIELDS = ("impressions", "clicks", "spend", "actions")
AGE = "ads_insights_demographics_age"
OTHER = "2345679001234573"
COLUMNS = {"ads_insights": list(FIELDS), AGE: list(FIELDS)}

CREATE = Match(method="POST", edge="insights")
POLL = Match(edge="AdReportRun")
PAGE = Match(method="GET", path=r"^\d+/insights$")
DIRECT = Match(method="GET", path=r"^act_\d+/insights$")
FACTS = Match(edge="AdAccount")
STEPS = {"create": CREATE, "poll": POLL, "page": PAGE, "direct": DIRECT, "account": FACTS}

ODD_ZONES = ('{"timezone_name":"Mars/Olympus_Mons"}', '{"timezone_name":7}', '{"timezone_name":""}')
PASSING: dict[str, Then] = {
    "unavailable": Then(error="service_unavailable"),
    "transient": Then(error="transient"),
    "unknown": Then(error="unknown_error"),
    "unknown 5000": Then(error=5000),
    "aborted": Then(error="batch_dependency"),
    "HTML": Then(html=True),
    "HTML with 200": Then(html=True, status=200),
    "plain text": Then(text="Service Unavailable", status=503),
    "text with 200": Then(text="Service Unavailable"),
    "nothing": Then(text=""),
    "cut JSON": Then(truncate=20),
    "nearly whole JSON": Then(truncate=60),
    "reset": Then(reset=True),
    "broken off": Then(cut=10),
    "late": Then(delay=45.0),
}


def read(site: Site, name: str = "ads_insights", **settings: Any) -> Synced:
    """A sync of settled days with a few columns."""
    return site.sync([name], **{"columns": COLUMNS, **DATES, **settings})


def site_of(*faults: Fault, size: Size = TINY, **options: Any) -> Site:
    """A sandbox in which these things go wrong."""
    return Site(Options(**{"size": size, "faults": faults, "empty_pages": False, **options}))


def wanted(site: Site, name: str = "ads_insights") -> list[Row]:
    """All rows of these days."""
    return truth(site, Asked(SINCE, UNTIL, fields=FIELDS, breakdowns=("age",) if name == AGE else ()))


def assert_whole(site: Site, synced: Synced, name: str = "ads_insights") -> None:
    """Complete, nothing twice, nothing missing, nothing to say."""
    assert synced.outcome.failures == ()
    assert synced.sink.gaps() == []
    assert_same(synced.sink.rows(name), wanted(site, name), keys_of("ad", ("age",) if name == AGE else ()))
    assert synced.sink.statuses(name)[-1] == "COMPLETE"


def every(match: Match, k: int) -> Match:
    """Each k-th of these calls."""
    return Match(path=match.path, method=match.method, edge=match.edge, every=k)


def nth(match: Match, *numbers: int) -> Match:
    """These calls, counted from 1."""
    return Match(path=match.path, method=match.method, edge=match.edge, nth=numbers)


def knowing(step: str) -> Mapping[str, Any] | None:
    """A state that knows how few rows a day gives, for steps that only come where few rows are asked at once."""
    blob = {"version": 1, "time_increment": 1, ACCOUNT: {"rows_per_day": 5.0}}
    return {"ads_insights": blob} if step == "direct" else None


def at_step(step: str) -> Match:
    """Each second call of a step; of the one look at the account, the first."""
    return nth(FACTS, 1) if step == "account" else every(STEPS[step], 2)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_tried_again_at_every_step(step: str, fault: str) -> None:
    site = site_of(Fault(match=at_step(step), then=PASSING[fault]))
    assert_whole(site, read(site, page_size=20, state=knowing(step)))
    assert site.sandbox.faults.struck[0] > 0


@pytest.mark.parametrize("nth_one", (1, 2, 3))
@pytest.mark.parametrize("fault", ("null", "html", "cut", "reset", "aborted", "960 for all"))
def test_polls_in_a_batch_that_came_to_nothing_are_made_again(fault: str, nth_one: int) -> None:
    plan = {
        "null": Fault(match=Match(edge="AdReportRun", batch=True, nth=nth_one), then=Then(null_batch_entry=True)),
        "html": Fault(match=Match(edge="batch", nth=nth_one), then=Then(html=True)),
        "cut": Fault(match=Match(edge="batch", nth=nth_one), then=Then(truncate=100)),
        "reset": Fault(match=Match(edge="batch", nth=nth_one), then=Then(reset=True)),
        "aborted": Fault(match=Match(edge="AdReportRun", batch=True, nth=nth_one), then=Then(error=960)),
        "960 for all": Fault(match=Match(edge="AdReportRun", batch=True, every=2), then=Then(error=960)),
    }
    site = site_of(plan[fault], run_seconds=20)
    assert_whole(site, read(site))


def test_every_poll_of_every_batch_may_come_back_as_null() -> None:
    site = site_of(Fault(match=Match(edge="AdReportRun", batch=True), then=Then(null_batch_entry=True)))
    assert_whole(site, read(site))


@pytest.mark.parametrize("times", (1, 3, 5))
def test_a_run_that_cannot_be_polled_right_after_its_creation_is_waited_for(times: int) -> None:
    site = site_of(Fault(match=POLL, then=Then(error="object_missing"), times=times))
    synced = read(site)
    assert_whole(site, synced)
    assert len([call for call in synced.calls if call.method == "POST"]) <= 3


@pytest.mark.parametrize("times", (1, 2, 5))
def test_rows_that_are_not_readable_yet_are_waited_for(times: int) -> None:
    site = site_of(Fault(match=PAGE, then=Then(early_read=True), times=times))
    synced = read(site)
    assert_whole(site, synced)
    assert len([call for call in synced.calls if call.method == "POST"]) <= 3


@pytest.mark.parametrize("what", ("summary", "fields"))
@pytest.mark.parametrize("times", (1, 3))
def test_the_race_about_what_cannot_be_included_passes(what: Any, times: int) -> None:
    site = site_of(Fault(match=PAGE, then=Then(cannot_include=what), times=times))
    assert_whole(site, read(site))


def test_the_race_about_a_summary_field_that_does_not_exist_passes() -> None:
    text = "(#100) Tried accessing nonexisting summary field (adset_end)"
    site = site_of(Fault(match=PAGE, then=Then(code=100, message=text), times=2))
    assert_whole(site, read(site))


@pytest.mark.parametrize("page", (1, 2, 4, 7))
@pytest.mark.parametrize("name", ("ads_insights", AGE))
@pytest.mark.parametrize("error", ("object_missing", "bad_cursor", "deprecated: no"))
def test_a_run_that_vanishes_while_it_is_read_is_made_again_and_no_row_comes_twice(
    page: int, name: str, error: str
) -> None:
    then = Then(error=error) if ":" not in error else Then(code=100, message="Something nobody has ever heard of")
    site = site_of(Fault(match=nth(PAGE, page), then=then))
    synced = read(site, name, page_size=5)
    assert_whole(site, synced, name)


def test_a_run_that_vanishes_again_and_again_still_gives_each_row_once() -> None:
    site = site_of(Fault(match=nth(PAGE, 3, 6, 9), then=Then(error="object_missing")))
    assert_whole(site, read(site, AGE, page_size=10), AGE)


@pytest.mark.parametrize("limit", (400, 60, 20))
def test_pages_that_are_too_heavy_are_asked_smaller(limit: int) -> None:
    site = site_of(size=SMALL, insights_weight_limit=limit)
    synced = read(site)
    assert_whole(site, synced)
    refused = [call for call in synced.calls if call.code == 1]
    assert len(refused) < 20 + len(synced.calls) / 5


@pytest.mark.parametrize("step", ("create", "poll", "page", "direct"))
def test_a_word_to_reduce_the_amount_makes_the_request_smaller(step: str) -> None:
    site = site_of(Fault(match=STEPS[step], then=Then(error="reduce_data"), times=2))
    assert_whole(site, read(site, state=knowing(step)))
    assert site.sandbox.faults.struck[0] > 0


@pytest.mark.parametrize("error", ("too_much_data", "sync_timeout", "sync_timeout_2"))
@pytest.mark.parametrize("step", ("create", "page", "direct"))
def test_too_much_at_once_is_divided(error: str, step: str) -> None:
    site = site_of(Fault(match=STEPS[step], then=Then(error=error), times=2))
    assert_whole(site, read(site, state=knowing(step)))
    assert site.sandbox.faults.struck[0] > 0


def test_pages_that_are_empty_or_short_with_more_to_come_are_followed() -> None:
    site = site_of(empty_pages=True, size=SMALL)
    assert_whole(site, read(site, page_size=5))


def test_every_kind_of_trouble_at_once() -> None:
    plan = [
        Fault(match=Match(edge="AdReportRun", probability=0.1), then=Then(html=True)),
        Fault(match=Match(edge="AdReportRun", probability=0.1), then=Then(error="object_missing")),
        Fault(match=Match(path=r"^\d+/insights$", probability=0.15), then=Then(truncate=99)),
        Fault(match=Match(path=r"^\d+/insights$", probability=0.1), then=Then(reset=True)),
        Fault(match=Match(path=r"^\d+/insights$", probability=0.03), then=Then(error="object_missing")),
        Fault(match=Match(path=r"^\d+/insights$", probability=0.1), then=Then(early_read=True)),
        Fault(match=Match(edge="insights", method="POST", probability=0.1), then=Then(error="transient")),
        Fault(match=Match(edge="insights", probability=0.02), then=Then(error="account_too_many_calls")),
    ]
    for seed in (1, 2, 3):
        site = site_of(*plan, seed=seed, run_failure_rate=1 / 7, empty_pages=True)
        assert_whole(site, read(site, AGE, page_size=25), AGE)


@pytest.mark.parametrize("said", ODD_ZONES)
def test_an_account_whose_zone_nobody_knows_fails_alone_with_a_word_on_what_to_do(said: str) -> None:
    site = site_of(Fault(match=Match(edge="AdAccount", account=OTHER), then=Then(text=said)), accounts=2)
    synced = read(site)
    assert {failure.account for failure in synced.outcome.failures} == {OTHER}
    mine = [row for row in synced.sink.rows("ads_insights") if row["account_id"] == ACCOUNT]
    assert_same(mine, wanted(site), keys_of())
    assert synced.sink.statuses("ads_insights")[-1] == "INCOMPLETE"


@pytest.mark.parametrize("said", ("{}", '{"success":true}', "[]", "null", '{"report_run_id":null}'))
def test_a_creation_that_is_answered_without_a_run_is_made_again(said: str) -> None:
    site = site_of(Fault(match=nth(CREATE, 1, 3), then=Then(text=said)))
    assert_whole(site, read(site))


@pytest.mark.parametrize("said", ("{}", "[]", '{"data":{}}', '{"data":[1]}', '{"data":[[]]}', '{"data":"x"}'))
def test_a_page_of_another_shape_is_read_again_and_never_taken_for_an_empty_one(said: str) -> None:
    site = site_of(Fault(match=nth(PAGE, 1, 3), then=Then(text=said)))
    assert_whole(site, read(site))


@pytest.mark.parametrize("said", ("{}", "[]", '{"async_status":"Job Dreaming"}', '{"async_status":5}', '{"id":"1"}'))
def test_a_poll_of_another_shape_is_a_failed_poll_and_no_failed_run(said: str) -> None:
    site = site_of(Fault(match=every(POLL, 2), then=Then(text=said)))
    synced = read(site)
    assert_whole(site, synced)
    assert len([call for call in synced.calls if call.method == "POST"]) <= 3


@pytest.mark.parametrize("field", ("brand_new_metric", "another_one"))
def test_an_unknown_field_is_left_out_where_rows_are_asked_at_once(field: str) -> None:
    site = site_of()
    settings: dict[str, Any] = {"custom_insights": [{"name": "own", "fields": [*FIELDS, field]}]}
    blob = {"version": 1, "time_increment": 1, ACCOUNT: {"rows_per_day": 5.0}}
    synced = site.sync(["customown"], {"customown": blob}, **settings, **DATES)
    assert synced.outcome.failures == ()
    assert_same(synced.sink.rows("customown"), wanted(site), keys_of())
    assert {gap.field for gap in synced.sink.gaps()} == {field}


def test_a_past_span_makes_no_call_that_meta_refuses() -> None:
    site = site_of()
    synced = read(site, start_date="2024-01-01", end_date="2024-09-30")
    assert synced.outcome.failures == ()
    assert [call.code for call in synced.calls if call.code is not None] == []


def test_an_answer_that_never_gets_better_ends_the_stream_and_is_asked_again_later() -> None:
    site = site_of(Fault(match=Match(edge="insights"), then=Then(html=True)))
    synced = read(site)
    assert synced.sink.rows("ads_insights") == []
    assert synced.sink.statuses("ads_insights")[-1] == "INCOMPLETE"
    assert {failure.kind for failure in synced.outcome.failures} == {"transient_error"}
    site.sandbox.faults.replace(())
    later = read(site, state=synced.sink.states())
    assert_whole(site, later)


def test_rows_are_followed_by_the_state_that_covers_them_whatever_goes_wrong() -> None:
    site = site_of(
        Fault(match=nth(PAGE, 2, 5), then=Then(error="object_missing")),
        Fault(match=every(POLL, 3), then=Then(html=True)),
        run_failure_rate=1 / 7,
    )
    log = read(site, page_size=10).sink.log
    assert log[-1][0] == "state"
    claimed: set[str] = set()
    for place, (kind, _, value) in enumerate(log):
        if kind != "state" or ACCOUNT not in value:
            continue
        days = {str(row["date_start"]) for what, _, row in log[:place] if what == "row"}
        finished = [(since, until) for since, until, *_ in value[ACCOUNT]["finished"]]
        rows = [str(row["date_start"]) for row in wanted(site)]
        claimed = {one for one in rows if any(since <= one <= until for since, until in finished)}
        assert claimed <= days
    assert claimed == {str(row["date_start"]) for row in wanted(site)}
