"""What is counted of a sync: by job, by quota, in seconds of the clock on the wall."""

import asyncio

from hypothesis import given
from hypothesis import strategies as some

from facebook_marketing.graph.client import Client, Patience
from facebook_marketing.graph.counts import Job, Quota, Tally, Used, on_behalf
from facebook_marketing.graph.runs import Deadlines, Watch
from facebook_marketing.graph.wire import Call, Endpoint, Token
from fake_transport import Scripted, error, ok
from virtual import VirtualClock, run

ADS, VIDEOS = Job("ads", "1"), Job("videos", "1")
CALL = Call("act_1/ads", account="1")


def client(transport: Scripted) -> Client:
    patience = Patience(retries=8, first_pause=10.0)
    return Client(Endpoint(Token("secret-token")), transport, VirtualClock(), dice=lambda: 0.5, patience=patience)


@given(some.lists(some.floats(0, 100), min_size=1))
def test_a_quota_keeps_its_first_its_highest_and_its_last_reading(readings: list[float]) -> None:
    used = Used()
    for percent in readings:
        used = used.read(percent, None)
    assert (used.start, used.peak, used.end) == (readings[0], max(readings), readings[-1])
    assert used.readings == len(readings)


@given(some.lists(some.tuples(some.integers(0, 50), some.integers(0, 50)), min_size=1, max_size=12))
def test_waited_is_the_time_in_which_one_call_at_least_waits(waits: list[tuple[int, int]]) -> None:
    spans = [(begin, begin + long) for begin, long in waits]
    moments = sorted([(begin, 1) for begin, _ in spans] + [(end, 2) for _, end in spans])
    tally = Tally()
    for moment, kind in moments:
        (tally.wait_begins if kind == 1 else tally.wait_ends)(float(moment))
    covered = {second for begin, end in spans for second in range(begin, end)}
    assert tally.waited == len(covered)
    assert tally.waiting == 0


def test_a_wait_that_goes_on_counts_up_to_now() -> None:
    tally = Tally(waited=5.0)
    tally.wait_begins(100.0)
    assert (tally.waited_until(107.0), tally.waited) == (12.0, 5.0)


def test_calls_retries_and_waits_count_for_the_job_that_they_are_made_for() -> None:
    asker = client(Scripted([error(2), ok({"data": []}), ok({"data": []}), ok({"data": []})]))

    async def jobs() -> None:
        with on_behalf(ADS):
            await asyncio.create_task(asker.ask(CALL))  # also in tasks begun inside
        with on_behalf(VIDEOS):
            await asker.ask(CALL)
        await asker.ask(CALL)

    run(jobs())
    counted = {job: (tally.calls, tally.retries, tally.waited) for job, tally in asker.counts.by_job().items()}
    assert counted == {ADS: (2, 1, 10.0), VIDEOS: (1, 0, 0.0)}
    assert (asker.counts.calls, asker.counts.retries, asker.counts.waited) == (4, 1, 10.0)


def test_members_of_a_batch_count_each_for_its_own_job() -> None:
    member = {"code": 200, "body": '{"async_status": "Job Completed", "async_percent_completion": 100}'}
    transport = Scripted([ok([member, member])])
    asker = client(transport)

    async def runs() -> None:
        watch = Watch(asker)

        async def one(job: Job, run_id: str) -> None:
            with on_behalf(job):
                await watch.ending(run_id, "1", Deadlines())

        await asyncio.gather(one(ADS, "11"), one(VIDEOS, "12"))
        await watch.close()

    run(runs())
    assert {job: tally.calls for job, tally in asker.counts.by_job().items()} == {ADS: 1, VIDEOS: 1}
    assert asker.counts.calls == 2
    assert len(transport.requests) == 1


def test_usage_headers_count_for_the_whole_and_for_the_job() -> None:
    header = '{"1": [{"type": "ads_management", "call_count": %d, "ads_api_access_tier": "standard_access"}]}'
    replies = [ok({"data": []}, x_business_use_case_usage=header % percent) for percent in (10, 40, 20)]
    asker = client(Scripted(replies))

    async def jobs() -> None:
        await asker.ask(CALL)
        with on_behalf(ADS):
            await asker.ask(CALL)
            await asker.ask(CALL)

    run(jobs())
    quota = Quota("1", "ads_management")
    whole, ads = asker.counts.whole.quotas[quota], asker.counts.jobs[ADS].quotas[quota]
    assert (whole.start, whole.peak, whole.end, whole.tier) == (10, 40, 20, "standard_access")
    assert (ads.start, ads.peak, ads.end) == (40, 40, 20)


def test_a_refusal_for_quota_is_counted_with_the_time_until_meta_answers_again() -> None:
    asker = client(Scripted([error(80004), ok({"data": []})]))

    async def ask() -> float:
        began = VirtualClock().now()
        with on_behalf(ADS):
            await asker.ask(CALL)
        return VirtualClock().now() - began

    seconds = run(ask())
    tally = asker.counts.jobs[ADS]
    assert (tally.throttles, asker.counts.throttles) == (1, 1)
    assert tally.waited == seconds >= 60
    (used,) = tally.quotas.values()
    assert used.throttles == 1
    assert used.blocked_until > 0
