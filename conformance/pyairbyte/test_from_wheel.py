"""PyAirbyte installs our wheel by itself, as for a user who gives it a `pip_url`, and reads with what came of it."""

import os
import subprocess
import sys
from pathlib import Path

os.environ["AIRBYTE_OFFLINE_MODE"] = "1"  # before PyAirbyte is imported: else it asks a public registry
os.environ["DO_NOT_TRACK"] = "1"
os.environ["AIRBYTE_NO_UV"] = "1"  # pip knows this machine's index
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

from collections.abc import Iterator

import airbyte as ab
import pytest
from airbyte.caches import DuckDBCache

import sandbox

STREAMS = ["campaigns", "ads", "ads_insights"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = (sandbox.BIN / "python", "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder)
    subprocess.run([*build, sandbox.CHECKOUT], check=True)
    (found,) = folder.glob("facebook_marketing-*.whl")
    return found


@pytest.fixture(scope="module")
def graph() -> Iterator[sandbox.Sandbox]:
    with sandbox.running() as running:
        os.environ["FACEBOOK_GRAPH_URL"] = running.url
        yield running


def test_a_wheel_is_installed_checked_and_read(wheel: Path, graph: sandbox.Sandbox, tmp_path: Path) -> None:
    source = ab.get_source(
        "source-facebook-marketing",
        pip_url=str(wheel),
        install_root=tmp_path / "connectors",
        config={
            "account_ids": [sandbox.ACCOUNT],
            "credentials": {"auth_type": "Service", "access_token": sandbox.TOKEN},
            "insights_start_date": sandbox.days_ago(3),
        },
    )
    assert (tmp_path / "connectors" / ".venv-source-facebook-marketing" / "bin" / "source-facebook-marketing").exists()
    source.check()
    source.select_streams(STREAMS)
    cache = DuckDBCache(db_path=tmp_path / "wheel.db", schema_name="facebook")
    source.read(cache=cache)
    edges = {"campaigns": "campaigns", "ads": "ads"}
    for stream, edge in edges.items():
        truth = {row["id"] for row in graph.walk(f"act_{sandbox.ACCOUNT}/{edge}", fields="id", limit=200)}
        assert truth
        assert set(cache.get_pandas_dataframe(stream)["id"]) == truth
    assert len(cache.get_pandas_dataframe("ads_insights")) > 0
