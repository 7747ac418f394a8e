"""How much a stream will come to in this sync, said only where something tells it.

Reports tell it: the days that are due times the rows a day that were read before. Meta's edges do not say how many
pages are to come, so entities have no estimate. Airbyte's platform drops every estimate of a sync that sends both kinds
(STREAM and SYNC), and fails on one without its bytes: so there are estimates by stream alone, of rows and of bytes.
"""

from dataclasses import dataclass, field

from facebook_marketing.engine.door import Progress, Status

_WORTH_SAYING = 0.05
"""An estimate that moved by less is not said again."""


@dataclass(slots=True)
class _Stream:
    accounts: int | None = None
    expected: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    size: int = 0
    said: int | None = None


class Estimates:
    """What events and pages tell of each stream's size."""

    def __init__(self) -> None:
        self._streams: dict[str, _Stream] = {}

    def status(self, status: Status) -> None:
        """How many accounts the stream reads: without all of them an estimate would be too small."""
        if status.accounts is not None:
            self._of(status.stream).accounts = status.accounts

    def progress(self, progress: Progress) -> None:
        """What one account expects, or has already, if that is more."""
        if progress.expected is not None:
            self._of(progress.stream).expected[progress.account] = max(progress.expected, progress.rows)

    def weighed(self, stream: str, rows: int, size: int) -> None:
        """So many rows of the stream took so many bytes."""
        one = self._of(stream)
        one.rows += rows
        one.size += size

    def news(self, stream: str) -> tuple[int, int] | None:
        """Rows and bytes of the whole stream in this sync, when they are known and were not said yet."""
        one = self._of(stream)
        if one.accounts is None or len(one.expected) < one.accounts or not one.rows:
            return None
        rows = max(one.rows, sum(one.expected.values()))
        if one.said is not None and abs(rows - one.said) <= _WORTH_SAYING * one.said:
            return None
        one.said = rows
        return rows, round(rows * one.size / one.rows)

    def _of(self, stream: str) -> _Stream:
        return self._streams.setdefault(stream, _Stream())
