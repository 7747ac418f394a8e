"""What is done to a page before it is decoded: what Meta wraps around rows is taken off, personal values are veiled."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec import Raw

from facebook_marketing.catalog.stream import Personal, Stream
from facebook_marketing.graph.wire import with_whole_characters
from facebook_marketing.records.page import one_line

Opening = Callable[[bytes], bytes]
"""Page bytes (a JSON list of objects) in, page bytes out. Raises msgspec.DecodeError for anything else."""

_ROWS = msgspec.json.Decoder(list[dict[str, Raw] | None])
_ANYTHING = msgspec.json.Decoder()
_NO_DIGIT = re.compile(r"\D")


def openings(stream: Stream) -> Iterator[Opening]:
    """What the stream's pages need; for most streams nothing."""
    if stream.wrapped_in:
        yield partial(unwrapped, stream.wrapped_in)
    if stream.personal is not None and stream.personal.veil != "plain":
        yield partial(veiled, stream.personal, frozenset(column.name for column in stream.columns))


def unwrapped(keys: Iterable[str], page: bytes) -> bytes:
    """The rows themselves, where Meta puts a list of them, or one, under one of the keys of an object around it."""
    found: list[Mapping[str, Raw]] = []
    for row in _rows(page):
        inner = next((row[key] for key in keys if key in row), None)
        if inner is None:
            found.append(row)
        else:
            text = bytes(inner).strip()
            found += _rows(text if text.startswith(b"[") else b"[" + text + b"]")
    return msgspec.json.encode(found)


def veiled(personal: Personal, names: frozenset[str], page: bytes) -> bytes:
    """The page without what people have written of themselves; of the other keys, those that are in `names`.

    A key that was not asked for could hold anything: it is left out, unlike in other streams.
    """
    rows: list[dict[str, Any]] = []
    for row in _rows(page):
        kept: dict[str, Any] = {name: value for name, value in row.items() if name in names}
        if personal.column in kept:
            kept[personal.column] = _answers(_ANYTHING.decode(bytes(kept[personal.column])), personal)
        rows.append(kept)
    return msgspec.json.encode(rows)


def digest(name: str, value: str) -> str:
    """SHA-256 in hex of the answer to question `name`, made even first, as Meta's page on customer match has it.

    Blanks around it go and letters become small; of a telephone number the digits are left, without leading zeros.
    Nothing stays nothing.
    """
    even = value.strip().lower()
    if "phone" in name or name == "whatsapp_number":
        even = _NO_DIGIT.sub("", even).lstrip("0") or even
    return hashlib.sha256(even.encode()).hexdigest() if even else ""


def _rows(page: bytes) -> Iterator[dict[str, Raw]]:
    return (row for row in _ROWS.decode(one_line(with_whole_characters(page))) if row is not None)


def _answers(said: object, personal: Personal) -> object:
    """Answers in Meta's shape, {name, values}, or in any other: whatever is not known to be harmless is veiled."""
    if isinstance(said, list):
        return [_answer(one, personal) for one in said]
    return _veil("", said, personal)


def _answer(said: object, personal: Personal) -> object:
    question = said.get("name") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(question, str):
        return _veil("", said, personal)
    name = question.strip().lower()
    if name in personal.plain:
        return said
    if personal.veil == "dropped":
        return {"name": question}
    return {key: value if key == "name" else _veil(name, value, personal) for key, value in said.items()}


def _veil(name: str, said: object, personal: Personal) -> object:
    if said is None or personal.veil == "dropped":
        return None
    if isinstance(said, list):
        return [_veil(name, one, personal) for one in said]
    if isinstance(said, dict):
        return {key: _veil(str(key).lower(), one, personal) for key, one in said.items()}
    return digest(name, said if isinstance(said, str) else msgspec.json.encode(said).decode())
