"""Insight reports: the presets, one row each, and the user's own, as Stream values."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from facebook_marketing.catalog.columns import breakdown, metric
from facebook_marketing.catalog.fields import breakdowns_only
from facebook_marketing.catalog.presets import DEFAULT_METRICS, PRESETS, TYPE, Preset
from facebook_marketing.catalog.rules import EFFECTIVE_STATUSES, never_asked, unavailable, usable_windows
from facebook_marketing.catalog.schema import level_fields, level_ids, primary_key
from facebook_marketing.catalog.stream import Behaviour, Column, Level, Period, Report, Stream, UseCase

__all__ = [
    "DEFAULT_LOOKBACK_DAYS",
    "DEFAULT_METRICS",
    "DEFAULT_TIMEOUT_MINUTES",
    "DEFAULT_WINDOWS",
    "PRESETS",
    "Preset",
    "custom",
    "presets",
]

DEFAULT_WINDOWS = ("1d_click", "7d_click", "28d_click", "1d_view")
DEFAULT_LOOKBACK_DAYS = 28  # numbers stop changing 28 days after the day
DEFAULT_TIMEOUT_MINUTES = 60
RESULT_PAGE_SIZE = 500


def presets(  # noqa: PLR0913 - the narrow values of the configuration, each named
    action_breakdowns: tuple[str, ...] = TYPE,
    windows: tuple[str, ...] = DEFAULT_WINDOWS,
    lookback_days: int = DEFAULT_LOOKBACK_DAYS,
    timeout_minutes: int = DEFAULT_TIMEOUT_MINUTES,
    *,
    start_date: date | None = None,
    end_date: date | None = None,
    use_account_attribution_setting: bool | None = None,
    use_unified_attribution_setting: bool | None = None,
    action_report_time: str | None = None,
) -> tuple[Stream, ...]:
    """Every preset under the user's settings. `action_breakdowns` is the configured default."""
    return tuple(
        _stream(
            preset.name,
            Report(
                level=preset.level,
                breakdowns=preset.breakdowns,
                action_breakdowns=action_breakdowns if preset.action_breakdowns is None else preset.action_breakdowns,
                time_increment=preset.time_increment,
                attribution_windows=windows,
                use_account_attribution_setting=use_account_attribution_setting,
                use_unified_attribution_setting=use_unified_attribution_setting,
                action_report_time=action_report_time,
                start_date=start_date,
                end_date=end_date,
                lookback_days=lookback_days,
                timeout_minutes=timeout_minutes,
            ),
            preset.fields,
            deprecated=preset.deprecated,
            offered_by_default=preset.offered_by_default,
        )
        for preset in PRESETS
    )


def custom(  # noqa: PLR0913 - one keyword for each thing that a report may differ in
    name: str,
    *,
    level: Level = "ad",
    fields: Iterable[str] = (),
    breakdowns: Iterable[str] = (),
    action_breakdowns: Iterable[str] = TYPE,
    time_increment: int | Period = 1,
    windows: Iterable[str] = DEFAULT_WINDOWS,
    filtering: Iterable[Mapping[str, Any]] = (),
    start_date: date | None = None,
    end_date: date | None = None,
    lookback_days: int = DEFAULT_LOOKBACK_DAYS,
    timeout_minutes: int = DEFAULT_TIMEOUT_MINUTES,
    product_id_limit: int | None = None,
    use_account_attribution_setting: bool | None = None,
    use_unified_attribution_setting: bool | None = None,
    action_report_time: str | None = None,
) -> Stream:
    """A report of the user's own, as the stream `name` (taken as it is).

    No fields means the defaults of the level. Names unknown to Meta's tables are asked as they are and kept as JSON.
    """
    report = Report(
        level=level,
        breakdowns=tuple(dict.fromkeys(breakdowns)),
        action_breakdowns=tuple(dict.fromkeys(action_breakdowns)),
        time_increment=time_increment,
        attribution_windows=tuple(windows),
        filtering=tuple(filtering),
        use_account_attribution_setting=use_account_attribution_setting,
        use_unified_attribution_setting=use_unified_attribution_setting,
        action_report_time=action_report_time,
        product_id_limit=product_id_limit,
        start_date=start_date,
        end_date=end_date,
        lookback_days=lookback_days,
        timeout_minutes=timeout_minutes,
    )
    return _stream(name, report, tuple(fields))


def _stream(
    name: str,
    asked: Report,
    fields: tuple[str, ...],
    *,
    deprecated: str | None = None,
    offered_by_default: bool = True,
) -> Stream:
    report = replace(
        asked,
        attribution_windows=usable_windows(asked.attribution_windows, asked.breakdowns),
        filtering=_every_status(asked.level, asked.filtering),
    )
    return Stream(
        name=name,
        behaviour=Behaviour.REPORT,
        node="AdsInsights",
        edge="insights",
        columns=_columns(report, fields),
        primary_key=primary_key(report),
        cursor="date_start",
        use_case=UseCase.ADS_INSIGHTS,
        page_size=RESULT_PAGE_SIZE,
        report=report,
        deprecated=deprecated,
        offered_by_default=offered_by_default,
    )


def _every_status(level: Level, filtering: tuple[Mapping[str, Any], ...]) -> tuple[Mapping[str, Any], ...]:
    """Archived and deleted objects count too, unless the user filters by status: else rows miss parts of the total."""
    if level == "account" or any(str(row.get("field", "")).endswith("effective_status") for row in filtering):
        return filtering
    every = {"field": f"{level}.effective_status", "operator": "IN", "value": list(EFFECTIVE_STATUSES[level])}
    return (every, *filtering)


def _columns(report: Report, fields: tuple[str, ...]) -> tuple[Column, ...]:
    """Keys first, then the chosen or default fields, then the breakdowns; nothing twice."""
    chosen = fields or (*level_fields(report.level), *DEFAULT_METRICS)
    keys = ("date_start", "date_stop", *level_ids(report.level))
    split = tuple(column for name in report.breakdowns for column in breakdown(name))
    taken = {column.name for column in split} | breakdowns_only()
    names = tuple(name for name in dict.fromkeys((*keys, *chosen)) if name not in taken)
    barred = () if fields else dict(unavailable(report, names))  # what the user chose is asked: Meta may know better
    return (
        *(_metric(report, name, requested=name not in barred and never_asked(name) is None) for name in names),
        *split,
    )


def _metric(report: Report, name: str, *, requested: bool) -> Column:
    return metric(name, report.action_breakdowns, report.attribution_windows, requested=requested)
