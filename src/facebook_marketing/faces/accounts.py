"""Which accounts a sync reads: those that are named, or with "all" every one that the token reaches."""

import asyncio
import logging
import re
from collections.abc import Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from facebook_marketing.graph.client import Client, Refusal
from facebook_marketing.graph.verdicts import Kind
from facebook_marketing.graph.walk import Arrived, Dropped, Path, Restarted, Sizes, Spoiled, walk
from facebook_marketing.graph.wire import Call

T = TypeVar("T")

log = logging.getLogger(__name__)

ALL = "all"

PASSING = frozenset({Kind.RETRY, Kind.SHRINK, Kind.SPLIT, Kind.RESTART_WALK, Kind.THROTTLE_ACCOUNT, Kind.THROTTLE_APP})
"""What time mends, and no setting."""

_CLOSED_TO_US = frozenset({Kind.STOP_ACCOUNT, Kind.SKIP_NODE})
_NO_MORE_ADS = {2: "disabled", 100: "about to be closed", 101: "closed", 202: "closed"}
"""Meta's account_status of accounts that deliver no more; what they delivered can still be read."""
_NAMED_AT_MOST = 10


class AccountsError(Exception):
    """The token's accounts could not be listed; the text says why and what to do.

    `kind` is what Meta's refusal means; None: there was none, but no account either.
    """

    def __init__(self, text: str, kind: Kind | None = None) -> None:
        super().__init__(text)
        self.kind = kind


