"""Which accounts a sync reads: those that are named, or with "all" every one that the token reaches."""

import msgspec

from facebook_marketing.graph.client import Client, Refusal
from facebook_marketing.graph.walk import Arrived, Path, Sizes, walk
from facebook_marketing.graph.wire import Call

ALL = "all"


class AccountsError(Exception):
    """The token's accounts could not be listed; the text says why and what to do."""


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


async def _listed(client: Client, path: str, *, needed: bool) -> list[str]:
    """Ids on an edge. Several edges are asked: an account may be reachable only through a business."""
    found: list[str] = []
    async for step in walk(client, Path(Call(path), ("id",), path, 200), Sizes()):
        match step:
            case Arrived(rows):
                found += [node.id for node in msgspec.json.decode(rows, type=list[_Node])]
            case Refusal(fault, verdict) if needed:
                message = f"The token's accounts cannot be listed: {verdict.rule.meaning} {fault} {verdict.rule.mend}"
                raise AccountsError(message)
            case _:
                break
    return found
