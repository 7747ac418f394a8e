"""Asks Meta and takes no wrong answer for a right one: retries, waits and paces by verdict and by budget."""

import asyncio
import logging
import math
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from facebook_marketing.clock import Clock
from facebook_marketing.graph import budget, wire
from facebook_marketing.graph.budget import APP, Meter, Pace
from facebook_marketing.graph.counts import JOB, Counts, Job, Quota
from facebook_marketing.graph.transport import Transport, UnreachableError
from facebook_marketing.graph.verdicts import Kind, Verdict, judge
from facebook_marketing.graph.wire import Call, Endpoint, Fault, Page, Reply

log = logging.getLogger(__name__)

_PULSE = 30.0
"""Seconds from which on a wait is long, and is said."""

_INSTANT = 0.001
"""Seconds that a wait takes at least: clocks do not tell less apart, and a gate opens only when its time is over."""
_STUBBORN = 4
"""Tries from which on a fault that does not pass is said."""
_SILENCE = 120.0
"""Seconds after which it is said again."""

_GLITCH_CODES = frozenset({2601, 2637})
"""A report that is not readable yet becomes so within seconds: short pauses."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we go on trying. `retries` of passing faults in a row; `throttled` seconds of throttling in a row.

    With `throttled` below zero a throttle is an answer like any other.
    """

    retries: int = 8
    first_pause: float = 1.0
    longest_pause: float = 60.0
    throttled: float = 3 * 3600.0


