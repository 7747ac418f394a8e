"""Says whether a configuration works, before anything is read: one problem a line, each with its mend."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from facebook_marketing.catalog.rules import allowed
from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Kind as ColumnKind
from facebook_marketing.catalog.stream import Report, Stream
from facebook_marketing.clock import Clock, SystemClock
from facebook_marketing.config import Config
from facebook_marketing.engine import query
from facebook_marketing.faces.accounts import AccountsError, accounts_of, unanswered
from facebook_marketing.faces.catalog import built_in
from facebook_marketing.faces.expiry import watched
from facebook_marketing.faces.parts import client_of, streams_of
from facebook_marketing.graph.client import Client, Patience, Refusal
from facebook_marketing.graph.transport import HttpTransport, Transport
from facebook_marketing.graph.verdicts import Kind
from facebook_marketing.graph.wire import Call
from facebook_marketing.plan.windows import Window

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
    refused = combinations(streams)
    problems = [*clashes, *refused.values()]
    door = transport or HttpTransport()
    client = client_of(config, door, clock or SystemClock(), patience=_PATIENCE)
    try:
        async with asyncio.timeout(SECONDS), watched(config, transport=door, clock=clock):
            problems += await _reached(client, config, [own for own in own_reports(streams) if own.name not in refused])
    except AccountsError as error:
        if error.kind not in _THROTTLED:
            problems.append(str(error))
    except TimeoutError:
        if client.counts.throttles == 0:
            problems.append(unanswered(config.graph_url, f"within {SECONDS:.0f} s"))
    finally:
        await door.close()
    return tuple(problems)


def own_reports(streams: Sequence[Stream]) -> list[Stream]:
    """The user's own reports: Airbyte's rule begins their names with `custom`, and no built-in report's does."""
    return [stream for stream in streams if stream.report is not None and stream.name.startswith("custom")]


def combinations(streams: Sequence[Stream]) -> dict[str, str]:
    """What is wrong with reports by Meta's own table, by stream: known without a call."""
    problems = {}
    for stream in own_reports(streams):
        report = stream.report or Report()
        asked = set(request_fields(stream))
        actions = any(c.kind in {ColumnKind.STATS, ColumnKind.HISTOGRAM} and c.name in asked for c in stream.columns)
        refusal = allowed(report.breakdowns, report.action_breakdowns, actions, level=report.level)
        if refusal is not None:
            problems[stream.name] = f"{stream.name}: {refusal}"
    return problems


async def asked_of(client: Client, account: str, stream: Stream) -> str | None:
    """What Meta says against a report: one row of yesterday is asked for. Only what is wrong with the report counts."""
    report = stream.report or Report()
    yesterday = (datetime.fromtimestamp(client.clock.now(), UTC) - timedelta(days=1)).date()
    asked = query.params(stream, request_fields(stream), query.filters(report))
    call = query.create_call(stream, account, Window(yesterday, yesterday), asked)
    answer = await client.ask(replace(call, method="GET").having(limit="1"))
    if not isinstance(answer, Refusal) or answer.verdict.kind not in {Kind.STOP_STREAM, Kind.DROP_FIELD}:
        return None
    rule, said = answer.verdict.rule, f"{stream.name}: {answer.verdict.rule.meaning} Meta says: {answer.fault}."
    if answer.verdict.kind is Kind.DROP_FIELD:
        log.warning("%s A sync leaves the field out and says so.", said)
        return None
    return f"{said} {rule.mend}"


async def _reached(client: Client, config: Config, reports: Sequence[Stream]) -> list[str]:
    """A line for each reason why accounts cannot be read, with the accounts that it holds for, and for each report."""
    accounts = await accounts_of(client, config.account_ids, config.accounts_include, config.accounts_exclude)
    calls = [Call(f"act_{account}", (("fields", "account_status,name"),), account) for account in accounts]
    answers = await asyncio.gather(*map(client.ask, calls))
    refused = defaultdict[tuple[int | None, int | None, str], list[tuple[str, Refusal]]](list)
    for account, answer in zip(accounts, answers, strict=True):
        if isinstance(answer, Refusal):
            fault, meaning = answer.fault, answer.verdict.rule.meaning
            refused[fault.code, fault.subcode, meaning].append((account, answer))
    readable = [a for a, answer in zip(accounts, answers, strict=True) if not isinstance(answer, Refusal)]
    wrong = await asyncio.gather(*(asked_of(client, readable[0], one) for one in reports)) if readable else []
    lines = (line for group in refused.values() for line in _lines(group, config.graph_url))
    return [*lines, *(line for line in wrong if line)]


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
