"""The dlt source in other people's pipelines: two runs, selected, renamed, replaced, broken off."""

import gc
import json
import threading
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

import facebook_marketing
from executables import ACCOUNT, SMALL, config
from facebook_marketing.faces.batches import Asked
from facebook_marketing.sandbox import Fault, Match, Options, Then, start
from facebook_marketing.sandbox.server import Running


@pytest.fixture(autouse=True)
def at_the_sandbox(meta: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in ("FACEBOOK_ACCESS_TOKEN", "FACEBOOK_ACCOUNT_IDS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FACEBOOK_GRAPH_URL", meta.url)
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", ResourceWarning)
        yield
    gc.collect()
    assert [thread for thread in threading.enumerate() if thread.name == "facebook-marketing"] == []


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[dlt.Pipeline]:
    place = dlt.destinations.duckdb(str(tmp_path / "d.duckdb"))
    made = dlt.pipeline("theirs", destination=place, dataset_name="meta", pipelines_dir=str(tmp_path / "pipelines"))
    yield made
    made.deactivate()  # dlt would read its state in the next test


def counted(pipeline: dlt.Pipeline) -> dict[str, int]:
    """Rows that the last run brought, by table, dlt's own aside."""
    trace = pipeline.last_trace
    assert trace is not None
    assert trace.last_normalize_info is not None
    counts = trace.last_normalize_info.row_counts
    return {table: count for table, count in counts.items() if not table.startswith("_dlt")}


def ask(path: Path, sql: str) -> list[Any]:
    with duckdb.connect(str(path / "d.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


NAMES = ("campaigns", "ads", "ads_insights")


def test_a_second_run_goes_on_from_the_first(pipeline: dlt.Pipeline, tmp_path: Path) -> None:
    source = facebook_marketing.dlt_source(config(), NAMES)
    pipeline.run(source)
    first = counted(pipeline)
    assert min(first.values()) > 0
    pipeline.run(facebook_marketing.dlt_source(config(), NAMES))
    assert counted(pipeline) == dict.fromkeys(NAMES, 0)
    for name in NAMES:
        rows = ask(tmp_path, f"select count(*), count(distinct _row_id) from meta.{name}")
        assert rows == [(first[name], first[name])]


def test_the_tables_are_typed_by_our_schema(pipeline: dlt.Pipeline, tmp_path: Path) -> None:
    pipeline.run(facebook_marketing.dlt_source(config(), ["ads_insights"]))
    where = "table_schema = 'meta' and table_name = 'ads_insights'"
    types = dict(ask(tmp_path, f"select column_name, data_type from information_schema.columns where {where}"))
    assert types["spend"] == "DECIMAL(38,18)"
    assert types["date_start"] == "DATE"
    assert types["_synced_at"] == "TIMESTAMP WITH TIME ZONE"
    assert types["impressions"] == "BIGINT"
    assert types["actions"] == "JSON"


def test_the_checkpoint_lies_in_dlts_own_state(pipeline: dlt.Pipeline) -> None:
    pipeline.run(facebook_marketing.dlt_source(config(), ["campaigns"]))
    saved = pipeline.state["sources"]["facebook_marketing"]["resources"]["campaigns"]
    assert ACCOUNT in saved["checkpoint"]
    json.dumps(saved["checkpoint"])


def test_every_stream_is_there_and_the_most_wanted_are_selected(pipeline: dlt.Pipeline, meta: Running) -> None:
    source = facebook_marketing.dlt_source(config())
    assert "ads_insights_dma" in source.resources
    assert "ads_insights_dma" not in source.selected_resources
    assert {"ads", "ads_insights", "sync_gaps"} <= source.selected_resources.keys()
    before = len(meta.sandbox.log)
    pipeline.run(source.with_resources("campaigns", "sync_gaps"))
    assert counted(pipeline) == {"campaigns": SMALL.campaigns, "sync_gaps": 0}
    assert {call.edge for call in meta.sandbox.log[before:]} == {"campaigns"}


def test_all_chosen_resources_share_one_read(pipeline: dlt.Pipeline, meta: Running) -> None:
    before = len(meta.sandbox.log)
    everywhere = config(account_ids=["all"])
    pipeline.run(facebook_marketing.dlt_source(everywhere, ["ads", "campaigns", "ad_sets"]))
    asked = [call for call in meta.sandbox.log[before:] if "adaccounts" in call.path]
    assert len(asked) == 1


def test_a_resource_may_be_renamed_and_mapped(pipeline: dlt.Pipeline, tmp_path: Path) -> None:
    for _ in range(2):
        source = facebook_marketing.dlt_source(config(), ["campaigns", "ads"])
        source.ads.apply_hints(table_name="meta_ads")
        source.resources["campaigns"].add_map(lambda table: table.append_column("ours", [[1] * table.num_rows]))
        pipeline.run([source, dlt.resource([{"a": 1}], name="theirs")])
    assert counted(pipeline) == {"campaigns": 0, "meta_ads": 0, "theirs": 1}
    assert ask(tmp_path, "select count(*) from meta.meta_ads")[0][0] > 0
    assert ask(tmp_path, "select sum(ours) from meta.campaigns") == [(SMALL.campaigns,)]


def test_a_copy_under_another_name_has_a_state_of_its_own(pipeline: dlt.Pipeline) -> None:
    pipeline.run(facebook_marketing.dlt_source(config(), ["campaigns"]).campaigns)
    pipeline.run(facebook_marketing.dlt_source(config(), ["campaigns"]).campaigns.with_name("again"))
    assert counted(pipeline) == {"again": SMALL.campaigns}


def test_a_table_that_is_replaced_is_read_in_full_each_time(pipeline: dlt.Pipeline, tmp_path: Path) -> None:
    for _ in range(2):
        pipeline.run(facebook_marketing.dlt_source(config(), ["campaigns"]), write_disposition="replace")
    assert counted(pipeline) == {"campaigns": SMALL.campaigns}
    assert ask(tmp_path, "select count(*) from meta.campaigns") == [(SMALL.campaigns,)]


def test_dlts_refresh_begins_anew(pipeline: dlt.Pipeline) -> None:
    pipeline.run(facebook_marketing.dlt_source(config(), ["campaigns"]))
    pipeline.run(facebook_marketing.dlt_source(config(), ["campaigns"]), refresh="drop_data")
    assert counted(pipeline) == {"campaigns": SMALL.campaigns}


def test_what_was_not_read_to_its_end_is_a_warning_and_the_rest_is_loaded(pipeline: dlt.Pipeline) -> None:
    source = facebook_marketing.dlt_source(config(account_ids=["999", ACCOUNT]), ["campaigns"])
    with pytest.warns(facebook_marketing.IncompleteWarning, match="campaigns was not read to its end: .*999"):
        pipeline.run(source)
    assert counted(pipeline) == {"campaigns": SMALL.campaigns}


def test_a_table_is_never_replaced_by_half_of_it(pipeline: dlt.Pipeline, tmp_path: Path) -> None:
    pipeline.run(facebook_marketing.dlt_source(config(), ["campaigns"]))
    source = facebook_marketing.dlt_source(config(account_ids=["999", ACCOUNT]), ["campaigns"])
    with pytest.raises(PipelineStepFailed, match="Its table was to be replaced"):
        pipeline.run(source, write_disposition="replace")
    assert ask(tmp_path, "select count(*) from meta.campaigns") == [(SMALL.campaigns,)]


def test_a_dead_token_fails_the_pipeline_with_its_reason(pipeline: dlt.Pipeline) -> None:
    source = facebook_marketing.dlt_source(config(account_ids=["all"], token="expired-token"), ["campaigns", "ads"])
    with pytest.raises(PipelineStepFailed, match="token is dead"):
        pipeline.run(source)


def test_a_run_that_breaks_off_loses_nothing_and_doubles_nothing(pipeline: dlt.Pipeline, tmp_path: Path) -> None:
    def breaking(after: int) -> Callable[[Any], Any]:
        seen = 0

        def see(table: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen > after:
                raise RuntimeError("the power went")
            return table

        return see

    settings = config(page_size=3)
    for after in (1, 3, 5):
        source = facebook_marketing.dlt_source(settings, NAMES)
        source.ads.add_map(breaking(after))
        if after < 5:
            with pytest.raises(PipelineStepFailed, match="the power went"):
                pipeline.run(source)
    pipeline.run(facebook_marketing.dlt_source(settings, NAMES))
    pipeline.run(facebook_marketing.dlt_source(settings, NAMES))
    assert counted(pipeline) == dict.fromkeys(NAMES, 0)
    whole = dict.fromkeys(NAMES, 0)
    for batch in facebook_marketing.read(settings, NAMES):
        whole[batch.schema.metadata[b"stream"].decode()] += batch.num_rows
    assert {name: ask(tmp_path, f"select count(*) from meta.{name}")[0][0] for name in NAMES} == whole


def test_one_resource_alone_can_be_looked_at() -> None:
    source = facebook_marketing.dlt_source(config(), ["campaigns", "ads"])
    assert sum(table.num_rows for table in source.campaigns) == SMALL.campaigns
    assert sum(table.num_rows for table in source.ads) > 0


def test_a_resource_that_is_cut_short_does_not_hold_up_the_others(pipeline: dlt.Pipeline) -> None:
    source = facebook_marketing.dlt_source(config(page_size=1), ["activities", "campaigns"])
    source.activities.add_limit(2)
    pipeline.run(source)
    assert counted(pipeline)["campaigns"] == SMALL.campaigns
    assert counted(pipeline)["activities"] < SMALL.activities


def test_dlts_other_order_of_items_reads_the_same(pipeline: dlt.Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXTRACT__NEXT_ITEM_MODE", "fifo")
    monkeypatch.setattr("facebook_marketing.faces.shared.Asked", partial(Asked, most_bytes=1))
    pipeline.run(facebook_marketing.dlt_source(config(page_size=1), ["activities", "campaigns", "ads"]))
    assert counted(pipeline)["campaigns"] == SMALL.campaigns


def test_a_field_that_nobody_declared_becomes_a_column_of_json(
    pipeline: dlt.Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = '{"data": [{"id": "1", "updated_time": "2026-11-20T10:00:00+0000", "brand_new": {"a": 1.50}}]}'
    new = Fault(Match(edge="campaigns"), Then(text=page))
    with start(Options(size=SMALL, faults=(new,))) as away:
        monkeypatch.setenv("FACEBOOK_GRAPH_URL", away.url)
        pipeline.run(facebook_marketing.dlt_source(config(), ["campaigns"]))
    where = "table_schema = 'meta' and table_name = 'campaigns' and column_name = 'brand_new'"
    assert ask(tmp_path, f"select data_type from information_schema.columns where {where}") == [("JSON",)]
    assert ask(tmp_path, "select brand_new from meta.campaigns") == [('{"a": 1.50}',)]


def test_a_stream_without_rows_has_its_table(pipeline: dlt.Pipeline, tmp_path: Path) -> None:
    pipeline.run(facebook_marketing.dlt_source(config(), ["sync_gaps"]))
    assert ask(tmp_path, "select count(*) from meta.sync_gaps") == [(0,)]


def test_gaps_of_the_run_are_rows(pipeline: dlt.Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message = "(#100) Tried accessing nonexisting field (objective) on node type (Campaign)"
    refused = Fault(Match(edge="campaigns", nth=1), Then(code=100, message=message, status=400))
    with start(Options(size=SMALL, faults=(refused,))) as away:
        monkeypatch.setenv("FACEBOOK_GRAPH_URL", away.url)
        pipeline.run(facebook_marketing.dlt_source(config(), ["campaigns", "sync_gaps"]))
    assert ask(tmp_path, "select stream, field from meta.sync_gaps") == [("campaigns", "objective")]
    assert counted(pipeline)["campaigns"] == SMALL.campaigns
