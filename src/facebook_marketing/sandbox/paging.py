"""Cursors and pages of edges, and the offset cursors of insights.

Cursors are base64 with its padding written as ``ZD``, as Meta's are. An edge cursor holds the place and the identity of
the row it stands on, so that it survives rows that come in before it; one whose row has gone is refused (2642).
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import msgspec

from .errors import GraphError
from .params import SECRET, Params

__all__ = ["DEFAULT_LIMIT", "Page", "Slice", "UrlOf", "cut", "offset_cursor", "offset_of", "paging"]

DEFAULT_LIMIT = 25
_GAP_ONE_IN = 9
_OWN = frozenset({"after", "before", "access_token", "method"})

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows ``[start, stop)`` of a listing; ``gap`` marks a page that holds rows back and yet goes on."""

    start: int
    stop: int
    total: int
    gap: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The ends of a page: cursors, and whether rows lie beyond them."""

    before: str
    after: str
    has_next: bool
    has_previous: bool


def encode(text: str) -> str:
    """Return a cursor: base64 whose padding is written as ``ZD``."""
    return urlsafe_b64encode(text.encode()).decode().replace("=", "ZD")


def decode(cursor: str) -> str:
    """Return the text of a cursor. Raises 2642 for one that the sandbox did not make."""
    pads = len(cursor) % 4
    stem = cursor[: len(cursor) - 2 * pads] + "=" * pads
    try:
        if cursor != encode(text := urlsafe_b64decode(stem).decode()):
            raise _bad_cursor()
    except (BadBase64, ValueError):
        raise _bad_cursor() from None
    return text


def offset_cursor(offset: int) -> str:
    """Return the cursor of a row of insights: ``MAZDZD`` for row 0."""
    return encode(str(max(offset, 0)))


def offset_of(cursor: str) -> int:
    """Return the row of an insights cursor. Raises 2642."""
    text = decode(cursor)
    if not text.isdigit():
        raise _bad_cursor()
    return int(text)


def cut(rows: Sequence[Row], params: Params, limit: int, *, gaps: str | None) -> tuple[Slice, Page]:
    """Find the page that ``after`` or ``before`` and ``limit`` ask for.

    ``gaps`` names the listing where now and then a page shall be short or empty though rows follow; None: never.
    """
    total = len(rows)
    if "before" in params and "after" not in params:
        stop = _place(rows, params.text("before"))[0]
        piece = Slice(max(0, stop - limit), stop, total)
    else:
        at, patched = _place(rows, params.text("after")) if "after" in params else (-1, False)
        start = at + 1
        keep = min(limit, total - start) if patched or gaps is None else _gapped(gaps, start, limit, total)
        piece = Slice(start, start + keep, total, gap=keep == 0 and start < total)
    return piece, _ends(rows, piece)


def paging(page: Page, url: "UrlOf") -> dict[str, object]:
    """Return the ``paging`` object: cursors always, ``next`` and ``previous`` only where rows lie."""
    links: dict[str, object] = {"cursors": {"before": page.before, "after": page.after}}
    if page.has_next:
        links["next"] = url("after", page.after)
    if page.has_previous:
        links["previous"] = url("before", page.before)
    return links


class UrlOf:
    """Makes the addresses of neighbour pages of one call."""

    __slots__ = ("_base", "_params", "_token")

    def __init__(self, base: str, params: Params, token: str) -> None:
        """Take the address without its query, the call's parameters and its token."""
        self._base, self._params, self._token = base, params, token

    def __call__(self, name: str, cursor: str) -> str:
        """Return the address with ``name=cursor``, the token in it, as Meta writes it."""
        given = self._params.pairs
        kept = [(key, _text(value)) for key, value in given if key not in _OWN and key not in SECRET]
        query = urlencode([("access_token", self._token), *kept, (name, cursor)], quote_via=quote)
        return f"{self._base}?{query}"


def _ends(rows: Sequence[Row], piece: Slice) -> Page:
    first = _cursor(rows, piece.start, patched=False)
    last = _cursor(rows, piece.stop - 1, patched=piece.gap)
    return Page(first, last, has_next=piece.stop < piece.total, has_previous=piece.start > 0)


def _gapped(name: str, start: int, limit: int, total: int) -> int:
    """Return how many rows the page holds: now and then none or half, never where the listing ends anyway."""
    left = total - start
    if left <= limit:
        return left
    draw = hashlib.blake2b(f"{name}:{start}".encode(), digest_size=2).digest()
    if draw[0] % _GAP_ONE_IN:
        return limit
    return 0 if draw[1] % 2 else (limit + 1) // 2


def _cursor(rows: Sequence[Row], index: int, *, patched: bool) -> str:
    """Write a cursor; ``patched`` marks the one after an empty page, so that the walk cannot stand still."""
    mark = "e" if patched else "r"
    return encode(f"AQHR{mark}{index}:{_identity(rows[index]) if 0 <= index < len(rows) else ''}")


def _place(rows: Sequence[Row], cursor: str) -> tuple[int, bool]:
    """Return the index that a cursor stands on now, and whether it followed an empty page."""
    text = decode(cursor)
    number, _, identity = text[5:].partition(":")
    if not text.startswith("AQHR") or not number.lstrip("-").isdigit():
        raise _bad_cursor()
    index, patched = int(number), text[4] == "e"
    if not identity or (index < len(rows) and _identity(rows[index]) == identity):
        return min(index, len(rows) - 1), patched
    for at, row in enumerate(rows):
        if _identity(row) == identity:
            return at, patched
    raise _bad_cursor()


def _identity(row: Row) -> str:
    known = row.get("id")
    if known is not None:
        return str(known)
    return hashlib.blake2b(repr(sorted(row.items())).encode(), digest_size=9).hexdigest()


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _bad_cursor() -> GraphError:
    return GraphError("(#2642) Invalid cursors values", 2642)
