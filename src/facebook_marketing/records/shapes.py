"""Shapes: the objects of a page, each with its keys and the struct made for them. A shape grows by unknown keys."""

import keyword
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from facebook_marketing.records.cells import ANYTHING, Cell, UnreadableError, elements
from facebook_marketing.records.decoded import MISSING_BREAKDOWN

_LIST = msgspec.json.Decoder(list[Raw])
_OBJECT = msgspec.json.Decoder(dict[str, Raw])

_MOST_KEYS = 512
"""A struct grows by unknown keys up to here; an object with more is not a row of ours."""


def attribute(name: str) -> str:
    """The struct attribute of a column: its name, or a spelling that Python takes ("1d_click" -> "_1d_click")."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    if not plain.isidentifier() or keyword.iskeyword(plain):
        plain = f"_{plain}"
    return f"x{plain}" if plain.startswith("__") else plain  # two underscores are Python's own


def make_struct(name: str, types: Mapping[str, Any], defaults: Mapping[str, Any] | None = None) -> type[msgspec.Struct]:
    """A struct type with these wire names.

    A field may be absent (UNSET) and is then not written; one of `defaults` stands for itself instead.
    """
    attributes: dict[str, str] = {}
    for key in types:
        attr = attribute(key)
        while attr in attributes:  # "geo-markets" beside "geo_markets"
            attr += "_"
        attributes[attr] = key
    given = defaults or {}
    return msgspec.defstruct(
        name,
        [
            (attr, types[key], given[key]) if key in given else (attr, types[key] | UnsetType, UNSET)
            for attr, key in attributes.items()
        ],
        rename={attr: key for attr, key in attributes.items() if attr != key} or None,
        gc=False,
        kw_only=True,
        forbid_unknown_fields=True,
    )


class Shape:
    """One kind of object. `guess` says what cell an unknown key has. `build` before use, and when it has grown."""

    struct: type[msgspec.Struct]

    def __init__(
        self, name: str, cells: Mapping[str, "Cell | Shapes"], guess: Callable[[str], Cell] = lambda _: ANYTHING
    ) -> None:
        self._cells = dict(cells)
        self._name = name
        self._guess = guess

    @property
    def cells(self) -> Mapping[str, "Cell | Shapes"]:
        """What each key holds, as it is now: more when the shape has grown."""
        return self._cells

    def build(self) -> None:
        """Makes the struct anew. The shapes inside of it come first."""
        cells = self._cells
        breakdowns = {key: cell.null for key, cell in cells.items() if cell.null == MISSING_BREAKDOWN}
        self.struct = make_struct(self._name, {key: cell.type for key, cell in cells.items()}, breakdowns)
        keys = self.struct.__struct_encode_fields__
        self._attributes = dict(zip(keys, self.struct.__struct_fields__, strict=True))

    def read(self, raw: bytes) -> tuple[msgspec.Struct, list[str]]:
        """The object cell by cell, and the keys of which something could not be read.

        Raises:
            msgspec.ValidationError: it is no object.
        """
        values: dict[str, Any] = {}
        unread = []
        for key, value in _OBJECT.decode(raw).items():
            cell = self._cells.get(key)
            if cell is None:
                unread.append(key)
                continue
            content = bytes(value)
            try:
                read = cell.null if content == b"null" else cell.read(content)
            except UnreadableError as unreadable:
                unread.append(key)
                read = cell.null if unreadable.kept is None else unreadable.kept
            values[self._attributes[key]] = read
        return self.struct(**values), unread

    def learn(self, raw: Raw) -> bool:
        """Takes in the keys that the object has and the struct has not; True when there are any."""
        try:
            values = _OBJECT.decode(raw)
        except msgspec.ValidationError:
            return False
        grown = False
        for key, value in values.items():
            cell = self._cells.get(key)
            if cell is None:
                grown |= self._take(key)
            elif isinstance(cell, Shapes):
                grown |= cell.shape.learn_each(value)
        return grown

    def learn_each(self, raw: Raw) -> bool:
        """The same for each object of a list."""
        try:
            objects = _LIST.decode(raw)
        except msgspec.ValidationError:
            return False
        return sum(map(self.learn, objects)) > 0

    def _take(self, key: str) -> bool:
        if len(self._cells) >= _MOST_KEYS or not _can_be_a_field(key):
            return False
        self._cells[key] = self._guess(key)
        return True


def _can_be_a_field(key: str) -> bool:
    """A struct's keys are written as they are, without escapes."""
    return not any(character in '"\\' or character < " " for character in key)


class Shapes:
    """The cell of a list of objects."""

    null = None

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    @property
    def type(self) -> Any:  # noqa: ANN401 - a type made at run time
        """As it is now: it changes when the shape grows."""
        return list[self.shape.struct] | None  # type: ignore[name-defined]

    def read(self, raw: bytes) -> list[msgspec.Struct]:
        """The objects of the list. What is none is left out, and said by the error.

        Raises:
            UnreadableError: with what could be read.
        """
        whole = True
        try:
            entries = elements(self._entry, raw)
        except UnreadableError as unreadable:
            if unreadable.kept is None:
                raise
            entries, whole = unreadable.kept, False
        kept = [entry for entry in entries if entry is not None]
        if not whole or len(kept) < len(entries):
            raise UnreadableError(kept)
        return kept

    def _entry(self, raw: bytes) -> msgspec.Struct:
        try:
            struct, unread = self.shape.read(raw)
        except msgspec.ValidationError:
            raise UnreadableError from None
        if unread:
            raise UnreadableError(struct)
        return struct
