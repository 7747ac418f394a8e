"""One read that several dlt resources share, each taking its own stream's batches."""

from collections.abc import Mapping, Sequence
from typing import Any

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.config import Config
from facebook_marketing.engine.order import Selected
from facebook_marketing.faces.batches import Asked, Background
from facebook_marketing.sinks.shelves import RecordBatch


class Shared:
    """Reads `streams` in a thread from its making on; see `sinks.source.Reader`."""

    def __init__(
        self, config: Config, streams: Sequence[Stream], states: Mapping[str, Mapping[str, Any] | None]
    ) -> None:
        selected = tuple(Selected(stream, stream.incremental) for stream in streams)
        saved = {name: state for name, state in states.items() if state is not None}
        self._background = Background(Asked(config, selected, saved))
        self._shelves = self._background.reading.shelves
        self._task = self._background.call(self._background.reading.started())

    def take(self, stream: str) -> RecordBatch | None:
        """The stream's next batch, if one lies there. Raises what stopped the whole read."""
        over = self._task.done()
        batch = self._shelves.take(stream)
        if batch is None and over and not self._shelves.ended(stream):
            self._task.result()
        return batch

    def committed(self, stream: str) -> Mapping[str, Any] | None:
        """The stream's state that covers what was taken before the last batch."""
        return self._shelves.committed().get(stream)

    def ended(self, stream: str) -> bool:
        """Whether nothing more comes of the stream."""
        return self._shelves.ended(stream) or (self._task.done() and self._shelves.empty(stream))

    def error(self, stream: str) -> str | None:
        """Why the stream was not read to its end."""
        return self._shelves.error(stream)

    def leave(self, stream: str) -> None:
        """Nobody takes more of the stream."""
        self._shelves.leave(stream)

    def stop(self) -> None:
        """Nobody takes anything more."""
        self._background.stop()
