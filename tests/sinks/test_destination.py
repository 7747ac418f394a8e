"""Destinations: what a URL means, and what is said when one cannot be loaded."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from importlib.metadata import metadata
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.catalog.stream import Behaviour, Column, Kind, Stream
from facebook_marketing.sinks.destination import NAMES, parse
from facebook_marketing.sinks.explain import explain
from facebook_marketing.sinks.folder import FolderLoader
from facebook_marketing.sinks.loading import Loader
from facebook_marketing.sinks.warehouse import Warehouse, WarehouseError
from sinks.kit import Kit, Place


@pytest.mark.parametrize(
    ("url", "name", "location"),
    (
        ("duckdb:///ads.duckdb", "duckdb", "ads.duckdb"),
        ("duckdb:///./data/ads.duckdb", "duckdb", "./data/ads.duckdb"),
        ("duckdb:///data/ads.duckdb", "duckdb", "/data/ads.duckdb"),
        ("duckdb:////data/ads.duckdb", "duckdb", "/data/ads.duckdb"),
        ("duckdb://data/ads.duckdb", "duckdb", "data/ads.duckdb"),
        ("duckdb:ads.duckdb", "duckdb", "ads.duckdb"),
        ("parquet:///lake", "filesystem", "lake"),
        ("parquet:///data/lake/", "filesystem", "/data/lake/"),
        ("s3://bucket/lake", "filesystem", "s3://bucket/lake"),
        ("postgresql://me:pw@host:5432/db", "postgres", "postgresql://me:pw@host:5432/db"),
        ("postgres://me@host/db", "postgres", "postgres://me:none@host/db"),
        ("snowflake://me:pw@account/db", "snowflake", "snowflake://me:pw@account/db"),
        ("bigquery", "bigquery", None),
    ),
)
def test_a_url_names_a_destination_and_a_place(url: str, name: str, location: str | None) -> None:
    found = parse(url)
    assert (found.name, found.location) == (name, location)
    assert found.file == (Path(str(location)) if name == "duckdb" else None)


@pytest.mark.parametrize(
    "url", ("", "oracle://host/db", "ads.duckdb", "duckdb", "duckdb://", "duckdb:///", "parquet:///")
)
def test_a_url_that_names_nothing_says_which_ones_do(url: str) -> None:
    with pytest.raises(WarehouseError, match=r"duckdb:///ads\.duckdb"):
        parse(url)


@given(st.text("abcXYZ019-_~", min_size=8), st.sampled_from(("postgres", "snowflake", "redshift")))
def test_a_password_is_never_shown(password: str, scheme: str) -> None:
    url = f"{scheme}://me:{password}@host.example/db?sslmode=require"
    found = parse(url)
    assert password not in found.shown
    assert password not in repr(found)
    assert password not in explain(RuntimeError(f"cannot reach {url}, password {password}"), found)


def test_a_password_is_not_shown_where_nothing_is_known_of_the_scheme() -> None:
    with pytest.raises(WarehouseError) as caught:
        parse("oracle://me:secret-word@host/db")
    assert "secret-word" not in str(caught.value)


async def refused(kit: Kit, url: str, workdir: Path | None = None) -> str:
    sink = kit.sink(url, workdir=workdir)
    with pytest.raises(WarehouseError) as caught:
        await sink.restore()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Another process that has the file open."""
    holder = f"import duckdb, sys; c = duckdb.connect({str(file)!r}); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield
        process.communicate()


async def test_a_duckdb_file_that_another_process_holds_says_so(kit: Kit, tmp_path: Path) -> None:
    file = tmp_path / "ads.duckdb"
    with held(file):
        text = await refused(kit, f"duckdb:///{file}")
    assert text.endswith(f"Close the other program that has duckdb:///{file} open, then run again.")
    assert await kit.restored(f"duckdb:///{file}") == {}


async def test_a_file_that_is_no_database_and_a_folder_that_is_not_there_say_so(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "text.duckdb").write_text("no database " * 400)
    assert "is not a DuckDB file that can be written" in await refused(kit, f"duckdb:///{tmp_path}/text.duckdb")
    assert "Make the folder" in await refused(kit, f"duckdb:///{tmp_path}/nowhere/ads.duckdb")


