"""Reading a node: the asked fields out of its full row, in the asked order, nested and expanded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .errors import GraphError
from .fields_param import Field
from .params import Params
from .refusals import named
from .schema import DEFAULTS, REFUSED, edge_kind, field_kind, field_names, weight_of
from .tokens import Token
from .world import Node

__all__ = ["Scope", "asked_fields", "check_fields", "page_weight", "project", "tasks_on", "thumbnail_size"]

Row = Mapping[str, object]
_DEFAULT_EXPANSION = 25
_NEEDS_BUSINESS = frozenset({"owner", "business"})
_BY_ROLE = frozenset({"user_tasks", "funding_source_details"})
_SCOPES: Mapping[str, str] = {"Lead": "leads_retrieval"}
"""Permission without which objects of a kind cannot be read at all."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a projection may reach: the caller's token, other nodes by id, and edges to expand.

    ``expand(node, field)`` returns the page of an edge asked as a field, None where it is empty.
    """

    token: Token
    find: Callable[[str], Node | None]
    expand: Callable[[Node, Field], object]
    thumbnail: tuple[int, int] | None = None


def asked_fields(kind: str, fields: Sequence[Field]) -> Sequence[Field]:
    """Return the fields of a read: the asked ones, or the kind's defaults."""
    return fields or tuple(Field(name) for name in DEFAULTS.get(kind, ("id",)))


def check_fields(kind: str, fields: Sequence[Field], token: Token) -> None:
    """Refuse names that this kind does not have, and names that the token may not read."""
    scope = _SCOPES.get(kind)
    if scope is not None and not token.may(scope):
        message = f"(#200) Requires {scope} permission to manage the object"
        raise GraphError(message, 200, status=403)
    known = field_names(kind)
    for field in fields:
        child = edge_kind(kind, field.name)
        if known is not None and field.name not in known and child is None:
            message = f"(#100) Tried accessing nonexisting field ({field.name}) on node type ({kind})"
            raise GraphError(message, 100)
        _check_rights(kind, field.name, token)
        inner = child or field_kind(kind, field.name)
        if field.children and inner is not None and inner != "AdsInsights":
            check_fields(inner, field.children, token)


def page_weight(fields: Sequence[Field]) -> int:
    """Return the cost of one row with these fields."""
    return sum(_weight(field) for field in fields)


def project(kind: str, row: Row, fields: Sequence[Field], scope: Scope) -> dict[str, object]:
    """Return the row as the reply shows it. Fields without a value are left out; ``id`` closes the row.

    Raises 100/2446211 when a field is asked that this very object cannot show.
    """
    broken = row.get("__broken")
    shown: dict[str, object] = {}
    for field in fields:
        if broken == field.name:
            raise named("broken_story_spec")
        value = _value(kind, row, field, scope)
        if value is not None:
            shown[field.key] = value
    if "id" not in shown and "id" in row:
        shown["id"] = row["id"]
    return shown


def _weight(field: Field) -> int:
    if not field.children:
        return weight_of(field.name)
    inner = page_weight(field.children)
    return inner * field.params.whole("limit", _DEFAULT_EXPANSION) if "limit" in field.params else inner + 1


def _check_rights(kind: str, name: str, token: Token) -> None:
    refused = REFUSED.get((kind, name))
    if refused is not None:
        raise GraphError(refused.message, refused.code)
    if kind != "AdAccount":
        return
    if name in _NEEDS_BUSINESS and not token.may("business_management"):
        raise named("business_management")


def tasks_on(row: Row, token: Token) -> list[str]:
    """Return the role of the token's user on an account: what the account grants and the token's user has."""
    granted = row.get("user_tasks")
    return [task for task in token.tasks if not isinstance(granted, list) or task in granted]


def _by_role(row: Row, name: str, token: Token) -> object:
    tasks = tasks_on(row, token)
    if name == "user_tasks":
        return tasks
    if "MANAGE" not in tasks:
        raise named("method_get_unsupported")
    return row.get(name)


def _value(kind: str, row: Row, field: Field, scope: Scope) -> object:
    name = field.name
    known = field_names(kind)
    if edge_kind(kind, name) is not None and (known is None or name not in known) and name not in row:
        return scope.expand(Node(str(row.get("id", "")), kind, row), field)
    if kind == "AdAccount" and name in _BY_ROLE:
        return _by_role(row, name, scope.token)
    value = row.get(name)
    if name == "thumbnail_url" and scope.thumbnail is not None and isinstance(value, str):
        return value.replace("p64x64", f"p{scope.thumbnail[0]}x{scope.thumbnail[1]}")
    if not field.children:
        return value
    if value is None and f"{name}_id" in row:
        value = {"id": row[f"{name}_id"]}
    return _nested(field_kind(kind, name), value, field.children, scope)


def _nested(kind: str | None, value: object, fields: Sequence[Field], scope: Scope) -> object:
    """Show the asked names of an object or of each object of a list; a plain value stays as it is."""
    if isinstance(value, list | tuple):
        return [_nested(kind, item, fields, scope) for item in value]
    if not isinstance(value, Mapping):
        return value
    if kind is None:
        return {field.key: value[field.name] for field in fields if value.get(field.name) is not None}
    node = scope.find(str(value.get("id", "")))
    return project(kind, value if node is None else node.row, fields, scope)


def thumbnail_size(params: Params) -> tuple[int, int] | None:
    """Return the size that ``thumbnail_width`` and ``thumbnail_height`` ask for; None when neither is given."""
    if "thumbnail_width" not in params and "thumbnail_height" not in params:
        return None
    return params.whole("thumbnail_width", 64), params.whole("thumbnail_height", 64)
