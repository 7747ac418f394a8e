"""The real command, killed while it loads; then one sync to its end: every table equals the truth.

A small version of benchmarks/kills.py, which kills thirty of each.
"""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

import kills


@pytest.mark.parametrize("kind", ("duckdb", "postgres"))
def test_after_kills_and_one_whole_sync_every_table_equals_the_truth(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgres" else None
    with kills.bench(tmp_path) as bench:
        result = kills.punish(bench, kind, url, kills=2, rounds=1)
    assert result.rows > 1000
    assert result.kills == 2
    assert result.wrong == ()
