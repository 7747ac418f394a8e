"""The page about reports, written from the tables so that it cannot drift (docs/reports.md)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from facebook_marketing.catalog import rules
from facebook_marketing.catalog.combinations import (
    ASSET_BREAKDOWNS,
    BESIDE_CARDS,
    CARDS,
    NOT_AT_ACCOUNT,
    STAR,
    STARRED,
    UNSTARRED,
)
from facebook_marketing.catalog.differences import DIFFERENCES
from facebook_marketing.catalog.markdown import code, table
from facebook_marketing.catalog.presets import DEFAULT_METRICS, PRESETS, Preset
from facebook_marketing.catalog.reports import DEFAULT_LOOKBACK_DAYS, DEFAULT_WINDOWS, presets
from facebook_marketing.catalog.schema import LEVELS, level_fields, level_ids, request_fields
from facebook_marketing.catalog.stream import Level, Report, Stream
from facebook_marketing.catalog.sums import ADDITIVE, NOT_ADDITIVE

_INTRO = """# Reports

Written by `facebook_marketing.catalog.describe_reports.page()`; a test fails when this page is not current.

A report is a question to Meta's insights: of which *level* a row is, how many *days* it counts (the increment), by
which *breakdowns* it is divided, by which *action breakdowns* the actions inside it are divided, and which *fields* it
has. It is a stream with the cursor `date_start`. Days are days of the ad account's own time zone.

Meta builds a report run over many days at once, and we read its rows; where few rows are expected they are fetched
without a run. A window that is too large for Meta is divided by days, then by entities, then by fields, and put
together again. What cannot be read is said, with its days and fields: nothing is left out in silence.

Meta has a row only where something happened: an ad without impressions on a day has no row of that day, unless a
conversion of an earlier day was counted on it.
"""

_PRESETS = """
## Built-in reports

Names say level and content: a row of `ads_insights…` is an ad's, of `adset_insights…`, `campaign_insights…` and
`account_insights…` an ad set's, a campaign's, an account's. *Usual* fields are the ids and names of the level and of
everything above it, then the default metrics below, without those that Meta withholds under the breakdown: their
columns stay, empty.

