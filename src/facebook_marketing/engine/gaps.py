"""The gaps of a sync as rows of the stream `sync_gaps`."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from facebook_marketing.catalog.gaps import GAPS
from facebook_marketing.engine.desk import Desk
from facebook_marketing.engine.door import Gap, Status, StreamStatus
from facebook_marketing.engine.order import Selected
from facebook_marketing.plan.state import VERSION
from facebook_marketing.records import Decoded, Rows


async def deliver_gaps(desk: Desk, selected: Selected) -> None:
    """Hands every gap over that the other streams left, as the last stream of a sync."""
    await desk.say(Status(GAPS.name, StreamStatus.STARTED))
    now = datetime.fromtimestamp(desk.client.clock.now(), UTC).isoformat()
    wanted = {column.name for column in selected.stream.columns}
    gaps = tuple(desk.gaps)
    rows = [{name: value for name, value in _row(gap, now).items() if name in wanted} for gap in gaps]
    if rows:
        decoded: Decoded = Rows(selected.stream).decode(msgspec.json.encode(rows), "")
        await desk.deliver(selected.stream, "", decoded)
    await desk.cover(GAPS.name, {"version": VERSION})
    await desk.say(Status(GAPS.name, StreamStatus.COMPLETE))


def _row(gap: Gap, now: str) -> dict[str, Any]:
    since, until = gap.window or (None, None)
    row = {
        "recorded_at": now,
        "stream": gap.stream,
        "account_id": gap.account,
        "since": since,
        "until": until,
        "entity_id": gap.entity,
        "field": gap.field,
        "verdict": gap.verdict or None,
        "code": gap.code,
        "subcode": gap.subcode,
        "text": gap.text,
        "fbtrace_id": gap.fbtrace_id,
        "attempts": gap.attempts,
    }
    return {name: value for name, value in row.items() if value is not None}
