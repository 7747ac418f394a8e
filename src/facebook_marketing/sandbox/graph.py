"""The simulated Graph API without any I/O: `Sandbox.handle` takes a request's parts and returns the reply's."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

from . import batch
from .control import Control
from .errors import GraphError
from .faults import Faults, Seen, Then
from .oauth import OAuth
from .options import Options
from .params import Params, from_body, from_query
from .quota import Quota
from .reading import Reading
from .refusals import named
from .reports import Reports
from .request import Call, Request, Target
from .tokens import Proof, Token, bearer, check, table
from .versions import Version, deprecated, resolve
from .wire import Answer, SandboxReply, encode, pack
from .world import World

__all__ = ["Sandbox"]

_JSON = "application/json; charset=UTF-8"
_JSON_IN_BATCH = "text/javascript; charset=UTF-8"
_HTML = "<!DOCTYPE html><html lang=en><title>Error</title><body><h1>Sorry, something went wrong.</h1></body></html>"
_UNSPOILT = Then()
_OK = 200
_OF_THE_WHOLE = frozenset({"content-type", "date"})


@dataclass(slots=True)
class _Incoming:
    """A call before its version and token were looked at; what becomes known on the way is filled in."""

    method: str
    parts: tuple[str, ...]
    params: Params
    headers: Mapping[str, str]
    origin: str
    outer: str | None = None
    in_batch: bool = False
    version: Version | None = None
    target: Target | None = None
    then: Then = _UNSPOILT
    path: str = field(default="")


@dataclass(frozen=True, slots=True)
class _Served:
    """A call's reply before compression, with the fault that is still to spoil it on the wire."""

    status: int
    headers: dict[str, str]
    body: bytes
    then: Then = _UNSPOILT