*Configured* action breakdowns come from `default_ads_insights_action_breakdowns`, which is `action_type` unless you say
otherwise; all other reports have their own and ignore that setting. Reports marked *no* are offered everywhere, and
read by `facebook-marketing sync` only when `--streams` names them. *Back* is how far rows reach, and where that is
less, how far counts of people do ([below](#how-far-back)).
"""

_FIELDS = """
**Default metrics**: {default}.

**`…_reach_frequency_…`**: {people}.

Reach and frequency count each person once in a row, so there is a report for each length of days: no sum of daily rows
gives the reach of a week.

**`account_insights_country`, `account_insights_region`**: {places}.

**`ads_insights_hourly_by_advertiser_time_zone`**: hours are `00:00:00 - 00:59:59` to `23:00:00 - 23:59:59`, in the ad
account's time zone.
"""

_CUSTOM = """
## Your own reports

An entry of `custom_insights` ([configuration](configuration.md)) is a stream of its own. Without chosen fields it has
the usual ones. Chosen fields are asked as they are, but for those below that are never asked; a name that Meta's tables
do not know is asked with a warning, and kept as JSON. The key is
"""

_BREAKDOWNS = """
An asset breakdown such as `image_asset` is an object: its id stands in the key, as `image_asset_id`. Where Meta leaves
a breakdown's value out of a row, the key holds `(none)`, and the row is kept.

## Statuses

Archived and deleted objects count in every report: they spent money too. `campaign_statuses`, `adset_statuses` and
`ad_statuses` choose among the objects of `campaigns`, `ad_sets` and `ads` alone; a report of your own may filter by
status.

## Breakdowns

Breakdowns divide rows, and stand in the key. An action breakdown divides the lists inside a row (`actions`,
`action_values`, `conversions`, …), never the rows, and is no part of the key.

These go together in one report, by Meta's own table and by what is known to work beside it. `facebook-marketing check`
refuses other combinations of these names and says what to ask instead; names that are not in the list are left to Meta
to judge. When a list of actions is asked without any action breakdown, Meta adds `action_type` by itself, and counts it
here.

✱ also with any of {star}. At account level {not_at_account} are not given.

{combinations}

What to know of some of them:
"""

_INCREMENTS = """
## Increments

| `time_increment` | a row counts | it begins |
| --- | --- | --- |
| `1` | a day | each day |
| 2 to 90 | that many days | in blocks counted from the report's own `start_date`, else from Monday, 5 January 1970 |
| `weekly` | seven days | on Mondays |
| `monthly` | a calendar month | on the first |
| `all_days` | everything from the report's first day to its last | on the first day |

Blocks never move from one sync to the next, and are the same in every account: of 28 days, one goes from {since} to
{until}. `date_start` is a block's first day, `date_stop` its last, or the last day so far. The block under way is read
again and takes the place of its older row, as `date_stop` is no part of the key. The very first block begins later than
at its border where the start date, or Meta's memory, lies inside it.

## Attribution

`value` of an action counts by the ad set's own attribution setting, or with `use_account_attribution_setting` by the
account's. Beside it stands one number for each asked window: {windows} unless configured. Windows overlap, and so do
action types (`purchase`, `omni_purchase` and `offsite_conversion.fb_pixel_purchase` may hold the same sale): never sum
over either.

- `1d_ev` (engaged view) and `incrementality` come with `include_engaged_view` and `include_incrementality`.
  Reports by {geographic} never ask `incrementality`, which makes a report run fail.
- `7d_view` and `28d_view` hold nothing since 2026-01-12 and are not asked.
- `inline_link_clicks` and `inline_post_engagement` always count one day after a click.
- `use_unified_attribution_setting` and `action_report_time` are sent as you set them; Meta has disregarded them since
  2025-06-10.
- Over ads with different attribution settings Meta gives some totals by explicit windows only, not as `value`.

## Look-back

Numbers of a day change until {lookback} days later: conversions arrive, estimates settle, spend is corrected. An
incremental sync reads every day again that could have changed since it was last read, up to
`insights_lookback_window` days ({lookback} unless configured), with the same key, so that newer rows take the place of
older ones. A day that was over when it was read is not read again within `insights_refresh_hours`; today is, once the
last reading is an hour old. A row of several days is read again as long as one of them is.

With `lookback: changed` only days that moved are read again. Each sync first asks, once for all reports of an account
that count by the same windows, for spend, impressions, `actions` and `action_values` of every campaign and
day of the look-back, and compares each day with what stood there before the day was last read. The first sync, and one
every 7 days, read all of the look-back. This saves most where an account has many rows a day; between many scattered
days that moved, quiet ones of few rows are read along, since they cost less than another request.

- A day that was not over when it was last read, and today, are always read.
- Until the next full reading an older number may stand where a day changed in nothing that is compared: reach, clicks
  or video counts alone, or an object that came to a chosen status. Leave `lookback` at `full` where that matters.
- Rows of several days are read in full, and so is everything where Meta does not give the totals; a log line says so.
- A day found still is not asked about again within `insights_refresh_hours`.

## How far back

Months are counted back from today in the account's time zone; three days of margin are ours. Days before that are said,
and reading begins behind them. Where fields reach less far than rows, the older rows are read without them.
"""

_LIMITS = """
## What Meta withholds

Built-in reports do not ask what this table rules out; in your own, what you chose is asked.
"""

_NEVER = """
## What is never asked

These names cost more than they give. Chosen in a report of your own, they are left out and you are told.
"""

_SUMS = """
## What adds up

Sums over rows are right for counts and for money: {additive}. Lists of actions add up within one action type and one
window.

They are wrong for people, ratios, averages, ranks and curves: {not_additive}. Add the counts and divide, or ask for the
level and the days that you want.
"""

_DIFFERENCES = """
## Where numbers differ from Airbyte's source

Configs, states, names, columns and keys of `source-facebook-marketing` go on working. Rows differ where that source
loses some, and where Meta's answer depends on how it is asked:
"""


def page() -> str:
    """docs/reports.md, whole."""
    return "".join(
        (
            _INTRO,
            _PRESETS,
            table(
                ("stream", "level", "increment", "breakdowns", "action breakdowns", "fields", "back", "by default"),
                map(_preset_row, PRESETS, presets()),
            ),
            _chosen_fields(),
            _CUSTOM,
            table(("level", "key"), map(_key_row, LEVELS)),
            _BREAKDOWNS.format(
                star=code(STAR), combinations=_combinations(), not_at_account=code(sorted(NOT_AT_ACCOUNT))
            ),
            table(("under", "know that"), ((code(row.breakdowns), row.what) for row in rules.CAVEATS)),
            _INCREMENTS.format(
                since=date(2026, 10, 26),
                until=date(2026, 11, 22),
                windows=code(DEFAULT_WINDOWS),
                geographic=code(rules.GEOGRAPHIC),
                lookback=DEFAULT_LOOKBACK_DAYS,
            ),
            table(("reports", "rows reach back", "but these fields"), _history_rows()),
            _LIMITS,
            table(("under", "Meta gives", "because"), map(_limit_row, rules.FIELD_LIMITS)),
            _NEVER,
            table(("name", "why"), _why_rows(rules.RETIRED_FIELDS, rules.DENY, rules.POISON, rules.RETIRED_WINDOWS)),
            _SUMS.format(additive=code(sorted(ADDITIVE)), not_additive=code(sorted(NOT_ADDITIVE))),
            _DIFFERENCES,
            table(("what", "Airbyte 6.1.9", "here", "so"), DIFFERENCES),
        )
    )


def _preset_row(preset: Preset, stream: Stream) -> tuple[str, ...]:
    actions = "configured" if preset.action_breakdowns is None else code(preset.action_breakdowns)
    return (
        f"`{preset.name}`",
        preset.level,
        f"`{preset.time_increment}`",
        code(preset.breakdowns),
        actions,
        "its own" if preset.fields else "usual",
        _reaches(stream),
        "yes" if preset.offered_by_default else "no",
    )


def _chosen_fields() -> str:
    people = next(preset for preset in PRESETS if "reach_frequency" in preset.name)
    places = next(preset for preset in PRESETS if preset.name == "account_insights_country")
    return _FIELDS.format(default=code(DEFAULT_METRICS), people=_metrics(people), places=_metrics(places))


def _metrics(preset: Preset) -> str:
    named = level_fields(preset.level)
    return f"the ids and names of the level, {code(name for name in preset.fields if name not in named)}"


def _key_row(level: Level) -> tuple[str, str]:
    return level, f"{code(('date_start', *level_ids(level)))}, breakdowns"


def _combinations() -> str:
    starred = [names for names in STARRED if not {*names} & {*ASSET_BREAKDOWNS}]
    lines = (
        *(f"- {code(names, 'no breakdown')} ✱" for names in starred),
        f"- one of {code(ASSET_BREAKDOWNS)} ✱",
        *(f"- {code(names)}" for names in UNSTARRED),
        f"- {' and/or '.join(f'`{name}`' for name in CARDS[-1])}, alone or with {_either(BESIDE_CARDS)}",
    )
    return "\n".join(lines)


def _either(groups: Iterable[tuple[str, ...]]) -> str:
    return "; or ".join(code(group) for group in groups if group)


def _history_rows() -> Iterator[tuple[str, ...]]:
    total, divided, hourly, frequency = (
        rules.reach_back(Report(breakdowns=names), rules.UNIQUE)
        for names in ((), ("country",), rules.HOURLY, ("frequency_value",))
    )
    yield "without a breakdown", f"{total.months} months", "none"
    yield "with a breakdown", f"{divided.months} months", f"{code(divided.fields)}: {divided.field_months} months"
    yield f"with {code(rules.HOURLY)}", f"{hourly.months} months", "none"
    yield "with `frequency_value`", f"{frequency.months} months", "none"


def _reaches(stream: Stream) -> str:
    reach = rules.reach_back(stream.report or Report(), request_fields(stream))
    return f"{reach.months} months" + (f", people {reach.field_months}" if reach.fields else "")


def _limit_row(limit: rules.FieldLimit) -> tuple[str, ...]:
    under = "any breakdown" if limit.breakdowns == ("*",) else code(limit.breakdowns)
    given = f"only {code(limit.only)}" if limit.only else f"no {code(limit.without)}"
    return under, given, limit.why


def _why_rows(*tables: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return ((f"`{name}`", why) for table in tables for name, why in table.items())
