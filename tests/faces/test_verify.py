"""`verify`: every day that was altered in the warehouse is found, no other, and `--repair` puts it right."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executables import ACCOUNT, SMALL, Shell
from facebook_marketing.config import Config, load
from facebook_marketing.faces.choices import Choices
from facebook_marketing.faces.demo import destination, environment
from facebook_marketing.faces.sync import run_sync
from facebook_marketing.faces.verification import Verification
from facebook_marketing.faces.verify import Place, Wish, run_verify
from facebook_marketing.sandbox import Options, start
from facebook_marketing.sandbox.server import Running
from virtual import START

TODAY = date(2026, 11, 21)
SINCE = TODAY - timedelta(days=40)
STREAMS = ("ads_insights", "ads_insights_country")


@pytest.fixture(scope="module")
def world() -> Iterator[Running]:
    """A Meta whose clock stands still, so that no number moves between reading and verifying."""
    with start(Options(size=SMALL, run_seconds=0.0, empty_pages=False)) as running:
        running.sandbox.set_clock(START)
        yield running


class Then:
    """The reader's clock: it goes as clocks do, and shows the sandbox's day."""

    def __init__(self, begins: float = START) -> None:
        self._ahead = begins - time.time()

    def now(self) -> float:
        return time.time() + self._ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def config(world: Running, **more: Any) -> Config:
    return load({"insights_start_date": str(SINCE), **more}, environment(world.url)).config


def verified(world: Running, database: Path, *, repair: bool = False, **more: Any) -> Verification:
    place = Place(destination(database))
    wish = Wish(repair=repair)
    return asyncio.run(run_verify(config(world, **more), place, STREAMS, wish=wish, clock=Then(START + 3600)))


@pytest.fixture(scope="module")
def loaded(world: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with two reports in it."""
    database = tmp_path_factory.mktemp("loaded") / "ads.duckdb"
    result = asyncio.run(run_sync(config(world), destination(database), Choices(STREAMS), clock=Then()))
    assert result.exit_code == 0
    return database


@pytest.fixture
def copy(loaded: Path, tmp_path: Path) -> Path:
    """The same warehouse, to be altered."""
    target = tmp_path / "ads.duckdb"
    target.write_bytes(loaded.read_bytes())
    return target


def alter(database: Path, *sql: str) -> int:
    """Change the warehouse by hand; how many rows it concerned."""
    with duckdb.connect(str(database)) as connection:
        connection.execute("SET schema = 'facebook_ads'")
        return sum(int(connection.execute(one).fetchall()[0][0]) for one in sql)


