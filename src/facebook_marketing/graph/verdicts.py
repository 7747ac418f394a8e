"""What to do about a fault: the first row of the error table that fits it. Pure."""

import re
from dataclasses import dataclass

from facebook_marketing.graph.error_table import ALONE, DENIED, NETWORK, RULES, TOO_MANY, UNKNOWN, Kind, Rule
from facebook_marketing.graph.wire import Fault

__all__ = ["POISON_FIELD", "RULES", "Kind", "Rule", "Verdict", "explained", "judge"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule that fitted, with the fields that the fault names (DROP_FIELD, POISONED_ITEM)."""

    rule: Rule
    fields: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """What the caller does next."""
        return self.rule.kind

    def about(self, fault: Fault) -> str:
        """The table's entry with Meta's own words, user text and fbtrace_id between its two halves."""
        return f"{self.rule.meaning} Meta says: {str(fault).rstrip('.')}. {self.rule.mend}"


_FIELD_PATTERNS = (
    re.compile(r"nonexisting field \(([\w.]+)\)"),
    re.compile(r"^(?:\(#100\) )?([\w., ]+?) (?:is|are) not valid for fields param"),
)
POISON_FIELD = "object_story_spec"
_REACH_FIELDS = ("reach", "frequency", "cpp")


def judge(fault: Fault) -> Verdict:
    """The verdict on a fault. Every fault has one."""
    rule = _rule(fault)
    match rule.kind:
        case Kind.DROP_FIELD:
            return Verdict(rule, _named_fields(fault.message))
        case Kind.POISONED_ITEM:
            return Verdict(rule, (POISON_FIELD,))
        case _:
            return Verdict(rule)


def explained(fault: Fault) -> str:
    """The same for what was gone around: without a mend where we mend by ourselves; as it is where it has no code."""
    if fault.code is None:
        return str(fault)
    verdict = judge(fault)
    told = verdict.about(fault)
    return told.removesuffix(f" {verdict.rule.mend}") if verdict.kind in ALONE else told


def _rule(fault: Fault) -> Rule:
    return next((rule for rule in RULES if _fits(rule, fault)), None) or _by_status(fault)


def _fits(rule: Rule, fault: Fault) -> bool:
    return (
        _has_code(rule, fault.code)
        and rule.subcode in {None, fault.subcode}
        and (not rule.text or re.search(rule.text, fault.message) is not None)
    )


def _has_code(rule: Rule, code: int | None) -> bool:
    if rule.code is None:
        return True
    return code is not None and rule.code <= code <= (rule.until or rule.code)


def _by_status(fault: Fault) -> Rule:
    """Faults without a code that we know: HTML from the CDN, half a JSON, a reset connection, a new code."""
    if fault.status == 429:  # noqa: PLR2004
        return TOO_MANY
    if fault.transient or fault.status == 0 or fault.status >= 500:  # noqa: PLR2004
        return NETWORK
    if fault.code is None and fault.status in {401, 403}:
        return DENIED
    return UNKNOWN


def _named_fields(message: str) -> tuple[str, ...]:
    if "Reach-related" in message:
        return _REACH_FIELDS
    for pattern in _FIELD_PATTERNS:
        found = pattern.search(message)
        if found:
            return tuple(name.strip() for name in found.group(1).split(","))
    return ()
