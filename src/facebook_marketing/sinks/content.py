"""What a row says, as a hash: whether it says something new, whatever order its keys came in."""

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

# Addresses that Meta signs anew whenever they are asked for (the API notes on creatives, images and videos).
SIGNED = frozenset(
    ("thumbnail_url", "thumbnail_data_url", "image_url", "url", "url_128", "source", "picture", "format")
)

_ENCODER = msgspec.json.Encoder(decimal_format="string")
_SORTED = msgspec.json.Encoder(decimal_format="string", order="sorted")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def digest(parts: list[Any]) -> str:
    """128 bits of it, in hex."""
    return hashlib.blake2b(_ENCODER.encode(parts), digest_size=16).hexdigest()


def row_ids(key: Sequence[str], cells: Mapping[str, Sequence[Any]], size: int) -> list[str]:
    """Make 128 bits that tell rows apart: of the key's values, or of every value of the row where there is no key.

    A key part that Meta left out counts as null, which a database's own keys could not compare.
    """
    if key:
        absent: Sequence[Any] = [None] * size
        parts = zip(*(cells.get(name, absent) for name in key), strict=True)
        return [digest(list(part)) for part in parts]
    names = sorted(cells)
    rows = zip(*(cells[name] for name in names), strict=True)
    return [digest([[name, cell] for name, cell in zip(names, row, strict=True) if cell is not None]) for row in rows]


def contents(cells: Mapping[str, Sequence[Any]], size: int) -> list[str]:
    """Hash of all values of each row but the signed addresses; a null is as good as an absent field."""
    names = sorted(name for name in cells if name not in SIGNED)
    if not names:
        return [digest([])] * size
    rows = zip(*(cells[name] for name in names), strict=True)
    return [
        digest([[name, _plain(cell)] for name, cell in zip(names, row, strict=True) if cell is not None])
        for row in rows
    ]


def _plain(cell: object) -> object:
    """JSON with its keys in order: Meta promises none."""
    if not isinstance(cell, msgspec.Raw):
        return cell
    try:
        return msgspec.Raw(_SORTED.encode(_DECODER.decode(cell)))
    except (ValueError, RecursionError):
        return cell
