"""The Airbyte face: spec, check, discover, read over stdout. What an Airbyte platform and PyAirbyte run."""

import argparse
import asyncio
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from facebook_marketing.faces.stopping import StoppedBySignal, Stopping
from facebook_marketing.sinks.airbyte import AirbyteSink, Output
from facebook_marketing.sinks.pipe import Pipe

if TYPE_CHECKING:
    from facebook_marketing.clock import Clock
    from facebook_marketing.config import Loaded
    from facebook_marketing.engine.door import Outcome
    from facebook_marketing.engine.order import Selected
    from facebook_marketing.graph.transport import Transport

PROGRAM = "source-facebook-marketing"
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

_SAID = 10
"""Failures of one stream that are said one by one."""


class RefusedError(Exception):
    """What we were given cannot be used; the text says what to change."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb. Exit code 0: done; 1: not, and a TRACE line says why."""
    try:
        arguments = _parser().parse_args(argv)
    except RefusedError as wrong:
        usage = str(wrong)
        return speak(lambda output, _: _refuse(usage, output))
    return speak(lambda output, stopping: _run(arguments, output, stopping))


def speak(say: Callable[[Output, Stopping], int]) -> int:
    """What `say` returns, once all is written; 1 where nobody listens. What a signal cut short dies of the signal."""
    stopping = Stopping()
    try:
        with _stdout() as output:
            try:
                code = say(output, stopping)
            except StoppedBySignal:
                output.error("Stopped by a signal; nothing was read.", "transient_error")
                code = 1
            stopping.go_on()
            output.drain()
    except BrokenPipeError:
        return 1
    except OSError as broken:
        sys.stderr.write(f"{PROGRAM}: the output cannot be written: {broken.strerror}.\n")
        return 1
    return stopping.end(code)


@contextmanager
def _stdout() -> Iterator[Output]:
    """Ours alone for that long: what a library prints goes to stderr, where it is no broken message.

    Raises:
        BrokenPipeError: there is no stdout.
    """

    def clean(text: str) -> str:
        from facebook_marketing.faces.logs import clean

        return clean(text)

    if sys.stdout is None:
        raise BrokenPipeError
    try:
        shared = sys.stdout.fileno()
    except OSError:  # a host's own, such as a test's
        yield Output(sys.stdout.buffer, clean=clean)
        return
    ours = os.dup(shared)
    os.dup2(os.open(os.devnull, os.O_WRONLY) if sys.stderr is None else sys.stderr.fileno(), shared)
    try:
        yield Output(Pipe(ours), clean=clean)
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()  # what was printed meanwhile, while it still goes elsewhere
        os.dup2(ours, shared)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        usage = " ".join(self.format_usage().split())
        raise RefusedError(f"{message[0].upper()}{message[1:]}. {usage[0].upper()}{usage[1:]}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description="Reads Meta (Facebook) ads data over the Airbyte protocol: JSON lines on stdout.",
        epilog="To load a warehouse without Airbyte, see `facebook-marketing sync --help`.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version()}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, text in (
        ("spec", "print the JSON schema of the configuration"),
        ("check", "say whether the configuration works"),
        ("discover", "print the catalog of streams"),
        ("read", "print records and states"),
    ):
        sub = verbs.add_parser(verb, help=text)
        sub.add_argument("--debug", action="store_true", help="log each call")
        if verb != "spec":
            sub.add_argument("--config", required=True, type=Path, metavar="FILE", help="the configuration, JSON")
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


def _run(arguments: argparse.Namespace, output: Output, stopping: Stopping) -> int:
    if arguments.verb == "spec":
        return _spec(output, stopping)
    from facebook_marketing.faces.logs import to_airbyte

    to_airbyte(output, debug=arguments.debug)
    try:
        verbs = {"check": _check, "discover": _discover, "read": _read}
        return verbs[arguments.verb](arguments, output, stopping)
    except RefusedError as refused:
        return _refuse(str(refused), output)
    except BrokenPipeError:
        raise
    except Exception as unexpected:  # noqa: BLE001 - the last resort: the platform must be told, whatever it was
        detail = "".join(traceback.format_exception(unexpected))
        output.error(f"An error of ours: {unexpected!r}. Please report it.", "system_error", detail=detail)
        return 1


def _refuse(why: str, output: Output) -> int:
    output.error(why, "config_error")
    return 1


def _spec(output: Output, stopping: Stopping) -> int:
    from facebook_marketing.config import spec

    stopping.go_on()  # who has read the line may end us at once, and that is no failure
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


def _check(arguments: argparse.Namespace, output: Output, stopping: Stopping) -> int:
    from facebook_marketing.faces.check import check
    from facebook_marketing.faces.heartbeat import beating

    try:
        loaded = _loaded(arguments.config, output)
    except RefusedError as refused:
        output.connection(str(refused))
        return 0

    async def checked() -> tuple[str, ...]:
        async with beating(output):
            return await check(loaded.config)

    output.connection("\n".join(stopping.run(checked())))
    return 0


