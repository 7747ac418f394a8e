"""`token exchange`, and the warning before a token's end that every sync gives."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from executables import ACCOUNT, SMALL, Shell, bare_catalog, config
from facebook_marketing.config import load
from facebook_marketing.faces import expiry
from facebook_marketing.faces.token import ExchangeError, Settings, exchange, write
from facebook_marketing.graph.transport import UnreachableError
from facebook_marketing.graph.wire import Reply, Request, Token
from facebook_marketing.sandbox import Fault, Match, Options, Sandbox, Then, start
from facebook_marketing.sandbox.server import Running
from sandbox_transport import SandboxTransport
from virtual import START, VirtualClock, run

APP = {"FACEBOOK_CLIENT_ID": "123456", "FACEBOOK_CLIENT_SECRET": "sandbox-secret"}
ENDING = "The access token ends on "


@pytest.fixture(scope="module")
def bank() -> Iterator[Running]:
    with start(Options(size=SMALL, run_seconds=0.1)) as running:
        yield running


@pytest.fixture
def here(bank: Running, tmp_path: Path) -> Shell:
    return Shell(tmp_path, bank.url)


def test_a_short_token_buys_a_long_one_that_works_and_only_its_owner_can_read(here: Shell, bank: Running) -> None:
    before = len(bank.sandbox.log)
    done = here.command("token", "exchange", "--write", "new.txt", FACEBOOK_ACCESS_TOKEN="short-token", **APP)
    assert (done.code, done.out) == (0, b"")
    file = here.folder / "new.txt"
    bought = file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert bank.sandbox.tokens[bought].expires > bank.sandbox.now() + 59 * 86400
    assert bought not in done.text
    assert "in 60 days" in done.err
    [call] = bank.sandbox.log[before:]
    assert call.path == "oauth/access_token"


def test_print_puts_the_token_and_nothing_else_on_stdout(here: Shell, bank: Running) -> None:
    settings = config(token="short-token")
    settings["credentials"] |= {"client_id": "123456", "client_secret": "sandbox-secret"}
    done = here.command("token", "exchange", "--print", "--config", here.write("c.json", settings))
    assert done.code == 0
    assert done.out.decode().strip() in bank.sandbox.tokens
    assert "short-token" not in done.text
    assert "sandbox-secret" not in done.text


@pytest.mark.parametrize(
    ("token", "app", "said"),
    (
        (
            "short-token",
            APP | {"FACEBOOK_CLIENT_SECRET": "not-it"},
            "The app's secret is wrong.",
        ),
        (
            "short-token",
            APP | {"FACEBOOK_CLIENT_ID": "7"},
            "does not know the app.",
        ),
        ("expired-token", APP, "The access token is dead"),
        ("short-token", {}, "The app's id is not set. Put client_id into the configuration"),
    ),
)
def test_what_was_wrong_is_said_with_its_mend(here: Shell, token: str, app: dict[str, str], said: str) -> None:
    done = here.command("token", "exchange", "--print", FACEBOOK_ACCESS_TOKEN=token, **app)
    assert (done.code, done.out) == (1, b"")
    assert said in done.err
    assert "Traceback" not in done.err


def chosen() -> Settings:
    written = config(token="short-token")
    return Settings(load(written, {}).config, "123456", Token("sandbox-secret"))


def now() -> float:
    try:
        return VirtualClock().now()
    except RuntimeError:
        return START


def test_no_address_holds_the_token_or_the_secret() -> None:
    requests: list[Request] = []
    door = SandboxTransport(Sandbox(Options(size=SMALL), now=now), VirtualClock(), before=requests.append)
    bought = run(exchange(chosen(), transport=door))
    assert bought.expires_in == 5_183_944
    [request] = requests
    assert request.url == "https://graph.facebook.com/v26.0/oauth/access_token"
    assert "Authorization" not in request.headers
    assert b"fb_exchange_token=short-token" in request.body
    assert "short-token" not in repr(chosen())
    assert "sandbox-secret" not in repr(chosen())


class Saying:
    """A Meta that says one thing."""

    def __init__(self, reply: Callable[[], Reply]) -> None:
        self._reply = reply

    async def send(self, request: Request) -> Reply:
        return self._reply()

    async def close(self) -> None:
        """Nothing to close."""


def _silent() -> Reply:
    raise UnreachableError("ConnectionReset")


@pytest.mark.parametrize(
    ("reply", "said"),
    (
        (_silent, "does not answer"),
        (lambda: Reply(200, {}, b"{}"), "holds no access_token"),
        (lambda: Reply(200, {}, b"[1"), "The token was not exchanged"),
        (lambda: Reply(502, {}, b"<html>"), "The token was not exchanged"),
    ),
)
def test_an_odd_answer_is_an_error_in_words(reply: Callable[[], Reply], said: str) -> None:
    with pytest.raises(ExchangeError, match=said):
        run(exchange(chosen(), transport=Saying(reply)))


def test_a_token_without_an_end_is_taken_too() -> None:
    bought = run(exchange(chosen(), transport=Saying(lambda: Reply(200, {}, b'{"access_token":"x","token_type":"b"}'))))
    assert (bought.token.reveal(), bought.expires_in) == ("x", None)
    assert "did not say" in bought.life(START)


def test_a_file_that_others_could_read_is_replaced_by_one_that_they_cannot(tmp_path: Path) -> None:
    file = tmp_path / "token.txt"
    file.write_text("old")
    file.chmod(0o644)
    write(file, Token("new"))
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new\n", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["token.txt"]


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="cannot be written"):
        write(tmp_path / "no" / "such" / "folder", Token("new"))


# --- the warning ---------------------------------------------------------------------------------------------------


def logged(lines: list[Any]) -> list[str]:
    return [line["log"]["message"] for line in lines if line["type"] == "LOG" and line["log"]["level"] == "WARN"]


def test_a_read_with_the_apps_secret_warns_before_the_end(here: Shell) -> None:
    settings = config(token="expiring-token")
    settings["credentials"] |= {"client_id": "123456", "client_secret": "sandbox-secret"}
    [warning] = logged(here.read(settings, bare_catalog("campaigns")).lines)
    assert warning.startswith(ENDING)
    assert "in 4 days" in warning


def test_a_first_read_without_it_does_not_ask_a_second_one_does(here: Shell, bank: Running) -> None:
    before = len(bank.sandbox.log)
    first = here.read(config(token="expiring-token"), bare_catalog("campaigns"))
    assert logged(first.lines) == []
    assert [call.path for call in bank.sandbox.log[before:]] == [f"act_{ACCOUNT}/campaigns"]
    states = [line["state"] for line in first.lines if line["type"] == "STATE"]
    [warning] = logged(here.read(config(token="expiring-token"), bare_catalog("campaigns"), states[-1:]).lines)
    assert warning.startswith(ENDING)


@pytest.mark.parametrize("command", ("check", "sync"))
def test_check_and_sync_warn_too(here: Shell, command: str) -> None:
    more = ("--streams", "campaigns", "--quiet") if command == "sync" else ()
    done = here.command(command, *more, "--config", here.write("c.json", config(token="expiring-token")))
    assert done.code == 0
    assert f"warning: {ENDING}" in done.err


def warned(caplog: pytest.LogCaptureFixture, options: Options, **settings: Any) -> list[str]:
    door = SandboxTransport(Sandbox(options, now=now), VirtualClock())
    caplog.clear()
    run(expiry.warn(load(config(**settings), {}).config, transport=door, clock=VirtualClock()))
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize(
    ("token", "said"),
    (
        ("sandbox-token", ()),
        ("system-user-token", ()),
        ("outsider-token", ()),
        ("expired-token", ()),
        ("no-such-token", ()),
        ("expiring-token", (ENDING,)),
        ("fading-token", ("The app's access to data through this token ends on ",)),
    ),
)
def test_only_an_end_that_is_near_and_known_is_said(
    caplog: pytest.LogCaptureFixture, token: str, said: tuple[str, ...]
) -> None:
    found = warned(caplog, Options(size=SMALL), token=token)
    assert len(found) == len(said)
    assert all(line.startswith(start) for line, start in zip(found, said, strict=True))


@pytest.mark.parametrize("then", (Then(html=True), Then(error="app_rate_limit"), Then(reset=True), Then(hang=True)))
def test_a_meta_that_does_not_answer_it_costs_a_sync_nothing(caplog: pytest.LogCaptureFixture, then: Then) -> None:
    options = Options(size=SMALL, faults=(Fault(Match(edge="batch"), then),))
    assert warned(caplog, options, token="expiring-token") == []


def test_a_version_near_its_end_is_said_without_a_call(caplog: pytest.LogCaptureFixture) -> None:
    [line] = warned(caplog, Options(size=SMALL), api_version="v24.0")
    assert line == "API version v24.0 ended 46 days ago: set api_version to v26.0."
