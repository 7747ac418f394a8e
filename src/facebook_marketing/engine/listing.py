"""How an edge is asked for: from which moment on, with which filters."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TypeVar

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.engine.order import Order
from facebook_marketing.graph.wire import Call, as_json
from facebook_marketing.plan.state import EntityCursor, instant

Filter = dict[str, object]
T = TypeVar("T")

_ACTIVITY_DAYS = 37 * 31
"""Without `since` Meta gives only the last seven days of activities; this is how far back we ask at most."""


def since_of(order: Order, before: EntityCursor) -> datetime | None:
    """From which second on rows are wanted: the cursor's own, or the first day of the sync."""
    if before.value is not None:
        return instant(before.value).replace(microsecond=0)
    return None if order.start is None else datetime.combine(order.start, time(), UTC)


def edge_call(stream: Stream, account: str, order: Order, since: datetime | None, now: float) -> Call:
    """The call for the stream's edge, without fields and limit."""
    path = f"act_{account}/{stream.edge}" if stream.edge else f"act_{account}"
    params = list(stream.params)
    filters: list[Filter] = []
    if stream.filter_entity is not None:
        changed = changed_since(stream.filter_entity, since) if stream.server_cursor else []
        filters = [*changed, *of_status(stream.filter_entity, order.statuses.get(stream.filter_entity, ()))]
    if filters:
        params.append(("filtering", as_json(filters)))
    if stream.name == "activities":
        oldest = now - timedelta(days=_ACTIVITY_DAYS).total_seconds()
        params.append(("since", str(int(since.timestamp() if since else oldest))))
    return Call(path, tuple(params), account, stream.use_case)


def changed_since(entity: str, since: datetime | None) -> list[Filter]:
    """Meta compares strictly greater: one second less keeps what changed within the cursor's own second."""
    if since is None:
        return []
    value = int(since.timestamp()) - 1
    return [{"field": f"{entity}.updated_time", "operator": "GREATER_THAN", "value": value}]


def of_status(entity: str, statuses: Sequence[str]) -> list[Filter]:
    """Objects with these effective statuses; none named are all that Meta shows by default."""
    if not statuses:
        return []
    return [{"field": f"{entity}.effective_status", "operator": "IN", "value": list(statuses)}]


def with_ids(entity: str, ids: Sequence[str]) -> Filter:
    """These objects alone. Meta's way since `?ids=` was removed in v26.0; one call however many."""
    return {"field": f"{entity}.id", "operator": "IN", "value": list(ids)}


def pieces_of(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """The items in order, so many at a time."""
    return [items[start : start + size] for start in range(0, len(items), size)]
