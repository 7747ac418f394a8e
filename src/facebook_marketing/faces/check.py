"""Says whether a configuration works, before anything is read: one problem a line, each with its mend."""

import asyncio
from collections.abc import Sequence

import msgspec

from facebook_marketing.catalog.rules import allowed
from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Kind, Stream
from facebook_marketing.clock import SystemClock
from facebook_marketing.config import Config
from facebook_marketing.faces.accounts import AccountsError, accounts_of
from facebook_marketing.faces.parts import client_of, streams_of
from facebook_marketing.graph.client import Client, Patience, Refusal
from facebook_marketing.graph.transport import HttpTransport, Transport
from facebook_marketing.graph.wire import Call

_PATIENCE = Patience(retries=3, longest_pause=5.0, throttled=120.0)


class _Account(msgspec.Struct):
    account_status: int = 1
    name: str = ""
    disable_reason: int = 0


async def check(config: Config, transport: Transport | None = None) -> tuple[str, ...]:
    """What is wrong with the configuration; empty when nothing is."""
    problems = [*_combinations(streams_of(config)), *_clashes(streams_of(config))]
    door = transport or HttpTransport()
    client = client_of(config, door, SystemClock(), patience=_PATIENCE)
    try:
        accounts = await accounts_of(client, config.account_ids)
        answers = await asyncio.gather(*(_account(client, account) for account in accounts))
    except AccountsError as error:
        return (*problems, str(error))
    finally:
        await door.close()
    return (*problems, *dict.fromkeys(problem for problem in answers if problem))


def _combinations(streams: Sequence[Stream]) -> list[str]:
    problems = []
    for stream in streams:
        report = stream.report
        if report is None or not stream.name.startswith("custom"):
            continue
        asked = set(request_fields(stream))
        actions = any(c.kind in {Kind.STATS, Kind.HISTOGRAM} and c.name in asked for c in stream.columns)
        refusal = allowed(report.breakdowns, report.action_breakdowns, actions, level=report.level)
        if refusal is not None:
            problems.append(f"{stream.name}: {refusal}")
    return problems


def _clashes(streams: Sequence[Stream]) -> list[str]:
    names = [stream.name for stream in streams]
    twice = dict.fromkeys(name for name in names if names.count(name) > 1)
    return [f"Two streams are called {name}: rename the custom insight." for name in twice]


async def _account(client: Client, account: str) -> str | None:
    answer = await client.ask(Call(f"act_{account}", (("fields", "account_status,name,disable_reason"),), account))
    if isinstance(answer, Refusal):
        rule = answer.verdict.rule
        return f"Account {account} cannot be read: {rule.meaning} {answer.fault} {rule.mend}"
    msgspec.json.decode(answer.body, type=_Account)
    return None
