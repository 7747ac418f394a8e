"""A small simulated Meta, and a shell to run the commands against it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from executables import SMALL, Shell
from facebook_marketing.sandbox import Options, start
from facebook_marketing.sandbox.server import Running


@pytest.fixture(scope="session")
def meta() -> Iterator[Running]:
    """Two small accounts at a Meta that answers at once and never fails."""
    with start(Options(size=SMALL, accounts=2, run_seconds=0.1)) as running:
        yield running


@pytest.fixture
def shell(meta: Running, tmp_path: Path) -> Shell:
    """A folder to run commands in."""
    return Shell(tmp_path, meta.url)
