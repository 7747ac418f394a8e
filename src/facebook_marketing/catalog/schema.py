"""A stream's JSON schema, its projection to chosen columns, the fields to ask of Meta, and a report's key."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from facebook_marketing.catalog import fields
from facebook_marketing.catalog.columns import ASSETS
from facebook_marketing.catalog.rules import never_asked
from facebook_marketing.catalog.stream import Level, Report, Stream

LEVELS: tuple[Level, ...] = ("account", "campaign", "adset", "ad")
_INSIGHT_KEYS = ("date_start", "date_stop", "account_id")


def json_schema(stream: Stream) -> dict[str, Any]:
    """Draft-07 schema of one row: each property nullable, further properties welcome."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {column.name: dict(column.schema) for column in stream.columns},
        "additionalProperties": True,
    }


def project(stream: Stream, selected: Iterable[str] | None) -> Stream:
    """The stream with the selected columns only, and always its key and cursor. None selects all.

    Reports keep their dates and account as well, and the assets that hold a part of the key. Unknown names are ignored.
    """
    if selected is None:
        return stream
    kept = {*selected, *stream.primary_key, stream.cursor}
    if stream.report is not None:
        kept.update(_INSIGHT_KEYS, *asset_ids(stream.report))
    return replace(stream, columns=tuple(column for column in stream.columns if column.name in kept))


def request_fields(stream: Stream) -> tuple[str, ...]:
    """The value of `fields` in a request, in column order.

    Never what Meta cannot give (those columns are ours alone), a breakdown (an error at Meta: it is asked as a
    breakdown), or a name known to be retired or harmful. The ids of a report's level are always asked.
    """
    asked = [column.name for column in stream.columns if column.requested]
    if stream.report is None:
        return tuple(asked)
    left_out = breakdown_columns(stream.report) | fields.breakdowns_only()
    names = dict.fromkeys((*level_ids(stream.report.level), *asked))
    return tuple(name for name in names if name not in left_out and never_asked(name) is None)


def primary_key(report: Report) -> tuple[str, ...]:
    """What tells a report's rows apart: first day, ids of account and level, breakdowns (assets by their id)."""
    return ("date_start", *level_ids(report.level), *(_key(name) for name in dict.fromkeys(report.breakdowns)))


def level_ids(level: Level) -> tuple[str, ...]:
    """Id columns of the level: the account's and the level's own."""
    return ("account_id",) if level == "account" else ("account_id", f"{level}_id")


def level_fields(level: Level) -> tuple[str, ...]:
    """Ids and names of the level and of everything above it, from the account down."""
    above = LEVELS[: LEVELS.index(level) + 1]
    return tuple(f"{name}_{part}" for name in above for part in ("id", "name"))


def breakdown_columns(report: Report) -> frozenset[str]:
    """Columns that come from breakdowns, with the asset ids that we fill."""
    return frozenset(column for name in report.breakdowns for column in (name, _key(name)))


def asset_ids(report: Report) -> tuple[tuple[str, str], ...]:
    """(asset column, id column) of each asset breakdown: the id is the object's "id", filled by the reader."""
    return tuple((name, _key(name)) for name in report.breakdowns if name in ASSETS)


def _key(breakdown: str) -> str:
    return f"{breakdown}_id" if breakdown in ASSETS else breakdown
