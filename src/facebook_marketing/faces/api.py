"""The Python API: read into Arrow, hand over to dlt, sync a warehouse, check. Public as `facebook_marketing.…`.

A configuration may be a dict in any form that the commands take (or took), the path of a JSON file, or a `Config`; None
is what the environment says. What it leaves out comes from FACEBOOK_ACCESS_TOKEN, FACEBOOK_ACCOUNT_IDS and so on.
"""

import asyncio
import json
import os
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from facebook_marketing.catalog.schema import project
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.clock import SystemClock
from facebook_marketing.config import Config, load
from facebook_marketing.engine.door import Event
from facebook_marketing.engine.order import Selected
from facebook_marketing.faces.airbyte import INTERRUPTED, version
from facebook_marketing.faces.catalog import offered
from facebook_marketing.faces.choices import DATASET, Choices, Modes, UsageError, chosen, mode_from
from facebook_marketing.plan.statefile import parse_input

if TYPE_CHECKING:  # these load pyarrow, or dlt
    from facebook_marketing.faces.batches import Asked, AsyncReading, Reading
    from facebook_marketing.faces.sync import Result
    from facebook_marketing.sinks.modes import Mode
    from facebook_marketing.sinks.source import DltSource

T = TypeVar("T")

Settings: TypeAlias = Config | Mapping[str, Any] | Path | str | None
Names: TypeAlias = Sequence[str] | str | None
Saved: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]] | Path | str | None


def read(  # noqa: PLR0913 - each is a choice of the caller's, by name
    config: Settings = None,
    streams: Names = None,
    state: Saved = None,
    *,
    columns: Mapping[str, Sequence[str]] | None = None,
    raise_incomplete: bool = True,
    on_event: Callable[[Event], None] | None = None,
) -> "Reading":
    """Read streams as Arrow record batches: an iterator, with the state for the next read in `.state`.

    `streams` None: those most wanted; "all": every one. `state` is what the last read left (or an Airbyte state, or
    the path of either): only what is new or changed comes. `columns` asks Meta for some columns of a stream only.
    `on_event` is told progress, gaps and statuses, in another thread.

    Raises, at once: ConfigError, UsageError (no such stream), StateError. While iterating: StateError, StoppedError
    (nothing can be read), and at the end, after everything that could be read, IncompleteError; with
    `raise_incomplete` False the end is silent, and `.outcome.failures` says what failed.
    """
    asked = _asked(config, streams, state, columns, raise_incomplete=raise_incomplete, on_event=on_event)
    from facebook_marketing.faces.batches import Reading

    return Reading(asked)


def read_async(  # noqa: PLR0913 - each is a choice of the caller's, by name
    config: Settings = None,
    streams: Names = None,
    state: Saved = None,
    *,
    columns: Mapping[str, Sequence[str]] | None = None,
    raise_incomplete: bool = True,
    on_event: Callable[[Event], None] | None = None,
) -> "AsyncReading":
    """Read as `read` does, in the running event loop: an asynchronous iterator."""
    asked = _asked(config, streams, state, columns, raise_incomplete=raise_incomplete, on_event=on_event)
    from facebook_marketing.faces.batches import AsyncReading

    return AsyncReading(asked)


def dlt_source(
    config: Settings = None, streams: Names = None, *, columns: Mapping[str, Sequence[str]] | None = None
) -> "DltSource":
    """Make a dlt source: a resource a stream, merged by key, each incremental by dlt's own state.

    `streams` None: every stream is there and those most wanted are selected; named ones alone are there and selected.

    Raises: ConfigError, UsageError. In the pipeline: StoppedError, StateError (inside dlt's PipelineStepFailed). A
    stream that was not read to its end is an `IncompleteWarning`, and an error where its table is to be replaced.
    """
    with _installed():
        from facebook_marketing.faces.shared import Shared
        from facebook_marketing.sinks.source import source_of

    made = _config(config)
    there = _cut(offered(made), columns)
    picked = _picked(there, streams)
    shown = there if streams is None else picked
    by_name = {stream.name: stream for stream in shown}
    return source_of(
        shown,
        [stream.name for stream in picked],
        lambda states: Shared(made, [by_name[name] for name in states], states),
    )


def streams(config: Settings = None) -> tuple[Stream, ...]:
    """List every stream of this configuration: name, columns, key, cursor. Asks nothing of Meta. Raises ConfigError."""
    return offered(_config(config))


def check(config: Settings = None) -> tuple[str, ...]:
    """Say what is wrong with the configuration, one problem an entry, each with its mend; empty when nothing is.

    Asks Meta, for a minute at most. Raises ConfigError for what is wrong before Meta is asked.
    """
    from facebook_marketing.faces.check import check as ask

    return finished(ask(_config(config)))


