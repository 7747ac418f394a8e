"""Airbyte's protocol on stdout: one object owns the stream, so rows and the state that covers them leave in order.

Shapes after Airbyte's protocol (AirbyteMessage: RECORD, STATE, LOG, TRACE). A page's lines leave in one write.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, BinaryIO, Literal

import msgspec

from facebook_marketing.engine.door import Change, Event, Gap, Present, Progress, Rows, Status, StreamStatus, Swept
from facebook_marketing.graph.wire import redact

Level = Literal["FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"]
FailureType = Literal["config_error", "transient_error", "system_error"]

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class _Change(msgspec.Struct):
    field: str
    change: str
    reason: str


class _Meta(msgspec.Struct):
    changes: list[_Change]


class _Record(msgspec.Struct, gc=False, omit_defaults=True):
    stream: str
    data: msgspec.Struct
    emitted_at: int
    meta: _Meta | None = None


class _RecordLine(msgspec.Struct, gc=False, tag="RECORD"):
    record: _Record


class Output:
    """The owner of stdout. Every line of every kind goes through here, whole."""

    def __init__(
        self, stream: BinaryIO, now: Callable[[], float] = time.time, clean: Callable[[str], str] = redact
    ) -> None:
        self._stream = stream
        self._now = now
        self._clean = clean
        self._last = now()

    def lines(self, messages: Iterable[object]) -> None:
        """Writes the messages, a line each, and lets them go at once."""
        self._stream.write(_ENCODER.encode_lines(messages))
        self._stream.flush()
        self._last = self._now()

    def silent_for(self) -> float:
        """Seconds since the last line."""
        return self._now() - self._last

    def log(self, level: Level, message: str) -> None:
        """A LOG line."""
        self.lines([{"type": "LOG", "log": {"level": level, "message": self._clean(message)}}])

    def connection(self, problem: str) -> None:
        """The CONNECTION_STATUS line: FAILED with what is wrong, SUCCEEDED without a problem."""
        failed = {"status": "FAILED", "message": self._clean(problem)}
        self.lines([{"type": "CONNECTION_STATUS", "connectionStatus": failed if problem else {"status": "SUCCEEDED"}}])

    def milliseconds(self) -> int:
        """Now, in the unit of `emitted_at`."""
        return int(self._now() * 1000)

    def trace(self, kind: str, body: Mapping[str, Any]) -> None:
        """A TRACE line."""
        trace = {"type": kind, "emitted_at": self.milliseconds(), kind.lower(): dict(body)}
        self.lines([{"type": "TRACE", "trace": trace}])

    def error(self, message: str, failure_type: FailureType, *, stream: str | None = None, detail: str = "") -> None:
        """A TRACE line that says why a sync, or one of its streams, failed; `detail` is the traceback."""
        text = self._clean(message)
        body: dict[str, Any] = {"message": text, "internal_message": text, "failure_type": failure_type}
        if detail:
            body["stack_trace"] = self._clean(detail)
        if stream is not None:
            body["stream_descriptor"] = {"name": stream}
        self.trace("ERROR", body)


class AirbyteSink:
    """RECORD, STATE and TRACE lines. A checkpoint's STATE says how many records it covers."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._since_state: dict[str, int] = {}
        self._begun: dict[str, StreamStatus] = {}

    async def write(self, rows: Rows) -> None:
        """RECORD lines of one page; where a cell was nulled its record says so in `meta.changes`."""
        if self._begun.get(rows.stream) is not StreamStatus.RUNNING:
            self._status(rows.stream, StreamStatus.RUNNING)
        stream, now = rows.stream, self._output.milliseconds()
        metas = _metas(rows.changes)
        self._output.lines(
            [
                _RecordLine(_Record(stream, row, now, metas.get(number) if metas else None))
                for number, row in enumerate(rows.items)
            ]
        )
        self._since_state[stream] = self._since_state.get(stream, 0) + len(rows.items)

    async def checkpoint(self, stream: str, state: Mapping[str, Any]) -> None:
        """A STATE line of this stream."""
        count = float(self._since_state.pop(stream, 0))
        body = {
            "type": "STREAM",
            "stream": {"stream_descriptor": {"name": stream}, "stream_state": dict(state)},
            "sourceStats": {"recordCount": count},
        }
        self._output.lines([{"type": "STATE", "state": body}])

    async def event(self, event: Event) -> None:
        """Statuses become TRACE lines; the rest is for logs and progress displays."""
        match event:
            case Status(stream, status):
                self._status(stream, status)
            case Progress() | Gap() | Present() | Swept():
                pass

    def running(self) -> tuple[str, ...]:
        """Streams that have begun and not ended."""
        return tuple(self._begun)

    def give_up(self) -> None:
        """The sync breaks off: every stream that has begun and not ended is INCOMPLETE."""
        for stream in self.running():
            self._status(stream, StreamStatus.INCOMPLETE)

    async def close(self) -> None:
        """Nothing is held back: lines leave as they are written."""

    def _status(self, stream: str, status: StreamStatus) -> None:
        if status in {StreamStatus.COMPLETE, StreamStatus.INCOMPLETE}:
            self._begun.pop(stream, None)
        else:
            self._begun[stream] = status
        self._output.trace("STREAM_STATUS", {"stream_descriptor": {"name": stream}, "status": status.value})


def _metas(changes: Iterable[Change]) -> dict[int, _Meta]:
    metas: dict[int, _Meta] = {}
    for change in changes:
        entry = _Change(change.field, "NULLED", change.reason)
        metas.setdefault(change.row, _Meta([])).changes.append(entry)
    return metas
