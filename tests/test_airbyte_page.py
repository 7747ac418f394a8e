"""The page for people who use us on Airbyte: what it shows works, and what it names exists."""

import json
import re
from pathlib import Path

import pytest

from facebook_marketing.config import load
from facebook_marketing.config.spec import spec
from facebook_marketing.faces.catalog import offered
from facebook_marketing.faces.heartbeat import SILENCE
from facebook_marketing.faces.stopping import GRACE
from facebook_marketing.graph.verdicts import RULES

PAGE = (Path(__file__).parent.parent / "docs" / "airbyte.md").read_text()
EXAMPLES = [
    text.replace("…", "what-the-reader-puts-in")
    for text in re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
]


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


@pytest.mark.parametrize(
    "title",
    (
        "Prerequisites", "Set-up guide", "Supported sync modes", "Supported streams", "Limits and performance",
        "Where numbers differ from the existing connector", "Troubleshooting", "Changelog",
    ),
)  # fmt: skip
def test_the_page_has_the_parts_of_an_airbyte_page(title: str) -> None:
    assert section(title).strip()


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_each_example_is_a_configuration_that_is_taken_without_a_word(example: str) -> None:
    loaded = load(json.loads(example), {})
    assert loaded.notes == ()
    assert offered(loaded.config)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 2


def test_every_stream_that_the_page_names_exists() -> None:
    names = {stream.name for stream in offered(load(json.loads(EXAMPLES[0]), {}).config)}
    rows = [row.split("|")[1] for row in re.findall(r"^\|.*\|$", section("Supported streams"), re.MULTILINE)]
    named = {name for row in rows for name in re.findall(r"`([a-z]\w+)`", row)}
    apart = {"custom", "custom_insights", "leads", "daily", "weekly", "monthly"}  # leads: only where it is asked for
    assert len(named) >= 30
    assert named - apart - names == set()


def test_every_stream_that_exists_stands_on_the_page_or_is_of_a_family_that_does() -> None:
    names = {stream.name for stream in offered(load(json.loads(EXAMPLES[0]), {}).config)}
    assert [name for name in names if f"`{name}`" not in PAGE and "_reach_frequency_" not in name] == []


def test_every_code_that_the_page_explains_has_a_rule() -> None:
    rows = re.findall(r"^\| (`[-0-9/`, ]+`) \|", section("Troubleshooting"), re.MULTILINE)
    codes = {code for row in rows for code in re.findall(r"[-0-9/]+", row)}
    known = {f"{rule.code}" for rule in RULES} | {f"{rule.code}/{rule.subcode}" for rule in RULES}
    assert len(codes) >= 12
    assert codes - {"200"} - known == set(), "200 is the rule of permissions, which stands apart"


def test_every_field_of_the_form_has_the_title_that_the_page_tells() -> None:
    titles = json.dumps(spec()["connectionSpecification"])
    told = re.findall(r"\*\*([A-Z][^*]+)\*\*", section("Set-up guide").split("### In Airbyte")[1])
    assert len(told) >= 3
    assert [title for title in told if f'"title": "{title}"' not in titles] == []


def test_every_setting_that_the_page_names_exists() -> None:
    settings = set(spec()["connectionSpecification"]["properties"])
    named = {
        "quota_share", "max_concurrency", "api_version", "strict", "insights_lookback_window", "custom_insights",
        "default_ads_insights_action_breakdowns", "campaign_statuses", "adset_statuses", "ad_statuses", "account_ids",
    }  # fmt: skip
    assert {name for name in named if f"`{name}`" in PAGE} == named
    assert named <= settings


def test_the_promises_about_time_are_those_of_the_code() -> None:
    assert GRACE < 10
    assert "On SIGTERM it stops within 10 seconds" in PAGE
    assert SILENCE == 30
    assert "A log line at least every half minute" in PAGE
