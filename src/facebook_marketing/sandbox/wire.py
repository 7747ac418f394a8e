r"""Bytes of the simulated Graph API: replies, and JSON as a PHP encoder writes it.

Meta's JSON is compact, keeps ASCII (``\uXXXX`` for the rest) and writes ``/`` as ``\/``.
"""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

__all__ = ["Answer", "SandboxReply", "encode", "pack"]

_NON_ASCII = re.compile("[^\x00-\x7f]+")
_GZIP_FROM = 1024
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class SandboxReply:
    """One HTTP reply as it leaves.

    ``delay`` seconds pass before the first byte. ``cut`` sends only that many bytes of the body and drops the
    connection. ``status`` 0 resets the connection at once.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    delay: float = 0.0
    cut: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A call's outcome before it becomes bytes: ``body`` is a JSON value, or bytes that are sent as they are."""

    body: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def encode(value: object) -> bytes:
    """Return ``value`` as JSON in Meta's manner."""
    raw = _ENCODER.encode(value)
    if b"/" in raw:
        raw = raw.replace(b"/", b"\\/")
    return raw if raw.isascii() else _NON_ASCII.sub(_escape, raw.decode()).encode()


def pack(body: bytes, accept_encoding: str) -> tuple[bytes, dict[str, str]]:
    """Return the body as sent and its headers: gzip for bodies over 1 kB where the caller accepts it."""
    headers = {"vary": "Accept-Encoding"}
    if "gzip" in accept_encoding and len(body) > _GZIP_FROM:
        squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
        body = squeeze.compress(body) + squeeze.flush()
        headers["content-encoding"] = "gzip"
    headers["content-length"] = str(len(body))
    return body, headers


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
