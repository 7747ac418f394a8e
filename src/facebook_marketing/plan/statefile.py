"""A state file's bytes to one blob a stream, whichever way the file wraps them."""

import json
import re
from collections.abc import Iterator
from typing import Any

from facebook_marketing.plan.state import StateError

_ACCOUNT = re.compile(r"(act_)?[0-9]+")
_NEXT = "Next step: pass the file exactly as the last sync's STATE messages left it, or none at all to read everything."


def parse_input(raw: bytes) -> dict[str, Any]:
    """Map stream names to state blobs.

    Accepts a JSON list of STREAM, GLOBAL or LEGACY messages (or one of them, or one a line), each bare or inside
    `{"state": …}`; what Airbyte's web page and API show of a connection (`streamDescriptor`, `streamState`); the older
    single object `{stream: blob}`, bare or inside `{"data": …}`; and nothing at all (empty file, `[]`, `{}`, `null`).
    A stream named twice keeps its last blob; a null blob counts as none. Raises StateError for anything else.
    """
    return dict(pair for message in _messages(raw) for pair in _blobs(message))


def _messages(raw: bytes) -> list[Any]:
    try:
        text = raw.decode("utf-8-sig").strip()
        try:
            found = json.loads(text or "[]")
        except ValueError:
            if "\n" not in text:
                raise
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        message = f"The state file is not JSON ({error}). {_NEXT}"
        raise StateError(message) from error
    return found if isinstance(found, list) else [found]


def _blobs(message: object) -> Iterator[tuple[str, Any]]:
    match _said(message):
        case None:
            return
        case {"state": dict() as inner, **rest} if rest.keys() <= {"type"}:
            yield from _blobs(inner)
        case ({"bookmarks": _} | {"stateType": _} | {"streamDescriptor": _}) as shown:
            yield from _elsewhere(shown)
        case {"global": {"stream_states": list() as streams}} | {"streams": list() as streams}:
            for stream in streams:
                yield from _stream(stream)
        case {"stream": {"stream_descriptor": _} as stream}:
            yield from _stream(stream)
        case {"data": dict() as streams, **rest} if rest.keys() <= {"type"}:
            yield from _legacy(streams)
        case dict() as streams if "type" not in streams:
            yield from _legacy(streams)
        case _:
            shown = json.dumps(message)[:80]
            text = f"The state file holds something that is no state message: {shown}. {_NEXT}"
            raise StateError(text)


def _said(message: object) -> object:
    """Leave out members that are null: some write a message with every member that the protocol knows."""
    return (
        {name: value for name, value in message.items() if value is not None} if isinstance(message, dict) else message
    )


def _elsewhere(shown: object) -> Iterator[tuple[str, Any]]:
    """Read the state of a connection as Airbyte's API and web page show it; refuse what another program wrote."""
    match shown:
        case {"bookmarks": _}:
            text = f"The state file is of a Singer tap: its bookmarks cannot be used here. {_NEXT}"
            raise StateError(text)
        case {"streamDescriptor": _}:
            yield from _stream(shown)
        case {"streamState": list() as streams} | {"globalState": {"streamStates": list() as streams}}:
            for stream in streams:
                yield from _stream(stream)
        case {"state": dict() as streams} if streams:
            yield from _legacy(streams)
        case {"stateType": "not_set"}:
            return
        case _:
            text = f"The state file holds the state of a connection without its streams. {_NEXT}"
            raise StateError(text)


def _stream(stream: object) -> Iterator[tuple[str, Any]]:
    match stream:
        case {"streamDescriptor": {"name": str(name)}, **rest}:
            yield from _legacy({name: rest.get("streamState")})
        case {"stream_descriptor": {"name": str(name)}, **rest}:
            yield from _legacy({name: rest.get("stream_state")})
        case _:
            text = f"The state file holds a stream state without a stream name. {_NEXT}"
            raise StateError(text)


def _legacy(streams: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, blob in streams.items():
        if _ACCOUNT.fullmatch(name):
            text = f"The state file is the state of one stream, and does not say of which: it holds {name!r}. {_NEXT}"
            raise StateError(text)
        if blob is not None and not isinstance(blob, dict):
            text = f"The state file's {name!r} is {type(blob).__name__}, not an object. {_NEXT}"
            raise StateError(text)
        if blob is not None:
            yield name, blob
