"""Reads creatives through the ads that hold them: first which ads changed, then the creatives of those, each once.

A creative has no time of its own and its edge takes no filter (Meta's notes on objects). The list of changed ads with
the bare ids of their creatives is light. The creatives themselves then come inside of their ads, a hundred a call, in
the order in which the ads changed, so that a sync that is killed goes on behind the last page that it delivered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

import msgspec

from facebook_marketing.catalog.schema import project, request_fields
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.catalog.streams import entity
from facebook_marketing.engine.desk import Desk, LostError
from facebook_marketing.engine.held import Creatives, Held, id_in
from facebook_marketing.engine.listing import Filter, changed_since, of_status, pieces_of, since_of
from facebook_marketing.engine.sweep import is_due
from facebook_marketing.graph.client import Refusal
from facebook_marketing.graph.verdicts import explained, judge
from facebook_marketing.graph.walk import Arrived, Dropped, Path, Restarted, Spoiled, walk
from facebook_marketing.graph.wire import Call, as_json
from facebook_marketing.plan.progress import advance_entity, settled
from facebook_marketing.plan.state import EntityCursor, instant
from facebook_marketing.records import Rows

_INDEX = project(entity("ads"), ("id", "updated_time", "creative"))
INDEX_PAGE = 2000
_TOGETHER = 4
"""Calls under way before the first of them is delivered."""


async def read_changed(desk: Desk, stream: Stream, account: str, before: EntityCursor) -> None:
    """Delivers the creatives of the ads that changed since `before`, and those that could not be read then.

    Raises LostError: Meta refused; what came before was delivered and checkpointed.
    """
    began = desk.client.clock.now()
    before = _tried_anew(desk, stream, before)
    changed = await _changed(desk, stream, account, before)
    statuses = statuses_of(desk, stream)
    reader = Creatives(desk, stream, account, before, of_status("ad", statuses))
    known = {held.id for held in changed.work}
    again = [Held(one.id, one.holder, one.value, one.tries) for one in before.unread if one.id not in known]
    every = [*again, *changed.work]
    size = min(stream.page_size, desk.order.page_size or stream.page_size)
    for piece in pieces_of([held for held in every if reader.is_spoiled(held)], size):
        await reader.deliver_spoiled(piece)
    work = [held for held in every if not reader.is_spoiled(held)]
    while work and reader.takes_filters():
        group = pieces_of(work[: size * (_TOGETHER if reader.proven else 1)], size)
        there = await reader.all(group)
        if not reader.takes_filters():
            break
        for held, found in zip(group, there, strict=True):
            await reader.by_id(held, found)
            await reader.deliver(held, found)
        work = work[sum(map(len, group)) :]
        cursor = changed.reached(before, work[0].moment) if work and work[0].moment else before
        desk.ledger.move_entity(stream, account, reader.noted(replace(cursor, statuses=statuses)))
        if work:
            await desk.checkpoint(stream, often=True)
    if work:
        await reader.nested(work, changed_ads(desk, stream, before))
    cursor = settled(changed.reached(before, None), began)
    desk.ledger.move_entity(stream, account, reader.noted(replace(cursor, statuses=statuses)))
    await desk.checkpoint(stream)


class Changed:
    """The ads that changed, and the creatives that they hold in the order in which those are to be read."""

    def __init__(self, ads: Mapping[str, Held]) -> None:
        newest: dict[str, Held] = {}
        for held in ads.values():
            if held.id and (held.id not in newest or _later(held, newest[held.id])):
                newest[held.id] = held
        self.work = sorted(newest.values(), key=_order)
        self._ads = sorted(ads.values(), key=_order)

    def reached(self, before: EntityCursor, end: datetime | None) -> EntityCursor:
        """Where the account stands when all that changed before `end` (None: all of it) was delivered."""
        done = [one for one in self._ads if one.moment and (end is None or one.moment < end)]
        if not done:
            return before
        at_newest = [one.ad for one in done if one.moment == done[-1].moment]
        return advance_entity(before, done[-1].value, at_newest)


def _order(held: Held) -> tuple[float, str]:
    return (held.moment.timestamp() if held.moment else 0.0), held.ad


def _later(one: Held, other: Held) -> bool:
    return _order(one) > _order(other)


async def holders(desk: Desk, stream: Stream, account: str, filters: Sequence[Filter]) -> dict[str, Held]:
    """The ads that these filters leave, by id, each with its creative's id. Raises LostError."""
    params = (("filtering", as_json(list(filters))),) if filters else ()
    call = Call(f"act_{account}/ads", params, account)
    path = Path(call, request_fields(_INDEX), "index of ads", INDEX_PAGE, patches=True)
    rows = Rows(_INDEX)
    found: dict[str, Held] = {}
    async for step in walk(desk.client, path, desk.sizes):
        match step:
            case Arrived(page):
                found |= {held.ad: held for held in map(_held, rows.decode(page, account).rows)}
            case Dropped(_, fault):  # each of these fields is needed
                raise LostError(Refusal(fault, judge(fault)), f"{stream.name} of account {account}")
            case Spoiled(item, _, fault):
                text = f"which creative the ad {item} holds could not be read: {explained(fault)}"
                await desk.gap(stream, account, text, fault, entity=item)
            case Restarted():
                pass
            case Refusal():
                raise LostError(step, f"{stream.name} of account {account}")
            case never:
                assert_never(never)
    return found


def _held(row: msgspec.Struct) -> Held:
    ad, value, creative = (getattr(row, name, None) for name in ("id", "updated_time", "creative"))
    return Held(id_in(creative), str(ad), value if isinstance(value, str) else None)


async def _changed(desk: Desk, stream: Stream, account: str, before: EntityCursor) -> Changed:
    """The ads that changed since the cursor's second, those left out that were delivered at it."""
    since = since_of(desk.order, before)
    bound = instant(before.value).replace(microsecond=0) if before.value else None
    seen = frozenset(before.seen)

    def is_new(held: Held) -> bool:
        moment = held.moment
        if moment is None or since is None:
            return True
        return moment >= since and (moment != bound or held.ad not in seen)

    ads = await holders(desk, stream, account, changed_ads(desk, stream, before))
    return Changed({ad: held for ad, held in ads.items() if is_new(held)})


def _tried_anew(desk: Desk, stream: Stream, before: EntityCursor) -> EntityCursor:
    """Without what is known of spoiled creatives where nothing else would ever try them again whole."""
    if stream.cursor is not None and is_due(before.listed_at, desk.order, desk.client.clock.now()):
        return replace(before, spoiled=(), listed_at=desk.client.clock.now())
    return before


def changed_ads(desk: Desk, stream: Stream, before: EntityCursor) -> list[Filter]:
    """Filters that leave the ads that changed since then."""
    return [*changed_since("ad", since_of(desk.order, before)), *of_status("ad", statuses_of(desk, stream))]


def statuses_of(desk: Desk, stream: Stream) -> tuple[str, ...]:
    """The statuses of the ads through which creatives are found: any where the creatives themselves are the stream."""
    return desk.order.statuses.get(stream.filter_entity or "", ())
