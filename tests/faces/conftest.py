"""A small simulated Meta, and a shell to run the commands against it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from executables import SMALL, Ended, Shell, catalog, config
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


@pytest.fixture(scope="session")
def streams(meta: Running, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What discover offers, by name."""
    shell = Shell(tmp_path_factory.mktemp("discover"), meta.url)
    done = shell.source("discover", "--config", shell.write("config.json", config()))
    return {stream["name"]: stream for stream in done.lines[-1]["catalog"]["streams"]}


@pytest.fixture(scope="session")
def whole(meta: Running, streams: dict[str, dict[str, object]], tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """One read of every stream."""
    shell = Shell(tmp_path_factory.mktemp("read"), meta.url)
    return shell.read(config(), catalog(streams.values()))