class _Node(msgspec.Struct):
    """What a listing says of an account or a business. Whatever Meta leaves out or sends as a number is taken."""

    id: str | int
    name: str | None = None
    account_status: int | str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An account that the token reaches. `ours`: its user has a role on it, not only on the business around it."""

    number: str
    name: str
    status: int
    ours: bool

    def __str__(self) -> str:
        """Number, name, and what is unusual about it."""
        unusual = _NO_MORE_ADS.get(self.status)
        return f"{self.number} ({self.name or 'no name'}{', ' + unusual if unusual else ''})"


async def accounts_of(
    client: Client, wanted: tuple[str, ...], include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> tuple[str, ...]:
    """Account numbers, digits only, each once, in Meta's order.

    Where `wanted` is "all", `include` and `exclude` are patterns for names and numbers: * is any text, ? one sign,
    capitals make no difference. Raises AccountsError.
    """
    if wanted != (ALL,):
        return wanted
    found = await _reached(client)
    if not found:
        message = "The token reaches no ad account. Give its user a role on one, or name the accounts in account_ids."
        raise AccountsError(message)
    chosen = _chosen(found, include, exclude)
    readable = await _readable(client, chosen)
    _tell(found, chosen, readable)
    if not readable:
        named = _listed_names(chosen)
        message = f"The token lists accounts, but may read none of them: {named}. Give its user a role on one."
        raise AccountsError(message)
    return tuple(one.number for one in readable)


def unanswered(whom: str, why: str) -> str:
    """What to say where no reply came at all."""
    return f"{whom} does not answer ({why}). Check the network, the proxy and FACEBOOK_GRAPH_URL."


async def _reached(client: Client) -> list[Found]:
    """Every account, each once. Several edges are asked: one may be reachable only through a business."""
    own, businesses = await _together(
        _listed(client, "me/adaccounts", needed=True, fields=_ACCOUNT), _listed(client, "me/businesses", needed=False)
    )
    edges = [f"{one.id}/{edge}" for one in businesses for edge in ("owned_ad_accounts", "client_ad_accounts")]
    around = await _together(*(_listed(client, edge, needed=False, fields=_ACCOUNT) for edge in edges))
    found: dict[str, Found] = {}
    for nodes, ours in ((own, True), *((nodes, False) for nodes in around)):
        for node in nodes:
            number = str(node.id).removeprefix("act_")
            found.setdefault(number, Found(number, node.name or "", _status(node.account_status), ours))
    return list(found.values())


async def _together(*work: Coroutine[Any, Any, T]) -> list[T]:
    """All results. Where one fails the others have ended too before its error leaves: nobody would wait for them."""
    asked = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*asked)
    finally:
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)


def _chosen(found: Sequence[Found], include: Sequence[str], exclude: Sequence[str]) -> list[Found]:
    kept = [one for one in found if not include or _like(one, include)]
    chosen = [one for one in kept if not _like(one, exclude)]
    if chosen:
        return chosen
    setting, patterns = ("accounts_exclude", exclude) if kept else ("accounts_include", include)
    effect = "leaves out each of" if kept else "is like none of"
    message = (
        f"No account is left to read: {setting} ({', '.join(patterns)}) {effect} "
        f"the accounts that the token reaches: {_listed_names(kept or found)}. Change the patterns."
    )
    raise AccountsError(message)


def _like(account: Found, patterns: Sequence[str]) -> bool:
    return any(
        _expression(pattern).fullmatch(text) for pattern in patterns for text in (account.number, account.name.strip())
    )


def _expression(pattern: str) -> re.Pattern[str]:
    """Make an expression of a pattern; brackets are themselves, for account names often hold some."""
    text = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(text, re.IGNORECASE | re.DOTALL)


async def _readable(client: Client, chosen: Sequence[Found]) -> list[Found]:
    """Leave out what Meta lists and does not let the token read: a business may own what its people do not see.

    Only accounts in doubt are asked. Nobody named them, so they do not fail the sync; they are said.
    """
    doubtful = [one for one in chosen if not one.ours or one.status in _NO_MORE_ADS]
    calls = [Call(f"act_{one.number}", (("fields", "account_id"),), one.number) for one in doubtful]
    answers = await asyncio.gather(*map(client.ask, calls))
    closed = {
        one.number
        for one, answer in zip(doubtful, answers, strict=True)
        if isinstance(answer, Refusal) and answer.verdict.kind in _CLOSED_TO_US
    }
    return [one for one in chosen if one.number not in closed]


def _tell(found: Collection[Found], chosen: Collection[Found], readable: Collection[Found]) -> None:
    """Say what becomes of the accounts: those left out, those that may not be read, those that deliver no more."""
    log.info('"all" stands for %s of the %s accounts that the token reaches.', len(readable), len(found))
    if left_out := [one for one in found if one not in chosen]:
        log.info("Left out by accounts_include and accounts_exclude: %s.", _listed_names(left_out))
    if closed := [one for one in chosen if one not in readable]:
        text = "Not read, because Meta does not let the token: %s. Give its user a role on them, or name them in %s."
        log.warning(text, _listed_names(closed), "accounts_exclude")
    if silent := [one for one in readable if one.status in _NO_MORE_ADS]:
        text = "Read for what they once delivered: %s. To leave them out, name them in accounts_exclude."
        log.info(text, _listed_names(silent))


def _listed_names(accounts: Collection[Found]) -> str:
    shown = ", ".join(str(one) for one in list(accounts)[:_NAMED_AT_MOST])
    more = len(accounts) - _NAMED_AT_MOST
    return shown + (f" and {more} more" if more > 0 else "")


def _status(value: object) -> int:
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdigit()) else 0


_ACCOUNT = ("id", "name", "account_status")


async def _listed(client: Client, path: str, *, needed: bool, fields: tuple[str, ...] = ("id",)) -> list[_Node]:
    """The objects on an edge.

    An edge that is not needed may be closed to the token; where it only fails for the moment, going on without it
    would leave accounts out silently.
    """
    found: list[_Node] = []
    async for step in walk(client, Path(Call(path), fields, path, 200), Sizes()):
        match step:
            case Arrived(rows):
                found += [node for node in msgspec.json.decode(rows, type=list[_Node | None]) if node is not None]
            case Restarted() | Dropped() | Spoiled():
                pass  # what comes again is the same account; names and statuses are not needed to read it
            case Refusal(fault, verdict) if needed or verdict.kind in PASSING:
                raise AccountsError(_refused(step), verdict.kind)
            case Refusal(fault, _):
                log.info("Accounts under %s are not looked for: %s", path, fault)
    return found


def _refused(refusal: Refusal) -> str:
    fault = refusal.fault
    if fault.status == 0:
        return f"The token's accounts cannot be listed. {unanswered('Meta', fault.message)}"
    return f"The token's accounts cannot be listed: {refusal.verdict.about(fault)}"
