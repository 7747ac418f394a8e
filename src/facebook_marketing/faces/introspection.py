"""What Meta says of the access token itself (`debug_token`): asked so that the token stands in no address."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from facebook_marketing.clock import Clock
from facebook_marketing.config import Config
from facebook_marketing.graph.client import Client, Patience, Refusal
from facebook_marketing.graph.transport import Transport
from facebook_marketing.graph.verdicts import judge
from facebook_marketing.graph.wire import Call, Endpoint, Fault, Token

ONCE = Patience(retries=0, throttled=-1.0)
"""Asked once: what does not answer is not worth waiting for."""

DAY = 86_400.0
SOON_DAYS = 14
"""Days before a token's end from which on every sync says so."""


@dataclass(frozen=True, slots=True)
class Introspection:
    """The token as Meta knows it. Moments are seconds since 1970: 0 is never, None was not said.

    `dead` is why it is not valid; `targets` the accounts that its ads permissions were given for (empty: all).
    """

    kind: str = ""
    app_id: str = ""
    application: str = ""
    expires_at: float | None = None
    data_access_until: float | None = None
    scopes: tuple[str, ...] | None = None
    targets: tuple[str, ...] = ()
    dead: Fault | None = None


class _Error(msgspec.Struct):
    code: int | None = None
    message: str = ""
    subcode: int | None = None


class _Granular(msgspec.Struct):
    scope: str = ""
    target_ids: list[str | int] = []


class _Token(msgspec.Struct):
    type: str = ""
    app_id: str | int = ""
    application: str = ""
    expires_at: float | None = None
    data_access_expires_at: float | None = None
    is_valid: bool | None = None
    scopes: list[str] | None = None
    granular_scopes: list[_Granular] = []
    error: _Error | None = None


class _Reply(msgspec.Struct):
    data: _Token


_REPLY = msgspec.json.Decoder(_Reply, strict=False)


async def introspect(client: Client, token: Token) -> Introspection | Refusal:
    """What `debug_token` says. Meta answers the app itself, and people with a role on it (Meta: access tokens)."""
    answer = await client.sealed(Call("debug_token", (("input_token", token.reveal()),)))
    if isinstance(answer, Refusal):
        return answer
    try:
        return _understood(_REPLY.decode(answer.body).data)
    except msgspec.DecodeError as broken:
        fault = Fault(200, f"debug_token: the reply has an unknown shape ({broken})")
        return Refusal(fault, judge(fault))


def _understood(said: _Token) -> Introspection:
    error = said.error or _Error(190, "the token is not valid")
    targets = (str(one) for row in said.granular_scopes if row.scope.startswith("ads_") for one in row.target_ids)
    return Introspection(
        kind=said.type,
        app_id=str(said.app_id),
        application=said.application,
        expires_at=said.expires_at,
        data_access_until=said.data_access_expires_at,
        scopes=None if said.scopes is None else tuple(said.scopes),
        targets=tuple(dict.fromkeys(targets)),
        dead=Fault(200, error.message, error.code, error.subcode) if said.is_valid is False else None,
    )


def app_client(config: Config, transport: Transport, clock: Clock) -> Client | None:
    """A client that asks as the app itself; None where the configuration does not have the app's id and secret."""
    if config.client_id is None or config.client_secret is None:
        return None
    secret = config.client_secret.get_secret_value()
    app = Token(f"{config.client_id}|{secret}")
    proof = Token(secret) if config.use_appsecret_proof else None
    endpoint = Endpoint(app, config.api_version, config.graph_url, proof)
    return Client(endpoint, transport, clock, patience=ONCE)


@dataclass(frozen=True, slots=True)
class End:
    """An end of the token's life: what ends, when, and how it is put off."""

    what: str
    at: float
    mend: str

    def text(self, now: float) -> str:
        """Say it, with the day (UTC) and how long that is."""
        day = datetime.fromtimestamp(self.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        return f"{self.what} {'ended' if self.at <= now else 'ends'} on {day}, {_apart(self.at - now)}."


_RENEW = (
    "Make a new one before: `facebook-marketing token exchange` while it lives, or a system user's token, which does "
    "not expire."
)
_ACCESS_MEND = "Let its user log in with the app again, or use a system user's token."


def ends(said: Introspection) -> tuple[End, ...]:
    """Both ends of the token's life, where they are known: its own, and that of the app's access to data."""
    rows = (
        ("The access token", said.expires_at, _RENEW),
        ("The app's access to data through this token", said.data_access_until, _ACCESS_MEND),
    )
    return tuple(End(what, at, mend) for what, at, mend in rows if at)


def warnings(said: Introspection, now: float) -> tuple[str, ...]:
    """A line for each end that is near or past."""
    return tuple(f"{end.text(now)} {end.mend}" for end in ends(said) if end.at - now < SOON_DAYS * DAY)


def _apart(seconds: float) -> str:
    amount, past = abs(seconds), seconds < 0
    for size, name in ((DAY, "day"), (3600.0, "hour"), (60.0, "minute")):
        if amount >= size:
            count = math.floor(amount / size)
            shown = f"{count} {name}{'s' if count > 1 else ''}"
            return f"{shown} ago" if past else f"in {shown}"
    return "just now" if past else "in less than a minute"
