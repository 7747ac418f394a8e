"""Bytes by a thread of their own: in order, bounded, and what the writing meets comes back."""

import asyncio
import errno
import os
import threading

import pytest

from facebook_marketing.sinks.pipe import ROOM, Pipe


class Slow:
    """A file that takes some bytes at a time, once it is let."""

    def __init__(self, most: int = 1 << 30) -> None:
        self.taken = bytearray()
        self.open = threading.Event()
        self.most = most

    def write(self, _: int, text: memoryview) -> int:
        assert self.open.wait(10)
        self.taken += text[: self.most]
        return min(len(text), self.most)


def test_all_is_written_in_order_however_little_a_write_takes() -> None:
    file = Slow(most=7)
    file.open.set()
    pipe = Pipe(-1, file.write)
    chunks = [f"line {number}\n".encode() for number in range(200)]
    for chunk in chunks:
        pipe.write(chunk)
    pipe.drain()
    assert bytes(file.taken) == b"".join(chunks)


async def test_who_writes_much_waits_for_the_reader_and_the_loop_goes_on() -> None:
    file = Slow()
    pipe = Pipe(-1, file.write)
    await pipe.room()
    pipe.write(bytes(ROOM + 1))
    waiting = asyncio.ensure_future(pipe.room())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    file.open.set()
    await asyncio.wait_for(waiting, 10)
    pipe.drain()
    assert len(file.taken) == ROOM + 1


async def test_a_reader_who_goes_away_is_noticed_by_all_who_write_or_wait() -> None:
    reader, writer = os.pipe()
    pipe = Pipe(writer)
    pipe.write(bytes(ROOM + (1 << 18)))
    waiting = asyncio.ensure_future(pipe.room())
    await asyncio.sleep(0)
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        await asyncio.wait_for(waiting, 10)
    with pytest.raises(BrokenPipeError):
        pipe.write(b"more")
    with pytest.raises(BrokenPipeError):
        pipe.drain()
    os.close(writer)


def test_a_full_disk_is_no_broken_pipe() -> None:
    def full(_: int, __: memoryview) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    pipe = Pipe(-1, full)
    pipe.write(b"x")
    with pytest.raises(OSError, match="No space left") as caught:
        pipe.drain()
    assert not isinstance(caught.value, BrokenPipeError)
