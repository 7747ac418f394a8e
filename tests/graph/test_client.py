"""What the client does with Meta's answers, on virtual time."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from facebook_marketing.graph.budget import Pace
from facebook_marketing.graph.client import Body, Client, Patience, Refusal
from facebook_marketing.graph.verdicts import Kind
from facebook_marketing.graph.wire import Call, Endpoint, Reply, Request, Token
from fake_transport import Answer, Scripted, broken, error, ok, query
from virtual import VirtualClock, run

T = TypeVar("T")
HOT, COLD = Call("act_1/campaigns", account="1"), Call("act_2/campaigns", account="2")


def client(transport: Scripted, patience: Patience | None = None, pace: Pace | None = None) -> Client:
    endpoint = Endpoint(Token("secret-token"))
    return Client(endpoint, transport, VirtualClock(), dice=lambda: 0.5, patience=patience, pace=pace)


def timed(work: Coroutine[Any, Any, T]) -> tuple[T, float]:
    async def measured() -> tuple[T, float]:
        began = asyncio.get_running_loop().time()
        return await work, asyncio.get_running_loop().time() - began

    return run(measured())


def test_an_answer_with_data_comes_back_as_it_is() -> None:
    transport = Scripted([ok({"data": []})])
    answer = run(client(transport).ask(HOT))
    assert isinstance(answer, Body)
    assert answer.body == b'{"data": []}'


def test_the_token_travels_in_the_header_and_nowhere_else() -> None:
    transport = Scripted([ok({}), ok({})])
    asker = client(transport)
    run(asker.ask(HOT.having(fields="id")))
    for request in transport.requests:
        assert request.headers["Authorization"] == "Bearer secret-token"
        assert "secret-token" not in request.url
        assert b"secret-token" not in request.body
        assert "secret-token" not in repr(asker._endpoint)


def test_no_listing_asks_for_a_summary() -> None:
    transport = Scripted([ok({})])
    run(client(transport).ask(HOT.having(fields="id", limit="500")))
    assert "summary" not in transport.requests[0].url


def test_passing_faults_are_asked_again_with_growing_pauses() -> None:
    transport = Scripted(
        [error(2), broken(), Reply(502, {}, b"<html>"), Reply(200, {}, b'{"data":[{"a'), ok({"data": []})]
    )
    answer, seconds = timed(client(transport).ask(HOT))
    assert isinstance(answer, Body)
    assert len(transport.requests) == 5
    assert 14 <= seconds <= 16  # 1 + 2 + 4 + 8


def test_a_fault_that_does_not_pass_is_given_back_after_the_last_try() -> None:
    transport = Scripted(lambda _: error(2))
    answer = run(client(transport, patience=Patience(retries=3)).ask(HOT))
    assert isinstance(answer, Refusal)
    assert answer.verdict.kind is Kind.RETRY
    assert len(transport.requests) == 4


def test_a_two_hundred_that_carries_an_error_is_a_fault() -> None:
    transport = Scripted([Reply(200, {}, error(190).body)])
    answer = run(client(transport).ask(HOT))
    assert isinstance(answer, Refusal)
    assert answer.verdict.kind is Kind.STOP


def test_a_throttle_waits_as_long_as_meta_says() -> None:
    usage = '{"1":[{"type":"ads_management","call_count":117,"estimated_time_to_regain_access":12}]}'
    transport = Scripted([error(80004, 2446079, x_business_use_case_usage=usage), ok({})])
    answer, seconds = timed(client(transport).ask(HOT))
    assert isinstance(answer, Body)
    assert 12 * 60 <= seconds <= 12 * 60 * 1.1 + 60


def test_a_throttle_waits_for_the_reset_of_the_account() -> None:
    usage = '{"acc_id_util_pct":100,"reset_time_duration":298,"ads_api_access_tier":"development_access"}'
    transport = Scripted([error(17, 2446079, x_ad_account_usage=usage), ok({})])
    _, seconds = timed(client(transport).ask(HOT))
    assert 298 <= seconds <= 298 * 1.1 + 30


def test_while_one_account_waits_every_other_goes_on() -> None:
    def answers(request: Request) -> Answer:
        return error(17, 2446079) if "act_1/" in request.url and clock() < 60 else ok({})

    def clock() -> float:
        return asyncio.get_event_loop().time()

    transport = Scripted(answers)

    async def both() -> tuple[float, float]:
        asker = client(transport)

        async def ended(call: Call) -> float:
            await asker.ask(call)
            return clock()

        hot, cold = await asyncio.gather(ended(HOT), ended(COLD))
        return hot, cold

    hot, cold = run(both())
    assert hot >= 60
    assert cold == 0


def test_the_insights_quota_of_an_account_does_not_stop_its_entities() -> None:
    from facebook_marketing.catalog.stream import UseCase

    def answers(request: Request) -> Answer:
        late = asyncio.get_event_loop().time() >= 60
        return ok({}) if late or "insights" not in request.url else error(80000, 2446079)

    async def both() -> float:
        asker = client(Scripted(answers))
        slow = asyncio.create_task(asker.ask(Call("act_1/insights", account="1", use_case=UseCase.ADS_INSIGHTS)))
        await asyncio.sleep(1)
        await asker.ask(HOT)
        took = asyncio.get_running_loop().time()
        await slow
        return took

    assert run(both()) < 2


def test_throttling_that_never_ends_is_given_back_at_last() -> None:
    transport = Scripted(lambda _: error(17, 2446079))
    answer, seconds = timed(client(transport, patience=Patience(throttled=3600)).ask(HOT))
    assert isinstance(answer, Refusal)
    assert answer.verdict.kind is Kind.THROTTLE_ACCOUNT
    assert 3600 <= seconds <= 3600 + 700


def test_a_usage_header_that_sticks_at_a_hundred_slows_but_never_stops() -> None:
    full = '{"acc_id_util_pct":100,"reset_time_duration":0}'
    transport = Scripted(lambda _: ok({}, x_ad_account_usage=full))

    async def ten() -> None:
        asker = client(transport)
        for _ in range(10):
            await asker.ask(HOT)

    _, seconds = timed(ten())
    assert 9 * 5 <= seconds <= 10 * 31


def test_calls_under_way_stay_within_the_bound() -> None:
    class Slow(Scripted):
        async def send(self, request: Request) -> Reply:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            await asyncio.sleep(1)
            self.under_way -= 1
            return await super().send(request)

    transport = Slow(lambda _: ok({}))

    async def many() -> None:
        asker = client(transport, pace=Pace(most=5))
        await asyncio.gather(*(asker.ask(Call("x", account=str(n))) for n in range(40)))

    run(many())
    assert transport.most_under_way == 5


def test_entries_of_a_batch_that_meta_did_not_finish_are_asked_again_alone() -> None:
    entry = {"code": 200, "headers": [], "body": '{"id":"1"}'}

    def answers(request: Request) -> Answer:
        return ok([entry, None]) if request.method == "POST" else ok({"id": "2"})

    transport = Scripted(answers)
    answers_got = run(client(transport).batch([Call("1", account="1"), Call("2", account="1")]))
    assert [answer.body for answer in answers_got if isinstance(answer, Body)] == [b'{"id":"1"}', b'{"id": "2"}']
    assert query(transport.requests[0])["batch"].count("relative_url") == 2


def test_members_of_a_batch_count_as_calls() -> None:
    entry = {"code": 200, "headers": [], "body": "{}"}
    asker = client(Scripted([ok([entry, entry])]))
    run(asker.batch([HOT, HOT]))
    assert asker.counts.calls == 2


def test_a_batch_entry_that_is_refused_does_not_touch_its_neighbours() -> None:
    bad = {"code": 400, "headers": [], "body": error(100, 33).body.decode()}
    good = {"code": 200, "headers": [], "body": "{}"}
    one, two = run(client(Scripted([ok([bad, good])])).batch([HOT, HOT]))
    assert isinstance(one, Refusal)
    assert one.verdict.kind is Kind.SKIP_NODE
    assert isinstance(two, Body)


def test_a_long_wait_of_many_calls_is_said_once_and_again_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    regain = '{"1": [{"type": "ads_management", "call_count": 100, "estimated_time_to_regain_access": 10}]}'
    refusal = error(80004, x_business_use_case_usage=regain)
    asker = client(Scripted([refusal, *[ok({"data": []})] * 5]))

    async def five() -> None:
        await asyncio.gather(*(asker.ask(HOT) for _ in range(5)))

    with caplog.at_level("INFO", "facebook_marketing"):
        run(five())
    waits = [record.getMessage() for record in caplog.records if "Waiting for quota" in record.getMessage()]
    assert 2 <= len(waits) <= 24  # ten minutes and a little, every half a minute
    assert all(wait.startswith("Waiting for quota: Account 1 ") for wait in waits)


def test_a_call_that_waits_for_a_free_place_alone_is_not_said_to_wait_for_quota(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asker = client(Scripted(lambda _: ok({"data": []})), pace=Pace(most=1.0))

    async def many() -> None:
        await asyncio.gather(*(asker.ask(HOT) for _ in range(5)))

    with caplog.at_level("INFO", "facebook_marketing"):
        run(many())
    assert caplog.records == []
    assert asker.counts.waited == 0


def test_a_fault_that_does_not_pass_is_said_once_for_all_calls_and_without_the_token(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asker = client(Scripted(lambda _: error(2, message="secret-token is not here now")))

    async def several() -> None:
        await asyncio.gather(*(asker.ask(HOT) for _ in range(4)))

    with caplog.at_level("INFO", "facebook_marketing"):
        run(several())
    said = [record.getMessage() for record in caplog.records]
    assert 1 <= len(said) <= 3  # two to four minutes, every two minutes
    assert all(text.startswith("Trying again in ") and "*** is not here now" in text for text in said)
