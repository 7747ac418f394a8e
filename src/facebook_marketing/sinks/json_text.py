"""JSON text that every database takes: what Meta sent, copied through where it can be."""

import re
from array import array
from collections.abc import Sequence

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

_EXACT = msgspec.json.Encoder(decimal_format="number")
_QUOTED = msgspec.json.Encoder()
_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u([0-9a-fA-F]{4})|\\.")
_ODD = re.compile(rb"NaN|Infinity|\\u0000|\\u[dD]")
_REPLACEMENT = "\\ufffd"
_SURROGATES = range(0xD800, 0xE000)


def json_text(value: object) -> str:
    """Encode a value (anything msgspec encodes, or msgspec.Raw) as JSON text, numbers with every digit.

    Errors: ValueError for what JSON or a database's JSON type refuses: NaN, infinity, NUL, half a surrogate pair.
    """
    text = _encoded(value)
    if _suspect(text) and text != mended_text(value):
        raise ValueError("holds NaN, infinity, NUL or half a surrogate pair, which databases refuse")
    return text


def json_lines(values: Sequence[object]) -> pa.Array | None:
    """Encode all values at once, "null" for None; None where any text has a line break, or what `json_text` refuses."""
    text = _EXACT.encode_lines(values)
    if any(mark in text and _ODD.search(text) for mark in (b"N", b"I", b"\\")):
        return None
    whole = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), 1, [None, pa.py_buffer(array("q", (0, len(text) - 1))), pa.py_buffer(text)]
    )
    try:
        lines = pc.split_pattern(whole.cast(pa.large_string()), "\n").flatten()
    except pa.ArrowInvalid:  # no UTF-8
        return None
    return lines.cast(pa.string()) if len(lines) == len(values) else None


def mended_text(value: object) -> str:
    """Encode it too, with U+FFFD for characters and a string for numbers that a database's JSON type refuses."""
    text = _encoded(value)
    if "NaN" in text or "Infinity" in text:
        text = _finite(text, value)
    return _ESCAPE.sub(_mended, text)


def plain_text(value: object) -> str:
    """Show what came, for a message: text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    try:
        return mended_text(value)
    except (TypeError, ValueError):
        return repr(value)


def _suspect(text: str) -> bool:
    """Look quickly, for nearly every text is sound, and most have no escape at all."""
    escaped = "\\u" in text and ("\\u0000" in text or "\\ud" in text or "\\uD" in text)
    return escaped or "NaN" in text or "Infinity" in text


def _encoded(value: object) -> str:
    raw = bytes(value) if isinstance(value, msgspec.Raw) else _EXACT.encode(value)
    return raw.decode("utf-8", "replace")


def _finite(text: str, value: object) -> str:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return _QUOTED.encode(text if isinstance(value, msgspec.Raw) else value).decode()
    return text


def _mended(escape: re.Match[str]) -> str:
    lone = escape[1]
    if lone is None:
        return escape[0]
    code = int(lone, 16)
    return _REPLACEMENT if code == 0 or code in _SURROGATES else escape[0]
