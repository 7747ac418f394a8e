"""``filtering`` and the status parameters of edges: what each edge accepts, and the exact refusals.

Which field takes which operator was measured on a live account (July 2026); fields of campaigns that nobody measured
follow the ad sets'. An ``IN`` on ``billing_event`` really answers with "reduce the amount of data".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from .errors import GraphError
from .params import Params
from .refusals import named

__all__ = ["OPERATORS", "Condition", "conditions", "keep"]

Row = Mapping[str, object]
Lookup = Callable[[str], Row | None]
"""Returns the wire row of an id, to filter ads by their campaign."""

OPERATORS = (
    "EQUAL", "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL", "IN_RANGE",
    "NOT_IN_RANGE", "CONTAIN", "NOT_CONTAIN", "CONTAINS_ANY", "CONTAINS_ALL", "NOT_CONTAINS_ANY", "STEM_MATCH", "IN",
    "NOT_IN", "STARTS_WITH", "ENDS_WITH", "ANY", "ALL", "AFTER", "BEFORE", "ON_OR_AFTER", "ON_OR_BEFORE", "NONE", "TOP",
)  # fmt: skip

_SET = frozenset({"EQUAL", "NOT_EQUAL", "IN", "NOT_IN"})
_NAME = frozenset({"EQUAL", "CONTAIN", "NOT_CONTAIN"})
_RANGE = frozenset({"GREATER_THAN", "LESS_THAN", "IN_RANGE", "NOT_IN_RANGE"})
_COMMON = {"id": _SET, "status": _SET, "effective_status": _SET, "name": _NAME}
_TIMES = {"created_time": _RANGE, "updated_time": _RANGE}
_BUDGETS = {"daily_budget": _RANGE, "lifetime_budget": _RANGE}

_RULES: Mapping[str, Mapping[str, frozenset[str]]] = {
    "campaign": {
        **_COMMON, **_TIMES, **_BUDGETS, "start_time": _RANGE, "objective": _SET, "buying_type": _SET,
        "bid_strategy": _SET,
    },
    "adset": {
        **_COMMON, **_TIMES, **_BUDGETS, "start_time": _RANGE, "end_time": _RANGE - {"NOT_IN_RANGE"},
        "optimization_goal": _SET, "bid_strategy": _SET, "billing_event": frozenset({"EQUAL"}),
    },
    "ad": {**_COMMON, **_TIMES, "bid_amount": _RANGE},
    "customaudience": {"id": _SET, "name": _NAME, "subtype": _SET, "time_updated": _RANGE},
    "adcreative": {"id": frozenset(), "name": frozenset()},
    "lead": {"time_created": frozenset({"GREATER_THAN", "LESS_THAN"})},
}  # fmt: skip
_ENTITY = {
    "Campaign": "campaign", "AdSet": "adset", "Ad": "ad", "AdCreative": "adcreative",
    "CustomAudience": "customaudience", "Lead": "lead",
}  # fmt: skip
_PARENTS = {"adset": ("campaign",), "ad": ("adset", "campaign")}
_HIDDEN = frozenset({"ARCHIVED", "DELETED"})
_WITH_STATUS = frozenset({"campaign", "adset", "ad"})
_STATUS_NAMES = (
    "ACTIVE", "PAUSED", "DELETED", "PENDING_REVIEW", "DISAPPROVED", "PREAPPROVED", "PENDING_BILLING_INFO",
    "CAMPAIGN_PAUSED", "ARCHIVED", "ADSET_PAUSED", "IN_PROCESS", "WITH_ISSUES",
)  # fmt: skip
_EPOCH_FIELD = {"time_created": "created_time"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One entry of ``filtering``, resolved: whose field it is, the field, the operator, the values."""

    entity: str
    field: str
    operator: str
    values: tuple[str, ...]

    def names_hidden(self) -> bool:
        """Tell whether it asks for archived or deleted objects by status."""
        by_status = self.field in {"status", "effective_status"} and self.operator in {"IN", "EQUAL"}
        return by_status and not _HIDDEN.isdisjoint(self.values)


def conditions(kind: str, params: Params, *, refuse_deleted: bool = False) -> tuple[Condition, ...]:
    """Read and check ``filtering`` for an edge of this kind. Raises code 100, in Meta's words."""
    entity = _ENTITY.get(kind, "")
    read = tuple(_condition(entity, at, entry) for at, entry in enumerate(params.mappings("filtering")))
    if refuse_deleted and any("DELETED" in condition.values for condition in read):
        message = "(#100) Requesting deleted objects is not supported"
        raise GraphError(message, 100)
    return read


