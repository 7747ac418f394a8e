"""What is handed out: dependencies, pins, names, and what a cold start loads."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import facebook_marketing

CHECKOUT = Path(__file__).parent.parent
PINS = sorted(
    [CHECKOUT / "constraints.txt", *(CHECKOUT / "conformance").glob("*.txt"), *(CHECKOUT / "image").glob("*.txt")]
)


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    loaded: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    return loaded


def test_a_bare_install_has_five_dependencies(project: dict[str, Any]) -> None:
    names = {re.split(r"[^a-z0-9-]", line, maxsplit=1)[0] for line in project["dependencies"]}
    assert names == {"aiohttp", "isal", "msgspec", "pydantic", "tzdata"}


def test_all_is_the_sum_of_the_extras(project: dict[str, Any]) -> None:
    extras = project["optional-dependencies"]
    destinations = {name for name, lines in extras.items() if any(line.startswith("dlt[") for line in lines)}
    assert len(destinations) > 10
    assert set(re.findall(r"\w+", extras["all"][0].split("[")[1])) == extras.keys() - {"all", "dev"} - destinations


def test_duckdb_2_is_kept_out(project: dict[str, Any]) -> None:
    assert any(re.match(r"duckdb.*<2", line) for line in project["optional-dependencies"]["warehouse"])


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.name)
def test_every_pin_is_exact_and_has_a_hash(path: Path) -> None:
    entries = re.split(r"\n(?=\S)", path.read_text().strip())
    assert len(entries) > 5
    for entry in entries:
        assert re.match(r"[a-z0-9.-]+(\[[a-z, ]+\])?==\S+ ", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.name)
def test_pins_name_no_index_and_no_address(path: Path) -> None:
    text = path.read_text()
    assert "://" not in text
    assert not re.search(r"^--|^-[if]\b| @ ", text, re.MULTILINE)


@pytest.mark.parametrize("name", ("base.txt", "build.txt"))
def test_the_image_has_the_versions_that_were_tested(name: str) -> None:
    pins = [
        dict(re.findall(r"^([\w.-]+)==(\S+)", path.read_text(), re.MULTILINE))
        for path in (CHECKOUT / "constraints.txt", CHECKOUT / "image" / name)
    ]
    tested, packed = pins
    assert packed
    assert packed.items() <= tested.items()


def test_both_executables_lead_to_a_function() -> None:
    ours = {
        point.name: point
        for point in entry_points(group="console_scripts")
        if point.value.startswith("facebook_marketing.")
    }
    assert ours.keys() == {"source-facebook-marketing", "facebook-marketing"}
    assert all(callable(point.load()) for point in ours.values())


def test_public_names_are_all_there() -> None:
    assert facebook_marketing.__all__
    assert all(hasattr(facebook_marketing, name) for name in facebook_marketing.__all__)


@pytest.mark.parametrize("path", ("py.typed", "catalog/fields.json"))
def test_what_is_no_module_is_packed_too(path: str) -> None:
    assert files("facebook_marketing").joinpath(path).is_file()


@pytest.mark.parametrize(
    ("script", "arguments", "unloaded"),
    (
        ("source-facebook-marketing", ["spec"], {"aiohttp", "dlt", "duckdb", "pyarrow", "rich", "uvicorn"}),
        ("facebook-marketing", ["--help"], {"aiohttp", "dlt", "duckdb", "pyarrow", "uvicorn"}),
    ),
)
def test_a_cold_start_loads_nothing_heavy(script: str, arguments: list[str], unloaded: set[str]) -> None:
    loaded = _modules_loaded_by(script, arguments)
    assert "facebook_marketing" in loaded
    assert loaded & unloaded == set()


def _modules_loaded_by(script: str, arguments: list[str]) -> set[str]:
    program = f"""
import sys
from importlib.metadata import entry_points
(point,) = entry_points(group="console_scripts", name={script!r})
sys.argv = [{script!r}, *{arguments!r}]
try:
    point.load()()
except SystemExit as end:
    assert not end.code, end.code
print("LOADED", *sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])