def rows(database: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("SET schema = 'facebook_ads'")
        return connection.execute(sql).fetchall()


def states_of(database: Path) -> list[tuple[Any, ...]]:
    """Each report's newest checkpoint."""
    newest = "QUALIFY version = max(version) OVER (PARTITION BY stream)"
    return rows(database, f"SELECT stream, state FROM _sync_state WHERE stream LIKE 'ads%' {newest} ORDER BY stream")


def days(found: Verification, stream: str) -> set[date]:
    return {
        number.cell.since
        for one, number in found.wrong
        if one.stream == stream and number.cell.since == number.cell.until
    }


def test_a_clean_load_shows_no_difference_and_costs_a_few_calls(world: Running, loaded: Path) -> None:
    found = verified(world, loaded)
    assert found.wrong == ()
    assert found.exit_code == 0
    assert sum(len(one.compared) for one in found.checked) > 100
    assert found.calls <= 4
    assert "None differs." in found.text()


DELIVERED = st.sampled_from([TODAY - timedelta(days=n) for n in range(1, 40)])


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(chosen=st.sets(DELIVERED, min_size=1, max_size=4))
def test_every_altered_day_is_found_and_no_other(world: Running, copy: Path, loaded: Path, chosen: set[date]) -> None:
    copy.write_bytes(loaded.read_bytes())
    names = ", ".join(f"'{day}'" for day in chosen)
    changed = alter(copy, f"UPDATE ads_insights SET impressions = impressions + 1 WHERE date_start IN ({names})")
    there = {
        day for (day,) in rows(copy, f"SELECT DISTINCT date_start FROM ads_insights WHERE date_start IN ({names})")
    }
    found = verified(world, copy)
    assert days(found, "ads_insights") == there
    assert days(found, "ads_insights_country") == set()
    assert bool(changed) == (found.exit_code == 3)


ALTERATIONS = {
    "a number": "UPDATE ads_insights SET spend = spend * 2 WHERE date_start = '{day}'",
    "rows that are gone": "DELETE FROM ads_insights WHERE date_start = '{day}'",
    "a row too many": "INSERT INTO ads_insights BY NAME SELECT * REPLACE ('x' || ad_id AS ad_id, "
    "'x' || _row_id AS _row_id) FROM ads_insights WHERE date_start = '{day}'",
}


@pytest.mark.parametrize("how", ALTERATIONS)
def test_what_was_altered_is_found_and_repaired_and_nothing_else_is_read(
    world: Running, copy: Path, loaded: Path, how: str
) -> None:
    (day,) = rows(copy, "SELECT max(date_start) FROM ads_insights WHERE date_start < DATE '2026-11-15'")[0]
    states = states_of(copy)
    assert alter(copy, ALTERATIONS[how].format(day=day)) > 0
    assert days(verified(world, copy), "ads_insights") == {day}
    mended = verified(world, copy, repair=True)
    assert mended.wrong == ()
    assert mended.repaired == (("ads_insights", ACCOUNT, day, day),)
    assert f"Read again: ads_insights, account {ACCOUNT}, {day} to {day}" in mended.text()
    key = "SELECT date_start, ad_id, spend, impressions, clicks, actions::VARCHAR FROM ads_insights ORDER BY 1, 2"
    assert rows(copy, key) == rows(loaded, key)
    assert states_of(copy) == states


def test_what_moved_from_one_campaign_to_another_is_found_too(world: Running, copy: Path) -> None:
    day, one, other = rows(
        copy,
        "SELECT date_start, min(campaign_id), max(campaign_id) FROM ads_insights WHERE impressions > 10 "
        "GROUP BY 1 HAVING count(DISTINCT campaign_id) > 1 ORDER BY 1 LIMIT 1",
    )[0]
    for campaign, plus in ((one, 5), (other, -5)):
        alter(
            copy,
            f"UPDATE ads_insights SET impressions = impressions + {plus} WHERE _row_id = (SELECT min(_row_id) "
            f"FROM ads_insights WHERE date_start = '{day}' AND campaign_id = '{campaign}' AND impressions > 10)",
        )
    found = verified(world, copy)
    assert days(found, "ads_insights") == {day}
    assert {number.cell.entity for _, number in found.wrong} == {one, other}
    mended = verified(world, copy, repair=True)
    assert mended.wrong == ()
    assert mended.repaired == (("ads_insights", ACCOUNT, day, day),)


def test_the_comparison_stands_in_a_table_with_an_explanation_where_one_is_known(world: Running, copy: Path) -> None:
    day = TODAY - timedelta(days=3)
    assert alter(copy, f"UPDATE ads_insights SET clicks = clicks + 3 WHERE date_start = '{day}'")
    number = rows(copy, f"SELECT count(*) * 3 FROM ads_insights WHERE date_start = '{day}'")[0][0]
    verified(world, copy)
    found = rows(
        copy,
        "SELECT stream, account_id, level, since, until, metric, loaded - reported, difference, explanation "
        "FROM sync_reconciliation WHERE NOT within_tolerance AND level = 'account'",
    )
    assert len(found) == 1
    assert found[0][:6] == ("ads_insights", ACCOUNT, "account", day, day, "clicks")
    assert found[0][6] == found[0][7] == Decimal(number)
    assert "still changes" in found[0][8]


def test_an_action_that_was_altered_in_its_table_is_found_by_its_type(world: Running, copy: Path) -> None:
    day, kind = rows(copy, "SELECT date_start, action_type FROM ads_insights_actions WHERE value > 0 LIMIT 1")[0]
    where = f"date_start = '{day}' AND action_type = '{kind}'"
    alter(copy, f"UPDATE ads_insights_actions SET value = value + 1 WHERE {where}")
    found = verified(world, copy)
    assert {(number.cell.since, number.cell.metric, number.cell.action_type) for _, number in found.wrong} == {
        (day, "actions", kind)
    }
    assert verified(world, copy, repair=True).wrong == ()


def test_a_sync_may_verify_itself(world: Running, tmp_path: Path) -> None:
    shell = Shell(tmp_path, world.url)
    env = {**environment(world.url), "FACEBOOK_INSIGHTS_START_DATE": str(TODAY - timedelta(days=5))}
    url = destination(tmp_path / "own.duckdb")
    done = shell.command("sync", "--quiet", "--destination", url, "--streams", "ads_insights", "--verify", **env)
    assert done.code == 0, done.text
    assert "numbers of 1 reports compared with Meta's totals" in done.text
    assert "None differs." in done.text


def test_a_number_that_meta_changed_since_is_explained_and_repaired(world: Running, copy: Path) -> None:
    moved = START + 3 * 86_400
    world.sandbox.set_clock(moved)
    try:
        place = Place(destination(copy))
        found = asyncio.run(run_verify(config(world), place, STREAMS, clock=Then(moved)))
        assert found.wrong
        assert all("still changes" in number.explanation for _, number in found.wrong if not number.cell.entity)
        wish = Wish(repair=True)
        assert asyncio.run(run_verify(config(world), place, STREAMS, wish=wish, clock=Then(moved))).wrong == ()
    finally:
        world.sandbox.set_clock(START)


def test_an_account_that_is_lost_is_said_and_the_others_are_compared(world: Running, copy: Path) -> None:
    alter(copy, "UPDATE ads_insights SET account_id = '42' WHERE date_start < DATE '2026-11-01'")
    found = verified(world, copy, account_ids=[ACCOUNT, "42"])
    assert {one.account for one in found.checked if one.failed} == {"42"}
    assert {one.account for one in found.checked if one.compared} == {ACCOUNT}
    assert "Not compared: ads_insights, account 42" in found.text()


def test_the_command_prints_what_differs_and_its_exit_code_says_so(world: Running, copy: Path, tmp_path: Path) -> None:
    shell = Shell(tmp_path, world.url)
    env = {**environment(world.url), "FACEBOOK_INSIGHTS_START_DATE": str(SINCE)}
    day = TODAY - timedelta(days=33)
    assert alter(copy, f"UPDATE ads_insights SET spend = spend + 100 WHERE date_start = '{day}'")
    asked = ("verify", "--destination", destination(copy), "--streams", ",".join(STREAMS))
    wrong = shell.command(*asked, **env)
    assert wrong.code == 3, wrong.text
    assert f"ads_insights, account {ACCOUNT}, {day}: spend" in wrong.text
    mended = shell.command(*asked, "--repair", **env)
    assert mended.code == 0, mended.text
    assert "None differs." in mended.text


def test_the_tolerance_is_the_users() -> None:
    from facebook_marketing.faces.verify import tolerances

    assert tolerances("2.5%")["impressions"].share == Decimal("0.025")
    assert tolerances("0")["spend"].share == 0
    assert replace(Wish(), tolerances=tolerances("1%")).tolerances["spend"].allows(Decimal(1), Decimal(100))
