"""The law of the sink: whatever was written, checkpointed, listed and killed before, a whole sync leaves the truth."""

import asyncio
import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facebook_marketing.engine.door import Present, Status, StreamStatus, Swept
from facebook_marketing.sinks.modes import Mode
from facebook_marketing.sinks.warehouse import Warehouse
from sinks.kit import Kit, Place, StillClock, ask_duckdb

Rows = dict[str, str]
KEYS = st.sampled_from("123")
NAMES = st.sampled_from("ab")
STEPS = st.one_of(
    st.tuples(st.just("write"), KEYS, NAMES),
    st.tuples(st.just("checkpoint")),
    st.tuples(st.just("present"), KEYS),
    st.tuples(st.just("swept")),
    st.tuples(st.just("end"), st.booleans()),
)
SYNCS = st.lists(st.tuples(st.lists(STEPS, max_size=7), st.booleans()), max_size=3)
TRUTH = st.dictionaries(KEYS, NAMES, min_size=1)


async def play(kit: Kit, sink: Warehouse, steps: Sequence[tuple[Any, ...]]) -> None:
    await sink.restore()
    for step in steps:
        match step:
            case ("write", key, name):
                await sink.write(kit.rows(kit.ad(id=key, name=name, account_id="1")))
            case ("checkpoint",):
                await sink.checkpoint("ads", {"at": 1})
            case ("present", key):
                await sink.event(Present("ads", "1", (key,)))
            case ("swept",):
                await sink.event(Swept("ads", "1"))
            case ("end", whole):
                await sink.event(Status("ads", StreamStatus.COMPLETE if whole else StreamStatus.INCOMPLETE))
            case _:
                raise AssertionError(step)


async def killed(sink: Warehouse) -> None:
    """What is not loaded yet is lost, and the lock goes with the process."""
    await sink._settled()
    assert sink._loader is not None
    sink._loader.close()


async def live(kit: Kit, place: Place, mode: Mode, syncs: Sequence[tuple[Sequence[Any], bool]], truth: Rows) -> None:
    for steps, ends in syncs:
        sink = kit.sink(place.url, mode, (kit.ads,), flush_rows=2)
        await play(kit, sink, steps)
        await (sink.close() if ends else killed(sink))
        kit.clock.seconds += 60
    sink = kit.sink(place.url, mode, (kit.ads,), flush_rows=2)
    whole = [step for key, name in truth.items() for step in (("write", key, name), ("checkpoint",))]
    await play(kit, sink, [*whole, ("swept",), ("checkpoint",), ("end", True)])
    await sink.close()


def check_overwrite(place: Place, truth: Rows) -> None:
    assert dict(place.fetch("select id, name from facebook_ads.ads")) == truth
    assert place.fetch("select count(*) from facebook_ads.ads") == [(len(truth),)]


def check_append(place: Place, truth: Rows) -> None:
    """The last rows are those of the whole sync; none is there twice of one sync."""
    last = "select id, name from facebook_ads.ads where _synced_at = (select max(_synced_at) from facebook_ads.ads)"
    assert sorted(place.fetch(last)) == sorted(truth.items())
    assert place.fetch("select 1 from facebook_ads.ads group by _row_id, _synced_at having count(*) > 1") == []


def check_incremental_append(place: Place, truth: Rows) -> None:
    rows = place.fetch("select id, name from facebook_ads.ads order by id, _synced_at")
    versions = {key: [name for _, name in group] for key, group in itertools.groupby(rows, lambda row: row[0])}
    assert {key: versions[key][-1] for key in truth} == truth
    assert all(one != other for names in versions.values() for one, other in itertools.pairwise(names))


def check_deduped(place: Place, truth: Rows) -> None:
    assert dict(place.fetch("select id, name from facebook_ads.ads where not is_deleted")) == truth
    assert place.fetch("select 1 from facebook_ads.ads group by id having count(*) > 1") == []


def check_history(place: Place, truth: Rows) -> None:
    check_deduped(place, truth)
    rows = place.fetch("select id, name, valid_from, valid_to, is_current from facebook_ads.ads_history order by 1, 3")
    assert {key: name for key, name, _, _, current in rows if current} == truth
    assert all((until is None) == current for _, _, _, until, current in rows)
    for one, other in itertools.pairwise(rows):
        if one[0] == other[0]:
            assert one[3] is not None
            assert one[2] < one[3] <= other[2]
            assert one[1] != other[1] or one[3] < other[2], "two versions in a row that say the same"


CHECKS = {
    Mode.OVERWRITE: check_overwrite,
    Mode.APPEND: check_append,
    Mode.INCREMENTAL_APPEND: check_incremental_append,
    Mode.DEDUPED: check_deduped,
    Mode.DEDUPED_HISTORY: check_history,
}


@pytest.mark.parametrize("mode", tuple(Mode))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(syncs=SYNCS, truth=TRUTH)
def test_a_whole_sync_leaves_the_truth_whatever_came_before(mode: Mode, syncs: Any, truth: Rows) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ads.duckdb"
        place = Place("duckdb", f"duckdb:///{file}", ask_duckdb(file))
        asyncio.run(live(Kit(clock=StillClock()), place, mode, syncs, truth))
        CHECKS[mode](place, truth)
