"""The wheel with its base dependencies only, in an environment of its own."""

import json
import subprocess
from pathlib import Path

import pytest
from install_size import install, measure


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("bare"))


DISTRIBUTIONS = 18
"""Ours, aiohttp's nine, isal, msgspec, pydantic's four, tzdata, typing-extensions. The design aims at 16: over it, so
that nothing may be added unseen; lower this number when one goes."""


def test_it_is_small_and_brings_no_more_than_it_did(room: Path) -> None:
    count, megabytes = measure(room)
    assert count <= DISTRIBUTIONS
    assert megabytes <= 25


def test_the_airbyte_source_says_its_spec(room: Path) -> None:
    (line,) = _run(room / "source-facebook-marketing", "spec").splitlines()
    assert json.loads(line)["spec"]["connectionSpecification"]["properties"]


def test_the_command_helps(room: Path) -> None:
    assert "sandbox" in _run(room / "facebook-marketing", "--help")


def test_what_an_extra_would_bring_is_said_with_the_way_to_get_it(room: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [room / "facebook-marketing", "demo"], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60
    )
    assert done.returncode != 0
    assert "pip install" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def _run(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
