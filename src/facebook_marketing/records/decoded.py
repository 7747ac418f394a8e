"""What comes of a page: its rows, and which cells could not be read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import msgspec

MISSING_BREAKDOWN = "(none)"
"""What stands in the key when Meta leaves a breakdown's column out of a row (seen: hourly rows without impressions)."""

UNREADABLE = "SOURCE_SERIALIZATION_ERROR"
UNFETCHED = "SOURCE_RETRIEVAL_ERROR"
"""Why a cell is null: Airbyte's words for a value that could not be read, and for one that Meta would not give."""


@dataclass(frozen=True, slots=True)
class Nulled:
    """A cell of which something could not be read and is null: row number within the page, column, reason."""

    row: int
    field: str
    reason: str = UNREADABLE


class Sealed(Sequence[msgspec.Struct]):
    """Rows that lie in columns: they are counted and known by cells, and made only when somebody looks at one.

    `columns` is whatever the sink that asked for them works with; `column` gives the cells of one of them that is text
    as the rows would have them (an absent one is None), `unsealed` makes the rows. Every cell of them was readable.
    """

    __slots__ = ("_rows", "_size", "_unsealed", "column", "columns")

    def __init__(
        self,
        columns: Any,  # noqa: ANN401 - see above
        size: int,
        column: Callable[[str], list[Any]],
        unsealed: Callable[[], list[msgspec.Struct]],
    ) -> None:
        self.columns = columns
        self.column = column
        self._size = size
        self._unsealed = unsealed
        self._rows: list[msgspec.Struct] | None = None

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> msgspec.Struct: ...
    @overload
    def __getitem__(self, index: slice) -> list[msgspec.Struct]: ...
    def __getitem__(self, index: int | slice) -> msgspec.Struct | list[msgspec.Struct]:
        return self._open()[index]

    def __iter__(self) -> Iterator[msgspec.Struct]:
        return iter(self._open())

    def _open(self) -> list[msgspec.Struct]:
        if self._rows is None:
            self._rows = self._unsealed()
        return self._rows


@dataclass(frozen=True, slots=True)
class Decoded:
    """A page's rows, in Meta's order."""

    rows: Sequence[msgspec.Struct]
    nulled: tuple[Nulled, ...] = ()
