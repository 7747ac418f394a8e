"""Items of JSON lists, one by one: what reads every list, however odd. `children.py` has a quicker way for tidy ones.

An item is read cell by cell. What no cell takes (an unknown key, a word where a number belongs, an item that is no
object) is kept as JSON in `_more`: nothing vanishes, and nothing stops a load.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from msgspec import Raw

from facebook_marketing.catalog.children import Cell, Child, Form, stats_cell
from facebook_marketing.catalog.stream import Kind
from facebook_marketing.records.steps import rfc3339
from facebook_marketing.sinks.arrow import LONGEST, PRECISION, SCALE

_ANYTHING = msgspec.json.Decoder()
_TEXT = msgspec.json.Decoder(str)
_BOOLEAN = msgspec.json.Decoder(bool)
_RAW = msgspec.json.Decoder(Raw)
_LIST = msgspec.json.Decoder(list[Raw])
_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_INT64 = range(-(2**63), 2**63)
_MOST_COLUMNS = 200  # an object with more keys than this is a map of things, not one thing
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, ValueError, InvalidOperation)


@dataclass(slots=True)
class Grown:
    """Rows of a child table, column by column. `parents` are row numbers of the parent; `cells` may grow.

    `place` counts a parent's rows, also where `index` begins again with each list.
    """

    cells: dict[str, Cell]
    parents: list[int] = field(default_factory=list)
    index: list[int] = field(default_factory=list)
    place: list[int] = field(default_factory=list)
    values: dict[str, list[Any]] = field(default_factory=dict)
    more: list[str | None] = field(default_factory=list)

    def add(self, parent: int, index: int, row: Mapping[str, Any], more: str | None) -> None:
        """Append a row. A cell that it lacks is null, and so are the cells of a new column in the rows before."""
        for name in row:
            if name not in self.values:
                self.values[name] = [None] * len(self.parents)
        for name, column in self.values.items():
            column.append(row.get(name))
        self.place.append(self.place[-1] + 1 if self.parents and self.parents[-1] == parent else 0)
        self.parents.append(parent)
        self.index.append(index)
        self.more.append(more)


def read_items(child: Child, texts: Sequence[str | None]) -> Grown:
    """Rows of the lists in these JSON texts, one text for each row of the parent."""
    grown = Grown({cell.name: cell for cell in child.cells})
    for parent, text in enumerate(texts):
        if text is not None:
            _FORMS[child.form](child, parent, _json(text), grown)
    return grown


def _json(text: str) -> bytes:
    """Take a text that is no JSON for a JSON string."""
    try:
        return bytes(_RAW.decode(text))
    except _UNREADABLE:
        return msgspec.json.encode(text)


def _items(child: Child, parent: int, raw: bytes, grown: Grown) -> None:
    for index, item in enumerate(_elements(_dig(raw, child.path))):
        grown.add(parent, index, *_row(child, grown, item))


def _results(child: Child, parent: int, raw: bytes, grown: Grown) -> None:
    """Make a row for each value of each item; one without a number where Meta gave none."""
    index = 0
    for item in _elements(raw):
        keys = _object(item)
        values = [] if keys is None else _elements(keys.pop("values", b"null"))
        outer, rest = _row(child, grown, item if keys is None else _raw(keys))
        for value in values or [b"{}"]:
            inner, more = _row(child, grown, value)
            grown.add(parent, index, {**outer, **inner}, f"[{rest},{more}]" if rest and more else rest or more)
            index += 1


def _tree(child: Child, parent: int, raw: bytes, grown: Grown, path: str = "") -> None:
    """Make a row for each item of each list below, lists inside of items included."""
    for key, value in (_object(raw) or {}).items():
        below = f"{path}.{key}" if path else key
        if not _is_list(value):
            _tree(child, parent, value, grown, below)
            continue
        for index, item in enumerate(_elements(value)):
            keys = _object(item) or {}
            lists = {name: part for name, part in keys.items() if _is_list(part)}
            leaf = _raw({name: part for name, part in keys.items() if name not in lists}) if lists else item
            row, rest = _row(child, grown, leaf)
            grown.add(parent, index, {**row, "path": below}, rest)
            _tree(child, parent, _raw(lists), grown, f"{below}.{index}")


_FORMS: Mapping[Form, Callable[[Child, int, bytes, Grown], None]] = {
    Form.ITEMS: _items,
    Form.STATS: _items,
    Form.RESULTS: _results,
    Form.TREE: _tree,
}


def _row(child: Child, grown: Grown, item: bytes) -> tuple[dict[str, Any], str | None]:
    """Read an item's cells; what is left of it is JSON text."""
    keys = _object(item)
    if keys is None:
        plain = [cell for cell in child.cells if cell.key is None and cell.name == "value" and not _is_list(item)]
        row = {cell.name: value for cell in plain if (value := _read(cell.kind, item)) is not None}
        return row, None if row else _plain(item)
    row, rest = {}, {}
    known = {cell.key: cell for cell in grown.cells.values()}
    for key, value in keys.items():
        cell = known.get(key) or _learn(child, grown, key)
        read = None if cell is None else _read(cell.kind, value)
        if cell is not None and read is not None:
            row[cell.name] = read
        elif value != b"null":
            rest[key] = value
    return row, _plain(_raw(rest)) if rest else None


