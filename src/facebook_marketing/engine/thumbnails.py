"""Pictures of creatives as data URLs: few at a time, bounded in size, never at the cost of the row."""

import asyncio
import base64

import msgspec

from facebook_marketing.graph.transport import Transport, UnreachableError
from facebook_marketing.graph.wire import Request
from facebook_marketing.records import UNFETCHED, Decoded, Nulled

_TOGETHER = 8
_TRIES = 3
_MOST_BYTES = 1_000_000


async def add_thumbnails(transport: Transport, decoded: Decoded) -> Decoded:
    """The rows with `thumbnail_data_url` filled from `thumbnail_url`. What could not be fetched is null and said.

    The picture's host gets no token.
    """
    turn = asyncio.Semaphore(_TOGETHER)

    async def fill(row: msgspec.Struct) -> bool:
        url = getattr(row, "thumbnail_url", None)
        if not isinstance(url, str) or not hasattr(row, "thumbnail_data_url"):
            return True
        async with turn:
            row.thumbnail_data_url = found = await _fetch(transport, url)
        return found is not None

    fine = await asyncio.gather(*map(fill, decoded.rows))
    lost = (Nulled(i, "thumbnail_data_url", UNFETCHED) for i, ok in enumerate(fine) if not ok)
    return Decoded(decoded.rows, (*decoded.nulled, *lost))


async def _fetch(transport: Transport, url: str) -> str | None:
    for _ in range(_TRIES):
        try:
            reply = await transport.send(Request("GET", url, {"Accept": "image/*"}))
        except UnreachableError:
            continue
        if reply.status == 200:  # noqa: PLR2004
            return _data_url(reply.body, reply.headers.get("content-type", "image/jpeg"))
        if reply.status < 500:  # noqa: PLR2004
            return None
    return None


def _data_url(picture: bytes, kind: str) -> str | None:
    if len(picture) > _MOST_BYTES:
        return None
    return f"data:{kind.partition(';')[0]};base64,{base64.b64encode(picture).decode()}"
