"""The form that a platform shows is sound, complete, and takes every older config."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import PydanticUndefined

from facebook_marketing.config import Config, InsightConfig, load, spec
from facebook_marketing.config.allowed import ALLOWED

Schema = dict[str, Any]

FORM: Schema = spec()["connectionSpecification"]
REPORT: Schema = FORM["properties"]["custom_insights"]["items"]
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "configuration.md"
IN_CREDENTIALS = {"access_token", "client_id", "client_secret"}
# Only the environment may say where the token is sent.
NOT_IN_THE_FORM = {"graph_url"}

TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
KEYWORDS = {
    "$schema", "title", "description", "type", "properties", "required", "items", "enum", "const", "default",
    "examples", "format", "pattern", "pattern_descriptor", "minimum", "maximum", "minItems", "uniqueItems", "oneOf",
    "order", "additionalProperties", "always_show", "airbyte_secret", "airbyte_hidden",
}  # fmt: skip


def refusals(schema: Schema, value: Any, at: str = "$") -> Iterator[str]:
    """What JSON schema (the part of draft 7 that the form uses) has against a value."""
    kind = schema["type"]
    if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield f"{at}: not a {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: not in the enum"
    if "const" in schema and value != schema["const"]:
        yield f"{at}: not the constant"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{at}: not of the pattern"
    if isinstance(value, int | float) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{at}: out of range"
    if isinstance(value, list):
        yield from (
            text for index, one in enumerate(value) for text in refusals(schema["items"], one, f"{at}[{index}]")
        )
    if isinstance(value, dict):
        yield from _of_object(schema, value, at)


def _of_object(schema: Schema, value: dict[str, Any], at: str) -> Iterator[str]:
    yield from (f"{at}: lacks {name}" for name in schema.get("required", ()) if name not in value)
    for name, inner in schema.get("properties", {}).items():
        if name in value:
            yield from refusals(inner, value[name], f"{at}.{name}")
    if "oneOf" in schema and sum(not list(refusals(one, value, at)) for one in schema["oneOf"]) != 1:
        yield f"{at}: not exactly one of the forms"


def nodes(schema: Schema, at: str = "$") -> Iterator[tuple[str, Schema]]:
    yield at, schema
    for name, inner in schema.get("properties", {}).items():
        yield from nodes(inner, f"{at}.{name}")
    for index, inner in enumerate(schema.get("oneOf", ())):
        yield from nodes(inner, f"{at}<{index}>")
    if "items" in schema:
        yield from nodes(schema["items"], f"{at}[]")


@pytest.mark.parametrize(("at", "node"), tuple(nodes(FORM)))
def test_every_part_of_the_form_is_sound(at: str, node: Schema) -> None:
    assert node.keys() <= KEYWORDS
    assert node["type"] in TYPES
    re.compile(node.get("pattern", ""))
    if "default" in node:
        assert not list(refusals(node, node["default"]))
    if node["type"] == "string":
        assert all(isinstance(example, str) for example in node.get("examples", ()))


@pytest.mark.parametrize("form", (FORM, REPORT))
def test_every_setting_teaches_and_has_its_place(form: Schema) -> None:
    rows = form["properties"].values()

    assert all(row["title"] and row["description"].endswith((".", ".)")) for row in rows)
    assert [row["order"] for row in rows] == list(range(len(rows)))


def test_the_protocols_own_keys_are_there() -> None:
    outer = spec()

    assert outer["supported_destination_sync_modes"] == ["overwrite", "append", "append_dedup"]
    assert outer["supportsIncremental"] is True
    assert outer["documentationUrl"].startswith("https://")
    assert outer["changelogUrl"].startswith("https://")


def test_each_way_to_sign_in_is_told_by_its_constant_and_signing_in_with_meta_comes_first() -> None:
    ways = FORM["properties"]["credentials"]["oneOf"]

    assert [way["properties"]["auth_type"]["const"] for way in ways] == ["Client", "Service"]
    assert spec()["advanced_auth"]["predicate_key"] == ["credentials", "auth_type"]
    assert spec()["advanced_auth"]["predicate_value"] == "Client"


def test_what_signing_in_yields_has_its_place_in_the_form() -> None:
    parts = spec()["advanced_auth"]["oauth_config_specification"]
    places = [
        row["path_in_connector_config"]
        for part in ("complete_oauth_output_specification", "complete_oauth_server_output_specification")
        for row in parts[part]["properties"].values()
    ]

    assert places == [["credentials", name] for name in ("access_token", "client_id", "client_secret")]
    assert all(name in FORM["properties"]["credentials"]["oneOf"][0]["properties"] for _, name in places)


def test_every_secret_is_marked_as_one() -> None:
    secret = {at.rpartition(".")[2] for at, node in nodes(FORM) if node.get("airbyte_secret")}
    plain = {at.rpartition(".")[2] for at, node in nodes(FORM) if not node.get("airbyte_secret")}

    assert secret == IN_CREDENTIALS
    assert not secret & plain


def test_the_form_has_every_setting_and_no_other() -> None:
    older = {name for name, row in FORM["properties"].items() if row.get("airbyte_hidden")}

    assert (
        FORM["properties"].keys() - older - {"credentials"}
        == Config.model_fields.keys() - IN_CREDENTIALS - NOT_IN_THE_FORM
    )
    hidden = {name for name, row in REPORT["properties"].items() if row.get("airbyte_hidden")}
    assert REPORT["properties"].keys() - hidden - {"time_increment_period"} == InsightConfig.model_fields.keys()


# Every setting that a version from 0.2.44 to 6.1.9 had: a platform's form drops what its form does not know.
OF_AIRBYTE = {
    "account_id", "account_ids", "access_token", "credentials", "start_date", "end_date", "include_deleted",
    "campaign_statuses", "adset_statuses", "ad_statuses", "fetch_thumbnail_images", "custom_insights", "page_size",
    "default_ads_insights_action_breakdowns", "insights_lookback_window", "insights_job_timeout", "client_id",
    "include_incrementality", "include_engaged_view", "action_breakdowns_allow_empty", "client_secret",
    "max_batch_size",
}  # fmt: skip
OF_AIRBYTE_S_REPORTS = {
    "name", "level", "fields", "breakdowns", "action_breakdowns", "time_increment", "time_increment_period",
    "action_report_time", "start_date", "end_date", "insights_lookback_window", "insights_job_timeout",
    "include_incrementality", "include_engaged_view",
}  # fmt: skip


def test_the_form_keeps_every_setting_that_airbytes_source_ever_had() -> None:
    assert FORM["properties"].keys() >= OF_AIRBYTE
    assert REPORT["properties"].keys() >= OF_AIRBYTE_S_REPORTS


@pytest.mark.parametrize(("form", "model"), ((FORM, Config), (REPORT, InsightConfig)))
def test_the_form_says_the_same_defaults_and_limits_as_the_check(
    form: Schema, model: type[Config | InsightConfig]
) -> None:
    for name, row in form["properties"].items():
        setting = model.model_fields.get(name)
        if setting is None or row.get("airbyte_hidden"):
            continue
        if setting.default in (None, (), PydanticUndefined):
            assert row.get("default", []) == [], name
        else:
            default = list(setting.default) if isinstance(setting.default, tuple) else setting.default
            assert row["default"] == default, name


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    (
        ("insights_lookback_window", (0, 28), (-1, 29)),
        ("insights_job_timeout", (1, 1440), (0, 1441)),
        ("insights_refresh_hours", (0, 720), (-1, 721)),
        ("quota_share", (0.05, 1), (0.04, 1.01)),
        ("max_concurrency", (1, 256), (0, 257)),
        ("page_size", (1, 5000), (0,)),
    ),
)
def test_a_limit_is_the_same_in_the_form_and_in_the_check(
    name: str, inside: tuple[float, ...], outside: tuple[float, ...]
) -> None:
    right = {"account_ids": ["1"], "access_token": "made-up-token"}
    row = FORM["properties"][name]

    for value in inside:
        assert not list(refusals(row, value))
        assert getattr(load({**right, name: value}, {}).config, name) == value
    for value in outside:
        assert list(refusals(row, value))
        with pytest.raises(ValueError, match=name):
            Config.model_validate({**right, name: value})


@pytest.mark.parametrize(
    "config",
    (
        {
            "account_id": "1",
            "start_date": "2021-01-01T00:00:00Z",
            "access_token": "made-up-token",
            "include_deleted": True,
        },
        {
            "account_ids": ["1", "2"],
            "account_id": "1",
            "credentials": {"auth_type": "Service", "access_token": "made-up-token"},
            "start_date": "2021-01-01T00:00:00Z",
            "end_date": "",
            "campaign_statuses": ["ACTIVE"],
            "adset_statuses": ["CAMPAIGN_PAUSED"],
            "ad_statuses": ["PREAPPROVED"],
            "default_ads_insights_action_breakdowns": [],
            "custom_insights": [
                {
                    "name": "x",
                    "level": "campaign",
                    "fields": ["brand_new"],
                    "breakdowns": ["dma"],
                    "action_breakdowns": [],
                    "time_increment": 1,
                    "time_increment_period": "weekly",
                    "start_date": "2021-01-01T00:00:00Z",
                    "insights_lookback_window": 28,
                    "insights_job_timeout": 60,
                    "include_incrementality": False,
                }
            ],
            "page_size": 100,
            "insights_lookback_window": 28,
            "insights_job_timeout": 60,
            "action_breakdowns_allow_empty": False,
        },
        {"credentials": {"auth_type": "Client", "client_id": "7", "client_secret": "made-up-secret"}},
        {"account_ids": ["all"], "start_date": "2024-01-31"},
        {},
    ),
)
def test_a_platform_that_holds_a_config_against_the_form_takes_every_form_it_ever_had(config: dict[str, Any]) -> None:
    assert not list(refusals(FORM, config))


def test_the_form_refuses_what_is_wrong() -> None:
    wrong = {"account_ids": ["x"], "page_size": "many", "ad_statuses": ["GONE"], "credentials": {"auth_type": "Other"}}

    assert len(list(refusals(FORM, wrong))) == len(wrong)


def test_every_setting_has_words_for_its_refusal() -> None:
    assert ALLOWED.keys() == Config.model_fields.keys() | InsightConfig.model_fields.keys()


def test_every_setting_stands_in_the_documentation() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    first, _, second = text.partition("## Custom insights")

    assert {name for name in Config.model_fields if f"`{name}`" not in first} == set()
    assert {name for name in InsightConfig.model_fields if f"`{name}`" not in second} == set()


def test_the_form_is_there_without_any_heavy_package() -> None:
    code = (
        "import sys; from facebook_marketing.config import spec; spec(); "
        "heavy = {'aiohttp', 'dlt', 'pyarrow', 'duckdb', 'asyncio', 'rich'} & sys.modules.keys(); "
        "rooms = {name for name in sys.modules if name.startswith('facebook_marketing.')}; "
        "print(sorted(heavy), sorted({name.split('.')[1] for name in rooms}))"
    )
    source = str(Path(__file__).parents[2] / "src")
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": source}, capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[] ['config']"