def keep(rows: Sequence[Row], kind: str, params: Params, wanted: Sequence[Condition], lookup: Lookup) -> Sequence[Row]:
    """Return the rows that the status parameters and the conditions let through, in order."""
    entity = _ENTITY.get(kind, "")
    tests: list[Callable[[Row], bool]] = [_test(entity, condition, lookup) for condition in wanted]
    if entity in _WITH_STATUS:
        tests = [*_status_tests(params, wanted), *tests]
    if "updated_since" in params and entity in {"adset", "ad"}:
        tests.append(_since(params.whole("updated_since", 0)))
    if not tests:
        return rows
    return [row for row in rows if all(test(row) for test in tests)]


def _status_tests(params: Params, wanted: Sequence[Condition]) -> list[Callable[[Row], bool]]:
    asked = frozenset(params.strings("effective_status"))
    strange = sorted(asked.difference(_STATUS_NAMES))
    if strange:
        message = f"(#100) effective_status[0] must be one of the following values: {', '.join(_STATUS_NAMES)}"
        raise GraphError(message, 100)
    if asked:
        return [lambda row: row.get("effective_status") in asked]
    if any(condition.names_hidden() for condition in wanted):
        return []
    return [lambda row: row.get("effective_status") not in _HIDDEN]


def _since(moment: int) -> Callable[[Row], bool]:
    return lambda row: (_number(row.get("updated_time")) or 0) > moment


def _condition(entity: str, at: int, entry: Mapping[str, object]) -> Condition:
    asked, operator = str(entry.get("field", "")), str(entry.get("operator", ""))
    if operator not in OPERATORS:
        message = f"(#100) Param filtering[{at}][operator] must be one of {{{', '.join(OPERATORS)}}}"
        raise GraphError(message, 100)
    owner, dot, name = asked.rpartition(".")
    owner = owner if dot else entity
    reachable = owner == entity or owner in _PARENTS.get(entity, ())
    allowed = _RULES.get(owner, {}).get(name) if reachable else None
    if allowed is None:
        message = f"(#100) Filtering field '{asked}' is not supported"
        raise GraphError(message, 100)
    if operator not in allowed:
        raise _wrong_operator(owner, name, operator)
    return Condition(owner, name, operator, _values(entry.get("value")))


def _wrong_operator(entity: str, name: str, operator: str) -> GraphError:
    if name == "billing_event" and operator == "IN":
        return named("reduce_data")
    message = f"(#100) Filtering field '{entity}.{name}' with operation '{operator.lower()}' is not supported"
    if entity == "adcreative":
        return GraphError(message, 100, subcode=1487390, status=500)
    return GraphError(message, 100)


def _values(value: object) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(str(item) for item in value)
    return () if value is None else (str(value),)


def _test(entity: str, condition: Condition, lookup: Lookup) -> Callable[[Row], bool]:
    compare = _COMPARE[condition.operator]
    field = _EPOCH_FIELD.get(condition.field, condition.field)

    def test(row: Row) -> bool:
        source: Row | None = row
        if condition.entity != entity:
            source = lookup(str(row.get(f"{condition.entity}_id", "")))
        return source is not None and compare(source.get(field), condition.values)

    return test


def _word(value: object) -> str:
    return "" if value is None else str(value)


def _number(value: object) -> float | None:
    """Read a number, a unix time or a wire datetime as a number; None for anything else."""
    if value is None or isinstance(value, bool):
        return None
    try:
        return float(str(value))
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        return None


def _between(value: object, bounds: tuple[str, ...]) -> bool | None:
    found, ends = _number(value), [_number(bound) for bound in bounds[:2]]
    if found is None or len(ends) < 2 or ends[0] is None or ends[1] is None:  # noqa: PLR2004 - two ends of a range
        return None
    return ends[0] <= found <= ends[1]


def _compared(value: object, values: tuple[str, ...], test: Callable[[float, float], bool]) -> bool:
    found, bound = _number(value), _number(values[0]) if values else None
    return found is not None and bound is not None and test(found, bound)


_COMPARE: Mapping[str, Callable[[object, tuple[str, ...]], bool]] = {
    "EQUAL": lambda value, wanted: _word(value) in wanted,
    "NOT_EQUAL": lambda value, wanted: _word(value) not in wanted,
    "IN": lambda value, wanted: _word(value) in wanted,
    "NOT_IN": lambda value, wanted: _word(value) not in wanted,
    "CONTAIN": lambda value, wanted: any(part.lower() in _word(value).lower() for part in wanted),
    "NOT_CONTAIN": lambda value, wanted: not any(part.lower() in _word(value).lower() for part in wanted),
    "GREATER_THAN": lambda value, wanted: _compared(value, wanted, lambda found, bound: found > bound),
    "LESS_THAN": lambda value, wanted: _compared(value, wanted, lambda found, bound: found < bound),
    "IN_RANGE": lambda value, wanted: _between(value, wanted) is True,
    "NOT_IN_RANGE": lambda value, wanted: _between(value, wanted) is False,
}
