"""A batch: up to 50 calls in one request, answered entry by entry with bodies in strings."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from .errors import GraphError
from .params import Params
from .refusals import named

__all__ = ["MOST", "Entry", "Outcome", "entries", "is_batch", "run"]

MOST = 50
_REFERENCE = re.compile(r"\{result=([\w.-]+):\$\.?([^}]*)\}")


class Entry(msgspec.Struct, frozen=True):
    """One call of a batch as the caller wrote it."""

    relative_url: str = ""
    method: str = "GET"
    body: str = ""
    name: str | None = None
    depends_on: str | tuple[str, ...] | None = None
    omit_response_on_success: bool | None = None
    access_token: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """An entry's reply before it is written down; ``void`` turns it into ``null``."""

    status: int
    headers: Mapping[str, str]
    body: str
    void: bool = False


def is_batch(method: str, path: Sequence[str], params: Params) -> bool:
    """Tell whether a call is a batch envelope: a POST with ``batch`` to the root or to ``me``."""
    return method == "POST" and tuple(path) in {(), ("me",)} and "batch" in params


def entries(params: Params) -> tuple[Entry, ...]:
    """Read the envelope. Raises Meta's refusal of more than 50, and code 100 for what is no list of calls."""
    try:
        found = msgspec.convert(params.loaded("batch"), tuple[Entry, ...])
    except msgspec.ValidationError:
        message = "(#100) batch parameter must be a JSON array"
        raise GraphError(message, 100) from None
    if len(found) > MOST:
        message = f"Too many requests in batch message. Maximum batch size is {MOST}"
        raise GraphError(message, 0, type="GraphBatchException", only=("message", "type"))
    return found


def run(found: Sequence[Entry], serve: Callable[[Entry], Outcome], *, with_headers: bool) -> list[object]:
    """Serve the entries in order and return the reply's list."""
    wanted_later = {name for entry in found for name in _needs(entry)}
    bodies: dict[str, str | None] = {}
    slots: list[object] = []
    for entry in found:
        outcome = _serve(entry, bodies, serve)
        if entry.name is not None:
            bodies[entry.name] = outcome.body if outcome.status == _OK else None
        omit = entry.omit_response_on_success
        silent = entry.name in wanted_later if omit is None else omit
        slots.append(None if outcome.void or (silent and outcome.status == _OK) else _slot(outcome, with_headers))
    return slots


_OK = 200


def _serve(entry: Entry, bodies: Mapping[str, str | None], serve: Callable[[Entry], Outcome]) -> Outcome:
    if any(bodies.get(name) is None for name in _needs(entry)):
        error = named("batch_dependency")
        return Outcome(error.status, {}, msgspec.json.encode(error.envelope("ABatchTrace")).decode())
    filled = msgspec.structs.replace(
        entry, relative_url=_fill(entry.relative_url, bodies), body=_fill(entry.body, bodies)
    )
    return serve(filled)


def _needs(entry: Entry) -> tuple[str, ...]:
    named_ones = (entry.depends_on,) if isinstance(entry.depends_on, str) else entry.depends_on or ()
    return (*named_ones, *(match[1] for match in _REFERENCE.finditer(entry.relative_url + entry.body)))


def _fill(text: str, bodies: Mapping[str, str | None]) -> str:
    """Put the values of earlier replies in place of ``{result=name:$.data.*.id}``."""
    return _REFERENCE.sub(lambda match: _look_up(bodies.get(match[1]) or "null", match[2]), text)


def _look_up(body: str, path: str) -> str:
    found: list[object] = [msgspec.json.decode(body)]
    for step in filter(None, path.split(".")):
        found = [inner for value in found for inner in _step(value, step)]
    return ",".join(value if isinstance(value, str) else msgspec.json.encode(value).decode() for value in found)


def _step(value: object, step: str) -> Sequence[object]:
    if isinstance(value, list):
        if step == "*":
            return value
        return value[int(step) : int(step) + 1] if step.isdigit() else ()
    if isinstance(value, dict):
        return tuple(value.values()) if step == "*" else (value[step],) if step in value else ()
    return ()


def _slot(outcome: Outcome, with_headers: bool) -> dict[str, object]:  # noqa: FBT001 - a plain switch of the reply
    slot: dict[str, object] = {"code": outcome.status}
    if with_headers:
        slot["headers"] = [{"name": name, "value": value} for name, value in outcome.headers.items()]
    return slot | {"body": outcome.body}