class Sandbox:
    """A whole simulated Graph API: its world, its report runs, its quota, its faults, its log.

    ``world`` and ``runs`` hold the truth that tests compare with; ``log`` has every call as it was served (a batch
    entry by entry) and ``requests`` counts HTTP requests. Time comes from ``now`` and can be set through ``clock``.
    """

    def __init__(self, options: Options = Options(), *, now: Callable[[], float] = time.time) -> None:  # noqa: B008
        """Build the world of the options. ``now`` returns unix seconds."""
        self.options = options
        self._base_now, self._shift = now, 0.0
        self._frozen: float | None = None
        self.world = World(
            seed=options.seed,
            size=options.size,
            accounts=options.accounts,
            now=self.now,
            anchor=options.anchor,
            statuses=options.account_status,
        )
        self.reports = Reports(self.world, options, self.now)
        self.runs = self.reports.runs
        self.tokens: dict[str, Token] = table(options.tokens, options.app_id, options.app_secret, self.now())
        self.faults = Faults(options.faults, seed=options.seed)
        self.quota = Quota(
            options.tier,
            enforce=options.quota,
            live=self.world.live,
            now=self.now,
            scale=options.quota_scale,
        )
        self.log: list[Call] = []
        self.requests = 0
        self._proof = Proof(options.app_secret, required=options.require_proof)
        self._oauth = OAuth(options.app_id, options.app_secret, self.tokens, self.now)
        self._reading = Reading(self.world, self.reports, options, self.now)
        self._control = Control(self)
        self._traces = 0

    def now(self) -> float:
        """Return the sandbox's time in unix seconds."""
        return self._frozen if self._frozen is not None else self._base_now() + self._shift

    def set_clock(self, moment: float) -> None:
        """Stop the clock at a moment."""
        self._frozen = moment

    def advance(self, seconds: float) -> None:
        """Move the clock on; one that was stopped stays stopped, later."""
        if self._frozen is not None:
            self._frozen += seconds
        else:
            self._shift += seconds

    def handle(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> SandboxReply:
        """Answer one HTTP request; ``url`` is absolute, or begins with the path and the Host header tells the host."""
        self.requests += 1
        named_headers = {name.lower(): value for name, value in headers.items()}
        split = urlsplit(url)
        host = split.netloc or named_headers.get("host", "graph.facebook.com")
        origin = f"{split.scheme or 'http'}://{host}"
        parts = tuple(unquote(part) for part in split.path.split("/") if part)
        if parts[:1] == ("__sandbox__",):
            return self._finish(_from_answer(self._control.answer(method, parts[1:], body)), named_headers)
        params = from_query(split.query).plus(from_body(body, named_headers.get("content-type", "")))
        if method == "POST" and "method" in params:
            method = params.text("method").upper()
        call = _Incoming(method, parts, params, named_headers, origin)
        return self._finish(self._serve_any(call), named_headers)

    def _serve_any(self, call: _Incoming) -> _Served:
        unversioned = call.parts[1:] if call.parts[:1] and call.parts[0][:1] == "v" else call.parts
        return self._envelope(call) if batch.is_batch(call.method, unversioned, call.params) else self._serve(call)

    # -- one call ---------------------------------------------------------------------------------------------------

    def _serve(self, call: _Incoming) -> _Served:
        """Answer one call, whether it stands alone or in a batch, and log it."""
        code: int | None = None
        try:
            answer = self._answer(call)
        except GraphError as error:
            code = error.code
            answer = Answer(error.envelope(self._trace()), error.status, self._error_headers(error))
            self._count_user_error(call, error)
        body = answer.body if isinstance(answer.body, bytes) else encode(answer.body)
        headers = self._headers(call, answer.headers)
        self._note(call, answer.status, code)
        return _spoil(_Served(answer.status, headers, body, call.then))

    def _answer(self, call: _Incoming) -> Answer:
        call.version, rest = resolve(call.parts, lift=self.options.auto_upgrade, default=call.outer)
        call.path = "/".join(rest)
        login = self._login(rest, call.params)
        if login is not None:
            return login
        text = bearer(call.params, call.headers)
        token = check(self.tokens, text, now=self.now(), about_me=rest[:1] == ("me",))
        self._proof.check(text, call.params.text("appsecret_proof"))
        if rest == ("debug_token",):
            return self._oauth.debug(call.params, token)
        request = Request(call.method, rest, call.params, call.origin, call.version, token, text)
        target = call.target = self._reading.target(request)
        self._strike(call, target.label)
        if call.then.html or call.then.text is not None:
            return Answer(None)
        self._refuse_removed(call.params)
        self._admit(request, target)
        refusal = call.then.refusal()
        if refusal is not None:
            raise refusal
        return Answer(self._reading.answer(request, target, call.then))

    def _login(self, rest: tuple[str, ...], params: Params) -> Answer | None:
        """Return the answer of a path that needs no token; None for any other path."""
        if rest == ("dialog", "oauth"):
            return self._oauth.dialog(params)
        if rest == ("oauth", "access_token"):
            return self._oauth.access_token(params)
        return None

    def _strike(self, call: _Incoming, label: str) -> None:
        account = call.target.account if call.target is not None else None
        seen = Seen(call.method, call.path, label, account, call.in_batch)
        call.then = self.faults.strike(seen) or _UNSPOILT

    def _admit(self, request: Request, target: Target) -> None:
        """Refuse what the version, the token or the quota forbids."""
        if target.account is None or target.use_case is None:
            self.quota.admit_app()
            return
        if request.version.dead:
            raise deprecated()
        token = request.token
        may = token.may("ads_read") or token.may("ads_management")
        if not may or not token.sees(target.account):
            raise named("owner_not_granted")
        write = request.method != "GET" and target.edge != "insights"
        self.quota.admit(target.account, target.use_case, write=write)

    @staticmethod
    def _refuse_removed(params: Params) -> None:
        """Refuse the parameters that v26.0 took away, which all versions followed."""
        for name in ("ids", "date_format"):
            if name in params:
                message = f"The {name} query parameter is deprecated in v26.0+."
                raise GraphError(message, 100)

    # -- batch --------------------------------------------------------------------------------------------------------

    def _envelope(self, call: _Incoming) -> _Served:
        """Answer a batch: each entry is a call of its own, the envelope is always 200 unless it cannot be read."""
        try:
            call.version, _ = resolve(call.parts, lift=self.options.auto_upgrade)
            self._strike(call, "batch")
            if not bearer(call.params, call.headers):
                raise named("no_token")
            refusal = call.then.refusal()
            if refusal is not None:
                raise refusal
            found = batch.entries(call.params)
            with_headers = call.params.text("include_headers", "true") != "false"
            slots = batch.run(found, lambda entry: self._entry(call, entry), with_headers=with_headers)
            body, status = encode(slots), _OK
        except GraphError as error:
            body, status = encode(error.envelope(self._trace())), error.status
        return _spoil(_Served(status, self._headers(call, {}), body, call.then))

    def _entry(self, outer: _Incoming, entry: batch.Entry) -> batch.Outcome:
        split = urlsplit(entry.relative_url)
        parts = tuple(unquote(part) for part in split.path.split("/") if part)
        params = from_query(split.query).plus(from_body(entry.body.encode(), ""))
        token = entry.access_token or params.text("access_token") or bearer(outer.params, outer.headers)
        shared = [("access_token", token), ("appsecret_proof", outer.params.text("appsecret_proof"))]
        version = outer.version.served if outer.version is not None else None
        call = _Incoming(entry.method.upper(), parts, Params([*shared, *params.pairs, shared[0]]), {}, outer.origin)
        call.outer, call.in_batch = version, True
        served = self._serve(call)
        own = {k: v for k, v in served.headers.items() if k not in _OF_THE_WHOLE}
        headers = {"Content-Type": _JSON_IN_BATCH} | own
        return batch.Outcome(served.status, headers, served.body.decode(), void=served.then.null_batch_entry)

    # -- the reply ----------------------------------------------------------------------------------------------------

    def _headers(self, call: _Incoming, extra: Mapping[str, str]) -> dict[str, str]:
        headers = {"content-type": _JSON, "date": formatdate(self.now(), usegmt=True)}
        if call.version is not None:
            headers |= call.version.headers()
        headers |= self._usage(call)
        trace = self._trace()
        headers |= {"x-fb-trace-id": trace, "x-fb-request-id": trace, "x-fb-debug": trace, "x-fb-rev": "1021000000"}
        return headers | dict(extra) | call.then.headers

    def _usage(self, call: _Incoming) -> dict[str, str]:
        target = call.target
        if target is None:
            return {}
        if target.account is None or target.use_case is None:
            return self.quota.app_headers(percent=call.then.usage)
        usage = self.quota.headers(target.account, target.use_case, percent=call.then.usage)
        return usage | self.reports.reach.headers(target.account) if target.edge == "insights" else usage

    @staticmethod
    def _error_headers(error: GraphError) -> dict[str, str]:
        text = "".join(char if " " <= char <= "~" else "?" for char in error.message)  # a header holds no line break
        return {"www-authenticate": f'OAuth "Facebook Platform" "invalid_request" "{text}"', **error.headers}

    def _count_user_error(self, call: _Incoming, error: GraphError) -> None:
        target = call.target
        if error.code == 100 and target is not None and target.account and target.use_case:  # noqa: PLR2004
            self.quota.user_error(target.account, target.use_case)

    def _note(self, call: _Incoming, status: int, code: int | None) -> None:
        target = call.target
        self.log.append(
            Call(
                method=call.method,
                path=call.path,
                edge=target.label if target is not None else "",
                params=call.params.public(),
                status=status,
                code=code,
                account=target.account if target is not None else None,
                use_case=target.use_case if target is not None else None,
                batch=call.in_batch,
                version=call.version.asked if call.version is not None else None,
            )
        )

    def _finish(self, served: _Served, headers: Mapping[str, str]) -> SandboxReply:
        then = served.then
        delay = self.options.latency + then.seconds()
        if then.reset:
            return SandboxReply(0, {}, b"", delay)
        body, packed = pack(served.body, headers.get("accept-encoding", ""))
        return SandboxReply(served.status, served.headers | packed, body, delay, then.cut)

    def _trace(self) -> str:
        self._traces += 1
        return f"ASandbox{self.options.seed:x}x{self._traces:08x}"


def _spoil(served: _Served) -> _Served:
    """Put a page of HTML or text in the reply's place, or cut its JSON, where the fault says so."""
    then = served.then
    if then.html:
        text = then.html if isinstance(then.html, str) else _HTML
        headers = served.headers | {"content-type": "text/html; charset=utf-8"}
        return _Served(then.status or 502, headers, text.encode(), then)
    if then.text is not None:
        return _Served(then.status or _OK, served.headers, then.text.encode(), then)
    body = served.body if then.truncate is None else served.body[: then.truncate]
    return _Served(then.status or served.status, served.headers, body, then)


def _from_answer(answer: Answer) -> _Served:
    return _Served(answer.status, {"content-type": _JSON} | dict(answer.headers), encode(answer.body))
