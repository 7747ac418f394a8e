"""A report's request on the wire, and the fingerprint by which a sync knows it again."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from facebook_marketing.catalog.rules import EFFECTIVE_STATUSES
from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Level, Report, Stream, UseCase
from facebook_marketing.graph.wire import Call, as_json, list_param
from facebook_marketing.plan.windows import Window


def filters(report: Report) -> tuple[Mapping[str, Any], ...]:
    """The report's filters, with every status of the level unless one of them is a filter by its status.

    Archived and deleted objects spent money too, and without them rows do not add up to the account's total. The
    statuses that a user chooses for campaigns, ad sets and ads are about these objects, not about what was spent.
    """
    own = tuple(row for row in report.filtering if not is_default(row, report.level))
    field = f"{report.level}.effective_status"
    if report.level == "account" or any(row.get("field") == field for row in own):
        return own
    return ({"field": field, "operator": "IN", "value": list(EFFECTIVE_STATUSES[report.level])}, *own)


def is_default(row: Mapping[str, Any], level: Level) -> bool:
    """Tell the catalogue's own filter, every status of the level, from the user's."""
    return level != "account" and row == {
        "field": f"{level}.effective_status",
        "operator": "IN",
        "value": list(EFFECTIVE_STATUSES[level]),
    }


def params(stream: Stream, fields: Iterable[str], filtering: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The parameters of a report without its dates (Meta: insights parameters). What is not set is not sent."""
    report = _report(stream)
    said: dict[str, str | None] = {
        "level": report.level,
        "fields": list_param(fields),
        "breakdowns": as_json(list(report.breakdowns)) if report.breakdowns else None,
        "action_breakdowns": as_json(list(report.action_breakdowns)) if report.action_breakdowns else None,
        "action_attribution_windows": as_json(list(report.attribution_windows)) if report.attribution_windows else None,
        "filtering": as_json([dict(row) for row in filtering]) if filtering else None,
        "use_account_attribution_setting": _flag(report.use_account_attribution_setting),
        "use_unified_attribution_setting": _flag(report.use_unified_attribution_setting),
        "action_report_time": report.action_report_time,
        "product_id_limit": None if report.product_id_limit is None else str(report.product_id_limit),
    }
    return {name: value for name, value in said.items() if value is not None}


def create_call(stream: Stream, account: str, window: Window, asked: Mapping[str, str]) -> Call:
    """The POST that makes a report run for these days."""
    dates = {
        "time_range": as_json({"since": str(window.since), "until": str(window.until)}),
        "time_increment": _increment(_report(stream)),
    }
    return Call(f"act_{account}/insights", tuple({**asked, **dates}.items()), account, UseCase.ADS_INSIGHTS, "POST")


def as_key(filtering: Iterable[Mapping[str, Any]]) -> str:
    """Filters as a text to tell them apart by."""
    return as_json([dict(row) for row in filtering])


def direct_call(stream: Stream, account: str, window: Window, asked: Mapping[str, str]) -> Call:
    """The GET that gives the rows at once, where they are few. Fields are left to the walk."""
    call = create_call(stream, account, window, asked)
    return Call(call.path, call.params, account, UseCase.ADS_INSIGHTS).having(fields=None)


def result_call(run_id: str, account: str, after: str | None = None) -> Call:
    """The GET of a finished run's rows, from a cursor on."""
    return Call(f"{run_id}/insights", (), account, UseCase.ADS_INSIGHTS).having(after=after)


def fingerprint(stream: Stream) -> str:
    """A short name of everything in the request that changes its rows, dates apart: the same in every process."""
    report = _report(stream)
    asked = params(stream, sorted(request_fields(stream)), filters(report))
    said = as_json(sorted({**asked, "time_increment": _increment(report)}.items()))
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


def _increment(report: Report) -> str:
    """Weeks are seven days; the windows begin on Mondays, so that the buckets do."""
    return "7" if report.time_increment == "weekly" else str(report.time_increment)


def _flag(value: bool | None) -> str | None:  # noqa: FBT001 - a parameter's value, not a switch
    return None if value is None else str(value).lower()


def _report(stream: Stream) -> Report:
    if stream.report is None:
        raise TypeError(stream.name)
    return stream.report
