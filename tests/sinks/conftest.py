"""Three real places to load into, made anew for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sinks.kit import Kit, Place, StillClock, ask_duckdb, ask_folder, ask_postgres
from sinks.servers import postgres


@pytest.fixture
def kit() -> Kit:
    return Kit(clock=StillClock())


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
def duckdb_place(tmp_path: Path) -> Place:
    return Place("duckdb", f"duckdb:///{tmp_path}/ads.duckdb", ask_duckdb(tmp_path / "ads.duckdb"))


@pytest.fixture(params=("duckdb", "postgres", "parquet"))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "duckdb":
        found: Place = request.getfixturevalue("duckdb_place")
        return found
    if request.param == "parquet":
        return Place("parquet", f"parquet:///{tmp_path}/lake", ask_folder(tmp_path / "lake"))
    url = request.getfixturevalue("postgres_url")
    fetch = ask_postgres(url)
    fetch("drop schema if exists facebook_ads cascade")
    fetch("drop schema if exists facebook_ads_staging cascade")
    return Place("postgres", url, fetch)


@pytest.fixture
def database(place: Place) -> Place:
    if place.kind == "parquet":
        pytest.skip("a folder keeps every version in the one table")
    return place
