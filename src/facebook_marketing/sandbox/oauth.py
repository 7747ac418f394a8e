"""The login flow: the dialog that sends a code back, the exchange of codes and tokens, ``debug_token``."""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, replace
from html import escape
from urllib.parse import urlencode, urlsplit

from .errors import GraphError
from .params import Params
from .tokens import Token
from .wire import Answer

__all__ = ["OAuth"]

_CODE_LIFE = 600.0
_LONG = 5_183_944
_DATA_ACCESS = 90 * 86_400  # ninety days after the last use
_GONE_SCOPES = frozenset({"read_insights"})
_NOT_ALLOWED = (
    "(#100) You must provide an app access token, or a user access token that is an owner or developer of the app"
)
_EXPIRED = "This authorization code has expired."
_USED = "This authorization code has been used."
_MISMATCH = (
    "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the "
    "OAuth dialog request"
)


@dataclass(slots=True)
class _Code:
    """A code that the dialog gave out."""

    redirect_uri: str
    scopes: frozenset[str]
    born: float
    used: bool = False


class OAuth:
    """One app's login. Minted tokens go into the sandbox's table and are forgotten with it."""

    def __init__(
        self, app_id: str, app_secret: str, tokens: MutableMapping[str, Token], now: Callable[[], float]
    ) -> None:
        """Take the app, the token table to mint into, and the clock."""
        self._app_id, self._secret, self._tokens, self._now = app_id, app_secret, tokens, now
        self._codes: dict[str, _Code] = {}

    def dialog(self, params: Params) -> Answer:
        """Answer the login dialog: back to ``redirect_uri`` at once, with a code, or with a refusal.

        ``sandbox_deny=1`` plays the user who refuses. A scope that no longer exists shows an error page, as at Meta.
        """
        target = params.text("redirect_uri")
        if params.text("client_id") != self._app_id or urlsplit(target).scheme not in {"http", "https"}:
            return _page("Invalid App ID or redirect_uri: check both in the connector's settings.", 400)
        scopes = frozenset(params.strings("scope"))
        gone = sorted(scopes & _GONE_SCOPES)
        if gone:
            return _page(f"Invalid Scopes: {', '.join(gone)}. Leave them out of the login request.", 400)
        back = _denied() if params.flag("sandbox_deny") else [("code", self._new_code(target, scopes))]
        query = urlencode([*back, ("state", params.text("state"))])
        location = f"{target}{'&' if '?' in target else '?'}{query}#_=_"
        return Answer(b"", 302, {"location": location, "content-type": "text/html; charset=utf-8"})

    def access_token(self, params: Params) -> Answer:
        """Answer ``/oauth/access_token``. Raises 100/36007 to 36009, 1 or 101 as Meta does."""
        if params.text("client_id") != self._app_id:
            message = "Error validating application. Invalid application ID."
            raise GraphError(message, 101)
        kind = params.text("grant_type")
        if kind == "client_credentials":
            self._check_secret(params)
            return Answer({"access_token": f"{self._app_id}|{self._secret}", "token_type": "bearer"})
        if kind == "fb_exchange_token":
            self._check_secret(params)
            return self._mint("long", self._exchanged(params.text("fb_exchange_token")))
        return self._mint("user", self._redeemed(params))

    def debug(self, params: Params, asker: Token) -> Answer:
        """Answer ``/debug_token``: what the inspected token is, or why it is not valid.

        Only the app itself and people with a role on it may ask. Raises code 100 for anybody else.
        """
        if asker.kind != "APP" and not asker.developer:
            raise GraphError(_NOT_ALLOWED, 100)
        text = params.text("input_token")
        token = self._tokens.get(text)
        app: dict[str, object] = {"app_id": self._app_id, "application": "Sandbox app"}
        if token is None:
            error: dict[str, object] = {"code": 190, "message": "Invalid OAuth access token."}
            return Answer({"data": app | {"error": error, "is_valid": False, "scopes": []}})
        gone = token.dead or (463 if token.expires and token.expires <= self._now() else None)
        shown = app | {
            "type": token.kind,
            "data_access_expires_at": token.data_access,
            "expires_at": token.expires,
            "is_valid": gone is None,
            "issued_at": token.issued,
            "scopes": sorted(token.scopes),
            "granular_scopes": [_granular(scope, token) for scope in sorted(token.scopes)],
            "user_id": token.user_id,
        }
        if gone is not None:
            shown["error"] = {"code": 190, "message": "Error validating access token", "subcode": gone}
        return Answer({"data": shown})

    def _new_code(self, redirect_uri: str, scopes: frozenset[str]) -> str:
        code = f"AQsandbox{len(self._codes) + 1:06d}"
        self._codes[code] = _Code(redirect_uri, scopes, self._now())
        return code

    def _redeemed(self, params: Params) -> Token:
        code = self._codes.get(params.text("code"))
        secret_fits = params.text("client_secret") == self._secret
        if code is None or not secret_fits or code.redirect_uri != params.text("redirect_uri"):
            raise GraphError(_MISMATCH, 100, subcode=36008)
        if code.used:
            raise GraphError(_USED, 100, subcode=36009)
        if self._now() - code.born > _CODE_LIFE:
            raise GraphError(_EXPIRED, 100, subcode=36007)
        code.used = True
        return Token(scopes=code.scopes | {"public_profile"}) if code.scopes else Token()

    def _exchanged(self, text: str) -> Token:
        token = self._tokens.get(text)
        if token is None or token.dead is not None or (token.expires and token.expires <= self._now()):
            message = "Invalid OAuth access token - Cannot parse access token"
            raise GraphError(message, 190)
        return token

    def _check_secret(self, params: Params) -> None:
        if params.text("client_secret") != self._secret:
            message = "Error validating client secret."
            raise GraphError(message, 1)

    def _mint(self, kind: str, token: Token) -> Answer:
        text = f"sandbox-{kind}-{len(self._tokens)}"
        now = int(self._now())
        self._tokens[text] = replace(token, issued=now, expires=now + _LONG, data_access=now + _DATA_ACCESS)
        return Answer({"access_token": text, "token_type": "bearer", "expires_in": _LONG})


def _granular(scope: str, token: Token) -> dict[str, object]:
    """Say which accounts an ads permission was given for, where it was not given for all."""
    if token.accounts is None or not scope.startswith("ads_"):
        return {"scope": scope}
    return {"scope": scope, "target_ids": sorted(token.accounts)}


def _denied() -> list[tuple[str, str]]:
    return [
        ("error", "access_denied"),
        ("error_code", "200"),
        ("error_description", "Permissions error"),
        ("error_reason", "user_denied"),
    ]


def _page(text: str, status: int) -> Answer:
    html = f"<!DOCTYPE html><html lang=en><title>Error</title><body><h1>Sorry</h1><p>{escape(text)}</p></body></html>"
    return Answer(html.encode(), status, {"content-type": "text/html; charset=utf-8"})
