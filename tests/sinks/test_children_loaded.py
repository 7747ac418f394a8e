"""Child tables as they are loaded: row by row beside their parents, in each mode and in real databases."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from facebook_marketing.catalog.children import Form, children
from facebook_marketing.catalog.stream import Behaviour, Stream
from facebook_marketing.config import Config, load
from facebook_marketing.engine.door import Event, Status, StreamStatus, Swept
from facebook_marketing.faces.choices import Choices
from facebook_marketing.faces.parts import streams_of
from facebook_marketing.faces.sync import run_sync
from facebook_marketing.sandbox import Options, Size, start
from facebook_marketing.sinks.finish import child_tables, no_child_rows
from facebook_marketing.sinks.modes import Mode
from facebook_marketing.sinks.segment import Derived
from sinks.kit import Kit, Place

COMPLETE = Status("ads", StreamStatus.COMPLETE)
Step = msgspec.Struct | Event


async def sync(kit: Kit, place: Place, mode: Mode, *steps: Step, derived: Derived = child_tables, **more: Any) -> None:
    sink = kit.sink(place.url, mode, derived=derived, **more)
    await sink.restore()
    for step in steps:
        await (sink.write(kit.rows(step)) if isinstance(step, msgspec.Struct) else sink.event(step))
        await sink.checkpoint("ads", {"at": 1})
    await sink.close()
    kit.clock.seconds += 86_400


@pytest.fixture(params=("duckdb", "postgres"))
def database(request: pytest.FixtureRequest) -> Place:
    """A place that is a database: a folder keeps every version of a child."""
    if request.param == "duckdb":
        found: Place = request.getfixturevalue("duckdb_place")
        return found
    from sinks.kit import ask_postgres

    url = request.getfixturevalue("postgres_url")
    fetch = ask_postgres(url)
    for schema in ("facebook_ads", "facebook_ads_fivetran"):
        fetch(f"drop schema if exists {schema} cascade")
    return Place("postgres", url, fetch)


def acted(kit: Kit, ad: str, **counts: int) -> msgspec.Struct:
    return kit.ad(id=ad, actions=[kit.stat(action_type=name, value=Decimal(count)) for name, count in counts.items()])


def counted(place: Place, table: str = "ads_actions") -> list[tuple[Any, ...]]:
    return place.fetch(f'select ad_id, "index", action_type, value from facebook_ads.{table} order by 1, 2, 3')


async def test_children_stand_beside_their_parents(kit: Kit, place: Place) -> None:
    ad = kit.ad(id="1", actions=[kit.stat(action_type="like", value=Decimal("1.5"), click_7d=Decimal(1))])
    await sync(kit, place, Mode.DEDUPED, ad, acted(kit, "2", post=3), COMPLETE)
    assert place.fetch(
        "select a.id, c.action_type, c.value, c._7d_click from facebook_ads.ads a"
        " join facebook_ads.ads_actions c on c._parent_id = a._row_id order by 1"
    ) == [("1", "like", Decimal("1.5"), 1), ("2", "post", 3, None)]


@pytest.mark.parametrize("mode", (Mode.DEDUPED, Mode.DEDUPED_HISTORY, Mode.OVERWRITE))
async def test_children_are_replaced_with_their_parents(kit: Kit, database: Place, mode: Mode) -> None:
    await sync(kit, database, mode, acted(kit, "1", like=1, post=2), acted(kit, "2", like=5), COMPLETE)
    stays = (acted(kit, "2", like=5),) if mode is Mode.OVERWRITE else ()
    await sync(kit, database, mode, acted(kit, "1", post=3), *stays, COMPLETE)
    assert counted(database) == [("1", 0, "post", 3), ("2", 0, "like", 5)]
    await sync(kit, database, mode, kit.ad(id="1", name="no actions any more"), *stays, COMPLETE)
    assert counted(database) == [("2", 0, "like", 5)]


async def test_a_column_that_comes_later_is_made_in_every_mode(kit: Kit, database: Place) -> None:
    new = kit.ad(id="1", actions=[kit.stat(action_type="like", value=Decimal(2), click_7d=Decimal(1))])
    for mode in (Mode.DEDUPED, Mode.OVERWRITE):
        await sync(kit, database, mode, acted(kit, "1", like=2), COMPLETE)
        await sync(kit, database, mode, new, COMPLETE)
        assert database.fetch("select value, _7d_click from facebook_ads.ads_actions") == [(2, 1)]


async def test_appended_versions_have_children_of_their_own(kit: Kit, database: Place) -> None:
    for count in (1, 2, 2):
        await sync(kit, database, Mode.INCREMENTAL_APPEND, acted(kit, "1", like=count), COMPLETE)
    assert database.fetch(
        "select c.value from facebook_ads.ads a join facebook_ads.ads_actions c"
        " on c._parent_id = a._row_id and c._synced_at = a._synced_at order by 1"
    ) == [(1,), (2,)]


async def test_children_that_are_no_longer_wanted_do_not_grow_stale(kit: Kit, database: Place) -> None:
    await sync(kit, database, Mode.DEDUPED, acted(kit, "1", like=1), acted(kit, "2", like=1), COMPLETE)
    await sync(kit, database, Mode.DEDUPED, acted(kit, "1", like=2), COMPLETE, derived=no_child_rows)
    assert counted(database) == [("2", 0, "like", 1)]


async def test_a_list_without_items_makes_no_table(kit: Kit, place: Place) -> None:
    await sync(kit, place, Mode.DEDUPED, kit.ad(id="1", actions=[]), COMPLETE)
    listed = "select count(*) from information_schema.tables where table_name = 'ads_actions'"
    assert place.fetch(listed) == [(0,)]


async def test_children_of_report_rows_that_meta_no_longer_has_go_with_them(kit: Kit, database: Place) -> None:
    columns = tuple(column for column in streams()["ads_insights"].columns if column.name in REPORTED)
    report = Stream("ads", Behaviour.REPORT, "AdsInsights", "insights", columns, ("date_start", "ad_id"))
    likes = [Action("like", Decimal(1))]
    rows = [Delivered(ad, "2026-10-01", likes) for ad in ("1", "2")]
    await sync(kit, database, Mode.DEDUPED, *rows, COMPLETE, streams=(report,))
    gone = Swept("ads", "1", ("2026-10-01", "2026-10-01"))
    await sync(kit, database, Mode.DEDUPED, rows[0], gone, COMPLETE, streams=(report,))
    assert database.fetch("select ad_id, action_type from facebook_ads.ads_actions") == [("1", "like")]


REPORTED = ("date_start", "account_id", "ad_id", "actions")


class Action(msgspec.Struct):
    action_type: str
    value: Decimal


class Delivered(msgspec.Struct):
    ad_id: str
    date_start: str
    actions: list[Action]
    account_id: str = "1"


STREAMS = (
    *("ad_account", "campaigns", "ad_sets", "ads", "ad_creatives", "activities", "ads_insights"),
    "account_insights_country",
)
LISTS = frozenset(("actions", "action_values", "cost_per_action_type", "purchase_roas", "video_p50_watched_actions"))
"""Of the lists of statistics, which are all alike."""
SMALL = Size(campaigns=3, adsets=6, ads=16, creatives=16, images=4, videos=2, activities=20, audiences=2)


def config(url: str = "http://127.0.0.1:1") -> Config:
    since = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    said = {"GRAPH_URL": url, "ACCESS_TOKEN": "sandbox-token", "ACCOUNT_IDS": "1234567890123456"}
    return load({"insights_start_date": since}, {f"FACEBOOK_{name}": value for name, value in said.items()}).config


def streams() -> dict[str, Stream]:
    return {stream.name: stream for stream in streams_of(config())}


@dataclass(frozen=True)
class Loaded:
    """What two real syncs of a sandbox made, the second of more streams."""

    place: Place
    notes: Sequence[str]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.place.fetch(sql)


@pytest.fixture
def loaded(database: Place) -> Loaded:
    with start(Options(run_seconds=0.05, size=SMALL)) as sandbox:
        here = config(sandbox.url)
        asyncio.run(run_sync(here, database.url, Choices(STREAMS[:2], profile="fivetran")))
        result = asyncio.run(run_sync(here, database.url, Choices(STREAMS, profile="fivetran")))
    return Loaded(database, result.notes)


def standing(loaded: Loaded) -> set[str]:
    return {name for (name,) in loaded.rows("select table_name from information_schema.tables")}


def test_what_a_real_sync_made_adds_up(loaded: Loaded, tmp_path: Path) -> None:
    """One test, for the sync takes longest: children equal their parents' lists, views the sums of their tables."""
    [note] = loaded.notes
    assert note.startswith("Without the stream account_insights_region there is no demographics_region ")
    lists_equal_their_children(loaded)
    views_add_up(loaded)
    fivetran_adds_up(loaded)


