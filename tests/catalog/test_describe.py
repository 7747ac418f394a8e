"""The pages about streams and reports cannot drift from the tables."""

from pathlib import Path

import pytest

from facebook_marketing.catalog import describe, describe_reports, describe_tables, rules
from facebook_marketing.catalog.presets import PRESETS, Preset
from facebook_marketing.catalog.streams import ENTITIES

DOCS = Path(__file__).parent.parent.parent / "docs"
REPORTS = describe_reports.page()


@pytest.mark.parametrize(
    ("name", "page"),
    (("streams.md", describe.page()), ("reports.md", REPORTS), ("tables.md", describe_tables.page())),
    ids=("streams", "reports", "tables"),
)
def test_a_written_page_is_current(name: str, page: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == page, f"write the page() of catalog.describe* to docs/{name}"


def test_the_page_about_streams_names_every_stream() -> None:
    for name in (*(stream.name for stream in ENTITIES), *(preset.name for preset in PRESETS)):
        assert f"| `{name}` |" in describe.page()


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_the_page_about_reports_says_who_reads_a_preset_and_in_which_increment(preset: Preset) -> None:
    (line,) = (line for line in REPORTS.splitlines() if line.startswith(f"| `{preset.name}` |"))
    assert f"| `{preset.time_increment}` |" in line
    assert line.endswith("| yes |" if preset.offered_by_default else "| no |")


def test_the_page_about_reports_lists_each_combination_in_a_line_of_its_own_or_with_its_like() -> None:
    names = sorted(frozenset().union(*rules.COMBINATIONS))
    assert [name for name in names if f"`{name}`" not in REPORTS] == []
    assert "- `age`, `gender` ✱" in REPORTS
    assert "- `app_id`, `skan_conversion_id`\n" in REPORTS


def test_the_page_about_reports_says_how_far_back_each_kind_reaches() -> None:
    assert "| without a breakdown | 37 months | none |" in REPORTS
    assert "`cost_per_unique_*`: 13 months |" in REPORTS
    assert "| with `frequency_value` | 6 months | none |" in REPORTS
