"""A segment: the rows of all streams since the last one, and the checkpoints that cover them. Applied whole or not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import pyarrow as pa

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.sinks.modes import Mode, tracked
from facebook_marketing.sinks.packed import Packed
from facebook_marketing.sinks.restore import Claim

Derived: TypeAlias = Callable[[Stream, pa.Table], Mapping[str, pa.Table]]
"""Child tables of some rows of a stream, by name.

The rows come as `arrow.to_table` made them: objects as JSON text, lists of structs as such or as JSON text, with
`_row_id`. Each child row has `_parent_id`, the `_row_id` of its row.
A column of JSON text says so in its field's metadata, {"kind": "json"}. Called with some thousand rows at a time, and
once with none: then it names all tables that the stream can have, with their columns.
"""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Everything of an account was read since `began`, or all rows of these days (first and last): the rest is gone."""

    account: str
    began: datetime
    window: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What one stream brings, in this order: rows, objects that are still there, what was read whole, its end.

    `rows` is None where none came. `present` are `_row_id`s. `complete`: how the stream ended; None = it goes on.
    """

    stream: Stream
    mode: Mode
    rows: Packed | None = None
    present: Sequence[str] = ()
    swept: Sequence[Sweep] = ()
    complete: bool | None = None

    @property
    def collects(self) -> bool:
        """Rows wait in `<table>__new` until the stream has come to its end."""
        return not self.mode.incremental

    @property
    def replaces(self) -> bool:
        """One row a key: what is gone at Meta can be told."""
        return self.mode in {Mode.DEDUPED, Mode.DEDUPED_HISTORY}

    @property
    def soft_deletes(self) -> bool:
        """The table says which objects are gone."""
        return tracked(self.stream) and self.replaces


@dataclass(frozen=True, slots=True)
class Segment:
    """What is loaded at once. `now` is the time of its loading."""

    now: datetime
    parts: Sequence[Part] = ()
    claims: Sequence[Claim] = ()
