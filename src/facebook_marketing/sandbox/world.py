"""The truth behind the simulated Graph API: accounts and everything in them, a pure function of (seed, size, now).

The first account is 1234567890123456; the others follow from their place. Rows are complete and as Meta writes them
(objects page of the API notes): ids and budgets are strings, times have the account's offset of that day, keys
without a value are absent. What may be listed, asked for or filtered is not decided here but by the HTTP half.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time

from .accounts import Account, business_row, make_account, page_row, user_row
from .holdings import Holdings
from .size import Size

__all__ = ["Account", "Node", "Size", "World"]

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Node:
    """One object: `id` (`act_…` for accounts), `kind` as Meta's SDK names it, and its complete wire row.

    Two nodes are equal when id and kind are.
    """

    id: str
    kind: str
    row: Row = field(compare=False)


class World:
    """Some ad accounts, the people and businesses around them, and time going on.

    `now` is the only clock. History is laid out up to the `anchor` (unix seconds; by default the UTC midnight before
    the first `now()`); pass the same anchor to get the same world in another process on another day.
    """

    def __init__(  # noqa: PLR0913 - settings, each by name
        self,
        *,
        seed: int = 1,
        size: Size | None = None,
        accounts: int = 1,
        now: Callable[[], float],
        anchor: float | None = None,
        statuses: Mapping[str, int] | None = None,
    ) -> None:
        """Found the world; its contents are made as they are asked for."""
        self.seed = seed
        self.size = size or Size()
        self.now = now
        self.anchor = _midnight(now()) if anchor is None else anchor
        found = [make_account(seed, number, self.anchor, statuses or {}) for number in range(accounts)]
        self.accounts: Mapping[str, Account] = {account.id: account for account in found}
        self._holdings = {account.id: Holdings(seed, account, self.size, self.anchor, now) for account in found}

    def holdings(self, account: str) -> Holdings:
        """Return what the account with those bare digits holds."""
        return self._holdings[account]

    def live(self, account: str) -> int:
        """Return the number of ACTIVE ads of an account (bare digits), which Meta's quotas depend on."""
        return self._holdings[account].at(self.now()).live

    def node(self, id: str) -> Node | None:  # noqa: A002 - Meta's own word
        """Return the object with that id; `me` is the user. None if there is none at this moment."""
        if id == "me":
            return _node("User", user_row())
        if id.startswith("act_"):
            held = self._holdings.get(id.removeprefix("act_"))
            return _node("AdAccount", held.row()) if held else None
        return next((node for node in (find(self, id) for find in _FINDERS) if node is not None), None)

    def account_of(self, node: Node) -> Account | None:
        """Return the ad account to which an object belongs; None for people, pages and businesses."""
        if node.kind == "AdAccount":
            return self.accounts.get(node.id.removeprefix("act_"))
        digits = node.row.get("account_id") or node.id.partition(":")[0]
        found = self.accounts.get(str(digits))
        if found is not None:
            return found
        return next((held.account for held in self._holdings.values() if _owns(held, node)), None)

    def edge(self, node: Node, name: str) -> Sequence[Row] | None:
        """Return all rows of an edge, newest first, archived and deleted ones among them; None if no such edge."""
        edge = _EDGES.get(node.kind)
        return edge(self, node, name) if edge else None

    def _all(self) -> Sequence[Holdings]:
        return list(self._holdings.values())


def _midnight(moment: float) -> float:
    day = datetime.fromtimestamp(moment, UTC).date()
    return datetime.combine(day, time(), UTC).timestamp()


def _node(kind: str, row: Row) -> Node:
    return Node(str(row["id"]), kind, row)


def _owns(held: Holdings, node: Node) -> bool:
    edge = {"AdVideo": "advideos", "AdsPixel": "adspixels", "AdLabel": "adlabels", "SavedAudience": "saved_audiences"}
    rows = held.edge(edge.get(node.kind, "")) or ()
    return any(row["id"] == node.id for row in rows)


# --- finding a node by its digits -----------------------------------------------------------------------------------


def _delivered(world: World, digits: str) -> Node | None:
    """Find campaigns, ad sets and ads."""
    for held in world._all():  # noqa: SLF001 - one module
        snapshot = held.at(world.now())
        for kind, plans, rows in (
            ("Campaign", snapshot.campaigns, "campaign_rows"),
            ("AdSet", snapshot.adsets, "adset_rows"),
            ("Ad", snapshot.ads, "ad_rows"),
        ):
            if digits in plans:
                return _node(kind, getattr(snapshot, rows)[digits])
    return None


def _creative(world: World, digits: str) -> Node | None:
    for held in world._all():  # noqa: SLF001 - one module
        if digits in held.creatives:
            return _node("AdCreative", held.creatives[digits])
    return None


_LISTED = {
    "AdImage": "adimages",
    "AdVideo": "advideos",
    "CustomAudience": "customaudiences",
    "AdLabel": "adlabels",
    "CustomConversion": "customconversions",
    "AdsPixel": "adspixels",
    "SavedAudience": "saved_audiences",
    "AdRule": "adrules_library",
}


