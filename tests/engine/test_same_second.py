"""Updates of one second, however many, and files in whatever order they come."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.catalog.streams import entity
from facebook_marketing.engine.fresh import Fresh
from facebook_marketing.engine.listing import since_of
from facebook_marketing.engine.order import Order
from facebook_marketing.plan.progress import MOST_SEEN
from facebook_marketing.plan.state import EntityCursor, instant
from facebook_marketing.records import Rows
from facebook_marketing.sandbox import Options
from facebook_marketing.sandbox.world import Size
from syncing import ACCOUNT, Site

ADS = entity("ads")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORDER = Order(accounts=("1",))
Update = tuple[str, datetime]


def page(updates: Sequence[Update]) -> bytes:
    return msgspec.json.encode([{"id": one, "updated_time": at.strftime("%Y-%m-%dT%H:%M:%S%z")} for one, at in updates])


def sync(updates: Sequence[Update], before: EntityCursor, now: datetime) -> tuple[list[str], EntityCursor]:
    """What one walk over an account of these objects delivers, and where it stands then. Meta filters by `>=`."""
    since = since_of(ORDER, before)
    listed = [one for one in updates if since is None or one[1] >= since]
    fresh, rows, came = Fresh(ADS, before, since), Rows(ADS), []
    for start in range(0, len(listed), 500):
        came += [
            str(getattr(row, "id", "")) for row in fresh.of(rows.decode(page(listed[start : start + 500]), "1")).rows
        ]
    return came, fresh.reached((), now.timestamp())


@pytest.mark.parametrize("count", (MOST_SEEN - 1, MOST_SEEN, MOST_SEEN + 1, 3 * MOST_SEEN))
def test_a_bulk_edit_of_any_size_comes_once_and_what_follows_it_comes_too(count: int) -> None:
    edited = NOON - timedelta(hours=2)
    bulk = [(str(n), edited) for n in range(count)]
    came, cursor = sync(bulk, EntityCursor(), NOON)
    assert len(came) == count
    again, cursor = sync(bulk, cursor, NOON)
    assert again == []
    later = [("late", edited + timedelta(seconds=1)), *bulk]
    came, cursor = sync(later, cursor, NOON)
    assert came == ["late"]
    assert sync(later, cursor, NOON)[0] == []


def test_a_bulk_edit_that_is_under_way_is_delivered_once_more_and_nothing_of_it_is_lost() -> None:
    bulk = [(str(n), NOON) for n in range(MOST_SEEN + 7)]
    came, cursor = sync(bulk[:-5], EntityCursor(), NOON + timedelta(seconds=1))
    assert len(came) == len(bulk) - 5
    rest, cursor = sync(bulk, cursor, NOON + timedelta(hours=2))
    assert {*bulk[-5:]} <= {(one, NOON) for one in rest}
    assert sync(bulk, cursor, NOON + timedelta(hours=3))[0] == []


@given(
    rounds=st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=12), max_size=6),
    seed=st.integers(0, 99),
    wait=st.sampled_from((0, 3_600)),
)
def test_no_update_is_lost_and_none_comes_twice_but_for_a_second_that_was_not_over(
    rounds: list[list[tuple[int, int]]], seed: int, wait: int
) -> None:
    now, latest, cursor = NOON, dict[str, datetime](), EntityCursor()
    dice = random.Random(seed)
    for updates in rounds:
        fresh = {str(one): now + timedelta(seconds=second) for one, second in updates}
        changed = {one for one, at in fresh.items() if latest.get(one) != at}
        latest |= fresh
        objects = list(latest.items())
        dice.shuffle(objects)
        bound = instant(cursor.value) if cursor.value else None
        came, cursor = sync(objects, cursor, max(latest.values(), default=now) + timedelta(seconds=wait))
        assert len(came) == len(set(came))
        assert changed <= set(came)
        again = {one for one in came if one not in changed}
        assert all(latest[one] == bound for one in again)
        assert not (again and wait)
        now = max(latest.values(), default=now)  # the next updates may fall into the very second of the last


def test_what_changes_twice_within_a_second_that_we_read_in_its_midst_is_not_lost() -> None:
    objects = [("a", NOON), ("b", NOON - timedelta(minutes=5))]
    came, cursor = sync(objects, EntityCursor(), NOON)
    assert came == ["a", "b"]
    again, cursor = sync(objects, cursor, NOON + timedelta(minutes=1))  # a may have changed after it was read
    assert again == ["a"]
    assert sync(objects, cursor, NOON + timedelta(minutes=2))[0] == []


@pytest.mark.parametrize("name", ("images", "videos"))
@pytest.mark.parametrize("seed", range(4))
def test_images_and_videos_may_come_in_any_order_and_none_is_lost(name: str, seed: int) -> None:
    site = Site(Options(size=Size(images=60, videos=60, campaigns=2, adsets=2, ads=2, creatives=2), empty_pages=False))
    world, dice = site.sandbox.world, random.Random(seed)
    edge, kept, drawn = {"images": "adimages", "videos": "advideos"}[name], world.edge, dict[str, float]()

    def shuffled(node: Any, wanted: str) -> Sequence[Mapping[str, Any]] | None:
        rows = kept(node, wanted)
        if wanted != edge or rows is None:
            return rows
        return sorted(rows, key=lambda row: drawn.setdefault(str(row["id"]), dice.random()))

    world.edge = shuffled  # type: ignore[method-assign, assignment]
    first = site.sync([name], page_size=7)
    assert len(first.sink.rows(name)) == 60
    value = first.sink.states()[name][ACCOUNT]["updated_time"]
    assert instant(value) == max(instant(row["updated_time"]) for row in first.sink.rows(name))
    site.now.days += 40
    account = world.node(f"act_{ACCOUNT}")
    assert account is not None
    now = {str(row["id"]): datetime.fromisoformat(str(row["updated_time"])) for row in world.edge(account, edge) or ()}
    changed = {one for one, at in now.items() if at > instant(value)}
    second = site.sync([name], first.sink.states(), page_size=7)
    assert {row["id"] for row in second.sink.rows(name)} == changed
    assert site.sync([name], second.sink.states(), page_size=7).sink.rows(name) == []
