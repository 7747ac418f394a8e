"""Page bytes to typed rows: the hot loop. Pure.

A page is decoded in one go into structs made for the stream's columns. Where a page does not fit, it is taken row by row and
cell by cell: a cell that cannot be read becomes null and is *said*, it never becomes 0 and never stops a sync. Keys that Meta
sends unasked are kept: the struct grows by them.
"""

import keyword
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from facebook_marketing.catalog.stream import Column, Kind, Stream

MISSING_BREAKDOWN = "(none)"
"""What stands in the key when Meta leaves a breakdown's column out of a row (seen with hourly rows without impressions)."""

_UNREADABLE = "SOURCE_SERIALIZATION_ERROR"
UNFETCHED = "SOURCE_RETRIEVAL_ERROR"
"""Why a cell is null: Airbyte's words for a value that could not be read, and for one that Meta would not give."""

_ACTION_KEYS = (
    "action_canvas_component_name",
    "action_carousel_card_id",
    "action_carousel_card_name",
    "action_converted_product_id",
    "action_destination",
    "action_device",
    "action_reaction",
    "action_target_id",
    "action_type",
    "action_video_sound",
    "action_video_type",
)
_OFFSET = re.compile(r"([+-]\d{2})(\d{2})$")
_OLD_DATE = re.compile(r"^(\d{4}-\d{2}-\d{2})[tT ](\d{2}:\d{2}:\d{2})\s?([+-]?)(\d{2}):?(\d{2})$")
_RFC3339 = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$")
_NOT_NUMBERS = (b'nan"', b'inf"', b'infinity"')
_MOST_KEYS = 512
"""A struct grows by unknown keys up to here; an object with more is not a row of ours."""


@dataclass(frozen=True, slots=True)
class Nulled:
    """A cell that is null because its value could not be read: row number within the page, column, reason."""

    row: int
    field: str
    reason: str = _UNREADABLE


@dataclass(frozen=True, slots=True)
class Decoded:
    """A page's rows, in Meta's order."""

    rows: list[msgspec.Struct]
    nulled: tuple[Nulled, ...] = ()


def attribute(name: str) -> str:
    """The struct attribute of a column: its name, or a spelling that Python takes ("1d_click" -> "_1d_click")."""
    plain = re.sub(r"\W", "_", name)
    if not plain.isidentifier() or keyword.iskeyword(plain):
        plain = f"_{plain}"
    return plain


def make_struct(name: str, types: Mapping[str, Any]) -> type[msgspec.Struct]:
    """A struct type with these wire names; every field may be absent (UNSET) and is then not written."""
    attributes = {attribute(key): key for key in types}
    return msgspec.defstruct(
        name,
        [(attr, types[key] | UnsetType, UNSET) for attr, key in attributes.items()],
        rename={attr: key for attr, key in attributes.items() if attr != key} or None,
        gc=False,
        kw_only=True,
        forbid_unknown_fields=True,
    )


