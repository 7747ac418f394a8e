"""The image of the Dockerfile, made by hand: it runs as a stranger who owns nothing, and ends when it is told."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dockerfile import Image, follow

import sandbox

STRANGER = 54321
CAPABILITY = "dac_read_search"  # to come through to a Python in root's home; it lets nobody write
AS_STRANGER = (
    "setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups",
    f"--inh-caps=-all,+{CAPABILITY}", f"--ambient-caps=+{CAPABILITY}", f"--bounding-set=-all,+{CAPABILITY}",
)  # fmt: skip
"""Only root can become another user; others run as themselves."""
CONFIG = {
    "account_ids": [sandbox.ACCOUNT],
    "start_date": (datetime.now(UTC) - timedelta(days=3)).strftime("%Y-%m-%d"),
    "credentials": {"auth_type": "Service", "access_token": sandbox.TOKEN},
}
CATALOG = {
    "streams": [
        {"stream": {"name": name, "json_schema": {}}, "sync_mode": "incremental"} for name in ("ads", "ads_insights")
    ]
}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return follow(sandbox.CHECKOUT / "Dockerfile", tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def graph() -> Iterator[sandbox.Sandbox]:
    with sandbox.running() as running:
        yield running


@pytest.fixture(scope="module")
def mounted(image: Image) -> Path:
    """What a platform mounts: files to read and nothing to write."""
    folder = image.root / "config"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "catalog.json").write_text(json.dumps(CATALOG))
    return folder


def start(image: Image, graph: sandbox.Sandbox, *arguments: str, shell: bool = False) -> subprocess.Popen[str]:
    """Starts the entry point as a user without a name, a home folder, or a folder to write to."""
    command = [*image.entrypoint, *arguments]
    if shell:  # as Airbyte does on Kubernetes
        command = ["sh", "-c", 'eval "$AIRBYTE_ENTRYPOINT $*"', "sh", *arguments]
    if os.getuid() == 0:
        command = [*AS_STRANGER, *command]
    environment = {name: image.below(value) for name, value in image.environment.items()}
    return subprocess.Popen(
        command,
        cwd=image.below(image.folder),
        env={**environment, "PATH": "/usr/bin:/bin", "TMPDIR": "/nowhere", "FACEBOOK_GRAPH_URL": graph.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> list[dict[str, object]]:
    out, err = process.communicate(timeout=120)
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("way", ("docker", "kubernetes"))
def test_it_says_its_spec(image: Image, graph: sandbox.Sandbox, way: str) -> None:
    process = start(image, graph, "spec", shell=way == "kubernetes")
    [line] = ended(process)
    assert (process.returncode, line["type"]) == (0, "SPEC")


def test_a_stranger_may_write_nowhere(image: Image) -> None:
    """So that the tests around can fail."""
    done = subprocess.run(
        [*(AS_STRANGER if os.getuid() == 0 else ()), "touch", str(image.root / "x"), "/etc/x"],
        capture_output=True,
        check=False,
    )
    assert done.returncode != 0
    assert os.getuid() != 0 or not (image.root / "x").exists()


def test_it_reads_with_mounted_files_and_writes_nothing(image: Image, graph: sandbox.Sandbox, mounted: Path) -> None:
    before = _files(image.root)
    config = ("--config", str(mounted / "config.json"))
    check = start(image, graph, "check", *config)
    assert ended(check)[-1]["connectionStatus"] == {"status": "SUCCEEDED"}
    read = start(image, graph, "read", *config, "--catalog", str(mounted / "catalog.json"), shell=True)
    kinds = {str(line["type"]) for line in ended(read)}
    assert (read.returncode, kinds) == (0, {"LOG", "RECORD", "STATE", "TRACE"})
    assert _files(image.root) == before


def _files(root: Path) -> dict[str, float]:
    return {str(path): path.stat().st_mtime for path in root.rglob("*")}


def test_it_ends_when_it_is_told(image: Image, graph: sandbox.Sandbox, mounted: Path) -> None:
    files = ("--config", str(mounted / "config.json"), "--catalog", str(mounted / "catalog.json"))
    process = start(image, graph, "read", *files)
    assert process.stdout is not None
    assert process.stdout.readline()
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert time.monotonic() - began < 10
    assert process.returncode in {0, -signal.SIGTERM}  # 0: it had just finished


def test_nothing_in_it_could_install_more(image: Image) -> None:
    room = Path(image.entrypoint[0]).parent
    assert not [path.name for path in room.iterdir() if path.name.startswith("pip")]
    assert not list((room.parent / "lib").glob("python*/site-packages/pip"))


def test_it_has_time_zones_of_its_own(image: Image) -> None:
    python = Path(image.entrypoint[0]).with_name("python")
    code = "import zoneinfo; zoneinfo.reset_tzpath([]); print(zoneinfo.ZoneInfo('Asia/Kathmandu'))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Asia/Kathmandu"


def test_the_user_is_a_number(image: Image) -> None:
    assert image.user.replace(":", "").isdigit()
    assert not image.user.startswith("0")
