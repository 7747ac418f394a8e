"""Rows that wait to be loaded, and what covers them."""

import asyncio
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.sinks import duck, packed
from facebook_marketing.sinks.arrow import ROW_ID
from facebook_marketing.sinks.loading import Loader
from facebook_marketing.sinks.packed import Bundle, Packed
from facebook_marketing.sinks.segment import Segment
from sinks.kit import Kit, Place

ACTIONS = pa.list_(pa.struct([("action_type", pa.string())]))
WIDER = pa.list_(pa.struct([("value", pa.int64()), ("action_type", pa.string())]))

pages = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 9) | st.none()), min_size=1, max_size=5),
        st.sampled_from((None, ACTIONS, WIDER)),
    ),
    min_size=1,
    max_size=6,
)


def page(rows: Sequence[tuple[str, int | None]], kind: pa.DataType | None) -> pa.Table:
    table = pa.table({ROW_ID: [one for one, _ in rows], "n": pa.array([number for _, number in rows], pa.int64())})
    if kind is None:
        return table
    items = [[{"action_type": one, "value": number}] for one, number in rows]
    return table.append_column("actions", pa.array(items, kind))


def values(table: pa.Table) -> list[tuple[Any, ...]]:
    found = [(row[ROW_ID], row["n"], row.get("actions")) for row in table.to_pylist()]
    return [(one, number, actions and [item["action_type"] for item in actions]) for one, number, actions in found]


@given(pages, st.integers(1, 4))
def test_what_was_packed_is_taken_out_again_with_the_last_row_of_each_id(
    sent: list[tuple[list[tuple[str, int | None]], pa.DataType | None]], together: int
) -> None:
    bundles = [Bundle()]
    for number, (rows, kind) in enumerate(sent):
        if number % together == 0:
            bundles.append(Bundle())
        bundles[-1].add(page(rows, kind))
    found = Packed.of([bundle.packed() for bundle in bundles if bundle.rows])
    whole = [(one, number, None if kind is None else [one]) for rows, kind in sent for one, number in rows]
    last = {row[0]: place for place, row in enumerate(whole)}
    expected = [row for place, row in enumerate(whole) if last[row[0]] == place]
    assert values(found.table()) == expected
    assert found.num_rows == len(expected)
    assert found.ids().to_pylist() == [row[0] for row in expected]
    assert values(pa.concat_tables(found.tables(2))) == expected
    assert values(found.reader().read_all()) == expected
    every_second = [place % 2 == 0 for place in range(len(expected))]
    assert values(found.only(every_second).table()) == expected[::2]
    assert values(found.only(every_second).only([True] * len(expected[::2])).table()) == expected[::2]
    assert found.rename([name.upper() for name in found.column_names]).table().column_names == [
        name.upper() for name in found.column_names
    ]
    full = {"n": any(number is not None for _, number, _ in whole), "actions": any(row[2] for row in whole)}
    kept = found.with_values(frozenset((ROW_ID,))).column_names
    assert set(kept) == {ROW_ID, *(name for name, there in full.items() if there)}


@pytest.mark.parametrize("seed", range(5))
async def test_no_segment_claims_a_row_that_it_has_not_however_many_write_at_once(
    kit: Kit, duckdb_place: Place, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Each writer's checkpoint says how many of its rows came before it."""
    monkeypatch.setattr(packed, "_FULL", 3)
    dice = random.Random(seed)
    written = dict.fromkeys("abcd", 0)
    loaded: set[str] = set()
    apply = Loader.apply

    def seeing(self: Loader, segment: Segment) -> list[str]:
        for part in segment.parts:
            loaded.update(part.rows.table()["id"].to_pylist() if part.rows is not None else ())
        for claim in segment.claims:
            counts: dict[str, int] = msgspec.json.decode(claim.state)
            assert {f"{writer}{number}" for writer, most in counts.items() for number in range(most)} <= loaded
        return apply(self, segment)

    monkeypatch.setattr(Loader, "apply", seeing)
    sink = kit.sink(duckdb_place.url, flush_rows=7)
    covered = dict.fromkeys(written, 0)

    async def work(writer: str) -> None:
        for _ in range(20):
            rows = [kit.ad(id=f"{writer}{written[writer] + number}") for number in range(dice.randrange(1, 4))]
            written[writer] += len(rows)
            await sink.write(kit.rows(*rows))
            covered[writer] += len(rows)
            if dice.random() < 0.5:
                await sink.checkpoint("ads", dict(covered))
            await asyncio.sleep(0)

    await asyncio.gather(*map(work, written))
    await sink.checkpoint("ads", dict(covered))
    await sink.close()
    assert duckdb_place.fetch("select count(*), count(distinct id) from facebook_ads.ads") == [
        (sum(written.values()), sum(written.values()))
    ]


async def test_a_load_that_wants_more_memory_than_duckdb_was_given_gets_it(
    kit: Kit, duckdb_place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The failed load has left nothing, and later ones go on."""
    caplog.set_level("INFO")
    monkeypatch.setattr(duck, "MODEST", {**duck.MODEST, "memory_limit": "16MB"})
    sink = kit.sink(duckdb_place.url, flush_rows=60_000)
    for start in range(0, 180_000, 20_000):
        ads = [
            kit.ad(id=str(number), name=f"{number} " * 40, spend=Decimal(number), clicks=number)
            for number in range(start, start + 20_000)
        ]
        await sink.write(kit.rows(*ads))
        await sink.checkpoint("ads", {"at": start})
    await sink.close()
    assert "wants more memory, and gets it" in caplog.text
    assert duckdb_place.fetch("select count(*), count(distinct id), sum(clicks) from facebook_ads.ads") == [
        (180_000, 180_000, sum(range(180_000)))
    ]
    assert await kit.restored(duckdb_place.url) == {"ads": {"at": 160_000}}