class Rows:
    """Decodes the pages of one stream. Knows the row type, grows it when Meta sends more than was asked."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._kinds: dict[str, Kind] = {column.name: column.kind for column in stream.columns}
        self._nested: dict[str, Any] = dict.fromkeys(self._nested_keys(), str | None)
        self._nested |= {window: Decimal | None for window in self._windows()}
        self._after: tuple[Callable[[msgspec.Struct, int], Nulled | None], ...] = ()
        if self._asked("objective_results"):  # Meta answers it under the key `results` (seen)
            self._kinds.setdefault("results", Kind.RESULTS)
        self._rebuild()

    def decode(self, page: bytes, account: str) -> Decoded:
        """The rows of a page (a JSON list), with `account_id` and lifted ids filled in.

        Raises:
            msgspec.DecodeError: the page is no JSON list of objects.
        """
        rows, nulled = self._typed(page)
        after = self._after
        if after:
            nulled += [said for i, row in enumerate(rows) for step in after if (said := step(row, i)) is not None]
        for name in self._stream.inject:
            attr, value = attribute(name), account
            for row in rows:
                if getattr(row, attr, None) in {UNSET, None}:
                    setattr(row, attr, value)
        return Decoded(rows, tuple(nulled))

    # --- types ---------------------------------------------------------------------------------------------------

    def _nested_keys(self) -> tuple[str, ...]:
        report = self._stream.report
        return _ACTION_KEYS if report is None else tuple(dict.fromkeys(("action_type", *report.action_breakdowns)))

    def _windows(self) -> tuple[str, ...]:
        report = self._stream.report
        return ("value",) if report is None else ("value", *report.attribution_windows)

    def _rebuild(self) -> None:
        stats = make_struct("ActionStats", self._nested)
        histogram = make_struct("Histogram", {**self._nested, "value": list[Decimal | None] | None})
        types: dict[Kind, Any] = {
            Kind.STRING: str | None,
            Kind.INTEGER: int | None,
            Kind.NUMBER: Decimal | None,
            Kind.BOOLEAN: bool | None,
            Kind.DATE: str | None,
            Kind.DATETIME: str | None,
            Kind.JSON: Raw,
            Kind.STATS: list[stats] | None,  # type: ignore[valid-type]  # a type made at run time
            Kind.HISTOGRAM: list[histogram] | None,  # type: ignore[valid-type]
            Kind.RESULTS: list[_Result] | None,
        }
        self._types = {name: types[kind] for name, kind in self._kinds.items()}
        self._row = make_struct("Row", self._types)
        self._decoder = msgspec.json.Decoder(list[self._row], strict=False)  # type: ignore[name-defined]
        self._cells = {name: msgspec.json.Decoder(kind, strict=False) for name, kind in self._types.items()}
        self._after = tuple(self._steps())

    def _steps(self) -> Iterable[Callable[[msgspec.Struct, int], Nulled | None]]:
        for name, kind in self._kinds.items():
            if kind is Kind.DATETIME:
                yield _datetime_step(name)
        report = self._stream.report
        if report is None:
            return
        for name in report.breakdowns:
            asset = f"{name}_id"
            if self._kinds.get(name) is Kind.JSON and asset in self._kinds:
                yield _lift_step(name, asset)
            elif self._kinds.get(name) is Kind.STRING:
                yield _fill_step(name)
        if self._asked("objective_results") and not self._asked("results"):
            yield _rename_step("results", "objective_results")

    def _asked(self, name: str) -> bool:
        return any(column.name == name for column in self._stream.columns)

    # --- decoding ------------------------------------------------------------------------------------------------

    def _typed(self, page: bytes) -> tuple[list[msgspec.Struct], list[Nulled]]:
        for _ in range(3):
            try:
                rows = self._decoder.decode(page)
            except msgspec.ValidationError as misfit:
                if "unknown field" not in str(misfit) or not self._grow(page):
                    break
                continue
            return (rows, []) if _all_finite(page) else self._one_by_one(page)
        return self._one_by_one(page)

    def _grow(self, page: bytes) -> bool:
        """Adds the keys that the page has and the struct has not; True when it grew."""
        before = len(self._kinds) + len(self._nested)
        for row in msgspec.json.decode(page, type=list[dict[str, Raw] | None]):
            for name, cell in (row or {}).items():
                kind = self._kinds.setdefault(name, Kind.JSON)
                if kind in {Kind.STATS, Kind.HISTOGRAM}:
                    self._grow_nested(bytes(cell))
        grown = len(self._kinds) + len(self._nested)
        if grown == before or grown > _MOST_KEYS:
            return False
        self._rebuild()
        return True

    def _grow_nested(self, cell: bytes) -> None:
        entries = msgspec.json.decode(cell)
        for entry in entries if isinstance(entries, list) else ():
            for key, value in entry.items() if isinstance(entry, dict) else ():
                text = key.startswith("action_") or _number(value) is None
                self._nested.setdefault(key, str | None if text else Decimal | None)

    def _one_by_one(self, page: bytes) -> tuple[list[msgspec.Struct], list[Nulled]]:
        rows: list[msgspec.Struct] = []
        nulled: list[Nulled] = []
        for raw in msgspec.json.decode(page, type=list[Raw]):
            cells = msgspec.json.decode(raw, type=dict[str, Raw] | None)
            if cells is None:
                continue  # `null` among the rows is no row
            values = {name: self._cell(name, bytes(cell)) for name, cell in cells.items() if name in self._kinds}
            nulled.extend(Nulled(len(rows), name) for name, value in values.items() if value is _BAD)
            nulled.extend(Nulled(len(rows), name) for name in cells if name not in self._kinds)
            rows.append(self._row(**{attribute(n): None if v is _BAD else v for n, v in values.items()}))
        return rows, nulled

    def _cell(self, name: str, raw: bytes) -> object:
        kind = self._kinds[name]
        try:
            value = self._cells[name].decode(raw)
        except msgspec.ValidationError:
            return self._lenient(kind, raw, name)
        if isinstance(value, Decimal) and not value.is_finite():
            return _BAD
        if isinstance(value, list):
            return [_finite_entry(entry) for entry in value]
        return value

    def _lenient(self, kind: Kind, raw: bytes, name: str) -> object:
        value = msgspec.json.decode(raw)
        match kind:
            case Kind.STRING | Kind.DATE | Kind.DATETIME:
                return raw.decode() if isinstance(value, dict | list) else _plain(value, raw)
            case Kind.NUMBER | Kind.INTEGER if value in {"", "NONE", "none"} if isinstance(value, str) else False:
                return None  # how Meta writes that there is none
            case Kind.NUMBER:
                number = _number(value)
                return _BAD if number is None else number
            case Kind.INTEGER:
                number = _number(value)
                return int(number) if number is not None and number == number.to_integral_value() else _BAD
            case Kind.STATS | Kind.HISTOGRAM if isinstance(value, list):
                return self._entries(raw, name)
            case _:
                return _BAD

    def _entries(self, raw: bytes, name: str) -> object:
        """The readable entries of a list of stats; one unreadable value becomes null within its entry."""
        entry_type = self._types[name].__args__[0].__args__[0]
        kept = []
        for entry in msgspec.json.decode(raw, type=list[dict[str, Raw]]):
            values: dict[str, object] = {}
            for key, cell in entry.items():
                values[attribute(key)] = _entry_cell(entry_type, key, bytes(cell))
            kept.append(entry_type(**{k: v for k, v in values.items() if k in entry_type.__struct_fields__}))
        return kept


class _ResultValue(msgspec.Struct, gc=False, omit_defaults=True):
    value: Decimal | None | UnsetType = UNSET
    attribution_windows: list[str] | None | UnsetType = UNSET


class _Result(msgspec.Struct, gc=False, omit_defaults=True):
    indicator: str | None | UnsetType = UNSET
    values: list[_ResultValue] | None | UnsetType = UNSET


class _Bad:
    """A cell that could not be read."""


_BAD = _Bad()


def _plain(value: object, raw: bytes) -> str:
    return value if isinstance(value, str) else raw.decode()


def _number(value: object) -> Decimal | None:
    """The number in a JSON value, or None. Never a float on the way: every digit stays."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    try:
        number = Decimal(str(value).strip())
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def _entry_cell(entry_type: type[msgspec.Struct], key: str, raw: bytes) -> object:
    wanted = next((f.type for f in msgspec.structs.fields(entry_type) if f.encode_name == key), None)
    try:
        value = msgspec.json.decode(raw, type=wanted, strict=False) if wanted is not None else None
    except msgspec.ValidationError:
        loose = msgspec.json.decode(raw)
        return loose if isinstance(loose, str) and wanted == str | None | UnsetType else None
    return None if isinstance(value, Decimal) and not value.is_finite() else value


