"""What the doctor found, as values: a level, a text, a mend; a report of them for people and for machines."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


_ORDER = (Level.OK, Level.WARN, Level.FAIL)
FORMAT = 1
"""Of the JSON: a change that readers must heed makes it 2."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `check` names what (`token.expiry`), `subject` whose; `mend` is set unless all is well."""

    level: Level
    check: str
    text: str
    mend: str = ""
    subject: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


Facts = Mapping[str, object]


def ok(check: str, text: str, *, subject: str = "", facts: Facts | None = None) -> Finding:
    """All is well."""
    return Finding(Level.OK, check, text, "", subject, facts or {})


def warn(check: str, text: str, mend: str, *, subject: str = "", facts: Facts | None = None) -> Finding:
    """Syncs work, but something is missing, or will be soon."""
    return Finding(Level.WARN, check, text, mend, subject, facts or {})


def fail(check: str, text: str, mend: str, *, subject: str = "", facts: Facts | None = None) -> Finding:
    """A sync cannot read what it is asked to read."""
    return Finding(Level.FAIL, check, text, mend, subject, facts or {})


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was looked at. `calls` is what it cost."""

    findings: tuple[Finding, ...]
    calls: int = 0

    @property
    def level(self) -> Level:
        """The worst finding's."""
        return max((one.level for one in self.findings), key=_ORDER.index, default=Level.OK)

    @property
    def exit_code(self) -> int:
        """0 all is well, 1 warnings, 2 failures."""
        return _ORDER.index(self.level)

    def as_json(self) -> str:
        """One JSON object."""
        rows = [
            {
                "check": one.check,
                "level": one.level.value,
                "subject": one.subject or None,
                "text": one.text,
                "mend": one.mend or None,
                "facts": dict(one.facts),
            }
            for one in self.findings
        ]
        said = {"format": FORMAT, "level": self.level.value, "exit_code": self.exit_code, "calls": self.calls}
        return json.dumps({**said, "findings": rows}, indent=1)

    def text(self) -> str:
        """The report for a person: a line for each finding, its mend below it."""
        return "\n".join([*(line for one in self.findings for line in _lines(one)), "", self._summary()])

    def _summary(self) -> str:
        counts = {level: sum(one.level is level for one in self.findings) for level in _ORDER}
        parts = [f"{counts[Level.FAIL]} failed", f"{counts[Level.WARN]} warned", f"{counts[Level.OK]} well"]
        return f"{', '.join(parts)}. Graph calls: {self.calls}."


def _lines(one: Finding) -> Sequence[str]:
    mark = one.level.value.upper() if one.level is Level.FAIL else one.level.value
    head = f"{mark:4}  {f'{one.subject}: ' if one.subject else ''}{one.text}"
    return (head, f"      -> {one.mend}") if one.mend else (head,)
