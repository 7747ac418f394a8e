"""Lists of structs: made of rows, widened, said as JSON; in DuckDB a column of their own type that grows."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.catalog.stream import Kind
from facebook_marketing.engine.door import Rows
from facebook_marketing.records.shapes import make_struct
from facebook_marketing.sinks import lists
from facebook_marketing.sinks.arrow import CHANGES, to_table
from facebook_marketing.sinks.modes import Mode
from sinks.kit import Kit, Place, ask_folder
from sinks.test_arrow import NOW, stream

Stat = make_struct(
    "Stat",
    {
        "action_type": str | None,
        "value": Decimal | None,
        "1d_click": Decimal | None,
        "parts": list[Decimal | None] | None,
    },
)
Row = msgspec.defstruct("Row", [("id", str), ("x", list[Stat] | None | msgspec.UnsetType, msgspec.UNSET)])  # type: ignore[valid-type]

numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**19), max_value=10**19, places=4)
stats = st.lists(
    st.builds(
        Stat,
        action_type=st.text() | st.none() | st.just(msgspec.UNSET),
        value=numbers | st.none(),
        _1d_click=numbers | st.just(msgspec.UNSET),
        parts=st.lists(numbers | st.none(), max_size=3) | st.just(msgspec.UNSET),
    ),
    max_size=3,
)


def native(cells: Sequence[Any]) -> pa.Table:
    rows = [Row(str(number), cell) for number, cell in enumerate(cells)]
    return to_table(stream(Kind.STATS), Rows("cells", "1", rows), NOW, native=True)


def filled(cell: Any) -> Any:
    """Without keys that have no value; items of JSON are compared so."""
    if isinstance(cell, dict):
        return {key: filled(value) for key, value in cell.items() if value is not None}
    return [filled(value) for value in cell] if isinstance(cell, list) else cell


def said(cell: Any) -> Any:
    if cell is None or cell is msgspec.UNSET:
        return None
    return filled(json.loads(msgspec.json.Encoder(decimal_format="number").encode(cell), parse_float=Decimal))


def nul_free(cell: Any) -> bool:
    return cell is None or "\\u0000" not in msgspec.json.encode(cell).decode()


cells = st.lists((stats | st.none()).filter(nul_free), min_size=1, max_size=4)


@given(cells)
def test_a_list_of_structs_says_what_its_rows_say_as_arrow_and_as_json(sent: list[Any]) -> None:
    found = native(sent)
    column = found["x"].combine_chunks() if "x" in found.column_names else pa.nulls(len(sent))
    assert [filled(cell) for cell in column.to_pylist()] == [said(cell) for cell in sent]
    if lists.is_list(column.type):
        texts = lists.json_texts(column).to_pylist()
        assert [None if text is None else json.loads(text, parse_float=Decimal) for text in texts] == [
            said(cell) for cell in sent
        ]


@given(cells, st.integers(0, 3))
def test_a_list_of_structs_is_the_same_in_a_wider_type_and_when_it_was_cut(sent: list[Any], start: int) -> None:
    found = native(sent)
    if "x" not in found.column_names:
        return
    column = found["x"].combine_chunks().slice(start)
    wider = lists.merged(column.type, pa.list_(pa.struct([("28d_view", pa.decimal128(38, 18)), ("z", pa.string())])))
    wide = lists.widened(column, wider)
    assert wide.type == wider
    assert [filled(cell) for cell in wide.to_pylist()] == [filled(cell) for cell in column.to_pylist()]
    assert lists.json_texts(wide) == lists.json_texts(column)


def test_a_number_in_a_list_that_no_column_holds_is_null_there_and_kept_beside_the_row() -> None:
    found = native([[Stat(action_type="like", value=Decimal("1E-30"), _1d_click=Decimal(2))], [Stat(value=Decimal(3))]])
    assert [filled(cell) for cell in found["x"].to_pylist()] == [
        [{"action_type": "like", "1d_click": 2}],
        [{"value": 3}],
    ]
    [change, nothing] = found[CHANGES].to_pylist()
    assert nothing is None
    [told] = json.loads(change)
    assert (told["field"], json.loads(told["sent"], parse_float=Decimal)[0]["value"]) == ("x", Decimal("1E-30"))


async def load(kit: Kit, place: Place, *rows: msgspec.Struct) -> None:
    sink = kit.sink(place.url, Mode.DEDUPED)
    await sink.write(kit.rows(*rows))
    await sink.checkpoint("ads", {})
    await sink.close()


class Wider(msgspec.Struct, rename={"view_28d": "28d_view"}):
    action_type: str
    value: Decimal
    view_28d: Decimal
    new: msgspec.Raw


class WiderAd(msgspec.Struct):
    id: str
    actions: list[Wider]


NEWER = WiderAd("2", [Wider("like", Decimal("2.5"), Decimal(7), msgspec.Raw(b'{"a":[1]}'))])


async def test_duckdb_has_lists_of_structs_and_they_grow_by_the_keys_that_come(kit: Kit, duckdb_place: Place) -> None:
    await load(kit, duckdb_place, kit.ad(id="1", actions=[kit.stat(action_type="like", value=Decimal("1.5"))]))
    await load(kit, duckdb_place, NEWER)
    await load(kit, duckdb_place, kit.ad(id="3", actions=[kit.stat(action_type="post", value=Decimal(4))]))
    each = "select id, unnest(actions) as a from facebook_ads.ads"
    query = f'select id, a.value, a."28d_view", a.new from ({each}) order by id'
    assert duckdb_place.fetch(query) == [
        ("1", Decimal("1.5"), None, None),
        ("2", Decimal("2.5"), Decimal(7), '{"a":[1]}'),
        ("3", Decimal(4), None, None),
    ]
    [(kind,)] = duckdb_place.fetch("select distinct typeof(actions) from facebook_ads.ads")
    assert kind.startswith("STRUCT(action_type VARCHAR")
    assert kind.endswith("[]")


async def test_a_table_that_an_older_version_made_keeps_its_lists_as_json(kit: Kit, duckdb_place: Place) -> None:
    await load(kit, duckdb_place, kit.ad(id="1", actions=[kit.stat(action_type="like", value=Decimal("1.5"))]))
    with duckdb.connect(duckdb_place.url.removeprefix("duckdb:///")) as connection:
        connection.execute(
            "alter table facebook_ads.ads alter column actions set data type json using to_json(actions)"
        )
    await load(kit, duckdb_place, NEWER)
    found = duckdb_place.fetch("select id, typeof(actions), actions from facebook_ads.ads order by id")
    assert [(one, kind) for one, kind, _ in found] == [("1", "JSON"), ("2", "JSON")]
    assert json.loads(found[1][2]) == [{"action_type": "like", "value": 2.5, "28d_view": 7, "new": {"a": [1]}}]


async def test_a_folder_has_lists_of_structs_and_one_that_an_older_version_wrote_keeps_text(
    kit: Kit, tmp_path: Path
) -> None:
    place = Place("parquet", f"parquet:///{tmp_path}/lake", ask_folder(tmp_path / "lake"))
    await load(kit, place, kit.ad(id="1", actions=[kit.stat(action_type="like", value=Decimal("1.5"))]))
    await load(kit, place, NEWER)
    each = "select id, unnest(actions) as a from facebook_ads.ads"
    found = place.fetch(f'select id, a.value, a."28d_view" from ({each}) order by id')
    assert found == [("1", Decimal("1.5"), None), ("2", Decimal("2.5"), Decimal(7))]
    for file in (tmp_path / "lake" / "facebook_ads" / "ads").glob("*.parquet"):
        table = pq.read_table(file)
        place_of = table.column_names.index("actions")
        texts = pa.chunked_array([lists.json_texts(chunk) for chunk in table["actions"].chunks], pa.string())
        pq.write_table(table.set_column(place_of, "actions", texts), file)
    await load(kit, place, kit.ad(id="3", actions=[kit.stat(action_type="post", value=Decimal(4))]))
    texts = dict(place.fetch("select id, actions from facebook_ads.ads"))
    assert json.loads(texts["3"]) == [{"action_type": "post", "value": 4}]
    assert json.loads(texts["1"]) == [{"action_type": "like", "value": 1.5}]