def lists_equal_their_children(loaded: Loaded) -> None:
    there = standing(loaded)
    compared = 0
    for name in STREAMS:
        for child in children(streams()[name]):
            listed = child.form is Form.ITEMS or child.column in LISTS
            if child.table not in there or not listed or child.path:
                continue
            cells = {cell.name: cell.key for cell in child.cells}
            as_text = f"to_json({child.column})" if loaded.place.kind == "duckdb" else child.column  # a list there
            texts = dict(loaded.rows(f"select _row_id, cast({as_text} as varchar) from facebook_ads.{name}"))
            own = ", ".join(f'cast("{cell}" as varchar)' for cell in cells)
            found: dict[str, list[Any]] = {}
            for parent, more, *values in loaded.rows(
                f'select _parent_id, _more, {own} from facebook_ads."{child.table}" order by _parent_id, "index"'
            ):
                assert more is None
                told = {key: value for key, value in zip(cells.values(), values, strict=True) if value is not None}
                found.setdefault(parent, []).append(told.get(None, told))
            sent = {row: items(text) for row, text in texts.items() if text is not None and items(text)}
            assert {row: [plain(item) for item in one] for row, one in found.items()} == {
                row: [plain(item) for item in one] for row, one in sent.items()
            }, child.table
            compared += len(found)
    assert compared > 100


