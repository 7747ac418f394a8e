"""Says whether a configuration works, before anything is read: one problem a line, each with its mend."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence

from facebook_marketing.catalog.rules import allowed
from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Kind as ColumnKind
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.clock import Clock, SystemClock
from facebook_marketing.config import Config
from facebook_marketing.faces.accounts import AccountsError, accounts_of, unanswered
from facebook_marketing.faces.catalog import built_in
from facebook_marketing.faces.parts import client_of, streams_of
from facebook_marketing.graph.client import Client, Patience, Refusal
from facebook_marketing.graph.transport import HttpTransport, Transport
from facebook_marketing.graph.verdicts import Kind
from facebook_marketing.graph.wire import Call

log = logging.getLogger(__name__)

SECONDS = 60.0
"""A person waits for the answer: what Meta has not said by then is not waited for."""

_PATIENCE = Patience(retries=3, longest_pause=5.0, throttled=-1.0)  # a throttle is an answer: not one wait
_THROTTLED = frozenset({Kind.THROTTLE_ACCOUNT, Kind.THROTTLE_APP})
_NAMED_AT_MOST = 5


async def check(config: Config, transport: Transport | None = None, clock: Clock | None = None) -> tuple[str, ...]:
    """What is wrong with the configuration; empty when nothing is. Takes a minute at most."""
    streams = streams_of(config)
    clashes = [f"{mistake}" for mistake in config.clashes(built_in(streams, config))]
    problems = [*clashes, *_combinations(streams)]
    door = transport or HttpTransport()
    client = client_of(config, door, clock or SystemClock(), patience=_PATIENCE)
    try:
        async with asyncio.timeout(SECONDS):
            problems += await _reached(client, config)
    except AccountsError as error:
        if error.kind not in _THROTTLED:
            problems.append(str(error))
    except TimeoutError:
        if client.counts.throttles == 0:
            problems.append(unanswered(config.graph_url, f"within {SECONDS:.0f} s"))
    finally:
        await door.close()
    return tuple(problems)


def _combinations(streams: Sequence[Stream]) -> list[str]:
    problems = []
    for stream in streams:
        report = stream.report
        if report is None or not stream.name.startswith("custom"):
            continue
        asked = set(request_fields(stream))
        actions = any(c.kind in {ColumnKind.STATS, ColumnKind.HISTOGRAM} and c.name in asked for c in stream.columns)
        refusal = allowed(report.breakdowns, report.action_breakdowns, actions, level=report.level)
        if refusal is not None:
            problems.append(f"{stream.name}: {refusal}")
    return problems


async def _reached(client: Client, config: Config) -> list[str]:
    """A line for each reason why accounts cannot be read, with the accounts that it holds for."""
    accounts = await accounts_of(client, config.account_ids)
    calls = [Call(f"act_{account}", (("fields", "account_status,name"),), account) for account in accounts]
    answers = await asyncio.gather(*map(client.ask, calls))
    refused = defaultdict[tuple[int | None, int | None, str], list[tuple[str, Refusal]]](list)
    for account, answer in zip(accounts, answers, strict=True):
        if isinstance(answer, Refusal):
            fault, meaning = answer.fault, answer.verdict.rule.meaning
            refused[fault.code, fault.subcode, meaning].append((account, answer))
    return [line for group in refused.values() for line in _lines(group, config.graph_url)]


def _lines(group: Sequence[tuple[str, Refusal]], graph_url: str) -> Iterator[str]:
    accounts, (_, refusal) = [account for account, _ in group], group[0]
    fault, rule = refusal.fault, refusal.verdict.rule
    if rule.kind in _THROTTLED:
        log.warning("%s: %s The configuration works; a sync waits as long as Meta says.", _whom(accounts), rule.meaning)
    elif fault.status == 0:
        yield unanswered(graph_url, fault.message)
    else:
        first = "Check the number in account_ids. If it is right: " if rule.kind is Kind.SKIP_NODE else ""
        yield f"{_whom(accounts)} cannot be read: {rule.meaning} Meta says: {fault}. {first}{rule.mend}"


def _whom(accounts: Sequence[str]) -> str:
    shown = ", ".join(accounts[:_NAMED_AT_MOST])
    more = len(accounts) - _NAMED_AT_MOST
    return f"Account{'s' if len(accounts) > 1 else ''} {shown}" + (f" and {more} more" if more > 0 else "")
