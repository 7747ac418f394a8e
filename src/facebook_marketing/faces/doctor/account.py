"""Findings about one ad account: reachable, status, tasks, zone, currency, oldest rows, breakdowns that stay empty."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from facebook_marketing.catalog.account_status import ACCOUNT_STATUSES, ACTIVE, CLOSING, DISABLE_REASONS
from facebook_marketing.catalog.limits import OPT_IN
from facebook_marketing.catalog.permissions import READING_TASKS
from facebook_marketing.catalog.retention import TOTAL_MONTHS
from facebook_marketing.catalog.stream import Stream, UseCase
from facebook_marketing.faces.doctor.findings import Finding, fail, ok, warn
from facebook_marketing.faces.doctor.token import refusal
from facebook_marketing.graph.client import Answer, Body, Client, Refusal
from facebook_marketing.graph.verdicts import Kind
from facebook_marketing.graph.wire import Call, as_json
from facebook_marketing.plan.windows import earliest, zone_of

_NEEDED = "account_status,disable_reason,name,currency,timezone_name,user_tasks"
_BARE = "account_status,name,currency,timezone_name"
_FIELDS = f"{_NEEDED},attribution_spec,is_attribution_spec_system_default"
_THROTTLED = frozenset({Kind.THROTTLE_ACCOUNT, Kind.THROTTLE_APP})
_PROBED_DAYS = 28


class _Node(msgspec.Struct):
    account_status: int | None = None
    disable_reason: int | None = None
    name: str = ""
    currency: str = ""
    timezone_name: str = ""
    user_tasks: list[str] | None = None
    attribution_spec: Any = None
    is_attribution_spec_system_default: bool | None = None


class _Month(msgspec.Struct):
    date_start: date
    impressions: float = 0.0


_NODE = msgspec.json.Decoder(_Node, strict=False)
_MONTHS = msgspec.json.Decoder(list[_Month], strict=False)


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found of an account, and whether its reports can be tried."""

    findings: tuple[Finding, ...]
    readable: bool


async def examine(client: Client, account: str, streams: Sequence[Stream]) -> Examined:
    """Six calls in two requests; each probe that Meta refuses is a finding of its own."""
    today = datetime.fromtimestamp(client.clock.now(), UTC).date()
    node, months = await client.batch([_node_call(account, _FIELDS), _months_call(account, today)])
    if isinstance(node, Refusal) and node.verdict.kind is Kind.DROP_FIELD:
        node = await client.ask(_node_call(account, _NEEDED))
    if isinstance(node, Refusal) and node.verdict.kind is Kind.DROP_FIELD:
        node = await client.ask(_node_call(account, _BARE))
    if isinstance(node, Refusal):
        return Examined((_unreachable(account, node),), readable=False)
    subject = f"account {account}"
    findings = [*_of_node(subject, node), _of_history(subject, months)]
    if isinstance(months, Body):
        answers = await client.batch(_probes(account, today))
        findings += _of_opt_ins(subject, answers, streams)
    return Examined(tuple(findings), readable=True)


def _node_call(account: str, fields: str) -> Call:
    return Call(f"act_{account}", (("fields", fields),), account, UseCase.ADS_MANAGEMENT)


def _months_call(account: str, today: date) -> Call:
    return _insights(account, earliest(today, TOTAL_MONTHS), today, time_increment="monthly", limit="100")


def _insights(account: str, since: date, until: date, **params: str) -> Call:
    said = {
        "level": "account",
        "fields": "impressions",
        "time_range": as_json({"since": str(since), "until": str(until)}),
        **params,
    }
    return Call(f"act_{account}/insights", tuple(said.items()), account, UseCase.ADS_INSIGHTS)


def _probes(account: str, today: date) -> list[Call]:
    """The same days without a breakdown, and by each that an advertiser must have asked for."""
    days = (today - timedelta(days=_PROBED_DAYS), today - timedelta(days=1))
    asked = (
        _insights(account, *days, fields=probe.field, breakdowns=as_json(list(probe.breakdowns)), limit="1")
        for probe in OPT_IN
    )
    return [_insights(account, *days, limit="1"), *asked]


def _unreachable(account: str, refused: Refusal) -> Finding:
    subject, rule = f"account {account}", refused.verdict.rule
    if rule.kind in _THROTTLED:
        text = f"It cannot be looked at now: {rule.meaning}"
        return warn("account.reachable", text, "Try again later; a sync waits as long as Meta says.", subject=subject)
    return refusal("account.reachable", "It cannot be read", refused, subject=subject)


def _of_node(subject: str, answer: Body) -> Iterator[Finding]:
    try:
        node = _NODE.decode(answer.body)
    except msgspec.DecodeError as broken:
        text = f"Meta's answer has an unknown shape ({broken})."
        yield warn("account.reachable", text, "Report it to us: the account may still be read.", subject=subject)
        return
    zone, currency = node.timezone_name, node.currency
    facts = {"name": node.name, "currency": currency, "zone": zone, "attribution": _attribution(node)}
    text = f"{node.name or 'It'} can be read: {currency or 'currency unknown'}, {zone or 'zone unknown'}"
    yield ok("account.reachable", f"{text}{_counted(node)}.", subject=subject, facts=facts)
    yield _status(subject, node)
    if node.user_tasks is not None:
        yield _tasks(subject, node.user_tasks)
    try:
        zone_of(zone)
    except ValueError as unknown:
        yield fail("account.zone", f"{unknown}", "Update the tzdata package; else report it to us.", subject=subject)


