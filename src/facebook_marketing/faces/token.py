"""`token exchange`: a short-lived access token becomes one of about 60 days (Meta: long-lived access tokens).

Meta's page shows the exchange as a GET with everything in the address. We send a POST instead, whose form says
`method=GET`: Meta reads it as that same GET, and no address, proxy or access log ever holds the tokens or the secret.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from facebook_marketing.config import Config, ConfigError, load
from facebook_marketing.config.mistakes import MISSING
from facebook_marketing.faces.logs import conceal, hide
from facebook_marketing.graph.transport import HttpTransport, Transport, UnreachableError
from facebook_marketing.graph.verdicts import judge
from facebook_marketing.graph.wire import Fault, Reply, Request, Token, fault

_OWNER_ONLY = 0o600


class ExchangeError(Exception):
    """No new token was given; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A new token and how long it lives, in seconds; None: Meta did not say, which means without end or unknown."""

    token: Token
    expires_in: float | None

    def life(self, now: float) -> str:
        """Say how long it lives."""
        if self.expires_in is None:
            return "Meta did not say when the new token ends; `facebook-marketing doctor` tells what is known."
        day = datetime.fromtimestamp(now + self.expires_in, UTC).strftime("%Y-%m-%d")
        return f"The new token ends on {day}, in {self.expires_in / 86_400:.0f} days. Exchange it again before."


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: float | None = None


_GRANTED = msgspec.json.Decoder(_Granted, strict=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """What an exchange needs: the token to give, the app that it belongs to, and where Meta is."""

    config: Config
    app_id: str
    secret: Token


def settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """From the configuration and the environment; what is missing is asked for on a terminal.

    Raises ConfigError, ExchangeError.
    """
    config = _config(path, environ)
    hide(config)
    app_id = config.client_id or _prompt("The app's id", "client_id", hidden=False)
    known = config.client_secret.get_secret_value() if config.client_secret else None
    secret = known or _prompt("The app's secret", "client_secret")
    conceal(secret)
    return Settings(config, app_id, Token(secret))


def _config(path: Path | None, environ: Mapping[str, str]) -> Config:
    """An exchange needs no account, and may be given the token by hand."""
    try:
        return load(path, environ).config
    except ConfigError as wrong:
        missing = {one.path.rpartition(".")[2] for one in wrong.mistakes if one.found == MISSING}
        if not missing or len(missing) < len(wrong.mistakes) or not missing <= {"account_ids", "access_token"}:
            raise
    filled = {"FACEBOOK_ACCOUNT_IDS": "all"} if "account_ids" in missing else {}
    if "access_token" in missing:
        filled["FACEBOOK_ACCESS_TOKEN"] = _prompt("The short-lived access token", "access_token")
    return load(path, {**environ, **filled}).config


def _prompt(what: str, setting: str, *, hidden: bool = True) -> str:
    said = ""
    if sys.stdin.isatty():
        said = getpass(f"{what}: ") if hidden else input(f"{what}: ")
    if not said.strip():
        message = f"{what} is not set. Put {setting} into the configuration, or set FACEBOOK_{setting.upper()}."
        raise ExchangeError(message)
    return said.strip()


async def exchange(chosen: Settings, *, transport: Transport | None = None) -> Exchanged:
    """Ask for a long-lived token in place of the configuration's. Raises ExchangeError."""
    door, graph_url = transport or HttpTransport(), chosen.config.graph_url
    try:
        reply = await door.send(_request(chosen))
    except UnreachableError as broken:
        text = f"{graph_url} does not answer ({broken}). Check the network, the proxy and FACEBOOK_GRAPH_URL."
        raise ExchangeError(text) from None
    finally:
        await door.close()
    return _read(reply)


def _request(chosen: Settings) -> Request:
    config = chosen.config
    form = {
        "method": "GET",
        "grant_type": "fb_exchange_token",
        "client_id": chosen.app_id,
        "client_secret": chosen.secret.reveal(),
        "fb_exchange_token": config.access_token.get_secret_value(),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    url = f"{config.graph_url}/{config.api_version}/oauth/access_token"
    return Request("POST", url, headers, urlencode(form).encode())


def _read(reply: Reply) -> Exchanged:
    refused = fault(reply)
    if refused is not None:
        raise ExchangeError(f"The token was not exchanged: {judge(refused).about(refused)}")
    try:
        granted = _GRANTED.decode(reply.body)
    except msgspec.DecodeError:
        odd = Fault(reply.status, "the reply holds no access_token")
        raise ExchangeError(f"The token was not exchanged: {odd}. Try again; if it lasts, report it to us.") from None
    return Exchanged(Token(granted.access_token), granted.expires_in)


def write(path: Path, token: Token) -> None:
    """Put the token into a file that its owner alone can read, in one step: never half a token, never a moment open.

    Raises ExchangeError.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(handle, "w") as file:
            file.write(f"{token.reveal()}\n")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        text = f"{path} cannot be written: {error.strerror}. The new token is lost: exchange again, to another file."
        raise ExchangeError(text) from None
