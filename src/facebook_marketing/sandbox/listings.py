"""Walking an edge: which rows it has, in which order, and one page of them as Meta writes it."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from .errors import GraphError
from .fields_param import Field
from .filtering import conditions, keep
from .nodes import Scope, asked_fields, check_fields, page_weight, project, tasks_on
from .options import Options
from .paging import DEFAULT_LIMIT, Slice, UrlOf, cut, paging
from .params import Params
from .refusals import named
from .schema import WITH_SUMMARY, edge_kind
from .tokens import Token
from .world import Node, World

__all__ = ["Listing", "Listings", "limit_of"]

Row = Mapping[str, object]
_WEEK = 7 * 86_400.0
_KEPT = 16


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of an edge after its parameters were applied, and the kind of node that they show."""

    kind: str
    rows: Sequence[Row]


class Listings:
    """Edges of one world. The last few filtered listings are kept, so that a long walk filters once."""

    def __init__(self, world: World, options: Options, now: Callable[[], float]) -> None:
        """Take the world, the page limits of the options, and the clock of default windows."""
        self._world, self._options, self._now = world, options, now
        self._kept: OrderedDict[tuple[object, ...], tuple[Sequence[Row], Sequence[Row]]] = OrderedDict()

    def listing(self, node: Node, edge: str, params: Params, token: Token) -> Listing:
        """Return the rows that an edge shows to this token. Raises code 100 where there is no such edge."""
        kind = edge_kind(node.kind, edge)
        needed = _REQUIRED.get((node.kind, edge))
        if needed is not None and needed not in params:
            message = f"(#100) The parameter {needed} is required"
            raise GraphError(message, 100)
        made = _MADE.get((node.kind, edge))
        rows = made(self._world, node, token) if made is not None else self._world.edge(node, edge)
        if kind is None and rows is None:
            message = f"(#100) Tried accessing nonexisting field ({edge}) on node type ({node.kind})"
            raise GraphError(message, 100)
        kind = kind or self._kind_of(rows or ())
        return Listing(kind, self._filtered(kind, rows or (), node, edge, params))

    def page(
        self, walk: tuple[Node, str], fields: Sequence[Field], params: Params, *, scope: Scope, url: UrlOf
    ) -> dict[str, object]:
        """Return one page of ``(node, edge)``: ``data``, ``paging`` where there are rows, ``summary`` when asked."""
        node, edge = walk
        listing = self.listing(node, edge, params, scope.token)
        wanted = asked_fields(listing.kind, fields)
        check_fields(listing.kind, wanted, scope.token)
        gaps = f"{self._options.seed}:{node.id}:{edge}" if self._options.empty_pages else None
        limit = limit_of(params, self._options.page_limit_max)
        piece, ends = cut(listing.rows, params, limit, gaps=gaps)
        self._weigh(piece, wanted)
        rows = listing.rows[piece.start : piece.stop]
        body: dict[str, object] = {"data": [project(listing.kind, row, wanted, scope) for row in rows]}
        if listing.rows:
            body["paging"] = paging(ends, url)
        if edge in WITH_SUMMARY and "summary" in params:
            body["summary"] = {"total_count": len(listing.rows)}
        return body

    def _weigh(self, piece: Slice, fields: Sequence[Field]) -> None:
        if (piece.stop - piece.start) * page_weight(fields) > self._options.page_weight_limit:
            raise named("reduce_data")

    def _kind_of(self, rows: Sequence[Row]) -> str:
        node = self._world.node(str(rows[0].get("id", ""))) if rows else None
        return node.kind if node is not None else ""

    def _filtered(self, kind: str, rows: Sequence[Row], node: Node, edge: str, params: Params) -> Sequence[Row]:
        shape = _narrowing(params)
        key = (node.id, edge, shape)
        known = self._kept.get(key)
        # Comparing lists of the very same rows costs almost nothing; filtering ten thousand does.
        if known is not None and known[0] == rows and edge != "activities":
            self._kept.move_to_end(key)
            return known[1]
        wanted = conditions(kind, params, refuse_deleted=self._options.refuse_deleted_filter)
        left = keep(rows, kind, params, wanted, self._row)
        left = _NARROW[edge](left, params, self._now()) if edge in _NARROW else left
        self._kept[key] = (rows, left)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return left

    def _row(self, node_id: str) -> Row | None:
        node = self._world.node(node_id)
        return node.row if node is not None else None


def limit_of(params: Params, most: int) -> int:
    """Return the page size: 25 by default, silently lowered to ``most``."""
    limit = params.whole("limit", DEFAULT_LIMIT)
    return min(limit, most) if limit > 0 else DEFAULT_LIMIT


_PAGING_NAMES = frozenset({"fields", "limit", "after", "before", "access_token", "appsecret_proof", "summary"})


def _narrowing(params: Params) -> str:
    """Return the parameters that choose rows, as a key."""
    return repr(sorted((name, repr(value)) for name, value in params.values.items() if name not in _PAGING_NAMES))


# -- edges that the world does not keep, because they depend on the caller ------------------------------------------


def _accounts(world: World, _: Node, token: Token) -> Sequence[Row]:
    return _account_rows(world, token.sees)


def _owned(world: World, node: Node, token: Token) -> Sequence[Row]:
    return _account_rows(world, lambda account: token.sees(account) and _business_id(world, account) == node.id)


