"""Time goes on in the world: some things change, some are made, and what is over stays as it was."""

from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from facebook_marketing.sandbox.insights import cut
from facebook_marketing.sandbox.world import Size, World
from truth import FIRST, NOON, Still, ask, day, listed, make_world

BIG = Size(campaigns=20, adsets=60, ads=400, creatives=50)


def rows_of(world: World, name: str) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in listed(world, name)}


def test_about_two_ads_in_a_hundred_change_every_day() -> None:
    clock = Still()
    world = make_world(clock, size=BIG)
    changed = 0
    for _ in range(10):
        before = rows_of(world, "ads")
        clock.forward(1)
        changed += sum(row != before.get(key) for key, row in rows_of(world, "ads").items())
    assert 0.01 * 400 * 10 < changed < 0.035 * 400 * 10


def test_whatever_changed_has_a_later_updated_time_unless_only_its_parent_changed() -> None:
    clock = Still()
    world = make_world(clock, size=BIG)
    before = rows_of(world, "ads")
    clock.forward(15)
    for key, row in rows_of(world, "ads").items():
        old = before.get(key)
        if old is None or old == row:
            continue
        moved = datetime.fromisoformat(row["updated_time"]) > datetime.fromisoformat(old["updated_time"])
        own = {name for name in row if row[name] != old.get(name)} - {"effective_status"}
        assert moved or not own


def test_new_ads_are_made_and_stand_first() -> None:
    clock = Still()
    world = make_world(clock)
    before = rows_of(world, "ads")
    clock.forward(12)
    after = listed(world, "ads")
    new = [row["id"] for row in after if row["id"] not in before]
    assert new
    assert [row["id"] for row in after[: len(new)]] == new
    assert before.keys() < {row["id"] for row in after}


def test_now_and_then_a_new_ad_brings_its_own_campaign() -> None:
    clock = Still()
    world = make_world(clock)
    before = rows_of(world, "campaigns")
    clock.forward(40)
    new = rows_of(world, "campaigns").keys() - before.keys()
    assert new
    assert all(listed(world, "ads", campaign) for campaign in new)


def test_campaigns_are_archived_as_months_go_by_and_take_their_ads_along() -> None:
    clock = Still()
    world = make_world(clock, size=BIG)
    before = rows_of(world, "campaigns")
    clock.forward(90)
    after = rows_of(world, "campaigns")
    archived = [key for key, row in before.items() if row["status"] != "ARCHIVED" == after[key]["status"]]
    assert archived
    for campaign in archived:
        assert datetime.fromisoformat(after[campaign]["updated_time"]).timestamp() > NOON
        below = listed(world, "ads", campaign)
        assert {row["effective_status"] for row in below} <= {"ARCHIVED", "DELETED"}


def test_changes_leave_a_trace_in_the_activities() -> None:
    clock = Still()
    world = make_world(clock, size=BIG)
    old = len(listed(world, "activities"))
    before = rows_of(world, "ads")
    clock.forward(10)
    renamed = {
        key for key, row in rows_of(world, "ads").items() if key in before and row["name"] != before[key]["name"]
    }
    found = listed(world, "activities")
    told = {row["object_id"] for row in found if row["event_type"] == "update_ad_friendly_name"}
    assert renamed
    assert renamed <= told
    assert len(found) > old
    adset = next(row["object_id"] for row in found if row["object_type"] == "CAMPAIGN")
    own = listed(world, "activities", adset)
    assert {row["object_id"] for row in own} == {adset}


def test_images_and_audiences_are_touched_too() -> None:
    clock = Still()
    world = make_world(clock)
    images, audiences = rows_of(world, "adimages"), rows_of(world, "customaudiences")
    clock.forward(60)
    assert any(row["updated_time"] > images[key]["updated_time"] for key, row in rows_of(world, "adimages").items())
    assert any(
        row["time_updated"] > audiences[key]["time_updated"] for key, row in rows_of(world, "customaudiences").items()
    )


@settings(max_examples=10)
@given(steps=st.lists(st.floats(0.1, 30), min_size=1, max_size=4))
def test_the_way_to_a_moment_does_not_matter(steps: list[float]) -> None:
    clock = Still()
    walked = make_world(clock)
    for step in steps:
        clock.forward(step)
        rows_of(walked, "ads")
    direct = make_world(Still(clock.at), anchor=walked.anchor)
    for name in ("campaigns", "adsets", "ads", "activities", "adimages"):
        assert listed(walked, name) == listed(direct, name)


@settings(max_examples=10)
@given(days=st.floats(29, 200))
def test_what_was_delivered_is_never_delivered_differently(days: float) -> None:
    clock = Still()
    world = make_world(clock)
    ranges = cut(day(70), day(29), 1)
    numbers = ("ad_id", "impressions", "spend", "actions")
    before = ask(world, ranges=ranges, fields=numbers)
    clock.forward(days)
    after = ask(world, ranges=ranges, fields=numbers)
    shown = {row["id"] for row in listed(world, "ads") if row["effective_status"] not in {"ARCHIVED", "DELETED"}}
    assert after == [row for row in before if row["ad_id"] in shown]


def test_the_clock_may_go_back() -> None:
    clock = Still()
    world = make_world(clock)
    before = rows_of(world, "ads")
    clock.forward(50)
    rows_of(world, "ads")
    clock.forward(-50)
    assert rows_of(world, "ads") == before


def test_a_measured_world_stands_still_in_number() -> None:
    clock = Still()
    world = make_world(clock, size=Size(ads=50, active_ads_per_day=30))
    clock.forward(200)
    assert len(rows_of(world, "ads")) == 50
    assert world.live(FIRST.removeprefix("act_")) == 30
    assert len(ask(world, ranges=((day(-150), day(-150)),))) == 30
