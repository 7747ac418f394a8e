"""Quota meters: laws of pacing."""

from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.graph import budget
from facebook_marketing.graph.budget import Meter, Pace, Usage

PACE = Pace(share=0.75, most=16)


def test_every_use_case_header_is_read_with_every_entry() -> None:
    headers = {
        "x-business-use-case-usage": '{"9":[{"type":"ads_insights","call_count":61,"total_cputime":25,"total_time":48,'
        '"estimated_time_to_regain_access":12,"ads_api_access_tier":"standard_access"},'
        '{"type":"ads_management","call_count":7,"total_cputime":1,"total_time":99.5}]}',
        "x-ad-account-usage": '{"acc_id_util_pct":9.67}',
        "x-app-usage": '{"call_count":28,"total_time":25,"total_cputime":31}',
        "x-fb-ads-insights-throttle": '{"app_id_util_pct":10.5,"acc_id_util_pct":2.1}',
    }
    assert set(budget.read(headers, "1")) == {
        Usage("", None, 31.0),
        Usage("1", None, 9.67),
        Usage("1", "ads_insights", 61.0, 720.0, "standard_access"),
        Usage("1", "ads_management", 99.5),
        Usage("", "ads_insights", 10.5),
        Usage("1", "ads_insights", 2.1),
    }


@given(st.dictionaries(st.sampled_from(["x-app-usage", "x-ad-account-usage", "x-business-use-case-usage"]), st.text()))
def test_a_header_of_any_shape_never_fails(headers: dict[str, str]) -> None:
    budget.read(headers, "1")


@given(st.floats(0, 500), st.floats(0, 500))
def test_the_fuller_the_quota_the_longer_the_gap(one: float, other: float) -> None:
    low, high = sorted((one, other))

    def gap(percent: float) -> float:
        return budget.delay(budget.observe(Meter(), Usage("1", None, percent), 100.0, PACE), 100.0)

    assert gap(low) <= gap(high) <= PACE.longest_gap
    assert gap(low) == 0 or low > PACE.share * 100


@given(st.lists(st.sampled_from(["good", "refused", "full", "calm"]), max_size=60))
def test_room_stays_between_one_and_the_most_whatever_happens(events: list[str]) -> None:
    meter, now = Meter(), 0.0
    for event in events:
        now += 1000
        match event:
            case "good":
                meter = budget.succeeded(meter, PACE)
            case "refused":
                meter = budget.refused(meter, 0, now, 0.5)
            case "full":
                meter = budget.observe(meter, Usage("1", None, 99), now, PACE)
            case _:
                meter = budget.observe(meter, Usage("1", None, 1), now, PACE)
        assert 1 <= meter.room <= PACE.most
        assert budget.delay(meter, now) <= 660


@given(st.integers(1, 20_000))
def test_a_refusal_waits_at_least_as_long_as_meta_says(regain: int) -> None:
    assert budget.delay(budget.refused(Meter(), regain, 50.0, 0.0), 50.0) >= regain


def test_refusals_in_a_row_wait_longer_each_time_up_to_ten_minutes() -> None:
    meter, now, waits = Meter(), 0.0, []
    for _ in range(6):
        meter = budget.refused(meter, 0, now, 0.0)
        waits.append(budget.delay(meter, now))
        now += waits[-1]
    assert waits == [60, 120, 240, 480, 600, 600]


def test_calls_that_were_under_way_when_the_gate_fell_are_no_new_strikes() -> None:
    once = budget.refused(Meter(), 0, 0.0, 0.0)
    assert budget.refused(once, 0, 1.0, 0.0).strikes == 1
