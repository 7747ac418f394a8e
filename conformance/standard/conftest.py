"""Makes Airbyte's standard tests run the installed executable against a sandbox, with a stand-in for docker."""

import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import sandbox

pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]

HERE = Path(__file__).resolve().parent
SECRETS = sandbox.CHECKOUT / "secrets"
"""Where acceptance-test-config.yml, in the connector's root, has its configs."""
DAYS = 5

# Before the suite is imported: it looks for docker then.
os.environ["PATH"] = os.pathsep.join([str(HERE / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
os.environ["CONNECTOR_EXECUTABLE"] = str(sandbox.SOURCE)


def _config(token: str) -> dict[str, object]:
    start = datetime.now(UTC) - timedelta(days=DAYS)
    return {
        "account_ids": [sandbox.ACCOUNT],
        "start_date": start.strftime("%Y-%m-%dT00:00:00Z"),
        "credentials": {"auth_type": "Service", "access_token": token},
    }


def _write_configs() -> None:
    SECRETS.mkdir(exist_ok=True)
    for name, token in (("config", sandbox.TOKEN), ("expired", "expired-token")):
        path = SECRETS / f"{name}.json"
        if path.exists() and token not in path.read_text():
            pytest.exit(f"{path} is somebody's own: move it away, these tests write theirs there", returncode=1)
        path.write_text(json.dumps(_config(token)))


_write_configs()


@pytest.fixture(autouse=True, scope="session")
def graph() -> Iterator[sandbox.Sandbox]:
    with sandbox.running() as running:
        os.environ["FACEBOOK_GRAPH_URL"] = running.url
        yield running
