"""Airbyte's own standard tests, run on the installed executable."""

import os
from dataclasses import asdict
from pathlib import Path

import orjson
import pytest
import yaml
from airbyte_cdk.models import ConfiguredAirbyteCatalog, ConfiguredAirbyteStream, DestinationSyncMode, SyncMode
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.test.standard_tests._read_assertions import assert_read_records
from airbyte_cdk.test.standard_tests.docker_base import DockerConnectorTestSuite
from airbyte_cdk.utils.docker import run_docker_airbyte_command
from airbyte_connector_models.metadata.v0.connector_metadata_definition_v0 import ConnectorMetadataDefinitionV0

import sandbox

CONFIG = sandbox.CHECKOUT / "secrets" / "config.json"


class TestSourceFacebookMarketing(DockerConnectorTestSuite):
    # Compares the spec with a published one, which it fetches from a public registry: not from here.
    test_docker_image_spec_backward_compatibility = None


def test_the_metadata_is_what_a_registry_expects() -> None:
    written = yaml.safe_load((sandbox.CHECKOUT / "metadata.yaml").read_text())
    read = ConnectorMetadataDefinitionV0.model_validate(written)  # refuses fields that it does not know
    assert read.data.docker_repository.endswith("/source-facebook-marketing")


@pytest.fixture(scope="module")
def catalog() -> ConfiguredAirbyteCatalog:
    found = _run("discover", "--config", str(CONFIG)).catalog.catalog
    assert found is not None
    return ConfiguredAirbyteCatalog(
        streams=[
            ConfiguredAirbyteStream(
                stream=stream,
                sync_mode=SyncMode.incremental
                if SyncMode.incremental in stream.supported_sync_modes
                else SyncMode.full_refresh,
                destination_sync_mode=DestinationSyncMode.append,
            )
            for stream in found.streams
        ]
    )


def test_every_record_fits_the_schema_that_discover_showed(catalog: ConfiguredAirbyteCatalog, tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    path.write_text(orjson.dumps(asdict(catalog)).decode())
    read = _run("read", "--config", str(CONFIG), "--catalog", str(path))
    assert_read_records(
        records=read.records,
        configured_catalog=catalog,
        require_records_per_stream=False,  # a few days of a small account need not have every breakdown
        validate_schema=True,
    )
    assert not read.errors
    assert len({message.record.stream for message in read.records}) >= 20
    assert {message.state.stream.stream_descriptor.name for message in read.state_messages} >= {
        configured.stream.name for configured in catalog.streams if configured.sync_mode is SyncMode.incremental
    }


def _run(*arguments: str) -> EntrypointOutput:
    assert os.environ["CONNECTOR_EXECUTABLE"]
    return run_docker_airbyte_command(["docker", "run", "--rm", "image", *arguments], raise_if_errors=True)