def _finite_entry(entry: object) -> object:
    if isinstance(entry, msgspec.Struct):
        for attr in entry.__struct_fields__:
            value = getattr(entry, attr)
            if isinstance(value, Decimal) and not value.is_finite():
                setattr(entry, attr, None)
    return entry


def _all_finite(page: bytes) -> bool:
    """False when the page may hold "NaN" or "inf" where a number stands (Decimal would take them)."""
    low = page.lower()
    return not any(mark in low for mark in _NOT_NUMBERS)


# --- steps after decoding ------------------------------------------------------------------------------------------


def rfc3339(text: str) -> str | None:
    """A date-time of Meta's as RFC 3339: `-0700` gets its colon, old malformed ones are mended; None = unreadable."""
    if _OFFSET.search(text) is not None and text[10:11] == "T":
        return f"{text[:-2]}:{text[-2:]}"
    if _RFC3339.match(text):
        return text
    old = _OLD_DATE.match(text)
    if old is None:
        return None
    day, clock, sign, hours, minutes = old.groups()
    return f"{day}T{clock}{sign or '+'}{hours}:{minutes}"


def _datetime_step(name: str) -> Callable[[msgspec.Struct, int], Nulled | None]:
    attr = attribute(name)

    def mend(row: msgspec.Struct, number: int) -> Nulled | None:
        text = getattr(row, attr)
        if text is UNSET or text is None:
            return None
        if len(text) == 24 and text[-5] in "+-":  # noqa: PLR2004 - 2026-01-31T12:00:00-0700, nearly all of them
            setattr(row, attr, f"{text[:-2]}:{text[-2:]}")
            return None
        setattr(row, attr, mended := rfc3339(text))
        return Nulled(number, name) if mended is None else None

    return mend


