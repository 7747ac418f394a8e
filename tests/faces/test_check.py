"""`check`: says in a moment whether a configuration works; if not, which account, why, and what mends it."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from executables import ACCOUNT, SMALL, Ended, Shell, config
from facebook_marketing.config import load
from facebook_marketing.faces.check import SECONDS, check
from facebook_marketing.graph.wire import Reply, Request
from facebook_marketing.sandbox import Fault, Match, Options, Sandbox, Then, Token
from sandbox_transport import SandboxTransport
from virtual import START, VirtualClock, run

RECONNECT = "Make a new access token"
RIGHTS = "Give the token ads_read"


def checked(shell: Shell, **settings: Any) -> Ended:
    return shell.source("check", "--config", shell.write("config.json", config(**settings)))


def message(done: Ended) -> str:
    """What a failed check says; fails where it succeeded, or said more than one status."""
    assert done.code == 0
    assert not done.err
    [status] = [line["connectionStatus"] for line in done.lines if line["type"] == "CONNECTION_STATUS"]
    assert status["status"] == "FAILED"
    return str(status["message"])


def succeeded(done: Ended) -> bool:
    return done.code == 0 and done.lines[-1]["connectionStatus"] == {"status": "SUCCEEDED"}


def test_a_good_config_succeeds_at_once(shell: Shell) -> None:
    done = checked(shell)
    assert succeeded(done)
    assert done.seconds < 15


@pytest.mark.parametrize(
    ("token", "said", "mend"),
    (
        ("no-such-token", "dead or wrong", RECONNECT),
        ("expired-token", "Session has expired", RECONNECT),
        ("password-token", "changed their password", RECONNECT),
        ("checkpoint-token", "checkpoint", "Log in on facebook.com"),
        ("logged-out-token", "the user logged out", RECONNECT),
        ("removed-app-token", "has not authorized application", RECONNECT),
        ("no-ads-read-token", "may not read this account", RIGHTS),
    ),
)
def test_a_token_that_does_not_work_is_named_with_its_account_and_mend(
    token: str, said: str, mend: str, shell: Shell
) -> None:
    done = checked(shell, token=token)
    text = message(done)
    assert text.startswith(f"Account {ACCOUNT} cannot be read: ")
    assert said in text
    assert text.split(". ")[-1].startswith(mend) or mend in text.partition("fbtrace_id")[2]
    assert token not in done.text


@pytest.mark.parametrize("token", ("analyst-token", "no-business-token", "system-user-token"))
def test_a_token_that_can_read_ads_needs_nothing_more(token: str, shell: Shell) -> None:
    assert succeeded(checked(shell, token=token))


def test_an_account_that_the_token_cannot_see_is_named_and_no_other(shell: Shell) -> None:
    text = message(checked(shell, account_ids=[ACCOUNT, "999"]))
    assert text.startswith("Account 999 cannot be read: ")
    assert "Check the number in account_ids" in text
    assert ACCOUNT not in text


@pytest.mark.parametrize(
    ("version", "said", "mend"),
    (
        ("v20.0", "This API version is dead", "Set api_version to a newer one."),
        ("v99.0", "This API version does not exist", "Set api_version to a live one."),
    ),
)
def test_a_version_that_is_not_served_is_said(version: str, said: str, mend: str, shell: Shell) -> None:
    text = message(checked(shell, api_version=version))
    assert said in text
    assert text.endswith(mend)


@pytest.mark.parametrize("accounts", ([ACCOUNT], ["all"]))
def test_a_host_that_does_not_answer_is_said_within_seconds(accounts: list[str], shell: Shell) -> None:
    done = checked(Shell(shell.folder, "http://127.0.0.1:1"), account_ids=accounts)
    text = message(done)
    assert "does not answer" in text
    assert text.endswith("Check the network, the proxy and FACEBOOK_GRAPH_URL.")
    assert done.seconds < 15


def test_breakdowns_that_do_not_go_together_are_said_with_what_to_ask_instead(shell: Shell) -> None:
    wrong = {"name": "Where", "fields": ["spend"], "breakdowns": ["age", "region"]}
    text = message(checked(shell, custom_insights=[wrong, {"name": "Fine", "fields": ["spend"]}]))
    assert text.startswith("custom_where: Meta refuses the combination (action_type, age, region).")
    assert "Ask them in separate reports" in text
    assert "fine" not in text


def test_a_report_named_like_a_built_in_stream_is_said_with_its_place(shell: Shell) -> None:
    text = message(checked(shell, custom_insights=[{"name": "Audiences", "fields": ["spend"]}]))
    assert text.startswith('custom_insights[0].name: found "Audiences"; allowed: a name whose stream does not exist')


def test_every_mistake_of_a_config_is_said_at_once(shell: Shell) -> None:
    text = message(checked(shell, account_ids=["abc"], start_date="yesterday", page_size=0))
    assert [line.split(":")[0] for line in text.splitlines()[1:-1]] == [
        "- account_ids[0]",
        "- start_date",
        "- page_size",
    ]
    assert text.splitlines()[-1].startswith("Next step: ")


# On virtual time: what a real clock would take too long for.


def problems(options: Options, before: Any = None, **settings: Any) -> tuple[tuple[str, ...], float]:
    """What a check of a sandbox says, and how many seconds it takes."""

    async def work() -> tuple[tuple[str, ...], float]:
        clock = VirtualClock()
        sandbox = Sandbox(replace(options, size=SMALL), now=clock.now)
        transport = SandboxTransport(sandbox, clock, latency=0.1, before=before)
        said = await check(load(config(**settings), {}).config, transport, clock)
        return said, clock.now() - START

    return run(work())


def test_a_dead_token_is_said_once_for_any_number_of_accounts() -> None:
    accounts = [str(1000 + number) for number in range(40)]
    [text], _ = problems(Options(), account_ids=accounts, token="expired-token")
    assert text.startswith("Accounts 1000, 1001, 1002, 1003, 1004 and 35 more cannot be read: The access token is dead")


def test_a_throttle_is_no_mistake_of_the_configuration() -> None:
    throttled = Fault(Match(path="act_"), Then(error="account_too_many_calls"))
    said, seconds = problems(Options(faults=(throttled,)))
    assert said == ()
    assert seconds < 15


def test_a_meta_that_never_answers_is_given_up_after_a_minute() -> None:
    said, seconds = problems(Options(faults=(Fault(Match(), Then(hang=True)),)))
    [text] = said
    assert "does not answer (within 60 s)" in text
    assert seconds == pytest.approx(SECONDS, abs=1)


def test_a_passing_fault_does_not_fail_the_check() -> None:
    said, _ = problems(Options(faults=(Fault(Match(path="act_"), Then(error="service_unavailable"), times=2),)))
    assert said == ()


def test_all_stands_for_every_account_that_the_token_reaches() -> None:
    seen: list[str] = []

    def note(request: Request) -> None:
        seen.append(request.url)

    assert problems(Options(accounts=3), note, account_ids=["all"])[0] == ()
    assert len({url.partition("/act_")[2][:16] for url in seen if "/act_" in url}) == 3


def test_a_token_that_reaches_no_account_is_told_so() -> None:
    lonely: Mapping[str, Token] = {"lonely-token": Token(accounts=frozenset())}
    [text], _ = problems(Options(tokens=lonely), account_ids=["all"], token="lonely-token")
    assert text.startswith("The token reaches no ad account.")


def test_a_dead_token_that_shall_list_its_accounts_is_said_to_be_dead() -> None:
    [text], _ = problems(Options(), account_ids=["all"], token="expired-token")
    assert text.startswith("The token's accounts cannot be listed: The access token is dead: it has expired.")
    assert RECONNECT in text


def test_a_list_of_accounts_that_breaks_off_is_not_taken_for_the_whole() -> None:
    broken = Fault(Match(path="owned_ad_accounts"), Then(error="service_unavailable"))
    [text], _ = problems(Options(accounts=2, faults=(broken,)), account_ids=["all"])
    assert text.startswith("The token's accounts cannot be listed")


def test_businesses_that_are_closed_to_the_token_leave_the_accounts_that_are_open() -> None:
    assert problems(Options(accounts=2), account_ids=["all"], token="no-business-token")[0] == ()


class Silent:
    """A transport whose other end takes the call and says nothing of use."""

    async def send(self, request: Request) -> Reply:
        await asyncio.sleep(0)
        return Reply(502, {}, b"<html>Bad gateway</html>")

    async def close(self) -> None:
        pass


def test_a_proxy_that_answers_in_metas_place_is_said() -> None:
    async def work() -> tuple[str, ...]:
        return await check(load(config(), {}).config, Silent(), VirtualClock())

    [text] = run(work())
    assert text.startswith(f"Account {ACCOUNT} cannot be read: Meta could not be reached, or broke off.")
    assert "Bad gateway" in text
