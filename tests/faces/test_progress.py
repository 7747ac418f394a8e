"""What a person sees of a sync."""

import io
import re
import sys
from collections.abc import Iterable

import pytest

from facebook_marketing.engine.door import Event, Gap, Progress, Status, StreamStatus
from facebook_marketing.faces.monitor import Monitor
from facebook_marketing.faces.progress import Display, Plain, display


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Seconds:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def told(monitor: Monitor, shown: Display, *events: Event) -> None:
    for event in events:
        monitor.add(event)
        shown.show(event)


def test_where_no_display_can_move_a_line_tells_each_end_and_now_and_then_that_it_goes_on() -> None:
    seconds, out, monitor = Seconds(), io.StringIO(), Monitor(selected=("ads", "images"))
    shown = Plain(monitor, out, seconds)
    told(monitor, shown, Progress("ads", "1", 500, 1, 4))
    seconds.now = 31.0
    monitor.counts.whole.calls = 2
    told(monitor, shown, Progress("ads", "1", 1000, 2, 4), Gap("ads", "1", "one page was left out"))
    told(monitor, shown, Progress("ads", "1", 1200, 3, 4))
    told(monitor, shown, Status("ads", StreamStatus.COMPLETE))
    told(monitor, shown, Status("images", StreamStatus.INCOMPLETE, "the token expired"))
    assert out.getvalue().splitlines() == [
        "… 1,000 rows, 2 of 4 windows, 2 Graph calls, 0 of 2 streams read",
        "ads: 1,200 rows, gaps: 1",
        "images: not read to the end, 0 rows: the token expired",
    ]


def test_while_nothing_changes_there_is_a_line_a_minute_at_most() -> None:
    seconds, out, monitor = Seconds(), io.StringIO(), Monitor(selected=("ads",))
    shown = Plain(monitor, out, seconds)
    told(monitor, shown, Progress("ads", "1", 500))
    for second in range(0, 600, 5):
        seconds.now = float(second)
        shown.tick()
    assert 8 <= len(out.getvalue().splitlines()) <= 11


EVENTS = (
    Status("ads", StreamStatus.STARTED),
    Progress("ads", "1", 1500, 1, 2, 4),
    Gap("ads", "1", "one page was left out"),
    Status("ads", StreamStatus.COMPLETE),
    Status("images", StreamStatus.INCOMPLETE, "the token [expired]"),
)


def seen(out: Terminal, events: Iterable[Event] = EVENTS, *, quiet: bool = False) -> str:
    monitor = Monitor(selected=("ads", "images", "videos"))
    with display(monitor, out=out, quiet=quiet) as shown:
        told(monitor, shown, *events)
        shown.tick()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())


def test_a_terminal_keeps_a_line_of_each_stream_that_ended() -> None:
    text = seen(Terminal())
    assert "✓ ads: 1,500 rows, gaps: 1\n" in text
    assert "✗ images: not read to the end, 0 rows: the token [expired]\n" in text


def test_a_terminal_shows_a_bar_for_what_runs_and_the_whole_below() -> None:
    text = seen(Terminal(), (*EVENTS, Status("videos", StreamStatus.STARTED), Progress("videos", "1", 7, 1, 3, 5)))
    assert re.search(r"videos [━╸]+ +7 rows +1 of 3 windows", text)
    assert "1,507 rows · 2 of 5 windows · 0 Graph calls · 2 of 3 streams read" in text


def test_a_terminal_without_rich_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("rich.console", "rich.live", "rich.progress"):
        monkeypatch.setitem(sys.modules, name, None)
    assert seen(Terminal()).splitlines()[0] == "ads: 1,500 rows, gaps: 1"


def test_a_quiet_display_says_nothing() -> None:
    assert seen(Terminal(), quiet=True) == ""
