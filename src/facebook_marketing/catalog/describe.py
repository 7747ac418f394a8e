"""The page about streams, written from the tables so that it cannot drift (docs/streams.md)."""

from collections.abc import Iterable, Mapping, Sequence

from facebook_marketing.catalog import rules
from facebook_marketing.catalog.reports import DEFAULT_WINDOWS, PRESETS, Preset, presets
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.catalog.streams import ENTITIES

_INTRO = """# Streams

Written by `facebook_marketing.catalog.describe.page()`; a test fails when this page is not current.

Every column may be null: Meta leaves out what is empty or at its default. Columns that Meta sends unasked are kept.
"""

_ENTITIES = """
## Entities

Full refresh reads everything that is there; incremental reads what changed since the cursor. *By Meta* means that Meta
filters by the cursor; *by us* means that the edge cannot, so that everything is read and unchanged rows are left out,
in whatever order they come.

`account_id` is filled in by us, with the account that is read, on {injected}.
"""

_REPORTS = """
## Insights

Built-in reports are at ad level, one row a day, with the cursor `date_start` (full refresh and incremental). They
count archived and deleted ads too. Windows unless configured: {windows}. Geographic reports never ask
`incrementality`, which makes a report run fail.

Action breakdowns marked *configured* come from `default_ads_insights_action_breakdowns`, which is `action_type` unless
you say otherwise, as in Ads Manager. Under `action_target_id` and `action_destination` Meta leaves conversions out or
gathers them differently.
"""

_CUSTOM = """
## Your own reports

A report of yours is a stream of its own. Without chosen fields it has the ids and names of its level and of everything
above, then the default metrics that go with its breakdowns. Chosen fields are asked as they are, but for those below
that are never asked; a name that Meta's tables do not know is kept as JSON. The key is

| level | key |
| --- | --- |
| account | `date_start`, `account_id`, breakdowns |
| campaign | `date_start`, `account_id`, `campaign_id`, breakdowns |
| adset | `date_start`, `account_id`, `adset_id`, breakdowns |
| ad | `date_start`, `account_id`, `ad_id`, breakdowns |

An asset breakdown such as `image_asset` is an object: its id stands in the key, as `image_asset_id`.
"""

_LIMITS = """
## What Meta withholds

How far back: 37 months; 13 months for hourly reports and for unique counts under a breakdown; 6 months for
`frequency_value`. Default reports do not ask what the table rules out; the column stays, empty.
"""

_NEVER = """
## What is never asked

These names cost more than they give. Chosen in a report of your own, they are left out and you are told.
"""


def page() -> str:
    """docs/streams.md, whole."""
    injected = ", ".join(stream.name for stream in ENTITIES if stream.inject)
    windows = ", ".join(f"`{window}`" for window in DEFAULT_WINDOWS)
    return "".join(
        (
            _INTRO,
            _ENTITIES.format(injected=injected),
            _table(("stream", "edge", "key", "cursor", "modes", "columns"), map(_entity_row, ENTITIES)),
            _REPORTS.format(windows=windows),
            _table(("stream", "breakdowns", "action breakdowns", "key"), map(_report_row, PRESETS, presets())),
            _deprecated(),
            _CUSTOM,
            _LIMITS,
            _table(("under", "Meta gives", "because"), map(_limit_row, rules.FIELD_LIMITS)),
            _NEVER,
            _table(("name", "why"), _why_rows(rules.RETIRED_FIELDS, rules.DENY, rules.POISON, rules.RETIRED_WINDOWS)),
        )
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _code(names: Iterable[str], nothing: str = "none") -> str:
    return ", ".join(f"`{name}`" for name in names) or nothing


def _entity_row(stream: Stream) -> tuple[str, ...]:
    filtered = "by Meta" if stream.server_cursor else "by us"
    cursor = "none" if stream.cursor is None else f"`{stream.cursor}` ({filtered})"
    modes = "full refresh" if stream.cursor is None else "full refresh, incremental"
    edge = f"`{stream.edge}`" if stream.edge else "the account itself"
    return f"`{stream.name}`", edge, _code(stream.primary_key), cursor, modes, str(len(stream.columns))


def _report_row(preset: Preset, stream: Stream) -> tuple[str, ...]:
    actions = "configured" if preset.action_breakdowns is None else _code(preset.action_breakdowns)
    return f"`{preset.name}`", _code(preset.breakdowns), actions, _code(stream.primary_key)


def _deprecated() -> str:
    return "\n" + "".join(f"- `{preset.name}`: {preset.deprecated}\n" for preset in PRESETS if preset.deprecated)


def _limit_row(limit: rules.FieldLimit) -> tuple[str, ...]:
    under = "any breakdown" if limit.breakdowns == ("*",) else _code(limit.breakdowns)
    given = f"only {_code(limit.only)}" if limit.only else f"no {_code(limit.without)}"
    return under, given, limit.why


def _why_rows(*tables: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return ((f"`{name}`", why) for table in tables for name, why in table.items())
