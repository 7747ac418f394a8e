"""The Airbyte face: spec, check, discover, read over stdout. What an Airbyte platform and PyAirbyte run."""

import argparse
import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facebook_marketing.sinks.airbyte import AirbyteSink, Output

if TYPE_CHECKING:
    from facebook_marketing.config import Loaded
    from facebook_marketing.engine.order import Selected

PROGRAM = "source-facebook-marketing"
_SILENCE = 30.0
"""Seconds without a line after which we say that we still live: platforms end what is silent."""


class RefusedError(Exception):
    """What we were given cannot be used; the text says what to change."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb. Exit code 0: done; 1: not, and a TRACE line says why."""
    arguments = _parser().parse_args(argv)
    output = Output(sys.stdout.buffer)
    try:
        return _run(arguments, output)
    except BrokenPipeError:
        _forget_stdout()
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Reads Meta (Facebook) ads data over the Airbyte protocol: JSON lines on stdout.",
        epilog="To load a warehouse without Airbyte, see `facebook-marketing sync --help`.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version()}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("spec", help="print the JSON schema of the configuration")
    for verb, text in (
        ("check", "say whether the configuration works"),
        ("discover", "print the catalog of streams"),
        ("read", "print records and states"),
    ):
        sub = verbs.add_parser(verb, help=text)
        sub.add_argument("--config", required=True, type=Path, metavar="FILE", help="the configuration, JSON")
        sub.add_argument("--debug", action="store_true", help="log each call")
        if verb == "read":
            sub.add_argument("--catalog", required=True, type=Path, metavar="FILE", help="the configured catalog, JSON")
            sub.add_argument("--state", type=Path, metavar="FILE", help="the state of the sync before, JSON")
    return parser


def version() -> str:
    """The installed version."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("facebook-marketing")
    except PackageNotFoundError:
        return "unknown"


def _run(arguments: argparse.Namespace, output: Output) -> int:
    if arguments.verb == "spec":
        return _spec(output)
    from facebook_marketing.faces.logs import to_airbyte

    to_airbyte(output, debug=arguments.debug)
    try:
        verbs = {"check": _check, "discover": _discover, "read": _read}
        return verbs[arguments.verb](arguments, output)
    except RefusedError as refused:
        output.error(str(refused), "config_error")
        return 1
    except BrokenPipeError:
        raise
    except Exception as unexpected:  # noqa: BLE001 - the last resort: the platform must be told, whatever it was
        from facebook_marketing.graph.wire import redact

        detail = redact("".join(traceback.format_exception(unexpected)))
        output.error(f"An error of ours: {redact(repr(unexpected))}. Please report it.", "system_error", detail=detail)
        return 1


def _spec(output: Output) -> int:
    from facebook_marketing.config import spec

    output.lines([{"type": "SPEC", "spec": spec()}])
    return 0


def _loaded(path: Path | None, output: Output) -> "Loaded":
    from facebook_marketing.config import ConfigError, load

    try:
        loaded = load(path, os.environ)
    except ConfigError as wrong:
        raise RefusedError(str(wrong)) from None
    for note in loaded.notes:
        output.log("INFO", note)
    return loaded


def _check(arguments: argparse.Namespace, output: Output) -> int:
    from facebook_marketing.faces.check import check

    try:
        loaded = _loaded(arguments.config, output)
    except RefusedError as refused:
        return _status(output, str(refused))
    problems = asyncio.run(check(loaded.config))
    return _status(output, "\n".join(problems))


def _status(output: Output, problem: str) -> int:
    body = {"status": "FAILED", "message": problem} if problem else {"status": "SUCCEEDED"}
    output.lines([{"type": "CONNECTION_STATUS", "connectionStatus": body}])
    return 0


def _discover(arguments: argparse.Namespace, output: Output) -> int:
    from facebook_marketing.faces.catalog import airbyte_catalog
    from facebook_marketing.faces.parts import streams_of

    loaded = _loaded(arguments.config, output)
    output.lines([{"type": "CATALOG", "catalog": airbyte_catalog(streams_of(loaded.config))}])
    return 0


def _read(arguments: argparse.Namespace, output: Output) -> int:
    loaded = _loaded(arguments.config, output)
    return _read_catalog(loaded, _json(arguments.catalog, "catalog"), arguments.state, output)


def _read_catalog(loaded: "Loaded", catalog: object, state_file: Path | None, output: Output) -> int:
    from facebook_marketing.faces.catalog import CatalogError, selection
    from facebook_marketing.faces.parts import streams_of
    from facebook_marketing.plan.state import StateError
    from facebook_marketing.plan.statefile import parse_input

    try:
        selected, notes = selection(catalog, streams_of(loaded.config))
        state = parse_input(_bytes(state_file, "state")) if state_file else {}
        for note in notes:
            output.log("WARN", note)
        return asyncio.run(_sync(loaded, selected, state, output))
    except (CatalogError, StateError) as wrong:
        raise RefusedError(str(wrong)) from None


def read_lines(loaded: "Loaded", catalog_file: Path | None, state_file: Path | None, *, catalog: object = None) -> int:
    """The verb `read` for other faces: records and states on stdout. Raises RefusedError."""
    output = Output(sys.stdout.buffer)
    asked = _json(catalog_file, "catalog") if catalog_file else catalog
    return _read_catalog(loaded, asked, state_file, output)


def _bytes(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"The {what} file {path} cannot be read: {error.strerror}. Check the path given with --{what}."
        raise RefusedError(message) from None


def _json(path: Path, what: str) -> Any:  # noqa: ANN401 - whatever the file holds
    try:
        return json.loads(_bytes(path, what))
    except ValueError as error:
        message = f"The {what} file {path} is not JSON: {error}."
        raise RefusedError(message) from None


async def _sync(loaded: "Loaded", selected: "Sequence[Selected]", state: Mapping[str, Any], output: Output) -> int:
    from facebook_marketing.faces.reading import StoppedError, run_engine

    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    if task is not None:
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    pulse = asyncio.create_task(_pulse(output))
    sink = AirbyteSink(output)
    try:
        outcome = await run_engine(loaded.config, selected, state, sink)
    except asyncio.CancelledError:
        for name in sink.running():
            output.trace("STREAM_STATUS", {"stream_descriptor": {"name": name}, "status": "INCOMPLETE"})
        text = "Stopped by a signal. What was read is covered by the states above; the next sync goes on."
        output.error(text, "transient_error")
        return 1
    except StoppedError as stopped:
        output.error(str(stopped), "config_error")
        return 1
    finally:
        pulse.cancel()
    for failure in outcome.failures:
        output.error(failure.text, failure.kind, stream=failure.stream)
    output.log("INFO", f"Graph calls: {outcome.calls}. Rows: {sum(outcome.rows.values())}. Gaps: {len(outcome.gaps)}.")
    return 1 if outcome.failures else 0


async def _pulse(output: Output) -> None:
    while True:
        await asyncio.sleep(_SILENCE / 2)
        if output.silent_for() >= _SILENCE:
            output.log("INFO", "Still at work: waiting for Meta.")


def _forget_stdout() -> None:
    """Nobody reads us any more: keeps the interpreter from failing once more when it flushes at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
