"""What a user chooses of a sync: streams, and how each meets its table."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from facebook_marketing.catalog.gaps import GAPS
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.catalog.streams import ENTITIES
from facebook_marketing.faces.choices import Modes, UsageError, mode_from, modes_from, modes_of
from facebook_marketing.sinks.modes import Mode, default_mode

ADS: Stream = next(stream for stream in ENTITIES if stream.name == "ads")
CAMPAIGNS: Stream = next(stream for stream in ENTITIES if stream.name == "campaigns")


def test_without_a_word_each_stream_has_the_mode_that_suits_it() -> None:
    assert modes_of([ADS, GAPS], Modes()) == {"ads": Mode.DEDUPED_HISTORY, "sync_gaps": Mode.OVERWRITE}


def test_one_mode_is_for_all_and_a_stream_may_have_its_own() -> None:
    modes = modes_from(["append", "ads = deduped"])
    assert modes_of([ADS, CAMPAIGNS], modes) == {"ads": Mode.DEDUPED, "campaigns": Mode.APPEND}


def test_the_others_keep_their_default_where_only_some_are_named() -> None:
    modes = modes_of([ADS, CAMPAIGNS], modes_from(["ads=overwrite"]))
    assert modes == {"ads": Mode.OVERWRITE, "campaigns": default_mode(CAMPAIGNS)}


@given(mode=some.sampled_from(Mode), hyphens=some.booleans(), capitals=some.booleans())
def test_a_mode_may_be_written_with_hyphens_and_capitals(mode: Mode, *, hyphens: bool, capitals: bool) -> None:
    text = mode.replace("_", "-") if hyphens else str(mode)
    assert mode_from(f" {text.upper() if capitals else text} ") is mode


def test_a_mode_for_a_stream_that_is_not_read_is_a_mistake() -> None:
    with pytest.raises(UsageError, match=r"given for ads, which is not read\. Read now: campaigns"):
        modes_of([CAMPAIGNS], modes_from(["ads=append"]))
