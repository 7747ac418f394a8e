"""Airbyte's protocol on stdout: one object owns the stream, so rows and the state that covers them leave in order.

Shapes after Airbyte's protocol (AirbyteMessage: RECORD, STATE, LOG, TRACE). A page's lines leave in one write.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, BinaryIO, Literal

import msgspec

from facebook_marketing.engine.door import Change, Event, Gap, Present, Progress, Rows, Status, StreamStatus, Swept
from facebook_marketing.graph.wire import redact
from facebook_marketing.sinks.estimates import Estimates
from facebook_marketing.sinks.pipe import Pipe

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
    namespace: str | None = None


class _RecordLine(msgspec.Struct, gc=False, tag="RECORD"):
    record: _Record


class Output:
    """The owner of stdout. Every line of every kind goes through here, whole."""

    def __init__(
        self, stream: BinaryIO | Pipe, now: Callable[[], float] = time.time, clean: Callable[[str], str] = redact
    ) -> None:
        self._stream = stream
        self._now = now
        self._clean = clean
        self._last = now()

    def lines(self, messages: Iterable[object]) -> int:
        """Writes the messages, a line each, and lets them go at once; how many bytes that were.

        Raises:
            BrokenPipeError: nobody reads us any more.
        """
        text = _ENCODER.encode_lines(messages)
        self._stream.write(text)
        self._stream.flush()
        self._last = self._now()
        return len(text)

    async def room(self) -> None:
        """Waits while much is not read yet: a slow reader slows us down. Raises BrokenPipeError."""
        if isinstance(self._stream, Pipe):
            await self._stream.room()

    def drain(self) -> None:
        """Waits until all is written. Raises BrokenPipeError."""
        if isinstance(self._stream, Pipe):
            self._stream.drain()

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

    def error(
        self,
        message: str,
        failure_type: FailureType,
        *,
        stream: Mapping[str, str] | None = None,
        detail: str = "",
    ) -> None:
        """A TRACE line that says why a sync, or the stream of this descriptor, failed; `detail` is the traceback."""
        text = self._clean(message)
        body: dict[str, Any] = {"message": text, "internal_message": text, "failure_type": failure_type}
        if detail:
            body["stack_trace"] = self._clean(detail)
        if stream is not None:
            body["stream_descriptor"] = stream
        self.trace("ERROR", body)


class AirbyteSink:
    """RECORD, STATE and TRACE lines. A checkpoint's STATE says how many records it covers.

    `streams` are the selected ones: each gets exactly one end, also where it never began. `namespaces` are those that
    the configured catalog gave to streams.
    """

    def __init__(
        self, output: Output, streams: Sequence[str] = (), namespaces: Mapping[str, str] | None = None
    ) -> None:
        self._output = output
        self._namespaces = namespaces or {}
        self._since_state: dict[str, int] = {}
        self._statuses: dict[str, StreamStatus | None] = dict.fromkeys(streams)
        self._estimates = Estimates()

    def descriptor(self, stream: str) -> dict[str, str]:
        """The stream as the protocol names it."""
        namespace = self._namespaces.get(stream)
        return {"name": stream} if namespace is None else {"name": stream, "namespace": namespace}

    async def write(self, rows: Rows) -> None:
        """RECORD lines of one page; where a cell was nulled its record says so in `meta.changes`."""
        await self._output.room()
        if self._statuses.get(rows.stream) is not StreamStatus.RUNNING:
            self._status(rows.stream, StreamStatus.RUNNING)
        stream, now, namespace = rows.stream, self._output.milliseconds(), self._namespaces.get(rows.stream)
        metas = _metas(rows.changes)
        size = self._output.lines(
            [
                _RecordLine(_Record(stream, row, now, metas.get(number) if metas else None, namespace))
                for number, row in enumerate(rows.items)
            ]
        )
        self._estimates.weighed(stream, len(rows.items), size)
        self._since_state[stream] = self._since_state.get(stream, 0) + len(rows.items)

    async def checkpoint(self, stream: str, state: Mapping[str, Any]) -> None:
        """A STATE line of this stream."""
        count = float(self._since_state.pop(stream, 0))
        body = {
            "type": "STREAM",
            "stream": {"stream_descriptor": self.descriptor(stream), "stream_state": dict(state)},
            "sourceStats": {"recordCount": count},
        }
        self._output.lines([{"type": "STATE", "state": body}])

    async def event(self, event: Event) -> None:
        """Statuses and estimates become TRACE lines; the rest is for logs and progress displays."""
        match event:
            case Status(stream, status):
                self._status(stream, status)
                self._estimates.status(event)
            case Progress():
                self._estimates.progress(event)
                self._estimate(event.stream)
            case Gap() | Present() | Swept():
                pass

    def running(self) -> tuple[str, ...]:
        """Streams that have not ended."""
        return tuple(stream for stream, status in self._statuses.items() if status not in _ENDS)

    def give_up(self) -> None:
        """The sync breaks off: every stream that has not ended is INCOMPLETE."""
        for stream in self.running():
            if self._statuses[stream] is None:  # an end without a beginning is none
                self._status(stream, StreamStatus.STARTED)
            self._status(stream, StreamStatus.INCOMPLETE)

    async def close(self) -> None:
        """Nothing is held back: lines leave as they are written."""

    def _status(self, stream: str, status: StreamStatus) -> None:
        self._statuses[stream] = status
        body = {"stream_descriptor": self.descriptor(stream), "status": status.value}
        self._output.trace("STREAM_STATUS", body)

    def _estimate(self, stream: str) -> None:
        known = self._estimates.news(stream)
        if known is not None:
            rows, size = known
            name = self.descriptor(stream)
            self._output.trace("ESTIMATE", {**name, "type": "STREAM", "row_estimate": rows, "byte_estimate": size})


_ENDS = frozenset({StreamStatus.COMPLETE, StreamStatus.INCOMPLETE})


def _metas(changes: Iterable[Change]) -> dict[int, _Meta]:
    metas: dict[int, _Meta] = {}
    for change in changes:
        entry = _Change(change.field, "NULLED", change.reason)
        metas.setdefault(change.row, _Meta([])).changes.append(entry)
    return metas
