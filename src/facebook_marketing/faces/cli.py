"""The command for people: `facebook-marketing`. Loads a warehouse, checks a configuration, runs the sandbox."""

import argparse
import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from facebook_marketing.faces.airbyte import INTERRUPTED, forget_stdout, version

if TYPE_CHECKING:
    from facebook_marketing.config import Config, Loaded
    from facebook_marketing.faces.choices import Modes
    from facebook_marketing.faces.monitor import Monitor
    from facebook_marketing.faces.sync import Result
    from facebook_marketing.plan.forecast import Forecast

T = TypeVar("T")

PROGRAM = "facebook-marketing"

_CONFIG_HELP = "the configuration, JSON; what it leaves out comes from FACEBOOK_ACCESS_TOKEN, FACEBOOK_ACCOUNT_IDS, …"
TERMINATED = 143
"""Exit code after SIGTERM, as shells have it."""

_BEAT = 5.0
"""Seconds between two looks of a display that nothing calls."""

_EXIT = "Exit codes: 0 complete, 1 wrong configuration or nothing read, 2 wrong usage, 3 partly read."


_ANYBODY = {"FACEBOOK_ACCESS_TOKEN": "none", "FACEBOOK_ACCOUNT_IDS": "all"}
"""What stands in for a configuration where nothing is asked of Meta."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; its exit code. What went wrong is one clear line on stderr, never a traceback."""
    arguments = _parser().parse_args(argv)
    from facebook_marketing.faces.logs import to_stderr

    to_stderr(debug=getattr(arguments, "debug", False))
    try:
        command: Callable[[argparse.Namespace], int] = arguments.command
        return command(arguments)
    except BrokenPipeError:
        forget_stdout()
        return 1
    except (Exception, KeyboardInterrupt, asyncio.CancelledError) as error:
        if getattr(arguments, "debug", True) and isinstance(error, Exception) and not _expected(error):
            raise
        code, text = _told(error)
        _say(text)
        return code


def _told(error: BaseException) -> tuple[int, str]:
    """The exit code that an error comes to, and what is said of it."""
    if isinstance(error, KeyboardInterrupt | asyncio.CancelledError):
        code = INTERRUPTED if isinstance(error, KeyboardInterrupt) else TERMINATED
        return code, "Stopped. What was loaded stays; the next run goes on from there."
    if isinstance(error, Exception) and _expected(error):
        return 1, f"{PROGRAM}: {error}"
    return 1, f"{PROGRAM}: an error of ours: {error!r}. Please report it, with what --debug prints."


def _expected(error: Exception) -> bool:
    """Errors that speak to the user by themselves."""
    from facebook_marketing.config import ConfigError
    from facebook_marketing.faces.airbyte import RefusedError
    from facebook_marketing.faces.catalog import CatalogError
    from facebook_marketing.faces.choices import UsageError
    from facebook_marketing.faces.reading import StoppedError
    from facebook_marketing.faces.token import ExchangeError
    from facebook_marketing.plan.state import StateError
    from facebook_marketing.sinks.destination import WarehouseError

    ours = (CatalogError, ExchangeError, RefusedError, StoppedError, UsageError, WarehouseError)
    return isinstance(error, (ConfigError, StateError, *ours))


def _say(text: str) -> None:
    from facebook_marketing.faces.logs import clean

    sys.stderr.write(f"{clean(text)}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Reads Meta (Facebook) ads data, completely and exactly, into a warehouse.",
        epilog=f"First steps: `{PROGRAM} demo`, then `{PROGRAM} sync --help`. {_EXIT}",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version()}")
    commands = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")
    _demo_parser(commands)
    _sync_parser(commands)
    _verify_parser(commands)
    _config_parser(commands, "check", _check, "say whether the configuration works")
    doctor = _config_parser(
        commands, "doctor", _doctor, "look at token, permissions, accounts, quota, version and clock"
    )
    doctor.add_argument("--json", action="store_true", help="findings as one JSON object")
    doctor.epilog = "Exit codes: 0 all is well, 1 warnings, 2 failures."
    _token_parser(commands)
    _plan_parser(commands)
    discover = _config_parser(commands, "discover", _discover, "list the streams; asks nothing of Meta")
    discover.add_argument("--json", action="store_true", help="as an Airbyte catalog, with every column")
    _read_parser(commands)
    spec = commands.add_parser("spec", help="print the JSON schema of the configuration")
    spec.set_defaults(command=_spec)
    _sandbox_parser(commands)
    return parser


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no public name


