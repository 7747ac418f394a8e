"""Meta's own tables, and our corrections to them."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from facebook_marketing.catalog import columns, corrections, fields
from facebook_marketing.catalog.stream import Kind


def test_the_tables_know_fields_shapes_enums_and_history() -> None:
    assert fields.declared("Campaign")["updated_time"] == "datetime"
    shape = fields.shape("IDName")
    assert shape == {"id": "string", "name": "string"}
    assert fields.shape("CRMAddress") is None
    assert "comscore_market" in fields.enum("breakdowns")
    assert fields.added_in("breakdowns", "comscore_market") == "v23"
    assert fields.added_in("breakdowns", "age") is None
    assert fields.last_seen_in("AdCreative", "instagram_actor_id") == "v21"


@pytest.mark.parametrize("look_up", (fields.declared, fields.enum))
def test_an_unknown_table_is_an_error(look_up: object) -> None:
    assert callable(look_up)
    with pytest.raises(KeyError):
        look_up("Nonsense")


def test_a_breakdown_is_no_field() -> None:
    assert {"age", "country", "action_type"} <= fields.breakdowns_only()
    assert not {"spend", "account_id"} & fields.breakdowns_only()


@pytest.mark.parametrize("row", corrections.CORRECTIONS, ids=lambda row: f"{row.node}-{row.kind}")
def test_a_correction_is_needed_has_a_reason_and_stands_once(row: corrections.Correction) -> None:
    assert row.reason
    for name in row.fields:
        others = [other for other in corrections.CORRECTIONS if other.node == row.node and name in other.fields]
        assert others == [row]
        declared = fields.declared(row.node).get(name)
        assert declared is None or columns._kind(declared) is not row.kind


def test_an_enum_is_text_and_an_unknown_object_stays_open() -> None:
    assert columns.column("AdSet", "status").kind is Kind.STRING
    assert columns.column("AdVideo", "status").schema == columns.OBJECT
    assert columns.column("AdsInsights", "brand_new_metric").schema == columns.ANYTHING


def test_the_catalogue_loads_neither_config_nor_sockets_and_reads_no_table_before_it_is_asked() -> None:
    program = (
        "import sys, facebook_marketing.catalog as c, facebook_marketing.catalog.fields as f;"
        "assert f._tables.cache_info().currsize == 0;"
        "import facebook_marketing.catalog.reports, facebook_marketing.catalog.streams;"
        "assert not {'pydantic', 'aiohttp', 'socket', 'asyncio', 'logging'} & set(sys.modules), 'too much'"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_the_script_keeps_fields_and_known_shapes_and_leaves_the_rest() -> None:
    script = runpy.run_path(str(Path(__file__).parent.parent.parent / "scripts" / "make_fields.py"))
    facts = {
        "_meta": {"api_version": "v99.0", "generated": "2030-01-01", "method": "long"},
        "objects": {"Campaign": {"fields": {"id": "string"}, "edges": {"GET /ads": {}}, "enums": {}}},
        "nested": {**{name: {"id": "string"} for name in script["SHAPES"]}, "Other": {"id": "string"}},
        "enums": {"level": ["ad"]},
        "enums_documented": {},
        "history": {},
    }
    cut = script["cut"](facts)
    assert cut["objects"].keys() - script["MORE_OBJECTS"].keys() == {"Campaign"}
    assert cut["objects"]["Campaign"] == {"fields": {"id": "string"}}
    assert set(cut["nested"]) == {*script["SHAPES"], *script["MORE_SHAPES"]}
    assert cut["_meta"]["api_version"] == "v99.0"


def test_every_known_shape_stands_in_the_tables() -> None:
    script = runpy.run_path(str(Path(__file__).parent.parent.parent / "scripts" / "make_fields.py"))
    assert [name for name in (*script["SHAPES"], *script["MORE_SHAPES"]) if fields.shape(name) is None] == []


def test_what_the_facts_lack_stands_in_the_tables_until_the_facts_have_it() -> None:
    script = runpy.run_path(str(Path(__file__).parent.parent.parent / "scripts" / "make_fields.py"))
    for name, declared in script["MORE_OBJECTS"].items():
        assert fields.declared(name) == declared
    facts = {"_meta": {"api_version": "v99.0", "generated": ""}, "objects": {"AdRule": {"fields": {"id": "int"}}}}
    empty: dict[str, object] = {"nested": {name: {} for name in script["SHAPES"]}, "enums": {}, "enums_documented": {}}
    assert script["cut"]({**facts, **empty, "history": {}})["objects"]["AdRule"] == {"fields": {"id": "int"}}
