"""Pages read as columns: the very cells that are read row by row, or none at all."""

import asyncio
import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from facebook_marketing.catalog.reports import custom, presets
from facebook_marketing.catalog.stream import Kind, Stream
from facebook_marketing.engine.door import Rows as Delivered
from facebook_marketing.records import Decoded, Rows, Sealed, column_of, keys_of
from facebook_marketing.sinks.arrow import arrow_schema, conformed, joined_schema, to_table
from facebook_marketing.sinks.columns import ColumnReader
from records import reference
from records.reference import Num
from records.test_laws import digits, encode, free, odd_texts, pages, texts, tokens

ACCOUNT = "1503900000000042"
NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
REPORTS = {
    stream.name: stream
    for stream in (
        *presets(),
        custom("flags", fields=("spend",), breakdowns=("is_auto_advance", "postback_sequence_index", "country")),
        custom("results", fields=("results", "cost_per_result", "spend")),
        custom("curves", fields=("video_play_curve_actions", "impressions")),
    )
}
PLAIN: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.STRING: texts | odd_texts,
    Kind.DATE: st.dates().map(str),
    Kind.INTEGER: digits,
    Kind.NUMBER: tokens | tokens.map(Num),
    Kind.BOOLEAN: st.booleans(),
    Kind.STATS: st.lists(
        st.fixed_dictionaries({"action_type": texts, "value": tokens}, optional={"1d_click": tokens | st.none()})
    ),
    Kind.HISTOGRAM: st.lists(st.fixed_dictionaries({"action_type": texts, "value": st.lists(tokens | st.none())})),
    Kind.RESULTS: st.lists(
        st.fixed_dictionaries(
            {"indicator": texts},
            optional={
                "values": st.lists(
                    st.fixed_dictionaries({"value": tokens}, optional={"attribution_windows": st.lists(texts)})
                )
            },
        )
    ),
}


