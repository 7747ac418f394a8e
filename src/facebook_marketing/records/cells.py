"""Cells: how a value of each kind is typed for msgspec, and how it is read alone when its page does not fit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw

from facebook_marketing.catalog.stream import Kind
from facebook_marketing.records.decoded import MISSING_BREAKDOWN

_STRING = msgspec.json.Decoder(str)
_LIST = msgspec.json.Decoder(list[Raw])

_MOST_DIGITS = 4000
"""Of a whole number: Python neither reads nor writes more than 4300 without being told to."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A kind of value: its type, and how it is read alone, from JSON that is not null. `null` stands for null."""

    type: Any
    read: Callable[[bytes], Any]
    null: Any = None


class UnreadableError(Exception):
    """A value could not be read, or not all of it; `kept` is what could."""

    def __init__(self, kept: Any = None) -> None:  # noqa: ANN401 - a cell of any type
        super().__init__()
        self.kept = kept


def text(raw: bytes) -> str:
    """The text of a JSON string; any other value as its JSON."""
    return _STRING.decode(raw) if raw[:1] == b'"' else raw.decode()


def number(raw: bytes) -> Decimal:
    """The number in a JSON number or string. Never a float on the way: every digit stays."""
    if raw[:1] not in b'"-0123456789':
        raise UnreadableError
    try:
        value = Decimal(text(raw))
    except ArithmeticError:
        raise UnreadableError from None
    if not value.is_finite():
        raise UnreadableError
    return value


def integer(raw: bytes) -> int:
    """The same for a whole number; "12.0" is one."""
    value = number(raw)
    if value.adjusted() > _MOST_DIGITS or value != value.to_integral_value():
        raise UnreadableError
    return int(value)


_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def boolean(raw: bytes) -> bool:
    """True or false, also as 1 and 0 and as text."""
    try:
        return _BOOLEANS[text(raw).lower()]
    except KeyError:
        raise UnreadableError from None


def elements(read: Callable[[bytes], Any], raw: bytes) -> list[Any]:
    """A list of values, null where one could not be read."""
    try:
        each = map(bytes, _LIST.decode(raw))
    except msgspec.ValidationError:
        raise UnreadableError from None
    kept: list[Any] = []
    whole = True
    for one in each:
        try:
            kept.append(None if one == b"null" else read(one))
        except UnreadableError as unreadable:
            kept.append(unreadable.kept)
            whole = False
    if not whole:
        raise UnreadableError(kept)
    return kept


TEXT = Cell(str | None, text)
TEXTS = Cell(list[str | None] | None, partial(elements, text))
NUMBER = Cell(Decimal | None, number)
NUMBERS = Cell(list[Decimal | None] | None, partial(elements, number))
ANYTHING = Cell(Raw, Raw, Raw(b"null"))
BREAKDOWN = Cell(str, text, MISSING_BREAKDOWN)
"""A part of the key: never null, never absent."""

# msgspec reads "9e15" by way of a double, exact below this; beyond it the page does not fit and `integer` reads it.
_EXACT = 2**53
CELLS: Mapping[Kind, Cell] = {
    Kind.STRING: TEXT,
    Kind.INTEGER: Cell(Annotated[int, Meta(gt=-_EXACT, lt=_EXACT)] | None, integer),
    Kind.NUMBER: NUMBER,
    Kind.BOOLEAN: Cell(bool | None, boolean),
    Kind.DATE: TEXT,
    Kind.DATETIME: TEXT,
    Kind.JSON: ANYTHING,
}
"""Kinds of one value; lists of objects have shapes."""
