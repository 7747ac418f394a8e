"""The files that a platform reads before it runs us: Dockerfile, metadata, icon, acceptance tests."""

import json
import re
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from executables import ACCOUNT, TOKEN
from facebook_marketing.config import load
from facebook_marketing.faces.catalog import offered
from facebook_marketing.faces.heartbeat import SILENCE

CHECKOUT = Path(__file__).parent.parent
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()


def instructions(name: str) -> list[str]:
    """What follows this word in the Dockerfile, in order."""
    return re.findall(rf"^{name} (.*)$", DOCKERFILE, re.MULTILINE)


@pytest.fixture(scope="module")
def metadata() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CHECKOUT / "metadata.yaml").read_text())["data"]
    return found


def test_all_files_tell_the_same_name_and_version(metadata: dict[str, Any]) -> None:
    version = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
    labels = dict(re.findall(r'(\S+)="([^"]+)"', "\n".join(instructions("LABEL"))))
    assert labels == {"io.airbyte.name": metadata["dockerRepository"], "io.airbyte.version": version}
    assert metadata["dockerImageTag"] == version


def test_both_stages_start_from_one_base_with_a_full_version(metadata: dict[str, Any]) -> None:
    [base] = {line.split()[0] for line in instructions("FROM")}
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", base)
    assert metadata["connectorBuildOptions"]["baseImage"] == base


def test_the_platform_and_docker_start_the_same_executable_and_a_signal_reaches_it() -> None:
    [entry] = instructions("ENTRYPOINT")
    environment = dict(re.findall(r'(\w+)="?([^"\n]*)"?', "\n".join(instructions("ENV"))))
    assert json.loads(entry) == [environment["AIRBYTE_ENTRYPOINT"]], "a shell in between would keep SIGTERM"
    scripts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["scripts"]
    assert Path(environment["AIRBYTE_ENTRYPOINT"]).name in scripts


def test_the_user_is_a_number_and_not_root() -> None:
    """A platform that wants to know that it is not root cannot tell from a name."""
    assert instructions("USER") == ["1000:1000"]


def test_all_that_is_installed_from_elsewhere_is_checked_by_hash() -> None:
    installs = [line for line in instructions("RUN") if "pip" in line and " install " in line]
    assert len(installs) == 3
    assert all("--require-hashes" in line or "--no-deps /opt/wheels/" in line for line in installs)


def test_what_the_dockerfile_copies_is_there_and_not_ignored() -> None:
    let_in = set(re.findall(r"^!(\S+)$", (CHECKOUT / ".dockerignore").read_text(), re.MULTILINE))
    copied = {name for line in instructions("COPY") if "--from" not in line for name in line.split()[:-1]}
    assert copied == let_in
    assert [name for name in copied if not (CHECKOUT / name).exists()] == []


def test_no_file_names_the_address_of_a_registry() -> None:
    for name in ("Dockerfile", "metadata.yaml", "acceptance-test-config.yml"):
        assert not re.search(r"docker\.io|ghcr\.io|gcr\.io|quay\.io|pypi\.", (CHECKOUT / name).read_text()), name


def test_suggested_streams_exist(metadata: dict[str, Any]) -> None:
    config = {"account_ids": [ACCOUNT], "access_token": TOKEN}
    names = {stream.name for stream in offered(load(config, {}).config)}
    assert set(metadata["suggestedStreams"]["streams"]) <= names


def test_the_silence_that_metadata_promises_is_kept_with_room(metadata: dict[str, Any]) -> None:
    assert metadata["maxSecondsBetweenMessages"] >= 2 * SILENCE


def test_the_icon_is_a_drawing_and_nothing_else(metadata: dict[str, Any]) -> None:
    icon = CHECKOUT / metadata["icon"]
    root = ET.fromstring(icon.read_text())
    assert root.tag.endswith("svg")
    assert root.get("viewBox")
    assert {one.tag.rpartition("}")[2] for one in root.iter()} <= {"svg", "rect", "path"}


def test_the_acceptance_tests_stand_once_beside_the_metadata() -> None:
    """Where Airbyte's tools look for them: in the connector's root."""
    found = [path for path in CHECKOUT.glob("**/acceptance-test-config.yml") if ".venv" not in str(path)]
    assert found == [CHECKOUT / "acceptance-test-config.yml"]
    tests = yaml.safe_load(found[0].read_text())["acceptance_tests"]
    assert tests.keys() == {"spec", "connection", "discovery", "basic_read"}
    assert {one["status"] for one in tests["connection"]["tests"]} == {"succeed", "failed"}


def test_secrets_are_never_committed() -> None:
    assert "/secrets/" in (CHECKOUT / ".gitignore").read_text().split()
