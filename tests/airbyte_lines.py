"""What Airbyte's protocol allows on stdout, written down once more and apart from the code that writes it."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NoReturn

Line = dict[str, Any]
Stream = Mapping[str, Any]

_LEVELS = {"FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"}
_FAILURES = {"config_error", "transient_error", "system_error"}
_STATUSES = {"STARTED", "RUNNING", "COMPLETE", "INCOMPLETE"}
_REASONS = {"SOURCE_RETRIEVAL_ERROR", "SOURCE_SERIALIZATION_ERROR", "SOURCE_FIELD_SIZE_LIMITATION"}
_MILLISECONDS = 10**12

PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "null": (type(None),),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def parsed(out: bytes) -> list[Line]:
    """Every line as a message; fails for a line that is no whole message of the protocol."""
    assert not out or out.endswith(b"\n"), f"the last line is cut: {out[-80:]!r}"
    return [_message(line) for line in out.decode().splitlines()]


def _message(line: str) -> Line:
    message = json.loads(line, parse_constant=_no_number)
    body = _BODIES[message["type"]]
    assert set(message) == {"type", body}, line[:200]
    _CHECKS[message["type"]](message[body])
    assert isinstance(message, dict)
    return message


def _no_number(text: str) -> NoReturn:
    raise AssertionError(f"{text} is no number in JSON")


def _record(body: Line) -> None:
    assert set(body) - {"meta", "namespace"} == {"stream", "data", "emitted_at"}
    assert isinstance(body["stream"], str)
    assert isinstance(body["data"], dict)
    assert isinstance(body["emitted_at"], int)
    assert body["emitted_at"] > _MILLISECONDS
    for change in body.get("meta", {"changes": []})["changes"]:
        assert change["field"] in body["data"] or change["change"] == "NULLED"
        assert change["reason"] in _REASONS


def _state(body: Line) -> None:
    assert set(body) == {"type", "stream", "sourceStats"}
    assert body["type"] == "STREAM"
    assert set(body["stream"]) == {"stream_descriptor", "stream_state"}
    _descriptor(body["stream"]["stream_descriptor"])
    assert isinstance(body["stream"]["stream_state"], dict)
    assert body["sourceStats"]["recordCount"] >= 0


def _descriptor(body: Line) -> None:
    assert set(body) - {"namespace"} == {"name"}
    assert all(isinstance(text, str) for text in body.values())


def _trace(body: Line) -> None:
    kind = body["type"]
    assert set(body) == {"type", "emitted_at", kind.lower()}
    assert body["emitted_at"] > _MILLISECONDS
    inner = body[kind.lower()]
    if kind == "STREAM_STATUS":
        assert set(inner) == {"stream_descriptor", "status"}
        _descriptor(inner["stream_descriptor"])
        assert inner["status"] in _STATUSES
        return
    if kind == "ESTIMATE":
        assert set(inner) - {"namespace"} == {"name", "type", "row_estimate", "byte_estimate"}
        assert inner["type"] == "STREAM"  # the platform drops all estimates of a sync that sends SYNC as well
        assert inner["byte_estimate"] >= inner["row_estimate"] > 0
        return
    assert kind == "ERROR"
    assert set(inner) - {"stream_descriptor", "stack_trace"} == {"message", "internal_message", "failure_type"}
    assert inner["message"].strip()
    assert inner["failure_type"] in _FAILURES


def _log(body: Line) -> None:
    assert set(body) == {"level", "message"}
    assert body["level"] in _LEVELS
    assert isinstance(body["message"], str)


def _connection(body: Line) -> None:
    failed = body["status"] == "FAILED"
    assert failed or body == {"status": "SUCCEEDED"}
    assert not failed or body["message"].strip()


def _spec(body: Line) -> None:
    assert body["connectionSpecification"]["type"] == "object"


def _catalog(body: Line) -> None:
    for stream in body["streams"]:
        assert stream["json_schema"]["type"] == "object"
        assert stream["json_schema"]["properties"]
        assert set(stream["supported_sync_modes"]) <= {"full_refresh", "incremental"}
        assert ("incremental" in stream["supported_sync_modes"]) == stream.get("source_defined_cursor", False)


_BODIES = {
    "RECORD": "record", "STATE": "state", "TRACE": "trace", "LOG": "log",
    "CONNECTION_STATUS": "connectionStatus", "SPEC": "spec", "CATALOG": "catalog",
}  # fmt: skip
_CHECKS = {
    "RECORD": _record, "STATE": _state, "TRACE": _trace, "LOG": _log,
    "CONNECTION_STATUS": _connection, "SPEC": _spec, "CATALOG": _catalog,
}  # fmt: skip


def records(lines: Iterable[Line], stream: str | None = None) -> list[Line]:
    """The rows of one stream, or of all."""
    found = (line["record"] for line in lines if line["type"] == "RECORD")
    return [record["data"] for record in found if stream in {None, record["stream"]}]


def states(lines: Iterable[Line]) -> list[Line]:
    """STATE messages, in order."""
    return [line for line in lines if line["type"] == "STATE"]


def state_of(line: Line) -> tuple[str, Line]:
    """Name and blob of a STATE message."""
    stream = line["state"]["stream"]
    return stream["stream_descriptor"]["name"], stream["stream_state"]


def statuses(lines: Iterable[Line], stream: str) -> list[str]:
    """The statuses of a stream, in order."""
    traces = (line["trace"]["stream_status"] for line in lines if line.get("trace", {}).get("type") == "STREAM_STATUS")
    return [trace["status"] for trace in traces if trace["stream_descriptor"]["name"] == stream]


def errors(lines: Iterable[Line]) -> list[Line]:
    """Bodies of ERROR traces."""
    return [line["trace"]["error"] for line in lines if line.get("trace", {}).get("type") == "ERROR"]


def logs(lines: Iterable[Line], *levels: str) -> list[str]:
    """Log messages, of some levels or of all."""
    found = (line["log"] for line in lines if line["type"] == "LOG")
    return [log["message"] for log in found if not levels or log["level"] in levels]


def out_of_order(lines: Sequence[Line]) -> list[str]:
    """What is wrong with the order of statuses, rows and states; empty when nothing is."""
    found: list[str] = []
    stands: dict[str, str] = {}
    uncovered: dict[str, int] = {}
    for line in lines:
        match line:
            case {"record": {"stream": str(name)}}:
                if stands.get(name) != "RUNNING":
                    found.append(f"{name}: a row while the stream is {stands.get(name)}")
                uncovered[name] = uncovered.get(name, 0) + 1
            case {"state": {"sourceStats": {"recordCount": count}}}:
                name = state_of(line)[0]
                if count != uncovered.pop(name, 0):
                    found.append(f"{name}: a state that counts {count} rows")
            case {"trace": {"stream_status": {"stream_descriptor": {"name": str(name)}, "status": str(status)}}}:
                if (stands.get(name), status) not in _STEPS:
                    found.append(f"{name}: {status} after {stands.get(name)}")
                if status == "COMPLETE" and uncovered.get(name):
                    found.append(f"{name}: COMPLETE, and {uncovered[name]} rows after the last state")
                stands[name] = status
            case _:
                pass
    return found + [f"{name}: ends as {status}" for name, status in stands.items() if status not in _ENDS]


_ENDS = {"COMPLETE", "INCOMPLETE"}
_STEPS = {
    (None, "STARTED"), ("STARTED", "RUNNING"), ("STARTED", "COMPLETE"), ("STARTED", "INCOMPLETE"),
    ("RUNNING", "COMPLETE"), ("RUNNING", "INCOMPLETE"),
}  # fmt: skip


def unlike(value: object, schema: Mapping[str, Any], path: str = "$") -> list[str]:
    """Where a value does not have the shape that a JSON schema promises (type, properties, items, format)."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    fits = any(isinstance(value, PYTHON_TYPES[name]) and _bool_is_no_number(value, name) for name in types)
    if not fits:
        return [f"{path}: {value!r} is not {types}"]
    match value:
        case dict():
            inner = schema.get("properties", {})
            return [
                bad
                for name in value.keys() & inner.keys()
                for bad in unlike(value[name], inner[name], f"{path}.{name}")
            ]
        case list() if "items" in schema:
            return [bad for one in value for bad in unlike(one, schema["items"], f"{path}[]")]
        case str() if not _of_format(value, schema.get("format")):
            return [f"{path}: {value!r} is no {schema['format']}"]
        case _:
            return []


def _bool_is_no_number(value: object, name: str) -> bool:
    return not isinstance(value, bool) or name == "boolean"


def _of_format(text: str, name: str | None) -> bool:
    match name:
        case "date":
            return date.fromisoformat(text).isoformat() == text
        case "date-time":
            return re.search(r"(Z|[+-]\d\d:\d\d)$", text) is not None and bool(datetime.fromisoformat(text))
        case _:
            return True
