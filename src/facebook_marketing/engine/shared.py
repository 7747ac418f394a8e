"""Reads objects that several accounts share, each once: the businesses of the accounts and of the token's user."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Raw

from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Shared, Stream
from facebook_marketing.engine.desk import Desk, LostError
from facebook_marketing.engine.order import Selected
from facebook_marketing.engine.rights import is_readable, lacks_rights, say_closed
from facebook_marketing.graph.client import Body, Refusal
from facebook_marketing.graph.verdicts import Kind
from facebook_marketing.graph.walk import Arrived, Dropped, Path, Restarted, Spoiled, refused_fields, walk
from facebook_marketing.graph.wire import Call, list_param
from facebook_marketing.records import Rows

Object = Mapping[str, Raw]


_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_OBJECTS = msgspec.json.Decoder(list[dict[str, Raw]])


async def read_shared(desk: Desk, selected: Selected, account: str) -> None:
    """One account's part of it: whichever account comes first delivers all, the others find it done.

    Raises:
        LostError: Meta refused the account, or the list of what the token's user belongs to.
        msgspec.DecodeError: a reply was no object with an id.
    """
    stream = selected.stream
    refused = await desk.once(stream.name, lambda: _Shared(desk, stream).deliver())
    refusal = refused.get(account)
    if refusal is not None and not (lacks_rights(refusal) and await is_readable(desk, account)):
        raise LostError(refusal, f"{stream.name} of account {account}")
    if refusal is not None:
        await say_closed(desk, stream, account, refusal, f"the account's {shared_of(stream).field}")
    await desk.checkpoint(stream)


def shared_of(stream: Stream) -> Shared:
    """What the row says about sharing. TypeError for a stream of an account's own."""
    if stream.shared is None:
        raise TypeError(stream.name)
    return stream.shared


@dataclass(frozen=True, slots=True)
class _Owned:
    """Objects that accounts name as theirs, as far as the accounts tell, with those accounts; and who told nothing."""

    objects: Mapping[str, Object]
    accounts: Mapping[str, Sequence[str]]
    refused: Mapping[str, Refusal]


class _Shared:
    """The reading of all accounts at once."""

    def __init__(self, desk: Desk, stream: Stream) -> None:
        self._desk = desk
        self._stream = stream
        self._shared = shared_of(stream)
        self._fields = request_fields(stream)
        self._label = desk.order.accounts[0]

    async def deliver(self) -> Mapping[str, Refusal]:
        """Hands every object over; returns the accounts that Meta did not tell of."""
        listed, owned = await self._listed(), await self._owned()
        more = {name: await self._alone(name, known) for name, known in owned.objects.items() if name not in listed}
        rows = [self._row(name, found, owned) for name, found in {**listed, **more}.items()]
        decoded = Rows(self._stream).decode(msgspec.json.encode(rows), self._label)
        await self._desk.deliver(self._stream, self._label, decoded)
        await self._desk.progress(self._stream, self._label, len(rows))
        return owned.refused

    def _row(self, name: str, found: Object, owned: _Owned) -> Object:
        column = self._shared.accounts
        if all(one.name != column for one in self._stream.columns):
            return found
        return {**found, column: Raw(msgspec.json.encode(owned.accounts.get(name, ())))}

    async def _listed(self) -> dict[str, Object]:
        """What the token's user belongs to."""
        found: dict[str, Object] = {}
        path = Path(Call(self._shared.listed), self._fields, self._shared.listed, self._stream.page_size)
        async for step in walk(self._desk.client, path, self._desk.sizes):
            match step:
                case Arrived(rows):
                    found |= {_name(one): one for one in _OBJECTS.decode(rows)}
                case Dropped(field, fault):
                    await self._field_gap(field, fault.message)
                case Spoiled() | Restarted():
                    pass  # what comes again is the same object
                case Refusal() if _hidden(step):
                    await say_closed(self._desk, self._stream, self._label, step, self._shared.listed)
                case Refusal():
                    raise LostError(step, self._shared.listed)
        return found

    async def _owned(self) -> _Owned:
        """What each account names as its own. An account of a person has none."""
        accounts, field = self._desk.order.accounts, self._shared.field
        calls = [Call(f"act_{account}", (("fields", field),), account) for account in accounts]
        answers = await asyncio.gather(*map(self._desk.client.ask, calls))
        objects: dict[str, Object] = {}
        names = defaultdict[str, list[str]](list)
        refused: dict[str, Refusal] = {}
        for account, answer in zip(accounts, answers, strict=True):
            if isinstance(answer, Refusal):
                refused[account] = answer
            elif (found := _inner(answer.body, field)) is not None:
                objects[_name(found)] = found
                names[_name(found)].append(account)
        return _Owned(objects, names, refused)

    async def _alone(self, name: str, known: Object) -> Object:
        """An object that an account named, read by its id; as the account gave it where the token may not."""
        fields = self._fields
        while True:
            call = Call(name, (("fields", list_param(fields)),))
            answer = await self._desk.client.ask(call)
            if isinstance(answer, Body):
                return _OBJECT.decode(answer.body)
            if not _hidden(answer):
                raise LostError(answer, f"{self._stream.name}: {name}")
            refused = await refused_fields(self._desk.client, call, fields, answer) if lacks_rights(answer) else ()
            if not refused:
                what = f"of {name} only what the account says could be read: {answer.fault}"
                await self._desk.gap(self._stream, self._label, what, answer.fault, entity=name)
                return {key: value for key, value in known.items() if key in (*self._fields, "id")}
            for field in refused:
                await self._field_gap(field, answer.fault.message)
            fields = tuple(one for one in fields if one not in refused)

    async def _field_gap(self, field: str, why: str) -> None:
        await self._desk.gap(self._stream, self._label, f"Meta does not give the field {field}: {why}", field=field)


def _hidden(refusal: Refusal) -> bool:
    return lacks_rights(refusal) or refusal.verdict.kind is Kind.SKIP_NODE


def _inner(body: bytes, field: str) -> Object | None:
    """The object under a key of another; of one that comes as its bare id, that."""
    raw = _OBJECT.decode(body).get(field)
    if raw is None or bytes(raw).strip() in {b"null", b""}:
        return None
    return _OBJECT.decode(raw) if bytes(raw).lstrip().startswith(b"{") else {"id": raw}


def _name(found: Object) -> str:
    """The id, as text, however it came. Raises msgspec.DecodeError for an object without one."""
    if "id" not in found:
        raise msgspec.DecodeError("an object without an id")
    return bytes(found["id"]).decode().strip().strip('"')
