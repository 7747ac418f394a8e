"""What comes of a page: its rows, and which cells could not be read."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Decoded:
    """A page's rows, in Meta's order."""

    rows: list[msgspec.Struct]
    nulled: tuple[Nulled, ...] = ()
