"""Findings about the token: whether it lives, how long, whose it is, and what it may do. Pure but for the asking."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from facebook_marketing.catalog.permissions import PERMISSIONS, Permission
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.faces.doctor.findings import Finding, fail, ok, warn
from facebook_marketing.faces.introspection import DAY, SOON_DAYS, End, Introspection, ends
from facebook_marketing.graph.client import Answer, Refusal
from facebook_marketing.graph.verdicts import judge

_KINDS: Mapping[str, str] = {
    "USER": "a user's token",
    "SYSTEM_USER": "a system user's token",
    "PAGE": "a page's token",
    "APP": "an app's token",
}
_READS_NO_ADS = frozenset({"PAGE", "APP"})
_NEW = "Make a new access token (a system user's token does not expire) and put it into the configuration."
_EXCHANGE = "Exchange it for one of about 60 days: `facebook-marketing token exchange`."


class _Person(msgspec.Struct):
    id: str | int = ""
    name: str = ""


class _Right(msgspec.Struct):
    permission: str = ""
    status: str = ""


class _Rights(msgspec.Struct):
    data: list[_Right] = []


def refusal(check: str, what: str, refused: Refusal, *, subject: str = "") -> Finding:
    """A probe that Meta refused: what that means by the error table."""
    text = f"{what}: {refused.verdict.rule.meaning} Meta says: {str(refused.fault).rstrip('.')}."
    return fail(
        check,
        text,
        refused.verdict.rule.mend,
        subject=subject,
        facts={"code": refused.fault.code, "subcode": refused.fault.subcode},
    )


def of_person(answer: Answer) -> Finding:
    """Whether the token works at all, and whose it is."""
    if isinstance(answer, Refusal):
        return refusal("token.works", "Asked whose token it is, Meta refuses", answer)
    try:
        person = msgspec.json.decode(answer.body, type=_Person, strict=False)
    except msgspec.DecodeError as broken:
        return warn(
            "token.works", f"Meta's answer about the token has an unknown shape ({broken}).", "Report it to us."
        )
    return ok(
        "token.works",
        f"The access token works; its user is {person.name or person.id}.",
        facts={"user": str(person.id)},
    )


def of_introspection(said: Introspection | Refusal, now: float, app_id: str | None) -> Iterator[Finding]:
    """The kind and the two ends of the token, where Meta tells them."""
    if isinstance(said, Refusal):
        yield warn(
            "token.expiry",
            f"When the token ends cannot be told: {str(said.fault).rstrip('.')}.",
            "Set client_id and client_secret of the token's app: the app itself may always ask.",
        )
        return
    if said.dead is not None:
        rule = judge(said.dead).rule
        yield fail(
            "token.valid",
            f"{rule.meaning} Meta says: {said.dead}.",
            rule.mend,
            facts={"code": said.dead.code, "subcode": said.dead.subcode},
        )
        return
    yield _kind(said)
    if app_id is not None and said.app_id and said.app_id != app_id:
        text = f"The token belongs to the app {said.app_id}, client_id says {app_id}."
        yield warn("token.app", text, "Set client_id and client_secret of the token's own app.")
    yield from _ends(said, now)


def _kind(said: Introspection) -> Finding:
    kind = _KINDS.get(said.kind, said.kind or "a token of unknown kind")
    text = f"It is {kind}{f' of the app {said.application or said.app_id}' if said.app_id else ''}."
    if said.kind in _READS_NO_ADS:
        return fail("token.kind", text, "Ads are read with a user's or a system user's token: make one of these.")
    return ok("token.kind", text, facts={"kind": said.kind, "app_id": said.app_id})


def _ends(said: Introspection, now: float) -> Iterator[Finding]:
    if said.expires_at == 0:
        yield ok("token.expiry", "The token does not expire.", facts={"expires_at": 0})
    if said.expires_at is None:
        yield warn("token.expiry", "Meta does not say when the token ends.", "Look it up in Meta's token debugger.")
    names = {"The access token": "token.expiry"}
    for end in ends(said):
        yield _end(names.get(end.what, "token.data_access"), end, now)


def _end(check: str, end: End, now: float) -> Finding:
    text, left = end.text(now), end.at - now
    facts = {"at": end.at, "days_left": round(left / DAY, 2)}
    if left <= 0:
        return fail(check, text, _NEW, facts=facts)
    if left < DAY:
        return warn(check, f"{text} It is a short-lived one.", _EXCHANGE, facts=facts)
    if left < SOON_DAYS * DAY:
        return warn(check, text, end.mend, facts=facts)
    return ok(check, text, facts=facts)


def of_rights(answer: Answer, said: Introspection | Refusal, streams: Sequence[Stream]) -> Iterator[Finding]:
    """Permissions present and missing, and what goes without them. debug_token stands in for /me/permissions."""
    granted = _granted(answer)
    if granted is None:
        granted = None if isinstance(said, Refusal) or said.scopes is None else dict.fromkeys(said.scopes, "granted")
    if granted is None:
        if isinstance(answer, Refusal):
            yield refusal("permissions", "The token's permissions cannot be read", answer)
        return
    names = sorted(name for name, status in granted.items() if status == "granted")
    yield ok("permissions", f"Permissions granted: {', '.join(names) or 'none'}.", facts={"granted": names})
    offered = {stream.name for stream in streams}
    for needed in PERMISSIONS:
        concerns = not needed.only_with or offered & set(needed.streams)
        if concerns and not any(granted.get(name) == "granted" for name in needed.names):
            yield _missing(needed, granted)


def _granted(answer: Answer) -> dict[str, str] | None:
    if isinstance(answer, Refusal):
        return None
    try:
        rows = msgspec.json.decode(answer.body, type=_Rights).data
    except msgspec.DecodeError:
        return None
    return {row.permission: row.status for row in rows}


def _missing(needed: Permission, granted: Mapping[str, str]) -> Finding:
    names, check = " or ".join(needed.names), f"permissions.{needed.names[0]}"
    state = next((granted[name] for name in needed.names if name in granted), "not granted")
    streams = _of(needed.streams)
    text = f"{names} is {state}: {needed.without}{streams}."
    mend = f"Let the token's user grant {needed.names[0]} to the app (for a system user: add it to the token)."
    match needed.need:
        case "essential":
            return fail(check, text, mend, facts={"streams": list(needed.streams) or "all"})
        case "useful":
            return warn(check, text, mend, facts={"streams": list(needed.streams)})
        case "optional":
            return ok(check, text, facts={"streams": list(needed.streams)})


def _of(streams: Iterable[str]) -> str:
    names = ", ".join(streams)
    return f" (stream {names})" if names else ""