@dataclass(frozen=True, slots=True)
class Body:
    """An answer with data: as it came, and as a page."""

    body: bytes
    page: Page


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer without: what Meta said, and what follows from it. Retrying as it is would not help."""

    fault: Fault
    verdict: Verdict


Answer = Body | Refusal

Key = tuple[str, str]


@dataclass(slots=True)
class _Gate:
    meter: Meter = field(default_factory=Meter)
    under_way: int = 0
    said: float = 0.0


class Client:
    """One token's way to Meta. All accounts share the connections and the app's budget; each has its own besides."""

    def __init__(  # noqa: PLR0913 - the parts are passed in
        self,
        endpoint: Endpoint,
        transport: Transport,
        clock: Clock,
        *,
        pace: Pace | None = None,
        patience: Patience | None = None,
        dice: Callable[[], float] = random.random,
        counts: Counts | None = None,
    ) -> None:
        self.counts = counts or Counts()
        self._endpoint = endpoint
        self._transport = transport
        self._clock = clock
        self._pace = pace or Pace()
        self._patience = patience or Patience()
        self._dice = dice
        self._gates: dict[Key, _Gate] = defaultdict(_Gate)
        self._said: dict[str, float] = {}
        self._freed = asyncio.Condition()
        self._under_way = 0
        self._sent: dict[int, tuple[str, float]] = {}

    @property
    def clock(self) -> Clock:
        """The clock that this client waits on."""
        return self._clock

    @property
    def meters(self) -> Mapping[Key, Meter]:
        """What is known of each quota, by account (`APP` for the app's own) and use case ("" for all of them)."""
        return {key: gate.meter for key, gate in self._gates.items()}

    def clean(self, text: str) -> str:
        """The text without the token and the secret, wherever Meta echoed them."""
        for secret in (self._endpoint.token, self._endpoint.secret):
            if secret is not None and secret.reveal():
                text = text.replace(secret.reveal(), "***")
        return wire.redact(text)

    def awaited(self) -> str:
        """What calls wait for just now, for people: quotas and until when, else the reply that was asked for first."""
        now = self._clock.now()
        blocked = [_until(key, gate) for key, gate in self._gates.items() if gate.meter.blocked_until > now]
        if blocked:
            return "quota: " + ", ".join(blocked)
        if not self._sent:
            return ""
        what, since = min(self._sent.values(), key=lambda sent: sent[1])
        return f"Meta's reply to {what} since {now - since:.0f} s ({len(self._sent)} under way)"

    async def ask(self, call: Call, *, retries: int | None = None) -> Answer:
        """One call, until it is answered or refused for good. Never raises for what Meta says.

        `retries` bounds the tries of what fails in passing where our patience is greater.
        """
        most = self._patience.retries if retries is None else min(retries, self._patience.retries)
        tries = 0
        started = self._clock.now()
        while True:
            answer = await self._once(call)
            if isinstance(answer, Body):
                return answer
            match answer.verdict.kind:
                case Kind.RETRY:
                    tries += 1
                    if tries > most:
                        return answer
                    await self._pause(tries, answer.fault, call)
                case Kind.THROTTLE_ACCOUNT | Kind.THROTTLE_APP:
                    if self._clock.now() - started > self._patience.throttled:
                        return answer
                case _:
                    return answer

    async def batch(self, calls: Sequence[Call], *, retries: int | None = None) -> tuple[Answer, ...]:
        """Up to 50 calls of one account in one request; entries that Meta did not finish are asked again alone.

        Saves round trips, not quota: each entry counts as a call.
        """
        if len(calls) == 1:
            return (await self.ask(calls[0], retries=retries),)
        first = calls[0]
        async with self._admitted(first):
            reply = await self._send(wire.batch(self._endpoint, calls), calls)
        entries = self._entries(reply, len(calls))
        settled = (self._settle(call, entry, retries) for call, entry in zip(calls, entries, strict=True))
        return tuple(await asyncio.gather(*settled))

    async def sealed(self, call: Call) -> Answer:
        """One call with a secret among its parameters, asked once: it travels as a batch of one.

        So the secret stands in the body of a POST, where no address and no log of addresses has it.
        """
        async with self._admitted(call):
            reply = await self._send(wire.batch(self._endpoint, [call]), (call,))
        [entry] = self._entries(reply, 1)
        if entry is None:
            whole = wire.read(reply) if isinstance(reply, Reply) else reply
            fault = whole if isinstance(whole, Fault) else Fault(reply.status, f"{call.path}: no answer came")
            return Refusal(fault, judge(fault))
        self._observe(call, entry)
        found = wire.read(entry)
        return Body(entry.body, found) if isinstance(found, Page) else Refusal(found, judge(found))

    def _entries(self, reply: Reply | Fault, expected: int) -> tuple[Reply | None, ...]:
        if isinstance(reply, Fault):
            return (None,) * expected
        try:
            return wire.replies(reply, expected)
        except msgspec.DecodeError:
            return (None,) * expected

    async def _settle(self, call: Call, entry: Reply | None, retries: int | None) -> Answer:
        """A batch entry that is data stays; one that can pass is asked again by itself."""
        if entry is None:
            return await self.ask(call, retries=retries)
        self._observe(call, entry)
        found = wire.read(entry)
        if isinstance(found, Page):
            return Body(entry.body, found)
        verdict = judge(found)
        self._punish(call, verdict, entry)
        throttled = verdict.kind in {Kind.THROTTLE_ACCOUNT, Kind.THROTTLE_APP} and self._patience.throttled >= 0
        again = throttled or verdict.kind is Kind.RETRY
        return await self.ask(call, retries=retries) if again else Refusal(found, verdict)

    async def _pause(self, tries: int, fault: Fault, call: Call) -> None:
        longest = 5.0 if fault.code in _GLITCH_CODES else self._patience.longest_pause
        pause = min(longest, self._patience.first_pause * 2 ** (tries - 1)) * (0.75 + self._dice() / 2)
        told = tries >= _STUBBORN and self._is_news(f"{call.account} fails")
        log.log(logging.INFO if told else logging.DEBUG, "Trying again in %.0f s: %s", pause, self.clean(str(fault)))
        for tally in self.counts.tallies(_job(call)):
            tally.retries += 1
        await self._wait(call, pause)

    async def _once(self, call: Call) -> Answer:
        async with self._admitted(call):
            reply = await self._send(wire.request(self._endpoint, call), (call,))
        if isinstance(reply, Fault):
            return Refusal(reply, judge(reply))
        self._observe(call, reply)
        found = wire.read(reply)
        if isinstance(found, Page):
            self._praise(call)
            return Body(reply.body, found)
        verdict = judge(found)
        self._punish(call, verdict, reply)
        return Refusal(found, verdict)

    async def _send(self, request: wire.Request, calls: Sequence[Call]) -> Reply | Fault:
        call = calls[0]
        self._sent[id(request)] = (f"{call.method} {call.path}", self._clock.now())
        for one in calls:
            for tally in self.counts.tallies(_job(one)):
                tally.calls += 1
        try:
            reply = await self._transport.send(request)
        except UnreachableError as broken:
            return Fault(0, f"{call.path}: no reply ({broken})", transient=True)
        finally:
            del self._sent[id(request)]
        log.debug("%s %s -> HTTP %s, %s bytes", call.method, call.path, reply.status, len(reply.body))
        return reply

    # --- budgets -------------------------------------------------------------------------------------------------

    def _keys(self, call: Call) -> tuple[Key, ...]:
        if not call.account:
            return ((APP, ""),)
        return ((APP, ""), (APP, call.use_case), (call.account, ""), (call.account, call.use_case))

    def _observe(self, call: Call, reply: Reply) -> None:
        now = self._clock.now()
        for usage in budget.read(reply.headers, call.account):
            gate = self._gates[usage.account or APP, usage.use_case or ""]
            gate.meter = budget.observe(gate.meter, usage, now, self._pace)
            for tally in self.counts.tallies(_job(call)):
                tally.reading(Quota(usage.account or APP, usage.use_case or ""), usage.percent, usage.tier)

    def _praise(self, call: Call) -> None:
        for key in self._keys(call):
            gate = self._gates[key]
            gate.meter = budget.succeeded(gate.meter, self._pace)

    def _punish(self, call: Call, verdict: Verdict, reply: Reply) -> None:
        match verdict.kind:
            case Kind.THROTTLE_APP:
                key: Key = (APP, "")
            case Kind.THROTTLE_ACCOUNT:
                key = (call.account, call.use_case) if call.account else (APP, "")
            case _:
                return
        usages = budget.read(reply.headers, call.account)
        regain = max((u.regain_seconds for u in usages if u.use_case in {None, call.use_case}), default=0.0)
        gate, now = self._gates[key], self._clock.now()
        gate.meter = budget.refused(gate.meter, regain, now, self._dice())
        for tally in self.counts.tallies(_job(call)):
            tally.refused(Quota(*key), gate.meter.blocked_until)
        gate.said = now
        log.info("%s: %s Waiting %.0f s.", _whom(key), verdict.rule.meaning, gate.meter.blocked_until - now)

    @asynccontextmanager
    async def _admitted(self, call: Call) -> AsyncIterator[None]:
        """Holds a place in every budget that the call touches; waits for it, and says so now and then."""
        gates = [self._gates[key] for key in self._keys(call)]
        await self._wait_for_place(gates, call)
        try:
            yield
        finally:
            self._under_way -= 1
            for gate in gates:
                gate.under_way -= 1
            async with self._freed:
                self._freed.notify_all()

    async def _wait_for_place(self, gates: Sequence[_Gate], call: Call) -> None:
        while True:
            now = self._clock.now()
            wait = max(budget.delay(gate.meter, now) for gate in gates)
            if wait <= 0 and self._has_room(gates):
                break
            self._say_waiting(call, now)
            if wait > 0:
                await self._wait(call, max(_INSTANT, min(wait, _PULSE)))
            else:
                async with self._freed:
                    await self._freed.wait()
        self._under_way += 1
        self.counts.most_under_way = max(self.counts.most_under_way, self._under_way)
        for gate in gates:
            gate.under_way += 1

    def _say_waiting(self, call: Call, now: float) -> None:
        """Of each quota that is shut, once in half a minute however many calls wait for it."""
        for key in self._keys(call):
            gate = self._gates[key]
            if gate.meter.blocked_until > now and now - gate.said >= _PULSE:
                if gate.said:
                    log.info("Waiting for quota: %s.", _until(key, gate))
                gate.said = now

    def _is_news(self, what: str) -> bool:
        """Whether it was not said a short time ago; from now on it was."""
        now = self._clock.now()
        if now - self._said.get(what, -math.inf) < _SILENCE:
            return False
        self._said[what] = now
        return True

    async def _wait(self, call: Call, seconds: float) -> None:
        tallies = self.counts.tallies(_job(call))
        for tally in tallies:
            tally.wait_begins(self._clock.now())
        try:
            await self._clock.sleep(seconds)
        finally:
            for tally in tallies:
                tally.wait_ends(self._clock.now())

    def _has_room(self, gates: Sequence[_Gate]) -> bool:
        free = (gate.under_way < max(1, int(gate.meter.room)) for gate in gates)
        return self._under_way < self._pace.most and all(free)


def _until(key: Key, gate: _Gate) -> str:
    try:
        at = f"{datetime.fromtimestamp(gate.meter.blocked_until, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):  # whatever a header said, it must not end the sync
        at = "further notice"
    return f"{_whom(key)}, until {at}"


def _job(call: Call) -> Job | None:
    return Job(*call.job) if call.job is not None else JOB.get()


def _whom(key: Key) -> str:
    return "The app" if key[0] == APP else f"Account {key[0]} ({key[1]})"