def _config_parser(
    commands: Commands, name: str, command: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument("--config", type=Path, metavar="FILE", help=_CONFIG_HELP)
    parser.add_argument("--debug", action="store_true", help="log each call")
    parser.set_defaults(command=command)
    return parser


def _plan_parser(commands: Commands) -> None:
    plan = _config_parser(commands, "plan", _plan, "say what the next sync would do and cost, before it does it")
    plan.add_argument(
        "--streams", metavar="A,B", help="these streams, or all (default: those most wanted; see discover)"
    )
    since = plan.add_mutually_exclusive_group()
    since.add_argument("--state", type=Path, metavar="FILE", help="go on from an Airbyte state file")
    text = "go on from what stands in a destination (default: duckdb:///ads.duckdb, as sync)"
    since.add_argument("--destination", metavar="URL", default="duckdb:///ads.duckdb", help=text)
    text = "schema of the tables (default: %(default)s)"
    plan.add_argument("--dataset", default="facebook_ads", metavar="NAME", help=text)
    plan.add_argument("--full-refresh", action="store_true", help="as if everything was read again")
    plan.add_argument("--json", action="store_true", help="as one JSON object")


def _token_parser(commands: Commands) -> None:
    text = "exchange a short-lived access token for one of about 60 days"
    token = _config_parser(commands, "token", _token, text)
    token.add_argument("action", choices=("exchange",), help="what to do with the configuration's access token")
    out = token.add_mutually_exclusive_group(required=True)
    out.add_argument("--write", type=Path, metavar="FILE", help="put the new token into a file that only you can read")
    out.add_argument("--print", action="store_true", help="print the new token on stdout, and nothing else there")
    token.epilog = (
        "The app's id and secret come from client_id and client_secret in the configuration, FACEBOOK_CLIENT_ID and "
        "FACEBOOK_CLIENT_SECRET, or are asked for on a terminal; so does an access token that is not set."
    )


def _demo_parser(commands: Commands) -> None:
    demo = commands.add_parser(
        "demo",
        help="sync every stream of a simulated account into demo.duckdb",
        description="Syncs 90 days of a simulated account through the same code as a real token would.",
    )
    demo.add_argument("--database", type=Path, default=Path("demo.duckdb"), metavar="FILE", help="default: %(default)s")
    demo.set_defaults(command=_demo)


def _sync_parser(commands: Commands) -> None:
    text = "load ads data into a warehouse; a second run goes on from the first"
    sync = _config_parser(commands, "sync", _sync, text)
    sync.add_argument(
        "--destination",
        default="duckdb:///ads.duckdb",
        metavar="URL",
        help="duckdb:///ads.duckdb (default), postgres://user:password@host/database, parquet:///folder, …",
    )
    text = "schema of the tables (default: %(default)s)"
    sync.add_argument("--dataset", default="facebook_ads", metavar="NAME", help=text)
    sync.add_argument(
        "--streams", metavar="A,B", help="these streams, or all (default: those most wanted; see discover)"
    )
    how = sync.add_mutually_exclusive_group()
    how.add_argument(
        "--mode",
        action="append",
        default=[],
        metavar="MODE",
        help="how rows meet their tables: overwrite, append, incremental_append, deduped or deduped_history; for one "
        "stream ads=append, with commas between several (default: what suits each stream)",
    )
    how.add_argument(
        "--full-refresh", action="store_true", help="read everything again and replace the tables: --mode overwrite"
    )
    sync.add_argument(
        "--report", type=Path, metavar="FILE", help="write what was read of each stream and account, as JSON"
    )
    sync.add_argument("--no-children", action="store_true", help="make no tables of the lists inside of rows")
    sync.add_argument("--no-views", action="store_true", help="make no views beside the tables")
    text = "views under the names of others too: fivetran, in the schema NAME_fivetran (see docs/dbt.md)"
    sync.add_argument("--profile", choices=("own", "fivetran"), default="own", help=text)
    text = "first say what the sync will do and cost, and at the end what it did and cost beside it: see plan"
    sync.add_argument("--plan", action="store_true", help=text)
    text = "then compare what was loaded with the totals that Meta reports: see verify"
    sync.add_argument("--verify", action="store_true", help=text)
    sync.add_argument("--quiet", action="store_true", help="no progress display")
    sync.epilog = _EXIT


def _verify_parser(commands: Commands) -> None:
    verify = _config_parser(commands, "verify", _verify, "compare what was loaded with the totals that Meta reports")
    verify.add_argument("--destination", default="duckdb:///ads.duckdb", metavar="URL", help="as for sync")
    verify.add_argument("--dataset", default="facebook_ads", metavar="NAME", help="schema of the tables")
    verify.add_argument("--streams", metavar="A,B", help="these reports (default: all that were loaded)")
    verify.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="from this day on")
    verify.add_argument("--until", type=date.fromisoformat, metavar="DAY", help="up to this day (default: yesterday)")
    text = "allow this share, as 0.5%% (default: none, and for money what rounding takes)"
    verify.add_argument("--tolerance", metavar="SHARE", help=text)
    verify.add_argument("--repair", action="store_true", help="read the days that differ again, and compare once more")
    verify.add_argument("--json", action="store_true", help="print the differences as JSON")
    verify.epilog = "Exit codes: 0 all agrees, 1 something could not be compared, 2 wrong usage, 3 something differs."


