"""Which accounts a sync reads: those that are named, or with "all" every one that the token reaches."""

import logging

import msgspec

from facebook_marketing.graph.client import Client, Refusal
from facebook_marketing.graph.verdicts import Kind
from facebook_marketing.graph.walk import Arrived, Path, Restarted, Sizes, walk
from facebook_marketing.graph.wire import Call

log = logging.getLogger(__name__)

ALL = "all"

PASSING = frozenset({Kind.RETRY, Kind.SHRINK, Kind.SPLIT, Kind.RESTART_WALK, Kind.THROTTLE_ACCOUNT, Kind.THROTTLE_APP})
"""What time mends, and no setting."""


class AccountsError(Exception):
    """The token's accounts could not be listed; the text says why and what to do.

    `kind` is what Meta's refusal means; None: there was none, but no account either.
    """

    def __init__(self, text: str, kind: Kind | None = None) -> None:
        super().__init__(text)
        self.kind = kind


class _Node(msgspec.Struct):
    id: str


async def accounts_of(client: Client, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Account numbers, digits only, each once. Raises AccountsError."""
    if wanted != (ALL,):
        return wanted
    found = await _listed(client, "me/adaccounts", needed=True)
    for business in await _listed(client, "me/businesses", needed=False):
        for edge in ("owned_ad_accounts", "client_ad_accounts"):
            found += await _listed(client, f"{business}/{edge}", needed=False)
    accounts = tuple(dict.fromkeys(node.removeprefix("act_") for node in found))
    if not accounts:
        message = "The token reaches no ad account. Give its user a role on one, or name the accounts in account_ids."
        raise AccountsError(message)
    return accounts


def unanswered(whom: str, why: str) -> str:
    """What to say where no reply came at all."""
    return f"{whom} does not answer ({why}). Check the network, the proxy and FACEBOOK_GRAPH_URL."


async def _listed(client: Client, path: str, *, needed: bool) -> list[str]:
    """Ids on an edge. Several edges are asked: an account may be reachable only through a business.

    An edge that is not needed may be closed to the token; where it only fails for the moment, going on without it
    would leave accounts out silently.
    """
    found: list[str] = []
    async for step in walk(client, Path(Call(path), ("id",), path, 200), Sizes()):
        match step:
            case Arrived(rows):
                found += [node.id for node in msgspec.json.decode(rows, type=list[_Node])]
            case Restarted():
                pass  # what comes again is the same account
            case Refusal(fault, verdict) if needed or verdict.kind in PASSING:
                raise AccountsError(_refused(step), verdict.kind)
            case Refusal(fault, _):
                log.info("Accounts under %s are not looked for: %s", path, fault)
            case _:
                break
    return found


def _refused(refusal: Refusal) -> str:
    fault, rule = refusal.fault, refusal.verdict.rule
    if fault.status == 0:
        return f"The token's accounts cannot be listed. {unanswered('Meta', fault.message)}"
    return f"The token's accounts cannot be listed: {rule.meaning} Meta says: {fault}. {rule.mend}"