@st.composite
def plain_pages(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """Pages as Meta sends them; now and then a cell is anything."""
    name = draw(st.sampled_from(sorted(REPORTS)))
    kinds = {column.name: column.kind for column in REPORTS[name].columns if column.kind in PLAIN}
    chosen = draw(st.lists(st.sampled_from(sorted(kinds)), unique=True, max_size=8))
    cell = {key: PLAIN[kinds[key]] | st.none() for key in chosen}
    rows = draw(st.lists(st.fixed_dictionaries({}, optional=cell), min_size=1, max_size=4))
    if draw(st.integers(0, 9)) == 0:
        rows[0] |= draw(st.dictionaries(st.sampled_from([*sorted(kinds), "new"]), free, max_size=2))
    return name, rows


def read(stream: Stream, page: bytes, *, native: bool = True) -> tuple[Sealed | None, Decoded]:
    rows = Rows(stream)
    reader = ColumnReader(rows, asyncio.Semaphore(1), native=native)
    return asyncio.run(reader(page, ACCOUNT)), Rows(stream).decode(page, ACCOUNT)


def table(stream: Stream, rows: Sequence[Any], *, native: bool) -> pa.Table:
    return to_table(stream, Delivered(stream.name, ACCOUNT, rows), NOW, native=native)


def cells(found: pa.Table, schema: pa.Schema) -> list[dict[str, Any]]:
    """Numbers by value: the column has them all at one scale."""
    rows: list[dict[str, Any]] = conformed(found, schema).to_pylist()
    return [{name: _plain(cell) for name, cell in row.items()} for row in rows]


def _plain(cell: Any) -> Any:
    if isinstance(cell, str) and cell[:1] == "[":
        try:
            return _filled(json.loads(cell, parse_float=Decimal, parse_int=Decimal))
        except ValueError:
            return cell
    return _filled(cell)


def _filled(cell: Any) -> Any:
    """Without nulls, which a list of structs has for every absent key."""
    if isinstance(cell, dict):
        return {key: _filled(value) for key, value in cell.items() if value is not None}
    return [_filled(value) for value in cell] if isinstance(cell, list) else cell


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(plain_pages() | pages(tuple(sorted(name for name in REPORTS if name.startswith("ads_")))), st.booleans())
def test_columns_are_the_cells_of_the_rows_or_there_are_none(
    page: tuple[str, list[dict[str, Any]]],
    native: bool,  # noqa: FBT001
) -> None:
    stream = REPORTS[page[0]]
    sent = reference.dumps(page[1]).encode()
    columns, decoded = read(stream, sent, native=native)
    event("as columns" if columns is not None else "row by row")
    if columns is None:
        return
    assert decoded.nulled == ()
    assert [encode(row) for row in columns] == [encode(row) for row in decoded.rows]
    assert list(keys_of(stream)(columns)) == list(keys_of(stream)(decoded.rows))
    for name in stream.primary_key:
        assert column_of(columns, name) == column_of(decoded.rows, name)
    by_columns, by_rows = (table(stream, rows, native=native) for rows in (columns, list(decoded.rows)))
    schema = joined_schema([arrow_schema(stream, native=native), by_columns.schema, by_rows.schema])
    assert cells(by_columns, schema) == cells(by_rows, schema)


INSIGHTS = REPORTS["ads_insights"]
ROW = {
    "date_start": "2026-11-01",
    "date_stop": "2026-11-01",
    "account_id": ACCOUNT,
    "ad_id": "1",
    "spend": "12.50",
    "impressions": "7",
    "actions": [{"action_type": "like", "value": "3", "1d_click": "1"}],
}


@pytest.mark.parametrize("native", (True, False))
def test_a_usual_page_is_read_as_columns(native: bool) -> None:  # noqa: FBT001
    columns, _ = read(INSIGHTS, json.dumps([ROW, {**ROW, "ad_id": "2"}]).encode(), native=native)
    assert columns is not None
    [one, other] = table(INSIGHTS, columns, native=native).to_pylist()
    assert (one["spend"], one["impressions"], one["date_start"]) == (Decimal("12.50"), 7, dt.date(2026, 11, 1))
    assert (one["ad_id"], other["ad_id"], one["account_id"]) == ("1", "2", ACCOUNT)
    assert one["_row_id"] != other["_row_id"]
    lists = one["actions"] if native else json.loads(one["actions"])
    assert _filled(lists) == [{"action_type": "like", "value": 3, "1d_click": 1}]


@pytest.mark.parametrize(
    "change",
    (
        {"spend": "NaN"},
        {"spend": "1E-30"},
        {"spend": " 5"},
        {"spend": True},
        {"spend": "123456789012345678901"},
        {"impressions": "1.5"},
        {"impressions": "0x1F"},
        {"impressions": str(2**63)},
        {"ad_id": 5},
        {"ad_name": "a\x00b"},
        {"brand_new": "x"},
        {"actions": [None]},
        {"actions": [{"action_type": "like", "brand_new": "x"}]},
        {"actions": {"action_type": "like"}},
        {"actions": [{"value": "three"}]},
        {"actions": [{"value": "12345678901234567890123"}]},
    ),
    ids=repr,
)
def test_a_page_with_anything_odd_is_left_to_the_rows(change: dict[str, Any]) -> None:
    columns, _ = read(INSIGHTS, json.dumps([ROW, {**ROW, **change}]).encode())
    assert columns is None


@pytest.mark.parametrize("page", (b"[]", b"[null]", b"{}", b"[{}", b'[{"ad_id":"\\ud800"}]', b'[{"ad_id":"1"}],"x":[]'))
def test_what_is_no_page_of_rows_is_left_to_them_too(page: bytes) -> None:
    rows = Rows(INSIGHTS)
    assert asyncio.run(ColumnReader(rows, asyncio.Semaphore(1), native=True)(page, ACCOUNT)) is None


@pytest.mark.parametrize("number", ("+5", "05", "5.", ".5"))
def test_a_number_that_json_would_not_write_so_is_right_where_lists_are_text(number: str) -> None:
    sent = json.dumps([{**ROW, "actions": [{"action_type": "like", "value": number}]}]).encode()
    columns, decoded = read(INSIGHTS, sent, native=False)
    assert columns is None
    assert json.loads(table(INSIGHTS, decoded.rows, native=False)["actions"][0].as_py())[0]["value"] == float(number)


async def test_a_column_that_comes_late_is_read_and_one_that_nobody_knows_is_learned() -> None:
    rows = Rows(INSIGHTS)
    reader = ColumnReader(rows, asyncio.Semaphore(1), native=True)
    few = {"ad_id": "1", "date_start": "2026-11-01", "account_id": ACCOUNT}
    assert await reader(json.dumps([few]).encode(), ACCOUNT) is not None
    late = await reader(json.dumps([few | {"clicks": "3"}]).encode(), ACCOUNT)
    assert late is not None
    assert late.columns["clicks"].to_pylist() == [3]
    odd = json.dumps([{**ROW, "actions": [{"action_type": "like", "28d_view": "2"}]}]).encode()
    assert await reader(odd, ACCOUNT) is None
    rows.decode(odd, ACCOUNT)
    refused = await reader(b"[]", ACCOUNT)  # whatever is refused next makes it look at what was learned
    assert refused is None
    again = await reader(odd, ACCOUNT)
    assert again is not None
    [action] = again.columns["actions"].to_pylist()[0]
    assert action["28d_view"] == 2
