"""Faults by plan: every failure of the API notes on demand, counted, seeded, reproducible."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from facebook_marketing.sandbox import Fault, Match, Then
from facebook_marketing.sandbox.caller import Caller
from facebook_marketing.sandbox.faults import Faults, RunFate, Seen, load, read
from facebook_marketing.sandbox.refusals import NAMED, named

EDGE = "act_1234567890123456"
Open = Callable[..., Caller]


def struck(plan: Fault, calls: int, seed: int = 1) -> list[int]:
    faults = Faults((plan,), seed=seed)
    seen = Seen("GET", f"{EDGE}/ads", "ads", "1234567890123456", batch=False)
    return [number for number in range(1, calls + 1) if faults.strike(seen) is not None]


def test_nth_every_and_times_choose_calls() -> None:
    assert struck(Fault(Match(nth=3)), 6) == [3]
    assert struck(Fault(Match(nth=(2, 5))), 6) == [2, 5]
    assert struck(Fault(Match(every=3)), 9) == [3, 6, 9]
    assert struck(Fault(times=2), 6) == [1, 2]


def test_probability_is_drawn_from_the_seed() -> None:
    half = Fault(Match(probability=0.5))
    assert struck(half, 200) == struck(half, 200)
    assert struck(half, 200) != struck(half, 200, seed=2)
    assert 60 < len(struck(half, 200)) < 140


@pytest.mark.parametrize(
    ("match", "agrees"),
    (
        (Match(), True),
        (Match(path=r"^act_\d+/ads$"), True),
        (Match(path="campaigns"), False),
        (Match(edge="ads"), True),
        (Match(stream="campaigns"), False),
        (Match(method="POST"), False),
        (Match(account="1234567890123456"), True),
        (Match(account=EDGE), True),
        (Match(account="1"), False),
        (Match(batch=True), False),
    ),
)
def test_every_member_given_must_agree(match: Match, *, agrees: bool) -> None:
    assert bool(struck(Fault(match), 1)) == agrees


@pytest.mark.parametrize("name", NAMED)
def test_every_named_error_is_answered_as_it_stands(open_sandbox: Open, name: str) -> None:
    talk = open_sandbox(faults=(Fault(then=Then(error=name)),))
    error, expected = talk.error(EDGE), named(name)
    assert (talk.last.status, error["code"], error.get("error_subcode")) == (
        expected.status,
        expected.code,
        expected.subcode,
    )
    assert error["message"] == expected.message


def test_an_error_is_also_found_by_its_numbers_and_can_be_changed() -> None:
    assert named("17/2446079").user_title == "Ad Account Has Too Many API Calls"
    assert named("80004").code == 80004
    changed = Then(error=190, subcode=492, status=401, message="No").refusal()
    assert changed is not None
    assert (changed.code, changed.subcode, changed.status, changed.message) == (190, 492, 401, "No")
    own = Then(code=80014).refusal()
    assert own is not None
    assert own.code == 80014


def test_an_unknown_error_name_is_refused_when_the_plan_is_put_in_place() -> None:
    with pytest.raises(ValueError, match="no error 'nonsense'"):
        Faults((Fault(then=Then(error="nonsense")),))


def test_html_text_and_truncated_bodies_replace_the_reply(open_sandbox: Open) -> None:
    plan = (
        Fault(Match(nth=1), Then(html=True)),
        Fault(Match(nth=1), Then(text='"Service Unavailable"')),
        Fault(Match(nth=1), Then(text="", status=503)),
        Fault(Match(nth=1), Then(truncate=20)),
    )
    sandbox = open_sandbox(faults=plan).sandbox
    headers = {"authorization": "Bearer sandbox-token"}
    replies = [sandbox.handle("GET", f"https://graph.example/v26.0/{EDGE}", headers, b"") for _ in range(4)]
    assert [(reply.status, len(reply.body)) for reply in replies[1:]] == [(200, 21), (503, 0), (200, 20)]
    assert replies[0].status == 502
    assert replies[0].headers["content-type"].startswith("text/html")
    assert all(int(reply.headers["content-length"]) == len(reply.body) for reply in replies)
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(replies[3].body)


def test_reset_cut_and_delay_are_told_to_the_socket(open_sandbox: Open) -> None:
    plan = (
        Fault(Match(nth=1), Then(reset=True)),
        Fault(Match(nth=1), Then(cut=10)),
        Fault(Match(nth=1), Then(delay=2.5)),
        Fault(Match(nth=1), Then(hang=True)),
    )
    talk = open_sandbox(faults=plan, latency=0.25)
    replies = []
    for _ in range(4):
        talk.get(EDGE)
        replies.append(talk.last)
    assert (replies[0].status, replies[1].cut) == (0, 10)
    assert [reply.delay for reply in replies] == [0.25, 0.25, 2.75, 3600.25]


def test_usage_alone_warns_without_an_error(open_sandbox: Open) -> None:
    talk = open_sandbox(faults=(Fault(then=Then(usage=95, headers={"x-app-usage": '{"call_count":95}'})),))
    assert talk.get(EDGE)["id"] == EDGE
    (entry,) = msgspec.json.decode(talk.last.headers["x-business-use-case-usage"])["1234567890123456"]
    assert entry["call_count"] == 95
    assert msgspec.json.decode(talk.last.headers["x-ad-account-usage"])["acc_id_util_pct"] == 95
    assert talk.last.headers["x-app-usage"] == '{"call_count":95}'


def created(talk: Caller, **params: object) -> str:
    wanted = {"level": "campaign", "fields": "campaign_id,impressions,spend", **params}
    run: str = talk.post(f"{EDGE}/insights", **wanted)["report_run_id"]
    return run


@pytest.mark.parametrize(
    ("fate", "status", "code"),
    (
        ("fail", "Job Failed", 1504044),
        ("out_of_memory", "Job Failed", 1504045),
        ("skip", "Job Skipped", None),
        ("stuck", "Job", None),
        ("slow", "Job", None),
    ),
)
def test_a_run_meets_its_fate(open_sandbox: Open, fate: RunFate, status: str, code: int | None) -> None:
    talk = open_sandbox(faults=(Fault(Match(method="POST"), Then(run=fate)),))
    run = created(talk)
    talk.sandbox.advance(5)
    state = talk.get(run)
    assert state["async_status"].startswith(status)
    assert state["async_status"] != "Job Completed"
    assert state.get("error_subcode") == code
    talk.sandbox.advance(3600)
    assert (talk.get(run)["async_status"] == "Job Completed") == (fate == "slow")


def test_races_of_reading_a_result_pass(open_sandbox: Open) -> None:
    plan = (
        Fault(Match(path="/insights$", method="GET", nth=1), Then(early_read=True)),
        Fault(Match(path="/insights$", method="GET", nth=1), Then(cannot_include="summary")),
    )
    talk = open_sandbox(faults=plan)
    run = created(talk)
    talk.sandbox.advance(60)
    early = talk.error(f"{run}/insights")
    assert (early["code"], early["error_subcode"], early["is_transient"]) == (2601, 1815107, True)
    race = talk.error(f"{run}/insights", fields="impressions,spend")
    assert race["message"].startswith("(#100) Cannot include impressions, spend in summary param because")
    assert "data" in talk.get(f"{run}/insights")


def test_a_plan_is_read_from_a_json_file(tmp_path: Path) -> None:
    text = '[{"match":{"edge":"ads","every":2},"then":{"error":"80000/2446079","usage":100},"times":3}]'
    (tmp_path / "plan.json").write_text(text)
    expected = Fault(Match(edge="ads", every=2), Then(error="80000/2446079", usage=100), times=3)
    assert load(tmp_path / "plan.json") == read(text) == (expected,)


def test_a_misspelt_member_of_a_plan_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="evrey"):
        read('[{"match":{"evrey":2}}]')


def test_the_batch_envelope_can_fail_too(open_sandbox: Open) -> None:
    talk = open_sandbox(faults=(Fault(Match(edge="batch"), Then(error="transient"), times=1),))
    entry = {"method": "GET", "relative_url": EDGE}
    assert talk.batch(entry)["error"]["code"] == 2
    assert talk.batch(entry)[0]["code"] == 200
