"""Tokens: who calls, with which permissions, and whether the token still lives.

A fixed table serves tests and demos; options may add more, and the OAuth flow mints some at run time.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from .errors import GraphError
from .params import Params

__all__ = ["STANDARD", "Proof", "Token", "bearer", "check", "table"]

_ALL_SCOPES = frozenset(
    {
        "ads_read",
        "ads_management",
        "business_management",
        "leads_retrieval",
        "pages_manage_ads",
        "pages_read_engagement",
        "pages_show_list",
        "public_profile",
    }
)
_ALL_TASKS = ("DRAFT", "ANALYZE", "ADVERTISE", "MANAGE")
_DAY = 86_400
_UNREADABLE = "Invalid OAuth access token - Cannot parse access token"


@dataclass(frozen=True, slots=True)
class Token:
    """A token as Meta sees it.

    ``accounts``: the bare account numbers that its user has a role on; None means all. ``tasks`` is that role.
    ``expires`` and ``data_access``: unix seconds, 0 for never; ``lifetime`` and ``data_lifetime`` say the same in
    seconds from the sandbox's birth on. ``developer``: its user has a role on the app, and so may ask
    ``debug_token`` with it. ``dead``: the 190 subcode that the token answers with.
    """

    user_id: str = "10150000000000001"
    user_name: str = "Jane Doe"
    business_user_id: str = "100000000000901"
    kind: str = "USER"
    scopes: frozenset[str] = _ALL_SCOPES
    declined: frozenset[str] = frozenset()
    tasks: tuple[str, ...] = _ALL_TASKS
    accounts: frozenset[str] | None = None
    issued: int = 1_780_000_000
    expires: int = 0
    data_access: int = 0
    lifetime: int = 0
    data_lifetime: int = 0
    developer: bool = True
    dead: int | None = None

    def born(self, now: float) -> "Token":
        """Return the token of a sandbox that begins at ``now``."""
        expires = int(now) + self.lifetime if self.lifetime else self.expires
        data_access = int(now) + self.data_lifetime if self.data_lifetime else self.data_access
        return replace(self, expires=expires, data_access=data_access)

    def may(self, scope: str) -> bool:
        """Tell whether the user granted a permission."""
        return scope in self.scopes

    def sees(self, account: str) -> bool:
        """Tell whether the user has a role on an account (bare digits)."""
        return self.accounts is None or account in self.accounts

    def permissions(self) -> list[dict[str, object]]:
        """Return the rows of ``/me/permissions``."""
        states = [(scope, "granted") for scope in sorted(self.scopes)]
        states += [(scope, "declined") for scope in sorted(self.declined)]
        return [{"permission": scope, "status": status} for scope, status in states]


def _without(*scopes: str) -> Token:
    gone = frozenset(scopes)
    return Token(scopes=_ALL_SCOPES - gone, declined=gone)


STANDARD: Mapping[str, Token] = {
    "sandbox-token": Token(),
    "system-user-token": Token(user_id="122100000000000001", user_name="Reporting robot", kind="SYSTEM_USER"),
    "expired-token": Token(expires=1_763_632_800, dead=463),
    "password-token": Token(dead=460),
    "checkpoint-token": Token(dead=459),
    "logged-out-token": Token(dead=467),
    "removed-app-token": Token(dead=458),
    "no-ads-read-token": _without("ads_read", "ads_management"),
    "no-business-token": _without("business_management"),
    "no-leads-token": _without("leads_retrieval"),
    "expiring-token": Token(lifetime=5 * _DAY, data_lifetime=60 * _DAY),
    "fading-token": Token(lifetime=50 * _DAY, data_lifetime=3 * _DAY),
    "short-token": Token(lifetime=3600, data_lifetime=90 * _DAY),
    "outsider-token": Token(lifetime=50 * _DAY, developer=False),
    "analyst-token": Token(tasks=("ANALYZE",), business_user_id="100000000000902"),
}
"""Tokens that every sandbox knows; the names say what they lack."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Rules for ``appsecret_proof``: the app's secret, and whether a call without proof is refused."""

    secret: str
    required: bool = False

    def check(self, token: str, proof: str) -> None:
        """Refuse a wrong proof, or a missing one where it is required. Raises code 100."""
        if not proof and not self.required:
            return
        if not proof:
            message = "API calls from the server require an appsecret_proof argument"
            raise GraphError(message, 100, type="GraphMethodException")
        expected = hmac.new(self.secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, proof):
            message = "Invalid appsecret_proof provided in the API argument"
            raise GraphError(message, 100, type="GraphMethodException")


def table(extra: Mapping[str, Token], app_id: str, app_secret: str, now: float) -> dict[str, Token]:
    """Return the tokens of a new sandbox: the standard ones, the options' ones, and the app's own."""
    app = Token(user_id=app_id, user_name="Sandbox app", kind="APP", scopes=frozenset())
    known = {**STANDARD, **extra, f"{app_id}|{app_secret}": app}
    return {text: token.born(now) for text, token in known.items()}


def bearer(params: Params, headers: Mapping[str, str]) -> str:
    """Return the token of a call, from the parameter or the ``Authorization`` header; empty when none was sent."""
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme.lower() in {"bearer", "oauth"} and rest:
        return rest.strip()
    return params.text("access_token")


def check(tokens: Mapping[str, Token], text: str, *, now: float, about_me: bool) -> Token:
    """Return the token's owner. Raises 104 or 2500 without a token, 190 for one that does not work."""
    if not text:
        raise _missing(about_me=about_me)
    token = tokens.get(text)
    if token is None:
        raise _refusal(_UNREADABLE, reason="invalid_token")
    if token.expires and token.expires <= now:
        token = replace(token, dead=token.dead or 463)
    if token.dead is not None:
        raise dead_error(token, now)
    return token


def dead_error(token: Token, now: float) -> GraphError:
    """Return the 190 of a token that once worked."""
    data = {"checkpoint_url": "https://www.facebook.com/checkpoint/"} if token.dead == 459 else None  # noqa: PLR2004
    text = f"Error validating access token: {_DEATHS[token.dead or 0]}"
    moments = {"expired": _moment(token.expires), "now": _moment(now)}
    return _refusal(text.format(**moments), subcode=token.dead, reason="invalid_token", data=data)


_DEATHS: Mapping[int, str] = {
    458: "The user has not authorized application 123456.",
    459: "You cannot access the app till you log in to www.facebook.com and follow the instructions given.",
    460: "The session has been invalidated because the user changed their password or Facebook has changed the "
    "session for security reasons.",
    463: "Session has expired on {expired}. The current time is {now}.",
    464: "Sessions for the user are not allowed because the user is not a confirmed user.",
    467: "The session is invalid because the user logged out.",
}


def _missing(*, about_me: bool) -> GraphError:
    if about_me:
        text = "An active access token must be used to query information about the current user."
        return _refusal(text, code=2500, reason="invalid_request")
    return _refusal("An access token is required to request this resource.", code=104, reason="invalid_request")


def _refusal(text: str, *, code: int = 190, subcode: int | None = None, reason: str, data: object = None) -> GraphError:
    header = {"www-authenticate": f'OAuth "Facebook Platform" "{reason}" "{text}"'}
    return GraphError(text, code, subcode=subcode, headers=header, data=data)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%A, %d-%b-%y %H:%M:%S UTC")
