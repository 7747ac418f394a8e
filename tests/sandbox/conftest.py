"""Small sandboxes on a clock that stands still until it is moved."""

from collections.abc import Callable
from typing import Any

import pytest

from facebook_marketing.sandbox import Options, Sandbox, Size
from facebook_marketing.sandbox.caller import Caller, StillClock

NOON = 1_795_348_800.0  # 2026-11-22T12:00:00Z
SMALL = Size(campaigns=5, adsets=10, ads=30, creatives=30, images=12, videos=6, activities=60, audiences=5)


@pytest.fixture
def clock() -> StillClock:
    """Return the clock of the test's sandboxes."""
    return StillClock(NOON)


@pytest.fixture
def open_sandbox(clock: StillClock) -> Callable[..., Caller]:
    """Return a function that makes a small sandbox from options and returns its caller."""

    def make(*, token: str = "sandbox-token", **options: Any) -> Caller:
        settings = {"size": SMALL, "empty_pages": False, **options}
        return Caller(Sandbox(Options(**settings), now=clock), token=token)

    return make


@pytest.fixture
def talk(open_sandbox: Callable[..., Caller]) -> Caller:
    """Return the caller of a small sandbox that never serves an empty page."""
    return open_sandbox()