def _discover(arguments: argparse.Namespace, output: Output, stopping: Stopping) -> int:
    from facebook_marketing.config import ConfigError
    from facebook_marketing.faces.catalog import airbyte_catalog, offered

    try:
        catalog = airbyte_catalog(offered(_loaded(arguments.config, output).config))
    except ConfigError as wrong:
        raise RefusedError(str(wrong)) from None
    stopping.go_on()
    output.lines([{"type": "CATALOG", "catalog": catalog}])
    return 0


def _read(arguments: argparse.Namespace, output: Output, stopping: Stopping) -> int:
    loaded = _loaded(arguments.config, output)
    return _read_catalog(loaded, _json(arguments.catalog, "catalog"), arguments.state, output, stopping)


def _read_catalog(
    loaded: "Loaded", catalog: object, state_file: Path | None, output: Output, stopping: Stopping
) -> int:
    from facebook_marketing.config import ConfigError
    from facebook_marketing.faces.catalog import CatalogError, namespaces, offered, selection, unused
    from facebook_marketing.plan.state import StateError

    try:
        streams = offered(loaded.config)
        selected, notes = selection(catalog, streams)
        state = state_of(state_file) if state_file else {}
        for note in (*notes, *unused(state, streams)):
            output.log("WARN", note)
        return stopping.run(sync(loaded, selected, state, output, namespaces=namespaces(catalog)))
    except (CatalogError, ConfigError, StateError) as wrong:
        raise RefusedError(str(wrong)) from None


def read_lines(loaded: "Loaded", catalog_file: Path | None, state_file: Path | None, *, catalog: object = None) -> int:
    """The verb `read` for other faces: records and states on stdout. Raises RefusedError."""
    asked = _json(catalog_file, "catalog") if catalog_file else catalog
    return speak(lambda output, stopping: _read_catalog(loaded, asked, state_file, output, stopping))


def state_of(path: Path) -> dict[str, Any]:
    """A state file, whichever way it wraps its blobs. Raises RefusedError, StateError."""
    from facebook_marketing.plan.statefile import parse_input

    return parse_input(_bytes(path, "state"))


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
    namespaces: Mapping[str, str] | None = None,
    transport: "Transport | None" = None,
    clock: "Clock | None" = None,
) -> int:
    """Reads the selection to the output; the exit code. However it ends, every selected stream has one end."""
    from facebook_marketing.faces.heartbeat import beating
    from facebook_marketing.faces.reading import Awaited, StoppedError, quiet_collector, run_engine

    quiet_collector()
    sink = AirbyteSink(output, [one.stream.name for one in selected], namespaces)
    awaited = Awaited()
    try:
        async with beating(output, awaited.text), _watched(loaded, state, transport, clock):
            outcome = await run_engine(
                loaded.config, selected, state, sink, transport=transport, clock=clock, awaited=awaited
            )
    except asyncio.CancelledError:
        sink.give_up()
        text = "Stopped by a signal. What the states above cover is safe; the next sync goes on from there."
        output.error(text, "transient_error")
        return 1
    except StoppedError as stopped:
        sink.give_up()
        output.error(str(stopped), "transient_error" if stopped.passing else "config_error")
        return 1
    except BrokenPipeError:
        raise
    except Exception:
        sink.give_up()
        raise
    return _report(outcome, output, sink)


def _watched(
    loaded: "Loaded", state: Mapping[str, Any], transport: "Transport | None", clock: "Clock | None"
) -> AbstractAsyncContextManager[None]:
    """Warns before the token ends, beside the read."""
    from facebook_marketing.faces.expiry import wanted, watched

    if not wanted(loaded.config, state):
        return nullcontext()
    return watched(loaded.config, transport=transport, clock=clock)


def _report(outcome: "Outcome", output: Output, sink: AirbyteSink) -> int:
    """Says each failure once a stream: what stops everything is the same for a thousand accounts."""
    said: dict[str, int] = {}
    for stream, text, kind in dict.fromkeys((one.stream, one.text, one.kind) for one in outcome.failures):
        said[stream] = said.get(stream, 0) + 1
        if said[stream] <= _SAID:
            output.error(text, kind, stream=sink.descriptor(stream))
    for stream, many in said.items():
        if many > _SAID:
            output.log("ERROR", f"{stream}: {many - _SAID} further accounts could not be read either.")
    output.log("INFO", f"Graph calls: {outcome.calls}. Rows: {sum(outcome.rows.values())}. Gaps: {len(outcome.gaps)}.")
    return 1 if outcome.failures else 0


def forget_stdout() -> None:
    """Nobody reads us any more: keeps the interpreter from failing once more when it flushes at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