def _clients(world: World, node: Node, _: Token) -> Sequence[Row]:
    return world.edge(node, "client_ad_accounts") or ()


def _account_rows(world: World, wanted: Callable[[str], bool]) -> Sequence[Row]:
    nodes = [world.node(f"act_{account}") for account in world.accounts if wanted(account)]
    return [node.row for node in nodes if node is not None]


def _business_id(world: World, account: str) -> str:
    node = world.node(f"act_{account}")
    business = node.row.get("business") if node is not None else None
    return str(business.get("id", "")) if isinstance(business, Mapping) else ""


def _businesses(world: World, _: Node, token: Token) -> Sequence[Row]:
    if not token.may("business_management"):
        return ()
    ids = dict.fromkeys(_business_id(world, account) for account in world.accounts if token.sees(account))
    nodes = [world.node(business) for business in ids if business]
    return [node.row for node in nodes if node is not None]


def _business_users(world: World, node: Node, token: Token) -> Sequence[Row]:
    me = {"id": token.business_user_id, "name": token.user_name}
    return [me | {"business": _named(row)} for row in _businesses(world, node, token)]


def _named(row: Row) -> Row:
    return {"id": row.get("id"), "name": row.get("name")}


def _assigned_users(_: World, node: Node, token: Token) -> Sequence[Row]:
    return [{"id": token.business_user_id, "name": token.user_name, "tasks": tasks_on(node.row, token)}]


def _users(world: World, node: Node, token: Token) -> Sequence[Row]:
    """Everybody with a role on the account; only oneself where one's own role is no more than to look."""
    tasks = tasks_on(node.row, token)
    rows = world.edge(node, "users") or ()
    own = [{**row, "tasks": tasks} if row["id"] == token.user_id else row for row in rows]
    return own if "MANAGE" in tasks else [row for row in own if row["id"] == token.user_id]


def _permissions(_: World, __: Node, token: Token) -> Sequence[Row]:
    return token.permissions()


def _pages(world: World, _: Node, token: Token) -> Sequence[Row]:
    found: dict[str, Row] = {}
    for account in world.accounts:
        node = world.node(f"act_{account}") if token.sees(account) else None
        for row in (world.edge(node, "promote_pages") or ()) if node is not None else ():
            found[str(row["id"])] = row
    return list(found.values())


_MADE: Mapping[tuple[str, str], Callable[[World, Node, Token], Sequence[Row]]] = {
    ("User", "adaccounts"): _accounts,
    ("User", "assigned_ad_accounts"): _accounts,
    ("User", "businesses"): _businesses,
    ("User", "business_users"): _business_users,
    ("User", "permissions"): _permissions,
    ("User", "accounts"): _pages,
    ("Business", "owned_ad_accounts"): _owned,
    ("Business", "client_ad_accounts"): _clients,
    ("Business", "business_users"): _business_users,
    ("AdAccount", "assigned_users"): _assigned_users,
    ("AdAccount", "users"): _users,
}

_REQUIRED: Mapping[tuple[str, str], str] = {("AdAccount", "assigned_users"): "business"}
"""The parameter without which an edge refuses (Meta's page on assigned users)."""


# -- parameters that only some edges know ----------------------------------------------------------------------------


def _activities(rows: Sequence[Row], params: Params, now: float) -> Sequence[Row]:
    since = _moment(params.text("since")) if "since" in params else now - _WEEK
    until = _moment(params.text("until"), end_of_day=True) if "until" in params else now
    people, objects = params.strings("uid"), params.strings("oid") + params.strings("extra_oids")
    return [
        row
        for row in rows
        if since <= _moment(str(row["event_time"])) <= until
        and (not people or row.get("actor_id") in people)
        and (not objects or row.get("object_id") in objects)
    ]


def _images(rows: Sequence[Row], params: Params, _: float) -> Sequence[Row]:
    hashes = frozenset(params.strings("hashes"))
    name = params.text("name").lower()
    return [
        row
        for row in rows
        if (not hashes or row.get("hash") in hashes)
        and name in str(row.get("name", "")).lower()
        and _at_least(row.get("width"), params, "minwidth")
        and _at_least(row.get("height"), params, "minheight")
    ]


def _videos(rows: Sequence[Row], params: Params, _: float) -> Sequence[Row]:
    title = params.text("title").lower()
    return [
        row
        for row in rows
        if title in str(row.get("title", "")).lower() and _at_least(row.get("length"), params, "minlength")
    ]


_NARROW: Mapping[str, Callable[[Sequence[Row], Params, float], Sequence[Row]]] = {
    "activities": _activities,
    "adimages": _images,
    "advideos": _videos,
}


def _at_least(value: object, params: Params, name: str) -> bool:
    return name not in params or (isinstance(value, int | float) and value >= params.whole(name, 0))


def _moment(text: str, *, end_of_day: bool = False) -> float:
    """Read a unix time, a date (UTC) or a datetime. Raises code 100 for anything else."""
    if text.isdigit():
        return float(text)
    try:
        moment = datetime.fromisoformat(text if len(text) > len("YYYY-MM-DD") else f"{text}T00:00:00+00:00")
    except ValueError:
        message = f"(#100) Invalid date or time: {text}"
        raise GraphError(message, 100) from None
    whole_day = 86_399.0 if end_of_day and len(text) == len("YYYY-MM-DD") else 0.0
    return moment.timestamp() + whole_day