def _attribution(node: _Node) -> str | None:
    """The account's own attribution setting: `7-day click_through, 1-day view_through`."""
    rows = node.attribution_spec if isinstance(node.attribution_spec, list) else ()
    parts = [
        f"{row.get('window_days')}-day {str(row.get('event_type')).lower()}" for row in rows if isinstance(row, dict)
    ]
    if parts:
        return ", ".join(parts)
    return "Meta's default" if node.is_attribution_spec_system_default else None


def _counted(node: _Node) -> str:
    attribution = _attribution(node)
    return f", attribution {attribution}" if attribution else ""


def _status(subject: str, node: _Node) -> Finding:
    status = node.account_status
    name = ACCOUNT_STATUSES.get(status, str(status)) if status is not None else "unknown"
    if status in {ACTIVE, None}:
        return ok("account.status", f"Its status is {name}.", subject=subject, facts={"status": name})
    reason = DISABLE_REASONS.get(node.disable_reason or 0, str(node.disable_reason))
    why = f" ({reason})" if node.disable_reason else ""
    text = f"Its status is {name}{why}: its history can be read, new rows do not come."
    mend = (
        "Take it out of account_ids once its history is loaded." if status in CLOSING else "See Meta's Account Quality."
    )
    return warn("account.status", text, mend, subject=subject, facts={"status": name, "reason": reason})


def _tasks(subject: str, tasks: Iterable[str]) -> Finding:
    names = sorted(tasks)
    text = f"Tasks of the token's user: {', '.join(names) or 'none'}."
    if READING_TASKS & set(names):
        return ok("account.tasks", text, subject=subject, facts={"tasks": names})
    mend = "Give the user the task ANALYZE (View performance) on the account in Business settings."
    return fail("account.tasks", text, mend, subject=subject, facts={"tasks": names})


def _of_history(subject: str, answer: Answer) -> Finding:
    if isinstance(answer, Refusal):
        if answer.verdict.kind in _THROTTLED:
            text = f"How old its rows are cannot be told now: {answer.verdict.rule.meaning}"
            return warn("account.history", text, "Try again later.", subject=subject)
        return refusal("account.history", "Its statistics cannot be read", answer, subject=subject)
    try:
        months = _MONTHS.decode(answer.page.rows or b"[]")
    except msgspec.DecodeError as broken:
        text = f"Meta's answer about its statistics has an unknown shape ({broken})."
        return warn("account.history", text, "Report it to us.", subject=subject)
    first = min((row.date_start for row in months if row.impressions > 0), default=None)
    if first is None:
        text = f"It has delivered nothing in the {TOTAL_MONTHS} months that Meta keeps."
        return ok("account.history", text, subject=subject, facts={"oldest": None})
    text = f"Its oldest month with rows is {first:%Y-%m} (Meta keeps {TOTAL_MONTHS} months)."
    return ok("account.history", text, subject=subject, facts={"oldest": f"{first:%Y-%m}"})


def _of_opt_ins(subject: str, answers: Sequence[Answer], streams: Sequence[Stream]) -> Iterator[Finding]:
    base, *asked = answers
    delivered = isinstance(base, Body) and _has_rows(base)
    if not delivered:
        return
    for probe, answer in zip(OPT_IN, asked, strict=True):
        if isinstance(answer, Refusal):
            text = f"Whether {probe.name} has rows cannot be told: {str(answer.fault).rstrip('.')}."
            yield warn(
                "account.opt_in", text, answer.verdict.rule.mend, subject=subject, facts={"breakdown": probe.name}
            )
        elif _has_rows(answer):
            yield ok("account.opt_in", f"{probe.name} gives rows.", subject=subject, facts={"breakdown": probe.name})
        else:
            yield _empty(subject, probe.name, streams)


def _empty(subject: str, breakdown: str, streams: Sequence[Stream]) -> Finding:
    """Loud where a sync would miss the rows: in the user's own reports, and in those read without asking."""
    using = [one for one in streams if one.report is not None and breakdown in one.report.breakdowns]
    wanted = [one.name for one in using if one.offered_by_default]
    names = [one.name for one in using]
    text = f"{breakdown} comes back empty though the account delivered in the last {_PROBED_DAYS} days"
    facts = {"breakdown": breakdown, "streams": names}
    if not wanted:
        others = f"; without it no stream but {', '.join(names)} lacks rows" if names else "; no stream asks for it"
        return ok("account.opt_in", f"{text}{others}.", subject=subject, facts=facts)
    mend = f"Let the advertiser opt in to it in the account's settings in Ads Manager: {', '.join(wanted)} lack rows."
    return warn("account.opt_in", f"{text}.", mend, subject=subject, facts=facts)


def _has_rows(answer: Answer) -> bool:
    return isinstance(answer, Body) and (answer.page.rows or b"[]").strip() != b"[]"