def _lift_step(name: str, asset: str) -> Callable[[msgspec.Struct, int], Nulled | None]:
    source, target = attribute(name), attribute(asset)

    def lift(row: msgspec.Struct, _number: int) -> Nulled | None:
        raw = getattr(row, source)
        value = msgspec.json.decode(raw) if isinstance(raw, Raw) else None
        found = value.get("id") if isinstance(value, dict) else value
        setattr(row, target, MISSING_BREAKDOWN if found is None else str(found))
        return None

    return lift


def _fill_step(name: str) -> Callable[[msgspec.Struct, int], Nulled | None]:
    attr = attribute(name)

    def fill(row: msgspec.Struct, _number: int) -> Nulled | None:
        if getattr(row, attr) in {UNSET, None}:
            setattr(row, attr, MISSING_BREAKDOWN)
        return None

    return fill


def _rename_step(source: str, target: str) -> Callable[[msgspec.Struct, int], Nulled | None]:
    def rename(row: msgspec.Struct, _number: int) -> Nulled | None:
        if getattr(row, source) is not UNSET and getattr(row, target) is UNSET:
            setattr(row, target, getattr(row, source))
            setattr(row, source, UNSET)
        return None

    return rename


# --- keys ----------------------------------------------------------------------------------------------------------


def key_of(stream: Stream) -> Callable[[msgspec.Struct], object]:
    """What tells a row from all others of its account: its primary key, or its whole content where there is none."""
    attributes = tuple(attribute(name) for name in stream.primary_key)
    if not attributes:
        encode = msgspec.json.Encoder(decimal_format="number").encode
        return encode
    if len(attributes) == 1:
        only = attributes[0]
        return lambda row: getattr(row, only)
    return lambda row: tuple([getattr(row, attr) for attr in attributes])


def columns_of(stream: Stream, names: Sequence[str]) -> tuple[Column, ...]:
    """The stream's columns of these names, in the stream's order."""
    wanted = frozenset(names)
    return tuple(column for column in stream.columns if column.name in wanted)
