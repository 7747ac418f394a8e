"""Faults by plan: which calls go wrong, how, and how often.

A plan is a list of ``{"match": {…}, "then": {…}, "times": n}``, from options or from a JSON file. The first fault
that matches a call and is due is applied; counters belong to the sandbox, so a plan is plain data.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from .errors import GraphError
from .refusals import named

__all__ = ["Fault", "Faults", "Match", "Seen", "Then", "load", "read"]

RunFate = Literal["fail", "skip", "stuck", "slow", "out_of_memory"]


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which calls a fault concerns; every member given must agree.

    ``path``: a regular expression searched in the path without version and leading slash. ``edge``: the edge
    (``campaigns``, ``insights``), the node's kind for a node read (``AdReportRun`` is a poll), or ``batch`` for the
    envelope of a batch. ``stream`` is another name for ``edge``. ``batch`` true: only entries of a batch, false: only
    calls on their own. Of the calls that agree, ``nth`` takes the n-th (from 1), ``every`` each k-th, ``probability``
    a share drawn from the seed; with none of them, all.
    """

    path: str | None = None
    method: str | None = None
    edge: str | None = None
    stream: str | None = None
    account: str | None = None
    batch: bool | None = None
    nth: int | tuple[int, ...] | None = None
    every: int | None = None
    probability: float | None = None


class Then(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens to the call.

    ``error``: a refusal's name or numbers (``code`` and ``subcode`` may be given apart, with ``message``).
    ``html``: an HTML page (true for a stock one). ``text``: a plain body. ``truncate``: cut the JSON after so many
    bytes, length correct. ``cut``: announce the whole body, send so many bytes, drop the connection. ``reset``: drop
    it at once. ``delay`` and ``hang``: seconds before the reply (``hang`` true: an hour). ``usage``: a percentage
    that the usage headers report. ``early_read``, ``cannot_include``: races of reading a report. ``run``: fate of
    the report run that the call creates.
    """

    error: str | int | None = None
    code: int | None = None
    subcode: int | None = None
    message: str | None = None
    transient: bool | None = None
    status: int | None = None
    headers: dict[str, str] = {}
    html: str | bool = False
    text: str | None = None
    truncate: int | None = None
    cut: int | None = None
    reset: bool = False
    delay: float = 0.0
    hang: float | bool = False
    null_batch_entry: bool = False
    run: RunFate | None = None
    early_read: bool = False
    cannot_include: Literal["summary", "fields"] | bool = False
    usage: float | None = None

    def seconds(self) -> float:
        """Return how long the reply is held back."""
        return 3600.0 if self.hang is True else self.delay + float(self.hang)

    def refusal(self) -> GraphError | None:
        """Return the error to answer with; None when the call is served (or spoilt otherwise)."""
        if self.early_read:
            return named("report_not_ready")
        if self.error is None and self.code is None:
            return None
        error = named(str(self.error)) if self.error is not None else GraphError("An error occurred", self.code or 1)
        error.code = self.code if self.code is not None else error.code
        error.subcode = self.subcode if self.subcode is not None else error.subcode
        error.message = self.message or error.message
        error.transient = self.transient if self.transient is not None else error.transient
        error.status = self.status or error.status
        error.headers = {**error.headers, **self.headers}
        return error


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a plan; ``times`` bounds how often it strikes (None: without end)."""

    match: Match = Match()
    then: Then = Then()
    times: int | None = None


class Seen(msgspec.Struct, frozen=True):
    """What a fault can see of a call. ``edge`` is as in `Match`."""

    method: str
    path: str
    edge: str
    account: str | None
    batch: bool


class Faults:
    """A plan at work: it counts the calls that each fault saw and the times that each struck."""

    def __init__(self, plan: Iterable[Fault] = (), *, seed: int = 1) -> None:
        """Take the plan; ``seed`` decides the draws of ``probability``."""
        self._seed = seed
        self.replace(plan)

    def replace(self, plan: Iterable[Fault]) -> None:
        """Put another plan in place and start counting anew. Raises ValueError for an unknown error name."""
        self.plan: Sequence[Fault] = tuple(plan)
        for fault in self.plan:
            fault.then.refusal()
        self._paths = [re.compile(fault.match.path or "") for fault in self.plan]
        self._seen = [0] * len(self.plan)
        self.struck = [0] * len(self.plan)

    def strike(self, seen: Seen) -> Then | None:
        """Return what befalls this call; None: nothing."""
        for index, fault in enumerate(self.plan):
            if not self._agrees(index, fault.match, seen):
                continue
            self._seen[index] += 1
            if fault.times is not None and self.struck[index] >= fault.times:
                continue
            if self._due(index, fault.match):
                self.struck[index] += 1
                return fault.then
        return None

    def _agrees(self, index: int, match: Match, seen: Seen) -> bool:
        edge = match.edge or match.stream
        return (
            self._paths[index].search(seen.path) is not None
            and match.method in (None, seen.method)
            and edge in (None, seen.edge)
            and match.account in (None, seen.account, f"act_{seen.account}")
            and match.batch in (None, seen.batch)
        )

    def _due(self, index: int, match: Match) -> bool:
        count = self._seen[index]
        wanted = (match.nth,) if isinstance(match.nth, int) else match.nth
        if wanted is not None and count not in wanted:
            return False
        if match.every is not None and count % match.every:
            return False
        return match.probability is None or self._draw(index, count) < match.probability

    def _draw(self, index: int, count: int) -> float:
        digest = hashlib.blake2b(f"{self._seed}:{index}:{count}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) / 2**64


def read(text: bytes | str) -> tuple[Fault, ...]:
    """Read a plan from JSON. Raises msgspec.ValidationError naming the member that is wrong."""
    return msgspec.json.decode(text, type=tuple[Fault, ...])


def load(path: Path) -> tuple[Fault, ...]:
    """Read a plan from a JSON file."""
    return read(path.read_bytes())
