"""The page about child tables, views and action types, written from the tables so that it cannot drift."""

from collections.abc import Iterator
from itertools import groupby

from facebook_marketing.catalog.actions import ACTION_TYPES, ActionType
from facebook_marketing.catalog.children import Child, Form, children
from facebook_marketing.catalog.currencies import OFFSETS, SOURCE
from facebook_marketing.catalog.markdown import code, table
from facebook_marketing.catalog.streams import ENTITIES

_INTRO = """# Child tables, views, action types

Written by `facebook_marketing.catalog.describe_tables.page()`; a test fails when this page is not current.

A warehouse gets a table for each stream ([warehouse](warehouse.md)). Beside them stand a table for each list inside of
them, and in SQL databases views that answer the usual questions.
"""

_CHILDREN = """
## Child tables

Each list becomes a table: `ads_insights_actions`, `ad_sets_attribution_spec`. The list stays in its parent's column as
well. A child table stands from its first row on. `sync --no-children` leaves them out.

{columns}
Rows of a parent are replaced together with it: no row outlives its list. Joined back on `_parent_id` and ordered by
`index` they are the list, with every digit.
In a table that grows by appending, and in a folder of Parquet files, older versions stay: join on `_synced_at` as well.
A name longer than the database allows is shortened.

### Statistics

`actions` and the other lists of action stats (`action_values`, `cost_per_action_type`, `video_p50_watched_actions`, …)
have a column for `action_type` and each action breakdown, `value` (by the ad set's own attribution setting), and one
for each attribution window: `_1d_view`, `_7d_click`, … (no column may begin with a digit). A key of a row is
`_parent_id` and its action columns. A window or breakdown that nobody asked for gets its column when it comes.
`video_play_curve_actions` and its kin have lists for numbers: JSON. Lists of results (`results`, `cost_per_result`,
…) have a row for each value: `indicator`, `value`, `attribution_windows`.

Do not add up action types: [they overlap](#action-types).

### Objects
"""

_COLUMNS = (
    ("`_parent_id`", "the parent's `_row_id`"),
    (
        "the parent's key",
        (
            "`account_id`, and for reports `date_start`, `date_stop`, the ids and breakdowns; an object's `id` is "
            "`campaign_id`, `adset_id`, `ad_id`, `creative_id`, … here"
        ),
    ),
    ("`index`", "place in the list, from 0"),
    (
        "the item's keys",
        "one column each, typed where Meta's tables know the type, JSON where they say object or list",
    ),
    (
        "`_more`",
        (
            "JSON of what no column takes, nearly always null: a key that nobody knows, a word where a number belongs, "
            "an item that is no object"
        ),
    ),
    ("`_row_id`, `_synced_at`", "a key of its own; when the parent was read"),
)

_TREE = """
`ad_sets_targeting` and `ads_targeting` hold every list below the targeting, however deep: `path` says where
(`geo_locations.countries`, `flexible_spec.0.interests`), `value` has plain items, `id`, `name` and `key` those of
objects.
"""

_VIEWS = """
## Views

Made after each sync in DuckDB and PostgreSQL (tested), and in Redshift, Snowflake, BigQuery and Databricks by the same
SQL, translated and not tested. A view stands when the tables that it needs stand; one that cannot be made is a line
in the report and no error. A table of yours of the same name is left alone. `sync --no-views` leaves them out.

{views}
Sums of a view are the sums of the table that its column `source` names: nothing is left out of it or counted twice.
Rates (`cpm`, `cpc`, `ctr`, `purchase_roas`, `cost_per_purchase`) are computed from the sums, as doubles; amounts are
exact. In tables that grow by appending the newest version of each row counts.

**Conversions are counted once.** `purchases`, `purchase_value`, `leads`, `add_to_carts`, `checkouts`, `registrations`,
`app_installs` and `landing_page_views` take, in each row of the report, the action types of the family with the lowest
`rank` that is there: Meta's total if it gives one, else the channels, which do not overlap, else one mixture of
channels. They are null where Meta reports none.

## Money

`spend` and every cost in reports are in major units of `account_currency`. Budgets, caps and bids on objects are in
minor units, as Meta sends them; the views give both: `daily_budget` and `daily_budget_major`. How many minor units
make a major one is Meta's own table ({source}), not ISO 4217's:

- one: {whole}
- a hundred: {hundred}

An amount in any other currency has no major unit: null, never a guess.
"""

_READY = (
    ("`spend_daily`", "day, account", "`ads_insights`, else `adset_insights`, else `campaign_insights`"),
    (
        "`campaign_performance`",
        "day, campaign",
        (
            "the same; `reach` and `frequency` from `campaign_insights`, for they do not add up; status and budgets "
            "from `campaigns`"
        ),
    ),
    (
        "`creative_performance`",
        "day, creative",
        (
            "`ads_insights`, `ads`, and `ad_creatives` where it stands. Amounts of ads that `ads` does not have stand "
            "under no creative"
        ),
    ),
    (
        "`purchases_by_window`",
        "day, campaign, attribution window",
        "the report and its `…_actions`, `…_action_values`; `default` is the ad sets' own setting",
    ),
    (
        "`entity_changes`",
        "activity",
        "`activities`, with the campaign, ad set or ad that it changed, as it is now",
    ),
    ("`budgets`", "campaign, ad set", "`campaigns`, `ad_sets`, and the account's currency"),
    ("`action_types`", "action type", "the table below"),
    ("`currencies`", "currency", "the offsets below"),
)

_ACTIONS = """
## Action types

Meta reports one deed under several action types: one sale may stand in `purchase`, `omni_purchase` and
`offsite_conversion.fb_pixel_purchase`, and `page_engagement` counts what `post_engagement` counts. A sum over action
types is never right. The view `action_types` says which belong together: within a `family`, take the rows of the lowest
`rank` that is there. `contained_in` names an action type that counts this one too. What is not here stands for
itself, such as `offsite_conversion.custom.<id>`, one custom conversion. The rules are ours, made from the sources named
in the view's column `source`; `confidence` says how sure they are: *low* where only replies of live accounts tell.
"""


def page() -> str:
    """docs/tables.md, whole."""
    lists = _CHILDREN.format(columns=table(("column", "what it is"), _COLUMNS).lstrip())
    return f"{_INTRO}{lists}{_objects()}{_TREE}{_money()}{_ACTIONS}{_families()}"


def _objects() -> str:
    found = [child for stream in ENTITIES for child in children(stream)]
    return table(("table", "list", "columns of its own"), map(_child_row, found))


def _child_row(child: Child) -> tuple[str, ...]:
    where = ".".join((child.column, *child.path))
    own = "every list below" if child.form is Form.TREE else where
    return f"`{child.table}`", own if own != where else f"`{where}`", code(cell.name for cell in child.cells)


def _money() -> str:
    def of(offset: int) -> str:
        return " ".join(code for code, value in OFFSETS.items() if value == offset)

    views = table(("view", "a row for each", "from"), _READY).lstrip()
    return _VIEWS.format(source=SOURCE, whole=of(1), hundred=of(100), views=views)


def _families() -> str:
    head = ("family", "rank", "action type", "channels", "contained in", "confidence")
    return table(head, (row for _, rows in groupby(ACTION_TYPES, lambda row: row.family) for row in _rows(list(rows))))


def _rows(family: list[ActionType]) -> Iterator[tuple[str, ...]]:
    for number, row in enumerate(family):
        name = "" if number else row.family
        within = f"`{row.contained_in}`" if row.contained_in else ""
        yield name, str(row.rank), f"`{row.action_type}`", row.channel, within, row.confidence
