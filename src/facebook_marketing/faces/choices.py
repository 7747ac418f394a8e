"""What a user chooses of a sync beside the configuration: which streams, how they meet their tables, where."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.faces.catalog import no_such_stream
from facebook_marketing.faces.parts import named, wanted
from facebook_marketing.sinks.modes import Mode, default_mode

DATASET = "facebook_ads"


class UsageError(Exception):
    """What was asked for does not exist; the text says what does."""


@dataclass(frozen=True, slots=True)
class Modes:
    """The user's word on sync modes: for streams by name, and for all others (None: each stream's own default)."""

    others: Mode | None = None
    by_stream: Mapping[str, Mode] = field(default_factory=dict)

    def of(self, stream: Stream) -> Mode:
        """How this stream meets its table."""
        return self.by_stream.get(stream.name) or self.others or default_mode(stream)


@dataclass(frozen=True, slots=True)
class Choices:
    """A sync's choices. No `streams` are those most wanted, ("all",) is every one; `workdir` None is one of its own.

    `children`: lists inside of rows become tables of their own. At the end come the ready `views`, and with the
    `profile` "fivetran" those under Fivetran's names.
    """

    streams: tuple[str, ...] = ()
    modes: Modes = Modes()
    dataset: str = DATASET
    workdir: Path | None = None
    children: bool = True
    views: bool = True
    profile: str = "own"


def chosen(there: Sequence[Stream], names: Sequence[str]) -> tuple[Stream, ...]:
    """The streams of these names, those most wanted where none is named. Raises UsageError."""
    found, unknown = named(there, wanted(there, names))
    if unknown:
        raise UsageError(no_such_stream(unknown, [stream.name for stream in there]))
    return found


def modes_of(streams: Sequence[Stream], modes: Modes) -> dict[str, Mode]:
    """The mode of each stream. Raises UsageError where a mode is given for a stream that is not read."""
    names = [stream.name for stream in streams]
    if strange := [name for name in modes.by_stream if name not in names]:
        raise UsageError(f"A mode is given for {', '.join(strange)}, which is not read. Read now: {', '.join(names)}.")
    return {stream.name: modes.of(stream) for stream in streams}


def modes_from(entries: Iterable[str]) -> Modes:
    """Read modes as a command line gives them: `deduped` for all, `ads=append` for one. Raises UsageError."""
    others: Mode | None = None
    by_stream: dict[str, Mode] = {}
    for entry in entries:
        stream, named_one, text = entry.rpartition("=")
        if named_one:
            by_stream[stream.strip()] = mode_from(text)
        elif others is None:
            others = mode_from(text)
        else:
            mode = text.strip()
            raise UsageError(f"Two modes for all streams: {others} and {mode}. Say for which stream: ads={mode}.")
    return Modes(others, by_stream)


def mode_from(text: str) -> Mode:
    """Read one mode, hyphens and capitals as they come. Raises UsageError."""
    try:
        return Mode(text.strip().lower().replace("-", "_"))
    except ValueError:
        raise UsageError(f"There is no mode {text.strip()!r}. Modes: {', '.join(Mode)}.") from None
