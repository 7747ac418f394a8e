"""Rows that arrive under parents while others are read: none is lost, none comes twice."""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.catalog.streams import leads
from facebook_marketing.engine.arrivals import Arrivals
from facebook_marketing.plan.state import EntityCursor, instant
from facebook_marketing.records import Rows

START = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
STREAM = leads("plain")
MINUTE = 60.0


@dataclass(frozen=True)
class Lead:
    """A row under a parent, from a moment on, shown so many seconds later."""

    parent: int
    at: int
    lag: int


LEADS = st.lists(st.builds(Lead, st.integers(0, 3), st.integers(0, 40 * 60), st.integers(0, 240)), max_size=25)
SYNCS = st.lists(st.integers(1, 900), min_size=1, max_size=6)


def text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def ask(world: list[Lead], parent: int, now: float, cursor: EntityCursor) -> bytes:
    """What Meta shows of a parent: what is not older than the cursor's second, twice as pages sometimes are."""
    since = instant(cursor.value).timestamp() - 1 if cursor.value else 0.0
    rows = [
        {"id": str(place), "created_time": text(START + lead.at)}
        for place, lead in enumerate(world)
        if lead.parent == parent and START + lead.at + lead.lag <= now and START + lead.at > since
    ]
    return msgspec.json.encode([*rows, *rows[:1]])


def sync(world: list[Lead], began: float, cursor: EntityCursor, slow: float) -> tuple[list[str], Arrivals]:
    """One sync that asks four parents, the later ones when time has gone on."""
    found: list[str] = []
    arrivals, rows = Arrivals(STREAM, cursor, began), Rows(STREAM)
    for parent in range(4):
        arrivals.turn()
        decoded = arrivals.of(rows.decode(ask(world, parent, began + parent * slow, cursor), "7"))
        found += [row.id for row in decoded.rows]  # type: ignore[attr-defined]
    return found, arrivals


@given(world=LEADS, gaps=SYNCS, slow=st.integers(0, 300))
def test_syncs_that_take_their_time_deliver_every_row_once(world: list[Lead], gaps: list[int], slow: int) -> None:
    cursor, now = EntityCursor(), START
    found: list[str] = []
    for gap in (*gaps, 3600, 3600):
        now += gap
        delivered, arrivals = sync(world, now, cursor, slow)
        found += delivered
        after = arrivals.reached()
        assert not cursor.value or instant(after.value or "") >= instant(cursor.value)
        cursor, now = after, now + 4 * slow
    assert sorted(found) == sorted(map(str, range(len(world))))


@given(world=LEADS, slow=st.integers(0, 300))
def test_a_parent_that_was_closed_is_still_due_and_the_others_do_not_repeat_themselves(
    world: list[Lead], slow: int
) -> None:
    now = START + 3600
    open_ones = [lead if lead.parent else Lead(9, lead.at, lead.lag) for lead in world]
    first, halted = sync(open_ones, now, EntityCursor(), slow)
    second, _ = sync(world, now + 7200, halted.halted(), slow)
    third, _ = sync(world, now + 9000, sync(world, now + 7200, halted.halted(), slow)[1].reached(), slow)
    assert sorted(first + second) == sorted(map(str, range(len(world))))
    assert third == []


def test_a_sync_without_rows_leaves_the_cursor_where_it_was() -> None:
    cursor = EntityCursor("2026-11-01T00:00:00+00:00", (), ("x",))
    assert sync([], START + 9000, cursor, 0)[1].reached() == cursor
    assert sync([], START + 9000, EntityCursor(), 0)[1].reached() == EntityCursor()


def test_the_state_names_no_row_by_its_own_id() -> None:
    _, arrivals = sync([Lead(0, 0, 0)], START + 60, EntityCursor(), 0)
    (seen,) = arrivals.reached().seen
    assert seen != "0"
    assert len(seen) == 24
