"""Insights over HTTP: parameters, pages, report runs. The numbers themselves are tested with the truth."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from facebook_marketing.sandbox.caller import Caller
from facebook_marketing.sandbox.rowstream import RowStream
from facebook_marketing.sandbox.world import World

EDGE = "act_1234567890123456"
Open = Callable[..., Caller]
WEEK = {"since": "2026-11-01", "until": "2026-11-07"}
DAILY = {"level": "ad", "fields": "ad_id,impressions,spend,actions", "time_increment": 1, "time_range": WEEK}


def run_of(talk: Caller, **params: object) -> str:
    run: str = talk.post(f"{EDGE}/insights", **{**DAILY, **params})["report_run_id"]
    return run


def finished(talk: Caller, **params: object) -> str:
    run = run_of(talk, **params)
    talk.sandbox.advance(60)
    assert talk.get(run)["async_status"] == "Job Completed"
    return run


# -- synchronous ------------------------------------------------------------------------------------------------------


def test_the_default_report_is_thirty_days_of_impressions_and_spend(talk: Caller) -> None:
    (row,) = talk.get(f"{EDGE}/insights")["data"]
    assert list(row) == ["account_id", "impressions", "spend", "date_start", "date_stop"]
    assert (row["date_start"], row["date_stop"]) == ("2026-10-23", "2026-11-21")
    assert all(isinstance(value, str) for value in row.values())


def test_pages_are_cut_from_one_and_the_same_order(talk: Caller) -> None:
    whole = talk.get(f"{EDGE}/insights", **DAILY, limit=500)["data"]
    assert len(whole) > 30
    assert list(talk.walk(f"{EDGE}/insights", **DAILY, limit=7)) == whole


def test_cursors_are_row_offsets(talk: Caller) -> None:
    page = talk.get(f"{EDGE}/insights", **DAILY)
    assert len(page["data"]) == 25
    assert page["paging"]["cursors"] == {"before": "MAZDZD", "after": "MjQZD"}
    again = talk.get(f"{EDGE}/insights", **DAILY, after="MjQZD", limit=3)
    assert again["paging"]["cursors"]["before"] == "MjUZD"
    back = talk.get(f"{EDGE}/insights", **DAILY, before=again["paging"]["cursors"]["before"], limit=25)
    assert back["data"] == page["data"]


@pytest.mark.parametrize("increment", (1, 3, 7, "monthly", "all_days"))
def test_increments_cut_the_range_into_slices(talk: Caller, increment: object) -> None:
    asked = {"time_range": {"since": "2026-10-20", "until": "2026-11-08"}, "time_increment": increment}
    rows = list(talk.walk(f"{EDGE}/insights", **asked))
    slices: dict[object, int] = {1: 20, 3: 7, 7: 3, "monthly": 2, "all_days": 1}
    assert len(rows) == slices[increment]
    assert (rows[0]["date_start"], rows[-1]["date_stop"]) == ("2026-10-20", "2026-11-08")


def test_summary_true_adds_the_totals_of_the_whole_report(talk: Caller) -> None:
    page = talk.get(f"{EDGE}/insights", **DAILY, limit=1, summary=True)
    rows = list(talk.walk(f"{EDGE}/insights", **DAILY, limit=500))
    total = talk.get(f"{EDGE}/insights", time_range=WEEK, fields="impressions")["data"][0]
    assert page["summary"]["impressions"] == total["impressions"]
    assert int(total["impressions"]) >= sum(int(row["impressions"]) for row in rows)
    assert (page["summary"]["date_start"], page["summary"]["date_stop"]) == ("2026-11-01", "2026-11-07")


def test_insights_nested_in_an_edge_are_missing_where_nothing_was_delivered(talk: Caller) -> None:
    fields = "name,insights.date_preset(last_7d){spend}"
    for row in talk.walk(f"{EDGE}/campaigns", fields=fields):
        own = talk.get(f"{row['id']}/insights", date_preset="last_7d", fields="spend")["data"]
        assert ("insights" in row) == bool(own)
        if own:
            assert row["insights"]["data"] == own


@pytest.mark.parametrize(
    ("params", "start"),
    (
        ({"date_preset": "lifetime"}, "(#100) date_preset must be one of the following values: today, yesterday,"),
        ({"level": "creative"}, "(#100) level must be one of the following values:"),
        ({"time_increment": 0}, "(#100) time_increment must be"),
        ({"sort": ["a", "b"]}, "(#100) Param sort must have exactly one entry"),
        ({"action_attribution_windows": ["8d_click"]}, "(#100) action_attribution_windows[0] must be one of"),
        ({"filtering": [{"field": "ad.id", "operator": "LIKE", "value": 1}]}, "(#100) Param filtering[0][operator]"),
        ({"fields": "age"}, "(#100) age is not valid for fields param. please check https://developers.facebook.com/"),
    ),
)
def test_a_bad_parameter_is_refused_synchronously_and_by_the_post(
    talk: Caller, params: dict[str, Any], start: str
) -> None:
    assert talk.error(f"{EDGE}/insights", **params)["message"].startswith(start)
    assert talk.post(f"{EDGE}/insights", **params)["error"]["message"].startswith(start)


def test_an_unknown_parameter_such_as_the_singular_breakdown_is_ignored(talk: Caller) -> None:
    assert talk.get(f"{EDGE}/insights", breakdown="age") == talk.get(f"{EDGE}/insights")


def test_a_synchronous_report_times_out_when_it_is_big_and_is_refused_when_it_is_huge(open_sandbox: Open) -> None:
    heavy = open_sandbox(sync_weight_limit=100)
    error = heavy.error(f"{EDGE}/insights", **DAILY)
    assert (error["code"], error["error_subcode"]) in {(100, 1504018), (2, 1504038)}
    huge = open_sandbox(sync_weight_limit=10).error(f"{EDGE}/insights", **DAILY)
    assert (huge["code"], huge["error_subcode"]) == (100, 1487534)


def test_a_page_of_too_many_cells_is_a_500(open_sandbox: Open) -> None:
    talk = open_sandbox(insights_weight_limit=50)
    assert (talk.error(f"{EDGE}/insights", **DAILY, limit=100)["code"], talk.last.status) == (1, 500)
    assert talk.get(f"{EDGE}/insights", **DAILY, limit=5)["data"]


# -- report runs ------------------------------------------------------------------------------------------------------


def test_a_run_is_created_polled_and_read(talk: Caller) -> None:
    run = run_of(talk)
    assert run.isdigit()
    early = talk.error(run)
    assert (early["code"], early["error_subcode"]) == (100, 33)
    seen: list[tuple[str, int]] = []
    state: dict[str, Any] = {}
    for _ in range(40):
        talk.sandbox.advance(0.4)
        state = talk.get(run)
        seen.append((state["async_status"], state["async_percent_completion"]))
        if seen[-1] == ("Job Completed", 100):
            break
        not_ready = talk.error(f"{run}/insights")
        assert (not_ready["code"], not_ready["error_subcode"]) == (2601, 1815107)
    assert ("Job Running", 100) in seen
    assert seen[-1] == ("Job Completed", 100)
    assert state["account_id"] == "1234567890123456"
    assert list(talk.walk(f"{run}/insights", limit=500)) == list(talk.walk(f"{EDGE}/insights", **DAILY, limit=500))


def test_the_pages_of_a_run_name_the_run_in_next(talk: Caller) -> None:
    run = finished(talk)
    following = talk.get(f"{run}/insights", limit=25)["paging"]["next"]
    assert following == (f"https://graph.example/v26.0/{run}/insights?access_token=sandbox-token&limit=25&after=MjQZD")


def test_rows_of_a_run_are_made_once_however_many_pages(talk: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from facebook_marketing.sandbox import insights, reports

    begun: list[int] = []

    def counted(query: insights.Query, world: World) -> Iterator[dict[str, object]]:
        begun.append(1)
        return insights.rows(query, world)

    monkeypatch.setattr(reports, "rows", counted)
    run = finished(talk)
    rows = list(talk.walk(f"{run}/insights", limit=4))
    assert len(rows) > 30
    assert begun == [1]
    talk.get(f"{run}/insights", limit=4)
    assert begun == [1, 1], "going back to the first page begins again instead of keeping everything"


def test_a_result_page_can_name_fields_but_only_those_of_the_run(talk: Caller) -> None:
    run = finished(talk)
    row = talk.get(f"{run}/insights", fields="ad_id,spend", limit=1)["data"][0]
    assert set(row) == {"ad_id", "spend", "date_start", "date_stop"}
    message = talk.error(f"{run}/insights", fields="ad_id,clicks")["message"]
    assert message.startswith("(#100) Cannot include clicks in fields param because they weren't there while creating")
    message = talk.error(f"{run}/insights", summary=["reach"])["message"]
    assert message.startswith("(#100) Cannot include reach in summary param")


@pytest.mark.parametrize("field", ("total_card_view", "opportunity_score_l4"))
def test_some_fields_kill_a_run(talk: Caller, field: str) -> None:
    run = run_of(talk, fields=f"ad_id,{field}")
    talk.sandbox.advance(60)
    state = talk.get(run)
    assert (state["async_status"], state["error_code"], state["error_subcode"]) == ("Job Failed", 2, 1504044)


def test_a_run_too_large_runs_out_of_memory(open_sandbox: Open) -> None:
    talk = open_sandbox(run_weight_limit=10)
    run = run_of(talk)
    talk.sandbox.advance(60)
    state = talk.get(run)
    assert (state["error_code"], state["error_subcode"], state["error_message"]) == (-3, 1504045, "Out of memory")


def test_a_share_of_runs_dies_when_asked_and_others_live(open_sandbox: Open) -> None:
    talk = open_sandbox(run_failure_rate=0.4)
    runs = [run_of(talk) for _ in range(40)]
    talk.sandbox.advance(60)
    ends = [talk.get(run)["async_status"] for run in runs]
    assert 5 < sum(end != "Job Completed" for end in ends) < 30
    assert {"Job Failed", "Job Skipped"} <= set(ends)


def test_all_insights_calls_use_the_insights_quota(talk: Caller) -> None:
    run = finished(talk)
    talk.get(f"{run}/insights")
    talk.get(f"{EDGE}/insights")
    assert {call.use_case for call in talk.sandbox.log} == {"ads_insights"}
    assert {call.account for call in talk.sandbox.log} == {"1234567890123456"}


# -- the row window ---------------------------------------------------------------------------------------------------


def test_a_row_stream_holds_no_more_than_a_page_and_one_row() -> None:
    stream = RowStream(lambda: ({"at": str(at)} for at in range(1000)))
    offset, more, seen = 0, True, 0
    while more:
        page, more = stream.read(offset, 50)
        seen += len(page)
        offset += len(page)
        assert len(stream._rows) <= 51
    assert seen == 1000


def test_a_row_stream_gives_a_page_again_and_skips_ahead() -> None:
    stream = RowStream(lambda: ({"at": str(at)} for at in range(100)))
    assert stream.read(10, 5) == stream.read(10, 5)
    assert bytes(stream.read(90, 20)[0][0]) == b'{"at":"90"}'
    assert stream.read(200, 5) == ([], False)
    assert bytes(stream.read(0, 1)[0][0]) == b'{"at":"0"}'