async def test_a_workdir_that_cannot_be_made_says_so(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    text = await refused(kit, f"duckdb:///{tmp_path}/ads.duckdb", workdir=tmp_path / "file")
    assert text.endswith("Name another one.")


async def test_a_server_that_is_not_there_says_so(kit: Kit) -> None:
    text = await refused(kit, "postgres://me:secret-word@127.0.0.1:1/db")
    assert text.endswith("Check the host and the port, and that the server takes connections from here.")
    assert "secret-word" not in text
    assert "me:***@127.0.0.1:1" in text


async def test_a_database_that_is_not_there_says_so(kit: Kit, postgres_url: str) -> None:
    text = await refused(kit, postgres_url.replace("/postgres", "/nowhere").replace("//nowhere", "//postgres"))
    assert text.endswith("Create the database, or name one that exists.")


async def test_a_driver_that_is_not_installed_says_which_extra_brings_it(kit: Kit) -> None:
    text = await refused(kit, "snowflake://me:secret-word@account/db")
    assert text.endswith("Install the driver: pip install 'facebook-marketing[snowflake]'.")


def test_each_destination_has_an_extra_that_brings_dlts_driver() -> None:
    ours = set(metadata("facebook-marketing").get_all("Provides-Extra") or ())
    dlts = set(metadata("dlt").get_all("Provides-Extra") or ())
    for url in (*NAMES - {"duckdb", "filesystem"}, "s3://bucket/lake", "gs://bucket/lake", "abfss://bucket/lake"):
        extra = parse(url).extra
        assert extra in ours & dlts, url
    assert parse("duckdb:///ads.duckdb").extra == parse("parquet:///lake").extra == "warehouse"


def test_dlt_not_being_installed_says_which_extra_brings_it(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("facebook_marketing.sinks.loading")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("facebook_marketing.sinks.loading", raising=False)
    monkeypatch.setitem(sys.modules, "dlt", None)
    with pytest.raises(WarehouseError, match=r"pip install 'facebook-marketing\[warehouse\]'"):
        Warehouse("duckdb:///ads.duckdb", [kit.ads], modes={})


def test_naming_the_sink_loads_none_of_its_heavy_parts() -> None:
    probe = (
        "import sys, facebook_marketing.sinks.warehouse; print(sorted({'dlt', 'pyarrow', 'duckdb'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", probe],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert found.stdout == "[]\n"


def test_nothing_is_reported_to_the_makers_of_dlt(tmp_path: Path) -> None:
    loader = Loader(parse(f"parquet:///{tmp_path}/lake"), "facebook_ads", None)
    assert isinstance(loader._inner, FolderLoader)
    try:
        assert loader._inner._pipeline.run_context.runtime_config.dlthub_telemetry is False
    finally:
        loader.close()


class Value(msgspec.Struct):
    id: str
    v: object


async def loaded(kit: Kit, url: str, name: str, kind: Kind, value: object) -> None:
    columns = (Column("id", Kind.STRING, {}), Column("v", kind, {}))
    sink = kit.sink(url, streams=(Stream("ads", Behaviour.EDGE, "Ad", "ads", columns, ("id",)),))
    await sink.write(kit.rows(Value(name, value)))
    await sink.close()


@pytest.mark.parametrize(
    ("before", "after", "cell"),
    (
        ((Kind.INTEGER, 3), (Kind.NUMBER, Decimal("1.5")), Decimal("1.5")),
        ((Kind.NUMBER, Decimal("1.5")), (Kind.STRING, "abc"), "abc"),
        ((Kind.NUMBER, Decimal("1.5")), (Kind.JSON, msgspec.Raw(b'{"x":1}')), '{"x":1}'),
        ((Kind.JSON, msgspec.Raw(b"[1]")), (Kind.BOOLEAN, True), True),
    ),
)
async def test_a_column_that_changed_its_type_goes_on_beside_the_old_one(
    kit: Kit,
    duckdb_place: Place,
    before: tuple[Kind, object],
    after: tuple[Kind, object],
    cell: object,
) -> None:
    await loaded(kit, duckdb_place.url, "1", *before)
    await loaded(kit, duckdb_place.url, "2", *after)
    await loaded(kit, duckdb_place.url, "3", *after)
    rows = duckdb_place.fetch("select id, v is null, columns('v__.*') from facebook_ads.ads order by id")
    assert rows == [("1", False, None), ("2", True, cell), ("3", True, cell)]
