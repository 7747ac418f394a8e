"""What the doctor finds, without a process: the same looks on virtual time, and a Meta that answers oddly."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from executables import ACCOUNT, SMALL, config
from facebook_marketing.catalog.permissions import PERMISSIONS
from facebook_marketing.config import load
from facebook_marketing.faces.doctor import Diagnosis, Finding, Level, diagnose
from facebook_marketing.faces.parts import streams_of
from facebook_marketing.graph.wire import Reply, Request
from facebook_marketing.sandbox import Fault, Match, Options, Sandbox, Then, Token
from sandbox_transport import SandboxTransport
from virtual import START, VirtualClock, run

SECOND = "2345679001234573"
APP = {"client_id": "123456", "client_secret": "sandbox-secret"}
DOCS = Path(__file__).parent.parent.parent / "docs" / "doctor.md"


@dataclass
class Seen:
    diagnosis: Diagnosis
    requests: list[Request]
    calls: int

    def bad(self) -> dict[str, Level]:
        """What is not well, by check."""
        return {one.check: one.level for one in self.diagnosis.findings if one.level is not Level.OK}

    def of(self, check: str) -> Finding:
        return next(one for one in self.diagnosis.findings if one.check == check)


def now() -> float:
    try:
        return VirtualClock().now()
    except RuntimeError:
        return START


def look(options: Options | None = None, *, app: bool = True, **settings: Any) -> Seen:
    written = config(**settings)
    written["credentials"] |= APP if app else {}
    loaded = load(written, {})
    sandbox, requests = Sandbox(options or Options(size=SMALL, accounts=2), now=now), list[Request]()
    door = SandboxTransport(sandbox, VirtualClock(), before=requests.append)
    diagnosis = run(diagnose(loaded.config, loaded.notes, transport=door, clock=VirtualClock()))
    return Seen(diagnosis, requests, len(sandbox.log))


def test_it_costs_nine_calls_for_an_account_in_five_requests() -> None:
    seen = look()
    assert (seen.diagnosis.calls, seen.calls, len(seen.requests)) == (9, 9, 5)


def test_no_address_ever_holds_a_token_or_a_secret() -> None:
    for request in look().requests:
        assert "sandbox-token" not in request.url
        assert "sandbox-secret" not in request.url


def test_a_token_that_may_not_ask_about_itself_says_what_would_tell() -> None:
    seen = look(token="outsider-token", app=False)
    assert seen.bad() == {"token.expiry": Level.WARN}
    assert "client_id and client_secret" in seen.of("token.expiry").mend
    assert look(token="outsider-token").bad() == {}


def test_a_user_without_a_reading_task_is_told_which_one_to_get() -> None:
    seen = look(Options(size=SMALL, tokens={"idle-token": Token(tasks=("DRAFT",))}), token="idle-token")
    assert seen.bad() == {"account.tasks": Level.FAIL}
    assert "ANALYZE" in seen.of("account.tasks").mend


def test_settings_of_an_older_form_and_a_version_without_a_future_are_warnings() -> None:
    seen = look(max_batch_size=50, api_version="v24.0")
    assert set(seen.bad()) == {"configuration.older", "version.life", "version.served"}
    assert seen.diagnosis.exit_code == 1
    assert "auto-upgraded" in seen.of("version.served").text
    assert seen.of("version.life").facts == {"dies": "2026-10-06", "days_left": -46}


def test_every_check_stands_in_the_docs() -> None:
    named = re.findall(r"`([a-z_.…]+)`", DOCS.read_text(encoding="utf-8"))
    own = {"name": "Mine", "fields": ["spend", "wish_bid"]}
    seen = look(account_ids=[ACCOUNT, SECOND], token="no-business-token", custom_insights=[own], page_size=100)
    for one in seen.diagnosis.findings:
        assert any(one.check == name or ("…" in name and one.check.startswith(name[:-1])) for name in named), one


def test_leads_need_a_permission_where_they_are_asked_for_and_only_there() -> None:
    assert look().bad() == {}
    seen = look(include_leads=True, token="no-leads-token")
    assert seen.bad() == {"permissions.leads_retrieval": Level.WARN}
    assert seen.of("permissions.leads_retrieval").facts["streams"] == ["leads"]


def test_every_permission_that_a_stream_needs_is_looked_for() -> None:
    config = load({"account_ids": ["1"], "access_token": "x", "include_leads": True}, {}).config
    needed = {(one.needs or "").partition(",")[0]: one.name for one in streams_of(config) if one.needs}
    looked_for = {name for row in PERMISSIONS for name in row.names}
    assert set(needed) <= looked_for


def test_many_accounts_are_looked_at_eight_at_a_time() -> None:
    sandbox = Sandbox(Options(size=SMALL, accounts=16), now=now)
    door = SandboxTransport(sandbox, VirtualClock(), latency=0.2)
    loaded = load(config(account_ids=list(sandbox.world.accounts)), {})
    diagnosis = run(diagnose(loaded.config, transport=door, clock=VirtualClock()))
    assert sum(one.check == "account.reachable" for one in diagnosis.findings) == 16
    assert door.most_under_way <= 8


@pytest.mark.parametrize(
    ("fault", "check", "level"),
    (
        (Fault(Match(path="permissions"), Then(error="transient")), None, None),
        (Fault(Match(path="^act_.*insights"), Then(error="insights_permission")), "account.history", Level.FAIL),
        (Fault(Match(path="^act_", edge="insights", nth=(3,)), Then(error="100")), "account.opt_in", Level.WARN),
        (Fault(Match(edge="AdAccount"), Then(error="account_too_many_calls")), "account.reachable", Level.WARN),
        (Fault(Match(path="^me"), Then(usage=97)), "app.usage", Level.WARN),
        (Fault(Match(path="^me$"), Then(error="app_rate_limit")), "app.usage", Level.WARN),
        (Fault(Match(edge="AdAccount"), Then(text="<html>")), "account.reachable", Level.FAIL),
    ),
)
def test_a_probe_that_meta_refuses_is_one_finding_and_the_others_go_on(
    fault: Fault, check: str | None, level: Level | None
) -> None:
    seen = look(Options(size=SMALL, faults=(fault,)))
    assert seen.bad() == ({check: level} if check else {})


class Canned:
    """A Meta that answers by path; what it does not know comes from a sandbox."""

    def __init__(self, bodies: Mapping[str, object]) -> None:
        self._bodies = bodies
        self._rest = SandboxTransport(Sandbox(Options(size=SMALL), now=now), VirtualClock())

    async def send(self, request: Request) -> Reply:
        path = request.url.partition("?")[0].partition("/v26.0/")[2]
        if path in self._bodies:
            return Reply(200, {}, json.dumps(self._bodies[path]).encode())
        if path == "" and b"debug_token" in request.body and "debug_token" in self._bodies:
            entry = {"code": 200, "headers": None, "body": json.dumps(self._bodies["debug_token"])}
            return Reply(200, {}, json.dumps([entry]).encode())
        return await self._rest.send(request)

    async def close(self) -> None:
        """Nothing to close."""


def odd(bodies: Mapping[str, object]) -> list[Finding]:
    work = diagnose(load(config(), {}).config, transport=Canned(bodies), clock=VirtualClock())
    return [one for one in run(work).findings if one.level is not Level.OK]


@pytest.mark.parametrize(
    ("bodies", "checks"),
    (
        ({"me": {"id": 7, "shoe_size": 44}}, set()),
        ({"me": {"name": ["x"]}}, {"token.works"}),
        ({"me/permissions": {"data": "none"}}, set()),
        ({"me/permissions": {}}, {"permissions.ads_read", "permissions.business_management"}),
        ({"debug_token": {"data": {"is_valid": True, "expires_at": "0", "app_id": 5, "type": "SYSTEM_USER"}}}, set()),
        ({"debug_token": {"data": {"is_valid": True}}}, {"token.expiry"}),
        ({"debug_token": {"data": []}}, {"token.expiry"}),
        ({"debug_token": {"data": {"is_valid": False}}}, {"token.valid"}),
        ({"debug_token": {"data": {"type": "PAGE", "expires_at": 0}}}, {"token.kind"}),
    ),
)
def test_answers_of_an_odd_shape_are_findings_at_most(bodies: Mapping[str, object], checks: set[str]) -> None:
    assert {one.check for one in odd(bodies)} == checks


def test_a_meta_that_falls_silent_is_a_finding_in_the_end() -> None:
    class Silent(Canned):
        async def send(self, request: Request) -> Reply:
            if request.method == "POST" and b"act_" in request.body:
                await asyncio.Event().wait()
            return await super().send(request)

    work = diagnose(load(config(), {}).config, transport=Silent({}), clock=VirtualClock())
    [silent] = [one for one in run(work).findings if one.level is Level.FAIL]
    assert (silent.check, silent.text) == ("account.reachable", "It did not answer within 61 s.")


def test_the_worst_finding_decides_the_exit_code() -> None:
    well, bad, worse = (Finding(level, "x", "y.") for level in (Level.OK, Level.WARN, Level.FAIL))
    codes = [Diagnosis(found).exit_code for found in ((), (well,), (well, bad), (bad, worse, well))]
    assert codes == [0, 0, 1, 2]