def _read_parser(commands: Commands) -> None:
    read = _config_parser(commands, "read", _read, "print records and states as JSON lines (Airbyte's protocol)")
    choice = read.add_mutually_exclusive_group()
    choice.add_argument(
        "--streams", metavar="A,B", help="these streams, or all (default: those most wanted; see discover)"
    )
    choice.add_argument("--catalog", type=Path, metavar="FILE", help="a configured Airbyte catalog instead")
    read.add_argument("--state", type=Path, metavar="FILE", help="the state of the run before: an incremental read")


def _sandbox_parser(commands: Commands) -> None:
    sandbox = commands.add_parser(
        "sandbox",
        help="run a simulated Graph API on this machine",
        description="A simulated Graph API. Point any command at it: FACEBOOK_GRAPH_URL=http://127.0.0.1:8899.",
        epilog="The token `sandbox-token` may do everything. The first account is 1234567890123456.",
    )
    sandbox.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    sandbox.add_argument("--port", type=int, default=8899, help="default: %(default)s; 0 = any free one")
    sandbox.add_argument("--seed", type=int, default=1, help="another seed, another world (default: %(default)s)")
    sandbox.add_argument("--accounts", type=int, default=1, help="ad accounts (default: %(default)s)")
    for name in ("campaigns", "adsets", "ads", "creatives", "images", "videos", "activities", "audiences"):
        sandbox.add_argument(f"--{name}", type=int, metavar="N", help=f"{name} of each account")
    sandbox.add_argument("--active-ads-per-day", type=int, metavar="N", help="exactly N ads deliver each day")
    sandbox.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="added to each call")
    sandbox.add_argument("--run-seconds", type=float, default=3.0, metavar="SECONDS", help="life of a report run")
    tiers = ("standard_access", "development_access")
    sandbox.add_argument("--tier", choices=tiers, default=tiers[0], help="the size of quotas (default: %(default)s)")
    sandbox.add_argument("--faults", type=Path, metavar="FILE", help="a plan of faults, JSON")
    sandbox.set_defaults(command=_sandbox)


def _loaded(path: Path | None, environ: Mapping[str, str] = os.environ) -> "Loaded":
    from facebook_marketing.config import load
    from facebook_marketing.faces.logs import hide

    loaded = load(path, environ)
    hide(loaded.config)
    for note in loaded.notes:
        _say(note)
    return loaded


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def _demo(arguments: argparse.Namespace) -> int:
    from facebook_marketing.faces.demo import run_demo

    return run_demo(arguments.database)


