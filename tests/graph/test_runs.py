"""Report runs: when rows can be read, and that nothing waits for ever."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from facebook_marketing.graph import runs
from facebook_marketing.graph.client import Client, Patience, Refusal
from facebook_marketing.graph.runs import Deadlines, Ending, Failed, Ready, Stalled, Watch
from facebook_marketing.graph.verdicts import Kind
from facebook_marketing.graph.wire import Call, Endpoint, Request, Token
from fake_transport import Answer, Scripted, error, ok, query
from virtual import VirtualClock, run

State = dict[str, Any]


def polled(status_at: Callable[[str, float], State | Answer]) -> Scripted:
    """A transport that answers polls, alone or in a batch, by run and by time."""

    def one(run_id: str) -> Answer:
        state = status_at(run_id, asyncio.get_event_loop().time())
        return ok({"id": run_id, **state}) if isinstance(state, dict) else state

    def answers(request: Request) -> Answer:
        if request.method == "GET":
            return one(urlsplit(request.url).path.rsplit("/", 1)[1])
        entries = []
        for entry in json.loads(query(request)["batch"]):
            reply = one(entry["relative_url"].split("/")[1])
            assert not isinstance(reply, Exception)
            entries.append({"code": reply.status, "headers": [], "body": reply.body.decode()})
        return ok(entries)

    return Scripted(answers)


def ending(transport: Scripted, deadlines: Deadlines = Deadlines()) -> tuple[Ending, float]:  # noqa: B008
    return endings(transport, ["7"], deadlines)[0]


def endings(transport: Scripted, ids: list[str], deadlines: Deadlines) -> list[tuple[Ending, float]]:
    async def all_of_them() -> list[tuple[Ending, float]]:
        client = Client(Endpoint(Token("t")), transport, VirtualClock(), patience=Patience(retries=1), dice=lambda: 0.5)
        watch = Watch(client)

        async def one(run_id: str) -> tuple[Ending, float]:
            found = await watch.ending(run_id, "1", deadlines)
            return found, asyncio.get_running_loop().time()

        try:
            return list(await asyncio.gather(*map(one, ids)))
        finally:
            await watch.close()

    return run(all_of_them())


def status(text: str, percent: int) -> State:
    return {"async_status": text, "async_percent_completion": percent}


def test_a_completed_run_is_ready() -> None:
    found, _ = ending(polled(lambda _id, _t: status("Job Completed", 100)))
    assert found == Ready("7")


def test_a_hundred_percent_that_still_runs_is_waited_out() -> None:
    found, seconds = ending(polled(lambda _id, t: status("Job Running" if t < 20 else "Job Completed", 100)))
    assert found == Ready("7")
    assert seconds >= 20


def test_a_run_that_no_poll_shows_yet_is_waited_for() -> None:
    found, _ = ending(polled(lambda _id, t: error(100, 33) if t < 5 else status("Job Completed", 100)))
    assert found == Ready("7")


def test_a_run_that_vanished_has_failed() -> None:
    found, _ = ending(polled(lambda _id, t: error(100, 33) if t > 70 else status("Job Running", int(t))))
    assert isinstance(found, Failed)
    assert found.refusal.verdict.kind is Kind.SKIP_NODE


def test_a_failed_run_says_why() -> None:
    failed = {**status("Job Failed", 0), "error_code": -3, "error_subcode": 1504045, "error_message": "Out of memory"}
    found, _ = ending(polled(lambda _id, _t: failed))
    assert isinstance(found, Failed)
    assert found.refusal.verdict.kind is Kind.SPLIT
    assert "Out of memory" in str(found.refusal.fault)


def test_a_skipped_run_is_to_be_made_again() -> None:
    found, _ = ending(polled(lambda _id, _t: status("Job Skipped", 0)))
    assert isinstance(found, Failed)
    assert found.refusal.verdict.kind is Kind.RETRY


def test_a_run_without_progress_stalls_at_its_deadline() -> None:
    found, seconds = ending(polled(lambda _id, _t: status("Job Running", 0)), Deadlines(no_progress=300, total=3600))
    assert isinstance(found, Stalled)
    assert 300 <= seconds <= 335


def test_a_run_that_moves_but_never_ends_stalls_at_the_last_deadline() -> None:
    found, seconds = ending(
        polled(lambda _id, t: status("Job Running", min(99, int(t / 40)))), Deadlines(no_progress=300, total=1800)
    )
    assert isinstance(found, Stalled)
    assert 1800 <= seconds <= 1835


def test_deadlines_hold_while_every_poll_fails() -> None:
    found, seconds = ending(polled(lambda _id, _t: error(2)), Deadlines(no_progress=300, total=600))
    assert isinstance(found, Stalled)
    assert seconds <= 340


def test_half_a_reply_to_a_poll_is_no_failed_run() -> None:
    found, _ = ending(polled(lambda _id, t: ok([]) if t < 10 else status("Job Completed", 100)))
    assert found == Ready("7")


def test_many_runs_are_polled_together_and_ever_more_seldom() -> None:
    transport = polled(lambda _id, t: status("Job Completed" if t > 300 else "Job Running", min(100, int(t / 3))))
    found = endings(transport, [str(n) for n in range(60)], Deadlines())
    assert all(isinstance(one, Ready) for one, _ in found)
    assert len(transport.requests) <= 2 * 20
    batches = [json.loads(query(request)["batch"]) for request in transport.requests if request.method == "POST"]
    assert max(map(len, batches)) == 50


def test_a_created_run_gives_its_id_as_text() -> None:
    def client_of(answers: list[Answer]) -> Client:
        return Client(Endpoint(Token("t")), Scripted(answers), VirtualClock())

    call = Call("act_1/insights", method="POST")
    assert run(runs.create(client_of([ok({"report_run_id": "602"})]), call)) == "602"
    assert run(runs.create(client_of([ok({"report_run_id": 602})]), call)) == "602"
    assert isinstance(run(runs.create(client_of([ok({})]), call)), Refusal)
