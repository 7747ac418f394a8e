"""Every way in which a state file wraps its blobs."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.plan.state import StateError
from facebook_marketing.plan.statefile import parse_input

BLOB: dict[str, Any] = {"123": {"updated_time": "2026-11-20T10:00:00-0800"}}
STREAM = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "ads"}, "stream_state": BLOB}}
BARE = {"stream_descriptor": {"name": "ads", "namespace": None}, "stream_state": BLOB}
SHOWN = {"streamDescriptor": {"name": "ads", "namespace": None}, "streamState": BLOB}
GLOBAL = {"type": "GLOBAL", "global": {"shared_state": None, "stream_states": [BARE]}}


@pytest.mark.parametrize(
    "raw", (b"", b"  \n", b"[]", b"{}", b"null", b"[{}]", b'{"stateType": "not_set"}', b"\xef\xbb\xbf[]")
)
def test_no_state_is_no_state(raw: bytes) -> None:
    assert parse_input(raw) == {}


@pytest.mark.parametrize(
    "content",
    (
        [STREAM],
        STREAM,
        {"stream": BARE},
        [{"type": "STATE", "state": STREAM}],
        {"type": "STATE", "state": STREAM},
        {"state": {"ads": BLOB}},
        [GLOBAL],
        GLOBAL,
        {"type": "LEGACY", "data": {"ads": BLOB}},
        [{"type": "LEGACY", "data": {"ads": BLOB}}],
        {"type": "STATE", "state": {"data": {"ads": BLOB}}},
        {"data": {"ads": BLOB}},
        {"ads": BLOB},
        {"ads": BLOB, "campaigns": None},
        {"type": "STATE", "log": None, "record": None, "state": {**STREAM, "global": None, "data": None}},
        {"type": "LEGACY", "stream": None, "global": None, "data": {"ads": BLOB}},
        [{"streamDescriptor": {"name": "ads"}, "streamState": BLOB}],
        {"stateType": "stream", "connectionId": "c", "state": {}, "streamState": [SHOWN], "globalState": None},
        {"stateType": "global", "globalState": {"sharedState": {}, "streamStates": [SHOWN]}},
        {"stateType": "legacy", "state": {"ads": BLOB}},
    ),
)
def test_every_wrapping_gives_the_blob_of_each_stream(content: object) -> None:
    assert parse_input(json.dumps(content).encode()) == {"ads": BLOB}


def test_one_message_a_line_is_read_and_the_last_one_of_a_stream_counts() -> None:
    older = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "ads"}, "stream_state": {"version": 1}}}
    lines = "\n\n".join(json.dumps({"type": "STATE", "state": one}) for one in (older, STREAM))
    assert parse_input(lines.encode()) == {"ads": BLOB}


def test_a_stream_without_a_blob_has_no_state() -> None:
    message = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "ads"}}}
    assert parse_input(json.dumps([message]).encode()) == {}


@pytest.mark.parametrize(
    "raw",
    (
        b"{",
        b"ads",
        b"\xff\xfe",
        b"[1]",
        b'"ads"',
        b'{"ads": 3}',
        b'{"ads": ["2026-01-01"]}',
        b'{"type": "STREAM"}',
        b'{"type": "STREAM", "stream": {"stream_state": {}}}',
        b'[{"type": "RECORD", "record": {}}]',
        b'{"type": "GLOBAL", "global": {"stream_states": [{"stream_descriptor": {}}]}}',
        b"{}\n{",
        b"[" * 100_000,
        b'{"bookmarks": {"ads": {"updated_time": "2026-11-20"}}}',
        b'{"123": {"updated_time": "2026-11-20"}}',
        b'{"act_123": {"updated_time": "2026-11-20"}}',
        b'[{"streamDescriptor": {}, "streamState": {}}]',
        b'{"stateType": "stream", "connectionId": "c"}',
    ),
)
def test_a_broken_file_is_an_error_that_ends_with_the_next_step(raw: bytes) -> None:
    with pytest.raises(StateError, match=r"Next step: .*\.$"):
        parse_input(raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("type", "stream", "state", "data", "global", "stream_states", "x")), inner)
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_gives_blobs_or_a_state_error_and_nothing_else(content: object) -> None:
    try:
        found = parse_input(json.dumps(content).encode())
    except StateError:
        return
    assert all(isinstance(blob, dict) for blob in found.values())
