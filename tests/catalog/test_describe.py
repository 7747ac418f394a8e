"""docs/streams.md cannot drift from the tables."""

from pathlib import Path

from facebook_marketing.catalog.describe import page
from facebook_marketing.catalog.reports import PRESETS
from facebook_marketing.catalog.streams import ENTITIES

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "streams.md"


def test_the_page_about_streams_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == page(), "write catalog.describe.page() to docs/streams.md"


def test_the_page_names_every_stream() -> None:
    for name in (*(stream.name for stream in ENTITIES), *(preset.name for preset in PRESETS)):
        assert f"| `{name}` |" in page()
