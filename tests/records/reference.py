"""What a page must become, computed slowly and by other means than the reader: json, regular expressions, strptime.

A number of JSON stays the text that it is (`Num`) until a column says what it means.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from facebook_marketing.catalog.stream import Column, Kind, Report, Stream

WINDOW = re.compile(r"\d+d_(click|view|ev|sequenced)\w*|dda|custom|default|(skan|incrementality)\w*")
ACTION_KEYS = re.compile(
    r"action_(canvas_component_name|carousel_card_(id|name)|destination|device|reaction|target_id|type"
    r"|video_(sound|type)|converted_product_id)"
)
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
MOMENTS = ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dt%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%d %H:%M:%S%z")
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Num(str):
    """A number as it stands in JSON."""

    __slots__ = ()


class Bad:
    """A value that cannot be read, or not all of it; `kept` is the rest."""

    def __init__(self, kept: Any = None) -> None:
        self.kept = kept


def loads(text: str | bytes) -> Any:
    """JSON with its numbers as they are written."""
    return json.loads(text, parse_int=Num, parse_float=Num)


def dumps(value: Any, *, ascii_only: bool = True, slashes: bool = False) -> str:
    """Compact JSON, as Meta writes it: with escapes for what is not ASCII, and for slashes, or without."""
    match value:
        case Num():
            return str(value)
        case str():
            text = json.dumps(value, ensure_ascii=ascii_only)
            return text.replace("/", "\\/") if slashes else text
        case dict():
            cells = ((dumps(key), dumps(cell, ascii_only=ascii_only, slashes=slashes)) for key, cell in value.items())
            return "{" + ",".join(f"{key}:{cell}" for key, cell in cells) + "}"
        case list():
            return "[" + ",".join(dumps(one, ascii_only=ascii_only, slashes=slashes) for one in value) + "]"
        case _:
            return json.dumps(value)


def plain(value: Any) -> Any:
    """Numbers of free-form JSON, comparable: every digit counts, the way of writing does not."""
    match value:
        case Num():
            return Decimal(value)
        case dict():
            return {key: plain(cell) for key, cell in value.items()}
        case list():
            return [plain(one) for one in value]
        case _:
            return value


def is_name(key: str) -> bool:
    """True for what a column may be called: not what JSON must write with an escape."""
    return re.search(r'["\\\x00-\x1f]', key) is None


def number(value: Any) -> Any:
    if not isinstance(value, str) or NUMBER.fullmatch(value) is None:
        return Bad()
    return Decimal(value.strip())


def integer(value: Any) -> Any:
    read = number(value)
    return read if isinstance(read, Decimal) and read == read.to_integral_value() else Bad()


def boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    return BOOLEANS.get(value.lower(), Bad()) if isinstance(value, str) else Bad()


def text(value: Any) -> Any:
    return str(value) if isinstance(value, str) else dumps(value)


def moment(value: Any) -> Any:
    written = re.sub(r"(?<=\d)\s?(?=\d{4}$)", "+", text(value)) if re.search(r"[tT]", text(value)) else text(value)
    for form in MOMENTS:
        try:
            read = datetime.strptime(written, form)  # noqa: DTZ007 - every form has its %z
        except ValueError:
            continue
        return read.isoformat().replace("+00:00", "Z") if written.endswith("Z") else read.isoformat()
    return Bad()


def _each(read: Any, value: Any) -> Any:
    if not isinstance(value, list):
        return Bad()
    each = [None if one is None else read(one) for one in value]
    kept = [one.kept if isinstance(one, Bad) else one for one in each]
    return Bad(kept) if any(isinstance(one, Bad) for one in each) else kept


def numbers(value: Any) -> Any:
    return _each(number, value)


def texts(value: Any) -> Any:
    return _each(text, value)


def objects(reads: Any, value: Any) -> Any:
    """A list of objects, without what is none; `reads` says how each key is read."""

    def entry(one: Any) -> Any:
        if not isinstance(one, dict):
            return Bad()
        cells = {key: (None if cell is None else reads(key)(cell)) for key, cell in one.items() if is_name(key)}
        kept = {key: cell.kept if isinstance(cell, Bad) else cell for key, cell in cells.items()}
        return Bad(kept) if len(cells) < len(one) or any(isinstance(cell, Bad) for cell in cells.values()) else kept

    each = _each(entry, value)
    if not isinstance(each, Bad) and None not in each:
        return each
    entries = each.kept if isinstance(each, Bad) else each
    return Bad(None if entries is None else [one for one in entries if one is not None])


def _stats(report: Report, count: Any) -> Any:
    def reads(key: str) -> Any:
        if key == "value" or key in report.attribution_windows or WINDOW.fullmatch(key):
            return count
        return text if ACTION_KEYS.fullmatch(key) or key in report.action_breakdowns else plain

    return lambda value: objects(reads, value)


def _results(value: Any) -> Any:
    inner = {"value": number, "attribution_windows": texts}
    outer = {"indicator": text, "values": lambda cell: objects(lambda key: inner.get(key, plain), cell)}
    return objects(lambda key: outer.get(key, plain), value)


def _read(stream: Stream, kind: Kind) -> Any:
    report = stream.report or Report()
    return {
        Kind.STRING: text,
        Kind.DATE: text,
        Kind.DATETIME: moment,
        Kind.INTEGER: integer,
        Kind.NUMBER: number,
        Kind.BOOLEAN: boolean,
        Kind.JSON: plain,
        Kind.STATS: _stats(report, number),
        Kind.HISTOGRAM: _stats(report, numbers),
        Kind.RESULTS: _results,
    }[kind]


def _asked_as(columns: Mapping[str, Column], row: Mapping[str, Any]) -> dict[str, str]:
    renamed = "objective_results" in columns and "results" not in columns
    return {"results": "objective_results"} if renamed and "objective_results" not in row else {}


def row(stream: Stream, account: str, sent: Mapping[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """The row that must leave, and the columns of which something could not be read."""
    columns = {column.name: column for column in stream.columns}
    names = _asked_as(columns, sent)
    kept: dict[str, Any] = {}
    unread: set[str] = set()
    for key, cell in sent.items():
        if not is_name(key):
            unread.add(key)
            continue
        name = names.get(key, key)
        kind = columns[name].kind if name in columns else Kind.JSON
        if key == "results" and "objective_results" in columns:
            kind = Kind.RESULTS
        read = None if cell is None else _read(stream, kind)(cell)
        if isinstance(read, Bad):
            unread.add(name)
            read = read.kept
        kept[name] = read
    for name in stream.inject:
        if name in columns and kept.get(name) is None:
            kept[name] = account
    _fill_key(stream, columns, kept, sent)
    return kept, unread


def _fill_key(stream: Stream, columns: Mapping[str, Column], kept: dict[str, Any], sent: Mapping[str, Any]) -> None:
    for name in stream.report.breakdowns if stream.report else ():
        asset = f"{name}_id"
        if name in columns and columns[name].kind is Kind.STRING and kept.get(name) is None:
            kept[name] = "(none)"
        elif asset in columns:
            value = sent.get(name)
            found = value.get("id", value) if isinstance(value, dict) else value
            kept[asset] = "(none)" if found in (None, {}, []) else text(found)
