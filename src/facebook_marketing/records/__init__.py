"""Page bytes to typed rows: the hot loop. Pure.

A page is decoded in one go into structs made for the stream's columns. Where a page does not fit, it is taken row by
row, and a row that does not fit cell by cell: a cell that cannot be read becomes null and is *said*, it never becomes 0
and never stops a sync. Keys that Meta sends unasked are kept: the structs grow by them.
"""

from facebook_marketing.records.decoded import MISSING_BREAKDOWN, UNFETCHED, Decoded, Nulled, Sealed
from facebook_marketing.records.rows import Rows, column_of, key_of, keys_of
from facebook_marketing.records.shapes import attribute, make_struct
from facebook_marketing.records.steps import rfc3339

__all__ = [
    "MISSING_BREAKDOWN",
    "UNFETCHED",
    "Decoded",
    "Nulled",
    "Rows",
    "Sealed",
    "attribute",
    "column_of",
    "key_of",
    "keys_of",
    "make_struct",
    "rfc3339",
]