def sync(  # noqa: PLR0913 - each is a choice of the caller's, by name
    config: Settings = None,
    destination: str = "duckdb:///ads.duckdb",
    streams: Names = None,
    *,
    mode: "Mode | str | Mapping[str, Mode | str] | None" = None,
    dataset: str = DATASET,
    workdir: Path | None = None,
    report: Path | str | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> "Result":
    """Load streams into a warehouse as the command `sync` does, going on from what was loaded before.

    `mode` is for all streams, or by stream; without it each has its default. The result says what was read
    (`.outcome`), and with `.exit_code` 0 whether all of it was: a partial sync raises nothing. `report` is a file that
    is written however the sync ends (docs/running.md).

    Raises: ConfigError, UsageError, WarehouseError, StateError, StoppedError.
    """
    from facebook_marketing.faces.logs import clean
    from facebook_marketing.faces.monitor import Monitor
    from facebook_marketing.faces.run_report import Run, recorded, shown
    from facebook_marketing.faces.sync import run_sync

    now, monitor = SystemClock().now, Monitor()
    run = Run(version(), now(), destination=shown(destination), dataset=dataset)
    path = None if report is None else Path(report)
    with recorded(path, monitor, run, lambda error: (_code(error), clean(str(error) or repr(error))), now):
        run.config = _config(config)
        choices = Choices(_listed(streams), _modes(mode), dataset, workdir)
        result = finished(run_sync(run.config, destination, choices, progress=on_event, monitor=monitor))
        run.exit_code = result.exit_code
    return result


def _code(error: BaseException) -> int:
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def finished(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`: here, or where an event loop runs already (a notebook) in a thread of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    ended: list[Callable[[], T]] = []
    thread = threading.Thread(target=lambda: ended.append(_ending(work)), name="facebook-marketing")
    thread.start()
    thread.join()
    return ended[0]()


def _ending(work: Coroutine[Any, Any, T]) -> Callable[[], T]:
    try:
        found = asyncio.run(work)
    except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
        return _raising(error)
    return lambda: found


def _raising(error: BaseException) -> Callable[[], Any]:
    def again() -> Any:  # noqa: ANN401 - it gives nothing
        raise error

    return again


def _asked(  # noqa: PLR0913 - what read and read_async were given
    config: Settings,
    streams: Names,
    state: Saved,
    columns: Mapping[str, Sequence[str]] | None,
    *,
    raise_incomplete: bool,
    on_event: Callable[[Event], None] | None,
) -> "Asked":
    made = _config(config)
    picked = _cut(_picked(offered(made), streams), columns)
    selected = tuple(Selected(stream, stream.incremental) for stream in picked)
    saved = _state(state)
    with _installed():
        from facebook_marketing.faces.batches import Asked

    return Asked(made, selected, saved, on_event=on_event, raise_incomplete=raise_incomplete)


@contextmanager
def _installed() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("facebook_marketing"):
            raise
        message = f"This needs {error.name}. Install it: pip install 'facebook-marketing[warehouse]'."
        raise UsageError(message) from error


def _config(config: Settings) -> Config:
    from facebook_marketing.faces.logs import hide

    made = config if isinstance(config, Config) else load(config, os.environ).config
    hide(made)
    return made


def _listed(names: Names) -> tuple[str, ...]:
    if names is not None and not names:
        raise UsageError("No stream is named. Leave `streams` out for those most wanted, or name some.")
    return (names,) if isinstance(names, str) else tuple(names or ())


def _picked(there: Sequence[Stream], names: Names) -> tuple[Stream, ...]:
    return chosen(there, _listed(names))


def _modes(mode: "Mode | str | Mapping[str, Mode | str] | None") -> Modes:
    if mode is None or isinstance(mode, str):  # a Mode is a str
        return Modes(None if mode is None else mode_from(mode))
    return Modes(None, {stream: mode_from(one) for stream, one in mode.items()})


def _cut(there: Sequence[Stream], columns: Mapping[str, Sequence[str]] | None) -> tuple[Stream, ...]:
    """The streams with the wanted columns only; their keys and cursors stay."""
    asked = columns or {}
    known = {stream.name: {column.name for column in stream.columns} for stream in there}
    for name, listed in asked.items():
        if name not in known:
            raise UsageError(f"`columns` names the stream {name}, which is not read.")
        if strange := sorted(set(listed) - known[name]):
            raise UsageError(f"The stream {name} has no column {', '.join(strange)}. `discover --json` lists them.")
    return tuple(project(stream, asked.get(stream.name)) for stream in there)


def _state(state: Saved) -> dict[str, Any]:
    if state is None:
        return {}
    if isinstance(state, Path | str):
        try:
            return parse_input(Path(state).read_bytes())
        except OSError as error:
            raise UsageError(f"The state file {state} cannot be read: {error.strerror}. Check its path.") from None
    return parse_input(json.dumps(state).encode())
