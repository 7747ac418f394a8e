"""What a person sees while a sync runs: a live display on a terminal, plain lines anywhere else."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TextIO

from facebook_marketing.engine.door import Event, Gap, Progress, Status, StreamStatus

Show = Callable[[Event], None]

QUIET_SECONDS = 15.0
"""So often a line says that the sync goes on where no display can move."""

ENDED = frozenset((StreamStatus.COMPLETE, StreamStatus.INCOMPLETE))


@dataclass(slots=True)
class Tally:
    """How far one stream is, all accounts together. `planned` None: nobody knows how much is to come."""

    accounts: dict[str, Progress] = field(default_factory=dict)
    status: StreamStatus | None = None
    error: str | None = None
    gaps: int = 0

    @property
    def rows(self) -> int:
        """Rows of all accounts."""
        return sum(one.rows for one in self.accounts.values())

    @property
    def done(self) -> int:
        """Pages or windows of all accounts."""
        return sum(one.done for one in self.accounts.values())

    @property
    def planned(self) -> int | None:
        """Windows to read, once every account that began has said how many."""
        known = [one.planned for one in self.accounts.values() if one.planned is not None]
        return sum(known) if known and len(known) == len(self.accounts) else None


class Board:
    """Adds events up. Pure: shows nothing."""

    def __init__(self) -> None:
        """Begin with no stream."""
        self.streams: dict[str, Tally] = {}
        self.calls = 0

    def add(self, event: Event) -> Tally:
        """Take one event in; the tally of its stream."""
        tally = self.streams.setdefault(event.stream, Tally())
        if isinstance(event, Progress):
            tally.accounts[event.account] = event
            self.calls = max(self.calls, event.calls)
        elif isinstance(event, Gap):
            tally.gaps += 1
        elif isinstance(event, Status):
            tally.status, tally.error = event.status, event.error
        return tally

    @property
    def rows(self) -> int:
        """Rows of all streams."""
        return sum(tally.rows for tally in self.streams.values())

    def running(self) -> int:
        """How many streams have begun and not ended."""
        return sum(tally.status not in ENDED for tally in self.streams.values())

    def total(self) -> str:
        """Say in one line how far the whole sync is."""
        return f"{self.rows:,} rows, {self.calls:,} Graph calls, streams running: {self.running()}"


def ending(stream: str, tally: Tally) -> str:
    """Say in one line what a stream came to."""
    gaps = f", gaps: {tally.gaps}" if tally.gaps else ""
    if tally.status is StreamStatus.COMPLETE:
        return f"{stream}: {tally.rows:,} rows{gaps}"
    return f"{stream}: not read to the end, {tally.rows:,} rows{gaps}: {tally.error or 'no reason was given'}"


def display(*, quiet: bool = False, out: TextIO | None = None) -> AbstractContextManager[Show]:
    """Open a display (on stderr): live on a terminal when rich is there, plain lines otherwise, nothing when quiet."""
    where = out or sys.stderr
    if quiet:
        return nullcontext(_nothing)
    if where.isatty():
        try:
            return _live(where)
        except ModuleNotFoundError:
            pass
    return nullcontext(plain(where))


def _nothing(_: Event) -> None:
    """Show nothing."""


def plain(out: TextIO, now: Callable[[], float] = time.monotonic) -> Show:
    """Write a line when a stream ends, and one now and then while none does. `now` is in seconds."""
    board = Board()
    spoken = now()

    def show(event: Event) -> None:
        nonlocal spoken
        tally = board.add(event)
        if isinstance(event, Status) and event.status in ENDED:
            line = ending(event.stream, tally)
        elif now() - spoken >= QUIET_SECONDS:
            line = f"… {board.total()}"
        else:
            return
        spoken = now()
        out.write(f"{line}\n")
        out.flush()

    return show


def _live(out: TextIO) -> AbstractContextManager[Show]:
    """A bar for each stream that runs; what has ended stays above as a line."""
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn
    from rich.progress import Progress as Bars
    from rich.text import Text

    console = Console(file=out)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[far]}", justify="right"),
    )
    board = Board()
    tasks: dict[str, TaskID] = {}

    def show(event: Event) -> None:
        tally = board.add(event)
        if event.stream not in tasks:
            tasks[event.stream] = bars.add_task(event.stream, total=None, far="")
        if tally.status in ENDED:
            bars.update(tasks[event.stream], visible=False)
            if isinstance(event, Status):
                mark = ("✓ ", "green") if tally.status is StreamStatus.COMPLETE else ("✗ ", "red")
                bars.console.print(Text.assemble(mark, ending(event.stream, tally)))
        else:
            far = f"{tally.rows:,} rows" + (f", {tally.done} of {tally.planned} windows" if tally.planned else "")
            bars.update(tasks[event.stream], total=tally.planned, completed=tally.done, far=far)
        bars.update(whole, far=board.total())

    bars = Bars(*columns, console=console, transient=True)
    whole = bars.add_task("all", total=None, far="")

    @contextmanager
    def shown() -> Iterator[Show]:
        with bars:
            yield show

    return shown()