def _listed(world: World, digits: str) -> Node | None:
    """Find the small things by looking through their lists."""
    for held in world._all():  # noqa: SLF001 - one module
        for kind, edge in _LISTED.items():
            for row in held.edge(edge) or ():
                if row["id"] == digits:
                    return _node(kind, row)
    return None


def _owner(world: World, digits: str) -> Node | None:
    """Find people, businesses, pages, forms and leads."""
    for place in range(2):
        if user_row(place)["id"] == digits:
            return _node("User", user_row(place))
    for held in world._all():  # noqa: SLF001 - one module
        account = held.account
        if account.business == digits:
            return _node("Business", business_row(account))
        if digits in account.pages:
            return _node("Page", page_row(account, account.pages.index(digits)))
        for kind, rows in (("LeadgenForm", held.forms), ("Lead", held.leads)):
            for row in rows():
                if row["id"] == digits:
                    return _node(kind, row)
    return None


_FINDERS: tuple[Callable[[World, str], Node | None], ...] = (_delivered, _creative, _listed, _owner)


# --- edges ----------------------------------------------------------------------------------------------------------


def _held(world: World, node: Node) -> Holdings:
    account = world.account_of(node)
    if account is None:
        raise LookupError(node.id)
    return world.holdings(account.id)


def _account_edge(world: World, node: Node, name: str) -> Sequence[Row] | None:
    return _held(world, node).edge(name)


def _parent_edge(world: World, node: Node, name: str) -> Sequence[Row] | None:
    """Edges of campaigns, ad sets and ads."""
    held = _held(world, node)
    snapshot = held.at(world.now())
    if name == "leads" and node.kind == "Ad":
        return held.leads(node.id)
    if name == "activities" and node.kind == "AdSet":
        return held.activities(frozenset({node.id}))
    if name == "adcreatives" and node.kind in {"AdSet", "Ad"}:
        plans = [plan for plan, _ in snapshot.ads.values() if node.id in {plan.id, plan.adset.id}]
        return [
            held.creatives[key] for key in dict.fromkeys(plan.creative.id for plan in plans) if key in held.creatives
        ]
    if (node.kind, name) in {("Campaign", "adsets"), ("Campaign", "ads"), ("AdSet", "ads")}:
        return snapshot.by_parent.get(f"{node.id}/{name}", ())
    return None


def _audience_edge(world: World, node: Node, name: str) -> Sequence[Row] | None:
    held = _held(world, node)
    if name == "adaccounts":
        return [held.row()]
    return () if name in {"ads", "sessions"} else None


def _user_edge(world: World, node: Node, name: str) -> Sequence[Row] | None:
    holdings = world._all()  # noqa: SLF001 - one module
    if name in {"adaccounts", "assigned_ad_accounts"}:
        return [held.row() for held in holdings]
    if name == "businesses":
        found = (world.node(business) for business in dict.fromkeys(held.account.business for held in holdings))
        return [node.row for node in found if node is not None]
    if name == "business_users":
        seen = {held.account.business: held.account for held in holdings}.values()
        return [_business_user(account, node) for account in seen]
    if name == "accounts":
        return [row for held in holdings for row in held.promote_pages()]
    return None


def _business_user(account: Account, node: Node) -> Row:
    business = {"id": account.business, "name": account.business_name}
    return {"id": node.id, "name": node.row.get("name"), "business": business, "role": "ADMIN"}


def _business_edge(world: World, node: Node, name: str) -> Sequence[Row] | None:
    own = [held for held in world._all() if held.account.business == node.id]  # noqa: SLF001 - one module
    if name == "owned_ad_accounts":
        return [held.row() for held in own]
    if name in {"client_ad_accounts", "owned_businesses", "system_users"}:
        return ()
    if name == "owned_pages":
        return [row for held in own for row in held.promote_pages()]
    if name == "adspixels":
        return [row for held in own for row in held.adspixels()]
    if name == "business_users":
        return [_business_user(own[0].account, _node("User", user_row(place))) for place in range(2)]
    return None


def _page_edge(world: World, node: Node, name: str) -> Sequence[Row] | None:
    if name != "leadgen_forms":
        return () if name in {"posts", "ads_posts"} else None
    first = next((held for held in world._all() if held.account.pages[0] == node.id), None)  # noqa: SLF001 - one module
    return first.forms() if first else ()


def _form_edge(world: World, node: Node, name: str) -> Sequence[Row] | None:
    if name != "leads":
        return None
    return next((held.leads() for held in world._all() if node.id in {row["id"] for row in held.forms()}), ())  # noqa: SLF001


_EDGES: Mapping[str, Callable[[World, Node, str], Sequence[Row] | None]] = {
    "AdAccount": _account_edge,
    "Campaign": _parent_edge,
    "AdSet": _parent_edge,
    "Ad": _parent_edge,
    "CustomAudience": _audience_edge,
    "User": _user_edge,
    "Business": _business_edge,
    "Page": _page_edge,
    "LeadgenForm": _form_edge,
}
