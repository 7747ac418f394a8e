"""What a user of the warehouse sees of objects that are archived, deleted or were never listed."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine.test_missing import MEDIUM, hidden, hide, world
from facebook_marketing.config import load
from facebook_marketing.faces.choices import Choices
from facebook_marketing.faces.sync import run_sync
from facebook_marketing.sandbox import Options, Sandbox
from sandbox_transport import SandboxTransport
from syncing import Site
from virtual import START


class Clock:
    """Days pass when the test says so; else only what the work takes, since no wait is of interest."""

    def __init__(self) -> None:
        self.days = 0.0
        self._began = time.monotonic()

    def now(self) -> float:
        """Seconds since 1970."""
        return START + self.days * 86_400 + time.monotonic() - self._began

    async def sleep(self, seconds: float) -> None:
        """No wait."""
        self.days += seconds / 86_400
        await asyncio.sleep(0)


@dataclass
class Place:
    """A sandbox, a folder for the warehouse, and the clock of both."""

    folder: Path
    clock: Clock
    site: Site

    def sync(self, *streams: str) -> None:
        """One `facebook-marketing sync` of these streams."""
        config = load(self.site.config(insights_start_date="2026-10-25"), {}).config
        door = SandboxTransport(self.site.sandbox, self.clock)
        where = f"duckdb:///{self.folder}/ads.duckdb"
        job = run_sync(config, where, Choices(streams, workdir=self.folder), transport=door, clock=self.clock)
        assert not asyncio.run(job).outcome.failures

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the warehouse holds."""
        with duckdb.connect(f"{self.folder}/ads.duckdb", read_only=True) as database:
            return database.sql(query).fetchall()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    clock, site = Clock(), Site()
    site.sandbox = Sandbox(Options(size=MEDIUM, empty_pages=False), now=clock.now)
    return Place(tmp_path, clock, site)


def test_an_ad_that_is_deleted_is_marked_within_a_week_and_the_others_are_not(place: Place) -> None:
    place.sync("ads")
    assert place.rows("select count(*) from facebook_ads.ads where is_deleted") == [(0,)]
    (victim,) = place.rows("select id from facebook_ads.ads where effective_status = 'ACTIVE' order by id")[0]
    hide(place.site, victim)
    place.clock.days += 1
    place.sync("ads")
    assert place.rows("select count(*) from facebook_ads.ads where is_deleted") == [(0,)]
    place.clock.days += 6
    place.sync("ads")
    assert place.rows("select id from facebook_ads.ads where is_deleted") == [(victim,)]


def test_every_ad_that_a_report_names_has_its_row_with_its_real_status(place: Place) -> None:
    place.sync("ads", "ad_sets", "campaigns", "ads_insights")
    orphans = "select ad_id from facebook_ads.ads_insights where ad_id not in (select id from facebook_ads.ads)"
    assert place.rows(orphans) == []
    named = {one for (one,) in place.rows("select distinct ad_id from facebook_ads.ads_insights")}
    gone = named & hidden(place.site, "ads")
    assert gone
    found = dict(place.rows("select id, effective_status from facebook_ads.ads"))
    assert {one: found[one] for one in gone} == {one: world(place.site, "ads")[one]["effective_status"] for one in gone}
