"""Every stream through PyAirbyte into DuckDB, twice, beside what a plain reader finds at the sandbox."""

import os

os.environ["AIRBYTE_OFFLINE_MODE"] = "1"  # before PyAirbyte is imported: else it asks a public registry
os.environ["DO_NOT_TRACK"] = "1"

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import airbyte as ab
import pytest
from airbyte.caches import DuckDBCache

import sandbox

DAYS = 5
DAY = 86_400
STATUSES = [
    "ACTIVE", "PAUSED", "DELETED", "PENDING_REVIEW", "DISAPPROVED", "PREAPPROVED", "PENDING_BILLING_INFO",
    "CAMPAIGN_PAUSED", "ARCHIVED", "ADSET_PAUSED", "IN_PROCESS", "WITH_ISSUES",
]  # fmt: skip
EDGES = {
    "campaigns": "campaigns",
    "ad_sets": "adsets",
    "ads": "ads",
    "ad_creatives": "adcreatives",
    "custom_audiences": "customaudiences",
    "custom_conversions": "customconversions",
}


Rows = list[dict[str, object]]
Tables = dict[str, Rows]


@dataclass(frozen=True)
class Turn:
    """What stands in both caches after a read, and what stood at the sandbox just then."""

    everything: Tables
    entities: Tables
    truth: dict[str, dict[str, datetime | None]]
    processed: int


@dataclass(frozen=True)
class Synced:
    """Two turns, the sandbox's clock a day apart, and the insights of the first."""

    first: Turn
    second: Turn
    insights: Rows
    keys: dict[str, list[str]]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Synced:
    folder = tmp_path_factory.mktemp("caches")
    since, until = _today() - timedelta(days=DAYS), _today() - timedelta(days=1)
    with sandbox.running() as graph:
        os.environ["FACEBOOK_GRAPH_URL"] = graph.url
        # A start date keeps the insights of twenty presets small, but it also leaves out older entities: two sources.
        everything = _source(start_date=f"{since}T00:00:00Z", end_date=f"{until}T00:00:00Z")
        everything.check()
        everything.select_all_streams()
        entities = _source()
        entities.select_streams(list(EDGES))

        def turn() -> Turn:
            caches = [DuckDBCache(db_path=folder / name, schema_name="facebook") for name in ("all.db", "entities.db")]
            results = [source.read(cache=cache) for source, cache in zip((everything, entities), caches, strict=True)]
            return Turn(
                {name: _rows(caches[0], name) for name in everything.get_selected_streams()},
                {name: _rows(caches[1], name) for name in EDGES},
                {stream: _truth(graph, stream) for stream in EDGES},
                sum(result.processed_records for result in results),
            )

        first = turn()
        insights = _insights(graph, since, until)
        graph.control("clock", {"advance": DAY})
        second = turn()
    keys = {
        one.stream.name: [part[0] for part in one.stream.source_defined_primary_key or []]
        for one in everything.configured_catalog.streams
    }
    return Synced(first, second, insights, keys)


def test_all_streams_of_the_catalog_have_a_table(synced: Synced) -> None:
    assert len(synced.first.everything) >= 30
    assert synced.first.everything.keys() == synced.second.everything.keys()


@pytest.mark.parametrize("stream", EDGES)
def test_entities_are_those_at_the_sandbox(synced: Synced, stream: str) -> None:
    assert synced.first.truth[stream]
    assert _times(synced.first.entities[stream]) == synced.first.truth[stream]


@pytest.mark.parametrize("stream", EDGES)
def test_a_day_later_what_is_new_is_there_and_nothing_is_lost(synced: Synced, stream: str) -> None:
    assert _times(synced.second.entities[stream]) == synced.first.truth[stream] | synced.second.truth[stream]


def test_there_was_something_new(synced: Synced) -> None:
    assert synced.first.truth["ads"] != synced.second.truth["ads"]


def test_insights_are_those_of_the_sandbox(synced: Synced) -> None:
    truth = {(row["date_start"], row["ad_id"]): int(str(row["impressions"])) for row in synced.insights}
    rows = synced.first.everything["ads_insights"]
    found = {(str(row["date_start"])[:10], row["ad_id"]): int(str(row["impressions"])) for row in rows}
    assert truth
    assert found == truth


def test_no_key_stands_twice(synced: Synced) -> None:
    keyed = {name: columns for name, columns in synced.keys.items() if columns}
    assert len(keyed) >= 25
    for name, columns in keyed.items():
        counts = Counter(tuple(str(row[column]) for column in columns) for row in synced.second.everything[name])
        assert [key for key, times in counts.items() if times > 1] == [], name


def test_the_second_read_asks_for_less(synced: Synced) -> None:
    assert 0 < synced.second.processed < synced.first.processed


def _source(**dates: str) -> ab.Source:
    return ab.get_source(
        "source-facebook-marketing",
        local_executable=sandbox.SOURCE,
        config={
            "account_ids": [sandbox.ACCOUNT],
            "credentials": {"auth_type": "Service", "access_token": sandbox.TOKEN},
            **dates,
        },
    )


def _times(rows: Rows) -> dict[str, datetime | None]:
    """When each id was updated last, where its stream says so: on the account's clock, as PyAirbyte stores it."""
    return {str(row["id"]): _wall_clock(row.get("updated_time")) for row in rows}


def _wall_clock(value: object) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value)).replace(tzinfo=None)


def _today() -> date:
    return datetime.now(UTC).date()


def _truth(graph: sandbox.Sandbox, stream: str) -> dict[str, datetime | None]:
    fields = "id,updated_time" if stream in {"campaigns", "ad_sets", "ads"} else "id"
    return _times(list(graph.walk(f"act_{sandbox.ACCOUNT}/{EDGES[stream]}", fields=fields, limit=200)))


def _insights(graph: sandbox.Sandbox, since: date, until: date) -> Rows:
    return graph.report(
        f"act_{sandbox.ACCOUNT}",
        level="ad",
        time_increment=1,
        time_range={"since": str(since), "until": str(until)},
        fields="ad_id,impressions",
        filtering=[{"field": "ad.effective_status", "operator": "IN", "value": STATUSES}],
    )


def _rows(cache: DuckDBCache, stream: str) -> Rows:
    frame = cache.get_pandas_dataframe(stream)
    return frame.astype(object).where(frame.notna(), None).to_dict("records")
