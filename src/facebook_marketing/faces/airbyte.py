"""The Airbyte face: spec, check, discover, read over stdout. What an Airbyte platform and PyAirbyte run."""

import argparse
import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facebook_marketing.sinks.airbyte import AirbyteSink, Output

if TYPE_CHECKING:
    from facebook_marketing.clock import Clock
    from facebook_marketing.config import Loaded
    from facebook_marketing.engine.door import Outcome
    from facebook_marketing.engine.order import Selected
    from facebook_marketing.graph.transport import Transport

PROGRAM = "source-facebook-marketing"
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

SILENCE = 30.0
"""Seconds without a line after which we say that we still live: platforms end what is silent."""


class RefusedError(Exception):
    """What we were given cannot be used; the text says what to change."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb. Exit code 0: done; 1: not, and a TRACE line says why."""
    arguments = _parser().parse_args(argv)
    try:
        return _run(arguments, _stdout())
    except BrokenPipeError:
        forget_stdout()
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _stdout() -> Output:
    def clean(text: str) -> str:
        from facebook_marketing.faces.logs import clean

        return clean(text)

    return Output(sys.stdout.buffer, clean=clean)


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
        detail = "".join(traceback.format_exception(unexpected))
        output.error(f"An error of ours: {unexpected!r}. Please report it.", "system_error", detail=detail)
        return 1


def _spec(output: Output) -> int:
    from facebook_marketing.config import spec

    output.lines([{"type": "SPEC", "spec": spec()}])
    return 0


def _loaded(path: Path | None, output: Output) -> "Loaded":
    from facebook_marketing.config import ConfigError, load
    from facebook_marketing.faces.logs import hide

    try:
        loaded = load(path, os.environ)
    except ConfigError as wrong:
        raise RefusedError(str(wrong)) from None
    hide(loaded.config)
    for note in loaded.notes:
        output.log("INFO", note)
    return loaded


def _check(arguments: argparse.Namespace, output: Output) -> int:
    from facebook_marketing.faces.check import check

    try:
        loaded = _loaded(arguments.config, output)
    except RefusedError as refused:
        output.connection(str(refused))
        return 0
    problems = asyncio.run(check(loaded.config))
    output.connection("\n".join(problems))
    return 0


def _discover(arguments: argparse.Namespace, output: Output) -> int:
    from facebook_marketing.config import ConfigError
    from facebook_marketing.faces.catalog import airbyte_catalog, offered

    try:
        catalog = airbyte_catalog(offered(_loaded(arguments.config, output).config))
    except ConfigError as wrong:
        raise RefusedError(str(wrong)) from None
    output.lines([{"type": "CATALOG", "catalog": catalog}])
    return 0


def _read(arguments: argparse.Namespace, output: Output) -> int:
    loaded = _loaded(arguments.config, output)
    return _read_catalog(loaded, _json(arguments.catalog, "catalog"), arguments.state, output)


def _read_catalog(loaded: "Loaded", catalog: object, state_file: Path | None, output: Output) -> int:
    from facebook_marketing.config import ConfigError
    from facebook_marketing.faces.catalog import CatalogError, offered, selection, unused
    from facebook_marketing.plan.state import StateError
    from facebook_marketing.plan.statefile import parse_input

    try:
        streams = offered(loaded.config)
        selected, notes = selection(catalog, streams)
        state = parse_input(_bytes(state_file, "state")) if state_file else {}
        for note in (*notes, *unused(state, streams)):
            output.log("WARN", note)
        return asyncio.run(sync(loaded, selected, state, output))
    except (CatalogError, ConfigError, StateError) as wrong:
        raise RefusedError(str(wrong)) from None


def read_lines(loaded: "Loaded", catalog_file: Path | None, state_file: Path | None, *, catalog: object = None) -> int:
    """The verb `read` for other faces: records and states on stdout. Raises RefusedError."""
    output = _stdout()
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
    except (ValueError, RecursionError) as error:
        message = f"The {what} file {path} is not JSON ({error}). Write it anew from what `discover` prints."
        raise RefusedError(message) from None


async def sync(  # noqa: PLR0913 - what to read, where to, and the parts passed in
    loaded: "Loaded",
    selected: "Sequence[Selected]",
    state: Mapping[str, Any],
    output: Output,
    *,
    transport: "Transport | None" = None,
    clock: "Clock | None" = None,
) -> int:
    """Reads the selection to the output; the exit code. However it ends, every stream that began has an end."""
    from facebook_marketing.faces.reading import StoppedError, run_engine

    _cancel_on_sigterm()
    waiting = asyncio.create_task(pulse(output))
    sink = AirbyteSink(output)
    try:
        async with _watched(loaded, state, transport, clock):
            outcome = await run_engine(loaded.config, selected, state, sink, transport=transport, clock=clock)
    except asyncio.CancelledError:
        sink.give_up()
        text = "Stopped by a signal. What the states above cover is safe; the next sync goes on from there."
        output.error(text, "transient_error")
        return 1
    except StoppedError as stopped:
        output.error(str(stopped), "transient_error" if stopped.passing else "config_error")
        return 1
    except BrokenPipeError:
        raise
    except Exception:
        sink.give_up()
        raise
    finally:
        waiting.cancel()
    return _report(outcome, output)


def _watched(
    loaded: "Loaded", state: Mapping[str, Any], transport: "Transport | None", clock: "Clock | None"
) -> AbstractAsyncContextManager[None]:
    """Warns before the token ends, beside the read."""
    from facebook_marketing.faces.expiry import wanted, watched

    if not wanted(loaded.config, state):
        return nullcontext()
    return watched(loaded.config, transport=transport, clock=clock)


def _report(outcome: "Outcome", output: Output) -> int:
    for failure in dict.fromkeys(outcome.failures):
        output.error(failure.text, failure.kind, stream=failure.stream)
    output.log("INFO", f"Graph calls: {outcome.calls}. Rows: {sum(outcome.rows.values())}. Gaps: {len(outcome.gaps)}.")
    return 1 if outcome.failures else 0


def _cancel_on_sigterm() -> None:
    task = asyncio.current_task()
    with suppress(NotImplementedError, ValueError, RuntimeError):  # Windows, or a loop of another thread
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


async def pulse(output: Output, silence: float = SILENCE) -> None:
    """Says that we still live whenever nothing was written for `silence` seconds. Runs until it is cancelled."""
    while True:
        quiet = output.silent_for()
        if quiet >= silence:
            with suppress(BrokenPipeError):  # found out by whoever writes rows
                output.log("INFO", "Still at work: waiting for Meta.")
            quiet = 0.0
        await asyncio.sleep(max(silence - quiet, silence / 30))


def forget_stdout() -> None:
    """Nobody reads us any more: keeps the interpreter from failing once more when it flushes at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
