"""What a person sees of a sync."""

import io
import re
import sys

import pytest

from facebook_marketing.engine.door import Gap, Progress, Status, StreamStatus
from facebook_marketing.faces.progress import Board, display, plain


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_rows_and_windows_of_all_accounts_are_added_up() -> None:
    board = Board()
    board.add(Progress("ads_insights", "1", 500, 1, 3, 7))
    board.add(Progress("ads_insights", "2", 10, 0, 2, 9))
    tally = board.add(Progress("ads_insights", "1", 900, 2, 3, 8))
    assert (tally.rows, tally.done, tally.planned) == (910, 2, 5)
    assert board.total() == "910 rows, 9 Graph calls, streams running: 1"


def test_nobody_knows_how_much_is_to_come_until_every_account_has_said_it() -> None:
    board = Board()
    board.add(Progress("ads", "1", 500, 1, 3))
    assert board.add(Progress("ads", "2", 10, 1)).planned is None


def test_where_no_display_can_move_a_line_tells_each_end_and_now_and_then_that_it_goes_on() -> None:
    seconds = 0.0
    out = io.StringIO()
    show = plain(out, lambda: seconds)
    show(Progress("ads", "1", 500, calls=1))
    seconds = 16.0
    show(Progress("ads", "1", 1000, calls=2))
    show(Gap("ads", "1", "one page was left out"))
    show(Status("ads", StreamStatus.COMPLETE))
    show(Status("images", StreamStatus.INCOMPLETE, "the token expired"))
    assert out.getvalue().splitlines() == [
        "… 1,000 rows, 2 Graph calls, streams running: 1",
        "ads: 1,000 rows, gaps: 1",
        "images: not read to the end, 0 rows: the token expired",
    ]


EVENTS = (
    Status("ads", StreamStatus.STARTED),
    Progress("ads", "1", 1500, 1, 2, 4),
    Gap("ads", "1", "one page was left out"),
    Status("ads", StreamStatus.COMPLETE),
    Status("images", StreamStatus.INCOMPLETE, "the token [expired]"),
)


def test_a_terminal_keeps_a_line_of_each_stream_that_ended() -> None:
    out = Terminal()
    with display(out=out) as show:
        for event in EVENTS:
            show(event)
    seen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())
    assert "✓ ads: 1,500 rows, gaps: 1\n" in seen
    assert "✗ images: not read to the end, 0 rows: the token [expired]\n" in seen


def test_a_terminal_without_rich_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("rich.console", "rich.progress"):
        monkeypatch.setitem(sys.modules, name, None)
    out = Terminal()
    with display(out=out) as show:
        for event in EVENTS:
            show(event)
    assert out.getvalue().splitlines()[0] == "ads: 1,500 rows, gaps: 1"


def test_a_quiet_display_says_nothing() -> None:
    out = Terminal()
    with display(quiet=True, out=out) as show:
        for event in EVENTS:
            show(event)
    assert not out.getvalue()