def items(text: str) -> list[Any]:
    found: list[Any] = json.loads(text, parse_float=Decimal)
    return found


def plain(item: Any) -> Any:
    """An item as both sides can say it: numbers by value, lists and objects as JSON."""
    if isinstance(item, dict):
        return {key: plain(value) for key, value in item.items() if value is not None}
    if isinstance(item, list):
        return [plain(value) for value in item]
    if isinstance(item, str):
        try:
            return plain(json.loads(item, parse_float=Decimal)) if item[:1] in "[{" else Decimal(item).normalize()
        except (ArithmeticError, ValueError):
            return moment(item)
    return Decimal(item).normalize() if isinstance(item, int | Decimal) and not isinstance(item, bool) else item


def moment(text: str) -> Any:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def views_add_up(loaded: Loaded) -> None:
    [(spend, impressions)] = loaded.rows("select sum(spend), sum(impressions) from facebook_ads.ads_insights")
    for view in ("spend_daily", "campaign_performance", "creative_performance"):
        assert loaded.rows(f"select sum(spend), sum(impressions) from facebook_ads.{view}") == [(spend, impressions)]
    omni = "where action_type = 'omni_purchase'"
    [(sales,)] = loaded.rows(f"select sum(value) from facebook_ads.ads_insights_actions {omni}")
    [(worth,)] = loaded.rows(f"select sum(value) from facebook_ads.ads_insights_action_values {omni}")
    assert sales > 0
    for view in ("campaign_performance", "creative_performance"):
        sums = f"select sum(purchases), sum(purchase_value) from facebook_ads.{view}"
        assert loaded.rows(sums) == [(sales, worth)]
    default = "where attribution_window = 'default'"
    sums = f"select sum(purchases), sum(purchase_value) from facebook_ads.purchases_by_window {default}"
    assert loaded.rows(sums) == [(sales, worth)]
    assert loaded.rows("select count(*) from facebook_ads.entity_changes where entity is not null") > [(0,)]
    [(minor, major)] = loaded.rows("select sum(daily_budget), sum(daily_budget_major) from facebook_ads.budgets")
    assert minor == 100 * major > 0


def fivetran_adds_up(loaded: Loaded) -> None:
    for view, table in (("basic_ad", "ads_insights"), ("demographics_country", "account_insights_country")):
        theirs = loaded.rows(f"select count(*), sum(spend), sum(impressions) from facebook_ads_fivetran.{view}")
        assert theirs == loaded.rows(f"select count(*), sum(spend), sum(impressions) from facebook_ads.{table}")
        theirs = loaded.rows(f"select count(*), sum(value) from facebook_ads_fivetran.{view}_actions")
        assert theirs == loaded.rows(f"select count(*), sum(value) from facebook_ads.{table}_actions")
    key = 'select _fivetran_id, "index" from facebook_ads_fivetran.basic_ad_actions group by 1, 2 having count(*) > 1'
    assert loaded.rows(key) == []
    tags = [
        json.loads(text)
        for (text,) in loaded.rows("select url_tags from facebook_ads_fivetran.creative_history")
        if text
    ]
    assert {tag["key"] for one in tags for tag in one} >= {"utm_source"}
