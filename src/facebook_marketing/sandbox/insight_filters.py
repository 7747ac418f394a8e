"""`filtering` of insights: on ads and their parents, on metrics, and on action types."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .errors import GraphError
from .names import insight_fields, operators
from .plans import HIDDEN
from .query import Filter

__all__ = ["Facts", "action_test", "check_filters", "hidden", "metric_filters", "passes", "test_number"]

LEVELS: Final = ("ad", "adset", "campaign")
_ATTRIBUTES: Final = frozenset({
    "id", "name", "effective_status", "status", "configured_status", "objective", "buying_type", "optimization_goal",
    "adlabels", "created_time", "updated_time",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What filters may ask about an ad: attributes of itself, its ad set and its campaign, by level."""

    by_level: Mapping[str, Mapping[str, object]]


def _listed(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        raise GraphError(f"(#100) Param filtering has a value that is not a number: {value}", 100) from None


_TEXT_TESTS: Final[Mapping[str, Callable[[str, list[str]], bool]]] = {
    "EQUAL": lambda text, wanted: text == wanted[0],
    "NOT_EQUAL": lambda text, wanted: text != wanted[0],
    "IN": lambda text, wanted: text in wanted,
    "NOT_IN": lambda text, wanted: text not in wanted,
    "CONTAIN": lambda text, wanted: wanted[0].lower() in text.lower(),
    "NOT_CONTAIN": lambda text, wanted: wanted[0].lower() not in text.lower(),
    "CONTAINS_ANY": lambda text, wanted: any(part.lower() in text.lower() for part in wanted),
    "CONTAINS_ALL": lambda text, wanted: all(part.lower() in text.lower() for part in wanted),
    "NOT_CONTAINS_ANY": lambda text, wanted: not any(part.lower() in text.lower() for part in wanted),
    "STARTS_WITH": lambda text, wanted: text.lower().startswith(wanted[0].lower()),
    "ENDS_WITH": lambda text, wanted: text.lower().endswith(wanted[0].lower()),
    "ANY": lambda text, wanted: text in wanted,
    "ALL": lambda text, wanted: text in wanted,
    "NONE": lambda text, wanted: text not in wanted,
}
_NUMBER_TESTS: Final[Mapping[str, Callable[[float, list[float]], bool]]] = {
    "EQUAL": lambda number, wanted: number == wanted[0],
    "NOT_EQUAL": lambda number, wanted: number != wanted[0],
    "GREATER_THAN": lambda number, wanted: number > wanted[0],
    "GREATER_THAN_OR_EQUAL": lambda number, wanted: number >= wanted[0],
    "LESS_THAN": lambda number, wanted: number < wanted[0],
    "LESS_THAN_OR_EQUAL": lambda number, wanted: number <= wanted[0],
    "IN_RANGE": lambda number, wanted: wanted[0] <= number <= wanted[-1],
    "NOT_IN_RANGE": lambda number, wanted: not wanted[0] <= number <= wanted[-1],
    "AFTER": lambda number, wanted: number > wanted[0],
    "ON_OR_AFTER": lambda number, wanted: number >= wanted[0],
    "BEFORE": lambda number, wanted: number < wanted[0],
    "ON_OR_BEFORE": lambda number, wanted: number <= wanted[0],
    "IN": lambda number, wanted: number in wanted,
    "NOT_IN": lambda number, wanted: number not in wanted,
}


def check_filters(filters: Sequence[Filter]) -> None:
    """Refuse an unknown operator or field with Meta's texts."""
    for place, entry in enumerate(filters):
        if entry.operator not in operators():
            listed = ", ".join(operators())
            raise GraphError(f"Param filtering[{place}][operator] must be one of {{{listed}}}", 100)
        level, dot, attribute = entry.field.partition(".")
        if dot:
            known = level in LEVELS and (attribute in _ATTRIBUTES or attribute in insight_fields())
        else:
            known = entry.field == "action_type" or entry.field.split(":")[0] in insight_fields()
        if not known:
            raise GraphError(f"(#100) Filtering field {entry.field} is invalid", 100)


def _entity(entry: Filter) -> tuple[str, str] | None:
    """Return (level, attribute) of a filter on an object, None for one on a metric."""
    level, dot, attribute = entry.field.partition(".")
    return (level, attribute) if dot and attribute in _ATTRIBUTES else None


def passes(filters: Sequence[Filter], facts: Facts) -> bool:
    """Say whether an ad passes every filter on objects."""
    for entry in filters:
        target = _entity(entry)
        if target is None:
            continue
        found = facts.by_level[target[0]].get(target[1])
        if isinstance(found, int | float):
            if not test_number(entry, found):
                return False
            continue
        texts = [str(item) for item in found] if isinstance(found, list | tuple) else [str(found or "")]
        test = _TEXT_TESTS.get(entry.operator)
        if test is None or not any(test(text, _listed(entry.value)) for text in texts or [""]):
            return False
    return True


def test_number(entry: Filter, number: float) -> bool:
    """Say whether a number passes a filter."""
    test = _NUMBER_TESTS.get(entry.operator)
    value = entry.value if isinstance(entry.value, list | tuple) else [entry.value]
    return test is not None and test(number, [_number(item) for item in value])


def hidden(level: str, filters: Sequence[Filter], facts: Facts) -> bool:
    """Say whether a listing at this level leaves an object out: archived or deleted, and not asked for by status."""
    if level == "account" or facts.by_level[level]["effective_status"] not in HIDDEN:
        return False
    for entry in filters:
        target = _entity(entry)
        if target is None or target[1] != "effective_status":
            continue
        if facts.by_level[target[0]]["effective_status"] in HIDDEN and passes((entry,), facts):
            return False
    return True


def metric_filters(filters: Sequence[Filter]) -> tuple[Filter, ...]:
    """Return the filters on metrics, with the object's name cut off (`ad.spend` becomes `spend`)."""
    return tuple(
        Filter(
            entry.field.rpartition(".")[2] if entry.field.split(".")[0] in LEVELS else entry.field,
            entry.operator,
            entry.value,
        )
        for entry in filters
        if _entity(entry) is None and entry.field != "action_type"
    )


def action_test(filters: Sequence[Filter]) -> Callable[[str], bool] | None:
    """Return the test on action types, None where the query has no such filter."""
    chosen = [entry for entry in filters if entry.field == "action_type"]
    if not chosen:
        return None
    return lambda name: all(
        entry.operator in _TEXT_TESTS and _TEXT_TESTS[entry.operator](name, _listed(entry.value)) for entry in chosen
    )
