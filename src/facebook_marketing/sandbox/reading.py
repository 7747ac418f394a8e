"""From a path to a target, and from a target to the JSON value that answers it."""

from collections.abc import Callable, Sequence

from .errors import GraphError
from .faults import Then
from .fields_param import Field, parse_fields
from .listings import Listings
from .nodes import Scope, asked_fields, check_fields, project, thumbnail_size
from .options import Options
from .paging import UrlOf
from .params import Params
from .quota import use_case_of
from .refusals import named
from .reports import Reports, cannot_include
from .request import Request, Target
from .tokens import Token
from .world import Node, World

__all__ = ["Reading"]

_PLATFORM = frozenset({"User", "Business", "Page", "LeadgenForm", "Lead"})
_INSIGHTS_OF = frozenset({"AdAccount", "Campaign", "AdSet", "Ad"})
_DOCS = "https://developers.facebook.com/docs/graph-api"
_LONGEST = 2


class Reading:
    """Answers GETs of nodes and edges, and the POST that creates a report run."""

    def __init__(self, world: World, reports: Reports, options: Options, now: Callable[[], float]) -> None:
        """Take the truth and the reports over it."""
        self._world, self._reports = world, reports
        self._listings = Listings(world, options, now)

    def target(self, request: Request) -> Target:
        """Find what a path is about. Raises 2500 for a path too long, 100/33 or 803 for what does not exist."""
        path = request.path
        if len(path) > _LONGEST:
            message = f"Unknown path components: /{'/'.join(path[_LONGEST:])}"
            raise GraphError(message, 2500)
        if not path:
            return Target(Node("", "Root", {}))
        edge = path[1] if len(path) == _LONGEST else ""
        run_account = self._reports.account_of(path[0])
        if run_account is not None:
            return Target(Node(path[0], "AdReportRun", {"id": path[0]}), edge, run_account, "ads_insights")
        node = self._node(path[0], request.token)
        if node is None:
            raise self._unknown(path[0], edge, request.method)
        account = self._world.account_of(node) if node.kind not in _PLATFORM else None
        if account is None:
            return Target(node, edge)
        return Target(node, edge, account.id, use_case_of(edge, node.kind))

    def answer(self, request: Request, target: Target, then: Then) -> object:
        """Return the JSON value of the reply. Raises what Meta refuses."""
        node, edge = target.node, target.edge
        if node.kind == "Root":
            raise missing("", request.method)
        if edge == "insights" and node.kind == "AdReportRun":
            return self._result(request, node, then)
        if edge == "insights" and node.kind in _INSIGHTS_OF and request.method == "POST":
            return self._reports.create(node, request.params, then.run)
        if request.method != "GET":
            raise missing(node.id, request.method)
        if node.kind == "AdReportRun" and not edge:
            return self._poll(request, node)
        if edge == "insights" and node.kind in _INSIGHTS_OF:
            return self._reports.synchronous(node, request.params, self._url(request, node))
        fields = _fields(request.params)
        scope = self._scope(request)
        if edge:
            url = self._url(request, node)
            return self._listings.page((node, edge), fields, request.params, scope=scope, url=url)
        if node.kind == "Business" and not request.token.may("business_management"):
            raise named("business_management")
        wanted = asked_fields(node.kind, fields)
        check_fields(node.kind, wanted, request.token)
        return project(node.kind, node.row, wanted, scope)

    def _poll(self, request: Request, node: Node) -> object:
        row = self._reports.poll(node.id)
        if row is None:
            raise missing(node.id, "GET")
        wanted = asked_fields(node.kind, _fields(request.params))
        check_fields(node.kind, wanted, request.token)
        return project(node.kind, row, wanted, self._scope(request))

    def _result(self, request: Request, node: Node, then: Then) -> object:
        if then.cannot_include:
            param = then.cannot_include if isinstance(then.cannot_include, str) else "summary"
            names = request.params.strings("fields") or ("impressions", "spend")
            raise cannot_include(names, param, ())
        return self._reports.result(node.id, request.params, self._url(request, node))

    def _node(self, name: str, token: Token) -> Node | None:
        if name in {"me", token.user_id}:
            first = token.user_name.partition(" ")[0]
            return Node(token.user_id, "User", {"id": token.user_id, "name": token.user_name, "first_name": first})
        return self._world.node(name)

    def _unknown(self, name: str, edge: str, method: str) -> GraphError:
        if name in self._world.accounts and edge:
            message = f"(#100) Tried accessing nonexisting field ({edge}) on node type (User)"
            return GraphError(message, 100)
        if name.removeprefix("act_").replace(":", "").isalnum() and any(char.isdigit() for char in name):
            return missing(name, method)
        return GraphError(f"(#803) Some of the aliases you requested do not exist: {name}", 803, status=404)

    def _scope(self, request: Request) -> Scope:
        def expand(node: Node, field: Field) -> object:
            return self._expand(request, node, field)

        return Scope(request.token, self._world.node, expand, thumbnail_size(request.params))

    def _expand(self, request: Request, node: Node, field: Field) -> object:
        """Return the page of an edge asked as a field; None without rows."""
        names = Params([("fields", _written(field.children))] if field.children else [])
        url = self._url(request, node, field.name, field.params.plus(names))
        if field.name == "insights":
            return self._reports.nested(node, field, url)
        scope, walk = self._scope(request), (node, field.name)
        page = self._listings.page(walk, field.children, field.params, scope=scope, url=url)
        return page if page["data"] or "next" in str(page.get("paging", "")) else None

    @staticmethod
    def _url(request: Request, node: Node, edge: str | None = None, params: Params | None = None) -> UrlOf:
        path: Sequence[str] = (node.id, edge) if edge is not None else (node.id, *request.path[1:])
        base = f"{request.origin}/{request.version.served}/{'/'.join(path)}"
        return UrlOf(base, params or request.params, request.token_text)


def missing(name: str, method: str) -> GraphError:
    """Return the refusal of an id that does not exist or that the token may not see."""
    message = (
        f"Unsupported {method.lower()} request. Object with ID '{name}' does not exist, cannot be loaded due to "
        f"missing permissions, or does not support this operation. Please read the Graph API documentation at {_DOCS}"
    )
    return GraphError(message, 100, subcode=33, type="GraphMethodException")


def _fields(params: Params) -> tuple[Field, ...]:
    text = params.text("fields")
    return parse_fields(",".join(params.strings("fields")) if text.startswith("[") else text)


def _written(fields: Sequence[Field]) -> str:
    """Return fields as the parameter's text."""
    return ",".join(_one(field) for field in fields)


def _one(field: Field) -> str:
    arguments = "".join(f".{name}({value})" for name, value in field.params.pairs)
    alias = f".as({field.alias})" if field.alias else ""
    return f"{field.name}{arguments}{alias}" + (f"{{{_written(field.children)}}}" if field.children else "")