def _sync(arguments: argparse.Namespace) -> int:
    from facebook_marketing.clock import SystemClock
    from facebook_marketing.faces.logs import clean
    from facebook_marketing.faces.monitor import Monitor
    from facebook_marketing.faces.run_report import Run, recorded, shown

    def told(error: BaseException) -> tuple[int, str]:
        code, text = _told(error)
        return code, clean(text)

    now = SystemClock().now
    run, monitor = Run(version(), now(), destination=shown(arguments.destination), dataset=arguments.dataset), Monitor()
    with recorded(arguments.report, monitor, run, told, now):
        run.config = config = _loaded(arguments.config).config
        run.forecast = _foreseen(arguments, config) if arguments.plan else None
        result = _synced(arguments, config, monitor)
        run.exit_code = result.exit_code
    _say(result.text())
    if run.forecast is not None:
        from facebook_marketing.faces.planning import compared

        _say(compared(run.forecast, result.outcome, result.seconds))
    if not arguments.verify:
        return result.exit_code
    from facebook_marketing.faces.verify import Place, run_verify

    found = asyncio.run(run_verify(config, Place(arguments.destination, arguments.dataset)))
    _say(found.text())
    return result.exit_code or found.exit_code


def _foreseen(arguments: argparse.Namespace, config: "Config") -> "Forecast":
    from facebook_marketing.faces.planning import plan, saved, text

    state = {} if arguments.full_refresh else saved(arguments.destination, arguments.dataset)
    found = asyncio.run(plan(config, _names(arguments.streams), state, full_refresh=arguments.full_refresh))
    _say(text(found))
    return found


def _synced(arguments: argparse.Namespace, config: "Config", monitor: "Monitor") -> "Result":
    from facebook_marketing.faces.choices import Choices
    from facebook_marketing.faces.progress import display
    from facebook_marketing.faces.reading import quiet_collector
    from facebook_marketing.faces.sync import run_sync

    choices = Choices(
        _names(arguments.streams),
        _modes(arguments),
        arguments.dataset,
        children=not arguments.no_children,
        views=not arguments.no_views,
        profile=arguments.profile,
    )
    quiet_collector()
    with display(monitor, quiet=arguments.quiet) as shown:
        work = run_sync(config, arguments.destination, choices, progress=shown.show, monitor=monitor)
        return asyncio.run(_until_sigterm(_ticking(work, shown.tick)))


