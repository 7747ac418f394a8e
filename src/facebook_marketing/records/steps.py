"""What is done to rows after decoding: date-times, ids of assets, a key that Meta answers under another name."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from facebook_marketing.catalog.schema import asset_ids
from facebook_marketing.catalog.stream import Kind, Stream
from facebook_marketing.records.cells import text
from facebook_marketing.records.decoded import MISSING_BREAKDOWN, Nulled
from facebook_marketing.records.shapes import attribute

Step = Callable[[Sequence[Any], list[Nulled]], None]
"""Changes a page's rows in place, and the list of what could not be read."""

RENAMED = ("results", "objective_results")
"""Meta answers the second under the first (seen)."""

_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_MOMENT = re.compile(
    # Without a sign too, as old objects have it: 2023-01-19t20:38:59 0000
    r"(\d{4}-\d\d-\d\d)[tT ](\d\d:\d\d:\d\d(?:\.\d+)?)\s?(?:[zZ]|([+-]?)(\d\d):?(\d\d))",
    re.ASCII,
)


def is_renamed(stream: Stream) -> bool:
    """True when what comes as `results` must be what was asked as `objective_results`."""
    sent, asked = RENAMED
    names = {column.name for column in stream.columns}
    return asked in names and sent not in names


def steps(stream: Stream) -> Iterable[Step]:
    """What the stream's rows need; for most reports nothing."""
    names = {column.name for column in stream.columns}
    for column in stream.columns:
        if column.kind is Kind.DATETIME:
            yield partial(_mend_moments, column.name)
    for asset, target in asset_ids(stream.report) if stream.report else ():
        if {asset, target} <= names:
            yield partial(_lift_id, attribute(asset), attribute(target))
    if is_renamed(stream):
        yield partial(_rename, *RENAMED)


def rfc3339(moment: str) -> str | None:
    """A date-time of Meta's as RFC 3339: `-0700` gets its colon, old malformed ones are mended; None = unreadable."""
    found = _MOMENT.fullmatch(moment)
    if found is None:
        return None
    day, clock, sign, hours, minutes = found.groups()
    mended = f"{day}T{clock}Z" if hours is None else f"{day}T{clock}{sign or '+'}{hours}:{minutes}"
    try:
        datetime.fromisoformat(mended)
    except ValueError:
        return None
    return mended


def _mend_moments(name: str, rows: Sequence[Any], nulled: list[Nulled]) -> None:
    attr = attribute(name)
    parse = datetime.fromisoformat
    for number, row in enumerate(rows):
        moment = getattr(row, attr)
        if moment is UNSET or moment is None:
            continue
        mended: str | None
        try:
            usual = len(moment) == _USUAL and moment[4] == moment[7] == "-" and moment[10] == "T" and moment[19] in "+-"
            usual = usual and parse(moment) is not None
        except ValueError:
            usual = False
        mended = f"{moment[:22]}:{moment[22:]}" if usual else rfc3339(moment)
        setattr(row, attr, mended)
        if mended is None:
            nulled.append(Nulled(number, name))


_USUAL = len("2026-01-31T12:00:00-0700")


def _lift_id(source: str, target: str, rows: Sequence[Any], _nulled: list[Nulled]) -> None:
    """An asset without an id is told apart by all that it says."""
    for row in rows:
        sent = getattr(row, source)
        raw = b"null" if sent is UNSET else bytes(sent)
        if raw[:1] == b"{":
            raw = bytes(_OBJECT.decode(raw).get("id", raw))
        setattr(row, target, MISSING_BREAKDOWN if raw in {b"null", b"{}", b"[]"} else text(raw))


def _rename(sent: str, asked: str, rows: Sequence[Any], nulled: list[Nulled]) -> None:
    moved = set()
    for number, row in enumerate(rows):
        value = getattr(row, sent)
        if value is not UNSET and getattr(row, asked) is UNSET:
            setattr(row, asked, value)
            setattr(row, sent, UNSET)
            moved.add(number)
    nulled[:] = [replace(one, field=asked) if one.field == sent and one.row in moved else one for one in nulled]
