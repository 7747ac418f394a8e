"""`doctor`: looks at everything that a sync needs, before one fails. One probe's refusal is one finding."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.clock import Clock, SystemClock
from facebook_marketing.config import Config, ConfigError, load
from facebook_marketing.faces.accounts import AccountsError, accounts_of, unanswered
from facebook_marketing.faces.check import asked_of, combinations, own_reports
from facebook_marketing.faces.doctor import account, configuration, platform, token
from facebook_marketing.faces.doctor.findings import Diagnosis, Finding, Level, fail, ok, warn
from facebook_marketing.faces.introspection import Introspection, app_client, introspect
from facebook_marketing.faces.logs import hide
from facebook_marketing.faces.parts import client_of, endpoint_of, streams_of
from facebook_marketing.graph.client import Client, Patience, Refusal
from facebook_marketing.graph.transport import HttpTransport, Transport
from facebook_marketing.graph.verdicts import Kind
from facebook_marketing.graph.wire import Call
from facebook_marketing.plan.windows import today

__all__ = ["Diagnosis", "Finding", "Level", "diagnose", "diagnose_file"]

_PATIENCE = Patience(retries=2, longest_pause=5.0, throttled=-1.0)  # a throttle is an answer: not one wait
_THROTTLED = frozenset({Kind.THROTTLE_ACCOUNT, Kind.THROTTLE_APP})
_AT_ONCE = 8
_SECONDS, _SECONDS_EACH = 60.0, 5.0
"""A person waits for the answer; many accounts take longer."""


async def diagnose_file(
    path: Path | None,
    environ: Mapping[str, str],
    *,
    transport: Transport | None = None,
    clock: Clock | None = None,
) -> Diagnosis:
    """Look at a configuration file completed from the environment, and at all that it leads to."""
    try:
        loaded = load(path, environ)
    except ConfigError as wrong:
        return Diagnosis(configuration.of_mistakes(wrong))
    hide(loaded.config)
    return await diagnose(loaded.config, loaded.notes, transport=transport, clock=clock)


async def diagnose(
    config: Config, notes: Sequence[str] = (), *, transport: Transport | None = None, clock: Clock | None = None
) -> Diagnosis:
    """Look at the configuration, the token, the app, every account and the user's own reports. Never raises."""
    time = clock or SystemClock()
    door = platform.Listening(transport or HttpTransport(), time)
    doctor = _Doctor(config, door, time)
    try:
        findings = [*configuration.of_notes(notes), *configuration.of_config(config, doctor.streams)]
        findings += await doctor.look()
    finally:
        await door.close()
    return Diagnosis(tuple(findings), doctor.calls)


class _Doctor:
    """One round of looks, all through one client."""

    def __init__(self, config: Config, door: platform.Listening, clock: Clock) -> None:
        self.streams = streams_of(config)
        self._config = config
        self._door = door
        self._clock = clock
        self._client = client_of(config, door, clock, patience=_PATIENCE)
        self._app = app_client(config, door, clock)

    @property
    def calls(self) -> int:
        """What it cost."""
        return self._client.counts.calls + (self._app.counts.calls if self._app else 0)

    async def look(self) -> list[Finding]:
        """The token first: without a reply there is nothing else to look at."""
        me = await self._client.ask(Call("me", (("fields", "id,name"),)))
        if isinstance(me, Refusal) and me.fault.status == 0:
            text = unanswered(self._config.graph_url, me.fault.message)
            return [
                fail("network", text.partition(" Check")[0], "Check the network, the proxy and FACEBOOK_GRAPH_URL.")
            ]
        if isinstance(me, Refusal) and me.verdict.kind in _THROTTLED:
            text = f"Nothing can be looked at now: {me.verdict.rule.meaning} Meta says: {me.fault}."
            return [warn("app.usage", text, "Try again later; a sync waits as long as Meta says.")]
        rights, said = await asyncio.gather(self._client.ask(Call("me/permissions")), self._introspected())
        heard, now = self._door.heard, self._clock.now()
        findings = [
            platform.of_clock(heard),
            *platform.of_version(self._config.api_version, heard, today("UTC", now)),
            token.of_person(me),
        ]
        dead = isinstance(me, Refusal) and me.verdict.kind is Kind.STOP
        if not (dead and isinstance(said, Refusal)):  # it would say the same once more
            findings += token.of_introspection(said, now, self._config.client_id)
        if not (dead and isinstance(rights, Refusal)):
            findings += token.of_rights(rights, said, self.streams)
        accounts = [] if dead else await self._accounts()
        return [*findings, *platform.of_quota(self._client.meters, self._config.quota_share), *accounts]

    async def _introspected(self) -> Introspection | Refusal:
        """By the app where we know its secret, else by the token itself, which Meta allows some."""
        own = endpoint_of(self._config).token
        if self._app is not None:
            said = await introspect(self._app, own)
            if isinstance(said, Introspection):
                return said
        return await introspect(self._client, own)

    async def _accounts(self) -> list[Finding]:
        found: list[Finding] = []
        try:
            async with asyncio.timeout(_SECONDS):
                wanted = self._config
                accounts = await accounts_of(
                    self._client, wanted.account_ids, wanted.accounts_include, wanted.accounts_exclude
                )
        except AccountsError as error:
            why, _, mend = str(error).partition(". ")
            return [fail("accounts", f"{why}.", mend or "See above.")]
        except TimeoutError:
            return [fail("accounts", f"The list of accounts did not come within {_SECONDS:.0f} s.", "Try again later.")]
        examined = await self._examined(accounts)
        readable = [name for name, one in examined.items() if one.readable]
        for one in examined.values():
            found += one.findings
        return [*found, *await self._reports(readable)]

    async def _examined(self, accounts: Sequence[str]) -> dict[str, account.Examined]:
        turn = asyncio.Semaphore(_AT_ONCE)
        seconds = _SECONDS + _SECONDS_EACH * len(accounts) / _AT_ONCE

        async def one(name: str) -> account.Examined:
            try:
                async with turn, asyncio.timeout(seconds):
                    return await account.examine(self._client, name, self.streams)
            except TimeoutError:
                text, mend = f"It did not answer within {seconds:.0f} s.", "Try again later."
                return account.Examined(
                    (fail("account.reachable", text, mend, subject=f"account {name}"),), readable=False
                )

        return dict(zip(accounts, await asyncio.gather(*map(one, accounts)), strict=True))

    async def _reports(self, readable: Sequence[str]) -> list[Finding]:
        """The user's own reports, a row of yesterday each, on the first account that answers."""
        refused = combinations(self.streams)
        own = [stream for stream in own_reports(self.streams) if stream.name not in refused]
        if not readable:
            return []
        return list(await asyncio.gather(*(_report(self._client, readable[0], stream) for stream in own)))


async def _report(client: Client, name: str, stream: Stream) -> Finding:
    try:
        async with asyncio.timeout(_SECONDS):
            wrong = await asked_of(client, name, stream)
    except TimeoutError:
        text = f"Meta did not answer it within {_SECONDS:.0f} s."
        return warn(
            "reports.asked", text, "A sync asks for it as a report run, which may take longer.", subject=stream.name
        )
    if wrong is None:
        return ok("reports.asked", "Meta takes it.", subject=stream.name)
    return fail("reports.asked", wrong.removeprefix(f"{stream.name}: "), "Correct the report.", subject=stream.name)