def _learn(child: Child, grown: Grown, key: str) -> Cell | None:
    """Make a column of an action's window or breakdown that nobody asked for."""
    cell = stats_cell(key) if child.form is Form.STATS and len(grown.cells) < _MOST_COLUMNS else None
    if cell is None or cell.name in grown.cells:
        return None
    histogram = any(known.name == "value" and known.kind is Kind.JSON for known in child.cells)
    cell = Cell(cell.name, cell.key, Kind.JSON) if histogram and cell.kind is Kind.NUMBER else cell
    grown.cells[cell.name] = cell
    return cell


def _read(kind: Kind, raw: bytes) -> Any:  # noqa: ANN401 - each kind has its type
    """Read a value; None for null, and for what this kind does not hold."""
    try:
        return None if raw == b"null" else _READERS[kind](raw)
    except _UNREADABLE:
        return None


def _plain(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip()


def _text(raw: bytes) -> str | None:
    value = _ANYTHING.decode(raw)
    if isinstance(value, str):
        return None if "\x00" in value else value
    return None if isinstance(value, dict | list) else _plain(raw)


def _number(raw: bytes) -> Decimal | None:
    """Read a number or a text of digits; one with more digits than the column holds stays JSON."""
    digits = _plain(raw)
    number = Decimal(_TEXT.decode(raw) if digits.startswith('"') else digits)
    fits = number.is_finite() and len(str(number)) <= LONGEST and number.adjusted() < PRECISION - SCALE
    return number if fits and _places(number) <= SCALE else None


def _places(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else SCALE + 1


def _integer(raw: bytes) -> int | None:
    number = _number(raw)
    return int(number) if number is not None and number == int(number) and int(number) in _INT64 else None


def _moment(raw: bytes) -> str | None:
    return rfc3339(_TEXT.decode(raw))


_READERS: Mapping[Kind, Callable[[bytes], Any]] = {
    Kind.STRING: _text,
    Kind.NUMBER: _number,
    Kind.INTEGER: _integer,
    Kind.BOOLEAN: _BOOLEAN.decode,
    Kind.DATETIME: _moment,
    Kind.JSON: _plain,
}


def _elements(raw: bytes) -> list[bytes]:
    """Take a list apart. A single value is a list of one, null and nothing are empty."""
    if _is_list(raw):
        try:
            return [bytes(item) for item in _LIST.decode(raw)]
        except _UNREADABLE:
            return [raw]
    return [] if raw in {b"null", b""} else [raw]


def _dig(raw: bytes, path: Sequence[str]) -> bytes:
    for key in path:
        raw = (_object(raw) or {}).get(key, b"null")
    return raw


def _object(raw: bytes) -> dict[str, bytes] | None:
    if raw.lstrip()[:1] != b"{":
        return None
    try:
        return {key: bytes(value) for key, value in _OBJECT.decode(raw).items()}
    except _UNREADABLE:
        return None


def _is_list(raw: bytes) -> bool:
    return raw.lstrip()[:1] == b"["


def _raw(keys: Mapping[str, bytes]) -> bytes:
    return msgspec.json.encode({key: Raw(value) for key, value in keys.items()})