async def _ticking(work: Coroutine[Any, Any, T], tick: Callable[[], None]) -> T:
    """Lets the display know that time passes: while Meta makes us wait nothing else happens."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(_BEAT)
            tick()

    beating = asyncio.create_task(beat())
    try:
        return await work
    finally:
        beating.cancel()


def _verify(arguments: argparse.Namespace) -> int:
    from facebook_marketing.catalog.reconciliation import TOLERANCES
    from facebook_marketing.faces.verify import Place, Wish, run_verify, tolerances

    allowed = tolerances(arguments.tolerance) if arguments.tolerance else TOLERANCES
    wish = Wish(arguments.since, arguments.until, allowed, arguments.repair)
    place = Place(arguments.destination, arguments.dataset)
    config = _loaded(arguments.config).config
    found = asyncio.run(run_verify(config, place, _names(arguments.streams), wish=wish))
    if arguments.json:
        sys.stdout.write(f"{json.dumps(found.json(), indent=2)}\n")
    else:
        _say(found.text())
    return found.exit_code


def _modes(arguments: argparse.Namespace) -> "Modes":
    from facebook_marketing.faces.choices import modes_from

    return modes_from(["overwrite"] if arguments.full_refresh else _names(",".join(arguments.mode)))


async def _until_sigterm(work: Coroutine[Any, Any, T]) -> T:
    """A polite end: what was checkpointed is loaded before the process goes."""
    task = asyncio.current_task()
    with suppress(NotImplementedError, ValueError, RuntimeError):  # Windows
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def _check(arguments: argparse.Namespace) -> int:
    from facebook_marketing.faces.check import check

    problems = asyncio.run(check(_loaded(arguments.config).config))
    for problem in problems:
        _say(problem)
    if not problems:
        sys.stdout.write("The configuration works.\n")
    return 1 if problems else 0


def _doctor(arguments: argparse.Namespace) -> int:
    from facebook_marketing.faces.doctor import diagnose_file
    from facebook_marketing.faces.logs import clean

    diagnosis = asyncio.run(diagnose_file(arguments.config, os.environ))
    text = diagnosis.as_json() if arguments.json else diagnosis.text()
    sys.stdout.write(f"{clean(text)}\n")
    return diagnosis.exit_code


def _plan(arguments: argparse.Namespace) -> int:
    from facebook_marketing.faces.airbyte import state_of
    from facebook_marketing.faces.logs import clean
    from facebook_marketing.faces.planning import as_json_text, plan, saved, text

    config = _loaded(arguments.config).config
    state = {}
    if not arguments.full_refresh:
        file = arguments.state
        state = state_of(file) if file is not None else saved(arguments.destination, arguments.dataset)
    foreseen = asyncio.run(plan(config, _names(arguments.streams), state, full_refresh=arguments.full_refresh))
    shown = as_json_text(foreseen) if arguments.json else text(foreseen)
    sys.stdout.write(f"{clean(shown)}\n")
    return 0


def _token(arguments: argparse.Namespace) -> int:
    import time

    from facebook_marketing.faces.token import exchange, settings, write

    chosen = settings(arguments.config, os.environ)
    changed = asyncio.run(exchange(chosen))
    if arguments.write is not None:
        write(arguments.write, changed.token)
        _say(f"The new token stands in {arguments.write}.")
    else:
        sys.stdout.write(f"{changed.token.reveal()}\n")
    _say(changed.life(time.time()))
    return 0


def _discover(arguments: argparse.Namespace) -> int:
    from facebook_marketing.faces.catalog import airbyte_catalog, offered, table

    environ = os.environ if arguments.config else {**_ANYBODY, **os.environ}
    streams = offered(_loaded(arguments.config, environ).config)
    text = json.dumps(airbyte_catalog(streams), indent=1) if arguments.json else table(streams)
    sys.stdout.write(f"{text}\n")
    return 0


def _read(arguments: argparse.Namespace) -> int:
    from facebook_marketing.faces.airbyte import read_lines
    from facebook_marketing.faces.catalog import configured_catalog, offered

    loaded = _loaded(arguments.config)
    catalog = None
    if arguments.catalog is None:
        catalog = configured_catalog(offered(loaded.config), _names(arguments.streams))
    return read_lines(loaded, arguments.catalog, arguments.state, catalog=catalog)


def _spec(_arguments: argparse.Namespace) -> int:
    from facebook_marketing.config import spec

    sys.stdout.write(f"{json.dumps(spec()['connectionSpecification'], indent=2)}\n")
    return 0


def _sandbox(arguments: argparse.Namespace) -> int:
    from facebook_marketing.faces.choices import UsageError

    def ready(url: str) -> None:
        _say(
            f"The sandbox answers at {url}. Try:\n  FACEBOOK_GRAPH_URL={url} FACEBOOK_ACCESS_TOKEN=sandbox-token "
            f"FACEBOOK_ACCOUNT_IDS=1234567890123456 {PROGRAM} sync"
        )

    try:
        from facebook_marketing.faces.demo import sandbox_options
        from facebook_marketing.sandbox.server import serve

        serve(sandbox_options(arguments), host=arguments.host, port=arguments.port, ready=ready)
    except ModuleNotFoundError as error:
        message = f"The sandbox needs {error.name}. Install it: pip install 'facebook-marketing[all]'."
        raise UsageError(message) from error
    except OSError as error:
        what = error.filename or f"{arguments.host}:{arguments.port}"
        message = f"The sandbox cannot begin: {what}: {error.strerror}. Give another --port or --faults file."
        raise UsageError(message) from error
    except (ValueError, re.error) as error:
        message = f"The sandbox cannot begin: {error}. Correct the options or the --faults file."
        raise UsageError(message) from error
    return 0


if __name__ == "__main__":
    sys.exit(main())
