"""What a person sees while a sync runs: a live display on a terminal, plain lines anywhere else."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol, TextIO

from facebook_marketing.engine.door import Event, Progress, Status, StreamStatus
from facebook_marketing.faces.monitor import ENDED, Monitor, Stream

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

LINE_SECONDS = 30.0
"""So often at most a line says how far the sync is, where no display can move."""
SILENT_SECONDS = 60.0
"""So often at most while nothing changes."""


class Display(Protocol):
    """Shows a person what the monitor of a sync knows."""

    def show(self, event: Event) -> None:
        """Something happened."""
        ...

    def tick(self) -> None:
        """Some time has passed, whether or not something happened."""
        ...


Now = Callable[[], float]


def display(
    monitor: Monitor, *, quiet: bool = False, out: TextIO | None = None, now: Now = time.time
) -> AbstractContextManager[Display]:
    """Open a display (on stderr): live on a terminal when rich is there, plain lines otherwise, nothing when quiet."""
    where = out or sys.stderr
    if quiet:
        return nullcontext(Quiet())
    if where.isatty():
        try:
            return _live(monitor, where, now)
        except ModuleNotFoundError:
            pass
    return nullcontext(Plain(monitor, where, now))


# --- words ------------------------------------------------------------------------------------------------------------


def ending(name: str, stream: Stream) -> str:
    """Say in one line what a stream came to."""
    gaps = f", gaps: {stream.gaps}" if stream.gaps else ""
    if stream.status is StreamStatus.COMPLETE:
        return f"{name}: {stream.rows:,} rows{gaps}"
    return f"{name}: not read to the end, {stream.rows:,} rows{gaps}: {stream.error or 'no reason was given'}"


def total(monitor: Monitor, now: float) -> str:
    """Say in one line how far the whole sync is."""
    return ", ".join(part for part in (*_amounts(monitor), quota(monitor, now), time_left(monitor, now)) if part)


def quota(monitor: Monitor, now: float) -> str:
    """Say how full the fullest quota is, and what is waited for."""
    blocked = monitor.blocked(now)
    if not blocked:
        fullest = monitor.fullest()
        return "" if fullest is None or fullest < 1 else f"quota used: {fullest:.0f} %"
    longest = max(blocked, key=lambda one: blocked[one])
    case = f" ({longest.use_case})" if longest.use_case else ""
    whose = "the app" if longest.account == "app" else f"account {longest.account}"
    others = f" and {len(blocked) - 1} more" if len(blocked) > 1 else ""
    return f"waiting {span(blocked[longest])} for the quota of {whose}{case}{others}"


def time_left(monitor: Monitor, now: float) -> str:
    """Say when the end is to be expected; nothing while nobody knows."""
    left = monitor.left(now)
    return "" if left is None else f"about {span(left)} left"


def span(seconds: float) -> str:
    """Write a time as people say it: 40 s, 12 min, 2 h 5 min."""
    if seconds < 100:  # noqa: PLR2004 - up to there seconds are easier to grasp
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004 - as above


def _amounts(monitor: Monitor) -> tuple[str, ...]:
    done, planned = monitor.windows
    streams = f"{monitor.ended()} of {len(monitor.selected)} streams read" if monitor.selected else ""
    windows = f"{done:,} of {planned:,} windows" if planned else ""
    return f"{monitor.rows:,} rows", windows, f"{monitor.counts.calls:,} Graph calls", streams


# --- displays ---------------------------------------------------------------------------------------------------------


class Quiet:
    """Shows nothing."""

    def show(self, event: Event) -> None:
        """Something happened."""

    def tick(self) -> None:
        """Some time has passed."""


class Plain:
    """A line when a stream ends, and one now and then while none does."""

    def __init__(self, monitor: Monitor, out: TextIO, now: Now) -> None:
        self._monitor = monitor
        self._out = out
        self._now = now
        self._spoken = now()
        self._rows = self._calls = 0

    def show(self, event: Event) -> None:
        """Something happened."""
        if isinstance(event, Status) and event.status in ENDED:
            self._say(ending(event.stream, self._monitor.streams[event.stream]))
        elif isinstance(event, Progress):
            self.tick()

    def tick(self) -> None:
        """Some time has passed."""
        now, monitor = self._now(), self._monitor
        silent = now - self._spoken
        moved = (monitor.rows, monitor.counts.calls) != (self._rows, self._calls)
        if silent >= (LINE_SECONDS if moved else SILENT_SECONDS):
            self._say(f"… {total(monitor, now)}")

    def _say(self, line: str) -> None:
        self._spoken = self._now()
        self._rows, self._calls = self._monitor.rows, self._monitor.counts.calls
        self._out.write(f"{line}\n")
        self._out.flush()


class Live:
    """A bar for each stream that runs, and below them the whole; what has ended stays above as a line."""

    def __init__(self, monitor: Monitor, bars: "Bars", now: Now) -> None:
        self._monitor = monitor
        self._bars = bars
        self._now = now
        self._tasks: dict[str, TaskID] = {}

    def show(self, event: Event) -> None:
        """Something happened."""
        from rich.text import Text

        name = event.stream
        stream = self._monitor.streams[name]
        task = self._tasks.get(name)
        if stream.status not in ENDED:
            if task is None:
                task = self._tasks[name] = self._bars.add_task(name, total=None, rows="", far="")
            windows = f"{stream.done:,} of {stream.planned:,} windows" if stream.planned else ""
            self._bars.update(
                task, total=stream.planned, completed=stream.done, rows=f"{stream.rows:,} rows", far=windows
            )
            return
        if task is not None:
            self._bars.remove_task(self._tasks.pop(name))
        if isinstance(event, Status):
            mark = ("✓ ", "green") if stream.status is StreamStatus.COMPLETE else ("✗ ", "red")
            self._bars.console.print(Text.assemble(mark, ending(name, stream)))

    def tick(self) -> None:
        """Some time has passed: the display looks by itself."""

    def __rich__(self) -> "RenderableType":
        """The whole, as it is at this moment."""
        from rich.console import Group
        from rich.text import Text

        now = self._now()
        elapsed = span(now - self._monitor.began) if self._monitor.began else ""
        said = (*_amounts(self._monitor), elapsed, time_left(self._monitor, now))
        lines = (" · ".join(part for part in said if part), quota(self._monitor, now))
        return Group(self._bars, *(Text(line, style="dim") for line in lines if line))


def _live(monitor: Monitor, out: TextIO, now: Now) -> AbstractContextManager[Display]:
    """Raises ModuleNotFoundError without rich."""
    from rich.console import Console
    from rich.live import Live as Screen
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[rows]}", justify="right"),
        TextColumn("{task.fields[far]}", justify="right"),
    )
    console = Console(file=out)
    live = Live(monitor, Bars(*columns, console=console), now)
    screen = Screen(live, console=console, transient=True, refresh_per_second=4)

    @contextmanager
    def shown() -> Iterator[Display]:
        with screen:
            yield live

    return shown()
